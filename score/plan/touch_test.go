package plan

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/infraopt/infraopt/collect/demo"
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// An action changes the tally of a host in no indicator but those that it says; and what is worked out after a local action
// from what was known before is what working it all out says.
func TestActionsTouchWhatTheySay(t *testing.T) {
	m := model(t)
	touched, kept := map[string]int{}, map[string]int{}
	for seed := range scaled(3000) {
		r := rand.New(rand.NewPCG(uint64(seed), 74))
		e := demo.RandomEstate(r, demo.RandomOptions{Hosts: 3, Unknown: float64(seed%4) / 20})
		if seed%3 == 0 {
			e.Hosts = append(e.Hosts, flatBoxes(4).Hosts...)
			for _, h := range e.Hosts[len(e.Hosts)-4:] {
				varied(r, h)
			}
			e.Hosts[len(e.Hosts)-1].VMs[0].Storage = inventory.Known(one2(r, inventory.FCArray, inventory.RawLocal))
		}
		p := newPlanner(t.Context(), e, m, Request{Request: score.Request{Options: score.Options{RunningIsActive: seed%2 == 0}}})
		for _, h := range p.hosts {
			for i, act := range p.actions {
				if act.touches == nil || h.found[i].delta == nil {
					continue
				}
				touched[act.ID]++
				n, _ := p.apply(act, h.node)
				tally := p.tally(n)
				full := tally.Clone()
				full.Sub(h.tally)
				claimed := &score.Tally{}
				if claimed.Apply(h.found[i].delta); !claimed.Equal(full) {
					t.Fatalf("seed %d: %s on %s adds %v, and is said to add %v", seed, act.ID, h.node.Machine.ID, full.Terms(), claimed.Terms())
				}
				for _, term := range full.Terms() {
					if !slices.Contains(act.touches, term.Of) {
						t.Fatalf("seed %d: %s touches %s on %s", seed, act.ID, term.Of, h.node.Machine.ID)
					}
				}
				if !act.local {
					continue
				}
				if err := alikeWork(p.after(act, h, n, tally), p.workOn(n, nil), p.actions, kept); err != nil {
					t.Fatalf("seed %d: after %s on %s: %v", seed, act.ID, h.node.Machine.ID, err)
				}
			}
		}
	}
	if t.Logf("touched: %v; kept: %v", touched, kept); len(touched) < 12 || len(kept) < 15 {
		t.Error("the test shows little")
	}
}

// alikeWork compares what is known of a host with what was worked out afresh.
func alikeWork(got, want *hostWork, actions []*Action, kept map[string]int) error {
	if !got.tally.Equal(want.tally) {
		return fmt.Errorf("the tallies differ")
	}
	is, ought := *got.state, *want.state
	if is.origin, ought.origin = nil, nil; !reflect.DeepEqual(is, ought) {
		return fmt.Errorf("it is emptied otherwise: %+v instead of %+v", is, ought)
	}
	for i, act := range actions {
		a, b := &got.found[i], &want.found[i]
		if !reflect.DeepEqual(a.subjects, b.subjects) {
			return fmt.Errorf("%s: finds %+v instead of %+v", act.ID, a.subjects, b.subjects)
		}
		if b.delta == nil {
			continue
		}
		kept[act.ID]++
		x, y := &score.Tally{}, &score.Tally{}
		x.Apply(a.delta)
		y.Apply(b.delta)
		if !x.Equal(y) {
			return fmt.Errorf("%s: adds %v instead of %v", act.ID, x.Terms(), y.Terms())
		}
	}
	return nil
}
