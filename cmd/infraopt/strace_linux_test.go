package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/infraopt/infraopt/collect/collecttest"
)

// A syscallCall is one call of the kernel, as strace -f -yy shows it.
type syscallCall struct {
	thread int
	name   string
	args   []string
	result string
}

// parseStrace reads the output of strace -f -o FILE. Calls that others interrupt are put together again.
func parseStrace(r io.Reader) ([]syscallCall, error) {
	var calls []syscallCall
	waiting := make(map[int]string) // by thread
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		number, text, ok := strings.Cut(strings.TrimSpace(lines.Text()), " ")
		thread, err := strconv.Atoi(number)
		if !ok || err != nil {
			return nil, fmt.Errorf("no thread in %q", lines.Text())
		}
		text = strings.TrimSpace(text)
		if strings.HasPrefix(text, "---") || strings.HasPrefix(text, "+++") || strings.HasPrefix(text, "???(") {
			continue // a signal, an end, a thread that ended before it was looked at
		}
		if before, ok := strings.CutSuffix(text, "<unfinished ...>"); ok {
			waiting[thread] = strings.TrimSpace(before)
			continue
		}
		if strings.HasPrefix(text, "<... ") {
			_, after, ok := strings.Cut(text, " resumed>")
			if !ok {
				return nil, fmt.Errorf("no call in %q", lines.Text())
			}
			before, begun := waiting[thread]
			delete(waiting, thread)
			if !begun && strings.HasSuffix(after, "= ?") {
				continue // of a thread that ended before it was looked at
			}
			text = before + strings.TrimSpace(after)
		}
		c, err := parseCall(text)
		if err != nil {
			return nil, err
		}
		c.thread = thread
		calls = append(calls, c)
	}
	for thread, text := range waiting { // what the end of the program has cut off
		c, err := parseCall(strings.TrimSuffix(text, ")") + ") = ?")
		if err != nil {
			return nil, err
		}
		c.thread = thread
		calls = append(calls, c)
	}
	return calls, lines.Err()
}

// parseCall reads NAME(ARG, ARG) = RESULT.
func parseCall(text string) (syscallCall, error) {
	name, rest, ok := strings.Cut(text, "(")
	if !ok || strings.ContainsAny(name, " =\"") {
		return syscallCall{}, fmt.Errorf("no call in %q", text)
	}
	c := syscallCall{name: name}
	depth, quoted, begin := 0, false, 0
	for i := 0; i < len(rest); i++ {
		switch ch := rest[i]; {
		case quoted && ch == '\\':
			i++
		case ch == '"':
			quoted = !quoted
		case quoted:
		case strings.HasPrefix(rest[i:], "<<"): // a shift
			i++
		case ch == '<' && i > 0 && rest[i-1] != ' ': // of a descriptor: <…>, where anything may stand
			if end := strings.IndexByte(rest[i:], '>'); end > 0 {
				i += end
				if strings.HasPrefix(rest[i:], ">]") { // <UNIX:[1->2]>
					i += strings.IndexByte(rest[i+1:], '>') + 1
				}
			}
		case ch == '(' || ch == '[' || ch == '{':
			depth++
		case (ch == ']' || ch == '}') && depth > 0:
			depth--
		case ch == ',' && depth == 0:
			c.args = append(c.args, strings.TrimSpace(rest[begin:i]))
			begin = i + 1
		case ch == ')' && depth > 0:
			depth--
		case ch == ')':
			if arg := strings.TrimSpace(rest[begin:i]); arg != "" {
				c.args = append(c.args, arg)
			}
			_, c.result, _ = strings.Cut(rest[i:], "= ")
			return c, nil
		}
	}
	return c, fmt.Errorf("no end of the call in %.300q", text)
}

func (c syscallCall) String() string {
	return fmt.Sprintf("%s(%.300s) = %s", c.name, strings.Join(c.args, ", "), c.result)
}

func (c syscallCall) arg(i int) string {
	if i < len(c.args) {
		return c.args[i]
	}
	return ""
}

// opened is the true path of the file that a call has opened; empty where it opened none.
func (c syscallCall) opened() string {
	if c.name != "open" && c.name != "openat" && c.name != "openat2" {
		return ""
	}
	_, path, ok := strings.Cut(c.result, "<")
	if !ok {
		return ""
	}
	path = strings.TrimSuffix(strings.TrimSpace(path), ">")
	path, _, _ = strings.Cut(path, "<") // a device has its number behind
	return path
}

