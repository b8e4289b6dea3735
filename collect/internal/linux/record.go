package linux

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Recording copies what is read of a live tree to a directory, which is then a tree that gives the same answers:
// files, the links on the way to them, which directories hold what, and which names this user could not read. A nil
// Recording records nothing.
type Recording struct {
	dir    string
	source string // root of the tree that is recorded
	redact func(name string, text []byte) []byte

	mu     sync.Mutex
	denied map[string]bool
	parts  []*Recording // of the same tree at other moments
	err    error        // the first
}

// Record begins to copy what is read of the tree into dir, which must be empty or not there yet. Every file goes
// through redact before it is written.
func (f FS) Record(dir string, redact func(name string, text []byte) []byte) (*Recording, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	if len(entries) > 0 {
		return nil, fmt.Errorf("%s is not empty", dir)
	}
	f.s.record = &Recording{dir: dir, source: f.root, redact: redact, denied: make(map[string]bool)}
	return f.s.record, nil
}

// Recording is what the tree is recorded to; nil where it is not.
func (f FS) Recording() *Recording { return f.s.record }

// Close writes what could not be read, and gives the first error of all.
func (r *Recording) Close() error {
	if r == nil {
		return nil
	}
	if len(r.denied) > 0 {
		r.plant(answers+"/denied", []byte(strings.Join(slices.Sorted(maps.Keys(r.denied)), "\n")+"\n"))
	}
	for _, p := range r.parts {
		r.fail(p.Close())
	}
	return r.err
}

// File records the text of a file that was read by other means than the tree's own.
func (r *Recording) File(name string, text []byte) { r.file(name, text) }

func (r *Recording) fail(err error) {
	if err != nil && r.err == nil {
		r.err = err
	}
}

func (r *Recording) deny(name string) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.denied[name] = true
}

// file records a file that is there.
func (r *Recording) file(name string, text []byte) {
	if r == nil {
		return
	}
	if r.redact != nil {
		text = r.redact(name, text)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	to, err := r.place(name)
	if err != nil {
		r.fail(err)
		return
	}
	r.fail(os.WriteFile(to, text, 0o600))
	if info, err := os.Stat(filepath.Join(r.source, name)); err == nil && !kernels(name) {
		r.fail(os.Chtimes(to, time.Time{}, info.ModTime()))
	}
}

// plant records a file that is not there in the source.
func (r *Recording) plant(name string, text []byte) {
	if r == nil {
		return
	}
	to := filepath.Join(r.dir, filepath.FromSlash(name))
	r.fail(os.MkdirAll(filepath.Dir(to), 0o700))
	r.fail(os.WriteFile(to, text, 0o600))
}

// stream records a file while it is read, up to where its reader stops.
func (r *Recording) stream(name string, from io.ReadCloser) io.ReadCloser {
	if r == nil {
		return from
	}
	return &recordedStream{ReadCloser: from, r: r, name: name}
}

type recordedStream struct {
	io.ReadCloser
	r    *Recording
	name string
	text []byte
}

func (s *recordedStream) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	s.text = append(s.text, p[:n]...)
	return n, err
}

func (s *recordedStream) Close() error {
	s.r.file(s.name, s.text)
	return s.ReadCloser.Close()
}

// directory records which names a directory holds.
func (r *Recording) directory(dir string, names []string) {
	if r == nil {
		return
	}
	r.touch(dir)
	for _, n := range names {
		r.touch(path.Join(dir, n))
	}
}

// touch records that something is there, without its content.
func (r *Recording) touch(name string) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	to, err := r.place(name)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			r.fail(err)
		}
		return
	}
	if _, err := os.Lstat(to); err == nil {
		return
	}
	info, err := os.Stat(filepath.Join(r.source, name))
	switch {
	case err != nil:
		return
	case info.IsDir():
		r.fail(os.MkdirAll(to, 0o700))
		return
	}
	r.fail(os.WriteFile(to, nil, 0o600))
	if !kernels(name) {
		r.fail(os.Chtimes(to, time.Time{}, info.ModTime()))
	}
}

// link records a symbolic link that may lead nowhere, as those of processes do.
func (r *Recording) link(name, to string) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	parent, err := r.place(path.Dir(name))
	if err != nil {
		r.fail(err)
		return
	}
	r.fail(os.MkdirAll(parent, 0o700))
	at := filepath.Join(parent, path.Base(name))
	if _, err := os.Lstat(at); err == nil {
		return
	}
	r.fail(os.Symlink(to, at))
}

// place makes the directories and links that lead to a name, and gives where its file is to lie. Links that begin at
// the root of the tree are made to begin where they are, so that they stay inside the copy.
func (r *Recording) place(name string) (string, error) {
	at := "/"
	rest := strings.Split(strings.Trim(path.Clean(name), "/"), "/")
	for hops := 0; len(rest) > 0; {
		next := path.Join(at, rest[0])
		rest = rest[1:]
		to, err := os.Readlink(filepath.Join(r.source, next))
		if err != nil { // no link
			at = next
			continue
		}
		if hops++; hops > 40 {
			return "", fmt.Errorf("recording %s: too many links", name)
		}
		target := to
		if !path.IsAbs(target) {
			target = path.Join(at, target)
		}
		relative, err := filepath.Rel(at, target)
		if err != nil {
			return "", err
		}
		copied := filepath.Join(r.dir, next)
		if err := os.MkdirAll(filepath.Dir(copied), 0o700); err != nil {
			return "", err
		}
		if _, err := os.Lstat(copied); err != nil {
			if err := os.Symlink(relative, copied); err != nil {
				return "", err
			}
		}
		rest = append(strings.Split(strings.Trim(path.Clean(target), "/"), "/"), rest...)
		at = "/"
	}
	copied := filepath.Join(r.dir, at)
	return copied, os.MkdirAll(filepath.Dir(copied), 0o700)
}
