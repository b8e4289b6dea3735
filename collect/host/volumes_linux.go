package host

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// A pool is a volume group, a RAID set or another thing that volumes are cut from.
type pool struct {
	name, kind string
	level      string // RAID level
	group      string // identifier that LVM or btrfs gives it
	on         []*disk
	vague      bool // only some of these disks may be its own
	capacity   inventory.Reading[inventory.Bytes]
	lacks      string // what is wrong with it, in words; empty where nothing is
	source     string // file that shows it
}

// class is that of the disks below.
func (p *pool) class() inventory.Reading[inventory.StorageClass] {
	if len(p.on) == 0 {
		return inventory.Unknown[inventory.StorageClass]("the kernel does not show which disks it holds", "zpool status")
	}
	var class inventory.Reading[inventory.StorageClass]
	for i, d := range p.on {
		c := d.class
		if v, ok := c.Get(); ok && v == inventory.RawLocal {
			c = inventory.Known(inventory.LocalVolumes)
		}
		if i > 0 && c.String() != class.String() {
			return inventory.Unknown[inventory.StorageClass]("its disks are of different classes", "")
		}
		class = c
	}
	return class
}

// volumes finds the pools of the machine, and the disks below each.
func (l *look) volumes(s *stores) {
	s.arrays = l.mdArrays()
	byKey := make(map[string]*pool)
	for _, d := range slices.Concat(s.disks, s.images) {
		for _, u := range d.uppers {
			p := l.pool(s, u)
			if p == nil {
				continue
			}
			key := p.kind + "\x00" + p.name
			if byKey[key] == nil {
				byKey[key] = p
				s.pools = append(s.pools, p)
			}
			if p = byKey[key]; !slices.Contains(p.on, d) {
				p.on = append(p.on, d)
			}
		}
	}
	l.volumeGroups(s)
	s.pools = append(s.pools, l.zpools(s)...)
	for _, f := range s.btrfs {
		p := &pool{name: f.name, kind: "btrfs", group: f.id, source: "/sys/fs/btrfs/" + f.id, capacity: f.size}
		if f.missing > 0 {
			p.lacks = itoa(f.missing) + " of its devices"
		}
		for _, device := range f.devices {
			for _, d := range s.made[device] {
				if !slices.Contains(p.on, d) {
					p.on = append(p.on, d)
				}
			}
		}
		if len(p.on) > 0 {
			s.pools = append(s.pools, p)
		}
	}
}

// pool describes the pool that a device belongs to; nil where it belongs to none.
func (l *look) pool(s *stores, device string) *pool {
	dir := "/sys/block/" + device
	if strings.HasPrefix(device, "md") {
		p := &pool{name: device, kind: "md", source: dir + "/md"}
		p.level, _ = l.fs.Line(dir + "/md/level")
		p.capacity = inventory.Unknown[inventory.Bytes](dir+"/size: not readable", "")
		if sectors, ok := l.number(dir + "/size"); ok && sectors <= 1<<53 {
			p.capacity = inventory.Known(inventory.Bytes(sectors) * 512)
		}
		if n, ok := l.number(dir + "/md/degraded"); ok && n > 0 {
			p.lacks = itoa(int(min(n, 1<<16))) + " of its devices"
		}
		s.arrays.complete(p)
		return p
	}
	uuid, _ := l.fs.Line(dir + "/dm/uuid")
	full, _ := l.fs.Line(dir + "/dm/name")
	u := linux.ParseMapperUUID(uuid)
	if u.Kind != linux.MapperLVM || full == "" {
		return nil
	}
	return &pool{
		name: linux.VolumeGroup(full), kind: "lvm", group: u.Group, source: dir + "/dm/uuid",
		capacity: inventory.Unknown[inventory.Bytes]("the kernel shows volumes, not the size of their group", asRoot),
	}
}

// mdArrays is the kernel's table of RAID sets.
type mdArrays []linux.MDArray

func (l *look) mdArrays() mdArrays {
	text, err := l.fs.Read("/proc/mdstat", linux.LargeFile)
	if err != nil {
		return nil
	}
	list, err := linux.ParseMDStat(string(text))
	if err != nil {
		return nil
	}
	return list
}

// complete adds what the table says where /sys leaves it out.
func (list mdArrays) complete(p *pool) {
	for _, a := range list {
		if a.Name != p.name {
			continue
		}
		p.level = cmp.Or(p.level, a.Level)
		if n := a.Degraded(); n > 0 && p.lacks == "" {
			p.lacks = itoa(n) + " of its devices"
		}
	}
}

// zpools lists the ZFS pools that are imported. Which disks they hold only udev shows.
func (l *look) zpools(s *stores) []*pool {
	const dir = "/proc/spl/kstat/zfs"
	names, err := l.fs.Names(dir)
	if err != nil {
		return nil
	}
	var list []*pool
	for _, name := range names {
		state, err := l.fs.Line(dir + "/" + name + "/state")
		if err != nil {
			continue
		}
		p := &pool{
			name: name, kind: "zfs", source: dir + "/" + name + "/state",
			capacity: inventory.Unknown[inventory.Bytes]("the kernel does not show the size of a pool", "zpool list"),
		}
		if state != "ONLINE" && state != "" {
			p.lacks = "state " + strings.ToLower(inventory.Text(state))
		}
		list = append(list, p)
	}
	for _, p := range list {
		p.vague = len(list) > 1 // which disk belongs to which of several udev does not say
		for _, d := range s.disks {
			if slices.Contains(d.marks, "zfs_member") {
				p.on = append(p.on, d)
			}
		}
	}
	return list
}

// A btrfsSystem is one mounted file system of btrfs.
type btrfsSystem struct {
	id, name string
	devices  []string // disks, partitions or volumes, as the kernel names them
	missing  int
	size     inventory.Reading[inventory.Bytes]
}

// btrfs lists the mounted file systems of btrfs with their devices: the list of mounts names only one of them.
func (l *look) btrfs() []btrfsSystem {
	const dir = "/sys/fs/btrfs"
	names, err := l.fs.Names(dir)
	if err != nil {
		return nil
	}
	var list []btrfsSystem
	for _, id := range names {
		if len(id) != 36 { // beside them is a directory of features
			continue
		}
		devices, err := l.fs.Names(path.Join(dir, id, "devices"))
		if err != nil || len(devices) == 0 {
			continue
		}
		f := btrfsSystem{id: id, devices: devices}
		label, _ := l.fs.Line(path.Join(dir, id, "label"))
		f.name = cmp.Or(label, id)
		f.size = inventory.Unknown[inventory.Bytes]("it has several devices, and how much of them copies take is not shown", "btrfs filesystem usage")
		if len(devices) == 1 {
			sectors, ok := l.number(path.Join("/sys/block", devices[0], "size")) // where it was read for the disk
			if !ok {
				sectors, ok = l.number(path.Join(dir, id, "devices", devices[0], "size"))
			}
			if ok && sectors <= 1<<53 {
				f.size = inventory.Known(inventory.Bytes(sectors) * 512)
			}
		}
		numbers, _ := l.fs.Names(path.Join(dir, id, "devinfo"))
		for _, n := range numbers {
			if gone, ok := l.number(path.Join(dir, id, "devinfo", n, "missing")); ok && gone == 1 {
				f.missing++
			}
		}
		list = append(list, f)
	}
	return list
}
