package collect

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/infraopt/infraopt/collect/inventory"
)

// A Job is one target with what reads it.
type Job struct {
	Target    Target
	Collector Collector
}

// Options bound a run.
type Options struct {
	Parallel int              // collectors at once; at least 1
	Timeout  time.Duration    // for each target
	Now      func() time.Time // clock for the times in the observations
	// Progress, if set, is called when a target starts and when it ends. Calls do not overlap.
	Progress func(target string, done bool)
}

// Result is what a run gave: the observations in the order of the jobs, and the errors of jobs that failed.
type Result struct {
	Observations []inventory.Observation
	Errors       []error // one for each failed job, wrapping a kind of this package
}

// Run reads all jobs, at most opt.Parallel at once, each within opt.Timeout. A failed job becomes an observation
// that says so; it never hides the others. A collector that ignores its deadline is given up and named. Run
// returns when every job has ended or has been given up.
func Run(ctx context.Context, jobs []Job, opt Options) Result {
	type answer struct {
		index int
		obs   []inventory.Observation
		err   error
	}
	answers := make(chan answer)
	begin := make(chan string)
	slots := make(chan struct{}, max(1, opt.Parallel))
	for i, job := range jobs {
		go func() { // owned by Run, which waits for every answer below
			slots <- struct{}{}
			defer func() { <-slots }()
			begin <- job.Target.String()
			obs, err := runOne(ctx, job, opt)
			answers <- answer{i, obs, err}
		}()
	}
	byJob := make([]answer, len(jobs))
	for left := len(jobs); left > 0; {
		select {
		case name := <-begin:
			if opt.Progress != nil {
				opt.Progress(name, false)
			}
		case a := <-answers:
			byJob[a.index] = a
			left--
			if opt.Progress != nil {
				opt.Progress(jobs[a.index].Target.String(), true)
			}
		}
	}
	var res Result
	for _, a := range byJob {
		res.Observations = append(res.Observations, a.obs...)
		if a.err != nil {
			res.Errors = append(res.Errors, a.err)
		}
	}
	return res
}

// grace is how long a collector may take to return after its deadline before it is given up.
const grace = 500 * time.Millisecond

func runOne(parent context.Context, job Job, opt Options) ([]inventory.Observation, error) {
	ctx, cancel := context.WithTimeout(parent, opt.Timeout)
	defer cancel()
	type outcome struct {
		batch *inventory.Batch
		obs   []inventory.Observation
		err   error
	}
	done := make(chan outcome, 1) // buffered: a collector that was given up can still finish
	start := opt.Now()
	clock := time.Now()
	go func() {
		var o outcome
		defer func() {
			if r := recover(); r != nil {
				o.err = fmt.Errorf("%w: %v\n%s", ErrBug, r, debug.Stack())
			}
			done <- o
		}()
		if rec, ok := job.Collector.(Recorded); ok {
			o.obs, o.err = rec.Observations(ctx)
			return
		}
		o.batch, o.err = job.Collector.Collect(ctx)
	}()

	var o outcome
	select {
	case o = <-done:
	case <-ctx.Done():
		select {
		case o = <-done:
		case <-time.After(grace):
			o.err = &Error{Kind: ErrTimeout, Op: fmt.Sprintf("waiting %s for it", opt.Timeout), Err: errors.New("given up: it does not heed its deadline")}
		}
	}
	if parent.Err() == nil && errors.Is(o.err, context.DeadlineExceeded) && !errors.Is(o.err, ErrTimeout) {
		o.err = &Error{Kind: ErrTimeout, Op: fmt.Sprintf("waiting %s for it", opt.Timeout), Err: o.err, Remedy: "raise --timeout, or see why it does not answer"}
	}
	if o.err != nil && parent.Err() != nil { // whatever it says of the target, it was not given the time to find out
		o.err = &Error{Kind: ErrInterrupted, Op: "reading it", Err: context.Cause(parent)}
	}
	if o.err == nil && o.obs != nil {
		return o.obs, nil
	}
	ob := inventory.Observation{
		Target:     job.Target.String(),
		Scheme:     job.Target.Scheme,
		StartedAt:  start.UTC().Truncate(time.Second),
		DurationMS: time.Since(clock).Milliseconds(),
		Status:     inventory.StatusOK,
	}
	switch {
	case o.err != nil:
		ob.Status = inventory.StatusFailed
		ob.Error = inventory.Text(o.err.Error())
		ob.Remedy = RemedyOf(o.err)
		return []inventory.Observation{ob}, fmt.Errorf("%s: %w", ob.Target, o.err)
	case o.batch != nil:
		ob.Batch = *o.batch
		if len(ob.Gaps) > 0 {
			ob.Status = inventory.StatusPartial
		}
	}
	return []inventory.Observation{ob}, nil
}

// ErrInterrupted marks a target that was not read to the end because the run was called off.
var ErrInterrupted = errors.New("interrupted")

// ErrBug marks a collector that panicked: a fault of this program, not of the target.
var ErrBug = errors.New("internal error")
