package bound

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/infraopt/infraopt/score/plan/pack/instance"
)

const (
	// fewSizes is how many different sizes have a class each.
	fewSizes = 100
	// grouped is how many classes there are where there are more sizes.
	grouped = 60
	// groupedDimensions is up to how many dimensions sizes are put into groups. With more, groups have little in common.
	groupedDimensions = 6
	// fewTypes is how many types of host the programme tells apart.
	fewTypes = 8
	// fine is how many groups the slow part of grouping starts from.
	fine = 400
)

// A class is a kind of items of the same size, or of sizes that are no smaller than that.
type class struct {
	size  []int64
	items []int
}

// classesOf puts items into classes, from the largest, and tells whether all items of a class have its size.
func classesOf(in *instance.Instance) (list []class, exact bool) {
	known := map[string]int{}
	var key []byte
	for i := range in.Items {
		size := make([]int64, len(in.Dimensions))
		key = key[:0]
		for d := range size {
			size[d] = int64(at(in.Items[i].Size, d))
			key = binary.AppendVarint(key, size[d])
		}
		c, ok := known[string(key)]
		if !ok {
			c = len(list)
			known[string(key)] = c
			list = append(list, class{size: size})
		}
		list[c].items = append(list[c].items, i)
	}
	slices.SortFunc(list, func(a, b class) int { return slices.Compare(b.size, a.size) })
	if len(list) <= fewSizes {
		return list, true
	}
	if len(in.Dimensions) > groupedDimensions {
		return nil, false
	}
	list = nearby(coarse(list), len(in.Items))
	slices.SortFunc(list, func(a, b class) int { return slices.Compare(b.size, a.size) })
	return list, false
}

// coarse puts together what lies in one cell of a grid, which is as fine as the number of groups allows.
func coarse(list []class) []class {
	top := largest(list)
	for levels := 1 << 10; ; levels /= 2 {
		cells := map[string]int{}
		var out []class
		for _, c := range list {
			var key []byte
			for d, x := range c.size {
				key = binary.AppendVarint(key, int64(float64(x)/float64(max(1, top[d]))*float64(levels)))
			}
			g, ok := cells[string(key)]
			if !ok {
				cells[string(key)] = len(out)
				out = append(out, class{slices.Clone(c.size), slices.Clone(c.items)})
				continue
			}
			out[g] = union(&out[g], &c)
		}
		if len(out) <= fine || levels == 0 {
			return out
		}
	}
}

func largest(list []class) []int64 {
	top := make([]int64, len(list[0].size))
	for _, c := range list {
		for d, x := range c.size {
			top[d] = max(top[d], x)
		}
	}
	return top
}

// union has the items of both classes and, in each dimension, the smaller size.
func union(a, b *class) class {
	u := class{make([]int64, len(a.size)), append(a.items, b.items...)}
	for d := range u.size {
		u.size[d] = min(a.size[d], b.size[d])
	}
	return u
}

// nearby puts those two classes together by which least size is lost, until there are few.
func nearby(list []class, items int) []class {
	weight := make([]float64, len(list[0].size))
	for d, x := range largest(list) {
		weight[d] = 1 / float64(max(1, x)) / float64(items)
	}
	loss := func(a, b *class) float64 {
		sum := 0.
		for d, w := range weight {
			sum += float64(w * (float64(max(0, a.size[d]-b.size[d]))*float64(len(a.items)) + float64(max(0, b.size[d]-a.size[d]))*float64(len(b.items))))
		}
		return sum
	}
	nearest, lost := make([]int, len(list)), make([]float64, len(list))
	seek := func(i int) {
		nearest[i], lost[i] = -1, math.Inf(1)
		for j := range list {
			if l := loss(&list[i], &list[j]); j != i && l < lost[i] {
				nearest[i], lost[i] = j, l
			}
		}
	}
	for i := range list {
		seek(i)
	}
	for len(list) > grouped {
		a := slices.Index(lost[:len(list)], slices.Min(lost[:len(list)]))
		b, last := nearest[a], len(list)-1
		list[a] = union(&list[a], &list[b])
		// The last one takes the place of the one that is gone.
		list[b], nearest[b], lost[b] = list[last], nearest[last], lost[last]
		list = list[:last]
		if a == last {
			a = b
		}
		for i := range list {
			switch n := nearest[i]; {
			case i == a || i == b || n == a || n == b || n >= last:
				seek(i)
			default:
				if l := loss(&list[i], &list[a]); l < lost[i] {
					nearest[i], lost[i] = a, l
				}
			}
		}
	}
	return list
}

// A host is a type of host in the programme, with the types of the instance that it stands for.
type host struct {
	instance.HostType
	types []int
}

// hostsOf are the types of host that the programme tells apart, and whether each is exactly as large as what it stands for.
func hostsOf(in *instance.Instance) (list []host, exact bool) {
	for t := range in.Types {
		h := host{in.Types[t], []int{t}}
		h.Capacity = make([]int64, len(in.Dimensions))
		for d := range h.Capacity {
			h.Capacity[d] = int64(at(in.Types[t].Capacity, d))
		}
		h.Open = isOpen(&in.Types[t])
		if h.Count < 0 || !h.Open && h.Count >= len(in.Items) { // more would not help
			h.Count = instance.Unlimited
		}
		if h.Count == 0 {
			continue
		}
		same := slices.IndexFunc(list, func(o host) bool { return o.Open == h.Open && slices.Equal(o.Capacity, h.Capacity) })
		if same < 0 {
			list = append(list, h)
		} else {
			list[same] = both(&list[same], &h)
		}
	}
	// What is no larger than hosts of which any number can be had is not needed.
	list = slices.DeleteFunc(slices.Clone(list), func(h host) bool {
		return slices.ContainsFunc(list, func(o host) bool {
			return !h.Open && o.Count < 0 && !slices.Equal(o.Capacity, h.Capacity) && covers(o.Capacity, h.Capacity)
		})
	})
	slices.SortStableFunc(list, func(a, b host) int {
		if a.Open != b.Open {
			if a.Open {
				return -1
			}
			return 1
		}
		return slices.Compare(b.Capacity, a.Capacity)
	})
	exact = len(list) <= fewTypes
	for len(list) > fewTypes {
		list = merged(list)
	}
	return list, exact
}

// both stands for the hosts of two types: in each dimension as large as the larger one.
func both(a, b *host) host {
	h := host{a.HostType, slices.Concat(a.types, b.types)}
	h.Capacity = slices.Clone(a.Capacity)
	for d, x := range b.Capacity {
		h.Capacity[d] = max(h.Capacity[d], x)
	}
	if h.Count = sum(max(0, a.Count), max(0, b.Count)); a.Count < 0 || b.Count < 0 {
		h.Count = instance.Unlimited
	}
	return h
}

// merged puts those two types together that differ least.
func merged(list []host) []host {
	a, b, least := 0, 0, math.Inf(1)
	for i := range list {
		for j := i + 1; j < len(list); j++ {
			if list[i].Open != list[j].Open {
				continue
			}
			apart := 0.
			for d, x := range list[i].Capacity {
				y := list[j].Capacity[d]
				apart += math.Abs(float64(x)-float64(y)) / max(1, float64(x), float64(y))
			}
			if apart < least {
				a, b, least = i, j, apart
			}
		}
	}
	list[a] = both(&list[a], &list[b])
	return slices.Delete(list, b, b+1)
}
