package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
)

// The actions that put software in the place of hands, ports and boxes.

func declareMachines() *Action {
	return &Action{
		Definition: Definition{ID: "declare-machines", Title: "Keep machines by configuration management", Effort: "12 in all, and 1 for each machine",
			Why:  "A machine that was set up by hand cannot be set up again, and drifts from its like.",
			Risk: "the first run may undo what was changed by hand: run it without changes first", Reversible: true},
		once:    12,
		touches: []string{managed}, local: true,
		node: func(n *inventory.Node, c *scene) (*inventory.Node, []Subject) {
			m, ok := n.Machine.Management.Get()
			if !ok || m != inventory.ByHand && m != inventory.Provisioned || !n.Machine.Inside.IsAbsent() || !c.freeMachine(n) {
				return n, nil
			}
			out := *n
			out.Machine.Management = inventory.Known(inventory.ConfigManaged)
			return &out, []Subject{machineSubject(n, 1, "is managed "+strings.ReplaceAll(string(m), "-", " "))}
		},
		title:         counted("Bring %d machine under configuration management", "Bring %d machines under configuration management"),
		next:          func([]Subject) string { return "infraopt explain software-defined.management" },
		prerequisites: []string{"the desired state is written down and kept in a repository"},
	}
}

func adoptOverlay() *Action {
	return &Action{
		Definition: Definition{ID: "adopt-overlay", Title: "Adopt a software-defined network", Effort: "24 in all, and 1 for each host",
			Why:  "With an overlay, where work runs no longer depends on ports, VLANs and addresses of the place: policy goes with it.",
			Risk: "packets get larger headers: paths with a small MTU drop them; the overlay's control plane is one more thing to keep", Reversible: true},
		once:    24,
		touches: []string{"software-defined.network"}, local: true,
		node: func(n *inventory.Node, c *scene) (*inventory.Node, []Subject) {
			if n != c.stack.Host { // an overlay on the host carries what stands on it
				return n, nil
			}
			class, ok := n.Machine.Network.Get()
			kind, ok2 := n.Machine.Kind.Get()
			if !ok || !ok2 || kind == inventory.Cloud || class == inventory.OverlayNetwork || class == inventory.CloudNetwork || !n.Machine.Inside.IsAbsent() || !carries(n) || !c.freeMachine(n) {
				return n, nil
			}
			out := *n
			out.Machine.Network = inventory.Known(inventory.OverlayNetwork)
			return &out, []Subject{machineSubject(n, 1, "what runs on it is joined by "+networks[class])}
		},
		title:         counted("Join what runs on %d host by an overlay", "Join what runs on %d hosts by an overlay"),
		next:          func([]Subject) string { return "infraopt explain software-defined.network" },
		prerequisites: []string{"an IP path between all hosts, with room for the overlay's headers"},
	}
}

var networks = map[inventory.NetworkClass]string{inventory.PhysicalNetwork: "ports and VLANs", inventory.BridgeNetwork: "a bridge", inventory.ManagedSwitch: "a virtual switch"}

// carries reports whether virtual machines or containers are known to run on a machine.
func carries(n *inventory.Node) bool {
	for i := range n.VMs {
		if n.VMs[i].State.Or("") == inventory.Running {
			return true
		}
	}
	for i := range n.Containers {
		if c := &n.Containers[i]; c.State.Or("") == inventory.Running && c.Layer != inventory.Infrastructure {
			return true
		}
	}
	return false
}

// storageNodes is how many nodes storage needs that survives the loss of one: with two, a node that is cut off cannot tell
// which of them is to go on.
const storageNodes = 3

