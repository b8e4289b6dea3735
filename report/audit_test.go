package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
	"github.com/infraopt/infraopt/score/audit"
)

// auditSample has gates of every outcome, findings of every state, and waivers of every status.
func auditSample() *audit.Result {
	r := &audit.Result{Schema: audit.Schema, GeneratedAt: time.Date(2026, 11, 23, 7, 41, 0, 0, time.UTC), Tool: score.ToolInfo{Name: "infraopt", Version: "1.2.3", Rules: "0123456789ab"},
		Policy: ".infraopt.yaml", Status: 3, Verdict: "The audit could not be done; gates: 1 could not be asked, 1 unknown, 1 failed, 1 skipped, 1 passed.",
		Score: bounds(41.2, 58.7), Unwaived: ptr(bounds(39, 57)), Coverage: score.Coverage{Frame: 1, Evidence: .71, Freshness: 1, FreshDays: 30}, Level: 2, LevelName: "Pooled",
		Baseline: &audit.BaselineResult{Name: "git:main:base.json", Kind: "audit", Time: time.Date(2026, 9, 30, 0, 0, 0, 0, time.UTC), Rules: "0123456789ab", Score: bounds(43.7, 58), Change: ptr(-2.5)},
		Counts:   audit.Counts{Passed: 1, Failed: 1, Unknown: 1, Errors: 1, Skipped: 1, Findings: 5, New: 1, Incomparable: 1, Unchanged: 1, Resolved: 1, Waived: 1},
		Gates: []audit.Gate{
			{ID: "targets", Text: "what was named can be read", Outcome: audit.Pass, Have: "3 of 3", Want: "all"},
			{ID: "min-coverage", Text: "coverage ≥ .80", Outcome: audit.Unknown, Have: ".71", Want: "≥ .80", Why: "too little of the evidence is known for the audit to be complete", Remedy: "run as root", Where: "--min-coverage"},
			{ID: "min-score", Text: "score ≥ 50", Outcome: audit.Fail, Have: "41.2", Want: "≥ 50", Why: "41.2 is proven, and it could be up to 58.7: what is missing is coverage (.71 known)", Remedy: "run as root", Where: ".infraopt.yaml:2"},
			{ID: "no-idle", Text: "no remove-idle-vm", Outcome: audit.Skipped, Have: "0, 1 waived", Want: "none", Why: "waived by w1: kept", WaivedBy: []string{"w1"}, Subjects: []string{"vm7 on kvm1"}},
			{ID: "max-regression", Text: "score falls by at most 1", Outcome: audit.Error, Want: "≥ −1", Why: "base.json cannot be compared with: it was made by other rules", Remedy: "give the snapshot as the baseline: it is rated again by today's rules", Where: ".infraopt.yaml:3"},
		},
		Waivers: []audit.WaiverResult{
			{Waiver: audit.Waiver{ID: "w1", Subject: "vm7", Finding: "remove-idle-vm", Owner: "ann", Reason: "kept", Expires: audit.Day{Time: time.Date(2027, 3, 31, 0, 0, 0, 0, time.UTC)}}, Status: audit.WaiverMatched, Matched: 1},
			{Waiver: audit.Waiver{ID: "w2", Subject: "*", Finding: "remove-idle-vm", Owner: "ann", Reason: "kept", Expires: audit.Day{Time: time.Date(2026, 3, 31, 0, 0, 0, 0, time.UTC)}}, Status: audit.WaiverExpired, Matched: 1, Why: "its last day was 2026-03-31: what it matches counts"},
		},
		Sources: []audit.Source{{Target: "ssh://web1", Scheme: "ssh", Status: inventory.StatusOK}}, Machines: []audit.Machine{{ID: "m-1", UUID: "5f0c1a"}},
	}
	finding := func(rule, severity, subject, text, state, why, waived string) audit.Finding {
		return audit.Finding{Fingerprint: audit.Fingerprint(rule, subject), Rule: rule, Severity: severity, Subject: subject, Name: subject, Class: "machine", Machine: "m-" + subject, MachineName: subject, Host: "m-" + subject,
			Text: text, Remedy: "infraopt explain " + rule, State: state, Why: why, WaivedBy: waived, Targets: []string{"ssh://web1"}}
	}
	r.Findings = []audit.Finding{
		finding("disk-failing", audit.SeverityError, "web1", "disk sda reports 12 failing sectors", audit.New, "", ""),
		finding("remove-idle-vm", audit.SeverityNote, "vm7 on kvm1", "runs for a week or more with next to no use", audit.New, "", "w1"),
		finding("remove-stopped-container", audit.SeverityNote, "old in docker on web2", "is stopped", audit.Incomparable, "it is not found now, and ssh://web2 could not be read", ""),
		finding("standardise-os", audit.SeverityWarning, "web3", "runs debian 11", audit.Unchanged, "", ""),
		finding("remove-unused-image", audit.SeverityNote, "shop:0 in docker on web1", "no container uses it", audit.Resolved, "", ""),
	}
	d := r.Gates[4]
	r.Decisive = &d
	return r
}

