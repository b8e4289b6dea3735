package audit

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/infraopt/infraopt/score"
	"github.com/infraopt/infraopt/score/plan"
	"github.com/infraopt/infraopt/score/yamlfile"
)

// FileName is what a policy is called that is found without being named.
const FileName = ".infraopt.yaml"

// MaxFile is the largest policy or waiver file, in bytes.
const MaxFile = 256 << 10

// A PolicyFile is what an estate has to fulfil, in the form of its file. What it does not name is not asked for.
type PolicyFile struct {
	MinScore       *float64           `json:"minScore,omitempty" file:"0..100"`      // points that are proven: the low end of the score
	MinLevel       *int               `json:"minLevel,omitempty" file:"1..5"`        //
	MinCoverage    *float64           `json:"minCoverage,omitempty" file:"0..1"`     // share of the evidence that is known; below it, the audit is incomplete
	Pillars        map[string]float64 `json:"pillars,omitempty" file:"0..1"`         // by ID of a pillar: the least that its low end may be
	Indicators     map[string]float64 `json:"indicators,omitempty" file:"0..1"`      // by ID of an indicator: the least that its low end may be
	MaxRegression  *float64           `json:"maxRegression,omitempty" file:"0..100"` // points that the low end may have fallen since the baseline, both by today's rules
	FailOnNew      bool               `json:"failOnNew,omitempty"`                   // findings that the baseline does not have, or of which nobody can tell, fail
	Complete       bool               `json:"complete,omitempty"`                    // every target can be read, also those that were found and not named
	MaxAge         *Span              `json:"maxAge,omitempty"`                      // of the oldest evidence
	RequireSources []Pattern          `json:"requireSources,omitempty"`              // schemes or targets: one of each has to have been read
	Machines       []MachineRule      `json:"machines,omitempty"`                    // what each machine of a group has to reach
	Groups         []GroupRule        `json:"groups,omitempty"`                      // what some hosts have to reach together
	Forbid         []ForbidRule       `json:"forbid,omitempty"`                      // what must not be found
	Gates          []CustomGate       `json:"gates,omitempty"`                       // conditions of one's own
	Waivers        []Waiver           `json:"waivers,omitempty"`                     // what is known, and accepted for a time
}

// A MachineRule is what each machine of a group has to reach alone.
type MachineRule struct {
	ID       Name      `json:"id" file:"required"`               // of the gate
	Machines []Pattern `json:"machines" file:"required"`         // names or IDs
	MinScore *float64  `json:"minScore,omitempty" file:"0..100"` // proven points of each
	MinLevel *int      `json:"minLevel,omitempty" file:"1..5"`   // of each
	Reason   string    `json:"reason,omitempty"`                 // printed where it decides
}

// A GroupRule is what some hosts have to reach together, rated as an estate of their own, with all that stands on them. Of
// what belongs to no host, all storage arrays count for each group: which hosts use them is not known.
type GroupRule struct {
	ID          Name               `json:"id" file:"required"`                // of the gate
	Zones       []Pattern          `json:"zones,omitempty"`                   // zones of the hosts
	Machines    []Pattern          `json:"machines,omitempty"`                // names or IDs of hosts, beside those of the zones
	MinScore    *float64           `json:"minScore,omitempty" file:"0..100"`  // proven points
	MinLevel    *int               `json:"minLevel,omitempty" file:"1..5"`    //
	MinCoverage *float64           `json:"minCoverage,omitempty" file:"0..1"` // share of the evidence that is known; below it, the audit is incomplete
	Pillars     map[string]float64 `json:"pillars,omitempty" file:"0..1"`     // by ID of a pillar: the least that its low end may be
	Reason      string             `json:"reason,omitempty"`                  // printed where it decides
}

// A ForbidRule says what must not be found.
type ForbidRule struct {
	ID       Name      `json:"id" file:"required"`               // of the gate
	Findings []Pattern `json:"findings" file:"required"`         // IDs of actions that would find something to do, or of what is noticed
	Subjects []Pattern `json:"subjects,omitempty"`               // names or IDs of things or of their machines; all where there are none
	Most     int       `json:"most,omitempty" file:"0..1000000"` // so many are accepted
	Reason   string    `json:"reason,omitempty"`                 // printed where it decides
}

// A CustomGate is a condition over the assessment.
type CustomGate struct {
	ID      Name   `json:"id" file:"required"`
	Expr    string `json:"expr" file:"required"`    // true where the gate is passed: an expression over the fields of the assessment's JSON
	Message string `json:"message" file:"required"` // what is wrong where it is not
}

// A Waiver accepts findings, or that a gate is not passed, for a time.
type Waiver struct {
	ID      Name    `json:"id" file:"required"`
	Subject Pattern `json:"subject" file:"required"` // name or ID of a thing or of its machine; estate, for a gate that is about no machine
	Finding Pattern `json:"finding" file:"required"` // ID of a finding's rule, or of a gate
	Owner   string  `json:"owner" file:"required"`
	Reason  string  `json:"reason" file:"required"`
	Expires Day     `json:"expires" file:"required"` // last day in force
}

