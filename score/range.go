package score

import "math"

// Range is a sum of amounts that are known to lie between Lo and Hi, in units of the term it stands for. Integers,
// because integer sums are the same in any order and can be taken back exactly; floating point sums are not.
type Range struct {
	Lo int64 `json:"lo"`
	Hi int64 `json:"hi"`
}

func (r Range) plus(s Range) Range { return Range{r.Lo + s.Lo, r.Hi + s.Hi} }

// Exact is the range that holds just n.
func Exact(n int64) Range { return Range{n, n} }

// Micro is the number of units of weight that make 1.
const Micro = 1_000_000

// span is an interval of real numbers before it is rounded to a Range.
type span struct{ lo, hi float64 }

func point(v float64) span { return span{v, v} }

func (s span) plus(t span) span { return span{s.lo + t.lo, s.hi + t.hi} }

// micro rounds both ends alike, so that a point stays a point and an interval that holds another still does.
func (s span) micro() Range {
	return Range{int64(math.Round(s.lo * Micro)), int64(math.Round(s.hi * Micro))}
}

func clamp(v, lo, hi float64) float64 { return math.Max(lo, math.Min(hi, v)) }

// shareOf gives the bounds of a part of a whole, which counts the part: the part grows while the rest shrinks, and the other
// way round.
func (r Range) shareOf(total Range) Bounds {
	b := Bounds{High: 1}
	if d := float64(r.Lo + total.Hi - r.Hi); d > 0 {
		b.Low = float64(r.Lo) / d
	}
	if d := float64(r.Hi + total.Lo - r.Lo); d > 0 {
		b.High = float64(r.Hi) / d
	}
	return b
}
