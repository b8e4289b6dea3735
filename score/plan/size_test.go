package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// What a series of less than a week shows is said, and no score rests on it: neither the proven one nor a gain.
func TestShortSeriesProveNothing(t *testing.T) {
	m := model(t)
	estate := func(days float64) *inventory.Estate {
		known := inventory.Known[float64]
		host := &inventory.Node{Machine: inventory.Machine{ID: "host", Kind: inventory.Known(inventory.Physical), Powered: inventory.Known(true), Inside: inventory.Absent[string](),
			Cores: known(32), Memory: inventory.Known(128 * inventory.GiB), Processes: inventory.Known(9)}}
		host.Hypervisors = []inventory.Hypervisor{{ID: "hv", Machine: "host", Kind: "kvm"}}
		host.VMs = []inventory.GuestVM{{VM: inventory.VM{ID: "vm", Hypervisor: "hv", State: inventory.Known(inventory.Running), VCPUs: known(16), Memory: inventory.Known(64 * inventory.GiB),
			Usage:  inventory.Usage{CPUSeconds: known(1e6), Memory: inventory.Known(4 * inventory.GiB), Network: inventory.Known(inventory.TiB), Age: inventory.Known(30 * inventory.Day)},
			Demand: inventory.Demand{Days: known(days), CPUP995: known(1.5), MemoryMax: inventory.Known(6 * inventory.GiB)}}}}
		return &inventory.Estate{Hosts: []*inventory.Node{host}}
	}
	bounds := map[float64]score.IndicatorResult{}
	for _, test := range []struct {
		days float64
		want string
	}{{30, "right-size-vm"}, {8, "right-size-vm"}, {6.9, "right-size-vm-indicative"}, {1, "right-size-vm-indicative"}, {5. / 86400, "right-size-vm-indicative"}} {
		e := estate(test.days)
		a := score.Assess(e, m, score.Request{})
		Recommend(t.Context(), a, e, m, Request{})
		i := slices.IndexFunc(a.Recommendations, func(r score.Recommendation) bool { return r.Action == test.want })
		if i < 0 || slices.ContainsFunc(a.Recommendations, func(r score.Recommendation) bool { return r.Action != test.want && r.Action[:10] == "right-size" }) {
			t.Fatalf("%v days: got %+v, want %s", test.days, a.Recommendations, test.want)
		}
		r := a.Recommendations[i]
		if indicative := test.want != "right-size-vm"; indicative != (r.Confidence == "indicative") || indicative && (r.Gain.Score != 0 || r.Gain.Solo != 0 || i < a.Roadmap.Steps) || !indicative && r.Gain.Score <= 0 {
			t.Errorf("%v days: %+v, and %d steps", test.days, r, a.Roadmap.Steps)
		}
		if text := strings.Join(r.Evidence, "; "); test.days < 1 && !strings.Contains(text, "by a series of 5s") {
			t.Errorf("a series of seconds: %q", text)
		}
		bounds[test.days] = a.Pillars[0].Indicators[2]
	}
	if a, b := bounds[1], bounds[5./86400]; a.Low != b.Low || a.High != b.High {
		t.Errorf("a series of seconds changes the score: %+v", bounds)
	}
	if a, b := bounds[6.9], bounds[1]; a.Low != b.Low || a.High != b.High || a.Low >= bounds[8].Low || bounds[8].Low > bounds[30].Low || bounds[30].Low != bounds[30].High || bounds[8].High == bounds[8].Low {
		t.Errorf("right-sizing: %+v", bounds)
	}
}
