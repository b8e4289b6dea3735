package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/report"
	"github.com/infraopt/infraopt/score"
	"github.com/infraopt/infraopt/score/audit"
	"github.com/infraopt/infraopt/score/plan"
)

type auditFlags struct {
	scoringFlags
	planFlags
	viewFlags
	historyFlags
	policy, waivers string
	score, coverage float64
	regression      float64
	level           int
	onNew, complete bool
	age             string
	baseline, write string
	explain         bool
	given           map[string]bool // flags
}

func (p *program) auditCommand() *cobra.Command {
	var f auditFlags
	cmd := &cobra.Command{
		Use:   "audit [TARGET|FILE]...",
		Short: "hold the estate against a policy, for pipelines: the exit status says whether it passes",
		Long: prose(
			"Audit reads the targets, rates the estate they show as one, and asks the gates of a policy. Gates are held against what is "+
				"proven, the low end; what is not known passes none. The policy is the file "+audit.FileName+" of this folder or the nearest one above it, "+
				"up to the root of the repository or your home folder; flags take the place of what it says (infraopt schema policy).",
			targetHelp,
			"With --baseline, what is found is new, unchanged, resolved, or incomparable: what could not be looked at is never resolved, "+
				"and counts as new where --fail-on-new is asked for. A baseline is a file (a snapshot, an audit that --write-baseline wrote, "+
				"or an assessment in JSON), history:ENTRY, or git:REF:PATH. A snapshot is rated again by today's rules.",
			"A waiver accepts a finding or a gate on some subject until a day. It has an owner and a reason, and what it no longer matches is told.",
			"Of gates that are not passed, one that could not be asked decides before one that is unknown, and that before one that failed. "+
				"Nothing about how a result is shown changes the exit status.",
			statusHelp(exitOK, exitGate, exitIncomplete, exitUsage, exitFailed, exitInterrupted)),
		Example: "  infraopt audit --min-score 40 --min-coverage 0.6\n" +
			"  infraopt audit *.json.zst --baseline git:origin/main:infraopt-baseline.json --fail-on-new\n" +
			"  infraopt audit --baseline history:last --max-regression 2 --explain-exit\n" +
			"  infraopt audit q4.json.zst --write-baseline infraopt-baseline.json",
		RunE: func(cmd *cobra.Command, args []string) error {
			f.given = map[string]bool{}
			for _, name := range []string{"policy", "waivers", "min-score", "min-level", "min-coverage", "max-regression", "max-age", "fail-on-new", "complete", "baseline", "write-baseline"} {
				f.given[name] = cmd.Flags().Changed(name)
			}
			if err := f.settle(cmd); err != nil {
				return err
			}
			return p.audit(cmd.Context(), f, args)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.policy, "policy", "", "take the policy in `FILE`, in the place of the one that is found; none for no policy")
	flags.Float64Var(&f.score, "min-score", 0, "fail below `N` proven points, 0 to 100")
	flags.IntVar(&f.level, "min-level", 0, "fail below level `N`, 1 to 5")
	flags.Float64Var(&f.coverage, "min-coverage", 0, "be incomplete where less than the share `N` of the evidence is known, 0 to 1")
	flags.Float64Var(&f.regression, "max-regression", 0, "fail where what is proven fell by more than `N` points since the baseline")
	flags.BoolVar(&f.onNew, "fail-on-new", false, "fail on findings that the baseline does not have, or of which nobody can tell")
	flags.BoolVar(&f.complete, "complete", false, "be incomplete where any target could not be read, also one that was found and not named")
	flags.StringVar(&f.age, "max-age", "", "fail on evidence that is older than `TIME`, such as 36h or 7d")
	flags.StringVar(&f.baseline, "baseline", "", "compare with `WHAT`: a file, history:ENTRY or git:REF:PATH")
	flags.StringVar(&f.write, "write-baseline", "", "write the audit to `FILE`, as the baseline of later ones")
	flags.StringVar(&f.waivers, "waivers", "", "take the waivers in `FILE`, beside those of the policy")
	flags.BoolVar(&f.explain, "explain-exit", false, "say on standard error which gate decided the exit status, and why")
	f.viewFlags = viewFlags{noun: "audit", known: report.AuditFormats()}
	f.viewFlags.register(cmd, "show `N` findings at most (0: all)")
	f.historyFlags.register(flags)
	f.planFlags.register(flags)
	f.registerSample(flags)
	f.scoringFlags.register(cmd)
	return cmd
}

func (p *program) audit(ctx context.Context, f auditFlags, args []string) error {
	if err := f.check(); err != nil {
		return err
	}
	model, err := f.load()
	if err != nil {
		return err
	}
	policy, err := p.readPolicy(ctx, &f, model)
	if err != nil {
		return err
	}
	conditions, err := f.conditions(ctx)
	if err != nil {
		return err
	}
	if what, ok := policy.Compares(); ok && !f.given["baseline"] {
		return &usageError{text: what + " asks for a comparison, and there is no baseline", hint: "give one: --baseline FILE, history:last or git:REF:PATH; --write-baseline makes one"}
	}
	if policy.Empty() {
		say(p.std.err, "infraopt: no gate was asked for, by a policy or by flags: all that is checked is that targets can be read\n")
	}
	show, err := p.views(&f.viewFlags, args...)
	if err != nil {
		return err
	}
	defer show.discard()
	var kept *output
	if f.given["write-baseline"] {
		switch {
		case f.write == "" || f.write == "-":
			return usagef("--write-baseline %q: want the name of a file", f.write)
		case slices.ContainsFunc(args, samePlaceAs(f.write)):
			return usagef("--write-baseline %s: that is what is audited: want another file", f.write)
		case slices.ContainsFunc(f.out, samePlaceAs(f.write)):
			return usagef("--write-baseline %s: a report goes there (--out): want another file", f.write)
		}
		if kept, err = createOutput(f.write, reportRights); err != nil {
			return err
		}
		defer kept.discard()
	}
	base, err := p.readBaseline(ctx, &f)
	if err != nil {
		return err
	}
	defer withMemory()()
	h, err := p.gather(ctx, f.gatherFlags, args)
	if err != nil {
		return err
	}
	if h.empty {
		return h.err
	}
	bar := p.progress("auditing", 0)
	a, r, err := p.judgeAudit(ctx, f, h, model, conditions, policy, base)
	bar.stop()
	if err != nil {
		return err
	}
	if err := show.show(report.Report{Assessment: a, Audit: r}); err != nil {
		return err
	}
	if f.explain {
		say(p.std.err, "%s\n", p.lines(r.Explain()))
	}
	return f.finish(h, r, kept)
}

// lines escapes what could steer a terminal.
func (p *program) lines(lines []string) string {
	var out []string
	for _, l := range lines {
		l = printable(l, false)
		if p.ascii {
			l = toASCII(l)
		}
		out = append(out, l)
	}
	return strings.Join(out, "\n")
}

// finish writes the baseline and gives the error that has the exit status.
func (f *auditFlags) finish(h *haul, r *audit.Result, kept *output) error {
	var out failures
	if h.err != nil {
		out = append(out, h.err)
	}
	if kept != nil {
		if h.err != nil {
			out = append(out, &gateError{kind: errGateUnknown, text: "the baseline " + f.write + " was not written: not all that was named could be read, and what is there would be unknown to it",
				remedy: "read all, or leave out what cannot be read"})
		} else if err := kept.write(func(w io.Writer) error { return report.WriteAudit(w, r) }); err != nil {
			return err
		}
	}
	if d := r.Decisive; d != nil && (h.err == nil || r.Gates[0].ID != d.ID) { // what could not be read has been said
		text := "gate " + d.ID + ": " + cmp.Or(d.Why, d.Text)
		if d.Have != "" {
			text = fmt.Sprintf("gate %s: have %s, want %s: %s", d.ID, d.Have, d.Want, cmp.Or(d.Why, d.Text))
		}
		out = append(out, &gateError{kind: [...]error{nil, errGateFailed, errGateUnknown, collect.ErrUsage}[r.Status], text: text, remedy: d.Remedy})
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// The errors of an audit that is not passed.
var (
	errGateFailed  = errors.New("an audit gate failed")
	errGateUnknown = errors.New("an audit gate is unknown")
)

// A gateError tells of the gate that decided.
type gateError struct {
	kind         error
	text, remedy string
}

func (e *gateError) Error() string { return e.text }
func (e *gateError) Unwrap() error { return e.kind }

// judgeAudit assesses what was read and holds it against the policy. Advice is worked out only where a gate asks for it.
func (p *program) judgeAudit(ctx context.Context, f auditFlags, h *haul, model *score.Model, c *conditions, policy *audit.Policy, base *baseline) (*score.Assessment, *audit.Result, error) {
	needs := policy.Needs()
	top := 1
	if needs.Machines {
		top = 0
	}
	req := f.request(h, top)
	e := h.estate()
	var a *score.Assessment
	if needs.Plan {
		var err error
		if a, err = p.advise(ctx, e, model, req, c); err != nil {
			return nil, nil, err
		}
	} else {
		if missing := c.Constraints.Unmatched(e); len(missing) > 0 {
			return nil, nil, &usageError{text: missing[0], hint: "a pattern that matches nothing constrains nothing; take it out, or mend it"}
		}
		a = score.Assess(e, model, req)
		unadvised(a)
		a.Roadmap.Withheld = "no gate asks for advice"
	}
	evidence := audit.Evidence{Assessment: a, Estate: e, Model: model, Request: plan.Request{Request: req, Constraints: c.Constraints}, Reading: reading(h.err)}
	against := base.against(a, e, model, req.Options)
	if against != nil {
		a.Trend = against.Trend
	}
	return a, audit.Audit(evidence, policy, against, h.now), nil
}

// reading words what could not be read for the gate that asks for it.
func reading(err error) audit.Reading {
	if err == nil {
		return audit.Reading{}
	}
	r := audit.Reading{Outcome: audit.Unknown, Why: err.Error(), Remedy: collect.RemedyOf(err)}
	if list := (failures)(nil); errors.As(err, &list) && len(list) > 0 {
		r.Why, r.Remedy = list[0].Error(), collect.RemedyOf(list[0])
		if n := len(list) - 1; n > 0 {
			r.Why += fmt.Sprintf("; and %d more", n)
		}
	}
	if s := statusOf(err); s == exitUsage {
		r.Outcome = audit.Error
	}
	return r
}

// readPolicy reads the policy, with what the flags set in its place.
func (p *program) readPolicy(ctx context.Context, f *auditFlags, model *score.Model) (*audit.Policy, error) {
	const hint = "infraopt schema policy describes it"
	name := f.policy
	switch {
	case f.given["policy"] && name == "":
		return nil, usagef("--policy: no file named: want a policy in YAML, or none")
	case name == "none":
		name = ""
	case name == "":
		var err error
		if name, err = p.findPolicy(); err != nil {
			return nil, err
		}
	}
	policy := &audit.Policy{}
	if name != "" {
		load := func(name string, text []byte) (*audit.Policy, error) { return audit.Load(name, text, model) }
		var err error
		if policy, err = readFile(ctx, name, "policy", hint, audit.MaxFile, load); err != nil {
			return nil, err
		}
	}
	if f.given["waivers"] {
		load := func(name string, text []byte) (bool, error) { return true, policy.AddWaivers(name, text) }
		if _, err := readFile(ctx, f.waivers, "waiver file", "a waiver has an id, a subject, a finding, an owner, a reason and a day on which it expires", audit.MaxFile, load); err != nil {
			return nil, err
		}
	}
	return policy, f.override(policy)
}

// override puts what flags ask for in the place of what the policy says.
func (f *auditFlags) override(policy *audit.Policy) error {
	within := func(flag string, v, most float64) error {
		if !(v >= 0 && v <= most) {
			return usagef("--%s %g: want a number from 0 to %g", flag, v, most)
		}
		return nil
	}
	const points, levels = 100, 5
	for _, x := range []struct {
		flag, key string
		err       func() error
		set       func(*audit.PolicyFile)
	}{
		{"min-score", "minScore", func() error { return within("min-score", f.score, points) }, func(p *audit.PolicyFile) { p.MinScore = &f.score }},
		{"min-coverage", "minCoverage", func() error { return within("min-coverage", f.coverage, 1) }, func(p *audit.PolicyFile) { p.MinCoverage = &f.coverage }},
		{"max-regression", "maxRegression", func() error { return within("max-regression", f.regression, points) }, func(p *audit.PolicyFile) { p.MaxRegression = &f.regression }},
		{"min-level", "minLevel", func() error {
			if f.level < 1 || f.level > levels {
				return usagef("--min-level %d: want a level from 1 to %d", f.level, levels)
			}
			return nil
		}, func(p *audit.PolicyFile) { p.MinLevel = &f.level }},
		{"fail-on-new", "failOnNew", nil, func(p *audit.PolicyFile) { p.FailOnNew = f.onNew }},
		{"complete", "complete", nil, func(p *audit.PolicyFile) { p.Complete = f.complete }},
		{"max-age", "maxAge", func() error {
			if err := new(audit.Span).UnmarshalText([]byte(f.age)); err != nil {
				return usagef("--max-age %v", err)
			}
			return nil
		}, func(p *audit.PolicyFile) {
			span := new(audit.Span)
			if span.UnmarshalText([]byte(f.age)) == nil {
				p.MaxAge = span
			}
		}},
	} {
		if !f.given[x.flag] {
			continue
		}
		if x.err != nil {
			if err := x.err(); err != nil {
				return err
			}
		}
		policy.Override(x.key, x.set)
	}
	if math.IsNaN(f.score) {
		return usagef("--min-score: want a number")
	}
	return nil
}

// findPolicy looks for a policy in the working folder and above it, no further than the root of the repository and the home
// folder; empty where there is none. One that is there and cannot be read is an error, not none.
func (p *program) findPolicy() (string, error) {
	here, err := os.Getwd()
	if err != nil {
		return "", usagef("looking for a policy: %v", err)
	}
	folder := here
	home := filepath.Clean(p.std.getenv("HOME"))
	for {
		name := filepath.Join(folder, audit.FileName)
		if _, err := os.Lstat(name); err == nil {
			if rel, err := filepath.Rel(here, name); err == nil {
				name = rel
			}
			return name, nil
		} else if !errors.Is(err, os.ErrNotExist) {
			return "", usagef("looking for a policy: %v", err)
		}
		_, err := os.Lstat(filepath.Join(folder, ".git"))
		above := filepath.Dir(folder)
		if err == nil || folder == home || above == folder {
			return "", nil
		}
		folder = above
	}
}
