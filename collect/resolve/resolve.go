// Package resolve joins what several sources saw of the same things: one machine is one machine, whether it was
// seen by its hypervisor, from inside, or by its container engine. Where sources contradict each other about
// what a thing is, both stay and a gap says so: nothing is guessed.
package resolve

import (
	"cmp"
	"hash/maphash"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/infraopt/infraopt/collect/inventory"
)

// Estate joins snapshots. The order of snapshots, of sources in them and of entities in those makes no difference to
// the result. Of two looks at one machine through the same target, the newer counts.
func Estate(snapshots ...*inventory.Snapshot) *inventory.Estate {
	var looks []look
	for _, s := range snapshots {
		for i := range s.Sources {
			looks = append(looks, newLook(&s.Sources[i], len(looks)))
		}
	}
	s := newSite()
	for _, l := range looks {
		s.chassis.add(l.obs)
	}
	parts := split(looks, runtime.GOMAXPROCS(0))
	sites := make([]*site, len(parts))
	var all sync.WaitGroup
	for i, part := range parts {
		all.Go(func() {
			sites[i] = newSite()
			sites[i].chassis = s.chassis
			sites[i].estate.Hosts = sites[i].resolve(part)
		})
	}
	all.Wait()
	for _, part := range sites {
		s.merge(part)
	}
	slices.SortFunc(s.estate.Hosts, func(a, b *inventory.Node) int { return cmp.Compare(a.Machine.ID, b.Machine.ID) })
	return s.finish()
}

// worthSplitting is from how many observations on the time to split them is well spent.
const worthSplitting = 100

// split makes up to n parts of observations, of which no two have a machine in common.
func split(looks []look, n int) [][]look {
	if n < 2 || len(looks) < worthSplitting {
		return [][]look{looks}
	}
	g := groups{seed: maphash.MakeSeed(), first: map[uint64]int32{}}
	for _, l := range looks {
		g.add(l.obs)
	}
	parts := make([][]look, n)
	of := map[int32]int{} // by the group: its part
	for i, l := range looks {
		group := g.of(int32(i))
		part, ok := of[group]
		if !ok {
			part = len(of) % n
			of[group] = part
		}
		parts[part] = append(parts[part], l)
	}
	return slices.DeleteFunc(parts, func(part []look) bool { return len(part) == 0 })
}

// resolve joins observations that have no machine in common with any others, and gives their hosts, sorted by ID.
func (s *site) resolve(looks []look) []*inventory.Node {
	slices.SortFunc(looks, func(a, b look) int { return a.compare(b.order) })
	r := &resolver{site: s, storage: map[[2]string]bool{}, networks: map[[2]string]bool{}, gaps: map[inventory.Gap]bool{}}
	r.machines(looks)
	for _, l := range looks {
		r.outcome(l.obs)
		r.add(l)
	}
	r.nest()
	s.take(r)
	return r.hosts()
}

// A look is an observation with its place among others.
type look struct {
	obs *inventory.Observation
	order
}

// An order tells which of two observations is met first: the newer, so that of two readings the newer stays. The
// rest of it only makes the order total.
type order struct {
	scheme           int // its rank
	startedAt        time.Time
	target, machine  string
	entities, number int
}

func newLook(o *inventory.Observation, number int) look {
	return look{o, order{schemeRank(o.Scheme), o.StartedAt, o.Target, firstMachine(o), o.Entities(), number}}
}

func (a order) compare(b order) int {
	return cmp.Or(cmp.Compare(a.scheme, b.scheme), b.startedAt.Compare(a.startedAt),
		cmp.Compare(a.target, b.target), cmp.Compare(a.machine, b.machine), cmp.Compare(a.entities, b.entities), cmp.Compare(a.number, b.number))
}

func firstMachine(o *inventory.Observation) string {
	least := ""
	for i := range o.Machines {
		if id := o.Machines[i].ID; least == "" || id < least {
			least = id
		}
	}
	return least
}

// schemeRank says whose word on a machine counts first: the look from inside, then engines and hypervisors.
func schemeRank(scheme string) int {
	switch scheme {
	case "host", "ssh":
		return 0
	default:
		return 1
	}
}

type resolver struct {
	site     *site                // takes what belongs to no machine
	nodes    map[string]*node     // by final machine ID
	final    map[machineRef]*node // by the observation and the ID it used
	clones   map[string]int       // machines that share an ID
	storage  map[[2]string]bool
	networks map[[2]string]bool
	gaps     map[inventory.Gap]bool
}

