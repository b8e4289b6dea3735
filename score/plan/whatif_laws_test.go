package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/infraopt/infraopt/collect/demo"
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// things lists what an estate holds, each thing with all that is said of it but what stands on it.
func things(e *inventory.Estate) map[string]string {
	out := map[string]string{}
	put := func(class, machine, id string, v any) {
		b, err := json.Marshal(v)
		if err != nil {
			panic(err)
		}
		out[class+" "+machine+" "+id] = string(b)
	}
	e.Walk(func(n *inventory.Node) {
		id := n.Machine.ID
		put("machine", id, "", n.Machine)
		for _, x := range n.Hypervisors {
			put("hypervisor", id, x.ID, x)
		}
		for _, x := range n.VMs {
			put("vm", id, x.ID, x.VM)
		}
		for _, x := range n.Engines {
			put("engine", id, x.ID, x)
		}
		for _, x := range n.Containers {
			put("container", id, x.ID, x)
		}
		for _, x := range n.Images {
			put("image", id, x.Engine+" "+x.ID, x)
		}
		for _, x := range n.Volumes {
			put("volume", id, x.Engine+" "+x.Name, x)
		}
		for _, x := range n.Workloads {
			put("workload", id, x.ID, x)
		}
	})
	for _, x := range e.Clusters {
		put("cluster", x.ID, "", x)
	}
	for _, x := range e.Arrays {
		put("array", x.ID, "", x)
	}
	put("estate", "", "", []any{e.Networks, e.Storage, e.Sources, e.Oldest, e.Newest, e.Gaps})
	return out
}

// below lists the things of a machine and of all that stand on it.
func below(n *inventory.Node) map[string]string {
	out := things(&inventory.Estate{Hosts: []*inventory.Node{n}})
	delete(out, "estate  ")
	return out
}

