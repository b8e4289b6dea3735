package score

import (
	"math"
	"math/rand/v2"
	"testing"
)

// The bounds of a share are those that trying every corner of the box finds: the quotient is monotone in each weight.
func TestShareBoundsAreExact(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 4_000 {
		ms := make([]Mass, 1+r.IntN(7))
		for i := range ms {
			lo := int64(r.IntN(4)) * Micro
			values := [2]float64{float64(r.IntN(11)) / 10, float64(r.IntN(11)) / 10}
			ms[i] = Mass{Low: min(values[0], values[1]), High: max(values[0], values[1]), Weight: Range{lo, lo + int64(r.IntN(3))*Micro}}
		}
		low, high, ok := ShareBounds(ms)
		wantLow, wantHigh := math.Inf(1), math.Inf(-1)
		for corner := range 1 << len(ms) {
			var den, numLow, numHigh float64
			for i, m := range ms {
				w := float64(m.Weight.Lo)
				if corner>>i&1 == 1 {
					w = float64(m.Weight.Hi)
				}
				den += w
				numLow += w * m.Low
				numHigh += w * m.High
			}
			if den > 0 {
				wantLow, wantHigh = min(wantLow, numLow/den), max(wantHigh, numHigh/den)
			}
		}
		if ok == math.IsInf(wantLow, 1) {
			t.Fatalf("%v: ok is %v", ms, ok)
		}
		if ok && (math.Abs(low-wantLow) > 1e-12 || math.Abs(high-wantHigh) > 1e-12) {
			t.Fatalf("%v: got %v to %v, want %v to %v", ms, low, high, wantLow, wantHigh)
		}
	}
}

// No distribution that the ranges allow has an entropy outside of the bounds, and a known one has just its own.
func TestEntropyBoundsHold(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for range 5_000 {
		var k Kinds
		for range r.IntN(6) {
			lo := int64(r.IntN(5)) * Micro
			k.Known = append(k.Known, Range{lo, lo + int64(r.IntN(4))*Micro})
		}
		k.Items = int64(r.IntN(4))
		var each []Range // of the things whose kind is not known
		for range k.Items {
			lo := int64(r.IntN(3)) * Micro
			each = append(each, Range{lo, lo + int64(r.IntN(3))*Micro})
			k.Unknown = k.Unknown.plus(each[len(each)-1])
		}
		low, high := k.EntropyBounds()
		if low > high {
			t.Fatalf("%+v: %v above %v", k, low, high)
		}
		pick := func(x Range) float64 { return float64(x.Lo) + r.Float64()*float64(x.Hi-x.Lo) }
		for range 50 {
			weights := make([]float64, len(k.Known), len(k.Known)+len(each))
			for i, x := range k.Known {
				weights[i] = pick(x)
			}
			for _, x := range each { // a kind of its own, or one that is there
				if at := r.IntN(len(weights) + 1); at < len(weights) {
					weights[at] += pick(x)
				} else {
					weights = append(weights, pick(x))
				}
			}
			var total float64
			for _, w := range weights {
				total += w
			}
			if h := entropy(weights); total > 0 && (h < low-1e-9 || h > high+1e-9) {
				t.Fatalf("%+v: entropy %v of %v is outside of %v to %v", k, h, weights, low, high)
			}
		}
	}
	exact := Kinds{Known: []Range{Exact(3), Exact(1)}}
	if low, high := exact.EntropyBounds(); low != high || math.Abs(low-0.5623351446188083) > 1e-12 {
		t.Errorf("3 and 1: got %v to %v, want .5623", low, high)
	}
}

// A sum is the same in any order, small beside large, and what it should be.
func TestExactSums(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for range 500 {
		var want, got exact
		var sum float64
		amounts := make([]float64, 1+r.IntN(40))
		for i := range amounts {
			amounts[i] = r.Float64() * math.Pow(10, float64(r.IntN(25)))
			want.add(amounts[i])
			sum += amounts[i]
		}
		r.Shuffle(len(amounts), func(i, j int) { amounts[i], amounts[j] = amounts[j], amounts[i] })
		for _, v := range amounts {
			got.add(v)
		}
		if got != want || math.Abs(got.value()/sum-1) > 1e-5 {
			t.Fatalf("%v: got %v, want %v, about %v", amounts, got.value(), want.value(), sum)
		}
	}
}

// The least number of hosts, by hand: hosts of 10 and 4 cores of which .9 may be filled.
func TestHostsBound(t *testing.T) {
	m := &Model{Thresholds: Thresholds{HostsPerSpare: 20}}
	types := []HostType{{[2]int64{4000, 1000}, Exact(3)}, {[2]int64{10000, 1000}, Exact(2)}}
	tests := []struct {
		cpu, mem  Range
		types     []HostType
		unsized   int64
		low, high float64
	}{
		{Exact(0), Exact(0), types, 0, 0, 0},
		{Exact(9000), Exact(0), types, 0, 2, 2},    // one of the large, and a spare
		{Exact(9001), Exact(0), types, 0, 3, 3},    // two of the large
		{Exact(18001), Exact(0), types, 0, 4, 4},   // both and a small one
		{Exact(9000), Exact(2000), types, 0, 4, 4}, // memory wants three
		{Range{0, 9000}, Exact(0), types, 0, 0, 2}, // perhaps nothing is needed
		{Exact(9000), Exact(0), types, 1, 2, 2},    // an unsized host might do it all: one and a spare
		{Exact(9001), Exact(0), types, 1, 2, 3},    //
		{Exact(9000), Exact(0), nil, 1, 2, math.Inf(1)},
	}
	for _, test := range tests {
		z := &zone{ZoneDemand: ZoneDemand{Types: test.types, Unsized: test.unsized, Needs: [2]Range{test.cpu, test.mem}, Headroom: .9}, hosts: Exact(5)}
		if low, high := m.hostsNeeded(z); low != test.low || high != test.high {
			t.Errorf("cpu %v, memory %v, %d unsized: got %v to %v, want %v to %v", test.cpu, test.mem, test.unsized, low, high, test.low, test.high)
		}
	}
}
