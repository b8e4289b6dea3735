package score

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
)

// A zone holds the hosts that may share work, and what their work needs.
type zone struct {
	name  string
	hosts Range
	ZoneDemand
	units     []unit
	low, high float64 // bound of the number of hosts, spares included
}

// ZoneDemand is what the work of a zone needs, and the hosts that the zone has.
type ZoneDemand struct {
	Needs    [2]Range   // thousandths of a core, MiB
	Types    []HostType // in no particular order
	Unsized  int64      // hosts, certain or not, whose capacity is not known
	Headroom float64    // share of a host that may be filled
}

// A HostType is a number of hosts with one capacity: thousandths of a core, and MiB.
type HostType struct {
	Capacity [2]int64
	Count    Range
}

// A Bounder gives bounds of the least number of hosts that carry the demand of a zone, without spares: no plan needs
// fewer than low, whatever the unknowns turn out to be; high is +Inf where nothing bounds it.
type Bounder interface {
	Hosts(z *ZoneDemand) (low, high float64)
}

// unit is a number of hosts with the components that each brings along: between so many.
type unit struct {
	low, high int64
	count     Range
}

// Terms of a zone. Those with numbers have them behind the zone's name, after separators.
const (
	termZone       = "zone"
	termHost       = "host" // zone|milli|MiB, or zone|?|? where the capacity is not known
	termUnit       = "unit" // zone|least|most components
	termNeedCPU    = "need-cpu"
	termNeedMemory = "need-memory"
)

func (s *Stack) tallyHost(t *Tally) {
	m := &s.Host.Machine
	t.add(ofHosts, termZone, s.Zone, Exact(1)) // a zone is one, whatever is powered in it
	count := Range{1, 1}
	if on, known := m.Powered.Get(); !known {
		count.Lo = 0
	} else if !on {
		return
	}
	size := "|?|?"
	cores, ok := m.Cores.Get()
	mem, ok2 := m.Memory.Get()
	if ok && ok2 {
		th := &s.model.Thresholds
		size = pair(int64(math.Round(min(cores, th.CeilingCores)*1000)), int64(math.Round(min(mem.GiB(), th.CeilingGiB)*1024)))
	}
	t.add(ofHosts, termHost, s.Zone+size, count)
	t.add(ofHosts, termUnit, s.Zone+pair(hostUnit(m)), count)
}

// pair puts two numbers behind a name; cutPair takes them off again. Whatever the name holds does no harm.
func pair(a, b int64) string {
	return "|" + strconv.FormatInt(a, 10) + "|" + strconv.FormatInt(b, 10)
}

func cutPair(s string) (name string, a, b int64, ok bool) {
	j := strings.LastIndexByte(s, '|')
	i := strings.LastIndexByte(s[:max(j, 0)], '|')
	if i < 0 {
		return s, 0, 0, false
	}
	a, err := strconv.ParseInt(s[i+1:j], 10, 64)
	b, err2 := strconv.ParseInt(s[j+1:], 10, 64)
	return s[:i], a, b, err == nil && err2 == nil
}

// hostUnit is the least and largest number of components (server and images) that a host brings along. They are
// counted here without weights, which the model applies when it sums.
func hostUnit(m *inventory.Machine) (lo, hi int64) {
	switch kind, known := m.Kind.Get(); {
	case !known, kind == inventory.Virtual:
		return 1, 3
	case kind == inventory.Cloud:
		return 1, 1
	default:
		return 2, 2
	}
}

func (m *Model) unitWeight(n int64) float64 {
	w := m.Components["os-image"]
	if n >= 2 {
		w += m.Components["server"]
	}
	if n >= 3 {
		w += m.Components["hypervisor-image"]
	}
	return w
}

func (m *Model) zones(terms []Term) []*zone {
	byName := map[string]*zone{}
	var order []*zone
	get := func(name string) *zone {
		z := byName[name]
		if z == nil {
			z = &zone{name: name, ZoneDemand: ZoneDemand{Headroom: m.Thresholds.Headroom}}
			byName[name] = z
			order = append(order, z)
		}
		return z
	}
	for _, t := range terms {
		switch t.Name {
		case termZone:
			get(t.Sub)
		case termNeedCPU:
			get(t.Sub).Needs[0] = t.Range
		case termNeedMemory:
			get(t.Sub).Needs[1] = t.Range
		case termHost:
			name, milli, mib, sized := cutPair(t.Sub)
			z := get(name)
			z.hosts = z.hosts.plus(t.Range)
			if sized {
				z.Types = append(z.Types, HostType{[2]int64{milli, mib}, t.Range})
			} else {
				z.Unsized += t.Hi
			}
		case termUnit:
			if name, low, high, ok := cutPair(t.Sub); ok && t.Hi > 0 {
				get(name).units = append(get(name).units, unit{low, high, t.Range})
			}
		}
	}
	return order
}

