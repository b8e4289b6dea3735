package score_test

import (
	"fmt"
	"testing"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// The reference estates carry the same 200 workloads in eight ways, from a server for each to as few hosts as can
// carry them. Their order is a law; the scores calibrate the conventions of the model.

// way is how a reference estate carries its work.
type way struct {
	name       string
	hosts      int
	cores      float64
	gib        int64
	vms        int // in all; 0 for none
	containers bool
	vcpus      float64 // of a virtual machine
	vmGiB      int64
	kinds      int // different operating systems and hardware models
	hypervisor string
	cluster    bool
	storage    inventory.StorageClass
	network    inventory.NetworkClass
	management inventory.Management
	fabric     inventory.Fabric
	chassis    inventory.Chassis
	style      inventory.OSStyle
	arrays     int
	limits     bool // containers are limited to what they need
	level      int
}

const refWorkloads = 200

func ways() []way {
	return []way{
		{name: "physical dedicated servers", hosts: 200, cores: 16, gib: 64, kinds: 8, storage: inventory.FCArray, network: inventory.PhysicalNetwork, management: inventory.ByHand,
			fabric: inventory.FCBesideEthernet, chassis: inventory.Rack, style: inventory.GeneralOS, arrays: 2, level: 1},
		{name: "virtualised on an FC array", hosts: 24, cores: 64, gib: 512, vms: 200, vcpus: 8, vmGiB: 32, kinds: 5, hypervisor: "esxi", cluster: true, storage: inventory.FCArray, network: inventory.BridgeNetwork,
			management: inventory.Provisioned, fabric: inventory.FCBesideEthernet, chassis: inventory.Rack, style: inventory.GeneralOS, arrays: 1, level: 2},
		{name: "virtualised, SDS nodes, converged fabric", hosts: 16, cores: 64, gib: 512, vms: 200, vcpus: 4, vmGiB: 16, kinds: 4, hypervisor: "esxi", cluster: true, storage: inventory.SDSSeparate, network: inventory.ManagedSwitch,
			management: inventory.Provisioned, fabric: inventory.OneFabric, chassis: inventory.Rack, style: inventory.GeneralOS, level: 3},
		{name: "HCI, right-sized", hosts: 10, cores: 64, gib: 512, vms: 200, vcpus: 2, vmGiB: 5, kinds: 3, hypervisor: "kvm", cluster: true, storage: inventory.SDSOnNodes, network: inventory.ManagedSwitch,
			management: inventory.ConfigManaged, fabric: inventory.OneFabric, chassis: inventory.HCI, style: inventory.GeneralOS, level: 3},
		{name: "Kubernetes on VMs on an array", hosts: 10, cores: 64, gib: 512, vms: 40, vcpus: 16, vmGiB: 64, containers: true, kinds: 2, hypervisor: "esxi", cluster: true, storage: inventory.FCArray, network: inventory.OverlayNetwork,
			management: inventory.GitOps, fabric: inventory.FCBesideEthernet, chassis: inventory.Rack, style: inventory.GeneralOS, arrays: 1, level: 4},
		{name: "Kubernetes on VMs on HCI", hosts: 8, cores: 64, gib: 512, vms: 24, vcpus: 12, vmGiB: 48, containers: true, kinds: 1, hypervisor: "kvm", cluster: true, storage: inventory.SDSOnNodes, network: inventory.OverlayNetwork,
			management: inventory.GitOps, fabric: inventory.OneFabric, chassis: inventory.HCI, style: inventory.GeneralOS, level: 4},
		{name: "Kubernetes on bare metal, SDS on nodes, immutable OS", hosts: 10, cores: 64, gib: 512, containers: true, kinds: 1, storage: inventory.SDSOnNodes, network: inventory.OverlayNetwork,
			management: inventory.GitOps, fabric: inventory.OneFabric, chassis: inventory.HCI, style: inventory.ImageBasedOS, level: 5},
		{name: "the same at its packing bound, everything sized", hosts: 6, cores: 64, gib: 512, containers: true, kinds: 1, storage: inventory.SDSOnNodes, network: inventory.OverlayNetwork,
			management: inventory.GitOps, fabric: inventory.OneFabric, chassis: inventory.HCI, style: inventory.ImageBasedOS, limits: true, level: 5},
	}
}

func (w way) machine(id string, kind inventory.MachineKind, n int) inventory.Machine {
	known := inventory.Known[string]
	return inventory.Machine{
		ID: id, Name: known(id), Kind: inventory.Known(kind), Powered: inventory.Known(true), Inside: inventory.Absent[string](),
		Cores: inventory.Known(w.cores), Memory: inventory.Known(inventory.Bytes(w.gib) * inventory.GiB),
		Processes: inventory.Known(50), Containers: inventory.Known(0),
		OS:       inventory.OS{ID: known("linux"), Version: known(fmt.Sprint(n % w.kinds)), Style: inventory.Known(w.style), Packages: inventory.Known(900)},
		Hardware: inventory.Hardware{Model: known(fmt.Sprint("model ", n%w.kinds)), Chassis: inventory.Known(w.chassis), Fabric: inventory.Known(w.fabric)},
		Storage:  inventory.Known(w.storage), Network: inventory.Known(w.network), Management: inventory.Known(w.management),
	}
}

// A workload of a reference estate uses .4 core and 3 GiB in the mean, and peaks at one core and 4 GiB.
var (
	refUsage = inventory.Usage{CPUSeconds: inventory.Known(.4 * 30 * 86400), Memory: inventory.Known(3 * inventory.GiB), Network: inventory.Known(inventory.TiB), Age: inventory.Known(30 * inventory.Day)}
	refPeaks = inventory.Demand{Days: inventory.Known(30.0), CPUP995: inventory.Known(1.0), MemoryMax: inventory.Known(4 * inventory.GiB)}
)

func (w way) work(n *inventory.Node, i int) {
	name := fmt.Sprintf("app-%03d", i)
	if !w.containers {
		n.Workloads = append(n.Workloads, inventory.Workload{ID: name, Machine: n.Machine.ID, Name: name, Layer: inventory.Application, Usage: refUsage, Demand: refPeaks})
		return
	}
	c := inventory.Container{ID: name, Machine: n.Machine.ID, Name: inventory.Known(name), Image: inventory.Known(name), ImageID: inventory.Known(name), State: inventory.Known(inventory.Running), System: inventory.Known(false),
		Runtime: inventory.Known("containerd"), Manager: inventory.Known(inventory.ManagedByK8s), Service: inventory.Known("k8s/" + name), Layer: inventory.Application,
		CPULimit: inventory.Absent[float64](), MemoryLimit: inventory.Absent[inventory.Bytes](), Usage: refUsage, Demand: refPeaks}
	if w.limits {
		c.CPULimit, c.MemoryLimit = inventory.Known(1.2), inventory.Known(4720*inventory.MiB)
	}
	n.Containers = append(n.Containers, c)
	n.Images = append(n.Images, inventory.Image{ID: name, Machine: n.Machine.ID, Engine: "containerd", Tags: []string{name}, Size: inventory.Known(200 * inventory.MiB)})
}

func (w way) engine(n *inventory.Node) {
	if w.containers {
		n.Engines = []inventory.Engine{{ID: n.Machine.ID + "/e", Machine: n.Machine.ID, Kind: "containerd", Cluster: inventory.Known("k8s"), Inventory: inventory.Known(true), BuildCache: inventory.Absent[inventory.Bytes]()}}
	}
}

func (w way) estate() *inventory.Estate {
	e := &inventory.Estate{}
	for i := range w.hosts {
		h := &inventory.Node{Machine: w.machine(fmt.Sprintf("host-%03d", i), inventory.Physical, i)}
		e.Hosts = append(e.Hosts, h)
		if w.vms == 0 {
			w.engine(h)
			continue
		}
		cluster := inventory.Absent[string]()
		if w.cluster {
			cluster = inventory.Known("pool")
		}
		h.Hypervisors = []inventory.Hypervisor{{ID: h.Machine.ID + "/hv", Machine: h.Machine.ID, Kind: w.hypervisor, Version: inventory.Known("8.0"), Cluster: cluster, SeparateImage: inventory.Known(w.hypervisor == "esxi"), VMs: inventory.Known(w.vms / w.hosts)}}
	}
	var places []*inventory.Node
	for i := range w.vms {
		h := e.Hosts[i%len(e.Hosts)]
		guest := &inventory.Node{Machine: w.machine(fmt.Sprintf("vm-%03d", i), inventory.Virtual, i)}
		guest.Machine.Cores, guest.Machine.Memory = inventory.Known(w.vcpus), inventory.Known(inventory.Bytes(w.vmGiB)*inventory.GiB)
		w.engine(guest)
		share := float64(refWorkloads) / float64(w.vms)
		vm := inventory.VM{ID: guest.Machine.ID, Hypervisor: h.Hypervisors[0].ID, State: inventory.Known(inventory.Running), VCPUs: guest.Machine.Cores, Memory: guest.Machine.Memory, Storage: inventory.Known(w.storage),
			Demand: inventory.Demand{Days: inventory.Known(30.0), CPUP995: inventory.Known(share), MemoryMax: inventory.Known(inventory.Bytes(share*4) * inventory.GiB)}}
		h.VMs = append(h.VMs, inventory.GuestVM{VM: vm, Guest: guest})
		places = append(places, guest)
	}
	if w.vms == 0 {
		places = e.Hosts
	}
	for i := range refWorkloads {
		w.work(places[i%len(places)], i)
	}
	for i := range w.arrays {
		e.Arrays = append(e.Arrays, inventory.Storage{ID: fmt.Sprint("array-", i), Kind: inventory.Array})
	}
	if w.cluster {
		e.Clusters = append(e.Clusters, inventory.Cluster{ID: "pool", Kind: "vsphere"})
	}
	if w.containers {
		e.Clusters = append(e.Clusters, inventory.Cluster{ID: "k8s", Kind: "kubernetes", Orchestrates: true})
	}
	return e
}

// Law 15: the reference estates rank in the order given, each on its level, and as everything is known of them, each
// has one score.
func TestLaw15ReferenceEstates(t *testing.T) {
	m := model(t)
	last := -1.0
	for _, w := range ways() {
		r := score.NewLedger(w.estate(), m, score.Options{}).Rate()
		t.Logf("%5.1f  level %d %-13s %s", r.Score.Low, r.Level.Number, r.Level.Name, w.name)
		if r.Score.High-r.Score.Low > tolerance {
			t.Errorf("%s: everything is known, and the score is %v to %v", w.name, r.Score.Low, r.Score.High)
		}
		if r.Score.Low <= last {
			t.Errorf("%s scores %v, no more than the one before", w.name, r.Score.Low)
		}
		if r.Level.Number != w.level {
			t.Errorf("%s: level %d, want %d (coverage %v)", w.name, r.Level.Number, w.level, r.Coverage)
		}
		last = r.Score.Low
	}
}

// The conventions of the model could have been others: the reference estates show how much that matters. Most draws
// leave each on its level, and the estates in their order.
func TestReferenceSensitivity(t *testing.T) {
	m := model(t)
	draws := 20_000
	if testing.Short() || raceEnabled {
		draws = 1000
	}
	last := -1.0
	for _, w := range ways() {
		s := score.NewLedger(w.estate(), m, score.Options{}).Sensitivity(score.SensitivityOptions{Draws: draws, Seed: 1})
		t.Logf("%5.1f  P5–P95 %5.1f – %5.1f  level %d in %5.1f %%  most by %-26s %s", s.Score.Low, s.Low.P5, s.Low.P95, s.Level.Number, 100*s.Level.Share, s.Effects[0].ID, w.name)
		if s.Level.Number != w.level || s.Level.Share <= .5 {
			t.Errorf("%s: level %d in %v of the draws, want level %d in most", w.name, s.Level.Number, s.Level.Share, w.level)
		}
		if s.Low.P50 <= last {
			t.Errorf("%s: the median is %v, no more than that of the one before", w.name, s.Low.P50)
		}
		last = s.Low.P50
	}
}
