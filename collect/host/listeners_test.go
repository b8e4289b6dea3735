//go:build linux

package host

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// socketLines is a table of sockets as /proc shows it: "ADDRESS:PORT STATE INODE" or "ADDRESS:PORT REMOTE INODE" for
// each, addresses in the kernel's form.
func socketLines(rows ...string) string {
	text := socketHeading
	for i, row := range rows {
		f := strings.Fields(row)
		remote, state := "00000000:0000", f[1]
		if strings.Contains(f[1], ":") {
			remote, state = f[1], "01"
		}
		text += fmt.Sprintf("%4d: %s %s %s 00000000:00000000 00:00000000 00000000     0        0 %s 1 0000000000000000\n", i, f[0], remote, state, f[2])
	}
	return text
}

const trieOf = "Local:\n     |-- %s\n        /32 host LOCAL\n"

// reached is where a workload or container waits, and how many are connected to it.
func reached(listens []inventory.Listener, u inventory.Usage) string {
	var list []string
	for _, v := range listens {
		list = append(list, fmt.Sprintf("%s %s:%d", v.Protocol, v.Address, v.Port))
	}
	return strings.Join(append(list, u.Clients.String()+" clients"), ", ")
}

// reachable reads a machine of processes and files, and says how each workload and container is reached.
func reachable(t *testing.T, processes string, more map[string]string) (map[string]string, *inventory.Batch) {
	t.Helper()
	files, links := maps.Clone(defaults), make(map[string]string)
	files["/proc/1/mountinfo"] = "27 1 8:1 / / rw - ext4 /dev/sda1 rw\n28 27 0:29 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
	for line := range strings.Lines(processes) {
		if strings.TrimSpace(line) != "" {
			plantProcess(t, files, line)
		}
	}
	for name, text := range more {
		if to, ok := strings.CutPrefix(text, "-> "); ok {
			links[name] = to
			continue
		}
		files[name] = text
	}
	root := t.TempDir()
	write(t, root, files, links)
	b := observed(t, root)
	got := make(map[string]string)
	for _, w := range b.Workloads {
		got[w.Name] = reached(w.Listens, w.Usage)
	}
	for _, c := range b.Containers {
		got[strings.TrimRight(c.ID, "0123456789")] = reached(c.Listens, c.Usage)
	}
	return got, b
}

func want(t *testing.T, got map[string]string, pairs ...string) {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if got[pairs[i]] != pairs[i+1] {
			t.Errorf("%s:\n got %q\nwant %q", pairs[i], got[pairs[i]], pairs[i+1])
		}
	}
}

func portGaps(b *inventory.Batch) string {
	var list []string
	for _, g := range b.Gaps {
		if strings.HasPrefix(g.What, "which workload listens") {
			list = append(list, g.What+": "+g.Why+": "+g.Remedy)
		}
	}
	return strings.Join(list, "\n")
}

