package pack

import (
	"fmt"
	"testing"

	"github.com/infraopt/infraopt/score/plan/pack/instance"
)

// TestBetter: what comes first decides, whatever comes later says.
func TestBetter(t *testing.T) {
	of := func(without, level, hosts, spares, moves, number int) *result {
		return &result{choice: &choice{without: without, kind: make([]int32, hosts), number: number}, moves: moves,
			reserve: &reserve{level: level, spares: make([]int32, spares)}}
	}
	best := []*result{ // from the best to the worst
		of(0, 2, 3, 2, 1, 1), of(0, 2, 3, 2, 1, 2), of(0, 2, 3, 2, 5, 0), of(0, 2, 3, 4, 0, 0), of(0, 2, 9, 1, 0, 0),
		of(0, 1, 2, 1, 0, 0), of(1, 2, 1, 1, 0, 0), of(2, 3, 1, 1, 0, 0),
	}
	for i, a := range best {
		for j, b := range best {
			if got := a.better(b); got != (i < j) {
				t.Errorf("number %d is better than number %d: %v", i, j, got)
			}
		}
		if !a.better(nil) {
			t.Errorf("number %d is not better than nothing", i)
		}
	}
}

// TestWorkOfFillersIsBounded: orders are tried until the work is done, batch by batch, and each batch is whole.
func TestWorkOfFillersIsBounded(t *testing.T) {
	m, err := newModel(uniform(500, 3, 5, 60, stream(0, 8)))
	if err != nil {
		t.Fatal(err)
	}
	tried := func(filling int) int {
		s := newSearch(t.Context(), m, Options{Workers: 2, Orders: 100})
		s.cert, s.filling = simple(m.in), filling
		s.portfolio(m.supply())
		if s.best == nil || s.best.without > 0 {
			t.Fatalf("with the work %d there is no plan", filling)
		}
		return s.next
	}
	all := len(measures) + 200 // one type of host has one ranking
	if n := tried(1 << 40); n != all {
		t.Errorf("%d orders were tried: want all %d", n, all)
	}
	if n := tried(1); n != mostBatch {
		t.Errorf("with next to no work %d orders were tried: want one batch, %d", n, mostBatch)
	}
	if n := tried(20_000_000); n <= mostBatch || n >= all || n%mostBatch != 0 {
		t.Errorf("with some work %d orders were tried: want some whole batches of %d", n, mostBatch)
	}
}

// TestGoodPlansAreKept: where things run as well as they could, as far as is known, nothing moves; and where some of them
// are elsewhere, little does.
func TestGoodPlansAreKept(t *testing.T) {
	forSeeds(t, 60, func(seed uint64) error {
		r := stream(seed, 9)
		in := unlimited(flavours(40+r.below(200), anyCores, ratios, r), 48_000, 384*gib)
		first, err := Solve(t.Context(), in, Options{Workers: 1})
		if err != nil {
			return err
		}
		for i, h := range first.Plan.Of {
			in.Items[i].At = first.Plan.Hosts[h]
		}
		again, err := solve(t.Context(), in, Options{Workers: 1})
		if err != nil {
			return err
		}
		if len(again.Plan.Hosts) != len(first.Plan.Hosts) || again.Moves > 0 {
			return fmt.Errorf("%d hosts became %d, with %d moves", len(first.Plan.Hosts), len(again.Plan.Hosts), again.Moves)
		}
		// A host more than is needed, with some of the smallest: they go, and not much else.
		away := 0
		for i := range in.Items {
			if in.Items[i].Size[0] <= 2000 && away < 3 {
				in.Items[i].At = instance.Ref{N: 100_000}
				away++
			}
		}
		again, err = solve(t.Context(), in, Options{Workers: 1})
		if err != nil {
			return err
		}
		if len(again.Plan.Hosts) != len(first.Plan.Hosts) || again.Moves > 2*away {
			return fmt.Errorf("for %d items elsewhere there are %d moves, and %d hosts for %d", away, again.Moves, len(again.Plan.Hosts), len(first.Plan.Hosts))
		}
		return nil
	})
}

// cutUp is an instance of which the optimum is known: full hosts, each of them cut into items.
func cutUp(hosts, pieces int, r *random) *instance.Instance {
	var items []instance.Item
	for range hosts {
		left := []int64{100_000, 100_000}
		for p := pieces - 1; p >= 0; p-- {
			size := []int64{left[0], left[1]}
			if p > 0 {
				for d := range size {
					size[d] = left[d]/int64(p+1)/2 + int64(r.below(int(left[d]/int64(p+1))+1))
				}
			}
			for d := range left {
				left[d] -= size[d]
			}
			items = append(items, instance.Item{Size: size})
		}
	}
	shuffle(r, items)
	return unlimited(items, 100_000, 100_000)
}

// TestFullHostsCutUp: where the optimum leaves no room, plans are at it. Few sizes are known to be hard for orders: it
// takes the patterns of the configuration LP.
func TestFullHostsCutUp(t *testing.T) {
	over, optimum := 0, 0
	for seed := range uint64(12) {
		r := stream(seed, 10)
		hosts := 3 + r.below(8)
		sol, err := solve(t.Context(), cutUp(hosts, 2+r.below(4), r), Options{Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		over, optimum = over+len(sol.Plan.Hosts)-hosts, optimum+hosts
	}
	if over > 1 {
		t.Errorf("%d hosts above the optimum of %d: want at most 1", over, optimum)
	}
}

// TestSearchGoesOnAfterOrders: where there are many sizes, it takes the squeeze to come near the bound.
func TestSearchGoesOnAfterOrders(t *testing.T) {
	orders, all := 0, 0
	for seed := range uint64(6) {
		in := uniform(250, 2, 5, 55, stream(seed, 11))
		m, err := newModel(in)
		if err != nil {
			t.Fatal(err)
		}
		s := newSearch(t.Context(), m, Options{Workers: 1})
		s.cert = simple(in)
		s.portfolio(m.supply())
		sol, err := solve(t.Context(), in, Options{Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		orders, all = orders+len(s.best.kind), all+len(sol.Plan.Hosts)
	}
	if all >= orders-6 {
		t.Errorf("orders alone take %d hosts, and all of the search %d: want at least one less for each instance", orders, all)
	}
}
