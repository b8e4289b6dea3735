package pack

import (
	"cmp"
	"slices"

	"github.com/infraopt/infraopt/score/plan/pack/instance"
)

// A result is a choice with hosts for its bins, and what makes it better or worse than others.
type result struct {
	*choice
	hosts   []instance.Ref // by bin
	moves   int            // items that leave the host they run on
	reserve *reserve
}

// better reports whether a is better than b: fewer items without a host, more spares where there are too few, fewer
// hosts in use, fewer spares for it, fewer moves; the first found if all are the same.
func (r *result) better(than *result) bool {
	if than == nil {
		return true
	}
	return cmp.Or(
		cmp.Compare(r.without, than.without),
		cmp.Compare(than.reserve.level, r.reserve.level),
		cmp.Compare(len(r.kind), len(than.kind)),
		cmp.Compare(len(r.reserve.spares), len(than.reserve.spares)),
		cmp.Compare(r.moves, than.moves),
		cmp.Compare(r.number, than.number),
	) < 0
}

// finish names the hosts of a layout so that much stays where it is, brings home what can be, and picks k spares.
func (m *model) finish(c *choice, k int) *result {
	r := &result{choice: c}
	if r.name(m); m.placed {
		r.exchange(m)
		r.homeward(m)
		r.exchange(m)
		for _, i := range m.loose {
			if r.of[i] >= 0 && m.at[i] >= 0 && !r.home(m, i) {
				r.moves++
			}
		}
	}
	r.reserve = r.choice.reserve(m, k)
	return r
}

// home reports whether an item that has a host stays where it is.
func (r *result) home(m *model, i int32) bool { return r.hosts[r.of[i]] == m.in.Items[i].At }

// name says which host of its type each bin is: the one from which it holds most, by turns, and then the first that is
// not in use.
func (r *result) name(m *model) {
	type pair struct {
		b int32
		n int
	}
	common := map[pair]int{}
	for _, i := range m.loose {
		if b := r.of[i]; b >= 0 && m.at[i] == r.kind[b] {
			common[pair{b, m.in.Items[i].At.N}]++
		}
	}
	pairs := make([]pair, 0, len(common))
	for p := range common {
		pairs = append(pairs, p)
	}
	slices.SortFunc(pairs, func(p, q pair) int {
		return cmp.Or(-cmp.Compare(common[p], common[q]), cmp.Compare(p.b, q.b), cmp.Compare(p.n, q.n))
	})
	r.hosts = make([]instance.Ref, len(r.kind))
	named, taken := make([]bool, len(r.kind)), map[instance.Ref]bool{}
	for _, p := range pairs {
		if ref := (instance.Ref{Type: int(r.kind[p.b]), N: p.n}); !named[p.b] && !taken[ref] {
			r.hosts[p.b], named[p.b], taken[ref] = ref, true, true
		}
	}
	next := make([]int, len(m.in.Types))
	for b, t := range r.kind {
		for !named[b] {
			ref := instance.Ref{Type: int(t), N: next[t]}
			next[t]++
			if !taken[ref] {
				r.hosts[b], named[b] = ref, true
			}
		}
	}
}

// exchange lets items of one class change places so that as many as can stay where they are. It changes no load.
func (r *result) exchange(m *model) {
	bin := make(map[instance.Ref]int32, len(r.hosts))
	for b, ref := range r.hosts {
		bin[ref] = int32(b)
	}
	members := make([][]int32, len(m.classes))
	for _, i := range m.loose {
		if r.of[i] >= 0 {
			members[m.of[i]] = append(members[m.of[i]], i)
		}
	}
	places := make([]int, len(r.kind)) // by bin: how many of the class
	for _, items := range members {
		slots := make([]int32, len(items))
		for x, i := range items {
			slots[x] = r.of[i]
			places[r.of[i]]++
		}
		var away []int32
		for _, i := range items {
			if b, ok := bin[m.in.Items[i].At]; ok && places[b] > 0 {
				places[b]--
				r.of[i] = b
			} else {
				away = append(away, i)
			}
		}
		for _, b := range slots {
			if places[b] > 0 {
				places[b]--
				r.of[away[0]] = b
				away = away[1:]
			}
		}
	}
}

// homeward brings items back to the host they run on where it has room, if need be for an item that is not at home there
// either. A host that becomes empty is in use no more.
func (r *result) homeward(m *model) {
	l := r.layout(m, m.supply().left)
	bin := make(map[instance.Ref]int32, len(r.hosts))
	for b, ref := range r.hosts {
		bin[ref] = int32(b)
	}
	for again, pass := true, 0; again && pass < 4; pass++ {
		again = false
		for _, i := range m.loose {
			b, ok := bin[m.in.Items[i].At]
			if from := l.of[i]; ok && from >= 0 && from != b {
				again = l.back(i, b, func(j int32) bool { return r.hosts[b] == m.in.Items[j].At }) || again
			}
		}
	}
	for b := int32(len(l.kind)) - 1; b >= int32(len(m.start)); b-- {
		if len(l.items[b]) == 0 {
			last := len(r.hosts) - 1
			l.close(b)
			r.hosts[b] = r.hosts[last]
			r.hosts = r.hosts[:last]
		}
	}
	c := l.choice(r.number)
	c.stays = r.stays
	r.choice = c
}

// back moves item i to bin b, or has it change places with an item there for which stays does not hold.
func (l *layout) back(i, b int32, stays func(j int32) bool) bool {
	from, c := l.of[i], l.m.of[i]
	if l.fits(c, b) {
		l.take(i)
		l.put(i, b)
		return true
	}
	l.take(i)
	for _, j := range l.items[b] {
		if l.m.fixed[j] >= 0 || stays(j) || l.m.of[j] == c || !l.fits(l.m.of[j], from) {
			continue
		}
		l.take(j)
		if l.fits(c, b) {
			l.put(i, b)
			l.put(j, from)
			return true
		}
		l.put(j, b)
		break // the order of the items has changed: another pass may go on
	}
	l.put(i, from)
	return false
}

// plan makes a plan of a result. Spares take the first hosts of their type that are not in use.
func (r *result) plan(m *model) instance.Plan {
	p := instance.Plan{Hosts: slices.Clone(r.hosts), Of: make([]int, len(r.of))}
	for i, b := range r.of {
		p.Of[i] = int(b) // -1 is Unplaced
	}
	used := make(map[instance.Ref]bool, len(r.hosts))
	for _, ref := range r.hosts {
		used[ref] = true
	}
	next := make([]int, len(m.in.Types))
	for _, t := range r.reserve.spares {
		for used[instance.Ref{Type: int(t), N: next[t]}] {
			next[t]++
		}
		p.Spares = append(p.Spares, instance.Ref{Type: int(t), N: next[t]})
		next[t]++
	}
	return p
}
