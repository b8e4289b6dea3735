package host

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/internal/unitfile"
	"github.com/infraopt/infraopt/collect/inventory"
)

// unitFiles reads the unit files of a workload; nil where it is no service of systemd.
func (j *judgement) unitFiles() *unit {
	if !strings.HasSuffix(j.c.unit, ".service") {
		return nil
	}
	user := strings.Contains(j.c.dir, "/user@")
	store := j.around.store(user)
	u := store.load(j.c.unit)
	command := "systemctl cat " + j.c.unit
	if user {
		command = "systemctl --user cat " + j.c.unit
	}
	switch {
	case u.err != nil && linux.Denied(u.err):
		j.miss("the files of its unit: permission denied", inventory.Blocker, asRoot)
	case u.err != nil:
		j.miss("the files of its unit: "+linux.Reason(u.err), inventory.Blocker, command)
	case u.path == "" && store.err != nil:
		j.miss("the directories of unit files: "+linux.Reason(store.err), inventory.Blocker, asRoot)
	case u.path == "":
		j.miss("its unit file is not where those of the system are", inventory.Blocker, command)
	}
	return u
}

// settings gives the unit's settings; those of no unit are empty.
func (j *judgement) settings() unitfile.Settings {
	if j.unit == nil {
		return unitfile.Settings{}
	}
	return j.unit.Settings
}

// coupling looks at what a service leaves to systemd.
func (j *judgement) coupling() {
	if j.unit == nil {
		return
	}
	s := j.unit.Settings
	store := j.around.store(strings.Contains(j.c.dir, "/user@"))
	switch t := s.Type(); t {
	case "notify", "notify-reload":
		j.add("notify", inventory.Info, "tells systemd when it is ready (Type="+t+")", "unit Type")
	case "dbus":
		j.add("dbus-activation", inventory.Warning, "starts with a name on the system's D-Bus", "unit Type, BusName")
	default:
		if access := s.Text("Service.NotifyAccess"); access != "" && access != "none" {
			j.add("notify", inventory.Info, "may tell systemd of its state (NotifyAccess="+access+")", "unit NotifyAccess")
		}
	}
	if d := s.Span("Service.WatchdogSec"); d > 0 && d < unitfile.Forever {
		j.add("watchdog", inventory.Info, fmt.Sprintf("reports to systemd every %v", d), "unit WatchdogSec")
	}
	if s.Count("Service.FileDescriptorStoreMax") > 0 {
		j.add("stored-descriptors", inventory.Warning, "leaves open files with systemd", "unit FileDescriptorStoreMax")
	}
	if len(s.Programs("Service.ExecReload")) > 0 {
		j.add("reload", inventory.Info, "is reloaded by a command of its unit", "unit ExecReload")
	}
	if sockets := j.sockets(store); len(sockets) > 0 {
		j.add("socket-activation", inventory.Warning, "is handed its sockets by "+enumerated(sockets), "unit Sockets, *.socket")
	}
	if others := j.dependencies(); len(others) > 0 {
		j.add("client-of-services", inventory.Info, "its unit names "+enumerated(others), "unit After, Requires, BindsTo, Wants, PartOf")
	}
	if strings.HasPrefix(j.unit.path, "/run/systemd/generator.late/") || s.Text("Unit.SourcePath") != "" && strings.HasPrefix(s.Text("Unit.SourcePath"), "/etc/init.d/") {
		j.add("sysv-init", inventory.Info, "is started by a script of System V init", "unit SourcePath")
	}
	if s.Text("Service.RootDirectory") != "" || s.Text("Service.RootImage") != "" {
		j.add("own-root", inventory.Info, "its unit gives it a root directory of its own", "unit RootDirectory, RootImage")
	}
	var mounts []string
	for _, key := range []string{"Unit.RequiresMountsFor", "Service.BindPaths"} {
		for _, v := range s.List(key) {
			source, _, _ := strings.Cut(strings.TrimLeft(v, "-+"), ":")
			if strings.HasPrefix(source, "/") && !strings.HasPrefix(source, "/dev/") {
				mounts = append(mounts, path.Clean(source))
			}
		}
	}
	if len(mounts) > 0 {
		j.add("mounts", inventory.Info, "needs "+enumerated(mounts), "unit RequiresMountsFor, BindPaths")
	}
}

// sockets are the units that listen for a service. One of the same name counts only where it is switched on: packages
// bring many that are not.
func (j *judgement) sockets(store *unitStore) []string {
	list := j.unit.List("Service.Sockets")
	base := strings.TrimSuffix(j.c.unit, ".service")
	named := base + ".socket"
	for _, key := range []string{"Unit.Requires", "Unit.Wants", "Unit.BindsTo"} {
		for _, n := range j.unit.List(key) {
			if strings.HasSuffix(n, ".socket") && (n == named || strings.HasPrefix(n, base)) {
				list = append(list, n)
			}
		}
	}
	if store.find(named) != "" && (store.wanted("sockets.target", named) || store.wanted("multi-user.target", named)) {
		if u := store.load(named); !u.masked {
			list = append(list, named)
		}
	}
	// A socket of another name may name the service.
	for _, n := range store.ending(".socket") {
		if n != named && store.wanted("sockets.target", n) && store.load(n).Text("Socket.Service") == j.c.unit {
			list = append(list, n)
		}
	}
	return list
}

