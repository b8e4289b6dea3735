package linux

import "strings"

// ShellValue finds what a file of shell assignments, such as /etc/sysconfig/sysstat, assigns to a name last. Quotes are
// taken off; nothing is expanded, so a value that would have to be is empty.
func ShellValue(text, name string) string {
	value := ""
	for line := range strings.Lines(text) {
		line = strings.TrimPrefix(strings.TrimSpace(line), "export ")
		rest, ok := strings.CutPrefix(line, name+"=")
		if !ok {
			continue
		}
		if len(rest) > 0 && (rest[0] == '"' || rest[0] == '\'') {
			rest, _, _ = strings.Cut(rest[1:], rest[:1])
		} else if i := strings.IndexAny(rest, " \t;#"); i >= 0 {
			rest = rest[:i]
		}
		if value = rest; strings.ContainsAny(rest, "$`\\\x00") {
			value = ""
		}
	}
	return value
}
