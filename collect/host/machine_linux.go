package host

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// machine reads what every machine has: name, age, processors, memory, and how much of them is used.
func (l *look) machine(ctx context.Context, identity inventory.Identity) inventory.Machine {
	m := inventory.Machine{
		ID:       l.id,
		Identity: identity,
		Name:     inventory.Unknown[string]("/proc/sys/kernel/hostname is not readable", ""),
		Powered:  inventory.Known(true),
		Uptime:   inventory.Known(inventory.Seconds(l.uptime)),
		Seen:     l.seen(),
	}
	if l.hostname != "" {
		m.Name = inventory.Known(l.hostname)
	}
	l.processors(&m)
	mem := l.memory()
	m.Memory = mem.total
	m.Usage = inventory.Usage{Memory: mem.used, Age: m.Uptime, Network: l.cardTraffic()}

	l.now = time.Now().UTC()
	if stat, err := l.stat(); err == nil {
		m.Usage.CPUSeconds = inventory.Known(hundredths(stat.Busy))
		// The time of the tree, not of the reader: a recorded tree is as old as its own last file.
		l.now = stat.Boot.Add(time.Duration(l.uptime * float64(time.Second)))
	} else {
		m.Usage.CPUSeconds = inventory.Unknown[float64]("/proc/stat: "+linux.Reason(err), "")
	}
	m.Demand = l.history(ctx)
	return m
}

func (l *look) stat() (linux.ProcStat, error) {
	text, err := l.fs.Read("/proc/stat", linux.LargeFile)
	if err != nil {
		return linux.ProcStat{}, err
	}
	return linux.ParseProcStat(string(text))
}

func (l *look) processors(m *inventory.Machine) {
	if l.cpuErr != nil {
		why := "/proc/cpuinfo: " + linux.Reason(l.cpuErr)
		m.Cores, m.CPUModel = inventory.Unknown[float64](why, ""), inventory.Unknown[string](why, "")
		m.MHz = inventory.Unknown[float64](why, "")
		return
	}
	m.Cores = inventory.Known(float64(l.cpu.Processors))
	m.MHz = l.nominalClock()
	if l.cpu.Model != "" {
		m.CPUModel = inventory.Known(inventory.Text(strings.Join(strings.Fields(l.cpu.Model), " ")))
	} else {
		m.CPUModel = inventory.Unknown[string]("/proc/cpuinfo names no model on this architecture", "")
	}
}

// boxed says how many processors the box has, and cores in them. What a virtual machine shows of sockets is as somebody
// wished, and says nothing of hardware.
func (l *look) boxed(m *inventory.Machine) {
	kind, known := m.Kind.Get()
	switch {
	case !known:
		m.Sockets = inventory.Unknown[int](m.Kind.Why(), m.Kind.Remedy())
	case kind != inventory.Physical:
		m.Sockets = inventory.NotApplicable[int]("it is a " + string(kind) + " machine")
	case l.cpuErr != nil:
		m.Sockets = inventory.Unknown[int](m.CPUModel.Why(), "")
	case l.cpu.Sockets == 0:
		m.Sockets = inventory.Unknown[int]("/proc/cpuinfo does not say in which sockets the processors sit", "")
	default:
		m.Sockets, m.PhysicalCores = inventory.Known(l.cpu.Sockets), inventory.Known(l.cpu.Cores)
		return
	}
	m.PhysicalCores = m.Sockets
}

// nominalClock reads the clock that the processor is sold with, in MHz. That of this moment and the highest one say
// little of what it can do for long. Intel's driver shows it in kHz, firmware (ACPI CPPC) in MHz, many names have it.
func (l *look) nominalClock() inventory.Reading[float64] {
	const cpu = "/sys/devices/system/cpu/cpu0/"
	for _, f := range []struct {
		name string
		per  float64
	}{{cpu + "cpufreq/base_frequency", 1000}, {cpu + "acpi_cppc/nominal_freq", 1}} {
		text, err := l.fs.Line(f.name)
		if err != nil {
			continue
		}
		if v, err := strconv.ParseUint(text, 10, 32); err == nil && v > 0 {
			return inventory.Known(math.Round(float64(v) / f.per))
		}
	}
	if l.cpu.MHz > 0 {
		return inventory.Known(l.cpu.MHz)
	}
	return inventory.Unknown[float64]("neither the kernel nor the processor's name gives its nominal clock", "")
}

