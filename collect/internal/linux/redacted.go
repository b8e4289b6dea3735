package linux

import "io"

// ReadRedacted is Read for files that may hold secrets: only what redact leaves of the text is returned, remembered and
// recorded. Redacting twice has to give the same, because a recorded tree is read in the same way.
func (f FS) ReadRedacted(name string, limit int, redact func([]byte) []byte) ([]byte, error) {
	memo := name + "\x00redacted"
	if m, ok := f.s.recall(memo); ok {
		return m.text, m.err
	}
	r, err := f.open(name, int64(limit))
	if err != nil {
		f.s.remember(memo, nil, err)
		return nil, err
	}
	text, err := guarded(f, name, func() ([]byte, error) {
		defer r.Close()
		return io.ReadAll(r)
	})
	if err != nil {
		f.s.remember(memo, nil, err)
		return nil, err
	}
	text = redact(text)
	f.s.record.file(name, text)
	if len(text) <= rememberedSize {
		f.s.remember(memo, text, nil)
	}
	return text, nil
}
