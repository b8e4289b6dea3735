package audit_test

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/infraopt/infraopt/score/audit"
	"github.com/infraopt/infraopt/score/yamlfile"
)

// What is wrong with a policy is told with its place.
func TestFaults(t *testing.T) {
	for text, want := range map[string]string{
		"minScore: 40\nmaxScore: 50":                              `p.yaml:2:1: unknown key "maxScore"`,
		"minScore: high":                                          `p.yaml:1:11: minScore: have "high": want a number from 0 to 100`,
		"minLevel: 0":                                             "p.yaml:1:11: minLevel: ",
		"minScore: 40\nminScore: 50":                              `p.yaml:2:1: the key "minScore" is there twice`,
		"pillars: {cloud: 0.5}":                                   `unknown pillar "cloud": want one of components, `,
		"indicators: {containers.isolaton: 0.5}":                  "did you mean containers.isolation?",
		"maxAge: 3 days":                                          `maxAge: "3 days": want a time such as 36h or 7d`,
		"machines: [{id: a, machines: [b]}]":                      "machines.1: it asks for nothing",
		"machines: [{id: a, machines: ['['], minScore: 1}]":       "a bracket is not closed",
		"machines: [{id: min-score, machines: [a], minScore: 1}]": `the ID "min-score" is that of a gate of infraopt's own`,
		"groups: [{id: a, machines: [b]}]":                        "groups.1: it asks for nothing",
		"groups: [{id: a, minScore: 3}]":                          "groups.1: it is about no hosts",
		"groups: [{id: a, zones: [b], pillars: {component: 1}}]":  `groups.1.pillars: unknown pillar "component": did you mean components?`,
		"groups: [{id: a, zones: [b], minScore: 1}]\nforbid: [{id: a, findings: ['x*']}]": `the ID "a" is there twice, first in p.yaml:1`,
		"forbid: [{id: a, findings: [x]}, {id: a, findings: [y]}]":                        `the ID "a" is there twice, first in p.yaml:1`,
		"forbid: [{id: a, findings: [retire-host]}]":                                      `"retire-host" is planned for the estate as a whole`,
		"forbid: [{id: a, findings: [remove-idle-vms]}]":                                  "did you mean remove-idle-vm?",
		"gates: [{id: g, expr: 'true or 7', message: m}]":                                 "p.yaml:1:29: gate g: ",
		"gates: [{id: g, expr: 'score.lwo > 7', message: m}]":                             "gate g: unknown field lwo",
		"gates: [{id: g, expr: 'level.number', message: m}]":                              "gate g: expected bool, but got float64",
		"gates: [{id: g, expr: 'level.name > 3', message: m}]":                            "gate g: invalid operation: > (mismatched types string and int)",
		"gates: [{id: g, expr: 'len(0..9) > 3', message: m}]":                             "ranges (..) are not allowed",
		"gates: [{id: g, expr: 'date(generatedAt).Year() > 3', message: m}]":              "gate g: unknown name date",
		"gates: [{id: g, expr: 'len(repeat(level.name, 99)) > 3', message: m}]":           "gate g: unknown name repeat",
		"gates: [{id: g, expr: 'all(machines, any(machines, .level > 3))', message: m}]":  "for each element of a list, only a list of that element",
		"gates: [{id: g, expr: 'all(machines, .id in map(vms, .id))', message: m}]":       "for each element of a list, only a list of that element",
		"waivers: [{id: w, subject: a, finding: b, owner: o, reason: r, expires: never}]": `expires: "never": want a day such as 2027-03-31`,
		"waivers: [{id: w, subject: a, finding: b, owner: o, expires: 2027-03-31}]":       "waivers.1.reason is missing or empty",
		"waivers: [{id: w, subject: a, finding: b, reason: r, expires: 2027-03-31}]":      "waivers.1.owner is missing or empty",
	} {
		_, err := audit.Load("p.yaml", []byte(text), model(t))
		var fault *yamlfile.Fault
		if !errors.As(err, &fault) || fault.Line == 0 || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v: want %s", text, err, want)
		}
	}
}

