package score

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"github.com/infraopt/infraopt/collect/inventory"
)

// A notebook keeps the notes of one indicator that matter most, and sums of what each remedy would settle.
type notebook struct {
	top        topNotes
	lost, open exact // sums over all notes
	remedies   map[remedy]*exact
	machines   map[string]*machineNotes // by ID; nil where nobody asks for them
}

type remedy struct{ fact, why, remedy string }

// machineNotes are the notes of one machine.
type machineNotes struct {
	name       string
	lost, open exact
	top        topNotes
}

// topNotes are the notes that matter most of all that were kept in it, and some more.
type topNotes struct {
	notes []Evidence
	least float64 // what matters less than this is not among them
}

const notesKept = 8

func (t *topNotes) keep(notes ...Evidence) {
	t.notes = append(t.notes, notes...)
	if len(t.notes) > 8*notesKept {
		t.notes = foremost(t.notes)
		t.least = max(t.least, t.notes[notesKept-1].weight())
	}
}

func (t *topNotes) merge(o *topNotes) {
	t.least = max(t.least, o.least)
	t.keep(o.notes...)
}

// weight is how much a note matters.
func (e *Evidence) weight() float64 { return e.Lost + e.Open }

// add sums up a note about a place: of e all but what is read by people is filled in. What that is, tell says, and is only
// asked where the note may be shown.
func (n *notebook) add(p *Place, e Evidence, tell func() (subject, value, source string)) {
	n.lost.add(e.Lost)
	n.open.add(e.Open)
	if e.Open > 0 {
		n.settle(remedy{e.Fact, e.Why, e.Remedy}, e.Open)
	}
	m := n.machine(p)
	if m != nil {
		m.lost.add(e.Lost)
		m.open.add(e.Open)
	}
	if m == nil && e.weight() < n.top.least {
		return
	}
	e.Subject, e.Value, e.Source = tell()
	n.top.keep(e)
	if m != nil {
		m.top.keep(e)
	}
}

// machine gives the notes of the machine of a place: the virtual machine itself where nobody looked inside.
func (n *notebook) machine(p *Place) *machineNotes {
	if n.machines == nil {
		return nil
	}
	id := p.Machine().ID
	if p.Node == nil {
		id = p.VM.ID
	}
	m := n.machines[id]
	if m == nil {
		m = &machineNotes{name: p.Name()}
		n.machines[id] = m
	}
	return m
}

// blur records weight that is uncertain: it leaves the result open although every step may be known.
func (n *notebook) blur(p *Place, f Fact, weight float64) {
	const spread = .5 // uncertain weight can move a share by at most its own size times the spread of the values
	n.open.add(weight * spread)
	n.settle(remedy{f.Name, f.Why, f.Remedy}, weight*spread)
	if m := n.machine(p); m != nil {
		m.open.add(weight * spread)
	}
}

func (n *notebook) settle(r remedy, open float64) {
	if n.remedies == nil {
		n.remedies = map[remedy]*exact{}
	}
	sum := n.remedies[r]
	if sum == nil {
		sum = &exact{}
		n.remedies[r] = sum
	}
	sum.add(open)
}

// merge adds the notes of another.
func (n *notebook) merge(o *notebook) {
	n.lost.merge(o.lost)
	n.open.merge(o.open)
	n.top.merge(&o.top)
	for r, open := range o.remedies {
		if n.remedies == nil {
			n.remedies = map[remedy]*exact{}
		}
		if sum := n.remedies[r]; sum != nil {
			sum.merge(*open)
			continue
		}
		own := *open
		n.remedies[r] = &own
	}
}

// sorted lists the remedies in order.
func (n *notebook) sorted() []remedy { return slices.SortedFunc(maps.Keys(n.remedies), remedy.compare) }

func (r remedy) compare(s remedy) int {
	return cmp.Or(cmp.Compare(r.remedy, s.remedy), cmp.Compare(r.why, s.why), cmp.Compare(r.fact, s.fact))
}

// foremost puts the notes in order and gives those that matter most.
func foremost(notes []Evidence) []Evidence {
	slices.SortStableFunc(notes, func(a, b Evidence) int {
		return cmp.Or(cmp.Compare(b.weight(), a.weight()), cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Fact, b.Fact), cmp.Compare(a.Value, b.Value),
			cmp.Compare(a.Source, b.Source), cmp.Compare(a.Why, b.Why), cmp.Compare(a.Remedy, b.Remedy))
	})
	return notes[:min(len(notes), notesKept)]
}

// evidence gives the notes that matter most, in points.
func (n *notebook) evidence(p Points) []Evidence { return n.inPoints(&n.top, p) }

// inPoints gives notes in points: what is lost and what is open are shared out over all notes in proportion to their
// weight.
func (n *notebook) inPoints(notes *topNotes, p Points) []Evidence {
	out := append([]Evidence{}, foremost(notes.notes)...) // never null in JSON
	for i := range out {
		out[i].Lost = portion(out[i].Lost, n.lost.value()) * (p.Max - p.Low)
		out[i].Open = portion(out[i].Open, n.open.value()) * (p.High - p.Low)
	}
	return out
}

func portion(part, whole float64) float64 {
	if whole <= 0 {
		return 0
	}
	return part / whole
}

// gaps lists what could not be seen: first what the sources reported, with the points that facts of the same
// remedy keep open, then what only scoring noticed.
func gaps(e *inventory.Estate, books map[string]*notebook, res *Result) []GapResult {
	open := map[remedy]float64{}
	for _, p := range res.Pillars {
		for _, x := range p.Indicators {
			b := books[x.ID]
			width := 100 * p.Share * x.Share * (x.High - x.Low)
			for r, weight := range b.remedies {
				open[r] += portion(weight.value(), b.open.value()) * width
			}
		}
	}
	out := []GapResult{}
	byRemedy := map[string]float64{}
	keys := slices.SortedFunc(maps.Keys(open), remedy.compare)
	for _, r := range keys { // in order: floating point sums depend on it
		byRemedy[r.remedy] += open[r]
	}
	shared := map[string]int{}
	for _, g := range e.Gaps {
		shared[g.Remedy]++
	}
	for _, g := range e.Gaps {
		pts := 0.0
		if g.Remedy != "" {
			pts = byRemedy[g.Remedy] / float64(shared[g.Remedy])
		}
		out = append(out, GapResult{Gap: g, Points: pts})
	}
	for _, r := range keys {
		pts := open[r]
		if pts < .005 || r.remedy != "" && shared[r.remedy] > 0 || r.why == "" {
			continue
		}
		out = append(out, GapResult{Gap: inventory.Gap{Source: "score", Subject: "estate", What: r.fact, Why: r.why, Remedy: r.remedy}, Points: pts})
	}
	slices.SortFunc(out, func(a, b GapResult) int {
		return cmp.Or(cmp.Compare(math.Round(b.Points*1e6), math.Round(a.Points*1e6)), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.What, b.What), cmp.Compare(a.Why, b.Why), cmp.Compare(a.Remedy, b.Remedy))
	})
	return out
}
