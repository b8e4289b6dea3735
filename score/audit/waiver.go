package audit

import (
	"fmt"
	"slices"
	"time"

	"github.com/infraopt/infraopt/score"
	"github.com/infraopt/infraopt/score/plan"
)

// WaiverResult says what became of a waiver.
type WaiverResult struct {
	Waiver
	Status  string `json:"status"`  // matched, unused, expired (then what it matches counts) or invalid (it can match nothing)
	Matched int    `json:"matched"` // findings and gates, also where it has expired
	Why     string `json:"why,omitempty"`
}

// The states of a waiver.
const (
	WaiverMatched = "matched"
	WaiverUnused  = "unused"
	WaiverExpired = "expired"
	WaiverInvalid = "invalid"
)

// Estate is the subject of gates that are about no machine.
const Estate = "estate"

// A waiverSet finds the waivers of findings and gates. However many there are, each name and each rule is held against
// the patterns once.
type waiverSet struct {
	list     []Waiver
	expired  []bool
	rules    *globs
	subjects *globs
	matched  []int
}

func newWaivers(list []Waiver, now time.Time) *waiverSet {
	w := &waiverSet{list: list, expired: make([]bool, len(list)), matched: make([]int, len(list))}
	var rules, subjects []Pattern
	for i := range list {
		rules, subjects = append(rules, list[i].Finding), append(subjects, list[i].Subject)
		w.expired[i] = !now.Before(list[i].Expires.AddDate(0, 0, 1))
	}
	w.rules, w.subjects = newGlobs(rules), newGlobs(subjects)
	return w
}

// waives gives the ID of the first waiver in force for something under all its names; empty where there is none. All waivers
// that match are counted.
func (w *waiverSet) waives(rule string, names []string) string {
	of := w.rules.match(rule)
	if of.empty() {
		return ""
	}
	hit := make(set, len(of))
	for _, n := range names {
		for i, word := range w.subjects.match(n) {
			hit[i] |= word & of[i]
		}
	}
	by := ""
	hit.each(func(i int) {
		w.matched[i]++
		if by == "" && !w.expired[i] {
			by = string(w.list[i].ID)
		}
	})
	return by
}

// results reports on every waiver.
func (w *waiverSet) results(r *Result) []WaiverResult {
	ids := append(plan.Surveyed(), gateTargets, gateScore, gateLevel, gateCoverage, gateRegression, gateNew, gateComplete, gateAge)
	for i := range r.Gates {
		ids = append(ids, r.Gates[i].ID)
	}
	for i := range r.Findings {
		ids = append(ids, r.Findings[i].Rule)
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	some := map[int]bool{}
	for _, id := range ids {
		w.rules.match(id).each(func(i int) { some[i] = true })
	}
	out := make([]WaiverResult, len(w.list))
	for i, x := range w.list {
		y := WaiverResult{Waiver: x, Status: WaiverMatched, Matched: w.matched[i]}
		switch {
		case w.expired[i]:
			y.Status = WaiverExpired
			y.Why = fmt.Sprintf("its last day was %s: what it matches counts", x.Expires)
		case !some[i]:
			y.Status = WaiverInvalid
			y.Why = fmt.Sprintf("no finding and no gate is called %q", x.Finding)
			if near := score.Nearest(string(x.Finding), ids); near != "" {
				y.Why += ": did you mean " + near + "?"
			}
		case w.matched[i] == 0:
			y.Status = WaiverUnused
			y.Why = "it matches nothing: what it accepted may be gone"
		}
		out[i] = y
	}
	return out
}
