package host

import (
	"context"
	"strings"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/internal/ovsdb"
	"github.com/infraopt/infraopt/collect/inventory"
)

// switches notes Open vSwitch and what stands on it.
func (n *networking) switches(ctx context.Context) {
	kernel, user := n.links.byName["ovs-system"], n.links.byName["ovs-netdev"]
	runs := n.programs["ovs-vswitchd"]
	if kernel == nil && user == nil && !runs {
		return
	}
	use := carriesNothing
	if kernel != nil {
		use = n.switchUse(kernel)
	}
	content, asked := n.database(ctx)
	overlay := mayCarry // tunnels in user space are no links
	if asked {
		if u, o := contentUse(content); kernel == nil || user != nil {
			use, overlay = max(use, u), o
		}
		if len(content.Bridges) == 0 {
			addNetworkFinding(n.m, "unused-switch", "Open vSwitch has no bridge", "Open vSwitch database, table Bridge")
		}
	} else if user != nil {
		use = max(use, mayCarry)
	}
	if kernel == nil && user == nil && len(content.Bridges) == 0 {
		overlay = carriesNothing // no datapath has ever been made
		if !asked {
			addNetworkFinding(n.m, "unused-switch", "Open vSwitch runs and has no datapath", "links ovs-system, ovs-netdev")
		}
	}
	const why = "what is plugged into Open vSwitch's own datapath only its database tells"
	n.bridges(content, asked, use, why)
	if user != nil || kernel == nil {
		n.evidence = append(n.evidence, network{name: "Open vSwitch", class: inventory.OverlayNetwork, use: overlay, why: why, fix: asRoot})
	}
	if n.programs["ovn-controller"] {
		n.add(network{name: "ovn", kind: "ovn", class: inventory.OverlayNetwork, use: use, why: why, fix: asRoot})
	}
}

// bridges notes the bridges of Open vSwitch, by its database or by the link that the kernel has for each.
func (n *networking) bridges(content ovsdb.Switch, asked bool, use carriage, why string) {
	x := network{kind: "openvswitch", class: inventory.ManagedSwitch, use: use, why: why, fix: asRoot}
	if asked {
		for _, b := range content.Bridges {
			x.name = b.Name
			n.add(x)
		}
		if len(content.Bridges) > 0 {
			return
		}
	}
	seen := false
	for _, l := range n.links.list {
		// Ports of Open vSwitch's own are of that kind as well; bridges are named so by custom.
		if l.Kind == "openvswitch" && l.Name != "ovs-system" && strings.HasPrefix(l.Name, "br") {
			seen = true
			x.name = l.Name
			n.add(x)
		}
	}
	if !seen {
		x.name = "openvswitch"
		n.add(x)
	}
}

// switchUse judges Open vSwitch in the kernel by its links: ports carry something, and so does a bridge with an address.
func (n *networking) switchUse(vs *link) carriage {
	use := plugged(vs.ports)
	for _, x := range n.links.list {
		if x.Kind == "openvswitch" && x != vs && x.Up() && x.Addressed {
			return carries
		}
	}
	return use
}

// ownInterfaces are the types of interfaces of Open vSwitch that lead to itself, and its tunnels.
var (
	ownInterfaces = map[string]bool{"internal": true, "patch": true}
	ovsTunnels    = map[string]bool{"vxlan": true, "geneve": true, "gre": true, "stt": true, "lisp": true, "gtpu": true, "srv6": true, "ip6gre": true, "erspan": true, "ip6erspan": true, "bareudp": true}
)

// contentUse judges Open vSwitch by its database: whether it carries anything, and whether through tunnels.
func contentUse(s ovsdb.Switch) (plain, overlay carriage) {
	tunnels := false
	for kind, count := range s.Interfaces {
		switch {
		case count <= 0, ownInterfaces[kind]:
		case ovsTunnels[kind]:
			tunnels = true
		default:
			plain = carries
		}
	}
	if plain == carries && tunnels {
		overlay = carries
	}
	return plain, overlay
}

// database asks Open vSwitch's database for its bridges; false where it does not answer, which is a gap.
func (n *networking) database(ctx context.Context) (ovsdb.Switch, bool) {
	socket := ""
	for _, s := range n.sockets {
		if strings.HasSuffix(s, "/db.sock") && strings.Contains(s, "openvswitch") {
			socket = s
			break
		}
	}
	const what = "bridges, ports and tunnels of Open vSwitch"
	if socket == "" {
		n.gap("openvswitch", what, "no socket of its database is listened on", "start ovsdb-server")
		return ovsdb.Switch{}, false
	}
	text, err := n.fs.Answer("ovsdb", func() ([]byte, error) { return ovsdb.Ask(ctx, socket) })
	var s ovsdb.Switch
	if err == nil {
		s, err = ovsdb.Parse(text)
	}
	if err != nil {
		why, remedy := "its database does not answer", ""
		if linux.Denied(err) {
			why, remedy = linux.Reason(err), "run as root, or as a member of the group openvswitch"
		}
		n.gap(socket, what, why, remedy)
		return ovsdb.Switch{}, false
	}
	return s, true
}
