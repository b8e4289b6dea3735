package plan

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/infraopt/infraopt/collect/demo"
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// What gains nothing says so: 0 points, in sequence and alone, and 0 of all else that it does not bring.
func TestNothingGainedIsZero(t *testing.T) {
	off := used("old", 16, 64)
	off.State = inventory.Known(inventory.Stopped)
	off.Disks = []inventory.VMDisk{{Name: "vda", Capacity: inventory.Known(100 * inventory.GiB), Allocated: inventory.Known(40 * inventory.GiB)}}
	e := hypervisor(off)
	m, req := model(t), lawRequest(0)
	a := score.Assess(e, m, req.Request)
	Recommend(t.Context(), a, e, m, req)
	i := slices.IndexFunc(a.Recommendations, func(r score.Recommendation) bool { return r.Action == "remove-stopped-vm" })
	if i < 0 || i >= a.Roadmap.Steps {
		t.Fatalf("got %+v, want that the virtual machine is removed", a.Recommendations)
	}
	g := a.Recommendations[i].Gain
	if g.Score != 0 || g.Solo != 0 || g.Components != 0 || g.Hosts != 0 || g.EnergyKWh.Low != 0 || g.EnergyKWh.High != 0 || g.CostPerYear != nil {
		t.Errorf("%+v: want no points, components, hosts and energy, and nothing of cost", g)
	}
	if g.Bytes != int64(40*inventory.GiB) {
		t.Errorf("%+v: want the 40 GiB of its disk", g)
	}
}

// Below a share of the evidence no advice is given but how to see more; from there on there is no such excuse. What is not
// worth anything is never said to be.
func TestAdviceNeedsEvidence(t *testing.T) {
	skipWithRaceDetector(t)
	m := model(t)
	var below, above, remedies atomic.Int64
	forEstates(t, 3000, func(seed int, e *inventory.Estate) error {
		r := rand.New(rand.NewPCG(uint64(seed), 47))
		if seed%3 > 0 {
			e = demo.RandomEstate(r, demo.RandomOptions{Hosts: 3, Unknown: .75 + .25*r.Float64()})
			e.Gaps = []inventory.Gap{{Source: "host:", Subject: "host-00", What: "no remedy is known for this"}, {Source: "host:", Subject: "host-00", What: "processes", Remedy: "sudo infraopt assess"}}
		}
		req := lawRequest(seed)
		a := score.Assess(e, m, req.Request)
		evidence := a.Coverage.Evidence
		if a.Assumed != nil { // gains are found on an assumption, so the evidence is that which there is on it
			assumed := req.Request
			assumed.RunningIsActive = true
			evidence = score.Assess(e, m, assumed).Coverage.Evidence
		}
		Recommend(t.Context(), a, e, m, req)
		if evidence >= adviceCoverage && len(e.Hosts) > 0 {
			if a.Roadmap.Withheld != "" || a.Target == nil {
				return fmt.Errorf("%v of the evidence is known, and advice is withheld: %s", evidence, a.Roadmap.Withheld)
			}
			above.Add(1)
			return addsUp(a)
		}
		below.Add(1)
		if len(a.Recommendations) > 0 || a.Target != nil || a.Roadmap.Steps > 0 || a.Roadmap.Effort > 0 || len(a.Roadmap.Waves) > 0 || a.Headline.HostsPlan != nil || a.Roadmap.To != a.Roadmap.From {
			return fmt.Errorf("%v of the evidence is known, and yet: %+v, %+v", evidence, a.Roadmap, a.Recommendations)
		}
		if a.Roadmap.Withheld == "" {
			return fmt.Errorf("nothing is advised, and no reason is given")
		}
		i := slices.IndexFunc(a.Gaps, func(g score.GapResult) bool { return g.Remedy != "" })
		if i >= 0 {
			remedies.Add(1)
			if !strings.Contains(a.Roadmap.Withheld, a.Gaps[i].Remedy) {
				return fmt.Errorf("%q does not say %q", a.Roadmap.Withheld, a.Gaps[i].Remedy)
			}
		}
		return nil
	})
	if t.Logf("%d estates below, %d of them with a remedy, %d above", below.Load(), remedies.Load(), above.Load()); below.Load() == 0 || above.Load() == 0 || remedies.Load() == 0 {
		t.Error("the test shows nothing")
	}
}
