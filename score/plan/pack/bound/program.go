package bound

import (
	"context"
	"encoding/binary"
	"math"
	"slices"

	"github.com/infraopt/infraopt/score/plan/pack/instance"
)

// A program is the configuration LP (Gilmore and Gomory 1961): the fewest hosts, each filled with a pattern, so that all
// items of each class have a place. Patterns are made as they are needed, by filling hosts with what is dearest at the
// prices that the programme gives (column generation).
type program struct {
	in       *instance.Instance
	classes  []class
	sizes    [][]int64 // by class, in units that divide all of them
	counts   []int64   // by class: items that need a place
	hosts    []host    // with capacities in the same units
	exact    bool      // classes and hosts are as they are in the instance, and nothing else restricts plans
	lp       *simplex
	limited  []int // by host type: its row, -1 for none
	patterns []pattern
	known    map[string]bool
	work     int // done so far, in states that were looked at
	effort   int // how much there may be

	narrow bool // only patterns that are quickly found are looked for

	bound int // the best one, and the prices that prove it
	proof valuation
}

// A pattern is a set of items that fit into a host of a type.
type pattern struct {
	host int
	filling
	column int
}

const (
	// unit is a host's price in the programme: prices are whole numbers.
	unit = 1_000_000_000
	// slack is by how much patterns have to be worth more than their host costs to be worth a column.
	slack = unit / 1_000_000
	// unplaced is what the programme pays, in hosts, for an item without a place.
	unplaced = 16
	// manyItems is above what number sums of prices might overflow.
	manyItems = 1 << 28
	// pricings is how often better patterns are looked for unless the options say otherwise.
	pricings = 1000
	// effort is how much work the programme may take, in states that the search for patterns looks at.
	effort = 2_500_000
	// pivots is how many of them a solution of the programme may take.
	pivots = 20_000
)

// widths are how many states the search for better patterns keeps: more only where fewer find nothing.
var widths = []int{8, narrow, 2_000, 30_000}

// narrow is up to what width several patterns are looked for at once.
const narrow = 100

// newProgram prepares the programme; nil where there is nothing to solve, or too much.
func newProgram(in *instance.Instance) *program {
	if len(in.Items) == 0 || len(in.Items) > manyItems {
		return nil
	}
	return programOf(in, classesOf)
}

// programOf prepares the programme of classes; nil where one fits no host, or there are none.
func programOf(in *instance.Instance, classesOf func(*instance.Instance) ([]class, bool)) *program {
	p := &program{in: in, known: map[string]bool{}, effort: effort}
	var same bool
	p.classes, p.exact = classesOf(in)
	p.hosts, same = hostsOf(in)
	p.exact = p.exact && same && len(in.Apart) == 0 && !slices.ContainsFunc(in.Items, func(it instance.Item) bool { return it.Allow != nil })
	if len(p.classes) == 0 {
		return nil
	}
	for _, c := range p.classes {
		p.sizes = append(p.sizes, slices.Clone(c.size))
		p.counts = append(p.counts, int64(len(c.items)))
		if !slices.ContainsFunc(p.hosts, func(h host) bool { return covers(h.Capacity, c.size) }) {
			return nil
		}
	}
	p.reduce()
	p.rows()
	for h := range p.hosts {
		for c := range p.counts {
			p.column(h, p.greedy(h, c))
		}
	}
	return p
}

// reduce measures each dimension in the greatest unit that divides all sizes.
func (p *program) reduce() {
	for d := range p.in.Dimensions {
		g := int64(0)
		for _, s := range p.sizes {
			for a := s[d]; a > 0; {
				g, a = a, g%a
			}
		}
		if g <= 1 {
			continue
		}
		for _, s := range p.sizes {
			s[d] /= g
		}
		for h := range p.hosts {
			p.hosts[h].Capacity[d] /= g
		}
	}
}

// rows sets the programme up: a row per class, that its items have a place, and one per type of which there are so many.
func (p *program) rows() {
	var rhs, costs []float64
	for _, n := range p.counts {
		rhs, costs = append(rhs, float64(n)), append(costs, unplaced)
	}
	for h := range p.hosts {
		p.limited = append(p.limited, -1)
		if p.hosts[h].Count >= 0 {
			p.limited[h] = len(rhs)
			rhs, costs = append(rhs, float64(min(p.hosts[h].Count, len(p.in.Items)))), append(costs, 0)
		}
	}
	p.lp = newSimplex(rhs, costs)
	for c := range p.counts { // a place may stay empty
		p.lp.add(column{rows: []int{c}, adds: []float64{-1}, upper: math.Inf(1)})
	}
}

