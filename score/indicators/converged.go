package indicators

import (
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// Hardware of a cloud instance belongs to the provider: the questions of this pillar do not apply to it.

// physicalBelow tells whether the hardware below a place belongs to this estate.
func physicalBelow(p *score.Place) (applies, known bool) {
	kind, ok := p.Host().Machine.Kind.Get()
	return !ok || kind != inventory.Cloud, ok
}

// standOnHardware places work by a fact about the hardware below it.
func standOnHardware[T ~string](ind *score.Indicator, name string, read func(p *score.Place) *inventory.Reading[T], step func(T) string) {
	ind.Tally = func(s *score.Stack, add *score.Adder) {
		lowest, highest := ind.Ladder[0].ID, ind.Ladder[len(ind.Ladder)-1].ID
		for _, x := range s.Works {
			applies, known := physicalBelow(x.Place)
			if !applies || !known {
				add.NotApplicable(x, known)
			}
			if !applies {
				continue
			}
			r := read(x.Place)
			low, high := lowest, highest
			if v, ok := r.Get(); ok {
				if id := step(v); id != "" {
					low, high = id, id
				}
			}
			fact := score.FactOf(name, r)
			if !known {
				fact = score.FactOf("kind of machine", &x.Place.Host().Machine.Kind)
			}
			add.StandIf(x, low, high, known, fact)
		}
	}
	ind.Rate = (*score.Rater).Ladder
}
