package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode"

	"github.com/clipperhouse/displaywidth"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// planSamples lists every sample of a plan under the name of its golden files. As those of assessments, they hold what
// planning would say in form, not in number.
func planSamples() map[string]*score.Assessment {
	return map[string]*score.Assessment{"empty": emptyPlan(), "typical": typicalPlan(), "hostile": hostilePlan()}
}

// emptyPlan is that of an estate of which nothing could be read.
func emptyPlan() *score.Assessment {
	a := emptySample()
	a.Recommendations, a.Roadmap.Waves = []score.Recommendation{}, []score.Wave{}
	return a
}

// typicalPlan empties two of five hosts in two zones.
func typicalPlan() *score.Assessment {
	a := typicalSample()
	a.Roadmap.Steps, a.Roadmap.Effort = 4, 63
	for i := range a.Recommendations {
		r := &a.Recommendations[i]
		r.Gain.Solo, r.Begins, r.Wave = r.Gain.Score/2, "now", []string{"now", "quarter", "year", "later"}[i]
	}
	a.Recommendations[1].Blockers = []string{"legacy: loads a kernel module (vboxdrv)"}
	a.Recommendations[1].Isolation = []string{"nginx and api share the kernel of web-7"}
	a.Roadmap.Waves = []score.Wave{
		{ID: "now", Budget: 19, Effort: 19, Steps: 1, Partial: "containerise-1", Done: 2, Of: 3, Score: bounds(45.1, 60), Level: 2, Components: 23},
		{ID: "quarter", Budget: 120, Effort: 62, Steps: 3, Score: bounds(62.9, 71), Level: 4, Components: 11},
		{ID: "year", Budget: 480, Effort: 63, Steps: 4, Score: bounds(62.99999999999, 71), Level: 4, Components: 11},
	}
	a.Headline.HostsPlan = ptr(3)
	change := func(before, after, saved score.Bounds) *score.Change {
		return &score.Change{Before: before, After: after, Saved: saved}
	}
	host := func(id, name, zone, fate, reason, why string) score.HostAssign {
		return score.HostAssign{ID: id, Name: name, Zone: zone, Pool: "kvm", Fate: fate, Reason: reason, Why: why}
	}
	a.Target = &score.Target{
		Score: bounds(62.99999999999, 71), Level: 4, LevelName: "Containerised", Components: bounds(11, 11), ComponentsPerWorkload: bounds(11./21, 11./21),
		Hosts: score.HostPlan{Now: 5, Plan: 3, Bound: 3, BoundKind: "L2, L1", Spares: 1},
		Pools: []score.PoolPlan{
			{Zone: "", Pool: "kvm", HostPlan: score.HostPlan{Now: 4, Plan: 2, Bound: 2, BoundKind: "L2", Spares: 1}},
			{Zone: "dmz", Pool: "kvm", HostPlan: score.HostPlan{Now: 1, Plan: 1, Bound: 1, BoundKind: "L1"}, Withheld: "no plan was found that needs fewer hosts"},
		},
		Machines: []score.HostAssign{
			host("m-1", "web-7", "", score.FateKeep, "", ""), host("m-5", "web-8", "", score.FateSpare, "", ""),
			host("m-6", "web-9", "", score.FateRetire, "", ""), host("m-7", "web-10", "", score.FateRetire, "", ""),
			host("m-8", "edge", "dmz", score.FateKeep, "work outside containers", "haproxy runs on it outside containers"),
		},
		Moves: []score.Move{
			{ID: "v-1", Name: "build", Class: "vm", From: "m-1", To: "m-5"},
			{ID: "v-2", Name: "db", Class: "vm", From: "m-6", To: "m-1"},
			{ID: "c-1", Name: "cache", Class: "container", From: "m-7", To: "m-1"},
		},
		Outcomes: &score.Outcomes{
			EnergyKWh: change(bounds(9000, 21000), bounds(6000, 15000), bounds(2800, 6500)), CarbonKg: change(bounds(3900, 9200), bounds(2600, 6500), bounds(1200, 2800)),
			Cost: change(bounds(12000, 12000), bounds(7200, 7200), bounds(4800, 4800)), Currency: "EUR", MemoryFreed: bounds(1<<30, 8<<30),
			Basis: []score.Ground{{Name: "power usage effectiveness", Value: bounds(1.56, 1.56), Unit: "kWh of the site for each kWh of its machines", Source: "a survey", Default: true},
				{Name: "price: rack space", Value: bounds(2400, 2400), Unit: "EUR for each host, a year", Source: "contract 4711"}},
			Notes: []string{"one host is an instance of a cloud: its energy is the provider's"},
		},
		KPIs: &score.KPIs{Utilisation: bounds(.1, .2)},
	}
	return a
}

