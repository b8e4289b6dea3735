package score

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unique"
)

// A Tally is what one stack adds to the score of an estate: for each indicator (and for a few shared counts)
// named terms with a Range. Tallies form a commutative group: they add, subtract and start from empty, so
// scoring is free of order, can be merged across machines, and a what-if is "subtract the old, add the new".
// The zero Tally is empty and ready for use.
type Tally struct{ terms map[symbol]Range }

// termName names a term: the indicator or shared count it belongs to, and its name there, in one or two parts.
type termName struct{ of, name, sub string }

// symbol stands for a termName: equal names are equal pointers, so adding tallies compares no text.
type symbol = unique.Handle[termName]

func (t *Tally) add(of, name, sub string, r Range) {
	if r != (Range{}) {
		t.addSymbol(unique.Make(termName{of, name, sub}), r)
	}
}

func (t *Tally) addSymbol(s symbol, r Range) {
	if t.terms == nil {
		t.terms = make(map[symbol]Range, 64)
	}
	if sum := t.terms[s].plus(r); sum == (Range{}) {
		delete(t.terms, s) // canonical: what was taken back leaves no trace
	} else {
		t.terms[s] = sum
	}
}

// Add adds u to t.
func (t *Tally) Add(u *Tally) {
	for s, r := range u.terms {
		t.addSymbol(s, r)
	}
}

// Sub takes u out of t.
func (t *Tally) Sub(u *Tally) {
	for s, r := range u.terms {
		t.addSymbol(s, Range{-r.Lo, -r.Hi})
	}
}

// Reset empties t, and keeps its room for the next use.
func (t *Tally) Reset() { clear(t.terms) }

// A Delta is what one tally has beyond another, as a list: small where the two are almost alike.
type Delta struct{ terms []changedTerm }

type changedTerm struct {
	symbol
	Range
}

// Since gives what makes before into t.
func (t *Tally) Since(before *Tally) *Delta {
	var terms []changedTerm
	for s, r := range t.terms {
		was := before.terms[s]
		if d := (Range{r.Lo - was.Lo, r.Hi - was.Hi}); d != (Range{}) {
			terms = append(terms, changedTerm{s, d})
		}
	}
	for s, was := range before.terms {
		if _, both := t.terms[s]; !both {
			terms = append(terms, changedTerm{s, Range{-was.Lo, -was.Hi}})
		}
	}
	return &Delta{slices.Clip(terms)}
}

// SinceIn is Since for a tally that holds the terms of some indicators only.
func (t *Tally) SinceIn(before *Tally, indicators []string) *Delta {
	d := t.Since(&Tally{})
	for s, was := range before.terms {
		if slices.Contains(indicators, s.Value().of) {
			d.terms = append(d.terms, changedTerm{s, Range{-was.Lo, -was.Hi}})
		}
	}
	return d.merged()
}

// merged gives each term once, and none that is nothing.
func (d *Delta) merged() *Delta {
	at := make(map[symbol]int, len(d.terms))
	out := &Delta{}
	for _, x := range d.terms {
		if i, ok := at[x.symbol]; ok {
			out.terms[i].Range = out.terms[i].plus(x.Range)
			continue
		}
		at[x.symbol] = len(out.terms)
		out.terms = append(out.terms, x)
	}
	out.terms = slices.Clip(slices.DeleteFunc(out.terms, func(x changedTerm) bool { return x.Range == Range{} }))
	return out
}

// Replace gives the delta with the terms of some indicators taken from another.
func (d *Delta) Replace(indicators []string, by *Delta) *Delta {
	out := &Delta{make([]changedTerm, 0, len(d.terms)+len(by.terms))}
	for _, x := range d.terms {
		if !slices.Contains(indicators, x.symbol.Value().of) {
			out.terms = append(out.terms, x)
		}
	}
	out.terms = append(out.terms, by.terms...)
	return out
}

// Apply adds a delta.
func (t *Tally) Apply(d *Delta) {
	for i := range d.terms {
		t.addSymbol(d.terms[i].symbol, d.terms[i].Range)
	}
}

// Undo takes a delta back.
func (t *Tally) Undo(d *Delta) {
	for i := range d.terms {
		t.addSymbol(d.terms[i].symbol, Range{-d.terms[i].Lo, -d.terms[i].Hi})
	}
}

// Clone gives a tally that shares nothing with t.
func (t *Tally) Clone() *Tally { return &Tally{maps.Clone(t.terms)} }

// Len is the number of terms.
func (t *Tally) Len() int { return len(t.terms) }

// get returns one term; a term that nobody added is zero.
func (t *Tally) get(of, name, sub string) Range {
	return t.terms[unique.Make(termName{of, name, sub})]
}

// A Term is one named range of a tally. Units depend on the term: Micro for weights, thousandths of a core, MiB,
// bytes, or plain counts.
type Term struct {
	Of   string `json:"of"`
	Name string `json:"term"`
	Sub  string `json:"sub,omitempty"` // second part of the name: the upper step of a ladder, a kind, a zone
	Range
}

// Terms lists all terms in order.
func (t *Tally) Terms() []Term {
	groups := t.group()
	out := make([]Term, 0, len(t.terms))
	for _, of := range slices.Sorted(maps.Keys(groups)) {
		out = append(out, groups[of]...)
	}
	return out
}

// Equal reports whether two tallies hold the same terms.
func (t *Tally) Equal(u *Tally) bool { return maps.Equal(t.terms, u.terms) }

// MarshalJSON writes the terms in order.
func (t *Tally) MarshalJSON() ([]byte, error) { return json.Marshal(t.Terms()) }

// UnmarshalJSON reads what MarshalJSON writes.
func (t *Tally) UnmarshalJSON(b []byte) error {
	var terms []Term
	if err := json.Unmarshal(b, &terms); err != nil {
		return err
	}
	*t = Tally{}
	for _, x := range terms {
		t.add(x.Of, x.Name, x.Sub, x.Range)
	}
	return nil
}

// group splits the terms by what they belong to, each in order, for one pass of rating.
func (t *Tally) group() map[string][]Term {
	out := make(map[string][]Term, 32)
	for s, r := range t.terms {
		n := s.Value()
		out[n.of] = append(out[n.of], Term{n.of, n.name, n.sub, r})
	}
	for _, terms := range out {
		slices.SortFunc(terms, func(a, b Term) int { return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Sub, b.Sub)) })
	}
	return out
}
