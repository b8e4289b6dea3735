package linux

import "strings"

// kernelFlags are what is looked for on the command line of the kernel, by how it is written there. Nothing else of
// it is kept: it may name servers and hold passwords.
var kernelFlags = []string{
	"ostree=", "roothash=", "usrhash=", "verity.usrhash=", "overlayroot=", "iqn.2004-05.com.ubuntu:maas",
}

// KernelFlags finds those flags on the command line that the kernel was started with; a flag that is said with a value ends
// with "=".
func KernelFlags(text string) []string {
	var found []string
	for _, flag := range kernelFlags {
		for word := range strings.FieldsSeq(text) {
			if strings.HasPrefix(word, flag) || strings.HasPrefix(flag, "iqn.") && strings.Contains(word, flag) {
				found = append(found, flag)
				break
			}
		}
	}
	return found
}
