package host

import (
	"fmt"
	"strings"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// Capabilities that tie a program to the kernel of its machine.
var tyingCapabilities = []struct {
	bit      uint
	name     string
	severity inventory.Severity
}{
	{12, "NET_ADMIN", inventory.Warning},
	{13, "NET_RAW", inventory.Warning},
	{16, "SYS_MODULE", inventory.Blocker},
	{17, "SYS_RAWIO", inventory.Blocker},
	{19, "SYS_PTRACE", inventory.Warning},
	{21, "SYS_ADMIN", inventory.Warning},
	{23, "SYS_NICE", inventory.Warning},
	{25, "SYS_TIME", inventory.Info},
	{38, "PERFMON", inventory.Warning},
	{39, "BPF", inventory.Warning},
}

// lockedMuch is the amount of locked memory that is worth a word, in bytes.
const lockedMuch = 64 << 20

// readiness judges, from what every user may read, how hard it would be to run a workload in a container. The
// unit files, open devices and files of the workload are not looked into.
func (l *look) readiness(c *crowd, worker *process, r role) (inventory.Reading[inventory.Readiness], []inventory.Finding) {
	status, err := l.status(worker)
	if err != nil {
		return inventory.Unknown[inventory.Readiness]("insufficient data: /proc/"+itoa(worker.PID)+"/status: "+linux.Reason(err), asRoot), nil
	}
	var found []inventory.Finding
	add := func(id string, severity inventory.Severity, text, source string) {
		found = append(found, inventory.Finding{ID: id, Severity: severity, Text: text, Source: source})
	}
	// Root has every capability without using them, so only those given on purpose say anything.
	if status.UID > 0 && status.HasCap {
		for _, k := range tyingCapabilities {
			if status.CapEff>>k.bit&1 == 1 {
				add("capability", k.severity, "runs as an ordinary user with CAP_"+k.name, "status CapEff")
			}
		}
	}
	if worker.Policy == 1 || worker.Policy == 2 || worker.Policy == 6 {
		add("real-time", inventory.Warning, fmt.Sprintf("real-time scheduling (policy %d, priority %d)", worker.Policy, worker.RTPriority), "stat fields 40, 41")
	}
	if status.HugePages > 0 {
		add("huge-pages", inventory.Warning, fmt.Sprintf("uses %d MiB of huge pages", status.HugePages>>20), "status HugetlbPages")
	}
	if status.Locked > lockedMuch {
		add("locked-memory", inventory.Info, fmt.Sprintf("locks %d MiB of memory", status.Locked>>20), "status VmLck")
	}
	if worker.TTY != 0 {
		add("terminal", inventory.Warning, "has a terminal", "stat field 7")
	}
	if graphical[worker.Comm] {
		add("graphical", inventory.Warning, "shows itself on a screen", "stat field 2")
	}
	if r.licensed {
		add("licence", inventory.Warning, "a licence or support contract may bind it to a machine", "role "+r.name)
	}
	if r.state == alwaysStateful {
		add("stateful", inventory.Info, "keeps data that must outlive the container", "role "+r.name)
	}
	if programs := c.programs(); programs > 3 {
		add("several-programs", inventory.Info, fmt.Sprintf("%d different programs work together", programs), "stat field 2")
	}
	return inventory.Known(verdict(found, r)), found
}

// graphical are the programs that a person looks at.
var graphical = map[string]bool{
	"Xorg": true, "Xwayland": true, "gnome-shell": true, "plasmashell": true, "firefox": true, "chrome": true, "Xvnc": true,
}

// verdict sums findings up: any blocker makes it hard, any warning makes work, and so does moving state.
func verdict(found []inventory.Finding, r role) inventory.Readiness {
	result := inventory.Ready
	for _, f := range found {
		switch f.Severity {
		case inventory.Blocker:
			return inventory.Hard
		case inventory.Warning:
			result = inventory.ReadyWithWork
		}
	}
	if r.state == alwaysStateful {
		result = inventory.ReadyWithWork
	}
	return result
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
