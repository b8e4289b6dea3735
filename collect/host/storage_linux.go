package host

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// A disk is a block device that others stand on, not one made of others.
type disk struct {
	name    string
	link    string // where in the tree of devices it hangs
	size    inventory.Bytes
	class   inventory.Reading[inventory.StorageClass]
	array   string   // name by which an external array is told from others; empty where it is in the box
	detail  string   // model
	uppers  []string // block devices made of it: volumes, RAID sets, encryption
	data    bool     // a file system on it is mounted, or something is made of it
	managed bool     // by a volume manager
	osd     bool     // by Ceph, to serve it to others
	path    string   // device that joins several paths to the same unit; empty for one path
}

// storage finds the disks, pools, remote mounts and arrays of the machine, and where most of its data lives. It
// reads /sys and the list of mounts only: a remote file system is never asked for its size, as a dead server would
// never answer, and asking a living one is network traffic.
func (l *look) storage(m *inventory.Machine, p *processes) []inventory.Storage {
	osd := slices.ContainsFunc(p.list, func(q *process) bool { return q.Comm == "ceph-osd" })
	brick := slices.ContainsFunc(p.list, func(q *process) bool { return q.Comm == "glusterfsd" })
	names, err := l.fs.Names("/sys/block")
	if err != nil {
		why := "/sys/block: " + linux.Reason(err)
		m.Storage = inventory.Unknown[inventory.StorageClass](why, "mount /sys")
		l.gap("/sys/block", "disks", why, "mount /sys")
	}
	var disks []*disk
	in := l.mountedDevices()
	for _, name := range names {
		if d := l.disk(name); d != nil {
			l.usedBy(d, in)
			disks = append(disks, d)
		}
	}
	zfs := l.zpools()
	for _, d := range disks {
		l.classify(d, m, osd, len(zfs) > 0)
	}
	remote := l.remoteMounts(m, osd, brick)
	if err == nil {
		m.Storage = mostData(disks, remote)
	}
	return l.storageList(disks, remote, zfs)
}

// virtualDisks are kernel devices that hold no data of their own.
var virtualDisks = []string{"loop", "ram", "zram", "sr", "fd", "nbd", "dm-", "md", "zd", "mtdblock", "bcache"}

// disk reads one block device; nil where it is none of its own, or empty.
func (l *look) disk(name string) *disk {
	for _, p := range virtualDisks {
		if rest, ok := strings.CutPrefix(name, p); ok && (rest == "" || rest[0] >= '0' && rest[0] <= '9') {
			return nil
		}
	}
	dir := "/sys/block/" + name
	sectors, ok := l.number(dir + "/size")
	if !ok || sectors == 0 || sectors > 1<<53 {
		return nil
	}
	d := &disk{name: name, size: inventory.Bytes(sectors) * 512} // always 512, whatever the disk's own blocks are
	if to, err := l.fs.Readlink(dir); err == nil {
		d.link = to
	}
	model, _ := l.fs.Line(dir + "/device/model")
	vendor, _ := l.fs.Line(dir + "/device/vendor")
	if strings.HasPrefix(vendor, "0x") {
		vendor = "" // virtio gives a number
	}
	d.detail = strings.TrimSpace(vendor + " " + model)
	return d
}

// mounted are the devices that file systems are mounted from.
type mounted struct {
	number map[string]bool // major:minor
	btrfs  map[string]bool // by name: a device number of btrfs is not that of its disk
}

func (l *look) mountedDevices() mounted {
	in := mounted{number: make(map[string]bool), btrfs: make(map[string]bool)}
	for _, m := range l.mounts {
		in.number[m.Device] = true
		if m.FSType == "btrfs" {
			in.btrfs[m.Source[strings.LastIndexByte(m.Source, '/')+1:]] = true
		}
	}
	return in
}

