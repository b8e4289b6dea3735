package score

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// The exact search of this file knows nothing of the bounds that it judges: it packs.

// A packing puts items into hosts, of which there are several types. When all that are there are in use, further ones
// of any type may be bought.
type packing struct {
	items    [][2]int64
	types    []HostType // how many there are is known
	headroom float64
}

// room is what may be used of a host; sums of whole numbers are compared with it, so the last bits do not matter.
func (p *packing) room(t, d int) float64 { return float64(p.types[t].Capacity[d])*p.headroom + 1e-6 }

func (p *packing) hosts() int {
	n := int64(0)
	for _, t := range p.types {
		n += t.Count.Lo
	}
	return int(n)
}

// An opened host is one in use.
type opened struct {
	kind int
	used [2]int64
}

func (p *packing) fits(h opened, item [2]int64) bool {
	return float64(h.used[0]+item[0]) <= p.room(h.kind, 0) && float64(h.used[1]+item[1]) <= p.room(h.kind, 1)
}

// optimum is the least number of hosts that hold all items, by trying every way: of those that are there or, where they
// do not suffice, all of them and as few more as possible. It is +Inf where some item fits no host.
func (p *packing) optimum() float64 {
	for _, item := range p.items {
		if !slices.ContainsFunc([]int{0, 1, 2}[:len(p.types)], func(t int) bool { return p.fits(opened{kind: t}, item) }) {
			return math.Inf(1)
		}
	}
	left := make([]int64, len(p.types))
	for t := range p.types {
		left[t] = p.types[t].Count.Lo
	}
	for bought := 0; ; bought++ {
		s := search{packing: p, left: left, bought: bought, best: len(p.items) + 1}
		if s.try(0, nil); s.best <= len(p.items) {
			if bought > 0 {
				return float64(p.hosts() + bought)
			}
			return float64(s.best)
		}
	}
}

// A search goes through every way to put items into hosts, in turn.
type search struct {
	*packing
	left   []int64 // hosts of each type that are not in use
	bought int     // hosts that may be bought
	best   int     // hosts of the best way so far
}

func (s *search) try(item int, open []opened) {
	if len(open) >= s.best {
		return
	}
	if item == len(s.items) {
		s.best = len(open)
		return
	}
	size := s.items[item]
	for i := range open {
		if s.fits(open[i], size) {
			was := open[i].used
			open[i].used = [2]int64{was[0] + size[0], was[1] + size[1]}
			s.try(item+1, open)
			open[i].used = was
		}
	}
	for t := range s.types {
		if !s.fits(opened{kind: t}, size) {
			continue
		}
		switch {
		case s.left[t] > 0:
			s.left[t]--
			s.try(item+1, append(open, opened{t, size}))
			s.left[t]++
		case s.bought > 0:
			s.bought--
			s.try(item+1, append(open, opened{t, size}))
			s.bought++
		}
	}
}

// firstFit is what people do: the largest item first, into the first host that has room, else into the largest host that
// is left. It is +Inf where some item fits no host.
func (p *packing) firstFit(key func(v [2]int64) int64) float64 {
	items := slices.SortedFunc(slices.Values(p.items), func(a, b [2]int64) int { return cmp.Compare(key(b), key(a)) })
	var hosts []int // by type, as often as they are there
	kinds := make([]int, len(p.types))
	for t := range kinds {
		kinds[t] = t
	}
	slices.SortFunc(kinds, func(a, b int) int { return cmp.Compare(key(p.types[b].Capacity), key(p.types[a].Capacity)) })
	for _, t := range kinds {
		for range p.types[t].Count.Lo {
			hosts = append(hosts, t)
		}
	}
	var open []opened
	bought := 0
	for _, item := range items {
		at := slices.IndexFunc(open, func(h opened) bool { return p.fits(h, item) })
		if at < 0 {
			next := slices.IndexFunc(hosts, func(t int) bool { return p.fits(opened{kind: t}, item) })
			kind := slices.IndexFunc(kinds, func(t int) bool { return p.fits(opened{kind: t}, item) })
			switch {
			case next >= 0:
				kind = hosts[next]
				hosts = slices.Delete(hosts, next, next+1)
			case kind < 0:
				return math.Inf(1)
			default: // another one is bought
				kind = kinds[kind]
				bought++
			}
			at = len(open)
			open = append(open, opened{kind: kind})
		}
		open[at].used[0] += item[0]
		open[at].used[1] += item[1]
	}
	if bought > 0 {
		return float64(len(open) + len(hosts)) // whoever buys hosts has those that are there as well
	}
	return float64(len(open))
}

