package score

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"unique"
)

// Tallies in a compact binary form, one after the other, so that millions can be kept, sent and summed up without a
// host in sight. Names of terms repeat from tally to tally: each is written once, and then by its number.
//
//	stream = version tally…
//	tally  = uvarint(number of terms) term…
//	term   = uvarint(number of the name) name? varint(lo) varint(hi-lo)
//	name   = uvarint(length) of, uvarint(length) name, uvarint(length) sub; it follows a number not seen before, which is
//	         the next one, counted from 0

// tallyVersion begins a stream.
const tallyVersion = 1

// ErrTallies marks a stream that does not hold tallies.
var ErrTallies = errors.New("not a stream of tallies")

// maxName bounds the parts of a name, and maxNames the names of a stream: what is larger was not written by a
// TallyWriter for an estate of this world.
const (
	maxName  = 1 << 16
	maxNames = 1 << 26
)

// A TallyWriter writes a stream of tallies.
type TallyWriter struct {
	out     *bufio.Writer
	numbers map[symbol]uint64
	buf     []byte
}

// NewTallyWriter begins a stream.
func NewTallyWriter(w io.Writer) *TallyWriter {
	return &TallyWriter{out: bufio.NewWriter(w), numbers: map[symbol]uint64{}, buf: []byte{tallyVersion}}
}

// Write adds a tally to the stream. Equal tallies, written in the same order, give equal bytes.
func (w *TallyWriter) Write(t *Tally) error {
	terms := t.Terms()
	w.buf = binary.AppendUvarint(w.buf, uint64(len(terms)))
	for _, x := range terms {
		s := unique.Make(termName{x.Of, x.Name, x.Sub})
		n, known := w.numbers[s]
		if !known {
			n = uint64(len(w.numbers))
			w.numbers[s] = n
		}
		w.buf = binary.AppendUvarint(w.buf, n)
		for _, part := range []string{x.Of, x.Name, x.Sub} {
			if known {
				break
			}
			if len(part) > maxName {
				return fmt.Errorf("writing tallies: a name of %d bytes: want %d at most", len(part), maxName)
			}
			w.buf = binary.AppendUvarint(w.buf, uint64(len(part)))
			w.buf = append(w.buf, part...)
		}
		w.buf = binary.AppendVarint(w.buf, x.Lo)
		w.buf = binary.AppendVarint(w.buf, x.Hi-x.Lo)
	}
	_, err := w.out.Write(w.buf)
	w.buf = w.buf[:0]
	return err
}

// Flush hands on what was written; it does not close what the writer writes to.
func (w *TallyWriter) Flush() error {
	if _, err := w.out.Write(w.buf); err != nil {
		return err
	}
	w.buf = w.buf[:0]
	return w.out.Flush()
}

// tallyReader reads a stream term by term.
type tallyReader struct {
	in    *bufio.Reader
	names []symbol
}

// openTallies begins to read; a stream of nothing, not even its version, is none.
func openTallies(r io.Reader) (*tallyReader, error) {
	in := bufio.NewReader(r)
	v, err := in.ReadByte()
	switch {
	case errors.Is(err, io.EOF):
		return nil, fmt.Errorf("%w: it is empty", ErrTallies)
	case err != nil:
		return nil, err
	case v != tallyVersion:
		return nil, fmt.Errorf("%w: it begins with byte %d, want version %d", ErrTallies, v, tallyVersion)
	}
	return &tallyReader{in: in}, nil
}

// next reads one tally and calls add for each of its terms, with the number of its name. The error is io.EOF at the
// end of the stream, and wraps ErrTallies where the stream is not what it should be.
func (r *tallyReader) next(add func(name int, x Range)) error {
	n, err := binary.ReadUvarint(r.in)
	if err != nil {
		if errors.Is(err, io.EOF) {
			return io.EOF
		}
		return torn(err)
	}
	for ; n > 0; n-- {
		i, err := r.name()
		if err != nil {
			return torn(err)
		}
		lo, err := binary.ReadVarint(r.in)
		if err != nil {
			return torn(err)
		}
		more, err := binary.ReadVarint(r.in)
		if err != nil {
			return torn(err)
		}
		add(i, Range{lo, lo + more})
	}
	return nil
}

func (r *tallyReader) name() (int, error) {
	n, err := binary.ReadUvarint(r.in)
	switch {
	case err != nil:
		return 0, err
	case n < uint64(len(r.names)):
		return int(n), nil
	case n > uint64(len(r.names)), n >= maxNames:
		return 0, fmt.Errorf("name %d follows name %d", n, len(r.names)-1)
	}
	var parts [3]string
	for i := range parts {
		size, err := binary.ReadUvarint(r.in)
		if err != nil {
			return 0, err
		}
		if size > maxName {
			return 0, fmt.Errorf("a name of %d bytes", size)
		}
		text := make([]byte, size)
		if _, err := io.ReadFull(r.in, text); err != nil {
			return 0, err
		}
		parts[i] = string(text)
	}
	r.names = append(r.names, unique.Make(termName{parts[0], parts[1], parts[2]}))
	return int(n), nil
}

func torn(err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("%w: %w", ErrTallies, err)
}

// ReadTallies gives the tallies of a stream one by one. An error comes last, with no tally.
func ReadTallies(r io.Reader) iter.Seq2[*Tally, error] {
	return func(yield func(*Tally, error) bool) {
		in, err := openTallies(r)
		for err == nil {
			t := &Tally{}
			err = in.next(func(name int, x Range) { t.addSymbol(in.names[name], x) })
			if err == nil && !yield(t, nil) {
				return
			}
		}
		if !errors.Is(err, io.EOF) || errors.Is(err, ErrTallies) {
			yield(nil, err)
		}
	}
}

// SumTallies adds up a stream of tallies and counts them. It needs the memory of the sum, however many there are.
func SumTallies(r io.Reader) (sum *Tally, n int, err error) {
	in, err := openTallies(r)
	var sums []Range
	for err == nil {
		err = in.next(func(name int, x Range) {
			if name == len(sums) {
				sums = append(sums, Range{})
			}
			sums[name] = sums[name].plus(x)
		})
		if err == nil {
			n++
		}
	}
	if !errors.Is(err, io.EOF) || errors.Is(err, ErrTallies) {
		return nil, n, err
	}
	sum = &Tally{}
	for i, x := range sums {
		if x != (Range{}) {
			sum.addSymbol(in.names[i], x)
		}
	}
	return sum, n, nil
}

// MarshalBinary writes the tally as a stream of one.
func (t *Tally) MarshalBinary() ([]byte, error) {
	var b bytes.Buffer
	w := NewTallyWriter(&b)
	if err := w.Write(t); err != nil {
		return nil, err
	}
	err := w.Flush()
	return b.Bytes(), err
}

// UnmarshalBinary reads what MarshalBinary writes.
func (t *Tally) UnmarshalBinary(data []byte) error {
	*t = Tally{}
	n := 0
	for x, err := range ReadTallies(bytes.NewReader(data)) {
		switch {
		case err != nil:
			return err
		case n > 0:
			return fmt.Errorf("%w: more than one tally, want one", ErrTallies)
		}
		*t = *x
		n++
	}
	if n == 0 {
		return fmt.Errorf("%w: no tally, want one", ErrTallies)
	}
	return nil
}
