package demo

import (
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/infraopt/infraopt/collect/inventory"
)

func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

// text shows everything in an estate.
func text(t testing.TB, e *inventory.Estate) string {
	t.Helper()
	b, err := json.MarshalIndent(e, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

const someEstates = 300

func TestRandomEstateDependsOnNothingElse(t *testing.T) {
	for seed := range uint64(someEstates) {
		opt := RandomOptions{Unknown: float64(seed%5) / 8, Stale: seed%2 == 1}
		a, b := RandomEstate(random(seed), opt), RandomEstate(random(seed), opt)
		if text(t, a) != text(t, b) {
			t.Fatalf("seed %d gives two estates", seed)
		}
		if text(t, Complete(random(seed), a)) != text(t, Complete(random(seed), b)) {
			t.Fatalf("seed %d gives two completions", seed)
		}
	}
}

// The estates are only of use where every kind of thing occurs in them.
func TestRandomEstateCoversEverything(t *testing.T) {
	got := map[string]bool{}
	saw := func(name string, value any) { got[name+"="+strings.ToLower(reflectString(value))] = true }
	for seed := range uint64(someEstates) {
		e := RandomEstate(random(seed), RandomOptions{Stale: true})
		for _, c := range e.Clusters {
			saw("cluster", c.Kind)
		}
		e.Walk(func(n *inventory.Node) {
			m := &n.Machine
			for name, value := range map[string]any{
				"kind": m.Kind, "powered": m.Powered, "storage": m.Storage, "network": m.Network, "management": m.Management,
				"style": m.OS.Style, "chassis": m.Hardware.Chassis, "fabric": m.Hardware.Fabric, "zone": m.Zone,
			} {
				saw(name, value)
			}
			for _, c := range n.Containers {
				saw("state", c.State)
				saw("system", c.System)
				saw("manager", c.Manager)
				saw("layer", c.Layer)
				saw("runtime", c.Runtime)
			}
			for _, v := range n.VMs {
				saw("vm", v.State)
				saw("disk", v.Storage)
				if v.Guest != nil {
					saw("seen inside", v.State)
				}
			}
			for _, h := range n.Hypervisors {
				saw("image", h.SeparateImage)
				saw("pooled", h.Cluster.IsKnown())
			}
		})
	}
	for _, want := range []string{
		"kind=physical", "kind=virtual", "kind=cloud", "powered=true", "powered=false", "zone=", "zone=dmz", "zone=lab",
		"storage=none", "storage=raw-local", "storage=local-volumes", "storage=fc-array", "storage=ip-array", "storage=sds-separate", "storage=sds-on-nodes", "storage=cloud",
		"network=physical", "network=bridge", "network=switch", "network=cloud", "network=overlay",
		"management=none", "management=by-hand", "management=provisioned", "management=config-mgmt", "management=image-managed", "management=gitops",
		"style=general", "style=minimal", "style=image-based", "chassis=tower", "chassis=rack", "chassis=blade", "chassis=hci",
		"fabric=fc-beside-ethernet", "fabric=fcoe", "fabric=one", "state=running", "state=paused", "state=stopped", "system=true", "system=false",
		"manager=hand", "manager=restart-policy", "manager=compose", "manager=quadlet", "manager=swarm", "manager=nomad", "manager=kubernetes",
		"layer=infrastructure", "layer=service", "layer=application", "runtime=docker", "runtime=podman", "runtime=containerd", "runtime=lxc",
		"vm=running", "vm=paused", "vm=stopped", "disk=fc-array", "seen inside=running", "seen inside=stopped",
		"image=true", "image=false", "pooled=true", "pooled=false", "cluster=swarm", "cluster=kubernetes", "cluster=vsphere", "cluster=proxmox",
	} {
		if !got[want] {
			t.Errorf("%s never occurs", want)
		}
	}
}

func reflectString(v any) string {
	if s, ok := v.(interface{ String() string }); ok {
		return s.String()
	}
	if b, ok := v.(bool); ok && b {
		return "true"
	} else if ok {
		return "false"
	}
	return reflect.ValueOf(v).String()
}

// What is known stays as it is, what is not becomes known, and nothing contradicts anything.
func TestComplete(t *testing.T) {
	for seed := range uint64(someEstates) {
		opt := RandomOptions{Unknown: float64(seed%6) / 5}
		e := RandomEstate(random(seed), opt)
		before := text(t, e)
		full := Complete(random(seed+1), e)
		if text(t, e) != before {
			t.Fatalf("seed %d: completing changes the original", seed)
		}
		completed := map[string]Fact{}
		for _, f := range Readings(full) {
			completed[f.Path.String()] = f
			if f.State() == inventory.StateUnknown {
				t.Fatalf("seed %d: %s is still unknown", seed, f.Path)
			}
		}
		for _, f := range Readings(e) {
			if f.State() == inventory.StateUnknown {
				continue
			}
			if g := completed[f.Path.String()]; f.State() != g.State() || f.String() != g.String() {
				t.Fatalf("seed %d: %s was %q and is %q", seed, f.Path, f, g)
			}
		}
		for _, h := range full.Hosts {
			consistent(t, full, h, nil)
		}
		if t.Failed() {
			t.Fatalf("seed %d, %.1f unknown", seed, opt.Unknown)
		}
	}
}

// consistent checks what Complete promises about the facts of a machine.
func consistent(t *testing.T, e *inventory.Estate, n *inventory.Node, vm *inventory.VM) {
	t.Helper()
	m := &n.Machine
	kind := m.Kind.Or("")
	if kind != inventory.Cloud && vm == nil && array(m.Storage) && len(e.Arrays) == 0 {
		t.Errorf("%s: its data is on an array, and none is listed", m.ID)
	}
	if (kind == inventory.Physical) != m.Virtualization.IsAbsent() || (kind == inventory.Cloud) != m.Provider.IsKnown() || (kind == inventory.Physical) != m.Hardware.Chassis.IsKnown() {
		t.Errorf("%s: a %s machine with virtualization %s, provider %s, chassis %s", m.ID, kind, m.Virtualization, m.Provider, m.Hardware.Chassis)
	}
	if !m.Powered.Or(true) && (alive(n) || len(n.Workloads) > 0) {
		t.Errorf("%s: work runs, and it is powered off", m.ID)
	}
	within := func(what string, u *inventory.Usage, d *inventory.Demand, room size) {
		least := leastUse(u, d)
		if least.cores > room.cores*(1+1e-9) || least.memory > room.memory {
			t.Errorf("%s: %s uses %v and has %v", m.ID, what, least, room)
		}
	}
	room := size{m.Cores.Or(0), m.Memory.Or(0)}
	for i := range n.Workloads {
		within(n.Workloads[i].ID, &n.Workloads[i].Usage, &n.Workloads[i].Demand, room)
	}
	for i := range n.Containers {
		c := &n.Containers[i]
		limits := size{c.CPULimit.Or(room.cores), c.MemoryLimit.Or(room.memory)}
		if limits.larger(room) != room {
			t.Errorf("%s: %s has the limits %v of %v", m.ID, c.ID, limits, room)
		}
		within(c.ID, &c.Usage, &c.Demand, limits)
	}
	for _, x := range n.Engines {
		sum := x.BuildCache.Or(0)
		for _, i := range n.Images {
			if i.Engine == x.Kind {
				sum += i.Size.Or(0)
			}
		}
		for _, v := range n.Volumes {
			if v.Engine == x.Kind {
				sum += v.Size.Or(0)
			}
		}
		for _, c := range n.Containers {
			if c.Runtime.Or("") == x.Kind {
				sum += c.Writable.Or(0)
			}
		}
		if used := x.DataUsed.Or(0); sum > used {
			t.Errorf("%s: %s keeps %s on a file system that holds %s", m.ID, x.Kind, sum, used)
		}
	}
	for i := range n.VMs {
		v := &n.VMs[i]
		own := size{v.VCPUs.Or(0), v.Memory.Or(0)}
		if own.larger(room) != room {
			t.Errorf("%s: %s has %v of %v", m.ID, v.ID, own, room)
		}
		within(v.ID, &v.Usage, &v.Demand, own)
		if v.Guest == nil {
			continue
		}
		g := &v.Guest.Machine
		if g.Kind.Or("") != inventory.Virtual || g.Cores != v.VCPUs || g.Memory != v.Memory || g.Identity.UUID.Or("") != v.UUID.Or("") {
			t.Errorf("%s: %s and its guest differ: %v %v %s", m.ID, v.ID, g.Kind, g.Cores, g.Identity.UUID)
		}
		if v.State.Or("") == inventory.Stopped && alive(v.Guest) {
			t.Errorf("%s: %s is stopped, and work runs in it", m.ID, v.ID)
		}
		consistent(t, e, v.Guest, &v.VM)
	}
}

func TestForget(t *testing.T) {
	e := RandomEstate(random(5), RandomOptions{})
	before := text(t, e)
	facts := Readings(e)
	for i, f := range facts {
		forgotten := Forget(e, i)
		if text(t, e) != before {
			t.Fatalf("forgetting %s changes the original", f.Path)
		}
		for j, g := range Readings(forgotten) {
			want := facts[j].State()
			if i == j {
				want = inventory.StateUnknown
			}
			if g.Path.String() != facts[j].Path.String() || g.State() != want {
				t.Fatalf("after forgetting %s: %s has the state %v, want %v", f.Path, g.Path, g.State(), want)
			}
		}
	}
	for _, f := range facts {
		if f.Name() == "Machine.OS.ID" && f.Type == reflect.TypeFor[string]() && strings.HasSuffix(f.Path.String(), ".Machine.OS.ID") {
			return
		}
	}
	t.Error("no fact is named Machine.OS.ID")
}

// A copy shares no memory with the original, also in fields that are added later.
func TestCloneSharesNothing(t *testing.T) {
	for seed := range uint64(50) {
		e := RandomEstate(random(seed), RandomOptions{})
		c := Clone(e)
		if !reflect.DeepEqual(e, c) {
			t.Fatalf("seed %d: the copy differs", seed)
		}
		owned := map[uintptr]bool{}
		addresses(reflect.ValueOf(e), func(p uintptr) { owned[p] = true })
		addresses(reflect.ValueOf(c), func(p uintptr) {
			if owned[p] {
				t.Fatalf("seed %d: the copy shares memory with the original", seed)
			}
		})
	}
}

// addresses calls f with where pointers and slices lead.
func addresses(v reflect.Value, f func(uintptr)) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			f(v.Pointer())
			addresses(v.Elem(), f)
		}
	case reflect.Slice:
		if v.Cap() > 0 {
			f(v.Pointer())
		}
		for i := range v.Len() {
			addresses(v.Index(i), f)
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[inventory.Estate]() || v.NumField() > 0 && v.Type().Field(0).IsExported() {
			for i := range v.NumField() {
				addresses(v.Field(i), f)
			}
		}
	}
}

func BenchmarkRandomEstate(b *testing.B) {
	for i := range b.N {
		RandomEstate(random(uint64(i)), RandomOptions{Unknown: .2})
	}
}

func BenchmarkForget(b *testing.B) {
	e := RandomEstate(random(5), RandomOptions{})
	b.ReportMetric(float64(len(Readings(e))), "facts")
	for i := range b.N {
		Forget(e, i%10)
	}
}