// cardTraffic adds up what the machine's own cards have carried; its bridges and tunnels carry the same bytes again.
func (l *look) cardTraffic() inventory.Reading[inventory.Bytes] {
	received, sent, untold := l.cards()
	if !untold.IsZero() {
		return untold
	}
	return inventory.Known(inventory.Bytes(received + sent))
}

// cards gives the bytes that the machine's own cards have received and sent, or why that is not known.
func (l *look) cards() (received, sent uint64, untold inventory.Reading[inventory.Bytes]) {
	list, err := l.netDev("1")
	if err != nil {
		list, err = l.netDev("self")
	}
	if err != nil {
		return 0, 0, inventory.Unknown[inventory.Bytes]("/proc/1/net/dev: "+linux.Reason(err), "")
	}
	found := false
	for _, c := range list {
		if l.physical(c.Name) {
			received, sent, found = received+c.Received, sent+c.Sent, true
		}
	}
	if !found {
		return 0, 0, inventory.Unknown[inventory.Bytes]("no interface stands on a device", "")
	}
	return received, sent, inventory.Reading[inventory.Bytes]{}
}

// physical reports whether an interface is a card, or what a virtual machine has for one.
func (l *look) physical(name string) bool {
	return name != "" && !strings.Contains(name, "/") && l.fs.Exists("/sys/class/net/"+name+"/device")
}

// netDev reads the interfaces of the network namespace that a process is in.
func (l *look) netDev(pid string) ([]linux.NetCounters, error) {
	text, err := l.fs.Read("/proc/"+pid+"/net/dev", linux.LargeFile)
	if err != nil {
		return nil, err
	}
	return linux.ParseNetDev(string(text))
}

// counts says how much was seen, so that what may be hidden is known to be.
func (l *look) counts(m *inventory.Machine, p *processes, b *inventory.Batch) {
	if why, remedy, hidden := p.hidden(l); hidden {
		m.Processes = inventory.Unknown[int](why, remedy)
		m.Containers = inventory.Unknown[int](why, remedy)
		l.gap("/proc", "processes of other users", why, remedy)
	} else {
		m.Processes = inventory.Known(len(p.list))
		m.Containers = inventory.Known(len(b.Containers))
		if p.outside > 0 {
			m.Containers = inventory.Unknown[int]("control groups lie outside the reader's namespace", "run on the host")
		}
	}
	roles := m.Roles
	if len(b.Containers) > 0 || len(b.Engines) > 0 {
		roles = append(roles, "container-host")
	}
	if len(b.VMs) > 0 {
		roles = append(roles, "hypervisor")
	}
	for _, q := range p.list {
		if role := nodeRoles[q.Comm]; role != "" {
			roles = append(roles, role)
		}
	}
	slices.Sort(roles)
	m.Roles = slices.Compact(roles)
}

// nodeRoles are the programs that show what a machine does for others.
var nodeRoles = map[string]string{
	"kubelet": "kubernetes-node", "k3s-server": "kubernetes-node", "k3s-agent": "kubernetes-node", "k3s": "kubernetes-node",
	"k0s": "kubernetes-node", "rke2": "kubernetes-node", "kubelite": "kubernetes-node",
	"kube-apiserver": "kubernetes-control-plane",
	"ceph-osd":       "storage-node", "glusterfsd": "storage-node", "glusterd": "storage-node",
	"pvedaemon": "hypervisor", "nova-compute": "hypervisor", "vdsmd": "hypervisor",
}

