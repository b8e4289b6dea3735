package resolve

import (
	"cmp"
	"maps"
	"slices"

	"github.com/infraopt/infraopt/collect/inventory"
)

// nest finds the machines that are guests of virtual machines: by UUID, else by a hardware address that just one
// virtual machine has.
func (r *resolver) nest() {
	type place struct {
		on *node
		vm string
	}
	byUUID, byMAC := map[string][]place{}, map[string][]place{}
	ids := slices.Sorted(maps.Keys(r.nodes))
	for _, id := range ids {
		n := r.nodes[id]
		for _, key := range slices.Sorted(maps.Keys(n.vms)) {
			v := n.vms[key]
			for _, u := range one(v.UUID, inventory.CanonicalUUID) {
				byUUID[u] = append(byUUID[u], place{n, key})
			}
			for _, mac := range v.MACs {
				byMAC[mac] = append(byMAC[mac], place{n, key})
			}
		}
	}
	for _, id := range ids {
		n := r.nodes[id]
		var found []place
		for _, u := range one(n.Machine.Identity.UUID, inventory.CanonicalUUID) {
			found = byUUID[u]
		}
		for _, mac := range n.Machine.Identity.MACs {
			if len(found) == 0 && len(byMAC[mac]) == 1 {
				found = byMAC[mac]
			}
		}
		for _, p := range found {
			switch {
			case p.on == n || isBelow(n, p.on) || p.on.guests[p.vm] != nil:
				continue // no machine is its own guest
			case n.below != nil:
				r.gap(inventory.Gap{Source: firstOf(p.on.Machine.Seen), Subject: n.Machine.ID, What: "on which hypervisor it runs", Why: "two virtual machines have its identity", Remedy: "give copies of virtual machines a UUID of their own"})
				continue
			}
			n.below = p.on
			p.on.guests[p.vm] = n
		}
	}
}

// isBelow reports whether a stands somewhere below b.
func isBelow(a, b *node) bool {
	for ; b != nil; b = b.below {
		if a == b {
			return true
		}
	}
	return false
}

func firstOf(s []string) string {
	if len(s) == 0 {
		return ""
	}
	return s[0]
}

// hosts gives the finished nodes that stand on no other, by ID.
func (r *resolver) hosts() []*inventory.Node {
	var hosts []*inventory.Node
	for _, id := range slices.Sorted(maps.Keys(r.nodes)) {
		if n := r.nodes[id]; n.below == nil {
			hosts = append(hosts, n.finish())
		}
	}
	return hosts
}

func (n *node) finish() *inventory.Node {
	out := n.Node
	out.Workloads = values(n.workloads)
	out.Engines = values(n.engines)
	out.Containers = values(n.containers)
	out.Images = valuesBy(n.images, pairOrder)
	out.Volumes = valuesBy(n.volumes, pairOrder)
	out.Hypervisors = values(n.hypervisors)
	out.VMs = room[inventory.GuestVM](len(n.vms))
	for _, id := range slices.Sorted(maps.Keys(n.vms)) {
		g := inventory.GuestVM{VM: *n.vms[id]}
		if g.OnHost && !g.Storage.IsKnown() {
			g.Storage = n.Machine.Storage
		}
		if guest := n.guests[id]; guest != nil {
			g.Guest = guest.finish()
			// All that a guest uses is what its virtual machine needs.
			if series := &g.Guest.Machine.Demand; series.Days.IsKnown() {
				g.Demand.Prefer(series)
			}
		}
		out.VMs = append(out.VMs, g)
	}
	return &out
}

func pairOrder(a, b [2]string) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) }

func values[T any](m map[string]*T) []T { return valuesBy(m, cmp.Compare[string]) }

// valuesBy lists values in the order of their keys; nil where there are none.
func valuesBy[K comparable, T any](m map[K]*T, order func(a, b K) int) []T {
	out := room[T](len(m))
	for _, k := range slices.SortedFunc(maps.Keys(m), order) {
		out = append(out, *m[k])
	}
	return out
}

// room is an empty list for n things, which are large; nil for none.
func room[T any](n int) []T {
	if n == 0 {
		return nil
	}
	return make([]T, 0, n)
}
