package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/collect/all"
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/collect/resolve"
)

// targetHelp says how targets are written.
const targetHelp = "A target is written SCHEME:WHERE (infraopt sources lists the schemes); anything else is the name of a " +
	"file that infraopt collect wrote, or - for standard input. Without a target, what is on this host is looked for " +
	"through local sockets and files; no network is touched."

// gatherFlags are the flags of commands that read targets.
type gatherFlags struct {
	timeout  time.Duration
	parallel int
	now      string
	sample   time.Duration // see registerSample
}

func (g *gatherFlags) register(flags *pflag.FlagSet) {
	flags.DurationVar(&g.timeout, "timeout", 30*time.Second, "give each target `TIME` to answer")
	flags.IntVar(&g.parallel, "parallel", 8, "read `N` targets at once")
	flags.StringVar(&g.now, "now", "", "take this for the current `TIME` (RFC 3339); the variable SOURCE_DATE_EPOCH does the same")
}

// Bounds of --sample. Counters of processes move in steps of ten milliseconds.
const (
	leastSample = time.Second
	mostSample  = 10 * time.Minute
)

// registerSample is for commands whose result is kept: a second look takes time.
func (g *gatherFlags) registerSample(flags *pflag.FlagSet) {
	flags.DurationVar(&g.sample, "sample", 0, "look at this host twice, `TIME` apart (1s to 10m, such as 5s), for its use and that of all on it; other sources "+
		"take one look. Comes on top of --timeout. What so short a series shows is indicative (default 0: one look)")
}

func (g *gatherFlags) check() error {
	switch {
	case g.sample != 0 && (g.sample < leastSample || g.sample > mostSample):
		return usagef("--sample %v: want a time from %v to %v, such as 5s, or 0 for one look", g.sample, leastSample, mostSample)
	case g.timeout <= 0:
		return usagef("--timeout %v: want a time above 0, such as 30s", g.timeout)
	case g.parallel < 1:
		return usagef("--parallel %d: want 1 or more", g.parallel)
	}
	return nil
}

// A haul is what reading targets gave.
type haul struct {
	snapshot *inventory.Snapshot
	now      time.Time
	// err tells of what could not be read and had to be: it does not keep the rest from being reported.
	err error
	// empty says that there is nothing to report, because input files were all there was and none was good.
	empty bool
	// then is what to compare with, where anything is.
	then *earlier
}

// gather reads what the arguments name, or what is on this host where there are none.
func (p *program) gather(ctx context.Context, g gatherFlags, args []string) (*haul, error) {
	clock, err := p.clock(g.now)
	if err != nil {
		return nil, err
	}
	p.env.Sample = g.sample
	jobs, err := p.jobs(ctx, args)
	if err != nil {
		return nil, err
	}
	bar := p.progress("reading", len(jobs))
	res := collect.Run(ctx, jobs, collect.Options{Parallel: g.parallel, Timeout: g.timeout + g.sample, Now: clock, Progress: bar.target})
	bar.stop()
	h := newHaul(clock())
	if res.Observations != nil {
		h.snapshot.Sources = res.Observations
	}
	// Where the host is to be recorded, it is not enough that something else could be read.
	h.err = h.judge(ctx, len(args) > 0 || p.env.Record != "", len(jobs), res.Errors)
	return h, nil
}

// estate is what was read as one estate. The snapshot is gone afterwards: both take as much memory.
func (h *haul) estate() *inventory.Estate {
	e := resolve.Estate(h.snapshot)
	h.snapshot = nil
	return e
}

// newHaul is one of no targets.
func newHaul(now time.Time) *haul {
	return &haul{now: now, snapshot: &inventory.Snapshot{Schema: inventory.SnapshotSchema, TakenAt: now, Tool: tool(), Sources: []inventory.Observation{}}}
}

// judge decides which failures are more than a gap in the report. What was named had to be readable; what was found
// on this host need not be, as long as anything is.
func (h *haul) judge(ctx context.Context, named bool, jobs int, errs []error) error {
	var out failures
	files := 0
	for _, err := range errs {
		if errors.Is(err, collect.ErrInput) {
			files++
		}
		switch {
		case ctx.Err() != nil && !errors.Is(err, collect.ErrInput):
			// It failed because it was called off, and that is said below.
		case named, len(errs) == jobs, errors.Is(err, collect.ErrBug):
			out = append(out, err)
		}
	}
	h.empty = jobs > 0 && files == jobs
	if ctx.Err() != nil {
		out = append(out, errInterrupted)
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// targets are what the arguments name, or what is on this host where there are none.
func (p *program) targets(ctx context.Context, args []string) ([]collect.Target, error) {
	var targets []collect.Target
	for _, arg := range args {
		t, err := p.target(arg)
		if err != nil {
			return nil, err
		}
		targets = append(targets, t)
	}
	if len(args) == 0 {
		for _, s := range p.sources {
			if s.Discover != nil {
				targets = append(targets, s.Discover(ctx, p.env)...)
			}
		}
	}
	return targets, nil
}

// jobs opens the targets. An error is about how they are written; nothing has been read then.
func (p *program) jobs(ctx context.Context, args []string) ([]collect.Job, error) {
	targets, err := p.targets(ctx, args)
	if err != nil {
		return nil, err
	}
	var jobs []collect.Job
	for _, t := range targets {
		s, ok := p.source(t.Scheme)
		if !ok {
			return nil, fmt.Errorf("target %s: no source reads %q", t, t.Scheme)
		}
		c, err := s.Open(t, p.env)
		if err != nil {
			return nil, err
		}
		jobs = append(jobs, collect.Job{Target: t, Collector: c})
	}
	return jobs, nil
}

// schemeLike is how a scheme begins a target. One letter would be a drive of Windows.
var schemeLike = regexp.MustCompile(`^[a-z][a-z0-9+.-]+:`)

// target tells a target from a file name.
func (p *program) target(arg string) (collect.Target, error) {
	if scheme, _, ok := strings.Cut(arg, ":"); ok {
		if _, known := p.source(scheme); known {
			return collect.ParseTarget(arg)
		}
	}
	if arg == "-" {
		arg = "/dev/stdin"
	}
	_, err := os.Lstat(arg)
	missing := err != nil
	if missing {
		var schemes []string
		for _, s := range p.sources {
			schemes = append(schemes, s.Scheme)
		}
		if schemeLike.MatchString(arg) {
			scheme, _, _ := strings.Cut(arg, ":")
			return collect.Target{}, unknown("scheme", scheme, schemes)
		}
		if _, known := p.source(arg); known {
			return collect.Target{}, &usageError{
				text: fmt.Sprintf("no file %q: want a target as SCHEME:WHERE or the name of a snapshot file", arg),
				hint: "did you mean " + arg + ":?",
			}
		}
	}
	return all.File(arg), nil // whatever is wrong with the file, the other targets are still read
}

func (p *program) source(scheme string) (collect.Source, bool) {
	for _, s := range p.sources {
		if s.Scheme == scheme {
			return s, true
		}
	}
	return collect.Source{}, false
}
