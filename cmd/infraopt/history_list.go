package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/infraopt/infraopt/report/history"
	"github.com/infraopt/infraopt/score"
)

type historyListFlags struct {
	from, to string
	limit    int
	all      bool // estates
	format   string
}

func (p *program) historyListCommand(h *historyFlags) *cobra.Command {
	var f historyListFlags
	known := []string{defaultFormat, "json"}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "list what is kept, the oldest first",
		Long: prose(
			"List shows the entries of all estates, or of the one that --estate names: when the estate was looked at, the level and "+
				"the score that it was given then, and the size of what is stored.",
			statusHelp(exitOK, exitIncomplete, exitUsage, exitFailed)),
		Example: "  infraopt history list\n" +
			"  infraopt history list --estate west --from 2026-01-01 --to 2026-12-31\n" +
			"  infraopt history list --format json",
		Args:              none,
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f.all = !cmd.Flags().Changed("estate")
			if f.format != defaultFormat && f.format != "json" {
				return unknown("format", f.format, known)
			}
			return p.historyList(cmd.Context(), h, f)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.from, "from", "", "leave out what was taken before this `DATE`")
	flags.StringVar(&f.to, "to", "", "leave out what was taken after this `DATE`")
	flags.IntVar(&f.limit, "limit", 0, "show the newest `N` at most (0: all)")
	flags.StringVarP(&f.format, "format", "f", defaultFormat, "print the list as `NAME`: "+oneOfWords(known))
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(known, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// parseDay reads the date of a flag.
func parseDay(flag, text string) (time.Time, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return t, usagef("%s %q: want a date as in 2026-09-30", flag, text)
	}
	return t, nil
}

func (f *historyListFlags) query(estate string) (history.Query, error) {
	q := history.Query{Estate: estate, Limit: f.limit}
	if f.all {
		q.Estate = ""
	}
	if f.limit < 0 {
		return q, usagef("--limit %d: want 0 (all) or more", f.limit)
	}
	var err error
	if f.from != "" {
		if q.From, err = parseDay("--from", f.from); err != nil {
			return q, err
		}
	}
	if f.to != "" {
		if q.To, err = parseDay("--to", f.to); err != nil {
			return q, err
		}
		q.To = q.To.AddDate(0, 0, 1)
	}
	return q, nil
}

func (p *program) historyList(ctx context.Context, h *historyFlags, f historyListFlags) (err error) {
	q, err := f.query(h.estate)
	if err != nil {
		return err
	}
	s, err := p.openHistory(ctx, h, false)
	if err != nil {
		return err
	}
	defer closing(s, &err)
	list, err := s.List(ctx, q)
	if err != nil {
		return historyError(err)
	}
	if f.format == "json" {
		var doc bytes.Buffer
		enc := json.NewEncoder(&doc)
		enc.SetIndent("", "  ")
		if err := enc.Encode(history.Listing{Schema: history.ListingSchema, Entries: list}); err != nil {
			return fmt.Errorf("encoding the list: %w", err)
		}
		return p.print(doc.String())
	}
	if len(list) == 0 {
		return p.print("There is no such entry.\n")
	}
	return p.print(p.listing(list))
}

// listing shows entries to people.
func (p *program) listing(list []history.Entry) string {
	rows := [][]string{{"ID", "TAKEN", "LEVEL", "SCORE", "MACHINES", "SIZE", "ESTATE"}}
	for _, e := range list {
		rows = append(rows, []string{shortID(e), e.TakenAt.UTC().Format("2006-01-02 15:04"), levelOf(e.Level), scoreOf(e.Score), strconv.Itoa(e.Machines),
			sizeOf(e.Size), printable(e.Estate, false)})
	}
	out := p.sheet()
	out.rows("", rows)
	return out.String()
}

func levelOf(n int) string {
	if n <= 0 {
		return "–"
	}
	return strconv.Itoa(n)
}

// scoreOf shows what is proven, and what is possible where that is more. It promises no more than reports do.
func scoreOf(b score.Bounds) string {
	const dust = 1e-6 // of floating point, forgiven as in reports
	if b.None {
		return "–"
	}
	low, high := math.Floor(b.Low+dust), math.Ceil(b.High-dust)
	if b.High-b.Low < dust {
		return fmt.Sprintf("%.0f", low)
	}
	return fmt.Sprintf("%.0f – %.0f", low, high)
}

// sizeOf shows a number of bytes with the unit that suits it.
func sizeOf(n int64) string {
	const step = 1000
	size, units := float64(n), strings.Fields("B kB MB GB TB PB EB")
	i := 0
	for ; size >= step-.5 && i < len(units)-1; i++ {
		size /= step
	}
	if i == 0 || size >= 9.95 {
		return fmt.Sprintf("%.0f %s", size, units[i])
	}
	return fmt.Sprintf("%.1f %s", size, units[i])
}
