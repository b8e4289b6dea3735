package linux

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// ErrHung marks a file whose file system did not answer in time: that of a server that is gone.
var ErrHung = errors.New("the file system does not answer")

// ErrAsleep marks a file behind an automounter. Looking at it would mount something.
var ErrAsleep = errors.New("not mounted, and looking would mount it")

// Patience is how long a file outside /proc and /sys is waited for.
const Patience = 2 * time.Second

// A session is what the copies of an FS share.
type session struct {
	record *Recording // nil unless what is read is recorded

	mu     sync.Mutex
	memo   map[string]memory
	denied map[string]bool // names that the user who recorded the tree could not read
	mounts []MountEntry
	dead   map[string]bool // mount points that did not answer
}

// A memory is what reading a small file gave.
type memory struct {
	text []byte
	err  error
}

func newSession(root string) *session {
	s := &session{memo: make(map[string]memory), denied: make(map[string]bool), dead: make(map[string]bool)}
	if root == "/" {
		return s
	}
	if text, err := os.ReadFile(filepath.Join(root, answers, "denied")); err == nil {
		for name := range strings.Lines(string(text)) {
			s.denied[strings.TrimSpace(name)] = true
		}
	}
	return s
}

func (s *session) recall(name string) (memory, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, ok := s.memo[name]
	return m, ok
}

func (s *session) remember(name string, text []byte, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.memo[name] = memory{text, err}
}

// Forget lets files be read anew whose names begin so: for a second sample.
func (f FS) Forget(prefix string) {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	for name := range f.s.memo {
		if strings.HasPrefix(name, prefix) {
			delete(f.s.memo, name)
		}
	}
}

// Mounted tells the tree what is mounted in it, so that it does not wake automounters, and gives up a dead mount as a
// whole.
func (f FS) Mounted(list []MountEntry) {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	f.s.mounts = list
}

// refused gives the error of a name that may not be read, or that it is better not to look at.
func (s *session) refused(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.denied[name] {
		return &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	if kernels(name) {
		return nil
	}
	if m := s.mountOf(name); m.FSType == "autofs" && m.Point != name {
		return &fs.PathError{Op: "open", Path: name, Err: ErrAsleep}
	}
	return nil
}

// mountOf finds the mount that a name lies on, by the name alone; its point is the first element where no list of
// mounts says more.
func (s *session) mountOf(name string) MountEntry {
	first, _, _ := strings.Cut(strings.TrimPrefix(name, "/"), "/")
	best := MountEntry{Point: "/" + first}
	found := false
	for _, m := range s.mounts { // a later mount on the same point hides the earlier one
		if (m.Point == "/" || name == m.Point || strings.HasPrefix(name, m.Point+"/")) && (!found || len(m.Point) >= len(best.Point)) {
			best, found = m, true
		}
	}
	return best
}

// kernels reports whether a name belongs to the kernel, which always answers.
func kernels(name string) bool {
	return strings.HasPrefix(name, "/proc/") || strings.HasPrefix(name, "/sys/") || name == "/proc" || name == "/sys"
}

// guarded runs what touches a file and waits for it no longer than Patience: a file on a dead mount never answers.
// What was given up ends when its file does; its result is dropped. After that the whole mount counts as dead.
func guarded[T any](f FS, name string, touch func() (T, error)) (T, error) {
	return guardedFor(f, name, Patience, touch)
}

func guardedFor[T any](f FS, name string, patience time.Duration, touch func() (T, error)) (T, error) {
	if kernels(name) {
		return touch()
	}
	var zero T
	hung := func() error { return fmt.Errorf("reading %s: %w", name, ErrHung) }
	f.s.mu.Lock()
	point := f.s.mountOf(name).Point
	dead := f.s.dead[point]
	f.s.mu.Unlock()
	if dead {
		return zero, hung()
	}
	type result struct {
		v   T
		err error
	}
	done := make(chan result, 1)
	go func() {
		v, err := touch()
		done <- result{v, err}
	}()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case r := <-done:
		return r.v, r.err
	case <-timer.C:
		f.s.mu.Lock()
		defer f.s.mu.Unlock()
		f.s.dead[point] = true
		return zero, hung()
	}
}

// A patientReader reads a stream whose file may stop answering.
type patientReader struct {
	fs   FS
	name string
	r    io.ReadCloser
	buf  []byte
	hung bool
}

func (p *patientReader) Read(b []byte) (int, error) {
	if p.hung {
		return 0, fmt.Errorf("reading %s: %w", p.name, ErrHung)
	}
	if kernels(p.name) {
		return p.r.Read(b)
	}
	if len(p.buf) < len(b) {
		p.buf = make([]byte, len(b))
	}
	buf := p.buf[:len(b)] // not the caller's: a read that was given up may still end
	n, err := guarded(p.fs, p.name, func() (int, error) { return p.r.Read(buf) })
	if errors.Is(err, ErrHung) {
		p.hung = true
		return 0, err
	}
	return copy(b, buf[:n]), err
}

func (p *patientReader) Close() error {
	if p.hung {
		return nil // closing may wait as well; the descriptor goes with the process
	}
	return p.r.Close()
}
