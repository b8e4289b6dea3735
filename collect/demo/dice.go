package demo

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
)

// dice draw what differs between one machine and the next. All that is used of math/rand is the stream of numbers of
// PCG, which its definition fixes, and all arithmetic is on whole numbers: so every platform draws alike.
type dice struct{ source *rand.PCG }

// diceFor gives the dice of one machine: each has its own, so that it is the same in estates of any size.
func diceFor(seed uint64, machine int, purpose uint64) dice {
	return dice{rand.NewPCG(scatter(seed^scatter(purpose)), scatter(uint64(machine)))}
}

// scatter takes neighbouring numbers far apart (the finaliser of SplitMix64), as neighbouring seeds would make
// neighbouring machines alike.
func scatter(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// below draws a number from 0 to n-1; n is small, so that the remainder is as good as even.
func (d dice) below(n int) int { return int(d.source.Uint64() >> 1 % uint64(n)) }

// between draws a number from low to high.
func (d dice) between(low, high int) int { return low + d.below(high-low+1) }

// percent is true so many times out of a hundred.
func (d dice) percent(p int) bool { return d.below(100) < p }

// share is true with probability p.
func (d dice) share(p float64) bool { return float64(d.source.Uint64()>>11)/(1<<53) < p }

func draw[T any](d dice, of []T) T { return of[d.below(len(of))] }

// hex draws so many hexadecimal digits, a multiple of 16.
func (d dice) hex(digits int) string {
	b := make([]byte, 0, 32)
	for len(b) < digits/2 {
		b = binary.BigEndian.AppendUint64(b, d.source.Uint64())
	}
	return hex.EncodeToString(b)
}

func (d dice) uuid() string {
	s := d.hex(32)
	return s[:8] + "-" + s[8:12] + "-4" + s[13:16] + "-a" + s[17:20] + "-" + s[20:]
}

// mac draws a hardware address that belongs to nobody.
func (d dice) mac() string {
	s := d.hex(16)
	return "02:" + s[:2] + ":" + s[2:4] + ":" + s[4:6] + ":" + s[6:8] + ":" + s[8:10]
}
