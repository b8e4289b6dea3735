package host

import (
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// overlayNames begin the names of links that network plugins and tunnels of overlays make.
var overlayNames = []string{
	"flannel", "cilium_", "vxlan.calico", "wireguard.cali", "cali", "antrea-gw", "ovn-k8s-mp", "ovn0", "genev_sys_",
	"vxlan_sys_", "kube-bridge", "kube-ipvs", "weave",
}

// A link is a network interface that is more than a port.
type link struct {
	kind  string
	class inventory.NetworkClass
}

// linkOf tells what an interface is; false for ports, for one end of a container's cable, and for the rest.
func linkOf(name, devtype string, bridge, bond bool) (link, bool) {
	switch devtype {
	case "vxlan", "geneve":
		return link{devtype, inventory.OverlayNetwork}, true
	case "vlan":
		return link{devtype, inventory.PhysicalNetwork}, true
	}
	if name == "ovs-system" {
		return link{"openvswitch", inventory.ManagedSwitch}, true
	}
	for _, p := range overlayNames {
		if strings.HasPrefix(name, p) {
			if p == "cali" && len(name) == len("cali")+11 {
				return link{}, false // a pod's cable; the network itself has a name of its own
			}
			return link{"overlay", inventory.OverlayNetwork}, true
		}
	}
	switch {
	case bridge:
		return link{"bridge", inventory.BridgeNetwork}, true
	case bond:
		return link{"bond", inventory.PhysicalNetwork}, true
	}
	return link{}, false
}

// classOrder ranks networks by what they offer, as the score does.
var classOrder = []inventory.NetworkClass{
	inventory.PhysicalNetwork, inventory.BridgeNetwork, inventory.ManagedSwitch, inventory.CloudNetwork, inventory.OverlayNetwork,
}

// network finds the networks that the machine offers to its workloads, and the highest class among them. It sees
// those of its own network namespace only.
func (l *look) network(m *inventory.Machine) []inventory.Network {
	const class = "/sys/class/net"
	names, err := l.fs.Names(class)
	if err != nil {
		why := class + ": " + linux.Reason(err)
		m.Network = inventory.Unknown[inventory.NetworkClass](why, "mount /sys")
		l.gap(class, "networks", why, "mount /sys")
		return nil
	}
	var list []inventory.Network
	best, ports := -1, false
	pods := false
	for _, name := range names {
		dir := class + "/" + name
		if l.fs.Exists(dir + "/device") {
			ports = true
		}
		pods = pods || strings.HasPrefix(name, "cali") && len(name) == len("cali")+11
		uevent, _ := l.fs.Read(dir+"/uevent", linux.SmallFile)
		k, ok := linkOf(name, linux.Uevent(string(uevent), "DEVTYPE"), l.fs.Exists(dir+"/bridge"), l.fs.Exists(dir+"/bonding"))
		if !ok {
			continue
		}
		best = max(best, slices.Index(classOrder, k.class))
		list = append(list, inventory.Network{
			ID: "n-" + shortHash(l.id+"\x00"+name), Machine: l.id, Name: inventory.Text(name), Kind: k.kind,
			Class: inventory.Known(k.class), Seen: l.seen(),
		})
	}
	if pods {
		best = len(classOrder) - 1
	}
	kind, _ := m.Kind.Get()
	if kind == inventory.Cloud {
		best = max(best, slices.Index(classOrder, inventory.CloudNetwork))
	}
	switch {
	case best > 0:
		m.Network = inventory.Known(classOrder[best])
	case kind == inventory.Physical && (ports || best == 0):
		m.Network = inventory.Known(inventory.PhysicalNetwork)
	case kind == inventory.Virtual:
		m.Network = inventory.Unknown[inventory.NetworkClass]("virtual cards; only the hypervisor knows what they are plugged into", "assess the hypervisor too")
	default:
		m.Network = inventory.Unknown[inventory.NetworkClass]("no network is seen", "")
	}
	return list
}
