package check

import (
	"math"
	"math/bits"
)

// A wide is a whole number from 0 to 2^128 − 1.
type wide struct{ high, low uint64 }

func product(a, b uint64) wide {
	h, l := bits.Mul64(a, b)
	return wide{h, l}
}

// plus adds; whoever calls it sees to it that the sum is below 2^128.
func (a wide) plus(b wide) wide {
	l, carry := bits.Add64(a.low, b.low, 0)
	h, _ := bits.Add64(a.high, b.high, carry)
	return wide{h, l}
}

// less tells whether a is below b, and minus takes b ≤ a off it.
func (a wide) less(b wide) bool {
	return a.high < b.high || a.high == b.high && a.low < b.low
}

func (a wide) minus(b wide) wide {
	l, borrow := bits.Sub64(a.low, b.low, 0)
	h, _ := bits.Sub64(a.high, b.high, borrow)
	return wide{h, l}
}

// times multiplies by n; whoever calls it sees to it that the product is below 2^128.
func (a wide) times(n uint64) wide {
	h, l := bits.Mul64(a.low, n)
	return wide{h + a.high*n, l}
}

// over divides by 2^shift, rounded down. What is more than an int64 holds becomes the most that it does.
func (a wide) over(shift uint) int64 {
	if a.high>>(shift-1) > 0 {
		return math.MaxInt64
	}
	return int64(a.high<<(64-shift) | a.low>>shift)
}
