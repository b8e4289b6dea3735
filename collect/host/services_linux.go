package host

import (
	"context"
	"strings"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// services counts what the service manager of the machine keeps running, without what is in containers. A service
// that has done its work and left no process is none.
func (l *look) services(ctx context.Context, p *processes, s *sorted) inventory.Reading[int] {
	systemd := l.fs.Exists("/run/systemd/system") || p.byPID[1] != nil && p.byPID[1].Comm == "systemd"
	why, remedy, hidden := p.hidden(l)
	switch {
	case systemd && !hidden:
		n := 0
		for _, c := range s.units {
			if systemService(c.dir, c.unit) {
				n++
			}
		}
		return inventory.Known(n)
	case systemd:
		return l.groupedServices(ctx, why, remedy)
	}
	if n, ok := l.openrcServices(); ok {
		return inventory.Known(n)
	}
	if hidden {
		return inventory.Unknown[int](why, remedy)
	}
	if n := supervised(p); n > 0 {
		return inventory.Known(n)
	}
	return inventory.Unknown[int]("no service manager is known here", "")
}

// systemService reports whether a control group is that of a service of the machine, and not of a user's.
func systemService(dir, unit string) bool {
	return strings.HasSuffix(unit, ".service") && strings.HasPrefix(dir, "/system.slice/")
}

// groupedServices counts by the control groups of services, which show to everybody whether there are processes.
func (l *look) groupedServices(ctx context.Context, why, remedy string) inventory.Reading[int] {
	h := l.hierarchies()
	mount := h.v2
	if mount == "" || !l.fs.Exists(mount+"/system.slice") {
		mount = h.v1["name=systemd"]
	}
	if mount == "" || l.inside {
		return inventory.Unknown[int](why, remedy)
	}
	left, n := maxGroups, 0
	var walk func(dir string, depth int) bool
	walk = func(dir string, depth int) bool {
		names, err := l.fs.Names(mount + dir)
		if err != nil {
			return false
		}
		for _, name := range names {
			if left--; left < 0 || ctx.Err() != nil {
				return false
			}
			switch child := dir + "/" + name; {
			case strings.HasSuffix(name, ".slice") && depth < maxGroupDepth:
				if !walk(child, depth+1) {
					return false
				}
			case strings.HasSuffix(name, ".service") && l.populated(mount+child):
				if c := linux.ClassifyCgroup(child); c.Kind == linux.CgroupUnit {
					n++
				}
			}
		}
		return true
	}
	if !walk("/system.slice", 0) {
		return inventory.Unknown[int](why, remedy)
	}
	return inventory.Known(n)
}

// openrcServices counts what OpenRC has started and has a daemon of.
func (l *look) openrcServices() (int, bool) {
	started, err := l.fs.Names("/run/openrc/started")
	if err != nil {
		return 0, false
	}
	daemons, err := l.fs.Names("/run/openrc/daemons")
	if err != nil {
		return len(started), true
	}
	is := make(map[string]bool, len(started))
	for _, name := range started {
		is[name] = true
	}
	n := 0
	for _, name := range daemons {
		if is[name] {
			n++
		}
	}
	return n, true
}

// supervised counts the processes that supervisors of runit and s6 watch and that run.
func supervised(p *processes) int {
	running := make(map[int]bool)
	for _, q := range p.list {
		up := q.parent
		if up == nil || up.Comm != "runsv" && up.Comm != "s6-supervise" || up.group != nil && up.group.class.Container() {
			continue
		}
		running[up.PID] = true // its log's process is a child as well
	}
	return len(running)
}
