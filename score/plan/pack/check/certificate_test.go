package check

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/infraopt/infraopt/score/plan/pack/instance"
	"github.com/infraopt/infraopt/score/plan/pack/packtest"
)

// many stands for any number of hosts, and for the bound of what no number of hosts can do.
const many = 2000

// proven is what a certificate proves, by the words of its definition and in small numbers: hosts are lined up one by one,
// and every set of items is tried. It is false for certificates that are not well formed.
func proven(in *instance.Instance, c *instance.Certificate) (int, bool) {
	open := 0
	for _, h := range in.Types {
		if h.Open {
			open += h.Count
		}
	}
	inDimension := c.Dimension >= 0 && c.Dimension < len(in.Dimensions)
	switch c.Kind {
	case instance.L1:
		if !inDimension {
			return 0, false
		}
		need := int64(0)
		for _, it := range in.Items {
			need += it.Size[c.Dimension]
		}
		return lineUp(in, need, func(t int) int64 { return in.Types[t].Capacity[c.Dimension] }), true
	case instance.L2:
		if !inDimension {
			return 0, false
		}
		room := int64(0)
		for _, h := range in.Types {
			if h.Count != 0 {
				room = max(room, h.Capacity[c.Dimension])
			}
		}
		if c.Alpha < 0 || c.Alpha > room || 2*c.Alpha > room {
			return 0, false
		}
		return max(open, l2(in, c, room)), true
	case instance.Separate:
		if c.Group < 0 || c.Group >= len(in.Apart) {
			return 0, false
		}
		return max(open, len(in.Apart[c.Group])), true
	case instance.Configuration:
		if len(c.Of) != len(in.Items) || slices.ContainsFunc(c.Classes, func(k instance.Class) bool {
			return k.Price < 0 || len(k.Size) != len(in.Dimensions) || slices.Min(k.Size) < 0
		}) {
			return 0, false
		}
		need := int64(0)
		for i, k := range c.Of {
			if k < 0 || k >= len(c.Classes) {
				return 0, false
			}
			for d, x := range c.Classes[k].Size {
				if x > in.Items[i].Size[d] {
					return 0, false
				}
			}
			need += c.Classes[k].Price
		}
		return lineUp(in, need, func(t int) int64 { return dearestSet(in, c, t) }), true
	}
	return 0, false
}

// l2 fills hosts with one item above a half each, takes what small items need off what is left there, and counts.
func l2(in *instance.Instance, c *instance.Certificate, room int64) int {
	hosts, left, small := 0, int64(0), int64(0)
	for _, it := range in.Items {
		x := it.Size[c.Dimension]
		switch {
		case x > room-c.Alpha:
			hosts++
		case 2*x > room:
			hosts++
			left += room - x
		case x >= c.Alpha:
			small += x
		}
	}
	for small > left {
		hosts++
		left += room
	}
	return hosts
}

func lineUp(in *instance.Instance, need int64, worth func(t int) int64) int {
	hosts, others := 0, []int64{}
	for t, h := range in.Types {
		if h.Count == 0 {
			continue
		}
		w := worth(t)
		if h.Open {
			hosts += h.Count
			need -= w * int64(h.Count)
			continue
		}
		n := h.Count
		if n == instance.Unlimited {
			n = many
		}
		for range n {
			others = append(others, w)
		}
	}
	slices.Sort(others)
	for need > 0 {
		if len(others) == 0 || others[len(others)-1] == 0 {
			return many
		}
		hosts++
		need -= others[len(others)-1]
		others = others[:len(others)-1]
	}
	return hosts
}

func dearestSet(in *instance.Instance, c *instance.Certificate, t int) int64 {
	best := int64(0)
	for set := range 1 << len(in.Items) {
		price, used := int64(0), make([]int64, len(in.Dimensions))
		for i := range in.Items {
			if set>>i&1 == 0 {
				continue
			}
			if !packtest.May(in, i, t) {
				price = math.MinInt64 / 2
			}
			price += c.Classes[c.Of[i]].Price
			for d, x := range c.Classes[c.Of[i]].Size {
				used[d] += x
			}
		}
		fits := true
		for d, x := range used {
			fits = fits && x <= in.Types[t].Capacity[d]
		}
		if fits {
			best = max(best, price)
		}
	}
	return best
}

