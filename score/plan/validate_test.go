package plan

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// shifts is an estate of two hosts, each with a virtual machine that takes seven of eight cores for half of the day: one
// by day and one by night.
func shifts(days float64, series bool) *inventory.Estate {
	known := inventory.Known[float64]
	e := &inventory.Estate{}
	for i, name := range []string{"day", "night"} {
		host := &inventory.Node{Machine: inventory.Machine{ID: "host-" + name, Name: inventory.Known("host-" + name), Kind: inventory.Known(inventory.Physical), Powered: inventory.Known(true), Inside: inventory.Absent[string](),
			Cores: known(8), Memory: inventory.Known(64 * inventory.GiB), Processes: inventory.Known(9), Containers: inventory.Known(0), PhysicalCores: inventory.Known(8)}}
		host.Hypervisors = []inventory.Hypervisor{{ID: "hv-" + name, Machine: host.Machine.ID, Kind: "kvm", VMs: inventory.Known(1)}}
		var day inventory.ByHour
		s := &inventory.Series{Start: time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC), Step: 3600}
		for hour := range day {
			day[hour] = .5
			if hour/12 == i {
				day[hour] = 5.5
			}
		}
		for k := range int(days * 24) {
			s.CPU, s.Memory = append(s.CPU, day[k%24]), append(s.Memory, inventory.GiB)
		}
		vm := inventory.VM{ID: "vm-" + name, Name: inventory.Known("vm-" + name), UUID: inventory.Known("uuid-" + name), Hypervisor: "hv-" + name, State: inventory.Known(inventory.Running), VCPUs: known(7), Memory: inventory.Known(8 * inventory.GiB),
			Storage: inventory.Known(inventory.IPArray),
			Usage:   inventory.Usage{CPUSeconds: known(7e6), Memory: inventory.Known(inventory.GiB), Network: inventory.Known(inventory.TiB), Age: inventory.Known(30 * inventory.Day)},
			Demand:  inventory.Demand{Days: known(days), CPUP995: known(5.5), MemoryMax: inventory.Known(inventory.GiB), CPUByHour: inventory.Known(&day)}}
		if series {
			vm.Demand.Series = s
		}
		host.VMs = []inventory.GuestVM{{VM: vm}}
		e.Hosts = append(e.Hosts, host)
	}
	return e
}

// What is busy at different hours shares a host; without its hours, or with those of too few days, it does not.
func TestHoursSize(t *testing.T) {
	m := model(t)
	size := func(e *inventory.Estate) (cpu [24]int64, proven bool) {
		v := &e.Hosts[0].VMs[0]
		cpu, _, proven = sizeOf(score.NewStack(e.Hosts[0], m, score.Options{}), &v.Demand, true, v.VCPUs, v.Memory)
		return cpu, proven
	}
	want := [24]int64{}
	for hour := range want {
		want[hour] = 600
		if hour < 12 {
			want[hour] = 6600
		}
	}
	if got, proven := size(shifts(30, false)); got != want || !proven {
		t.Errorf("of 30 days: got %v, %v, want %v", got, proven, want)
	}
	got, proven := size(shifts(8, false))
	if got[0] != 7000 || got[12] != int64(math.Ceil(600*(1+1./8)/10))*10 || !proven {
		t.Errorf("of 8 days: got %v", got)
	}
	if got, proven := size(shifts(6, false)); got != flat(7000) || proven {
		t.Errorf("of 6 days: got %v, %v, want the allocation", got, proven)
	}
	e := shifts(30, false)
	e.Hosts[0].VMs[0].Demand.CPUByHour.Forget("forgotten", "")
	if got, proven := size(e); got != flat(7000) || !proven { // 5.5 × 1.2 in whole CPUs
		t.Errorf("without hours: got %v, %v", got, proven)
	}
}

