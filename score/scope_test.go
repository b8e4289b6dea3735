package score_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/infraopt/infraopt/collect/demo"
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
	"github.com/infraopt/infraopt/score/plan"
)

// Days around the end of a waiver that holds until 2027-03-31.
var (
	lastMoment = time.Date(2027, time.March, 31, 23, 59, 59, 0, time.UTC)
	dayAfter   = time.Date(2027, time.April, 1, 0, 0, 0, 0, time.UTC)
)

// hosts is an estate of servers with one service each, of which everything is known.
func hosts(names ...string) *inventory.Estate {
	w := ways()[0]
	e := &inventory.Estate{}
	for i, name := range names {
		h := &inventory.Node{Machine: w.machine("id-"+name, inventory.Physical, 0)}
		h.Machine.Name = inventory.Known(name)
		w.work(h, i)
		e.Hosts = append(e.Hosts, h)
	}
	return e
}

// virtual puts a virtual machine on a host; it is looked into where guest is true.
func virtual(h *inventory.Node, name string, guest bool) {
	w := ways()[3]
	if len(h.Hypervisors) == 0 {
		h.Hypervisors = []inventory.Hypervisor{{ID: h.Machine.ID + "/hv", Machine: h.Machine.ID, Kind: "kvm", Version: inventory.Known("8.0"), Cluster: inventory.Absent[string](), SeparateImage: inventory.Known(false)}}
	}
	v := inventory.GuestVM{VM: inventory.VM{ID: "vm-" + name, Name: inventory.Known(name), Hypervisor: h.Hypervisors[0].ID, State: inventory.Known(inventory.Running),
		VCPUs: inventory.Known(2.0), Memory: inventory.Known(4 * inventory.GiB), Usage: refUsage, Demand: refPeaks}}
	if guest {
		v.Guest = &inventory.Node{Machine: w.machine("guest-"+name, inventory.Virtual, 0)}
		w.work(v.Guest, 100+len(h.VMs))
	}
	h.VMs = append(h.VMs, v)
}

func waiving(t *testing.T, waivers ...score.Waiver) *score.Model {
	t.Helper()
	m := model(t)
	m.Waivers = waivers
	if err := m.Check(); err != nil {
		t.Fatal(err)
	}
	return m
}

func assessAt(m *score.Model, e *inventory.Estate, now time.Time) *score.Assessment {
	return score.Assess(e, m, score.Request{Options: score.Options{Now: now}})
}

// sameResult compares all that is said of an estate, but for the waivers themselves.
func sameResult(t *testing.T, got, want *score.Assessment) {
	t.Helper()
	g := *got
	g.Waivers, g.Unwaived, g.Tool.Rules = nil, nil, want.Tool.Rules
	if !reflect.DeepEqual(&g, want) {
		t.Errorf("got score %+v, %d machines, headline %+v;\nwant %+v, %d machines, headline %+v", g.Score, g.MachinesTotal, g.Headline, want.Score, want.MachinesTotal, want.Headline)
	}
}

