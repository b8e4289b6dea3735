package report

import (
	"strings"

	"github.com/infraopt/infraopt/score"
)

func stepSheet(p *page, a *score.Assessment) *sheet {
	return &sheet{
		name: "Recommendations", rows: len(a.Recommendations),
		fields: []field{
			{"id", "ID", 26, asText}, {"title", "What to do", 60, asText}, {"gain", "Gain, points", 12, asPoints}, {"gain_high", "Gain at the high end", 12, asPoints}, {"solo", "Gain alone", 12, asPoints},
			{"effort", "Effort, points", 12, asPoints}, {"components", "Components fewer", 14, asPoints}, {"hosts", "Hosts fewer", 12, asCount}, {"removes", "Removes", 28, asText},
			{"energy_low", "kWh saved a year, at least", 16, asPoints}, {"energy_high", "kWh saved a year, at most", 16, asPoints}, {"cost_low", "Cost saved a year, at least", 16, asPoints}, {"cost_high", "Cost saved a year, at most", 16, asPoints},
			{"risk", "Risk", 28, asText}, {"reversible", "Reversible", 10, asText}, {"confidence", "Confidence", 12, asText}, {"begins", "Begins", 10, asText}, {"wave", "Done by", 10, asText},
			{"subjects", "Subjects", 10, asCount}, {"first", "The first of them", 50, asText}, {"blockers", "In the way", 40, asText}, {"isolation", "Isolation lost", 40, asText}, {"prerequisites", "Before it", 40, asText},
			{"why", "Why", 50, asText}, {"next", "Start with", 50, asText},
		},
		row: func(i int) []any {
			r := &a.Recommendations[i]
			g := &r.Gain
			cells := []any{r.ID, r.Title, g.Score, g.ScoreHigh, g.Solo, r.Effort, g.Components, g.Hosts, spaces(p.removes(*g))}
			for _, b := range []*score.Bounds{g.EnergyKWh, g.CostPerYear} {
				if b == nil {
					b = &score.Bounds{None: true}
				}
				cells = append(cells, value(low(*b)), value(high(*b)))
			}
			return append(cells, r.Risk, r.Reversible, r.Confidence, r.Begins, r.Wave, len(r.Subjects), firstOf(r.Subjects), firstOf(r.Blockers), firstOf(r.Isolation), firstOf(r.Prerequisites), r.Why, r.Next)
		},
	}
}

// firstOf names a few of many.
func firstOf(texts []string) string {
	const few = 5
	s := strings.Join(texts[:min(len(texts), few)], "; ")
	if len(texts) > few {
		s += "; …"
	}
	return s
}

func waveSheet(a *score.Assessment) *sheet {
	return &sheet{
		name: "Waves", rows: len(a.Roadmap.Waves),
		fields: []field{
			{"id", "By", 12, asText}, {"budget", "Effort there is", 14, asPoints}, {"effort", "Effort taken", 14, asPoints}, {"steps", "Steps done", 12, asCount}, {"partial", "Under way", 28, asText},
			{"done", "Done of it", 12, asCount}, {"of", "Of", 8, asCount}, {"score_low", "Score, proven", 14, asPoints}, {"score_high", "Score, at most", 14, asPoints}, {"level", "Level", 8, asCount}, {"components", "Components", 12, asPoints},
		},
		row: func(i int) []any {
			w := &a.Roadmap.Waves[i]
			return []any{w.ID, w.Budget, w.Effort, w.Steps, w.Partial, w.Done, w.Of, value(low(w.Score)), value(high(w.Score)), w.Level, w.Components}
		},
	}
}

// moveSheet and hostSheet are empty where no plan was made.
func moveSheet(a *score.Assessment) *sheet {
	var moves []score.Move
	names := map[string]string{}
	if t := a.Target; t != nil {
		moves = t.Moves
		for i := range t.Machines {
			names[t.Machines[i].ID] = t.Machines[i].Name
		}
	}
	return &sheet{
		name: "Moves", rows: len(moves),
		fields: []field{{"class", "Class", 12, asText}, {"name", "Name", 28, asText}, {"id", "ID", 20, asText}, {"from", "From", 24, asText}, {"from_id", "From (ID)", 20, asText},
			{"to", "To", 24, asText}, {"to_id", "To (ID)", 20, asText}, {"zone", "Zone", 12, asText}},
		row: func(i int) []any {
			m := &moves[i]
			return []any{m.Class, m.Name, m.ID, names[m.From], m.From, names[m.To], m.To, m.Zone}
		},
	}
}

func hostSheet(a *score.Assessment) *sheet {
	var hosts []score.HostAssign
	if a.Target != nil {
		hosts = a.Target.Machines
	}
	return &sheet{
		name: "Hosts", rows: len(hosts),
		fields: []field{{"id", "ID", 20, asText}, {"name", "Name", 28, asText}, {"zone", "Zone", 12, asText}, {"pool", "Pool", 24, asText}, {"fate", "What becomes of it", 18, asText},
			{"reason", "Not emptied for", 20, asText}, {"why", "Why", 50, asText}},
		row: func(i int) []any {
			h := &hosts[i]
			return []any{h.ID, h.Name, h.Zone, h.Pool, h.Fate, h.Reason, h.Why}
		},
	}
}

