package linux

import "strings"

// Uevent finds a key in the text of a uevent file of /sys; empty where it is not there.
func Uevent(text, key string) string {
	for line := range strings.Lines(text) {
		if v, ok := strings.CutPrefix(line, key+"="); ok {
			return strings.TrimSpace(v)
		}
	}
	return ""
}
