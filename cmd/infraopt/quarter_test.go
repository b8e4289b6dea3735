package main

import (
	"testing"
	"time"
)

func TestQuarters(t *testing.T) {
	for text, want := range map[string]string{"2026Q4": "2026-10-01", "2026q1": "2026-01-01", "1970Q2": "1970-04-01", "9999Q3": "9999-07-01"} {
		q, err := parseQuarter(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := q.from().Format(time.DateOnly); got != want {
			t.Errorf("%s begins on %s, want %s", text, got, want)
		}
		if quarterOf(q.from()) != q || quarterOf(q.to().Add(-1)) != q || quarterOf(q.to()) != q.before(-1) || q.before(4).year != q.year-1 || q.before(1).to() != q.from() {
			t.Errorf("%s: %v to %v", text, q.from(), q.to())
		}
	}
	for _, text := range []string{"", "2026", "2026Q5", "2026Q0", "26Q4", "2026-Q4", "Q42026", "2026Q44", "1969Q4", "-026Q1", "+026Q1", "２０２６Q4"} {
		if q, err := parseQuarter(text); err == nil {
			t.Errorf("%q is taken for %v", text, q)
		}
	}
}

func FuzzQuarter(f *testing.F) {
	f.Add("2026Q4")
	f.Fuzz(func(t *testing.T, s string) {
		if q, err := parseQuarter(s); err == nil && !q.from().Before(q.to()) {
			t.Errorf("%q: %v", s, q)
		}
	})
}
