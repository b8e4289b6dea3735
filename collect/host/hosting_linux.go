package host

import (
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// A hypervisorSign is what shows a hypervisor or a manager of virtual machines that is kept running here.
type hypervisorSign struct {
	name     string
	programs []string // as long as the kernel keeps names
	files    []string
	host     bool // is there for nothing but to run virtual machines
	opaque   bool // its guests do not show as processes, so that none seen does not mean none
	pods     bool // its programs run in containers
}

// hypervisorSigns are the hypervisors that are recognised beside the virtual machines that they run.
var hypervisorSigns = []hypervisorSign{
	{name: "libvirt", programs: []string{"libvirtd", "virtqemud"}},
	{name: "Proxmox VE", programs: []string{"pvedaemon", "pveproxy", "pmxcfs"}, host: true},
	{name: "oVirt", programs: []string{"vdsm", "vdsmd"}, host: true},
	{name: "XenServer", programs: []string{"xapi"}, files: []string{"/etc/xensource-inventory"}, host: true, opaque: true},
	{name: "OpenStack Nova", programs: []string{"nova-compute"}, host: true},
	{name: "VirtualBox", files: []string{"/sys/module/vboxdrv"}},
	{name: "OpenVZ", files: []string{"/proc/bc/0"}, host: true, opaque: true},
	{name: "KubeVirt", programs: []string{"virt-launcher", "virt-handler", "virt-launcher-m"}, host: true, pods: true},
}

// monitorPrograms run a virtual machine each, those among them that emulators does not look into.
var monitorPrograms = map[string]bool{"VBoxHeadless": true, "VirtualBoxVM": true, "vmware-vmx": true, "lkvm": true, "stratovirt": true}

// A hosting says what of a hypervisor is on a machine.
type hosting struct {
	kept    []string // hypervisors that are kept running
	host    bool     // the machine is there to run virtual machines
	opaque  bool     // nobody can tell here whether any run
	capable bool     // the processor and the kernel could
	running int      // virtual machines, those of sandboxes and pods too
}

// hosting looks for hypervisors and for what they run.
func (l *look) hosting(p *processes) hosting {
	var h hosting
	outside, inPods := make(map[string]bool), make(map[string]bool)
	for _, q := range p.list {
		if emulator(q.Comm) || monitorPrograms[q.Comm] {
			h.running++
			h.host = h.host || monitorPrograms[q.Comm]
		}
		if q.group != nil && q.group.class.Container() {
			inPods[q.Comm] = true
		} else {
			outside[q.Comm] = true
		}
	}
	for _, s := range hypervisorSigns {
		found := slices.ContainsFunc(s.files, l.fs.Exists) ||
			slices.ContainsFunc(s.programs, func(name string) bool { return outside[name] || s.pods && inPods[name] })
		if s.name == "Proxmox VE" {
			found = found || l.mountedAt("/etc/pve", "fuse")
		}
		if s.name == "oVirt" {
			found = found && l.fs.Exists("/rhev")
		}
		if !found {
			continue
		}
		h.kept = append(h.kept, s.name)
		h.host, h.opaque = h.host || s.host, h.opaque || s.opaque
	}
	if l.xenHost() {
		h.kept, h.host, h.opaque = append(h.kept, "Xen"), true, true
	}
	h.capable = l.fs.Exists("/sys/devices/virtual/misc/kvm") || l.fs.Exists("/dev/kvm")
	if h.running == 0 {
		for _, m := range l.modules() { // the device is open as long as a virtual machine runs, wherever its process is
			h.opaque = h.opaque || m.Users > 0 && (m.Name == "kvm_intel" || m.Name == "kvm_amd")
		}
	}
	return h
}

// mountedAt reports whether a file system of a kind, or of one of its kinds (fuse.pmxcfs), is mounted there.
func (l *look) mountedAt(point, kind string) bool {
	for _, m := range l.mounts {
		if m.Point == point && (m.FSType == kind || strings.HasPrefix(m.FSType, kind+".")) {
			return true
		}
	}
	return false
}

// modules are those that the kernel has loaded, nil where it does not say.
func (l *look) modules() []linux.Module {
	if l.loaded == nil {
		if text, err := l.fs.Read("/proc/modules", linux.LargeFile); err == nil {
			l.loaded, _ = linux.ParseModules(string(text))
		}
	}
	return l.loaded
}

// hosts adds what the machine is for virtual machines.
func (l *look) hosts(m *inventory.Machine, p *processes) {
	h := l.hosting(p)
	if h.host {
		m.Roles = append(m.Roles, "hypervisor")
	}
	l.hostingFindings(m, h, p)
}

// hostingFindings says what of a hypervisor is there for nothing, and where one stands on another.
func (l *look) hostingFindings(m *inventory.Machine, h hosting, p *processes) {
	const device = "/dev/kvm"
	kind, known := m.Kind.Get()
	guest := known && (kind == inventory.Virtual || kind == inventory.Cloud && !m.Virtualization.IsAbsent())
	if guest && (h.capable || len(h.kept) > 0) {
		switch {
		case h.running > 0:
			m.Findings = append(m.Findings, finding(nestedVirtualisation, inventory.Warning, device, "virtual machines run inside this virtual machine: two hypervisors below one piece of work"))
		case h.capable:
			m.Findings = append(m.Findings, finding(nestedVirtualisation, inventory.Info, device, "this virtual machine could run virtual machines of its own"))
		}
	}
	_, _, hidden := p.hidden(l)
	if hidden || h.opaque || h.running > 0 {
		return
	}
	switch {
	case len(h.kept) > 0:
		m.Findings = append(m.Findings, finding(unusedHypervisor, inventory.Warning, "processes", strings.Join(h.kept, ", ")+" is kept running, and no virtual machine runs"))
	case h.capable && !guest:
		m.Findings = append(m.Findings, finding(unusedHypervisor, inventory.Info, device, "the kernel's hypervisor is loaded, and no virtual machine runs"))
	}
}
