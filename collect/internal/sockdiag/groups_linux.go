package sockdiag

import (
	"context"
	"os"
	"syscall"
)

// Bounds of a walk over control groups: a machine has some thousands, a dozen deep at the most.
const (
	maxGroups = 100_000
	maxDepth  = 16
)

// Inode is the number of a file or directory. The directory of a control group has that of the group; the table
// /proc/PID/net/tcp has one of its own in each network namespace, so that whoever may not read which namespace a
// process is in can still tell whether two are in the same.
func Inode(name string) (uint64, error) {
	var st syscall.Stat_t
	if err := syscall.Stat(name, &st); err != nil {
		return 0, &os.PathError{Op: "stat", Path: name, Err: err}
	}
	return st.Ino, nil
}

// Groups finds the paths of control groups below a mount of version 2 by their numbers: first among those that are
// likely, then, where one is missing, among all. What is not found is not there any more, or too deep.
func Groups(ctx context.Context, mount string, likely []string, numbers []uint64) map[string]uint64 {
	f := &groupFinder{ctx: ctx, mount: mount, wanted: make(map[uint64]bool, len(numbers)), found: make(map[string]uint64), left: maxGroups}
	for _, n := range numbers {
		f.wanted[n] = true
	}
	f.look("/")
	for _, path := range likely {
		f.look(path)
	}
	f.walk("", 0)
	return f.found
}

type groupFinder struct {
	ctx    context.Context
	mount  string
	wanted map[uint64]bool
	found  map[string]uint64
	left   int
}

func (f *groupFinder) look(path string) {
	if len(f.wanted) == 0 {
		return
	}
	if id, err := Inode(f.mount + path); err == nil && f.wanted[id] {
		f.found[path] = id
		delete(f.wanted, id)
	}
}

func (f *groupFinder) walk(path string, depth int) {
	if len(f.wanted) == 0 || depth >= maxDepth {
		return
	}
	entries, err := os.ReadDir(f.mount + path)
	if err != nil {
		return
	}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		if f.left--; f.left < 0 || len(f.wanted) == 0 || f.ctx.Err() != nil {
			return
		}
		f.look(path + "/" + e.Name())
		f.walk(path+"/"+e.Name(), depth+1)
	}
}
