package indicators

import (
	"math"
	"strings"
	"testing"
)

func TestDefaultModelIsComplete(t *testing.T) {
	m, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Pillars) != 4 || len(m.Indicators) != 15 || len(m.Levels) != 5 {
		t.Errorf("got %d pillars, %d indicators, %d levels, want 4, 15, 5", len(m.Pillars), len(m.Indicators), len(m.Levels))
	}
	for _, i := range m.Indicators {
		if i.Question == "" || i.Why == "" || i.Measured == "" || len(i.References) == 0 {
			t.Errorf("%s: a question without words: %+v", i.ID, i.Definition)
		}
		for _, s := range i.Ladder {
			if s.Text == "" {
				t.Errorf("%s: step %s has no text", i.ID, s.ID)
			}
		}
	}
}

func TestModelErrorsNameTheThing(t *testing.T) {
	text := string(defaultModel)
	tests := []struct{ old, new, want string }{
		{"weight: .35", "weight: .36", "add up to"},
		{"id: components.packing", "id: components.stacking", "components.stacking: in the model, and not in the code"},
		{"why: An idle host", "whi: An idle host", `model.yaml:33:5: unknown key "whi": did you mean why?`},
		{"value: .20, text: process in a", "value: .05, text: process in a", "step vm-process"},
		{"  server: 1", "  server: -1", "server"},
	}
	for _, test := range tests {
		if _, err := parse([]byte(strings.Replace(text, test.old, test.new, 1))); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q in it", test.new, err, test.want)
		}
	}
}

// Worked by hand: 8 components where 2 would do for 4 workloads. CPW* is .5, the worst is 2, so
// 1 − ln 4 / ln 4 = 0; with 4 components it is 1 − ln 2 / ln 4 = .5.
func TestPerWorkload(t *testing.T) {
	tests := []struct{ components, attainable, workloads, want float64 }{
		{8, 2, 4, 0}, {4, 2, 4, .5}, {2, 2, 4, 1}, {1, 2, 4, 1}, {100, 2, 4, 0}, {3, 0, 4, 0}, {0, 0, 0, 1},
		{4, 1, 100, 1 - math.Log(4)/math.Log(200)}, {5, math.Inf(1), 1, 1},
	}
	m, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		if got := perWorkloadOf(&m.Thresholds, test.components, test.attainable, test.workloads); math.Abs(got-test.want) > 1e-12 {
			t.Errorf("%v: got %v", test, got)
		}
	}
}
