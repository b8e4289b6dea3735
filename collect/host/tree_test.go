//go:build linux

package host

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/collect/inventory"
)

// A tree file holds the files of a machine that the source reads. Text before the first heading says what machine it
// is: "A recorded machine." begins one that collect --record has copied, every other was written from the catalogue of
// signals. "-- /path --" begins a file, "-- /path/ --" is an empty directory, "-- /path -> target --" a symbolic link,
// "-- /path as base64 --" begins a file that is no plain text, and below "-- processes --" each line is a process:
//
//	PID PPID COMM key=value… :: argument argument…
//
// with the keys cg (control group of version 2, or whole lines parted by ";"), session, tty, start and cpu (ticks), rss
// (pages), uid, nspid, eff and bnd (capabilities), policy, rt, threads, cpus, locked and huge (kB). Files that every machine has
// are added where a tree that was written leaves them out; a file whose text is "(missing)" is not there.
//
// What is no file of the machine lies in /.infraopt: which names could not be read (denied), how else looking at a
// name failed (failed), what links of processes say (links), when something was changed (stats), and answers of the
// kernel that come over netlink, all as collect/internal/linux/aside.go describes them.
//
// To make a tree file of a machine, record it, and then pack the recording; to look at one as a directory, unpack it:
//
//	infraopt collect host: --record DIR > /dev/null
//	go test ./collect/host -run TestPack -pack NAME=DIR
//	go test ./collect/host -run TestUnpack -unpack NAME=DIR
//
// Packing leaves out processes that are like others. What a recording holds is what the program has read, with command
// lines cut down to what it looks for; still, read it before you publish it: it names machines, programs and users.

// defaults are the files of a machine of no particular kind. The clock stands at 1700100000.
var defaults = map[string]string{
	"/proc/uptime":                    "100000.00 1.00\n",
	"/proc/stat":                      "cpu  360000 0 40000 1000 0 0 0 0 0 0\nbtime 1700000000\n",
	"/proc/meminfo":                   "MemTotal:       8388608 kB\nMemFree:        1048576 kB\nMemAvailable:   4194304 kB\n",
	"/proc/net/unix":                  "Num       RefCount Protocol Flags    Type St Inode Path\n",
	"/proc/sys/kernel/hostname":       "web-1\n",
	"/proc/sys/kernel/osrelease":      "6.1.0-18-amd64\n",
	"/proc/sys/kernel/random/boot_id": "2f728b53-4f6a-4ebe-bbc6-3663b00c1b5c\n",
	"/proc/1/mountinfo":               "27 1 8:1 / / rw - ext4 /dev/sda1 rw\n",
	"/proc/1/net/dev":                 "Inter-|   Receive\n face |bytes\n    lo: 10 0 0 0 0 0 0 0 10 0 0 0 0 0 0 0\n  eth0: 1000 0 0 0 0 0 0 0 2000 0 0 0 0 0 0 0\n",
	"/proc/1/net/tcp":                 socketHeading,
	"/etc/machine-id":                 "3d1219c7c4c5404aaa1f6d2a48adfda4\n",
}

// socketHeading is the first line of a table of sockets.
const socketHeading = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"

// plant writes a tree file of testdata below a new directory and returns that.
func plant(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name+".tree"))
	if err != nil {
		t.Fatal(err)
	}
	return unpack(t, string(text), !strings.HasPrefix(string(text), "A recorded machine."))
}

// unpack writes a tree file below a new directory and returns that. A tree that was written, not recorded, gets the
// default files.
func unpack(t testing.TB, text string, written bool) string {
	t.Helper()
	files := make(map[string]string)
	links := make(map[string]string)
	coded := make(map[string]bool)
	at := ""
	for line := range strings.Lines(text) {
		if head, ok := strings.CutPrefix(line, "-- "); ok {
			head = strings.TrimSuffix(strings.TrimSuffix(head, "\n"), " --")
			at = ""
			if from, to, ok := strings.Cut(head, " -> "); ok {
				links[from] = to
				continue
			}
			at, coded[head] = strings.CutSuffix(head, " as base64")
			if coded[head] {
				coded[at] = true
			}
			files[at] = ""
			continue
		}
		if at != "" {
			files[at] += line
		}
	}
	for name := range files {
		if coded[name] {
			text, err := base64.StdEncoding.DecodeString(files[name])
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			files[name] = string(text)
		}
	}
	for line := range strings.Lines(files["processes"]) {
		if strings.TrimSpace(line) != "" {
			plantProcess(t, files, line)
		}
	}
	delete(files, "processes")
	if written {
		for name, text := range defaults {
			if _, ok := files[name]; !ok {
				files[name] = text
			}
		}
	}
	root := t.TempDir()
	write(t, root, files, links)
	return root
}

