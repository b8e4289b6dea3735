package report

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"

	"github.com/infraopt/infraopt/score"
)

func renderedTable(t *testing.T, a *score.Assessment, d Display) string {
	t.Helper()
	var out bytes.Buffer
	if err := renderTable(&out, &Report{Assessment: a, Display: d}); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestTableGolden(t *testing.T) {
	for name, a := range samples() {
		for _, w := range []int{40, 60, 80, 100, 140} {
			golden(t, fmt.Sprintf("table/%s-%d.txt", name, w), []byte(renderedTable(t, a, Display{Width: w})))
		}
	}
	golden(t, "table/typical-80-ascii.txt", []byte(renderedTable(t, typicalSample(), Display{ASCII: true})))
	golden(t, "table/typical-80-top1.txt", []byte(renderedTable(t, typicalSample(), Display{Top: 1})))
}

// The signs that must not be lost at any width: they are what people act on.
func TestTableKeepsCommands(t *testing.T) {
	for _, w := range []int{40, 47, 80, 140} {
		text := strings.Join(strings.Fields(renderedTable(t, typicalSample(), Display{Width: w})), "")
		for _, r := range typicalSample().Recommendations {
			if want := strings.ReplaceAll(r.Next, " ", ""); !strings.Contains(text, want) {
				t.Errorf("width %d: the command %q is not whole", w, r.Next)
			}
		}
		for _, g := range typicalSample().Gaps {
			if want := strings.ReplaceAll(g.Remedy, " ", ""); !strings.Contains(text, want) {
				t.Errorf("width %d: the remedy %q is not whole", w, g.Remedy)
			}
		}
	}
}

func TestTableUnassessedShowsNoZero(t *testing.T) {
	for name, want := range map[string]string{"empty": "not rated", "young": "score not proven (at most 58)"} {
		text := renderedTable(t, samples()[name], Display{})
		if !strings.Contains(text, want) || !strings.Contains(text, "Not assessed: ") {
			t.Errorf("%s: got no %q or no reason in\n%s", name, want, text)
		}
		if regexp.MustCompile(`score 0|LEVEL 0`).MatchString(text) {
			t.Errorf("%s: shows a zero that nothing proves:\n%s", name, text)
		}
	}
}

func TestTableWithholdsAdvice(t *testing.T) {
	a := typicalSample()
	a.Roadmap.Withheld = "Coverage is too low to advise on anything."
	text := renderedTable(t, a, Display{})
	if !strings.Contains(text, a.Roadmap.Withheld) || strings.Contains(text, "Delete 3 VMs") {
		t.Errorf("got advice, or no reason for its absence, in\n%s", text)
	}
}

func TestTableTop(t *testing.T) {
	text := renderedTable(t, typicalSample(), Display{Top: 2})
	for _, want := range []string{"2  Containerise", "and 7 more steps", "and 2 more"} {
		if !strings.Contains(text, want) {
			t.Errorf("got no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "3  Manage") {
		t.Errorf("got more than 2 rows in\n%s", text)
	}
}

var escapeCode = regexp.MustCompile("\x1b\\[[0-9;]*m")

// Colour changes no layout, and every code is closed on its line.
func TestTableColorIsOnlyColor(t *testing.T) {
	for name, a := range samples() {
		for _, w := range []int{40, 80, 140} {
			plain := renderedTable(t, a, Display{Width: w})
			color := renderedTable(t, a, Display{Width: w, Color: true})
			if got := escapeCode.ReplaceAllString(color, ""); got != plain {
				t.Errorf("%s at %d: without its codes the coloured report differs:\n%s\nwant\n%s", name, w, got, plain)
			}
			if !strings.Contains(color, "\x1b[") {
				t.Errorf("%s at %d: no colour", name, w)
			}
			for line := range strings.Lines(color) {
				if strings.Count(line, "\x1b[0m")*2 != strings.Count(line, "\x1b[") {
					t.Errorf("%s at %d: a code is not closed in %q", name, w, line)
				}
			}
		}
	}
}

// The locale of the process, from which tablewriter guesses widths, changes nothing.
func TestTableIgnoresLocale(t *testing.T) {
	want := renderedTable(t, typicalSample(), Display{})
	for _, name := range []string{"LANG", "LC_ALL", "LC_CTYPE"} {
		t.Setenv(name, "ja_JP.UTF-8")
	}
	if got := renderedTable(t, typicalSample(), Display{}); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestTableWidthIsBounded(t *testing.T) {
	a := typicalSample()
	for d, as := range map[int]int{0: 80, -5: 80, 1: 40, 39: 40, 1000: 140} {
		if got, want := renderedTable(t, a, Display{Width: d}), renderedTable(t, a, Display{Width: as}); got != want {
			t.Errorf("width %d is not laid out as %d", d, as)
		}
	}
}

// checkHarmless finds what could steer, reorder or hide anything on a terminal.
func checkHarmless(t testing.TB, s string, lines bool) {
	t.Helper()
	if !utf8.ValidString(s) {
		t.Errorf("output is not UTF-8")
	}
	for i, r := range s {
		if r == '\n' || r == utf8.RuneError || unicode.IsPrint(r) {
			continue
		}
		t.Errorf("output holds %U at byte %d: %q", r, i, s[max(0, i-20):min(len(s), i+20)])
		return
	}
	if lines && strings.HasSuffix(s, "\n\n") {
		t.Errorf("output ends in an empty line")
	}
}

func checkASCII(t testing.TB, s string) {
	t.Helper()
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			t.Errorf("output holds the byte %#x: %q", s[i], s[max(0, i-20):min(len(s), i+20)])
			return
		}
	}
}

func checkFits(t testing.TB, s string, w int) {
	t.Helper()
	for line := range strings.Lines(s) {
		line = strings.TrimSuffix(line, "\n")
		if n := max(width(line), displaywidth.String(line)); n > w {
			t.Errorf("%d cells in a line for %d: %q", n, w, line)
		}
		if strings.HasSuffix(line, " ") {
			t.Errorf("a line ends in spaces: %q", line)
		}
	}
}

// Whatever an assessment holds and however wide the page is: no line is too wide, nothing harms a terminal,
// ASCII is ASCII, and the display changes no number.
func TestTableHoldsForAnyAssessment(t *testing.T) {
	n := 500
	if testing.Short() {
		n = 100
	}
	rng := rand.New(rand.NewPCG(7, 41))
	for i := range n {
		a := &score.Assessment{}
		randomise(rng, reflect.ValueOf(a).Elem(), 0)
		w := minWidth + rng.IntN(maxWidth-minWidth+1)
		d := Display{Width: w, ASCII: i%3 == 0, Top: rng.IntN(9) * rng.IntN(2)}
		text := renderedTable(t, a, d)
		checkFits(t, text, w)
		checkHarmless(t, text, true)
		if d.ASCII {
			checkASCII(t, text)
		}
		d.Color = true
		colored := strings.Split(escapeCode.ReplaceAllString(renderedTable(t, a, d), ""), "\n")
		for n, line := range strings.Split(text, "\n") {
			if n >= len(colored) || colored[n] != line {
				t.Errorf("colour changes line %d, %q", n+1, line)
				break
			}
		}
		if t.Failed() {
			t.Fatalf("assessment %d at width %d (ASCII %v):\n%s", i, w, d.ASCII, text)
		}
	}
}

// randomise fills v with anything its type can hold, hostile text included.
func randomise(rng *rand.Rand, v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(randomText(rng))
	case reflect.Bool:
		v.SetBool(rng.IntN(2) == 0)
	case reflect.Int, reflect.Int64:
		v.SetInt([]int64{0, 1, 2, 5, 9000, 1 << 40, -3}[rng.IntN(7)])
	case reflect.Float64:
		v.SetFloat([]float64{0, 1, rng.Float64(), rng.Float64() * 100, 1e9, -2.5, 1e300}[rng.IntN(7)])
	case reflect.Pointer:
		if rng.IntN(2) == 0 {
			v.Set(reflect.New(v.Type().Elem()))
			randomise(rng, v.Elem(), depth+1)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), rng.IntN(5), 8))
		for i := range v.Len() {
			randomise(rng, v.Index(i), depth+1)
		}
	case reflect.Array:
		for i := range v.Len() {
			randomise(rng, v.Index(i), depth+1)
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range rng.IntN(4) {
			v.SetMapIndex(reflect.ValueOf(randomText(rng)), reflect.ValueOf(rng.IntN(2000)))
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Unix(rng.Int64N(4e9), 0)))
			return
		}
		for i := range v.NumField() {
			if f := v.Field(i); f.CanSet() {
				randomise(rng, f, depth+1)
			}
		}
	}
}

