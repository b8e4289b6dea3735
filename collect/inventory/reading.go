package inventory

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"unique"

	"github.com/go-json-experiment/json/jsontext"
)

// State says what is known of a fact.
type State uint8

// The four states of a Reading. Missing is the zero value, so that a field nobody filled in is not known.
const (
	StateUnknown       State = iota // nobody could look, or nobody did
	StateKnown                      // a value was read
	StateAbsent                     // the place that would show it was readable, and it is not there
	StateNotApplicable              // a fact proves that the question has no meaning here
)

// A Reading is a fact that may be missing. The zero Reading is unknown, with no reason given.
//
// In JSON a known value stands as itself; the other states are objects with one telling key:
// {"unknown":"permission denied","remedy":"run as root"}, {"absent":true}, {"notApplicable":"proof"}.
// T must therefore not be encoded as a JSON object.
type Reading[T any] struct {
	state  State
	value  T
	reason unique.Handle[reason] // of a value that is unknown or not applicable; zero where there is none
}

// A reason says why there is no value. Few differ, and readings are many: each is kept once, and a reading has room for one
// pointer to it.
type reason struct {
	why    string // reason of unknown, proof of not applicable
	remedy string // what would reveal an unknown value
}

func handleOf(why, remedy string) unique.Handle[reason] {
	if why == "" && remedy == "" {
		return unique.Handle[reason]{}
	}
	return unique.Make(reason{why, remedy})
}

// Known is a value that was read.
func Known[T any](v T) Reading[T] { return Reading[T]{state: StateKnown, value: v} }

// Absent says that the place which would show the thing was readable and the thing is not there.
func Absent[T any]() Reading[T] { return Reading[T]{state: StateAbsent} }

// Unknown says that nobody could look: why, and the command or right that would reveal it.
func Unknown[T any](why, remedy string) Reading[T] {
	return Reading[T]{reason: handleOf(why, remedy)}
}

// NotApplicable says that the question has no meaning here, and which fact proves it.
func NotApplicable[T any](proof string) Reading[T] {
	return Reading[T]{state: StateNotApplicable, reason: handleOf(proof, "")}
}

// Get returns the value and whether it is known.
func (r Reading[T]) Get() (T, bool) { return r.value, r.state == StateKnown }

// Or returns the value where it is known and otherwise the fallback. It is for display and for joining,
// never for scoring, where a missing value must stay missing.
func (r Reading[T]) Or(fallback T) T {
	if r.state == StateKnown {
		return r.value
	}
	return fallback
}

// State returns what is known of the fact.
func (r Reading[T]) State() State { return r.state }

// IsKnown reports whether a value was read.
func (r Reading[T]) IsKnown() bool { return r.state == StateKnown }

// IsAbsent reports whether the thing is known not to be there.
func (r Reading[T]) IsAbsent() bool { return r.state == StateAbsent }

// IsUnknown reports whether nobody could look.
func (r Reading[T]) IsUnknown() bool { return r.state == StateUnknown }

// IsNotApplicable reports whether the question has no meaning here.
func (r Reading[T]) IsNotApplicable() bool { return r.state == StateNotApplicable }

// IsZero reports whether the Reading was never filled in; such readings are left out of JSON.
func (r Reading[T]) IsZero() bool {
	return r.state == StateUnknown && r.reason == unique.Handle[reason]{}
}

// Why returns the reason of an unknown value or the proof of an inapplicable one.
func (r Reading[T]) Why() string { return r.because().why }

func (r Reading[T]) because() reason {
	if r.reason == (unique.Handle[reason]{}) {
		return reason{}
	}
	return r.reason.Value()
}

// Remedy returns the command or right that would reveal an unknown value.
func (r Reading[T]) Remedy() string { return r.because().remedy }

// Forget makes the value unknown, for the reason given.
func (r *Reading[T]) Forget(why, remedy string) { *r = Unknown[T](why, remedy) }

// ValueType returns the type of the value, for schema generation; where that is kept by a pointer, what this points to.
func (r Reading[T]) ValueType() reflect.Type {
	if t := reflect.TypeFor[T](); t.Kind() != reflect.Pointer {
		return t
	}
	return reflect.TypeFor[T]().Elem()
}

