package score

// A stream draws numbers that look like chance and are the same for the same start, on every platform and with every
// version of Go: SplitMix64 (Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators, OOPSLA 2014).
// Package math/rand has no place here, because most of it gives other numbers each time.
type stream uint64

// next draws 64 bits.
func (s *stream) next() uint64 {
	*s += 0x9e3779b97f4a7c15
	z := uint64(*s)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// between draws a number that is evenly distributed from low up to, and without, high.
func (s *stream) between(low, high float64) float64 {
	return low + (high-low)*float64(s.next()>>11)/(1<<53)
}
