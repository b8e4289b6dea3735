package linux

import "strings"

// CgroupKind says whose control group a path is.
type CgroupKind string

// The kinds of control group.
const (
	CgroupRoot      CgroupKind = "root"            // the root, or a group nobody named in a known way
	CgroupOutside   CgroupKind = "outside"         // outside the reader's cgroup namespace: cannot be told
	CgroupMount     CgroupKind = "mount"           // a mount unit, no processes to speak of
	CgroupMonitor   CgroupKind = "runtime-monitor" // plumbing of a container runtime
	CgroupUnit      CgroupKind = "unit"            // a unit of systemd, and no container
	CgroupPod       CgroupKind = "k8s-pod-level"   // a pod, in none of its containers
	CgroupOCI       CgroupKind = "oci"             // a bare container identifier; the parent may name the runtime
	CgroupDocker    CgroupKind = "docker"
	CgroupLibpod    CgroupKind = "libpod"       // Podman
	CgroupSplit     CgroupKind = "libpod-split" // Podman inside the unit that started it (Quadlet)
	CgroupCRI       CgroupKind = "cri"          // Kubernetes with mismatched cgroup drivers
	CgroupContainer CgroupKind = "cri-containerd"
	CgroupCRIO      CgroupKind = "crio"
	CgroupNerdctl   CgroupKind = "nerdctl"
	CgroupLXC       CgroupKind = "lxc"
	CgroupNspawn    CgroupKind = "nspawn"
	CgroupKata      CgroupKind = "kata" // a container or pod with a kernel of its own; the group holds its virtual machine
	CgroupLXCVirt   CgroupKind = "lxc-libvirt"
	CgroupVM        CgroupKind = "vm-libvirt"   // systemd driver
	CgroupVMFS      CgroupKind = "libvirt-qemu" // cgroupfs driver
	CgroupLXCVirtFS CgroupKind = "libvirt-lxc"
	CgroupVMProxmox CgroupKind = "vm-pve"
)

// A CgroupClass is what a control group path says.
type CgroupClass struct {
	Kind   CgroupKind
	ID     string // container identifier or name, domain name; empty for units
	Pod    string // pod UID, with hyphens
	Unit   string // enclosing or enclosed unit of systemd
	Parent string // segment before the container's: names the runtime of a bare identifier
	Nested bool   // inside another container
	Depth  int    // how many segments of the path lead to the group that was named: see CgroupDir
}

// CgroupDir cuts a path, as the kernel wrote it, after depth segments.
func CgroupDir(path string, depth int) string {
	for i := range len(path) {
		if path[i] == '/' && i > 0 {
			if depth--; depth == 0 {
				return path[:i]
			}
		}
	}
	return path
}

// Container reports whether it is a container, of an application or of a whole system.
func (c *CgroupClass) Container() bool {
	switch c.Kind {
	case CgroupOCI, CgroupDocker, CgroupLibpod, CgroupSplit, CgroupCRI, CgroupContainer, CgroupCRIO, CgroupNerdctl, CgroupKata:
		return true
	}
	return c.System()
}

// System reports whether it is a container that runs an init of its own.
func (c *CgroupClass) System() bool {
	switch c.Kind {
	case CgroupLXC, CgroupNspawn, CgroupLXCVirt, CgroupLXCVirtFS:
		return true
	}
	return false
}

// VM reports whether it is the group of a virtual machine.
func (c *CgroupClass) VM() bool {
	return c.Kind == CgroupVM || c.Kind == CgroupVMFS || c.Kind == CgroupVMProxmox
}

// Domain is the name of a virtual machine. Where libvirt makes groups itself, it writes "qemu-1-" before the name.
func (c *CgroupClass) Domain() string {
	if !c.VM() {
		return ""
	}
	if name, ok := domain(c.ID, "qemu-"); ok && c.Kind == CgroupVMFS {
		return name
	}
	return c.ID
}

// Monitored is the container that a group of monitors watches over; empty where its name does not say.
func (c *CgroupClass) Monitored() string {
	if c.Kind != CgroupMonitor {
		return ""
	}
	for _, prefix := range []string{"libpod-conmon-", "crio-conmon-"} {
		if id, ok := strings.CutPrefix(strings.TrimSuffix(c.ID, ".scope"), prefix); ok && lowerHex(id, 64, 64) {
			return id
		}
	}
	return ""
}

