//go:build linux

package host

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/collect/inventory"
)

// trees are the names of all recorded and written trees.
func trees(t *testing.T) []string {
	paths, err := filepath.Glob("testdata/*.tree")
	if err != nil || len(paths) == 0 {
		t.Fatal("no trees", err)
	}
	for i, p := range paths {
		paths[i] = strings.TrimSuffix(filepath.Base(p), ".tree")
	}
	return paths
}

// TestEveryTree holds what must be true of every observation: it is the same each time, its references hold, it
// survives being saved, it names who saw what, and it holds no argument of any command line.
func TestEveryTree(t *testing.T) {
	for _, name := range trees(t) {
		t.Run(name, func(t *testing.T) {
			root := plant(t, name)
			b := observed(t, root)
			snapshot := func(b *inventory.Batch) string {
				var out bytes.Buffer
				s := &inventory.Snapshot{Schema: inventory.SnapshotSchema, Sources: []inventory.Observation{{Target: "host:", Scheme: "host", Status: inventory.StatusOK, Batch: *b}}}
				if err := inventory.Encode(&out, s); err != nil {
					t.Fatal(err)
				}
				return out.String()
			}
			first := snapshot(b)
			if again := snapshot(observed(t, root)); again != first {
				t.Errorf("two readings of one tree differ:\n%s\n%s", first, again)
			}
			saved, err := inventory.Decode(strings.NewReader(first))
			if err != nil {
				t.Fatal(err)
			}
			if again := snapshot(&saved.Sources[0].Batch); again != first {
				t.Errorf("saving changes it:\n%s\n%s", first, again)
			}
			for _, secret := range []string{"hunter2", "s3cret", "--token"} {
				if strings.Contains(first, secret) {
					t.Errorf("%q of a command line is in the inventory:\n%s", secret, first)
				}
			}
			if strings.Contains(first, root) {
				t.Errorf("the root of the tree is in the inventory:\n%s", first)
			}
			if len(b.Machines) != 1 || len(b.Machines[0].Seen) != 1 || b.Machines[0].Seen[0] != "host:" {
				t.Errorf("want one machine, seen by host:, have %+v", b.Machines)
			}
			for _, g := range b.Gaps {
				if g.Source != "host:" || g.Subject == "" || g.What == "" || g.Why == "" {
					t.Errorf("a gap is not complete: %+v", g)
				}
			}
			ids := make(map[string]bool)
			for _, w := range b.Workloads {
				if ids[w.ID] {
					t.Errorf("two workloads have the identifier %s", w.ID)
				}
				ids[w.ID] = true
			}
		})
	}
}

// listed puts tools and findings into one line each.
func listed(m inventory.Machine) (tools, findings string) {
	var t, f []string
	for _, tool := range m.Tools {
		t = append(t, tool.Name+"="+tool.LastRun.String())
	}
	for _, found := range m.Findings {
		f = append(f, found.ID+"="+string(found.Severity))
	}
	return strings.Join(t, " "), strings.Join(f, " ")
}

// facts are a machine's facts in words, to compare them at a glance.
func facts(m inventory.Machine) map[string]string {
	tools, findings := listed(m)
	return map[string]string{
		"mhz": m.MHz.String(), "services": m.OS.Services.String(), "enclosure": m.Hardware.Enclosure.String(), "tools": tools, "findings": findings,
		"kind": m.Kind.String(), "virt": m.Virtualization.String(), "provider": m.Provider.String(), "inside": m.Inside.String(),
		"storage": m.Storage.String(), "network": m.Network.String(), "management": m.Management.String(),
		"style": m.OS.Style.String(), "os": m.OS.ID.String(), "packages": m.OS.Packages.String(),
		"chassis": m.Hardware.Chassis.String(), "fabric": m.Hardware.Fabric.String(), "model": m.Hardware.Model.String(),
		"processes": m.Processes.String(), "containers": m.Containers.String(), "roles": strings.Join(m.Roles, " "),
	}
}

