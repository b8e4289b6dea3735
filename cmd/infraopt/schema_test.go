package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/report/history"
	"github.com/infraopt/infraopt/score"
	"github.com/infraopt/infraopt/score/audit"
	"github.com/infraopt/infraopt/score/indicators"
	"github.com/infraopt/infraopt/score/plan/pack/sizing"
)

// The JSON Schemas are made from the types and their comments. A general library would have to be told of every type
// that encodes itself, of pointers that become null and of fields that are left out; that is most of what it takes.

// An object is a JSON object whose keys keep their order.
type object []member

type member struct {
	key   string
	value any
}

func (o object) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		key, err := json.Marshal(m.key)
		if err != nil {
			return nil, err
		}
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		b.Write(key)
		b.WriteByte(':')
		if err := enc.Encode(m.value); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// A schemaMaker makes the schema of a document.
type schemaMaker struct {
	source *sourceText
	defs   object
	types  map[string]reflect.Type
}

func schemaOf(source *sourceText, t reflect.Type, title, id, version string) (string, error) {
	m := &schemaMaker{source: source, types: map[string]reflect.Type{}}
	root := m.structure(t)
	properties := root.get("properties").(object)
	for i := range properties {
		if properties[i].key == "schema" {
			properties[i].value = object{{"const", version}}
		}
	}
	doc := object{{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"$id", id}, {"title", title}}
	doc = append(doc, root...)
	return encodeSchema(append(doc, member{"$defs", m.defs}))
}

func encodeSchema(doc object) (string, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(doc); err != nil {
		return "", err
	}
	return b.String(), nil
}

func (o object) get(key string) any {
	for _, m := range o {
		if m.key == key {
			return m.value
		}
	}
	return nil
}

// define puts a type among the definitions, once, and refers to it.
func (m *schemaMaker) define(name string, t reflect.Type, make func() object) object {
	if known, ok := m.types[name]; !ok {
		m.types[name] = t
		i := len(m.defs)
		m.defs = append(m.defs, member{key: name}) // its place is where it was first needed
		m.defs[i].value = make()
	} else if known != t {
		panic(fmt.Sprintf("two types are called %s: %v and %v", name, known, t))
	}
	return object{{"$ref", "#/$defs/" + name}}
}

func (m *schemaMaker) of(t reflect.Type) object {
	if v, ok := reflect.Zero(t).Interface().(interface{ ValueType() reflect.Type }); ok {
		return object{{"oneOf", []object{m.of(v.ValueType()), m.define("NoValue", nil, noValue)}}}
	}
	switch t {
	case reflect.TypeFor[time.Time]():
		return object{{"type", "string"}, {"format", "date-time"}}
	case reflect.TypeFor[audit.Day]():
		return object{{"type", "string"}, {"format", "date"}}
	case reflect.TypeFor[score.Bounds]():
		return m.define("Bounds", t, func() object {
			end := object{{"type", []string{"number", "null"}}}
			return object{{"description", m.source.comments["Bounds"]}, {"type", "object"},
				{"properties", object{{"low", end}, {"high", end}}}, {"required", []string{"low", "high"}}}
		})
	}
	switch t.Kind() {
	case reflect.Pointer:
		return object{{"oneOf", []object{m.of(t.Elem()), {{"type", "null"}}}}}
	case reflect.Struct:
		return m.define(t.Name(), t, func() object { return m.structure(t) })
	case reflect.Slice:
		return object{{"type", "array"}, {"items", m.of(t.Elem())}}
	case reflect.Array:
		return object{{"type", "array"}, {"items", m.of(t.Elem())}, {"minItems", t.Len()}, {"maxItems", t.Len()}}
	case reflect.Map:
		return object{{"type", "object"}, {"additionalProperties", m.of(t.Elem())}}
	case reflect.String:
		if values := m.source.values[t.Name()]; t.PkgPath() != "" && len(values) > 0 {
			return m.define(t.Name(), t, func() object { return object{{"description", m.source.comments[t.Name()]}, {"enum", values}} })
		}
		return object{{"type", "string"}}
	case reflect.Bool:
		return object{{"type", "boolean"}}
	case reflect.Int, reflect.Int64:
		return object{{"type", "integer"}}
	case reflect.Float64:
		return object{{"type", "number"}}
	}
	panic(fmt.Sprintf("no schema for the type %v", t))
}

