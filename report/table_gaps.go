package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// A gapGroup is what one remedy would show.
type gapGroup struct {
	remedy   string
	points   float64
	subjects []gapSubject
}

// A gapSubject is one thing with the facts that are missing of it.
type gapSubject struct {
	name string
	what []string
	why  string
}

// groupGaps joins gaps that the same remedy closes, the ones that keep most points open first. Gaps without a
// remedy stay alone.
func (p *page) groupGaps(a *score.Assessment) []*gapGroup {
	var groups []*gapGroup
	byRemedy := make(map[string]*gapGroup)
	failed := make(map[string]bool)
	for _, s := range a.Sources {
		failed[s.Target] = s.Status == inventory.StatusFailed
	}
	for _, gap := range a.Gaps {
		if gap.Subject == gap.Source && failed[gap.Source] {
			continue // listed with the sources that could not be read
		}
		remedy := p.safe(gap.Remedy)
		g := byRemedy[remedy]
		if g == nil {
			g = &gapGroup{remedy: remedy}
			groups = append(groups, g)
			if remedy != "" {
				byRemedy[remedy] = g
			}
		}
		g.points += gap.Points
		g.add(p.subjectOf(a, gap), p.words(gap.What), p.words(gap.Why))
	}
	slices.SortStableFunc(groups, func(x, y *gapGroup) int { return cmp.Compare(y.points, x.points) })
	return groups
}

// subjectOf names what a gap is about: a machine by its name, or nothing where that is the only one there is.
func (p *page) subjectOf(a *score.Assessment, gap score.GapResult) string {
	for _, m := range a.Machines {
		if gap.Subject != m.ID && gap.Subject != m.Name {
			continue
		}
		if max(a.MachinesTotal, len(a.Machines)) == 1 {
			return ""
		}
		return p.name(m)
	}
	return p.words(gap.Subject)
}

func (g *gapGroup) add(name, what, why string) {
	for i := range g.subjects {
		if s := &g.subjects[i]; s.name == name && s.why == why {
			if !slices.Contains(s.what, what) {
				s.what = append(s.what, what)
			}
			return
		}
	}
	g.subjects = append(g.subjects, gapSubject{name, []string{what}, why})
}

// words says what is missing and why: "chassis serial, disks (needs root)". Of many things it names a few.
func (g *gapGroup) words(p *page) string {
	const few = 3
	var parts []string
	for i, s := range g.subjects[:min(len(g.subjects), few)] {
		what := slices.DeleteFunc(slices.Clone(s.what), func(w string) bool { return w == "" })
		text := strings.Join(what[:min(len(what), few)], ", ")
		if n := len(what) - few; n > 0 {
			text += " and " + p.number(float64(n)) + " more"
		}
		switch {
		case text == "":
			text = s.name
		case s.name != "":
			text = s.name + ": " + text
		}
		last := i == len(g.subjects)-1 || g.subjects[i+1].why != s.why // else the next one says it
		if s.why != "" && last {
			text += " (" + s.why + ")"
		}
		parts = append(parts, text)
	}
	text := strings.Join(parts, "; ")
	if n := len(g.subjects) - few; n > 0 {
		text += "; and " + p.number(float64(n)) + " more"
	}
	return text
}
