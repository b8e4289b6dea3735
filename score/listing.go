package score

import (
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
)

// A listing keeps the first machines, containers and virtual machines of an estate, in the order of their hosts' IDs,
// in whatever order the hosts come.
type listing struct {
	machines   leading[MachineResult]
	containers leading[ContainerInfo]
	vms        leading[VMInfo]
	found      discoveries
	total      int // machines
}

func newListing(top int) listing {
	return listing{machines: leading[MachineResult]{most: top}, containers: leading[ContainerInfo]{most: top}, vms: leading[VMInfo]{most: top}, found: discoveries{}}
}

// leading keeps the first things, in the order of the keys that they come with; all where most is 0.
type leading[T any] struct {
	most   int
	blocks []block[T] // in the order of their keys
	kept   int
}

type block[T any] struct {
	key    string
	things []T
}

// wants reports whether things of a key would be among the first.
func (f *leading[T]) wants(key string) bool {
	return f.most <= 0 || f.kept < f.most || key < f.blocks[len(f.blocks)-1].key
}

func (f *leading[T]) add(key string, things []T) {
	if len(things) == 0 || !f.wants(key) {
		return
	}
	i, _ := slices.BinarySearchFunc(f.blocks, key, func(b block[T], key string) int { return strings.Compare(b.key, key) })
	f.blocks = slices.Insert(f.blocks, i, block[T]{key, things})
	f.kept += len(things)
	for f.most > 0 {
		last := len(f.blocks[len(f.blocks)-1].things)
		if f.kept-last < f.most {
			return
		}
		f.blocks, f.kept = f.blocks[:len(f.blocks)-1], f.kept-last
	}
}

// list gives what is kept; never nil.
func (f *leading[T]) list() []T {
	out := make([]T, 0, f.kept)
	for _, b := range f.blocks {
		out = append(out, b.things...)
	}
	if f.most > 0 {
		out = out[:min(len(out), f.most)]
	}
	return out
}

// add lists what stands on a host, of which the tally is given.
func (l *listing) add(h *inventory.Node, m *Model, t *Tally, opt Options) {
	var machines []MachineResult
	var containers []ContainerInfo
	var vms []VMInfo
	id := h.Machine.ID
	wanted := l.machines.wants(id)
	below := map[*inventory.Node]string{}
	h.Walk(func(n *inventory.Node) {
		l.total++
		l.found.add(&n.Machine)
		name := n.Machine.Name.Or(n.Machine.ID)
		for i := range n.VMs {
			v := VMInfo{VM: n.VMs[i].VM, MachineName: name}
			if g := n.VMs[i].Guest; g != nil {
				v.Guest = g.Machine.ID
				below[g] = n.Machine.ID
			}
			if l.vms.wants(id) {
				vms = append(vms, v)
			}
		}
		for i := 0; i < len(n.Containers) && l.containers.wants(id); i++ {
			containers = append(containers, ContainerInfo{Container: n.Containers[i], MachineName: name})
		}
		if !wanted {
			return
		}
		own := t
		if n != h { // a guest is scored as if it stood alone: what is below it counts for the host
			own = m.TallyStack(NewStack(n, m, opt))
		}
		machines = append(machines, machineResult(n, below[n], m.Rate(own)))
	})
	l.machines.add(id, machines)
	l.containers.add(id, containers)
	l.vms.add(id, vms)
}

// finish puts the lists into an assessment.
func (l *listing) finish(a *Assessment, site *inventory.Estate) {
	a.Machines, a.Containers, a.VMs, a.MachinesTotal = l.machines.list(), l.containers.list(), l.vms.list(), l.total
	a.Findings = l.found.list()
	gaps := make(map[string]int, len(site.Gaps))
	for _, g := range site.Gaps {
		gaps[g.Subject]++
	}
	for i := range a.Machines {
		m := &a.Machines[i]
		m.Gaps = gaps[m.ID]
		if m.Name != m.ID {
			m.Gaps += gaps[m.Name]
		}
	}
}

func machineResult(n *inventory.Node, on string, res *Result) MachineResult {
	m := &n.Machine
	r := MachineResult{ID: m.ID, Name: m.Name.Or(m.ID), Kind: string(m.Kind.Or("unknown")), OS: osName(&m.OS), On: on, Roles: m.Roles,
		Score: res.Score, Level: res.Level.Number, Components: res.Components().Low,
		Workloads: int(res.sheet.workloads.Hi), Containers: len(n.Containers), VMs: len(n.VMs), Seen: m.Seen}
	if manager, inside := m.Inside.Get(); inside {
		r.Kind = "container (" + manager + ")"
	}
	if r.Roles == nil {
		r.Roles = []string{}
	}
	if v, ok := m.Cores.Get(); ok {
		r.Cores = &v
	}
	if v, ok := m.Memory.Get(); ok {
		b := int64(v)
		r.Memory = &b
	}
	return r
}

func osName(os *inventory.OS) string {
	if name, ok := os.Name.Get(); ok {
		return name
	}
	return strings.TrimSpace(os.ID.Or("") + " " + os.Version.Or(""))
}

// add counts what stands on a host.
func (inv *Inventory) add(h *inventory.Node) {
	h.Walk(func(n *inventory.Node) {
		inv.Machines.add(&n.Machine)
		inv.Hypervisors += len(n.Hypervisors)
		for i := range n.VMs {
			inv.VMs.Total++
			if n.VMs[i].State.Or("") == inventory.Running {
				inv.VMs.Running++
			}
			if n.VMs[i].Guest == nil {
				inv.Workloads.Application++ // whatever it is
			}
		}
		for i := range n.Containers {
			c := &n.Containers[i]
			inv.Containers.Total++
			if c.State.Or("") == inventory.Running {
				inv.Containers.Running++
				inv.Workloads.add(c.Layer)
			}
		}
		for i := range n.Workloads {
			inv.Workloads.add(n.Workloads[i].Layer)
		}
		inv.Images += len(n.Images)
		inv.Volumes += len(n.Volumes)
	})
}

func (c *MachineCounts) add(m *inventory.Machine) {
	kind := m.Kind.Or("")
	if m.Inside.IsKnown() { // of the machine below the container nothing is known
		kind = ""
	}
	switch kind {
	case inventory.Physical:
		c.Physical++
	case inventory.Virtual:
		c.Virtual++
	case inventory.Cloud:
		c.Cloud++
	default:
		c.Unknown++
	}
}

func (w *WorkloadCounts) add(l inventory.Layer) {
	switch l {
	case inventory.Infrastructure:
		w.Infrastructure++
	case inventory.Service:
		w.Service++
	default:
		w.Application++
	}
}
