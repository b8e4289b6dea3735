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

// An FS is a Linux file tree: the live one at "/", or a recorded one. Copies share what they have read: a small file
// is read once, however often it is asked for. It may be used by several goroutines.
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

// rememberedSize is that of the largest files that are kept, in bytes. Larger ones are tables, which have one reader each.
const rememberedSize = 8 << 10

// Read returns all of a file of at most limit bytes, which are not to be changed; a longer one is an error that wraps
// ErrTooLarge.
func (f FS) Read(name string, limit int) ([]byte, error) {
	if r, ok := f.s.recall(name); ok {
		if len(r.text) > limit {
			return r.text[:limit], fmt.Errorf("reading %s: %w", name, ErrTooLarge)
		}
		return r.text, r.err
	}
	r, err := f.open(name, int64(limit))
	if err != nil {
		f.s.remember(name, nil, err)
		return nil, err
	}
	text, err := guarded(f, name, func() ([]byte, error) {
		defer r.Close()
		return io.ReadAll(r)
	})
	if err == nil {
		f.s.record.file(name, text)
	}
	if len(text) <= rememberedSize && !errors.Is(err, ErrTooLarge) {
		f.s.remember(name, text, err)
	}
	return text, err
}

// Line returns a small file without the blank space around it.
func (f FS) Line(name string) (string, error) {
	b, err := f.Read(name, SmallFile)
	return strings.TrimSpace(string(b)), err
}

// Open opens a file for reading in a stream. Reading past limit bytes gives an error that wraps ErrTooLarge.
// Directories, devices and named pipes are not opened: reading those may block or have effects.
func (f FS) Open(name string, limit int64) (io.ReadCloser, error) {
	r, err := f.open(name, limit)
	if err != nil {
		return nil, err
	}
	return f.s.record.stream(name, &patientReader{fs: f, name: name, r: r}), nil
}

func (f FS) open(name string, limit int64) (*boundedFile, error) {
	if err := f.s.refused(name); err != nil {
		f.s.record.deny(name)
		return nil, err
	}
	file, err := guarded(f, name, func() (*os.File, error) { return openRegular(f.Path(name)) })
	if err != nil {
		if Denied(err) {
			f.s.record.deny(name)
		}
		return nil, err
	}
	return &boundedFile{File: file, name: name, left: limit}, nil
}

// A boundedFile gives an error where reading would go past its limit.
type boundedFile struct {
	*os.File
	name string
	left int64
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
	return n, err
}

// Names lists a directory, sorted.
func (f FS) Names(dir string) ([]string, error) {
	if err := f.s.refused(dir); err != nil {
		return nil, err
	}
	names, err := guarded(f, dir, func() ([]string, error) {
		entries, err := os.ReadDir(f.Path(dir))
		names := make([]string, 0, len(entries))
		for _, e := range entries {
			names = append(names, e.Name())
		}
		return names, err
	})
	if err == nil {
		f.s.record.directory(dir, names)
	} else if Denied(err) {
		f.s.record.deny(dir)
	}
	return names, err
}

// Stat describes what a name leads to.
func (f FS) Stat(name string) (fs.FileInfo, error) {
	info, err := guarded(f, name, func() (fs.FileInfo, error) { return os.Stat(f.Path(name)) })
	switch {
	case err == nil:
		f.s.record.touch(name)
	case Denied(err):
		f.s.record.deny(name)
	case Gone(err) && f.s.denied[name]: // the user who recorded the tree could not see it
		return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrPermission}
	}
	return info, err
}

// Exists reports whether a file or directory is there; false where that cannot be seen.
func (f FS) Exists(name string) bool {
	_, err := f.Stat(name)
	return err == nil
}

// Readlink returns where a symbolic link leads, as written in it.
func (f FS) Readlink(name string) (string, error) {
	if err := f.s.refused(name); err != nil {
		return "", err
	}
	to, err := guarded(f, name, func() (string, error) { return os.Readlink(f.Path(name)) })
	if err == nil {
		f.s.record.link(name, to)
	}
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
		f.s.record.plant(name, text)
	} else if Denied(err) {
		f.s.record.deny(name)
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
	case errors.Is(err, ErrTooLarge):
		return "larger than expected"
	case errors.Is(err, ErrFormat):
		return "not understood"
	default:
		return "not readable"
	}
}
