package plan

import (
	"context"
	"maps"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
	"github.com/infraopt/infraopt/score/plan/outcome"
)

// A planner knows what each action would add to the tally of every host of the present estate. An action that is accepted
// changes hosts, and only those are worked out again.
type planner struct {
	ctx      context.Context //nolint:containedctx // it ends searches for plans, which are deep below
	model    *score.Model
	req      Request
	customs  *customs
	first    *inventory.Estate // as it was before all steps
	estate   *inventory.Estate // as it is now
	hosts    []*hostWork       // of the present estate, in its order
	byNode   map[*inventory.Node]*hostWork
	site     *score.Tally // of the present estate, beside that of its hosts
	total    *score.Tally
	actions  []*Action        // those of hosts
	sums     []sum            // by action
	packed   map[string]*pool // by what tells it from others
	quick    bool             // plans of hosts are made for comparing them with other actions only
	unproven bool             // nobody asks how few hosts could do: plans of hosts need no proof
	settled  bool             // a full plan found no host that can go, and nothing has changed since that plans depend on
	moves    []score.Move
	outcomes *outcome.Settings
	begun    *outcome.Measure  // of the first estate
	measure  *outcome.Measure  // of the present one
	retired  map[string]string // hosts that are gone, with the pool that they were of
}

// A hostWork is a host with what each action would make of it.
type hostWork struct {
	node  *inventory.Node
	tally *score.Tally
	state *hostState
	found []finding // by action
}

// A finding is what an action finds to do on a host.
type finding struct {
	subjects []Subject
	delta    *score.Delta // what it adds to the tally of the host; nil where it finds nothing
}

// A sum is what an action finds to do on all hosts.
type sum struct {
	subjects int
	effort   float64
	bytes    inventory.Bytes
	delta    score.Tally
}

func (s *sum) count(f *finding, times int) {
	if f.delta == nil {
		return
	}
	for i := range f.subjects {
		s.effort += float64(times) * f.subjects[i].Effort
		s.bytes += inventory.Bytes(times) * f.subjects[i].Bytes
	}
	s.subjects += times * len(f.subjects)
	if times > 0 {
		s.delta.Apply(f.delta)
	} else {
		s.delta.Undo(f.delta)
	}
}

func newPlanner(ctx context.Context, e *inventory.Estate, m *score.Model, req Request) *planner {
	e = m.InScope(e, req.Now)
	settings := req.Outcomes
	if settings == nil {
		settings = outcome.Default()
	}
	if settings.Zone == nil {
		own := *settings
		own.Zone = m.ZoneOf
		settings = &own
	}
	p := &planner{ctx: ctx, outcomes: settings, model: m, req: req, customs: customsOf(e, m.ZoneOf, req.Constraints), first: e, estate: e, site: score.SiteTally(e),
		byNode: make(map[*inventory.Node]*hostWork, len(e.Hosts)), packed: map[string]*pool{}, retired: map[string]string{}}
	for _, act := range actions() {
		if act.estate == nil {
			p.actions = append(p.actions, act)
		}
	}
	p.sums = make([]sum, len(p.actions))
	p.total = p.site.Clone()
	p.hosts = make([]*hostWork, len(e.Hosts))
	each(len(e.Hosts), func(i int) { p.hosts[i] = p.workOn(e.Hosts[i], nil) })
	p.count(nil, p.hosts)
	for _, h := range p.hosts {
		p.total.Add(h.tally)
	}
	p.begun = settings.Measure(e)
	p.measure = p.begun
	return p
}

// each calls f for 0 to n − 1, on all processors at once.
func each(n int, f func(i int)) {
	var next atomic.Int64
	var all sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				f(i)
			}
		})
	}
	all.Wait()
}

