package snapshot

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"

	"github.com/klauspost/compress/zstd"

	"github.com/infraopt/infraopt/collect/inventory"
)

// A few bytes of zstd can unfold to any number. Inventories shrink to a tenth or a twentieth; what unfolds to more
// than this many times its size, beyond what is small anyway, is no snapshot.
const (
	maxRatio = 256
	smallish = 64 << 20
)

// maxWindow bounds what the decoder of zstd sets aside at the word of a file's header.
const maxWindow = 64 << 20

// magic begins a zstd frame (RFC 8878, 3.1.1).
var magic = []byte{0x28, 0xb5, 0x2f, 0xfd}

// Extensions lists the ends of file names that Compressed knows, for help.
const Extensions = ".json or .json.zst"

// Compressed tells from a file's name whether it shall be compressed.
func Compressed(name string) (bool, error) {
	name = strings.ToLower(name)
	switch {
	case strings.HasSuffix(name, ".json"):
		return false, nil
	case strings.HasSuffix(name, ".zst"):
		return true, nil
	}
	return false, fmt.Errorf("no snapshot goes with the file name %q: want an extension of %s", name, Extensions)
}

// Encode writes a snapshot, compressed if asked to. Equal snapshots give equal bytes.
func Encode(w io.Writer, s *inventory.Snapshot, compressed bool) error {
	return pack(w, compressed, func(w io.Writer) error { return inventory.Encode(w, s) })
}

// EncodeStream writes what Encode writes, with the fields of head and with observations that come one at a time.
func EncodeStream(w io.Writer, head *inventory.Snapshot, all inventory.Observations, compressed bool) error {
	return pack(w, compressed, func(w io.Writer) error {
		e, err := inventory.NewEncoder(w, head)
		if err != nil {
			return err
		}
		for o, err := range all {
			if err != nil {
				return err
			}
			if err := e.Add(o); err != nil {
				return err
			}
		}
		return e.Close()
	})
}

// Compress lets something else than a snapshot be written as a compressed snapshot is.
func Compress(w io.Writer, write func(io.Writer) error) error { return pack(w, true, write) }

// Decompress lets what Compress wrote be read, and what is not compressed. It bounds how much that unfolds to.
func Decompress(r io.Reader, read func(io.Reader) error) error { return unpack(r, read) }

// pack lets a snapshot be written, and compresses it if asked to.
func pack(w io.Writer, compressed bool, write func(io.Writer) error) error {
	if !compressed {
		return write(w)
	}
	// One goroutine: the order of blocks, and with it the bytes, must not depend on the number of CPUs.
	z, err := zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return fmt.Errorf("compressing: %w", err)
	}
	if err := write(z); err != nil {
		_ = z.Close() // the first error says more
		return err
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("compressing: %w", err)
	}
	return nil
}

// Decode reads what Encode wrote. Its errors say at which byte reading stopped; in a compressed snapshot that is a
// byte of what was decompressed.
func Decode(r io.Reader) (*inventory.Snapshot, error) {
	raw := &kept{r: r}
	var s *inventory.Snapshot
	err := unpack(raw, func(r io.Reader) error {
		var ok bool
		if s, ok = inventory.DecodeAtOnce(r); !ok {
			return errOdd
		}
		return nil
	})
	if err != nil { // slower, and with a word on what is wrong
		err = unpack(raw.again(), func(r io.Reader) (err error) {
			s, err = inventory.Decode(r)
			return err
		})
	}
	return s, err
}

// errOdd says that a snapshot is not to be decoded at once.
var errOdd = errors.New("odd")

// unpack lets the text of a snapshot be read, decompressed where it is compressed.
func unpack(r io.Reader, read func(io.Reader) error) error {
	br := bufio.NewReaderSize(r, 64<<10)
	head, err := br.Peek(len(magic))
	switch {
	case err != nil && !errors.Is(err, io.EOF):
		return err
	case bytes.Equal(head, magic):
		in := &counter{r: br}
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return fmt.Errorf("decompressing: %w", err)
		}
		defer z.Close()
		return read(&bounded{r: z, in: in})
	case !textual(head):
		return fmt.Errorf("%w: it begins with %q: want JSON or zstd, as infraopt collect writes it", inventory.ErrFormat, head)
	}
	return read(br)
}

// textual tells whether a file can be JSON. A JSON document that is no snapshot is told by the decoder.
func textual(head []byte) bool {
	text := bytes.TrimLeftFunc(head, unicode.IsSpace)
	return len(text) == 0 || text[0] == '{'
}

// A counter counts the bytes that pass.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// bounded passes on what was decompressed, as long as it is in proportion to what was read.
type bounded struct {
	r  io.Reader
	in *counter
	n  int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.n > smallish+maxRatio*b.in.n {
		return 0, fmt.Errorf("it unfolds to more than %d times its size", maxRatio)
	}
	n, err := b.r.Read(p)
	b.n += int64(n)
	return n, err
}

// kept passes on what it reads and keeps it, piece by piece.
type kept struct {
	r      io.Reader
	pieces [][]byte // full, but for the last
	n      int64
	err    error
}

const (
	piece   = 1 << 20   // bytes
	maxKept = 256 << 20 // bytes; more is not read
)

func (k *kept) Read(p []byte) (int, error) {
	if k.n > maxKept {
		return 0, errors.New("too much to be kept")
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
