package indicators

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/scanner"
	"github.com/goccy/go-yaml/token"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// MaxFile is the largest model file, in bytes. The built-in model is a twentieth of it.
const MaxFile = 256 << 10

// The bounds within which the YAML library, parts of which take the square of what they are given, is quick.
const (
	maxLine   = 1000  // bytes
	maxIndent = 60    // spaces and dashes before a line, which nest
	maxTokens = 30000 // a waiver has about twelve
	maxDepth  = 16    // a model has six
)

// decode reads the built-in model, which holds everything.
func decode(text []byte) (*score.Model, error) {
	m := &score.Model{}
	if err := yaml.UnmarshalWithOptions(text, m, yaml.DisallowUnknownField()); err != nil {
		return nil, fmt.Errorf("reading the model: %w", err)
	}
	return m, nil
}

// Load reads a user's model file: in the form of model.yaml, what is to be other than in the built-in model. An empty
// file changes nothing. Errors begin with the name of the file, and the line and column where the fault is.
func Load(name string, text []byte) (*score.Model, error) {
	m, err := bind(defaultModel)
	if err != nil {
		return nil, err
	}
	o := &overlay{file: name, at: map[string]*token.Token{}}
	root, err := o.read(text)
	if err != nil {
		return nil, err
	}
	if root != nil {
		if err := o.group(root, m.Parts()); err != nil {
			return nil, err
		}
	}
	if err := m.Check(); err != nil {
		return nil, o.locate(err)
	}
	fillIn(m)
	return m, nil
}

// An overlay puts a file on top of a model.
type overlay struct {
	file string
	at   map[string]*token.Token // where the file names each part, by path
}

func (o *overlay) fault(line, column int, format string, args ...any) error {
	return fmt.Errorf("%s:%d:%d: %s", o.file, line, column, fmt.Sprintf(format, args...))
}

func (o *overlay) faultAt(t *token.Token, format string, args ...any) error {
	return o.fault(t.Position.Line, t.Position.Column, format, args...)
}

// locate says where a fault of the whole model lies, as far as this file is to blame.
func (o *overlay) locate(err error) error {
	var f *score.Fault
	if !errors.As(err, &f) {
		return err
	}
	var here []*token.Token
	for _, p := range f.Paths {
		if t := o.at[p]; t != nil {
			here = append(here, t)
		}
	}
	switch len(here) {
	case 0:
		return fmt.Errorf("%s: %s", o.file, f.Text)
	case 1:
		return o.faultAt(here[0], "%s", f.Text)
	}
	slices.SortFunc(here, func(a, b *token.Token) int { return a.Position.Line - b.Position.Line })
	var lines []string
	for _, t := range here {
		lines = append(lines, fmt.Sprint(t.Position.Line))
	}
	return o.faultAt(here[0], "%s (set in lines %s)", f.Text, strings.Join(lines, ", "))
}

// read gives the root of the file, or nil where there is nothing but comments.
func (o *overlay) read(text []byte) (ast.Node, error) {
	plain, err := o.plain(text)
	if err != nil {
		return nil, err
	}
	tokens, err := o.scan(plain)
	if err != nil {
		return nil, err
	}
	file, err := parser.Parse(tokens, 0)
	if err != nil {
		var at yaml.Error
		if errors.As(err, &at) && at.GetToken() != nil {
			return nil, o.faultAt(at.GetToken(), "not YAML: %s", at.GetMessage())
		}
		return nil, fmt.Errorf("%s: not YAML: %w", o.file, err)
	}
	var root ast.Node
	for _, doc := range file.Docs {
		switch {
		case doc.Body == nil:
		case root != nil:
			return nil, o.fault(doc.Body.GetToken().Position.Line, 1, "a second document: want one")
		default:
			root = doc.Body
		}
	}
	return root, nil
}

