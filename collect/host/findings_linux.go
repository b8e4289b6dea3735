package host

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
)

// The findings on a machine, by their ID: what makes it more than its work needs. A finding is only made where what it
// rests on was read in full; that there is none proves nothing.
const (
	unusedHypervisor     = "unused-hypervisor"     // a hypervisor is loaded or kept running, and no virtual machine runs
	nestedVirtualisation = "nested-virtualisation" // a virtual machine that runs virtual machines, or could
	outOfTreeModules     = "out-of-tree-modules"   // modules of the kernel that do not come with it: components to keep in step
	graphicalServer      = "graphical-server"      // a desktop runs on a machine that nobody sits at
	severalAgents        = "several-agents"        // agents of different products do the same for it
	snapPackages         = "snaps"                 // a second package manager and its images
	flatpakPackages      = "flatpaks"              // likewise
	idleHugePages        = "idle-hugepages"        // memory is set aside as huge pages, and nothing has any
	oldKernels           = "old-kernels"           // more kernels are kept than the running one and one to fall back to
)

func finding(id string, severity inventory.Severity, source, text string) inventory.Finding {
	return inventory.Finding{ID: id, Severity: severity, Source: inventory.Text(source), Text: inventory.Text(text)}
}

// findings adds what the system itself shows. Storage, networks and hypervisors have theirs where they are read.
func (l *look) findings(m *inventory.Machine, p *processes, b *inventory.Batch) {
	for _, find := range []func() (inventory.Finding, bool){
		l.foreignModules, l.snaps, l.flatpaks, l.hugePages,
		func() (inventory.Finding, bool) { return l.desktop(p) },
		func() (inventory.Finding, bool) { return l.kernels(m) },
	} {
		if f, ok := find(); ok {
			m.Findings = append(m.Findings, f)
		}
	}
	m.Findings = append(m.Findings, duplicateAgents(b)...)
}

// sortFindings puts them into one order, whoever found them first.
func sortFindings(list []inventory.Finding) {
	slices.SortFunc(list, func(a, b inventory.Finding) int {
		return cmp.Or(strings.Compare(a.ID, b.ID), strings.Compare(a.Text, b.Text), strings.Compare(a.Source, b.Source))
	})
}

// foreignModules finds modules that do not come with the kernel. Each has to be built again for every new one.
func (l *look) foreignModules() (inventory.Finding, bool) {
	var names []string
	for _, m := range l.modules() {
		if m.OutOfTree || m.Proprietary {
			names = append(names, m.Name)
		}
	}
	if len(names) == 0 {
		return inventory.Finding{}, false
	}
	return finding(outOfTreeModules, inventory.Warning, "/proc/modules", fmt.Sprintf("%s not of this kernel: %s", counted(len(names), "module"), enumerated(names))), true
}

// snaps finds the packages of snapd, one for each name: it keeps older revisions beside.
func (l *look) snaps() (inventory.Finding, bool) {
	const dir = "/var/lib/snapd/snaps"
	files, err := l.fs.Names(dir)
	if err != nil {
		return inventory.Finding{}, false
	}
	var names []string
	for _, file := range files {
		name, ok := strings.CutSuffix(file, ".snap")
		if i := strings.LastIndexByte(name, '_'); ok && i > 0 && !slices.Contains(names, name[:i]) {
			names = append(names, name[:i])
		}
	}
	if len(names) == 0 {
		return inventory.Finding{}, false
	}
	return finding(snapPackages, inventory.Info, dir, fmt.Sprintf("%s beside the system's packages: %s", counted(len(names), "snap"), enumerated(names))), true
}

// flatpaks finds applications that Flatpak has installed for all users.
func (l *look) flatpaks() (inventory.Finding, bool) {
	const dir = "/var/lib/flatpak/app"
	names, err := l.fs.Names(dir)
	if err != nil || len(names) == 0 {
		return inventory.Finding{}, false
	}
	return finding(flatpakPackages, inventory.Info, dir, fmt.Sprintf("%s beside the system's packages: %s", counted(len(names), "flatpak"), enumerated(names))), true
}

