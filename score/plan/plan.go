// Package plan finds what to do next. An action is a pure change of an inventory with its price in effort; what
// it is worth is whatever re-scoring the changed inventory says, and nothing else.
package plan

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// A Definition is what there is to say of an action before it meets an estate.
type Definition struct {
	ID         string
	Title      string
	Why        string
	Effort     string // points, a convention
	Risk       string
	Reversible bool
}

// An Action is a pure change of a host with everything on it.
type Action struct {
	Definition
	// node returns the changed node and what was changed on it, or the node itself where it finds nothing to do.
	// It never changes its argument.
	node func(n *inventory.Node, c *scene) (*inventory.Node, []Subject)
	// site, if set, changes what belongs to the estate as a whole, once there was something to do on any host.
	site func(e *inventory.Estate) *inventory.Estate
	// once is effort for the action as a whole, beside that of its subjects.
	once float64
	// title says what is to be done, for the subjects found.
	title func(s []Subject) string
	// next is the command to begin with.
	next func(s []Subject) string
	// prerequisites holds what must be true or done before.
	prerequisites []string
	// removes says that the subjects are gone afterwards.
	removes bool
	// assumes names what the gain rests on besides the evidence; empty where nothing.
	assumes string
}

// A Subject is one thing that an action changes.
type Subject struct {
	ID       string
	Name     string
	Machine  string
	Class    string // vm, container, image, volume, workload, machine
	Evidence string
	Unit     string // systemd unit of a workload
	Engine   string // container engine that keeps it
	Effort   float64
	Bytes    inventory.Bytes // reclaimed, where known
}

// label tells a subject from all others, for people.
func (s *Subject) label() string {
	where := s.Machine
	if s.Engine != "" {
		where = s.Engine + " on " + where
	}
	if s.Class == "machine" {
		return s.Name
	}
	if s.Engine != "" {
		return s.Name + " in " + where
	}
	return s.Name + " on " + where
}

// scene is what an action may know of the host it looks at.
type scene struct {
	activity map[string]score.Activity
	stack    *score.Stack
	majority [2]string // ID and version of the operating system that most machines run
}

// Definitions lists all actions, easiest first.
func Definitions() []Definition {
	var out []Definition
	for _, a := range append(actions(), watched()...) {
		out = append(out, a.Definition)
	}
	return out
}

// watched lists the actions that no score may rest on. They are shown behind the roadmap, and are no part of it.
func watched() []*Action { return []*Action{watchVMs(), judgeWorkloads()} }

// actions lists every action, easiest first: that is the order of claims where two actions want one object, and
// the order of those that gain alike.
func actions() []*Action {
	return []*Action{
		removeIdleVMs(), removeStoppedVMs(), removeStoppedContainers(), removeIdleWork(), removeDanglingImages(), removeUnusedImages(), removeUnusedVolumes(),
		rightSizeVMs(), standardiseOS(), immutableOS(),
		containerise(inventory.Ready), containerise(inventory.ReadyWithWork), containerise(inventory.Hard),
		declareContainers(), adoptOrchestrator(),
	}
}

// adviceCoverage is the share of evidence below which no advice is given.
const adviceCoverage = .20

