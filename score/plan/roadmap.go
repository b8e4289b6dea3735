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

	left  []*Action // that have not been done
	later []*Action // that have been, and of which there may be more to do once others are done
	done  map[string]int
	first map[string]float64 // what each would bring as the first step
}

func (p *planner) newRoadmap(now *score.Result) *roadmap {
	return &roadmap{last: now, waves: newWaves(p.req.Effort, now), left: actions(), done: map[string]int{}, first: map[string]float64{}}
}

// roadmap chooses what to do, one action after the other, and does it.
func (p *planner) roadmap(now *score.Result) *roadmap {
	r := p.newRoadmap(now)
	for p.step(r) {
	}
	r.waves.finish(r.last)
	return r
}

// step chooses what to do next and does it; false where nothing is left.
func (p *planner) step(r *roadmap) bool {
	best := p.best(r.left, r.last, func(pr *proposal) {
		if len(r.steps) == 0 {
			r.first[pr.action.ID] = pr.low
			r.lifts = append(r.lifts, score.Lift{Kind: score.LiftDo, ID: pr.action.ID, Text: pr.action.title(p.subjectsOf(pr))})
			r.alone = append(r.alone, pr.result)
		}
	})
	if best == nil || best.low == 0 { // before what brings nothing
		p.quick = false // what a quick plan does not find, a full one may
		if more := p.best(r.later, r.last, func(*proposal) {}); more != nil {
			best = more
		}
	}
	if best == nil {
		return false
	}
	act := best.action
	id := act.ID
	if r.done[id]++; r.done[id] > 1 {
		id = fmt.Sprintf("%s-%d", id, r.done[id])
	}
	r.steps, r.ids, r.solo = append(r.steps, best), append(r.ids, id), append(r.solo, r.first[id])
	p.subjectsOf(best)
	r.waves.spend(p, best)
	p.accept(best)
	r.last = best.result
	if act.again && r.done[act.ID] == 1 {
		r.later = append(r.later, act)
	}
	r.left = slices.DeleteFunc(r.left, func(a *Action) bool { return a.ID == act.ID })
	p.quick = true
	return true
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
