package indicators

import (
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// isolation places work by the layers between it and the hardware.
func isolation(ind *score.Indicator) {
	ind.Tally = func(s *score.Stack, add *score.Adder) {
		for _, x := range s.Works {
			low, high, fact := isolationOf(x)
			add.Stand(x, low, high, fact)
			step := "unknown"
			if low == high {
				step = low
			}
			count := score.Exact(1)
			if x.Weight.Hi == 0 {
				count = score.Range{}
			}
			add.AddKind(score.TermCount, step, count)
		}
	}
	ind.Rate = (*score.Rater).Ladder
}

// Steps of processes and of application containers, by the machine that they run on.
var (
	processSteps   = map[inventory.MachineKind]string{inventory.Physical: "server-process", inventory.Virtual: "vm-process", inventory.Cloud: "vm-process"}
	containerSteps = map[inventory.MachineKind]string{inventory.Physical: "metal-container", inventory.Virtual: "vm-container", inventory.Cloud: "cloud-container"}
)

func isolationOf(x *score.Work) (low, high string, fact score.Fact) {
	kind := kindOf(x.Place)
	fact = score.FactOf("kind of machine", kind)
	k, known := kind.Get()
	switch x.Form {
	case score.SystemContainer:
		return "system-container", "system-container", score.Fact{Name: "form", Value: "system container", Known: true}
	case score.Process:
		if !known {
			return "server-process", "vm-process", fact
		}
		fact.Name, fact.Value = "form", "process on a "+string(k)+" machine"
		return processSteps[k], processSteps[k], fact
	case score.AppContainer:
		if !known {
			return "vm-container", "metal-container", fact
		}
		fact.Name, fact.Value = "form", "container on a "+string(k)+" machine"
		return containerSteps[k], containerSteps[k], fact
	case score.SomeContainer:
		high = "metal-container"
		if known {
			high = containerSteps[k]
		}
		return "system-container", high, score.Fact{Name: "form", Value: "unknown", Why: "seen from inside a container, or only by its control group", Remedy: "run on the host, with access to the container engine"}
	default:
		high, low = "metal-container", "server-process"
		if known {
			low, high = processSteps[k], containerSteps[k]
		}
		fact = score.Fact{Name: "content of virtual machines", Value: "unknown", Why: "nobody looked inside", Remedy: "run infraopt collect inside the virtual machine, and assess both snapshots together"}
		if x.Place.Node != nil {
			fact.Why, fact.Remedy = x.Place.Node.Machine.Processes.Why(), x.Place.Node.Machine.Processes.Remedy()
		}
		return low, high, fact
	}
}

// kindOf is the kind of machine that work in a place runs on. A virtual machine of a hypervisor that was seen is
// virtual, whatever else is known of it.
var virtual = inventory.Known(inventory.Virtual)

func kindOf(p *score.Place) *inventory.Reading[inventory.MachineKind] {
	if p.VM != nil {
		return &virtual
	}
	return &p.Node.Machine.Kind
}
