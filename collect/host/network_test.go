//go:build linux

package host

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/infraopt/infraopt/collect/inventory"
)

// networkFacts are what a look says of networks, in words.
func networkFacts(b *inventory.Batch) map[string]string {
	m := b.Machines[0]
	var links, found, ports, gaps []string
	for _, n := range b.Networks {
		links = append(links, n.Name+"="+n.Kind+"/"+n.Class.String())
	}
	for _, f := range m.Findings {
		if _, ours := networkFindings[f.ID]; ours {
			found = append(found, f.ID+": "+f.Text)
		}
	}
	for _, p := range m.Hardware.Ports {
		ports = append(ports, fmt.Sprintf("%s %s up=%s speed=%s virtual=%s", p.Name, p.Driver, p.Up, p.Speed, p.Virtual))
	}
	for _, g := range b.Gaps {
		if strings.Contains(g.What, "Open vSwitch") || strings.Contains(g.What, "CNI") || strings.Contains(g.What, "links") || g.What == "networks" {
			gaps = append(gaps, g.Subject+": "+g.Why+" ("+g.Remedy+")")
		}
	}
	return map[string]string{
		"class": m.Network.String(), "remedy": m.Network.Remedy(), "networks": strings.Join(links, ", "), "findings": strings.Join(found, "; "),
		"ports": strings.Join(ports, ", "), "gaps": strings.Join(gaps, "; "), "roles": strings.Join(m.Roles, " "),
	}
}

const oneCard = "eth0 ixgbe up=true speed=10000 virtual=none"

// TestNetworkTrees wants of each written tree all that is said of its networks; what a row leaves out is empty.
func TestNetworkTrees(t *testing.T) {
	for name, want := range map[string]map[string]string{
		"k8s-cilium": {
			"class": "overlay", "ports": oneCard, "roles": "container-host kubernetes-node",
			"networks": "cilium=cilium/overlay, kube-ipvs0=ipvs/not applicable: it holds the addresses of services, and carries nothing",
			"findings": "leftover-networks: 05-cilium.conflist counts, and not 10-flannel.conflist",
		},
		"k8s-calico-vxlan": {"class": "overlay", "ports": oneCard, "networks": "calico=calico/overlay", "roles": "container-host kubernetes-node"},
		"k8s-calico-ipip": {
			"class": "overlay", "ports": oneCard, "networks": "calico=calico/overlay, tunl0=ipip/overlay", "roles": "container-host kubernetes-node router",
			"gaps": "/etc/cni/net.d: permission denied (run as root)",
		},
		"k8s-flannel": {"class": "overlay", "ports": oneCard, "networks": "cni0=bridge/bridge, flannel=flannel/overlay", "roles": "container-host kubernetes-node"},
		"k8s-ovn": {
			"class": "overlay", "ports": oneCard, "roles": "container-host kubernetes-node",
			"networks": "br-ex=openvswitch/switch, br-int=openvswitch/switch, genev_sys_6081=geneve/overlay, ovn=ovn/overlay, ovn-kubernetes=ovn-kubernetes/overlay",
			"gaps":     "/run/openvswitch/db.sock: permission denied (run as root, or as a member of the group openvswitch)",
		},
		"ovs-hypervisor": {
			"class": "switch", "networks": "br0=openvswitch/switch, virbr0=bridge/bridge", "roles": "hypervisor",
			"ports":    "eno1 ixgbe up=true speed=10000 virtual=none, eno2 ixgbe up=false speed=unknown: it shows no speed without a link virtual=none",
			"findings": "port-down: eno2 is switched on and has no link; unused-bridge: virbr0 has no port; libvirt makes it by default",
		},
		"bonded-vlan": {
			"class": "physical", "roles": "router",
			"networks": "bond0=bond/physical, bond0.10=vlan/physical, bond0.20=vlan/physical, bond1=bond/physical, br9=bridge/bridge",
			"ports": "eno1 ixgbe up=true speed=10000 virtual=none, eno2 ixgbe up=true speed=10000 virtual=none, " +
				"eno3 tg3 up=false speed=unknown: it shows no speed without a link virtual=none",
			"findings": "bond-single-port: bond1 has one port, eno3; port-down: eno3 is switched on and has no link; unused-bridge: br9 has no port",
		},
		"wireguard-admin": {
			"class": "physical", "ports": oneCard, "networks": "tailscale=tailscale/overlay, vx-lab=vxlan/overlay, wg0=wireguard/overlay",
			"findings": "unused-overlay: vx-lab (vxlan 77) connects nothing",
		},
		"fallback-tunnels": {"class": "physical", "ports": oneCard, "networks": "sit0=sit/physical"},
		"sriov": {
			"class": "physical", "networks": "ens1f0np0=switchdev/switch",
			"ports": "ens1f0np0 mlx5_core up=true speed=100000 virtual=4, ens1f1np1 mlx5_core up=unknown: ens1f1np1 is switched off, " +
				"and shows nothing of its cable speed=unknown: it shows no speed without a link virtual=0",
		},
		"swarm": {
			"class":  "unknown: Docker Swarm keeps its overlays in network namespaces that are not seen; UDP port 4789 is open for one",
			"remedy": "add the source docker:", "ports": oneCard, "networks": "docker0=bridge/bridge, docker_gwbridge=bridge/bridge", "roles": "container-host",
			"findings": "unused-bridge: docker0 has no port; Docker makes it by default",
		},
		// These have no answer of netlink: what /sys shows.
		"flatcar":  {"class": "overlay", "networks": "cni0=bridge/bridge, flannel=flannel/overlay", "findings": "unused-bridge: cni0 has no port"},
		"hci-ceph": {"class": "switch", "networks": "openvswitch=openvswitch/switch"},
		"hypervisor": {
			"class": "unknown: /sys/class/net: not there", "remedy": "mount /sys", "roles": "hypervisor",
			"gaps": "/sys/class/net: /sys/class/net: not there (mount /sys)",
		},
		"inside-docker": {"class": "unknown: seen from inside a container", "remedy": "run on the host"},
	} {
		t.Run(name, func(t *testing.T) {
			got := networkFacts(observed(t, plant(t, name)))
			if name == "flatcar" || name == "hci-ceph" || name == "inside-docker" {
				delete(got, "ports")
				delete(got, "roles")
				delete(got, "gaps")
			}
			for fact := range got {
				if got[fact] != want[fact] {
					t.Errorf("%s:\n got %q\nwant %q", fact, got[fact], want[fact])
				}
			}
		})
	}
}

