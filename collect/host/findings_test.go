//go:build linux

package host

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/infraopt/infraopt/collect/inventory"
)

func TestMachineFindings(t *testing.T) {
	running := func(files map[string]string, lines ...string) map[string]string {
		files = with(files)
		for _, line := range lines {
			plantProcess(t, files, line)
		}
		return files
	}
	const kvm, modules = "/sys/devices/virtual/misc/kvm/uevent", "/proc/modules"
	box, guest := dmi(realCPU, "sys_vendor", "ACME", "chassis_type", "23"), with(dmi(virtualCPU), "/.infraopt/cpuid", `{"virtual":true,"vendor":"KVMKVMKVM"}`)
	huge := func(total, free, promised int) map[string]string {
		const dir = "/sys/kernel/mm/hugepages/hugepages-2048kB/"
		return with(box, dir+"nr_hugepages", fmt.Sprintln(total), dir+"free_hugepages", fmt.Sprintln(free), dir+"resv_hugepages", fmt.Sprintln(promised))
	}
	const qemu = "100 1 qemu-system-x86 cg=/machine.slice/machine-qemu\\x2d1\\x2ddb1.scope/libvirt/emulator :: qemu-system-x86_64 -name db1"
	const libvirt = "50 1 libvirtd cg=/system.slice/libvirtd.service"
	for _, row := range []struct {
		name, want string
		files      map[string]string
	}{
		{"nothing", "", box},
		{"capable box", "unused-hypervisor=info", with(box, kvm, "")},
		{"capable box, in use", "", running(with(box, kvm, ""), qemu)},
		{"capable box, in use by a process that is not seen", "", with(box, kvm, "", modules, "kvm_intel 1 2 - Live 0x0\n")},
		{"libvirt for nothing", "unused-hypervisor=warning", running(with(box, kvm, "", modules, "kvm_intel 1 0 - Live 0x0\n"), libvirt)},
		{"libvirt with a guest", "", running(box, libvirt, qemu)},
		{"sandboxes are used", "", running(with(box, kvm, ""), "130 1 qemu-system-x86 cg=/kubepods/kata_overhead/x :: qemu-system-x86_64 -name sandbox-1")},
		{"hidden processes", "", with(box, kvm, "", "/proc/1/stat", "(missing)")},
		{"virtualbox for nothing", "unused-hypervisor=warning", with(box, "/sys/module/vboxdrv/refcnt", "0\n")},
		{"virtualbox", "", running(with(box, "/sys/module/vboxdrv/refcnt", "1\n"), "60 1 VBoxHeadless cg=/system.slice/vbox.service")},
		{"openvz tells nothing of its guests", "", with(box, "/proc/bc/0/resources", "", "/proc/vz/x", "")},
		{"ovirt", "unused-hypervisor=warning", running(with(box, "/rhev/data-center/x", ""), "60 1 vdsmd cg=/system.slice/vdsmd.service")},
		{"nova", "unused-hypervisor=warning", running(box, "60 1 nova-compute cg=/system.slice/nova-compute.service")},
		{"a guest that could", "nested-virtualisation=info", with(guest, kvm, "")},
		{"a guest that does", "nested-virtualisation=warning", running(with(guest, kvm, ""), qemu)},
		{"a guest that keeps libvirt", "nested-virtualisation=info unused-hypervisor=warning", running(with(guest, kvm, ""), libvirt)},
		{"modules of its own kernel", "", with(box, modules, "ext4 1 1 - Live 0x0\n")},
		{"foreign modules", "out-of-tree-modules=warning", with(box, modules, "zfs 1 1 - Live 0x0 (PO)\next4 1 1 - Live 0x0\n")},
		{"a desktop on a server", "graphical-server=warning", running(box, "60 1 Xorg cg=/system.slice/display.service")},
		{"a desktop on a desk", "", running(dmi(realCPU, "sys_vendor", "ACME", "chassis_type", "3"), "60 1 Xorg cg=/system.slice/display.service")},
		{"a desktop in a container", "", running(box, "60 1 Xorg cg=/system.slice/docker-"+strings.Repeat("ab", 32)+".scope")},
		{"snaps", "snaps=info", with(box, "/var/lib/snapd/snaps/core_1.snap", "", "/var/lib/snapd/snaps/partial/", "")},
		{"no snaps", "", with(box, "/var/lib/snapd/snaps/partial/", "")},
		{"flatpaks", "flatpaks=info", with(box, "/var/lib/flatpak/app/org.x.Y/current/x", "")},
		{"no flatpaks", "", with(box, "/var/lib/flatpak/app/", "")},
		{"idle huge pages", "idle-hugepages=warning", huge(512, 512, 0)},
		{"huge pages in use", "", huge(512, 500, 0)},
		{"huge pages promised", "", huge(512, 512, 3)},
		{"no huge pages", "", huge(0, 0, 0)},
		{"two kernels", "", with(box, "/lib/modules/6.1/modules.dep", "", "/lib/modules/6.2/modules.dep", "", "/lib/modules/5/x", "")},
		{"three kernels", "old-kernels=info", with(box, "/lib/modules/6.1/modules.dep", "", "/lib/modules/6.2/modules.dep", "", "/lib/modules/6.3/modules.dep", "")},
		{"kernels of an image", "", with(box, "/etc/os-release", "ID=flatcar\n", "/lib/modules/6.1/modules.dep", "", "/lib/modules/6.2/modules.dep", "", "/lib/modules/6.3/modules.dep", "")},
	} {
		m := machineWith(t, row.files).Machines[0]
		_, got := listed(m)
		if got != row.want {
			t.Errorf("%s: %q, want %q", row.name, got, row.want)
		}
		for _, f := range m.Findings {
			if f.Text == "" || f.Source == "" {
				t.Errorf("%s: %+v is not complete", row.name, f)
			}
		}
	}
}

