package report

import (
	"strings"
	"time"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// The sample assessments are written by hand and hold what scoring would say of such estates in form, not in
// number: nothing here is computed.

var sampleTime = time.Date(2026, 11, 23, 7, 41, 0, 0, time.UTC)

// samples lists every sample under the name of its golden files.
func samples() map[string]*score.Assessment {
	return map[string]*score.Assessment{
		"empty":   emptySample(),
		"typical": typicalSample(),
		"young":   youngSample(),
		"good":    goodSample(),
		"estate":  estateSample(),
		"hostile": hostileSample(),
		"waived":  waivedSample(),
		"quarter": quarterSample(),
	}
}

func ptr[T any](v T) *T { return &v }

func bounds(low, high float64) score.Bounds { return score.Bounds{Low: low, High: high} }

func none() score.Bounds { return score.Bounds{None: true} }

func baseSample() *score.Assessment {
	return &score.Assessment{
		Schema:      score.AssessmentSchema,
		GeneratedAt: sampleTime,
		Tool:        score.ToolInfo{Name: "infraopt", Version: "0.1.0", Commit: "abcdef0", Rules: "5f2d"},
	}
}

// emptySample is an estate of which nothing could be read.
func emptySample() *score.Assessment {
	a := baseSample()
	a.Score = none()
	a.Level = score.LevelResult{Name: "Unassessed", Reason: "no machine could be read"}
	a.Headline = score.Headline{ComponentsBounds: none(), Workloads: none(), ComponentsPerWorkload: none(), Attainable: none()}
	a.Roadmap = score.Roadmap{From: none(), To: none(), Withheld: "There is nothing to advise on before a machine is read."}
	a.Sources = []score.SourceResult{{
		Target: "docker:unix:///var/run/docker.sock", Scheme: "docker", Status: inventory.StatusFailed, DurationMS: 3,
		Error:  "dial unix /var/run/docker.sock: connect: no such file or directory",
		Remedy: "sudo systemctl start docker",
	}}
	return a
}

func pillar(id string, weight, low, high float64, indicators ...score.IndicatorResult) score.PillarResult {
	points := score.Points{Low: low * weight * 100, High: high * weight * 100, Max: weight * 100}
	return score.PillarResult{ID: id, Title: id, Weight: weight, Low: low, High: high, Points: points, Applicable: true, Indicators: indicators}
}

func indicator(id string, weight, low, high, points float64) score.IndicatorResult {
	return score.IndicatorResult{
		ID: id, Title: id, Weight: weight, Low: low, High: high, Applicable: true, Coverage: .8,
		Points:      score.Points{Low: low * points, High: high * points, Max: points},
		Explanation: "An explanation.",
		Evidence:    []score.Evidence{{Subject: "web-7", Fact: "kind", Value: "virtual", Source: "host:", Known: true, Lost: 1}},
	}
}

// typicalSample is a virtual machine host with some containers, read as an ordinary user.
func typicalSample() *score.Assessment {
	a := baseSample()
	a.Score = bounds(41.2, 57.6)
	a.Coverage = score.Coverage{Frame: 1, Evidence: .714, FreshDays: 7, Freshness: 1}
	a.Level = score.LevelResult{
		Number: 2, Name: "Pooled", Next: "Converged",
		NextGates: []score.Gate{
			{ID: "software-defined", Unit: score.UnitShare, Text: "software-defined ≥ .50", Have: .55, Want: .5, Met: true},
			{ID: "converged", Unit: score.UnitShare, Text: "converged ≥ .50", Have: .27, Want: .5},
			{ID: "score", Unit: score.UnitPoints, Text: "score ≥ 35", Have: 41.2, Want: 35, Met: true},
			{ID: "coverage", Unit: score.UnitShare, Text: "coverage ≥ .60", Have: .714, Want: .6, Met: true},
		},
		HeldBackBy: []score.Gate{{ID: "converged", Unit: score.UnitShare, Text: "converged ≥ .50", Have: .27, Want: .5}},
		Distribution: []score.StepMass{
			{Step: "process-on-server", Text: "process on a server", Workloads: 4, Share: bounds(.11, .14)},
			{Step: "process-in-vm", Text: "process in a VM", Workloads: 5, Share: bounds(.3, .42)},
			{Step: "system-container", Text: "system container", Share: bounds(0, 0)},
			{Step: "container-in-vm", Text: "container in a VM", Workloads: 3, Share: bounds(.1, .1)},
			{Step: "container-on-metal", Text: "container on bare metal", Workloads: 9, Share: bounds(.36, .47)},
		},
	}
	a.Headline = score.Headline{
		Components: 26, ComponentsBounds: bounds(26, 26), Workloads: bounds(21, 21),
		ByClass: []score.ComponentClass{
			{Class: "server", Count: bounds(1, 1), Weight: 1},
			{Class: "os-image", Count: bounds(24, 24), Weight: 1},
			{Class: "san-switch", Count: bounds(0, 0), Weight: 1},
			{Class: "control-plane", Count: bounds(1, 1), Weight: 1},
		},
		ComponentsPerWorkload: bounds(26./21, 26./21), Attainable: bounds(.31, .31), Hosts: 1, HostsBound: 1,
	}
	a.Pillars = []score.PillarResult{
		pillar("components", .35, .43, .62, indicator("components.per-workload", .4, .4, .6, 14), indicator("components.packing", .25, .9, 1, 8.75)),
		pillar("containers", .30, .36, .45, indicator("containers.isolation", .5, .3, .42, 15)),
		pillar("software-defined", .20, .55, .64),
		pillar("converged", .15, .27, .76),
	}
	a.Inventory = score.Inventory{
		Machines: score.MachineCounts{Physical: 1, Virtual: 3}, Hypervisors: 1,
		VMs: score.RunCounts{Total: 7, Running: 4}, Containers: score.RunCounts{Total: 14, Running: 12},
		Images: 31, Volumes: 6, Storage: 3, Networks: 4,
		Workloads: score.WorkloadCounts{Infrastructure: 38, Service: 9, Application: 12},
	}
	a.Machines = []score.MachineResult{
		{ID: "m-1", Name: "web-7", Kind: "physical", OS: "Debian GNU/Linux 12 (bookworm)", Roles: []string{"container-host", "hypervisor"},
			Score: bounds(44.1, 61), Level: 2, Components: 3, Workloads: 13, Containers: 9, VMs: 7, Cores: ptr(16.), Memory: ptr[int64](64 << 30), Gaps: 3, Seen: []string{"host:"}},
		{ID: "m-2", Name: "build.internal.example.com", Kind: "virtual", OS: "Ubuntu 24.04.1 LTS", On: "m-1",
			Score: bounds(22, 40.3), Level: 2, Components: 1, Workloads: 3, Containers: 3, Cores: ptr(4.), Memory: ptr[int64](8 << 30)},
		{ID: "m-3", Name: "db", Kind: "virtual", OS: "Red Hat Enterprise Linux 9.4 (Plow)", On: "m-1",
			Score: bounds(12, 12), Level: 1, Components: 1, Workloads: 4, Cores: ptr(4.), Memory: ptr[int64](16<<30 - 3e8)},
		{ID: "m-4", Name: "legacy", Kind: "virtual", OS: "", On: "m-1", Score: bounds(0, 77), Components: 1, Workloads: 1},
	}
	a.MachinesTotal = 4
	a.Recommendations = []score.Recommendation{
		{ID: "remove-idle-1", Action: "remove-idle", Title: "Delete 3 VMs idle for 41 days", Effort: 3, Risk: "low", Confidence: "proven",
			Gain: score.Gain{Score: 2.1, Components: 3, Removes: map[string]int{"os-image": 3}}, Next: "virsh undefine old-ci old-web test-3"},
		{ID: "containerise-1", Action: "containerise-workload", Title: "Containerise nginx, api and worker on build.internal.example.com (ready)", Effort: 24, Risk: "medium",
			Confidence: "proven", Gain: score.Gain{Score: 6.44, Removes: map[string]int{"os-image": 3}}, Next: "infraopt explain containerise-workload"},
		{ID: "orchestrate-1", Action: "adopt-orchestration", Title: "Manage the containers of web-7 with Compose", Effort: 12, Risk: "low",
			Confidence: "indicative", Gain: score.Gain{Score: 1.8}, Next: "docker compose --project-directory /srv/web up --detach --remove-orphans"},
		{ID: "images-1", Action: "remove-dangling", Title: "Delete 19 unused images", Effort: 1, Risk: "low", Confidence: "proven",
			Gain: score.Gain{Score: .03, Removes: map[string]int{"image": 19, "volume": 1}, Bytes: 7_300_000_000}, Next: "docker image prune --all"},
	}
	a.Roadmap = score.Roadmap{
		Steps: 9, Effort: 63, From: bounds(41.2, 57.6), To: bounds(62.99999999999, 71), LevelFrom: 2, LevelTo: 4, LevelName: "Containerised",
		Components: [2]float64{26, 11}, Basis: "proven",
	}
	a.Findings = []score.Found{
		{ID: "dark-hba", Severity: inventory.Warning, Machines: 3, Examples: []score.FoundOn{
			{Machine: "m-1", Name: "web-7", Text: "the Fibre Channel adapter host5 has no link", Source: "/sys/class/fc_host/host5/port_state"},
		}},
		{ID: "unused-hypervisor", Severity: inventory.Info, Machines: 1, Examples: []score.FoundOn{
			{Machine: "m-1", Name: "web-7", Text: "libvirtd runs and has no virtual machine", Source: "process libvirtd"},
		}},
	}
	a.Risks = []score.Risk{{ID: "no-spare", Subject: "web-7", Text: "All work runs on one host; if it fails, everything stops."}}
	a.Gaps = []score.GapResult{
		{Gap: inventory.Gap{Source: "host:", Subject: "m-1", What: "chassis serial", Why: "needs root", Remedy: "sudo infraopt assess"}, Points: 9.2},
		{Gap: inventory.Gap{Source: "host:", Subject: "web-7", What: "fibre channel adapters", Why: "needs root", Remedy: "sudo infraopt assess"}, Points: 9.2},
		{Gap: inventory.Gap{Source: "libvirt:qemu:///system", Subject: "legacy", What: "what runs inside", Why: "no agent answers", Remedy: "infraopt assess ssh://legacy"}, Points: 3.44},
		{Gap: inventory.Gap{Source: "host:", Subject: "vda", What: "the storage behind it", Why: "a guest cannot see it", Remedy: "ask whoever runs the hypervisor, or name it: infraopt assess vsphere://vc.example.com"}, Points: 7},
		{Gap: inventory.Gap{Source: "host:", Subject: "podman", What: "containers of other users", Why: "permission denied"}},
	}
	a.Sources = []score.SourceResult{
		{Target: "host:", Scheme: "host", Status: inventory.StatusPartial, DurationMS: 212, Entities: 96},
		{Target: "docker:", Scheme: "docker", Status: inventory.StatusOK, DurationMS: 88, Entities: 55},
		{Target: "libvirt:qemu:///system", Scheme: "libvirt", Status: inventory.StatusOK, DurationMS: 147, Entities: 9},
	}
	return a
}

// youngSample is a machine that was booted an hour ago: nothing on it is known to be in use.
// trendSample is a change of which every cause took part.
func trendSample() *score.Trend {
	return &score.Trend{
		From:       score.TrendEnd{Time: time.Date(2026, 8, 25, 6, 0, 0, 0, time.UTC), Score: bounds(31, 52), Level: 2, Rules: "0123456789ab"},
		To:         score.TrendEnd{Time: time.Date(2026, 11, 23, 7, 41, 0, 0, time.UTC), Score: bounds(41, 58), Level: 2, Rules: "0123456789ab"},
		Comparable: true, Change: score.TrendChange{Low: 10, High: 6}, Real: true,
		Terms: []score.TrendTerm{
			{ID: score.TrendRuleset, Points: -1.04, Text: "other rules: 0123456789ab then, ba9876543210 now"},
			{ID: score.TrendWaivers, Text: "what is waived"},
			{ID: score.TrendEvidence, High: -8, Text: "what is known: facts that could be read only then, or only now"},
			{ID: score.TrendIncomparable, Points: .04, High: .04, Text: "hosts that could not be looked at then or now"},
			{ID: score.TrendWithin, Points: 11, High: 13.96, Text: "changes of the hosts that stayed, and of the estate as a whole"},
		},
		Hosts: score.TrendHosts{Stayed: 3, Joined: []string{"web-8", "web-9"}, Left: []string{"a", "b", "c", "d", "e", "f", "g"},
			Incomparable: []score.Incomparable{{Name: "db-1", Why: "ssh://db-1 could not be read now"}}, Conflicts: []string{"a then and b now have the same machine-id, and the hardware UUID differs: taken for two machines"}},
	}
}

func youngSample() *score.Assessment {
	a := typicalSample()
	a.Score = bounds(0, 58)
	a.Level = score.LevelResult{
		Number: 0, Name: "Unassessed", Reason: "no workload is known to be in use: web-7 was started less than a day ago",
		Distribution: []score.StepMass{{Step: "container-on-metal", Text: "container on bare metal", Workloads: 1, Share: none()}},
	}
	a.Assumed = &score.Assumed{
		Assumption: "running-is-active", Score: bounds(41.2, 57.6),
		Level:   score.LevelResult{Number: 2, Name: "Pooled", Next: "Converged", HeldBackBy: typicalSample().Level.HeldBackBy, NextGates: typicalSample().Level.NextGates},
		Pillars: typicalSample().Pillars, Headline: typicalSample().Headline,
	}
	for i := range a.Pillars {
		l := &a.Pillars[i]
		l.Low, l.Points.Low = 0, 0
	}
	a.Pillars[3] = score.PillarResult{ID: "converged", Title: "converged"}
	a.Headline.Workloads = bounds(0, 21)
	a.Headline.ComponentsPerWorkload, a.Headline.Attainable = none(), none()
	a.Machines, a.MachinesTotal = a.Machines[:1], 1
	a.Machines[0].Score, a.Machines[0].Level = bounds(0, 58), 0
	a.Inventory.Machines = score.MachineCounts{Physical: 1}
	a.Roadmap.Basis = "running-is-active"
	for i := range a.Recommendations {
		a.Recommendations[i].Confidence = "assumed"
	}
	a.Risks = nil
	return a
}

// goodSample is an estate with nothing left to do.
func goodSample() *score.Assessment {
	a := baseSample()
	a.Score = bounds(100, 100)
	a.Coverage = score.Coverage{Frame: 1, Evidence: 1, FreshDays: 7, Freshness: 1}
	a.Level = score.LevelResult{Number: 5, Name: "Minimal", Distribution: []score.StepMass{
		{Step: "container-on-metal", Text: "container on bare metal", Workloads: 200, Share: bounds(1, 1)},
	}}
	a.Headline = score.Headline{
		Components: 9, ComponentsBounds: bounds(9, 9), Workloads: bounds(200, 200), Hosts: 4, HostsBound: 4,
		ComponentsPerWorkload: bounds(.045, .045), Attainable: bounds(.045, .045),
		ByClass: []score.ComponentClass{{Class: "server", Count: bounds(4, 4)}, {Class: "os-image", Count: bounds(4, 4)}, {Class: "control-plane", Count: bounds(1, 1)}},
	}
	a.Pillars = []score.PillarResult{
		pillar("components", .35, 1, 1), pillar("containers", .30, 1, 1), pillar("software-defined", .20, 1, 1), pillar("converged", .15, 1, 1),
	}
	a.Inventory = score.Inventory{
		Machines: score.MachineCounts{Physical: 4}, Containers: score.RunCounts{Total: 412, Running: 412}, Clusters: 1,
		Workloads: score.WorkloadCounts{Service: 40, Application: 160},
	}
	for _, name := range []string{"node-1", "node-2", "node-3", "node-4"} {
		a.Machines = append(a.Machines, score.MachineResult{
			ID: name, Name: name, Kind: "physical", OS: "Flatcar 4081.2", Score: bounds(100, 100), Level: 5,
			Components: 2, Workloads: 50, Containers: 103, Cores: ptr(96.), Memory: ptr[int64](512 << 30),
		})
	}
	a.MachinesTotal = 4
	a.Roadmap = score.Roadmap{From: a.Score, To: a.Score, LevelFrom: 5, LevelTo: 5, LevelName: "Minimal", Components: [2]float64{9, 9}, Basis: "proven"}
	a.Sources = []score.SourceResult{{Target: "kubernetes:prod", Scheme: "kubernetes", Status: inventory.StatusOK, DurationMS: 1204}}
	a.Trend = &score.Trend{From: score.TrendEnd{Time: time.Date(2026, 8, 25, 6, 0, 0, 0, time.UTC), Score: bounds(80, 80), Rules: "abc"}, To: score.TrendEnd{Score: a.Score},
		Note: "made by other rules (abc then, def now): not comparable; give the snapshot to have it rated again"}
	return a
}

// estateSample is large, half seen and partly failed.
func estateSample() *score.Assessment {
	a := typicalSample()
	a.Coverage = score.Coverage{Frame: .93, Evidence: .666, FreshDays: 7, Freshness: .8}
	a.Headline.Components, a.Headline.ComponentsBounds = 104_211, bounds(104_211, 118_000.5)
	a.Headline.Workloads = bounds(80_000, 96_411)
	a.Headline.ComponentsPerWorkload, a.Headline.Attainable = bounds(1.0809, 1.4750), bounds(.2, .25)
	a.Headline.Hosts, a.Headline.HostsBound, a.Headline.HostsPlan = 8123, 2900, ptr(2912)
	a.MachinesTotal = 31_222
	a.Inventory.Machines = score.MachineCounts{Physical: 8123, Virtual: 23_000, Cloud: 98, Unknown: 1}
	a.Roadmap.Steps = 1207
	a.Sources = append(a.Sources,
		score.SourceResult{Target: "vsphere://vc2.example.com", Scheme: "vsphere", Status: inventory.StatusFailed, DurationMS: 90_400,
			Error: "listing virtual machines: context deadline exceeded", Remedy: "infraopt assess --timeout 5m vsphere://vc2.example.com"},
		score.SourceResult{Target: "ssh://backup-3", Scheme: "ssh", Status: inventory.StatusFailed, Error: "connection refused"})
	a.Trend = trendSample()
	return a
}

// nasty is what a name may hold when somebody means harm.
const nasty = "\x1b[31mred\x1b[0m\x1b]0;title\x07 <script>|`$(reboot)` \u202Eevil\u2066 \u200B\u200D\n\r\t\x00\x7f\u009b31m" +
	"\xff\xfe 服务器 👩‍👩‍👧‍👦🇩🇪❤️ Z\u0351\u0352\u0353\u0354\u0355\u0356algo \u2028 مرحبا \ufeff\ue000\U000e0041 |end"

// hostileSample has foreign text that means harm in every place where foreign text is shown.
func hostileSample() *score.Assessment {
	a := estateSample()
	long := strings.Repeat("looong ", 1500)
	word := strings.Repeat("w", 10_000)
	a.Level.Reason = nasty
	a.Level.NextGates[0].Text = nasty
	a.Level.Distribution[0].Text = nasty
	a.Machines[0].Name, a.Machines[0].OS, a.Machines[0].Kind = nasty, nasty, nasty
	a.Machines[1].Name, a.Machines[1].OS = word, long
	a.Machines[2].Name, a.Machines[2].Kind = "データベース・サーバー・一号機", "\x1b[2J"
	a.Recommendations[0].Title, a.Recommendations[0].Next = nasty, nasty
	a.Recommendations[1].Title, a.Recommendations[1].Next = long, strings.Repeat("docker rm x; ", 20)
	a.Recommendations[2].Title, a.Recommendations[2].Risk = word, nasty
	a.Recommendations[3].Gain.Removes = map[string]int{nasty: 3, word: 1}
	a.Risks[0].Subject, a.Risks[0].Text = nasty, long
	a.Gaps[0].Subject, a.Gaps[0].Why, a.Gaps[0].Remedy = nasty, nasty, nasty
	a.Gaps[1].What = long
	a.Sources[0].Scheme = nasty
	a.Sources[3].Target, a.Sources[3].Error, a.Sources[3].Remedy = nasty, long, nasty
	a.Sources[4].Target, a.Sources[4].Error = word, word
	a.Trend = trendSample()
	a.Trend.Note, a.Trend.Terms[0].Text, a.Trend.Hosts.Joined[0], a.Trend.Hosts.Incomparable[0].Why = nasty, long, nasty, word
	a.Tool.Model = nasty
	a.Waivers = []score.WaiverResult{{Waiver: score.Waiver{Indicator: nasty, Machines: []string{nasty, "*"}, Reason: nasty}, Status: nasty}}
	return a
}

// waivedSample is the typical one by a user's rules, with waivers of every status.
func waivedSample() *score.Assessment {
	a := typicalSample()
	a.Tool.Model = "model.yaml"
	a.Unwaived = ptr(bounds(35.4, 51.9))
	a.Waivers = []score.WaiverResult{
		{Waiver: score.Waiver{Machines: []string{"lab-*", "test-1"}, Reason: "a laboratory, which is rebuilt every night"}, Status: "applied", Matched: 12},
		{Waiver: score.Waiver{Indicator: "containers.isolation", Machines: []string{"sap-*"}, Reason: "the vendor supports no containers before release 8, which is announced for the spring and has been announced before", Until: "2027-03-31"}, Status: "applied", Matched: 3},
		{Waiver: score.Waiver{Indicator: "components.packing", Reason: "a second site is being built", Until: "2026-11-22"}, Status: "expired"},
		{Waiver: score.Waiver{Machines: []string{"mail-old"}, Reason: "to be switched off"}, Status: "unused"},
	}
	return a
}

// quarterSample is a quarterly report with something of everything that it can hold.
func quarterSample() *score.Assessment {
	a := estateSample()
	at := func(month time.Month) time.Time { return time.Date(2026, month, 28, 8, 0, 0, 0, time.UTC) }
	trendOf := func(from time.Time, low float64) *score.Trend {
		return &score.Trend{
			From: score.TrendEnd{Time: from, Score: bounds(a.Score.Low-low, a.Score.High), Level: 2, Rules: "5f2d"}, To: score.TrendEnd{Time: at(12), Score: a.Score, Level: 2, Rules: "5f2d"},
			Comparable: true, Real: true, Change: score.TrendChange{Low: low}, Indicators: []score.TrendIndicator{},
			Terms: []score.TrendTerm{{ID: score.TrendWithin, Points: low + 1.25, Text: "changes of the hosts that stayed, and of the estate as a whole"}, {ID: score.TrendJoined, Points: -1.25, Text: "hosts that joined"}},
			Hosts: score.TrendHosts{Stayed: 40, Joined: []string{"web-8", "web-9"}, Left: []string{"old-1"}, Incomparable: []score.Incomparable{{Name: "db-1", Why: "ssh:db-1 could not be read now"}}, Conflicts: []string{}},
		}
	}
	a.GeneratedAt, a.Trend = at(12), trendOf(at(9), 2.5)
	a.Quarter = &score.Quarter{
		Name: "2026Q4", From: time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC), To: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), Over: true, TakenAt: at(12), Previous: "2026Q3", YearAgo: trendOf(at(12).AddDate(-1, 0, 0), 6),
		Missing:  []string{"nothing was kept of 2026Q2"},
		Points:   []score.QuarterPoint{{Quarter: "2026Q3", TakenAt: at(9), Score: bounds(40, 60), Level: 2, Coverage: .7, Components: 90, Hosts: 42}, {Quarter: "2026Q4", TakenAt: at(12), Score: a.Score, Level: 2, Coverage: .8, Components: 85, Hosts: 43}},
		Promised: ptr(3.5), Delivered: ptr(2.75),
		Followed: []score.Followed{
			{Action: "remove-idle-vm", Title: "Remove 12 idle virtual machines", Status: score.FollowedDone, Subjects: 12, Done: 11, Gone: 1, Promised: ptr(1.5), Delivered: ptr(1.5)},
			{Action: "containerise-ready", Title: "Containerise nginx (4 times)", Status: score.FollowedPartly, Subjects: 4, Done: 2, Open: 1, Incomparable: 1, Promised: ptr(2.), Delivered: ptr(1.25)},
			{Action: "retire-host", Title: "Empty and retire 3 hosts", Status: score.FollowedOpen, Subjects: 3, Open: 3, Promised: ptr(.75)},
			{Action: "adopt-overlay", Title: "Join what runs on 9 hosts by an overlay", Status: score.FollowedIncomparable, Subjects: 9, Incomparable: 9, Promised: ptr(.5)},
			{Action: "standardise-os", Title: "Move 5 machines to the operating system of most", Status: score.FollowedNew, Added: 5},
		},
		Forecast: &score.Forecast{Level: 3, Name: "Converged", Basis: 4, Quarters: score.ForecastSpan{Soonest: ptr(1.5), Likely: ptr(3.25)}, Gates: []score.ForecastGate{
			{ID: "score", Text: "score ≥ 55", Unit: score.UnitPoints, Have: 50.8, Want: 55, Pace: [3]float64{-.5, 1.25, 2}, Quarters: score.ForecastSpan{Soonest: ptr(1.5), Likely: ptr(3.25)}},
			{ID: "converged", Text: "converged ≥ .50", Unit: score.UnitShare, Have: .42, Want: .5, Pace: [3]float64{.02, .04, .08}, Quarters: score.ForecastSpan{Soonest: ptr(1.), Likely: ptr(2.), Latest: ptr(4.)}},
		}},
	}
	return a
}
