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
	begun := job.begin(opt)
	go func() {
		var o outcome
		defer func() {
			if r := recover(); r != nil {
				o.err = bug(r)
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
	if o.err == nil && o.obs != nil {
		return o.obs, nil
	}
	if o.err != nil {
		ob, err := begun.failed(parent, o.err)
		return []inventory.Observation{ob}, err
	}
	ob := begun.observation()
	if o.batch != nil {
		ob.Batch = *o.batch
		if len(ob.Gaps) > 0 {
			ob.Status = inventory.StatusPartial
		}
	}
	return []inventory.Observation{ob}, nil
}

// A start is when the reading of a target began: what the clock of the run said, and ours.
type start struct {
	target     Target
	now, clock time.Time
}

// begin starts the reading of a target.
func (j Job) begin(opt Options) start { return start{j.Target, opt.Now(), time.Now()} }

// observation is that of a reading which ends now and went well.
func (s start) observation() inventory.Observation {
	return inventory.Observation{
		Target:     s.target.String(),
		Scheme:     s.target.Scheme,
		StartedAt:  s.now.UTC().Truncate(time.Second),
		DurationMS: time.Since(s.clock).Milliseconds(),
		Status:     inventory.StatusOK,
	}
}

// failed is the observation of a reading which ends now with an error, and that error with the name of the target.
func (s start) failed(run context.Context, err error) (inventory.Observation, error) {
	if run.Err() != nil { // whatever it says of the target, it was not given the time to find out
		err = &Error{Kind: ErrInterrupted, Op: "reading it", Err: context.Cause(run)}
	}
	ob := s.observation()
	ob.Status = inventory.StatusFailed
	ob.Error = inventory.Text(err.Error())
	ob.Remedy = RemedyOf(err)
	return ob, fmt.Errorf("%s: %w", ob.Target, err)
}

// ErrInterrupted marks a target that was not read to the end because the run was called off.
var ErrInterrupted = errors.New("interrupted")

// ErrBug marks a collector that panicked: a fault of this program, not of the target.
var ErrBug = errors.New("internal error")

// bug is the error of a collector that panicked with a value.
func bug(panicked any) error { return fmt.Errorf("%w: %v\n%s", ErrBug, panicked, debug.Stack()) }
