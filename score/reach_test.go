package score_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/infraopt/infraopt/collect/demo"
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// What the laws are about has to occur in the estates on which they are held: each on one estate in a hundred at least.
func TestLawEstatesReachEverything(t *testing.T) {
	m := model(t)
	noSeries := *m // series are never long enough to say anything
	noSeries.Thresholds.SeriesDays = 1e9
	anyWindow := *m // series of a week tell the need exactly
	anyWindow.Thresholds.WindowDays = 0
	var mu sync.Mutex
	counts := map[string]int{}
	const n = 2000
	var tried int
	forSeeds(t, n, func(seed int) error {
		_, e := lawEstate(seed)
		found := map[string]bool{}
		if slices.ContainsFunc(demo.Readings(e), func(f demo.Fact) bool { return f.State() == inventory.StateUnknown }) {
			found["some facts are unknown"] = true
		}
		for _, h := range e.Hosts {
			counted := score.NewStack(h, &noSeries, score.Options{}).Works
			full := score.NewStack(h, &anyWindow, score.Options{}).Works
			for _, rule := range []string{"strict", "default", "broad"} {
				for i, x := range score.NewStack(h, byRule(m, rule), score.Options{}).Works {
					bySeries := counted[i].Activity == score.ActivityUnknown
					switch {
					case bySeries && x.Activity == score.Idle:
						found["idle through a series by the rule "+rule] = true
					case bySeries && x.Activity == score.Active:
						found["active through a series"] = true
					case x.Activity == score.ActivityUnknown:
						found["activity unknown"] = true
					}
					if rule != m.Idle.Rule {
						continue
					}
					if x.Need() != full[i].Need() {
						found["a series of less than the window widens a need"] = true
					}
					if days, ok := demandOf(x).Days.Get(); ok && days < m.Thresholds.SeriesDays && x.Activity == score.Active {
						found["active work has a series of less than a week"] = true
					}
				}
			}
		}
		mu.Lock()
		defer mu.Unlock()
		tried++
		for what := range found {
			counts[what]++
		}
		return nil
	})
	for _, what := range []string{
		"some facts are unknown", "idle through a series by the rule strict", "idle through a series by the rule default",
		"idle through a series by the rule broad", "active through a series", "activity unknown",
		"a series of less than the window widens a need", "active work has a series of less than a week",
	} {
		t.Logf("%5.1f %% %s", 100*float64(counts[what])/float64(tried), what)
		if counts[what]*100 < tried {
			t.Errorf("on %d of %d estates only: %s", counts[what], tried, what)
		}
	}
}

// demandOf is the series of a piece of work.
func demandOf(x *score.Work) *inventory.Demand {
	switch {
	case x.Container != nil:
		return &x.Container.Demand
	case x.Workload != nil:
		return &x.Workload.Demand
	case x.Place.Node == nil:
		return &x.Place.VM.Demand
	default:
		return &inventory.Demand{} // processes that were not shown
	}
}

