package score_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/infraopt/infraopt/collect/demo"
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
	"github.com/infraopt/infraopt/score/indicators"
)

// The laws make estates and throw them away: to collect them less often takes a fifth off the time.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	os.Exit(m.Run())
}

// The laws are those of the method: properties that no estate may break. Each is tried on this many random estates
// with unknown facts.
const lawEstates = 10_000

// tolerance is how far two sums of the same shares may be apart through rounding.
const tolerance = 1e-9

func model(t testing.TB) *score.Model {
	t.Helper()
	m, err := indicators.Default()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// A scorer is a way to score that has to obey the laws: a model with its options. A spoiled one, which the laws have to
// find out, may also twist results.
type scorer struct {
	*score.Model
	opt   score.Options
	twist func(*score.Result) // nil for none
}

func (s *scorer) rate(e *inventory.Estate) *score.Result {
	r := score.NewLedger(e, s.Model, s.opt).Rate()
	if s.twist != nil {
		s.twist(r)
	}
	return r
}

// byRule gives a model with another rule of idleness.
func byRule(m *score.Model, rule string) *score.Model {
	c := *m
	c.Idle.Rule = rule
	return &c
}

// A law says how an estate breaks it, or nothing. What it does at random depends on r alone.
type law func(s *scorer, r *rand.Rand, e *inventory.Estate) error

// lawEstate is a random estate with between none and half of the facts unknown.
func lawEstate(seed int) (*rand.Rand, *inventory.Estate) {
	r := rand.New(rand.NewPCG(uint64(seed), 7))
	return r, demo.RandomEstate(r, demo.RandomOptions{Unknown: float64(seed%6) / 10})
}

// lawRule is the rule of idleness by which an estate is judged: a quarter each by the two that are not the default.
func lawRule(seed int) string { return []string{"strict", "broad", "default", "default"}[seed/6%4] }

// forEstates holds a law on random estates.
func forEstates(t *testing.T, holds law) {
	t.Helper()
	m := model(t)
	scorers := map[string]*scorer{}
	for _, rule := range []string{"strict", "default", "broad"} {
		scorers[rule] = &scorer{Model: byRule(m, rule)}
	}
	forSeeds(t, lawEstates, func(seed int) error {
		r, e := lawEstate(seed)
		if err := holds(scorers[lawRule(seed)], r, e); err != nil {
			return fmt.Errorf("idle rule %s: %w", lawRule(seed), err)
		}
		return nil
	})
}

// forSeeds tries something with n seeds, or with a twentieth of them where time is short. A failure names the seed that
// shows it.
func forSeeds(t *testing.T, n int, try func(seed int) error) {
	t.Helper()
	if testing.Short() || raceEnabled { // nothing here runs at once: the race detector only makes it slow
		n = max(1, n/20)
	}
	const workers = 4
	var wg sync.WaitGroup
	var failed atomic.Bool
	for w := range workers {
		wg.Go(func() {
			for seed := w; seed < n && !failed.Load(); seed += workers {
				if err := try(seed); err != nil {
					failed.Store(true)
					t.Errorf("seed %d: %v", seed, err)
				}
			}
		})
	}
	wg.Wait()
}

func rate(m *score.Model, e *inventory.Estate) *score.Result { return (&scorer{Model: m}).rate(e) }

// Law 1: the score lies between 0 and 100, low below high, and nothing is not a number. An empty estate is Unassessed.
func TestLaw01Bounds(t *testing.T) {
	forEstates(t, boundsHold)
	r := rate(model(t), &inventory.Estate{})
	if !r.Score.None || r.Level.Number != 0 || r.Level.Name != "Unassessed" {
		t.Errorf("empty estate: got score %+v, level %d %s, want none, 0 Unassessed", r.Score, r.Level.Number, r.Level.Name)
	}
}

func boundsHold(s *scorer, _ *rand.Rand, e *inventory.Estate) error {
	for _, active := range []bool{false, true} {
		c := *s
		c.opt.RunningIsActive = active
		if err := inBounds(c.rate(e)); err != nil {
			return fmt.Errorf("%+v: %w", c.opt, err)
		}
	}
	return nil
}

func inBounds(r *score.Result) error {
	if s := r.Score; !(s.None || 0 <= s.Low && s.Low <= s.High+tolerance && s.High <= 100) {
		return fmt.Errorf("score %+v", s)
	}
	if !(0 <= r.Coverage && r.Coverage <= 1+tolerance) {
		return fmt.Errorf("coverage %v", r.Coverage)
	}
	for _, p := range r.Pillars {
		for _, x := range p.Indicators {
			if !(0 <= x.Low && x.Low <= x.High+tolerance && x.High <= 1) || !(0 <= x.Coverage && x.Coverage <= 1+tolerance) {
				return fmt.Errorf("%s: %v to %v, coverage %v", x.ID, x.Low, x.High, x.Coverage)
			}
		}
	}
	return nil
}

// Law 2: to forget a fact never raises the low end, never lowers the high end, never raises the level or the coverage.
func TestLaw02ForgettingNeverHelps(t *testing.T) { forEstates(t, forgettingNeverHelps) }

func forgettingNeverHelps(s *scorer, r *rand.Rand, e *inventory.Estate) error {
	before := s.rate(e)
	facts := demo.Readings(e)
	for range 4 {
		if len(facts) == 0 {
			return nil
		}
		i := r.IntN(len(facts))
		if facts[i].State() == inventory.StateUnknown {
			continue
		}
		if err := neverHelps(before, s.rate(demo.Forget(e, i))); err != nil {
			return fmt.Errorf("forgetting %s (%s): %w", facts[i].Path, facts[i], err)
		}
	}
	return nil
}

// Law 2 to its end: who has forgotten everything knows no level, proves no points, and covers less than before.
func TestLaw02ForgettingEverything(t *testing.T) { forEstates(t, forgettingEverythingLeavesNothing) }

func forgettingEverythingLeavesNothing(s *scorer, _ *rand.Rand, e *inventory.Estate) error {
	empty := demo.Clone(e)
	for _, f := range demo.Readings(empty) {
		f.Forget("forgotten", "")
	}
	before, after := s.rate(e), s.rate(empty)
	if after.Score.Low > 0 || after.Level.Number > 0 {
		return fmt.Errorf("score %+v and level %d are left", after.Score, after.Level.Number)
	}
	if before.Coverage > .1 && after.Coverage >= before.Coverage {
		return fmt.Errorf("the coverage was %v and is %v", before.Coverage, after.Coverage)
	}
	return neverHelps(before, after)
}

// Law 2 for every single fact of small estates, so that rare combinations come up too.
func TestLaw02EveryFact(t *testing.T) {
	m := model(t)
	n := 300
	if testing.Short() || raceEnabled {
		n = 20
	}
	var wg sync.WaitGroup
	const workers = 4
	for w := range workers {
		wg.Go(func() {
			for seed := w; seed < n; seed += workers {
				r := rand.New(rand.NewPCG(uint64(seed), 78))
				e := demo.RandomEstate(r, demo.RandomOptions{Hosts: 2, Unknown: float64(seed%3) / 10, Stale: seed%2 == 1})
				before := rate(m, e)
				for i, f := range demo.Readings(e) {
					if f.State() == inventory.StateUnknown {
						continue
					}
					if err := neverHelps(before, rate(m, demo.Forget(e, i))); err != nil {
						t.Errorf("seed %d: forgetting %s (%s): %v", seed, f.Path, f, err)
						return
					}
				}
			}
		})
	}
	wg.Wait()
}

func neverHelps(before, after *score.Result) error {
	switch {
	case before.Score.None || after.Score.None:
		if before.Score.None != after.Score.None {
			return fmt.Errorf("score %+v became %+v", before.Score, after.Score)
		}
		return nil
	case after.Score.Low > before.Score.Low+tolerance:
		return fmt.Errorf("the low end rose from %v to %v\n%s", before.Score.Low, after.Score.Low, difference(before, after))
	case after.Score.High < before.Score.High-tolerance:
		return fmt.Errorf("the high end fell from %v to %v\n%s", before.Score.High, after.Score.High, difference(before, after))
	case after.Level.Number > before.Level.Number:
		return fmt.Errorf("the level rose from %d to %d", before.Level.Number, after.Level.Number)
	case after.Coverage > before.Coverage+tolerance:
		return fmt.Errorf("the coverage rose from %v to %v\n%s", before.Coverage, after.Coverage, difference(before, after))
	}
	return nil
}

func difference(a, b *score.Result) string {
	var out string
	for i := range a.Pillars {
		for j := range a.Pillars[i].Indicators {
			x, y := a.Pillars[i].Indicators[j], b.Pillars[i].Indicators[j]
			if !reflect.DeepEqual(x.Rating, y.Rating) || x.Share != y.Share {
				out += fmt.Sprintf("%s: %+v became %+v\n", x.ID, x.Rating, y.Rating)
			}
		}
	}
	return out
}

// Law 3: whatever the unknown facts turn out to be, the score then lies within the interval.
func TestLaw03TruthLiesWithin(t *testing.T) { forEstates(t, truthLiesWithin) }

func truthLiesWithin(s *scorer, r *rand.Rand, e *inventory.Estate) error {
	return within(s.rate(e), s.rate(demo.Complete(r, e)))
}

// Law 4: order makes no difference: not a byte.
func TestLaw04OrderIsNoInformation(t *testing.T) { forEstates(t, orderIsNoInformation) }

func orderIsNoInformation(s *scorer, r *rand.Rand, e *inventory.Estate) error {
	want := assess(s, e)
	shuffled := demo.Clone(e)
	demo.Shuffle(r, shuffled)
	if got := assess(s, shuffled); got != want {
		return fmt.Errorf("shuffled:\n%s\nwant:\n%s", got, want)
	}
	return nil
}

// assess gives what rating says, in full.
func assess(s *scorer, e *inventory.Estate) string {
	r := s.rate(e)
	text, err := json.Marshal([]any{r.Score, r.Coverage, r.Level})
	if err != nil {
		return err.Error()
	}
	out := string(text)
	for _, p := range r.Pillars {
		for _, x := range p.Indicators {
			out += fmt.Sprintf("\n%s %v", x.ID, x.Rating)
		}
	}
	return out
}

func mix[T any](r *rand.Rand, s []T) { r.Shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] }) }

