//go:build linux

package host

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/collect/collecttest"
	"github.com/infraopt/infraopt/collect/inventory"
)

// sampled reads a tree with --sample.
func sampled(t testing.TB, root string) *inventory.Batch {
	t.Helper()
	b, err := observe(t.Context(), collect.Env{Root: root, Sample: 5 * time.Second}, "host:")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// cgroupMounts shows control groups of version 2.
const cgroupMounts = "27 1 8:1 / / rw - ext4 /dev/sda1 rw\n28 27 0:29 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"

// twoMoments makes a machine and two moments of it, ten seconds apart: a unit and a container with control groups, a
// tree of processes and a virtual machine without. Change changes what the second moment shows.
func twoMoments(t *testing.T, change func(files map[string]string)) string {
	t.Helper()
	const id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	const netHead = "Inter-|   Receive\n face |bytes\n"
	at := func(uptime string, later int) map[string]string {
		num := func(v int) string { return itoa(v) }
		f := map[string]string{
			"/proc/uptime":    uptime + " 1.00\n",
			"/proc/stat":      "cpu  " + num(360000+1500*later) + " 0 40000 1000 0 0 0 0 0 0\nbtime 1700000000\n",
			"/proc/meminfo":   "MemTotal: 8388608 kB\nMemAvailable: " + num(4194304-1024*later) + " kB\n",
			"/proc/net/unix":  defaults["/proc/net/unix"],
			"/proc/1/net/dev": netHead + "    lo: 10 0 0 0 0 0 0 0 10 0 0 0 0 0 0 0\n  eth0: " + num(1000+50000*later) + " 0 0 0 0 0 0 0 " + num(2000+25000*later) + " 0 0 0 0 0 0 0\n",
			"/sys/fs/cgroup/system.slice/postgresql.service/cpu.stat":            "usage_usec " + num(5000000+2500000*later) + "\n",
			"/sys/fs/cgroup/system.slice/postgresql.service/memory.current":      num(100<<20+later<<20) + "\n",
			"/sys/fs/cgroup/system.slice/postgresql.service/memory.stat":         "inactive_file 0\n",
			"/sys/fs/cgroup/system.slice/docker-" + id + ".scope/cpu.stat":       "usage_usec " + num(1000000*later+7) + "\n",
			"/sys/fs/cgroup/system.slice/docker-" + id + ".scope/memory.current": num(64<<20) + "\n",
			"/sys/fs/cgroup/system.slice/docker-" + id + ".scope/memory.stat":    "inactive_file " + num(later<<20) + "\n",
			"/proc/300/net/dev":           netHead + "    lo: 10 0 0 0 0 0 0 0 10 0 0 0 0 0 0 0\n  eth0: " + num(5+1000*later) + " 0 0 0 0 0 0 0 " + num(500*later) + " 0 0 0 0 0 0 0\n",
			"/sys/class/net/eth0/device/": "",
		}
		plantProcess(t, f, "1 0 init cg=/")
		plantProcess(t, f, "200 1 postgres cg=/system.slice/postgresql.service :: postgres")
		plantProcess(t, f, "300 1 nginx cg=/system.slice/docker-"+id+".scope :: nginx")
		plantProcess(t, f, "400 1 worker cg=/ cpu="+num(100+200*later)+" rss=1000 :: worker")
		plantProcess(t, f, "401 400 worker cg=/ cpu="+num(50+100*later)+" :: worker")
		plantProcess(t, f, "500 1 qemu-system-x86 cg=/machine.slice/x cpu="+num(100+1900*later)+" :: qemu-system-x86_64 -name guest=g")
		return f
	}
	files := maps.Clone(defaults)
	maps.Copy(files, at("100000.00", 0))
	files["/proc/1/mountinfo"] = cgroupMounts
	root := t.TempDir()
	write(t, root, files, nil)
	first, second := at("100000.50", 0), at("100010.50", 1)
	if change != nil {
		change(second)
	}
	write(t, filepath.Join(root, ".infraopt/sample/1"), first, nil)
	write(t, filepath.Join(root, ".infraopt/sample/2"), second, nil)
	return root
}

// byName finds the series of all things of a machine.
func byName(b *inventory.Batch) map[string]*inventory.Demand {
	out := map[string]*inventory.Demand{"machine": &b.Machines[0].Demand}
	for i := range b.Workloads {
		out[b.Workloads[i].Name] = &b.Workloads[i].Demand
	}
	for i := range b.Containers {
		out["container"] = &b.Containers[i].Demand
	}
	for i := range b.VMs {
		out["vm"] = &b.VMs[i].Demand
	}
	return out
}

// Two looks make a series of one interval for the machine and for each thing on it.
func TestSample(t *testing.T) {
	got := byName(sampled(t, twoMoments(t, nil)))
	for name, want := range map[string]struct {
		cores    float64
		memory   inventory.Bytes
		received inventory.Bytes // -1 where not known
		sent     inventory.Bytes
	}{
		"machine":    {1.5, 4097 << 20, 5000, 2500},
		"postgresql": {.25, 101 << 20, -1, -1},
		"container":  {.1, 64 << 20, 100, 50},
		"worker":     {.3, inventory.Bytes(2000 * pageSize), -1, -1},
		"vm":         {1.9, inventory.Bytes(1000 * pageSize), -1, -1},
	} {
		d := got[name]
		if d == nil {
			t.Errorf("%s: not there, in %v", name, got)
			continue
		}
		if d.Days.Or(0) != 10./86400 || d.Samples.Or(0) != 1 {
			t.Errorf("%s: got %s days and %s samples", name, d.Days, d.Samples)
		}
		for _, cpu := range []inventory.Reading[float64]{d.CPUMax, d.CPUP995, d.CPUP97, d.CPUP90} {
			if cpu.Or(-1) != want.cores {
				t.Errorf("%s: got %s cores, want %v", name, cpu, want.cores)
			}
		}
		if d.MemoryMax.Or(-1) != want.memory || d.ReceivedP95.Or(-1) != want.received || d.SentP95.Or(-1) != want.sent || d.NetworkDay.IsKnown() {
			t.Errorf("%s: got %s of memory, %s and %s; want %+v", name, d.MemoryMax, d.ReceivedP95, d.SentP95, want)
		}
	}
}

// What cannot be compared is not, and the reason is said; the rest is.
func TestSampleBroken(t *testing.T) {
	gone := func(f map[string]string, pids ...string) {
		for name := range f {
			for _, pid := range pids {
				if strings.HasPrefix(name, "/proc/"+pid+"/") {
					delete(f, name)
				}
			}
		}
	}
	const unit = "/sys/fs/cgroup/system.slice/postgresql.service/"
	for name, test := range map[string]struct {
		change func(f map[string]string)
		what   string
		why    string // why its CPU is not known; empty where it is
		cores  float64
	}{
		"ended":           {func(f map[string]string) { gone(f, "200") }, "postgresql", "ended", 0},
		"container ended": {func(f map[string]string) { gone(f, "300") }, "container", "ended", 0},
		"machine ended":   {func(f map[string]string) { gone(f, "500") }, "vm", "ended", 0},
		"started anew": {func(f map[string]string) {
			plantProcess(t, f, "500 1 qemu-system-x86 cg=/ start=10000100 :: q -name guest=g")
		}, "vm", "started anew", 0},
		"unit anew": {func(f map[string]string) {
			plantProcess(t, f, "200 1 postgres start=10000100 cg=/system.slice/postgresql.service :: postgres")
		}, "postgresql", "started anew", 0},
		"went back":         {func(f map[string]string) { f[unit+"cpu.stat"] = "usage_usec 4999999\n" }, "postgresql", "went back", 0},
		"process went back": {func(f map[string]string) { plantProcess(t, f, "401 400 worker cg=/ cpu=10 :: worker") }, "worker", "went back", 0},
		"group gone":        {func(f map[string]string) { delete(f, unit+"cpu.stat") }, "postgresql", "control group was gone", 0},
		"child ended":       {func(f map[string]string) { gone(f, "401") }, "worker", "a process of it ended", 0},
		"child came":        {func(f map[string]string) { plantProcess(t, f, "402 400 worker cg=/ start=10000100 cpu=100 :: worker") }, "worker", "", .4},
		"child moved in":    {func(f map[string]string) { gone(f, "500"); plantProcess(t, f, "500 400 worker cg=/ cpu=200 :: worker") }, "worker", "", .4},
		"stat not readable": {func(f map[string]string) { f["/proc/stat"] = "nonsense\n" }, "machine", "/proc/stat", 0},
		"others go on":      {func(f map[string]string) { gone(f, "300", "401", "500") }, "postgresql", "", .25},
	} {
		t.Run(name, func(t *testing.T) {
			d := byName(sampled(t, twoMoments(t, test.change)))[test.what]
			if cpu := d.CPUP995; test.why == "" && cpu.Or(-1) != test.cores || test.why != "" && (cpu.IsKnown() || !strings.Contains(cpu.Why(), test.why)) {
				t.Errorf("got %s, want %v or %q", cpu, test.cores, test.why)
			}
		})
	}
	back := byName(sampled(t, twoMoments(t, func(f map[string]string) {
		f["/proc/1/net/dev"] = defaults["/proc/1/net/dev"]
		f["/proc/300/net/dev"] = "Inter-|   Receive\n face |bytes\n  eth0: 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
	})))
	if d := back["container"]; d.ReceivedP95.IsKnown() || !strings.Contains(d.ReceivedP95.Why(), "went back") || !d.CPUP995.IsKnown() {
		t.Errorf("container: got %s", d.ReceivedP95)
	}
}

// A recorded tree without moments has one look only, and a machine that has kept a history keeps it.
func TestSampleOfOneLook(t *testing.T) {
	b := sampled(t, plant(t, "container-host"))
	n := 0
	for name, d := range byName(b) {
		n++
		if d.Days.IsKnown() || d.Days.Why() != "the recorded tree holds one look only" || d.Days.Remedy() == "" {
			t.Errorf("%s: got %+v", name, d.Days)
		}
	}
	if n < 3 {
		t.Errorf("got %d things", n)
	}
	root := twoMoments(t, nil)
	files := map[string]string{"/var/log/sa/sa12": string(day(1, nil, "web-1"))}
	write(t, root, files, nil)
	if d := sampled(t, root).Machines[0].Demand; d.Samples.Or(0) != 143 {
		t.Errorf("got %+v", d)
	}
}

// Where /proc hides the processes of others, their containers are still watched, by their control groups.
func TestSampleOfHiddenProcesses(t *testing.T) {
	id := strings.Repeat("a1", 32)
	group := "/sys/fs/cgroup/system.slice/docker-" + id + ".scope"
	root := groupTree(t, "30 27 0:29 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", map[string]string{group: "201\n"})
	for i, at := range []string{"/.infraopt/sample/1", "/.infraopt/sample/2"} {
		write(t, root, map[string]string{
			at + "/proc/uptime": itoa(1000+10*i) + ".00 1\n", at + "/sys/fs/cgroup/system.slice/cgroup.procs": "", at + group + "/cgroup.procs": "201\n",
			at + group + "/cpu.stat": "usage_usec " + itoa(1000000+2000000*i) + "\n", at + group + "/memory.current": "1048576\n",
		}, nil)
	}
	b := sampled(t, root)
	if len(b.Containers) != 1 || b.Containers[0].Demand.CPUP995.Or(0) != .2 || b.Containers[0].Demand.MemoryMax.Or(0) != 1<<20 || b.Containers[0].Demand.ReceivedP95.IsKnown() {
		t.Errorf("got %+v", b.Containers)
	}
}

// This machine is watched for a second; what is recorded of that gives the same answer.
func TestSampleOfThisMachine(t *testing.T) {
	busy := exec.Command("sh", "-c", "while :; do :; done")
	collecttest.Need(t, "a shell", busy.Start())
	t.Cleanup(func() { _ = busy.Process.Kill(); _ = busy.Wait() })
	dir := filepath.Join(t.TempDir(), "copy")
	begin := time.Now()
	b, err := observe(t.Context(), collect.Env{Root: "/", Sample: time.Second, Record: dir}, "host:")
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begin); took < time.Second {
		t.Errorf("took %v", took)
	}
	if b.Machines[0].Inside.IsKnown() {
		collecttest.Need(t, "the machine", errors.New("in a container"))
	}
	d := b.Machines[0].Demand
	if days := d.Days.Or(0) * 86400; d.Samples.Or(0) == 1 && (days < .9 || days > 30) || !d.CPUP995.IsKnown() || d.CPUP995.Or(0) > b.Machines[0].Cores.Or(0) || d.CPUMax.Or(0) < .01 {
		t.Errorf("got %+v", d)
	}
	again := sampled(t, dir)
	text := func(b *inventory.Batch) []byte {
		out, err := json.MarshalIndent(map[string]any{"machine": b.Machines[0].Demand, "workloads": b.Workloads, "containers": b.Containers}, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	known := 0
	recorded := make(map[string]inventory.Demand)
	for _, w := range again.Workloads {
		recorded[w.ID] = w.Demand
	}
	for _, w := range b.Workloads {
		if w.Demand.CPUP995.IsKnown() {
			known++
		}
		if d, ok := recorded[w.ID]; !ok || d != w.Demand {
			t.Errorf("%s: got %+v, recorded %+v", w.Name, w.Demand, d)
		}
	}
	if known == 0 && len(b.Workloads) > 0 {
		t.Errorf("no workload was watched: %s", text(b))
	}
	if b.Machines[0].Demand != again.Machines[0].Demand {
		t.Errorf("got %+v, recorded %+v", b.Machines[0].Demand, again.Machines[0].Demand)
	}
	if !bytes.Contains(text(b), []byte(`"samples"`)) {
		t.Error("no series")
	}
}

// The wait ends with the deadline, and that is said.
func TestSampleHeedsTheDeadline(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	begin := time.Now()
	b, err := observe(ctx, collect.Env{Root: "/", Sample: time.Hour}, "host:")
	if took := time.Since(begin); err != nil || took > 20*time.Second {
		t.Fatalf("took %v: %v", took, err)
	}
	if b.Machines[0].Inside.IsKnown() {
		collecttest.Need(t, "the machine", errors.New("in a container"))
	}
	for i := range b.Workloads {
		if d := b.Workloads[i].Demand; d.Days.IsKnown() || d.Days.Remedy() != "raise --timeout" {
			t.Fatalf("got %+v", d)
		}
	}
}
