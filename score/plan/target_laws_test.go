package plan

import (
	"cmp"
	"fmt"
	"math"
	"reflect"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
	"github.com/infraopt/infraopt/score/plan/outcome"
)

const targetEstates = 60

// Where the roadmap leads is what assessing the estate that it ends in says: its score, level, components and what it brings
// beside the score.
func TestTargetIsReassessment(t *testing.T) {
	skipWithRaceDetector(t)
	m := model(t)
	prices, err := outcome.LoadBook("prices.yaml", []byte("currency: EUR\nprices:\n  - {name: rack space, per: host, period: year, source: test, price: 100}\n  - {name: support, per: os, period: year, source: test, price: 10}\n"))
	if err != nil {
		t.Fatal(err)
	}
	var retired, moved, saved, spare atomic.Int64
	forRoadmaps(t, targetEstates, func(seed int, e *inventory.Estate) error {
		req := lawRequest(seed)
		req.Outcomes = outcome.Default()
		req.Outcomes.Prices = prices
		x, err := advised(t, e, m, req)
		if x == nil {
			return err
		}
		last, target := x.estates[len(x.estates)-1], x.a.Target
		if err := x.standsAsAssessed(last, m); err != nil {
			return err
		}
		// Measured from nothing, and not from what has changed since.
		settings := *req.Outcomes
		settings.Zone = m.ZoneOf
		want := settings.Compare(settings.Measure(e), settings.Measure(last))
		if !reflect.DeepEqual(target.Outcomes, want) {
			return fmt.Errorf("outcomes: %+v, measured anew %+v", target.Outcomes, want)
		}
		if kpis := outcome.KPIs(last); !reflect.DeepEqual(target.KPIs, kpis) {
			return fmt.Errorf("KPIs: %+v, anew %+v", target.KPIs, kpis)
		}
		if err := x.fates(e, last, &retired, &spare); err != nil {
			return err
		}
		moved.Add(int64(len(target.Moves)))
		if target.Outcomes.Cost != nil && target.Outcomes.Cost.Saved.Low > 0 {
			saved.Add(1)
		}
		return x.oncePlaced(e, last)
	})
	t.Logf("%d hosts retired, %d spare, %d moves, %d estates that save costs", retired.Load(), spare.Load(), moved.Load(), saved.Load())
	if !testing.Short() && (retired.Load() == 0 || moved.Load() == 0 || saved.Load() == 0) {
		t.Error("the test shows nothing")
	}
}

// standsAsAssessed compares the target with an assessment of the estate that it describes.
func (x *planned) standsAsAssessed(last *inventory.Estate, m *score.Model) error {
	target, anew := x.a.Target, x.anew(last, m)
	if sameEnds(target.Score, anew.Score) && sameEnds(target.Components, anew.Headline.ComponentsBounds) && sameEnds(target.ComponentsPerWorkload, anew.Headline.ComponentsPerWorkload) &&
		target.Level == anew.Level.Number && target.LevelName == anew.Level.Name && *x.a.Headline.HostsPlan == target.Hosts.Plan &&
		!differ(x.a.Roadmap.Components[1], anew.Headline.Components) && target.Hosts.Plan == powered(last) {
		return nil
	}
	return fmt.Errorf("the target is score %+v, level %d, components %+v, per workload %+v, hosts %+v; assessed anew %+v, %d, %+v, %+v, %d", target.Score, target.Level, target.Components,
		target.ComponentsPerWorkload, target.Hosts, anew.Score, anew.Level.Number, anew.Headline.ComponentsBounds, anew.Headline.ComponentsPerWorkload, powered(last))
}

func sameEnds(a, b score.Bounds) bool {
	end := func(a, b float64) bool { return a == b || !differ(a, b) } // also where both are infinite
	return end(a.Low, b.Low) && end(a.High, b.High) && a.None == b.None
}

// powered counts the hosts that are not known to be switched off.
func powered(e *inventory.Estate) int {
	n := 0
	for _, h := range e.Hosts {
		if h.Machine.Powered.Or(true) {
			n++
		}
	}
	return n
}

