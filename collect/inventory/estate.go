package inventory

import "time"

// An Estate is what resolving makes of snapshots: every thing once, in the place where it stands. It is
// treated as immutable: whoever changes a Host makes a new one and leaves the rest shared.
type Estate struct {
	Hosts    []*Node   // the lowest machines seen, sorted by ID
	Clusters []Cluster // sorted by ID
	Arrays   []Storage // external arrays, sorted by ID
	Networks int       // networks and links seen
	Storage  int       // storage things seen
	Gaps     []Gap     // sorted
	Sources  []Outcome // sorted by target
	Oldest   time.Time // start of the oldest observation that was useful
	Newest   time.Time
}

// An Outcome is how the reading of one target went, and how many entities it showed.
type Outcome struct {
	Target     string
	Scheme     string
	Status     Status
	StartedAt  time.Time // zero where the source does not say
	DurationMS int64
	Seen       int
	Error      string
	Remedy     string
}

// A Node is a machine with everything that stands on it.
type Node struct {
	Machine     Machine
	Taken       time.Time // when it was last seen
	Workloads   []Workload
	Engines     []Engine
	Containers  []Container
	Images      []Image
	Volumes     []Volume
	Hypervisors []Hypervisor
	VMs         []GuestVM
}

// A GuestVM is a virtual machine with, where it was also seen from inside, what that showed.
type GuestVM struct {
	VM
	Guest *Node
}

// Walk calls f for the node and, depth first, for every guest above it that was seen from inside.
func (n *Node) Walk(f func(*Node)) {
	f(n)
	for i := range n.VMs {
		if g := n.VMs[i].Guest; g != nil {
			g.Walk(f)
		}
	}
}

// Walk calls f for every machine of the estate, hosts before their guests.
func (e *Estate) Walk(f func(*Node)) {
	for _, h := range e.Hosts {
		h.Walk(f)
	}
}
