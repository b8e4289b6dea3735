package pack

import (
	"cmp"
	"slices"
)

// A squeezer makes do with fewer hosts: it empties one, and what was on it waits in a pool until all of it has found a
// place. To make place, a few bins at a time are emptied and filled anew, together with items of the pool; what comes out
// is kept when less waits than before or, if as much does, when what is free is gathered in fewer bins.
type squeezer struct {
	l    *layout
	r    *random
	pool []int32
	want []int32 // by item: the tag of the bin where it ought to stay, -1 for none; nil where it makes no difference
	heat float64 // how much worse than before a step may be, in hosts; it falls from step to step

	bins   []int32
	before []int32 // what was taken out, bins first, then of the pool
	home   []int32 // where each of before was; -1 for the pool
	order  []int32
	key    []float64
	after  []int32 // what waits after the step
	turned []turned
}

// turned is a bin that was of type t before the step.
type turned struct{ b, t int32 }

// poolShare is how many items of the pool take part in a step.
const poolShare = 12

// squeeze first places what has no host, then takes hosts out of use one by one, until floor is reached or so much work
// was done, counted in items looked at. It returns the best layout, nil if it found none that is better than before, and
// the work that is left.
func (s *squeezer) squeeze(floor, work, number int, stop func() bool) (*choice, int) {
	var best *choice
	for _, i := range s.l.m.loose {
		if s.l.of[i] < 0 {
			s.pool = append(s.pool, i)
		}
	}
	least := len(s.pool)
	for work > 0 && (len(s.pool) > 0 || s.l.hosts() > floor) {
		if len(s.pool) == 0 && !s.empty() {
			break
		}
		total := work
		for steps := 0; len(s.pool) > 0; steps++ {
			if work <= 0 || steps%256 == 0 && stop() {
				return best, 0
			}
			s.heat = .02 * float64(work) / float64(total)
			work -= s.step()
			if n := len(s.pool); n < least && n > 0 {
				least, best = n, s.l.choice(number)
			}
		}
		least, best = 0, s.l.choice(number)
	}
	return best, work
}

// empty takes the host out of use on which least is that can move.
func (s *squeezer) empty() bool {
	l := s.l
	victim, least := int32(-1), 0.0
	for b := int32(len(l.m.start)); b < int32(len(l.kind)); b++ {
		sum := 0.0
		for _, i := range l.items[b] {
			sum += s.weight(i)
		}
		if victim < 0 || sum < least {
			victim, least = b, sum
		}
	}
	if victim < 0 {
		return false
	}
	for len(l.items[victim]) > 0 {
		i := l.items[victim][len(l.items[victim])-1]
		l.take(i)
		s.pool = append(s.pool, i)
	}
	t := l.kind[victim]
	l.close(victim)
	s.upgrade(t)
	return true
}

// upgrade has the host of type t that became free take over from the smallest one that it can stand for.
func (s *squeezer) upgrade(t int32) {
	l := s.l
	best := int32(-1)
	for b := int32(len(l.m.start)); b < int32(len(l.kind)) && s.want == nil; b++ {
		if u := l.kind[b]; u != t && within(l.m.in.Types[u].Capacity, l.m.in.Types[t].Capacity, nil) && l.m.total(u) < l.m.total(t) &&
			(best < 0 || l.m.total(u) < l.m.total(l.kind[best])) && s.welcome(b, t) {
			best = b
		}
	}
	if best >= 0 {
		l.turn(best, t)
	}
}

// welcome reports whether hosts of type t may carry everything in the bin.
func (s *squeezer) welcome(b, t int32) bool {
	for _, i := range s.l.items[b] {
		if !s.l.m.allows(&s.l.m.classes[s.l.m.of[i]], t) {
			return false
		}
	}
	return true
}

func (s *squeezer) weight(i int32) float64 { return s.l.m.classes[s.l.m.of[i]].weight }

// gathered measures how what is free is gathered in bins: the sum of squares.
func (s *squeezer) gathered() float64 {
	sum := 0.0
	for _, b := range s.bins {
		sum += s.slack(b)
	}
	return sum
}

func (s *squeezer) slack(b int32) float64 {
	free := 0.0
	for k, v := range s.l.room(b) {
		free += s.l.m.worth[k] * float64(v)
	}
	return free * free
}

