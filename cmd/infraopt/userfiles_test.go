package main

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/goccy/go-yaml"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score/audit"
	"github.com/infraopt/infraopt/score/indicators"
	"github.com/infraopt/infraopt/score/plan"
	"github.com/infraopt/infraopt/score/plan/outcome"
	"github.com/infraopt/infraopt/score/yamlfile"
)

// A userFile is a file that people write and yamlfile decodes; its JSON Schema is for their editors.
type userFile struct {
	name, title, about string
	of                 reflect.Type
	formats            map[reflect.Type]string // regular expressions of types that read text
	load               func(text []byte) error
	good, bad          []string
}

func userFiles() map[string]*userFile {
	out := map[string]*userFile{}
	for _, f := range []userFile{
		{
			name: "constraints", title: "infraopt constraints file", of: reflect.TypeFor[plan.ConstraintsFile](),
			about: "What a plan must not do. Names are those of virtual machines, containers and hosts, or their IDs, in whatever case; *, ? and [a-z] match as in file names.",
			load:  func(text []byte) error { _, err := plan.LoadConstraints("c.yaml", text); return err },
			good: []string{"{}", "pins: [{workloads: [a], hosts: [b]}]", "keepApart: [{workloads: ['web-*'], reason: r}]", "neverTouch: [{names: [a, b]}]",
				"licenceFences: [{name: x, workloads: [a], hosts: [b], exclusive: true}]"},
			bad: []string{"[]", "pin: []", "pins: [{workloads: [a]}]", "pins: [{workloads: [], hosts: [b]}]", "pins: [{workloads: a, hosts: [b]}]", "pins: [{workloads: [5], hosts: [b]}]",
				"pins: [{workloads: [''], hosts: [b]}]", "licenceFences: [{workloads: [a], hosts: [b]}]", "neverTouch: [{names: [a], reason: 5}]", "keepApart: [[a]]"},
		},
		{
			name: "whatif", title: "infraopt what-if file", of: reflect.TypeFor[plan.WhatIfFile](),
			about:   "Changes of an estate, made one after the other, of which the score is to be told. Names are those of things, or their IDs, in whatever case; *, ? and [a-z] match as in file names.",
			formats: map[reflect.Type]string{reflect.TypeFor[plan.Size](): `^ *[0-9]*\.?[0-9]+ +(MiB|GiB|TiB) *$`},
			load:    func(text []byte) error { _, err := plan.LoadWhatIf("w.yaml", text); return err },
			good: []string{"{}", "changes: []", "changes: [{remove: {vms: [a]}}]", "changes: [{resize: {vms: [a], vcpus: 2.5, memory: 1.5 TiB}}]", "changes: [{move: {vms: [a], to: b}}]",
				"changes: [{retire: {hosts: [a]}}]", "changes: [{set: {machines: [a], os: {id: debian, style: general}, powered: false, zone: ''}}]", "changes: [{add: {hosts: 1, like: a}}]",
				"changes: [{do: {action: remove-idle-vm, machines: [a]}}]"},
			bad: []string{"changes: {}", "changes: [{}]", "changes: [{remove: {vms: [a]}, retire: {hosts: [b]}}]", "changes: [{delete: {}}]", "changes: [{resize: {vms: [a], memory: 8}}]",
				"changes: [{resize: {vms: [a], memory: 8 GB}}]", "changes: [{resize: {vms: [a], vcpus: 0}}]", "changes: [{move: {vms: [a]}}]", "changes: [{set: {machines: [a], storage: tape}}]",
				"changes: [{set: {machines: [a], os: {style: x}}}]", "changes: [{add: {hosts: 0, like: a}}]", "changes: [{add: {hosts: 1.5, like: a}}]", "changes: [{set: {machines: [a], powered: 'yes'}}]"},
		},
		{
			name: "prices", title: "infraopt price book", of: reflect.TypeFor[outcome.Book](),
			about: "What things cost, in one currency. Prices add up, and there are none but these. Patterns of zones, machines, systems and hypervisors match as in file names, in whatever case.",
			load:  func(text []byte) error { _, err := outcome.LoadBook("p.yaml", text); return err },
			good: []string{"{currency: EUR, prices: [{name: a, per: host, price: 0, period: year, source: x}]}",
				"{currency: USD, prices: [{name: a, per: core, price: 10.5, period: once, years: 3, floorPerSocket: 16, floorPerHost: 16, minimum: 72, pack: 2, source: x}]}",
				"{currency: EUR, prices: [{name: a, per: vm, period: month, tiering: graduated, tiers: [{upTo: 9, price: 2}, {price: 1}], source: x}]}",
				"{currency: EUR, prices: [{name: a, per: os, price: 1, period: year, match: {zones: [a], machines: ['b*'], os: [rhel], hypervisors: [kvm], kinds: [virtual, cloud]}, source: x}]}"},
			bad: []string{"{}", "{currency: EUR, prices: []}", "{currency: EUR, prices: [{name: a, per: host, price: 1, period: year}]}", "{currency: EUR, prices: [{name: a, per: rack, price: 1, period: year, source: x}]}",
				"{currency: EUR, prices: [{name: a, per: host, price: -1, period: year, source: x}]}", "{currency: EUR, prices: [{name: a, per: host, price: '1', period: year, source: x}]}",
				"{currency: EUR, prices: [{name: a, per: host, price: 1, period: week, source: x}]}", "{currency: EUR, prices: [{name: a, per: host, price: 1, period: year, source: x, count: 3}]}",
				"{currency: EUR, prices: [{name: a, per: os, price: 1, period: year, match: {kinds: [mainframe]}, source: x}]}", "{currency: 5, prices: [{name: a, per: host, price: 1, period: year, source: x}]}",
				"{currency: EUR, prices: [{name: a, per: vm, period: year, tiering: volume, tiers: [{price: 1}], source: x}]}", "{currency: EUR, prices: [{name: a, per: vm, period: year, tiering: graduated, tiers: [{upTo: 9}], source: x}]}"},
		},
		{
			name: "carbon", title: "infraopt carbon factors", of: reflect.TypeFor[outcome.Factors](),
			about: "Carbon intensity of electricity by region, in YAML; the same can be written in CSV. A zone is in the region of its name, unless zones says otherwise.",
			load:  func(text []byte) error { _, err := outcome.LoadFactors("c.yaml", text); return err },
			good: []string{"regions: [{region: DE, gCO2perKWh: 381, source: Ember, year: 2023}]",
				"{regions: [{region: DE, gCO2perKWh: 380.5, source: Ember, year: 2023}], zones: {fra: DE}}"},
			bad: []string{"{}", "regions: []", "regions: [{region: DE, gCO2perKWh: 381, source: Ember}]", "regions: [{region: DE, gCO2perKWh: -1, source: Ember, year: 2023}]",
				"regions: [{region: DE, gCO2perKWh: 381, year: 2023}]", "regions: {DE: 381}", "{regions: [{region: DE, gCO2perKWh: 381, source: Ember, year: 2023}], zones: [fra]}"},
		},
		{
			name: "policy", title: "infraopt policy", of: reflect.TypeFor[audit.PolicyFile](),
			about: "What an estate has to fulfil for infraopt audit to pass. What is not named is not asked for. Names are those of machines and things, or their IDs, in whatever case; *, ? and [a-z] match as in file names.",
			formats: map[reflect.Type]string{reflect.TypeFor[audit.Day](): `^[0-9]{4}-[0-9]{2}-[0-9]{2}$`, reflect.TypeFor[audit.Span](): `^0*[1-9][0-9]{0,4}[hd]$`,
				reflect.TypeFor[audit.Name](): `^[a-z0-9][a-z0-9.-]{0,59}$`},
			load: func(text []byte) error {
				m, err := indicators.Default()
				if err == nil {
					_, err = audit.Load("p.yaml", text, m)
				}
				return err
			},
			good: []string{"{}", "{minScore: 40.5, minLevel: 2, minCoverage: 0.6, maxRegression: 0, failOnNew: true, complete: true, maxAge: 7d}", "{pillars: {components: 0.4}, indicators: {containers.isolation: 1}}",
				"requireSources: [host, 'docker:*']", "machines: [{id: web, machines: ['web-*'], minScore: 40, minLevel: 2, reason: r}]", "forbid: [{id: idle, findings: [remove-idle-vm, 'smart-*'], subjects: [a], most: 3}]",
				"gates: [{id: few, expr: 'headline.components < 100', message: m}]", "waivers: [{id: w, subject: 'a*', finding: remove-idle-vm, owner: o, reason: r, expires: '2027-03-31'}]"},
			bad: []string{"[]", "minscore: 40", "minScore: 101", "minScore: '40'", "minLevel: 2.5", "minLevel: 6", "minCoverage: 60", "failOnNew: 'yes'", "maxAge: 7", "maxAge: 7w", "maxAge: 0d", "pillars: {components: 2}", "pillars: [components]",
				"requireSources: host", "machines: [{machines: [a], minScore: 1}]", "machines: [{id: A, machines: [a], minScore: 1}]", "forbid: [{id: a}]", "forbid: [{id: a, findings: [b], most: -1}]", "gates: [{id: a, expr: 'true'}]",
				"waivers: [{id: w, subject: a, finding: b, owner: o, reason: r}]", "waivers: [{id: w, subject: a, finding: b, owner: o, reason: r, expires: 31.3.2027}]", "waivers: [{id: w, subject: a, finding: b, owner: '', reason: r, expires: '2027-03-31'}]"},
		},
	} {
		out[f.name] = &f
	}
	return out
}

