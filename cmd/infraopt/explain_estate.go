package main

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/infraopt/infraopt/collect/resolve"
	"github.com/infraopt/infraopt/score"
	"github.com/infraopt/infraopt/score/plan"
)

// tellEstate tells how an estate comes by its number of one topic.
func tellEstate(ctx context.Context, out *sheet, id string, m *score.Model, h *haul, f explainFlags) error {
	estate := resolve.Estate(h.snapshot)
	req := f.request(h, 0)
	out.line("")
	out.line("ON THIS ESTATE")
	if slices.ContainsFunc(plan.Definitions(), func(d plan.Definition) bool { return d.ID == id }) {
		a := score.Assess(estate, m, req)
		plan.Recommend(ctx, a, estate, m, plan.Request{Request: req})
		tellAdvice(out, id, a, f.top)
		return nil
	}
	x, ok := score.Explain(estate, m, req, id)
	if x.Gates != nil { // what would help is known once there is advice
		a := score.Assess(estate, m, req)
		plan.Recommend(ctx, a, estate, m, plan.Request{Request: req})
		if x.Level = a.Level; a.Assumed != nil {
			x.Level = a.Assumed.Level
		}
	}
	if x.Assumption != "" {
		out.hang("  assumed    ", "all work that runs is used; without that, nothing is proven")
	}
	switch {
	case x.Score.None:
		out.hang("  ", "There is nothing to rate.")
	case !ok: // level-0
		reason := x.Level.Reason
		if reason == "" {
			reason = fmt.Sprintf("the estate is assessed: level %d, %s", x.Level.Number, x.Level.Name)
		}
		out.hang("  ", reason+".")
	case x.Indicator != nil:
		tellAnswer(out, x, f.top)
	case x.Pillar != nil:
		tellPoints(out, x.Pillar)
	default:
		tellGates(out, id, x)
	}
	return nil
}

// first is how many of n rows are shown; a limit of 0 is none.
func first(n, top int) int {
	if top == 0 {
		return n
	}
	return min(n, top)
}

// rest says how many rows were left out.
func rest(out *sheet, n, top int, noun string) {
	if left := n - first(n, top); left > 0 {
		if left > 1 {
			noun += "s"
		}
		out.line(fmt.Sprintf("    and %d more %s", left, noun))
	}
}

func tellAnswer(out *sheet, x *score.Explanation, top int) {
	r := x.Indicator
	if !r.Applicable {
		out.hang("  answer     ", "not applicable: "+printable(r.Explanation, false))
		return
	}
	out.hang("  answer     ", span(r.Low, r.High, 4)+": "+printable(r.Explanation, false))
	out.hang("  points     ", fmt.Sprintf("%s of %s: %s lost at the low end, of which what is not known leaves %s open", span(r.Points.Low, r.Points.High, 2), points(r.Points.Max),
		fixed(r.Points.Max-r.Points.Low, 2), fixed(r.Points.High-r.Points.Low, 2)))
	out.hang("  coverage   ", percent(r.Coverage)+" of its evidence is known")
	if len(r.Sums) > 0 {
		out.line("")
		out.line("  How it is worked out, at the low end and at the high end:")
		out.numbers("    ", 2, sumRows(r.Sums))
	}
	if len(x.Ladder) > 0 {
		out.line("")
		out.line("  Where the work stands, with its weight in cores and its part of the numerator:")
		out.numbers("    ", 2, ladderRows(x.Ladder))
	}
	if len(x.Machines) > 0 {
		out.line("")
		out.line("  Points by machine, lost at the low end and left open:")
		var rows [][]string
		for _, m := range x.Machines[:first(len(x.Machines), top)] {
			rows = append(rows, []string{fixed(m.Lost, 2), fixed(m.Open, 2), printable(m.Name+": "+facts(m), false)})
		}
		out.numbers("    ", 2, rows)
		rest(out, len(x.Machines), top, "machine")
	}
	if len(x.Unknowns) > 0 {
		out.line("")
		out.line("  What is not known, with the points that it leaves open:")
		var rows [][]string
		for _, u := range x.Unknowns[:first(len(x.Unknowns), top)] {
			text := cmp.Or(u.Fact, "something")
			if u.Why != "" {
				text += " (" + u.Why + ")"
			}
			if u.Remedy != "" {
				text += ": " + u.Remedy
			}
			rows = append(rows, []string{fixed(u.Open, 2), printable(text, false)})
		}
		out.numbers("    ", 1, rows)
		rest(out, len(x.Unknowns), top, "fact")
	}
}

