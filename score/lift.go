package score

import (
	"cmp"
	"math"
	"slices"
)

// liftsKept is how many lifts of each kind a gate lists.
const liftsKept = 3

// lookLifts lists, for each gate of the next level that is not met, what there is to look at that may lift the estate
// over it. What a look shows nobody knows; how far it leads at best is what it keeps open, shared out over the facts
// behind an indicator in proportion to their weight, as with gaps.
func lookLifts(level *LevelResult, res *Result, books map[string]*notebook) {
	for i := range level.NextGates {
		g := &level.NextGates[i]
		if g.Met {
			continue
		}
		open := map[string]float64{}
		for _, p := range res.Pillars {
			for _, x := range p.Indicators {
				b := books[x.ID]
				amount := openAt(g, &p, &x)
				for _, r := range b.sorted() { // in order: floating point sums depend on it
					open[r.remedy] += portion(b.remedies[r].value(), b.open.value()) * amount
				}
			}
		}
		var lifts []Lift
		for remedy, amount := range open {
			if remedy == "" || amount <= slack || math.IsInf(amount, 0) || math.IsNaN(amount) {
				continue
			}
			l := Lift{Kind: LiftSee, Text: remedy, Have: g.Have + amount}
			if g.Upper {
				l.Have = g.Have - amount
			}
			l.Met = g.meets(l.Have)
			lifts = append(lifts, l)
		}
		g.Lift = append(g.Lift, g.best(lifts)...)
	}
	level.holdBack()
}

// openAt is how much of what a gate asks for the facts behind an indicator keep open, in the unit of the gate.
func openAt(g *Gate, p *PillarRating, x *IndicatorRating) float64 {
	share := p.Share * x.Share
	switch g.ID {
	case "score":
		return 100 * share * (x.High - x.Low)
	case "coverage":
		return share * (1 - x.Coverage)
	case "active", "virtualised", "containerised":
		if x.ID == isolation {
			return g.High - g.Have
		}
	case "per-attainable":
		if x.ID == "components.per-workload" && g.Have > 0 {
			return g.Have - g.High
		}
	case p.ID:
		return x.Share * (x.High - x.Low)
	}
	return 0
}

// meets reports whether a value is enough.
func (g *Gate) meets(v float64) bool {
	if g.Upper {
		return v <= g.Want
	}
	return v >= g.Want-slack
}

// best gives the most effective lifts, in order.
func (g *Gate) best(lifts []Lift) []Lift {
	sign := 1
	if g.Upper {
		sign = -1
	}
	slices.SortFunc(lifts, func(a, b Lift) int {
		return cmp.Or(sign*cmp.Compare(b.Have, a.Have), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Text, b.Text))
	})
	return lifts[:min(len(lifts), liftsKept)]
}

// AddLifts adds what there is to do: for each gate of the next level that is not met, the changes that bring it
// closer. A change is given as the lift that it would be with the result of scoring the changed estate.
func (m *Model) AddLifts(level *LevelResult, changes []Lift, results []*Result) {
	for i := range m.Levels {
		l := &m.Levels[i]
		if l.Number != level.Number+1 || l.Name != level.Next {
			continue
		}
		after := make([][]Gate, len(changes))
		for j, r := range results {
			after[j] = m.gates(l, r)
		}
		for j := range level.NextGates {
			level.NextGates[j].addLifts(changes, after)
		}
	}
	level.holdBack()
}

func (g *Gate) addLifts(changes []Lift, after [][]Gate) {
	if g.Met {
		return
	}
	var lifts []Lift
	for i, change := range changes {
		at := slices.IndexFunc(after[i], func(x Gate) bool { return x.ID == g.ID })
		if at < 0 { // the gate is gone: nothing is asked of what does not apply
			continue
		}
		x := after[i][at]
		if better := x.Have - g.Have; better > slack && !g.Upper || better < -slack && g.Upper && x.Have > 0 {
			change.Have, change.Met = x.Have, x.Met
			lifts = append(lifts, change)
		}
	}
	g.Lift = append(g.best(lifts), g.Lift...)
}

// holdBack lists again the gates that are not met, with their lifts.
func (l *LevelResult) holdBack() {
	l.HeldBackBy = []Gate{}
	for _, g := range l.NextGates {
		if !g.Met {
			l.HeldBackBy = append(l.HeldBackBy, g)
		}
	}
}
