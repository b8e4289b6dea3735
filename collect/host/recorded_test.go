//go:build linux

package host

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/infraopt/infraopt/collect/inventory"
)

// What is said of a machine that was recorded: a virtual machine without systemd and with control groups of both
// versions, on which Docker and Podman run a container each, and libvirt a virtual machine.
func TestRecordedMachine(t *testing.T) {
	b := observed(t, plant(t, "recorded-vm"))
	m := b.Machines[0]
	got := facts(m)
	for fact, want := range map[string]string{
		"kind": "virtual", "virt": "kvm", "inside": "none", "os": "debian", "style": "general", "packages": "40", "processes": "11",
		"containers": "2", "roles": "container-host hypervisor", "management": "none",
	} {
		if got[fact] != want {
			t.Errorf("%s: got %q, want %q", fact, got[fact], want)
		}
	}
	if m.Cores.Or(0) != 2 || m.Memory.Or(0) != 25276063744 || m.CPUModel.Or("") != "AMD EPYC" || m.Uptime.Or(0) != 17346.89 {
		t.Errorf("got %+v", m)
	}
	var list []string
	for _, c := range b.Containers {
		list = append(list, fmt.Sprintf("container %s %s %d %v %v", c.Runtime.Or(""), c.Name.Or("-"), c.PID.Or(0), c.CPULimit, c.MemoryLimit))
	}
	for _, w := range b.Workloads {
		list = append(list, fmt.Sprintf("%s %s %s", w.Layer, w.Name, w.Role))
	}
	for _, v := range b.VMs {
		list = append(list, fmt.Sprintf("machine %s %s %v %v", v.ID, v.Name.Or("-"), v.Memory, v.VCPUs))
	}
	for _, n := range b.Networks {
		list = append(list, "network "+n.Name+" "+n.Kind)
	}
	for _, e := range b.Engines {
		list = append(list, "engine "+e.Kind)
	}
	want := []string{
		"container docker - 24300 0.25 48 MiB", "container podman infraopt-test-db 24385 none none",
		"infrastructure dockerd docker", "infrastructure init init", "infrastructure libvirtd libvirt", "infrastructure podman podman", "infrastructure virtlogd libvirt",
		"machine vm-d4ace5b5-e352-4ce6-9aaf-1353c68262ec infraopt-test-vm 32 MiB 1",
		"network docker0 bridge", "engine docker", "engine podman",
	}
	slices.Sort(list)
	slices.Sort(want)
	if !slices.Equal(list, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(list, "\n"), strings.Join(want, "\n"))
	}
	if b.Containers[0].State.Or("") != inventory.Running {
		t.Errorf("got %+v", b.Containers[0])
	}
}