// greedy fills a host with items of one class, and then with the others from the largest.
func (p *program) greedy(h, first int) filling {
	left := slices.Clone(p.hosts[h].Capacity)
	var f filling
	put := func(c int) {
		if n := fitting(left, p.sizes[c], p.counts[c]); n > 0 {
			f.classes, f.counts = append(f.classes, c), append(f.counts, n)
			for d, x := range p.sizes[c] {
				left[d] -= n * x
			}
		}
	}
	put(first)
	for c := range p.counts {
		if c != first {
			put(c)
		}
	}
	return f
}

// column adds a pattern to the programme, unless it is there.
func (p *program) column(h int, f filling) bool {
	if len(f.classes) == 0 {
		return false
	}
	counts := make([]int64, len(p.counts))
	for i, c := range f.classes {
		counts[c] = f.counts[i]
	}
	key := binary.AppendVarint(nil, int64(h))
	col := column{upper: math.Inf(1)}
	for c, n := range counts {
		key = binary.AppendVarint(key, n)
		if n > 0 {
			col.rows, col.adds = append(col.rows, c), append(col.adds, float64(n))
		}
	}
	if p.known[string(key)] {
		return false
	}
	p.known[string(key)] = true
	if !p.hosts[h].Open {
		col.cost = 1
	}
	if r := p.limited[h]; r >= 0 {
		col.rows, col.adds = append(col.rows, r), append(col.adds, 1)
	}
	p.patterns = append(p.patterns, pattern{h, f, len(p.lp.columns)})
	p.lp.add(col)
	return true
}

// generate solves the programme, and stops where its bound cannot become better or reaches the target. What is known is a
// bound of another kind.
//
// Patterns are first looked for between the programme's prices, which jump to and fro, and those that prove most so far
// (Wentges 1997). What is found there also proves more.
func (p *program) generate(ctx context.Context, rounds, known, target int) {
	p.bound = known
	widest := len(widths) - 1
	if p.narrow {
		widest = 1
	}
	width := 0
	var center valuation
	proven := 0.
	done := func() bool { return p.bound >= min(target, p.least()) }
	for range rounds {
		if ctx.Err() != nil || p.work > p.effort || !p.solve() {
			return
		}
		here, added := p.duals(), false
		for smooth := center.prices != nil; !added && !done(); {
			v := here
			if smooth {
				v = between(center, here)
			}
			sets, worth, exact := p.price(v, widths[width])
			if proves := p.prove(v, worth); proves > proven {
				center, proven = v, proves
			}
			for h, list := range sets {
				for _, f := range list {
					if here.worth(f) > here.costs[h] && p.column(h, f) {
						added = true
					}
				}
			}
			switch {
			case smooth:
				smooth = false
			case !added && (exact || width == widest):
				return
			case !added:
				width++
				smooth = true
			}
		}
		if done() {
			return
		}
		width = max(0, width-1)
	}
}

// solve solves the programme with the patterns that there are.
func (p *program) solve() bool {
	before := p.lp.steps
	ok := p.lp.solve(pivots)
	p.work += (p.lp.steps - before) * len(p.lp.rhs) * len(p.lp.rhs) / flopsPerState
	return ok
}

// flopsPerState is how many numbers of an inverse take as long as one state.
const flopsPerState = 500

// A valuation is what classes are worth, and what a host of each type costs with what the programme would pay for one
// more of them.
type valuation struct{ prices, costs []int64 }

// towards is how much of the way from the best prices to those of the programme patterns are looked for first.
const towards = .3

func between(a, b valuation) valuation {
	mix := func(a, b []int64) []int64 {
		out := make([]int64, len(a))
		for i := range out {
			out[i] = a[i] + int64(float64(b[i]-a[i])*towards)
		}
		return out
	}
	return valuation{mix(a.prices, b.prices), mix(a.costs, b.costs)}
}

func (v *valuation) worth(f filling) int64 {
	sum := int64(0)
	for i, c := range f.classes {
		sum += v.prices[c] * f.counts[i]
	}
	return sum
}

// least is the value of the programme as it is, rounded up: no bound by it is better.
func (p *program) least() int {
	hosts := 0
	for h := range p.hosts {
		if p.hosts[h].Open {
			hosts = sum(hosts, p.hosts[h].Count)
		}
	}
	return sum(hosts, int(math.Ceil(p.lp.cost()-1e-6)))
}

