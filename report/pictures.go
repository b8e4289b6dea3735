package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/report/picture"
	"github.com/infraopt/infraopt/score"
)

// A gallery draws the pictures of one assessment, at whatever width there is. Every number in a picture is printed as the
// table prints it.
type gallery struct {
	*page
	a *score.Assessment
}

func newGallery(a *score.Assessment) gallery {
	return gallery{newPage(Display{Width: maxWidth}), a}
}

// flat is text as pictures and pages of HTML have it: with plain spaces, as in the table.
func flat(s string) string { return strings.ReplaceAll(s, nbsp, " ") }

// headlineOf is the headline to show, with its assumption where nothing is proven.
func headlineOf(a *score.Assessment) score.Headline {
	if unproven(a) {
		return a.Assumed.Headline
	}
	return a.Headline
}

func levelOf(a *score.Assessment) score.LevelResult {
	if unproven(a) {
		return a.Assumed.Level
	}
	return a.Level
}

func scoreOf(a *score.Assessment) score.Bounds {
	if unproven(a) {
		return a.Assumed.Score
	}
	return a.Score
}

// levels is how many levels there are.
const levels = 5

// drawStanding draws score and level, with the end of the roadmap.
func (g gallery) drawStanding(id string, width float64) *picture.Drawing {
	a, l, b := g.a, levelOf(g.a), scoreOf(g.a)
	s := picture.Standing{Low: share100(b.Low), High: share100(b.High), Level: min(max(l.Number, 0), levels), Levels: levels, LevelNames: map[int]string{}}
	title := flat("Level " + g.levelWords(l) + ", " + g.scoreWords(b, l))
	desc := []string{title + "."}
	if b.None {
		s.None = "not rated"
	}
	if name := g.words(l.Next); name != "" && l.Number >= 0 {
		s.LevelNames[l.Number+1] = name
	}
	for _, gate := range l.NextGates {
		if gate.ID == "score" && gate.Unit == score.UnitPoints && !gate.Upper {
			s.Goal, s.GoalName = share100(gate.Want), fmt.Sprintf("level %d asks for %s", l.Number+1, g.words(gate.Text))
			desc = append(desc, s.GoalName+".")
		}
	}
	if r := a.Roadmap; r.Steps > 0 && !r.To.None && !b.None {
		s.ToLow, s.ToLevel = share100(r.To.Low), min(max(r.LevelTo, 0), levels)
		s.To = flat("end of the roadmap: " + g.low(r.To.Low, 0) + g.levelTo(r))
		if r.LevelTo > 0 {
			s.LevelNames[s.ToLevel] = g.words(r.LevelName)
		}
		desc = append(desc, s.To+".")
	}
	if l.Number > 0 {
		s.LevelNames[s.Level] = g.words(l.Name)
	}
	return picture.Scale(id, title, strings.Join(desc, " "), width, s)
}

func (g gallery) levelTo(r score.Roadmap) string {
	if r.LevelTo <= 0 {
		return ""
	}
	return strings.TrimRight(fmt.Sprintf(", level %d %s", r.LevelTo, g.words(r.LevelName)), " ")
}

func share100(x float64) float64 { return 100 * unit(x/100) }

// drawPillars draws how far each pillar is.
func (g gallery) drawPillars(id string, width float64) *picture.Drawing {
	shown := g.a.Pillars
	if unproven(g.a) {
		shown = g.a.Assumed.Pillars
	}
	var bars []picture.Bar
	var desc []string
	for _, l := range shown {
		b := picture.Bar{Label: g.pillarName(l), Low: unit(l.Low), High: unit(l.High), Role: picture.Known}
		b.Value = flat(strings.TrimSpace(g.shares(l.Low, l.High)) + " " + g.dot + " " + g.pillarPoints(l))
		if !l.Applicable {
			b.None, b.Value = "not applicable", ""
		}
		bars = append(bars, b)
		desc = append(desc, strings.TrimSpace(b.Label+": "+b.Value+b.None)+".")
	}
	return picture.Bars(id, "The pillars of the score", strings.Join(desc, " "), width, 1, bars)
}

func (p *page) pillarName(l score.PillarResult) string {
	return cmp.Or(p.words(l.ID), p.words(l.Title))
}

