package linux

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// Sample is the tree at one more moment, with nothing remembered of what was read before. Moments are numbered from 1.
// What is read of a moment is recorded apart from the rest, below /.infraopt/sample/NUMBER, which then is a tree of its
// own; a recorded tree has the moments that were recorded, and gives fs.ErrNotExist for others.
func (f FS) Sample(number int) (FS, error) {
	dir := filepath.Join(answers, "sample", strconv.Itoa(number))
	moment := NewFS(f.root)
	if !f.Live() {
		root := filepath.Join(f.root, dir)
		if info, err := os.Stat(root); err != nil || !info.IsDir() {
			return FS{}, fmt.Errorf("reading %s: %w", dir, fs.ErrNotExist)
		}
		moment = NewFS(root)
	}
	moment.s.record = f.s.record.part(dir, moment.root)
	return moment, nil
}

// part is a recording of another tree, as a directory of this one. It ends with it.
func (r *Recording) part(dir, source string) *Recording {
	if r == nil {
		return nil
	}
	p := &Recording{dir: filepath.Join(r.dir, dir), source: source, redact: r.redact, denied: make(map[string]bool)}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.parts = append(r.parts, p)
	return p
}
