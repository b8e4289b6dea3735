package score

import (
	"fmt"
	"math"
	"strings"
)

// Names of the shared counts in a tally.
const (
	ofWork       = "work"       // counts of workloads and activity
	ofComponents = "components" // counts of components, by class
	ofHosts      = "hosts"      // hosts and needs, by zone
	ofFrame      = "frame"      // machines that were looked into
)

// A Rating is the answer to an indicator's question.
type Rating struct {
	Low, High   float64
	Applicable  bool
	Coverage    float64
	Explanation string
	Sums        []Sum // what Low and High were worked out from, where anybody reads it
}

// A Sum is one of the sums that an answer is worked out from, as it stands at the low and at the high end of the
// answer. Of a share, the numerator comes first and the denominator second.
type Sum struct {
	Name string  `json:"name"`
	Unit string  `json:"unit"`
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// A Rater gives an indicator the sums it needs to rate.
type Rater struct {
	Model *Model
	Def   *Definition
	Terms []Term // the indicator's own, in order
	rungs []rungs
	sheet *sheet
	sums  *sums
	quiet bool // nobody reads explanations
}

// Explain makes the text of an explanation, where anybody reads it.
func (r *Rater) Explain(format string, args ...any) string {
	if r.quiet {
		return ""
	}
	return fmt.Sprintf(format, args...)
}

// Sums lists sums, where anybody reads them.
func (r *Rater) Sums(sums ...Sum) []Sum {
	if r.quiet {
		return nil
	}
	return sums
}

// Term returns one of the indicator's own terms.
func (r *Rater) Term(name string) Range {
	for _, t := range r.Terms {
		if t.Name == name {
			return t.Range
		}
	}
	return Range{}
}

// Coverage is the share of the indicator's evidence that is known.
func (r *Rater) Coverage() float64 {
	c := r.Term(termCover)
	if c.Hi == 0 {
		return 0
	}
	return float64(c.Lo) / float64(c.Hi)
}

// masses gives the indicator's work with the values of the steps it stands on.
func (r *Rater) masses() []Mass {
	out := make([]Mass, len(r.rungs))
	for i, x := range r.rungs {
		out[i] = Mass{r.Def.Ladder[x.low].Value, r.Def.Ladder[x.high].Value, x.weight}
	}
	return out
}

// Ladder rates an indicator whose work stands on steps.
func (r *Rater) Ladder() Rating {
	masses := r.masses()
	low, high, ok := shareQuotients(masses)
	na := r.Term(termNA)
	switch {
	case !ok && na.Lo > 0:
		return Rating{Coverage: 1, Explanation: "does not apply to any of the work"}
	case !ok && na.Hi == 0:
		return Rating{Applicable: true, Coverage: r.Coverage(), Explanation: "there is no active work to rate"}
	case na.Hi > 0 && certain(masses) == 0:
		// Perhaps it applies to nothing: then its weight goes to other indicators, which [0,1] allows for.
		return Rating{Low: 0, High: 1, Applicable: true, Explanation: "whether it applies to any active work is not known"}
	}
	return r.share(low, high)
}

func (r *Rater) share(low, high quotient) Rating {
	return Rating{Low: low.value(), High: math.Max(low.value(), high.value()), Applicable: true, Coverage: r.Coverage(), Explanation: r.spread(),
		Sums: r.Sums(Sum{"weight × value of step", "weight", low.num / Micro, high.num / Micro}, Sum{"weight", "weight", low.den / Micro, high.den / Micro})}
}

// LadderOfContainers rates an indicator that asks about containerised work only, and is 0 where there is none.
func (r *Rater) LadderOfContainers() Rating {
	masses := r.masses()
	low, high, ok := shareQuotients(masses)
	switch {
	case !ok:
		return Rating{Applicable: true, Coverage: r.Coverage(), Explanation: "no work runs in containers"}
	case certain(masses) == 0: // perhaps there is none
		low.num = 0
	}
	return r.share(low, high)
}

func certain(masses []Mass) int64 {
	var n int64
	for _, m := range masses {
		n += m.Weight.Lo
	}
	return n
}

// spread says in words how the work is spread over the steps.
func (r *Rater) spread() string {
	if r.quiet {
		return ""
	}
	var total, between float64
	on := make([]float64, len(r.Def.Ladder))
	for _, x := range r.rungs {
		total += float64(x.weight.Hi)
		if x.low == x.high {
			on[x.low] += float64(x.weight.Hi)
		} else {
			between += float64(x.weight.Hi)
		}
	}
	var parts []string
	for i, s := range r.Def.Ladder {
		if share := on[i] / total; share >= .005 {
			parts = append(parts, fmt.Sprintf("%.0f %% %s", 100*share, s.Text))
		}
	}
	if share := between / total; share >= .005 {
		parts = append(parts, fmt.Sprintf("%.0f %% not known", 100*share))
	}
	return strings.Join(parts, ", ")
}

// Shared sums, for indicators that compare the whole estate.

// Components is the weighted number of components without the irreducible ones.
func (r *Rater) Components() (low, high float64) { return r.sums.components.lo, r.sums.components.hi }

// Workloads is the number of active workloads.
func (r *Rater) Workloads() Range { return r.sheet.workloads }

// HostsBound is the least number of hosts that can carry the demand, spares included; high is +Inf where
// nothing bounds it.
func (r *Rater) HostsBound() (low, high float64) { return r.sheet.bound.lo, r.sheet.bound.hi }

// Hosts is the number of powered hosts.
func (r *Rater) Hosts() Range { return r.sheet.hosts }

// Attainable is the weighted number of components of the bound.
func (r *Rater) Attainable() (low, high float64) { return r.sums.attainable.lo, r.sums.attainable.hi }

// perWorkload divides components by workloads; without any workload it is infinite.
func perWorkload(components float64, workloads int64) float64 {
	if workloads == 0 {
		return math.Inf(1)
	}
	return components / float64(workloads)
}
