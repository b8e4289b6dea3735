package report

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/infraopt/infraopt/score"
)

// eachReport goes through all samples, the large one, and those in which everything has a name that means harm.
func eachReport(t *testing.T, check func(t *testing.T, a *score.Assessment)) {
	t.Helper()
	list := samples()
	list["full"], list["large"] = fullSample(), largeSample()
	for i, text := range attacks {
		list[fmt.Sprintf("attack %d", i)] = mean(text)
	}
	for name, a := range list {
		t.Run(name, func(t *testing.T) { check(t, a) })
	}
}

func schemaOf(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "schema", name))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource(name, doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile(name)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func checkSchema(t *testing.T, schema *jsonschema.Schema, text []byte) {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(doc); err != nil {
		t.Errorf("%v\n%.2000s", err, text)
	}
}

func TestSARIF(t *testing.T) {
	schema := schemaOf(t, "sarif.json")
	eachReport(t, func(t *testing.T, a *score.Assessment) {
		text := rendered(t, "sarif", a, Display{})
		checkSchema(t, schema, text)
		var log sarifLog
		if err := json.Unmarshal(text, &log); err != nil {
			t.Fatal(err)
		}
		run := log.Runs[0]
		rules, seen := map[string]bool{}, map[string]bool{}
		for _, r := range run.Tool.Driver.Rules {
			if rules[r.ID] {
				t.Errorf("two rules have the ID %s", r.ID)
			}
			rules[r.ID] = true
		}
		for _, r := range run.Results {
			if r.RuleIndex >= len(run.Tool.Driver.Rules) || run.Tool.Driver.Rules[r.RuleIndex].ID != r.RuleID {
				t.Errorf("rule %d is not %s", r.RuleIndex, r.RuleID)
			}
			if id := r.Fingerprints["infraopt/v1"]; seen[id] {
				t.Errorf("two results have the fingerprint %s", id)
			} else {
				seen[id] = true
			}
		}
	})
}

// The same thing has the same fingerprint when words, order and numbers have changed.
func TestFingerprintsAreStable(t *testing.T) {
	prints := func(a *score.Assessment) []string {
		var out []string
		for _, x := range newPage(Display{}).issues(a) {
			out = append(out, x.fingerprint)
		}
		slices.Sort(out)
		return out
	}
	a, b := fullSample(), fullSample()
	b.Recommendations[0].Title, b.Recommendations[0].Gain.Score = "Delete 4 VMs idle for 42 days", 3
	b.Findings[0].Examples[0].Text = "host5 has had no link for a year"
	b.Gaps[0].Why = "permission denied"
	slices.Reverse(b.Gaps)
	if got, want := prints(b), prints(a); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	b.Gaps[0].Subject = "another"
	if slices.Equal(prints(b), prints(a)) {
		t.Error("another subject has the same fingerprint")
	}
}

func TestCodeQuality(t *testing.T) {
	schema := schemaOf(t, "codequality.json")
	eachReport(t, func(t *testing.T, a *score.Assessment) {
		text := rendered(t, "gitlab-codequality", a, Display{})
		checkSchema(t, schema, text)
		var entries []qualityEntry
		if err := json.Unmarshal(text, &entries); err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, e := range entries {
			if seen[e.Fingerprint] {
				t.Errorf("two entries have the fingerprint %s", e.Fingerprint)
			}
			seen[e.Fingerprint] = true
		}
	})
}

// workflowCommand is what the runner of GitHub Actions takes as one annotation, and nothing more.
var workflowCommand = regexp.MustCompile(`^::(notice|warning|error) title=infraopt[^:,\n]*::[^\n]+\n$`)

func TestGitHubAnnotations(t *testing.T) {
	eachReport(t, func(t *testing.T, a *score.Assessment) {
		n := map[string]int{}
		for line := range strings.Lines(string(rendered(t, "github", a, Display{}))) {
			m := workflowCommand.FindStringSubmatch(line)
			if m == nil {
				t.Fatalf("not one annotation: %q", line)
			}
			if n[m[1]]++; n[m[1]] > mostAnnotations {
				t.Errorf("more than %d of %s", mostAnnotations, m[1])
			}
			for i := range line {
				if line[i] == '%' && !slices.Contains([]string{"%25", "%0A", "%3A", "%2C"}, line[i:min(len(line), i+3)]) {
					t.Errorf("%q holds a sign of per cent that is not escaped", line)
				}
			}
		}
	})
}

// junitForm says of each element which it may hold, in order, and which attributes it has: those in capital letters it must.
var junitForm = map[string]struct{ children, attrs string }{
	"testsuites": {"testsuite", "NAME TESTS FAILURES ERRORS SKIPPED"},
	"testsuite":  {"properties testcase system-out", "NAME TESTS FAILURES ERRORS SKIPPED TIME timestamp"},
	"properties": {"property", ""},
	"property":   {"", "NAME VALUE"},
	"testcase":   {"skipped failure error system-out", "CLASSNAME NAME TIME"},
	"skipped":    {"", "MESSAGE"},
	"failure":    {"", "MESSAGE TYPE"},
	"error":      {"", "MESSAGE TYPE"},
	"system-out": {"", ""},
}

// checkJUnit reads test results as a schema would have them.
func checkJUnit(t *testing.T, text []byte) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(text))
	type open struct {
		name string
		last int // of its kinds of children
	}
	stack := []open{}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in\n%.2000s", err, text)
		}
		switch x := token.(type) {
		case xml.StartElement:
			name := x.Name.Local
			form, ok := junitForm[name]
			if !ok {
				t.Fatalf("there is no element <%s>", name)
			}
			if len(stack) > 0 {
				up := &stack[len(stack)-1]
				at := slices.Index(strings.Fields(junitForm[up.name].children), name)
				if at < up.last {
					t.Errorf("<%s> is out of place in <%s>", name, up.name)
				}
				up.last = at
			} else if name != "testsuites" {
				t.Errorf("begins with <%s>", name)
			}
			var have []string
			for _, a := range x.Attr {
				have = append(have, a.Name.Local)
				if i := slices.Index([]string{"tests", "failures", "errors", "skipped"}, a.Name.Local); i >= 0 {
					if n, err := strconv.Atoi(a.Value); err != nil || n < 0 {
						t.Errorf("%s is %q", a.Name.Local, a.Value)
					}
				}
			}
			for _, a := range strings.Fields(form.attrs) {
				if must := strings.ToUpper(a) == a; must && !slices.Contains(have, strings.ToLower(a)) {
					t.Errorf("<%s> has no %s", name, strings.ToLower(a))
				}
				have = slices.DeleteFunc(have, func(h string) bool { return h == strings.ToLower(a) })
			}
			if len(have) > 0 {
				t.Errorf("<%s> has attributes %v that nobody knows", name, have)
			}
			stack = append(stack, open{name: name})
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			if up := stack; len(up) > 0 && junitForm[up[len(up)-1].name].children != "" && strings.TrimSpace(string(x)) != "" {
				t.Errorf("text between elements: %q", x)
			}
		}
	}
}

