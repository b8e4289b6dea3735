package inventory_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/infraopt/infraopt/collect/inventory"
)

// A reading keeps its state through JSON, and the four states never pass for one another.
func TestReadingThroughJSON(t *testing.T) {
	type doc struct {
		R inventory.Reading[int] `json:"r,omitzero"`
	}
	tests := []struct {
		name string
		r    inventory.Reading[int]
		text string
	}{
		{"known", inventory.Known(3), `{"r":3}`},
		{"known zero", inventory.Known(0), `{"r":0}`},
		{"absent", inventory.Absent[int](), `{"r":{"absent":true}}`},
		{"unknown", inventory.Unknown[int]("permission denied", "run as root"), `{"r":{"unknown":"permission denied","remedy":"run as root"}}`},
		{"not applicable", inventory.NotApplicable[int]("a cloud instance"), `{"r":{"notApplicable":"a cloud instance"}}`},
		{"never filled in", inventory.Reading[int]{}, `{}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			text, err := json.Marshal(doc{test.r})
			if err != nil || string(text) != test.text {
				t.Fatalf("got %s, %v, want %s", text, err, test.text)
			}
			var back doc
			if err := json.Unmarshal(text, &back); err != nil || back.R != test.r {
				t.Errorf("back: got %+v, %v, want %+v", back.R, err, test.r)
			}
		})
	}
	for _, bad := range []string{`{"absent":true,"unknown":"x"}`, `{"absent":false}`, `{}`, `{"nosuch":1}`, `"three"`, `[1]`} {
		var r inventory.Reading[int]
		if err := json.Unmarshal([]byte(bad), &r); err == nil {
			t.Errorf("%s: got %v, want an error", bad, r)
		}
	}
}

func TestBetterNeverLosesKnowledge(t *testing.T) {
	readings := []inventory.Reading[int]{{}, inventory.Unknown[int]("why", ""), inventory.NotApplicable[int]("proof"), inventory.Absent[int](), inventory.Known(1)}
	for i, a := range readings {
		for j, b := range readings {
			if got, want := a.Better(b), readings[max(i, j)]; got != want {
				t.Errorf("%v better %v: got %v, want %v", a, b, got, want)
			}
		}
	}
}

func TestMergeFillsNestedReadings(t *testing.T) {
	a := inventory.Machine{ID: "a", Name: inventory.Known("a")}
	b := inventory.Machine{ID: "b", Name: inventory.Known("b"), OS: inventory.OS{ID: inventory.Known("debian")}, Identity: inventory.Identity{UUID: inventory.Known("u")}}
	inventory.Merge(&a, &b)
	if a.ID != "a" || a.Name.Or("") != "a" || a.OS.ID.Or("") != "debian" || a.Identity.UUID.Or("") != "u" {
		t.Errorf("got %+v", a)
	}
}

func TestText(t *testing.T) {
	for _, s := range []string{"", "plain", strings.Repeat("ü", 1000), "a\xffb", strings.Repeat("x", 511) + "é"} {
		got := inventory.Text(s)
		if len(got) > inventory.MaxText || !utf8.ValidString(got) || inventory.Text(got) != got {
			t.Errorf("%.20q: got %d bytes %.20q", s, len(got), got)
		}
	}
}

func snapshot() *inventory.Snapshot {
	return &inventory.Snapshot{
		Schema: inventory.SnapshotSchema, TakenAt: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		Sources: []inventory.Observation{{Target: "host:", Scheme: "host", Status: inventory.StatusOK, Batch: inventory.Batch{
			Machines:   []inventory.Machine{{ID: "m", Cores: inventory.Known(4.0)}},
			Containers: []inventory.Container{{ID: "c", Machine: "m", Layer: inventory.Application}},
		}}},
	}
}

func TestSnapshotThroughJSON(t *testing.T) {
	var text bytes.Buffer
	if err := inventory.Encode(&text, snapshot()); err != nil {
		t.Fatal(err)
	}
	got, err := inventory.Decode(bytes.NewReader(text.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, snapshot()) {
		t.Errorf("got %+v, want %+v", got, snapshot())
	}
	for cut := range text.Len() - 2 { // a file that was cut off anywhere is not a smaller estate
		if _, err := inventory.Decode(bytes.NewReader(text.Bytes()[:cut])); !errors.Is(err, inventory.ErrFormat) {
			t.Fatalf("cut at byte %d: got %v, want %v", cut, err, inventory.ErrFormat)
		}
	}
}

func TestDecodeSaysWhatIsWrong(t *testing.T) {
	tests := []struct{ text, want string }{
		{"", "empty"},
		{"{", "cut off after byte 1"},
		{"hello", "byte 1"},
		{`{"schema":"infraopt.snapshot/v9"}`, `want "infraopt.snapshot/v1"`},
		{`{"schema":"infraopt.snapshot/v1"} {}`, "more text follows"},
		{`{"schema":"infraopt.snapshot/v1","sources":[{"machines":[{"id":"m","cores":"four"}]}]}`, "float64"},
		{`{"schema":"infraopt.snapshot/v1","sources":[{"target":"docker:","containers":[{"id":"c","machine":"nosuch"}]}]}`, `container "c" refers to the machine "nosuch"`},
		{`{"schema":"infraopt.snapshot/v1","sources":[{"machines":[{}]}]}`, "no id"},
	}
	for _, test := range tests {
		_, err := inventory.Decode(strings.NewReader(test.text))
		if !errors.Is(err, inventory.ErrFormat) || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q in it", test.text, err, test.want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	var text bytes.Buffer
	if err := inventory.Encode(&text, snapshot()); err != nil {
		f.Fatal(err)
	}
	f.Add(text.Bytes())
	f.Add(encoded(f, withSeries(aSeries(60, 1, -1, .25))))
	f.Add([]byte(`{"schema":"infraopt.snapshot/v1","sources":[{"vms":[{"id":"v","hypervisor":"h"}]}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := inventory.Decode(bytes.NewReader(b))
		if err != nil {
			return
		}
		var once, twice bytes.Buffer
		if err := inventory.Encode(&once, s); err != nil {
			t.Fatal(err)
		}
		again, err := inventory.Decode(bytes.NewReader(once.Bytes()))
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if err := inventory.Encode(&twice, again); err != nil || !bytes.Equal(once.Bytes(), twice.Bytes()) {
			t.Fatalf("writing what was read gives other bytes (%v)", err)
		}
	})
}
