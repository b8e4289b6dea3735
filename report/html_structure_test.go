package report

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// walk visits every element of a page.
func walk(t *testing.T, page []byte, visit func(n *html.Node)) {
	t.Helper()
	root, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			visit(n)
		}
	}
}

func attribute(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

func content(n *html.Node) string {
	var b strings.Builder
	for x := range n.Descendants() {
		if x.Type == html.TextNode {
			b.WriteString(x.Data)
		}
	}
	return b.String()
}

func has(n *html.Node, tag string) bool {
	for x := range n.Descendants() {
		if x.Type == html.ElementNode && x.Data == tag {
			return true
		}
	}
	return false
}

// Every page is one that a screen reader can make sense of, and refers to nothing outside.
func TestHTMLStructure(t *testing.T) {
	for name, a := range htmlSamples() {
		page := rendered(t, "html", a, Display{})
		ids, links, count := map[string]bool{}, []string{}, map[string]int{}
		walk(t, page, func(n *html.Node) {
			count[n.Data]++
			for _, at := range n.Attr {
				switch {
				case strings.HasPrefix(at.Key, "on"), at.Key == "style", at.Key == "src", at.Key == "srcset", at.Key == "action":
					t.Errorf("%s: <%s %s=%q>", name, n.Data, at.Key, at.Val)
				case at.Key == "href" && !strings.HasPrefix(at.Val, "#") && at.Val != "data:,":
					t.Errorf("%s: a link to %q", name, at.Val)
				case at.Key == "href" && at.Val != "data:,", at.Key == "aria-controls":
					links = append(links, strings.TrimPrefix(at.Val, "#"))
				case at.Key == "aria-labelledby":
					links = append(links, strings.Fields(at.Val)...)
				case at.Key == "id":
					if ids[at.Val] {
						t.Errorf("%s: two elements have the ID %q", name, at.Val)
					}
					ids[at.Val] = true
				}
			}
			switch n.Data {
			case "table":
				if !has(n, "caption") || !has(n, "thead") {
					t.Errorf("%s: a table without caption or head", name)
				}
			case "th":
				if scope, _ := attribute(n, "scope"); scope == "" {
					t.Errorf("%s: a head without scope: %q", name, content(n))
				}
			case "svg":
				if role, _ := attribute(n, "role"); role != "img" || !has(n, "title") || !has(n, "desc") {
					t.Errorf("%s: a picture without role, title or description", name)
				}
			case "section":
				if _, ok := attribute(n, "aria-labelledby"); !ok {
					t.Errorf("%s: a section without a name", name)
				}
			}
		})
		for _, id := range links {
			if !ids[id] {
				t.Errorf("%s: nothing has the ID %q, which something refers to", name, id)
			}
		}
		for tag, want := range map[string]int{"h1": 1, "main": 1, "header": 1, "footer": 1, "nav": 1, "script": 1, "style": 1, "title": 1 + count["svg"] + notesIn(page)} {
			if count[tag] != want {
				t.Errorf("%s: %d of <%s>, want %d", name, count[tag], tag, want)
			}
		}
	}
}

// notesIn counts the titles of shapes, which tell about them when pointed at.
func notesIn(page []byte) int { return bytes.Count(page, []byte("<g><title>")) }

// The policy of a page names the script and the style sheet that are in it, by what they are.
func TestHTMLPolicy(t *testing.T) {
	page := rendered(t, "html", boardSample(), Display{})
	policy := ""
	var sources []string
	walk(t, page, func(n *html.Node) {
		switch equiv, _ := attribute(n, "http-equiv"); {
		case equiv == "Content-Security-Policy":
			policy, _ = attribute(n, "content")
		case n.Data == "script" || n.Data == "style":
			sources = append(sources, n.Data+"-src '"+sourceHash(content(n))+"'")
		}
	})
	if len(sources) != 2 {
		t.Fatalf("%d scripts and style sheets, want 2", len(sources))
	}
	for _, want := range append(sources, "default-src 'none'", "img-src data:", "base-uri 'none'", "form-action 'none'") {
		if !strings.Contains(policy, want) {
			t.Errorf("the policy %q does not have %q", policy, want)
		}
	}
	if strings.Contains(policy, "unsafe") {
		t.Errorf("the policy is %q", policy)
	}
}

// payloads are texts that run a script where a page does not keep text and markup apart.
var payloads = []string{
	`<script>window.harmed=1</script>`, `<img src=x onerror="window.harmed=1">`, `"><svg onload=window.harmed=1>`, `'><body onload='window.harmed=1`, `javascript:window.harmed=1`,
	`</title><script>window.harmed=1</script>`, `</style><script>window.harmed=1</script>`, `</script><script>window.harmed=1</script>`, `--><script>window.harmed=1</script><!--`,
	`]]><script>window.harmed=1</script>`, `{{.}}${window.harmed=1}`, `"autofocus onfocus="window.harmed=1" x="`, `<iframe srcdoc="<script>parent.harmed=1</script>">`, `<base href="https://example.invalid/">`,
	`<link rel=stylesheet href="https://example.invalid/x.css">`, `url(https://example.invalid/x.png)`, "\u202e<\u200bscript>window.harmed=1</script>", "\xff\xfe<script>window.harmed=1</script>\x00", `<meta http-equiv=refresh content="0;url=https://example.invalid/">`,
	`&lt;script&gt;window.harmed=1&lt;/script&gt;`, `<math><mtext><img src=x onerror=window.harmed=1>`, strings.Repeat(`<script>window.harmed=1</script>`, 400),
}

// poison puts another text into every place of an assessment that has any.
func poison(v reflect.Value, text func() string) {
	switch v.Kind() {
	case reflect.String:
		if v.String() != "" && v.CanSet() {
			v.SetString(text())
		}
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			poison(v.Elem(), text)
		}
	case reflect.Slice:
		for i := range v.Len() {
			poison(v.Index(i), text)
		}
	case reflect.Map:
		if v.Type().Key().Kind() == reflect.String && v.Len() > 0 {
			k := v.MapKeys()[0]
			v.SetMapIndex(reflect.ValueOf(text()).Convert(k.Type()), v.MapIndex(k))
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		if r, ok := v.Addr().Interface().(*inventory.Reading[string]); ok {
			*r = inventory.Known(text())
			return
		}
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.IsExported() {
				poison(v.Field(i), text)
			}
		}
	}
}

