package host

import (
	"slices"
	"strings"
	"time"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// A manager is a tool that keeps or made the configuration of machines, with what shows it.
type manager struct {
	name     string
	does     inventory.Management // what a run of it makes of a machine's management; empty where that proves nothing
	signs    []string             // files and directories that are there where it is installed
	programs []string             // that run where it is active, as long as the kernel keeps names
	runs     []string             // files that it writes when it runs
	when     func(linux.FS, string) (time.Time, error)
	off      []string // files that are there where it is switched off
	// traceless says that it leaves next to nothing behind, so that its absence proves nothing.
	traceless bool
}

// managers are the tools that are recognised.
var managers = []manager{
	{
		name: "puppet", does: inventory.ConfigManaged,
		signs: []string{"/etc/puppetlabs/puppet/puppet.conf", "/opt/puppetlabs/puppet/bin/puppet", "/etc/puppet/puppet.conf"},
		runs: []string{
			"/opt/puppetlabs/puppet/cache/state/last_run_summary.yaml", "/var/lib/puppet/state/last_run_summary.yaml",
			"/var/cache/puppet/state/last_run_summary.yaml",
		},
		when: puppetRun,
		off: []string{
			"/opt/puppetlabs/puppet/cache/state/agent_disabled.lock", "/var/lib/puppet/state/agent_disabled.lock",
			"/var/cache/puppet/state/agent_disabled.lock",
		},
	},
	{
		name: "salt", does: inventory.ConfigManaged,
		signs: []string{"/etc/salt/minion", "/etc/salt/minion_id"}, programs: []string{"salt-minion"},
		runs: []string{"/var/cache/salt/minion/highstate.cache.p"}, when: linux.FS.Modified,
	},
	{
		name: "chef", does: inventory.ConfigManaged,
		signs: []string{"/etc/chef/client.rb", "/opt/chef"}, programs: []string{"chef-client"},
		runs: []string{"/var/chef/cache", "/var/cache/chef", "/var/lib/chef"}, when: linux.FS.Modified,
	},
	{
		name: "cinc", does: inventory.ConfigManaged,
		signs: []string{"/etc/cinc/client.rb", "/etc/cinc", "/opt/cinc"}, programs: []string{"cinc-client"},
		runs: []string{"/var/cinc/cache", "/var/cache/cinc"}, when: linux.FS.Modified,
	},
	{
		name: "rudder", does: inventory.ConfigManaged,
		signs: []string{"/opt/rudder", "/var/rudder"},
		runs:  []string{"/var/rudder/cfengine-community/state/cf_lastseen.lmdb", "/var/rudder/cfengine-community/last_successful_inputs_update"}, when: linux.FS.Modified,
	},
	{
		name: "cfengine", does: inventory.ConfigManaged,
		signs: []string{"/var/cfengine"}, programs: []string{"cf-execd"},
		runs: []string{"/var/cfengine/state/cf_lastseen.lmdb"}, when: linux.FS.Modified,
	},
	{
		name: "ansible", traceless: true,
		signs: []string{"/etc/ansible/facts.d"}, runs: []string{"/root/.ansible/tmp"}, when: linux.FS.Modified,
	},
	{
		name:  "ansible-controller",
		signs: []string{"/etc/tower", "/etc/ansible-automation-platform"}, programs: []string{"awx-manage", "receptor", "automation-contr", "awx-dispatcher"},
	},
	{
		name: "ignition", does: inventory.Provisioned,
		signs: []string{"/etc/.ignition-result.json"}, runs: []string{"/etc/.ignition-result.json"}, when: ignitionRun,
	},
	{
		name:  cloudInit,
		signs: []string{"/run/cloud-init", "/var/lib/cloud/instance", "/var/lib/cloud/data/result.json"},
		runs:  []string{"/var/lib/cloud/data/status.json", "/run/cloud-init/status.json", "/var/lib/cloud/instance/boot-finished"}, when: cloudRun,
	},
}

// tools lists the managers of the machine, with when they last ran.
func (l *look) tools(p *processes, release map[string]string) []inventory.ManagementTool {
	running := make(map[string]bool)
	for _, q := range p.list {
		if q.group == nil || !q.group.class.Container() {
			running[q.Comm] = true
		}
	}
	var list []inventory.ManagementTool
	for _, m := range managers {
		if t, ok := l.tool(m, running); ok {
			list = append(list, t)
		}
	}
	const cmdline = "/proc/cmdline"
	if text, err := l.fs.Read(cmdline, linux.SmallFile); err == nil && slices.Contains(linux.KernelFlags(string(text)), "iqn.2004-05.com.ubuntu:maas") {
		list = append(list, inventory.ManagementTool{Name: "maas", LastRun: inventory.Unknown[inventory.Seconds]("the kernel's command line does not say when", ""), Source: cmdline})
	}
	if release["ID"] == "nixos" || l.fs.Exists("/etc/NIXOS") {
		list = append(list, inventory.ManagementTool{Name: nixos, LastRun: inventory.Unknown[inventory.Seconds]("its files bear no dates", "nixos-rebuild list-generations"), Source: "/etc/os-release"})
	}
	slices.SortFunc(list, func(a, b inventory.ManagementTool) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// nixos is a system that makes its own configuration out of a declaration.
const nixos = "nixos"

// tool looks for one manager: false where nothing shows it.
func (l *look) tool(m manager, running map[string]bool) (inventory.ManagementTool, bool) {
	t := inventory.ManagementTool{Name: m.name, LastRun: inventory.Absent[inventory.Seconds]()}
	for _, name := range m.signs {
		if l.fs.Exists(name) {
			t.Source = name
			break
		}
	}
	for _, name := range m.programs {
		if running[name] && t.Source == "" {
			t.Source = "process " + name
		}
	}
	if m.when == nil {
		t.LastRun = inventory.Unknown[inventory.Seconds]("nothing shows when", "")
	}
	for _, name := range m.runs {
		at, err := m.when(l.fs, name)
		switch {
		case err == nil && !at.IsZero():
			t.Source, t.LastRun = name, l.since(at)
			for _, off := range m.off {
				if l.fs.Exists(off) {
					t.Source = off
				}
			}
			return t, true
		case linux.Denied(err) && (t.Source != "" || m.does != ""):
			// Its own directories are closed: that it is there is all that they show.
			if t.LastRun.IsAbsent() {
				t.LastRun = inventory.Unknown[inventory.Seconds](name+": permission denied", asRoot)
				l.gap(name, "last run of the configuration management", "permission denied", asRoot)
			}
			if t.Source == "" {
				t.Source = name
			}
		case err != nil && !linux.Gone(err) && t.Source != "":
			t.LastRun = inventory.Unknown[inventory.Seconds](name+": "+linux.Reason(err), "")
		case err != nil && !linux.Gone(err) && m.does == inventory.ConfigManaged && l.unseen == "":
			l.unseen = name + ": " + linux.Reason(err)
		}
	}
	if m.traceless && t.LastRun.IsAbsent() {
		t.LastRun = inventory.Unknown[inventory.Seconds]("it leaves nothing behind when it runs", "")
	}
	if m.name == cloudInit && l.cloudInitOff() {
		return t, false
	}
	return t, t.Source != ""
}

// since is how long ago something was, by the machine's clock. Dates that lie ahead are no dates.
func (l *look) since(at time.Time) inventory.Reading[inventory.Seconds] {
	age := l.now.Sub(at)
	if age < -fresh {
		return inventory.Unknown[inventory.Seconds]("its date lies in the future", "")
	}
	return inventory.Known(inventory.Seconds(max(0, age.Seconds())))
}

// fresh is how recent the last run of a configuration management has to be to count as active.
const fresh = 24 * time.Hour

// managed tells by its tools how the configuration comes about. Absent says that every place which would show it was
// readable and shows nothing; agentless tools leave no trace, so that proves nothing, least of all work by hand.
func (l *look) managed(tools []inventory.ManagementTool, imaged bool) inventory.Reading[inventory.Management] {
	if imaged {
		return inventory.Known(inventory.ImageManaged)
	}
	keeps := make(map[string]manager)
	for _, m := range managers {
		keeps[m.name] = m
	}
	hidden, provisioned := "", l.cloudProvisioned()
	for _, t := range tools {
		age, known := t.LastRun.Get()
		m := keeps[t.Name]
		switch {
		case t.Name == nixos:
			return inventory.Known(inventory.ConfigManaged)
		case m.does == inventory.ConfigManaged && known && age < inventory.Seconds(fresh.Seconds()) && !slices.Contains(m.off, t.Source):
			return inventory.Known(inventory.ConfigManaged)
		case m.does == inventory.ConfigManaged && t.LastRun.Remedy() == asRoot && hidden == "":
			hidden = t.LastRun.Why()
		case m.does == inventory.Provisioned:
			provisioned = true
		}
	}
	switch {
	case hidden != "":
		return inventory.Unknown[inventory.Management](hidden, asRoot)
	case l.unseen != "":
		return inventory.Unknown[inventory.Management](l.unseen, "")
	case provisioned:
		return inventory.Known(inventory.Provisioned)
	}
	return inventory.Absent[inventory.Management]()
}
