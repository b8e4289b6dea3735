package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
)

// dropHypervisors takes a hypervisor away whose virtual machines do nothing but run containers: these can run on the host.
func dropHypervisors() *Action {
	return &Action{
		Definition: Definition{ID: "drop-hypervisor", Title: "Run containers without a hypervisor below", Effort: "16 for each host",
			Why:  "Where virtual machines only carry containers, the hypervisor and the operating system in each of them are components that serve nothing but themselves, and take memory.",
			Risk: "containers of one host then share its kernel: a fault or a break-in there reaches all of them; replicas in two virtual machines of one host never were apart", Reversible: true},
		node: func(n *inventory.Node, c *scene) (*inventory.Node, []Subject) {
			if !flattens(n, c.stack.Model().Thresholds.MinimalPackages) || !c.freeMachine(n) {
				return n, nil
			}
			out := *n
			out.VMs, out.Hypervisors = nil, nil
			out.Engines, out.Images, out.Volumes, out.Containers = slices.Clone(n.Engines), slices.Clone(n.Images), slices.Clone(n.Volumes), slices.Clone(n.Containers)
			for i := range n.VMs {
				if !land(&out, n.VMs[i].Guest) {
					return n, nil
				}
			}
			slices.SortStableFunc(out.Containers, func(a, b inventory.Container) int { return strings.Compare(a.ID, b.ID) })
			recount(&out, n)
			moved := len(out.Containers) - len(n.Containers)
			s := machineSubject(n, 16, fmt.Sprintf("its %d virtual machines run nothing but %d containers", len(n.VMs), moved))
			s.Isolation = "the virtual machines around its containers"
			return &out, []Subject{s}
		},
		title:         counted("Run the containers of %d host without a hypervisor", "Run the containers of %d hosts without a hypervisor"),
		next:          func([]Subject) string { return "infraopt explain software-defined.compute" },
		prerequisites: []string{"the containers can be started anew on the host", "ports that they publish are free on the host", "nobody relies on the virtual machine as a border between containers"},
	}
}

// flattens reports whether all virtual machines of a host are known to run, and to do nothing but run containers, on no less
// of an operating system than that of the host.
func flattens(n *inventory.Node, minimal int) bool {
	m := &n.Machine
	if len(n.VMs) == 0 || len(n.Hypervisors) != 1 || m.Kind.Or("") != inventory.Physical || !m.Powered.Or(false) || !m.Inside.IsAbsent() || !m.Processes.IsKnown() || !m.Containers.IsKnown() {
		return false
	}
	if h := &n.Hypervisors[0]; h.SeparateImage.Or(true) || !h.VMs.IsKnown() {
		return false // where the hypervisor is the operating system, there is nothing left to run containers on
	}
	for i := range n.VMs {
		v := &n.VMs[i]
		if v.State.Or("") != inventory.Running || v.Guest == nil || !onlyContainers(v.Guest) || leanness(&v.Guest.Machine.OS, minimal, 2) > leanness(&m.OS, minimal, 0) {
			return false
		}
	}
	return true
}

// leanness ranks operating systems by how little there is below containers: image-based, minimal, general; open where that is
// not known.
func leanness(os *inventory.OS, minimal, open int) int {
	style, ok := os.Style.Get()
	switch {
	case !ok:
		return open
	case style == inventory.ImageBasedOS:
		return 2
	case style == inventory.MinimalOS:
		return 1
	}
	packages, ok := os.Packages.Get()
	switch {
	case !ok:
		return min(open, 1)
	case packages <= minimal:
		return 1
	}
	return 0
}

// onlyContainers reports whether a guest is known to run application containers, and nothing else.
func onlyContainers(g *inventory.Node) bool {
	m := &g.Machine
	if len(g.VMs) > 0 || len(g.Hypervisors) > 0 || len(g.Engines) == 0 || !m.Processes.IsKnown() || !m.Containers.IsKnown() || !m.Inside.IsAbsent() || !m.Powered.Or(false) {
		return false
	}
	for _, r := range m.Roles {
		if r != "container-host" {
			return false
		}
	}
	for i := range g.Workloads {
		if g.Workloads[i].Layer != inventory.Infrastructure {
			return false
		}
	}
	work := 0
	for i := range g.Containers {
		c := &g.Containers[i]
		if !c.State.IsKnown() || !c.Runtime.IsKnown() || c.System.Or(true) {
			return false
		}
		if c.Layer != inventory.Infrastructure {
			work++
		}
	}
	return work > 0
}

// land puts what the engines of a guest keep on its host, whose lists belong to n; false where two things would be one.
// Agents and plumbing of the guest go with it.
func land(n, guest *inventory.Node) bool {
	id := n.Machine.ID
	for i := range guest.Engines {
		n.Engines = joinEngine(n.Engines, guest.Engines[i], id)
	}
	for i := range guest.Containers {
		c := guest.Containers[i]
		if c.Layer == inventory.Infrastructure {
			continue
		}
		if findContainer(n, relocation{id: c.ID}) != nil {
			return false
		}
		c.Machine, c.PID = id, inventory.Unknown[int](changedBy, "")
		n.Containers = append(n.Containers, c)
	}
	for i := range guest.Volumes {
		v := guest.Volumes[i]
		if slices.ContainsFunc(n.Volumes, func(o inventory.Volume) bool { return o.Name == v.Name && o.Engine == v.Engine }) {
			return false
		}
		v.Machine, v.Seen = id, nil
		n.Volumes = append(n.Volumes, v)
	}
	for i := range guest.Images {
		image := guest.Images[i]
		if !slices.ContainsFunc(n.Images, func(o inventory.Image) bool { return o.ID == image.ID && o.Engine == image.Engine }) {
			image.Machine, image.Seen = id, nil
			n.Images = append(n.Images, image)
		}
	}
	return true
}

// joinEngine makes one of two engines of a kind. What is not known of one is not known of both.
func joinEngine(list []inventory.Engine, e inventory.Engine, machine string) []inventory.Engine {
	e.Machine = machine
	for i := range list {
		o := &list[i]
		if o.Kind != e.Kind {
			continue
		}
		o.BuildCache, o.DataUsed = sumOf(o.BuildCache, e.BuildCache), sumOf(o.DataUsed, e.DataUsed)
		if !e.Inventory.Or(false) {
			o.Inventory = e.Inventory
		}
		return list
	}
	return append(list, e)
}

func sumOf(a, b inventory.Reading[inventory.Bytes]) inventory.Reading[inventory.Bytes] {
	x, ok := a.Get()
	y, ok2 := b.Get()
	switch {
	case ok && ok2:
		return inventory.Known(x + y)
	case b.IsAbsent():
		return a
	case a.IsAbsent():
		return b
	case ok:
		return b // which is not known
	}
	return a
}
