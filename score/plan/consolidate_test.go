package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/infraopt/infraopt/collect/demo"
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// box is a host of 64 cores and 256 GiB with virtual machines, all of it seen.
func box(id string, vms ...inventory.VM) *inventory.Node {
	n := hypervisor().Hosts[0]
	n.Machine.ID, n.Machine.Name = id, inventory.Known(id)
	n.Hypervisors[0].ID, n.Hypervisors[0].Machine, n.Hypervisors[0].VMs = id+"/kvm", id, inventory.Known(len(vms))
	n.VMs = nil
	for _, v := range vms {
		v.Hypervisor = id + "/kvm"
		n.VMs = append(n.VMs, inventory.GuestVM{VM: v})
	}
	return n
}

// given is a virtual machine of which no utilisation series is known: it is sized by what it was given.
func given(id string, vcpus float64, gib inventory.Bytes) inventory.VM {
	v := used(id, vcpus, gib)
	v.Demand = inventory.Demand{}
	return v
}

// boxes is an estate of hosts h0, h1, … with one virtual machine v0, v1, … each: all of them fit on one host.
func boxes(n int) *inventory.Estate {
	e := &inventory.Estate{}
	for i := range n {
		e.Hosts = append(e.Hosts, box(fmt.Sprintf("h%d", i), given(fmt.Sprintf("v%d", i), 4, 8)))
	}
	return e
}

// A layout is what a plan of an estate makes of it.
type layout struct {
	target *score.Target
	fate   map[string]score.HostAssign
	on     map[string]string // hosts of things, by ID, afterwards
	last   *inventory.Estate
}

// consolidated plans an estate, carries the plan out, and holds it against what checks all plans.
func consolidated(t *testing.T, e *inventory.Estate, m *score.Model, constraints string) *layout {
	t.Helper()
	req := lawRequest(0)
	if constraints != "" {
		c, err := LoadConstraints("c.yaml", []byte(constraints))
		if err != nil {
			t.Fatal(err)
		}
		if missing := c.Unmatched(e); len(missing) > 0 {
			t.Fatal(missing)
		}
		req.Constraints = c
	}
	was := demo.Clone(e)
	p := newPlanner(t.Context(), e, m, req)
	r := &roadmap{last: p.rate(p.total)}
	if rewritten := p.consolidate(); rewritten != nil {
		pr := &proposal{action: retireHosts(), number: -1, rewrite: rewritten, before: r.last}
		pr.add(rewritten.subjects)
		p.weigh(pr, p.difference(rewritten), rewritten.estate)
		p.accept(pr)
		r.steps, r.last = append(r.steps, pr), pr.result
	}
	l := &layout{target: p.target(r), fate: map[string]score.HostAssign{}, on: map[string]string{}, last: p.estate}
	for _, z := range p.packPools().pools {
		if z.solution != nil {
			if err := soundPlan(z); err != nil {
				t.Error(err)
			}
		}
	}
	for _, f := range l.target.Machines {
		l.fate[f.ID] = f
	}
	places, err := placesOf(l.last)
	if err != nil {
		t.Error(err)
	}
	for key, host := range places {
		l.on[key.id] = host
	}
	x := &planned{a: &score.Assessment{Target: l.target}, p: p, r: r, estates: []*inventory.Estate{e, l.last}}
	if err := x.oncePlaced(e, l.last); err != nil {
		t.Error(err)
	}
	if d := other(things(was), things(e)); len(d) > 0 {
		t.Errorf("planning changed %q of the estate that it was given", d)
	}
	return l
}

// has counts fates: kept, spare and retired.
func (l *layout) has(t *testing.T, kept, spare, retired int) {
	t.Helper()
	n := map[string]int{}
	for _, f := range l.fate {
		n[f.Fate]++
	}
	if n[score.FateKeep] != kept || n[score.FateSpare] != spare || n[score.FateRetire] != retired {
		t.Errorf("%v: want %d hosts kept, %d spare, %d retired", l.fate, kept, spare, retired)
	}
	if h := l.target.Hosts; h.Plan != kept+spare || h.Now != kept+spare+retired || h.Bound > h.Plan || h.Spares != spare {
		t.Errorf("%+v", h)
	}
}

func spared(t *testing.T, zones map[string]int64) *score.Model {
	t.Helper()
	m := *model(t)
	for name, k := range zones {
		m.Zones = append(m.Zones, score.Zone{Name: name, Spares: &k})
	}
	return &m
}

