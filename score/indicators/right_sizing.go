package indicators

import (
	"fmt"
	"math"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// rightSizing compares allocations with needs. What holds an allocation is a virtual machine, or a container with
// a limit; in the words of the terms, cpu.min is Σ min(need, allocation) and cpu.max is Σ max(need, allocation),
// each from the worst to the best case.
func rightSizing(ind *score.Indicator) {
	ind.Tally = func(s *score.Stack, add *score.Adder) {
		for _, p := range s.Places {
			if p.VM != nil {
				tallyVM(s, p, add)
			}
		}
		for _, x := range s.Works {
			if x.Container != nil {
				tallyLimits(s, x, add)
			}
		}
	}
	ind.Rate = rateRightSizing
}

var dimensions = [2]string{"cpu", "mem"}

func tallyVM(s *score.Stack, p *score.Place, add *score.Adder) {
	active, idle := false, true
	for _, x := range s.Works {
		for q := x.Place; q != nil; q = q.Below {
			if q == p {
				active = active || x.Activity == score.Active
				idle = idle && x.Activity == score.Idle
			}
		}
	}
	certain := !p.Doubtful
	vcpus, cpuKnown := p.VM.VCPUs.Get()
	memory, memKnown := p.VM.Memory.Get()
	cores, gib := p.Capacity()
	needs := s.NeedOf(&p.VM.Demand, true, cores, gib, active, idle)
	item(add, 0, certain, cpuKnown, vcpus*1000, cores*1000, needs[0])
	item(add, 1, certain, memKnown, memory.GiB()*1024, gib*1024, needs[1])
	note(add, p, p.Name(), p.VM.Seen, &p.VM.Demand, idle, vcpus)
}

func tallyLimits(s *score.Stack, x *score.Work, add *score.Adder) {
	if x.Container.CPULimit.IsAbsent() && x.Container.MemoryLimit.IsAbsent() {
		return
	}
	cores, gib := x.Place.Capacity()
	idle := x.Activity == score.Idle
	needs := s.NeedOf(&x.Container.Demand, false, cores, gib, x.Activity == score.Active, idle)
	if !x.Container.CPULimit.IsAbsent() {
		v, known := x.Container.CPULimit.Get()
		item(add, 0, x.Certain(), known, v*1000, cores*1000, needs[0])
	}
	if !x.Container.MemoryLimit.IsAbsent() {
		v, known := x.Container.MemoryLimit.Get()
		item(add, 1, x.Certain(), known, v.GiB()*1024, gib*1024, needs[1])
	}
	note(add, x.Place, x.Name+" on "+x.Place.Name(), x.Seen, &x.Container.Demand, idle, 1)
}

const seriesRemedy = "read a monitoring source that holds a week or more"

func note(add *score.Adder, p *score.Place, subject string, seen []string, d *inventory.Demand, idle bool, size float64) {
	fact, open := score.Fact{Name: "need", Known: true}, 0.0
	switch basis := add.Model().Basis(d); {
	case idle:
		fact.Value = "none: it is idle"
	case basis == score.Proven:
		fact.Value = fmt.Sprintf("from a utilisation series of %.3g days", d.Days.Or(0))
	case basis == score.Indicative:
		fact = score.Fact{Name: "need", Value: "unknown", Why: "its utilisation series is shorter than a week: what it shows is indicative", Remedy: "look again when it covers a week"}
		if d.Days.Or(0) < 1 { // of two looks, which will never cover one
			fact.Remedy = seriesRemedy
		}
		open = math.Max(1, size)
	default:
		fact = score.Fact{Name: "need", Value: "unknown", Why: "there is no utilisation series of a week", Remedy: seriesRemedy}
		open = math.Max(1, size)
	}
	add.Note(p, subject, fact, seen, math.Max(1, size), open)
}

// item adds one allocation in one dimension. Where it may not be there, or its size is not known, its best case
// is a perfect fit of any size and its worst a need of nothing (or beyond all bounds).
func item(add *score.Adder, d int, certain, known bool, alloc, ceiling float64, n score.Range) {
	name := dimensions[d]
	covered := int64(0)
	if certain && known {
		covered = 1
		if n.Lo == n.Hi {
			covered = 2
		}
	}
	add.Cover(covered, 2)
	if !known {
		alloc = ceiling
		n.Lo = 0
	}
	a := int64(math.Round(alloc))
	fit := min(max(a, n.Lo), n.Hi) // need closest to the allocation
	minimum := score.Range{Lo: min(n.Lo, a), Hi: min(fit, a)}
	maximum := score.Range{Lo: max(fit, a), Hi: max(n.Hi, a)}
	if !certain || !known {
		minimum, maximum = score.Range{Lo: 0, Hi: a}, score.Range{Lo: a, Hi: max(n.Hi, a)}
	} else {
		add.Add(name+".sure", score.Exact(1))
	}
	add.Add(name+".min", minimum)
	add.Add(name+".max", maximum)
	add.Add(name+".items", score.Exact(1))
}

func rateRightSizing(r *score.Rater) score.Rating {
	var low, high, n float64
	var items int64
	var sums []score.Sum
	for _, d := range dimensions {
		count := r.Term(d + ".items").Hi
		items = max(items, count)
		if count == 0 {
			continue
		}
		n++
		minimum, maximum := r.Term(d+".min"), r.Term(d+".max")
		if r.Term(d+".sure").Lo == 0 { // perhaps nothing is allocated at all
			high++
			continue
		}
		low += quotient(minimum.Lo, maximum.Hi)
		high += quotient(minimum.Hi, maximum.Lo)
		unit := map[string]string{"cpu": "thousandths of a core", "mem": "MiB"}[d]
		sums = append(sums, r.Sums(score.Sum{Name: d + ": smaller of need and allocation", Unit: unit, Low: float64(minimum.Lo), High: float64(minimum.Hi)},
			score.Sum{Name: d + ": larger of need and allocation", Unit: unit, Low: float64(maximum.Hi), High: float64(maximum.Lo)})...)
	}
	if n == 0 {
		return score.Rating{Coverage: 1, Explanation: "nothing has an allocation: no virtual machine, and no container with a limit"}
	}
	if n < float64(len(dimensions)) && r.Term("cpu.sure").Lo+r.Term("mem.sure").Lo == 0 {
		low, high = 0, n
	}
	return score.Rating{Applicable: true, Low: low / n, High: high / n, Coverage: r.Coverage(), Explanation: r.Explain("%d allocations", items), Sums: sums}
}

func quotient(num, den int64) float64 {
	if den == 0 {
		return 1 // nothing is needed and nothing is given
	}
	return float64(num) / float64(den)
}
