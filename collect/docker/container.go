package docker

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/infraopt/infraopt/collect/inventory"
)

// Labels by which orchestrators and tools mark what they made.
const (
	composeProject = "com.docker.compose.project"
	composeService = "com.docker.compose.service"
	podmanProject  = "io.podman.compose.project" // podman-compose before 1.0 sets only this one
	swarmService   = "com.docker.swarm.service.name"
	swarmServiceID = "com.docker.swarm.service.id"
	k8sPod         = "io.kubernetes.pod.name"
	k8sNamespace   = "io.kubernetes.pod.namespace"
	k8sType        = "io.kubernetes.docker.type"
	nomadTask      = "com.hashicorp.nomad.task_name"
	nomadJob       = "com.hashicorp.nomad.job_name"
	systemdUnit    = "PODMAN_SYSTEMD_UNIT"
)

// notInspected says why facts are missing that only inspecting a container tells.
const notInspected = "the engine did not show the container's details"

func (f *found) containersOf(ctx context.Context, machine string) []inventory.Container {
	var out []inventory.Container
	for _, l := range f.containers.value {
		out = append(out, f.container(ctx, machine, l))
	}
	return out
}

// container puts together what the list, the inspection and the counters tell of one container.
func (f *found) container(ctx context.Context, machine string, l listed) inventory.Container {
	c := inventory.Container{
		ID:             inventory.Text(l.id),
		Machine:        machine,
		Runtime:        inventory.Known(f.kind()),
		Name:           known(l.name),
		Image:          known(l.image),
		ImageID:        known(imageID(l.imageID)),
		State:          stateOf(l.status),
		Status:         known(l.status),
		System:         inventory.Known(false),
		ComposeProject: label(l.labels, composeProject, podmanProject),
		ComposeService: label(l.labels, composeService),
		Service:        serviceOf(l.labels),
		Pod:            podOf(l.labels),
		Unit:           inventory.Text(l.labels[systemdUnit]),
		Layer:          inventory.Application,
		Volumes:        names(l.volumes),
		Seen:           f.seen(),
	}
	if l.labels[k8sType] == "podsandbox" {
		c.Layer = inventory.Infrastructure // it only holds the pod's network
	}
	if l.created > 0 {
		c.CreatedAt = inventory.Known(time.Unix(l.created, 0).UTC().Format(time.RFC3339))
	}
	d := f.details[l.id]
	if d.err != nil {
		why := notInspected
		c.RestartPolicy = inventory.Unknown[string](why, "")
		c.CPULimit = inventory.Unknown[float64](why, "")
		c.MemoryLimit = inventory.Unknown[inventory.Bytes](why, "")
		c.Privileged = inventory.Unknown[bool](why, "")
		c.PID = inventory.Unknown[int](why, "")
		c.Manager = managerOf(l.labels, c.RestartPolicy)
		return c
	}
	v := d.value
	if c.Name.IsUnknown() {
		c.Name = known(v.name)
	}
	if v.image != "" && (l.image == "" || strings.HasPrefix(l.image, "sha256:") || strings.HasPrefix(l.imageID, l.image)) {
		c.Image = known(v.image) // the list shows an identifier once the tag has moved on
	}
	if v.status != "" {
		c.State, c.Status = stateOf(v.status), known(v.status)
	}
	c.RestartPolicy = policyOf(v.policy)
	c.CPULimit = limit(v.cpus)
	c.MemoryLimit = limit(inventory.Bytes(v.memory))
	c.Privileged = inventory.Known(v.privileged)
	c.PID = limit(v.pid)
	c.Manager = managerOf(l.labels, c.RestartPolicy)
	c.Volumes = names(slices.Concat(l.volumes, v.volumes))
	c.Usage = f.usage(ctx, l.id, v)
	return c
}

// stateOf reads an engine's word for the state of a container. One that restarts over and over counts as
// running: the engine keeps at it, and nobody has stopped it.
func stateOf(status string) inventory.Reading[inventory.RunState] {
	switch status {
	case "running", "restarting", "stopping":
		return inventory.Known(inventory.Running)
	case "paused":
		return inventory.Known(inventory.Paused)
	case "exited", "created", "dead", "removing", "configured", "initialized", "stopped":
		return inventory.Known(inventory.Stopped)
	default:
		return inventory.Unknown[inventory.RunState](fmt.Sprintf("the engine calls it %.40q", status), "")
	}
}

// policyOf reads a restart policy; Docker calls none "no", Podman leaves it empty.
func policyOf(policy string) inventory.Reading[string] {
	if policy == "" || policy == "no" {
		return inventory.Absent[string]()
	}
	return known(policy)
}

// limit is a limit for which zero means none.
func limit[T int | float64 | inventory.Bytes](v T) inventory.Reading[T] {
	if v <= 0 {
		return inventory.Absent[T]()
	}
	return inventory.Known(v)
}

// label returns the first label that is set; absent where none is.
func label(labels map[string]string, keys ...string) inventory.Reading[string] {
	for _, k := range keys {
		if v := labels[k]; v != "" {
			return inventory.Known(inventory.Text(v))
		}
	}
	return inventory.Absent[string]()
}