func TestJUnit(t *testing.T) {
	eachReport(t, func(t *testing.T, a *score.Assessment) {
		text := rendered(t, "junit", a, Display{})
		checkJUnit(t, text)
		var doc junitSuites
		if err := xml.Unmarshal(text, &doc); err != nil {
			t.Fatal(err)
		}
		var tests, failures, errs, skipped int
		for _, s := range doc.Suites {
			for _, c := range s.Cases {
				tests++
				failures += boolToInt(c.Failure != nil)
				errs += boolToInt(c.Error != nil)
				if c.Skipped != nil {
					skipped++
					if c.Skipped.Message == "" {
						t.Errorf("%s is skipped without a reason", c.Name)
					}
				}
			}
		}
		if got, want := [4]int{doc.Tests, doc.Failures, doc.Errors, doc.Skipped}, [4]int{tests, failures, errs, skipped}; got != want {
			t.Errorf("says %v tests, failures, errors, skipped; has %v", got, want)
		}
	})
}

// What is not known is skipped, what is not met fails, and what could not be read is an error: three things.
func TestJUnitTellsUnknownFromUnmet(t *testing.T) {
	a := typicalSample()
	a.Level.NextGates = []score.Gate{
		{ID: "met", Text: "met", Unit: score.UnitShare, Have: .6, High: .8, Want: .5, Met: true},
		{ID: "open", Text: "open", Unit: score.UnitShare, Have: .27, High: .76, Want: .5},
		{ID: "unmet", Text: "unmet", Unit: score.UnitShare, Have: .27, High: .3, Want: .5},
		{ID: "upper", Text: "upper", Unit: score.UnitRatio, Have: 9, High: 5, Want: 3, Upper: true},
		{ID: "upper-open", Text: "upper-open", Unit: score.UnitRatio, Have: 9, High: 2, Want: 3, Upper: true},
	}
	unknown := indicator("containers.unknown", .5, 0, 1, 15)
	unknown.Coverage, unknown.Evidence = 0, []score.Evidence{{Fact: "storage", Why: "needs root", Remedy: "sudo infraopt assess"}}
	none := indicator("containers.none", .5, 0, 0, 0)
	none.Applicable = false
	a.Pillars[1].Indicators = append(a.Pillars[1].Indicators, unknown, none)
	a.Sources = estateSample().Sources
	var doc junitSuites
	if err := xml.Unmarshal(rendered(t, "junit", a, Display{}), &doc); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, s := range doc.Suites {
		for _, c := range s.Cases {
			switch {
			case c.Skipped != nil:
				got[c.Name] = "skipped: " + c.Skipped.Message
			case c.Failure != nil:
				got[c.Name] = "failure: " + c.Failure.Message
			case c.Error != nil:
				got[c.Name] = "error: " + c.Error.Message
			default:
				got[c.Name] = "passed"
			}
		}
	}
	for name, want := range map[string]string{
		"met": "passed", "open": "skipped: not known: is .27, and could be .76", "unmet": "failure: not met: is .27", "upper": "failure: not met: is 9.00", "upper-open": "skipped: not known",
		"containers.unknown": "skipped: not known (0.0 – 15.0 of 15 points): storage (needs root). To see it: sudo infraopt assess", "containers.none": "skipped: not applicable",
		"containers.isolation": "passed", "host:": "passed", "ssh://backup-3": "error: connection refused",
	} {
		if !strings.HasPrefix(got[name], want) {
			t.Errorf("%s: got %q, want %q", name, got[name], want)
		}
	}
}
