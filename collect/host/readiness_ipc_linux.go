package host

import (
	"fmt"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// A sysvUse is a System V object with the work that uses it, as far as that is seen.
type sysvUse struct {
	linux.SysVObject
	kind   string
	first  *crowd // of the process that made it, or sent to it
	last   *crowd // of the process that used it last
	orphan bool   // one of its processes is not among those that were seen
}

// sysvKinds are the kinds of System V objects by their file in /proc/sysvipc.
var sysvKinds = []struct{ file, what string }{{"shm", "shared memory"}, {"sem", "semaphores"}, {"msg", "a message queue"}}

// sysv lists the System V objects of the machine.
func (a *surroundings) sysv() ([]sysvUse, error) {
	return a.ipc.get(func() ([]sysvUse, error) {
		var list []sysvUse
		for _, k := range sysvKinds {
			text, err := a.l.fs.Read("/proc/sysvipc/"+k.file, linux.LargeFile)
			if linux.Gone(err) {
				continue // a kernel without them
			}
			if err != nil {
				return nil, err
			}
			objects, err := linux.ParseSysV(string(text))
			if err != nil {
				return nil, err
			}
			for _, o := range objects {
				u := sysvUse{SysVObject: o, kind: k.file, first: a.groups[o.First], last: a.groups[o.Last]}
				u.orphan = o.First > 0 && u.first == nil || o.Last > 0 && u.last == nil
				if u.first == nil && u.last == nil && !a.hidden {
					u.first = a.users[o.UID] // where all processes of the user are of one workload
				}
				list = append(list, u)
			}
		}
		return list, nil
	})
}

// tinySegment is a segment that only marks that a program runs: PostgreSQL keeps one of 56 bytes.
const tinySegment = 4 << 10

// sharedMuch is the amount of POSIX shared memory that a container has by default, in bytes.
const sharedMuch = 64 << 20

// sharedMemory looks at memory, semaphores and queues that processes share by key or name.
func (j *judgement) sharedMemory() {
	list, err := j.around.sysv()
	if err != nil {
		j.miss("/proc/sysvipc: "+linux.Reason(err), inventory.Blocker, asRoot)
		return
	}
	var segments, semaphores, queues int
	var bytes int64
	for _, u := range list {
		if j.around.hidden && u.orphan {
			j.miss("processes that share System V memory are hidden", inventory.Blocker, asRoot)
		}
		if u.first != j.c && u.last != j.c {
			continue
		}
		// A segment that nobody else maps is not shared, whoever looked at it last.
		if u.first != nil && u.last != nil && u.first != u.last && (u.kind != "shm" || u.Attached > 1) {
			other := u.first
			if other == j.c {
				other = u.last
			}
			j.add("sysv-ipc-shared", inventory.Blocker, "shares "+u.what()+" with "+other.called(), "/proc/sysvipc/"+u.kind)
			continue
		}
		switch u.kind {
		case "shm":
			if u.Size > tinySegment {
				segments++
				bytes += u.Size
			}
		case "sem":
			semaphores++
		default:
			queues++
		}
	}
	if segments > 0 {
		j.add("sysv-ipc", inventory.Warning, fmt.Sprintf("segments of System V shared memory: %d, of %d MiB in all", segments, bytes>>20), "/proc/sysvipc/shm")
	}
	if semaphores > 0 {
		j.add("sysv-ipc", inventory.Warning, fmt.Sprintf("sets of System V semaphores: %d", semaphores), "/proc/sysvipc/sem")
	}
	if queues > 0 {
		j.add("sysv-ipc", inventory.Warning, fmt.Sprintf("System V message queues: %d", queues), "/proc/sysvipc/msg")
	}
	j.posixMemory()
}

func (u *sysvUse) what() string {
	for _, k := range sysvKinds {
		if k.file == u.kind {
			return "System V " + k.what
		}
	}
	return u.kind
}

// called is a name for a crowd.
func (c *crowd) called() string {
	if c.unit != "" {
		return c.unit
	}
	return c.worker().Comm
}

// posixMemory looks at shared memory and queues by name. They belong to users, so only those of a user whose processes
// are all of this work are told apart.
func (j *judgement) posixMemory() {
	if j.status.UID <= 0 || j.around.users[j.status.UID] != j.c || j.around.hidden {
		return
	}
	found, err := j.around.sharedMemory()
	if err != nil {
		return // it can only inform
	}
	s := found[j.status.UID]
	if s.Memory > sharedMuch {
		j.add("posix-shared-memory", inventory.Info, fmt.Sprintf("its user keeps %d MiB in /dev/shm", s.Memory>>20), "/dev/shm")
	}
	if s.Queues > 0 {
		j.add("posix-shared-memory", inventory.Info, fmt.Sprintf("message queues of its user: %d", s.Queues), "/dev/mqueue")
	}
}
