package bound

import (
	"cmp"
	"math"
	"slices"
)

// A sack is a host to be filled with the dearest set of items: the bounded knapsack in several dimensions. It is filled
// class by class. Of the states that this can lead to, those are dropped beside which there is one that leaves as much room
// and is worth as much, and those that cannot become dearer than what is known. What a state can become is bounded by
// Lagrange's relaxation, where room is for sale at a rate per unit, in two ways: with that of all dimensions, and with that of
// all but one, where the remaining knapsack in one dimension has been solved exactly. So prices that are in proportion to
// sizes, of which countless sets are worth the same, do no harm.
type sack struct {
	room   []int64
	kinds  []kind
	given  []kind // of no size: they always fit
	base   int64  // what those are worth
	rates  []float64
	rest   []float64 // by number of kinds done: what the others bring beyond the room that they take
	tables []table
	margin float64 // how far sums in floating point may be off, at most

	known int64   // what need not be found
	found []state // dearer than that
}

// A kind is a class of items that fit into the sack.
type kind struct {
	class int
	size  []int64
	price int64
	count int64
}

// A table is the knapsack in one dimension, of the kinds from each one on, by the room left in grains.
type table struct {
	dimension int
	grain     int64
	brings    [][]float64 // by number of kinds done, by room
}

// A state is a set of items of the kinds done so far.
type state struct {
	price int64
	bound float64 // what it can become at most
	stage int     // kinds done
	from  int     // the state of the stage before
	count int64   // of the last kind done
	at    int     // where its room left stands
}

const (
	// cells is how many grains of room a table has at most.
	cells = 2048
	// tabled is of how many dimensions there is a table.
	tabled = 2
	// lookback is how many states are asked, in three and more dimensions, whether they dominate another.
	lookback = 100
	// finds is how many sets are returned.
	finds = 12
)

// newSack prepares a host with so much room for items of classes with the given prices.
func newSack(room []int64, sizes [][]int64, counts []int64, prices []int64) *sack {
	s := &sack{room: room}
	total := 0.
	for c, price := range prices {
		n := fitting(room, sizes[c], counts[c])
		if price <= 0 || n == 0 {
			continue
		}
		k := kind{c, sizes[c], price, n}
		total += float64(price) * float64(n)
		if !slices.ContainsFunc(k.size, func(x int64) bool { return x > 0 }) {
			s.given = append(s.given, k)
			s.base += price * n
			continue
		}
		s.kinds = append(s.kinds, k)
	}
	s.margin = 1 + total*1e-12
	return s
}

// fitting is how many of at most n items of a size fit into some room.
func fitting(room, size []int64, n int64) int64 {
	for d, x := range size {
		if x > 0 {
			n = min(n, room[d]/x)
		}
	}
	return n
}

// prepare settles the rates of the relaxation and the order of the classes.
func (s *sack) prepare() {
	s.rates = s.relaxed()
	gain := func(k *kind) float64 { return float64(k.price) - s.sold(k.size) }
	slices.SortStableFunc(s.kinds, func(a, b kind) int { // the most decided first
		return cmp.Compare(math.Abs(gain(&b)), math.Abs(gain(&a)))
	})
	s.rest = make([]float64, len(s.kinds)+1)
	for i := len(s.kinds) - 1; i >= 0; i-- {
		s.rest[i] = s.rest[i+1] + float64(float64(s.kinds[i].count)*max(0, gain(&s.kinds[i])))
	}
}

// sold is what room is sold for.
func (s *sack) sold(room []int64) float64 {
	sum := 0.
	for d, x := range room {
		sum += float64(float64(x) * s.rates[d])
	}
	return sum
}

// relaxed are the rates at which the relaxation is least: the duals of the knapsack whose items can be cut.
func (s *sack) relaxed() []float64 {
	rhs := make([]float64, len(s.room))
	for d := range rhs {
		rhs[d] = 1 // in shares of the room, and prices in shares of the dearest
	}
	top := int64(1)
	for i := range s.kinds {
		top = max(top, s.kinds[i].price)
	}
	lp := newSimplex(rhs, make([]float64, len(rhs)))
	for i := range s.kinds {
		k := &s.kinds[i]
		c := column{cost: -float64(k.price) / float64(top), upper: float64(k.count)}
		for d, x := range k.size {
			if x > 0 {
				c.rows, c.adds = append(c.rows, d), append(c.adds, float64(x)/float64(s.room[d]))
			}
		}
		lp.add(c)
	}
	lp.solve(1000)
	rates := make([]float64, len(s.room))
	for d := range rates {
		rates[d] = max(0, -lp.duals[d]) * float64(top) / float64(max(1, s.room[d]))
	}
	return rates
}

