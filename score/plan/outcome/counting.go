package outcome

import (
	"math"
	"path"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
)

// maxTB is the capacity of an array that does not say it, in TB: more than most have. A convention.
const maxTB = 100_000

// A counter finds what prices count.
type counter struct {
	zone       func(*inventory.Machine) string
	members    map[string]bool // machines in clusters that put work on them
	processors registry
}

// membersOf lists the machines that clusters put work on.
func membersOf(clusters []inventory.Cluster) map[string]bool {
	out := map[string]bool{}
	for i := range clusters {
		if clusters[i].Orchestrates {
			for _, id := range clusters[i].Machines {
				out[id] = true
			}
		}
	}
	return out
}

// sure says whether something is so: 0 no, 1 yes, or between.
type sure struct{ lo, hi int64 }

var (
	no    = sure{0, 0}
	maybe = sure{0, 1}
	yes   = sure{1, 1}
)

func (s sure) and(t sure) sure { return sure{s.lo * t.lo, s.hi * t.hi} }

func truth(b bool) sure {
	if b {
		return yes
	}
	return no
}

// of counts so many of something that may be there.
func (s sure) of(c count) count { return count{s.lo * c.lo, s.hi * c.hi} }

// A thing is what a price may match.
type thing struct {
	id          string
	there       sure // and on
	names       []string
	named       bool // all its names are known
	zone        string
	os          inventory.Reading[string]
	words       string // of a virtual machine: its system, in the hypervisor's words
	kind        inventory.Reading[inventory.MachineKind]
	hypervisors []string
	hyperKnown  bool // there are no others
	machine     *inventory.Machine
	member      sure // of a cluster that puts work on it
	engines     int
	doubts      string // the machines below of which it is not known whether they are on
}

// alike reports whether all that decides how a price counts a thing is the same of two: then what is not known of them is
// one and the same.
func (t *thing) alike(u *thing) bool {
	if t == nil || u == nil {
		return t == u
	}
	return t.there == u.there && t.doubts == u.doubts && t.zone == u.zone && t.os == u.os && t.words == u.words && t.kind == u.kind &&
		t.named == u.named && slices.Equal(t.names, u.names) && t.hyperKnown == u.hyperKnown && slices.Equal(t.hypervisors, u.hypervisors) &&
		t.member == u.member && t.engines == u.engines && sameSize(t.machine, u.machine)
}

func sameSize(a, b *inventory.Machine) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Sockets == b.Sockets && a.PhysicalCores == b.PhysicalCores && a.Cores == b.Cores && a.CPUModel == b.CPUModel
}

// itemsOf lists by price what a host with everything on it is charged for.
func (b *Book) itemsOf(h *inventory.Node, c *counter) [][]item {
	if b == nil {
		return nil
	}
	var hosts, vms, systems, nodes []thing
	zone := c.zone(&h.Machine)
	c.walk(h, nil, &thing{zone: zone, there: powered(&h.Machine)}, func(t thing, what Unit) {
		switch what {
		case PerHost:
			hosts = append(hosts, t)
		case PerVM:
			vms = append(vms, t)
		case PerOS:
			systems = append(systems, t)
		case PerNode:
			nodes = append(nodes, t)
		}
	})
	out := make([][]item, len(b.Prices))
	for i := range b.Prices {
		p := &b.Prices[i]
		var of []thing
		switch p.Per {
		case PerHost, PerSocket, PerCore:
			of = hosts
		case PerVM:
			of = vms
		case PerOS:
			of = systems
		case PerNode:
			of = nodes
		}
		for j := range of {
			t := &of[j]
			q := p.matches(t).and(t.there).and(t.counts(p)).of(c.units(p, t))
			if q.hi > 0 {
				out[i] = append(out[i], item{t.id, q, t})
			}
		}
	}
	return out
}

// counts says whether a thing is one of those that a price is about.
func (t *thing) counts(p *Price) sure {
	if p.Per == PerNode {
		return t.member
	}
	return yes
}

// units is how many units of a price a thing is.
func (c *counter) units(p *Price, t *thing) count {
	if p.Per != PerSocket && p.Per != PerCore {
		return count{1, 1}
	}
	m := t.machine
	kind, known := m.Kind.Get()
	proc, sockets := c.processors.box(m)
	var n count
	switch {
	case known && kind != inventory.Physical: // only cores ask for it
		n, sockets = virtualCPUs(m), count{}
	case p.Per == PerSocket:
		n = sockets
	default:
		n = coresOf(m, &proc, sockets)
		if !known {
			n.hi = max(n.hi, virtualCPUs(m).hi)
		}
	}
	return count{max(n.lo, p.FloorPerHost, p.FloorPerSocket*sockets.lo), max(n.hi, p.FloorPerHost, p.FloorPerSocket*sockets.hi)}
}

