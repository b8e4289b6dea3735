package linux

import "strings"

// VolumeGroup takes the volume group off the name of an LVM device: group and volume are joined by one hyphen, and
// hyphens of their own are doubled.
func VolumeGroup(name string) string {
	for i := 0; i < len(name); i++ {
		if name[i] != '-' {
			continue
		}
		if i+1 < len(name) && name[i+1] == '-' {
			i++
			continue
		}
		name = name[:i]
		break
	}
	return strings.ReplaceAll(name, "--", "-")
}

// MapperKind says who made a device of the device mapper.
type MapperKind string

// The makers that are told apart.
const (
	MapperLVM       MapperKind = "lvm"
	MapperMultipath MapperKind = "multipath"
	MapperCrypt     MapperKind = "crypt"
	MapperVDO       MapperKind = "vdo"
	MapperStratis   MapperKind = "stratis"
	MapperPartition MapperKind = "partition" // of another device of the mapper
	MapperOther     MapperKind = ""
)

// A MapperUUID is what the UUID of a device of the device mapper (/sys/block/dm-N/dm/uuid) says.
type MapperUUID struct {
	Kind  MapperKind
	Group string // LVM: identifier of the volume group, 32 characters
	Layer string // LVM: part that the device plays in a volume of several: tpool, tdata, cdata, vpool, …; empty for a plain one
}

// mapperPrefixes are what stands before the first hyphen.
var mapperPrefixes = map[string]MapperKind{
	"LVM": MapperLVM, "mpath": MapperMultipath, "CRYPT": MapperCrypt, "VDO": MapperVDO, "stratis": MapperStratis,
}

// ParseMapperUUID reads the UUID of a device of the device mapper. LVM writes "LVM-", the identifiers of group and
// volume without hyphens, 32 characters each, and for a device inside a volume a hyphen and its layer
// (lib/activate/dev_manager.c of LVM2).
func ParseMapperUUID(text string) MapperUUID {
	prefix, rest, ok := strings.Cut(strings.TrimSpace(text), "-")
	if !ok {
		return MapperUUID{}
	}
	if n, found := strings.CutPrefix(prefix, "part"); found && n != "" && strings.Trim(n, "0123456789") == "" {
		return MapperUUID{Kind: MapperPartition}
	}
	u := MapperUUID{Kind: mapperPrefixes[prefix]}
	if u.Kind != MapperLVM {
		return u
	}
	ids, layer, _ := strings.Cut(rest, "-")
	if len(ids) == 64 {
		u.Group = ids[:32]
	}
	u.Layer = layer
	return u
}
