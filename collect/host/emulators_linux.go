package host

import (
	"cmp"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// emulator reports whether a program runs a virtual machine: not its disk server, and not an emulator of single
// programs. Names are as long as the kernel keeps them.
func emulator(comm string) bool {
	switch comm {
	case "qemu-kvm", "kvm", "cloud-hyperviso", "firecracker", "crosvm", "qemu":
		return true
	}
	return strings.HasPrefix(comm, "qemu-system-")
}

// monitored are the virtual machines of a machine, with what runs them.
type monitored struct {
	hypervisors []inventory.Hypervisor
	vms         []inventory.VM
}

// monitors describes the virtual machines that run here, each as the process that runs it.
func (l *look) monitors(s *sorted) monitored {
	var out monitored
	if len(s.emulators) == 0 {
		return out
	}
	hv := inventory.Hypervisor{
		ID: "hv-" + l.id, Machine: l.id, Kind: "qemu",
		Version:       inventory.Unknown[string]("a process does not show its version", "assess libvirt:qemu:///system too"),
		Cluster:       inventory.Unknown[string]("a process does not show what pools it", ""),
		SeparateImage: inventory.Known(false),
		Seen:          l.seen(),
	}
	for _, q := range s.emulators {
		vm, kvm := l.virtualMachine(q, hv.ID)
		if kvm {
			hv.Kind = "kvm"
		}
		out.vms = append(out.vms, vm)
	}
	slices.SortFunc(out.vms, func(a, b inventory.VM) int { return cmp.Or(strings.Compare(a.ID, b.ID), a.PID.Or(0)-b.PID.Or(0)) })
	hv.VMs = inventory.Known(len(out.vms))
	for _, socket := range l.sockets {
		if strings.Contains(socket, "/libvirt/") && strings.Contains(socket, "-sock") {
			hv.VMs = inventory.Unknown[int]("processes show running virtual machines only", "assess libvirt:qemu:///system too")
		}
	}
	for _, q := range s.emulators {
		if q.group != nil && q.group.class.Kind == linux.CgroupVMProxmox {
			hv.VMs = inventory.Unknown[int]("processes show running virtual machines only", "assess proxmox:// too")
		}
	}
	out.hypervisors = []inventory.Hypervisor{hv}
	return out
}

// commandLine reads the command line of an emulator, which may be long and has two readers, once. It may hold secrets:
// whoever asks for it searches it for what is harmless.
func (l *look) commandLine(q *process) ([]byte, error) {
	if q.command != nil {
		return q.command, nil
	}
	text, err := l.fs.Read("/proc/"+itoa(q.PID)+"/cmdline", linux.LargeFile)
	if err == nil {
		q.command = text
	}
	return text, err
}

// virtualMachine describes the virtual machine of one process.
func (l *look) virtualMachine(q *process, hypervisor string) (inventory.VM, bool) {
	const notSaid = "the command line does not say it in a simple form"
	const remedy = "assess libvirt:qemu:///system too"
	vm := inventory.VM{
		Hypervisor: hypervisor,
		Name:       inventory.Unknown[string](notSaid, remedy),
		UUID:       inventory.Unknown[string](notSaid, remedy),
		State:      inventory.Known(inventory.Running),
		VCPUs:      inventory.Unknown[float64](notSaid, remedy),
		Memory:     inventory.Unknown[inventory.Bytes](notSaid, remedy),
		GuestOS:    inventory.Unknown[string]("only the guest knows", remedy),
		Storage:    inventory.Unknown[inventory.StorageClass]("a process does not show where its disks live", remedy),
		Autostart:  inventory.Unknown[bool]("a process does not show whether it will be started again", remedy),
		PID:        inventory.Known(q.PID),
		Usage: inventory.Usage{
			CPUSeconds: inventory.Known(float64(q.CPUTicks) / linux.TicksPerSecond),
			Memory:     inventory.Known(inventory.Bytes(q.RSSPages * pageSize)),
			Network:    inventory.Unknown[inventory.Bytes]("a process does not show its traffic", remedy),
			Age:        l.age(q.StartTicks),
		},
		Seen: l.seen(),
	}
	var e linux.Emulator
	text, err := l.commandLine(q)
	if err == nil {
		e = linux.ParseEmulator(text)
	}
	if e.Name == "" && q.group != nil && q.group.class.VM() {
		e.Name = q.group.class.Domain()
	}
	label := e.Name
	if label == "" {
		label = "pid " + itoa(q.PID)
	} else {
		vm.Name = inventory.Known(inventory.Text(e.Name))
	}
	if e.UUID != "" {
		vm.ID = "vm-" + e.UUID
		vm.UUID = inventory.Known(e.UUID)
	} else {
		vm.ID = "vm-" + shortHash(l.id+"\x00"+label)
	}
	if e.Memory > 0 {
		vm.Memory = inventory.Known(inventory.Bytes(e.Memory))
	}
	if e.VCPUs > 0 {
		vm.VCPUs = inventory.Known(float64(e.VCPUs))
	}
	slices.Sort(e.MACs)
	vm.MACs = slices.Compact(e.MACs)
	return vm, e.KVM
}
