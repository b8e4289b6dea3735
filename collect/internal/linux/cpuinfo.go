package linux

import (
	"fmt"
	"strings"
)

// CPUInfo is what /proc/cpuinfo says of the processors.
type CPUInfo struct {
	Processors int
	Model      string // of the first one; empty where the architecture shows none
	Vendor     string
	HasFlags   bool // an x86 list of flags is there, so that Hypervisor means something
	Hypervisor bool // the processor says that it is virtual
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
	return c, nil
}
