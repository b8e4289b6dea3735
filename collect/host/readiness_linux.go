package host

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// A judgement is how hard it would be to run one workload in a container, with the evidence that was found and what
// could not be looked at.
type judgement struct {
	l      *look
	w      *inventory.Workload
	c      *crowd
	worker *process
	status linux.PIDStatus // of worker
	unit   *unit           // nil where it is no unit of systemd
	around *surroundings

	members []*process // that are looked at
	found   []inventory.Finding
	unseen  []unseen
}

// unseen is what this user could not look at, and the gravest finding that it could hold.
type unseen struct {
	what   string
	worst  inventory.Severity
	remedy string
}

// judge fills in the readiness of workloads. It runs when their listeners are known. What only root can see leaves a
// verdict open unless what was seen already decides it, so that reading as root never contradicts.
func (l *look) judge(list []inventory.Workload, s *sorted, p *processes) {
	byID := make(map[string]*crowd)
	for _, c := range slices.Concat(s.units, s.trees) {
		if c.judged {
			byID[c.entity] = c
			l.judged = append(l.judged, c)
		}
	}
	if len(byID) == 0 || l.inside { // inside a container, all of it is the work of that
		return
	}
	around := l.surroundings(list, s, p)
	var open []string
	for i := range list {
		w := &list[i]
		c := byID[w.ID]
		if c == nil {
			continue
		}
		w.Readiness, w.Findings = l.readiness(w, c, around)
		if w.Readiness.Remedy() == asRoot {
			open = append(open, w.Name)
		}
	}
	if len(open) > 0 {
		l.gap(cmp.Or(l.hostname, "this machine"), "readiness of "+enumerated(open)+" to run in containers",
			"what decides it may be read by root only: open files, devices and sockets of other users' processes", asRoot)
	}
}

// readiness judges one workload.
func (l *look) readiness(w *inventory.Workload, c *crowd, around *surroundings) (inventory.Reading[inventory.Readiness], []inventory.Finding) {
	j := &judgement{l: l, w: w, c: c, worker: c.worker(), around: around, members: c.sample()}
	status, err := l.status(j.worker)
	if err != nil {
		return inventory.Unknown[inventory.Readiness]("insufficient data: /proc/"+itoa(j.worker.PID)+"/status: "+linux.Reason(err), asRoot), nil
	}
	j.status = status
	j.unit = j.unitFiles()
	j.capabilities()
	j.scheduling()
	j.memory()
	j.coupling()
	j.jobs()
	j.devices()
	j.dongles()
	j.modules()
	j.screen()
	j.sharedMemory()
	j.listeners()
	j.rawSockets()
	j.addresses()
	j.state()
	j.packaging()
	j.role()
	slices.SortStableFunc(j.found, func(a, b inventory.Finding) int {
		return cmp.Or(weight(b.Severity)-weight(a.Severity), strings.Compare(a.ID, b.ID), strings.Compare(a.Text, b.Text))
	})
	return j.verdict(), j.found
}

// add notes a finding, once.
func (j *judgement) add(id string, severity inventory.Severity, text, source string) {
	f := finding(id, severity, source, text)
	if !slices.Contains(j.found, f) {
		j.found = append(j.found, f)
	}
}

// miss notes what could not be looked at.
func (j *judgement) miss(what string, worst inventory.Severity, remedy string) {
	u := unseen{what, worst, remedy}
	if !slices.Contains(j.unseen, u) {
		j.unseen = append(j.unseen, u)
	}
}

// weight orders severities; 0 is that of nothing.
func weight(s inventory.Severity) int {
	switch s {
	case inventory.Blocker:
		return 3
	case inventory.Warning:
		return 2
	case inventory.Info:
		return 1
	}
	return 0
}

// verdict sums findings up: any blocker makes it hard, any warning makes work, and so does moving state. It is known only
// where nothing that was not seen could make it harder.
func (j *judgement) verdict() inventory.Reading[inventory.Readiness] {
	worst := 0
	for _, f := range j.found {
		worst = max(worst, weight(f.Severity))
	}
	if j.c.role.state == alwaysStateful {
		worst = max(worst, weight(inventory.Warning))
	}
	var open []unseen
	for _, u := range j.unseen {
		if weight(u.worst) > worst {
			open = append(open, u)
		}
	}
	if len(open) > 0 {
		slices.SortStableFunc(open, func(a, b unseen) int {
			return cmp.Or(weight(b.worst)-weight(a.worst), strings.Compare(a.what, b.what))
		})
		return inventory.Unknown[inventory.Readiness]("insufficient data: "+inventory.Text(open[0].what), open[0].remedy)
	}
	switch {
	case worst >= weight(inventory.Blocker):
		return inventory.Known(inventory.Hard)
	case worst >= weight(inventory.Warning):
		return inventory.Known(inventory.ReadyWithWork)
	}
	return inventory.Known(inventory.Ready)
}

// sampled is how many processes of one program are looked at, and how many of a workload: those of one program do the
// same.
const (
	sampledOfProgram = 2
	sampledInAll     = 24
)

// sample chooses the processes of a crowd that stand for all of them: the main one, then the oldest of each program.
func (c *crowd) sample() []*process {
	list := []*process{c.main}
	count := map[string]int{c.main.Comm: 1}
	rest := slices.Clone(c.members)
	slices.SortFunc(rest, func(a, b *process) int {
		return cmp.Or(cmp.Compare(a.StartTicks, b.StartTicks), a.PID-b.PID)
	})
	for _, q := range rest {
		if q == c.main || count[q.Comm] >= sampledOfProgram || len(list) >= sampledInAll {
			continue
		}
		count[q.Comm]++
		list = append(list, q)
	}
	return list
}

// role adds what the kind of work says.
func (j *judgement) role() {
	r := j.c.role
	if j.worker.TTY != 0 {
		j.add("terminal", inventory.Warning, "has a terminal", "stat field 7")
	}
	if r.licensed {
		j.add("licence", inventory.Warning, "a licence or support contract may bind it to a machine", "role "+r.name)
	}
	if r.state == alwaysStateful {
		j.add("stateful", inventory.Info, "keeps data that must outlive the container", "role "+r.name)
	}
	if programs := j.c.programs(); programs > 3 {
		j.add("several-programs", inventory.Info, fmt.Sprintf("%d different programs work together", programs), "stat field 2")
	}
}

// programs counts the different programs of a crowd, shells and other wrappers aside.
func (c *crowd) programs() int {
	names := make(map[string]bool)
	for _, q := range c.members {
		if !wrappers[q.Comm] {
			name, _, _ := strings.Cut(q.Comm, ":")
			names[name] = true
		}
	}
	return len(names)
}
