package check

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"

	"github.com/infraopt/infraopt/score/plan/pack/instance"
)

// A sack is a host to be filled with the dearest set of items that fits into it: the bounded knapsack in several
// dimensions. It is filled class by class. States of equal standing are all kept, those that another one dominates or that
// cannot become better than the best one are dropped. What a state can become is bounded by Lagrange's relaxation: room is
// sold at a rate per unit, and items of every class left whose price is above what their room would bring are taken.
type sack struct {
	room  []int64
	kinds []kind
	rates []uint64 // by dimension, in 1/2^scale of the unit of prices
	rest  []wide   // by number of kinds done: what the relaxation makes of the others, in the same unit
	best  int64    // price of the dearest set found
	// patience is how many more comparisons of states there may be. Without any, the result is a bound.
	patience int
}

// A kind is a class of items that all fit into the sack.
type kind struct {
	size  []int64
	price int64
	count int64
}

// A state is a partial set: what it is worth, and the room that it leaves.
type state struct {
	price int64
	bound int64 // what it can become at most
	left  []int64
}

const (
	// scale is how many binary places rates have. Prices are below 2^63, so sums of them stay below 2^128.
	scale = 40
	// How many states are kept between two classes. Where the widest does not suffice, the result is a bound.
	narrow, widest = 100, 20_000
	// patience is how many comparisons of states a certificate may take, all types of host together: a second, about.
	patience = 200_000_000
	// lookback is how many states, of those with as much room, are asked whether they dominate one.
	lookback = 400
)

// sackOf is a host of type t, with the classes of the items that it may carry.
func sackOf(in *instance.Instance, c *instance.Certificate, t int) *sack {
	counts := make([]int64, len(c.Classes))
	for i := range in.Items {
		if allowed(&in.Items[i], t) {
			counts[c.Of[i]]++
		}
	}
	s := &sack{room: in.Types[t].Capacity}
	for k, n := range counts {
		class := &c.Classes[k]
		if n == 0 || class.Price == 0 {
			continue
		}
		for d, size := range class.Size {
			if size > 0 {
				n = min(n, s.room[d]/size)
			}
		}
		if n > 0 {
			s.kinds = append(s.kinds, kind{class.Size, class.Price, n})
		}
	}
	return s
}

// key tells sacks apart that are not worth the same.
func (s *sack) key() string {
	var b []byte
	for _, r := range s.room {
		b = binary.AppendVarint(b, r)
	}
	for i := range s.kinds {
		k := &s.kinds[i]
		b = binary.AppendVarint(b, k.count)
		b = binary.AppendVarint(b, k.price)
		for _, size := range k.size {
			b = binary.AppendVarint(b, size)
		}
	}
	return string(b)
}

// dearest is the price of the dearest set, or a bound of it where to find that set would take too long. Prices of all
// items come to less than 2^63.
func (s *sack) dearest() int64 {
	s.ease()
	if len(s.room) == 0 {
		return s.all()
	}
	s.price()
	if w := s.fill(narrow); w == s.best {
		return w
	}
	return s.fill(widest) // with a good set known, most states need not be kept
}

// all is the price of all items.
func (s *sack) all() int64 {
	sum := int64(0)
	for i := range s.kinds {
		sum += s.kinds[i].price * s.kinds[i].count
	}
	return sum
}

// ease drops the dimensions that have room for everything.
func (s *sack) ease() {
	var tight []int
	for d, left := range s.room {
		for i := range s.kinds {
			k := &s.kinds[i]
			if k.size[d] > 0 && k.count > left/k.size[d] {
				tight = append(tight, d)
				break
			}
			left -= k.count * k.size[d]
		}
	}
	s.room = pick(s.room, tight)
	for i := range s.kinds {
		s.kinds[i].size = pick(s.kinds[i].size, tight)
	}
}

func pick(v []int64, at []int) []int64 {
	out := make([]int64, len(at))
	for i, d := range at {
		out[i] = v[d]
	}
	return out
}

// price settles the rates and puts first the classes on which they are most decided.
func (s *sack) price() {
	f := s.rated()
	s.rates = make([]uint64, len(s.room))
	for d, room := range s.room {
		// No rate makes all of the room dearer than everything, so no sum overflows.
		most := float64(s.all()) / float64(max(1, room)) * (1 << scale)
		s.rates[d] = uint64(max(0, min(f[d]*(1<<scale), most, math.MaxInt64/2)))
	}
	slices.SortStableFunc(s.kinds, func(a, b kind) int {
		ga, gb := s.gain(&a), s.gain(&b)
		if ga.less(gb) {
			return 1
		}
		if gb.less(ga) {
			return -1
		}
		return cmp.Compare(b.price, a.price)
	})
	s.rest = make([]wide, len(s.kinds)+1)
	for i := len(s.kinds) - 1; i >= 0; i-- {
		k := &s.kinds[i]
		s.rest[i] = s.rest[i+1]
		if cost, price := s.cost(k.size), product(uint64(k.price), 1<<scale); cost.less(price) {
			s.rest[i] = s.rest[i].plus(price.minus(cost).times(uint64(k.count)))
		}
	}
}

// cost is what so much room is sold for.
func (s *sack) cost(size []int64) wide {
	var sum wide
	for d, x := range size {
		sum = sum.plus(product(uint64(x), s.rates[d]))
	}
	return sum
}

