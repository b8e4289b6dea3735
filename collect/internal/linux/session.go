package linux

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// ErrHung marks a file whose file system did not answer in time: that of a server that is gone.
var ErrHung = errors.New("the file system does not answer")

// ErrAsleep marks a file behind an automounter. Looking at it would mount something.
var ErrAsleep = errors.New("not mounted, and looking would mount it")

// ErrRemote marks a file on a file server. Looking at it would be network traffic.
var ErrRemote = errors.New("on a file server, which is not asked")

// Patience is how long a file outside /proc and /sys is waited for.
const Patience = 2 * time.Second

// A session is what the copies of an FS share.
type session struct {
	live   bool
	tree   *os.Root   // of a recorded tree: nothing outside it is reached; nil for the live one
	aside  aside      // what a recorded tree holds beside its files
	record *Recording // nil unless what is read is recorded

	mu     sync.Mutex
	memo   map[string]memory
	lists  map[string]list
	kept   int // bytes of the memo
	points map[string]MountEntry
	odd    []string          // mounts below /proc and /sys that do not belong to the kernel
	dead   map[string]bool   // mount points that did not answer
	links  map[string]string // of directories on the way, where they lead; empty where they are no links
}

// A memory is what reading a small file gave.
type memory struct {
	text []byte
	err  error
}

// A list is what listing a directory gave.
type list struct {
	names []string
	err   error
}

func newSession(root string) *session {
	if root == "/" {
		s := emptySession()
		s.live = true
		return s
	}
	if tree, err := os.OpenRoot(root); err == nil {
		return treeSession(tree)
	}
	return emptySession()
}

func emptySession() *session {
	return &session{memo: make(map[string]memory), lists: make(map[string]list), dead: make(map[string]bool), links: make(map[string]string)}
}

// treeSession is one of a recorded tree.
func treeSession(tree *os.Root) *session {
	s := emptySession()
	s.tree = tree
	s.aside = readAside(s)
	return s
}

// Bounds of what is remembered, in bytes. Longer files are tables, which have one reader each; what /proc shows of
// processes and the tree of control groups shows of groups is asked for once as well, but for a few small files.
const (
	rememberedFile = 1 << 20
	rememberedSum  = 8 << 20
	rememberedList = 1000 // names
)

func (s *session) recall(name string) (memory, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, ok := s.memo[name]
	return m, ok
}

func (s *session) remember(name string, text []byte, err error) {
	if len(text) > rememberedFile || errors.Is(err, ErrTooLarge) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.kept += len(name) + len(text); s.kept <= rememberedSum {
		s.memo[name] = memory{text, err}
	}
}

func (s *session) recallList(dir string) (list, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, ok := s.lists[dir]
	return l, ok
}