// linkAnswer makes an answer of netlink of rows "name kind master flags…": up, ip (addressed), away (its other end is in
// another namespace), tap, external. The first is always a card, eth0.
func linkAnswer(rows ...string) string {
	index := map[string]int{"eth0": 1}
	for i, row := range rows {
		name, _, _ := strings.Cut(row, " ")
		index[name] = i + 2
	}
	links := []string{`{"index":1,"name":"eth0","type":1,"enabled":true,"state":"up","addressed":true}`}
	for i, row := range rows {
		f := strings.Fields(row)
		if f[0] == "eth0" {
			links[0] = fmt.Sprintf(`{"index":1,"name":"eth0","type":1,"enabled":true,"state":"up","master":%d}`, index[f[2]])
			continue
		}
		link := fmt.Sprintf(`{"index":%d,"name":%q,"type":1,"state":"unknown"`, i+2, f[0])
		if f[1] != "-" {
			link += fmt.Sprintf(`,"kind":%q`, f[1])
		}
		if f[2] != "-" {
			link += fmt.Sprintf(`,"master":%d`, index[f[2]])
		}
		for _, flag := range f[3:] {
			link += map[string]string{
				"up": `,"enabled":true`, "ip": `,"addressed":true`, "away": `,"parent":99,"namespace":0`, "tap": `,"tap":true`,
				"external": `,"tunnel":{"external":true}`, "on-br0": fmt.Sprintf(`,"parent":%d`, index["br0"]),
			}[flag]
		}
		links = append(links, link+"}")
	}
	return `{"links":[` + strings.Join(links, ",") + "]}"
}

