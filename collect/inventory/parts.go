package inventory

import (
	"cmp"
	"strings"
)

// An Adapter connects a machine to storage or to a fabric beside its network.
type Adapter struct {
	Name  string                `json:"name"` // as the kernel numbers it: host3, mlx5_0
	Kind  AdapterKind           `json:"kind"`
	Model string                `json:"model,omitempty"`
	State Reading[AdapterState] `json:"state,omitzero"`
	Speed string                `json:"speed,omitempty"` // as the kernel words it
}

// AdapterKind says what an adapter speaks.
type AdapterKind string

// The kinds of adapter.
const (
	FibreChannelAdapter AdapterKind = "fc"
	FCoEAdapter         AdapterKind = "fcoe"
	ISCSIAdapter        AdapterKind = "iscsi" // initiator, in hardware or software
	NVMeFabricAdapter   AdapterKind = "nvme-of"
	RDMAAdapter         AdapterKind = "rdma" // InfiniBand, RoCE, iWARP
	RAIDAdapter         AdapterKind = "raid" // hardware RAID
	SASAdapter          AdapterKind = "sas"
	TapeAdapter         AdapterKind = "tape"
)

// AdapterState says whether anything goes over an adapter.
type AdapterState string

// The states.
const (
	AdapterInUse    AdapterState = "in-use"    // targets or sessions answer over it
	AdapterLinked   AdapterState = "linked"    // has light, and nothing uses it
	AdapterDark     AdapterState = "dark"      // no link
	AdapterNoDriver AdapterState = "no-driver" // on the bus, and no driver has taken it
)

// A Port is a physical network port.
type Port struct {
	Name    string           `json:"name"`
	Driver  string           `json:"driver,omitempty"`
	Up      Reading[bool]    `json:"up,omitzero"`      // has a link
	Speed   Reading[float64] `json:"speed,omitzero"`   // Mbit/s
	Virtual Reading[int]     `json:"virtual,omitzero"` // virtual functions that are switched on (SR-IOV)
}

// StorageUse says what part a machine has in a storage technology.
type StorageUse struct {
	Technology string      `json:"technology"` // ceph, glusterfs, drbd, nfs, iscsi, lvm, zfs, …
	Role       StorageRole `json:"role"`
	Source     string      `json:"source"` // file or process that shows it
}

// StorageRole is a part in a storage technology.
type StorageRole string

// The roles, from the one that others depend on.
const (
	StorageServer StorageRole = "server" // holds data for others
	StorageClient StorageRole = "client" // mounts or maps what others hold
	StorageLocal  StorageRole = "local"  // for itself
)

// A ManagementTool keeps the configuration of a machine, or once did.
type ManagementTool struct {
	Name string `json:"name"` // puppet, salt, cloud-init, …
	// LastRun is how long ago it last ran; absent where it is installed and never did.
	LastRun Reading[Seconds] `json:"lastRun,omitzero"`
	Source  string           `json:"source"` // file or process that shows it
}

// AgentFunction is what an agent does for the machine that it runs on. Two agents of one function are one too many.
type AgentFunction string

// The functions of agents.
const (
	MonitoringAgent    AgentFunction = "monitoring"
	LoggingAgent       AgentFunction = "logging"
	SecurityAgent      AgentFunction = "security"
	BackupAgent        AgentFunction = "backup"
	RemoteControlAgent AgentFunction = "remote control"
	ConfigurationAgent AgentFunction = "configuration"
	InventoryAgent     AgentFunction = "inventory"
	GuestAgent         AgentFunction = "guest" // of a hypervisor or cloud
)

// A Listener is a socket that a workload waits on for others.
type Listener struct {
	Protocol string `json:"protocol"` // tcp, udp
	Address  string `json:"address"`  // * for any, loopback, or the one address
	Port     int    `json:"port"`
}

// CompareListeners orders listeners by port, protocol and address.
func CompareListeners(a, b Listener) int {
	return cmp.Or(a.Port-b.Port, strings.Compare(a.Protocol, b.Protocol), strings.Compare(a.Address, b.Address))
}
