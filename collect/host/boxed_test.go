//go:build linux

package host

import (
	"fmt"
	"strings"
	"testing"
)

// Sockets and cores are a fact about a box, and only there.
func TestSockets(t *testing.T) {
	var cpuinfo strings.Builder
	for i := range 8 { // two processors of two cores with two threads each
		fmt.Fprintf(&cpuinfo, "processor\t: %d\nvendor_id\t: GenuineIntel\nmodel name\t: Intel(R) Xeon(R) Gold 6230 CPU @ 2.10GHz\n"+
			"physical id\t: %d\ncore id\t\t: %d\nflags\t\t: fpu sse2\n\n", i, i%2, i/2%2)
	}
	for _, row := range []struct{ tree, cpuinfo, sockets, cores string }{
		{"rack-fc", cpuinfo.String(), "2", "4"},
		{"rack-fc", "", "unknown: /proc/cpuinfo does not say in which sockets the processors sit", ""},
		{"recorded-vm", "", "not applicable: it is a virtual machine", ""},
		{"ec2", "", "not applicable: it is a cloud machine", ""},
		{"inside-docker", cpuinfo.String(), "unknown: seen from inside a container", ""},
		{"unproven", cpuinfo.String(), "2", "4"}, // the processor says that it is real
		{"unproven", "", "unknown: nothing that is readable proves it to be a box or a virtual machine", ""},
	} {
		root := plant(t, row.tree)
		if row.cpuinfo != "" {
			write(t, root, map[string]string{"/proc/cpuinfo": row.cpuinfo}, nil)
		}
		m := observed(t, root).Machines[0]
		if row.cores == "" {
			row.cores = row.sockets
		}
		if m.Sockets.String() != row.sockets || m.PhysicalCores.String() != row.cores {
			t.Errorf("%s: %v sockets, %v cores; want %s and %s", row.tree, m.Sockets, m.PhysicalCores, row.sockets, row.cores)
		}
	}
}