type machineRef struct {
	obs *inventory.Observation
	id  string
}

// node is a machine under construction, with indexes of what stands on it.
type node struct {
	inventory.Node
	newest      map[[2]string]time.Time // newest look, by scheme and target
	workloads   map[string]*inventory.Workload
	engines     map[string]*inventory.Engine
	containers  map[string]*inventory.Container
	byPID       map[int]*inventory.Container
	images      map[[2]string]*inventory.Image
	volumes     map[[2]string]*inventory.Volume
	hypervisors map[string]*inventory.Hypervisor
	vms         map[string]*inventory.VM
	below       *node            // where it is the guest of a virtual machine
	guests      map[string]*node // by VM.ID
}

func newNode() *node {
	return &node{
		newest: map[[2]string]time.Time{}, workloads: map[string]*inventory.Workload{}, engines: map[string]*inventory.Engine{},
		containers: map[string]*inventory.Container{}, byPID: map[int]*inventory.Container{}, images: map[[2]string]*inventory.Image{},
		volumes: map[[2]string]*inventory.Volume{}, hypervisors: map[string]*inventory.Hypervisor{}, vms: map[string]*inventory.VM{}, guests: map[string]*node{},
	}
}

// outcome records how the reading of a target went. What a failed target would have shown is a gap.
func (r *resolver) outcome(o *inventory.Observation) {
	e := r.site.estate
	e.Sources = append(e.Sources, inventory.Outcome{Target: o.Target, Scheme: o.Scheme, Status: o.Status, StartedAt: o.StartedAt, DurationMS: o.DurationMS, Seen: o.Entities(), Error: o.Error, Remedy: o.Remedy})
	if o.Status == inventory.StatusFailed {
		r.gap(inventory.Gap{Source: o.Target, Subject: o.Target, What: "everything that " + o.Target + " would show", Why: o.Error, Remedy: o.Remedy})
		return
	}
	if !o.StartedAt.IsZero() && (e.Oldest.IsZero() || o.StartedAt.Before(e.Oldest)) {
		e.Oldest = o.StartedAt
	}
	if o.StartedAt.After(e.Newest) {
		e.Newest = o.StartedAt
	}
}

func (r *resolver) gap(g inventory.Gap) { r.gaps[g] = true }

