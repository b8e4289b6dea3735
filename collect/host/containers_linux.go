package host

import (
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// containers describes the running containers, as far as the kernel shows them.
func (l *look) containers(s *sorted) []inventory.Container {
	if len(s.containers) == 0 {
		return nil
	}
	h := l.hierarchies()
	var bounding uint64 // what the first process may ever get: a privileged container has it all
	if status, err := l.status(&process{PIDStat: linux.PIDStat{PID: 1}}); err == nil {
		bounding = status.CapBnd
	}
	list := make([]inventory.Container, 0, len(s.containers))
	for _, c := range s.containers {
		list = append(list, l.container(c, h, bounding))
	}
	slices.SortFunc(list, func(a, b inventory.Container) int { return strings.Compare(a.ID, b.ID) })
	return list
}

// runtimeOf names the runtime of a container; empty where nothing tells.
func runtimeOf(c *crowd) string {
	class := &c.group.class
	switch class.Kind {
	case linux.CgroupDocker:
		return "docker"
	case linux.CgroupLibpod, linux.CgroupSplit:
		return "podman"
	case linux.CgroupContainer, linux.CgroupNerdctl:
		return "containerd"
	case linux.CgroupCRIO:
		return "cri-o"
	case linux.CgroupLXC:
		return "lxc"
	case linux.CgroupNspawn:
		return "systemd-nspawn"
	case linux.CgroupLXCVirt, linux.CgroupLXCVirtFS:
		return "libvirt-lxc"
	case linux.CgroupKata:
		return "kata"
	case linux.CgroupCRI:
		if strings.Contains(c.group.path, ":crio:") {
			return "cri-o"
		}
		if strings.Contains(c.group.path, ":docker:") {
			return "docker"
		}
		return "containerd"
	}
	switch class.Parent {
	case "docker":
		return "docker"
	case "libpod_parent":
		return "podman"
	case "default", "k8s.io":
		return "containerd"
	}
	// The monitor above it tells: containerd's names whom it works for, conmon's where its exit is noted.
	switch {
	case c.watcher == "conmon" && c.shim.CRIO:
		return "cri-o"
	case c.watcher == "conmon":
		return "podman"
	case c.watcher == "containerd-shim" && c.shim.Namespace == "moby":
		return "docker"
	case c.watcher == "containerd-shim" && c.shim.Namespace != "":
		return "containerd"
	case c.watcher == "lxc-start" || c.watcher == "[lxc monitor]":
		return "lxc"
	case c.watcher == "systemd-nspawn":
		return "systemd-nspawn"
	}
	return ""
}

// unnamed is a running container with what the path of its control group says. The rest only its engine knows.
func (l *look) unnamed(class linux.CgroupClass, runtime string) inventory.Container {
	why, remedy := l.engineKnows(runtime)
	out := inventory.Container{
		ID:      class.ID,
		Machine: l.id,
		Runtime: inventory.Unknown[string]("its control group does not tell", asRoot),
		State:   inventory.Known(inventory.Running),
		System:  inventory.Known(class.System() || runtime == "lxc" || runtime == "systemd-nspawn"),
		Seen:    l.seen(),

		Name:           inventory.Unknown[string](why, remedy),
		Image:          inventory.Unknown[string](why, remedy),
		ImageID:        inventory.Unknown[string](why, remedy),
		Status:         inventory.Unknown[string](why, remedy),
		RestartPolicy:  inventory.Unknown[string](why, remedy),
		Manager:        inventory.Unknown[inventory.Manager](why, remedy),
		ComposeProject: inventory.Unknown[string](why, remedy),
		ComposeService: inventory.Unknown[string](why, remedy),
		Service:        inventory.Unknown[string](why, remedy),
		Pod:            inventory.Unknown[string](why, remedy),
		Writable:       inventory.Unknown[inventory.Bytes](why, remedy),
		CreatedAt:      inventory.Unknown[string](why, remedy),
	}
	if runtime != "" {
		out.Runtime = inventory.Known(runtime)
	}
	if class.System() {
		out.Name = inventory.Known(inventory.Text(class.ID))
		out.Image, out.ImageID = inventory.Absent[string](), inventory.Absent[string]()
	}
	switch {
	case class.Pod != "":
		out.Pod = inventory.Known(class.Pod)
		out.Manager = inventory.Known(inventory.ManagedByK8s)
	case class.Kind == linux.CgroupSplit && class.Unit != "":
		out.Manager = inventory.Known(inventory.ManagedByQuadlet)
		out.Unit = inventory.Text(class.Unit)
	}
	return out
}

func (l *look) container(c *crowd, h hierarchies, bounding uint64) inventory.Container {
	class := &c.group.class
	out := l.unnamed(*class, runtimeOf(c))
	out.PID = inventory.Known(c.main.PID)
	if out.ID == "" || !class.Container() {
		out.ID = c.shim.ID
	}
	if out.ID == "" {
		out.ID = "pid:" + itoa(c.main.PID)
	}
	out.ID = inventory.Text(out.ID)
	c.entity = out.ID
	if l.frozen(c, h) {
		out.State = inventory.Known(inventory.Paused)
	}
	if !class.System() && c.shim.Name != "" {
		out.Name = inventory.Known(inventory.Text(c.shim.Name))
	}
	out.CPULimit, out.MemoryLimit = l.limits(c, h)
	out.Usage = l.usage(c, h, true)
	out.Usage.Network = l.carried(c)
	out.Usage.Clients = c.reach.reading()
	out.Listens = c.reach.listeners()
	out.Privileged = l.privileged(c, bounding)
	role := l.role(c)
	out.Role, out.Layer = role.name, role.layer
	return out
}

// carried reads what the interfaces of a container or workload have carried that has a network of its own.
func (l *look) carried(c *crowd) inventory.Reading[inventory.Bytes] {
	received, sent, untold := l.traffic(c)
	if !untold.IsZero() {
		return untold
	}
	return inventory.Known(inventory.Bytes(received + sent))
}

// traffic gives the bytes that those interfaces have received and sent, or why that is not known.
func (l *look) traffic(c *crowd) (received, sent uint64, untold inventory.Reading[inventory.Bytes]) {
	switch {
	case c.reach.network == machineNetwork:
		return 0, 0, inventory.NotApplicable[inventory.Bytes]("it uses the machine's own network, in which nobody is counted apart")
	case c.reach.shares && c.group.class.Pod != "":
		return 0, 0, inventory.Unknown[inventory.Bytes]("the containers of a pod share its network", "")
	case c.reach.shares:
		return 0, 0, inventory.Unknown[inventory.Bytes]("it shares its network with others", "")
	}
	own, err := l.netDev(itoa(c.main.PID))
	if err != nil {
		return 0, 0, inventory.Unknown[inventory.Bytes]("its interfaces: "+linux.Reason(err), asRoot)
	}
	for _, n := range own {
		if n.Name != "lo" {
			received, sent = received+n.Received, sent+n.Sent
		}
	}
	return received, sent, inventory.Reading[inventory.Bytes]{}
}

// sameNetwork reports whether two readings, the second made later, are of one network namespace: the same
// interfaces, and no counter has gone back. Comparing the namespaces themselves takes rights.
func sameNetwork(first, later []linux.NetCounters) bool {
	if len(first) == 0 || len(first) != len(later) {
		return false
	}
	for i := range first {
		if first[i].Name != later[i].Name || later[i].Received < first[i].Received || later[i].Sent < first[i].Sent {
			return false
		}
	}
	return true
}

// privileged reports whether a container is one in name only: where its first process may ever get all that the
// machine's may, or where it has the processes or the network of the machine for its own. Whoever is root only among
// the users of the container's own namespace has rights over nothing else.
func (l *look) privileged(c *crowd, bounding uint64) inventory.Reading[bool] {
	status, err := l.status(c.main)
	if err != nil {
		return inventory.Unknown[bool]("its capabilities are not readable", asRoot)
	}
	if c.reach.network == machineNetwork || len(status.NSPID) == 1 {
		return inventory.Known(true)
	}
	if bounding == 0 {
		bounding = l.allCapabilities()
	}
	if bounding == 0 || status.CapBnd == 0 && !status.HasCap {
		return inventory.Unknown[bool]("its capabilities are not readable", asRoot)
	}
	return inventory.Known(status.CapBnd&bounding == bounding && !l.ownUsers(c.main))
}

// allCapabilities are those that the kernel knows; none where it does not say.
func (l *look) allCapabilities() uint64 {
	last, ok := l.number("/proc/sys/kernel/cap_last_cap")
	if !ok || last > 62 {
		return 0
	}
	return 1<<(last+1) - 1
}

// ownUsers reports whether a process lives among users of its own: its root is somebody else outside.
func (l *look) ownUsers(q *process) bool {
	text, err := l.fs.Line("/proc/" + itoa(q.PID) + "/uid_map")
	if err != nil {
		return false
	}
	for line := range strings.Lines(text) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "0" {
			return f[1] != "0"
		}
	}
	return text != ""
}
