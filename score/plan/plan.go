// Package plan finds what to do next. An action is a pure change of an inventory with its price in effort; what
// it is worth is whatever re-scoring the changed inventory says, and nothing else.
package plan

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
	"github.com/infraopt/infraopt/score/plan/outcome"
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
	// estate, if set, takes the place of node: it changes an estate as a whole, and gives nil where it finds nothing to do.
	estate func(p *planner) *rewrite
	// again says that there may be more of it to do once other actions have been done.
	again bool
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
	// touches names the indicators that it can change the tally of, or that share facts with it: all, and the counts that they
	// share, where it is nil.
	touches []string
	// local says that it changes nothing that other actions, or whoever empties a host, look for: only what they are worth,
	// and that only in the indicators that it touches.
	local bool
	// zonal says that it is worth nothing where it is done for some of its subjects in a zone only; whole, that it is where it
	// is done for some at all.
	zonal, whole bool
	// finds names the classes of things that it finds, of which a machine has lists: empty where it is about machines alone.
	finds []string
	// removes says that the subjects are gone afterwards.
	removes bool
	// assumes names what the gain rests on besides the evidence; empty where nothing.
	assumes string
}

// A rewrite is what an action makes of an estate as a whole.
type rewrite struct {
	estate   *inventory.Estate
	changed  map[*inventory.Node]*inventory.Node // hosts; nil for one that is gone
	tallies  map[*inventory.Node]*score.Tally    // of changed hosts
	subjects []Subject
	effort   float64 // beside that of the subjects
	moves    []score.Move
	retired  map[string]string // machines, with the pool of hosts that each was of
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
	On       string // kind of the hypervisor of a virtual machine
	Effort   float64
	Bytes    inventory.Bytes // reclaimed, where known
	// Blockers stand in the way for now.
	Blockers []string
	// Isolation is the boundary that it has for itself until the action is done; empty where there is none.
	Isolation string
}

// label names a subject for people.
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

// labels tells subjects from each other: those that would be called alike also by their IDs.
func labels(n int, subject func(i int) *Subject) []string {
	out := make([]string, n)
	times := make(map[string]int, n)
	for i := range out {
		out[i] = subject(i).label()
		times[out[i]]++
	}
	for i := range out {
		if times[out[i]] > 1 {
			out[i] += " (" + subject(i).ID + ")"
		}
	}
	return out
}

// scene is what an action may know of the host it looks at.
type scene struct {
	activity map[string]score.Activity
	stack    *score.Stack
	customs  *customs     // of the estate
	rules    *Constraints // on what may be touched; nil where everything may
	asks     bool         // only what actions find is wanted: they may spare what they would make of it
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
		rightSizeVMs(), rightSizeContainers(), standardiseOS(), standardiseHypervisors(), standardiseEngines(), immutableOS(),
		containerise(inventory.Ready), containerise(inventory.ReadyWithWork), containerise(inventory.Hard), dropHypervisors(),
		declareContainers(), declareMachines(), adoptOrchestrator(), adoptOverlay(), adoptStorage(), retireArrays(), retireHosts(),
	}
}

// adviceCoverage is the share of evidence below which no advice is given.
const adviceCoverage = .20

// A Request is what advice depends on besides the estate and the model.
type Request struct {
	score.Request
	Constraints *Constraints      // nil for none
	Outcomes    *outcome.Settings // what energy, carbon and cost rest on; outcome.Default() where nil
	Effort      float64           // points that can be spent in a quarter of a year; DefaultEffort where 0
}

// saved is what a step saves a year of energy, and of cost where there are prices.
func saved(o *score.Outcomes) (energy, cost *score.Bounds) {
	if o.EnergyKWh != nil {
		energy = &o.EnergyKWh.Saved
	}
	if o.Cost != nil {
		cost = &o.Cost.Saved
	}
	return energy, cost
}

// DefaultEffort is the number of effort points that a team is taken to spend in a quarter of a year, a convention.
const DefaultEffort = 120

