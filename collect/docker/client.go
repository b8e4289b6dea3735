package docker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/docker/api/types"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/swarm"
	"github.com/docker/docker/api/types/versions"
	"github.com/docker/docker/api/types/volume"
	"github.com/docker/docker/client"
	"github.com/docker/go-connections/sockets"
)

// This file is the only one that knows the client library. What leaves it are the small types below: they have no
// room for environment, command lines, registry or proxy settings, so those cannot get into an inventory.

// parallel is how many requests an engine gets at once.
const parallel = 8

// An engine is a connection to the API.
type engine struct {
	cli  *client.Client
	http *http.Client
	base string // URL of the API without a version
	idle func()

	podman bool // set by hello
}

// dial prepares a connection; it sends nothing.
func dial(at address) (*engine, error) {
	transport := &http.Transport{
		MaxConnsPerHost:     parallel,
		MaxIdleConnsPerHost: parallel,
		IdleConnTimeout:     10 * time.Second,
	}
	if err := sockets.ConfigureTransport(transport, at.network, at.where); err != nil {
		return nil, err
	}
	transport.Proxy = nil // an engine is reached directly or not at all
	transport.TLSClientConfig = at.tls
	web := &http.Client{
		Transport: guard{transport},
		// An engine has no reason to send its clients elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	where, protocol := client.DummyHost, "http"
	if at.network == "tcp" {
		where = at.where
	}
	if at.tls != nil {
		protocol = "https"
	}
	cli, err := client.NewClientWithOpts(
		client.WithHost(at.String()),
		client.WithHTTPClient(web),
		client.WithScheme(protocol),
	)
	if err != nil {
		return nil, err
	}
	return &engine{cli: cli, http: web, base: protocol + "://" + where + at.base, idle: transport.CloseIdleConnections}, nil
}

// close gives up the connections.
func (e *engine) close() {
	e.idle()
}

// apiLevel is the form of an API version.
var apiLevel = regexp.MustCompile(`^1\.[0-9]{1,4}$`)

// hello sees whether an engine listens at all and agrees on a version of the API with it. It does not use the
// client's own ping, which takes any web server for an engine of version 1.24 and hides why a connection failed.
func (e *engine) hello(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, e.base+"/_ping", http.NoBody)
	if err != nil {
		return err
	}
	resp, err := e.http.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.CopyN(io.Discard, resp.Body, 512); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	switch level := resp.Header.Get("Api-Version"); {
	case resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden:
		return fmt.Errorf("%w: it answered %q", errdefs.ErrPermissionDenied, resp.Status)
	case resp.StatusCode != http.StatusOK:
		return fmt.Errorf("it answered %.60q", resp.Status)
	case !apiLevel.MatchString(level):
		return fmt.Errorf("its answer has no API version, but %.20q", level)
	default:
		e.podman = resp.Header.Get("Libpod-Api-Version") != ""
		e.cli.NegotiateAPIVersionPing(types.Ping{APIVersion: level})
		return nil
	}
}

// level is the version of the API that both sides speak.
func (e *engine) level() string { return e.cli.ClientVersion() }

// atLeast reports whether both sides speak at least this version of the API.
func (e *engine) atLeast(level string) bool {
	return versions.GreaterThanOrEqualTo(e.cli.ClientVersion(), level)
}

// isRefusal reports whether an engine, or a filter before it, does not want to answer this user.
func isRefusal(err error) bool {
	return errdefs.IsPermissionDenied(err) || errdefs.IsUnauthorized(err)
}

// isGone reports whether the thing asked for is not there any more.
func isGone(err error) bool { return errdefs.IsNotFound(err) }

// isConnectionFailure reports whether the client could not talk to the engine.
func isConnectionFailure(err error) bool { return client.IsErrConnectionFailed(err) }

// errEmpty marks an answer that is well formed and says nothing.
var errEmpty = errors.New("the answer holds nothing that an engine would say")

type version struct {
	kind   string // docker or podman
	number string
}

func (e *engine) version(ctx context.Context) (version, error) {
	v, err := e.cli.ServerVersion(ctx)
	if err != nil {
		return version{}, err
	}
	if v.Version == "" {
		return version{}, errEmpty
	}
	out := version{kind: "docker", number: v.Version}
	for _, c := range v.Components {
		if c.Name == "Podman Engine" {
			out.kind = "podman"
		}
	}
	return out, nil
}

