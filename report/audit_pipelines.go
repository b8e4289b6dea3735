package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/infraopt/infraopt/score/audit"
)

// An audit as tools of pipelines take it. A gate that is not passed is an issue, and so is a finding; what is waived or
// resolved is none, but where a format has a word for it.

// Kinds of issues of an audit.
const issueGate = "gate"

// gateIssues lists the gates that are not passed, the one that decides first.
func (p *page) gateIssues(a *audit.Result) []issue {
	var out []issue
	add := func(g *audit.Gate) {
		x := issue{kind: issueGate, rule: p.ruleID(g.ID), gravity: graveError, remedy: p.safe(g.Remedy), fingerprint: Fingerprint("gate", g.ID), text: p.gateWords(g)}
		if g.Outcome == audit.Unknown {
			x.gravity = graveWarning
		}
		out = append(out, x)
	}
	if a.Decisive != nil {
		add(a.Decisive)
	}
	for i := range a.Gates {
		if g := &a.Gates[i]; missed(g) && (a.Decisive == nil || g.ID != a.Decisive.ID) {
			add(g)
		}
	}
	return out
}

// missed reports whether a gate is not passed, and counts.
func missed(g *audit.Gate) bool { return g.Outcome != audit.Pass && g.Outcome != audit.Skipped }

// gateWords says in a sentence how a gate stands.
func (p *page) gateWords(g *audit.Gate) string {
	text := "gate " + p.words(g.ID) + " (" + p.words(g.Text) + ") is " + map[string]string{audit.Pass: "passed", audit.Fail: "failed", audit.Unknown: "unknown",
		audit.Error: "impossible to ask", audit.Skipped: "skipped"}[g.Outcome]
	if have := p.words(g.Have); have != "" {
		text += ": have " + have + ", want " + p.words(g.Want)
	}
	if why := p.words(g.Why); why != "" {
		text += ": " + why
	}
	return text
}

// A finding is an issue with what an audit says of it.
type auditIssue struct {
	issue
	state    string
	waivedBy string
}

// findingIssues lists the findings of an audit in its order, resolved ones among them.
func (p *page) findingIssues(a *audit.Result) []auditIssue {
	out := make([]auditIssue, 0, len(a.Findings))
	for i := range a.Findings {
		f := &a.Findings[i]
		x := issue{kind: issueFinding, rule: p.ruleID(f.Rule), subject: p.words(f.Subject), text: p.words(f.Text), fingerprint: f.Fingerprint, remedy: p.safe(f.Remedy)}
		switch f.Severity {
		case audit.SeverityError:
			x.gravity = graveError
		case audit.SeverityWarning:
			x.gravity = graveWarning
		}
		if f.State == audit.New {
			x.text += " (new)"
		}
		if f.Why != "" {
			x.text += " (" + p.words(f.Why) + ")"
		}
		out = append(out, auditIssue{x, f.State, p.words(f.WaivedBy)})
	}
	return out
}

// counting are the findings that are there and not waived.
func counting(list []auditIssue) []auditIssue {
	var out []auditIssue
	for _, x := range list {
		if x.waivedBy == "" && x.state != audit.Resolved {
			out = append(out, x)
		}
	}
	return out
}

// renderAuditJUnit writes every gate as a test: passed, failed, an error where it could not be asked, and skipped with a
// message where it is unknown, waived or does not apply.
func renderAuditJUnit(w io.Writer, r *Report) error {
	p, a := newPage(r.Display), r.Audit
	var cases []junitCase
	for i := range a.Gates {
		g := &a.Gates[i]
		c := junitCase{Class: "infraopt.audit", Name: p.message(p.words(g.ID)), Time: "0"}
		text := p.message(p.gateWords(g))
		detail := p.safe(g.Remedy)
		for _, s := range g.Subjects {
			detail += "\n" + p.words(s)
		}
		switch g.Outcome {
		case audit.Pass:
			c.Output = text
		case audit.Fail:
			c.Failure = &junitOutcome{Message: text, Type: "gate", Text: spaces(detail)}
		case audit.Error:
			c.Error = &junitOutcome{Message: text, Type: "gate", Text: spaces(detail)}
		default:
			c.Skipped = &junitMessage{text}
		}
		cases = append(cases, c)
	}
	s := junitSuite{Name: "audit", Tests: len(cases), Failures: a.Counts.Failed, Errors: a.Counts.Errors, Skipped: a.Counts.Unknown + a.Counts.Skipped, Time: "0", Cases: cases, Output: p.message(p.words(a.Verdict))}
	if !a.GeneratedAt.IsZero() {
		s.Timestamp = a.GeneratedAt.UTC().Format("2006-01-02T15:04:05")
	}
	doc := junitSuites{Name: "infraopt", Tests: s.Tests, Failures: s.Failures, Errors: s.Errors, Skipped: s.Skipped, Suites: []junitSuite{s}}
	text, err := xml.MarshalIndent(doc, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding test results: %w", err)
	}
	if _, err := io.WriteString(w, xml.Header+string(text)+"\n"); err != nil {
		return fmt.Errorf("writing test results: %w", err)
	}
	return nil
}

