package resolve

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
)

// sighting is one machine in one observation.
type sighting struct {
	ref     machineRef
	machine *inventory.Machine
	group   *group
}

// group is a set of sightings taken to be one machine, with what it is known by.
type group struct {
	members   []*sighting
	uuid      string
	machineID string
	boots     map[string]bool
	names     map[string]bool
}

// machines finds out which sightings are of one machine and makes a node of each. Identities are tried from the
// strongest to the weakest; a weaker one never joins what a stronger one tells apart, and says so.
func (r *resolver) machines(looks []look) {
	r.nodes, r.final, r.clones = map[string]*node{}, map[machineRef]*node{}, map[string]int{}

	var all []*sighting
	for _, l := range looks {
		o := l.obs
		for i := range o.Machines {
			m := &o.Machines[i]
			s := &sighting{ref: machineRef{o, m.ID}, machine: m}
			g := &group{members: []*sighting{s}, boots: map[string]bool{}, names: map[string]bool{}}
			if u, ok := m.Identity.UUID.Get(); ok {
				g.uuid = inventory.CanonicalUUID(u)
			}
			g.machineID = m.Identity.MachineID.Or("")
			if b, ok := m.Identity.BootID.Get(); ok {
				g.boots[b] = true
			}
			if n, ok := m.Name.Get(); ok {
				g.names[n] = true
			}
			s.group = g
			all = append(all, s)
		}
	}
	slices.SortStableFunc(all, func(a, b *sighting) int { return cmp.Compare(a.machine.ID, b.machine.ID) })
	for _, key := range append(slices.Clip(identities), func(m *inventory.Machine) []string { return []string{m.ID} }) {
		byKey := map[string]*sighting{}
		for _, s := range all {
			for _, k := range key(s.machine) {
				if other := byKey[k]; other != nil {
					r.unite(other, s, k)
				} else {
					byKey[k] = s
				}
			}
		}
	}

	var groups []*group
	known := map[*group]bool{}
	for _, s := range all {
		if !known[s.group] {
			known[s.group] = true
			groups = append(groups, s.group)
		}
	}
	for _, g := range groups {
		r.makeNode(g)
	}
}

// identities are what machines are recognised by, from the strongest to the weakest; the ID that an observation uses
// for a machine comes after them. By what is listed here and no more, observations are grouped (see groups).
var identities = []func(*inventory.Machine) []string{
	func(m *inventory.Machine) []string { return one(m.Identity.UUID, inventory.CanonicalUUID) },
	func(m *inventory.Machine) []string { return one(m.Identity.BootID, strings.ToLower) },
	func(m *inventory.Machine) []string { return one(m.Identity.MachineID, strings.ToLower) },
	func(m *inventory.Machine) []string { return one(m.Identity.EngineID, strings.ToLower) },
	func(m *inventory.Machine) []string { return one(m.Identity.Serial, strings.ToLower) },
	func(m *inventory.Machine) []string { return m.Identity.MACs },
}

func one(r inventory.Reading[string], f func(string) string) []string {
	if v, ok := r.Get(); ok && v != "" {
		return []string{f(v)}
	}
	return nil
}

func (r *resolver) unite(a, b *sighting, key string) {
	g, h := a.group, b.group
	if g == h {
		return
	}
	if why := contradiction(g, h); why != "" {
		for _, s := range []*sighting{a, b} {
			r.gap(inventory.Gap{Source: s.ref.obs.Target, Subject: s.machine.ID, What: "whether it is one machine with another that has the same identity " + key, Why: why, Remedy: "give clones an identity of their own (systemd-machine-id-setup), or run as root so that the hardware identity is seen"})
		}
		return
	}
	g.uuid, g.machineID = first(g.uuid, h.uuid), first(g.machineID, h.machineID)
	for k := range h.boots {
		g.boots[k] = true
	}
	for k := range h.names {
		g.names[k] = true
	}
	for _, s := range h.members {
		s.group = g
	}
	g.members = append(g.members, h.members...)
}

