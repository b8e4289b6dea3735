package pack

import (
	"cmp"
	"math"
	"slices"

	"github.com/infraopt/infraopt/score/plan/pack/instance"
)

// asked returns how many spares each host in use ought to have.
func asked(in *instance.Instance, bound int) int {
	switch {
	case in.Spares != instance.BySize:
		return in.Spares
	case bound <= 0:
		return 0
	}
	return (bound-1)/in.HostsPerSpare + 1
}

// A burden is what a spare must be able to take over from a bin.
type burden struct {
	size  []int64
	lists []int32 // the lists of types that its items allow
}

// A reserve is how a layout is prepared for the loss of hosts.
type reserve struct {
	spares []int32 // types, one for each spare
	level  int     // each host in use has so many
	short  []int   // by bin: how many it lacks
	left   []int   // by type: hosts that are neither in use nor spares
}

// burdens returns what can move, bin by bin.
func (c *choice) burdens(m *model) []burden {
	out := make([]burden, len(c.kind))
	sizes := make([]int64, len(c.kind)*m.d)
	for b := range out {
		out[b].size = sizes[b*m.d:][:m.d]
	}
	for _, i := range m.loose {
		if c.of[i] < 0 {
			continue
		}
		class, b := &m.classes[m.of[i]], &out[c.of[i]]
		for k, v := range class.size {
			b.size[k] += v // at most what the host carries
		}
		if class.allow >= 0 && !slices.Contains(b.lists, class.allow) {
			b.lists = append(b.lists, class.allow)
		}
	}
	return out
}

// takes reports whether an empty host of type t could take the burden over.
func (m *model) takes(t int32, b *burden) bool {
	for _, l := range b.lists {
		if !m.lists[l].has(t) {
			return false
		}
	}
	return within(b.size, m.in.Types[t].Capacity, nil)
}

// reserve picks as few spares as it can among the hosts that a layout leaves, so that each host in use has k of them:
// again and again the host that helps most. Where there are not enough, it picks all that help.
func (c *choice) reserve(m *model, k int) *reserve {
	r := &reserve{level: k, left: m.supply().left, short: make([]int, len(c.kind))}
	for _, t := range c.kind[len(m.start):] {
		r.left[t]--
	}
	if k <= 0 || len(c.kind) == 0 {
		return r
	}
	types, covers := c.covers(m, r.left)
	gain := make([]int, len(types))
	for b := range r.short {
		r.short[b] = k
		for _, x := range covers[b] {
			gain[x]++
		}
	}
	for {
		best := -1
		for x, t := range types {
			if gain[x] > 0 && r.left[t] > 0 && (best < 0 || gain[x] > gain[best]) {
				best = x
			}
		}
		if best < 0 {
			break
		}
		r.left[types[best]]--
		r.spares = append(r.spares, types[best])
		for b, by := range covers {
			if r.short[b] == 0 || !slices.Contains(by, int32(best)) {
				continue
			}
			if r.short[b]--; r.short[b] == 0 {
				for _, x := range by {
					gain[x]--
				}
			}
		}
	}
	r.level = k - slices.Max(r.short)
	return r
}

// covers returns the types of which hosts are left, the smallest first, without those that are no better than others of
// which there are plenty; and by bin, which of them could take its burden over.
func (c *choice) covers(m *model, left []int) ([]int32, [][]int32) {
	var types []int32
	for t, n := range left {
		if n > 0 {
			types = append(types, int32(t))
		}
	}
	slices.SortStableFunc(types, func(a, b int32) int { return cmp.Compare(m.total(a), m.total(b)) })
	covers := make([][]int32, len(c.kind))
	burdens := c.burdens(m)
	for b := range burdens {
		for x, t := range types {
			if m.takes(t, &burdens[b]) {
				covers[b] = append(covers[b], int32(x))
			}
		}
	}
	return types, covers
}

// total is the capacity of a type, each dimension by how much is asked of it.
func (m *model) total(t int32) float64 {
	sum := 0.0
	for k, v := range m.in.Types[t].Capacity {
		sum += m.worth[k] * float64(v)
	}
	return sum
}

// spare returns the type of which one more host should be kept out of use, so that hosts that lack spares get one: the
// one that helps most of them, the largest if several do. It is -1 if none helps.
func (c *choice) spare(m *model, r *reserve) int32 {
	supply := m.supply()
	used := make([]bool, len(supply.left))
	for _, t := range c.kind[len(m.start):] {
		used[t] = true
	}
	best, most, size := int32(-1), 0, math.Inf(-1)
	burdens := c.burdens(m)
	for t := range used {
		if !used[t] {
			continue
		}
		helps := 0
		for b := range burdens {
			if r.short[b] > 0 && m.takes(int32(t), &burdens[b]) {
				helps++
			}
		}
		if total := m.total(int32(t)); helps > most || helps > 0 && helps == most && total > size {
			best, most, size = int32(t), helps, total
		}
	}
	return best
}
