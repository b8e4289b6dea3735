// Package audit holds an assessment against a policy: gates that are passed or not, findings that are new or not, and
// waivers that are in force or not. It opens nothing and knows no clock: equal inputs give equal results.
//
// Every gate is held against what is proven, the low end. What is not known never passes a gate, and what could not be looked
// at is never said to be resolved.
package audit

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
	"github.com/infraopt/infraopt/score/plan"
)

// Schema names the form of a Result.
const Schema = "infraopt.audit/v1"

// A Result is what an audit says.
type Result struct {
	Schema      string          `json:"schema"`
	GeneratedAt time.Time       `json:"generatedAt"`
	Tool        score.ToolInfo  `json:"tool"`
	Policy      string          `json:"policy,omitempty"` // name of the policy file, where there is one
	Status      int             `json:"status"`           // exit status that the gates ask for: 0 passed, 1 failed, 2 incomplete, 3 could not be asked
	Verdict     string          `json:"verdict"`          // the status, in a sentence
	Decisive    *Gate           `json:"decisive"`         // the gate that decides the status: the first of the gravest; null where all are passed
	Score       score.Bounds    `json:"score"`
	Unwaived    *score.Bounds   `json:"unwaived,omitempty"`   // the score that there would be without the waivers of the model
	Assumption  string          `json:"assumption,omitempty"` // that the score rests on
	Coverage    score.Coverage  `json:"coverage"`
	Level       int             `json:"level"`
	LevelName   string          `json:"levelName"`
	Baseline    *BaselineResult `json:"baseline"` // null where there is none
	Counts      Counts          `json:"counts"`
	Gates       []Gate          `json:"gates"`
	Findings    []Finding       `json:"findings"` // new ones first, then those of which nobody can tell, then unchanged, then resolved
	Waivers     []WaiverResult  `json:"waivers"`
	Sources     []Source        `json:"sources"`
	Machines    []Machine       `json:"machines"` // what a later audit has to know of them
}

// Outcomes of a gate.
const (
	Pass    = "pass"
	Fail    = "fail"
	Unknown = "unknown" // what it asks for is not known, or not enough of it
	Error   = "error"   // it could not be asked
	Skipped = "skipped" // waived, or it does not apply
)

// A Gate is one condition, with where the estate stands.
type Gate struct {
	ID       string   `json:"id"`
	Text     string   `json:"text"`    // what is asked for
	Outcome  string   `json:"outcome"` // pass, fail, unknown, error or skipped
	Have     string   `json:"have"`
	Want     string   `json:"want"`
	Why      string   `json:"why,omitempty"`      // where it is not passed
	Remedy   string   `json:"remedy,omitempty"`   // what to do about it
	Subjects []string `json:"subjects,omitempty"` // machines or findings that decide it, the first of them
	WaivedBy []string `json:"waivedBy,omitempty"` // waivers without which it would not be passed
	Where    string   `json:"where,omitempty"`    // file:line of the policy, or the flag
}

// States of a finding against a baseline.
const (
	New          = "new"
	Unchanged    = "unchanged"
	Resolved     = "resolved"
	Incomparable = "incomparable" // nobody can tell: what shows it could not be read then, or now
)

// A Finding is one thing that could be better, or that was noticed.
type Finding struct {
	Fingerprint string   `json:"fingerprint"`
	Rule        string   `json:"rule"`     // ID of the action that would change it, or of what was noticed
	Severity    string   `json:"severity"` // error, warning or note
	Subject     string   `json:"subject"`  // for people
	Name        string   `json:"name"`     // of the thing
	Class       string   `json:"class"`    // of the thing: vm, container, image, volume, workload or machine
	Machine     string   `json:"machine"`  // ID
	MachineName string   `json:"machineName"`
	Host        string   `json:"host"` // ID of the lowest machine that it stands on
	Key         string   `json:"key"`  // what the thing, or the place where something was noticed, is called on its machine
	Text        string   `json:"text"`
	Remedy      string   `json:"remedy,omitempty"` // the command that says what to do
	State       string   `json:"state,omitempty"`  // against the baseline, where there is one
	Why         string   `json:"why,omitempty"`    // nobody can tell
	WaivedBy    string   `json:"waivedBy,omitempty"`
	Targets     []string `json:"targets"`           // that showed it
	Unknown     []string `json:"unknown,omitempty"` // facts of the thing that were not known
	Nth         int      `json:"nth,omitempty"`     // of several things on a machine that are called alike, from the second
}

// Severities of findings.
const (
	SeverityError   = "error"
	SeverityWarning = "warning"
	SeverityNote    = "note"
)

// Counts sum up the lists of a result.
type Counts struct {
	Passed       int `json:"passed"` // gates
	Failed       int `json:"failed"`
	Unknown      int `json:"unknown"`
	Errors       int `json:"errors"`
	Skipped      int `json:"skipped"`
	Findings     int `json:"findings"` // there are, waived ones among them
	New          int `json:"new"`      // not waived, as are all that follow
	Incomparable int `json:"incomparable"`
	Unchanged    int `json:"unchanged"`
	Resolved     int `json:"resolved"`
	Waived       int `json:"waived"`
}

// A Source is a target, with how reading it went.
type Source struct {
	Target string           `json:"target"`
	Scheme string           `json:"scheme"`
	Status inventory.Status `json:"status"`
}

// Evidence is what an audit is about.
type Evidence struct {
	Assessment *score.Assessment
	Estate     *inventory.Estate // that was assessed
	Model      *score.Model
	Request    plan.Request
	Reading    Reading
}

// A Reading says how reading the targets went, where not all could be read that had to be.
type Reading struct {
	Outcome string // Pass where empty
	Why     string
	Remedy  string
}

