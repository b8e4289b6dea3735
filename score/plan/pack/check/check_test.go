package check

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/infraopt/infraopt/score/plan/pack/instance"
	"github.com/infraopt/infraopt/score/plan/pack/packtest"
)

// forSeeds tries something on n random instances, or a twentieth of them where time is short.
func forSeeds(t *testing.T, n int, try func(seed int, in *instance.Instance)) {
	t.Helper()
	if testing.Short() || raceEnabled {
		n /= 20
	}
	for seed := range n {
		try(seed, packtest.Small(uint64(seed)))
		if t.Failed() {
			t.Fatalf("seed %d shows it", seed)
		}
	}
}

// TestOptimaPass: the best plans, found by trying everything, are accepted, with as many spares as they need.
func TestOptimaPass(t *testing.T) {
	plans, spared := 0, 0
	forSeeds(t, 2000, func(_ int, in *instance.Instance) {
		k := Spares(in, 1)
		p := packtest.OptimumWith(in, k)
		if p == nil {
			return
		}
		plans++
		if err := Plan(in, p, k); err != nil {
			t.Errorf("an optimal plan is refused: %v", err)
		}
		if len(p.Spares) > 0 {
			spared++
			p.Spares = p.Spares[1:]
			if Plan(in, p, k) == nil {
				t.Error("a plan with a spare less than the fewest is accepted")
			}
		}
	})
	if plans < 20 || spared < 10 {
		t.Errorf("%d plans, %d with spares: too few to show anything", plans, spared)
	}
}

// survives is the meaning of the rules for a plan, worked out in another way than Plan does: rooms are summed up host by
// host, and every set of losses is tried, with every way to send each lost host's load to a spare.
func survives(in *instance.Instance, p *instance.Plan, spares int) bool {
	if len(p.Of) != len(in.Items) || slices.ContainsFunc(p.Of, func(h int) bool { return h < 0 || h >= len(p.Hosts) }) {
		return false
	}
	all := append(slices.Clone(p.Hosts), p.Spares...)
	for i, r := range all {
		if r.Type < 0 || r.Type >= len(in.Types) || r.N < 0 || slices.Contains(all[:i], r) {
			return false
		}
		if n := in.Types[r.Type].Count; n != instance.Unlimited && r.N >= n {
			return false
		}
	}
	for t := range in.Types {
		for n := range in.Types[t].Count {
			if in.Types[t].Open && !slices.Contains(p.Hosts, instance.Ref{Type: t, N: n}) {
				return false
			}
		}
	}
	moving := make([][]int, len(p.Hosts))
	for h, r := range p.Hosts {
		var on []int
		for i, at := range p.Of {
			if at != h {
				continue
			}
			if !packtest.May(in, i, r.Type) {
				return false
			}
			for _, group := range in.Apart {
				for _, j := range on {
					if slices.Contains(group, i) && slices.Contains(group, j) {
						return false
					}
				}
			}
			on = append(on, i)
			if packtest.Moves(in, i) {
				moving[h] = append(moving[h], i)
			}
		}
		if !packtest.Holds(in, r.Type, on) || len(on) == 0 && !in.Types[r.Type].Open {
			return false
		}
	}
	var lose func(from, more int, lost []int) bool
	lose = func(from, more int, lost []int) bool {
		if !saved(in, p, moving, lost, nil) {
			return false
		}
		for x := from; more > 0 && x < len(all); x++ {
			if !lose(x+1, more-1, append(slices.Clone(lost), x)) {
				return false
			}
		}
		return true
	}
	return lose(0, spares, nil)
}

// saved tells whether each lost host that was in use finds a spare of its own that is left.
func saved(in *instance.Instance, p *instance.Plan, moving [][]int, lost, taken []int) bool {
	for n, x := range lost {
		if x >= len(p.Hosts) {
			continue
		}
		for k, r := range p.Spares {
			gone := slices.Contains(lost, len(p.Hosts)+k) || slices.Contains(taken, k)
			if gone || !packtest.Holds(in, r.Type, moving[x]) || slices.ContainsFunc(moving[x], func(i int) bool { return !packtest.May(in, i, r.Type) }) {
				continue
			}
			rest := slices.Delete(slices.Clone(lost), n, n+1)
			if saved(in, p, moving, rest, append(slices.Clone(taken), k)) {
				return true
			}
		}
		return false
	}
	return true
}

