package linux

import (
	"bytes"
	"fmt"
)

// A PIDStat is what /proc/PID/stat says of a process. Times are in clock ticks (TicksPerSecond).
type PIDStat struct {
	PID         int
	Comm        string // at most 15 bytes, and whatever the process likes: blanks, brackets, no UTF-8
	State       byte
	PPID        int
	Session     int
	TTY         int    // device number of the terminal, 0 for none
	Flags       uint64 // PF_…
	CPUTicks    uint64 // user and system time, with that of children that were waited for
	Threads     int
	StartTicks  uint64 // since boot
	RSSPages    int64
	RTPriority  int // real-time priority, 0 for none
	Policy      int // SCHED_…: 0 other, 1 FIFO, 2 round robin, 6 deadline
	HasSchedule bool
}

// TicksPerSecond is USER_HZ, which is 100 on every architecture that Go runs on.
const TicksPerSecond = 100

const flagKernelThread = 0x00200000 // PF_KTHREAD of include/linux/sched.h

// KernelThread reports whether the process is a thread of the kernel.
func (s *PIDStat) KernelThread() bool {
	return s.Flags&flagKernelThread != 0 || s.PID == 2 && s.PPID == 0 && s.Comm == "kthreadd"
}

// Dead reports whether the process has ended and only waits to be collected.
func (s *PIDStat) Dead() bool { return s.State == 'Z' || s.State == 'X' || s.State == 'x' }

// ParsePIDStat reads the one line of /proc/PID/stat into s.
// https://docs.kernel.org/filesystems/proc.html
func ParsePIDStat(text []byte, s *PIDStat) error {
	*s = PIDStat{}
	// The name ends at the last bracket: it may hold brackets itself.
	open, end := bytes.IndexByte(text, '('), bytes.LastIndexByte(text, ')')
	if open < 2 || end < open || end+2 >= len(text) || text[open-1] != ' ' {
		return fmt.Errorf("stat: %w: %.60q", ErrFormat, text)
	}
	pid, ok := number(text[:open-1])
	if !ok {
		return fmt.Errorf("stat: %w: pid of %.60q", ErrFormat, text)
	}
	s.PID = int(pid)
	s.Comm = string(text[open+1 : end])
	rest := text[end+2:]
	for field := 3; len(rest) > 0; field++ {
		word, more, _ := bytes.Cut(rest, []byte{' '})
		if rest = more; len(rest) == 0 {
			word = bytes.TrimRight(word, "\n")
		}
		if field == 3 {
			if len(word) != 1 {
				return fmt.Errorf("stat: %w: state of %.60q", ErrFormat, text)
			}
			s.State = word[0]
			continue
		}
		if !wanted(field) {
			continue
		}
		v, ok := number(word)
		if !ok {
			return fmt.Errorf("stat: %w: field %d of %.60q", ErrFormat, field, text)
		}
		switch field {
		case 4:
			s.PPID = int(v)
		case 6:
			s.Session = int(v)
		case 7:
			s.TTY = int(v)
		case 9:
			s.Flags = uint64(v)
		case 14, 15, 16, 17:
			s.CPUTicks += uint64(max(v, 0))
		case 20:
			s.Threads = int(v)
		case 22:
			s.StartTicks = uint64(max(v, 0))
		case 24:
			s.RSSPages = v
		case 40:
			s.RTPriority = int(v)
		case 41:
			s.Policy, s.HasSchedule = int(v), true
			return nil
		}
	}
	if s.StartTicks == 0 && s.Flags == 0 && s.Threads == 0 {
		return fmt.Errorf("stat: %w: too few fields in %.60q", ErrFormat, text)
	}
	return nil
}

func wanted(field int) bool {
	switch field {
	case 4, 6, 7, 9, 14, 15, 16, 17, 20, 22, 24, 40, 41:
		return true
	}
	return false
}

// number reads a decimal number without allocating; false for anything else, and for what does not fit.
func number(b []byte) (int64, bool) {
	neg := len(b) > 1 && b[0] == '-'
	if neg {
		b = b[1:]
	}
	if len(b) == 0 || len(b) > 20 {
		return 0, false
	}
	var v uint64
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		d := uint64(c - '0')
		if v > (1<<64-1-d)/10 {
			return 0, false
		}
		v = v*10 + d
	}
	// Values beyond 63 bits (an unlimited rsslim) are not of the fields that are kept; they are clamped.
	n := int64(min(v, 1<<63-1))
	if neg {
		n = -n
	}
	return n, true
}
