package libvirt

import "testing"

// Sockets and cores are told only where the daemon's numbers can mean nothing else.
func TestTopology(t *testing.T) {
	for _, row := range []struct {
		what                                     string
		cpus, cells, perCell, perSocket, threads int
		sockets, cores                           int
	}{
		{"two sockets in one cell", 64, 1, 2, 16, 2, 2, 32},
		{"one socket with threads", 16, 1, 1, 8, 2, 1, 8},
		{"two cells, of one socket or two", 64, 2, 1, 16, 2, 0, 32},
		{"no threads, or of no such shape", 16, 1, 1, 16, 1, 0, 0},
		{"processors are off", 63, 1, 2, 16, 2, 0, 0},
		{"nothing", 4, 0, 0, 0, 0, 0, 0},
		{"nonsense that overflows", 4, 1 << 30, 1 << 30, 1 << 30, 1 << 30, 0, 0},
	} {
		if sockets, cores := topology(row.cpus, row.cells, row.perCell, row.perSocket, row.threads); sockets != row.sockets || cores != row.cores {
			t.Errorf("%s: %d sockets, %d cores; want %d and %d", row.what, sockets, cores, row.sockets, row.cores)
		}
	}
}
