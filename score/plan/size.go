package plan

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

func rightSizeVMs() *Action {
	return &Action{
		Definition: Definition{ID: "right-size-vm", Title: "Right-size virtual machines", Effort: "2 for each",
			Why:  "What a virtual machine was given and does not need cannot serve others. On a shared host this alone frees no CPU time and saves no energy.",
			Risk: "a peak longer ago than the series may not fit", Reversible: true},
		finds: []string{"vm"},
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
		finds: []string{"vm"},
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

func rightSizeContainers() *Action {
	return &Action{
		Definition: Definition{ID: "right-size-container", Title: "Right-size limits of containers", Effort: "2 for each",
			Why:  "A limit below the need throttles or ends the container; one far above it protects nobody, and misleads whoever plans with it. By itself this frees no CPU time on a shared host.",
			Risk: "a peak longer ago than the series may not fit", Reversible: true},
		finds: []string{"container"},
		node: func(n *inventory.Node, c *scene) (*inventory.Node, []Subject) {
			var found []Subject
			out := n
			for i := range n.Containers {
				x := &n.Containers[i]
				limits, ok := limitsOf(n, x, c)
				if !ok {
					continue
				}
				if c.asks {
					changed := *x
					found = append(found, limits.give(&changed, n))
					continue
				}
				if out == n {
					copied := *n
					copied.Containers = slices.Clone(n.Containers)
					out = &copied
				}
				found = append(found, limits.give(&out.Containers[i], n))
			}
			return out, found
		},
		title: counted("Right-size the limits of %d container", "Right-size the limits of %d containers"),
		next:  engineCommand("update"),
	}
}

// limits are what a container has, and what it needs by its series, in each dimension in which it has a limit.
type limits struct {
	cores, needCores   float64 // 0 where there is no limit
	memory, needMemory inventory.Bytes
}

// limitsOf finds a container that runs with limits of the wrong size: one too low is a shortage, and all too high a surplus.
func limitsOf(n *inventory.Node, x *inventory.Container, c *scene) (l limits, wrong bool) {
	if x.CPULimit.IsUnknown() || x.MemoryLimit.IsUnknown() || x.State.Or("") != inventory.Running || x.Layer == inventory.Infrastructure ||
		c.stack.Model().Basis(&x.Demand) != score.Proven || c.activity[n.Machine.ID+"/"+x.ID] != score.Active || !c.freeContainer(x) {
		return l, false
	}
	l.cores, l.memory = x.CPULimit.Or(0), x.MemoryLimit.Or(0)
	if l.cores == 0 && l.memory == 0 {
		return l, false
	}
	cores, ok := n.Machine.Cores.Get()
	memory, ok2 := n.Machine.Memory.Get()
	if !ok || !ok2 {
		return l, false
	}
	need := c.stack.NeedOf(&x.Demand, false, cores, memory.GiB(), true, false)
	l.needCores, l.needMemory = float64(need[0].Hi)/1000, inventory.Bytes(need[1].Hi)*inventory.MiB
	short := l.cores > 0 && l.needCores > l.cores || l.memory > 0 && l.needMemory > l.memory
	surplus := (l.cores == 0 || l.needCores < l.cores) && (l.memory == 0 || l.needMemory < l.memory)
	if short {
		l.needCores, l.needMemory = math.Max(l.cores, l.needCores), max(l.memory, l.needMemory)
	}
	return l, short || surplus
}

// give sets the limits that a container has to what it needs.
func (l *limits) give(x *inventory.Container, n *inventory.Node) Subject {
	var has, needs []string
	if l.cores > 0 {
		x.CPULimit = inventory.Known(l.needCores)
		has, needs = append(has, fmt.Sprintf("%g cores", l.cores)), append(needs, fmt.Sprintf("%g", l.needCores))
	}
	if l.memory > 0 {
		x.MemoryLimit = inventory.Known(l.needMemory)
		has, needs = append(has, l.memory.String()), append(needs, l.needMemory.String())
	}
	return Subject{ID: x.ID, Name: x.Name.Or(short(x.ID)), Machine: n.Machine.Name.Or(n.Machine.ID), Class: "container", Engine: x.Runtime.Or(""), Effort: 2,
		Evidence: fmt.Sprintf("may use %s, needs %s by a series of %s", strings.Join(has, " and "), strings.Join(needs, " and "), length(x.Demand.Days.Or(0)))}
}

func resizeCommand(s []Subject) string {
	i := slices.IndexFunc(s, func(x Subject) bool { return managedByLibvirt(x.On) })
	if i < 0 {
		return "infraopt explain right-size-vm"
	}
	return "virsh setvcpus " + quote(s[i].Name) + " N --config"
}

// resize gives the virtual machines whose need rests on a basis what they need, in thousandths of a core and MiB.
func resize(n *inventory.Node, c *scene, basis score.Basis, needOf func(v *inventory.VM, vcpus float64, memory inventory.Bytes) [2]int64) (*inventory.Node, []Subject) {
	var found []Subject
	out := n
	for i := range n.VMs {
		v := &n.VMs[i]
		vcpus, ok := v.VCPUs.Get()
		memory, ok2 := v.Memory.Get()
		if !ok || !ok2 || c.stack.Model().Basis(&v.Demand) != basis || v.State.Or("") != inventory.Running || c.idle(n, v) || !c.freeVM(v) {
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
		found = append(found, Subject{ID: v.ID, Name: v.Name.Or(v.ID), Machine: n.Machine.Name.Or(n.Machine.ID), Class: "vm", Effort: 2, On: kindOfHypervisor(n, v),
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
