package score

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// A Model is the set of rules: the numbers (data) and the arithmetic (code) of the score.
type Model struct {
	Pillars    []Pillar           `json:"pillars"`
	Indicators []Indicator        `json:"indicators"`
	Levels     []Level            `json:"levels"`
	Components map[string]float64 `json:"components"` // weight of one component of each class, ≥ 0
	Thresholds Thresholds         `json:"thresholds"`
	Idle       IdleRules          `json:"idle"`
	Zones      []Zone             `json:"zones,omitempty"`   // declared by the user
	Waivers    []Waiver           `json:"waivers,omitempty"` // declared by the user

	// Bounder gives the least number of hosts; L1 where it is nil.
	Bounder Bounder `json:"-" yaml:"-"`
}

// A Pillar is one of the large questions.
type Pillar struct {
	ID       string  `json:"id"`
	Title    string  `json:"title"`
	Weight   float64 `json:"weight"` // share of the score
	Question string  `json:"question"`
}

// A Definition is the data of an indicator.
type Definition struct {
	ID         string   `json:"id"`     // pillar, dot, name
	Weight     float64  `json:"weight"` // share of the pillar
	Question   string   `json:"question"`
	Why        string   `json:"why"`
	Measured   string   `json:"measured"`
	Ladder     []Step   `json:"ladder,omitempty"`
	References []string `json:"references"`
}

// A Step is one rung of a ladder with its anchor, a convention.
type Step struct {
	ID    string  `json:"id"`
	Value float64 `json:"value"`
	Text  string  `json:"text"`
}

// An Indicator is a question (data) with its arithmetic (code).
type Indicator struct {
	Definition `json:",inline" yaml:",inline"`
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
	Number          int     `json:"number"`
	Name            string  `json:"name"`
	Text            string  `json:"text"`
	Score           float64 `json:"score"`           // at least
	Coverage        float64 `json:"coverage"`        // of evidence, at least
	Virtualised     float64 `json:"virtualised"`     // share of the work that is virtualised or containerised, at least
	SoftwareDefined float64 `json:"softwareDefined"` // pillar, at least
	Converged       float64 `json:"converged"`       // pillar, at least, or not applicable
	Containerised   float64 `json:"containerised"`   // share of the work without a guest operating system of its own, at least
	PerAttainable   float64 `json:"perAttainable"`   // components per workload over the attainable bound, at most
	EveryPillar     float64 `json:"everyPillar"`     // each applicable pillar, at least
}

// Thresholds are the remaining numbers of the model; model.yaml says what each means.
type Thresholds struct {
	ActiveCores        float64 `json:"activeCores"`
	ActiveNetworkBytes float64 `json:"activeNetworkBytes"`
	IdleDays           float64 `json:"idleDays"`
	SeriesDays         float64 `json:"seriesDays"`
	CPUMargin          float64 `json:"cpuMargin"`
	MemoryMargin       float64 `json:"memoryMargin"`
	FloorCores         float64 `json:"floorCores"`
	FloorGiB           float64 `json:"floorGiB"`
	CoreGiB            float64 `json:"coreGiB"`
	NeedFloorMilli     int64   `json:"needFloorMilli"`
	NeedFloorMiB       int64   `json:"needFloorMiB"`
	Headroom           float64 `json:"headroom"`
	HostsPerSpare      int64   `json:"hostsPerSpare"`
	MinimalPackages    int     `json:"minimalPackages"`
	FreshDays          float64 `json:"freshDays"`
	WindowDays         float64 `json:"windowDays"`
	StepMilli          int64   `json:"stepMilli"`
	StepMiB            int64   `json:"stepMiB"`
	VMStepMilli        int64   `json:"vmStepMilli"`
	VMStepMiB          int64   `json:"vmStepMiB"`
	CeilingCores       float64 `json:"ceilingCores"`
	CeilingGiB         float64 `json:"ceilingGiB"`
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

// Check finds what would make a model useless: weights that do not add up to 1, ladders out of order or out of
// [0,1], indicators without a pillar or without code.
func (m *Model) Check() error {
	var sum float64
	byPillar := map[string]float64{}
	for _, p := range m.Pillars {
		sum += p.Weight
		byPillar[p.ID] = 0
	}
	if !near(sum, 1) {
		return fmt.Errorf("weights of the pillars add up to %g, want 1", sum)
	}
	for _, i := range m.Indicators {
		p, _ := i.Pillar()
		if _, ok := byPillar[p]; !ok {
			return fmt.Errorf("indicator %s: no pillar %q", i.ID, p)
		}
		if i.Weight < 0 {
			return fmt.Errorf("indicator %s: weight %g is negative", i.ID, i.Weight)
		}
		byPillar[p] += i.Weight
		last := 0.0
		for _, s := range i.Ladder {
			if s.Value < last || s.Value > 1 {
				return fmt.Errorf("indicator %s: step %s: value %g, want steps in rising order between 0 and 1", i.ID, s.ID, s.Value)
			}
			last = s.Value
		}
		if i.Tally == nil || i.Rate == nil {
			return fmt.Errorf("indicator %s: no arithmetic", i.ID)
		}
	}
	for _, p := range m.Pillars {
		if w := byPillar[p.ID]; !near(w, 1) {
			return fmt.Errorf("weights of the indicators of %s add up to %g, want 1", p.ID, w)
		}
	}
	for class, w := range m.Components {
		if w < 0 {
			return fmt.Errorf("component class %s: weight %g is negative", class, w)
		}
	}
	if !slices.Contains(IdleRuleNames(), m.Idle.Rule) {
		return fmt.Errorf("idle rule %q: want one of %s", m.Idle.Rule, strings.Join(IdleRuleNames(), ", "))
	}
	return m.checkScope()
}

func near(a, b float64) bool { return a-b < 1e-9 && b-a < 1e-9 }