// fates compares what is said of hosts with the estate that the roadmap ends in.
func (x *planned) fates(first, last *inventory.Estate, retired, spares *atomic.Int64) error {
	left := map[string]*inventory.Node{}
	for _, h := range last.Hosts {
		left[h.Machine.ID] = h
	}
	target := x.a.Target
	count := map[[2]string][3]int{} // now, kept and spare, by zone and pool
	i := 0
	for _, h := range first.Hosts {
		if !h.Machine.Powered.Or(true) {
			continue
		}
		if i == len(target.Machines) || target.Machines[i].ID != h.Machine.ID {
			return fmt.Errorf("of %s is not said what becomes of it", h.Machine.ID)
		}
		f := target.Machines[i]
		i++
		n := left[f.ID]
		if gone := n == nil; gone != (f.Fate == score.FateRetire) {
			return fmt.Errorf("%+v, and it is gone: %v", f, gone)
		}
		if (f.Reason == "") != (f.Why == "") || f.Fate != score.FateKeep && f.Why != "" {
			return fmt.Errorf("%+v: half a reason, or one of a host that is free to go", f)
		}
		c := count[[2]string{f.Zone, f.Pool}]
		c[0]++
		switch f.Fate {
		case score.FateRetire:
			retired.Add(1)
		case score.FateSpare:
			spares.Add(1)
			if len(n.VMs) > 0 || slices.ContainsFunc(n.Containers, func(c inventory.Container) bool { return c.Layer != inventory.Infrastructure }) {
				return fmt.Errorf("%s is said to be an empty spare, and is not empty", f.ID)
			}
			c[2]++
			fallthrough
		default:
			c[1]++
		}
		count[[2]string{f.Zone, f.Pool}] = c
	}
	if i != len(target.Machines) {
		return fmt.Errorf("%d hosts are on, and of %d is said what becomes of them", i, len(target.Machines))
	}
	sum := score.HostPlan{}
	pools := map[[2]string]score.HostPlan{}
	for _, z := range target.Pools {
		pools[[2]string{z.Zone, z.Pool}] = add(pools[[2]string{z.Zone, z.Pool}], z.HostPlan)
		sum = add(sum, z.HostPlan)
		if z.Plan < z.Bound || z.Plan > z.Now || z.Spares > z.Plan || z.Bound > 0 && differ(z.Gap, float64(z.Plan-z.Bound)/float64(z.Bound)) {
			return fmt.Errorf("%+v", z)
		}
	}
	for key, c := range count {
		if z := pools[key]; z.Now != c[0] || z.Plan != c[1] || z.Spares != c[2] {
			return fmt.Errorf("pool %q: %+v, and of its hosts there are %d, of which %d stay, %d of them as spares", key, z, c[0], c[1], c[2])
		}
	}
	if h := target.Hosts; h.Now != sum.Now || h.Plan != sum.Plan || h.Bound != sum.Bound || h.Spares != sum.Spares {
		return fmt.Errorf("all hosts: %+v, and in sum %+v", h, sum)
	}
	return nil
}

func add(a, b score.HostPlan) score.HostPlan {
	return score.HostPlan{Now: a.Now + b.Now, Plan: a.Plan + b.Plan, Bound: a.Bound + b.Bound, Spares: a.Spares + b.Spares}
}

// A place is where something that can move is.
type place struct{ class, id string }

// placesOf tells where everything that can move is; what is there twice is an error.
func placesOf(e *inventory.Estate) (map[place]string, error) {
	out := map[place]string{}
	var err error
	put := func(class, id, host string) {
		if other, ok := out[place{class, id}]; ok {
			err = cmp.Or(err, fmt.Errorf("%s %s is on %s and on %s", class, id, other, host))
		}
		out[place{class, id}] = host
	}
	for _, h := range e.Hosts {
		for i := range h.VMs {
			put("vm", h.VMs[i].ID, h.Machine.ID)
		}
		for i := range h.Containers {
			put("container", h.Containers[i].ID, h.Machine.ID)
		}
	}
	return out, err
}

