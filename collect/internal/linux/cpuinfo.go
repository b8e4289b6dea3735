package linux

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// CPUInfo is what /proc/cpuinfo says of the processors.
type CPUInfo struct {
	Processors int
	Model      string // of the first one; empty where the architecture shows none
	Vendor     string
	HasFlags   bool    // an x86 list of flags is there, so that Hypervisor means something
	Hypervisor bool    // the processor says that it is virtual
	MHz        float64 // nominal clock of the first one, where the text says it; else 0
}

// ParseCPUInfo reads /proc/cpuinfo, which has one block of "key : value" lines for each processor.
func ParseCPUInfo(text string) (CPUInfo, error) {
	var c CPUInfo
	for line := range strings.Lines(text) {
		key, value, ok := strings.Cut(line, ":")
		if !ok {
			if strings.TrimSpace(line) != "" {
				return CPUInfo{}, fmt.Errorf("cpuinfo: %w: line %.60q", ErrFormat, line)
			}
			continue
		}
		// Only the first block is looked into; the others are alike and long.
		key = strings.TrimSpace(key)
		if key == "processor" || strings.HasPrefix(key, "processor ") { // s390 writes "processor 0: …"
			c.Processors++
			continue
		}
		if key == "cpu MHz static" && c.MHz == 0 { // s390, below all its processors; "cpu MHz" elsewhere is the clock of this moment
			c.MHz = clock(value, 1)
		}
		if c.Processors > 1 {
			continue
		}
		value = strings.TrimSpace(value)
		switch key {
		case "model name", "Model", "cpu", "Processor":
			if c.Model == "" {
				c.Model = value
			}
		case "vendor_id":
			c.Vendor = value
		case "flags":
			c.HasFlags = true
			for f := range strings.FieldsSeq(value) {
				if f == "hypervisor" {
					c.Hypervisor = true
				}
			}
		}
	}
	if c.Processors == 0 {
		return CPUInfo{}, fmt.Errorf("cpuinfo: %w: no processor in %.60q", ErrFormat, text)
	}
	if c.MHz == 0 {
		c.MHz = modelClock(c.Model)
	}
	return c, nil
}

// modelClock finds the nominal clock in a name like "Intel(R) Xeon(R) Gold 6230 CPU @ 2.10GHz", in MHz; 0 where it
// is not there.
func modelClock(model string) float64 {
	_, text, ok := strings.Cut(model, "@")
	if !ok {
		return 0
	}
	text = strings.TrimSpace(text)
	if number, ok := strings.CutSuffix(text, "GHz"); ok {
		return clock(number, 1000)
	}
	number, ok := strings.CutSuffix(text, "MHz")
	if !ok {
		return 0
	}
	return clock(number, 1)
}

// clock accepts numbers of MHz that a processor may have.
func clock(text string, unit float64) float64 {
	v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || !(v*unit >= 1 && v*unit < 100_000) {
		return 0
	}
	return math.Round(v * unit)
}
