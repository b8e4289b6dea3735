package outcome

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// guestOS is the memory of a guest's operating system where it was not measured, in bytes. A convention.
var guestOS = span{.25 * float64(inventory.GiB), 2 * float64(inventory.GiB)}

// memoryFreed is what the operating systems of guests leave that go away, in bytes, and whether for some of them that is
// only assumed. Work that goes on elsewhere takes its own memory along.
func (d *difference) memoryFreed() (freed span, assumed bool) {
	was, is := guests(d.pairs, 0), guests(d.pairs, 1)
	stays := map[string]bool{}
	for _, g := range is {
		stays[g.id] = true
	}
	for _, g := range was {
		if stays[g.id] {
			continue
		}
		memory, measured := g.system()
		assumed = assumed || !measured
		if g.there.lo == 0 {
			memory.lo = 0
		}
		freed = freed.plus(memory)
	}
	return freed, assumed
}

// A guest is a virtual machine that runs, or may.
type guest struct {
	id    string
	there sure
	node  *inventory.Node // nil where nobody looked inside
}

// guests lists those of the hosts that two measures do not share.
func guests(pairs [][2]*part, side int) []guest {
	var out []guest
	var walk func(n *inventory.Node, on sure)
	walk = func(n *inventory.Node, on sure) {
		for i := range n.VMs {
			v := &n.VMs[i]
			there := on.and(active(v.State))
			if there == no {
				continue
			}
			out = append(out, guest{v.ID, there, v.Guest})
			if v.Guest != nil {
				walk(v.Guest, there)
			}
		}
	}
	for _, pair := range pairs {
		if p := pair[side]; p != nil && pair[0] != pair[1] {
			walk(p.node, powered(&p.node.Machine))
		}
	}
	return out
}

// system is the memory of a guest without that of its work, as far as all of it was measured.
func (g *guest) system() (bytes span, measured bool) {
	if g.node == nil || !g.node.Machine.Processes.IsKnown() {
		return guestOS, false
	}
	used, ok := g.node.Machine.Usage.Memory.Get()
	if !ok {
		return guestOS, false
	}
	for i := range g.node.Workloads {
		w := &g.node.Workloads[i]
		if w.Layer == inventory.Infrastructure {
			continue
		}
		of, ok := w.Usage.Memory.Get()
		if !ok {
			return guestOS, false
		}
		used -= of
	}
	for i := range g.node.Containers {
		k := &g.node.Containers[i]
		if active(k.State) == no {
			continue
		}
		of, ok := k.Usage.Memory.Get()
		if !ok {
			return guestOS, false
		}
		used -= of
	}
	b := math.Max(float64(used), 0)
	return span{b, b}, true
}

// grounds lists every number that outcomes of two measures rest on.
func (s *Settings) grounds(before, after *Measure, memory bool) []score.Ground {
	out := []score.Ground{
		{Name: "power usage effectiveness", Value: exactly(s.PUE.Number), Unit: "kWh of the site for each kWh of its machines", Source: s.PUE.Source, Default: s.PUE.Default},
	}
	kinds, factors := map[uint32]bool{}, map[Value]bool{}
	for _, m := range []*Measure{before, after} {
		for _, p := range m.parts {
			if p.power.on() {
				kinds[p.power.kinds], factors[p.power.grid] = true, true
			}
		}
	}
	out = append(out, carbonGrounds(s, factors)...)
	out = append(out, powerGrounds(kinds)...)
	if s.Prices != nil {
		for i := range s.Prices.Prices {
			out = append(out, s.Prices.Prices[i].ground(s.Prices.Currency))
		}
	}
	if memory {
		out = append(out, score.Ground{
			Name: "memory of a guest's operating system that was not measured", Value: span{guestOS.lo, guestOS.hi}.bounds(), Unit: "bytes",
			Source: "a convention", Default: true,
		})
	}
	return out
}

func exactly(v float64) score.Bounds { return score.Bounds{Low: v, High: v} }