// spoilers damage a plan in all ways that its shape allows, at random. They return false where there is nothing to damage.
var spoilers = map[string]func(r *packtest.Rand, in *instance.Instance, p *instance.Plan) bool{
	"an item moved": func(r *packtest.Rand, _ *instance.Instance, p *instance.Plan) bool {
		if len(p.Of) == 0 || len(p.Hosts) < 2 {
			return false
		}
		p.Of[r.N(len(p.Of))] = r.N(len(p.Hosts))
		return true
	},
	"an item on no host": func(r *packtest.Rand, _ *instance.Instance, p *instance.Plan) bool {
		if len(p.Of) == 0 {
			return false
		}
		p.Of[r.N(len(p.Of))] = instance.Unplaced
		return true
	},
	"an item on a host that is not in the plan": func(r *packtest.Rand, _ *instance.Instance, p *instance.Plan) bool {
		if len(p.Of) == 0 {
			return false
		}
		p.Of[r.N(len(p.Of))] = []int{len(p.Hosts), -2, math.MaxInt, math.MinInt}[r.N(4)]
		return true
	},
	"an item less": func(_ *packtest.Rand, _ *instance.Instance, p *instance.Plan) bool {
		if len(p.Of) == 0 {
			return false
		}
		p.Of = p.Of[:len(p.Of)-1]
		return true
	},
	"an item more": func(_ *packtest.Rand, _ *instance.Instance, p *instance.Plan) bool {
		p.Of = append(p.Of, 0)
		return true
	},
	"a host that does not exist": func(r *packtest.Rand, in *instance.Instance, p *instance.Plan) bool {
		if len(p.Hosts) == 0 {
			return false
		}
		h := &p.Hosts[r.N(len(p.Hosts))]
		*h = []instance.Ref{{Type: h.Type, N: max(0, in.Types[h.Type].Count)}, {Type: h.Type, N: -1}, {Type: len(in.Types)}, {Type: -1}, instance.Nowhere}[r.N(5)]
		return true
	},
	"a host twice": func(r *packtest.Rand, _ *instance.Instance, p *instance.Plan) bool {
		if len(p.Hosts) < 2 {
			return false
		}
		p.Hosts[r.N(len(p.Hosts))] = p.Hosts[r.N(len(p.Hosts))]
		return true
	},
	"a host less": func(_ *packtest.Rand, _ *instance.Instance, p *instance.Plan) bool {
		if len(p.Hosts) == 0 {
			return false
		}
		p.Hosts = p.Hosts[:len(p.Hosts)-1]
		return true
	},
	"a host that carries nothing": func(r *packtest.Rand, in *instance.Instance, p *instance.Plan) bool {
		t := r.N(len(in.Types))
		p.Hosts = append(p.Hosts, instance.Ref{Type: t, N: 7 + r.N(9)})
		return true
	},
	"a host of another type": func(r *packtest.Rand, in *instance.Instance, p *instance.Plan) bool {
		if len(p.Hosts) == 0 {
			return false
		}
		p.Hosts[r.N(len(p.Hosts))].Type = r.N(len(in.Types))
		return true
	},
	"an open host closed": func(r *packtest.Rand, in *instance.Instance, p *instance.Plan) bool {
		h := slices.IndexFunc(p.Hosts, func(x instance.Ref) bool { return in.Types[x.Type].Open })
		if h < 0 {
			return false
		}
		p.Hosts = slices.Delete(p.Hosts, h, h+1)
		for i, at := range p.Of { // what was on it goes elsewhere
			if at == h {
				p.Of[i] = r.N(max(1, len(p.Hosts)))
			} else if at > h {
				p.Of[i]--
			}
		}
		return true
	},
	"a spare less": func(r *packtest.Rand, _ *instance.Instance, p *instance.Plan) bool {
		if len(p.Spares) == 0 {
			return false
		}
		k := r.N(len(p.Spares))
		p.Spares = slices.Delete(p.Spares, k, k+1)
		return true
	},
	"a spare in use": func(r *packtest.Rand, _ *instance.Instance, p *instance.Plan) bool {
		if len(p.Spares) == 0 || len(p.Hosts) == 0 {
			return false
		}
		p.Spares[r.N(len(p.Spares))] = p.Hosts[r.N(len(p.Hosts))]
		return true
	},
	"a spare twice": func(r *packtest.Rand, _ *instance.Instance, p *instance.Plan) bool {
		if len(p.Spares) == 0 {
			return false
		}
		p.Spares = append(p.Spares, p.Spares[r.N(len(p.Spares))])
		return true
	},
	"a spare that does not exist": func(r *packtest.Rand, in *instance.Instance, p *instance.Plan) bool {
		if len(p.Spares) == 0 {
			return false
		}
		s := &p.Spares[r.N(len(p.Spares))]
		*s = []instance.Ref{{Type: s.Type, N: max(0, in.Types[s.Type].Count)}, {Type: len(in.Types)}, {Type: s.Type, N: -5}}[r.N(3)]
		return true
	},
	"a spare of another type": func(r *packtest.Rand, in *instance.Instance, p *instance.Plan) bool {
		if len(p.Spares) == 0 {
			return false
		}
		p.Spares[r.N(len(p.Spares))].Type = r.N(len(in.Types))
		return true
	},
	"two hosts made one": func(r *packtest.Rand, _ *instance.Instance, p *instance.Plan) bool {
		if len(p.Hosts) < 2 {
			return false
		}
		from, to := r.N(len(p.Hosts)), r.N(len(p.Hosts))
		for i, at := range p.Of {
			if at == from {
				p.Of[i] = to
			}
		}
		return from != to
	},
	"items that are to be apart put together": func(r *packtest.Rand, in *instance.Instance, p *instance.Plan) bool {
		for _, g := range in.Apart {
			if len(g) > 1 {
				k := r.N(len(g) - 1)
				p.Of[g[k]] = p.Of[g[k+1]]
				return true
			}
		}
		return false
	},
	"a pin broken": func(_ *packtest.Rand, in *instance.Instance, p *instance.Plan) bool {
		for i := range in.Items {
			for h, x := range p.Hosts {
				if !packtest.May(in, i, x.Type) {
					p.Of[i] = h
					return true
				}
			}
		}
		return false
	},
}

