package indicators

import (
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

var networkOrder = []inventory.NetworkClass{inventory.PhysicalNetwork, inventory.BridgeNetwork, inventory.ManagedSwitch, inventory.CloudNetwork, inventory.OverlayNetwork}

// network places work by the highest class of network of its machine and of the machines below.
func network(ind *score.Indicator) {
	ind.Tally = func(s *score.Stack, add *score.Adder) {
		for _, x := range s.Works {
			low, high := 0, 0
			var fact score.Fact
			for p := x.Place; p != nil; p = p.Below {
				r := &networkInside
				if p.Node != nil {
					r = &p.Node.Machine.Network
				}
				l, h := networkSteps(r)
				if fact.Name == "" || l > low || l != h {
					fact = score.FactOf("network", r)
				}
				low, high = max(low, l), max(high, h)
			}
			if low == high {
				fact.Known = true
			}
			add.Stand(x, string(networkOrder[low]), string(networkOrder[high]), fact)
		}
	}
	ind.Rate = (*score.Rater).Ladder
}

// networkInside is what is known of the network of a machine that was not seen from inside.
var networkInside = inventory.Unknown[inventory.NetworkClass]("nobody looked inside", "run infraopt collect inside the virtual machine, and assess both snapshots together")

func networkSteps(r *inventory.Reading[inventory.NetworkClass]) (low, high int) {
	if v, ok := r.Get(); ok {
		for i, c := range networkOrder {
			if c == v {
				return i, i
			}
		}
	}
	return 0, len(networkOrder) - 1
}
