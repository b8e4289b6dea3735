package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/collect/snapshot"
	"github.com/infraopt/infraopt/report/history"
	"github.com/infraopt/infraopt/score"
)

// A year of four quarters: by other rules at first, then hosts join, then some leave, then the estate is improved.
func TestAYearOfQuarters(t *testing.T) {
	folder := t.TempDir()
	db := filepath.Join(folder, "history.db")
	rules := filepath.Join(folder, "rules.yaml")
	if err := os.WriteFile(rules, []byte("thresholds:\n  headroom: .5\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	quarters := []struct {
		name, taken, demo string
		change            func(s *inventory.Snapshot)
		flags             []string
	}{
		{"2026Q1", "2026-03-30T08:00:00Z", "demo:?machines=20&seed=5&unknown=0", nil, []string{"--model", rules}},
		{"2026Q2", "2026-06-29T08:00:00Z", "demo:?machines=26&seed=5&unknown=0", nil, nil},
		{"2026Q3", "2026-09-28T08:00:00Z", "demo:?machines=26&seed=5&unknown=0", leaving, nil},
		{"2026Q4", "2026-12-28T08:00:00Z", "demo:?machines=26&seed=5&unknown=0", func(s *inventory.Snapshot) { leaving(s); improving(s) }, nil},
	}
	for _, q := range quarters {
		file := filepath.Join(folder, q.name+".json.zst")
		if status, _, talk := call(t, nil, "collect", q.demo, "--now", q.taken, "-o", file); status != exitOK {
			t.Fatal(talk)
		}
		s, err := snapshot.Read(t.Context(), file)
		if err != nil {
			t.Fatal(err)
		}
		if q.change != nil {
			q.change(s)
		}
		out, err := os.Create(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := snapshot.Encode(out, s, true); err != nil {
			t.Fatal(err)
		}
		out.Close()
		args := append([]string{"history", "import", file, "--history", db}, q.flags...)
		if status, _, talk := call(t, nil, args...); status != exitOK {
			t.Fatal(talk)
		}
		args = []string{"report", "--quarter", q.name, "--history", db, "--now", "2027-01-05T00:00:00Z"}
		status, text, talk := call(t, nil, args...)
		if status != exitOK {
			t.Fatal(talk)
		}
		goldenReport(t, q.name+".txt", text)
		status, text, talk = call(t, nil, append(args, "--format", "json")...)
		if status != exitOK {
			t.Fatal(talk)
		}
		a := &score.Assessment{}
		if err := json.Unmarshal([]byte(text), a); err != nil {
			t.Fatal(err)
		}
		checkQuarter(t, q.name, a)
	}
}

// checkQuarter holds that terms add up to changes, and that what is told of a quarter is what was done in it.
func checkQuarter(t *testing.T, name string, a *score.Assessment) {
	t.Helper()
	points := map[string]float64{}
	for _, tr := range []*score.Trend{a.Trend, a.Quarter.YearAgo} {
		if tr == nil {
			continue
		}
		sum := 0.
		for _, x := range tr.Terms {
			sum += x.Points
			if tr == a.Trend {
				points[x.ID] += x.Points
			}
		}
		if math.Abs(sum-tr.Change.Low) > 1e-9 {
			t.Errorf("%s: the terms add up to %v, the change is %v", name, sum, tr.Change.Low)
		}
	}
	done := map[string]string{}
	for _, x := range a.Quarter.Followed {
		done[x.Action] = x.Status
		if x.Status != score.FollowedNew && x.Done+x.Gone+x.Open+x.Incomparable != x.Subjects {
			t.Errorf("%s: %+v", name, x)
		}
	}
	is := func(what string, ok bool) {
		if !ok {
			t.Errorf("%s: %s: %v, %v", name, what, points, done)
		}
	}
	switch name {
	case "2026Q1":
		is("nothing to compare with", a.Trend == nil && len(a.Quarter.Missing) == 2 && a.Quarter.Forecast == nil)
	case "2026Q2":
		is("rules changed and hosts joined", points[score.TrendRuleset] != 0 && points[score.TrendJoined] != 0 && points[score.TrendLeft] == 0 && len(a.Trend.Hosts.Joined) == 6)
	case "2026Q3":
		is("hosts left", points[score.TrendRuleset] == 0 && points[score.TrendLeft] != 0 && points[score.TrendJoined] == 0 && len(a.Trend.Hosts.Left) == 2)
	case "2026Q4":
		is("hosts improved", points[score.TrendWithin] > 0 && points[score.TrendJoined] == 0 && points[score.TrendLeft] == 0 && a.Trend.Real)
		is("images were removed", done["remove-dangling-image"] == score.FollowedDone)
		is("something was delivered", a.Quarter.Delivered != nil && *a.Quarter.Delivered > 0)
	}
}

// leaving takes two hosts that carry nothing else out of a snapshot.
func leaving(s *inventory.Snapshot) {
	gone := map[string]bool{}
	for _, o := range s.Sources {
		for i := range o.Machines {
			m := &o.Machines[i]
			if kind := m.Kind.Or(""); kind == inventory.Physical && len(gone) < 2 && len(o.VMs) == 0 && o.Scheme == "host" {
				gone[m.ID] = true
			}
		}
	}
	s.Sources = slices.DeleteFunc(s.Sources, func(o inventory.Observation) bool {
		return slices.ContainsFunc(o.Machines, func(m inventory.Machine) bool { return gone[m.ID] })
	})
}

// improving removes images without a name, and has all containers kept by an orchestrator's service.
func improving(s *inventory.Snapshot) {
	for k := range s.Sources {
		o := &s.Sources[k]
		o.Images = slices.DeleteFunc(o.Images, func(i inventory.Image) bool { return len(i.Tags) == 0 })
		for i := range o.Machines {
			o.Machines[i].Management = inventory.Known(inventory.GitOps)
		}
	}
}

// goldenReport compares a report with a file; -update writes it.
func goldenReport(t *testing.T, name, got string) {
	t.Helper()
	got = hashes.ReplaceAllString(got, "other rules: THOSE then, THESE now") // every change of the rules changes them
	file := filepath.Join("testdata", "quarters", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(want) != got {
		t.Errorf("%s is not what the report says; after checking it: go test ./cmd/infraopt -run AYear -update\n%s", file, strings.TrimSpace(got))
	}
}

var hashes = regexp.MustCompile(`other rules: [0-9a-f]+ then, [0-9a-f]+ now`)

// BenchmarkReportQuarter reports on a quarter of an estate of 1,000 machines, of which 500 snapshots are kept: a day of each.
func BenchmarkReportQuarter(b *testing.B) {
	ctx, where := b.Context(), filepath.Join(b.TempDir(), "history.db")
	end := time.Date(2026, 12, 31, 8, 0, 0, 0, time.UTC)
	store, err := history.Open(ctx, where)
	if err != nil {
		b.Fatal(err)
	}
	var snapshots, assessments [][]byte
	for i := range 4 {
		file := filepath.Join(b.TempDir(), "s.json.zst")
		if status, _, talk := call(b, nil, "collect", fmt.Sprintf("demo:?machines=%d&seed=5", 1000-10*i), "--now", end.Format(time.RFC3339), "-o", file); status != exitOK {
			b.Fatal(talk)
		}
		raw, err := os.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		status, text, talk := call(b, nil, "assess", file, "--format", "json", "--now", end.Format(time.RFC3339))
		if status != exitOK {
			b.Fatal(talk)
		}
		var packed bytes.Buffer
		if err := snapshot.Compress(&packed, func(w io.Writer) error { _, err := io.WriteString(w, text); return err }); err != nil {
			b.Fatal(err)
		}
		snapshots, assessments = append(snapshots, raw), append(assessments, packed.Bytes())
	}
	for i := range 500 {
		e := history.Entry{ID: fmt.Sprintf("%064x", i), Estate: history.DefaultEstate, TakenAt: end.AddDate(0, 0, -i), AddedAt: end, Score: score.Bounds{Low: 30, High: 80}, Level: 2, Machines: 1000}
		if _, err := store.Add(ctx, e, snapshots[i%4], assessments[i%4]); err != nil {
			b.Fatal(err)
		}
	}
	if err := store.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if status, _, talk := call(b, nil, "report", "--quarter", "2026Q4", "--now", "2027-01-05T00:00:00Z", "--history", where); status != exitOK {
			b.Fatal(talk)
		}
	}
}
