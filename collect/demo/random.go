package demo

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"time"

	"github.com/infraopt/infraopt/collect/inventory"
)

// RandomOptions shape random estates.
type RandomOptions struct {
	Hosts   int     // at most; 6 where it is zero
	Unknown float64 // probability that a fact is forgotten, between 0 and 1
	// Stale adds virtual machines that are stopped now and were seen from inside at another time.
	Stale bool
}

// RandomEstate makes a small estate for tests of the score: any kind of machine, work, state, storage and manager in
// any combination, likely or not, but with facts that do not contradict each other (nothing uses more than it can
// have, what runs is on a machine that is powered, whoever keeps data on an array finds one listed). It depends on
// nothing but r and opt.
func RandomEstate(r *rand.Rand, opt RandomOptions) *inventory.Estate {
	g := &grower{r: r, opt: opt, e: &inventory.Estate{Oldest: base, Newest: base.Add(time.Hour)}}
	g.site()
	complete(r, g.e)
	join(g.e)
	g.forget()
	return g.e
}

// A grower makes the bare structure of an estate; its facts are filled in as Complete does it.
type grower struct {
	r   *rand.Rand
	opt RandomOptions
	e   *inventory.Estate
}

// chance is true with probability p.
func (g *grower) chance(p float64) bool { return g.r.Float64() < p }

