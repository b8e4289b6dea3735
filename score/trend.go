package score

import "time"

// A Trend explains the change of the score since an earlier result: a sum of terms, each with its cause. Package trend
// makes it.
type Trend struct {
	From TrendEnd `json:"from"`
	To   TrendEnd `json:"to"`
	// Comparable says whether both ends were made by the same rules, or the earlier one could be rated again by today's.
	Comparable bool             `json:"comparable"`
	Note       string           `json:"note,omitempty"` // what limits the comparison
	Change     TrendChange      `json:"change"`
	Real       bool             `json:"real"`       // more than what is not known could account for
	Terms      []TrendTerm      `json:"terms"`      // points add up to the change; empty where only totals can be compared
	Indicators []TrendIndicator `json:"indicators"` // the last five terms, by indicator
	Hosts      TrendHosts       `json:"hosts"`
}

// A TrendEnd is one of the two results that are compared.
type TrendEnd struct {
	Time  time.Time `json:"time"`
	Score Bounds    `json:"score"`
	Level int       `json:"level"`
	Rules string    `json:"rules"` // hash of the rules that made it
}

// A TrendChange is how much the two ends of a score have changed, in points.
type TrendChange struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// Terms of a change.
const (
	TrendRuleset      = "ruleset"
	TrendWaivers      = "waivers"
	TrendEvidence     = "evidence"
	TrendIncomparable = "incomparable"
	TrendActivity     = "activity"
	TrendWeight       = "weight"
	TrendWithin       = "within"
	TrendMix          = "mix"
	TrendJoined       = "joined"
	TrendLeft         = "left"
)

// A TrendTerm is one cause with what it did to the score, in points.
type TrendTerm struct {
	ID     string  `json:"id"`
	Points float64 `json:"points"`         // at the low end
	High   float64 `json:"high"`           // at the high end
	Text   string  `json:"text,omitempty"` // the cause in words, in the terms of the score
}

// A TrendIndicator is the part of one indicator, among what is known of both estates.
type TrendIndicator struct {
	ID     string      `json:"id"`
	Change TrendChange `json:"change"`
	Terms  []TrendTerm `json:"terms"`
}

// TrendHosts says which hosts were seen at both ends, or at one only. Names are sorted.
type TrendHosts struct {
	Stayed       int            `json:"stayed"`
	Joined       []string       `json:"joined"`
	Left         []string       `json:"left"`
	Incomparable []Incomparable `json:"incomparable"` // seen at one end, and nobody could look at the other
	Conflicts    []string       `json:"conflicts"`    // identities that contradict each other
}

// An Incomparable is a host of which nobody can tell whether it joined, left or stayed.
type Incomparable struct {
	Name string `json:"name"`
	Why  string `json:"why"`
}
