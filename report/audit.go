package report

import (
	"fmt"
	"io"

	"github.com/infraopt/infraopt/score/audit"
)

// AuditFormats lists the formats of an audit, in the order help shows them.
func AuditFormats() []Format {
	return []Format{
		{"table", "for a terminal", ".txt", renderAudit},
		{"json", "for programs (schema " + audit.Schema + ")", ".json", renderAuditJSON},
		{"markdown", "a comment for a merge request: what changed, why, and what to do", ".md", renderAuditMarkdown},
		{"junit", "gates as test results; unknown is skipped with a message", ".xml", renderAuditJUnit},
		{"tap", "gates as test results (Test Anything Protocol)", ".tap", renderTAP},
		{"sarif", "gates and findings for code scanning (SARIF 2.1.0)", ".sarif", renderAuditSARIF},
		{"gitlab-codequality", "gates and findings for a merge request of GitLab", ".codequality.json", renderAuditQuality},
		{"github", "annotations of a run of GitHub Actions, to be printed by a step", "", renderAuditGitHub},
		{"github-summary", "Markdown for the summary of a step of GitHub Actions", ".summary.md", renderAuditSummary},
	}
}

// renderAuditJSON writes the audit as one indented JSON document, the contract of docs/audit.schema.json.
func renderAuditJSON(w io.Writer, r *Report) error {
	return writeJSON(w, r.Audit, "audit", r.Display.ASCII)
}

// WriteAudit writes an audit as a baseline for later ones.
func WriteAudit(w io.Writer, r *audit.Result) error { return writeJSON(w, r, "baseline", false) }

// renderAudit writes the audit for people: the verdict with the gate that decides it, all gates, what was found and is not
// waived, and what became of waivers.
func renderAudit(w io.Writer, r *Report) error {
	p := newPage(r.Display)
	if err := p.title(r.Assessment); err != nil {
		return err
	}
	for _, section := range []func(*audit.Result) error{p.verdict, p.auditGates, p.findings, p.auditWaivers} {
		if err := section(r.Audit); err != nil {
			return err
		}
	}
	if err := p.failures(r.Assessment); err != nil {
		return err
	}
	if _, err := io.WriteString(w, p.out.String()); err != nil {
		return fmt.Errorf("writing the audit: %w", err)
	}
	return nil
}

// outcomes are the signs and styles of outcomes of gates.
func (p *page) outcome(g *audit.Gate) (sign string, st style) {
	switch g.Outcome {
	case audit.Pass:
		return p.met, good
	case audit.Fail:
		return p.unmet, bad
	case audit.Skipped:
		return p.note, faint
	default:
		return p.alert, warn
	}
}

func (p *page) verdict(a *audit.Result) error {
	st := good
	if a.Status > 0 {
		st = bad
	}
	p.para(0, st, p.words(a.Verdict))
	if d := a.Decisive; d != nil {
		text := "Decided by " + p.words(d.ID)
		if why := p.words(d.Why); why != "" {
			text += ": " + why
		}
		p.para(0, strong, text+".")
	}
	line := fmt.Sprintf("Exit status %d; level %s; score %s; coverage %s", a.Status, p.levelName(a.Level, a.LevelName), p.scored(a.Score), percent(a.Coverage.Evidence))
	if a.Unwaived != nil {
		line += "; without waivers of the model the score is " + p.scored(*a.Unwaived)
	}
	p.para(0, normal, line+".")
	if b := a.Baseline; b != nil {
		text := "Compared with " + p.words(b.Name) + " of " + day(b.Time)
		if b.Change != nil {
			text += ": score " + p.signed(*b.Change)
		}
		if note := p.words(b.Note); note != "" {
			text += " (" + note + ")"
		}
		p.para(0, normal, text+".")
	}
	return nil
}

func (p *page) auditGates(a *audit.Result) error {
	p.heading("GATES")
	g := &grid{columns: []column{{}, {head: "GATE", min: 12, lines: 2}, {head: "HAVE", lines: 2}, {head: "WANT", lines: 2}, {head: "WHY", min: 16, lines: 4}}}
	for i := range a.Gates {
		x := &a.Gates[i]
		sign, st := p.outcome(x)
		why := p.words(x.Why)
		if x.Outcome == audit.Fail || x.Outcome == audit.Unknown || x.Outcome == audit.Error {
			why = x.Outcome + ": " + why
		}
		g.add("", styled(st, sign), text(p.words(x.ID)), text(p.words(x.Have)), text(p.words(x.Want)), text(why))
	}
	return p.grid(g)
}

