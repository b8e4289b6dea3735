package score

import (
	"fmt"

	"github.com/infraopt/infraopt/collect/inventory"
)

// An Adder takes the terms of one indicator for one stack.
type Adder struct {
	def   *Definition
	model *Model
	tally *Tally
	notes *notebook // nil where nobody wants evidence
	// Added in the end: every piece of work has some.
	cover  Range // evidence of this stack
	stands [8]stands
	held   int // of those in use
}

// stands is the weight of work that stands somewhere between two steps.
type stands struct {
	low, high int
	weight    Range
}

// Model gives the numbers of the model.
func (a *Adder) Model() *Model { return a.model }

// Add adds a term.
func (a *Adder) Add(term string, r Range) { a.tally.add(a.def.ID, term, "", r) }

// AddKind adds a term that has a kind, such as the version of an operating system.
func (a *Adder) AddKind(term, kind string, r Range) { a.tally.add(a.def.ID, term, kind, r) }

// A Fact is one reading as evidence: what it is, what it says, who saw it.
type Fact struct {
	Name   string
	Value  string
	Known  bool
	Why    string
	Remedy string

	reading fmt.Stringer // says the value where Value is empty: most facts are never read
}

// FactOf makes a Fact of a reading, which must not change afterwards.
func FactOf[T any](name string, r *inventory.Reading[T]) Fact {
	if r.IsUnknown() {
		return Fact{Name: name, Value: "unknown", Why: r.Why(), Remedy: r.Remedy()}
	}
	return Fact{Name: name, Known: true, reading: r}
}

// value puts the value into words.
func (f *Fact) value() string {
	if f.Value == "" && f.reading != nil {
		return f.reading.String()
	}
	return f.Value
}

// TermCover counts how much of an indicator's evidence is known: Lo of Hi.
const termCover = "cover"

// termNA is the weight of work to which the question does not apply.
const termNA = "na"

// termWaived counts the pieces of work for which the question is waived, under the reasons.
const termWaived = "waived"

// Cover counts evidence: known of total questions had an answer.
func (a *Adder) Cover(known, total int64) { a.cover = a.cover.plus(Range{known, total}) }

// done adds what was kept for the end.
func (a *Adder) done() {
	a.Add(termCover, a.cover)
	for _, x := range a.stands[:a.held] {
		a.tally.add(a.def.ID, a.def.Ladder[x.low].ID, a.def.Ladder[x.high].ID, x.weight)
	}
}

// hold keeps weight for the end, as long as there is room for another pair of steps.
func (a *Adder) hold(low, high int, w Range) {
	for i := range a.stands[:a.held] {
		if x := &a.stands[i]; x.low == low && x.high == high {
			x.weight = x.weight.plus(w)
			return
		}
	}
	if a.held < len(a.stands) {
		a.stands[a.held] = stands{low, high, w}
		a.held++
		return
	}
	a.tally.add(a.def.ID, a.def.Ladder[low].ID, a.def.Ladder[high].ID, w)
}

// coverWork counts two questions for a piece of work: on which step it stands, and how much it weighs. Work that
// may not be there, or to which the question may not apply, answers neither: else forgetting that fact could
// raise the coverage.
func (a *Adder) coverWork(x *Work, step, applies bool) {
	known := int64(0)
	if applies && x.Certain() {
		if step {
			known++
		}
		if x.Weight.Lo == x.Weight.Hi {
			known++
		}
	}
	a.Cover(known, 2)
}

// Stand says that work stands on a step, or somewhere between two.
func (a *Adder) Stand(x *Work, low, high string, f Fact) { a.stand(x, low, high, x.Weight, true, f) }

// StandIf is Stand for work to which the question may not apply (known says whether it does): then its weight
// may be nothing.
func (a *Adder) StandIf(x *Work, low, high string, known bool, f Fact) {
	w := x.Weight
	if !known {
		w.Lo = 0
	}
	a.stand(x, low, high, w, known, f)
}

func (a *Adder) stand(x *Work, low, high string, w Range, applies bool, f Fact) {
	lo, hi := a.def.rung(low), a.def.rung(high)
	if hi < lo {
		lo, hi = hi, lo
	}
	a.hold(lo, hi, w)
	a.coverWork(x, lo == hi, applies)
	if a.notes != nil {
		a.note(x, f, w, a.def.Ladder[lo].Value, a.def.Ladder[hi].Value)
	}
}

// NotApplicable says that the question has no meaning for work. Where that is not known, call StandIf as well.
func (a *Adder) NotApplicable(x *Work, known bool) {
	w := x.Weight
	if !known {
		w.Lo = 0
	}
	a.Add(termNA, w)
}

// note records a fact behind work that stands between two values, for the evidence of the indicator.
func (a *Adder) note(x *Work, f Fact, w Range, low, high float64) {
	if w.Lo != w.Hi {
		a.notes.blur(x.Place, x.usageFact(), float64(w.Hi-w.Lo))
	}
	a.notes.add(x.Place, f.evidence(float64(w.Hi)*(1-low), float64(w.Hi)*(high-low)), func() (subject, value, source string) {
		return x.Name + " on " + x.Place.Name(), f.value(), first(x.Seen)
	})
}

// Noting reports whether anybody reads notes.
func (a *Adder) Noting() bool { return a.notes != nil }

// Note records a fact about a subject in a place, with how much it takes from full marks and how much it leaves open,
// on any scale that all notes of the indicator share.
func (a *Adder) Note(p *Place, subject string, f Fact, seen []string, lost, open float64) {
	if a.notes != nil {
		a.notes.add(p, f.evidence(lost, open), func() (string, string, string) { return subject, f.value(), first(seen) })
	}
}

// evidence is the fact as evidence of what it takes away and leaves open, without what is only read by people.
func (f *Fact) evidence(lost, open float64) Evidence {
	return Evidence{Fact: f.Name, Known: f.Known, Why: f.Why, Remedy: f.Remedy, Lost: lost, Open: open}
}

func first(s []string) string {
	if len(s) == 0 {
		return ""
	}
	return s[0]
}

// usageFact says why the weight of the work is not known.
func (x *Work) usageFact() Fact {
	switch {
	case !x.running.IsKnown():
		return FactOf("whether it runs", &x.running)
	case !x.usage.CPUSeconds.IsKnown():
		return FactOf("CPU time used", &x.usage.CPUSeconds)
	case !x.usage.Memory.IsKnown():
		return FactOf("memory used", &x.usage.Memory)
	case !x.usage.Age.IsKnown():
		return FactOf("since when it runs", &x.usage.Age)
	case x.usage.Age.Or(0) < inventory.Day:
		return Fact{Name: "mean use", Why: "it has run for less than a day", Remedy: "look again when it has run for a day"}
	default:
		return Fact{Name: "whether it is used", Why: "it uses little, and its network traffic or a week of running is not known", Remedy: "look again when it has run for a week"}
	}
}

// Name is the name of the machine of the place, as people know it.
func (p *Place) Name() string {
	if p.Node == nil && p.VM != nil {
		return p.VM.Name.Or(p.VM.ID)
	}
	return p.Machine().Name.Or(p.Machine().ID)
}