// Where the kernel tells the control group of a socket, nothing else is needed.
func TestListenersByControlGroup(t *testing.T) {
	id := "d0c" + strings.Repeat("0", 61)
	pod := "b0d" + strings.Repeat("0", 61)
	got, b := reachable(t, `
1 0 systemd cg=/init.scope
50 1 sshd cg=/system.slice/ssh.service
60 1 nginx cg=/system.slice/nginx.service
61 60 nginx cg=/system.slice/nginx.service/workers
70 1 cupsd cg=/system.slice/cups.service
80 1 dockerd cg=/system.slice/docker.service
81 80 docker-proxy cg=/system.slice/docker.service :: /usr/bin/docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 8080 -container-ip 172.17.0.2 -container-port 80
82 80 docker-proxy cg=/system.slice/docker.service :: /usr/bin/docker-proxy -proto tcp -host-ip 0.0.0.0 -host-port 8081 -container-ip 172.17.0.9 -container-port 80
90 1 containerd-shim cg=/system.slice/containerd.service
91 90 web cg=/system.slice/docker-`+id+`.scope nspid=91,1
95 1 postgres cg=/system.slice/postgresql.service
96 1 qemu-system-x86 cg=/machine.slice/machine-qemu\x2d1\x2dvm1.scope
97 90 proxy cg=/system.slice/docker-`+pod+`.scope nspid=97,1
`, map[string]string{
		"/.infraopt/sockets": `{"listeners":[
			{"protocol":"tcp","local":"0.0.0.0:22","inode":1,"cgroup":50},{"protocol":"tcp","local":"[::]:22","inode":2,"cgroup":50},
			{"protocol":"tcp","local":"0.0.0.0:80","inode":3,"cgroup":60},{"protocol":"tcp","local":"127.0.0.1:9000","inode":4,"cgroup":61},
			{"protocol":"tcp","local":"127.0.0.1:631","inode":5,"cgroup":70},{"protocol":"tcp","local":"0.0.0.0:111","inode":6,"cgroup":71},
			{"protocol":"tcp","local":"0.0.0.0:8080","inode":7,"cgroup":80},{"protocol":"tcp","local":"0.0.0.0:8081","inode":8,"cgroup":80},
			{"protocol":"udp","local":"192.0.2.5:123","inode":9,"cgroup":50},{"protocol":"tcp","local":"192.0.2.5:5432","inode":10,"cgroup":95},
			{"protocol":"tcp","local":"127.0.0.1:5900","inode":11,"cgroup":96},{"protocol":"tcp","local":"0.0.0.0:7000","inode":12,"cgroup":97}],
			"clients":[{"local":"192.0.2.5:22","count":2},{"local":"192.0.2.5:80","count":5},{"local":"192.0.2.5:8080","count":3},{"local":"192.0.2.5:8081","count":9}],
			"groups":{"/system.slice/ssh.service":50,"/system.slice/nginx.service":60,"/system.slice/nginx.service/workers":61,"/system.slice/cups.socket":70,
			"/system.slice/rpcbind.socket":71,"/system.slice/docker.service":80,"/system.slice/postgresql.service":95,
			"/machine.slice/machine-qemu\\x2d1\\x2dvm1.scope":96,"/system.slice/docker-` + pod + `.scope":97}}`,
		"/proc/1/net/dev":       "Inter-|   Receive\n face |bytes\n  eth0: 1000 0 0 0 0 0 0 0 2000 0 0 0 0 0 0 0\n",
		"/proc/91/net/dev":      "Inter-|   Receive\n face |bytes\n  eth0: 10 0 0 0 0 0 0 0 20 0 0 0 0 0 0 0\n",
		"/proc/97/net/dev":      "Inter-|   Receive\n face |bytes\n  eth0: 1000 0 0 0 0 0 0 0 2000 0 0 0 0 0 0 0\n",
		"/proc/91/net/fib_trie": fmt.Sprintf(trieOf, "172.17.0.2"),
		"/proc/91/net/tcp": socketLines("00000000:0050 0A 100", "0100007F:0051 0A 101",
			"020011AC:0050 090200C0:CB01 0", "020011AC:0050 050200C0:CB02 0", "020011AC:CB03 090200C0:0050 0"), // a client, the machine itself, a connection outwards
		"/proc/1/net/fib_trie": fmt.Sprintf(trieOf, "192.0.2.5"),
	})
	want(t, got,
		"ssh", "tcp *:22, udp 192.0.2.5:123, 2 clients",
		"nginx", "tcp *:80, tcp loopback:9000, 5 clients",
		"cups", "tcp loopback:631, 0 clients", // by its socket unit
		"init", "0 clients",
		"docker", "0 clients", // it waits for its containers only
		"postgresql", "tcp 192.0.2.5:5432, 0 clients",
		"d0c", "tcp *:80, tcp loopback:81, tcp *:8080, 4 clients", // one directly, three by docker-proxy
		"b0d", "tcp *:7000, 0 clients", // in the machine's own network
	)
	if s := portGaps(b); s != "" {
		t.Errorf("gaps: %s", s)
	}
}

