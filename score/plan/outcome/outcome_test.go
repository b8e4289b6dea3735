package outcome

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/infraopt/infraopt/collect/demo"
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

func TestRows(t *testing.T) {
	list := rows()
	if len(list) != 15 {
		t.Fatalf("%d kinds of server, want 15", len(list))
	}
	for i, r := range list {
		if !(0 < r.idle.lo && r.idle.lo < r.idle.hi && r.full.lo < r.full.hi && r.idle.lo < r.full.lo && r.idle.hi*productionIdle < r.full.hi) {
			t.Errorf("%+v", r)
		}
		if i >= 3 && r.from != list[i-3].to+1 {
			t.Errorf("years between %d and %d are of no kind", list[i-3].to, r.from)
		}
	}
	for text, want := range map[string]string{
		"":                                     "specpower.csv: want a line with the names of the columns",
		"published,sockets\nlong ago,1\n":      `specpower.csv: published "long ago": want years such as 2015-2018`,
		"published,sockets\n2015-2018,1,2,3\n": "specpower.csv: record on line 2: wrong number of fields",
	} {
		if _, err := readRows(text); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func TestWatts(t *testing.T) {
	one := count{1, 1}
	for _, row := range []struct {
		what    string
		from    int
		to      int
		sockets count
		idle    span
		full    span
	}{
		{"two sockets of 2017", 2017, 2017, count{2, 2}, span{41.1, 86.3 * 1.33}, span{253.8, 458.4}},
		{"one or two", 2017, 2017, count{1, 2}, span{10.8, 86.3 * 1.33}, span{47.5, 458.4}},
		{"three", 2017, 2017, count{3, 3}, span{88.4, 880.3 * 1.33}, span{732.3, 5295.8}},
		{"any number", 2017, 2017, count{1, maxSockets}, span{10.8, 880.3 * 1.33}, span{47.5, 5295.8}},
		{"two generations", 2018, 2019, one, span{10.8, 86.7 * 1.33}, span{47.5, 292.4}},
		{"before the first", 1999, 1999, one, span{31.3, 70.2 * 1.33}, span{92.1, 127.3}},
		{"after the last", 2030, 2031, one, span{22.2, 115.6 * 1.33}, span{98.8, 445.8}},
		{"any", 0, anyProcessor.To, count{1, maxSockets}, span{10.8, 1204 * 1.33}, span{47.5, 6318.8}},
	} {
		idle, full, kinds := watts(&Processor{From: row.from, To: row.to}, row.sockets)
		if !near(idle.lo, row.idle.lo) || !near(idle.hi, row.idle.hi) || full != row.full || kinds == 0 {
			t.Errorf("%s: idle %v, full %v; want %v and %v", row.what, idle, full, row.idle, row.full)
		}
	}
}

// What an estate takes, by hand: two boxes of 2017 with two sockets, a quarter of whose processors is at work.
func TestMeasure(t *testing.T) {
	m := Default().Measure(mixed())
	const perBoxLow, perBoxHigh = 41.1 + .25*(253.8-41.1), 86.3*1.33 + .25*(458.4-86.3*1.33)
	low, high := 2*perBoxLow*1.56*8.76, 2*perBoxHigh*1.56*8.76
	if got := m.EnergyKWh(); !near(got.Low, low) || !near(got.High, high) {
		t.Errorf("energy %+v, want %v to %v", got, low, high)
	}
	if got := m.CarbonKg(); !near(got.Low, low*.436) || !near(got.High, high*.436) {
		t.Errorf("carbon %+v, want %v to %v", got, low*.436, high*.436)
	}
	if got := m.Cost(); !got.None {
		t.Errorf("cost %+v without a price book", got)
	}
}

// What is not known to take energy of this estate counts from nothing, or not at all.
func TestDoubt(t *testing.T) {
	top := 6318.8 * 1.56 * 8.76
	box2017 := (458.4) * 1.56 * 8.76
	for _, row := range []struct {
		what string
		edit func(*inventory.Machine)
		want span
		note string
	}{
		{"an unknown kind", func(m *inventory.Machine) { m.Kind = inventory.Reading[inventory.MachineKind]{} }, span{0, top},
			"of one host it is not known whether it is a box: its energy counts from 0"},
		{"a virtual machine", func(m *inventory.Machine) { m.Kind = inventory.Known(inventory.Virtual) }, span{0, top},
			"the host below one virtual machine is not seen: its energy counts from 0"},
		{"a cloud", func(m *inventory.Machine) { m.Kind = inventory.Known(inventory.Cloud) }, span{},
			"one host is an instance of a cloud: its energy is the provider's"},
		{"off", func(m *inventory.Machine) { m.Powered = inventory.Known(false) }, span{}, ""},
		{"perhaps off, and nobody knows what it does", func(m *inventory.Machine) {
			m.Powered, m.Usage = inventory.Reading[bool]{}, inventory.Usage{}
		}, span{0, box2017}, "of one host it is not known whether it is on: its energy counts from 0"},
		{"counters of a day and a half of nothing", func(m *inventory.Machine) {
			m.Usage = inventory.Usage{CPUSeconds: inventory.Known(0.0), Age: inventory.Known(1.5 * inventory.Day)}
		}, span{41.1 * 1.56 * 8.76, 86.3 * 1.33 * 1.56 * 8.76}, ""},
		{"counters of an hour", func(m *inventory.Machine) {
			m.Usage = inventory.Usage{CPUSeconds: inventory.Known(0.0), Age: inventory.Known(inventory.Seconds(3600))}
		}, span{41.1 * 1.56 * 8.76, box2017}, ""},
	} {
		e := mixed()
		e.Hosts = e.Hosts[2:3] // kvm-1
		row.edit(&e.Hosts[0].Machine)
		s := Default()
		m := s.Measure(e)
		if got := m.EnergyKWh(); !near(got.Low, row.want.lo) || !near(got.High, row.want.hi) {
			t.Errorf("%s: %+v, want %v", row.what, got, row.want)
		}
		if notes := strings.Join(s.Compare(m, m).Notes, "; "); notes != row.note {
			t.Errorf("%s: notes %q, want %q", row.what, notes, row.note)
		}
	}
}

// A host that is switched off saves what it takes when idle; its work takes the rest along.
func TestRetire(t *testing.T) {
	s := Default()
	s.Prices = book(t, "per: core, price: 10, period: year, floorPerSocket: 16, pack: 50")
	before := mixed()
	after := demo.Clone(before)
	after.Hosts[1].VMs, after.Hosts[1].Hypervisors = after.Hosts[2].VMs, after.Hosts[2].Hypervisors
	after.Hosts[2].VMs, after.Hosts[2].Hypervisors = nil, nil
	after.Hosts[2].Machine.Powered = inventory.Known(false)
	gone := demo.Clone(after)
	gone.Hosts = slices.Delete(gone.Hosts, 2, 3)
	for what, after := range map[string]*inventory.Estate{"switched off": after, "not there": gone} {
		o := s.Compare(s.Measure(before), s.Measure(after))
		const year = 1.56 * 8.76
		low, high := 41.1*year, 86.3*1.33*year
		if saved := o.EnergyKWh.Saved; !near(saved.Low, low) || !near(saved.High, high) {
			t.Errorf("%s: saved %+v kWh, want %v to %v", what, saved, low, high)
		}
		if saved := o.CarbonKg.Saved; !near(saved.Low, low*.436) || !near(saved.High, high*.436) {
			t.Errorf("%s: saved %+v kg, want %v to %v", what, saved, low*.436, high*.436)
		}
		// What stays takes what it took, and at most a quarter of the way from idle to full of the other.
		kept := (86.3*1.33 + .25*(458.4-86.3*1.33)) * year
		if got := o.EnergyKWh.After.High; !near(got, kept+.25*(458.4-41.1)*year) {
			t.Errorf("%s: after it %v, want %v", what, got, kept+.25*(458.4-41.1)*year)
		}
		// 96 cores are two packs of 50, 64 are two as well.
		if *o.Cost != (score.Change{Before: exactly(1000), After: exactly(1000), Saved: exactly(0)}) || o.Currency != "EUR" {
			t.Errorf("%s: cost %+v", what, o.Cost)
		}
		if o.MemoryFreed != exactly(0) {
			t.Errorf("%s: memory freed %+v", what, o.MemoryFreed)
		}
	}
}

// Deleting guests frees the memory of their systems: measured, or assumed.
func TestMemoryFreed(t *testing.T) {
	s := Default()
	for _, row := range []struct {
		what   string
		remove []string
		want   span
		ground bool
	}{
		{"nothing", nil, span{}, false},
		{"one that was looked into: 3 GiB less 2 of its work", []string{"seen"}, span{1, 1}, false},
		{"one that was not", []string{"opaque"}, span{.25, 2}, true},
		{"one that is off", []string{"stopped"}, span{}, false},
		{"all", []string{"seen", "opaque", "stopped"}, span{1.25, 3}, true},
		{"one that may be off", []string{"doubtful"}, span{0, 2}, true},
	} {
		before := mixed()
		doubtful := before.Hosts[2].VMs[0]
		doubtful.ID, doubtful.State = "doubtful", inventory.Reading[inventory.RunState]{}
		before.Hosts[2].VMs = append(before.Hosts[2].VMs, doubtful)
		after := demo.Clone(before)
		kvm := after.Hosts[2]
		kvm.VMs = slices.DeleteFunc(kvm.VMs, func(v inventory.GuestVM) bool { return slices.Contains(row.remove, v.ID) })
		o := s.Compare(s.Measure(before), s.Measure(after))
		want := row.want.times(float64(inventory.GiB))
		if o.MemoryFreed != want.bounds() {
			t.Errorf("%s: %+v, want %v", row.what, o.MemoryFreed, want)
		}
		if got := slices.ContainsFunc(o.Basis, func(g score.Ground) bool { return strings.HasPrefix(g.Name, "memory of a guest") }); got != row.ground {
			t.Errorf("%s: the assumption is stated: %v", row.what, got)
		}
		if o.EnergyKWh.Saved != exactly(0) || o.CarbonKg.Saved != exactly(0) {
			t.Errorf("%s: saves energy %+v", row.what, o.EnergyKWh.Saved)
		}
	}
}

// Every number names its source and says whether it is a default.
func TestBasis(t *testing.T) {
	s := Default()
	s.PUE = Value{1.2, "measured in 2026", false}
	s.Factors = &Factors{Regions: []Region{{"DE", new(381.0), "Ember", 2023}, {"edge", new(0.0), "own wind", 2026}}, Zones: map[string]string{"default": "DE"}}
	s.Prices = book(t, "per: vm, period: month, tiering: graduated, tiers: [{upTo: 9, price: 7}, {price: 3}]")
	m := s.Measure(mixed())
	o := s.Compare(m, m)
	var got []string
	for _, g := range o.Basis {
		if g.Source == "" || g.Unit == "" || g.Name == "" {
			t.Errorf("%+v", g)
		}
		got = append(got, fmt.Sprintf("%s|%v–%v|%v", g.Name, g.Value.Low, g.Value.High, g.Default))
	}
	want := []string{
		"power usage effectiveness|1.2–1.2|false",
		"carbon intensity of electricity|381–381|false",
		"carbon intensity of electricity|0–0|false",
		"idle power of a server with 2 sockets, published 2015–2018|41.1–86.3|true",
		"full power of a server with 2 sockets, published 2015–2018|253.8–458.4|true",
		"idle power in production, by that published|1–1.33|true",
		"years of processors|0–0|true",
		"price: it|3–7|false",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	const perBoxLow = 41.1 + .25*(253.8-41.1)
	if c := m.CarbonKg(); !near(c.Low, perBoxLow*1.2*8.76*.381) { // the other box is in the wind
		t.Errorf("carbon %+v", c)
	}
}

func TestCheck(t *testing.T) {
	de := &Factors{Regions: []Region{{"DE", new(381.0), "Ember", 2023}}}
	for want, edit := range map[string]func(*Settings){
		"": func(s *Settings) { s.Factors, s.Region = de, "de" },
		"PUE 0.9: want a number from 1 (nothing but machines takes power) to 10": func(s *Settings) { s.PUE.Number = .9 },
		"carbon intensity -1: want grams of CO2 for each kWh, from 0 to 3000":    func(s *Settings) { s.Grid.Number = -1 },
		`region "DE": want a file with carbon factors that knows it`:             func(s *Settings) { s.Region = "DE" },
		`region "FR": the carbon factors know no such region: want one of DE`:    func(s *Settings) { s.Factors, s.Region = de, "FR" },
	} {
		s := Default()
		edit(s)
		got := ""
		if err := s.Check(); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestFactorOfZone(t *testing.T) {
	s := Default()
	s.Factors = &Factors{
		Regions: []Region{{"DE", new(381.0), "Ember", 2023}, {"FR", new(56.0), "Ember", 2023}, {"edge", new(1.0), "own", 2026}},
		Zones:   map[string]string{"fra": "DE", "default": "FR"},
	}
	for zone, want := range map[string]float64{"fra": 381, "": 56, "edge": 1, "EDGE": 1, "ams": 436} {
		if got := s.factor(zone); got.Number != want || got.Default != (want == 436) {
			t.Errorf("zone %q: %+v, want %v", zone, got, want)
		}
	}
	s.Region = "DE"
	if got := s.factor(""); got.Number != 56 {
		t.Errorf("a zone that is said to be in FR, while all others are in DE: %+v", got)
	}
	if got := s.factor("ams"); got.Number != 381 || got.Source != "DE: Ember, 2023" {
		t.Errorf("a zone that no region has, in DE: %+v", got)
	}
}

// --- laws

// settings have prices of every kind, some with everything that makes them less than straight.
func settings(t *testing.T) *Settings {
	t.Helper()
	b, err := LoadBook("prices.yaml", []byte(`
currency: EUR
prices:
  - {name: power and space, per: host, price: 900, period: year, source: x}
  - {name: support, per: host, price: 12000, period: once, years: 5, source: x, match: {os: [rhel, debian]}}
  - {name: hypervisor, per: core, price: 50, period: year, floorPerSocket: 16, minimum: 72, source: x, match: {hypervisors: [kvm, esxi]}}
  - {name: database, per: socket, price: 700, period: month, pack: 2, source: x, match: {machines: ["*1*", "alpha"]}}
  - {name: backup, per: vm, period: year, tiering: all-units, tiers: [{upTo: 5, price: 100}, {upTo: 20, price: 60}, {price: 40}], source: x, match: {machines: [alpha]}}
  - {name: system, per: os, period: year, tiering: graduated, tiers: [{upTo: 3, price: 300}, {price: 200}], source: x, match: {os: [rhel]}}
  - {name: cluster, per: node, price: 400, period: year, pack: 3, source: x}
  - {name: storage, per: tb, price: 90, period: year, source: x}
`))
	if err != nil {
		t.Fatal(err)
	}
	s := Default()
	s.Prices = b
	return s
}

// forSeeds tries something with n seeds, or with a twentieth of them where time is short. A failure names the seed.
func forSeeds(t *testing.T, n int, try func(r *rand.Rand) error) {
	t.Helper()
	n = trials(n)
	const workers = 4
	var wg sync.WaitGroup
	var failed atomic.Bool
	for w := range workers {
		wg.Go(func() {
			for seed := w; seed < n && !failed.Load(); seed += workers {
				if err := try(rand.New(rand.NewPCG(uint64(seed), 9))); err != nil {
					failed.Store(true)
					t.Errorf("seed %d: %v", seed, err)
				}
			}
		})
	}
	wg.Wait()
}

// full is a random estate of which everything is known, with processors as they are sold.
func full(r *rand.Rand) *inventory.Estate {
	e := demo.Complete(r, demo.RandomEstate(r, demo.RandomOptions{Hosts: 4}))
	for _, h := range e.Hosts {
		m := &h.Machine
		if m.Kind.Or("") != inventory.Physical {
			continue
		}
		sold := []struct {
			name                    string
			sockets, cores, threads int
		}{
			{"Intel(R) Xeon(R) Gold 6130 CPU @ 2.10GHz", 4, 16, 2}, {"Intel(R) Xeon(R) CPU E5-2640 v4 @ 2.40GHz", 2, 10, 2},
			{"AMD EPYC 7502P 32-Core Processor", 1, 32, 2}, {"AMD EPYC 9654 96-Core Processor", 2, 96, 2}, {"Ampere(R) Altra(R) Processor Q80-30", 2, 80, 1},
			{"an unknown processor", 8, 12, 4},
		}[r.IntN(6)]
		sockets, threads := 1+r.IntN(sold.sockets), 1+r.IntN(sold.threads)
		m.CPUModel, m.Sockets = inventory.Known(sold.name), inventory.Known(sockets)
		m.PhysicalCores, m.Cores = inventory.Known(sockets*sold.cores), inventory.Known(float64(sockets*sold.cores*threads))
	}
	name := func() inventory.Reading[string] { return inventory.Known([]string{"alpha", "beta"}[r.IntN(2)]) }
	e.Walk(func(n *inventory.Node) {
		n.Machine.Name = name()
		for i := range n.VMs {
			n.VMs[i].Name = name()
		}
	})
	return e
}

// forget makes a share of the facts unknown.
func forget(r *rand.Rand, e *inventory.Estate, share float64) *inventory.Estate {
	e = demo.Clone(e)
	for _, f := range demo.Readings(e) {
		if r.Float64() < share {
			f.Forget("nobody looked", "")
		}
	}
	return e
}

// An edit changes an estate, by places that do not depend on what is known of it.
type edit func(e *inventory.Estate)

// edits draws what to do with an estate.
func edits(r *rand.Rand, e *inventory.Estate) edit {
	from, to := r.IntN(len(e.Hosts)), r.IntN(len(e.Hosts))
	var vm int
	if n := len(e.Hosts[from].VMs); n > 0 {
		vm = r.IntN(n)
	}
	move := func(e *inventory.Estate) {
		if from != to {
			e.Hosts[to].VMs = append(e.Hosts[to].VMs, e.Hosts[from].VMs...)
			e.Hosts[to].Hypervisors = append(e.Hosts[to].Hypervisors, e.Hosts[from].Hypervisors...)
			e.Hosts[to].Containers = append(e.Hosts[to].Containers, e.Hosts[from].Containers...)
			e.Hosts[from].VMs, e.Hosts[from].Containers = nil, nil
		}
	}
	return []edit{
		func(*inventory.Estate) {},
		move,
		func(e *inventory.Estate) { move(e); e.Hosts = slices.Delete(e.Hosts, from, from+1) },
		func(e *inventory.Estate) { move(e); e.Hosts[from].Machine.Powered = inventory.Known(false) },
		func(e *inventory.Estate) {
			if vms := e.Hosts[from].VMs; len(vms) > 0 {
				e.Hosts[from].VMs = slices.Delete(vms, vm, vm+1)
			}
		},
		func(e *inventory.Estate) { e.Hosts[from].Machine.OS.ID = inventory.Known("debian") },
	}[r.IntN(6)]
}

func (x edit) apply(e *inventory.Estate) *inventory.Estate {
	e = demo.Clone(e)
	x(e)
	return e
}

// holds reports whether one interval lies within another, but for rounding.
func holds(wide, narrow score.Bounds) bool {
	return wide.Low <= narrow.Low+1e-6 && narrow.High <= wide.High+1e-6 && wide.Low <= wide.High
}

// What is said of an estate with unknown facts holds for whatever these turn out to be.
func TestLawUnknownWidens(t *testing.T) {
	s := settings(t)
	forSeeds(t, 1200, func(r *rand.Rand) error {
		all := full(r)
		some := forget(r, all, float64(r.IntN(10))/10)
		less := forget(r, some, .3)
		x := edits(r, all)
		truth, known, blurred := outcomes(s, all, x), outcomes(s, some, x), outcomes(s, less, x)
		for _, pair := range [][2]*score.Outcomes{{known, truth}, {blurred, known}} {
			for i, what := range []string{"energy", "carbon", "cost"} {
				wide, narrow := parts(pair[0])[i], parts(pair[1])[i]
				if !holds(wide.Before, narrow.Before) || !holds(wide.After, narrow.After) || !holds(wide.Saved, narrow.Saved) {
					return fmt.Errorf("%s: %+v does not hold %+v", what, *wide, *narrow)
				}
			}
		}
		return nil
	})
}

func outcomes(s *Settings, e *inventory.Estate, x edit) *score.Outcomes {
	return s.Compare(s.Measure(e), s.Measure(x.apply(e)))
}

func parts(o *score.Outcomes) []*score.Change {
	return []*score.Change{o.EnergyKWh, o.CarbonKg, o.Cost}
}

// Where everything is known but what kinds of server take, what is saved of cost is the difference of both costs.
func TestLawSavedIsTheDifference(t *testing.T) {
	s := settings(t)
	forSeeds(t, 600, func(r *rand.Rand) error {
		e := full(r)
		o := outcomes(s, e, edits(r, e))
		if c := o.Cost; c.Before.Low == c.Before.High && c.After.Low == c.After.High && !(near(c.Saved.Low, c.Before.Low-c.After.Low) && near(c.Saved.High, c.Saved.Low)) {
			return fmt.Errorf("cost %+v", *c)
		}
		return nil
	})
}

// Retiring a host, wherever its work goes, never costs energy, carbon or, by prices for hosts and what is in them, money.
// To move work and to change what it was given saves no energy.
func TestLawRetireAndMove(t *testing.T) {
	s := settings(t)
	forSeeds(t, 600, func(r *rand.Rand) error {
		e := forget(r, full(r), float64(r.IntN(6))/10)
		i := r.IntN(len(e.Hosts))
		before := s.Measure(e)
		empty := demo.Clone(e)
		empty.Hosts = slices.Delete(empty.Hosts, i, i+1)
		o := s.Compare(before, s.Measure(empty))
		for j, c := range parts(o) {
			if c.Saved.Low < 0 || c.Saved.High < c.Saved.Low {
				return fmt.Errorf("retired: outcome %d: %+v", j, *c)
			}
		}
		other := demo.Clone(e)
		for _, h := range other.Hosts {
			for k := range h.VMs {
				h.VMs[k].VCPUs, h.VMs[k].Memory = inventory.Known(1.0), inventory.Known(inventory.GiB)
			}
		}
		o = s.Compare(before, s.Measure(other))
		for j, c := range parts(o) {
			if c.Saved != exactly(0) || c.Before != c.After {
				return fmt.Errorf("right-sized: outcome %d: %+v", j, *c)
			}
		}
		k := (i + 1) % len(e.Hosts)
		moved := demo.Clone(e)
		moved.Hosts[k].VMs, moved.Hosts[i].VMs = append(moved.Hosts[k].VMs, moved.Hosts[i].VMs...), nil
		if o = s.Compare(before, s.Measure(moved)); o.EnergyKWh.Saved != exactly(0) || o.EnergyKWh.Before != o.EnergyKWh.After {
			return fmt.Errorf("moved: %+v", *o.EnergyKWh)
		}
		return nil
	})
}

// To measure again gives what measuring anew does, whatever was shared; the order of hosts is no information.
func TestLawAgain(t *testing.T) {
	s := settings(t)
	forSeeds(t, 400, func(r *rand.Rand) error {
		e := forget(r, full(r), .2)
		before := s.Measure(e)
		after := &inventory.Estate{Hosts: slices.Clone(e.Hosts), Clusters: e.Clusters, Arrays: e.Arrays}
		i := r.IntN(len(after.Hosts))
		h := *after.Hosts[i]
		h.VMs, h.Machine.Powered = nil, inventory.Known(r.IntN(2) == 0)
		after.Hosts[i] = &h
		again, anew := s.Again(before, after), s.Measure(after)
		if !reflect.DeepEqual(s.Compare(before, again), s.Compare(before, anew)) {
			return fmt.Errorf("to measure again gives something else")
		}
		shuffled := demo.Clone(after)
		demo.Shuffle(r, shuffled)
		if !reflect.DeepEqual(s.Compare(before, again), s.Compare(before, s.Measure(shuffled))) {
			return fmt.Errorf("order is information")
		}
		return nil
	})
}

func BenchmarkMeasure(b *testing.B) {
	s := Default()
	book, err := LoadBook("p.yaml", []byte("currency: EUR\nprices: [{name: a, per: core, price: 1, period: year, source: x}, {name: b, per: os, price: 1, period: year, source: x, match: {os: [rhel]}}]"))
	if err != nil {
		b.Fatal(err)
	}
	s.Prices = book
	r := rand.New(rand.NewPCG(1, 1))
	e := &inventory.Estate{}
	for len(e.Hosts) < 10_000 {
		e.Hosts = append(e.Hosts, full(r).Hosts...)
	}
	b.Run("anew", func(b *testing.B) {
		for b.Loop() {
			s.Measure(e)
		}
	})
	before := s.Measure(e)
	after := &inventory.Estate{Hosts: slices.Clone(e.Hosts[1:])}
	b.Run("again, and compared", func(b *testing.B) {
		for b.Loop() {
			s.Compare(before, s.Again(before, after))
		}
	})
}
