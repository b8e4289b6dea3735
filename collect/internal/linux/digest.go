package linux

import "time"

// digestPatience is how long the reading of a whole database is waited for, after its file has answered at all.
const digestPatience = 30 * time.Second

// Digest lets read make an answer out of a file that is too large to copy, or that only a library can read, which
// gets its path. The answer is recorded as /.infraopt/NAME, the file as an empty one; a recorded tree that has the
// answer gives it.
func (f FS) Digest(file, name string, read func(path string) ([]byte, error)) ([]byte, error) {
	name = answers + "/" + name
	_, err := f.Stat(file) // shows within Patience whether the file answers
	if err == nil {
		_, err = guarded(f, opRead, file, f.s.readable)
	}
	if err != nil {
		f.s.record.read(file, nil, err)
		return nil, err
	}
	if !f.Live() {
		if text, err := f.Read(name, LargeFile); err == nil {
			return text, nil
		}
	}
	text, err := guardedFor(f, opRead, file, digestPatience, func(real string) ([]byte, error) { return read(f.Path(real)) })
	if err == nil {
		f.s.record.read(name, text, nil)
	} else {
		f.s.record.read(file, nil, err)
	}
	return text, err
}

// readable reports by its error whether a regular file may be read.
func (s *session) readable(real string) (struct{}, error) {
	if s.live {
		return struct{}{}, readable(real)
	}
	f, err := s.openRegular(real)
	if err == nil {
		err = f.Close()
	}
	return struct{}{}, err
}
