package score

import (
	"cmp"
	"math"
	"slices"
)

// SensitivitySchema names the form of a Sensitivity.
const SensitivitySchema = "infraopt.sensitivity/v1"

// A Sensitivity says how far the score of an estate depends on the numbers of the model that are conventions: it is
// rated anew with many sets of them. In each draw every weight of a pillar, every weight of an indicator in its
// pillar and every anchor of a step is multiplied by a factor of its own, evenly distributed. It is plain data;
// scores and points are 0–100, shares 0–1.
type Sensitivity struct {
	Schema        string       `json:"schema"`
	Rules         string       `json:"rules"`                // hash over the model whose numbers were varied
	Assumption    string       `json:"assumption,omitempty"` // running-is-active, where the estate was scored on it
	Draws         int          `json:"draws"`
	Seed          int64        `json:"seed"`
	WeightFactors Bounds       `json:"weightFactors"`  // of weights; what applies then shares out its weights to add up to 1
	AnchorFactors Bounds       `json:"anchorFactors"`  // of anchors, which are kept in rising order and at 1 at most
	Score         Bounds       `json:"score"`          // at the model's own numbers; both ends null where there is nothing to rate
	Level         LevelShare   `json:"level"`          // at the model's own numbers, with the share of draws that give the same
	Low           *Quantiles   `json:"low"`            // of the low end over all draws; null where there is nothing to rate
	High          *Quantiles   `json:"high"`           // of the high end over all draws; null where there is nothing to rate
	Levels        []LevelShare `json:"levels"`         // all there are, from 0 upwards
	EffectDraws   int          `json:"effectDraws"`    // draws for each of the effects, the first of all
	Effects       []Effect     `json:"effects"`        // of one pillar or indicator at a time, the largest first
	Note          string       `json:"note,omitempty"` // what does not vary at all, and why
}

// Quantiles are values that so many percent of the draws do not exceed, each the result of some draw.
type Quantiles struct {
	P5  float64 `json:"p5"`
	P50 float64 `json:"p50"`
	P95 float64 `json:"p95"`
}

// A LevelShare is a level with the share of the draws that give it.
type LevelShare struct {
	Number int     `json:"number"`
	Name   string  `json:"name"`
	Share  float64 `json:"share"`
}

// An Effect is how far the score moves when nothing is drawn but the weight of one pillar, or the weight and the
// anchors of one indicator.
type Effect struct {
	Kind  string  `json:"kind"` // pillar or indicator
	ID    string  `json:"id"`
	Title string  `json:"title"`
	Low   float64 `json:"low"`  // points between the 5th and the 95th percentile of the low end
	High  float64 `json:"high"` // points between the 5th and the 95th percentile of the high end
}

// SensitivityOptions is what a Sensitivity depends on besides the model and the tally.
type SensitivityOptions struct {
	Draws      int    // at least 1
	Seed       int64  // the same gives the same result
	Assumption string // under which the tally was made, to be named in the result
}

// The bounds of the factors, and how many draws show the effect of a single pillar or indicator: percentiles need no
// more, and there are many to show.
const (
	leastWeight, mostWeight = .5, 1.5
	leastAnchor, mostAnchor = .9, 1.1
	effectDraws             = 2000
)

