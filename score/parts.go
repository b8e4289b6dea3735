package score

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// PartKind says what a part of a model is.
type PartKind int

// The kinds of parts.
const (
	Group  PartKind = iota // keys with parts of their own
	List                   // elements that the model has, each told by its ID
	Open                   // elements that the user declares, in any number
	Number                 //
	Choice                 // one of a few words
	Word                   // words of the built-in model, which explain the arithmetic and go with it
	Text                   // any text
	Texts                  // a list of texts
)

// A Part is a piece of a model as its file writes it. Parts are made from the types, so that the file, its checks, its
// JSON Schema and its documentation have one description: a field's tag "model" holds "id", "word", choices
// (strict|default) or the limits of a number (0..1); fields with "-" are none of the file's business.
type Part struct {
	Name    string // the key, or the ID of an element of a list
	Path    string // names of all parts down to this one
	Kind    PartKind
	ID      string // in a list: the key that tells elements apart
	Parts   []Part
	Low     float64 // limits of a Number
	High    float64
	Whole   bool // a Number is an integer
	Choices []string

	value reflect.Value
}

// Parts lists the pieces of the model; setting them changes it.
func (m *Model) Parts() []Part { return partsOf(reflect.ValueOf(m).Elem(), "") }

func partsOf(v reflect.Value, path string) []Part {
	var out []Part
	for i := range v.NumField() {
		f := v.Type().Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		tag := f.Tag.Get("model")
		switch {
		case f.Anonymous:
			out = append(out, partsOf(v.Field(i), path)...)
		case name != "-" && tag != "-" && tag != "id":
			if p := partOf(v.Field(i), name, join(path, name), tag); p.Kind != List || len(p.Parts) > 0 {
				out = append(out, p) // an indicator without steps has no ladder
			}
		}
	}
	return out
}

func partOf(v reflect.Value, name, path, tag string) Part {
	p := Part{Name: name, Path: path, value: v}
	t := v.Type()
	switch {
	case t.Kind() == reflect.Struct:
		p.Kind, p.Parts = Group, partsOf(v, path)
	case t.Kind() == reflect.Map:
		p.Kind = Group
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
		for _, k := range keys {
			entry := reflect.New(t.Elem()).Elem()
			entry.Set(v.MapIndex(k))
			x := partOf(entry, k.String(), join(path, k.String()), tag)
			x.value = v
			p.Parts = append(p.Parts, x)
		}
	case tag == "word":
		p.Kind = Word
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.String:
		p.Kind = Texts
	case t.Kind() == reflect.Slice:
		p.Kind, p.Parts = Open, elements(v, path)
		if f, ok := idField(t.Elem()); ok {
			p.Kind, p.ID = List, f.Tag.Get("json")
		}
	case t.Kind() == reflect.String && tag != "":
		p.Kind, p.Choices = Choice, strings.Split(tag, "|")
	case t.Kind() == reflect.String:
		p.Kind = Text
	default:
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		low, high, _ := strings.Cut(tag, "..")
		p.Kind, p.Low, p.High, p.Whole = Number, number(low), number(high), t.Kind() != reflect.Float64
	}
	return p
}

// elements are the parts of a list, under their IDs, or else their numbers from 1 on.
func elements(v reflect.Value, path string) []Part {
	out := make([]Part, v.Len())
	for i := range out {
		name := strconv.Itoa(i + 1)
		if f, ok := idField(v.Type().Elem()); ok {
			name = fmt.Sprint(v.Index(i).FieldByIndex(f.Index).Interface())
		}
		out[i] = partOf(v.Index(i), name, join(path, name), "")
	}
	return out
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// number reads a limit; a field without limits is a mistake in the code, which every start of the program shows.
func number(text string) float64 {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		panic("limits of a number of the model: " + err.Error())
	}
	return v
}

// idField is the field that tells elements of a type apart.
func idField(t reflect.Type) (reflect.StructField, bool) {
	for _, f := range reflect.VisibleFields(t) {
		if f.Tag.Get("model") == "id" {
			return f, true
		}
	}
	return reflect.StructField{}, false
}