// schema makes the schema of a file from its types, as yamlfile reads them, and their comments.
func (f *userFile) schema() (string, error) {
	source, err := readSource("../../collect/inventory", "../../score/plan", "../../score/plan/outcome", "../../score/audit")
	if err != nil {
		return "", err
	}
	root, err := f.structure(source, f.of)
	if err != nil {
		return "", err
	}
	doc := object{{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"$id", "urn:infraopt:" + f.name + ":v1"}, {"title", f.title}, {"description", f.about}}
	return encodeSchema(append(doc, root...))
}

func (f *userFile) structure(source *sourceText, t reflect.Type) (object, error) {
	var properties object
	var required []string
	for _, x := range yamlfile.Fields(t) {
		field := t.FieldByIndex(x.Index)
		value, err := f.value(source, field.Type, &x.Rule, x.Required)
		if err != nil {
			return nil, fmt.Errorf("%v.%s: %w", t, field.Name, err)
		}
		described := object{}
		if text := source.comments[t.Name()+"."+field.Name]; text != "" {
			described = object{{"description", text}}
		}
		properties = append(properties, member{x.Name, append(described, value...)})
		if x.Required {
			required = append(required, x.Name)
		}
	}
	out := object{{"type", "object"}, {"properties", properties}, {"additionalProperties", false}}
	if required != nil {
		out = append(out, member{"required", required})
	}
	if _, ok := reflect.Zero(t).Interface().(yamlfile.Alternative); ok {
		out = append(out, member{"minProperties", 1}, member{"maxProperties", 1})
	}
	return out, nil
}

