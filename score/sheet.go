package score

// A sheet is a tally that has been read: what the indicators, the levels and the headline need of it. It depends on
// the shape of the model and its thresholds, not on weights and anchors: those may be changed, and the sheet rated
// again, without reading the tally anew.
type sheet struct {
	terms     map[string][]Term // by indicator or shared count, each in order
	ladders   [][]rungs         // by indicator, in the order of the model
	workloads Range             // active
	active    Range             // pieces of work that are active
	works     Range             // pieces of work in all
	classes   []Term            // components by class
	zones     []*zone
	hosts     Range
	bound     span // hosts, spares included
	frame     Range
	waived    []string // by indicator: why it is not asked at all

	virtualised, containerised Bounds // shares of the work
}

// rungs is an amount of work that stands on one step of a ladder, or somewhere between two.
type rungs struct {
	low, high int
	weight    Range
}

func (m *Model) read(t *Tally) *sheet {
	s := &sheet{terms: t.group(), ladders: make([][]rungs, len(m.Indicators)), waived: make([]string, len(m.Indicators))}
	s.readWork()
	for i := range m.Indicators {
		s.ladders[i] = m.Indicators[i].rungs(s.terms[m.Indicators[i].ID])
		if m.Indicators[i].ID == isolation {
			s.virtualised = m.Indicators[i].share(s.ladders[i], virtualised)
			s.containerised = m.Indicators[i].share(s.ladders[i], containerised)
		}
	}
	s.readWaived(m)
	s.readComponents()
	s.zones = m.zones(s.terms[ofHosts])
	for _, z := range s.zones {
		z.low, z.high = m.hostsNeeded(z)
		s.hosts = s.hosts.plus(z.hosts)
		s.bound = s.bound.plus(span{z.low, z.high})
	}
	for _, t := range s.terms[ofFrame] {
		s.frame = s.frame.plus(t.Range)
	}
	return s
}

// rungs finds the terms of an indicator that are masses on its ladder: those named after two of its steps.
func (d *Definition) rungs(terms []Term) []rungs {
	if len(d.Ladder) == 0 {
		return nil
	}
	place := make(map[string]int, len(d.Ladder))
	for i := range d.Ladder {
		place[d.Ladder[i].ID] = i
	}
	var out []rungs
	for _, t := range terms {
		low, ok := place[t.Name]
		high, ok2 := place[t.Sub]
		if ok && ok2 {
			out = append(out, rungs{low, high, t.Range})
		}
	}
	return out
}

// share bounds the share of the work that stands on the steps of a set. Work between two steps may stand on any
// step in between, inside the set or out of it.
func (d *Definition) share(on []rungs, in func(step string) bool) Bounds {
	masses := make([]Mass, 0, len(on))
	for _, x := range on {
		m := Mass{Low: 1, Weight: x.weight}
		for _, s := range d.Ladder[x.low : x.high+1] {
			if in(s.ID) {
				m.High = 1
			} else {
				m.Low = 0
			}
		}
		masses = append(masses, m)
	}
	low, high, ok := ShareBounds(masses)
	return Bounds{Low: low, High: high, None: !ok}
}

// readWaived finds indicators that are waived for all the work there is.
func (s *sheet) readWaived(m *Model) {
	for i := range m.Indicators {
		for _, t := range s.terms[m.Indicators[i].ID] {
			if t.Name == termWaived && t.Hi >= s.works.Hi {
				s.waived[i] = "waived: " + t.Sub
			}
		}
	}
}

func (s *sheet) readWork() {
	for _, t := range s.terms[ofWork] {
		switch t.Name {
		case termWorkloads:
			s.workloads = s.workloads.plus(t.Range)
		case termActive:
			s.active = t.Range
		case termAll:
			s.works = t.Range
		case termShared:
			s.workloads = s.workloads.plus(Range{min(1, t.Lo), min(1, t.Hi)})
		}
	}
	if s.active.Lo > 0 { // whatever replicas of whatever they are, some workload they are
		s.workloads.Lo = max(s.workloads.Lo, 1)
	}
}

func (s *sheet) readComponents() {
	var arrays, unseen Range
	for _, t := range s.terms[ofComponents] {
		switch t.Name {
		case "storage-array":
			arrays = t.Range
		case "unseen-array":
			unseen = t.Range
		default:
			s.classes = append(s.classes, t)
		}
	}
	// Hosts may use arrays that nobody listed. Without any in the list it is one for all, or one for each.
	if unseen != (Range{}) {
		if arrays.Lo > 0 {
			arrays.Hi += unseen.Hi - unseen.Lo
		} else {
			arrays = arrays.plus(Range{min(1, unseen.Lo), unseen.Hi})
		}
	}
	if arrays != (Range{}) {
		s.classes = append(s.classes, Term{Of: ofComponents, Name: "storage-array", Range: arrays})
	}
}

// sums are what the weights of components make of a sheet.
type sums struct {
	components  span // weighted, without irreducible
	irreducible float64
	attainable  span // components of the bound, weighted
}

func (m *Model) weigh(s *sheet) sums {
	var out sums
	for _, t := range s.classes {
		w := m.Components[t.Name]
		out.components = out.components.plus(span{w * float64(t.Lo), w * float64(t.Hi)})
		if t.Name == "control-plane" { // one for each zone cannot be done without
			out.irreducible += w * float64(min(t.Lo, int64(len(s.zones))))
		}
	}
	out.components.lo -= out.irreducible
	out.components.hi -= out.irreducible
	for _, z := range s.zones {
		unit := z.unitWeight(m)
		out.attainable = out.attainable.plus(span{times(z.low, unit.lo), times(z.high, unit.hi)})
	}
	return out
}

// times is the weight of a number of things. However many there are, what weighs nothing weighs nothing.
func times(n, weight float64) float64 {
	if weight == 0 {
		return 0
	}
	return n * weight
}