// noValue is what a Reading without a value is written as.
func noValue() object {
	text, yes := object{{"type", "string"}}, object{{"const", true}}
	state := func(required string, properties object) object {
		return object{{"type", "object"}, {"properties", properties}, {"required", []string{required}}, {"additionalProperties", false}}
	}
	return object{
		{"description", "What stands in the place of a value that is not known: why, and what would reveal it; or that it is not there; or what proves that it has no meaning."},
		{"oneOf", []object{
			state("unknown", object{{"unknown", text}, {"remedy", text}}),
			state("absent", object{{"absent", yes}}),
			state("notApplicable", object{{"notApplicable", text}}),
		}},
	}
}

func (m *schemaMaker) structure(t reflect.Type) object {
	properties, required := object{}, []string{}
	m.fields(t, &properties, &required)
	o := object{}
	if text := m.source.comments[t.Name()]; text != "" {
		o = append(o, member{"description", text})
	}
	return append(o, member{"type", "object"}, member{"properties", properties}, member{"required", required})
}

func (m *schemaMaker) fields(t reflect.Type, properties *object, required *[]string) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case !f.IsExported() && !f.Anonymous: // encoding/json does not write it
			continue
		case name == "" && f.Anonymous:
			m.fields(f.Type, properties, required)
			continue
		case name == "":
			panic(fmt.Sprintf("%v.%s has no name in JSON", t, f.Name))
		case name == "-":
			continue
		}
		s := object{}
		if text := m.source.comments[t.Name()+"."+f.Name]; text != "" {
			s = append(s, member{"description", text})
		}
		*properties = append(*properties, member{name, append(s, m.of(f.Type)...)})
		if options == "" {
			*required = append(*required, name)
		}
	}
}

// sourceText is what reflection does not show: comments of types and fields, and the constants of a type.
type sourceText struct {
	comments map[string]string   // by Type and Type.Field
	values   map[string][]string // by Type
}

func readSource(folders ...string) (*sourceText, error) {
	s := &sourceText{comments: map[string]string{}, values: map[string][]string{}}
	for _, folder := range folders {
		names, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				return nil, err
			}
			for _, d := range file.Decls {
				if g, ok := d.(*ast.GenDecl); ok {
					s.read(g)
				}
			}
		}
	}
	return s, nil
}

func (s *sourceText) read(g *ast.GenDecl) {
	for _, spec := range g.Specs {
		switch x := spec.(type) {
		case *ast.TypeSpec:
			doc := x.Doc
			if doc == nil {
				doc = g.Doc
			}
			s.comments[x.Name.Name] = plain(doc)
			if st, ok := x.Type.(*ast.StructType); ok {
				for _, f := range st.Fields.List {
					text := plain(f.Doc)
					if text == "" {
						text = plain(f.Comment)
					}
					for _, n := range f.Names {
						s.comments[x.Name.Name+"."+n.Name] = text
					}
				}
			}
		case *ast.ValueSpec:
			of, ok := x.Type.(*ast.Ident)
			if !ok || g.Tok != token.CONST {
				continue
			}
			for _, v := range x.Values {
				if lit, ok := v.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					if text, err := strconv.Unquote(lit.Value); err == nil {
						s.values[of.Name] = append(s.values[of.Name], text)
					}
				}
			}
		}
	}
}

// plain is the text of a comment on one line, without the brackets of links.
func plain(c *ast.CommentGroup) string {
	return strings.NewReplacer("[", "", "]", "").Replace(strings.Join(strings.Fields(c.Text()), " "))
}

// validate checks a document against a schema as it is printed by the schema command.
func validate(schema string, document []byte) error {
	kinds := documentKinds()
	i := slices.IndexFunc(kinds, func(k documentKind) bool { return k.name == schema })
	if i < 0 {
		return fmt.Errorf("no schema %q", schema)
	}
	parsed, err := jsonschema.UnmarshalJSON(strings.NewReader(kinds[i].schema))
	if err != nil {
		return err
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource("schema.json", parsed); err != nil {
		return err
	}
	compiled, err := compiler.Compile("schema.json")
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		return err
	}
	err = compiled.Validate(value)
	var invalid *jsonschema.ValidationError
	if errors.As(err, &invalid) { // its own text ends before it says what is wrong
		out, _ := json.MarshalIndent(invalid.BasicOutput(), "", " ")
		return errors.New(string(out[:min(len(out), 4000)]))
	}
	return err
}

