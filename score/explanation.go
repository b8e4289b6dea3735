package score

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/infraopt/infraopt/collect/inventory"
)

// An Explanation tells how one number of an estate comes about. Of Pillar, Indicator and Gates there is the one that
// was asked for.
type Explanation struct {
	Assumption string // under which the estate was rated, as nothing is proven without; empty where there is none
	Score      Bounds
	Level      LevelResult
	Pillar     *PillarResult
	Indicator  *IndicatorResult
	Ladder     []RungMass     // the work by the steps it stands on
	Machines   []MachineShare // with points won and lost, those that matter most first
	Unknowns   []UnknownShare // what is not known, what keeps most open first
	Gates      []Gate         // of a level
}

// A RungMass is how much work stands on a step, or somewhere between two.
type RungMass struct {
	Low, High Step
	Weight    Bounds // cores
	Numerator Bounds // its part of the numerator: weight × value, from the worst to the best case
}

// A MachineShare is what a machine, with the work on it, takes from full marks at the low end and leaves open, in
// points of the score.
type MachineShare struct {
	ID, Name   string
	Lost, Open float64
	Facts      []Evidence // that matter most
}

// An UnknownShare is something that is not known, with the points of the score that it keeps open.
type UnknownShare struct {
	Fact, Why, Remedy string
	Open              float64
}

// Explain rates an estate and tells how the number with an ID comes about: that of a pillar, an indicator, or a level
// ("level-3"). ok is false where there is no such thing.
func Explain(e *inventory.Estate, m *Model, req Request, id string) (x *Explanation, ok bool) {
	a := NewAssessor(m, req)
	for _, r := range []*run{a.proven, a.assumed} {
		if r != nil && r.books[id] != nil {
			r.books[id].machines = map[string]*machineNotes{}
		}
	}
	for _, h := range e.Hosts {
		a.Add(h)
	}
	out := a.Finish(e)
	x = &Explanation{Score: out.Score, Level: out.Level}
	pillars, r := out.Pillars, a.proven
	if out.Assumed != nil {
		x.Assumption, x.Score, x.Level, pillars = out.Assumed.Assumption, out.Assumed.Score, out.Assumed.Level, out.Assumed.Pillars
		if !req.RunningIsActive {
			r = a.assumed
		}
	}
	for i := range pillars {
		if pillars[i].ID == id {
			x.Pillar = &pillars[i]
		}
		for j := range pillars[i].Indicators {
			if pillars[i].Indicators[j].ID == id {
				x.Indicator = &pillars[i].Indicators[j]
			}
		}
	}
	for i := range m.Levels {
		if l := &m.Levels[i]; l.ID() == id {
			x.Gates = m.gates(l, m.Rate(r.total))
		}
	}
	if x.Indicator != nil {
		x.look(m, r)
	}
	return x, x.Pillar != nil || x.Indicator != nil || x.Gates != nil
}

// ID is how a level is called in commands: level-3.
func (l *Level) ID() string { return fmt.Sprintf("level-%d", l.Number) }

// look fills in what is behind an indicator.
func (x *Explanation) look(m *Model, r *run) {
	d, p, b := m.Indicator(x.Indicator.ID), x.Indicator.Points, r.books[x.Indicator.ID]
	for _, on := range d.rungs(r.total.group()[d.ID]) {
		low, high := d.Ladder[on.low], d.Ladder[on.high]
		w := Bounds{Low: float64(on.weight.Lo) / Micro, High: float64(on.weight.Hi) / Micro}
		x.Ladder = append(x.Ladder, RungMass{Low: low, High: high, Weight: w, Numerator: Bounds{Low: w.Low * low.Value, High: w.High * high.Value}})
	}
	slices.SortFunc(x.Ladder, func(a, b RungMass) int {
		return cmp.Or(cmp.Compare(a.Low.Value, b.Low.Value), cmp.Compare(a.High.Value, b.High.Value), cmp.Compare(a.Low.ID, b.Low.ID), cmp.Compare(a.High.ID, b.High.ID))
	})
	for id, n := range b.machines {
		s := MachineShare{ID: id, Name: n.name, Lost: portion(n.lost.value(), b.lost.value()) * (p.Max - p.Low), Open: portion(n.open.value(), b.open.value()) * (p.High - p.Low), Facts: b.inPoints(&n.top, p)}
		if s.Lost > negligible || s.Open > negligible {
			x.Machines = append(x.Machines, s)
		}
	}
	slices.SortFunc(x.Machines, func(a, b MachineShare) int {
		return cmp.Or(cmp.Compare(micro(b.Lost+b.Open), micro(a.Lost+a.Open)), cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	for _, k := range b.sorted() {
		if open := portion(b.remedies[k].value(), b.open.value()) * (p.High - p.Low); open > negligible {
			x.Unknowns = append(x.Unknowns, UnknownShare{Fact: k.fact, Why: k.why, Remedy: k.remedy, Open: open})
		}
	}
	slices.SortStableFunc(x.Unknowns, func(a, b UnknownShare) int { return cmp.Compare(micro(b.Open), micro(a.Open)) })
}

// negligible is a number of points that nobody sees.
const negligible = 1e-9

// micro rounds points, so that what only the last bits tell apart is ordered by its name.
func micro(points float64) float64 { return math.Round(points * 1e6) }
