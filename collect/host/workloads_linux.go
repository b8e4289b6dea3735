package host

import (
	"cmp"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
)

// workloads describes the work that runs as processes of the system itself.
func (l *look) workloads(s *sorted) []inventory.Workload {
	h := l.hierarchies()
	shared := sharedDirs(s)
	list := make([]inventory.Workload, 0, len(s.units)+len(s.trees))
	for _, c := range s.units {
		w := l.workload(c)
		w.Usage = l.workloadUsage(c, h, !shared[c.dir])
		w.ID = l.workloadID("unit", c.dir)
		c.entity = w.ID
		w.Unit = inventory.Text(c.unit)
		w.Name = inventory.Text(strings.TrimSuffix(strings.TrimSuffix(c.unit, ".service"), ".scope"))
		list = append(list, w)
	}
	// Where nothing names the work, it is known by its program, and by its turn among those of the same name.
	slices.SortFunc(s.trees, func(a, b *crowd) int {
		return cmp.Or(cmp.Compare(a.main.StartTicks, b.main.StartTicks), a.main.PID-b.main.PID)
	})
	turn := make(map[string]int)
	for _, c := range s.trees {
		w := l.workload(c)
		w.Usage = l.workloadUsage(c, h, false)
		w.Name = cmp.Or(w.Command, "unnamed")
		turn[w.Name]++
		w.ID = l.workloadID("program", w.Name+"\x00"+itoa(turn[w.Name]))
		c.entity = w.ID
		list = append(list, w)
	}
	slices.SortFunc(list, func(a, b inventory.Workload) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID))
	})
	return list
}

// workloadUsage is usage with what goes over the network.
func (l *look) workloadUsage(c *crowd, h hierarchies, own bool) inventory.Usage {
	u := l.usage(c, h, own)
	u.Network, u.Clients = l.carried(c), c.reach.reading()
	return u
}

func (l *look) workloadID(kind, name string) string {
	return "w-" + shortHash(l.id+"\x00"+kind+"\x00"+name)
}

// sharedDirs finds the groups of units whose counters also count other units or containers below them.
func sharedDirs(s *sorted) map[string]bool {
	shared := make(map[string]bool)
	mark := func(c *crowd) {
		for at := c.dir; ; {
			i := strings.LastIndexByte(at, '/')
			if i <= 0 {
				return
			}
			at = at[:i]
			shared[at] = true
		}
	}
	for _, c := range s.units {
		mark(c)
	}
	for _, c := range s.containers {
		mark(c)
	}
	return shared
}

// workload describes a crowd by its main process.
func (l *look) workload(c *crowd) inventory.Workload {
	w := inventory.Workload{Machine: l.id, Processes: len(c.members), Listens: c.reach.listeners(), Seen: l.seen()}
	worker := c.worker()
	w.Command = inventory.Text(worker.Comm)
	if interactive(c) {
		w.Layer, w.Role = infra, "session"
		w.Stateful = inventory.Known(false)
		return w
	}
	// What is recognised by its unit or name as plumbing is not looked into further: that costs reads.
	r, known := c.roleBy(worker.Comm)
	if !known || r.layer != infra {
		r, known = c.roleBy(template(strings.TrimSuffix(c.unit, ".service")))
	}
	if known && r.layer == infra {
		w.Layer, w.Role, w.Function = r.layer, r.name, r.function
		w.Stateful = r.stateful()
		return w
	}
	var command string
	r, command = l.roleByCommand(c, worker)
	if command != "" {
		w.Command = inventory.Text(command)
	}
	w.Layer, w.Role, w.Function = r.layer, r.name, r.function
	if worker.PID == 1 {
		w.Layer, w.Role = infra, "init"
	}
	w.Stateful = r.stateful()
	if w.Layer != infra {
		c.role, c.judged = r, true
	}
	return w
}

// worker is the process that shows best what a crowd does: the main one, or where that is a shell or another
// wrapper, the first that is none.
func (c *crowd) worker() *process {
	if !wrappers[c.main.Comm] {
		return c.main
	}
	var first *process
	for _, q := range c.members {
		if wrappers[q.Comm] {
			continue
		}
		if first == nil || cmp.Or(cmp.Compare(q.StartTicks, first.StartTicks), q.PID-first.PID) < 0 {
			first = q
		}
	}
	if first == nil {
		return c.main
	}
	return first
}

// interactive reports whether a crowd is somebody's session, or a shell that nobody waits for.
func interactive(c *crowd) bool {
	if strings.HasPrefix(c.unit, "session-") || strings.HasPrefix(c.unit, "user@") {
		return true
	}
	return c.unit == "" && (c.main.TTY != 0 || wrappers[c.worker().Comm])
}
