package yamlfile

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/infraopt/infraopt/score"
)

// Positions tell where a file names each part. The path of a part is its keys, and the numbers of elements of lists from 1
// on, with dots between them: pins.3.workloads.
type Positions struct {
	file File
	at   map[string]Position
}

// At is the place of a part, or else of the nearest one around it that the file has.
func (p *Positions) At(path string) Position {
	for {
		if at, ok := p.at[path]; ok {
			return at
		}
		i := strings.LastIndexByte(path, '.')
		if i < 0 {
			return p.at[""]
		}
		path = path[:i]
	}
}

// Fault is the error about a part that only shows when all of the file is known.
func (p *Positions) Fault(path, format string, args ...any) error {
	return p.file.Fault(p.At(path), format, args...)
}

// FaultAt is the error about a place within a part.
func (p *Positions) FaultAt(line, column int, format string, args ...any) error {
	return p.file.Fault(Position{line, column}, format, args...)
}

// Where is the place of a part for the end of a sentence: file:line.
func (p *Positions) Where(path string) string {
	return fmt.Sprintf("%s:%d", p.file.Name, p.At(path).Line)
}

// Names lists what there is to choose from, for a type of text of which values are made elsewhere.
type Names interface{ Names() []string }

// An Alternative is a struct of which a file gives just one field: one of several things that may be said.
type Alternative interface{ OneOf() }

// A Wanter says for a message what text of its type has to be: it goes with encoding.TextUnmarshaler.
type Wanter interface{ Want() string }

// Decode reads a file into the struct that v points to, and tells where everything stands. Names of keys are those of
// the fields' tags "json"; fields with "-" there or in the tag "file" are none of the file's business. What else a field
// asks for stands in its tag "file", with commas between: "required" (there, and not empty), the limits of a number (0..1),
// or words to choose from (strict|default). Types with UnmarshalText read text themselves, those with OneOf take just one of their fields. What the file does not name
// is left as it is.
func Decode(name string, text []byte, limits Limits, v any) (*Positions, error) {
	f, err := Read(name, text, limits)
	if err != nil {
		return nil, err
	}
	d := &decoder{Positions{*f, map[string]Position{}}}
	root := f.Root
	if root == nil {
		root = &Node{Kind: Map, At: Position{1, 1}}
	}
	d.at[""] = root.At
	if err := d.structure(root, reflect.ValueOf(v).Elem(), ""); err != nil {
		return nil, err
	}
	return &d.Positions, nil
}

type decoder struct{ Positions }

// A Field is a field of a struct as the file sees it.
type Field struct {
	Name     string
	Index    []int // of the struct's type
	Required bool
	Rule
}

// A Rule is what a value has to be beside its type.
type Rule struct {
	Choices   []string
	Low, High float64 // limits of a number, where Bounded
	Bounded   bool
}

// Fields lists what a file may say of a type, those of embedded structs among them.
func Fields(t reflect.Type) []Field {
	var out []Field
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || name == "" || name == "-" || f.Tag.Get("file") == "-" {
			continue
		}
		x := Field{Name: name, Index: f.Index}
		for word := range strings.SplitSeq(f.Tag.Get("file"), ",") {
			low, high, limits := strings.Cut(word, "..")
			switch {
			case word == "required":
				x.Required = true
			case limits:
				x.Bounded, x.Low, x.High = true, limit(low), limit(high)
			case word != "":
				x.Choices = strings.Split(word, "|")
			}
		}
		out = append(out, x)
	}
	return out
}

// limit reads a limit; one that is no number is a mistake in the code, which every use of the file shows.
func limit(text string) float64 {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		panic("limits of a number of a file: " + err.Error())
	}
	return v
}

func (d *decoder) structure(n *Node, v reflect.Value, path string) error {
	if n.Kind != Map {
		return d.wrong(n, path, "keys with values")
	}
	known := Fields(v.Type())
	names := make([]string, len(known))
	for i, f := range known {
		names[i] = f.Name
	}
	said := map[string]bool{} // something
	for _, p := range n.Pairs {
		i := slices.IndexFunc(known, func(f Field) bool { return f.Name == p.Key })
		if i < 0 {
			return d.file.Fault(p.At, "unknown key %q: %s", p.Key, choose(p.Key, names))
		}
		f := &known[i]
		said[f.Name] = !empty(p.Value)
		if err := d.value(p.Value, v.FieldByIndex(f.Index), join(path, f.Name), &f.Rule); err != nil {
			return err
		}
	}
	if _, ok := v.Interface().(Alternative); ok && len(n.Pairs) != 1 {
		return d.Fault(path, "%s: have %d keys: want just one of %s", path, len(n.Pairs), strings.Join(names, ", "))
	}
	for _, f := range known {
		if f.Required && !said[f.Name] {
			here := join(path, f.Name)
			return d.Fault(here, "%s is missing or empty: want %s", here, want(v.FieldByIndex(f.Index).Type(), &f.Rule))
		}
	}
	return nil
}

// empty reports whether a value says nothing.
func empty(n *Node) bool {
	switch n.Kind {
	case List:
		return len(n.Items) == 0
	case Map:
		return len(n.Pairs) == 0
	case Text:
		return strings.TrimSpace(n.Text) == ""
	default:
		return n.Kind == Nothing
	}
}

