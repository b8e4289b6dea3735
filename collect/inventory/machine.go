package inventory

import (
	"strings"
	"time"
)

// Identity holds what tells one machine from another. Values that many machines share (placeholder serials,
// an all-zero UUID) are not kept. All text is lower case.
type Identity struct {
	UUID      Reading[string] `json:"uuid,omitzero"`      // SMBIOS system UUID, or the UUID a hypervisor gave its domain
	MachineID Reading[string] `json:"machineId,omitzero"` // /etc/machine-id; clones may share it
	BootID    Reading[string] `json:"bootId,omitzero"`    // random for each boot
	Serial    Reading[string] `json:"serial,omitzero"`    // SMBIOS system serial number
	EngineID  Reading[string] `json:"engineId,omitzero"`  // identifier that a container engine gave itself
	MACs      []string        `json:"macs,omitempty"`     // hardware addresses of physical (or virtual machine) interfaces, sorted
}

// CanonicalUUID gives one form to a UUID that some firmware and hypervisors write with the first three groups in
// the other byte order.
func CanonicalUUID(u string) string {
	u = strings.ToLower(strings.TrimSpace(u))
	if len(u) != 36 {
		return u
	}
	return min(u, swapped(u))
}

func swapped(u string) string {
	b := []byte(u)
	flip := func(from, to int) {
		for i, j := from, to-2; i < j; i, j = i+2, j-2 {
			b[i], b[i+1], b[j], b[j+1] = b[j], b[j+1], b[i], b[i+1]
		}
	}
	flip(0, 8)
	flip(9, 13)
	flip(14, 18)
	return string(b)
}

// MachineKind says what a machine is made of.
type MachineKind string

// The kinds of machine.
const (
	Physical MachineKind = "physical" // a box
	Virtual  MachineKind = "virtual"  // a guest of a hypervisor of this estate, or of nobody knows whose
	Cloud    MachineKind = "cloud"    // an instance whose hardware and hypervisor a cloud provider owns
)

// OSStyle says how an operating system is put together.
type OSStyle string

// The styles of operating system.
const (
	GeneralOS    OSStyle = "general"     // installed package by package
	MinimalOS    OSStyle = "minimal"     // few packages (the limit is the model's)
	ImageBasedOS OSStyle = "image-based" // immutable, replaced as a whole
)

// OS describes a running operating system.
type OS struct {
	ID       Reading[string]  `json:"id,omitzero"`       // os-release ID: debian, rhel, flatcar, …
	Version  Reading[string]  `json:"version,omitzero"`  // os-release VERSION_ID
	Name     Reading[string]  `json:"name,omitzero"`     // for people
	Kernel   Reading[string]  `json:"kernel,omitzero"`   // kernel release
	Style    Reading[OSStyle] `json:"style,omitzero"`    // general or image-based; minimal is told by Packages
	Packages Reading[int]     `json:"packages,omitzero"` // installed packages
	Services Reading[int]     `json:"services,omitzero"` // services that its service manager keeps running
}

// Chassis is the form of a physical server.
type Chassis string

// The forms of chassis.
const (
	Tower Chassis = "tower"
	Rack  Chassis = "rack"
	Blade Chassis = "blade" // blade, or a node of a multi-node chassis
	HCI   Chassis = "hci"   // hyper-converged node
)

// Hardware describes the box below a machine. On a virtual machine it is not applicable.
type Hardware struct {
	Vendor  Reading[string]  `json:"vendor,omitzero"`
	Model   Reading[string]  `json:"model,omitzero"`
	Chassis Reading[Chassis] `json:"chassis,omitzero"`
	Fabric  Reading[Fabric]  `json:"fabric,omitzero"`
	// Enclosure is the serial number of the chassis. Nodes that share one stand in a multi-node or blade chassis.
	Enclosure Reading[string] `json:"enclosure,omitzero"`
	Adapters  []Adapter       `json:"adapters,omitempty"` // to storage and fabrics, by kind and name
	Ports     []Port          `json:"ports,omitempty"`    // physical network ports, by name
}

// Fabric says over which networks a physical machine reaches its storage and its peers.
type Fabric string

// The kinds of fabric.
const (
	FCBesideEthernet Fabric = "fc-beside-ethernet" // a Fibre Channel adapter in use beside Ethernet
	FCoE             Fabric = "fcoe"               // converged adapters
	OneFabric        Fabric = "one"                // one network for everything
)

// StorageClass says where data of a machine or virtual machine lives.
type StorageClass string

// The classes of storage.
const (
	RawLocal     StorageClass = "raw-local"     // partitions of disks in the box
	LocalVolumes StorageClass = "local-volumes" // LVM, ZFS, btrfs, md on disks in the box
	FCArray      StorageClass = "fc-array"      // external array over Fibre Channel
	IPArray      StorageClass = "ip-array"      // external array over IP (iSCSI, NVMe/TCP), or an NFS or SMB appliance
	SDSSeparate  StorageClass = "sds-separate"  // software-defined storage on nodes of its own
	SDSOnNodes   StorageClass = "sds-on-nodes"  // software-defined storage on the compute nodes
	CloudStorage StorageClass = "cloud"         // block or object storage of a cloud
)

