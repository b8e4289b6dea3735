package indicators

import (
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

var managerSteps = map[inventory.Manager]string{
	inventory.ManagedByHand:    "hand",
	inventory.ManagedByPolicy:  "policy",
	inventory.ManagedByCompose: "policy",
	inventory.ManagedByQuadlet: "policy",
	inventory.ManagedBySwarm:   "orchestrator",
	inventory.ManagedByNomad:   "orchestrator",
	inventory.ManagedByK8s:     "orchestrator",
}

// orchestration places containers by who keeps them running.
func orchestration(ind *score.Indicator) {
	ind.Tally = func(s *score.Stack, add *score.Adder) {
		for _, x := range s.Works {
			switch x.Form {
			case score.Process, score.SystemContainer:
				coverAnswered(add, x)
			case score.AppContainer:
				low, high := managerStep(x.Container.Manager)
				add.Stand(x, low, high, score.FactOf("manager", &x.Container.Manager))
			case score.SomeContainer, score.Opaque:
				low, high := "hand", "orchestrator"
				if x.Container != nil {
					low, high = managerStep(x.Container.Manager)
				}
				add.StandIf(x, low, high, false, contentUnknown(x))
			}
		}
	}
	ind.Rate = (*score.Rater).LadderOfContainers
}

func managerStep(r inventory.Reading[inventory.Manager]) (low, high string) {
	if v, ok := r.Get(); ok {
		if step, ok := managerSteps[v]; ok {
			return step, step
		}
	}
	return "hand", "orchestrator"
}

func contentUnknown(x *score.Work) score.Fact {
	_, _, fact := isolationOf(x)
	fact.Known = false
	return fact
}

// coverAnswered counts work that is known not to be what the indicator asks about: that is an answer, too.
func coverAnswered(add *score.Adder, x *score.Work) {
	if x.Certain() {
		add.Cover(2, 2)
	} else {
		add.Cover(0, 2)
	}
}
