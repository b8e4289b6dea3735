package host

import (
	"encoding/json"
	"net/netip"
	"strconv"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/internal/sockdiag"
)

// machineNetwork stands for the machine's own network namespace.
const machineNetwork = ""

// spaces are the network namespaces of processes, each by a name of its own.
type spaces struct {
	of     map[int]string // by number of the process; those that are not in it are in the machine's own
	reader bool           // this program is in the machine's own
}

// networkSpaces tells in which network namespace processes are: the main ones of containers, which share theirs, and
// all others. Comparing the links in /proc/PID/ns takes rights; the number of the table /proc/PID/net/tcp does not,
// and there is one in each namespace. Where a recorded tree does not have the numbers, containers are told apart by
// their interfaces.
func (l *look) networkSpaces(s *sorted) spaces {
	var ask []int
	for _, c := range s.containers {
		ask = append(ask, c.main.PID)
	}
	for _, c := range s.outside() {
		for _, q := range c.members {
			ask = append(ask, q.PID)
		}
	}
	text, err := l.fs.Answer("networks", func() ([]byte, error) { return askSpaces(ask) })
	if err == nil {
		var answer spaceAnswer
		if json.Unmarshal(text, &answer) == nil {
			n := spaces{of: make(map[int]string, len(answer.Other)), reader: answer.Reader}
			for pid, id := range answer.Other {
				n.of[pid] = strconv.FormatUint(id, 10)
			}
			return n
		}
	}
	n := spaces{of: make(map[int]string), reader: true}
	host, _ := l.netDev("1")
	for _, c := range s.containers {
		pid := c.main.PID
		pod := c.group.class.Pod
		own, err := l.netDev(itoa(pid))
		switch {
		case err == nil && sameNetwork(host, own):
		case pod != "":
			n.of[pid] = "pod " + pod
		default:
			n.of[pid] = "process " + itoa(pid)
		}
	}
	return n
}

// A spaceAnswer is what networkSpaces is told, as it is recorded.
type spaceAnswer struct {
	Reader bool           `json:"reader"`          // the reader is in the network namespace of the first process
	Other  map[int]uint64 `json:"other,omitempty"` // processes in others, and the number of the table there
}

func askSpaces(pids []int) ([]byte, error) {
	table := func(pid string) (uint64, error) { return sockdiag.Inode("/proc/" + pid + "/net/tcp") }
	self, err := table("self")
	if err != nil {
		return nil, err
	}
	first, err := table("1")
	if err != nil {
		first = self // hidden: what the reader is in has to do
	}
	answer := spaceAnswer{Reader: self == first, Other: make(map[int]uint64)}
	for _, pid := range pids {
		if id, err := table(itoa(pid)); err == nil && id != first {
			answer.Other[pid] = id
		}
	}
	return json.Marshal(answer)
}

// addresses reads the addresses of the network namespace that a process is in.
func (l *look) addresses(pid string) []netip.Addr {
	var list []netip.Addr
	if text, err := l.fs.Read("/proc/"+pid+"/net/fib_trie", linux.LargeFile); err == nil {
		list = linux.ParseLocalRoutes(string(text))
	}
	if text, err := l.fs.Read("/proc/"+pid+"/net/if_inet6", linux.LargeFile); err == nil {
		list = append(list, linux.ParseInet6(string(text))...)
	}
	return list
}

// outside are the crowds that are no containers.
func (s *sorted) outside() []*crowd {
	return append(append(make([]*crowd, 0, len(s.units)+len(s.trees)), s.units...), s.trees...)
}
