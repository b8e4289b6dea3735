package indicators

import (
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// management places work by how the configuration of its machine comes about.
func management(ind *score.Indicator) {
	ind.Tally = func(s *score.Stack, add *score.Adder) {
		for _, x := range s.Works {
			if x.Place.Node == nil {
				add.Stand(x, "by-hand", "gitops", contentUnknown(x))
				continue
			}
			r := &x.Place.Node.Machine.Management
			low, high := "by-hand", "gitops"
			fact := score.FactOf("management", r)
			if v, ok := r.Get(); ok {
				if _, ok := ind.Step(string(v)); ok {
					low, high = string(v), string(v)
				}
			} else if r.IsAbsent() { // agentless tools leave no trace
				high = string(inventory.ConfigManaged)
				fact = score.Fact{Name: "management", Value: "no trace", Why: "agentless tools leave no trace", Remedy: "declare how the machine is managed"}
			}
			add.Stand(x, low, high, fact)
		}
	}
	ind.Rate = (*score.Rater).Ladder
}
