package resolve_test

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/collect/resolve"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func known[T any](v T) inventory.Reading[T] { return inventory.Known(v) }

func observed(scheme string, b inventory.Batch) inventory.Observation {
	return inventory.Observation{Target: scheme + ":", Scheme: scheme, Status: inventory.StatusOK, StartedAt: noon, Batch: b}
}

func snapshotOf(obs ...inventory.Observation) *inventory.Snapshot {
	return &inventory.Snapshot{Schema: inventory.SnapshotSchema, TakenAt: noon, Sources: obs}
}

const (
	containerID = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	uuid        = "12345678-9abc-def0-1234-56789abcdef0"
	swapped     = "78563412-bc9a-f0de-1234-56789abcdef0"
)

func hostWith(identity inventory.Identity, b inventory.Batch) inventory.Observation {
	b.Machines = []inventory.Machine{{ID: "m-host", Identity: identity, Name: known("web"), Cores: known(4.0)}}
	return observed("host", b)
}

// A container seen by its engine and by its control group is one, with the facts of both.
func TestContainerSeenTwiceIsOne(t *testing.T) {
	identity := inventory.Identity{MachineID: known("abc"), BootID: known("boot")}
	usage := inventory.Usage{CPUSeconds: known(12.0), Age: known(inventory.Day)}
	for _, id := range []string{containerID, containerID[:12], "pid:77"} {
		host := hostWith(identity, inventory.Batch{Containers: []inventory.Container{{ID: id, Machine: "m-host", State: known(inventory.Running), PID: known(77), Usage: usage, Layer: inventory.Service, Role: "nginx",
			Image: inventory.Unknown[string]("only the engine knows", "run as root")}}})
		engine := observed("docker", inventory.Batch{
			Machines: []inventory.Machine{{ID: "m-other-name", Identity: identity}},
			Engines:  []inventory.Engine{{ID: "e", Machine: "m-other-name", Kind: "docker", Inventory: known(true)}},
			Containers: []inventory.Container{{ID: containerID, Machine: "m-other-name", Name: known("web-1"), Image: known("nginx:1"), State: known(inventory.Running), PID: known(77), Layer: inventory.Application,
				Usage: inventory.Usage{CPUSeconds: inventory.Unknown[float64]("ask the kernel", "")}}},
		})
		e := resolve.Estate(snapshotOf(host, engine))
		if len(e.Hosts) != 1 || len(e.Hosts[0].Containers) != 1 {
			t.Fatalf("%s: got %d hosts with %+v", id, len(e.Hosts), e.Hosts)
		}
		c := e.Hosts[0].Containers[0]
		if c.ID != containerID || c.Name.Or("") != "web-1" || c.Image.Or("") != "nginx:1" || c.Usage != usage || c.Layer != inventory.Service || c.Role != "nginx" || !slices.Equal(c.Seen, []string{"docker:", "host:"}) {
			t.Errorf("%s: got %+v", id, c)
		}
	}
}

// A virtual machine seen by its hypervisor and the same machine seen from inside are one stack.
func TestGuestStandsOnItsHypervisor(t *testing.T) {
	tests := []struct {
		name   string
		inside inventory.Identity
		nested bool
	}{
		{"same UUID", inventory.Identity{UUID: known(uuid)}, true},
		{"UUID in the other byte order", inventory.Identity{UUID: known(strings.ToUpper(swapped))}, true},
		{"by hardware address, without root", inventory.Identity{MachineID: known("guest"), MACs: []string{"52:54:00:00:00:01"}}, true},
		{"another machine", inventory.Identity{UUID: known("ffffffff-0000-0000-0000-000000000000")}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			hypervisor := observed("libvirt", inventory.Batch{
				Machines:    []inventory.Machine{{ID: "m-metal", Identity: inventory.Identity{MachineID: known("metal")}, Name: known("metal")}},
				Hypervisors: []inventory.Hypervisor{{ID: "hv-m-metal", Machine: "m-metal", Kind: "qemu"}},
				VMs: []inventory.VM{{ID: "vm-" + uuid, Hypervisor: "hv-m-metal", UUID: known(uuid), Name: known("guest"), State: known(inventory.Running), MACs: []string{"52:54:00:00:00:01"}},
					{ID: "vm-2", Hypervisor: "hv-m-metal", Name: known("other"), State: known(inventory.Stopped)}},
			})
			guest := observed("host", inventory.Batch{Machines: []inventory.Machine{{ID: "m-guest", Identity: test.inside, Name: known("guest")}},
				Workloads: []inventory.Workload{{ID: "w", Machine: "m-guest", Name: "nginx", Layer: inventory.Service}}})
			e := resolve.Estate(snapshotOf(guest), snapshotOf(hypervisor))
			hosts := 2
			if test.nested {
				hosts = 1
			}
			if len(e.Hosts) != hosts {
				t.Fatalf("got %d hosts, want %d", len(e.Hosts), hosts)
			}
			if !test.nested {
				return
			}
			vms := e.Hosts[0].VMs
			if len(vms) != 2 || vms[0].Guest == nil || len(vms[0].Guest.Workloads) != 1 || vms[1].Guest != nil {
				t.Errorf("got %+v", vms)
			}
		})
	}
}

