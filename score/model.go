package score

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
)

// A Model is the set of rules: the numbers (data) and the arithmetic (code) of the score.
type Model struct {
	Pillars    []Pillar           `json:"pillars"`
	Indicators []Indicator        `json:"indicators"`
	Levels     []Level            `json:"levels"`
	Components map[string]float64 `json:"components" model:"0..1000"` // weight of one component of each class, ≥ 0
	Thresholds Thresholds         `json:"thresholds"`
	Idle       IdleRules          `json:"idle"`
	Zones      []Zone             `json:"zones,omitempty"`   // declared by the user
	Waivers    []Waiver           `json:"waivers,omitempty"` // declared by the user

	// Code is a hash over the arithmetic and the actions, so that the same numbers used otherwise are other rules.
	Code string `json:"code" file:"-" model:"-"`
	// Bounder gives the least number of hosts; L1 where it is nil.
	Bounder Bounder `json:"-"`
}

// A Pillar is one of the large questions.
type Pillar struct {
	ID       string  `json:"id" model:"id"`
	Title    string  `json:"title" model:"word"`
	Weight   float64 `json:"weight" model:"0..1"` // share of the score
	Question string  `json:"question" model:"word"`
}

// A Definition is the data of an indicator.
type Definition struct {
	ID         string   `json:"id" model:"id"`       // pillar, dot, name
	Weight     float64  `json:"weight" model:"0..1"` // share of the pillar
	Question   string   `json:"question" model:"word"`
	Why        string   `json:"why" model:"word"`
	Measured   string   `json:"measured" model:"word"`
	Ladder     []Step   `json:"ladder,omitempty"`
	References []string `json:"references" model:"word"`
}

// A Step is one rung of a ladder with its anchor, a convention.
type Step struct {
	ID    string  `json:"id" model:"id"`
	Value float64 `json:"value" model:"0..1"`
	Text  string  `json:"text" model:"word"`
}

// An Indicator is a question (data) with its arithmetic (code).
type Indicator struct {
	Definition `json:",inline"`
	// Tally adds the terms of one stack.
	Tally func(s *Stack, add *Adder) `json:"-"`
	// Rate turns the sum of all terms into an interval.
	Rate func(r *Rater) Rating `json:"-"`
}

// Pillar gives the pillar's ID and the indicator's name in it.
func (d *Definition) Pillar() (pillar, name string) {
	for i := range d.ID {
		if d.ID[i] == '.' {
			return d.ID[:i], d.ID[i+1:]
		}
	}
	return d.ID, ""
}

func (d *Definition) pillar() string { p, _ := d.Pillar(); return p }

// Step finds a rung by its ID.
func (d *Definition) Step(id string) (Step, bool) {
	for _, s := range d.Ladder {
		if s.ID == id {
			return s, true
		}
	}
	return Step{}, false
}

// rung finds the place of a step on the ladder; the lowest where there is no such step.
func (d *Definition) rung(id string) int {
	for i := range d.Ladder {
		if d.Ladder[i].ID == id {
			return i
		}
	}
	return 0
}

// A Level is a named state of an estate with its conditions, all on the low end. A condition of zero is none.
type Level struct {
	Number          int     `json:"number" model:"id"`
	Name            string  `json:"name" model:"word"`
	Text            string  `json:"text" model:"word"`
	Score           float64 `json:"score" model:"0..100"`          // at least
	Coverage        float64 `json:"coverage" model:"0..1"`         // of evidence, at least
	Virtualised     float64 `json:"virtualised" model:"0..1"`      // share of the work that is virtualised or containerised, at least
	SoftwareDefined float64 `json:"softwareDefined" model:"0..1"`  // pillar, at least
	Converged       float64 `json:"converged" model:"0..1"`        // pillar, at least, or not applicable
	Containerised   float64 `json:"containerised" model:"0..1"`    // share of the work without a guest operating system of its own, at least
	PerAttainable   float64 `json:"perAttainable" model:"0..1000"` // components per workload over the attainable bound, at most
	EveryPillar     float64 `json:"everyPillar" model:"0..1"`      // each applicable pillar, at least
}

