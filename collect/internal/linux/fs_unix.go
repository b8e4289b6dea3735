//go:build unix

package linux

import (
	"fmt"
	"os"
	"syscall"
)

// openRegular opens a regular file without waiting for whatever may stand behind another kind of file.
func openRegular(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	if !info.Mode().IsRegular() {
		f.Close()
		return nil, fmt.Errorf("reading %s: %w: not a regular file", path, ErrFormat)
	}
	return f, nil
}
