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
	Sockets    int     // processors that the logical ones are parts of; 0 where the text does not say it of each
	Cores      int     // cores of them, their threads counted once; 0 as well
}

// ParseCPUInfo reads /proc/cpuinfo, which has one block of "key : value" lines for each processor.
func ParseCPUInfo(text string) (CPUInfo, error) {
	var c CPUInfo
	var parts topology
	for line := range strings.Lines(text) {
		key, value, ok := strings.Cut(line, ":")
		if !ok {
			if strings.TrimSpace(line) != "" {
				return CPUInfo{}, fmt.Errorf("cpuinfo: %w: line %.60q", ErrFormat, line)
			}
			continue
		}
		// Of blocks after the first only their place is looked at; the rest is alike and long.
		key = strings.TrimSpace(key)
		if key == "processor" || strings.HasPrefix(key, "processor ") { // s390 writes "processor 0: …"
			c.Processors++
			continue
		}
		parts.note(key, value)
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
	c.Sockets, c.Cores = parts.count(c.Processors)
	return c, nil
}

// A topology collects where the logical processors sit: x86 gives a number to each socket, and in it to each core.
type topology struct {
	socket string // of the block that is being read
	blocks int    // that say both
	cores  map[[2]string]bool
}

func (t *topology) note(key, value string) {
	switch key {
	case "physical id":
		t.socket = strings.TrimSpace(value)
	case "core id": // it comes after the socket
		if t.cores == nil {
			t.cores = map[[2]string]bool{}
		}
		t.cores[[2]string{t.socket, strings.TrimSpace(value)}] = true
		if t.socket != "" {
			t.blocks++
		}
		t.socket = ""
	}
}

// count gives the numbers of sockets and cores, or zeros where some of the processors do not say where they sit.
func (t *topology) count(processors int) (sockets, cores int) {
	if t.blocks != processors {
		return 0, 0
	}
	seen := map[string]bool{}
	for c := range t.cores {
		seen[c[0]] = true
	}
	return len(seen), len(t.cores)
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
