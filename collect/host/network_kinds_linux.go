package host

import (
	"fmt"
	"slices"
	"strings"
)

// kinds notes the links that are networks by their kind. Those of products are left to them.
func (n *networking) kinds() {
	for _, x := range n.links.list {
		class, ok := kindClass[x.Kind]
		if !ok || fallbackLinks[x.Name] && (!x.Up() || !x.Addressed) {
			continue
		}
		if _, ok := productOf(x.Name); ok || podCable(x.Name) {
			continue
		}
		use := n.use(x)
		network := network{name: x.Name, kind: x.Kind, class: class, use: use}
		if use == mayCarry {
			network.why, network.fix = x.Name+": "+n.whyUnclear(x), asRoot
		}
		n.add(network)
	}
}

// use judges whether a link carries anything of workloads.
func (n *networking) use(x *link) carriage {
	if x.blind {
		return mayCarry
	}
	if !x.Enabled {
		return carriesNothing
	}
	switch x.Kind {
	case "bridge":
		return n.bridgeUse(x)
	case "wireguard":
		return carriesNothing // of no product: a way in for administrators, or to another site
	case "vxlan", "geneve", "bareudp", "gre", "gretap", "ip6gre", "ip6gretap", "erspan", "ipip", "ip6tnl":
		return n.tunnelUse(x)
	default:
		return carries // of the class of the ports below
	}
}

func (n *networking) whyUnclear(x *link) string {
	if x.blind {
		return "whether it is switched on is not readable"
	}
	return "a program decides what goes through it"
}

// bridgeUse judges a bridge: it carries the traffic of the workloads that are plugged into it, and that of the machine
// itself where it has both a port and an address, on itself or on a VLAN above it.
func (n *networking) bridgeUse(x *link) carriage {
	use := plugged(x.ports)
	if use == carries || switchedOn(x.ports) == carriesNothing {
		return use
	}
	if x.Addressed || slices.ContainsFunc(n.links.list, func(above *link) bool {
		return above.Parent == x.Index && above.Namespace == nil && above.Enabled && above.Addressed
	}) {
		return switchedOn(x.ports)
	}
	return use
}

// plugged judges a bridge or switch by the workloads at its ports.
func plugged(ports []*link) carriage {
	return switchedOn(slices.DeleteFunc(slices.Clone(ports), uplink))
}

// switchedOn tells whether any of the links is.
func switchedOn(list []*link) carriage {
	use := carriesNothing
	for _, x := range list {
		switch {
		case x.Enabled:
			return carries
		case x.blind:
			use = mayCarry
		}
	}
	return use
}

// uplink reports whether a port leads away from the machine or to another switch on it, rather than to a workload: to
// another network namespace or to a virtual machine.
func uplink(port *link) bool {
	switch port.Kind {
	case "":
		return !strings.HasPrefix(port.Name, "vif") // Xen's cables to virtual machines are devices, too
	case "veth":
		return port.Namespace == nil
	case "dummy", "ifb", "openvswitch":
		return true
	default:
		_, network := kindClass[port.Kind]
		return network
	}
}

// tunnelUse judges a tunnel that is switched on: alone it carries nothing. It does with an address of its own, or as a
// port of a bridge or switch that has something else to carry, or that has an address itself.
func (n *networking) tunnelUse(x *link) carriage {
	switch m := x.master; {
	case m == nil && x.Addressed:
		return carries
	case m == nil && x.Tunnel != nil && x.Tunnel.External:
		return mayCarry
	case m == nil:
		return carriesNothing
	case m.Name == "ovs-system":
		return n.switchUse(m)
	case m.Kind == "bridge" && m.master != nil: // of a VRF: it routes
		return carries
	case m.Kind == "bridge":
		return n.bridgeUse(m)
	case x.Addressed:
		return carries // in a VRF
	default:
		return carriesNothing
	}
}

// findings says what the links show to be superfluous, missing or there twice.
func (n *networking) findings() {
	var bridges bool
	for _, x := range n.links.list {
		source := "link " + x.Name
		switch x.Kind {
		case "bridge":
			if len(x.ports) > 0 {
				bridges = bridges || plugged(x.ports) == carries
				break
			}
			text := x.Name + " has no port"
			if maker := makerOf(x.Name); maker != "" {
				text += "; " + maker + " makes it by default"
			}
			addNetworkFinding(n.m, "unused-bridge", text, source)
		case "bond", "team":
			if len(x.ports) == 1 {
				addNetworkFinding(n.m, "bond-single-port", fmt.Sprintf("%s has one port, %s", x.Name, x.ports[0].Name), source)
			}
		case "vxlan", "geneve":
			if _, ok := productOf(x.Name); !ok && !x.blind && n.use(x) == carriesNothing {
				text := x.Name
				if x.Tunnel != nil && x.Tunnel.ID > 0 {
					text += fmt.Sprintf(" (%s %d)", x.Kind, x.Tunnel.ID)
				}
				addNetworkFinding(n.m, "unused-overlay", text+" connects nothing", source)
			}
		}
	}
	if vs := n.links.byName["ovs-system"]; vs != nil && bridges && plugged(vs.ports) == carries {
		addNetworkFinding(n.m, "duplicate-switches", "bridges of the kernel and Open vSwitch both have cables of workloads", "master of links")
	}
	for _, p := range n.m.Hardware.Ports {
		if up, known := p.Up.Get(); known && !up {
			addNetworkFinding(n.m, "port-down", p.Name+" is switched on and has no link", netClass+"/"+p.Name+"/carrier")
		}
	}
}
