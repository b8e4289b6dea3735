package bound

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/infraopt/infraopt/score/plan/pack/instance"
)

// forSeeds tries something with n seeds, or with a twentieth of them where time is short.
func forSeeds(t *testing.T, n int, try func(seed int) error) {
	t.Helper()
	if testing.Short() || raceEnabled {
		n = (n + 19) / 20
	}
	for seed := range n {
		if err := try(seed); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

// random draws a small instance: few sizes, some of them repeated, host types with and without counts, open ones among
// them, and now and then items that are kept apart.
func random(seed int) *instance.Instance {
	r := rand.New(rand.NewPCG(uint64(seed), 5))
	in := &instance.Instance{Dimensions: make([]string, 1+r.IntN(4))}
	top := 2 + r.IntN(12)
	vector := func(least, most int) []int64 {
		v := make([]int64, len(in.Dimensions))
		for d := range v {
			v[d] = int64(least + r.IntN(most-least+1))
		}
		return v
	}
	kinds := make([][]int64, 1+r.IntN(6))
	for k := range kinds {
		kinds[k] = vector(0, top)
	}
	for range r.IntN(10) {
		in.Items = append(in.Items, instance.Item{Size: kinds[r.IntN(len(kinds))]})
	}
	for range 1 + r.IntN(4) {
		in.Types = append(in.Types, instance.HostType{Capacity: vector(top/2, top*3/2), Count: r.IntN(5) - 1, Open: r.IntN(4) == 0})
	}
	if r.IntN(5) > 0 {
		in.Types = append(in.Types, instance.HostType{Capacity: vector(top, top*2), Count: instance.Unlimited})
	}
	for range r.IntN(3) {
		var group []int
		for i := range in.Items {
			if r.IntN(3) == 0 {
				group = append(group, i)
			}
		}
		if r.IntN(3) == 0 {
			in.Apart = append(in.Apart, group)
		}
	}
	for i := range in.Items {
		if r.IntN(20) == 0 {
			in.Items[i].Allow = []int{r.IntN(len(in.Types))}
		}
	}
	return in
}

// A host of the exhaustive search.
type searched struct {
	ty    int
	left  []int64
	items []int
}

// optimum is the least number of hosts by exhaustive search, or -1 where there is no plan.
func optimum(in *instance.Instance) int {
	var hosts []searched
	best, used := math.MaxInt, 0
	left := make([]int, len(in.Types))
	for t, ty := range in.Types {
		left[t] = ty.Count
		if ty.Open && ty.Count >= 0 {
			for range ty.Count {
				hosts = append(hosts, searched{ty: t, left: slices.Clone(ty.Capacity)})
			}
			used += ty.Count
			left[t] = 0
		}
	}
	apart := func(a, b int) bool {
		for _, g := range in.Apart {
			if slices.Contains(g, a) && slices.Contains(g, b) {
				return true
			}
		}
		return false
	}
	put := func(h *searched, i int) bool {
		if a := in.Items[i].Allow; a != nil && !slices.Contains(a, h.ty) {
			return false
		}
		for d, s := range in.Items[i].Size {
			if s > h.left[d] {
				return false
			}
		}
		for _, o := range h.items {
			if apart(o, i) {
				return false
			}
		}
		for d, s := range in.Items[i].Size {
			h.left[d] -= s
		}
		h.items = append(h.items, i)
		return true
	}
	take := func(h *searched, i int) {
		for d, s := range in.Items[i].Size {
			h.left[d] += s
		}
		h.items = h.items[:len(h.items)-1]
	}
	var place func(i int)
	place = func(i int) {
		if used >= best {
			return
		}
		if i == len(in.Items) {
			best = used
			return
		}
		for h := range hosts {
			if put(&hosts[h], i) {
				place(i + 1)
				take(&hosts[h], i)
			}
		}
		for t := range in.Types {
			if left[t] == 0 {
				continue
			}
			h := searched{ty: t, left: slices.Clone(in.Types[t].Capacity)}
			if !put(&h, i) {
				continue
			}
			hosts = append(hosts, h)
			left[t]--
			used++
			place(i + 1)
			hosts = hosts[:len(hosts)-1]
			left[t]++
			used--
		}
	}
	place(0)
	if best == math.MaxInt {
		return -1
	}
	return best
}

func TestNoBoundIsAboveTheOptimum(t *testing.T) {
	reached := map[string]int{}
	n := 0
	forSeeds(t, 5000, func(seed int) error {
		in := random(seed)
		best := optimum(in)
		if best < 0 {
			return nil
		}
		n++
		c, _ := Best(context.Background(), in, Options{})
		for _, c := range []instance.Certificate{c, L1(in), L2(in), separate(in)} {
			if c.Bound > best {
				return fmt.Errorf("%s says %d, but there is a plan of %d hosts: %+v", c.Kind, c.Bound, best, in)
			}
			if c.Bound == best {
				reached[c.Kind]++
			}
		}
		if c.Bound == best {
			reached["best"]++
		}
		return nil
	})
	t.Logf("of %d optima reached: %v", n, reached)
}

func TestHugeSizesDoNotOverflow(t *testing.T) {
	const huge = math.MaxInt64
	in := &instance.Instance{Dimensions: []string{"a"},
		Types: []instance.HostType{{Capacity: []int64{huge}, Count: 3, Open: true}, {Capacity: []int64{huge - 1}, Count: instance.Unlimited}}}
	for range 100 {
		in.Items = append(in.Items, instance.Item{Size: []int64{huge - 1}})
	}
	for _, c := range []instance.Certificate{L1(in), L2(in)} {
		if c.Bound != 100 {
			t.Errorf("%s is %d, want 100", c.Kind, c.Bound)
		}
	}
	in.Types = []instance.HostType{{Capacity: []int64{1}, Count: math.MaxInt}, {Capacity: []int64{1}, Count: math.MaxInt}}
	if n := L1(in).Bound; n != len(in.Items) {
		t.Errorf("L1 is %d, want no more hosts than there are items", n)
	}
}
