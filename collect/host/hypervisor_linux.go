package host

import (
	"strconv"
	"strings"

	"github.com/infraopt/infraopt/collect/internal/cpuid"
	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// hypervisorBelow finds what the machine is a guest of, in the order of detect_vm in systemd's src/basic/virt.c: marks
// of products that use another one's hypervisor first, then what the processor says, then what the firmware does.
func (l *look) hypervisorBelow(bare bool) (virt inventory.Reading[string], guest bool) {
	named := func(name string) (inventory.Reading[string], bool) { return inventory.Known(name), true }
	firmware := l.firmwareHypervisor(bare)
	switch firmware {
	case "oracle", "xen", "amazon", "parallels", "google":
		if firmware != "xen" || !l.dom0() {
			return named(firmware)
		}
	}
	if l.cpuErr == nil && l.cpu.Vendor == "User Mode Linux" {
		return named("uml")
	}
	host := false // this is the guest of Xen that is its host
	if l.xen() {
		if host = l.dom0(); !host {
			return named("xen")
		}
	}
	processor, virtual := l.processorHypervisor()
	switch {
	case processor == "xen" && host:
		return inventory.Absent[string](), false // the signature is that of its own hypervisor
	case processor != "" && processor != "microsoft":
		return named(processor)
	case host:
		return inventory.Absent[string](), false
	}
	if firmware != "" && firmware != vmOther {
		if clock := l.clockHypervisor(); firmware == "qemu" && clock != "" {
			firmware = clock
		}
		return named(firmware)
	}
	virtual = virtual || firmware == vmOther
	if kind, err := l.fs.Line("/sys/hypervisor/type"); err == nil && kind != "" {
		if kind == "xen" {
			return named(kind)
		}
		virtual = true
	}
	for _, find := range []func() string{l.deviceTreeHypervisor, l.mainframeHypervisor} {
		switch name := find(); name {
		case "":
		case vmOther:
			virtual = true
		default:
			return named(name)
		}
	}
	// QEMU also shows Hyper-V's signature where it offers what Windows likes; nothing named it, so it is not QEMU.
	if processor == "microsoft" {
		return named(processor)
	}
	for _, model := range []string{"QEMU Virtual CPU", "Common KVM processor"} {
		if strings.HasPrefix(l.cpu.Model, model) {
			return named("kvm")
		}
	}
	if virtual {
		speaker := "firmware"
		if l.cpu.Hypervisor {
			speaker = "processor"
		}
		return inventory.Unknown[string]("the "+speaker+" says that it is virtual, not by what", "systemd-detect-virt --vm"), true
	}
	return inventory.Absent[string](), false
}

// vmOther stands for a hypervisor that is there and not named.
const vmOther = "vm-other"

// firmwareHypervisor finds the hypervisor that the firmware names; vmOther where it only says that there is one.
func (l *look) firmwareHypervisor(bare bool) string {
	name := dmiHypervisor(l.dmi, bare)
	if name != "" && name != "amazon" {
		return name
	}
	bit := linux.SMBIOSVMBit(l.fs)
	switch {
	case name == "amazon" && (bit == linux.VMBitUnset || bit == linux.VMBitUnknown && metalName(l.dmi.ProductName)):
		return "" // a whole server of the cloud
	case name == "" && bit == linux.VMBitSet:
		return vmOther
	}
	return name
}

// cpuidHypervisors are the signatures that hypervisors put into leaf 0x40000000, after systemd's src/basic/virt.c.
var cpuidHypervisors = map[string]string{
	"XenVMMXenVMM": "xen", "KVMKVMKVM": "kvm", "Linux KVM Hv": "kvm", "TCGTCGTCGTCG": "qemu", "VMwareVMware": "vmware",
	"Microsoft Hv": "microsoft", "bhyve bhyve": "bhyve", "ACRNACRNACRN": "acrn", "QNXQVMBSQG": "qnx", "SRESRESRESRE": "sre",
	"Apple VZ": "apple", "prl hyperv": "parallels",
}

// processorHypervisor finds the hypervisor that the processor shows, and whether it says that there is one. Where it
// cannot be asked, as in a tree that was written by hand, the kernel's clocks tell what it found itself.
func (l *look) processorHypervisor() (name string, virtual bool) {
	virtual = l.cpuErr == nil && l.cpu.Hypervisor
	if text, err := l.fs.Answer("cpuid", cpuid.Ask); err == nil {
		if a, err := cpuid.Parse(text); err == nil {
			if name = cpuidHypervisors[strings.TrimSpace(a.Vendor)]; name != "" || a.Vendor != "" {
				return name, virtual || a.Virtual
			}
			virtual = virtual || a.Virtual
		}
	}
	if virtual {
		name = l.clockHypervisor()
	}
	return name, virtual
}

// clockHypervisor tells by the clocks that the kernel found. KVM and Hyper-V give their guests one.
func (l *look) clockHypervisor() string {
	clocks, err := l.fs.Line("/sys/devices/system/clocksource/clocksource0/available_clocksource")
	if err != nil {
		return ""
	}
	switch {
	case strings.Contains(clocks, "kvm-clock"):
		return "kvm"
	case strings.Contains(clocks, "hyperv"):
		return "microsoft"
	case strings.Contains(clocks, "xen"):
		return "xen"
	}
	return ""
}

// xen reports whether Xen is below.
func (l *look) xen() bool {
	kind, err := l.fs.Line("/sys/hypervisor/type")
	return l.fs.Exists("/proc/xen") || err == nil && kind == "xen"
}

// xenHost reports whether this is the host that Xen runs its guests on, although it is a guest itself by form.
func (l *look) xenHost() bool { return l.xen() && l.dom0() }

// dom0 reports whether this is the guest of Xen that manages the others, which makes it the host.
func (l *look) dom0() bool {
	if text, err := l.fs.Line("/sys/hypervisor/properties/features"); err == nil {
		v, err := strconv.ParseUint(text, 16, 64)
		return err == nil && v>>11&1 == 1
	}
	text, err := l.fs.Line("/proc/xen/capabilities")
	return err == nil && strings.Contains(text, "control_d")
}

func (l *look) deviceTreeHypervisor() string {
	const tree = "/proc/device-tree"
	if text, err := l.fs.Read(tree+"/hypervisor/compatible", linux.SmallFile); err == nil {
		switch s := string(text); {
		case strings.Contains(s, "linux,kvm"):
			return "kvm"
		case strings.Contains(s, "xen"):
			return "xen"
		case strings.Contains(s, "vmware"):
			return "vmware"
		default:
			return vmOther
		}
	}
	if l.fs.Exists(tree+"/ibm,partition-name") && l.fs.Exists(tree+"/hmc-managed?") && !l.fs.Exists(tree+"/chosen/qemu,graphic-width") {
		return "powervm"
	}
	names, err := l.fs.Names(tree)
	if err != nil {
		return ""
	}
	for _, name := range names {
		if strings.Contains(name, "fw-cfg") {
			return "qemu"
		}
	}
	if text, err := l.fs.Read(tree+"/compatible", linux.SmallFile); err == nil && strings.Contains(string(text), "qemu,pseries") {
		return "qemu"
	}
	return ""
}

// mainframeHypervisor reads what an s390 says of the layers below. A partition is a guest of the firmware.
func (l *look) mainframeHypervisor() string {
	text, err := l.fs.Read("/proc/sysinfo", linux.SmallFile)
	if err != nil {
		return ""
	}
	partition := false
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(line, ":")
		switch {
		case strings.HasPrefix(key, "VM00 Control Program") && strings.Contains(value, "z/VM"):
			return "zvm"
		case strings.HasPrefix(key, "VM00 Control Program"):
			return "kvm"
		case strings.HasPrefix(key, "LPAR Number"):
			partition = true
		}
	}
	if partition {
		return "pr/sm"
	}
	return ""
}