// TestSchemasRefuse shows that the schemas can tell a wrong document.
func TestSchemasRefuse(t *testing.T) {
	for schema, documents := range map[string][]string{
		"snapshot": {
			`{}`,
			`{"schema":"infraopt.snapshot/v2","takenAt":"2026-11-23T07:41:00Z","tool":{"name":"x","version":"y"},"sources":[]}`,
			`{"schema":"infraopt.snapshot/v1","takenAt":"yesterday","tool":{"name":"x","version":"y"},"sources":[]}`,
			snapshotWith(`{"id":"m","name":{"unknown":"x","absent":true}}`),
			snapshotWith(`{"id":"m","name":7}`),
			snapshotWith(`{"id":"m","kind":"imaginary"}`),
		},
		"assessment":  {`{}`, `{"schema":"infraopt.assessment/v1"}`},
		"sensitivity": {`{}`, `{"schema":"infraopt.sensitivity/v1"}`},
		"pack":        {`{}`, `{"schema":"infraopt.pack/v1"}`},
	} {
		for _, d := range documents {
			if validate(schema, []byte(d)) == nil {
				t.Errorf("the schema %s takes %s", schema, d)
			}
		}
	}
	for _, name := range []string{`"web1"`, `{"unknown":"no"}`, `{"unknown":"no","remedy":"sudo"}`, `{"absent":true}`, `{"notApplicable":"cloud"}`} {
		if err := validate("snapshot", []byte(snapshotWith(`{"id":"m","name":`+name+`}`))); err != nil {
			t.Errorf("the name %s is refused: %v", name, err)
		}
	}
}

// TestModelSchema holds that the schema of the model file takes what the loader takes, and refuses what an editor can know
// to be wrong.
func TestModelSchema(t *testing.T) {
	page, err := os.ReadFile("../../docs/method.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```yaml\n")
	example, _, _ := strings.Cut(rest, "```\n")
	good := []string{example, "{}", "levels: [{number: 3, score: 40}]", "idle: {rule: broad, broad: {mhz: 50}}", "components: {server: 2}",
		"zones: [{name: a, machines: [b]}]", "waivers: [{indicator: converged.fabric, reason: r, until: '2027-03-31'}]"}
	bad := []string{"[]", "pilars: []", "pillars: [{weight: 1}]", "pillars: [{id: component}]", "pillars: [{id: components, wieght: 1}]", "pillars: [{id: components, title: x}]",
		"thresholds: {coreGiB: 0}", "thresholds: {coreGiB: four}", "thresholds: {stepMiB: 1.5}", "idle: {rule: none}", "components: {sever: 1}", "levels: [{number: 7}]",
		"indicators: [{id: containers.isolation, ladder: [{id: hand, value: 1}]}]", "zones: [{name: a, machines: b}]", "zones: [{name: a, machines: [b], spares: -1}]", "waivers: [{reason: 5}]"}
	for want, documents := range map[bool][]string{true: good, false: bad} {
		for _, d := range documents {
			document, err := yaml.YAMLToJSON([]byte(d))
			if err != nil {
				t.Fatal(err)
			}
			if err := validate("model", document); (err == nil) != want {
				t.Errorf("%s: the schema says %v", d, err)
			}
			if _, err := indicators.Load("m.yaml", []byte(d)); (err == nil) != want {
				t.Errorf("%s: the loader says %v", d, err)
			}
		}
	}
}

func snapshotWith(machine string) string {
	return `{"schema":"infraopt.snapshot/v1","takenAt":"2026-11-23T07:41:00Z","tool":{"name":"x","version":"y"},"sources":[` +
		`{"target":"host:","scheme":"host","status":"ok","startedAt":"2026-11-23T07:41:00Z","durationMs":1,"machines":[` + machine + `]}]}`
}

