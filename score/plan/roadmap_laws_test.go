package plan

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/collect/demo"
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/collect/resolve"
	"github.com/infraopt/infraopt/score"
	"github.com/infraopt/infraopt/score/plan/pack/check"
)

// The laws of whole roadmaps are tried on estates of up to forty hosts, of three kinds: as the demo makes them, as random
// as they come, and random ones of which hosts can be emptied.
const roadmapEstates = 100

// forRoadmaps tries something on estates of all kinds, or on a tenth of them where time is short.
func forRoadmaps(t *testing.T, n int, try func(seed int, e *inventory.Estate) error) {
	t.Helper()
	if testing.Short() || raceEnabled {
		n /= 10
	}
	var failed atomic.Bool
	each(n, func(seed int) {
		if failed.Load() {
			return
		}
		e, err := estateOf(seed)
		if err == nil {
			err = try(seed, e)
		}
		if err != nil {
			failed.Store(true)
			t.Errorf("seed %d: %v", seed, err)
		}
	})
}

func estateOf(seed int) (*inventory.Estate, error) {
	r := rand.New(rand.NewPCG(uint64(seed), 41))
	hosts := 5 + seed/3%6*7
	switch seed % 3 {
	case 0:
		return demoOf(r, hosts, uint64(seed))
	case 1:
		return demo.RandomEstate(r, demo.RandomOptions{Hosts: hosts, Unknown: float64(seed/3%4) / 20}), nil
	default:
		return roomy(r, hosts, float64(seed/3%3)/200), nil
	}
}

// demoOf is an estate of the demo, of which some more facts are forgotten, and some machines lost or of another zone.
func demoOf(r *rand.Rand, machines int, seed uint64) (*inventory.Estate, error) {
	target, err := collect.ParseTarget(fmt.Sprintf("demo:?machines=%d&seed=%d&unknown=%v", machines, seed, float64(seed%4)/50))
	if err != nil {
		return nil, err
	}
	c, err := demo.Source().Open(target, collect.Env{})
	if err != nil {
		return nil, err
	}
	observations, err := c.(collect.Recorded).Observations(context.Background())
	if err != nil {
		return nil, err
	}
	e := resolve.Estate(&inventory.Snapshot{Sources: observations})
	for range r.IntN(4) {
		e = demo.Forget(e, r.IntN(len(demo.Readings(e))))
	}
	for _, h := range e.Hosts {
		if r.IntN(8) == 0 {
			h.Machine.Zone = one(r, "dmz", "lab")
		}
	}
	if i := r.IntN(len(e.Hosts)); r.IntN(2) == 0 && len(e.Hosts) > 1 {
		e.Hosts = slices.Delete(e.Hosts, i, i+1)
	}
	return e, nil
}

// roomy is a random estate with hosts that were seen whole, most of which carry nothing but what can move.
func roomy(r *rand.Rand, hosts int, unknown float64) *inventory.Estate {
	e := demo.RandomEstate(r, demo.RandomOptions{Hosts: hosts, Unknown: unknown})
	for _, h := range e.Hosts {
		m := &h.Machine
		if r.IntN(6) == 0 || m.Inside.IsKnown() {
			continue
		}
		m.Powered, m.Inside, m.Zone = inventory.Known(true), inventory.Absent[string](), one(r, "", "", "dmz")
		m.Cores, m.Memory = inventory.Known([]float64{32, 64, 128}[r.IntN(3)]), inventory.Known([]inventory.Bytes{64, 256, 512}[r.IntN(3)]*inventory.GiB)
		m.Processes, m.Containers, m.Roles, m.StorageUse = inventory.Known(90), inventory.Known(len(h.Containers)), nil, nil
		h.Workloads = nil
		for i := range h.Hypervisors {
			n := 0
			for j := range h.VMs {
				if h.VMs[j].Hypervisor == h.Hypervisors[i].ID {
					n++
				}
			}
			h.Hypervisors[i].VMs = inventory.Known(n)
		}
		for i := range h.Containers {
			c := &h.Containers[i]
			c.System = inventory.Known(false)
			if len(h.Engines) > 0 {
				c.Runtime = inventory.Known(h.Engines[r.IntN(len(h.Engines))].Kind)
			}
			c.CPULimit, c.MemoryLimit = inventory.Known(.25*float64(1+r.IntN(12))), inventory.Known(inventory.Bytes(1+r.IntN(16))*inventory.GiB/2)
		}
	}
	return e
}

func lawRequest(seed int) Request {
	return Request{Request: score.Request{Options: score.Options{RunningIsActive: seed/3%2 == 1, Now: time.Unix(1767225600, 0)}}}
}

