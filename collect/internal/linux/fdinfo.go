package linux

import (
	"fmt"
	"strconv"
	"strings"
)

// ParseWritable reads /proc/PID/fdinfo/FD and reports whether the file was opened for writing.
func ParseWritable(text string) (bool, error) {
	for line := range strings.Lines(text) {
		if value, ok := strings.CutPrefix(line, "flags:"); ok {
			flags, err := strconv.ParseUint(strings.TrimSpace(value), 8, 64)
			if err != nil {
				return false, fmt.Errorf("fdinfo: %w: line %.60q", ErrFormat, line)
			}
			const accessMode, readOnly = 3, 0
			return flags&accessMode != readOnly, nil
		}
	}
	return false, fmt.Errorf("fdinfo: %w: no flags in %.60q", ErrFormat, text)
}

// ELFBits reads the beginning of a program and returns the width of its addresses, 32 or 64; 0 where it is no ELF file.
func ELFBits(header []byte) int {
	if len(header) < 5 || string(header[:4]) != "\x7fELF" {
		return 0
	}
	switch header[4] {
	case 1:
		return 32
	case 2:
		return 64
	}
	return 0
}
