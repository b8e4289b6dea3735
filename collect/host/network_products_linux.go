package host

import (
	"maps"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// products notes the networks of products that are known by their links or processes.
func (n *networking) products() {
	found := make(map[netProduct]*network)
	at := func(p netProduct) *network {
		if found[p] == nil {
			found[p] = &network{name: p.name, kind: p.name, class: inventory.OverlayNetwork}
		}
		return found[p]
	}
	for _, x := range n.links.list {
		p, ok := productOf(x.Name)
		if podCable(x.Name) {
			p, ok = calico, true
		}
		if !ok {
			continue
		}
		switch net := at(p); {
		case p.private: // shows nothing of what connects workloads
		case x.blind:
			net.use = max(net.use, mayCarry)
			net.why = x.Name + ": whether it is switched on is not readable"
		case x.Enabled:
			net.use = carries
		}
	}
	node := n.node()
	for _, name := range slices.Sorted(maps.Keys(n.programs)) {
		if p, ok := productPrograms[name]; ok {
			if net := at(p); node && !p.private {
				net.use = carries
			}
		}
		if mesh := meshPrograms[name]; mesh != "" {
			// It stands on the network that carries the pods, and says nothing of that.
			found[netProduct{name: mesh}] = &network{name: mesh, kind: "service-mesh", class: inventory.OverlayNetwork}
		}
		if routingPrograms[name] && !n.programs["calico-node"] && !slices.Contains(n.m.Roles, "router") {
			n.m.Roles = append(n.m.Roles, "router")
		}
	}
	if x := n.links.byName["kube-ipvs0"]; x != nil && n.balances() {
		n.add(network{name: x.Name, kind: "ipvs", notClassed: "it holds the addresses of services, and carries nothing"})
	}
	for _, x := range found {
		n.add(*x)
	}
	n.overlapping(found)
	n.eswitches()
}

// balances reports whether the kernel balances virtual services (IPVS). Of kube-proxy's link that stays when it works in
// another way there is nothing to say; where the list is not readable, the link has to do.
func (n *networking) balances() bool {
	text, err := n.fs.Read("/proc/1/net/ip_vs", linux.LargeFile)
	if err != nil {
		return true
	}
	services, err := linux.ParseIPVS(string(text))
	return err != nil || services > 0
}

// overlapping notes that several products make networks for pods. Calico's policy on Flannel's network is one thing,
// known as Canal.
func (n *networking) overlapping(found map[netProduct]*network) {
	var names []string
	for p, x := range found {
		if x.use == carries && !p.private {
			names = append(names, p.name)
		}
	}
	slices.Sort(names)
	canal := slices.Equal(names, []string{calico.name, flannel.name}) && n.links.byName["vxlan.calico"] == nil
	if len(names) > 1 && !canal {
		addNetworkFinding(n.m, "overlapping-networks", "networks of "+strings.Join(names, ", ")+" at once", "names of links and processes")
	}
}

// eswitches notes cards that switch between their virtual functions themselves.
func (n *networking) eswitches() {
	for _, x := range n.links.list {
		if x.Switch != "" && !representor(x.Port) && n.fs.Exists(netClass+"/"+x.Name+"/device") {
			n.add(network{name: x.Name, kind: "switchdev", class: inventory.ManagedSwitch})
		}
	}
}

// node reports whether this is a node of Kubernetes.
func (n *networking) node() bool {
	for name := range n.programs {
		if nodeRoles[name] == "kubernetes-node" {
			return true
		}
	}
	return false
}

// cniDirs are where runtimes look for the networks of pods: that of nearly all, k3s's and MicroK8s's.
var cniDirs = []string{"/etc/cni/net.d", "/var/lib/rancher/k3s/agent/etc/cni/net.d", "/var/snap/microk8s/current/args/cni-network"}

// pods notes what connects the pods of a node of Kubernetes, which its configuration of CNI says.
func (n *networking) pods(s *sorted) {
	if !n.node() {
		return
	}
	pods := slices.ContainsFunc(s.containers, func(c *crowd) bool { return c.group.class.Pod != "" })
	x := network{name: "pods", class: inventory.OverlayNetwork, use: mayCarry, why: "what connects pods is not seen", fix: asRoot}
	types, ok := n.plugins()
	if !ok {
		n.evidence = append(n.evidence, x)
		return
	}
	best := -1
	strange := ""
	for _, t := range types {
		if class, ok := pluginClass[t]; ok {
			best = max(best, classRank(class))
		} else if !pluginHelpers[t] {
			strange = t
		}
	}
	switch {
	case best >= 0 && pods:
		x.class, x.use = classOrder[best], carries
		n.evidence = append(n.evidence, x)
	case best < 0 && strange != "":
		x.why, x.fix = "what the CNI plugin "+inventory.Text(strange)+" does is not known", ""
		n.evidence = append(n.evidence, x)
	}
}

// plugins reads the types of the plugins of the configuration that counts: that whose name comes first. False where
// there is none that can be read.
func (n *networking) plugins() ([]string, bool) {
	const what = "what connects pods (CNI)"
	var names []string
	var dir string
	var err error
	for _, dir = range cniDirs {
		if names, err = n.fs.Names(dir); err == nil || !linux.Gone(err) {
			break
		}
	}
	if err != nil {
		if !linux.Gone(err) {
			n.gap(dir, what, linux.Reason(err), asRoot)
		}
		return nil, false
	}
	names = slices.DeleteFunc(names, func(name string) bool {
		return !strings.HasSuffix(name, ".conf") && !strings.HasSuffix(name, ".conflist") && !strings.HasSuffix(name, ".json")
	})
	if len(names) == 0 {
		return nil, false
	}
	if len(names) > 1 {
		addNetworkFinding(n.m, "leftover-networks", names[0]+" counts, and not "+strings.Join(names[1:], ", "), dir)
	}
	name := dir + "/" + names[0]
	text, err := n.fs.Read(name, linux.SmallFile)
	var types []string
	if err == nil {
		types, err = linux.ParseCNI(text)
	}
	if err != nil {
		remedy := ""
		if linux.Denied(err) {
			remedy = asRoot
		}
		n.gap(name, what, linux.Reason(err), remedy)
		return nil, false
	}
	return types, true
}
