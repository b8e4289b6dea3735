package linux

import "time"

// digestPatience is how long the reading of a whole database is waited for, after its file has answered at all.
const digestPatience = 30 * time.Second

// Digest lets read make an answer out of a file that is too large to copy, or that only a library can read, which
// gets its path. The answer is recorded as /.infraopt/NAME in place of the file, and is taken from there if the
// tree is a recorded one that has it.
func (f FS) Digest(file, name string, read func(path string) ([]byte, error)) ([]byte, error) {
	name = answers + "/" + name
	if !f.Live() {
		if text, err := f.Read(name, LargeFile); err == nil {
			return text, nil
		}
	}
	probe, err := f.open(file, 1) // shows within Patience whether the file answers
	if err != nil {
		return nil, err
	}
	probe.Close()
	text, err := guardedFor(f, file, digestPatience, func() ([]byte, error) { return read(f.Path(file)) })
	if err == nil {
		f.s.record.plant(name, text)
	} else if Denied(err) {
		f.s.record.deny(file)
	}
	return text, err
}
