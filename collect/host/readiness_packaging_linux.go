package host

import (
	"fmt"
	"io"
	"strings"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// packaging looks at what the program is made for.
func (j *judgement) packaging() {
	if vars, err := linux.ReadOSRelease(j.l.fs); err == nil {
		if day, over := ended(vars["ID"], vars["VERSION_ID"], j.l.now); over {
			j.add("end-of-life", inventory.Warning, "the standard support of "+vars["ID"]+" "+vars["VERSION_ID"]+" ended on "+day, "/etc/os-release")
		}
	}
	switch n, err := j.l.preloaded(); {
	case err != nil:
		j.miss("/etc/ld.so.preload: "+linux.Reason(err), inventory.Warning, asRoot)
	case n > 0:
		j.add("preload", inventory.Warning, fmt.Sprintf("libraries that are put before every program: %d", n), "/etc/ld.so.preload")
	}
	bits, err := j.l.bits(j.worker)
	switch {
	case linux.Gone(err):
	case err != nil:
		j.miss("the program file of process "+itoa(j.worker.PID)+": "+linux.Reason(err), inventory.Warning, asRoot)
	case bits == 32:
		j.add("thirty-two-bit", inventory.Warning, "is a 32-bit program", "/proc/PID/exe")
	}
}

// A program is what its file says of it.
type program struct {
	bits int
	err  error
}

// bits gives the width of addresses of the program that a process runs; 0 where its file is no longer there or lies in
// another root. The file is opened by its name, so that a dead file system is given up in time, and once, whoever runs it.
func (l *look) bits(q *process) (int, error) {
	name, err := l.fs.Readlink("/proc/" + itoa(q.PID) + "/exe")
	if err != nil {
		return 0, err
	}
	if strings.HasSuffix(name, " (deleted)") {
		return 0, nil
	}
	x, ok := l.binaries[name]
	if !ok {
		x.bits, x.err = l.bitsOf(name)
		if l.binaries == nil {
			l.binaries = map[string]program{}
		}
		l.binaries[name] = x
	}
	return x.bits, x.err
}

func (l *look) bitsOf(name string) (int, error) {
	const header = 64
	r, err := l.fs.Open(name, linux.LargeFile)
	if err != nil {
		if linux.Denied(err) {
			return 0, err
		}
		return 0, nil
	}
	defer r.Close()
	buf := make([]byte, header)
	n, err := io.ReadFull(r, buf)
	if n == 0 && err != nil {
		return 0, nil // empty, or given up: nothing can be said
	}
	return linux.ELFBits(buf[:n]), nil
}
