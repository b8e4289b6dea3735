package host

import (
	"cmp"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/internal/linux"
)

// A crowd is a number of processes that do one piece of work together: a container, a unit of systemd, or, where
// neither says anything, a process with its descendants.
type crowd struct {
	key     string
	members []*process
	main    *process   // the one that the others stem from
	unit    string     // unit of systemd
	dir     string     // control group of all of it, as the kernel writes it; empty where it has none of its own
	group   *cgroup    // of main
	depth   int        // segments of the path that make dir
	watcher string     // program of a container's monitor
	shim    linux.Shim // what that says of the container
	entity  string     // what it is in the inventory, by ID
	role    role       // of work that is no container
	judged  bool       // how ready it is for one is to be judged
	reach   reach

	isContainer bool
}

// sorted are the processes of a machine, by what they do.
type sorted struct {
	containers []*crowd
	units      []*crowd
	trees      []*crowd // where there is no systemd
	emulators  []*process
	shims      map[int]linux.Shim // what monitors of containers say, by their number
}

// plumbing are the programs that only stand between a runtime and its containers. They are no work of any kind.
// Names are as long as the kernel keeps them, 15 bytes.
var plumbing = map[string]bool{
	"conmon": true, "containerd-shim": true, "docker-containe": true, "docker-proxy": true, "runc": true, "crun": true,
	"youki": true, "runsc": true, "systemd-nspawn": true, "lxc-start": true, "[lxc monitor]": true, "slirp4netns": true,
	"pasta": true, "pasta.avx2": true, "rootlessport": true, "rootlesskit": true, "fuse-overlayfs": true,
	"kata-shim": true, "virtiofsd": true, "swtpm": true, "vhost-net": true,
}

// watchers are the plumbing that is a parent of containers.
var watchers = map[string]bool{
	"conmon": true, "containerd-shim": true, "docker-containe": true, "lxc-start": true, "[lxc monitor]": true,
	"systemd-nspawn": true,
}

// runtimes make containers, and stand above those that they were told to make by hand.
var runtimes = map[string]bool{"runc": true, "crun": true, "youki": true, "runsc": true}

// sandboxes are the programs that only keep the namespaces of a pod.
var sandboxes = map[string]bool{"pause": true, "catatonit": true, "podman pause": true}

// keepers start other programs and have nothing more to do with them, like init: what they start stands alone.
var keepers = map[string]bool{
	"init": true, "systemd": true, "runsvdir": true, "runsv": true, "s6-svscan": true, "s6-supervise": true,
	"supervise-daemo": true, "supervisord": true, "sshd": true, "sshd-session": true, "cron": true, "crond": true,
	"atd": true, "login": true, "tini": true, "dumb-init": true, "openrc-run": true, "procd": true, "monit": true,
	"perpd": true, "perpboot": true, "nosh": true, "sddm": true, "gdm3": true, "lightdm": true, "xinetd": true,
	"inetd": true, "tmux: server": true, "screen": true, "SCREEN": true, "busybox": true,
}