// demand is the zone that a packing has to serve.
func (p *packing) demand() *ZoneDemand {
	z := &ZoneDemand{Types: p.types, Headroom: p.headroom}
	for _, item := range p.items {
		for d := range item {
			z.Needs[d] = z.Needs[d].plus(Exact(item[d]))
		}
	}
	return z
}

// randomPacking makes up to ten items and up to three types of hosts, in sizes that leave tight and loose fits.
func randomPacking(r *rand.Rand) *packing {
	p := &packing{headroom: []float64{.9, .9, 1, .75}[r.IntN(4)]}
	for range 1 + r.IntN(3) {
		p.types = append(p.types, HostType{[2]int64{int64(20 + 20*r.IntN(6)), int64(20 + 20*r.IntN(6))}, Exact(int64(1 + r.IntN(3)))})
	}
	most := int64(5 + r.IntN(90))
	for range r.IntN(11) {
		p.items = append(p.items, [2]int64{r.Int64N(most), r.Int64N(most)})
	}
	slices.SortFunc(p.items, func(a, b [2]int64) int { return cmp.Compare(b[0]+b[1], a[0]+a[1]) }) // large ones first: fewer ways to try
	return p
}

const lawPackings = 10_000

// Law 11: no plan, whether by search or by rule of thumb, needs fewer hosts than the bound says.
func TestLaw11BoundHolds(t *testing.T) {
	tight, bought := 0, 0
	for seed := range lawPackings {
		p := randomPacking(rand.New(rand.NewPCG(uint64(seed), 11)))
		optimum, err := boundHolds(L1{}, p)
		if err != nil {
			t.Fatalf("seed %d: %+v: %v", seed, p, err)
		}
		if low, _ := (L1{}).Hosts(p.demand()); low == optimum && low > 0 {
			tight++
		}
		if optimum > float64(p.hosts()) && !math.IsInf(optimum, 1) {
			bought++
		}
	}
	t.Logf("the bound is the optimum in %d of %d instances; hosts have to be bought in %d", tight, lawPackings, bought)
	if tight < lawPackings/5 || bought < lawPackings/20 {
		t.Error("the instances are of no use: too few are tight, or too few lack hosts")
	}
}

func boundHolds(b Bounder, p *packing) (optimum float64, err error) {
	low, high := b.Hosts(p.demand())
	optimum = p.optimum()
	if low > optimum || low > high {
		return 0, fmt.Errorf("the bound says %v to %v hosts, and %v suffice", low, high, optimum)
	}
	for name, key := range map[string]func(v [2]int64) int64{
		"CPU": func(v [2]int64) int64 { return v[0] }, "memory": func(v [2]int64) int64 { return v[1] },
		"sum": func(v [2]int64) int64 { return v[0] + v[1] }, "larger": func(v [2]int64) int64 { return max(v[0], v[1]) },
		"product": func(v [2]int64) int64 { return v[0] * v[1] },
	} {
		if n := p.firstFit(key); n < optimum {
			return 0, fmt.Errorf("first fit by %s needs %v hosts, and the search says that none needs fewer than %v", name, n, optimum)
		}
	}
	return optimum, nil
}

// blurred is a zone of which only bounds are known, one that the packing may turn out to be.
func blurred(r *rand.Rand, p *packing) *ZoneDemand {
	z := p.demand()
	if r.IntN(2) == 0 {
		for d := range z.Needs {
			z.Needs[d].Lo -= min(z.Needs[d].Lo, r.Int64N(60))
			z.Needs[d].Hi += r.Int64N(60)
		}
	}
	z.Types = nil
	for _, t := range p.types {
		for range t.Count.Lo {
			switch r.IntN(6) {
			case 0:
				z.Unsized++ // it is there, and nobody knows how large
			case 1:
				z.Types = append(z.Types, HostType{t.Capacity, Range{0, 1}})
			default:
				z.Types = append(z.Types, HostType{t.Capacity, Exact(1)})
			}
		}
	}
	if r.IntN(4) == 0 { // one that is not there
		z.Types = append(z.Types, HostType{[2]int64{int64(20 + 20*r.IntN(6)), int64(20 + 20*r.IntN(6))}, Range{0, 1}})
	}
	return z
}

// Law 11 where not everything is known: the low bound is below what any plan needs, and the high one, where there is
// one, is above the bound of the truth. (It is no bound of the best plan: sums do not show how items fit.)
func TestLaw11BoundHoldsWhateverIsUnknown(t *testing.T) {
	bounded := 0
	for seed := range lawPackings {
		r := rand.New(rand.NewPCG(uint64(seed), 12))
		p := randomPacking(r)
		finite, err := boundHoldsBlurred(L1{}, p, blurred(r, p))
		if err != nil {
			t.Fatalf("seed %d: %+v: %v", seed, p, err)
		}
		if finite {
			bounded++
		}
	}
	t.Logf("%d of %d zones have a finite high bound", bounded, lawPackings)
	if bounded < lawPackings/5 {
		t.Error("the instances are of no use: too few are bounded")
	}
}

