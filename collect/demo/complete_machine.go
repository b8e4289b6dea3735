package demo

import (
	"fmt"
	"math"
	"slices"

	"github.com/infraopt/infraopt/collect/inventory"
)

// platform settles what a machine is made of, where its data lives, and whether it is on.
func (c *completer) platform(n *inventory.Node, vm *inventory.VM) {
	m := &n.Machine
	fill(&m.Inside, func() inventory.Reading[string] {
		// From inside a container nobody sees containers or virtual machines.
		if len(n.Engines)+len(n.Containers)+len(n.Hypervisors) == 0 && c.chance(.2) {
			return inventory.Known("docker")
		}
		return inventory.Absent[string]()
	})
	fill(&m.Kind, func() inventory.Reading[inventory.MachineKind] { return inventory.Known(one(c.r, kindsFor(m, vm)...)) })
	kind := m.Kind.Or(inventory.Physical)
	fill(&m.Virtualization, func() inventory.Reading[string] {
		if kind == inventory.Physical {
			return inventory.Absent[string]()
		}
		return inventory.Known(one(c.r, "kvm", "vmware", "xen"))
	})
	fill(&m.Provider, func() inventory.Reading[string] {
		if kind == inventory.Cloud {
			return inventory.Known(one(c.r, "aws", "azure", "gcp"))
		}
		return inventory.Absent[string]()
	})
	fill(&m.Storage, func() inventory.Reading[inventory.StorageClass] {
		if c.chance(.02) {
			return inventory.Absent[inventory.StorageClass]() // started over the network
		}
		return inventory.Known(one(c.r, storageFor(kind)...))
	})
	c.hardware(m, kind)
	fill(&m.Powered, func() inventory.Reading[bool] {
		if vm != nil {
			return inventory.Known(vm.State.Or(inventory.Running) != inventory.Stopped || alive(n))
		}
		return inventory.Known(alive(n) || c.chance(.5))
	})
}

// kindsFor lists what a machine can be, after what else is known of it; likely ones more than once.
func kindsFor(m *inventory.Machine, vm *inventory.VM) []inventory.MachineKind {
	if vm != nil {
		return []inventory.MachineKind{inventory.Virtual}
	}
	box := m.Hardware.Vendor.IsKnown() || m.Hardware.Model.IsKnown() || m.Hardware.Chassis.IsKnown() || m.Hardware.Fabric.IsKnown()
	noBox := m.Virtualization.IsKnown() || m.Hardware.Vendor.IsNotApplicable() || m.Hardware.Model.IsNotApplicable() || m.Hardware.Chassis.IsNotApplicable() || m.Hardware.Fabric.IsNotApplicable()
	virtual := !box && !m.Virtualization.IsAbsent()
	fits := func(kind inventory.MachineKind) bool {
		class, ok := m.Storage.Get()
		return !ok || slices.Contains(storageFor(kind), class)
	}
	var kinds []inventory.MachineKind
	if !noBox && !m.Provider.IsKnown() && fits(inventory.Physical) {
		kinds = append(kinds, inventory.Physical, inventory.Physical)
	}
	if virtual && !m.Provider.IsKnown() && fits(inventory.Virtual) {
		kinds = append(kinds, inventory.Virtual)
	}
	if virtual && !m.Provider.IsAbsent() && fits(inventory.Cloud) {
		kinds = append(kinds, inventory.Cloud)
	}
	if len(kinds) == 0 {
		return []inventory.MachineKind{inventory.Physical}
	}
	return kinds
}

func storageFor(kind inventory.MachineKind) []inventory.StorageClass {
	if kind == inventory.Cloud { // network file systems of a provider are storage over IP
		return []inventory.StorageClass{inventory.CloudStorage, inventory.CloudStorage, inventory.RawLocal, inventory.LocalVolumes, inventory.IPArray}
	}
	return []inventory.StorageClass{inventory.RawLocal, inventory.LocalVolumes, inventory.FCArray, inventory.IPArray, inventory.SDSSeparate, inventory.SDSOnNodes}
}

// alive reports whether something is known to run on a machine.
func alive(n *inventory.Node) bool {
	if len(n.Workloads) > 0 {
		return true
	}
	for i := range n.Containers {
		if st, ok := n.Containers[i].State.Get(); ok && st != inventory.Stopped {
			return true
		}
	}
	for i := range n.VMs {
		st, ok := n.VMs[i].State.Get()
		if ok && st != inventory.Stopped || !ok && n.VMs[i].Guest != nil {
			return true
		}
	}
	return false
}

func (c *completer) hardware(m *inventory.Machine, kind inventory.MachineKind) {
	h := &m.Hardware
	if kind != inventory.Physical {
		proof := "it is a " + string(kind) + " machine"
		fill(&h.Vendor, func() inventory.Reading[string] { return inventory.NotApplicable[string](proof) })
		fill(&h.Model, func() inventory.Reading[string] { return inventory.NotApplicable[string](proof) })
		fill(&h.Chassis, func() inventory.Reading[inventory.Chassis] { return inventory.NotApplicable[inventory.Chassis](proof) })
		fill(&h.Fabric, func() inventory.Reading[inventory.Fabric] { return inventory.NotApplicable[inventory.Fabric](proof) })
		fill(&h.Enclosure, func() inventory.Reading[string] { return inventory.NotApplicable[string](proof) })
		return
	}
	know(&h.Vendor, one(c.r, "Dell Inc.", "HPE"))
	know(&h.Model, one(c.r, "PowerEdge R740", "ProLiant DL380", "UCS B200"))
	know(&h.Chassis, one(c.r, inventory.Tower, inventory.Rack, inventory.Blade, inventory.HCI))
	know(&h.Enclosure, "chassis of "+m.ID)
	if m.Storage.Or("") == inventory.FCArray {
		know(&h.Fabric, one(c.r, inventory.FCBesideEthernet, inventory.FCoE))
	}
	know(&h.Fabric, one(c.r, inventory.FCBesideEthernet, inventory.FCoE, inventory.OneFabric))
}

