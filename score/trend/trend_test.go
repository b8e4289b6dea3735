package trend_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/infraopt/infraopt/collect/demo"
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
	"github.com/infraopt/infraopt/score/trend"
)

// host is a server with one container, of which everything is known.
func host(id string) *inventory.Node {
	known := inventory.Known[string]
	target := "ssh://" + id
	return &inventory.Node{
		Machine: inventory.Machine{
			ID: "m-" + id, Name: known(id), Identity: inventory.Identity{UUID: known("uuid-" + id), MachineID: known("mid-" + id)},
			Kind: inventory.Known(inventory.Physical), Powered: inventory.Known(true), Inside: inventory.Absent[string](),
			Cores: inventory.Known(16.0), Memory: inventory.Known(64 * inventory.GiB), Processes: inventory.Known(50), Containers: inventory.Known(1),
			OS:       inventory.OS{ID: known("debian"), Version: known("12"), Style: inventory.Known(inventory.GeneralOS), Packages: inventory.Known(900)},
			Hardware: inventory.Hardware{Model: known("R1"), Chassis: inventory.Known(inventory.Rack), Fabric: inventory.Known(inventory.OneFabric)},
			Storage:  inventory.Known(inventory.LocalVolumes), Network: inventory.Known(inventory.BridgeNetwork), Management: inventory.Known(inventory.ByHand),
			Seen: []string{target},
		},
		Engines:    []inventory.Engine{{ID: "e-" + id, Machine: "m-" + id, Kind: "docker", Cluster: inventory.Absent[string](), Inventory: inventory.Known(true), BuildCache: inventory.Absent[inventory.Bytes](), Seen: []string{target}}},
		Images:     []inventory.Image{{ID: "app", Machine: "m-" + id, Engine: "docker", Tags: []string{"app"}, Size: inventory.Known(inventory.GiB), Seen: []string{target}}},
		Containers: []inventory.Container{container(id, "c-"+id)},
	}
}

func container(machine, id string) inventory.Container {
	known := inventory.Known[string]
	return inventory.Container{ID: id, Machine: "m-" + machine, Name: known(id), Image: known("app"), ImageID: known("app"), Runtime: known("docker"), State: inventory.Known(inventory.Running), System: inventory.Known(false),
		Manager: inventory.Known(inventory.ManagedByHand), Service: inventory.Absent[string](), ComposeProject: inventory.Absent[string](), Layer: inventory.Application,
		CPULimit: inventory.Absent[float64](), MemoryLimit: inventory.Absent[inventory.Bytes](), Seen: []string{"ssh://" + machine},
		Usage:  inventory.Usage{CPUSeconds: inventory.Known(2 * 30 * 86400.0), Memory: inventory.Known(8 * inventory.GiB), Network: inventory.Known(inventory.TiB), Age: inventory.Known(30 * inventory.Day)},
		Demand: inventory.Demand{Days: inventory.Known(30.0), CPUP995: inventory.Known(3.0), MemoryMax: inventory.Known(9 * inventory.GiB)}}
}

func estate(hosts ...*inventory.Node) *inventory.Estate {
	e := &inventory.Estate{Hosts: hosts}
	for _, h := range hosts {
		e.Sources = append(e.Sources, inventory.Outcome{Target: h.Machine.Seen[0], Scheme: "ssh", Status: inventory.StatusOK})
	}
	return e
}

func fail(e *inventory.Estate, target string) {
	e.Sources = append(e.Sources, inventory.Outcome{Target: target, Scheme: "ssh", Status: inventory.StatusFailed, Error: "connection refused"})
}

// causes lists the terms that are not zero at either end.
func causes(t *score.Trend) []string {
	out := []string{}
	for _, x := range t.Terms {
		if x.Points != 0 || x.High != 0 {
			out = append(out, x.ID)
		}
	}
	return out
}

func check(t *testing.T, got *score.Trend, want ...string) {
	t.Helper()
	if !slices.Equal(causes(got), want) {
		t.Errorf("the change %+v has the causes %v, want %v: %+v", got.Change, causes(got), want, got.Terms)
	}
	if err := addsUp(got); err != nil {
		t.Error(err)
	}
}

