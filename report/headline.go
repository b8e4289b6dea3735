package report

import (
	"encoding/json"
	"strings"

	"github.com/infraopt/infraopt/score"
)

// A figure is one of the headline numbers, as formats for programs give it: under its place in the JSON document, and in
// the digits that it has there.
type figure struct {
	id    string
	title string
	unit  string
	value *float64 // nil where there is none
}

// figures are the headline numbers.
func figures(a *score.Assessment) []figure {
	h := &a.Headline
	out := []figure{
		{"level.number", "Level", "0 where not assessed", known(float64(a.Level.Number))},
		{"score.low", "Score, proven", "points of 100", low(a.Score)},
		{"score.high", "Score, at most", "points of 100", high(a.Score)},
		{"coverage.evidence", "Coverage: evidence", "share", known(a.Coverage.Evidence)},
		{"coverage.frame", "Coverage: machines looked into", "share", known(a.Coverage.Frame)},
		{"coverage.freshness", "Coverage: fresh facts", "share", known(a.Coverage.Freshness)},
		{"headline.components", "Components", "count", known(h.Components)},
		{"headline.workloads.low", "Workloads, at least", "count", low(h.Workloads)},
		{"headline.workloads.high", "Workloads, at most", "count", high(h.Workloads)},
		{"headline.componentsPerWorkload.low", "Components per workload, at least", "ratio", low(h.ComponentsPerWorkload)},
		{"headline.componentsPerWorkload.high", "Components per workload, at most", "ratio", high(h.ComponentsPerWorkload)},
		{"headline.attainable.low", "Attainable here, at least", "ratio", low(h.Attainable)},
		{"headline.attainable.high", "Attainable here, at most", "ratio", high(h.Attainable)},
		{"headline.hosts", "Hosts now", "count", known(float64(h.Hosts))},
		{"headline.hostsPlan", "Hosts in the plan", "count", nil},
		{"headline.hostsBound", "Hosts that no plan can do without", "count", known(float64(h.HostsBound))},
	}
	if h.HostsPlan != nil {
		out[len(out)-2].value = known(float64(*h.HostsPlan))
	}
	return out
}

func known(x float64) *float64 {
	if !finite(x) {
		return nil // as in JSON, which has no such number
	}
	return &x
}

func low(b score.Bounds) *float64 {
	if b.None {
		return nil
	}
	return known(b.Low)
}

func high(b score.Bounds) *float64 {
	if b.None {
		return nil
	}
	return known(b.High)
}

// digits spells a number as the JSON document does; nothing where there is none.
func digits(x *float64) string {
	if x == nil {
		return ""
	}
	text, err := json.Marshal(*x)
	if err != nil {
		return ""
	}
	return string(text)
}

// A statement is a headline in words, as formats for people give it.
type statement struct{ title, text string }

// statements say what figures say, rounded as numbers.go says. Every format for people has the same words.
func (p *page) statements(a *score.Assessment) []statement {
	h := &a.Headline
	out := []statement{
		{"Level", p.named(a.Level)},
		{"Score", strings.TrimPrefix(p.scoreWords(a.Score, a.Level), "score ")},
		{"Coverage", percent(a.Coverage.Evidence)},
	}
	if s := a.Assumed; s != nil {
		out = append(out, statement{"If " + p.assumption(s.Assumption), "level " + p.named(s.Level) + ", " + p.scoreWords(s.Score, s.Level)})
	}
	cpw := "not known"
	if !h.ComponentsPerWorkload.None {
		cpw = p.ratio(h.ComponentsPerWorkload)
		if !h.Attainable.None {
			cpw += "; " + p.ratio(h.Attainable) + " is attainable here"
		}
	}
	out = append(out, statement{"Components per workload", cpw}, statement{"Components", p.tally(componentsOf(*h))}, statement{"Workloads", p.tally(h.Workloads)})
	hosts := p.number(float64(h.Hosts)) + " now"
	if h.HostsPlan != nil {
		hosts += ", " + p.number(float64(*h.HostsPlan)) + " in the plan"
	}
	if h.HostsBound > 0 {
		hosts += "; no plan needs fewer than " + p.number(float64(h.HostsBound))
	}
	return append(out, statement{"Hosts", hosts})
}

// summary is the shortest answer to where the estate stands.
func (p *page) summary(a *score.Assessment) string {
	level := p.named(a.Level)
	if a.Level.Number > 0 {
		level = "Level " + level
	}
	return level + ", " + p.scoreWords(a.Score, a.Level) + ", coverage " + percent(a.Coverage.Evidence)
}

// named is a level with its name, or only that where there is no level.
func (p *page) named(l score.LevelResult) string {
	switch name := p.words(l.Name); {
	case l.Number > 0:
		return p.levelWords(l)
	case name == "":
		return "Unassessed"
	default:
		return name
	}
}
