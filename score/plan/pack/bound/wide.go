package bound

import (
	"math"
	"math/bits"
)

// A wide is an unsigned number of 128 bits. Sums of sizes may exceed 64.
type wide struct{ hi, lo uint64 }

func (w wide) plus(x uint64) wide {
	lo, carry := bits.Add64(w.lo, x, 0)
	return wide{w.hi + carry, lo}
}

// less takes x off, down to nothing.
func (w wide) less(x wide) wide {
	lo, borrow := bits.Sub64(w.lo, x.lo, 0)
	hi, borrow := bits.Sub64(w.hi, x.hi, borrow)
	if borrow != 0 {
		return wide{}
	}
	return wide{hi, lo}
}

func (w wide) isZero() bool { return w == wide{} }

func (w wide) float() float64 { return float64(w.hi)*(1<<64) + float64(w.lo) }

func times(a, b uint64) wide {
	hi, lo := bits.Mul64(a, b)
	return wide{hi, lo}
}

// over divides by x > 0 and rounds up; what is more than an int is the largest one.
func (w wide) over(x uint64) int {
	if w.hi >= x {
		return math.MaxInt
	}
	q, r := bits.Div64(w.hi, w.lo, x)
	if q >= math.MaxInt {
		return math.MaxInt
	}
	if r > 0 {
		q++
	}
	return int(q)
}

// sum adds numbers ≥ 0; what is more than an int is the largest one.
func sum(a, b int) int {
	if a > math.MaxInt-b {
		return math.MaxInt
	}
	return a + b
}