func TestNetworkClasses(t *testing.T) {
	const away = "veth1 veth br0 up away"
	for _, row := range []struct {
		name, class string
		links       string // rows of linkAnswer, parted by ";"
	}{
		{"ports", "physical", ""},
		{"vlan and bond", "physical", "bond0 bond - up ip;bond0.5 vlan - up ip"},
		{"macvlan", "physical", "mac0 macvlan - up ip"},
		{"a bridge with a container", "bridge", "br0 bridge - up;" + away},
		{"a bridge with a virtual machine", "bridge", "br0 bridge - up;vnet0 tun br0 up tap"},
		{"a bridge with a virtual machine of Xen", "bridge", "br0 bridge - up;vif1.0 - br0 up"},
		{"a bridge that the machine itself uses", "bridge", "br0 bridge - up ip;eth0 - br0"},
		{"the same with a VLAN on the bridge", "bridge", "br0 bridge - up;eth0 - br0;br0.5 vlan - up ip on-br0"},
		{"a bridge that is only plugged in", "physical", "br0 bridge - up;eth0 - br0"},
		{"a bridge with nothing", "physical", "docker0 bridge - up ip"},
		{"a bridge that is switched off", "physical", "br0 bridge -;" + away},
		{"a cable that is switched off", "physical", "br0 bridge - up;veth1 veth br0 away"},
		{"open vswitch with a container", "switch", "ovs-system openvswitch -;veth1 veth ovs-system up away"},
		{"open vswitch that the machine itself uses", "switch", "ovs-system openvswitch -;br-ex openvswitch - up ip;eth0 - ovs-system"},
		{"open vswitch with only a port", "physical", "ovs-system openvswitch -;br-ex openvswitch - up;eth0 - ovs-system"},
		{"open vswitch without a bridge", "physical", "ovs-system openvswitch -"},
		{"open vswitch in user space", "unknown: what is plugged into Open vSwitch's own datapath only its database tells", "ovs-netdev tun - up tap;br0 tun - up tap"},
		{"vxlan in a bridge", "overlay", "br0 bridge - up;" + away + ";vx7 vxlan br0 up"},
		{"vxlan in a bridge without anything else", "physical", "br0 bridge - up;vx7 vxlan br0 up"},
		{"vxlan with an address", "overlay", "vx7 vxlan - up ip"},
		{"vxlan without", "physical", "vx7 vxlan - up"},
		{"vxlan that is switched off", "physical", "vx7 vxlan - ip"},
		{"vxlan of a VRF", "overlay", "red vrf - up;br0 bridge red up;vx7 vxlan br0 up"},
		{"vxlan of an unknown program", "unknown: vx7: a program decides what goes through it", "vx7 vxlan - up external"},
		{"geneve of open vswitch", "overlay", "ovs-system openvswitch -;genev_sys_6081 geneve ovs-system up external;veth1 veth ovs-system up away"},
		{"geneve of open vswitch that has no other port", "physical", "ovs-system openvswitch -;genev_sys_6081 geneve ovs-system up external"},
		{"gre", "overlay", "gre7 gre - up ip"},
		{"fallbacks", "physical", "tunl0 ipip -;gre0 gre -;sit0 sit - up ip;ip6tnl0 ip6tnl -"},
		{"fallback that is used", "overlay", "tunl0 ipip - up ip"},
		{"wireguard", "physical", "wg0 wireguard - up ip"},
		{"wireguard of calico", "overlay", "wireguard.cali wireguard - up ip"},
		{"tailscale", "physical", "tailscale0 tun - up ip"},
		{"zerotier", "physical", "ztabcd1234 tun - up ip"},
		{"calico without a tunnel", "overlay", "cali0123456789a veth - up away"},
		{"what only begins like calico", "physical", "calibration dummy - up"},
		{"cilium, switched off", "physical", "cilium_host veth -"},
		{"weave", "overlay", "weave bridge - up ip"},
		{"antrea", "overlay", "ovs-system openvswitch -;antrea-gw0 openvswitch - up ip"},
		{"kube-ovn", "overlay", "ovn0 openvswitch - up ip"},
		{"kube-router", "overlay", "kube-bridge bridge - up ip"},
	} {
		var rows []string
		if row.links != "" {
			rows = strings.Split(row.links, ";")
		}
		files := map[string]string{"/proc/cpuinfo": realCPU, "/sys/class/net/eth0/device/vendor": "0x8086\n", "/.infraopt/network-links": linkAnswer(rows...)}
		if got := machineWith(t, files).Machines[0].Network.String(); got != row.class {
			t.Errorf("%s: got %q, want %q", row.name, got, row.class)
		}
	}
}

