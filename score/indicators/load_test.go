package indicators

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/infraopt/infraopt/collect/demo"
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// numbers lists every number and choice of a model, by path.
func numbers(m *score.Model) map[string]string {
	out := map[string]string{}
	for _, p := range score.Leaves(m.Parts()) {
		if v, ok := p.Number(); ok {
			out[p.Path] = score.Plain(v)
		} else {
			out[p.Path] = p.Text()
		}
	}
	return out
}

// example is the model file of the documentation.
func example(t testing.TB) string {
	t.Helper()
	page, err := os.ReadFile("../../docs/method.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "<!-- example: model.yaml -->\n\n```yaml\n")
	text, _, ok := strings.Cut(rest, "```\n")
	if !ok {
		t.Fatal("docs/method.md has no example")
	}
	return text
}

// The example of the documentation changes what it names, and nothing else.
func TestExampleOfTheDocumentation(t *testing.T) {
	text := example(t)
	m, err := Load("model.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"pillars.components.weight": "0.3", "pillars.converged.weight": "0.2", "indicators.containers.isolation.ladder.vm-container.value": "0.8",
		"levels.3.coverage": "0.65", "thresholds.headroom": "0.8", "thresholds.cpuMargin": "1.3", "idle.rule": "strict", "zones.1.spares": "1", "zones.2.spares": "2",
	}
	builtIn, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	before := numbers(builtIn)
	for path, have := range numbers(m) {
		if w, ok := want[path]; ok && have != w {
			t.Errorf("%s is %s, want %s", path, have, w)
		} else if !ok && have != before[path] {
			t.Errorf("%s changed from %s to %s", path, before[path], have)
		}
	}
	if len(m.Zones) != 2 || m.Zones[0].Name != "dmz" || len(m.Zones[1].Machines) != 2 {
		t.Errorf("zones: %+v", m.Zones)
	}
	if len(m.Waivers) != 2 || m.Waivers[1].Until != "2027-03-31" || m.Waivers[0].Machines[0] != "lab-*" {
		t.Errorf("waivers: %+v", m.Waivers)
	}
	if m.Rules() == builtIn.Rules() {
		t.Error("the hash of the rules is that of the built-in model")
	}
}

// A file without anything in it changes nothing, and neither does one that says what is built in.
func TestLoadWithoutChanges(t *testing.T) {
	want, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", "\n \n", "# nothing yet\n", "---\n", "---\n# nothing\n...\n", "\uFEFFthresholds: {}\r\n", "pillars: []", "thresholds:\r\n  headroom: 9.0e-1\r\n", "levels: [{number: 3}]"} {
		m, err := Load("model.yaml", []byte(text))
		if err != nil {
			t.Errorf("%q: %v", text, err)
		} else if m.Rules() != want.Rules() {
			t.Errorf("%q changes the rules", text)
		}
	}
}

// Thresholds stand in the words that explain them, whatever they are.
func TestWordsFollowThresholds(t *testing.T) {
	m, err := Load("model.yaml", []byte("thresholds: {manyKinds: 30, worstOverAttainable: 5}"))
	if err != nil {
		t.Fatal(err)
	}
	for i := range m.Indicators {
		if x := &m.Indicators[i]; strings.ContainsAny(x.Measured, "{}") {
			t.Errorf("%s: %s", x.ID, x.Measured)
		}
	}
	if text := m.Indicator("components.uniformity").Measured; !strings.Contains(text, "ln(N)/ln 30") {
		t.Error(text)
	}
}