// renderTAP writes every gate as a line of the Test Anything Protocol, version 14.
func renderTAP(w io.Writer, r *Report) error {
	p, a := newPage(r.Display), r.Audit
	var out strings.Builder
	fmt.Fprintf(&out, "TAP version 14\n1..%d\n", len(a.Gates))
	plain := func(s string) string {
		return strings.NewReplacer(`\`, `\\`, "#", `\#`).Replace(p.message(s))
	}
	for i := range a.Gates {
		g := &a.Gates[i]
		line := fmt.Sprintf("ok %d - %s", i+1, plain(p.words(g.ID)))
		switch g.Outcome {
		case audit.Pass:
		case audit.Fail, audit.Error:
			line = "not " + line
		default:
			line += " # SKIP " + plain(g.Outcome+": "+p.words(g.Why))
		}
		out.WriteString(line + "\n")
		if g.Outcome == audit.Fail || g.Outcome == audit.Error {
			out.WriteString("# " + p.message(p.gateWords(g)) + "\n")
			if remedy := p.safe(g.Remedy); remedy != "" {
				out.WriteString("# to do: " + p.message(remedy) + "\n")
			}
		}
	}
	out.WriteString("# " + p.message(p.words(a.Verdict)) + "\n")
	if _, err := io.WriteString(w, out.String()); err != nil {
		return fmt.Errorf("writing test results: %w", err)
	}
	return nil
}

// sarifStates are the words of SARIF for the states of findings. What nobody can tell of was there, for all that is known:
// an alert about it stays open.
var sarifStates = map[string]string{audit.New: "new", audit.Unchanged: "unchanged", audit.Incomparable: "unchanged", audit.Resolved: "absent"}

// renderAuditSARIF writes gates that are not passed and all findings as a log of static analysis. What is waived is
// suppressed, and what is resolved is absent.
func renderAuditSARIF(w io.Writer, r *Report) error {
	p, a := newPage(r.Display), r.Audit
	run := sarifRun{
		Tool:        sarifTool{sarifDriver{Name: "infraopt", Version: p.words(a.Tool.Version)}},
		Invocations: []sarifInvocation{p.sarifInvocation(r.Assessment)},
		Results:     []sarifResult{},
		ColumnKind:  "unicodeCodePoints",
		Properties:  map[string]*float64{},
	}
	for _, f := range figures(r.Assessment) {
		run.Properties[f.id] = f.value
	}
	rules, index := []sarifRule{}, map[string]int{}
	add := func(x auditIssue, full, help string) {
		at, ok := index[x.rule]
		if !ok {
			at = len(rules)
			index[x.rule] = at
			rules = append(rules, sarifRuleOf(x.rule, x.kind+" "+x.rule, full, help, x.gravity))
		}
		res := x.sarif(at)
		res.State = sarifStates[x.state]
		if x.waivedBy != "" {
			res.Suppressions = []sarifSuppression{{"external", "accepted", spell("waived by " + x.waivedBy)}}
		}
		run.Results = append(run.Results, res)
	}
	for _, x := range p.gateIssues(a) {
		add(auditIssue{issue: x}, "A gate of the policy that is not passed.", "infraopt audit --explain-exit says which gate decides.")
	}
	all := p.findingIssues(a)
	room := max(0, mostIssues-len(run.Results))
	for _, x := range all[:min(len(all), room)] {
		add(x, "Something that could be better, or that was noticed.", x.remedy)
	}
	if left := len(all) - room; left > 0 {
		n := &run.Invocations[0].Notifications
		*n = append(*n, sarifNotification{"note", sarifText{spell(p.number(float64(left)) + " more findings of " + p.number(float64(len(all))) + " are left out; infraopt audit --format json has all")}})
	}
	run.Tool.Driver.Rules = rules
	return writeJSON(w, sarifLog{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run}}, "SARIF log", r.Display.ASCII)
}

// renderAuditQuality writes gates that are not passed, and findings, for the widget of a merge request. What nobody can tell
// of is among them, so that GitLab does not take it for fixed.
func renderAuditQuality(w io.Writer, r *Report) error {
	p, a := newPage(r.Display), r.Audit
	standing := issue{kind: "estate", rule: "standing", text: p.words(a.Verdict), fingerprint: Fingerprint("standing")} // neither new nor fixed
	entries := []qualityEntry{p.qualityEntry(&standing, "info")}
	for _, x := range p.gateIssues(a) {
		severity := "blocker"
		if x.gravity == graveWarning {
			severity = "critical"
		}
		entries = append(entries, p.qualityEntry(&x, severity))
	}
	all := counting(p.findingIssues(a))
	room := max(0, mostIssues-len(entries))
	for i := range all[:min(len(all), room)] {
		entries = append(entries, p.qualityEntry(&all[i].issue, [...]string{"minor", "major", "critical"}[all[i].gravity]))
	}
	if left := len(all) - room; left > 0 {
		rest := issue{kind: "estate", rule: "left-out", text: p.number(float64(left)) + " more of " + p.number(float64(len(all))) + " findings are left out; infraopt audit --format json has all", fingerprint: Fingerprint("left-out")}
		entries = append(entries, p.qualityEntry(&rest, "info"))
	}
	return writeJSON(w, entries, "code quality report", r.Display.ASCII)
}

// renderAuditGitHub writes annotations: gates that are not passed, and findings that are new or of which nobody can tell.
func renderAuditGitHub(w io.Writer, r *Report) error {
	p, a := newPage(r.Display), r.Audit
	list := p.gateIssues(a)
	left := 0
	for _, x := range counting(p.findingIssues(a)) {
		switch x.state {
		case audit.New, audit.Incomparable:
			x.gravity = max(x.gravity, graveWarning)
			list = append(list, x.issue)
		default:
			left++
		}
	}
	list = append(list, issue{kind: "estate", text: p.words(a.Verdict) + " " + p.many(float64(left), "other finding") + "."})
	return p.annotate(w, list, "infraopt audit")
}
