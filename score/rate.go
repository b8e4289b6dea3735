package score

import (
	"math"
	"slices"

	"github.com/infraopt/infraopt/collect/inventory"
)

// A Result is what rating a tally gives.
type Result struct {
	Score      Bounds
	Coverage   float64 // of evidence
	Pillars    []PillarRating
	Level      LevelResult
	Unassessed string // why there is no level; empty where there is one

	sheet *sheet
	sums  sums
}

// A PillarRating is a pillar with its indicators, after the weight of what does not apply has been shared out.
type PillarRating struct {
	*Pillar
	Share      float64 // of the score
	Low, High  float64
	Applicable bool
	Indicators []IndicatorRating
}

// An IndicatorRating is an indicator's rating with its share of the score.
type IndicatorRating struct {
	*Indicator
	Rating
	Share    float64 // of its pillar
	Measured Bounds  // Low and High before a lack of active work took them away
}

// TallyStack gives what one host adds to the score.
func (m *Model) TallyStack(s *Stack) *Tally { return m.tallyStack(s, nil) }

// TallyInto is TallyStack with a tally to put it in, whatever that held before.
func (m *Model) TallyInto(t *Tally, s *Stack) {
	t.Reset()
	m.fill(t, s, nil)
}

// tallyStack is TallyStack with notes of the facts behind each indicator, where there are books for them.
func (m *Model) tallyStack(s *Stack, books map[string]*notebook) *Tally {
	t := &Tally{}
	m.fill(t, s, books)
	return t
}

func (m *Model) fill(t *Tally, s *Stack, books map[string]*notebook) {
	s.tallyShared(t)
	for i := range m.Indicators {
		m.tallyIndicator(t, s, &m.Indicators[i], books)
	}
}

func (m *Model) tallyIndicator(t *Tally, s *Stack, ind *Indicator, books map[string]*notebook) {
	add, of := &Adder{def: &ind.Definition, model: m, tally: t, notes: books[ind.ID]}, s
	if len(m.Waivers) > 0 {
		patterns, all, why := m.waivedFor(ind.ID, s.opt.Now)
		var waived int
		of, waived = s.without(patterns, all)
		add.AddKind(termWaived, why, Exact(int64(waived)))
	}
	ind.Tally(of, add)
	add.done()
}

// TallyIn is TallyInto for some indicators only: what a change that concerns no other makes of a host is the difference of
// two.
func (m *Model) TallyIn(t *Tally, s *Stack, indicators []string) {
	t.Reset()
	for i := range m.Indicators {
		if slices.Contains(indicators, m.Indicators[i].ID) {
			m.tallyIndicator(t, s, &m.Indicators[i], nil)
		}
	}
}

// Rate turns a sum of tallies into a score and a level.
func (m *Model) Rate(t *Tally) *Result { return m.rate(m.read(t)) }

func (m *Model) rate(s *sheet) *Result {
	res := m.answer(s)
	m.settle(res)
	res.Level = m.level(res)
	return res
}

// answer rates every indicator.
func (m *Model) answer(s *sheet) *Result {
	res := &Result{sheet: s, sums: m.weigh(s)}
	for i := range m.Pillars {
		p := PillarRating{Pillar: &m.Pillars[i]}
		for j := range m.Indicators {
			ind := &m.Indicators[j]
			if ind.pillar() == p.ID {
				r := m.rateIndicator(j, s, &res.sums, false)
				p.Indicators = append(p.Indicators, IndicatorRating{Indicator: ind, Rating: r, Measured: Bounds{Low: r.Low, High: r.High}})
			}
		}
		res.Pillars = append(res.Pillars, p)
	}
	return res
}

// settle makes the ratings of the indicators into a score. What it made of others before makes no difference.
func (m *Model) settle(res *Result) {
	res.total()
	m.unassessed(res)
}

func (m *Model) rateIndicator(i int, s *sheet, sums *sums, quiet bool) Rating {
	ind := &m.Indicators[i]
	if s.waived[i] != "" {
		return Rating{Coverage: 1, Explanation: s.waived[i]}
	}
	r := ind.Rate(&Rater{Model: m, Def: &ind.Definition, Terms: s.terms[ind.ID], rungs: s.ladders[i], sheet: s, sums: sums, quiet: quiet})
	r.Low, r.High = clamp(r.Low, 0, 1), clamp(r.High, 0, 1)
	return r
}

// total shares out the weights over what applies, and sums up.
func (r *Result) total() {
	r.Score, r.Coverage = Bounds{}, 0
	var weight float64
	for i := range r.Pillars {
		p := &r.Pillars[i]
		var inside float64
		for j := range p.Indicators {
			if p.Indicators[j].Applicable {
				inside += p.Indicators[j].Weight
			}
		}
		p.Low, p.High, p.Applicable = 0, 0, inside > 0
		for j := range p.Indicators {
			x := &p.Indicators[j]
			x.Share = 0
			if x.Applicable && inside > 0 {
				x.Share = x.Weight / inside
				p.Low += x.Share * x.Low
				p.High += x.Share * x.High
			}
		}
		if p.Applicable {
			weight += p.Weight
		}
	}
	for i := range r.Pillars {
		p := &r.Pillars[i]
		p.Share = 0
		if !p.Applicable || weight == 0 {
			continue
		}
		p.Share = p.Weight / weight
		r.Score.Low += 100 * p.Share * p.Low
		r.Score.High += 100 * p.Share * p.High
		for _, x := range p.Indicators {
			r.Coverage += p.Share * x.Share * x.Coverage
		}
	}
	r.Score.Low, r.Score.High = clamp(r.Score.Low, 0, 100), clamp(r.Score.High, 0, 100)
}

