package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/collect/resolve"
	"github.com/infraopt/infraopt/report"
	"github.com/infraopt/infraopt/report/history"
	"github.com/infraopt/infraopt/score"
	"github.com/infraopt/infraopt/score/trend"
)

type historyDiffFlags struct {
	modelFlags
	viewFlags
	assume  string
	timeout time.Duration
}

func (p *program) historyDiffCommand(h *historyFlags) *cobra.Command {
	var f historyDiffFlags
	cmd := &cobra.Command{
		Use:   "diff A B",
		Short: "say how the score changed from one snapshot to another, and why",
		Long: prose(
			"Diff rates two snapshots by today's rules and takes the change of the score from A to B apart, as infraopt assess --since "+
				"does: into other rules, what is known, hosts that joined, left or could not be looked at, and what changed within them. "+
				"From an entry of the history, the change begins at what was said of it then.",
			"A and B are entries, or files: snapshots, or assessments in JSON, of which totals only can be compared. What can be the "+
				"name of an entry is one; write ./last for a file of that name.",
			"The result goes to standard output, or with --out to files, each in the format of its extension. In JSON, it is the "+
				"assessment of B with its trend, without advice.",
			statusHelp(exitOK, exitIncomplete, exitUsage, exitFailed, exitInterrupted)),
		Example: "  infraopt history diff last~1 last\n" +
			"  infraopt history diff 2025-12-31 2026-12-31 --estate west\n" +
			"  infraopt history diff last today.json.zst --format json",
		Args: func(cmd *cobra.Command, args []string) error {
			const two = 2
			if len(args) != two {
				return &usageError{text: fmt.Sprintf("%s: want two entries or files, have %d", cmd.CommandPath(), len(args)), hint: "infraopt history list shows what there is"}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.settle(cmd); err != nil {
				return err
			}
			return p.historyDiff(cmd.Context(), h, f, args[0], args[1])
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	f.viewFlags = viewFlags{noun: "change", known: report.ChangeFormats()}
	f.viewFlags.register(cmd, "list `N` hosts of a kind at most (0: all)")
	flags.StringVar(&f.assume, "assume", "", "score on an assumption: `WHAT` is "+score.RunningIsActive+", that all work that runs is used")
	_ = cmd.RegisterFlagCompletionFunc("assume", cobra.FixedCompletions([]string{score.RunningIsActive}, cobra.ShellCompDirectiveNoFileComp))
	f.modelFlags.register(flags)
	flags.DurationVar(&f.timeout, "timeout", 30*time.Second, "give each file `TIME` to be read")
	return cmd
}

// An end is one of two results that are compared. One of the first two fields is set.
type end struct {
	snapshot   *inventory.Snapshot
	assessment *score.Assessment
	stored     *trend.Stored  // what was said of the snapshot, where that is kept
	waivers    []score.Waiver // of then; nil where nobody kept them
}

func (p *program) historyDiff(ctx context.Context, h *historyFlags, f historyDiffFlags, from, to string) (err error) {
	switch {
	case f.assume != "" && f.assume != score.RunningIsActive:
		return unknown("assumption", f.assume, []string{score.RunningIsActive})
	case f.timeout <= 0:
		return usagef("--timeout %v: want a time above 0, such as 30s", f.timeout)
	}
	model, err := f.load()
	if err != nil {
		return err
	}
	show, err := p.views(&f.viewFlags)
	if err != nil {
		return err
	}
	defer show.discard()
	ends, err := p.ends(ctx, h, f, from, to)
	if err != nil {
		return err
	}
	return show.render(compared(ends, model, f))
}

// ends reads what is to be compared. The history is opened where one of them is in it.
func (p *program) ends(ctx context.Context, h *historyFlags, f historyDiffFlags, args ...string) (ends []*end, err error) {
	var s *history.Store
	for _, name := range args {
		var e *end
		if _, no := history.ParseRef(name); no == nil {
			if s == nil {
				if s, err = p.openHistory(ctx, h, false); err != nil {
					return nil, err
				}
				defer closing(s, &err)
			}
			e, err = storedEnd(ctx, s, h.estate, name, f.assume)
		} else {
			e, err = fileEnd(ctx, name, f.timeout)
		}
		if err != nil {
			return nil, err
		}
		ends = append(ends, e)
	}
	return ends, nil
}

// fileEnd reads a file.
func fileEnd(ctx context.Context, name string, timeout time.Duration) (*end, error) {
	then, err := readEarlier(ctx, name, name, "want an entry (infraopt history list), or the file of "+earlierForms, timeout)
	if err != nil {
		return nil, err
	}
	return &end{snapshot: then.snapshot, assessment: then.assessment}, nil
}

// storedEnd reads an entry. What was said of it on another assumption cannot be compared with.
func storedEnd(ctx context.Context, s *history.Store, estate, name, assume string) (*end, error) {
	entry, err := s.Find(ctx, estate, name)
	if err != nil {
		return nil, historyError(err)
	}
	e := &end{}
	if e.snapshot, err = storedSnapshot(ctx, s, entry); err != nil {
		return nil, err
	}
	a, err := storedAssessment(ctx, s, entry)
	if err != nil {
		return nil, err
	}
	e.stored, e.waivers = saidThen(a, assume != "")
	return e, nil
}

// saidThen is what a kept assessment said, unless it was on another assumption, and what was waived in it.
func saidThen(a *score.Assessment, assumed bool) (*trend.Stored, []score.Waiver) {
	waivers := []score.Waiver{}
	for i := range a.Waivers {
		waivers = append(waivers, a.Waivers[i].Waiver)
	}
	if rested := a.Assumed != nil && a.Assumed.Score == a.Score; rested != assumed && a.Assumed != nil {
		return nil, waivers
	}
	return &trend.Stored{Score: a.Score, Level: a.Level.Number, Rules: a.Tool.Rules}, waivers
}

// compared is the assessment of the later end, with how it came to be.
func compared(ends []*end, model *score.Model, f historyDiffFlags) *score.Assessment {
	then, now := ends[0], ends[1]
	var estates [2]*inventory.Estate
	var results [2]*score.Assessment
	var opt score.Options
	for i, e := range ends {
		results[i] = e.assessment
		if e.snapshot == nil {
			continue
		}
		estates[i] = resolve.Estate(e.snapshot)
		if i == 0 && now.snapshot != nil {
			continue // Compare rates it
		}
		opt = score.Options{RunningIsActive: f.assume == score.RunningIsActive, Now: e.snapshot.TakenAt.UTC()}
		results[i] = score.Assess(estates[i], model, score.Request{Options: opt, Tool: tool(), ModelFile: f.name(), Top: f.listed()})
		unadvised(results[i])
	}
	a := results[1]
	if then.snapshot != nil && now.snapshot != nil {
		a.Trend = trend.Compare(model, opt, trend.Then{Estate: estates[0], Time: then.snapshot.TakenAt.UTC(), Waivers: then.waivers, Stored: then.stored}, estates[1])
	} else {
		a.Trend = trend.Totals(results[0], a)
	}
	return a
}
