package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/score"
)

// A passage is one paragraph of a summary.
type passage struct {
	id, head string
	text     string // plain sentences, made from numbers
}

// summary says in plain sentences where an estate stands, what changed and why, what to do, what that brings, and how sure
// all of it is. It is for people who read nothing else; every number in it is in the rest of the report, too.
func summary(a *score.Assessment) []passage {
	p := newPage(Display{})
	var out []passage
	add := func(id, head string, sentences ...string) {
		text := strings.Join(slices.DeleteFunc(sentences, func(s string) bool { return s == "" }), " ")
		if text = strings.ReplaceAll(strings.TrimSpace(text), nbsp, " "); text != "" {
			out = append(out, passage{id, head, text})
		}
	}
	add("standing", "Where we stand", p.standsAt(a), p.carries(a))
	add("change", "What changed", p.changed(a), p.causes(a), p.delivered(a))
	add("why", "What holds us back", p.heldBack(a), p.weakest(a))
	add("next", "What to do", p.todo(a))
	add("brings", "What it brings", p.brings(a), p.saves(a), p.nextLevel(a))
	add("sure", "How sure we are", p.sure(a), p.blind(a))
	return out
}

func (p *page) standsAt(a *score.Assessment) string {
	if a.Score.None {
		return "Nothing could be rated: " + cmp.Or(p.brief(a.Level.Reason), "no machine was seen") + "."
	}
	s := fmt.Sprintf("On %s the estate of %s stands at level %s, with %s of 100 points proven", day(a.GeneratedAt), p.machineNames(a), p.levelWords(a.Level), p.low(a.Score.Low, 0))
	if a.Score.High-a.Score.Low >= 1 {
		s += fmt.Sprintf(" and up to %s possible where facts are not known", p.high(a.Score.High, 0))
	}
	return s + "."
}

func (p *page) carries(a *score.Assessment) string {
	h := &a.Headline
	if h.Workloads.None || h.Workloads.High == 0 {
		return ""
	}
	s := fmt.Sprintf("%s components carry %s", p.tally(h.ComponentsBounds), p.count(h.Workloads, "workload"))
	if !h.ComponentsPerWorkload.None {
		s += fmt.Sprintf(", %s for each", p.ratio(h.ComponentsPerWorkload))
		if !h.Attainable.None {
			s += fmt.Sprintf("; %s would be attainable", p.ratio(h.Attainable))
		}
	}
	return s + "."
}

func (p *page) changed(a *score.Assessment) string {
	t := a.Trend
	switch {
	case t == nil:
		return ""
	case !t.Comparable:
		return "The result of " + day(t.From.Time) + " cannot be compared: " + p.brief(t.Note) + "."
	}
	verb := "has not changed"
	switch c := p.signed(t.Change.Low); {
	case c == "0":
	case t.Change.Low > 0:
		verb = "rose by " + strings.TrimPrefix(c, "+") + " points"
	default:
		verb = "fell by " + strings.TrimPrefix(c, p.minus) + " points"
	}
	s := fmt.Sprintf("Since %s the proven score %s, from %s to %s", day(t.From.Time), verb, p.proven(t.From.Score), p.proven(t.To.Score))
	if !t.Real && p.signed(t.Change.Low) != "0" {
		s += "; what is not known could account for all of it"
	}
	return s + "."
}

