package score

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
)

// A zone holds the hosts that may share work, and what their work needs.
type zone struct {
	hosts   Range
	types   []hostType // by capacity, largest first
	unsized int64      // hosts, certain or not, whose capacity is not known
	unit    span       // weighted components that the leanest host brings along
	needs   [2]Range   // thousandths of a core, MiB
	anyUnit bool
}

// hostType is a number of hosts with one capacity: thousandths of a core, and MiB.
type hostType struct {
	capacity [2]int64
	count    Range
}

// Terms of a host: h|zone|milli|mib, h|zone|?|? with the count of hosts; u|zone|class counts, for the leanest
// host; n|zone|dimension with the need. A zone's name may not hold the separator.
func zoneName(z string) string { return strings.ReplaceAll(z, "|", "/") }

func (s *Stack) tallyHost(t *Tally) {
	m := &s.Host.Machine
	z := zoneName(m.Zone)
	t.add(ofHosts, "z|"+z+"|", Exact(1)) // a zone is one, whatever is powered in it
	count := Range{1, 1}
	if on, known := m.Powered.Get(); !known {
		count.Lo = 0
	} else if !on {
		return
	}
	size := "?|?"
	cores, ok := m.Cores.Get()
	mem, ok2 := m.Memory.Get()
	if ok && ok2 {
		size = fmt.Sprintf("%d|%d", int64(math.Round(min(cores, maxCores)*1000)), int64(min(mem.GiB(), maxGiB)*1024))
	}
	t.add(ofHosts, "h|"+z+"|"+size, count)
	lo, hi := hostUnit(m)
	t.add(ofHosts, fmt.Sprintf("u|%s|%d|%d", z, lo, hi), count)
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
			z = &zone{unit: span{math.Inf(1), math.Inf(1)}}
			byName[name] = z
			order = append(order, z)
		}
		return z
	}
	for _, t := range terms {
		f := strings.Split(t.Name, "|")
		if len(f) < 3 {
			continue
		}
		z := get(f[1])
		switch f[0] {
		case "h":
			z.hosts = z.hosts.plus(t.Range)
			if f[2] == "?" {
				z.unsized += t.Hi
				continue
			}
			var ht hostType
			if _, err := fmt.Sscan(f[2]+" "+f[3], &ht.capacity[0], &ht.capacity[1]); err == nil {
				ht.count = t.Range
				z.types = append(z.types, ht)
			}
		case "u":
			var lo, hi int64
			if _, err := fmt.Sscan(f[2]+" "+f[3], &lo, &hi); err == nil && t.Hi > 0 {
				z.unit.lo = math.Min(z.unit.lo, m.unitWeight(lo))
				if t.Lo > 0 { // a host that may not be there cannot be relied on to be the leanest
					z.unit.hi = math.Min(z.unit.hi, m.unitWeight(hi))
				}
				z.anyUnit = true
			}
		case "n":
			switch f[2] {
			case "cpu":
				z.needs[0] = t.Range
			case "mem":
				z.needs[1] = t.Range
			}
		}
	}
	for _, z := range order {
		if !z.anyUnit {
			z.unit.lo = 0
		}
		if math.IsInf(z.unit.hi, 1) {
			z.unit.hi = m.unitWeight(3)
		}
	}
	return order
}

// bound gives bounds of the least number of hosts that carry the demand (the continuous bound, L1, taken over
// the zone's own hosts from the largest down), with spares: a layout that survives the loss of any k hosts
// needs at least k more.
func (z *zone) bound(m *Model) (low, high float64) {
	var lo, hi float64
	for d := range z.needs {
		lo = math.Max(lo, z.least(d, float64(z.needs[d].Lo), true, m.Thresholds.Headroom))
		hi = math.Max(hi, z.least(d, float64(z.needs[d].Hi), false, m.Thresholds.Headroom))
	}
	if z.needs == ([2]Range{}) && z.hosts.Hi == 0 {
		return 0, 0
	}
	return lo + spares(lo, m), hi + spares(hi, m)
}

func spares(bound float64, m *Model) float64 {
	if bound == 0 || math.IsInf(bound, 1) { // where nothing is needed, nothing has to be spared
		return bound
	}
	return math.Max(1, math.Ceil(bound/float64(max(1, m.Thresholds.HostsPerSpare))))
}

// least bounds the number of hosts, largest first in dimension d, that cover the need; where all that are there do
// not suffice, further ones of the largest size are added. Of hosts that may be there or not it is not known which
// are, so the number is the least, or the most, over all sets of hosts that may be.
//
// Hopeful is the least. A set that suffices needs as many as all hosts together at least; one that does not needs
// the certain ones and further ones of the largest size, for which a smaller host is no replacement. A host of
// unknown size is boundless. Otherwise it is the most: only certain hosts of known size hold anything, and where
// those do not suffice all others are used up as well, as if they held nothing.
func (z *zone) least(d int, need float64, hopeful bool, headroom float64) float64 {
	if need <= 0 {
		return 0
	}
	if hopeful && z.unsized > 0 {
		return 1
	}
	types := slices.Clone(z.types)
	slices.SortFunc(types, func(a, b hostType) int { return cmp.Compare(b.capacity[d], a.capacity[d]) })
	certain := func(t hostType) int64 { return t.count.Lo }
	possible := func(t hostType) int64 { return t.count.Hi }
	used, left, largest := fill(types, d, need, headroom, certain)
	if !hopeful {
		switch {
		case left <= 0:
			return used
		case largest == 0:
			return math.Inf(1)
		}
		used += float64(z.unsized)
		for _, t := range types {
			used += float64(t.count.Hi - t.count.Lo)
		}
		return used + math.Ceil(left/largest-1e-9)
	}
	all, short, largest := fill(types, d, need, headroom, possible)
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
func fill(types []hostType, d int, need, headroom float64, count func(hostType) int64) (used, left, largest float64) {
	for _, t := range types {
		n, size := float64(count(t)), float64(t.capacity[d])*headroom
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
