package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/infraopt/infraopt/report/history"
)

type historyPruneFlags struct {
	quarters int
	before   string
	dry      bool
}

func (p *program) historyPruneCommand(h *historyFlags) *cobra.Command {
	var f historyPruneFlags
	cmd := &cobra.Command{
		Use:   "prune (--keep-quarters N | --before DATE)",
		Short: "delete old entries, and keep the last of each quarter",
		Long: prose(
			"Prune deletes entries of one estate for good, and lists them. The last entry of a quarter is what quarterly reports are "+
				"made of: with --keep-quarters the last of each of the newest N quarters that have entries stay, and of the newest "+
				"quarter, all; with --before, of all older quarters only the last entry stays.",
			statusHelp(exitOK, exitIncomplete, exitUsage, exitFailed, exitInterrupted)),
		Example: "  infraopt history prune --before 2026-01-01 --dry-run\n" +
			"  infraopt history prune --keep-quarters 12 --estate west",
		Args:              none,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			keep, before := cmd.Flags().Changed("keep-quarters"), cmd.Flags().Changed("before")
			switch {
			case keep == before:
				return &usageError{text: "want either --keep-quarters or --before", hint: "see " + cmd.CommandPath() + " --help"}
			case keep && f.quarters < 1:
				return usagef("--keep-quarters %d: want 1 or more", f.quarters)
			}
			return p.historyPrune(cmd.Context(), h, f)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.IntVar(&f.quarters, "keep-quarters", 0, "keep the last entry of each of the newest `N` quarters")
	flags.StringVar(&f.before, "before", "", "delete what was taken before this `DATE`, but for the last entry of each quarter")
	flags.BoolVar(&f.dry, "dry-run", false, "list what would be deleted, and delete nothing")
	return cmd
}

func (p *program) historyPrune(ctx context.Context, h *historyFlags, f historyPruneFlags) (err error) {
	var before time.Time
	if f.before != "" || f.quarters == 0 {
		if before, err = parseDay("--before", f.before); err != nil {
			return err
		}
	}
	s, err := p.openHistory(ctx, h, false)
	if err != nil {
		return err
	}
	defer closing(s, &err)
	list, err := s.List(ctx, history.Query{Estate: h.estate})
	if err != nil {
		return historyError(err)
	}
	var gone []history.Entry
	if f.quarters > 0 {
		gone = beyondQuarters(list, f.quarters)
	} else {
		gone = beforeDay(list, before)
	}
	if len(gone) == 0 {
		return p.print("There is nothing to delete.\n")
	}
	var ids []string
	var size int64
	for _, e := range gone {
		ids = append(ids, e.ID)
		size += e.Size
	}
	verb := "To be deleted"
	if !f.dry {
		if _, err := s.Delete(ctx, ids...); err != nil {
			return historyError(err)
		}
		verb = "Deleted"
	}
	if err := p.print(p.listing(gone) + fmt.Sprintf("\n%s: %d of %d, %s.\n", verb, len(gone), len(list), sizeOf(size))); err != nil {
		return err
	}
	if f.dry {
		return nil
	}
	return historyError(s.Compact(ctx))
}

// lasts gives the last entry of each quarter. The list has the oldest first.
func lasts(list []history.Entry) map[quarter]string {
	out := map[quarter]string{}
	for _, e := range list {
		out[quarterOf(e.TakenAt)] = e.ID
	}
	return out
}

// beyondQuarters gives what is not the last entry of one of the newest n quarters that have any, nor of the newest quarter.
func beyondQuarters(list []history.Entry, n int) []history.Entry {
	last := lasts(list)
	kept := map[quarter]bool{}
	for i := len(list) - 1; i >= 0 && len(kept) < n; i-- {
		kept[quarterOf(list[i].TakenAt)] = true
	}
	var gone []history.Entry
	for _, e := range list {
		q := quarterOf(e.TakenAt)
		if q == quarterOf(list[len(list)-1].TakenAt) || kept[q] && last[q] == e.ID {
			continue
		}
		gone = append(gone, e)
	}
	return gone
}

// beforeDay gives what was taken before a day and is not the last entry of its quarter.
func beforeDay(list []history.Entry, day time.Time) []history.Entry {
	last := lasts(list)
	var gone []history.Entry
	for _, e := range list {
		if e.TakenAt.Before(day) && last[quarterOf(e.TakenAt)] != e.ID {
			gone = append(gone, e)
		}
	}
	return gone
}
