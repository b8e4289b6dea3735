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
	stepCPU, stepMem := th.StepMilli, th.StepMiB
	for _, x := range replicas {
		if x.Place.Node == nil { // a virtual machine is sized in larger steps
			stepCPU, stepMem = th.VMStepMilli, th.VMStepMiB
		}
		c, m, known := s.series(&x.demand, x.capCPU, x.capGiB)
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

// series gives cores and MiB with margins from a utilisation series, if it is long enough to count as known. One
// shorter than the window may have missed what a full one shows: then the need lies in an interval around what it
// shows, up to the allocation, where that is more (need·(1+.001/N)⁻² to need·(1+1/N) for N days).
func (s *Stack) series(d *inventory.Demand, capCores, capGiB float64) (cores, mib span, known bool) {
	th := &s.model.Thresholds
	days, ok := d.Days.Get()
	c, ok2 := d.CPUP995.Get()
	m, ok3 := d.MemoryMax.Get()
	if !ok || !ok2 || !ok3 || days < th.SeriesDays {
		return span{}, span{}, false
	}
	widen := func(need, alloc float64) span {
		if days >= th.WindowDays {
			return point(need)
		}
		return span{need * math.Pow(1+.001/days, -2), math.Max(need, math.Min(alloc, need*(1+1/days)))}
	}
	return widen(clamp(c, 0, th.CeilingCores)*th.CPUMargin, capCores), widen(clamp(m.GiB(), 0, th.CeilingGiB)*1024*th.MemoryMargin, capGiB*1024), true
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
// says whether a series told. A virtual machine is sized in larger steps than a container.
func (s *Stack) NeedOf(d *inventory.Demand, vm bool, capCores, capGiB float64, active, idle bool) (need [2]Range, ok bool) {
	th := &s.model.Thresholds
	if idle {
		return need, true
	}
	steps := [2]int64{th.StepMilli, th.StepMiB}
	if vm {
		steps = [2]int64{th.VMStepMilli, th.VMStepMiB}
	}
	c, m, known := s.series(d, capCores, capGiB)
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
