package outcome

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// A Value is a number that outcomes rest on, with where it comes from.
type Value struct {
	Number  float64
	Source  string
	Default bool // nobody has said it of this estate
}

// Settings are what outcomes rest on beside the inventory.
type Settings struct {
	PUE     Value    // energy of the site for each unit of energy of its machines: 1 at least
	Grid    Value    // grams of CO2 equivalent for each kWh, where Factors say nothing
	Factors *Factors // by region; nil without any
	Region  string   // of Factors: where the zones are that these do not know; empty for none
	Prices  *Book    // nil without one: then nothing is said of cost
	// Zone is the zone of a host; nil takes what its source said.
	Zone func(*inventory.Machine) string
}

// Default gives the settings that hold where nobody has said better.
func Default() *Settings {
	return &Settings{
		PUE:  Value{1.56, "Uptime Institute, Global Data Center Survey 2024: average of the industry", true},
		Grid: Value{436, "Ember, Global Electricity Review 2023: world average of 2022", true},
	}
}

// Check finds settings that could not mean anything.
func (s *Settings) Check() error {
	switch {
	case !(s.PUE.Number >= 1 && s.PUE.Number <= 10):
		return fmt.Errorf("PUE %v: want a number from 1 (nothing but machines takes power) to 10", s.PUE.Number)
	case !(s.Grid.Number >= 0 && s.Grid.Number <= maxGrid):
		return fmt.Errorf("carbon intensity %v: want grams of CO2 for each kWh, from 0 to %d", s.Grid.Number, maxGrid)
	case s.Region != "" && s.Factors == nil:
		return fmt.Errorf("region %q: want a file with carbon factors that knows it", s.Region)
	case s.Region != "" && s.Factors.region(s.Region) == nil:
		return fmt.Errorf("region %q: the carbon factors know no such region: %s", s.Region, choose(s.Region, s.Factors.names()))
	}
	return nil
}

// A span is an interval of real numbers.
type span struct{ lo, hi float64 }

func (s span) plus(t span) span     { return span{s.lo + t.lo, s.hi + t.hi} }
func (s span) minus(t span) span    { return span{s.lo - t.hi, s.hi - t.lo} }
func (s span) times(f float64) span { return span{s.lo * f, s.hi * f} } // f must not be negative
func (s span) bounds() score.Bounds { return score.Bounds{Low: s.lo, High: s.hi} }
func (s span) or(t span) span       { return span{math.Min(s.lo, t.lo), math.Max(s.hi, t.hi)} }
func change(before, after, saved span) *score.Change {
	return &score.Change{Before: before.bounds(), After: after.bounds(), Saved: saved.bounds()}
}

// A Measure is what an estate takes in a year. It keeps what each host adds, so that two measures have an exact
// difference, and so that the next one costs only what has changed.
type Measure struct {
	settings *Settings
	clusters []inventory.Cluster
	parts    []*part  // of hosts, by ID
	site     [][]item // by price: what belongs to no host
}

// A part is what a host with everything on it adds to a measure.
type part struct {
	node  *inventory.Node
	id    string
	power power
	items [][]item // by price: what it is charged for
}

// Measure measures an estate.
func (s *Settings) Measure(e *inventory.Estate) *Measure { return s.Again(nil, e) }

// Again measures an estate of which an earlier form was measured under the same settings: hosts that are still the same
// are not looked at again. The result is the same as that of Measure.
func (s *Settings) Again(earlier *Measure, e *inventory.Estate) *Measure {
	m := &Measure{settings: s, clusters: e.Clusters}
	c := &counter{zone: s.zone, members: membersOf(e.Clusters), processors: registry{}}
	known := map[*inventory.Node]*part{}
	if earlier != nil && earlier.settings == s && same(earlier.clusters, e.Clusters) {
		for _, p := range earlier.parts {
			known[p.node] = p
		}
	}
	for _, h := range e.Hosts {
		p := known[h]
		if p == nil {
			p = &part{node: h, id: h.Machine.ID, power: s.power(&h.Machine, c.processors)}
			p.items = s.Prices.itemsOf(h, c)
		}
		m.parts = append(m.parts, p)
	}
	slices.SortFunc(m.parts, func(a, b *part) int { return cmp.Compare(a.id, b.id) })
	m.site = s.Prices.siteItems(e, c)
	return m
}

// same reports whether two lists are one and the same in memory.
func same(a, b []inventory.Cluster) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

func (s *Settings) zone(m *inventory.Machine) string {
	if s.Zone == nil {
		return m.Zone
	}
	return s.Zone(m)
}

// EnergyKWh is the energy of a year, of machines and of what their site takes for them.
func (m *Measure) EnergyKWh() score.Bounds {
	return m.sum(func(p *power) span { return p.total() }).bounds()
}

// CarbonKg is the CO2 equivalent of that energy.
func (m *Measure) CarbonKg() score.Bounds {
	return m.sum(func(p *power) span { return p.total().times(p.carbon()) }).bounds()
}