// workOn finds out what each action would make of a host, of which the tally may be known.
func (p *planner) workOn(n *inventory.Node, tally *score.Tally) *hostWork {
	sc := p.scene(n)
	if tally == nil {
		tally = p.model.TallyStack(sc.stack)
	}
	h := &hostWork{node: n, tally: tally, state: survey(sc.stack, p.req.Constraints), found: make([]finding, len(p.actions))}
	for i, act := range p.actions {
		if act == nil {
			continue // it was done
		}
		changed, subjects := rewriteHost(act, n, sc)
		if len(subjects) == 0 {
			continue
		}
		h.found[i] = finding{subjects, p.delta(act, changed, tally)}
	}
	return h
}

// Indicators that several actions touch.
const (
	stored       = "containers.image-hygiene"
	uniform      = "components.uniformity"
	managed      = "software-defined.management"
	orchestrated = "containers.orchestration"
)

var storages = []string{"software-defined.storage", "converged.storage"}

// delta is what a change adds to the tally of a host.
func (p *planner) delta(act *Action, changed *inventory.Node, tally *score.Tally) *score.Delta {
	t := scratch.Get().(*score.Tally)
	defer scratch.Put(t)
	st := score.NewStack(changed, p.model, p.req.Options)
	if act.touches != nil {
		return p.deltaIn(t, act.touches, st, tally)
	}
	p.model.TallyInto(t, st)
	return t.Since(tally)
}

// deltaIn is what a change adds to the tally of a host in some indicators.
func (p *planner) deltaIn(t *score.Tally, indicators []string, changed *score.Stack, tally *score.Tally) *score.Delta {
	p.model.TallyIn(t, changed, indicators)
	return t.SinceIn(tally, indicators)
}

// after finds out what each action would make of a host once a local action has been done on it: less than is to be found
// out of a host that is not known.
func (p *planner) after(done *Action, was *hostWork, n *inventory.Node, tally *score.Tally) *hostWork {
	state := *was.state
	state.node = n
	h := &hostWork{node: n, tally: tally, state: &state, found: make([]finding, len(p.actions))}
	var sc *scene
	for i, act := range p.actions {
		old := &was.found[i]
		alike := act != nil && act.touches != nil && overlap(act.touches, done.touches)
		switch {
		case act == nil:
			continue
		case !alike && (old.delta == nil || act.touches != nil):
			h.found[i] = *old
			continue
		case sc == nil:
			sc = p.scene(n)
		}
		changed, subjects := rewriteHost(act, n, sc)
		switch {
		case len(subjects) == 0:
		case alike:
			h.found[i] = finding{subjects, p.delta(act, changed, tally)}
		default:
			t := scratch.Get().(*score.Tally)
			in := p.deltaIn(t, done.touches, score.NewStack(changed, p.model, p.req.Options), tally)
			scratch.Put(t)
			h.found[i] = finding{subjects, old.delta.Replace(done.touches, in)}
		}
	}
	return h
}

func overlap(a, b []string) bool {
	return slices.ContainsFunc(a, func(x string) bool { return slices.Contains(b, x) })
}

// scratch holds tallies that are compared and forgotten.
var scratch = sync.Pool{New: func() any { return &score.Tally{} }}

// tally is what a host adds to the score.
func (p *planner) tally(n *inventory.Node) *score.Tally {
	return p.model.TallyStack(score.NewStack(n, p.model, p.req.Options))
}

// count takes hosts out of what actions find to do, and others in.
func (p *planner) count(out, in []*hostWork) {
	for _, h := range out {
		delete(p.byNode, h.node)
	}
	for _, h := range in {
		p.byNode[h.node] = h
	}
	each(len(p.sums), func(i int) {
		for _, h := range out {
			p.sums[i].count(&h.found[i], -1)
		}
		for _, h := range in {
			p.sums[i].count(&h.found[i], 1)
		}
	})
}

func (p *planner) scene(n *inventory.Node) *scene {
	return newScene(n, p.model, p.req.Options, p.customs, p.req.Constraints)
}

func newScene(n *inventory.Node, m *score.Model, opt score.Options, c *customs, rules *Constraints) *scene {
	st := score.NewStack(n, m, opt)
	sc := &scene{stack: st, activity: make(map[string]score.Activity, len(st.Works)), customs: c}
	if rules != nil && len(rules.fixPart) > 0 {
		sc.rules = rules
	}
	for _, w := range st.Works {
		sc.activity[w.Place.Machine().ID+"/"+w.ID] = w.Activity
	}
	return sc
}

