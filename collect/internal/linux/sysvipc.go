package linux

import (
	"fmt"
	"strconv"
	"strings"
)

// A SysVObject is one object of System V inter-process communication: a segment of shared memory, a set of semaphores
// or a queue of messages.
type SysVObject struct {
	ID       int
	UID      int   // of its owner
	Size     int64 // of shared memory, in bytes
	Attached int   // how often shared memory is mapped
	// The processes that made and last used it, or last sent to and received from it. Either may have ended, and the
	// number may have gone to another. Semaphores name none.
	First, Last int
}

// ParseSysV reads /proc/sysvipc/shm, sem or msg. Columns are found by their headings, since kernels add to them.
// https://man7.org/linux/man-pages/man5/proc_sysvipc.5.html
func ParseSysV(text string) ([]SysVObject, error) {
	var list []SysVObject
	columns := make(map[string]int)
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(columns) == 0 {
			for i, name := range f {
				columns[name] = i
			}
			if _, ok := columns["key"]; !ok || len(columns) != len(f) {
				return nil, fmt.Errorf("sysvipc: %w: heading %.60q", ErrFormat, line)
			}
			continue
		}
		if len(f) != len(columns) {
			return nil, fmt.Errorf("sysvipc: %w: line %.60q", ErrFormat, line)
		}
		bad := false
		value := func(names ...string) int64 {
			for _, name := range names {
				if i, ok := columns[name]; ok {
					v, err := strconv.ParseUint(f[i], 10, 63)
					bad = bad || err != nil
					return int64(v)
				}
			}
			return 0
		}
		o := SysVObject{
			ID: int(value("shmid", "semid", "msqid")), UID: int(value("uid")), Size: value("size"), Attached: int(value("nattch")),
			First: int(value("cpid", "lspid")), Last: int(value("lpid", "lrpid")),
		}
		if bad {
			return nil, fmt.Errorf("sysvipc: %w: line %.60q", ErrFormat, line)
		}
		list = append(list, o)
	}
	if len(columns) == 0 {
		return nil, fmt.Errorf("sysvipc: %w: it is empty", ErrFormat)
	}
	return list, nil
}
