package docker

import (
	"errors"
	"fmt"
	"io"
	"net/http"
)

// Limits on one answer of an engine. Real ones stay far below: ten thousand containers take about 20 MB.
const (
	maxBody     = 64 << 20
	maxElements = 50_000 // of the outermost list, as small text can ask for large values: [{},{},…]
	maxInner    = 1_000_000
)

// errTooLarge marks an answer that is larger than any honest one.
var errTooLarge = errors.New("the answer is too large")

// A guard is an HTTP transport that only reads and does not let answers grow without bound.
type guard struct{ next http.RoundTripper }

// RoundTrip passes GET requests on and bounds the answer.
func (g guard) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method != http.MethodGet {
		return nil, fmt.Errorf("refusing to send %s: this program only reads", r.Method)
	}
	resp, err := g.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	resp.Body = &boundedBody{body: resp.Body}
	return resp, nil
}

// A boundedBody gives an error where JSON text becomes too long or holds too many elements, before anybody makes
// values of them.
type boundedBody struct {
	body         io.ReadCloser
	size         int
	depth        int
	outer, inner int // commas in the outermost list or object, and in all below
	text, escape bool
}

// Read reads on and counts.
func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.body.Read(p)
	b.size += n
	for _, c := range p[:n] {
		b.count(c)
	}
	if b.size > maxBody || b.outer > maxElements || b.inner > maxInner {
		return 0, errTooLarge
	}
	return n, err
}

func (b *boundedBody) count(c byte) {
	switch {
	case b.escape:
		b.escape = false
	case b.text:
		b.escape = c == '\\'
		b.text = c != '"'
	case c == '"':
		b.text = true
	case c == '{' || c == '[':
		b.depth++
	case c == '}' || c == ']':
		b.depth--
	case c == ',' && b.depth <= 1:
		b.outer++
	case c == ',':
		b.inner++
	}
}

// Close ends reading.
func (b *boundedBody) Close() error { return b.body.Close() }
