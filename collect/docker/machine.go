package docker

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"runtime"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// tree is the file tree of the local machine.
func (c *collector) tree() linux.FS { return linux.NewFS(c.root) }

// local reports whether the engine runs on the machine that this program sees. A socket file alone does not
// prove it: it may lead into a virtual machine (Docker Desktop, podman machine), over ssh, or out of a container.
// So the engine's kernel and host name must be the ones seen here.
func (f *found) local() bool {
	if runtime.GOOS != "linux" || f.address.network != "unix" {
		return false
	}
	if f.host.err != nil {
		return true // nothing speaks against it
	}
	kernel, err := f.tree().Line("/proc/sys/kernel/osrelease")
	if err != nil || f.host.value.kernel != "" && f.host.value.kernel != kernel {
		return false
	}
	name := linux.Hostname(f.tree())
	return f.host.value.name == "" || name == "" || f.host.value.name == name
}

// batch makes an inventory of what the engine told.
func (f *found) batch(ctx context.Context) *inventory.Batch {
	m := f.machine()
	e := f.engineOf(ctx, m.ID)
	b := &inventory.Batch{Machines: []inventory.Machine{m}, Engines: []inventory.Engine{e}}
	if h := f.host.value; f.host.err == nil && h.inSwarm() && h.swarmID != "" {
		b.Clusters = []inventory.Cluster{f.cluster(m.ID)}
	}
	b.Containers = f.containersOf(ctx, m.ID)
	b.Images = f.imagesOf(m.ID)
	b.Volumes = f.volumesOf(m.ID)
	b.Networks = f.networksOf(m.ID)
	b.Gaps = f.gaps(ctx)
	return b
}

// seen names the target in everything it saw.
func (c *collector) seen() []string { return []string{c.target.String()} }

// kind is the name of the engine's product.
func (f *found) kind() string {
	if f.engine.podman || f.version.err == nil && f.version.value.kind == "podman" {
		return "podman"
	}
	return "docker"
}

// machine describes the machine below the engine: the local one where that is proven, else one that is known by
// what the engine says.
func (f *found) machine() inventory.Machine {
	h := f.host.value
	m := inventory.Machine{
		Name:    known(h.name),
		Powered: inventory.Known(true),
		Roles:   []string{"container-host"},
		Seen:    f.seen(),
	}
	name := h.name
	if f.local() {
		m.Identity = linux.LocalIdentity(f.tree())
		if name == "" {
			name = linux.Hostname(f.tree())
			m.Name = known(name)
		}
	}
	// Podman makes a new identifier for each answer.
	if h.id != "" && f.kind() == "docker" {
		m.Identity.EngineID = inventory.Known(strings.ToLower(inventory.Text(h.id)))
	}
	m.ID = linux.MachineID(m.Identity, name)
	if name == "" || !f.local() {
		m.ID = linux.MachineID(inventory.Identity{}, m.Identity.EngineID.Or(f.address.String())+" "+name)
	}
	if f.host.err != nil {
		return m
	}
	if h.cores > 0 {
		m.Cores = inventory.Known(float64(h.cores))
	}
	if h.memory > 0 {
		m.Memory = inventory.Known(inventory.Bytes(h.memory))
	}
	m.OS = inventory.OS{Version: known(h.release), Kernel: known(h.kernel)}
	if f.kind() == "podman" {
		m.OS.ID = known(h.system) // where Docker has a name for people, Podman has the short one
	} else {
		m.OS.Name = known(h.system)
	}
	return m
}