// Law 5: tallies may be merged in any grouping and order, and what was added can be taken out again.
func TestLaw05GroupingIsNoInformation(t *testing.T) { forEstates(t, groupingIsNoInformation) }

func groupingIsNoInformation(s *scorer, r *rand.Rand, e *inventory.Estate) error {
	var parts []*score.Tally
	whole := &score.Tally{}
	for _, h := range e.Hosts {
		p := s.TallyStack(score.NewStack(h, s.Model, s.opt))
		whole.Add(p)
		parts = append(parts, p)
	}
	total := whole.Clone()
	mix(r, parts)
	for len(parts) > 1 { // merge two of them until one is left
		i := r.IntN(len(parts) - 1)
		merged := parts[i].Clone()
		merged.Add(parts[i+1])
		parts = append(parts[:i], append([]*score.Tally{merged}, parts[i+2:]...)...)
	}
	if !parts[0].Equal(whole) {
		return fmt.Errorf("got %v, want %v", parts[0].Terms(), whole.Terms())
	}
	var back score.Tally
	text, err := json.Marshal(whole)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &back); err != nil {
		return err
	}
	if !back.Equal(whole) {
		return fmt.Errorf("through JSON: got %v, want %v", back.Terms(), whole.Terms())
	}
	whole.Sub(parts[0])
	if !whole.Equal(&score.Tally{}) {
		return fmt.Errorf("taking everything out leaves %v", whole.Terms())
	}
	if a, b := s.Rate(total), s.Rate(parts[0]); a.Score != b.Score {
		return fmt.Errorf("scores %+v and %+v", a.Score, b.Score)
	}
	return nil
}

