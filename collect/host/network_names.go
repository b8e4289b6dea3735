package host

import (
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
)

// A product makes networks for workloads, and names its links in a way of its own.
type netProduct struct {
	name string
	// private says that it is a network of administrators and laptops, a virtual private network that meshes. It shows
	// nothing of what connects workloads.
	private bool
}

// Products that are named more than once below.
var (
	calico  = netProduct{name: "calico"}
	cilium  = netProduct{name: "cilium"}
	flannel = netProduct{name: "flannel"}
	antrea  = netProduct{name: "antrea"}
	weave   = netProduct{name: "weave"}
	ovnKube = netProduct{name: "ovn-kubernetes"}
	kubeOVN = netProduct{name: "kube-ovn"}
	router  = netProduct{name: "kube-router"}
	tail    = netProduct{name: "tailscale", private: true}
	zero    = netProduct{name: "zerotier", private: true}
	nebula  = netProduct{name: "nebula", private: true}
	netbird = netProduct{name: "netbird", private: true}
)

// productLinks are the names of links that products make. A name that ends in "*" stands for all that begin so; the
// first that fits counts. Names of cables to single pods are not here: see podCable.
var productLinks = []struct {
	name    string
	product netProduct
}{
	{"cilium_*", cilium},
	{"vxlan.calico", calico}, {"vxlan-v6.calico", calico}, {"wireguard.cali", calico}, {"wg-v6.cali", calico},
	{"flannel.*", flannel}, {"flannel-v6.*", flannel}, {"flannel-wg*", flannel},
	{"ovn-k8s-mp*", ovnKube}, {"ovn-k8s-gw*", ovnKube},
	{"antrea-*", antrea},
	{"ovn0", kubeOVN},
	{"weave", weave}, {"vethwe-*", weave}, {"vxlan-6784", weave},
	{"kube-bridge", router},
	{"kilo0", netProduct{name: "kilo"}},
	{"tailscale*", tail}, {"zt*", zero}, {"nebula*", nebula}, {"wt0", netbird}, {"nm-*", netProduct{name: "netmaker", private: true}},
}

// productPrograms are the processes of products, by their name as the kernel cuts it.
var productPrograms = map[string]netProduct{
	"cilium-agent": cilium, "calico-node": calico, "calico-felix": calico, "flanneld": flannel, "ovnkube": ovnKube,
	"antrea-agent": antrea, "kube-ovn-daemon": kubeOVN, "weaver": weave, "kube-router": router,
	"tailscaled": tail, "zerotier-one": zero, "nebula": nebula, "netbird": netbird,
}

// meshPrograms are the sidecars and node proxies of service meshes.
var meshPrograms = map[string]string{
	"pilot-agent": "istio", "ztunnel": "istio", "linkerd2-proxy": "linkerd", "linkerd-proxy": "linkerd", "kuma-dp": "kuma",
	"consul-dataplan": "consul",
}

// routingPrograms speak routing protocols: BGP, OSPF, IS-IS.
var routingPrograms = map[string]bool{
	"zebra": true, "bgpd": true, "ospfd": true, "ospf6d": true, "isisd": true, "bird": true, "bird6": true, "gobgpd": true,
	"frr": true, "quagga": true,
}

// userNetworks are programs that carry the traffic of a container through sockets of their own, over whatever network
// the machine has.
var userNetworks = map[string]bool{"slirp4netns": true, "pasta": true, "pasta.avx2": true}

// fallbackLinks appear in every network namespace as soon as the module of their kind is loaded, and mean nothing then.
var fallbackLinks = map[string]bool{
	"tunl0": true, "gre0": true, "gretap0": true, "erspan0": true, "sit0": true, "ip6tnl0": true, "ip6gre0": true,
	"ip_vti0": true, "ip6_vti0": true,
}

// defaultBridges are made by engines and hypervisors when they are installed, whether or not anything will use them.
var defaultBridges = []struct{ name, maker string }{
	{"docker0", "Docker"}, {"docker_gwbridge", "Docker Swarm"}, {"virbr", "libvirt"}, {"podman", "Podman"},
	{"cni-podman", "Podman"}, {"lxcbr", "LXC"}, {"lxdbr", "LXD"}, {"incusbr", "Incus"}, {"nerdctl", "nerdctl"},
}

