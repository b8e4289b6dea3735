package score

import (
	"math"

	"github.com/infraopt/infraopt/collect/inventory"
)

// needOf is what the replicas of one workload need for sizing: from a series of sufficient length the 99.5th
// percentile of CPU and the maximum of memory, each with its margin and rounded up to a step; without one,
// between a floor and the margin above the allocation. Idle work needs nothing. Without whole (some replicas may
// be elsewhere) floors and steps, which apply to the sum, are left out at the low end.
func (s *Stack) needOf(replicas []*Work, a Activity, whole bool) [2]Range {
	if a == Idle {
		return [2]Range{}
	}
	th := &s.model.Thresholds
	var cpu, mem span // cores, MiB
	stepCPU, stepMem := int64(10), int64(16)
	for _, x := range replicas {
		if x.Place.Node == nil { // a virtual machine is sized in larger steps
			stepCPU, stepMem = 1000, 256
		}
		c, m, known := s.series(&x.demand)
		if !known {
			c, m = span{0, x.capCPU * th.CPUMargin}, span{0, x.capGiB * 1024 * th.MemoryMargin}
		}
		cpu, mem = cpu.plus(c), mem.plus(m)
	}
	floorCPU, floorMem := th.NeedFloorMilli, th.NeedFloorMiB
	if !whole {
		floorCPU, floorMem, stepCPU, stepMem = 0, 0, 1, 1
	}
	need := [2]Range{
		{max(floorCPU, stepUp(cpu.lo*1000, stepCPU)), max(floorCPU, stepUp(cpu.hi*1000, stepCPU))},
		{max(floorMem, stepUp(mem.lo, stepMem)), max(floorMem, stepUp(mem.hi, stepMem))},
	}
	if a == ActivityUnknown {
		need[0].Lo, need[1].Lo = 0, 0
	}
	return need
}

// series gives cores and MiB with margins from a utilisation series, if it is long enough to count as known.
func (s *Stack) series(d *inventory.Demand) (cores, mib span, known bool) {
	th := &s.model.Thresholds
	days, ok := d.Days.Get()
	c, ok2 := d.CPUP995.Get()
	m, ok3 := d.MemoryMax.Get()
	if !ok || !ok2 || !ok3 || days < th.SeriesDays {
		return span{}, span{}, false
	}
	return point(clamp(c, 0, maxCores) * th.CPUMargin), point(clamp(m.GiB(), 0, maxGiB) * 1024 * th.MemoryMargin), true
}

// stepUp rounds up to a multiple of step, forgiving the last bits of a product.
func stepUp(v float64, step int64) int64 {
	return int64(math.Ceil(v/float64(step)-1e-9)) * step
}

// Need is what the work needs, in thousandths of a core and in MiB.
func (x *Work) Need() [2]Range { return x.need }

// Capacity is an upper bound of the cores and GiB that work in the place can use.
func (p *Place) Capacity() (cores, gib float64) { return p.capacity() }

// NeedOf is what the holder of an allocation needs, rounded up to steps, in thousandths of a core and in MiB; ok
// says whether a series told.
func (s *Stack) NeedOf(d *inventory.Demand, steps [2]int64, capCores, capGiB float64, active, idle bool) (need [2]Range, ok bool) {
	th := &s.model.Thresholds
	if idle {
		return need, true
	}
	c, m, known := s.series(d)
	if !known {
		c, m = span{0, capCores * th.CPUMargin}, span{0, capGiB * 1024 * th.MemoryMargin}
	}
	need[0] = Range{max(th.NeedFloorMilli, stepUp(c.lo*1000, steps[0])), max(th.NeedFloorMilli, stepUp(c.hi*1000, steps[0]))}
	need[1] = Range{max(th.NeedFloorMiB, stepUp(m.lo, steps[1])), max(th.NeedFloorMiB, stepUp(m.hi, steps[1]))}
	if !active {
		need[0].Lo, need[1].Lo = 0, 0
	}
	return need, known
}
