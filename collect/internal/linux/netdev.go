package linux

import (
	"fmt"
	"strconv"
	"strings"
)

// NetCounters are the bytes that an interface has carried since it was made.
type NetCounters struct {
	Name     string
	Received uint64
	Sent     uint64
}

// ParseNetDev reads /proc/PID/net/dev: two lines of heading, then an interface on each.
func ParseNetDev(text string) ([]NetCounters, error) {
	var list []NetCounters
	row := 0
	for line := range strings.Lines(text) {
		if row++; row <= 2 {
			continue
		}
		name, rest, ok := strings.Cut(line, ":")
		fields := strings.Fields(rest)
		if !ok || len(fields) < 9 {
			return nil, fmt.Errorf("net/dev: %w: line %.60q", ErrFormat, line)
		}
		rx, err1 := strconv.ParseUint(fields[0], 10, 64)
		tx, err2 := strconv.ParseUint(fields[8], 10, 64)
		if err1 != nil || err2 != nil {
			return nil, fmt.Errorf("net/dev: %w: line %.60q", ErrFormat, line)
		}
		list = append(list, NetCounters{Name: strings.TrimSpace(name), Received: rx, Sent: tx})
	}
	if row < 2 {
		return nil, fmt.Errorf("net/dev: %w: no heading in %.60q", ErrFormat, text)
	}
	return list, nil
}
