package demo

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/infraopt/infraopt/collect/inventory"
)

// A task is a container that is to be made up.
type task struct {
	name, image, role string
	layer             inventory.Layer
	manager           inventory.Manager
	project, service  string // of Compose, or the service of an orchestrator
	policy            string
	volume            string
	stopped           bool
	limited           bool
}

// stacks are projects of Docker Compose.
var stacks = [][]task{
	{
		{name: "shop-web-1", image: "nginx:1.25", role: "nginx", layer: inventory.Service, project: "shop", service: "web"},
		{name: "shop-api-1", image: "registry.example.net/shop/api:2.4.1", layer: inventory.Application, project: "shop", service: "api", limited: true},
		{name: "shop-api-2", image: "registry.example.net/shop/api:2.4.1", layer: inventory.Application, project: "shop", service: "api", limited: true},
		{name: "shop-db-1", image: "postgres:15", role: "postgresql", layer: inventory.Service, project: "shop", service: "db", volume: "shop_pgdata"},
		{name: "shop-cache-1", image: "redis:7-alpine", role: "redis", layer: inventory.Service, project: "shop", service: "cache"},
	},
	{
		{name: "wiki-app-1", image: "ghcr.io/requarks/wiki:2", role: "nodejs", layer: inventory.Application, project: "wiki", service: "app"},
		{name: "wiki-db-1", image: "postgres:15", role: "postgresql", layer: inventory.Service, project: "wiki", service: "db", volume: "wiki_db"},
	},
	{
		{name: "mon-prometheus-1", image: "prom/prometheus:v2.53.0", role: "prometheus", layer: inventory.Service, project: "mon", service: "prometheus", volume: "mon_prom"},
		{name: "mon-grafana-1", image: "grafana/grafana:11.1.0", role: "grafana", layer: inventory.Service, project: "mon", service: "grafana", volume: "mon_grafana"},
	},
}

// single are containers that somebody started one by one.
var single = []task{
	{name: "gitea", image: "gitea/gitea:1.22", role: "gitea", layer: inventory.Application, policy: "always", volume: "gitea_data"},
	{name: "jenkins", image: "jenkins/jenkins:lts", layer: inventory.Application, volume: "jenkins_home"},
	{name: "registry", image: "registry:2", role: "registry", layer: inventory.Service, policy: "unless-stopped", volume: "registry"},
	{name: "mysql-test", image: "mysql:5.7", role: "mysql", layer: inventory.Service},
	{name: "billing-old", image: "registry.example.net/billing:1.9", layer: inventory.Application, policy: "on-failure"},
	{name: "anna-notebook", image: "jupyter/scipy-notebook:latest", layer: inventory.Application},
	{name: "proxy", image: "traefik:v2.11", role: "traefik", layer: inventory.Service, policy: "always"},
	{name: "mailhog", image: "mailhog/mailhog:latest", layer: inventory.Application},
}

// composed draws so many projects.
func (h *host) composed(n int) []task {
	var out []task
	first := h.below(len(stacks))
	for i := range n {
		for _, t := range stacks[(first+i)%len(stacks)] {
			t.manager = inventory.ManagedByCompose
			t.policy = "unless-stopped"
			out = append(out, t)
		}
	}
	return out
}

// handMade draws what piles up on a server where people start containers: a project or two, single containers, and
// what was left behind.
func (h *host) handMade() []task {
	out := h.composed(h.between(1, 2))
	first := h.below(len(single))
	for i := range h.between(2, 4) {
		t := single[(first+i)%len(single)]
		t.manager = inventory.ManagedByHand
		if t.policy != "" {
			t.manager = inventory.ManagedByPolicy
		}
		out = append(out, t)
	}
	for i := range h.between(1, 4) {
		t := single[(first+4+i)%len(single)]
		t.name = fmt.Sprintf("%s-old%d", t.name, i)
		t.manager, t.policy, t.stopped = inventory.ManagedByHand, "", true
		out = append(out, t)
	}
	return out
}