func TestConsolidateOntoFewHosts(t *testing.T) {
	l := consolidated(t, boxes(6), model(t), "")
	l.has(t, 1, 1, 4)
	if len(l.target.Moves) != 5 {
		t.Errorf("%d moves: want one from each host but that which stays", len(l.target.Moves))
	}
	for _, mv := range l.target.Moves {
		if f := l.fate[mv.To]; f.Fate != score.FateKeep || l.fate[mv.From].Fate == score.FateKeep {
			t.Errorf("%+v: to a host that is %+v", mv, f)
		}
	}
	// What carries more than one host holds needs as many as the sum says, and one more for the loss of any.
	e := boxes(6)
	for _, h := range e.Hosts {
		h.VMs[0].VCPUs = inventory.Known(28.)
	}
	consolidated(t, e, model(t), "").has(t, 3, 1, 2)
	consolidated(t, boxes(1), model(t), "").has(t, 1, 0, 0)
}

func TestConsolidateSpares(t *testing.T) {
	for k := range int64(5) {
		l := consolidated(t, boxes(6), spared(t, map[string]int64{"": k}), "")
		l.has(t, 1, int(k), 5-int(k))
		if l.target.Hosts.Bound != 1+int(k) {
			t.Errorf("%d spares: %+v", k, l.target.Hosts)
		}
	}
	// More than there are hosts: nothing goes.
	l := consolidated(t, boxes(3), spared(t, map[string]int64{"": 5}), "")
	l.has(t, 3, 0, 0)
	if l.target.Pools[0].Withheld == "" {
		t.Errorf("%+v: no reason is given", l.target.Pools[0])
	}
}

// A second round finds nothing that the first one left for a reason: where everything went onto a host that stays, the
// spare is still one.
func TestConsolidateKeepsSparesOfHostsThatStay(t *testing.T) {
	m := model(t)
	e := boxes(6)
	e.Hosts[0].Machine.Roles = []string{"backup-server"}
	req := lawRequest(0)
	a := score.Assess(e, m, req.Request)
	Recommend(t.Context(), a, e, m, req)
	if h := a.Target.Hosts; h.Plan != 2 || h.Spares != 1 || h.Bound != 2 {
		t.Errorf("%+v, %+v: want the host that stays, and a spare", h, a.Target.Machines)
	}
	// Where nothing could move, nothing is spared.
	e = boxes(3)
	for _, h := range e.Hosts[1:] {
		h.VMs, h.Hypervisors[0].VMs = nil, inventory.Known(0)
	}
	e.Hosts[0].VMs[0].State = inventory.Unknown[inventory.RunState]("", "")
	consolidated(t, e, m, "").has(t, 1, 0, 2)
}

func TestConsolidateZonesAndPools(t *testing.T) {
	e := boxes(6)
	for i, h := range e.Hosts {
		h.Machine.Zone = []string{"a", "b"}[i%2]
	}
	l := consolidated(t, e, spared(t, map[string]int64{"b": 0}), "")
	l.has(t, 2, 1, 3)
	for _, mv := range l.target.Moves {
		if from, to := l.fate[mv.From].Zone, l.fate[mv.To].Zone; from != to || mv.Zone != from {
			t.Errorf("%+v goes from zone %s to %s", mv, from, to)
		}
	}
	if z := l.target.Pools; len(z) != 2 || z[0].Zone != "a" || z[0].Plan != 2 || z[0].Spares != 1 || z[1].Plan != 1 || z[1].Spares != 0 {
		t.Errorf("%+v", l.target.Pools)
	}
	// What is made for one hypervisor runs on no other.
	e = boxes(6)
	for i, h := range e.Hosts {
		h.Hypervisors[0].Kind = []string{"kvm", "esxi"}[i%2]
	}
	l = consolidated(t, e, model(t), "")
	l.has(t, 2, 2, 2)
	for _, mv := range l.target.Moves {
		if l.fate[mv.From].Pool != l.fate[mv.To].Pool {
			t.Errorf("%+v goes from pool %s to %s", mv, l.fate[mv.From].Pool, l.fate[mv.To].Pool)
		}
	}
}