// plain is the text without what differs between editors. It finds what is no text, and what is too much of it.
func (o *overlay) plain(text []byte) (string, error) {
	if len(text) > MaxFile {
		return "", fmt.Errorf("%s: a model file of more than %d KiB: want a smaller one; patterns such as web-* name many machines", o.file, MaxFile>>10)
	}
	s := strings.ReplaceAll(strings.TrimPrefix(string(text), "\uFEFF"), "\r\n", "\n")
	for i, line := range strings.Split(s, "\n") {
		if len(line) > maxLine {
			return "", o.fault(i+1, maxLine+1, "a line of %d bytes: want %d at most", len(line), maxLine)
		}
		if content := strings.TrimLeft(line, " -"); len(line)-len(content) > maxIndent && strings.TrimSpace(line) != "" {
			return "", o.fault(i+1, maxIndent+1, "nested too deeply: want %d spaces and dashes at most before a line", maxIndent)
		}
		if !utf8.ValidString(line) {
			return "", o.fault(i+1, 1, "not text: want UTF-8")
		}
		if at := strings.IndexFunc(line, func(r rune) bool { return r < ' ' && r != '\t' || r >= 0x7f && r < 0xa0 }); at >= 0 {
			return "", o.fault(i+1, utf8.RuneCountInString(line[:at])+1, "not text: a control character, %q", line[at:at+1])
		}
	}
	return s, nil
}

// scan splits the text, and refuses what a model has no use for: references, which can unfold to any size, types, and
// depths that would take the parser long.
func (o *overlay) scan(text string) (token.Tokens, error) {
	var s scanner.Scanner
	s.Init(text)
	var out token.Tokens
	depth := 0
	for {
		some, err := s.Scan()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		for _, t := range some {
			switch t.Type {
			case token.AnchorType, token.AliasType, token.MergeKeyType:
				return nil, o.faultAt(t, "anchors (&name), references (*name) and merges (<<) are not allowed: write it out")
			case token.TagType, token.DirectiveType:
				return nil, o.faultAt(t, "tags (!name) and directives (%%NAME) are not allowed: want plain values")
			case token.MappingKeyType:
				return nil, o.faultAt(t, "not allowed: a key with a question mark")
			case token.LiteralType, token.FoldedType:
				return nil, o.faultAt(t, "blocks of text (| and >) are not allowed: want text on one line, in quotes")
			case token.InvalidType:
				return nil, o.faultAt(t, "not YAML: %s", t.Error)
			case token.SequenceStartType, token.MappingStartType:
				depth++
			case token.SequenceEndType, token.MappingEndType:
				depth--
			}
			out.Add(t)
			if depth > maxDepth {
				return nil, o.faultAt(t, "nested too deeply: a model has %d levels at most", maxDepth)
			}
		}
		if err != nil {
			return nil, fmt.Errorf("%s: not YAML: %w", o.file, err)
		}
		if len(out) > maxTokens {
			return nil, o.faultAt(out[len(out)-1], "too many values: a model file has %d at most", maxTokens)
		}
	}
}

// A pair is a key with its value.
type pair struct {
	key   string
	at    *token.Token
	value ast.Node
}

// pairs gives the keys of a mapping; the parser has refused those that are there twice.
func pairs(n ast.Node) ([]pair, bool) {
	var values []*ast.MappingValueNode
	switch n := n.(type) {
	case *ast.MappingNode:
		values = n.Values
	case *ast.MappingValueNode:
		values = []*ast.MappingValueNode{n}
	default:
		return nil, false
	}
	out := make([]pair, 0, len(values))
	for _, v := range values {
		out = append(out, pair{v.Key.GetToken().Value, v.Key.GetToken(), v.Value})
	}
	return out, true
}

// wrong is the error about a value of another kind than the part wants.
func (o *overlay) wrong(n ast.Node, p *score.Part) error {
	have := ""
	switch n.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		have = "keys with values"
	case *ast.SequenceNode:
		have = "a list"
	case *ast.NullNode:
		have = "nothing"
	default:
		have = fmt.Sprintf("%q", inventory.Text(n.GetToken().Value))
	}
	return o.faultAt(n.GetToken(), "%s: have %s: want %s", p.Path, have, p.Want())
}

// group sets parts by their keys.
func (o *overlay) group(n ast.Node, parts []score.Part) error {
	values, ok := pairs(n)
	if !ok {
		return o.wrong(n, &score.Part{Path: "the file", Kind: score.Group})
	}
	return o.keys(values, parts)
}

func (o *overlay) keys(values []pair, parts []score.Part) error {
	for _, v := range values {
		i := slices.IndexFunc(parts, func(p score.Part) bool { return p.Name == v.key })
		if i < 0 {
			return o.unknown(v.at, "key", v.key, parts)
		}
		if err := o.set(v, &parts[i]); err != nil {
			return err
		}
	}
	return nil
}

