package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/collect/resolve"
	"github.com/infraopt/infraopt/report"
	"github.com/infraopt/infraopt/report/history"
	"github.com/infraopt/infraopt/score"
	"github.com/infraopt/infraopt/score/plan"
	"github.com/infraopt/infraopt/score/trend"
)

type reportFlags struct {
	historyFlags
	modelFlags
	planFlags
	viewFlags
	quarter string
	assume  string
	now     string
}

func (p *program) reportCommand() *cobra.Command {
	var f reportFlags
	cmd := &cobra.Command{
		Use:   "report",
		Short: "report on a quarter: what changed since the last one and a year ago, and why",
		Long: prose(
			"Report rates what the history holds of a quarter of a year, the last entry of it, by today's rules, and makes advice for it. "+
				"The change since the quarter before, and since the same quarter of the year before, is taken apart term by term. The "+
				"roadmap of the quarter before is followed: what of it is done, what it had promised and what it has delivered, what is "+
				"still open, what is new. From all quarters that there are comes a forecast of the next level.",
			"Quarters are those of the calendar, in UTC. Without --quarter it is the last one that is over.",
			"A report goes to standard output, or with --out to files, each in the format of its extension.",
			statusHelp(exitOK, exitIncomplete, exitUsage, exitFailed, exitInterrupted)),
		Example: "  infraopt report\n" +
			"  infraopt report --quarter 2026Q4 -o q4.pdf -o q4.html -o q4.xlsx\n" +
			"  infraopt report --estate west --history postgres://db.example.com/infraopt --format markdown",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return &usageError{text: fmt.Sprintf("%s: want no argument, have %q", cmd.CommandPath(), args[0]), hint: "--quarter names the quarter; infraopt assess reports on targets and files"}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := f.settle(cmd); err != nil {
				return err
			}
			return p.report(cmd.Context(), f)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.quarter, "quarter", "", "report on this quarter, such as `2026Q4`")
	f.historyFlags.register(flags)
	_ = cmd.RegisterFlagCompletionFunc("estate", cobra.NoFileCompletions)
	f.viewFlags = viewFlags{noun: "report", known: report.Formats()}
	f.viewFlags.register(cmd, "list `N` machines, containers and virtual machines at most (0: all), and show as many rows of each table")
	f.planFlags.register(flags)
	flags.StringVar(&f.assume, "assume", "", "score on an assumption: `WHAT` is "+score.RunningIsActive+", that all work that runs is used")
	_ = cmd.RegisterFlagCompletionFunc("assume", cobra.FixedCompletions([]string{score.RunningIsActive}, cobra.ShellCompDirectiveNoFileComp))
	f.modelFlags.register(flags)
	flags.StringVar(&f.now, "now", "", "take `TIME` for the present, to tell which quarter is over (RFC 3339; default: the clock, or SOURCE_DATE_EPOCH)")
	return cmd
}

// settleQuarter works out which quarter is meant.
func (p *program) settleQuarter(f *reportFlags) (quarter, time.Time, error) {
	clock, err := p.clock(f.now)
	if err != nil {
		return quarter{}, time.Time{}, err
	}
	now := clock()
	if f.quarter == "" {
		return quarterOf(now).before(1), now, nil
	}
	q, err := parseQuarter(f.quarter)
	switch {
	case err != nil:
		return q, now, usagef("--quarter: %v", err)
	case q.from().After(now):
		return q, now, usagef("--quarter %s: it has not begun: want a quarter up to %s", q, quarterOf(now))
	}
	return q, now, nil
}

func (p *program) report(ctx context.Context, f reportFlags) (err error) {
	if f.assume != "" && f.assume != score.RunningIsActive {
		return unknown("assumption", f.assume, []string{score.RunningIsActive})
	}
	q, now, err := p.settleQuarter(&f)
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
	show, err := p.views(&f.viewFlags)
	if err != nil {
		return err
	}
	defer show.discard()
	store, err := p.openHistory(ctx, &f.historyFlags, false)
	if err != nil {
		return err
	}
	defer closing(store, &err)
	defer withMemory()()
	bar := p.progress("comparing quarters", 0)
	a, err := (&quarterly{p: p, f: &f, store: store, model: model, conditions: conditions}).report(ctx, q, now)
	bar.stop()
	if err != nil {
		return err
	}
	return show.render(a)
}

// quarterly makes the report on a quarter.
type quarterly struct {
	p          *program
	f          *reportFlags
	store      *history.Store
	model      *score.Model
	conditions *conditions
}

// An endOfQuarter is the last entry of a quarter.
type endOfQuarter struct {
	quarter
	entry  history.Entry
	estate *inventory.Estate
}

// quartersBack is how many quarters before the one reported on count for the pace: with the fourth, a year is compared.
const quartersBack = 8