func TestConsolidateKeepsToConstraints(t *testing.T) {
	for _, test := range []struct {
		name, file           string
		kept, spare, retired int
		holds                func(l *layout) bool
	}{
		{"pin", `pins: [{workloads: [v5, v4], hosts: [h5]}]`, 1, 1, 4, func(l *layout) bool { return l.on["v5"] == "h5" && l.on["v4"] == "h5" }},
		{"two pins", `pins: [{workloads: [v5], hosts: [h5]}, {workloads: [v0], hosts: [h0]}]`, 2, 1, 3,
			func(l *layout) bool { return l.on["v5"] == "h5" && l.on["v0"] == "h0" }},
		{"keep apart", `keepApart: [{workloads: [v0, v1, v2]}]`, 3, 1, 2,
			func(l *layout) bool {
				return l.on["v0"] != l.on["v1"] && l.on["v1"] != l.on["v2"] && l.on["v0"] != l.on["v2"]
			}},
		{"keep apart from what stays", "keepApart: [{workloads: [v0, v1]}]\nneverTouch: [{names: [v0]}]", 2, 1, 3, func(l *layout) bool { return l.on["v0"] == "h0" && l.on["v1"] != "h0" }},
		{"keep all apart", `keepApart: [{workloads: ["v*"]}]`, 6, 0, 0, func(l *layout) bool { return len(l.target.Moves) == 0 }},
		{"never touch a host", `neverTouch: [{names: [h3], reason: leased}]`, 2, 1, 3, func(l *layout) bool {
			n := 0
			for _, host := range l.on {
				if host == "h3" {
					n++
				}
			}
			return n == 1 && l.on["v3"] == "h3" && l.fate["h3"].Reason == "not to be touched" && strings.Contains(l.fate["h3"].Why, "leased")
		}},
		{"never touch a virtual machine", `neverTouch: [{names: [v3]}]`, 1, 1, 4,
			func(l *layout) bool { return l.on["v3"] == "h3" && l.fate["h3"].Reason == "not to be touched" }},
		{"licence fence", `licenceFences: [{name: db, workloads: [v0, v1], hosts: [h4, h5]}]`, 1, 1, 4,
			func(l *layout) bool { return l.on["v0"] == l.on["v1"] && (l.on["v0"] == "h4" || l.on["v0"] == "h5") }},
		{"exclusive fence", `licenceFences: [{name: db, workloads: [v4, v5], hosts: [h4, h5], exclusive: true}]`, 2, 2, 2, func(l *layout) bool {
			for id, host := range l.on {
				if inside := host == "h4" || host == "h5"; inside != (id == "v4" || id == "v5") {
					return false
				}
			}
			return true
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := consolidated(t, boxes(6), model(t), test.file)
			if !test.holds(l) {
				t.Errorf("%v, %+v", l.on, l.fate)
			}
			l.has(t, test.kept, test.spare, test.retired)
		})
	}
}

