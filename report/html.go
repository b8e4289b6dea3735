package report

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"sync"

	"github.com/infraopt/infraopt/report/picture"
)

//go:embed html/report.tmpl html/report.css html/report.js
var htmlFiles embed.FS

// Rows of a list in a page: as many as fit into a page that opens at once. What is left out is counted.
const (
	htmlRows     = 250
	htmlRowsMost = 1000
)

// htmlMost is the size from which on a page has shorter lists, in bytes.
const htmlMost = 5 << 20

// renderHTML writes the report as one file that needs no other: it asks nothing of the network, and the rules it gives the
// browser (Content-Security-Policy) let no script run but its own, whatever a machine is called.
func renderHTML(w io.Writer, r *Report) error {
	parts, err := htmlParts()
	if err != nil {
		return err
	}
	h := newHTML(r)
	var out bytes.Buffer
	for {
		doc := h.document()
		if h.err != nil {
			return h.err
		}
		doc.Policy, doc.Style, doc.Script = parts.policy, parts.style, parts.script
		out.Reset()
		if err := parts.template.Execute(&out, doc); err != nil {
			return fmt.Errorf("filling the page: %w", err)
		}
		if out.Len() <= htmlMost || h.rows < 2 {
			break
		}
		h.rows /= 2
	}
	if _, err := w.Write(out.Bytes()); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// htmlFixed is what is the same in all pages.
type htmlFixed struct {
	template *template.Template
	style    template.HTML
	script   template.HTML
	policy   string
}

var htmlParts = sync.OnceValues(func() (*htmlFixed, error) {
	css, err := htmlFiles.ReadFile("html/report.css")
	if err != nil {
		return nil, fmt.Errorf("reading the style sheet: %w", err)
	}
	js, err := htmlFiles.ReadFile("html/report.js")
	if err != nil {
		return nil, fmt.Errorf("reading the script: %w", err)
	}
	t, err := template.ParseFS(htmlFiles, "html/report.tmpl")
	if err != nil {
		return nil, fmt.Errorf("reading the page: %w", err)
	}
	style, script := picture.Style()+"\n"+string(css), string(js)
	return &htmlFixed{
		template: t,
		style:    template.HTML("<style>" + style + "</style>"),    //nolint:gosec // files of ours
		script:   template.HTML("<script>" + script + "</script>"), //nolint:gosec // files of ours
		policy: fmt.Sprintf("default-src 'none'; style-src '%s'; script-src '%s'; img-src data:; base-uri 'none'; form-action 'none'",
			sourceHash(style), sourceHash(script)),
	}, nil
})

// sourceHash names a script or style sheet by what is in it, as a Content-Security-Policy does.
func sourceHash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// A htmlDocument is all that the template shows. It holds text, never markup, but for the pictures and what is fixed.
type htmlDocument struct {
	Policy        string
	Style, Script template.HTML
	Title         string
	About         []string // what was looked at, when, and how
	Banner        []string // what has to be known before anything else is read
	Level         string   // "2"; a dash where there is none
	LevelName     string
	Score         htmlFigure
	Coverage      htmlFigure
	Assumed       string // the same under an assumption
	Summary       []htmlPassage
	Figures       []htmlFigure
	Sections      []htmlSection
	Foot          []string
}

// A htmlPassage is a paragraph of the summary.
type htmlPassage struct{ Head, Text string }

// A htmlFigure is one number that people remember, with the section that tells how it comes about.
type htmlFigure struct{ Value, Text, Link string }

// resolve takes away a link to a section that is not there.
func (f *htmlFigure) resolve(sections []htmlSection) {
	if !slices.ContainsFunc(sections, func(s htmlSection) bool { return "#"+s.ID == f.Link }) {
		f.Link = ""
	}
}

// A htmlSection is a part of the page with a heading. What it holds is shown in this order.
type htmlSection struct {
	ID, Head, Short string // Short is for the list of sections
	Text            []string
	Picture         *htmlPicture
	After           []string        // below the picture
	Links           []htmlIndicator // that tell how the numbers come about
	Gates           []htmlGate
	Pair            []htmlPair
	Tables          []htmlTable
	Pillars         []htmlPillar
	Commands        [][2]string
}

// A htmlPicture is a drawing for wide and for narrow screens.
type htmlPicture struct{ Wide, Narrow template.HTML }

// A htmlPair is a picture with a heading, for those that stand side by side.
type htmlPair struct {
	Head    string
	Text    string
	Picture htmlPicture
}

// A htmlGate is a condition of the next level.
type htmlGate struct {
	Met      bool
	Text, Is string
	Lifts    string
}

// A htmlPage turns an assessment into a document.
type htmlPage struct {
	gallery
	rows    int
	anchors map[string][]int // IDs that were given, with the places they belong to
	err     error            // of drawing
}

func newHTML(r *Report) *htmlPage {
	g := newGallery(r.Assessment)
	g.ascii = r.Display.ASCII
	if g.ascii {
		g.glyphs = asciiGlyphs
	}
	h := &htmlPage{gallery: g, rows: htmlRows, anchors: map[string][]int{}}
	if r.Display.Top > 0 {
		h.rows = min(r.Display.Top, htmlRowsMost)
	}
	return h
}

// Widths that pictures are drawn for, in CSS pixels. The narrow one fits the narrowest phones.
const (
	htmlWide   = 960
	htmlHalf   = 460
	htmlNarrow = 320
)

// picture draws for wide and narrow screens; nil where there is nothing to draw.
func (h *htmlPage) picture(id string, wide float64, draw func(id string, width float64) *picture.Drawing) *htmlPicture {
	var out htmlPicture
	for _, x := range []struct {
		to    *template.HTML
		id    string
		width float64
	}{{&out.Wide, id + "-w", wide}, {&out.Narrow, id + "-n", htmlNarrow}} {
		d := draw(x.id, x.width)
		if d == nil {
			return nil
		}
		var b bytes.Buffer
		if err := d.SVG(&b); err != nil && h.err == nil {
			h.err = err
		}
		*x.to = template.HTML(b.String()) //nolint:gosec // package picture escapes texts
	}
	return &out
}

func (h *htmlPage) document() *htmlDocument {
	a := h.a
	doc := &htmlDocument{
		Title: flat(h.machineNames(a) + " " + h.dot + " " + a.GeneratedAt.UTC().Format("2006-01-02")),
		About: []string{flat(h.machineNames(a)), a.GeneratedAt.UTC().Format("2006-01-02 15:04") + " UTC"},
		Level: h.dash, LevelName: cut(h.words(a.Level.Name), 40, h.ellipsis),
		Score:    htmlFigure{Value: flat(h.scoreWords(a.Score, a.Level)), Link: "#pillars"},
		Coverage: htmlFigure{Value: "coverage " + flat(percent(a.Coverage.Evidence)), Link: "#gaps"},
		Foot:     h.foot(),
	}
	for _, x := range summary(a) {
		doc.Summary = append(doc.Summary, htmlPassage{x.head, x.text})
	}
	if used := h.schemes(a); used != "" {
		doc.About = append(doc.About, "read through "+cut(used, longest, h.ellipsis))
	}
	if a.Level.Number > 0 {
		doc.Level = fmt.Sprint(a.Level.Number)
	} else if doc.LevelName == "" {
		doc.LevelName = "Unassessed"
	}
	if s := a.Assumed; s != nil {
		doc.Assumed = flat(fmt.Sprintf("If %s: level %s, %s.", h.assumption(s.Assumption), h.levelWords(s.Level), h.scoreWords(s.Score, s.Level)))
	}
	doc.Banner = h.banner()
	for _, section := range []func() *htmlSection{
		h.standingSection, h.stackSection, h.trendSection, h.quarterSection, h.yearSection, h.nextSection, h.hostsSection, h.pillarSection, h.workSection, h.machineSection, h.containerSection, h.vmSection,
		h.gapSection, h.foundSection, h.ruleSection, h.sourceSection,
	} {
		if s := section(); s != nil {
			doc.Sections = append(doc.Sections, *s)
		}
	}
	doc.Figures = h.figures()
	doc.Score.resolve(doc.Sections)
	doc.Coverage.resolve(doc.Sections)
	for i := range doc.Figures {
		doc.Figures[i].resolve(doc.Sections)
	}
	return doc
}

// banner says what changes how everything else is to be read.
func (h *htmlPage) banner() []string {
	var out []string
	if x := h.a.WhatIf; x != nil {
		out = append(out, flat("This is about an estate changed by "+h.words(x.File)+", not about the one of today: score "+h.change(h.scored(x.Before.Score), h.scored(x.After.Score))+"."))
	}
	if q := h.a.Quarter; q != nil && !q.Over {
		out = append(out, flat(h.words("This is about the quarter "+q.Name+", as of "+day(q.TakenAt)+"; the quarter is not over.")))
	}
	if unproven(h.a) {
		out = append(out, flat("Nothing is proven yet. Pictures and pillars show what holds if "+h.assumption(h.a.Assumed.Assumption)+"."))
	}
	return out
}

// figures are the numbers to remember, each with the place that tells how it comes about.
func (h *htmlPage) figures() []htmlFigure {
	a, head := h.a, headlineOf(h.a)
	var out []htmlFigure
	if !head.ComponentsPerWorkload.None {
		f := htmlFigure{flat(h.ratio(head.ComponentsPerWorkload)), "components per workload", "#hosts"}
		if !head.Attainable.None {
			f.Text += "; " + flat(h.ratio(head.Attainable)) + " is attainable"
		}
		out = append(out, f)
	}
	switch {
	case head.HostsPlan != nil:
		out = append(out, htmlFigure{flat(h.change(h.number(float64(head.Hosts)), h.number(float64(*head.HostsPlan)))),
			flat("hosts now, and in the plan; no plan needs fewer than " + h.number(float64(head.HostsBound))), "#hosts"})
	case head.Hosts > 0:
		out = append(out, htmlFigure{flat(h.number(float64(head.Hosts))), "hosts", "#hosts"})
	}
	if r := a.Roadmap; r.Steps > 0 && !r.From.None && !r.To.None {
		out = append(out, htmlFigure{flat(h.change(h.low(r.From.Low, 0), h.low(r.To.Low, 0))), flat("score, by " + h.many(float64(r.Steps), "step") + h.levelTo(r)), "#next"})
	}
	if len(a.Gaps) > 0 && !a.Score.None && a.Score.High-a.Score.Low >= .5 {
		out = append(out, htmlFigure{flat(h.low(a.Score.High-a.Score.Low, 0)), "points are open, as not everything could be seen", "#gaps"})
	}
	return out
}

func (h *htmlPage) foot() []string {
	t := h.a.Tool
	by := "Made by " + h.words(t.Name) + " " + h.words(t.Version)
	if t.Commit != "" {
		by += " (" + h.words(t.Commit) + ")"
	}
	if t.Rules != "" {
		by += ", rules " + h.words(t.Rules)
	}
	if t.Model != "" {
		by += ", model " + h.words(t.Model)
	}
	return []string{
		by + ".",
		"Low ends of intervals are rounded down and high ends up: what is shown never promises more than what is known. Scores are points from 0 to 100, shares go from 0 to 1, effort is in points of a convention. Times are UTC.",
		"This page is one file. It loads nothing and sends nothing.",
	}
}

// rowsOf says how many rows of a list there is room for.
func (h *htmlPage) rowsOf(n int) int { return min(n, h.rows) }
