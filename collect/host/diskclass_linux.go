package host

import (
	"strings"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// classify tells where the bytes of a disk really are.
func (l *look) classify(s *stores, d *disk) {
	set := func(c inventory.StorageClass) { d.class = inventory.Known(c) }
	unknown := func(why, remedy string) { d.class = inventory.Unknown[inventory.StorageClass](why, remedy) }
	if technology := networkDisk(d.name); technology != "" {
		// Where DRBD has a copy on a disk of this machine, that is the one that counts.
		d.data, d.software = technology != "drbd" || !s.copied(d.name), technology
		set(s.software(technology))
		return
	}
	if l.overFabric(s, d) {
		return
	}
	kind, _ := s.m.Kind.Get()
	switch {
	case d.make == cloudVolume:
		set(inventory.CloudStorage)
	case d.make == cloudLocal:
		set(d.local())
	case d.make == virtualMake && kind != inventory.Cloud, kind == inventory.Virtual:
		unknown("virtual disk; only the hypervisor knows what is below", "assess the hypervisor too")
	case kind == inventory.Cloud && !s.m.Virtualization.IsAbsent():
		set(inventory.CloudStorage)
	case kind != inventory.Physical && kind != inventory.Cloud:
		unknown("not known whether the disk is real", s.m.Kind.Remedy())
	case d.make == externalUnit:
		unknown("unit of an external array ("+d.model+"), over a path that the kernel does not show", "")
	case d.shared && d.software == "":
		unknown("other machines mount the same disk, over a path that the kernel does not show", "")
	default:
		set(d.local())
	}
}

// local is the class of a disk that is in the box.
func (d *disk) local() inventory.StorageClass {
	switch {
	case d.software != "":
		return inventory.SDSOnNodes
	case d.managed:
		return inventory.LocalVolumes
	default:
		return inventory.RawLocal
	}
}

// software is the class of what software-defined storage provides: served by this machine too, or by others only.
func (s *stores) software(technology string) inventory.StorageClass {
	if s.serving[technology] != nowhere || technology == "drbd" {
		return inventory.SDSOnNodes
	}
	return inventory.SDSSeparate
}

// copied reports whether a device is made of a disk of this machine.
func (s *stores) copied(upper string) bool {
	for _, d := range s.made[upper] {
		if d.name != upper {
			return true
		}
	}
	return false
}

// overFabric classifies a disk that is reached over a network, by where it hangs and, where that is not shown, by
// the path that udev gives; false where it is in the box.
func (l *look) overFabric(s *stores, d *disk) bool {
	protocol, target := d.udev.Fabric()
	switch {
	case strings.Contains(d.link, "/rport-"):
		protocol, target = "fc", l.fibreArray(d.link)
	case strings.Contains(d.link, "/session"):
		protocol, target = "iscsi", s.iscsiTarget(d.link)
	default:
		if c := l.nvmeOf(s, d); c.transport == "tcp" || c.transport == "rdma" || c.transport == "fc" {
			protocol, target = c.transport, c.subsystem
		}
	}
	switch {
	case protocol == "":
		return false
	case nodeTarget(target) != "": // looks like an array, and is served by the nodes themselves
		d.software = nodeTarget(target)
		d.class = inventory.Known(inventory.SDSOnNodes)
		return true
	case protocol == "fc":
		d.class = inventory.Known(inventory.FCArray)
	default:
		d.class = inventory.Known(inventory.IPArray)
	}
	d.array = target
	return true
}

// candidates finds the disks that ZFS or Ceph may hold without showing it: disks in the box on which nothing else is,
// where udev has not looked. A single one is it.
func (s *stores) candidates() {
	would, managed := inventory.LocalVolumes, false
	for _, p := range s.pools {
		managed = managed || p.kind == "zfs" && len(p.on) == 0
	}
	osd := s.serving["ceph"] == onDisks
	if osd {
		for _, d := range s.disks {
			osd = osd && d.software != "ceph" // one that is seen is all that is sure
		}
	}
	if osd {
		would = inventory.SDSOnNodes
	}
	if !managed && !osd {
		return
	}
	var list []*disk
	for _, d := range s.disks {
		if c, ok := d.class.Get(); ok && c == inventory.RawLocal && !d.data && !d.known && !d.system {
			list = append(list, d)
		}
	}
	for _, d := range list {
		if managed && osd {
			d.data = true
			d.class = inventory.Unknown[inventory.StorageClass]("the kernel does not show which disks ZFS and Ceph hold", "zpool status, ceph-volume lvm list")
			continue
		}
		if len(list) == 1 {
			d.data = true
			d.class = inventory.Known(would)
			for _, p := range s.pools {
				if p.kind == "zfs" && would == inventory.LocalVolumes {
					p.on = []*disk{d}
				}
			}
			continue
		}
		d.candidate, d.would = true, would
		d.class = inventory.Unknown[inventory.StorageClass]("the kernel does not show which disks ZFS and Ceph hold", "zpool status, ceph-volume lvm list")
	}
}

// classifyImage gives a file that is used as a disk the class of where the file is.
func (l *look) classifyImage(s *stores, d *disk) {
	on := l.mountOf(d.image)
	for _, r := range s.remote {
		if r.point == on.Point {
			d.class = r.class
			return
		}
	}
	below := s.numbers[on.Device]
	if len(below) == 0 {
		below = s.made[on.Source[strings.LastIndexByte(on.Source, '/')+1:]]
	}
	d.class = inventory.Unknown[inventory.StorageClass]("a file on "+on.FSType+", whose disk is not seen", "")
	for i, b := range below {
		if i > 0 && b.class.String() != d.class.String() {
			d.class = inventory.Unknown[inventory.StorageClass]("a file on disks of several classes", "")
			return
		}
		d.class = b.class
	}
}

// mountOf finds the mount that a file lies on, by its name alone.
func (l *look) mountOf(file string) linux.MountEntry {
	var best linux.MountEntry
	for _, m := range l.mounts {
		if (m.Point == "/" || strings.HasPrefix(file, m.Point+"/")) && len(m.Point) >= len(best.Point) {
			best = m
		}
	}
	return best
}