func randomText(rng *rand.Rand) string {
	pieces := []string{
		"web", "-", " ", "  ", "running-is-active", "proven", "failed", "os-image", "a long word or two ", nasty, "データベース",
		"\n", "\x1b[2J", "\u0301", "👩‍👧", "\u202e", "\xff", "≥", strings.Repeat("w", 90), "\u00a0", "한국어", "ᄀ", "e\u0301", "हिन्दी", "…",
	}
	var b strings.Builder
	for range rng.IntN(6) {
		b.WriteString(pieces[rng.IntN(len(pieces))])
	}
	return b.String()
}

func TestTableSamplesHold(t *testing.T) {
	for name, a := range samples() {
		for w := minWidth; w <= maxWidth; w += 9 {
			for _, ascii := range []bool{false, true} {
				text := renderedTable(t, a, Display{Width: w, ASCII: ascii})
				checkFits(t, text, w)
				checkHarmless(t, text, true)
				if ascii {
					checkASCII(t, text)
				}
				if t.Failed() {
					t.Fatalf("%s at %d, ASCII %v", name, w, ascii)
				}
			}
		}
	}
}

func TestFit(t *testing.T) {
	columns := []column{{head: "name", min: 4, want: 11}, {head: "kind", drop: 1}, {head: "workloads", short: "work", right: true}, {head: "memory", drop: 2, extra: true}}
	rows := []row{{cells: []cell{text("a-long-name"), text("virtual"), text("12"), text("64 GiB")}}}
	tests := []struct {
		room  int
		show  []int
		tight bool
	}{
		{80, []int{0, 1, 2, 3}, false},
		{38, []int{0, 1, 2, 3}, true},
		{30, []int{0, 1, 2}, true},
		{20, []int{0, 1, 2}, true},
		{16, []int{0, 2}, true},
		{6, []int{0, 2}, true},
	}
	for _, test := range tests {
		show, widths, tight := fit(columns, rows, test.room)
		total := gutter * (len(show) - 1)
		for _, w := range widths {
			total += w
		}
		if !slices.Equal(show, test.show) || tight != test.tight || total > test.room {
			t.Errorf("room %d: got columns %v (tight %v) of widths %v, want %v (tight %v)", test.room, show, tight, widths, test.show, test.tight)
		}
	}
}
