package host

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
)

// storageList makes the inventory of what was found.
func (l *look) storageList(s *stores) []inventory.Storage {
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
	for _, d := range s.disks {
		if networkDisk(d.name) != "" && s.copied(d.name) {
			continue // its bytes are those of the disk below
		}
		name := cmp.Or(d.path, d.name)
		if d.path == "" && d.unit() != d.name {
			name = s.firstPath(d)
		}
		add(inventory.Storage{
			Machine: l.id, Name: name, Kind: inventory.Disk, Class: d.class, Detail: s.diskDetail(d),
			Capacity: inventory.Known(d.size),
		}, l.id+"\x00disk\x00"+name)
		if class, ok := d.class.Get(); ok && d.array != "" {
			array(d.array, d.model, class)
		}
	}
	for _, p := range s.pools {
		add(inventory.Storage{
			Machine: l.id, Name: p.name, Kind: inventory.Pool, Class: p.class(), Detail: p.detail(l), Capacity: p.capacity,
		}, l.id+"\x00pool\x00"+p.kind+"\x00"+cmp.Or(p.group, p.name))
	}
	for _, r := range s.remote {
		add(inventory.Storage{
			Machine: l.id, Name: r.point, Kind: inventory.Mount, Class: r.class, Detail: r.kind,
			Capacity: inventory.Unknown[inventory.Bytes]("not asked for: a dead server would never answer", "df "+strconv.Quote(inventory.Text(r.point))),
		}, l.id+"\x00mount\x00"+r.point)
		if class, ok := r.class.Get(); ok && r.server != "" && class == inventory.IPArray {
			array(r.server, r.kind, class)
		}
	}
	slices.SortFunc(list, func(a, b inventory.Storage) int {
		return cmp.Or(strings.Compare(string(a.Kind), string(b.Kind)), strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID))
	})
	return list
}

// firstPath is the name of the first disk that leads to the same data.
func (s *stores) firstPath(d *disk) string {
	for _, other := range s.disks {
		if other.unit() == d.unit() {
			return other.name
		}
	}
	return d.name
}

// diskDetail says what a disk is, and over how many paths it is reached where they are joined.
func (s *stores) diskDetail(d *disk) string {
	text := d.model
	if d.make == bootCard || d.make == raidVolume {
		text += ", " + string(d.make)
	}
	if n := s.pathsOf(d); n > 0 {
		text = strings.TrimPrefix(text+", "+counted(n, "path"), ", ")
	}
	return text
}

// detail says what a pool is and which disks it stands on.
func (p *pool) detail(l *look) string {
	text := p.kind
	if p.level != "" {
		text += " " + p.level
	}
	if p.vague || len(p.on) == 0 {
		return text
	}
	var names []string
	for _, d := range p.on {
		name := cmp.Or(d.path, d.name)
		if d.image != "" {
			name += " (a file below " + l.mountOf(d.image).Point + ")"
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	const most = 16
	if len(names) > most {
		names = append(names[:most], "…")
	}
	return text + " on " + strings.Join(names, ", ")
}
