package plan

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/infraopt/infraopt/collect/demo"
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// flatBox is a host of which everything is known that actions ask for: two virtual machines that carry a container each.
func flatBox(id string) *inventory.Node {
	known := inventory.Known[string]
	machine := func(id string, kind inventory.MachineKind) inventory.Machine {
		return inventory.Machine{ID: id, Name: known(id), Kind: inventory.Known(kind), Powered: inventory.Known(true), Inside: inventory.Absent[string](),
			Cores: inventory.Known(32.), Memory: inventory.Known(256 * inventory.GiB), Processes: inventory.Known(90), Containers: inventory.Known(1),
			OS:         inventory.OS{ID: known("debian"), Version: known("12"), Style: inventory.Known(inventory.GeneralOS), Packages: inventory.Known(900)},
			Management: inventory.Known(inventory.ByHand), Storage: inventory.Known(inventory.LocalVolumes), Network: inventory.Known(inventory.BridgeNetwork)}
	}
	n := &inventory.Node{Machine: machine(id, inventory.Physical)}
	n.Machine.Containers = inventory.Known(0)
	n.Hypervisors = []inventory.Hypervisor{{ID: "hv-" + id, Machine: id, Kind: "kvm", Version: known("8.2"), Cluster: inventory.Absent[string](), SeparateImage: inventory.Known(false), VMs: inventory.Known(2)}}
	for i := range 2 {
		guest := &inventory.Node{Machine: machine(fmt.Sprintf("%s-g%d", id, i), inventory.Virtual)}
		guest.Engines = []inventory.Engine{{ID: "e", Machine: guest.Machine.ID, Kind: "docker", Inventory: inventory.Known(true), BuildCache: inventory.Absent[inventory.Bytes]()}}
		guest.Containers = []inventory.Container{{ID: fmt.Sprintf("c-%s-%d", id, i), Machine: guest.Machine.ID, Name: known("web"), Runtime: known("docker"), ImageID: known("sha256:web"),
			State: inventory.Known(inventory.Running), System: inventory.Known(false), Manager: inventory.Known(inventory.ManagedByHand), Layer: inventory.Application,
			CPULimit: inventory.Known(8.), MemoryLimit: inventory.Known(32 * inventory.GiB),
			Demand: inventory.Demand{Days: inventory.Known(9.), Samples: inventory.Known(3000), CPUP995: inventory.Known(2.), MemoryMax: inventory.Known(4 * inventory.GiB)}}}
		guest.Images = []inventory.Image{{ID: "sha256:web", Machine: guest.Machine.ID, Engine: "docker", Tags: []string{"web:1"}, Size: inventory.Known(100 * inventory.MiB)}}
		n.VMs = append(n.VMs, inventory.GuestVM{VM: inventory.VM{ID: guest.Machine.ID, Name: known(guest.Machine.ID), Hypervisor: "hv-" + id, State: inventory.Known(inventory.Running),
			VCPUs: inventory.Known(8.), Memory: inventory.Known(32 * inventory.GiB), Storage: inventory.Known(inventory.LocalVolumes), OnHost: true}, Guest: guest})
	}
	return n
}

func flatBoxes(n int) *inventory.Estate {
	e := &inventory.Estate{}
	for i := range n {
		e.Hosts = append(e.Hosts, flatBox(fmt.Sprintf("box-%d", i)))
	}
	return e
}

