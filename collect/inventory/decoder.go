package inventory

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// A decoder walks through the text of a snapshot.
type decoder struct {
	json    *json.Decoder
	in      *counter
	sources int // elements of the list of sources that were begun
}

// errEnough ends reading where nobody wants more.
var errEnough = errors.New("enough")

// stream walks through a snapshot and yields what element makes of each element of its list of sources.
func stream(r io.Reader, head *Snapshot, element func(*decoder) (*Observation, error)) Observations {
	return func(yield func(*Observation, error) bool) {
		if head == nil {
			head = &Snapshot{}
		}
		in := &counter{r: r}
		d := &decoder{json: json.NewDecoder(in), in: in}
		d.json.UseNumber() // what is passed over need not fit any type
		err := d.document(head, func() error {
			o, err := element(d)
			if err == nil && !yield(o, nil) {
				return errEnough
			}
			return err
		})
		if err != nil && !errors.Is(err, errEnough) {
			yield(nil, err)
		}
	}
}

// document reads the whole text. It fills in head and calls element where an element of the sources begins.
func (d *decoder) document(head *Snapshot, element func() error) error {
	*head = Snapshot{}
	switch t, err := d.json.Token(); {
	case errors.Is(err, io.EOF):
		return fmt.Errorf("%w: it is empty", ErrFormat)
	case err != nil:
		return d.wrong(err)
	case t != json.Delim('{'):
		return fmt.Errorf("%w: byte %d: want an object", ErrFormat, d.json.InputOffset())
	}
	listed := false
	for d.json.More() {
		t, err := d.json.Token()
		if err != nil {
			return d.wrong(err)
		}
		switch key, _ := t.(string); { // names are matched as encoding/json does
		case strings.EqualFold(key, "schema"):
			if err = d.value(&head.Schema, "schema"); err == nil {
				err = checkSchema(head)
			}
		case strings.EqualFold(key, "takenAt"):
			err = d.value(&head.TakenAt, "takenAt")
		case strings.EqualFold(key, "tool"):
			err = d.value(&head.Tool, "tool")
		case strings.EqualFold(key, "sources"):
			if listed {
				return fmt.Errorf("%w: byte %d: its sources are listed twice", ErrFormat, d.json.InputOffset())
			}
			listed = true
			err = d.list(head, element)
		default:
			err = d.skip()
		}
		if err != nil {
			return err
		}
	}
	if _, err := d.json.Token(); err != nil { // the end of the object, or More would have seen more
		return d.wrong(err)
	}
	if err := checkSchema(head); err != nil {
		return err
	}
	if _, err := d.json.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: more text follows the document at byte %d", ErrFormat, d.json.InputOffset())
	}
	return nil
}

func checkSchema(head *Snapshot) error {
	if head.Schema != SnapshotSchema {
		return fmt.Errorf("%w: its schema is %.60q, want %q", ErrFormat, head.Schema, SnapshotSchema)
	}
	return nil
}

// list reads the sources: a list, or null.
func (d *decoder) list(head *Snapshot, element func() error) error {
	switch t, err := d.json.Token(); {
	case err != nil:
		return d.wrong(err)
	case t == nil:
		return nil
	case t != json.Delim('['):
		return fmt.Errorf("%w: byte %d, field sources: want a list", ErrFormat, d.json.InputOffset())
	}
	head.Sources = []Observation{}
	for d.json.More() {
		d.sources++
		if err := element(); err != nil {
			return err
		}
	}
	if _, err := d.json.Token(); err != nil {
		return d.wrong(err)
	}
	return nil
}

// value decodes the next value, that of a field or an element of the sources, which are named in errors.
func (d *decoder) value(v any, field string) error {
	d.json.More()                 // moves on to the colon or comma before the value, if there is one,
	begin := d.json.InputOffset() // so that this is where the value begins
	if field != "sources" || d.sources > 1 {
		begin++
	}
	err := d.json.Decode(v)
	var kind *json.UnmarshalTypeError
	if !errors.As(err, &kind) {
		return d.wrong(err)
	}
	if kind.Field != "" {
		field += "." + kind.Field
	}
	where := "byte"
	if kind.Offset == 0 { // a Reading does not know where it stands
		where = "after byte"
	}
	return fmt.Errorf("%w: %s %d, field %s: want %s, have a %s", ErrFormat, where, begin+kind.Offset, field, kind.Type, kind.Value)
}

// maxDepth is how deep encoding/json lets values lie in one another, the document included.
const maxDepth = 10_000

// skip passes over a value, token by token, as it may be of any size.
func (d *decoder) skip() error {
	for depth := 0; ; {
		t, err := d.json.Token()
		if err != nil {
			return d.wrong(err)
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		switch {
		case depth == 0:
			return nil
		case depth >= maxDepth:
			return fmt.Errorf("%w: byte %d: exceeded max depth", ErrFormat, d.json.InputOffset())
		}
	}
}

// wrong says where the text is not what it should be; nil where it is.
func (d *decoder) wrong(err error) error {
	var syntax *json.SyntaxError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w: it is cut off after byte %d", ErrFormat, d.in.n)
	case errors.As(err, &syntax):
		return fmt.Errorf("%w: byte %d: %w", ErrFormat, d.stumble(syntax), err)
	case d.in.failed:
		return fmt.Errorf("%w: after byte %d: %w", ErrFormat, d.in.n, err)
	default:
		return fmt.Errorf("%w: before byte %d: %w", ErrFormat, d.json.InputOffset(), err)
	}
}

// stumble is the byte at which the text is wrong. Errors of values count from where the JSON decoder began to read
// values, which it does not tell; but what it stumbled over it still holds, and reading that again tells the way. It is not
// so for errors between values, which may be worded alike: but only those of values stay for good.
func (d *decoder) stumble(err *json.SyntaxError) int64 {
	var again, stays *json.SyntaxError
	begin := d.json.InputOffset()
	if errors.As(json.NewDecoder(d.json.Buffered()).Decode(&json.RawMessage{}), &again) && again.Error() == err.Error() &&
		errors.As(d.json.Decode(&json.RawMessage{}), &stays) && stays == err {
		return begin + again.Offset
	}
	return begin + 1
}

// counter counts bytes: the decoder tells where a value began, not how far it came.
type counter struct {
	r      io.Reader
	n      int64
	blank  int // bytes of white space that came last
	failed bool
}

// maxBlank bounds white space in a row: each time it gets more of it, the JSON decoder looks at all of it again.
const maxBlank = 1 << 20

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += int64(n)
	if text := bytes.TrimRight(b[:n], " \t\r\n"); len(text) > 0 {
		c.blank = n - len(text)
	} else {
		c.blank += n
	}
	if c.blank > maxBlank {
		err = fmt.Errorf("more than %d bytes of white space in a row", maxBlank)
	}
	c.failed = err != nil && !errors.Is(err, io.EOF)
	return n, err
}
