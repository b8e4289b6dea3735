//go:build unix

package docker

import (
	"os"
	"syscall"
)

// ownerOf returns the group and user that own a file; false where this user cannot even see it.
func ownerOf(path string) (gid, uid int, ok bool) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, 0, false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, false
	}
	return int(st.Gid), int(st.Uid), true
}