// A host is what an engine says of the machine it runs on and of itself.
type host struct {
	id, name           string
	system, release    string // of the operating system
	family, kernel     string
	cores              int
	memory             int64
	dataRoot           string
	rootless           bool
	time               time.Time // the engine's clock; zero where it does not tell
	swarm              string    // state of this node: inactive, active, …
	swarmID, swarmNode string
	manager            bool
	nodes              int
}

func (e *engine) host(ctx context.Context) (host, error) {
	i, err := e.cli.Info(ctx)
	if err != nil {
		return host{}, err
	}
	if i.NCPU <= 0 && i.Name == "" && i.DockerRootDir == "" {
		return host{}, errEmpty
	}
	h := host{
		id: i.ID, name: i.Name, system: i.OperatingSystem, release: i.OSVersion, family: i.OSType,
		kernel: i.KernelVersion, cores: i.NCPU, memory: i.MemTotal, dataRoot: i.DockerRootDir,
		swarm: string(i.Swarm.LocalNodeState), swarmNode: i.Swarm.NodeID,
		manager: i.Swarm.ControlAvailable, nodes: i.Swarm.Nodes,
	}
	if i.Swarm.Cluster != nil {
		h.swarmID = i.Swarm.Cluster.ID
	}
	for _, o := range i.SecurityOptions {
		h.rootless = h.rootless || o == "rootless" || o == "name=rootless" || strings.HasPrefix(o, "name=rootless,")
	}
	if t, err := time.Parse(time.RFC3339Nano, i.SystemTime); err == nil {
		h.time = t
	}
	return h, nil
}

// inSwarm reports whether the node takes part in a swarm.
func (h host) inSwarm() bool { return h.swarm == string(swarm.LocalNodeStateActive) }

// outsideSwarm reports whether the node is known to take part in no swarm. Podman knows no swarms.
func (h host) outsideSwarm() bool {
	return h.swarm == "" || h.swarm == string(swarm.LocalNodeStateInactive)
}

// A listed container is what the list of all containers tells.
type listed struct {
	id, name       string
	image, imageID string
	status         string // running, exited, …
	created        int64  // seconds since 1970
	labels         map[string]string
	volumes        []string
}

func (e *engine) containers(ctx context.Context) ([]listed, error) {
	list, err := e.cli.ContainerList(ctx, container.ListOptions{All: true})
	if err != nil {
		return nil, err
	}
	out := make([]listed, 0, len(list))
	for i := range list {
		c := &list[i]
		out = append(out, listed{
			id: c.ID, name: ownName(c.Names), image: c.Image, imageID: c.ImageID, status: c.State,
			created: c.Created, labels: c.Labels, volumes: volumeNames(c.Mounts),
		})
	}
	return out, nil
}

// ownName picks the container's own name: links from other containers add names of the form /other/alias.
func ownName(names []string) string {
	for _, n := range names {
		if n = strings.TrimPrefix(n, "/"); n != "" && !strings.Contains(n, "/") {
			return n
		}
	}
	return ""
}

func volumeNames(mounts []container.MountPoint) []string {
	var names []string
	for _, m := range mounts {
		if m.Type == "volume" && m.Name != "" {
			names = append(names, m.Name)
		}
	}
	return names
}

// An inspected container is what only inspecting it tells.
type inspected struct {
	name, image, status string
	started             time.Time
	pid                 int
	policy              string
	cpus                float64 // 0 is no limit
	memory              int64   // 0 is no limit
	privileged          bool
	network             string // host, none, container:ID, or a name
	volumes             []string
}