// Each kind of event shows in the term of its own, and in no other.
func TestOneCauseOneTerm(t *testing.T) {
	unknown := func(r interface{ Forget(why, remedy string) }) { r.Forget("permission denied", "run as root") }
	tests := []struct {
		name      string
		then, now func(*inventory.Estate) // what is different about it
		want      []string
		real      bool
	}{
		{name: "nothing"},
		{name: "a host joined", now: func(e *inventory.Estate) { e.Hosts = append(e.Hosts, host("c")) }, want: []string{"joined"}, real: true},
		{name: "a host left", now: func(e *inventory.Estate) { e.Hosts = e.Hosts[:1] }, want: []string{"left"}, real: true},
		{name: "a fact became known", then: func(e *inventory.Estate) { unknown(&e.Hosts[0].Machine.Storage) }, want: []string{"evidence"}},
		{name: "a fact became unknown", now: func(e *inventory.Estate) { unknown(&e.Hosts[0].Machine.Processes) }, want: []string{"evidence"}},
		{name: "a fact changed", now: func(e *inventory.Estate) { e.Hosts[0].Machine.Management = inventory.Known(inventory.GitOps) }, want: []string{"within"}, real: true},
		{name: "one fact became known, another changed", then: func(e *inventory.Estate) { unknown(&e.Hosts[0].Machine.Storage) },
			now: func(e *inventory.Estate) { e.Hosts[0].Machine.Management = inventory.Known(inventory.GitOps) }, want: []string{"evidence", "within"}, real: true},
		{name: "use shifted", now: func(e *inventory.Estate) {
			e.Hosts[0], e.Hosts[1] = using(1, e.Hosts[0]), using(3, e.Hosts[1])
		}, want: []string{"mix"}, real: true},
		{name: "containers were not listed", then: func(e *inventory.Estate) {
			unknown(&e.Hosts[0].Machine.Containers)
			unknown(&e.Hosts[0].Engines[0].Inventory)
		}, now: func(e *inventory.Estate) {
			e.Hosts[0].Containers = append(e.Hosts[0].Containers, container("a", "another"))
		}, want: []string{"evidence"}},
		{name: "a replica is new", now: func(e *inventory.Estate) {
			e.Hosts[0].Containers = append(e.Hosts[0].Containers, container("a", "another"))
		}, want: []string{"mix"}, real: true},
		{name: "a virtual machine was seen from inside", then: func(e *inventory.Estate) { guest(e.Hosts[0], nil) },
			now: func(e *inventory.Estate) { guest(e.Hosts[0], host("guest")) }, want: []string{"evidence"}},
		{name: "no work is in use any more", now: func(e *inventory.Estate) {
			for _, h := range e.Hosts {
				u := &h.Containers[0].Usage
				u.CPUSeconds, u.Network = inventory.Known(1.0), inventory.Known(inventory.KiB)
			}
		}, want: []string{"activity", "within"}, real: true},
		{name: "a target failed", now: func(e *inventory.Estate) {
			e.Hosts = e.Hosts[:1]
			fail(e, "ssh://b")
		}, want: []string{"incomparable"}, real: true},
		{name: "a target had failed", then: func(e *inventory.Estate) {
			e.Hosts = e.Hosts[:1]
			fail(e, "ssh://b")
		}, want: []string{"incomparable"}, real: true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var ends [2]*inventory.Estate
			for i, change := range []func(*inventory.Estate){test.then, test.now} {
				b := host("b")
				b.Machine.Storage = inventory.Known(inventory.SDSOnNodes)
				ends[i] = estate(host("a"), b)
				if change != nil {
					change(ends[i])
				}
			}
			got := compare(model(t), trend.Then{Estate: ends[0]}, ends[1])
			check(t, got, test.want...)
			if got.Real != test.real {
				t.Errorf("real: %v, want %v: %+v to %+v", got.Real, test.real, got.From.Score, got.To.Score)
			}
		})
	}
}

// guest puts a virtual machine on a host, seen from inside or not.
func guest(h, inside *inventory.Node) {
	h.Hypervisors = []inventory.Hypervisor{{ID: "hv", Machine: h.Machine.ID, Kind: "kvm", Version: inventory.Known("9"), Cluster: inventory.Absent[string](), SeparateImage: inventory.Known(false), VMs: inventory.Known(1)}}
	c := container("x", "x")
	h.VMs = []inventory.GuestVM{{VM: inventory.VM{ID: "vm", Hypervisor: "hv", State: inventory.Known(inventory.Running), VCPUs: inventory.Known(4.0), Memory: inventory.Known(16 * inventory.GiB), Storage: inventory.Known(inventory.LocalVolumes), Usage: c.Usage, Demand: c.Demand}, Guest: inside}}
	if inside != nil {
		inside.Machine.Kind = inventory.Known(inventory.Virtual)
		inside.Machine.Cores, inside.Machine.Memory = inventory.Known(4.0), inventory.Known(16*inventory.GiB)
	}
}

