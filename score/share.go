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

// A quotient is Σwx/Σw for one choice of weights and values.
type quotient struct{ num, den float64 }

func (q quotient) value() float64 { return q.num / q.den }

// ShareBounds gives the exact bounds of Σwx/Σw over every weight in its range and every value in its bounds.
//
// The minimum takes each x at its low value. As the quotient is monotone in each weight, it is reached where
// the weights of the items below the quotient are as large, and those above as small, as they may be: one
// pass over the items in order of value finds it. Where no weight is certain, the bound is that of the
// single worst (best) item. ok is false where there is no weight at all.
func ShareBounds(masses []Mass) (low, high float64, ok bool) {
	lo, hi, ok := shareQuotients(masses)
	if !ok {
		return 0, 0, false
	}
	return lo.value(), math.Max(lo.value(), hi.value()), true
}

// shareQuotients gives the quotients at both bounds.
func shareQuotients(masses []Mass) (low, high quotient, ok bool) {
	low, ok = shareBound(masses, func(m Mass) float64 { return m.Low }, 1)
	switch {
	case !ok:
		return quotient{}, quotient{}, false
	case !slices.ContainsFunc(masses, func(m Mass) bool { return m.Low != m.High || m.Weight.Lo != m.Weight.Hi }):
		return low, low, true // the other sum runs in opposite order and may differ in the last bit
	}
	high, _ = shareBound(masses, func(m Mass) float64 { return m.High }, -1)
	return low, high, true
}

// shareBound finds the least (sign 1) or greatest (sign -1) quotient.
func shareBound(masses []Mass, value func(Mass) float64, sign float64) (best quotient, ok bool) {
	ms := slices.Clone(masses)
	slices.SortFunc(ms, func(a, b Mass) int { return int(sign) * cmp.Compare(value(a), value(b)) })
	var q quotient
	for _, m := range ms {
		q.num += float64(m.Weight.Lo) * value(m)
		q.den += float64(m.Weight.Lo)
		ok = ok || m.Weight.Hi > 0
	}
	best = q
	for _, m := range ms { // best-placed first: each switch to the upper weight pulls towards the bound until it no longer does
		d := float64(m.Weight.Hi - m.Weight.Lo)
		q.num += d * value(m)
		q.den += d
		if q.den > 0 && (best.den == 0 || sign*q.value() < sign*best.value()) {
			best = q
		}
	}
	return best, ok
}