// add puts the entities of an observation where they belong. Observations come newest first, engines before the
// look from inside where containers are concerned (see joinContainers).
func (r *resolver) add(l look) {
	o := l.obs
	at := func(id string) *node {
		n := r.final[machineRef{o, id}]
		if n == nil || n.newest[[2]string{o.Scheme, o.Target}].After(o.StartedAt) {
			return nil // a newer look through the same target counts
		}
		return n
	}
	seen := func(list []string) []string { return union(list, o.Target) }
	for _, w := range o.Workloads {
		if n := at(w.Machine); n != nil {
			w.Machine, w.Seen = n.Machine.ID, seen(w.Seen)
			put(n.workloads, w.ID, w, func(w *inventory.Workload) *[]string { return &w.Seen })
		}
	}
	for _, e := range o.Engines {
		if n := at(e.Machine); n != nil {
			e.Machine, e.Seen = n.Machine.ID, seen(e.Seen)
			put(n.engines, n.engineKey(&e), e, func(e *inventory.Engine) *[]string { return &e.Seen })
		}
	}
	for i := range o.Containers {
		if n := at(o.Containers[i].Machine); n != nil {
			c := o.Containers[i]
			c.Machine, c.Seen = n.Machine.ID, seen(c.Seen)
			n.joinContainer(&c)
		}
	}
	for _, i := range o.Images {
		if n := at(i.Machine); n != nil {
			i.Machine, i.Seen = n.Machine.ID, seen(i.Seen)
			put(n.images, [2]string{i.Engine, i.ID}, i, func(i *inventory.Image) *[]string { return &i.Seen })
		}
	}
	for _, v := range o.Volumes {
		if n := at(v.Machine); n != nil {
			v.Machine, v.Seen = n.Machine.ID, seen(v.Seen)
			put(n.volumes, [2]string{v.Engine, v.Name}, v, func(v *inventory.Volume) *[]string { return &v.Seen })
		}
	}
	hosts := map[string]*node{}
	keys := map[string]string{}
	for _, h := range o.Hypervisors {
		if n := at(h.Machine); n != nil {
			id := h.ID
			hosts[id] = n
			h.Machine, h.Seen = n.Machine.ID, seen(h.Seen)
			h.ID = hypervisorKey(&h)
			keys[id] = h.ID
			put(n.hypervisors, h.ID, h, func(h *inventory.Hypervisor) *[]string { return &h.Seen })
		}
	}
	for _, v := range o.VMs {
		if n := hosts[v.Hypervisor]; n != nil {
			v.Hypervisor, v.Seen = keys[v.Hypervisor], seen(v.Seen)
			put(n.vms, vmKey(&v), v, func(v *inventory.VM) *[]string { return &v.Seen })
			if kept := n.vms[vmKey(&v)]; len(kept.Disks) == 0 {
				kept.Disks = v.Disks
			}
			kept := n.vms[vmKey(&v)]
			kept.MACs = union(kept.MACs, v.MACs...)
			kept.OnHost = kept.OnHost || v.OnHost
		}
	}
	for _, c := range o.Clusters {
		ids := []string{}
		for _, id := range c.Machines {
			if n := r.final[machineRef{o, id}]; n != nil {
				ids = append(ids, n.Machine.ID)
			}
		}
		c.Seen, c.Machines = seen(c.Seen), union(ids)
		r.site.clusters = append(r.site.clusters, listed[inventory.Cluster]{l.order, c})
	}
	for _, s := range o.Storage {
		machine := ""
		if n := r.final[machineRef{o, s.Machine}]; n != nil {
			machine = n.Machine.ID
		}
		r.storage[[2]string{machine, s.ID}] = true
		if s.Kind == inventory.Array {
			s.Machine, s.Seen = "", seen(s.Seen)
			r.site.arrays = append(r.site.arrays, listed[inventory.Storage]{l.order, s})
		}
	}
	for _, x := range o.Networks {
		if n := r.final[machineRef{o, x.Machine}]; n != nil {
			r.networks[[2]string{n.Machine.ID, x.Kind + " " + x.Name}] = true
		}
	}
	for _, g := range o.Gaps {
		if n := r.final[machineRef{o, g.Subject}]; n != nil {
			g.Subject = n.Machine.ID
		}
		r.gap(g)
	}
}

// put adds an entity, or fills what is not known of the one that is there.
func put[K comparable, T any](in map[K]*T, key K, v T, seen func(*T) *[]string) {
	have := in[key]
	if have == nil {
		in[key] = &v
		return
	}
	inventory.Merge(have, &v)
	s := seen(have)
	*s = union(*s, *seen(&v)...)
}

func union(list []string, more ...string) []string {
	out := slices.Concat(list, more)
	slices.Sort(out)
	return slices.Compact(out)
}

// engineKey joins an engine that was only seen to be there with one of its kind that answered; engines that
// answered are told apart by what they call themselves.
func (n *node) engineKey(e *inventory.Engine) string {
	if e.Inventory.IsKnown() {
		key := e.Kind + " " + e.ID
		if silent := n.engines[e.Kind]; silent != nil {
			delete(n.engines, e.Kind)
			if n.engines[key] == nil {
				n.engines[key] = &inventory.Engine{ID: e.ID, Machine: e.Machine, Kind: e.Kind}
			}
			inventory.Merge(n.engines[key], e)
			inventory.Merge(n.engines[key], silent)
			n.engines[key].Seen = union(n.engines[key].Seen, silent.Seen...)
		}
		return key
	}
	least := ""
	for key, have := range n.engines {
		if have.Kind == e.Kind && (least == "" || key < least) {
			least = key
		}
	}
	if least != "" {
		return least
	}
	return e.Kind
}

// hypervisorKey is the ID of a hypervisor on its machine. KVM and QEMU are one: a machine monitor that uses the
// kernel's help or does without.
func hypervisorKey(h *inventory.Hypervisor) string {
	kind := h.Kind
	if kind == "qemu" {
		kind = "kvm"
	}
	return "hv-" + h.Machine + "-" + kind
}

func vmKey(v *inventory.VM) string {
	if u, ok := v.UUID.Get(); ok {
		return inventory.CanonicalUUID(u)
	}
	return strings.ToLower(v.ID)
}
