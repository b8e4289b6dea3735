package demo

import (
	"math"
	"slices"
	"testing"

	"github.com/infraopt/infraopt/collect/inventory"
)

// The busiest hour of a day is its peak, whatever else is known of it; values are there where they were asked for, and
// show that day and nothing beyond it.
func TestDays(t *testing.T) {
	busiest := map[int]int{}
	for _, target := range []string{"demo:?machines=60&unknown=0", "demo:?machines=60&unknown=0&series=1"} {
		known := 0
		for _, o := range observe(t, target) {
			check := func(what string, u *inventory.Usage, d *inventory.Demand) {
				day, ok := d.CPUByHour.Get()
				if ok != d.CPUP995.IsKnown() || (d.Series != nil) != (ok && target != "demo:?machines=60&unknown=0") {
					t.Errorf("%s: %s: the day %v beside the peak %v and the values %v", target, what, d.CPUByHour, d.CPUP995, d.Series)
				}
				if !ok {
					return
				}
				known++
				most := slices.Max(day[:])
				if slices.Min(day[:]) < 0 || math.Abs(most-d.CPUP995.Or(0)) > 1e-9 {
					t.Errorf("%s: hours of %v with the peak %v", what, day, d.CPUP995)
				}
				mean := 0.
				for _, v := range day {
					mean += v / 24
				}
				if mean < u.CPUSeconds.Or(0)/float64(u.Age.Or(1))-.001*1.1 {
					t.Errorf("%s: the hours %v are below the mean %v", what, day, u.CPUSeconds.Or(0)/float64(u.Age.Or(1)))
				}
				if most > 1.5*slices.Min(day[:]) {
					busiest[slices.Index(day[:], most)]++
				}
				if s := d.Series; s != nil {
					values(t, what, s, d, day)
				}
			}
			for i := range o.Machines {
				check(o.Machines[i].ID, &o.Machines[i].Usage, &o.Machines[i].Demand)
			}
			for i := range o.VMs {
				check(o.VMs[i].ID, &o.VMs[i].Usage, &o.VMs[i].Demand)
			}
			for i := range o.Containers {
				check(o.Containers[i].ID, &o.Containers[i].Usage, &o.Containers[i].Demand)
			}
		}
		if known < 20 {
			t.Errorf("%s: just %d days", target, known)
		}
	}
	if len(busiest) < 3 {
		t.Errorf("all are busy at one time: %v", busiest)
	}
}

func values(t *testing.T, what string, s *inventory.Series, d *inventory.Demand, day *inventory.ByHour) {
	t.Helper()
	var most inventory.ByHour
	for i, v := range s.CPU {
		most[i%24] = max(most[i%24], v)
	}
	if most != *day || s.Step != 3600 || float64(len(s.CPU)) != 24*d.Days.Or(0) || len(s.Memory) != len(s.CPU) || !s.Start.Equal(base.AddDate(0, 0, -int(d.Days.Or(0)))) {
		t.Errorf("%s: the values %+v do not show the day %v", what, s, day)
	}
	if slices.Max(s.Memory) != d.MemoryMax.Or(0) || slices.Min(s.Memory) < 0 {
		t.Errorf("%s: the highest memory is %v, and not %v", what, slices.Max(s.Memory), d.MemoryMax)
	}
}

// To ask for values changes nothing else.
func TestSeriesIsAllThatIsAdded(t *testing.T) {
	with, without := observe(t, "demo:?machines=24&series=1"), observe(t, "demo:?machines=24")
	for _, o := range with {
		for i := range o.VMs {
			o.VMs[i].Demand.Series = nil
		}
		for i := range o.Containers {
			o.Containers[i].Demand.Series = nil
		}
		for i := range o.Workloads {
			o.Workloads[i].Demand.Series = nil
		}
	}
	if encode(t, with) != encode(t, without) {
		t.Error("the estates differ")
	}
}