// Where it does not, descriptors do, as far as they may be read.
func TestListenersByDescriptors(t *testing.T) {
	processes := `
1 0 systemd cg=1:name=systemd:/init.scope;
50 1 sshd cg=1:name=systemd:/system.slice/ssh.service;
60 1 nginx cg=1:name=systemd:/system.slice/nginx.service;
70 1 app cg=1:name=systemd:/system.slice/app.service;
`
	files := map[string]string{
		"/proc/1/net/tcp":  socketLines("00000000:0016 0A 1", "00000000:0050 0A 2", "00000000:006F 0A 3", "00000000:0801 0A 4", "050200C0:0050 090200C0:CB01 7"),
		"/proc/1/net/tcp6": socketLines("00000000000000000000000000000000:0016 0A 5"),
		"/proc/1/net/udp":  socketLines("00000000:0044 07 6"),
		"/proc/1/fd/3":     "-> socket:[3]", "/proc/50/fd/3": "-> socket:[1]", "/proc/50/fd/4": "-> socket:[5]",
		"/proc/60/fd/3": "-> socket:[2]", "/proc/60/fd/4": "-> /var/log/nginx.log", "/proc/70/fd/4": "-> socket:[6]",
	}
	got, b := reachable(t, processes, files)
	want(t, got, "ssh", "tcp *:22, 0 clients", "nginx", "tcp *:80, 1 clients", "app", "udp *:68, 0 clients", "init", "0 clients")
	if s := portGaps(b); s != "" {
		t.Errorf("the first process holds port 111 and the kernel 2049, which are nobody's: %s", s)
	}
	files["/.infraopt/denied"] = "/proc/70/fd\n/proc/1/fd\n"
	got, b = reachable(t, processes, files)
	const unsure = "unknown: which workload listens on port udp 68, tcp 111, tcp 2049 is not known clients"
	want(t, got, "ssh", "tcp *:22, "+unsure, "nginx", "tcp *:80, "+unsure, "app", unsure)
	if s := portGaps(b); s != "which workload listens on port udp 68, tcp 111, tcp 2049: permission denied: run as root" {
		t.Errorf("gaps: %s", s)
	}
	delete(files, "/proc/1/net/tcp")
	files["/.infraopt/denied"] = "/proc/1/net/tcp\n"
	got, b = reachable(t, processes, files)
	want(t, got, "ssh", "unknown: sockets: permission denied clients")
	if s := portGaps(b); s != "which workload listens on which port: permission denied: run as root" {
		t.Errorf("gaps: %s", s)
	}
}

// Only what is in a group with others needs descriptors, and only those who are in that group stay uncertain.
func TestListenersInCommonGroup(t *testing.T) {
	processes := `
1 0 init cg=/
50 1 alpha cg=/
60 1 beta cg=/
70 1 gamma cg=/system.slice/gamma.service
`
	files := map[string]string{
		"/.infraopt/sockets": `{"listeners":[{"protocol":"tcp","local":"0.0.0.0:1000","inode":1,"cgroup":1},{"protocol":"tcp","local":"0.0.0.0:2000","inode":2,"cgroup":70}],
			"clients":[{"local":"192.0.2.5:1000","count":4}],"groups":{"/":1,"/system.slice/gamma.service":70}}`,
		"/proc/60/fd/3": "-> socket:[1]",
	}
	got, _ := reachable(t, processes, files)
	want(t, got, "alpha", "0 clients", "beta", "tcp *:1000, 4 clients", "gamma", "tcp *:2000, 0 clients")
	files["/.infraopt/denied"] = "/proc/50/fd\n/proc/60/fd\n"
	got, b := reachable(t, processes, files)
	const unsure = "unknown: which workload listens on port tcp 1000 is not known clients"
	want(t, got, "alpha", unsure, "beta", unsure, "gamma", "tcp *:2000, 0 clients")
	if s := portGaps(b); s == "" {
		t.Error("no gap")
	}
}

// Other network namespaces are read by one of their processes; containers of a pod share theirs.
func TestListenersOfPods(t *testing.T) {
	slice := "/kubepods.slice/kubepods-pod01042b28_179d_446a_954a_7266557e12cd.slice/cri-containerd-"
	a, b := "aaa"+strings.Repeat("0", 61), "bbb"+strings.Repeat("0", 61)
	processes := "1 0 systemd cg=/init.scope\n49 1 pause nspid=49,1 cg=" + slice + "ccc" + strings.Repeat("0", 61) + ".scope\n50 1 api nspid=50,1 cg=" + slice + a + ".scope\n"
	files := map[string]string{
		"/.infraopt/networks": `{"reader":true,"other":{"49":7,"50":7,"60":7}}`,
		"/.infraopt/sockets":  `{}`,
		"/proc/50/net/tcp":    socketLines("00000000:0050 0A 1", "00000000:0051 0A 2", "020011AC:0050 090200C0:CB01 0"),
		"/proc/50/net/dev":    defaults["/proc/1/net/dev"],
		"/proc/50/fd/3":       "-> socket:[1]", "/proc/60/fd/3": "-> socket:[2]",
	}
	got, batch := reachable(t, processes, files)
	want(t, got, "aaa", "tcp *:80, tcp *:81, 1 clients") // nobody else is in there
	if len(batch.Containers) != 1 || batch.Containers[0].Usage.Network.Or(0) != 3000 || batch.Containers[0].Privileged.State() != inventory.StateKnown {
		t.Errorf("got %+v", batch.Containers)
	}
	processes += "60 1 sidecar nspid=60,1 cg=" + slice + b + ".scope\n"
	got, batch = reachable(t, processes, files)
	want(t, got, "aaa", "tcp *:80, 1 clients", "bbb", "tcp *:81, 0 clients")
	if len(batch.Containers) != 2 || batch.Containers[0].Usage.Network.Why() != "the containers of a pod share its network" {
		t.Errorf("got %+v", batch.Containers)
	}
	files["/.infraopt/denied"] = "/proc/50/fd\n/proc/60/fd\n"
	got, batch = reachable(t, processes, files)
	const unsure = "unknown: which workload listens on port tcp 80, tcp 81 is not known clients"
	want(t, got, "aaa", unsure, "bbb", unsure)
	if s := portGaps(batch); !strings.Contains(s, "tcp 80, tcp 81") {
		t.Errorf("gaps: %q", s)
	}
}

