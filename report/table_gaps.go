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
	index    map[[2]string]int // of subjects, by name and why
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
	names := p.machineSubjects(a)
	for _, gap := range a.Gaps {
		if gap.Subject == gap.Source && failed[gap.Source] {
			continue // listed with the sources that could not be read
		}
		remedy := p.safe(gap.Remedy)
		g := byRemedy[remedy]
		if g == nil {
			g = &gapGroup{remedy: remedy, index: map[[2]string]int{}}
			groups = append(groups, g)
			if remedy != "" {
				byRemedy[remedy] = g
			}
		}
		g.points += gap.Points
		name, listed := names[gap.Subject]
		if !listed {
			name = p.words(gap.Subject)
		}
		g.add(name, p.words(gap.What), p.words(gap.Why))
	}
	slices.SortStableFunc(groups, func(x, y *gapGroup) int { return cmp.Compare(y.points, x.points) })
	return groups
}

// machineSubjects gives the machines that gaps may be about their names, or none where there is only one.
func (p *page) machineSubjects(a *score.Assessment) map[string]string {
	names := make(map[string]string, 2*len(a.Machines))
	for _, m := range a.Machines {
		name := p.name(m)
		if max(a.MachinesTotal, len(a.Machines)) == 1 {
			name = ""
		}
		for _, subject := range []string{m.ID, m.Name} {
			if _, taken := names[subject]; !taken {
				names[subject] = name
			}
		}
	}
	return names
}

func (g *gapGroup) add(name, what, why string) {
	i, ok := g.index[[2]string{name, why}]
	if !ok {
		i = len(g.subjects)
		g.index[[2]string{name, why}] = i
		g.subjects = append(g.subjects, gapSubject{name, nil, why})
	}
	if s := &g.subjects[i]; !slices.Contains(s.what, what) {
		s.what = append(s.what, what)
	}
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
