package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/score"
)

// next prints what to do next, what all of it would bring, or why there is no advice.
func (p *page) next(a *score.Assessment) error {
	road := a.Roadmap
	if reason := p.words(road.Withheld); reason != "" {
		p.heading("NEXT")
		p.para(0, normal, reason)
		return nil
	}
	if len(a.Recommendations) == 0 {
		if a.Score.None {
			return nil // the reason was given above
		}
		p.heading("NEXT")
		p.para(0, normal, "Nothing to do: no action that infraopt knows would raise the score.")
		return nil
	}
	shown := a.Recommendations[:min(len(a.Recommendations), p.rows(5))]
	g := &grid{
		columns: []column{
			{head: "NEXT", min: 20, want: 44, lines: 3, hang: 3, grow: true},
			{head: "gain", right: true},
			{head: "effort", right: true, drop: 2},
			{head: "removes", min: 10, want: 18, lines: 3, drop: 1},
			{head: "risk", min: 4, want: 8, drop: 3, extra: true},
		},
		beside: "start with",
		inset:  3,
	}
	for i, r := range shown {
		title := p.words(r.Title)
		if c := p.words(r.Confidence); c != "" && c != "proven" && road.Basis == "proven" {
			title += " (" + c + ")"
		}
		g.add(p.safe(r.Next),
			text(strings.ReplaceAll(fmt.Sprintf("%-3d", i+1), " ", nbsp)+title),
			styled(p.gainStyle(r.Gain.Score), p.gain(r.Gain.Score)),
			text(p.number(r.Effort)),
			text(p.removes(r.Gain)),
			text(p.words(r.Risk)))
	}
	p.blank()
	if err := p.grid(g); err != nil {
		return err
	}
	var more []string
	if n := road.Steps - len(shown); n > 0 {
		more = append(more, p.many(float64(n), "more step"))
	}
	if n := len(a.Recommendations) - max(road.Steps, len(shown)); n > 0 { // behind the steps, which are proven
		more = append(more, p.number(float64(n))+" without proof yet")
	}
	if len(more) > 0 {
		p.para(3, faint, "and "+strings.Join(more, ", and "))
	}
	p.road(road)
	return nil
}

func (p *page) gainStyle(points float64) style {
	if points >= .05 {
		return good
	}
	return normal
}

// road prints what all steps together bring, and on what that rests.
func (p *page) road(r score.Roadmap) {
	if r.Steps == 0 {
		return
	}
	what := "all " + p.number(float64(r.Steps)) + " steps"
	if r.Steps == 1 {
		what = "this step"
	}
	parts := []string{}
	if !r.From.None && !r.To.None {
		parts = append(parts, p.change(p.low(r.From.Low, 0), p.low(r.To.Low, 0)))
	}
	if r.LevelTo > 0 {
		level := strings.TrimSpace(fmt.Sprintf("level %d %s", r.LevelTo, p.words(r.LevelName)))
		if r.LevelTo == r.LevelFrom {
			level = "still " + level
		}
		parts = append(parts, level)
	}
	if r.Components[0] != 0 || r.Components[1] != 0 {
		parts = append(parts, p.change(p.number(r.Components[0]), p.number(r.Components[1]))+" components")
	}
	parts = append(parts, "effort"+nbsp+p.number(r.Effort))
	p.lead(3, what+":", " "+strings.Join(parts, ", "))
	if basis := p.words(r.Basis); basis != "" && basis != "proven" {
		p.para(3, warn, "Gains hold if "+p.assumption(r.Basis)+".")
	}
}

// change prints what becomes of a number.
func (p *page) change(from, to string) string { return from + nbsp + p.arrow + nbsp + to }

// removal is the order in which what goes away is told, the heaviest first.
var removal = []string{"server", "storage-array", "san-switch", "appliance", "hypervisor-image", "os-image", "control-plane", "vm", "container", "volume", "image"}

// removes says what an action makes go away.
func (p *page) removes(g score.Gain) string {
	classes := slices.SortedFunc(maps.Keys(g.Removes), func(x, y string) int {
		return cmp.Or(cmp.Compare(removalRank(x), removalRank(y)), cmp.Compare(x, y))
	})
	var parts []string
	for _, c := range classes {
		if n := g.Removes[c]; n != 0 {
			parts = append(parts, p.many(float64(n), p.className(c)))
		}
	}
	if g.Bytes > 0 {
		parts = append(parts, p.size(g.Bytes))
	}
	if len(parts) == 0 {
		return p.dash
	}
	return strings.Join(parts, ", ")
}

func removalRank(class string) int {
	if i := slices.Index(removal, class); i >= 0 {
		return i
	}
	return len(removal)
}

// hints ends the report with what to run next.
func (p *page) hints(a *score.Assessment) error {
	explain, why := "infraopt explain", "how the score works"
	if id := costliest(a); id != "" {
		explain, why = "infraopt explain "+p.words(id), "where most points are missing"
	}
	hints := [][2]string{{explain, why}}
	if len(a.Gaps) > 0 || a.Level.Number <= 0 {
		hints = append(hints, [2]string{"infraopt doctor", "what could be read, and how to see more"})
	}
	p.commands(append(hints, [2]string{"infraopt assess --format json", "everything, for programs"}))
	return nil
}

// commands lists commands with what each is for, where there is room for that.
func (p *page) commands(hints [][2]string) {
	longest := 0
	for _, h := range hints {
		longest = max(longest, width(h[0]))
	}
	p.blank()
	for _, h := range hints {
		side := p.paint(faint, h[1])
		if longest+gutter+width(h[1]) > p.room() {
			side = ""
		}
		for _, l := range wrap(h[0], p.room()) {
			p.line(p.paint(accent, l) + strings.Repeat(" ", max(0, longest-width(l)+gutter)) + side)
			side = ""
		}
	}
}

// costliest is the indicator that is furthest from its points, or nothing where none is missing any.
func costliest(a *score.Assessment) string {
	id, most := "", .05
	if a.Score.None {
		return ""
	}
	for _, l := range a.Pillars {
		for _, i := range l.Indicators {
			if missing := i.Points.Max - i.Points.Low; i.Applicable && missing > most {
				id, most = i.ID, missing
			}
		}
	}
	return id
}
