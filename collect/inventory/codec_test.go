package inventory_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/infraopt/infraopt/collect/collecttest"
	"github.com/infraopt/infraopt/collect/demo"
	"github.com/infraopt/infraopt/collect/inventory"
)

// typical is a snapshot with a bit of everything.
func typical(t testing.TB, query string) *inventory.Snapshot {
	t.Helper()
	obs := collecttest.Observe(t, demo.Source(), "demo:?"+query)
	return &inventory.Snapshot{Schema: inventory.SnapshotSchema, TakenAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Tool: inventory.Tool{Name: "infraopt", Version: "<1&2>"}, Sources: obs}
}

func encoded(t testing.TB, s *inventory.Snapshot) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := inventory.Encode(&b, s); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// An encoder writes what the JSON package makes of the whole snapshot.
func TestEncoderWritesTheSameBytes(t *testing.T) {
	none := typical(t, "machines=0")
	for name, s := range map[string]*inventory.Snapshot{
		"empty": none, "blank": {}, "one": snapshot(), "typical": typical(t, "machines=12"), "hostile": typical(t, "machines=12&hostile=1&unknown=.5"),
		"no list": {Schema: none.Schema, TakenAt: none.TakenAt, Tool: none.Tool},
	} {
		var want, one bytes.Buffer
		whole := json.NewEncoder(&want)
		whole.SetEscapeHTML(false)
		whole.SetIndent("", " ")
		if err := whole.Encode(s); err != nil {
			t.Fatal(err)
		}
		if got := encoded(t, s); !bytes.Equal(got, want.Bytes()) {
			t.Errorf("%s: Encode got %d bytes %.500s, want %d %.500s", name, len(got), got, want.Len(), want.Bytes())
		}
		e, err := inventory.NewEncoder(&one, s)
		if err != nil {
			t.Fatal(err)
		}
		for i := range s.Sources {
			if err := e.Add(&s.Sources[i]); err != nil {
				t.Fatal(err)
			}
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		if s.Sources == nil { // an encoder writes a list, if an empty one
			s.Sources = []inventory.Observation{}
		}
		if got := one.Bytes(); !bytes.Equal(got, encoded(t, s)) {
			t.Errorf("%s: one by one, got %d bytes %.500s, want those of Encode", name, len(got), got)
		}
	}
}

// What cannot be written is an error by the time that Close returns.
func TestEncoderTellsOfAFullDisk(t *testing.T) {
	for _, s := range []*inventory.Snapshot{typical(t, "machines=0"), typical(t, "machines=12")} {
		if err := inventory.Encode(full{}, s); !errors.Is(err, errFull) {
			t.Errorf("got %v, want %v", err, errFull)
		}
	}
}

var errFull = errors.New("full")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

// oracle reads a snapshot with nothing but the JSON package.
func oracle(text []byte) (*inventory.Snapshot, error) {
	var s inventory.Snapshot
	err := json.Unmarshal(text, &s)
	return &s, err
}

// drained is what an iterator yields, up to the error, which must come last and alone.
func drained(t *testing.T, all inventory.Observations) ([]inventory.Observation, error) {
	t.Helper()
	var out []inventory.Observation
	var last error
	for o, err := range all {
		switch {
		case last != nil:
			t.Fatal("something follows an error")
		case (o == nil) != (err != nil):
			t.Fatalf("got an observation %v with the error %v", o, err)
		case err != nil:
			last = err
		default:
			out = append(out, *o)
		}
	}
	return out, last
}

// onlyHere says whether it is right that a text is refused which the JSON package reads.
func onlyHere(err error) bool {
	for _, why := range []string{"its schema is", "listed twice", "has no id", "refers to", "it is empty", "want an object"} {
		if strings.Contains(err.Error(), why) {
			return true
		}
	}
	return false
}

// compare holds that Stream, Decode, Identities and the JSON package agree about a text.
func compare(t *testing.T, name string, text []byte) {
	t.Helper()
	var head inventory.Snapshot
	got, err := drained(t, inventory.Stream(bytes.NewReader(text), &head))
	whole, wholeErr := inventory.Decode(bytes.NewReader(text))
	if fmt.Sprint(err) != fmt.Sprint(wholeErr) {
		t.Errorf("%s: Stream ends with %v, Decode with %v", name, err, wholeErr)
	}
	want, wantErr := oracle(text)
	if err != nil {
		if !errors.Is(err, inventory.ErrFormat) {
			t.Errorf("%s: got %v, want %v", name, err, inventory.ErrFormat)
		}
		if wantErr == nil && !onlyHere(err) {
			t.Errorf("%s: got %v, where the JSON package reads it", name, err)
		}
		return
	}
	if wantErr != nil || want.Schema != inventory.SnapshotSchema {
		t.Errorf("%s: it is read, where the JSON package says %v and finds the schema %q", name, wantErr, want.Schema)
		return
	}
	if len(got) != len(want.Sources) || len(got) > 0 && !reflect.DeepEqual(got, want.Sources) || !reflect.DeepEqual(whole, want) {
		t.Errorf("%s: got %+v, want %+v", name, got, want.Sources)
	}
	if (head.Sources == nil) != (want.Sources == nil) || len(head.Sources) != 0 {
		t.Errorf("%s: the head has the sources %v, want an empty list where there is one", name, head.Sources)
	}
	head.Sources, want.Sources = nil, nil
	if !reflect.DeepEqual(&head, want) {
		t.Errorf("%s: got the head %+v, want %+v", name, head, want)
	}
	same(t, name, text, got)
}

// same holds that Identities gives of the observations what machines are recognised by, and no more.
func same(t *testing.T, name string, text []byte, all []inventory.Observation) {
	t.Helper()
	got, err := drained(t, inventory.Identities(bytes.NewReader(text)))
	if err != nil || len(got) != len(all) {
		t.Errorf("%s: got %d identities, %v, want %d", name, len(got), err, len(all))
		return
	}
	for i, o := range all {
		want := inventory.Observation{Target: o.Target}
		for _, m := range o.Machines {
			want.Machines = append(want.Machines, inventory.Machine{ID: m.ID, Identity: m.Identity, Hardware: inventory.Hardware{Enclosure: m.Hardware.Enclosure}})
		}
		for _, v := range o.VMs {
			want.VMs = append(want.VMs, inventory.VM{UUID: v.UUID, MACs: v.MACs})
		}
		if !reflect.DeepEqual(got[i], want) {
			t.Errorf("%s: identities of %d: got %+v, want %+v", name, i, got[i], want)
		}
	}
}

func document(sources string) string {
	return `{"schema":"infraopt.snapshot/v1","takenAt":"2026-01-02T03:04:05Z","tool":{"name":"x","version":"y"},"sources":` + sources + `}`
}

// streams are texts of all sorts, good and bad.
func streams() map[string]string {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	return map[string]string{
		"nothing": "", "blank": " \n", "no object": "[]", "null": "null", "text": "hello", "open": "{", "only a key": `{"schema"`, "closed list": `{"schema":"infraopt.snapshot/v1"]`,
		"no sources": `{"schema":"infraopt.snapshot/v1"}`, "null sources": document("null"), "empty sources": document("[]"), "sources of another type": document(`{"a":1}`), "a number": document("7"),
		"wrong schema": `{"schema":"infraopt.snapshot/v9","sources":[]}`, "schema of another type": `{"schema":1}`, "late schema": `{"sources":[{"target":"a"}],"schema":"infraopt.snapshot/v1"}`,
		"no schema": `{"sources":[{"target":"a"}]}`, "schema twice": `{"schema":"infraopt.snapshot/v1","schema":"x"}`, "other case": `{"SCHEMA":"infraopt.snapshot/v1","Sources":[{"TARGET":"a"}]}`,
		"listed twice": document(`[],"sources":[{"target":"a"}]`), "null and listed": document(`null,"sources":[{"target":"a"}]`), "wrong time": `{"schema":"infraopt.snapshot/v1","takenAt":"noon"}`,
		"wrong type": document(`[{"target":"a"},{"target":7}]`), "wrong element": document(`[7]`), "null element": document(`[null,{"target":"b"}]`), "wrong inside": document(`[{"machines":[{"id":"m","cores":"four"}]}]`),
		"wrong reading": document(`[{"machines":[{"id":"m","cores":{"maybe":1}}]}]`), "no id": document(`[{"machines":[{}]}]`), "dangling": document(`[{"target":"d","vms":[{"id":"v","hypervisor":"h"}]}]`),
		"trailing object": document("[]") + "{}", "trailing space": document("[]") + " \n", "trailing comma": document(`[{"target":"a"},]`), "missing comma": document(`[{"target":"a"} {"target":"b"}]`),
		"unknown fields": `{"schema":"infraopt.snapshot/v1","more":{"a":[1,{"b":null}],"c":1e999},"sources":[{"target":"a","more":[{}]}],"last":"x"}`, "unknown and cut": `{"schema":"infraopt.snapshot/v1","more":[1,`,
		"deep": `{"more":` + deep(9_000) + `,"schema":"infraopt.snapshot/v1"}`, "too deep": `{"more":` + deep(11_000) + `,"schema":"infraopt.snapshot/v1"}`,
		"deepest": `{"more":` + deep(9_999) + `,"schema":"infraopt.snapshot/v1"}`, "one too deep": `{"more":` + deep(10_000) + `,"schema":"infraopt.snapshot/v1"}`,
		"deep in a source": document(`[{"more":` + deep(9_000) + `}]`), "too deep in a source": document(`[{"more":` + deep(11_000) + `}]`),
		"lists twice in a source": document(`[{"machines":[{"id":"a","identity":{"uuid":"u","macs":["1","2"]}},{"id":"b"}],"machines":[{"identity":{"macs":["3"]}}]},{"machines":[{"id":"c"},{"id":"d"}]}]`),
		"fewer and fewer":         document(`[{"machines":[{"id":"a","identity":{"uuid":"u","serial":"s"}},{"id":"b","identity":{"macs":["1"]}}]},{"machines":[{"id":"c"}]},{},{"machines":[{"id":"d"},{"id":"e"}],"vms":[]}]`),
		"bad text":                document("[{\"target\":\"a\xff\\ud800\"}]"), "control character": document("[{\"target\":\"a\nb\"}]"), "zero byte": "{\x00}",
	}
}

func TestStreamAgreesWithTheJSONPackage(t *testing.T) {
	for name, text := range streams() {
		compare(t, name, []byte(text))
	}
	for _, query := range []string{"machines=12", "machines=12&hostile=1&unknown=.5", "machines=3&unknown=1"} {
		compare(t, query, encoded(t, typical(t, query)))
	}
	text := encoded(t, snapshot())
	for i := range text {
		compare(t, fmt.Sprintf("cut at %d", i), text[:i])
		for _, c := range []byte{text[i] ^ 0xff, '"', '}', ']', ',', '0', ' '} {
			changed := bytes.Clone(text)
			changed[i] = c
			compare(t, fmt.Sprintf("byte %d is %q", i, c), changed)
		}
	}
}

// What comes before the first observation is known when that comes.
func TestStreamKnowsTheHeadFirst(t *testing.T) {
	want := typical(t, "machines=2")
	var head inventory.Snapshot
	for range inventory.Stream(bytes.NewReader(encoded(t, want)), &head) {
		if head.Schema != want.Schema || !head.TakenAt.Equal(want.TakenAt) || head.Tool != want.Tool {
			t.Fatalf("got %+v", head)
		}
	}
}

// Whoever has seen enough is given no more, and what breaks off under way is told.
func TestStreamEnds(t *testing.T) {
	text := encoded(t, typical(t, "machines=12"))
	for _, read := range []func(io.Reader) inventory.Observations{func(r io.Reader) inventory.Observations { return inventory.Stream(r, nil) }, inventory.Identities} {
		n := 0
		for _, err := range read(bytes.NewReader(text)) {
			if err != nil {
				t.Fatal(err)
			}
			if n++; n == 3 {
				break
			}
		}
		if n != 3 {
			t.Errorf("got %d observations, want 3", n)
		}
		broken := io.MultiReader(bytes.NewReader(text[:len(text)/2]), iotest.ErrReader(errFull))
		got, err := drained(t, read(broken))
		if !errors.Is(err, errFull) || !errors.Is(err, inventory.ErrFormat) || len(got) == 0 {
			t.Errorf("got %d observations, %v, want some and %v", len(got), err, errFull)
		}
	}
}

func FuzzStream(f *testing.F) {
	for _, text := range streams() {
		if len(text) < 1000 { // making smaller ones of long texts takes all the time
			f.Add([]byte(text))
		}
	}
	f.Add(encoded(f, snapshot()))
	f.Add(encoded(f, withSeries(aSeries(60, 1, -1, .25))))
	f.Fuzz(func(t *testing.T, text []byte) { compare(t, "it", text) })
}