func (p *page) pillarPoints(l score.PillarResult) string {
	return p.low(l.Points.Low, 1) + " of " + p.number(l.Points.Max) + " points"
}

// drawPerWorkload draws components per workload: now, at the end of the roadmap, and what is attainable.
func (g gallery) drawPerWorkload(id string, width float64) *picture.Drawing {
	h := headlineOf(g.a)
	rows := []struct {
		name string
		b    score.Bounds
		role picture.Role
	}{{"now", h.ComponentsPerWorkload, picture.Known}}
	if t := g.a.Target; t != nil {
		rows = append(rows, struct {
			name string
			b    score.Bounds
			role picture.Role
		}{"end of the roadmap", t.ComponentsPerWorkload, picture.Good})
	}
	rows = append(rows, struct {
		name string
		b    score.Bounds
		role picture.Role
	}{"attainable here", h.Attainable, picture.Mark})
	most := 0.0
	var bars []picture.Bar
	var desc []string
	for _, r := range rows {
		b := picture.Bar{Label: r.name, Role: r.role}
		switch {
		case r.b.None || !finite(r.b.Low):
			b.None = "not known"
		default:
			b.Low, b.High, b.Value = r.b.Low, r.b.High, flat(g.ratio(r.b))
			if !finite(b.High) {
				b.High = b.Low
			}
			most = max(most, b.High)
		}
		bars = append(bars, b)
		desc = append(desc, b.Label+": "+b.Value+b.None+".")
	}
	return picture.Bars(id, "Components per workload", strings.Join(desc, " "), width, most, bars)
}

// drawHosts draws the number of hosts: now, in the plan, and what no plan can do without.
func (g gallery) drawHosts(id string, width float64) *picture.Drawing {
	h := headlineOf(g.a)
	var bars []picture.Bar
	var desc []string
	add := func(name string, n int, role picture.Role) {
		b := picture.Bar{Label: name, Value: flat(g.number(float64(n))), Low: float64(n), High: float64(n), Role: role}
		bars = append(bars, b)
		desc = append(desc, name+": "+b.Value+".")
	}
	add("now", h.Hosts, picture.Known)
	if h.HostsPlan != nil {
		add("in the plan", *h.HostsPlan, picture.Good)
	}
	if h.HostsBound > 0 {
		add("no plan needs fewer than", h.HostsBound, picture.Mark)
	}
	most := 0.0
	for _, b := range bars {
		most = max(most, b.High)
	}
	return picture.Bars(id, "Hosts", strings.Join(desc, " "), width, most, bars)
}

// drawRoadmap draws what each step of the roadmap adds to the score; nil where there is none. Of many steps the last ones are
// drawn as one.
func (g gallery) drawRoadmap(id string, width float64) *picture.Drawing {
	r := g.a.Roadmap
	n := min(r.Steps, len(g.a.Recommendations))
	if n == 0 || r.From.None || r.To.None || !finite(r.From.Low) || !finite(r.To.Low) {
		return nil
	}
	const most = 12
	shown := n
	if r.Steps > most {
		shown = min(n, most-1)
	}
	at := r.From.Low
	steps := []picture.Step{{Label: "now", Value: flat(g.low(at, 0)), From: at, To: at, Total: true}}
	desc := []string{"From " + steps[0].Value}
	for i, x := range g.a.Recommendations[:shown] {
		if !finite(x.Gain.Score) {
			continue
		}
		s := picture.Step{Label: fmt.Sprintf("%d  %s", i+1, g.words(x.Title)), Value: flat(g.gain(x.Gain.Score)), From: at, To: at + x.Gain.Score}
		at = s.To
		steps = append(steps, s)
		desc = append(desc, s.Value+": "+cut(g.words(x.Title), 80, g.ellipsis))
	}
	if left := r.Steps - shown; left > 0 {
		s := picture.Step{Label: flat(g.many(float64(left), "more step")), Value: flat(g.gain(r.To.Low - at)), From: at, To: r.To.Low}
		steps = append(steps, s)
		desc = append(desc, s.Value+": "+s.Label)
	}
	to := flat(g.low(r.To.Low, 0))
	steps = append(steps, picture.Step{Label: "end of the roadmap", Value: to, From: r.To.Low, To: r.To.Low, Total: true})
	return picture.Waterfall(id, "What each step of the roadmap adds to the score", strings.Join(desc, "; ")+"; in all "+to+".", width, steps, g.tick)
}