func adoptStorage() *Action {
	return &Action{
		Definition: Definition{ID: "adopt-storage", Title: "Adopt software-defined storage on the nodes", Effort: "40 in all, and 2 for each host",
			Why:  "Data on the disks of one box goes down with the box, and keeps work where its data is.",
			Risk: "each byte is kept several times; the network between the nodes carries every write", Reversible: true},
		once:    40,
		touches: storages, local: true, zonal: true,
		node: func(n *inventory.Node, c *scene) (*inventory.Node, []Subject) {
			if n != c.stack.Host || c.customs.sites[c.stack.Zone] < storageNodes || !servesStorage(n) || !c.freeMachine(n) {
				return n, nil
			}
			out, moved := restOn(n, inventory.RawLocal, inventory.LocalVolumes)
			if moved == 0 {
				return n, nil
			}
			return out, []Subject{machineSubject(n, 2, fmt.Sprintf("its data is on its own disks (%s), as is that of %d other hosts of its zone, or on disks that they share already", n.Machine.Storage.Or(""), c.customs.sites[c.stack.Zone]-1))}
		},
		title:         counted("Share the disks of %d host as software-defined storage", "Share the disks of %d hosts as software-defined storage"),
		next:          func([]Subject) string { return "infraopt explain software-defined.storage" },
		prerequisites: []string{"the disks hold every byte as often as it is to be kept, by default three times", "a network of 10 Gbit/s or more between the nodes"},
	}
}

// restOn puts data of a host, and of virtual machines on it, that lives on storage of some classes on its nodes' own.
func restOn(n *inventory.Node, classes ...inventory.StorageClass) (out *inventory.Node, moved int) {
	has := func(r inventory.Reading[inventory.StorageClass]) bool {
		class, ok := r.Get()
		return ok && slices.Contains(classes, class)
	}
	shared := inventory.Known(inventory.SDSOnNodes)
	own := *n
	if has(n.Machine.Storage) {
		own.Machine.Storage = shared
		moved++
	}
	if slices.ContainsFunc(n.VMs, func(v inventory.GuestVM) bool { return has(v.Storage) }) {
		own.VMs = slices.Clone(n.VMs)
		for i := range own.VMs {
			if has(own.VMs[i].Storage) {
				own.VMs[i].Storage = shared
				moved++
			}
		}
	}
	return &own, moved
}

// retireArrays moves what is on external arrays to the nodes. It is done only where it is known what is on them.
func retireArrays() *Action {
	return &Action{
		Definition: Definition{ID: "retire-array", Title: "Retire storage arrays", Effort: "80 in all, and 2 for each host",
			Why:  "An array is a box with its own network, tools, spare parts and end of life, beside nodes that have disks of their own.",
			Risk: "all its data moves; what an array did for backup and replication has to be done by other means", Reversible: false},
		once:  80,
		whole: true,
		node: func(n *inventory.Node, c *scene) (*inventory.Node, []Subject) {
			if n != c.stack.Host || !c.customs.arraysCanGo {
				return n, nil
			}
			out, moved := restOn(n, inventory.FCArray, inventory.IPArray)
			if moved == 0 {
				return n, nil
			}
			return out, []Subject{machineSubject(n, 2, fmt.Sprintf("%d disks of it and of its virtual machines are on an array; %d hosts of its zone have disks of their own", moved, c.customs.sites[c.stack.Zone]))}
		},
		site: func(e *inventory.Estate) *inventory.Estate {
			out := *e
			out.Arrays = nil
			return &out
		},
		title:         counted("Move the data of %d host off storage arrays, and retire them", "Move the data of %d hosts off storage arrays, and retire them"),
		next:          func([]Subject) string { return "infraopt explain software-defined.storage" },
		prerequisites: []string{"the disks of the nodes hold what is on the arrays, as often as it is to be kept", "nothing outside of what was seen uses the arrays"},
	}
}

// arraysCanGo reports whether all that is known to be on arrays, and everything else is known not to be, can go to nodes
// of the same zone.
func arraysCanGo(e *inventory.Estate, c *customs, zoneOf func(*inventory.Machine) string, rules *Constraints) bool {
	users := 0
	for _, h := range e.Hosts {
		open, uses := false, false
		look := func(r inventory.Reading[inventory.StorageClass]) {
			class := r.Or("")
			open = open || r.IsUnknown()
			uses = uses || class == inventory.FCArray || class == inventory.IPArray
		}
		look(h.Machine.Storage)
		for i := range h.VMs {
			look(h.VMs[i].Storage)
		}
		if open || uses && (c.sites[zoneOf(&h.Machine)] < storageNodes || rules.Held(h) != "") {
			return false
		}
		if uses {
			users++
		}
	}
	return users > 0
}
