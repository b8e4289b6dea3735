package history_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/infraopt/infraopt/report/history"
)

// BenchmarkQuarters does what a quarterly report wants of a history of 500 snapshots, each of the size of one of 1,000
// machines: list them, find the latest, and read three.
func BenchmarkQuarters(b *testing.B) {
	const snapshots, size = 500, 2_400_000
	s := open(b, filepath.Join(b.TempDir(), "history.db"))
	content := make([]byte, size)
	for i := range snapshots {
		e, _, assessment := entry(b, "default", quarters[0].Add(time.Duration(i)*24*time.Hour), fmt.Sprint(i))
		if _, err := s.Add(b.Context(), e, content, append(assessment, content[:size/4]...)); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		list, err := s.List(b.Context(), history.Query{Estate: "default"})
		if err != nil || len(list) != snapshots {
			b.Fatal(len(list), err)
		}
		last, err := s.Latest(b.Context(), "default", time.Time{})
		if err != nil {
			b.Fatal(err)
		}
		for _, e := range []history.Entry{last, list[snapshots-90], list[snapshots-365]} {
			if text, err := s.Snapshot(b.Context(), e.ID); err != nil || len(text) != size {
				b.Fatal(len(text), err)
			}
		}
	}
}
