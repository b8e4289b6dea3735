package linux

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ProcStat is what /proc/stat says of the machine since it booted.
type ProcStat struct {
	Boot time.Time
	Busy float64 // core-seconds that were neither idle nor waiting for I/O nor taken by a hypervisor
}

// ParseProcStat reads /proc/stat. https://docs.kernel.org/filesystems/proc.html
func ParseProcStat(text string) (ProcStat, error) {
	var s ProcStat
	var haveCPU bool
	var busy uint64 // ticks
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, "cpu "); ok {
			// user nice system idle iowait irq softirq steal guest guest_nice; user holds guest already.
			for i, f := range strings.Fields(rest) {
				ticks, err := strconv.ParseUint(f, 10, 63)
				if err != nil {
					return ProcStat{}, fmt.Errorf("stat: %w: line %.60q", ErrFormat, line)
				}
				if i <= 2 || i == 5 || i == 6 {
					busy += ticks
				}
			}
			haveCPU = true
			s.Busy = float64(busy) / TicksPerSecond
		}
		if rest, ok := strings.CutPrefix(line, "btime "); ok {
			sec, err := strconv.ParseInt(strings.TrimSpace(rest), 10, 64)
			if err != nil || sec <= 0 {
				return ProcStat{}, fmt.Errorf("stat: %w: line %.60q", ErrFormat, line)
			}
			s.Boot = time.Unix(sec, 0).UTC()
		}
	}
	if !haveCPU || s.Boot.IsZero() {
		return ProcStat{}, fmt.Errorf("stat: %w: no cpu or btime line in %.60q", ErrFormat, text)
	}
	return s, nil
}

// ParseUptime reads the first number of /proc/uptime: seconds since boot.
func ParseUptime(text string) (float64, error) {
	first, _, _ := strings.Cut(strings.TrimSpace(text), " ")
	s, err := strconv.ParseFloat(first, 64)
	if err != nil || !(s >= 0 && s <= 1e11) { // which a NaN is not either
		return 0, fmt.Errorf("uptime: %w: %.60q", ErrFormat, text)
	}
	return s, nil
}
