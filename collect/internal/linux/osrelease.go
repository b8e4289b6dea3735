package linux

import (
	"fmt"
	"strings"
)

// ReadOSRelease reads os-release from its two places, the local one first.
func ReadOSRelease(f FS) (map[string]string, error) {
	text, err := f.Read("/etc/os-release", SmallFile)
	if err != nil {
		var second error
		if text, second = f.Read("/usr/lib/os-release", SmallFile); second == nil || Gone(err) {
			err = second // that the first could not be read says more than that the second is not there
		}
	}
	if err != nil {
		return nil, err
	}
	return ParseOSRelease(string(text))
}

// ParseOSRelease reads KEY=value lines, where a value may stand in single or double quotes. Later lines win.
// https://www.freedesktop.org/software/systemd/man/latest/os-release.html
func ParseOSRelease(text string) (map[string]string, error) {
	vars := make(map[string]string)
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		key, value, ok := strings.Cut(line, "=")
		if !ok || key == "" || strings.ContainsAny(key, " \t\"'") {
			return nil, fmt.Errorf("os-release: %w: line %.60q", ErrFormat, line)
		}
		value, err := unquote(value)
		if err != nil {
			return nil, fmt.Errorf("os-release: %w: line %.60q", ErrFormat, line)
		}
		vars[key] = value
	}
	return vars, nil
}

// unquote takes shell quotes off. A backslash in double quotes or in bare text keeps the next character.
func unquote(s string) (string, error) {
	if len(s) > 0 && s[0] == '\'' {
		inner, rest, ok := strings.Cut(s[1:], "'")
		if !ok || rest != "" {
			return "", ErrFormat
		}
		return inner, nil
	}
	quoted := len(s) > 0 && s[0] == '"'
	if quoted {
		s = s[1:]
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case c == '"' && quoted:
			if i+1 != len(s) {
				return "", ErrFormat
			}
			return b.String(), nil
		default:
			b.WriteByte(c)
		}
	}
	if quoted {
		return "", ErrFormat
	}
	return b.String(), nil
}
