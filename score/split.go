package score

// A Split shares one end of an indicator's rating out over hosts. Where a rating is the bound of Σwx/Σw over the steps
// of a ladder (see [ShareBounds]), the bound is reached with the weight on each step as large or as small as it may be.
// That choice is one for the whole estate, and with it the sums add up over hosts.
type Split struct {
	id    string
	steps []splitStep
}

type splitStep struct {
	low, high string // names of the term
	value     float64
	upper     bool // the weight is as large as it may be
}

// splitSlack is by how much two quotients of the same sums may differ through rounding.
const splitSlack = 1e-12

// Split gives the split of an indicator at the low end, or at the high end. ok is false where its rating is no such
// bound: it has no ladder, or none of its work is certain and another rule decides.
func (r *Result) Split(x *IndicatorRating, high bool) (s Split, ok bool) {
	s.id = x.ID
	on := x.rungs(r.sheet.terms[x.ID])
	bound := x.Measured.Low
	if high {
		bound = x.Measured.High
	}
	// Whatever pulls towards the bound weighs as much as it may. Where no weight is certain, what lies on the bound
	// makes it.
	for _, slack := range []float64{-splitSlack, splitSlack} {
		var weight, sum float64
		s.steps = s.steps[:0]
		for _, o := range on {
			step := splitStep{low: x.Ladder[o.low].ID, high: x.Ladder[o.high].ID, value: x.Ladder[o.low].Value}
			step.upper = step.value < bound+slack
			if high {
				step.value = x.Ladder[o.high].Value
				step.upper = step.value > bound-slack
			}
			s.steps = append(s.steps, step)
			w := step.weight(o.weight)
			weight += w
			sum += w * step.value
		}
		if weight > 0 {
			d := sum/weight - bound
			return s, -splitSlack < d && d < splitSlack
		}
	}
	return s, false
}

func (s *splitStep) weight(r Range) float64 {
	if s.upper {
		return float64(r.Hi)
	}
	return float64(r.Lo)
}

// Of gives the part of a host: the sum of its weights (in units of 1/Micro) and the sum of weight times value. Over all
// hosts of the estate the quotient of the two sums is the rating.
func (s *Split) Of(t *Tally) (weight, sum float64) {
	for i := range s.steps {
		w := s.steps[i].weight(t.get(s.id, s.steps[i].low, s.steps[i].high))
		weight += w
		sum += w * s.steps[i].value
	}
	return weight, sum
}