// sort puts each process to the crowd that it works in.
func (l *look) sort(p *processes) *sorted {
	s := &sorted{shims: make(map[int]linux.Shim)}
	containers, units, trees := crowds{}, crowds{}, crowds{}
	quadlets := make(map[string]bool)
	for _, q := range p.list {
		if q.group != nil && q.group.class.Kind == linux.CgroupSplit {
			quadlets[linux.CgroupDir(q.group.path, q.group.class.Depth-1)] = true
		}
	}
	for _, q := range p.list {
		if plumbing[q.Comm] || q.group == nil && q.parent == nil {
			continue
		}
		g := q.group
		if g == nil {
			g = noCgroup
		}
		c := &g.class
		switch {
		case c.Kind == linux.CgroupMonitor, c.Kind == linux.CgroupMount, c.Kind == linux.CgroupPod,
			c.Container() && c.Pod != "" && q.Comm == "pause":
			continue
		case !c.Container() && emulator(q.Comm) && !sandbox(g.path):
			s.emulators = append(s.emulators, q)
		case c.Container():
			containers.add("id "+c.ID, q, g, c.Depth)
		case c.VM():
			continue // helpers of a virtual machine
		default:
			if shim, top, ok := l.watched(s, q); ok {
				key := "id " + shim.ID
				if shim.ID == "" {
					key = "top " + itoa(top.PID)
				}
				containers.add(key, q, g, 0)
				continue
			}
			if c.Kind == linux.CgroupUnit {
				dir := linux.CgroupDir(g.path, c.Depth)
				if quadlets[dir] {
					continue // network helper and monitor beside the container
				}
				units.add(dir, q, g, c.Depth).unit = c.Unit
				continue
			}
			trees.add(origin(topmost(q)), q, g, 0)
		}
	}
	l.confined(containers, units)
	l.confined(containers, trees)
	s.containers, s.units, s.trees = containers.finish(), units.finish(), trees.finish()
	for _, c := range s.containers {
		c.isContainer = true
		if w := c.main.watcher(); w != nil {
			c.watcher, c.shim = w.Comm, l.shim(s, w)
		}
	}
	return s
}

// watched finds the monitor of a container above a process whose control group says nothing, and the topmost
// process below it. Podman leaves processes in the root group where it cannot make groups.
func (l *look) watched(s *sorted, q *process) (linux.Shim, *process, bool) {
	var made *process // by a runtime, with no monitor in between
	for top, up := q, q.parent; up != nil && up.PID > 1; top, up = up, up.parent {
		if runtimes[up.Comm] && made == nil {
			made = top
		}
		if !watchers[up.Comm] {
			continue
		}
		shim := l.shim(s, up)
		// Without a name for the container, its own process namespace has to prove that it is one.
		return shim, top, shim.ID != "" || l.nested(top)
	}
	return linux.Shim{}, made, made != nil && l.nested(made)
}

// confined finds containers that nothing names among the crowds, and moves them: processes with a process namespace of
// their own whose root lies in the storage of an engine. Without that a namespace is but a sandbox, as browsers,
// Flatpak and services of systemd have them.
func (l *look) confined(containers, from crowds) {
	for key, c := range from {
		inside := make(map[int]bool, len(c.members))
		for _, q := range c.members {
			inside[q.PID] = true
		}
		// A service begins with one process. Sessions gather what people have started.
		service := strings.HasSuffix(c.unit, ".service") && !strings.HasPrefix(c.unit, "user@")
		looked := false
		moved := make(map[int]*process) // members, and the container's first process
		for _, q := range c.members {   // parents come before children, nearly always
			first := moved[q.PPID]
			if first == nil && !inside[q.PPID] && q.PID != 1 && (!service || !looked) {
				looked = true
				if l.nested(q) && l.engineRoot(q) {
					first = q
				}
			}
			if first != nil {
				moved[q.PID] = first
			}
		}
		if len(moved) == 0 {
			continue
		}
		c.members = slices.DeleteFunc(c.members, func(q *process) bool {
			first := moved[q.PID]
			if first != nil {
				g := q.group
				if g == nil {
					g = noCgroup
				}
				containers.add("top "+itoa(first.PID), q, g, 0)
			}
			return first != nil
		})
		if len(c.members) == 0 {
			delete(from, key)
		}
	}
}

// engineRoot reports whether a process has its root in the storage of a container engine.
func (l *look) engineRoot(q *process) bool {
	text, err := l.fs.Read("/proc/"+itoa(q.PID)+"/mountinfo", linux.LargeFile)
	if err != nil {
		return false
	}
	list, err := linux.ParseMountinfo(string(text))
	return err == nil && linux.EngineRoot(list)
}

// sandbox reports whether a crowd does nothing but keep the namespaces of others.
func (c *crowd) sandbox() bool {
	for _, q := range c.members {
		if !sandboxes[q.Comm] {
			return false
		}
	}
	return true
}