func TestMachines(t *testing.T) {
	const (
		below  = "unknown: virtual machine; its hypervisor host is not seen"
		inside = "unknown: seen from inside a container"
		theirs = "not applicable: a cloud instance's hardware belongs to the provider"
	)
	for name, want := range map[string]map[string]string{
		"rack-fc": {
			"kind": "physical", "virt": "none", "provider": "none", "inside": "none", "storage": "fc-array", "network": "physical",
			"os": "debian", "style": "general", "packages": "1", "chassis": "rack", "fabric": "fc-beside-ethernet", "model": "PowerEdge R740",
			"processes": "9", "containers": "0", "roles": "",
		},
		"kvm-guest": {
			"kind": "virtual", "virt": "kvm", "provider": "unknown: no mark of a known provider; some leave none",
			"chassis": below, "fabric": below, "model": below, "management": "config-mgmt",
			"packages": "unknown: /var/lib/rpm/rpmdb.sqlite: not understood",
			"network":  "unknown: virtual cards; only the hypervisor knows what they are plugged into",
			"storage":  "unknown: remote file systems are mounted beside local disks, and their sizes are not asked for",
		},
		"vm-without-dmi": {
			"kind": "virtual", "virt": "kvm", "inside": "none", "chassis": below,
			"network":    "unknown: virtual cards; only the hypervisor knows what they are plugged into", // nothing is plugged into docker0
			"storage":    "unknown: virtual disk; only the hypervisor knows what is below",
			"management": "none",
			"containers": "2", "roles": "container-host",
		},
		"inside-docker": {
			"kind": inside, "inside": "docker", "chassis": inside, "model": inside, "storage": inside, "os": inside,
			"processes": inside, "containers": inside, "fabric": inside,
		},
		"ec2": {
			"kind": "cloud", "virt": "amazon", "provider": "aws", "storage": "cloud", "network": "cloud", "management": "provisioned",
			"chassis": theirs, "fabric": theirs, "model": theirs,
		},
		"flatcar":        {"kind": "virtual", "virt": "vmware", "style": "image-based", "management": "image-managed", "network": "overlay", "os": "flatcar"},
		"container-host": {"kind": "physical", "storage": "raw-local", "containers": "4", "roles": "container-host kubernetes-node"},
		"hypervisor":     {"kind": "physical", "roles": "hypervisor"},
		"hidepid": {
			"kind":       "virtual",
			"processes":  "unknown: /proc is mounted with hidepid: processes of other users are hidden",
			"containers": "unknown: /proc is mounted with hidepid: processes of other users are hidden",
		},
		"hci-ceph": {"kind": "physical", "storage": "sds-on-nodes", "chassis": "hci", "fabric": "one", "network": "switch", "roles": "hypervisor storage-node"},
		"unproven": {
			"kind":    "unknown: nothing that is readable proves it to be a box or a virtual machine",
			"chassis": "unknown: nothing that is readable proves it to be a box or a virtual machine",
		},
		"oracle-server": {"kind": "physical", "provider": "none", "chassis": "rack"},
		"blade": {
			"kind": "physical", "chassis": "blade", "enclosure": "cz2028frame", "mhz": "2500", "services": "3", "findings": "out-of-tree-modules=warning",
		},
		"multi-node-1": {
			"kind": "physical", "chassis": "unknown: its DMI gives chassis type 1, and its model is not known", "enclosure": "quad77", "mhz": "2800",
		},
		"hci-appliance": {"kind": "physical", "provider": "none", "chassis": "hci", "roles": "hypervisor", "findings": "", "mhz": "2900"},
		"azure": {
			"kind": "cloud", "virt": "microsoft", "provider": "azure", "management": "provisioned", "tools": "cloud-init=99900", "packages": "1",
			"enclosure": theirs, "findings": "snaps=info",
		},
		"gce":      {"kind": "cloud", "virt": "kvm", "provider": "gcp"},
		"gce-user": {"kind": "virtual", "virt": "kvm", "provider": "unknown: no mark of a known provider, and some put theirs into the serial number"},
		"proxmox": {
			"kind": "physical", "virt": "none", "roles": "hypervisor", "services": "2",
			"findings": "idle-hugepages=warning old-kernels=info out-of-tree-modules=warning unused-hypervisor=warning",
		},
		"rhel8": {
			"kind": "virtual", "virt": "vmware", "packages": "412", "services": "2", "style": "general",
			"management": "unknown: /opt/puppetlabs/puppet/cache/state/last_run_summary.yaml: permission denied",
			"tools":      "puppet=unknown: /opt/puppetlabs/puppet/cache/state/last_run_summary.yaml: permission denied",
		},
		"talos": {
			"kind": "physical", "style": "image-based", "management": "image-managed", "packages": "unknown: no package database is known here",
			"chassis": "rack", "services": "unknown: no service manager is known here",
		},
		"alpine": {"kind": "physical", "packages": "2", "services": "2", "style": "general", "chassis": "tower", "management": "none"},
		"fcos": {
			"kind": "virtual", "virt": "kvm", "style": "image-based", "packages": "415", "management": "image-managed", "tools": "ignition=99900",
		},
		"xen-dom0": {
			"kind": "physical", "virt": "none", "roles": "hypervisor", "chassis": "rack", "findings": "",
		},
		"s390x":       {"kind": "virtual", "virt": "pr/sm", "mhz": "5208"},
		"arm64-guest": {"kind": "virtual", "virt": "qemu", "os": "debian"},
	} {
		t.Run(name, func(t *testing.T) {
			got := facts(observed(t, plant(t, name)).Machines[0])
			for fact, value := range want {
				if got[fact] != value {
					t.Errorf("%s: got %q, want %q", fact, got[fact], value)
				}
			}
		})
	}
}

