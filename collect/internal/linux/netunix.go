package linux

import (
	"fmt"
	"slices"
	"strings"
)

// ParseListening reads /proc/net/unix and returns the paths of stream sockets that are listened on, sorted. A
// path in the abstract namespace begins with "@". It needs no right on the sockets themselves.
func ParseListening(text string) ([]string, error) {
	var paths []string
	first := true
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if first {
			if !strings.HasPrefix(line, "Num") {
				return nil, fmt.Errorf("net/unix: %w: heading %.60q", ErrFormat, line)
			}
			first = false
			continue
		}
		// Num: RefCount Protocol Flags Type St Inode Path; the path is last and may hold blanks.
		rest := line
		var fields [7]string
		for i := range fields {
			rest = strings.TrimLeft(rest, " ")
			fields[i], rest, _ = strings.Cut(rest, " ")
		}
		if fields[6] == "" {
			return nil, fmt.Errorf("net/unix: %w: line %.60q", ErrFormat, line)
		}
		const accepting = "00010000" // __SO_ACCEPTCON
		if fields[3] == accepting && rest != "" {
			paths = append(paths, rest)
		}
	}
	if first {
		return nil, fmt.Errorf("net/unix: %w: it is empty", ErrFormat)
	}
	slices.Sort(paths)
	return slices.Compact(paths), nil
}
