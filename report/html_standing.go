package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/report/picture"
	"github.com/infraopt/infraopt/score"
)

// standingSection shows where the estate stands, and what the next level asks for.
func (h *htmlPage) standingSection() *htmlSection {
	s := &htmlSection{ID: "standing", Head: "Where we stand", Short: "Standing", Picture: h.picture("standing", htmlWide, h.drawStanding)}
	l := levelOf(h.a)
	all := slices.Clone(l.NextGates)
	if len(all) == 0 {
		all = slices.Clone(l.HeldBackBy)
	}
	slices.SortStableFunc(all, func(x, y score.Gate) int { return boolToInt(x.Met) - boolToInt(y.Met) })
	for _, g := range all {
		out := htmlGate{Met: g.Met, Text: h.words(g.Text), Is: "is " + h.reached(g, g.Have)}
		if w := h.liftWords(g); w != "" {
			out.Lifts = flat(w)
		}
		s.Gates = append(s.Gates, out)
	}
	n := h.list("headline-numbers", "The headline in numbers", "Number", "value")
	for _, x := range h.statements(h.a) {
		n.add(htmlCell{Text: flat(x.title)}, h.say(flat(x.text)))
	}
	n.Plain, n.Closed = true, true
	s.Tables = append(s.Tables, n.htmlTable)
	if len(all) > 0 {
		s.After = []string{strings.TrimSpace(fmt.Sprintf("What level %d %s", l.Number+1, h.words(l.Next))) + " asks for:"}
	}
	return s
}

// stackSection shows what the work stands on.
func (h *htmlPage) stackSection() *htmlSection {
	a := h.a
	if len(a.Stacks) == 0 && (a.Assumed == nil || len(a.Assumed.Stacks) == 0) {
		return nil
	}
	s := &htmlSection{ID: "stack", Head: "What the work stands on", Short: "Stack",
		Text: []string{"Each column is a class of work, as wide as its share of the demand, with all the layers between it and the hardware. The fewer layers, the lower the picture. " +
			"Systems that are replaced as a whole, and container engines, are drawn at half height. What is hatched is not known for certain."},
		Picture: h.picture("stack", htmlWide, h.drawStacks)}
	today := a.Stacks
	if unproven(a) {
		today = a.Assumed.Stacks
	}
	s.Tables = append(s.Tables, h.classTable("stack-today", "Classes of work today", today))
	if a.Target != nil {
		s.Tables = append(s.Tables, h.classTable("stack-target", "Classes of work at the end of the roadmap", a.Target.Stacks))
	}
	return s
}

func (h *htmlPage) classTable(id, caption string, classes []score.StackClass) htmlTable {
	l := h.list(id, caption, "Work", "stands on, from the top down", "#pieces of work", "#share of the demand")
	for _, c := range classes[:h.rowsOf(len(classes))] {
		var on []string
		for _, x := range slices.Backward(c.Layers) {
			on = append(on, h.layer(x).Name)
		}
		l.add(h.say(h.form(c.Form).Name), h.say(strings.Join(on, ", ")), numeral(h.number(float64(c.Workloads)), float64(c.Workloads)), numeral(h.sharePercent(c.Share), c.Share.Low))
	}
	l.rest(len(classes), "infraopt assess --format json")
	l.Closed = true
	return l.table()
}

// trendSection shows what has changed since an earlier result.
func (h *htmlPage) trendSection() *htmlSection {
	if h.a.Trend == nil {
		return nil
	}
	return h.changeSection(h.a.Trend, "trend", "Trend")
}

func (h *htmlPage) changeSection(t *score.Trend, id, short string) *htmlSection {
	s := &htmlSection{ID: id, Head: "What has changed since " + day(t.From.Time), Short: short}
	s.Text = []string{flat("Score: " + h.change(h.proven(t.From.Score), h.proven(t.To.Score)))}
	if t.Comparable {
		s.Text[0] += flat(" (" + h.signed(t.Change.Low) + "; the high end: " + h.signed(t.Change.High) + ")")
		if !t.Real {
			s.Text[0] += "; what is not known could account for all of it"
		}
	}
	s.Text[0] += "."
	if note := h.words(t.Note); note != "" {
		s.Text = append(s.Text, "Note: "+note+".")
	}
	s.Picture = h.picture(id, htmlWide, func(id string, width float64) *picture.Drawing { return h.drawChange(t, id, width) })
	if len(t.Terms) > 0 {
		l := h.list(id+"-terms", "Causes of the change; their points add up to it", "Cause", "#points", "#at the high end", "in words")
		for _, x := range t.Terms {
			l.add(htmlCell{Text: trendName(x)}, numeral(h.signed(x.Points), x.Points), numeral(h.signed(x.High), x.High), h.say(x.Text))
		}
		s.Tables = append(s.Tables, l.table())
	}
	if len(t.Indicators) > 0 {
		l := h.list(id+"-indicators", "The change by indicators, among what is known of both", "Indicator", "#points", "#at the high end", "of which")
		for _, x := range t.Indicators {
			var parts []string
			for _, y := range x.Terms {
				if v := h.signed(y.Points); v != "0" {
					parts = append(parts, trendName(y)+" "+v)
				}
			}
			l.add(h.say(x.ID), numeral(h.signed(x.Change.Low), x.Change.Low), numeral(h.signed(x.Change.High), x.Change.High), htmlCell{Text: flat(strings.Join(parts, ", "))})
		}
		l.Closed = true
		s.Tables = append(s.Tables, l.table())
	}
	s.Tables = append(s.Tables, h.trendHostTable(&t.Hosts, id)...)
	return s
}