func gapSheet(a *score.Assessment) *sheet {
	return &sheet{
		name: "Gaps", rows: len(a.Gaps),
		fields: []field{{"subject", "Subject", 28, asText}, {"what", "Not seen", 36, asText}, {"why", "Why", 36, asText}, {"remedy", "What would show it", 50, asText}, {"points", "Points kept open by the remedy", 16, asPoints}, {"source", "Source", 28, asText}},
		row: func(i int) []any {
			g := &a.Gaps[i]
			return []any{g.Subject, g.What, g.Why, g.Remedy, g.Points, g.Source}
		},
	}
}

// findingSheet lists what is in no score: what was noticed on machines, and risks.
func findingSheet(a *score.Assessment) *sheet {
	var rows [][]any
	for i := range a.Findings {
		f := &a.Findings[i]
		if len(f.Examples) == 0 {
			rows = append(rows, []any{"finding", f.ID, string(f.Severity), f.Machines, "", "", "", ""})
		}
		for _, on := range f.Examples {
			rows = append(rows, []any{"finding", f.ID, string(f.Severity), f.Machines, on.Name, on.Machine, on.Text, on.Source})
		}
	}
	for _, r := range a.Risks {
		rows = append(rows, []any{"risk", r.ID, "", nil, r.Subject, "", r.Text, ""})
	}
	return &sheet{name: "Findings", rows: len(rows),
		fields: []field{{"what", "What", 10, asText}, {"id", "ID", 24, asText}, {"severity", "Severity", 10, asText}, {"machines", "On machines", 12, asCount},
			{"name", "For example on", 28, asText}, {"machine", "ID of that", 20, asText}, {"text", "Text", 60, asText}, {"source", "Read from", 36, asText}},
		row: func(i int) []any { return rows[i] }}
}

func sourceSheet(a *score.Assessment) *sheet {
	return &sheet{
		name: "Sources", rows: len(a.Sources),
		fields: []field{{"target", "Target", 36, asText}, {"scheme", "Scheme", 12, asText}, {"status", "Status", 10, asText}, {"duration", "Took, ms", 10, asCount}, {"entities", "Things seen", 12, asCount}, {"error", "Error", 50, asText}, {"remedy", "What to do", 50, asText}},
		row: func(i int) []any {
			s := &a.Sources[i]
			return []any{s.Target, s.Scheme, string(s.Status), s.DurationMS, s.Entities, s.Error, s.Remedy}
		},
	}
}

// quarterSheets are those that a quarterly report has besides.
func quarterSheets(a *score.Assessment) []*sheet {
	q := a.Quarter
	if q == nil {
		return nil
	}
	return []*sheet{{
		name: "Quarters", rows: len(q.Points),
		fields: []field{{"quarter", "Quarter", 12, asText}, {"low", "Score, proven", 14, asPoints}, {"high", "Score, at most", 14, asPoints}, {"level", "Level", 8, asCount}, {"coverage", "Coverage", 10, asShare},
			{"components", "Components", 12, asPoints}, {"hosts", "Hosts", 8, asCount}},
		row: func(i int) []any {
			x := &q.Points[i]
			return []any{x.Quarter, value(low(x.Score)), value(high(x.Score)), x.Level, x.Coverage, x.Components, x.Hosts}
		},
	}, {
		name: "Advice", rows: len(q.Followed),
		fields: []field{{"action", "Action", 26, asText}, {"title", "What was to be done", 60, asText}, {"status", "Status", 14, asText}, {"subjects", "Things", 10, asCount}, {"done", "Done", 10, asCount}, {"gone", "Gone", 10, asCount},
			{"open", "Open", 10, asCount}, {"incomparable", "Not comparable", 14, asCount}, {"added", "Added", 10, asCount}, {"promised", "Promised, points", 14, asPoints}, {"delivered", "Delivered, points", 14, asPoints}},
		row: func(i int) []any {
			x := &q.Followed[i]
			return []any{x.Action, x.Title, x.Status, x.Subjects, x.Done, x.Gone, x.Open, x.Incomparable, x.Added, value(x.Promised), value(x.Delivered)}
		},
	}}
}

// changeSheets take the change since an earlier result apart, where there is one.
func changeSheets(a *score.Assessment) []*sheet {
	if a.Trend == nil {
		return nil
	}
	var rows [][]any
	for _, x := range a.Trend.Terms {
		rows = append(rows, []any{"estate", x.ID, x.Points, x.High, x.Text})
	}
	for i := range a.Trend.Indicators {
		for _, x := range a.Trend.Indicators[i].Terms {
			rows = append(rows, []any{a.Trend.Indicators[i].ID, x.ID, x.Points, x.High, x.Text})
		}
	}
	return []*sheet{{name: "Change", rows: len(rows), fields: []field{{"of", "Of", 30, asText}, {"term", "Through", 16, asText}, {"low", "Points, low end", 14, asPoints}, {"high", "Points, high end", 14, asPoints}, {"text", "In words", 60, asText}},
		row: func(i int) []any { return rows[i] }}}
}
