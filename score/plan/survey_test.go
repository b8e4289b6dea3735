package plan

import (
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/infraopt/infraopt/collect/demo"
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// V11, for findings: a virtual machine that is shut off and too large is found once, by the action that removes it.
func TestV11OneFinding(t *testing.T) {
	off := used("off", 16, 64)
	off.State = inventory.Known(inventory.Stopped)
	var by []string
	for _, s := range Survey(hypervisor(off), model(t), Request{Request: score.Request{Options: score.Options{Now: time.Unix(0, 0)}}}) {
		if s.ID == "off" {
			by = append(by, s.Action)
		}
	}
	if len(by) != 1 || by[0] != "remove-stopped-vm" {
		t.Errorf("it is found by %q, want remove-stopped-vm alone", by)
	}
}

// A survey names everything that a roadmap begins with, is the same every time, and changes nothing.
func TestSurveyHoldsTheFirstStep(t *testing.T) {
	steps := 0
	for seed := range uint64(20) {
		e := demo.RandomEstate(rand.New(rand.NewPCG(seed, 5)), demo.RandomOptions{})
		req := Request{Request: score.Request{Options: score.Options{Now: e.Newest}}}
		m := model(t)
		list := Survey(e, m, req)
		if !reflect.DeepEqual(list, Survey(e, m, req)) {
			t.Fatalf("seed %d: two surveys differ", seed)
		}
		found := map[[2]string]bool{}
		for _, s := range list {
			found[[2]string{s.Action, s.Label}] = true
			if s.Host == "" || s.MachineID == "" || s.Key == "" && s.Class != "machine" {
				t.Errorf("seed %d: %+v has no place", seed, s)
			}
		}
		a := score.Assess(e, m, req.Request)
		if a.Assumed != nil {
			continue // a roadmap then rests on what nobody knows
		}
		Recommend(t.Context(), a, e, m, req)
		for _, r := range a.Recommendations[:min(1, len(a.Recommendations))] {
			if r.Action == "retire-host" {
				continue
			}
			for _, s := range r.Subjects {
				steps++
				if !found[[2]string{r.Action, s}] {
					t.Errorf("seed %d: %s of %s is no finding", seed, r.Action, s)
				}
			}
		}
	}
	if steps == 0 {
		t.Error("no roadmap has a step: the test shows nothing")
	}
}

// Who only asks is told the same as who wants what comes of it.
func TestAskingFindsTheSame(t *testing.T) {
	found := map[string]int{}
	for seed := range uint64(40) {
		e := demo.RandomEstate(rand.New(rand.NewPCG(seed, 9)), demo.RandomOptions{})
		m, opt := model(t), score.Options{Now: e.Newest}
		customs := customsOf(e, m.ZoneOf, nil)
		for _, h := range e.Hosts {
			for _, act := range surveyed() {
				sc := newScene(h, m, opt, customs, nil)
				h.Walk(func(n *inventory.Node) {
					_, want := act.node(n, sc)
					sc.asks = true
					_, got := act.node(n, sc)
					sc.asks = false
					if len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
						t.Errorf("seed %d, %s: asked, it finds %+v, want %+v", seed, act.ID, got, want)
					}
					found[act.ID] += len(got)
				})
			}
		}
	}
	for _, id := range []string{"remove-stopped-container", "remove-idle-workload", "remove-dangling-image", "remove-unused-image", "remove-unused-volume", "right-size-container", "declare-containers", "adopt-orchestrator"} {
		if found[id] == 0 {
			t.Errorf("%s finds nothing in any of the estates", id)
		}
	}
}
