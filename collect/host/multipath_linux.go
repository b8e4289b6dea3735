package host

import (
	"slices"
	"strings"
)

// pathsOf counts the paths to the data of a disk, where something joins them; 0 where nothing does. One path that a
// multipath device stands on is no redundancy.
func (s *stores) pathsOf(d *disk) int {
	if d.path != "" || d.unit() != d.name {
		n := 0
		for _, other := range s.disks {
			if other.unit() == d.unit() {
				n++
			}
		}
		return n
	}
	n := 0
	if name := numberedSegment(d.link, "nvme-subsys"); name != "" {
		for _, c := range s.controllers {
			if c.group == name {
				n++
			}
		}
	}
	if n < 2 && d.array == "" {
		return 0 // a disk in the box that could have had a second port
	}
	return n
}

// failedPaths tells, for each unit that several paths lead to, which of them do not work. A path whose state is not
// shown counts as working.
func (l *look) failedPaths(s *stores) map[string][]string {
	failed := make(map[string][]string)
	for _, d := range s.disks {
		if d.path == "" {
			continue
		}
		state, err := l.fs.Line("/sys/block/" + d.name + "/device/state")
		if err == nil && state != "running" && state != "live" {
			failed[d.path] = append(failed[d.path], d.name+" is "+state)
		}
	}
	for _, c := range s.controllers {
		if c.group != "" && c.state != "" && c.state != "live" && !strings.HasPrefix(c.state, "delet") {
			failed[c.group] = append(failed[c.group], c.name+" is "+c.state)
		}
	}
	for _, list := range failed {
		slices.Sort(list)
	}
	return failed
}
