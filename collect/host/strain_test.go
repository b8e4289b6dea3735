//go:build linux

package host

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/infraopt/infraopt/collect/inventory"
)

const psi = "some avg10=0.00 avg60=0.00 avg300=%s total=5\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"

func pressureOf(avg300 string) string { return strings.Replace(psi, "%s", avg300, 1) }

// found gives findings as ID:severity, sorted.
func found(list []inventory.Finding, ids ...string) []string {
	var out []string
	for _, f := range list {
		if _, ok := strainLimits[f.ID]; ok && (len(ids) == 0 || slices.Contains(ids, f.ID)) {
			out = append(out, f.ID+":"+string(f.Severity))
		}
	}
	slices.Sort(out)
	return out
}

// Groups of version 2 show what their work lacks. The machine names the work that each sign is worst for; the evidence of
// a workload's readiness is another matter.
func TestStrain(t *testing.T) {
	const unit = "/sys/fs/cgroup/system.slice/postgresql.service"
	container := func(digit string) string {
		return "/sys/fs/cgroup/system.slice/docker-" + strings.Repeat(digit, 64) + ".scope"
	}
	calm := map[string]string{
		"/cpu.stat": "usage_usec 5\nnr_periods 1000\nnr_throttled 5\n", "/memory.events": "low 0\noom 0\noom_kill 0\n",
		"/memory.current": "1048576\n", "/memory.peak": "900\n", "/memory.max": "1048576\n", "/memory.swap.current": "0\n",
		"/cpu.pressure": pressureOf("19.99"), "/memory.pressure": pressureOf("0.99"),
	}
	strained := map[string]string{
		"/cpu.stat": "usage_usec 5\nnr_periods 1000\nnr_throttled 100\n", "/memory.events": "low 0\noom 9\noom_kill 2\n",
		"/memory.current": "3145728\n", "/memory.peak": "1000000\n", "/memory.max": "1048576\n", "/memory.swap.current": "1048576\n",
		"/cpu.pressure": pressureOf("20.00"), "/memory.pressure": pressureOf("10.00"),
	}
	all := []string{"cpu-pressure:info", "memory-limit:info", "memory-pressure:warning", "oom-killed:warning", "swapping:info", "throttled:warning"}
	for name, test := range map[string]struct {
		unit, a, b map[string]string
		machine    []string
		text       string // of a finding of the machine
	}{
		"calm":      {calm, calm, calm, nil, ""},
		"nothing":   {nil, nil, nil, nil, ""},
		"unit":      {strained, calm, calm, all, "postgresql: its CPU limit held it back in 10 % of 1000 periods"},
		"container": {calm, strained, calm, all, "container aaaaaaaaaaaa: its CPU limit held it back in 10 % of 1000 periods"},
		"two":       {nil, strained, map[string]string{"/cpu.stat": "nr_periods 100\nnr_throttled 50\n"}, all, "container bbbbbbbbbbbb: its CPU limit held it back in 50 % of 100 periods, and 1 more"},
		"too few":   {map[string]string{"/cpu.stat": "nr_periods 99\nnr_throttled 99\n"}, nil, nil, nil, ""},
		"no limit":  {map[string]string{"/memory.peak": "900\n", "/memory.max": "max\n"}, nil, nil, nil, ""},
		"nonsense":  {map[string]string{"/cpu.stat": "nr_periods x\n", "/cpu.pressure": "some\n", "/memory.peak": "-1\n", "/memory.events": "oom_kill\n"}, nil, nil, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{"/proc/1/mountinfo": cgroupMounts}
			for dir, group := range map[string]map[string]string{unit: test.unit, container("a"): test.a, container("b"): test.b} {
				for file, text := range group {
					files[dir+file] = text
				}
			}
			plantProcess(t, files, "200 1 postgres cg=/system.slice/postgresql.service :: postgres")
			plantProcess(t, files, "300 1 nginx cg=/system.slice/docker-"+strings.Repeat("a", 64)+".scope :: nginx")
			plantProcess(t, files, "301 1 nginx cg=/system.slice/docker-"+strings.Repeat("b", 64)+".scope :: nginx")
			b := machineWith(t, files)
			for _, w := range b.Workloads {
				if got := found(w.Findings); len(got) > 0 {
					t.Errorf("%s: got %v", w.Name, got)
				}
			}
			m := b.Machines[0]
			if got := found(m.Findings); !slices.Equal(got, test.machine) {
				t.Errorf("machine: got %v, want %v", got, test.machine)
			}
			if test.text != "" && !slices.ContainsFunc(m.Findings, func(f inventory.Finding) bool { return f.Text == test.text && f.Source == "cpu.stat" }) {
				t.Errorf("got %+v, want %q", m.Findings, test.text)
			}
		})
	}
}