func one[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

func (g *grower) site() {
	for i, kind := range []string{"kubernetes", "proxmox", "swarm", "vsphere"} {
		if g.chance(.35) {
			g.e.Clusters = append(g.e.Clusters, inventory.Cluster{ID: fmt.Sprintf("cluster-%d", i), Kind: kind, Orchestrates: orchestrating(kind), Seen: seen("cluster")})
		}
	}
	for i := range g.r.IntN(3) {
		g.e.Arrays = append(g.e.Arrays, inventory.Storage{ID: fmt.Sprintf("array-%d", i), Name: fmt.Sprintf("array %d", i), Kind: inventory.Array, Seen: seen("array")})
	}
	zones := []string{"", "dmz", "lab"}[:1+g.r.IntN(3)]
	most := g.opt.Hosts
	if most <= 0 {
		most = 6
	}
	for i := range 1 + g.r.IntN(most) {
		n := g.node(fmt.Sprintf("host-%02d", i), 0)
		n.Machine.Zone = one(g.r, zones...)
		g.e.Hosts = append(g.e.Hosts, n)
	}
	g.e.Networks, g.e.Storage = g.r.IntN(9), len(g.e.Arrays)+g.r.IntN(9)
	g.e.Sources = []inventory.Outcome{{Target: "demo:", Scheme: scheme, Status: inventory.StatusOK, Seen: len(g.e.Hosts)}}
}

func orchestrating(kind string) bool { return kind == "swarm" || kind == "kubernetes" }

func seen(by string) []string { return []string{by + ":"} }

// node makes a machine; depth counts the hypervisors below it.
func (g *grower) node(id string, depth int) *inventory.Node {
	n := &inventory.Node{Machine: inventory.Machine{ID: id, Seen: seen("host")}, Taken: base.Add(time.Duration(g.r.IntN(3600)) * time.Second)}
	m := &n.Machine
	switch {
	case depth == 0 && g.chance(.08):
		m.Powered = inventory.Known(false)
		if g.chance(.5) {
			g.virtual(n, depth)
		}
		return n
	case g.chance(.06): // the collector itself ran in a container
		m.Inside = inventory.Known(one(g.r, "docker", "kubernetes", "podman"))
		g.workloads(n)
		return n
	}
	if g.chance(.6) {
		g.workloads(n)
	}
	if g.chance(.55) {
		g.containers(n)
	}
	if depth == 0 && g.chance(.5) || depth == 1 && g.chance(.05) {
		g.virtual(n, depth)
	}
	return n
}

func (g *grower) layer() inventory.Layer {
	return one(g.r, inventory.Application, inventory.Application, inventory.Service, inventory.Service, inventory.Infrastructure)
}

func (g *grower) workloads(n *inventory.Node) {
	for i := range g.r.IntN(4) {
		w := inventory.Workload{
			ID: fmt.Sprintf("%s/w%d", n.Machine.ID, i), Machine: n.Machine.ID, Layer: g.layer(), Processes: 1 + g.r.IntN(20), Seen: seen("host"),
			Name: one(g.r, "postgresql", "nginx", "billing", "crond"),
		}
		if g.chance(.7) {
			w.Unit = w.Name + ".service"
		}
		if g.chance(.3) {
			w.Findings = []inventory.Finding{{ID: "stateful", Severity: inventory.Info, Text: "keeps data", Source: "role"}}
		}
		n.Workloads = append(n.Workloads, w)
	}
}

// The images that random containers are made from; the same on every machine, so that replicas occur.
var randomImages = []string{"web:1", "web:2", "api:latest", "db:16"}

func (g *grower) containers(n *inventory.Node) {
	id := n.Machine.ID
	kinds := []string{"containerd", "docker", "podman"}
	g.r.Shuffle(len(kinds), func(i, j int) { kinds[i], kinds[j] = kinds[j], kinds[i] })
	kinds = kinds[:g.r.IntN(3)] // none: only control groups showed the containers
	for _, kind := range kinds {
		n.Engines = append(n.Engines, inventory.Engine{ID: id + "/" + kind, Machine: id, Kind: kind, Seen: seen(kind)})
		for i, tag := range randomImages {
			if !g.chance(.5) {
				continue
			}
			image := inventory.Image{ID: fmt.Sprintf("sha256:%02d", i), Machine: id, Engine: kind, Tags: []string{tag}, Seen: seen(kind)}
			if g.chance(.2) {
				image.Tags = nil // dangling
			}
			n.Images = append(n.Images, image)
		}
		for i := range g.r.IntN(3) {
			n.Volumes = append(n.Volumes, inventory.Volume{Name: fmt.Sprintf("%s-data-%d", kind, i), Machine: id, Engine: kind, Driver: "local", Seen: seen(kind)})
		}
	}
	for i := range g.r.IntN(6) {
		c := inventory.Container{ID: fmt.Sprintf("%s/c%d", id, i), Machine: id, Layer: g.layer(), Seen: seen("docker")}
		if g.chance(.1) {
			c.Unit = "web.service"
		}
		for _, v := range n.Volumes {
			if g.chance(.3) && !slices.Contains(c.Volumes, v.Name) {
				c.Volumes = append(c.Volumes, v.Name)
			}
		}
		slices.Sort(c.Volumes)
		n.Containers = append(n.Containers, c)
	}
}

func (g *grower) virtual(n *inventory.Node, depth int) {
	id := n.Machine.ID
	kinds := []string{one(g.r, "kvm", "kvm", "qemu", "xen", "esxi")}
	if g.chance(.05) {
		kinds = []string{"kvm", "qemu"}
	}
	for k, kind := range kinds {
		h := inventory.Hypervisor{ID: fmt.Sprintf("%s/h%d", id, k), Machine: id, Kind: kind, Seen: seen("libvirt")}
		n.Hypervisors = append(n.Hypervisors, h)
		most := 7
		if depth > 0 {
			most = 3
		}
		for i := range g.r.IntN(most) {
			v := inventory.GuestVM{VM: inventory.VM{ID: fmt.Sprintf("%s/v%d%d", id, k, i), Hypervisor: h.ID, Seen: seen("libvirt")}}
			for d := range g.r.IntN(3) {
				v.Disks = append(v.Disks, inventory.VMDisk{Name: fmt.Sprintf("vd%c", 'a'+d)})
			}
			on := n.Machine.Powered.Or(true)
			switch {
			case on && depth == 0 && g.chance(.5):
				v.Guest = g.node(fmt.Sprintf("guest-%s-%d%d", id, k, i), depth+1)
				if g.opt.Stale && g.chance(.3) {
					v.State = inventory.Known(inventory.Stopped)
				}
			case !on, g.chance(.2):
				v.State = inventory.Known(inventory.Stopped)
			}
			n.VMs = append(n.VMs, v)
		}
	}
}

// join fills in the lists that follow from facts, and puts everything in order.
func join(e *inventory.Estate) {
	members := map[string][]string{}
	e.Walk(func(n *inventory.Node) {
		for _, x := range n.Engines {
			if id, ok := x.Cluster.Get(); ok {
				members[id] = append(members[id], n.Machine.ID)
			}
		}
		for _, h := range n.Hypervisors {
			if id, ok := h.Cluster.Get(); ok {
				members[id] = append(members[id], n.Machine.ID)
			}
		}
		slices.SortFunc(n.Engines, func(a, b inventory.Engine) int { return cmp.Compare(a.ID, b.ID) })
		slices.SortFunc(n.Images, func(a, b inventory.Image) int {
			return cmp.Or(cmp.Compare(a.ID, b.ID), cmp.Compare(a.Engine, b.Engine))
		})
		slices.SortFunc(n.Volumes, func(a, b inventory.Volume) int { return cmp.Compare(a.Name, b.Name) })
	})
	for i := range e.Clusters {
		c := &e.Clusters[i]
		ids := members[c.ID]
		slices.Sort(ids)
		c.Machines = slices.Compact(ids)
		c.Nodes = inventory.Known(max(c.Nodes.Or(0), len(c.Machines)))
	}
}

// Shuffle puts every list of an estate into a random order: order is no information.
func Shuffle(r *rand.Rand, e *inventory.Estate) {
	mix(r, e.Hosts)
	mix(r, e.Clusters)
	mix(r, e.Arrays)
	e.Walk(func(n *inventory.Node) {
		mix(r, n.Workloads)
		mix(r, n.Engines)
		mix(r, n.Containers)
		mix(r, n.Images)
		mix(r, n.Volumes)
		mix(r, n.Hypervisors)
		mix(r, n.VMs)
	})
}

func mix[T any](r *rand.Rand, s []T) { r.Shuffle(len(s), func(i, j int) { s[i], s[j] = s[j], s[i] }) }

// forgotten are reasons why a fact is not known, with their remedies.
var forgotten = [][2]string{
	{"", ""},
	{"permission denied", "run as root"},
	{"no answer in time", "raise --timeout"},
	{"nobody looked inside", "run infraopt collect inside"},
	{"the engine does not say", ""},
}

func (g *grower) forget() {
	visit(reflect.ValueOf(g.e).Elem(), estateTraits(), nil, func(_ *Path, r reading) {
		if g.chance(g.opt.Unknown) {
			why := one(g.r, forgotten...)
			r.Forget(why[0], why[1])
		}
	})
}
