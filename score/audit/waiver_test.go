package audit

import (
	"fmt"
	"testing"
	"time"
)

// many makes waivers and the names of things that they may be about.
func many(waivers, findings int, pattern func(i int) string) (*waiverSet, [][]string) {
	day := time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)
	var list []Waiver
	for i := range waivers {
		list = append(list, Waiver{ID: Name(fmt.Sprintf("w%d", i)), Subject: Pattern(pattern(i)), Finding: "remove-*", Expires: Day{day.AddDate(0, 0, 30)}})
	}
	var names [][]string
	for i := range findings {
		machine := fmt.Sprintf("host-%04d", i%1000)
		names = append(names, []string{fmt.Sprintf("web-%d-%d", i%2000, i), machine, "m-" + machine})
	}
	return newWaivers(list, day), names
}

var patterns = map[string]func(i int) string{
	"names":    func(i int) string { return fmt.Sprintf("host-%04d", i) },
	"prefixes": func(i int) string { return fmt.Sprintf("web-%d-*", i) },
	"infixes":  func(i int) string { return fmt.Sprintf("*-%d-*", i) },
	"all":      func(int) string { return "*" },
}

// However many waivers there are, each name is held against each pattern once at most, and against names not at all.
func TestWaiverWorkIsBounded(t *testing.T) {
	for name, pattern := range patterns {
		w, names := many(1000, 10000, pattern)
		different := map[string]bool{}
		for range 3 { // rules
			for _, n := range names {
				w.waives("remove-idle-vm", n)
				for _, x := range n {
					different[x] = true
				}
			}
		}
		most := len(w.subjects.wild) * len(different)
		if w.subjects.tried > most || w.rules.tried > len(w.list) || name == "names" && w.subjects.tried > 0 {
			t.Errorf("%s: %d comparisons with subjects and %d with rules, want %d and %d at most", name, w.subjects.tried, w.rules.tried, most, len(w.list))
		}
	}
	w, names := many(1000, 10000, patterns["prefixes"])
	hit := 0
	for _, n := range names {
		if w.waives("remove-idle-vm", n) != "" {
			hit++
		}
		if w.waives("adopt-overlay", n) != "" {
			t.Fatal("a waiver of another rule matches")
		}
	}
	if hit != 5000 {
		t.Errorf("%d findings are waived, want 5000", hit)
	}
}

func BenchmarkWaivers(b *testing.B) {
	for _, name := range []string{"names", "prefixes", "infixes", "all"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				w, names := many(1000, 10000, patterns[name])
				for _, n := range names {
					w.waives("remove-idle-vm", n)
				}
			}
		})
	}
}
