package linux

import "strings"

// Redact takes out of a file of the tree what may be a secret, before a copy of it is written.
func Redact(name string, text []byte) []byte {
	switch name {
	case "/proc/cmdline":
		return []byte(strings.Join(KernelFlags(string(text)), " ") + "\n")
	case "/run/cloud-init/instance-data.json":
		return redactInstance(text)
	}
	if strings.HasPrefix(name, "/proc/") && strings.HasSuffix(name, "/cmdline") {
		return RedactCommand(text)
	}
	return text
}

// RedactCommand keeps the program of a command line.
func RedactCommand(cmdline []byte) []byte { return []byte(Program(cmdline) + "\x00") }
