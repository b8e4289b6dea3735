package score_test

import (
	"slices"
	"testing"

	"github.com/infraopt/infraopt/score"
)

// Laws that nothing breaks prove little. Here the score is spoiled in ways that are easy to come by, and a law has to
// find each of them out.

// A namedLaw is a law that may find out a spoiled score.
type namedLaw struct {
	name  string
	holds law
}

func namedLaws() []namedLaw {
	return []namedLaw{
		{"1 bounds", boundsHold}, {"2 forgetting", forgettingNeverHelps}, {"2 forgetting everything", forgettingEverythingLeavesNothing},
		{"3 truth", truthLiesWithin}, {"4 order", orderIsNoInformation}, {"5 grouping", groupingIsNoInformation},
		{"6 tidying", tidyingNeverHurts}, {"7 dead weight", deadWeightNeverHelps}, {"8 replicas", replicasNeverHelp},
		{"10 copies", copiesScoreTheSame}, {"points add up", pointsAddUp},
	}
}

// A mutant is a spoiled way to score.
type mutant struct {
	name  string
	spoil func(s *scorer)
}

const mutantEstates = 2000

func TestLawsFindMutants(t *testing.T) {
	skipWithRaceDetector(t)
	for _, x := range mutants(model(t)) {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			s := &scorer{Model: copied(model(t))}
			x.spoil(s)
			for seed := range mutantEstates {
				for _, l := range namedLaws() {
					r, e := lawEstate(seed)
					if l.holds(s, r, e) != nil {
						t.Logf("%s: law %s finds it after %d estates", x.name, l.name, seed+1)
						return
					}
				}
			}
			t.Errorf("no law finds it on %d estates", mutantEstates)
		})
	}
}

func skipWithRaceDetector(t *testing.T) {
	if raceEnabled {
		t.Skip("slow with the race detector, which has nothing to find here")
	}
}

// copied gives a model whose indicators can be changed.
func copied(m *score.Model) *score.Model {
	c := *m
	c.Indicators = slices.Clone(m.Indicators)
	c.Pillars = slices.Clone(m.Pillars)
	return &c
}

func mutants(m *score.Model) []mutant {
	out := []mutant{
		{"unknown activity is activity", func(s *scorer) { s.opt.RunningIsActive = true }},
		{"the headline is the high end", func(s *scorer) { s.twist = func(r *score.Result) { r.Score.Low = r.Score.High } }},
		{"an interval has no high end", func(s *scorer) { s.twist = func(r *score.Result) { r.Score.High = r.Score.Low } }},
		{"coverage leaves out indicators of which nothing is known", func(s *scorer) { s.twist = coverOnlyKnown }},
		{"coverage is always full", func(s *scorer) { s.twist = func(r *score.Result) { r.Coverage = 1 } }},
		{"coverage grows with what is open", func(s *scorer) { s.twist = func(r *score.Result) { r.Coverage = 1 - r.Coverage } }},
		{"points do not add up", func(s *scorer) { s.twist = func(r *score.Result) { r.Pillars[0].Share *= .99 } }},
		{"the score is the mean of the ends", func(s *scorer) {
			s.twist = func(r *score.Result) { r.Score.Low = (r.Score.Low + r.Score.High) / 2 }
		}},
		{"the level is that of the high end", func(s *scorer) {
			s.twist = func(r *score.Result) {
				for _, l := range s.Levels {
					if r.Score.High >= l.Score && r.Level.Number > 0 {
						r.Level.Number = max(r.Level.Number, l.Number)
					}
				}
			}
		}},
		{"more work looks better", func(s *scorer) { s.count(func(st *score.Stack) int64 { return int64(len(st.Works)) }) }},
		{"more hosts look better", func(s *scorer) { s.count(func(*score.Stack) int64 { return 1 }) }},
		{"the first piece of work counts alone", func(s *scorer) {
			s.only("containers.isolation", func(st *score.Stack, x *score.Work) bool { return x == st.Works[0] })
		}},
		{"spares follow from the hosts that there are", func(s *scorer) {
			s.rated("components.packing", func(r *score.Rater, x *score.Rating) { x.Low = min(1, x.Low+.05*float64(r.Hosts().Hi)) })
		}},
		{"work of unknown form is left out", func(s *scorer) {
			s.only("containers.isolation", func(_ *score.Stack, x *score.Work) bool {
				return x.Form != score.Opaque && x.Form != score.SomeContainer
			})
		}},
		{"work on unknown storage is left out", func(s *scorer) {
			s.only("software-defined.storage", func(_ *score.Stack, x *score.Work) bool {
				return x.Place.VM != nil && x.Place.VM.Storage.IsKnown() || x.Place.VM == nil && x.Place.Machine().Storage.IsKnown()
			})
		}},
		{"work of unknown weight is left out", func(s *scorer) {
			s.only("software-defined.management", func(_ *score.Stack, x *score.Work) bool { return x.Weight.Lo == x.Weight.Hi })
		}},
		{"what is idle counts", func(s *scorer) { // nothing is old enough to be idle, and everything runs to some end
			s.Thresholds.IdleDays, s.Thresholds.SeriesDays = 1e9, 1e9
			s.opt.RunningIsActive = true
		}},
	}
	for i := range m.Indicators {
		id := m.Indicators[i].ID
		out = append(out,
			mutant{"unknown passes: " + id, func(s *scorer) { s.rated(id, func(_ *score.Rater, x *score.Rating) { x.Low = x.High }) }},
			mutant{"unknown fails: " + id, func(s *scorer) { s.rated(id, func(_ *score.Rater, x *score.Rating) { x.High = x.Low }) }})
	}
	return out
}