// Number is the value of a Number; ok is false for one that is not set, and for other kinds.
func (p *Part) Number() (value float64, ok bool) {
	if p.Kind != Number {
		return 0, false
	}
	v := p.value
	switch v.Kind() {
	case reflect.Map:
		v = v.MapIndex(reflect.ValueOf(p.Name))
	case reflect.Pointer:
		if v.IsNil() {
			return 0, false
		}
		v = v.Elem()
	}
	if v.Kind() == reflect.Float64 {
		return v.Float(), true
	}
	return float64(v.Int()), true
}

// SetNumber changes a Number. What does not fit a whole number becomes one that Check refuses.
func (p *Part) SetNumber(value float64) {
	v := p.value
	switch v.Kind() {
	case reflect.Map:
		v.SetMapIndex(reflect.ValueOf(p.Name), reflect.ValueOf(value))
		return
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	if v.Kind() == reflect.Float64 {
		v.SetFloat(value)
		return
	}
	v.SetInt(int64(max(-1e15, min(value, 1e15))))
}

// Text is the value of a Choice or a Text.
func (p *Part) Text() string { return p.value.String() }

// SetText changes a Choice or a Text.
func (p *Part) SetText(s string) { p.value.SetString(s) }

// SetTexts changes a list of texts.
func (p *Part) SetTexts(s []string) { p.value.Set(reflect.ValueOf(s)) }

// Declare makes a number of empty elements of an Open part, in place of those there are.
func (p *Part) Declare(n int) []Part {
	p.value.Set(reflect.MakeSlice(p.value.Type(), n, n))
	p.Parts = elements(p.value, p.Path)
	return p.Parts
}

// Want says what must stand there.
func (p *Part) Want() string {
	switch {
	case p.Kind == Group:
		return "keys with values"
	case p.Kind == List:
		return "a list of which each element has the key " + p.ID
	case p.Kind == Open:
		return "a list"
	case p.Kind == Choice:
		return "one of " + strings.Join(p.Choices, ", ")
	case p.Kind == Texts:
		return "a list of texts, in quotes where they look like something else"
	case p.Kind == Number && p.Whole:
		return fmt.Sprintf("a whole number from %s to %s", Plain(p.Low), Plain(p.High))
	case p.Kind == Number:
		return fmt.Sprintf("a number from %s to %s", Plain(p.Low), Plain(p.High))
	default:
		return "text, in quotes where it looks like something else"
	}
}

// Plain writes a number without an exponent: 0.0001, 1000000.
func Plain(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// Leaves lists the numbers and choices among parts, however deep.
func Leaves(parts []Part) []Part {
	var out []Part
	for _, p := range parts {
		switch p.Kind {
		case Number, Choice:
			out = append(out, p)
		case Group, List, Open:
			out = append(out, Leaves(p.Parts)...)
		}
	}
	return out
}

// checkNumbers finds numbers beyond their limits, within which no arithmetic can divide by zero or leave the real
// numbers.
func (m *Model) checkNumbers() error {
	for _, p := range Leaves(m.Parts()) {
		if v, ok := p.Number(); ok && !(p.Low <= v && v <= p.High) {
			return fault(fmt.Sprintf("%s: %s: want %s", p.Path, Plain(v), p.Want()), p.Path)
		}
		if p.Kind == Choice && !slices.Contains(p.Choices, p.Text()) {
			text := fmt.Sprintf("%s: %q: want %s", p.Path, p.Text(), p.Want())
			if near := Nearest(p.Text(), p.Choices); near != "" {
				text += ": did you mean " + near + "?"
			}
			return fault(text, p.Path)
		}
	}
	return nil
}

// A Fault is what makes a model useless, with the paths of the parts to look at.
type Fault struct {
	Text  string
	Paths []string
}

func (f *Fault) Error() string { return f.Text }

func fault(text string, paths ...string) error { return &Fault{text, paths} }
