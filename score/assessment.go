package score

import (
	"encoding/json"
	"time"

	"github.com/infraopt/infraopt/collect/inventory"
)

// AssessmentSchema names the form of an Assessment.
const AssessmentSchema = "infraopt.assessment/v1"

// An Assessment is everything that is said about an estate. It is plain data: every format renders it and
// none computes anything that it does not hold. Shares are 0–1, scores and points 0–100, sizes bytes.
type Assessment struct {
	Schema          string           `json:"schema"`
	GeneratedAt     time.Time        `json:"generatedAt"`
	Tool            ToolInfo         `json:"tool"`
	Score           Bounds           `json:"score"` // low is what is proven; both ends null where there is nothing to rate
	Assumed         *Assumed         `json:"assumed,omitempty"`
	Waivers         []WaiverResult   `json:"waivers,omitempty"`  // what was taken out of the score, and why
	Unwaived        *Bounds          `json:"unwaived,omitempty"` // the score that there would be without waivers
	Coverage        Coverage         `json:"coverage"`
	Level           LevelResult      `json:"level"`
	Headline        Headline         `json:"headline"`
	Pillars         []PillarResult   `json:"pillars"`
	Stacks          []StackClass     `json:"stacks"` // what work stands on
	Inventory       Inventory        `json:"inventory"`
	KPIs            *KPIs            `json:"kpis"`          // to compare the estate with others; null where nothing was planned
	Machines        []MachineResult  `json:"machines"`      // the first of MachinesTotal
	MachinesTotal   int              `json:"machinesTotal"` //
	Containers      []ContainerInfo  `json:"containers"`    // the first of Inventory.Containers.Total
	VMs             []VMInfo         `json:"vms"`
	Recommendations []Recommendation `json:"recommendations"`
	Roadmap         Roadmap          `json:"roadmap"`
	Target          *Target          `json:"target"`            // the estate that the roadmap ends in; null where no plan was made
	WhatIf          *WhatIf          `json:"whatIf,omitempty"`  // what the user's own changes make of the estate; then all else is about the changed one
	Trend           *Trend           `json:"trend,omitempty"`   // since an earlier result, where one was given
	Quarter         *Quarter         `json:"quarter,omitempty"` // of a quarterly report
	Risks           []Risk           `json:"risks"`
	Findings        []Found          `json:"findings"` // noticed on machines, and in no score
	Gaps            []GapResult      `json:"gaps"`
	Sources         []SourceResult   `json:"sources"`
}

// ToolInfo says which program made the assessment and by which rules.
type ToolInfo struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Commit  string `json:"commit"`
	Rules   string `json:"rules"`           // hash over model, indicators and actions
	Model   string `json:"model,omitempty"` // the user's model file, where one changed the rules
}

// Bounds is an interval that a true value is known to lie in. Without a value both ends are null in JSON.
type Bounds struct {
	Low, High float64
	None      bool // there is nothing to give bounds of
}

type boundsJSON struct {
	Low  *float64 `json:"low"`
	High *float64 `json:"high"`
}

