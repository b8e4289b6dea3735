package trend_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/infraopt/infraopt/collect/demo"
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
	"github.com/infraopt/infraopt/score/indicators"
	"github.com/infraopt/infraopt/score/trend"
)

// lawPairs is on how many random pairs of estates law 13 is tried; what stands beside it is tried on fewer.
const (
	lawPairs = 10_000
	fewPairs = lawPairs / 10
)

const tolerance = 1e-9

func model(t testing.TB) *score.Model {
	t.Helper()
	m, err := indicators.Default()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// forPairs runs a law on random pairs: every fourth two estates that have nothing to do with each other, the others an
// estate and what may have become of it.
func forPairs(t *testing.T, n int, law func(r *rand.Rand, then, now *inventory.Estate) error) {
	t.Helper()
	if testing.Short() || raceEnabled {
		n /= 20
	}
	const workers = 4
	var wg sync.WaitGroup
	var failed atomic.Bool
	for w := range workers {
		wg.Go(func() {
			for seed := w; seed < n && !failed.Load(); seed += workers {
				r := rand.New(rand.NewPCG(uint64(seed), 13))
				then := randomEstate(r)
				var now *inventory.Estate
				if seed%4 == 0 {
					now = randomEstate(r)
				} else {
					now = later(r, then)
				}
				if err := law(r, then, now); err != nil {
					failed.Store(true)
					t.Errorf("seed %d: %v", seed, err)
				}
			}
		})
	}
	wg.Wait()
}

func randomEstate(r *rand.Rand) *inventory.Estate {
	return demo.RandomEstate(r, demo.RandomOptions{Hosts: 3, Unknown: float64(r.IntN(5)) / 10, Stale: r.IntN(2) == 0})
}

// later is what may have become of an estate.
func later(r *rand.Rand, e *inventory.Estate) *inventory.Estate {
	e = demo.Clone(e)
	for range 1 + r.IntN(4) {
		switch r.IntN(7) {
		case 0: // hosts join
			for _, h := range randomEstate(r).Hosts {
				h.Machine.ID = fmt.Sprintf("new-%d-%s", r.IntN(1000), h.Machine.ID)
				e.Hosts = append(e.Hosts, h)
			}
		case 1: // a host leaves
			if len(e.Hosts) > 0 {
				i := r.IntN(len(e.Hosts))
				e.Hosts = append(e.Hosts[:i:i], e.Hosts[i+1:]...)
			}
		case 2: // less is known
			forget(r, e, .1)
		case 3: // more is known
			e = demo.Complete(r, e)
		case 4: // facts change
			forget(r, e, .05)
			e = demo.Complete(r, e)
			forget(r, e, .1)
		case 5:
			demo.Shuffle(r, e)
		case 6: // a target fails
			e.Sources = append(e.Sources, inventory.Outcome{Target: []string{"host:", "docker:", "libvirt:"}[r.IntN(3)], Status: inventory.StatusFailed})
		}
	}
	return e
}

func forget(r *rand.Rand, e *inventory.Estate, share float64) {
	for _, f := range demo.Readings(e) {
		if r.Float64() < share {
			f.Forget("forgotten", "")
		}
	}
}

// compare explains a change between two times of which only the first one comes before the end of waivers.
func compare(m *score.Model, then trend.Then, now *inventory.Estate) *score.Trend {
	if then.Time.IsZero() {
		then.Time = time.Date(2026, 8, 25, 0, 0, 0, 0, time.UTC)
	}
	return trend.Compare(m, score.Options{Now: time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)}, then, now)
}

// points are the points of each term, at both ends of the score.
func points(terms []score.TrendTerm) map[string][2]float64 {
	out := map[string][2]float64{}
	for _, x := range terms {
		out[x.ID] = [2]float64{x.Points, x.High}
	}
	return out
}

// addsUp checks that the terms of a trend, and of each indicator in it, add up at both ends of the score.
func addsUp(t *score.Trend) error {
	sum := func(what string, terms []score.TrendTerm, want score.TrendChange) error {
		var low, high float64
		for _, x := range terms {
			low, high = low+x.Points, high+x.High
		}
		if !(math.Abs(low-want.Low) < tolerance && math.Abs(high-want.High) < tolerance) {
			return fmt.Errorf("%s: terms add up to %v and %v, want %+v: %+v", what, low, high, want, terms)
		}
		return nil
	}
	if err := sum("trend", t.Terms, t.Change); err != nil {
		return err
	}
	of := map[string][2]float64{}
	for _, x := range t.Indicators {
		if err := sum(x.ID, x.Terms, x.Change); err != nil {
			return err
		}
		for id, p := range points(x.Terms) {
			of[id] = [2]float64{of[id][0] + p[0], of[id][1] + p[1]}
		}
	}
	for id, want := range of {
		got := points(t.Terms)[id]
		if math.Abs(got[0]-want[0]) > tolerance || math.Abs(got[1]-want[1]) > tolerance {
			return fmt.Errorf("%s is %v, its indicators add up to %v", id, got, want)
		}
	}
	return nil
}