// The emulator's process tells since when a virtual machine runs, libvirt what it is called.
func TestVirtualMachineSeenTwiceIsOne(t *testing.T) {
	identity := inventory.Identity{MachineID: known("metal")}
	host := hostWith(identity, inventory.Batch{
		Hypervisors: []inventory.Hypervisor{{ID: "hv-m-host", Machine: "m-host", Kind: "kvm"}},
		VMs:         []inventory.VM{{ID: "vm-" + uuid, Hypervisor: "hv-m-host", UUID: known(uuid), Usage: inventory.Usage{Age: known(3 * inventory.Day)}}},
	})
	libvirt := observed("libvirt", inventory.Batch{
		Machines:    []inventory.Machine{{ID: "m-host", Identity: identity}},
		Hypervisors: []inventory.Hypervisor{{ID: "hv-m-host", Machine: "m-host", Kind: "qemu", Version: known("7.2.0"), VMs: known(1)}},
		VMs:         []inventory.VM{{ID: "vm-" + uuid, Hypervisor: "hv-m-host", UUID: known(uuid), Name: known("db"), State: known(inventory.Running)}},
	})
	e := resolve.Estate(snapshotOf(host, libvirt))
	n := e.Hosts[0]
	if len(e.Hosts) != 1 || len(n.Hypervisors) != 1 || len(n.VMs) != 1 {
		t.Fatalf("got %d hosts, %+v, %+v", len(e.Hosts), n.Hypervisors, n.VMs)
	}
	if v := n.VMs[0]; v.Name.Or("") != "db" || v.Usage.Age.Or(0) != 3*inventory.Day || v.Hypervisor != n.Hypervisors[0].ID {
		t.Errorf("got %+v on %+v", v, n.Hypervisors[0])
	}
}

