//go:build linux

package host

import (
	"slices"
	"strings"
	"testing"

	"github.com/infraopt/infraopt/collect/inventory"
)

// works are the workloads that are no plumbing, and the containers, of a machine of processes and files.
func works(t *testing.T, processes string, more map[string]string) (workloads, containers []string, b *inventory.Batch) {
	t.Helper()
	_, b = reachable(t, processes, more)
	for _, w := range b.Workloads {
		if w.Layer != infra {
			workloads = append(workloads, w.Name+" "+itoa(w.Processes))
		}
	}
	for _, c := range b.Containers {
		containers = append(containers, c.ID)
	}
	return workloads, containers, b
}

const overlayRoot = "100 90 0:50 / / rw - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/l/A,upperdir=/x,workdir=/y\n"

// What is in a container where control groups say nothing: a process namespace of its own, with the root of an engine
// or below a monitor. A sandbox is none.
func TestContainersByNamespaces(t *testing.T) {
	for _, row := range []struct {
		name, processes       string
		files                 map[string]string
		workloads, containers string
	}{
		{
			"orphan with an engine's root", "50 1 web nspid=50,1 cg=/\n51 50 helper nspid=51,9 cg=/\n60 1 app cg=/\n",
			map[string]string{"/proc/50/mountinfo": overlayRoot}, "app 1", "pid:50",
		},
		{
			"in the session of its user", "50 1 bash cg=/user.slice/user-1000.slice/session-1.scope tty=34816\n60 1 web nspid=60,1 cg=/user.slice/user-1000.slice/session-1.scope\n",
			map[string]string{"/proc/60/mountinfo": strings.ReplaceAll(overlayRoot, "/var/lib/docker/overlay2", "/home/u/.local/share/containers/storage/overlay")}, "", "pid:60",
		},
		{
			"below a runtime", "50 1 bash cg=/ tty=34816\n51 50 runc cg=/\n52 51 web nspid=52,1 cg=/\n53 52 worker nspid=53,2 cg=/\n",
			nil, "", "pid:52",
		},
		{"a browser", "50 1 gnome-shell cg=/user.slice/user-1000.slice/session-1.scope\n51 50 chrome nspid=51,1 cg=/user.slice/user-1000.slice/session-1.scope\n", nil, "", ""},
		{"Flatpak", "50 1 bwrap nspid=50,1 cg=/user.slice/user-1000.slice/user@1000.service/app.slice/app-flatpak-x-1.scope\n", map[string]string{"/proc/50/mountinfo": "1 0 0:9 / / rw - tmpfs tmpfs rw\n"}, "", ""},
		{"a service with processes of its own", "50 1 hidden nspid=50,1 cg=/system.slice/hidden.service\n", map[string]string{"/proc/50/mountinfo": "27 1 8:1 / / rw - ext4 /dev/sda1 rw\n"}, "hidden 1", ""},
		{"an engine's root without a process namespace", "50 1 jailed cg=/system.slice/jailed.service\n", map[string]string{"/proc/50/mountinfo": overlayRoot}, "jailed 1", ""},
		{"exec by hand below a monitor", "50 1 containerd-shim cg=/ :: containerd-shim-runc-v2 -namespace k8s.io -id " + strings.Repeat("a1", 32) + "\n51 50 web cg=/\n", nil, "", strings.Repeat("a1", 32)},
		{"Kata", "50 1 containerd-shim cg=/kata_" + strings.Repeat("b2", 32) + "\n51 50 qemu-system-x86 cg=/kata_" + strings.Repeat("b2", 32) + " :: qemu-system-x86_64 -name sandbox-1\n52 51 virtiofsd cg=/kata_overhead/x\n", nil, "", strings.Repeat("b2", 32)},
	} {
		workloads, containers, b := works(t, "1 0 systemd cg=/init.scope\n"+row.processes, row.files)
		if got := strings.Join(workloads, ", "); got != row.workloads {
			t.Errorf("%s: workloads %q, want %q", row.name, got, row.workloads)
		}
		if got := strings.Join(containers, ", "); got != row.containers || len(b.VMs) != 0 {
			t.Errorf("%s: containers %q, want %q; virtual machines %v", row.name, got, row.containers, b.VMs)
		}
	}
}

