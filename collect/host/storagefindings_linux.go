package host

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
)

// The findings on the storage of a machine: what is there and not needed, and what is broken.
const (
	findingDarkHBA      = "dark-hba"                // an adapter without a link
	findingNoDriver     = "adapter-without-driver"  // an adapter that nothing has taken
	findingUnusedRDMA   = "unused-rdma"             // InfiniBand that nothing goes over
	findingIdleISCSI    = "idle-iscsi-initiator"    // an initiator without a session
	findingDegraded     = "degraded-array"          // a RAID set or pool that lacks a device
	findingFailedPaths  = "failed-paths"            // of several paths to the same data, some do not work
	findingRAIDBelowSDS = "hardware-raid-below-sds" // copies of copies: a RAID controller below software that copies by itself
	findingUnusedDisk   = "unused-disk"             // a disk with nothing on it
)

// storageFindings adds to the machine what is there and not needed, and what is broken.
func (l *look) storageFindings(s *stores) {
	add := func(id string, severity inventory.Severity, text, source string) {
		s.m.Findings = append(s.m.Findings, finding(id, severity, source, text))
	}
	for _, a := range s.m.Hardware.Adapters {
		v, _ := a.State.Get()
		name := strings.TrimSpace(a.Name + " " + a.Model)
		switch {
		case v == inventory.AdapterNoDriver:
			add(findingNoDriver, inventory.Warning, "adapter "+name+" ("+string(a.Kind)+") has no driver", "/sys/bus/pci/devices/"+a.Name)
		case v == inventory.AdapterDark && (a.Kind == inventory.FibreChannelAdapter || a.Kind == inventory.FCoEAdapter):
			add(findingDarkHBA, inventory.Info, "Fibre Channel adapter "+name+" has no link", "/sys/class/fc_host/"+a.Name+"/port_state")
		case v == inventory.AdapterDark && a.Kind == inventory.RDMAAdapter && strings.HasPrefix(a.Model, "InfiniBand"):
			add(findingDarkHBA, inventory.Info, "InfiniBand adapter "+name+" has no link", "/sys/class/infiniband/"+a.Name+"/ports")
		case v == inventory.AdapterLinked && a.Kind == inventory.RDMAAdapter && strings.HasPrefix(a.Model, "InfiniBand"):
			add(findingUnusedRDMA, inventory.Info, "InfiniBand adapter "+name+" has a link, and nothing has gone over it", "/sys/class/infiniband/"+a.Name+"/ports")
		case v == inventory.AdapterLinked && a.Kind == inventory.ISCSIAdapter:
			add(findingIdleISCSI, inventory.Info, "iSCSI initiator "+name+" has no session", "/sys/class/iscsi_session")
		}
	}
	for _, p := range s.pools {
		if p.lacks != "" {
			text := p.kind + " " + p.name + " lacks " + p.lacks
			if strings.HasPrefix(p.lacks, "state ") {
				text = p.kind + " " + p.name + " is in " + p.lacks
			}
			add(findingDegraded, inventory.Warning, text, p.source)
		}
	}
	failed := l.failedPaths(s)
	for _, unit := range slices.Sorted(maps.Keys(failed)) {
		source := "/sys/block/*/device/state"
		if strings.HasPrefix(unit, "nvme-subsys") {
			source = "/sys/class/nvme/*/state"
		}
		add(findingFailedPaths, inventory.Warning, "of the paths to "+unit+" "+strings.Join(failed[unit], ", "), source)
	}
	for _, d := range s.disks {
		size := inventory.Known(d.size).String()
		switch {
		case d.make == raidVolume && d.copies(s):
			add(findingRAIDBelowSDS, inventory.Warning, "disk "+d.name+" ("+d.model+") is a "+string(raidVolume)+" below "+cmp.Or(d.software, "zfs")+", which keeps copies by itself", "/sys/block/"+d.name)
		case d.known && !d.used && !d.system && d.unit() == d.name && networkDisk(d.name) == "":
			add(findingUnusedDisk, inventory.Info, "disk "+strings.TrimSpace(d.name+" "+d.model)+" ("+size+") has nothing on it", "/run/udev/data")
		}
	}
}

// copies reports whether a disk belongs to software that keeps copies on several disks by itself.
func (d *disk) copies(s *stores) bool {
	return d.software == "ceph" || slices.ContainsFunc(s.pools, func(p *pool) bool { return p.kind == "zfs" && slices.Contains(p.on, d) })
}
