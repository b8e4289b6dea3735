package host

import (
	"runtime"
	"strings"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// platform decides whether the machine is a box, a guest of a hypervisor or an instance of a cloud. A box has to be
// proven like anything else: a virtual machine may show no DMI, and DMI may be that of a real server.
func (l *look) platform(m *inventory.Machine, procs *processes) {
	x86 := l.cpuErr == nil && l.cpu.HasFlags
	bare := x86 && !l.cpu.Hypervisor // the processor says that it is real
	provider, metal := cloudProvider(l.dmi)
	if metal && linux.SMBIOSVMBit(l.fs) == linux.VMBitSet {
		metal = false // root sees what the name does not say
	}
	if provider == "" {
		provider = l.cloudByFile(m.Identity)
	}
	virt, guest := l.hypervisorBelow(bare)

	switch {
	case provider != "" && (metal || !guest && bare && provider == "aws"):
		m.Kind, m.Virtualization = inventory.Known(inventory.Cloud), inventory.Absent[string]()
	case provider != "":
		m.Kind, m.Virtualization = inventory.Known(inventory.Cloud), virt
	case guest:
		m.Kind, m.Virtualization = inventory.Known(inventory.Virtual), virt
	case bare, l.xenHost(), !x86 && l.cpuErr == nil && l.realHardware():
		m.Kind, m.Virtualization = inventory.Known(inventory.Physical), inventory.Absent[string]()
	default:
		why := "nothing that is readable proves it to be a box or a virtual machine"
		if agent := guestAgent(procs); agent != "" {
			why += "; " + agent + " runs, which golden images also start on boxes"
		}
		if _, err := l.fs.Read(linux.SMBIOSTable, linux.SmallFile); linux.Denied(err) {
			l.gap(linux.SMBIOSTable, "whether the firmware calls the machine virtual", "permission denied", asRoot)
		}
		m.Kind = inventory.Unknown[inventory.MachineKind](why, "systemd-detect-virt --vm")
		m.Virtualization = inventory.Unknown[string](why, "systemd-detect-virt --vm")
	}
	m.Provider = l.provider(m, provider)
}

// realHardware looks for proof of a box where the processor does not give it: firmware that names a chassis, or a
// device tree that names a model.
func (l *look) realHardware() bool {
	if l.live && runtime.GOARCH == "s390x" {
		return false
	}
	if l.dmi.SysVendor != "" {
		switch chassisType(l.dmi) {
		case 0, 1, 2: // other, unknown: what virtual machines say
		default:
			return true
		}
	}
	if l.dmi.Present {
		return false
	}
	model, err := l.fs.Line("/proc/device-tree/model")
	return err == nil && strings.Trim(model, "\x00 ") != ""
}

// guestAgents are the programs that hypervisors and clouds put into their guests. They corroborate and prove nothing:
// images that are used for boxes too start them there.
var guestAgents = map[string]bool{
	"vmtoolsd": true, "qemu-ga": true, "VBoxService": true, "hv_kvp_daemon": true, "xe-daemon": true, "waagent": true,
	"google_guest_ag": true, "prltoolsd": true, "spice-vdagentd": true,
}

// guestAgent names one that runs; empty where none does.
func guestAgent(p *processes) string {
	for _, q := range p.list {
		if guestAgents[q.Comm] && (q.group == nil || !q.group.class.Container()) {
			return q.Comm
		}
	}
	return ""
}
