package linux

import (
	"fmt"
	"strconv"
	"strings"
)

// A CPUSet is a set of processors, one bit each.
type CPUSet [128]uint64

// ParseCPUSet reads a list of processors: "0-3,8". An empty list is an empty set.
func ParseCPUSet(text string) (CPUSet, error) {
	var s CPUSet
	text = strings.TrimSpace(text)
	if text == "" {
		return s, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		first, last, ranged := strings.Cut(part, "-")
		if !ranged {
			last = first
		}
		a, err := strconv.ParseUint(first, 10, 13)
		b, err2 := strconv.ParseUint(last, 10, 13)
		if err != nil || err2 != nil || b < a {
			return CPUSet{}, fmt.Errorf("list of processors: %w: %.60q", ErrFormat, text)
		}
		for n := a; n <= b; n++ {
			s[n/64] |= 1 << (n % 64)
		}
	}
	return s, nil
}

// Intersect gives the processors that are in both sets.
func (s CPUSet) Intersect(t CPUSet) CPUSet {
	for i := range s {
		s[i] &= t[i]
	}
	return s
}