func (s *session) rememberList(dir string, names []string, err error) {
	if len(names) > rememberedList || strings.HasSuffix(dir, "/fd") || strings.HasPrefix(dir, "/sys/fs/cgroup/") {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lists[dir] = list{names, err}
}

// Forget lets files be read anew whose names begin so: for a second sample.
func (f FS) Forget(prefix string) {
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	for name, m := range f.s.memo {
		if strings.HasPrefix(name, prefix) {
			f.s.kept -= len(name) + len(m.text)
			delete(f.s.memo, name)
		}
	}
	for name := range f.s.lists {
		if strings.HasPrefix(name, prefix) {
			delete(f.s.lists, name)
		}
	}
}

// Mounted tells the tree what is mounted in it, as this process sees it, so that it does not wake automounters, asks
// no file server, and gives up a dead mount as a whole.
func (f FS) Mounted(list []MountEntry) {
	points := make(map[string]MountEntry, len(list))
	for _, m := range list { // a later mount on the same point hides the earlier one
		points[m.Point] = m
	}
	var odd []string
	for point, m := range points {
		if (strings.HasPrefix(point, "/proc/") || strings.HasPrefix(point, "/sys/")) &&
			(m.FSType == "autofs" || m.FSType == "fuse" || strings.HasPrefix(m.FSType, "fuse.") || RemoteFS(m.FSType)) {
			odd = append(odd, point)
		}
	}
	f.s.mu.Lock()
	defer f.s.mu.Unlock()
	f.s.points, f.s.odd = points, odd
}

// mountOf finds the mount that a name lies on, by the name alone; its point is the first element where no list of
// mounts says more. The caller holds the lock.
func (s *session) mountOf(name string) MountEntry {
	for at := name; len(at) > 1; at = path.Dir(at) {
		if m, ok := s.points[at]; ok {
			return m
		}
	}
	if m, ok := s.points["/"]; ok {
		return m
	}
	first, _, _ := strings.Cut(strings.TrimPrefix(name, "/"), "/")
	return MountEntry{Point: "/" + first}
}

// avoided gives the error of a place that it is better not to look at, and its mount point. The mount point of an
// automounter may itself be looked at (stat(2) mounts nothing), but neither opened nor passed.
func (s *session) avoided(o op, name string, last bool) (point string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.mountOf(name)
	switch {
	case s.dead[m.Point]:
		err = ErrHung
	case m.FSType == "autofs" && (m.Point != name || last && o != opStat && o != opLink):
		err = ErrAsleep
	case RemoteFS(m.FSType) && m.Point != "/" && m.Point != "/usr": // a machine without disks has its system there
		err = ErrRemote
	}
	if err != nil {
		err = &fs.PathError{Op: string(o), Path: name, Err: err}
	}
	return m.Point, err
}

// kernels reports whether a name belongs to the kernel, which always answers. What processes have as their root,
// directory and open files does not, though it is reached through /proc, nor does what is mounted over its files.
func (s *session) kernels(name string) bool {
	proc := strings.HasPrefix(name, "/proc/") || name == "/proc"
	if !proc && !strings.HasPrefix(name, "/sys/") && name != "/sys" {
		return false
	}
	if proc && beyond(name) {
		return false
	}
	s.mu.Lock()
	odd := s.odd
	s.mu.Unlock()
	for _, point := range odd {
		if name == point || strings.HasPrefix(name, point+"/") {
			return false
		}
	}
	return true
}

// beyond reports whether a name leads through a process out of /proc: /proc/PID/root/etc.
func beyond(name string) bool {
	rest, ok := ofProcess(name)
	if !ok {
		return false
	}
	first, more, _ := strings.Cut(rest, "/")
	switch first {
	case "root", "cwd":
		return more != ""
	case "fd", "map_files":
		return strings.Contains(more, "/")
	}
	return false
}

// ofProcess cuts /proc/PID/ off a name.
func ofProcess(name string) (rest string, ok bool) {
	after, ok := strings.CutPrefix(name, "/proc/")
	if !ok {
		return "", false
	}
	pid, rest, _ := strings.Cut(after, "/")
	return rest, pid == "self" || pid == "thread-self" || pid != "" && strings.Trim(pid, "0123456789") == ""
}

// follow finds the true name of what a name leads to, one link after the other; the last element is followed where
// last says so. It looks at no place that is to be avoided, and keeps in at the mount point that it is at. Links of
// processes are the kernel's: their text names nothing. Via, if set, is told of every link on the way.
func (s *session) follow(o op, name string, last bool, at *atomic.Pointer[string], via func(link, to string)) (string, error) {
	real := "/"
	rest := strings.Split(strings.Trim(path.Clean("/"+name), "/"), "/")
	if rest[0] == "" {
		rest = nil
	}
	for hops := 0; ; {
		point, err := s.avoided(o, real, len(rest) == 0)
		if at != nil {
			at.Store(&point)
		}
		if err != nil {
			return "", err
		}
		if len(rest) == 0 {
			return real, nil
		}
		next := path.Join(real, rest[0])
		rest = rest[1:]
		if len(rest) == 0 && !last {
			real = next
			last = true // nothing is left to follow
			continue
		}
		to, err := s.linkAt(o, next, len(rest) > 0, at)
		if err != nil {
			return "", err
		}
		if to == "" {
			real = next
			continue
		}
		if hops++; hops > 40 {
			return "", &fs.PathError{Op: string(o), Path: name, Err: errors.New("too many links")}
		}
		if via != nil {
			via(next, to)
		}
		if !path.IsAbs(to) {
			to = path.Join(real, to)
		}
		if more := strings.Trim(path.Clean(to), "/"); more != "" {
			rest = append(strings.Split(more, "/"), rest...)
		}
		real = "/"
	}
}

// linkAt reads the link at a true name; empty where there is none. Directories are remembered.
func (s *session) linkAt(o op, name string, directory bool, at *atomic.Pointer[string]) (string, error) {
	if _, ok := ofProcess(name); ok && s.live {
		return "", nil
	}
	s.mu.Lock()
	to, ok := s.links[name]
	s.mu.Unlock()
	if ok {
		return to, nil
	}
	// Reading the link at a mount point asks what is mounted there.
	point, err := s.avoided(o, name, !directory)
	if at != nil {
		at.Store(&point)
	}
	if err != nil {
		return "", err
	}
	to, err = s.readlink(name)
	switch {
	case err == nil:
	case Gone(err), Denied(err):
		return "", err
	default:
		to = "" // no link
	}
	if directory {
		s.mu.Lock()
		s.links[name] = to
		s.mu.Unlock()
	}
	return to, nil
}

// guarded runs what touches a file, given its true name, and waits for it no longer than Patience: a file on a dead
// mount never answers. What was given up ends when its file does; its result is dropped. After that the whole mount
// counts as dead.
func guarded[T any](f FS, o op, name string, touch func(real string) (T, error)) (T, error) {
	return guardedFor(f, o, name, Patience, touch)
}

func guardedFor[T any](f FS, o op, name string, patience time.Duration, touch func(real string) (T, error)) (T, error) {
	var zero T
	if err := f.s.recorded(o, name); err != nil {
		return zero, err
	}
	if f.s.live && f.s.kernels(name) {
		return touch(name)
	}
	var at atomic.Pointer[string]
	v, err := patient(patience, func() (T, error) {
		real, err := f.s.follow(o, name, o != opLink, &at, nil)
		if err != nil {
			return zero, err
		}
		return touch(real)
	})
	if errors.Is(err, errWaited) {
		point := f.s.pronounceDead(at.Load(), name)
		return zero, fmt.Errorf("reading %s on %s: %w", name, point, ErrHung)
	}
	return v, err
}

// pronounceDead notes that a mount does not answer.
func (s *session) pronounceDead(at *string, name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	point := s.mountOf(name).Point
	if at != nil {
		point = *at
	}
	s.dead[point] = true
	return point
}

// errWaited is the error of what took too long.
var errWaited = errors.New("given up")

// patient runs touch and waits for it as long as patience lasts.
func patient[T any](patience time.Duration, touch func() (T, error)) (T, error) {
	type result struct {
		v   T
		err error
	}
	done := make(chan result, 1) // buffered: what was given up can still end
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
		var zero T
		return zero, errWaited
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
	if p.fs.s.kernels(p.name) {
		return p.r.Read(b)
	}
	if len(p.buf) < len(b) {
		p.buf = make([]byte, len(b))
	}
	buf := p.buf[:len(b)] // not the caller's: a read that was given up may still end
	n, err := patient(Patience, func() (int, error) { return p.r.Read(buf) })
	if errors.Is(err, errWaited) {
		p.hung = true
		p.fs.s.pronounceDead(nil, p.name)
		return 0, fmt.Errorf("reading %s: %w", p.name, ErrHung)
	}
	return copy(b, buf[:n]), err
}

func (p *patientReader) Close() error {
	if p.hung {
		return nil // closing may wait as well; the descriptor goes with the process
	}
	return p.r.Close()
}

// The ways to touch a file, by its true name: on this machine, or inside the recorded tree.

func (s *session) inside(real string) string {
	if real == "/" {
		return "."
	}
	return filepath.FromSlash(strings.TrimPrefix(real, "/"))
}

// noTree is the error of a recorded tree that is not there.
func noTree(o op, real string) error {
	return &fs.PathError{Op: string(o), Path: real, Err: fs.ErrNotExist}
}

func (s *session) openAny(real string) (*os.File, error) {
	switch {
	case s.live:
		return os.OpenFile(real, os.O_RDONLY|openFlags, 0)
	case s.tree == nil:
		return nil, noTree(opRead, real)
	}
	return s.tree.OpenFile(s.inside(real), os.O_RDONLY|openFlags, 0)
}

// openRegular opens a regular file without waiting for whatever may stand behind another kind of file.
func (s *session) openRegular(real string) (*os.File, error) {
	f, err := s.openAny(real)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("reading %s: %w: not a regular file", real, ErrFormat)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// readAll reads a regular file of at most limit bytes.
func (s *session) readAll(real string, limit int) ([]byte, error) {
	if s.live {
		return readFile(real, limit, !s.kernels(real))
	}
	f, err := s.openRegular(real)
	if err != nil {
		return nil, err
	}
	b := &boundedFile{File: f, name: real, left: int64(limit)}
	defer b.Close()
	return io.ReadAll(b)
}

func (s *session) readDir(real string) ([]string, error) {
	dir, err := s.openAny(real)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	return dir.Readdirnames(-1)
}

func (s *session) stat(real string) (fs.FileInfo, error) {
	switch {
	case s.live:
		return os.Stat(real)
	case s.tree == nil:
		return nil, noTree(opStat, real)
	}
	return s.tree.Stat(s.inside(real))
}

func (s *session) readlink(real string) (string, error) {
	switch {
	case s.live:
		return os.Readlink(real)
	case s.tree == nil:
		return "", noTree(opLink, real)
	}
	to, err := s.tree.Readlink(s.inside(real))
	return filepath.ToSlash(to), err
}