// harmless are the calls that change nothing but the process that makes them.
var harmless = map[string]bool{}

func init() {
	for name := range strings.FieldsSeq(`access faccessat faccessat2 stat lstat fstat newfstatat statx statfs fstatfs readlink readlinkat getcwd
		getdents64 getdents read pread64 readv close lseek dup fcntl
		getpid gettid getppid getuid geteuid getgid getegid getgroups getresuid getresgid uname sysinfo getrusage getrlimit times
		sched_getaffinity sched_yield clock_gettime gettimeofday time nanosleep clock_nanosleep getrandom
		arch_prctl brk mprotect munmap madvise mincore mremap membarrier rseq set_tid_address set_robust_list
		rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack futex restart_syscall exit exit_group
		timer_create timer_settime timer_delete setitimer pipe2 eventfd2
		epoll_create1 epoll_ctl epoll_wait epoll_pwait poll ppoll select pselect6
		getsockname getpeername getsockopt setsockopt recvfrom recvmsg recvmmsg shutdown`) {
		harmless[name] = true
	}
}

// writing are the flags of open that are for changing files.
var writing = regexp.MustCompile(`O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND|O_TMPFILE|O_EXCL`)

// change says what a call may have changed outside of the process that it was made by; empty for nothing. Of local
// sockets the program may connect to those that it asks.
func (c syscallCall) change(process int, first, sockets bool) string {
	local := func(text string) bool {
		return strings.Contains(text, "NETLINK") || sockets && (strings.Contains(text, "UNIX") || strings.Contains(text, "AF_UNIX"))
	}
	ok := false
	switch c.name {
	case "open":
		ok = !writing.MatchString(c.arg(1))
	case "openat":
		ok = !writing.MatchString(c.arg(2))
	case "openat2":
		ok = !writing.MatchString(c.arg(2))
	case "execve":
		ok = first
	case "clone", "clone3":
		ok = strings.Contains(strings.Join(c.args, ","), "CLONE_THREAD")
	case "write", "writev":
		fd, what, _ := strings.Cut(c.arg(0), "<")
		ok = fd == "1" || fd == "2" || strings.HasPrefix(what, "anon_inode:[eventfd") || strings.HasPrefix(what, "pipe:") || local(what)
	case "ioctl": // whether there is a terminal, and how wide it is
		fd, _, _ := strings.Cut(c.arg(0), "<")
		ok = (c.arg(1) == "TCGETS" || c.arg(1) == "TCGETS2" || c.arg(1) == "TIOCGWINSZ") && len(fd) == 1 && fd <= "2"
	case "tgkill": // the scheduler of Go
		ok = c.arg(0) == strconv.Itoa(process) || strings.HasPrefix(c.arg(0), strconv.Itoa(process)+"<")
	case "prctl": // names for memory
		ok = c.arg(0) == "PR_SET_VMA" || strings.HasPrefix(c.arg(0), "PR_GET_") || strings.HasPrefix(c.arg(0), "PR_CAPBSET_READ")
	case "prlimit64": // how many files it may open itself
		ok = c.arg(0) == "0" || c.arg(2) == "NULL"
	case "mmap":
		ok = strings.Contains(c.arg(3), "MAP_PRIVATE") || !strings.Contains(c.arg(2), "PROT_WRITE")
	case "socket", "socketpair":
		ok = c.arg(0) == "AF_NETLINK" || sockets && c.arg(0) == "AF_UNIX"
	case "bind":
		ok = strings.Contains(c.arg(1), "AF_NETLINK")
	case "connect", "sendto", "sendmsg", "sendmmsg":
		ok = local(c.arg(0)) || local(c.arg(1)) || local(c.arg(4))
	default:
		ok = harmless[c.name]
	}
	if ok {
		return ""
	}
	return c.String()
}

