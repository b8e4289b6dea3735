package history_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/infraopt/infraopt/report/history"
	"github.com/infraopt/infraopt/score"
)

// quarters are the days on which the entries of a sample were taken.
var quarters = []time.Time{day(2025, 12, 30), day(2026, 3, 31), day(2026, 6, 29), day(2026, 9, 30)}

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 6, 0, 0, 0, time.UTC) }

// entry makes an entry with its content.
func entry(t testing.TB, estate string, taken time.Time, content string) (e history.Entry, snapshot, assessment []byte) {
	t.Helper()
	id, err := history.ID(estate, func(w io.Writer) error {
		_, err := io.WriteString(w, content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	snapshot, assessment = []byte("snapshot of "+content), []byte("assessment of "+content)
	return history.Entry{ID: id, Estate: estate, TakenAt: taken, AddedAt: taken.Add(time.Hour), Tool: "v1", Rules: "abc",
		Score: score.Bounds{Low: 41.125, High: 58.1}, Level: 2, Machines: 7, Size: int64(len(snapshot) + len(assessment))}, snapshot, assessment
}

func add(t testing.TB, s *history.Store, estate string, taken time.Time, content string) history.Entry {
	t.Helper()
	e, snapshot, assessment := entry(t, estate, taken, content)
	added, err := s.Add(t.Context(), e, snapshot, assessment)
	if err != nil || !added {
		t.Fatalf("adding %s: %v, %v", content, added, err)
	}
	return e
}

// places opens one new history of each kind that there is here; a kind that there is not skips its test.
func places(t *testing.T, test func(t *testing.T, where string)) {
	t.Run("sqlite", func(t *testing.T) { test(t, filepath.Join(t.TempDir(), "history.db")) })
	t.Run("postgres", func(t *testing.T) { test(t, newDatabase(t)) })
}

func open(t testing.TB, where string) *history.Store {
	t.Helper()
	s, err := history.Open(t.Context(), where)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestStore(t *testing.T) {
	places(t, func(t *testing.T, where string) {
		ctx := t.Context()
		s := open(t, where)
		list, err := s.List(ctx, history.Query{})
		if err != nil || list == nil || len(list) != 0 {
			t.Fatalf("a new history lists %v, %v", list, err)
		}
		var want []history.Entry
		for i, at := range quarters {
			want = append(want, add(t, s, "default", at, fmt.Sprint(i)))
		}
		unrated, snapshot, assessment := entry(t, "Süd|<b>", day(2026, 5, 1), "other")
		unrated.Score = score.Bounds{None: true}
		if added, err := s.Add(ctx, unrated, snapshot, assessment); err != nil || !added {
			t.Fatalf("adding to another estate: %v, %v", added, err)
		}
		for _, q := range []struct {
			query history.Query
			want  []history.Entry
		}{
			{history.Query{Estate: "default"}, want},
			{history.Query{}, slices.Insert(slices.Clone(want), 2, unrated)},
			{history.Query{Estate: "default", Limit: 2}, want[2:]},
			{history.Query{Estate: "default", From: quarters[1], To: quarters[3]}, want[1:3]},
			{history.Query{Estate: "Süd|<b>"}, []history.Entry{unrated}},
			{history.Query{Estate: "' OR 1=1 --"}, nil},
		} {
			got, err := s.List(ctx, q.query)
			if err != nil || !slices.Equal(got, q.want) {
				t.Errorf("%+v lists\n%+v, %v, want\n%+v", q.query, got, err, q.want)
			}
		}
		for _, e := range want {
			i := fmt.Sprint(slices.Index(want, e))
			if got, err := s.Snapshot(ctx, e.ID); err != nil || string(got) != "snapshot of "+i {
				t.Errorf("snapshot %s: %q, %v", i, got, err)
			}
			if got, err := s.Assessment(ctx, e.ID); err != nil || string(got) != "assessment of "+i {
				t.Errorf("assessment %s: %q, %v", i, got, err)
			}
		}
		if _, err := s.Snapshot(ctx, "no'; DROP TABLE"); !errors.Is(err, history.ErrEntry) {
			t.Errorf("a snapshot that is not there: %v", err)
		}
	})
}

// Adding what is there changes nothing of it.
func TestAddTwice(t *testing.T) {
	places(t, func(t *testing.T, where string) {
		s := open(t, where)
		e, snapshot, assessment := entry(t, "default", quarters[0], "x")
		for i := range 3 {
			e.Tool = fmt.Sprint(i)
			added, err := s.Add(t.Context(), e, append(snapshot, byte(i)), assessment)
			if err != nil || added != (i == 0) {
				t.Errorf("adding for the %d. time: %v, %v", i+1, added, err)
			}
		}
		list, err := s.List(t.Context(), history.Query{})
		if err != nil || len(list) != 1 || list[0].Tool != "0" {
			t.Errorf("after adding three times: %+v, %v", list, err)
		}
		if got, err := s.Snapshot(t.Context(), e.ID); err != nil || !bytes.Equal(got, append(snapshot, 0)) {
			t.Errorf("its snapshot: %q, %v", got, err)
		}
	})
}

func TestAddRefuses(t *testing.T) {
	places(t, func(t *testing.T, where string) {
		s := open(t, where)
		for what, spoil := range map[string]func(*history.Entry){
			"no ID":      func(e *history.Entry) { e.ID = "" },
			"a wrong ID": func(e *history.Entry) { e.ID = strings.Repeat("G", 64) },
			"no estate":  func(e *history.Entry) { e.Estate = "" },
			"an escape":  func(e *history.Entry) { e.Estate = "a\x1b[31m" },
			"no UTF-8":   func(e *history.Entry) { e.Estate = "a\xff" },
			"10 kB":      func(e *history.Entry) { e.Estate = strings.Repeat("x", 10_000) },
			"no time":    func(e *history.Entry) { e.TakenAt = time.Time{} },
		} {
			e, snapshot, assessment := entry(t, "default", quarters[0], "x")
			spoil(&e)
			if added, err := s.Add(t.Context(), e, snapshot, assessment); err == nil || added {
				t.Errorf("%s: it was added", what)
			}
		}
		e, snapshot, assessment := entry(t, "default", quarters[0], "x")
		if _, err := s.Add(t.Context(), e, nil, assessment); err == nil {
			t.Error("an entry without a snapshot was added")
		}
		// What a file says of the tool that wrote it is nobody's fault here.
		e.Tool, e.Rules = "v\x00\x1b[31m\xff"+strings.Repeat("y", 10_000), "\u202er"
		if added, err := s.Add(t.Context(), e, snapshot, assessment); err != nil || !added {
			t.Errorf("a hostile tool: %v, %v", added, err)
		}
		list, err := s.List(t.Context(), history.Query{})
		if err != nil || len(list) != 1 || len(list[0].Tool) != 200 || !strings.HasPrefix(list[0].Tool, "v[31myy") || list[0].Rules != "r" {
			t.Errorf("it became %+v, %v", list, err)
		}
	})
}

func TestLatestAndFind(t *testing.T) {
	places(t, func(t *testing.T, where string) {
		ctx := t.Context()
		s := open(t, where)
		if _, err := s.Latest(ctx, "default", time.Time{}); !errors.Is(err, history.ErrEntry) {
			t.Errorf("the latest of nothing: %v", err)
		}
		var all []history.Entry
		for i, at := range quarters {
			all = append(all, add(t, s, "default", at, fmt.Sprint(i)))
		}
		other := add(t, s, "other", day(2027, 1, 1), "x")
		for before, want := range map[time.Time]int{{}: 3, quarters[3]: 2, quarters[3].Add(1000): 3, quarters[0]: -1} {
			got, err := s.Latest(ctx, "default", before)
			if want < 0 && !errors.Is(err, history.ErrEntry) || want >= 0 && (err != nil || got != all[want]) {
				t.Errorf("the latest before %v: %+v, %v", before, got, err)
			}
		}
		for name, want := range map[string]history.Entry{
			"last": all[3], "last~0": all[3], "last~3": all[0], "2026-09-30": all[3], "2026-09-29": all[2], "2030-01-01": all[3],
			other.ID: other, other.ID[:8]: other, all[1].ID[:12]: all[1],
		} {
			if got, err := s.Find(ctx, "default", name); err != nil || got != want {
				t.Errorf("%s: %+v, %v", name, got, err)
			}
		}
		for _, name := range []string{"last~4", "2025-12-29", "ffff0000ffff", "abc", "", "last~", "last~-1", "2026-13-01", "q3.json.zst"} {
			if got, err := s.Find(ctx, "default", name); !errors.Is(err, history.ErrEntry) {
				t.Errorf("%q: %+v, %v, want no entry", name, got, err)
			}
		}
	})
}

// A prefix that several IDs have names none.
func TestAmbiguousPrefix(t *testing.T) {
	places(t, func(t *testing.T, where string) {
		s := open(t, where)
		for _, end := range []string{"0", "f"} {
			e, snapshot, assessment := entry(t, "default", quarters[0], "x")
			e.ID = "abcd" + strings.Repeat(end, 60)
			if _, err := s.Add(t.Context(), e, snapshot, assessment); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.Find(t.Context(), "default", "abcd"); !errors.Is(err, history.ErrEntry) || !strings.Contains(err.Error(), "several") {
			t.Errorf("abcd: %v", err)
		}
		if e, err := s.Find(t.Context(), "default", "abcdf"); err != nil || e.ID[5] != 'f' {
			t.Errorf("abcdf: %+v, %v", e, err)
		}
	})
}

func TestDelete(t *testing.T) {
	places(t, func(t *testing.T, where string) {
		ctx := t.Context()
		s := open(t, where)
		var all []history.Entry
		for i, at := range quarters {
			all = append(all, add(t, s, "default", at, fmt.Sprint(i)))
		}
		if n, err := s.Delete(ctx, all[0].ID, all[2].ID, "nothing"); err != nil || n != 2 {
			t.Errorf("deleting two: %d, %v", n, err)
		}
		if err := s.Compact(ctx); err != nil {
			t.Error(err)
		}
		if list, err := s.List(ctx, history.Query{}); err != nil || !slices.Equal(list, []history.Entry{all[1], all[3]}) {
			t.Errorf("what is left: %+v, %v", list, err)
		}
		if _, err := s.Snapshot(ctx, all[0].ID); !errors.Is(err, history.ErrEntry) {
			t.Errorf("the snapshot of a deleted entry: %v", err)
		}
		add(t, s, "default", quarters[0], "0") // and again
	})
}

// Many stores of one history add at once, beginning with making it.
func TestConcurrent(t *testing.T) {
	places(t, func(t *testing.T, where string) {
		const stores, each = 6, 8
		var wg sync.WaitGroup
		for n := range stores {
			wg.Go(func() {
				s, err := history.Open(context.Background(), where)
				if err != nil {
					t.Error(err)
					return
				}
				defer s.Close()
				for i := range each {
					e, snapshot, assessment := entry(t, "default", quarters[0], fmt.Sprint(n, i))
					if added, err := s.Add(context.Background(), e, snapshot, assessment); err != nil || !added {
						t.Errorf("adding %d of %d: %v, %v", i, n, added, err)
					}
				}
			})
		}
		wg.Wait()
		if list, err := open(t, where).List(t.Context(), history.Query{}); err != nil || len(list) != stores*each {
			t.Errorf("%d entries, %v, want %d", len(list), err, stores*each)
		}
	})
}

func TestInterrupted(t *testing.T) {
	places(t, func(t *testing.T, where string) {
		s := open(t, where)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		e, snapshot, assessment := entry(t, "default", quarters[0], "x")
		if added, err := s.Add(ctx, e, snapshot, assessment); added || !errors.Is(err, context.Canceled) {
			t.Errorf("adding after an interrupt: %v, %v", added, err)
		}
		if _, err := s.List(ctx, history.Query{}); !errors.Is(err, context.Canceled) {
			t.Errorf("listing after an interrupt: %v", err)
		}
	})
}

func FuzzParseRef(f *testing.F) {
	for _, s := range []string{"last", "last~1", "last~99999999999", "2026-09-30", "0000-00-00", "abcd", "ABCD", "", "last~+1", strings.Repeat("f", 65)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := history.ParseRef(text)
		if err != nil {
			if !errors.Is(err, history.ErrEntry) || len(err.Error()) > 1000 {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		// A name says one thing, and is written in one way.
		var back string
		switch {
		case r.ID != "":
			back = r.ID
		case !r.Day.IsZero():
			back = r.Day.Format(time.DateOnly)
		case r.Back > 0 || text != "last":
			back = fmt.Sprintf("last~%d", r.Back)
		default:
			back = "last"
		}
		if back != text && strings.TrimLeft(strings.TrimPrefix(text, "last~"), "0") != strings.TrimLeft(strings.TrimPrefix(back, "last~"), "0") {
			t.Errorf("%q was read as %q", text, back)
		}
	})
}