// certainty settles what stays open by nature even where every fact is known, so that nothing is left to be unknown.
// These are all the reasons for which a fully known estate has an interval at all:
//
//   - work younger than a day has no known mean, and work whose counters and series agree on nothing has no known activity;
//   - a series shorter than the window, or than a week, leaves the need open;
//   - a virtual machine that nobody looked into has unknown content, a machine that is virtual itself an unknown
//     hypervisor below it, and work that was seen from inside a container an unknown form;
//   - management without a trace may be agentless; a machine without disks has its data nobody knows where;
//   - an engine that lists nothing, or that was not seen, stores nobody knows what.
func certainty(r *rand.Rand, e *inventory.Estate) {
	e.Walk(func(n *inventory.Node) {
		k := &n.Machine
		k.Inside = inventory.Absent[string]()
		if k.Management.IsAbsent() {
			k.Management = inventory.Known(inventory.ByHand)
		}
		if k.Storage.IsAbsent() {
			k.Storage = inventory.Known(inventory.RawLocal)
		}
		for i := range n.Engines {
			n.Engines[i].Inventory = inventory.Known(true)
		}
		for i := range n.Workloads {
			settle(r, &n.Workloads[i].Usage, &n.Workloads[i].Demand)
		}
		n.Containers = slices.DeleteFunc(n.Containers, func(c inventory.Container) bool {
			unseen := !slices.ContainsFunc(n.Engines, func(e inventory.Engine) bool { return e.Kind == c.Runtime.Or("") })
			return unseen && !c.System.Or(false)
		})
		for i := range n.Containers {
			settle(r, &n.Containers[i].Usage, &n.Containers[i].Demand)
		}
		for i := range n.VMs {
			v := &n.VMs[i]
			settle(r, &v.Usage, &v.Demand)
			if v.Guest == nil && v.State.Or("") != inventory.Stopped {
				v.Guest = &inventory.Node{Machine: inventory.Machine{ID: "inside-" + v.ID, Name: v.Name, Cores: v.VCPUs, Memory: v.Memory}}
			}
		}
	})
	for _, h := range e.Hosts {
		if h.Machine.Kind.Or("") == inventory.Virtual {
			h.Machine.Kind = inventory.Known(inventory.Cloud)
		}
	}
}

// settle gives work a known mean, a known need, and a known activity: it is in use, or it is not.
func settle(r *rand.Rand, u *inventory.Usage, d *inventory.Demand) {
	if !u.Age.IsKnown() { // it does not run
		return
	}
	u.Age = inventory.Known(max(u.Age.Or(0), 7*inventory.Day))
	d.Days = inventory.Known(max(d.Days.Or(0), 30))
	traffic := inventory.Bytes(0)
	if r.IntN(4) > 0 {
		traffic = inventory.TiB // more than 5 MB a day at any age
	} else {
		u.CPUSeconds = inventory.Known(0.0)
	}
	u.Network = inventory.Known(traffic)
}

// certainEstate is a random estate of which nothing is open.
func certainEstate(seed int) (*rand.Rand, *inventory.Estate) {
	r := rand.New(rand.NewPCG(uint64(seed), 8))
	e := demo.RandomEstate(r, demo.RandomOptions{})
	certainty(r, e)
	return r, demo.Complete(r, e) // the look inside virtual machines is new
}

const certainEstates = 1000

// An estate of which everything is known has one score, not an interval: exactly, at every indicator.
func TestWhatIsKnownHasOneScore(t *testing.T) {
	m := model(t)
	forSeeds(t, certainEstates, func(seed int) error {
		_, e := certainEstate(seed)
		r := rate(m, e)
		for _, p := range r.Pillars {
			for _, x := range p.Indicators {
				if x.Low != x.High {
					return fmt.Errorf("%s: %v to %v", x.ID, x.Low, x.High)
				}
			}
		}
		if r.Score.Low != r.Score.High {
			return fmt.Errorf("score %v to %v", r.Score.Low, r.Score.High)
		}
		return nil
	})
}

// Of whatever part of such an estate is forgotten, its one score lies within the interval that is left.
func TestTheOneScoreLiesWithin(t *testing.T) {
	m := model(t)
	forSeeds(t, certainEstates, func(seed int) error {
		r, e := certainEstate(seed)
		truth := rate(m, e)
		share := float64(1+seed%6) / 12
		partial := demo.Clone(e)
		for _, f := range demo.Readings(partial) {
			if r.Float64() < share {
				f.Forget("forgotten", "")
			}
		}
		return within(rate(m, partial), truth)
	})
}

// within says how the truth lies outside of what was said before it was known.
func within(before, truth *score.Result) error {
	if before.Score.None || truth.Score.None {
		return nil
	}
	if truth.Score.Low < before.Score.Low-tolerance || truth.Score.High > before.Score.High+tolerance {
		return fmt.Errorf("%v to %v is outside of %v to %v\n%s", truth.Score.Low, truth.Score.High, before.Score.Low, before.Score.High, difference(before, truth))
	}
	return nil
}
