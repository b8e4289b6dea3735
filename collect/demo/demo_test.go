package demo

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/collect/collecttest"
	"github.com/infraopt/infraopt/collect/inventory"
)

var update = flag.Bool("update", false, "write the golden files anew")

// observe opens a target as a command does, and reads it.
func observe(t testing.TB, target string) []inventory.Observation {
	t.Helper()
	return collecttest.Observe(t, Source(), target)
}

// encode writes observations as a snapshot and fails the test where that is not read again as it was.
func encode(t testing.TB, obs []inventory.Observation) string {
	t.Helper()
	var out, again bytes.Buffer
	if err := inventory.Encode(&out, &inventory.Snapshot{Schema: inventory.SnapshotSchema, TakenAt: base, Sources: obs}); err != nil {
		t.Fatal(err)
	}
	s, err := inventory.Decode(bytes.NewReader(out.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if err := inventory.Encode(&again, s); err != nil {
		t.Fatal(err)
	}
	if out.String() != again.String() {
		t.Error("the snapshot changes on its way through a file")
	}
	return out.String()
}

func TestSameBytes(t *testing.T) {
	for _, target := range []string{"demo:", "demo:?machines=30&seed=7", "demo:?hostile=1", "demo:?series=1", "demo:?unknown=1", "demo:?unknown=0", "demo:?seed=18446744073709551615"} {
		first := encode(t, observe(t, target))
		if encode(t, observe(t, target)) != first {
			t.Errorf("%s gives two answers", target)
		}
	}
	if encode(t, observe(t, "demo:?seed=1")) == encode(t, observe(t, "demo:?seed=2")) {
		t.Error("two seeds give one answer")
	}
}

// The golden file proves that no platform and no version of Go draws otherwise.
func TestGolden(t *testing.T) {
	got := encode(t, observe(t, "demo:?machines=2&seed=1"))
	path := filepath.Join("testdata", "machines-2.json")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the estate differs from %s; if that is meant, run go test ./collect/demo -update", path)
	}
}

// A machine is the same in estates of any size.
func TestPrefix(t *testing.T) {
	for _, more := range []string{"", "&hostile=1", "&unknown=.5"} {
		whole := observe(t, "demo:?machines=40"+more)
		text := encode(t, whole)
		for _, n := range []int{0, 1, 2, 13, 39} {
			part := observe(t, fmt.Sprintf("demo:?machines=%d%s", n, more))
			if len(part) > len(whole) || encode(t, whole[:len(part)]) != encode(t, part) {
				t.Errorf("%q: the first %d machines depend on how many there are", more, n)
			}
		}
		if len(text) < 100_000 {
			t.Errorf("%q: an estate of 40 machines takes just %d bytes", more, len(text))
		}
	}
}

// What nobody could read is the only difference that the share of unknown facts makes.
func TestUnknownHidesAndChangesNothing(t *testing.T) {
	at := func(share string) (known, unknown, failed int) {
		e := &inventory.Estate{}
		for _, o := range observe(t, "demo:?machines=24&unknown="+share) {
			if o.Status == inventory.StatusFailed {
				failed++
			}
			for _, m := range o.Machines {
				e.Hosts = append(e.Hosts, &inventory.Node{Machine: m})
			}
		}
		for _, f := range Readings(e) {
			if f.State() == inventory.StateUnknown {
				unknown++
			} else {
				known++
			}
		}
		return known, unknown, failed
	}
	k0, _, f0 := at("0")
	k5, _, f5 := at("0.5")
	k1, _, f1 := at("1")
	if f0 != 0 || f5 <= f0 || f1 <= f5 || k5 >= k0 || k1 >= k5 {
		t.Errorf("known %d, %d, %d and failed %d, %d, %d at shares of 0, .5 and 1", k0, k5, k1, f0, f5, f1)
	}
	for _, o := range observe(t, "demo:?machines=24&unknown=0") {
		if len(o.Gaps) > 0 || o.Status != inventory.StatusOK {
			t.Errorf("%s: %s with %d gaps although all is known", o.Target, o.Status, len(o.Gaps))
		}
	}
	for _, o := range observe(t, "demo:?machines=24&unknown=1") {
		for _, g := range o.Gaps {
			if g.Why == "" || g.Remedy == "" || g.What == "" || g.Source != o.Target {
				t.Errorf("%s: the gap %+v says too little", o.Target, g)
			}
		}
	}
}

// The machines of one rack show everything that the score asks for.
func TestVariety(t *testing.T) {
	got := map[string]int{}
	inside := map[string]bool{}
	for _, o := range observe(t, "demo:?unknown=0") {
		for _, m := range o.Machines {
			got["machine "+string(m.Kind.Or("of no kind"))]++
			inside[m.Identity.UUID.Or("")] = true
		}
		for _, h := range o.Hypervisors {
			got["hypervisor "+h.Kind]++
		}
		for _, w := range o.Workloads {
			got["service "+string(w.Readiness.Or(""))]++
		}
		for _, c := range o.Containers {
			got["container "+string(c.State.Or(""))]++
			got["managed by "+string(c.Manager.Or("nobody"))]++
		}
		for _, i := range o.Images {
			if len(i.Tags) == 0 {
				got["dangling image"]++
			}
		}
		for _, c := range o.Clusters {
			got["cluster "+c.Kind]++
		}
		for _, s := range o.Storage {
			got["storage "+string(s.Kind)]++
		}
		for _, v := range o.VMs {
			got["vm "+string(v.State.Or(""))]++
			if inside[v.UUID.Or("")] {
				t.Errorf("the virtual machine %s was seen from inside before its hypervisor showed it", v.Name)
			}
			if v.Demand.Days.IsKnown() {
				got["vm with a series"]++
			}
		}
	}
	guests := 0
	for _, o := range observe(t, "demo:?unknown=0") {
		for _, v := range o.VMs {
			if inside[v.UUID.Or("")] {
				guests++
			}
		}
	}
	if guests == 0 {
		t.Error("no virtual machine was seen from inside as well")
	}
	for _, want := range []string{
		"machine physical", "machine virtual", "machine cloud", "hypervisor kvm", "hypervisor esxi", "service ready", "service ready with work",
		"container running", "container stopped", "managed by hand", "managed by restart-policy", "managed by compose", "managed by swarm", "managed by kubernetes",
		"dangling image", "cluster proxmox", "cluster vsphere", "cluster kubernetes", "cluster swarm", "storage array", "storage disk",
		"vm running", "vm stopped", "vm with a series",
	} {
		if got[want] == 0 {
			t.Errorf("no %s", want)
		}
	}
}

// Nobody uses more than there is.
func TestUseFits(t *testing.T) {
	for _, o := range observe(t, "demo:?machines=120&unknown=0") {
		machines := map[string]size{}
		for _, m := range o.Machines {
			machines[m.ID] = size{m.Cores.Or(0), m.Memory.Or(0)}
		}
		fits := func(what string, u *inventory.Usage, d *inventory.Demand, room size) {
			if least := leastUse(u, d); least.cores > room.cores+1e-9 || least.memory > room.memory {
				t.Errorf("%s: %s uses %v and has %v", o.Target, what, least, room)
			}
		}
		for _, w := range o.Workloads {
			fits(w.Name, &w.Usage, &w.Demand, machines[w.Machine])
		}
		for _, v := range o.VMs {
			fits(v.ID, &v.Usage, &v.Demand, size{v.VCPUs.Or(0), v.Memory.Or(0)})
		}
		for _, c := range o.Containers {
			room := machines[c.Machine]
			fits(c.ID, &c.Usage, &c.Demand, size{c.CPULimit.Or(room.cores), c.MemoryLimit.Or(room.memory)})
		}
		for _, e := range o.Engines {
			sum := e.BuildCache.Or(0)
			for _, i := range o.Images {
				sum += i.Size.Or(0)
			}
			for _, v := range o.Volumes {
				sum += v.Size.Or(0)
			}
			for _, c := range o.Containers {
				sum += c.Writable.Or(0)
			}
			if used, ok := e.DataUsed.Get(); ok && used < sum {
				t.Errorf("%s: %s kept on a file system that holds %s", o.Target, sum, used)
			}
		}
	}
}

// Hostile names arrive, and arrive safe to keep.
func TestHostile(t *testing.T) {
	var all []string
	for _, o := range observe(t, "demo:?machines=60&hostile=1") {
		for _, m := range o.Machines {
			all = append(all, m.Name.Or(""), m.Hardware.Model.Or(""))
		}
		for _, w := range o.Workloads {
			all = append(all, w.Name, w.Unit)
		}
		for _, v := range o.VMs {
			all = append(all, v.Name.Or(""))
		}
		for _, c := range o.Containers {
			all = append(all, c.Name.Or(""), c.Image.Or(""), c.ComposeProject.Or(""), c.Service.Or(""), c.Pod.Or(""))
			volumes := map[string]bool{}
			for _, v := range o.Volumes {
				volumes[v.Name] = true
			}
			for _, v := range c.Volumes {
				if !volumes[v] {
					t.Errorf("%s: a container mounts the volume %q, which is not there", o.Target, v)
				}
			}
		}
		for _, i := range o.Images {
			all = append(all, i.Tags...)
		}
	}
	joined := strings.Join(all, "\n")
	for _, hostile := range hostileTexts {
		if safe := inventory.Text(hostile); len(safe) < 400 && !strings.Contains(joined, safe) {
			t.Errorf("%q does not occur", safe)
		}
	}
	if !slices.Contains(all, "") {
		t.Error("no name is empty")
	}
	for _, s := range all {
		if s != inventory.Text(s) {
			t.Errorf("%.80q was not made safe to keep", s)
		}
	}
	encode(t, observe(t, "demo:?machines=60&hostile=1"))
}

func TestBadTargets(t *testing.T) {
	for target, want := range map[string]string{
		"demo:here":                   "here",
		"demo:?machines=-1":           "machines=-1: want a whole number from 0 to 1000000",
		"demo:?machines=1000001":      "machines",
		"demo:?machines=1e3":          "machines",
		"demo:?machines=":             "machines",
		"demo:?machines=1&machines=2": "machines: given 2 times",
		"demo:?seed=-1":               "seed=-1: want a whole number",
		"demo:?seed=x":                "seed",
		"demo:?hostile=yes":           "hostile=yes: want 0 or 1",
		"demo:?series=yes":            "series=yes: want 0 or 1",
		"demo:?unknown=1.1":           "unknown=1.1: want a share from 0 to 1",
		"demo:?unknown=NaN":           "unknown",
		"demo:?unknown=-0.1":          "unknown",
		"demo:?machine=3":             `unknown option "machine": want one of machines, seed, hostile, unknown, series`,
	} {
		parsed, err := collect.ParseTarget(target)
		if err != nil {
			t.Fatal(err)
		}
		_, err = Source().Open(parsed, collect.Env{})
		if !errors.Is(err, collect.ErrUsage) || !strings.Contains(fmt.Sprint(err), want) || collect.RemedyOf(err) == "" {
			t.Errorf("%s: got the error %v, want one of wrong usage that says %q, with a remedy", target, err, want)
		}
	}
}

func TestNoMachines(t *testing.T) {
	if obs := observe(t, "demo:?machines=0"); obs == nil || len(obs) != 0 {
		t.Errorf("got %v, want an answer without observations", obs)
	}
}

func TestCancelled(t *testing.T) {
	c := &collector{query{machines: maxMachines}}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Observations(ctx); err == nil {
		t.Error("nobody waits, and it goes on")
	}
}

// Collect puts everything into one batch, without loose ends.
func TestCollect(t *testing.T) {
	want := 0
	for _, o := range observe(t, "demo:?machines=24") {
		want += o.Entities()
	}
	b, err := (&collector{query{machines: 24, seed: 1, unknown: .05}}).Collect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if b.Entities() != want {
		t.Errorf("%d entities, want %d", b.Entities(), want)
	}
	encode(t, []inventory.Observation{{Target: "demo:", Scheme: scheme, Batch: *b}})
}

// Twice the machines are twice the entities, as near as chance allows.
func TestLinear(t *testing.T) {
	count := func(n int) (sum int) {
		for _, o := range observe(t, fmt.Sprintf("demo:?machines=%d", n)) {
			sum += o.Entities()
		}
		return sum
	}
	if small, large := count(1200), count(2400); large < small*19/10 || large > small*21/10 {
		t.Errorf("%d entities of 1200 machines and %d of 2400", small, large)
	}
}

func BenchmarkMachines(b *testing.B) {
	for _, n := range []int{100, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			q := query{machines: n, seed: 1, unknown: .05}
			entities := 0
			for b.Loop() {
				entities = 0
				for i := range n { // one at a time: keeping all is a matter of memory, not of speed
					for _, o := range q.host(i) {
						entities += o.Entities()
					}
				}
			}
			b.ReportMetric(float64(entities)/float64(n), "entities/machine")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/machine")
		})
	}
}

// An estate that is made up host by host is the one that is made up as a whole.
func TestStreams(t *testing.T) {
	for _, target := range []string{"demo:?machines=0", "demo:?machines=14&hostile=1"} {
		want := encode(t, observe(t, target))
		ctx, cancel := context.WithCancel(t.Context())
		identities, all, ok := collecttest.Open(t, Source(), target).(collect.Streamed).Streams(ctx)
		if !ok {
			t.Fatal("it cannot be read twice")
		}
		for name, reading := range map[string]inventory.Observations{"identities": identities, "all": all} {
			obs := []inventory.Observation{}
			for o, err := range reading {
				if err != nil {
					t.Fatal(err)
				}
				obs = append(obs, *o)
			}
			if encode(t, obs) != want {
				t.Errorf("%s: the %s differ from the observations", target, name)
			}
		}
		cancel()
		for _, err := range all {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%s: got %v, want %v", target, err, context.Canceled)
			}
		}
	}
}
