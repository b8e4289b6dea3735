package host

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// maxWorkloadListeners bounds what is kept for one workload: a program with more has ports for each of its users.
const maxWorkloadListeners = 64

// A reach is how others get to a crowd.
type reach struct {
	network string // namespace of its main process
	shares  bool   // others are in that too
	listens []inventory.Listener
	clients int
	why     string // the number of clients is not known; empty where it is
	remedy  string
}

// waits notes that a crowd waits for others at a socket.
func (r *reach) waits(s listener) {
	v := inventory.Listener{Protocol: s.Protocol, Address: s.Local.Addr().WithZone("").String(), Port: int(s.Local.Port())}
	switch {
	case s.Local.Addr().IsUnspecified():
		v.Address = "*"
	case s.Local.Addr().IsLoopback():
		v.Address = "loopback"
	}
	r.listens = append(r.listens, v)
}

// unsure notes why it is not known how many clients there are. The first reason stays.
func (r *reach) unsure(why, remedy string) {
	if r.why == "" {
		r.why, r.remedy = why, remedy
	}
}

// listeners are where a crowd waits, each once, in order.
func (r *reach) listeners() []inventory.Listener {
	slices.SortFunc(r.listens, inventory.CompareListeners)
	r.listens = slices.Compact(r.listens)
	return r.listens[:min(len(r.listens), maxWorkloadListeners)]
}

// reading is how many clients there are.
func (r *reach) reading() inventory.Reading[int] {
	if r.why != "" {
		return inventory.Unknown[int](r.why, r.remedy)
	}
	return inventory.Known(r.clients)
}

// An attribution finds out whose sockets are, in one network namespace.
type attribution struct {
	l      *look
	procs  *processes
	sorted *sorted
	table  socketTable
	crowds []*crowd // that have processes in the namespace

	owner map[*process]*crowd
	// What is known of control groups: the crowds with processes in one. Nil stands for processes that are no work.
	groups map[string]map[*crowd]bool

	held []heldListener // by whom, or by what is no work (nil)
	open []listener     // nobody's as yet
}

// A heldListener is a socket and the crowd that waits at it.
type heldListener struct {
	at    listener
	crowd *crowd
}

// hold notes whose a socket is.
func (a *attribution) hold(s listener, c *crowd) {
	a.held = append(a.held, heldListener{s, c})
	if c != nil {
		c.reach.waits(s)
	}
}

// listen finds the sockets that each crowd waits on for others, and how many are connected to them.
func (l *look) listen(ctx context.Context, p *processes, s *sorted) {
	n := l.networkSpaces(s)
	byNetwork := make(map[string][]*crowd)
	speaker := make(map[string]int) // a process in each network namespace
	join := func(network string, pid int, c *crowd) {
		if speaker[network] == 0 {
			speaker[network] = pid
		}
		list := byNetwork[network]
		if network != machineNetwork && c.sandbox() {
			return // it has no sockets
		}
		if len(list) == 0 || list[len(list)-1] != c && !slices.Contains(list, c) {
			byNetwork[network] = append(list, c)
		}
	}
	for _, c := range s.containers {
		c.reach.network = n.of[c.main.PID]
		join(c.reach.network, c.main.PID, c)
	}
	for _, c := range s.outside() {
		c.reach.network = n.of[c.main.PID]
		for _, q := range c.members {
			join(n.of[q.PID], q.PID, c)
		}
	}
	if l.inside {
		return // what is around the container is not looked at
	}
	own := make(map[netip.Addr]bool)
	byAddress := make(map[netip.Addr]*crowd) // containers
	host := "1"
	if n.reader && !l.fs.Exists("/proc/1/net/fib_trie") {
		host = "self"
	}
	for _, a := range l.addresses(host) {
		own[a] = true
	}
	names := make([]string, 0, len(byNetwork))
	for network := range byNetwork {
		if network != machineNetwork {
			names = append(names, network)
		}
	}
	slices.Sort(names)
	for _, network := range names {
		list := byNetwork[network]
		for _, c := range list {
			c.reach.shares = len(list) > 1
		}
		for _, a := range l.addresses(itoa(speaker[network])) {
			if a.IsLoopback() || a.IsLinkLocalUnicast() {
				continue
			}
			own[a] = true
			if len(list) == 1 && list[0].isContainer {
				byAddress[a] = list[0]
			}
		}
	}
	owner := make(map[*process]*crowd)
	for _, list := range [][]*crowd{s.containers, s.units, s.trees} {
		for _, c := range list {
			for _, q := range c.members {
				owner[q] = c
			}
		}
	}
	for _, network := range names {
		a := &attribution{l: l, procs: p, sorted: s, crowds: byNetwork[network], owner: owner}
		var err error
		if a.table, err = l.socketTables("/proc/"+itoa(speaker[network])+"/net", own); err != nil {
			a.blame("the sockets of its network are not readable: "+linux.Reason(err), asRoot)
			continue
		}
		a.shared()
	}
	a := &attribution{l: l, procs: p, sorted: s, crowds: byNetwork[machineNetwork], owner: owner}
	var err error
	if a.table, err = l.machineSockets(ctx, p, n, own); err != nil {
		why := linux.Reason(err)
		l.gap("/proc/net/tcp", "which workload listens on which port", why, asRoot)
		a.blame("sockets: "+why, asRoot)
		return
	}
	a.machine(byAddress)
}

