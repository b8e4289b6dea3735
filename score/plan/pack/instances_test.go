package pack

import (
	"fmt"

	"github.com/infraopt/infraopt/score/plan/pack/instance"
)

const gib = 1024 // MiB

var twoDimensions = []string{"cpu (mCPU)", "memory (MiB)"}

// unlimited returns an instance of items for one type of host of which any number can be had.
func unlimited(items []instance.Item, capacity ...int64) *instance.Instance {
	in := &instance.Instance{Items: items, Types: []instance.HostType{{Name: "host", Capacity: capacity, Count: instance.Unlimited}}}
	for k := range capacity {
		in.Dimensions = append(in.Dimensions, fmt.Sprint("dimension ", k))
	}
	for i := range items {
		items[i].At = instance.Nowhere
	}
	return in
}

// production holds the CPU (mCPU) and memory (MiB) that the 1,088 pods without GPU of a production cluster ask for, and how
// many ask for so much: alibaba/clusterdata, cluster-trace-gpu-v2023 (Weng et al., USENIX ATC 2023).
var production = [][3]int64{
	{364, 12500, 57344}, {284, 32000, 49152}, {163, 8000, 30517}, {120, 15400, 51200}, {95, 16500, 51200}, {11, 11400, 57344}, {11, 8000, 15625},
	{8, 16000, 31250}, {5, 8000, 31250}, {4, 12000, 24576}, {3, 32000, 62500}, {2, 12500, 65536}, {2, 16000, 32768}, {2, 20000, 65536},
	{2, 32000, 32768}, {2, 8000, 16384}, {2, 8000, 8192}, {1, 10000, 48828}, {1, 16000, 15625}, {1, 16000, 16384}, {1, 16000, 62500},
	{1, 16000, 65536}, {1, 32000, 65536}, {1, 8000, 61035}, {1, 8000, 62500},
}

func openb() []instance.Item {
	var items []instance.Item
	for _, row := range production {
		for range row[0] {
			items = append(items, instance.Item{Name: fmt.Sprint("pod-", len(items)), Size: row[1:], At: instance.Nowhere})
		}
	}
	return items
}

// resampled draws n items from some.
func resampled(from []instance.Item, n int, r *random) []instance.Item {
	items := make([]instance.Item, n)
	for i := range items {
		items[i] = from[r.below(len(from))]
	}
	return items
}

// flavours draws n virtual machines of common shapes.
func flavours(n int, cores []int64, perCore []float64, r *random) []instance.Item {
	items := make([]instance.Item, n)
	for i := range items {
		c, g := cores[r.below(len(cores))], perCore[r.below(len(perCore))]
		items[i] = instance.Item{Size: []int64{c * 1000, int64(float64(c) * g * gib)}, At: instance.Nowhere}
	}
	return items
}

var (
	powers   = []int64{1, 2, 4, 8, 16}
	anyCores = []int64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}
	ratios   = []float64{1.75, 4, 7, 8}
)

// A kindOfInstance is one of the families on which the packer promises a gap.
type kindOfInstance struct {
	name string
	draw func(n int, r *random) *instance.Instance
}

func kindsOfInstance() []kindOfInstance {
	var kinds []kindOfInstance
	for _, host := range [][]int64{{96000, 786432}, {32000, 262144}} {
		kinds = append(kinds, kindOfInstance{fmt.Sprintf("openb/%d", host[0]/1000), func(n int, r *random) *instance.Instance {
			return unlimited(resampled(openb(), n, r), host...)
		}})
	}
	for _, host := range [][]int64{{40, 160}, {40, 256}, {48, 192}, {48, 384}, {64, 256}, {64, 384}, {64, 512}} {
		for _, mix := range []struct {
			name   string
			cores  []int64
			ratios []float64
		}{{"powers", powers, ratios}, {"any", anyCores, ratios}, {"complementary", powers, []float64{1.75, 8}}, {"complementary any", anyCores, []float64{1.75, 8}},
			{"4 a core", powers, []float64{4}}, {"large", []int64{8, 9, 10, 11, 12, 16}, ratios}} {
			kinds = append(kinds, kindOfInstance{fmt.Sprintf("%s/%dx%d", mix.name, host[0], host[1]), func(n int, r *random) *instance.Instance {
				return unlimited(flavours(n, mix.cores, mix.ratios, r), host[0]*1000, host[1]*gib)
			}})
		}
	}
	return kinds
}
