package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// Types of the XML that JUnit's task of Apache Ant writes, as far as pipelines read it.

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Name     string       `xml:"name,attr"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Errors   int          `xml:"errors,attr"`
	Skipped  int          `xml:"skipped,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name       string           `xml:"name,attr"`
	Tests      int              `xml:"tests,attr"`
	Failures   int              `xml:"failures,attr"`
	Errors     int              `xml:"errors,attr"`
	Skipped    int              `xml:"skipped,attr"`
	Time       string           `xml:"time,attr"`
	Timestamp  string           `xml:"timestamp,attr,omitempty"`
	Properties *junitProperties `xml:"properties"`
	Cases      []junitCase      `xml:"testcase"`
	Output     string           `xml:"system-out,omitempty"`
}

type junitProperties struct {
	List []junitProperty `xml:"property"`
}

type junitProperty struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Time    string        `xml:"time,attr"`
	Skipped *junitMessage `xml:"skipped"`
	Failure *junitOutcome `xml:"failure"`
	Error   *junitOutcome `xml:"error"`
	Output  string        `xml:"system-out,omitempty"`
}

type junitMessage struct {
	Message string `xml:"message,attr"`
}

type junitOutcome struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr"`
	Text    string `xml:",chardata"`
}

// mostCases is how many targets are test cases; those that could not be read go first.
const mostCases = 1000

// renderJUnit writes the report as test results. A condition of the next level is a test: met, it passes; not met whatever
// is not known, it fails; undecided, it is skipped, and says by what. An indicator has no threshold and cannot fail: it
// passes where anything of it is known. A target that could not be read is an error.
func renderJUnit(w io.Writer, r *Report) error {
	p, a := newPage(r.Display), r.Assessment
	doc := junitSuites{Name: "infraopt"}
	add := func(name string, cases []junitCase, output string) {
		s := junitSuite{Name: name, Tests: len(cases), Time: "0", Cases: cases, Output: output}
		if !a.GeneratedAt.IsZero() {
			s.Timestamp = a.GeneratedAt.UTC().Format("2006-01-02T15:04:05")
		}
		for i := range cases {
			c := &cases[i]
			c.Class = "infraopt." + name
			if c.Time == "" {
				c.Time = "0"
			}
			s.Skipped += boolToInt(c.Skipped != nil)
			s.Failures += boolToInt(c.Failure != nil)
			s.Errors += boolToInt(c.Error != nil)
		}
		if len(doc.Suites) == 0 {
			s.Properties = &junitProperties{}
			for _, f := range figures(a) {
				s.Properties.List = append(s.Properties.List, junitProperty{f.id, digits(f.value)})
			}
		}
		doc.Tests, doc.Skipped, doc.Failures, doc.Errors = doc.Tests+s.Tests, doc.Skipped+s.Skipped, doc.Failures+s.Failures, doc.Errors+s.Errors
		doc.Suites = append(doc.Suites, s)
	}
	add("level", p.junitLevel(a), p.message(p.summary(a)))
	for i := range a.Pillars {
		l := &a.Pillars[i]
		if cases := p.junitPillar(l); len(cases) > 0 {
			add(p.ruleID(l.ID), cases, "")
		}
	}
	if cases, note := p.junitSources(a.Sources); len(cases) > 0 {
		add("sources", cases, note)
	}
	text, err := xml.MarshalIndent(doc, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding test results: %w", err)
	}
	if _, err := io.WriteString(w, xml.Header+string(text)+"\n"); err != nil {
		return fmt.Errorf("writing test results: %w", err)
	}
	return nil
}

