package report

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// boardSample has something of everything that a page shows.
func boardSample() *score.Assessment {
	a := typicalPlan()
	class := func(low, high float64, works int64, form string, layers ...string) score.StackClass {
		return score.StackClass{Layers: layers, Form: form, Workloads: works, Share: bounds(low, high)}
	}
	a.Stacks = []score.StackClass{
		class(.30, .42, 5, "process", score.LayerServer, score.LayerOS, score.LayerHypervisor, score.LayerGuestOS),
		class(.26, .37, 9, "container", score.LayerServer, score.LayerOS, score.LayerEngine),
		class(.11, .14, 4, "process", score.LayerServer, score.LayerOS),
		class(.10, .10, 3, "container", score.LayerServer, score.LayerOS, score.LayerHypervisor, score.LayerGuestOS, score.LayerEngine),
		class(0, .2, 1, "unknown", score.LayerServer, score.LayerOS, score.LayerHypervisor, score.LayerGuestOS),
	}
	a.Target.Stacks = []score.StackClass{
		class(.62, .74, 17, "container", score.LayerServer, score.LayerImageOS, score.LayerEngine),
		class(.21, .24, 4, "container", score.LayerServer, score.LayerOS, score.LayerEngine),
		class(0, .2, 1, "unknown", score.LayerServer, score.LayerOS, score.LayerHypervisor, score.LayerGuestOS),
	}
	a.Target.NotValidated = "2 of 3 hosts: nothing that runs there has a utilisation series"
	a.Headline.Hosts, a.Headline.HostsBound = 5, 3
	a.Trend = trendSample()
	for i := range a.Level.NextGates {
		if g := &a.Level.NextGates[i]; !g.Met {
			g.Lift = []score.Lift{{Kind: score.LiftDo, Text: a.Recommendations[1].Title, Have: .51, Met: true}, {Kind: score.LiftSee, Text: "run as root", Have: .7, Met: true}}
		}
	}
	i := &a.Pillars[0].Indicators[0]
	i.Sums = []score.Sum{{Name: "components", Unit: "components", Low: 26, High: 26}, {Name: "workloads", Unit: "workloads", Low: 21, High: 21}}
	i.Evidence = append(i.Evidence, score.Evidence{Subject: "legacy", Fact: "content of the virtual machine", Value: "unknown", Source: "libvirt:qemu:///system",
		Why: "no agent answers", Remedy: "infraopt assess ssh://legacy", Lost: .4, Open: 2.2})
	running := inventory.Known(inventory.Running)
	denied := inventory.Unknown[string]("permission denied", "run as root")
	a.Containers = []score.ContainerInfo{
		{Container: inventory.Container{ID: "c1", Machine: "m-1", Name: inventory.Known("nginx"), Image: inventory.Known("nginx:1.27"), State: running, Manager: inventory.Known(inventory.ManagedByCompose),
			Service: inventory.Absent[string](), CPULimit: inventory.Known(2.), MemoryLimit: inventory.Known(inventory.Bytes(512 << 20))}, MachineName: "web-7"},
		{Container: inventory.Container{ID: "c2", Machine: "m-1", Name: inventory.Known("api"), Image: denied, State: running, Service: denied,
			CPULimit: inventory.Absent[float64](), MemoryLimit: inventory.NotApplicable[inventory.Bytes]("it is a system container")}, MachineName: "web-7"},
	}
	a.VMs = []score.VMInfo{
		{VM: inventory.VM{ID: "v1", Name: inventory.Known("legacy"), State: running, VCPUs: inventory.Known(4.), Memory: inventory.Known(inventory.Bytes(8 << 30)), GuestOS: denied,
			Storage: inventory.Unknown[inventory.StorageClass]("", "")}, MachineName: "web-7"},
		{VM: inventory.VM{ID: "v2", Name: inventory.Known("db"), State: inventory.Known(inventory.Stopped), GuestOS: inventory.Known("rhel 9")}, MachineName: "web-7", Guest: "m-3"},
	}
	ratio := func(low, high float64) score.Ratio { return score.Ratio{Low: &low, High: &high} }
	a.KPIs = &score.KPIs{Utilisation: bounds(.1, .2), ContainersPerOS: ratio(.5, .5), VMsPerHost: score.Ratio{Low: ptr(4.)}}
	a.GeneratedAt = time.Date(2026, 11, 23, 7, 41, 0, 0, time.UTC)
	return a
}

// htmlSamples are the reports that pages are made of in tests.
func htmlSamples() map[string]*score.Assessment {
	all := samples()
	all["board"] = boardSample()
	all["hostile-plan"] = hostilePlan()
	all["words"] = poisoned([]string{strings.Repeat("w", 3000)})
	return all
}

// fixed is what is the same in all pages: style sheet, script, and the policy that names them.
var fixed = regexp.MustCompile(`(?s)(<style>|<script>|Content-Security-Policy" content=").*?(?:</style>|</script>|">)\n`)

func TestHTMLGolden(t *testing.T) {
	for _, name := range []string{"empty", "young", "hostile", "board", "quarter"} {
		golden(t, "html/"+name+".html", fixed.ReplaceAll(rendered(t, "html", htmlSamples()[name], Display{}), []byte("$1")))
		golden(t, "svg/"+name+".svg", rendered(t, "svg", htmlSamples()[name], Display{}))
	}
}
