package linux

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Pressure is what share of the time some of the work had to wait for something: for a processor, or for memory to be
// made free. Averages are in percent, over the last 10, 60 and 300 seconds.
type Pressure struct {
	Avg10, Avg60, Avg300 float64
	Total                time.Duration // since the group was made
}

// ParsePressure reads the "some" line of a pressure file: /proc/pressure/cpu, or cpu.pressure of a control group. The
// line "full", on which all of the work waited, says less about work of several parts.
// https://docs.kernel.org/accounting/psi.html
func ParsePressure(text string) (Pressure, error) {
	for line := range strings.Lines(text) {
		rest, ok := strings.CutPrefix(line, "some ")
		if !ok {
			continue
		}
		var p Pressure
		seen := 0
		for _, word := range strings.Fields(rest) {
			key, value, _ := strings.Cut(word, "=")
			var err error
			switch key {
			case "avg10":
				p.Avg10, err = percent(value)
			case "avg60":
				p.Avg60, err = percent(value)
			case "avg300":
				p.Avg300, err = percent(value)
			case "total":
				var us uint64
				us, err = strconv.ParseUint(value, 10, 53)
				p.Total = time.Duration(us) * time.Microsecond
			default:
				continue
			}
			if err != nil {
				return Pressure{}, fmt.Errorf("pressure: %w: line %.80q", ErrFormat, line)
			}
			seen++
		}
		if seen == 4 {
			return p, nil
		}
		return Pressure{}, fmt.Errorf("pressure: %w: line %.80q", ErrFormat, line)
	}
	return Pressure{}, fmt.Errorf("pressure: %w: no line \"some\" in %.60q", ErrFormat, text)
}

func percent(text string) (float64, error) {
	v, err := strconv.ParseFloat(text, 64)
	if err == nil && !(v >= 0 && v <= 100) { // which a NaN is not either
		err = ErrFormat
	}
	return v, err
}
