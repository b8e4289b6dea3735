package linux

import "strings"

// A UdevDisk is what the database of udev (/run/udev/data/bMAJOR:MINOR) says of a block device, and nothing else of
// it. All may be empty.
type UdevDisk struct {
	Bus     string // ID_BUS: ata, scsi, usb, nvme
	Path    string // ID_PATH: how it is reached
	WWN     string // world-wide name, of the unit rather than of the device where that is said
	Vendor  string
	Model   string
	Holds   string // ID_FS_TYPE: what was found on it: ext4, LVM2_member, zfs_member, ceph_bluestore, …
	Table   string // ID_PART_TABLE_TYPE: gpt, dos
	Mapper  string // DM_NAME
	MapUUID string // DM_UUID
	Group   string // DM_VG_NAME
}

// ParseUdevDisk reads a file of the database of udev. Lines "E:KEY=VALUE" are properties; all others, and properties
// that are not named here, are passed over.
func ParseUdevDisk(text string) UdevDisk {
	var u UdevDisk
	for line := range strings.Lines(text) {
		property, ok := strings.CutPrefix(line, "E:")
		if !ok {
			continue
		}
		key, value, _ := strings.Cut(strings.TrimRight(property, "\r\n"), "=")
		switch key {
		case "ID_BUS":
			u.Bus = value
		case "ID_PATH":
			u.Path = value
		case "ID_WWN_WITH_EXTENSION":
			u.WWN = value
		case "ID_WWN":
			if u.WWN == "" {
				u.WWN = value
			}
		case "ID_VENDOR":
			u.Vendor = udevText(value)
		case "ID_MODEL":
			u.Model = udevText(value)
		case "ID_FS_TYPE":
			u.Holds = value
		case "ID_PART_TABLE_TYPE":
			u.Table = value
		case "DM_NAME":
			u.Mapper = value
		case "DM_UUID":
			u.MapUUID = value
		case "DM_VG_NAME":
			u.Group = value
		}
	}
	return u
}

// udevText undoes udev's replacing of blanks.
func udevText(s string) string { return strings.TrimSpace(strings.ReplaceAll(s, "_", " ")) }

// Fabric gives the protocol by which a disk outside the box is reached, from its ID_PATH: fc or iscsi, with the name
// of the target; empty for a disk in the box. The forms are "pci-0000:3a:00.0-fc-0x500a09818d12f3b4-lun-1" and
// "ip-10.0.0.1:3260-iscsi-iqn.1992-08.com.example:sn.1-lun-1".
func (u UdevDisk) Fabric() (protocol, target string) {
	for _, p := range []string{"fc", "iscsi"} {
		_, rest, ok := strings.Cut("-"+u.Path, "-"+p+"-")
		if !ok {
			continue
		}
		if i := strings.LastIndex(rest, "-lun-"); i >= 0 {
			rest = rest[:i]
		}
		return p, rest
	}
	return "", ""
}
