package plan

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/collect/demo"
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/collect/resolve"
	"github.com/infraopt/infraopt/score"
	"github.com/infraopt/infraopt/score/indicators"
)

func demoEstate(b *testing.B, machines int) *inventory.Estate {
	b.Helper()
	target, err := collect.ParseTarget(fmt.Sprintf("demo:?machines=%d&seed=1", machines))
	if err != nil {
		b.Fatal(err)
	}
	c, err := demo.Source().Open(target, collect.Env{})
	if err != nil {
		b.Fatal(err)
	}
	obs, err := c.(collect.Recorded).Observations(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	return resolve.Estate(&inventory.Snapshot{Sources: obs})
}

// BenchmarkAssess measures scoring and planning of estates of several sizes.
func BenchmarkAssess(b *testing.B) {
	m, err := indicators.Default()
	if err != nil {
		b.Fatal(err)
	}
	req := score.Request{Options: score.Options{Now: time.Unix(1767225600, 0)}}
	for _, n := range []int{100, 1000} {
		e := demoEstate(b, n)
		b.Run(fmt.Sprintf("score/machines=%d", n), func(b *testing.B) {
			for b.Loop() {
				score.NewLedger(e, m, req.Options).Rate()
			}
		})
		b.Run(fmt.Sprintf("assess/machines=%d", n), func(b *testing.B) {
			for b.Loop() {
				score.Assess(e, m, req)
			}
		})
	}
}

// BenchmarkSensitivity measures the draws of the sensitivity run, as many as the command makes, and nothing else: the
// estate has been read and tallied.
func BenchmarkSensitivity(b *testing.B) {
	m, err := indicators.Default()
	if err != nil {
		b.Fatal(err)
	}
	ledger := score.NewLedger(demoEstate(b, 1000), m, score.Options{Now: time.Unix(1767225600, 0)})
	for b.Loop() {
		ledger.Sensitivity(score.SensitivityOptions{Draws: 20_000, Seed: 1})
	}
}
