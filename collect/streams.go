package collect

import (
	"context"
	"time"

	"github.com/infraopt/infraopt/collect/inventory"
)

// Streams are the targets of jobs, to be read one after another and as often as is wanted. Nothing is kept of what
// they hold. It is what [Run] is for estates that fit into memory.
//
// A target that cannot be read to its end gives an observation that says so after those that came before. In all
// later readings it gives that one alone, as what a broken file seems to hold counts for nothing: whoever wants to
// have each target whole reads again until a reading has added nothing to Errors.
type Streams struct {
	jobs   []Job
	opt    Options
	failed []*failure // by job; nil where all went well so far
}

type failure struct {
	observation inventory.Observation
	err         error
}

// NewStreams prepares to read jobs as streams. It is not ok where one of them can only be read once. Of the options
// the clock and the progress count, and nothing waits longer than a target takes: it can be called off.
func NewStreams(ctx context.Context, jobs []Job, opt Options) (*Streams, bool) {
	for _, job := range jobs {
		streamed, ok := job.Collector.(Streamed)
		if ok {
			_, _, ok = streamed.Streams(ctx)
		}
		if !ok {
			return nil, false
		}
	}
	return &Streams{jobs: jobs, opt: opt, failed: make([]*failure, len(jobs))}, true
}

// Identities reads all targets for what machines are recognised by.
func (s *Streams) Identities(ctx context.Context) inventory.Observations {
	return s.read(ctx, func(identities, _ inventory.Observations) inventory.Observations { return identities })
}

// Observations reads all that the targets hold, in the order of the jobs.
func (s *Streams) Observations(ctx context.Context) inventory.Observations {
	return s.read(ctx, func(_, all inventory.Observations) inventory.Observations { return all })
}

// Check reads all targets to their ends, for nothing but to find out which fail.
func (s *Streams) Check(ctx context.Context) {
	s.Observations(ctx)(func(*inventory.Observation, error) bool { return true })
}

// Errors are those of the targets that have failed so far, in the order of the jobs, as in Result.
func (s *Streams) Errors() []error {
	var errs []error
	for _, f := range s.failed {
		if f != nil {
			errs = append(errs, f.err)
		}
	}
	return errs
}

// read reads all targets. The errors of targets become observations, so it yields none.
func (s *Streams) read(ctx context.Context, which func(identities, all inventory.Observations) inventory.Observations) inventory.Observations {
	return func(yield func(*inventory.Observation, error) bool) {
		for i, job := range s.jobs {
			if s.failed[i] == nil {
				name := job.Target.String()
				s.progress(name, false)
				more := s.target(ctx, i, which, yield)
				s.progress(name, true)
				if !more {
					return
				}
			}
			if f := s.failed[i]; f != nil {
				o := f.observation
				if !yield(&o, nil) {
					return
				}
			}
		}
	}
}

// target reads one target, and tells whether more is wanted.
func (s *Streams) target(run context.Context, i int, which func(identities, all inventory.Observations) inventory.Observations, yield func(*inventory.Observation, error) bool) bool {
	begun := s.jobs[i].begin(s.opt)
	ctx, stop := context.WithCancel(run)
	ahead := readAhead(ctx, func() inventory.Observations {
		identities, all, _ := s.jobs[i].Collector.(Streamed).Streams(ctx)
		return which(identities, all)
	})
	defer func() {
		stop()
		wait(ahead)
	}()
	for {
		var next answer
		var more bool
		select {
		case next, more = <-ahead:
		case <-run.Done():
		}
		if run.Err() != nil { // whatever came at the same time
			next, more = answer{err: run.Err()}, true
		}
		switch {
		case !more:
			return true
		case next.err != nil:
			o, err := begun.failed(run, next.err)
			s.failed[i] = &failure{o, err}
			return true
		case !yield(next.o, nil):
			return false
		}
	}
}

func (s *Streams) progress(name string, done bool) {
	if s.opt.Progress != nil {
		s.opt.Progress(name, done)
	}
}

// answer is what one step of a reading gave.
type answer struct {
	o   *inventory.Observation
	err error
}

// readAhead reads in a goroutine, a few observations ahead of who takes them. It ends with the reading or with ctx.
func readAhead(ctx context.Context, open func() inventory.Observations) <-chan answer {
	out := make(chan answer, 16)
	give := func(a answer) bool {
		select {
		case out <- a:
			return true
		case <-ctx.Done():
			return false
		}
	}
	go func() {
		defer close(out)
		defer func() {
			if r := recover(); r != nil {
				give(answer{err: bug(r)})
			}
		}()
		for o, err := range open() {
			if !give(answer{o, err}) {
				return
			}
		}
	}()
	return out
}

// wait waits for the end of a reading that was called off, or gives it up where it does not heed that.
func wait(ahead <-chan answer) {
	late := time.After(grace)
	for {
		select {
		case _, more := <-ahead:
			if !more {
				return
			}
		case <-late:
			return
		}
	}
}