// apps are the workloads of an orchestrator; their replicas are spread over its nodes.
var apps = []task{
	{name: "shop/web", image: "nginx:1.27", role: "nginx", layer: inventory.Service},
	{name: "shop/api", image: "registry.example.net/shop/api:3.0.2", layer: inventory.Application},
	{name: "shop/cart", image: "registry.example.net/shop/cart:3.0.2", layer: inventory.Application},
	{name: "shop/search", image: "opensearchproject/opensearch:2.15.0", layer: inventory.Service},
	{name: "pay/gateway", image: "registry.example.net/pay/gateway:1.12", layer: inventory.Application},
	{name: "pay/ledger", image: "registry.example.net/pay/ledger:1.12", layer: inventory.Application},
	{name: "data/postgres", image: "postgres:16", role: "postgresql", layer: inventory.Service},
	{name: "data/kafka", image: "apache/kafka:3.7.1", layer: inventory.Service},
	{name: "hr/portal", image: "registry.example.net/hr/portal:7", layer: inventory.Application},
	{name: "mail/smtp", image: "boky/postfix:4.3", layer: inventory.Service},
}

// pods draws the pods of a node, and the container that holds each pod's network.
func (h *host) pods(k *kit) []task {
	var out []task
	for i, n := 0, h.between(8, 12); i < n; i++ {
		t := draw(h.dice, apps)
		t.service, t.project, t.manager, t.limited = "kubernetes-"+h.site+"/"+t.name, "", inventory.ManagedByK8s, h.percent(80)
		t.name = fmt.Sprintf("%s-%s", t.name, k.machine.ID[2:6]+fmt.Sprint(i))
		out = append(out, t, task{name: t.name + "-pause", image: "registry.k8s.io/pause:3.9", role: "pause", layer: inventory.Infrastructure, manager: inventory.ManagedByK8s})
	}
	return out
}

func (h *host) swarmTasks(k *kit) []task {
	var out []task
	for i, n := 0, h.between(6, 9); i < n; i++ {
		t := draw(h.dice, apps)
		t.service, t.manager, t.limited = "swarm/"+t.name+"@"+h.site, inventory.ManagedBySwarm, h.percent(50)
		t.name = fmt.Sprintf("%s.%d.%s", t.name, i+1, k.machine.ID[2:8])
		out = append(out, t)
	}
	return out
}

// containerHost runs containers with a Docker of its own.
func (h *host) containerHost(k *kit, tasks []task) {
	version := draw(h.dice, []string{"20.10.24", "24.0.7", "26.1.5", "27.3.1"})
	h.engine(k, "docker", version, "", tasks, 10)
}

// clusterNode runs containers for an orchestrator.
func (h *host) clusterNode(k *kit, cluster string, tasks []task) {
	kind, version := "containerd", "1.7.23"
	if cluster == "swarm" {
		kind, version = "docker", "27.3.1"
	}
	h.engine(k, kind, version, cluster, tasks, 2)
}

