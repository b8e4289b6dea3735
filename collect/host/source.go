package host

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/collect/inventory"
)

const scheme = "host"

// Source is the host source: the machine that the program runs on.
func Source() collect.Source {
	return collect.Source{
		Scheme:     scheme,
		Summary:    "this machine: hardware, system, workloads, containers and virtual machines as the kernel shows them (host:?root=/FOLDER: one that collect --record has copied)",
		Privileges: "none; root shows serial numbers, the open files and sockets of other users' programs (readiness for containers, some listeners), and, where /proc is mounted with hidepid, those programs",
		Example:    "host:",
		Discover: func(context.Context, collect.Env) []collect.Target {
			return []collect.Target{{Scheme: scheme}}
		},
		Open:  open,
		Probe: probe,
	}
}

func open(t collect.Target, env collect.Env) (collect.Collector, error) {
	if t.Rest != "" {
		return nil, &collect.Error{
			Kind: collect.ErrUsage, Op: fmt.Sprintf("opening %q", t),
			Remedy: "write host: and nothing after it; other machines are reached through other sources",
		}
	}
	for key, values := range t.Query {
		if key != "root" || len(values) != 1 || !filepath.IsAbs(values[0]) {
			return nil, &collect.Error{
				Kind: collect.ErrUsage, Op: fmt.Sprintf("opening %q: unknown option %q", t, key),
				Remedy: "write host:, or host:?root=/FOLDER for one that collect --record has written",
			}
		}
		env.Root = values[0]
	}
	return &collector{env: env, target: t.String()}, nil
}

// A collector reads one machine, that of its environment's root.
type collector struct {
	env    collect.Env
	target string
}

// Collect reads the machine. What cannot be read by ctx's deadline becomes a gap.
func (c *collector) Collect(ctx context.Context) (*inventory.Batch, error) {
	return observe(ctx, c.env, c.target)
}