func TestIdentityOfMachine(t *testing.T) {
	m := observed(t, plant(t, "rack-fc")).Machines[0]
	if m.Identity.Serial.Or("") != "czj1234567" || m.Identity.UUID.Or("") != "4c4c4544-0032-3510-8054-b7c04f4e4b32" ||
		len(m.Identity.MACs) != 1 || m.Name.Or("") != "web-1" {
		t.Errorf("got %+v", m.Identity)
	}
	if m.Uptime.Or(0) != 100000 || m.Cores.Or(0) != 1 || m.Memory.Or(0) != 8*inventory.GiB || m.Usage.Memory.Or(0) != 4*inventory.GiB ||
		m.Usage.CPUSeconds.Or(0) != 4000 || m.Usage.Network.Or(0) != 3000 {
		t.Errorf("got %+v", m)
	}
}

func TestWorkloads(t *testing.T) {
	b := observed(t, plant(t, "rack-fc"))
	type row struct {
		layer     inventory.Layer
		role      string
		command   string
		processes int
		readiness string
		findings  string
		cpu       float64
	}
	got := make(map[string]row)
	for _, w := range b.Workloads {
		var found []string
		for _, f := range w.Findings {
			found = append(found, f.ID)
		}
		got[w.Name] = row{w.Layer, w.Role, w.Command, w.Processes, w.Readiness.String(), strings.Join(found, " "), w.Usage.CPUSeconds.Or(-1)}
	}
	for name, want := range map[string]row{
		"init":               {infra, "init", "systemd", 1, "unknown", "", 1},
		"systemd-journald":   {infra, "systemd", "systemd-journal", 1, "unknown", "", 1},
		"ssh":                {infra, "sshd", "sshd", 1, "unknown", "", 1},
		"session-1":          {infra, "session", "bash", 1, "unknown", "", 1},
		"nginx":              {serv, "nginx", "nginx", 2, "ready", "", 7}, // by its group's counter, not by its processes
		"postgresql@15-main": {serv, "postgresql", "postgres", 1, "ready with work", "huge-pages stateful", 50},
		"shop":               {appl, "tomcat", "java", 1, "ready", "", 1},
		"ctld":               {appl, "", "ctld", 1, "hard", "capability real-time", 1},
	} {
		if got[name] != want {
			t.Errorf("%s:\n got %+v\nwant %+v", name, got[name], want)
		}
		delete(got, name)
	}
	if len(got) > 0 {
		t.Errorf("more workloads than expected: %+v", got)
	}
	for _, w := range b.Workloads {
		if w.Name == "nginx" {
			if w.Unit != "nginx.service" || w.Usage.Memory.Or(0) != 20000000 || w.Usage.Age.Or(0) != 100000-80 || !w.Usage.Network.IsNotApplicable() || w.Usage.Clients.Or(-1) != 0 {
				t.Errorf("nginx: got %+v", w)
			}
		}
	}
}

