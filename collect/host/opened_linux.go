package host

import (
	"strconv"
	"strings"

	"github.com/infraopt/infraopt/collect/internal/linux"
)

// opened is what the descriptors of a process lead to.
type opened struct {
	sockets []uint64            // by inode
	files   []string            // paths of files and devices, as the process sees them, each once
	numbers map[string][]string // the descriptors of each of files
}

// opened reads the descriptors of a process, once. Others than its owner and root may not.
func (l *look) opened(q *process) (opened, error) {
	return q.opened.get(func() (opened, error) { return l.descriptors(q.PID) })
}

func (l *look) descriptors(pid int) (opened, error) {
	dir := "/proc/" + itoa(pid) + "/fd"
	names, err := l.fs.Names(dir)
	if err != nil {
		return opened{}, err
	}
	o := opened{numbers: make(map[string][]string)}
	for _, n := range names {
		to, err := l.fs.Readlink(dir + "/" + n)
		if err != nil {
			if linux.Denied(err) {
				return opened{}, err
			}
			continue // closed meanwhile
		}
		if inode, ok := strings.CutPrefix(to, "socket:["); ok {
			if v, err := strconv.ParseUint(strings.TrimSuffix(inode, "]"), 10, 64); err == nil {
				o.sockets = append(o.sockets, v)
			}
			continue
		}
		if strings.HasPrefix(to, "/") {
			if o.numbers[to] == nil {
				o.files = append(o.files, to)
			}
			o.numbers[to] = append(o.numbers[to], n)
		}
	}
	return o, nil
}