// A host stays for a reason that is given, and the others go all the same.
func TestConsolidateHostsThatStay(t *testing.T) {
	container := func(h *inventory.Node, change func(c *inventory.Container)) {
		h.Engines = []inventory.Engine{{ID: "h0/docker", Machine: "h0", Kind: "docker"}}
		c := inventory.Container{ID: "c0", Machine: "h0", Runtime: inventory.Known("docker"), State: inventory.Known(inventory.Running), System: inventory.Known(false),
			CPULimit: inventory.Known(1.), MemoryLimit: inventory.Known(inventory.GiB), Layer: inventory.Application, Usage: h.VMs[0].Usage}
		change(&c)
		h.Containers = append(h.Containers, c)
	}
	for _, test := range []struct {
		reason, why string
		change      func(h *inventory.Node)
	}{
		{"power not known", "switched on", func(h *inventory.Node) { h.Machine.Powered = inventory.Unknown[bool]("", "") }},
		{"size not known", "cores", func(h *inventory.Node) { h.Machine.Cores = inventory.Unknown[float64]("", "") }},
		{"size not known", "memory", func(h *inventory.Node) { h.Machine.Memory = inventory.Unknown[inventory.Bytes]("", "") }},
		{"not seen whole", "inside a container", func(h *inventory.Node) { h.Machine.Inside = inventory.Unknown[string]("", "") }},
		{"not seen whole", "processes", func(h *inventory.Node) { h.Machine.Processes = inventory.Unknown[int]("", "") }},
		{"not seen whole", "containers", func(h *inventory.Node) { h.Machine.Containers = inventory.Unknown[int]("", "") }},
		{"not seen whole", "more virtual machines", func(h *inventory.Node) { h.Hypervisors[0].VMs = inventory.Unknown[int]("", "") }},
		{"has a role of its own", "backup-server", func(h *inventory.Node) { h.Machine.Roles = []string{"hypervisor", "backup-server"} }},
		{"serves storage", "ceph", func(h *inventory.Node) {
			h.Machine.StorageUse = []inventory.StorageUse{{Technology: "ceph", Role: inventory.StorageServer}}
		}},
		{"work outside containers", "erp runs", func(h *inventory.Node) {
			h.Workloads = []inventory.Workload{{ID: "w", Machine: "h0", Name: "erp", Layer: inventory.Application, Usage: h.VMs[0].Usage}}
		}},
		{"state not known", "v0", func(h *inventory.Node) { h.VMs[0].State = inventory.Unknown[inventory.RunState]("", "") }},
		{"hypervisor not known", "v0", func(h *inventory.Node) { h.VMs[0].Hypervisor = "" }},
		{"need not known", "v0", func(h *inventory.Node) { h.VMs[0].VCPUs = inventory.Unknown[float64]("", "") }},
		{"need not known", "v0", func(h *inventory.Node) { h.VMs[0].Memory = inventory.Unknown[inventory.Bytes]("", "") }},
		{"state not known", "c0", func(h *inventory.Node) {
			container(h, func(c *inventory.Container) { c.State = inventory.Unknown[inventory.RunState]("", "") })
		}},
		{"system container", "c0", func(h *inventory.Node) {
			container(h, func(c *inventory.Container) { c.System = inventory.Unknown[bool]("", "") })
		}},
		{"engine not known", "c0", func(h *inventory.Node) {
			container(h, func(c *inventory.Container) { c.Runtime = inventory.Unknown[string]("", "") })
		}},
		{"need not known", "c0", func(h *inventory.Node) {
			container(h, func(c *inventory.Container) { c.MemoryLimit = inventory.Absent[inventory.Bytes]() })
		}},
	} {
		t.Run(test.reason+" "+test.why, func(t *testing.T) {
			e := boxes(6)
			test.change(e.Hosts[0])
			l := consolidated(t, e, model(t), "")
			if f := l.fate["h0"]; f.Fate != score.FateKeep || f.Reason != test.reason || !strings.Contains(f.Why, test.why) {
				t.Errorf("h0: %+v, want that it is kept: %s, %s", f, test.reason, test.why)
			}
			if l.on["v0"] != "h0" {
				t.Errorf("v0 is on %s", l.on["v0"])
			}
			retired := 0
			for _, f := range l.fate {
				if f.Fate == score.FateRetire {
					retired++
				}
			}
			if retired < 3 {
				t.Errorf("only %d of the other hosts are retired: %+v", retired, l.fate)
			}
		})
	}
}

// Where more runs than finds a place as sized, it stays where it is, and other hosts are emptied without it.
func TestConsolidateOverCommitted(t *testing.T) {
	e := boxes(5)
	for i := range 12 {
		v := given(fmt.Sprintf("big%02d", i), 30, 16)
		v.Hypervisor = "h0/kvm"
		e.Hosts[0].VMs = append(e.Hosts[0].VMs, inventory.GuestVM{VM: v})
	}
	e.Hosts[0].Hypervisors[0].VMs = inventory.Known(13)
	l := consolidated(t, e, model(t), "")
	if f := l.fate["h0"]; f.Fate != score.FateKeep || f.Reason != "over-committed" || !strings.Contains(f.Why, "over-committing") {
		t.Errorf("%+v: want that it is kept as it is over-committed", f)
	}
	for id, host := range l.on {
		if strings.HasPrefix(id, "big") && host != "h0" {
			t.Errorf("%s went to %s", id, host)
		}
		if host == "h0" && id != "v0" && !strings.HasPrefix(id, "big") {
			t.Errorf("%s came to a host that is too full", id)
		}
	}
	if n := l.target.Hosts; n.Plan >= n.Now {
		t.Errorf("%+v: nothing is retired", n)
	}
}

