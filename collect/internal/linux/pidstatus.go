package linux

import (
	"fmt"
	"strconv"
	"strings"
)

// A PIDStatus is what /proc/PID/status says of a process. Fields that a kernel does not show stay nil or zero
// with their Has flag unset.
type PIDStatus struct {
	NSPID     []int  // the process in each process namespace, outermost first; empty before Linux 4.1
	UID       int    // real user
	CapEff    uint64 // effective capabilities, one bit each
	HasCap    bool
	CapBnd    uint64 // capabilities that it could ever get
	Locked    int64  // locked memory in bytes
	HugePages int64  // memory in huge pages, in bytes
	TracerPID int
	Seccomp   int
	CPUs      string // processors that it may run on, as a list
}

// Nested reports whether the process lives in a process namespace below the reader's.
func (s *PIDStatus) Nested() bool { return len(s.NSPID) > 1 }

// ParsePIDStatus reads /proc/PID/status.
// https://docs.kernel.org/filesystems/proc.html
func ParsePIDStatus(text string) (PIDStatus, error) {
	s := PIDStatus{UID: -1}
	seen := false
	for line := range strings.Lines(text) {
		key, value, ok := strings.Cut(line, ":")
		if !ok {
			return s, fmt.Errorf("status: %w: line %.60q", ErrFormat, line)
		}
		value = strings.TrimSpace(value)
		var err error
		switch key {
		case "Pid":
			seen = true
		case "NSpid":
			for _, f := range strings.Fields(value) {
				pid, perr := strconv.Atoi(f)
				if perr != nil {
					err = perr
					break
				}
				s.NSPID = append(s.NSPID, pid)
			}
		case "Uid":
			first, _, _ := strings.Cut(value, "\t")
			s.UID, err = strconv.Atoi(strings.TrimSpace(first))
		case "CapEff":
			s.CapEff, err = strconv.ParseUint(value, 16, 64)
			s.HasCap = err == nil
		case "CapBnd":
			s.CapBnd, err = strconv.ParseUint(value, 16, 64)
		case "VmLck":
			s.Locked, err = kilobytes(value)
		case "HugetlbPages":
			s.HugePages, err = kilobytes(value)
		case "Cpus_allowed_list":
			s.CPUs = value
		case "TracerPid":
			s.TracerPID, err = strconv.Atoi(value)
		case "Seccomp":
			s.Seccomp, err = strconv.Atoi(value)
		}
		if err != nil {
			return s, fmt.Errorf("status: %w: line %.60q", ErrFormat, line)
		}
	}
	if !seen {
		return s, fmt.Errorf("status: %w: no Pid in %.60q", ErrFormat, text)
	}
	return s, nil
}

// kilobytes reads "12 kB" into bytes.
func kilobytes(value string) (int64, error) {
	num, ok := strings.CutSuffix(value, " kB")
	kb, err := strconv.ParseUint(strings.TrimSpace(num), 10, 52)
	if err != nil || !ok {
		return 0, fmt.Errorf("%w: want a number of kB, have %.40q", ErrFormat, value)
	}
	return int64(kb) << 10, nil
}
