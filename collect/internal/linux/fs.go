package linux

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// ErrFormat marks text that is not what the kernel or the system writes into such a file.
var ErrFormat = errors.New("unexpected text")

// ErrTooLarge marks a file that is longer than its reader allows. Nothing is ever cut off silently.
var ErrTooLarge = errors.New("file too large")

// Limits for reading, in bytes.
const (
	SmallFile = 64 << 10 // one value, or a short list of them
	LargeFile = 16 << 20 // a table with a row for each thing on the machine
)

// An FS is a Linux file tree: the live one at "/", or a recorded one, out of which no link leads. Copies share what
// they have read: a small file is read once, however often it is asked for. It may be used by several goroutines.
//
// Reading never waits long: a file whose file system does not answer within [Patience] is an error that wraps
// [ErrHung], and after that its whole mount is. What lies behind an automounter or on a file server is not looked at:
// [ErrAsleep], [ErrRemote].
type FS struct {
	root string
	s    *session
}

// NewFS gives the tree below root; an empty root is "/".
func NewFS(root string) FS {
	if root == "" {
		root = "/"
	}
	return FS{root: root, s: newSession(root)}
}

// Root is the directory that the tree begins at.
func (f FS) Root() string { return f.root }

// Live reports whether the tree is that of this machine, and not a recorded one.
func (f FS) Live() bool { return f.root == "/" }

// Path gives the path of a file of the tree, whose name begins with a slash.
func (f FS) Path(name string) string {
	if f.root == "/" {
		return name
	}
	return filepath.Join(f.root, filepath.FromSlash(name))
}

// Read returns all of a file of at most limit bytes, which are not to be changed; a longer one is an error that wraps
// ErrTooLarge.
func (f FS) Read(name string, limit int) ([]byte, error) {
	if r, ok := f.s.recall(name); ok {
		if len(r.text) > limit {
			return r.text[:limit], fmt.Errorf("reading %s: %w", name, ErrTooLarge)
		}
		return r.text, r.err
	}
	text, err := guarded(f, opRead, name, func(real string) ([]byte, error) { return f.s.readAll(real, limit) })
	if err == nil {
		err = f.s.recorded(opEnd, name)
	}
	f.s.record.read(name, text, err)
	f.s.remember(name, text, err)
	return text, err
}

// Recall returns what reading a file gave, if it was read before: for those who read by other means than the tree's
// own.
func (f FS) Recall(name string) (text []byte, ok bool) {
	m, ok := f.s.recall(name)
	return m.text, ok && m.err == nil
}

// Line returns a small file without the blank space around it.
func (f FS) Line(name string) (string, error) {
	b, err := f.Read(name, SmallFile)
	return strings.TrimSpace(string(b)), err
}

// Open opens a file for reading in a stream. Reading past limit bytes gives an error that wraps ErrTooLarge.
// Directories, devices and named pipes are not opened: reading those may block or have effects.
func (f FS) Open(name string, limit int64) (io.ReadCloser, error) {
	file, err := guarded(f, opRead, name, f.s.openRegular)
	if err != nil {
		f.s.record.read(name, nil, err)
		return nil, err
	}
	bounded := &boundedFile{File: file, name: name, left: limit, end: f.s.recorded(opEnd, name)}
	return f.s.record.stream(name, &patientReader{fs: f, name: name, r: bounded}), nil
}

// A boundedFile gives an error where reading would go past its limit.
type boundedFile struct {
	*os.File
	name string
	left int64
	end  error // what reading ended with when the tree was recorded
}

// Read reads at most one byte more than is allowed, to learn whether there is more.
func (b *boundedFile) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.File.Read(p)
	b.left -= int64(n)
	if b.left < 0 {
		return n - 1, fmt.Errorf("reading %s: %w", b.name, ErrTooLarge)
	}
	if b.end != nil && errors.Is(err, io.EOF) {
		err = b.end
	}
	return n, err
}

// Names lists a directory, sorted. The list is not to be changed.
func (f FS) Names(dir string) ([]string, error) {
	if len(dir) > 1 {
		dir = strings.TrimSuffix(dir, "/")
	}
	if l, ok := f.s.recallList(dir); ok {
		return l.names, l.err
	}
	names, err := guarded(f, opList, dir, func(real string) ([]string, error) {
		names, err := f.s.readDir(real)
		if linked := f.s.aside.children[dir]; len(linked) > 0 { // recorded beside the tree
			names, err = append(names, linked...), nil
		}
		if !f.s.live && dir == "/" {
			names = slices.DeleteFunc(names, func(n string) bool { return "/"+n == answers })
		}
		slices.Sort(names)
		return slices.Compact(names), err
	})
	f.s.record.list(dir, names, err)
	f.s.rememberList(dir, names, err)
	return names, err
}

