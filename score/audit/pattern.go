package audit

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// A Pattern names things by name or ID, in whatever case: *, ? and [a-z] match as in file names, and * also matches a slash.
type Pattern string

// Want says for a message what a pattern has to be.
func (Pattern) Want() string {
	return "a name or pattern such as web-*, in quotes where it looks like something else"
}

// UnmarshalText takes a pattern that can match something.
func (p *Pattern) UnmarshalText(text []byte) error {
	if strings.TrimSpace(string(text)) == "" {
		return errors.New("is empty: want a name or a pattern such as web-*")
	}
	if _, err := path.Match(string(text), ""); err != nil {
		return fmt.Errorf("%q: want a name or a pattern as of file names, such as web-*; here a bracket is not closed, or a backslash is last", text)
	}
	*p = Pattern(text)
	return nil
}

// meta are the characters that make a pattern of a name.
const meta = `*?[\`

func (p Pattern) exact() bool { return !strings.ContainsAny(string(p), meta) }

// A folded pattern or name is in small letters and without slashes, which would be borders to path.Match.
func folded(s string) string { return strings.ReplaceAll(strings.ToLower(s), "/", "\x00") }

// A globs is a list of patterns that many names are held against. Names that occur often are looked up once, and patterns
// are tried on those names only that hold their longest piece of plain text.
type globs struct {
	exact map[string][]int
	wild  []glob
	known map[string][]int
	tried int // comparisons of a name with a pattern
}

type glob struct {
	text   string
	begin  string // of every name that it matches
	inside string // of every name that it matches
	number int
}

// newGlobs numbers patterns in their order.
func newGlobs(patterns []Pattern) *globs {
	g := &globs{exact: map[string][]int{}, known: map[string][]int{}}
	for i, p := range patterns {
		text := folded(string(p))
		if p.exact() {
			g.exact[text] = append(g.exact[text], i)
			continue
		}
		at := strings.IndexAny(text, meta)
		g.wild = append(g.wild, glob{text: text, begin: text[:at], inside: longestPlain(text), number: i})
	}
	return g
}

// longestPlain is the longest piece of a pattern that stands for itself; none where brackets or escapes make that hard to
// tell.
func longestPlain(text string) string {
	if strings.ContainsAny(text, `[\`) {
		return ""
	}
	longest := ""
	for piece := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '*' || r == '?' }) {
		if len(piece) > len(longest) {
			longest = piece
		}
	}
	return longest
}

// match gives the numbers of the patterns that match a name, in order. The caller does not change them.
func (g *globs) match(name string) []int {
	name = folded(name)
	if out, ok := g.known[name]; ok {
		return out
	}
	out := slices.Clone(g.exact[name])
	for i := range g.wild {
		w := &g.wild[i]
		g.tried++
		if !strings.HasPrefix(name, w.begin) || !strings.Contains(name, w.inside) {
			continue
		}
		if ok, err := path.Match(w.text, name); ok && err == nil {
			out = append(out, w.number)
		}
	}
	slices.Sort(out)
	g.known[name] = out
	return out
}

// any reports whether a pattern matches any of some names.
func (g *globs) any(names []string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return len(g.match(n)) > 0 })
}

// listed writes patterns for people: the first of them.
func listed[T ~string](patterns []T) string {
	const shown = 3
	var out []string
	for _, p := range patterns[:min(len(patterns), shown)] {
		out = append(out, string(p))
	}
	if n := len(patterns) - shown; n > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(out, ", "), n)
	}
	return strings.Join(out, ", ")
}