// engine lets an engine tell of its containers and what it stores, and the control groups show what runs. Litter is
// how much of what it stores is of no use.
func (h *host) engine(k *kit, kind, version, cluster string, tasks []task, litter int) {
	m := &k.machine
	m.Roles = []string{"container-host"}
	m.Identity.EngineID = inventory.Known(h.uuid())
	o, refused := inventory.Observation{Target: "docker:ssh://" + k.plain, Scheme: "docker"}, noSocket
	if kind != "docker" { // the control plane tells of its nodes
		o, refused = inventory.Observation{Target: cluster + ":" + h.site + "/" + k.plain, Scheme: cluster}, noRole
	}
	e := inventory.Engine{
		ID: "engine-" + m.ID[2:], Machine: m.ID, Kind: kind, Version: inventory.Known(version), Rootless: inventory.Known(false),
		Cluster: inventory.Absent[string](), BuildCache: inventory.Absent[inventory.Bytes](), DataRoot: inventory.Known("/var/lib/" + kind),
		Inventory: inventory.Known(true),
	}
	if kind == "docker" {
		e.BuildCache = inventory.Known(inventory.Bytes(h.below(400*litter)) * inventory.MiB)
	}
	if cluster != "" {
		id := cluster + "-" + h.site
		e.Cluster = inventory.Known(id)
		o.Clusters = []inventory.Cluster{{
			ID: id, Kind: cluster, Name: inventory.Known(h.name(cluster + " " + h.site)), Machines: []string{m.ID}, Orchestrates: true,
			Nodes: inventory.Unknown[int]("workers do not know the nodes of their cluster", "collect from a manager"),
		}}
	}
	s := &store{host: h, machine: m.ID, engine: kind}
	o.Containers = make([]inventory.Container, 0, len(tasks))
	for i := range tasks {
		o.Containers = append(o.Containers, h.container(k, kind, &tasks[i], len(tasks), s))
	}
	s.leftovers(litter)
	o.Images, o.Volumes = s.images, s.volumes
	used := s.sum + e.BuildCache.Or(0)
	for i := range o.Containers {
		used += o.Containers[i].Writable.Or(0)
	}
	e.DataUsed = inventory.Known(used + inventory.Bytes(h.between(4, 40))*inventory.GiB)
	o.Networks = []inventory.Network{{ID: m.ID + "/" + kind + "0", Machine: m.ID, Name: h.name(kind + "0"), Kind: "bridge", Class: inventory.Known(inventory.BridgeNetwork)}}
	groups := controlGroups(o.Containers, refused)

	if h.lost.share(h.query.unknown) { // the engine does not talk to everybody
		h.seen = append(h.seen, inventory.Observation{
			Target: o.Target, Scheme: o.Scheme, Status: inventory.StatusFailed, StartedAt: base, Error: refused.why, Remedy: refused.remedy,
		})
	} else {
		o.Machines = []inventory.Machine{{ID: m.ID, Name: m.Name, Identity: m.Identity, Zone: m.Zone, Powered: m.Powered, Cores: m.Cores, Memory: m.Memory, Roles: m.Roles}}
		h.loseEngine(&e, &o.Batch)
		o.Engines = []inventory.Engine{e}
		h.emit(o, m.ID)
	}
	if len(k.workloads) == 0 {
		k.workloads = h.services(k, 0)
	}
	h.observe(k, func(b *inventory.Batch) {
		b.Engines = []inventory.Engine{{ID: e.ID, Machine: m.ID, Kind: kind}}
		b.Containers = groups
	})
}

// container makes up one container that may use a share of its machine.
func (h *host) container(k *kit, kind string, t *task, among int, s *store) inventory.Container {
	c := inventory.Container{
		ID: h.hex(64), Machine: k.machine.ID, Runtime: inventory.Known(kind), Name: inventory.Known(h.name(t.name)), Image: inventory.Known(h.name(t.image)),
		State: inventory.Known(inventory.Running), Status: inventory.Known("running"), System: inventory.Known(false),
		PID: inventory.Known(h.between(1000, 60000)), RestartPolicy: inventory.Absent[string](), Manager: inventory.Known(t.manager),
		ComposeProject: inventory.Absent[string](), ComposeService: inventory.Absent[string](), Service: inventory.Absent[string](), Pod: inventory.Absent[string](),
		CPULimit: inventory.Absent[float64](), MemoryLimit: inventory.Absent[inventory.Bytes](), Layer: t.layer, Role: t.role,
		Privileged: inventory.Known(h.percent(5)), Writable: inventory.Known(inventory.Bytes(h.below(600)) * inventory.MiB),
	}
	c.ImageID = inventory.Known(s.image(t.image))
	if t.policy != "" {
		c.RestartPolicy = inventory.Known(t.policy)
	}
	switch {
	case t.manager == inventory.ManagedByCompose:
		c.ComposeProject, c.ComposeService = inventory.Known(h.name(t.project)), inventory.Known(h.name(t.service))
	case t.service != "":
		c.Service = inventory.Known(h.name(t.service))
	}
	if t.manager == inventory.ManagedByK8s {
		c.Pod = inventory.Known(h.name(t.name))
	}
	if t.volume != "" {
		c.Volumes = []string{s.volume(h.name(t.volume))}
	}
	milli, mib := k.cores()*1000/among, k.gib()*1024/among
	up := int(k.machine.Uptime.Or(0))
	if t.limited {
		milli, mib = max(100, milli/100*100), max(64, mib)
		c.CPULimit = inventory.Known(float64(milli) / 1000)
		c.MemoryLimit = inventory.Known(inventory.Bytes(mib) * inventory.MiB)
	}
	c.CreatedAt = inventory.Known(base.Add(-time.Duration(h.between(1, 500*24)) * time.Hour).Format(time.RFC3339))
	if t.stopped {
		c.State, c.Status, c.PID = inventory.Known(inventory.Stopped), inventory.Known("exited"), inventory.Absent[int]()
		return c
	}
	busy, fresh := 80, 0
	switch {
	case t.manager == inventory.ManagedByHand:
		busy = 55
	case t.limited: // those are replaced now and then
		fresh = 3
	}
	c.Usage, c.Demand = h.use(h.profile(busy, fresh), milli, mib, up)
	return c
}