// Law 7: an idle virtual machine, one of unknown activity, an appliance, or an empty host in a zone that is not
// over-committed never raises the low end.
func TestLaw07DeadWeightNeverHelps(t *testing.T) { forEstates(t, deadWeightNeverHelps) }

func deadWeightNeverHelps(s *scorer, r *rand.Rand, e *inventory.Estate) error {
	before := s.rate(e)
	if before.Score.None {
		return nil
	}
	for _, add := range []struct {
		what string
		f    func(*rand.Rand, *inventory.Estate) bool
	}{{"idle virtual machine", addIdleVM}, {"virtual machine of unknown activity", addUnknownVM}, {"array", addArray}, {"empty host", func(r *rand.Rand, e *inventory.Estate) bool { return addEmptyHost(s, r, e) }}} {
		changed := demo.Clone(e)
		if !add.f(r, changed) {
			continue
		}
		after := s.rate(changed)
		if after.Score.Low > before.Score.Low+tolerance {
			return fmt.Errorf("an %s raised the low end from %v to %v\n%s", add.what, before.Score.Low, after.Score.Low, difference(before, after))
		}
	}
	return nil
}

func someHypervisor(r *rand.Rand, e *inventory.Estate) (*inventory.Node, *inventory.Hypervisor) {
	for _, i := range r.Perm(len(e.Hosts)) {
		if n := e.Hosts[i]; len(n.Hypervisors) > 0 && n.Machine.Powered.Or(true) {
			return n, &n.Hypervisors[r.IntN(len(n.Hypervisors))]
		}
	}
	return nil, nil
}