// What belongs together moves together: guests with their virtual machines, containers that share a volume; replicas that
// are apart stay apart; and what is retired is in no list any more.
func TestConsolidateMovesThingsWhole(t *testing.T) {
	e := &inventory.Estate{}
	cluster := inventory.Cluster{ID: "c", Kind: "swarm", Orchestrates: true, Nodes: inventory.Known(6)}
	for i := range 6 {
		id := fmt.Sprintf("h%d", i)
		n := box(id)
		n.Hypervisors = nil
		n.Engines = []inventory.Engine{{ID: id + "/docker", Machine: id, Kind: "docker", Cluster: inventory.Known("c")}}
		add := func(name, service string, volumes ...string) {
			c := inventory.Container{ID: fmt.Sprintf("%s-%d", name, i), Machine: id, Runtime: inventory.Known("docker"), State: inventory.Known(inventory.Running), System: inventory.Known(false),
				Service: inventory.Absent[string](), CPULimit: inventory.Known(1.), MemoryLimit: inventory.Known(inventory.GiB), Layer: inventory.Application, Volumes: volumes,
				Usage: used("x", 1, 1).Usage}
			if service != "" {
				c.Service = inventory.Known(service)
			}
			n.Containers = append(n.Containers, c)
		}
		volume := fmt.Sprintf("data-%d", i)
		add("app", "", volume)
		add("db", "", volume)
		if i < 3 {
			add("replica", "web")
		}
		n.Volumes = []inventory.Volume{{Name: volume, Machine: id, Engine: "docker"}}
		n.Machine.Containers = inventory.Known(len(n.Containers))
		e.Hosts, cluster.Machines = append(e.Hosts, n), append(cluster.Machines, id)
	}
	e.Clusters = []inventory.Cluster{cluster}
	l := consolidated(t, e, model(t), "")
	l.has(t, 3, 1, 2)
	for i := range 6 {
		if a, b := l.on[fmt.Sprintf("app-%d", i)], l.on[fmt.Sprintf("db-%d", i)]; a != b || a == "" {
			t.Errorf("app-%d is on %s, and db-%d, with which it shares a volume, on %s", i, a, i, b)
		}
	}
	if a, b, c := l.on["replica-0"], l.on["replica-1"], l.on["replica-2"]; a == b || b == c || a == c {
		t.Errorf("replicas are on %s, %s and %s", a, b, c)
	}
	volumes := 0
	for _, h := range l.last.Hosts {
		volumes += len(h.Volumes)
		for _, v := range h.Volumes {
			if !slices.ContainsFunc(h.Containers, func(c inventory.Container) bool { return slices.Contains(c.Volumes, v.Name) }) {
				t.Errorf("volume %s is on %s, and what mounts it is not", v.Name, h.Machine.ID)
			}
		}
	}
	if volumes != 6 {
		t.Errorf("%d volumes are left of 6", volumes)
	}
	for _, id := range l.last.Clusters[0].Machines {
		if l.fate[id].Fate == score.FateRetire {
			t.Errorf("%s is retired, and a member of a cluster", id)
		}
	}
	if n := l.last.Clusters[0].Nodes.Or(0); n != 4 {
		t.Errorf("the cluster has %d nodes, want 4", n)
	}

	guests := boxes(3)
	for i, h := range guests.Hosts {
		h.VMs[0].Guest = &inventory.Node{Machine: inventory.Machine{ID: fmt.Sprintf("g%d", i), Kind: inventory.Known(inventory.Virtual)}}
	}
	l = consolidated(t, guests, model(t), "")
	l.has(t, 1, 1, 1)
	for _, h := range l.last.Hosts {
		for _, v := range h.VMs {
			if v.Guest == nil || strings.TrimPrefix(v.Guest.Machine.ID, "g") != strings.TrimPrefix(v.ID, "v") {
				t.Errorf("%s has lost its guest", v.ID)
			}
		}
	}
}

// What moved more than once is told once: from where it began to where it ended up.
func TestNetMoves(t *testing.T) {
	mv := func(class, id, from, to string) score.Move {
		return score.Move{Class: class, ID: id, Name: id, From: from, To: to, Zone: "z"}
	}
	got := netMoves([]score.Move{mv("vm", "a", "1", "2"), mv("vm", "b", "1", "3"), mv("container", "a", "1", "4"), mv("vm", "a", "2", "3"), mv("vm", "b", "3", "1"), mv("vm", "a", "3", "5")})
	want := []score.Move{mv("container", "a", "1", "4"), mv("vm", "a", "1", "5")}
	if !slices.Equal(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
