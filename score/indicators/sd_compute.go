package indicators

import (
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// compute places work by what puts it on its machine.
func compute(ind *score.Indicator) {
	ind.Tally = func(s *score.Stack, add *score.Adder) {
		for _, x := range s.Works {
			low, high, fact := computeOf(x)
			add.Stand(x, low, high, fact)
		}
	}
	ind.Rate = (*score.Rater).Ladder
}

func computeOf(x *score.Work) (low, high string, fact score.Fact) {
	low, high, fact = placedBy(x)
	switch x.Form {
	case score.Process, score.SystemContainer:
		return low, high, fact
	case score.AppContainer:
		manager := &x.Container.Manager
		v, known := manager.Get()
		switch {
		case !known:
			return low, "orchestrator", score.FactOf("manager", manager)
		case managerSteps[v] == "orchestrator":
			return "orchestrator", "orchestrator", score.FactOf("manager", manager)
		}
		return low, high, fact
	default: // whatever is inside may be a node of an orchestrator
		return low, "orchestrator", contentUnknown(x)
	}
}

// placedBy is the step that the machine below gives: the pool of its hypervisor, or a cloud.
func placedBy(x *score.Work) (low, high string, fact score.Fact) {
	p := x.Place
	floor := "single-purpose"
	if x.Form != score.Process && x.Form != score.Opaque {
		floor = "standalone" // a container host
	}
	if p.VM != nil {
		if p.Hypervisor == nil {
			return "standalone", "pooled", score.Fact{Name: "cluster of the hypervisor", Value: "unknown", Why: "the hypervisor is not listed"}
		}
		fact = score.FactOf("cluster of the hypervisor", &p.Hypervisor.Cluster)
		switch {
		case p.Hypervisor.Cluster.IsKnown():
			return "pooled", "pooled", fact
		case p.Hypervisor.Cluster.IsAbsent():
			return "standalone", "standalone", fact
		}
		return "standalone", "pooled", fact
	}
	kind := &p.Node.Machine.Kind
	fact = score.FactOf("kind of machine", kind)
	switch k, known := kind.Get(); {
	case !known:
		return floor, "cloud", fact
	case k == inventory.Cloud:
		return "cloud", "cloud", fact
	case k == inventory.Virtual:
		return "standalone", "pooled", score.Fact{Name: "cluster of the hypervisor", Value: "unknown", Why: "the hypervisor below " + p.Name() + " was not seen", Remedy: "assess the hypervisor too"}
	}
	return floor, floor, fact
}
