package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/infraopt/infraopt/score"
	"github.com/infraopt/infraopt/score/audit"
)

// renderAuditMarkdown writes the audit as a comment for a merge request: whether it passes, what changed, why, and what to do.
func renderAuditMarkdown(w io.Writer, r *Report) error {
	return writeAuditMarkdown(w, r, &markdown{page: newPage(r.Display)})
}

// renderAuditSummary writes what fits on the page of a run of GitHub Actions.
func renderAuditSummary(w io.Writer, r *Report) error {
	return writeAuditMarkdown(w, r, &markdown{page: newPage(r.Display), most: mostSummary})
}

func writeAuditMarkdown(w io.Writer, r *Report, m *markdown) error {
	a := r.Audit
	of := func(f func(*audit.Result) string) func(*score.Assessment) string {
		return func(*score.Assessment) string { return f(a) }
	}
	m.out.WriteString("# infraopt audit: " + mdText(m.words(a.Verdict)) + "\n\n" + m.byline(r.Assessment))
	return m.sections(w, r.Assessment, of(m.decision), of(m.gateTable), of(m.changedList), m.trendTable, of(m.auditWaiverTable), m.failureList)
}

// decision says what decides, and what to do about it.
func (m *markdown) decision(a *audit.Result) string {
	var b strings.Builder
	line := func(s string) { b.WriteString("\n" + s + "\n") }
	if d := a.Decisive; d != nil {
		line("**Decided by " + m.short(m.words(d.ID)) + "** " + mdText(cut("("+m.words(d.Text)+"): "+m.words(d.Why), 600, m.ellipsis)))
		if remedy := m.safe(d.Remedy); remedy != "" {
			line("What to do: " + mdText(cut(remedy, 600, m.ellipsis)))
		}
	}
	text := fmt.Sprintf("Score %s, level %s, coverage %s.", m.scored(a.Score), m.levelName(a.Level, a.LevelName), percent(a.Coverage.Evidence))
	if x := a.Baseline; x != nil {
		text += " Compared with " + m.words(x.Name) + " of " + day(x.Time)
		if x.Change != nil {
			text += ": score " + m.signed(*x.Change)
		}
		if note := m.words(x.Note); note != "" {
			text += " (" + note + ")"
		}
		text += "."
	}
	line(mdText(text))
	return b.String()
}

// gateTable lists all gates.
func (m *markdown) gateTable(a *audit.Result) string {
	t := table("", "gate", "have", "want", "why")
	for i := range a.Gates {
		g := &a.Gates[i]
		sign, _ := m.outcome(g)
		t.add(mdText(sign+" "+g.Outcome), m.short(m.words(g.ID)), m.short(m.words(g.Have)), m.short(m.words(g.Want)), m.short(m.words(g.Why)))
	}
	return m.section("Gates", t.String(), 0)
}

// changedList lists what is new, of what nobody can tell, and what is resolved.
func (m *markdown) changedList(a *audit.Result) string {
	c := &a.Counts
	if a.Baseline == nil {
		return m.section("Findings", fmt.Sprintf("%s, of which %s waived. Without a baseline none is new.\n", m.number(float64(c.Findings)), m.number(float64(c.Waived))), 0)
	}
	body := fmt.Sprintf("%s new, %s incomparable, %s resolved, %s unchanged, %s waived.\n", m.number(float64(c.New)), m.number(float64(c.Incomparable)), m.number(float64(c.Resolved)),
		m.number(float64(c.Unchanged)), m.number(float64(c.Waived)))
	t := table("", "finding", "subject", "what")
	more := 0
	const normally = 20
	for i := range a.Findings {
		f := &a.Findings[i]
		if f.State == audit.Unchanged || f.WaivedBy != "" {
			continue
		}
		if len(t.rows) == m.rows(normally) {
			more++
			continue
		}
		what := m.words(f.Text)
		if f.Why != "" {
			what = m.words(f.Why)
		}
		t.add(mdText(f.State), m.short(m.words(f.Rule)), m.short(m.words(f.Subject)), m.short(what))
	}
	if len(t.rows) > 0 {
		body += "\n" + t.String()
	}
	return m.section("Findings", body, more)
}

// auditWaiverTable lists the waivers.
func (m *markdown) auditWaiverTable(a *audit.Result) string {
	if len(a.Waivers) == 0 {
		return ""
	}
	t := table("waiver", "status", ">matches", "until", "owner", "reason")
	for i := range a.Waivers {
		x := &a.Waivers[i]
		reason := m.words(x.Reason)
		if x.Why != "" {
			reason += " (" + m.words(x.Why) + ")"
		}
		t.add(m.short(m.words(string(x.ID))), mdText(x.Status), m.number(float64(x.Matched)), x.Expires.String(), m.short(m.words(x.Owner)), m.short(reason))
	}
	return m.section("Waivers", t.String(), 0)
}
