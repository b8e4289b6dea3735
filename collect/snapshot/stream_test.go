package snapshot_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/collect/collecttest"
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/collect/snapshot"
)

// read is all that an iterator yields, and its error.
func read(all inventory.Observations) ([]inventory.Observation, error) {
	var out []inventory.Observation
	for o, err := range all {
		if err != nil {
			return out, err
		}
		out = append(out, *o)
	}
	return out, nil
}

// What is read observation by observation is what is read as a whole, with the same errors, each time.
func TestStreamsReadWhatObservationsRead(t *testing.T) {
	collecttest.NoLeaks(t)
	plain, packed := encode(t, false), encode(t, true)
	names := []string{file(t, plain), file(t, packed), file(t, nil), file(t, []byte("hello")), file(t, append(bytes.Clone(plain), '{')), t.TempDir(), filepath.Join(t.TempDir(), "nosuch"), "nosuch/"}
	for _, content := range [][]byte{plain, packed} {
		for cut := 1; cut < len(content); cut += 61 {
			flipped := bytes.Clone(content)
			flipped[cut] ^= 0xff
			names = append(names, file(t, content[:cut]), file(t, flipped))
		}
	}
	for _, name := range names {
		c := open(t, name)
		want, wantErr := c.(collect.Recorded).Observations(t.Context())
		for range 2 {
			identities, all, ok := c.(collect.Streamed).Streams(t.Context())
			if !ok {
				t.Fatalf("%s cannot be read twice", name)
			}
			got, err := read(all)
			switch {
			case (err == nil) != (wantErr == nil), err != nil && (err.Error() != wantErr.Error() || !errors.Is(err, collect.ErrInput) || collect.RemedyOf(err) != collect.RemedyOf(wantErr)):
				t.Errorf("%s: got %v, want %v", name, err, wantErr)
			case err == nil && !reflect.DeepEqual(got, want):
				t.Errorf("%s: got %+v, want %+v", name, got, want)
			}
			first, err := read(identities)
			if wantErr == nil && (err != nil || len(first) != len(want)) || err != nil && !errors.Is(err, collect.ErrInput) {
				t.Errorf("%s: got %d identities, %v, want %d", name, len(first), err, len(want))
			}
		}
	}
}

func TestStreamsEnd(t *testing.T) {
	collecttest.NoLeaks(t)
	c := open(t, file(t, encode(t, true))).(collect.Streamed)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, all, _ := c.Streams(ctx)
	for range all { // whoever has seen enough is given no more
		cancel()
		break
	}
	_, all, _ = c.Streams(ctx)
	if got, err := read(all); !errors.Is(err, context.Canceled) || len(got) != 0 {
		t.Errorf("got %d observations, %v, want %v", len(got), err, context.Canceled)
	}
}

// A pipe gives what it holds once.
func TestStreamsOfPipes(t *testing.T) {
	f, err := os.Open(file(t, encode(t, false))) // which a name in /dev may share, with the place where it is being read
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, name := range []string{silentPipe(t), os.DevNull, fmt.Sprintf("/dev/fd/%d", f.Fd())} {
		if _, _, ok := open(t, name).(collect.Streamed).Streams(t.Context()); ok {
			t.Errorf("%s is taken for a file that can be read twice", name)
		}
	}
}

// One by one, the same bytes are written.
func TestEncodeStream(t *testing.T) {
	s := sample()
	all := func(yield func(*inventory.Observation, error) bool) {
		for i := range s.Sources {
			if !yield(&s.Sources[i], nil) {
				return
			}
		}
	}
	broken := func(yield func(*inventory.Observation, error) bool) { yield(nil, io.ErrUnexpectedEOF) }
	for _, compressed := range []bool{false, true} {
		var b bytes.Buffer
		if err := snapshot.EncodeStream(&b, s, all, compressed); err != nil || !bytes.Equal(b.Bytes(), encode(t, compressed)) {
			t.Errorf("compressed %v: got %d bytes, %v, want those of Encode", compressed, b.Len(), err)
		}
		if err := snapshot.EncodeStream(io.Discard, s, broken, compressed); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("compressed %v: got %v, want %v", compressed, err, io.ErrUnexpectedEOF)
		}
	}
}
