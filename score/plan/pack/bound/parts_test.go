package bound

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/infraopt/infraopt/score/plan/pack/check"
	"github.com/infraopt/infraopt/score/plan/pack/instance"
)

// dearestOf is what the dearest set is worth, by trying how many there are of each class.
func dearestOf(left []int64, sizes [][]int64, counts, prices []int64) int64 {
	if len(sizes) == 0 {
		return 0
	}
	best := int64(0)
	for n := range fitting(left, sizes[0], counts[0]) + 1 {
		rest := slices.Clone(left)
		for d, x := range sizes[0] {
			rest[d] -= n * x
		}
		best = max(best, n*prices[0]+dearestOf(rest, sizes[1:], counts[1:], prices[1:]))
	}
	return best
}

// worthOf is what a set is worth, and whether it fits.
func worthOf(f filling, room []int64, sizes [][]int64, counts, prices []int64) (int64, bool) {
	left, sum := slices.Clone(room), int64(0)
	for i, c := range f.classes {
		if f.counts[i] < 1 || f.counts[i] > counts[c] {
			return 0, false
		}
		sum += f.counts[i] * prices[c]
		for d, x := range sizes[c] {
			left[d] -= f.counts[i] * x
		}
	}
	return sum, slices.Min(left) >= 0
}

// TestSacks: both ways to fill a host find the dearest set, unless they are kept from it, and never say that a host is worth
// less; the sets that they find fit, and are worth what is said.
func TestSacks(t *testing.T) {
	dense, narrow := 0, 0
	forSeeds(t, 8000, func(seed int) error {
		r := rand.New(rand.NewPCG(uint64(seed), 21))
		room := make([]int64, 1+r.IntN(3))
		for d := range room {
			room[d] = 1 + r.Int64N(30)
		}
		var sizes [][]int64
		var counts, prices []int64
		for range 1 + r.IntN(6) {
			size := make([]int64, len(room))
			for d := range size {
				size[d] = r.Int64N(12) * int64(min(1, r.IntN(4)))
			}
			sizes, counts, prices = append(sizes, size), append(counts, 1+r.Int64N(4)), append(prices, r.Int64N(20)*1_000_000)
		}
		want := dearestOf(room, sizes, counts, prices)
		known := r.Int64N(want*3/2 + 2)
		for _, width := range []int{1, 5, 30_000} {
			for _, all := range []bool{false, true} {
				s := newSack(room, sizes, counts, prices)
				s.prepare()
				s.tabulate()
				work := 0
				sets, most := s.fill(known, width, all, &work)
				if d := s.dense(known); d != nil && width > 1 && all {
					dense++
					sets, most = d.fill(known, &work)
				} else if most > max(known, want)+2 {
					narrow++
				}
				if most < want && (most < known || want > known) {
					return fmt.Errorf("width %d: a host is said to be worth %d at most, and is worth %d (known: %d)", width, most, want, known)
				}
				for _, f := range sets {
					if worth, fits := worthOf(f, room, sizes, counts, prices); !fits || worth != f.price || worth > want {
						return fmt.Errorf("width %d: the set %+v is worth %d (fits: %v), and the dearest %d", width, f, worth, fits, want)
					}
				}
				if width > 5 && want > known && (len(sets) == 0 || sets[0].price != want) {
					return fmt.Errorf("width %d: found %+v, and the dearest is worth %d (known: %d)", width, sets, want, known)
				}
			}
		}
		return nil
	})
	if dense == 0 || narrow == 0 {
		t.Errorf("%d sacks were filled amount by amount, %d searches were too narrow: want some of each", dense, narrow)
	}
}