// usedBy finds what stands on a disk: mounts, and devices made of it or of its partitions.
func (l *look) usedBy(d *disk, in mounted) {
	seen := make(map[string]bool)
	var walk func(dir, name string)
	walk = func(dir, name string) {
		if seen[name] {
			return
		}
		seen[name] = true
		if number, err := l.fs.Line(dir + "/dev"); err == nil && in.number[number] {
			d.data = true
		}
		if in.btrfs[name] {
			d.data, d.managed = true, true
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
			walk(dir+"/"+e, e)
		}
	}
}

// standsOn notes a device made of a disk.
func (l *look) standsOn(d *disk, upper string) {
	d.uppers = append(d.uppers, upper)
	if strings.HasPrefix(upper, "md") || strings.HasPrefix(upper, "bcache") {
		d.managed = true
		return
	}
	dir := "/sys/block/" + upper + "/dm"
	uuid, _ := l.fs.Line(dir + "/uuid")
	name, _ := l.fs.Line(dir + "/name")
	switch {
	case strings.HasPrefix(uuid, "mpath-"):
		d.path = name
	case strings.HasPrefix(uuid, "LVM-"):
		d.managed = true
		d.osd = d.osd || strings.Contains(name, "osd--block")
	}
}

// classify tells where the bytes of a disk really are.
func (l *look) classify(d *disk, m *inventory.Machine, osd, zfs bool) {
	kind, _ := m.Kind.Get()
	set := func(c inventory.StorageClass) { d.class = inventory.Known(c) }
	software := inventory.SDSSeparate
	if osd {
		software = inventory.SDSOnNodes
	}
	nvme, subsystem := l.nvmeTransport(d.name)
	switch {
	case strings.HasPrefix(d.name, "rbd"):
		d.data = true
		set(software)
	case strings.HasPrefix(d.name, "drbd"):
		d.data = true
		set(inventory.SDSOnNodes)
	case strings.Contains(d.link, "/rport-"):
		d.array = l.fibreArray(d.link)
		set(inventory.FCArray)
	case strings.Contains(d.link, "/session"):
		target := l.iscsiTarget(d.link)
		if strings.HasPrefix(target, "iqn.2019-10.io.longhorn") {
			set(inventory.SDSOnNodes) // looks like an array, and is served by the nodes themselves
			return
		}
		d.array = target
		set(inventory.IPArray)
	case nvme == "tcp" || nvme == "rdma":
		if strings.HasPrefix(subsystem, "nqn.2023-01.io.longhorn") {
			set(inventory.SDSOnNodes)
			return
		}
		d.array = subsystem
		set(inventory.IPArray)
	case nvme == "fc":
		d.array = subsystem
		set(inventory.FCArray)
	case kind == inventory.Cloud:
		set(inventory.CloudStorage)
	case kind == inventory.Virtual:
		d.class = inventory.Unknown[inventory.StorageClass]("virtual disk; only the hypervisor knows what is below", "assess the hypervisor too")
	case kind != inventory.Physical:
		d.class = inventory.Unknown[inventory.StorageClass]("not known whether the disk is real", m.Kind.Remedy())
	case d.osd || osd && !d.data:
		d.data = true
		set(inventory.SDSOnNodes)
	case d.managed:
		set(inventory.LocalVolumes)
	case zfs && !d.data: // ZFS shows nobody which disks it holds
		d.data = true
		set(inventory.LocalVolumes)
	default:
		set(inventory.RawLocal)
	}
}

// nvmeTransport tells how an NVMe disk is reached: pcie, tcp, rdma, fc, loop; empty where it is none.
func (l *look) nvmeTransport(name string) (transport, subsystem string) {
	rest, ok := strings.CutPrefix(name, "nvme")
	if !ok {
		return "", ""
	}
	n := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if n <= 0 {
		return "", ""
	}
	dir := "/sys/class/nvme/nvme" + rest[:n]
	transport, _ = l.fs.Line(dir + "/transport")
	subsystem, _ = l.fs.Line(dir + "/subsysnqn")
	return transport, subsystem
}

