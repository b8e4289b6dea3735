package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/infraopt/infraopt/report"
	"github.com/infraopt/infraopt/score"
)

// What is shown and what is found are two things: whatever people set about how a report looks, the numbers, the level
// and the exit status stay.

// displayed is an estate with how it is assessed: nothing of this is about looks.
type displayed struct {
	args   []string
	status int
}

func displayedEstates(t *testing.T) []displayed {
	dead := "docker:unix://" + filepath.Join(t.TempDir(), "dead.sock")
	return []displayed{
		{[]string{"demo:?machines=0"}, exitOK},
		{[]string{"demo:?machines=1&seed=4"}, exitOK},
		{[]string{"demo:?machines=4&seed=2", "--assume", "running-is-active"}, exitOK},
		{[]string{"demo:?machines=6&seed=7&unknown=0.3"}, exitOK},
		{[]string{"demo:?machines=3&seed=5&hostile=1"}, exitOK},
		{[]string{"demo:?unknown=1&machines=2"}, exitOK},
		{[]string{"demo:?machines=2&seed=1", dead}, exitIncomplete},
		{[]string{"demo:?machines=2&seed=3", "nosuch.json"}, exitUsage},
	}
}

// look draws display flags and an environment of a terminal.
func look(r *rand.Rand) (args []string, env map[string]string) {
	env = map[string]string{}
	maybe := func(do func()) {
		if r.IntN(2) == 0 {
			do()
		}
	}
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	maybe(func() { args = append(args, "--top", pick("0", "1", "2", "7", "100000")) })
	maybe(func() { args = append(args, "--no-color") })
	maybe(func() { args = append(args, "--ascii") })
	maybe(func() { args = append(args, pick("--quiet", "-q")) })
	maybe(func() {
		env["COLUMNS"] = pick("0", "1", "20", "40", "60", "79", "80", "100", "132", "400", "wide", "-5")
	})
	maybe(func() {
		env[pick("LANG", "LC_ALL", "LC_CTYPE")] = pick("C", "POSIX", "en_GB.UTF-8", "de_DE.ISO-8859-1")
	})
	maybe(func() { env["NO_COLOR"] = "1" })
	maybe(func() { env["CI"] = "true" })
	maybe(func() { env["TERM"] = pick("dumb", "xterm-256color", "") })
	return args, env
}

// found is what a JSON report says but for the lists that --top cuts and the time that reading took.
func found(t *testing.T, text string) map[string]any {
	t.Helper()
	var all map[string]any
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		t.Fatalf("%v in %.200q", err, text)
	}
	for _, list := range []string{"machines", "containers", "vms"} {
		delete(all, list)
	}
	for _, s := range all["sources"].([]any) {
		delete(s.(map[string]any), "durationMs")
	}
	return all
}

// headline is what the table has to say of an assessment, in words: level, score and coverage. A low end is rounded down
// and a high one up, so that nothing is promised that is not known.
func headline(a *score.Assessment, ascii bool) string {
	dash := "–"
	if ascii {
		dash = "-"
	}
	down := func(x float64) string { return fmt.Sprintf("%.0f", math.Floor(x+1e-6)) }
	up := func(x float64) string { return fmt.Sprintf("%.0f", math.Ceil(x-1e-6)) }
	level := dash
	if a.Level.Number > 0 {
		level = fmt.Sprint(a.Level.Number)
	}
	var points string
	switch s := a.Score; {
	case s.None:
		points = "not rated"
	case a.Level.Number == 0 && s.Low < 1:
		points = "score not proven (at most " + up(s.High) + ")"
	case s.High-s.Low < 1e-6:
		points = "score " + down(s.Low)
	default:
		points = "score " + down(s.Low) + " (up to " + up(s.High) + ")"
	}
	return fmt.Sprintf("LEVEL %s %s %s coverage %s %%", level, a.Level.Name, points, down(100*a.Coverage.Evidence))
}