// NetworkClass says what connects the workloads of a machine.
type NetworkClass string

// The classes of network.
const (
	PhysicalNetwork NetworkClass = "physical" // ports and VLANs
	BridgeNetwork   NetworkClass = "bridge"   // Linux bridge, standard virtual switch
	ManagedSwitch   NetworkClass = "switch"   // Open vSwitch, distributed virtual switch
	CloudNetwork    NetworkClass = "cloud"    // virtual private cloud
	OverlayNetwork  NetworkClass = "overlay"  // overlay, CNI, SDN with policy
)

// Management says how the configuration of a machine comes about.
type Management string

// The kinds of management, from hand to declarative.
const (
	ByHand        Management = "by-hand"
	Provisioned   Management = "provisioned"   // cloud-init, Ignition
	ConfigManaged Management = "config-mgmt"   // Puppet, Salt, Chef, CFEngine, run within a day
	ImageManaged  Management = "image-managed" // updated as an image
	GitOps        Management = "gitops"        // reconciled from a repository
)

// Usage holds cumulative counters with the age over which they ran, so that one look gives a mean.
type Usage struct {
	CPUSeconds Reading[float64] `json:"cpuSeconds,omitzero"` // CPU time used, core-seconds
	Memory     Reading[Bytes]   `json:"memory,omitzero"`     // working set now, without reclaimable page cache
	Network    Reading[Bytes]   `json:"network,omitzero"`    // received plus sent
	Age        Reading[Seconds] `json:"age,omitzero"`        // how long the counters have been running
	Clients    Reading[int]     `json:"clients,omitzero"`    // connections that other machines hold to it now
}

// Demand is what a utilisation series shows. Without one, all of it is unknown; where it is known that none is kept, Days
// is absent.
type Demand struct {
	Days      Reading[float64] `json:"days,omitzero"`      // length of the series; two looks make one of their distance
	Samples   Reading[int]     `json:"samples,omitzero"`   // values in the series
	CPUP995   Reading[float64] `json:"cpuP995,omitzero"`   // 99.5th percentile of CPU, cores
	MemoryMax Reading[Bytes]   `json:"memoryMax,omitzero"` // highest working set

	// What rules of idleness ask for.
	CPUMax      Reading[float64] `json:"cpuMax,omitzero"`      // highest CPU, cores
	CPUP97      Reading[float64] `json:"cpuP97,omitzero"`      // 97th percentile of CPU, cores
	CPUP90      Reading[float64] `json:"cpuP90,omitzero"`      // 90th percentile of CPU, cores
	ReceivedP95 Reading[Bytes]   `json:"receivedP95,omitzero"` // 95th percentile of bytes received a second
	SentP95     Reading[Bytes]   `json:"sentP95,omitzero"`     // 95th percentile of bytes sent a second
	NetworkDay  Reading[Bytes]   `json:"networkDay,omitzero"`  // mean of bytes received and sent a day

	// What placing it beside others asks for.
	CPUByHour Reading[*ByHour] `json:"cpuByHour,omitzero"` // 99th percentile of CPU in each hour of the day (UTC), cores
	Series    *Series          `json:"series,omitempty"`   // the values themselves, to be replayed over a plan
}

// ByHour holds one number for each hour of the day, UTC. It is not changed once it is made, as readings share it.
type ByHour [24]float64

// A Series holds values at equal steps of time. A value below 0 stands for a gap in the observation. It is not changed
// once it is made, as estates share it. The bounds are those of snapshots that can be read.
type Series struct {
	Start  time.Time `json:"start"`
	Step   Seconds   `json:"step"`
	CPU    []float64 `json:"cpu"`    // mean over the step, cores; 1 to MaxSeries values
	Memory []Bytes   `json:"memory"` // working set at its end, for each value of CPU; empty where it is not known
}