func clone(p *instance.Plan) *instance.Plan {
	return &instance.Plan{Hosts: slices.Clone(p.Hosts), Of: slices.Clone(p.Of), Spares: slices.Clone(p.Spares)}
}

func keys[V any](m map[string]V) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// TestCorruptedPlans damages good plans, in each way again and again: all that are not good by accident are refused, and
// those that are, which survives tells, are not.
func TestCorruptedPlans(t *testing.T) {
	wrong, names := map[string]int{}, keys(spoilers)
	forSeeds(t, 3000, func(seed int, in *instance.Instance) {
		k := Spares(in, 1)
		good := packtest.OptimumWith(in, k)
		if good == nil {
			return
		}
		r := packtest.Rand(seed)
		for _, name := range names {
			bad := clone(good)
			if !spoilers[name](&r, in, bad) {
				continue
			}
			err := Plan(in, bad, k)
			if fine := survives(in, bad, k); fine != (err == nil) {
				t.Errorf("%s: the checker says %v, and every rule and every loss tried says %v\n%+v\n%+v", name, err, fine, in, bad)
			} else if !fine {
				wrong[name]++
			}
		}
	})
	sum := 0
	for _, name := range names {
		if wrong[name] == 0 {
			t.Errorf("no plan became wrong by this: %s", name)
		}
		sum += wrong[name]
	}
	t.Logf("%d corrupted plans refused", sum)
	if sum < 1000 && !testing.Short() && !raceEnabled {
		t.Errorf("%d corrupted plans: want 1000", sum)
	}
}

// TestPlanWords: the error names what is wrong. Each case breaks one rule of the same good plan.
func TestPlanWords(t *testing.T) {
	in := &instance.Instance{
		Dimensions: []string{"cpu", "memory"},
		Items: []instance.Item{
			{Name: "web", Size: []int64{4, 1}, At: instance.Nowhere}, {Name: "db", Size: []int64{4, math.MaxInt64}, At: instance.Nowhere},
			{Name: "pinned", Size: []int64{1, 1}, Allow: []int{1}, At: instance.Nowhere},
		},
		Types: []instance.HostType{
			{Name: "big", Capacity: []int64{8, math.MaxInt64}, Count: 4},
			{Name: "old", Capacity: []int64{8, 8}, Count: 1, Open: true},
		},
		Apart: [][]int{{0, 1}},
	}
	good := func() *instance.Plan {
		return &instance.Plan{Hosts: []instance.Ref{{Type: 0}, {Type: 1}}, Of: []int{1, 0, 1}, Spares: []instance.Ref{{Type: 0, N: 3}}}
	}
	if err := Plan(in, good(), 1); err != nil {
		t.Fatal(err)
	}
	for want, spoil := range map[string]func(p *instance.Plan){
		`item "web" (number 0) is on no host`:                                                             func(p *instance.Plan) { p.Of[0] = instance.Unplaced },
		`item "web" (number 0) is on host number 2 of the plan, which has 2`:                              func(p *instance.Plan) { p.Of[0] = 2 },
		`the plan places 2 items: want 3`:                                                                 func(p *instance.Plan) { p.Of = p.Of[:2] },
		`item "pinned" (number 2) is on host 0 of type "big" (number 0), which must not carry it`:         func(p *instance.Plan) { p.Of[2] = 0 },
		`items "web" (number 0) and "db" (number 1) are to be kept apart (group 0)`:                       func(p *instance.Plan) { p.Of[0] = 0; in.Items[1].Size[1]-- },
		`room for 9223372036854775807 in memory: item "db" (number 1) of 9223372036854775807 is too much`: func(p *instance.Plan) { p.Of[0] = 0 },
		`in use is host 4 of type "big" (number 0): there are 4, counted from 0`:                          func(p *instance.Plan) { p.Hosts[0].N = 4 },
		`in use is a host of type 2: there are 2 types`:                                                   func(p *instance.Plan) { p.Hosts[0].Type = 2 },
		`host 0 of type "big" (number 0) is listed twice`:                                                 func(p *instance.Plan) { p.Hosts[1] = p.Hosts[0] },
		`hosts of type "old" (number 1) are in use whatever the plan: want all 1 among its hosts, have 0`: func(p *instance.Plan) { p.Hosts = p.Hosts[:1] },
		`host 1 of type "big" (number 0) carries nothing`:                                                 func(p *instance.Plan) { p.Hosts = append(p.Hosts, instance.Ref{N: 1}) },
		`among the spares is host -1 of type "big" (number 0): there are 4, counted from 0`:               func(p *instance.Plan) { p.Spares[0].N = -1 },
		`host 0 of type "big" (number 0) is a spare and in use`:                                           func(p *instance.Plan) { p.Spares[0].N = 0 },
		`host 3 of type "big" (number 0) is listed twice among the spares`:                                func(p *instance.Plan) { p.Spares = append(p.Spares, p.Spares[0]) },
		`host 0 of type "big" (number 0) has 0 spares that could take what runs on it: want 1`:            func(p *instance.Plan) { p.Spares = nil },
	} {
		was := in.Items[1].Size[1]
		p := good()
		spoil(p)
		if err := Plan(in, p, 1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got: %v\nwant: %s", err, want)
		}
		in.Items[1].Size[1] = was
	}
	if Plan(in, nil, 0) == nil || Plan(nil, good(), 0) == nil || Plan(in, good(), -1) == nil {
		t.Error("nothing, or fewer spares than none, is accepted")
	}
}