// findings lists what is new or can not be told first. What has not changed is counted where there is a baseline.
func (p *page) findings(a *audit.Result) error {
	c := &a.Counts
	head := "FINDINGS: " + p.number(float64(c.Findings))
	if a.Baseline != nil {
		head += fmt.Sprintf(" (%s new, %s incomparable, %s unchanged; %s resolved)", p.number(float64(c.New)), p.number(float64(c.Incomparable)), p.number(float64(c.Unchanged)),
			p.number(float64(c.Resolved)))
	}
	if c.Waived > 0 {
		head += ", " + p.number(float64(c.Waived)) + " waived"
	}
	p.heading(head)
	if a.Baseline == nil {
		return p.findingsByRule(a)
	}
	g := &grid{columns: []column{{}, {head: "FINDING", min: 24, lines: 2}, {head: "SUBJECT", min: 12, lines: 3}, {head: "WHAT", min: 16, lines: 3}}}
	left := 0
	for i := range a.Findings {
		f := &a.Findings[i]
		if f.WaivedBy != "" || f.State == audit.Unchanged {
			continue
		}
		const normally = 10
		if len(g.rows) == p.rows(normally) {
			left++
			continue
		}
		what := p.words(f.Text)
		if f.Why != "" {
			what = p.words(f.Why)
		}
		sign, st := "", normal
		switch f.State {
		case audit.New:
			sign, st = "+", bad
		case audit.Incomparable:
			sign, st = "?", warn
		case audit.Resolved:
			sign, st = p.met, good
		}
		g.add("", styled(st, sign), text(p.words(f.Rule)), text(p.words(f.Subject)), text(what))
	}
	if len(g.rows) == 0 {
		return nil
	}
	if err := p.grid(g); err != nil {
		return err
	}
	if left > 0 {
		p.para(0, faint, "and "+p.many(float64(left), "more finding")+" (--top, or --format json)")
	}
	return nil
}

// findingsByRule counts what there is of a kind, where nothing is known to be new.
func (p *page) findingsByRule(a *audit.Result) error {
	var order []string
	first, count := map[string]*audit.Finding{}, map[string]int{}
	for i := range a.Findings {
		f := &a.Findings[i]
		if f.WaivedBy != "" {
			continue
		}
		if count[f.Rule]++; count[f.Rule] == 1 {
			order, first[f.Rule] = append(order, f.Rule), f
		}
	}
	g := &grid{columns: []column{{head: "FINDING", min: 10, lines: 2}, {right: true}, {head: "SUCH AS", min: 20, lines: 3}}}
	const normally = 30
	for _, rule := range order[:min(len(order), p.rows(normally))] {
		g.add("", text(p.words(rule)), text(p.number(float64(count[rule]))), text(p.words(first[rule].Subject+": "+first[rule].Text)))
	}
	if len(g.rows) == 0 {
		return nil
	}
	if err := p.grid(g); err != nil {
		return err
	}
	if left := len(order) - len(g.rows); left > 0 {
		p.para(0, faint, "and "+p.many(float64(left), "more kind"))
	}
	return nil
}

func (p *page) auditWaivers(a *audit.Result) error {
	if len(a.Waivers) == 0 {
		return nil
	}
	p.heading("WAIVERS")
	g := &grid{columns: []column{{head: "WAIVER", min: 10, lines: 2}, {head: "STATUS"}, {head: "OF", right: true}, {head: "UNTIL"}, {head: "OWNER", min: 8, lines: 2}, {head: "REASON", min: 14, lines: 3}}}
	for i := range a.Waivers {
		w := &a.Waivers[i]
		st := normal
		if w.Status != audit.WaiverMatched {
			st = warn
		}
		reason := p.words(w.Reason)
		if w.Why != "" {
			reason += " (" + p.words(w.Why) + ")"
		}
		g.add("", text(p.words(string(w.ID))), styled(st, w.Status), text(p.number(float64(w.Matched))), text(w.Expires.String()), text(p.words(w.Owner)), text(reason))
	}
	return p.grid(g)
}