// certificates makes one of every kind, at random, with the bounds that they prove.
func certificates(r *packtest.Rand, in *instance.Instance) []*instance.Certificate {
	d := r.N(len(in.Dimensions))
	room := int64(0)
	for _, h := range in.Types {
		if h.Count != 0 {
			room = max(room, h.Capacity[d])
		}
	}
	list := []*instance.Certificate{
		{Kind: instance.L1, Dimension: d},
		{Kind: instance.L2, Dimension: d, Alpha: int64(r.N(int(room/2) + 1))},
	}
	if len(in.Apart) > 0 {
		list = append(list, &instance.Certificate{Kind: instance.Separate, Group: r.N(len(in.Apart))})
	}
	c := &instance.Certificate{Kind: instance.Configuration}
	bySize := r.One(2) // prices prove more, so that more depends on each
	for range in.Items {
		c.Of = append(c.Of, r.N(1+len(in.Items)/2))
	}
	for k := range 1 + len(in.Items)/2 {
		class := instance.Class{Size: make([]int64, len(in.Dimensions)), Price: int64(r.N(12))}
		for d := range class.Size {
			least := int64(1 << 20)
			for i, of := range c.Of {
				if of == k {
					least = min(least, in.Items[i].Size[d])
				}
			}
			class.Size[d] = least
			if r.One(3) {
				class.Size[d] = int64(r.N(int(min(least, 30)) + 1))
			}
		}
		if bySize {
			class.Price = 1 + min(class.Size[d], 1000)
		}
		c.Classes = append(c.Classes, class)
	}
	list = append(list, c)
	for _, c := range list {
		c.Bound, _ = proven(in, c)
	}
	return list
}

// forgers damage a certificate in all ways that its shape allows.
var forgers = map[string]func(r *packtest.Rand, in *instance.Instance, c *instance.Certificate){
	"bound raised":   func(_ *packtest.Rand, _ *instance.Instance, c *instance.Certificate) { c.Bound++ },
	"bound huge":     func(_ *packtest.Rand, _ *instance.Instance, c *instance.Certificate) { c.Bound = math.MaxInt },
	"bound negative": func(_ *packtest.Rand, _ *instance.Instance, c *instance.Certificate) { c.Bound = -1 },
	"another kind": func(r *packtest.Rand, _ *instance.Instance, c *instance.Certificate) {
		c.Kind = []string{instance.L1, instance.L2, instance.Separate, instance.Configuration, "", "l1", "LP"}[r.N(7)]
	},
	"another dimension": func(r *packtest.Rand, in *instance.Instance, c *instance.Certificate) {
		c.Dimension = []int{-1, len(in.Dimensions), r.N(len(in.Dimensions)), math.MinInt}[r.N(4)]
	},
	"another alpha": func(r *packtest.Rand, _ *instance.Instance, c *instance.Certificate) {
		c.Alpha = []int64{-1, 13, int64(r.N(12)), math.MaxInt64}[r.N(4)]
	},
	"another group": func(r *packtest.Rand, in *instance.Instance, c *instance.Certificate) {
		c.Group = []int{-1, len(in.Apart), r.N(len(in.Apart) + 1)}[r.N(3)]
	},
	"a price raised": func(r *packtest.Rand, in *instance.Instance, c *instance.Certificate) {
		// Most raises leave the bound true, as one class makes hosts and items dearer alike: one that does not is looked for.
		tries := 5 * len(c.Classes)
		for x := range tries {
			price := &c.Classes[r.N(len(c.Classes))].Price
			was := *price
			*price += []int64{int64(1 + r.N(5)), 100, 1 << 40}[r.N(3)]
			if least, _ := proven(in, c); least < c.Bound || x == tries-1 {
				return
			}
			*price = was
		}
	},
	"a price below 0": func(r *packtest.Rand, _ *instance.Instance, c *instance.Certificate) {
		if len(c.Classes) > 0 {
			c.Classes[r.N(len(c.Classes))].Price = -1
		}
	},
	"no price": func(r *packtest.Rand, _ *instance.Instance, c *instance.Certificate) {
		if len(c.Classes) > 0 {
			c.Classes[r.N(len(c.Classes))].Price = 0
		}
	},
	"a class made larger": func(r *packtest.Rand, _ *instance.Instance, c *instance.Certificate) {
		if len(c.Classes) > 0 {
			c.Classes[r.N(len(c.Classes))].Size[0]++
		}
	},
	"a class made smaller": func(r *packtest.Rand, _ *instance.Instance, c *instance.Certificate) {
		if len(c.Classes) > 0 {
			size := c.Classes[r.N(len(c.Classes))].Size
			size[r.N(len(size))] = []int64{0, -1}[r.N(2)]
		}
	},
	"a class of another shape": func(r *packtest.Rand, _ *instance.Instance, c *instance.Certificate) {
		if len(c.Classes) > 0 {
			k := &c.Classes[r.N(len(c.Classes))]
			k.Size = k.Size[1:]
		}
	},
	"an item of another class": func(r *packtest.Rand, _ *instance.Instance, c *instance.Certificate) {
		if len(c.Of) > 0 {
			c.Of[r.N(len(c.Of))] = []int{-1, len(c.Classes), r.N(len(c.Classes))}[r.N(3)]
		}
	},
	"an item less": func(_ *packtest.Rand, _ *instance.Instance, c *instance.Certificate) {
		c.Of = c.Of[:max(0, len(c.Of)-1)]
	},
	"an item more": func(_ *packtest.Rand, _ *instance.Instance, c *instance.Certificate) {
		c.Of = append(c.Of, 0)
	},
}