// Where netlink is refused, /sys shows most of it.
func TestNetworkClassesWithoutNetlink(t *testing.T) {
	for _, row := range []struct {
		name, class string
		files       map[string]string // below /sys/class/net, or whole paths
	}{
		{"ports", "physical", nil},
		{"vlan and bond", "physical", map[string]string{"bond0/bonding/mode": "802.3ad 4\n", "bond0/flags": "0x1443\n", "bond0.5/uevent": "DEVTYPE=vlan\n", "bond0.5/flags": "0x1003\n", "bonding_masters": "bond0\n"}},
		{"bridge", "bridge", map[string]string{
			"br0/bridge/x": "", "br0/flags": "0x1003\n", "br0/ifindex": "3\n", "veth1/flags": "0x1143\n", "veth1/ifindex": "5\n", "veth1/iflink": "2\n", "veth1/master": "-> ../br0",
		}},
		{"a cable that leads back", "physical", map[string]string{
			"br0/bridge/x": "", "br0/flags": "0x1003\n", "br0/ifindex": "3\n", "veth1/flags": "0x1143\n", "veth1/ifindex": "5\n", "veth1/iflink": "6\n", "veth1/master": "-> ../br0",
			"veth2/flags": "0x1143\n", "veth2/ifindex": "6\n", "veth2/iflink": "5\n",
		}},
		{"bridge with a tap", "bridge", map[string]string{"br0/bridge/x": "", "br0/flags": "0x1003\n", "tap0/tun_flags": "0x5002\n", "tap0/flags": "0x1143\n", "tap0/master": "-> ../br0"}},
		{"unused bridge", "physical", map[string]string{"docker0/bridge/x": "", "docker0/flags": "0x1003\n"}},
		{"nothing readable of a bridge", "unknown: br0: whether it is switched on is not readable", map[string]string{"br0/bridge/x": ""}},
		{"vxlan with routes", "overlay", map[string]string{
			"vx7/uevent": "DEVTYPE=vxlan\n", "vx7/flags": "0x1043\n",
			"/proc/1/net/route": "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\nvx7\t0A2A0000\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n",
		}},
		{"vxlan without", "physical", map[string]string{"vx7/uevent": "DEVTYPE=vxlan\n", "vx7/flags": "0x1043\n"}},
		{"a tunnel that came with its module", "physical", map[string]string{"tunl0/uevent": "", "tunl0/type": "768\n", "tunl0/flags": "0x80\n"}},
		{"netlink refused", "physical", map[string]string{"/.infraopt/denied": "/.infraopt/network-links\n"}},
	} {
		files := map[string]string{"/proc/cpuinfo": realCPU, "/sys/class/net/eth0/device/vendor": "0x8086\n"}
		for name, text := range row.files {
			if !strings.HasPrefix(name, "/") {
				name = "/sys/class/net/" + name
			}
			files[name] = text
		}
		b := machineWith(t, files)
		if got := b.Machines[0].Network.String(); got != row.class {
			t.Errorf("%s: got %q, want %q", row.name, got, row.class)
		}
		if gaps := networkFacts(b)["gaps"]; (gaps != "") != (row.name == "netlink refused") {
			t.Errorf("%s: gaps %q", row.name, gaps)
		}
	}
}

