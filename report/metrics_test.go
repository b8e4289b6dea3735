package report

import (
	"bytes"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/infraopt/infraopt/collect/collecttest"
	"github.com/infraopt/infraopt/score"
)

// The reader of the textfile collector takes every file.
func TestMetricsAreRead(t *testing.T) {
	eachReport(t, func(t *testing.T, a *score.Assessment) {
		text := rendered(t, "prometheus", a, Display{})
		parser := expfmt.NewTextParser(model.LegacyValidation)
		families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		for name, f := range families {
			if f.GetHelp() == "" || len(f.Metric) > mostSeries || !strings.HasPrefix(name, "infraopt_") {
				t.Errorf("%s: help %q, %d series", name, f.GetHelp(), len(f.Metric))
			}
			seen := map[string]bool{}
			for _, m := range f.Metric {
				key := ""
				for _, l := range m.Label {
					if key += "\x00" + l.GetValue(); len(l.GetValue()) > longestLabel {
						t.Errorf("%s: a label of %d bytes", name, len(l.GetValue()))
					}
				}
				if seen[key] {
					t.Errorf("%s: twice with the labels %q", name, key)
				}
				seen[key] = true
			}
		}
	})
}

// The strict reader of OpenMetrics, which is slow, takes the same, also where labels are whatever things are called.
func TestMetricsAreOpenMetrics(t *testing.T) {
	list := samples()
	odd := emptySample()
	for _, text := range attacks {
		odd.Headline.ByClass = append(odd.Headline.ByClass, score.ComponentClass{Class: text, Count: bounds(1, 2)})
	}
	list["odd"] = odd
	for name, a := range list {
		text := rendered(t, "prometheus", a, Display{})
		strict := expfmt.NewDecoder(bytes.NewReader(text), expfmt.NewFormat(expfmt.TypeOpenMetrics))
		read := 0
		for ; ; read++ {
			var f dto.MetricFamily
			if err := strict.Decode(&f); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: %v\n%s", name, err, text)
			}
		}
		if want := strings.Count(string(text), "# TYPE "); read != want {
			t.Errorf("%s: %d metrics were read of %d", name, read, want)
		}
	}
}

// What is not known has no series: a 0 would be drawn as a number.
func TestMetricsLeaveOutTheUnknown(t *testing.T) {
	text := string(rendered(t, "prometheus", emptySample(), Display{}))
	for _, name := range []string{"infraopt_score", "infraopt_workloads", "infraopt_hosts_plan"} {
		if strings.Contains(text, "\n"+name) {
			t.Errorf("an estate of which nothing is known has %s:\n%s", name, text)
		}
	}
}

func TestPromtool(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	collecttest.Need(t, "promtool", err)
	for name, a := range samples() {
		cmd := exec.Command(promtool, "check", "metrics")
		cmd.Stdin = bytes.NewReader(rendered(t, "prometheus", a, Display{}))
		if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}
