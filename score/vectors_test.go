package score_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// The vectors are situations in which other programs of this kind are known to mislead, with what this one has to say.
// V7, V13 and V14 are held in cmd/infraopt, V11 and V12 in score/plan, V8 and V9 where changes are explained.

// A check is a question of a vector with its answers, one for each workload: 0 to 1, or not known (negative).
type check struct {
	pillar  string
	weight  float64
	answers []float64
}

const unreadable = -1

// checks makes a model of questions, with a host on which as many workloads as there are answers are in use. Each
// question has a ladder of the eleven tenths, and counts the evidence of its answers and nothing else.
func checks(t testing.TB, of ...check) (*score.Model, *inventory.Estate) {
	t.Helper()
	usual := model(t)
	m := &score.Model{Levels: usual.Levels, Idle: usual.Idle, Thresholds: usual.Thresholds}
	works := 0
	for i, c := range of {
		works = max(works, len(c.answers))
		if !slices.ContainsFunc(m.Pillars, func(p score.Pillar) bool { return p.ID == c.pillar }) {
			m.Pillars = append(m.Pillars, score.Pillar{ID: c.pillar, Title: c.pillar})
		}
		m.Indicators = append(m.Indicators, question(fmt.Sprintf("%s.q%02d", c.pillar, i), c))
	}
	for i := range m.Pillars {
		m.Pillars[i].Weight = 1 / float64(len(m.Pillars))
	}
	e := &inventory.Estate{Hosts: []*inventory.Node{{Machine: inventory.Machine{ID: "host", Powered: inventory.Known(true), Inside: inventory.Absent[string](), Processes: inventory.Known(1),
		Cores: inventory.Known(64.0), Memory: inventory.Known(64 * inventory.GiB)}}}}
	for i := range works {
		e.Hosts[0].Workloads = append(e.Hosts[0].Workloads, inventory.Workload{ID: fmt.Sprint(i), Name: fmt.Sprint(i), Machine: "host", Layer: inventory.Application, Usage: refUsage})
	}
	return m, e
}

func question(id string, c check) score.Indicator {
	d := score.Definition{ID: id, Weight: c.weight, Question: "is it done?"}
	for i := range 11 {
		d.Ladder = append(d.Ladder, score.Step{ID: fmt.Sprint("s", i), Value: float64(i) / 10, Text: fmt.Sprintf("%d tenths", i)})
	}
	return score.Indicator{Definition: d, Rate: (*score.Rater).Ladder, Tally: func(s *score.Stack, add *score.Adder) {
		for i, x := range s.Works {
			low, high := "s0", "s10"
			fact := score.Fact{Name: "answer", Value: "unknown", Why: "permission denied", Remedy: "run as root"}
			known := c.answers[i] != unreadable
			if known {
				low = fmt.Sprint("s", math.Round(10*c.answers[i]))
				high = low
				fact = score.Fact{Name: "answer", Value: low, Known: true}
				add.Cover(1, 1)
			} else {
				add.Cover(0, 1)
			}
			add.AddKind(low, high, x.Weight)
			add.Note(x.Place, x.Name, fact, nil, 1, 0)
		}
	}}
}

// says compares a result with what a vector wants of it.
func says(t *testing.T, a *score.Assessment, low, high, coverage float64) {
	t.Helper()
	if math.Abs(a.Score.Low-low) > tolerance || math.Abs(a.Score.High-high) > tolerance || a.Score.None {
		t.Errorf("score %+v, want %v to %v", a.Score, low, high)
	}
	if math.Abs(a.Coverage.Evidence-coverage) > tolerance {
		t.Errorf("coverage %v, want %v", a.Coverage.Evidence, coverage)
	}
}

// V1: two sections that weigh alike; one is at 50 %, the other cannot be read. Not 75, as if what cannot be read were
// fine.
func TestV01UnreadableSection(t *testing.T) {
	m, e := checks(t, check{"a", 1, []float64{0, 1}}, check{"b", 1, []float64{unreadable, unreadable}})
	says(t, score.Assess(e, m, score.Request{}), 25, 75, .5)
}

// V2: ten workloads, and no data for any of them. Not a perfect score: nothing is proven, nothing is covered, and there
// is no level.
func TestV02NoDataAtAll(t *testing.T) {
	ten := slices.Repeat([]float64{unreadable}, 10)
	m, e := checks(t, check{"a", 1, ten})
	for i := range e.Hosts[0].Workloads {
		e.Hosts[0].Workloads[i].Usage = inventory.Usage{}
	}
	a := score.Assess(e, m, score.Request{})
	says(t, a, 0, 100, 0)
	if a.Level.Number != 0 || a.Level.Name != "Unassessed" || a.Level.Reason == "" {
		t.Errorf("level %+v, want none, and why", a.Level)
	}
}