// unitWeight is the weight of the components that the leanest host of a zone brings along.
func (z *zone) unitWeight(m *Model) span {
	w := span{math.Inf(1), math.Inf(1)}
	for _, u := range z.units {
		w.lo = math.Min(w.lo, m.unitWeight(u.low))
		if u.count.Lo > 0 { // a host that may not be there cannot be relied on to be the leanest
			w.hi = math.Min(w.hi, m.unitWeight(u.high))
		}
	}
	if len(z.units) == 0 {
		w.lo = 0
	}
	if math.IsInf(w.hi, 1) {
		w.hi = m.unitWeight(3)
	}
	return w
}

// hostsNeeded gives bounds of the least number of hosts that carry the demand of a zone, spares included: a layout
// that survives the loss of any k hosts needs at least k more.
func (m *Model) hostsNeeded(z *zone) (low, high float64) {
	if z.Needs == ([2]Range{}) && z.hosts.Hi == 0 {
		return 0, 0
	}
	var b Bounder = L1{}
	if m.Bounder != nil {
		b = m.Bounder
	}
	low, high = b.Hosts(&z.ZoneDemand)
	return low + m.spares(z.name, low), high + m.spares(z.name, high)
}

// spares is how many hosts a zone keeps for the loss of others: as declared, or by the bound.
func (m *Model) spares(zone string, bound float64) float64 {
	if bound == 0 || math.IsInf(bound, 1) { // where nothing is needed, nothing has to be spared
		return bound
	}
	if k, ok := m.DeclaredSpares(zone); ok {
		return float64(k)
	}
	return m.Spares(bound)
}

// Spares is how many hosts are kept for the loss of others where that many are needed, and nobody declared a number.
func (m *Model) Spares(hosts float64) float64 {
	return math.Max(1, math.Ceil(hosts/float64(max(1, m.Thresholds.HostsPerSpare))))
}

// L1 is the continuous bound (Martello and Toth 1990, section 8.3, there for hosts of one size): in the more
// demanding dimension, how many hosts, taken from the largest down, hold as much as is needed in sum.
type L1 struct{}

// Hosts implements Bounder. It needs no more than sums, so it is there for estates of any size.
func (L1) Hosts(z *ZoneDemand) (low, high float64) {
	for d := range z.Needs {
		low = math.Max(low, z.least(d, float64(z.Needs[d].Lo), true))
		high = math.Max(high, z.least(d, float64(z.Needs[d].Hi), false))
	}
	return low, high
}

// least bounds the number of hosts, largest first in dimension d, that cover the need; where all that are there do
// not suffice, further ones of the largest size are added. Of hosts that may be there or not it is not known which
// are, so the number is the least, or the most, over all sets of hosts that may be.
//
// Hopeful is the least. A set that suffices needs as many as all hosts together at least; one that does not needs
// the certain ones and further ones of the largest size, for which a smaller host is no replacement. A host of
// unknown size is boundless. Otherwise it is the most: only certain hosts of known size hold anything, and where
// those do not suffice all others are used up as well, as if they held nothing.
func (z *ZoneDemand) least(d int, need float64, hopeful bool) float64 {
	if need <= 0 {
		return 0
	}
	if hopeful && z.Unsized > 0 {
		return 1
	}
	types := slices.Clone(z.Types)
	slices.SortFunc(types, func(a, b HostType) int { return cmp.Compare(b.Capacity[d], a.Capacity[d]) })
	certain := func(t HostType) int64 { return t.Count.Lo }
	possible := func(t HostType) int64 { return t.Count.Hi }
	used, left, largest := fill(types, d, need, z.Headroom, certain)
	if !hopeful {
		switch {
		case left <= 0:
			return used
		case largest == 0:
			return math.Inf(1)
		}
		used += float64(z.Unsized)
		for _, t := range types {
			used += float64(t.Count.Hi - t.Count.Lo)
		}
		return used + math.Ceil(left/largest-1e-9)
	}
	all, short, largest := fill(types, d, need, z.Headroom, possible)
	switch {
	case largest == 0:
		return math.Inf(1)
	case left > 0:
		used += math.Ceil(left/largest - 1e-9)
	}
	if short > 0 {
		return used
	}
	return math.Min(used, all)
}

// fill fills hosts from the largest down: how many it takes, what need is left when all are full, and the size of
// the largest.
func fill(types []HostType, d int, need, headroom float64, count func(HostType) int64) (used, left, largest float64) {
	for _, t := range types {
		n, size := float64(count(t)), float64(t.Capacity[d])*headroom
		if n == 0 || size <= 0 {
			continue
		}
		largest = math.Max(largest, size)
		if wanted := math.Ceil(need/size - 1e-9); wanted <= n {
			return used + math.Max(wanted, 0), 0, largest
		}
		used += n
		need -= n * size
	}
	return used, need, largest
}