// segment finds the first element of a path that begins so.
func segment(path, prefix string) string {
	for s := range strings.SplitSeq(path, "/") {
		if strings.HasPrefix(s, prefix) {
			return s
		}
	}
	return ""
}

// fibreArray names an array by the node name that it gives over Fibre Channel.
func (l *look) fibreArray(link string) string {
	name, err := l.fs.Line("/sys/class/fc_remote_ports/" + segment(link, "rport-") + "/node_name")
	if err != nil || name == "" {
		return "fibre channel"
	}
	return name
}

// iscsiTarget names an array by its target. The credentials that lie beside it are never read.
func (l *look) iscsiTarget(link string) string {
	name, err := l.fs.Line("/sys/class/iscsi_session/" + segment(link, "session") + "/targetname")
	if err != nil || name == "" {
		return "iscsi"
	}
	return name
}

// A remoteMount is a file system that another machine serves.
type remoteMount struct {
	point, kind, server string
	class               inventory.StorageClass
}

func (l *look) remoteMounts(m *inventory.Machine, osd, brick bool) []remoteMount {
	var list []remoteMount
	seen := make(map[string]bool)
	for _, e := range l.mounts {
		r := remoteMount{point: e.Point, kind: e.FSType}
		switch e.FSType {
		case "nfs", "nfs4":
			r.class = inventory.IPArray
			r.server, _, _ = strings.Cut(e.Source, ":/")
		case "cifs", "smb3", "smbfs":
			r.class = inventory.IPArray
			r.server, _, _ = strings.Cut(strings.TrimLeft(e.Source, "/"), "/")
		case "ceph", "fuse.ceph", "fuse.ceph-fuse":
			r.class = inventory.SDSSeparate
			if osd {
				r.class = inventory.SDSOnNodes
			}
		case "fuse.glusterfs", "glusterfs":
			r.class = inventory.SDSSeparate
			if brick {
				r.class = inventory.SDSOnNodes
			}
		case "lustre", "beegfs", "gpfs", "wekafs":
			r.class = inventory.SDSSeparate
		default:
			continue
		}
		if kind, ok := m.Kind.Get(); ok && kind == inventory.Cloud && r.class == inventory.IPArray {
			r.class = inventory.CloudStorage
		}
		r.server = strings.Trim(strings.ToLower(r.server), "[]")
		if r.server == "localhost" || strings.HasPrefix(r.server, "127.") || r.server == "::1" || seen[e.Source] {
			continue
		}
		seen[e.Source] = true
		list = append(list, r)
	}
	return list
}

// zpools lists the ZFS pools that are imported.
func (l *look) zpools() []string {
	const dir = "/proc/spl/kstat/zfs"
	names, err := l.fs.Names(dir)
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(names, func(n string) bool { return !l.fs.Exists(dir + "/" + n + "/state") })
}

// mostData tells where most of a machine's data lives: the class with the most bytes of disks in use. Remote
// mounts of unknown size leave it open, unless all agree.
func mostData(disks []*disk, remote []remoteMount) inventory.Reading[inventory.StorageClass] {
	type sum struct {
		class inventory.Reading[inventory.StorageClass]
		bytes inventory.Bytes
	}
	sums := make(map[string]*sum)
	counted := make(map[string]bool)
	for _, d := range disks {
		if !d.data || d.path != "" && counted[d.path] {
			continue
		}
		counted[d.path] = d.path != ""
		key := d.class.String()
		if sums[key] == nil {
			sums[key] = &sum{class: d.class}
		}
		sums[key].bytes += d.size
	}
	var best *sum
	for _, key := range slices.Sorted(maps.Keys(sums)) {
		if s := sums[key]; best == nil || s.bytes > best.bytes {
			best = s
		}
	}
	if len(remote) == 0 {
		if best == nil {
			return inventory.Unknown[inventory.StorageClass]("no disk is in use that can be seen", "")
		}
		return best.class
	}
	first := remote[0].class
	for _, r := range remote {
		if r.class != first {
			return inventory.Unknown[inventory.StorageClass]("several kinds of remote file system are mounted, and their sizes are not asked for", "")
		}
	}
	if best == nil {
		return inventory.Known(first)
	}
	if class, ok := best.class.Get(); ok && class == first {
		return best.class
	}
	return inventory.Unknown[inventory.StorageClass]("remote file systems are mounted beside local disks, and their sizes are not asked for", "")
}