func TestHypervisorRoles(t *testing.T) {
	for want, lines := range map[string][]string{
		"hypervisor":                {"60 1 nova-compute cg=/system.slice/nova-compute.service"},
		"":                          {"60 1 libvirtd cg=/system.slice/libvirtd.service"},
		"container-host hypervisor": {"60 1 virt-handler cg=/kubepods.slice/kubepods-pod01042b28_179d_446a_954a_7266557e12cd.slice/cri-containerd-" + strings.Repeat("ab", 32) + ".scope"},
		"container-host":            {"60 1 libvirtd cg=/system.slice/docker-" + strings.Repeat("ab", 32) + ".scope"},
	} {
		files := map[string]string{}
		for _, line := range lines {
			plantProcess(t, files, line)
		}
		if got := strings.Join(machineWith(t, files).Machines[0].Roles, " "); got != want {
			t.Errorf("%v: %q, want %q", lines, got, want)
		}
	}
}

// Agents of one function are several only if they are of several products.
func TestSeveralAgents(t *testing.T) {
	agent := func(f inventory.AgentFunction, role string) inventory.Workload {
		return inventory.Workload{Function: f, Role: role}
	}
	const monitoring, security, guest = inventory.MonitoringAgent, inventory.SecurityAgent, inventory.GuestAgent
	pod := inventory.Container{Role: "prometheus-exporter"}
	for _, row := range []struct {
		name string
		b    inventory.Batch
		want []string
	}{
		{"none", inventory.Batch{Workloads: []inventory.Workload{{Role: "nginx"}, {Role: "redis"}}}, nil},
		{"one of each", inventory.Batch{Workloads: []inventory.Workload{agent(monitoring, "telegraf"), agent(security, "falco"), agent(guest, "qemu-guest-agent")}}, nil},
		{"parts of one product", inventory.Batch{Workloads: []inventory.Workload{agent(security, "clamav"), agent(security, "clamav")}}, nil},
		{"two products", inventory.Batch{Workloads: []inventory.Workload{agent(monitoring, "telegraf"), agent(monitoring, "zabbix-agent"), agent(security, "falco")}},
			[]string{"2 agents of one function, monitoring: telegraf, zabbix-agent"}},
		{"one beside one in a container", inventory.Batch{Workloads: []inventory.Workload{agent(monitoring, "telegraf")}, Containers: []inventory.Container{pod, pod}},
			[]string{"2 agents of one function, monitoring: prometheus-exporter, telegraf"}},
		{"only in containers", inventory.Batch{Containers: []inventory.Container{pod, pod}}, nil},
	} {
		found := duplicateAgents(&row.b)
		sortFindings(found)
		var got []string
		for _, f := range found {
			got = append(got, f.Text)
			if f.ID != severalAgents || f.Severity != inventory.Warning {
				t.Errorf("%s: %+v", row.name, f)
			}
		}
		if !slices.Equal(got, row.want) {
			t.Errorf("%s: %q, want %q", row.name, got, row.want)
		}
	}
}
