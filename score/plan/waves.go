package plan

import (
	"math"

	"github.com/infraopt/infraopt/score"
)

// The waves of a roadmap.
const (
	waveNow     = "now"
	waveQuarter = "quarter"
	waveYear    = "year"
	waveLater   = "later"
)

// waves deal out a roadmap over time by the effort that there is: two of the thirteen weeks of a quarter, the quarter, and
// four quarters.
type waves struct {
	list  []score.Wave
	spent float64 // effort of all steps so far
	steps int
	spans [][2]string
	at    *score.Result
}

func newWaves(effort float64, now *score.Result) *waves {
	if effort <= 0 {
		effort = DefaultEffort
	}
	w := &waves{at: now}
	for _, x := range []struct {
		id     string
		budget float64
	}{{waveNow, math.Ceil(effort * 2 / 13)}, {waveQuarter, effort}, {waveYear, 4 * effort}} {
		w.list = append(w.list, score.Wave{ID: x.id, Budget: x.budget})
	}
	return w
}

// spend takes one more step, before it is accepted. Of a step that goes beyond the end of a wave, as many hosts as there
// is effort for are done by then, and what that brings is rated.
func (w *waves) spend(p *planner, pr *proposal) {
	begins, ends := waveLater, waveLater
	for i := len(w.list) - 1; i >= 0; i-- {
		x := &w.list[i]
		if w.spent < x.Budget {
			begins = x.ID
		}
		if w.spent+pr.effort <= x.Budget {
			ends = x.ID
		}
	}
	w.spans = append(w.spans, [2]string{begins, ends})
	for i := range w.list {
		x := &w.list[i]
		if w.spent <= x.Budget && w.spent+pr.effort > x.Budget {
			w.close(x)
			p.part(pr, x.Budget-w.spent, x)
		}
	}
	w.spent += pr.effort
	w.steps++
	w.at = pr.result
}

// close says where the estate stands at the end of a wave, after the steps that are complete.
func (w *waves) close(x *score.Wave) {
	x.Effort, x.Steps = w.spent, w.steps
	standAt(x, w.at)
}

// finish closes the waves that are longer than the roadmap.
func (w *waves) finish(last *score.Result) {
	for i := range w.list {
		if x := &w.list[i]; w.spent <= x.Budget {
			w.at = last
			w.close(x)
		}
	}
}

// span gives the wave in which a step can begin, and that in which it is done.
func (w *waves) span(step int) (begins, ends string) { return w.spans[step][0], w.spans[step][1] }

// part does as much of a step as an effort allows, host by host, or zone by zone, and rates the result. Steps that concern an
// estate as a whole, or are worth nothing by halves, are done whole or not at all.
func (p *planner) part(pr *proposal, effort float64, x *score.Wave) {
	left := effort - pr.action.once
	if pr.number < 0 || left < 0 || pr.action.whole {
		return
	}
	var part sum
	for _, portion := range p.portions(pr.action) {
		needed := 0.0
		for _, h := range portion {
			for _, s := range h.found[pr.number].subjects {
				needed += s.Effort
			}
		}
		if needed > left {
			continue
		}
		left -= needed
		for _, h := range portion {
			part.count(&h.found[pr.number], 1)
		}
	}
	if part.subjects == 0 {
		return
	}
	e := p.estate
	if pr.action.site != nil {
		e = pr.action.site(e)
	}
	x.Partial, x.Done, x.Of = pr.action.ID, part.subjects, len(pr.subjects)
	x.Effort += effort - left
	standAt(x, p.whatIf(&part.delta, e))
}

// portions are the hosts of which a step can be done for some and not for others.
func (p *planner) portions(act *Action) [][]*hostWork {
	var out [][]*hostWork
	at := map[string]int{} // of zones
	for _, h := range p.hosts {
		i, ok := at[h.state.zone]
		if !act.zonal || !ok {
			at[h.state.zone] = len(out)
			out = append(out, []*hostWork{h})
			continue
		}
		out[i] = append(out[i], h)
	}
	return out
}

// standAt says where the estate stands.
func standAt(x *score.Wave, r *score.Result) {
	x.Score, x.Level, x.Components = r.Score, r.Level.Number, r.Components().Low
}
