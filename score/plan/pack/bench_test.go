package pack

import (
	"fmt"
	"testing"

	"github.com/infraopt/infraopt/score/plan/pack/instance"
)

// benchmark plans on one core, again and again, and tells how many hosts that takes beside how few could do.
func benchmark(b *testing.B, in *instance.Instance) {
	b.Helper()
	var sol *Solution
	for b.Loop() {
		var err error
		if sol, err = Solve(b.Context(), in, Options{Workers: 1}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(sol.Plan.Hosts)), "hosts")
	b.ReportMetric(float64(sol.Bound.Bound), "bound")
}

// BenchmarkProduction is the list of a production cluster: want at most 2 s each.
func BenchmarkProduction(b *testing.B) {
	for _, host := range [][]int64{{96000, 786432}, {32000, 262144}} {
		b.Run(fmt.Sprint(host[0]/1000), func(b *testing.B) { benchmark(b, unlimited(openb(), host...)) })
	}
}

// BenchmarkLarge is 20,000 items of real shapes: want at most 3 s each.
func BenchmarkLarge(b *testing.B) {
	for k, kind := range kindsOfInstance() {
		if k%5 == 0 {
			b.Run(kind.name, func(b *testing.B) { benchmark(b, kind.draw(20_000, stream(1, k))) })
		}
	}
	b.Run("uniform", func(b *testing.B) { benchmark(b, uniform(20_000, 2, 1, 50, stream(1, 0))) })
}

// accelerated draws pods, a quarter of which ask for a GPU, half of one, or several.
func accelerated(n int, r *random) *instance.Instance {
	items := flavours(n, anyCores, ratios, r)
	for i := range items {
		gpu := int64(0)
		if r.below(4) == 0 {
			gpu = []int64{500, 1000, 1000, 2000, 4000, 8000}[r.below(6)]
		}
		items[i].Size = append(items[i].Size, gpu)
	}
	return unlimited(items, 96_000, 768*gib, 8000)
}

// BenchmarkDimensions is packing with GPUs, and in as many dimensions as there are hours of a day beside CPU and memory.
func BenchmarkDimensions(b *testing.B) {
	for _, n := range []int{100, 1000, 20_000} {
		b.Run(fmt.Sprintf("3/%d", n), func(b *testing.B) { benchmark(b, accelerated(n, stream(1, n))) })
		b.Run(fmt.Sprintf("26/%d", n), func(b *testing.B) { benchmark(b, daily(n, stream(1, n))) })
	}
}

// daily draws machines with their CPU in each hour of the day: some busy by day, some by night, some all the time.
func daily(n int, r *random) *instance.Instance {
	items := flavours(n, powers, ratios, r)
	for i := range items {
		cores, from := items[i].Size[0], r.below(3)*8
		for hour := range 24 {
			use := cores / 10
			if busy := (hour + 24 - from) % 24; busy < 10 {
				use = cores/2 + int64(r.below(int(cores/2)))
			}
			items[i].Size = append(items[i].Size, use)
		}
	}
	capacity := []int64{96_000, 384 * gib}
	for range 24 {
		capacity = append(capacity, 48_000)
	}
	return unlimited(items, capacity...)
}

// BenchmarkMachineAdded is one more machine beside those that there are, which stay where they are.
func BenchmarkMachineAdded(b *testing.B) {
	for _, n := range []int{1000, 20_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			p, err := New(unlimited(flavours(n, powers, ratios, stream(1, n)), 48_000, 384*gib), Options{Workers: 1})
			if err != nil {
				b.Fatal(err)
			}
			more := flavours(1, powers, ratios, stream(2, n))
			for b.Loop() {
				if err := p.Add(more...); err != nil {
					b.Fatal(err)
				}
				if err := p.Remove(n); err != nil { // so that each is added to as many
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(p.Solution().Plan.Hosts)), "hosts")
		})
	}
}
