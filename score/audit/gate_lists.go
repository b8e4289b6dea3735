package audit

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
	"github.com/infraopt/infraopt/score/plan"
)

// The gates about machines, findings and changes, and those of the policy's own.

// machines holds each machine of a group against its minima.
func (g *gates) machines(r *MachineRule, path string) Gate {
	var asked []string
	if r.MinScore != nil {
		asked = append(asked, "score ≥ "+score.Plain(*r.MinScore))
	}
	if r.MinLevel != nil {
		asked = append(asked, fmt.Sprintf("level ≥ %d", *r.MinLevel))
	}
	x := Gate{ID: string(r.ID), Text: fmt.Sprintf("each of %s: %s", listed(r.Machines), strings.Join(asked, ", ")), Outcome: Pass, Want: "all", Where: g.where(path)}
	group := newGlobs(r.Machines)
	hit := make(set, len(r.Machines)/64+1)
	total, good, waived, blind := 0, 0, 0, 0
	var first, unseen string
	for i := range g.evidence.Assessment.Machines {
		m := &g.evidence.Assessment.Machines[i]
		if !group.mark(hit, m.Name, m.ID) {
			continue
		}
		total++
		why, unknown := r.misses(m)
		if why == "" {
			good++
			continue
		}
		if by := g.waivers.waives(x.ID, []string{m.Name, m.ID}); by != "" {
			waived++
			if !slices.Contains(x.WaivedBy, by) {
				x.WaivedBy = append(x.WaivedBy, by)
			}
			continue
		}
		if unknown {
			blind++
			unseen = firstOf(unseen, m.Name+" "+why)
		} else {
			first = firstOf(first, m.Name+" "+why)
		}
		x.Subjects = some(x.Subjects, m.Name)
	}
	x.Have = fmt.Sprintf("%d of %d", good, total)
	if waived > 0 {
		x.Have += fmt.Sprintf(", %d waived", waived)
	}
	bad := total - good - waived - blind
	switch {
	case total == 0:
		x.Outcome, x.Why, x.Remedy = Unknown, "no machine is called "+listed(r.Machines), findThem
	case bad > 0:
		x.Outcome, x.Why = Fail, because(first, r.Reason)
		x.Remedy = "infraopt plan says what would raise it"
	case hit.count() < len(r.Machines):
		x.Outcome, x.Why, x.Remedy = Unknown, "no machine is called "+listed(missing(r.Machines, hit)), findThem
	case blind > 0:
		x.Outcome, x.Why, x.Remedy = Unknown, because(unseen, r.Reason), g.look()
	case waived > 0 && good == 0:
		x.Outcome, x.Why = Skipped, "every machine is waived"
	}
	return x
}

const findThem = "mend the pattern, or read the target that shows the machine"

// missing are the patterns that matched nothing.
func missing(patterns []Pattern, hit set) []Pattern {
	var out []Pattern
	for i, p := range patterns {
		if !hit.has(i) {
			out = append(out, p)
		}
	}
	return out
}

