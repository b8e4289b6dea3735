package linux

import (
	"path"
	"strings"
)

// unitKeys are the settings of unit files that are kept. All others are dropped before anything else sees them: the
// environment, credentials and the arguments of commands may hold secrets.
var unitKeys = map[string]map[string]bool{
	"Unit": {
		"After": true, "BindsTo": true, "PartOf": true, "Requires": true, "RequiresMountsFor": true, "Requisite": true,
		"SourcePath": true, "Wants": true,
	},
	"Service": {
		"AmbientCapabilities": true, "BindPaths": true, "BusName": true, "CPUAffinity": true, "CPUSchedulingPolicy": true,
		"CapabilityBoundingSet": true, "DeviceAllow": true, "DevicePolicy": true, "DynamicUser": true, "ExecReload": true,
		"ExecStart": true, "ExecStartPost": true, "ExecStartPre": true, "FileDescriptorStoreMax": true, "LimitMEMLOCK": true,
		"NotifyAccess": true, "PrivateDevices": true, "ReadWritePaths": true, "RootDirectory": true, "RootImage": true,
		"Sockets": true, "StateDirectory": true, "Type": true, "User": true, "WatchdogSec": true, "WorkingDirectory": true,
	},
	"Socket": {"Service": true},
	"Timer":  {"Unit": true},
}

// CleanUnit gives the text of a unit file with the settings that are kept, one on each line: continued lines are
// joined, comments and what systemd would ignore are gone, and of commands only the programs are left, parted by
// semicolons. A command of a shell is followed by modprobe where it calls that. Cleaning twice changes nothing.
// https://www.freedesktop.org/software/systemd/man/latest/systemd.syntax.html
func CleanUnit(text []byte) []byte {
	var out strings.Builder
	section, written := "", ""
	assign := func(line string) {
		line = strings.Trim(line, unitBlank)
		if line == "" {
			return
		}
		if line[0] == '[' {
			if line[len(line)-1] == ']' {
				section = line[1 : len(line)-1]
			}
			return
		}
		key, value, ok := strings.Cut(line, "=")
		key, value = strings.TrimRight(key, unitBlank), strings.TrimLeft(value, unitBlank)
		if !ok || !unitKeys[section][key] {
			return
		}
		if strings.HasPrefix(key, "Exec") {
			value = strings.Join(unitPrograms(value), " ; ")
		}
		for endsEscaped(value) { // before blanks, which are gone now: it would continue the line
			value = strings.TrimRight(value[:len(value)-1], unitBlank)
		}
		if section != written {
			out.WriteString("[" + section + "]\n")
			written = section
		}
		out.WriteString(key + "=" + value + "\n")
	}
	continued := ""
	open := false
	for line := range strings.Lines(strings.TrimPrefix(string(text), "\ufeff")) {
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		if i := strings.IndexAny(line, "\x00\r"); i >= 0 { // both end a line, and neither belongs into one
			line = line[:i]
		}
		if first := strings.TrimLeft(line, unitBlank); first != "" && (first[0] == '#' || first[0] == ';') {
			continue // also between continued lines
		}
		continued += line
		if open = endsEscaped(continued); open {
			continued = continued[:len(continued)-1] + " "
			continue
		}
		assign(continued)
		continued = ""
	}
	if open {
		assign(continued)
	}
	return []byte(out.String())
}

// unitBlank is what systemd takes for blank space within a line.
const unitBlank = " \t"

// endsEscaped reports whether a line ends with a backslash that is not itself escaped.
func endsEscaped(line string) bool {
	n := len(line) - len(strings.TrimRight(line, `\`))
	return n%2 == 1
}

// shells are programs whose arguments are commands.
var shells = map[string]bool{"sh": true, "bash": true, "dash": true, "ash": true, "ksh": true, "zsh": true}

// moduleLoaders are programs that load modules into the kernel.
var moduleLoaders = map[string]bool{"modprobe": true, "insmod": true}

// LoadsModules reports whether a program loads modules into the kernel.
func LoadsModules(program string) bool { return moduleLoaders[path.Base(program)] }

// unitPrograms gives the programs of a command line of a unit file, without their prefixes and arguments. A lone
// semicolon begins another command.
func unitPrograms(value string) []string {
	var programs []string
	want, shell := true, false
	for _, word := range unitWords(value) {
		switch {
		case word == ";":
			want, shell = true, false
		case want:
			word = strings.TrimLeft(word, "@-:+!|")
			// What cannot be a path is kept as no program rather than as text that may hold anything.
			if word == "" || strings.ContainsAny(word, " \t;\\'\"=") {
				word = "?"
			}
			programs = append(programs, word)
			want, shell = false, shells[path.Base(word)]
		case shell:
			for part := range strings.FieldsFuncSeq(word, func(r rune) bool { return strings.ContainsRune(" \t;&|()", r) }) {
				if LoadsModules(part) {
					programs = append(programs, "modprobe")
					shell = false
					break
				}
			}
		}
	}
	return programs
}

// unitWords splits a value at blank space, where quotes keep words together.
func unitWords(value string) []string {
	var words []string
	var word strings.Builder
	quote := byte(0)
	inside := false
	for i := 0; i < len(value); i++ {
		c := value[i]
		switch {
		case c == '\\' && i+1 < len(value):
			i++
			word.WriteByte(c)
			word.WriteByte(value[i])
			inside = true
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			word.WriteByte(c)
		case (c == '"' || c == '\'') && !inside:
			quote, inside = c, true
		case c == ' ' || c == '\t':
			if inside {
				words = append(words, word.String())
				word.Reset()
				inside = false
			}
		default:
			word.WriteByte(c)
			inside = true
		}
	}
	if inside {
		words = append(words, word.String())
	}
	return words
}