// Sensitivity rates an estate by its tally, with other weights and anchors in each draw. What is counted and what it
// is compared with (thresholds, levels, weights of components) stays as it is.
func (m *Model) Sensitivity(t *Tally, opt SensitivityOptions) *Sensitivity {
	opt.Draws = max(1, opt.Draws)
	own := m.Rate(t)
	out := &Sensitivity{
		Schema: SensitivitySchema, Rules: m.Rules(), Assumption: opt.Assumption, Draws: opt.Draws, Seed: opt.Seed,
		WeightFactors: Bounds{Low: leastWeight, High: mostWeight}, AnchorFactors: Bounds{Low: leastAnchor, High: mostAnchor},
		Score: own.Score, EffectDraws: min(opt.Draws, effectDraws),
	}
	s := newSampler(m, own.sheet)
	random := stream(opt.Seed)
	var all ends
	single := make([]ends, len(m.Pillars)+len(m.Indicators))
	levels := map[int]int{}
	for draw := range opt.Draws {
		s.draw(&random)
		all.add(s.everything())
		levels[s.level()]++
		if draw >= out.EffectDraws {
			continue
		}
		for i := range single {
			single[i].add(s.only(i))
		}
	}
	if !own.Score.None {
		low, high := all.quantiles()
		out.Low, out.High = &low, &high
	}
	out.Levels = m.levelShares(levels, opt.Draws)
	for _, l := range out.Levels {
		if l.Number == own.Level.Number {
			out.Level = l
		}
	}
	out.Effects = m.effects(single)
	out.Note = all.note(own)
	return out
}

// levelShares lists all levels with their shares of the draws.
func (m *Model) levelShares(counts map[int]int, draws int) []LevelShare {
	out := []LevelShare{{Name: unassessedName, Share: float64(counts[0]) / float64(draws)}}
	for _, l := range m.Levels {
		out = append(out, LevelShare{Number: l.Number, Name: l.Name, Share: float64(counts[l.Number]) / float64(draws)})
	}
	return out
}

// effects tells what each pillar and each indicator does by itself, the largest effect on the low end first.
func (m *Model) effects(single []ends) []Effect {
	out := make([]Effect, 0, len(single))
	for i := range single {
		x := Effect{Kind: "indicator"}
		if j := i - len(m.Pillars); j >= 0 {
			x.ID, x.Title = m.Indicators[j].ID, m.Indicators[j].Question
		} else {
			x.Kind, x.ID, x.Title = "pillar", m.Pillars[i].ID, m.Pillars[i].Question
		}
		low, high := single[i].quantiles()
		x.Low, x.High = low.width(), high.width()
		out = append(out, x)
	}
	slices.SortStableFunc(out, func(a, b Effect) int {
		return cmp.Or(cmp.Compare(b.Low, a.Low), cmp.Compare(b.High, a.High))
	})
	return out
}

// ends are the low and high ends of the scores of many draws.
type ends struct{ low, high []float64 }

func (e *ends) add(b Bounds) { e.low, e.high = append(e.low, b.Low), append(e.high, b.High) }

func (e *ends) quantiles() (low, high Quantiles) { return quantilesOf(e.low), quantilesOf(e.high) }

// quantilesOf sorts the values and takes those of the nearest rank: the least that enough others do not exceed.
func quantilesOf(values []float64) Quantiles {
	slices.Sort(values)
	at := func(p float64) float64 { return values[int(math.Ceil(p*float64(len(values))))-1] }
	return Quantiles{P5: at(.05), P50: at(.50), P95: at(.95)}
}

// width is how far the values lie apart. What only the rounding of sums moves does not move.
func (q Quantiles) width() float64 { return math.Round((q.P95-q.P5)*1e9) / 1e9 }

// note says in words what no draw changes, and why where a reason is known.
func (e *ends) note(own *Result) string {
	still := func(values []float64) bool { return slices.Max(values)-slices.Min(values) < 1e-9 }
	text := ""
	switch {
	case own.Score.None:
		text = "there is no score to vary"
	case still(e.low) && still(e.high):
		text = "no draw changes the score"
	case still(e.low):
		text = "no draw changes the low end"
	case still(e.high):
		text = "no draw changes the high end"
	}
	if text != "" && own.Unassessed != "" {
		text += ": " + own.Unassessed
	}
	return text
}

// A sampler rates one sheet again and again with other weights and anchors, through the same code as any rating. Of a
// draw it changes only what it has to: what has no steps keeps its rating.
type sampler struct {
	own     *Model
	ratings []Rating // by indicator, at the model's own anchors

	model Model              // a copy, with the weights and anchors of the moment
	res   *Result            // of that model
	at    []*IndicatorRating // by indicator, in that result
	now   []Rating           // by indicator, at the anchors of the moment

	// The factors of a draw: of the weights of pillars and indicators, and of the anchors of each indicator.
	pillars, indicators []float64
	anchors             [][]float64
	values              []float64 // room to sort anchors in
}