// dependencies are the services that a unit's own names, beside the plumbing of the system.
func (j *judgement) dependencies() []string {
	var list []string
	for _, key := range []string{"After", "Requires", "BindsTo", "Requisite", "Wants", "PartOf"} {
		for _, n := range j.unit.List("Unit." + key) {
			name, ok := strings.CutSuffix(n, ".service")
			if !ok || n == j.c.unit {
				continue
			}
			if r, known := roleOf(name); known && r.layer == infra || plumbingUnits[name] || strings.HasPrefix(name, "systemd-") {
				continue
			}
			// Only what runs, or could: packages name services of others that are not there.
			if file, _, masked := j.around.store(false).fragment(n); file != "" && !masked {
				list = append(list, name)
			}
		}
	}
	return list
}

// plumbingUnits are services of the system that many units wait for.
var plumbingUnits = map[string]bool{
	"dbus": true, "networking": true, "network": true, "NetworkManager-wait-online": true, "syslog": true, "rsyslog": true, "remote-fs": true,
	"nss-lookup": true, "cloud-init": true, "cloud-config": true, "cloud-final": true, "apparmor": true, "auditd": true, "polkit": true,
	"local-fs": true, "ntp": true, "chrony": true, "ssh": true, "plymouth-quit": true, "rc-local": true, "iptables": true, "nftables": true,
	"ufw": true, "firewalld": true,
}

// jobs looks for other units, timers and crontabs that run programs of the same application.
func (j *judgement) jobs() {
	dir, user := "", ""
	if j.unit != nil {
		dir = j.unit.programDir()
		if user = j.unit.Text("Service.User"); j.unit.Root() {
			user = ""
		}
	}
	if dir == "" && user == "" {
		return
	}
	neighbours, jobs := j.around.applications()
	var others []string
	for _, key := range []string{dir, "user " + user} {
		if key == "" || key == "user " {
			continue
		}
		for _, n := range neighbours[key] {
			if n != j.c.unit {
				others = append(others, n)
			}
		}
	}
	if len(others) > 0 {
		j.add("several-daemons", inventory.Info, "belongs together with "+enumerated(others), "units ExecStart, User")
	}
	if own := jobs[dir]; dir != "" && len(own) > 0 {
		j.add("own-jobs", inventory.Info, "its programs are also run by "+enumerated(own), "timers, crontabs")
	}
}

// applications sorts the units that run by the directory and the user of their programs, and timers and crontabs by the
// directory of what they run.
func (a *surroundings) applications() (neighbours, jobs map[string][]string) {
	if a.neighbours != nil {
		return a.neighbours, a.jobs
	}
	a.neighbours, a.jobs = make(map[string][]string), make(map[string][]string)
	store := a.store(false)
	for _, c := range a.l.judged {
		if !strings.HasSuffix(c.unit, ".service") || strings.Contains(c.dir, "/user@") {
			continue
		}
		u := store.load(c.unit)
		if dir := u.programDir(); dir != "" {
			a.neighbours[dir] = append(a.neighbours[dir], c.unit)
		}
		if user := u.Text("Service.User"); user != "" && !u.Root() {
			a.neighbours["user "+user] = append(a.neighbours["user "+user], c.unit)
		}
	}
	for _, timer := range store.ending(".timer") {
		t := store.load(timer)
		name := t.Text("Timer.Unit")
		if name == "" {
			name = strings.TrimSuffix(timer, ".timer") + ".service"
		}
		if dir := store.load(name).programDir(); dir != "" {
			a.jobs[dir] = append(a.jobs[dir], timer)
		}
	}
	for _, tab := range a.crontabs() {
		text, err := a.l.fs.ReadRedacted(tab, linux.SmallFile, linux.RedactCrontab)
		if err != nil {
			continue // it can only inform
		}
		for program := range strings.Lines(string(text)) {
			if dir := ownDir(strings.TrimSpace(program)); dir != "" && !slices.Contains(a.jobs[dir], tab) {
				a.jobs[dir] = append(a.jobs[dir], tab)
			}
		}
	}
	return a.neighbours, a.jobs
}

// crontabs are the files that say what cron runs. Those of users may be listed by root only.
func (a *surroundings) crontabs() []string {
	list := []string{"/etc/crontab"}
	for _, dir := range []string{"/etc/cron.d", "/var/spool/cron/crontabs", "/var/spool/cron"} {
		names, err := a.l.fs.Names(dir)
		if err != nil {
			continue
		}
		for _, n := range names {
			list = append(list, dir+"/"+n)
		}
	}
	return list
}
