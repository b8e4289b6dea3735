package report

import (
	"fmt"
	"strings"

	"github.com/infraopt/infraopt/score"
)

// perWorkloadWords tells the headline in a sentence.
func (p *page) perWorkloadWords(h score.Headline) string {
	components := componentsOf(h)
	switch {
	case h.ComponentsPerWorkload.None && h.Components == 0:
		return ""
	case h.ComponentsPerWorkload.None:
		return fmt.Sprintf("How many components a workload needs is not known (%s for %s).", p.count(components, "component"), p.count(h.Workloads, "workload"))
	case h.Attainable.None:
		return fmt.Sprintf("A workload needs %s components (%s for %s).", p.ratio(h.ComponentsPerWorkload), p.tally(components), p.tally(h.Workloads))
	default:
		return fmt.Sprintf("A workload needs %s components (%s for %s); %s is attainable here.", p.ratio(h.ComponentsPerWorkload), p.tally(components), p.tally(h.Workloads), p.ratio(h.Attainable))
	}
}

// componentsOf are the components there may be, or else those that are known.
func componentsOf(h score.Headline) score.Bounds {
	if h.ComponentsBounds.None {
		return score.Bounds{Low: h.Components, High: h.Components}
	}
	return h.ComponentsBounds
}

func (p *page) saidOfRoadmap(a *score.Assessment) []string {
	r := a.Roadmap
	if why := p.words(r.Withheld); why != "" {
		return []string{why}
	}
	if len(a.Recommendations) == 0 {
		if a.Score.None {
			return nil
		}
		return []string{"Nothing to do: no action that infraopt knows would raise the score."}
	}
	var out []string
	if s := p.roadWords(r); s != "" {
		out = append(out, s)
	}
	first := a.Recommendations[0]
	out = append(out, fmt.Sprintf("First: %s (%s, effort %s).", cut(p.words(first.Title), 200, p.ellipsis), p.gain(first.Gain.Score), p.number(first.Effort)))
	if basis := p.words(r.Basis); basis != "" && basis != "proven" {
		out = append(out, "Gains hold if "+p.assumption(r.Basis)+".")
	}
	return out
}

// roadWords tells what all steps together bring, in a sentence.
func (p *page) roadWords(r score.Roadmap) string {
	if r.Steps == 0 {
		return ""
	}
	s := "All " + p.number(float64(r.Steps)) + " steps of the roadmap take an effort of " + p.number(r.Effort)
	if r.Steps == 1 {
		s = "The one step of the roadmap takes an effort of " + p.number(r.Effort)
	}
	var to []string
	if !r.From.None && !r.To.None {
		to = append(to, "the score "+p.change(p.low(r.From.Low, 0), p.low(r.To.Low, 0)))
	}
	if r.LevelTo > 0 {
		still := ""
		if r.LevelTo == r.LevelFrom {
			still = "still "
		}
		to = append(to, still+strings.TrimSpace(fmt.Sprintf("level %d %s", r.LevelTo, p.words(r.LevelName))))
	}
	if r.Components[0] != 0 || r.Components[1] != 0 {
		to = append(to, "components "+p.change(p.number(r.Components[0]), p.number(r.Components[1])))
	}
	if len(to) > 0 {
		s += " and bring: " + strings.Join(to, ", ")
	}
	return s + "."
}

func (p *page) saidOfCoverage(a *score.Assessment) []string {
	if a.Score.None && a.Coverage.Evidence == 0 {
		return nil
	}
	out := []string{"Coverage: " + percent(a.Coverage.Evidence) + " of what the questions ask for is known."}
	if s := p.coverageWords(a.Coverage); s != "" {
		out = append(out, s)
	}
	for _, g := range p.groupGaps(a) {
		if g.remedy != "" && finite(g.points) && g.points >= .05 {
			out = append(out, "What would show most: "+g.remedy+" ("+p.open(g.points)+").")
			break
		}
	}
	return out
}