// unknown is the error about a name that no part has.
func (o *overlay) unknown(at *token.Token, noun, name string, parts []score.Part) error {
	var known []string
	for _, p := range parts {
		if p.Kind != score.Word {
			known = append(known, p.Name)
		}
	}
	if near := score.Nearest(name, known); near != "" {
		return o.faultAt(at, "unknown %s %q: did you mean %s?", noun, inventory.Text(name), near)
	}
	return o.faultAt(at, "unknown %s %q: want one of %s", noun, inventory.Text(name), strings.Join(known, ", "))
}

// set gives a part the value that the file has for it. Limits are left to the check of the whole model.
func (o *overlay) set(v pair, p *score.Part) error {
	o.at[p.Path] = v.value.GetToken()
	switch p.Kind {
	case score.Word:
		return o.faultAt(v.at, "%s: the words of the model cannot be changed, as they say what its code does: want numbers only", p.Path)
	case score.Group:
		values, ok := pairs(v.value)
		if !ok {
			return o.wrong(v.value, p)
		}
		return o.keys(values, p.Parts)
	case score.List:
		return o.list(v.value, p)
	case score.Open:
		return o.declare(v.value, p)
	case score.Number:
		return o.number(v.value, p)
	case score.Texts:
		return o.texts(v.value, p)
	default:
		text, ok := textOf(v.value)
		if !ok {
			return o.wrong(v.value, p)
		}
		p.SetText(text)
		return o.bound(v.value, text)
	}
}

// list changes elements that the model has, found by their IDs.
func (o *overlay) list(n ast.Node, p *score.Part) error {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		return o.wrong(n, p)
	}
	seen := map[string]int{} // in which line
	for _, element := range seq.Values {
		values, ok := pairs(element)
		at := slices.IndexFunc(values, func(v pair) bool { return v.key == p.ID })
		if !ok || at < 0 {
			return o.wrong(element, p)
		}
		id := values[at].value.GetToken()
		i := slices.IndexFunc(p.Parts, func(q score.Part) bool { return q.Name == id.Value })
		if i < 0 {
			return o.unknown(id, p.ID, id.Value, p.Parts)
		}
		if line := seen[id.Value]; line > 0 {
			return o.faultAt(id, "%s: %s is there twice, first in line %d", p.Path, id.Value, line)
		}
		seen[id.Value] = id.Position.Line
		o.at[p.Parts[i].Path] = id
		if err := o.keys(slices.Delete(values, at, at+1), p.Parts[i].Parts); err != nil {
			return err
		}
	}
	return nil
}

// declare adds elements that only the user knows.
func (o *overlay) declare(n ast.Node, p *score.Part) error {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		return o.wrong(n, p)
	}
	for i, element := range p.Declare(len(seq.Values)) {
		values, ok := pairs(seq.Values[i])
		if !ok {
			return o.wrong(seq.Values[i], &element)
		}
		o.at[element.Path] = seq.Values[i].GetToken()
		if len(values) > 0 {
			o.at[element.Path] = values[0].at
		}
		if err := o.keys(values, element.Parts); err != nil {
			return err
		}
	}
	return nil
}

func (o *overlay) number(n ast.Node, p *score.Part) error {
	var v float64
	switch n := n.(type) {
	case *ast.IntegerNode:
		switch x := n.Value.(type) {
		case int64:
			v = float64(x)
		case uint64:
			v = float64(x)
		default:
			return o.wrong(n, p)
		}
	case *ast.FloatNode:
		v = n.Value
	default:
		return o.wrong(n, p)
	}
	if p.Whole && v != math.Trunc(v) {
		return o.wrong(n, p)
	}
	p.SetNumber(v)
	return nil
}

func textOf(n ast.Node) (string, bool) {
	s, ok := n.(*ast.StringNode)
	if !ok {
		return "", false
	}
	return s.Value, true
}

func (o *overlay) texts(n ast.Node, p *score.Part) error {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		return o.wrong(n, p)
	}
	out := make([]string, 0, len(seq.Values))
	for _, x := range seq.Values {
		text, ok := textOf(x)
		if !ok {
			return o.wrong(x, p)
		}
		if err := o.bound(x, text); err != nil {
			return err
		}
		out = append(out, text)
	}
	p.SetTexts(out)
	return nil
}

func (o *overlay) bound(n ast.Node, text string) error {
	if len(text) > inventory.MaxText {
		return o.faultAt(n.GetToken(), "a text of %d bytes: want %d at most", len(text), inventory.MaxText)
	}
	return nil
}
