package plan

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/infraopt/infraopt/collect/demo"
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
	"github.com/infraopt/infraopt/score/indicators"
)

func model(t *testing.T) *score.Model {
	t.Helper()
	m, err := indicators.Default()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func forEstates(t *testing.T, n int, f func(t *testing.T, seed int, e *inventory.Estate)) {
	t.Helper()
	for seed := range n {
		r := rand.New(rand.NewPCG(uint64(seed), 11))
		f(t, seed, demo.RandomEstate(r, demo.RandomOptions{Unknown: float64(seed%4) / 20}))
		if t.Failed() {
			return
		}
	}
}

// What an action is worth is what scoring the changed estate from nothing says; and an action changes nothing but the
// estate it returns.
func TestGainIsReassessment(t *testing.T) {
	m := model(t)
	forEstates(t, 120, func(t *testing.T, seed int, e *inventory.Estate) {
		want := demo.Clone(e)
		for _, opt := range []score.Options{{}, {RunningIsActive: true}} {
			p := newPlanner(m, opt, score.NewLedger(e, m, opt))
			for range 3 { // also after one and two actions have been accepted
				before := p.ledger.Rate()
				var last *proposal
				for _, act := range actions() {
					pr := p.propose(act, before)
					if pr == nil {
						continue
					}
					last = pr
					anew := score.NewLedger(demo.Clone(pr.estate), m, opt).Rate()
					if math.Abs(anew.Score.Low-before.Score.Low-pr.low) > 1e-9 || math.Abs(anew.Score.High-before.Score.High-pr.high) > 1e-9 {
						t.Errorf("seed %d, %s: gain %v and %v, assessing anew gives %v and %v", seed, act.ID, pr.low, pr.high, anew.Score.Low-before.Score.Low, anew.Score.High-before.Score.High)
					}
				}
				if last == nil {
					break
				}
				p.accept(last)
			}
		}
		if !reflect.DeepEqual(e, want) {
			t.Errorf("seed %d: an action changed the estate it was given", seed)
		}
	})
}

// The gains of the roadmap add up to its whole, none is negative, nothing is removed twice, and what is done is done:
// the same action finds nothing more on the changed estate.
func TestRoadmapAddsUp(t *testing.T) {
	m := model(t)
	req := score.Request{Options: score.Options{RunningIsActive: true, Now: time.Unix(0, 0)}}
	steps := 0
	forEstates(t, 120, func(t *testing.T, seed int, e *inventory.Estate) {
		a := score.Assess(e, m, req)
		Recommend(a, e, m, req)
		if a.Roadmap.From.None {
			return
		}
		sum := a.Roadmap.From.Low
		removed := map[string]string{}
		for _, r := range a.Recommendations {
			steps++
			sum += r.Gain.Score
			if r.Gain.Score < 0 || r.Effort <= 0 || r.Title == "" || r.Next == "" || len(r.Subjects) == 0 || len(r.Evidence) == 0 {
				t.Errorf("seed %d: %+v", seed, r)
			}
			if slices.ContainsFunc(actions(), func(x *Action) bool { return x.ID == r.Action && x.removes }) {
				for _, s := range r.Subjects {
					if other := removed[s]; other != "" && other != r.Action {
						t.Errorf("seed %d: %s removes %s, which %s removed before", seed, r.Action, s, other)
					}
					removed[s] = r.Action
				}
			}
		}
		if math.Abs(sum-a.Roadmap.To.Low) > 1e-9 {
			t.Errorf("seed %d: gains add up to %v, the roadmap ends at %v", seed, sum, a.Roadmap.To.Low)
		}
	})
	if steps == 0 {
		t.Error("no estate got any advice: the test shows nothing")
	}
}

func TestNothingIsAdvisedWithoutEvidence(t *testing.T) {
	m := model(t)
	e := &inventory.Estate{Hosts: []*inventory.Node{{Machine: inventory.Machine{ID: "m"}}}}
	a := score.Assess(e, m, score.Request{})
	Recommend(a, e, m, score.Request{})
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
