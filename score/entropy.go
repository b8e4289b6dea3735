package score

import (
	"math"
	"slices"
)

// Kinds holds how much of the work belongs to each of several kinds (operating systems, models, …).
type Kinds struct {
	Known   []Range // one weight for each kind that could be told
	Unknown Range   // weight of the work whose kind could not be told
	Items   int64   // how many things make up Unknown: each may be a kind of its own
}

// Total is the weight of all work.
func (k Kinds) Total() Range {
	t := k.Unknown
	for _, r := range k.Known {
		t = t.plus(r)
	}
	return t
}

// EntropyBounds gives sound bounds of the Shannon entropy (in nats) of the shares of the kinds.
//
// The lower bound lets every uncertain weight fall to the largest kind, and unknown kinds be that kind too:
// that distribution majorises all others of the same total, and adding to the largest share lowers the entropy.
// The upper bound spreads weights as evenly as their ranges allow: the entropy of normalised weights is
// quasi-concave, and at its maximum every weight is clamp(λ) for one λ. Unknown kinds are then all different.
// Both are exact where nothing is uncertain.
func (k Kinds) EntropyBounds() (low, high float64) {
	lo := make([]float64, 0, len(k.Known)+1)
	var slack float64
	for _, r := range k.Known {
		lo = append(lo, float64(r.Lo))
		slack += float64(r.Hi - r.Lo)
	}
	slack += float64(k.Unknown.Hi)
	if len(lo) == 0 {
		lo = append(lo, 0)
	}
	slices.Sort(lo)
	lo[len(lo)-1] += slack
	low = entropy(lo)
	if slack == 0 {
		return low, low
	}

	boxes := make([]span, 0, len(k.Known))
	for _, r := range k.Known {
		boxes = append(boxes, span{float64(r.Lo), float64(r.Hi)})
	}
	return low, math.Max(low, maxEntropy(boxes, span{float64(k.Unknown.Lo), float64(k.Unknown.Hi)}, float64(k.Items)))
}

// entropy is −Σ p ln p over the shares of the weights, summed in order of size so that equal sets give equal sums.
func entropy(w []float64) float64 {
	var total, s float64
	for _, v := range w {
		total += v
	}
	if total <= 0 {
		return 0
	}
	for _, v := range w {
		if v > 0 {
			s -= v / total * math.Log(v/total)
		}
	}
	return math.Max(0, s)
}

// A box is a range of weights with the logarithms of its ends, which the search for a maximum needs often.
type box struct {
	span
	logLo, logHi float64
	times        float64 // so many alike
}

func newBox(s span, times float64) box { return box{s, math.Log(s.lo), math.Log(s.hi), times} }

// maxEntropy maximises the entropy over boxes and over n equal items that share the range all.
func maxEntropy(ranges []span, all span, n float64) float64 {
	if n < 1 {
		n = 1
	}
	each := span{all.lo / n, all.hi / n}
	boxes := make([]box, 0, len(ranges)+1)
	points := []float64{each.lo, each.hi}
	for _, r := range ranges {
		boxes = append(boxes, newBox(r, 1))
		points = append(points, r.lo, r.hi)
	}
	boxes = append(boxes, newBox(each, n))
	slices.Sort(points)
	left, right := math.Max(points[0], 1e-3), points[len(points)-1]
	best := 0.0
	for _, p := range []float64{left, right} {
		h, _ := entropyAt(boxes, p)
		best = math.Max(best, h)
	}
	for { // bisection on the sign of the derivative, until no number is left between the ends
		mid := left + (right-left)/2
		if mid <= left || mid >= right {
			return best
		}
		h, up := entropyAt(boxes, mid)
		best = math.Max(best, h)
		if up {
			left = mid
		} else {
			right = mid
		}
	}
}

// entropyAt gives the entropy where every weight is as close to λ as its box allows, and whether a larger λ would raise
// it.
func entropyAt(boxes []box, lambda float64) (h float64, up bool) {
	var total, sumLog, fixed, fixedLog float64
	logLambda := math.Log(lambda)
	for i := range boxes {
		b := &boxes[i]
		v, logV := clamp(lambda, b.lo, b.hi), logLambda
		switch {
		case lambda < b.lo:
			logV = b.logLo
		case lambda > b.hi:
			logV = b.logHi
		}
		if v <= 0 {
			continue
		}
		total += b.times * v
		sumLog += b.times * v * logV
		if v != lambda {
			fixed += b.times * v
			fixedLog += b.times * v * logV
		}
	}
	if total <= 0 {
		return 0, true
	}
	return math.Log(total) - sumLog/total, fixedLog > fixed*logLambda
}
