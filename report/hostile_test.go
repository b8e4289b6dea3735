package report

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// attacks are texts that mean something in one of the formats. None may mean more than any other word.
var attacks = []string{
	"=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1:A9)", "\t=1", "\r=1", `=HYPERLINK("http://evil.example")`, "＝1+1", "a|b|c", "|", "`x`", "``", "`a|b@c`",
	"<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[x](javascript:alert(1))", "![x](http://evil.example/x.png)", "[x]", "# heading", "- item", "1. item", "1) item", "> quote", "---", "===", "***", "___",
	"*strong*", "_weak_", "~~gone~~", "&lt;b&gt;", "&#60;script&#62;", `\`, `\|`, "<!-- gone", "https://evil.example/?q=1", "www.evil.example", "bob@evil.example", "@everyone", "#1", "!1", "$x$", "\n\n# heading", "a\nb",
	"::error::x", "##[error]x", "%0A::error::x", "a:b,c", "]]>", "</testsuite>", "{0}", "{{x}}", "../../etc/passwd", "/etc/passwd", `C:\x`, "..", `"`, "'", "\\n", nasty, strings.Repeat("long ", 2000), strings.Repeat("w", 10_000),
}

// mean has a text in every place of an assessment that text can be in.
func mean(text string) *score.Assessment { return meant(func() string { return text }) }

// mixed has attacks in turn in those places, from one of them on.
func mixed(from int) *score.Assessment {
	return meant(func() string {
		from++
		return attacks[from%len(attacks)]
	})
}

func meant(next func() string) *score.Assessment {
	a := fullSample()
	overwrite(reflect.ValueOf(a).Elem(), next)
	for i := range a.Containers {
		c := &a.Containers[i]
		c.Name, c.Image, c.Runtime, c.ComposeProject, c.State = inventory.Known(next()), inventory.Known(next()), inventory.Known(next()), inventory.Known(next()), inventory.Known(inventory.RunState(next()))
	}
	for i := range a.VMs {
		a.VMs[i].Name, a.VMs[i].GuestOS = inventory.Known(next()), inventory.Known(next())
	}
	a.Sources[0].Status, a.Sources[1].Status = inventory.StatusFailed, inventory.StatusOK
	return a
}

func overwrite(v reflect.Value, next func() string) {
	switch v.Kind() {
	case reflect.String:
		if v.CanSet() {
			v.SetString(next())
		}
	case reflect.Pointer:
		if !v.IsNil() {
			overwrite(v.Elem(), next)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			overwrite(v.Index(i), next)
		}
	case reflect.Map:
		if v.Len() > 0 && v.CanSet() && v.Type().Key().Kind() == reflect.String {
			v.Set(reflect.MakeMap(v.Type()))
			v.SetMapIndex(reflect.ValueOf(next()), reflect.ValueOf(3))
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			overwrite(v.Field(i), next)
		}
	}
}

// fullSample has something of everything.
func fullSample() *score.Assessment {
	a := waivedSample()
	a.Trend, a.Assumed = trendSample(), youngSample().Assumed
	a.Target = typicalPlan().Target
	a.Roadmap.Waves = typicalPlan().Roadmap.Waves
	a.WhatIf = &score.WhatIf{File: "changes.yaml", Changes: []score.WhatIfChange{{Where: "changes.yaml:3", Text: "retire web-9", Notes: []string{"note"}}}}
	a.Containers = []score.ContainerInfo{{MachineName: "web-7", Container: inventory.Container{ID: "c1", Machine: "m-1", Layer: inventory.Application, Name: inventory.Known("shop"), Image: inventory.Known("shop:1"),
		State: inventory.Known(inventory.Running), MemoryLimit: inventory.Known(inventory.Bytes(1 << 30)), CPULimit: inventory.Absent[float64]()}}}
	a.VMs = []score.VMInfo{{MachineName: "web-7", VM: inventory.VM{ID: "v1", Hypervisor: "h1", Name: inventory.Known("build"), VCPUs: inventory.Known(4.), Memory: inventory.Unknown[inventory.Bytes]("denied", "sudo")}}}
	a.Recommendations[0].Subjects, a.Recommendations[0].Blockers = []string{"old-ci", "old-web", "test-3"}, []string{"old-ci: is in use"}
	a.Recommendations[0].Gain.EnergyKWh = ptr(bounds(120, 340))
	a.Trend.Indicators = []score.TrendIndicator{{ID: "containers.isolation", Change: score.TrendChange{Low: 3}, Terms: []score.TrendTerm{{ID: score.TrendWithin, Points: 3}}}}
	a.Quarter = &score.Quarter{Name: "2026Q4", TakenAt: sampleTime, Previous: "2026Q3", YearAgo: trendSample(), Missing: []string{"nothing was kept of 2026Q1"},
		Points:   []score.QuarterPoint{{Quarter: "2026Q3", TakenAt: sampleTime.AddDate(0, -3, 0), Score: bounds(31, 52), Level: 2, Coverage: .6, Components: 30, Hosts: 2}, {Quarter: "2026Q4", TakenAt: sampleTime, Score: a.Score, Level: 2, Coverage: .714, Components: 26, Hosts: 1}},
		Followed: []score.Followed{{Action: "remove-idle", Title: "Delete 4 VMs", Status: score.FollowedPartly, Subjects: 4, Done: 1, Open: 3, Promised: ptr(2.8), Delivered: ptr(.7)}},
		Forecast: &score.Forecast{Level: 3, Name: "Converged", Basis: 2, Quarters: score.ForecastSpan{Likely: ptr(2.5)}}}
	return a
}