// planned is advice with everything that it was made from: a planner that went the same way.
type planned struct {
	a       *score.Assessment
	p       *planner
	r       *roadmap
	req     Request // under which gains were found
	estates []*inventory.Estate
}

// advised is nil where no advice is given.
func advised(t *testing.T, e *inventory.Estate, m *score.Model, req Request) (*planned, error) {
	x := &planned{a: score.Assess(e, m, req.Request), req: req}
	assumed := x.a.Assumed != nil
	Recommend(t.Context(), x.a, e, m, req)
	if x.a.Target == nil {
		return nil, nil
	}
	x.req.RunningIsActive = req.RunningIsActive || assumed
	x.p = newPlanner(t.Context(), e, m, x.req)
	x.r = x.p.newRoadmap(x.p.rate(x.p.total))
	x.estates = []*inventory.Estate{e}
	for x.p.step(x.r) {
		x.estates = append(x.estates, x.p.estate)
	}
	if len(x.r.steps) != x.a.Roadmap.Steps {
		return nil, fmt.Errorf("%d steps the first time, %d the second", x.a.Roadmap.Steps, len(x.r.steps))
	}
	for i, pr := range x.r.steps {
		if got := x.a.Recommendations[i]; got.ID != x.r.ids[i] || got.Effort != pr.effort {
			return nil, fmt.Errorf("step %d is %s the first time, %s the second", i+1, got.ID, x.r.ids[i])
		}
	}
	return x, nil
}

// anew assesses an estate from nothing, as somebody would who knows of no plan.
func (x *planned) anew(e *inventory.Estate, m *score.Model) *score.Assessment {
	return score.Assess(e, m, x.req.Request)
}

func differ(a, b float64) bool { return !(math.Abs(a-b) <= 1e-9) }

// Law 12 on whole roadmaps: what each step brings after those before it, and what it would bring alone, is what assessing
// the changed inventories from nothing says; and the gains add up to the whole.
func TestLaw12WholeRoadmaps(t *testing.T) {
	skipWithRaceDetector(t)
	m := model(t)
	var steps, solos, retired, seconds atomic.Int64
	forRoadmaps(t, roadmapEstates, func(seed int, e *inventory.Estate) error {
		want := demo.Clone(e)
		x, err := advised(t, e, m, lawRequest(seed))
		if x == nil {
			return err
		}
		before := x.anew(e, m)
		first, sum, effort := before, 0., 0.
		for i := range x.r.steps {
			rec, after := &x.a.Recommendations[i], x.anew(x.estates[i+1], m)
			if err := gainIs(rec, before, after); err != nil {
				return err
			}
			if rec.Gain.Score < 0 {
				return fmt.Errorf("%s gains %v", rec.ID, rec.Gain.Score)
			}
			sum, effort = sum+rec.Gain.Score, effort+rec.Effort
			before = after
			steps.Add(1)
			if rec.Action == "retire-host" {
				retired.Add(int64(-rec.Gain.Hosts))
				if rec.ID != rec.Action {
					seconds.Add(1)
				}
			}
		}
		if got := x.a.Roadmap; differ(got.From.Low, first.Score.Low) || differ(got.To.Low, before.Score.Low) || differ(got.To.High, before.Score.High) || differ(got.From.Low+sum, got.To.Low) || differ(effort, got.Effort) {
			return fmt.Errorf("the roadmap goes from %+v to %+v, its gains come to %v and its effort to %v; assessed anew it goes from %+v to %+v", got.From, got.To, sum, effort, first.Score, before.Score)
		}
		n, err := x.alone(t, e, m, first)
		solos.Add(int64(n))
		if err == nil && !reflect.DeepEqual(e, want) {
			err = fmt.Errorf("planning changed the estate that it was given")
		}
		return err
	})
	t.Logf("%d steps, %d of them assessed alone, %d second rounds of retirement", steps.Load(), solos.Load(), seconds.Load())
	if steps.Load() == 0 || solos.Load() == 0 || retired.Load() == 0 {
		t.Error("the test shows nothing")
	}
}

// gainIs compares what is said of a step with assessments of the estates before and after it.
func gainIs(rec *score.Recommendation, before, after *score.Assessment) error {
	g := &rec.Gain
	if low, high := after.Score.Low-before.Score.Low, after.Score.High-before.Score.High; differ(g.Score, low) || differ(g.ScoreHigh, high) {
		return fmt.Errorf("%s gains %v and %v; assessed anew %v and %v", rec.ID, g.Score, g.ScoreHigh, low, high)
	}
	if n := before.Headline.Components - after.Headline.Components; differ(g.Components, n) {
		return fmt.Errorf("%s takes %v components away; assessed anew %v", rec.ID, g.Components, n)
	}
	if n := before.Headline.Hosts - after.Headline.Hosts; g.Hosts != n {
		return fmt.Errorf("%s takes %d hosts away; assessed anew %d", rec.ID, g.Hosts, n)
	}
	return nil
}