// step empties some bins and fills them anew. It returns how many items it looked at.
func (s *squeezer) step() int {
	l, r := s.l, s.r
	s.choose()
	before := s.gathered()
	s.before, s.home = s.before[:0], s.home[:0]
	for _, b := range s.bins {
		for x := len(l.items[b]) - 1; x >= 0; x-- {
			i := l.items[b][x]
			if l.m.fixed[i] < 0 {
				l.take(i)
				s.before, s.home = append(s.before, i), append(s.home, b)
			}
		}
	}
	// Some of the pool, which are moved to its end.
	share := min(len(s.pool), poolShare)
	rest := len(s.pool) - share
	waiting := 0.0
	for x := len(s.pool) - 1; x >= rest; x-- {
		y := r.below(x + 1)
		s.pool[x], s.pool[y] = s.pool[y], s.pool[x]
		s.before, s.home = append(s.before, s.pool[x]), append(s.home, -1)
		waiting += s.weight(s.pool[x])
	}
	s.turn()
	s.refill()
	left := 0.0
	for _, i := range s.after {
		left += s.weight(i)
	}
	gain := waiting - left + .1*(s.gathered()-before)
	if s.want != nil {
		gain -= homesick * float64(s.strayed())
	}
	if len(s.after) == 0 || gain >= -s.heat*r.float() {
		s.pool = append(s.pool[:rest], s.after...)
		return 1 + len(s.before)*len(s.bins)
	}
	for _, i := range s.before {
		if l.of[i] >= 0 {
			l.take(i)
		}
	}
	for _, u := range slices.Backward(s.turned) {
		l.turn(u.b, u.t)
	}
	for x, i := range s.before {
		if s.home[x] >= 0 {
			l.put(i, s.home[x])
		}
	}
	return 1 + len(s.before)*len(s.bins)
}

// homesick is what it counts, in hosts, when one more item is not where it ought to stay.
const homesick = .003

// strayed returns how many more items than before the step are not where they ought to stay.
func (s *squeezer) strayed() int {
	more := 0
	for x, i := range s.before {
		if s.want[i] < 0 {
			continue
		}
		if b := s.home[x]; b >= 0 && s.l.tag[b] == s.want[i] {
			more++
		}
		if b := s.l.of[i]; b >= 0 && s.l.tag[b] == s.want[i] {
			more--
		}
	}
	return more
}

// turn now and then has a host of another type stand for a bin that was emptied.
func (s *squeezer) turn() {
	l := s.l
	s.turned = s.turned[:0]
	if s.want != nil || len(l.left) < 2 {
		return
	}
	for _, b := range s.bins {
		if int(b) < len(l.m.start) || s.r.below(3) > 0 {
			continue
		}
		if t := int32(s.r.below(len(l.left))); t != l.kind[b] && l.left[t] > 0 {
			s.turned = append(s.turned, turned{b, l.kind[b]})
			l.turn(b, t)
		}
	}
}

// choose picks the bins of a step: two to four.
func (s *squeezer) choose() {
	n := 2 + s.r.below(8)/5 + s.r.below(8)/7
	s.bins = s.bins[:0]
	for range min(n, len(s.l.kind)) {
		if b := int32(s.r.below(len(s.l.kind))); !slices.Contains(s.bins, b) {
			s.bins = append(s.bins, b)
		}
	}
}

// refill puts what was taken out back into the bins, in another order; what finds no place is in after.
func (s *squeezer) refill() {
	l := s.l
	s.order = append(s.order[:0], s.before...)
	if s.r.below(2) == 0 {
		shuffle(s.r, s.order)
	} else {
		noise := .5 * s.r.float()
		s.key = s.key[:0]
		for _, i := range s.order {
			s.key = append(s.key, s.weight(i)*(1+noise*s.r.float()))
		}
		// Few items: sorting by insertion keeps the keys beside them.
		for x := 1; x < len(s.order); x++ {
			for y := x; y > 0 && cmp.Less(s.key[y-1], s.key[y]); y-- {
				s.key[y-1], s.key[y] = s.key[y], s.key[y-1]
				s.order[y-1], s.order[y] = s.order[y], s.order[y-1]
			}
		}
	}
	s.after = s.after[:0]
	for _, i := range s.order {
		placed := false
		for _, b := range s.bins {
			if l.fits(l.m.of[i], b) {
				l.put(i, b)
				placed = true
				break
			}
		}
		if !placed {
			s.after = append(s.after, i)
		}
	}
}
