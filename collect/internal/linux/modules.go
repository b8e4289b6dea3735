package linux

import (
	"fmt"
	"strings"
)

// A Module is one that is loaded into the kernel.
type Module struct {
	Name      string
	OutOfTree bool // not built with the kernel
}

// ParseModules reads /proc/modules. A kernel without modules has no such file.
func ParseModules(text string) ([]Module, error) {
	var list []Module
	for line := range strings.Lines(text) {
		// name size references users state address (taints)
		f := strings.Fields(line)
		if len(f) < 6 {
			return nil, fmt.Errorf("modules: %w: line %.60q", ErrFormat, line)
		}
		m := Module{Name: f[0]}
		if len(f) > 6 {
			m.OutOfTree = strings.HasPrefix(f[6], "(") && strings.Contains(f[6], "O")
		}
		list = append(list, m)
	}
	return list, nil
}