// A WaiverFile is a list of waivers in a file of its own.
type WaiverFile struct {
	Waivers []Waiver `json:"waivers,omitempty"` // what is known, and accepted for a time
}

// A Name is the ID of a gate or waiver.
type Name string

// Want says for a message what a name has to be.
func (Name) Want() string {
	return "an ID of small letters, digits, dots and dashes, such as no-idle-vms"
}

// UnmarshalText takes a name that can be told from others.
func (n *Name) UnmarshalText(text []byte) error {
	const longest = 60
	s := string(text)
	if s == "" || len(s) > longest || strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789.-") != "" || strings.ContainsAny(s[:1], ".-") {
		return fmt.Errorf("%.60q: want %s", s, n.Want())
	}
	*n = Name(s)
	return nil
}

// A Day is a day of the calendar, in UTC.
type Day struct{ time.Time }

// Want says for a message what a day has to be.
func (Day) Want() string { return "a day such as 2027-03-31" }

// UnmarshalText reads a day.
func (d *Day) UnmarshalText(text []byte) error {
	t, err := time.Parse(time.DateOnly, string(text))
	if err != nil {
		return fmt.Errorf("%.40q: want %s", text, d.Want())
	}
	d.Time = t
	return nil
}

// MarshalText writes a day.
func (d Day) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

func (d Day) String() string { return d.Format(time.DateOnly) }

// A Span is a length of time in whole hours.
type Span time.Duration

// Want says for a message what a span has to be.
func (Span) Want() string { return "a time such as 36h or 7d" }

// UnmarshalText reads a span.
func (s *Span) UnmarshalText(text []byte) error {
	hours := map[string]time.Duration{"h": time.Hour, "d": 24 * time.Hour}
	const most = 100000
	if len(text) > 1 {
		n, err := strconv.Atoi(string(text[:len(text)-1]))
		unit := hours[string(text[len(text)-1:])]
		if err == nil && n > 0 && n <= most && unit > 0 {
			*s = Span(time.Duration(n) * unit)
			return nil
		}
	}
	return fmt.Errorf("%.40q: want %s", text, s.Want())
}

func (s Span) String() string {
	d := time.Duration(s)
	if d%(24*time.Hour) == 0 {
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	}
	return fmt.Sprintf("%dh", d/time.Hour)
}

// A Policy is a policy that was checked, ready to be asked. The zero Policy asks for nothing.
type Policy struct {
	PolicyFile
	File   string // name; empty where there is none
	pos    *yamlfile.Positions
	exprs  []*expression   // by number of the gate
	byFlag map[string]bool // keys that a flag has set
}

// Load reads a policy. IDs of pillars and indicators are those of the model. Errors begin with the name of the file, and the
// line and column where the fault is.
func Load(name string, text []byte, m *score.Model) (*Policy, error) {
	p := &Policy{File: name, byFlag: map[string]bool{}}
	limits := yamlfile.Limits{What: "policy", Bytes: MaxFile, Tokens: 30000, Levels: 8, Advice: "patterns such as web-* name many things"}
	pos, err := yamlfile.Decode(name, text, limits, &p.PolicyFile)
	if err != nil {
		return nil, err
	}
	p.pos = pos
	var pillars, indicators []string
	for i := range m.Pillars {
		pillars = append(pillars, m.Pillars[i].ID)
	}
	for i := range m.Indicators {
		indicators = append(indicators, m.Indicators[i].ID)
	}
	unknown := []error{p.known("pillars", p.Pillars, "pillar", pillars), p.known("indicators", p.Indicators, "indicator", indicators)}
	for i := range p.Groups {
		unknown = append(unknown, p.known(fmt.Sprintf("groups.%d.pillars", i+1), p.Groups[i].Pillars, "pillar", pillars))
	}
	if err := errors.Join(unknown...); err != nil {
		return nil, err
	}
	if err := p.rules(); err != nil {
		return nil, err
	}
	for i := range p.Gates {
		x, err := compile(p.Gates[i].Expr)
		if err != nil {
			return nil, p.misfit(text, fmt.Sprintf("gates.%d.expr", i+1), p.Gates[i].ID, err)
		}
		p.exprs = append(p.exprs, x)
	}
	return p, uniqueWaivers(pos, p.Waivers, map[Name]string{})
}

// known finds the first key that is none of the IDs there are.
func (p *Policy) known(path string, have map[string]float64, noun string, ids []string) error {
	for _, id := range slices.Sorted(maps.Keys(have)) {
		if !slices.Contains(ids, id) {
			return p.pos.Fault(path+"."+id, "%s: unknown %s %q: %s", path, noun, id, choose(id, ids))
		}
	}
	return nil
}

func choose(id string, ids []string) string {
	if near := score.Nearest(id, ids); near != "" {
		return "did you mean " + near + "?"
	}
	return "want one of " + strings.Join(ids, ", ")
}