// The points of the parts, worked out by hand: two hosts of equal weight on local volumes (.3) and on SDS (1) were
// rated .65 in software-defined.storage, which has 5 points of the score.
func TestPointsByHand(t *testing.T) {
	twin := func(c inventory.StorageClass, id string) *inventory.Node {
		h := host(id)
		h.Machine.Storage = inventory.Known(c)
		return h
	}
	then := estate(twin(inventory.LocalVolumes, "a"), twin(inventory.SDSOnNodes, "b"))
	tests := []struct {
		name                      string
		now                       *inventory.Estate
		within, mix, joined, left float64 // of the rating
	}{
		{name: "one on raw disks joined", now: estate(append(slices.Clone(then.Hosts), twin(inventory.RawLocal, "c"))...), joined: (.3+1+.1)/3 - .65},
		{name: "that on SDS left", now: estate(then.Hosts[0]), left: .3 - .65},
		{name: "one moved to SDS", now: estate(twin(inventory.SDSOnNodes, "a"), then.Hosts[1]), within: .5 * (1 - .3)},
		{name: "use shifted from 4 and 4 to 3 and 5", now: estate(using(1, then.Hosts[0]), using(3, then.Hosts[1])), mix: (5./8 - .5) * (1 - .3)},
		{name: "one left and one joined", now: estate(then.Hosts[0], twin(inventory.RawLocal, "c")), left: .3 - .65, joined: .5 * (.1 - .3)},
		{name: "all were exchanged", now: estate(twin(inventory.RawLocal, "c")), left: -.65, joined: .1},
	}
	for _, test := range tests {
		got := compare(model(t), trend.Then{Estate: then}, test.now)
		for _, x := range got.Indicators {
			if x.ID != "software-defined.storage" {
				continue
			}
			p := points(x.Terms)
			for id, want := range map[string]float64{"within": test.within, "mix": test.mix, "joined": test.joined, "left": test.left} {
				if scaled := 100 * share(t, x.ID) * want; math.Abs(p[id][0]-scaled) > 1e-6 {
					t.Errorf("%s: %s is %v, want %v", test.name, id, p[id][0], scaled)
				}
			}
		}
	}
}

// using is a host of which the container uses so many cores in the mean.
func using(cores float64, h *inventory.Node) *inventory.Node {
	h = demo.Clone(estate(h)).Hosts[0]
	h.Containers[0].Usage.CPUSeconds = inventory.Known(cores * 30 * 86400)
	return h
}

// share is an indicator's share of the score where no other leaves the pillar.
func share(t *testing.T, id string) float64 {
	m := model(t)
	x := m.Indicator(id)
	of, _ := x.Pillar()
	for _, p := range m.Pillars {
		if p.ID == of {
			return p.Weight * x.Weight
		}
	}
	t.Fatalf("no indicator %s", id)
	return 0
}

// What was waived then, and is waived no more, is a term of its own, whether waivers ended or were taken away.
func TestWaivers(t *testing.T) {
	e := estate(host("a"), host("b"))
	e.Hosts[1].Machine.Management = inventory.Known(inventory.GitOps)
	m := *model(t)
	m.Waivers = []score.Waiver{{Indicator: "software-defined.management", Machines: []string{"a"}, Reason: "x", Until: "2026-09-30"}}
	check(t, compare(&m, trend.Then{Estate: e}, demo.Clone(e)), "waivers")
	check(t, compare(model(t), trend.Then{Estate: e, Waivers: []score.Waiver{{Machines: []string{"a"}, Reason: "x"}}}, demo.Clone(e)), "waivers")
	check(t, compare(model(t), trend.Then{Estate: e, Waivers: []score.Waiver{}}, demo.Clone(e)))
}