func copyOf(c *instance.Certificate) *instance.Certificate {
	d := *c
	d.Of, d.Classes = slices.Clone(c.Of), slices.Clone(c.Classes)
	for i := range d.Classes {
		d.Classes[i].Size = slices.Clone(d.Classes[i].Size)
	}
	return &d
}

// TestCertificates: those that prove their bound are accepted, and what they prove is true: no plan uses fewer hosts.
// Damaged ones are accepted only if they prove their bound all the same.
func TestCertificates(t *testing.T) {
	wrong, sharp, names := map[string]int{}, map[string]int{}, keys(forgers)
	forSeeds(t, 2000, func(seed int, in *instance.Instance) {
		r := packtest.Rand(seed)
		optimum := many
		if best := packtest.Optimum(in); best != nil {
			optimum = len(best.Hosts)
		}
		for _, c := range certificates(&r, in) {
			if err := Certificate(in, c); err != nil {
				t.Errorf("%s, bound %d, is refused: %v", c.Kind, c.Bound, err)
			}
			if c.Bound > optimum {
				t.Errorf("%s proves %d hosts, and there is a plan with %d", c.Kind, c.Bound, optimum)
			}
			if c.Bound == optimum {
				sharp[c.Kind]++
			}
			for _, name := range names {
				bad := copyOf(c)
				forgers[name](&r, in, bad)
				least, formed := proven(in, bad)
				fine := formed && bad.Bound >= 0 && (bad.Bound <= least || least == many)
				if err := Certificate(in, bad); fine != (err == nil) {
					t.Errorf("%s: the checker says %v, and by the definition it proves %d (well formed: %v)\n%+v\n%+v", name, err, least, formed, in, bad)
				} else if !fine {
					wrong[name]++
				}
			}
		}
	})
	sum := 0
	for _, name := range names {
		if wrong[name] == 0 {
			t.Errorf("no certificate became wrong by this: %s", name)
		}
		sum += wrong[name]
	}
	t.Logf("corrupted certificates refused, by what was done: %v", wrong)
	t.Logf("%d corrupted certificates refused; bounds that are the optimum: %v", sum, sharp)
	if sum < 1000 && !testing.Short() && !raceEnabled {
		t.Errorf("%d corrupted certificates: want 1000", sum)
	}
	for _, kind := range []string{instance.L1, instance.L2, instance.Separate, instance.Configuration} {
		if sharp[kind] == 0 {
			t.Errorf("no certificate of %s proved the optimum", kind)
		}
	}
}