// What the group of a unit counts of a container below it is said of the container alone.
func TestStrainOfWhatIsBelowAUnit(t *testing.T) {
	const unit = "/sys/fs/cgroup/system.slice/web.service"
	id := strings.Repeat("c", 64)
	files := map[string]string{
		"/proc/1/mountinfo":                        cgroupMounts,
		unit + "/cpu.stat":                         "nr_periods 1000\nnr_throttled 500\n",
		unit + "/docker-" + id + ".scope/cpu.stat": "nr_periods 1000\nnr_throttled 400\n",
	}
	plantProcess(t, files, "200 1 web cg=/system.slice/web.service :: web")
	plantProcess(t, files, "300 1 nginx cg=/system.slice/web.service/docker-"+id+".scope :: nginx")
	var texts []string
	for _, f := range machineWith(t, files).Machines[0].Findings {
		if f.ID == "throttled" {
			texts = append(texts, f.Text)
		}
	}
	if want := []string{"container cccccccccccc: its CPU limit held it back in 40 % of 1000 periods"}; !slices.Equal(texts, want) {
		t.Errorf("got %q, want %q", texts, want)
	}
}

// Version 1 counts the same in other files, and knows no pressure of groups.
func TestStrainVersion1(t *testing.T) {
	id := strings.Repeat("a", 64)
	files := map[string]string{
		"/proc/1/mountinfo": "27 1 8:1 / / rw - ext4 /dev/sda1 rw\n30 27 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n31 27 0:30 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n",
		"/sys/fs/cgroup/cpu,cpuacct/docker/" + id + "/cpu.stat":             "nr_periods 500\nnr_throttled 20\nthrottled_time 7\n",
		"/sys/fs/cgroup/memory/docker/" + id + "/memory.oom_control":        "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n",
		"/sys/fs/cgroup/memory/docker/" + id + "/memory.max_usage_in_bytes": "1048576\n",
		"/sys/fs/cgroup/memory/docker/" + id + "/memory.limit_in_bytes":     "1048576\n",
		"/sys/fs/cgroup/memory/docker/" + id + "/memory.usage_in_bytes":     "1000\n",
		"/sys/fs/cgroup/memory/docker/" + id + "/memory.stat":               "swap 1\ntotal_inactive_file 0\ntotal_swap 9000\n",
		"/sys/fs/cgroup/memory/docker/memory.limit_in_bytes":                "9223372036854771712\n",
		"/sys/fs/cgroup/cpu,cpuacct/docker/" + id + "/cpu.cfs_quota_us":     "-1\n",
	}
	plantProcess(t, files, "300 1 nginx cg=5:cpu,cpuacct:/docker/"+id+";4:memory:/docker/"+id+" :: nginx")
	m := machineWith(t, files).Machines[0]
	want := []string{"memory-limit:info", "oom-killed:warning", "swapping:info", "throttled:info"}
	if got := found(m.Findings); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v: %+v", got, want, m.Findings)
	}
}

// The machine as a whole: pressure, kills, and pages that come back from swap. Swapped-out pages that stay there do no
// harm.
func TestStrainOfTheMachine(t *testing.T) {
	for name, test := range map[string]struct {
		files map[string]string
		want  []string
	}{
		"calm": {map[string]string{"/proc/pressure/cpu": pressureOf("1.00"), "/proc/pressure/memory": pressureOf("0.00"), "/proc/vmstat": "pswpin 5\npswpout 99999999\noom_kill 0\n"}, nil},
		"strained": {map[string]string{"/proc/pressure/cpu": pressureOf("50.00"), "/proc/pressure/memory": pressureOf("1.00"), "/proc/vmstat": "pswpin 100000\noom_kill 3\n"},
			[]string{"cpu-pressure:warning", "memory-pressure:info", "oom-killed:warning", "paging-in:info"}},
		"swapping":    {map[string]string{"/proc/vmstat": "pswpin 10000000\n"}, []string{"paging-in:warning"}},
		"without PSI": {nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			files := maps.Clone(test.files)
			if files == nil {
				files = map[string]string{}
			}
			if got := found(machineWith(t, files).Machines[0].Findings); !slices.Equal(got, test.want) {
				t.Errorf("got %v, want %v", got, test.want)
			}
		})
	}
}