// contradiction says why two groups cannot be one machine; empty where they can.
func contradiction(g, h *group) string {
	differ := func(a, b string) bool { return a != "" && b != "" && a != b }
	together := func(a, b map[string]bool) bool {
		for k := range a {
			if b[k] {
				return true
			}
		}
		return false
	}
	apart := func(a, b map[string]bool) bool { return len(a) > 0 && len(b) > 0 && !together(a, b) }
	switch {
	case differ(g.uuid, h.uuid):
		return "their hardware UUIDs differ"
	case differ(g.machineID, h.machineID) && (g.uuid == "" || h.uuid == ""):
		return "their machine-ids differ"
	case (g.uuid == "" || h.uuid == "") && apart(g.names, h.names) && !together(g.boots, h.boots) && (g.machineID == "" || apart(g.boots, h.boots)):
		return "their host names and boots differ"
	}
	return ""
}

// makeNode merges the sightings of one machine: the look from inside first, then the newest.
func (r *resolver) makeNode(g *group) {
	slices.SortStableFunc(g.members, func(a, b *sighting) int {
		return cmp.Or(fromInside(a)-fromInside(b), cmp.Compare(schemeRank(a.ref.obs.Scheme), schemeRank(b.ref.obs.Scheme)), b.ref.obs.StartedAt.Compare(a.ref.obs.StartedAt),
			cmp.Compare(a.ref.obs.Target, b.ref.obs.Target), cmp.Compare(a.machine.ID, b.machine.ID))
	})
	n := newNode()
	n.Machine = *g.members[0].machine
	n.Machine.Seen = nil
	outside := n.Machine.Inside.IsAbsent() // then a look from one of its containers says nothing about the machine
	for _, s := range g.members {
		o := s.ref.obs
		if !outside || fromInside(s) == 0 {
			inventory.Merge(&n.Machine, s.machine)
		}
		n.Machine.Identity.MACs = union(n.Machine.Identity.MACs, s.machine.Identity.MACs...)
		n.Machine.Roles = union(n.Machine.Roles, s.machine.Roles...)
		lists(&n.Machine, s.machine)
		n.Machine.Seen = union(n.Machine.Seen, o.Target)
		n.Machine.Zone = first(n.Machine.Zone, s.machine.Zone)
		if o.StartedAt.After(n.Taken) {
			n.Taken = o.StartedAt
		}
		look := [2]string{o.Scheme, o.Target}
		if o.StartedAt.After(n.newest[look]) {
			n.newest[look] = o.StartedAt
		}
		r.final[s.ref] = n
	}
	r.site.chassis.settle(&n.Machine)
	for id := n.Machine.ID; r.nodes[n.Machine.ID] != nil; { // clones that share what the ID was made of
		r.clones[id]++
		n.Machine.ID = id + cloneMark + strconv.Itoa(r.clones[id]+1)
	}
	r.nodes[n.Machine.ID] = n
}

// lists takes over the lists of a machine that were empty: they are not joined item by item, as the first look at it
// that has any is the best.
func lists(m, from *inventory.Machine) {
	take(&m.Tools, from.Tools)
	take(&m.StorageUse, from.StorageUse)
	take(&m.Findings, from.Findings)
	take(&m.Hardware.Adapters, from.Hardware.Adapters)
	take(&m.Hardware.Ports, from.Hardware.Ports)
}

func take[T any](to *[]T, from []T) {
	if len(*to) == 0 {
		*to = from
	}
}

// cloneMark stands before the number of a clone in its ID. No ID is made with it otherwise, so that what comes before
// it is the same for all machines that a clone could be taken for.
const cloneMark = "#"

// fromInside is 1 for a look at a machine from inside one of its containers.
func fromInside(s *sighting) int {
	if s.machine.Inside.IsKnown() {
		return 1
	}
	return 0
}
