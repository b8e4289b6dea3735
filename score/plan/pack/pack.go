// Package pack plans which host carries what, so that few hosts are in use: vector bin packing with several types of
// host, things kept apart, things that only some hosts may carry, and spares.
//
// No single rule is good everywhere, so a portfolio of them is tried: orders from the largest item down, such orders with
// some noise, shuffled orders, layouts that leave most things where they are, and what the configuration LP of package
// bound suggests. Then a search empties hosts one by one. It ends as soon as the plan is as good as the bound. Every
// candidate has a number and a generator of its own, so the plan does not depend on how many work on it, or how fast.
package pack

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/infraopt/infraopt/score/plan/pack/bound"
	"github.com/infraopt/infraopt/score/plan/pack/instance"
)

// Options of a search. The zero Options are a good search.
type Options struct {
	Seed uint64
	// Orders is how many orders with noise and how many shuffled orders are tried; 0 for a number that follows from the
	// size: 20,000 items take some seconds on one core.
	Orders int
	// Workers is how many candidates are worked on at a time; 0 for one on each CPU. The plan does not depend on it.
	Workers int
	// Effort is the share of the usual work that is done, above 0 and below 1; 0 for all of it. Below a half, the
	// configuration LP is left out.
	Effort float64
	// Quick does no more than the simplest layouts and bounds: to compare a plan with other things that could be done.
	Quick bool
}

// A Solution is a plan with a proof of how good any plan could be.
type Solution struct {
	Plan  instance.Plan
	Bound instance.Certificate
	// Spares is how many spares each host in use ought to have. There are fewer in the plan where there are not enough
	// hosts that could take over from one in use: Lacking says which those are.
	Spares  int
	Lacking []int // hosts of the plan, by their index in Plan.Hosts, that have fewer spares than they ought to have
	// Unplaced lists the items that no host has room for beside the others, or that none may carry.
	Unplaced []int
	Moves    int  // items that leave the host they run on
	Stopped  bool // the context ended the search before it was done
}

// Solve plans for an instance. Fewest items without a host come first, then that there are enough spares, then fewest
// hosts in use, then fewest spares and moves. When the context ends, so does the search, with the best plan so far: one is
// found in any case. An error says what is wrong with the instance.
func Solve(ctx context.Context, in *instance.Instance, opt Options) (*Solution, error) {
	m, err := newModel(in)
	if err != nil {
		return nil, err
	}
	s := newSearch(ctx, m, opt)
	s.solve()
	out := s.best.solution(m, s.cert, s.k)
	out.Stopped = s.stopped
	return out, nil
}

// A search is one run of the portfolio on an instance.
type search struct {
	ctx     context.Context
	m       *model
	seed    uint64
	workers int
	orders  int
	quick   bool
	light   bool
	work    int // of a squeeze of all hosts, in items looked at
	filling int // how much work fillers may do for a family of candidates

	cert    instance.Certificate
	k       int // spares that each host ought to have
	best    *result
	stay    *result // the best of those that leave things where they are
	next    int     // number of the next candidate
	stopped bool
}

func newSearch(ctx context.Context, m *model, opt Options) *search {
	s := &search{ctx: ctx, m: m, seed: opt.Seed, workers: opt.Workers, orders: opt.Orders, quick: opt.Quick}
	n := len(m.loose)
	if s.workers <= 0 {
		s.workers = runtime.GOMAXPROCS(0)
	}
	if s.orders <= 0 {
		s.orders = min(50+100_000/max(n, 1), 200)
	}
	effort := 1.0
	if opt.Effort > 0 && opt.Effort < 1 {
		effort = opt.Effort
	}
	s.orders = int(float64(s.orders) * effort)
	s.light = effort < .5
	if s.quick {
		s.orders = 0
	}
	s.work = (min(n, 1000)*20_000 + max(n-1000, 0)*1000) / max(1, m.d/2)
	s.work = int(float64(s.work) * effort)
	s.filling = int(fillingWork * effort)
	return s
}

const (
	// fillingWork is how much work fillers may do for a family of candidates, in numbers looked at: about half a second on one
	// core. Only where there are many items of many sizes is it less than all orders take.
	fillingWork = 150_000_000
	// mostBatch and batchNumbers bound how many candidates are made between two looks at whether the best is good enough, and
	// at the work that is left: so many, and no more than that have so many sizes together.
	mostBatch, batchNumbers = 16, 320_000
)

// A maker makes the candidate x of a family, whose number among all is given; stop tells it to end. The filler is for it
// alone, as long as it works.
type maker func(f *filler, x, number int, stop func() bool) *choice

