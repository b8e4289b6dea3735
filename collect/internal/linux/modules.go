package linux

import (
	"fmt"
	"strconv"
	"strings"
)

// A Module is a loaded module of the kernel.
type Module struct {
	Name        string
	Users       int  // what holds it: other modules, open devices
	OutOfTree   bool // not part of the kernel's own sources
	Proprietary bool
}

// ParseModules reads /proc/modules, whose lines are: name, size, users, who uses it, state, address, and in brackets
// by which letters the module taints the kernel (kernel/module/procfs.c).
func ParseModules(text string) ([]Module, error) {
	var list []Module
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		if len(f) < 6 {
			return nil, fmt.Errorf("modules: %w: line %.60q", ErrFormat, line)
		}
		users, err := strconv.Atoi(f[2])
		if err != nil && f[2] != "-" { // a kernel that cannot unload modules does not count
			return nil, fmt.Errorf("modules: %w: line %.60q", ErrFormat, line)
		}
		m := Module{Name: f[0], Users: max(users, 0)}
		if last := f[len(f)-1]; strings.HasPrefix(last, "(") {
			m.OutOfTree, m.Proprietary = strings.Contains(last, "O"), strings.Contains(last, "P")
		}
		list = append(list, m)
	}
	return list, nil
}
