package bound

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/infraopt/infraopt/score/plan/pack/instance"
)

// Patterns are sets of items that fit into one host together, and how often the configuration LP uses each.
type Patterns struct{ *program }

// A use is a pattern and how many hosts are filled with it. Where fewer items are left, its last hosts have room left.
type use struct {
	pattern
	times int
}

const (
	// roundings is how often the programme of what is left may look for better patterns between two steps.
	roundings = 80
	// divingEffort is how much work all dives together may take.
	divingEffort = 1_200_000
)

// shares are from what share of a host on a pattern is rounded up, by the dives that are tried one after the other.
var shares = []float64{.75, .5, .95, .6}

// Round makes a plan of all items from the patterns: whole hosts of the programme's solution are settled, the rest is solved
// again with new patterns, and where none is whole, the largest parts are rounded up. It does not heed what restricts
// single items, so there is no plan of an instance with such restrictions, or with so many sizes that they had to be put
// into groups; nor where too few hosts are left.
func (p *Patterns) Round(ctx context.Context) (instance.Plan, bool) {
	if p == nil || !p.exact || openHosts(p.in) > manyItems {
		return instance.Plan{}, false
	}
	var best instance.Plan
	found, work := false, 0
	for _, share := range shares {
		if found && work > divingEffort {
			break
		}
		uses, ok := p.dive(ctx, share, &work)
		if !ok {
			continue
		}
		if plan, ok := p.plan(uses); ok && (!found || len(plan.Hosts) < len(best.Hosts)) {
			best, found = plan, true
		}
		if found && len(best.Hosts) <= p.bound || ctx.Err() != nil {
			break
		}
	}
	return best, found
}

// dive settles patterns until all items have a place.
func (p *program) dive(ctx context.Context, share float64, work *int) ([]use, bool) {
	rest := p
	left, hosts := slices.Clone(p.counts), make([]int, len(p.hosts))
	for h := range hosts {
		hosts[h] = p.hosts[h].Count
	}
	var uses []use
	for ctx.Err() == nil {
		settled := rest.settle(left, hosts, share)
		if len(settled) == 0 {
			return nil, false
		}
		uses = append(uses, settled...)
		if !slices.ContainsFunc(left, func(n int64) bool { return n > 0 }) {
			return uses, true
		}
		next := rest.remaining(left, hosts)
		if next.effort = divingEffort - *work; next.effort > 0 {
			next.generate(ctx, roundings, 0, math.MaxInt)
		} else {
			next.solve()
		}
		*work += next.work
		rest = next
	}
	return nil, false
}

// remaining is the programme of the items and hosts that are left, with the patterns cut to them.
func (p *program) remaining(left []int64, hosts []int) *program {
	r := &program{in: p.in, classes: p.classes, sizes: p.sizes, counts: slices.Clone(left), known: map[string]bool{}, narrow: true}
	r.hosts = slices.Clone(p.hosts)
	for h := range r.hosts {
		r.hosts[h].Count = hosts[h]
	}
	r.rows()
	for _, q := range p.patterns {
		if hosts[q.host] != 0 {
			r.column(q.host, cut(q.filling, left))
		}
	}
	return r
}

// cut leaves out of a pattern what is not left.
func cut(f filling, left []int64) filling {
	var out filling
	for i, c := range f.classes {
		if n := min(f.counts[i], left[c]); n > 0 {
			out.classes, out.counts = append(out.classes, c), append(out.counts, n)
		}
	}
	return out
}

// settle takes patterns as often as the solution has whole hosts of them, and those of which it has a large share of a
// host once more; where there are none of either, the one with the largest share.
func (p *program) settle(left []int64, hosts []int, share float64) []use {
	var out []use
	take := func(q *pattern, times int) {
		f := cut(q.filling, left)
		if len(f.classes) == 0 || times == 0 {
			return
		}
		if hosts[q.host] >= 0 {
			times = min(times, hosts[q.host])
			hosts[q.host] -= times
		}
		if times == 0 {
			return
		}
		for i, c := range f.classes {
			left[c] = max(0, left[c]-f.counts[i]*int64(times))
		}
		out = append(out, use{*q, times})
	}
	type part struct {
		pattern *pattern
		share   float64
	}
	var parts []part
	for i := range p.patterns {
		q := &p.patterns[i]
		x := p.lp.value(q.column)
		if x < 1e-6 {
			continue
		}
		whole := int(x + 1e-6)
		take(q, whole)
		if f := x - float64(whole); f > 1e-6 {
			parts = append(parts, part{q, f})
		}
	}
	slices.SortStableFunc(parts, func(a, b part) int { return cmp.Compare(b.share, a.share) })
	wholes := len(out)
	for i := range parts {
		// What was whole may leave less for the others: then they wait for the next solution.
		if parts[i].share < share && (wholes > 0 || len(out) > wholes) {
			break
		}
		if len(out) > wholes && !full(parts[i].pattern.filling, left) {
			continue
		}
		take(parts[i].pattern, 1)
	}
	return out
}

// full tells whether there is enough left for a pattern.
func full(f filling, left []int64) bool {
	for i, c := range f.classes {
		if f.counts[i] > left[c] {
			return false
		}
	}
	return true
}

// plan gives the hosts of the patterns their items.
func (p *program) plan(uses []use) (instance.Plan, bool) {
	plan := instance.Plan{Of: make([]int, len(p.in.Items))}
	places := make([][]int, len(p.hosts)) // of open types, whose hosts count in any case
	next := make([]int, len(p.hosts))
	for h := range p.hosts {
		if !p.hosts[h].Open {
			continue
		}
		for _, t := range p.hosts[h].types {
			for n := range p.in.Types[t].Count {
				places[h] = append(places[h], len(plan.Hosts))
				plan.Hosts = append(plan.Hosts, instance.Ref{Type: t, N: n})
			}
		}
	}
	given := make([]int, len(p.classes))
	for _, u := range uses {
		for range u.times {
			f := p.itemsOf(u.filling, given)
			if len(f) == 0 {
				continue
			}
			at := len(plan.Hosts)
			if h := u.host; p.hosts[h].Open {
				at = places[h][next[h]]
			} else {
				ref, ok := p.ref(h, next[h])
				if !ok {
					return plan, false
				}
				plan.Hosts = append(plan.Hosts, ref)
			}
			next[u.host]++
			for _, i := range f {
				plan.Of[i] = at
			}
		}
	}
	return plan, true
}

// itemsOf takes the items of a pattern from those that are not given away yet.
func (p *program) itemsOf(f filling, given []int) []int {
	var items []int
	for i, c := range f.classes {
		of := p.classes[c].items[given[c]:]
		of = of[:min(int(f.counts[i]), len(of))]
		given[c] += len(of)
		items = append(items, of...)
	}
	return items
}

// ref is the n-th host of those that a type of the programme stands for.
func (p *program) ref(h, n int) (instance.Ref, bool) {
	for _, t := range p.hosts[h].types {
		count := p.in.Types[t].Count
		if count < 0 || n < count {
			return instance.Ref{Type: t, N: n}, true
		}
		n -= count
	}
	return instance.Ref{}, false
}