// blame says why it is not known who is connected to any of the crowds.
func (a *attribution) blame(why, remedy string) {
	for _, c := range a.crowds {
		c.reach.unsure(why, remedy)
	}
}

// shared attributes the sockets of a network namespace of its own: to the one crowd that is in it, or by descriptors.
func (a *attribution) shared() {
	if len(a.crowds) == 1 {
		for _, s := range a.table.Listeners {
			a.hold(s, a.crowds[0])
		}
	} else {
		a.open = a.table.Listeners
		inside := make(map[*crowd]bool, len(a.crowds))
		for _, c := range a.crowds {
			inside[c] = true
		}
		a.byDescriptors(func(q *process) bool { return inside[a.owner[q]] })
	}
	a.finish()
}

// machine attributes the sockets of the machine's own network namespace, by their control groups where the kernel tells
// them.
func (a *attribution) machine(byAddress map[netip.Addr]*crowd) {
	proxies := a.proxies()
	a.members()
	path := make(map[uint64]string, len(a.table.Groups))
	for p, id := range a.table.Groups {
		path[id] = p
	}
	for _, s := range a.table.Listeners {
		if at, ok := proxies[s.Protocol+" "+s.Local.String()]; ok {
			// Docker waits on behalf of a container, which is known by its address or not at all.
			a.hold(s, byAddress[at.Addr()])
			continue
		}
		if p := path[s.Cgroup]; p != "" {
			if c, ok := a.byGroup(p); ok {
				a.hold(s, c)
				continue
			}
		}
		a.open = append(a.open, s)
	}
	if len(a.open) > 0 {
		a.byDescriptors(func(*process) bool { return true })
	}
	a.relayed()
	a.finish()
}

// proxies are the addresses at which docker-proxy waits, with those of the containers.
func (a *attribution) proxies() map[string]netip.AddrPort {
	var found map[string]netip.AddrPort
	for _, q := range a.procs.list {
		if q.Comm != "docker-proxy" {
			continue
		}
		text, err := a.l.fs.Read("/proc/"+itoa(q.PID)+"/cmdline", linux.LargeFile)
		if err != nil {
			continue
		}
		if p, ok := linux.ParseProxy(text); ok {
			if found == nil {
				found = make(map[string]netip.AddrPort)
			}
			found[p.Protocol+" "+p.Host.String()] = p.Container
		}
	}
	return found
}

// forwarders are the plumbing that holds sockets on behalf of containers elsewhere.
var forwarders = map[string]bool{
	"docker-proxy": true, "rootlessport": true, "rootlessport-c": true, "rootlesskit": true, "slirp4netns": true, "pasta": true,
	"pasta.avx2": true, "conmon": true,
}

// members notes which crowds have processes in which control group.
func (a *attribution) members() {
	a.groups = make(map[string]map[*crowd]bool)
	note := func(q *process, c *crowd) {
		if q.group == nil {
			return
		}
		path := q.group.groups.Unified
		if a.groups[path] == nil {
			a.groups[path] = make(map[*crowd]bool)
		}
		a.groups[path][c] = true
	}
	for q, c := range a.owner {
		note(q, c)
	}
	for _, q := range a.sorted.emulators {
		note(q, nil)
	}
	for _, q := range a.procs.list {
		if forwarders[q.Comm] {
			note(q, nil)
		}
	}
}

// byGroup finds whose a control group is; nil with true where it is known to be no workload's, false where only its
// descriptors tell.
func (a *attribution) byGroup(path string) (*crowd, bool) {
	class := linux.ClassifyCgroup(path)
	if id := class.Monitored(); id != "" {
		return a.containerByID(id), true
	}
	if class.Kind == linux.CgroupUnit && strings.HasSuffix(path, "/runtime") {
		if c := a.quadlet(linux.CgroupDir(path, class.Depth)); c != nil {
			return c, true
		}
	}
	members := a.groups[path]
	if len(members) == 1 {
		for c := range members {
			// The first process holds the sockets of services until they start.
			return c, c == nil || c.main.PID != 1
		}
	}
	if len(members) > 1 {
		return nil, false
	}
	switch {
	case class.Container():
		return a.containerByID(class.ID), true
	case class.VM():
		return nil, true
	case strings.HasSuffix(path, ".socket"):
		return a.activated(path), true
	case class.Kind == linux.CgroupUnit:
		dir := linux.CgroupDir(path, class.Depth)
		for _, c := range a.sorted.units {
			if c.dir == dir {
				return c, true
			}
		}
	}
	return nil, false
}