// unassessed settles the cases in which there is no level, and no score to be proud of.
func (m *Model) unassessed(res *Result) {
	s := res.sheet
	switch {
	case s.frame.Hi == 0:
		res.Unassessed = "nothing was seen"
		res.Score, res.Coverage = Bounds{None: true}, 0
	case s.active.Hi == 0:
		res.Unassessed = "no workload is active: whatever runs here serves nothing"
		res.flatten(false)
		res.Score.Low, res.Score.High = 0, 0
	case s.active.Lo == 0:
		res.Unassessed = "no workload is known to be active"
		res.flatten(true)
		res.Score.Low = 0
	}
}

// flatten takes the points away that nothing active earns, so that the points of the indicators still add up to
// the score.
func (r *Result) flatten(keepHigh bool) {
	for i := range r.Pillars {
		p := &r.Pillars[i]
		p.Low = 0
		if !keepHigh {
			p.High = 0
		}
		for j := range p.Indicators {
			x := &p.Indicators[j]
			x.Low = 0
			if !keepHigh {
				x.High = 0
			}
		}
	}
}

// Ledger keeps the tally of every host of an estate, so that a change of a few hosts is re-scored by taking the
// old tallies out and putting the new ones in.
type Ledger struct {
	model  *Model
	opt    Options
	byHost map[*inventory.Node]*Tally
	site   *Tally
	estate *inventory.Estate
	total  *Tally
}

// NewLedger tallies an estate, without the machines that are out of scope.
func NewLedger(e *inventory.Estate, m *Model, opt Options) *Ledger {
	e = m.InScope(e, opt.Now)
	l := &Ledger{model: m, opt: opt, estate: e, byHost: make(map[*inventory.Node]*Tally, len(e.Hosts)), site: SiteTally(e)}
	l.total = l.site.Clone()
	for _, h := range e.Hosts {
		t := l.tally(h)
		l.total.Add(t)
	}
	return l
}

func (l *Ledger) tally(h *inventory.Node) *Tally {
	t := l.byHost[h]
	if t == nil {
		t = l.model.TallyStack(NewStack(h, l.model, l.opt))
		l.byHost[h] = t
	}
	return t
}

// Rate rates the estate of the ledger.
func (l *Ledger) Rate() *Result { return l.model.Rate(l.total) }

// Sensitivity says how far the rating of the estate depends on conventions.
func (l *Ledger) Sensitivity(opt SensitivityOptions) *Sensitivity {
	return l.model.Sensitivity(l.total, opt)
}

// Estate is what the ledger stands for.
func (l *Ledger) Estate() *inventory.Estate { return l.estate }

// WhatIf rates another estate: the difference of its hosts is given as a sum of tallies, that of the rest is found
// here.
func (l *Ledger) WhatIf(e *inventory.Estate, hosts *Tally) *Result {
	t := l.total.Clone()
	t.Add(hosts)
	t.Sub(l.site)
	t.Add(SiteTally(e))
	return l.model.Rate(t)
}

// Tally is what a host adds, whether it is one of the estate's or one that may take the place of such.
func (l *Ledger) Tally(h *inventory.Node) *Tally { return l.tally(h) }

// cpw gives bounds of components per workload, weighted, with the irreducible ones.
func (r *Result) cpw() Bounds {
	w, s := r.sheet.workloads, &r.sums
	if w.Hi == 0 {
		return Bounds{None: true}
	}
	return Bounds{Low: perWorkload(s.components.lo+s.irreducible, w.Hi), High: perWorkload(s.components.hi+s.irreducible, w.Lo)}
}

// PerWorkload gives bounds of components per workload, weighted, as the headline has them.
func (r *Result) PerWorkload() Bounds { return finite(r.cpw()) }

// HostCount is the number of hosts that are known to be on.
func (r *Result) HostCount() int { return int(r.sheet.hosts.Lo) }

// attainable gives bounds of what components per workload could come down to. It is never more than what
// there is: a plan may leave everything as it stands.
func (r *Result) attainable() Bounds {
	w, s := r.sheet.workloads, &r.sums
	if w.Hi == 0 {
		return Bounds{None: true}
	}
	now := r.cpw()
	low := math.Min(perWorkload(s.attainable.lo+s.irreducible, w.Hi), now.Low)
	return Bounds{Low: low, High: math.Max(low, math.Min(perWorkload(s.attainable.hi+s.irreducible, w.Lo), now.High))}
}

// Components gives bounds of the weighted number of components, irreducible ones included.
func (r *Result) Components() Bounds {
	return Bounds{Low: r.sums.components.lo + r.sums.irreducible, High: r.sums.components.hi + r.sums.irreducible}
}

// Classes counts the components by class.
func (r *Result) Classes() []ComponentClass {
	out := []ComponentClass{}
	for _, c := range r.sheet.classes {
		out = append(out, ComponentClass{Class: c.Name, Count: Bounds{Low: float64(c.Lo), High: float64(c.Hi)}})
	}
	return out
}
