// Package replay plays utilisation series over a plan: it adds up, host by host and moment by moment, what the workloads
// that the plan puts there used, and tells how often that would have been too much.
//
// It is pure: it knows no clock, and the order of hosts and workloads changes nothing but the name of the worst host where
// two are equally full.
package replay

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/infraopt/infraopt/collect/inventory"
)

// A Host is a place of the plan with what it has, all of it: headroom is for planning, and not left out here.
type Host struct {
	Name   string
	Cores  float64         // 0 or less where it is not known
	Memory inventory.Bytes // 0 or less where it is not known
	// Held is in use whatever the plan, in cores and bytes.
	HeldCores  float64
	HeldMemory inventory.Bytes
	// Blind says why what runs there is not known; such a host is not validated. Empty where it is known.
	Blind string
}

// A Load is a workload of the plan.
type Load struct {
	Name   string
	Host   int // index of its host
	Series *inventory.Series
	// Cores and Memory are its planned size, by hour of the day (UTC). They stand in for what no series shows.
	Cores  inventory.ByHour
	Memory inventory.Bytes
}

// A Result says how full the hosts would have been. A sample is a host at a step of the grid on which its series lie:
// that of the finest of them, over the span that all of them cover.
type Result struct {
	Samples   int     // of all hosts
	Above80   float64 // share of samples in [0,1] with more than 80 % of the cores in use
	Above100  float64 // share with more in use than there are
	Memory100 float64 // share with more memory in use than there is
	Worst     float64 // the highest share of the cores of one host that was in use in a sample; may exceed 1
	WorstHost string
	Covered   float64 // share of the workloads that have a series; 0 where there are none
	Validated int     // hosts with samples
	Not       []Not   // hosts without, by name; those on which nothing runs are in neither
}

// Not says why a host was not validated.
type Not struct{ Host, Why string }

// Run replays the series of loads on hosts. Only samples count in which every series of the host shows a value: what was
// not observed may have been anything. A load without a usable series counts at its planned size; a host without any
// series, or whose series have no time in common, is not validated. Run panics where a load refers to no host.
func Run(hosts []Host, loads []Load) Result {
	on := make([][]*Load, len(hosts))
	var r Result
	covered := 0
	for i := range loads {
		l := &loads[i]
		on[l.Host] = append(on[l.Host], l)
		if usable(l.Series) {
			covered++
		}
	}
	if len(loads) > 0 {
		r.Covered = float64(covered) / float64(len(loads))
	}
	var sum counts
	for i := range hosts {
		h := &hosts[i]
		if len(on[i]) == 0 && h.Blind == "" && h.HeldCores <= 0 && h.HeldMemory <= 0 {
			continue
		}
		c, why := h.play(on[i])
		if why != "" {
			r.Not = append(r.Not, Not{h.Name, why})
			continue
		}
		r.Validated++
		sum.samples, sum.above80, sum.above100, sum.memory100 = sum.samples+c.samples, sum.above80+c.above80, sum.above100+c.above100, sum.memory100+c.memory100
		if c.worst > r.Worst || c.worst == r.Worst && (r.WorstHost == "" || h.Name < r.WorstHost) {
			r.Worst, r.WorstHost = c.worst, h.Name
		}
	}
	if r.Samples = sum.samples; r.Samples > 0 {
		n := float64(r.Samples)
		r.Above80, r.Above100, r.Memory100 = float64(sum.above80)/n, float64(sum.above100)/n, float64(sum.memory100)/n
	}
	slices.SortStableFunc(r.Not, func(a, b Not) int { return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(a.Why, b.Why)) })
	return r
}

// counts are numbers of samples.
type counts struct {
	samples, above80, above100, memory100 int
	worst                                 float64
}

// slack forgives the last bits of a sum.
const slack = 1e-9

// play adds up what the loads of one host use; why says why that cannot be done.
func (h *Host) play(loads []*Load) (c counts, why string) {
	switch {
	case h.Blind != "":
		return c, h.Blind
	case !(h.Cores > 0) || h.Memory <= 0:
		return c, "its cores or its memory are not known"
	}
	g, why := newGrid(loads)
	if why != "" {
		return c, why
	}
	for i := range g.cores {
		g.cores[i] += h.HeldCores
		g.memory[i] += float64(h.HeldMemory)
	}
	loads = slices.Clone(loads) // sums of floats depend on the order, by their last bits
	slices.SortStableFunc(loads, func(a, b *Load) int { return cmp.Compare(a.Name, b.Name) })
	for _, l := range loads {
		g.add(l)
	}
	for i := range g.cores {
		if g.gap[i] {
			continue
		}
		c.samples++
		share := g.cores[i] / h.Cores
		c.worst = max(c.worst, share)
		if share > .8+slack {
			c.above80++
		}
		if share > 1+slack {
			c.above100++
		}
		if g.memory[i] > float64(h.Memory)*(1+slack) {
			c.memory100++
		}
	}
	if c.samples == 0 {
		return c, "at no time do all series of what runs there show a value"
	}
	return c, ""
}

// newGrid finds the span that all series cover, and the finest of their steps.
func newGrid(loads []*Load) (*grid, string) {
	g := &grid{}
	var last, first string // to start, and to end
	for _, l := range loads {
		if !usable(l.Series) {
			continue
		}
		t := trackOf(l.Series)
		if g.step == 0 {
			*g, last, first = grid{from: t.from, to: t.to, step: t.step}, l.Name, l.Name
			continue
		}
		g.step = min(g.step, t.step)
		if t.from > g.from {
			g.from, last = t.from, l.Name
		}
		if t.to < g.to {
			g.to, first = t.to, l.Name
		}
	}
	if g.step == 0 {
		return nil, "nothing that runs there has a utilisation series"
	}
	n := (g.to - g.from) / g.step
	if n <= 0 {
		return nil, fmt.Sprintf("the utilisation series of %s and %s have no time in common", first, last)
	}
	g.cores, g.memory, g.gap = make([]float64, n), make([]float64, n), make([]bool, n)
	return g, ""
}
