package score_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// Every piece of work stands in one class, and what is known of all classes does not add up to more than there is.
func TestStacksHoldAllWork(t *testing.T) {
	m := model(t)
	for seed := range 50 {
		_, e := lawEstate(seed)
		works := int64(0)
		for _, h := range e.Hosts {
			works += int64(len(score.NewStack(h, m, score.Options{}).Works))
		}
		low, seen := 0.0, int64(0)
		for _, c := range score.Stacks(e, m, score.Options{}) {
			low, seen = low+c.Share.Low, seen+c.Workloads
			if len(c.Layers) < 2 || c.Share.Low < 0 || c.Share.High > 1 || c.Share.Low > c.Share.High {
				t.Fatalf("seed %d: %+v", seed, c)
			}
		}
		if low > 1+1e-9 || seen != works {
			t.Fatalf("seed %d: %d pieces of work of %d, a share of %v", seed, seen, works, low)
		}
		if a := score.Assess(e, m, score.Request{}); len(a.Stacks) != len(score.Stacks(e, m, score.Options{})) {
			t.Fatalf("seed %d: %+v", seed, a.Stacks)
		}
	}
}

func TestLayersOfWork(t *testing.T) {
	known := inventory.Known[inventory.RunState]
	guest := &inventory.Node{Machine: inventory.Machine{ID: "g", Kind: inventory.Known(inventory.Virtual), Inside: inventory.Absent[string](), Processes: inventory.Known(9),
		OS: inventory.OS{Style: inventory.Known(inventory.ImageBasedOS)}}}
	guest.Containers = []inventory.Container{{ID: "c", State: known(inventory.Running), System: inventory.Known(false), Layer: inventory.Application}}
	host := &inventory.Node{Machine: inventory.Machine{ID: "h", Kind: inventory.Known(inventory.Physical), Inside: inventory.Absent[string](), Processes: inventory.Known(9), Powered: inventory.Known(true)}}
	host.Hypervisors = []inventory.Hypervisor{{ID: "hv", Machine: "h", Kind: "kvm"}}
	host.VMs = []inventory.GuestVM{{VM: inventory.VM{ID: "v", Hypervisor: "hv", State: known(inventory.Running)}, Guest: guest}, {VM: inventory.VM{ID: "w", Hypervisor: "hv", State: known(inventory.Running)}}}
	host.Workloads = []inventory.Workload{{ID: "nginx", Machine: "h", Name: "nginx", Layer: inventory.Application}}
	var got []string
	for _, c := range score.Stacks(&inventory.Estate{Hosts: []*inventory.Node{host}}, model(t), score.Options{RunningIsActive: true}) {
		got = append(got, strings.Join(append(c.Layers, c.Form), " > "))
		if math.IsNaN(c.Share.Low) {
			t.Errorf("%+v", c)
		}
	}
	slices.Sort(got)
	want := []string{
		"server > os > hypervisor > guest-image-based-os > engine > container",
		"server > os > hypervisor > guest-os > unknown",
		"server > os > process",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
