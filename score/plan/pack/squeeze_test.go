package pack

import (
	"fmt"
	"testing"

	"github.com/infraopt/infraopt/score/plan/pack/check"
	"github.com/infraopt/infraopt/score/plan/pack/instance"
)

// shuffled is a layout made in some order, which leaves room for a squeeze.
func shuffled(m *model, r *random) *choice {
	f := newFiller(m, newLayout(m, m.supply()))
	order := append([]int32(nil), m.loose...)
	shuffle(r, order)
	f.run(order, 0, nil)
	return f.choice(0)
}

// TestSqueezeEmptiesHosts: a squeeze makes do with fewer hosts, not with fewer than it is told, and what it makes is right.
func TestSqueezeEmptiesHosts(t *testing.T) {
	forSeeds(t, 60, func(seed uint64) error {
		r := stream(seed, 6)
		in := uniform(100+r.below(200), 2, 5, 60, r)
		for range 10 {
			in.Apart = append(in.Apart, []int{r.below(len(in.Items)), r.below(len(in.Items))})
		}
		if seed%2 == 0 { // two types, one of them for some items only
			in.Types = append(in.Types, instance.HostType{Name: "other", Capacity: []int64{150_000, 80_000}, Count: 20})
			for i := range in.Items {
				if r.below(6) == 0 {
					in.Items[i].Allow = []int{0}
				}
			}
		}
		m, err := newModel(in)
		if err != nil {
			return err
		}
		before := shuffled(m, r)
		never := func() bool { return false }
		squeeze := func(floor int) (*choice, int) {
			q := &squeezer{l: before.layout(m, m.supply().left), r: stream(seed, 7)}
			return q.squeeze(floor, 400_000, 1, never)
		}
		after, _ := squeeze(0)
		if after == nil || len(after.kind) >= len(before.kind) || after.without > 0 {
			return fmt.Errorf("%d hosts became no fewer", len(before.kind))
		}
		p := m.finish(after, 0).plan(m)
		if err := check.Plan(in, &p, 0); err != nil {
			return err
		}
		floor := len(before.kind) - 1
		one, left := squeeze(floor)
		if one == nil || len(one.kind) != floor || left <= 0 {
			return fmt.Errorf("with the floor %d the squeeze gives %+v and has the work %d left", floor, one, left)
		}
		return nil
	})
}

// TestSqueezeStops: a squeeze that is told to stop does, with the best layout so far.
func TestSqueezeStops(t *testing.T) {
	r := stream(0, 6)
	m, err := newModel(uniform(300, 2, 5, 60, r))
	if err != nil {
		t.Fatal(err)
	}
	before, asked := shuffled(m, r), 0
	q := &squeezer{l: before.layout(m, m.supply().left), r: r}
	after, left := q.squeeze(0, 1<<24, 1, func() bool {
		asked++
		return asked == 20
	})
	if asked != 20 || left != 0 {
		t.Errorf("a squeeze told to stop asked %d times, and has the work %d left: want 20 times and none", asked, left)
	}
	if after == nil || len(after.kind) >= len(before.kind) {
		t.Error("what the squeeze had found until then is lost")
	}
}