// largeSample is an estate of 10,000 machines, all of which are listed.
func largeSample() *score.Assessment {
	const machines = 10_000
	a := estateSample()
	a.Machines, a.Gaps, a.Sources = nil, nil, nil
	for i := range machines {
		name := fmt.Sprintf("host-%05d.example.com", i)
		a.Machines = append(a.Machines, score.MachineResult{ID: fmt.Sprintf("m-%d", i), Name: name, Kind: "virtual", OS: "Debian GNU/Linux 12 (bookworm)", On: "m-0", Roles: []string{"container-host"},
			Score: bounds(float64(i%100), 100), Level: i % 6, Components: 2, Workloads: i % 40, Containers: i % 50, Cores: ptr(8.), Memory: ptr[int64](32 << 30), Seen: []string{"ssh://" + name}})
		for _, what := range []string{"chassis serial", "disks", "fibre channel adapters"} {
			a.Gaps = append(a.Gaps, score.GapResult{Gap: inventory.Gap{Source: "ssh://" + name, Subject: name, What: what, Why: "needs root", Remedy: "infraopt assess ssh://root@" + name}, Points: .001})
		}
		status := inventory.StatusOK
		if i%7 == 0 {
			status = inventory.StatusFailed
		}
		a.Sources = append(a.Sources, score.SourceResult{Target: "ssh://" + name, Scheme: "ssh", Status: status, DurationMS: 1200, Error: "connection refused"})
		a.Containers = append(a.Containers, score.ContainerInfo{MachineName: name, Container: inventory.Container{ID: fmt.Sprintf("c%d", i), Machine: a.Machines[i].ID, Layer: inventory.Application, Name: inventory.Known("shop")}})
	}
	a.MachinesTotal, a.Inventory.Containers.Total = machines, 250_000
	for i := range 400 {
		r := a.Recommendations[i%4]
		r.ID = fmt.Sprintf("step-%d", i)
		a.Recommendations = append(a.Recommendations, r)
	}
	a.Roadmap.Steps = len(a.Recommendations)
	return a
}

func rendered(t testing.TB, format string, a *score.Assessment, d Display) []byte {
	t.Helper()
	f, err := Lookup(Formats(), format)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := f.Render(&out, &Report{Assessment: a, Display: d}); err != nil {
		t.Fatalf("%s: %v", format, err)
	}
	return []byte(out.String())
}

// textFormats are those whose files are small and read as they are.
var textFormats = []string{"markdown", "csv", "junit", "sarif", "prometheus", "gitlab-codequality", "github", "github-summary"}

func TestTextFormatsGolden(t *testing.T) {
	for _, name := range []string{"empty", "typical", "young", "hostile"} {
		for _, format := range textFormats {
			golden(t, "formats/"+name+"."+format, rendered(t, format, samples()[name], Display{}))
		}
	}
	golden(t, "formats/full.markdown", rendered(t, "markdown", fullSample(), Display{}))
	golden(t, "formats/typical-top1.markdown", rendered(t, "markdown", typicalSample(), Display{Top: 1}))
}

func TestTextFormatsAreHarmlessToATerminal(t *testing.T) {
	for _, format := range textFormats {
		for _, text := range attacks {
			a := mean(text)
			checkHarmless(t, string(rendered(t, format, a, Display{})), false)
			if format != "csv" { // data, as it was read
				checkASCII(t, string(rendered(t, format, a, Display{ASCII: true})))
			}
			if t.Failed() {
				t.Fatalf("%s of %.40q", format, text)
			}
		}
	}
}

// However large an estate is, files stay as large as their readers take, and say what they leave out.
func TestFormatsOfALargeEstateAreBounded(t *testing.T) {
	a := largeSample()
	for format, want := range map[string]struct {
		most int
		left string
	}{
		"markdown":           {64 << 10, "and 9980 more"},
		"github-summary":     {64 << 10, "and 9980 more"},
		"github":             {16 << 10, "and 1420 more"},
		"junit":              {1 << 20, "9000 more of 10,000 targets are left out"},
		"sarif":              {8 << 20, "are left out; infraopt assess --format json has all"},
		"gitlab-codequality": {4 << 20, "are left out; infraopt assess --format json has all"},
		"prometheus":         {256 << 10, "infraopt_recommendations 404"},
		"csv":                {4 << 20, "10000 machines"},
	} {
		text := string(rendered(t, format, a, Display{}))
		if len(text) > want.most {
			t.Errorf("%s: %d bytes, want %d at most", format, len(text), want.most)
		}
		if !strings.Contains(text, want.left) {
			t.Errorf("%s: does not say %q", format, want.left)
		}
	}
	// The summary is bounded also where somebody asks for more rows than there is room for.
	text := rendered(t, "github-summary", a, Display{Top: 100_000})
	if len(text) > 1<<20 || !strings.Contains(string(text), "had no room here") {
		t.Errorf("the summary of all rows has %d bytes, or does not say what was left out", len(text))
	}
}

func TestFingerprint(t *testing.T) {
	x := Fingerprint("idle", "Web-7", "vm")
	for _, same := range []string{Fingerprint("idle", " web-7 ", "VM"), Fingerprint("IDLE", "web-7\n", "vm")} {
		if same != x {
			t.Errorf("got %s, want %s for what differs in case and white space only", same, x)
		}
	}
	for _, other := range []string{Fingerprint("idle", "web-7vm"), Fingerprint("idle", "web-7", "vm", ""), Fingerprint("idleweb-7", "vm"), Fingerprint("idle", "vm", "web-7")} {
		if other == x {
			t.Errorf("two subjects have the fingerprint %s", x)
		}
	}
	if len(x) != 32 {
		t.Errorf("got %q", x)
	}
}
