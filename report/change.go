package report

import (
	"fmt"
	"io"

	"github.com/infraopt/infraopt/score"
)

// ChangeFormats lists every format for the change between two results: an assessment that holds a trend.
func ChangeFormats() []Format {
	return []Format{
		{"table", "for a terminal", ".txt", renderChange},
		{"json", "for programs (schema " + score.AssessmentSchema + ")", ".json", renderJSON},
	}
}

// renderChange says for people how a score changed, and where.
func renderChange(w io.Writer, r *Report) error {
	p := newPage(r.Display)
	for _, section := range []func(*score.Assessment) error{p.title, p.standing, p.since, p.byIndicator, p.failures} {
		if err := section(r.Assessment); err != nil {
			return err
		}
	}
	if _, err := io.WriteString(w, p.out.String()); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// byIndicator lists the indicators that changed, each with what did it.
func (p *page) byIndicator(a *score.Assessment) error {
	if a.Trend == nil {
		return nil
	}
	g := &grid{columns: []column{{head: "INDICATOR", min: 12, lines: 2}, {head: "POINTS", right: true}, {head: "OF WHICH", min: 20, lines: 2}}}
	for _, x := range a.Trend.Indicators {
		change := p.signed(x.Change.Low)
		if change == "0" && p.signed(x.Change.High) == "0" {
			continue
		}
		var parts string
		for _, t := range x.Terms {
			if points := p.signed(t.Points); points != "0" {
				if parts != "" {
					parts += ", "
				}
				parts += p.words(t.ID) + nbsp + points
			}
		}
		if change == "0" {
			parts = "the high end: " + p.signed(x.Change.High)
		}
		g.add("", text(p.words(x.ID)), styled(p.gainStyle(x.Change.Low), change), text(parts))
	}
	if len(g.rows) == 0 {
		return nil
	}
	p.heading("WHAT IS KNOWN AT BOTH ENDS")
	return p.grid(g)
}