func virtualCPUs(m *inventory.Machine) count {
	if v, ok := m.Cores.Get(); ok && v >= 0 {
		n := int64(math.Ceil(math.Min(v, maxCores)))
		return count{n, n}
	}
	return count{1, maxCores}
}

// walk gives every thing of a node and of what stands on it: the host at the bottom, virtual machines, systems, and nodes.
// Of the virtual machine that the node is inside of, or else of on, it takes the zone and whether it is on.
func (c *counter) walk(n *inventory.Node, vm, on *thing, give func(thing, Unit)) {
	m := &n.Machine
	t := thing{id: m.ID, there: on.there, doubts: on.doubts, zone: on.zone, os: m.OS.ID, kind: m.Kind, machine: m, member: c.member(n), engines: len(n.Engines)}
	if vm == nil {
		t.names, t.named = namesOf(m, nil, true)
		t.hypervisors, t.hyperKnown = running(n)
		give(t, PerHost)
		below := t
		if kind, known := m.Kind.Get(); !known || kind != inventory.Physical {
			below.hypervisors, below.hyperKnown = beneath(m)
			give(below, PerVM)
		}
	} else {
		t.kind = vm.kind
		t.names, t.named = namesOf(m, vm.names, vm.named)
		t.hypervisors, t.hyperKnown = vm.hypervisors, vm.hyperKnown
	}
	give(t, PerOS)
	give(t, PerNode)
	here := thing{there: t.there, doubts: t.doubts, zone: t.zone}
	if t.there == maybe {
		here.doubts += "/" + m.ID
	}
	for i := range n.Containers {
		c.systemContainer(&n.Containers[i], &t, here.doubts, give)
	}
	for i := range n.VMs {
		c.guest(&n.VMs[i], n, &here, give)
	}
}

// namesOf adds the names of a machine to those that it has elsewhere, and says whether these are all.
func namesOf(m *inventory.Machine, more []string, all bool) ([]string, bool) {
	names := append(slices.Clone(more), m.ID)
	if name, ok := m.Name.Get(); ok {
		names = append(names, name)
	}
	return names, all && !m.Name.IsUnknown()
}

// systemContainer gives a container that runs an operating system of its own.
func (c *counter) systemContainer(k *inventory.Container, on *thing, doubts string, give func(thing, Unit)) {
	t := *on
	t.doubts = doubts
	system, known := k.System.Get()
	t.there = t.there.and(active(k.State))
	switch {
	case !known:
		t.there = t.there.and(maybe)
	case !system:
		return
	}
	t.id = on.id + "/" + k.ID
	t.os, t.words = inventory.Reading[string]{}, "" // its image decides
	give(t, PerOS)
}

// guest gives a virtual machine, and what it shows inside.
func (c *counter) guest(v *inventory.GuestVM, below *inventory.Node, on *thing, give func(thing, Unit)) {
	t := thing{
		id: v.ID, there: on.there.and(active(v.State)), doubts: on.doubts, zone: on.zone, words: v.GuestOS.Or(""), kind: inventory.Known(inventory.Virtual),
		names: []string{v.ID}, named: !v.Name.IsUnknown(), member: maybe, hypervisors: []string{}, hyperKnown: true,
	}
	if name, ok := v.Name.Get(); ok {
		t.names = append(t.names, name)
	}
	i := slices.IndexFunc(below.Hypervisors, func(h inventory.Hypervisor) bool { return h.ID == v.Hypervisor })
	if i >= 0 {
		t.hypervisors = []string{below.Hypervisors[i].Kind}
	} else {
		t.hyperKnown = false
	}
	if v.Guest == nil {
		give(t, PerVM)
		give(t, PerOS)
		give(t, PerNode)
		return
	}
	m := &v.Guest.Machine
	inside := t
	inside.os = m.OS.ID
	inside.names, inside.named = namesOf(m, t.names, t.named)
	give(inside, PerVM)
	c.walk(v.Guest, &t, &t, give)
}

// member says whether a cluster puts work on a machine.
func (c *counter) member(n *inventory.Node) sure {
	if c.members[n.Machine.ID] || slices.Contains(n.Machine.Roles, "kubernetes-node") {
		return yes
	}
	s := no
	if len(n.Engines) == 0 && n.Machine.Processes.IsUnknown() { // what was not seen may hold an engine
		s = maybe
	}
	for i := range n.Engines {
		switch n.Engines[i].Cluster.State() {
		case inventory.StateKnown:
			return yes
		case inventory.StateUnknown:
			s = maybe
		}
	}
	return s
}