// hugePages finds memory that is set aside as huge pages of any size, of which not one is in use or promised.
func (l *look) hugePages() (inventory.Finding, bool) {
	const dir = "/sys/kernel/mm/hugepages"
	sizes, err := l.fs.Names(dir)
	if err != nil {
		return inventory.Finding{}, false
	}
	idle := uint64(0)
	for _, size := range sizes {
		kib, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimPrefix(size, "hugepages-"), "kB"), 10, 31)
		if err != nil {
			continue
		}
		var of [3]uint64
		for i, name := range []string{"nr_hugepages", "free_hugepages", "resv_hugepages"} {
			text, err := l.fs.Line(dir + "/" + size + "/" + name)
			if err == nil {
				of[i], err = strconv.ParseUint(text, 10, 22) // times the largest size it fits into 64 bits
			}
			if err != nil {
				return inventory.Finding{}, false
			}
		}
		switch total, free, promised := of[0], of[1], of[2]; {
		case total == 0:
		case free != total || promised > 0:
			return inventory.Finding{}, false
		default:
			idle += total * kib << 10
		}
	}
	if idle == 0 {
		return inventory.Finding{}, false
	}
	return finding(idleHugePages, inventory.Warning, dir, inventory.Bytes(idle).String()+" of memory are set aside as huge pages, and nothing uses any"), true
}

// desktopPrograms draw screens for people. The target that systemd aims at does not tell: on Debian it is the
// graphical one with or without a screen.
var desktopPrograms = map[string]bool{
	"Xorg": true, "X": true, "Xwayland": true, "gdm": true, "gdm3": true, "lightdm": true, "sddm": true, "lxdm": true,
	"gnome-shell": true, "kwin_wayland": true, "kwin_x11": true, "xfwm4": true, "sway": true, "weston": true,
}

// desktop finds a graphical desktop on a machine that is not of a form that people sit at.
func (l *look) desktop(p *processes) (inventory.Finding, bool) {
	if personalTypes[chassisType(l.dmi)] {
		return inventory.Finding{}, false
	}
	for _, q := range p.list {
		if desktopPrograms[q.Comm] && (q.group == nil || !q.group.class.Container()) {
			return finding(graphicalServer, inventory.Warning, "process "+q.Comm, "a graphical desktop runs: "+q.Comm), true
		}
	}
	return inventory.Finding{}, false
}

// kernels finds kernels that are kept beside the running one and one to fall back to. An image has its own rules.
func (l *look) kernels(m *inventory.Machine) (inventory.Finding, bool) {
	const dir = "/lib/modules"
	names, err := l.fs.Names(dir)
	if err != nil || m.OS.Style.Or("") == inventory.ImageBasedOS {
		return inventory.Finding{}, false
	}
	kept := 0
	for _, name := range names {
		if l.fs.Exists(dir + "/" + name + "/modules.dep") { // the rest of a removed one may stay
			kept++
		}
	}
	if kept <= 2 {
		return inventory.Finding{}, false
	}
	return finding(oldKernels, inventory.Info, dir, fmt.Sprintf("%d kernels are kept: the running one, one to fall back to, and %d more", kept, kept-2)), true
}

// duplicateAgents finds functions that agents of several products have at once, among workloads and containers. What an
// agent is recognised as is its product, so that the parts of one count once.
func duplicateAgents(b *inventory.Batch) []inventory.Finding {
	products := make(map[inventory.AgentFunction]map[string]bool)
	add := func(f inventory.AgentFunction, product string) {
		if f == "" || product == "" {
			return
		}
		if products[f] == nil {
			products[f] = make(map[string]bool)
		}
		products[f][product] = true
	}
	for _, w := range b.Workloads {
		add(w.Function, w.Role)
	}
	for _, c := range b.Containers {
		for _, list := range agents {
			if slices.ContainsFunc(list.products, func(p product) bool { return p.name == c.Role }) {
				add(list.function, c.Role)
			}
		}
	}
	var found []inventory.Finding
	for _, f := range slices.Sorted(maps.Keys(products)) {
		if names := slices.Collect(maps.Keys(products[f])); len(names) > 1 {
			found = append(found, finding(severalAgents, inventory.Warning, "processes", fmt.Sprintf("%d agents of one function, %s: %s", len(names), f, enumerated(names))))
		}
	}
	return found
}