// What is waived leaves numerators and denominators: the result is that of the estate without it. Names match in
// whatever case, as do IDs and patterns; a virtual machine goes with its guest, and a host with all it carries.
func TestWaivedMachineIsNotThere(t *testing.T) {
	base := func() *inventory.Estate { return hosts("web-1", "web-2") }
	with := func(change func(e *inventory.Estate)) *inventory.Estate {
		e := base()
		change(e)
		return e
	}
	third := func(e *inventory.Estate) {
		e.Hosts = append(e.Hosts, hosts("Lab-3").Hosts...)
		e.Gaps = append(e.Gaps, inventory.Gap{Subject: "id-Lab-3", What: "serial number"}, inventory.Gap{Subject: "Lab-3", What: "disks"})
	}
	tests := []struct {
		name    string
		estate  *inventory.Estate
		want    *inventory.Estate
		pattern string
		matched int
	}{
		{"a host by name", with(third), base(), "lab-3", 1},
		{"a host by pattern", with(third), base(), "L?B-*", 1},
		{"a host by ID", with(third), base(), "id-lab-[1-3]", 1},
		{"a host with what it carries", with(func(e *inventory.Estate) {
			third(e)
			virtual(e.Hosts[2], "inside", true)
		}), base(), "lab-*", 1},
		{"a guest", with(func(e *inventory.Estate) { virtual(e.Hosts[0], "a", true); virtual(e.Hosts[0], "b", true) }),
			with(func(e *inventory.Estate) { virtual(e.Hosts[0], "a", true) }), "GUEST-b", 1},
		{"a virtual machine that nobody looked into", with(func(e *inventory.Estate) { virtual(e.Hosts[0], "a", true); virtual(e.Hosts[0], "Old Mail", false) }),
			with(func(e *inventory.Estate) { virtual(e.Hosts[0], "a", true) }), "old mail", 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m := waiving(t, score.Waiver{Machines: []string{test.pattern}, Reason: "a laboratory"})
			got, want := assessAt(m, test.estate, dayAfter), assessAt(model(t), test.want, dayAfter)
			sameResult(t, got, want)
			unwaived := assessAt(model(t), test.estate, dayAfter).Score
			if *got.Unwaived != unwaived || unwaived == got.Score {
				t.Errorf("without waivers: %+v, want %+v, another than %+v", *got.Unwaived, unwaived, got.Score)
			}
			if w := got.Waivers[0]; w.Status != "applied" || w.Matched != test.matched {
				t.Errorf("the waiver is %s and matches %d, want applied and %d", w.Status, w.Matched, test.matched)
			}
		})
	}
}

// Until is the last day in force. Then the waiver counts no more, and is listed as expired.
func TestWaiverEnds(t *testing.T) {
	e := hosts("web-1", "web-2", "lab-3")
	m := waiving(t, score.Waiver{Machines: []string{"lab-*"}, Reason: "a laboratory", Until: "2027-03-31"})
	in := assessAt(m, e, lastMoment)
	sameResult(t, in, assessAt(model(t), hosts("web-1", "web-2"), lastMoment))
	if in.Waivers[0].Status != "applied" {
		t.Errorf("on its last day the waiver is %s", in.Waivers[0].Status)
	}
	out := assessAt(m, e, dayAfter)
	sameResult(t, out, assessAt(model(t), e, dayAfter))
	if out.Waivers[0].Status != "expired" || *out.Unwaived != out.Score {
		t.Errorf("on the day after the waiver is %s, score %+v, without waivers %+v", out.Waivers[0].Status, out.Score, *out.Unwaived)
	}
	always := assessAt(m, e, time.Time{})
	if always.Waivers[0].Status != "applied" {
		t.Errorf("without a time the waiver is %s", always.Waivers[0].Status)
	}
}

func TestWaiverThatMatchesNothing(t *testing.T) {
	e := hosts("web-1", "web-2")
	got := assessAt(waiving(t, score.Waiver{Machines: []string{"mail-*"}, Reason: "to be switched off"}), e, dayAfter)
	sameResult(t, got, assessAt(model(t), e, dayAfter))
	if w := got.Waivers[0]; w.Status != "unused" || w.Matched != 0 {
		t.Errorf("the waiver is %s and matches %d, want unused", w.Status, w.Matched)
	}
}

func ratingOf(t *testing.T, a *score.Assessment, id string) score.IndicatorResult {
	t.Helper()
	for _, p := range a.Pillars {
		for _, x := range p.Indicators {
			if x.ID == id {
				return x
			}
		}
	}
	t.Fatalf("no indicator %s", id)
	return score.IndicatorResult{}
}