// duals are the prices of classes at the solution of the programme, rounded down.
func (p *program) duals() valuation {
	v := valuation{make([]int64, len(p.counts)), make([]int64, len(p.hosts))}
	for c := range v.prices {
		v.prices[c] = int64(max(0, min(unplaced, p.lp.duals[c])) * unit)
	}
	for h := range v.costs {
		cost := 0.
		if !p.hosts[h].Open {
			cost = 1
		}
		if r := p.limited[h]; r >= 0 {
			cost += max(0, -p.lp.duals[r])
		}
		v.costs[h] = int64(cost*unit) + slack
	}
	return v
}

// price looks for patterns that are worth more than their hosts cost, and for what a host of each type is worth at most.
// The search is exact where no wider one can find more.
func (p *program) price(v valuation, width int) (sets [][]filling, worth []uint64, exact bool) {
	sets, worth, exact = make([][]filling, len(p.hosts)), make([]uint64, len(p.hosts)), true
	for h := range p.hosts {
		s := newSack(p.hosts[h].Capacity, p.sizes, p.counts, v.prices)
		s.prepare()
		s.tabulate()
		most := int64(0)
		var d *dense
		if width > widths[0] {
			d = s.dense(v.costs[h])
		}
		if d != nil {
			sets[h], most = d.fill(v.costs[h], &p.work)
		} else {
			sets[h], most = s.fill(v.costs[h], width, width <= narrow, &p.work)
		}
		worth[h] = uint64(most)
		found := v.costs[h]
		if len(sets[h]) > 0 {
			found = max(found, sets[h][0].price)
		}
		exact = exact && most <= found
	}
	return sets, worth, exact
}

// prove keeps the prices if they prove more than others did: so many hosts are needed to be worth as much as all items
// (Farley 1990). It returns how many, not rounded.
func (p *program) prove(v valuation, worth []uint64) float64 {
	hosts, share := p.needed(v, worth)
	if hosts > p.bound {
		p.bound, p.proof = hosts, v
	}
	return float64(hosts) - 1 + share
}

// needed is how many hosts, worth so much each, are worth as much as all items, and how much of the last one is needed.
func (p *program) needed(v valuation, worth []uint64) (hosts int, share float64) {
	var need wide
	for c, n := range p.counts {
		need = need.plus(uint64(v.prices[c]) * uint64(n))
	}
	types := make([]instance.HostType, len(p.hosts))
	for h := range types {
		types[h] = p.hosts[h].HostType
	}
	hosts, share = filled(types, need, worth)
	return min(hosts, atMost(p.in)), share
}

const (
	// coarsest and simplifications are how many small units the prices of a proof are tried in, and in how many of them a
	// proof may be worked out.
	coarsest        = 3000
	simplifications = 12
)

// simplify looks for prices in a larger unit, that is for smaller numbers, which prove as much. The fewer different sums
// there are, the easier it is to check a proof.
func (p *program) simplify() {
	tries := 0
	for per := int64(1); per <= unit/10 && tries < simplifications; per++ {
		if per > coarsest {
			per = per*10 - 1
		}
		v := valuation{make([]int64, len(p.counts)), make([]int64, len(p.hosts))}
		for c, price := range p.proof.prices {
			v.prices[c] = rescaled(price, per)
		}
		for h, cost := range p.proof.costs {
			v.costs[h] = rescaled(cost, per)
		}
		worth := make([]uint64, len(p.hosts))
		for h := range worth {
			worth[h] = uint64(v.costs[h])
		}
		for i := range p.patterns { // a host is worth no less than the patterns that are known
			q := &p.patterns[i]
			worth[q.host] = max(worth[q.host], uint64(v.worth(q.filling)))
		}
		if n, _ := p.needed(v, worth); n < p.bound {
			continue
		}
		tries++
		_, worth, _ = p.price(v, widths[2])
		if n, _ := p.needed(v, worth); n >= p.bound {
			p.proof = v
			return
		}
		per += per / 2 // a little finer will not do
	}
}

// rescaled is a price in units of which so many are a host's.
func rescaled(price, per int64) int64 {
	return int64(math.Round(float64(price) / unit * float64(per)))
}

// certificate states the best prices.
func (p *program) certificate() instance.Certificate {
	c := instance.Certificate{Kind: instance.Configuration, Bound: p.bound, Of: make([]int, len(p.in.Items))}
	for k := range p.classes {
		c.Classes = append(c.Classes, instance.Class{Size: p.classes[k].size, Price: p.proof.prices[k]})
		for _, i := range p.classes[k].items {
			c.Of[i] = k
		}
	}
	return c
}