// origin is by what the work of a topmost process is known: where it has lost its parent, by its session and name, so
// that what one start left behind is one piece of work.
func origin(top *process) string {
	if (top.parent == nil || top.parent.PID <= 1) && top.Session > 1 {
		return "session " + itoa(top.Session) + " " + top.Comm
	}
	return itoa(top.PID)
}

// template is the name of a unit without its instance: postgresql@ of postgresql@15-main.
func template(unit string) string {
	name, _, ok := strings.Cut(unit, "@")
	if !ok {
		return unit
	}
	return name + "@"
}

// shim reads what a monitor's command line says of its container, once.
func (l *look) shim(s *sorted, watcher *process) linux.Shim {
	shim, ok := s.shims[watcher.PID]
	if ok {
		return shim
	}
	if text, err := l.fs.Read("/proc/"+itoa(watcher.PID)+"/cmdline", linux.LargeFile); err == nil {
		shim = linux.ParseShim(text)
	}
	s.shims[watcher.PID] = shim
	return shim
}

// watcher is the monitor of a container above a process; nil where there is none.
func (q *process) watcher() *process {
	for up := q.parent; up != nil && up.PID > 1; up = up.parent {
		if watchers[up.Comm] {
			return up
		}
	}
	return nil
}

func (l *look) nested(q *process) bool {
	status, err := l.status(q)
	return err == nil && status.Nested()
}

func (l *look) status(q *process) (linux.PIDStatus, error) {
	text, err := l.fs.Read("/proc/"+itoa(q.PID)+"/status", linux.SmallFile)
	if err != nil {
		return linux.PIDStatus{}, err
	}
	return linux.ParsePIDStatus(string(text))
}

// topmost is the process that the work of q begins with: its highest ancestor below init and whatever else
// starts programs without being part of them.
func topmost(q *process) *process {
	for at := q; ; at = at.parent {
		if at.leader != nil {
			q.leader = at.leader
			return q.leader
		}
		up := at.parent
		if up == nil || up.PID <= 1 || keepers[up.Comm] || plumbing[up.Comm] ||
			up.group != nil && at.group != nil && up.group.path != at.group.path {
			q.leader = at
			return at
		}
	}
}

// crowds gathers processes by key, in the order of their appearance.
type crowds map[string]*crowd

func (cs crowds) add(key string, q *process, g *cgroup, depth int) *crowd {
	c := cs[key]
	if c == nil {
		c = &crowd{key: key, group: g, depth: depth}
		if depth > 0 {
			c.dir = linux.CgroupDir(g.path, depth)
		}
		cs[key] = c
	}
	c.members = append(c.members, q)
	return c
}

// finish finds the main process of each crowd and sorts them by key.
func (cs crowds) finish() []*crowd {
	list := make([]*crowd, 0, len(cs))
	for _, c := range cs {
		inside := make(map[int]bool, len(c.members))
		for _, q := range c.members {
			inside[q.PID] = true
		}
		for _, q := range c.members {
			if inside[q.PPID] {
				continue
			}
			if m := c.main; m == nil || q.StartTicks < m.StartTicks || q.StartTicks == m.StartTicks && q.PID < m.PID {
				c.main = q
			}
		}
		if c.main == nil { // parents in a circle: the tree changed while it was read
			c.main = c.members[0]
		}
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b *crowd) int { return strings.Compare(a.key, b.key) })
	return list
}

// start is when the oldest member began, in ticks since boot.
func (c *crowd) start() uint64 {
	return slices.MinFunc(c.members, func(a, b *process) int { return cmp.Compare(a.StartTicks, b.StartTicks) }).StartTicks
}

// sandbox reports whether a control group is that of a container with a kernel of its own (Kata), whose virtual
// machine monitor is plumbing.
func sandbox(path string) bool {
	return strings.Contains(path, "kubepods") || strings.Contains(path, "/kata_")
}
