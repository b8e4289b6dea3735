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
