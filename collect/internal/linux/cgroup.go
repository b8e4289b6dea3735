package linux

import (
	"fmt"
	"strings"
)

// Cgroups are the control groups of one process, from /proc/PID/cgroup.
type Cgroups struct {
	Unified string            // path in the version 2 hierarchy; empty where there is none
	Systemd string            // path in the version 1 hierarchy that systemd names its units in; empty where there is none
	V1      map[string]string // path by version 1 controller
}

// ParseCgroups reads /proc/PID/cgroup. https://man7.org/linux/man-pages/man7/cgroups.7.html
func ParseCgroups(text string) (Cgroups, error) {
	var c Cgroups
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		id, rest, ok := strings.Cut(line, ":")
		controllers, path, ok2 := strings.Cut(rest, ":")
		if !ok || !ok2 || id == "" || !strings.HasPrefix(path, "/") {
			return Cgroups{}, fmt.Errorf("cgroup: %w: line %.60q", ErrFormat, line)
		}
		// The kernel says so where a process outlived its group.
		path = strings.TrimSuffix(path, " (deleted)")
		switch {
		case id == "0" && controllers == "":
			c.Unified = path
		case controllers == "name=systemd":
			c.Systemd = path
		default:
			if c.V1 == nil {
				c.V1 = make(map[string]string)
			}
			for name := range strings.SplitSeq(controllers, ",") {
				c.V1[name] = path
			}
		}
	}
	if c.Unified == "" && c.Systemd == "" && len(c.V1) == 0 {
		return Cgroups{}, fmt.Errorf("cgroup: %w: no group in %.60q", ErrFormat, text)
	}
	return c, nil
}

// v1Order is where to look for a telling path when systemd keeps none: controllers that container engines use.
var v1Order = []string{"pids", "memory", "cpu", "cpuacct", "devices", "freezer", "blkio", "cpuset"}

// Path is the path that says most about whose process it is: that of version 2 unless it is the root, as it is
// on hybrid hosts, then that of systemd, then that of a version 1 controller.
func (c *Cgroups) Path() string {
	for _, p := range []string{c.Unified, c.Systemd} {
		if p != "" && p != "/" {
			return p
		}
	}
	for _, name := range v1Order {
		p := c.V1[name]
		if k := ClassifyCgroup(p).Kind; k != CgroupRoot && k != CgroupOutside {
			return p
		}
	}
	return "/"
}
