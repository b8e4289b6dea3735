package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/infraopt/infraopt/score"
)

// The widths that the table format knows how to fill, in columns of the terminal.
const (
	defaultWidth = 80
	minWidth     = 40
	maxWidth     = 140
	margin       = 2
)

// renderTable writes the report for people at a terminal. It answers, in this order: where do we stand, what
// holds us back, what should we do next, what could we not see.
func renderTable(w io.Writer, r *Report) error {
	p := newPage(r.Display)
	for _, section := range []func(*score.Assessment) error{
		p.title, p.quarter, p.standing, p.pillars, p.headline, p.since, p.followed, p.forecast, p.gates, p.ladder, p.machines, p.next, p.risks, p.found, p.waivers, p.gaps, p.failures, p.hints,
	} {
		if err := section(r.Assessment); err != nil {
			return err
		}
	}
	if _, err := io.WriteString(w, p.out.String()); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// A page collects lines that are never wider than its width.
type page struct {
	glyphs
	width int
	color bool
	ascii bool
	top   int
	out   strings.Builder
}

func newPage(d Display) *page {
	p := &page{glyphs: unicodeGlyphs, width: d.Width, color: d.Color, ascii: d.ASCII, top: d.Top}
	if p.ascii {
		p.glyphs = asciiGlyphs
	}
	if p.width <= 0 {
		p.width = defaultWidth
	}
	p.width = min(max(p.width, minWidth), maxWidth)
	return p
}

// room is the width between the margins.
func (p *page) room() int { return p.width - margin }

// rows is how many rows of a list to show.
func (p *page) rows(normally int) int {
	if p.top > 0 {
		return p.top
	}
	return normally
}

// safe makes text from outside printable on this page, on one line; white space is kept.
func (p *page) safe(s string) string {
	s = clean(s)
	if p.ascii {
		s = toASCII(s)
	}
	return s
}

// words is safe for prose: runs of white space become one space.
func (p *page) words(s string) string {
	return strings.Join(strings.Fields(p.safe(s)), " ")
}

// line prints one line inside the margin.
func (p *page) line(s string) {
	p.edge(strings.Repeat(" ", margin) + s)
}

// edge prints one line from the left edge on.
func (p *page) edge(s string) {
	p.out.WriteString(strings.TrimRight(strings.ReplaceAll(s, nbsp, " "), " "))
	p.out.WriteByte('\n')
}

func (p *page) blank() { p.out.WriteByte('\n') }

// heading opens a section that has no table to carry its heading.
func (p *page) heading(s string) {
	const limit = 3
	p.blank()
	for _, l := range wrapTo(s, p.room(), limit, p.ellipsis) {
		p.line(p.paint(strong, l))
	}
}

// para prints text over as many lines as it needs, up to a limit.
func (p *page) para(indent int, st style, s string) {
	const limit = 12
	for _, l := range wrapTo(s, p.room()-indent, limit, p.ellipsis) {
		p.line(strings.Repeat(" ", indent) + p.paint(st, l))
	}
}

// lead prints a paragraph whose opening words stand out.
func (p *page) lead(indent int, opening, rest string) {
	for i, l := range wrap(opening+rest, p.room()-indent) {
		if after, ok := strings.CutPrefix(l, opening); ok && i == 0 {
			l = p.paint(strong, opening) + after
		}
		p.line(strings.Repeat(" ", indent) + l)
	}
}

// remark prints a command or remark below what it belongs to. It is wrapped but never cut: half a command
// is of no use.
func (p *page) remark(indent int, s string) {
	mark := p.arrow + " "
	hang := indent + width(mark)
	for i, l := range wrap(s, p.room()-hang) {
		lead := strings.Repeat(" ", hang)
		if i == 0 {
			lead = strings.Repeat(" ", indent) + p.paint(faint, p.arrow) + " "
		}
		p.line(lead + p.paint(accent, l))
	}
}