func TestParseStrace(t *testing.T) {
	calls, err := parseStrace(strings.NewReader(`100 execve("/bin/x", ["x", "a, \"b)"], 0x7ff /* 3 vars */) = 0
100 openat(AT_FDCWD</root>, "/etc/a, b", O_RDONLY|O_CLOEXEC) = 3</etc/a, b>
101 openat(3</proc>, "1/stat", O_RDONLY <unfinished ...>
100 write(1<pipe:[12]>, "x\n)\"", 4) = 4
101 <... openat resumed>) = 4</proc/1/stat>
100 open("/x", O_WRONLY|O_CREAT|O_TRUNC, 0644) = -1 EACCES (Permission denied)
100 sendto(5<NETLINK:[SOCK_DIAG:77]>, [{nlmsg_len=76}, {a, b}], 76, 0, {sa_family=AF_NETLINK, nl_pid=0}, 12) = 76
100 connect(6<UNIX:[1->2]>, {sa_family=AF_UNIX, sun_path="/run/x"}, 110) = 0
100 socket(AF_INET, SOCK_DGRAM, IPPROTO_IP) = 7
100 tgkill(100, 101, SIGURG) = 0
101 tgkill(102, 102, SIGKILL) = 0
100 --- SIGURG {si_signo=SIGURG} ---
100 recvfrom(5<NETLINK:[ROUTE:1]>, [{optmask=1<<A|1<<B}, if_nametoindex("x")], 8, 0, NULL, NULL) = 8
100 unlink("/x") = -1 ENOENT (No such file or directory)
100 clone3({flags=CLONE_VM|CLONE_THREAD, stack=0x1}, 88) = 103
100 clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD) = 104
100 ioctl(1<pipe:[12]>, TCGETS, 0x7ff) = -1 ENOTTY (Inappropriate ioctl for device)
100 ioctl(5</dev/sda>, BLKRRPART) = -1 EPERM (Operation not permitted)
100 execve("/bin/sh", ["sh"], 0x1 /* 0 vars */) = 0
101 futex(0x1, FUTEX_WAIT_PRIVATE, 0, NULL <unfinished ...>
100 ???()                             = ?
102 ???( <unfinished ...>
102 <... ??? resumed>)                = ?
100 +++ exited with 0 +++
`))
	if err != nil {
		t.Fatal(err)
	}
	if a := calls[1]; a.opened() != "/etc/a, b" || a.arg(2) != "O_RDONLY|O_CLOEXEC" {
		t.Errorf("got %v", a)
	}
	if a := calls[3]; a.opened() != "/proc/1/stat" || a.thread != 101 {
		t.Errorf("got %v", a)
	}
	var changes []string
	for i, c := range calls {
		if s := c.change(100, i == 0, false); s != "" {
			changes = append(changes, c.name)
		}
	}
	if got := strings.Join(changes, " "); got != "open connect socket tgkill unlink clone ioctl execve" {
		t.Errorf("changes: %s", got)
	}
	for _, text := range []string{"x\n", "100 x\n", "100 <... open\n", "100 open(\"a\n", "100 \n"} {
		if _, err := parseStrace(strings.NewReader(text)); err == nil {
			t.Errorf("%q is understood", text)
		}
	}
}

// program makes the program as a file that everybody may run: this test's own, which goes by its name.
func ownProgram(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for at := dir; at != os.TempDir() && len(at) > 1; at = filepath.Dir(at) {
		if err := os.Chmod(at, 0o755); err != nil {
			break
		}
	}
	text, err := os.ReadFile("/proc/self/exe")
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "infraopt"), text, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "infraopt")
}

// users are root, where the test is run by root, and somebody without rights.
func users() map[string]*syscall.SysProcAttr {
	if os.Geteuid() != 0 {
		return map[string]*syscall.SysProcAttr{"nobody": nil}
	}
	return map[string]*syscall.SysProcAttr{
		"root": nil, "nobody": {Credential: &syscall.Credential{Uid: collecttest.Nobody, Gid: collecttest.Nobody}},
	}
}

