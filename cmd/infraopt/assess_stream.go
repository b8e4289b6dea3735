package main

import (
	"context"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/collect/resolve"
	"github.com/infraopt/infraopt/score"
)

// scoreOnly assesses without advice, which would need the whole estate at once. Where all targets can be read twice,
// it keeps no more than the report of them.
func (p *program) scoreOnly(ctx context.Context, f assessFlags, model *score.Model, args []string) (*score.Assessment, *haul, error) {
	s, ok, err := p.stream(ctx, f.gatherFlags, args)
	if err != nil {
		return nil, nil, err
	}
	if !ok {
		h, err := p.gather(ctx, f.gatherFlags, args)
		if err != nil || h.empty {
			return nil, h, err
		}
		a := score.Assess(resolve.Estate(h.snapshot), model, f.request(h, f.listed()))
		unadvised(a)
		return a, h, nil
	}
	var a *score.Assessment
	stop := s.progress("scoring")
	err = s.again(ctx, func(ctx context.Context) error {
		one := score.NewAssessor(model, f.request(s.haul(ctx), f.listed()))
		site, err := resolve.Stream(s.Identities(ctx), s.Observations(ctx), func(host *inventory.Node) error {
			one.Add(host)
			return nil
		})
		if err == nil {
			a = one.Finish(site)
		}
		return err
	})
	stop()
	if err != nil {
		return nil, nil, err
	}
	h := s.haul(ctx)
	unadvised(a)
	return a, h, nil
}

// unadvised says in an assessment why it gives no advice.
func unadvised(a *score.Assessment) {
	a.Roadmap = score.Roadmap{From: a.Score, To: a.Score, LevelFrom: a.Level.Number, LevelTo: a.Level.Number, LevelName: a.Level.Name,
		Components: [2]float64{a.Headline.Components, a.Headline.Components}, Basis: "proven", Waves: []score.Wave{}, Withheld: "no advice was asked for (--score-only)"}
}
