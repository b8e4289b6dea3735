package score

import "time"

// PlanSchema names the form of a Plan.
const PlanSchema = "infraopt.plan/v1"

// A Plan is what an assessment says of what to do: the roadmap, its steps and where it leads. Every number in it is the
// assessment's.
type Plan struct {
	Schema          string           `json:"schema"`
	GeneratedAt     time.Time        `json:"generatedAt"`
	Tool            ToolInfo         `json:"tool"`
	Score           Bounds           `json:"score"` // before the first step
	Level           int              `json:"level"`
	LevelName       string           `json:"levelName"`
	Coverage        Coverage         `json:"coverage"`
	Headline        Headline         `json:"headline"`
	WhatIf          *WhatIf          `json:"whatIf,omitempty"`
	Roadmap         Roadmap          `json:"roadmap"`
	Recommendations []Recommendation `json:"recommendations"`
	Target          *Target          `json:"target"`
	Sources         []SourceResult   `json:"sources"`
}

// Plan is the part of the assessment that says what to do.
func (a *Assessment) Plan() *Plan {
	return &Plan{Schema: PlanSchema, GeneratedAt: a.GeneratedAt, Tool: a.Tool, Score: a.Score, Level: a.Level.Number, LevelName: a.Level.Name, Coverage: a.Coverage,
		Headline: a.Headline, WhatIf: a.WhatIf, Roadmap: a.Roadmap, Recommendations: a.Recommendations, Target: a.Target, Sources: a.Sources}
}

// WhatIf is what a user's own list of changes makes of an estate. The assessment that holds it is that of the changed estate.
type WhatIf struct {
	File     string         `json:"file"`
	Changes  []WhatIfChange `json:"changes"`
	Before   Standing       `json:"before"`
	After    Standing       `json:"after"`
	Outcomes *Outcomes      `json:"outcomes"`
}

// WhatIfChange is one of a user's changes, as it was applied.
type WhatIfChange struct {
	Where    string   `json:"where"` // file:line
	Text     string   `json:"text"`
	Changed  int      `json:"changed"`  // things
	Subjects []string `json:"subjects"` // the first of them
	Notes    []string `json:"notes"`    // what the change takes for granted, or leaves to be done
}

// Standing is where an estate stands, in few numbers.
type Standing struct {
	Score                 Bounds           `json:"score"`
	Level                 int              `json:"level"`
	LevelName             string           `json:"levelName"`
	Evidence              float64          `json:"evidence"` // coverage
	Components            Bounds           `json:"components"`
	ComponentsPerWorkload Bounds           `json:"componentsPerWorkload"`
	Hosts                 int              `json:"hosts"`
	Pillars               []PillarStanding `json:"pillars"`
}

// PillarStanding is where an estate stands in one pillar.
type PillarStanding struct {
	ID   string  `json:"id"`
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// Standing is where the estate stands.
func (a *Assessment) Standing() Standing {
	s := Standing{Score: a.Score, Level: a.Level.Number, LevelName: a.Level.Name, Evidence: a.Coverage.Evidence, Components: a.Headline.ComponentsBounds,
		ComponentsPerWorkload: a.Headline.ComponentsPerWorkload, Hosts: a.Headline.Hosts, Pillars: []PillarStanding{}}
	for i := range a.Pillars {
		s.Pillars = append(s.Pillars, PillarStanding{ID: a.Pillars[i].ID, Low: a.Pillars[i].Low, High: a.Pillars[i].High})
	}
	return s
}