// rated changes what an indicator says in the end.
func (s *scorer) rated(id string, change func(*score.Rater, *score.Rating)) {
	ind := s.Indicator(id)
	rate := ind.Rate
	ind.Rate = func(r *score.Rater) score.Rating {
		out := rate(r)
		change(r, &out)
		return out
	}
}

// coverOnlyKnown is the share of the evidence that is known, of the indicators of which anything is.
func coverOnlyKnown(r *score.Result) {
	var known, all float64
	for _, p := range r.Pillars {
		for _, x := range p.Indicators {
			if x.Coverage > 0 {
				known += p.Share * x.Share * x.Coverage
				all += p.Share * x.Share
			}
		}
	}
	if all > 0 {
		r.Coverage = known / all
	}
}

// count makes an indicator of a plain number: the more, the better.
func (s *scorer) count(of func(*score.Stack) int64) {
	ind := s.Indicator("software-defined.network")
	ind.Tally = func(st *score.Stack, add *score.Adder) { add.Add("n", score.Exact(of(st))) }
	ind.Rate = func(r *score.Rater) score.Rating {
		n := float64(r.Term("n").Hi)
		return score.Rating{Low: n / (n + 10), High: n / (n + 10), Applicable: true, Coverage: 1}
	}
}

// only makes an indicator pass over some work.
func (s *scorer) only(id string, keep func(*score.Stack, *score.Work) bool) {
	ind := s.Indicator(id)
	tally := ind.Tally
	ind.Tally = func(st *score.Stack, add *score.Adder) {
		c := *st
		c.Works = nil
		for _, x := range st.Works {
			if keep(st, x) {
				c.Works = append(c.Works, x)
			}
		}
		tally(&c, add)
	}
}

// A unit that is forgotten in one of the thresholds breaks law 9: so every threshold is held by it.
func TestLaw09FindsForgottenThresholds(t *testing.T) {
	skipWithRaceDetector(t)
	m := model(t)
	other := units{cpu: 64, memory: 64, network: 64, disk: 1}
	forgotten := map[string]func(right, wrong *score.Model){
		"activeCores":                func(r, w *score.Model) { w.Thresholds.ActiveCores = r.Thresholds.ActiveCores },
		"activeNetworkBytes":         func(r, w *score.Model) { w.Thresholds.ActiveNetworkBytes = r.Thresholds.ActiveNetworkBytes },
		"floorCores":                 func(r, w *score.Model) { w.Thresholds.FloorCores = r.Thresholds.FloorCores },
		"floorGiB":                   func(r, w *score.Model) { w.Thresholds.FloorGiB = r.Thresholds.FloorGiB },
		"coreGiB":                    func(r, w *score.Model) { w.Thresholds.CoreGiB = 2 * r.Thresholds.CoreGiB },
		"needFloorMilli":             func(r, w *score.Model) { w.Thresholds.NeedFloorMilli = r.Thresholds.NeedFloorMilli },
		"needFloorMiB":               func(r, w *score.Model) { w.Thresholds.NeedFloorMiB = r.Thresholds.NeedFloorMiB },
		"stepMilli":                  func(r, w *score.Model) { w.Thresholds.StepMilli = r.Thresholds.StepMilli },
		"stepMiB":                    func(r, w *score.Model) { w.Thresholds.StepMiB = r.Thresholds.StepMiB },
		"vmStepMilli":                func(r, w *score.Model) { w.Thresholds.VMStepMilli = r.Thresholds.VMStepMilli },
		"vmStepMiB":                  func(r, w *score.Model) { w.Thresholds.VMStepMiB = r.Thresholds.VMStepMiB },
		"ceilingCores":               func(r, w *score.Model) { w.Thresholds.CeilingCores = r.Thresholds.CeilingCores },
		"ceilingGiB":                 func(r, w *score.Model) { w.Thresholds.CeilingGiB = r.Thresholds.CeilingGiB },
		"idle.default.cores":         func(r, w *score.Model) { w.Idle.Default.Cores = r.Idle.Default.Cores },
		"idle.default.receivedBytes": func(r, w *score.Model) { w.Idle.Default.ReceivedBytes = r.Idle.Default.ReceivedBytes },
		"idle.default.sentBytes":     func(r, w *score.Model) { w.Idle.Default.SentBytes = r.Idle.Default.SentBytes },
		"idle.strict.networkBytes":   func(r, w *score.Model) { w.Idle.Strict.NetworkBytes = r.Idle.Strict.NetworkBytes },
		"idle.broad.mhz":             func(r, w *score.Model) { w.Idle.Broad.MHz = r.Idle.Broad.MHz },
	}
	for name, forget := range forgotten {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for seed := range mutantEstates {
				_, e := lawEstate(seed)
				usual := byRule(m, lawRule(seed))
				right, wrong := fine.model(usual), fine.times(other).model(usual)
				forget(right, wrong)
				if sameIn(&scorer{Model: right}, fine.estate(e), &scorer{Model: wrong}, fine.times(other).estate(e)) != nil {
					t.Logf("%s: law 9 finds it after %d estates", name, seed+1)
					return
				}
			}
			t.Errorf("law 9 does not find it on %d estates", mutantEstates)
		})
	}
}