// traced runs the program and returns every call that it made of the kernel.
func traced(t *testing.T, program string, as *syscall.SysProcAttr, args ...string) []syscallCall {
	t.Helper()
	log := filepath.Join(t.TempDir(), "log")
	file, err := os.Create(log)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if as != nil {
		if err := file.Chown(int(as.Credential.Uid), int(as.Credential.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	var out, talk bytes.Buffer
	// By its descriptor, the log needs no way through folders that are closed to others.
	cmd := exec.CommandContext(t.Context(), "strace", append([]string{"-f", "-yy", "-s", "4096", "-o", "/dev/fd/3", program}, args...)...)
	cmd.Stdout, cmd.Stderr, cmd.SysProcAttr, cmd.Dir = &out, &talk, as, "/"
	cmd.ExtraFiles = []*os.File{file}
	cmd.Env = append(os.Environ(), "HOME=/nonexistent")
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, talk.String())
	}
	if out.Len() == 0 {
		t.Fatalf("infraopt %q wrote nothing", args)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	calls, err := parseStrace(file)
	if err != nil {
		t.Fatal(err)
	}
	if len(calls) < 100 || calls[0].name != "execve" {
		t.Fatalf("strace shows %d calls, the first of them %v", len(calls), calls)
	}
	return calls
}

// needStrace skips the test, or fails it, where strace cannot be used.
func needStrace(t *testing.T) {
	t.Helper()
	collecttest.Try(t, "strace", "strace", "-o", "/dev/null", "true")
	if !strings.Contains(collecttest.Try(t, "strace", "strace", "--help"), "-yy") {
		collecttest.Need(t, "strace", errors.New("it is too old: it has no -yy"))
	}
}

// never are files that are not read, whoever runs the program: they hold secrets of others.
var never = regexp.MustCompile(`/environ$|^/proc/\d+/(mem|auxv|syscall|stack)$|/user-data|/vendor-data|/sys/class/iscsi_session/.*/(username|password)(_in)?$|` +
	`/etc/(shadow|gshadow|iscsi/iscsid\.conf|ssh/ssh_host_.*_key)$|\.keyring$|/private/|/id_(rsa|ed25519|ecdsa)$|\.kube/config$|\.docker/config\.json$|kubeconfig|\.tfstate$`)

// twice are the files that may be opened again, and why.
var twice = map[string]string{
	"/proc/self/cgroup":    "the Go runtime reads it to find its own limits",
	"/proc/self/mountinfo": "the Go runtime reads it to find its own limits",
	"/sys/kernel/mm/transparent_hugepage/hpage_pmd_size": "the Go runtime",
	"/dev/null": "no file",
}

// TestChangesNothing runs the program under strace, as root and as a user without rights: it changes nothing, starts
// nothing, talks to nobody but the kernel and what serves this machine alone, leaves secrets alone, and reads no file twice.
func TestChangesNothing(t *testing.T) {
	needStrace(t)
	program := ownProgram(t)
	for user, as := range users() {
		for _, run := range []struct {
			args    []string
			sockets bool // of local services
			once    bool
		}{
			{[]string{"collect", "host:"}, true, true},
			{[]string{"assess", "host:"}, true, true},
			{[]string{"doctor"}, true, false},
			{[]string{"assess"}, true, false},
		} {
			t.Run(user+" "+strings.Join(run.args, " "), func(t *testing.T) {
				calls := traced(t, program, as, run.args...)
				process := calls[0].thread
				opened := make(map[string]int)
				for i, c := range calls {
					if s := c.change(process, i == 0, run.sockets); s != "" {
						t.Errorf("it may have changed something: %s", s)
					}
					// The host source asks one service: which bridges a switch has, the kernel does not show.
					if peer := c.arg(1); run.once && c.name == "connect" && strings.Contains(peer, "AF_UNIX") && !strings.Contains(peer, "/openvswitch/db.sock") {
						t.Errorf("it asked a service: %s", c)
					}
					path := c.opened()
					own := raceEnabled && path == "/proc/"+strconv.Itoa(process)+"/environ" // the race detector reads its options
					if never.MatchString(path) && !own {
						t.Errorf("it opened %s", path)
					}
					if rest, ok := strings.CutPrefix(path, "/proc/"+strconv.Itoa(process)+"/"); ok {
						path = "/proc/self/" + rest
					}
					if path != "" {
						opened[path]++
					}
				}
				if !run.once {
					return
				}
				for _, path := range slices.Sorted(maps.Keys(opened)) {
					limit := 1
					if twice[path] != "" {
						limit = 2
					}
					if opened[path] > limit {
						t.Errorf("it opened %s %d times", path, opened[path])
					}
				}
				t.Logf("%d calls, %d files", len(calls), len(opened))
			})
		}
	}
}
