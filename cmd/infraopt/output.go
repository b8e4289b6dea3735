package main

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// The rights of files that are written, before the umask. A snapshot tells more of an estate than everybody who may
// log in to a machine need know.
const (
	reportRights   = 0o666
	snapshotRights = 0o600
)

// An output is a file that appears under its name when it is complete, and not before.
type output struct {
	name string
	file *os.File
	temp string // where it is written until then; empty where the name is a device or a pipe
}

// createOutput makes sure that a file can be written, before there is anything to write.
func createOutput(name string, rights fs.FileMode) (*output, error) {
	cannot := func(err error) error {
		var path *fs.PathError
		if errors.As(err, &path) {
			err = path.Err
		}
		return &usageError{text: fmt.Sprintf("writing %s: %v", name, err), hint: "want the name of a file in a folder that exists and may be written to"}
	}
	place := name
	if real, err := filepath.EvalSymlinks(name); err == nil {
		place = real // what a link leads to is replaced, not the link
	}
	info, err := os.Stat(place)
	switch {
	case err == nil && info.IsDir():
		return nil, cannot(errors.New("it is a folder"))
	case err == nil && !info.Mode().IsRegular():
		f, err := os.OpenFile(place, os.O_WRONLY, 0)
		if err != nil {
			return nil, cannot(err)
		}
		return &output{name: name, file: f}, nil
	case err == nil && rights != snapshotRights:
		rights = info.Mode().Perm()
	}
	temp := filepath.Join(filepath.Dir(place), "."+filepath.Base(place)+"."+rand.Text()[:8]+".tmp")
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, rights)
	if err != nil {
		return nil, cannot(err)
	}
	return &output{name: place, file: f, temp: temp}, nil
}

// samePlaceAs tells whether another name is of the same file, also where neither is there yet. Devices and pipes take what
// comes, from however many.
func samePlaceAs(name string) func(other string) bool {
	info, err := os.Stat(name)
	if err == nil && !info.Mode().IsRegular() {
		return func(string) bool { return false }
	}
	return func(other string) bool {
		if i, e := os.Stat(other); err == nil && e == nil {
			return os.SameFile(info, i)
		}
		a, errA := filepath.Abs(name)
		b, errB := filepath.Abs(other)
		return errA == nil && errB == nil && a == b
	}
}

// write fills the file and gives it its name.
func (o *output) write(fill func(io.Writer) error) error {
	w := bufio.NewWriterSize(o.file, 64<<10)
	err := fill(w)
	if err == nil {
		err = w.Flush()
	}
	if err == nil && o.temp != "" {
		err = o.file.Sync() // or a crash could leave the new name with nothing behind it
	}
	if e := o.file.Close(); err == nil {
		err = e
	}
	if err == nil && o.temp != "" {
		err = os.Rename(o.temp, o.name)
	}
	if err != nil {
		o.discard()
		return fmt.Errorf("writing %s: %w", o.name, err)
	}
	o.file = nil
	return nil
}

// discard leaves nothing behind of a file that was not written. After write it does nothing.
func (o *output) discard() {
	if o.file == nil {
		return
	}
	_ = o.file.Close() // whatever it says, the file goes
	if o.temp != "" {
		_ = os.Remove(o.temp)
	}
	o.file = nil
}
