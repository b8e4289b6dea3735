package host

import (
	"cmp"
	"strings"
)

// An nvmeController is one way to the disks of an NVMe subsystem. The secrets of authentication that lie beside
// these facts are never read, and their directory is not listed.
type nvmeController struct {
	name, transport, subsystem, state, model string
	group                                    string // device that joins the ways to one subsystem; empty where none is shown
}

func (l *look) nvmeControllers() []nvmeController {
	const dir = "/sys/class/nvme"
	names, err := l.fs.Names(dir)
	if err != nil {
		return nil
	}
	groups := make(map[string]string)
	if list, err := l.fs.Names("/sys/class/nvme-subsystem"); err == nil {
		for _, g := range list {
			if nqn, err := l.fs.Line("/sys/class/nvme-subsystem/" + g + "/subsysnqn"); err == nil && nqn != "" {
				groups[nqn] = g
			}
		}
	}
	var list []nvmeController
	for _, name := range names {
		c := nvmeController{name: name}
		for file, to := range map[string]*string{"transport": &c.transport, "subsysnqn": &c.subsystem, "state": &c.state, "model": &c.model} {
			*to, _ = l.fs.Line(dir + "/" + name + "/" + file)
		}
		c.group = groups[c.subsystem]
		list = append(list, c)
	}
	return list
}

// nvmeOf finds a controller that leads to a disk; empty where it is no NVMe disk. The number in the name of a disk is
// that of its subsystem where paths are joined, and that of its controller where they are not.
func (l *look) nvmeOf(s *stores, d *disk) nvmeController {
	rest, ok := strings.CutPrefix(d.name, "nvme")
	if !ok {
		return nvmeController{}
	}
	number, _, _ := strings.Cut(rest, "n")
	group, controller := numberedSegment(d.link, "nvme-subsys"), cmp.Or(numberedSegment(d.link, "nvme"), "nvme"+number)
	for _, c := range s.controllers {
		if group != "" && c.group == group || group == "" && c.name == controller {
			return c
		}
	}
	return nvmeController{}
}
