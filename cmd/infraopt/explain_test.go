package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/infraopt/infraopt/score/indicators"
)

// Everything that has an ID is explained, by itself and on an estate, and everything that is explained in the method
// has an ID. The texts are in testdata/explain; -update writes them.
func TestExplainEveryID(t *testing.T) {
	m, err := indicators.Default()
	if err != nil {
		t.Fatal(err)
	}
	const dir = "testdata/explain"
	known := ids(topics(m, changes{}))
	for _, id := range known {
		args := []string{"explain", id, "demo:?machines=7&seed=3", "--now", "2026-01-01T08:00:00Z", "--top", "5"}
		got := succeed(t, args...)
		if alone := succeed(t, "explain", id); !strings.HasPrefix(got, alone+"\nON THIS ESTATE\n") {
			t.Errorf("%s: what is told of an estate does not follow on what is told without one", id)
		}
		file := filepath.Join(dir, id+".txt")
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if want, err := os.ReadFile(file); err != nil || got != string(want) {
			t.Errorf("%s: %v; got\n%s", file, err, got)
		}
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !slices.Contains(known, strings.TrimSuffix(f.Name(), ".txt")) {
			t.Errorf("%s/%s explains what does not exist", dir, f.Name())
		}
	}

	method, err := os.ReadFile("../../docs/method.md")
	if err != nil {
		t.Fatal(err)
	}
	var documented []string
	for _, found := range regexp.MustCompile("(?m)^### `([a-z.-]+)`$").FindAllStringSubmatch(string(method), -1) {
		documented = append(documented, found[1])
	}
	var indicatorIDs []string
	for i := range m.Indicators {
		indicatorIDs = append(indicatorIDs, m.Indicators[i].ID)
	}
	if slices.Sort(documented); !slices.Equal(documented, slices.Sorted(slices.Values(indicatorIDs))) {
		t.Errorf("docs/method.md documents %q, the model has %q", documented, indicatorIDs)
	}
}

// succeed runs the program and gives what it prints.
func succeed(t *testing.T, args ...string) string {
	t.Helper()
	var out, talk bytes.Buffer
	if status := run(context.Background(), args, stdio{&out, &talk, func(string) string { return "" }}); status != exitOK {
		t.Fatalf("infraopt %q ended with status %d: %s", args, status, talk.String())
	}
	return out.String()
}