// tabulate solves the knapsack in the dimensions whose room is dearest and not too fine.
func (s *sack) tabulate() {
	order := make([]int, 0, len(s.room))
	for d := range s.room {
		if s.rates[d] > 0 {
			order = append(order, d)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(s.rates[b]*float64(s.room[b]), s.rates[a]*float64(s.room[a]))
	})
	for _, d := range order[:min(tabled, len(order))] {
		s.tables = append(s.tables, s.table(d))
	}
}

func (s *sack) table(d int) table {
	t := table{dimension: d, grain: s.room[d]/(cells+1) + 1, brings: make([][]float64, len(s.kinds)+1)}
	width := int(s.room[d]/t.grain) + 1
	t.brings[len(s.kinds)] = make([]float64, width)
	for i := len(s.kinds) - 1; i >= 0; i-- {
		k := &s.kinds[i]
		gain := float64(k.price) - s.sold(k.size) + float64(float64(k.size[d])*s.rates[d])
		t.brings[i] = with(t.brings[i+1], int(k.size[d]/t.grain), int(k.count), gain)
	}
	return t
}

// with is a knapsack by room with up to n more items of one size. Where as many as fit may be taken, one pass does; where
// they are fewer, they are taken in ones, twos, fours and so on, of which all numbers are made.
func with(room []float64, size, n int, gain float64) []float64 {
	if gain <= 0 {
		return room
	}
	out := slices.Clone(room)
	if size == 0 {
		for c := range out {
			out[c] += float64(float64(n) * gain)
		}
		return out
	}
	if n >= (len(out)-1)/size {
		for c := size; c < len(out); c++ {
			out[c] = max(out[c], out[c-size]+gain)
		}
		return out
	}
	for some := 1; n > 0; some *= 2 {
		some = min(some, n)
		n -= some
		for c := len(out) - 1; c >= some*size; c-- {
			out[c] = max(out[c], out[c-some*size]+float64(float64(some)*gain))
		}
	}
	return out
}

// can is what a state of so much price and room left can become once the kinds before number i are done, at most.
func (s *sack) can(price int64, left []int64, i int) float64 {
	sold := s.sold(left)
	most := sold + s.rest[i]
	for t := range s.tables {
		d := s.tables[t].dimension
		most = min(most, sold-float64(float64(left[d])*s.rates[d])+s.tables[t].brings[i][left[d]/s.tables[t].grain])
	}
	return float64(price) + most + s.margin
}

// A filling is a set of items, by class, and what it is worth.
type filling struct {
	price   int64
	classes []int
	counts  []int64
}

// fill finds sets that are worth more than known, the dearest first, and a bound of the dearest: what it is worth if no
// more than width states had to be kept at any time, or known where there is none. With all, sets that are not the dearest
// are looked for too. Work is how many states were looked at.
func (s *sack) fill(known int64, width int, all bool, work *int) (sets []filling, bound int64) {
	s.known, s.found = known-s.base, s.found[:0]
	lost := math.Inf(-1)
	if s.base > known {
		s.found = append(s.found, state{from: -1})
		if !all {
			s.known = 0
		}
	}
	dims := len(s.room)
	stages := [][]state{{{from: -1, bound: s.can(0, s.room, 0)}}}
	left := slices.Clone(s.room)
	var room []int64
	for i := range s.kinds {
		var next []state
		room = room[:0]
		for j := range stages[i] {
			from := &stages[i][j]
			if from.bound <= float64(s.known) {
				continue
			}
			next, room = s.extend(next, room, from, j, left[from.at:from.at+dims], i, all)
			if len(next) > 8*width {
				next, lost = s.thin(next, room, width, lost)
			}
		}
		*work += (len(next) + 1) * (1 + dims/3)
		next, lost = s.thin(next, room, width, lost)
		left = left[:0]
		for j := range next {
			left = append(left, room[next[j].at:next[j].at+dims]...)
			next[j].at = j * dims
		}
		stages = append(stages, next)
	}
	return s.results(stages, lost)
}

