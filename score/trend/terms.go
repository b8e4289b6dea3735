package trend

import (
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// The parts of an indicator's change.
const (
	weight = iota
	within
	mix
	joined
	left
)

var parts = [5]struct{ id, text string }{
	weight: {score.TrendWeight, "what applies: shares of the indicators in the score"},
	within: {score.TrendWithin, "changes of the hosts that stayed, and of the estate as a whole"},
	mix:    {score.TrendMix, "work that shifted between the hosts that stayed"},
	joined: {score.TrendJoined, "hosts that joined"},
	left:   {score.TrendLeft, "hosts that left"},
}

// A difference is two estates reduced to what is known of both.
type difference struct {
	pairs      []pair
	ledgers    [2]*score.Ledger
	known      [2]*score.Result
	comparable [2]*score.Result // without the hosts that cannot be compared
	stayed     [2]*score.Result // without those that joined or left either
	others     [2]bool          // any joined (1) or left (0)
	activity   span
}

func compare(m *score.Model, opt score.Options, of [2]*score.Ledger, seen *match) *difference {
	d := &difference{}
	var estates [2]*inventory.Estate
	estates, d.pairs = known([2]*inventory.Estate{of[0].Estate(), of[1].Estate()}, seen.stayed)
	for end, e := range estates {
		l := score.NewLedger(e, m, opt)
		d.ledgers[end] = l
		d.known[end] = l.Rate()
		d.comparable[end] = without(l, d.known[end], seen.incomparable[end])
		d.others[end] = len(seen.alone[end]) > 0
		d.stayed[end] = d.comparable[end]
		if d.others[end] {
			d.stayed[end] = without(l, nil, seen.incomparable[end], seen.alone[end])
		}
	}
	for k := range d.activity {
		if !d.idle(k) {
			d.activity[k] = forced(d.comparable[1], k) - forced(d.comparable[0], k)
		}
	}
	return d
}

// without rates the estate of a ledger without some of its hosts; all is its rating with them.
func without(l *score.Ledger, all *score.Result, gone ...[]*inventory.Node) *score.Result {
	out := map[*inventory.Node]bool{}
	hosts := &score.Tally{}
	for _, list := range gone {
		for _, h := range list {
			out[h] = true
			hosts.Sub(l.Tally(h))
		}
	}
	if len(out) == 0 && all != nil {
		return all
	}
	e := *l.Estate()
	e.Hosts = nil
	for _, h := range l.Estate().Hosts {
		if !out[h] {
			e.Hosts = append(e.Hosts, h)
		}
	}
	return l.WhatIf(&e, hosts)
}

// forced is what was added to the points of the indicators at one end of the score: nothing, or all of them with a
// minus where a lack of active work takes them.
func forced(r *score.Result, k int) float64 {
	sum := ends(r.Score)[k]
	for i := range r.Pillars {
		for j := range r.Pillars[i].Indicators {
			x, c := rating(r, i, j, k)
			sum -= 100 * c * x
		}
	}
	return sum
}

// idle reports whether neither estate has a point at one end of the score: then there is nothing to take apart.
func (d *difference) idle(k int) bool {
	return ends(d.comparable[0].Score)[k] == 0 && ends(d.comparable[1].Score)[k] == 0
}

// rating is an indicator's rating at one end, and its share of the score; both are 0 where it does not apply.
func rating(r *score.Result, i, j, k int) (x, share float64) {
	p := &r.Pillars[i]
	ind := &p.Indicators[j]
	share = p.Share * ind.Share
	if share == 0 {
		return 0, 0
	}
	return ends(ind.Measured)[k], share
}

// indicators adds the parts of every indicator to a trend, and returns their sums.
func (d *difference) indicators(t *score.Trend) (total [5]span) {
	t.Indicators = []score.TrendIndicator{}
	for i := range d.comparable[0].Pillars {
		for j := range d.comparable[0].Pillars[i].Indicators {
			ind := score.TrendIndicator{ID: d.comparable[0].Pillars[i].Indicators[j].ID}
			var of [5]span
			var change span
			for k := range change {
				for n, v := range d.indicator(i, j, k) {
					of[n][k] = v
					total[n][k] += v
					change[k] += v
				}
			}
			for n, p := range parts {
				ind.Terms = append(ind.Terms, term(p.id, "", of[n]))
			}
			sum := term("", "", change)
			ind.Change = score.TrendChange{Low: sum.Points, High: sum.High}
			t.Indicators = append(t.Indicators, ind)
		}
	}
	return total
}

// indicator takes the change of indicator j of pillar i apart, at one end of the score.
func (d *difference) indicator(i, j, k int) (out [5]float64) {
	if d.idle(k) {
		return out
	}
	x0, c0 := rating(d.comparable[0], i, j, k)
	x1, c1 := rating(d.comparable[1], i, j, k)
	if c0 == 0 || c1 == 0 { // what does not apply has the rating of the other end: all its change is one of weight
		out[weight] = 100 * (x0 + x1) * (c1 - c0)
		return out
	}
	out[weight] = 100 * (x0 + x1) / 2 * (c1 - c0)
	scale := 100 * (c0 + c1) / 2
	a, b := d.stay(0, i, j, k), d.stay(1, i, j, k)
	switch { // hosts without work have the rating of the other end
	case !a.known:
		a.mean = b.mean
	case !b.known:
		b.mean = a.mean
	}
	out[joined] = scale * (x1 - b.mean)
	out[left] = scale * (a.mean - x0)
	if a.units == nil || b.units == nil {
		out[within] = scale * (b.mean - a.mean)
		return out
	}
	for n := range a.units {
		u, v := a.units[n], b.units[n]
		switch { // a host without work at one end has the rating of the other
		case u.share == 0:
			u.x = v.x
		case v.share == 0:
			v.x = u.x
		}
		out[within] += scale * (u.share + v.share) / 2 * (v.x - u.x)
		out[mix] += scale * (u.x + v.x) / 2 * (v.share - u.share)
	}
	return out
}

// A stay is how an indicator rates the hosts that stayed.
type stay struct {
	mean  float64
	known bool   // there is a rating
	units []unit // by pair; nil where hosts have none of their own
}

// A unit is a host's share of the weight of all that stayed, and its own rating.
type unit struct{ share, x float64 }

// stay rates the hosts that stayed: as the whole estate is rated, where that is a share over the hosts, else as they
// would be without the others.
func (d *difference) stay(end, i, j, k int) stay {
	r := d.comparable[end]
	mean, share := rating(d.stayed[end], i, j, k) // that of the whole estate where no other host is in it
	s, ok := r.Split(&r.Pillars[i].Indicators[j], k == 1)
	if !ok {
		return stay{mean: mean, known: share > 0}
	}
	var total, sum float64
	units := make([]unit, len(d.pairs))
	for n, p := range d.pairs {
		w, wx := s.Of(d.ledgers[end].Tally(p[end]))
		units[n].share = w
		if w > 0 {
			units[n].x = wx / w
		}
		total += w
		sum += wx
	}
	if total == 0 {
		return stay{}
	}
	for n := range units {
		units[n].share /= total
	}
	if d.others[end] {
		mean = sum / total
	}
	return stay{mean: mean, known: true, units: units}
}