// causes names what moved the score most.
func (p *page) causes(a *score.Assessment) string {
	if a.Trend == nil || !a.Trend.Comparable {
		return ""
	}
	terms := slices.Clone(a.Trend.Terms)
	slices.SortStableFunc(terms, func(x, y score.TrendTerm) int { return cmp.Compare(math.Abs(y.Points), math.Abs(x.Points)) })
	var parts []string
	for _, t := range terms[:min(len(terms), 3)] {
		if c := p.signed(t.Points); c != "0" {
			parts = append(parts, p.brief(t.Text)+" ("+c+")")
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "Causes: " + strings.Join(parts, "; ") + "."
}

func (p *page) delivered(a *score.Assessment) string {
	q := a.Quarter
	if q == nil || len(q.Followed) == 0 {
		return ""
	}
	counts := map[string]int{}
	for i := range q.Followed {
		counts[q.Followed[i].Status]++
	}
	var parts []string
	for _, x := range []struct{ status, text string }{{score.FollowedDone, "done"}, {score.FollowedPartly, "partly done"}, {score.FollowedOpen, "still open"}, {score.FollowedIncomparable, "not comparable"}, {score.FollowedNew, "new"}} {
		if n := counts[x.status]; n > 0 {
			parts = append(parts, p.number(float64(n))+" "+x.text)
		}
	}
	s := "Of the recommendations of " + p.words(q.Previous) + " and today: " + strings.Join(parts, ", ") + "."
	if q.Promised != nil && q.Delivered != nil {
		s += fmt.Sprintf(" What is done had promised %s points and has delivered %s.", p.signed(*q.Promised), p.signed(*q.Delivered))
	}
	return s
}

func (p *page) heldBack(a *score.Assessment) string {
	var unmet []string
	for _, g := range a.Level.NextGates {
		if !g.Met {
			unmet = append(unmet, p.brief(g.Text)+" (now "+p.value(g.Unit, g.Have)+")")
		}
	}
	if len(unmet) == 0 || a.Level.Next == "" {
		return ""
	}
	return fmt.Sprintf("For level %d %s this is missing: %s.", a.Level.Number+1, p.words(a.Level.Next), strings.Join(unmet, "; "))
}

// weakest names the indicators that most points are lost in.
func (p *page) weakest(a *score.Assessment) string {
	type loss struct {
		title  string
		points float64
	}
	var all []loss
	for i := range a.Pillars {
		for j := range a.Pillars[i].Indicators {
			if x := &a.Pillars[i].Indicators[j]; x.Applicable {
				all = append(all, loss{x.Title, x.Points.Max - x.Points.Low})
			}
		}
	}
	slices.SortStableFunc(all, func(x, y loss) int { return cmp.Compare(y.points, x.points) })
	var parts []string
	for _, x := range all[:min(len(all), 3)] {
		if x.points >= .5 {
			parts = append(parts, fmt.Sprintf("“%s” (%s points)", p.brief(x.title), p.fixed(x.points, 1)))
		}
	}
	if len(parts) == 0 || a.Score.None {
		return ""
	}
	return "Most points are missing under " + strings.Join(parts, ", ") + "."
}

func (p *page) todo(a *score.Assessment) string {
	if why := p.words(a.Roadmap.Withheld); why != "" {
		return "No advice is given: " + strings.TrimSuffix(why, ".") + "."
	}
	var parts []string
	for i := range a.Recommendations[:min(len(a.Recommendations), 3, a.Roadmap.Steps)] {
		r := &a.Recommendations[i]
		parts = append(parts, fmt.Sprintf("%s (%s points for an effort of %s)", p.brief(r.Title), p.gain(r.Gain.Score), p.number(r.Effort)))
	}
	if len(parts) == 0 {
		return ""
	}
	return "First: " + strings.Join(parts, "; then: ") + "."
}

func (p *page) brings(a *score.Assessment) string {
	r := &a.Roadmap
	if r.Steps == 0 || r.From.None || r.To.None {
		return ""
	}
	s := fmt.Sprintf("All %s steps raise the proven score from %s to %s and lead to level %d %s, with %s components in place of %s",
		p.number(float64(r.Steps)), p.low(r.From.Low, 0), p.low(r.To.Low, 0), r.LevelTo, p.words(r.LevelName), p.number(r.Components[1]), p.number(r.Components[0]))
	if t := a.Target; t != nil && t.Hosts.Plan < t.Hosts.Now {
		s += fmt.Sprintf("; %s hosts are enough for what %s carry now, and no plan under the same constraints needs fewer than %s",
			p.number(float64(t.Hosts.Plan)), p.number(float64(t.Hosts.Now)), p.number(float64(t.Hosts.Bound)))
	}
	if r.Basis != "" && r.Basis != "proven" {
		s += ", if " + p.assumption(r.Basis)
	}
	return s + "."
}

func (p *page) saves(a *score.Assessment) string {
	if a.Target == nil || a.Target.Outcomes == nil {
		return ""
	}
	o := a.Target.Outcomes
	var parts []string
	if o.EnergyKWh != nil && !o.EnergyKWh.Saved.None && o.EnergyKWh.Saved.High > 0 {
		parts = append(parts, p.span(o.EnergyKWh.Saved, 0)+" kWh")
	}
	if o.CarbonKg != nil && !o.CarbonKg.Saved.None && o.CarbonKg.Saved.High > 0 {
		parts = append(parts, p.span(o.CarbonKg.Saved, 0)+" kg of CO2 equivalent")
	}
	if o.Cost != nil && !o.Cost.Saved.None {
		parts = append(parts, p.span(o.Cost.Saved, 0)+" "+p.words(o.Currency))
	}
	if len(parts) == 0 {
		return ""
	}
	s := "A year that saves " + strings.Join(parts, ", ")
	if slices.ContainsFunc(o.Basis, func(g score.Ground) bool { return g.Default }) {
		s += "; some of what that rests on is a default that nobody has confirmed"
	}
	return s + "."
}

func (p *page) nextLevel(a *score.Assessment) string {
	if a.Quarter == nil || a.Quarter.Forecast == nil {
		return ""
	}
	return p.words(forecastSentence(p.glyphs, a.Quarter.Forecast))
}

func (p *page) sure(a *score.Assessment) string {
	if a.Score.None {
		return ""
	}
	s := percent(a.Coverage.Evidence) + " of the evidence is known"
	if a.Coverage.Frame > 0 {
		s += ", and " + percent(a.Coverage.Frame) + " of the machines known to exist were looked into"
	}
	s += ". What is not known counts as missing, so that it never flatters the score"
	if n := len(a.Gaps); n > 0 {
		s += "; " + p.many(float64(n), "gap") + " " + map[bool]string{true: "is", false: "are"}[n == 1] + " listed with what would close " + map[bool]string{true: "it", false: "them"}[n == 1]
	}
	return s + "."
}

// blind names the gap that leaves most open.
func (p *page) blind(a *score.Assessment) string {
	for i := range a.Gaps {
		if g := &a.Gaps[i]; g.Points >= .05 && g.Remedy != "" {
			return fmt.Sprintf("Most would be learned by this: %s (up to %s points).", strings.TrimSuffix(p.brief(g.Remedy), "."), p.fixed(g.Points, 1))
		}
	}
	return ""
}

// brief is text from outside in a sentence: cut where it would drown the rest.
func (p *page) brief(s string) string {
	const most = 160
	return cut(p.words(s), most, p.ellipsis)
}
