package main

import (
	"context"
	"time"

	"github.com/infraopt/infraopt/collect"
)

// A stream is what the arguments name, to be read as often as is wanted without keeping it (see collect.Streams).
type stream struct {
	*collect.Streams
	program *program
	clock   func() time.Time
	jobs    []collect.Job
	bar     *progress
}

// stream prepares to read what the arguments name. It is not ok where some of that can only be read once: then
// gather does. An error is about how the arguments are written.
func (p *program) stream(ctx context.Context, g gatherFlags, args []string) (s *stream, ok bool, err error) {
	clock, err := p.clock(g.now)
	if err != nil || len(args) == 0 {
		return nil, false, err
	}
	jobs, err := p.jobs(ctx, args)
	if err != nil {
		return nil, false, err
	}
	s = &stream{program: p, clock: clock, jobs: jobs, bar: &progress{}}
	s.Streams, ok = collect.NewStreams(ctx, jobs, collect.Options{Now: clock, Progress: func(target string, done bool) { s.bar.target(target, done) }})
	return s, ok, nil
}

// progress starts a line for a reading of all targets. What it gives back takes the line away.
func (s *stream) progress(doing string) (stop func()) {
	s.bar = s.program.progress(doing, len(s.jobs))
	return s.bar.stop
}

// haul is what reading came to so far. Its snapshot holds no sources.
func (s *stream) haul(ctx context.Context) *haul {
	h := newHaul(s.clock())
	h.err = h.judge(ctx, true, len(s.jobs), s.Errors())
	return h
}

// again calls f, which reads the targets, and calls it again as long as a target failed that had not failed before:
// so each target is read whole or not at all. It ends with the error of f where none did.
func (s *stream) again(ctx context.Context, f func(context.Context) error) error {
	for {
		failed := len(s.Errors())
		if err := f(ctx); len(s.Errors()) == failed {
			return err
		}
		ctx = kept(ctx)
	}
}

// kept is for reading again what was read whole before an interrupt: that is kept.
func kept(ctx context.Context) context.Context {
	if ctx.Err() != nil {
		return context.WithoutCancel(ctx)
	}
	return ctx
}
