package linux

import (
	"fmt"
	"strconv"
	"strings"
)

// ParseUDPPorts reads /proc/PID/net/udp or udp6 and returns the local ports that sockets are bound to, those of the
// kernel's tunnels among them: as often as they come.
func ParseUDPPorts(text string) ([]int, error) {
	var ports []int
	first := true
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if first {
			if len(f) == 0 || f[0] != "sl" {
				return nil, fmt.Errorf("net/udp: %w: heading %.60q", ErrFormat, line)
			}
			first = false
			continue
		}
		if len(f) < 4 {
			return nil, fmt.Errorf("net/udp: %w: line %.60q", ErrFormat, line)
		}
		_, port, ok := strings.Cut(f[1], ":")
		n, err := strconv.ParseUint(port, 16, 16)
		if !ok || err != nil {
			return nil, fmt.Errorf("net/udp: %w: address %.60q", ErrFormat, f[1])
		}
		ports = append(ports, int(n))
	}
	if first {
		return nil, fmt.Errorf("net/udp: %w: it is empty", ErrFormat)
	}
	return ports, nil
}
