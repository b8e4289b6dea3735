package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/infraopt/infraopt/collect"
)

func (p *program) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "say what this user can and cannot read on this host, and what would change that",
		Long: prose(
			"Doctor tries, source by source, what can be read on this host as the user who runs it, and gives the exact command or "+
				"right that would reveal the rest. It changes nothing.",
			statusHelp(exitOK, exitUsage, exitFailed, exitInterrupted)),
		Args:              none,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE:              func(cmd *cobra.Command, _ []string) error { return p.doctor(cmd.Context()) },
	}
}

// probeTime is how long the probes of one source may take; sound ones need milliseconds.
const probeTime = 5 * time.Second

func (p *program) doctor(ctx context.Context) error {
	type answer struct {
		source collect.Source
		probes chan []collect.Probe
	}
	var answers []answer
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	for _, s := range p.sources {
		if s.Probe == nil {
			continue
		}
		a := answer{s, make(chan []collect.Probe, 1)} // buffered: a probe that was given up can still finish
		answers = append(answers, a)
		go func() { a.probes <- probe(ctx, s, p.env) }()
	}
	bar := p.progress("looking", 0)
	given := make([][]collect.Probe, len(answers))
	for i, a := range answers {
		select {
		case given[i] = <-a.probes:
			continue
		case <-ctx.Done():
		}
		select {
		case given[i] = <-a.probes:
		case <-time.After(probeTime / 10): // to heed the end of ctx
			given[i] = []collect.Probe{{What: a.source.Scheme, Status: collect.ProbeBroken, Detail: fmt.Sprintf("no answer within %s", probeTime)}}
		}
	}
	bar.stop()
	if err := context.Cause(ctx); err != nil && context.Cause(ctx) != context.DeadlineExceeded { //nolint:errorlint // the cause of a context is bare
		return errInterrupted
	}
	out := p.sheet()
	for i, a := range answers {
		if i > 0 {
			out.line("")
		}
		diagnosis(out, a.source, given[i])
	}
	return p.print(out.String())
}

// probe asks one source. A source that cannot even say what it could read is broken, and the others are not.
func probe(ctx context.Context, s collect.Source, env collect.Env) (probes []collect.Probe) {
	defer func() {
		if r := recover(); r != nil {
			probes = []collect.Probe{{What: s.Scheme, Status: collect.ProbeBroken, Detail: fmt.Sprintf("internal error, please report it: %v", r)}}
		}
	}()
	return s.Probe(ctx, env)
}

func diagnosis(out *sheet, s collect.Source, probes []collect.Probe) {
	out.hang(s.Scheme+"  ", s.Summary)
	if len(probes) == 0 {
		out.line("  nothing to read here")
	}
	// One column for all, as far as 80 columns leave room for what was found.
	width := 0
	for _, p := range probes {
		width = min(max(width, columns(p.What)), 30)
	}
	for _, p := range probes {
		before := "  " + pad(string(p.Status), 10)
		what := printable(p.What, false)
		if columns(what) > width {
			out.line(before + what)
			before, what = pad("", columns(before)), ""
		}
		out.hang(before+pad(what, width)+"  ", printable(p.Detail, false))
		if p.Remedy != "" {
			out.hang(pad("", 12)+"-> ", printable(p.Remedy, false))
		}
	}
}