func (h *htmlPage) trendHostTable(t *score.TrendHosts, id string) []htmlTable {
	l := h.list(id+"-hosts", "Hosts that were seen at one end only", "Host", "what became of it", "why")
	total := 0
	add := func(names []string, what string) {
		total += len(names)
		for _, n := range names[:min(len(names), max(0, h.rows-len(l.Rows)))] {
			l.add(h.say(n), htmlCell{Text: what}, htmlCell{})
		}
	}
	for _, x := range t.Incomparable[:h.rowsOf(len(t.Incomparable))] {
		l.add(h.say(x.Name), htmlCell{Text: "not comparable"}, h.say(x.Why))
	}
	total += len(t.Incomparable)
	add(t.Joined, "joined")
	add(t.Left, "left")
	for _, x := range t.Conflicts[:h.rowsOf(len(t.Conflicts))] {
		l.add(htmlCell{Text: "identities"}, htmlCell{Text: "contradict each other"}, h.say(x))
	}
	total += len(t.Conflicts)
	if total == 0 {
		return nil
	}
	l.rest(total, "infraopt assess --format json")
	return []htmlTable{l.table()}
}

// A htmlPillar shows how the points of a pillar come about.
type htmlPillar struct {
	ID, Title, Name, Shares, Points string
	Bar                             *htmlPicture
	Indicators                      []htmlIndicator
}

// A htmlIndicator shows how the answer to one question comes about.
type htmlIndicator struct {
	ID, Title, Shares, Points, Coverage, Explanation string
	Tables                                           []htmlTable
	Command                                          string
}

// pillarSection shows the pillars, down to the evidence of each indicator.
func (h *htmlPage) pillarSection() *htmlSection {
	shown := h.shownPillars()
	if h.a.Score.None || len(shown) == 0 {
		return nil
	}
	s := &htmlSection{ID: "pillars", Head: "What the score is made of", Short: "Pillars", Picture: h.picture("pillars", htmlWide, h.drawPillars),
		Text: []string{"The filled part of a bar is proven, the hatched part is what could be. Open a pillar for its questions, and a question for the evidence of its answer."}}
	for n, l := range shown {
		p := htmlPillar{ID: h.anchor("pillar-"+l.ID, n), Name: h.pillarName(l), Title: h.words(l.Title), Shares: "does not apply"}
		if l.Applicable {
			p.Shares, p.Points = flat(strings.TrimSpace(h.shares(l.Low, l.High))), flat(h.pillarPoints(l))
		}
		for k, i := range l.Indicators {
			p.Indicators = append(p.Indicators, h.indicator(i, h.anchor("indicator-"+i.ID, n, k)))
		}
		s.Pillars = append(s.Pillars, p)
	}
	return s
}

// shownPillars are the pillars to show: those under an assumption where nothing is proven.
func (h *htmlPage) shownPillars() []score.PillarResult {
	if unproven(h.a) {
		return h.a.Assumed.Pillars
	}
	return h.a.Pillars
}

// anchor makes an ID of an ID of the model, which somebody else may have written: then places keep it apart from others.
func (h *htmlPage) anchor(id string, places ...int) string {
	const most = 64
	plain := len(id) <= most
	for _, r := range id {
		plain = plain && (r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '.')
	}
	if plain && h.anchors[id] == nil {
		h.anchors[id] = places
	}
	if plain && slices.Equal(h.anchors[id], places) {
		return id
	}
	return strings.Join(strings.Fields("p "+strings.Trim(fmt.Sprint(places), "[]")), "-")
}

func (h *htmlPage) indicator(i score.IndicatorResult, id string) htmlIndicator {
	out := htmlIndicator{ID: id, Title: cmp.Or(h.words(i.Title), h.words(i.ID)), Shares: "does not apply", Explanation: h.words(i.Explanation),
		Command: "infraopt explain " + h.words(i.ID)}
	if i.Applicable {
		out.Shares = flat(strings.TrimSpace(h.shares(i.Low, i.High)))
		out.Points = flat(h.low(i.Points.Low, 1) + " of " + h.fixed(i.Points.Max, 1) + " points")
		out.Coverage = flat(percent(i.Coverage) + " of the evidence is known")
	}
	if len(i.Sums) > 0 {
		l := h.list(out.ID+"-sums", "Worked out from", "Sum", "unit", "#at the low end", "#at the high end")
		for _, x := range i.Sums {
			l.add(h.say(x.Name), h.say(x.Unit), numeral(h.number(x.Low), x.Low), numeral(h.number(x.High), x.High))
		}
		l.Plain = true
		out.Tables = append(out.Tables, l.htmlTable)
	}
	if len(i.Evidence) > 0 {
		l := h.list(out.ID+"-evidence", "Evidence that matters most", "Subject", "fact", "value", "#takes points", "#keeps open", "read from", "why it is not known, and what would tell")
		for _, e := range i.Evidence {
			value := h.say(e.Value)
			value.Faint = !e.Known
			why := strings.Join(slices.DeleteFunc([]string{h.words(e.Why), h.safe(e.Remedy)}, func(s string) bool { return s == "" }), " "+h.arrow+" ")
			l.add(h.say(e.Subject), h.say(e.Fact), value, numeral(h.points(e.Lost), e.Lost), numeral(h.points(e.Open), e.Open), h.say(e.Source), h.say(why))
		}
		l.Plain = true
		out.Tables = append(out.Tables, l.htmlTable)
	}
	return out
}

// points prints points that may be few.
func (h *htmlPage) points(x float64) string {
	switch {
	case !finite(x):
		return h.dash
	case x < .005:
		return "0"
	default:
		return h.fixed(x, 2)
	}
}
