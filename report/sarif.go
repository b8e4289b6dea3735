package report

import (
	"io"
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// The notions of a report in those of SARIF 2.1.0 (OASIS, 2020): an indicator, an action and whatever a finding names is a
// rule; what there is to do and what was found is a result; what could not be seen is a result of the kind "open", as
// there is too little to decide on; a target that could not be read is a notification of the invocation, too. The headline
// numbers are properties of the run.

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool        sarifTool           `json:"tool"`
	Invocations []sarifInvocation   `json:"invocations"`
	Results     []sarifResult       `json:"results"`
	ColumnKind  string              `json:"columnKind"`
	Properties  map[string]*float64 `json:"properties"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name    string      `json:"name"`
	Version string      `json:"version,omitempty"`
	Rules   []sarifRule `json:"rules"`
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifRule struct {
	ID               string         `json:"id"`
	ShortDescription sarifText      `json:"shortDescription"`
	FullDescription  sarifText      `json:"fullDescription"`
	Help             sarifText      `json:"help"`
	Default          sarifConfig    `json:"defaultConfiguration"`
	Properties       map[string]any `json:"properties"`
}

type sarifConfig struct {
	Level string `json:"level"`
}

type sarifInvocation struct {
	Successful    bool                `json:"executionSuccessful"`
	EndTime       string              `json:"endTimeUtc,omitempty"`
	Notifications []sarifNotification `json:"toolExecutionNotifications"`
}

type sarifNotification struct {
	Level   string    `json:"level"`
	Message sarifText `json:"message"`
}

type sarifResult struct {
	RuleID       string            `json:"ruleId"`
	RuleIndex    int               `json:"ruleIndex"`
	Kind         string            `json:"kind"`
	Level        string            `json:"level"`
	Message      sarifText         `json:"message"`
	Locations    []sarifLocation   `json:"locations"`
	Fingerprints map[string]string `json:"partialFingerprints"`

	// Of an audit with a baseline, and of what is waived.
	State        string             `json:"baselineState,omitempty"`
	Suppressions []sarifSuppression `json:"suppressions,omitempty"`
}

type sarifSuppression struct {
	Kind          string `json:"kind"`
	Status        string `json:"status"`
	Justification string `json:"justification"`
}

type sarifLocation struct {
	Physical sarifPhysical  `json:"physicalLocation"`
	Logical  []sarifLogical `json:"logicalLocations,omitempty"`
}

type sarifPhysical struct {
	Artifact sarifArtifact `json:"artifactLocation"`
	Region   sarifRegion   `json:"region"`
}

type sarifArtifact struct {
	URI string `json:"uri"`
}

type sarifRegion struct {
	StartLine int `json:"startLine"`
}

type sarifLogical struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
}

// mostIssues is how many issues go into files for pipelines: GitHub shows 5000 results of a run.
const mostIssues = 5000

// renderSARIF writes what there is to do, what was found and what could not be seen as a log of static analysis.
func renderSARIF(w io.Writer, r *Report) error {
	p, a := newPage(r.Display), r.Assessment
	run := sarifRun{
		Tool:        sarifTool{sarifDriver{Name: "infraopt", Version: p.words(a.Tool.Version)}},
		Invocations: []sarifInvocation{p.sarifInvocation(a)},
		Results:     []sarifResult{},
		ColumnKind:  "unicodeCodePoints",
		Properties:  map[string]*float64{},
	}
	for _, f := range figures(a) {
		run.Properties[f.id] = f.value
	}
	rules, index := p.sarifRules(a), map[string]int{}
	for i := range rules {
		index[rules[i].ID] = i
	}
	all := p.issues(a)
	for i := range all[:min(len(all), mostIssues)] {
		x := &all[i]
		at, ok := index[x.rule]
		if !ok {
			at = len(rules)
			index[x.rule] = at
			rules = append(rules, sarifRuleOf(x.rule, x.kind+" "+x.rule, "A "+x.kind+" that a report lists.", "infraopt explain tells how the score works.", x.gravity))
		}
		run.Results = append(run.Results, x.sarif(at))
	}
	if left := len(all) - len(run.Results); left > 0 {
		n := &run.Invocations[0].Notifications
		*n = append(*n, sarifNotification{"note", sarifText{spell(p.number(float64(left)) + " more results of " + p.number(float64(len(all))) + " are left out; infraopt assess --format json has all")}})
	}
	run.Tool.Driver.Rules = rules
	return writeJSON(w, sarifLog{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run}}, "SARIF log", r.Display.ASCII)
}

func (p *page) sarifInvocation(a *score.Assessment) sarifInvocation {
	out := sarifInvocation{Successful: true, Notifications: []sarifNotification{}}
	if !a.GeneratedAt.IsZero() {
		out.EndTime = a.GeneratedAt.UTC().Format("2006-01-02T15:04:05.000Z")
	}
	failed := 0
	for i := range a.Sources {
		s := &a.Sources[i]
		if s.Status != inventory.StatusFailed {
			continue
		}
		out.Successful = false
		if failed++; failed <= 100 {
			out.Notifications = append(out.Notifications, sarifNotification{"error", sarifText{spell(p.target(s) + ": " + p.words(s.Error))}})
		}
	}
	out.Notifications = append(out.Notifications, sarifNotification{"note", sarifText{spell(p.summary(a))}})
	return out
}

// sarifRules are the rules that a report speaks of: indicators first, then actions. An ID is one rule.
func (p *page) sarifRules(a *score.Assessment) []sarifRule {
	rules := []sarifRule{}
	taken := map[string]bool{}
	add := func(id, short, full, help string, g gravity) {
		if !taken[id] {
			taken[id] = true
			rules = append(rules, sarifRuleOf(id, short, full, help, g))
		}
	}
	for i := range a.Pillars {
		for j := range a.Pillars[i].Indicators {
			x := &a.Pillars[i].Indicators[j]
			id := p.ruleID(x.ID)
			add(id, p.words(x.Title), p.words(x.Title), strings.TrimSpace(p.words(x.Explanation)+" infraopt explain "+id), graveNote)
		}
	}
	for i := range a.Recommendations {
		x := &a.Recommendations[i]
		id := p.ruleID(x.Action)
		add(id, "Action: "+id, p.words(x.Why), "infraopt explain "+id, graveNote)
	}
	add(ruleSource, "A target could not be read", "What could not be read is not known, and not known is neither good nor bad.", "infraopt doctor tells what can be read as which user, and what would show more.", graveError)
	add(ruleGap, "Something could not be seen", "It is known to exist and could not be looked at. It keeps the score an interval.", "infraopt doctor tells what can be read as which user, and what would show more.", graveNote)
	return rules
}

func sarifRuleOf(id, short, full, help string, g gravity) sarifRule {
	if short == "" {
		short = id
	}
	if full == "" {
		full = short
	}
	return sarifRule{ID: id, ShortDescription: sarifText{spell(short)}, FullDescription: sarifText{spell(full)}, Help: sarifText{spell(full + " " + help)},
		Default: sarifConfig{g.sarif()}, Properties: map[string]any{"problem.severity": [...]string{"recommendation", "warning", "error"}[g], "tags": []string{"infrastructure"}}}
}

func (x *issue) sarif(rule int) sarifResult {
	text := x.told()
	if x.remedy != "" {
		text += ". What to do: " + x.remedy
	}
	out := sarifResult{RuleID: x.rule, RuleIndex: rule, Kind: "fail", Level: x.gravity.sarif(), Message: sarifText{spell(text)},
		Locations:    []sarifLocation{{Physical: sarifPhysical{sarifArtifact{x.place()}, sarifRegion{1}}}},
		Fingerprints: map[string]string{"infraopt/v1": x.fingerprint, "primaryLocationLineHash": x.fingerprint + ":1"},
	}
	if x.subject != "" {
		out.Locations[0].Logical = []sarifLogical{{spell(x.subject), "resource"}}
	}
	if x.kind == issueGap {
		out.Kind, out.Level = "open", "none"
	}
	return out
}

func (g gravity) sarif() string { return [...]string{"note", "warning", "error"}[g] }

// spell makes text that SARIF takes as it is: brackets would make a link of it, and braces a placeholder.
func spell(s string) string {
	const longest = 1000
	return literal(spaces(cut(s, longest, "…")))
}
