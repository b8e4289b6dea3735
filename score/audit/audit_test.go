package audit_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/collect/resolve"
	"github.com/infraopt/infraopt/score"
	"github.com/infraopt/infraopt/score/audit"
	"github.com/infraopt/infraopt/score/indicators"
	"github.com/infraopt/infraopt/score/plan"
	"github.com/infraopt/infraopt/score/trend"
)

var now = time.Date(2026, 11, 23, 7, 41, 0, 0, time.UTC)

func model(t testing.TB) *score.Model {
	t.Helper()
	m, err := indicators.Default()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// host is a machine with a container that runs and, unless it was cleaned up, one that is stopped.
func host(name string, clean bool) *inventory.Node {
	known := inventory.Known[string]
	target := "ssh://" + name
	n := &inventory.Node{Taken: now, Machine: inventory.Machine{
		ID: "m-" + name, Name: known(name), Kind: inventory.Known(inventory.Physical), Powered: inventory.Known(true), Inside: inventory.Absent[string](),
		Cores: inventory.Known(8.0), Memory: inventory.Known(32 * inventory.GiB), Processes: inventory.Known(100), Containers: inventory.Known(2),
		OS:       inventory.OS{ID: known("debian"), Version: known("12"), Style: inventory.Known(inventory.GeneralOS), Packages: inventory.Known(900)},
		Hardware: inventory.Hardware{Model: known("R1"), Chassis: inventory.Known(inventory.Rack), Fabric: inventory.Known(inventory.OneFabric)},
		Storage:  inventory.Known(inventory.LocalVolumes), Network: inventory.Known(inventory.BridgeNetwork), Management: inventory.Known(inventory.ConfigManaged),
		Seen: []string{target},
	}}
	n.Engines = []inventory.Engine{{ID: "e-" + name, Machine: n.Machine.ID, Kind: "docker", Version: known("28.5.2"), Cluster: inventory.Absent[string](), Inventory: inventory.Known(true), Seen: []string{target}}}
	container := func(id, called string, state inventory.RunState) inventory.Container {
		return inventory.Container{ID: id, Machine: n.Machine.ID, Runtime: known("docker"), Name: known(called), Image: known("shop:1"), ImageID: known("i1"), State: inventory.Known(state),
			System: inventory.Known(false), Manager: inventory.Known(inventory.ManagedByPolicy), Layer: inventory.Application, Seen: []string{target},
			Usage: inventory.Usage{CPUSeconds: inventory.Known(500000.0), Memory: inventory.Known(inventory.GiB), Network: inventory.Known(inventory.GiB), Age: inventory.Known(30 * inventory.Day)}}
	}
	n.Containers = []inventory.Container{container("c1", "shop", inventory.Running)}
	if !clean {
		old := container("c2", "old", inventory.Stopped)
		old.Manager, old.RestartPolicy = inventory.Known(inventory.ManagedByHand), inventory.Absent[string]()
		n.Containers = append(n.Containers, old)
	}
	return n
}

func estate(hosts ...*inventory.Node) *inventory.Estate {
	e := &inventory.Estate{}
	if len(hosts) > 0 {
		e.Oldest, e.Newest = now, now
	}
	for _, h := range hosts {
		e.Hosts = append(e.Hosts, h)
		e.Sources = append(e.Sources, inventory.Outcome{Target: h.Machine.Seen[0], Scheme: "ssh", Status: inventory.StatusOK})
	}
	slices.SortFunc(e.Hosts, func(a, b *inventory.Node) int { return strings.Compare(a.Machine.ID, b.Machine.ID) })
	return e
}

// failing adds a target that could not be read.
func failing(e *inventory.Estate, target string) *inventory.Estate {
	e.Sources = append(e.Sources, inventory.Outcome{Target: target, Scheme: "ssh", Status: inventory.StatusFailed, Error: "connection refused"})
	return e
}

func evidence(t testing.TB, e *inventory.Estate, at time.Time) audit.Evidence {
	t.Helper()
	m := model(t)
	req := score.Request{Options: score.Options{Now: at}}
	return audit.Evidence{Assessment: score.Assess(e, m, req), Estate: e, Model: m, Request: plan.Request{Request: req}}
}

func policy(t testing.TB, text string) *audit.Policy {
	t.Helper()
	p, err := audit.Load("p.yaml", []byte(text), model(t))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// against makes a baseline of a snapshot.
func against(t testing.TB, then, today *inventory.Estate) *audit.Baseline {
	t.Helper()
	m := model(t)
	return &audit.Baseline{Name: "then", Estate: then, Taken: now, Trend: trend.Compare(m, score.Options{Now: now}, trend.Then{Estate: then, Time: now}, today)}
}

func gate(t testing.TB, r *audit.Result, id string) audit.Gate {
	t.Helper()
	i := slices.IndexFunc(r.Gates, func(g audit.Gate) bool { return g.ID == id })
	if i < 0 {
		t.Fatalf("there is no gate %s: %+v", id, r.Gates)
	}
	return r.Gates[i]
}

// state is that of the stopped container on a host, empty where it is not there.
func state(r *audit.Result, host string) string {
	for _, f := range r.Findings {
		if f.Rule == "remove-stopped-container" && f.MachineName == host {
			return f.State
		}
	}
	return ""
}

// The vectors of PEERS, as far as they are about gates. V1 to V6 and V10 (waivers of the model) are also held in score, where
// the score is made; V7, V13 and V14 in cmd/infraopt; V11 and V12 in score/plan, and below for what is counted as a finding.

// V1: half of the evidence cannot be read. It is not enough for a coverage gate, and then the audit is incomplete, not failed.
func TestV01CoverageGateIsIncomplete(t *testing.T) {
	e := evidence(t, estate(host("a", false)), now)
	p := policy(t, fmt.Sprintf("{minCoverage: %.2f, minScore: 99.9}", e.Assessment.Coverage.Evidence+.01))
	r := audit.Audit(e, p, nil, now)
	if g := gate(t, r, "min-coverage"); g.Outcome != audit.Unknown || r.Status != 2 || r.Decisive.ID != "min-coverage" {
		t.Errorf("status %d, %+v: want it to be incomplete by its coverage", r.Status, g)
	}
	if g := gate(t, r, "min-score"); g.Outcome != audit.Fail {
		t.Errorf("%+v: a score that is not reached fails all the same", g)
	}
}

// V2 and V3: nothing is known. No gate on the score or the level passes.
func TestV02NothingKnownPassesNoGate(t *testing.T) {
	r := audit.Audit(evidence(t, estate(), now), policy(t, "{minScore: 0, minLevel: 1, minCoverage: 0.01, maxAge: 1d, pillars: {components: 0}, complete: true}"), nil, now)
	for _, g := range r.Gates {
		if g.ID != "targets" && g.Outcome != audit.Unknown {
			t.Errorf("%s is %s, want unknown: there is nothing to hold against it", g.ID, g.Outcome)
		}
	}
	if r.Status != 2 {
		t.Errorf("status %d, want 2", r.Status)
	}
}

// V5: what failed becomes unreadable. The low end stays, so the gate on it stays failed, and says that coverage is missing.
func TestV05UnreadableFailsWithCoverageNamed(t *testing.T) {
	h := host("a", false)
	h.Machine.Management = inventory.Unknown[inventory.Management]("permission denied", "run as root")
	h.Machine.OS.Style = inventory.Unknown[inventory.OSStyle]("permission denied", "run as root")
	e := evidence(t, estate(h), now)
	s := e.Assessment.Score
	p := policy(t, fmt.Sprintf("minScore: %.3f", (s.Low+s.High)/2))
	g := gate(t, audit.Audit(e, p, nil, now), "min-score")
	if g.Outcome != audit.Fail || !strings.Contains(g.Why, "what is missing is coverage") {
		t.Errorf("%+v: want it to fail, as what is proven is not enough, and to say that coverage is missing", g)
	}
	p = policy(t, fmt.Sprintf("minScore: %.3f", min(100, s.High+1)))
	if g := gate(t, audit.Audit(e, p, nil, now), "min-score"); !strings.Contains(g.Why, "whatever else were known") {
		t.Errorf("%+v: want it to say that knowing more would not help", g)
	}
}

// V6: what cannot be worked out is unknown with a reason, and neither passed nor failed.
func TestV06CannotRunIsUnknown(t *testing.T) {
	p := policy(t, "gates: [{id: g, expr: 'whatIf.before.hosts > 3', message: too few}]")
	g := gate(t, audit.Audit(evidence(t, estate(host("a", false)), now), p, nil, now), "g")
	if g.Outcome != audit.Unknown || !strings.Contains(g.Why, "too few: it cannot be worked out: ") {
		t.Errorf("%+v", g)
	}
}

// V9: a finding disappears because its host could not be read. It is not resolved, and counts as new.
func TestV09UnreachableIsNotResolved(t *testing.T) {
	then := estate(host("a", false), host("b", false))
	lost := failing(estate(host("a", false)), "ssh://b")
	fresh := policy(t, "failOnNew: true")
	written := audit.Audit(evidence(t, then, now), policy(t, "{}"), nil, now)
	for name, b := range map[string]*audit.Baseline{"snapshot": against(t, then, lost), "audit": {Name: "then", Result: written}} {
		r := audit.Audit(evidence(t, lost, now), fresh, b, now)
		if state(r, "b") != audit.Incomparable || state(r, "a") != audit.Unchanged || gate(t, r, "fail-on-new").Outcome != audit.Fail || r.Counts.Resolved != 0 {
			t.Errorf("%s: on b it is %q, on a %q, the gate %+v", name, state(r, "b"), state(r, "a"), gate(t, r, "fail-on-new"))
		}
	}

	// Its host is there, and containers could not be listed.
	blind := host("b", true)
	blind.Machine.Containers = inventory.Unknown[int]("permission denied", "join the group docker")
	blind.Engines[0].Inventory = inventory.Unknown[bool]("permission denied", "join the group docker")
	blind.Containers = nil
	today := estate(host("a", false), blind)
	for name, b := range map[string]*audit.Baseline{"snapshot": against(t, then, today), "audit": {Name: "then", Result: written}} {
		if r := audit.Audit(evidence(t, today, now), fresh, b, now); state(r, "b") != audit.Incomparable {
			t.Errorf("%s: where containers could not be listed it is %q", name, state(r, "b"))
		}
	}

	// It was removed, and everything could be read.
	mended := estate(host("a", false), host("b", true))
	for name, b := range map[string]*audit.Baseline{"snapshot": against(t, then, mended), "audit": {Name: "then", Result: written}} {
		r := audit.Audit(evidence(t, mended, now), fresh, b, now)
		if state(r, "b") != audit.Resolved || gate(t, r, "fail-on-new").Outcome != audit.Pass || r.Status != 0 {
			t.Errorf("%s: what was mended is %q, and the gate %+v", name, state(r, "b"), gate(t, r, "fail-on-new"))
		}
	}

	// It appears where nobody could look before.
	seen := estate(host("a", false), host("b", false))
	before := audit.Audit(evidence(t, lost, now), policy(t, "{}"), nil, now)
	r := audit.Audit(evidence(t, seen, now), fresh, &audit.Baseline{Name: "then", Result: before}, now)
	if state(r, "b") != audit.Incomparable || gate(t, r, "fail-on-new").Outcome != audit.Fail {
		t.Errorf("what could not be seen before is %q", state(r, "b"))
	}
	// What is not there, and was not, comes back from a baseline as little as what was resolved.
	again := audit.Audit(evidence(t, mended, now), fresh, &audit.Baseline{Name: "then", Result: audit.Audit(evidence(t, mended, now), fresh, against(t, then, mended), now)}, now)
	if state(again, "b") != "" {
		t.Errorf("what was resolved in the baseline is %q", state(again, "b"))
	}
}

// V10: a waiver that expired yesterday accepts nothing, one that matches nothing is told, and neither is silent.
func TestV10ExpiredCountsUnusedIsTold(t *testing.T) {
	e := evidence(t, estate(host("a", false)), now)
	rules := "forbid: [{id: no-old, findings: [remove-stopped-container]}]\n"
	tests := []struct{ name, waiver, status, outcome string }{
		{"in force", "subject: old, finding: remove-stopped-container, expires: 2026-11-24", audit.WaiverMatched, audit.Pass},
		{"on its last day", "subject: A, finding: 'remove-*', expires: 2026-11-23", audit.WaiverMatched, audit.Pass},
		{"by the gate", "subject: 'o?d', finding: no-old, expires: 2026-11-23", audit.WaiverMatched, audit.Pass},
		{"expired yesterday", "subject: old, finding: remove-stopped-container, expires: 2026-11-22", audit.WaiverExpired, audit.Fail},
		{"matches nothing", "subject: gone, finding: remove-stopped-container, expires: 2026-11-24", audit.WaiverUnused, audit.Fail},
		{"of a gate that is not asked for", "subject: estate, finding: min-level, expires: 2026-11-24", audit.WaiverUnused, audit.Fail},
		{"can match nothing", "subject: old, finding: remove-stoped-container, expires: 2026-11-24", audit.WaiverInvalid, audit.Fail},
	}
	for _, test := range tests {
		p := policy(t, rules+"waivers: [{id: w, owner: ann, reason: r, "+test.waiver+"}]")
		r := audit.Audit(e, p, nil, now)
		if w, g := r.Waivers[0], gate(t, r, "no-old"); w.Status != test.status || g.Outcome != test.outcome {
			t.Errorf("%s: the waiver is %s and the gate %s, want %s and %s", test.name, w.Status, g.Outcome, test.status, test.outcome)
		}
		if test.status == audit.WaiverExpired && r.Waivers[0].Matched != 1 {
			t.Errorf("%s: it says that %d things match, want 1", test.name, r.Waivers[0].Matched)
		}
	}
}

// A container that is made anew has another ID and the same name: it is the same finding. Another machine's is not.
func TestFingerprintsAreStable(t *testing.T) {
	of := func(e *inventory.Estate) []string {
		var out []string
		for _, f := range audit.Audit(evidence(t, e, now), policy(t, "{}"), nil, now).Findings {
			if f.Rule == "remove-stopped-container" {
				out = append(out, f.Fingerprint)
			}
		}
		return out
	}
	a := of(estate(host("a", false)))
	anew := host("a", false)
	anew.Containers[1].ID = "c3"
	anew.Machine.OS.Version = inventory.Known("13")
	if b := of(estate(anew)); !slices.Equal(a, b) || len(a) != 1 || len(a[0]) != 32 {
		t.Errorf("%q and %q, want one of 32 digits", a, b)
	}
	if two := of(estate(host("a", false), host("b", false))); len(two) != 2 || two[0] == two[1] || !slices.Contains(two, a[0]) {
		t.Errorf("%q, want two, one of them %q", two, a)
	}
	x := audit.Fingerprint("idle", "Web-7", "vm")
	if audit.Fingerprint("idle", " web-7 ", "VM") != x || audit.Fingerprint("idle", "web-7vm") == x || audit.Fingerprint("idle", "vm", "web-7") == x {
		t.Error("a fingerprint depends on case and space, or not on where its parts end")
	}
}

// The same finding twice on a machine, with other words, is two findings.
func TestNoticedOnOneMachineAreTold(t *testing.T) {
	h := host("a", true)
	for _, text := range []string{"disk sda is full", "disk sdb is full", "disk sda is full"} {
		h.Machine.Findings = append(h.Machine.Findings, inventory.Finding{ID: "disk-full", Severity: inventory.Blocker, Text: text, Source: "/proc/mounts"})
	}
	r := audit.Audit(evidence(t, estate(h), now), policy(t, "forbid: [{id: disks, findings: ['disk-*'], most: 1}]"), nil, now)
	if g := gate(t, r, "disks"); g.Have != "2" || g.Outcome != audit.Fail {
		t.Errorf("%+v, want two", g)
	}
	if r.Findings[0].Severity != audit.SeverityError || r.Findings[0].Fingerprint == r.Findings[1].Fingerprint {
		t.Errorf("%+v", r.Findings[:2])
	}
}

// Each machine of a group is held against its minima alone; waivers take machines out of it.
func TestMachineRules(t *testing.T) {
	e := evidence(t, estate(host("web1", false), host("web2", false), host("db1", false)), now)
	low := e.Assessment.Machines[0].Score.Low
	rule := func(machines string, score float64, more string) string {
		return fmt.Sprintf("machines: [{id: m, machines: [%s], minScore: %.3f}]\n%s", machines, score, more)
	}
	waiver := "waivers: [{id: w, subject: %s, finding: m, owner: o, reason: r, expires: 2027-01-01}]"
	for name, test := range map[string]struct{ policy, outcome, have string }{
		"passed":      {rule("'web*'", low-.01, ""), audit.Pass, "2 of 2"},
		"failed":      {rule("'web*', m-db1", low+.01, ""), audit.Fail, "0 of 3"},
		"one waived":  {rule("'web*'", low+.01, fmt.Sprintf(waiver, "web1")), audit.Fail, "0 of 2, 1 waived"},
		"all waived":  {rule("'web*'", low+.01, fmt.Sprintf(waiver, "'w*'")), audit.Skipped, "0 of 2, 2 waived"},
		"none called": {rule("mail", 1, ""), audit.Unknown, "0 of 0"},
		"one missing": {rule("'web*', mail", low-.01, ""), audit.Unknown, "2 of 2"},
	} {
		if g := gate(t, audit.Audit(e, policy(t, test.policy), nil, now), "m"); g.Outcome != test.outcome || g.Have != test.have {
			t.Errorf("%s: %s, have %s: want %s, %s", name, g.Outcome, g.Have, test.outcome, test.have)
		}
	}
}

// The hosts of a group are rated as an estate of their own: all of them are the estate.
func TestGroupRules(t *testing.T) {
	web1, web2, db1 := host("web1", true), host("web2", false), host("db1", false)
	db1.Machine.Zone = "fra"
	db1.Machine.Storage = inventory.Known(inventory.RawLocal)
	all := estate(web1, web2, db1)
	all.Clusters = []inventory.Cluster{{ID: "swarm", Kind: "swarm", Machines: []string{"m-web1", "m-web2"}}}
	all.Arrays = []inventory.Storage{{ID: "a", Name: "a", Kind: inventory.Array}}
	e := evidence(t, all, now)

	web := estate(web1, web2)
	web.Clusters, web.Arrays = all.Clusters, all.Arrays
	db := estate(db1)
	db.Arrays = all.Arrays
	low := func(e *inventory.Estate) float64 { return evidence(t, e, now).Assessment.Score.Low }
	if low(web) == low(db) || low(web) == low(all) {
		t.Fatal("all groups are rated alike: the test shows nothing")
	}
	rule := func(who string, score float64, more string) string {
		return fmt.Sprintf("groups: [{id: g, %s, minScore: %.6f%s}]", who, score, more)
	}
	for who, of := range map[string]*inventory.Estate{"machines: ['web*']": web, "zones: [FRA]": db, "zones: [f*], machines: [m-web1, web2]": all, "machines: ['*']": all} {
		for score, want := range map[float64]string{low(of) - 1e-5: audit.Pass, low(of) + 1e-5: audit.Fail} {
			if g := gate(t, audit.Audit(e, policy(t, rule(who, score, "")), nil, now), "g"); g.Outcome != want {
				t.Errorf("%s, score %.6f: %+v, want %s", who, score, g, want)
			}
		}
	}
	const waiver = "\nwaivers: [{id: w, subject: estate, finding: g, owner: o, reason: r, expires: 2027-01-01}]"
	for text, want := range map[string]string{
		rule("machines: [mail]", 0, ""):                                                 audit.Unknown, // there is none
		rule("zones: ['*'], machines: [mail]", 0, ""):                                   audit.Unknown, // one of them is missing
		rule("machines: [web1]", 99, ""):                                                audit.Fail,
		rule("machines: [web1]", 99, ", minCoverage: 1"):                                audit.Unknown, // that decides before what failed
		rule("machines: [web1]", 99, "") + waiver:                                       audit.Skipped,
		"groups: [{id: g, machines: [web1], minLevel: 1}]":                              audit.Pass,
		"groups: [{id: g, machines: [web1], minLevel: 5, reason: they earn the money}]": audit.Fail,
		"groups: [{id: g, machines: [web1], pillars: {components: 0}}]":                 audit.Pass,
		"groups: [{id: g, machines: [web1], pillars: {components: 1}}]":                 audit.Fail,
	} {
		g := gate(t, audit.Audit(e, policy(t, text), nil, now), "g")
		if g.Outcome != want {
			t.Errorf("%s: %+v, want %s", text, g, want)
		}
		if strings.Contains(text, "money") && !strings.Contains(g.Why, "(they earn the money)") {
			t.Errorf("%s: the reason is not given: %s", text, g.Why)
		}
	}
}

// Equal inputs give equal results, whatever the order in which maps are gone through and hosts are worked on.
func TestDeterministic(t *testing.T) {
	then := estate(host("a", false), host("b", false), host("c", true))
	today := failing(estate(host("a", true), host("c", false), host("d", false)), "ssh://b")
	p := policy(t, "{failOnNew: true, maxRegression: 0, pillars: {components: 0.9, containers: 0.9, converged: 0.9}, indicators: {containers.isolation: 1, components.packing: 1}}")
	var first string
	for range 20 {
		r := audit.Audit(evidence(t, today, now), p, against(t, then, today), now)
		r.Baseline.Trend = nil
		text := fmt.Sprintf("%+v %+v", *r, *r.Decisive)
		text = text[strings.Index(text, "Counts:"):]
		if first == "" {
			first = text
		}
		if text != first {
			t.Fatalf("%s\n%s", first, text)
		}
	}
}

// A waiver matches what path.Match would, in whatever case, slashes among it.
func TestWaiverPatterns(t *testing.T) {
	for pattern, names := range map[string]map[string]bool{
		"web-*":  {"web-1": true, "WEB-1": true, "aweb-1": false},
		"*-1":    {"web-1": true, "web-12": false},
		"*e?-1*": {"web-12": true, "wob-12": false},
		"[wx]?b": {"web": true, "XAB": true, "yab": false},
		"a/*":    {"a/b": true, "a/b/c": true, "b": false},
		`a\*`:    {"a*": true, "ab": false},
	} {
		for name, want := range names {
			h := host(name, false)
			p := policy(t, "forbid: [{id: f, findings: [remove-stopped-container]}]\nwaivers: [{id: w, subject: '"+pattern+"', finding: '*', owner: o, reason: r, expires: 2027-01-01}]")
			if got := gate(t, audit.Audit(evidence(t, estate(h), now), p, nil, now), "f").Outcome == audit.Pass; got != want {
				t.Errorf("%s matches %s: %v, want %v", pattern, name, got, want)
			}
			if !strings.Contains(name, "/") {
				if ok, _ := path.Match(strings.ToLower(pattern), strings.ToLower(name)); ok != want {
					t.Errorf("path.Match disagrees about %s and %s", pattern, name)
				}
			}
		}
	}
}

// V8: a rule was changed since. The score then was said to be higher, and by today's rules it was the same: that is a change
// of rules, and no regression.
func TestV08OtherRulesAreNoRegression(t *testing.T) {
	e := estate(host("a", false))
	ev := evidence(t, e, now)
	said := ev.Assessment.Score
	said.Low += 20
	said.High = 100
	m := model(t)
	change := trend.Compare(m, score.Options{Now: now}, trend.Then{Estate: e, Time: now, Stored: &trend.Stored{Score: said, Level: 3, Rules: "other"}}, e)
	b := &audit.Baseline{Name: "then", Estate: e, Taken: now, Trend: change}
	r := audit.Audit(ev, policy(t, "maxRegression: 0"), b, now)
	if g := gate(t, r, "max-regression"); g.Outcome != audit.Pass || r.Baseline.Note != "rated again by today's rules" {
		t.Errorf("%+v, %+v", g, r.Baseline)
	}
	// What cannot be rated again cannot be compared.
	other := &audit.Baseline{Name: "then", Result: audit.Audit(ev, policy(t, "{}"), nil, now)}
	other.Result.Tool.Rules = "other"
	r = audit.Audit(ev, policy(t, "maxRegression: 0"), other, now)
	if g := gate(t, r, "max-regression"); g.Outcome != audit.Error || r.Status != 3 || !strings.Contains(g.Remedy, "give the snapshot") {
		t.Errorf("%+v", g)
	}
}

// A machine has another ID where more or less of its identity could be read, as by somebody with other rights. It is no other
// machine for that, whether a snapshot was kept or an audit that was written down.
func TestAnotherIDIsTheSameMachine(t *testing.T) {
	type identity = inventory.Identity
	known := inventory.Known[string]
	uuid, other := "11111111-2222-3333-4444-555555555501", "11111111-2222-3333-4444-555555555502"
	for name, test := range map[string]struct {
		then, today identity
		same        bool
	}{
		"UUID":                   {identity{UUID: known(uuid)}, identity{UUID: known(uuid)}, true},
		"UUID in the other form": {identity{UUID: known("01020304-0506-0708-4444-555555555501")}, identity{UUID: known("04030201-0605-0807-4444-555555555501")}, true},
		"root, then anybody":     {identity{UUID: known(uuid), MachineID: known("abc")}, identity{MachineID: known("abc")}, true},
		"MACs":                   {identity{MACs: []string{"02:00:00:00:00:01"}}, identity{MACs: []string{"02:00:00:00:00:01"}, MachineID: known("abc")}, true},
		"a clone":                {identity{UUID: known(uuid), MachineID: known("abc")}, identity{UUID: known(other), MachineID: known("abc")}, false},
		"nothing":                {identity{}, identity{}, false},
	} {
		named := func(id string, of identity) *inventory.Estate {
			h := host("a", false)
			h.Machine.ID = id
			h.Machine.Identity = of
			return estate(h)
		}
		then, today := named("m-old", test.then), named("m-new", test.today)
		var text bytes.Buffer
		if err := json.NewEncoder(&text).Encode(audit.Audit(evidence(t, then, now), policy(t, "{}"), nil, now)); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(text.String(), "555555555501") || strings.Contains(text.String(), "02:00:00:00:00:01") {
			t.Errorf("%s: an audit says more of machines than their hashes", name)
		}
		written, err := audit.Read(text.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		for kind, b := range map[string]*audit.Baseline{"snapshot": against(t, then, today), "audit": {Name: "then", Result: written}} {
			r := audit.Audit(evidence(t, today, now), policy(t, "failOnNew: true"), b, now)
			if same := r.Status == 0 && state(r, "a") == audit.Unchanged && r.Counts.New+r.Counts.Incomparable+r.Counts.Resolved == 0; same != test.same {
				t.Errorf("%s, %s: the same: %v, want %v: %+v", name, kind, same, test.same, r.Counts)
			}
		}
	}
}

// What nobody could look at is not resolved, whatever else became known since, and no gate that forbids it is passed.
func TestWhatCouldNotBeListed(t *testing.T) {
	forbid := policy(t, "failOnNew: true\nforbid: [{id: f, findings: [remove-stopped-container]}]")
	partial := func(e *inventory.Estate) { e.Sources[0].Status = inventory.StatusPartial }
	unlisted := func(e *inventory.Estate) {
		h := e.Hosts[0]
		h.Containers = nil
		h.Engines[0].Inventory = inventory.Known(false)
	}
	for name, test := range map[string]struct {
		then, today func(*inventory.Estate)
		resolved    bool
	}{
		"it was removed":                         {today: func(e *inventory.Estate) { e.Hosts[0].Containers = e.Hosts[0].Containers[:1] }, resolved: true},
		"the engine says that it could not list": {today: unlisted},
		"the engine does not say": {today: func(e *inventory.Estate) {
			unlisted(e)
			e.Hosts[0].Engines[0].Inventory = inventory.Unknown[bool]("permission denied", "")
		}},
		"as much became known": {
			then: func(e *inventory.Estate) {
				m := &e.Hosts[0].Machine
				m.Processes, m.OS.Packages, m.Management = inventory.Reading[int]{}, inventory.Reading[int]{}, inventory.Reading[inventory.Management]{}
			},
			today: func(e *inventory.Estate) {
				unlisted(e)
				e.Hosts[0].Engines[0].Inventory = inventory.Unknown[bool]("permission denied", "")
			}},
		"the engine is gone, and not all was seen": {today: func(e *inventory.Estate) {
			partial(e)
			e.Hosts[0].Containers, e.Hosts[0].Engines = nil, nil
		}},
		"it is there, and its state is not known": {
			then: func(e *inventory.Estate) { e.Hosts[0].Containers[1].System = inventory.Reading[bool]{} },
			today: func(e *inventory.Estate) {
				e.Hosts[0].Containers[1].State = inventory.Unknown[inventory.RunState]("permission denied", "")
			}},
	} {
		then, today := estate(host("a", false)), estate(host("a", false))
		if test.then != nil {
			test.then(then)
		}
		test.today(today)
		written := audit.Audit(evidence(t, then, now), policy(t, "{}"), nil, now)
		if state(written, "a") != "" || len(written.Findings) == 0 {
			t.Fatalf("%s: %+v", name, written.Findings)
		}
		for kind, b := range map[string]*audit.Baseline{"snapshot": against(t, then, today), "audit": {Name: "then", Result: written}} {
			r := audit.Audit(evidence(t, today, now), forbid, b, now)
			want, outcome := audit.Incomparable, audit.Unknown
			if test.resolved {
				want, outcome = audit.Resolved, audit.Pass
			}
			if got := state(r, "a"); got != want || (r.Status == 0) != test.resolved {
				t.Errorf("%s, %s: %s, status %d: want %s", name, kind, got, r.Status, want)
			}
			if g := gate(t, r, "f"); g.Outcome != outcome && !strings.Contains(name, "its state") {
				t.Errorf("%s, %s: what is forbidden: %+v, want %s", name, kind, g, outcome)
			}
		}
	}
	lost := failing(estate(host("a", true)), "ssh://b")
	if g := gate(t, audit.Audit(evidence(t, lost, now), policy(t, "forbid: [{id: f, findings: ['*'], subjects: [a, b], most: 100}]"), nil, now), "f"); g.Outcome != audit.Unknown {
		t.Errorf("what is forbidden on a host that could not be read: %+v", g)
	}
	lost.Hosts = nil
	lost.Sources = lost.Sources[1:]
	if r := audit.Audit(evidence(t, lost, now), policy(t, "{}"), nil, now); r.Status != 2 {
		t.Errorf("nothing was read: status %d, %+v", r.Status, r.Gates)
	}
}

// Things that are called alike are counted, and none is lost among them.
func TestThingsCalledAlike(t *testing.T) {
	many := func(n int) *inventory.Estate {
		h := host("a", false)
		for i := range n - 1 {
			c := h.Containers[1]
			c.ID = fmt.Sprintf("x%d", i)
			c.Name = inventory.Known([]string{"old", "OLD"}[i%2])
			h.Containers = append(h.Containers, c)
		}
		return estate(h)
	}
	count := func(r *audit.Result, state string) int {
		n := 0
		for _, f := range r.Findings {
			if f.Rule == "remove-stopped-container" && f.State == state {
				n++
			}
		}
		return n
	}
	then := many(3)
	written := audit.Audit(evidence(t, then, now), policy(t, "{}"), nil, now)
	for today, want := range map[int][3]int{3: {0, 3, 0}, 5: {2, 3, 0}, 2: {0, 2, 1}} { // new, unchanged, resolved
		r := audit.Audit(evidence(t, many(today), now), policy(t, "forbid: [{id: f, findings: [remove-stopped-container], most: 2}]"), &audit.Baseline{Name: "then", Result: written}, now)
		if got := [3]int{count(r, audit.New), count(r, audit.Unchanged), count(r, audit.Resolved)}; got != want {
			t.Errorf("%d: new, unchanged, resolved %v, want %v", today, got, want)
		}
		if g := gate(t, r, "f"); (g.Outcome == audit.Fail) != (today > 2) {
			t.Errorf("%d: %+v", today, g)
		}
	}
}

// A fall is not ruled out by losing the host that fell, and there is none from no score.
func TestRegressionNeedsBothEnds(t *testing.T) {
	p := policy(t, "maxRegression: 0")
	then := estate(host("a", false), host("b", true))
	today := failing(estate(host("b", true)), "ssh://a")
	written := func(e *inventory.Estate) *audit.Result {
		return audit.Audit(evidence(t, e, now), policy(t, "{}"), nil, now)
	}
	for kind, b := range map[string]*audit.Baseline{"snapshot": against(t, then, today), "audit": {Name: "then", Result: written(then)}} {
		if g := gate(t, audit.Audit(evidence(t, today, now), p, b, now), "max-regression"); g.Outcome != audit.Unknown && g.Outcome != audit.Fail {
			t.Errorf("%s: %+v", kind, g)
		}
	}
	none := &audit.Baseline{Name: "then", Result: written(estate())}
	if g := gate(t, audit.Audit(evidence(t, then, now), p, none, now), "max-regression"); g.Outcome != audit.Error {
		t.Errorf("from no score: %+v", g)
	}
}

// Evidence of no time, or from the future, is not young.
func TestAgeOfEverySource(t *testing.T) {
	for name, test := range map[string]struct {
		started time.Time
		want    string
	}{"now": {now, audit.Pass}, "no time": {time.Time{}, audit.Unknown}, "future": {now.Add(48 * time.Hour), audit.Unknown}} {
		s := inventory.Snapshot{Sources: []inventory.Observation{
			{Target: "ssh://a", Scheme: "ssh", Status: inventory.StatusOK, StartedAt: now, Batch: inventory.Batch{Machines: []inventory.Machine{{ID: "m-a"}}}},
			{Target: "ssh://b", Scheme: "ssh", Status: inventory.StatusOK, StartedAt: test.started, Batch: inventory.Batch{Machines: []inventory.Machine{{ID: "m-b"}}}},
		}}
		if g := gate(t, audit.Audit(evidence(t, resolve.Estate(&s), now), policy(t, "maxAge: 7d"), nil, now), "max-age"); g.Outcome != test.want {
			t.Errorf("%s: %+v, want %s", name, g, test.want)
		}
	}
}

// A waiver of a gate that is passed without it is told to be unused.
func TestWaiverOfWhatPasses(t *testing.T) {
	p := policy(t, "minScore: 1\nwaivers: [{id: w, subject: estate, finding: min-score, owner: o, reason: r, expires: 2027-01-01}]")
	if r := audit.Audit(evidence(t, estate(host("a", true)), now), p, nil, now); r.Waivers[0].Status != audit.WaiverUnused {
		t.Errorf("%+v", r.Waivers[0])
	}
}
