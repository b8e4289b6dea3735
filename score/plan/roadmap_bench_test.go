package plan

import (
	"fmt"
	"testing"
	"time"

	"github.com/infraopt/infraopt/score"
	"github.com/infraopt/infraopt/score/indicators"
)

// BenchmarkRoadmap measures what it takes to advise on an estate that has been assessed: the actions, all steps with the
// plans of hosts behind them, the target and its proof.
func BenchmarkRoadmap(b *testing.B) {
	m, err := indicators.Default()
	if err != nil {
		b.Fatal(err)
	}
	req := score.Request{Options: score.Options{Now: time.Unix(1767225600, 0)}, Top: 1}
	for _, n := range []int{100, 1000, 10_000} {
		e := demoEstate(b, n)
		a := score.Assess(e, m, req)
		b.Run(fmt.Sprintf("machines=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Recommend(b.Context(), a, e, m, Request{Request: req})
			}
			b.ReportMetric(float64(a.Roadmap.Steps), "steps")
		})
	}
}