// The image file of a virtual machine lies on whatever storage its host has; only the host can tell.
func TestDiskOnItsHost(t *testing.T) {
	identity := inventory.Identity{MachineID: known("metal")}
	host := hostWith(identity, inventory.Batch{})
	host.Machines[0].Storage = known(inventory.LocalVolumes)
	vm := func(id string, onHost bool, s inventory.Reading[inventory.StorageClass]) inventory.VM {
		return inventory.VM{ID: id, Hypervisor: "hv", OnHost: onHost, Storage: s}
	}
	unknown := inventory.Unknown[inventory.StorageClass]("a file", "")
	libvirt := observed("libvirt", inventory.Batch{Machines: []inventory.Machine{{ID: "m-host", Identity: identity}}, Hypervisors: []inventory.Hypervisor{{ID: "hv", Machine: "m-host", Kind: "kvm"}},
		VMs: []inventory.VM{vm("a", true, unknown), vm("b", false, unknown), vm("c", true, known(inventory.IPArray))}})
	var got []string
	for _, v := range resolve.Estate(snapshotOf(host, libvirt)).Hosts[0].VMs {
		got = append(got, v.Storage.String())
	}
	if want := []string{"local-volumes", "unknown: a file", "ip-array"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Clones that share a machine-id stay apart where anything tells them apart, and the conflict is listed.
func TestClonesStayApart(t *testing.T) {
	clone := func(name, boot string) *inventory.Snapshot {
		return snapshotOf(observed("host", inventory.Batch{Machines: []inventory.Machine{{ID: "m-same", Name: known(name), Identity: inventory.Identity{MachineID: known("same"), BootID: known(boot)}}}}))
	}
	e := resolve.Estate(clone("a", "1"), clone("b", "2"))
	if len(e.Hosts) != 2 || e.Hosts[0].Machine.ID == e.Hosts[1].Machine.ID {
		t.Fatalf("got %d hosts %+v", len(e.Hosts), e.Hosts)
	}
	if len(e.Gaps) == 0 {
		t.Error("got no gap that names the conflict")
	}
	if e := resolve.Estate(clone("a", "1"), clone("a", "2")); len(e.Hosts) != 1 {
		t.Errorf("one machine before and after a boot: got %d hosts", len(e.Hosts))
	}
}

// Of two looks through the same target the newer counts: what is gone is gone.
func TestNewerLookCounts(t *testing.T) {
	look := func(at time.Time, names ...string) *inventory.Snapshot {
		o := hostWith(inventory.Identity{MachineID: known("abc")}, inventory.Batch{})
		o.StartedAt = at
		for _, name := range names {
			o.Workloads = append(o.Workloads, inventory.Workload{ID: name, Machine: "m-host", Name: name})
		}
		return snapshotOf(o)
	}
	old, now := look(noon, "a", "b"), look(noon.Add(time.Hour), "b", "c")
	for _, order := range [][]*inventory.Snapshot{{old, now}, {now, old}, {now, old, now}} {
		e := resolve.Estate(order...)
		var names []string
		for _, w := range e.Hosts[0].Workloads {
			names = append(names, w.Name)
		}
		if !slices.Equal(names, []string{"b", "c"}) || len(e.Hosts) != 1 {
			t.Errorf("got %v on %d hosts", names, len(e.Hosts))
		}
	}
}

// A look from inside a container shows the container, on the machine whose kernel it runs on; it does not turn the
// machine into one.
func TestLookFromInsideAContainer(t *testing.T) {
	outside := hostWith(inventory.Identity{MachineID: known("abc"), BootID: known("boot")}, inventory.Batch{Containers: []inventory.Container{{ID: containerID, Machine: "m-host"}}})
	outside.Machines[0].Inside = inventory.Absent[string]()
	inside := observed("host", inventory.Batch{
		Machines:   []inventory.Machine{{ID: "m-c", Name: known(containerID[:12]), Identity: inventory.Identity{BootID: known("boot")}, Inside: known("docker")}},
		Containers: []inventory.Container{{ID: containerID[:12], Machine: "m-c", Usage: inventory.Usage{CPUSeconds: known(1.0)}}}})
	inside.Target = "host:inside"
	e := resolve.Estate(snapshotOf(inside), snapshotOf(outside))
	if len(e.Hosts) != 1 || !e.Hosts[0].Machine.Inside.IsAbsent() || e.Hosts[0].Machine.Name.Or("") != "web" || len(e.Hosts[0].Containers) != 1 {
		t.Errorf("got %d hosts, %+v", len(e.Hosts), e.Hosts[0])
	}
}

// What a failed target would have shown is a gap, with the remedy.
func TestFailedTargetIsAGap(t *testing.T) {
	e := resolve.Estate(snapshotOf(inventory.Observation{Target: "docker:", Scheme: "docker", Status: inventory.StatusFailed, Error: "permission denied", Remedy: "run as root"}))
	want := inventory.Gap{Source: "docker:", Subject: "docker:", What: "everything that docker: would show", Why: "permission denied", Remedy: "run as root"}
	if len(e.Gaps) != 1 || e.Gaps[0] != want || len(e.Hosts) != 0 || len(e.Sources) != 1 {
		t.Errorf("got %+v", e)
	}
}

// Neither the order of entities, of sources and of files, nor how they are spread over files, makes a difference.
func TestOrderIsNoInformation(t *testing.T) {
	identity := inventory.Identity{MachineID: known("abc"), UUID: known(uuid)}
	a := hostWith(identity, inventory.Batch{
		Workloads:  []inventory.Workload{{ID: "w1", Machine: "m-host", Name: "x"}, {ID: "w2", Machine: "m-host", Name: "y"}},
		Containers: []inventory.Container{{ID: "pid:5", Machine: "m-host", PID: known(5)}, {ID: containerID[:12], Machine: "m-host"}},
	})
	b := observed("docker", inventory.Batch{Machines: []inventory.Machine{{ID: "m-x", Identity: identity}},
		Containers: []inventory.Container{{ID: containerID, Machine: "m-x", Image: known("i"), PID: known(9)}, {ID: strings.Repeat("f", 64), Machine: "m-x", Image: known("j"), PID: known(5)}}})
	c := observed("libvirt", inventory.Batch{Machines: []inventory.Machine{{ID: "m-up", Identity: inventory.Identity{MachineID: known("up")}}},
		Hypervisors: []inventory.Hypervisor{{ID: "hv", Machine: "m-up", Kind: "kvm"}}, VMs: []inventory.VM{{ID: "v", Hypervisor: "hv", UUID: known(uuid)}}})
	want := resolve.Estate(snapshotOf(a, b, c))
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		obs := []inventory.Observation{a, b, c}
		r.Shuffle(len(obs), func(i, j int) { obs[i], obs[j] = obs[j], obs[i] })
		for i := range obs {
			o := &obs[i]
			o.Containers, o.Workloads = slices.Clone(o.Containers), slices.Clone(o.Workloads)
			r.Shuffle(len(o.Containers), func(i, j int) { o.Containers[i], o.Containers[j] = o.Containers[j], o.Containers[i] })
			r.Shuffle(len(o.Workloads), func(i, j int) { o.Workloads[i], o.Workloads[j] = o.Workloads[j], o.Workloads[i] })
		}
		snaps := []*inventory.Snapshot{snapshotOf(obs...)}
		if r.IntN(2) == 0 {
			k := r.IntN(3)
			snaps = []*inventory.Snapshot{snapshotOf(obs[:k]...), snapshotOf(obs[k:]...)}
		}
		if got := resolve.Estate(snaps...); !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v, want %+v", got.Hosts[0], want.Hosts[0])
		}
	}
}
