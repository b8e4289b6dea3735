package linux

import (
	"strings"
)

// pidNamespaceOfHost is what /proc/self/ns/pid leads to in the first process namespace of a kernel, whose number
// is fixed (PROC_PID_INIT_INO of include/linux/proc_ns.h).
const pidNamespaceOfHost = "pid:[4026531836]"

// UnknownManager stands for the manager of a container that shows its confines and not who made it.
const UnknownManager = "unknown manager"

// ContainerManager reports whether the reader itself runs in a container, and whose.
//
// Files that engines leave behind (/.dockerenv, /run/.containerenv, /run/systemd/container) only name the manager:
// they stay in the images of virtual machines that were made from containers. What decides is what the kernel
// shows: process namespace, control group, file system of the root.
func ContainerManager(f FS) (manager string, inside bool) {
	if f.Exists("/proc/vz") && !f.Exists("/proc/bc") {
		return "openvz", true
	}
	if release, err := f.Line("/proc/sys/kernel/osrelease"); err == nil {
		if low := strings.ToLower(release); strings.Contains(low, "microsoft") || strings.Contains(low, "wsl") {
			return "wsl", true
		}
	}
	if traced(f) {
		return "proot", true
	}
	name := managerName(f)
	group, grouped := containerCgroup(f)
	confined := grouped || cgroupNamespaced(f) || containerRoot(f)
	switch pidNamespace(f) {
	case nsHost:
		inside = grouped || name != "" && confined // a container that shares the process namespace of its host
	case nsOther:
		inside = name != "" || confined
	default:
		inside = confined && (name != "" || grouped)
	}
	if !inside {
		return "", false
	}
	switch {
	case f.Exists("/run/secrets/kubernetes.io/serviceaccount") || f.Exists("/var/run/secrets/kubernetes.io/serviceaccount") || group.Pod != "":
		return "kubernetes", true
	case name != "":
		return name, true
	case group.Kind == CgroupDocker || group.Parent == "docker":
		return "docker", true
	case group.Kind == CgroupLibpod || group.Kind == CgroupSplit:
		return "podman", true
	case group.System():
		return string(group.Kind), true
	default:
		return UnknownManager, true
	}
}

// traced reports whether the reader runs under PRoot, which traces its processes to show them another root.
func traced(f FS) bool {
	text, err := f.Read("/proc/self/status", SmallFile)
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(text)) {
		pid, ok := strings.CutPrefix(line, "TracerPid:")
		if pid = strings.TrimSpace(pid); !ok || pid == "0" || pid == "" || strings.Trim(pid, "0123456789") != "" {
			continue
		}
		comm, err := f.Line("/proc/" + pid + "/comm")
		return err == nil && strings.HasPrefix(comm, "proot")
	}
	return false
}

// managerName is the manager that left a sign; empty where none did.
func managerName(f FS) string {
	for _, name := range []string{"/run/host/container-manager", "/run/systemd/container"} {
		// "oci" is what runtimes write that want to stay unnamed; the files below may know better.
		if text, err := f.Line(name); err == nil && text != "" && len(text) <= 64 && text != "oci" {
			return text
		}
	}
	switch {
	case f.Exists("/run/.containerenv"):
		return "podman"
	case f.Exists("/.dockerenv"):
		return "docker"
	case f.Exists("/dev/lxd/sock"):
		return "lxd"
	}
	return ""
}

type namespace int

const (
	nsUnknown namespace = iota
	nsHost
	nsOther
)

// pidNamespace tells whether the reader sees the processes of the whole machine: by the number of the namespace,
// or by the kernel's own threads, which are seen from the first namespace only.
func pidNamespace(f FS) namespace {
	if to, err := f.Readlink("/proc/self/ns/pid"); err == nil && strings.HasPrefix(to, "pid:[") {
		if to == pidNamespaceOfHost {
			return nsHost
		}
		return nsOther
	}
	text, err := f.Read("/proc/2/stat", SmallFile)
	if err != nil {
		if Gone(err) && f.Exists("/proc/1/stat") {
			return nsOther
		}
		return nsUnknown
	}
	var s PIDStat
	if ParsePIDStat(text, &s) != nil {
		return nsUnknown
	}
	if s.KernelThread() {
		return nsHost
	}
	return nsOther
}

// containerCgroup finds the container that the reader, or the first process that it sees, is in.
func containerCgroup(f FS) (CgroupClass, bool) {
	for _, name := range []string{"/proc/self/cgroup", "/proc/1/cgroup"} {
		text, err := f.Read(name, SmallFile)
		if err != nil {
			continue
		}
		groups, err := ParseCgroups(string(text))
		if err != nil {
			continue
		}
		if c := ClassifyCgroup(groups.Path()); c.Container() {
			return c, true
		}
	}
	return CgroupClass{}, false
}

// cgroupNamespaced sees by files of the mounted hierarchy that its top is not the machine's.
func cgroupNamespaced(f FS) bool {
	const dir = "/sys/fs/cgroup"
	if f.Exists(dir+"/cgroup.events") && f.Exists(dir+"/cgroup.type") {
		return true
	}
	return f.Exists(dir+"/systemd/cgroup.procs") && !f.Exists(dir+"/systemd/release_agent")
}

// containerRoot sees that the first process has its root in the storage of a container engine.
func containerRoot(f FS) bool {
	text, err := f.Read("/proc/1/mountinfo", LargeFile)
	if err != nil {
		return false
	}
	list, err := ParseMountinfo(string(text))
	if err != nil {
		return false
	}
	return EngineRoot(list)
}

// EngineRoot reports whether the root of what is mounted lies in the storage of a container engine.
func EngineRoot(mounts []MountEntry) bool {
	root := false
	for _, m := range mounts {
		if m.Point == "/" { // a later mount hides an earlier one
			root = m.FSType == "overlay" && (strings.Contains(m.Super, "/docker/") ||
				strings.Contains(m.Super, "/containers/storage/") || strings.Contains(m.Super, "containerd") ||
				strings.Contains(m.Super, "/overlay2/"))
		}
	}
	return root
}
