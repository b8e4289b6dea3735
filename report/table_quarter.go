package report

import (
	"fmt"
	"strings"

	"github.com/infraopt/infraopt/score"
)

// quarter says which quarter a report is about, and what it could not be compared with.
func (p *page) quarter(a *score.Assessment) error {
	q := a.Quarter
	if q == nil {
		return nil
	}
	p.para(0, strong, p.words(quarterTitle(q)))
	for _, s := range q.Missing {
		p.para(0, faint, "Note: "+p.words(s)+".")
	}
	p.blank()
	return nil
}

// quarterTitle names a quarter and the day that its numbers are of.
func quarterTitle(q *score.Quarter) string {
	s := fmt.Sprintf("QUARTER %s, as of %s", q.Name, day(q.TakenAt))
	if !q.Over {
		s += " (the quarter is not over)"
	}
	return s
}

// followed says what has become of the recommendations of the quarter before.
func (p *page) followed(a *score.Assessment) error {
	q := a.Quarter
	if q == nil {
		return nil
	}
	if q.YearAgo != nil {
		if err := p.trend("IN A YEAR, SINCE ", q.YearAgo); err != nil {
			return err
		}
	}
	if len(q.Followed) == 0 {
		return nil
	}
	shown := q.Followed[:min(len(q.Followed), p.rows(12))]
	g := &grid{columns: []column{
		{head: "SINCE " + p.words(q.Previous), min: 18, want: 34, lines: 2, grow: true},
		{head: "status"},
		{head: "done", right: true},
		{head: "promised", right: true, drop: 2},
		{head: "delivered", right: true, drop: 1},
	}}
	for i := range shown {
		x := &shown[i]
		g.add("", text(p.words(x.Title)), text(p.words(x.Status)), text(p.progress(x)), text(p.pointsOf(x.Promised)), text(p.pointsOf(x.Delivered)))
	}
	p.blank()
	if err := p.grid(g); err != nil {
		return err
	}
	if n := len(q.Followed) - len(shown); n > 0 {
		p.para(3, faint, "and "+p.many(float64(n), "more recommendation"))
	}
	if q.Promised != nil && q.Delivered != nil {
		p.para(0, normal, fmt.Sprintf("Of what was done, the roadmap of %s had promised %s; it has delivered %s.", p.words(q.Previous), p.pointsOf(q.Promised), p.pointsOf(q.Delivered)))
	}
	return nil
}

// progress says how many of the things that were to be done are: "12 of 40".
func (p *page) progress(x *score.Followed) string {
	if x.Status == score.FollowedNew {
		return p.many(float64(x.Added), "thing")
	}
	s := p.number(float64(x.Done+x.Gone)) + " of " + p.number(float64(x.Subjects))
	if x.Incomparable > 0 {
		s += fmt.Sprintf(", %s unclear", p.number(float64(x.Incomparable)))
	}
	return s
}

// pointsOf prints points that may not be known.
func (p *page) pointsOf(v *float64) string {
	if v == nil {
		return p.dash
	}
	return p.signed(*v)
}

// forecast says when the next level is reached at the present pace.
func (p *page) forecast(a *score.Assessment) error {
	if a.Quarter == nil || a.Quarter.Forecast == nil {
		return nil
	}
	f := a.Quarter.Forecast
	p.blank()
	p.para(0, normal, p.words(forecastSentence(p.glyphs, f)))
	for i := range f.Gates {
		x := &f.Gates[i]
		p.para(3, faint, fmt.Sprintf("%s: %s; %s a quarter, %s", p.words(x.Text), p.value(x.Unit, x.Have), p.pace(x), p.words(when(p.glyphs, &x.Quarters))))
	}
	return nil
}

// forecastSentence says when a level is reached, and how sure that is.
func forecastSentence(g glyphs, f *score.Forecast) string {
	return fmt.Sprintf("At the pace of the last %s, level %d %s is reached: %s.", g.many(float64(f.Basis), "quarter"), f.Level, f.Name, when(g, &f.Quarters))
}

// when puts a time in quarters into words: the likely one, and the range.
func when(g glyphs, s *score.ForecastSpan) string {
	in := func(v *float64) string {
		switch {
		case v == nil:
			return "never"
		case *v < .05:
			return "now"
		}
		return "in " + g.fixed(ceilTo(*v, 1), 1) + " quarters"
	}
	likely := in(s.Likely)
	if s.Soonest != nil && s.Latest != nil && in(s.Soonest) == in(s.Latest) || s.Soonest == nil {
		return likely
	}
	return likely + fmt.Sprintf(" (at best %s, at worst %s)", in(s.Soonest), in(s.Latest))
}

// pace prints the median change a quarter with its range.
func (p *page) pace(x *score.ForecastGate) string {
	value := func(v float64) string {
		if x.Unit == score.UnitShare {
			v *= 100
		}
		return p.signed(v)
	}
	unit := map[string]string{score.UnitShare: " percentage points", score.UnitPoints: " points"}[x.Unit]
	s := value(x.Pace[1]) + unit
	if x.Pace[0] != x.Pace[2] {
		s += fmt.Sprintf(" (%s to %s)", value(x.Pace[0]), value(x.Pace[2]))
	}
	return s
}

// value prints a number in its unit.
func (p *page) value(unit string, v float64) string {
	if unit == score.UnitShare {
		return strings.ReplaceAll(percent(v), nbsp, " ")
	}
	return p.fixed(v, 1)
}
