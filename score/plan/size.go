package plan

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

func rightSizeVMs() *Action {
	return &Action{
		Definition: Definition{ID: "right-size-vm", Title: "Right-size virtual machines", Effort: "2 for each",
			Why:  "What a virtual machine was given and does not need cannot serve others. On a shared host this alone frees no CPU time and saves no energy.",
			Risk: "a peak longer ago than the series may not fit", Reversible: true},
		node: func(n *inventory.Node, c *scene) (*inventory.Node, []Subject) {
			return resize(n, c, score.Proven, func(v *inventory.VM, vcpus float64, memory inventory.Bytes) [2]int64 {
				need := c.stack.NeedOf(&v.Demand, true, vcpus, memory.GiB(), true, false)
				return [2]int64{need[0].Hi, need[1].Hi}
			})
		},
		title: counted("Right-size %d virtual machine", "Right-size %d virtual machines"),
		next:  resizeCommand,
	}
}

// watchVMs is the sizing that a series indicates which is too short to prove anything. It is no step of the roadmap: no
// score may rest on it.
func watchVMs() *Action {
	return &Action{
		Definition: Definition{ID: "right-size-vm-indicative", Title: "Watch virtual machines that seem to have the wrong size", Effort: "2 for each",
			Why:  "Their utilisation series cover less than a week. What they show so far is no proof, so nothing is gained by it yet.",
			Risk: "a series of less than a week misses what happens once a week", Reversible: true},
		node: func(n *inventory.Node, c *scene) (*inventory.Node, []Subject) {
			return resize(n, c, score.Indicative, func(v *inventory.VM, _ float64, _ inventory.Bytes) [2]int64 {
				return c.stack.Model().IndicatedNeed(&v.Demand, true)
			})
		},
		title:         counted("Watch %d virtual machine that seems to have the wrong size", "Watch %d virtual machines that seem to have the wrong size"),
		next:          resizeCommand,
		prerequisites: []string{"a utilisation series of a week"},
	}
}

func resizeCommand(s []Subject) string { return "virsh setvcpus " + quote(s[0].Name) + " N --config" }

// resize gives the virtual machines whose need rests on a basis what they need, in thousandths of a core and MiB.
func resize(n *inventory.Node, c *scene, basis score.Basis, needOf func(v *inventory.VM, vcpus float64, memory inventory.Bytes) [2]int64) (*inventory.Node, []Subject) {
	var found []Subject
	out := n
	for i := range n.VMs {
		v := &n.VMs[i]
		vcpus, ok := v.VCPUs.Get()
		memory, ok2 := v.Memory.Get()
		if !ok || !ok2 || c.stack.Model().Basis(&v.Demand) != basis || v.State.Or("") != inventory.Running || c.idle(n, v) {
			continue
		}
		need := needOf(&v.VM, vcpus, memory)
		cpu, mem := float64(need[0])/1000, inventory.Bytes(need[1])*inventory.MiB
		short := cpu > vcpus || mem > memory
		surplus := cpu < vcpus && mem < memory
		if !short && !surplus { // a surplus counts only where every dimension has one
			continue
		}
		if short {
			cpu, mem = math.Max(cpu, vcpus), max(mem, memory)
		}
		if out == n {
			c := *n
			c.VMs = slices.Clone(n.VMs)
			out = &c
		}
		out.VMs[i].VCPUs, out.VMs[i].Memory = inventory.Known(cpu), inventory.Known(mem)
		found = append(found, Subject{ID: v.ID, Name: v.Name.Or(v.ID), Machine: n.Machine.Name.Or(n.Machine.ID), Class: "vm", Effort: 2,
			Evidence: fmt.Sprintf("has %g vCPU and %v, needs %g and %v by a series of %s", vcpus, memory, cpu, mem, length(v.Demand.Days.Or(0)))})
	}
	return out, found
}

// length words the length of a series, which may be one of seconds.
func length(days float64) string {
	if days >= 1 {
		return fmt.Sprintf("%.3g days", days)
	}
	return time.Duration(days * 24 * float64(time.Hour)).Round(time.Second).String()
}
