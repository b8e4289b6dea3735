package check

import (
	"math"
	"testing"

	"github.com/infraopt/infraopt/score/plan/pack/instance"
	"github.com/infraopt/infraopt/score/plan/pack/packtest"
)

// A tape gives numbers that the fuzzer chose: small ones, and some at the ends.
type tape []byte

func (t *tape) int() int {
	if len(*t) == 0 {
		return 0
	}
	b := int(int8((*t)[0]))
	*t = (*t)[1:]
	switch b {
	case math.MaxInt8:
		return math.MaxInt
	case math.MinInt8:
		return math.MinInt
	}
	return b
}

func (t *tape) ints() []int {
	var out []int
	for n := t.int(); n > 0 && len(*t) > 0; n-- {
		out = append(out, t.int())
	}
	return out
}

func (t *tape) refs() []instance.Ref {
	var out []instance.Ref
	for n := t.int(); n > 0 && len(*t) > 0; n-- {
		out = append(out, instance.Ref{Type: t.int(), N: t.int()})
	}
	return out
}

func (t *tape) sizes() []int64 {
	var out []int64
	for _, x := range t.ints() {
		out = append(out, int64(x))
	}
	return out
}

// FuzzCheck: nothing makes the checker panic, and what it accepts has been worked out in another way to be right.
func FuzzCheck(f *testing.F) {
	f.Add(uint64(1), []byte{}, []byte{0, 0, 1, 0, 1}, []byte{3, 0, 0, 0, 0})
	f.Add(uint64(7), []byte{0, 127, 128}, []byte{2, 0, 0, 0, 1, 4, 0, 1, 0, 1}, []byte{2, 1, 1, 3, 1, 5, 5, 2, 1, 0})
	f.Fuzz(func(t *testing.T, seed uint64, warp, plan, certificate []byte) {
		in := packtest.Small(seed)
		small := len(warp) == 0
		for w := tape(warp); len(w) > 0; {
			bend(&w, in)
		}
		w := tape(plan)
		p := &instance.Plan{Hosts: w.refs(), Of: w.ints(), Spares: w.refs()}
		if k := w.int(); Plan(in, p, k) == nil && small && k <= 3 && !survives(in, p, k) { // every set of losses is tried
			t.Errorf("accepted with %d spares: %+v of %+v", k, p, in)
		}
		w = tape(certificate)
		c := &instance.Certificate{Kind: []string{instance.L1, instance.L2, instance.Separate, instance.Configuration}[w.int()&3],
			Bound: w.int(), Dimension: w.int(), Alpha: int64(w.int()), Group: w.int(), Of: w.ints()}
		for len(w) > 0 {
			c.Classes = append(c.Classes, instance.Class{Price: int64(w.int()), Size: w.sizes()})
		}
		if Certificate(in, c) == nil && small {
			if least, ok := proven(in, c); (!ok || c.Bound > least) && least != many && !huge(c) {
				t.Errorf("accepted, and proves %d: %+v of %+v", least, c, in)
			}
		}
	})
}

// huge tells whether a certificate has prices that the plain arithmetic of proven cannot add up.
func huge(c *instance.Certificate) bool {
	for _, k := range c.Classes {
		if k.Price == math.MaxInt {
			return true
		}
	}
	return false
}

// bend makes some number of an instance another one.
func bend(w *tape, in *instance.Instance) {
	what, which, x := w.int(), w.int(), w.int()
	item, host := &instance.Item{}, &instance.HostType{}
	if which >= 0 && which < len(in.Items) {
		item = &in.Items[which]
	}
	if which >= 0 && which < len(in.Types) {
		host = &in.Types[which]
	}
	switch what & 15 {
	case 0:
		item.Size = w.sizes()
	case 1:
		host.Capacity = w.sizes()
	case 2:
		host.Count = x
	case 3:
		host.Open = !host.Open
	case 4:
		item.Allow = w.ints()
	case 5:
		item.At = instance.Ref{Type: x, N: w.int()}
	case 6:
		in.Apart = append(in.Apart, w.ints())
	case 7:
		in.Spares = x
	case 8:
		in.HostsPerSpare = x
	case 9, 10:
		for d := range item.Size {
			item.Size[d] = int64(x)
		}
	case 11, 12:
		for d := range host.Capacity {
			host.Capacity[d] = int64(x)
		}
	case 13:
		in.Items = in.Items[:max(0, min(len(in.Items), x))]
	}
}