// alone compares what each step would bring alone with an assessment of the first estate with that and nothing else done.
func (x *planned) alone(t *testing.T, e *inventory.Estate, m *score.Model, first *score.Assessment) (n int, err error) {
	p := newPlanner(t.Context(), e, m, x.req)
	before := p.rate(p.total)
	for i := range x.a.Roadmap.Steps {
		rec := &x.a.Recommendations[i]
		pr := p.propose(actions()[slices.IndexFunc(actions(), func(a *Action) bool { return a.ID == rec.Action })], before)
		if pr == nil || rec.ID != rec.Action { // others made it possible
			if rec.Gain.Solo != 0 {
				return n, fmt.Errorf("%s gains %v alone, though others made it possible", rec.ID, rec.Gain.Solo)
			}
			continue
		}
		if low := x.anew(p.rewriteOf(pr).estate, m).Score.Low - first.Score.Low; differ(rec.Gain.Solo, low) {
			return n, fmt.Errorf("%s gains %v alone; assessed anew %v", rec.ID, rec.Gain.Solo, low)
		}
		n++
	}
	return n, nil
}

// Law 6: to remove what serves nothing, to size by need, and to switch off what is empty never costs a point; done as
// steps of the plan and assessed from nothing.
func TestLaw06TidyingNeverHurts(t *testing.T) {
	skipWithRaceDetector(t)
	m := model(t)
	var tidied atomic.Int64
	forRoadmaps(t, roadmapEstates, func(seed int, e *inventory.Estate) error {
		req := lawRequest(seed)
		p := newPlanner(t.Context(), e, m, req)
		before := score.Assess(e, m, req.Request)
		for _, act := range actions() {
			var r *rewrite
			switch {
			case act.ID == "retire-host":
				if r = act.estate(p); r == nil || len(r.moves) > 0 {
					continue
				}
			case act.ID == "remove-idle-workload": // it leaves images that nothing uses, which cost until they are removed, too
				continue
			case act.removes || act.ID == "right-size-vm":
				i := slices.IndexFunc(p.actions, func(a *Action) bool { return a.ID == act.ID })
				if p.sums[i].subjects == 0 {
					continue
				}
				if r = p.rewriteOf(&proposal{action: act, number: i}); !act.removes && !shrinks(e, r.estate) {
					continue
				}
			default:
				continue
			}
			tidied.Add(1)
			if after := score.Assess(r.estate, m, req.Request); after.Score.Low < before.Score.Low-1e-9 {
				return fmt.Errorf("%s: the score falls from %v to %v", act.ID, before.Score.Low, after.Score.Low)
			}
		}
		return nil
	})
	if t.Logf("%d changes", tidied.Load()); tidied.Load() == 0 {
		t.Error("the test shows nothing")
	}
}

// shrinks reports whether virtual machines become no larger, of which nothing is known from inside. One that is too small
// takes more than it had, and what it may use beyond what was seen is more then.
func shrinks(before, after *inventory.Estate) bool {
	for i, h := range before.Hosts {
		for j := range h.VMs {
			a, b := &h.VMs[j], &after.Hosts[i].VMs[j]
			if resized := a.VCPUs != b.VCPUs || a.Memory != b.Memory; resized && (a.Guest != nil || b.VCPUs.Or(0) > a.VCPUs.Or(0) || b.Memory.Or(0) > a.Memory.Or(0)) {
				return false
			}
		}
	}
	return true
}