func emptyAudit() *audit.Result {
	return &audit.Result{Schema: audit.Schema, Verdict: "The audit passed; gates: 1 passed.", Score: none(), Counts: audit.Counts{Passed: 1}, Gates: []audit.Gate{{ID: "targets", Text: "what was named can be read", Outcome: audit.Pass, Have: "0 of 0", Want: "all"}},
		Findings: []audit.Finding{}, Waivers: []audit.WaiverResult{}, Sources: []audit.Source{}, Machines: []audit.Machine{}}
}

// meanAudit has a text in every place that text from outside can be in.
func meanAudit(text string) *audit.Result {
	r := auditSample()
	for i := range r.Gates {
		g := &r.Gates[i]
		outcome := g.Outcome
		overwrite(reflect.ValueOf(g).Elem(), func() string { return text })
		g.ID, g.Outcome = fmt.Sprint(text, i), outcome
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		severity, state := f.Severity, f.State
		waived := f.WaivedBy
		overwrite(reflect.ValueOf(f).Elem(), func() string { return text })
		f.Severity, f.State, f.WaivedBy = severity, state, waived
		f.Fingerprint = audit.Fingerprint(text, fmt.Sprint(i))
	}
	for i := range r.Waivers {
		w := &r.Waivers[i]
		w.ID, w.Owner, w.Reason, w.Why, w.Subject = audit.Name(text), text, text, text, audit.Pattern(text)
	}
	r.Baseline.Name, r.Baseline.Note, r.Policy = text, text, text
	d := r.Gates[4]
	r.Decisive = &d
	return r
}

func largeAudit() *audit.Result {
	r := auditSample()
	for i := range 20000 {
		f := r.Findings[3]
		f.Subject, f.State = fmt.Sprintf("host-%05d", i), []string{audit.New, audit.Unchanged}[i%2]
		f.Fingerprint = audit.Fingerprint(f.Rule, f.Subject)
		r.Findings = append(r.Findings, f)
	}
	return r
}