// pluginClass is what the plugins of CNI, by their type, connect pods to. Plugins that only change what others have
// made (portmap, bandwidth, tuning) are not here, nor those that hand on to others (multus).
var pluginClass = map[string]inventory.NetworkClass{
	"calico": inventory.OverlayNetwork, "cilium-cni": inventory.OverlayNetwork, "flannel": inventory.OverlayNetwork,
	"ovn-k8s-cni-overlay": inventory.OverlayNetwork, "antrea": inventory.OverlayNetwork, "kube-ovn": inventory.OverlayNetwork,
	"weave-net": inventory.OverlayNetwork, "nsx": inventory.OverlayNetwork, "contrail-k8s-cni": inventory.OverlayNetwork,
	"aws-cni": inventory.CloudNetwork, "azure-vnet": inventory.CloudNetwork, "terway": inventory.CloudNetwork,
	"oci-ipvlan": inventory.CloudNetwork,
	"bridge":     inventory.BridgeNetwork, "ptp": inventory.BridgeNetwork, "ovs": inventory.ManagedSwitch,
	"macvlan": inventory.PhysicalNetwork, "ipvlan": inventory.PhysicalNetwork, "host-device": inventory.PhysicalNetwork,
	"vlan": inventory.PhysicalNetwork, "sriov": inventory.PhysicalNetwork,
}

// pluginHelpers are the types of plugins that only change what others have made.
var pluginHelpers = map[string]bool{
	"portmap": true, "bandwidth": true, "tuning": true, "firewall": true, "sbr": true, "vrf": true, "loopback": true,
	"dhcp": true, "egress-cni": true, "istio-cni": true, "linkerd-cni": true, "dnsname": true,
}

// kindClass is what a link of a kind offers to workloads by itself. Kinds that are not here are no networks: ports, ends
// of cables, and devices for tests.
var kindClass = map[string]inventory.NetworkClass{
	"bond": inventory.PhysicalNetwork, "team": inventory.PhysicalNetwork, "vlan": inventory.PhysicalNetwork,
	"macvlan": inventory.PhysicalNetwork, "macvtap": inventory.PhysicalNetwork, "ipvlan": inventory.PhysicalNetwork,
	"ipvtap": inventory.PhysicalNetwork, "vrf": inventory.PhysicalNetwork, "macsec": inventory.PhysicalNetwork,
	"sit":    inventory.PhysicalNetwork, // carries IPv6 of the machine itself to where there is none
	"bridge": inventory.BridgeNetwork,
	"vxlan":  inventory.OverlayNetwork, "geneve": inventory.OverlayNetwork, "wireguard": inventory.OverlayNetwork,
	"gre": inventory.OverlayNetwork, "gretap": inventory.OverlayNetwork, "ip6gre": inventory.OverlayNetwork,
	"ip6gretap": inventory.OverlayNetwork, "erspan": inventory.OverlayNetwork, "ipip": inventory.OverlayNetwork,
	"ip6tnl": inventory.OverlayNetwork, "bareudp": inventory.OverlayNetwork,
}

// productOf finds the product that a link is named after.
func productOf(link string) (netProduct, bool) {
	for _, p := range productLinks {
		prefix, open := strings.CutSuffix(p.name, "*")
		if link != p.name && (!open || !strings.HasPrefix(link, prefix)) {
			continue
		}
		if p.product == zero && !zeroTier(link) {
			continue
		}
		return p.product, true
	}
	return netProduct{}, false
}

// zeroTier tells ZeroTier's links, which are "zt" and eight letters and digits, from others that begin so.
func zeroTier(link string) bool {
	return len(link) == 10 && strings.Trim(link[2:], "abcdefghijklmnopqrstuvwxyz0123456789") == ""
}

// podCable reports whether a link is the machine's end of a cable that Calico has laid to a pod.
func podCable(link string) bool {
	rest, ok := strings.CutPrefix(link, "cali")
	return ok && len(rest) == 11 && strings.Trim(rest, "0123456789abcdef") == ""
}

// makerOf names who makes a bridge of that name without being asked; empty for nobody.
func makerOf(bridge string) string {
	for _, d := range defaultBridges {
		if rest, ok := strings.CutPrefix(bridge, d.name); ok && strings.Trim(rest, "0123456789") == "" {
			return d.maker
		}
	}
	return ""
}