// apply does an action on a host with everything on it.
func (p *planner) apply(act *Action, n *inventory.Node) (*inventory.Node, []Subject) {
	return rewriteHost(act, n, p.scene(n))
}

// rewriteHost does an action on a host and on the guests above it that were seen from inside.
func rewriteHost(act *Action, h *inventory.Node, sc *scene) (*inventory.Node, []Subject) {
	var all []Subject
	changed := sc.rewriteFree(h, func(n *inventory.Node) *inventory.Node {
		changed, found := act.node(n, sc)
		all = append(all, found...)
		return changed
	})
	return changed, all
}

// rate rates a tally of the estate.
func (p *planner) rate(t *score.Tally) *score.Result { return p.model.Rate(t) }

// A proposal is an action applied to the present estate, and scored.
type proposal struct {
	action   *Action
	number   int       // of the action among those of hosts; −1 of one that concerns the estate as a whole
	subjects []Subject // once somebody asked for them
	effort   float64
	before   *score.Result
	result   *score.Result
	low      float64
	high     float64
	bytes    inventory.Bytes
	delta    *score.Tally    // what it adds to the tallies of hosts
	rewrite  *rewrite        // what it changes, once somebody asked for it and until it is accepted
	outcomes *score.Outcomes // what it brings beside the score, once it is accepted
}

// add takes more subjects of the action.
func (pr *proposal) add(subjects []Subject) {
	for i := range subjects {
		pr.effort += subjects[i].Effort
		pr.bytes += subjects[i].Bytes
	}
	pr.subjects = append(pr.subjects, subjects...)
}

// propose applies an action to the present estate; nil where it finds nothing to do, or would make things worse as far as
// anything is proven.
func (p *planner) propose(act *Action, before *score.Result) *proposal {
	pr := &proposal{action: act, number: -1, effort: act.once, before: before}
	if act.estate != nil {
		if pr.rewrite = act.estate(p); pr.rewrite == nil {
			return nil
		}
		pr.effort += pr.rewrite.effort
		pr.add(pr.rewrite.subjects)
		return p.weigh(pr, p.difference(pr.rewrite), pr.rewrite.estate)
	}
	pr.number = slices.IndexFunc(p.actions, func(a *Action) bool { return a != nil && a.ID == act.ID })
	if pr.number < 0 {
		return nil
	}
	s := &p.sums[pr.number]
	if s.subjects == 0 {
		return nil
	}
	pr.effort += s.effort
	pr.bytes = s.bytes
	e := p.estate
	if act.site != nil {
		e = act.site(e)
	}
	return p.weigh(pr, &s.delta, e)
}

// weigh finds out what a proposal brings: it adds delta to the tallies of hosts, and the site becomes that of e.
func (p *planner) weigh(pr *proposal, delta *score.Tally, e *inventory.Estate) *proposal {
	pr.delta = delta
	pr.result = p.whatIf(delta, e)
	pr.low, pr.high = snap(pr.result.Score.Low-pr.before.Score.Low), snap(pr.result.Score.High-pr.before.Score.High)
	if pr.low < 0 {
		return nil
	}
	return pr
}

// whatIf rates the present estate with delta added to the tallies of hosts, and with the site of e.
func (p *planner) whatIf(delta *score.Tally, e *inventory.Estate) *score.Result {
	t := p.total.Clone()
	t.Add(delta)
	if e != p.estate {
		t.Sub(p.site)
		t.Add(score.SiteTally(e))
	}
	return p.rate(t)
}

// difference is what a rewrite adds to the tallies of hosts.
func (p *planner) difference(r *rewrite) *score.Tally {
	d := &score.Tally{}
	var fresh []*inventory.Node
	for old, h := range r.changed {
		d.Sub(p.byNode[old].tally)
		if h != nil {
			fresh = append(fresh, h)
		}
	}
	tallies := make([]*score.Tally, len(fresh))
	each(len(fresh), func(i int) { tallies[i] = p.tally(fresh[i]) })
	r.tallies = make(map[*inventory.Node]*score.Tally, len(fresh))
	for i, h := range fresh {
		d.Add(tallies[i])
		r.tallies[h] = tallies[i]
	}
	return d
}