func renderedAudit(t testing.TB, format string, r *audit.Result, a *score.Assessment, d Display) []byte {
	t.Helper()
	f, err := Lookup(AuditFormats(), format)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := f.Render(&out, &Report{Assessment: a, Audit: r, Display: d}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// eachAudit goes through audits: what they say, and what somebody put into names to do harm.
func eachAudit(t *testing.T, check func(t *testing.T, r *audit.Result, a *score.Assessment)) {
	t.Helper()
	list := map[string]*audit.Result{"typical": auditSample(), "empty": emptyAudit(), "large": largeAudit()}
	for i, text := range attacks {
		list[fmt.Sprintf("attack %d", i)] = meanAudit(text)
	}
	for name, r := range list {
		a := typicalSample()
		switch {
		case name == "empty":
			a = emptySample()
		case strings.HasPrefix(name, "attack"):
			a = hostileSample()
		}
		t.Run(name, func(t *testing.T) { check(t, r, a) })
	}
}

func TestAuditGolden(t *testing.T) {
	for name, r := range map[string]*audit.Result{"typical": auditSample(), "empty": emptyAudit(), "hostile": meanAudit(nasty)} {
		a := map[string]*score.Assessment{"typical": typicalSample(), "empty": emptySample(), "hostile": hostileSample()}[name]
		for _, f := range AuditFormats() {
			golden(t, "audit/"+name+"."+f.Name, renderedAudit(t, f.Name, r, a, Display{}))
		}
	}
}

// No format lets a name steer a terminal; the table keeps to its width.
func TestAuditIsHarmless(t *testing.T) {
	eachAudit(t, func(t *testing.T, r *audit.Result, a *score.Assessment) {
		for _, f := range AuditFormats() {
			checkHarmless(t, string(renderedAudit(t, f.Name, r, a, Display{})), false)
			checkASCII(t, string(renderedAudit(t, f.Name, r, a, Display{ASCII: true})))
		}
		for _, columns := range []int{40, 80, 140} {
			for line := range strings.Lines(string(renderedAudit(t, "table", r, a, Display{Width: columns}))) {
				if w := width(strings.TrimSuffix(line, "\n")); w > columns {
					t.Fatalf("%d columns of %d: %q", w, columns, line)
				}
			}
		}
		if t.Failed() {
			t.FailNow()
		}
	})
}

func TestAuditSARIF(t *testing.T) {
	schema := schemaOf(t, "sarif.json")
	eachAudit(t, func(t *testing.T, r *audit.Result, a *score.Assessment) {
		text := renderedAudit(t, "sarif", r, a, Display{})
		checkSchema(t, schema, text)
		var log sarifLog
		if err := json.Unmarshal(text, &log); err != nil {
			t.Fatal(err)
		}
		states, seen := map[string]int{}, map[string]bool{}
		for _, x := range log.Runs[0].Results {
			states[x.State]++
			if p := x.Fingerprints["infraopt/v1"]; seen[p] && len(r.Findings) == 5 && !strings.HasPrefix(t.Name(), "TestAuditSARIF/attack") {
				t.Errorf("two results have the fingerprint %s", p)
			} else {
				seen[p] = true
			}
			if log.Runs[0].Tool.Driver.Rules[x.RuleIndex].ID != x.RuleID {
				t.Errorf("rule %d is not %s", x.RuleIndex, x.RuleID)
			}
		}
		if len(r.Findings) == 5 && (states["new"] != 2 || states["unchanged"] != 2 || states["absent"] != 1 || len(log.Runs[0].Results) != 8) {
			t.Errorf("%v of %d", states, len(log.Runs[0].Results))
		}
		if len(log.Runs[0].Results) > mostIssues+len(r.Gates) {
			t.Errorf("%d results", len(log.Runs[0].Results))
		}
	})
}

func TestAuditQuality(t *testing.T) {
	schema := schemaOf(t, "codequality.json")
	eachAudit(t, func(t *testing.T, r *audit.Result, a *score.Assessment) {
		text := renderedAudit(t, "gitlab-codequality", r, a, Display{})
		checkSchema(t, schema, text)
		var list []qualityEntry
		if err := json.Unmarshal(text, &list); err != nil {
			t.Fatal(err)
		}
		if len(r.Findings) == 5 && len(list) != 1+3+3 { // the verdict; gates; findings that are there or that nobody can tell of, and not waived
			t.Errorf("%d entries, want 7", len(list))
		}
	})
}

// Unknown is skipped with a message, a failure is one, and what could not be asked is an error.
func TestAuditJUnit(t *testing.T) {
	eachAudit(t, func(t *testing.T, r *audit.Result, a *score.Assessment) {
		text := renderedAudit(t, "junit", r, a, Display{})
		checkJUnit(t, text)
		var doc junitSuites
		if err := xml.Unmarshal(text, &doc); err != nil {
			t.Fatal(err)
		}
		s := doc.Suites[0]
		for i, c := range s.Cases {
			g := &r.Gates[i]
			ok := map[string]bool{audit.Pass: c.Failure == nil && c.Error == nil && c.Skipped == nil, audit.Fail: c.Failure != nil, audit.Error: c.Error != nil,
				audit.Unknown: c.Skipped != nil && c.Skipped.Message != "", audit.Skipped: c.Skipped != nil && c.Skipped.Message != ""}[g.Outcome]
			if !ok {
				t.Errorf("%s: %+v", g.Outcome, c)
			}
		}
		if len(s.Cases) != len(r.Gates) || doc.Tests != len(r.Gates) || doc.Failures != r.Counts.Failed || doc.Errors != r.Counts.Errors || doc.Skipped != r.Counts.Unknown+r.Counts.Skipped {
			t.Errorf("%+v for %+v", doc, r.Counts)
		}
	})
}

func TestAuditTAP(t *testing.T) {
	eachAudit(t, func(t *testing.T, r *audit.Result, a *score.Assessment) {
		lines := strings.Split(strings.TrimSpace(string(renderedAudit(t, "tap", r, a, Display{}))), "\n")
		if lines[0] != "TAP version 14" || lines[1] != fmt.Sprintf("1..%d", len(r.Gates)) {
			t.Errorf("%q", lines[:2])
		}
		n := 0
		for _, l := range lines[2:] {
			switch {
			case strings.HasPrefix(l, "# "):
			case strings.HasPrefix(l, fmt.Sprintf("ok %d - ", n+1)), strings.HasPrefix(l, fmt.Sprintf("not ok %d - ", n+1)):
				g := &r.Gates[n]
				n++
				skipped := strings.Contains(l, " # SKIP ")
				if strings.HasPrefix(l, "not ") != (g.Outcome == audit.Fail || g.Outcome == audit.Error) || skipped != (g.Outcome == audit.Unknown || g.Outcome == audit.Skipped) {
					t.Errorf("%s: %q", g.Outcome, l)
				}
			default:
				t.Errorf("a line of no kind: %q", l)
			}
		}
		if n != len(r.Gates) {
			t.Errorf("%d tests, want %d", n, len(r.Gates))
		}
	})
}

func TestAuditGitHub(t *testing.T) {
	eachAudit(t, func(t *testing.T, r *audit.Result, a *score.Assessment) {
		levels := map[string]int{}
		for line := range strings.Lines(string(renderedAudit(t, "github", r, a, Display{}))) {
			m := workflowCommand.FindStringSubmatch(line)
			if m == nil {
				t.Fatalf("not one annotation: %q", line)
			}
			level := m[1]
			if levels[level]++; levels[level] > mostAnnotations {
				t.Errorf("more annotations of the level %s than are shown", level)
			}
		}
		if len(r.Findings) == 5 && (levels["error"] != 3 || levels["warning"] != 2 || levels["notice"] != 1) {
			t.Errorf("%v", levels)
		}
	})
}
