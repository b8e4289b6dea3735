package plan

import (
	"fmt"
	"slices"

	"github.com/infraopt/infraopt/score"
)

// A roadmap is a sequence of actions, each chosen for what it brings after those before it.
type roadmap struct {
	steps []*proposal
	ids   []string
	solo  []float64 // points at the low end that each would bring alone; 0 for what others made possible
	lifts []score.Lift
	alone []*score.Result // of lifts
	waves *waves
	last  *score.Result
}

// roadmap chooses what to do, one action after the other, and does it.
func (p *planner) roadmap(now *score.Result) *roadmap {
	r := &roadmap{last: now, waves: newWaves(p.req.Effort, now)}
	left := actions()
	var later []*Action // of which there may be more to do once others are done
	solo := map[string]float64{}
	done := map[string]int{}
	for {
		best := p.best(left, r.last, func(pr *proposal) {
			if len(r.steps) == 0 {
				solo[pr.action.ID] = pr.low
				r.lifts = append(r.lifts, score.Lift{Kind: score.LiftDo, ID: pr.action.ID, Text: pr.action.title(p.subjectsOf(pr))})
				r.alone = append(r.alone, pr.result)
			}
		})
		if best == nil || best.low == 0 { // before what brings nothing
			p.quick = false // what a quick plan does not find, a full one may
			if more := p.best(later, r.last, func(*proposal) {}); more != nil {
				best = more
			}
		}
		if best == nil {
			break
		}
		id := best.action.ID
		if done[id]++; done[id] > 1 {
			id = fmt.Sprintf("%s-%d", id, done[id])
		}
		r.steps, r.ids, r.solo = append(r.steps, best), append(r.ids, id), append(r.solo, solo[id])
		p.subjectsOf(best)
		r.waves.spend(p, best)
		p.accept(best)
		r.last = best.result
		if best.action.again && done[best.action.ID] == 1 {
			later = append(later, best.action)
		}
		left = slices.DeleteFunc(left, func(a *Action) bool { return a.ID == best.action.ID })
		p.quick = true
	}
	r.waves.finish(r.last)
	return r
}

// best proposes every action and chooses one; nil where none is left. What is chosen by a quick plan is planned in full.
func (p *planner) best(left []*Action, before *score.Result, seen func(*proposal)) *proposal {
	var best *proposal
	proposals := make([]*proposal, len(left))
	each(len(left), func(i int) { proposals[i] = p.propose(left[i], before) })
	for _, pr := range proposals {
		if pr == nil {
			continue
		}
		seen(pr)
		if best == nil || pr.better(best) {
			best = pr
		}
	}
	if best == nil || best.action.estate == nil || !p.quick {
		return best
	}
	p.quick = false
	if full := p.propose(best.action, before); full != nil {
		best = full
	}
	p.quick = true
	return best
}

// watch lists what no score may rest on.
func (p *planner) watch(current *score.Result) []*proposal {
	var out []*proposal
	for _, act := range watched() {
		pr := &proposal{action: act, before: current, result: current}
		found := make([][]Subject, len(p.hosts))
		each(len(p.hosts), func(i int) { _, found[i] = p.apply(act, p.hosts[i].node) })
		pr.add(slices.Concat(found...))
		if len(pr.subjects) > 0 {
			out = append(out, pr)
		}
	}
	return out
}
