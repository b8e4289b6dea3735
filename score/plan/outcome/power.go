package outcome

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"math"
	"strconv"
	"strings"
	"sync"

	"github.com/infraopt/infraopt/collect/inventory"
)

// specpower.csv holds the idle and full watts of 1,088 published results of SPECpower_ssj2008 by years of publication and
// number of sockets: count, tenth, fiftieth and ninetieth percentile.
//
//go:embed specpower.csv
var specpower string

const (
	specpowerSource = "1,088 published SPECpower_ssj2008 results (spec.org), extract of 2026-03-09 as republished by cloud-carbon-footprint/ccf-coefficients; P10–P90"

	// productionIdle is by how much more than the published result a machine in use may take when idle: results are
	// published of machines that were tuned for them. A convention.
	productionIdle = 1.33

	// kWhPerWatt is the energy of a year for each watt: 8,760 hours.
	kWhPerWatt = 8.76

	// meanAge is how long counters have to run for a mean (METHOD, section 4).
	meanAge = inventory.Day
)

// A row is a kind of server: years of publication and sockets, with the watts that most of them take.
type row struct {
	from, to   int
	sockets    string // 1, 2 or 4+
	idle, full span
}

// rows reads the table of kinds. That it can be read is tested.
var rows = sync.OnceValue(func() []row {
	list, err := readRows(specpower)
	if err != nil {
		panic(err)
	}
	return list
})

func readRows(text string) ([]row, error) {
	records, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("specpower.csv: %w", err)
	}
	if len(records) == 0 {
		return nil, fmt.Errorf("specpower.csv: want a line with the names of the columns")
	}
	column := map[string]int{}
	for i, name := range records[0] {
		column[name] = i
	}
	var out []row
	for _, r := range records[1:] {
		var x row
		var bad error
		number := func(name string) float64 {
			v, err := strconv.ParseFloat(r[column[name]], 64)
			if err != nil {
				bad = fmt.Errorf("specpower.csv: %s: %w", name, err)
			}
			return v
		}
		if _, err := fmt.Sscanf(r[column["published"]], "%d-%d", &x.from, &x.to); err != nil {
			return nil, fmt.Errorf("specpower.csv: published %q: want years such as 2015-2018", r[column["published"]])
		}
		if x.sockets = r[column["sockets"]]; x.sockets == "any" {
			continue // a mix: less certain than any of its parts
		}
		x.idle = span{number("idle_watts_p10"), number("idle_watts_p90")}
		x.full = span{number("full_watts_p10"), number("full_watts_p90")}
		if bad != nil {
			return nil, bad
		}
		out = append(out, x)
	}
	return out, nil
}

// is reports whether servers with a processor of these years and so many sockets are of this kind. Years before the first
// row and after the last count to it.
func (r *row) is(p *Processor, sockets count, first, last int) bool {
	from, to := clampYear(p.From, first, last), clampYear(p.To, first, last)
	if to < r.from || from > r.to {
		return false
	}
	switch r.sockets {
	case "1":
		return sockets.lo <= 1
	case "2":
		return sockets.lo <= 2 && sockets.hi >= 2
	default:
		return sockets.hi >= 3
	}
}

func clampYear(y, first, last int) int { return min(max(y, first), last) }

// watts are what a box may take when idle, in production, and when all its processors work; and the kinds it may be of, as
// a bit for each row. Where kind or sockets are not known, that is whatever any of the possible kinds takes.
func watts(p *Processor, sockets count) (idle, full span, kinds uint32) {
	list := rows()
	first, last := list[0].from, list[len(list)-1].to
	for i := range list {
		r := &list[i]
		if !r.is(p, sockets, first, last) {
			continue
		}
		if kinds == 0 {
			idle, full = r.idle, r.full
		}
		idle, full, kinds = idle.or(r.idle), full.or(r.full), kinds|1<<i
	}
	idle.hi *= productionIdle
	full.lo, full.hi = math.Max(full.lo, idle.lo), math.Max(full.hi, idle.hi)
	return idle, full, kinds
}

// A power is what a machine takes, in kWh a year with what the site adds. The zero power takes none.
type power struct {
	idle, full span
	use        span   // mean share of the processors at work
	certain    bool   // it is known to be a box of this estate that is on; else it may take nothing
	grid       Value  // grams of CO2 for each kWh
	kinds      uint32 // rows that it may be of
	doubt      doubt
}

// doubt is why a machine may take nothing, or no energy is counted for it.
type doubt uint8

const (
	noDoubt     doubt = iota
	unseenBox         // a virtual machine whose hypervisor host is not seen
	unknownKind       // it may be virtual
	unknownOn         // it may be off
	theirs            // hardware of a cloud
	isOff
)

// power is what a host takes. Only a box that is on takes energy of this estate: what a cloud provider runs is not its own,
// and of a virtual machine whose host is not seen nobody knows which box it runs on, so it takes from nothing to
// what a box takes.
func (s *Settings) power(m *inventory.Machine, processors registry) power {
	kind, known := m.Kind.Get()
	on, told := m.Powered.Get()
	switch {
	case told && !on:
		return power{doubt: isOff}
	case known && kind == inventory.Cloud:
		return power{doubt: theirs}
	}
	p := power{certain: true, grid: s.factor(s.zone(m)), use: span{0, 1}}
	proc, sockets := anyProcessor, count{1, maxSockets}
	switch {
	case !known:
		p.certain, p.doubt = false, unknownKind
	case kind == inventory.Virtual:
		p.certain, p.doubt = false, unseenBox
	default:
		proc, sockets = processors.box(m)
		p.use = utilisation(m)
		if !told {
			p.certain, p.doubt = false, unknownOn
		}
	}
	p.idle, p.full, p.kinds = watts(&proc, sockets)
	factor := s.PUE.Number * kWhPerWatt
	p.idle, p.full = p.idle.times(factor), p.full.times(factor)
	return p
}

// utilisation is the share of a machine's processors that was at work, on the mean since its counters began.
func utilisation(m *inventory.Machine) span {
	used, ok := m.Usage.CPUSeconds.Get()
	age, ok2 := m.Usage.Age.Get()
	cores, ok3 := m.Cores.Get()
	if !ok || !ok2 || !ok3 || age < meanAge || !(cores > 0) || !(used >= 0) {
		return span{0, 1}
	}
	u := math.Min(used/float64(age)/cores, 1)
	return span{u, u}
}

func (p *power) on() bool { return p.idle.hi > 0 }

// carbon is kg of CO2 equivalent for each kWh.
func (p *power) carbon() float64 { return p.grid.Number / 1000 }

// maybe takes away the low end of what may not be there at all.
func (p *power) maybe(s span) span {
	if !p.certain {
		s.lo = 0
	}
	return s
}

// total is what the machine takes with its work. Between idle and full, power is taken to rise evenly with use.
func (p *power) total() span {
	return p.maybe(span{p.idle.lo + p.use.lo*(p.full.lo-p.idle.lo), p.idle.hi + p.use.hi*(p.full.hi-p.idle.hi)})
}

// floor is what it takes without any work.
func (p *power) floor() span { return p.maybe(p.idle) }

// dynamic is what its work takes on top, whatever it takes when idle.
func (p *power) dynamic() span {
	return p.maybe(span{p.use.lo * math.Max(0, p.full.lo-p.idle.hi), p.use.hi * (p.full.hi - p.idle.lo)})
}
