package host

import (
	"encoding/json"
	"slices"
	"strings"
	"syscall"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// surroundings are facts of the machine that every judgement asks for. Each is read once, and only if a judgement asks.
type surroundings struct {
	l      *look
	groups map[int]*crowd // whose work a process is, by its number
	users  map[int]*crowd // whose work all processes of a user are, where it is one; nil where several
	hidden bool           // there may be processes that were not seen

	system, user *unitStore
	neighbours   map[string][]string // units that run, by directory of their program or by user
	jobs         map[string][]string // timers and crontabs, by directory of the program that they run

	ipc        memo[[]sysvUse]
	online     memo[linux.CPUSet]
	loaded     memo[[]linux.Module]
	keys       memo[[]string]
	raw        memo[map[uint64]string]
	groupsSeen memo[[]string]
	shared     memo[map[int]sharedFiles]
	scanned    int // bytes of configuration files so far

	udp []*inventory.Workload // that wait for datagrams on any address
}

func (l *look) surroundings(list []inventory.Workload, s *sorted, p *processes) *surroundings {
	a := &surroundings{l: l, groups: make(map[int]*crowd), users: make(map[int]*crowd)}
	for _, crowds := range [][]*crowd{s.units, s.trees, s.containers} {
		for _, c := range crowds {
			for _, q := range c.members {
				a.groups[q.PID] = c
			}
		}
	}
	_, _, a.hidden = p.hidden(l)
	for _, c := range l.judged {
		status, err := l.status(c.worker())
		if err != nil || status.UID <= 0 {
			continue
		}
		if other, ok := a.users[status.UID]; ok && other != c {
			a.users[status.UID] = nil
		} else {
			a.users[status.UID] = c
		}
	}
	for i := range list {
		w := &list[i]
		if slices.ContainsFunc(w.Listens, func(s inventory.Listener) bool { return s.Protocol == "udp" && s.Address == "*" }) {
			a.udp = append(a.udp, w)
		}
	}
	return a
}

// store gives the unit files of the system or of users' managers.
func (a *surroundings) store(user bool) *unitStore {
	if user {
		if a.user == nil {
			a.user = newUnitStore(a.l.fs, userUnitDirs)
		}
		return a.user
	}
	if a.system == nil {
		a.system = newUnitStore(a.l.fs, systemUnitDirs)
	}
	return a.system
}

// processors are those that work may run on: online, and not set aside when the machine was booted.
func (a *surroundings) processors() (linux.CPUSet, error) {
	return a.online.get(func() (linux.CPUSet, error) {
		text, err := a.l.fs.Line("/sys/devices/system/cpu/online")
		if err != nil {
			return linux.CPUSet{}, err
		}
		online, err := linux.ParseCPUSet(text)
		if err != nil {
			return linux.CPUSet{}, err
		}
		// The first process shows what the whole machine was confined to.
		if text, err = a.l.fs.Line("/proc/1/status"); err != nil {
			return linux.CPUSet{}, err
		}
		status, err := linux.ParsePIDStatus(text)
		if err != nil {
			return linux.CPUSet{}, err
		}
		first, err := linux.ParseCPUSet(status.CPUs)
		return online.Intersect(first), err
	})
}

// modules are those that are loaded; none where the kernel has no modules at all.
func (a *surroundings) modules() ([]linux.Module, error) {
	return a.loaded.get(func() ([]linux.Module, error) {
		text, err := a.l.fs.Read("/proc/modules", linux.LargeFile)
		if linux.Gone(err) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		return linux.ParseModules(string(text))
	})
}

// dongles are the makers of licence keys on USB.
func (a *surroundings) dongles() ([]string, error) {
	return a.keys.get(func() ([]string, error) {
		const dir = "/sys/bus/usb/devices"
		names, err := a.l.fs.Names(dir)
		if err != nil {
			if linux.Gone(err) && a.l.fs.Exists("/sys/bus") {
				return nil, nil // no USB
			}
			return nil, err
		}
		var found []string
		for _, n := range names {
			id, err := a.l.fs.Line(dir + "/" + n + "/idVendor")
			if maker := dongleVendors[id]; err == nil && maker != "" {
				found = append(found, maker)
			}
		}
		slices.Sort(found)
		return slices.Compact(found), nil
	})
}

// rawInodes are the sockets of the machine's network below the transport protocols, with what they are.
func (a *surroundings) rawInodes() (map[uint64]string, error) {
	return a.raw.get(func() (map[uint64]string, error) {
		found := make(map[uint64]string)
		for _, t := range []struct {
			name, what string
			parse      func(string) ([]uint64, error)
		}{
			{"packet", "packet", linux.ParsePacketSockets}, {"raw", "raw", linux.ParseRawSockets}, {"raw6", "raw", linux.ParseRawSockets},
		} {
			text, err := a.net(t.name)
			if linux.Gone(err) {
				continue // a kernel without them
			}
			if err != nil {
				return nil, err
			}
			inodes, err := t.parse(text)
			if err != nil {
				return nil, err
			}
			for _, n := range inodes {
				found[n] = t.what
			}
		}
		return found, nil
	})
}

// net reads a table of the machine's own network.
func (a *surroundings) net(name string) (string, error) {
	text, err := a.l.fs.Read("/proc/1/net/"+name, linux.LargeFile)
	if err != nil {
		text, err = a.l.fs.Read("/proc/net/"+name, linux.LargeFile)
	}
	return string(text), err
}

// usualGroups are multicast groups that systems join for themselves: all hosts and routers, routing, VRRP, mDNS, LLMNR,
// time, service discovery.
var usualGroups = []string{
	"224.0.0.1", "224.0.0.2", "224.0.0.5", "224.0.0.6", "224.0.0.9", "224.0.0.18", "224.0.0.22", "224.0.0.102", "224.0.0.106", "224.0.0.251",
	"224.0.0.252", "224.0.1.1", "224.0.1.129", "239.255.255.250",
}

// multicast are the groups that the machine has joined beside the usual ones.
func (a *surroundings) multicast() ([]string, error) {
	return a.groupsSeen.get(func() ([]string, error) {
		text, err := a.net("igmp")
		if linux.Gone(err) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		list, err := linux.ParseIGMP(text)
		var groups []string
		for _, g := range list {
			if s := g.String(); !slices.Contains(usualGroups, s) {
				groups = append(groups, s)
			}
		}
		return groups, err
	})
}

// sharedFiles are the files of a user in /dev/shm and /dev/mqueue.
type sharedFiles struct {
	UID    int   `json:"uid"`
	Memory int64 `json:"memory"` // bytes in /dev/shm
	Queues int   `json:"queues"` // in /dev/mqueue
}

// sharedMemory adds up POSIX shared memory and queues by their users. Their names are not kept.
func (a *surroundings) sharedMemory() (map[int]sharedFiles, error) {
	return a.shared.get(func() (map[int]sharedFiles, error) {
		text, err := a.l.fs.Answer("posix-ipc", func() ([]byte, error) { return json.Marshal(a.l.listShared()) })
		if err != nil {
			return nil, err
		}
		var list []sharedFiles
		if err := json.Unmarshal(text, &list); err != nil {
			return nil, err
		}
		found := make(map[int]sharedFiles, len(list))
		for _, s := range list {
			found[s.UID] = s
		}
		return found, nil
	})
}

func (l *look) listShared() []sharedFiles {
	byUser := make(map[int]sharedFiles)
	for _, dir := range []string{"/dev/shm", "/dev/mqueue"} {
		names, err := l.fs.Names(dir)
		if err != nil {
			continue // not mounted
		}
		for _, n := range names {
			info, err := l.fs.Stat(dir + "/" + n)
			if err != nil || !info.Mode().IsRegular() {
				continue
			}
			stat, ok := info.Sys().(*syscall.Stat_t)
			if !ok {
				continue
			}
			s := byUser[int(stat.Uid)]
			s.UID = int(stat.Uid)
			if dir == "/dev/shm" {
				s.Memory += info.Size()
			} else {
				s.Queues++
			}
			byUser[s.UID] = s
		}
	}
	list := make([]sharedFiles, 0, len(byUser))
	for _, s := range byUser {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b sharedFiles) int { return a.UID - b.UID })
	return list
}

// preloaded counts the libraries that are put before every program.
func (l *look) preloaded() (int, error) {
	text, err := l.fs.ReadRedacted("/etc/ld.so.preload", linux.SmallFile, linux.RedactPreload)
	if linux.Gone(err) {
		return 0, nil
	}
	return strings.Count(string(text), "\n"), err
}

// foreignHosts counts the entries of /etc/hosts that are not of the machine itself.
func (l *look) foreignHosts() (int, error) {
	text, err := l.fs.ReadRedacted("/etc/hosts", linux.LargeFile, func(text []byte) []byte { return linux.RedactHosts(text, l.hostname) })
	if linux.Gone(err) {
		return 0, nil
	}
	return strings.Count(string(text), "\n"), err
}

// exported are the directories that the machine exports over NFS.
func (l *look) exported() []string {
	text, err := l.fs.ReadRedacted("/etc/exports", linux.SmallFile, linux.RedactExports)
	if err != nil {
		return nil
	}
	return strings.Fields(string(text))
}