// try makes n candidates, and keeps the best. It ends early when the best cannot be improved, or the work of fillers is
// done. The fillers begin with what is in base.
func (s *search) try(n int, base *layout, one maker) {
	batch := max(2, min(mostBatch, batchNumbers/max(1, len(s.m.of)*s.m.d)))
	fillers := make([]*filler, min(s.workers, batch, n))
	for w := range fillers {
		fillers[w] = newFiller(s.m, base)
	}
	for from, left := 0, s.filling; from < n && left > 0 && !s.done(); from += batch {
		made := make([]*choice, min(batch, n-from))
		var at atomic.Int64
		var group sync.WaitGroup
		for _, f := range fillers {
			group.Go(func() {
				for x := int(at.Add(1)) - 1; x < len(made); x = int(at.Add(1)) - 1 {
					if number := s.next + x; number == 0 || !s.over() {
						if made[x] = one(f, from+x, number, s.over); made[x] != nil {
							made[x].work = f.worked()
						}
					}
				}
			})
		}
		group.Wait()
		s.next += len(made)
		for _, c := range made {
			s.consider(c)
			if c != nil {
				left -= c.work
			}
		}
		s.stopped = s.over() && !s.done()
	}
}

func (s *search) over() bool { return s.ctx.Err() != nil }

// consider keeps a candidate if it is the best so far.
func (s *search) consider(c *choice) {
	if c == nil {
		return
	}
	if b := s.best; b != nil {
		worse := c.without > b.without || c.without == b.without && len(c.kind) > len(b.kind)
		same := c.without == b.without && len(c.kind) == len(b.kind)
		// Finishing a layout to find out how it compares costs more than making it: only where it may be better.
		if b.reserve.level == s.k && (worse || same && (!c.stays || !s.m.placed)) {
			return
		}
	}
	if r := s.m.finish(c, s.k); r.better(s.best) {
		s.best = r
	}
}

// done reports whether the best layout cannot have fewer hosts, and the search should end.
func (s *search) done() bool {
	return s.stopped || s.best != nil && s.best.without == 0 && len(s.best.kind) <= s.cert.Bound && s.best.reserve.level == s.k
}

// solve looks for the fewest hosts, then for spares. What it does before it comes to the spares does not depend on them,
// so that more spares never make fewer hosts.
func (s *search) solve() {
	s.cert = simple(s.m.in)
	all := s.m.supply()
	s.portfolio(all)
	if !s.quick {
		if !s.done() && !s.light {
			s.prove()
		}
		s.squeeze(all, s.work)
		s.settle(all)
	}
	s.provide()
}

// portfolio tries layouts that leave things where they are, and orders.
func (s *search) portfolio(from supply) {
	base := newLayout(s.m, from)
	if s.m.placed {
		homes := s.m.homes()
		s.try(s.keepers(), base, func(f *filler, x, number int, _ func() bool) *choice {
			k := &keeper{m: s.m, s: from, homes: homes, f: f}
			if x < len(criteria) {
				return k.keep(x, nil, number)
			}
			return k.keep(x-len(criteria), stream(s.seed, number), number)
		})
		s.stay = s.best
		s.settle(from)
	}
	ranks := len(s.m.ranks)
	plain := len(measures) * min(ranks, 4)
	s.try(plain+2*s.orders, base, func(f *filler, x, number int, _ func() bool) *choice {
		r := stream(s.seed, number)
		switch {
		case x < plain:
			f.run(s.m.descending(measures[x%len(measures)], 0, nil), x/len(measures), nil)
		case x%2 == 0:
			f.run(s.m.descending(measures[x/2%len(measures)], noises[x/2%len(noises)], r), x/2%ranks, r)
		default:
			order := append([]int32(nil), s.m.loose...)
			shuffle(r, order)
			f.run(order, x/2%ranks, r)
		}
		return f.choice(number)
	})
}

// noises are how far orders stray from the largest item down.
var noises = []float64{.05, .1, .2, .4, .8}

// prove finds the best bound, and tries the plan that its patterns make.
func (s *search) prove() {
	upper := 0
	if s.best.without == 0 {
		upper = len(s.best.kind)
	}
	cert, patterns := bound.Best(s.ctx, s.m.in, bound.Options{Upper: upper})
	if cert.Bound > s.cert.Bound {
		s.cert = cert
	}
	if patterns == nil || s.done() {
		return
	}
	if p, ok := patterns.Round(s.ctx); ok {
		s.consider(s.m.adopt(&p, s.next))
		s.next++
	}
}

// squeeze empties hosts of the best layout so far. Small instances are cheap enough to try more than once.
func (s *search) squeeze(from supply, work int) {
	rounds, runs := 2, 2
	if len(s.m.loose) > 4000 {
		rounds, runs = 1, 1
	}
	for range rounds {
		if s.done() {
			return
		}
		start, floor := s.best, s.cert.Bound
		s.try(runs, nil, func(_ *filler, _, number int, stop func() bool) *choice {
			q := &squeezer{l: start.layout(s.m, from.left), r: stream(s.seed, number)}
			c, _ := q.squeeze(floor, work/rounds/runs, number, stop)
			return c
		})
	}
}

// settle empties hosts of the layout that best leaves things where they are, until there are as few as are known to do.
func (s *search) settle(from supply) {
	floor := s.cert.Bound
	if s.best != s.stay {
		floor = len(s.best.kind)
	}
	if s.stay == nil || s.stopped || s.stay.without == 0 && len(s.stay.kind) <= floor {
		return
	}
	want := s.stay.wants(s.m)
	s.try(2, nil, func(_ *filler, _, number int, stop func() bool) *choice {
		q := &squeezer{l: s.stay.layout(s.m, from.left), r: stream(s.seed, number), want: want}
		c, _ := q.squeeze(floor, s.work/4, number, stop)
		if c != nil {
			c.stays = true
		}
		return c
	})
	if s.best.stays {
		s.stay = s.best
	}
}

