package report

import (
	"fmt"
	"strings"

	"github.com/infraopt/infraopt/report/picture"
	"github.com/infraopt/infraopt/score"
)

// quarterSection says what has become of the last quarter's recommendations, and where things go at this pace.
func (h *htmlPage) quarterSection() *htmlSection {
	q := h.a.Quarter
	if q == nil {
		return nil
	}
	s := &htmlSection{ID: "quarter", Head: "The quarter " + h.words(q.Name), Short: "Quarter"}
	for _, x := range q.Missing {
		s.Text = append(s.Text, "Note: "+h.words(x)+".")
	}
	if words := h.delivered(h.a); words != "" {
		s.Text = append(s.Text, flat(words))
	}
	if f := q.Forecast; f != nil {
		s.Text = append(s.Text, flat(h.words(forecastSentence(h.glyphs, f))))
	}
	s.Picture = h.picture("quarters", htmlWide, h.drawQuarters)
	s.Tables = append(s.Tables, h.followedTable(q)...)
	if f := q.Forecast; f != nil && len(f.Gates) > 0 {
		l := h.list("forecast", "What is missing, at the pace of the quarters before", "Condition", "now", "change a quarter", "met")
		for i := range f.Gates[:h.rowsOf(len(f.Gates))] {
			g := &f.Gates[i]
			l.add(h.say(g.Text), h.say(h.value(g.Unit, g.Have)), h.say(h.pace(g)), h.say(when(h.glyphs, &g.Quarters)))
		}
		l.Plain = true
		s.Tables = append(s.Tables, l.htmlTable)
	}
	if len(q.Points) > 0 {
		l := h.list("quarter-points", "The ends of the quarters, by the rules of today", "Quarter", "seen on", "#score", "#level", "#coverage", "#components", "#hosts")
		for _, x := range q.Points[:h.rowsOf(len(q.Points))] {
			l.add(h.say(x.Quarter), htmlCell{Text: day(x.TakenAt)}, numeral(h.scored(x.Score), x.Score.Low), h.count(x.Level), numeral(percent(x.Coverage), x.Coverage),
				numeral(h.number(x.Components), x.Components), h.count(x.Hosts))
		}
		l.rest(len(q.Points), "infraopt report --format json")
		s.Tables = append(s.Tables, l.table())
	}
	return s
}

func (h *htmlPage) followedTable(q *score.Quarter) []htmlTable {
	if len(q.Followed) == 0 {
		return nil
	}
	l := h.list("followed", strings.TrimSpace("Recommendations since "+h.words(q.Previous)), "Recommendation", "status", "things done", "#promised", "#delivered")
	for i := range q.Followed[:h.rowsOf(len(q.Followed))] {
		x := &q.Followed[i]
		points := func(v *float64, why string) htmlCell {
			if v == nil {
				return l.unknown(why, "")
			}
			return numeral(h.signed(*v), *v)
		}
		promised := points(x.Promised, "nothing was promised: it is new")
		delivered := points(x.Delivered, "it cannot be worked out, or nothing of it is done")
		l.add(h.say(x.Title), h.say(x.Status), htmlCell{Text: flat(h.progress(x))}, promised, delivered)
	}
	l.rest(len(q.Followed), "infraopt report --format json")
	return []htmlTable{l.table()}
}

// yearSection shows what has changed in a year.
func (h *htmlPage) yearSection() *htmlSection {
	if h.a.Quarter == nil || h.a.Quarter.YearAgo == nil {
		return nil
	}
	return h.changeSection(h.a.Quarter.YearAgo, "year", "In a year")
}

// drawQuarters draws the scores at the ends of quarters; nil where there are less than two.
func (g gallery) drawQuarters(id string, width float64) *picture.Drawing {
	q := g.a.Quarter
	if q == nil || len(q.Points) < 2 {
		return nil
	}
	const most = 12
	var bars []picture.Bar
	var desc []string
	for _, x := range q.Points[max(0, len(q.Points)-most):] {
		b := picture.Bar{Label: g.words(x.Quarter), Low: share100(x.Score.Low), High: share100(x.Score.High), Role: picture.Known,
			Value: flat(fmt.Sprintf("%s %s level %d", g.scored(x.Score), g.dot, x.Level))}
		if x.Score.None {
			b.None, b.Value = "not rated", ""
		}
		bars = append(bars, b)
		desc = append(desc, b.Label+": "+b.Value+b.None+".")
	}
	return picture.Bars(id, "The score at the ends of quarters", strings.Join(desc, " "), width, 100, bars)
}
