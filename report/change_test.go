package report

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"unicode"

	"github.com/clipperhouse/displaywidth"

	"github.com/infraopt/infraopt/score"
)

// changes are samples of changes: of nothing, of much, and of what somebody wrote who means harm.
func changes() map[string]*score.Assessment {
	empty, typical, hostile := emptySample(), typicalSample(), hostileSample()
	empty.Trend = &score.Trend{Comparable: true, From: score.TrendEnd{Score: none()}, To: score.TrendEnd{Score: none()}}
	typical.Trend = trendSample()
	typical.Trend.Indicators = []score.TrendIndicator{
		{ID: "components.packing", Change: score.TrendChange{Low: -.75, High: -.5}, Terms: []score.TrendTerm{{ID: score.TrendWithin, Points: -1}, {ID: score.TrendMix}, {ID: score.TrendJoined, Points: .25}}},
		{ID: "containers.isolation", Terms: []score.TrendTerm{{ID: score.TrendWithin}}},
		{ID: "converged.fabric", Change: score.TrendChange{High: 2.5}, Terms: []score.TrendTerm{{ID: score.TrendWithin, High: 2.5}}},
	}
	t := trendSample()
	t.Note = nasty
	for i := range t.Terms {
		t.Terms[i].Text = nasty
	}
	t.Hosts = score.TrendHosts{Joined: hostileNames, Left: hostileNames, Conflicts: hostileNames, Incomparable: []score.Incomparable{{Name: nasty, Why: nasty}}}
	for _, name := range hostileNames {
		t.Indicators = append(t.Indicators, score.TrendIndicator{ID: name, Change: score.TrendChange{Low: 1}, Terms: []score.TrendTerm{{ID: name, Points: 1}}})
	}
	hostile.Trend = t
	return map[string]*score.Assessment{"empty": empty, "typical": typical, "hostile": hostile, "none": typicalSample()}
}

func renderedChange(t *testing.T, a *score.Assessment, d Display) string {
	t.Helper()
	var out bytes.Buffer
	if err := renderChange(&out, &Report{Assessment: a, Display: d}); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestChangeGolden(t *testing.T) {
	for name, a := range changes() {
		for _, w := range []int{40, 80, 140} {
			golden(t, fmt.Sprintf("change/%s-%d.txt", name, w), []byte(renderedChange(t, a, Display{Width: w})))
		}
	}
	golden(t, "change/typical-80-ascii.txt", []byte(renderedChange(t, changes()["typical"], Display{ASCII: true})))
}

// Nothing steers a terminal, and no line is wider than the page.
func TestChangeIsTame(t *testing.T) {
	for name, a := range changes() {
		for _, w := range []int{40, 61, 80, 140} {
			text := renderedChange(t, a, Display{Width: w})
			for _, r := range text {
				if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) {
					t.Errorf("%s: writes %U", name, r)
					break
				}
			}
			for line := range strings.Lines(text) {
				if n := displaywidth.String(strings.TrimRight(line, "\n")); n > w {
					t.Errorf("%s at %d: a line of %d columns: %q", name, w, n, line)
				}
			}
		}
		for _, f := range ChangeFormats() {
			if err := f.Render(fullDisk{}, &Report{Assessment: a}); err == nil {
				t.Errorf("%s as %s: got no error from a writer that fails", name, f.Name)
			}
		}
	}
}
