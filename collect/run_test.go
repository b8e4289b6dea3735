package collect_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/collect/inventory"
)

type collector func(ctx context.Context) (*inventory.Batch, error)

func (c collector) Collect(ctx context.Context) (*inventory.Batch, error) { return c(ctx) }

func job(name string, c collector) collect.Job {
	return collect.Job{Target: collect.Target{Scheme: "test", Rest: name}, Collector: c}
}

func machine(id string) *inventory.Batch {
	return &inventory.Batch{Machines: []inventory.Machine{{ID: id}}}
}

// One collector that fails, hangs, ignores its deadline or panics never hides the others, and all are reported in
// the order of the jobs. Time is that of the test, so nothing waits.
func TestRunKeepsWhatWasReadable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		block := make(chan struct{})
		jobs := []collect.Job{
			job("good", func(context.Context) (*inventory.Batch, error) { return machine("a"), nil }),
			job("gaps", func(context.Context) (*inventory.Batch, error) {
				b := machine("b")
				b.Gaps = []inventory.Gap{{What: "something"}}
				return b, nil
			}),
			job("denied", func(context.Context) (*inventory.Batch, error) {
				return nil, &collect.Error{Kind: collect.ErrDenied, Op: "reading the socket", Remedy: "run as root"}
			}),
			job("hung", func(ctx context.Context) (*inventory.Batch, error) { <-ctx.Done(); return nil, ctx.Err() }),
			job("deaf", func(context.Context) (*inventory.Batch, error) { <-block; return nil, nil }),
			job("panics", func(context.Context) (*inventory.Batch, error) { panic("at the disco") }),
			job("last", func(context.Context) (*inventory.Batch, error) { return machine("c"), nil }),
		}
		start := time.Now()
		res := collect.Run(context.Background(), jobs, collect.Options{Parallel: 2, Timeout: 3 * time.Second, Now: time.Now})
		if took := time.Since(start); took > 8*time.Second {
			t.Errorf("took %v", took)
		}
		close(block)
		wants := []struct {
			status inventory.Status
			errs   []string
			kind   error
		}{
			{inventory.StatusOK, nil, nil}, {inventory.StatusPartial, nil, nil},
			{inventory.StatusFailed, []string{"reading the socket"}, collect.ErrDenied},
			{inventory.StatusFailed, []string{"waiting 3s"}, collect.ErrTimeout},
			{inventory.StatusFailed, []string{"does not heed its deadline"}, collect.ErrTimeout},
			{inventory.StatusFailed, []string{"at the disco"}, collect.ErrBug},
			{inventory.StatusOK, nil, nil},
		}
		if len(res.Observations) != len(wants) || len(res.Errors) != 4 {
			t.Fatalf("got %d observations and %v, want %d and 4", len(res.Observations), res.Errors, len(wants))
		}
		failed := 0
		for i, want := range wants {
			o := res.Observations[i]
			if o.Target != jobs[i].Target.String() || o.Status != want.status {
				t.Errorf("%d: got %s %s, want %s %s", i, o.Target, o.Status, jobs[i].Target, want.status)
			}
			for _, text := range want.errs {
				if !strings.Contains(o.Error, text) {
					t.Errorf("%s: got error %q, want %q in it", o.Target, o.Error, text)
				}
			}
			if want.kind != nil {
				if err := res.Errors[failed]; !errors.Is(err, want.kind) {
					t.Errorf("%s: got %v, want %v", o.Target, err, want.kind)
				}
				failed++
			}
		}
		if res.Observations[2].Remedy != "run as root" {
			t.Errorf("remedy: got %q", res.Observations[2].Remedy)
		}
	})
}

func TestTargets(t *testing.T) {
	tests := []struct{ text, want string }{
		{"host:", "host:"},
		{"docker:unix:///run/docker.sock", "docker:unix:///run/docker.sock"},
		{"demo:?machines=3&seed=1", "demo:?machines=3&seed=1"},
		{"vsphere://root:hunter2@vc", "vsphere://root:xxxxx@vc"},
	}
	for _, test := range tests {
		got, err := collect.ParseTarget(test.text)
		if err != nil || got.String() != test.want {
			t.Errorf("%s: got %s, %v, want %s", test.text, got, err, test.want)
		}
	}
	for _, bad := range []string{"", "nocolon", ":x", "demo:?%zz"} {
		if got, err := collect.ParseTarget(bad); !errors.Is(err, collect.ErrUsage) {
			t.Errorf("%q: got %v, %v, want %v", bad, got, err, collect.ErrUsage)
		}
	}
}
