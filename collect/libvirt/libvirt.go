// Package libvirt reads the virtual machines, storage pools and networks that a libvirt daemon of this host keeps.
//
// It connects read-only, over the socket that is made for that, and asks for no domain's secrets. It reaches no
// other host, and it does not look into virtual machines: what runs in them is for other sources to see.
package libvirt

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/user"
	"strconv"
	"time"

	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/collect/inventory"
)

const scheme = "libvirt"

// Source describes this kind of place to the list of all sources.
func Source() collect.Source {
	return collect.Source{
		Scheme:     scheme,
		Summary:    "virtual machines, storage pools and networks of a libvirt daemon on this host",
		Privileges: "none where the read-only socket is open to all, as it is by default",
		Example:    "libvirt:qemu:///system",
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

// A collector reads one driver of one daemon.
type collector struct {
	target  collect.Target
	address address
	root    string // where /proc and /etc of the local machine are
}

// Collect reads everything over one connection. Virtual machines whose details do not arrive in time are kept with
// what the list of all told of them.
func (c *collector) Collect(ctx context.Context) (*inventory.Batch, error) {
	d, err := c.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer d.close()
	f := found{collector: c}
	if err := f.ask(d); err != nil {
		return nil, c.explain(ctx, d, "listing virtual machines of "+c.address.uri, err)
	}
	return f.batch(ctx, d), nil
}

// connect opens the first socket that accepts.
func (c *collector) connect(ctx context.Context) (*daemon, error) {
	var first error
	for _, path := range c.address.sockets {
		d, err := dial(ctx, path, c.address.uri)
		if err == nil {
			return d, nil
		}
		err = c.explain(ctx, d, "connecting to "+path, err)
		// A socket that is there tells more than one that is not.
		if first == nil || errors.Is(first, fs.ErrNotExist) && !errors.Is(err, fs.ErrNotExist) {
			first = err
		}
	}
	return nil, first
}

// explain turns an error into one of the kinds that callers decide by, with what to do about it.
func (c *collector) explain(ctx context.Context, d *daemon, op string, err error) error {
	e := &collect.Error{Kind: kindOf(ctx, d, err), Op: op, Err: err}
	switch {
	case errors.Is(e.Kind, collect.ErrDenied):
		e.Remedy = c.access()
	case errors.Is(e.Kind, collect.ErrTimeout):
		e.Err = nil // the kind says it all
		e.Remedy = "see why the daemon does not answer (virsh -r -c " + c.address.uri + " list), or raise --timeout"
	case errors.Is(e.Kind, collect.ErrUnavailable):
		e.Remedy = "start libvirtd or virtqemud, or name another driver: libvirt:xen:///system"
	case errors.Is(e.Kind, collect.ErrMalformed):
		if d != nil && d.broken() != nil {
			e.Err = d.broken()
		}
		e.Remedy = "see whether a libvirt daemon listens there"
	}
	return e
}

// access says which right would let this user connect.
func (c *collector) access() string {
	for _, path := range c.address.sockets {
		info, err := os.Stat(path)
		if err != nil {
			continue
		}
		if gid, ok := groupOf(info); ok && gid != 0 {
			name := strconv.Itoa(gid)
			if g, err := user.LookupGroupId(name); err == nil {
				name = g.Name
			}
			return "run as root, or add the user to the group " + name + ": usermod -aG " + name + " USER"
		}
	}
	return "run as root, or open the read-only socket to all: unix_sock_ro_perms = \"0777\" in libvirtd.conf"
}

// probeTime is how long doctor waits for the daemon.
const probeTime = 3 * time.Second

// probe says whether this user can read the daemon of this host.
func probe(ctx context.Context, env collect.Env) []collect.Probe {
	targets := discover(ctx, env)
	if len(targets) == 0 {
		return []collect.Probe{{What: "libvirt", Status: collect.ProbeAbsent, Detail: "no read-only socket of a libvirt daemon is here"}}
	}
	var probes []collect.Probe
	for _, t := range targets {
		at, err := parseAddress(t, env)
		if err != nil {
			continue
		}
		c := &collector{target: t, address: at, root: env.Root}
		probes = append(probes, c.probe(ctx))
	}
	return probes
}

func (c *collector) probe(ctx context.Context) collect.Probe {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	p := collect.Probe{What: c.address.uri}
	d, err := c.connect(ctx)
	if err == nil {
		defer d.close()
		var v version
		if v, err = d.version(); err == nil {
			p.Status, p.Detail = collect.ProbeReadable, inventory.Text(v.driver)+" "+v.number
			return p
		}
		err = c.explain(ctx, d, "asking for its version", err)
	}
	p.Detail, p.Remedy = err.Error(), collect.RemedyOf(err)
	switch {
	case errors.Is(err, collect.ErrDenied):
		p.Status = collect.ProbeDenied
	case errors.Is(err, fs.ErrNotExist):
		p.Status = collect.ProbeAbsent
	default:
		p.Status = collect.ProbeBroken
	}
	return p
}
