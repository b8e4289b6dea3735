package host

import "github.com/infraopt/infraopt/collect/inventory"

// hardware describes the box below the machine, which only a physical machine shows.
func (l *look) hardware(m *inventory.Machine) {
	hw := &m.Hardware
	switch kind, known := m.Kind.Get(); {
	case known && kind == inventory.Cloud:
		const proof = "a cloud instance's hardware belongs to the provider"
		hw.Vendor, hw.Model = inventory.NotApplicable[string](proof), inventory.NotApplicable[string](proof)
		hw.Chassis = inventory.NotApplicable[inventory.Chassis](proof)
		hw.Fabric = inventory.NotApplicable[inventory.Fabric](proof)
		return
	case known && kind == inventory.Virtual:
		unknownHardware(hw, "virtual machine; its hypervisor host is not seen", "assess the hypervisor too")
		return
	case !known:
		unknownHardware(hw, m.Kind.Why(), m.Kind.Remedy())
		return
	}
	hw.Fabric = l.fabric()
	if !l.dmi.Present {
		const why = "the kernel shows no DMI"
		hw.Vendor, hw.Model = inventory.Unknown[string](why, ""), inventory.Unknown[string](why, "")
		hw.Chassis = inventory.Unknown[inventory.Chassis](why, "")
		return
	}
	hw.Vendor, hw.Model = field(l.dmi.SysVendor), field(l.dmi.ProductName)
	hw.Chassis = chassisOf(l.dmi)
	// What the node does says more than its badge: it computes, and serves the storage it computes on.
	if class, ok := m.Storage.Get(); ok && class == inventory.SDSOnNodes {
		hw.Chassis = inventory.Known(inventory.HCI)
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
}
