package pack

import (
	"cmp"
	"math"
	"slices"
)

// A measure says how large a class is, for orders from the largest down.
type measure func(m *model, c *class) float64

// measures are what the orders go by. With one dimension they are all the same.
var measures = []measure{
	func(m *model, c *class) float64 { // the largest share of a host
		most := 0.0
		for k, v := range c.size {
			most = max(most, float64(v)*m.scale[k])
		}
		return most
	},
	func(m *model, c *class) float64 { // the sum of the shares
		sum := 0.0
		for k, v := range c.size {
			sum += float64(v) * m.scale[k]
		}
		return sum
	},
	func(m *model, c *class) float64 { // the shares compared with those of the average item
		sum := 0.0
		for k, v := range c.size {
			if m.load[k] > 0 {
				sum += float64(v) * m.scale[k] / m.load[k]
			}
		}
		return sum
	},
	func(m *model, c *class) float64 { // the length of the vector of shares
		sum := 0.0
		for k, v := range c.size {
			sum += float64(v) * m.scale[k] * float64(v) * m.scale[k]
		}
		return math.Sqrt(sum)
	},
	func(m *model, c *class) float64 { // the shares, by how scarce each dimension is (Panigrahy and others 2011: dot product)
		sum := 0.0
		for k, v := range c.size {
			sum += float64(v) * m.scale[k] * m.load[k]
		}
		return sum
	},
	func(_ *model, c *class) float64 { return c.weight },
	func(_ *model, c *class) float64 { return -c.weight }, // the smallest first: where hosts are few, more items get one
}

// descending returns the loose items from the largest down by the measure; noise varies each item's size by up to so much.
func (m *model) descending(by measure, noise float64, r *random) []int32 {
	size := make([]float64, len(m.classes))
	for c := range m.classes {
		size[c] = by(m, &m.classes[c])
	}
	order := slices.Clone(m.loose)
	if noise == 0 {
		slices.SortStableFunc(order, func(a, b int32) int {
			if c := cmp.Compare(size[m.of[b]], size[m.of[a]]); c != 0 {
				return c
			}
			return cmp.Compare(m.of[a], m.of[b])
		})
		return order
	}
	key := make([]float64, len(m.of))
	for _, i := range order {
		key[i] = size[m.of[i]] * (1 + noise*(2*r.float()-1))
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(key[b], key[a]) })
	return order
}

// rankings returns orders of the types of host, in which they are taken into use: the largest first, in sum and by each
// of the dimensions in which that makes another order.
func (m *model) rankings() [][]int32 {
	by := func(size func(t int32) float64) []int32 {
		rank := make([]int32, len(m.in.Types))
		for t := range rank {
			rank[t] = int32(t)
		}
		slices.SortStableFunc(rank, func(a, b int32) int { return cmp.Compare(size(b), size(a)) })
		return rank
	}
	all := [][]int32{by(m.total)}
	for k := range m.d {
		rank := by(func(t int32) float64 { return float64(m.in.Types[t].Capacity[k])*m.scale[k] + m.total(t)*1e-6 })
		if !slices.ContainsFunc(all, func(r []int32) bool { return slices.Equal(r, rank) }) {
			all = append(all, rank)
		}
	}
	return all
}