// Law 13: the terms add up to the change of the score, whatever became of the estate, of the rules and of waivers.
func TestLaw13TermsAddUp(t *testing.T) {
	m := model(t)
	some := [][]score.Waiver{nil, {}, {{Indicator: "containers.isolation", Reason: "x", Until: "2026-09-30"}}, {{Machines: []string{"host-00"}, Reason: "y"}}}
	forPairs(t, lawPairs, func(r *rand.Rand, then, now *inventory.Estate) error {
		rules := *m
		of := trend.Then{Estate: then}
		if r.IntN(2) == 0 {
			rules.Waivers = some[r.IntN(len(some))]
			of.Waivers = some[r.IntN(len(some))]
		}
		if r.IntN(2) == 0 {
			low := r.Float64() * 100
			of.Stored = &trend.Stored{Score: score.Bounds{Low: low, High: low + r.Float64()*(100-low), None: r.IntN(9) == 0}, Rules: "before"}
		}
		got := compare(&rules, of, now)
		if of.Stored != nil && got.From.Score != of.Stored.Score {
			return fmt.Errorf("from %+v, want what was stored: %+v", got.From.Score, of.Stored.Score)
		}
		return addsUp(got)
	})
}

// Law 13: nothing has happened between an estate and itself.
func TestLaw13IdenticalEstatesGiveZeros(t *testing.T) {
	m := model(t)
	forPairs(t, lawPairs, func(_ *rand.Rand, e, _ *inventory.Estate) error {
		got := compare(m, trend.Then{Estate: e}, demo.Clone(e))
		if got.Real || got.Change != (score.TrendChange{}) || len(got.Hosts.Joined)+len(got.Hosts.Left) > 0 {
			return fmt.Errorf("real: %v, change %+v, hosts %+v", got.Real, got.Change, got.Hosts)
		}
		for _, list := range append([]score.TrendIndicator{{Terms: got.Terms}}, got.Indicators...) {
			for _, x := range list.Terms {
				if x.Points != 0 || x.High != 0 {
					return fmt.Errorf("%s %s: %+v", list.ID, x.ID, x)
				}
			}
		}
		return nil
	})
}

// To exchange the two ends turns the sign of every term over; what joined has left.
func TestExchangedEndsNegate(t *testing.T) {
	m := model(t)
	mirror := map[string]string{score.TrendJoined: score.TrendLeft, score.TrendLeft: score.TrendJoined}
	forPairs(t, fewPairs, func(_ *rand.Rand, then, now *inventory.Estate) error {
		there, back := compare(m, trend.Then{Estate: then}, now), compare(m, trend.Then{Estate: now}, then)
		if there.Real != back.Real {
			return fmt.Errorf("real: %v there, %v back", there.Real, back.Real)
		}
		want := points(back.Terms)
		for id, p := range points(there.Terms) {
			q, ok := want[mirror[id]]
			if !ok {
				q = want[id]
			}
			if math.Abs(p[0]+q[0]) > tolerance || math.Abs(p[1]+q[1]) > tolerance {
				return fmt.Errorf("%s: %v there, %v back", id, p, q)
			}
		}
		return nil
	})
}

// Order is no information: not a byte of a trend depends on it.
func TestTrendIgnoresOrder(t *testing.T) {
	m := model(t)
	forPairs(t, fewPairs, func(r *rand.Rand, then, now *inventory.Estate) error {
		want, err := json.Marshal(compare(m, trend.Then{Estate: then}, now))
		if err != nil {
			return err
		}
		then, now = demo.Clone(then), demo.Clone(now)
		demo.Shuffle(r, then)
		demo.Shuffle(r, now)
		got, err := json.Marshal(compare(m, trend.Then{Estate: then}, now))
		if err == nil && string(got) != string(want) {
			err = fmt.Errorf("shuffled:\n%s\nwant:\n%s", got, want)
		}
		return err
	})
}

// What is given to be compared is not changed.
func TestCompareChangesNothing(t *testing.T) {
	m := model(t)
	forPairs(t, fewPairs, func(_ *rand.Rand, then, now *inventory.Estate) error {
		before := [2]*inventory.Estate{demo.Clone(then), demo.Clone(now)}
		compare(m, trend.Then{Estate: then}, now)
		if !reflect.DeepEqual([2]*inventory.Estate{then, now}, before) {
			return fmt.Errorf("an estate was changed")
		}
		return nil
	})
}
