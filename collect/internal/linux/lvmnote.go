package linux

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// A VolumeGroupNote is what LVM has noted of a volume group in /etc/lvm/backup.
type VolumeGroupNote struct {
	Name    string
	ID      string // without hyphens, as in the UUID of the device mapper
	Extent  uint64 // sectors of 512 bytes
	Volumes []PhysicalVolumeNote
}

// A PhysicalVolumeNote is one disk, partition or other device of a volume group.
type PhysicalVolumeNote struct {
	Device  string // where it was when the note was made
	Sectors uint64 // of the device
	Extents uint64 // that it gives to the group
}

// Size is that of the whole group in bytes; the largest number where it does not fit.
func (g VolumeGroupNote) Size() int64 {
	var extents uint64
	for _, v := range g.Volumes {
		extents += min(v.Extents, 1<<40)
	}
	if g.Extent == 0 {
		return 0
	}
	if extents > math.MaxInt64/512/g.Extent {
		return math.MaxInt64
	}
	return int64(extents * g.Extent * 512)
}

// deepest is how far sections of a note may lie in each other. LVM needs four.
const deepest = 8

// ParseVolumeGroup reads a file of /etc/lvm/backup, in LVM's text format for one volume group: "key = value" and
// sections in braces, with comments behind "#". Only what VolumeGroupNote holds is kept: the description says which
// command somebody ran.
func ParseVolumeGroup(text string) (VolumeGroupNote, error) {
	var g VolumeGroupNote
	var sections []string
	bad := func(line string) error { return fmt.Errorf("volume group: %w: line %.60q", ErrFormat, line) }
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(withoutComment(line))
		switch name, opens := strings.CutSuffix(line, "{"); {
		case line == "":
		case line == "}":
			if len(sections) == 0 {
				return VolumeGroupNote{}, bad(line)
			}
			sections = sections[:len(sections)-1]
		case opens:
			if sections = append(sections, strings.TrimSpace(name)); len(sections) > deepest {
				return VolumeGroupNote{}, bad(line)
			}
			if len(sections) == 1 {
				if g.Name != "" {
					return VolumeGroupNote{}, bad(line) // a second group
				}
				g.Name = sections[0]
			}
			if len(sections) == 3 && sections[1] == "physical_volumes" {
				g.Volumes = append(g.Volumes, PhysicalVolumeNote{})
			}
		default:
			if key, value, ok := strings.Cut(line, " = "); ok && !g.set(sections, key, strings.Trim(value, `"`)) {
				return VolumeGroupNote{}, bad(line)
			}
		}
	}
	if g.Name == "" || len(sections) > 0 || g.Extent == 0 {
		return VolumeGroupNote{}, fmt.Errorf("volume group: %w: no whole group", ErrFormat)
	}
	return g, nil
}

// set takes one value over; false where it is not what it should be.
func (g *VolumeGroupNote) set(sections []string, key, value string) bool {
	number := func(to *uint64) bool {
		n, err := strconv.ParseUint(value, 10, 63)
		*to = n
		return err == nil
	}
	switch len(sections) {
	case 1:
		switch key {
		case "id":
			g.ID = strings.ReplaceAll(value, "-", "")
		case "extent_size":
			return number(&g.Extent)
		}
	case 3:
		if sections[1] != "physical_volumes" {
			return true
		}
		v := &g.Volumes[len(g.Volumes)-1]
		switch key {
		case "device":
			v.Device = value
		case "dev_size":
			return number(&v.Sectors)
		case "pe_count":
			return number(&v.Extents)
		}
	}
	return true
}

// withoutComment takes off what stands behind a "#" that is not in quotes.
func withoutComment(line string) string {
	quoted := false
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case '\\':
			i++
		case '"':
			quoted = !quoted
		case '#':
			if !quoted {
				return line[:i]
			}
		}
	}
	return line
}