func newSampler(m *Model, s *sheet) *sampler {
	x := &sampler{own: m, model: *m, pillars: make([]float64, len(m.Pillars)), indicators: make([]float64, len(m.Indicators)), at: make([]*IndicatorRating, len(m.Indicators))}
	x.model.Pillars, x.model.Indicators = slices.Clone(m.Pillars), slices.Clone(m.Indicators)
	for i := range x.model.Indicators {
		ladder := slices.Clone(m.Indicators[i].Ladder)
		x.model.Indicators[i].Ladder = ladder
		x.anchors = append(x.anchors, make([]float64, len(ladder)))
	}
	x.res = x.model.answer(s)
	for _, p := range x.res.Pillars {
		for j := range p.Indicators {
			i := slices.IndexFunc(m.Indicators, func(ind Indicator) bool { return ind.ID == p.Indicators[j].ID })
			x.at[i] = &p.Indicators[j]
		}
	}
	for i := range x.at {
		x.ratings = append(x.ratings, x.at[i].Rating)
	}
	x.now = slices.Clone(x.ratings)
	return x
}

// draw draws new factors for everything.
func (x *sampler) draw(random *stream) {
	fill := func(factors []float64, least, most float64) {
		for i := range factors {
			factors[i] = random.between(least, most)
		}
	}
	fill(x.pillars, leastWeight, mostWeight)
	fill(x.indicators, leastWeight, mostWeight)
	for i := range x.anchors {
		fill(x.anchors[i], leastAnchor, mostAnchor)
	}
}

// everything rates with all factors of the draw.
func (x *sampler) everything() Bounds {
	for i := range x.pillars {
		x.varyPillar(i)
	}
	for i := range x.indicators {
		x.varyIndicator(i)
	}
	return x.rate()
}

// only rates with the factors of one pillar or indicator, counted through, and all other numbers the model's own.
func (x *sampler) only(i int) Bounds {
	copy(x.model.Pillars, x.own.Pillars)
	for j := range x.indicators {
		x.model.Indicators[j].Weight = x.own.Indicators[j].Weight
		copy(x.model.Indicators[j].Ladder, x.own.Indicators[j].Ladder)
	}
	copy(x.now, x.ratings)
	if j := i - len(x.pillars); j >= 0 {
		x.varyIndicator(j)
	} else {
		x.varyPillar(i)
	}
	return x.rate()
}

// varyPillar sets the weight of a pillar. Weights need not add up to 1 here: what applies shares them out.
func (x *sampler) varyPillar(i int) {
	x.model.Pillars[i].Weight = x.own.Pillars[i].Weight * x.pillars[i]
}

// varyIndicator sets the weight and the anchors of an indicator, and rates it.
func (x *sampler) varyIndicator(i int) {
	own, ind := &x.own.Indicators[i], &x.model.Indicators[i]
	ind.Weight = own.Weight * x.indicators[i]
	if len(ind.Ladder) == 0 {
		return
	}
	x.values = x.values[:0]
	for j := range own.Ladder {
		x.values = append(x.values, clamp(own.Ladder[j].Value*x.anchors[i][j], 0, 1))
	}
	slices.Sort(x.values) // a step never falls below a lower one
	for j := range ind.Ladder {
		ind.Ladder[j].Value = x.values[j]
	}
	x.now[i] = x.model.rateIndicator(i, x.res.sheet, &x.res.sums, true)
}

// rate rates with the weights and anchors of the moment.
func (x *sampler) rate() Bounds {
	for i := range x.at {
		x.at[i].Rating = x.now[i]
	}
	x.model.settle(x.res)
	return x.res.Score
}

// level is the number of the level that the last rating reaches.
func (x *sampler) level() int {
	if l := x.model.reached(x.res); l != nil {
		return l.Number
	}
	return 0
}
