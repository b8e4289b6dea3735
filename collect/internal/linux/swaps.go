package linux

import "strings"

// ParseSwaps lists the devices and files of /proc/swaps, which begins with a line of headings.
func ParseSwaps(text string) []string {
	var list []string
	for line := range strings.Lines(text) {
		if f := strings.Fields(line); len(f) >= 3 && strings.HasPrefix(f[0], "/") {
			list = append(list, unescapeOctal(f[0]))
		}
	}
	return list
}
