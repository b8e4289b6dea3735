package score

import (
	"fmt"
	"strings"
)

// level finds the highest level whose conditions all hold on the low end. Levels are not cumulative: an estate
// may meet a higher one without a lower one's gate.
func (m *Model) level(res *Result, groups map[string][]Term) LevelResult {
	out := LevelResult{Name: "Unassessed", HeldBackBy: []Gate{}, NextGates: []Gate{}, Distribution: m.distribution(groups)}
	if res.Unassessed == "" {
		for i := range m.Levels {
			if gates := m.gates(&m.Levels[i], res, groups); allMet(gates) {
				out.Number, out.Name = m.Levels[i].Number, m.Levels[i].Name
			}
		}
		if out.Number == 0 {
			res.Unassessed = fmt.Sprintf("only %d %% of the evidence is known", int(100*res.Coverage))
		}
	}
	out.Reason = res.Unassessed
	for i := range m.Levels {
		l := &m.Levels[i]
		if l.Number != out.Number+1 {
			continue
		}
		out.Next = l.Name
		out.NextGates = m.gates(l, res, groups)
		for _, g := range out.NextGates {
			if !g.Met {
				out.HeldBackBy = append(out.HeldBackBy, g)
			}
		}
	}
	return out
}

func allMet(gates []Gate) bool {
	for _, g := range gates {
		if !g.Met {
			return false
		}
	}
	return true
}

func (m *Model) gates(l *Level, res *Result, groups map[string][]Term) []Gate {
	gates := []Gate{}
	const slack = 1e-12 // sums of exact shares may fall short in the last bit
	atLeast := func(id, what string, have, want float64) {
		if want > 0 {
			gates = append(gates, Gate{ID: id, Text: what + " ≥ " + share(want), Unit: UnitShare, Have: have, Want: want, Met: have >= want-slack})
		}
	}
	if res.sums.active.Lo == 0 {
		gates = append(gates, Gate{ID: "active", Text: "workloads known to be active ≥ 1", Unit: UnitCount, Have: 0, Want: 1})
	}
	if l.Score > 0 {
		gates = append(gates, Gate{ID: "score", Text: fmt.Sprintf("score ≥ %g", l.Score), Unit: UnitPoints, Have: res.Score.Low, Want: l.Score, Met: res.Score.Low >= l.Score-slack})
	}
	atLeast("coverage", "coverage", res.Coverage, l.Coverage)
	atLeast("virtualised", "work virtualised or in containers", m.shareAbove(groups, virtualised), l.Virtualised)
	atLeast("containerised", "work without a guest OS of its own", m.shareAbove(groups, containerised), l.Containerised)
	for _, p := range res.Pillars {
		want := 0.0
		switch p.ID {
		case "software-defined":
			want = l.SoftwareDefined
		case "converged":
			want = l.Converged
		}
		want = max(want, l.EveryPillar)
		if p.Applicable {
			atLeast(p.ID, strings.ToLower(p.Title), p.Low, want)
		}
	}
	if l.PerAttainable > 0 {
		have := 0.0
		if res.sums.attainable.lo > 0 {
			have = res.sums.components.hi / res.sums.attainable.lo
		}
		gates = append(gates, Gate{ID: "per-attainable", Text: fmt.Sprintf("components over the attainable bound ≤ %g", l.PerAttainable), Unit: UnitRatio, Have: have, Want: l.PerAttainable, Met: res.sums.attainable.lo > 0 && have <= l.PerAttainable, Upper: true})
	}
	return gates
}

// share writes a share of 1 with two decimals: .50.
func share(v float64) string { return strings.TrimPrefix(fmt.Sprintf("%.2f", v), "0") }

// The ladder of isolation decides what counts as virtualised and as containerised.
const isolation = "containers.isolation"

// CountPrefix begins the terms in which the isolation indicator counts workloads by step.
const CountPrefix = "# "

func virtualised(step string) bool { return step != "server-process" }

func containerised(step string) bool {
	return step != "server-process" && step != "vm-process" && step != "system-container"
}

// shareAbove is the low end of the share of the work that stands on the steps of a set.
func (m *Model) shareAbove(groups map[string][]Term, in func(step string) bool) float64 {
	value := func(step string) float64 {
		if in(step) {
			return 1
		}
		return 0
	}
	ind := m.Indicator(isolation)
	if ind == nil {
		return 0
	}
	var masses []Mass
	for _, t := range groups[isolation] {
		low, high, ok := strings.Cut(t.Name, "|")
		if !ok {
			continue
		}
		// Between two steps any step in between is possible, and some of those may be outside the set.
		mass := Mass{Low: 1, Weight: t.Range}
		inside := false
		for _, s := range ind.Ladder {
			inside = inside || s.ID == low
			if inside {
				mass.Low, mass.High = min(mass.Low, value(s.ID)), max(mass.High, value(s.ID))
			}
			if s.ID == high {
				break
			}
		}
		masses = append(masses, mass)
	}
	low, _, _ := ShareBounds(masses)
	return low
}

// distribution spreads the work over the ladder of isolation.
func (m *Model) distribution(groups map[string][]Term) []StepMass {
	out := []StepMass{}
	ind := m.Indicator(isolation)
	if ind == nil {
		return out
	}
	var total Range
	for _, t := range groups[isolation] {
		if strings.Contains(t.Name, "|") {
			total = total.plus(t.Range)
		}
	}
	if total.Hi == 0 {
		return out
	}
	share := func(r Range) Bounds {
		b := Bounds{High: 1}
		if d := float64(r.Lo + total.Hi - r.Hi); d > 0 {
			b.Low = float64(r.Lo) / d
		}
		if d := float64(r.Hi + total.Lo - r.Lo); d > 0 {
			b.High = float64(r.Hi) / d
		}
		return b
	}
	var unknown Range
	for _, s := range ind.Ladder {
		for _, t := range groups[isolation] {
			if t.Name == s.ID+"|"+s.ID {
				out = append(out, StepMass{Step: s.ID, Text: s.Text, Share: share(t.Range)})
			}
		}
	}
	for _, t := range groups[isolation] {
		if low, high, ok := strings.Cut(t.Name, "|"); ok && low != high {
			unknown = unknown.plus(t.Range)
		}
	}
	if unknown.Hi > 0 {
		out = append(out, StepMass{Step: "unknown", Text: "not known", Share: share(unknown)})
	}
	counts := map[string]int64{}
	for _, t := range groups[isolation] {
		if step, ok := strings.CutPrefix(t.Name, CountPrefix); ok {
			counts[step] = t.Hi
		}
	}
	for i := range out {
		out[i].Workloads = counts[out[i].Step]
	}
	return out
}
