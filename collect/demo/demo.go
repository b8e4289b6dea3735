// Package demo is a source without anything behind it: a synthetic estate of any size, for trying the program out,
// for tests and for measuring speed. It also makes random estates for tests of the score (see [RandomEstate]).
//
// It looks at nothing, not even the clock: the same target gives the same bytes everywhere and always. With series=1 it
// keeps the values of utilisation series, too, one an hour, so that a plan can be replayed.
package demo

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/collect/inventory"
)

const scheme = "demo"

// base is when the estate was looked at: a fixed time, as a demo that changed by the hour would give new bytes.
var base = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// Source describes this kind of place to the list of all sources.
func Source() collect.Source {
	return collect.Source{
		Scheme:     scheme,
		Summary:    "a synthetic estate of any size; the same seed gives the same bytes",
		Privileges: "none",
		Example:    "demo:?machines=12&seed=1",
		Open:       open,
	}
}

// A query is what a target asks for.
type query struct {
	machines int     // servers and cloud instances; virtual machines come on top
	seed     uint64  //
	hostile  bool    // names that try to break whatever shows them
	unknown  float64 // share of facts that nobody could read
	series   bool    // with the values of utilisation series, one an hour, which take most of the room in a snapshot
}

// maxMachines keeps a slip of the finger from filling the memory.
const maxMachines = 1_000_000

func open(t collect.Target, _ collect.Env) (collect.Collector, error) {
	q, err := parseQuery(t)
	if err != nil {
		return nil, &collect.Error{Kind: collect.ErrUsage, Op: fmt.Sprintf("opening %q", t), Err: err, Remedy: "write demo:?machines=12&seed=1, and &hostile=1, &series=1 or &unknown=0.05 if wanted"}
	}
	return &collector{q}, nil
}

func parseQuery(t collect.Target) (query, error) {
	q := query{machines: 12, seed: 1, unknown: .05}
	if t.Rest != "" {
		return q, fmt.Errorf("%q: there is nowhere to look; want options only", inventory.Text(t.Rest))
	}
	for _, key := range slices.Sorted(maps.Keys(t.Query)) {
		values := t.Query[key]
		v := values[len(values)-1]
		bad := func(want string) error { return fmt.Errorf("%s=%s: want %s", key, inventory.Text(v), want) }
		if len(values) > 1 {
			return q, fmt.Errorf("%s: given %d times, want it once", key, len(values))
		}
		var err error
		switch key {
		case "machines":
			if q.machines, err = strconv.Atoi(v); err != nil || q.machines < 0 || q.machines > maxMachines {
				return q, bad(fmt.Sprintf("a whole number from 0 to %d", maxMachines))
			}
		case "seed":
			if q.seed, err = strconv.ParseUint(v, 10, 64); err != nil {
				return q, bad(fmt.Sprintf("a whole number from 0 to %d", uint64(math.MaxUint64)))
			}
		case "hostile", "series":
			if v != "0" && v != "1" {
				return q, bad("0 or 1")
			}
			if key == "hostile" {
				q.hostile = v == "1"
			} else {
				q.series = v == "1"
			}
		case "unknown":
			if q.unknown, err = strconv.ParseFloat(v, 64); err != nil || !(q.unknown >= 0 && q.unknown <= 1) {
				return q, bad("a share from 0 to 1")
			}
		default:
			return q, fmt.Errorf("unknown option %q: want one of %s", inventory.Text(key), strings.Join([]string{"machines", "seed", "hostile", "unknown", "series"}, ", "))
		}
	}
	return q, nil
}

// A collector makes the estate of one query.
type collector struct{ query query }

// Observations returns what the sources of a real estate of that kind would have seen, each on its own.
func (c *collector) Observations(ctx context.Context) ([]inventory.Observation, error) {
	all := []inventory.Observation{} // an estate of no machines is an answer, too
	for o, err := range c.stream(ctx) {
		if err != nil {
			return nil, err
		}
		all = append(all, *o)
	}
	return all, nil
}

// Streams makes the estate up anew for each reading. Nothing of it would be faster to make than all.
func (c *collector) Streams(ctx context.Context) (identities, all inventory.Observations, ok bool) {
	return c.stream(ctx), c.stream(ctx), true
}

func (c *collector) stream(ctx context.Context) inventory.Observations {
	return func(yield func(*inventory.Observation, error) bool) {
		for i := range c.query.machines {
			if ctx.Err() != nil {
				yield(nil, ctx.Err())
				return
			}
			seen := c.query.host(i)
			for k := range seen {
				if !yield(&seen[k], nil) {
					return
				}
			}
		}
	}
}

// Collect is there for callers that take one batch per target: it puts all observations into one.
func (c *collector) Collect(ctx context.Context) (*inventory.Batch, error) {
	all, err := c.Observations(ctx)
	if err != nil {
		return nil, err
	}
	b := &inventory.Batch{}
	for i := range all {
		o := &all[i].Batch
		b.Machines = append(b.Machines, o.Machines...)
		b.Hypervisors = append(b.Hypervisors, o.Hypervisors...)
		b.VMs = append(b.VMs, o.VMs...)
		b.Engines = append(b.Engines, o.Engines...)
		b.Containers = append(b.Containers, o.Containers...)
		b.Images = append(b.Images, o.Images...)
		b.Volumes = append(b.Volumes, o.Volumes...)
		b.Workloads = append(b.Workloads, o.Workloads...)
		b.Clusters = append(b.Clusters, o.Clusters...)
		b.Storage = append(b.Storage, o.Storage...)
		b.Networks = append(b.Networks, o.Networks...)
		b.Gaps = append(b.Gaps, o.Gaps...)
	}
	return b, nil
}

var (
	_ collect.Recorded = (*collector)(nil)
	_ collect.Streamed = (*collector)(nil)
)