// rules checks what a schema cannot: that IDs are told apart, and that rules ask for something that there is.
func (p *Policy) rules() error {
	first := map[Name]string{}
	take := func(id Name, path string) error {
		if reserved(string(id)) {
			return p.pos.Fault(path, "the ID %q is that of a gate of infraopt's own: want another", id)
		}
		if at, ok := first[id]; ok {
			return p.pos.Fault(path, "the ID %q is there twice, first in %s", id, at)
		}
		first[id] = p.pos.Where(path)
		return nil
	}
	for i, r := range p.Machines {
		path := fmt.Sprintf("machines.%d", i+1)
		if err := take(r.ID, path+".id"); err != nil {
			return err
		}
		if r.MinScore == nil && r.MinLevel == nil {
			return p.pos.Fault(path, "%s: it asks for nothing: want minScore, minLevel or both", path)
		}
	}
	for i, r := range p.Groups {
		path := fmt.Sprintf("groups.%d", i+1)
		if err := take(r.ID, path+".id"); err != nil {
			return err
		}
		if len(r.Zones)+len(r.Machines) == 0 {
			return p.pos.Fault(path, "%s: it is about no hosts: want zones, machines or both", path)
		}
		if r.MinScore == nil && r.MinLevel == nil && r.MinCoverage == nil && len(r.Pillars) == 0 {
			return p.pos.Fault(path, "%s: it asks for nothing: want minScore, minLevel, minCoverage, pillars or some of them", path)
		}
	}
	for i, r := range p.Forbid {
		path := fmt.Sprintf("forbid.%d", i+1)
		if err := take(r.ID, path+".id"); err != nil {
			return err
		}
		for k, f := range r.Findings {
			if err := p.action(fmt.Sprintf("%s.findings.%d", path, k+1), f); err != nil {
				return err
			}
		}
	}
	for i := range p.Gates {
		if err := take(p.Gates[i].ID, fmt.Sprintf("gates.%d.id", i+1)); err != nil {
			return err
		}
	}
	return nil
}

// action finds slips in the IDs of actions. What is noticed on machines has IDs that sources make up: any may come.
func (p *Policy) action(path string, f Pattern) error {
	ids := plan.Surveyed()
	if !f.exact() || slices.Contains(ids, folded(string(f))) {
		return nil
	}
	for _, d := range plan.Definitions() {
		if d.ID == folded(string(f)) {
			return p.pos.Fault(path, "%q is planned for the estate as a whole, and found on nothing: want a gate with an expression, such as none(recommendations, .action == %q)", f, f)
		}
	}
	if near := score.Nearest(folded(string(f)), ids); near != "" {
		return p.pos.Fault(path, "%q: did you mean %s?", f, near)
	}
	return nil
}

// Override sets what a flag asks for in the place of a key of the file, which it names.
func (p *Policy) Override(key string, set func(*PolicyFile)) {
	if p.byFlag == nil {
		p.byFlag = map[string]bool{}
	}
	p.byFlag[key] = true
	set(&p.PolicyFile)
}

// AddWaivers reads a file of waivers, beside those of the policy.
func (p *Policy) AddWaivers(name string, text []byte) error {
	var f WaiverFile
	limits := yamlfile.Limits{What: "waiver file", Bytes: MaxFile, Tokens: 30000, Levels: 6, Advice: "patterns such as web-* name many things"}
	pos, err := yamlfile.Decode(name, text, limits, &f)
	if err != nil {
		return err
	}
	first := map[Name]string{}
	if p.pos != nil {
		if err := uniqueWaivers(p.pos, p.Waivers, first); err != nil {
			return err
		}
	}
	if err := uniqueWaivers(pos, f.Waivers, first); err != nil {
		return err
	}
	p.Waivers = slices.Concat(p.Waivers, f.Waivers)
	return nil
}

func uniqueWaivers(pos *yamlfile.Positions, waivers []Waiver, first map[Name]string) error {
	for i := range waivers {
		path := fmt.Sprintf("waivers.%d.id", i+1)
		if at, ok := first[waivers[i].ID]; ok {
			return pos.Fault(path, "the waiver %q is there twice, first in %s", waivers[i].ID, at)
		}
		first[waivers[i].ID] = pos.Where(path)
	}
	return nil
}

// Needs says what an audit by this policy has to have.
type Needs struct {
	Machines bool // every machine listed in the assessment
	Plan     bool // advice with its gains, the target, and what follows from them
}

// Needs says what an audit by the policy has to have beside the score.
func (p *Policy) Needs() Needs {
	n := Needs{Machines: len(p.Machines) > 0}
	for _, x := range p.exprs {
		n.Plan = n.Plan || x.plans
		n.Machines = n.Machines || x.lists
	}
	return n
}

// Empty reports whether the policy asks for nothing.
func (p *Policy) Empty() bool { return reflect.DeepEqual(p.PolicyFile, PolicyFile{Waivers: p.Waivers}) }

// Compares reports whether the policy asks for something that only a baseline can answer, and what.
func (p *Policy) Compares() (what string, ok bool) {
	switch {
	case p.MaxRegression != nil:
		return "maxRegression", true
	case p.FailOnNew:
		return "failOnNew", true
	}
	return "", false
}
