package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"html"
	"regexp"
	"strings"
	"testing"

	"github.com/infraopt/infraopt/score"
)

// exactFigures reads the headline numbers from formats for programs, in the digits that they have there, by their
// places in the JSON document. Where a format has no number it is left out or empty.
var exactFigures = map[string]func(t *testing.T, text []byte) map[string]string{
	"json": func(t *testing.T, text []byte) map[string]string {
		out := map[string]string{}
		for _, f := range figures(emptySample()) {
			var at any
			d := json.NewDecoder(bytes.NewReader(text))
			d.UseNumber()
			if err := d.Decode(&at); err != nil {
				t.Fatal(err)
			}
			for _, name := range strings.Split(f.id, ".") {
				at = at.(map[string]any)[name]
			}
			if n, ok := at.(json.Number); ok {
				out[f.id] = n.String()
			}
		}
		return out
	},
	"csv": func(t *testing.T, text []byte) map[string]string {
		lines, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		places := map[string]string{
			"level": "level.number", "score_low": "score.low", "score_high": "score.high", "coverage": "coverage.evidence", "components": "headline.components", "workloads": "headline.workloads.low",
			"workloads_high": "headline.workloads.high", "components_per_workload_low": "headline.componentsPerWorkload.low", "components_per_workload_high": "headline.componentsPerWorkload.high",
			"attainable_low": "headline.attainable.low", "attainable_high": "headline.attainable.high", "hosts": "headline.hosts", "hosts_plan": "headline.hostsPlan", "hosts_bound": "headline.hostsBound",
		}
		out := map[string]string{}
		for i, name := range lines[0] {
			if place := places[name]; place != "" {
				out[place] = lines[1][i]
			}
		}
		return out
	},
	"xlsx": func(t *testing.T, text []byte) map[string]string {
		book := openWorkbook(t, text)
		places, numbers, all := workbookColumn(t, book, "Summary", "Place in JSON"), workbookColumn(t, book, "Summary", "Number"), workbookColumn(t, book, "Summary", "Exactly")
		out := map[string]string{}
		for i, place := range places {
			out[place] = all[i]
			if len(numbers[i]) < 15 && numbers[i] != all[i] || !strings.HasPrefix(all[i], numbers[i]) {
				t.Errorf("%s: the number is %s, and exactly %s", place, numbers[i], all[i])
			}
		}
		return out
	},
	"junit": func(t *testing.T, text []byte) map[string]string {
		var doc junitSuites
		if err := xml.Unmarshal(text, &doc); err != nil {
			t.Fatal(err)
		}
		out := map[string]string{}
		for _, p := range doc.Suites[0].Properties.List {
			out[p.Name] = p.Value
		}
		return out
	},
	"sarif": func(t *testing.T, text []byte) map[string]string {
		var log struct {
			Runs []struct{ Properties map[string]*json.Number }
		}
		if err := json.Unmarshal(text, &log); err != nil {
			t.Fatal(err)
		}
		out := map[string]string{}
		for place, n := range log.Runs[0].Properties {
			if n != nil {
				out[place] = n.String()
			}
		}
		return out
	},
	"prometheus": func(_ *testing.T, text []byte) map[string]string {
		places := map[string]string{
			"level": "level.number", "score_low": "score.low", "score_high": "score.high", `coverage_ratio{of="evidence"}`: "coverage.evidence", `coverage_ratio{of="frame"}`: "coverage.frame",
			`coverage_ratio{of="freshness"}`: "coverage.freshness", "components": "headline.components", "workloads_low": "headline.workloads.low", "workloads_high": "headline.workloads.high",
			"components_per_workload_low": "headline.componentsPerWorkload.low", "components_per_workload_high": "headline.componentsPerWorkload.high", "attainable_components_per_workload_low": "headline.attainable.low",
			"attainable_components_per_workload_high": "headline.attainable.high", "hosts": "headline.hosts", "hosts_plan": "headline.hostsPlan", "hosts_bound": "headline.hostsBound",
		}
		out := map[string]string{}
		for line := range strings.Lines(string(text)) {
			name, number, _ := strings.Cut(strings.TrimSpace(line), " ")
			if place := places[strings.TrimPrefix(name, "infraopt_")]; place != "" {
				out[place] = number
			}
		}
		return out
	},
}

// notInCSV are figures for which the one table has no column.
var notInCSV = map[string]bool{"coverage.frame": true, "coverage.freshness": true}

// standingOnly are formats with room for one line on the estate as a whole; an SVG has level and score only.
var standingOnly = map[string]bool{"gitlab-codequality": true, "github": true, "svg": true}

// The headline numbers are the same in all formats of one report. Formats for programs give all their digits, the same in
// each; formats for people give them rounded, in the same words. A format that is in neither list above is for people.
func TestHeadlineIsTheSameEverywhere(t *testing.T) {
	list := samples()
	list["full"] = fullSample()
	for name, a := range list {
		want := exactFigures["json"](t, rendered(t, "json", a, Display{}))
		for _, f := range Formats() {
			text := rendered(t, f.Name, a, Display{Width: maxWidth})
			if read := exactFigures[f.Name]; read != nil {
				got := read(t, text)
				for _, x := range figures(a) {
					if left := f.Name == "csv" && notInCSV[x.id]; !left && got[x.id] != want[x.id] {
						t.Errorf("%s as %s: %s is %q, want %q", name, f.Name, x.id, got[x.id], want[x.id])
					}
				}
				continue
			}
			if f.Name == "pdf" {
				continue // its text is taken out and compared by a test of its own
			}
			shown := words(string(text))
			for _, s := range headlineWords(a, f.Name) {
				if !strings.Contains(shown, s) {
					t.Errorf("%s as %s: does not say %q:\n%.1500s", name, f.Name, s, shown)
				}
			}
		}
	}
}

// words is the text of a document, without markup and signs that are told apart from text by it.
func words(s string) string {
	if strings.HasPrefix(strings.TrimSpace(s), "<") {
		s = html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(s, " "))
	}
	s = strings.NewReplacer("%25", "%", `\`, "", nbsp, " ").Replace(s)
	return strings.Join(strings.Fields(s), " ")
}

// headlineWords are the headline numbers in words.
func headlineWords(a *score.Assessment, format string) []string {
	p := newPage(Display{})
	out := []string{strings.TrimPrefix(p.scoreWords(a.Score, a.Level), "score "), p.words(a.Level.Name)}
	if format != "svg" {
		out = append(out, percent(a.Coverage.Evidence))
	}
	h := a.Headline
	if unproven(a) && format == "table" {
		h = a.Assumed.Headline // the screen has room for one
	}
	if !standingOnly[format] && !a.Score.None {
		if !h.ComponentsPerWorkload.None {
			out = append(out, p.ratio(h.ComponentsPerWorkload), p.ratio(h.Attainable)+" is attainable here")
		}
		out = append(out, p.tally(h.ComponentsBounds), p.tally(h.Workloads))
		if h.HostsPlan != nil {
			out = append(out, p.number(float64(*h.HostsPlan))+" in the plan")
		}
		if h.HostsPlan != nil || h.HostsBound < h.Hosts {
			out = append(out, p.number(float64(h.Hosts))+" now", "no plan needs fewer than "+p.number(float64(h.HostsBound)))
		}
	}
	for i := range out {
		out[i] = words(out[i])
	}
	return out
}