func (e *engine) inspect(ctx context.Context, id string) (inspected, error) {
	c, err := e.cli.ContainerInspect(ctx, id)
	if err != nil {
		return inspected{}, err
	}
	if c.ContainerJSONBase == nil || c.State == nil || c.HostConfig == nil {
		return inspected{}, errEmpty
	}
	h := c.HostConfig
	out := inspected{
		name: strings.TrimPrefix(c.Name, "/"), status: c.State.Status, pid: c.State.Pid,
		policy: string(h.RestartPolicy.Name), memory: h.Memory, privileged: h.Privileged,
		network: string(h.NetworkMode), volumes: volumeNames(c.Mounts),
	}
	if c.Config != nil {
		out.image = c.Config.Image
	}
	switch {
	case h.NanoCPUs > 0:
		out.cpus = float64(h.NanoCPUs) / 1e9
	case h.CPUQuota > 0:
		period := h.CPUPeriod
		if period <= 0 {
			period = 100_000 // the kernel's default, microseconds
		}
		out.cpus = float64(h.CPUQuota) / float64(period)
	}
	if t, err := time.Parse(time.RFC3339Nano, c.State.StartedAt); err == nil {
		out.started = t
	}
	return out, nil
}

// A sample holds a running container's counters.
type sample struct {
	read    time.Time
	cpu     float64 // seconds
	memory  int64   // without page cache that can be dropped
	cache   bool    // whether the page cache was told, so that memory means something
	network int64   // received and sent
}

func (e *engine) stats(ctx context.Context, id string) (sample, error) {
	// One shot: without it every engine waits a second for a second sample.
	resp, err := e.cli.ContainerStatsOneShot(ctx, id)
	if err != nil {
		return sample{}, err
	}
	defer resp.Body.Close()
	var s container.StatsResponse
	if err := json.NewDecoder(resp.Body).Decode(&s); err != nil {
		return sample{}, err
	}
	if s.Read.IsZero() || s.CPUStats.CPUUsage.TotalUsage == 0 {
		return sample{}, errEmpty
	}
	out := sample{read: s.Read, cpu: float64(s.CPUStats.CPUUsage.TotalUsage) / 1e9}
	// The two keys are those of cgroup v1 and v2; on v1 the second leaves child groups out.
	m := s.MemoryStats
	inactive, ok := m.Stats["total_inactive_file"]
	if !ok {
		inactive, ok = m.Stats["inactive_file"]
	}
	if ok && inactive <= m.Usage {
		out.memory, out.cache = int64(m.Usage-inactive), true
	}
	for _, n := range s.Networks {
		out.network += int64(n.RxBytes + n.TxBytes)
	}
	return out, nil
}

// A stored image.
type stored struct {
	id      string
	tags    []string
	size    int64
	created int64
}

func (e *engine) images(ctx context.Context) ([]stored, error) {
	list, err := e.cli.ImageList(ctx, image.ListOptions{})
	if err != nil {
		return nil, err
	}
	out := make([]stored, 0, len(list))
	for i := range list {
		s := stored{id: list[i].ID, size: list[i].Size, created: list[i].Created}
		for _, tag := range list[i].RepoTags {
			if tag != "" && tag != "<none>:<none>" {
				s.tags = append(s.tags, tag)
			}
		}
		out = append(out, s)
	}
	return out, nil
}

// A named thing is a volume or a network.
type named struct {
	id, name, driver, scope string
}

func (e *engine) volumes(ctx context.Context) ([]named, error) {
	list, err := e.cli.VolumeList(ctx, volume.ListOptions{})
	if err != nil {
		return nil, err
	}
	var out []named
	for _, v := range list.Volumes {
		if v != nil {
			out = append(out, named{name: v.Name, driver: v.Driver, scope: v.Scope})
		}
	}
	return out, nil
}

func (e *engine) networks(ctx context.Context) ([]named, error) {
	list, err := e.cli.NetworkList(ctx, network.ListOptions{})
	if err != nil {
		return nil, err
	}
	var out []named
	for i := range list {
		out = append(out, named{id: list[i].ID, name: list[i].Name, driver: list[i].Driver, scope: list[i].Scope})
	}
	return out, nil
}

// buildCache returns the bytes of build cache. Only call it from API 1.42 on: before that the engine can only
// answer by walking over every layer and volume.
func (e *engine) buildCache(ctx context.Context) (int64, error) {
	du, err := e.cli.DiskUsage(ctx, types.DiskUsageOptions{Types: []types.DiskUsageObject{types.BuildCacheObject}})
	if err != nil {
		return 0, err
	}
	var sum int64
	for _, r := range du.BuildCache {
		if r != nil && !r.Shared && r.Size > 0 {
			sum += r.Size
		}
	}
	return sum, nil
}
