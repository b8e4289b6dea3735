package inventory

import (
	"bytes"
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
)

// The kinds that readings have, named and not.
type (
	word  string
	yes   bool
	whole int64
	// loud has a form of its own in JSON, which none of its kind has.
	loud string
)

func (l loud) MarshalText() ([]byte, error) { return []byte(l + "!"), nil }

func (l *loud) UnmarshalText(b []byte) error {
	*l = loud(bytes.TrimSuffix(b, []byte("!")))
	return nil
}

// written holds that a value is written as encoding/json does.
func written[T any](t *testing.T, v T) {
	t.Helper()
	got, plain := appendPlain([]byte("x"), v)
	want, err := json.Marshal(v)
	switch {
	case !plain && got != nil:
		t.Errorf("%v (%T): got %q and that it is not plain", v, v, got)
	case plain && (err != nil || string(got) != "x"+string(want)):
		t.Errorf("%v (%T): got %q, want %q, %v", v, v, got, want, err)
	}
}

// parsed holds that a text is read as encoding/json does, and tells whether it was plain.
func parsed[T any](t *testing.T, text []byte) bool {
	t.Helper()
	var got, want T
	if !parsePlain(text, &got) {
		if !reflect.ValueOf(got).IsZero() {
			t.Errorf("%q: left %v (%T) behind and says that it is not plain", text, got, got)
		}
		return false
	}
	if err := json.Unmarshal(text, &want); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%q (%T): got %v, want %v, %v", text, want, got, want, err)
	}
	return true
}

// parsedAsAny tries all kinds and tells how many took the text.
func parsedAsAny(t *testing.T, text []byte) int {
	t.Helper()
	plain := 0
	for _, is := range []bool{
		parsed[bool](t, text), parsed[yes](t, text), parsed[int](t, text), parsed[Bytes](t, text), parsed[whole](t, text),
		parsed[float64](t, text), parsed[Seconds](t, text), parsed[string](t, text), parsed[word](t, text),
	} {
		if is {
			plain++
		}
	}
	for _, is := range []bool{
		parsed[loud](t, text), parsed[time.Time](t, text), parsed[[]string](t, text), parsed[int8](t, text), parsed[uint](t, text), parsed[float32](t, text), parsed[Reading[int]](t, text),
	} {
		if is {
			t.Errorf("%q was taken for plain where it is not", text)
		}
	}
	return plain
}

