package inventory

import (
	"bytes"
	"encoding/json"
	"io"
	"runtime"
	"sync"
	"sync/atomic"
)

// maxAtOnce is the largest document that is decoded by all processors at once, in bytes: its text is then held in memory.
// What is larger is read as a stream.
const maxAtOnce = 64 << 20

// decodeAtOnce is Decode for a document that is not too large and has nothing wrong with it: its observations are decoded
// side by side. Where it is not ok nothing is said of why, and whoever wants to know reads rest, which is all of r.
func decodeAtOnce(r io.Reader) (s *Snapshot, rest io.Reader, ok bool) {
	text, err := io.ReadAll(io.LimitReader(r, maxAtOnce+1))
	rest = io.MultiReader(bytes.NewReader(text), failed{err}, r)
	if err != nil || len(text) > maxAtOnce {
		return nil, rest, false
	}
	from, to, elements := split(text)
	if elements == nil {
		return nil, rest, false
	}
	head := bytes.Join([][]byte{text[:from], text[to:]}, nil)
	s = &Snapshot{}
	for _, err := range Stream(bytes.NewReader(head), s) {
		if err != nil {
			return nil, rest, false
		}
	}
	s.Sources = make([]Observation, len(elements))
	var next atomic.Int64
	var wrong atomic.Bool
	var all sync.WaitGroup
	for range min(len(elements), runtime.GOMAXPROCS(0)) {
		all.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(elements) && !wrong.Load(); i = int(next.Add(1)) - 1 {
				o := &s.Sources[i]
				if json.Unmarshal(elements[i], o) != nil || o.check() != nil {
					wrong.Store(true)
				}
			}
		})
	}
	all.Wait()
	return s, rest, !wrong.Load()
}

// failed gives an error where there is one, and else nothing.
type failed struct{ err error }

func (f failed) Read([]byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	return 0, io.EOF
}

// split finds the elements of the list of sources, and between which bytes they stand. It looks at nothing but strings and
// brackets: whether the document is one is for others to say. No elements come of one that has none, or that is odd.
func split(text []byte) (from, to int, elements [][]byte) {
	const document, list = 1, 2 // depths
	depth, blank, begin := 0, 0, 0
	listed := false // between the brackets of the list
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == ' ' || c == '\n' || c == '\t' || c == '\r' {
			if blank++; blank > maxBlank {
				return 0, 0, nil
			}
			continue
		}
		blank = 0
		switch c {
		case '"':
			end := quoted(text, i)
			if end < 0 {
				return 0, 0, nil
			}
			if depth == document && !listed && bytes.Equal(text[i:end], []byte(`"sources"`)) {
				if i = opening(text, end); i < 0 || from > 0 {
					return 0, 0, nil
				}
				from, begin, listed = i+1, i+1, true
				depth++
				continue
			}
			i = end - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; listed && depth < list {
				if c != ']' {
					return 0, 0, nil
				}
				listed, to = false, i
				elements = append(elements, text[begin:i])
			}
		case ',':
			if listed && depth == list {
				elements = append(elements, text[begin:i])
				begin = i + 1
			}
		}
	}
	if listed || depth != 0 {
		return 0, 0, nil
	}
	return from, to, elements
}

// quoted is where a string ends that begins at a quotation mark; negative where it does not.
func quoted(text []byte, i int) int {
	for i++; i < len(text); i++ {
		switch text[i] {
		case '"':
			return i + 1
		case '\\':
			i++ // what stands behind it is in the string
		}
	}
	return -1
}

// opening is where the bracket of a list stands behind a key; negative where something else does.
func opening(text []byte, i int) int {
	for _, want := range []byte(":[") {
		for i < len(text) && (text[i] == ' ' || text[i] == '\n' || text[i] == '\t' || text[i] == '\r') {
			i++
		}
		if i >= len(text) || text[i] != want {
			return -1
		}
		i++
	}
	return i - 1
}
