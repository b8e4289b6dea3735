// Package collect reads inventories from sources and keeps count of what could not be read.
//
// A [Source] is one kind of place that inventory comes from; opening a [Target] of it gives a [Collector];
// [Run] reads many of them at once, each within its deadline. Nothing here changes what it looks at, and
// nothing here knows how an estate is scored.
package collect

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/infraopt/infraopt/collect/inventory"
)

// A Collector reads one target and returns what it saw. It changes nothing, returns soon after ctx is done, and
// puts what it knows to exist but could not see into Batch.Gaps. An error means that nothing useful was seen;
// it wraps one of the kinds of this package, best as an [Error] that says what to do.
type Collector interface {
	Collect(ctx context.Context) (*inventory.Batch, error)
}

// Recorded is a collector whose target holds finished observations (a snapshot file), which are
// taken over as they are.
type Recorded interface {
	Observations(ctx context.Context) ([]inventory.Observation, error)
}

// Streamed is a collector whose target holds finished observations and can be read more than once, so that an estate
// of any size needs the memory of one observation. See [Streams].
type Streamed interface {
	// Streams gives two readings of the target, each to be ranged over once: all observations, as Recorded gives
	// them, and of the same ones in the same order what machines are recognised by, which may be faster. It reads
	// nothing itself. Readings end when ctx is done, and their errors are those of Recorded. It is not ok where the
	// target can only be read once.
	Streams(ctx context.Context) (identities, all inventory.Observations, ok bool)
}

// A Source is one kind of place that inventory comes from.
type Source struct {
	Scheme     string // before the colon of a target
	Summary    string // one line, for help
	Privileges string // what it needs to see everything
	Example    string // a target

	// Discover lists the targets of this kind that are on this host, through local sockets and files
	// only. Nil where there is nothing to discover.
	Discover func(ctx context.Context, env Env) []Target
	// Open prepares a collector. It checks the target's form (errors wrap ErrUsage) and reads nothing.
	Open func(t Target, env Env) (Collector, error)
	// Probe says what this user can and cannot read of the source on this host, for doctor. Nil where there is
	// nothing to say.
	Probe func(ctx context.Context, env Env) []Probe
}

// A Probe is one answer of doctor: whether this user can read something, and what would make it readable.
type Probe struct {
	What   string
	Status ProbeStatus
	Detail string // what was found, or why it cannot be read
	Remedy string // the exact command or right; empty where all is well or nothing would help
}

// ProbeStatus is the outcome of a Probe.
type ProbeStatus string

// The outcomes.
const (
	ProbeReadable ProbeStatus = "readable"
	ProbeDenied   ProbeStatus = "denied"
	ProbeAbsent   ProbeStatus = "absent"
	ProbeBroken   ProbeStatus = "broken" // it is there and does not answer as it should
)

// Env is the part of the world that sources may look at.
type Env struct {
	Root   string // where /proc, /sys, /etc and /run are found; "/" outside tests
	Getenv func(string) string
	// Sample is how long sources that can watch use of processor and memory are to do so; 0 for one look.
	Sample time.Duration
	// Record is the directory that the host source copies to what it reads; empty for none.
	Record string
}

// SystemEnv is the environment of this process.
func SystemEnv() Env { return Env{Root: "/", Getenv: os.Getenv} }

// A Target names one thing to read: docker:unix:///run/docker.sock.
type Target struct {
	Scheme string
	Rest   string // after the first colon, without a query
	Query  url.Values
}

// ParseTarget splits text at its first colon and takes the query off. It knows nothing of the schemes.
func ParseTarget(text string) (Target, error) {
	scheme, rest, ok := strings.Cut(text, ":")
	if !ok || scheme == "" {
		return Target{}, fmt.Errorf("%w: target %q: want SCHEME:WHERE", ErrUsage, text)
	}
	t := Target{Scheme: scheme, Rest: rest}
	if where, query, ok := strings.Cut(rest, "?"); ok {
		q, err := url.ParseQuery(query)
		if err != nil {
			return Target{}, fmt.Errorf("%w: target %q: %w", ErrUsage, text, err)
		}
		t.Rest, t.Query = where, q
	}
	return t, nil
}

// String gives the target as it is written, with any password in it blanked out.
func (t Target) String() string {
	s := t.Scheme + ":" + t.Rest
	if i, j := strings.Index(s, "//"), strings.LastIndex(s, "@"); i >= 0 && j > i {
		user, _, secret := strings.Cut(s[i+2:j], ":")
		if secret {
			s = s[:i+2] + user + ":xxxxx" + s[j:]
		}
	}
	if len(t.Query) > 0 {
		s += "?" + t.Query.Encode()
	}
	return s
}

// The kinds of error by which callers decide. Every error of a source wraps one of them.
var (
	ErrUsage       = errors.New("wrong usage")            // the target is not written as the source wants it
	ErrInput       = errors.New("bad input file")         // a file is not what it should be
	ErrUnavailable = errors.New("not available")          // nothing there, or nobody answers
	ErrDenied      = errors.New("permission denied")      // it is there and may not be read
	ErrTimeout     = errors.New("no answer in time")      // the deadline passed
	ErrMalformed   = errors.New("answered with nonsense") // it answered, and not as it should
)

// Error is an error with its kind and with what the user can do about it.
type Error struct {
	Kind   error  // one of the kinds above
	Op     string // what was being done, with the name of the thing: "reading /run/docker.sock"
	Remedy string // command or right; empty where there is none
	Err    error  // cause, may be nil
}

// Error says what was being done, the kind and the cause.
func (e *Error) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("%s: %v", e.Op, e.Kind)
	}
	return fmt.Sprintf("%s: %v: %v", e.Op, e.Kind, e.Err)
}

// Unwrap gives the kind and the cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

// RemedyOf finds what the user can do about an error; empty where nobody said.
func RemedyOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Remedy
	}
	return ""
}