// Directory opens a directory, for what reads it in its own way. Its files are then read without the care that the
// tree takes, so it is for the kernel's own: "/proc".
func (f FS) Directory(name string) (*os.File, error) {
	return guarded(f, opList, name, f.s.openAny)
}

// Stat describes what a name leads to. Of a recorded tree, size and time are those that were recorded.
func (f FS) Stat(name string) (fs.FileInfo, error) {
	info, err := fs.FileInfo(nil), error(nil)
	if known, ok := f.s.aside.stats[name]; ok {
		info = known
	} else {
		info, err = guarded(f, opStat, name, f.s.stat)
	}
	if Gone(err) && f.s.aside.denied[name] { // whoever made the tree could not even see it
		info, err = nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrPermission}
	}
	f.s.record.stat(name, info, err)
	return info, err
}

// Exists reports whether a file or directory is there; false where that cannot be seen. Where it matters whether it
// is not there or not seen, use Stat.
func (f FS) Exists(name string) bool {
	_, err := f.Stat(name)
	return err == nil
}

// Readlink returns where a symbolic link leads, as written in it.
func (f FS) Readlink(name string) (string, error) {
	to, ok := f.s.aside.links[name]
	err := f.s.recorded(opLink, name)
	if err == nil && !ok {
		to, err = guarded(f, opLink, name, f.s.readlink)
	}
	f.s.record.link(name, to, err)
	return to, err
}

// LinkBase returns the last element of where a symbolic link leads; empty where there is none.
func (f FS) LinkBase(name string) string {
	to, err := f.Readlink(name)
	if err != nil {
		return ""
	}
	return path.Base(to)
}

// Modified returns when a file or directory was last changed.
func (f FS) Modified(name string) (time.Time, error) {
	info, err := f.Stat(name)
	if err != nil {
		return time.Time{}, err
	}
	return info.ModTime(), nil
}

// Writable reports, by its error, whether the user may write to what a name leads to: for a socket, connect to it. It
// only asks. Of a tree that was not recorded but written it gives ErrUnasked.
func (f FS) Writable(name string) error {
	err, ok := f.s.aside.writable[name]
	switch {
	case f.Live():
		_, err = guarded(f, opWrite, name, func(real string) (struct{}, error) { return struct{}{}, writable(real) })
	case !ok:
		return ErrUnasked
	}
	f.s.record.writable(name, err)
	return err
}

// ErrUnasked marks an answer that a tree does not hold, because nobody asked when it was made.
var ErrUnasked = errors.New("not asked when the tree was made")

// answers is the directory of a recorded tree that holds what did not come from files.
const answers = "/.infraopt"

// Answer gives what the kernel says over another way than a file (netlink, the processor itself), in a form that can
// be recorded as one: the live tree asks, a recorded one has the answer as /.infraopt/NAME or gives fs.ErrNotExist.
func (f FS) Answer(name string, ask func() ([]byte, error)) ([]byte, error) {
	name = answers + "/" + name
	if !f.Live() {
		return f.Read(name, LargeFile)
	}
	text, err := ask()
	if err == nil {
		f.s.record.read(name, text, nil)
	} else {
		f.s.record.read(name, nil, err)
	}
	return text, err
}

// Denied reports whether an error says that reading is not permitted.
func Denied(err error) bool { return errors.Is(err, fs.ErrPermission) }

// Gone reports whether an error says that a file is not there, or that its process has ended meanwhile.
func Gone(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) || errors.Is(err, syscall.ENOTDIR)
}

// Reason says in a few words why a file could not be read, for people.
func Reason(err error) string {
	switch {
	case err == nil:
		return ""
	case Denied(err):
		return "permission denied"
	case Gone(err):
		return "not there"
	case errors.Is(err, ErrHung):
		return "its file system does not answer"
	case errors.Is(err, ErrAsleep):
		return "behind an automounter, which is not woken"
	case errors.Is(err, ErrRemote):
		return "on a file server, which is not asked"
	case errors.Is(err, ErrTooLarge):
		return "larger than expected"
	case errors.Is(err, ErrFormat):
		return "not understood"
	default:
		return "not readable"
	}
}