// A plan is replayed over the hosts as they are in the end.
func TestValidate(t *testing.T) {
	m := model(t)
	one := shifts(30, true) // both on one host
	one.Hosts[0].VMs = append(one.Hosts[0].VMs, one.Hosts[1].VMs[0])
	one.Hosts[0].VMs[1].Hypervisor = "hv-day"
	one.Hosts[0].Hypervisors[0].VMs = inventory.Known(2)
	one.Hosts[1].VMs, one.Hosts[1].Hypervisors[0].VMs = nil, inventory.Known(0)
	clash := shifts(30, true)
	clash.Hosts[0].Machine.Cores = inventory.Known(5.)
	half := shifts(30, true)
	half.Hosts[1].VMs[0].Demand.Series = nil
	blind := shifts(30, true)
	blind.Hosts[0].VMs[0].Demand, blind.Hosts[0].VMs[0].VCPUs = inventory.Demand{}, inventory.Unknown[float64]("not told", "")
	beside := shifts(30, true)
	beside.Hosts[0].Workloads = []inventory.Workload{{ID: "w", Name: "w", Machine: "host-day"}} // it may need all there is
	stopped := shifts(30, true)
	for _, h := range stopped.Hosts {
		h.VMs[0].State = inventory.Known(inventory.Stopped)
	}
	for name, test := range map[string]struct {
		estate *inventory.Estate
		want   *score.Overload
		words  string
	}{
		"apart":     {shifts(30, true), &score.Overload{Samples: 1440, Covered: 1, WorstHost: "host-day", Worst: 5.5 / 8}, ""},
		"together":  {one, &score.Overload{Samples: 720, Covered: 1, WorstHost: "host-day", Worst: 6. / 8}, ""},
		"too small": {clash, &score.Overload{Samples: 1440, Above80: .25, Above100: .25, Covered: 1, WorstHost: "host-day", Worst: 1.1}, ""},
		"one of two": {half, &score.Overload{Samples: 720, Covered: .5, WorstHost: "host-day", Worst: 5.5 / 8},
			"1 of 2 hosts: nothing that runs there has a utilisation series"},
		"none":      {shifts(30, false), nil, "2 of 2 hosts: nothing that runs there has a utilisation series"},
		"not known": {blind, &score.Overload{Samples: 720, Covered: 1, WorstHost: "host-night", Worst: 5.5 / 8}, "1 of 2 hosts: what something there needs is not known well enough"},
		"work beside the machines": {beside, &score.Overload{Samples: 720, Covered: 1, WorstHost: "host-night", Worst: 5.5 / 8},
			"1 of 2 hosts: what something there needs is not known well enough"},
		"stopped":     {stopped, nil, "nothing runs on any host that could be replayed"},
		"nothing yet": {&inventory.Estate{}, nil, "nothing runs on any host that could be replayed"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPlanner(t.Context(), test.estate, m, Request{})
			got, words := p.validate()
			if words != test.words || (got == nil) != (test.want == nil) || got != nil && *got != *test.want {
				t.Errorf("got %+v, %q, want %+v, %q", got, words, test.want, test.words)
			}
		})
	}
}

// The target says how its hosts would have done, and is put on fewer of them by the hours.
func TestTargetIsReplayed(t *testing.T) {
	m := model(t)
	m.Zones = append(m.Zones, score.Zone{Spares: new(int64)})
	m.Thresholds.Headroom = 1
	for name, e := range map[string]*inventory.Estate{"hours": shifts(30, true), "flat": shifts(30, true)} {
		if name == "flat" {
			for _, h := range e.Hosts {
				h.VMs[0].Demand.CPUByHour.Forget("forgotten", "")
			}
		}
		a := score.Assess(e, m, score.Request{})
		Recommend(t.Context(), a, e, m, Request{})
		o := a.Target.Overload
		if o == nil || o.Samples == 0 || o.Covered != 1 || o.Above80 != 0 || a.Target.NotValidated != "" {
			t.Fatalf("%s: %+v, %q", name, o, a.Target.NotValidated)
		}
		moved := slices.ContainsFunc(a.Target.Moves, func(m score.Move) bool { return strings.HasPrefix(m.ID, "vm-") })
		if moved != (name == "hours") || moved != (o.Samples == 720) || moved != (o.Worst == 6./8) {
			t.Errorf("%s: moves %+v and overload %+v; pools %+v", name, a.Target.Moves, o, a.Target.Pools)
		}
	}
}