// Podman's monitors hold the ports of containers, and its relay hides who comes.
func TestListenersHeldForPodman(t *testing.T) {
	a, b := "aaa"+strings.Repeat("0", 61), "bbb"+strings.Repeat("0", 61)
	got, _ := reachable(t, `
1 0 systemd cg=/init.scope
40 1 conmon cg=/machine.slice/libpod-conmon-`+a+`.scope :: conmon -c `+a+`
41 40 web nspid=41,1 cg=/machine.slice/libpod-`+a+`.scope/container
50 1 conmon cg=/user.slice/user-1000.slice/user@1000.service/app.slice/web.service/runtime :: conmon -c `+b+`
51 50 api nspid=51,1 cg=/user.slice/user-1000.slice/user@1000.service/app.slice/web.service/libpod-payload-`+b+`
52 50 rootlessport cg=/user.slice/user-1000.slice/user@1000.service/app.slice/web.service/runtime
`, map[string]string{
		"/.infraopt/networks": `{"reader":true,"other":{"41":7,"51":8}}`,
		"/.infraopt/sockets": `{"listeners":[{"protocol":"tcp","local":"0.0.0.0:1000","inode":1,"cgroup":40},{"protocol":"tcp","local":"0.0.0.0:2000","inode":2,"cgroup":50}],
			"groups":{"/machine.slice/libpod-conmon-` + a + `.scope":40,"/user.slice/user-1000.slice/user@1000.service/app.slice/web.service/runtime":50}}`,
		"/proc/41/net/tcp": socketHeading, "/proc/51/net/tcp": socketHeading,
	})
	want(t, got, "aaa", "tcp *:1000, 0 clients", "bbb", "tcp *:2000, unknown: clients may come by way of rootlessport clients")
}

// A workload keeps a bounded number of listeners.
func TestListenersAreBounded(t *testing.T) {
	var rows []string
	for i := range 200 {
		rows = append(rows, fmt.Sprintf("00000000:%04X 0A %d", 2000+i, 1))
	}
	got, _ := reachable(t, "1 0 init cg=/\n50 1 many cg=/system.slice/many.service\n", map[string]string{
		"/.infraopt/networks": `{"reader":true,"other":{"50":7}}`, "/.infraopt/sockets": `{}`, "/proc/50/net/tcp": socketLines(rows...),
	})
	if n := strings.Count(got["many"], "tcp"); n != maxWorkloadListeners {
		t.Errorf("got %d", n)
	}
}

// On the live machine no descriptors are read where control groups tell all: the pass does not touch /proc/PID/fd.
func TestListenersWithoutDescriptors(t *testing.T) {
	root := generate(t, 300)
	if err := os.MkdirAll(filepath.Join(root, ".infraopt"), 0o755); err != nil {
		t.Fatal(err)
	}
	answer := `{"listeners":[{"protocol":"tcp","local":"0.0.0.0:1000","inode":1,"cgroup":9}],"groups":{"/system.slice/worker0.service":9}}`
	if err := os.WriteFile(filepath.Join(root, ".infraopt/sockets"), []byte(answer), 0o644); err != nil {
		t.Fatal(err)
	}
	l, procs, tree := sortedTree(t, root)
	l.listen(t.Context(), procs, tree)
	for _, q := range procs.list {
		if q.opened.done {
			t.Fatalf("the descriptors of %d were read", q.PID)
		}
	}
}

// sortedTree reads the processes of a tree.
func sortedTree(t testing.TB, root string) (*look, *processes, *sorted) {
	t.Helper()
	l := &look{fs: linux.NewFS(root), target: "host:"}
	l.common()
	procs := l.processes(t.Context())
	return l, procs, l.sort(procs)
}