func choose(name string, names []string) string {
	if near := score.Nearest(name, names); near != "" {
		return "did you mean " + near + "?"
	}
	return "want one of " + strings.Join(names, ", ")
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func (d *decoder) wrong(n *Node, path, want string) error {
	if path == "" {
		path = "the file"
	}
	return d.file.Wrong(n, path, want)
}

// value reads a value of any type. Numbers and words are held to the rule of the field, also as elements of a list.
func (d *decoder) value(n *Node, v reflect.Value, path string, r *Rule) error {
	d.at[path] = n.At
	t := v.Type()
	if u, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return d.text(n, path, want(t, r), func(s string) error { return u.UnmarshalText([]byte(s)) })
	}
	switch t.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(t.Elem()))
		return d.value(n, v.Elem(), path, r)
	case reflect.Struct:
		return d.structure(n, v, path)
	case reflect.Slice:
		return d.list(n, v, path, r)
	case reflect.Map:
		return d.table(n, v, path, r)
	case reflect.Bool:
		if n.Kind != Truth {
			return d.wrong(n, path, want(t, r))
		}
		v.SetBool(strings.EqualFold(n.Text, "true"))
		return nil
	case reflect.String:
		choices := choicesOf(t, r)
		return d.text(n, path, want(t, r), func(s string) error {
			if len(choices) > 0 && !slices.Contains(choices, s) {
				return errors.New(notAmong(s, choices))
			}
			v.SetString(s)
			return nil
		})
	default:
		return d.number(n, v, path, r)
	}
}

// notAmong words the error about a word that is none of those to choose from.
func notAmong(s string, choices []string) string {
	text := fmt.Sprintf("%q: want one of %s", s, strings.Join(choices, ", "))
	if near := score.Nearest(s, choices); near != "" {
		text += ": did you mean " + near + "?"
	}
	return text
}

func (d *decoder) text(n *Node, path, want string, set func(string) error) error {
	if n.Kind != Text {
		return d.wrong(n, path, want)
	}
	if err := d.file.TooLong(n); err != nil {
		return err
	}
	if err := set(n.Text); err != nil {
		return d.file.Fault(n.At, "%s: %v", path, err)
	}
	return nil
}

func (d *decoder) list(n *Node, v reflect.Value, path string, r *Rule) error {
	if n.Kind != List {
		return d.wrong(n, path, want(v.Type(), r))
	}
	out := reflect.MakeSlice(v.Type(), len(n.Items), len(n.Items))
	for i, item := range n.Items {
		if err := d.value(item, out.Index(i), join(path, strconv.Itoa(i+1)), r); err != nil {
			return err
		}
	}
	v.Set(out)
	return nil
}

func (d *decoder) table(n *Node, v reflect.Value, path string, r *Rule) error {
	if n.Kind != Map {
		return d.wrong(n, path, want(v.Type(), r))
	}
	out := reflect.MakeMapWithSize(v.Type(), len(n.Pairs))
	for _, p := range n.Pairs {
		if err := d.file.TooLong(&Node{Kind: Text, At: p.At, Text: p.Key}); err != nil {
			return err
		}
		x := reflect.New(v.Type().Elem()).Elem()
		if err := d.value(p.Value, x, join(path, p.Key), r); err != nil {
			return err
		}
		out.SetMapIndex(reflect.ValueOf(p.Key).Convert(v.Type().Key()), x)
	}
	v.Set(out)
	return nil
}

// exact is the largest number up to which every whole number is a float64.
const exact = 1 << 53

func (d *decoder) number(n *Node, v reflect.Value, path string, r *Rule) error {
	whole := !v.CanFloat()
	if n.Kind != Number || whole && (n.Number != math.Trunc(n.Number) || math.Abs(n.Number) > exact) || r.Bounded && !(r.Low <= n.Number && n.Number <= r.High) {
		return d.wrong(n, path, want(v.Type(), r))
	}
	if whole {
		v.SetInt(int64(n.Number))
	} else {
		v.SetFloat(n.Number)
	}
	return nil
}

func choicesOf(t reflect.Type, r *Rule) []string {
	if t.Kind() == reflect.Pointer {
		return choicesOf(t.Elem(), r)
	}
	if names, ok := reflect.Zero(t).Interface().(Names); ok {
		return names.Names()
	}
	return r.Choices
}

// want says in words what a value of a type has to be.
func want(t reflect.Type, r *Rule) string {
	if t.Kind() == reflect.Pointer {
		return want(t.Elem(), r) // a nil pointer cannot be asked
	}
	if w, ok := reflect.Zero(t).Interface().(Wanter); ok {
		return w.Want()
	}
	switch t.Kind() {
	case reflect.Slice:
		if t.Elem().Kind() == reflect.String && len(choicesOf(t.Elem(), r)) == 0 {
			return "a list of texts, in quotes where they look like something else"
		}
		return "a list"
	case reflect.Struct, reflect.Map:
		return "keys with values"
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		if c := choicesOf(t, r); len(c) > 0 {
			return "one of " + strings.Join(c, ", ")
		}
		return "text, in quotes where it looks like something else"
	}
	kind := "a number"
	if k := t.Kind(); k != reflect.Float64 && k != reflect.Float32 {
		kind = "a whole number"
	}
	if r.Bounded {
		return fmt.Sprintf("%s from %s to %s", kind, score.Plain(r.Low), score.Plain(r.High))
	}
	return kind
}
