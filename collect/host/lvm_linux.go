package host

import (
	"path"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// volumeGroups adds what LVM itself has noted of its groups, which root alone may read: their sizes, and groups of
// which no volume is active. A note may be old: it counts where the kernel shows the same identifier, or all disks
// that it names in the sizes that it gives.
func (l *look) volumeGroups(s *stores) {
	const dir = "/etc/lvm/backup"
	names, err := l.fs.Names(dir)
	if err != nil {
		if !linux.Gone(err) {
			l.gap(dir, "sizes of volume groups, and those without an active volume", linux.Reason(err), asRoot)
		}
		return
	}
	for _, name := range names {
		text, err := l.fs.Read(path.Join(dir, name), linux.LargeFile)
		if err != nil {
			continue
		}
		group, err := linux.ParseVolumeGroup(string(text))
		if err != nil {
			continue
		}
		s.noted(l, group, path.Join(dir, name))
	}
}

func (s *stores) noted(l *look, group linux.VolumeGroupNote, source string) {
	capacity := inventory.Known(inventory.Bytes(group.Size()))
	for _, p := range s.pools {
		if p.kind == "lvm" && p.name == group.Name && p.group == group.ID {
			p.capacity = capacity
			return
		}
	}
	p := &pool{name: group.Name, kind: "lvm", group: group.ID, capacity: capacity, source: source}
	for _, v := range group.Volumes {
		device := strings.TrimPrefix(strings.TrimPrefix(v.Device, "/dev/"), "mapper/")
		below := s.made[device]
		if len(below) == 0 || !l.sized(s, device, v.Sectors) {
			return
		}
		for _, d := range below {
			d.used = true // but not more than that: others than root do not see it
			if !slices.Contains(p.on, d) {
				p.on = append(p.on, d)
			}
		}
	}
	if len(p.on) > 0 {
		s.pools = append(s.pools, p)
	}
}

// sized reports whether a device has so many sectors.
func (l *look) sized(s *stores, device string, sectors uint64) bool {
	for _, dir := range []string{"/sys/block/" + device, "/sys/class/block/" + device} {
		if n, ok := l.number(dir + "/size"); ok {
			return n == sectors
		}
	}
	for _, d := range s.made[device] { // a partition
		if n, ok := l.number("/sys/block/" + d.name + "/" + device + "/size"); ok {
			return n == sectors
		}
	}
	return false
}
