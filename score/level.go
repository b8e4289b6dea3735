package score

import (
	"fmt"
	"math"
	"strings"
)

// level finds the highest level whose conditions all hold on the low end. Levels are not cumulative: an estate
// may meet a higher one without a lower one's gate.
func (m *Model) level(res *Result) LevelResult {
	out := LevelResult{Name: unassessedName, HeldBackBy: []Gate{}, NextGates: []Gate{}, Distribution: m.distribution(res.sheet)}
	if l := m.reached(res); l != nil {
		out.Number, out.Name = l.Number, l.Name
	} else if res.Unassessed == "" {
		res.Unassessed = fmt.Sprintf("only %d %% of the evidence is known", int(100*res.Coverage))
	}
	out.Reason = res.Unassessed
	for i := range m.Levels {
		l := &m.Levels[i]
		if l.Number != out.Number+1 {
			continue
		}
		out.Next = l.Name
		out.NextGates = m.gates(l, res)
	}
	out.holdBack()
	return out
}

// unassessedName is the name of level 0, which the model does not define: it is the lack of a level.
const unassessedName = "Unassessed"

// reached is the highest level whose conditions are met; nil where there is none, or nothing to have a level.
func (m *Model) reached(res *Result) *Level {
	if res.Unassessed != "" {
		return nil
	}
	for i := len(m.Levels) - 1; i >= 0; i-- {
		if m.conditions(&m.Levels[i], res, func(c *condition) bool { return c.met }) {
			return &m.Levels[i]
		}
	}
	return nil
}

// slack is by how much sums of exact shares may fall short in the last bits.
const slack = 1e-12

// A condition is one part of a level's definition beside what is true of an estate.
type condition struct {
	id    string
	what  string
	unit  string
	have  Bounds
	want  float64
	upper bool // have must be at most want
	met   bool // on the low end
}

// conditions goes through the conditions of a level until see returns false; it reports whether it came to the end.
func (m *Model) conditions(l *Level, res *Result, see func(*condition) bool) bool {
	atLeast := func(id, what, unit string, have Bounds, want float64) bool {
		return want <= 0 || see(&condition{id: id, what: what, unit: unit, have: have, want: want, met: have.Low >= want-slack})
	}
	s := res.sheet
	if s.active.Lo == 0 && !see(&condition{id: "active", what: "workloads known to be active", unit: UnitCount, have: Bounds{High: float64(s.active.Hi)}, want: 1}) {
		return false
	}
	ok := atLeast("score", "score", UnitPoints, res.Score, l.Score) &&
		atLeast("coverage", "coverage", UnitShare, Bounds{Low: res.Coverage, High: 1}, l.Coverage) &&
		atLeast("virtualised", "work virtualised or in containers", UnitShare, s.virtualised, l.Virtualised) &&
		atLeast("containerised", "work without a guest OS of its own", UnitShare, s.containerised, l.Containerised)
	for i := 0; ok && i < len(res.Pillars); i++ {
		p := &res.Pillars[i]
		want := l.EveryPillar
		switch p.ID {
		case "software-defined":
			want = max(want, l.SoftwareDefined)
		case "converged":
			want = max(want, l.Converged)
		}
		ok = !p.Applicable || atLeast(p.ID, p.Title, UnitShare, Bounds{Low: p.Low, High: p.High}, want)
	}
	if !ok || l.PerAttainable <= 0 {
		return ok
	}
	c := condition{id: "per-attainable", what: "components over the attainable bound", unit: UnitRatio, want: l.PerAttainable, upper: true}
	if res.sums.attainable.lo > 0 { // both with the irreducible ones, as in the headline
		c.have.Low = res.sums.components.hi / res.sums.attainable.lo
		c.have.High = res.sums.components.lo / res.sums.attainable.hi
		c.met = c.have.Low <= c.want
	}
	return see(&c)
}

func (m *Model) gates(l *Level, res *Result) []Gate {
	gates := []Gate{}
	m.conditions(l, res, func(c *condition) bool {
		sign := " ≥ "
		if c.upper {
			sign = " ≤ "
		}
		want := fmt.Sprintf("%g", c.want)
		if c.unit == UnitShare {
			want = share(c.want)
		}
		high := c.have.High
		if math.IsInf(high, 0) || math.IsNaN(high) {
			high = 0
		}
		gates = append(gates, Gate{ID: c.id, Text: strings.ToLower(c.what[:1]) + c.what[1:] + sign + want, Unit: c.unit,
			Have: c.have.Low, High: high, Want: c.want, Met: c.met, Upper: c.upper, Lift: []Lift{}})
		return true
	})
	return gates
}

// share writes a share of 1 with two decimals: .50.
func share(v float64) string { return strings.TrimPrefix(fmt.Sprintf("%.2f", v), "0") }

// The ladder of isolation decides what counts as virtualised and as containerised.
const isolation = "containers.isolation"

// TermCount is the term in which the isolation indicator counts pieces of work by step.
const TermCount = "#"

const unknownStep = "unknown"

func virtualised(step string) bool { return step != "server-process" }

func containerised(step string) bool {
	return step != "server-process" && step != "vm-process" && step != "system-container"
}

// distribution spreads the work over the ladder of isolation.
func (m *Model) distribution(s *sheet) []StepMass {
	out := []StepMass{}
	var ind *Indicator
	var on []rungs
	for i := range m.Indicators {
		if m.Indicators[i].ID == isolation {
			ind, on = &m.Indicators[i], s.ladders[i]
		}
	}
	var total Range
	for _, x := range on {
		total = total.plus(x.weight)
	}
	if total.Hi == 0 {
		return out
	}
	counts := map[string]int64{}
	for _, t := range s.terms[isolation] {
		if t.Name == TermCount {
			counts[t.Sub] = t.Hi
		}
	}
	var unknown Range
	for i, step := range ind.Ladder {
		for _, x := range on {
			switch {
			case x.low == i && x.high == i:
				out = append(out, StepMass{Step: step.ID, Text: step.Text, Workloads: counts[step.ID], Share: x.weight.shareOf(total)})
			case x.low == i:
				unknown = unknown.plus(x.weight)
			}
		}
	}
	if unknown.Hi > 0 {
		out = append(out, StepMass{Step: unknownStep, Text: "not known", Workloads: counts[unknownStep], Share: unknown.shareOf(total)})
	}
	return out
}

// GatesOf lists the conditions of a level with where a result stands; nil where the model has no such level.
func (m *Model) GatesOf(level int, res *Result) []Gate {
	for i := range m.Levels {
		if m.Levels[i].Number == level {
			return m.gates(&m.Levels[i], res)
		}
	}
	return nil
}