// snap drops what only the last bits of two sums tell apart. Tallies are exact, so that ratings of equal estates differ by
// no more than their own last bits, 1e-14 each; gains can be as small as the share of one small image, and have to add up.
func snap(v float64) float64 {
	const bits = 1e-12
	if math.Abs(v) < bits {
		return 0
	}
	return v
}

// subjectsOf lists what a proposal changes, in the order of the hosts.
func (p *planner) subjectsOf(pr *proposal) []Subject {
	if pr.subjects == nil {
		for _, h := range p.hosts {
			pr.subjects = append(pr.subjects, h.found[pr.number].subjects...)
		}
	}
	return pr.subjects
}

// rewriteOf makes the estate that a proposal leads to.
func (p *planner) rewriteOf(pr *proposal) *rewrite {
	if pr.rewrite != nil {
		return pr.rewrite
	}
	e := *p.estate
	e.Hosts = slices.Clone(e.Hosts)
	tallies := make([]*score.Tally, len(p.hosts))
	each(len(p.hosts), func(i int) {
		h := p.hosts[i]
		delta := h.found[pr.number].delta
		if delta == nil {
			return
		}
		e.Hosts[i], _ = p.apply(pr.action, h.node)
		tallies[i] = h.tally.Clone()
		tallies[i].Apply(delta)
	})
	r := &rewrite{estate: &e, subjects: p.subjectsOf(pr), changed: map[*inventory.Node]*inventory.Node{}, tallies: map[*inventory.Node]*score.Tally{}}
	for i, h := range p.hosts {
		if e.Hosts[i] != h.node {
			r.changed[h.node] = e.Hosts[i]
			r.tallies[e.Hosts[i]] = tallies[i]
		}
	}
	if pr.action.site != nil {
		r.estate = pr.action.site(r.estate)
	}
	pr.rewrite = r
	return r
}

// accept makes the proposed estate the present one.
func (p *planner) accept(pr *proposal) {
	r := p.rewriteOf(pr)
	p.settled = p.settled && pr.action.local
	if pr.number >= 0 {
		p.actions[pr.number] = nil // it is done: to keep its sum up to date would be for nobody
		delta := p.sums[pr.number].delta
		pr.delta, p.sums[pr.number] = &delta, sum{}
		for _, h := range p.hosts {
			h.found[pr.number] = finding{}
		}
	}
	var fresh []*inventory.Node
	var was, leaving []*hostWork
	for _, h := range p.hosts {
		n, ok := r.changed[h.node]
		if !ok {
			continue
		}
		leaving = append(leaving, h)
		if n != nil {
			fresh, was = append(fresh, n), append(was, h)
		}
	}
	entering := make([]*hostWork, len(fresh))
	each(len(fresh), func(i int) {
		if pr.action.local {
			entering[i] = p.after(pr.action, was[i], fresh[i], r.tallies[fresh[i]])
		} else {
			entering[i] = p.workOn(fresh[i], r.tallies[fresh[i]])
		}
	})
	p.count(leaving, entering)
	p.hosts = make([]*hostWork, len(r.estate.Hosts))
	for i, n := range r.estate.Hosts {
		p.hosts[i] = p.byNode[n]
	}
	p.total.Add(pr.delta)
	p.total.Sub(p.site)
	p.estate, p.site = r.estate, score.SiteTally(r.estate)
	p.total.Add(p.site)
	p.moves = append(p.moves, r.moves...)
	measure := p.outcomes.Again(p.measure, p.estate)
	pr.outcomes, p.measure = p.outcomes.Compare(p.measure, measure), measure
	maps.Copy(p.retired, r.retired)
	pr.rewrite, pr.delta = nil, nil // steps are kept, and estates are large
}