// do does an action on an estate, and names its subjects.
func do(t *testing.T, act *Action, e *inventory.Estate, rules *Constraints) (*inventory.Estate, []string) {
	t.Helper()
	out, found, err := doer(model(t), score.Options{RunningIsActive: true}, rules)(e, act.ID, func(*inventory.Machine) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	return out, labels(len(found), func(i int) *Subject { return &found[i] })
}

// What each action makes of a host of which all is known, and the one fact that keeps it from doing so.
func TestActions(t *testing.T) {
	for _, test := range []struct {
		action   *Action
		prepare  func(n *inventory.Node) // of the first host
		subjects int                     // of three hosts
		done     func(n *inventory.Node) bool
		but      func(n *inventory.Node) // then the first is left alone
	}{
		{rightSizeContainers(), nil, 6, func(n *inventory.Node) bool {
			c := n.VMs[0].Guest.Containers[0]
			return c.CPULimit.Or(9) < 8 && c.CPULimit.Or(0) >= 2 && c.MemoryLimit.Or(0) < 32*inventory.GiB
		}, func(n *inventory.Node) {
			for i := range n.VMs { // a surplus of one dimension alone is none
				n.VMs[i].Guest.Containers[0].MemoryLimit = inventory.Known(inventory.GiB)
				n.VMs[i].Guest.Containers[0].Demand.Days = inventory.Known(2.)
			}
		}},
		{standardiseOS(), func(n *inventory.Node) { n.Machine.OS.Version = inventory.Known("11") }, 1,
			func(n *inventory.Node) bool { return n.Machine.OS.Version.Or("") == "12" },
			func(n *inventory.Node) { n.Machine.OS.Style = inventory.Known(inventory.ImageBasedOS) }},
		{standardiseHypervisors(), func(n *inventory.Node) { n.Hypervisors[0].Version = inventory.Known("6.1") }, 1,
			func(n *inventory.Node) bool { return n.Hypervisors[0].Version.Or("") == "8" },
			func(n *inventory.Node) { n.Hypervisors[0].Version = inventory.Unknown[string]("", "") }},
		{standardiseEngines(), func(n *inventory.Node) {
			g := n.VMs[0].Guest
			g.Engines[0].Kind, g.Containers[0].Runtime, g.Images[0].Engine = "podman", inventory.Known("podman"), "podman"
		}, 1, func(n *inventory.Node) bool {
			g := n.VMs[0].Guest
			return g.Engines[0].Kind == "docker" && g.Containers[0].Runtime.Or("") == "docker" && g.Images[0].Engine == "docker"
		}, func(n *inventory.Node) {
			n.VMs[0].Guest.Engines = append(n.VMs[0].Guest.Engines, inventory.Engine{Kind: "docker"})
		}},
		{immutableOS(), nil, 6, func(n *inventory.Node) bool { return n.VMs[0].Guest.Machine.OS.Style.Or("") == inventory.ImageBasedOS },
			func(n *inventory.Node) {
				for i := range n.VMs {
					n.VMs[i].Guest.Machine.Processes = inventory.Unknown[int]("", "")
				}
			}},
		{dropHypervisors(), nil, 3, func(n *inventory.Node) bool {
			return len(n.VMs) == 0 && len(n.Hypervisors) == 0 && len(n.Containers) == 2 && len(n.Engines) == 1 && len(n.Images) == 1 && n.Machine.Containers.Or(0) == 2 && n.Containers[0].Machine == n.Machine.ID
		}, func(n *inventory.Node) {
			n.VMs[1].Guest.Workloads = []inventory.Workload{{ID: "w", Name: "w", Layer: inventory.Service}}
		}},
		{declareContainers(), nil, 6, func(n *inventory.Node) bool {
			return n.VMs[0].Guest.Containers[0].Manager.Or("") == inventory.ManagedByCompose
		},
			func(n *inventory.Node) {
				for i := range n.VMs {
					n.VMs[i].Guest.Containers[0].Manager = inventory.Unknown[inventory.Manager]("", "")
				}
			}},
		{declareMachines(), nil, 9, func(n *inventory.Node) bool { return n.Machine.Management.Or("") == inventory.ConfigManaged },
			func(n *inventory.Node) {
				n.Machine.Management = inventory.Absent[inventory.Management]() // no trace is no proof of work by hand
				for i := range n.VMs {
					n.VMs[i].Guest.Machine.Management = inventory.Known(inventory.GitOps)
				}
			}},
		{adoptOrchestrator(), nil, 6, func(n *inventory.Node) bool {
			return n.VMs[0].Guest.Containers[0].Manager.Or("") == inventory.ManagedBySwarm
		},
			func(n *inventory.Node) {
				for i := range n.VMs {
					n.VMs[i].Guest.Containers[0].State = inventory.Known(inventory.Stopped)
				}
			}},
		{adoptOverlay(), nil, 3, func(n *inventory.Node) bool { return n.Machine.Network.Or("") == inventory.OverlayNetwork },
			func(n *inventory.Node) { n.Machine.Network = inventory.Unknown[inventory.NetworkClass]("", "") }},
		{adoptStorage(), nil, 3, func(n *inventory.Node) bool {
			return n.Machine.Storage.Or("") == inventory.SDSOnNodes && n.VMs[1].Storage.Or("") == inventory.SDSOnNodes
		}, func(n *inventory.Node) { n.Machine.Powered = inventory.Known(false) }},
	} {
		prepare := func() *inventory.Estate {
			e := flatBoxes(3)
			if test.prepare != nil {
				test.prepare(e.Hosts[0])
			}
			return e
		}
		e := prepare()
		before := demo.Clone(e)
		out, found := do(t, test.action, e, nil)
		if len(found) != test.subjects || !test.done(out.Hosts[0]) {
			t.Errorf("%s: found %q; the first host is done: %v", test.action.ID, found, test.done(out.Hosts[0]))
		}
		if other := other(things(before), things(e)); len(other) > 0 {
			t.Errorf("%s: the given estate has changed: %q", test.action.ID, other)
		}
		if _, again := do(t, test.action, out, nil); len(again) > 0 {
			t.Errorf("%s: once done, it finds %q", test.action.ID, again)
		}
		if err := sound(out); err != nil {
			t.Errorf("%s: %v", test.action.ID, err)
		}
		e = prepare()
		test.but(e.Hosts[0])
		if out, found := do(t, test.action, e, nil); slices.ContainsFunc(found, func(s string) bool { return strings.Contains(s, "box-0") }) || out.Hosts[0] != e.Hosts[0] {
			t.Errorf("%s: it should have left the first host alone: %q", test.action.ID, found)
		}
	}
}

// Arrays go only where all that is on them is known, and there are nodes enough that have disks.
func TestArraysGoWholeOrNotAtAll(t *testing.T) {
	estate := func(hosts int) *inventory.Estate {
		e := flatBoxes(hosts)
		e.Hosts[0].VMs[0].Storage = inventory.Known(inventory.FCArray)
		e.Arrays = []inventory.Storage{{ID: "array", Kind: inventory.Array}}
		return e
	}
	e := estate(3)
	out, found := do(t, retireArrays(), e, nil)
	if len(found) != 1 || len(out.Arrays) != 0 || out.Hosts[0].VMs[0].Storage.Or("") != inventory.SDSOnNodes || len(e.Arrays) != 1 {
		t.Errorf("found %q, %d arrays are left", found, len(out.Arrays))
	}
	for name, spoil := range map[string]func() *inventory.Estate{
		"two nodes": func() *inventory.Estate { return estate(2) },
		"something may be on it": func() *inventory.Estate {
			e := estate(3)
			e.Hosts[2].VMs[1].Storage = inventory.Unknown[inventory.StorageClass]("", "")
			return e
		},
		"nothing is known to be on it": func() *inventory.Estate {
			e := estate(3)
			e.Hosts[0].VMs[0].Storage = inventory.Known(inventory.RawLocal)
			return e
		},
	} {
		e := spoil()
		if out, found := do(t, retireArrays(), e, nil); len(found) > 0 || len(out.Arrays) != 1 {
			t.Errorf("%s: found %q", name, found)
		}
	}
	if _, found := do(t, retireArrays(), estate(3), constraints(t, "neverTouch: [{names: [box-0-g0]}]")); len(found) > 0 {
		t.Errorf("a virtual machine on it may not be touched: found %q", found)
	}
}

// What nothing may touch, no action touches; what a user's own change would touch is refused.
func TestNothingTouchesWhatIsNotToBeTouched(t *testing.T) {
	m := model(t)
	kept := map[string]int{}
	for seed := range scaled(600) {
		r := rand.New(rand.NewPCG(uint64(seed), 71))
		e := demo.RandomEstate(r, demo.RandomOptions{Hosts: 3})
		var ids []string
		e.Walk(func(n *inventory.Node) {
			ids = append(ids, n.Machine.ID)
			for i := range n.VMs {
				ids = append(ids, n.VMs[i].ID)
			}
			for i := range n.Containers {
				ids = append(ids, n.Containers[i].ID)
			}
			for i := range n.Workloads {
				ids = append(ids, n.Workloads[i].ID)
			}
		})
		rules := constraints(t, fmt.Sprintf("neverTouch: [{names: %s}]", quoted(one(r, ids...), one(r, ids...))))
		for _, act := range actions() {
			run := func(rules *Constraints) *inventory.Estate {
				out, _, err := doer(m, score.Options{RunningIsActive: true}, rules)(e, act.ID, func(*inventory.Machine) bool { return true })
				if err != nil {
					t.Fatal(err)
				}
				return out
			}
			if why := rules.Breach(e, run(rules)); why != "" {
				t.Fatalf("seed %d: %s: %s", seed, act.ID, why)
			}
			if rules.Breach(e, run(nil)) == "" {
				continue
			}
			kept[act.ID]++
			w := whatIf(t, "changes: [{do: {action: "+act.ID+"}}]")
			x := means(t)
			x.Constraints = rules
			x.Do = doer(m, score.Options{RunningIsActive: true}, nil) // which knows of no constraints
			if _, _, err := w.Apply(e, x); err == nil || !strings.Contains(err.Error(), "nothing may touch") {
				t.Fatalf("seed %d: %s: it was not refused: %v", seed, act.ID, err)
			}
		}
	}
	if t.Logf("kept from: %v", kept); len(kept) < 12 {
		t.Error("the test shows little")
	}
}

// A fact that is forgotten never gives an action more to do: what is not known is no reason to change anything. What an
// easier action no longer takes, such as what was idle, may be left to another.
func TestForgettingGivesNothingToDo(t *testing.T) {
	m := model(t)
	fewer := map[string]int{}
	for seed := range scaled(10_000) {
		r := rand.New(rand.NewPCG(uint64(seed), 72))
		e := demo.RandomEstate(r, demo.RandomOptions{Hosts: 2})
		c := customsOf(e, m.ZoneOf, nil)
		find := func(e *inventory.Estate, act *Action) map[string]bool {
			out := map[string]bool{}
			for _, h := range e.Hosts {
				_, found := rewriteHost(act, h, newScene(h, m, score.Options{}, c, nil))
				for _, s := range found {
					out[s.Class+" "+s.Machine+" "+s.ID] = true
				}
			}
			return out
		}
		less := e
		for range 1 + r.IntN(4) {
			less = demo.Forget(less, r.IntN(len(demo.Readings(less))))
		}
		// A machine that lost its name is called by its ID: its subjects are compared without it.
		strip := func(in map[string]bool) map[string]bool {
			out := map[string]bool{}
			for k := range in {
				f := strings.Fields(k)
				out[f[0]+" "+f[len(f)-1]] = true
			}
			return out
		}
		easier := map[string]bool{}
		for _, act := range actions() {
			if act.estate != nil {
				continue
			}
			was, is := strip(find(e, act)), strip(find(less, act))
			for k := range is {
				if !was[k] && !easier[k] {
					t.Fatalf("seed %d: %s: %s was found once something had been forgotten", seed, act.ID, k)
				}
			}
			maps.Copy(easier, was)
			if len(is) < len(was) {
				fewer[act.ID]++
			}
		}
	}
	if t.Logf("found less to do: %v", fewer); len(fewer) < 10 {
		t.Error("the test shows little")
	}
}

// scaled is the number of tries that there is time for.
func scaled(n int) int {
	if testing.Short() || raceEnabled {
		return n / 20
	}
	return n
}

// Law 6: where a layer of operating systems and a hypervisor go away, neither the questions about containers nor that about
// the components of a workload ever get a worse answer. What is left may be less uniform, and sized less well, than what went
// away, and images that are kept once instead of twice leave a greater share to what nobody uses.
func TestLaw06DroppingALayer(t *testing.T) {
	m := model(t)
	dropped, gained := 0, 0
	for seed := range scaled(10_000) {
		r := rand.New(rand.NewPCG(uint64(seed), 73))
		e := flatBoxes(1 + r.IntN(4))
		for _, h := range e.Hosts {
			varied(r, h)
		}
		opt := score.Options{RunningIsActive: r.IntN(2) == 0}
		after, found, err := doer(m, opt, nil)(e, "drop-hypervisor", func(*inventory.Machine) bool { return true })
		if err != nil {
			t.Fatal(err)
		}
		if len(found) == 0 {
			continue
		}
		dropped++
		was, is := score.NewLedger(e, m, opt).Rate(), score.NewLedger(after, m, opt).Rate()
		for i, p := range is.Pillars {
			for j := range p.Indicators {
				x, y := &was.Pillars[i].Indicators[j], &p.Indicators[j]
				if held := y.ID == "components.per-workload" || p.ID == "containers" && y.ID != stored; held && y.Low < x.Low-1e-9 {
					t.Fatalf("seed %d: %s fell from %g to %g", seed, y.ID, x.Low, y.Low)
				}
			}
		}
		if is.Score.Low > was.Score.Low {
			gained++
		}
	}
	if t.Logf("%d times a layer went away, and %d times the score rose", dropped, gained); dropped < scaled(10_000)/4 || gained == 0 {
		t.Error("the test shows little")
	}
}

// varied makes a host with guests unlike others of its kind.
func varied(r *rand.Rand, h *inventory.Node) {
	style := func(os *inventory.OS) {
		if r.IntN(3) == 0 {
			os.Style = inventory.Known(inventory.ImageBasedOS)
		}
		os.Packages = inventory.Known(20 + r.IntN(900))
	}
	style(&h.Machine.OS)
	for i := range h.VMs {
		g := h.VMs[i].Guest
		style(&g.Machine.OS)
		first := g.Containers[0]
		for j := range r.IntN(4) {
			c := first
			c.ID += fmt.Sprint("-", j)
			c.ImageID = inventory.Known(one(r, "sha256:web", "sha256:db"))
			c.State = inventory.Known(one2(r, inventory.Running, inventory.Stopped))
			c.Usage.Age = inventory.Known(30 * inventory.Day)
			c.Usage.CPUSeconds = inventory.Known(float64(r.IntN(2)) * 1e6)
			g.Containers = append(g.Containers, c)
		}
		g.Machine.Containers = inventory.Known(len(g.Containers))
		if r.IntN(6) == 0 {
			g.Machine.Network = inventory.Known(inventory.OverlayNetwork)
		}
	}
}

func one2[T any](r *rand.Rand, a, b T) T {
	if r.IntN(2) == 0 {
		return a
	}
	return b
}