// misses says what a machine does not reach; empty where it reaches all. It is unknown where the machine could not be rated.
func (r *MachineRule) misses(m *score.MachineResult) (why string, unknown bool) {
	if m.Score.None {
		return "could not be rated", true
	}
	if least := r.MinScore; least != nil && m.Score.Low < *least-forgiven {
		why := fmt.Sprintf("has %s points", inPoints.low(m.Score.Low))
		if m.Score.High >= *least {
			why += fmt.Sprintf(" (could be up to %s: coverage is missing)", inPoints.high(m.Score.High))
		}
		return why, false
	}
	if least := r.MinLevel; least != nil && m.Level < *least {
		return fmt.Sprintf("is at level %d", m.Level), m.Level == 0
	}
	return "", false
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// because adds the reason that the policy gives.
func because(why, reason string) string {
	if reason == "" {
		return why
	}
	return why + " (" + reason + ")"
}

// forbid counts what must not be found.
func (g *gates) forbid(r *ForbidRule, path string) Gate {
	text := "no " + listed(r.Findings)
	if len(r.Subjects) > 0 {
		text += " on " + listed(r.Subjects)
	}
	want := "none"
	if r.Most > 0 {
		text = fmt.Sprintf("at most %d of %s", r.Most, strings.TrimPrefix(text, "no "))
		want = fmt.Sprintf("at most %d", r.Most)
	}
	x := Gate{ID: string(r.ID), Text: text, Outcome: Pass, Want: want, Where: g.where(path)}
	rules, subjects := newGlobs(r.Findings), newGlobs(r.Subjects)
	found, waived := 0, 0
	first, topic := "", ""
	for i := range g.result.Findings {
		f := &g.result.Findings[i]
		if f.State == Resolved || f.gone() || !rules.any([]string{f.Rule}) || len(r.Subjects) > 0 && !subjects.any(f.names()) {
			continue
		}
		by := f.WaivedBy
		if by == "" {
			by = g.waivers.waives(x.ID, f.names())
		}
		if by != "" {
			waived++
			if !slices.Contains(x.WaivedBy, by) {
				x.WaivedBy = append(x.WaivedBy, by)
			}
			continue
		}
		found++
		x.Subjects = some(x.Subjects, f.Subject)
		first, topic = firstOf(first, f.Subject+" "+f.Text), firstOf(topic, f.Rule)
	}
	slices.Sort(x.WaivedBy)
	x.Have = fmt.Sprint(found)
	if waived > 0 {
		x.Have += fmt.Sprintf(", %d waived", waived)
	}
	switch {
	case found > r.Most:
		x.Outcome, x.Why, x.Remedy = Fail, because(first, r.Reason), "infraopt explain "+topic+" says what to do"
	default:
		if why := g.hidden(r, rules, subjects); why != "" {
			x.Outcome, x.Why, x.Remedy = Unknown, because(why, r.Reason), g.look()
		}
	}
	return x
}

// hidden says why something that a rule forbids could be there without being seen; empty where it would have been.
func (g *gates) hidden(r *ForbidRule, rules, subjects *globs) string {
	partial := map[string]bool{}
	for _, s := range g.result.Sources {
		switch s.Status {
		case inventory.StatusFailed:
			return s.Target + " could not be read: it may show some"
		case inventory.StatusPartial:
			partial[s.Target] = true
		}
	}
	if len(g.evidence.Estate.Hosts) == 0 {
		return "there is no machine on which it could be found"
	}
	classes := plan.FoundIn(func(id string) bool { return rules.any([]string{id}) })
	named := make(set, len(r.Subjects)/64+1) // machines; what is called by the others may be a thing on any
	g.evidence.Estate.Walk(func(n *inventory.Node) { subjects.mark(named, n.Machine.Name.Or(n.Machine.ID), n.Machine.ID) })
	things := len(r.Subjects) == 0 || named.count() < len(r.Subjects)
	why := ""
	g.evidence.Model.InScope(g.evidence.Estate, g.now).Walk(func(n *inventory.Node) {
		name := n.Machine.Name.Or(n.Machine.ID)
		if why != "" || !things && !subjects.any([]string{name, n.Machine.ID}) {
			return
		}
		part := slices.ContainsFunc(n.Machine.Seen, func(t string) bool { return partial[t] })
		for _, class := range classes {
			if class == "workload" && len(n.Workloads) == 0 && !part {
				continue // whoever showed the machine does not look for any
			}
			if !n.Lists(class, "", part) {
				why = "not all of the class " + class + " could be listed on " + name
			}
		}
	})
	return why
}

const giveBaseline = "give the snapshot as the baseline: it is rated again by today's rules"

// regression holds the change of the low end since the baseline, both by today's rules, against what is allowed.
func (g *gates) regression(most float64) Gate {
	x := Gate{ID: gateRegression, Text: "score falls by at most " + score.Plain(most), Outcome: Pass, Want: "≥ −" + score.Plain(most), Where: g.asked("maxRegression", "--max-regression")}
	b := g.result.Baseline
	if b == nil {
		x.Outcome, x.Why, x.Remedy = Error, "there is no baseline to compare with", "give one by --baseline"
		return x
	}
	was := g.baseline.failed()
	lost := slices.IndexFunc(g.result.Sources, func(s Source) bool { return s.Status == inventory.StatusFailed && !was[s.Target] })
	switch {
	case b.Score.None:
		x.Outcome, x.Why, x.Remedy = Error, b.Name+" cannot be compared with: it has no score", "give one in which something was rated"
	case b.Change == nil:
		x.Outcome, x.Why, x.Remedy = Error, b.Name+" cannot be compared with: "+b.Note, giveBaseline
	case g.result.Score.None:
		x.Outcome, x.Have, x.Why, x.Remedy = Unknown, "no score", "there is nothing to rate", g.look()
	case *b.Change < -most-forgiven:
		x.Outcome = Fail
		x.Have = signed(*b.Change)
		x.Why = fmt.Sprintf("what is proven fell from %s to %s", inPoints.low(g.result.Score.Low-*b.Change), inPoints.low(g.result.Score.Low))
		if c := b.cause(); c != "" {
			x.Why += "; " + c
		}
		x.Remedy = "infraopt assess --since " + b.Name + " says why in full"
	case lost >= 0:
		x.Outcome, x.Have = Unknown, signed(*b.Change)
		x.Why, x.Remedy = g.result.Sources[lost].Target+" could not be read, and was then: what it would show may have fallen", g.look()
	default:
		x.Have = signed(*b.Change)
	}
	return x
}

// signed shows a change of points: a fall is never shown smaller than it is.
func signed(v float64) string {
	s := inPoints.low(v)
	switch {
	case s == "0.0" || s == "-0.0":
		return "0"
	case v > 0:
		return "+" + s
	default:
		return "−" + strings.TrimPrefix(s, "-")
	}
}

// fresh fails on findings that the baseline does not have, and on those of which nobody can tell.
func (g *gates) fresh() Gate {
	x := Gate{ID: gateNew, Text: "no finding is new", Outcome: Pass, Want: "none", Where: g.asked("failOnNew", "--fail-on-new")}
	if g.baseline == nil {
		x.Outcome, x.Why, x.Remedy = Error, "there is no baseline to compare with", "give one by --baseline"
		return x
	}
	count := map[string]int{}
	var first, doubt string
	waived := 0
	for i := range g.result.Findings {
		f := &g.result.Findings[i]
		if f.State != New && f.State != Incomparable {
			continue
		}
		if f.WaivedBy != "" {
			waived++
			continue
		}
		count[f.State]++
		x.Subjects = some(x.Subjects, f.Subject)
		if f.State == New {
			first = firstOf(first, fmt.Sprintf("%s: %s %s", f.Rule, f.Subject, f.Text))
		} else {
			doubt = firstOf(doubt, fmt.Sprintf("%s: %s: %s", f.Rule, f.Subject, f.Why))
		}
	}
	x.Have = fmt.Sprintf("%d new", count[New])
	if n := count[Incomparable]; n > 0 {
		x.Have += fmt.Sprintf(", %d incomparable", n)
	}
	if waived > 0 {
		x.Have += fmt.Sprintf(", %d waived", waived)
	}
	if count[New]+count[Incomparable] > 0 {
		x.Outcome, x.Why = Fail, firstOf(first, doubt)
		x.Remedy = "mend it, waive it, or accept it by a new baseline (--write-baseline)"
	}
	return x
}

// customs asks the expressions of the policy.
func (g *gates) customs() {
	if len(g.policy.Gates) == 0 {
		return
	}
	known, err := values(g.evidence.Assessment, g.policy.exprs)
	if g.evidence.Assessment.Score.None {
		err = errors.New("there is nothing to rate")
	}
	for i := range g.policy.Gates {
		c := &g.policy.Gates[i]
		x := Gate{ID: string(c.ID), Text: c.Expr, Outcome: Pass, Have: "true", Want: "true", Where: g.where(fmt.Sprintf("gates.%d", i+1))}
		ok := false
		e := err
		if e == nil {
			ok, e = g.policy.exprs[i].ask(known)
		}
		switch {
		case e != nil:
			x.Outcome, x.Have, x.Why, x.Remedy = Unknown, "no answer", c.Message+": it cannot be worked out: "+e.Error(), "what is not known is null: "+g.look()
		case !ok:
			x.Outcome, x.Have, x.Why = Fail, "false", c.Message
		}
		g.add(x)
	}
}