// Recommend fills the recommendations and the roadmap of an assessment. Actions are ranked greedily by the points
// that they bring at the low end for their effort, and everything is scored again after each: the gain of one
// depends on what was done before. Where nothing is known to be active the proven score cannot move, and gains
// are found as if what runs were in use; the roadmap's basis says so.
func Recommend(a *score.Assessment, e *inventory.Estate, m *score.Model, req score.Request) {
	a.Recommendations = []score.Recommendation{}
	level := &a.Level
	basis := "proven"
	if req.RunningIsActive {
		basis = score.RunningIsActive
	} else if a.Assumed != nil {
		basis, req.RunningIsActive, level = score.RunningIsActive, true, &a.Assumed.Level
	}
	ledger := score.NewLedger(e, m, req.Options)
	now := ledger.Rate()
	a.Roadmap = score.Roadmap{Basis: basis, From: now.Score, To: now.Score, LevelFrom: now.Level.Number, LevelTo: now.Level.Number, LevelName: now.Level.Name}
	a.Roadmap.Components = [2]float64{a.Headline.Components, a.Headline.Components}
	switch {
	case len(e.Hosts) == 0:
		a.Roadmap.Withheld = "nothing was seen that could be improved"
		return
	case now.Coverage < adviceCoverage:
		a.Roadmap.Withheld = withheld(a, now.Coverage)
		return
	}
	p := newPlanner(m, req.Options, ledger)
	solo := map[string]float64{}
	var lifts []score.Lift
	var alone []*score.Result
	left := actions()
	current := now
	for len(left) > 0 {
		var best *proposal
		for i, act := range left {
			pr := p.propose(act, current)
			if pr == nil {
				continue
			}
			pr.index = i
			if len(a.Recommendations) == 0 {
				solo[act.ID] = pr.low
				lifts = append(lifts, score.Lift{Kind: score.LiftDo, ID: act.ID, Text: act.title(pr.subjects)})
				alone = append(alone, pr.result)
			}
			if best == nil || pr.better(best) {
				best = pr
			}
		}
		if best == nil {
			break
		}
		if _, ok := solo[best.action.ID]; !ok { // it became possible only through what was done before
			solo[best.action.ID] = 0
		}
		a.Recommendations = append(a.Recommendations, best.recommendation(solo[best.action.ID], basis))
		p.accept(best)
		current = best.result
		left = slices.Delete(left, best.index, best.index+1)
	}
	m.AddLifts(level, lifts, alone)
	if level == &a.Level && a.Assumed != nil { // all of it rests on the assumption
		a.Assumed.Level = a.Level
	}
	for _, r := range a.Recommendations {
		a.Roadmap.Effort += r.Effort
	}
	a.Roadmap.Steps = len(a.Recommendations)
	for _, act := range watched() {
		pr := &proposal{action: act, before: current, result: current}
		for _, h := range p.ledger.Estate().Hosts {
			pr.add(p.apply(act, h).subjects)
		}
		if len(pr.subjects) > 0 {
			r := pr.recommendation(0, basis)
			r.Confidence = string(score.Indicative)
			a.Recommendations = append(a.Recommendations, r)
		}
	}
	a.Roadmap.To = current.Score
	a.Roadmap.LevelTo, a.Roadmap.LevelName = current.Level.Number, current.Level.Name
	a.Roadmap.Components[1] = current.Components().Low
}

func withheld(a *score.Assessment, coverage float64) string {
	text := fmt.Sprintf("only %d %% of the evidence is known, too little to base advice on", int(100*coverage))
	for _, g := range a.Gaps {
		if g.Remedy != "" {
			return text + "; first: " + g.Remedy
		}
	}
	return text
}

// A planner remembers what it has worked out: an action meets a host that does not change just once.
type planner struct {
	model    *score.Model
	opt      score.Options
	ledger   *score.Ledger
	majority [2]string
	scenes   map[*inventory.Node]*scene
	results  map[applied]change
	deltas   map[*Action]*score.Tally // what applying the action to all hosts adds to the estate's tally
}

func newPlanner(m *score.Model, opt score.Options, l *score.Ledger) *planner {
	return &planner{model: m, opt: opt, ledger: l, majority: majorityOS(l.Estate()),
		scenes: map[*inventory.Node]*scene{}, results: map[applied]change{}, deltas: map[*Action]*score.Tally{}}
}

// delta is what applying an action to the present estate adds to its tally.
func (p *planner) delta(act *Action) *score.Tally {
	d := p.deltas[act]
	if d == nil {
		d = &score.Tally{}
		for _, h := range p.ledger.Estate().Hosts {
			p.count(d, act, h)
		}
		p.deltas[act] = d
	}
	return d
}

// count adds to d what the action makes of a host, less the host as it is.
func (p *planner) count(d *score.Tally, act *Action, h *inventory.Node) {
	if c := p.apply(act, h); c.host != h {
		d.Add(p.ledger.Tally(c.host))
		d.Sub(p.ledger.Tally(h))
	}
}

// accept makes the proposed estate the present one. What other actions would add changes only by the hosts that do.
func (p *planner) accept(pr *proposal) {
	delete(p.deltas, pr.action) // it is done: to keep its sum up to date would be for nobody
	for i, old := range p.ledger.Estate().Hosts {
		h := pr.estate.Hosts[i]
		if h == old {
			continue
		}
		for act, d := range p.deltas {
			var was score.Tally
			p.count(&was, act, old)
			d.Sub(&was)
			p.count(d, act, h)
			delete(p.results, applied{act, old})
		}
		delete(p.scenes, old)
	}
	p.ledger.Accept(pr.estate)
}

type applied struct {
	action *Action
	host   *inventory.Node
}

type change struct {
	host     *inventory.Node
	subjects []Subject
}

// A proposal is an action applied to the present estate, and scored.
type proposal struct {
	action   *Action
	index    int
	subjects []Subject
	effort   float64
	estate   *inventory.Estate
	before   *score.Result
	result   *score.Result
	low      float64
	high     float64
	bytes    inventory.Bytes
}