// other lists the things that are not the same in both.
func other(a, b map[string]string) []string {
	var out []string
	for k, v := range a {
		if w, ok := b[k]; !ok || v != w {
			out = append(out, k)
		}
	}
	for k := range b {
		if _, ok := a[k]; !ok {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out
}

// An attempt is a change of a random estate, with what of it may be other afterwards, and what has to be.
type attempt struct {
	text  string
	may   []string // a key, or the beginning of one
	must  []string
	again string // what a second time brings: error, or nothing
}

func (a *attempt) mayAll(of map[string]string) { a.may = slices.AppendSeq(a.may, maps.Keys(of)) }

// attempts makes a change of each kind that the estate has something for.
func attempts(r *rand.Rand, e *inventory.Estate) []attempt {
	var nodes []*inventory.Node
	e.Walk(func(n *inventory.Node) { nodes = append(nodes, n) })
	r.Shuffle(len(nodes), func(i, j int) { nodes[i], nodes[j] = nodes[j], nodes[i] })
	first := func(f func(n *inventory.Node) bool) *inventory.Node {
		if i := slices.IndexFunc(nodes, f); i >= 0 {
			return nodes[i]
		}
		return nil
	}
	var out []attempt
	add := func(a attempt) { out = append(out, a) }
	if n := first(func(n *inventory.Node) bool { return len(n.VMs) > 0 }); n != nil {
		id := n.Machine.ID
		v := &n.VMs[r.IntN(len(n.VMs))]
		a := attempt{text: "remove: {vms: " + quoted(v.ID) + "}", must: []string{"vm " + id + " " + v.ID}, may: []string{"hypervisor " + id + " " + v.Hypervisor, "cluster "}, again: "error"}
		b := attempt{text: fmt.Sprintf("resize: {vms: %s, vcpus: 3.25, memory: 3333 MiB}", quoted(v.ID)), must: []string{"vm " + id + " " + v.ID}, again: "nothing"}
		if v.Guest != nil {
			a.mayAll(below(v.Guest))
			b.may = append(b.may, "machine "+v.Guest.Machine.ID+" ")
		}
		add(a)
		add(b)
	}
	if n := first(func(n *inventory.Node) bool { return len(n.Containers) > 0 }); n != nil {
		id := n.Machine.ID
		c := n.Containers[r.IntN(len(n.Containers))]
		add(attempt{text: fmt.Sprintf("remove: {containers: %s, on: %s}", quoted(c.ID), quoted(id)), must: []string{"container " + id + " " + c.ID}, may: []string{"machine " + id + " "}, again: "error"})
	}
	if n := first(func(n *inventory.Node) bool { return len(n.Workloads) > 0 }); n != nil {
		w := n.Workloads[r.IntN(len(n.Workloads))]
		add(attempt{text: "remove: {workloads: " + quoted(w.ID) + "}", must: []string{"workload " + n.Machine.ID + " " + w.ID}, again: "error"})
	}
	h := e.Hosts[r.IntN(len(e.Hosts))]
	a := attempt{text: "remove: {machines: " + quoted(h.Machine.ID) + "}", must: []string{"machine " + h.Machine.ID + " "}, may: []string{"cluster "}, again: "error"}
	a.mayAll(below(h))
	add(a)
	n := nodes[0]
	id := n.Machine.ID
	add(attempt{text: fmt.Sprintf("set: {machines: %s, os: {id: other, version: '0', style: minimal}, management: %s, network: %s}", quoted(id), one(r, "by-hand", "gitops"), one(r, "overlay", "bridge")),
		must: []string{"machine " + id + " "}, again: "nothing"})
	if n.Machine.Storage.Or("") != inventory.SDSOnNodes {
		add(attempt{text: fmt.Sprintf("set: {machines: %s, storage: sds-on-nodes}", quoted(id)), must: []string{"machine " + id + " "}, may: []string{"vm " + id + " "}, again: "nothing"})
	}
	add(attempt{text: fmt.Sprintf("set: {machines: %s, zone: elsewhere}", quoted(h.Machine.ID)), must: []string{"machine " + h.Machine.ID + " "}, again: "nothing"})
	add(attempt{text: fmt.Sprintf("add: {hosts: 2, like: %q, names: [fresh, more]}", h.Machine.ID), must: []string{"machine planned:fresh ", "machine planned:more "},
		may: []string{"hypervisor planned:", "engine planned:", "cluster "}, again: "error"})
	return out
}

func one(r *rand.Rand, of ...string) string { return of[r.IntN(len(of))] }

// A change leaves alone what it does not name, and the estate that it was given; the result is as resolving would leave it;
// what is removed cannot be removed again, and what was set is set.
func TestWhatIfChangesWhatItNames(t *testing.T) {
	x := means(t)
	var mu sync.Mutex
	kinds := map[string]int{}
	forEstates(t, 1000, func(seed int, e *inventory.Estate) error {
		r := rand.New(rand.NewPCG(uint64(seed), 17))
		if err := sound(e); err != nil {
			return err
		}
		want, before := demo.Clone(e), things(e)
		for _, a := range attempts(r, e) {
			w, err := LoadWhatIf("w.yaml", []byte("changes:\n  - "+a.text+"\n"))
			if err != nil {
				return err
			}
			out, done, err := w.Apply(e, x)
			if err != nil {
				return err
			}
			if err := sound(out); err != nil {
				return fmt.Errorf("%s: %w", a.text, err)
			}
			changed := other(before, things(out))
			for _, k := range changed {
				if !slices.Contains(a.must, k) && !slices.ContainsFunc(a.may, func(p string) bool { return strings.HasPrefix(k, p) }) {
					return fmt.Errorf("%s: %q is other than before:\n%s\n%s", a.text, k, before[k], things(out)[k])
				}
			}
			for _, k := range a.must {
				if !slices.Contains(changed, k) {
					return fmt.Errorf("%s: %q is as before", a.text, k)
				}
			}
			shared := 0
			for _, h := range out.Hosts {
				if slices.Contains(e.Hosts, h) {
					shared++
				}
			}
			if shared < len(e.Hosts)-1 {
				return fmt.Errorf("%s: %d of %d hosts are copies", a.text, len(e.Hosts)-shared, len(e.Hosts))
			}
			if n := len(a.must); done[0].Changed != n || len(done[0].Subjects) != n {
				return fmt.Errorf("%s: %+v, want %d", a.text, done, n)
			}
			again, done, err := w.Apply(out, x)
			switch {
			case a.again == "error" && err == nil:
				return fmt.Errorf("%s: a second time, it does %+v", a.text, done)
			case a.again == "nothing" && (err != nil || done[0].Changed != 0 || !reflect.DeepEqual(again, out)):
				return fmt.Errorf("%s: a second time, it does %+v, %w", a.text, done, err)
			}
			mu.Lock()
			kinds[strings.Fields(a.text)[0]+strings.Fields(a.text)[1]]++
			mu.Unlock()
		}
		if nothing, done, err := whatIf(t, "# nothing\n").Apply(e, x); err != nil || nothing != e || len(done) != 0 {
			return errors.New("an empty file changes something")
		}
		if !reflect.DeepEqual(e, want) {
			return errors.New("the given estate has changed")
		}
		return nil
	})
	if t.Log(kinds); len(kinds) != 7 && len(kinds) != 0 {
		t.Errorf("changes of %d kinds were tried: %v", len(kinds), kinds)
	}
}

// What moves is whole at its new place and gone from the old one; moved back, all is as it was but for what a move makes
// unknown.
func TestWhatIfMovesThereAndBack(t *testing.T) {
	x := means(t)
	var mu sync.Mutex
	vms, containers, refused := 0, 0, 0
	forEstates(t, 6000, func(seed int, e *inventory.Estate) error {
		r := rand.New(rand.NewPCG(uint64(seed), 19))
		if len(e.Hosts) < 2 {
			return nil
		}
		from, to := e.Hosts[0], e.Hosts[1]
		if r.IntN(2) == 0 {
			from, to = to, from
		}
		a, b := from.Machine.ID, to.Machine.ID
		before := things(e)
		try := func(key, id string, counted *int, may ...string) error {
			move := func(e *inventory.Estate, to string) (*inventory.Estate, error) {
				out, _, err := whatIf(t, fmt.Sprintf("changes: [{move: {%ss: %s, to: %s}}]", key, quoted(id), to)).Apply(e, x)
				return out, err
			}
			there, err := move(e, b)
			if err != nil {
				mu.Lock()
				refused++
				mu.Unlock()
				return nil //nolint:nilerr // it cannot go there, which is counted
			}
			if err := sound(there); err != nil {
				return err
			}
			class := map[string]string{"vm": "vm", "container": "container"}[key]
			changed := other(before, things(there))
			for _, k := range []string{class + " " + a + " " + id, class + " " + b + " " + id} {
				if !slices.Contains(changed, k) {
					return fmt.Errorf("%s is as before", k)
				}
			}
			for _, k := range changed {
				if !slices.ContainsFunc(append(may, class+" "+a+" "+id, class+" "+b+" "+id, "machine "+b+" ", "hypervisor "+a+" ", "hypervisor "+b+" "), func(p string) bool { return strings.HasPrefix(k, p) }) {
					return fmt.Errorf("%s to %s: %q is other than before", id, b, k)
				}
			}
			back, err := move(there, a)
			if err != nil {
				if to.Machine.Powered.IsKnown() && !from.Machine.Powered.Or(true) || len(from.Engines) == 0 {
					return nil // it could not have been put there
				}
				return fmt.Errorf("%s back to %s: %w", id, a, err)
			}
			for _, k := range other(before, things(back)) {
				if !slices.ContainsFunc([]string{class + " " + a + " " + id, "machine ", "image ", "volume " + a + " "}, func(p string) bool { return strings.HasPrefix(k, p) }) {
					return fmt.Errorf("%s there and back: %q is other than before: %s, %s", id, k, before[k], things(back)[k])
				}
			}
			mu.Lock()
			*counted++
			mu.Unlock()
			return nil
		}
		for i := range from.VMs {
			if len(from.Hypervisors) > 1 { // it may come back under another one of the same kind
				break
			}
			if err := try("vm", from.VMs[i].ID, &vms); err != nil {
				return err
			}
		}
		for i := range from.Containers {
			if err := try("container", from.Containers[i].ID, &containers, "machine "+a+" ", "volume ", "image "+b+" "); err != nil {
				return err
			}
		}
		return nil
	})
	if t.Logf("%d virtual machines and %d containers moved, %d moves refused", vms, containers, refused); vms == 0 || containers == 0 || refused == 0 {
		t.Error("the test shows nothing")
	}
}

// What is on hosts that are retired goes on, on other hosts of the same zone that have the room for it.
func TestWhatIfRetiresWhatFits(t *testing.T) {
	x := means(t)
	n := 4000
	if testing.Short() || raceEnabled {
		n /= 20
	}
	retired, moved := 0, 0
	for seed := range n {
		r := rand.New(rand.NewPCG(uint64(seed), 23))
		e := demo.RandomEstate(r, demo.RandomOptions{Hosts: 8, Unknown: float64(seed%2) / 50})
		for _, h := range e.Hosts { // rooms for all
			if r.IntN(3) > 0 {
				h.Machine.Cores, h.Machine.Memory = inventory.Known(512.), inventory.Known(8*inventory.TiB)
				h.Workloads = nil
			}
			h.Machine.Zone = one(r, "", "dmz")
		}
		h := e.Hosts[r.IntN(len(e.Hosts))]
		out, _, err := whatIf(t, "changes: [{retire: {hosts: "+quoted(h.Machine.ID)+"}}]").Apply(e, x)
		if err != nil || !h.Machine.Powered.Or(true) {
			continue
		}
		retired++
		if err := sound(out); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		zone := map[string]string{} // of what can move, by class and ID
		for _, n := range e.Hosts {
			for _, v := range n.VMs {
				zone["vm "+v.ID] = n.Machine.Zone
			}
			for _, c := range n.Containers {
				if n != h || c.Layer != inventory.Infrastructure { // plumbing goes with its host
					zone["container "+c.ID] = n.Machine.Zone
				}
			}
		}
		found := 0
		for _, h2 := range out.Hosts {
			for _, v := range h2.VMs {
				found++
				if z := zone["vm "+v.ID]; z != h2.Machine.Zone {
					t.Fatalf("seed %d: %s went from zone %q to %q", seed, v.ID, z, h2.Machine.Zone)
				}
			}
			for _, c := range h2.Containers {
				found++
				if z := zone["container "+c.ID]; z != h2.Machine.Zone {
					t.Fatalf("seed %d: %s went from zone %q to %q", seed, c.ID, z, h2.Machine.Zone)
				}
			}
			if h2.Machine.ID == h.Machine.ID {
				t.Fatalf("seed %d: the host is still there", seed)
			}
			if slices.Contains(e.Hosts, h2) {
				continue
			}
			moved++
			sum := [2]int64{}
			for _, w := range score.NewStack(h2, x.Model, x.Options).Works {
				sum[0], sum[1] = sum[0]+w.Need()[0].Hi, sum[1]+w.Need()[1].Hi
			}
			cores, memory := h2.Machine.Cores.Or(0), h2.Machine.Memory.Or(0)
			if th := x.Model.Thresholds.Headroom; float64(sum[0]) > cores*1000*th+1e-6 || float64(sum[1]) > float64(memory/inventory.MiB)*th+1e-6 {
				t.Fatalf("seed %d: %s has %g cores and %v, and needs %v", seed, h2.Machine.ID, cores, memory, sum)
			}
		}
		if found != len(zone) {
			t.Fatalf("seed %d: %d things of %d are left", seed, found, len(zone))
		}
	}
	if t.Logf("%d hosts retired, %d hosts took something", retired, moved); retired < n/20 || moved < n/200 {
		t.Error("the test shows little")
	}
}

// An added host does not flatter: nothing is gained at the low end by boxes that carry nothing, whatever they are like.
func TestWhatIfAddedHostsNeverHelp(t *testing.T) {
	x := means(t)
	var mu sync.Mutex
	tried := 0
	forEstates(t, 1500, func(seed int, e *inventory.Estate) error {
		r := rand.New(rand.NewPCG(uint64(seed), 29))
		before := score.NewLedger(e, x.Model, x.Options).Rate()
		if before.Score.None {
			return nil
		}
		text := fmt.Sprintf("{hosts: 1, cores: 64, memory: 512 GiB, kind: %s, zone: elsewhere}", one(r, "physical", "cloud"))
		if r.IntN(3) > 0 {
			text = fmt.Sprintf("{hosts: %d, like: %q, zone: elsewhere}", 1+r.IntN(3), e.Hosts[r.IntN(len(e.Hosts))].Machine.ID)
		}
		out, _, err := whatIf(t, "changes: [{add: "+text+"}]").Apply(e, x)
		if err != nil {
			return err
		}
		after := score.NewLedger(out, x.Model, x.Options).Rate()
		if after.Score.Low > before.Score.Low+1e-9 {
			return fmt.Errorf("%s raises the low end from %v to %v", text, before.Score.Low, after.Score.Low)
		}
		mu.Lock()
		tried++
		mu.Unlock()
		return nil
	})
	if tried == 0 {
		t.Error("nothing was tried")
	}
}

// An action of a what-if is the action of the roadmap; on some machines, it is that action there and nowhere else.
func TestWhatIfDoesActions(t *testing.T) {
	x := means(t)
	var mu sync.Mutex
	done := map[string]int{}
	confined := 0
	forEstates(t, 600, func(seed int, e *inventory.Estate) error {
		p := newPlanner(t.Context(), e, x.Model, Request{Request: score.Request{Options: x.Options}})
		for _, act := range actions() {
			if act.estate != nil {
				continue
			}
			want := *e
			want.Hosts = slices.Clone(e.Hosts)
			subjects := 0
			for i, h := range e.Hosts {
				changed, found := p.apply(act, h)
				want.Hosts[i] = changed
				subjects += len(found)
			}
			out, applied, err := whatIf(t, "changes: [{do: {action: "+act.ID+"}}]").Apply(e, x)
			if subjects == 0 {
				if err == nil {
					return fmt.Errorf("%s finds nothing, and does %+v", act.ID, applied)
				}
				continue
			}
			if err != nil {
				return err
			}
			if act.site != nil {
				want = *act.site(&want)
			}
			if len(other(things(&want), things(out))) > 0 || applied[0].Changed != subjects {
				return fmt.Errorf("%s: %d subjects, want %d; others: %q", act.ID, applied[0].Changed, subjects, other(things(&want), things(out)))
			}
			mu.Lock()
			done[act.ID]++
			mu.Unlock()
			only := e.Hosts[seed%len(e.Hosts)]
			out, _, err = whatIf(t, fmt.Sprintf("changes: [{do: {action: %s, machines: %s}}]", act.ID, quoted(only.Machine.ID))).Apply(e, x)
			if err != nil {
				continue
			}
			mu.Lock()
			confined++
			mu.Unlock()
			for i, h := range e.Hosts {
				if h != only && out.Hosts[i] != h {
					return fmt.Errorf("%s on %s changes %s", act.ID, only.Machine.ID, h.Machine.ID)
				}
				if want, _ := p.apply(act, h); h == only && len(other(below(out.Hosts[i]), below(want))) > 0 {
					return fmt.Errorf("%s on %s does something else there", act.ID, only.Machine.ID)
				}
			}
		}
		return nil
	})
	if t.Log(done, confined); len(done) < 10 || confined == 0 {
		t.Errorf("only %d actions had something to do", len(done))
	}
}

// BenchmarkWhatIf applies a list of changes to an estate of 10,000 hosts with ten virtual machines each, and retires 20.
func BenchmarkWhatIf(b *testing.B) {
	e := &inventory.Estate{}
	small := smallEstate().Hosts[0]
	for i := range 10_000 {
		h := *small
		h.Containers, h.Images, h.Volumes = nil, nil, nil
		h.Machine.ID, h.Machine.Name = fmt.Sprintf("id-%05d", i), inventory.Known(fmt.Sprintf("host-%05d", i))
		h.Hypervisors = []inventory.Hypervisor{{ID: h.Machine.ID + "/hv", Machine: h.Machine.ID, Kind: "kvm", VMs: inventory.Known(10)}}
		h.VMs = nil
		for j := range 10 {
			v := small.VMs[1]
			v.ID, v.Name, v.Hypervisor = fmt.Sprintf("v-%05d-%d", i, j), inventory.Known(fmt.Sprintf("vm-%05d-%d", i, j)), h.Hypervisors[0].ID
			v.VCPUs, v.Memory = inventory.Known(1.), inventory.Known(4*inventory.GiB)
			h.VMs = append(h.VMs, v)
		}
		e.Hosts = append(e.Hosts, &h)
	}
	w, x := whatIf(b, `changes:
  - remove: {vms: ["vm-*-9"]}
  - resize: {vms: ["vm-*-8"], memory: 2 GiB}
  - move: {vms: [vm-00001-1], to: host-00002}
  - set: {machines: ["host-000*"], management: gitops}
  - retire: {hosts: ["host-0000?", "host-0001?"]}
`), means(b)
	for b.Loop() {
		if _, _, err := w.Apply(e, x); err != nil {
			b.Fatal(err)
		}
	}
}