// Recommend fills the recommendations, the roadmap and the target of an assessment. Actions are ranked greedily by the
// points that they bring at the low end for their effort, and everything is scored again after each: the gain of one
// depends on what was done before. Where nothing is known to be active the proven score cannot move, and gains
// are found as if what runs were in use; the roadmap's basis says so. When the context ends, plans of hosts are as good as
// they have become by then; without an end, equal estates get equal advice.
func Recommend(ctx context.Context, a *score.Assessment, e *inventory.Estate, m *score.Model, req Request) {
	a.Recommendations = []score.Recommendation{}
	a.KPIs = outcome.KPIs(m.InScope(e, req.Now))
	level := &a.Level
	basis := "proven"
	if req.RunningIsActive {
		basis = score.RunningIsActive
	} else if a.Assumed != nil {
		basis, req.RunningIsActive, level = score.RunningIsActive, true, &a.Assumed.Level
	}
	p := newPlanner(ctx, e, m, req)
	now := p.rate(p.total)
	a.Roadmap = score.Roadmap{Basis: basis, From: now.Score, To: now.Score, LevelFrom: now.Level.Number, LevelTo: now.Level.Number, LevelName: now.Level.Name, Waves: []score.Wave{}}
	a.Roadmap.Components = [2]float64{a.Headline.Components, a.Headline.Components}
	switch {
	case len(e.Hosts) == 0:
		a.Roadmap.Withheld = "nothing was seen that could be improved"
		return
	case now.Coverage < adviceCoverage:
		a.Roadmap.Withheld = withheld(a, now.Coverage)
		return
	}
	r := p.roadmap(now)
	m.AddLifts(level, r.lifts, r.alone)
	if level == &a.Level && a.Assumed != nil { // all of it rests on the assumption
		a.Assumed.Level = a.Level
	}
	for i, pr := range r.steps {
		rec := pr.recommendation(r.solo[i], basis)
		rec.ID = r.ids[i]
		rec.Gain.EnergyKWh, rec.Gain.CostPerYear = saved(pr.outcomes)
		rec.Begins, rec.Wave = r.waves.span(i)
		a.Recommendations = append(a.Recommendations, rec)
		a.Roadmap.Effort += rec.Effort
	}
	a.Roadmap.Steps = len(a.Recommendations)
	a.Roadmap.Waves = r.waves.list
	for _, pr := range p.watch(r.last) {
		rec := pr.recommendation(0, basis)
		rec.Confidence = string(score.Indicative)
		a.Recommendations = append(a.Recommendations, rec)
	}
	a.Roadmap.To = r.last.Score
	a.Roadmap.LevelTo, a.Roadmap.LevelName = r.last.Level.Number, r.last.Level.Name
	a.Roadmap.Components[1] = r.last.Components().Low
	a.Target = p.target(r)
	plan := a.Target.Hosts.Plan
	a.Headline.HostsPlan = &plan
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
		Subjects: []string{}, Evidence: []string{}, Prerequisites: []string{}, Blockers: []string{}, Isolation: []string{}, Confidence: "proven", Next: act.next(p.subjects),
		Gain: score.Gain{Score: p.low, ScoreHigh: p.high, Solo: solo, Components: snap(p.before.Components().Low - p.result.Components().Low), Bytes: int64(p.bytes), Removes: removes(p),
			Hosts: p.before.HostCount() - p.result.HostCount()},
	}
	r.Prerequisites = append(r.Prerequisites, act.prerequisites...)
	if basis != "proven" {
		r.Confidence = "assumed"
	} else if act.assumes != "" {
		r.Confidence = "indicative"
	}
	r.Blockers, r.Isolation = together(p.subjects, func(s *Subject) []string { return s.Blockers }), together(p.subjects, func(s *Subject) []string {
		if s.Isolation == "" {
			return nil
		}
		return []string{s.Isolation}
	})
	for i, label := range labels(len(p.subjects), func(i int) *Subject { return &p.subjects[i] }) {
		r.Subjects = append(r.Subjects, label)
		if len(r.Evidence) < 20 {
			r.Evidence = append(r.Evidence, label+": "+p.subjects[i].Evidence)
		}
	}
	return r
}

// togetherShown is how many of the texts that subjects have in common are told.
const togetherShown = 20

// together lists texts of subjects, what most of them have first, each with how many have it. It is never nil.
func together(subjects []Subject, of func(*Subject) []string) []string {
	times, first := map[string]int{}, map[string]string{}
	for i := range subjects {
		for _, text := range of(&subjects[i]) {
			if times[text]++; times[text] == 1 {
				first[text] = subjects[i].label()
			}
		}
	}
	texts := slices.Sorted(maps.Keys(times))
	slices.SortStableFunc(texts, func(a, b string) int { return cmp.Compare(times[b], times[a]) })
	out := []string{}
	for _, text := range texts[:min(len(texts), togetherShown)] {
		if n := times[text]; n > 1 {
			out = append(out, fmt.Sprintf("%s: %s (and %d more)", first[text], text, n-1))
		} else {
			out = append(out, first[text]+": "+text)
		}
	}
	return out
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