func (p *planner) propose(act *Action, before *score.Result) *proposal {
	pr := &proposal{action: act, before: before, effort: act.once}
	e := *p.ledger.Estate()
	e.Hosts = slices.Clone(e.Hosts)
	for i, h := range e.Hosts {
		c := p.apply(act, h)
		e.Hosts[i] = c.host
		pr.add(c.subjects)
	}
	if len(pr.subjects) == 0 {
		return nil
	}
	pr.estate = &e
	if act.site != nil {
		pr.estate = act.site(&e)
	}
	pr.result = p.ledger.WhatIf(pr.estate, p.delta(act))
	pr.low, pr.high = snap(pr.result.Score.Low-before.Score.Low), snap(pr.result.Score.High-before.Score.High)
	if pr.low < 0 {
		return nil // it would make things worse, as far as anything is proven
	}
	return pr
}

// add takes more subjects of the action.
func (p *proposal) add(subjects []Subject) {
	for _, s := range subjects {
		p.effort += s.Effort
		p.bytes += s.Bytes
	}
	p.subjects = append(p.subjects, subjects...)
}

// snap drops what only the last bits of two sums tell apart.
func snap(v float64) float64 {
	if math.Abs(v) < 1e-9 {
		return 0
	}
	return v
}

func (p *planner) apply(act *Action, h *inventory.Node) change {
	key := applied{act, h}
	c, ok := p.results[key]
	if !ok {
		c.host, c.subjects = p.rewrite(act, h)
		p.results[key] = c
	}
	return c
}

func (p *planner) scene(h *inventory.Node) *scene {
	sc := p.scenes[h]
	if sc == nil {
		st := score.NewStack(h, p.model, p.opt)
		sc = &scene{stack: st, activity: make(map[string]score.Activity, len(st.Works)), majority: p.majority}
		for _, w := range st.Works {
			sc.activity[w.Place.Machine().ID+"/"+w.ID] = w.Activity
		}
		p.scenes[h] = sc
	}
	return sc
}

func (p *planner) rewrite(act *Action, h *inventory.Node) (*inventory.Node, []Subject) {
	sc := p.scene(h)
	var all []Subject
	var walk func(n *inventory.Node) *inventory.Node
	walk = func(n *inventory.Node) *inventory.Node {
		changed, found := act.node(n, sc)
		all = append(all, found...)
		copied := changed != n
		for i := range changed.VMs {
			g := changed.VMs[i].Guest
			if g == nil {
				continue
			}
			if ng := walk(g); ng != g {
				if !copied {
					c := *changed
					changed, copied = &c, true
				}
				changed.VMs = slices.Clone(changed.VMs)
				changed.VMs[i].Guest = ng
			}
		}
		return changed
	}
	return walk(h), all
}

// better orders proposals: points at the low end for the effort, then at the high end, then bytes, then the order
// of the list.
func (p *proposal) better(q *proposal) bool {
	return cmp.Or(
		cmp.Compare(p.low/p.effort, q.low/q.effort),
		cmp.Compare(p.high/p.effort, q.high/q.effort),
		cmp.Compare(p.bytes, q.bytes),
	) > 0
}

func (p *proposal) recommendation(solo float64, basis string) score.Recommendation {
	act := p.action
	r := score.Recommendation{
		ID: act.ID, Action: act.ID, Title: act.title(p.subjects), Why: act.Why, Effort: p.effort, Risk: act.Risk, Reversible: act.Reversible,
		Subjects: []string{}, Evidence: []string{}, Prerequisites: []string{}, Confidence: "proven", Next: act.next(p.subjects),
		Gain: score.Gain{Score: p.low, ScoreHigh: p.high, Solo: solo, Components: snap(p.before.Components().Low - p.result.Components().Low), Bytes: int64(p.bytes), Removes: removes(p)},
	}
	r.Prerequisites = append(r.Prerequisites, act.prerequisites...)
	if basis != "proven" {
		r.Confidence = "assumed"
	} else if act.assumes != "" {
		r.Confidence = "indicative"
	}
	for _, s := range p.subjects {
		r.Subjects = append(r.Subjects, s.label())
		if len(r.Evidence) < 20 {
			r.Evidence = append(r.Evidence, s.label()+": "+s.Evidence)
		}
	}
	return r
}

// removes counts what goes away: components by class, and objects that are no components.
func removes(p *proposal) map[string]int {
	out := map[string]int{}
	after := map[string]float64{}
	for _, c := range p.result.Classes() {
		after[c.Class] = c.Count.Low
	}
	for _, c := range p.before.Classes() {
		if n := int(math.Round(c.Count.Low - after[c.Class])); n > 0 {
			out[c.Class] = n
		}
	}
	if p.action.removes {
		for _, s := range p.subjects {
			out[s.Class]++
		}
	}
	return out
}
