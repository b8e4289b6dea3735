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
}

// A Rater gives an indicator the sums it needs to rate.
type Rater struct {
	Model *Model
	Def   *Definition
	Terms []Term // the indicator's own, in order
	sums  *sums
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

// masses reads the indicator's terms as masses on its ladder.
func (r *Rater) masses() []Mass {
	var out []Mass
	for _, t := range r.Terms {
		low, high, ok := strings.Cut(t.Name, "|")
		if !ok || t.Range == (Range{}) {
			continue
		}
		lo, _ := r.Def.Step(low)
		hi, _ := r.Def.Step(high)
		out = append(out, Mass{lo.Value, hi.Value, t.Range})
	}
	return out
}

// Ladder rates an indicator whose work stands on steps.
func (r *Rater) Ladder() Rating {
	masses := r.masses()
	low, high, ok := ShareBounds(masses)
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
	return Rating{Low: low, High: high, Applicable: true, Coverage: r.Coverage(), Explanation: r.spread(masses)}
}

// LadderOfContainers rates an indicator that asks about containerised work only, and is 0 where there is none.
func (r *Rater) LadderOfContainers() Rating {
	masses := r.masses()
	low, high, ok := ShareBounds(masses)
	switch {
	case !ok:
		return Rating{Applicable: true, Coverage: r.Coverage(), Explanation: "no work runs in containers"}
	case certain(masses) == 0:
		low = 0
	}
	return Rating{Low: low, High: high, Applicable: true, Coverage: r.Coverage(), Explanation: r.spread(masses)}
}

func certain(masses []Mass) int64 {
	var n int64
	for _, m := range masses {
		n += m.Weight.Lo
	}
	return n
}

// spread says in words how the work is spread over the steps.
func (r *Rater) spread(masses []Mass) string {
	var total float64
	for _, m := range masses {
		total += float64(m.Weight.Hi)
	}
	var parts []string
	for _, s := range r.Def.Ladder {
		var sum float64
		for _, t := range r.Terms {
			if t.Name == s.ID+"|"+s.ID {
				sum += float64(t.Hi)
			}
		}
		if share := sum / total; share >= .005 {
			parts = append(parts, fmt.Sprintf("%.0f %% %s", 100*share, s.Text))
		}
	}
	var between float64
	for _, t := range r.Terms {
		if low, high, ok := strings.Cut(t.Name, "|"); ok && low != high {
			between += float64(t.Hi)
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
func (r *Rater) Workloads() Range { return r.sums.workloads }

// HostsBound is the least number of hosts that can carry the demand, spares included; high is +Inf where
// nothing bounds it.
func (r *Rater) HostsBound() (low, high float64) { return r.sums.bound.lo, r.sums.bound.hi }

// Hosts is the number of powered hosts.
func (r *Rater) Hosts() Range { return r.sums.hosts }

// Attainable is the weighted number of components of the bound.
func (r *Rater) Attainable() (low, high float64) { return r.sums.attainable.lo, r.sums.attainable.hi }

// sums are what several indicators, the levels and the headline need of a tally.
type sums struct {
	workloads   Range // active
	active      Range // pieces of work that are active
	works       Range // pieces of work in all
	classes     []Term
	components  span // weighted, without irreducible
	irreducible float64
	hosts       Range
	bound       span // hosts, spares included
	attainable  span // components of the bound, weighted
}

func (m *Model) sum(groups map[string][]Term) *sums {
	s := &sums{}
	for _, t := range groups[ofWork] {
		switch {
		case t.Name == "workloads":
			s.workloads = s.workloads.plus(t.Range)
		case t.Name == "active":
			s.active = t.Range
		case t.Name == "all":
			s.works = t.Range
		case strings.HasPrefix(t.Name, "shared "):
			s.workloads = s.workloads.plus(Range{min(1, t.Lo), min(1, t.Hi)})
		}
	}
	if s.active.Lo > 0 { // whatever replicas of whatever they are, some workload they are
		s.workloads.Lo = max(s.workloads.Lo, 1)
	}
	zones := m.zones(groups[ofHosts])
	var arrays Range
	for _, t := range groups[ofComponents] {
		if t.Name == "unseen-array" {
			continue
		}
		if t.Name == "storage-array" {
			arrays = t.Range
			continue
		}
		s.class(m, t, len(zones))
	}
	// Hosts may use arrays that nobody listed. Without any in the list it is one for all, or one for each.
	for _, t := range groups[ofComponents] {
		switch {
		case t.Name != "unseen-array":
		case arrays.Lo > 0:
			arrays.Hi += t.Hi - t.Lo
		default:
			arrays = arrays.plus(Range{min(1, t.Lo), t.Hi})
		}
	}
	if arrays != (Range{}) {
		s.class(m, Term{Of: ofComponents, Name: "storage-array", Range: arrays}, len(zones))
	}
	s.components.lo -= s.irreducible
	s.components.hi -= s.irreducible
	for _, z := range zones {
		s.hosts = s.hosts.plus(z.hosts)
		lo, hi := z.bound(m)
		s.bound = s.bound.plus(span{lo, hi})
		s.attainable = s.attainable.plus(span{lo * z.unit.lo, hi * z.unit.hi})
	}
	return s
}

// class adds the components of one class.
func (s *sums) class(m *Model, t Term, zones int) {
	s.classes = append(s.classes, t)
	w := m.Components[t.Name]
	s.components = s.components.plus(span{w * float64(t.Lo), w * float64(t.Hi)})
	if t.Name == "control-plane" { // one for each zone cannot be done without
		s.irreducible += w * float64(min(t.Lo, int64(zones)))
	}
}

func (s *sums) String() string {
	return fmt.Sprintf("%d–%d workloads, %g–%g components, %d–%d hosts", s.workloads.Lo, s.workloads.Hi, s.components.lo, s.components.hi, s.hosts.Lo, s.hosts.Hi)
}

// perWorkload divides components by workloads; without any workload it is infinite.
func perWorkload(components float64, workloads int64) float64 {
	if workloads == 0 {
		return math.Inf(1)
	}
	return components / float64(workloads)
}