// An indicator that is waived for everything does not apply, for the reason given; for some machines, it is asked of
// the others only. All else stays as it is.
func TestWaivedIndicator(t *testing.T) {
	e := hosts("web-1", "web-2", "sap-3")
	e.Hosts[2].Machine.Management = inventory.Known(inventory.GitOps)
	const id = "software-defined.management"
	before := ratingOf(t, assessAt(model(t), e, dayAfter), id)

	for _, waivers := range [][]score.Waiver{
		{{Indicator: id, Reason: "because"}},
		{{Indicator: id, Machines: []string{"sap-*", "web-*"}, Reason: "because"}},
		{{Indicator: id, Reason: "because"}, {Indicator: id, Reason: "long ago", Until: "2027-03-31"}},
	} {
		a := assessAt(waiving(t, waivers...), e, dayAfter)
		if x := ratingOf(t, a, id); x.Applicable || x.Explanation != "waived: because" || x.Points.Max != 0 {
			t.Errorf("%+v: waived for all, it is %+v", waivers, x)
		}
		var max float64
		for _, p := range a.Pillars {
			max += p.Points.Max
		}
		if max < 100-tolerance || max > 100+tolerance {
			t.Errorf("%+v: the pillars have %v points, want 100", waivers, max)
		}
	}

	some := assessAt(waiving(t, score.Waiver{Indicator: id, Machines: []string{"SAP-*"}, Reason: "the vendor's"}), e, dayAfter)
	without := ratingOf(t, assessAt(model(t), hosts("web-1", "web-2"), dayAfter), id)
	if x := ratingOf(t, some, id); x.Low != without.Low || x.High != without.High || x.Low == before.Low {
		t.Errorf("waived for one machine, it is %v to %v, want %v to %v as without it, before %v", x.Low, x.High, without.Low, without.High, before.Low)
	}
	if some.MachinesTotal != 3 {
		t.Errorf("%d machines are listed, want all 3: only a question is waived", some.MachinesTotal)
	}
	const other = "software-defined.network"
	if got, want := ratingOf(t, some, other), ratingOf(t, assessAt(model(t), e, dayAfter), other); got.Low != want.Low || got.High != want.High {
		t.Errorf("%s moved from %v to %v", other, want.Low, got.Low)
	}
}

// A declared zone splits the bound of hosts: what shares no hardware needs hosts, and spares, of its own. Declared
// spares go before those by the bound.
func TestDeclaredZones(t *testing.T) {
	e := hosts("web-1", "web-2", "DMZ-3", "dmz-4") // all the work would fit on one: a bound of 1, and a spare
	bound := func(zones ...score.Zone) int {
		m := model(t)
		m.Zones = zones
		if err := m.Check(); err != nil {
			t.Fatal(err)
		}
		return assessAt(m, e, dayAfter).Headline.HostsBound
	}
	spares := func(n int64) *int64 { return &n }
	dmz := []string{"dmz-*"}
	for _, test := range []struct {
		name  string
		zones []score.Zone
		want  int
	}{
		{"one zone", nil, 2},
		{"split", []score.Zone{{Name: "dmz", Machines: dmz}}, 4},
		{"no spare in one", []score.Zone{{Name: "dmz", Machines: dmz, Spares: spares(0)}}, 3},
		{"no spare at all", []score.Zone{{Name: "dmz", Machines: dmz, Spares: spares(0)}, {Name: "rest", Machines: []string{"*"}, Spares: spares(0)}}, 2},
		{"the first that matches", []score.Zone{{Name: "all", Machines: []string{"ID-*"}}, {Name: "dmz", Machines: dmz}}, 2},
		{"matches nothing", []score.Zone{{Name: "lab", Machines: []string{"lab-*"}}}, 2},
	} {
		if got := bound(test.zones...); got != test.want {
			t.Errorf("%s: no plan needs fewer than %d hosts, want %d", test.name, got, test.want)
		}
	}
}