// Audit holds an assessment and what was found against a policy, and against a baseline where there is one.
func Audit(e Evidence, p *Policy, b *Baseline, now time.Time) *Result {
	a := e.Assessment
	r := &Result{Schema: Schema, GeneratedAt: a.GeneratedAt, Tool: a.Tool, Policy: p.File, Score: a.Score, Unwaived: a.Unwaived, Coverage: a.Coverage,
		Level: a.Level.Number, LevelName: a.Level.Name, Gates: []Gate{}, Waivers: []WaiverResult{}, Sources: []Source{}, Machines: recognised(e.Estate)}
	if a.Assumed != nil && a.Assumed.Score == a.Score {
		r.Assumption = a.Assumed.Assumption
	}
	for _, s := range a.Sources {
		r.Sources = append(r.Sources, Source{s.Target, s.Scheme, s.Status})
	}
	w := newWaivers(p.Waivers, now)
	r.Findings = find(e.Estate, e.Model, e.Request)
	if b != nil {
		r.Findings = b.compare(r.Findings, e)
		if r.Baseline = b.result(); b.Result != nil {
			r.Baseline.settle(b.Result, r)
		}
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.State != Resolved {
			f.WaivedBy = w.waives(f.Rule, f.names())
		}
	}
	g := &gates{result: r, policy: p, evidence: e, waivers: w, baseline: b, now: now}
	g.all()
	r.Waivers = append(r.Waivers, w.results(r)...)
	r.count()
	r.decide()
	return r
}

// count sums up.
func (r *Result) count() {
	c := &r.Counts
	outcomes := map[string]*int{Pass: &c.Passed, Fail: &c.Failed, Unknown: &c.Unknown, Error: &c.Errors, Skipped: &c.Skipped}
	for i := range r.Gates {
		*outcomes[r.Gates[i].Outcome]++
	}
	states := map[string]*int{New: &c.New, Incomparable: &c.Incomparable, Unchanged: &c.Unchanged, Resolved: &c.Resolved}
	for i := range r.Findings {
		f := &r.Findings[i]
		if f.State != Resolved && !f.gone() {
			c.Findings++
		}
		if f.WaivedBy != "" {
			c.Waived++
		} else if n := states[f.State]; n != nil {
			*n++
		}
	}
}

// gone reports whether a finding was one of the baseline, and is not there today.
func (f *Finding) gone() bool {
	return f.State == Resolved || f.State == Incomparable && strings.HasPrefix(f.Why, goneNow)
}

// statuses are the exit statuses that outcomes ask for. Of several the greatest wins: what could not be asked says most
// about the audit itself, and what is incomplete may hide more failures.
var statuses = map[string]int{Pass: 0, Skipped: 0, Fail: 1, Unknown: 2, Error: 3}

// decide finds the gate that decides.
func (r *Result) decide() {
	for i := range r.Gates {
		if s := statuses[r.Gates[i].Outcome]; s > r.Status {
			r.Status = s
			g := r.Gates[i]
			r.Decisive = &g
		}
	}
	c := &r.Counts
	var parts []string
	for _, x := range []struct {
		n    int
		text string
	}{{c.Errors, "could not be asked"}, {c.Unknown, "unknown"}, {c.Failed, "failed"}, {c.Skipped, "skipped"}, {c.Passed, "passed"}} {
		if x.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", x.n, x.text))
		}
	}
	word := [...]string{"passed", "failed", "is incomplete", "could not be done"}[r.Status]
	r.Verdict = fmt.Sprintf("The audit %s; gates: %s.", word, strings.Join(parts, ", "))
}

// Explain says which gate decided the exit status, and why, in lines.
func (r *Result) Explain() []string {
	if r.Decisive == nil {
		return []string{fmt.Sprintf("exit status 0: %d gates passed, %d skipped, none failed", r.Counts.Passed, r.Counts.Skipped)}
	}
	d := r.Decisive
	head := fmt.Sprintf("exit status %d: decided by the gate %s", r.Status, d.ID)
	if d.Where != "" {
		head += " (" + d.Where + ")"
	}
	out := []string{head + ", which is " + outcomeWords[d.Outcome], "  asked: " + d.Text}
	if d.Have != "" || d.Want != "" {
		out = append(out, fmt.Sprintf("  have %s, want %s", cmp.Or(d.Have, "nothing"), d.Want))
	}
	if d.Why != "" {
		out = append(out, "  why: "+d.Why)
	}
	if d.Remedy != "" {
		out = append(out, "  remedy: "+d.Remedy)
	}
	var also []string
	for i := range r.Gates {
		if g := &r.Gates[i]; statuses[g.Outcome] > 0 && g.ID != d.ID {
			also = append(also, g.ID+" ("+g.Outcome+")")
		}
	}
	if len(also) > 0 {
		out = append(out, "  also not passed: "+strings.Join(also, ", "))
	}
	return append(out, "  of several gates that are not passed, could not be asked (3) decides before unknown (2), and that before failed (1); of like ones, the first")
}

var outcomeWords = map[string]string{Fail: "not passed", Unknown: "unknown", Error: "impossible to ask"}

var stateOrder = []string{New, Incomparable, Unchanged, Resolved, ""}

func sortFindings(list []Finding) {
	slices.SortStableFunc(list, func(a, b Finding) int {
		return cmp.Or(slices.Index(stateOrder, a.State)-slices.Index(stateOrder, b.State), weight(a.Severity)-weight(b.Severity))
	})
}

func weight(severity string) int {
	return slices.Index([]string{SeverityError, SeverityWarning, SeverityNote}, severity)
}
