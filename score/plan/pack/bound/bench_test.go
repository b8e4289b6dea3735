package bound

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/infraopt/infraopt/score/plan/pack/instance"
)

// trace counts the shapes of the tasks without a GPU in a published trace of a data centre (cluster-trace-gpu-v2023 of
// Alibaba, openb): thousandths of a core, MiB, how many.
var trace = [][3]int64{
	{32000, 65536, 1},
	{32000, 62500, 3},
	{32000, 49152, 284},
	{32000, 32768, 2},
	{20000, 65536, 2},
	{16500, 51200, 95},
	{16000, 65536, 1},
	{16000, 62500, 1},
	{16000, 32768, 2},
	{16000, 31250, 8},
	{16000, 16384, 1},
	{16000, 15625, 1},
	{15400, 51200, 120},
	{12500, 65536, 2},
	{12500, 57344, 364},
	{12000, 24576, 4},
	{11400, 57344, 11},
	{10000, 48828, 1},
	{8000, 62500, 1},
	{8000, 61035, 1},
	{8000, 31250, 5},
	{8000, 30517, 163},
	{8000, 16384, 2},
	{8000, 15625, 11},
	{8000, 8192, 2},
}

// shapes are the items of the trace.
func shapes() []instance.Item {
	var items []instance.Item
	for _, s := range trace {
		for range s[2] {
			items = append(items, instance.Item{Size: s[:2]})
		}
	}
	return items
}

func on(items []instance.Item, capacities ...[]int64) *instance.Instance {
	in := &instance.Instance{Dimensions: []string{"cpu (mCPU)", "memory (MiB)", "gpu (mGPU)"}[:len(capacities[0])], Items: items}
	for _, c := range capacities {
		in.Types = append(in.Types, instance.HostType{Capacity: c, Count: instance.Unlimited})
	}
	return in
}

// The mixes of cloud flavours: all shapes alike, small ones mostly, those that complete each other, and few shapes.
var mixes = []string{"even", "small", "complementary", "few"}

// flavours draws items of common shapes of virtual machines.
func flavours(mix string, n, seed int) []instance.Item {
	r := rand.New(rand.NewPCG(uint64(seed), 11))
	items := make([]instance.Item, n)
	few := make([][2]int64, 6)
	shape := func(cores int64, ratio int64) [2]int64 { return [2]int64{cores * 1000, cores * ratio * 256} }
	ratios := []int64{7, 16, 28, 32} // quarters of a GiB per core
	for i := range few {
		few[i] = shape(1+r.Int64N(16), ratios[r.IntN(4)])
	}
	for i := range items {
		var s [2]int64
		switch mix {
		case "even":
			s = shape(1+r.Int64N(16), ratios[r.IntN(4)])
		case "small":
			s = shape(min(1+r.Int64N(16), 1+r.Int64N(16), 1+r.Int64N(16)), ratios[r.IntN(4)])
		case "complementary":
			s = shape([]int64{2, 4, 8, 12, 16}[r.IntN(5)], ratios[3*r.IntN(2)])
		case "few":
			s = few[r.IntN(len(few))]
		}
		items[i].Size = s[:]
	}
	return items
}

var flavourHosts = [][]int64{{40_000, 160 << 10}, {48_000, 256 << 10}, {64_000, 256 << 10}, {64_000, 512 << 10}, {48_000, 384 << 10}}

func BenchmarkTrace(b *testing.B) {
	for _, c := range [][]int64{{96_000, 786_432}, {32_000, 262_144}} {
		b.Run(fmt.Sprint(c[0]), func(b *testing.B) {
			in := on(shapes(), c)
			run(b, in)
		})
	}
}

func BenchmarkFlavours(b *testing.B) {
	for _, n := range []int{100, 1000, 20_000} {
		for _, mix := range mixes {
			for h, c := range flavourHosts {
				b.Run(fmt.Sprintf("%d/%s/%d", n, mix, h), func(b *testing.B) { run(b, on(flavours(mix, n, 1), c)) })
			}
			b.Run(fmt.Sprintf("%d/%s/all", n, mix), func(b *testing.B) {
				run(b, on(flavours(mix, n, 1), []int64{40_000, 512 << 10}, []int64{48_000, 384 << 10}, []int64{64_000, 256 << 10}))
			})
		}
	}
}

func run(b *testing.B, in *instance.Instance) {
	for b.Loop() {
		start := time.Now()
		c, p := Best(context.Background(), in, Options{})
		b.ReportMetric(float64(time.Since(start).Milliseconds()), "best-ms")
		l1, l2 := L1(in).Bound, L2(in).Bound
		b.ReportMetric(float64(max(l1, l2)), "L")
		b.ReportMetric(float64(c.Bound), "bound")
		if p == nil {
			continue
		}
		b.ReportMetric(p.lp.cost(), "LP")
		b.ReportMetric(float64(len(p.patterns)), "patterns")
		b.ReportMetric(float64(p.work), "states")
		if plan, ok := p.Round(context.Background()); ok {
			b.ReportMetric(float64(len(plan.Hosts)), "plan")
		}
	}
}