func (r *quarterly) report(ctx context.Context, q quarter, now time.Time) (*score.Assessment, error) {
	all, err := r.ends(ctx, q)
	if err != nil {
		return nil, err
	}
	last, previous, yearAgo := all[0], all[1], all[4]
	if last == nil {
		return nil, &usageError{text: fmt.Sprintf("the history %s holds nothing of %s for the estate %q", r.store.Where(), q, r.f.estate),
			hint: "infraopt history list shows what there is; infraopt history add --now TIME or infraopt history import FILE adds to it"}
	}
	req := r.request(last)
	a, err := r.p.advise(ctx, last.estate, r.model, req, r.conditions)
	if err != nil {
		return nil, err
	}
	out := &score.Quarter{Name: q.String(), From: q.from(), To: q.to(), Over: !now.Before(q.to()), TakenAt: last.entry.TakenAt, Missing: []string{}, Followed: []score.Followed{}}
	a.Quarter = out
	var ends []trend.Quarter
	for _, e := range slices.Backward(all) {
		if e != nil {
			ends = append(ends, trend.Quarter{Name: e.String(), Taken: e.entry.TakenAt, Estate: e.estate})
		}
	}
	opt := req.Options
	opt.RunningIsActive = opt.RunningIsActive || a.Roadmap.Basis == score.RunningIsActive
	out.Points, out.Forecast = trend.Quarters(r.model, opt, ends)
	if err := r.compare(ctx, a, last, previous, yearAgo); err != nil {
		return nil, err
	}
	if previous == nil {
		out.Missing = append(out.Missing, fmt.Sprintf("nothing was kept of %s, so that no change since then can be told", q.before(1)))
		return a, nil
	}
	again := r.conditions.Request
	again.Request = req
	again.RunningIsActive = opt.RunningIsActive
	out.Previous = previous.String()
	out.Followed = plan.Follow(ctx, previous.estate, last.estate, r.model, again, a.Recommendations)
	out.Promised, out.Delivered = redeemed(out.Followed)
	return a, ctx.Err()
}

// request is how an entry is rated: as of when it was taken.
func (r *quarterly) request(e *endOfQuarter) score.Request {
	opt := score.Options{RunningIsActive: r.f.assume == score.RunningIsActive, Now: e.entry.TakenAt}
	return score.Request{Options: opt, Tool: tool(), ModelFile: r.f.name(), Top: r.f.listed()}
}

// ends reads the last entries of a quarter and of those before it, by how many quarters they are before; nil where there is
// none. Several are read at once.
func (r *quarterly) ends(ctx context.Context, q quarter) ([]*endOfQuarter, error) {
	out := make([]*endOfQuarter, quartersBack+1)
	errs := make([]error, len(out))
	var next atomic.Int64
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for n := int(next.Add(1)) - 1; n < len(out); n = int(next.Add(1)) - 1 {
				out[n], errs[n] = r.end(ctx, q.before(n))
			}
		})
	}
	all.Wait()
	return out, errors.Join(errs...)
}

// end reads the last entry of a quarter; nil where there is none.
func (r *quarterly) end(ctx context.Context, q quarter) (*endOfQuarter, error) {
	list, err := r.store.List(ctx, history.Query{Estate: r.f.estate, From: q.from(), To: q.to(), Limit: 1})
	if err != nil {
		return nil, historyError(err)
	}
	if len(list) == 0 {
		return nil, ctx.Err()
	}
	s, err := storedSnapshot(ctx, r.store, list[0])
	if err != nil {
		return nil, err
	}
	return &endOfQuarter{quarter: q, entry: list[0], estate: resolve.Estate(s)}, nil
}

// compare takes the changes apart.
func (r *quarterly) compare(ctx context.Context, a *score.Assessment, last, previous, yearAgo *endOfQuarter) error {
	opt := r.request(last).Options
	since := func(e *endOfQuarter) (*score.Trend, error) {
		said, err := storedAssessment(ctx, r.store, e.entry)
		if err != nil {
			return nil, err
		}
		then := trend.Then{Estate: e.estate, Time: e.entry.TakenAt}
		then.Stored, then.Waivers = saidThen(said, opt.RunningIsActive)
		return trend.Compare(r.model, opt, then, last.estate), nil
	}
	var err error
	if previous != nil {
		if a.Trend, err = since(previous); err != nil {
			return err
		}
	}
	if yearAgo == nil {
		a.Quarter.Missing = append(a.Quarter.Missing, fmt.Sprintf("nothing was kept of %s, so that no year can be compared", last.before(4)))
		return nil
	}
	a.Quarter.YearAgo, err = since(yearAgo)
	return err
}

// redeemed sums up what was promised of the steps of which something is done, and what they have delivered; nil where nothing is
// known to be.
func redeemed(list []score.Followed) (promised, delivered *float64) {
	var sum [2]float64
	found := false
	for i := range list {
		x := &list[i]
		if x.Promised == nil || x.Delivered == nil || x.Done == 0 {
			continue
		}
		found = true
		sum[0], sum[1] = sum[0]+*x.Promised, sum[1]+*x.Delivered
	}
	if !found {
		return nil, nil
	}
	return &sum[0], &sum[1]
}
