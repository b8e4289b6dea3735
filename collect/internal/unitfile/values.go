package unitfile

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// capabilityNames are the capabilities of Linux by bit, without their prefix CAP_.
// https://man7.org/linux/man-pages/man7/capabilities.7.html
var capabilityNames = []string{
	"CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP", "LINUX_IMMUTABLE",
	"NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT",
	"SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE",
	"AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ",
	"PERFMON", "BPF", "CHECKPOINT_RESTORE",
}

// allCapabilities has the bits of all of them.
var allCapabilities = uint64(1)<<len(capabilityNames) - 1

// capabilities merges an assignment into a set. A tilde in front takes the capabilities out of it; the first assignment
// and an empty one replace the set.
func (s *Settings) capabilities(key, value string, initial uint64) {
	value, invert := strings.CutPrefix(value, "~")
	var sum uint64
	for _, name := range words(value) {
		name = strings.TrimPrefix(strings.ToUpper(name), "CAP_")
		for bit, known := range capabilityNames {
			if name == known {
				sum |= 1 << bit
			}
		}
	}
	set, ok := s.caps[key]
	switch {
	case sum == 0 || !ok || set == initial:
		set = sum
		if invert {
			set = allCapabilities &^ sum
		}
	case invert:
		set &^= sum
	default:
		set |= sum
	}
	s.caps[key] = set
}

// Ambient are the capabilities that the commands get although they do not run as root, one bit each.
func (s Settings) Ambient() uint64 { return s.caps["Service.AmbientCapabilities"] }

// Bounding are the capabilities that the commands could ever get, one bit each.
func (s Settings) Bounding() uint64 {
	if set, ok := s.caps["Service.CapabilityBoundingSet"]; ok {
		return set
	}
	return allCapabilities
}

// spans are the units of time, in the words of systemd. A month is 30.44 days, and a year is 365.25.
// https://www.freedesktop.org/software/systemd/man/latest/systemd.time.html
var spans = map[string]float64{
	"": 1, "s": 1, "sec": 1, "second": 1, "seconds": 1, "ms": 1e-3, "msec": 1e-3, "us": 1e-6, "usec": 1e-6, "µs": 1e-6, "μs": 1e-6,
	"m": 60, "min": 60, "minute": 60, "minutes": 60, "h": 3600, "hr": 3600, "hour": 3600, "hours": 3600,
	"d": 86400, "day": 86400, "days": 86400, "w": 604800, "week": 604800, "weeks": 604800,
	"M": 2629800, "month": 2629800, "months": 2629800, "y": 31557600, "year": 31557600, "years": 31557600,
}

// Forever is a span of time without end.
const Forever = time.Duration(math.MaxInt64)

// ParseSpan reads a span of time: "1min 30s", "5", "infinity". False where it is none.
func ParseSpan(text string) (time.Duration, bool) {
	text = strings.Trim(text, " \t")
	if text == "infinity" {
		return Forever, true
	}
	total, any := 0.0, false
	for text != "" {
		n := 0
		for n < len(text) && (text[n] >= '0' && text[n] <= '9' || text[n] == '.') {
			n++
		}
		v, err := strconv.ParseFloat(text[:n], 64)
		if err != nil {
			return 0, false
		}
		text = strings.TrimLeft(text[n:], " \t")
		n = strings.IndexAny(text, " \t0123456789")
		if n < 0 {
			n = len(text)
		}
		unit, ok := spans[text[:n]]
		if !ok {
			return 0, false
		}
		total, any = total+v*unit, true
		text = strings.TrimLeft(text[n:], " \t")
	}
	switch {
	case !any:
		return 0, false
	case total >= Forever.Seconds():
		return Forever, true
	}
	return time.Duration(math.Round(total*1e6)) * time.Microsecond, true
}

// Span is a value that is a span of time; 0 where it is not set.
func (s Settings) Span(key string) time.Duration {
	d, _ := ParseSpan(s.single[key])
	return d
}

// Unlimited is a size without limit.
const Unlimited = int64(math.MaxInt64)

// ParseLimit reads a resource limit in bytes: "64M", "infinity", or a soft and a hard one as "64M:128M", of which the
// soft one counts. False where it is none.
func ParseLimit(text string) (int64, bool) {
	text, _, _ = strings.Cut(strings.TrimSpace(text), ":")
	if text == "infinity" {
		return Unlimited, true
	}
	if text == "" {
		return 0, false
	}
	shift := 0
	if i := strings.IndexByte("BKMGTPE", text[len(text)-1]); i >= 0 {
		shift, text = 10*i, strings.TrimSpace(text[:len(text)-1])
	}
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil || n > uint64(math.MaxInt64)>>shift {
		return 0, false
	}
	return int64(n) << shift, true
}

// Limit is a value that is a limit in bytes; 0 where it is not set.
func (s Settings) Limit(key string) int64 {
	n, _ := ParseLimit(s.single[key])
	return n
}

// Count is a value that is a whole number; 0 where it is not set.
func (s Settings) Count(key string) int {
	n, err := strconv.ParseUint(s.single[key], 10, 31)
	if err != nil {
		return 0
	}
	return int(n)
}
