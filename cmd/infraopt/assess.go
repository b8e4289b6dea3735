package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/infraopt/infraopt/report"
	"github.com/infraopt/infraopt/score"
)

// defaultFormat is for people, so it heeds what their terminal can show.
const defaultFormat = "table"

// defaultTop keeps reports of large estates readable by machines too. The totals are always given.
const defaultTop = 1000

type assessFlags struct {
	scoringFlags
	planFlags
	viewFlags
	since string
	only  bool // score and give no advice
}

func (p *program) assessCommand() *cobra.Command {
	var f assessFlags
	cmd := &cobra.Command{
		Use:   "assess [TARGET|FILE]...",
		Short: "collect, score and report: the main command",
		Long: prose(
			"Assess reads the targets, rates the estate they show as one, and reports where it stands, what holds it back, "+
				"what to do next and what could not be seen.",
			targetHelp,
			"A report goes to standard output, or with --out to files, each in the format of its extension; then standard "+
				"output stays empty unless --format is given, too.",
			"With --since, an earlier snapshot is rated again by today's rules, and the change of the score is taken apart: into "+
				"what is known, hosts that joined, left or could not be looked at, and what changed within them. An earlier "+
				"assessment holds totals only, which can be compared if the same rules made it.",
			statusHelp(exitOK, exitIncomplete, exitUsage, exitFailed, exitInterrupted)),
		Example: "  infraopt assess\n" +
			"  infraopt assess --sample 5s\n" +
			"  infraopt assess docker:unix:///run/podman/podman.sock\n" +
			"  infraopt assess web1.json.zst web2.json.zst --format json\n" +
			"  infraopt assess --since q3.json.zst *.json.zst\n" +
			"  infraopt assess -o report.json -o report.txt",
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("since") && f.since == "" {
				return usagef("--since: no file named: want a snapshot or an assessment in JSON")
			}
			if err := f.settle(cmd); err != nil {
				return err
			}
			return p.assess(cmd.Context(), f, args)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	f.viewFlags = viewFlags{noun: "report", known: report.Formats()}
	f.viewFlags.register(cmd, "list `N` machines, containers and virtual machines at most (0: all), and show as many rows of each table")
	flags.StringVar(&f.since, "since", "", "say how the score has changed since `FILE`, a snapshot or an assessment in JSON, and why")
	flags.BoolVar(&f.only, "score-only", false, "give no advice: files are then read as a stream, so that any estate fits into memory")
	f.planFlags.register(flags)
	f.registerSample(flags)
	f.scoringFlags.register(cmd)
	return cmd
}

func (p *program) assess(ctx context.Context, f assessFlags, args []string) error {
	if err := f.check(); err != nil {
		return err
	}
	if f.only && f.since != "" {
		return usagef("--since %s: a change is explained from the whole estate: want it without --score-only", f.since)
	}
	then, err := readSince(ctx, f.since, f.timeout)
	if err != nil {
		return err
	}
	model, err := f.load()
	if err != nil {
		return err
	}
	conditions, err := f.conditions(ctx)
	if err != nil {
		return err
	}
	show, err := p.views(&f.viewFlags, args...)
	if err != nil {
		return err
	}
	defer show.discard()
	var a *score.Assessment
	var h *haul
	if f.only {
		a, h, err = p.scoreOnly(ctx, f, model, args)
	} else {
		defer withMemory()()
		h, err = p.gather(ctx, f.gatherFlags, args)
	}
	if err != nil {
		return err
	}
	if h.empty {
		return h.err
	}
	if a == nil {
		h.then = then
		bar := p.progress("scoring", 0)
		a, err = p.judge(ctx, f, h, model, conditions)
		bar.stop()
		if err != nil {
			return err
		}
	}
	if err := show.render(a); err != nil {
		return err
	}
	return h.err
}

// judge turns what was read into a finished assessment. From where it was read makes no difference to the result.
func (p *program) judge(ctx context.Context, f assessFlags, h *haul, model *score.Model, conditions *conditions) (*score.Assessment, error) {
	req := f.request(h, f.listed())
	estate := h.estate()
	a, err := p.advise(ctx, estate, model, req, conditions)
	if err == nil && h.then != nil {
		a.Trend = h.then.explain(a, estate, model, req.Options)
	}
	return a, err
}
