package indicators

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/score"
)

// perWorkload compares the components that each workload needs with the fewest that could do. The number of
// workloads cancels out of CPW/CPW*; it stays in the worst case only.
func perWorkload(ind *score.Indicator) {
	ind.Tally = func(s *score.Stack, add *score.Adder) {
		if !add.Noting() {
			return // components are counted for the estate as a whole
		}
		for _, p := range s.Places {
			components := s.ComponentsOf(p)
			var text []string
			var sum score.Range
			for _, class := range slices.Sorted(maps.Keys(components)) {
				r := components[class]
				sum.Lo, sum.Hi = sum.Lo+r.Lo, sum.Hi+r.Hi
				text = append(text, fmt.Sprintf("%s %s", amount(r), class))
			}
			fact := score.Fact{Name: "components", Value: strings.Join(text, ", "), Known: sum.Lo == sum.Hi}
			if !fact.Known {
				fact.Why, fact.Remedy = "what stands below "+p.Name()+" was not seen", "assess the hypervisor too"
				if r := components["server"]; r.Lo == r.Hi {
					fact.Why, fact.Remedy = "whether it runs, or keeps its data on an array, is not known", ""
				}
			}
			add.Note(p, p.Name(), fact, p.Machine().Seen, float64(sum.Hi), float64(sum.Hi-sum.Lo))
		}
	}
	ind.Rate = func(r *score.Rater) score.Rating {
		w := r.Workloads()
		out := score.Rating{Applicable: true, Explanation: "there is no active workload to share the components"}
		cLow, cHigh := r.Components()
		if cHigh > 0 {
			out.Coverage = .5 * cLow / cHigh
		}
		if w.Hi == 0 {
			return out
		}
		out.Coverage += .5 * float64(w.Lo) / float64(w.Hi)
		aLow, aHigh := r.Attainable()
		th := &r.Model.Thresholds
		out.Low = perWorkloadOf(th, cHigh, aLow, float64(w.Lo))
		out.High = perWorkloadOf(th, cLow, aHigh, float64(w.Hi))
		most := math.Max(aLow, math.Min(aHigh, cHigh))
		out.Explanation = r.Explain("%s components for %s workloads; no fewer than %s are attainable", interval(cLow, cHigh), amount(w), interval(aLow, most))
		out.Sums = r.Sums(score.Sum{Name: "components", Unit: "components", Low: cHigh, High: cLow}, score.Sum{Name: "attainable", Unit: "components", Low: aLow, High: most},
			score.Sum{Name: "workloads", Unit: "workloads", Low: float64(w.Lo), High: float64(w.Hi)})
		return out
	}
}

// perWorkloadOf is 1 − ln(CPW/CPW*) / ln(worst/CPW*) with worst = max(WorstPerWorkload, WorstOverAttainable·CPW*), from
// the number of components, the attainable number of components, and the number of workloads; between 0 and 1.
func perWorkloadOf(th *score.Thresholds, components, attainable, workloads float64) float64 {
	switch {
	case components <= attainable:
		return 1
	case attainable <= 0:
		return 0
	}
	worst := math.Max(th.WorstOverAttainable, th.WorstPerWorkload*workloads/attainable)
	return math.Max(0, 1-math.Log(components/attainable)/math.Log(worst))
}

func amount(r score.Range) string { return interval(float64(r.Lo), float64(r.Hi)) }

func interval(low, high float64) string {
	if low == high {
		return fmt.Sprintf("%.4g", low)
	}
	return fmt.Sprintf("%.4g–%.4g", low, high)
}