// write makes files and symbolic links below a directory. A file whose text is "(missing)" is left out.
func write(t testing.TB, root string, files, links map[string]string) {
	t.Helper()
	for name, text := range files {
		if strings.TrimSpace(text) == "(missing)" {
			continue
		}
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "/") {
			if err := os.MkdirAll(path, 0o755); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, to := range links {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(to, path); err != nil {
			t.Fatal(err)
		}
	}
}

// plantProcess makes the files of one process.
func plantProcess(t testing.TB, files map[string]string, line string) {
	t.Helper()
	head, cmd, _ := strings.Cut(strings.TrimSpace(line), " :: ")
	f := strings.Fields(head)
	if len(f) < 3 {
		t.Fatalf("process %q: want PID PPID COMM", line)
	}
	pid, ppid, comm := f[0], f[1], f[2]
	v := map[string]string{
		"cg": "/", "tty": "0", "start": pid + "00", "cpu": "100", "rss": "1000", "uid": "0", "nspid": pid,
		"session": pid, "eff": "000001ffffffffff", "bnd": "000001ffffffffff", "policy": "0", "rt": "0", "locked": "0", "huge": "0", "flags": "4194560",
		"threads": "1", "cpus": "",
	}
	for _, kv := range f[3:] {
		key, value, ok := strings.Cut(kv, "=")
		if _, known := v[key]; !ok || !known {
			t.Fatalf("process %q: %q is no known key with a value", line, kv)
		}
		v[key] = value
	}
	dir := "/proc/" + pid
	files[dir+"/stat"] = fmt.Sprintf("%s (%s) S %s %s %s %s -1 %s 0 0 0 0 %s 0 0 0 20 0 %s 0 %s 1000000 %s 18446744073709551615 "+
		"1 1 0 0 0 0 0 0 0 0 0 0 17 0 %s %s 0 0 0\n", pid, comm, ppid, pid, v["session"], v["tty"], v["flags"], v["cpu"], v["threads"], v["start"], v["rss"], v["rt"], v["policy"])
	if strings.Contains(v["cg"], ":") && strings.Contains(v["cg"], ";") {
		files[dir+"/cgroup"] = strings.ReplaceAll(v["cg"], ";", "\n")
	} else {
		files[dir+"/cgroup"] = "0::" + v["cg"] + "\n"
	}
	files[dir+"/status"] = fmt.Sprintf("Name:\t%s\nPid:\t%s\nUid:\t%s\t0\t0\t0\nNSpid:\t%s\nVmLck:\t%s kB\nHugetlbPages:\t%s kB\nCapEff:\t%s\nCapBnd:\t%s\n",
		comm, pid, v["uid"], strings.ReplaceAll(v["nspid"], ",", "\t"), v["locked"], v["huge"], v["eff"], v["bnd"])
	if v["cpus"] != "" {
		files[dir+"/status"] += "Cpus_allowed_list:\t" + v["cpus"] + "\n"
	}
	if cmd != "" {
		files[dir+"/cmdline"] = strings.ReplaceAll(cmd, " ", "\x00") + "\x00"
	}
}

// observed reads a planted tree.
func observed(t testing.TB, root string) *inventory.Batch {
	t.Helper()
	s := Source()
	env := collect.Env{Root: root, Getenv: func(string) string { return "" }}
	c, err := s.Open(s.Discover(context.Background(), env)[0], env)
	if err != nil {
		t.Fatal(err)
	}
	b, err := c.Collect(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// generate makes a tree with n processes of a machine with systemd: services, containers, sessions, kernel threads.
func generate(t testing.TB, n int) string {
	t.Helper()
	files := make(map[string]string)
	for name, text := range defaults {
		files[name] = text
	}
	files["/proc/1/mountinfo"] = "27 1 8:1 / / rw - ext4 /dev/sda1 rw\n28 27 0:29 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
	files["/proc/cpuinfo"] = "processor\t: 0\nmodel name\t: Test\nflags\t\t: fpu\n"
	plantProcess(t, files, "1 0 systemd cg=/init.scope")
	for i := range n - 1 {
		pid := strconv.Itoa(i + 100)
		switch i % 10 {
		case 0, 1:
			plantProcess(t, files, pid+" 2 kworker/0:1 flags=69238880")
		case 2, 3, 4:
			id := fmt.Sprintf("%064x", i/30)
			plantProcess(t, files, pid+" 1 app cg=/system.slice/docker-"+id+".scope :: app")
			dir := "/sys/fs/cgroup/system.slice/docker-" + id + ".scope"
			files[dir+"/cpu.stat"] = "usage_usec 5000000\n"
			files[dir+"/memory.current"] = "104857600\n"
			files[dir+"/memory.stat"] = "anon 1\ninactive_file 4857600\n"
			files[dir+"/memory.max"], files[dir+"/cpu.max"] = "max\n", "max 100000\n"
			files["/proc/"+pid+"/net/dev"] = defaults["/proc/1/net/dev"]
		case 5:
			plantProcess(t, files, pid+" 1 bash tty=34816 cg=/user.slice/user-1000.slice/session-1.scope :: -bash")
		default:
			plantProcess(t, files, pid+" 1 worker cg=/system.slice/worker"+strconv.Itoa(i/20)+".service :: worker --queue "+pid)
		}
	}
	root := t.TempDir()
	write(t, root, files, nil)
	return root
}