// wants returns for each item the bin that stands for the host it runs on, -1 where none does.
func (r *result) wants(m *model) []int32 {
	bin := make(map[instance.Ref]int32, len(r.hosts))
	for b, ref := range r.hosts {
		bin[ref] = int32(b)
	}
	want := make([]int32, len(m.of))
	for i := range want {
		if b, ok := bin[m.in.Items[i].At]; ok {
			want[i] = b
		} else {
			want[i] = -1
		}
	}
	return want
}

// surely is up to how many spares the search for hosts that can be spared is the same, whatever number is asked for.
const surely = 3

// provide makes sure of the spares: as long as hosts in use have too few, one more host that could help is kept out of
// use and the rest is packed anew.
func (s *search) provide() {
	s.k = asked(s.m.in, s.cert.Bound)
	least := len(s.best.kind) <= s.cert.Bound
	s.best = s.m.finish(s.best.choice, s.k)
	fewest := len(s.best.kind)
	reach := s.k
	if n := len(s.m.loose); n <= 200 && s.k > 0 && !least {
		reach = max(reach, surely)
	}
	if s.best.reserve.level == s.k && (least || reach == s.k) {
		return
	}
	from, last := s.m.supply(), s.best.choice
	for goal, tries := min(1, reach), 0; goal <= reach && tries < 100 && !s.stopped; {
		r := last.reserve(s.m, goal)
		if r.level >= goal {
			if goal++; goal > surely {
				goal = max(goal, reach)
			}
			continue
		}
		t := last.spare(s.m, r)
		if t < 0 {
			break
		}
		tries++
		from.left[t] = max(last.uses(s.m, t)-(goal-r.level), 0)
		if last = s.again(from); last == nil || last.without > s.best.without {
			break
		}
	}
	for kept := s.k; kept <= reach && (s.best.reserve.level < s.k || len(s.best.kind) > fewest); kept++ {
		s.confine(kept)
	}
}

// confine helps where some hosts are larger than those that can be spared, or in use whatever the plan: it keeps some of
// the largest out of use and puts no more on any host than one of them could take.
func (s *search) confine(kept int) {
	tries := 0
	for _, t := range s.m.ranks[0] {
		from := s.m.supply()
		if from.left[t] < kept || tries == 2 || s.stopped {
			continue
		}
		from.left[t] -= kept
		from.limit = s.m.in.Types[t].Capacity
		s.again(from)
		tries++
	}
}

// uses returns how many hosts of the type are in use besides those that are from the start.
func (c *choice) uses(m *model, t int32) int {
	n := 0
	for _, u := range c.kind[len(m.start):] {
		if u == t {
			n++
		}
	}
	return n
}

// again searches with less to draw on, keeps what it finds if that is the best, and returns it.
func (s *search) again(from supply) *choice {
	sub := *s
	sub.best, sub.stay, sub.k, sub.orders, sub.work, sub.filling = nil, nil, 0, s.orders/2, s.work/2, s.filling/2
	sub.portfolio(from)
	sub.squeeze(from, sub.work)
	s.next, s.stopped = sub.next, sub.stopped
	if sub.best == nil {
		return nil
	}
	s.consider(sub.best.choice)
	return sub.best.choice
}

// solution makes a solution of a result.
func (r *result) solution(m *model, cert instance.Certificate, k int) *Solution {
	out := &Solution{Plan: r.plan(m), Bound: cert, Spares: k, Moves: r.moves}
	for i, b := range r.of {
		if b < 0 {
			out.Unplaced = append(out.Unplaced, i)
		}
	}
	for b, n := range r.reserve.short {
		if n > 0 {
			out.Lacking = append(out.Lacking, b)
		}
	}
	return out
}

// adopt makes a choice of a plan that somebody else made.
func (m *model) adopt(p *instance.Plan, number int) *choice {
	l := newLayout(m, m.supply())
	bin := make([]int32, len(p.Hosts))
	for h, ref := range p.Hosts {
		if b := m.first[ref.Type]; b >= 0 {
			bin[h] = b + int32(ref.N)
		} else {
			bin[h] = l.open(int32(ref.Type))
		}
	}
	for _, i := range m.loose {
		if h := p.Of[i]; h >= 0 && l.fits(m.of[i], bin[h]) {
			l.put(i, bin[h])
		}
	}
	for b := int32(len(l.kind)) - 1; b >= int32(len(m.start)); b-- {
		if len(l.items[b]) == 0 {
			l.close(b)
		}
	}
	return l.choice(number)
}

// lightKeepers is how many criteria are tried where there is little work to do: more of them found hardly any better plans.
const lightKeepers = 2

// keepers is how many layouts are tried that leave things where they are: by each criterion, and by each with noise; by the
// first criteria only where there is little work to do.
func (s *search) keepers() int {
	if s.light || s.quick {
		return lightKeepers
	}
	return 2 * len(criteria)
}
