//go:build !unix

package linux

import (
	"io"
	"os"
)

// openFlags are added where files are opened for reading.
const openFlags = 0

func readFile(path string, limit int, _ bool) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	b := &boundedFile{File: f, name: path, left: int64(limit)}
	defer b.Close()
	return io.ReadAll(b)
}

func readable(path string) error {
	f, err := os.Open(path)
	if err == nil {
		err = f.Close()
	}
	return err
}

func writable(path string) error {
	_, err := os.Stat(path)
	return err
}
