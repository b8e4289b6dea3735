package plan

import (
	"fmt"
	"math"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// How far a recommendation alone would bring the estate at a gate is what assessing the changed estate from nothing says.
func TestLiftIsReassessment(t *testing.T) {
	m := model(t)
	var lifts atomic.Int64
	forEstates(t, 400, func(_ int, e *inventory.Estate) error {
		req := score.Request{Options: score.Options{RunningIsActive: true}}
		a := score.Assess(e, m, req)
		Recommend(t.Context(), a, e, m, Request{Request: req})
		p := newPlanner(t.Context(), e, m, Request{Request: req})
		before := p.rate(p.total)
		for _, g := range a.Level.HeldBackBy {
			for _, l := range g.Lift {
				if l.Kind != score.LiftDo {
					continue
				}
				lifts.Add(1)
				i := slices.IndexFunc(actions(), func(x *Action) bool { return x.ID == l.ID })
				changed := p.rewriteOf(p.propose(actions()[i], before)).estate
				x, _ := score.Explain(changed, m, req, levelID(a.Level.Number+1, m))
				j := slices.IndexFunc(x.Gates, func(y score.Gate) bool { return y.ID == g.ID })
				if got := x.Gates[j]; math.Abs(got.Have-l.Have) > 1e-9 || got.Met != l.Met || l.Have == g.Have {
					return fmt.Errorf("%s brings %s from %v to %v, assessing anew gives %v", l.ID, g.Text, g.Have, l.Have, got.Have)
				}
			}
		}
		return nil
	})
	if lifts.Load() == 0 {
		t.Error("nothing lifted any estate: the test shows nothing")
	}
}

func levelID(number int, m *score.Model) string {
	for i := range m.Levels {
		if m.Levels[i].Number == number {
			return m.Levels[i].ID()
		}
	}
	return ""
}