// tick prints the end of a scale, which is a round number.
func (g gallery) tick(x float64) string { return flat(g.number(x)) }

// drawTrend draws what has changed the score since an earlier result; nil where there is none.
func (g gallery) drawTrend(id string, width float64) *picture.Drawing {
	return g.drawChange(g.a.Trend, id, width)
}

func (g gallery) drawChange(t *score.Trend, id string, width float64) *picture.Drawing {
	if t == nil || !t.Comparable || len(t.Terms) == 0 || t.From.Score.None || t.To.Score.None || !finite(t.From.Score.Low) {
		return nil
	}
	at := t.To.Score.Low - t.Change.Low // the earlier one by today's rules is a term, so terms begin where they add up
	steps := []picture.Step{{Label: day(t.From.Time), Value: flat(g.low(t.From.Score.Low, 0)), From: at, To: at, Total: true}}
	desc := []string{"From " + steps[0].Value}
	for _, x := range t.Terms {
		value := flat(g.signed(x.Points))
		if value == "0" || !finite(x.Points) {
			at += x.Points
			continue
		}
		s := picture.Step{Label: trendName(x), Value: value, From: at, To: at + x.Points}
		at = s.To
		steps = append(steps, s)
		desc = append(desc, value+": "+g.words(x.Text))
	}
	to := flat(g.low(t.To.Score.Low, 0))
	steps = append(steps, picture.Step{Label: "now", Value: to, From: t.To.Score.Low, To: t.To.Score.Low, Total: true})
	if !finite(at) {
		return nil
	}
	return picture.Waterfall(id, "What has changed the score", strings.Join(desc, "; ")+"; now "+to+".", width, steps, g.tick)
}

// trendName is a cause of a change in few words.
func trendName(t score.TrendTerm) string {
	names := map[string]string{
		score.TrendRuleset: "other rules", score.TrendWaivers: "waivers", score.TrendEvidence: "what is known", score.TrendIncomparable: "not comparable hosts",
		score.TrendActivity: "what is in use", score.TrendWeight: "demand", score.TrendWithin: "changes of hosts", score.TrendMix: "mix of work",
		score.TrendJoined: "hosts that joined", score.TrendLeft: "hosts that left",
	}
	return cmp.Or(names[t.ID], clean(t.ID))
}

// drawStacks draws what work stands on, today and at the end of the roadmap.
func (g gallery) drawStacks(id string, width float64) *picture.Drawing {
	a := g.a
	today := a.Stacks
	if a.Assumed != nil && a.Roadmap.Basis != "proven" {
		today = a.Assumed.Stacks
	}
	list := []picture.Stack{g.stack("Today", headlineOf(a).ComponentsPerWorkload, today)}
	if t := a.Target; t != nil {
		list = append(list, g.stack("End of the roadmap", t.ComponentsPerWorkload, t.Stacks))
	}
	var desc []string
	for _, s := range list {
		desc = append(desc, s.Head+": "+s.Sub+".")
		for i, c := range s.Columns {
			if i == 6 {
				desc = append(desc, "And less than that: "+g.many(float64(len(s.Columns)-i), "more class")+".")
				break
			}
			desc = append(desc, c.Note+".")
		}
	}
	return picture.Stacks(id, "What the work stands on", flat(strings.Join(desc, " ")), width, list...)
}

func (g gallery) stack(head string, per score.Bounds, classes []score.StackClass) picture.Stack {
	s := picture.Stack{Head: head, Sub: "components per workload: not known", Empty: "Nothing is known of what the work stands on."}
	if !per.None && finite(per.Low) {
		s.Sub = flat(g.ratio(per) + " components per workload")
	}
	low, open := 0.0, 0.0
	for _, c := range classes {
		l, h := shareEnds(c.Share)
		low, open = low+l, open+h-l
	}
	// The ends of all classes add up to less and more than all of the work. What is open is shared out over those that it
	// may belong to.
	each := 0.0
	if open > 0 {
		each = max(0, 1-low) / open
	}
	for _, c := range classes {
		l, h := shareEnds(c.Share)
		col := picture.Column{Certain: l / max(low, 1), Open: (h - l) * each, Note: g.stackName(c)}
		if col.Certain+col.Open <= 0 {
			continue
		}
		for _, name := range c.Layers {
			col.Layers = append(col.Layers, g.layer(name))
		}
		col.Layers = append(col.Layers, g.form(c.Form))
		s.Columns = append(s.Columns, col)
	}
	slices.SortStableFunc(s.Columns, func(x, y picture.Column) int {
		return cmp.Or(cmp.Compare(tall(y), tall(x)), cmp.Compare(layerNames(x), layerNames(y)))
	})
	return s
}

