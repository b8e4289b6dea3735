package plan

import (
	"errors"
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
	"time"

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

func model(t testing.TB) *score.Model {
	t.Helper()
	m, err := indicators.Default()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// forEstates tries something on n random estates, or a twentieth of them where time is short. A failure names the seed
// that shows it.
func forEstates(t *testing.T, n int, try func(seed int, e *inventory.Estate) error) {
	t.Helper()
	if testing.Short() || raceEnabled { // nothing here runs at once: the race detector only makes it slow
		n /= 20
	}
	const workers = 4
	var wg sync.WaitGroup
	var failed atomic.Bool
	for w := range workers {
		wg.Go(func() {
			for seed := w; seed < n && !failed.Load(); seed += workers {
				r := rand.New(rand.NewPCG(uint64(seed), 11))
				e := demo.RandomEstate(r, demo.RandomOptions{Hosts: 2, Unknown: float64(seed%4) / 20})
				if err := try(seed, e); err != nil {
					failed.Store(true)
					t.Errorf("seed %d: %v", seed, err)
				}
			}
		})
	}
	wg.Wait()
}

const lawEstates = 10_000

// Law 12: what an action is worth is what scoring the changed estate from nothing says, also after another has been
// accepted; what is done once is done, so that the same action finds nothing more; to do nothing changes nothing; and
// nothing changes but the estate that is returned.
func TestLaw12GainIsReassessment(t *testing.T) {
	m := model(t)
	var gains atomic.Int64
	forEstates(t, lawEstates, func(seed int, e *inventory.Estate) error {
		want := demo.Clone(e)
		opt := score.Options{RunningIsActive: seed%2 == 1}
		p := newPlanner(t.Context(), e, m, Request{Request: score.Request{Options: opt}})
		before := p.rate(p.total)
		if nothing := p.whatIf(&score.Tally{}, e); nothing.Score != before.Score {
			return fmt.Errorf("doing nothing turns %+v into %+v", before.Score, nothing.Score)
		}
		for round := range 2 { // also after an action has been accepted
			var found []*proposal
			for _, act := range actions() {
				pr := p.propose(act, before)
				if pr == nil {
					continue
				}
				found = append(found, pr)
				anew := score.NewLedger(p.rewriteOf(pr).estate, m, opt).Rate()
				if math.Abs(anew.Score.Low-before.Score.Low-pr.low) > 1e-9 || math.Abs(anew.Score.High-before.Score.High-pr.high) > 1e-9 {
					return fmt.Errorf("%s: gain %v and %v, assessing anew gives %v and %v", act.ID, pr.low, pr.high, anew.Score.Low-before.Score.Low, anew.Score.High-before.Score.High)
				}
				gains.Add(1)
			}
			if len(found) == 0 {
				break
			}
			pr := found[(seed+round)%len(found)]
			p.accept(pr)
			before = pr.result
			if again := p.propose(pr.action, before); pr.action.estate != nil && again != nil {
				return fmt.Errorf("%s, done once, finds %+v to do", pr.action.ID, again.subjects)
			}
			for _, h := range p.estate.Hosts {
				if pr.action.node == nil {
					break
				}
				if again, subjects := p.apply(pr.action, h); again != h || len(subjects) > 0 {
					return fmt.Errorf("%s, done once, finds %+v to do", pr.action.ID, subjects)
				}
			}
		}
		if !reflect.DeepEqual(e, want) {
			return errors.New("an action changed the estate it was given")
		}
		return nil
	})
	if t.Logf("%d gains", gains.Load()); gains.Load() == 0 {
		t.Error("no action was proposed: the test shows nothing")
	}
}

// Law 12, the sequence: the gains of the roadmap add up to its whole, none is negative, and nothing is removed twice.
func TestLaw12RoadmapAddsUp(t *testing.T) {
	m := model(t)
	var steps atomic.Int64
	forEstates(t, lawEstates, func(seed int, e *inventory.Estate) error {
		req := score.Request{Options: score.Options{RunningIsActive: seed%2 == 1, Now: time.Unix(0, 0)}}
		a := score.Assess(e, m, req)
		Recommend(t.Context(), a, e, m, Request{Request: req})
		steps.Add(int64(len(a.Recommendations)))
		return addsUp(a)
	})
	if t.Logf("%d steps", steps.Load()); steps.Load() == 0 {
		t.Error("no estate got any advice: the test shows nothing")
	}
}

func addsUp(a *score.Assessment) error {
	if a.Roadmap.From.None {
		return nil
	}
	sum := a.Roadmap.From.Low
	removed := map[string]string{}
	for i, r := range a.Recommendations {
		sum += r.Gain.Score
		if r.Gain.Score < 0 || r.Effort <= 0 || r.Title == "" || r.Next == "" || len(r.Subjects) == 0 || len(r.Evidence) == 0 {
			return fmt.Errorf("%+v", r)
		}
		if i == 0 && r.Gain.Solo != r.Gain.Score {
			return fmt.Errorf("the first, %s, gains %v, and alone %v", r.Action, r.Gain.Score, r.Gain.Solo)
		}
		if slices.ContainsFunc(actions(), func(x *Action) bool { return x.ID == r.Action && x.removes }) {
			for _, s := range r.Subjects {
				if other := removed[s]; other != "" && other != r.Action {
					return fmt.Errorf("%s removes %s, which %s removed before", r.Action, s, other)
				}
				removed[s] = r.Action
			}
		}
	}
	if math.Abs(sum-a.Roadmap.To.Low) > 1e-9 {
		return fmt.Errorf("gains add up to %v, the roadmap ends at %v", sum, a.Roadmap.To.Low)
	}
	return nil
}

func TestNothingIsAdvisedWithoutEvidence(t *testing.T) {
	m := model(t)
	e := &inventory.Estate{Hosts: []*inventory.Node{{Machine: inventory.Machine{ID: "m"}}}}
	a := score.Assess(e, m, score.Request{})
	Recommend(t.Context(), a, e, m, Request{})
	if len(a.Recommendations) != 0 || a.Roadmap.Withheld == "" {
		t.Errorf("got %+v, withheld %q", a.Recommendations, a.Roadmap.Withheld)
	}
}

// Names come from outside: whatever they hold, a command made of them does one thing to one name.
func TestQuote(t *testing.T) {
	tests := map[string]string{
		"web-1":             "web-1",
		"a b":               "'a b'",
		"$(reboot)":         "'$(reboot)'",
		"it's":              `'it'\''s'`,
		"-rf":               "./-rf",
		"a\nreboot\x1b[31m": "'a?reboot?[31m'",
		"":                  "''",
	}
	for name, want := range tests {
		if got := quote(name); got != want {
			t.Errorf("%q: got %s, want %s", name, got, want)
		}
	}
}