// V5: one check of weight 10 at 0, three of weight 5 at 10; then the first becomes unreadable. The low end stays 60, the
// high end becomes 100, and evidence is named as the cause.
func TestV5ACheckBecomesUnreadable(t *testing.T) {
	question := func(id string, weight float64, rate func(*score.Rater) score.Rating) score.Indicator {
		return score.Indicator{Definition: score.Definition{ID: "p." + id, Weight: weight}, Rate: rate,
			Tally: func(s *score.Stack, add *score.Adder) {
				open := s.Host.Machine.Management.IsUnknown()
				add.Add("n", score.Range{Lo: 1, Hi: map[bool]int64{false: 1, true: 2}[open]})
			}}
	}
	full := func(*score.Rater) score.Rating { return score.Rating{Low: 1, High: 1, Applicable: true, Coverage: 1} }
	first := func(r *score.Rater) score.Rating {
		n := r.Term("n")
		return score.Rating{High: float64(n.Hi - n.Lo), Applicable: true, Coverage: 1 - float64(n.Hi-n.Lo)}
	}
	m := *model(t)
	m.Pillars = []score.Pillar{{ID: "p", Weight: 1}}
	m.Indicators = []score.Indicator{question("first", .4, first), question("a", .2, full), question("b", .2, full), question("c", .2, full)}
	if err := m.Check(); err != nil {
		t.Fatal(err)
	}
	then, now := estate(host("a")), estate(host("a"))
	now.Hosts[0].Machine.Management.Forget("permission denied", "")
	got := compare(&m, trend.Then{Estate: then}, now)
	check(t, got, "evidence")
	if p := points(got.Terms)["evidence"]; math.Abs(p[0]) > tolerance || math.Abs(p[1]-40) > tolerance {
		t.Errorf("evidence is %v, want 0 and 40", p)
	}
	if f, s := got.From.Score, got.To.Score; math.Abs(f.Low-60)+math.Abs(f.High-60)+math.Abs(s.Low-60)+math.Abs(s.High-100) > tolerance {
		t.Errorf("%+v became %+v, want 60 to 60 and 60 to 100", f, s)
	}
	if got.Real {
		t.Error("that something cannot be read any more is called a real change")
	}
}

// V8: the same inventory, and a rule was edited: the hash of the rules differs, and the change is one of rules.
func TestV8ARuleWasEdited(t *testing.T) {
	e := estate(host("a"), host("b"))
	before := *model(t)
	before.Pillars = slices.Clone(before.Pillars)
	before.Pillars[0].Weight, before.Pillars[1].Weight = before.Pillars[1].Weight, before.Pillars[0].Weight
	r := score.NewLedger(e, &before, score.Options{}).Rate()
	then := trend.Then{Estate: e, Stored: &trend.Stored{Score: r.Score, Level: r.Level.Number, Rules: before.Rules()}}
	got := compare(model(t), then, demo.Clone(e))
	check(t, got, "ruleset")
	if text := got.Terms[0].Text; !strings.Contains(text, before.Rules()) || !strings.Contains(text, model(t).Rules()) {
		t.Errorf("the term of the rules says %q, want both hashes", text)
	}
	if got.Real {
		t.Error("an edited rule is called a real change of the estate")
	}
	then.Stored = &trend.Stored{Score: got.To.Score, Level: got.To.Level, Rules: model(t).Rules()}
	got = compare(model(t), then, demo.Clone(e))
	check(t, got)
	if got.Terms[0].Text != "same rules" {
		t.Errorf("the term of the rules says %q", got.Terms[0].Text)
	}
}

// V9: what disappears because its host was unreachable is incomparable, not resolved.
func TestV9AnUnreachableHostIsNotResolved(t *testing.T) {
	bad := host("bad")
	bad.Machine.Storage, bad.Machine.Hardware.Chassis = inventory.Known(inventory.RawLocal), inventory.Known(inventory.Tower)
	now := estate(host("a"))
	fail(now, "ssh://bad")
	got := compare(model(t), trend.Then{Estate: estate(host("a"), bad)}, now)
	check(t, got, "incomparable")
	if h := got.Hosts; len(h.Left) > 0 || len(h.Incomparable) != 1 || h.Incomparable[0].Name != "bad" || !strings.Contains(h.Incomparable[0].Why, "ssh://bad could not be read now") {
		t.Errorf("hosts: %+v", h)
	}
}

