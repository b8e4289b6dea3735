package pack

import (
	"cmp"
	"slices"

	"github.com/infraopt/infraopt/score/plan/pack/instance"
)

// A home is a host that runs something now, and the loose items on it.
type home struct {
	host   instance.Ref
	items  []int32
	weight float64 // of the items
	start  int32   // its bin, if it is in use from the start; else -1
}

// homes returns the hosts that run something now.
func (m *model) homes() []home {
	at := map[instance.Ref]int{}
	var all []home
	for _, i := range m.loose {
		ref := m.in.Items[i].At
		if ref == instance.Nowhere {
			continue
		}
		h, ok := at[ref]
		if !ok {
			h = len(all)
			at[ref] = h
			all = append(all, home{host: ref, start: -1})
			if b := m.first[ref.Type]; b >= 0 {
				all[h].start = b + int32(ref.N)
			}
		}
		all[h].items = append(all[h].items, i)
		all[h].weight += m.classes[m.of[i]].weight
	}
	return all
}

// A keeper finds layouts in which most things stay where they are.
type keeper struct {
	m     *model
	s     supply
	homes []home
	f     *filler
}

// criteria say which hosts are to be kept rather than others.
var criteria = []func(k *keeper, h *home) float64{
	func(_ *keeper, h *home) float64 { return h.weight },
	func(_ *keeper, h *home) float64 { return float64(len(h.items)) },
	func(k *keeper, h *home) float64 { return k.m.total(int32(h.host.Type))*1e3 + h.weight },
	func(k *keeper, h *home) float64 { return h.weight / max(k.m.total(int32(h.host.Type)), 1e-9) },
}

// keep returns the layout with the fewest hosts that leaves what runs on some hosts where it is, as far as it fits, and
// spreads the rest over them. How many are kept is found by halving.
func (k *keeper) keep(criterion int, r *random, number int) *choice {
	score := make([]float64, len(k.homes))
	order := make([]int, len(k.homes))
	for x := range order {
		order[x] = x
		score[x] = criteria[criterion](k, &k.homes[x])
		if r != nil {
			score[x] *= 1 + .2*r.float()
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(score[b], score[a]) })
	size := k.m.descending(measures[1], 0, nil)
	var best *choice
	if k.f.stays == nil {
		k.f.stays = newLayout(k.m, k.s)
	}
	try := func(kept int) bool {
		base := k.base(order[:kept], k.f.stays)
		k.f.base = base
		k.f.run(rest(size, base), 0, nil)
		hosts := len(k.f.kind)
		if lost := without(k.f.of); best == nil || lost < best.without || lost == best.without && hosts < len(best.kind) {
			best = k.f.choice(number)
		}
		return hosts > base.hosts()
	}
	try(len(order))
	low, high := 0, len(order) // so few are too few; so many are enough
	for low+1 < high {
		if mid := (low + high) / 2; try(mid) {
			low = mid
		} else {
			high = mid
		}
	}
	best.stays = true
	return best
}

// base makes the layout of what stays: the hosts in use from the start and those to be kept, each with what it can carry
// of what runs on it. It is made in the room of another.
func (k *keeper) base(kept []int, l *layout) *layout {
	l.reset(k.s)
	stay := func(h *home, b int32) {
		for _, i := range h.items {
			if l.fits(k.m.of[i], b) {
				l.put(i, b)
			}
		}
	}
	for x := range k.homes {
		if h := &k.homes[x]; h.start >= 0 {
			stay(h, h.start)
		}
	}
	for _, x := range kept {
		h := &k.homes[x]
		if h.start >= 0 || l.left[h.host.Type] <= 0 {
			continue
		}
		b := l.open(int32(h.host.Type))
		if stay(h, b); len(l.items[b]) == 0 {
			l.close(b)
		}
	}
	return l
}

// rest returns the items of an order that have no place yet.
func rest(order []int32, l *layout) []int32 {
	return slices.DeleteFunc(slices.Clone(order), func(i int32) bool { return l.of[i] >= 0 })
}
