package inventory

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// maxAtOnce is the largest document that is decoded by all processors at once, in bytes: its text is then held in memory.
// What is larger is read as a stream.
const maxAtOnce = 256 << 20

// exactly lets pass only what encoding/json reads in just the same way: no name that a field has in other letters, none
// that is not known, none twice.
var exactly = json.RejectUnknownMembers(true)

// decodeAtOnce is Decode for a document that is not too large and has nothing odd in it: while one processor finds where
// its observations begin and end, the others decode them. Where it is not ok nothing is said of why, and whoever wants to
// know reads rest, which is all of r.
func decodeAtOnce(r io.Reader) (s *Snapshot, rest io.Reader, ok bool) {
	text := &kept{r: r}
	type element struct {
		text []byte
		to   *Observation
	}
	work := make(chan element, 64)
	var wrong atomic.Bool
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			for e := range work {
				if !wrong.Load() && (json.Unmarshal(e.text, e.to, exactly) != nil || e.to.check() != nil) {
					wrong.Store(true)
				}
			}
		})
	}
	var found []*Observation
	head, ok := split(text, func(from, to int64) bool {
		o := &Observation{}
		found = append(found, o)
		work <- element{text.part(from, to), o}
		return !wrong.Load()
	})
	close(work)
	all.Wait()
	if !ok || wrong.Load() {
		return nil, text.again(), false
	}
	s = &Snapshot{}
	for _, err := range Stream(bytes.NewReader(head), s) {
		if err != nil {
			return nil, text.again(), false
		}
	}
	s.Sources = make([]Observation, len(found))
	for i, o := range found {
		s.Sources[i] = *o
	}
	return s, nil, true
}

// split calls element for each element of the list of sources, with the bytes between which it stands, and gives the
// document without them. It is not ok where anything is odd, or element wants no more.
func split(r io.Reader, element func(from, to int64) bool) (head []byte, ok bool) {
	d := jsontext.NewDecoder(&counter{r: r})
	if t, err := d.ReadToken(); err != nil || t.Kind() != jsontext.KindBeginObject {
		return nil, false
	}
	head = append(head, '{')
	for d.PeekKind() == jsontext.KindString {
		name, err := d.ReadValue()
		if err != nil {
			return nil, false
		}
		if len(head) > 1 {
			head = append(head, ',')
		}
		head = append(append(head, name...), ':')
		if !bytes.Equal(name, []byte(`"sources"`)) {
			value, err := d.ReadValue()
			if err != nil {
				return nil, false
			}
			head = append(head, value...)
			continue
		}
		if t, err := d.ReadToken(); err != nil || t.Kind() != jsontext.KindBeginArray {
			return nil, false
		}
		for d.PeekKind() != jsontext.KindEndArray {
			value, err := d.ReadValue()
			if err != nil {
				return nil, false
			}
			if to := d.InputOffset(); !element(to-int64(len(value)), to) {
				return nil, false
			}
		}
		if _, err := d.ReadToken(); err != nil {
			return nil, false
		}
		head = append(head, "[]"...)
		ok = true
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, false
	}
	if _, err := d.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, false
	}
	return append(head, '}'), ok
}

// kept passes on what it reads and keeps it, piece by piece.
type kept struct {
	r      io.Reader
	pieces [][]byte // full, but for the last
	n      int64
	err    error
}

const piece = 1 << 20 // bytes

func (k *kept) Read(p []byte) (int, error) {
	if k.n > maxAtOnce {
		return 0, io.ErrShortBuffer
	}
	n, err := k.r.Read(p)
	k.n += int64(n)
	k.err = err
	for p = p[:n]; len(p) > 0; {
		last := len(k.pieces) - 1
		if last < 0 || len(k.pieces[last]) == piece {
			k.pieces = append(k.pieces, make([]byte, 0, piece))
			last++
		}
		some := min(len(p), piece-len(k.pieces[last]))
		k.pieces[last] = append(k.pieces[last], p[:some]...)
		p = p[some:]
	}
	return n, err
}

// part is the text between two bytes.
func (k *kept) part(from, to int64) []byte {
	at, begin := from/piece, from%piece
	if to-at*piece <= piece {
		return k.pieces[at][begin : to-at*piece]
	}
	text := make([]byte, 0, to-from)
	for ; from < to; from = (at + 1) * piece {
		at = from / piece
		text = append(text, k.pieces[at][from%piece:min(piece, to-at*piece)]...)
	}
	return text
}

// again gives all that was read, how that ended, and what was not read.
func (k *kept) again() io.Reader {
	var all []io.Reader
	for _, p := range k.pieces {
		all = append(all, bytes.NewReader(p))
	}
	if k.err != nil {
		return io.MultiReader(append(all, failed{k.err})...)
	}
	return io.MultiReader(append(all, k.r)...)
}

// failed gives an error.
type failed struct{ err error }

func (f failed) Read([]byte) (int, error) { return 0, f.err }
