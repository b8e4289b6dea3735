package plan

import (
	"fmt"
	"math/rand/v2"
	"path"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/infraopt/infraopt/collect/inventory"
)

const constraintsExample = `# what a plan must not do
pins:
  - workloads: [db-*, "LEGACY"]
    hosts: [rack1-*]
    reason: the dongle
keepApart:
  - workloads: [web-*]
  - workloads: [etcd-1, etcd-2]
    reason: quorum
neverTouch:
  - names: [sap-*, rack9-1]
    reason: validated
licenceFences:
  - name: oracle
    workloads: [ora-*]
    hosts: [rack2-1, rack2-2]
    exclusive: true
  - {name: mail, workloads: [mail], hosts: [rack2-2, "rack3-[12]"]}
`

func constraints(t testing.TB, text string) *Constraints {
	t.Helper()
	c, err := LoadConstraints("c.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestConstraints(t *testing.T) {
	c := constraints(t, constraintsExample)
	for _, test := range []struct{ workload, host, want string }{
		{"db-1", "rack1-1", ""},
		{"DB-1", "Rack1-1", ""},
		{"legacy", "rack1-1", ""},
		{"db-1", "rack3-1", "db-*, LEGACY must run on rack1-*: the dongle (c.yaml:3)"},
		{"db-1", "rack2-1", "db-*, LEGACY must run on rack1-*: the dongle (c.yaml:3)"},
		{"web-1", "rack1-1", ""},
		{"web-1", "rack2-1", "licence oracle: ora-* may run on rack2-1, rack2-2 only, and nothing else there (c.yaml:14)"},
		{"ora-x", "rack2-2", ""},
		{"ora-x", "rack3-1", "licence oracle: ora-* may run on rack2-1, rack2-2 only, and nothing else there (c.yaml:14)"},
		{"mail", "rack3-2", ""},
		{"mail", "rack3-3", "licence mail: mail may run on rack2-2, rack3-[12] only (c.yaml:18)"},
		{"mail", "rack2-2", "licence oracle: ora-* may run on rack2-1, rack2-2 only, and nothing else there (c.yaml:14)"},
		{"web-1", "rack3-1", ""}, // a fence keeps in; only an exclusive one keeps out
	} {
		if got := c.Forbids(c.Workload(test.workload), c.Host(test.host)); got != test.want {
			t.Errorf("%s on %s: got %q, want %q", test.workload, test.host, got, test.want)
		}
	}
	if a, b := c.Apart(c.Workload("web-1")), c.Apart(c.Workload("web-2")); len(a) != 1 || !slices.Equal(a, b) {
		t.Errorf("replicas: %v and %v", a, b)
	}
	if a, b := c.Apart(c.Workload("etcd-1")), c.Apart(c.Workload("id", "etcd-2")); len(a) != 1 || !slices.Equal(a, b) || len(c.Apart(c.Workload("etcd-3"))) != 0 {
		t.Errorf("rivals: %v and %v", a, b)
	}
	if c.Workload("web-1") != c.Workload("web-2") || c.Workload("web-1") == c.Workload("db-1") || c.Workload("x") != (Rules{}) || c.Host("rack1-1") != c.Host("rack1-2") {
		t.Error("things alike are not of one set of rules")
	}
	if c.Confined(c.Workload("web-1")) || !c.Confined(c.Workload("db-1")) || !c.Confined(c.Workload("mail")) {
		t.Error("what may run everywhere is wrong")
	}
	if ok, why := c.Touchable("id", "SAP-7"); ok || why != "nothing may touch sap-*, rack9-1: validated (c.yaml:11)" {
		t.Errorf("got %v, %q", ok, why)
	}
	if ok, _ := c.Touchable("web-1"); !ok {
		t.Error("web-1 is not touchable")
	}
}

// No constraints forbid nothing, whether there is no file or an empty one.
func TestNoConstraints(t *testing.T) {
	var none *Constraints
	for _, c := range []*Constraints{none, constraints(t, ""), constraints(t, "pins: []\n")} {
		if ok, _ := c.Touchable("a"); !ok || c.Forbids(c.Workload("a"), c.Host("b")) != "" || c.Apart(c.Workload("a")) != nil || c.Unmatched(&inventory.Estate{}) != nil || c.Held(&inventory.Node{}) != "" {
			t.Error("something is forbidden")
		}
	}
}

func TestConstraintErrors(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"pin: []", `c.yaml:1:1: unknown key "pin": did you mean pins?`},
		{"pins:\n  - workloads: [a]", "c.yaml:2:5: pins.1.hosts is missing or empty: want a list"},
		{"pins:\n  - hosts: [a]\n    workloads: []", "c.yaml:3:16: pins.1.workloads is missing or empty"},
		{"pins: [{workloads: a, hosts: [b]}]", `pins.1.workloads: have "a": want a list`},
		{"pins: [{workloads: [7], hosts: [b]}]", `pins.1.workloads.1: have "7": want a name or pattern such as web-*, in quotes`},
		{"pins: [{workloads: [' '], hosts: [b]}]", "c.yaml:1:21: pins.1.workloads.1: is empty"},
		{"pins: [{workloads: ['[a'], hosts: [b]}]", `pins.1.workloads.1: "[a": want a name or a pattern as of file names`},
		{"keepApart: [[a, b]]", "keepApart.1: have a list: want keys with values"},
		{"neverTouch: [a]", `neverTouch.1: have "a": want keys with values`},
		{"licenceFences: [{workloads: [a], hosts: [b]}]", "licenceFences.1.name is missing"},
		{"licenceFences: [{name: x, workloads: [a], hosts: [b], exclusive: 1}]", `have "1": want true or false`},
		{"licenseFences: []", "did you mean licenceFences?"},
	} {
		if _, err := LoadConstraints("c.yaml", []byte(test.text)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q:\n got %v\nwant %s", test.text, err, test.want)
		}
	}
}

