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
	host, _ := l.netDev("1")
	var bounding uint64 // what the first process may ever get: a privileged container has it all
	if status, err := l.status(&process{PIDStat: linux.PIDStat{PID: 1}}); err == nil {
		bounding = status.CapBnd
	}
	pods := podSizes(s)
	list := make([]inventory.Container, 0, len(s.containers))
	for _, c := range s.containers {
		list = append(list, l.container(c, h, host, bounding, pods))
	}
	slices.SortFunc(list, func(a, b inventory.Container) int { return strings.Compare(a.ID, b.ID) })
	return list
}

// podSizes counts the containers of each pod.
func podSizes(s *sorted) map[string]int {
	pods := make(map[string]int)
	for _, c := range s.containers {
		if c.group.class.Pod != "" {
			pods[c.group.class.Pod]++
		}
	}
	return pods
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

func (l *look) container(c *crowd, h hierarchies, host []linux.NetCounters, bounding uint64, pods map[string]int) inventory.Container {
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
	out.Usage.Network = l.containerTraffic(c, host, pods)
	out.Privileged = l.privileged(c, bounding)
	role := l.role(c)
	out.Role, out.Layer = role.name, role.layer
	return out
}

// containerTraffic reads what a container's own interfaces have carried.
func (l *look) containerTraffic(c *crowd, host []linux.NetCounters, pods map[string]int) inventory.Reading[inventory.Bytes] {
	received, sent, why := l.containerCarried(c, host, pods)
	switch {
	case why == "":
		return inventory.Known(inventory.Bytes(received + sent))
	case strings.HasPrefix(why, "its interfaces"):
		return inventory.Unknown[inventory.Bytes](why, asRoot)
	default:
		return inventory.Unknown[inventory.Bytes](why, "")
	}
}

// containerCarried gives what a container's own interfaces have received and sent in bytes, or why that is not known.
func (l *look) containerCarried(c *crowd, host []linux.NetCounters, pods map[string]int) (received, sent uint64, why string) {
	if pods[c.group.class.Pod] > 1 {
		return 0, 0, "the containers of a pod share its network"
	}
	own, err := l.netDev(itoa(c.main.PID))
	if err != nil {
		return 0, 0, "its interfaces: " + linux.Reason(err)
	}
	if sameNetwork(host, own) {
		return 0, 0, "it uses the machine's own network"
	}
	for _, n := range own {
		if n.Name != "lo" {
			received, sent = received+n.Received, sent+n.Sent
		}
	}
	return received, sent, ""
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

// privileged compares what a container's first process may ever get with what the machine's may.
func (l *look) privileged(c *crowd, bounding uint64) inventory.Reading[bool] {
	status, err := l.status(c.main)
	if err != nil || bounding == 0 || status.CapBnd == 0 && !status.HasCap {
		return inventory.Unknown[bool]("its capabilities are not readable", asRoot)
	}
	return inventory.Known(status.CapBnd == bounding)
}
