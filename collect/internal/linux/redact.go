package linux

import "strings"

// Redact takes out of a file of the tree what may be a secret, before a copy of it is written.
func Redact(name string, text []byte) []byte {
	if strings.HasPrefix(name, "/proc/") && strings.HasSuffix(name, "/cmdline") {
		return RedactCommand(text)
	}
	if strings.Contains(name, "/cni/net.d/") || strings.Contains(name, "/cni-network/") {
		return RedactCNI(text)
	}
	return text
}

// RedactCommand keeps the program of a command line.
func RedactCommand(cmdline []byte) []byte { return []byte(Program(cmdline) + "\x00") }