// The index finds what trying every pattern finds.
func TestMatcherAgainstBruteForce(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	word := func(letters string) string {
		var b strings.Builder
		for range 1 + r.IntN(4) {
			b.WriteByte(letters[r.IntN(len(letters))])
		}
		return b.String()
	}
	hits := 0
	for range 2000 {
		var m matcher
		var patterns []string
		for range 1 + r.IntN(8) {
			p := word("abAB*?")
			if r.IntN(4) == 0 {
				p = "[a-b]" + p + `\*`
			}
			m.add(Pattern(p))
			patterns = append(patterns, p)
		}
		names := []string{word("abAB*"), word("ab")}[:1+r.IntN(2)]
		got := map[int]bool{}
		m.find(names, func(n int) { got[n] = true })
		for i, p := range patterns {
			want := false
			for _, n := range names {
				ok, err := path.Match(strings.ToLower(p), strings.ToLower(n))
				want = want || ok && err == nil
			}
			if want != got[i] || want != Pattern(p).matches(lower(names)) {
				t.Fatalf("%q and %q: got %v, want %v", p, names, got[i], want)
			}
			if want {
				hits++
			}
		}
	}
	if hits < 500 {
		t.Errorf("only %d matches: the test shows nothing", hits)
	}
}

// What is forbidden is what the file says, tried rule by rule and pattern by pattern.
func TestForbidsAgainstBruteForce(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	some := func(from ...string) string {
		r.Shuffle(len(from), func(i, j int) { from[i], from[j] = from[j], from[i] })
		return "[\"" + strings.Join(from[:1+r.IntN(2)], "\", \"") + "\"]"
	}
	forbidden, allowed := 0, 0
	for range 2000 {
		var b strings.Builder
		b.WriteString("pins:\n")
		for range r.IntN(3) {
			fmt.Fprintf(&b, "  - {workloads: %s, hosts: %s}\n", some("w1", "w*", "w[23]"), some("h1", "h?", "h[23]", "g1"))
		}
		b.WriteString("  - {workloads: [x], hosts: [x]}\nlicenceFences:\n")
		for range 1 + r.IntN(3) {
			fmt.Fprintf(&b, "  - {name: f, workloads: %s, hosts: %s, exclusive: %v}\n", some("w1", "w2", "w[23]"), some("h1", "h2", "h[23]", "g*"), r.IntN(3) == 0)
		}
		c := constraints(t, b.String())
		any := func(patterns []Pattern, name string) bool {
			return slices.ContainsFunc(patterns, func(p Pattern) bool { return p.matches([]string{name}) })
		}
		for _, w := range []string{"w1", "w2", "w3", "w4"} {
			for _, h := range []string{"h1", "h2", "h3", "g1"} {
				want := false
				for _, p := range c.Pins {
					want = want || any(p.Workloads, w) && !any(p.Hosts, h)
				}
				for _, f := range c.LicenceFences {
					want = want || any(f.Workloads, w) && !any(f.Hosts, h) || f.Exclusive && any(f.Hosts, h) && !any(f.Workloads, w)
				}
				if got := c.Forbids(c.Workload(w), c.Host(h)) != ""; got != want {
					t.Fatalf("%s\n%s on %s: got %v, want %v", b.String(), w, h, got, want)
				}
				if want {
					forbidden++
				} else {
					allowed++
				}
			}
		}
	}
	if forbidden < 1000 || allowed < 1000 {
		t.Errorf("%d forbidden, %d allowed: the test shows little", forbidden, allowed)
	}
}