// What is unreadable, contradictory or nonsense never becomes a class.
func TestNetworkUnknown(t *testing.T) {
	base := map[string]string{"/proc/cpuinfo": realCPU, "/sys/class/net/eth0/device/vendor": "0x8086\n"}
	kube := func(more map[string]string) map[string]string {
		pod := "/kubepods.slice/kubepods-pod01042b28_179d_446a_954a_7266557e12cd.slice/cri-containerd-" + strings.Repeat("c3", 32) + ".scope"
		plantProcess(t, more, "20 1 kubelet cg=/system.slice/kubelet.service")
		plantProcess(t, more, "30 1 api nspid=30,1 cg="+pod)
		return more
	}
	container := func(more map[string]string) map[string]string {
		plantProcess(t, more, "30 1 api nspid=30,1 cg=/system.slice/docker-"+strings.Repeat("c3", 32)+".scope")
		more["/proc/30/net/dev"] = defaults["/proc/1/net/dev"] + "  eth1: 1 0 0 0 0 0 0 0 2 0 0 0 0 0 0 0\n sit0: 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
		more["/.infraopt/network-links"] = linkAnswer("br0 bridge - up ip", "veth1 veth br0 up away")
		return more
	}
	for _, row := range []struct {
		name, class, remedy string
		files               map[string]string
	}{
		{"a node without CNI", "unknown: what connects pods is not seen", "run as root", kube(map[string]string{"/.infraopt/network-links": linkAnswer()})},
		{"CNI that is not readable", "unknown: what connects pods is not seen", "run as root", kube(map[string]string{"/.infraopt/network-links": linkAnswer(), "/.infraopt/denied": "/etc/cni/net.d\n"})},
		{"CNI that is nonsense", "unknown: what connects pods is not seen", "run as root", kube(map[string]string{"/.infraopt/network-links": linkAnswer(), "/etc/cni/net.d/10.conf": "{"})},
		{"CNI that nobody knows", "unknown: what the CNI plugin warp does is not known", "", kube(map[string]string{"/.infraopt/network-links": linkAnswer(), "/etc/cni/net.d/10.conf": `{"type":"warp"}`})},
		{"CNI with a bridge", "bridge", "", kube(map[string]string{"/.infraopt/network-links": linkAnswer("br0 bridge - up ip", "veth1 veth br0 up away"), "/etc/cni/net.d/10.conf": `{"type":"bridge"}`, "/etc/cni/net.d/x.kubeconfig": "token: s3cret"})},
		{"CNI that no pod uses", "physical", "", map[string]string{
			"/.infraopt/network-links": linkAnswer(), "/etc/cni/net.d/10.conf": `{"type":"bridge"}`,
			"/proc/20/stat": kube(map[string]string{})["/proc/20/stat"], "/proc/20/cgroup": "0::/system.slice/kubelet.service\n",
		}},
		{"CNI of a cloud", "cloud", "", kube(map[string]string{"/.infraopt/network-links": linkAnswer(), "/etc/cni/net.d/10.conflist": `{"plugins":[{"type":"aws-cni"},{"type":"egress-cni"},{"type":"portmap"}]}`})},
		{"an interface that leads nowhere", "unknown: the other ends of 1 interfaces of containers are not seen, such as those of process 30", "add the source of its engine", container(map[string]string{"/.infraopt/network-namespaces": `{"30":0}`})},
		{"two of them", "unknown: the other ends of 2 interfaces of containers are not seen, such as those of process 30", "add the source of its engine", container(map[string]string{"/.infraopt/network-namespaces": `{}`})},
		{"namespaces not asked", "bridge", "", container(map[string]string{})},
		{"an answer that is nonsense", "physical", "", map[string]string{"/.infraopt/network-links": "{"}},
		{"an answer with a link twice", "physical", "", map[string]string{"/.infraopt/network-links": `{"links":[{"index":1,"name":"a"},{"index":1,"name":"b"}]}`}},
	} {
		files := maps.Clone(base)
		maps.Copy(files, row.files)
		m := machineWith(t, files).Machines[0]
		if got := m.Network; got.String() != row.class || got.Remedy() != row.remedy {
			t.Errorf("%s: got %q (%s), want %q (%s)", row.name, got, got.Remedy(), row.class, row.remedy)
		}
	}
}