// serviceOf names the orchestrator's service that a container is an instance of, alike on every node. Workers do
// not know the identifier of their swarm, but that of the service is as unique.
func serviceOf(labels map[string]string) inventory.Reading[string] {
	if name := labels[swarmService]; name != "" {
		if id := labels[swarmServiceID]; id != "" {
			return known("swarm/" + name + "@" + id)
		}
		return known("swarm/" + name)
	}
	if job := labels[nomadJob]; job != "" {
		return known("nomad/" + job)
	}
	return inventory.Absent[string]()
}

func podOf(labels map[string]string) inventory.Reading[string] {
	if pod := labels[k8sPod]; pod != "" {
		return known(labels[k8sNamespace] + "/" + pod)
	}
	return inventory.Absent[string]()
}

// managerOf says who keeps the container running: the highest of those who left a mark.
func managerOf(labels map[string]string, policy inventory.Reading[string]) inventory.Reading[inventory.Manager] {
	has := func(key string) bool { return labels[key] != "" }
	switch {
	case has(swarmService) || has(swarmServiceID):
		return inventory.Known(inventory.ManagedBySwarm)
	case has(k8sPod):
		return inventory.Known(inventory.ManagedByK8s)
	case has(nomadTask) || has(nomadJob):
		return inventory.Known(inventory.ManagedByNomad)
	case has(composeProject) || has(podmanProject):
		return inventory.Known(inventory.ManagedByCompose)
	case has(systemdUnit):
		return inventory.Known(inventory.ManagedByQuadlet)
	case policy.IsKnown():
		return inventory.Known(inventory.ManagedByPolicy)
	case policy.IsAbsent():
		return inventory.Known(inventory.ManagedByHand)
	default:
		return inventory.Unknown[inventory.Manager](policy.Why(), policy.Remedy())
	}
}

// usage turns counters into readings. The engine's own clock tells how long they ran.
func (f *found) usage(ctx context.Context, id string, v inspected) inventory.Usage {
	s, asked := f.samples[id]
	switch {
	case !asked && stateOf(v.status).Or("") == inventory.Running:
		return inventory.Usage{CPUSeconds: inventory.Unknown[float64]("the engine takes a second to answer for each container", "collect from the host too: its cgroups tell")}
	case !asked || isGone(s.err):
		return inventory.Usage{}
	case s.err != nil:
		return inventory.Usage{CPUSeconds: inventory.Unknown[float64](reason(ctx, s.err), "")}
	}
	u := inventory.Usage{CPUSeconds: inventory.Known(s.value.cpu)}
	if s.value.cache {
		u.Memory = inventory.Known(inventory.Bytes(s.value.memory))
	} else {
		u.Memory = inventory.Unknown[inventory.Bytes]("the engine does not say how much of it is page cache", "")
	}
	switch network, _, _ := strings.Cut(v.network, ":"); network {
	case "host", "container", "ns":
		u.Network = inventory.Unknown[inventory.Bytes]("it has no network of its own", "")
	default:
		u.Network = inventory.Known(inventory.Bytes(s.value.network))
	}
	if age := s.value.read.Sub(v.started); !v.started.IsZero() && age > 0 {
		u.Age = inventory.Known(inventory.Seconds(age.Seconds()))
	}
	return u
}

// imageID gives the digest of an image in one form: Podman's list leaves the algorithm out in some versions.
func imageID(id string) string {
	if len(id) == 64 && !strings.Contains(id, ":") {
		return "sha256:" + id
	}
	return id
}

// names makes names from outside safe and puts them in order.
func names(in []string) []string {
	var out []string
	for _, n := range in {
		out = append(out, inventory.Text(n))
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// A containerGap stands for containers that could not be inspected, all for one reason.
type containerGap struct {
	subject string
	err     error
}

// containerGaps groups the containers that could not be inspected, so that a stuck engine with thousands of them
// makes one gap.
func (f *found) containerGaps(ctx context.Context) []containerGap {
	const shown = 3
	type group struct {
		names []string
		count int
		err   error
	}
	groups := map[string]*group{}
	var order []string
	for _, l := range f.containers.value { // sorted
		err := f.details[l.id].err
		if err == nil {
			continue
		}
		// Messages name the container, so they differ; their kinds do not.
		key := kindOf(ctx, err).Error()
		g := groups[key]
		if g == nil {
			g = &group{err: err}
			groups[key] = g
			order = append(order, key)
		}
		if g.count++; g.count <= shown {
			name := l.name
			if name == "" {
				name = l.id
			}
			g.names = append(g.names, name)
		}
	}
	var gaps []containerGap
	for _, key := range order {
		g := groups[key]
		subject := "container " + strings.Join(g.names, ", ")
		if more := g.count - len(g.names); more > 0 {
			subject = fmt.Sprintf("containers %s and %d more", strings.Join(g.names, ", "), more)
		}
		gaps = append(gaps, containerGap{subject: subject, err: g.err})
	}
	return gaps
}