func randomVM(r *rand.Rand, h *inventory.Hypervisor) inventory.VM {
	return inventory.VM{ID: "extra", Hypervisor: h.ID, State: inventory.Known(inventory.Running),
		VCPUs: inventory.Known(float64(1 + r.IntN(16))), Memory: inventory.Known(inventory.Bytes(1+r.IntN(64)) * inventory.GiB),
		Storage: inventory.Known([]inventory.StorageClass{inventory.RawLocal, inventory.SDSOnNodes, inventory.FCArray}[r.IntN(3)])}
}

func addIdleVM(r *rand.Rand, e *inventory.Estate) bool {
	n, h := someHypervisor(r, e)
	if n == nil {
		return false
	}
	v := randomVM(r, h)
	v.Usage = inventory.Usage{CPUSeconds: inventory.Known(r.Float64() * 3000), Memory: inventory.Known(inventory.GiB), Network: inventory.Known(inventory.Bytes(r.IntN(1e6))), Age: inventory.Known(10 * inventory.Day)}
	n.VMs = append(n.VMs, inventory.GuestVM{VM: v})
	return true
}

func addUnknownVM(r *rand.Rand, e *inventory.Estate) bool {
	n, h := someHypervisor(r, e)
	if n == nil {
		return false
	}
	n.VMs = append(n.VMs, inventory.GuestVM{VM: randomVM(r, h)})
	return true
}

func addArray(_ *rand.Rand, e *inventory.Estate) bool {
	if len(e.Arrays) == 0 { // the first to be listed is evidence, not weight
		return false
	}
	e.Arrays = append(e.Arrays, inventory.Storage{ID: "extra", Kind: inventory.Array})
	return true
}

func addEmptyHost(s *scorer, r *rand.Rand, e *inventory.Estate) bool {
	if len(e.Hosts) == 0 {
		return false
	}
	zone := e.Hosts[r.IntN(len(e.Hosts))].Machine.Zone
	if overCommitted(s, e, zone) {
		return false
	}
	absent := inventory.Absent[string]
	kind := []inventory.MachineKind{inventory.Physical, inventory.Cloud, inventory.Virtual}[r.IntN(3)]
	e.Hosts = append(e.Hosts, &inventory.Node{Machine: inventory.Machine{
		ID: "extra", Zone: zone, Kind: inventory.Known(kind), Powered: inventory.Known(true), Inside: absent(),
		Cores: inventory.Known(float64(1 + r.IntN(128))), Memory: inventory.Known(inventory.Bytes(1+r.IntN(512)) * inventory.GiB),
		Processes: inventory.Known(10), Containers: inventory.Known(0), Storage: inventory.Known(inventory.SDSOnNodes),
		Hardware: inventory.Hardware{Chassis: inventory.Known(inventory.HCI), Fabric: inventory.Known(inventory.OneFabric)},
		Network:  inventory.Known(inventory.OverlayNetwork), Management: inventory.Known(inventory.GitOps),
	}})
	return true
}