func TestStorage(t *testing.T) {
	b := observed(t, plant(t, "rack-fc"))
	got := make(map[string]string)
	for _, s := range b.Storage {
		got[string(s.Kind)+" "+s.Name] = s.Class.String() + " " + s.Capacity.String() + " " + s.Detail
	}
	for name, want := range map[string]string{
		"disk sda":                 "local-volumes 447 GiB ATA SSDSC2KB480G8R",
		"disk sdb":                 "fc-array 9.77 TiB PURE FlashArray",
		"pool vg0":                 "local-volumes unknown: the kernel shows volumes, not the size of their group lvm on sda",
		"array 0x524a937b1a2b3c00": "fc-array unknown: only the array knows how large it is PURE FlashArray",
	} {
		if got[name] != want {
			t.Errorf("%s: got %q, want %q", name, got[name], want)
		}
	}
	if len(got) != 4 {
		t.Errorf("got %v", got)
	}
}

func TestContainers(t *testing.T) {
	b := observed(t, plant(t, "container-host"))
	id := func(s string) string { return strings.Repeat(s, 32) }
	got := make(map[string]inventory.Container)
	for _, c := range b.Containers {
		got[c.ID] = c
	}
	docker, quadlet, pod, lxc := got[id("a1")], got[id("b2")], got[id("c3")], got["db1"]
	if len(got) != 4 {
		t.Fatalf("got %d containers, want 4: %+v", len(got), got)
	}
	if docker.Runtime.Or("") != "docker" || docker.PID.Or(0) != 201 || docker.Role != "redis" || docker.Layer != serv ||
		docker.State.Or("") != inventory.Paused || docker.CPULimit.Or(0) != 1.5 || docker.MemoryLimit.Or(0) != 512*inventory.MiB ||
		docker.Usage.CPUSeconds.Or(0) != 12.34 || docker.Usage.Memory.Or(0) != 100000000 || docker.Usage.Network.Or(0) != 42 ||
		docker.Privileged.Or(true) || !docker.Manager.IsUnknown() {
		t.Errorf("docker: got %+v", docker)
	}
	if remedy := docker.Image.Remedy(); !strings.Contains(remedy, "group docker") || !strings.Contains(docker.Image.Why(), "/run/docker.sock") {
		t.Errorf("the image of the docker container: why %q, remedy %q", docker.Image.Why(), remedy)
	}
	if quadlet.Runtime.Or("") != "podman" || quadlet.Manager.Or("") != inventory.ManagedByQuadlet || quadlet.Unit != "web.service" ||
		quadlet.Name.Or("") != "systemd-web" || !quadlet.CPULimit.IsAbsent() || quadlet.MemoryLimit.Or(0) != 512*inventory.MiB || !quadlet.Privileged.Or(false) ||
		quadlet.Usage.Network.Why() != "it uses the machine's own network, in which nobody is counted apart" {
		t.Errorf("quadlet: got %+v", quadlet)
	}
	if pod.Runtime.Or("") != "containerd" || pod.Manager.Or("") != inventory.ManagedByK8s || pod.Pod.Or("") != "01042b28-179d-446a-954a-7266557e12cd" || pod.Layer != appl {
		t.Errorf("pod: got %+v", pod)
	}
	if !lxc.System.Or(false) || lxc.Name.Or("") != "db1" || lxc.PID.Or(0) != 501 || !lxc.Image.IsAbsent() {
		t.Errorf("lxc: got %+v", lxc)
	}
	var kinds, works []string
	for _, e := range b.Engines {
		kinds = append(kinds, e.Kind)
	}
	if s := strings.Join(kinds, " "); s != "containerd docker podman" {
		t.Errorf("engines: %s", s)
	}
	for _, w := range b.Workloads {
		works = append(works, w.Name+"="+string(w.Layer))
	}
	if s := strings.Join(works, " "); s != "app=application containerd=infrastructure docker=infrastructure init=infrastructure kubelet=infrastructure user@1000=infrastructure" &&
		s != "app=application docker=infrastructure containerd=infrastructure init=infrastructure kubelet=infrastructure user@1000=infrastructure" {
		t.Errorf("workloads: %s", s)
	}
}

