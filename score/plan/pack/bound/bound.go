// Package bound proves how many hosts any plan needs at least, and finds patterns of whole hosts from which a plan that
// is close to that can be made.
package bound

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/infraopt/infraopt/score/plan/pack/instance"
)

// Options say how far to go. All budgets are in work, never in time: the same instance gives the same bound everywhere.
type Options struct {
	// Upper is the number of hosts of a plan that is known, 0 for none. A bound that reaches it cannot be improved.
	Upper int
	// Pricings is how often the configuration LP may look for better patterns; 0 for as often as usually makes sense.
	Pricings int
}

// Best gives the best bound of all kinds, the simplest one where several are equal, and the patterns of the
// configuration LP; nil where none was solved. A bound is about plans that place all items: where there are too few
// hosts for that, it is at most the number of hosts.
func Best(ctx context.Context, in *instance.Instance, opt Options) (instance.Certificate, *Patterns) {
	best := L1(in)
	for _, other := range []func(*instance.Instance) instance.Certificate{L2, separate} {
		if c := other(in); c.Bound > best.Bound {
			best = c
		}
	}
	p := newProgram(in)
	if p == nil {
		return best, nil
	}
	if opt.Pricings <= 0 {
		opt.Pricings = pricings
	}
	target := math.MaxInt
	if opt.Upper > 0 {
		target = opt.Upper
	}
	if best.Bound < target {
		p.generate(ctx, opt.Pricings, best.Bound, target)
	}
	if p.bound > best.Bound {
		p.simplify()
		best = p.certificate()
	}
	return best, &Patterns{p}
}

// L1 is the continuous bound of the dimension that needs most: the sum of all sizes, and hosts filled from the largest
// down, those of open types first.
func L1(in *instance.Instance) instance.Certificate {
	best := instance.Certificate{Kind: instance.L1, Bound: openHosts(in)}
	for d := range in.Dimensions {
		if n := continuous(in, d); n > best.Bound {
			best.Bound, best.Dimension = n, d
		}
	}
	return best
}

func continuous(in *instance.Instance, d int) int {
	var need wide
	for i := range in.Items {
		need = need.plus(at(in.Items[i].Size, d))
	}
	worth := make([]uint64, len(in.Types))
	for t := range worth {
		worth[t] = at(in.Types[t].Capacity, d)
	}
	hosts, _ := filled(in.Types, need, worth)
	return min(hosts, atMost(in))
}

// filled is the least number of hosts that are worth need together: those of open types, which count anyway, then those
// worth most. Where all that there are do not suffice, it is at least their number. Share is how much of the last host is
// needed.
func filled(types []instance.HostType, need wide, worth []uint64) (hosts int, share float64) {
	order := make([]int, 0, len(types))
	for t := range types {
		switch {
		case isOpen(&types[t]):
			hosts = sum(hosts, types[t].Count)
			need = need.less(times(worth[t], uint64(types[t].Count)))
		case worth[t] > 0:
			order = append(order, t)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(worth[b], worth[a]) })
	for _, t := range order {
		if need.isZero() {
			break
		}
		n := need.over(worth[t])
		if types[t].Count >= 0 {
			n = min(n, types[t].Count)
		}
		hosts = sum(hosts, n)
		last := need.less(times(worth[t], uint64(max(0, n-1))))
		need = need.less(times(worth[t], uint64(n)))
		share = min(1, last.float()/float64(worth[t]))
	}
	return hosts, share
}

// L2 is the bound of Martello and Toth (1990, section 8.3) in the dimension and with the alpha that prove most. All hosts
// are taken to be as large as the largest of any type.
func L2(in *instance.Instance) instance.Certificate {
	best := instance.Certificate{Kind: instance.L2, Bound: openHosts(in)}
	for d := range in.Dimensions {
		n, alpha := martelloToth(in, d)
		if n > best.Bound {
			best.Bound, best.Dimension, best.Alpha = n, d, alpha
		}
	}
	return best
}

// martelloToth tries each size up to half of the capacity as alpha: items above capacity − alpha and those above half of
// it need a host each, the room that the latter leave and further hosts take the items from alpha to half. Smaller items
// are left out.
func martelloToth(in *instance.Instance, d int) (hosts int, alpha int64) {
	var capacity uint64
	for t := range in.Types {
		if in.Types[t].Count != 0 {
			capacity = max(capacity, at(in.Types[t].Capacity, d))
		}
	}
	if capacity == 0 {
		return 0, 0
	}
	sizes := make([]uint64, len(in.Items)) // from the largest
	for i := range sizes {
		sizes[i] = at(in.Items[i].Size, d)
	}
	slices.SortFunc(sizes, func(a, b uint64) int { return cmp.Compare(b, a) })
	half, _ := slices.BinarySearchFunc(sizes, capacity, func(s, c uint64) int {
		if s > c-min(s, c) {
			return -1
		}
		return 1
	})
	// As alpha falls, items leave the first group for the second, whose room adds up, and smaller ones join the third.
	alone, room, rest := half, wide{}, wide{}
	hosts = half
	if half < len(sizes) {
		alpha = int64(sizes[half])
	} else {
		alpha = int64(capacity / 2)
	}
	for i := half; i < len(sizes); {
		a := sizes[i]
		for ; i < len(sizes) && sizes[i] == a; i++ {
			rest = rest.plus(a)
		}
		for ; alone > 0 && sizes[alone-1] <= capacity-a; alone-- {
			room = room.plus(capacity - sizes[alone-1])
		}
		if n := sum(half, rest.less(room).over(capacity)); n > hosts {
			hosts, alpha = n, int64(a)
		}
	}
	return min(hosts, atMost(in)), alpha
}

// separate counts the largest group of items of which no two may share a host.
func separate(in *instance.Instance) instance.Certificate {
	best := instance.Certificate{Kind: instance.Separate, Bound: openHosts(in)}
	for g, group := range in.Apart {
		members := slices.Clone(group)
		slices.Sort(members)
		if n := min(len(slices.Compact(members)), atMost(in)); n > best.Bound {
			best.Bound, best.Group = n, g
		}
	}
	return best
}

// isOpen says that the hosts of a type count whatever they carry. Of a type without end that would make no sense.
func isOpen(t *instance.HostType) bool { return t.Open && t.Count >= 0 }

func openHosts(in *instance.Instance) int {
	n := 0
	for t := range in.Types {
		if isOpen(&in.Types[t]) {
			n = sum(n, in.Types[t].Count)
		}
	}
	return n
}

// atMost is how many hosts a plan uses at most: besides the open ones no more than there are items or hosts.
func atMost(in *instance.Instance) int {
	more := 0
	for t := range in.Types {
		switch ty := &in.Types[t]; {
		case isOpen(ty):
		case ty.Count < 0:
			more = math.MaxInt
		default:
			more = sum(more, ty.Count)
		}
	}
	return sum(openHosts(in), min(more, len(in.Items)))
}

// at is a size or capacity, which is 0 where it is not given.
func at(v []int64, d int) uint64 {
	if d >= len(v) || v[d] < 0 {
		return 0
	}
	return uint64(v[d])
}
