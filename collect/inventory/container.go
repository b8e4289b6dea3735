package inventory

// RunState is the state of a container or virtual machine.
type RunState string

// The states.
const (
	Running RunState = "running"
	Paused  RunState = "paused"
	Stopped RunState = "stopped" // exited, shut off, created but never started, dead
)

// Manager says who keeps a container running.
type Manager string

// The managers of containers, from hand to orchestrator.
const (
	ManagedByHand    Manager = "hand"
	ManagedByPolicy  Manager = "restart-policy"
	ManagedByCompose Manager = "compose"
	ManagedByQuadlet Manager = "quadlet"
	ManagedBySwarm   Manager = "swarm"
	ManagedByNomad   Manager = "nomad"
	ManagedByK8s     Manager = "kubernetes"
)

// An Engine is a container runtime on a machine.
type Engine struct {
	ID         string          `json:"id"`
	Machine    string          `json:"machine"`
	Kind       string          `json:"kind"` // docker, podman, containerd, cri-o, lxc, …
	Version    Reading[string] `json:"version,omitzero"`
	Rootless   Reading[bool]   `json:"rootless,omitzero"`
	Cluster    Reading[string] `json:"cluster,omitzero"`    // Cluster.ID it belongs to; absent where it stands alone
	BuildCache Reading[Bytes]  `json:"buildCache,omitzero"` // bytes of build cache
	DataRoot   Reading[string] `json:"dataRoot,omitzero"`   // where it keeps images and layers
	DataUsed   Reading[Bytes]  `json:"dataUsed,omitzero"`   // bytes used on the file system of DataRoot: a ceiling for sizes not known
	Inventory  Reading[bool]   `json:"inventory,omitzero"`  // known true where images, volumes and stopped containers could be listed
	Seen       []string        `json:"seen,omitempty"`
}

// A Container is a container of any state. System says whether it runs an init of its own (LXC, nspawn):
// then it is an operating system image like any other.
type Container struct {
	ID             string            `json:"id"`      // full runtime identifier; unique within a machine
	Machine        string            `json:"machine"` // Machine.ID
	Runtime        Reading[string]   `json:"runtime,omitzero"`
	Name           Reading[string]   `json:"name,omitzero"`
	Image          Reading[string]   `json:"image,omitzero"`   // reference it was started from
	ImageID        Reading[string]   `json:"imageId,omitzero"` // Image.ID
	State          Reading[RunState] `json:"state,omitzero"`
	Status         Reading[string]   `json:"status,omitzero"` // the runtime's own word: exited, created, restarting, …
	System         Reading[bool]     `json:"system,omitzero"`
	PID            Reading[int]      `json:"pid,omitzero"`           // first process, in the machine's process namespace
	RestartPolicy  Reading[string]   `json:"restartPolicy,omitzero"` // always, on-failure, …; absent where none
	Manager        Reading[Manager]  `json:"manager,omitzero"`
	ComposeProject Reading[string]   `json:"composeProject,omitzero"` // absent where not made by Compose
	ComposeService Reading[string]   `json:"composeService,omitzero"`
	Service        Reading[string]   `json:"service,omitzero"` // "cluster/service" of an orchestrator; absent where none
	Pod            Reading[string]   `json:"pod,omitzero"`
	Unit           string            `json:"unit,omitempty"`       // systemd unit that started it
	CPULimit       Reading[float64]  `json:"cpuLimit,omitzero"`    // cores; absent where unlimited
	MemoryLimit    Reading[Bytes]    `json:"memoryLimit,omitzero"` // absent where unlimited
	Layer          Layer             `json:"layer"`
	Role           string            `json:"role,omitempty"`
	Privileged     Reading[bool]     `json:"privileged,omitzero"`
	Listens        []Listener        `json:"listens,omitempty"`
	Volumes        []string          `json:"volumes,omitempty"` // names of volumes it mounts, sorted
	Writable       Reading[Bytes]    `json:"writable,omitzero"` // size of its writable layer
	CreatedAt      Reading[string]   `json:"createdAt,omitzero"`
	Usage          Usage             `json:"usage,omitzero"`
	Demand         Demand            `json:"demand,omitzero"`
	Seen           []string          `json:"seen,omitempty"`
}

// An Image is a container image stored on a machine. It is dangling when it has no tag.
type Image struct {
	ID        string          `json:"id"` // content digest; unique within a machine and engine
	Machine   string          `json:"machine"`
	Engine    string          `json:"engine"` // Engine.Kind
	Tags      []string        `json:"tags,omitempty"`
	Size      Reading[Bytes]  `json:"size,omitzero"`
	CreatedAt Reading[string] `json:"createdAt,omitzero"`
	Seen      []string        `json:"seen,omitempty"`
}

// A Volume is a named volume of a container engine.
type Volume struct {
	Name    string         `json:"name"`
	Machine string         `json:"machine"`
	Engine  string         `json:"engine"`
	Driver  string         `json:"driver,omitempty"`
	Size    Reading[Bytes] `json:"size,omitzero"`
	Seen    []string       `json:"seen,omitempty"`
}

// A Cluster pools machines under one control plane.
type Cluster struct {
	ID       string          `json:"id"`
	Kind     string          `json:"kind"` // swarm, kubernetes, vsphere, …
	Name     Reading[string] `json:"name,omitzero"`
	Machines []string        `json:"machines,omitempty"` // Machine.IDs known to be members, sorted
	Nodes    Reading[int]    `json:"nodes,omitzero"`     // members in all, seen or not
	// Orchestrates says whether the cluster reconciles declared services (true) or only pools capacity.
	Orchestrates bool     `json:"orchestrates"`
	Seen         []string `json:"seen,omitempty"`
}
