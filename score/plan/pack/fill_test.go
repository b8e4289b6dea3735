package pack

import (
	"fmt"
	"slices"
	"testing"

	"github.com/infraopt/infraopt/score/plan/pack/instance"
	"github.com/infraopt/infraopt/score/plan/pack/packtest"
)

// firstFit is what a filler does, by the words of its definition: it looks at every bin for every item.
func firstFit(m *model, order []int32, ranking int) []int32 {
	l := newLayout(m, m.supply())
	for _, i := range order {
		c, b := m.of[i], int32(0)
		for b < int32(len(l.kind)) && !l.fits(c, b) {
			b++
		}
		if b == int32(len(l.kind)) {
			b = -1
			for _, t := range m.ranks[ranking] {
				if l.left[t] > 0 && m.allows(&m.classes[c], t) && within(m.classes[c].size, m.in.Types[t].Capacity, nil) {
					b = l.open(t)
					break
				}
			}
		}
		if b >= 0 {
			l.put(i, b)
		}
	}
	return l.of
}

// TestFillerIsFirstFit: what a filler remembers of full hosts saves it looks, and changes nothing. It is used again and
// again, as in a search.
func TestFillerIsFirstFit(t *testing.T) {
	levelsUsed := 0
	forSeeds(t, 400, func(seed uint64) error {
		r := stream(seed, 5)
		var in *instance.Instance
		switch seed % 4 {
		case 0:
			in = packtest.Small(seed)
		case 1:
			in = estate(seed)
		case 2:
			in = uniform(1+r.below(400), 1+r.below(4), 1, 60, r)
		default: // thousands of hosts, replicas that are apart, sizes of 0
			in = uniform(700+r.below(500), 2, 0, 99, r)
			for range 20 {
				in.Apart = append(in.Apart, []int{r.below(len(in.Items)), r.below(len(in.Items)), r.below(len(in.Items))})
			}
		}
		m, err := newModel(in)
		if err != nil {
			return err
		}
		f := newFiller(m, newLayout(m, m.supply()))
		for run := range 4 {
			order := slices.Clone(m.loose)
			if shuffle(r, order); run%2 == 0 {
				order = m.descending(measures[r.below(len(measures))], .2, r)
			}
			ranking := r.below(len(m.ranks))
			f.run(order, ranking, nil)
			if want := firstFit(m, order, ranking); !slices.Equal(f.of, want) {
				return fmt.Errorf("run %d puts items into %v, want %v", run, f.of, want)
			}
			if len(f.kind) > 1<<(3*fanBits) {
				levelsUsed++
			}
		}
		return nil
	})
	if levelsUsed == 0 {
		t.Error("no instance has so many hosts that all levels of blocks are of use")
	}
}
