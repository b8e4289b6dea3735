package trend

import (
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
)

// A side is a machine at one end, with the targets that could not be read at that end.
type side struct {
	node    *inventory.Node
	failed  map[string]bool
	partial map[string]bool // those that did not show all
}

// lists reports whether all things of a class are known to be listed.
func (s side) lists(class, engine string) bool {
	return s.node.Lists(class, engine, firstIn(s.node.Machine.Seen, s.partial) != "")
}

// known reduces both estates to what is known in both, as far as machines were seen in both: a fact that is unknown at
// one end is unknown at the other, too, and what is there at one end is left out where nobody can tell whether it was
// there at the other. Neither estate is changed. The pairs come back with their new nodes.
func known(ends [2]*inventory.Estate, stayed []pair) ([2]*inventory.Estate, []pair) {
	var failed, partial [2]map[string]bool
	var out [2]*inventory.Estate
	became := map[*inventory.Node]*inventory.Node{}
	for end, e := range ends {
		failed[end], partial[end] = targets(e, inventory.StatusFailed), targets(e, inventory.StatusPartial)
		copied := *e
		out[end] = &copied
	}
	pairs := make([]pair, len(stayed))
	for i, p := range stayed {
		pairs[i][0], pairs[i][1] = common(side{p[0], failed[0], partial[0]}, side{p[1], failed[1], partial[1]})
		became[p[0]], became[p[1]] = pairs[i][0], pairs[i][1]
	}
	for _, e := range out {
		e.Hosts = slices.Clone(e.Hosts)
		for i, h := range e.Hosts {
			if n := became[h]; n != nil {
				e.Hosts[i] = n
			}
		}
	}
	return out, pairs
}

// common gives copies of a machine at both ends that hold what is known of both.
func common(a, b side) (*inventory.Node, *inventory.Node) {
	x, y := *a.node, *b.node
	na, nb := x.Machine.Name, y.Machine.Name // names and identities are no evidence: zones and waivers go by them
	ia, ib := x.Machine.Identity, y.Machine.Identity
	inventory.Common(&x.Machine, &y.Machine)
	x.Machine.Name, y.Machine.Name, x.Machine.Identity, y.Machine.Identity = na, nb, ia, ib

	x.Workloads, y.Workloads = both(a, b, a.node.Workloads, b.node.Workloads, list[inventory.Workload]{
		key:    func(s side, w *inventory.Workload) string { return s.local(w.ID) },
		seen:   func(w *inventory.Workload) []string { return w.Seen },
		listed: func(s side, _ *inventory.Workload) bool { return s.lists("workload", "") },
	})
	x.Engines, y.Engines = both(a, b, a.node.Engines, b.node.Engines, list[inventory.Engine]{
		key:  func(s side, e *inventory.Engine) string { return e.Kind + " " + s.local(e.ID) },
		seen: func(e *inventory.Engine) []string { return e.Seen },
	})
	x.Containers, y.Containers = both(a, b, a.node.Containers, b.node.Containers, list[inventory.Container]{
		key:  func(s side, c *inventory.Container) string { return s.local(c.ID) },
		seen: func(c *inventory.Container) []string { return c.Seen },
		listed: func(s side, c *inventory.Container) bool {
			engine := c.Runtime.Or("")
			if s.has(engine) {
				return s.lists("container", engine) || c.State.Or("") == inventory.Running && s.counts(engine)
			}
			return s.node.Machine.Containers.IsKnown() && s.lists("container", "")
		},
	})
	x.Images, y.Images = both(a, b, a.node.Images, b.node.Images, list[inventory.Image]{
		key:    func(_ side, i *inventory.Image) string { return i.Engine + " " + i.ID },
		seen:   func(i *inventory.Image) []string { return i.Seen },
		listed: func(s side, i *inventory.Image) bool { return s.lists("image", i.Engine) },
	})
	x.Volumes, y.Volumes = both(a, b, a.node.Volumes, b.node.Volumes, list[inventory.Volume]{
		key:    func(_ side, v *inventory.Volume) string { return v.Engine + " " + v.Name },
		seen:   func(v *inventory.Volume) []string { return v.Seen },
		listed: func(s side, v *inventory.Volume) bool { return s.lists("volume", v.Engine) },
	})
	x.Hypervisors, y.Hypervisors = both(a, b, a.node.Hypervisors, b.node.Hypervisors, list[inventory.Hypervisor]{
		key:  func(s side, h *inventory.Hypervisor) string { return s.local(h.ID) },
		seen: func(h *inventory.Hypervisor) []string { return h.Seen },
	})
	x.VMs, y.VMs = both(a, b, a.node.VMs, b.node.VMs, list[inventory.GuestVM]{
		key:    vmKey,
		seen:   func(v *inventory.GuestVM) []string { return v.Seen },
		listed: func(s side, _ *inventory.GuestVM) bool { return s.lists("vm", "") },
		inside: func(v, w *inventory.GuestVM) {
			if v.Guest == nil || w.Guest == nil { // what was seen inside at one end only
				v.Guest, w.Guest = nil, nil
				return
			}
			v.Guest, w.Guest = common(side{v.Guest, a.failed, a.partial}, side{w.Guest, b.failed, b.partial})
		},
	})
	return &x, &y
}

