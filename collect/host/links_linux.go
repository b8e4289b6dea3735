package host

import (
	"slices"
	"strconv"
	"strings"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/internal/netlinks"
)

// netClass is the directory that has an entry for each link of the network namespace that /sys was mounted in.
const netClass = "/sys/class/net"

// A link is a network interface with its place among the others.
type link struct {
	netlinks.Link
	master *link
	ports  []*link // whose master it is
	blind  bool    // whether it is switched on could not be read
}

// links are the links of a machine, by name.
type links struct {
	list   []*link
	byName map[string]*link
}

// links lists the links of the machine's own network namespace: over netlink, or where that is refused or was not
// recorded, as /sys shows them, which knows fewer kinds and no addresses.
func (l *look) links() (*links, error) {
	text, err := l.fs.Answer("network-links", netlinks.Ask)
	var answer netlinks.Links
	if err == nil {
		answer, err = netlinks.ParseLinks(text)
	}
	if err == nil {
		if answer.Interrupted {
			l.gap("netlink", "links that came or went meanwhile", "the list changed while it was read", "collect again")
		}
		list := make([]*link, 0, len(answer.Links))
		for _, a := range answer.Links {
			list = append(list, &link{Link: a})
		}
		return joinLinks(list), nil
	}
	if linux.Denied(err) {
		l.gap("netlink", "kinds and addresses of links, of which /sys shows some", linux.Reason(err), "allow sockets of the family AF_NETLINK")
	}
	return l.sysLinks()
}

// joinLinks sorts links and finds their places.
func joinLinks(list []*link) *links {
	n := &links{list: list, byName: make(map[string]*link, len(list))}
	slices.SortFunc(list, func(a, b *link) int { return strings.Compare(a.Name, b.Name) })
	byIndex := make(map[int]*link, len(list))
	for _, x := range list {
		n.byName[x.Name], byIndex[x.Index] = x, x
	}
	for _, x := range list {
		if m := byIndex[x.Master]; m != nil && m != x {
			x.master = m
			m.ports = append(m.ports, x)
		}
	}
	return n
}

// sysLinks reads the links from /sys.
func (l *look) sysLinks() (*links, error) {
	names, err := l.fs.Names(netClass)
	if err != nil {
		return nil, err
	}
	routed := l.routed()
	var list []*link
	masters := make(map[*link]string)
	indexes := make(map[string]int)
	for i, name := range names {
		dir := netClass + "/" + name
		if info, err := l.fs.Stat(dir); err != nil || !info.IsDir() {
			continue // bonding_masters is a file
		}
		x := &link{Link: netlinks.Link{Name: name, Index: l.attribute(dir+"/ifindex", -1-i), Type: l.attribute(dir+"/type", 1), State: "unknown"}}
		x.Parent = l.attribute(dir+"/iflink", x.Index)
		x.MTU = l.attribute(dir+"/mtu", 0)
		x.Addressed = routed[name]
		if flags, err := l.fs.Line(dir + "/flags"); err == nil {
			bits, err := strconv.ParseUint(strings.TrimPrefix(flags, "0x"), 16, 32)
			x.Enabled, x.blind = bits&1 != 0, err != nil
		} else {
			x.blind = true
		}
		if state, err := l.fs.Line(dir + "/operstate"); err == nil {
			x.State = state
		}
		x.Switch, _ = l.fs.Line(dir + "/phys_switch_id")
		x.Port, _ = l.fs.Line(dir + "/phys_port_name")
		l.sysKind(x, dir)
		masters[x] = l.fs.LinkBase(dir + "/master")
		indexes[name] = x.Index
		list = append(list, x)
	}
	here := make(map[int]int, len(list)) // index to the index of what it leads to
	for _, x := range list {
		here[x.Index] = x.Parent
	}
	for _, x := range list {
		if to := masters[x]; to != "" {
			x.Master = indexes[to]
		}
		if x.Parent == x.Index {
			x.Parent = 0
		}
		// A link that leads to another without having a kind is one end of a cable; where the other end does not lead
		// back, it lies in another namespace.
		if x.Kind == "" && x.Parent != 0 && !l.fs.Exists(netClass+"/"+x.Name+"/device") {
			x.Kind = "veth"
			if l.listed(netClass+"/"+x.Name, "lower_") {
				x.Kind = "macvlan" // or one of its like, which stand on another link and are not the end of anything
				continue
			}
			if here[x.Parent] != x.Index {
				elsewhere := -1
				x.Namespace = &elsewhere
			}
		}
	}
	return joinLinks(list), nil
}

// linkTypes are the kinds of links that have a type of their own (ARPHRD_*) and show no other mark in /sys.
var linkTypes = map[int]string{768: "ipip", 769: "ip6tnl", 776: "sit", 778: "gre", 823: "ip6gre"}

// sysKind finds out what kind of link it is.
func (l *look) sysKind(x *link, dir string) {
	uevent, _ := l.fs.Read(dir+"/uevent", linux.SmallFile)
	x.Kind = linux.Uevent(string(uevent), "DEVTYPE")
	switch flags, err := l.fs.Line(dir + "/tun_flags"); {
	case x.Kind == "wlan", x.Kind == "wwan", x.Kind == "dsa": // sorts of devices
		x.Kind = ""
	case x.Kind != "":
	case err == nil:
		x.Kind = "tun"
		bits, _ := strconv.ParseUint(strings.TrimPrefix(flags, "0x"), 16, 32)
		x.Tap = bits&2 != 0 // IFF_TAP
	case l.fs.Exists(dir + "/bridge"):
		x.Kind = "bridge"
	case l.fs.Exists(dir + "/bonding"):
		x.Kind = "bond"
	case x.Name == "ovs-system":
		x.Kind = "openvswitch"
	default:
		x.Kind = linkTypes[x.Type]
	}
	if x.Kind == "bond" {
		mode, _ := l.fs.Line(dir + "/bonding/mode")
		x.Mode, _, _ = strings.Cut(mode, " ")
	}
}

// attribute reads a file that holds a decimal number; the fallback stands for one that cannot be read.
func (l *look) attribute(name string, fallback int) int {
	text, err := l.fs.Line(name)
	if err != nil {
		return fallback
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return fallback
	}
	return n
}

// routed finds the links that routes of IPv4 lead over, which takes an address in most cases.
func (l *look) routed() map[string]bool {
	text, err := l.fs.Read("/proc/1/net/route", linux.LargeFile)
	if err != nil {
		return nil
	}
	found := make(map[string]bool)
	for _, name := range linux.ParseRouteLinks(string(text)) {
		found[name] = true
	}
	return found
}