func shareEnds(b score.Bounds) (low, high float64) {
	if b.None {
		return 0, 1
	}
	low = unit(b.Low)
	return low, max(low, unit(b.High))
}

func tall(c picture.Column) float64 {
	h := 0.0
	for _, l := range c.Layers {
		h += l.Height
	}
	return math.Round(h*100) / 100
}

func layerNames(c picture.Column) string {
	var names []string
	for _, l := range c.Layers {
		names = append(names, l.Name)
	}
	return strings.Join(names, "/")
}

// stackName says what a class stands on, from the work down, and how much of the work it is.
func (g gallery) stackName(c score.StackClass) string {
	parts := []string{g.form(c.Form).Name}
	for _, l := range slices.Backward(c.Layers) {
		parts = append(parts, g.layer(l).Name)
	}
	return strings.Join(parts, " on ") + ": " + g.sharePercent(c.Share) + " of the work"
}

// layer is a layer as it is drawn. Systems that are replaced as a whole, and engines, are half as high as what somebody
// has to keep up; the hardware is the same in all.
func (g gallery) layer(id string) picture.Layer {
	switch id {
	case score.LayerServer:
		return picture.Layer{Name: "server", Role: picture.Hardware, Height: .7}
	case score.LayerCloud:
		return picture.Layer{Name: "cloud instance", Role: picture.Hardware, Height: .7}
	case score.LayerVM:
		return picture.Layer{Name: "virtual machine", Role: picture.Hypervisor, Height: 1}
	case score.LayerMachine:
		return picture.Layer{Name: "machine", Role: picture.Hardware, Height: .7}
	case score.LayerHypervisor:
		return picture.Layer{Name: "hypervisor", Role: picture.Hypervisor, Height: 1}
	case score.LayerOS:
		return picture.Layer{Name: "operating system", Role: picture.System, Height: 1}
	case score.LayerGuestOS:
		return picture.Layer{Name: "guest operating system", Role: picture.System, Height: 1}
	case score.LayerImageOS:
		return picture.Layer{Name: "image-based system", Role: picture.ImageSystem, Height: .5}
	case score.LayerGuestImage:
		return picture.Layer{Name: "image-based guest", Role: picture.ImageSystem, Height: .5}
	case score.LayerEngine:
		return picture.Layer{Name: "container engine", Role: picture.Engine, Height: .5}
	default:
		return picture.Layer{Name: g.words(id), Role: picture.Unknown, Height: 1}
	}
}

// form is the work on top.
func (g gallery) form(id string) picture.Layer {
	switch id {
	case "process":
		return picture.Layer{Name: "process", Role: picture.Process, Height: .6}
	case "container", "system-container":
		return picture.Layer{Name: strings.ReplaceAll(id, "-", " "), Role: picture.Container, Height: .6}
	default:
		return picture.Layer{Name: "work of unknown form", Role: picture.Unknown, Height: .6}
	}
}

// drawLadder draws how much of the work stands on which step of isolation.
func (g gallery) drawLadder(id string, width float64) *picture.Drawing {
	var bars []picture.Bar
	var desc []string
	for _, s := range levelOf(g.a).Distribution {
		if s.Workloads == 0 && (s.Share.None || s.Share.High <= 0) {
			continue
		}
		b := picture.Bar{Label: cmp.Or(g.words(s.Text), g.words(s.Step)), Low: unit(s.Share.Low), High: unit(s.Share.High), Role: picture.Known, Value: flat(g.sharePercent(s.Share))}
		if s.Share.None {
			b.None = "not known"
		}
		bars = append(bars, b)
		desc = append(desc, b.Label+": "+b.Value+".")
	}
	if len(bars) == 0 {
		return nil
	}
	return picture.Bars(id, "What the work runs on, by its share of the demand", strings.Join(desc, " "), width, 1, bars)
}
