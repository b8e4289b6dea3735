//go:build unix

package libvirt

import (
	"os"
	"syscall"
)

// groupOf returns the group that owns a file.
func groupOf(info os.FileInfo) (int, bool) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return int(st.Gid), true
}
