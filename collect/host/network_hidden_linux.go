package host

import (
	"fmt"
	"slices"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/internal/netlinks"
	"github.com/infraopt/infraopt/collect/inventory"
)

// hidden notes signs of networks that lie in other network namespaces. Docker Swarm makes its overlays there, so that
// a container may hang on one although here there is only a bridge.
func (n *networking) hidden(p *processes, s *sorted) {
	overlay := network{class: inventory.OverlayNetwork, use: mayCarry}
	if why, remedy, hidden := p.hidden(n.look); hidden {
		overlay.why, overlay.fix = "processes that may use other networks are hidden: "+why, remedy
		n.evidence = append(n.evidence, overlay)
	}
	// A member of a swarm always has a port there, which leads to what receives requests for all of the swarm.
	if x := n.links.byName["docker_gwbridge"]; x != nil && switchedOn(x.ports) != carriesNothing {
		overlay.why = "Docker Swarm keeps its overlays in network namespaces that are not seen"
		if port := n.foreignTunnel(); port > 0 {
			overlay.why += fmt.Sprintf("; UDP port %d is open for one", port)
		}
		overlay.fix = "add the source docker:"
		n.evidence = append(n.evidence, overlay)
		return
	}
	if slices.ContainsFunc(slices.Concat(n.list, n.evidence), func(x network) bool { return x.use == carries && x.class == inventory.OverlayNetwork }) {
		return // no more is to be learned
	}
	if name, count := n.looseEnds(s); count > 0 {
		overlay.why = fmt.Sprintf("the other ends of %d interfaces of containers are not seen, such as those of %s", count, name)
		overlay.fix = "add the source of its engine"
		n.evidence = append(n.evidence, overlay)
	}
}

// tunnelPorts are the UDP ports of VXLAN, of VXLAN as Linux had it before there was a standard, and of Geneve.
var tunnelPorts = []int{4789, 8472, 6081}

// foreignTunnel finds a port of tunnels that is bound here although no link here has it. The kernel binds it where a
// tunnel was made, and the link may have been moved to another namespace since, as Docker Swarm does. 0 for none.
func (n *networking) foreignTunnel() int {
	text, err := n.fs.Read("/proc/1/net/udp", linux.LargeFile)
	if err != nil {
		return 0
	}
	bound, err := linux.ParseUDPPorts(string(text))
	if err != nil {
		return 0
	}
	for _, port := range tunnelPorts {
		own := slices.ContainsFunc(n.links.list, func(x *link) bool { return x.Tunnel != nil && x.Tunnel.Port == port && x.Enabled })
		if slices.Contains(bound, port) && !own {
			return port
		}
	}
	return 0
}

// mostAsked is how many containers' namespaces are asked for.
const mostAsked = 4096

// looseEnds counts the interfaces of containers whose other ends are not among the links here, and names one such
// container. It is 0 where the kernel was not asked which namespace is which.
func (n *networking) looseEnds(s *sorted) (name string, count int) {
	pids := make([]int, 0, min(len(s.containers), mostAsked))
	for _, c := range s.containers[:cap(pids)] {
		pids = append(pids, c.main.PID)
	}
	if len(pids) == 0 {
		return "", 0
	}
	slices.Sort(pids)
	text, err := n.fs.Answer("network-namespaces", func() ([]byte, error) { return netlinks.AskNamespaces(pids) })
	if err != nil {
		return "", 0
	}
	numbers, err := netlinks.ParseNamespaces(text)
	if err != nil {
		return "", 0
	}
	ends := make(map[int]int) // number of a namespace to the links that lead there
	for _, x := range n.links.list {
		if x.Namespace != nil {
			ends[*x.Namespace]++
		}
	}
	userNetwork := false
	for name := range n.programs {
		userNetwork = userNetwork || userNetworks[name]
	}
	host, err := n.netDev("1")
	if err != nil {
		return "", 0
	}
	looked := make(map[int]bool)
	for _, pid := range pids {
		number, numbered := numbers[pid]
		if numbered && looked[number] || !numbered && userNetwork {
			continue
		}
		if numbered {
			looked[number] = true
		}
		own, err := n.netDev(itoa(pid))
		if err != nil || sameNetwork(host, own) {
			continue
		}
		interfaces := 0
		for _, i := range own {
			if i.Name != "lo" && !fallbackLinks[i.Name] {
				interfaces++
			}
		}
		if loose := interfaces - ends[number]; !numbered && interfaces > 0 {
			name, count = "process "+itoa(pid), count+interfaces
		} else if numbered && loose > 0 {
			name, count = "process "+itoa(pid), count+loose
		}
	}
	return name, count
}
