package report

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/infraopt/infraopt/collect/collecttest"
	"github.com/infraopt/infraopt/score"
)

func pdfOf(t *testing.T, a *score.Assessment) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := renderPDF(&b, &Report{Assessment: a}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// pdfPages counts the pages of a PDF.
func pdfPages(b []byte) int {
	m := regexp.MustCompile(`/Type /Pages[^>]*/Count (\d+)|/Count (\d+)`).FindSubmatch(b)
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(string(m[1]) + string(m[2]))
	return n
}

// The same report gives the same file, with few pages, whatever is in it.
func TestPDFOfSamples(t *testing.T) {
	for name, a := range samples() {
		b := pdfOf(t, a)
		if !bytes.Equal(b, pdfOf(t, a)) {
			t.Errorf("%s: two files of one report differ", name)
		}
		if n := pdfPages(b); n < 1 || n > 8 {
			t.Errorf("%s: %d pages", name, n)
		}
		if len(b) > 1<<20 {
			t.Errorf("%s: %d bytes", name, len(b))
		}
		for _, active := range []string{"/JavaScript", "/JS", "/Launch", "/OpenAction", "/EmbeddedFile", "/URI"} {
			if bytes.Contains(b, []byte(active)) {
				t.Errorf("%s: the file can do something: %s", name, active)
			}
		}
	}
}

func TestPDFOfALargeEstate(t *testing.T) {
	a := typicalSample()
	for i := range 10_000 {
		a.Machines = append(a.Machines, score.MachineResult{ID: fmt.Sprint(i), Name: fmt.Sprintf("host-%05d", i)})
		a.Recommendations = append(a.Recommendations, score.Recommendation{ID: fmt.Sprint(i), Action: "remove-idle-vm", Title: fmt.Sprintf("Remove %d", i), Risk: strings.Repeat("risk ", 100), Wave: "later"})
		a.Gaps = append(a.Gaps, score.GapResult{Points: 1})
		a.Sources = append(a.Sources, score.SourceResult{Target: fmt.Sprint("docker:", i), Error: strings.Repeat("e", 10_000)})
	}
	a.MachinesTotal, a.Roadmap.Steps = len(a.Machines), len(a.Recommendations)
	if n := pdfPages(pdfOf(t, a)); n < 4 || n > 9 {
		t.Errorf("%d pages", n)
	}
}

// What people read on paper are the numbers of the table.
func TestPDFSaysWhatTheTableSays(t *testing.T) {
	_, err := exec.LookPath("pdftotext")
	collecttest.Need(t, "pdftotext", err)
	for name, a := range samples() {
		file := filepath.Join(t.TempDir(), "r.pdf")
		b := pdfOf(t, a)
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), "pdftotext", "-layout", file, "-").Output()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		text := strings.Join(strings.Fields(string(out)), " ")
		if n := strings.Count(string(out), "\f"); n != pdfPages(b) {
			t.Errorf("%s: %d pages read, %d written", name, n, pdfPages(b))
		}
		want := []string{"Infrastructure optimisation", "How the numbers come about"}
		if name != "hostile" { // the fonts do not have all of its letters
			want = append(want, headlineWords(a, "pdf")...)
		}
		for _, s := range want {
			// Spaces are told from the distance of letters.
			if s = words(s); !strings.Contains(strings.ReplaceAll(text, " ", ""), strings.ReplaceAll(s, " ", "")) {
				t.Errorf("%s: %q is not on the pages: %.2000s", name, s, text)
			}
		}
	}
}
