package plan

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/infraopt/infraopt/collect/demo"
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

const followedEstates = 60

// randomEstate has most facts known.
func randomEstate(seed int) *inventory.Estate {
	return demo.RandomEstate(rand.New(rand.NewPCG(uint64(seed), 23)), demo.RandomOptions{Hosts: 4, Unknown: float64(seed%3) / 50})
}

// followed makes an assessment of today with advice, and asks what has become of the roadmap of then.
func followed(t *testing.T, then, now *inventory.Estate, m *score.Model, req Request) []score.Followed {
	t.Helper()
	a := score.Assess(now, m, req.Request)
	Recommend(t.Context(), a, now, m, req)
	return Follow(t.Context(), then, now, m, req, a.Recommendations)
}

func TestNothingHasBecomeOfAnythingInAnEqualEstate(t *testing.T) {
	m := model(t)
	for seed := range followedEstates {
		e := randomEstate(seed)
		for _, x := range followed(t, e, demo.Clone(e), m, Request{Request: score.Request{Options: score.Options{RunningIsActive: true}}}) {
			if x.Status != score.FollowedOpen || x.Done+x.Gone+x.Incomparable+x.Added != 0 || x.Open != x.Subjects || x.Delivered != nil && *x.Delivered != 0 {
				t.Errorf("seed %d: %+v", seed, x)
			}
		}
	}
}

// Once a step is carried out it is done, and has delivered what it promised where nothing came before it.
func TestWhatIsDoneHasDelivered(t *testing.T) {
	m := model(t)
	req := Request{Request: score.Request{Options: score.Options{RunningIsActive: true}}}
	done := 0
	for seed := range followedEstates {
		e := randomEstate(seed)
		p := newPlanner(t.Context(), e, m, req)
		r := p.newRoadmap(p.rate(p.total))
		if !p.step(r) || r.steps[0].action.estate != nil {
			continue
		}
		first := r.steps[0]
		for _, x := range followed(t, e, p.estate, m, req) {
			if x.Action != first.action.ID {
				continue
			}
			if x.Subjects < len(first.subjects) || x.Done+x.Incomparable < len(first.subjects) {
				t.Errorf("seed %d: %d subjects were done of %+v", seed, len(first.subjects), x)
			}
			if x.Status == score.FollowedDone && (x.Delivered == nil || math.Abs(*x.Delivered-first.low) > 1e-9) {
				t.Errorf("seed %d: %s promised %v and delivered %v", seed, x.Action, first.low, *x.Delivered)
			}
			if x.Status == score.FollowedDone {
				done++
			}
		}
	}
	if t.Logf("%d first steps done", done); done < 10 && !testing.Short() {
		t.Error("the test shows little")
	}
}

// What could not be looked at again is not taken to be done.
func TestUnreadableIsNotDone(t *testing.T) {
	m := model(t)
	req := Request{Request: score.Request{Options: score.Options{RunningIsActive: true}}}
	incomparable := 0
	for seed := range followedEstates {
		e := randomEstate(seed)
		now := demo.Clone(e)
		for _, f := range demo.Readings(now) {
			f.Forget("permission denied", "run as root")
		}
		for _, x := range followed(t, e, now, m, req) {
			if x.Done > 0 {
				t.Errorf("seed %d: %+v", seed, x)
			}
			incomparable += x.Incomparable
		}
	}
	if incomparable == 0 {
		t.Error("nothing was incomparable")
	}
}