// confine forgets what a container shows wrongly of the machine that it runs on.
func (l *look) confine(b *inventory.Batch) {
	m := &b.Machines[0]
	if !l.inside {
		m.Inside = inventory.Absent[string]()
		return
	}
	const remedy = "run on the host"
	why := "seen from inside a container"
	m.Inside = inventory.Known(inventory.Text(l.manager))
	m.Kind.Forget(why, remedy)
	m.Sockets.Forget(why, remedy)
	m.PhysicalCores.Forget(why, remedy)
	m.Virtualization.Forget(why, remedy)
	m.Provider.Forget(why, remedy)
	m.OS.ID.Forget(why, remedy)
	m.OS.Version.Forget(why, remedy)
	m.OS.Name.Forget(why, remedy)
	m.OS.Style.Forget(why, remedy)
	m.OS.Packages.Forget(why, remedy)
	m.Hardware.Vendor.Forget(why, remedy)
	m.Hardware.Model.Forget(why, remedy)
	m.Hardware.Chassis.Forget(why, remedy)
	m.Hardware.Fabric.Forget(why, remedy)
	m.Hardware.Enclosure.Forget(why, remedy)
	m.OS.Services.Forget(why, remedy)
	m.Tools, m.StorageUse, m.Findings = nil, nil, nil
	m.Storage.Forget(why, remedy)
	m.Network.Forget(why, remedy)
	m.Management.Forget(why, remedy)
	m.Usage.Memory.Forget(why, remedy)
	m.Usage.CPUSeconds.Forget(why, remedy)
	m.Usage.Network.Forget(why, remedy)
	m.Processes.Forget(why, remedy)
	m.Containers.Forget(why, remedy)
	// The name is the container's as well, but it is all there is to call the machine by.
	b.Storage, b.Networks = nil, nil
	l.confineWork(b)
	l.gap(cmp.Or(l.hostname, "this machine"), "the machine below: its kind, hardware, system, storage, networks, and all that runs beside this container",
		why+" ("+inventory.Text(l.manager)+")", remedy)
}

// confineWork makes of the processes that are seen what they are: the work of one container, and not that of the
// machine. Their numbers and rights mean something in this container only.
func (l *look) confineWork(b *inventory.Batch) {
	why, remedy := "seen from inside a container", "run on the host"
	b.Workloads = nil
	if len(b.Containers) == 0 {
		unknown := inventory.Unknown[string](why, remedy)
		b.Containers = []inventory.Container{{
			ID: l.ownContainer(), Machine: l.id, Runtime: unknown, Name: unknown, Image: unknown,
			State: inventory.Known(inventory.Running), Layer: appl, Seen: l.seen(),
			System: inventory.Unknown[bool](why, remedy),
		}}
	}
	for i := range b.Containers {
		c := &b.Containers[i]
		c.PID.Forget(why, remedy)
		c.Privileged.Forget(why, remedy)
		c.Usage.Network.Forget(why, remedy)
	}
	for i := range b.VMs {
		b.VMs[i].PID.Forget(why, remedy)
	}
}

// ownContainer finds the identifier of the container that this program runs in: by where its host name is kept, else
// by the host name itself, which engines make of the identifier's beginning.
func (l *look) ownContainer() string {
	for _, m := range l.mounts {
		if m.Point != "/etc/hostname" || strings.Contains(m.Root, "/sandboxes/") {
			continue
		}
		for s := range strings.SplitSeq(m.Root, "/") {
			if len(s) == 64 && strings.Trim(s, "0123456789abcdef") == "" {
				return s
			}
		}
	}
	if len(l.hostname) == 12 && strings.Trim(l.hostname, "0123456789abcdef") == "" {
		return l.hostname
	}
	return "self:" + l.hostname
}

// identityGaps names identifying facts that would join this machine with what other sources say of it.
func (l *look) identityGaps(id inventory.Identity) {
	if id.UUID.IsUnknown() && id.UUID.Remedy() != "" {
		l.gap("/sys/class/dmi/id/product_uuid", "system UUID", id.UUID.Why(), id.UUID.Remedy())
	}
	if id.Serial.IsUnknown() && id.Serial.Remedy() != "" {
		l.gap("/sys/class/dmi/id/product_serial", "serial number", id.Serial.Why(), id.Serial.Remedy())
	}
}