// poisoned is the sample with something of everything, with texts from a list wherever there is a text.
func poisoned(texts []string) *score.Assessment {
	a := boardSample()
	n := 0
	poison(reflect.ValueOf(a), func() string {
		n++
		if s := texts[n%len(texts)]; len(s) <= maxText {
			return fmt.Sprintf("%s %d", s, n)
		}
		return fmt.Sprintf("%d %s", n, texts[n%len(texts)]) // where it is not cut off
	})
	return a
}

// Whatever things are called, a page has the same elements with the same attributes.
func TestHTMLIsInert(t *testing.T) {
	// In pictures it depends on the length of a text where it fits.
	drawn := []string{"svg", "title", "desc", "g", "rect", "path", "line", "text"}
	skeleton := func(texts []string) (out []string) {
		walk(t, rendered(t, "html", poisoned(texts), Display{}), func(n *html.Node) {
			names := []string{n.Data}
			for up := n; up != nil; up = up.Parent {
				if up.Data != "svg" {
					continue
				}
				if !slices.Contains(drawn, n.Data) || slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return strings.HasPrefix(a.Key, "on") || a.Key == "href" }) {
					t.Errorf("%.60q: a picture has %s %v", texts[0], n.Data, n.Attr)
				}
				return
			}
			for _, a := range n.Attr {
				names = append(names, a.Key)
			}
			out = append(out, strings.Join(names, " "))
		})
		return out
	}
	harmless := skeleton([]string{"harmless"})
	for _, p := range payloads {
		if got := skeleton([]string{p}); !slices.Equal(got, harmless) {
			i := 0
			for i < min(len(got), len(harmless)) && got[i] == harmless[i] {
				i++
			}
			t.Errorf("%.60q makes %d elements, where harmless text makes %d; number %d is %q, not %q", p, len(got), len(harmless), i, got[min(i, len(got)-1)], harmless[min(i, len(harmless)-1)])
		}
	}
}

// The headline is the same in the table, on the page and in the picture.
func TestHTMLHeadline(t *testing.T) {
	for name, a := range htmlSamples() {
		p := newPage(Display{Width: maxWidth})
		table := strings.Join(strings.Fields(renderedTable(t, a, Display{Width: maxWidth})), " ")
		var page strings.Builder
		walk(t, rendered(t, "html", a, Display{}), func(n *html.Node) {
			if n.Data == "main" {
				page.WriteString(strings.Join(strings.Fields(content(n)), " "))
			}
		})
		h := headlineOf(a)
		want := []string{p.scoreWords(a.Score, a.Level), percent(a.Coverage.Evidence)}
		if !h.ComponentsPerWorkload.None {
			want = append(want, p.ratio(h.ComponentsPerWorkload), p.tally(componentsOf(h)), p.tally(h.Workloads))
		}
		if !h.Attainable.None {
			want = append(want, p.ratio(h.Attainable))
		}
		if s := p.hostsWords(h); s != "" {
			want = append(want, s)
		}
		for _, w := range want {
			w = strings.Join(strings.Fields(flat(w)), " ")
			if !strings.Contains(table, w) {
				t.Errorf("%s: the table does not have %q", name, w)
			}
			if !strings.Contains(page.String(), w) {
				t.Errorf("%s: the page does not have %q", name, w)
			}
		}
		if svg := string(rendered(t, "svg", a, Display{})); !strings.Contains(svg, flat(p.scoreWords(a.Score, a.Level))) {
			t.Errorf("%s: the picture does not have the score", name)
		}
	}
}