// TestLargeNumbers: what does not fit into 64 bits in sum is still counted right.
func TestLargeNumbers(t *testing.T) {
	const top = math.MaxInt64
	in := &instance.Instance{Dimensions: []string{"bytes"}, Types: []instance.HostType{{Capacity: []int64{top}, Count: instance.Unlimited}}}
	for range 5 {
		in.Items = append(in.Items, instance.Item{Size: []int64{top/2 + 1}, At: instance.Nowhere})
	}
	classes := []instance.Class{{Size: []int64{top/2 + 1}, Price: top / 5}}
	for _, c := range []struct {
		instance.Certificate
		want int
	}{
		{instance.Certificate{Kind: instance.L1}, 3},
		{instance.Certificate{Kind: instance.L2}, 5},
		{instance.Certificate{Kind: instance.L2, Alpha: top / 2}, 5},
		{instance.Certificate{Kind: instance.Configuration, Classes: classes, Of: []int{0, 0, 0, 0, 0}}, 5},
	} {
		c.Bound = c.want
		if err := Certificate(in, &c.Certificate); err != nil {
			t.Error(err)
		}
		c.Bound++
		if Certificate(in, &c.Certificate) == nil {
			t.Errorf("%s proves %d hosts where %d do", c.Kind, c.Bound, c.want)
		}
	}
	classes[0].Price = top
	err := Certificate(in, &instance.Certificate{Kind: instance.Configuration, Classes: classes, Of: []int{0, 0, 0, 0, 0}})
	if err == nil || !strings.Contains(err.Error(), "the prices of all items come to 46116860184273879035") {
		t.Errorf("prices that do not fit into 64 bits in sum: %v", err)
	}
	in.Types[0].Count, in.Types[0].Open = math.MaxInt, true
	if err := Certificate(in, &instance.Certificate{Kind: instance.L1, Bound: math.MaxInt}); err != nil {
		t.Errorf("all hosts are in use, and yet: %v", err)
	}
}

// TestEdgesOfL2: an item and what it leaves of a host share one, and so do two halves.
func TestEdgesOfL2(t *testing.T) {
	for _, c := range []struct {
		sizes []int64
		alpha int64
		want  int
	}{{[]int64{6, 4}, 4, 1}, {[]int64{7, 4}, 4, 2}, {[]int64{5, 5}, 5, 1}, {[]int64{5, 5}, 0, 1}, {[]int64{6, 5}, 5, 2}, {[]int64{6, 6, 4, 4, 1}, 4, 2}, {[]int64{6, 6, 4, 4, 1}, 1, 3}} {
		in := &instance.Instance{Dimensions: []string{"a"}, Types: []instance.HostType{{Capacity: []int64{10}, Count: instance.Unlimited}}}
		for _, size := range c.sizes {
			in.Items = append(in.Items, instance.Item{Size: []int64{size}, At: instance.Nowhere})
		}
		for bound := range 5 {
			err := Certificate(in, &instance.Certificate{Kind: instance.L2, Alpha: c.alpha, Bound: bound})
			if (err == nil) != (bound <= c.want) {
				t.Errorf("sizes %v in hosts of 10, from %d on, prove %d hosts; of %d: %v", c.sizes, c.alpha, c.want, bound, err)
			}
		}
	}
}

// table is the worth of a sack by the textbook: the best price for each room, item by item.
func table(s *sack) int64 {
	cells := 1
	for _, r := range s.room {
		cells *= int(r) + 1
	}
	best := make([]int64, cells)
	for _, k := range s.kinds {
		for range k.count {
			for at := cells - 1; at >= 0; at-- {
				rest, from, step, fits := at, at, 1, true
				for d, r := range s.room {
					left := rest % (int(r) + 1)
					rest /= int(r) + 1
					fits = fits && left >= int(k.size[d])
					from -= int(k.size[d]) * step
					step *= int(r) + 1
				}
				if fits {
					best[at] = max(best[at], best[from]+k.price)
				}
			}
		}
	}
	return best[cells-1]
}

// TestDearest: the search agrees with the table, and what it says when it loses patience is a bound.
func TestDearest(t *testing.T) {
	gaveUp := 0
	forSeeds(t, 1000, func(seed int, _ *instance.Instance) {
		fresh := func() *sack {
			r := packtest.Rand(seed)
			s := &sack{patience: patience}
			dims := 1 + r.N(3)
			for range dims {
				s.room = append(s.room, int64(5+r.N(60/(dims*dims))))
			}
			for range 1 + r.N(14) {
				k := kind{price: int64(1 + r.N(40)), count: int64(1 + r.N(8))}
				for _, room := range s.room {
					x := int64(r.N(int(room)))
					k.size = append(k.size, x)
					if x > 0 {
						k.count = min(k.count, room/x)
					}
				}
				s.kinds = append(s.kinds, k)
			}
			return s
		}
		want := table(fresh())
		if got := fresh().dearest(); got != want {
			t.Errorf("the dearest set is worth %d, want %d", got, want)
		}
		hasty := fresh()
		hasty.patience = 0
		switch got := hasty.dearest(); {
		case got < want:
			t.Errorf("a search without patience gives %d as a bound of %d", got, want)
		case got > want:
			gaveUp++
		}
	})
	if gaveUp == 0 {
		t.Error("no search had to give up")
	}
}