// V3: ten questions, none of them answered. Not 70: no level, whatever is known of the use.
func TestV03NoAnswers(t *testing.T) {
	var of []check
	for range 10 {
		of = append(of, check{"a", .1, []float64{unreadable}})
	}
	m, e := checks(t, of...)
	a := score.Assess(e, m, score.Request{})
	says(t, a, 0, 100, 0)
	if a.Level.Number != 0 || a.Level.Reason == "" {
		t.Errorf("level %+v, want none, and why", a.Level)
	}
}

// V4: of 49 controls 34 pass, and 15 cannot be evaluated.
func TestV04ControlsNotEvaluated(t *testing.T) {
	var of []check
	for i := range 49 {
		answer := 1.0
		if i >= 34 {
			answer = unreadable
		}
		of = append(of, check{"a", 1.0 / 49, []float64{answer}})
	}
	m, e := checks(t, of...)
	says(t, score.Assess(e, m, score.Request{}), 100*34.0/49, 100, 34.0/49)
}

// V5: the one check that fails, of weight 10 beside three of weight 5, becomes unreadable. The score does not become
// perfect: what is proven stays 60, and what could be becomes 100.
func TestV05FailureBecomesUnreadable(t *testing.T) {
	of := []check{{"a", .4, []float64{0}}, {"a", .2, []float64{1}}, {"a", .2, []float64{1}}, {"a", .2, []float64{1}}}
	m, e := checks(t, of...)
	says(t, score.Assess(e, m, score.Request{}), 60, 60, 1)
	of[0].answers = []float64{unreadable}
	m, e = checks(t, of...)
	says(t, score.Assess(e, m, score.Request{}), 60, 100, .6)
}

// V6: a check that cannot run is neither a failure nor a pass: it is not known, for a reason, and there is something to
// do about it.
func TestV06CheckCannotRun(t *testing.T) {
	m, e := checks(t, check{"a", 1, []float64{unreadable}})
	a := score.Assess(e, m, score.Request{})
	x := a.Pillars[0].Indicators[0]
	if x.Low != 0 || x.High != 1 || !x.Applicable || len(x.Evidence) != 1 {
		t.Fatalf("%+v", x)
	}
	if ev := x.Evidence[0]; ev.Known || ev.Value != "unknown" || ev.Why != "permission denied" || ev.Remedy != "run as root" {
		t.Errorf("evidence %+v, want that it is not known, why, and what would tell", ev)
	}
}

// V10: a waiver that expired yesterday counts no more, one that matches nothing is told, and neither is silent.
func TestV10WaiversThatDoNothing(t *testing.T) {
	m, e := checks(t, check{"a", .5, []float64{0}}, check{"a", .5, []float64{1}})
	bad := m.Indicators[0].ID
	now := time.Date(2026, 11, 23, 7, 41, 0, 0, time.UTC)
	at := func(day int) string { return now.AddDate(0, 0, day).Format("2006-01-02") }
	tests := []struct {
		name   string
		waiver score.Waiver
		status string
		score  float64
	}{
		{"in force", score.Waiver{Indicator: bad, Reason: "planned", Until: at(1)}, "applied", 100},
		{"on its last day", score.Waiver{Indicator: bad, Reason: "planned", Until: at(0)}, "applied", 100},
		{"expired yesterday", score.Waiver{Indicator: bad, Reason: "planned", Until: at(-1)}, "expired", 50},
		{"matches nothing", score.Waiver{Indicator: bad, Machines: []string{"gone-*"}, Reason: "planned"}, "unused", 50},
		{"expired, and matches nothing", score.Waiver{Indicator: bad, Machines: []string{"gone-*"}, Reason: "planned", Until: at(-1)}, "expired", 50},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := *m
			c.Waivers = []score.Waiver{test.waiver}
			if err := c.Check(); err != nil {
				t.Fatal(err)
			}
			a := score.Assess(e, &c, score.Request{Options: score.Options{Now: now}})
			says(t, a, test.score, test.score, 1)
			if a.Unwaived == nil || math.Abs(a.Unwaived.Low-50) > tolerance {
				t.Errorf("without waivers the score is %+v, want 50", a.Unwaived)
			}
			if len(a.Waivers) != 1 || a.Waivers[0].Status != test.status || !strings.Contains(a.Waivers[0].Reason, "planned") {
				t.Errorf("waivers %+v, want one that is %s", a.Waivers, test.status)
			}
		})
	}
}
