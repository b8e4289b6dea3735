package pack_test

import (
	"fmt"
	"testing"

	"github.com/infraopt/infraopt/score/plan/pack"
	"github.com/infraopt/infraopt/score/plan/pack/bound"
	"github.com/infraopt/infraopt/score/plan/pack/check"
	"github.com/infraopt/infraopt/score/plan/pack/instance"
	"github.com/infraopt/infraopt/score/plan/pack/packtest"
)

// TestBoundOptimumPlan is law 11: no bound is above the optimum, which trying everything finds, and no plan is below it; the
// checker accepts every plan and every certificate; more spares never make do with fewer hosts.
func TestBoundOptimumPlan(t *testing.T) {
	n := 5000
	if testing.Short() || pack.RaceEnabled {
		n /= 20
	}
	var sum tally
	for seed := range n {
		in := packtest.Small(uint64(seed))
		if err := law11(t, in, &sum); err != nil {
			t.Fatalf("seed %d: %v\n%+v", seed, err, in)
		}
	}
	t.Logf("%d instances: %+v", n, sum)
	if sum.Solved < n/3 || sum.Spared < n/20 || sum.Impossible < n/20 {
		t.Errorf("of %d instances too few are of some kind: %+v", n, sum)
	}
	if sum.Missed > n/100 {
		t.Errorf("%d of %d instances have a plan, with spares, that the packer does not find", sum.Missed, n)
	}
}

// A tally counts what became of instances.
type tally struct {
	Solved, Spared, Impossible int
	Missed                     int // there is a plan, and none was found
	SharpBound, BestPlan       int // of those solved: the bound or the plan is the optimum
}

func law11(t *testing.T, in *instance.Instance, sum *tally) error {
	sol, err := pack.Solve(t.Context(), in, pack.Options{Workers: 1})
	if err != nil {
		return err
	}
	alone := packtest.Optimum(in)
	for _, c := range []instance.Certificate{sol.Bound, bound.L1(in), bound.L2(in)} {
		if err := check.Certificate(in, &c); err != nil {
			return err
		}
		if alone != nil && c.Bound > len(alone.Hosts) {
			return fmt.Errorf("%s proves %d hosts, and %d do", c.Kind, c.Bound, len(alone.Hosts))
		}
	}
	if want := check.Spares(in, sol.Bound.Bound); sol.Spares != want {
		return fmt.Errorf("%d spares: want %d", sol.Spares, want)
	}
	best := packtest.OptimumWith(in, sol.Spares)
	if len(sol.Unplaced) > 0 || len(sol.Lacking) > 0 {
		if best == nil {
			sum.Impossible++
		} else {
			sum.Missed++
		}
		return incomplete(in, sol)
	}
	if err := check.Plan(in, &sol.Plan, sol.Spares); err != nil {
		return err
	}
	if alone == nil || best == nil {
		return fmt.Errorf("there is a plan where trying everything finds none: %+v", sol.Plan)
	}
	hosts, most := len(best.Hosts)+len(best.Spares), len(sol.Plan.Hosts)+len(sol.Plan.Spares)
	if len(sol.Plan.Hosts) < len(alone.Hosts) || most < hosts || sol.Bound.Bound > 0 && sol.Bound.Bound+sol.Spares > hosts {
		return fmt.Errorf("bound %d, optimum %d, plan %d; with %d spares %d and %d", sol.Bound.Bound, len(alone.Hosts), len(sol.Plan.Hosts), sol.Spares, hosts, most)
	}
	if more := packtest.OptimumWith(in, sol.Spares+1); more != nil && len(more.Hosts)+len(more.Spares) < hosts {
		return fmt.Errorf("%d spares need %d hosts, and one more %d", sol.Spares, hosts, len(more.Hosts)+len(more.Spares))
	}
	sum.Solved++
	if sol.Spares > 0 {
		sum.Spared++
	}
	if sol.Bound.Bound == len(alone.Hosts) {
		sum.SharpBound++
	}
	if most == hosts {
		sum.BestPlan++
	}
	return nil
}

// incomplete checks a plan that leaves something out: what it does carry is carried right, and hosts said to lack spares do.
func incomplete(in *instance.Instance, sol *pack.Solution) error {
	rest, plan := *in, sol.Plan
	rest.Items, rest.Apart, plan.Of = nil, nil, nil
	number := make([]int, len(in.Items))
	for i, h := range sol.Plan.Of {
		number[i] = -1
		if h != instance.Unplaced {
			number[i] = len(rest.Items)
			rest.Items = append(rest.Items, in.Items[i])
			plan.Of = append(plan.Of, h)
		}
	}
	if left := len(in.Items) - len(rest.Items); left != len(sol.Unplaced) {
		return fmt.Errorf("%d items are said to be on no host, and %d are", len(sol.Unplaced), left)
	}
	for _, group := range in.Apart {
		var some []int
		for _, i := range group {
			if number[i] >= 0 {
				some = append(some, number[i])
			}
		}
		rest.Apart = append(rest.Apart, some)
	}
	spares := sol.Spares
	if len(sol.Lacking) > 0 {
		if check.Plan(&rest, &plan, spares) == nil {
			return fmt.Errorf("spares are said to be lacking for %v, and are not", sol.Lacking)
		}
		spares = 0
	}
	return check.Plan(&rest, &plan, spares)
}
