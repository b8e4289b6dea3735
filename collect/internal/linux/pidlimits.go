package linux

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// PIDLimits are the soft limits of a process that matter here.
type PIDLimits struct {
	Locked   int64 // memory that it may lock, in bytes; math.MaxInt64 for no limit
	RealTime int   // highest real-time priority that it may take
}

// ParsePIDLimits reads /proc/PID/limits.
func ParsePIDLimits(text string) (PIDLimits, error) {
	var l PIDLimits
	seen := false
	for line := range strings.Lines(text) {
		name := strings.TrimRight(line[:min(len(line), 26)], " \n") // the columns have fixed widths
		if name != "Max locked memory" && name != "Max realtime priority" {
			continue
		}
		f := strings.Fields(line[min(len(line), 26):])
		if len(f) == 0 {
			return l, fmt.Errorf("limits: %w: line %.60q", ErrFormat, line)
		}
		v := int64(math.MaxInt64)
		if f[0] != "unlimited" {
			n, err := strconv.ParseUint(f[0], 10, 64)
			if err != nil {
				return l, fmt.Errorf("limits: %w: line %.60q", ErrFormat, line)
			}
			v = int64(min(n, math.MaxInt64))
		}
		seen = true
		if name == "Max locked memory" {
			l.Locked = v
		} else {
			l.RealTime = int(min(v, 99))
		}
	}
	if !seen {
		return l, fmt.Errorf("limits: %w: %.60q", ErrFormat, text)
	}
	return l, nil
}
