package score

import "time"

// A Quarter is what a quarterly report says beside the assessment at the end of the quarter. The change since the quarter
// before is the assessment's Trend.
type Quarter struct {
	Name      string         `json:"name"` // 2026Q4
	From      time.Time      `json:"from"`
	To        time.Time      `json:"to"`       // the first moment that is no longer in it
	Over      bool           `json:"over"`     // false while the quarter is not: the report is a preliminary one
	TakenAt   time.Time      `json:"takenAt"`  // when what is rated was seen
	Previous  string         `json:"previous"` // the quarter that Trend compares with; empty where there is none to compare with
	YearAgo   *Trend         `json:"yearAgo"`  // the change since the same quarter of the year before; null where nothing was kept of it
	Missing   []string       `json:"missing"`  // quarters that nothing was kept of, with what follows from that
	Points    []QuarterPoint `json:"points"`   // the ends of the quarters that there are, rated by today's rules, the oldest first
	Followed  []Followed     `json:"followed"` // what has become of the recommendations of the quarter before, and which are new
	Promised  *float64       `json:"promised"` // points that the steps that are done were to bring; null where there was no roadmap
	Delivered *float64       `json:"delivered"`
	Forecast  *Forecast      `json:"forecast"` // null where one quarter is all there is
}

// A QuarterPoint is where an estate stood at the end of a quarter.
type QuarterPoint struct {
	Quarter    string    `json:"quarter"`
	TakenAt    time.Time `json:"takenAt"`
	Score      Bounds    `json:"score"`
	Level      int       `json:"level"`
	Coverage   float64   `json:"coverage"` // of evidence
	Components float64   `json:"components"`
	Hosts      int       `json:"hosts"`
}

// What has become of a recommendation.
const (
	FollowedDone         = "done"
	FollowedPartly       = "partly"
	FollowedOpen         = "open"
	FollowedNew          = "new"
	FollowedIncomparable = "incomparable" // nobody can tell: what it was about could not be looked at again
)

// Followed is what has become of one recommendation of an earlier roadmap. What it found to do is done where the same
// question, asked of the facts that are known at both ends, has another answer now.
type Followed struct {
	Action string `json:"action"`
	Title  string `json:"title"` // as it was recommended, or is now where it is new
	Status string `json:"status"`
	// Subjects of then: each is in one of the numbers after it.
	Subjects     int `json:"subjects"`
	Done         int `json:"done"`
	Gone         int `json:"gone"` // with the host they were on, which left the estate
	Open         int `json:"open"`
	Incomparable int `json:"incomparable"`
	Added        int `json:"added"` // subjects of today that were none then
	// Promised is the gain of all of it in the roadmap of then, in points at the low end; null where it is new.
	Promised *float64 `json:"promised"`
	// Delivered is what the part that is done brings, found by doing just that to the estate of then and rating it again; null
	// where that cannot be worked out.
	Delivered *float64 `json:"delivered"`
}

// A Forecast says when the next level is reached if things go on as they have: from the changes between the ends of all
// pairs of quarters, the median of them and their range (after Theil and Sen).
type Forecast struct {
	Level    int            `json:"level"`
	Name     string         `json:"name"`
	Quarters ForecastSpan   `json:"quarters"` // from the end of the last one until all gates are met
	Gates    []ForecastGate `json:"gates"`    // those that are not met
	Basis    int            `json:"basis"`    // quarters that it rests on
}

// A ForecastGate is one gate with its pace.
type ForecastGate struct {
	ID       string       `json:"id"`
	Text     string       `json:"text"`
	Unit     string       `json:"unit"`
	Have     float64      `json:"have"`
	Want     float64      `json:"want"`
	Pace     [3]float64   `json:"pace"` // per quarter: least, median, most
	Quarters ForecastSpan `json:"quarters"`
}

// A ForecastSpan is a time in quarters: at the best pace that was seen, at the median one, and at the worst. Null is never.
type ForecastSpan struct {
	Soonest *float64 `json:"soonest"`
	Likely  *float64 `json:"likely"`
	Latest  *float64 `json:"latest"`
}