// crowdedSample names a hundred thousand machines, and as many of everything else.
func crowdedSample(n int) *score.Assessment {
	a := boardSample()
	a.MachinesTotal = n
	a.Inventory.Machines = score.MachineCounts{Physical: n}
	a.Inventory.Containers, a.Inventory.VMs = score.RunCounts{Total: n, Running: n / 2}, score.RunCounts{Total: n, Running: n / 2}
	a.Machines, a.Containers, a.VMs, a.Gaps, a.Sources, a.Trend.Hosts.Joined = nil, nil, nil, nil, nil, nil
	denied := inventory.Unknown[string]("permission denied", "run as root")
	for i := range n {
		name := fmt.Sprintf("host-%06d.rack-%04d.example.com", i, i/40)
		a.Machines = append(a.Machines, score.MachineResult{ID: name, Name: name, Kind: "physical", OS: fmt.Sprintf("Debian GNU/Linux %d (x)", i%5000), Score: bounds(float64(i%50), 60), Level: i % 6,
			Components: 2, Workloads: i % 9, Cores: ptr(64.), Gaps: 1})
		a.Containers = append(a.Containers, score.ContainerInfo{Container: inventory.Container{ID: name, Name: inventory.Known("c-" + name), Image: denied}, MachineName: name})
		a.VMs = append(a.VMs, score.VMInfo{VM: inventory.VM{ID: name, Name: inventory.Known("v-" + name), GuestOS: inventory.Unknown[string](fmt.Sprintf("reason %d", i), "look")}, MachineName: name})
		a.Gaps = append(a.Gaps, score.GapResult{Gap: inventory.Gap{Source: name, Subject: name, What: "serial number", Why: "needs root", Remedy: fmt.Sprintf("look at rack %d", i/40)}, Points: .1})
		a.Sources = append(a.Sources, score.SourceResult{Target: "ssh://" + name, Scheme: "ssh", Status: inventory.StatusOK})
		a.Trend.Hosts.Joined = append(a.Trend.Hosts.Joined, name)
		a.Target.Pools = append(a.Target.Pools, score.PoolPlan{Zone: name})
		a.Recommendations[0].Subjects = append(a.Recommendations[0].Subjects, name)
	}
	for i := range n / 100 {
		r := a.Recommendations[1]
		r.Title = fmt.Sprintf("Step %d", i)
		a.Recommendations = append(a.Recommendations, r)
	}
	a.Roadmap.Steps = len(a.Recommendations)
	return a
}

// A page of a hundred thousand machines is no larger than people can open, and says what it leaves out.
func TestHTMLOfManyMachines(t *testing.T) {
	n := 100_000
	if testing.Short() {
		n = 10_000
	}
	a := crowdedSample(n)
	for _, top := range []int{0, 20, 1_000_000} {
		page := rendered(t, "html", a, Display{Top: top})
		const most = 5 << 20
		t.Logf("top %d: %d bytes", top, len(page))
		if len(page) > most {
			t.Errorf("top %d: the page has %d bytes, want at most %d", top, len(page), most)
		}
		for _, total := range []int{a.MachinesTotal, len(a.Containers), len(a.VMs), len(a.Sources)} {
			if want := "of " + unicodeGlyphs.number(float64(total)) + " are listed"; !bytes.Contains(page, []byte(want)) {
				t.Errorf("top %d: the page does not say %q", top, want)
			}
		}
	}
}

// Text can be read on all that it stands on, in light and in dark: contrast AA of WCAG 2.
func TestHTMLContrast(t *testing.T) {
	css, err := htmlFiles.ReadFile("html/report.css")
	if err != nil {
		t.Fatal(err)
	}
	light := func(c uint64) float64 {
		part := func(v uint64) float64 {
			x := float64(v&0xff) / 255
			if x <= .04045 {
				return x / 12.92
			}
			return math.Pow((x+.055)/1.055, 2.4)
		}
		return .2126*part(c>>16) + .7152*part(c>>8) + .0722*part(c)
	}
	schemes := regexp.MustCompile(`:root\{[^}]*--paper[^}]*\}`).FindAllString(string(css), -1)
	if len(schemes) != 2 {
		t.Fatalf("%d schemes of colours, want 2", len(schemes))
	}
	for i, scheme := range schemes {
		colours := map[string]float64{}
		for _, m := range regexp.MustCompile(`--(\w+):#(\w+)`).FindAllStringSubmatch(scheme, -1) {
			hex := m[2]
			if len(hex) == 3 {
				hex = string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]})
			}
			c, err := strconv.ParseUint(hex, 16, 32)
			if err != nil {
				t.Fatal(err)
			}
			colours[m[1]] = light(c)
		}
		for _, text := range []string{"ink", "faint", "accent", "good", "bad", "mark"} {
			for _, ground := range []string{"paper", "ground", "hover"} {
				a, b := colours[text]+.05, colours[ground]+.05
				if c := max(a, b) / min(a, b); c < 4.5 || math.IsNaN(c) {
					t.Errorf("scheme %d: %s on %s has a contrast of %.2f, want 4.5", i, text, ground, c)
				}
			}
		}
	}
}
