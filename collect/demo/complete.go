package demo

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/infraopt/infraopt/collect/inventory"
)

// Complete returns a copy of an estate in which every reading that is unknown has been given a random state that
// does not contradict the others: a truth that may lie behind the estate. What is not a reading stays: nothing new
// comes to light but, where something turns out to keep its data on an array and none is listed, an array.
func Complete(r *rand.Rand, e *inventory.Estate) *inventory.Estate {
	c := Clone(e)
	complete(r, c)
	return c
}

// A completer fills in what is not known, in an order in which earlier choices bound later ones: what machines are,
// how large they are, what runs, what it uses, and how much is stored.
type completer struct {
	r *rand.Rand
	e *inventory.Estate
}

func complete(r *rand.Rand, e *inventory.Estate) {
	c := &completer{r, e}
	for _, n := range e.Hosts {
		c.node(n, nil, size{math.Inf(1), math.MaxInt64})
	}
	c.site()
}

// A size is a number of cores and an amount of memory.
type size struct {
	cores  float64
	memory inventory.Bytes
}

func (s size) larger(t size) size  { return size{max(s.cores, t.cores), max(s.memory, t.memory)} }
func (s size) smaller(t size) size { return size{min(s.cores, t.cores), min(s.memory, t.memory)} }

// fill gives an unknown reading a state; the function is not called for others.
func fill[T any](p *inventory.Reading[T], with func() inventory.Reading[T]) {
	if p.IsUnknown() {
		*p = with()
	}
}

// know gives an unknown reading a value.
func know[T any](p *inventory.Reading[T], v T) {
	if p.IsUnknown() {
		*p = inventory.Known(v)
	}
}

func (c *completer) chance(p float64) bool { return c.r.Float64() < p }

// site fills in what belongs to no machine.
func (c *completer) site() {
	if len(c.e.Arrays) == 0 && c.usesArray() {
		c.e.Arrays = append(c.e.Arrays, inventory.Storage{ID: "array-0", Name: "array 0", Kind: inventory.Array, Seen: seen("array")})
	}
	for i := range c.e.Arrays {
		a := &c.e.Arrays[i]
		know(&a.Class, one(c.r, inventory.FCArray, inventory.IPArray))
		know(&a.Capacity, inventory.Bytes(1+c.r.IntN(200))*inventory.TiB)
	}
	for i := range c.e.Clusters {
		k := &c.e.Clusters[i]
		know(&k.Name, k.Kind+" "+k.ID)
		know(&k.Nodes, len(k.Machines)+c.r.IntN(3))
	}
}

// usesArray reports whether the data of some host of this estate is on an array. Arrays below a cloud are the
// provider's.
func (c *completer) usesArray() bool {
	for _, n := range c.e.Hosts {
		if kind, ok := n.Machine.Kind.Get(); ok && kind != inventory.Cloud && array(n.Machine.Storage) {
			return true
		}
	}
	return false
}

func array(r inventory.Reading[inventory.StorageClass]) bool {
	class, ok := r.Get()
	return ok && (class == inventory.FCArray || class == inventory.IPArray)
}

// node fills in a machine and all on it. room is what the machines below leave it.
func (c *completer) node(n *inventory.Node, vm *inventory.VM, room size) {
	m := &n.Machine
	c.platform(n, vm)
	least := leastOf(n)
	fill(&m.Cores, func() inventory.Reading[float64] { return inventory.Known(c.cores(least.cores, room.cores, vm != nil)) })
	fill(&m.Memory, func() inventory.Reading[inventory.Bytes] {
		return inventory.Known(c.memory(least.memory, room.memory, vm != nil))
	})
	room = room.smaller(size{m.Cores.Or(0), m.Memory.Or(0)})
	c.machine(n, vm, room)
	for i := range n.Workloads {
		w := &n.Workloads[i]
		know(&w.Stateful, c.chance(.5))
		know(&w.Readiness, one(c.r, inventory.Ready, inventory.ReadyWithWork, inventory.Hard))
		c.use(&w.Usage, &w.Demand, room, m.Uptime)
	}
	c.containers(n, room)
	c.virtual(n, room)
}

// leastOf is how large a machine must be for what is known of the work on it.
func leastOf(n *inventory.Node) size {
	var s size
	for i := range n.Workloads {
		s = s.larger(leastUse(&n.Workloads[i].Usage, &n.Workloads[i].Demand))
	}
	for i := range n.Containers {
		k := &n.Containers[i]
		s = s.larger(leastUse(&k.Usage, &k.Demand)).larger(size{k.CPULimit.Or(0), k.MemoryLimit.Or(0)})
	}
	for i := range n.VMs {
		s = s.larger(leastVM(&n.VMs[i]))
	}
	return s.larger(leastUse(&n.Machine.Usage, &n.Machine.Demand))
}

// leastVM is how large a virtual machine must be for what is known of it and of the work on it.
func leastVM(v *inventory.GuestVM) size {
	s := leastUse(&v.Usage, &v.Demand).larger(size{v.VCPUs.Or(0), v.Memory.Or(0)})
	if v.Guest != nil {
		m := &v.Guest.Machine
		s = s.larger(size{m.Cores.Or(0), m.Memory.Or(0)}).larger(leastOf(v.Guest))
	}
	return s
}

func leastUse(u *inventory.Usage, d *inventory.Demand) size {
	s := size{max(d.CPUP995.Or(0), d.CPUMax.Or(0), d.CPUP97.Or(0), d.CPUP90.Or(0)), max(u.Memory.Or(0), d.MemoryMax.Or(0))}
	if day, ok := d.CPUByHour.Get(); ok {
		s.cores = max(s.cores, slices.Max(day[:]))
	}
	used, ok := u.CPUSeconds.Get()
	age, ok2 := u.Age.Get()
	if ok && ok2 && age > 0 {
		s.cores = max(s.cores, used/float64(age))
	}
	return s
}

func (c *completer) cores(least, most float64, virtual bool) float64 {
	sizes := []float64{2, 4, 8, 16, 32, 64, 128}
	if virtual {
		sizes = []float64{1, 2, 4, 8, 16}
	}
	return pick(c.r, sizes, math.Ceil(least-1e-9), most)
}

func (c *completer) memory(least, most inventory.Bytes, virtual bool) inventory.Bytes {
	sizes := []inventory.Bytes{4, 16, 64, 256, 1024}
	if virtual {
		sizes = []inventory.Bytes{1, 2, 4, 8, 16}
	}
	for i := range sizes {
		sizes[i] *= inventory.GiB
	}
	return pick(c.r, sizes, least, most)
}

// pick takes one of the sizes between two bounds; where none is, the lower bound, or the upper if that is lower.
func pick[T ~float64 | ~int64](r *rand.Rand, sizes []T, least, most T) T {
	var fit []T
	for _, s := range sizes {
		if s >= least && s <= most {
			fit = append(fit, s)
		}
	}
	if len(fit) == 0 {
		return min(max(least, sizes[0]), most)
	}
	return one(r, fit...)
}