func TestPlainIsWrittenAsJSON(t *testing.T) {
	for _, s := range []string{"", "a", "web-1.example", `"`, `\`, "<a&b>", "tab\t", "\x7f", "ü", "\xff", "\u2028", "~ !"} {
		written(t, s)
		written(t, word(s))
		written(t, loud(s))
	}
	for _, n := range []int64{0, 1, -1, 42, math.MaxInt64, math.MinInt64, 1 << 53} {
		written(t, n)
		written(t, int(n))
		written(t, Bytes(n))
		written(t, whole(n))
		written(t, time.Duration(n))
	}
	for _, f := range []float64{0, math.Copysign(0, -1), 1, -1, .1, 1.0 / 3, 1e-6, 9.99e-7, 1e-7, 1e20, 1e21, 123456789.125, math.MaxFloat64, math.SmallestNonzeroFloat64, math.NaN(), math.Inf(1)} {
		written(t, f)
		written(t, Seconds(f))
	}
	written(t, true)
	written(t, yes(false))
	written(t, int8(3))
	written(t, uint(3))
	written(t, []string{"a"})
	written(t, time.Unix(0, 0).UTC())
	for _, v := range []any{"a", word("a"), 1, Bytes(1), 1.5, Seconds(1.5), true, yes(true)} { // or nothing above says anything
		if _, plain := appendPlain(nil, v); !plain {
			t.Errorf("%v (%T) is not plain", v, v)
		}
	}
}

func TestPlainIsReadAsJSON(t *testing.T) {
	for text, want := range map[string]int{
		"true": 2, "false": 2, "0": 5, "7": 5, "10": 5, "9223372036854775807": 5, "1.5": 2, "0.5": 2, `""`: 2, `"a b"`: 2,
		"9223372036854775808": 2, "-7": 0, "1e3": 0, "1E3": 0, "+1": 0, "007": 0, "00": 0, "1.": 0, ".5": 0, "1_0": 0, "0x10": 0, "Inf": 0, "nan": 0, "1.2.3": 0, "00.5": 0,
		"": 0, `"`: 0, `"""`: 0, `"\u0041"`: 0, `"ü"`: 0, "\"\xff\"": 0, "\"\t\"": 0, `"<"`: 0, "null": 0, "True": 0, " 1": 0, `'a'`: 0, ".": 0, "-": 0,
	} {
		if got := parsedAsAny(t, []byte(text)); got != want {
			t.Errorf("%q is plain for %d kinds, want %d", text, got, want)
		}
	}
}

func FuzzPlain(f *testing.F) {
	for _, text := range []string{"true", "0", "10", "1.5", "0.5", "00.5", "-1", "1e3", "1_0", `"a"`, `"\n"`, "9223372036854775808", "179769313486231570000"} {
		f.Add([]byte(text), text, int64(len(text)), 1/float64(len(text)))
	}
	f.Fuzz(func(t *testing.T, text []byte, s string, n int64, x float64) {
		parsedAsAny(t, text)
		written(t, s)
		written(t, word(s))
		written(t, n)
		written(t, int(n))
		written(t, x)
		written(t, Seconds(x))
	})
}

// What is read as a plain object is what encoding/json reads.
func TestPlainObject(t *testing.T) {
	plain := 0
	for _, text := range []string{`{"absent":true}`, "{\n \"absent\": true\n}", `{"absent":false}`, `{"absent":true,"absent":true}`, `{"unknown":"no"}`, `{"unknown":"no","remedy":"sudo"}`, `{"remedy":"sudo","unknown":"no"}`,
		`{"unknown":"a\u0020b"}`, `{"unknown":"ü"}`, `{"unknown":"a","unknown":"b"}`, `{"unknown":7}`, `{"unknown":null}`, `{"notApplicable":"cloud"}`, `{}`, `{"absent":true,}`, `{"absent":true}x`, `{,"absent":true}`, `{"absent"true}`,
		`{"absent":"true"}`, `{"Absent":true}`, `{"unknown":"a" "remedy":"b"}`, `{"unknown":"a"`, `{"unknown":"a`, `{"unknown":"a"]`, `{`, `{"unknown":"","remedy":""}`, `{"unknown":"a","remedy":"","remedy":"b"}`} {
		var want readingObject
		dec := json.NewDecoder(strings.NewReader(text))
		dec.DisallowUnknownFields()
		err := dec.Decode(&want)
		got, ok := plainObject([]byte(text))
		if !ok {
			continue
		}
		plain++
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v, %v", text, got, want, err)
		}
	}
	if plain < 6 {
		t.Errorf("%d texts are plain: the test shows nothing", plain)
	}
}

// What is read as a plain list is what encoding/json reads.
func TestPlainList(t *testing.T) {
	plain := 0
	for _, text := range []string{`[1]`, ` [ 1 , 2.5,3 ] `, "[\n0.25,\n0\n]", `[]`, `[1,]`, `[,1]`, `[1,,2]`, `[-1]`, `[1e3]`, `[[1],2]`, `["1"]`, `[null]`, `[1 2]`, `[`, `]`, `1`, ``, `[01]`, `[1]]`, `{"a":[1]}`} {
		var want []float64
		err := json.Unmarshal([]byte(text), &want)
		got, ok := plainList[float64]([]byte(text))
		if !ok {
			continue
		}
		plain++
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v, %v", text, got, want, err)
		}
	}
	if plain != 3 {
		t.Errorf("%d texts are plain, want 3", plain)
	}
}