func TestLoadErrors(t *testing.T) {
	indented := func(n int) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(strings.Repeat(" ", i) + "a:\n")
		}
		return b.String()
	}
	tests := []struct{ text, want string }{
		// Names.
		{"pilars: []", `m.yaml:1:1: unknown key "pilars": did you mean pillars?`},
		{"\n\npillars:\n  - id: components\n    wieght: .4", `m.yaml:5:5: unknown key "wieght": did you mean weight?`},
		{"xyzzy: 1", `m.yaml:1:1: unknown key "xyzzy": want one of pillars, indicators, levels, `},
		{"code: x", `unknown key "code": want one of`},
		{"indicators:\n  - id: containers.isolatoin\n    weight: 1", `m.yaml:2:9: unknown id "containers.isolatoin": did you mean containers.isolation?`},
		{"indicators: [{id: containers.isolation, ladder: [{id: vm-procss, value: 1}]}]", `unknown id "vm-procss": did you mean vm-process?`},
		{"levels: [{number: 7, score: 1}]", `m.yaml:1:19: unknown number "7": want one of 1, 2, 3, 4, 5`},
		{"components: {sever: 2}", `unknown key "sever": did you mean server?`},
		{"pillars: [{weight: 1}]", "pillars: have keys with values: want a list of which each element has the key id"},
		{"waivers: [{machine: [a], reason: r}]", `unknown key "machine": did you mean machines?`},
		{"zones: [{name: a, machines: [b], spare: 1}]", `did you mean spares?`},
		{"idle: {rule: defalt}", `m.yaml:1:14: idle.rule: "defalt": want one of strict, default, broad: did you mean default?`},
		// Words.
		{"indicators: [{id: containers.isolation, why: x}]", "m.yaml:1:41: indicators.containers.isolation.why: the words of the model cannot be changed"},
		{"levels: [{number: 1, name: x}]", "levels.1.name: the words of the model"},
		{"pillars: [{id: components, title: x}]", "the words of the model"},
		{"indicators: [{id: containers.isolation, references: [x]}]", "the words of the model"},
		{"indicators: [{id: containers.isolation, ladder: [{id: vm-process, text: x}]}]", "the words of the model"},
		// Kinds of values.
		{"thresholds:\n  coreGiB: four", `m.yaml:2:12: thresholds.coreGiB: have "four": want a number from 0.5 to 1024`},
		{"thresholds: {coreGiB: '4'}", `have "4": want a number`},
		{"thresholds: {coreGiB: yes}", `have "yes": want a number`},
		{"thresholds: {coreGiB: true}", `have "true": want a number`},
		{"thresholds: {coreGiB: [4]}", "have a list: want a number"},
		{"thresholds: {coreGiB: {a: 4}}", "have keys with values: want a number"},
		{"thresholds: {coreGiB: }", "have nothing: want a number"},
		{"thresholds: {coreGiB: ~}", "have nothing: want a number"},
		{"thresholds: {coreGiB: .nan}", `have ".nan": want a number`},
		{"thresholds: {coreGiB: .inf}", `have ".inf": want a number`},
		{"thresholds: {coreGiB: 1e999}", `have "1e999": want a number`},
		{"thresholds: {stepMiB: 1.5}", `have "1.5": want a whole number from 1 to 1000000`},
		{"thresholds: 5", `thresholds: have "5": want keys with values`},
		{"thresholds:", "thresholds: have nothing: want keys with values"},
		{"pillars: {components: .4}", "pillars: have keys with values: want a list of which each element has the key id"},
		{"[1]", "the file: have a list: want keys with values"},
		{"text", `the file: have "text": want keys with values`},
		{"zones: x", `zones: have "x": want a list`},
		{"zones: [x]", `zones.1: have "x": want keys with values`},
		{"zones: [{name: 5, machines: [a]}]", `zones.1.name: have "5": want text, in quotes`},
		{"zones: [{name: a, machines: b}]", `zones.1.machines: have "b": want a list of texts`},
		{"zones: [{name: a, machines: [1]}]", `zones.1.machines: have "1": want a list of texts, in quotes`},
		// Values.
		{"thresholds: {coreGiB: 0}", "m.yaml:1:23: thresholds.coreGiB: 0: want a number from 0.5 to 1024"},
		{"thresholds: {coreGiB: -4}", "thresholds.coreGiB: -4: want"},
		{"thresholds: {stepMiB: 99999999999999999999}", "want a whole number from 1 to 1000000"},
		{"components: {server: -1}", "components.server: -1: want a number from 0 to 1000"},
		{"levels: [{number: 3, score: 101}]", "levels.3.score: 101: want a number from 0 to 100"},
		{"pillars:\n  - {id: components, weight: .45}\n  - {id: converged, weight: .10}", "m.yaml:2:30: weights of the pillars add up to 1.05, want 1: components 0.45, containers 0.3, software-defined 0.2, converged 0.1 (set in lines 2, 3)"},
		{"indicators: [{id: converged.fabric, weight: .5}]", "m.yaml:1:45: weights of the indicators of converged add up to 1.25, want 1: converged.storage 0.5, converged.fabric 0.5, converged.hardware 0.25"},
		{"indicators: [{id: converged.fabric, ladder: [{id: fcoe, value: 1.01}]}]", "value: 1.01: want a number from 0 to 1"},
		{"indicators:\n  - id: containers.isolation\n    ladder:\n      - {id: vm-process, value: .05}", "m.yaml:4:33: indicator containers.isolation: step vm-process: value 0.05 is below that of server-process, 0.1: want steps in rising order"},
		{"zones: [{name: a, machines: [b], spares: -1}]", "m.yaml:1:42: zones.1.spares: -1: want a whole number from 0"},
		{"waivers:\n  - reason: r\n    machines: [a]\n  - machines: [a]", "m.yaml:4:5: waiver 2: it has no reason"},
		{"waivers: [{machines: [a], reason: r, until: 2027-02-30}]", `until "2027-02-30": want a day such as 2027-03-31`},
		{"waivers: [{machines: [a], reason: " + strings.Repeat("r", 600) + "}]", "a text of 600 bytes: want 512 at most"},
		// Twice.
		{"thresholds:\n  coreGiB: 4\n  coreGiB: 5", `m.yaml:3:3: the key "coreGiB" is there twice, first in line 2`},
		{"pillars: [{id: components}, {id: components}]", "pillars: components is there twice, first in line 1"},
		{"levels: [{number: 1}, {number: 1}]", "levels: 1 is there twice"},
		{"a: 1\n---\nb: 2", "m.yaml:3:1: a second document: want one"},
		// What YAML can do beside.
		{"thresholds: &x {}", "m.yaml:1:13: anchors"},
		{"thresholds: *x", "m.yaml:1:13: anchors"},
		{"<<: {}", "merges (<<) are not allowed"},
		{"thresholds: !!map {}", "m.yaml:1:13: tags"},
		{"%YAML 1.2\n---\n", "directives (%NAME) are not allowed"},
		{"? a\n: 1", "a key with a question mark"},
		{"waivers:\n  - reason: >\n      x", "blocks of text (| and >) are not allowed"},
		{"{", "m.yaml:1:1: not YAML"},
		{"a: 'x", "m.yaml:1:4: not YAML"},
		{"a: b: c", "m.yaml:1:"},
		{"\ta: 1", "m.yaml:1:"},
		{"a: \x00", "m.yaml:1:4: not text: a control character"},
		{"a: \r", "m.yaml:1:4: not text: a control character"},
		{"a: \xff", "m.yaml:1:1: not text: want UTF-8"},
		// Too much.
		{"thresholds: " + strings.Repeat("[", 900), "m.yaml:1:29: nested too deeply"},
		{strings.Repeat("[\n", 10_000), "m.yaml:17:1: nested too deeply"},
		{strings.Repeat("{a:\n", 10_000), "m.yaml:17:1: nested too deeply"},
		{indented(10_000)[:MaxFile], "nested too deeply"},
		{strings.Repeat("- ", 400), "nested too deeply"},
		{"a: " + strings.Repeat("x", 10_000), "m.yaml:1:1001: a line of 10003 bytes: want 1000 at most"},
		{strings.Repeat("- \n", 80_000), "too many values"},
		{strings.Repeat("# a line\n", 1<<20/9), "a model file of more than 256 KiB"},
		{strings.Repeat("[", 1<<20), "a model file of more than 256 KiB"},
	}
	for _, test := range tests {
		begin := time.Now()
		_, err := Load("m.yaml", []byte(test.text))
		if err == nil || !strings.HasPrefix(err.Error(), "m.yaml:") || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%.80q:\n got %v\nwant %s", test.text, err, test.want)
		}
		if took := time.Since(begin); took > 2*time.Second {
			t.Errorf("%.80q took %v", test.text, took)
		}
	}
}