// extend appends what becomes of a state with each possible number of items of kind i.
func (s *sack) extend(list []state, room []int64, from *state, j int, left []int64, i int, all bool) ([]state, []int64) {
	k := &s.kinds[i]
	most := fitting(left, k.size, k.count)
	if price := from.price + most*k.price; most > 0 && price > s.known {
		s.found = append(s.found, state{price: price, stage: i + 1, from: j, count: most})
		if !all {
			s.known = price
		} else if len(s.found) >= 8*finds {
			s.dearest()
		}
	}
	for n := most; n >= 0; n-- {
		at := len(room)
		for d, x := range left {
			room = append(room, x-n*k.size[d])
		}
		price := from.price + n*k.price
		bound := s.can(price, room[at:], i+1)
		if bound <= float64(s.known) {
			room = room[:at]
			continue
		}
		list = append(list, state{price: price, bound: min(bound, from.bound), stage: i + 1, from: j, count: n, at: at})
	}
	return list, room
}

// dearest keeps no more sets than are wanted.
func (s *sack) dearest() {
	slices.SortStableFunc(s.found, func(a, b state) int { return cmp.Compare(b.price, a.price) })
	if len(s.found) > finds {
		s.found = s.found[:finds]
		s.known = max(s.known, s.found[finds-1].price)
	}
}

// thin drops states that another one dominates, and all but the most promising. It returns the most that those could have
// become, or lost if that is more.
func (s *sack) thin(list []state, room []int64, width int, lost float64) ([]state, float64) {
	list, lost = promising(list, 3*width, lost) // it takes less time to compare fewer
	return promising(s.undominated(list, room), width, lost)
}

func promising(list []state, width int, lost float64) ([]state, float64) {
	if len(list) <= width {
		return list, lost
	}
	slices.SortFunc(list, func(a, b state) int {
		switch {
		case a.bound != b.bound:
			return cmp.Compare(b.bound, a.bound)
		case a.from != b.from:
			return a.from - b.from
		default:
			return cmp.Compare(a.count, b.count)
		}
	})
	return list[:width], max(lost, list[width].bound)
}

// undominated drops states beside which there is one with no less room that is worth no less.
func (s *sack) undominated(list []state, room []int64) []state {
	dims := len(s.room)
	slices.SortFunc(list, func(a, b state) int {
		for d := range dims {
			if x, y := room[a.at+d], room[b.at+d]; x != y {
				return cmp.Compare(y, x)
			}
		}
		if a.price != b.price {
			return cmp.Compare(b.price, a.price)
		}
		return cmp.Compare(a.from, b.from)
	})
	kept := list[:0]
	var steps []step
	for _, st := range list {
		left := room[st.at : st.at+dims]
		dominated := false
		if dims <= 2 {
			last := int64(0)
			if dims > 1 {
				last = left[1]
			}
			steps, dominated = climb(steps, last, st.price)
		} else {
			for i := len(kept) - 1; i >= max(0, len(kept)-lookback) && !dominated; i-- {
				dominated = kept[i].price >= st.price && covers(room[kept[i].at:kept[i].at+dims], left)
			}
		}
		if !dominated {
			kept = append(kept, st)
		}
	}
	return kept
}

func covers(a, b []int64) bool {
	for d, x := range b {
		if a[d] < x {
			return false
		}
	}
	return true
}

// A step is the highest price among states with at least so much room.
type step struct{ room, price int64 }

// climb looks for a step with no less room and no lower price, and adds one where there is none. Steps go from the most
// room and lowest price to the least room and highest price.
func climb(steps []step, room, price int64) ([]step, bool) {
	i, _ := slices.BinarySearchFunc(steps, room, func(s step, room int64) int {
		if s.room >= room {
			return -1
		}
		return 1
	})
	if i > 0 && steps[i-1].price >= price {
		return steps, true
	}
	end := i
	for end < len(steps) && steps[end].price <= price {
		end++
	}
	if i > 0 && steps[i-1].room == room {
		i--
	}
	return slices.Replace(steps, i, end, step{room, price}), false
}

// results are the sets found, and what the dearest is worth at most.
func (s *sack) results(stages [][]state, lost float64) ([]filling, int64) {
	s.dearest()
	bound := s.known + s.base
	var out []filling
	for _, st := range s.found {
		f := filling{price: st.price + s.base}
		bound = max(bound, f.price)
		for _, k := range s.given {
			f.classes, f.counts = append(f.classes, k.class), append(f.counts, k.count)
		}
		for st.stage > 0 {
			if st.count > 0 {
				f.classes, f.counts = append(f.classes, s.kinds[st.stage-1].class), append(f.counts, st.count)
			}
			st = stages[st.stage-1][st.from]
		}
		out = append(out, f)
	}
	if !math.IsInf(lost, -1) {
		bound = max(bound, s.base+int64(math.Ceil(lost)))
	}
	return out, bound
}