// storageList makes the inventory of what was found.
func (l *look) storageList(disks []*disk, remote []remoteMount, zfs []string) []inventory.Storage {
	var list []inventory.Storage
	have := make(map[string]bool)
	add := func(s inventory.Storage, key string) {
		s.ID = "s-" + shortHash(key)
		if have[s.ID] {
			return
		}
		have[s.ID] = true
		s.Name, s.Detail, s.Seen = inventory.Text(s.Name), inventory.Text(s.Detail), l.seen()
		list = append(list, s)
	}
	array := func(name, detail string, class inventory.StorageClass) {
		add(inventory.Storage{
			Name: name, Kind: inventory.Array, Class: inventory.Known(class), Detail: detail,
			Capacity: inventory.Unknown[inventory.Bytes]("only the array knows how large it is", ""),
		}, "array\x00"+name)
	}
	for _, d := range disks {
		name := cmp.Or(d.path, d.name)
		add(inventory.Storage{
			Machine: l.id, Name: name, Kind: inventory.Disk, Class: d.class, Detail: d.detail,
			Capacity: inventory.Known(d.size),
		}, l.id+"\x00disk\x00"+name)
		if class, ok := d.class.Get(); ok && d.array != "" {
			array(d.array, d.detail, class)
		}
		for _, u := range d.uppers {
			if name, kind := l.pool(u); name != "" {
				class := d.class
				if c, ok := class.Get(); ok && c == inventory.RawLocal {
					class = inventory.Known(inventory.LocalVolumes)
				}
				add(inventory.Storage{
					Machine: l.id, Name: name, Kind: inventory.Pool, Class: class, Detail: kind,
					Capacity: inventory.Unknown[inventory.Bytes]("the kernel shows volumes, not the size of their group", ""),
				}, l.id+"\x00pool\x00"+name)
			}
		}
	}
	for _, name := range zfs {
		add(inventory.Storage{
			Machine: l.id, Name: name, Kind: inventory.Pool, Class: inventory.Known(inventory.LocalVolumes), Detail: "zfs",
			Capacity: inventory.Unknown[inventory.Bytes]("the kernel does not show the size of a pool", "zpool list"),
		}, l.id+"\x00pool\x00"+name)
	}
	for _, r := range remote {
		add(inventory.Storage{
			Machine: l.id, Name: r.point, Kind: inventory.Mount, Class: inventory.Known(r.class), Detail: r.kind,
			Capacity: inventory.Unknown[inventory.Bytes]("not asked for: a dead server would never answer", "df "+strconv.Quote(inventory.Text(r.point))),
		}, l.id+"\x00mount\x00"+r.point)
		if r.server != "" && r.class == inventory.IPArray {
			array(r.server, r.kind, r.class)
		}
	}
	slices.SortFunc(list, func(a, b inventory.Storage) int {
		return cmp.Or(strings.Compare(string(a.Kind), string(b.Kind)), strings.Compare(a.Name, b.Name))
	})
	return list
}

// pool names the pool that a device belongs to: a volume group, or a RAID set.
func (l *look) pool(device string) (name, kind string) {
	if strings.HasPrefix(device, "md") {
		return device, "md"
	}
	dir := "/sys/block/" + device + "/dm"
	uuid, _ := l.fs.Line(dir + "/uuid")
	full, _ := l.fs.Line(dir + "/name")
	if !strings.HasPrefix(uuid, "LVM-") || full == "" {
		return "", ""
	}
	return linux.VolumeGroup(full), "lvm"
}

// shortHash makes an identifier of a name.
func shortHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:6])
}