// The largest file that is read is read in no time, whether it is any good or not.
func TestLargestFileIsQuick(t *testing.T) {
	var b strings.Builder
	b.WriteString("waivers:\n")
	for b.Len() < MaxFile-1000 {
		b.WriteString("  - {machines: [lab-0123456789, \"web-*-*-*\"], reason: \"" + strings.Repeat("why ", 100) + "\"}\n")
	}
	comments := strings.Repeat("# "+strings.Repeat("x", 90)+"\n", MaxFile/93)
	for _, text := range []string{b.String(), comments, strings.Repeat("a: \"\"\n", MaxFile/6), strings.Repeat("'' ", 300), "a:\n" + strings.Repeat("  x\n", MaxFile/4-1)} {
		begin := time.Now()
		_, err := Load("m.yaml", []byte(text))
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("%.40q: %v after %v", text, err, took)
		}
	}
	if _, err := Load("m.yaml", []byte(b.String())); err != nil {
		t.Errorf("a large file: %v", err)
	}
}

// eachNumber calls f for every number of a value, however deep, with a way to change it.
func eachNumber(v reflect.Value, path string, f func(path string, v reflect.Value)) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			eachNumber(v.Field(i), path+"."+v.Type().Field(i).Name, f)
		}
	case reflect.Slice:
		for i := range v.Len() {
			eachNumber(v.Index(i), fmt.Sprintf("%s[%d]", path, i), f)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			eachNumber(v.Elem(), path, f)
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			x := reflect.New(v.Type().Elem()).Elem()
			x.Set(v.MapIndex(k))
			eachNumber(x, path+"."+k.String(), func(path string, x reflect.Value) {
				f(path, x)
				v.SetMapIndex(k, x)
			})
		}
	case reflect.Float64, reflect.Int, reflect.Int64:
		f(path, v)
	}
}

