package indicators

import (
	"math"

	"github.com/infraopt/infraopt/score"
)

// packing compares the powered hosts with the fewest that can carry the demand, spares included.
func packing(ind *score.Indicator) {
	ind.Tally = func(s *score.Stack, add *score.Adder) {
		if !add.Noting() || len(s.Places) == 0 {
			return // hosts and needs are counted for the estate as a whole
		}
		m := &s.Host.Machine
		fact := score.Fact{Name: "need of the work on it", Known: true, Value: "from a utilisation series"}
		for _, x := range s.Works {
			if need := x.Need(); need[0].Lo != need[0].Hi || need[1].Lo != need[1].Hi {
				fact = score.Fact{Name: "need of the work on it", Value: "unknown", Why: "there is no utilisation series of a week", Remedy: "read a monitoring source that holds a week or more"}
			}
		}
		open := 1.0
		if fact.Known && m.Powered.IsKnown() && m.Cores.IsKnown() && m.Memory.IsKnown() {
			open = 0
		}
		add.Note(s.Places[0], m.Name.Or(m.ID), fact, m.Seen, 1, open)
	}
	ind.Rate = func(r *score.Rater) score.Rating {
		hosts := r.Hosts()
		if hosts.Hi == 0 {
			return score.Rating{Applicable: true, Explanation: "there is no powered host"}
		}
		low, high := r.HostsBound()
		out := score.Rating{Applicable: true, High: 1}
		out.Low = math.Min(1, low/float64(hosts.Hi))
		if hosts.Lo > 0 {
			out.High = math.Min(1, high/float64(hosts.Lo))
		}
		out.Coverage = .5 * float64(hosts.Lo) / float64(hosts.Hi)
		if high > 0 && !math.IsInf(high, 1) {
			out.Coverage += .5 * low / high
		}
		most := math.Max(low, math.Min(high, float64(hosts.Hi)))
		out.Explanation = r.Explain("%s powered hosts; no plan needs fewer than %s, spares included", amount(hosts), interval(low, most))
		out.Sums = r.Sums(score.Sum{Name: "hosts needed", Unit: "hosts", Low: low, High: most}, score.Sum{Name: "hosts powered", Unit: "hosts", Low: float64(hosts.Hi), High: float64(hosts.Lo)})
		return out
	}
}
