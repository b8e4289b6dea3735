package inventory

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

// streamed is Decode for one observation after the other.
func streamed(r io.Reader) (*Snapshot, error) {
	var s Snapshot
	for o, err := range Stream(r, &s) {
		if err != nil {
			return nil, err
		}
		s.Sources = append(s.Sources, *o)
	}
	return &s, nil
}

const parallelHead = `{"schema":"infraopt.snapshot/v1","takenAt":"2026-11-23T07:41:00Z","tool":{"name":"x","version":"y"},`

// oddDocuments are right, wrong or strange in all places that matter to whoever looks for commas and brackets.
var oddDocuments = []string{
	parallelHead + `"sources":[]}`,
	parallelHead + `"sources":null}`,
	parallelHead + `"sources" : [ {"target":"a"} , {"target":"b","machines":[{"id":"m","name":"],\"\\}"}]} ] }`,
	parallelHead + `"sources":[{"target":"a"},]}`,
	parallelHead + `"sources":[,{"target":"a"}]}`,
	parallelHead + `"sources":[{"target":"a"}{"target":"b"}]}`,
	parallelHead + `"sources":[{"target":"a"}}}`,
	parallelHead + `"sources":[{"target":"a"]}`,
	parallelHead + `"sources":[{"target":[1}]`,
	parallelHead + `"sources":[{"target":"a"}],"sources":[]}`,
	parallelHead + `"sources":[{"target":"a"}],"Sources":[{"target":"b"}]}`,
	parallelHead + `"SOURCES":[{"target":"a"}]}`,
	parallelHead + `"\u0073ources":[{"target":"a"}],"sources":[{"target":"b"}]}`,
	parallelHead + `"more":{"sources":[{"target":"c"}]},"sources":[{"target":"a"}]}`,
	parallelHead + `"more":["sources",["sources"]],"sources":[{"target":"a"}]}`,
	parallelHead + `"more":"sources","sources":[{"target":"a"}]}`,
	parallelHead + `"sources":[{"target":7}]}`,
	parallelHead + `"sources":[{"target":"a","containers":[{"id":"c","machine":"none"}]}]}`,
	parallelHead + `"sources":[{"target":"a"}]} {}`,
	parallelHead + `"sources":[{"target":"a"}]`,
	parallelHead + `"sources":[{"target":"a`,
	parallelHead + `"sources":[null,{"target":"a"}]}`,
	parallelHead + `"sources":[1,"x"]}`,
	parallelHead + `"sources":[{"target":"a"}],"takenAt":"never"}`,
	`{"sources":[{"target":"a"}],"schema":"infraopt.snapshot/v1"}`,
	`{"sources":[{"target":"a"}],"schema":"infraopt.snapshot/v9"}`,
	`["sources",[{"target":"a"}]]`, `"sources"`, ``, `{`, `}`, `"`, `"\`,
}

func sameAsStreamed(t *testing.T, text []byte) {
	t.Helper()
	want, wantErr := streamed(bytes.NewReader(text))
	for name, r := range map[string]io.Reader{"at once": bytes.NewReader(text), "byte by byte": iotest.OneByteReader(bytes.NewReader(text))} {
		got, err := Decode(r)
		if (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
			t.Fatalf("%s, %.300q: %v, want %v", name, text, err, wantErr)
		}
		if err == nil && !reflect.DeepEqual(got, want) {
			t.Fatalf("%s, %.300q: %+v, want %+v", name, text, got, want)
		}
	}
}

// What is decoded at once is what is decoded one by one, and so are the errors.
func TestDecodeIsStream(t *testing.T) {
	quick := 0
	for _, d := range oddDocuments {
		sameAsStreamed(t, []byte(d))
		if _, _, ok := decodeAtOnce(strings.NewReader(d)); ok {
			quick++
		}
	}
	if quick < 5 {
		t.Errorf("%d documents are decoded at once: the test shows nothing", quick)
	}
	sameAsStreamed(t, []byte(parallelHead+strings.Repeat(" ", maxBlank+1)+`"sources":[{"target":"a"}]}`))

	// What goes wrong in reading is told as it was.
	broken := func() io.Reader {
		return io.MultiReader(strings.NewReader(parallelHead+`"sources":[{"target":"a"},`), iotest.ErrReader(errors.New("the disk is gone")))
	}
	_, want := streamed(broken())
	if _, err := Decode(broken()); err == nil || err.Error() != want.Error() {
		t.Errorf("%v, want %v", err, want)
	}
}

func FuzzDecodeIsStream(f *testing.F) {
	for _, d := range oddDocuments {
		f.Add([]byte(d))
	}
	f.Fuzz(sameAsStreamed)
}
