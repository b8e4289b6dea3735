package linux

import (
	"fmt"
	"strings"
)

// A MountEntry is one line of /proc/PID/mountinfo.
type MountEntry struct {
	Device  string // major:minor
	Root    string // which part of the file system is mounted
	Point   string
	Options string // of the mount
	FSType  string
	Source  string
	Super   string // options of the file system; may name servers, never kept in an inventory
}

// HasOption reports whether a comma-separated list of options holds one.
func HasOption(list, option string) bool {
	for o := range strings.SplitSeq(list, ",") {
		if o == option {
			return true
		}
	}
	return false
}

// ParseMountinfo reads /proc/PID/mountinfo, in the order of mounting.
// https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html
func ParseMountinfo(text string) ([]MountEntry, error) {
	var list []MountEntry
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		// Optional fields of unknown number stand before a lone hyphen.
		left, right, ok := strings.Cut(line, " - ")
		l, r := strings.Split(left, " "), strings.Split(right, " ")
		if !ok || len(l) < 6 || len(r) < 2 {
			return nil, fmt.Errorf("mountinfo: %w: line %.60q", ErrFormat, line)
		}
		m := MountEntry{
			Device: l[2], Root: unescapeOctal(l[3]), Point: unescapeOctal(l[4]), Options: l[5],
			FSType: unescapeOctal(r[0]), Source: unescapeOctal(r[1]),
		}
		if len(r) > 2 {
			m.Super = r[2]
		}
		list = append(list, m)
	}
	return list, nil
}

// unescapeOctal undoes the kernel's escaping of blanks: \040 is a space.
func unescapeOctal(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) && s[i+1] >= '0' && s[i+1] <= '3' && octal(s[i+2]) && octal(s[i+3]) {
			b.WriteByte((s[i+1]-'0')<<6 | (s[i+2]-'0')<<3 | (s[i+3] - '0'))
			i += 3
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func octal(c byte) bool { return c >= '0' && c <= '7' }