// Where the kernel's groups say nothing, containers are known by the monitor above them.
func TestContainersWithoutGroups(t *testing.T) {
	b := observed(t, plant(t, "vm-without-dmi"))
	if len(b.Containers) != 2 {
		t.Fatalf("got %+v", b.Containers)
	}
	named, bare := b.Containers[0], b.Containers[1]
	if named.ID != strings.Repeat("a", 64) || named.Name.Or("") != "web" || named.PID.Or(0) != 301 || named.Runtime.Or("") != "podman" ||
		named.Role != "nginx" || named.Usage.Network.Or(-1) != 0 || named.Usage.CPUSeconds.Or(0) != 3 {
		t.Errorf("named: got %+v", named)
	}
	if bare.ID != "pid:310" || bare.PID.Or(0) != 310 || !bare.Name.IsUnknown() {
		t.Errorf("bare: got %+v", bare)
	}
	layers := make(map[string]inventory.Layer)
	for _, w := range b.Workloads {
		layers[w.Name] = w.Layer
	}
	want := map[string]inventory.Layer{"vm-init": infra, "dockerd": infra, "worker": appl, "agetty": infra}
	for name, layer := range want {
		if layers[name] != layer {
			t.Errorf("%s is %q, want %q", name, layers[name], layer)
		}
	}
	if len(layers) != len(want) {
		t.Errorf("workloads: %v", layers)
	}
	// Docker's own containerd is not a second engine; podman has no socket and is seen by its containers.
	if len(b.Engines) != 2 || b.Engines[0].Kind != "docker" || b.Engines[1].Kind != "podman" {
		t.Errorf("engines: %+v", b.Engines)
	}
}

func TestVirtualMachines(t *testing.T) {
	b := observed(t, plant(t, "hypervisor"))
	if len(b.Hypervisors) != 1 || len(b.VMs) != 2 {
		t.Fatalf("got %+v, %+v", b.Hypervisors, b.VMs)
	}
	hv := b.Hypervisors[0]
	if hv.Kind != "kvm" || hv.ID != "hv-"+b.Machines[0].ID || hv.SeparateImage.Or(true) || !hv.VMs.IsUnknown() {
		t.Errorf("hypervisor: %+v", hv)
	}
	byName := make(map[string]inventory.VM)
	for _, v := range b.VMs {
		byName[v.Name.Or("")] = v
	}
	db := byName["db1"]
	if db.ID != "vm-4dea22b3-1d52-d8f3-2516-782e98ab3fa0" || db.Memory.Or(0) != 2*inventory.GiB || db.VCPUs.Or(0) != 2 || db.PID.Or(0) != 100 ||
		db.Usage.CPUSeconds.Or(0) != 123 || len(db.MACs) != 1 {
		t.Errorf("db1: %+v", db)
	}
	if pve := byName["100"]; pve.PID.Or(0) != 110 || pve.Memory.Or(0) != 512*inventory.MiB || !pve.UUID.IsUnknown() {
		t.Errorf("100: %+v", pve)
	}
	if len(b.Containers) != 0 {
		t.Errorf("containers: %+v", b.Containers)
	}
}

func TestHidepidIsAGap(t *testing.T) {
	for _, g := range observed(t, plant(t, "hidepid")).Gaps {
		if g.Subject == "/proc" && strings.Contains(g.Remedy, "root") {
			return
		}
	}
	t.Error("no gap says that processes are hidden")
}

// Inside a container there is one container, and the work of the host is not what is seen.
func TestInsideContainer(t *testing.T) {
	b := observed(t, plant(t, "inside-docker"))
	if len(b.Containers) != 1 || b.Containers[0].ID != strings.Repeat("f6", 32) || len(b.Workloads) != 0 || len(b.Storage) != 0 || len(b.Gaps) == 0 {
		t.Errorf("got %+v", b)
	}
	if m := b.Machines[0]; !m.Identity.MachineID.IsUnknown() || m.Kind.Remedy() != "run on the host" {
		t.Errorf("got %+v", m)
	}
}