// Law 10: several copies of an estate, each in zones of its own, need the same for each: their pools are planned alike, and
// what every action does is done as many times.
func TestLaw10CopiesArePlannedAlike(t *testing.T) {
	skipWithRaceDetector(t)
	m := model(t)
	var pools, fewer atomic.Int64
	forRoadmaps(t, roadmapEstates, func(seed int, e *inventory.Estate) error {
		const copies = 2
		many := inZones(e, copies)
		one, all := newPlanner(t.Context(), e, m, lawRequest(seed)), newPlanner(t.Context(), many, m, lawRequest(seed))
		for i := range one.sums {
			if a, b := &one.sums[i], &all.sums[i]; b.subjects != copies*a.subjects || differ(b.effort, copies*a.effort) || b.bytes != copies*a.bytes {
				return fmt.Errorf("%s: %d things with effort %v and %d bytes in one, %d, %v and %d in %d", one.actions[i].ID, a.subjects, a.effort, a.bytes, b.subjects, b.effort, b.bytes, copies)
			}
		}
		want, got := map[string][]score.HostPlan{}, map[string][]score.HostPlan{}
		for i := range copies {
			for _, z := range one.packPools().pools {
				key := fmt.Sprintf("%s-%d %s", z.zone, i, z.name)
				want[key] = append(want[key], z.hostPlan())
				pools.Add(1)
				fewer.Add(int64(len(z.retired())))
			}
		}
		for _, z := range all.packPools().pools {
			got[z.zone+" "+z.name] = append(got[z.zone+" "+z.name], z.hostPlan())
		}
		for _, list := range []map[string][]score.HostPlan{want, got} {
			for _, plans := range list {
				slices.SortFunc(plans, func(a, b score.HostPlan) int { return cmp.Or(a.Now-b.Now, a.Plan-b.Plan, a.Bound-b.Bound) })
			}
		}
		if !reflect.DeepEqual(want, got) {
			return fmt.Errorf("one: %+v\n%d: %+v", want, copies, got)
		}
		return nil
	})
	if t.Logf("%d pools, %d hosts fewer", pools.Load(), fewer.Load()); fewer.Load() == 0 {
		t.Error("the test shows nothing")
	}
}

// inZones gives copies of an estate, each in zones of its own.
func inZones(e *inventory.Estate, copies int) *inventory.Estate {
	many := &inventory.Estate{}
	for i := range copies {
		c, mark := demo.Clone(e), fmt.Sprintf("-%d", i)
		c.Walk(func(n *inventory.Node) {
			n.Machine.ID += mark
			n.Machine.Zone += mark
			for j := range n.Containers {
				if s, ok := n.Containers[j].Service.Get(); ok { // services span hosts, not copies
					n.Containers[j].Service = inventory.Known(s + mark)
				}
			}
		})
		for j := range c.Clusters {
			c.Clusters[j].ID += mark
		}
		many.Hosts, many.Clusters, many.Arrays = append(many.Hosts, c.Hosts...), append(many.Clusters, c.Clusters...), append(many.Arrays, c.Arrays...)
	}
	return many
}

// Law 11: no plan is below its bound, every plan and every certificate passes the check, and to keep more spares never
// makes a plan smaller.
func TestLaw11PlansOfPools(t *testing.T) {
	skipWithRaceDetector(t)
	m := model(t)
	var plans, withheld atomic.Int64
	forRoadmaps(t, roadmapEstates, func(seed int, e *inventory.Estate) error {
		least := map[string]int{}
		for spares := range int64(4) {
			declared := *m
			for _, zone := range []string{"", "dmz", "lab"} {
				declared.Zones = append(declared.Zones, score.Zone{Name: zone, Spares: &spares})
			}
			p := newPlanner(t.Context(), e, &declared, lawRequest(seed))
			for _, z := range p.packPools().pools {
				if z.solution == nil {
					withheld.Add(1)
					continue
				}
				if err := soundPlan(z); err != nil {
					return fmt.Errorf("%d spares: %w", spares, err)
				}
				if k, ok := declared.DeclaredSpares(z.zone); ok && len(z.of) > 0 && int64(z.solution.Spares) != k {
					return fmt.Errorf("%d spares declared, %d kept", spares, z.solution.Spares)
				}
				h := z.hostPlan()
				if h.Bound < least[poolKey(z.zone, z.hosts)] {
					return fmt.Errorf("%d spares: the bound falls from %d to %d", spares, least[poolKey(z.zone, z.hosts)], h.Bound)
				}
				least[poolKey(z.zone, z.hosts)] = h.Bound
				plans.Add(1)
			}
		}
		return nil
	})
	if t.Logf("%d plans, %d withheld", plans.Load(), withheld.Load()); plans.Load() == 0 {
		t.Error("the test shows nothing")
	}
}

// soundPlan has a plan judged by what knows nothing of how it was made.
func soundPlan(z *pool) error {
	s, h := z.solution, z.hostPlan()
	if err := check.Certificate(&z.instance, &s.Bound); err != nil {
		return err
	}
	if z.withheld == "" {
		if err := check.Plan(&z.instance, &s.Plan, s.Spares); err != nil {
			return err
		}
	}
	if h.Plan > h.Now || h.Bound > h.Plan || h.Gap < 0 || z.withheld == "" && h.Spares > h.Plan {
		return fmt.Errorf("pool %q of zone %q: %+v", z.name, z.zone, h)
	}
	return nil
}

func skipWithRaceDetector(t *testing.T) {
	if raceEnabled {
		t.Skip("slow with the race detector, and races are looked for where less is computed")
	}
}
