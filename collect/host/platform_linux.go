package host

import (
	"runtime"
	"strconv"
	"strings"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// platform decides whether the machine is a box, a guest of a hypervisor or an instance of a cloud. A box has to be
// proven like anything else: a virtual machine may show no DMI, and DMI may be that of a real server.
func (l *look) platform(m *inventory.Machine) {
	x86 := l.cpuErr == nil && l.cpu.HasFlags
	bare := x86 && !l.cpu.Hypervisor // the processor says that it is real
	provider, metal := cloudProvider(l.dmi)
	if provider == "" {
		provider = l.cloudByFile()
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
		const why = "nothing that is readable proves it to be a box or a virtual machine"
		m.Kind = inventory.Unknown[inventory.MachineKind](why, "systemd-detect-virt --vm")
		m.Virtualization = inventory.Unknown[string](why, "systemd-detect-virt --vm")
	}
	switch kind, known := m.Kind.Get(); {
	case provider != "":
		m.Provider = inventory.Known(provider)
	case known && kind == inventory.Physical:
		m.Provider = inventory.Absent[string]()
	default:
		m.Provider = inventory.Unknown[string]("no mark of a known provider; some leave none", "")
	}
}

// hypervisorBelow finds what the machine is a guest of, in the order of systemd's detect_vm.
func (l *look) hypervisorBelow(bare bool) (virt inventory.Reading[string], guest bool) {
	dmi := dmiHypervisor(l.dmi, bare)
	switch dmi {
	case "oracle", "xen", "amazon", "parallels", "google":
		if dmi != "xen" || !l.dom0() {
			return inventory.Known(dmi), true
		}
	}
	if l.cpuErr == nil && l.cpu.Vendor == "User Mode Linux" {
		return inventory.Known("uml"), true
	}
	if l.xen() {
		if l.dom0() {
			return inventory.Absent[string](), false // a hypervisor is below, and this machine is its host
		}
		return inventory.Known("xen"), true
	}
	if dmi != "" {
		if clock := l.clockHypervisor(); dmi == "qemu" && clock != "" {
			dmi = clock
		}
		return inventory.Known(dmi), true
	}
	if kind, err := l.fs.Line("/sys/hypervisor/type"); err == nil && kind != "" {
		return inventory.Known(inventory.Text(kind)), true
	}
	if name := l.deviceTreeHypervisor(); name != "" {
		return inventory.Known(name), true
	}
	if name := l.mainframeHypervisor(); name != "" {
		return inventory.Known(name), true
	}
	if l.cpuErr == nil && l.cpu.Hypervisor {
		if name := l.clockHypervisor(); name != "" {
			return inventory.Known(name), true
		}
		return inventory.Unknown[string]("the processor says that it is virtual, not by what", "systemd-detect-virt --vm"), true
	}
	for _, model := range []string{"QEMU Virtual CPU", "Common KVM processor"} {
		if strings.HasPrefix(l.cpu.Model, model) {
			return inventory.Known("kvm"), true
		}
	}
	return inventory.Absent[string](), false
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
			return "vm-other"
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

// realHardware looks for proof of a box where the processor does not give it: firmware that names a chassis, or a
// device tree that names a model.
func (l *look) realHardware() bool {
	if l.live && runtime.GOARCH == "s390x" {
		return false
	}
	if l.dmi.SysVendor != "" {
		switch l.dmi.ChassisType {
		case "", "1", "2": // other, unknown: what virtual machines say
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

// cloudByFile takes over what cloud-init found out when the instance booted.
func (l *look) cloudByFile() string {
	if uuid, err := l.fs.Line("/sys/hypervisor/uuid"); err == nil && strings.HasPrefix(strings.ToLower(uuid), "ec2") {
		return "aws"
	}
	id, err := l.fs.Line("/run/cloud-init/cloud-id")
	if err != nil {
		return ""
	}
	return cloudIDs[id]
}

// cloudIDs are the names that cloud-init has for public clouds.
var cloudIDs = map[string]string{
	"aws": "aws", "azure": "azure", "gce": "gcp", "oracle": "oracle", "aliyun": "alibaba", "digitalocean": "digitalocean",
	"hetzner": "hetzner", "upcloud": "upcloud", "scaleway": "scaleway", "vultr": "vultr", "exoscale": "exoscale",
	"cloudsigma": "cloudsigma", "ibmcloud": "ibm", "akamai": "akamai", "nwcs": "nwcs", "outscale": "outscale",
}