// overCommitted reports whether a zone may have fewer hosts than its work needs, spares included.
func overCommitted(s *scorer, e *inventory.Estate, zone string) bool {
	var alone inventory.Estate
	for _, h := range e.Hosts {
		if h.Machine.Zone == zone {
			alone.Hosts = append(alone.Hosts, h)
		}
	}
	for _, p := range s.rate(&alone).Pillars {
		for _, x := range p.Indicators {
			if x.ID == "components.packing" {
				return x.High == 1
			}
		}
	}
	return true
}

// The points of the indicators add up to the score, at both ends, and an estate of which everything is known has
// one score, not an interval.
func TestPointsAddUp(t *testing.T) { forEstates(t, pointsAddUp) }

func pointsAddUp(s *scorer, _ *rand.Rand, e *inventory.Estate) error {
	r := s.rate(e)
	if r.Score.None {
		return nil
	}
	var low, high float64
	for _, p := range r.Pillars {
		for _, x := range p.Indicators {
			low += 100 * p.Share * x.Share * x.Low
			high += 100 * p.Share * x.Share * x.High
		}
	}
	if math.Abs(low-r.Score.Low) > tolerance || math.Abs(high-r.Score.High) > tolerance {
		return fmt.Errorf("points add up to %v and %v, score is %+v", low, high, r.Score)
	}
	return nil
}

// Law 6: to delete an idle virtual machine, to right-size one that is not idle towards its need, and to retire an empty
// host never lowers the low end.
func TestLaw06TidyingNeverHurts(t *testing.T) { forEstates(t, tidyingNeverHurts) }

func tidyingNeverHurts(s *scorer, r *rand.Rand, e *inventory.Estate) error {
	for _, add := range []func(*rand.Rand, *inventory.Estate) bool{
		addIdleVM,
		func(r *rand.Rand, e *inventory.Estate) bool { return addEmptyHost(s, r, e) },
	} {
		with := demo.Clone(e)
		if !add(r, with) {
			continue
		}
		before, after := s.rate(with), s.rate(e) // what was added is deleted again
		if !before.Score.None && !after.Score.None && after.Score.Low < before.Score.Low-tolerance {
			return fmt.Errorf("deleting it lowered the low end from %v to %v\n%s", before.Score.Low, after.Score.Low, difference(before, after))
		}
	}
	for _, h := range e.Hosts {
		for i := range h.VMs {
			vm := &h.VMs[i]
			cpus, ok := vm.VCPUs.Get()
			// One that is idle, if it runs, needs nothing and is to be removed. To make it smaller would not tidy up: by
			// the strict rule, which asks for a share of what is allocated, it would not be idle any more.
			if !ok || vm.Guest != nil || vm.Demand.Days.Or(0) < 7 || s.idle(h, vm) {
				continue
			}
			// What the series shows has to fit what the virtual machine has had so far.
			need := math.Ceil(vm.Demand.CPUP995.Or(cpus) * s.Thresholds.CPUMargin)
			if need >= cpus || need < 1 {
				continue
			}
			changed := demo.Clone(e)
			vmOf(changed, h.Machine.ID, vm.ID).VCPUs = inventory.Known(need)
			before, after := s.rate(e), s.rate(changed)
			if after.Score.Low < before.Score.Low-tolerance {
				return fmt.Errorf("right-sizing %s from %v to %v lowered the low end from %v to %v\n%s", vm.ID, cpus, need, before.Score.Low, after.Score.Low, difference(before, after))
			}
		}
	}
	return nil
}

// idle reports whether a virtual machine that cannot be looked into is known to be idle, if it runs at all.
func (s *scorer) idle(on *inventory.Node, vm *inventory.GuestVM) bool {
	return slices.ContainsFunc(score.NewStack(on, s.Model, s.opt).Works, func(x *score.Work) bool {
		return x.Place.VM == &vm.VM && x.Weight.Hi == 0
	})
}

