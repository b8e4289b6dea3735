package plan

import (
	"fmt"
	"slices"
	"strings"
)

// counted makes a title of a number.
func counted(one, many string) func([]Subject) string {
	return func(s []Subject) string {
		if len(s) == 1 {
			return fmt.Sprintf(one, len(s))
		}
		return fmt.Sprintf(many, len(s))
	}
}

// command makes a shell command of the first subjects' names.
func command(format string) func([]Subject) string {
	const shown = 3
	return func(s []Subject) string {
		var names []string
		for _, x := range s[:min(len(s), shown)] {
			names = append(names, quote(x.Name))
		}
		return fmt.Sprintf(format, strings.Join(names, " "))
	}
}

// vmCommand is command for virtual machines that libvirt manages; where none of them is, what to read instead.
func vmCommand(format, otherwise string) func([]Subject) string {
	return func(s []Subject) string {
		ours := slices.DeleteFunc(slices.Clone(s), func(x Subject) bool { return !managedByLibvirt(x.On) })
		if len(ours) == 0 {
			return otherwise
		}
		return command(format)(ours)
	}
}

// managedByLibvirt reports whether the command line of libvirt is what a hypervisor is managed by.
func managedByLibvirt(kind string) bool {
	switch kind {
	case "kvm", "qemu", "xen":
		return true
	}
	return false
}

// engineCommand makes a command of the client that goes with the first subject's engine, for subjects of that
// engine.
func engineCommand(verb string) func([]Subject) string {
	return func(s []Subject) string {
		same := slices.DeleteFunc(slices.Clone(s), func(x Subject) bool { return x.Engine != s[0].Engine })
		return command(cli(same[0].Engine) + " " + verb + " %s")(same)
	}
}

// cli is the command line client of a container engine.
func cli(engine string) string {
	switch engine {
	case "podman":
		return "podman"
	case "containerd":
		return "nerdctl"
	case "cri-o":
		return "crictl"
	default:
		return "docker"
	}
}

// quote makes one word of the shell of any text: names come from outside and may hold anything. Line breaks and
// other controls, which no quoting makes safe to paste, become question marks.
func quote(s string) string {
	plain := s != ""
	clean := strings.Map(func(r rune) rune {
		switch {
		case r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0:
			plain = false
			return '?'
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("-_./:@%+,", r):
		default:
			plain = false
		}
		return r
	}, s)
	if strings.HasPrefix(clean, "-") {
		clean = "./" + clean // never an option
	}
	if plain {
		return clean
	}
	return "'" + strings.ReplaceAll(clean, "'", `'\''`) + "'"
}

// names lists the first subjects for a title.
func names(s []Subject) string {
	const shown = 3
	var out []string
	times := map[string]int{}
	for _, x := range s {
		if times[x.Name]++; times[x.Name] == 1 && len(out) < shown {
			out = append(out, x.Name)
		}
	}
	left := len(s)
	for i, name := range out {
		left -= times[name]
		if n := times[name]; n > 1 {
			out[i] = fmt.Sprintf("%s (%d times)", name, n)
		}
	}
	text := strings.Join(out, ", ")
	if left > 0 {
		text += fmt.Sprintf(" and %d more", left)
	}
	return text
}
