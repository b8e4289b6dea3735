// Package collecttest is the other half of the contract of [collect.Collector]: a suite that every source passes,
// and helpers for tests that talk to real services. Only tests import it.
package collecttest

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/collect/inventory"
)

// A Maker makes a collector for one situation. It may start a fake service and end it with t.Cleanup.
type Maker func(t *testing.T) collect.Collector

// A Suite holds a collector for each situation that a source can meet.
type Suite struct {
	Healthy Maker            // everything answers
	Absent  Maker            // nobody is there
	Denied  Maker            // it is there and this user may not; nil where the source knows no rights
	Hung    Maker            // it accepts and never answers
	Garbage map[string]Maker // it answers with nonsense, in several ways
	Secrets []string         // what the healthy fake holds and no inventory may show
}

// The deadline of the hung situation, and how much later a collector may return.
const (
	hungDeadline = 300 * time.Millisecond
	hungGrace    = 400 * time.Millisecond // less than what collect.Run grants
	plenty       = 10 * time.Second       // for situations that have an end of their own
)

// Run holds each collector to the contract.
func (s Suite) Run(t *testing.T) {
	t.Run("healthy", s.healthy)
	t.Run("cancelled", s.cancelled)
	t.Run("absent", func(t *testing.T) { fails(t, s.Absent, collect.ErrUnavailable) })
	t.Run("denied", func(t *testing.T) {
		if s.Denied == nil {
			t.Skip("the source knows no rights")
		}
		if !AsNobody(t) {
			return
		}
		if err := fails(t, s.Denied, collect.ErrDenied); err != nil && collect.RemedyOf(err) == "" {
			t.Errorf("the error %q says nothing about what would help", err)
		}
	})
	t.Run("hung", s.hung)
	for name, maker := range s.Garbage {
		t.Run("garbage/"+name, func(t *testing.T) { fails(t, maker, collect.ErrMalformed) })
	}
}

// healthy wants the same answer twice, nothing secret in it, and no reference that leads nowhere.
func (s Suite) healthy(t *testing.T) {
	NoLeaks(t)
	c := s.Healthy(t)
	first, second := mustCollect(t, c), mustCollect(t, c)
	if first.Entities() == 0 {
		t.Error("a healthy source shows nothing")
	}
	text := Encode(t, first)
	for _, secret := range s.Secrets {
		if strings.Contains(text, secret) {
			t.Errorf("the inventory holds the secret %q", secret)
		}
	}
	WithoutCounters(first)
	WithoutCounters(second)
	if a, b := Encode(t, first), Encode(t, second); a != b {
		t.Errorf("two answers of an unchanged source differ:\n%s\n%s", a, b)
	}
}

// cancelled wants a collector to heed a context that is already done.
func (s Suite) cancelled(t *testing.T) {
	NoLeaks(t)
	c := s.Healthy(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	begin := time.Now()
	_, _ = c.Collect(ctx) // whatever it has is fine
	if took := time.Since(begin); took > hungGrace {
		t.Errorf("it took %s to notice that nobody waits", took)
	}
}

func (s Suite) hung(t *testing.T) {
	NoLeaks(t)
	c := s.Hung(t)
	ctx, cancel := context.WithTimeout(t.Context(), hungDeadline)
	defer cancel()
	begin := time.Now()
	b, err := c.Collect(ctx)
	if took := time.Since(begin); took > hungDeadline+hungGrace {
		t.Errorf("it returned after %s with a deadline of %s", took, hungDeadline)
	}
	if !errors.Is(err, collect.ErrTimeout) {
		t.Errorf("got the batch %v and the error %v, want an error that wraps %q", b, err, collect.ErrTimeout)
	}
}

// fails wants an error of a kind, and soon.
func fails(t *testing.T, maker Maker, kind error) error {
	t.Helper()
	NoLeaks(t)
	ctx, cancel := context.WithTimeout(t.Context(), plenty)
	defer cancel()
	b, err := maker(t).Collect(ctx)
	if !errors.Is(err, kind) {
		t.Errorf("got the batch %+v and the error %v, want an error that wraps %q", b, err, kind)
	}
	if ctx.Err() != nil {
		t.Errorf("it took all of %s", plenty)
	}
	return err
}

func mustCollect(t *testing.T, c collect.Collector) *inventory.Batch {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), plenty)
	defer cancel()
	b, err := c.Collect(ctx)
	if err != nil {
		t.Fatalf("collecting from a healthy source: %v", err)
	}
	return b
}

// Encode writes the batch as a snapshot, reads it back, and fails the test where that is refused (a reference leads
// nowhere) or changes anything. It returns the text.
func Encode(t testing.TB, b *inventory.Batch) string {
	t.Helper()
	var text, again bytes.Buffer
	s := &inventory.Snapshot{Schema: inventory.SnapshotSchema, Sources: []inventory.Observation{{Target: "test:", Scheme: "test", Batch: *b}}}
	if err := inventory.Encode(&text, s); err != nil {
		t.Fatalf("encoding: %v", err)
	}
	decoded, err := inventory.Decode(bytes.NewReader(text.Bytes()))
	if err != nil {
		t.Fatalf("decoding what was encoded: %v", err)
	}
	if err := inventory.Encode(&again, decoded); err != nil {
		t.Fatalf("encoding again: %v", err)
	}
	if text.String() != again.String() {
		t.Errorf("the batch changes on its way through a file:\n%s\n%s", text.String(), again.String())
	}
	return text.String()
}

// WithoutCounters clears what differs between two looks at an unchanged source.
func WithoutCounters(b *inventory.Batch) {
	for i := range b.Machines {
		b.Machines[i].Usage = inventory.Usage{}
		b.Machines[i].Uptime = inventory.Reading[inventory.Seconds]{}
	}
	for i := range b.Engines {
		b.Engines[i].DataUsed = inventory.Reading[inventory.Bytes]{}
	}
	for i := range b.Containers {
		b.Containers[i].Usage = inventory.Usage{}
	}
	for i := range b.VMs {
		b.VMs[i].Usage = inventory.Usage{}
	}
	for i := range b.Workloads {
		b.Workloads[i].Usage = inventory.Usage{}
	}
}

// NoLeaks fails the test if goroutines that it started outlive it. Call it before anything is started.
func NoLeaks(t testing.TB) {
	t.Helper()
	before := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, before) })
}

// Need skips the test where a service it talks to is not there, and says so. Where INFRAOPT_REQUIRE_SERVICES is 1,
// as in CI, that is a failure.
func Need(t testing.TB, service string, err error) {
	t.Helper()
	switch {
	case err == nil:
	case os.Getenv("INFRAOPT_REQUIRE_SERVICES") == "1":
		t.Fatalf("%s is not usable, and INFRAOPT_REQUIRE_SERVICES is 1: %v", service, err)
	default:
		t.Skipf("%s is not usable here (start it with .ci/testbed up): %v", service, err)
	}
}

// Open opens a target of a source.
func Open(t testing.TB, s collect.Source, target string) collect.Collector {
	t.Helper()
	parsed, err := collect.ParseTarget(target)
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.Open(parsed, collect.Env{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Observe opens a target that holds finished observations, and gives those.
func Observe(t testing.TB, s collect.Source, target string) []inventory.Observation {
	t.Helper()
	c := Open(t, s, target)
	recorded, ok := c.(collect.Recorded)
	if !ok {
		t.Fatalf("%T holds no finished observations", c)
	}
	obs, err := recorded.Observations(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return obs
}
