package main

import (
	"context"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/infraopt/infraopt/report"
	"github.com/infraopt/infraopt/score/plan"
)

type planCommandFlags struct {
	scoringFlags
	planFlags
	viewFlags
	whatIf string
}

func (p *program) planCommand() *cobra.Command {
	var f planCommandFlags
	cmd := &cobra.Command{
		Use:   "plan [TARGET|FILE]...",
		Short: "say what to do, in which order, what it brings and where it leads",
		Long: prose(
			"Plan reads the targets, rates the estate they show as one, and makes a roadmap: actions ranked by the points they bring "+
				"for their effort, each re-scored after those before it. It ends in a target estate: which workload goes where, which "+
				"hosts go dark, and a proof of how few hosts could do.",
			targetHelp,
			"With --what-if, a list of changes of your own is applied first, and what it brings is shown; the roadmap then begins there. "+
				"With --constraints, what is pinned, kept apart, fenced in or not to be touched stays so.",
			"A plan goes to standard output, or with --out to files, each in the format of its extension; then standard output stays "+
				"empty unless --format is given, too. Equal inputs give equal plans, unless --plan-time ends the search.",
			statusHelp(exitOK, exitIncomplete, exitUsage, exitFailed, exitInterrupted)),
		Example: "  infraopt plan\n" +
			"  infraopt plan *.json.zst --effort 200 --constraints constraints.yaml\n" +
			"  infraopt plan q4.json.zst --what-if ideas.yaml --prices prices.yaml\n" +
			"  infraopt plan q4.json.zst -o plan.json -o moves.csv -o hosts.ansible.json",
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("what-if") && f.whatIf == "" {
				return usagef("--what-if: no file named: want a list of changes in YAML")
			}
			if err := f.settle(cmd); err != nil {
				return err
			}
			return p.plan(cmd.Context(), f, args)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	f.viewFlags = viewFlags{noun: "plan", known: report.PlanFormats()}
	f.viewFlags.register(cmd, "show `N` rows of each list at most (0: all)")
	flags.StringVar(&f.whatIf, "what-if", "", "apply the changes in `FILE` first, and show what they bring (infraopt schema whatif)")
	f.planFlags.register(flags)
	f.registerSample(flags)
	f.scoringFlags.register(cmd)
	return cmd
}

func (p *program) plan(ctx context.Context, f planCommandFlags, args []string) error {
	if err := f.check(); err != nil {
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
	if f.whatIf != "" {
		conditions.file = filepath.Base(f.whatIf)
		if conditions.changes, err = readFile(ctx, f.whatIf, "list of changes", "infraopt schema whatif describes it", plan.MaxFile, plan.LoadWhatIf); err != nil {
			return err
		}
	}
	show, err := p.views(&f.viewFlags, args...)
	if err != nil {
		return err
	}
	defer show.discard()
	defer withMemory()()
	h, err := p.gather(ctx, f.gatherFlags, args)
	if err != nil {
		return err
	}
	if h.empty {
		return h.err
	}
	bar := p.progress("planning", 0)
	a, err := p.advise(ctx, h.estate(), model, f.request(h, 1), conditions) // a plan lists no machines of today
	bar.stop()
	if err != nil {
		return err
	}
	if err := show.render(a); err != nil {
		return err
	}
	return h.err
}