// MarshalJSON writes {"low":…,"high":…}.
func (b Bounds) MarshalJSON() ([]byte, error) {
	if b.None {
		return json.Marshal(boundsJSON{})
	}
	return json.Marshal(boundsJSON{&b.Low, &b.High})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (b *Bounds) UnmarshalJSON(text []byte) error {
	var j boundsJSON
	if err := json.Unmarshal(text, &j); err != nil {
		return err
	}
	*b = Bounds{None: j.Low == nil || j.High == nil}
	if !b.None {
		b.Low, b.High = *j.Low, *j.High
	}
	return nil
}

// Assumed is the result under an assumption. It stands beside the proven result, never in its place.
type Assumed struct {
	Assumption string         `json:"assumption"` // running-is-active
	Score      Bounds         `json:"score"`
	Level      LevelResult    `json:"level"`
	Headline   Headline       `json:"headline"`
	Pillars    []PillarResult `json:"pillars"`
	Stacks     []StackClass   `json:"stacks"`
}

// Coverage says how much of the estate and of the questions could be seen.
type Coverage struct {
	Frame     float64 `json:"frame"`     // machines looked into / machines known to exist
	Evidence  float64 `json:"evidence"`  // share of indicator weight that is known
	Freshness float64 `json:"freshness"` // share of evidence younger than FreshDays
	FreshDays float64 `json:"freshDays"`
}

// LevelResult is a level with what decides it.
type LevelResult struct {
	Number       int        `json:"number"`
	Name         string     `json:"name"`
	Reason       string     `json:"reason,omitempty"` // why unassessed
	HeldBackBy   []Gate     `json:"heldBackBy"`       // gates of the next level that are not met
	Next         string     `json:"next,omitempty"`   // name of the next level
	NextGates    []Gate     `json:"nextGates"`        // all gates of the next level
	Distribution []StepMass `json:"distribution"`     // workloads by their own step on the ladder of isolation
}

// Gate is a condition of a level with where the estate stands.
type Gate struct {
	ID    string  `json:"id"`
	Text  string  `json:"text"` // "converged ≥ .50"
	Unit  string  `json:"unit"` // of Have and Want
	Have  float64 `json:"have"` // on the low end
	High  float64 `json:"high"` // at the high end: what it could be while some things are not known
	Want  float64 `json:"want"`
	Met   bool    `json:"met"`
	Upper bool    `json:"upper,omitempty"` // Have must be at most Want, not at least
	Lift  []Lift  `json:"lift"`            // what would bring it about, the most effective first; empty where it is met
}

// Kinds of lift: a look at what is not known, and a recommendation.
const (
	LiftSee = "see"
	LiftDo  = "do"
)

// A Lift is something that would help an estate over a gate.
type Lift struct {
	Kind string  `json:"kind"` // see or do
	Text string  `json:"text"` // what to look at, or the title of the recommendation
	ID   string  `json:"id,omitempty"`
	Have float64 `json:"have"` // where the gate then stands: at best for a look, on the low end for a recommendation
	Met  bool    `json:"met"`
}

// Units of gates.
const (
	UnitShare  = "share"
	UnitPoints = "points"
	UnitRatio  = "ratio"
	UnitCount  = "count"
)

// StepMass is how much of the work stands on one step (or between two, where that is unknown).
type StepMass struct {
	Step      string `json:"step"`
	Text      string `json:"text"`
	Workloads int64  `json:"workloads"`
	Share     Bounds `json:"share"` // of the weight of all work
}

// Headline is the one number people remember: components per workload, against what is attainable.
type Headline struct {
	Components            float64          `json:"components"` // known to exist
	ComponentsBounds      Bounds           `json:"componentsBounds"`
	ByClass               []ComponentClass `json:"byClass"`
	Workloads             Bounds           `json:"workloads"`
	ComponentsPerWorkload Bounds           `json:"componentsPerWorkload"`
	Attainable            Bounds           `json:"attainable"`
	Hosts                 int              `json:"hosts"`
	HostsBound            int              `json:"hostsBound"` // no plan needs fewer, proven, spares included
	HostsPlan             *int             `json:"hostsPlan"`  // null until a plan was made
}

// ComponentClass counts the components of one class.
type ComponentClass struct {
	Class  string  `json:"class"`
	Count  Bounds  `json:"count"`
	Weight float64 `json:"weight"`
}

// PillarResult is one pillar with its indicators.
type PillarResult struct {
	ID         string            `json:"id"`
	Title      string            `json:"title"`
	Weight     float64           `json:"weight"` // share of the score, after what does not apply has left
	Low        float64           `json:"low"`
	High       float64           `json:"high"`
	Points     Points            `json:"points"`
	Applicable bool              `json:"applicable"`
	Indicators []IndicatorResult `json:"indicators"`
}

// Points are points of the score.
type Points struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
	Max  float64 `json:"max"`
}

// IndicatorResult is the answer to one question.
type IndicatorResult struct {
	ID          string     `json:"id"`
	Title       string     `json:"title"`
	Weight      float64    `json:"weight"` // share of the pillar, after what does not apply has left
	Low         float64    `json:"low"`
	High        float64    `json:"high"`
	Points      Points     `json:"points"`
	Applicable  bool       `json:"applicable"`
	Coverage    float64    `json:"coverage"`
	Explanation string     `json:"explanation"`
	Sums        []Sum      `json:"sums"` // what low and high were worked out from
	Evidence    []Evidence `json:"evidence"`
}

// Evidence is one fact behind an indicator, the ones that matter most first.
type Evidence struct {
	Subject string  `json:"subject"`
	Fact    string  `json:"fact"`
	Value   string  `json:"value"`
	Source  string  `json:"source"`
	Known   bool    `json:"known"`
	Why     string  `json:"why,omitempty"` // why unknown
	Remedy  string  `json:"remedy,omitempty"`
	Lost    float64 `json:"lost"` // points below full marks at the low end, through this subject
	Open    float64 `json:"open"` // points between the low and the high end, through this subject
}

// Inventory counts what was seen.
type Inventory struct {
	Machines    MachineCounts  `json:"machines"`
	Hypervisors int            `json:"hypervisors"`
	VMs         RunCounts      `json:"vms"`
	Containers  RunCounts      `json:"containers"`
	Images      int            `json:"images"`
	Volumes     int            `json:"volumes"`
	Clusters    int            `json:"clusters"`
	Storage     int            `json:"storage"`
	Networks    int            `json:"networks"`
	Workloads   WorkloadCounts `json:"workloads"`
}

