package host

import (
	"cmp"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// A disk is a block device that others stand on, not one made of others; or a file that is used as one.
type disk struct {
	name  string
	link  string // where in the tree of devices it hangs
	size  inventory.Bytes
	make  diskMake
	model string // vendor and model
	udev  linux.UdevDisk
	known bool // udev has looked at it

	class    inventory.Reading[inventory.StorageClass]
	array    string // name by which an external array is told from others; empty where it is in the box
	software string // software-defined storage that it belongs to: ceph, drbd, longhorn
	wwn      string // of the unit: two disks of one are paths to the same data
	path     string // device that joins several paths to the same unit; empty for one path
	image    string // path of the file that it is, empty for a disk

	data      bool // a file system on it is mounted, or something is made of it
	managed   bool // by a volume manager
	used      bool // there is something on it
	shared    bool // other machines mount it at the same time
	system    bool // holds a system only: a boot card, or a disk that is put in and taken out
	candidate bool // may be held by a program that shows nobody what it holds
	would     inventory.StorageClass

	marks  []string // what udev found on it and its partitions
	uppers []string // block devices made of it: volumes, RAID sets, encryption
}

// unit is the same for all paths to the same data.
func (d *disk) unit() string {
	switch {
	case d.path != "":
		return d.path
	case d.array != "" && d.wwn != "":
		return d.wwn
	default:
		return d.name
	}
}

// virtualDisks are kernel devices that hold no data of their own.
var virtualDisks = []string{"loop", "ram", "zram", "sr", "fd", "nbd", "dm-", "md", "zd", "mtdblock", "bcache", "ublkb"}

// numbered reports whether a name is one of these words with a number behind it.
func numbered(name string, words []string) bool {
	for _, w := range words {
		if rest, ok := strings.CutPrefix(name, w); ok && (rest == "" || rest[0] >= '0' && rest[0] <= '9' || rest[0] == '_') {
			return true
		}
	}
	return false
}

// disks reads the block devices of the machine, and what stands on each.
func (l *look) disks(s *stores, names []string) {
	s.btrfs = l.btrfs()
	in := l.mountedDevices(s)
	for _, name := range names {
		d := l.disk(name)
		if d == nil {
			continue
		}
		l.usedBy(s, d, in)
		if d.image != "" {
			s.images = append(s.images, d)
		} else {
			s.disks = append(s.disks, d)
		}
	}
}

// disk reads one block device; nil where it is none of its own, or empty.
func (l *look) disk(name string) *disk {
	dir := "/sys/block/" + name
	d := &disk{name: name}
	if strings.HasPrefix(name, "loop") {
		file, err := l.fs.Line(dir + "/loop/backing_file")
		if err != nil || file == "" {
			return nil
		}
		d.image = file
	} else if numbered(name, virtualDisks) {
		return nil
	}
	if hidden, ok := l.number(dir + "/hidden"); ok && hidden == 1 {
		return nil // one path of NVMe's own multipath
	}
	sectors, ok := l.number(dir + "/size")
	if !ok || sectors == 0 || sectors > 1<<53 {
		return nil
	}
	d.size = inventory.Bytes(sectors) * 512 // always 512, whatever the disk's own blocks are
	if to, err := l.fs.Readlink(dir); err == nil {
		d.link = to
	}
	if d.image == "" && strings.Contains(d.link, "/virtual/") && !networked(d) {
		return nil
	}
	if number, err := l.fs.Line(dir + "/dev"); err == nil {
		d.udev, d.known = l.udev(number)
	}
	model, _ := l.fs.Line(dir + "/device/model")
	vendor, _ := l.fs.Line(dir + "/device/vendor")
	if strings.HasPrefix(vendor, "0x") {
		vendor = "" // virtio and NVMe over PCIe give a number
	}
	model, vendor = cmp.Or(model, d.udev.Model), cmp.Or(vendor, d.udev.Vendor)
	d.model = strings.TrimSpace(vendor + " " + model)
	d.make = makeOf(vendor, model)
	wwid, _ := l.fs.Line(dir + "/device/wwid")
	d.wwn = cmp.Or(wwid, d.udev.WWN)
	if removable, ok := l.number(dir + "/removable"); ok && removable == 1 || d.make == bootCard || d.udev.Bus == "usb" {
		d.system = true
	}
	return d
}

// networked reports whether a disk that hangs below /sys/devices/virtual is one all the same: the device that joins
// the paths of NVMe, NVMe over a network, Fibre Channel over a VLAN, and what software-defined storage makes.
func networked(d *disk) bool {
	if strings.Contains(d.link, "/rport-") || strings.Contains(d.link, "/session") || strings.HasPrefix(d.name, "nvme") {
		return true
	}
	return networkDisk(d.name) != ""
}

// networkDisk names the software that makes such a device; empty for another one.
func networkDisk(name string) string {
	for _, k := range networkDisks {
		if strings.HasPrefix(name, k.prefix) {
			return k.technology
		}
	}
	return ""
}

// udev reads what udev found on a device; false where it did not look.
func (l *look) udev(number string) (linux.UdevDisk, bool) {
	text, err := l.fs.Read("/run/udev/data/b"+number, linux.SmallFile)
	if err != nil {
		return linux.UdevDisk{}, false
	}
	return linux.ParseUdevDisk(string(text)), true
}

// mounted are the devices that file systems are mounted from.
type mounted struct {
	number  map[string]bool // major:minor
	shared  map[string]bool // of them, those that other machines mount at the same time
	byName  map[string]bool // file systems of several disks: their number is that of none
	swap    map[string]bool // by name
	members map[string]bool // disks and partitions of btrfs
}

func (l *look) mountedDevices(s *stores) mounted {
	in := mounted{
		number: make(map[string]bool), shared: make(map[string]bool), byName: make(map[string]bool),
		swap: make(map[string]bool), members: make(map[string]bool),
	}
	for _, m := range l.mounts {
		in.number[m.Device] = true
		if sharedFileSystems[m.FSType] {
			in.shared[m.Device] = true
		}
		if m.FSType == "btrfs" || m.FSType == "bcachefs" {
			for source := range strings.SplitSeq(m.Source, ":") {
				in.byName[strings.TrimPrefix(strings.TrimPrefix(source, "/dev/"), "mapper/")] = true
			}
		}
	}
	if text, err := l.fs.Read("/proc/swaps", linux.SmallFile); err == nil {
		for _, name := range linux.ParseSwaps(string(text)) {
			in.swap[strings.TrimPrefix(name, "/dev/")] = true
		}
	}
	for _, f := range s.btrfs {
		for _, device := range f.devices {
			in.members[device] = true
		}
	}
	return in
}

// usedBy finds what stands on a disk: mounts, swap, and devices made of it or of its partitions.
func (l *look) usedBy(s *stores, d *disk, in mounted) {
	seen := make(map[string]bool)
	var walk func(dir, name string)
	walk = func(dir, name string) {
		if seen[name] {
			return
		}
		seen[name] = true
		s.made[name] = append(s.made[name], d)
		names := []string{name}
		if mapper, err := l.fs.Line(dir + "/dm/name"); err == nil && mapper != "" {
			names = append(names, mapper)
			s.made[mapper] = append(s.made[mapper], d)
		}
		if number, err := l.fs.Line(dir + "/dev"); err == nil {
			s.numbers[number] = append(s.numbers[number], d)
			d.data = d.data || in.number[number]
			d.shared = d.shared || in.shared[number]
			if u, ok := l.udev(number); ok {
				d.holds(u)
			}
		}
		for _, n := range names {
			if in.byName[n] || in.members[n] {
				d.data, d.managed = true, true
			}
			d.used = d.used || in.swap[n]
		}
		holders, _ := l.fs.Names(dir + "/holders")
		for _, h := range holders {
			d.data = true
			l.standsOn(d, h)
			walk("/sys/block/"+h, h)
		}
	}
	dir := "/sys/block/" + d.name
	walk(dir, d.name)
	entries, _ := l.fs.Names(dir)
	for _, e := range entries {
		if strings.HasPrefix(e, d.name) {
			d.used = true // it is divided
			walk(dir+"/"+e, e)
		}
	}
	d.used = d.used || d.data
}

// holds takes note of what udev found on a disk or a partition of it.
func (d *disk) holds(u linux.UdevDisk) {
	d.used = d.used || u.Holds != "" || u.Table != ""
	if u.Holds != "" {
		d.marks = append(d.marks, u.Holds)
	}
	switch u.Holds {
	case "LVM2_member", "linux_raid_member", "btrfs", "bcache", "bcachefs", "stratis":
		d.managed = true
	case "zfs_member":
		d.managed, d.data = true, true
	case "ceph_bluestore":
		d.software, d.data = "ceph", true
	case "drbd":
		d.software = "drbd"
	}
}

// standsOn notes a device made of a disk.
func (l *look) standsOn(d *disk, upper string) {
	if slices.Contains(d.uppers, upper) {
		return
	}
	d.uppers = append(d.uppers, upper)
	switch {
	case strings.HasPrefix(upper, "md"), strings.HasPrefix(upper, "bcache"):
		d.managed = true
		return
	case strings.HasPrefix(upper, "drbd"):
		d.software = "drbd"
		return
	}
	dir := "/sys/block/" + upper + "/dm"
	text, _ := l.fs.Line(dir + "/uuid")
	name, _ := l.fs.Line(dir + "/name")
	switch linux.ParseMapperUUID(text).Kind {
	case linux.MapperMultipath:
		d.path = cmp.Or(name, upper)
	case linux.MapperLVM:
		d.managed = true
		if strings.Contains(name, "osd--block") {
			d.software = "ceph"
		}
	case linux.MapperStratis, linux.MapperVDO:
		d.managed = true
	}
}
