package linux

import (
	"fmt"
	"strings"
)

// Meminfo is what /proc/meminfo says of the main memory, in bytes. What it does not say is zero.
type Meminfo struct {
	Total     int64
	Available int64 // what could be given to new work without swapping; since Linux 3.14
	SwapTotal int64
	SwapFree  int64
}

// ParseMeminfo reads /proc/meminfo. https://docs.kernel.org/filesystems/proc.html
func ParseMeminfo(text string) (Meminfo, error) {
	var m Meminfo
	for line := range strings.Lines(text) {
		key, value, ok := strings.Cut(line, ":")
		if !ok {
			return Meminfo{}, fmt.Errorf("meminfo: %w: line %.60q", ErrFormat, line)
		}
		var into *int64
		switch key {
		case "MemTotal":
			into = &m.Total
		case "MemAvailable":
			into = &m.Available
		case "SwapTotal":
			into = &m.SwapTotal
		case "SwapFree":
			into = &m.SwapFree
		default:
			continue
		}
		v, err := kilobytes(strings.TrimSpace(value))
		if err != nil {
			return Meminfo{}, fmt.Errorf("meminfo: %w: line %.60q", ErrFormat, line)
		}
		*into = v
	}
	if m.Total == 0 {
		return Meminfo{}, fmt.Errorf("meminfo: %w: no MemTotal in %.60q", ErrFormat, text)
	}
	return m, nil
}
