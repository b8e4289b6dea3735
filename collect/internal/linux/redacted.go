package linux

// ReadRedacted is Read for files that may hold secrets: only what redact leaves of the text is returned, remembered and
// recorded. Redacting twice has to give the same, because a recorded tree is read in the same way.
func (f FS) ReadRedacted(name string, limit int, redact func([]byte) []byte) ([]byte, error) {
	memo := name + "\x00redacted"
	if r, ok := f.s.recall(memo); ok {
		return r.text, r.err
	}
	text, err := guarded(f, opRead, name, func(real string) ([]byte, error) { return f.s.readAll(real, limit) })
	if err == nil {
		err = f.s.recorded(opEnd, name)
	}
	if err == nil {
		text = redact(text)
	} else {
		text = nil // of what was not read to its end nothing is kept
	}
	f.s.record.read(name, text, err)
	f.s.remember(memo, text, err)
	return text, err
}