// Thresholds are the remaining numbers of the model; model.yaml says what each means. Within their limits no arithmetic
// divides by zero or overflows, whatever the estate.
type Thresholds struct {
	ActiveCores         float64 `json:"activeCores" model:"0.0001..1024"`
	ActiveNetworkBytes  float64 `json:"activeNetworkBytes" model:"1..1e15"`
	IdleDays            float64 `json:"idleDays" model:"1..3650"`
	SeriesDays          float64 `json:"seriesDays" model:"1..3650"`
	CPUMargin           float64 `json:"cpuMargin" model:"1..10"`
	MemoryMargin        float64 `json:"memoryMargin" model:"1..10"`
	FloorCores          float64 `json:"floorCores" model:"0.0001..1024"`
	FloorGiB            float64 `json:"floorGiB" model:"0.001..1024"`
	CoreGiB             float64 `json:"coreGiB" model:"0.5..1024"`
	NeedFloorMilli      int64   `json:"needFloorMilli" model:"0..1000000"`
	NeedFloorMiB        int64   `json:"needFloorMiB" model:"0..1000000"`
	Headroom            float64 `json:"headroom" model:"0.05..1"`
	HostsPerSpare       int64   `json:"hostsPerSpare" model:"1..1000000"`
	MinimalPackages     int     `json:"minimalPackages" model:"0..1000000"`
	FreshDays           float64 `json:"freshDays" model:"0..3650"`
	WindowDays          float64 `json:"windowDays" model:"1..3650"`
	StepMilli           int64   `json:"stepMilli" model:"1..1000000"`
	StepMiB             int64   `json:"stepMiB" model:"1..1000000"`
	VMStepMilli         int64   `json:"vmStepMilli" model:"1..1000000"`
	VMStepMiB           int64   `json:"vmStepMiB" model:"1..1000000"`
	CeilingCores        float64 `json:"ceilingCores" model:"1..65536"`
	CeilingGiB          float64 `json:"ceilingGiB" model:"1..1048576"`
	ManyKinds           float64 `json:"manyKinds" model:"2..1000000"`
	WorstPerWorkload    float64 `json:"worstPerWorkload" model:"0..1000000"`
	WorstOverAttainable float64 `json:"worstOverAttainable" model:"1.1..1000000"`
}

// Rules is a hash over every number and every word of the model: results with different hashes were not made
// by the same rules.
func (m *Model) Rules() string {
	text, err := json.Marshal(m)
	if err != nil { // plain data cannot fail to encode
		panic(fmt.Sprintf("encoding the model: %v", err))
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:6])
}

// Indicator finds an indicator by its ID.
func (m *Model) Indicator(id string) *Indicator {
	for i := range m.Indicators {
		if m.Indicators[i].ID == id {
			return &m.Indicators[i]
		}
	}
	return nil
}

// Check finds what would make a model useless: numbers beyond their limits, weights that do not add up to 1, ladders
// out of order, indicators without a pillar or without code, zones and waivers that could not mean anything. The error
// is a *Fault.
func (m *Model) Check() error {
	for _, check := range []func() error{m.checkNumbers, m.checkIndicators, m.checkWeights, m.checkScope} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (m *Model) checkIndicators() error {
	for i := range m.Indicators {
		ind := &m.Indicators[i]
		path := "indicators." + ind.ID
		if !slices.ContainsFunc(m.Pillars, func(p Pillar) bool { return p.ID == ind.pillar() }) {
			return fault(fmt.Sprintf("indicator %s: no pillar %q", ind.ID, ind.pillar()), path)
		}
		if ind.Tally == nil || ind.Rate == nil {
			return fault(fmt.Sprintf("indicator %s: no arithmetic", ind.ID), path)
		}
		for j := 1; j < len(ind.Ladder); j++ {
			below, s := ind.Ladder[j-1], ind.Ladder[j]
			if s.Value < below.Value {
				return fault(fmt.Sprintf("indicator %s: step %s: value %s is below that of %s, %s: want steps in rising order", ind.ID, s.ID, Plain(s.Value), below.ID, Plain(below.Value)),
					path+".ladder."+s.ID+".value", path+".ladder."+below.ID+".value")
			}
		}
	}
	return nil
}

// checkWeights wants those of the pillars, and those of the indicators of each, to add up to 1.
func (m *Model) checkWeights() error {
	var all weights
	for _, p := range m.Pillars {
		all.add("pillars", p.ID, p.Weight)
	}
	if err := all.check("the pillars"); err != nil {
		return err
	}
	for _, p := range m.Pillars {
		var inside weights
		for i := range m.Indicators {
			if ind := &m.Indicators[i]; ind.pillar() == p.ID {
				inside.add("indicators", ind.ID, ind.Weight)
			}
		}
		if err := inside.check("the indicators of " + p.ID); err != nil {
			return err
		}
	}
	return nil
}

// weights are those that have to add up to 1.
type weights struct {
	sum   float64
	words []string
	paths []string
}

func (w *weights) add(of, id string, weight float64) {
	w.sum += weight
	w.words = append(w.words, id+" "+Plain(weight))
	w.paths = append(w.paths, of+"."+id+".weight")
}

func (w *weights) check(of string) error {
	if math.Abs(w.sum-1) < 1e-9 {
		return nil
	}
	return fault(fmt.Sprintf("weights of %s add up to %s, want 1: %s", of, Plain(math.Round(w.sum*1e9)/1e9), strings.Join(w.words, ", ")), w.paths...)
}
