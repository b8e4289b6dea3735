package demo

import (
	"fmt"

	"github.com/infraopt/infraopt/collect/inventory"
)

// A host is a machine at the bottom of the estate that is being made up, with all that stands on it.
type host struct {
	query  query
	index  int
	site   string
	dice        // draw what is true
	lost   dice // draw which facts nobody could read
	evil   dice // draw hostile names
	seen   []inventory.Observation
	missed []missed
}

// roles are the machines of one rack, in order. The first few differ most, so that a small estate shows a lot.
var roles = []func(*host){
	(*host).pooledKVM, (*host).dockerHost, (*host).legacyServer, (*host).cloudServer, (*host).kubernetesNode, (*host).loneKVM,
	(*host).dockerHost, (*host).legacyServer, (*host).kubernetesNode, (*host).esxi, (*host).cloudDocker, (*host).swarmNode,
}

// Racks of a site, and the sites.
const racksPerSite = 8

var sites = []string{"fra", "ams", "lon", "mad", "waw", "zrh"}

// host makes machine number i, as the sources of a real estate see it. It depends on the seed and the number alone.
func (q query) host(i int) []inventory.Observation {
	site := i / (len(roles) * racksPerSite)
	h := &host{query: q, index: i, dice: diceFor(q.seed, i, 0), lost: diceFor(q.seed, i, 1), evil: diceFor(q.seed, i, 2)}
	h.site = sites[site%len(sites)]
	if round := site / len(sites); round > 0 {
		h.site += fmt.Sprint(round + 1)
	}
	roles[i%len(roles)](h)
	return h.seen
}

// label names a machine of this host's place in the estate.
func (h *host) label(what string) string { return fmt.Sprintf("%s-%s-%04d", h.site, what, h.index) }

// pooledKVM is a member of a cluster of hypervisors that serve their own storage.
func (h *host) pooledKVM() {
	k := h.box("pve", hciBoxes, debian12)
	k.machine.Storage = inventory.Known(inventory.SDSOnNodes)
	k.machine.Network = inventory.Known(inventory.ManagedSwitch)
	k.machine.Management = inventory.Known(inventory.ConfigManaged)
	h.hypervisor(k, "kvm", "9.0.2", "proxmox", false)
}

// loneKVM is a hypervisor that somebody once set up.
func (h *host) loneKVM() {
	k := h.box("kvm", rackBoxes, draw(h.dice, generalSystems))
	k.machine.Network = inventory.Known(inventory.BridgeNetwork)
	h.hypervisor(k, "kvm", draw(h.dice, []string{"6.2.0", "7.2.9"}), "", false)
}

// esxi is a blade with an image of its own on an array.
func (h *host) esxi() {
	k := h.box("esx", bladeBoxes, system{"vmware-esxi", "8.0.2", "VMware ESXi 8.0.2", "8.0.2", inventory.ImageBasedOS, 120})
	h.onArray(k)
	k.machine.Network = inventory.Known(inventory.BridgeNetwork)
	k.machine.Management = inventory.Known(inventory.ByHand)
	h.hypervisor(k, "esxi", "8.0.2", "vsphere", true)
}

// dockerHost is a server on which people start containers.
func (h *host) dockerHost() {
	k := h.box("docker", rackBoxes, draw(h.dice, generalSystems))
	k.machine.Storage = inventory.Known(draw(h.dice, []inventory.StorageClass{inventory.RawLocal, inventory.LocalVolumes}))
	k.machine.Network = inventory.Known(inventory.BridgeNetwork)
	h.containerHost(k, h.handMade())
}

// legacyServer runs services straight on its operating system, and keeps their data on an array.
func (h *host) legacyServer() {
	k := h.box("srv", oldBoxes, draw(h.dice, oldSystems))
	if h.percent(70) {
		h.onArray(k)
	} else {
		k.machine.Storage = inventory.Known(inventory.RawLocal)
	}
	k.machine.Network = inventory.Known(inventory.PhysicalNetwork)
	k.machine.Management = inventory.Known(inventory.ByHand)
	k.workloads = h.services(k, h.between(2, 4))
	h.observe(k)
}

// cloudServer is an instance that is used like a server.
func (h *host) cloudServer() {
	k := h.instance("app")
	k.workloads = h.services(k, h.between(1, 2))
	h.observe(k)
}

// cloudDocker is an instance that runs containers.
func (h *host) cloudDocker() {
	k := h.instance("docker")
	h.containerHost(k, h.composed(1))
}

// kubernetesNode is a server that does nothing but run pods.
func (h *host) kubernetesNode() {
	k := h.box("k8s", hciBoxes, draw(h.dice, imageSystems))
	k.machine.Storage = inventory.Known(inventory.SDSOnNodes)
	k.machine.Network = inventory.Known(inventory.OverlayNetwork)
	k.machine.Management = inventory.Known(inventory.GitOps)
	h.clusterNode(k, "kubernetes", h.pods(k))
}

// swarmNode is a server of a small cluster.
func (h *host) swarmNode() {
	k := h.box("swarm", rackBoxes, minimalDebian)
	k.machine.Storage = inventory.Known(inventory.LocalVolumes)
	k.machine.Network = inventory.Known(inventory.OverlayNetwork)
	k.machine.Management = inventory.Known(inventory.ConfigManaged)
	h.clusterNode(k, "swarm", h.swarmTasks(k))
}
