package report

import (
	"fmt"
	"math"
	"strings"

	"github.com/infraopt/infraopt/score"
)

// since says how the score has changed since an earlier result, and through what.
func (p *page) since(a *score.Assessment) error {
	if a.Trend == nil {
		return nil
	}
	if err := p.trend("SINCE ", a.Trend); err != nil {
		return err
	}
	p.trendHosts(&a.Trend.Hosts)
	return nil
}

// trend says how the score has changed, and through what.
func (p *page) trend(since string, t *score.Trend) error {
	p.blank()
	head := since + day(t.From.Time) + ": " + p.change(p.proven(t.From.Score), p.proven(t.To.Score))
	if t.Comparable {
		head += " (" + p.signed(t.Change.Low) + ")"
	}
	p.para(0, strong, head)
	if note := p.words(t.Note); note != "" {
		st := faint
		if !t.Comparable {
			st = warn
		}
		p.para(0, st, "Note: "+note+".")
	}
	return p.trendTerms(t)
}

// proven prints the low end of a score, or that there is none.
func (p *page) proven(b score.Bounds) string {
	if b.None {
		return "not rated"
	}
	return p.low(b.Low, 0)
}

func (p *page) trendTerms(t *score.Trend) error {
	g := &grid{columns: []column{{right: true}, {min: 12, lines: 3}}}
	for _, x := range t.Terms {
		low, high := p.signed(x.Points), p.signed(x.High)
		words := p.words(x.Text)
		switch {
		case low == "0" && high == "0":
			continue
		case low == "0":
			words += " (the high end: " + high + ")"
		}
		g.add("", styled(p.gainStyle(x.Points), low), text(words))
	}
	switch {
	case len(g.rows) > 0:
		if err := p.grid(g); err != nil {
			return err
		}
		if t.Comparable && !t.Real {
			p.para(0, faint, "What is not known could account for all of it.")
		}
	case len(t.Terms) > 0:
		p.para(0, normal, "Nothing has changed the score.")
	}
	return nil
}

func (p *page) trendHosts(h *score.TrendHosts) {
	list := func(what string, names []string) {
		shown := names[:min(len(names), p.rows(5))]
		var parts []string
		for _, n := range shown {
			parts = append(parts, p.words(n))
		}
		s := strings.Join(parts, ", ")
		if n := len(names) - len(shown); n > 0 {
			s += fmt.Sprintf(" and %s more", p.number(float64(n)))
		}
		if s != "" {
			p.para(0, normal, what+": "+s+".")
		}
	}
	list("Joined", h.Joined)
	list("Left", h.Left)
	var lost []string
	for _, x := range h.Incomparable {
		lost = append(lost, x.Name+" ("+x.Why+")")
	}
	list("Not comparable", lost)
	list("Conflicting identities", h.Conflicts)
}

// signed prints a change of points: "+10.0", "0". A small one keeps two decimals, so that it does not look like none.
func (p *page) signed(x float64) string {
	decimals := 1
	switch size := math.Abs(x); {
	case !finite(x):
		return p.dash
	case size < .005:
		return "0"
	case size < .05:
		decimals = 2
	}
	if x < 0 {
		return p.minus + p.fixed(-x, decimals)
	}
	return "+" + p.fixed(x, decimals)
}