// A slip of the finger does not lift a constraint unseen.
func TestUnmatched(t *testing.T) {
	named := func(n string) inventory.Reading[string] { return inventory.Known(n) }
	e := &inventory.Estate{Hosts: []*inventory.Node{{
		Machine:    inventory.Machine{ID: "m1", Name: named("rack1-1")},
		Workloads:  []inventory.Workload{{ID: "m1/w", Name: "postgresql", Unit: "postgresql.service"}},
		Containers: []inventory.Container{{ID: strings.Repeat("c", 64), Name: named("web-1")}},
		VMs:        []inventory.GuestVM{{VM: inventory.VM{ID: "v1", Name: named("erp")}, Guest: &inventory.Node{Machine: inventory.Machine{ID: "m2", Name: named("erp.example")}}}},
	}}}
	c := constraints(t, `pins:
  - {workloads: [erp, erp.example, cccccccccccc, "WEB-?", v1], hosts: [rack1-*, m2]}
  - {workloads: [wbe-1, erpp, zzzzzz, postgresql], hosts: [rack1-2, "rack?"]}
neverTouch:
  - {names: [postgresql, m1, web-1, postgresql.service, postgres, "*"]}
`)
	want := []string{
		`c.yaml:3:18: no virtual machine or container is called "wbe-1": did you mean web-1?`,
		`c.yaml:3:25: no virtual machine or container is called "erpp": did you mean erp?`,
		`c.yaml:3:31: no virtual machine or container is called "zzzzzz"`,
		`c.yaml:3:39: no virtual machine or container is called "postgresql"`,
		`c.yaml:3:60: no machine is called "rack1-2": did you mean rack1-1?`,
		`c.yaml:3:69: no machine is called "rack?"`,
		`c.yaml:5:57: no machine, virtual machine, container or service is called "postgres": did you mean postgresql?`,
	}
	if got := c.Unmatched(e); !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if why := constraints(t, "neverTouch: [{names: [erp.example]}]").Held(e.Hosts[0]); !strings.HasPrefix(why, "nothing may touch erp.example") {
		t.Errorf("a host below what is not to be touched: %q", why)
	}
}

// On any estate, a pattern is reported just where nothing has a name that it matches.
func TestUnmatchedIsComplete(t *testing.T) {
	var reported atomic.Int64
	forEstates(t, 1000, func(_ int, e *inventory.Estate) error {
		text := "neverTouch:\n"
		want := 0
		_, _, all := knownNames(e)
		for i, n := range all {
			if i%3 == 0 {
				n, want = n+"-no", want+1
			}
			text += fmt.Sprintf("  - {names: ['%s']}\n", strings.ToUpper(n))
		}
		c, err := LoadConstraints("c.yaml", []byte(text))
		if err != nil {
			return err
		}
		got := c.Unmatched(e)
		reported.Add(int64(len(got)))
		if len(got) != want {
			return fmt.Errorf("%d of %d patterns are reported, want %d: %q", len(got), len(all), want, got)
		}
		return nil
	})
	if reported.Load() == 0 {
		t.Error("nothing was reported: the test shows nothing")
	}
}

// The letters that two names have not in common are never more than the steps from one to the other.
func TestUnlike(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{{"web-1", "wbe-1", 0}, {"web-1", "web-2", 1}, {"web", "web-1", 2}, {"", "abc", 3}, {"abc", "xyz", 3}} {
		if got := unlike(test.a, test.b); got != test.want || unlike(test.b, test.a) != got {
			t.Errorf("%q and %q: got %d, want %d", test.a, test.b, got, test.want)
		}
	}
}

// FuzzConstraints holds that no file makes the loader panic or take long, and that what it accepts can be asked.
func FuzzConstraints(f *testing.F) {
	for _, seed := range []string{constraintsExample, "", "pins: [{workloads: ['*'], hosts: ['[a-', b]}]", "neverTouch: [{names: [\"\\\\\"]}]", "keepApart: [{workloads: [a, a, A]}]"} {
		f.Add([]byte(seed), "web-1")
	}
	e := &inventory.Estate{Hosts: []*inventory.Node{{Machine: inventory.Machine{ID: "m1"}}}}
	f.Fuzz(func(t *testing.T, text []byte, name string) {
		begin := time.Now()
		c, err := LoadConstraints("c.yaml", text)
		if err == nil {
			w, h := c.Workload(name), c.Host(name)
			_ = c.Forbids(w, h)
			if ok, why := c.Touchable(name); ok != (why == "") || len(c.Apart(w)) > len(c.KeepApart) {
				t.Errorf("%q: %v, %q, %v", name, ok, why, c.Apart(w))
			}
			for _, line := range c.Unmatched(e) {
				if !strings.HasPrefix(line, "c.yaml:") {
					t.Errorf("without a place: %q", line)
				}
			}
		} else if !strings.HasPrefix(err.Error(), "c.yaml:") {
			t.Errorf("an error without a place: %v", err)
		}
		if took := time.Since(begin); took > 5*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// BenchmarkConstraints asks for 100,000 workloads against 100 patterns and 1,000 exact names.
func BenchmarkConstraints(b *testing.B) {
	var text strings.Builder
	text.WriteString("keepApart:\n")
	for i := range 100 {
		fmt.Fprintf(&text, "  - {workloads: [\"app%02d-*-prod\"]}\n", i)
	}
	for i := range 1000 {
		fmt.Fprintf(&text, "  - {workloads: [vm-%d]}\n", i)
	}
	c := constraints(b, text.String())
	names := make([]string, 100_000)
	for i := range names {
		names[i] = fmt.Sprintf("App%02d-%05d-prod", i%200, i)
	}
	for b.Loop() {
		hits := 0
		for _, n := range names {
			hits += len(c.Apart(c.Workload(n)))
		}
		if hits != 50_000 {
			b.Fatal(hits)
		}
	}
}
