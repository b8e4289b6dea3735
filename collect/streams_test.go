package collect_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/collect/collecttest"
	"github.com/infraopt/infraopt/collect/inventory"
)

// A tape holds observations that it gives as often as is wanted. Then it does what its end does.
type tape struct {
	targets []string
	end     func(ctx context.Context) error
	once    bool
}

func (tape) Collect(context.Context) (*inventory.Batch, error) { panic("it is a tape") }

func (r tape) Observations(ctx context.Context) ([]inventory.Observation, error) {
	var out []inventory.Observation
	_, all, _ := r.Streams(ctx)
	for o, err := range all {
		if err != nil {
			return nil, err
		}
		out = append(out, *o)
	}
	return out, nil
}

func (r tape) Streams(ctx context.Context) (identities, all inventory.Observations, ok bool) {
	play := func(prefix string) inventory.Observations {
		return func(yield func(*inventory.Observation, error) bool) {
			for _, t := range r.targets {
				if !yield(&inventory.Observation{Target: prefix + t}, nil) {
					return
				}
			}
			if r.end != nil {
				if err := r.end(ctx); err != nil {
					yield(nil, err)
				}
			}
		}
	}
	return play("id "), play(""), !r.once
}

func tapes(all ...tape) []collect.Job {
	var jobs []collect.Job
	for i, r := range all {
		jobs = append(jobs, collect.Job{Target: collect.Target{Scheme: "tape", Rest: fmt.Sprint(i)}, Collector: r})
	}
	return jobs
}

func streams(t *testing.T, all ...tape) *collect.Streams {
	t.Helper()
	s, ok := collect.NewStreams(t.Context(), tapes(all...), collect.Options{Now: time.Now})
	if !ok {
		t.Fatal("got no streams")
	}
	return s
}

// heard lists the targets that a reading names, and marks those that failed.
func heard(t *testing.T, all inventory.Observations) []string {
	t.Helper()
	var out []string
	for o, err := range all {
		if err != nil {
			t.Fatalf("got %v, want the errors of targets as observations", err)
		}
		if o.Status == inventory.StatusFailed {
			out = append(out, "failed "+o.Target)
			o.Target = "changed" // it belongs to who ranges over it
			continue
		}
		out = append(out, o.Target)
	}
	return out
}

func TestStreamsAreReadAgain(t *testing.T) {
	collecttest.NoLeaks(t)
	denied := &collect.Error{Kind: collect.ErrDenied, Op: "reading the tape", Remedy: "run as root"}
	s := streams(t, tape{targets: []string{"a", "b"}}, tape{}, tape{targets: []string{"c"}, end: func(context.Context) error { return denied }}, tape{targets: []string{"d"}})
	readings := []struct {
		read func(context.Context) inventory.Observations
		want []string
	}{
		{s.Identities, []string{"id a", "id b", "id c", "failed tape:2", "id d"}},
		{s.Observations, []string{"a", "b", "failed tape:2", "d"}},
		{s.Identities, []string{"id a", "id b", "failed tape:2", "id d"}},
	}
	for i, r := range readings {
		if got := heard(t, r.read(t.Context())); !slices.Equal(got, r.want) {
			t.Errorf("reading %d: got %q, want %q", i, got, r.want)
		}
		if errs := s.Errors(); len(errs) != 1 || !errors.Is(errs[0], collect.ErrDenied) || errs[0].Error() != "tape:2: "+denied.Error() {
			t.Errorf("reading %d: got the errors %v", i, errs)
		}
	}
	for o := range s.Observations(t.Context()) {
		if o.Target != "a" {
			t.Errorf("got %s after the reader had enough", o.Target)
		}
		break
	}
}

// A target that fails gives the observation and the error that Run gives.
func TestStreamsFailAsRunDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ends []tape
		for _, end := range []func(context.Context) error{
			func(context.Context) error {
				return &collect.Error{Kind: collect.ErrInput, Op: "reading", Remedy: "write it anew"}
			},
			func(context.Context) error { time.Sleep(2 * time.Second); return errors.New("late") },
			func(context.Context) error { return nil },
		} {
			ends = append(ends, tape{targets: []string{"x"}, end: end})
		}
		opt := collect.Options{Now: time.Now, Parallel: 1, Timeout: time.Minute}
		for i := range ends {
			jobs := tapes(ends[i])
			s, _ := collect.NewStreams(t.Context(), jobs, opt)
			s.Check(t.Context())
			var got []inventory.Observation
			for o := range s.Observations(t.Context()) {
				got = append(got, *o)
			}
			want := collect.Run(t.Context(), jobs, opt)
			for _, list := range [][]inventory.Observation{got, want.Observations} {
				for k := range list {
					list[k].StartedAt = time.Time{}
				}
			}
			if !reflect.DeepEqual(got, want.Observations) || fmt.Sprint(s.Errors()) != fmt.Sprint(want.Errors) {
				t.Errorf("%d: got %+v and %v, want %+v and %v", i, got, s.Errors(), want.Observations, want.Errors)
			}
		}
	})
}

func TestStreamsThatPanic(t *testing.T) {
	collecttest.NoLeaks(t)
	s := streams(t, tape{targets: []string{"a"}, end: func(context.Context) error { panic("at the disco") }}, tape{targets: []string{"b"}})
	if got, want := heard(t, s.Observations(t.Context())), []string{"a", "failed tape:0", "b"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if errs := s.Errors(); len(errs) != 1 || !errors.Is(errs[0], collect.ErrBug) {
		t.Errorf("got %v, want %v", errs, collect.ErrBug)
	}
}

// A run that is called off ends, whether a target heeds that or not; what was not read by then was interrupted.
func TestStreamsAreCalledOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		block := make(chan struct{})
		for name, end := range map[string]func(context.Context) error{
			"heeds": func(ctx context.Context) error { <-ctx.Done(); return errors.New("cut off") },
			"deaf":  func(context.Context) error { <-block; return nil },
		} {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			begin := time.Now()
			s := streams(t, tape{targets: []string{"a"}}, tape{targets: []string{"b"}, end: end}, tape{targets: []string{"c"}})
			if got, want := heard(t, s.Observations(ctx)), []string{"a", "b", "failed tape:1", "failed tape:2"}; !slices.Equal(got, want) {
				t.Errorf("%s: got %q, want %q", name, got, want)
			}
			for _, err := range s.Errors() {
				if !errors.Is(err, collect.ErrInterrupted) {
					t.Errorf("%s: got %v, want %v", name, err, collect.ErrInterrupted)
				}
			}
			if took := time.Since(begin); took > 2*time.Second {
				t.Errorf("%s: it took %v", name, took)
			}
			cancel()
		}
		close(block)
	})
}

func TestStreamsOfWhatCanBeReadOnce(t *testing.T) {
	for name, jobs := range map[string][]collect.Job{
		"a tape that breaks":     tapes(tape{}, tape{once: true}),
		"a collector of batches": append(tapes(tape{}), job("batch", func(context.Context) (*inventory.Batch, error) { return nil, nil })),
	} {
		if s, ok := collect.NewStreams(t.Context(), jobs, collect.Options{Now: time.Now}); ok || s != nil {
			t.Errorf("%s: got streams", name)
		}
	}
}
