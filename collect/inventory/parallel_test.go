package inventory

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/iotest"
	"time"
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
	parallelHead + `"sources":[{"Target":"a","MACHINES":[{"ID":"m"}]}]}`,
	parallelHead + `"sources":[{"target":"a","TARGET":"b","target":"c"}]}`,
	parallelHead + `"sources":[{"target":"a","new":{"x":[1]}}]}`,
	parallelHead + `"sources":[{"target":null,"machines":null}]}`,
	parallelHead + `"sources":[{"target":"a\ud800"}]}`,
	parallelHead + "\"sources\":[{\"target\":\"a\xff\"}]}",
	parallelHead + `"sources":[{"target":"a","startedAt":"2026-11-23t07:41:00z"}]}`,
	parallelHead + `"sources":[{"target":"a","durationMs":1e999}]}`,
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

// references are fields that are filled in so that all of them lead somewhere.
var references = []string{"id", "machine", "hypervisor"}

// writtenAs makes up JSON of a type: all its fields, or some of them.
func writtenAs(r *rand.Rand, t reflect.Type, name string, depth int) string {
	if reading, ok := reflect.Zero(t).Interface().(interface{ ValueType() reflect.Type }); ok {
		switch r.IntN(8) {
		case 0:
			return `{"absent":true}`
		case 1:
			return `{"unknown":"permission denied","remedy":"run as \"root\""}`
		case 2:
			return `{ "notApplicable" : "cloud" }`
		case 3:
			return "null"
		}
		return writtenAs(r, reading.ValueType(), name, depth)
	}
	list := func(n int, of reflect.Type) string {
		var all []string
		for range n {
			all = append(all, writtenAs(r, of, name, depth+1))
		}
		return "[" + strings.Join(all, [...]string{",", " ,\n "}[r.IntN(2)]) + "]"
	}
	switch t {
	case reflect.TypeFor[time.Time]():
		return [...]string{`"2026-11-23T07:41:00Z"`, `"2026-11-23T07:41:00.25+01:00"`}[r.IntN(2)]
	case reflect.TypeFor[ByHour]():
		return list(24, reflect.TypeFor[float64]())
	case reflect.TypeFor[Series]():
		return `{"start":"2026-11-23T07:41:00Z","step":60,"cpu":[1, 0.5],"memory":[1,2]}`
	}
	switch t.Kind() {
	case reflect.Bool:
		return strconv.FormatBool(r.IntN(2) == 0)
	case reflect.Int, reflect.Int64, reflect.Uint8:
		return strconv.Itoa(r.IntN(200))
	case reflect.Float64:
		return [...]string{"0", "0.125", "7", "1e2"}[r.IntN(4)]
	case reflect.String:
		if slices.Contains(references, name) {
			return `"m"`
		}
		return [...]string{`"x"`, `""`, `"a\nü\u00e9"`, `"<&>"`}[r.IntN(4)]
	case reflect.Pointer:
		return writtenAs(r, t.Elem(), name, depth)
	case reflect.Slice:
		return list(1+r.IntN(3), t.Elem())
	case reflect.Map:
		return `{"a":` + writtenAs(r, t.Elem(), name, depth+1) + `}`
	case reflect.Struct:
		var fields []string
		for _, f := range reflect.VisibleFields(t) {
			tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if f.Anonymous || !f.IsExported() || tag == "-" || depth > 3 && r.IntN(4) == 0 && !slices.Contains(references, tag) {
				continue
			}
			fields = append(fields, strconv.Quote(tag)+": "+writtenAs(r, f.Type, tag, depth+1))
		}
		return "{" + strings.Join(fields, ",\n") + "}"
	default:
		panic("a field of a kind that is not made up: " + t.String())
	}
}

// It is so for every field there is, and for text that somebody spoiled.
func TestDecodeIsStreamForAllFields(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	quick := 0
	for range 60 {
		text := writtenAs(r, reflect.TypeFor[Snapshot](), "", 0)
		text = strings.Replace(text, `"schema": `, `"schema": "`+SnapshotSchema+`", "was": `, 1)
		sameAsStreamed(t, []byte(text))
		if _, _, ok := decodeAtOnce(strings.NewReader(text)); ok {
			quick++
		}
		for range 8 {
			spoiled := []byte(text)
			at := r.IntN(len(spoiled))
			spoiled[at] = "{}[]\",: 0nN\\"[r.IntN(12)]
			sameAsStreamed(t, spoiled)
		}
	}
	if quick < 50 {
		t.Errorf("%d of 60 documents are decoded at once: the test shows nothing", quick)
	}
}
