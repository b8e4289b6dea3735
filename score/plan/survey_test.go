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
