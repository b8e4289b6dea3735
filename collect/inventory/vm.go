package inventory

// A Hypervisor runs virtual machines on a machine.
type Hypervisor struct {
	ID      string          `json:"id"`
	Machine string          `json:"machine"`
	Kind    string          `json:"kind"` // kvm, qemu, xen, esxi, …
	Version Reading[string] `json:"version,omitzero"`
	Cluster Reading[string] `json:"cluster,omitzero"` // Cluster.ID; absent where it stands alone
	// SeparateImage says whether the hypervisor is an image of its own (ESXi, XenServer) and not part of the
	// machine's operating system (KVM).
	SeparateImage Reading[bool] `json:"separateImage,omitzero"`
	VMs           Reading[int]  `json:"vmsSeen,omitzero"` // unknown where there may be more virtual machines than are listed
	Seen          []string      `json:"seen,omitempty"`
}

// A VMDisk is a disk of a virtual machine.
type VMDisk struct {
	Name      string                `json:"name"`
	Class     Reading[StorageClass] `json:"class,omitzero"`
	Capacity  Reading[Bytes]        `json:"capacity,omitzero"`
	Allocated Reading[Bytes]        `json:"allocated,omitzero"`
}

// A VM is a virtual machine as its hypervisor shows it. Where the same machine is also seen from inside,
// the estate holds that as the VM's guest.
type VM struct {
	ID         string                `json:"id"`
	Hypervisor string                `json:"hypervisor"` // Hypervisor.ID
	Name       Reading[string]       `json:"name,omitzero"`
	UUID       Reading[string]       `json:"uuid,omitzero"`
	State      Reading[RunState]     `json:"state,omitzero"`
	VCPUs      Reading[float64]      `json:"vcpus,omitzero"`
	Memory     Reading[Bytes]        `json:"memory,omitzero"` // assigned
	GuestOS    Reading[string]       `json:"guestOS,omitzero"`
	Storage    Reading[StorageClass] `json:"storage,omitzero"`
	OnHost     bool                  `json:"onHost,omitempty"` // its disks are files or devices of the machine below, on whatever storage that has
	Disks      []VMDisk              `json:"disks,omitempty"`
	MACs       []string              `json:"macs,omitempty"`
	Autostart  Reading[bool]         `json:"autostart,omitzero"`
	PID        Reading[int]          `json:"pid,omitzero"` // process of the virtual machine monitor
	Usage      Usage                 `json:"usage,omitzero"`
	Demand     Demand                `json:"demand,omitzero"`
	Seen       []string              `json:"seen,omitempty"`
}