func TestScopeThatMeansNothing(t *testing.T) {
	for want, change := range map[string]func(m *score.Model){
		"has no name":              func(m *score.Model) { m.Zones = []score.Zone{{Machines: []string{"a"}}} },
		`zone "a" has no machines`: func(m *score.Model) { m.Zones = []score.Zone{{Name: "a"}} },
		`zone "a" is declared twice`: func(m *score.Model) {
			m.Zones = []score.Zone{{Name: "a", Machines: []string{"a"}}, {Name: "a", Machines: []string{"b"}}}
		},
		`zone "a": machines "["`: func(m *score.Model) { m.Zones = []score.Zone{{Name: "a", Machines: []string{"["}}} },
		"zones.1.spares: -1: want": func(m *score.Model) {
			n := int64(-1)
			m.Zones = []score.Zone{{Name: "a", Machines: []string{"a"}, Spares: &n}}
		},
		"waiver 1: it has no reason":    func(m *score.Model) { m.Waivers = []score.Waiver{{Machines: []string{"a"}, Reason: " "}} },
		"waives everything":             func(m *score.Model) { m.Waivers = []score.Waiver{{Reason: "r"}} },
		"did you mean converged.fabric": func(m *score.Model) { m.Waivers = []score.Waiver{{Indicator: "converged.fabrik", Reason: "r"}} },
		"compares whole zones": func(m *score.Model) {
			m.Waivers = []score.Waiver{{Indicator: "components.packing", Machines: []string{"a"}, Reason: "r"}}
		},
		`until "31.3.2027"`: func(m *score.Model) {
			m.Waivers = []score.Waiver{{Machines: []string{"a"}, Reason: "r", Until: "31.3.2027"}}
		},
		"a name of a machine is empty": func(m *score.Model) { m.Waivers = []score.Waiver{{Machines: []string{""}, Reason: "r"}} },
	} {
		m := model(t)
		change(m)
		if err := m.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q in it", err, want)
		}
	}
}

// No recommendation names a machine that is waived, nor anything that stands on it.
func TestNoAdviceForWaivedMachines(t *testing.T) {
	named, advised := 0, 0
	for seed := range 150 {
		r := rand.New(rand.NewPCG(uint64(seed), 21))
		e := demo.RandomEstate(r, demo.RandomOptions{Hosts: 4, Unknown: float64(seed%3) / 20})
		waived := map[string]bool{}
		all := 0
		e.Walk(func(n *inventory.Node) {
			n.Machine.Name = inventory.Known(fmt.Sprintf("<machine %d>", all))
			for i := range n.VMs {
				n.VMs[i].Name = inventory.Known(fmt.Sprintf("<vm %d of %d>", i, all))
			}
			all++
		})
		var patterns []string
		var mark func(n *inventory.Node, gone bool)
		mark = func(n *inventory.Node, gone bool) {
			name, _ := n.Machine.Name.Get()
			if !gone && r.IntN(3) == 0 {
				patterns, gone = append(patterns, name), true
			}
			if gone {
				waived[name] = true
			}
			for i := range n.VMs {
				vm, _ := n.VMs[i].Name.Get()
				off := gone
				if !off && r.IntN(4) == 0 {
					patterns, off = append(patterns, vm), true
				}
				if off {
					waived[vm] = true
				}
				if n.VMs[i].Guest != nil {
					mark(n.VMs[i].Guest, off)
				}
			}
		}
		for _, h := range e.Hosts {
			mark(h, false)
		}
		if len(patterns) == 0 {
			continue
		}
		req := score.Request{Options: score.Options{RunningIsActive: true, Now: dayAfter}}
		names := func(m *score.Model) []string {
			a := score.Assess(e, m, req)
			plan.Recommend(t.Context(), a, e, m, plan.Request{Request: req})
			advised += len(a.Recommendations)
			var found []string
			for name := range waived {
				for _, rec := range a.Recommendations {
					if strings.Contains(fmt.Sprint(rec.Title, rec.Subjects, rec.Evidence, rec.Next), name) {
						found = append(found, name)
					}
				}
			}
			slices.Sort(found)
			return found
		}
		named += len(names(model(t)))
		if got := names(waiving(t, score.Waiver{Machines: patterns, Reason: "none of our business"})); len(got) > 0 {
			t.Fatalf("seed %d: %q are waived, and %q are named", seed, patterns, got)
		}
	}
	if named == 0 || advised == 0 {
		t.Error("no advice would name such a machine anyway: the test shows nothing")
	}
}