func boundHoldsBlurred(b Bounder, p *packing, z *ZoneDemand) (finite bool, err error) {
	low, high := b.Hosts(z)
	truth, _ := b.Hosts(p.demand())
	if optimum := p.optimum(); low > optimum || low > truth {
		return false, fmt.Errorf("of %+v the bound says at least %v hosts, and %v suffice; knowing all it says %v", z, low, optimum, truth)
	}
	if truth > high {
		return false, fmt.Errorf("of %+v the bound says at most %v hosts; knowing all it says %v", z, high, truth)
	}
	return !math.IsInf(high, 1), nil
}

// Law 11, spares: to keep more hosts for the loss of others never lowers the number of hosts that are needed.
func TestLaw11MoreSparesNeedMoreHosts(t *testing.T) {
	for seed := range lawPackings {
		r := rand.New(rand.NewPCG(uint64(seed), 13))
		p := randomPacking(r)
		z := &zone{name: "z", ZoneDemand: *blurred(r, p), hosts: Exact(int64(p.hosts()))}
		last := [2]float64{}
		for k := range int64(4) {
			m := &Model{Zones: []Zone{{Name: "z", Spares: &k}}}
			low, high := m.hostsNeeded(z)
			if low < last[0] || high < last[1] || low > high {
				t.Fatalf("seed %d: %d spares: %v to %v hosts, %v with one less", seed, k, low, high, last)
			}
			last = [2]float64{low, high}
		}
		last = [2]float64{}
		for _, per := range []int64{1000, 20, 4, 2, 1} { // hosts of the bound for each spare one: more and more spares
			m := &Model{Thresholds: Thresholds{HostsPerSpare: per}}
			low, high := m.hostsNeeded(z)
			if low < last[0] || high < last[1] || low > high {
				t.Fatalf("seed %d: a spare for %d hosts: %v to %v hosts, %v with fewer spares", seed, per, low, high, last)
			}
			last = [2]float64{low, high}
		}
	}
}

// broken are bounds that are none.
type broken func(z *ZoneDemand) (low, high float64)

func (b broken) Hosts(z *ZoneDemand) (low, high float64) { return b(z) }

// The law finds bounds out that are none.
func TestLaw11FindsBrokenBounds(t *testing.T) {
	for name, b := range map[string]broken{
		"one too many": func(z *ZoneDemand) (float64, float64) {
			low, high := L1{}.Hosts(z)
			return low + 1, high + 1
		},
		"no headroom at the end": func(z *ZoneDemand) (float64, float64) {
			c := *z
			c.Headroom = .7 * z.Headroom
			return L1{}.Hosts(&c)
		},
		"both dimensions in one": func(z *ZoneDemand) (float64, float64) {
			return z.least(0, float64(z.Needs[0].Lo+z.Needs[1].Lo), true), z.least(0, float64(z.Needs[0].Hi+z.Needs[1].Hi), false)
		},
		"unknown needs are none": func(z *ZoneDemand) (float64, float64) {
			low, _ := L1{}.Hosts(z)
			return low, low
		},
		"unknown needs are as large as they can be": func(z *ZoneDemand) (float64, float64) {
			_, high := L1{}.Hosts(z)
			return high, high
		},
		"a host of unknown size is none": func(z *ZoneDemand) (float64, float64) {
			c := *z
			c.Unsized = 0
			return L1{}.Hosts(&c)
		},
		"hosts that may be there are": func(z *ZoneDemand) (float64, float64) {
			c := *z
			c.Types = nil
			for _, t := range z.Types {
				c.Types = append(c.Types, HostType{t.Capacity, Exact(t.Count.Hi)})
			}
			return L1{}.Hosts(&c)
		},
	} {
		found := 0
		for seed := range lawPackings {
			r := rand.New(rand.NewPCG(uint64(seed), 12))
			p := randomPacking(r)
			_, err := boundHolds(b, p)
			if err == nil {
				_, err = boundHoldsBlurred(b, p, blurred(r, p))
			}
			if err != nil {
				found = seed + 1
				break
			}
		}
		t.Logf("%-45s found out after %4d instances", name, found)
		if found == 0 {
			t.Errorf("%s: no instance shows it", name)
		}
	}
}
