package report

import (
	"fmt"

	"github.com/infraopt/infraopt/score"
)

func (m *markdown) trendTable(a *score.Assessment) string {
	return m.changeTable("Since", a.Trend)
}

// changeTable takes a change of the score apart.
func (m *markdown) changeTable(since string, t *score.Trend) string {
	if t == nil {
		return ""
	}
	s := m.short("Score "+m.change(m.proven(t.From.Score), m.proven(t.To.Score))) + "\n"
	if note := m.words(t.Note); note != "" {
		s += "\nNote: " + m.short(note) + "\n"
	}
	if len(t.Terms) > 0 {
		list := table(">low end", ">high end", "through")
		for _, x := range t.Terms {
			list.add(m.signed(x.Points), m.signed(x.High), m.short(m.words(x.Text)))
		}
		s += "\n" + list.String()
	}
	if t.Comparable && !t.Real {
		s += "\nWhat is not known could account for all of it.\n"
	}
	return m.section(since+" "+day(t.From.Time), s, 0)
}

// quarterPart says what a quarterly report says beside the assessment.
func (m *markdown) quarterPart(a *score.Assessment) string {
	q := a.Quarter
	if q == nil {
		return ""
	}
	title := fmt.Sprintf("Quarter %s, as of %s", m.words(q.Name), day(q.TakenAt))
	if !q.Over {
		title += " (the quarter is not over)"
	}
	body := ""
	for _, missing := range q.Missing {
		body += "Note: " + m.short(m.words(missing)) + "\n\n"
	}
	if len(q.Points) > 0 {
		t := table("quarter", ">score", ">level", ">coverage", ">components", ">hosts")
		for i := range q.Points {
			x := &q.Points[i]
			t.add(m.short(m.words(x.Quarter)), m.proven(x.Score), fmt.Sprint(x.Level), percent(x.Coverage), m.number(x.Components), m.number(float64(x.Hosts)))
		}
		body += t.String()
	}
	if q.Forecast != nil {
		body += "\n" + m.short(m.words(forecastSentence(m.glyphs, q.Forecast))) + "\n"
	}
	return m.section(m.short(title), body, 0) + m.followedTable(q) + m.changeTable("In a year, since", q.YearAgo)
}

// followedTable says what has become of the recommendations of the quarter before.
func (m *markdown) followedTable(q *score.Quarter) string {
	if len(q.Followed) == 0 {
		return ""
	}
	t := table("recommendation", "status", ">done", ">promised", ">delivered")
	shown := q.Followed[:min(len(q.Followed), m.rows(20))]
	for i := range shown {
		x := &shown[i]
		t.add(m.short(m.words(x.Title)), m.short(m.words(x.Status)), m.progress(x), m.pointsOf(x.Promised), m.pointsOf(x.Delivered))
	}
	return m.section("What became of the advice of "+m.short(m.words(q.Previous)), t.String(), len(q.Followed)-len(shown))
}
