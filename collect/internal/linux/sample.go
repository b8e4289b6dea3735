package linux

import (
	"io/fs"
	"maps"
	"path"
	"strconv"
)

// Sample is the tree at one more moment, with nothing remembered of what was read before. Moments are numbered from 1.
// What is read of a moment is recorded apart from the rest, below /.infraopt/sample/NUMBER, which then is a tree of its
// own; a recorded tree has the moments that were recorded, and gives fs.ErrNotExist for others.
func (f FS) Sample(number int) (FS, error) {
	dir := path.Join(answers, "sample", strconv.Itoa(number))
	moment := FS{root: f.root, s: emptySession()}
	if f.s.live {
		moment.s.live = true
	} else {
		if f.s.tree == nil {
			return FS{}, &fs.PathError{Op: "sample", Path: dir, Err: fs.ErrNotExist}
		}
		tree, err := f.s.tree.OpenRoot(f.s.inside(dir))
		if err != nil {
			return FS{}, err
		}
		moment = FS{root: f.Path(dir), s: treeSession(tree)}
	}
	f.s.mu.Lock()
	moment.s.points, moment.s.odd, moment.s.dead = f.s.points, f.s.odd, maps.Clone(f.s.dead)
	f.s.mu.Unlock()
	if f.s.record == nil {
		return moment, nil
	}
	record, err := f.s.record.part(dir, moment)
	moment.s.record = record
	return moment, err
}

// part is a recording of a tree at another moment, in a directory of this one. It ends with it.
func (r *Recording) part(dir string, moment FS) (*Recording, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.directory(dir)
	if r.err != nil {
		return nil, r.err
	}
	to, err := r.to.OpenRoot(r.inside(dir))
	if err != nil {
		return nil, err
	}
	p := newRecording(moment, to, r.redact)
	r.parts = append(r.parts, p)
	return p, nil
}
