package score

import (
	"math"
	"math/bits"
)

// An exact is a sum of amounts of 0 or more, in fixed point, so that it is the same in whatever order they come. Each
// amount counts to the millionth, and the sum may be 10³² and more.
type exact struct{ high, low uint64 }

const (
	exactUnit = 1 << 20 // parts of 1
	word      = 1 << 64
)

func (e *exact) add(v float64) {
	parts := math.Round(math.Max(0, v) * exactUnit)
	high := math.Floor(parts / word)
	var carry uint64
	e.low, carry = bits.Add64(e.low, uint64(parts-high*word), 0)
	e.high += uint64(high) + carry
}

func (e *exact) merge(o exact) {
	var carry uint64
	e.low, carry = bits.Add64(e.low, o.low, 0)
	e.high += o.high + carry
}

func (e exact) value() float64 { return (float64(e.high)*word + float64(e.low)) / exactUnit }