// gain is how far the price of an item of a kind and of its room are apart.
func (s *sack) gain(k *kind) wide {
	cost, price := s.cost(k.size), product(uint64(k.price), 1<<scale)
	if cost.less(price) {
		return price.minus(cost)
	}
	return cost.minus(price)
}

// rated finds rates at which the relaxation is about least, by steps down its subgradient. It is in floating point: any
// rates give a valid bound, and better ones only save work.
func (s *sack) rated() []float64 {
	dims := len(s.room)
	total := float64(s.all())
	// In shares of the room and of the price of everything.
	size := make([]float64, 0, dims*len(s.kinds))
	price := make([]float64, 0, len(s.kinds))
	for i := range s.kinds {
		k := &s.kinds[i]
		for d, x := range k.size {
			size = append(size, float64(x)/float64(max(1, s.room[d])))
		}
		price = append(price, float64(k.price)/total)
	}
	rates, slope := make([]float64, dims), make([]float64, dims)
	for d := range rates {
		rates[d] = 1 / float64(dims)
	}
	best, least := slices.Clone(rates), math.Inf(1)
	rounds := min(400, 40+20_000_000/(dims*len(s.kinds)+1))
	for round := range rounds {
		sum := 0.
		for d := range rates {
			sum += rates[d]
			slope[d] = 1
		}
		for i := range s.kinds {
			of := size[i*dims : (i+1)*dims]
			gain := price[i]
			for d, x := range of {
				gain -= float64(x * rates[d]) // a conversion keeps the product from being fused: alike on every machine
			}
			if gain > 0 {
				n := float64(s.kinds[i].count)
				sum += float64(gain * n)
				for d, x := range of {
					slope[d] -= float64(x * n)
				}
			}
		}
		if sum < least {
			least = sum
			copy(best, rates)
		}
		length := 0.
		for _, x := range slope {
			length += float64(x * x)
		}
		if length == 0 {
			break
		}
		step := least / math.Sqrt(length) / (2 + float64(round))
		for d := range rates {
			rates[d] = max(0, rates[d]-float64(step*slope[d]))
		}
	}
	for d := range best {
		best[d] *= total / float64(max(1, s.room[d]))
	}
	return best
}

// fill goes through the classes with at most so many states, and returns a bound of the dearest set: what the best state
// is worth or, if that is more, what one could have become that had to be dropped. It keeps the best price in s.best.
func (s *sack) fill(width int) int64 {
	lost := int64(0)
	states := []state{{left: s.room}}
	for i := range s.kinds {
		var next []state
		for j := range states {
			next = s.extend(next, &states[j], i)
			if len(next) > 4*width || j == len(states)-1 {
				next, lost = s.thin(next, width, lost)
			}
		}
		states = next
	}
	return max(s.best, lost)
}

// thin drops states that another one dominates and, of the others, all but the most promising. It returns the most that
// those could have become, or lost if that is more.
func (s *sack) thin(list []state, width int, lost int64) ([]state, int64) {
	list = s.undominated(list)
	if s.patience <= 0 {
		width = 0
	}
	if len(list) > width {
		slices.SortStableFunc(list, func(a, b state) int { return cmp.Compare(b.bound, a.bound) })
		lost = max(lost, list[width].bound)
		list = list[:width]
	}
	return list, lost
}

// extend adds to list what becomes of a state with each possible number of items of kind i.
func (s *sack) extend(list []state, from *state, i int) []state {
	k := &s.kinds[i]
	most := k.count
	for d, x := range k.size {
		if x > 0 {
			most = min(most, from.left[d]/x)
		}
	}
	if full := from.price + most*k.price; full > s.best {
		s.best = full
	}
	for n := most; n >= 0; n-- {
		to := state{price: from.price + n*k.price, left: from.left}
		if n > 0 {
			to.left = make([]int64, len(from.left))
			for d := range to.left {
				to.left[d] = from.left[d] - n*k.size[d]
			}
		}
		if to.bound = s.bound(&to, i+1); to.bound > s.best {
			list = append(list, to)
		}
	}
	return list
}

// bound is what a state can become once the classes before number i are done.
func (s *sack) bound(st *state, i int) int64 {
	sum := product(uint64(st.price), 1<<scale).plus(s.cost(st.left)).plus(s.rest[i])
	return sum.over(scale)
}

// undominated drops states beside which there is one with no less room that is worth no less.
func (s *sack) undominated(list []state) []state {
	slices.SortFunc(list, func(a, b state) int {
		for d := range a.left {
			if c := cmp.Compare(b.left[d], a.left[d]); c != 0 {
				return c
			}
		}
		return cmp.Compare(b.price, a.price)
	})
	kept := list[:0]
	for _, st := range list {
		back := kept[max(0, len(kept)-lookback):]
		s.patience -= len(back) + 1
		beaten := false
		for i := range back { // states are large
			if beaten = dominates(&back[i], &st); beaten {
				break
			}
		}
		if !beaten {
			kept = append(kept, st)
		}
	}
	return kept
}

func dominates(a, b *state) bool {
	if a.price < b.price {
		return false
	}
	for d, left := range a.left {
		if left < b.left[d] {
			return false
		}
	}
	return true
}