// What would take long is refused before it does.
func TestTooMuch(t *testing.T) {
	deep := strings.Repeat("[", 10000) + strings.Repeat("]", 10000)
	for name, text := range map[string]string{
		"a megabyte of a key":    "minScore: 40\n#" + strings.Repeat("x", 1<<20),
		"a megabyte of rules":    strings.Repeat("- {id: a, machines: [b]}\n", 40000),
		"deep lists":             deep,
		"deep lists by lines":    "forbid: " + strings.Join(strings.Split(deep, ""), "\n"),
		"deep maps":              strings.Repeat("{a: ", 200) + "1" + strings.Repeat("}", 200),
		"an expression of parts": "gates: [{id: g, message: m, expr: '" + strings.Repeat("true and ", 90) + strings.Repeat("(", 200) + "'}]",
		"many waivers":           "waivers:\n" + strings.Repeat("- {id: a, subject: b, finding: c, owner: d, reason: e, expires: 2027-01-01}\n", 3000),
	} {
		if _, err := audit.Load("p.yaml", []byte(text), model(t)); err == nil || len(err.Error()) > 1000 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The expressions that people write, over documented fields.
func TestExpressions(t *testing.T) {
	e := evidence(t, estate(host("web1", false), host("web2", true)), now)
	for expr, want := range map[string]string{
		"score.low >= 0 and score.high <= 100":                                                   audit.Pass,
		"level.number < 6":                                                                       audit.Pass,
		"level.name == 'Nowhere'":                                                                audit.Fail,
		"headline.components / inventory.containers.running < 100":                               audit.Pass,
		"all(pillars, not .applicable or .low >= 0)":                                             audit.Pass,
		"all(pillars, all(.indicators, .low >= 0))":                                              audit.Pass,
		"find(pillars, .id == 'components').low > 0.9999":                                        audit.Fail,
		"count(machines, .name matches '^web') == 2":                                             audit.Pass,
		"len(filter(machines, .level < 1)) == 0":                                                 audit.Pass,
		"sum(map(machines, .workloads)) < 1000":                                                  audit.Pass,
		"none(sources, .status == 'failed')":                                                     audit.Pass,
		"len(findings) == 0 and len(risks) < 5":                                                  audit.Pass,
		"any(gaps, .what == 'nothing of the kind')":                                              audit.Fail,
		"containers[0].memoryLimit > 0":                                                          audit.Unknown,
		"machines[7].level > 0":                                                                  audit.Unknown,
		"score.low / inventory.vms.total > 1 / 3":                                                audit.Unknown, // there are none
		"not (score.low / inventory.vms.total > 1 / 3)":                                          audit.Unknown,
		"containers[0].memoryLimit == 3":                                                         audit.Unknown,
		"containers[0].memoryLimit != 3":                                                         audit.Unknown,
		"containers[0].memoryLimit == nil":                                                       audit.Pass,
		"(containers[0].memoryLimit ?? 3) == 3":                                                  audit.Pass,
		"level.number != 7 and level.name != 'x' and machines[0].level == machines[0].level / 1": audit.Pass,
		"kpis.vmsPerHost.low >= 0":                                                               audit.Unknown,
		"'run' in keys({'run': 1})":                                                              audit.Pass,
		"(level?.number ?? 0) >= 0":                                                              audit.Pass,
	} {
		p, err := audit.Load("p.yaml", []byte(fmt.Sprintf("gates: [{id: g, expr: %q, message: m}]", expr)), model(t))
		if err != nil {
			t.Errorf("%s: %v", expr, err)
			continue
		}
		if g := gate(t, audit.Audit(e, p, nil, now), "g"); g.Outcome != want {
			t.Errorf("%s: %+v, want %s", expr, g, want)
		}
	}
}

// An audit has what its policy asks for, and no more is worked out.
func TestNeeds(t *testing.T) {
	for text, want := range map[string]audit.Needs{
		"minScore: 4": {},
		"machines: [{id: a, machines: [b], minLevel: 1}]":                           {Machines: true},
		"gates: [{id: g, expr: 'all(machines, .level > 0)', message: m}]":           {Machines: true},
		"gates: [{id: g, expr: 'headline.hosts > 0', message: m}]":                  {},
		"gates: [{id: g, expr: 'headline.hostsPlan > 0', message: m}]":              {Plan: true},
		"gates: [{id: g, expr: 'roadmap.steps < 9 or len(vms) < 3', message: m}]":   {Plan: true, Machines: true},
		"gates: [{id: g, expr: 'any(recommendations, .effort > 1e2)', message: m}]": {Plan: true},
	} {
		if got := policy(t, text).Needs(); got != want {
			t.Errorf("%s: %+v, want %+v", text, got, want)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add("minScore: 40\nfailOnNew: true\npillars: {components: 0.5}\nmaxAge: 7d")
	f.Add("machines: [{id: web, machines: ['web-*'], minScore: 40, minLevel: 2, reason: r}]")
	f.Add("groups: [{id: site, zones: [fra], machines: ['web-*'], minScore: 40, minLevel: 2, minCoverage: 0.5, pillars: {components: 0.1}, reason: r}]")
	f.Add("forbid: [{id: idle, findings: [remove-idle-vm, 'smart-*'], subjects: [a], most: 3}]")
	f.Add(`gates: [{id: few, expr: "all(pillars, all(.indicators, .low > 0.1)) ?? true", message: m}]`)
	f.Add("waivers: [{id: w, subject: 'a*', finding: remove-idle-vm, owner: o, reason: r, expires: '2027-03-31'}]")
	m := model(f)
	e := evidence(f, estate(host("web1", false)), now)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := audit.Load("p.yaml", []byte(text), m)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "p.yaml:") {
				t.Errorf("%q: %v does not begin with the place", text, err)
			}
			return
		}
		r := audit.Audit(e, p, nil, now)
		if r.Status != 0 && r.Decisive == nil || r.Status == 0 && r.Decisive != nil {
			t.Errorf("%q: status %d, decided by %+v", text, r.Status, r.Decisive)
		}
	})
}

// The example of the documentation is a policy that says something of every kind.
func TestExampleOfTheDocumentation(t *testing.T) {
	page, err := os.ReadFile("../../docs/audit.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "<!-- example: policy.yaml -->\n\n```yaml\n")
	text, _, ok := strings.Cut(rest, "```\n")
	if !ok {
		t.Fatal("docs/audit.md has no example")
	}
	p := policy(t, text)
	for _, f := range yamlfile.Fields(reflect.TypeFor[audit.PolicyFile]()) {
		if reflect.ValueOf(p.PolicyFile).FieldByIndex(f.Index).IsZero() {
			t.Errorf("no example of %s", f.Name)
		}
	}
}