var escapeCode = regexp.MustCompile("\x1b\\[[0-9;]*m")

// unadorned is text without colours and line breaks.
func unadorned(text string) string {
	return strings.Join(strings.Fields(escapeCode.ReplaceAllString(text, "")), " ")
}

// Law 14 (and vector V7, where other programs change the score with the verbosity): display flags and the environment
// never change a score, a level, a recommendation or an exit status; and the table says the same as JSON.
func TestLaw14LooksChangeNothing(t *testing.T) {
	n := 300
	if testing.Short() {
		n = 30
	}
	const now = "--now=2026-11-23T07:41:00Z"
	estates := displayedEstates(t)
	want := make([]map[string]any, len(estates))
	assessed := make([]score.Assessment, len(estates))
	for i, e := range estates {
		status, out, talk := call(t, nil, append([]string{"assess", now, "--format=json"}, e.args...)...)
		if status != e.status {
			t.Fatalf("%q: status %d, want %d: %s", e.args, status, e.status, talk)
		}
		want[i] = found(t, out)
		if err := json.Unmarshal([]byte(out), &assessed[i]); err != nil {
			t.Fatal(err)
		}
	}
	for seed := range n {
		r := rand.New(rand.NewPCG(uint64(seed), 14))
		i := r.IntN(len(estates))
		flags, env := look(r)
		format := []string{"json", "table", ""}[r.IntN(3)]
		if format != "" {
			flags = append(flags, "--format", format)
		}
		args := append(append([]string{"assess", now}, flags...), estates[i].args...)
		status, out, talk := call(t, env, args...)
		if status != estates[i].status {
			t.Fatalf("seed %d: %q %v: status %d, want %d: %s", seed, args, env, status, estates[i].status, talk)
		}
		if format == "json" {
			if got := found(t, out); !reflect.DeepEqual(got, want[i]) {
				t.Fatalf("seed %d: %q %v: the assessment differs:\n%v\nwant\n%v", seed, args, env, got, want[i])
			}
			continue
		}
		text := unadorned(out)
		if !strings.Contains(text, headline(&assessed[i], false)) && !strings.Contains(text, headline(&assessed[i], true)) {
			t.Fatalf("seed %d: %q %v: the table does not say %q:\n%s", seed, args, env, headline(&assessed[i], false), out)
		}
	}
}

// Law 14 for displays that a test has no terminal for: colours, and every width.
func TestLaw14EveryDisplaySaysTheSame(t *testing.T) {
	n := 2000
	if testing.Short() {
		n = 200
	}
	table, err := report.Lookup(report.Formats(), defaultFormat)
	if err != nil {
		t.Fatal(err)
	}
	var assessed []*score.Assessment
	for _, e := range displayedEstates(t) {
		_, out, _ := call(t, nil, append([]string{"assess", "--now=2026-11-23T07:41:00Z", "--format=json"}, e.args...)...)
		a := &score.Assessment{}
		if err := json.Unmarshal([]byte(out), a); err != nil {
			t.Fatal(err)
		}
		assessed = append(assessed, a)
	}
	coloured := 0
	for seed := range n {
		r := rand.New(rand.NewPCG(uint64(seed), 15))
		a := assessed[r.IntN(len(assessed))]
		d := report.Display{Color: r.IntN(2) == 0, ASCII: r.IntN(2) == 0, Width: r.IntN(200), Top: r.IntN(5)}
		var out bytes.Buffer
		if err := table.Render(&out, &report.Report{Assessment: a, Display: d}); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(out.String(), "\x1b[") {
			coloured++
		}
		if text := unadorned(out.String()); !strings.Contains(text, headline(a, d.ASCII)) {
			t.Fatalf("seed %d: %+v: the table does not say %q:\n%s", seed, d, headline(a, d.ASCII), out.String())
		}
	}
	if coloured == 0 {
		t.Error("nothing was coloured: the test shows nothing")
	}
}
