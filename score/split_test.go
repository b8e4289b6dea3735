package score_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// What an indicator's split gives to each host adds up to the rating of the estate, at both ends; every ladder has one.
func TestSplitAddsUpOverHosts(t *testing.T) {
	m := model(t)
	var mu sync.Mutex
	split := map[string]int{}
	forEstates(t, func(s *scorer, _ *rand.Rand, e *inventory.Estate) error {
		l := score.NewLedger(e, s.Model, s.opt)
		r := l.Rate()
		for i := range r.Pillars {
			for j := range r.Pillars[i].Indicators {
				x := &r.Pillars[i].Indicators[j]
				for _, high := range []bool{false, true} {
					want := x.Measured.Low
					if high {
						want = x.Measured.High
					}
					s, ok := r.Split(x, high)
					if !ok {
						if len(x.Ladder) > 0 && x.Applicable && want > 0 && want < 1 { // where other rules decide, it is 0 or 1
							return fmt.Errorf("%s (high: %v): no split of %v", x.ID, high, want)
						}
						continue
					}
					mu.Lock()
					split[x.ID]++
					mu.Unlock()
					var weight, sum float64
					for _, h := range e.Hosts {
						w, wx := s.Of(l.Tally(h))
						weight, sum = weight+w, sum+wx
					}
					if math.Abs(sum/weight-want) > tolerance {
						return fmt.Errorf("%s (high: %v): hosts add up to %v/%v, want %v", x.ID, high, sum, weight, want)
					}
				}
			}
		}
		return nil
	})
	for i := range m.Indicators {
		if x := &m.Indicators[i]; (len(x.Ladder) > 0) != (split[x.ID] > 0) {
			t.Errorf("%s has %d steps, and was split %d times", x.ID, len(x.Ladder), split[x.ID])
		}
	}
}