// schemas makes all schemas, by file name.
func schemas() (map[string]string, error) {
	inv, err := readSource("../../collect/inventory")
	if err != nil {
		return nil, err
	}
	both, err := readSource("../../collect/inventory", "../../score")
	if err != nil {
		return nil, err
	}
	packing, err := readSource("../../score/plan/pack/sizing")
	if err != nil {
		return nil, err
	}
	kept, err := readSource("../../report/history", "../../score")
	if err != nil {
		return nil, err
	}
	audited, err := readSource("../../score/audit", "../../score", "../../collect/inventory")
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, x := range []struct {
		name    string
		source  *sourceText
		of      reflect.Type
		version string
	}{
		{"snapshot", inv, reflect.TypeFor[inventory.Snapshot](), inventory.SnapshotSchema},
		{"assessment", both, reflect.TypeFor[score.Assessment](), score.AssessmentSchema},
		{"plan", both, reflect.TypeFor[score.Plan](), score.PlanSchema},
		{"sensitivity", both, reflect.TypeFor[score.Sensitivity](), score.SensitivitySchema},
		{"pack", packing, reflect.TypeFor[sizing.Answer](), sizing.AnswerSchema},
		{"audit", audited, reflect.TypeFor[audit.Result](), audit.Schema},
		{"history", kept, reflect.TypeFor[history.Listing](), history.ListingSchema},
	} {
		text, err := schemaOf(x.source, x.of, "infraopt "+x.name, "urn:infraopt:"+x.name+":v1", x.version)
		if err != nil {
			return nil, err
		}
		out["docs/"+x.name+".schema.json"] = text
	}
	model, err := modelSchema()
	if err != nil {
		return nil, err
	}
	out["docs/model.schema.json"] = model
	for name, text := range userFiles() {
		if out["docs/"+name+".schema.json"], err = text.schema(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// modelSchema makes the schema of the model file, from the parts of the built-in model: everything may be left out, and
// nothing may be added but zones and waivers.
func modelSchema() (string, error) {
	m, err := indicators.Default()
	if err != nil {
		return "", err
	}
	m.Zones, m.Waivers = make([]score.Zone, 1), make([]score.Waiver, 1) // specimens
	root := partsSchema(m.Parts(), nil, indicators.Meanings())
	doc := object{{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"$id", "urn:infraopt:model:v1"}, {"title", "infraopt model file"},
		{"description", "What is to be other than in the built-in model. Weights have to add up to 1, which no schema can say: infraopt explain --model FILE checks everything."}}
	return encodeSchema(append(doc, root...))
}

func partsSchema(parts []score.Part, properties object, meanings map[string]string) object {
	for _, p := range parts {
		if p.Kind != score.Word {
			properties = append(properties, member{p.Name, partSchema(&p, meanings)})
		}
	}
	return object{{"type", "object"}, {"properties", properties}, {"additionalProperties", false}}
}

func partSchema(p *score.Part, meanings map[string]string) object {
	o := object{}
	if text := meanings[p.Path]; text != "" {
		o = append(o, member{"description", text})
	}
	switch p.Kind {
	case score.Number:
		kind := "number"
		if p.Whole {
			kind = "integer"
		}
		return append(o, member{"type", kind}, member{"minimum", p.Low}, member{"maximum", p.High})
	case score.Choice:
		return append(o, member{"enum", p.Choices})
	case score.Text:
		return append(o, member{"type", "string"}, member{"maxLength", inventory.MaxText})
	case score.Texts:
		return append(o, member{"type", "array"}, member{"items", object{{"type", "string"}, {"maxLength", inventory.MaxText}}})
	case score.Open:
		return append(o, member{"type", "array"}, member{"items", partsSchema(p.Parts[0].Parts, nil, meanings)})
	case score.List: // each element has its own, as each has its own steps
		var elements []object
		for _, e := range p.Parts {
			var id any = e.Name
			if n, err := strconv.Atoi(e.Name); err == nil {
				id = n
			}
			elements = append(elements, append(partsSchema(e.Parts, object{{p.ID, object{{"const", id}}}}, meanings), member{"required", []string{p.ID}}))
		}
		return append(o, member{"type", "array"}, member{"items", object{{"oneOf", elements}}})
	default:
		return append(o, partsSchema(p.Parts, nil, meanings)...)
	}
}