// The names that somebody gives a machine to break what shows it.
var hostileNames = []string{
	"=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1:A9)", "\t=1", "quote\"s, and 'commas', too", "line\nbreak\r\nand more", "\x1b[2J\x07bell\x00\x9b31m",
	"\u202egnp.exe\u202c \u2067rtl\u2069", "שרת-ראשי", "{{ lookup('pipe', 'id') }}", "web[1:9999]", strings.Repeat("x", 200), "a\u0301\u0301\u0301\u0301\u0301", "  ", "-rf",
}

// hostilePlan is the typical one with names of that kind wherever a name from outside can be.
func hostilePlan() *score.Assessment {
	a := typicalPlan()
	a.Recommendations[0].Title, a.Recommendations[0].Next, a.Recommendations[0].Subjects = nasty, nasty, hostileNames
	a.Recommendations[1].Blockers, a.Recommendations[1].Isolation = hostileNames, hostileNames
	t := a.Target
	t.Machines, t.Moves = nil, nil
	for i, name := range hostileNames {
		fate := []string{score.FateRetire, score.FateKeep, score.FateSpare}[i%3]
		h := score.HostAssign{ID: fmt.Sprintf("m-%d", i), Name: name, Zone: name, Pool: name, Fate: fate}
		if fate == score.FateKeep {
			h.Reason, h.Why = name, name
		}
		t.Machines = append(t.Machines, h)
		t.Moves = append(t.Moves, score.Move{ID: name, Name: name, Class: "vm", From: h.ID, To: "m-1", Zone: name})
	}
	t.Machines = append(t.Machines, score.HostAssign{ID: "twin-1", Name: "twin", Fate: score.FateKeep}, score.HostAssign{ID: "twin-2", Name: "twin", Fate: score.FateRetire})
	for i := range t.Pools {
		t.Pools[i].Zone, t.Pools[i].Pool, t.Pools[i].Withheld, t.Pools[i].BoundKind = hostileNames[i], nasty, hostileNames[7], nasty
	}
	t.Outcomes.Basis[0].Name, t.Outcomes.Basis[0].Source, t.Outcomes.Notes[0], t.Outcomes.Currency = nasty, hostileNames[7], nasty, nasty
	t.NotValidated = nasty
	a.WhatIf = &score.WhatIf{File: nasty, Changes: []score.WhatIfChange{{Where: nasty, Text: nasty, Changed: 1, Subjects: hostileNames, Notes: hostileNames}}, Outcomes: t.Outcomes}
	a.Sources = []score.SourceResult{{Target: nasty, Scheme: nasty, Status: inventory.StatusFailed, Error: nasty, Remedy: nasty}}
	return a
}

func renderedPlan(t *testing.T, format string, a *score.Assessment, d Display) []byte {
	t.Helper()
	f, err := Lookup(PlanFormats(), format)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := f.Render(&out, &Report{Assessment: a, Display: d}); err != nil {
		t.Fatalf("%s: %v", format, err)
	}
	return out.Bytes()
}

// isBinary tells formats that are no text.
func isBinary(format string) bool { return Format{Name: format}.Binary() }

func TestPlanGolden(t *testing.T) {
	for name, a := range planSamples() {
		for _, w := range []int{40, 80, 140} {
			golden(t, fmt.Sprintf("plan/%s-%d.txt", name, w), renderedPlan(t, "table", a, Display{Width: w}))
		}
		for _, f := range PlanFormats()[1:] {
			if isBinary(f.Name) {
				continue // read back by tests of its own
			}
			golden(t, "plan/"+name+f.Extension, renderedPlan(t, f.Name, a, Display{}))
		}
	}
	golden(t, "plan/typical-80-ascii.txt", renderedPlan(t, "table", typicalPlan(), Display{ASCII: true}))
	golden(t, "plan/typical-80-top1.txt", renderedPlan(t, "table", typicalPlan(), Display{Top: 1}))
}

