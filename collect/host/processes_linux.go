package host

import (
	"context"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/infraopt/infraopt/collect/internal/linux"
)

// A process is one process that is no thread of the kernel.
type process struct {
	linux.PIDStat
	group  *cgroup  // nil where it may not be read
	parent *process // nil where it is not seen
	leader *process // memo of topmost

	command []byte // memo of look.commandLine
	opened  memo[opened]
}

// A cgroup is a membership in control groups that processes share.
type cgroup struct {
	groups linux.Cgroups
	path   string
	class  linux.CgroupClass
}

// processes are what one pass over /proc found, by number.
type processes struct {
	list    []*process
	byPID   map[int]*process
	denied  int   // listed, and not readable
	outside int   // in control groups outside the reader's namespace
	cut     bool  // the deadline passed meanwhile
	err     error // /proc could not be listed
}

// processes makes the one pass over /proc: two short files for each process, without keeping their text. It is
// written by hand because libraries open five times as many files.
func (l *look) processes(ctx context.Context) *processes {
	p := &processes{byPID: make(map[int]*process)}
	dir, err := l.fs.Directory("/proc")
	if err != nil {
		p.err = err
		return p
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	if err != nil {
		p.err = err
		return p
	}
	self := ""
	if l.live {
		self = itoa(os.Getpid())
	}
	r := procReader{fs: l.fs, dir: int(dir.Fd()), groups: make(map[string]*cgroup), recording: l.fs.Recording()}
	for i, name := range names {
		if name[0] < '1' || name[0] > '9' || name == self {
			continue
		}
		if i%64 == 0 && ctx.Err() != nil {
			p.cut = true
			break
		}
		q, err := r.process(name)
		switch {
		case err != nil && linux.Gone(err): // it ended meanwhile
		case err != nil:
			p.denied++
		case q == nil:
		default:
			p.list = append(p.list, q)
			p.byPID[q.PID] = q
			if q.group == nil {
				p.denied++
			} else if q.group.class.Kind == linux.CgroupOutside {
				p.outside++
			}
		}
	}
	slices.SortFunc(p.list, func(a, b *process) int { return a.PID - b.PID })
	for _, q := range p.list {
		q.parent = p.byPID[q.PPID]
	}
	return p
}

// hidden reports whether there may be processes that were not seen, and what would show them.
func (p *processes) hidden(l *look) (why, remedy string, hidden bool) {
	const hidepid = "run as root, or as a member of the group that the option gid= of the /proc mount names"
	switch {
	case p.err != nil:
		return "/proc: " + linux.Reason(p.err), asRoot, true
	case p.cut:
		return "the deadline passed while reading them", "raise --timeout", true
	case p.byPID[1] == nil && l.hidepid():
		return "/proc is mounted with hidepid: processes of other users are hidden", hidepid, true
	case p.byPID[1] == nil:
		return "the first process is not seen, so others may be hidden", hidepid, true
	case p.denied > 0:
		return strconv.Itoa(p.denied) + " processes may not be read", asRoot, true
	}
	return "", "", false
}

// hidepid reports whether /proc is mounted so that it hides processes of others.
func (l *look) hidepid() bool {
	for _, m := range l.mounts {
		if m.FSType != "proc" || m.Point != "/proc" {
			continue
		}
		for _, o := range []string{"hidepid=1", "hidepid=2", "hidepid=4", "hidepid=noaccess", "hidepid=invisible", "hidepid=ptraceable"} {
			if linux.HasOption(m.Super, o) || linux.HasOption(m.Options, o) {
				return true
			}
		}
	}
	return false
}

// A procReader reads files of processes by way of an open /proc.
type procReader struct {
	fs     linux.FS
	dir    int
	buf    [16 << 10]byte
	groups map[string]*cgroup // by the text of the file: processes of a group share it

	recording *linux.Recording // nil for none
}

// process reads one process; nil for a thread of the kernel and for one that has ended.
func (r *procReader) process(pid string) (*process, error) {
	text, err := r.read(pid + "/stat")
	if err != nil {
		return nil, err
	}
	q := &process{}
	if err := linux.ParsePIDStat(text, &q.PIDStat); err != nil {
		return nil, err
	}
	if q.KernelThread() || q.Dead() {
		return nil, nil
	}
	text, err = r.read(pid + "/cgroup")
	if err != nil {
		if linux.Gone(err) && !r.exists(pid+"/cgroup") && r.exists(pid+"/stat") {
			q.group = noCgroup // a kernel without control groups
			return q, nil
		}
		if linux.Denied(err) {
			return q, nil
		}
		return nil, err
	}
	g, ok := r.groups[string(text)]
	if !ok {
		g = newCgroup(string(text))
		r.groups[string(text)] = g
	}
	q.group = g
	return q, nil
}

// noCgroup stands for a process in no particular group.
var noCgroup = &cgroup{path: "/", class: linux.CgroupClass{Kind: linux.CgroupRoot}}

// newCgroup is nil where the text is not understood: then nothing is known of the process's group.
func newCgroup(text string) *cgroup {
	groups, err := linux.ParseCgroups(text)
	if err != nil {
		return nil
	}
	g := &cgroup{groups: groups, path: groups.Path()}
	g.class = linux.ClassifyCgroup(g.path)
	return g
}

// read reads a short file into the reader's buffer; one that fills it is an error.
func (r *procReader) read(name string) ([]byte, error) {
	n, err := r.fill(name)
	if r.recording != nil {
		r.recording.File("/proc/"+name, slices.Clone(r.buf[:n]), err)
	}
	return r.buf[:n], err
}

// fill reads a short file to the beginning of the buffer.
func (r *procReader) fill(name string) (int, error) {
	if !r.fs.Live() {
		if err := r.fs.Recorded("/proc/" + name); err != nil {
			return 0, err
		}
	}
	if strings.HasPrefix(name, "1/") || strings.HasPrefix(name, "2/") { // by them it was found out where the program runs
		if text, ok := r.fs.Recall("/proc/" + name); ok && len(text) < len(r.buf) {
			return copy(r.buf[:], text), nil
		}
	}
	fd, err := r.open(name)
	if err != nil {
		return 0, err
	}
	defer syscall.Close(fd)
	n := 0
	for n < len(r.buf) {
		k, err := syscall.Read(fd, r.buf[n:])
		if errors.Is(err, syscall.EINTR) {
			continue
		}
		if err != nil {
			return 0, err
		}
		if k == 0 {
			break
		}
		n += k
		if n < len(r.buf) { // these files are shown by the kernel in one piece
			break
		}
	}
	if n == len(r.buf) {
		return 0, linux.ErrTooLarge
	}
	return n, nil
}

func (r *procReader) open(name string) (int, error) {
	for {
		fd, err := syscall.Openat(r.dir, name, syscall.O_RDONLY|syscall.O_CLOEXEC|syscall.O_NONBLOCK, 0)
		if !errors.Is(err, syscall.EINTR) {
			return fd, err
		}
	}
}

func (r *procReader) exists(name string) bool {
	fd, err := r.open(name)
	if err != nil {
		return false
	}
	syscall.Close(fd)
	return true
}