// ClassifyCgroup tells whose group a path is, segment by segment from the left; the innermost container wins. It
// never matches across the whole path, which took monitors for containers and outer for inner ones.
func ClassifyCgroup(path string) CgroupClass {
	path = unescapeUnit(path)
	switch {
	case path == "" || path == "/":
		return CgroupClass{Kind: CgroupRoot}
	case strings.HasPrefix(path, "/.."):
		return CgroupClass{Kind: CgroupOutside}
	case strings.HasSuffix(path, ".mount"):
		return CgroupClass{Kind: CgroupMount}
	}
	var c CgroupClass
	var scope, prev, before string // the segments to the left
	var unitDepth, scopeDepth int
	kubernetes := strings.Contains(path, "kubepods")
	first := true
	rest := strings.TrimPrefix(path, "/")
	for depth := 1; rest != ""; depth++ {
		segment, after, _ := strings.Cut(rest, "/")
		if monitor(segment, prev) {
			return CgroupClass{Kind: CgroupMonitor, ID: segment}
		}
		next, _, _ := strings.Cut(after, "/")
		kind, id := container(segment, prev, next, first)
		if kind == "" {
			kind, id = oldDomain(segment, prev, before)
		}
		if kind != "" {
			c.Nested = c.Nested || c.Container()
			c.Kind, c.ID, c.Parent, c.Depth = kind, id, prev, depth
			if id == next && first { // the first segment says what the second is the name of
				c.Depth++
			}
			if kind == CgroupVM || kind == CgroupLXCVirt {
				c.Unit = segment
			}
		}
		if kubernetes {
			if uid := podUID(segment); uid != "" {
				c.Pod = uid
			}
		}
		switch {
		case strings.HasSuffix(segment, ".service"):
			c.Unit, unitDepth = segment, depth
		case strings.HasSuffix(segment, ".scope"):
			scope, scopeDepth = segment, depth
		}
		before, prev, rest, first = prev, segment, after, false
	}
	switch {
	case c.Kind != "":
	case c.Pod != "":
		c.Kind = CgroupPod
	case c.Unit != "" || scope != "":
		c.Kind, c.Depth = CgroupUnit, unitDepth
		if c.Unit == "" {
			c.Unit, c.Depth = scope, scopeDepth
		}
	default:
		c.Kind = CgroupRoot
	}
	return c
}

// monitors begin the names of groups of processes that only watch over a container, or stand beside it.
var monitors = []string{"libpod-conmon-", "crio-conmon-", "lxc.monitor", "kata_overhead"}

// monitor recognises such groups. CRI-O's group for a pod's own plumbing is named like that of a container, without
// ".scope", in the slice of the pod.
func monitor(segment, prev string) bool {
	for _, m := range monitors {
		if strings.HasPrefix(segment, m) {
			return true
		}
	}
	id, ok := strings.CutPrefix(segment, "crio-")
	return ok && strings.HasSuffix(prev, ".slice") && lowerHex(id, 64, 64)
}

// prefixed are the runtimes that write their name before the identifier.
var prefixed = []struct {
	prefix string
	kind   CgroupKind
}{
	{"docker-", CgroupDocker},
	{"cri-containerd-", CgroupContainer},
	{"crio-", CgroupCRIO},
	{"libpod-", CgroupLibpod},
	{"nerdctl-", CgroupNerdctl},
}

