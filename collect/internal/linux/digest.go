package linux

import "time"

// digestPatience is how long the reading of a whole database is waited for, after its file has answered at all.
const digestPatience = 30 * time.Second

// Digest lets read make an answer out of a file that is too large to copy, or that only a library can read, which
// gets its path. The answer is recorded as /.infraopt/NAME, the file as an empty one; a recorded tree that has the
// answer gives it.
func (f FS) Digest(file, name string, read func(path string) ([]byte, error)) ([]byte, error) {
	name = answers + "/" + name
	probe, err := f.open(file, 1) // shows within Patience whether the file answers
	if err != nil {
		return nil, err
	}
	probe.Close()
	if !f.Live() {
		if text, err := f.Read(name, LargeFile); err == nil {
			return text, nil
		}
	}
	text, err := guardedFor(f, file, digestPatience, func() ([]byte, error) { return read(f.Path(file)) })
	switch {
	case err == nil:
		f.s.record.touch(file)
		f.s.record.plant(name, text)
	case Denied(err):
		f.s.record.deny(file)
	}
	return text, err
}
