package host

import (
	"maps"
	"slices"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// stores is what the storage of a machine is made of.
type stores struct {
	m       *inventory.Machine
	disks   []*disk
	images  []*disk            // loop devices: files that are used as disks
	made    map[string][]*disk // the disks below a device, by its name: a partition, a volume, vg0-root, dm-3
	numbers map[string][]*disk // the same by major:minor
	btrfs   []btrfsSystem
	arrays  mdArrays
	pools   []*pool
	remote  []remoteMount
	serving map[string]keeping // what is served here, and where the servers keep it
	uses    []inventory.StorageUse

	initiator   bool // the daemon of the kernel's iSCSI initiator runs
	sessions    []iscsiSession
	controllers []nvmeController
	fibre       []fibrePort
	cards       []pciCard
}

// storage finds the disks, pools, remote mounts, arrays and adapters of the machine, and where most of its data lives.
// It reads /sys, the list of mounts and the database of udev: a remote file system is never asked for its size, as a
// dead server would never answer, and asking a living one is network traffic.
func (l *look) storage(m *inventory.Machine, p *processes) []inventory.Storage {
	s := &stores{m: m, made: make(map[string][]*disk), numbers: make(map[string][]*disk), serving: make(map[string]keeping)}
	names, err := l.fs.Names("/sys/block")
	if err != nil {
		why := "/sys/block: " + linux.Reason(err)
		m.Storage = inventory.Unknown[inventory.StorageClass](why, "mount /sys")
		l.gap("/sys/block", "disks", why, "mount /sys")
	}
	l.programs(s, p)
	s.sessions, s.controllers = l.iscsiSessions(), l.nvmeControllers()
	l.disks(s, names)
	l.volumes(s)
	for _, d := range s.disks {
		l.classify(s, d)
	}
	s.candidates()
	s.remote = l.remoteMounts(s)
	for _, d := range s.images {
		l.classifyImage(s, d)
	}
	if err == nil {
		m.Storage = s.mostData()
	}
	if !l.inside { // of the machine below a container nothing more is said
		l.adapters(s)
		l.storageUses(s)
		l.storageFindings(s)
	}
	return l.storageList(s)
}

// mostData tells where most of a machine's data lives: the class with the most bytes of disks in use. Remote mounts
// of unknown size leave it open, unless all agree; so do disks of which it is not known whether they are in use, and
// servers of storage that keep their data in files beside those of the machine.
func (s *stores) mostData() inventory.Reading[inventory.StorageClass] {
	unknown := func(why, remedy string) inventory.Reading[inventory.StorageClass] {
		return inventory.Unknown[inventory.StorageClass](why, remedy)
	}
	least, most := leading(s.disks, false, false), leading(s.disks, true, false)
	if most == nil && len(s.remote) == 0 { // nowhere else
		least, most = leading(s.disks, false, true), leading(s.disks, true, true)
	}
	best := most
	if least != nil && least.String() != most.String() {
		r := unknown("the kernel does not show which disks ZFS and Ceph hold", "run udev, or assess as root")
		best = &r
	}
	if best != nil {
		if c, ok := best.Get(); ok && (c == inventory.RawLocal || c == inventory.LocalVolumes) {
			for _, technology := range slices.Sorted(maps.Keys(s.serving)) {
				if s.serving[technology] == inFiles {
					return unknown(technology+" keeps what it serves in files beside those of the machine, and their sizes are not asked for", "")
				}
			}
		}
	}
	if len(s.remote) == 0 {
		if best == nil {
			return unknown("no disk is in use that can be seen", "")
		}
		return *best
	}
	first := s.remote[0].class
	for _, r := range s.remote {
		if r.class.String() != first.String() {
			return unknown("several kinds of remote file system are mounted, and their sizes are not asked for", "")
		}
	}
	switch {
	case best == nil || best.String() == first.String():
		return first
	default:
		return unknown("remote file systems are mounted beside local disks, and their sizes are not asked for", "")
	}
}

// leading finds the class with the most bytes of disks in use, with or without those that may be: of disks for data, or
// of those for a system only. It is nil where none is in use.
func leading(disks []*disk, possible, system bool) *inventory.Reading[inventory.StorageClass] {
	type sum struct {
		class inventory.Reading[inventory.StorageClass]
		bytes inventory.Bytes
	}
	sums := make(map[string]*sum)
	counted := make(map[string]bool)
	for _, d := range disks {
		inUse := d.data || possible && d.candidate
		if d.system != system || !inUse || counted[d.unit()] {
			continue
		}
		counted[d.unit()] = true
		class := d.class
		if d.candidate {
			class = inventory.Known(d.would)
		}
		key := class.String()
		if sums[key] == nil {
			sums[key] = &sum{class: class}
		}
		sums[key].bytes += d.size
	}
	var best *sum
	for _, key := range slices.Sorted(maps.Keys(sums)) {
		if s := sums[key]; best == nil || s.bytes > best.bytes {
			best = s
		}
	}
	if best == nil {
		return nil
	}
	return &best.class
}
