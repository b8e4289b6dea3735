// Package packtest has what tests of packing share: random small instances, and their optimum by trying everything. It
// shares no code with the packer, the bounds or the checker, which it is there to judge.
package packtest

import (
	"cmp"
	"slices"

	"github.com/infraopt/infraopt/score/plan/pack/instance"
)

// A Rand is a stream of random numbers: splitmix64 (Steele, Lea and Flood 2014).
type Rand uint64

// Uint64 is the next number of the stream.
func (r *Rand) Uint64() uint64 {
	*r += 0x9e3779b97f4a7c15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// N is a random number from 0 to n − 1.
func (r *Rand) N(n int) int { return int(r.Uint64() % uint64(n)) }

// One is true once in n times.
func (r *Rand) One(n int) bool { return r.N(n) == 0 }

// Small is a random instance of at most 10 items, 4 dimensions and 4 types of host. Types are unlimited, limited or open,
// items are pinned or kept apart here and there, and spares are asked for. There need not be a plan.
func Small(seed uint64) *instance.Instance {
	r := Rand(seed * 0x2545f4914f6cdd1d)
	in := &instance.Instance{Spares: []int{0, 0, 1, 2, instance.BySize}[r.N(5)], HostsPerSpare: 1 + r.N(20)}
	dims := 1 + r.N(4)
	for d := range dims {
		in.Dimensions = append(in.Dimensions, string(rune('a'+d)))
	}
	for t := range 1 + r.N(4) {
		h := instance.HostType{Name: "type" + string(rune('A'+t)), Count: instance.Unlimited}
		for range dims {
			h.Capacity = append(h.Capacity, int64(4+r.N(20)))
		}
		switch r.N(4) {
		case 0:
			h.Count = r.N(5)
		case 1:
			h.Count, h.Open = 1+r.N(2), true
		}
		in.Types = append(in.Types, h)
	}
	for i := range r.N(11) {
		it := instance.Item{Name: "item" + string(rune('0'+i)), At: instance.Nowhere}
		for range dims {
			it.Size = append(it.Size, int64(r.N(4+r.N(12))))
		}
		if r.One(5) {
			for t := range in.Types {
				if r.One(2) {
					it.Allow = append(it.Allow, t)
				}
			}
		}
		if t := r.N(len(in.Types)); r.One(4) && in.Types[t].Count != 0 {
			it.At = instance.Ref{Type: t, N: r.N(max(1, in.Types[t].Count))}
		}
		in.Items = append(in.Items, it)
	}
	for range r.N(3) {
		var group []int
		for i := range in.Items {
			if r.One(3) {
				group = append(group, i)
			}
		}
		in.Apart = append(in.Apart, group)
	}
	return in
}

// Optimum is a plan of the fewest hosts in use, spares not counted and not listed, or nil where there is none.
func Optimum(in *instance.Instance) *instance.Plan {
	return try(in, 0, false)
}

// OptimumWith is a plan of the fewest hosts, so many spares for each host in use and counted among them, or nil where
// there is none.
func OptimumWith(in *instance.Instance, spares int) *instance.Plan {
	return try(in, spares, true)
}

func try(in *instance.Instance, spares int, reserve bool) *instance.Plan {
	s := &search{in: in, spares: spares, reserve: reserve, of: make([]int, len(in.Items)), free: make([]int, len(in.Types))}
	for t := range in.Types {
		s.free[t] = in.Types[t].Count
		if in.Types[t].Count == instance.Unlimited {
			s.free[t] = len(in.Items) + 100
		}
		if in.Types[t].Open {
			for range in.Types[t].Count {
				s.open(t)
			}
		}
		s.types = append(s.types, t)
	}
	for i := range in.Items {
		s.order = append(s.order, i)
	}
	slices.SortStableFunc(s.order, func(a, b int) int { return cmp.Compare(sum(in.Items[b].Size), sum(in.Items[a].Size)) })
	if !slices.ContainsFunc(s.order, s.nowhere) {
		s.place(0)
	}
	return s.best
}

// nowhere tells whether no host can carry an item even alone: then there is nothing to try.
func (s *search) nowhere(i int) bool {
	return !slices.ContainsFunc(s.types, func(t int) bool {
		return s.in.Types[t].Count != 0 && May(s.in, i, t) && Holds(s.in, t, []int{i})
	})
}

func sum(v []int64) int64 {
	n := int64(0)
	for _, x := range v {
		n += x
	}
	return n
}

// A search goes through every way to put items onto hosts; hosts of one type that carry nothing are alike.
type search struct {
	in      *instance.Instance
	spares  int
	reserve bool
	types   []int
	order   []int
	free    []int // hosts of each type that are not in use
	hosts   []host
	able    [][]bool // by host, and type of a spare: whether that could take what can move
	of      []int
	best    *instance.Plan
}

type host struct {
	ref   instance.Ref
	items []int
}

func (s *search) open(t int) {
	s.free[t]--
	n := 0
	for _, h := range s.hosts {
		if h.ref.Type == t {
			n++
		}
	}
	s.hosts = append(s.hosts, host{ref: instance.Ref{Type: t, N: n}})
	s.able = append(s.able, slices.Repeat([]bool{true}, len(s.in.Types)))
}

func (s *search) close() {
	last := s.hosts[len(s.hosts)-1]
	s.free[last.ref.Type]++
	s.hosts, s.able = s.hosts[:len(s.hosts)-1], s.able[:len(s.able)-1]
}

// hopeless tells whether so many hosts are no fewer than in the best plan.
func (s *search) hopeless(hosts int) bool {
	return s.best != nil && hosts >= len(s.best.Hosts)+len(s.best.Spares)
}

func (s *search) place(n int) {
	least := len(s.hosts)
	if least > 0 {
		least += s.spares
	}
	if s.hopeless(least) {
		return
	}
	if n == len(s.order) {
		s.finish()
		return
	}
	i := s.order[n]
	tried := map[int]bool{} // types of which an empty host was tried
	for h := range s.hosts {
		t := s.hosts[h].ref.Type
		if empty := len(s.hosts[h].items) == 0; empty && tried[t] || !s.fits(h, i) {
			continue
		} else if empty {
			tried[t] = true
		}
		s.put(h, i, n)
	}
	for _, t := range s.types {
		if s.free[t] > 0 {
			s.open(t)
			if h := len(s.hosts) - 1; s.fits(h, i) {
				s.put(h, i, n)
			}
			s.close()
		}
	}
}

func (s *search) put(h, i, n int) {
	was, able := s.hosts[h].items, s.able[h]
	s.hosts[h].items = append(was[:len(was):len(was)], i)
	s.of[i] = h
	if s.reserve {
		s.able[h] = s.takers(h)
	}
	if !s.reserve || s.sparable() {
		s.place(n + 1)
	}
	s.able[h] = able
	s.hosts[h].items = was
}

// fits tells whether host h may carry item i beside what it carries.
func (s *search) fits(h, i int) bool {
	if !May(s.in, i, s.hosts[h].ref.Type) {
		return false
	}
	for _, group := range s.in.Apart {
		if slices.Contains(group, i) && slices.ContainsFunc(s.hosts[h].items, func(j int) bool { return slices.Contains(group, j) }) {
			return false
		}
	}
	return Holds(s.in, s.hosts[h].ref.Type, append(slices.Clone(s.hosts[h].items), i))
}

// May tells whether hosts of type t are among those that may carry item i.
func May(in *instance.Instance, i, t int) bool {
	return in.Items[i].Allow == nil || slices.Contains(in.Items[i].Allow, t)
}

// Holds tells whether items have room on a host of type t; sizes must be small enough to be added up.
func Holds(in *instance.Instance, t int, items []int) bool {
	for d, room := range in.Types[t].Capacity {
		used := int64(0)
		for _, i := range items {
			used += in.Items[i].Size[d]
		}
		if used > room {
			return false
		}
	}
	return true
}

// Moves tells whether more than one host may carry an item.
func Moves(in *instance.Instance, i int) bool {
	hosts := 0
	for t := range in.Types {
		if May(in, i, t) {
			if in.Types[t].Count == instance.Unlimited {
				return true
			}
			hosts += in.Types[t].Count
		}
	}
	return hosts > 1
}

// takers tells, by type, whether a spare could take what can move from host h.
func (s *search) takers(h int) []bool {
	moving := slices.DeleteFunc(slices.Clone(s.hosts[h].items), func(i int) bool { return !Moves(s.in, i) })
	out := make([]bool, len(s.types))
	for _, t := range s.types {
		out[t] = Holds(s.in, t, moving) && !slices.ContainsFunc(moving, func(i int) bool { return !May(s.in, i, t) })
	}
	return out
}

// sparable tells whether hosts are left that could be spares of each host in use; more items make it no easier.
func (s *search) sparable() bool {
	for _, able := range s.able {
		n := 0
		for t, ok := range able {
			if ok {
				n += s.free[t]
			}
		}
		if n < s.spares {
			return false
		}
	}
	return true
}

func (s *search) finish() {
	spares := []instance.Ref{}
	if s.reserve {
		var ok bool
		if spares, ok = s.reserves(); !ok {
			return
		}
	}
	if s.hopeless(len(s.hosts) + len(spares)) {
		return
	}
	s.best = &instance.Plan{Of: slices.Clone(s.of), Spares: spares}
	for _, h := range s.hosts {
		s.best.Hosts = append(s.best.Hosts, h.ref)
	}
}

// reserves is the fewest spares that suffice for the hosts in use.
func (s *search) reserves() ([]instance.Ref, bool) {
	counts := make([]int, len(s.types))
	var best []int
	least := -1
	var choose func(t, n int)
	choose = func(t, n int) {
		if least >= 0 && n >= least || s.hopeless(len(s.hosts)+n) {
			return
		}
		if t == len(counts) {
			if s.enough(counts) {
				best, least = slices.Clone(counts), n
			}
			return
		}
		for counts[t] = 0; counts[t] <= min(s.spares, s.free[t]); counts[t]++ { // more than losses are of no use
			choose(t+1, n+counts[t])
		}
	}
	choose(0, 0)
	if least < 0 {
		return nil, false
	}
	out := []instance.Ref{}
	for t, n := range best {
		used := 0
		for _, h := range s.hosts {
			if h.ref.Type == t {
				used++
			}
		}
		for k := range n {
			out = append(out, instance.Ref{Type: t, N: used + k})
		}
	}
	return out, true
}

func (s *search) enough(counts []int) bool {
	for _, types := range s.able {
		n := 0
		for t, ok := range types {
			if ok {
				n += counts[t]
			}
		}
		if n < s.spares {
			return false
		}
	}
	return true
}