// TestClassesAreNoLarger: however items are grouped, each is in one class, which is no larger than it.
func TestClassesAreNoLarger(t *testing.T) {
	groups := 0
	forSeeds(t, 40, func(seed int) error {
		r := rand.New(rand.NewPCG(uint64(seed), 22))
		in := &instance.Instance{Dimensions: make([]string, 1+r.IntN(groupedDimensions))}
		for range fewSizes/2 + r.IntN(1000) {
			size := make([]int64, len(in.Dimensions))
			for d := range size {
				size[d] = r.Int64N(100_000)
			}
			in.Items = append(in.Items, instance.Item{Size: size})
		}
		list, exact := classesOf(in)
		seen := make([]int, len(in.Items))
		for _, c := range list {
			for _, i := range c.items {
				seen[i]++
				if !covers(in.Items[i].Size, c.size) || exact && !slices.Equal(in.Items[i].Size, c.size) {
					return fmt.Errorf("an item of %v is in a class of %v (exact: %v)", in.Items[i].Size, c.size, exact)
				}
			}
		}
		if slices.Min(seen) != 1 || slices.Max(seen) != 1 {
			return fmt.Errorf("items are in %d to %d classes: want 1", slices.Min(seen), slices.Max(seen))
		}
		if !exact {
			groups++
		}
		if most := fewSizes; exact && len(list) > most || !exact && len(list) > grouped {
			return fmt.Errorf("%d classes (exact: %v) are too many", len(list), exact)
		}
		return nil
	})
	if groups == 0 {
		t.Error("no sizes were put into groups")
	}
}

// TestHostsAreNoSmaller: however types of host are put together, each is stood for by one that is no smaller and of which
// there are no fewer.
func TestHostsAreNoSmaller(t *testing.T) {
	merged := 0
	forSeeds(t, 200, func(seed int) error {
		r := rand.New(rand.NewPCG(uint64(seed), 23))
		in := &instance.Instance{Dimensions: make([]string, 1+r.IntN(3)), Items: make([]instance.Item, 50)}
		for range 1 + r.IntN(20) {
			h := instance.HostType{Capacity: make([]int64, len(in.Dimensions)), Count: r.IntN(30) - 1}
			for d := range h.Capacity {
				h.Capacity[d] = 1 + r.Int64N(20)
			}
			h.Open = h.Count >= 0 && r.IntN(4) == 0
			in.Types = append(in.Types, h)
		}
		list, exact := hostsOf(in)
		if !exact {
			merged++
		}
		if len(list) > fewTypes && !exact {
			return fmt.Errorf("%d types are too many", len(list))
		}
		counts := make([]int, len(list))
		for t, h := range in.Types {
			if h.Count == 0 {
				continue
			}
			at := slices.IndexFunc(list, func(o host) bool { return slices.Contains(o.types, t) })
			if at < 0 { // then there are as many as needed of one that is larger
				at = slices.IndexFunc(list, func(o host) bool { return o.Count < 0 && covers(o.Capacity, h.Capacity) })
			}
			if at < 0 || !covers(list[at].Capacity, h.Capacity) || list[at].Open != h.Open {
				return fmt.Errorf("the hosts %+v are stood for by number %d of %+v", h, at, list)
			}
			if counts[at] += max(0, h.Count); list[at].Count >= 0 && (h.Count < 0 || list[at].Count < counts[at]) {
				return fmt.Errorf("there are %d of %+v: too few", list[at].Count, list[at])
			}
		}
		return nil
	})
	if merged == 0 {
		t.Error("no types were put together")
	}
}

// TestRound: the plans that are made of patterns are right, and with few sizes mostly as good as the bound.
func TestRound(t *testing.T) {
	plans, hosts, bounds := 0, 0, 0
	forSeeds(t, 100, func(seed int) error {
		r := rand.New(rand.NewPCG(uint64(seed), 24))
		in := on(flavours(mixes[seed%len(mixes)], 1+r.IntN(600), seed), flavourHosts[r.IntN(len(flavourHosts))])
		if seed%3 == 0 {
			in.Types = append(in.Types, instance.HostType{Capacity: []int64{96_000, 512 << 10}, Count: 1 + r.IntN(5)})
		}
		for i := range in.Items {
			in.Items[i].At = instance.Nowhere
		}
		c, p := Best(context.Background(), in, Options{})
		plan, ok := p.Round(context.Background())
		if !ok {
			return nil
		}
		if err := check.Plan(in, &plan, 0); err != nil {
			return err
		}
		plans, hosts, bounds = plans+1, hosts+len(plan.Hosts), bounds+c.Bound
		if len(plan.Hosts) > c.Bound+1+c.Bound/50 {
			return fmt.Errorf("the patterns make a plan of %d hosts, and the bound is %d", len(plan.Hosts), c.Bound)
		}
		return nil
	})
	t.Logf("%d plans of %d hosts, bounds %d", plans, hosts, bounds)
	if plans == 0 {
		t.Error("no plan was made of patterns")
	}
}
