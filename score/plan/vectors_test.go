package plan

import (
	"strings"
	"testing"
	"time"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// The vectors are situations in which other programs of this kind are known to mislead, with what this one has to say.

// hypervisor is a host with one virtual machine that is in use, so that there is something to score, and others.
func hypervisor(vms ...inventory.VM) *inventory.Estate {
	known := inventory.Known[string]
	n := &inventory.Node{Machine: inventory.Machine{
		ID: "host", Name: known("host"), Kind: inventory.Known(inventory.Physical), Powered: inventory.Known(true), Inside: inventory.Absent[string](),
		Cores: inventory.Known(64.0), Memory: inventory.Known(256 * inventory.GiB), Processes: inventory.Known(100), Containers: inventory.Known(0),
		OS:       inventory.OS{ID: known("debian"), Version: known("12"), Style: inventory.Known(inventory.GeneralOS), Packages: inventory.Known(900)},
		Hardware: inventory.Hardware{Model: known("R740"), Chassis: inventory.Known(inventory.Rack), Fabric: inventory.Known(inventory.OneFabric)},
		Storage:  inventory.Known(inventory.LocalVolumes), Network: inventory.Known(inventory.BridgeNetwork), Management: inventory.Known(inventory.ConfigManaged),
	}}
	n.Hypervisors = []inventory.Hypervisor{{ID: "kvm", Machine: "host", Kind: "kvm", Version: known("8.0"), Cluster: inventory.Absent[string](), SeparateImage: inventory.Known(false), VMs: inventory.Known(1 + len(vms))}}
	for _, v := range append([]inventory.VM{used("busy", 4, 8)}, vms...) {
		n.VMs = append(n.VMs, inventory.GuestVM{VM: v})
	}
	return &inventory.Estate{Hosts: []*inventory.Node{n}}
}

// used is a virtual machine that needs 4 vCPU and 8 GiB, and has what is given.
func used(id string, vcpus float64, gib inventory.Bytes) inventory.VM {
	return inventory.VM{ID: id, Hypervisor: "kvm", Name: inventory.Known(id), State: inventory.Known(inventory.Running),
		VCPUs: inventory.Known(vcpus), Memory: inventory.Known(gib * inventory.GiB), Storage: inventory.Known(inventory.LocalVolumes),
		Usage:  inventory.Usage{CPUSeconds: inventory.Known(2.0 * 30 * 86400), Memory: inventory.Known(6 * inventory.GiB), Network: inventory.Known(inventory.TiB), Age: inventory.Known(30 * inventory.Day)},
		Demand: inventory.Demand{Days: inventory.Known(30.0), CPUP995: inventory.Known(3.2), MemoryMax: inventory.Known(69 * inventory.GiB / 10)}}
}

func advice(t *testing.T, e *inventory.Estate) []score.Recommendation {
	t.Helper()
	m, req := model(t), score.Request{Options: score.Options{Now: time.Unix(0, 0)}}
	a := score.Assess(e, m, req)
	Recommend(t.Context(), a, e, m, Request{Request: req})
	return a.Recommendations
}

// naming lists the recommendations that name a subject.
func naming(of []score.Recommendation, subject string) []score.Recommendation {
	var out []score.Recommendation
	for _, r := range of {
		for _, s := range r.Subjects {
			if strings.HasPrefix(s, subject+" ") {
				out = append(out, r)
			}
		}
	}
	return out
}

// V11: a virtual machine that is powered off, was given too much and has used nothing for a month, with an old disk. It
// is one saving, in the highest class that it belongs to, and not one for each thing that is wrong with it.
func TestV11OneSavingForEachThing(t *testing.T) {
	off := used("old", 16, 64)
	off.State = inventory.Known(inventory.Stopped)
	off.Usage.CPUSeconds, off.Usage.Network = inventory.Known(0.0), inventory.Known[inventory.Bytes](0)
	off.Disks = []inventory.VMDisk{{Name: "vda", Capacity: inventory.Known(100 * inventory.GiB), Allocated: inventory.Known(40 * inventory.GiB)}}
	got := naming(advice(t, hypervisor(off)), "old")
	if len(got) != 1 || got[0].Action != "remove-stopped-vm" || got[0].Gain.Bytes != int64(40*inventory.GiB) || got[0].Gain.Removes["vm"] != 1 {
		t.Errorf("got %+v, want one saving, of its 40 GiB, by removing it", got)
	}
	// The same of one that runs and is idle: it is removed, and then there is nothing to right-size.
	idle := used("old", 16, 64)
	idle.Usage.CPUSeconds, idle.Usage.Network = inventory.Known(0.0), inventory.Known[inventory.Bytes](0)
	got = naming(advice(t, hypervisor(idle)), "old")
	if len(got) != 1 || got[0].Action != "remove-idle-vm" {
		t.Errorf("got %+v, want one saving by removing it", got)
	}
}

// V12: a virtual machine has too many vCPUs, and nothing else is wrong. On a shared host that saves nothing, so nothing
// is advised; and where right-sizing is advised, for what is given too much in all dimensions, it says so in words.
func TestV12TooManyCPUsSaveNothing(t *testing.T) {
	if got := naming(advice(t, hypervisor(used("wide", 16, 8))), "wide"); len(got) > 0 {
		t.Errorf("too many vCPUs and nothing else: got %+v, want no advice", got)
	}
	got := naming(advice(t, hypervisor(used("wide", 16, 64))), "wide")
	if len(got) == 0 {
		t.Error("a virtual machine with too much of everything is not right-sized: the test shows nothing")
	}
	for _, r := range got {
		if r.Action != "right-size-vm" || !strings.Contains(r.Why, "On a shared host this alone frees no CPU time and saves no energy") {
			t.Errorf("%s: %s: want that right-sizing alone frees no CPU time", r.Action, r.Why)
		}
		if r.Gain.Components != 0 || r.Gain.Bytes != 0 || len(r.Gain.Removes) != 0 {
			t.Errorf("right-sizing gains %+v, want nothing but points", r.Gain)
		}
	}
}