func TestNetworkFindings(t *testing.T) {
	ovs := func(answer string) map[string]string {
		return map[string]string{
			"/.infraopt/ovsdb": answer,
			"/proc/net/unix":   defaults["/proc/net/unix"] + "0000000000000000: 00000002 00000000 00010000 0001 01 21832 /run/openvswitch/db.sock\n",
		}
	}
	run := func(files map[string]string, names ...string) map[string]string {
		for i, name := range names {
			plantProcess(t, files, fmt.Sprintf("%d 1 %s", 20+i, name))
		}
		return files
	}
	for _, row := range []struct {
		name, class, found string
		links              []string
		files              map[string]string
	}{
		{"two products", "overlay", "overlapping-networks: networks of calico, weave at once", []string{"vxlan.calico vxlan - up ip", "weave bridge - up ip", "veth1 veth weave up away"}, nil},
		{"canal is one", "overlay", "", []string{"flannel.1 vxlan - up ip", "cali0123456789a veth - up away"}, nil},
		{"two sorts of switches", "switch", "duplicate-switches: bridges of the kernel and Open vSwitch both have cables of workloads", []string{
			"br0 bridge - up", "vnet0 tun br0 up tap", "ovs-system openvswitch -", "vnet1 tun ovs-system up tap",
		}, nil},
		{"a switch without bridges", "physical", "unused-switch: Open vSwitch has no bridge", []string{"ovs-system openvswitch -"}, run(ovs(`{"bridges":[],"interfaces":{}}`), "ovs-vswitchd")},
		{"a switch that never had any", "physical", "unused-switch: Open vSwitch runs and has no datapath", nil, run(map[string]string{}, "ovs-vswitchd")},
		{"user space with machines", "switch", "", []string{"ovs-netdev tun - tap", "br0 tun - tap"}, run(ovs(`{"bridges":[{"name":"br0","datapath":"netdev","ports":3}],"interfaces":{"internal":1,"dpdkvhostuserclient":2}}`), "ovs-vswitchd")},
		{"user space with tunnels", "overlay", "", []string{"ovs-netdev tun - tap", "br0 tun - tap"}, run(ovs(`{"bridges":[{"name":"br0","datapath":"netdev","ports":3}],"interfaces":{"internal":1,"geneve":1,"dpdkvhostuserclient":2}}`), "ovs-vswitchd")},
		{"user space with nothing", "physical", "", []string{"ovs-netdev tun - tap", "br0 tun - tap"}, run(ovs(`{"bridges":[{"name":"br0","datapath":"netdev","ports":1}],"interfaces":{"internal":1}}`), "ovs-vswitchd")},
		{"kube-proxy of yesterday", "physical", "", []string{"kube-ipvs0 dummy -"}, map[string]string{"/proc/1/net/ip_vs": "IP Virtual Server version 1.2.1 (size=4096)\nProt\n  ->\n"}},
		{"a service mesh and a router", "physical", "", nil, run(map[string]string{}, "pilot-agent", "bird")},
	} {
		files := map[string]string{"/proc/cpuinfo": realCPU, "/sys/class/net/eth0/device/vendor": "0x8086\n", "/.infraopt/network-links": linkAnswer(row.links...)}
		maps.Copy(files, row.files)
		b := machineWith(t, files)
		got := networkFacts(b)
		if got["class"] != row.class || got["findings"] != row.found {
			t.Errorf("%s: got %q, %q; want %q, %q", row.name, got["class"], got["findings"], row.class, row.found)
		}
		if strings.Contains(row.name, "yesterday") && got["networks"] != "" {
			t.Errorf("%s: got %q", row.name, got["networks"])
		}
		if strings.Contains(row.name, "mesh") && (got["networks"] != "istio=service-mesh/overlay" || got["roles"] != "router") {
			t.Errorf("%s: got %q, roles %q", row.name, got["networks"], got["roles"])
		}
	}
}

// Every finding is in the table, with a meaning.
func TestNetworkFindingsAreDocumented(t *testing.T) {
	for id, f := range networkFindings {
		if f.means == "" || f.severity == "" {
			t.Errorf("%s: %+v", id, f)
		}
	}
	for _, p := range productLinks {
		if p.product.name == "" || p.name == "" {
			t.Errorf("%+v", p)
		}
	}
	for name := range productPrograms {
		if len(name) > commLength {
			t.Errorf("%s is longer than what the kernel keeps", name)
		}
	}
	for name := range meshPrograms {
		if len(name) > commLength {
			t.Errorf("%s is longer than what the kernel keeps", name)
		}
	}
}