// local is an ID without the ID of its machine, which may have got another one.
func (s side) local(id string) string { return strings.ReplaceAll(id, s.node.Machine.ID, "") }

// has reports whether an engine was seen.
func (s side) has(engine string) bool {
	return slices.ContainsFunc(s.node.Engines, func(e inventory.Engine) bool { return e.Kind == engine })
}

// counts reports whether control groups show every container that runs, and an engine that did not list them all does not say
// that it failed to.
func (s side) counts(engine string) bool {
	n, ok := s.node.Machine.Containers.Get()
	return ok && n <= len(s.node.Containers) && !slices.ContainsFunc(s.node.Engines, func(e inventory.Engine) bool { return e.Kind == engine && e.Inventory.IsKnown() })
}

func vmKey(s side, v *inventory.GuestVM) string {
	if u, ok := v.UUID.Get(); ok {
		return inventory.CanonicalUUID(u)
	}
	return s.local(v.ID)
}

// A list says how the things of one kind on a machine are told apart.
type list[T any] struct {
	key  func(side, *T) string // what a thing has at both ends
	seen func(*T) []string     // targets that saw it
	// listed reports whether the list of a side is known to be complete; nil where nothing could tell.
	listed func(side, *T) bool
	inside func(a, b *T) // further to do for a thing at both ends
}

// both gives copies of the lists of two sides that hold what is known of both.
func both[T any](a, b side, as, bs []T, l list[T]) (x, y []T) {
	same := l.pairs(a, b, as, bs)
	paired := map[int]bool{}
	for i := range as {
		v := as[i]
		j, ok := same[i]
		if !ok {
			if l.missed(b, &v) {
				x = append(x, v)
			}
			continue
		}
		w := bs[j]
		paired[j] = true
		inventory.Common(&v, &w)
		if l.inside != nil {
			l.inside(&v, &w)
		}
		x, y = append(x, v), append(y, w)
	}
	for j := range bs {
		if w := bs[j]; !paired[j] && l.missed(a, &w) {
			y = append(y, w)
		}
	}
	return x, y
}

// pairs finds the things that are in both lists, by their places. A key that several things have tells none of them.
func (l *list[T]) pairs(a, b side, as, bs []T) map[int]int {
	inA, inB := l.places(a, as), l.places(b, bs)
	out := map[int]int{}
	for k, i := range inA {
		if j := inB[k]; len(i) == 1 && len(j) == 1 {
			out[i[0]] = j[0]
		}
	}
	return out
}

func (l *list[T]) places(s side, of []T) map[string][]int {
	out := make(map[string][]int, len(of))
	for i := range of {
		k := l.key(s, &of[i])
		out[k] = append(out[k], i)
	}
	return out
}

// missed reports whether a thing is known not to be on a side that does not list it: who would have seen it there
// could look, and the list is complete.
func (l *list[T]) missed(s side, v *T) bool {
	return firstIn(l.seen(v), s.failed) == "" && (l.listed == nil || l.listed(s, v))
}
