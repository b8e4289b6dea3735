package audit

import (
	"errors"
	"fmt"
	"math/bits"
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

// A set is a set of small numbers.
type set []uint64

func (s set) add(n int) { s[n/64] |= 1 << (n % 64) }

func (s set) has(n int) bool { return s[n/64]&(1<<(n%64)) != 0 }

func (s set) count() int {
	n := 0
	s.each(func(int) { n++ })
	return n
}

func (s set) empty() bool { return !slices.ContainsFunc(s, func(w uint64) bool { return w != 0 }) }

// each calls f for every number, in order.
func (s set) each(f func(n int)) {
	for i, w := range s {
		for ; w != 0; w &= w - 1 {
			f(64*i + bits.TrailingZeros64(w))
		}
	}
}

// A globs is a list of patterns that many names are held against, each name once.
type globs struct {
	exact map[string][]int
	wild  []glob
	known map[string]set
	words int // of a set
	tried int // comparisons of a name with a pattern
}

type glob struct {
	text   string
	parts  []string // between the stars, where there is nothing but text and stars; else nil
	number int
}

// newGlobs numbers patterns in their order.
func newGlobs(patterns []Pattern) *globs {
	g := &globs{exact: map[string][]int{}, known: map[string]set{}, words: (len(patterns) + 63) / 64}
	for i, p := range patterns {
		text := folded(string(p))
		if p.exact() {
			g.exact[text] = append(g.exact[text], i)
			continue
		}
		x := glob{text: text, number: i}
		if !strings.ContainsAny(text, `?[\`) {
			x.parts = strings.Split(text, "*")
		}
		g.wild = append(g.wild, x)
	}
	return g
}

// matches reports whether the pattern matches a name.
func (w *glob) matches(name string) bool {
	if w.parts == nil {
		ok, err := path.Match(w.text, name)
		return ok && err == nil
	}
	last := len(w.parts) - 1
	if !strings.HasPrefix(name, w.parts[0]) {
		return false
	}
	name = name[len(w.parts[0]):]
	for _, part := range w.parts[1:last] {
		at := strings.Index(name, part)
		if at < 0 {
			return false
		}
		name = name[at+len(part):]
	}
	return strings.HasSuffix(name, w.parts[last])
}

// match gives the numbers of the patterns that match a name. The caller does not change them.
func (g *globs) match(name string) set {
	name = folded(name)
	if out, ok := g.known[name]; ok {
		return out
	}
	out := make(set, g.words)
	for _, number := range g.exact[name] {
		out.add(number)
	}
	for i := range g.wild {
		g.tried++
		if g.wild[i].matches(name) {
			out.add(g.wild[i].number)
		}
	}
	g.known[name] = out
	return out
}

// any reports whether a pattern matches any of some names.
func (g *globs) any(names []string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return !g.match(n).empty() })
}

// mark adds to a set the numbers of the patterns that match any of some names, and reports whether one does.
func (g *globs) mark(hit set, names ...string) bool {
	some := false
	for _, n := range names {
		for i, word := range g.match(n) {
			hit[i] |= word
			some = some || word != 0
		}
	}
	return some
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
