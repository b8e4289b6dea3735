package main

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/infraopt/infraopt/score/audit"
)

// V7: flags and an environment that are about looks change neither the exit status of an audit nor what it says.
func TestV07LooksChangeNoAudit(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string) string {
		name = filepath.Join(folder, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	policy := write("p.yaml", "minScore: 1\nmachines: [{id: each, machines: ['*'], minScore: 0}]\nforbid: [{id: idle, findings: ['remove-*'], most: 1000}]\n")
	strict := write("s.yaml", "minScore: 1\nmachines: [{id: each, machines: ['*'], minScore: 99}]\n")
	base := filepath.Join(folder, "base.json")
	const at = "--now=2026-11-23T07:41:00Z"
	const all = "demo:?machines=6&seed=7&unknown=0"
	if status, _, talk := call(t, nil, "audit", at, all, "--policy=none", "--write-baseline", base, "-f=json"); status != exitOK {
		t.Fatal(talk)
	}
	cases := []displayed{
		{[]string{all, "--policy", strict}, exitGate},
		{[]string{all, "--policy", policy, "--baseline", base, "--fail-on-new"}, exitOK},
		// Not every virtual machine of this one could be listed, so that what is forbidden may be there.
		{[]string{"demo:?machines=6&seed=7", "--policy", policy}, exitIncomplete},
		{[]string{"demo:?machines=6&seed=8", "--policy=none", "--baseline", base, "--fail-on-new", "--max-regression=100"}, exitGate},
		{[]string{"demo:?machines=6&seed=7&unknown=0.9", "--policy=none", "--min-coverage=0.9", "--min-score=99"}, exitIncomplete},
		{[]string{"demo:?machines=4&seed=5&hostile=1", "--policy=none", "--min-score=99"}, exitGate},
		{[]string{"demo:?machines=2&seed=3", "nosuch.json", "--policy=none", "--min-score=99"}, exitUsage},
		{[]string{"docker:unix://" + filepath.Join(folder, "dead.sock"), "--policy=none"}, exitIncomplete},
	}
	said := func(text string) map[string]any {
		var all map[string]any
		if err := json.Unmarshal([]byte(text), &all); err != nil {
			t.Fatalf("%v in %.200q", err, text)
		}
		return all
	}
	want := make([]map[string]any, len(cases))
	for i, c := range cases {
		status, out, talk := call(t, nil, append([]string{"audit", at, "--format=json"}, c.args...)...)
		if status != c.status {
			t.Fatalf("%q: status %d, want %d: %s", c.args, status, c.status, talk)
		}
		if err := validate("audit", []byte(out)); err != nil {
			t.Errorf("%q: %v", c.args, err)
		}
		want[i] = said(out)
		if got := int(want[i]["status"].(float64)); got != status {
			t.Errorf("%q: the document says status %d, and it is %d", c.args, got, status)
		}
	}
	n := 150
	if testing.Short() {
		n = 30
	}
	for seed := range n {
		r := rand.New(rand.NewPCG(uint64(seed), 7))
		i := r.IntN(len(cases))
		flags, env := look(r)
		if r.IntN(4) == 0 {
			flags = append(flags, "--explain-exit")
		}
		format := []string{"json", "table", ""}[r.IntN(3)]
		if format != "" {
			flags = append(flags, "--format", format)
		}
		status, out, talk := call(t, env, append(append([]string{"audit", at}, flags...), cases[i].args...)...)
		if status != cases[i].status {
			t.Fatalf("seed %d: %q %v: status %d, want %d: %s", seed, flags, env, status, cases[i].status, talk)
		}
		if format == "json" {
			if got := said(out); !reflect.DeepEqual(got, want[i]) {
				t.Fatalf("seed %d: %q: the audit differs:\n%v\nwant\n%v", seed, flags, got, want[i])
			}
		} else if text := unadorned(out); !strings.Contains(text, want[i]["verdict"].(string)) {
			t.Fatalf("seed %d: %q: it does not say %q:\n%s", seed, flags, want[i]["verdict"], out)
		}
	}
}

// What an audit with a baseline of its own says is that nothing has changed: also of what has hostile names, and of what is not
// known.
func TestAuditOfTheSameEstate(t *testing.T) {
	const nothing = "demo:?machines=0"
	for _, target := range []string{"demo:?machines=40&seed=7", "demo:?machines=20&seed=3&hostile=1&unknown=0.3", nothing} {
		want := exitOK
		if target == nothing {
			want = exitIncomplete // nothing was looked at
		}
		folder := t.TempDir()
		base, snap := filepath.Join(folder, "base.json"), filepath.Join(folder, "snap.json")
		const at = "--now=2026-11-23T07:41:00Z"
		if status, _, talk := call(t, nil, "collect", at, target, "-o", snap); status != exitOK {
			t.Fatal(talk)
		}
		if status, _, talk := call(t, nil, "audit", at, snap, "--policy=none", "--write-baseline", base, "-f=json"); status != want {
			t.Fatal(talk)
		}
		if target == nothing {
			want = exitUsage // a baseline without a score is none to compare with
		}
		for _, b := range []string{base, snap} {
			status, out, talk := call(t, nil, "audit", at, snap, "--policy=none", "--baseline", b, "--fail-on-new", "--max-regression=0", "-f=json")
			var r audit.Result
			if err := json.Unmarshal([]byte(out), &r); err != nil {
				t.Fatalf("%v: %s", err, talk)
			}
			if status != want || r.Counts.New+r.Counts.Incomparable+r.Counts.Resolved != 0 || r.Counts.Unchanged != r.Counts.Findings || (r.Counts.Findings == 0) != (target == nothing) {
				t.Errorf("%s against %s: status %d, %+v: %s", target, filepath.Base(b), status, r.Counts, talk)
			}
		}
	}
}

// BenchmarkAudit is a whole process that audits a stored snapshot of an estate of 1,000 machines.
func BenchmarkAudit(b *testing.B) {
	file := filepath.Join(b.TempDir(), "s.json.zst")
	if status, _, talk := call(b, nil, "collect", "demo:?machines=1000&seed=3", "-o", file); status != exitOK {
		b.Fatal(talk)
	}
	for b.Loop() {
		if out, err := exec.CommandContext(b.Context(), "infraopt", "audit", file, "--policy", "none", "--min-score", "20").CombinedOutput(); err != nil {
			b.Fatalf("%v: %s", err, out)
		}
	}
}