// Cost is what the price book makes of the estate, a year; nothing without one.
func (m *Measure) Cost() score.Bounds {
	if m.settings.Prices == nil {
		return score.Bounds{None: true}
	}
	var sum span
	for i := range m.settings.Prices.Prices {
		sum = sum.plus(m.settings.Prices.Prices[i].cost(m.quantity(i)))
	}
	return sum.bounds()
}

func (m *Measure) sum(of func(*power) span) span {
	var sum span
	for _, p := range m.parts {
		sum = sum.plus(of(&p.power))
	}
	return sum
}

// quantity is how much of a price's unit the estate has.
func (m *Measure) quantity(price int) (q count) {
	for _, p := range m.parts {
		q = q.plus(total(p.items[price]))
	}
	return q.plus(total(m.site[price]))
}

// Compare says what it brings to go from one estate to another. Both have to be measured under these settings.
func (s *Settings) Compare(before, after *Measure) *score.Outcomes {
	d := compare(before, after)
	out := &score.Outcomes{EnergyKWh: d.energy(func(*power) float64 { return 1 }), CarbonKg: d.energy((*power).carbon)}
	if s.Prices != nil {
		out.Cost, out.Currency = d.cost(s.Prices), s.Prices.Currency
	}
	memory, assumed := d.memoryFreed()
	out.MemoryFreed = memory.bounds()
	out.Basis = s.grounds(before, after, assumed)
	out.Notes = d.notes()
	return out
}

// A difference pairs the hosts of two measures.
type difference struct {
	before, after *Measure
	pairs         [][2]*part // nil where one has no such host
}

func compare(before, after *Measure) *difference {
	d := &difference{before: before, after: after}
	a, b := before.parts, after.parts
	for len(a)+len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0].id < b[0].id:
			d.pairs, a = append(d.pairs, [2]*part{a[0], nil}), a[1:]
		case len(a) == 0 || b[0].id < a[0].id:
			d.pairs, b = append(d.pairs, [2]*part{nil, b[0]}), b[1:]
		default:
			d.pairs, a, b = append(d.pairs, [2]*part{a[0], b[0]}), a[1:], b[1:]
		}
	}
	return d
}

// energy compares kWh, or what there is of something for each.
func (d *difference) energy(per func(*power) float64) *score.Change {
	var before, after, saved span
	for _, pair := range d.pairs {
		was, is := pair[0].powerOrNone(), pair[1].powerOrNone()
		before = before.plus(was.total().times(per(was)))
		switch {
		case *was == *is:
			after = after.plus(was.total().times(per(was)))
		case !is.on():
			after = after.plus(was.dynamic().times(per(was))) // the work goes on elsewhere
			saved = saved.plus(was.floor().times(per(was)))
		case !was.on():
			after = after.plus(is.floor().times(per(is))) // it brings no work of its own
			saved = saved.minus(is.floor().times(per(is)))
		default:
			after = after.plus(is.total().times(per(is)))
			saved = saved.plus(was.floor().times(per(was)).minus(is.floor().times(per(is))))
		}
	}
	return change(before, after, saved)
}

func (p *part) powerOrNone() *power {
	if p == nil {
		return &power{}
	}
	return &p.power
}

// cost compares what each price makes of both estates. Orders have minimums and packs, so that only the whole says what
// one host adds.
func (d *difference) cost(b *Book) *score.Change {
	var before, after, saved span
	for i := range b.Prices {
		p := &b.Prices[i]
		before = before.plus(p.cost(d.before.quantity(i)))
		after = after.plus(p.cost(d.after.quantity(i)))
		saved = saved.plus(p.saved(d.split(i)))
	}
	return change(before, after, saved)
}

// split sorts out what a price counts in two estates: what is in both, in one, and in the other.
func (d *difference) split(price int) (both, gone, added count) {
	var was, is []item
	for _, pair := range d.pairs {
		if pair[0] != nil && pair[0] == pair[1] {
			both = both.plus(total(pair[0].items[price]))
			continue
		}
		if pair[0] != nil {
			was = append(was, pair[0].items[price]...)
		}
		if pair[1] != nil {
			is = append(is, pair[1].items[price]...)
		}
	}
	was, is = sorted(append(was, d.before.site[price]...)), sorted(append(is, d.after.site[price]...))
	for len(was)+len(is) > 0 {
		order := -1
		switch {
		case len(was) == 0:
			order = 1
		case len(is) > 0:
			order = was[0].compare(is[0])
		}
		switch {
		case order < 0:
			gone, was = gone.plus(was[0].count), was[1:]
		case order > 0:
			added, is = added.plus(is[0].count), is[1:]
		case was[0].thing.alike(is[0].thing):
			both, was, is = both.plus(was[0].count), was[1:], is[1:]
		default: // it looks the same, and may be so for other reasons
			gone, added = gone.plus(was[0].count), added.plus(is[0].count)
			was, is = was[1:], is[1:]
		}
	}
	return both, gone, added
}

func sorted(items []item) []item {
	slices.SortFunc(items, item.compare)
	return items
}
