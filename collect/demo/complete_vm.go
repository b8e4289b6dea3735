package demo

import (
	"github.com/infraopt/infraopt/collect/inventory"
)

func (c *completer) virtual(n *inventory.Node, room size) {
	for i := range n.Hypervisors {
		h := &n.Hypervisors[i]
		know(&h.Version, one(c.r, "7.2.0", "8.0.3"))
		fill(&h.Cluster, func() inventory.Reading[string] { return c.cluster(false) })
		know(&h.SeparateImage, h.Kind == "esxi" || h.Kind == "xen" && c.chance(.5))
		count := 0
		for j := range n.VMs {
			if n.VMs[j].Hypervisor == h.ID {
				count++
			}
		}
		know(&h.VMs, count)
	}
	for i := range n.VMs {
		c.vm(n, &n.VMs[i], room)
	}
}

// vm fills in a virtual machine and, where it was seen from inside, its guest: the two agree on identity and size.
func (c *completer) vm(n *inventory.Node, v *inventory.GuestVM, room size) {
	host := &n.Machine
	fill(&v.State, func() inventory.Reading[inventory.RunState] {
		if v.Guest != nil && (v.Guest.Machine.Powered.Or(false) || alive(v.Guest)) {
			return inventory.Known(one(c.r, inventory.Running, inventory.Running, inventory.Paused))
		}
		return inventory.Known(c.state(host.Powered.Or(true)))
	})
	know(&v.Name, v.ID)
	if v.Guest != nil && v.UUID.IsUnknown() {
		v.UUID = v.Guest.Machine.Identity.UUID
	}
	know(&v.UUID, c.hex(16))
	if v.Guest != nil {
		v.VCPUs = v.VCPUs.Better(v.Guest.Machine.Cores)
		v.Memory = v.Memory.Better(v.Guest.Machine.Memory)
	}
	least := leastVM(v)
	fill(&v.VCPUs, func() inventory.Reading[float64] { return inventory.Known(c.cores(least.cores, room.cores, true)) })
	fill(&v.Memory, func() inventory.Reading[inventory.Bytes] {
		return inventory.Known(c.memory(least.memory, room.memory, true))
	})
	know(&v.GuestOS, one(c.r, "debian 12", "windows 2022"))
	fill(&v.Storage, func() inventory.Reading[inventory.StorageClass] {
		return inventory.Known(one(c.r, c.disks(host)...))
	})
	for i := range v.Disks {
		d := &v.Disks[i]
		fill(&d.Class, func() inventory.Reading[inventory.StorageClass] { return v.Storage })
		capacity := inventory.Bytes(1+c.r.IntN(100)) * inventory.GiB
		know(&d.Capacity, max(capacity, d.Allocated.Or(0)))
		know(&d.Allocated, inventory.Bytes(float64(d.Capacity.Or(0))*c.r.Float64()))
	}
	know(&v.Autostart, c.chance(.5))
	stopped := v.State.Or("") == inventory.Stopped
	fill(&v.PID, func() inventory.Reading[int] {
		if stopped {
			return inventory.Absent[int]()
		}
		return inventory.Known(2 + c.r.IntN(30000))
	})
	inner := room.smaller(size{v.VCPUs.Or(room.cores), v.Memory.Or(room.memory)})
	if stopped {
		rest(&v.Usage, &v.Demand)
	} else {
		c.use(&v.Usage, &v.Demand, inner, host.Uptime)
	}
	if v.Guest != nil {
		know(&v.Guest.Machine.Cores, inner.cores)
		know(&v.Guest.Machine.Memory, inner.memory)
		c.node(v.Guest, &v.VM, inner)
	}
}

// disks lists where virtual machines of a host can have their disks: on an array only where one is known to be.
func (c *completer) disks(host *inventory.Machine) []inventory.StorageClass {
	if host.Kind.Or("") == inventory.Cloud {
		return []inventory.StorageClass{inventory.CloudStorage, inventory.LocalVolumes}
	}
	classes := []inventory.StorageClass{inventory.RawLocal, inventory.LocalVolumes, inventory.SDSSeparate, inventory.SDSOnNodes}
	if len(c.e.Arrays) > 0 || array(host.Storage) {
		classes = append(classes, inventory.FCArray, inventory.IPArray)
	}
	return classes
}