// controlGroups are the same containers as the kernel shows them: what runs, and what it uses.
func controlGroups(of []inventory.Container, c cause) []inventory.Container {
	out := make([]inventory.Container, 0, len(of))
	const why = "only the engine knows"
	for i := range of {
		k := &of[i]
		if k.State.Or("") == inventory.Stopped {
			continue
		}
		out = append(out, inventory.Container{
			ID: k.ID, Machine: k.Machine, Runtime: k.Runtime, State: k.State, System: k.System, PID: k.PID, Layer: k.Layer, Role: k.Role,
			CPULimit: k.CPULimit, MemoryLimit: k.MemoryLimit, Privileged: k.Privileged, Usage: k.Usage,
			Name: inventory.Unknown[string](why, c.remedy), Image: inventory.Unknown[string](why, c.remedy), Manager: inventory.Unknown[inventory.Manager](why, c.remedy),
		})
	}
	return out
}

// loseEngine forgets some of what an engine tells.
func (h *host) loseEngine(e *inventory.Engine, b *inventory.Batch) {
	lose(h, &e.BuildCache, "size of the build cache", notAnswered)
	lose(h, &e.Version, "version of the engine", notAnswered)
	for i := range b.Containers {
		c := &b.Containers[i]
		lose(h, &c.Manager, "who keeps containers running", noInspect)
		lose(h, &c.RestartPolicy, "restart policies", noInspect)
		lose(h, &c.Writable, "sizes of containers", notAnswered)
	}
	for i := range b.Images {
		lose(h, &b.Images[i].Size, "sizes of images", notAnswered)
	}
	for i := range b.Volumes {
		lose(h, &b.Volumes[i].Size, "sizes of volumes", notAnswered)
	}
}

// A store is what an engine keeps on disk.
type store struct {
	*host
	machine, engine string
	images          []inventory.Image
	volumes         []inventory.Volume
	sum             inventory.Bytes
}

// image adds an image, unless it is there, and gives its identifier: the same on all machines.
func (s *store) image(tag string) string {
	digest := sha256.Sum256([]byte(tag))
	id := "sha256:" + hex.EncodeToString(digest[:])
	for i := range s.images {
		if s.images[i].ID == id {
			return id
		}
	}
	s.add(id, s.name(tag), int(digest[0])*5+20)
	return id
}

func (s *store) add(id, tag string, mib int) {
	i := inventory.Image{
		ID: id, Machine: s.machine, Engine: s.engine, Size: inventory.Known(inventory.Bytes(mib) * inventory.MiB),
		CreatedAt: inventory.Known(base.Add(-time.Duration(s.between(1, 900*24)) * time.Hour).Format(time.RFC3339)),
	}
	if tag != "" {
		i.Tags = []string{tag}
	}
	s.images = append(s.images, i)
	s.sum += i.Size.Or(0)
}

// volume adds a volume, unless it is there, and gives its name.
func (s *store) volume(name string) string {
	for i := range s.volumes {
		if s.volumes[i].Name == name {
			return name
		}
	}
	size := inventory.Bytes(s.between(50, 8000)) * inventory.MiB
	s.volumes = append(s.volumes, inventory.Volume{Name: name, Machine: s.machine, Engine: s.engine, Driver: "local", Size: inventory.Known(size)})
	s.sum += size
	return name
}

// leftovers adds what nobody uses: old images, some without a name, and volumes.
func (s *store) leftovers(litter int) {
	for range s.below(litter + 1) {
		s.add("sha256:"+s.hex(64), "", s.between(80, 1400))
	}
	for i := range s.below(litter/3 + 1) {
		s.add("sha256:"+s.hex(64), s.name(fmt.Sprintf("registry.example.net/old/app:%d", i)), s.between(80, 1400))
	}
	for range s.below(litter/3 + 1) {
		s.volume(s.hex(64))
	}
}
