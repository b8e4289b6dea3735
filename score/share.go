package score

import (
	"cmp"
	"math"
	"slices"
)

// A Mass is an amount of work that stands somewhere between two values of a ladder.
type Mass struct {
	Low, High float64 // values of its step: equal where the step is known
	Weight    Range
}

// ShareBounds gives the exact bounds of Σwx/Σw over every weight in its range and every value in its bounds.
//
// The minimum takes each x at its low value. As the quotient is monotone in each weight, it is reached where
// the weights of the items below the quotient are as large, and those above as small, as they may be: one
// pass over the items in order of value finds it. Where no weight is certain, the bound is that of the
// single worst (best) item. ok is false where there is no weight at all.
func ShareBounds(masses []Mass) (low, high float64, ok bool) {
	low, ok = shareBound(masses, func(m Mass) float64 { return m.Low }, 1)
	if !ok {
		return 0, 0, false
	}
	if !slices.ContainsFunc(masses, func(m Mass) bool { return m.Low != m.High || m.Weight.Lo != m.Weight.Hi }) {
		return low, low, true // the other sum runs in opposite order and may differ in the last bit
	}
	high, _ = shareBound(masses, func(m Mass) float64 { return m.High }, -1)
	return low, math.Max(low, high), true
}

// shareBound finds the least (sign 1) or greatest (sign -1) quotient.
func shareBound(masses []Mass, value func(Mass) float64, sign float64) (float64, bool) {
	ms := slices.Clone(masses)
	slices.SortFunc(ms, func(a, b Mass) int { return int(sign) * cmp.Compare(value(a), value(b)) })
	var num, den float64
	var any bool
	for _, m := range ms {
		num += float64(m.Weight.Lo) * value(m)
		den += float64(m.Weight.Lo)
		any = any || m.Weight.Hi > 0
	}
	if !any {
		return 0, false
	}
	best := math.Inf(1)
	if den > 0 {
		best = sign * num / den
	}
	for _, m := range ms { // best-placed first: each switch to the upper weight pulls towards the bound until it no longer does
		d := float64(m.Weight.Hi - m.Weight.Lo)
		num += d * value(m)
		den += d
		if den > 0 {
			best = math.Min(best, sign*num/den)
		}
	}
	return sign * best, true
}