// oncePlaced holds the estate that the roadmap ends in against the one that it began with: everything is there once, at the
// place that the list of moves says, and nothing is gone that no step removed.
func (x *planned) oncePlaced(first, last *inventory.Estate) error {
	before, err := placesOf(first)
	if err != nil {
		return nil //nolint:nilerr // the estate names two things alike: then nobody can tell
	}
	after, err := placesOf(last)
	if err != nil {
		return err
	}
	agents, made := map[place]bool{}, map[place]string{} // what comes and goes with hosts, and what containerising may make
	for _, h := range first.Hosts {
		for i := range h.Containers {
			agents[place{"container", h.Containers[i].ID}] = h.Containers[i].Layer == inventory.Infrastructure
		}
		for i := range h.Workloads {
			made[place{"container", "planned:" + h.Workloads[i].ID}] = h.Machine.ID
		}
	}
	removed := map[place]bool{}
	for _, pr := range x.r.steps {
		for i := range pr.subjects {
			if s := &pr.subjects[i]; pr.action.removes {
				removed[place{s.Class, s.ID}] = true
			}
		}
	}
	moves := map[place]score.Move{}
	for _, mv := range x.a.Target.Moves {
		key := place{mv.Class, mv.ID}
		if _, twice := moves[key]; twice || mv.From == mv.To {
			return fmt.Errorf("%+v: moved twice, or nowhere", mv)
		}
		moves[key] = mv
	}
	for key, host := range before {
		at, ok := after[key]
		if !ok && !removed[key] && !agents[key] {
			return fmt.Errorf("%v of %s is gone, and no step removes it", key, host)
		}
		if mv, told := moves[key]; ok && (told != (at != host) || told && (mv.From != host || mv.To != at)) {
			return fmt.Errorf("%v was on %s and is on %s; told is %+v", key, host, at, mv)
		}
	}
	for key, host := range after {
		if _, ok := before[key]; ok {
			continue
		}
		from, ok := made[key]
		if mv, told := moves[key]; !ok || told != (from != host) || told && (mv.From != from || mv.To != host) {
			return fmt.Errorf("%v is new on %s; told is %+v", key, host, mv)
		}
	}
	return nil
}

// The waves deal the roadmap out: none takes more effort than there is, each ends where the estate stands after what it
// does, steps keep their order, and no effort is left over that the next step could use.
func TestWavesAreTheRoadmap(t *testing.T) {
	skipWithRaceDetector(t)
	m := model(t)
	var partial, whole atomic.Int64
	forRoadmaps(t, targetEstates, func(seed int, e *inventory.Estate) error {
		req := lawRequest(seed)
		req.Effort = []float64{0, 7, 20, 60, 300, 1e6}[seed%6]
		x, err := advised(t, e, m, req)
		if x == nil {
			return err
		}
		if len(x.a.Roadmap.Waves) != 3 {
			return fmt.Errorf("%d waves", len(x.a.Roadmap.Waves))
		}
		effort := cmp.Or(req.Effort, DefaultEffort)
		for i, id := range []string{"now", "quarter", "year"} {
			w := &x.a.Roadmap.Waves[i]
			if want := []float64{math.Ceil(effort * 2 / 13), effort, 4 * effort}[i]; w.ID != id || w.Budget != want {
				return fmt.Errorf("%+v: want %s with %v", w, id, want)
			}
			if err := x.wave(w, m); err != nil {
				return fmt.Errorf("%s of %v: %w", id, effort, err)
			}
			if w.Partial != "" {
				partial.Add(1)
			} else if w.Steps == x.a.Roadmap.Steps {
				whole.Add(1)
			}
		}
		return x.spans()
	})
	if t.Logf("%d waves end within a step, %d hold the roadmap", partial.Load(), whole.Load()); partial.Load() == 0 || whole.Load() == 0 {
		t.Error("the test shows nothing")
	}
}

