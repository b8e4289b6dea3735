package inventory

import (
	"bytes"
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

const (
	parallelHead = "{\n" + ` "schema":"infraopt.snapshot/v1","takenAt":"2026-11-23T07:41:00Z","tool":{"name":"x","version":"y"},`
	lines        = parallelHead + "\n \"sources\": [" // the same as Encode begins it
)

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
	lines + "\n  {\"target\": \"a\"\n  }\n ]\n}\n",
	lines + "\n  {\"target\": \"a\"\n  },\n  {\"target\": \"b\", \"machines\":[{\"id\":\"m\",\"name\":\"],\\\"\\\\}\"}]\n  }\n ]\n}\n",
	lines + "{\"target\":\"a\"\n  },{\"target\":\"b\"\n  },\n{\"target\":\"c\"\n  }\n ],\"more\":[1]}",
	lines + "\n  {\"target\": \"a\"\n  }\n ], \"takenAt\": \"2026-11-24T07:41:00Z\"\n}",
	lines + "{\"target\":\"a\"\n  }\n ],\"sources\":[]}",
	lines + "{\"target\":\"a\"\n  }\n ],\"Sources\":[{\"target\":\"b\"}]}",
	lines + "{\"target\":\"a\"\n  }\n ],\"\\u0073ources\":[{\"target\":\"b\"}]}",
	lines + "{\"target\":\"a\"\n  }\n ]} {}",
	lines + "{\"target\":\"a\"\n  }\n ]",
	lines + "{\"target\":\"a\"\n  }\n }",
	lines + "{\"target\":\"a\"\n  },\n ]}",
	lines + ",{\"target\":\"a\"\n  }\n ]}",
	lines + "{\"target\":\"a\"\n  }{\"target\":\"b\"\n  }\n ]}",
	lines + "{\"target\":\"a\",\"tags\":{\n  },\"x\":1}\n ]}",
	lines + "[{\n  },{\n  }]\n ]}",
	lines + "null,{\"target\":\"a\"\n  }\n ]}",
	lines + "{\"Target\":\"a\"\n  }\n ]}",
	lines + "{\"target\":\"a\",\"target\":\"b\"\n  }\n ]}",
	lines + "{\"target\":\"a\",\"new\":1\n  }\n ]}",
	lines + "{\"target\":null,\"machines\":null\n  }\n ]}",
	lines + "{\"target\":\"a\\ud800\"\n  }\n ]}",
	lines + "{\"target\":\"a\xff\"\n  }\n ]}",
	lines + "{\"target\":\"a\",\"startedAt\":\"2026-11-23t07:41:00z\"\n  }\n ]}",
	lines + "{\"target\":\"a\",\"durationMs\":1e999\n  }\n ]}",
	lines + "{\"target\":\"a\",\"containers\":[{\"id\":\"c\",\"machine\":\"none\"}]\n  }\n ]}",
	parallelHead + "\"more\":{\n \"sources\": [{\"target\":\"a\"\n  }\n ]},\"sources\":[]}",
	parallelHead + "\"more\":[\n \"sources\", [{\"target\":\"a\"\n  }\n ]],\n \"sources\": [{\"target\":\"a\"\n  }\n ]}",
	parallelHead + "\"more\":\"\n \"sources\": [{\"target\":\"a\"\n  }\n ]}",
	"{\n \"sources\": [{\"target\":\"a\"\n  }\n ]}",
	"[\n \"sources\": [{\"target\":\"a\"\n  }\n ]]",
	`{"sources":[{"target":"a"}],"schema":"infraopt.snapshot/v1"}`,
	`{"sources":[{"target":"a"}],"schema":"infraopt.snapshot/v9"}`,
	`["sources",[{"target":"a"}]]`, `"sources"`, ``, `{`, `}`, `"`, `"\`,
}

// sameAtOnce reports whether a document is decoded at once, and then wants the same of it as without.
func sameAtOnce(t *testing.T, text []byte) bool {
	t.Helper()
	want, wantErr := Decode(bytes.NewReader(text))
	quick := false
	for name, r := range map[string]io.Reader{"at once": bytes.NewReader(text), "byte by byte": iotest.OneByteReader(bytes.NewReader(text))} {
		got, ok := DecodeAtOnce(r)
		if !ok {
			continue
		}
		quick = true
		if wantErr != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%s, %.300q: %+v, want %+v, %v", name, text, got, want, wantErr)
		}
	}
	return quick
}

// What is decoded at once is what is decoded one by one.
func TestDecodeAtOnce(t *testing.T) {
	quick := 0
	for _, d := range oddDocuments {
		if sameAtOnce(t, []byte(d)) {
			quick++
		}
	}
	if quick < 5 {
		t.Errorf("%d documents are decoded at once: the test shows nothing", quick)
	}
	sameAtOnce(t, []byte(parallelHead+strings.Repeat(" ", maxBlank+1)+`"sources":[{"target":"a"}]}`))
}

func FuzzDecodeAtOnce(f *testing.F) {
	for _, d := range oddDocuments {
		f.Add([]byte(d))
	}
	f.Fuzz(func(t *testing.T, text []byte) { sameAtOnce(t, text) })
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
func TestDecodeAtOnceForAllFields(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	quick := 0
	for i := range 60 {
		var elements []string
		for range 1 + i%5*i/4 { // up to some lots
			element := strings.TrimSuffix(writtenAs(r, reflect.TypeFor[Observation](), "", 1), "}")
			elements = append(elements, element+elementEnds)
		}
		text := lines + strings.Join(elements, [...]string{",", ",\n  "}[r.IntN(2)]) + listEnds + "}"
		if sameAtOnce(t, []byte(text)) {
			quick++
		}
		for range 4 {
			spoiled := []byte(text)
			at := r.IntN(len(spoiled))
			spoiled[at] = "{}[]\",: 0nN\\"[r.IntN(12)]
			sameAtOnce(t, spoiled)
		}
	}
	if quick < 50 {
		t.Errorf("%d of 60 documents are decoded at once: the test shows nothing", quick)
	}
}
