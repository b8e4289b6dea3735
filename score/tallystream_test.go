package score_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/infraopt/infraopt/collect/demo"
	"github.com/infraopt/infraopt/score"
)

// tallies makes the tallies of the hosts of random estates.
func tallies(t testing.TB, estates int) []*score.Tally {
	t.Helper()
	m := model(t)
	var out []*score.Tally
	for seed := range estates {
		e := demo.RandomEstate(rand.New(rand.NewPCG(uint64(seed), 51)), demo.RandomOptions{Unknown: float64(seed%6) / 10})
		for _, h := range e.Hosts {
			out = append(out, m.TallyStack(score.NewStack(h, m, score.Options{})))
		}
	}
	return out
}

func written(t testing.TB, tallies ...*score.Tally) []byte {
	t.Helper()
	var b bytes.Buffer
	w := score.NewTallyWriter(&b)
	for _, x := range tallies {
		if err := w.Write(x); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// What is written is read: one by one, summed up, and alone; and it is compact.
func TestTalliesThroughStreams(t *testing.T) {
	all := append(tallies(t, 200), &score.Tally{})
	want, text := &score.Tally{}, 0
	for _, x := range all {
		want.Add(x)
		alone, err := x.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		var back score.Tally
		if err := back.UnmarshalBinary(alone); err != nil || !back.Equal(x) {
			t.Fatalf("%v: got %v, want %v", err, back.Terms(), x.Terms())
		}
		json, err := x.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		text += len(json)
	}
	stream := written(t, all...)
	if len(stream) > text/5 {
		t.Errorf("%d bytes, as JSON %d: want a fifth at most", len(stream), text)
	}
	sum, n, err := score.SumTallies(bytes.NewReader(stream))
	if err != nil || n != len(all) || !sum.Equal(want) {
		t.Errorf("summed up %d of %d: %v", n, len(all), err)
	}
	i := 0
	for x, err := range score.ReadTallies(bytes.NewReader(stream)) {
		if err != nil || !x.Equal(all[i]) {
			t.Fatalf("tally %d: %v", i, err)
		}
		i++
	}
	if i != len(all) {
		t.Errorf("read %d tallies, want %d", i, len(all))
	}
	if !bytes.Equal(stream, written(t, all...)) {
		t.Error("written again, the bytes differ")
	}
	for range score.ReadTallies(bytes.NewReader(stream)) {
		break // whoever has enough may stop
	}
}

// A stream that is cut anywhere but between tallies is told from one that ends.
func TestBrokenTallies(t *testing.T) {
	few := tallies(t, 1)[:2]
	whole, one := written(t, few...), written(t, few[0])
	for cut := range len(whole) {
		_, n, err := score.SumTallies(bytes.NewReader(whole[:cut]))
		if ends := cut == len(one) || cut == 1; ends != (err == nil) || err != nil && !errors.Is(err, score.ErrTallies) {
			t.Errorf("cut after %d of %d bytes: %d tallies, %v", cut, len(whole), n, err)
		}
	}
	for name, text := range map[string]string{
		"another version":     "\x02",
		"a number too high":   "\x01\x01\x05",
		"a name too long":     "\x01\x01\x00\xff\xff\xff\xff\x0f",
		"a name that is cut":  "\x01\x01\x00\x0aab",
		"too many terms":      "\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
		"a number of no size": "\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
	} {
		if _, _, err := score.SumTallies(bytes.NewReader([]byte(text))); !errors.Is(err, score.ErrTallies) {
			t.Errorf("%s: %v, want an error that wraps %q", name, err, score.ErrTallies)
		}
		for x, err := range score.ReadTallies(bytes.NewReader([]byte(text))) {
			if x != nil || !errors.Is(err, score.ErrTallies) {
				t.Errorf("%s: %v and %v", name, x, err)
			}
		}
	}
	var none score.Tally
	for _, data := range [][]byte{nil, {1}, whole} {
		if err := none.UnmarshalBinary(data); !errors.Is(err, score.ErrTallies) {
			t.Errorf("%d bytes as one tally: %v", len(data), err)
		}
	}
}

// Whatever the bytes are, reading ends, and what could be read is written and read again as the same.
func FuzzTallies(f *testing.F) {
	f.Add([]byte("\x01\x02\x00\x01a\x01b\x01c\x02\x04\x01\x01d\x00\x00\x03\x00\x01\x00\x01\x02")) // small, as large seeds take long to minimise
	f.Add([]byte{1})
	f.Fuzz(func(t *testing.T, data []byte) {
		var all []*score.Tally
		var broken error
		for x, err := range score.ReadTallies(bytes.NewReader(data)) {
			if err != nil {
				broken = err
				break
			}
			all = append(all, x)
		}
		sum, n, err := score.SumTallies(bytes.NewReader(data))
		if (err == nil) != (broken == nil) || n != len(all) {
			t.Fatalf("one by one %d and %v, summed up %d and %v", len(all), broken, n, err)
		}
		if err != nil {
			return
		}
		again, _, err := score.SumTallies(bytes.NewReader(written(t, all...)))
		if err != nil || !again.Equal(sum) {
			t.Fatalf("written again: %v", err)
		}
	})
}