// Any single number of the model that changes, and the code, and any zone or waiver, changes the hash of the rules.
func TestRulesHashCoversEveryNumber(t *testing.T) {
	full := func() *score.Model {
		m, err := Load("m.yaml", []byte("zones: [{name: a, machines: [b], spares: 1}]\nwaivers: [{machines: [c], reason: d}]"))
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	hash := full().Rules()
	var paths []string
	eachNumber(reflect.ValueOf(full()).Elem(), "", func(path string, _ reflect.Value) { paths = append(paths, path) })
	if len(paths) < 150 {
		t.Errorf("only %d numbers were found", len(paths))
	}
	for _, path := range paths {
		m := full()
		eachNumber(reflect.ValueOf(m).Elem(), "", func(p string, v reflect.Value) {
			switch {
			case p != path:
			case v.CanFloat():
				v.SetFloat(math.Nextafter(v.Float(), math.Inf(1)))
			default:
				v.SetInt(v.Int() + 1)
			}
		})
		if m.Rules() == hash {
			t.Errorf("%s changed, and the hash stays %s", path, hash)
		}
	}
	for name, change := range map[string]func(m *score.Model){
		"code":   func(m *score.Model) { m.Code += "0" },
		"rule":   func(m *score.Model) { m.Idle.Rule = "broad" },
		"zone":   func(m *score.Model) { m.Zones[0].Machines = []string{"x"} },
		"waiver": func(m *score.Model) { m.Waivers[0].Until = "2027-03-31" },
	} {
		m := full()
		change(m)
		if m.Rules() == hash {
			t.Errorf("%s changed, and the hash stays %s", name, hash)
		}
	}
	if m := full(); len(m.Code) != 64 {
		t.Errorf("the sum over the code is %q: run make generate", m.Code)
	}
}

// Every number of the model has limits that it is within, and of which those of thresholds and idle rules are documented.
func TestEveryNumberHasMeaning(t *testing.T) {
	m, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	meanings := Meanings()
	for _, p := range score.Leaves(m.Parts()) {
		section, _, _ := strings.Cut(p.Path, ".")
		if (section == "thresholds" || section == "idle") && meanings[p.Path] == "" {
			t.Errorf("%s has no comment in model.yaml", p.Path)
		}
		if p.Kind == score.Number && !(p.Low < p.High) {
			t.Errorf("%s: limits %v to %v", p.Path, p.Low, p.High)
		}
	}
}

func demoEstate(seed uint64) *inventory.Estate {
	return demo.RandomEstate(rand.New(rand.NewPCG(seed, 31)), demo.RandomOptions{Hosts: 2, Unknown: .1})
}

// sane wants a score within bounds, and every number of the assessment finite.
func sane(m *score.Model, e *inventory.Estate) error {
	for _, opt := range []score.Options{{}, {RunningIsActive: true}} {
		a := score.Assess(e, m, score.Request{Options: opt})
		if s := a.Score; !(s.None || 0 <= s.Low && s.Low <= s.High+1e-9 && s.High <= 100) {
			return fmt.Errorf("score %+v", s)
		}
		var bad error
		eachNumber(reflect.ValueOf(a).Elem(), "", func(path string, v reflect.Value) {
			if v.CanFloat() && (math.IsNaN(v.Float()) || math.IsInf(v.Float(), 0)) {
				bad = fmt.Errorf("%s is %v", path, v.Float())
			}
		})
		if bad != nil {
			return bad
		}
	}
	return nil
}

// At either end of the limits of every number, one at a time and all at once, the arithmetic holds.
func TestLimitsAreSafe(t *testing.T) {
	e := demoEstate(4)
	ends := map[string]func(p *score.Part) float64{"low": func(p *score.Part) float64 { return p.Low }, "high": func(p *score.Part) float64 { return p.High }}
	builtIn, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	for end, of := range ends {
		all, err := Default()
		if err != nil {
			t.Fatal(err)
		}
		parts := all.Parts()
		for i, p := range score.Leaves(builtIn.Parts()) {
			section, _, _ := strings.Cut(p.Path, ".")
			if p.Kind != score.Number || section == "pillars" || strings.HasSuffix(p.Path, ".weight") {
				continue
			}
			one, err := Default()
			if err != nil {
				t.Fatal(err)
			}
			leaf := score.Leaves(one.Parts())[i]
			leaf.SetNumber(of(&leaf))
			if err := sane(one, e); err != nil {
				t.Errorf("%s at its %s end: %v", p.Path, end, err)
			}
			leaf = score.Leaves(parts)[i]
			leaf.SetNumber(of(&leaf))
		}
		if err := sane(all, e); err != nil {
			t.Errorf("everything at its %s end: %v", end, err)
		}
	}
}

// Components that weigh nothing take nothing from the score, also where nothing bounds the number of hosts.
func TestComponentsThatWeighNothing(t *testing.T) {
	m, err := Load("m.yaml", []byte("components: {server: 0, os-image: 0, hypervisor-image: 0}"))
	if err != nil {
		t.Fatal(err)
	}
	unbounded := 0
	for seed := range uint64(200) {
		e := demoEstate(seed)
		for _, h := range e.Hosts {
			h.Machine.Cores = inventory.Unknown[float64]("not seen", "")
		}
		if err := sane(m, e); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		unbounded += len(e.Hosts)
	}
	if unbounded == 0 {
		t.Error("no estate has a host")
	}
}

// FuzzModel holds that no file makes the loader panic or take long, and that what it accepts can rate an estate.
func FuzzModel(f *testing.F) {
	for _, seed := range []string{example(f), string(defaultModel), "", "thresholds: {coreGiB: 0.5, seriesDays: 1, worstOverAttainable: 1.1}", "components: {server: 0, os-image: 0, hypervisor-image: 0}",
		"pillars: [{id: components, weight: 1}, {id: containers, weight: 0}, {id: software-defined, weight: 0}, {id: converged, weight: 0}]",
		"zones: [{name: 'a|b|1|2', machines: ['*'], spares: 1000000}]", "waivers: [{machines: ['*'], reason: r}]", "a: |\n  \r\r", "a: &x [*x]", "{[", "- - - -"} {
		f.Add([]byte(seed))
	}
	e := demoEstate(4)
	f.Fuzz(func(t *testing.T, text []byte) {
		begin := time.Now()
		m, err := Load("m.yaml", text)
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("it took %v", took)
		}
		if err != nil {
			return
		}
		if err := m.Check(); err != nil {
			t.Errorf("accepted, and then: %v", err)
		}
		if s := score.NewLedger(e, m, score.Options{}).Rate().Score; !(0 <= s.Low && s.Low <= s.High+1e-9 && s.High <= 100) {
			t.Errorf("score %+v", s)
		}
	})
}
