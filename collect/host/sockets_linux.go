package host

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/internal/sockdiag"
)

// A socketTable is what is known of the sockets of one network namespace. It is also the form in which the kernel's
// answer is recorded: without the addresses of clients.
type socketTable struct {
	Listeners []listener        `json:"listeners,omitempty"`
	Clients   []clients         `json:"clients,omitempty"`
	Groups    map[string]uint64 `json:"groups,omitempty"` // control groups of version 2 that listeners are in, by path
	Cut       bool              `json:"cut,omitempty"`    // there are more
}

// A listener is a socket that waits for others.
type listener struct {
	Protocol string         `json:"protocol"` // tcp, udp
	Local    netip.AddrPort `json:"local"`
	Inode    uint64         `json:"inode"`
	Cgroup   uint64         `json:"cgroup,omitempty"` // number of its control group, 0 where the kernel does not say
}

// clients are the connections that others than this machine hold to one of its addresses.
type clients struct {
	Local netip.AddrPort `json:"local"`
	Count int            `json:"count"`
}

// maxListeners bounds the sockets of one network namespace. Connections are only counted.
const maxListeners = 20_000

// A socketCounter makes a table of sockets, first of those that wait, then of connections.
type socketCounter struct {
	own   map[netip.Addr]bool // addresses that belong to this machine and its containers
	table socketTable
	waits map[uint16]bool // ports that are waited on
	count map[netip.AddrPort]int
}

func newSocketCounter(own map[netip.Addr]bool) *socketCounter {
	return &socketCounter{own: own, waits: make(map[uint16]bool), count: make(map[netip.AddrPort]int)}
}

func (c *socketCounter) listens(v listener) {
	if v.Local.Port() == 0 {
		return // bound to nothing
	}
	if len(c.table.Listeners) >= maxListeners {
		c.table.Cut = true
		return
	}
	c.table.Listeners = append(c.table.Listeners, v)
	if v.Protocol == "tcp" {
		c.waits[v.Local.Port()] = true
	}
}

func (c *socketCounter) connected(local, remote netip.AddrPort) {
	if a := remote.Addr().WithZone(""); c.waits[local.Port()] && !a.IsLoopback() && !c.own[a] {
		c.count[local]++
	}
}

// finish gives the table in an order that does not depend on the kernel's.
func (c *socketCounter) finish() socketTable {
	t := c.table
	slices.SortFunc(t.Listeners, func(a, b listener) int {
		return cmp.Or(a.Local.Compare(b.Local), strings.Compare(a.Protocol, b.Protocol), cmp.Compare(a.Inode, b.Inode))
	})
	for local, n := range c.count {
		t.Clients = append(t.Clients, clients{local, n})
	}
	slices.SortFunc(t.Clients, func(a, b clients) int { return a.Local.Compare(b.Local) })
	return t
}

// errNoDiagnosis says that the kernel would have to load a module to answer, which is a change.
var errNoDiagnosis = errors.New("the kernel has no sock_diag loaded")

// machineSockets reads the sockets of the machine's own network namespace: over netlink, which tells the control group
// of each, and where that is not to be had, from the tables in /proc.
func (l *look) machineSockets(ctx context.Context, p *processes, n spaces, own map[netip.Addr]bool) (socketTable, error) {
	text, err := l.fs.Answer("sockets", func() ([]byte, error) {
		if !n.reader {
			return nil, errNoDiagnosis // it would answer for another network namespace
		}
		if !l.diagnosable() {
			return nil, errNoDiagnosis
		}
		return l.askSockets(ctx, p, own)
	})
	if err == nil {
		var t socketTable
		if err = json.Unmarshal(text, &t); err == nil {
			return t, nil
		}
	}
	dir := "/proc/1/net"
	if n.reader && !l.fs.Exists(dir+"/tcp") {
		dir = "/proc/net"
	}
	return l.socketTables(dir, own)
}

