package resolve_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/infraopt/infraopt/collect/collecttest"
	"github.com/infraopt/infraopt/collect/demo"
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/collect/resolve"
)

// demoObservations are those of a synthetic estate.
func demoObservations(t testing.TB, target string) []inventory.Observation {
	t.Helper()
	return collecttest.Observe(t, demo.Source(), target)
}

// each yields observations one by one.
func each(obs []inventory.Observation) inventory.Observations {
	return func(yield func(*inventory.Observation, error) bool) {
		for i := range obs {
			if !yield(&obs[i], nil) {
				return
			}
		}
	}
}

// streamed is what Stream makes of the text of a snapshot, with its hosts in order.
func streamed(t *testing.T, s *inventory.Snapshot) *inventory.Estate {
	t.Helper()
	var text bytes.Buffer
	if err := inventory.Encode(&text, s); err != nil {
		t.Fatal(err)
	}
	var hosts []*inventory.Node
	e, err := resolve.Stream(inventory.Identities(bytes.NewReader(text.Bytes())), inventory.Stream(bytes.NewReader(text.Bytes()), nil), func(n *inventory.Node) error {
		hosts = append(hosts, n)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if e.Hosts != nil {
		t.Errorf("got %d hosts in the estate of what belongs to no host", len(e.Hosts))
	}
	slices.SortFunc(hosts, func(a, b *inventory.Node) int { return strings.Compare(a.Machine.ID, b.Machine.ID) })
	e.Hosts = hosts
	return e
}

// alike holds that Stream and Estate make the same of observations in several orders.
func alike(t *testing.T, obs []inventory.Observation, orders int) {
	t.Helper()
	r := rand.New(rand.NewPCG(uint64(len(obs)), 7))
	for range orders {
		want := resolve.Estate(snapshotOf(obs...))
		got := streamed(t, snapshotOf(obs...))
		if len(got.Hosts) != len(want.Hosts) {
			t.Fatalf("got %d hosts, want %d", len(got.Hosts), len(want.Hosts))
		}
		for i := range got.Hosts {
			if !reflect.DeepEqual(got.Hosts[i], want.Hosts[i]) {
				t.Fatalf("host %d: got %+v, want %+v", i, got.Hosts[i], want.Hosts[i])
			}
		}
		g, w := reflect.ValueOf(*got), reflect.ValueOf(*want)
		for i := range g.NumField() {
			if !reflect.DeepEqual(g.Field(i).Interface(), w.Field(i).Interface()) {
				t.Fatalf("%s: got %.2000v, want %.2000v", g.Type().Field(i).Name, g.Field(i), w.Field(i))
			}
		}
		r.Shuffle(len(obs), func(i, j int) { obs[i], obs[j] = obs[j], obs[i] })
	}
}

// An estate that is resolved observation by observation is the same as one that is resolved as a whole.
func TestStreamEqualsEstate(t *testing.T) {
	for _, query := range []string{"machines=0", "machines=1", "machines=12", "machines=40&seed=7", "machines=30&seed=8&unknown=.4", "machines=20&seed=9&unknown=1",
		"machines=30&seed=3&hostile=1&unknown=.2", "machines=120&seed=4&unknown=0"} {
		t.Run(query, func(t *testing.T) { alike(t, demoObservations(t, "demo:?"+query), 2) })
	}
}

// The same holds where one estate was looked at twice, and the looks disagree.
func TestStreamEqualsEstateOverTime(t *testing.T) {
	obs := demoObservations(t, "demo:?machines=24&seed=5&unknown=.1")
	later := demoObservations(t, "demo:?machines=24&seed=5&unknown=.5")
	for i := range later {
		later[i].StartedAt = later[i].StartedAt.AddDate(0, 0, i%3)
		if i%5 == 0 { // through another target, so that both looks count
			later[i].Target += "again"
		}
	}
	alike(t, slices.Concat(obs, later), 3)
}

// The same holds for whatever small observations have to do with one another: they draw from few identities, so that
// machines are united, contradict each other, run on each other and are listed by the same clusters and arrays.
func TestStreamEqualsEstateOfTangles(t *testing.T) {
	for seed := range uint64(800) {
		obs := tangle(rand.New(rand.NewPCG(seed, 1)))
		alike(t, obs, 2)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func tangle(r *rand.Rand) []inventory.Observation {
	name := func(prefix string, n int) string { return fmt.Sprintf("%s%d", prefix, r.IntN(n)) }
	maybe := func(prefix string, n int) inventory.Reading[string] {
		switch r.IntN(4) {
		case 0:
			return known(name(prefix, n))
		case 1:
			return inventory.Unknown[string](name("why", 3), "")
		}
		return inventory.Reading[string]{}
	}
	uuids := []string{uuid, swapped, "ffffffff-0000-0000-0000-000000000000", ""}
	id := func() string { return []string{"m", "m#2", "m#3", "m-2", "n", "n#2", "o", "p", "q"}[r.IntN(9)] }
	obs := make([]inventory.Observation, 1+r.IntN(9))
	for i := range obs {
		o := &obs[i]
		*o = inventory.Observation{Target: name("t", 6), Scheme: []string{"host", "docker", "libvirt"}[r.IntN(3)], Status: inventory.StatusOK, StartedAt: noon.AddDate(0, 0, r.IntN(2))}
		if r.IntN(8) == 0 {
			o.Status, o.Error, o.Remedy = inventory.StatusFailed, name("e", 2), name("r", 2)
			continue
		}
		for range r.IntN(3) {
			m := inventory.Machine{ID: id(), Name: maybe("name", 3), Identity: inventory.Identity{
				MachineID: maybe("id", 9), BootID: maybe("Boot", 9), Serial: maybe("serial", 12), EngineID: maybe("engine", 12)}}
			if r.IntN(3) == 0 {
				m.Identity.UUID = known(uuids[r.IntN(len(uuids))])
			}
			if r.IntN(3) == 0 {
				m.Identity.MACs = []string{name("mac", 9)}
			}
			o.Machines = append(o.Machines, m)
			o.Workloads = append(o.Workloads, inventory.Workload{ID: name("w", 3), Machine: m.ID, Name: name("w", 2), Layer: inventory.Service})
			o.Storage = append(o.Storage, inventory.Storage{ID: name("s", 3), Machine: m.ID, Kind: inventory.Disk})
			o.Networks = append(o.Networks, inventory.Network{Machine: m.ID, Kind: "bond", Name: name("b", 2)})
			o.Gaps = append(o.Gaps, inventory.Gap{Source: o.Target, Subject: m.ID, What: name("w", 3)})
			o.Clusters = append(o.Clusters, inventory.Cluster{ID: name("c", 2), Kind: name("k", 3), Name: maybe("cluster", 3), Machines: []string{m.ID}})
			if r.IntN(2) == 0 {
				h := inventory.Hypervisor{ID: "h" + m.ID, Machine: m.ID, Kind: "kvm"}
				o.Hypervisors = append(o.Hypervisors, h)
				v := inventory.VM{ID: name("v", 4), Hypervisor: h.ID, MACs: []string{name("mac", 9)}}
				if r.IntN(2) == 0 {
					v.UUID = known(uuids[r.IntN(len(uuids))])
				}
				o.VMs = append(o.VMs, v)
			}
		}
		o.Storage = append(o.Storage, inventory.Storage{ID: name("a", 3), Name: name("n", 3), Kind: inventory.Array, Detail: name("d", 3)})
		o.Gaps = append(o.Gaps, inventory.Gap{Source: name("t", 2), Subject: "nowhere", What: name("w", 2)})
	}
	return obs
}

// Observations are held only as long as one is missing that they must be joined with.
func TestStreamHoldsNoMoreThanItMust(t *testing.T) {
	obs := demoObservations(t, "demo:?machines=200")
	given, hosts, most := 0, 0, 0
	all := func(yield func(*inventory.Observation, error) bool) {
		for o := range each(obs) {
			if len(o.Machines) > 0 && o.Scheme == "host" {
				given++
			}
			most = max(most, given-hosts)
			if !yield(o, nil) {
				return
			}
		}
	}
	_, err := resolve.Stream(each(obs), all, func(n *inventory.Node) error {
		n.Walk(func(*inventory.Node) { hosts++ })
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if most > 12 { // a hypervisor and all its guests
		t.Errorf("%d machines were held at once", most)
	}
}

func TestStreamEndsWithTheFirstError(t *testing.T) {
	obs := demoObservations(t, "demo:?machines=3")
	broken := func(yield func(*inventory.Observation, error) bool) {
		if yield(&obs[0], nil) {
			yield(nil, io.ErrUnexpectedEOF)
		}
	}
	other := slices.Clone(obs)
	other[1].Machines = slices.Clone(other[1].Machines)
	other[1].Machines[0].Identity.MachineID = known("another")
	full := errors.New("full")
	tests := []struct {
		name  string
		a, b  inventory.Observations
		yield error
		want  error
	}{
		{"the first reading", broken, each(obs), nil, io.ErrUnexpectedEOF},
		{"the second reading", each(obs), broken, nil, io.ErrUnexpectedEOF},
		{"who takes the hosts", each(obs), each(obs), full, full},
		{"more the second time", each(obs[:2]), each(obs), nil, resolve.ErrChanged},
		{"less the second time", each(obs), each(obs[:2]), nil, resolve.ErrChanged},
		{"another machine", each(obs), each(other), nil, resolve.ErrChanged},
	}
	for _, test := range tests {
		if e, err := resolve.Stream(test.a, test.b, func(*inventory.Node) error { return test.yield }); !errors.Is(err, test.want) || e != nil {
			t.Errorf("%s: got %v, %v, want %v", test.name, e, err, test.want)
		}
	}
}

// Clones of any number get an ID each, which no machine has that another source calls so.
func TestManyClones(t *testing.T) {
	var obs []inventory.Observation
	for i := range 30 {
		o := hostWith(inventory.Identity{MachineID: known("same"), UUID: known(fmt.Sprintf("%08x-0000-0000-0000-000000000000", i<<8|i))}, inventory.Batch{})
		o.Target = fmt.Sprint("host:", i)
		obs = append(obs, o)
	}
	for _, id := range []string{"m-host#2", "m-host#7#2", "m-host-2"} {
		o := hostWith(inventory.Identity{MachineID: known(id)}, inventory.Batch{})
		o.Machines[0].ID, o.Machines[0].Name = id, known(id)
		obs = append(obs, o)
	}
	ids := map[string]bool{}
	for _, n := range resolve.Estate(snapshotOf(obs...)).Hosts {
		ids[n.Machine.ID] = true
	}
	if len(ids) != 33 {
		t.Errorf("got %d IDs, want 33", len(ids))
	}
	alike(t, obs, 5)
}

// BenchmarkStream resolves a demo estate from the text of its snapshot, in three steps: as a whole, the reading alone,
// and observation by observation.
func BenchmarkStream(b *testing.B) {
	const machines = 500
	s := snapshotOf(demoObservations(b, fmt.Sprintf("demo:?machines=%d", machines))...)
	var out bytes.Buffer
	if err := inventory.Encode(&out, s); err != nil {
		b.Fatal(err)
	}
	text := out.Bytes()
	run := func(name string, f func() error) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := f(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/machines, "ns/machine")
		})
	}
	drain := func(all inventory.Observations) error {
		for _, err := range all {
			if err != nil {
				return err
			}
		}
		return nil
	}
	drop := func(*inventory.Node) error { return nil }
	run("identities", func() error { return drain(inventory.Identities(bytes.NewReader(text))) })
	run("observations", func() error { return drain(inventory.Stream(bytes.NewReader(text), nil)) })
	run("resolving", func() error {
		_, err := resolve.Stream(each(s.Sources), each(s.Sources), drop)
		return err
	})
	run("whole", func() error {
		resolve.Estate(s)
		return nil
	})
	run("all", func() error {
		_, err := resolve.Stream(inventory.Identities(bytes.NewReader(text)), inventory.Stream(bytes.NewReader(text), nil), drop)
		return err
	})
}
