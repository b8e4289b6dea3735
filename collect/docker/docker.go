// Package docker reads what a Docker Engine, or Podman through its Docker-compatible API, knows: containers of
// any state, images, volumes, networks, and the machine and swarm below them.
//
// It only sends GET requests, never asks for anything that makes the engine walk a disk, and never keeps what may
// hold a secret: environment, command lines, registry and proxy settings are dropped in the one file that knows
// the client library (client.go). It does not look for containers whose engine it cannot ask: the host source
// counts those from their cgroups.
package docker

import (
	"context"
	"fmt"

	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/collect/inventory"
)

const scheme = "docker"

// Source describes this kind of place to the list of all sources.
func Source() collect.Source {
	return collect.Source{
		Scheme:     scheme,
		Summary:    "containers, images, volumes and networks of a Docker Engine or Podman",
		Privileges: "to use the engine's socket: root, or its group (docker), which equals root",
		Example:    "docker:unix:///run/podman/podman.sock",
		Discover:   discover,
		Open:       open,
		Probe:      probe,
	}
}

// open checks the form of the target; it connects to nothing.
func open(t collect.Target, env collect.Env) (collect.Collector, error) {
	at, err := parseAddress(t, env)
	if err != nil {
		return nil, err
	}
	return &collector{target: t, address: at, root: env.Root}, nil
}

// A collector reads one engine.
type collector struct {
	target  collect.Target
	address address
	root    string // where /proc and /etc of the local machine are
}

// Collect asks the engine for everything at once. What the engine answers is kept, what it does not becomes a gap;
// only an engine that answers nothing useful at all is an error.
func (c *collector) Collect(ctx context.Context) (*inventory.Batch, error) {
	api, err := dial(c.address)
	if err != nil {
		return nil, err
	}
	defer api.close()
	if err := api.hello(ctx); err != nil {
		return nil, c.explain(ctx, "asking "+c.address.String()+" for its API version", err)
	}
	found := ask(ctx, api, c)
	if err := found.useless(); err != nil {
		return nil, c.explain(ctx, "reading "+c.address.String(), err)
	}
	return found.batch(ctx), nil
}

// usage makes an error about a target that is not written as it should be.
func usage(t collect.Target, format string, args ...any) error {
	return fmt.Errorf("%w: target %s: %s", collect.ErrUsage, t, fmt.Sprintf(format, args...))
}