// String shows the value, or its state in words.
func (r Reading[T]) String() string {
	switch r.state {
	case StateKnown:
		return fmt.Sprint(r.value)
	case StateAbsent:
		return "none"
	case StateNotApplicable:
		return "not applicable: " + r.Why()
	default:
		if why := r.Why(); why != "" {
			return "unknown: " + why
		}
		return "unknown"
	}
}

// Better returns the more informative of two readings of one fact: known before absent before not applicable
// before unknown with a reason before unknown without. Where both tell equally much, r stays.
func (r Reading[T]) Better(s Reading[T]) Reading[T] {
	if s.rank() > r.rank() {
		return s
	}
	return r
}

func (r Reading[T]) rank() int {
	switch {
	case r.state == StateKnown:
		return 4
	case r.state == StateAbsent:
		return 3
	case r.state == StateNotApplicable:
		return 2
	case r.Why() != "":
		return 1
	default:
		return 0
	}
}

// readingObject is the JSON form of a Reading that holds no value.
type readingObject struct {
	Unknown       *string `json:"unknown,omitempty"`
	Remedy        string  `json:"remedy,omitempty"`
	Absent        bool    `json:"absent,omitempty"`
	NotApplicable *string `json:"notApplicable,omitempty"`
}

// MarshalJSON writes the value itself where it is known, else an object that tells the state.
func (r Reading[T]) MarshalJSON() ([]byte, error) {
	because := r.because()
	switch r.state {
	case StateKnown:
		if b, ok := appendPlain(nil, r.value); ok {
			return b, nil
		}
		return json.Marshal(r.value)
	case StateAbsent:
		return []byte(`{"absent":true}`), nil
	case StateNotApplicable:
		return json.Marshal(readingObject{NotApplicable: &because.why})
	default:
		return json.Marshal(readingObject{Unknown: &because.why, Remedy: because.remedy})
	}
}

// UnmarshalJSON reads what MarshalJSON writes; anything else is an error that shows the offending text.
func (r *Reading[T]) UnmarshalJSON(b []byte) error {
	b = bytes.TrimSpace(b)
	*r = Reading[T]{}
	if bytes.Equal(b, []byte("null")) {
		return nil
	}
	if len(b) == 0 || b[0] != '{' {
		if parsePlain(b, &r.value) {
			r.state = StateKnown
			return nil
		}
		var v T
		err := unmarshal(b, &v)
		var kind *json.UnmarshalTypeError
		switch {
		case errors.As(err, &kind):
			kind.Offset = 0 // it counts from the beginning of the reading, which says nothing
			return kind
		case err != nil:
			return err
		}
		*r = Known(v)
		return nil
	}
	o, ok := plainObject(b)
	if !ok {
		o = readingObject{}
		dec := json.NewDecoder(bytes.NewReader(b))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&o); err != nil {
			return fmt.Errorf("reading %.80q: want a value or one of the keys unknown, absent, notApplicable: %w", b, err)
		}
	}
	switch {
	case o.Absent && o.Unknown == nil && o.NotApplicable == nil:
		*r = Absent[T]()
	case o.NotApplicable != nil && o.Unknown == nil && !o.Absent:
		*r = NotApplicable[T](*o.NotApplicable)
	case o.Unknown != nil && o.NotApplicable == nil && !o.Absent:
		*r = Unknown[T](*o.Unknown, o.Remedy)
	default:
		return fmt.Errorf("reading %.80q: want just one of the keys unknown, absent, notApplicable", b)
	}
	return nil
}

// unmarshal is json.Unmarshal of well-formed text. It spares what knows how to read itself and is kept by a pointer the
// detour, on which the text is looked at twice more.
func unmarshal(text []byte, v any) error {
	if to := reflect.ValueOf(v).Elem(); to.Kind() == reflect.Pointer {
		value := reflect.New(to.Type().Elem())
		if own, ok := value.Interface().(json.Unmarshaler); ok {
			to.Set(value)
			return own.UnmarshalJSON(text)
		}
	}
	return json.Unmarshal(text, v)
}

// UnmarshalJSONFrom is UnmarshalJSON for the decoder that reads many at once: it has found where the value ends.
func (r *Reading[T]) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	text, err := d.ReadValue()
	if err != nil {
		return err
	}
	return r.UnmarshalJSON(text)
}

// Take makes r the more informative of itself and the reading of the same type that other points to. It serves
// joins that go over the fields of a struct; a pointer of another type is a mistake of the caller.
func (r *Reading[T]) Take(other any) { *r = r.Better(*other.(*Reading[T])) }