// engineOf describes the engine itself.
func (f *found) engineOf(ctx context.Context, machine string) inventory.Engine {
	h := f.host.value
	// A machine can run several engines of a kind; each has a data root of its own.
	sum := sha256.Sum256([]byte(f.kind() + "\x00" + machine + "\x00" + h.dataRoot))
	e := inventory.Engine{
		ID:        "engine-" + hex.EncodeToString(sum[:6]),
		Machine:   machine,
		Kind:      f.kind(),
		Inventory: inventory.Known(f.containers.err == nil && f.images.err == nil && f.volumes.err == nil),
		Seen:      f.seen(),
	}
	if f.version.err == nil {
		e.Version = known(f.version.value.number)
	}
	e.BuildCache = f.buildCacheOf(ctx)
	if f.host.err != nil {
		why := "the engine did not describe itself: " + reason(ctx, f.host.err)
		e.Rootless = inventory.Unknown[bool](why, "")
		e.Cluster = inventory.Unknown[string](why, "")
		return e
	}
	e.Rootless = inventory.Known(h.rootless)
	e.DataRoot = known(h.dataRoot)
	switch {
	case f.dataUsed.err == nil:
		e.DataUsed = inventory.Known(inventory.Bytes(f.dataUsed.value))
	case errors.Is(f.dataUsed.err, errNotAsked):
		e.DataUsed = inventory.Unknown[inventory.Bytes]("the engine's file system is not on this machine", "")
	default:
		e.DataUsed = inventory.Unknown[inventory.Bytes](h.dataRoot+": "+linux.Reason(f.dataUsed.err), "")
	}
	switch {
	case h.outsideSwarm():
		e.Cluster = inventory.Absent[string]()
	case h.inSwarm() && h.swarmID != "":
		e.Cluster = inventory.Known(clusterID(h))
	case h.inSwarm():
		e.Cluster = inventory.Unknown[string]("workers of a swarm do not know its identifier", "collect from a manager of the swarm too")
	default:
		e.Cluster = inventory.Unknown[string]("this node of a swarm is "+inventory.Text(h.swarm), "docker swarm unlock, or docker swarm leave")
	}
	return e
}

func (f *found) buildCacheOf(ctx context.Context) inventory.Reading[inventory.Bytes] {
	switch {
	case f.kind() == "podman":
		return inventory.NotApplicable[inventory.Bytes]("Podman keeps build layers as images")
	case f.buildCache.err == nil:
		return inventory.Known(inventory.Bytes(f.buildCache.value))
	case errors.Is(f.buildCache.err, errNotAsked):
		return inventory.Unknown[inventory.Bytes]("before API 1.42 asking makes the engine walk over its whole disk", "docker system df")
	default:
		return inventory.Unknown[inventory.Bytes](reason(ctx, f.buildCache.err), "docker system df")
	}
}

func clusterID(h host) string { return "swarm-" + inventory.Text(h.swarmID) }

// cluster describes the swarm that the node manages.
func (f *found) cluster(machine string) inventory.Cluster {
	h := f.host.value
	c := inventory.Cluster{
		ID: clusterID(h), Kind: "swarm", Machines: []string{machine}, Orchestrates: true, Seen: f.seen(),
		Nodes: inventory.Unknown[int]("only managers know the nodes of a swarm", "collect from a manager"),
	}
	if h.manager && h.nodes > 0 {
		c.Nodes = inventory.Known(h.nodes)
	}
	return c
}

// known is a text from outside; unknown where it is empty.
func known(s string) inventory.Reading[string] {
	if s == "" {
		return inventory.Reading[string]{}
	}
	return inventory.Known(inventory.Text(s))
}

// gaps lists what the engine did not answer.
func (f *found) gaps(ctx context.Context) []inventory.Gap {
	var gaps []inventory.Gap
	add := func(subject, what string, err error) {
		if err == nil {
			return
		}
		gap := inventory.Gap{Source: f.target.String(), Subject: inventory.Text(subject), What: what, Why: reason(ctx, err)}
		switch {
		case errors.Is(kindOf(ctx, err), collect.ErrTimeout):
			gap.Remedy = "raise --timeout, or see why the engine does not answer"
		case isRefusal(err):
			gap.Remedy = "allow the request in the filter before the engine"
		}
		gaps = append(gaps, gap)
	}
	at := f.address.String()
	add(at, "kind and version of the engine", f.version.err)
	add(at, "the machine's size, its system and the swarm", f.host.err)
	add(at, "containers", f.containers.err)
	add(at, "images", f.images.err)
	add(at, "volumes", f.volumes.err)
	add(at, "networks", f.networks.err)
	for _, g := range f.containerGaps(ctx) {
		add(g.subject, "restart policy, limits and privileges", g.err)
	}
	slices.SortFunc(gaps, func(a, b inventory.Gap) int {
		return strings.Compare(a.Subject+"\x00"+a.What, b.Subject+"\x00"+b.What)
	})
	return gaps
}