// machine fills in the rest of what is said of a machine itself.
func (c *completer) machine(n *inventory.Node, vm *inventory.VM, room size) {
	m := &n.Machine
	know(&m.Name, m.ID)
	know(&m.CPUModel, one(c.r, "Xeon Gold 6130", "EPYC 7402"))
	know(&m.MHz, one(c.r, 2100.0, 2800.0))
	c.processors(m)
	know(&m.Uptime, inventory.Seconds(c.uptime(n)))
	c.identity(m, vm)
	c.system(&m.OS)
	know(&m.Network, one(c.r, inventory.PhysicalNetwork, inventory.BridgeNetwork, inventory.ManagedSwitch, inventory.CloudNetwork, inventory.OverlayNetwork))
	fill(&m.Management, func() inventory.Reading[inventory.Management] {
		if c.chance(.2) {
			return inventory.Absent[inventory.Management]() // tools without an agent leave no trace
		}
		return inventory.Known(one(c.r, inventory.ByHand, inventory.Provisioned, inventory.ConfigManaged, inventory.ImageManaged, inventory.GitOps))
	})
	c.use(&m.Usage, &m.Demand, room, m.Uptime)
	processes := 0
	if m.Powered.Or(true) {
		processes = 20 + c.r.IntN(200)
	}
	know(&m.Processes, processes)
	know(&m.Containers, len(n.Containers))
}

// processors fills in how the cores of a box, of two threads each, sit in sockets.
func (c *completer) processors(m *inventory.Machine) {
	if kind := m.Kind.Or(""); kind != inventory.Physical {
		proof := "it is a " + string(kind) + " machine"
		fill(&m.Sockets, func() inventory.Reading[int] { return inventory.NotApplicable[int](proof) })
		fill(&m.PhysicalCores, func() inventory.Reading[int] { return inventory.NotApplicable[int](proof) })
		return
	}
	cores := m.Cores.Or(1)
	know(&m.Sockets, min(max(1, int(cores/64)), m.PhysicalCores.Or(8)))
	know(&m.PhysicalCores, max(m.Sockets.Or(1), int(math.Ceil(cores/2))))
}

// uptime is at least the age of whatever runs on the machine.
func (c *completer) uptime(n *inventory.Node) float64 {
	up := c.age()
	for i := range n.Workloads {
		up = max(up, float64(n.Workloads[i].Usage.Age.Or(0)))
	}
	for i := range n.Containers {
		up = max(up, float64(n.Containers[i].Usage.Age.Or(0)))
	}
	for i := range n.VMs {
		up = max(up, float64(n.VMs[i].Usage.Age.Or(0)))
		if g := n.VMs[i].Guest; g != nil {
			up = max(up, float64(g.Machine.Uptime.Or(0)))
		}
	}
	return up
}

func (c *completer) identity(m *inventory.Machine, vm *inventory.VM) {
	id := &m.Identity
	if vm != nil && id.UUID.IsUnknown() {
		id.UUID = vm.UUID
	}
	fill(&id.UUID, func() inventory.Reading[string] { return inventory.Known(c.hex(16)) })
	know(&id.MachineID, c.hex(16))
	know(&id.BootID, c.hex(16))
	know(&id.EngineID, c.hex(8))
	fill(&id.Serial, func() inventory.Reading[string] { return inventory.Absent[string]() })
}

func (c *completer) hex(bytes int) string {
	s := ""
	for ; bytes > 0; bytes -= 8 {
		s += fmt.Sprintf("%016x", c.r.Uint64())
	}
	return s
}

func (c *completer) system(os *inventory.OS) {
	know(&os.ID, one(c.r, "debian", "rhel", "flatcar", "arch"))
	fill(&os.Version, func() inventory.Reading[string] {
		if os.ID.Or("") == "arch" { // rolling
			return inventory.Absent[string]()
		}
		return inventory.Known(one(c.r, "9", "12"))
	})
	know(&os.Name, os.ID.Or("")+" "+os.Version.Or(""))
	know(&os.Kernel, "6.1.0")
	packages, counted := os.Packages.Get()
	fill(&os.Style, func() inventory.Reading[inventory.OSStyle] {
		styles := []inventory.OSStyle{inventory.GeneralOS, inventory.ImageBasedOS, inventory.MinimalOS}
		if counted && packages > minimalPackages {
			styles = styles[:2]
		}
		return inventory.Known(one(c.r, styles...))
	})
	most := 2000
	if os.Style.Or("") == inventory.MinimalOS {
		most = minimalPackages
	}
	know(&os.Packages, one(c.r, c.r.IntN(minimalPackages+1), min(most, minimalPackages+c.r.IntN(1800))))
	know(&os.Services, 5+c.r.IntN(60))
}

// minimalPackages is what a minimal installation has at most, here and in the model that comes with the program.
const minimalPackages = 250
