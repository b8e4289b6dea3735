// Package unitfile reads unit files of systemd with its semantics: what a list is, what resets it, which of several
// files wins. It reads no files itself, and it keeps no environment, credentials or arguments of commands.
package unitfile

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/coreos/go-systemd/v22/unit"

	"github.com/infraopt/infraopt/collect/internal/linux"
)

// An assignment is one line of a unit file.
type assignment struct{ section, key, value string }

// A File is one unit file or one of its drop-ins.
type File struct{ lines []assignment }

// Parse reads the text of a unit file. What systemd would ignore is ignored; a line that is longer than systemd's own
// limit of 2048 bytes after what may be secret was taken out is an error.
func Parse(text []byte) (File, error) {
	// The library takes lines without "=" for errors and comments between continued lines for values, where systemd
	// ignores them. Cleaning takes those out, too.
	options, err := unit.DeserializeOptions(bytes.NewReader(linux.CleanUnit(text)))
	if err != nil {
		return File{}, fmt.Errorf("unit file: %w", err)
	}
	f := File{lines: make([]assignment, 0, len(options))}
	for _, o := range options {
		f.lines = append(f.lines, assignment{o.Section, o.Name, o.Value})
	}
	return f, nil
}

// Settings are what a unit file and its drop-ins say together. Keys are written with their section: "Service.Type".
type Settings struct {
	name   string // of the unit
	single map[string]string
	lists  map[string][]string
	caps   map[string]uint64
}

// lists are the settings that hold several values, and what an empty assignment does to them.
var lists = map[string]struct{ additive, words bool }{
	// Dependencies cannot be taken back.
	"Unit.After": {true, true}, "Unit.BindsTo": {true, true}, "Unit.PartOf": {true, true}, "Unit.Requires": {true, true},
	"Unit.Requisite": {true, true}, "Unit.RequiresMountsFor": {true, true}, "Unit.Wants": {true, true},
	"Service.Sockets": {true, true},
	// An empty assignment begins these anew.
	"Service.BindPaths": {false, true}, "Service.ReadWritePaths": {false, true}, "Service.StateDirectory": {false, true},
	"Service.CPUAffinity": {false, true}, "Service.DeviceAllow": {false, false}, "Service.ExecReload": {false, false},
	"Service.ExecStart": {false, false}, "Service.ExecStartPost": {false, false}, "Service.ExecStartPre": {false, false},
}

// Merge applies the files of a unit in order: the unit file itself, then its drop-ins by name.
func Merge(name string, files ...File) Settings {
	s := Settings{name: name, single: make(map[string]string), lists: make(map[string][]string), caps: make(map[string]uint64)}
	for _, f := range files {
		for _, a := range f.lines {
			s.assign(a.section+"."+a.key, a.value)
		}
	}
	return s
}

func (s *Settings) assign(key, value string) {
	switch key {
	case "Service.AmbientCapabilities":
		s.capabilities(key, value, 0)
		return
	case "Service.CapabilityBoundingSet":
		s.capabilities(key, value, allCapabilities)
		return
	}
	kind, list := lists[key]
	switch {
	case !list:
		s.single[key] = value
	case value != "" && kind.words:
		s.lists[key] = append(s.lists[key], words(value)...)
	case value != "":
		s.lists[key] = append(s.lists[key], value)
	case !kind.additive:
		delete(s.lists, key)
	}
}

// words splits a list of values that may stand in quotes.
func words(value string) []string {
	fields := strings.Fields(value)
	for i, f := range fields {
		fields[i] = strings.Trim(f, `"'`)
	}
	return fields
}

// Text is a single value; empty where it is not set. A value with a specifier that only a running systemd can resolve
// counts as not set.
func (s Settings) Text(key string) string {
	text, ok := s.expand(s.single[key])
	if !ok {
		return ""
	}
	return text
}

// List holds the values of a list in order. Those that only a running systemd can resolve are left out.
func (s Settings) List(key string) []string {
	var list []string
	for _, v := range s.lists[key] {
		if text, ok := s.expand(v); ok {
			list = append(list, text)
		}
	}
	return list
}

// Programs are the programs of the commands of a key.
func (s Settings) Programs(key string) []string {
	var programs []string
	for _, line := range s.List(key) {
		for p := range strings.SplitSeq(line, " ; ") {
			if p != "?" {
				programs = append(programs, p)
			}
		}
	}
	return programs
}

// Bool is a value of yes or no; no where it is neither.
func (s Settings) Bool(key string) bool {
	switch strings.ToLower(s.single[key]) {
	case "1", "yes", "y", "true", "t", "on":
		return true
	}
	return false
}

// Root reports whether the unit's commands run as root: no user is set or made for it, or it is root.
func (s Settings) Root() bool {
	switch s.single["Service.User"] {
	case "":
		return !s.Bool("Service.DynamicUser")
	case "0", "root":
		return true // it is there already, so none is made
	}
	return false
}

// Type is how the service says that it has started. systemd takes a service with a bus name for one of D-Bus, and one
// without a main command for a one-shot.
func (s Settings) Type() string {
	switch t := s.Text("Service.Type"); {
	case t != "":
		return t
	case s.Text("Service.BusName") != "":
		return "dbus"
	case len(s.lists["Service.ExecStart"]) == 0:
		return "oneshot"
	}
	return "simple"
}

// expand replaces the specifiers that the name of a unit and the layout of the system resolve; false where there are
// others.
func (s Settings) expand(text string) (string, bool) {
	if !strings.Contains(text, "%") {
		return text, true
	}
	prefix, instance := s.name, ""
	if i := strings.LastIndexByte(prefix, '.'); i >= 0 {
		prefix = prefix[:i]
	}
	full := prefix
	if before, after, ok := strings.Cut(prefix, "@"); ok {
		prefix, instance = before, after
	}
	last := prefix[strings.LastIndexByte(prefix, '-')+1:]
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '%' {
			b.WriteByte(text[i])
			continue
		}
		if i++; i == len(text) {
			return "", false
		}
		switch text[i] {
		case '%':
			b.WriteByte('%')
		case 'i':
			b.WriteString(instance)
		case 'I':
			b.WriteString(unit.UnitNameUnescape(instance))
		case 'n':
			b.WriteString(s.name)
		case 'N':
			b.WriteString(full)
		case 'p':
			b.WriteString(prefix)
		case 'P':
			b.WriteString(unit.UnitNameUnescape(prefix))
		case 'j':
			b.WriteString(last)
		case 'S':
			b.WriteString("/var/lib")
		case 'C':
			b.WriteString("/var/cache")
		case 'L':
			b.WriteString("/var/log")
		case 't':
			b.WriteString("/run")
		case 'E':
			b.WriteString("/etc")
		default:
			return "", false
		}
	}
	return b.String(), true
}
