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
		c, m := s.series(x.demand, x.capCPU, x.capGiB)
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

// A Basis says what a need rests on.
type Basis string

// The bases: nothing but the allocation, a utilisation series that is too short to prove anything, or one that is long
// enough to count as known.
const (
	NoSeries   Basis = "none"
	Indicative Basis = "indicative"
	Proven     Basis = "proven"
)

// Basis says what there is to size something by.
func (m *Model) Basis(d *inventory.Demand) Basis {
	days, ok := d.Days.Get()
	switch {
	case !ok || !d.CPUP995.IsKnown() || !d.MemoryMax.IsKnown():
		return NoSeries
	case days < m.Thresholds.SeriesDays:
		return Indicative
	default:
		return Proven
	}
}

// series gives cores and MiB with margins from a utilisation series, if it is long enough to count as known; otherwise
// the need lies anywhere up to the margin above the allocation. A series shorter than the window may have missed what a
// full one shows: then the need lies in an interval around what it shows, up to the allocation, where that is more
// (need·(1+.001/N)⁻² to need·(1+1/N) for N days).
func (s *Stack) series(d *inventory.Demand, capCores, capGiB float64) (cores, mib span) {
	th := &s.model.Thresholds
	if s.model.Basis(d) != Proven {
		return span{0, capCores * th.CPUMargin}, span{0, capGiB * 1024 * th.MemoryMargin}
	}
	days, c, m := d.Days.Or(0), d.CPUP995.Or(0), d.MemoryMax.Or(0)
	widen := func(need, alloc float64) span {
		if days >= th.WindowDays {
			return point(need)
		}
		return span{need * math.Pow(1+.001/days, -2), math.Max(need, math.Min(alloc, need*(1+1/days)))}
	}
	return widen(clamp(c, 0, th.CeilingCores)*th.CPUMargin, capCores), widen(clamp(m.GiB(), 0, th.CeilingGiB)*1024*th.MemoryMargin, capGiB*1024)
}

// stepUp rounds up to a multiple of step, forgiving the last bits of a product.
func stepUp(v float64, step int64) int64 {
	return int64(math.Ceil(v/float64(step)-1e-9)) * step
}

// Need is what the work needs, in thousandths of a core and in MiB.
func (x *Work) Need() [2]Range { return x.need }

// Capacity is an upper bound of the cores and GiB that work in the place can use.
func (p *Place) Capacity() (cores, gib float64) { return p.capacity() }

// NeedOf is what the holder of an allocation needs, rounded up to steps, in thousandths of a core and in MiB. A virtual
// machine is sized in larger steps than a container.
func (s *Stack) NeedOf(d *inventory.Demand, vm bool, capCores, capGiB float64, active, idle bool) (need [2]Range) {
	if idle {
		return need
	}
	c, m := s.series(d, capCores, capGiB)
	low, high := s.model.Thresholds.steps(vm, c.lo, m.lo), s.model.Thresholds.steps(vm, c.hi, m.hi)
	need = [2]Range{{low[0], high[0]}, {low[1], high[1]}}
	if !active {
		need[0].Lo, need[1].Lo = 0, 0
	}
	return need
}

// HourSizes is what something needs of CPU in each hour of the day (UTC), in thousandths of a core: the 99th percentile of
// the hour with the margin, rounded up to the step of containers, and never less than the floor. It is a place on a host
// beside others and no allocation, so whole CPUs of virtual machines do not matter. A series shorter than the window is
// widened as for other needs, up to capCores where that is more. ok is false where no series of sufficient length shows
// the hours.
func (m *Model) HourSizes(d *inventory.Demand, capCores float64) (milli [24]int64, ok bool) {
	day, known := d.CPUByHour.Get()
	if !known || m.Basis(d) != Proven {
		return milli, false
	}
	th := &m.Thresholds
	days := d.Days.Or(0)
	for hour, cores := range day {
		need := clamp(cores, 0, th.CeilingCores) * th.CPUMargin
		if days < th.WindowDays {
			need = max(need, min(capCores, need*(1+1/days)))
		}
		milli[hour] = max(th.NeedFloorMilli, stepUp(need*1000, th.StepMilli))
	}
	return milli, true
}

// IndicatedNeed is what a utilisation series of any length indicates, with margins and rounded up to steps, in
// thousandths of a core and in MiB. It proves nothing where the basis is not Proven.
func (m *Model) IndicatedNeed(d *inventory.Demand, vm bool) [2]int64 {
	th := &m.Thresholds
	return th.steps(vm, d.CPUP995.Or(0)*th.CPUMargin, d.MemoryMax.Or(0).GiB()*1024*th.MemoryMargin)
}

// steps rounds a need of cores and MiB up to steps, and to the floors, in thousandths of a core and in MiB.
func (th *Thresholds) steps(vm bool, cores, mib float64) [2]int64 {
	step := [2]int64{th.StepMilli, th.StepMiB}
	if vm {
		step = [2]int64{th.VMStepMilli, th.VMStepMiB}
	}
	return [2]int64{max(th.NeedFloorMilli, stepUp(cores*1000, step[0])), max(th.NeedFloorMiB, stepUp(mib, step[1]))}
}