// diagnosable reports whether the kernel can answer over sock_diag without loading a module.
func (l *look) diagnosable() bool {
	loaded, err := l.fs.Read("/proc/modules", linux.LargeFile)
	if linux.Gone(err) {
		return true // a kernel in one piece has it or refuses
	}
	builtin := ""
	for _, name := range []string{"tcp_diag", "udp_diag"} {
		if strings.Contains("\n"+string(loaded), "\n"+name+" ") || l.fs.Exists("/sys/module/"+name) {
			continue
		}
		if builtin == "" {
			release, _ := l.fs.Line("/proc/sys/kernel/osrelease")
			text, err := l.fs.Read("/lib/modules/"+release+"/modules.builtin", linux.LargeFile)
			if err != nil {
				return false
			}
			builtin = string(text)
		}
		if !strings.Contains(builtin, "/"+name+".ko") {
			return false
		}
	}
	return true
}

// askSockets asks the kernel, and finds the control groups of those that wait.
func (l *look) askSockets(ctx context.Context, p *processes, own map[netip.Addr]bool) ([]byte, error) {
	c := newSocketCounter(own)
	for _, kind := range []struct {
		protocol sockdiag.Protocol
		name     string
		state    sockdiag.State
	}{{sockdiag.TCP, "tcp", sockdiag.Listening}, {sockdiag.UDP, "udp", sockdiag.Unconnected}} {
		err := sockdiag.Dump(ctx, kind.protocol, []sockdiag.State{kind.state}, func(s sockdiag.Socket) bool {
			c.listens(listener{kind.name, s.Local, s.Inode, s.Cgroup})
			return !c.table.Cut
		})
		if err != nil {
			return nil, err
		}
	}
	err := sockdiag.Dump(ctx, sockdiag.TCP, []sockdiag.State{sockdiag.Established}, func(s sockdiag.Socket) bool {
		c.connected(s.Local, s.Remote)
		return true
	})
	if err != nil {
		return nil, err
	}
	t := c.finish()
	t.Groups = l.groupsOf(ctx, p, t.Listeners)
	return json.Marshal(t)
}

// groupsOf finds the control groups of sockets by their numbers, first among the groups that processes are in. The
// socket units of systemd have groups without processes.
func (l *look) groupsOf(ctx context.Context, p *processes, sockets []listener) map[string]uint64 {
	mount := l.hierarchies().v2
	var numbers []uint64
	for _, s := range sockets {
		if s.Cgroup != 0 {
			numbers = append(numbers, s.Cgroup)
		}
	}
	if mount == "" || len(numbers) == 0 {
		return nil
	}
	var likely []string
	seen := make(map[*cgroup]bool)
	for _, q := range p.list {
		if q.group != nil && !seen[q.group] && q.group.groups.Unified != "" {
			seen[q.group] = true
			likely = append(likely, q.group.groups.Unified)
		}
	}
	return sockdiag.Groups(ctx, mount, likely, numbers)
}

// socketTables reads the tables of a network namespace in /proc, which do not tell control groups.
func (l *look) socketTables(dir string, own map[netip.Addr]bool) (socketTable, error) {
	c := newSocketCounter(own)
	read := func(name string, f func(linux.NetSocket)) error {
		r, err := l.fs.Open(dir+"/"+name, linux.LargeFile)
		if err != nil {
			return err
		}
		defer r.Close()
		return linux.ScanSockets(r, f)
	}
	for _, name := range []string{"tcp", "tcp6", "udp", "udp6"} {
		protocol, waiting := name[:3], int(sockdiag.Listening)
		if protocol == "udp" {
			waiting = int(sockdiag.Unconnected)
		}
		// In the kernel's tables those that wait come first.
		err := read(name, func(s linux.NetSocket) {
			switch {
			case s.State == waiting:
				c.listens(listener{Protocol: protocol, Local: s.Local, Inode: s.Inode})
			case protocol == "tcp" && s.State == int(sockdiag.Established):
				c.connected(s.Local, s.Remote)
			}
		})
		if err != nil && (name == "tcp" || !linux.Gone(err)) { // a kernel may be without IPv6, and even without UDP
			return socketTable{}, err
		}
	}
	return c.finish(), nil
}
