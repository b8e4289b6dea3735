package linux

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
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

// An FS is a Linux file tree: the live one at "/", or a recorded one.
type FS struct{ root string }

// NewFS gives the tree below root; an empty root is "/".
func NewFS(root string) FS {
	if root == "" {
		root = "/"
	}
	return FS{root: root}
}

// Root is the directory that the tree begins at.
func (f FS) Root() string { return f.root }

// Path gives the path of a file of the tree, whose name begins with a slash.
func (f FS) Path(name string) string {
	if f.root == "/" {
		return name
	}
	return filepath.Join(f.root, filepath.FromSlash(name))
}

// Read returns all of a file of at most limit bytes; a longer one is an error that wraps ErrTooLarge.
func (f FS) Read(name string, limit int) ([]byte, error) {
	r, err := f.Open(name, int64(limit))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// Line returns a small file without the blank space around it.
func (f FS) Line(name string) (string, error) {
	b, err := f.Read(name, SmallFile)
	return strings.TrimSpace(string(b)), err
}

// Open opens a file for reading in a stream. Reading past limit bytes gives an error that wraps ErrTooLarge.
// Directories, devices and named pipes are not opened: reading those may block or have effects.
func (f FS) Open(name string, limit int64) (io.ReadCloser, error) {
	file, err := openRegular(f.Path(name))
	if err != nil {
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
	entries, err := os.ReadDir(f.Path(dir))
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, err
}

// Exists reports whether a file or directory is there; false where that cannot be seen.
func (f FS) Exists(name string) bool {
	_, err := os.Stat(f.Path(name))
	return err == nil
}

// Readlink returns where a symbolic link leads, as written in it.
func (f FS) Readlink(name string) (string, error) { return os.Readlink(f.Path(name)) }

// LinkBase returns the last element of where a symbolic link leads; empty where there is none.
func (f FS) LinkBase(name string) string {
	to, err := f.Readlink(name)
	if err != nil {
		return ""
	}
	return to[strings.LastIndexByte(to, '/')+1:]
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
	case errors.Is(err, ErrTooLarge):
		return "larger than expected"
	case errors.Is(err, ErrFormat):
		return "not understood"
	default:
		return "not readable"
	}
}

// Modified returns when a file or directory was last changed.
func Modified(f FS, name string) (time.Time, error) {
	info, err := os.Stat(f.Path(name))
	if err != nil {
		return time.Time{}, err
	}
	return info.ModTime(), nil
}