// Hosts are recognised by the strongest identity that both ends know; contradictions are listed, not settled.
func TestIdentity(t *testing.T) {
	known := inventory.Known[string]
	with := func(id string, i inventory.Identity) *inventory.Node {
		h := host(id)
		h.Machine.Identity = i
		return h
	}
	one := []string{"52:54:00:00:00:01", "52:54:00:00:00:02"}
	tests := []struct {
		name         string
		then, now    []*inventory.Node
		stayed       int
		incomparable int
		conflict     string
	}{
		{name: "UUID before machine-id", then: []*inventory.Node{with("a", inventory.Identity{UUID: known("1"), MachineID: known("x")})},
			now: []*inventory.Node{with("b", inventory.Identity{UUID: known("1"), MachineID: known("y")}), with("c", inventory.Identity{UUID: known("2"), MachineID: known("x")})}, stayed: 1},
		{name: "UUID in the other byte order", then: []*inventory.Node{with("a", inventory.Identity{UUID: known("12345678-9abc-def0-1234-56789abcdef0")})},
			now: []*inventory.Node{with("b", inventory.Identity{UUID: known("78563412-bc9a-f0de-1234-56789abcdef0")})}, stayed: 1},
		{name: "machine-id", then: []*inventory.Node{with("a", inventory.Identity{UUID: known("1"), MachineID: known("x")})}, now: []*inventory.Node{with("b", inventory.Identity{MachineID: known("x")})}, stayed: 1},
		{name: "serial number", then: []*inventory.Node{with("a", inventory.Identity{Serial: known("s")})}, now: []*inventory.Node{with("b", inventory.Identity{Serial: known("s")})}, stayed: 1},
		{name: "hardware addresses", then: []*inventory.Node{with("a", inventory.Identity{MACs: one})}, now: []*inventory.Node{with("b", inventory.Identity{MACs: []string{one[1], one[0]}})}, stayed: 1},
		{name: "some hardware addresses", then: []*inventory.Node{with("a", inventory.Identity{MACs: one})}, now: []*inventory.Node{with("b", inventory.Identity{MACs: one[:1]})}},
		{name: "ID", then: []*inventory.Node{with("a", inventory.Identity{})}, now: []*inventory.Node{with("a", inventory.Identity{})}, stayed: 1},
		{name: "ID, and another UUID", then: []*inventory.Node{with("a", inventory.Identity{UUID: known("1")})}, now: []*inventory.Node{with("a", inventory.Identity{UUID: known("2")})}, conflict: "the hardware UUID differs"},
		{name: "clones", then: []*inventory.Node{with("a", inventory.Identity{MachineID: known("x")})},
			now: []*inventory.Node{with("b", inventory.Identity{MachineID: known("x")}), with("c", inventory.Identity{MachineID: known("x")})}, incomparable: 3, conflict: "a then and b, c now have the same machine-id"},
		{name: "a guest", then: []*inventory.Node{with("a", inventory.Identity{UUID: known("1")})}, now: func() []*inventory.Node {
			below := host("below")
			guest(below, with("a", inventory.Identity{UUID: known("1")}))
			return []*inventory.Node{below}
		}(), incomparable: 2},
	}
	for _, test := range tests {
		got := compare(model(t), trend.Then{Estate: estate(test.then...)}, estate(test.now...))
		h := got.Hosts
		if h.Stayed != test.stayed || len(h.Incomparable) != test.incomparable || (test.conflict != "") != (len(h.Conflicts) == 1) || !strings.Contains(strings.Join(h.Conflicts, ""), test.conflict) {
			t.Errorf("%s: %+v, want %d stayed, %d incomparable, a conflict about %q", test.name, h, test.stayed, test.incomparable, test.conflict)
		}
		if n := len(test.then) + len(test.now); 2*h.Stayed+len(h.Joined)+len(h.Left)+len(h.Incomparable) != n {
			t.Errorf("%s: %+v does not account for %d hosts", test.name, h, n)
		}
		if err := addsUp(got); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

// Without the earlier estate there are totals only, and with other rules not even those.
func TestTotals(t *testing.T) {
	e := estate(host("a"), host("b"))
	then, now := score.Assess(e, model(t), score.Request{}), score.Assess(e, model(t), score.Request{})
	then.Score = score.Bounds{Low: 12, High: 30}
	now.Score = score.Bounds{Low: 31, High: 40}
	got := trend.Totals(then, now)
	if !got.Comparable || !got.Real || math.Abs(got.Change.Low-19) > tolerance || len(got.Terms) != 0 || !strings.Contains(got.Note, "give the snapshot") {
		t.Errorf("got %+v", got)
	}
	then.Tool.Rules = "abc"
	if got = trend.Totals(then, now); got.Comparable || got.Real || !strings.HasPrefix(got.Note, "made by other rules (abc then, "+now.Tool.Rules+" now): not comparable") {
		t.Errorf("other rules: got %+v", got)
	}
	then.Tool.Rules = now.Tool.Rules
	then.Assumed = &score.Assumed{Score: then.Score}
	if got = trend.Totals(then, now); got.Comparable || !strings.Contains(got.Note, "another assumption") {
		t.Errorf("another assumption: got %+v", got)
	}
}