// container recognises the segment that names a container or virtual machine, knowing its neighbours.
func container(segment, prev, next string, first bool) (CgroupKind, string) {
	bare := strings.TrimSuffix(segment, ".scope")
	if bare == segment && lowerHex(segment, 64, 64) {
		if prev == "libpod_parent" && next != "" {
			return "", "" // a pod of Podman
		}
		return CgroupOCI, segment
	}
	if id, ok := strings.CutPrefix(bare, "kata_"); ok && lowerHex(id, 12, 64) {
		return CgroupKata, id
	}
	for _, p := range prefixed {
		if id, ok := strings.CutPrefix(bare, p.prefix); ok && lowerHex(id, 64, 64) {
			return p.kind, id
		}
	}
	if id, ok := strings.CutPrefix(segment, "libpod-payload-"); ok && lowerHex(id, 12, 64) {
		return CgroupSplit, id
	}
	if i := strings.LastIndexByte(segment, ':'); i > 0 && lowerHex(segment[i+1:], 64, 64) {
		switch segment[strings.LastIndexByte(segment[:i], ':')+1 : i] {
		case "cri-containerd", "crio", "docker":
			return CgroupCRI, segment[i+1:]
		}
	}
	if name, ok := within(segment, "systemd-nspawn@", ".service"); ok {
		return CgroupNspawn, name
	}
	if name, ok := within(segment, "machine-", ".scope"); ok {
		if id, ok := domain(name, "qemu-"); ok {
			return CgroupVM, id
		}
		if id, ok := domain(name, "lxc-"); ok {
			return CgroupLXCVirt, id
		}
		if next == "payload" { // systemd-nspawn started by hand
			return CgroupNspawn, name
		}
	}
	if name, ok := within(segment, "", ".libvirt-qemu"); ok {
		return CgroupVMFS, name
	}
	if name, ok := within(segment, "", ".libvirt-lxc"); ok {
		return CgroupLXCVirtFS, name
	}
	if prev == "qemu.slice" && bare != segment && bare != "" {
		return CgroupVMProxmox, bare
	}
	if name, ok := within(segment, "lxc.payload.", ""); ok {
		return CgroupLXC, name
	}
	if first && (segment == "lxc" || segment == "lxc.payload") && next != "" {
		return CgroupLXC, next
	}
	return "", ""
}

// oldDomain recognises the groups that libvirt made before version 1.0.5: libvirt/qemu/NAME below its own.
func oldDomain(segment, prev, before string) (CgroupKind, string) {
	if before != "libvirt" {
		return "", ""
	}
	switch prev {
	case "qemu":
		return CgroupVMFS, segment
	case "lxc":
		return CgroupLXCVirtFS, segment
	}
	return "", ""
}

// within gives what stands between a prefix and a suffix; false where that is nothing.
func within(s, prefix, suffix string) (string, bool) {
	rest, ok := strings.CutPrefix(s, prefix)
	if !ok {
		return "", false
	}
	rest, ok = strings.CutSuffix(rest, suffix)
	return rest, ok && rest != ""
}

// domain takes "qemu-" and a number off the name of a libvirt scope.
func domain(name, driver string) (string, bool) {
	rest, ok := strings.CutPrefix(name, driver)
	if !ok {
		return "", false
	}
	num, id, ok := strings.Cut(rest, "-")
	if !ok || num == "" || id == "" || strings.Trim(num, "0123456789") != "" {
		return "", false
	}
	return id, true
}

// podUID finds the UID of a Kubernetes pod in a segment: "pod" at its start or after a hyphen, then the UID with
// hyphens or underscores (or the hash of a static pod), then the end, ".slice" or a colon.
func podUID(segment string) string {
	for at := 0; ; {
		i := strings.Index(segment[at:], "pod")
		if i < 0 {
			return ""
		}
		i += at
		at = i + 3
		if i > 0 && segment[i-1] != '-' {
			continue
		}
		for _, n := range []int{36, 32} {
			if len(segment) < at+n {
				continue
			}
			uid, tail := strings.ReplaceAll(segment[at:at+n], "_", "-"), segment[at+n:]
			tail = strings.TrimPrefix(tail, ".slice")
			if tail != "" && tail[0] != ':' {
				continue
			}
			if n == 36 && uuidShape(uid) || n == 32 && lowerHex(uid, 32, 32) {
				return uid
			}
		}
	}
}

func uuidShape(s string) bool {
	return len(s) == 36 && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-' &&
		isHex(strings.ReplaceAll(s, "-", ""), 32)
}

func lowerHex(s string, least, most int) bool {
	if len(s) < least || len(s) > most {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// unescapeUnit undoes systemd's escaping of printable characters: \x2d is a hyphen.
func unescapeUnit(s string) string {
	if !strings.Contains(s, `\x`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+3 < len(s) && s[i+1] == 'x' && isHex(s[i+2:i+4], 2) {
			c := hexDigit(s[i+2])<<4 | hexDigit(s[i+3])
			if c >= ' ' && c < 0x7f && c != '/' {
				b.WriteByte(c)
				i += 3
				continue
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func hexDigit(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}