// A Machine is something that runs an operating system: a physical server, a virtual machine seen from
// inside, or a cloud instance.
type Machine struct {
	ID             string                `json:"id"`
	Name           Reading[string]       `json:"name,omitzero"`
	Identity       Identity              `json:"identity,omitzero"`
	Zone           string                `json:"zone,omitempty"`           // hosts that may share work; empty is the default zone
	Kind           Reading[MachineKind]  `json:"kind,omitzero"`            //
	Virtualization Reading[string]       `json:"virtualization,omitzero"`  // kvm, vmware, xen, …; absent on a box
	Provider       Reading[string]       `json:"provider,omitzero"`        // cloud provider; absent where proven to be none
	Inside         Reading[string]       `json:"insideContainer,omitzero"` // container manager, where the collector itself ran in a container; absent where not
	Powered        Reading[bool]         `json:"powered,omitzero"`
	Uptime         Reading[Seconds]      `json:"uptime,omitzero"`
	Cores          Reading[float64]      `json:"cores,omitzero"`         // logical CPUs online
	Memory         Reading[Bytes]        `json:"memory,omitzero"`        // installed or assigned
	Sockets        Reading[int]          `json:"sockets,omitzero"`       // processors in the box; a virtual machine has none of its own
	PhysicalCores  Reading[int]          `json:"physicalCores,omitzero"` // cores of those processors, the threads of one counted once
	CPUModel       Reading[string]       `json:"cpuModel,omitzero"`
	MHz            Reading[float64]      `json:"mhz,omitzero"` // nominal clock of a core
	OS             OS                    `json:"os,omitzero"`
	Hardware       Hardware              `json:"hardware,omitzero"`
	Storage        Reading[StorageClass] `json:"storage,omitzero"` // where most of its data lives
	Network        Reading[NetworkClass] `json:"network,omitzero"` // the highest class of network that carries its workloads
	Management     Reading[Management]   `json:"management,omitzero"`
	Usage          Usage                 `json:"usage,omitzero"`
	Demand         Demand                `json:"demand,omitzero"` // of all that runs on it
	Roles          []string              `json:"roles,omitempty"` // container-host, hypervisor, …; sorted
	Tools          []ManagementTool      `json:"tools,omitempty"` // that keep its configuration, by name
	StorageUse     []StorageUse          `json:"storageUse,omitempty"`
	Findings       []Finding             `json:"findings,omitempty"` // what it has and does not need, or lacks, by ID and text

	// Work that could be hidden: how many processes and containers were seen. Unknown means that there may be
	// more than what the inventory lists.
	Processes  Reading[int] `json:"processes,omitzero"`
	Containers Reading[int] `json:"containersSeen,omitzero"`

	Seen []string `json:"seen,omitempty"` // targets that saw it, sorted
}

// Layer is the place of a workload in the estate.
type Layer string

// The layers.
const (
	Infrastructure Layer = "infrastructure" // plumbing and agents: not useful work in itself
	Service        Layer = "service"        // databases, queues, proxies: what applications stand on
	Application    Layer = "application"
)

// A Workload is work seen directly as processes of an operating system: a systemd service, or a group of
// processes where there is no systemd. Work in containers and in virtual machines that cannot be looked
// into is counted from those.
type Workload struct {
	ID        string             `json:"id"`
	Machine   string             `json:"machine"` // Machine.ID
	Name      string             `json:"name"`
	Unit      string             `json:"unit,omitempty"` // systemd unit
	Role      string             `json:"role,omitempty"` // postgresql, nginx, …; empty where not recognised
	Layer     Layer              `json:"layer"`
	Processes int                `json:"processes"`
	Command   string             `json:"command,omitempty"`  // name of the program; never its arguments
	Function  AgentFunction      `json:"function,omitempty"` // of an agent: what it does for the machine
	Listens   []Listener         `json:"listens,omitempty"`
	Stateful  Reading[bool]      `json:"stateful,omitzero"`
	Usage     Usage              `json:"usage,omitzero"`
	Demand    Demand             `json:"demand,omitzero"`
	Readiness Reading[Readiness] `json:"readiness,omitzero"`
	Findings  []Finding          `json:"findings,omitempty"` // evidence behind Readiness
	Seen      []string           `json:"seen,omitempty"`
}

// Readiness says how hard it would be to run a workload in a container.
type Readiness string

// The verdicts on readiness.
const (
	Ready         Readiness = "ready"
	ReadyWithWork Readiness = "ready with work"
	Hard          Readiness = "hard"
)

// Severity is the weight of a Finding.
type Severity string

// The severities.
const (
	Blocker Severity = "blocker"
	Warning Severity = "warning"
	Info    Severity = "info"
)

// A Finding is one observation: of a workload, what helps or hinders running it in a container; of a machine, what is
// there and not needed, there more than once, broken, or too little for the work on it.
type Finding struct {
	ID       string   `json:"id"`
	Severity Severity `json:"severity"`
	Text     string   `json:"text"`
	Source   string   `json:"source"` // file or field it was read from
}

// A Network is a network or link that a machine offers to its workloads.
type Network struct {
	ID      string                `json:"id"`
	Machine string                `json:"machine"`
	Name    string                `json:"name"`
	Kind    string                `json:"kind"` // bridge, vxlan, openvswitch, docker network driver, …
	Class   Reading[NetworkClass] `json:"class,omitzero"`
	Seen    []string              `json:"seen,omitempty"`
}

// StorageKind tells a device in the box from one beside it.
type StorageKind string

// The kinds of storage.
const (
	Disk  StorageKind = "disk"  // a disk in the box or of the virtual machine
	Pool  StorageKind = "pool"  // volume group, zpool, storage pool
	Mount StorageKind = "mount" // a remote file system
	Array StorageKind = "array" // an external array: a component of its own
)

// A Storage is a place that holds data.
type Storage struct {
	ID       string                `json:"id"`
	Machine  string                `json:"machine,omitempty"`
	Name     string                `json:"name"`
	Kind     StorageKind           `json:"kind"`
	Class    Reading[StorageClass] `json:"class,omitzero"`
	Capacity Reading[Bytes]        `json:"capacity,omitzero"`
	Detail   string                `json:"detail,omitempty"`
	Seen     []string              `json:"seen,omitempty"`
}
