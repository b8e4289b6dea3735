package linux

import (
	"bytes"
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
	"syscall"
)

// A Recording copies what is read of a tree to a directory, which is then a tree that gives the same answers: files,
// the links on the way to them, which directories hold what, and how looking failed. A nil Recording records nothing.
//
// Of what is read more than once the first is kept. The copy belongs to whoever made it: directories have the mode
// 0700, files 0600, and nothing is written outside of it.
type Recording struct {
	from   FS
	to     *os.Root
	redact func(name string, text []byte) []byte

	mu       sync.Mutex
	have     map[string]bool     // files that were written
	dirs     map[string]bool     // directories that were made
	listed   map[string][]string // directories, and which names they have
	touched  map[string]bool     // names that are there, and whether they are directories
	links    map[string]string   // what links say
	denied   map[string]bool
	failed   map[string]string // by op and name
	gone     map[string]string // names that are not there, by op and name
	stats    map[string]string // by name
	mayWrite map[string]string
	parts    []*Recording // of the same tree at other moments
	err      error        // the first; nothing is recorded after it
}

// Record begins to copy what is read of the tree into dir, which must be empty or not there yet. Every file goes
// through redact before it is written; one that is read as a stream goes in pieces of whole lines.
func (f FS) Record(dir string, redact func(name string, text []byte) []byte) (*Recording, error) {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	if len(entries) > 0 {
		return nil, fmt.Errorf("%s is not empty", dir)
	}
	to, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	r := newRecording(f, to, redact)
	r.write(answers+"/format", []byte("infraopt.tree/v1\n"))
	if r.err != nil {
		return nil, errors.Join(r.err, to.Close())
	}
	f.s.record = r
	return r, nil
}

func newRecording(from FS, to *os.Root, redact func(name string, text []byte) []byte) *Recording {
	return &Recording{
		from: from, to: to, redact: redact,
		have: make(map[string]bool), dirs: map[string]bool{"/": true}, listed: make(map[string][]string), touched: make(map[string]bool),
		links: make(map[string]string), denied: make(map[string]bool), failed: make(map[string]string), gone: make(map[string]string),
		stats: make(map[string]string), mayWrite: make(map[string]string),
	}
}

// Recording is what the tree is recorded to; nil where it is not.
func (f FS) Recording() *Recording { return f.s.record }

// Close writes what is no file, and gives the first error of all. After an error the copy is not complete.
func (r *Recording) Close() error {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(r.touched)) {
		if r.touched[name] {
			r.directory(r.place(name))
		} else {
			r.empty(r.place(name))
		}
	}
	listed := slices.Sorted(maps.Keys(r.listed))
	for _, dir := range listed { // all of them before what they hold: one may be an entry of another
		r.directory(r.place(dir))
	}
	for _, dir := range listed {
		at := r.place(dir)
		for _, name := range r.listed[dir] {
			if _, ok := r.links[path.Join(dir, name)]; !ok {
				r.empty(path.Join(at, name))
			}
		}
	}
	for name := range r.denied {
		if rest, ok := ofProcess(name); ok { // it was seen that there is such a process
			r.directory(strings.TrimSuffix(name, "/"+rest))
		}
	}
	for key, name := range r.gone {
		if slices.Contains(r.listed[path.Dir(name)], path.Base(name)) { // and has gone since it was listed
			o, _, _ := strings.Cut(key, " ")
			r.failed[key] = o + " gone " + quoted(name)
		}
	}
	lines := func(of map[string]string) []byte {
		list := slices.Sorted(maps.Values(of))
		if len(list) == 0 {
			return nil
		}
		return []byte(strings.Join(list, "\n") + "\n")
	}
	denied := make(map[string]string, len(r.denied))
	for name := range r.denied {
		denied[name] = quoted(name)
	}
	links := make(map[string]string, len(r.links))
	for name, to := range r.links {
		links[name] = quoted(name) + " -> " + quoted(to)
	}
	for name, text := range map[string][]byte{
		"denied": lines(denied), "failed": lines(r.failed), "links": lines(links), "stats": lines(r.stats), "writable": lines(r.mayWrite),
	} {
		if text != nil {
			r.write(answers+"/"+name, text)
		}
	}
	for _, p := range r.parts {
		r.fail(p.Close())
	}
	r.fail(r.to.Close())
	return r.err
}

// File records a file that was read by other means than the tree's own, or that reading it failed.
func (r *Recording) File(name string, text []byte, err error) { r.read(name, text, err) }

// fail keeps the first error. What changed while it was recorded, so that two answers contradict each other, is none:
// a directory where a file was, another link.
func (r *Recording) fail(err error) {
	switch {
	case err == nil || r.err != nil:
	case errors.Is(err, fs.ErrExist), errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.EISDIR), errors.Is(err, syscall.ELOOP):
	default:
		r.err = err
	}
}

// read records a file, as far as it was read, and the error that reading it gave.
func (r *Recording) read(name string, text []byte, err error) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil || len(text) > 0 {
		if r.redact != nil {
			text = r.redact(name, text)
		}
		r.write(r.place(name), text)
	}
	if err == nil {
		return
	}
	if len(text) > 0 {
		r.failure(opEnd, name, err)
		return
	}
	r.failure(opRead, name, err)
}

// failure records that looking at a name failed. The caller holds the lock.
func (r *Recording) failure(o op, name string, err error) {
	key, word := string(o)+" "+name, failureOf(err)
	switch {
	case word == "gone":
		r.gone[key] = name
	case word == "denied" && o != opStat && o != opEnd:
		r.denied[name] = true
	default:
		r.failed[key] = string(o) + " " + word + " " + quoted(name)
	}
}

