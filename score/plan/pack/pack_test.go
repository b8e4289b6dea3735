package pack

import (
	"context"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/infraopt/infraopt/score/plan/pack/check"
	"github.com/infraopt/infraopt/score/plan/pack/instance"
	"github.com/infraopt/infraopt/score/plan/pack/packtest"
)

// forSeeds runs a test for so many seeds, fewer where time is short.
func forSeeds(t *testing.T, n int, try func(seed uint64) error) {
	t.Helper()
	if testing.Short() || raceEnabled {
		n = max(n/20, 2)
	}
	for seed := range n {
		if err := try(uint64(seed)); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

// solve plans, and has the checker look at the plan and the certificate: whatever is placed is placed right.
func solve(ctx context.Context, in *instance.Instance, opt Options) (*Solution, error) {
	sol, err := Solve(ctx, in, opt)
	if err != nil {
		return nil, err
	}
	return sol, verify(in, sol)
}

func verify(in *instance.Instance, sol *Solution) error {
	if err := check.Certificate(in, &sol.Bound); err != nil {
		return err
	}
	if got := slices.Sorted(slices.Values(sol.Unplaced)); len(got) > 0 {
		return verify(placed(in, sol))
	}
	if len(sol.Plan.Hosts) < sol.Bound.Bound && len(in.Items) > 0 {
		return fmt.Errorf("%d hosts, and the bound says %d", len(sol.Plan.Hosts), sol.Bound.Bound)
	}
	spares := sol.Spares
	if len(sol.Lacking) > 0 {
		if check.Plan(in, &sol.Plan, spares) == nil {
			return fmt.Errorf("hosts %v are said to lack spares, and do not", sol.Lacking)
		}
		spares = 0
	}
	return check.Plan(in, &sol.Plan, spares)
}

// placed leaves out what is on no host.
func placed(in *instance.Instance, sol *Solution) (*instance.Instance, *Solution) {
	rest := *in
	out := &Solution{Plan: sol.Plan, Bound: instance.Certificate{Kind: instance.L1}, Spares: sol.Spares, Lacking: sol.Lacking}
	rest.Items, rest.Apart, out.Plan.Of = nil, nil, nil
	number := make([]int, len(in.Items))
	for i, h := range sol.Plan.Of {
		if number[i] = len(rest.Items); h != instance.Unplaced {
			rest.Items = append(rest.Items, in.Items[i])
			out.Plan.Of = append(out.Plan.Of, h)
		}
	}
	for _, group := range in.Apart {
		var some []int
		for _, i := range group {
			if sol.Plan.Of[i] != instance.Unplaced {
				some = append(some, number[i])
			}
		}
		rest.Apart = append(rest.Apart, some)
	}
	return &rest, out
}

// estate is a random estate: several generations of hosts, machines that run on them, some hosts in use for good, fences,
// pins and replicas.
func estate(seed uint64) *instance.Instance {
	r := stream(seed, 1)
	in := &instance.Instance{Dimensions: twoDimensions, Spares: r.below(4) - 1, HostsPerSpare: 20}
	shapes := [][]int64{{40000, 160 * gib}, {48000, 384 * gib}, {64000, 256 * gib}, {64000, 512 * gib}}
	for t := range 1 + r.below(4) {
		shape := shapes[r.below(len(shapes))]
		in.Types = append(in.Types, instance.HostType{Name: fmt.Sprint("generation ", t), Capacity: shape, Count: 3 + r.below(20)})
	}
	for t := range r.below(4) {
		shape := shapes[r.below(len(shapes))]
		in.Types = append(in.Types, instance.HostType{Name: fmt.Sprint("single ", t), Capacity: shape, Count: 1, Open: r.below(2) == 0})
	}
	ratio := ratios[:1+r.below(len(ratios))]
	free := make([][][]int64, len(in.Types))
	for t, host := range in.Types {
		for range host.Count {
			free[t] = append(free[t], slices.Clone(host.Capacity))
		}
	}
	for range 30 + r.below(300) {
		item := flavours(1, powers, ratio, r)[0]
		t := r.below(len(in.Types))
		n := r.below(in.Types[t].Count)
		if room := free[t][n]; 10*item.Size[0] <= 6*room[0] && 10*item.Size[1] <= 6*room[1] {
			room[0], room[1] = room[0]-item.Size[0], room[1]-item.Size[1]
			item.At = instance.Ref{Type: t, N: n}
		} else {
			continue
		}
		switch r.below(20) {
		case 0:
			item.Allow = []int{t}
		case 1:
			item.Allow = []int{t, r.below(len(in.Types))}
		}
		in.Items = append(in.Items, item)
	}
	for range r.below(10) {
		var group []int
		for range 2 + r.below(3) {
			group = append(group, r.below(len(in.Items)))
		}
		in.Apart = append(in.Apart, group)
	}
	return in
}

func TestPlansOfEstatesHold(t *testing.T) {
	moves, all, hosts, before, lower := 0, 0, 0, 0, 0
	forSeeds(t, 60, func(seed uint64) error {
		in := estate(seed)
		sol, err := solve(t.Context(), in, Options{Workers: 1})
		if err != nil {
			return err
		}
		now := map[instance.Ref]bool{}
		for _, item := range in.Items {
			now[item.At] = true
		}
		for ty, host := range in.Types {
			for n := range host.Count {
				if host.Open {
					now[instance.Ref{Type: ty, N: n}] = true
				}
			}
		}
		moves, all, hosts, before, lower = moves+sol.Moves, all+len(in.Items), hosts+len(sol.Plan.Hosts), before+len(now), lower+sol.Bound.Bound
		if len(sol.Plan.Hosts) > len(now) && len(sol.Unplaced) == 0 && len(sol.Lacking) == 0 && sol.Spares == 0 {
			return fmt.Errorf("%d hosts are in use now, and the plan has %d", len(now), len(sol.Plan.Hosts))
		}
		return nil
	})
	t.Logf("hosts now %d, planned %d, bound %d; %d of %d items move", before, hosts, lower, moves, all)
}

func TestMoreSparesNeverMakeFewerHosts(t *testing.T) {
	sparable := 0
	forSeeds(t, 600, func(seed uint64) error {
		in := packtest.Small(seed)
		if seed%20 == 0 {
			in = estate(seed)
		}
		last := 0
		for k := range 4 {
			in.Spares = k
			sol, err := Solve(t.Context(), in, Options{Workers: 1})
			if err != nil {
				return err
			}
			if len(sol.Lacking) > 0 {
				break // no such plan is known
			}
			if len(sol.Plan.Hosts) < last {
				return fmt.Errorf("%d spares: %d hosts; with one less %d", k, len(sol.Plan.Hosts), last)
			}
			if last = len(sol.Plan.Hosts); k > 0 {
				sparable++
			}
		}
		return nil
	})
	if sparable == 0 {
		t.Error("no instance has enough spares: want some that have")
	}
}

func TestPlanDoesNotDependOnWorkers(t *testing.T) {
	forSeeds(t, 20, func(seed uint64) error {
		in := estate(seed)
		if seed%2 == 0 {
			in = kindsOfInstance()[int(seed)%8].draw(150, stream(seed, 0))
		}
		var first *Solution
		for _, workers := range []int{1, 2, 7, 0} {
			sol, err := Solve(t.Context(), in, Options{Workers: workers, Seed: seed})
			if err != nil {
				return err
			}
			if first == nil {
				first = sol
			}
			if !reflect.DeepEqual(first, sol) {
				return fmt.Errorf("%d workers make another plan", workers)
			}
		}
		return nil
	})
}

func TestEndedContextStillMakesAPlan(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	forSeeds(t, 40, func(seed uint64) error {
		in := estate(seed)
		if seed%2 == 0 {
			in = unlimited(flavours(300, powers, ratios, stream(seed, 0)), 40000, 160*gib)
		}
		in.Spares = 0
		sol, err := solve(ctx, in, Options{})
		if err != nil {
			return err
		}
		if seed%2 == 0 && len(sol.Unplaced) > 0 {
			return fmt.Errorf("%d items are on no host, of which any number can be had", len(sol.Unplaced))
		}
		if !sol.Stopped && len(sol.Plan.Hosts) > sol.Bound.Bound {
			return fmt.Errorf("the search of an ended context was not stopped")
		}
		return nil
	})
}

func TestHostileInstances(t *testing.T) {
	huge := int64(math.MaxInt64)
	item := func(size ...int64) instance.Item { return instance.Item{Size: size, At: instance.Nowhere} }
	host := func(count int, capacity ...int64) instance.HostType {
		return instance.HostType{Count: count, Capacity: capacity}
	}
	for name, c := range map[string]struct {
		in              instance.Instance
		hosts, unplaced int
	}{
		"nothing":                  {instance.Instance{Dimensions: twoDimensions}, 0, 0},
		"no items":                 {instance.Instance{Dimensions: twoDimensions, Types: []instance.HostType{host(-1, 1, 1)}, Spares: 2}, 0, 0},
		"no types":                 {instance.Instance{Dimensions: twoDimensions, Items: []instance.Item{item(1, 1), item(0, 0)}}, 0, 2},
		"no hosts":                 {instance.Instance{Dimensions: twoDimensions, Items: []instance.Item{item(1, 1)}, Types: []instance.HostType{host(0, 9, 9)}}, 0, 1},
		"no sizes":                 {instance.Instance{Dimensions: twoDimensions, Items: []instance.Item{item(0, 0), item(0, 0)}, Types: []instance.HostType{host(-1, 9, 9)}}, 1, 0},
		"no sizes and no capacity": {instance.Instance{Dimensions: twoDimensions, Items: []instance.Item{item(0, 0), item(0, 0)}, Types: []instance.HostType{host(2, 0, 0)}}, 1, 0},
		"no capacity":              {instance.Instance{Dimensions: twoDimensions, Items: []instance.Item{item(0, 0), item(1, 0)}, Types: []instance.HostType{host(-1, 0, 0)}}, 1, 1},
		"huge sizes":               {instance.Instance{Dimensions: twoDimensions, Items: []instance.Item{item(huge, 1), item(huge, huge), item(huge, 1)}, Types: []instance.HostType{host(-1, huge, huge)}}, 3, 0},
		"huge sums":                {instance.Instance{Dimensions: twoDimensions, Items: []instance.Item{item(huge/2+1, 1), item(huge/2+1, 1), item(1, 1)}, Types: []instance.HostType{host(-1, huge, huge)}, Spares: 1}, 2, 0},
		"huge count":               {instance.Instance{Dimensions: twoDimensions, Items: []instance.Item{item(1, 1)}, Types: []instance.HostType{host(math.MaxInt, 1, 1)}, Spares: 3}, 1, 0},
		"too few":                  {instance.Instance{Dimensions: twoDimensions, Items: []instance.Item{item(2, 2), item(1, 1), item(1, 1), item(2, 2)}, Types: []instance.HostType{host(1, 2, 2)}}, 1, 2},
		"nowhere allowed":          {instance.Instance{Dimensions: twoDimensions, Items: []instance.Item{{Size: []int64{1, 1}, Allow: []int{}, At: instance.Nowhere}}, Types: []instance.HostType{host(-1, 2, 2)}}, 0, 1},
		"apart from itself":        {instance.Instance{Dimensions: twoDimensions, Items: []instance.Item{item(1, 1)}, Types: []instance.HostType{host(-1, 2, 2)}, Apart: [][]int{{0, 0}, nil}}, 1, 0},
		"too much for its pin": {instance.Instance{Dimensions: twoDimensions, Items: []instance.Item{{Size: []int64{2, 2}, Allow: []int{0}, At: instance.Ref{}},
			{Size: []int64{1, 2}, Allow: []int{0}, At: instance.Ref{}}, item(1, 1)}, Types: []instance.HostType{host(1, 3, 3), host(1, 1, 1)}}, 1, 1},
	} {
		sol, err := solve(t.Context(), &c.in, Options{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(sol.Plan.Hosts) != c.hosts || len(sol.Unplaced) != c.unplaced {
			t.Errorf("%s: %d hosts and %v unplaced: want %d and %d", name, len(sol.Plan.Hosts), sol.Unplaced, c.hosts, c.unplaced)
		}
	}
}

func TestMalformedInstances(t *testing.T) {
	for want, spoil := range map[string]func(in *instance.Instance){
		`the instance has no dimensions`:                       func(in *instance.Instance) { in.Dimensions = nil },
		`item 1 ("b"): size has 1 dimensions: want 2`:          func(in *instance.Instance) { in.Items[1].Size = []int64{1} },
		`item 1 ("b"): size -1 in dimension 0: want 0 or more`: func(in *instance.Instance) { in.Items[1].Size = []int64{-1, 1} },
		`item 0 ("a"): allows host type 2: want 0 to 1`:        func(in *instance.Instance) { in.Items[0].Allow = []int{2} },
		`item 0 ("a"): runs on a host of type 2: want 0 to 1`:  func(in *instance.Instance) { in.Items[0].At = instance.Ref{Type: 2} },
		`item 0 ("a"): runs on host 3 of type 1, which has 3`:  func(in *instance.Instance) { in.Items[0].At = instance.Ref{Type: 1, N: 3} },
		`host type 0 ("x"): capacity has 1 dimensions: want 2`: func(in *instance.Instance) { in.Types[0].Capacity = []int64{1} },
		`host type 1 ("y"): count -2: want 0 or more`:          func(in *instance.Instance) { in.Types[1].Count = -2 },
		`host type 0 ("x"): hosts that are in use whatever`:    func(in *instance.Instance) { in.Types[0].Open = true },
		`host type 1 ("y"): count 999999999999: want at most`:  func(in *instance.Instance) { in.Types[1].Open, in.Types[1].Count = true, 999999999999 },
		`group 0 of items to keep apart: item 2: want 0 to 1`:  func(in *instance.Instance) { in.Apart = [][]int{{0, 2}} },
		`spares -2: want 0 or more`:                            func(in *instance.Instance) { in.Spares = -2 },
		`hosts per spare 0: want 1 or more`:                    func(in *instance.Instance) { in.Spares = instance.BySize },
	} {
		in := &instance.Instance{Dimensions: twoDimensions,
			Items: []instance.Item{{Name: "a", Size: []int64{1, 1}, At: instance.Nowhere}, {Name: "b", Size: []int64{1, 1}, At: instance.Nowhere}},
			Types: []instance.HostType{{Name: "x", Capacity: []int64{1, 1}, Count: instance.Unlimited}, {Name: "y", Capacity: []int64{1, 1}, Count: 3}}}
		if _, err := Solve(t.Context(), in, Options{}); err != nil {
			t.Fatal(err)
		}
		spoil(in)
		if _, err := Solve(t.Context(), in, Options{}); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("error %v: want %s…", err, want)
		}
	}
}

func TestPackerKeepsAPlan(t *testing.T) {
	forSeeds(t, 20, func(seed uint64) error {
		in := estate(seed)
		r := stream(seed, 2)
		p, err := New(in, Options{Workers: 1, Orders: 10})
		if err != nil {
			return err
		}
		now := *in
		now.Items, now.Apart = slices.Clone(in.Items), slices.Clone(in.Apart)
		for range 12 {
			was := p.Solution()
			kept := slices.Clone(was.Plan.Of)
			switch r.below(4) {
			case 0:
				more := flavours(1+r.below(5), powers, ratios, r)
				if err := p.Add(more...); err != nil {
					return err
				}
				now.Items = append(now.Items, more...)
			case 1:
				i := r.below(len(now.Items))
				if err := p.Remove(i); err != nil {
					return err
				}
				now.Items, kept = slices.Delete(now.Items, i, i+1), slices.Delete(kept, i, i+1)
				for g := range now.Apart {
					var rest []int
					for _, j := range now.Apart[g] {
						if j < i {
							rest = append(rest, j)
						} else if j > i {
							rest = append(rest, j-1)
						}
					}
					now.Apart[g] = rest
				}
			case 2:
				group := []int{r.below(len(now.Items)), r.below(len(now.Items))}
				if err := p.Apart(group...); err != nil {
					return err
				}
				now.Apart = append(now.Apart, group)
				for _, i := range group {
					kept[i] = instance.Unplaced // may move
				}
			case 3:
				p.Improve(t.Context())
				if sol := p.Solution(); len(sol.Unplaced) > len(was.Unplaced) ||
					len(sol.Unplaced) == len(was.Unplaced) && len(sol.Lacking) == len(was.Lacking) && len(sol.Plan.Hosts) > len(was.Plan.Hosts) {
					return fmt.Errorf("a plan of %d hosts was improved to %d", len(was.Plan.Hosts), len(sol.Plan.Hosts))
				}
				kept = nil
			}
			sol := p.Solution()
			if err := verify(&now, sol); err != nil {
				return err
			}
			for i, h := range kept {
				if h != instance.Unplaced && (sol.Plan.Of[i] == instance.Unplaced || sol.Plan.Hosts[sol.Plan.Of[i]] != was.Plan.Hosts[h]) {
					return fmt.Errorf("item %d was moved for another: %+v was %v is %v", i, now.Items[i], was.Plan.Hosts[h], sol.Plan.Of[i])
				}
			}
		}
		return nil
	})
}

// TestPackerRemoves: who is to be kept apart from whom stays so when items before, between or after them go.
func TestPackerRemoves(t *testing.T) {
	for gone := range 5 {
		var items []instance.Item
		for range 5 {
			items = append(items, instance.Item{Size: []int64{1}})
		}
		in := unlimited(items, 10)
		in.Apart = [][]int{{1, 3}}
		p, err := New(in, Options{Workers: 1})
		if err != nil {
			t.Fatal(err)
		}
		if err := p.Remove(gone); err != nil {
			t.Fatal(err)
		}
		var want []int
		for _, i := range []int{1, 3} {
			switch {
			case i > gone:
				want = append(want, i-1)
			case i < gone:
				want = append(want, i)
			}
		}
		if got := p.in.Apart[0]; !slices.Equal(got, want) {
			t.Errorf("without item %d those to be kept apart are %v: want %v", gone, got, want)
		}
	}
}

func TestPackerRefuses(t *testing.T) {
	p, err := New(unlimited(flavours(10, powers, ratios, stream(0, 0)), 40000, 160*gib), Options{})
	if err != nil {
		t.Fatal(err)
	}
	before := p.Solution()
	if err := p.Add(instance.Item{Size: []int64{1}}); err == nil {
		t.Error("an item of one dimension was added")
	}
	if err := p.Remove(10); err == nil {
		t.Error("an item that is not there was removed")
	}
	if err := p.Apart(0, 10); err == nil {
		t.Error("an item that is not there is kept apart")
	}
	if after := p.Solution(); !reflect.DeepEqual(before, after) {
		t.Error("what was refused has changed the plan")
	}
}