func (f *userFile) value(source *sourceText, t reflect.Type, rule *yamlfile.Rule, required bool) (object, error) {
	text := object{{"type", "string"}, {"maxLength", inventory.MaxText}}
	if required || reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()) {
		text = append(text, member{"minLength", 1})
	}
	if format := f.formats[t]; format != "" {
		return append(text, member{"pattern", format}), nil
	}
	switch t.Kind() {
	case reflect.Pointer:
		return f.value(source, t.Elem(), rule, required)
	case reflect.Struct:
		return f.structure(source, t)
	case reflect.Slice:
		items, err := f.value(source, t.Elem(), rule, false)
		out := object{{"type", "array"}, {"items", items}}
		if required {
			out = append(out, member{"minItems", 1})
		}
		return out, err
	case reflect.Map:
		values, err := f.value(source, t.Elem(), rule, false)
		return object{{"type", "object"}, {"additionalProperties", values}}, err
	case reflect.Bool:
		return object{{"type", "boolean"}}, nil
	case reflect.String:
		if len(rule.Choices) == 0 {
			return text, nil
		}
		for _, c := range rule.Choices { // words of the inventory are written twice: here they are held together
			if known := source.values[t.Name()]; t.Name() != "string" && !slices.Contains(known, c) {
				return nil, fmt.Errorf("%q is none of %q", c, known)
			}
		}
		return object{{"enum", rule.Choices}}, nil
	case reflect.Int, reflect.Int64, reflect.Float64:
		out := object{{"type", "number"}}
		if t.Kind() != reflect.Float64 {
			out = object{{"type", "integer"}}
		}
		if rule.Bounded {
			out = append(out, member{"minimum", rule.Low}, member{"maximum", rule.High})
		}
		return out, nil
	}
	return nil, fmt.Errorf("no schema for the type %v", t)
}

// TestUserFileSchemas holds that the schemas take what the loaders take, and refuse what an editor can know to be wrong.
func TestUserFileSchemas(t *testing.T) {
	for _, f := range userFiles() {
		for want, documents := range map[bool][]string{true: f.good, false: f.bad} {
			for _, d := range documents {
				document, err := yaml.YAMLToJSON([]byte(d))
				if err != nil {
					t.Fatal(err)
				}
				if err := validate(f.name, document); (err == nil) != want {
					t.Errorf("%s: %s: the schema says %v", f.name, d, err)
				}
				if err := f.load([]byte(d)); (err == nil) != want {
					t.Errorf("%s: %s: the loader says %v", f.name, d, err)
				}
			}
		}
	}
}

// TestWordsAreAll holds that a what-if can set every word of the inventory, but kinds of machine that no purchase makes.
func TestWordsAreAll(t *testing.T) {
	source, err := readSource("../../collect/inventory")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, of := range []reflect.Type{reflect.TypeFor[plan.Set](), reflect.TypeFor[plan.SetOS]()} {
		for _, x := range yamlfile.Fields(of) {
			if len(x.Choices) == 0 {
				continue
			}
			seen++
			if known := source.values[of.FieldByIndex(x.Index).Type.Elem().Name()]; !slices.Equal(known, x.Choices) {
				t.Errorf("%v.%s can be %q, want %q", of, x.Name, x.Choices, known)
			}
		}
	}
	if seen != 6 {
		t.Errorf("%d fields have words, want 6", seen)
	}
}
