package report

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// An issue is one thing of a report that somebody may want to look into: the entry that tools of pipelines work with.
// Text of it is cleaned, and not yet escaped for any format.
type issue struct {
	kind        string
	rule        string // ID of what says that it is one
	gravity     gravity
	subject     string // what it is about, for people; empty for the estate as a whole
	text        string
	remedy      string // what to do; may be empty
	fingerprint string
}

// Kinds of issues.
const (
	issueSource         = "source"
	issueFinding        = "finding"
	issueRisk           = "risk"
	issueRecommendation = "recommendation"
	issueGap            = "gap"
)

type gravity int

// How much an issue weighs.
const (
	graveNote gravity = iota
	graveWarning
	graveError
)

// IDs of rules that the model does not name.
const (
	ruleSource = "source-unreadable"
	ruleGap    = "not-seen"
)

// issues lists what a report holds for tools of pipelines: what could not be read first, then what was found, what there is
// to do, and what could not be seen. Nothing is listed twice.
func (p *page) issues(a *score.Assessment) []issue {
	var out []issue
	seen := map[string]bool{}
	add := func(x issue, id ...string) {
		if x.fingerprint = Fingerprint(x.rule, id...); seen[x.fingerprint] {
			x.fingerprint = Fingerprint(x.rule, append(id, x.text)...) // only where it is needed: words change
		}
		if seen[x.fingerprint] {
			return
		}
		seen[x.fingerprint] = true
		out = append(out, x)
	}
	for i := range a.Sources {
		s := &a.Sources[i]
		if s.Status != inventory.StatusFailed {
			continue
		}
		why := p.words(s.Error)
		if why == "" {
			why = "no reason was given"
		}
		add(issue{kind: issueSource, rule: ruleSource, gravity: graveError, subject: p.target(s),
			text: "Could not be read: " + why, remedy: p.safe(s.Remedy)}, s.Target, s.Scheme)
	}
	for i := range a.Findings {
		f := &a.Findings[i]
		for _, on := range f.Examples {
			add(issue{kind: issueFinding, rule: p.ruleID(f.ID), gravity: severityGravity(f.Severity), subject: p.words(on.Name), text: p.words(on.Text)}, on.Machine, on.Source)
		}
		if more := f.Machines - len(f.Examples); more > 0 {
			add(issue{kind: issueFinding, rule: p.ruleID(f.ID), gravity: severityGravity(f.Severity), text: p.words(f.ID) + ": noticed on " + p.many(float64(more), "more machine")}, "", "more")
		}
	}
	for _, r := range a.Risks {
		add(issue{kind: issueRisk, rule: p.ruleID(r.ID), gravity: graveWarning, subject: p.words(r.Subject), text: p.words(r.Text)}, r.Subject)
	}
	for i := range a.Recommendations {
		r := &a.Recommendations[i]
		text := p.words(r.Title) + " (gain " + p.gain(r.Gain.Score) + ", effort " + p.number(r.Effort) + ")"
		add(issue{kind: issueRecommendation, rule: p.ruleID(r.Action), text: text, remedy: p.safe(r.Next)}, r.ID)
	}
	names := p.machineSubjects(a)
	for i := range a.Gaps {
		g := &a.Gaps[i]
		subject, listed := names[g.Subject]
		if !listed || subject == "" {
			subject = p.words(g.Subject)
		}
		text := "Not seen: " + p.words(g.What)
		if why := p.words(g.Why); why != "" {
			text += " (" + why + ")"
		}
		add(issue{kind: issueGap, rule: ruleGap, subject: subject, text: text, remedy: p.safe(g.Remedy)}, g.Subject, g.What)
	}
	return out
}

func (p *page) target(s *score.SourceResult) string {
	if target := p.words(s.Target); target != "" {
		return target
	}
	return p.words(s.Scheme)
}

// ruleID makes the ID of a rule out of text: of small letters, digits, dots and dashes, as all IDs of the model are.
func (p *page) ruleID(id string) string {
	const longest = 80
	var b strings.Builder
	for _, r := range strings.ToLower(p.words(id)) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '.', r == '-', r == '_':
			b.WriteRune(r)
		default:
			b.WriteByte('-')
		}
		if b.Len() == longest {
			break
		}
	}
	if s := strings.Trim(b.String(), "-."); s != "" {
		return s
	}
	return "unnamed"
}

func severityGravity(s inventory.Severity) gravity {
	switch s {
	case inventory.Blocker:
		return graveError
	case inventory.Warning:
		return graveWarning
	default:
		return graveNote
	}
}

// place is the file that tools of pipelines are told an issue is in, as they know of nothing else: a relative path that no
// repository has, and always the same for the same subject.
func (x *issue) place() string {
	const longest = 80
	kind := x.kind + "s"
	if x.subject == "" {
		return "infraopt/" + kind
	}
	name := strings.Trim(strings.Map(func(r rune) rune {
		if r == '/' || r == '\\' || r == ':' || r == '%' || r == '\ufffd' {
			return '-'
		}
		return r
	}, strings.ReplaceAll(x.subject, " ", "-")), ".-")
	if len(name) > longest || name == "" {
		name = strings.ToValidUTF8(name[:min(len(name), longest)], "") + "-" + Fingerprint(x.subject)[:8]
	}
	return "infraopt/" + kind + "/" + url.PathEscape(name)
}

// told is an issue in one sentence, with its subject.
func (x *issue) told() string {
	if x.subject == "" {
		return x.text
	}
	return fmt.Sprintf("%s: %s", x.subject, x.text)
}