func TestProcessDies(t *testing.T) {
	root := plant(t, "rack-fc")
	for _, name := range []string{"proc/90/stat", "proc/80/cgroup"} {
		if err := os.Remove(filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(filepath.Join(root, "proc/100/status")); err != nil {
		t.Fatal(err)
	}
	b := observed(t, root)
	if n := b.Machines[0].Processes.Or(-1); n != 8 {
		t.Errorf("%d processes, want 8: one is gone, and one has no groups", n)
	}
	for _, w := range b.Workloads {
		if w.Name == "shop" && !w.Readiness.IsUnknown() {
			t.Errorf("shop: readiness %v of a process whose status is not readable", w.Readiness)
		}
	}
}

func TestOpen(t *testing.T) {
	for text, ok := range map[string]bool{"host:": true, "host:web1": false, "host:?deep=1": false} {
		target, err := collect.ParseTarget(text)
		if err != nil {
			t.Fatal(err)
		}
		_, err = Source().Open(target, collect.Env{Root: "/"})
		if ok != (err == nil) || !ok && !errors.Is(err, collect.ErrUsage) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestNoProc(t *testing.T) {
	c, err := Source().Open(collect.Target{Scheme: "host"}, collect.Env{Root: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Collect(context.Background()); !errors.Is(err, collect.ErrUnavailable) || collect.RemedyOf(err) == "" {
		t.Errorf("got %v", err)
	}
}

// A deadline that has passed leaves a partial observation that says so.
func TestDeadline(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	env := collect.Env{Root: generate(t, 500)}
	start := time.Now()
	b, err := observe(ctx, env, "host:")
	if err != nil {
		t.Fatal(err)
	}
	if d := time.Since(start); d > 2*time.Second {
		t.Errorf("it took %s", d)
	}
	if m := b.Machines[0]; !m.Processes.IsUnknown() || m.Processes.Remedy() == "" || len(b.Gaps) == 0 {
		t.Errorf("got %v processes, gaps %+v", m.Processes, b.Gaps)
	}
}

func TestProbe(t *testing.T) {
	for _, name := range []string{"rack-fc", "hidepid", "inside-docker"} {
		list := Source().Probe(context.Background(), collect.Env{Root: plant(t, name)})
		denied := 0
		for _, p := range list {
			if p.What == "" || p.Status == "" || p.Detail == "" {
				t.Errorf("%s: a probe is not complete: %+v", name, p)
			}
			if p.Status == collect.ProbeDenied {
				denied++
				if p.Remedy == "" {
					t.Errorf("%s: no remedy in %+v", name, p)
				}
			}
		}
		if (name == "rack-fc") != (denied == 0) {
			t.Errorf("%s: %d denied", name, denied)
		}
	}
}

// The collector reads this machine without an error, whoever runs the test.
func TestThisMachine(t *testing.T) {
	b := observed(t, "/")
	m := b.Machines[0]
	if !m.Uptime.IsKnown() || !m.Cores.IsKnown() || !m.Memory.IsKnown() || m.ID == "" {
		t.Errorf("got %+v", m)
	}
	for _, w := range b.Workloads {
		if w.Usage.Age.Or(-1) < 0 || w.Usage.Age.Or(0) > m.Uptime.Or(0) {
			t.Errorf("%s is %v old on a machine that is up for %v", w.Name, w.Usage.Age, m.Uptime)
		}
	}
	if _, err := json.Marshal(b); err != nil {
		t.Error(err)
	}
}

func BenchmarkHost(b *testing.B) {
	for _, n := range []int{100, 5000} {
		b.Run(map[int]string{100: "processes=100", 5000: "processes=5000"}[n], func(b *testing.B) {
			env := collect.Env{Root: generate(b, n)}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := observe(context.Background(), env, "host:"); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(n), "µs/process")
		})
	}
}