// A container is privileged in effect where it has the capabilities, the processes or the network of the machine.
func TestPrivileged(t *testing.T) {
	const most = "bnd=00000000a80425fb"
	id := strings.Repeat("a1", 32)
	own := map[string]string{"/.infraopt/networks": `{"reader":true,"other":{"50":7}}`, "/proc/50/net/tcp": socketHeading}
	with := func(name, text string) map[string]string {
		return map[string]string{"/.infraopt/networks": own["/.infraopt/networks"], "/proc/50/net/tcp": socketHeading, name: text}
	}
	for _, row := range []struct {
		name, keys string
		files      map[string]string
		want       string
	}{
		{"ordinary", most + " nspid=50,1", own, "false"},
		{"all capabilities", "nspid=50,1", own, "true"},
		{"processes of the machine", most + " nspid=50", own, "true"},
		{"network of the machine", most + " nspid=50,1", map[string]string{"/.infraopt/networks": `{"reader":true}`}, "true"},
		{"root among users of its own", "nspid=50,1", with("/proc/50/uid_map", "         0     100000      65536\n"), "false"},
		{"root of the machine", "nspid=50,1", with("/proc/50/uid_map", "         0          0 4294967295\n"), "true"},
		{"not readable", most + " nspid=50,1", with("/.infraopt/denied", "/proc/50/status\n"), "unknown: its capabilities are not readable"},
	} {
		_, _, b := works(t, "1 0 systemd cg=/init.scope\n50 1 web "+row.keys+" cg=/docker/"+id+"\n", row.files)
		if got := b.Containers[0].Privileged.String(); got != row.want {
			t.Errorf("%s: got %s, want %s", row.name, got, row.want)
		}
	}
}

// Without systemd, work is grouped by what began it.
func TestGroupingBySession(t *testing.T) {
	for _, row := range []struct{ name, processes, want string }{
		{"parent and children", "50 1 app cg=/\n51 50 app cg=/\n52 51 helper cg=/\n", "app 3"},
		{"orphans of one start", "51 1 app session=50 cg=/\n52 1 app session=50 cg=/\n", "app 2"},
		{"orphans of another name", "51 1 app session=50 cg=/\n52 1 other session=50 cg=/\n", "app 1, other 1"},
		{"two starts", "51 1 app cg=/\n52 1 app cg=/\n", "app 1, app 1"},
		{"the session of the first process", "51 1 app session=1 cg=/\n52 1 app session=1 cg=/\n", "app 1, app 1"},
		{"a keeper's children", "40 1 runsvdir cg=/\n41 40 runsv cg=/\n42 41 app session=40 cg=/\n43 41 app session=40 cg=/\n", "app 1, app 1"},
	} {
		got, _, _ := works(t, "1 0 init cg=/\n"+row.processes, nil)
		slices.Sort(got)
		if s := strings.Join(got, ", "); s != row.want {
			t.Errorf("%s: got %q, want %q", row.name, s, row.want)
		}
	}
}

// Instances of a template are workloads of their own, and are recognised by the template.
func TestTemplates(t *testing.T) {
	got, _, b := works(t, `
1 0 systemd cg=/init.scope
50 1 postgres cg=/system.slice/system-postgresql.slice/postgresql@15-main.service
51 1 postgres cg=/system.slice/system-postgresql.slice/postgresql@16-main.service
52 1 own-getty cg=/system.slice/system-getty.slice/getty@tty1.service
53 2 kworker/0:1 flags=69238880
`, nil)
	if s := strings.Join(got, ", "); s != "postgresql@15-main 1, postgresql@16-main 1" {
		t.Errorf("got %s", s)
	}
	for _, w := range b.Workloads {
		if w.Name == "getty@tty1" && (w.Role != "getty" || w.Unit != "getty@tty1.service") {
			t.Errorf("got %+v", w)
		}
		if strings.Contains(w.Command, "kworker") {
			t.Errorf("a thread of the kernel is work: %+v", w)
		}
	}
	for unit, want := range map[string]string{"a@b": "a@", "a": "a", "a@": "a@", "a@b@c": "a@"} {
		if template(unit) != want {
			t.Errorf("template(%q) is %q", unit, template(unit))
		}
	}
}
