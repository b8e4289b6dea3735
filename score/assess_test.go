package score_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/infraopt/infraopt/collect/demo"
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// An estate that is assessed host by host, in any order, gives what rating it as a whole gives, and lists the machines
// that come first by the IDs of their hosts.
func TestAssessorTakesHostsInAnyOrder(t *testing.T) {
	m := model(t)
	for seed := range 300 {
		r := rand.New(rand.NewPCG(uint64(seed), 41))
		e := demo.RandomEstate(r, demo.RandomOptions{Unknown: float64(seed%5) / 10})
		req := score.Request{Top: r.IntN(5)}
		want := score.Assess(e, m, req)
		if res := rate(m, e); want.Score != res.Score || want.Coverage.Evidence != res.Coverage || want.Level.Number != res.Level.Number {
			t.Fatalf("seed %d: assessed %+v, rated %+v", seed, want.Score, res.Score)
		}
		a := score.NewAssessor(m, req)
		for _, i := range r.Perm(len(e.Hosts)) {
			a.Add(e.Hosts[i])
		}
		got := a.Finish(e)
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d: in another order the assessment differs", seed)
		}
		all := score.Assess(e, m, score.Request{})
		if most := min(len(all.Machines), req.Top); req.Top > 0 && !reflect.DeepEqual(got.Machines, all.Machines[:most]) {
			t.Fatalf("seed %d: the first %d of %d machines are others", seed, most, len(all.Machines))
		}
	}
}

// What lifts an estate over a gate at best is no more than everything that is not known together.
func TestLooksNeverPromiseMoreThanIsOpen(t *testing.T) {
	m := model(t)
	lifts := 0
	for seed := range 500 {
		r := rand.New(rand.NewPCG(uint64(seed), 42))
		e := demo.RandomEstate(r, demo.RandomOptions{Unknown: float64(seed%5) / 10})
		a := score.Assess(e, m, score.Request{})
		levels := []score.LevelResult{a.Level}
		if a.Assumed != nil {
			levels = append(levels, a.Assumed.Level)
		}
		for _, l := range levels {
			for _, g := range l.NextGates {
				if err := plausible(&g); err != nil {
					t.Errorf("seed %d: %s: %v", seed, g.Text, err)
				}
				lifts += len(g.Lift)
			}
			if held := slices.DeleteFunc(slices.Clone(l.NextGates), func(g score.Gate) bool { return g.Met }); !reflect.DeepEqual(held, l.HeldBackBy) && len(held) > 0 {
				t.Errorf("seed %d: held back by %+v, not met are %+v", seed, l.HeldBackBy, held)
			}
		}
	}
	if lifts == 0 {
		t.Error("no gate had a lift: the test shows nothing")
	}
}

func plausible(g *score.Gate) error {
	last := math.NaN()
	for _, l := range g.Lift {
		better, beyond := l.Have-g.Have, l.Have-g.High
		if g.Upper {
			better, beyond = -better, -beyond
		}
		switch {
		case g.Met || l.Kind != score.LiftSee || l.Text == "":
			return fmt.Errorf("a lift that is none: %+v", l)
		case better <= 0 || beyond > 1e-9:
			return fmt.Errorf("%+v is not between %v and %v", l, g.Have, g.High)
		case !math.IsNaN(last) && (l.Have > last) != g.Upper && l.Have != last:
			return fmt.Errorf("%v comes after %v", l.Have, last)
		}
		last = l.Have
	}
	return nil
}

// What Explain says of an indicator adds up: its numerator over its denominator is the answer, the steps add up to the
// sums, the machines to what is lost and left open.
func TestExplanationsAddUp(t *testing.T) {
	m := model(t)
	ladders := 0
	for seed := range 60 {
		r := rand.New(rand.NewPCG(uint64(seed), 43))
		e := demo.RandomEstate(r, demo.RandomOptions{Unknown: float64(seed%4) / 10})
		for i := range m.Indicators {
			id := m.Indicators[i].ID
			x, ok := score.Explain(e, m, score.Request{Options: score.Options{RunningIsActive: seed%2 == 0}}, id)
			if !ok {
				t.Fatalf("seed %d: %s is not explained", seed, id)
			}
			n := x.Indicator
			var lost, open, unknown float64
			for _, s := range x.Machines {
				lost, open = lost+s.Lost, open+s.Open
			}
			for _, u := range x.Unknowns {
				unknown += u.Open
			}
			for what, sums := range map[string][2]float64{"lost": {lost, n.Points.Max - n.Points.Low}, "open": {open, n.Points.High - n.Points.Low}, "unknown": {unknown, n.Points.High - n.Points.Low}} {
				if got, want := sums[0], sums[1]; got != 0 && math.Abs(got-want) > 1e-6 {
					t.Errorf("seed %d: %s: points %s by machine or fact add up to %v, want %v", seed, id, what, got, want)
				}
			}
			if len(x.Ladder) == 0 || len(n.Sums) == 0 || x.Score.Low == 0 {
				continue
			}
			ladders++
			num, den := n.Sums[0], n.Sums[1]
			if math.Abs(num.Low/den.Low-n.Low) > 1e-9 || math.Abs(num.High/den.High-n.High) > 1e-9 {
				t.Errorf("seed %d: %s: %v / %v and %v / %v are not %v and %v", seed, id, num.Low, den.Low, num.High, den.High, n.Low, n.High)
			}
			var weight score.Bounds
			for _, on := range x.Ladder {
				weight.Low, weight.High = weight.Low+on.Weight.Low, weight.High+on.Weight.High
			}
			if den.Low < weight.Low-1e-6 || den.Low > weight.High+1e-6 || den.High < weight.Low-1e-6 || den.High > weight.High+1e-6 {
				t.Errorf("seed %d: %s: denominators %+v outside of %+v", seed, id, den, weight)
			}
		}
	}
	if ladders == 0 {
		t.Error("no ladder was explained: the test shows nothing")
	}
	if _, ok := score.Explain(&inventory.Estate{}, m, score.Request{}, "nothing"); ok {
		t.Error("nothing is explained")
	}
}
