package pack

import (
	"context"
	"fmt"
	"slices"

	"github.com/infraopt/infraopt/score/plan/pack/bound"
	"github.com/infraopt/infraopt/score/plan/pack/instance"
)

// A Packer keeps a plan while items come and go: what is added finds a place beside what is there, which stays where it is
// until Improve looks for something better.
type Packer struct {
	in      *instance.Instance // its own; items run where the instance says
	opt     Options
	m       *model // of the instance with all items running where the plan has them
	now     *result
	cert    instance.Certificate
	sound   bool // cert is of the items there are now
	stopped bool
}

// New begins with everything where it runs, as far as it fits, and the rest beside it.
func New(in *instance.Instance, opt Options) (*Packer, error) {
	own := *in
	own.Items, own.Apart = slices.Clone(in.Items), slices.Clone(in.Apart)
	p := &Packer{in: &own, opt: opt}
	if err := p.settle(slices.Clone(own.Items)); err != nil {
		return nil, err
	}
	return p, nil
}

// settle plans for the items, which run where they are to stay, and for those that run nowhere.
func (p *Packer) settle(items []instance.Item) error {
	in := *p.in
	in.Items = items
	m, err := newModel(&in)
	if err != nil {
		return err
	}
	k := &keeper{m: m, s: m.supply(), homes: m.homes()}
	all := make([]int, len(k.homes))
	for x := range all {
		all[x] = x
	}
	f := newFiller(m, k.base(all, newLayout(m, k.s)))
	f.run(rest(m.descending(measures[1], 0, nil), f.base), 0, nil)
	p.m, p.now, p.sound = m, &result{choice: f.choice(0)}, false
	p.now.name(m)
	return nil
}

// items returns the items as running where the plan has them: those that have no host there do not take precedence where
// they really run.
func (p *Packer) items() []instance.Item {
	items := slices.Clone(p.in.Items)
	for i, b := range p.now.of {
		if items[i].At = instance.Nowhere; b >= 0 {
			items[i].At = p.now.hosts[b]
		}
	}
	return items
}

// Add places more items; they follow those that are there. An error says which is malformed; then none was added.
func (p *Packer) Add(items ...instance.Item) error {
	grown := append(p.items(), items...)
	was := p.in.Items
	p.in.Items = append(slices.Clip(was), items...)
	if err := p.settle(grown); err != nil {
		p.in.Items = was
		return err
	}
	return nil
}

// Remove takes items away; those that follow one move up by one, as in slices.Delete.
func (p *Packer) Remove(index ...int) error {
	gone := make([]bool, len(p.in.Items))
	for _, i := range index {
		if i < 0 || i >= len(gone) {
			return fmt.Errorf("item %d cannot be removed: want 0 to %d", i, len(gone)-1)
		}
		gone[i] = true
	}
	left := make([]int, len(gone)) // by old index: the new one
	var kept, running []instance.Item
	for i, item := range p.items() {
		if left[i] = len(kept); !gone[i] {
			kept, running = append(kept, p.in.Items[i]), append(running, item)
		}
	}
	for g, group := range p.in.Apart {
		var rest []int
		for _, i := range group {
			if !gone[i] {
				rest = append(rest, left[i])
			}
		}
		p.in.Apart[g] = rest
	}
	p.in.Items = kept
	return p.settle(running)
}

// Improve looks for a plan that is better than the one there is, and among equally good ones for the one that moves least
// of it. It is a whole search with all its work, or until the context ends.
func (p *Packer) Improve(ctx context.Context) {
	s := newSearch(ctx, p.m, p.opt)
	s.solve()
	p.cert, p.sound, p.stopped = s.cert, true, s.stopped
	// The plan that there is has no number: where the search found nothing better, it stays.
	if now := p.spared(s.k); s.best.better(now) {
		p.now = s.best
		in := *p.in
		in.Items = p.items()
		p.m, _ = newModel(&in) // as valid as before: only where items run has changed
	}
}

// Apart keeps some items apart from each other from now on; where they share a host, all but one leave it.
func (p *Packer) Apart(index ...int) error {
	p.in.Apart = append(p.in.Apart, slices.Clone(index))
	if err := p.settle(p.items()); err != nil {
		p.in.Apart = p.in.Apart[:len(p.in.Apart)-1]
		return err
	}
	return nil
}

// spared returns the plan there is, as it compares with others when each host in use ought to have k spares.
func (p *Packer) spared(k int) *result {
	r := *p.now
	r.reserve = r.choice.reserve(p.m, k)
	r.moves, r.number = 0, -1
	return &r
}

// Solution returns the plan as it is now. Its bound is the best there is after Improve, and a simple one after a change.
func (p *Packer) Solution() *Solution {
	if !p.sound {
		p.cert, p.sound = simple(p.in), true
	}
	k := asked(p.in, p.cert.Bound)
	out := p.spared(k).solution(p.m, p.cert, k)
	for i, h := range out.Plan.Of {
		if at := p.in.Items[i].At; h >= 0 && at != instance.Nowhere && out.Plan.Hosts[h] != at {
			out.Moves++
		}
	}
	out.Stopped = p.stopped
	return out
}

// simple returns the better of the bounds that cost next to nothing.
func simple(in *instance.Instance) instance.Certificate {
	best := bound.L1(in)
	if c := bound.L2(in); c.Bound > best.Bound {
		best = c
	}
	return best
}