func (a *attribution) containerByID(id string) *crowd {
	for _, c := range a.sorted.containers {
		if c.group.class.ID == id && c.group.class.Container() || c.shim.ID == id {
			return c
		}
	}
	return nil
}

// quadlet finds the one container that a unit has started.
func (a *attribution) quadlet(dir string) *crowd {
	var found *crowd
	for _, c := range a.sorted.containers {
		if class := &c.group.class; class.Kind == linux.CgroupSplit && linux.CgroupDir(c.group.path, class.Depth-1) == dir {
			if found != nil {
				return nil
			}
			found = c
		}
	}
	return found
}

// activated finds the running service of a socket unit: that of the same name.
func (a *attribution) activated(path string) *crowd {
	name := strings.TrimSuffix(path[strings.LastIndexByte(path, '/')+1:], ".socket")
	for _, c := range a.sorted.units {
		if unit, ok := strings.CutSuffix(c.unit, ".service"); ok && (unit == name || template(unit) == name+"@") {
			return c
		}
	}
	return nil
}

// byDescriptors looks for those who hold the open sockets, and stops when it has found all. The first process comes
// last and never counts: it holds the sockets of services that it starts on demand.
func (a *attribution) byDescriptors(candidate func(*process) bool) {
	wanted := make(map[uint64]int, len(a.open)) // index by inode
	for i, s := range a.open {
		if s.Inode != 0 { // else it is being closed
			wanted[s.Inode] = i
		}
	}
	var denied error
	taken := make([]bool, len(a.open))
	for _, q := range a.procs.list {
		if len(wanted) == 0 {
			break
		}
		if q.PID == 1 || !candidate(q) {
			continue
		}
		o, err := a.l.opened(q)
		if err != nil {
			if linux.Denied(err) {
				denied = err
			}
			continue
		}
		for _, inode := range o.sockets {
			i, ok := wanted[inode]
			if !ok {
				continue
			}
			taken[i] = true
			delete(wanted, inode)
			a.hold(a.open[i], a.owner[q])
		}
	}
	left := a.open[:0]
	for i, s := range a.open {
		if !taken[i] && denied != nil && s.Inode != 0 { // else the kernel itself or the first process holds it
			left = append(left, s)
		}
	}
	a.open = left
	if len(a.open) > 0 {
		a.l.gap("/proc/PID/fd", "which workload listens on "+ports(a.open), linux.Reason(denied), asRoot)
	}
}

// ports names the ports of sockets, a few of them.
func ports(list []listener) string {
	const most = 16
	var names []string
	for _, s := range list {
		if name := s.Protocol + " " + itoa(int(s.Local.Port())); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if more := len(names) - most; more > 0 {
		names = append(names[:most], itoa(more)+" more")
	}
	return "port " + strings.Join(names, ", ")
}

// relayed notes the containers that others reach by way of a relay which hides who they are.
func (a *attribution) relayed() {
	relay := ""
	for _, q := range a.procs.list {
		if q.Comm == "rootlessport" || q.Comm == "rootlessport-c" || q.Comm == "rootlesskit" {
			relay = q.Comm
		}
	}
	if relay == "" {
		return
	}
	for _, c := range a.sorted.containers {
		if c.reach.network != machineNetwork && (c.dir == "" || strings.HasPrefix(c.dir, "/user.slice/")) {
			c.reach.unsure("clients may come by way of "+relay, "")
		}
	}
}

// finish counts who is connected to the crowds, as far as it is known what they listen on.
func (a *attribution) finish() {
	path := make(map[uint64]string, len(a.table.Groups))
	for p, id := range a.table.Groups {
		path[id] = p
	}
	for _, c := range a.crowds {
		if a.table.Cut {
			c.reach.unsure("there are more sockets than are looked at", "")
		}
		for _, s := range a.open {
			if p := path[s.Cgroup]; p == "" || a.groups[p][c] {
				c.reach.unsure("which workload listens on "+ports(a.open)+" is not known", asRoot)
				break
			}
		}
	}
	for _, n := range a.table.Clients {
		serving := a.serving(n.Local)
		for _, c := range serving {
			if c.reach.clients += n.Count; len(serving) > 1 {
				c.reach.unsure("it shares tcp port "+itoa(int(n.Local.Port()))+" with others", "")
			}
		}
	}
}

// serving are the crowds whom connections to an address go to: those that wait at just that, else at any.
func (a *attribution) serving(local netip.AddrPort) []*crowd {
	var exact, wild []*crowd
	known := false // somebody waits at just that, if it is no workload
	for _, h := range a.held {
		if h.at.Protocol != "tcp" || h.at.Local.Port() != local.Port() {
			continue
		}
		known = known || h.at.Local.Addr() == local.Addr()
		switch {
		case h.crowd == nil:
		case h.at.Local.Addr() == local.Addr() && !slices.Contains(exact, h.crowd):
			exact = append(exact, h.crowd)
		case h.at.Local.Addr().IsUnspecified() && !slices.Contains(wild, h.crowd):
			wild = append(wild, h.crowd)
		}
	}
	if known {
		return exact
	}
	return wild
}