// facts lists the facts of a machine that matter most, each once.
func facts(m score.MachineShare) string {
	const few = 3
	var parts []string
	for _, e := range m.Facts {
		text := e.Fact + " " + e.Value
		if subject := strings.TrimSuffix(e.Subject, " on "+m.Name); subject != m.Name {
			text = subject + ", " + text
		}
		if !slices.Contains(parts, text) && len(parts) < few {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, "; ")
}

func sumRows(sums []score.Sum) [][]string {
	var rows [][]string
	for _, s := range sums {
		text := s.Name
		if s.Unit != s.Name {
			text += " (" + s.Unit + ")"
		}
		rows = append(rows, []string{number(s.Low), number(s.High), text})
	}
	return rows
}

func ladderRows(ladder []score.RungMass) [][]string {
	var rows [][]string
	for _, r := range ladder {
		text := fmt.Sprintf("%s (%s)", r.Low.ID, step(r.Low.Value))
		if r.Low.ID != r.High.ID {
			text = fmt.Sprintf("between %s (%s) and %s (%s)", r.Low.ID, step(r.Low.Value), r.High.ID, step(r.High.Value))
		}
		rows = append(rows, []string{span(r.Weight.Low, r.Weight.High, 3), span(r.Numerator.Low, r.Numerator.High, 3), text})
	}
	return rows
}

func tellPoints(out *sheet, p *score.PillarResult) {
	if !p.Applicable {
		out.hang("  answer     ", "not applicable")
		return
	}
	out.hang("  answer     ", span(p.Low, p.High, 4))
	out.hang("  points     ", span(p.Points.Low, p.Points.High, 2)+" of "+points(p.Points.Max))
	out.line("")
	out.line("  Points of its indicators:")
	var rows [][]string
	for _, x := range p.Indicators {
		if !x.Applicable {
			rows = append(rows, []string{"–", "–", x.ID + ": not applicable"})
			continue
		}
		rows = append(rows, []string{span(x.Points.Low, x.Points.High, 2), "of " + fixed(x.Points.Max, 2), x.ID + ": " + printable(x.Explanation, false)})
	}
	out.numbers("    ", 2, rows)
}

func tellGates(out *sheet, id string, x *score.Explanation) {
	met := 0
	var rows [][]string
	for _, g := range x.Gates {
		state := "no "
		if g.Met {
			state = "yes"
			met++
		}
		rows = append(rows, []string{state, g.Text + ": is " + number(g.Have) + possible(g)})
	}
	out.hang("  ", fmt.Sprintf("The estate stands on level %d, %s. Of these %d conditions it meets %d:", x.Level.Number, x.Level.Name, len(x.Gates), met))
	out.rows("    ", rows)
	for _, g := range x.Level.HeldBackBy {
		if fmt.Sprintf("level-%d", x.Level.Number+1) != id || len(g.Lift) == 0 {
			continue
		}
		out.line("")
		out.line("  What would help with " + g.Text + ":")
		var lifts [][]string
		for _, l := range g.Lift {
			how := "do"
			to := "to " + number(l.Have)
			if l.Kind == score.LiftSee {
				how, to = "see", "at best to "+number(l.Have)
			}
			lifts = append(lifts, []string{how, printable(l.Text, false) + " (" + to + ")"})
		}
		out.rows("    ", lifts)
	}
}

// possible says how far a gate could be met while some things are not known.
func possible(g score.Gate) string {
	if math.Abs(g.High-g.Have) < 1e-9 || g.Upper && g.High == 0 {
		return ""
	}
	return ", could be " + number(g.High)
}

func tellAdvice(out *sheet, id string, a *score.Assessment, top int) {
	i := slices.IndexFunc(a.Recommendations, func(r score.Recommendation) bool { return r.Action == id })
	if i < 0 {
		why := "It is not advised: there is nothing to do, or the score would not gain by it."
		if a.Roadmap.Withheld != "" {
			why = "No advice is given: " + printable(a.Roadmap.Withheld, false) + "."
		}
		out.hang("  ", why)
		return
	}
	r := &a.Recommendations[i]
	out.hang("  advised    ", fmt.Sprintf("step %d of %d: %s", i+1, len(a.Recommendations), printable(r.Title, false)))
	out.hang("  gain       ", fmt.Sprintf("%s points at the low end after the steps before it, %s alone; %s components fewer", fixed(r.Gain.Score, 2), fixed(r.Gain.Solo, 2), number(r.Gain.Components)))
	out.hang("  effort     ", points(r.Effort)+" points, a convention")
	out.hang("  basis      ", r.Confidence)
	out.hang("  begin with ", printable(r.Next, false))
	out.line("")
	out.line("  Evidence:")
	for _, e := range r.Evidence[:first(len(r.Evidence), top)] {
		out.hang("    ", printable(e, false))
	}
	rest(out, len(r.Evidence), top, "subject")
}

// span shows both ends of an interval, or one number where they are the same.
func span(low, high float64, decimals int) string {
	a, b := fixed(low, decimals), fixed(high, decimals)
	if a == b {
		return a
	}
	return a + " – " + b
}

func fixed(v float64, decimals int) string { return strconv.FormatFloat(v+0, 'f', decimals, 64) }

// number shows a number with six digits, or all of a large one.
func number(v float64) string {
	if math.Abs(v) >= 1e5 {
		return fixed(v, 0)
	}
	return strconv.FormatFloat(v, 'g', 6, 64)
}
