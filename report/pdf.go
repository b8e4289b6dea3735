package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/infraopt/infraopt/report/paper"
	"github.com/infraopt/infraopt/score"
)

// What of each list goes on paper: it is read in a meeting, and the rest is in the other formats.
const (
	paperActions    = 12
	paperGaps       = 10
	paperIndicators = 24
	paperGrounds    = 8
	paperFollowed   = 14
)

// renderPDF writes the report that is handed out: where we stand in plain sentences, the pictures, what to do, and on what
// all of it rests.
func renderPDF(w io.Writer, r *Report) error {
	a := r.Assessment
	p := newPage(Display{Width: maxWidth})
	b := &booklet{page: p, a: a, doc: paper.New(paperTitle(a), strings.TrimSpace("infraopt "+p.words(a.Tool.Version)), a.GeneratedAt), rows: r.Display.Top}
	b.cover()
	b.pictures()
	b.actions()
	b.progress()
	b.appendix()
	if err := b.doc.Write(w); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

func paperTitle(a *score.Assessment) string {
	if a.Quarter != nil {
		return "Infrastructure optimisation, " + clean(a.Quarter.Name)
	}
	return "Infrastructure optimisation, " + day(a.GeneratedAt)
}

// A booklet is the report on pages.
type booklet struct {
	*page
	a    *score.Assessment
	doc  *paper.Document
	rows int
}

// atMost is how many rows of a list are shown.
func (b *booklet) atMost(normally, have int) int {
	if b.rows > 0 {
		normally = min(b.rows, 4*normally)
	}
	return min(normally, have)
}

// rest says how many of a list are not shown.
func (b *booklet) rest(shown, all int, one string) {
	if n := all - shown; n > 0 {
		b.doc.Note(fmt.Sprintf("and %s, in the other formats of this report", b.many(float64(n), "more "+one)))
	}
}

func (b *booklet) cover() {
	d, a := b.doc, b.a
	d.Space(24)
	d.Title(paperTitle(a))
	d.Subtitle(flat(b.machineNames(a)) + " " + b.dot + " " + a.GeneratedAt.UTC().Format("2006-01-02 15:04") + " UTC")
	if q := a.Quarter; q != nil {
		d.Subtitle(quarterTitle(q))
	}
	d.Space(10)
	d.Drawing(newGallery(a).drawStanding("standing", 640))
	var rows [][]string
	for _, s := range b.statements(a) {
		rows = append(rows, []string{flat(s.title), flat(s.text)})
	}
	d.Table([]paper.Column{{Head: "in numbers", Share: 1}, {Share: 3}}, rows)
	for _, x := range summary(a) {
		d.Small(x.head)
		d.Para(x.text)
	}
	if q := a.Quarter; q != nil {
		for _, s := range q.Missing {
			d.Note("Note: " + b.words(s) + ".")
		}
	}
}

func (b *booklet) pictures() {
	g, d := newGallery(b.a), b.doc
	if b.a.Score.None {
		return
	}
	d.Page()
	d.Heading("What the work stands on")
	d.Drawing(g.drawStacks("stacks", 640))
	d.Heading("The pillars of the score")
	d.Drawing(g.drawPillars("pillars", 640))
	d.Heading("Components and hosts")
	d.Drawing(g.drawPerWorkload("components", 640))
	d.Drawing(g.drawHosts("hosts", 640))
	if b.a.Roadmap.Steps > 0 {
		d.Heading("The roadmap, step by step")
		d.Drawing(g.drawRoadmap("roadmap", 640))
	}
	if t := b.a.Trend; t != nil && t.Comparable && len(t.Terms) > 0 {
		d.Heading("Where the change comes from")
		d.Drawing(g.drawTrend("trend", 640))
	}
}

func (b *booklet) actions() {
	a, d := b.a, b.doc
	if len(a.Recommendations) == 0 {
		return
	}
	d.Heading("What to do")
	shown := b.atMost(paperActions, len(a.Recommendations))
	var rows [][]string
	for i := range a.Recommendations[:shown] {
		r := &a.Recommendations[i]
		title := b.words(r.Title)
		if c := b.words(r.Confidence); c != "" && c != "proven" {
			title += " (" + c + ")"
		}
		rows = append(rows, []string{fmt.Sprint(i + 1), title, "", b.number(r.Effort), b.gain(r.Gain.Score), flat(b.removes(r.Gain)), b.words(r.Risk), waveName(r.Wave)})
	}
	d.Table([]paper.Column{{Head: "", Share: 2, Right: true}, {Head: "action", Share: 20, Lines: 3}, {Head: "owner", Share: 8}, {Head: "effort", Share: 6, Right: true}, {Head: "gain", Share: 5, Right: true},
		{Head: "removes", Share: 11, Lines: 3}, {Head: "risk", Share: 22, Lines: 4}, {Head: "by", Share: 6}}, rows)
	b.rest(shown, len(a.Recommendations), "action")
	d.Note("Effort is in points, a convention. Gains are points of the proven score, found by carrying out the steps in this order on the inventory and rating it again after each. The column of owners is for the meeting to fill in.")
}

// waveName says by when a step can be done.
func waveName(wave string) string {
	switch wave {
	case "quarter":
		return "this quarter"
	case "year":
		return "this year"
	default:
		return wave
	}
}

// progress shows what has become of the last roadmap.
func (b *booklet) progress() {
	q, d := b.a.Quarter, b.doc
	if q == nil || len(q.Followed) == 0 {
		return
	}
	d.Heading("What has become of the roadmap of " + b.words(q.Previous))
	shown := b.atMost(paperFollowed, len(q.Followed))
	var rows [][]string
	for i := range q.Followed[:shown] {
		x := &q.Followed[i]
		rows = append(rows, []string{b.words(x.Title), b.words(x.Status), flat(b.page.progress(x)), b.pointsOf(x.Promised), b.pointsOf(x.Delivered)})
	}
	d.Table([]paper.Column{{Head: "recommendation", Share: 24}, {Head: "status", Share: 8}, {Head: "done", Share: 12, Right: true}, {Head: "promised", Share: 8, Right: true}, {Head: "delivered", Share: 8, Right: true}}, rows)
	b.rest(shown, len(q.Followed), "recommendation")
	if f := q.Forecast; f != nil {
		d.Para(flat(forecastSentence(b.glyphs, f)))
		for i := range f.Gates {
			x := &f.Gates[i]
			d.Item(flat(fmt.Sprintf("%s: %s now; %s a quarter; %s", b.words(x.Text), b.value(x.Unit, x.Have), b.pace(x), when(b.glyphs, &x.Quarters))))
		}
	}
}

func (b *booklet) appendix() {
	a, d := b.a, b.doc
	d.Page()
	d.Heading("How the numbers come about")
	d.Para("The score rates from 0 to 100 how far an estate has moved towards few components: containers in place of operating systems and hypervisors, software-defined technologies, converged hardware, and few components for what is carried. It is a weighted sum of indicators. Each answers one question by the facts that were read, and holds a low end, which is proven, and a high end, which is possible.")
	d.Para("A fact that could not be read counts as missing at the low end and as favourable at the high end. Levels are reached by the low end alone. Weights, steps of ladders, effort points and thresholds are conventions: they can be changed in a model file, and are part of the hash of the rules.")
	d.Para(fmt.Sprintf("Made by infraopt %s with the rules %s%s. All times are UTC; numbers have a point before decimals and commas between thousands. Intervals are rounded outwards, so that what is printed never promises more than is known.", b.words(a.Tool.Version), b.words(a.Tool.Rules), modelWords(b.words(a.Tool.Model))))
	if len(a.Pillars) > 0 && !a.Score.None {
		b.indicators()
	}
	b.grounds()
	d.Heading("Coverage, and what could not be seen")
	d.Para(flat(b.sure(a)))
	shown := b.atMost(paperGaps, len(a.Gaps))
	var rows [][]string
	for i := range a.Gaps[:shown] {
		g := &a.Gaps[i]
		rows = append(rows, []string{b.words(g.Subject), b.words(g.What), b.words(g.Why), b.words(g.Remedy), b.gain(g.Points)})
	}
	if len(rows) > 0 {
		d.Table([]paper.Column{{Head: "of", Share: 10}, {Head: "what", Share: 14, Lines: 2}, {Head: "why not", Share: 14, Lines: 2}, {Head: "what would help", Share: 16, Lines: 2}, {Head: "points", Share: 5, Right: true}}, rows)
	}
	b.rest(shown, len(a.Gaps), "gap")
	b.failed()
}

func modelWords(name string) string {
	if name == "" {
		return ""
	}
	return " (changed by the model file " + name + ")"
}

// indicators lists every question with its answer.
func (b *booklet) indicators() {
	b.doc.Heading("Indicators")
	var rows [][]string
	for i := range b.a.Pillars {
		for j := range b.a.Pillars[i].Indicators {
			x := &b.a.Pillars[i].Indicators[j]
			points := "not applicable"
			if x.Applicable {
				points = flat(b.span(score.Bounds{Low: x.Points.Low, High: x.Points.High}, 1)) + " of " + b.fixed(x.Points.Max, 1)
			}
			rows = append(rows, []string{b.words(x.Title), points, flat(percent(x.Coverage)), b.words(x.Explanation)})
		}
	}
	rows = rows[:min(len(rows), paperIndicators)]
	b.doc.Table([]paper.Column{{Head: "question", Share: 18}, {Head: "points", Share: 12, Right: true}, {Head: "known", Share: 5, Right: true}, {Head: "answer", Share: 26, Lines: 3}}, rows)
}

// grounds lists what energy, carbon and cost rest on.
func (b *booklet) grounds() {
	t := b.a.Target
	if t == nil || t.Outcomes == nil || len(t.Outcomes.Basis) == 0 {
		return
	}
	b.doc.Heading("What energy, carbon and cost rest on")
	var rows [][]string
	for _, g := range t.Outcomes.Basis[:min(len(t.Outcomes.Basis), paperGrounds)] {
		source := b.words(g.Source)
		if g.Default {
			source += " (a default)"
		}
		rows = append(rows, []string{b.words(g.Name), flat(b.span(g.Value, 3)) + " " + b.words(g.Unit), source})
	}
	b.doc.Table([]paper.Column{{Head: "number", Share: 16}, {Head: "value", Share: 12}, {Head: "source", Share: 20}}, rows)
	b.rest(len(rows), len(t.Outcomes.Basis), "number")
	for _, s := range t.Outcomes.Notes[:min(len(t.Outcomes.Notes), paperGrounds)] {
		b.doc.Note(b.words(s))
	}
}

// failed lists the sources that could not be read.
func (b *booklet) failed() {
	n := 0
	for i := range b.a.Sources {
		s := &b.a.Sources[i]
		if s.Error == "" {
			continue
		}
		if n++; n > paperGaps {
			continue
		}
		text := b.words(s.Target) + ": " + b.words(s.Error)
		if r := b.words(s.Remedy); r != "" {
			text += " (" + r + ")"
		}
		b.doc.Item(cut(text, 3*maxWidth, b.ellipsis))
	}
	b.rest(min(n, paperGaps), n, "source that could not be read")
}
