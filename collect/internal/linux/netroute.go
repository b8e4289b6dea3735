package linux

import "strings"

// ParseRouteLinks reads /proc/PID/net/route: a heading, then a route of IPv4 on each line. It returns the names of the
// links that routes lead over, as often as they come. Lines that are cut off are left out.
func ParseRouteLinks(text string) []string {
	var names []string
	first := true
	for line := range strings.Lines(text) {
		if first {
			first = false
			continue
		}
		if f := strings.Fields(line); len(f) >= 8 && f[0] != "*" {
			names = append(names, f[0])
		}
	}
	return names
}
