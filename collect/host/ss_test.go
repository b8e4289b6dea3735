//go:build linux

package host

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/infraopt/infraopt/collect/collecttest"
	"github.com/infraopt/infraopt/collect/internal/linux"
)

// holding is the variable that makes this test binary wait on sockets: networks and addresses, parted by blanks.
const holding = "INFRAOPT_TEST_HOLD"

// TestHoldSockets is no test: it is what TestAgreesWithSS starts.
func TestHoldSockets(t *testing.T) {
	list, ok := os.LookupEnv(holding)
	if !ok {
		t.Skip("it is for other tests to start")
	}
	if group := os.Getenv(holding + "_GROUP"); group != "" {
		if err := os.WriteFile(filepath.Join(group, "cgroup.procs"), []byte("0"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for at := range strings.FieldsSeq(list) {
		network, address, _ := strings.Cut(at, "=")
		if strings.HasPrefix(network, "udp") {
			c, err := net.ListenPacket(network, address)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			continue
		}
		l, err := net.Listen(network, address)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		fmt.Println(l.Addr())
	}
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// hold starts a process that waits on sockets until the test ends, and gives its number and where it listens.
func hold(t *testing.T, sockets, group string, before ...string) (int, []string) {
	t.Helper()
	args := append(before, os.Args[0], "-test.run=^TestHoldSockets$", "-test.v=false")
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), holding+"="+sockets, holding+"_GROUP="+group)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { in.Close(); _ = cmd.Wait() })
	var at []string
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if lines.Text() == "ready" {
			return cmd.Process.Pid, at
		}
		at = append(at, lines.Text())
	}
	collecttest.Need(t, strings.Join(before, " "), fmt.Errorf("the process that was to wait on %s ended", sockets))
	return 0, nil
}

// A shownSocket is one that ss shows with whoever holds it.
type shownSocket struct {
	protocol string
	local    netip.AddrPort
	pids     []int
}

var heldBy = regexp.MustCompile(`pid=(\d+)`)

// shownBySS are the sockets that ss shows, in a network namespace.
func shownBySS(t *testing.T, before ...string) []shownSocket {
	t.Helper()
	var list []shownSocket
	for protocol, flags := range map[string]string{"tcp": "-lntp", "udp": "-lnup"} {
		text := collecttest.Must(t, nil, append(before, "ss", "-H", flags)...)
		for line := range strings.Lines(text) {
			f := strings.Fields(line)
			if len(f) < 6 {
				continue // nobody holds it
			}
			at := regexp.MustCompile(`%[^:\]]*`).ReplaceAllString(strings.Replace(f[3], "*:", "[::]:", 1), "")
			local, err := netip.ParseAddrPort(at)
			if err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			s := shownSocket{protocol: protocol, local: netip.AddrPortFrom(local.Addr().Unmap(), local.Port())}
			for _, m := range heldBy.FindAllStringSubmatch(line, -1) {
				pid, _ := strconv.Atoi(m[1])
				s.pids = append(s.pids, pid)
			}
			list = append(list, s)
		}
	}
	return list
}

// Every socket that ss shows with a process is one of the workload or container of that process.
func TestAgreesWithSS(t *testing.T) {
	collecttest.Try(t, "ss", "ss", "-V")
	if os.Getuid() != 0 {
		collecttest.Need(t, "root, to see who holds sockets", os.ErrPermission)
	}
	plain, at := hold(t, "tcp4=0.0.0.0:0 tcp4=127.0.0.1:0 tcp6=[::1]:0 udp4=127.0.0.1:0 udp6=[::]:0", "")
	apart, _ := hold(t, "tcp4=0.0.0.0:7001 udp4=0.0.0.0:7002", "", "unshare", "--net", "--")
	grouped := 0
	l := &look{fs: linux.NewFS("/"), target: "host:", live: true}
	l.common()
	mount := l.hierarchies().v2
	if mount != "" {
		group := filepath.Join(mount, collecttest.Name("group")+".service")
		if err := os.Mkdir(group, 0o755); err == nil {
			t.Cleanup(func() { _ = os.Remove(group) })
			grouped, _ = hold(t, "tcp4=0.0.0.0:0 udp4=127.0.0.1:0", group)
		}
	}
	client, err := net.Dial("tcp4", strings.Replace(at[0], "0.0.0.0", "127.0.0.1", 1))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()

	l = &look{fs: linux.NewFS("/"), target: "host:", live: true}
	l.common()
	procs := l.processes(t.Context())
	tree := l.sort(procs)
	l.listen(t.Context(), procs, tree)
	owner := make(map[int]*crowd)
	for _, list := range [][]*crowd{tree.containers, tree.units, tree.trees} {
		for _, c := range list {
			c.reach.listeners()
			for _, q := range c.members {
				owner[q.PID] = c
			}
		}
	}
	compared := make(map[int]int)
	compare := func(list []shownSocket) {
		for _, s := range list {
			found, ours := false, true
			for _, pid := range s.pids {
				q := procs.byPID[pid]
				if q == nil || pid == 1 || q.Comm == "docker-proxy" { // this program, what came later, and what is nobody's
					ours = false
					continue
				}
				c := owner[pid]
				if c == nil {
					ours = false
					continue
				}
				compared[pid]++
				var r reach
				r.waits(listener{Protocol: s.protocol, Local: s.local})
				for _, v := range c.reach.listens {
					found = found || v == r.listens[0]
				}
			}
			if ours && !found {
				t.Errorf("%s %s of %v is not among the sockets of its workload", s.protocol, s.local, s.pids)
			}
		}
	}
	compare(shownBySS(t))
	compare(shownBySS(t, "nsenter", "--net=/proc/"+itoa(apart)+"/ns/net"))
	if compared[plain] != 5 || compared[apart] != 2 || grouped != 0 && compared[grouped] != 2 {
		t.Errorf("compared %d sockets of a process, want 5; %d of one in another network namespace, want 2; %d of one in a control group, want 2",
			compared[plain], compared[apart], compared[grouped])
	}
	if c := owner[apart]; c == nil || c.reach.why != "" {
		t.Errorf("clients of the process in another network namespace: %+v", c)
	}
	if c := owner[grouped]; grouped != 0 && (c == nil || len(c.reach.listens) != 2 || !strings.HasSuffix(c.unit, ".service")) {
		t.Errorf("the process in a control group: %+v", c)
	}
}
