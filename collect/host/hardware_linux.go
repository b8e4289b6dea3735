package host

import (
	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// hardware describes the box below the machine, which only a physical machine shows.
func (l *look) hardware(m *inventory.Machine) {
	hw := &m.Hardware
	switch kind, known := m.Kind.Get(); {
	case known && kind == inventory.Cloud:
		const proof = "a cloud instance's hardware belongs to the provider"
		hw.Vendor, hw.Model = inventory.NotApplicable[string](proof), inventory.NotApplicable[string](proof)
		hw.Chassis = inventory.NotApplicable[inventory.Chassis](proof)
		hw.Fabric = inventory.NotApplicable[inventory.Fabric](proof)
		hw.Enclosure = inventory.NotApplicable[string](proof)
		return
	case known && kind == inventory.Virtual:
		unknownHardware(hw, "virtual machine; its hypervisor host is not seen", "assess the hypervisor too")
		return
	case !known:
		unknownHardware(hw, m.Kind.Why(), m.Kind.Remedy())
		return
	}
	hw.Fabric = l.fabric()
	hw.Enclosure = linux.Enclosure(l.fs)
	if hw.Enclosure.Remedy() != "" {
		l.gap("/sys/class/dmi/id/chassis_serial", "chassis that the machine shares with others", hw.Enclosure.Why(), hw.Enclosure.Remedy())
	}
	profile, _ := l.fs.Line("/sys/firmware/acpi/pm_profile")
	if !l.dmi.Present {
		const why = "the kernel shows no DMI"
		hw.Vendor, hw.Model = inventory.Unknown[string](why, ""), inventory.Unknown[string](why, "")
		hw.Chassis = inventory.Unknown[inventory.Chassis](why, "")
		return
	}
	hw.Vendor, hw.Model = field(l.dmi.SysVendor), field(l.dmi.ProductName)
	hw.Chassis = chassisOf(l.dmi, profile)
}

// distributed are the technologies that make one storage out of the disks of several nodes.
var distributed = map[string]bool{
	"ceph": true, "glusterfs": true, "drbd": true, "linstor": true, "longhorn": true, "openebs": true, "portworx": true,
	"storageos": true, "lustre": true, "beegfs": true, "moosefs": true, "lizardfs": true, "seaweedfs": true, "gpfs": true,
	"spectrum-scale": true, "scaleio": true, "powerflex": true, "storpool": true, "weka": true, "quobyte": true,
	"sheepdog": true, "vsan": true, "hadoop": true, "orangefs": true,
}

// converge recognises a hyper-converged node by what it does, which says more than its badge: it computes, and it
// serves the storage that it computes on. A node that only serves storage is none.
func converge(m *inventory.Machine, b *inventory.Batch) {
	if !m.Kind.IsKnown() || m.Kind.Or("") != inventory.Physical {
		return
	}
	serves := m.Storage.Or("") == inventory.SDSOnNodes
	for _, u := range m.StorageUse {
		serves = serves || u.Role == inventory.StorageServer && distributed[u.Technology]
	}
	computes := len(b.VMs) > 0
	for _, c := range b.Containers { // storage in containers is no computing
		computes = computes || c.Layer != inventory.Infrastructure && !distributed[c.Role]
	}
	if serves && computes {
		m.Hardware.Chassis = inventory.Known(inventory.HCI)
	}
}

func field(text string) inventory.Reading[string] {
	if text == "" {
		return inventory.Absent[string]()
	}
	return inventory.Known(inventory.Text(text))
}

func unknownHardware(hw *inventory.Hardware, why, remedy string) {
	hw.Vendor, hw.Model = inventory.Unknown[string](why, remedy), inventory.Unknown[string](why, remedy)
	hw.Chassis = inventory.Unknown[inventory.Chassis](why, remedy)
	hw.Fabric = inventory.Unknown[inventory.Fabric](why, remedy)
	hw.Enclosure = inventory.Unknown[string](why, remedy)
}
