package linux

import (
	"bytes"
	"path"
	"strings"
)

// RedactCrontab leaves of a crontab the programs that it runs, one a line. System crontabs name a user before the
// command. Only absolute paths are kept: those of a program's own directory are all that is looked for.
func RedactCrontab(text []byte) []byte {
	var out bytes.Buffer
	for line := range bytes.Lines(text) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		if line[0] == '/' { // redacted before
			out.Write(bytes.Fields(line)[0])
			out.WriteByte('\n')
			continue
		}
		f := strings.Fields(string(line))
		begin := 5
		if strings.HasPrefix(f[0], "@") {
			begin = 1
		}
		if strings.Contains(f[0], "=") || len(f) <= begin {
			continue // a variable
		}
		// The command, or the user and then the command; a path in its arguments is not looked for.
		for _, word := range f[begin:min(len(f), begin+2)] {
			if strings.HasPrefix(word, "/") && !strings.ContainsAny(word, `;&|"'=<>`) {
				out.WriteString(path.Clean(word) + "\n")
				break
			}
		}
	}
	return out.Bytes()
}

// RedactPreload leaves of /etc/ld.so.preload a line for each library, without its name.
func RedactPreload(text []byte) []byte {
	var out bytes.Buffer
	for line := range bytes.Lines(text) {
		line, _, _ = bytes.Cut(line, []byte("#"))
		for range bytes.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t\n:", r) }) {
			out.WriteString("library\n")
		}
	}
	return out.Bytes()
}

// RedactExports leaves of /etc/exports the directories that are exported, one a line.
func RedactExports(text []byte) []byte {
	var out bytes.Buffer
	for line := range bytes.Lines(text) {
		line, _, _ = bytes.Cut(line, []byte("#"))
		f := bytes.Fields(line)
		if len(f) > 0 && f[0][0] == '/' {
			out.Write(f[0])
			out.WriteByte('\n')
		}
	}
	return out.Bytes()
}

// graphicalLibraries are how the names of libraries begin that a program with windows maps.
var graphicalLibraries = []string{"libX11.so", "libxcb.so", "libwayland-client.so", "libgtk-", "libQt5Gui.so", "libQt6Gui.so", "libQtGui.so", "libSDL"}

// RedactMaps leaves of /proc/PID/maps the names of libraries that draw windows, each once.
func RedactMaps(text []byte) []byte {
	var out bytes.Buffer
	seen := make(map[string]bool)
	for line := range bytes.Lines(text) {
		name := path.Base(strings.TrimSpace(string(line[bytes.LastIndexByte(line, ' ')+1:])))
		for _, l := range graphicalLibraries {
			if strings.HasPrefix(name, l) && !seen[name] {
				seen[name] = true
				out.WriteString(name + "\n")
			}
		}
	}
	return out.Bytes()
}