// TestInstances: each part that is not well formed is named.
func TestInstances(t *testing.T) {
	fresh := func() *instance.Instance {
		return &instance.Instance{Dimensions: []string{"cpu"}, Spares: instance.BySize, HostsPerSpare: 20,
			Items: []instance.Item{{Name: "web", Size: []int64{1}, At: instance.Nowhere}}, Apart: [][]int{{0}},
			Types: []instance.HostType{{Name: "big", Capacity: []int64{8}, Count: 2}}}
	}
	if err := Instance(fresh()); err != nil {
		t.Fatal(err)
	}
	for want, spoil := range map[string]func(in *instance.Instance){
		"no dimension":                       func(in *instance.Instance) { in.Dimensions = nil },
		"-2 spares":                          func(in *instance.Instance) { in.Spares = -2 },
		"one spare for every 0 hosts":        func(in *instance.Instance) { in.HostsPerSpare = 0 },
		"-3 hosts: want 0 or more":           func(in *instance.Instance) { in.Types[0].Count = -3 },
		"any number of hosts, all in use":    func(in *instance.Instance) { in.Types[0].Open, in.Types[0].Count = true, instance.Unlimited },
		`host type "big" (number 0): capac`:  func(in *instance.Instance) { in.Types[0].Capacity = nil },
		"capacity -8 in cpu: want 0 or more": func(in *instance.Instance) { in.Types[0].Capacity[0] = -8 },
		`item "web" (number 0): size -1`:     func(in *instance.Instance) { in.Items[0].Size[0] = -1 },
		"size of 2 dimensions: want 1":       func(in *instance.Instance) { in.Items[0].Size = []int64{1, 1} },
		"it may run on hosts of type 1":      func(in *instance.Instance) { in.Items[0].Allow = []int{1} },
		"where it runs: host 2":              func(in *instance.Instance) { in.Items[0].At = instance.Ref{N: 2} },
		"group 0 of items to keep apart":     func(in *instance.Instance) { in.Apart[0][0] = 1 },
	} {
		in := fresh()
		spoil(in)
		if err := Instance(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got: %v\nwant: %s", err, want)
		}
		if Plan(in, &instance.Plan{}, 0) == nil || Certificate(in, &instance.Certificate{Kind: instance.L1}) == nil {
			t.Errorf("%s: a plan or a certificate of it is accepted", want)
		}
	}
}

// TestSpares: the number follows from the bound where none is given.
func TestSpares(t *testing.T) {
	bySize := &instance.Instance{Spares: instance.BySize, HostsPerSpare: 20}
	for bound, want := range map[int]int{0: 0, 1: 1, 20: 1, 21: 2, 200: 10, 201: 11, math.MaxInt: math.MaxInt/20 + 1} {
		if got := Spares(bySize, bound); got != want {
			t.Errorf("%d hosts by size: %d spares, want %d", bound, got, want)
		}
	}
	if got := Spares(&instance.Instance{Spares: 3}, 0); got != 3 {
		t.Errorf("3 spares wanted: %d", got)
	}
}
