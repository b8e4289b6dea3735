package pack

import (
	"fmt"
	"slices"
	"testing"

	"github.com/infraopt/infraopt/score/plan/pack/instance"
)

// gapSizes are the numbers of items on which the promised gap is looked at: Fibonacci's, and the most that are promised.
var gapSizes = []int{1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610, 999, 1000, 1597, 2584, 4181, 6765, 10946, 20000}

// promised is how many hosts more than the bound a plan of n items of real shapes may have.
func promised(n, bound int) int {
	if n < 1000 {
		return 1
	}
	return bound / 100
}

// A gap is how far a plan is from its bound.
type gap struct {
	of          string
	plan, bound int
}

func (g gap) share() float64 { return float64(g.plan-g.bound) / float64(max(g.bound, 1)) }

func (g gap) String() string {
	if g.of == "" {
		return "none tried"
	}
	return fmt.Sprintf("%d hosts, bound %d (%.2f %%): %s", g.plan, g.bound, 100*g.share(), g.of)
}

// gaps keeps the worst gaps: of small instances in hosts, of large ones in shares of the bound.
type gaps struct{ few, many gap }

func (w *gaps) add(n int, g gap) {
	if n < 1000 && g.plan-g.bound > w.few.plan-w.few.bound || n < 1000 && w.few.of == "" {
		w.few = g
	}
	if n >= 1000 && (g.share() > w.many.share() || w.many.of == "") {
		w.many = g
	}
}

func (w *gaps) log(t *testing.T, family string) {
	t.Helper()
	t.Logf("%s: worst below 1000 items: %v; worst from 1000 on: %v", family, w.few, w.many)
}

// gapOf plans and has plan and bound checked.
func gapOf(t *testing.T, in *instance.Instance, of string) gap {
	t.Helper()
	sol, err := solve(t.Context(), in, Options{Workers: 1})
	if err != nil {
		t.Fatalf("%s: %v", of, err)
	}
	if len(sol.Unplaced) > 0 {
		t.Fatalf("%s: %d items are on no host", of, len(sol.Unplaced))
	}
	return gap{of, len(sol.Plan.Hosts), sol.Bound.Bound}
}

// fill lets only some percent of each host be filled.
func fill(in *instance.Instance, percent int64) {
	for t := range in.Types {
		for d, x := range in.Types[t].Capacity {
			in.Types[t].Capacity[d] = x / 100 * percent
		}
	}
}

// thinned tells whether the case of this number is left out, where time is short.
func thinned(number, n int) bool {
	if !testing.Short() && !raceEnabled {
		return false
	}
	if n > 3000 || raceEnabled && n > 300 {
		return true
	}
	return number%23 != 0
}

// TestGap: on instances drawn from real shapes, plans have at most one host more than the bound below 1,000 items, and at
// most 1 % more from there on. It logs the worst of each family.
func TestGap(t *testing.T) {
	number, tried := 0, 0
	for k, kind := range kindsOfInstance() {
		var worst gaps
		for _, n := range gapSizes {
			for _, percent := range []int64{90, 100} {
				if number++; thinned(number, n) {
					continue
				}
				in := kind.draw(n, stream(uint64(k), n+int(percent)))
				fill(in, percent)
				in.Items = slices.DeleteFunc(in.Items, func(it instance.Item) bool { return !within(it.Size, in.Types[0].Capacity, nil) })
				g := gapOf(t, in, fmt.Sprintf("%d items, %s, filled to %d %%", n, kind.name, percent))
				if tried++; g.plan-g.bound > promised(n, g.bound) {
					t.Errorf("the gap is too large: %v", g)
				}
				worst.add(n, g)
			}
		}
		worst.log(t, kind.name)
	}
	t.Logf("%d instances", tried)
	if tried < 20 {
		t.Errorf("%d instances are too few to show anything", tried)
	}
}

// TestGapOfProduction: the list of a production cluster as it is.
func TestGapOfProduction(t *testing.T) {
	for _, c := range []struct {
		host        []int64
		bound, plan int
	}{{[]int64{96000, 786432}, 200, 201}, {[]int64{32000, 262144}, 640, 641}} {
		g := gapOf(t, unlimited(openb(), c.host...), fmt.Sprintf("hosts of %v", c.host))
		if g.bound < c.bound || g.plan > c.plan {
			t.Errorf("want a bound of %d or more and at most %d hosts: %v", c.bound, c.plan, g)
		}
		t.Log(g)
	}
}

// uniform draws sizes in each dimension at random, from a range of percents of the host.
func uniform(n, dims int, low, high int64, r *random) *instance.Instance {
	items := make([]instance.Item, n)
	for i := range items {
		for range dims {
			items[i].Size = append(items[i].Size, 1000*low+int64(r.below(int(1000*(high-low)))))
		}
	}
	return unlimited(items, slices.Repeat([]int64{100_000}, dims)...)
}

// TestGapOfUniformSizes logs the gap where nothing is promised, as bounds are known to be weak: sizes at random. What it
// holds is that plans and bounds are right.
func TestGapOfUniformSizes(t *testing.T) {
	for x, dims := range []int{2, 1, 3, 26} {
		for _, span := range [][2]int64{{1, 50}, {10, 60}, {20, 100}} {
			var worst gaps
			for _, n := range []int{5, 21, 89, 377, 1000, 4181} {
				if thinned(23*x, 40*n) || dims > 2 && n > 1000 {
					continue
				}
				worst.add(n, gapOf(t, uniform(n, dims, span[0], span[1], stream(uint64(n), dims)), fmt.Sprintf("%d items", n)))
			}
			worst.log(t, fmt.Sprintf("%d dimensions, %d to %d %% of a host", dims, span[0], span[1]))
		}
	}
}

// TestGapOfPools logs the gap where hosts are limited in number, some items are pinned, replicas are kept apart and spares
// are kept: nothing is promised of it but that a plan is no worse than how things are now, which other tests hold.
func TestGapOfPools(t *testing.T) {
	var worst gaps
	plans, bounds := 0, 0
	forSeeds(t, 60, func(seed uint64) error {
		in := estate(seed)
		in.Spares = 0
		sol, err := solve(t.Context(), in, Options{Workers: 1})
		if err != nil || len(sol.Unplaced) > 0 {
			return err
		}
		g := gap{fmt.Sprintf("pool %d, %d items", seed, len(in.Items)), len(sol.Plan.Hosts), sol.Bound.Bound}
		worst.add(len(in.Items), g)
		plans, bounds = plans+g.plan, bounds+g.bound
		return nil
	})
	t.Logf("pools: %d hosts in sum, bounds %d", plans, bounds)
	worst.log(t, "pools")
}