// list records which names a directory holds.
func (r *Recording) list(dir string, names []string, err error) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.failure(opList, dir, err)
		if len(names) == 0 {
			return
		}
	}
	if _, ok := r.listed[dir]; !ok {
		r.listed[dir] = slices.Clone(names)
	}
}

// stat records that something is there, and what it is.
func (r *Recording) stat(name string, info fs.FileInfo, err error) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.failure(opStat, name, err)
		return
	}
	r.touched[name] = info.IsDir()
	if plain := info.IsDir() || info.Mode().IsRegular(); !plain || !r.from.s.kernels(name) {
		r.stats[name] = statText(name, info)
	}
}

// link records what a symbolic link says.
func (r *Recording) link(name, to string, err error) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.failure(opLink, name, err)
		return
	}
	r.links[name] = to
}

func (r *Recording) writable(name string, err error) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	word := "yes"
	if err != nil {
		word = failureOf(err)
	}
	r.mayWrite[name] = word + " " + quoted(name)
}

// stream records a file while it is read, up to where its reader stops.
func (r *Recording) stream(name string, from io.ReadCloser) io.ReadCloser {
	if r == nil {
		return from
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return &recordedStream{ReadCloser: from, r: r, name: name, to: r.create(r.place(name))}
}

// A recordedStream writes what is read of a file.
type recordedStream struct {
	io.ReadCloser
	r    *Recording
	name string
	to   *os.File // nil where it is not recorded
	text []byte   // not written yet
	err  error    // of reading
}

// pieceSize is how much of a stream is kept for a line to end, in bytes.
const pieceSize = 1 << 20

func (s *recordedStream) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	if s.to != nil {
		s.text = append(s.text, p[:n]...)
		if len(s.text) >= pieceSize {
			end := bytes.LastIndexByte(s.text, '\n') + 1
			if end == 0 {
				end = len(s.text)
			}
			s.flush(end)
		}
	}
	return n, err
}

// flush writes the first bytes of what is waiting.
func (s *recordedStream) flush(end int) {
	s.r.mu.Lock()
	defer s.r.mu.Unlock()
	text := s.text[:end]
	if s.r.redact != nil {
		text = s.r.redact(s.name, slices.Clone(text))
	}
	if s.r.err == nil {
		_, err := s.to.Write(text)
		s.r.fail(err)
	}
	s.text = append(s.text[:0], s.text[end:]...)
}

func (s *recordedStream) Close() error {
	if s.to != nil {
		s.flush(len(s.text))
		s.r.mu.Lock()
		s.r.fail(s.to.Close())
		if s.err != nil {
			s.r.failure(opEnd, s.name, s.err)
		}
		s.r.mu.Unlock()
		s.to = nil
	}
	return s.ReadCloser.Close()
}

// place finds where the file of a name is to lie, and makes the links that lead there. Links that begin at the root
// of the tree are made to begin where they are, so that they stay inside the copy whoever follows them.
func (r *Recording) place(name string) string {
	type link struct{ at, to string }
	type way struct {
		real  string
		links []link
	}
	follow := func() (w way, err error) {
		w.real, err = r.from.s.follow(opStat, name, true, nil, func(at, to string) { w.links = append(w.links, link{at, to}) })
		return w, err
	}
	if strings.HasPrefix(name, answers+"/") {
		return path.Clean(name)
	}
	var w way
	var err error
	if r.from.s.kernels(name) {
		w, err = follow()
	} else {
		w, err = patient(Patience, follow)
	}
	for _, l := range w.links {
		if path.IsAbs(l.to) {
			if relative, err := filepath.Rel(path.Dir(l.at), l.to); err == nil {
				l.to = filepath.ToSlash(relative)
			}
		}
		r.symlink(l.at, l.to)
	}
	if err != nil {
		return path.Clean(name)
	}
	return w.real
}

func (r *Recording) symlink(at, to string) {
	if r.err != nil || r.have[at] {
		return
	}
	r.have[at] = true
	r.directory(path.Dir(at))
	r.fail(r.to.Symlink(to, r.inside(at)))
}

// directory makes a directory and those above it.
func (r *Recording) directory(at string) {
	if r.err != nil || r.dirs[at] {
		return
	}
	r.dirs[at] = true
	r.fail(r.to.MkdirAll(r.inside(at), 0o700))
}

// create makes a file that is not there yet; nil where it is, or cannot be made.
func (r *Recording) create(at string) *os.File {
	if r.err != nil || r.have[at] || r.dirs[at] {
		return nil
	}
	r.have[at] = true
	r.directory(path.Dir(at))
	if r.err != nil {
		return nil
	}
	f, err := r.to.OpenFile(r.inside(at), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		r.fail(err)
		return nil
	}
	return f
}

// write makes a file and fills it.
func (r *Recording) write(at string, text []byte) {
	f := r.create(at)
	if f == nil {
		return
	}
	_, err := f.Write(text)
	r.fail(err)
	r.fail(f.Close())
}

// empty makes a file that only shows that it is there, where nothing is yet.
func (r *Recording) empty(at string) {
	if _, err := r.to.Lstat(r.inside(at)); err == nil {
		return
	}
	r.write(at, nil)
}

func (r *Recording) inside(at string) string { return r.from.s.inside(at) }
