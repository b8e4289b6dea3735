//go:build unix

package linux

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"syscall"
)

// openFlags are added where files are opened for reading: without waiting for whatever may stand behind another kind
// of file, and without taking over a terminal.
const openFlags = syscall.O_NONBLOCK | syscall.O_NOCTTY

// buffers are where files are read into: their length is not known before, and most are short.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// readFile reads a regular file of at most limit bytes. It asks the kernel itself: the files of package os are made
// for waiting, which takes twice the calls, and there are thousands of files. Only where a file need not be a regular
// one is that checked.
func readFile(path string, limit int, check bool) ([]byte, error) {
	fail := func(op string, err error) error { return &fs.PathError{Op: op, Path: path, Err: err} }
	fd, err := again(func() (int, error) {
		return syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC|openFlags, 0)
	})
	if err != nil {
		return nil, fail("open", err)
	}
	defer syscall.Close(fd)
	if check {
		var st syscall.Stat_t
		if _, err := again(func() (int, error) { return 0, syscall.Fstat(fd, &st) }); err != nil {
			return nil, fail("stat", err)
		}
		if st.Mode&syscall.S_IFMT != syscall.S_IFREG {
			return nil, fmt.Errorf("reading %s: %w: not a regular file", path, ErrFormat)
		}
	}
	held := buffers.Get().(*[]byte)
	defer buffers.Put(held)
	buf := (*held)[:0]
	for {
		if len(buf) == cap(buf) {
			buf = slices.Grow(buf, max(4<<10, len(buf)))
			*held = buf
		}
		n, err := again(func() (int, error) { return syscall.Read(fd, buf[len(buf):min(cap(buf), limit+1)]) })
		switch {
		case errors.Is(err, syscall.EISDIR):
			return nil, fmt.Errorf("reading %s: %w: not a regular file", path, ErrFormat)
		case err != nil:
			return slices.Clone(buf), fail("read", err)
		case n == 0:
			return slices.Clone(buf), nil
		}
		if buf = buf[:len(buf)+n]; len(buf) > limit {
			return slices.Clone(buf[:limit]), fmt.Errorf("reading %s: %w", path, ErrTooLarge)
		}
	}
}

// again makes a call of the kernel once more where a signal has interrupted it.
func again(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if !errors.Is(err, syscall.EINTR) {
			return n, err
		}
	}
}

func readable(path string) error {
	if err := syscall.Access(path, 4 /* R_OK */); err != nil {
		return &fs.PathError{Op: "access", Path: path, Err: err}
	}
	return nil
}

func writable(path string) error { return syscall.Access(path, 2 /* W_OK */) }