func carbonGrounds(s *Settings, factors map[Value]bool) []score.Ground {
	if len(factors) == 0 {
		factors = map[Value]bool{s.factor(""): true}
	}
	var list []Value
	for v := range factors {
		list = append(list, v)
	}
	slices.SortFunc(list, func(a, b Value) int { return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Number, b.Number)) })
	var out []score.Ground
	for _, v := range list {
		out = append(out, score.Ground{Name: "carbon intensity of electricity", Value: exactly(v.Number), Unit: "g CO2e/kWh", Source: v.Source, Default: v.Default})
	}
	return out
}

// powerGrounds lists the kinds of server that hosts are, or may be, of.
func powerGrounds(kinds map[uint32]bool) []score.Ground {
	if len(kinds) == 0 {
		return nil
	}
	var out []score.Ground
	for _, mask := range slices.Sorted(maps.Keys(kinds)) {
		what, idle, full := kindsOf(mask)
		out = append(out,
			score.Ground{Name: "idle power of a server " + what, Value: idle.bounds(), Unit: "W", Source: specpowerSource, Default: true},
			score.Ground{Name: "full power of a server " + what, Value: full.bounds(), Unit: "W", Source: specpowerSource, Default: true})
	}
	return append(out,
		score.Ground{Name: "idle power in production, by that published", Value: score.Bounds{Low: 1, High: productionIdle}, Unit: "times",
			Source: "a convention: results are published of machines tuned for them", Default: true},
		score.Ground{Name: "years of processors", Value: score.Bounds{None: true}, Unit: "years", Source: processorSource, Default: true})
}

// kindsOf says which kinds of server are meant, and what they take as published.
func kindsOf(mask uint32) (what string, idle, full span) {
	var from, to int
	var sockets []string
	for i, r := range rows() {
		if mask&(1<<i) == 0 {
			continue
		}
		if from == 0 {
			from, idle, full = r.from, r.idle, r.full
		}
		to, idle, full = r.to, idle.or(r.idle), full.or(r.full)
		if !slices.Contains(sockets, r.sockets) {
			sockets = append(sockets, r.sockets)
		}
	}
	slices.Sort(sockets)
	return fmt.Sprintf("with %s sockets, published %d–%d", strings.Join(sockets, ", "), from, to), idle, full
}

// ground is the line of a price.
func (p *Price) ground(currency string) score.Ground {
	prices := span{math.Inf(1), math.Inf(-1)}
	for _, t := range p.Tiers {
		prices = prices.or(span{*t.Price, *t.Price})
	}
	if p.Price != nil {
		prices = span{*p.Price, *p.Price}
	}
	per := map[Period]string{Monthly: "a month", Yearly: "a year", Once: fmt.Sprintf("once in %s years", score.Plain(p.Years))}[p.Period]
	return score.Ground{Name: "price: " + p.Name, Value: prices.bounds(), Unit: fmt.Sprintf("%s for each %s, %s", currency, p.Per, per), Source: p.Source}
}

// notes say what makes the intervals wide.
func (d *difference) notes() []string {
	var counts [isOff + 1]int
	for _, p := range d.before.parts {
		counts[p.power.doubt]++
	}
	notes := []string{}
	for _, n := range []struct {
		of   doubt
		one  string
		many string
	}{
		{unknownKind, "of one host it is not known whether it is a box: its energy counts from 0", "of %d hosts it is not known whether they are boxes: their energy counts from 0"},
		{unknownOn, "of one host it is not known whether it is on: its energy counts from 0", "of %d hosts it is not known whether they are on: their energy counts from 0"},
		{unseenBox, "the host below one virtual machine is not seen: its energy counts from 0", "the hosts below %d virtual machines are not seen: their energy counts from 0"},
		{theirs, "one host is an instance of a cloud: its energy is the provider's", "%d hosts are instances of a cloud: their energy is the provider's"},
	} {
		switch c := counts[n.of]; {
		case c == 1:
			notes = append(notes, n.one)
		case c > 1:
			notes = append(notes, fmt.Sprintf(n.many, c))
		}
	}
	return notes
}