func powered(m *inventory.Machine) sure {
	on, known := m.Powered.Get()
	if !known {
		return maybe
	}
	return truth(on)
}

func active(state inventory.Reading[inventory.RunState]) sure {
	s, known := state.Get()
	if !known {
		return maybe
	}
	return truth(s != inventory.Stopped)
}

// running lists the kinds of hypervisor on a machine, and says whether there can be no others.
func running(n *inventory.Node) (kinds []string, all bool) {
	for i := range n.Hypervisors {
		kinds = append(kinds, n.Hypervisors[i].Kind)
	}
	slices.Sort(kinds)
	return kinds, len(kinds) > 0 || n.Machine.Processes.IsKnown()
}

// beneath is the kind of hypervisor below a machine whose host is not seen.
func beneath(m *inventory.Machine) (kinds []string, all bool) {
	if v, ok := m.Virtualization.Get(); ok {
		return []string{v}, true
	}
	return nil, !m.Virtualization.IsUnknown()
}

// siteItems lists by price what belongs to no host: external arrays.
func (b *Book) siteItems(e *inventory.Estate, c *counter) [][]item {
	if b == nil {
		return nil
	}
	out := make([][]item, len(b.Prices))
	zones := map[string]string{}
	for i := range b.Prices {
		p := &b.Prices[i]
		if p.Per != PerTB {
			continue
		}
		if len(p.Match.Zones) > 0 && len(zones) == 0 {
			zones = zonesOf(e, c)
		}
		for j := range e.Arrays {
			a := &e.Arrays[j]
			if a.Kind != inventory.Array {
				continue
			}
			zone, seen := zones[a.Machine]
			s := fits(p.Match.Machines, []string{a.ID, a.Name}, true)
			if len(p.Match.Zones) > 0 {
				s = s.and(fits(p.Match.Zones, zoneNames(zone, seen), seen))
			}
			if q := s.of(gigabytes(a.Capacity)); q.hi > 0 {
				out[i] = append(out[i], item{a.ID, q, nil})
			}
		}
	}
	return out
}

func zonesOf(e *inventory.Estate, c *counter) map[string]string {
	zones := map[string]string{}
	for _, h := range e.Hosts {
		z := c.zone(&h.Machine)
		h.Walk(func(n *inventory.Node) { zones[n.Machine.ID] = z })
	}
	return zones
}

func gigabytes(r inventory.Reading[inventory.Bytes]) count {
	if b, ok := r.Get(); ok && b >= 0 {
		n := int64(math.Min(math.Ceil(float64(b)/1e9), maxTB*1000))
		return count{n, n}
	}
	return count{0, maxTB * 1000}
}

// matches says whether a price is for a thing.
func (p *Price) matches(t *thing) sure {
	m := &p.Match
	s := fits(m.Zones, zoneNames(t.zone, true), true).and(fits(m.Machines, t.names, t.named)).and(fits(m.Hypervisors, t.hypervisors, t.hyperKnown))
	return s.and(t.runs(m.OS)).and(p.ofKind(t))
}

// zoneNames is a zone as a file names it.
func zoneNames(zone string, known bool) []string {
	switch {
	case !known:
		return nil
	case zone == "":
		return []string{"default"}
	}
	return []string{zone}
}

// fits says whether a name is among those wanted; all of them are given, or others may be.
func fits(patterns, names []string, all bool) sure {
	if len(patterns) == 0 {
		return yes
	}
	for _, p := range patterns {
		for _, n := range names {
			if ok, err := path.Match(strings.ToLower(p), strings.ToLower(n)); ok && err == nil {
				return yes
			}
		}
	}
	if all {
		return no
	}
	return maybe
}

// runs says whether a thing runs one of the systems. What a hypervisor calls a system names it only where it happens to use
// the word that the system has for itself.
func (t *thing) runs(systems []string) sure {
	if id, ok := t.os.Get(); ok || t.os.IsAbsent() || len(systems) == 0 {
		return fits(systems, []string{id}, true)
	}
	return fits(systems, strings.Fields(t.words), false)
}

// ofKind says whether a thing is of the kinds that a price is for.
func (p *Price) ofKind(t *thing) sure {
	kinds := p.Match.Kinds
	if len(kinds) == 0 {
		switch p.Per {
		case PerHost, PerSocket, PerCore:
			kinds = []inventory.MachineKind{inventory.Physical}
		case PerVM:
			kinds = []inventory.MachineKind{inventory.Virtual}
		default:
			return yes
		}
	}
	kind, known := t.kind.Get()
	if !known {
		return maybe
	}
	return truth(slices.Contains(kinds, kind))
}
