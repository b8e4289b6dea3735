package score

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// A Tally is what one stack adds to the score of an estate: for each indicator (and for a few shared counts)
// named terms with a Range. Tallies form a commutative group: they add, subtract and start from empty, so
// scoring is free of order, can be merged across machines, and a what-if is "subtract the old, add the new".
// The zero Tally is empty and ready for use.
type Tally struct{ terms map[termKey]Range }

// termKey names a term: the indicator or shared count it belongs to, and its name there.
type termKey struct{ of, term string }

func (t *Tally) add(of, term string, r Range) {
	if r == (Range{}) {
		return
	}
	if t.terms == nil {
		t.terms = make(map[termKey]Range, 64)
	}
	k := termKey{of, term}
	if sum := t.terms[k].plus(r); sum == (Range{}) {
		delete(t.terms, k) // canonical: what was taken back leaves no trace
	} else {
		t.terms[k] = sum
	}
}

// Add adds u to t.
func (t *Tally) Add(u *Tally) {
	for k, r := range u.terms {
		t.add(k.of, k.term, r)
	}
}

// Sub takes u out of t.
func (t *Tally) Sub(u *Tally) {
	for k, r := range u.terms {
		t.add(k.of, k.term, Range{-r.Lo, -r.Hi})
	}
}

// Clone gives a tally that shares nothing with t.
func (t *Tally) Clone() *Tally { return &Tally{maps.Clone(t.terms)} }

// Get returns one term; a term that nobody added is zero.
func (t *Tally) Get(of, term string) Range { return t.terms[termKey{of, term}] }

// A Term is one named range of a tally.
type Term struct {
	Of   string `json:"of"`
	Name string `json:"term"`
	Range
}

// Terms lists all terms in order.
func (t *Tally) Terms() []Term {
	out := make([]Term, 0, len(t.terms))
	for k, r := range t.terms {
		out = append(out, Term{k.of, k.term, r})
	}
	slices.SortFunc(out, func(a, b Term) int {
		if c := strings.Compare(a.Of, b.Of); c != 0 {
			return c
		}
		return strings.Compare(a.Name, b.Name)
	})
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
		t.add(x.Of, x.Name, x.Range)
	}
	return nil
}

// group splits the terms by what they belong to, each in order, for one pass of rating.
func (t *Tally) group() map[string][]Term {
	out := make(map[string][]Term)
	for _, x := range t.Terms() {
		out[x.Of] = append(out[x.Of], x)
	}
	return out
}
