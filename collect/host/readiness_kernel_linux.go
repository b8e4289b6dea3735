package host

import (
	"fmt"
	"math"

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

// capabilities looks at rights on the kernel. Root has all of them without using them, so only those that were given on
// purpose say anything: to an ordinary user, by the file of the program or by the unit.
func (j *judgement) capabilities() {
	given, source := uint64(0), "status CapEff"
	if j.status.UID > 0 && j.status.HasCap {
		given = j.status.CapEff
	}
	if j.unit != nil && !j.unit.Root() && j.unit.Ambient() != 0 {
		if given == 0 {
			source = "unit AmbientCapabilities"
		}
		given |= j.unit.Ambient()
	}
	for _, k := range tyingCapabilities {
		if given>>k.bit&1 == 1 {
			j.add("capability", k.severity, "runs as an ordinary user with CAP_"+k.name, source)
		}
	}
}

// realTime are the scheduling policies of real-time work, by number and by the name that units use.
var (
	realTimePolicies = map[int]bool{1: true, 2: true, 6: true}
	realTimeNames    = map[string]bool{"fifo": true, "rr": true}
)

// threadsLookedAt is how many threads of a process are asked for their scheduling.
const threadsLookedAt = 64

// scheduling looks at real-time scheduling and at which processors the work may run on.
func (j *judgement) scheduling() {
	for _, q := range j.members {
		if realTimePolicies[q.Policy] {
			j.add("real-time", inventory.Warning, fmt.Sprintf("real-time scheduling (policy %d, priority %d)", q.Policy, q.RTPriority), "stat fields 40, 41")
			break
		}
	}
	if j.unit != nil && realTimeNames[j.unit.Text("Service.CPUSchedulingPolicy")] {
		j.add("real-time", inventory.Warning, "its unit asks for real-time scheduling", "unit CPUSchedulingPolicy")
	}
	// Threads are looked at only where the process may make them real-time ones.
	if limits, err := j.limits(); err == nil && limits.RealTime > 0 && j.worker.Threads > 1 {
		j.threads()
	}
	set, err := linux.ParseCPUSet(j.status.CPUs)
	if err != nil || j.status.CPUs == "" {
		return
	}
	usable, err := j.around.processors()
	switch {
	case linux.Gone(err) && !j.around.hidden: // a recorded tree without them
	case err != nil:
		j.miss("which processors work may run on: "+linux.Reason(err), inventory.Warning, asRoot)
	case set.Intersect(usable) != usable:
		j.add("cpu-pinning", inventory.Warning, "may run on processors "+j.status.CPUs+" only", "status Cpus_allowed_list")
	}
	if j.unit != nil && len(j.unit.List("Service.CPUAffinity")) > 0 {
		j.add("cpu-pinning", inventory.Warning, "its unit binds it to processors", "unit CPUAffinity")
	}
}

func (j *judgement) limits() (linux.PIDLimits, error) {
	text, err := j.l.fs.Read("/proc/"+itoa(j.worker.PID)+"/limits", linux.SmallFile)
	if err != nil {
		return linux.PIDLimits{}, err
	}
	return linux.ParsePIDLimits(string(text))
}

// threads looks for real-time threads beside the main one.
func (j *judgement) threads() {
	dir := "/proc/" + itoa(j.worker.PID) + "/task"
	names, err := j.l.fs.Names(dir)
	if err != nil {
		return // it has ended
	}
	count := 0
	for _, n := range names[:min(len(names), threadsLookedAt)] {
		text, err := j.l.fs.Read(dir+"/"+n+"/stat", linux.SmallFile)
		var s linux.PIDStat
		if err != nil || linux.ParsePIDStat(text, &s) != nil {
			continue
		}
		if realTimePolicies[s.Policy] && s.PID != j.worker.PID {
			count++
		}
	}
	if count > 0 {
		j.add("real-time", inventory.Warning, fmt.Sprintf("threads with real-time scheduling: %d", count), "task/*/stat fields 40, 41")
	}
}

// lockedMuch is the amount of locked memory that is worth a word, in bytes.
const lockedMuch = 64 << 20

// memory looks at memory that is more than pages on demand.
func (j *judgement) memory() {
	if j.status.HugePages > 0 {
		j.add("huge-pages", inventory.Warning, fmt.Sprintf("uses %d MiB of huge pages", j.status.HugePages>>20), "status HugetlbPages")
	}
	if j.status.Locked > lockedMuch {
		j.add("locked-memory", inventory.Info, fmt.Sprintf("locks %d MiB of memory", j.status.Locked>>20), "status VmLck")
		return
	}
	if limits, err := j.limits(); err == nil && limits.Locked == math.MaxInt64 {
		j.add("locked-memory", inventory.Info, "may lock all of the memory", "limits Max locked memory")
	} else if j.unit != nil && j.unit.Limit("Service.LimitMEMLOCK") > lockedMuch {
		j.add("locked-memory", inventory.Info, "its unit lets it lock much memory", "unit LimitMEMLOCK")
	}
}

// modules looks for modules of the kernel that belong to the work. Those that drive the machine's hardware do not.
func (j *judgement) modules() {
	if j.unit != nil {
		for _, key := range []string{"ExecStartPre", "ExecStart", "ExecStartPost"} {
			for _, p := range j.unit.Programs("Service." + key) {
				if linux.LoadsModules(p) {
					j.add("kernel-module", inventory.Blocker, "its unit loads a module into the kernel", "unit "+key)
				}
			}
		}
	}
	if !needsModules[j.c.role.name] {
		return
	}
	list, err := j.around.modules()
	if err != nil {
		j.miss("/proc/modules: "+linux.Reason(err), inventory.Blocker, asRoot)
		return
	}
	for _, m := range list {
		if ownModules[m.Name] == j.c.role.name {
			j.add("kernel-module", inventory.Blocker, "works with the kernel module "+m.Name, "/proc/modules")
		}
	}
}

// needsModules are the roles that may have modules of their own.
var needsModules = func() map[string]bool {
	roles := make(map[string]bool)
	for _, r := range ownModules {
		roles[r] = true
	}
	return roles
}()