// wave works out anew what can be done by the end of a wave.
func (x *planned) wave(w *score.Wave, m *score.Model) error {
	spent, steps := 0., 0
	for steps < len(x.r.steps) && spent+x.a.Recommendations[steps].Effort <= w.Budget {
		spent += x.a.Recommendations[steps].Effort
		steps++
	}
	e, done := x.estates[steps], 0
	if steps < len(x.r.steps) && x.r.steps[steps].action.estate == nil && !x.r.steps[steps].action.whole {
		act := x.r.steps[steps].action
		within := map[string]bool{}
		left := w.Budget - spent - act.once
		var zones []string // each host for itself, where the step may be cut anywhere
		needed, things := map[string]float64{}, map[string]int{}
		zone := func(h *inventory.Node) string {
			if act.zonal {
				return m.ZoneOf(&h.Machine)
			}
			return h.Machine.ID
		}
		for _, h := range e.Hosts {
			_, found := rewriteHost(act, h, newScene(h, m, x.req.Options, customsOf(x.estates[0], m.ZoneOf, x.req.Constraints), x.req.Constraints))
			z := zone(h)
			if len(found) > 0 && things[z] == 0 {
				zones = append(zones, z)
			}
			things[z] += len(found)
			for i := range found {
				needed[z] += found[i].Effort
			}
		}
		for _, z := range zones {
			if needed[z] <= left {
				left, done, within[z] = left-needed[z], done+things[z], true
			}
		}
		if done > 0 {
			spent = w.Budget - left
			part := *e
			part.Hosts = slices.Clone(e.Hosts)
			for i, h := range e.Hosts {
				if within[zone(h)] {
					part.Hosts[i], _ = rewriteHost(act, h, newScene(h, m, x.req.Options, customsOf(x.estates[0], m.ZoneOf, x.req.Constraints), x.req.Constraints))
				}
			}
			if e = &part; act.site != nil {
				e = act.site(e)
			}
		}
	}
	anew := x.anew(e, m)
	if w.Steps != steps || differ(w.Effort, spent) || w.Effort > w.Budget || w.Done != done || (w.Partial == "") != (done == 0) || done > 0 && (w.Partial != x.r.ids[steps] || w.Of != len(x.r.steps[steps].subjects) || w.Done >= w.Of) {
		return fmt.Errorf("%+v: want %d steps and %d things of the next, with effort %v", w, steps, done, spent)
	}
	if !sameEnds(w.Score, anew.Score) || w.Level != anew.Level.Number || differ(w.Components, anew.Headline.Components) {
		return fmt.Errorf("%+v: assessed anew %+v, level %d, %v components", w, anew.Score, anew.Level.Number, anew.Headline.Components)
	}
	return nil
}

// spans holds the waves of the steps against their order and the budgets.
func (x *planned) spans() error {
	order := []string{"now", "quarter", "year", "later"}
	at, spent := 0, 0.
	for i := range x.a.Roadmap.Steps {
		r := &x.a.Recommendations[i]
		begins, ends := slices.Index(order, r.Begins), slices.Index(order, r.Wave)
		spent += r.Effort
		if begins < at || ends < begins {
			return fmt.Errorf("%s begins %q and is done %q, after others", r.ID, r.Begins, r.Wave)
		}
		for j, w := range x.a.Roadmap.Waves {
			if (spent <= w.Budget) != (j >= ends) || (spent-r.Effort < w.Budget) != (j >= begins) {
				return fmt.Errorf("%s is done with effort %v, begins %q and is done %q", r.ID, spent, r.Begins, r.Wave)
			}
		}
		at = begins
	}
	return nil
}

// Nothing is counted twice: what one step removed is no subject of any other, and no step names one thing twice.
func TestNothingIsCountedTwice(t *testing.T) {
	skipWithRaceDetector(t)
	m := model(t)
	var subjects atomic.Int64
	forRoadmaps(t, targetEstates, func(seed int, e *inventory.Estate) error {
		if _, err := placesOf(e); err != nil {
			return nil //nolint:nilerr // the estate names two things alike: then nobody can tell
		}
		x, err := advised(t, e, m, lawRequest(seed))
		if x == nil {
			return err
		}
		removed := map[[4]string]string{}
		for i, pr := range x.r.steps {
			named := map[[4]string]bool{}
			for j := range pr.subjects {
				s := pr.subjects[j]
				key := [4]string{s.ID, s.Class, s.Machine, s.Engine}
				if by := removed[key]; by != "" || named[key] {
					return fmt.Errorf("%s counts %+v, which %s removed, or itself counts twice", x.r.ids[i], key, by)
				}
				named[key] = true
				subjects.Add(1)
			}
			if pr.action.removes {
				for key := range named {
					removed[key] = x.r.ids[i]
				}
			}
			rec := &x.a.Recommendations[i]
			if n := len(rec.Subjects); n != len(named) || len(distinct(slices.Clone(rec.Subjects))) != n {
				return fmt.Errorf("%s: %d subjects, told apart %q", rec.ID, len(named), rec.Subjects)
			}
		}
		return nil
	})
	if t.Logf("%d subjects", subjects.Load()); subjects.Load() == 0 {
		t.Error("the test shows nothing")
	}
}