// Every format renders every sample, twice to the same bytes, and passes a failure to write on. None writes anything that
// steers a terminal, or reorders what it shows.
func TestPlanFormatsRenderEverything(t *testing.T) {
	for name, a := range planSamples() {
		for _, f := range PlanFormats() {
			first, second := renderedPlan(t, f.Name, a, Display{}), renderedPlan(t, f.Name, a, Display{})
			if !bytes.Equal(first, second) {
				t.Errorf("%s as %s: the second time gives other bytes", name, f.Name)
			}
			if err := f.Render(fullDisk{}, &Report{Assessment: a}); err == nil {
				t.Errorf("%s as %s: got no error from a writer that fails", name, f.Name)
			}
			for _, r := range string(first) {
				if isBinary(f.Name) {
					break
				}
				if r != '\n' && (unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)) {
					t.Errorf("%s as %s: writes %U", name, f.Name, r)
					break
				}
			}
		}
		for _, w := range []int{40, 61, 80, 140} {
			for line := range strings.Lines(string(renderedPlan(t, "table", a, Display{Width: w}))) {
				if n := displaywidth.String(strings.TrimRight(line, "\n")); n > w {
					t.Errorf("%s at %d: a line of %d columns: %q", name, w, n, line)
				}
			}
		}
	}
}

// A spreadsheet computes nothing of what a machine is called, and every line has its cells.
func TestPlanCSVIsInert(t *testing.T) {
	for name, a := range planSamples() {
		lines, err := csv.NewReader(bytes.NewReader(renderedPlan(t, "csv", a, Display{}))).ReadAll()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want := 1
		if a.Target != nil {
			want += len(a.Target.Moves)
			for _, h := range a.Target.Machines {
				if h.Fate == score.FateRetire {
					want++
				}
			}
		}
		if len(lines) != want {
			t.Errorf("%s: %d lines, want %d", name, len(lines), want)
		}
		retired := map[string]bool{}
		for _, line := range lines {
			for _, cell := range line {
				if strings.ContainsAny(cell, "\r\n\t") || cell != "" && strings.ContainsRune("=+-@", rune(cell[0])) {
					t.Errorf("%s: the cell %q", name, cell)
				}
			}
			if line[0] == "move" && retired[line[5]] {
				t.Errorf("%s: %q moves from a host that has been retired", name, line)
			}
			retired[line[3]] = retired[line[3]] || line[0] == "retire"
		}
	}
}

// Ansible and Kubernetes can read what is written for them: every host once, and no name is a template or a pattern.
func TestPlanInventories(t *testing.T) {
	node := regexp.MustCompile(`^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$`)
	for name, a := range planSamples() {
		hosts := map[string]string{} // fates by ID
		if a.Target != nil {
			for _, h := range a.Target.Machines {
				hosts[h.ID] = h.Fate
			}
		}
		text := renderedPlan(t, "ansible", a, Display{})
		var inventory struct {
			All struct {
				Children map[string]struct {
					Hosts map[string]map[string]string `json:"hosts"`
				} `json:"children"`
			} `json:"all"`
		}
		if err := json.Unmarshal(text, &inventory); err != nil {
			t.Fatal(err)
		}
		n := 0
		for group, g := range inventory.All.Children {
			for _, vars := range g.Hosts {
				if n++; "infraopt_"+hosts[vars["infraopt_id"]] != group || vars["infraopt_fate"] != hosts[vars["infraopt_id"]] {
					t.Errorf("%s: %v in group %s", name, vars, group)
				}
			}
		}
		if n != len(hosts) || len(inventory.All.Children) != 3 {
			t.Errorf("%s: %d hosts in %d groups, want %d in 3", name, n, len(inventory.All.Children), len(hosts))
		}
		if found := regexp.MustCompile(`\{[{%#]|[\[\]]`).Find(text); found != nil {
			t.Errorf("%s: Ansible would work out %q", name, found)
		}
		var list struct {
			Items []struct {
				Metadata struct {
					Name   string            `json:"name"`
					Labels map[string]string `json:"labels"`
				} `json:"metadata"`
				Spec struct{ Unschedulable bool } `json:"spec"`
			} `json:"items"`
		}
		if err := json.Unmarshal(renderedPlan(t, "kubernetes", a, Display{}), &list); err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for _, x := range list.Items {
			if !node.MatchString(x.Metadata.Name) || len(x.Metadata.Name) > 253 || seen[x.Metadata.Name] {
				t.Errorf("%s: no node is called %q, or two are", name, x.Metadata.Name)
			}
			seen[x.Metadata.Name] = true
			if (x.Metadata.Labels["infraopt/fate"] == score.FateRetire) != x.Spec.Unschedulable {
				t.Errorf("%s: %+v", name, x)
			}
		}
		if name == "typical" && len(list.Items) != len(hosts) {
			t.Errorf("%d nodes, want %d", len(list.Items), len(hosts))
		}
	}
}
