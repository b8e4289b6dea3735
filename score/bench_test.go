package score_test

import (
	"bytes"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/collect/demo"
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/collect/resolve"
	"github.com/infraopt/infraopt/score"
)

// demoHosts calls f with every host of a demo estate, which is never held as a whole.
func demoHosts(b *testing.B, machines int, f func(*inventory.Node)) {
	b.Helper()
	target, err := collect.ParseTarget(fmt.Sprintf("demo:?machines=%d&seed=1", machines))
	if err != nil {
		b.Fatal(err)
	}
	c, err := demo.Source().Open(target, collect.Env{})
	if err != nil {
		b.Fatal(err)
	}
	identities, all, _ := c.(collect.Streamed).Streams(b.Context())
	if _, err := resolve.Stream(identities, all, func(n *inventory.Node) error { f(n); return nil }); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkTallies measures scoring from a stream of tallies: reading, adding up and rating. It prints the exponent of
// its time in the number of machines; 1 is linear.
func BenchmarkTallies(b *testing.B) {
	m := model(b)
	sizes := []int{25_000, 50_000, 100_000, 175_000} // the last have a million pieces of work
	var stream bytes.Buffer
	var lengths []int
	w := score.NewTallyWriter(&stream)
	hosts, works := 0, 0
	demoHosts(b, sizes[len(sizes)-1], func(n *inventory.Node) {
		s := score.NewStack(n, m, score.Options{})
		works += len(s.Works)
		if err := w.Write(m.TallyStack(s)); err != nil {
			b.Fatal(err)
		}
		if hosts++; hosts == sizes[len(lengths)] {
			if err := w.Flush(); err != nil {
				b.Fatal(err)
			}
			lengths = append(lengths, stream.Len())
		}
	})
	var f fit
	for i, n := range sizes {
		part := stream.Bytes()[:lengths[i]]
		b.Run(fmt.Sprintf("machines=%d", n), func(b *testing.B) {
			for b.Loop() {
				sum, count, err := score.SumTallies(bytes.NewReader(part))
				if err != nil || count != n || m.Rate(sum).Score.None {
					b.Fatal(count, err)
				}
			}
			f.add(n, b.Elapsed()/time.Duration(b.N))
		})
	}
	f.report(b, works)
}

// BenchmarkStream measures scoring a demo estate host by host, making it up included, and prints the same exponent.
func BenchmarkStream(b *testing.B) {
	m := model(b)
	var f fit
	works := 0
	for _, n := range []int{500, 1000, 2000, 4000} {
		b.Run(fmt.Sprintf("machines=%d", n), func(b *testing.B) {
			for b.Loop() {
				a := score.NewAssessor(m, score.Request{Top: 10})
				demoHosts(b, n, a.Add)
				w := a.Finish(&inventory.Estate{}).Inventory.Workloads
				works = w.Service + w.Application
			}
			f.add(n, b.Elapsed()/time.Duration(b.N))
		})
	}
	f.report(b, works)
}

// A fit finds the exponent of a power law by least squares over logarithms.
type fit struct{ n, x, y, xx, xy float64 }

func (f *fit) add(size int, took time.Duration) {
	x, y := math.Log(float64(size)), math.Log(took.Seconds())
	f.n, f.x, f.y, f.xx, f.xy = f.n+1, f.x+x, f.y+y, f.xx+x*x, f.xy+x*y
}

// report prints the exponent, and how much work the largest estate had.
func (f *fit) report(b *testing.B, works int) {
	b.Run("fit", func(b *testing.B) {
		for b.Loop() { // there is nothing to measure
		}
		b.ReportMetric(0, "ns/op")
		b.ReportMetric((f.n*f.xy-f.x*f.y)/(f.n*f.xx-f.x*f.x), "exponent")
		b.ReportMetric(float64(works), "works")
	})
}
