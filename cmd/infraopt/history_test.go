package main

import (
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/infraopt/infraopt/report/history"
	"github.com/infraopt/infraopt/score"
)

func TestDataFolder(t *testing.T) {
	for _, x := range []struct {
		system, want string
		env          map[string]string
	}{
		{"linux", "/home/a/.local/share/infraopt", map[string]string{"HOME": "/home/a"}},
		{"linux", "/data/infraopt", map[string]string{"HOME": "/home/a", "XDG_DATA_HOME": "/data"}},
		{"linux", "/home/a/.local/share/infraopt", map[string]string{"HOME": "/home/a", "XDG_DATA_HOME": "relative"}},
		{"linux", "", nil},
		{"freebsd", "/home/a/.local/share/infraopt", map[string]string{"HOME": "/home/a"}},
		{"darwin", "/Users/a/Library/Application Support/infraopt", map[string]string{"HOME": "/Users/a", "XDG_DATA_HOME": "/data"}},
		{"darwin", "", nil},
		{"windows", "/local/infraopt", map[string]string{"LOCALAPPDATA": "/local", "HOME": "/home/a"}},
		{"windows", "", map[string]string{"HOME": "/home/a"}},
	} {
		if got := dataFolder(x.system, func(name string) string { return x.env[name] }); got != filepath.FromSlash(x.want) {
			t.Errorf("%s, %v: %q, want %q", x.system, x.env, got, x.want)
		}
	}
}

func TestListedNumbers(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1.0 kB", 9940: "9.9 kB", 9960: "10 kB", 999_400: "999 kB", 999_600: "1.0 MB", 3_000_000_000: "3.0 GB", math.MaxInt64: "9.2 EB"} {
		if got := sizeOf(n); got != want {
			t.Errorf("%d bytes are %s, want %s", n, got, want)
		}
	}
	for b, want := range map[score.Bounds]string{{Low: 41.9, High: 58.1}: "41 – 59", {Low: 63 - 1e-12, High: 63}: "63", {None: true}: "–", {Low: 40, High: 40.5}: "40 – 41", {}: "0"} {
		if got := scoreOf(b); got != want {
			t.Errorf("%v is %s, want %s", b, got, want)
		}
	}
}

// TestPruning holds the promises of prune on random histories.
func TestPruning(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	start := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	const days = 1000
	for range 500 {
		var list []history.Entry
		for i := range r.IntN(40) {
			list = append(list, history.Entry{ID: string(rune('a' + i)), TakenAt: start.AddDate(0, 0, r.IntN(days))})
		}
		slices.SortStableFunc(list, func(a, b history.Entry) int { return a.TakenAt.Compare(b.TakenAt) })
		last := lasts(list)
		n, day := 1+r.IntN(6), start.AddDate(0, 0, r.IntN(days))

		kept := map[quarter]int{}
		gone := beyondQuarters(list, n)
		for _, e := range list {
			if !slices.Contains(gone, e) {
				kept[quarterOf(e.TakenAt)]++
			}
		}
		if want := min(n, len(last)); len(kept) != want {
			t.Fatalf("%d quarters of %d are kept, want %d", len(kept), len(last), want)
		}
		for q, k := range kept {
			if q != quarterOf(list[len(list)-1].TakenAt) && k != 1 {
				t.Fatalf("%d entries of %v are kept", k, q)
			}
			for _, e := range gone {
				if e.ID == last[q] {
					t.Fatalf("the last entry of %v goes, and the quarter stays", q)
				}
			}
		}
		if again := beyondQuarters(slices.DeleteFunc(slices.Clone(list), func(e history.Entry) bool { return slices.Contains(gone, e) }), n); len(again) != 0 {
			t.Fatalf("pruning twice deletes %d more", len(again))
		}

		for _, e := range beforeDay(list, day) {
			if !e.TakenAt.Before(day) || last[quarterOf(e.TakenAt)] == e.ID {
				t.Fatalf("before %v, %v goes", day, e.TakenAt)
			}
		}
	}
}

// A history that another program wrote can hold anything.
func TestHostileListing(t *testing.T) {
	p := &program{std: stdio{getenv: func(string) string { return "" }}}
	list := []history.Entry{{ID: "ab", Estate: "\x1b[31mred\u202e" + strings.Repeat("x", 10_000) + "\xff"}}
	if got := p.listing(list); strings.ContainsAny(got, "\x1b\u202e") || !utf8.ValidString(got) {
		t.Errorf("%.200q", got)
	}
}

func TestHistoryWithoutHome(t *testing.T) {
	status, out, talk := call(t, nil, "history", "list")
	if status != exitUsage || out != "" || !strings.Contains(talk, "name a file by --history") {
		t.Errorf("status %d, %s%s", status, out, talk)
	}
}

// TestHistoryOnFullDisk holds that an ID that could not be printed is a failure, although the entry is there.
func TestHistoryOnFullDisk(t *testing.T) {
	where := "--history=" + filepath.Join(t.TempDir(), "h.db")
	for _, args := range [][]string{{"history", "add", "demo:?machines=2", where}, {"history", "list", where}, {"history", "export", "last", where}, {"history", "diff", "last", "last", where},
		{"history", "prune", "--keep-quarters=1", where}} {
		var talk strings.Builder
		if got := run(t.Context(), args, stdio{fullWriter{}, &talk, func(string) string { return "" }}); got != exitFailed || !strings.Contains(talk.String(), "disk full") {
			t.Errorf("%q: status %d, %s, want %d", args, got, talk.String(), exitFailed)
		}
	}
}
