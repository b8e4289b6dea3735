package pack

import "math/bits"

// random is a generator of pseudo-random numbers (splitmix64, Steele, Lea and Flood 2014): the same seed gives the same
// numbers everywhere, for ever.
type random uint64

func (r *random) next() uint64 {
	*r += 0x9e3779b97f4a7c15
	z := uint64(*r)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// below returns a number from 0 to n-1; n is at least 1.
func (r *random) below(n int) int {
	high, _ := bits.Mul64(r.next(), uint64(n))
	return int(high)
}

// float returns a number in [0, 1).
func (r *random) float() float64 { return float64(r.next()>>11) / (1 << 53) }

// shuffle brings s into any order, each equally likely.
func shuffle[T any](r *random, s []T) {
	for i := len(s) - 1; i > 0; i-- {
		j := r.below(i + 1)
		s[i], s[j] = s[j], s[i]
	}
}

// stream returns a generator of its own for the task of this number.
func stream(seed uint64, number int) *random {
	r := random(seed ^ 0xd1342543de82ef95*uint64(number+1))
	r.next()
	return &r
}
