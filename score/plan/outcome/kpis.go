package outcome

import (
	"cmp"
	"math"
	"slices"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// KPIs works out what estates are compared by. They rest on what was seen: where more may be hidden, nothing bounds a
// ratio from above.
func KPIs(e *inventory.Estate) *score.KPIs {
	k := &tally{processors: registry{}}
	for _, h := range e.Hosts {
		k.server(&h.Machine)
		k.node(h, powered(&h.Machine), false)
	}
	return &score.KPIs{
		Utilisation:     mean(k.servers),
		ContainersPerOS: k.containers.per(k.systems),
		VMsPerHost:      k.vms.per(k.hypervisors),
		VCPUsPerCore:    k.vcpus.per(k.cores),
	}
}

// An amount is a number of things that were seen; open says that there may be any number beside.
type amount struct {
	count
	open bool
}

func (a *amount) add(c count) { a.count = a.plus(c) }

// tally counts what KPIs are made of.
type tally struct {
	processors  registry
	servers     []server
	containers  amount
	systems     amount
	vms         amount
	hypervisors amount
	vcpus       amount // thousandths
	cores       amount // thousandths
}

// A server has a capacity, of which it uses a share.
type server struct{ weight, use span }

// server adds a box that is on, or may be one and may be on.
func (k *tally) server(m *inventory.Machine) {
	kind, known := m.Kind.Get()
	on := powered(m)
	if known && kind != inventory.Physical || on == no {
		return
	}
	s := server{use: utilisation(m), weight: span{1, maxCores}}
	if c, ok := m.Cores.Get(); ok && c > 0 {
		s.weight = span{math.Min(c, maxCores), math.Min(c, maxCores)}
	}
	if !known || on != yes {
		s.weight.lo = 0
	}
	k.servers = append(k.servers, s)
}

// mean bounds the mean use of servers, each counted by a weight that may not be known. With whatever weights, the mean is
// highest where those above it count as much as they can, and those below as little.
func mean(servers []server) score.Bounds {
	low, ok := extreme(servers, func(s server) float64 { return -s.use.lo })
	high, _ := extreme(servers, func(s server) float64 { return s.use.hi })
	if !ok {
		return score.Bounds{None: true}
	}
	return score.Bounds{Low: 0 - low, High: math.Max(high, 0-low)} // but for rounding
}

// extreme is the highest mean of a value, by what servers may weigh.
func extreme(servers []server, value func(server) float64) (best float64, ok bool) {
	list := slices.Clone(servers)
	slices.SortStableFunc(list, func(a, b server) int { return cmp.Compare(value(b), value(a)) })
	var sum, weight float64
	for _, s := range list {
		sum += s.weight.lo * value(s)
		weight += s.weight.lo
	}
	best = math.Inf(-1)
	if weight > 0 {
		best = sum / weight
	}
	for _, s := range list {
		sum += (s.weight.hi - s.weight.lo) * value(s)
		weight += s.weight.hi - s.weight.lo
		if weight > 0 {
			best = math.Max(best, sum/weight)
		}
	}
	return best, !math.IsInf(best, -1)
}

// node counts what runs on a machine, which may not be on itself.
func (k *tally) node(n *inventory.Node, on sure, guest bool) {
	if on == no {
		return
	}
	k.systems.add(on.of(count{1, 1}))
	for i := range n.Containers {
		c := &n.Containers[i]
		there := on.and(active(c.State))
		switch system, known := c.System.Get(); {
		case !known:
			k.systems.add(there.and(maybe).of(count{1, 1}))
			there = there.and(maybe)
		case system:
			k.systems.add(there.of(count{1, 1}))
			there = no
		}
		if c.Layer != inventory.Infrastructure {
			k.containers.add(there.of(count{1, 1}))
		}
	}
	k.containers.open = k.containers.open || n.Machine.Containers.IsUnknown()
	k.virtual(n, on, guest)
}

// virtual counts what a hypervisor carries.
func (k *tally) virtual(n *inventory.Node, on sure, guest bool) {
	hidden := false
	for i := range n.Hypervisors {
		hidden = hidden || n.Hypervisors[i].VMs.IsUnknown()
	}
	if (len(n.Hypervisors) > 0 || len(n.VMs) > 0) && !guest { // a hypervisor in a virtual machine is no host
		k.hypervisors.add(on.of(count{1, 1}))
		proc, sockets := k.processors.box(&n.Machine)
		c := coresOf(&n.Machine, &proc, sockets)
		if n.Machine.Kind.Or("") != inventory.Physical { // threads or cores: nobody knows
			c.lo, c.hi = min(c.lo, virtualCPUs(&n.Machine).lo), max(c.hi, virtualCPUs(&n.Machine).hi)
		}
		k.cores.add(on.of(count{1000 * c.lo, 1000 * c.hi}))
	}
	k.systems.open = k.systems.open || hidden
	k.vms.open, k.vcpus.open = k.vms.open || hidden && !guest, k.vcpus.open || hidden && !guest
	for i := range n.VMs {
		v := &n.VMs[i]
		there := on.and(active(v.State))
		if there == no {
			continue
		}
		if !guest {
			k.vms.add(there.of(count{1, 1}))
			k.vcpus.add(there.of(milli(v.VCPUs)))
		}
		if v.Guest != nil {
			k.node(v.Guest, there, true)
			continue
		}
		k.systems.add(there.of(count{1, 1}))
		k.containers.open = true // nobody looked inside
	}
}

func milli(r inventory.Reading[float64]) count {
	if v, ok := r.Get(); ok && v >= 0 {
		n := int64(math.Round(1000 * math.Min(v, maxCores)))
		return count{n, n}
	}
	return count{0, 1000 * maxCores}
}

// per divides two numbers of things.
func (a amount) per(of amount) score.Ratio {
	var r score.Ratio
	switch {
	case of.hi == 0:
		return r
	case of.open:
		r.Low = new(0.0)
	default:
		r.Low = new(float64(a.lo) / float64(of.hi))
	}
	if of.lo > 0 && !a.open {
		r.High = new(float64(a.hi) / float64(of.lo))
	}
	return r
}