// junitLevel has the conditions of the next level, or one case that says why there are none.
func (p *page) junitLevel(a *score.Assessment) []junitCase {
	l := a.Level
	gates := l.NextGates
	if len(gates) == 0 {
		gates = l.HeldBackBy
	}
	var cases []junitCase
	for _, g := range gates {
		c := junitCase{Name: p.message(p.words(g.Text))}
		is := "is " + p.reached(g, g.Have)
		switch {
		case g.Met:
			c.Output = p.message(is)
		case undecided(g):
			c.Skipped = &junitMessage{p.message("not known: " + is + ", and could be " + p.atBest(g) + p.lift(g))}
		default:
			c.Failure = &junitOutcome{Message: p.message("not met: " + is), Type: "gate", Text: p.message(strings.TrimPrefix(p.lift(g), "; "))}
		}
		cases = append(cases, c)
	}
	if len(cases) > 0 {
		return cases
	}
	c := junitCase{Name: "assessed"}
	if l.Number <= 0 {
		why := p.words(l.Reason)
		if why == "" {
			why = "there is nothing to rate"
		}
		c.Skipped = &junitMessage{p.message("not assessed: " + why)}
	}
	return append(cases, c)
}

// undecided reports whether a gate that is not met could be, for all that is known.
func undecided(g score.Gate) bool {
	if g.Upper {
		return g.High <= g.Want+forgiven
	}
	return g.High >= g.Want-forgiven
}

// atBest prints the high end of a gate, which is rounded the other way.
func (p *page) atBest(g score.Gate) string {
	return p.reached(score.Gate{Unit: g.Unit, Upper: !g.Upper}, g.High)
}

func (p *page) lift(g score.Gate) string {
	if s := p.liftWords(g); s != "" {
		return "; for it: " + s
	}
	return ""
}

func (p *page) junitPillar(l *score.PillarResult) []junitCase {
	var cases []junitCase
	for i := range l.Indicators {
		x := &l.Indicators[i]
		c := junitCase{Name: p.ruleID(x.ID)}
		points := p.low(x.Points.Low, 1) + " " + p.dash + " " + p.high(x.Points.High, 1) + " of " + p.number(x.Points.Max) + " points"
		switch {
		case !x.Applicable:
			c.Skipped = &junitMessage{p.message("not applicable: " + p.words(x.Explanation))}
		case x.Coverage <= forgiven && x.High-x.Low > forgiven:
			c.Skipped = &junitMessage{p.message("not known (" + points + ")" + p.unknownWords(x))}
		default:
			c.Output = p.message(points + ". " + p.words(x.Explanation))
		}
		cases = append(cases, c)
	}
	return cases
}

// unknownWords says what of an indicator is not known, and what would tell.
func (p *page) unknownWords(x *score.IndicatorResult) string {
	for _, e := range x.Evidence {
		if !e.Known {
			s := ": " + p.words(e.Fact)
			if why := p.words(e.Why); why != "" {
				s += " (" + why + ")"
			}
			if remedy := p.safe(e.Remedy); remedy != "" {
				s += ". To see it: " + remedy
			}
			return s
		}
	}
	return ""
}

func (p *page) junitSources(sources []score.SourceResult) (cases []junitCase, note string) {
	for _, failed := range []bool{true, false} {
		for i := range sources {
			s := &sources[i]
			if (s.Status == inventory.StatusFailed) != failed || len(cases) == mostCases {
				continue
			}
			c := junitCase{Name: p.message(p.target(s)), Time: fmt.Sprintf("%d.%03d", max(0, s.DurationMS)/1000, max(0, s.DurationMS)%1000)}
			if failed {
				c.Error = &junitOutcome{Message: p.message(p.words(s.Error)), Type: "source", Text: p.message(p.safe(s.Remedy))}
			} else if text := p.words(s.Error); text != "" || s.Status != inventory.StatusOK {
				c.Output = p.message(strings.TrimSpace(p.words(string(s.Status)) + " " + text))
			}
			cases = append(cases, c)
		}
	}
	if left := len(sources) - len(cases); left > 0 {
		note = p.number(float64(left)) + " more of " + p.number(float64(len(sources))) + " targets are left out"
	}
	return cases, note
}

// message makes cleaned text short enough. The encoder escapes it; what XML has no place for is gone.
func (p *page) message(s string) string {
	const longest = 1000
	return spaces(cut(s, longest, p.ellipsis))
}
