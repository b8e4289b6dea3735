package yamlfile

import (
	"errors"
	"io"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/scanner"
	"github.com/goccy/go-yaml/token"
)

// Read reads a file within limits.
func Read(name string, text []byte, limits Limits) (*File, error) {
	r := &reader{File: File{Name: name}, limits: limits}
	plain, err := r.plain(text)
	if err != nil {
		return nil, err
	}
	tokens, err := r.scan(plain)
	if err != nil {
		return nil, err
	}
	parsed, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey()) // they are refused below, in words of ours
	if err != nil {
		var at yaml.Error
		if errors.As(err, &at) && at.GetToken() != nil {
			return nil, r.Fault(position(at.GetToken()), "not YAML: %s", at.GetMessage())
		}
		return nil, r.Fault(Position{}, "not YAML: %v", err)
	}
	for _, doc := range parsed.Docs {
		if doc.Body == nil {
			continue
		}
		if r.Root != nil {
			return nil, r.Fault(Position{position(doc.Body.GetToken()).Line, 1}, "a second document: want one")
		}
		if r.Root, err = r.node(doc.Body); err != nil {
			return nil, err
		}
	}
	return &r.File, nil
}

type reader struct {
	File
	limits Limits
}

func position(t *token.Token) Position { return Position{t.Position.Line, t.Position.Column} }

// plain is the text without what differs between editors. It finds what is no text, and what is too much of it.
func (r *reader) plain(text []byte) (string, error) {
	if len(text) > r.limits.Bytes {
		return "", r.Fault(Position{}, "a %s of more than %d KiB: want a smaller one; %s", r.limits.What, r.limits.Bytes>>10, r.limits.Advice)
	}
	s := strings.ReplaceAll(strings.TrimPrefix(string(text), "\uFEFF"), "\r\n", "\n")
	for i, line := range strings.Split(s, "\n") {
		if len(line) > maxLine {
			return "", r.Fault(Position{i + 1, maxLine + 1}, "a line of %d bytes: want %d at most", len(line), maxLine)
		}
		if content := strings.TrimLeft(line, " -"); len(line)-len(content) > maxIndent && strings.TrimSpace(line) != "" {
			return "", r.Fault(Position{i + 1, maxIndent + 1}, "nested too deeply: want %d spaces and dashes at most before a line", maxIndent)
		}
		if !utf8.ValidString(line) {
			return "", r.Fault(Position{i + 1, 1}, "not text: want UTF-8")
		}
		if at := strings.IndexFunc(line, func(c rune) bool { return c < ' ' && c != '\t' || c >= 0x7f && c < 0xa0 }); at >= 0 {
			return "", r.Fault(Position{i + 1, utf8.RuneCountInString(line[:at]) + 1}, "not text: a control character, %q", line[at:at+1])
		}
	}
	return s, nil
}

// scan splits the text, and refuses what no file has a use for: references, which can unfold to any size, types, and
// depths that would take the parser long.
func (r *reader) scan(text string) (token.Tokens, error) {
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
			if why := refused(t); why != "" {
				return nil, r.Fault(position(t), "%s", why)
			}
			switch t.Type {
			case token.SequenceStartType, token.MappingStartType:
				depth++
			case token.SequenceEndType, token.MappingEndType:
				depth--
			}
			out.Add(t)
			if depth > r.limits.Levels {
				return nil, r.Fault(position(t), "nested too deeply: a %s has %d levels at most", r.limits.What, r.limits.Levels)
			}
		}
		if err != nil {
			return nil, r.Fault(Position{}, "not YAML: %v", err)
		}
		if len(out) > r.limits.Tokens {
			return nil, r.Fault(position(out[len(out)-1]), "too many values: a %s has %d at most", r.limits.What, r.limits.Tokens)
		}
	}
}

// refused says why a token is not allowed; it is empty for one that is.
func refused(t *token.Token) string {
	switch t.Type {
	case token.AnchorType, token.AliasType, token.MergeKeyType:
		return "anchors (&name), references (*name) and merges (<<) are not allowed: write it out"
	case token.TagType, token.DirectiveType:
		return "tags (!name) and directives (%NAME) are not allowed: want plain values"
	case token.MappingKeyType:
		return "not allowed: a key with a question mark"
	case token.LiteralType, token.FoldedType:
		return "blocks of text (| and >) are not allowed: want text on one line, in quotes"
	case token.InvalidType:
		return "not YAML: " + t.Error
	default:
		return ""
	}
}

// node turns what the library made into a value of ours. How deep it goes is bounded by what was scanned.
func (r *reader) node(n ast.Node) (*Node, error) {
	out := &Node{At: position(n.GetToken())}
	switch n := n.(type) {
	case *ast.MappingNode:
		return out, r.pairs(out, n.Values)
	case *ast.MappingValueNode:
		return out, r.pairs(out, []*ast.MappingValueNode{n})
	case *ast.SequenceNode:
		out.Kind = List
		for _, x := range n.Values {
			item, err := r.node(x)
			if err != nil {
				return nil, err
			}
			out.Items = append(out.Items, item)
		}
		return out, nil
	case *ast.NullNode:
		return out, nil
	case *ast.StringNode:
		out.Kind, out.Text = Text, n.Value
		return out, nil
	case *ast.BoolNode:
		out.Kind = Truth
	case *ast.IntegerNode, *ast.FloatNode:
		out.Kind = Odd
		if v, ok := number(n); ok {
			out.Kind, out.Number = Number, v
		}
	default:
		out.Kind = Odd
	}
	out.Text = n.GetToken().Value
	return out, nil
}

func number(n ast.Node) (float64, bool) {
	var v float64
	switch n := n.(type) {
	case *ast.IntegerNode:
		switch x := n.Value.(type) {
		case int64:
			v = float64(x)
		case uint64:
			v = float64(x)
		default:
			return 0, false
		}
	case *ast.FloatNode:
		v = n.Value
	}
	return v, !math.IsInf(v, 0) && !math.IsNaN(v)
}

// pairs puts keys and values into a map, in which a second value of a key would take the place of the first unseen.
func (r *reader) pairs(out *Node, values []*ast.MappingValueNode) error {
	out.Kind = Map
	if len(values) > 0 {
		out.At = position(values[0].Key.GetToken()) // the library means the colon
	}
	first := make(map[string]int, len(values)) // in which line
	for _, v := range values {
		key := v.Key.GetToken()
		if line := first[key.Value]; line > 0 {
			return r.Fault(position(key), "the key %q is there twice, first in line %d", key.Value, line)
		}
		first[key.Value] = key.Position.Line
		value, err := r.node(v.Value)
		if err != nil {
			return err
		}
		out.Pairs = append(out.Pairs, Pair{key.Value, position(key), value})
	}
	return nil
}