// MachineCounts counts machines by kind.
type MachineCounts struct {
	Physical int `json:"physical"`
	Virtual  int `json:"virtual"`
	Cloud    int `json:"cloud"`
	Unknown  int `json:"unknown"`
}

// RunCounts counts things that run or do not.
type RunCounts struct {
	Total   int `json:"total"`
	Running int `json:"running"`
}

// WorkloadCounts counts workloads by layer.
type WorkloadCounts struct {
	Infrastructure int `json:"infrastructure"`
	Service        int `json:"service"`
	Application    int `json:"application"`
}

// MachineResult is one machine. Score is what the machine alone would score.
type MachineResult struct {
	ID         string   `json:"id"`
	Name       string   `json:"name"`
	Kind       string   `json:"kind"`
	OS         string   `json:"os"`
	On         string   `json:"on,omitempty"` // ID of the machine below, for a guest
	Roles      []string `json:"roles"`
	Score      Bounds   `json:"score"`
	Level      int      `json:"level"`
	Components float64  `json:"components"`
	Workloads  int      `json:"workloads"`
	Containers int      `json:"containers"`
	VMs        int      `json:"vms"`
	Cores      *float64 `json:"cores"`
	Memory     *int64   `json:"memory"`
	Gaps       int      `json:"gaps"`
	Seen       []string `json:"seen"`
}

// ContainerInfo is one container as it was read.
type ContainerInfo struct {
	inventory.Container
	MachineName string `json:"machineName"`
}

// VMInfo is one virtual machine as it was read.
type VMInfo struct {
	inventory.VM
	MachineName string `json:"machineName"`
	Guest       string `json:"guest,omitempty"` // ID of the machine seen inside
}

// Recommendation is one thing to do, with what it brings when all before it in the list are done.
type Recommendation struct {
	ID            string   `json:"id"`
	Action        string   `json:"action"`
	Title         string   `json:"title"`
	Why           string   `json:"why"`
	Subjects      []string `json:"subjects"`
	Evidence      []string `json:"evidence"`
	Effort        float64  `json:"effort"` // points, a convention
	Risk          string   `json:"risk"`
	Reversible    bool     `json:"reversible"`
	Gain          Gain     `json:"gain"`
	Confidence    string   `json:"confidence"` // proven, indicative or assumed
	Prerequisites []string `json:"prerequisites"`
	Blockers      []string `json:"blockers"`  // what stands in the way, with the evidence; what is listed as a subject has none
	Isolation     []string `json:"isolation"` // boundaries between workloads that go away
	Begins        string   `json:"begins"`    // the wave in which it can begin
	Wave          string   `json:"wave"`      // and be done
	Next          string   `json:"next"`      // the command to start with
}

// Gain is what re-scoring the changed estate says, never a guess.
type Gain struct {
	Score       float64        `json:"score"`             // points at the low end, in sequence
	ScoreHigh   float64        `json:"scoreHigh"`         // points at the high end, in sequence
	Solo        float64        `json:"solo"`              // points at the low end, done alone
	Components  float64        `json:"components"`        // components removed
	Removes     map[string]int `json:"removes,omitempty"` // what goes away, by class: os-image, server, container, image, volume
	Bytes       int64          `json:"bytes,omitempty"`   // bytes reclaimed
	Hosts       int            `json:"hosts"`
	EnergyKWh   *Bounds        `json:"energyKWh"`   // saved a year; null where nobody asked
	CostPerYear *Bounds        `json:"costPerYear"` // saved a year; null without a price book
}

// Roadmap is what all recommendations together bring.
type Roadmap struct {
	Steps      int        `json:"steps"`
	Effort     float64    `json:"effort"`
	From       Bounds     `json:"from"`
	To         Bounds     `json:"to"`
	LevelFrom  int        `json:"levelFrom"`
	LevelTo    int        `json:"levelTo"`
	LevelName  string     `json:"levelName"`
	Components [2]float64 `json:"components"` // now, then
	Basis      string     `json:"basis"`      // proven, or the assumption under which gains were computed
	Waves      []Wave     `json:"waves"`
	Withheld   string     `json:"withheld,omitempty"` // why no advice is given, and what would change that
}

// Risk is something to know that no score shows, such as hosts without a spare.
type Risk struct {
	ID      string `json:"id"`
	Subject string `json:"subject"`
	Text    string `json:"text"`
}

// GapResult is something that could not be seen, with the points it keeps open.
type GapResult struct {
	inventory.Gap
	Points float64 `json:"points"` // width of the score that facts with this remedy keep open; 0 where it keeps none
}

// SourceResult is how the reading of one target went.
type SourceResult struct {
	Target     string           `json:"target"`
	Scheme     string           `json:"scheme"`
	Status     inventory.Status `json:"status"`
	DurationMS int64            `json:"durationMs"`
	Entities   int              `json:"entities"`
	Error      string           `json:"error"`
	Remedy     string           `json:"remedy,omitempty"`
}