func vmOf(e *inventory.Estate, host, vm string) *inventory.VM {
	for _, h := range e.Hosts {
		for i := range h.VMs {
			if h.Machine.ID == host && h.VMs[i].ID == vm {
				return &h.VMs[i].VM
			}
		}
	}
	return nil
}

// Law 8: to split a workload into replicas with the same total use and demand never raises the low end, but for
// rounding: weights are whole millionths, and the least that active work weighs is .035.
func TestLaw08ReplicasNeverHelp(t *testing.T) { forEstates(t, replicasNeverHelp) }

func replicasNeverHelp(s *scorer, r *rand.Rand, e *inventory.Estate) error {
	before := s.rate(e)
	changed := demo.Clone(e)
	split := ""
	changed.Walk(func(n *inventory.Node) {
		for i := range n.Containers {
			c := &n.Containers[i]
			if split != "" || !c.CPULimit.IsAbsent() || !c.MemoryLimit.IsAbsent() || c.State.Or("") != inventory.Running || c.System.Or(true) || r.IntN(3) > 0 {
				continue
			}
			split = c.ID
			halve(&c.Usage, &c.Demand)
			twin := *c
			twin.ID += "-twin"
			n.Containers = append(n.Containers, twin)
		}
	})
	if split == "" || before.Score.None {
		return nil
	}
	after := s.rate(changed)
	const rounding = 100 * 1e-6 / .035 // points
	if after.Score.Low > before.Score.Low+rounding {
		return fmt.Errorf("splitting %s raised the low end from %v to %v\n%s", split, before.Score.Low, after.Score.Low, difference(before, after))
	}
	return nil
}

func halve(u *inventory.Usage, d *inventory.Demand) {
	for _, r := range []*inventory.Reading[float64]{&u.CPUSeconds, &d.CPUP995, &d.CPUMax, &d.CPUP97, &d.CPUP90} {
		if v, ok := r.Get(); ok {
			*r = inventory.Known(v / 2)
		}
	}
	for _, r := range []*inventory.Reading[inventory.Bytes]{&u.Memory, &u.Network, &d.MemoryMax, &d.ReceivedP95, &d.SentP95, &d.NetworkDay} {
		if v, ok := r.Get(); ok {
			*r = inventory.Known(v / 2)
		}
	}
}

// Law 10: several copies of an estate, each in zones of its own, score what one does. What is not known may only leave
// more open: things of an unknown kind may be of another kind in each copy, and arrays that nobody listed may be
// one for all of them.
func TestLaw10CopiesScoreTheSame(t *testing.T) { forEstates(t, copiesScoreTheSame) }

func copiesScoreTheSame(s *scorer, r *rand.Rand, e *inventory.Estate) error {
	want := s.rate(e)
	many := &inventory.Estate{}
	for i := range 2 + r.IntN(2) {
		c := demo.Clone(e)
		mark := fmt.Sprintf("-%d", i)
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
		for j := range c.Arrays {
			c.Arrays[j].ID += mark
		}
		many.Hosts = append(many.Hosts, c.Hosts...)
		many.Clusters = append(many.Clusters, c.Clusters...)
		many.Arrays = append(many.Arrays, c.Arrays...)
	}
	got := s.rate(many)
	for i := range want.Pillars {
		for j := range want.Pillars[i].Indicators {
			x, y := want.Pillars[i].Indicators[j], got.Pillars[i].Indicators[j]
			same := math.Abs(x.Low-y.Low) < tolerance && math.Abs(x.High-y.High) < tolerance
			wider := (x.ID == "components.uniformity" || x.ID == "components.per-workload") && y.Low < x.Low+tolerance && y.High > x.High-tolerance
			if !same && !wider || math.Abs(x.Share-y.Share) > tolerance {
				return fmt.Errorf("%s: %v to %v became %v to %v", x.ID, x.Low, x.High, y.Low, y.High)
			}
		}
	}
	return nil
}
