package host

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// classOrder ranks networks by what they offer, as the score does.
var classOrder = []inventory.NetworkClass{
	inventory.PhysicalNetwork, inventory.BridgeNetwork, inventory.ManagedSwitch, inventory.CloudNetwork, inventory.OverlayNetwork,
}

func classRank(c inventory.NetworkClass) int { return slices.Index(classOrder, c) }

// A carriage says whether a network carries anything of workloads.
type carriage int

const (
	carriesNothing carriage = iota // proven not to
	mayCarry                       // nobody could look, or what is seen does not tell
	carries
)

// A network is a network that the machine offers, or could.
type network struct {
	name  string
	kind  string // the kernel's kind of link, or the product
	class inventory.NetworkClass
	use   carriage
	why   string // of one that may
	fix   string // what would tell

	notClassed string // proof that it has no class of its own
}

// A networking is what the look at a machine's networks gathers.
type networking struct {
	*look
	m        *inventory.Machine
	links    *links
	programs map[string]bool // names of processes
	list     []network
	evidence []network // of networks that have no link here; these are not listed
}

// network finds the networks that the machine offers to its workloads, and the highest class among those that carry
// any. It sees the links of its own network namespace; what lies in others it knows by the ends that are here.
func (l *look) network(ctx context.Context, m *inventory.Machine, p *processes, s *sorted) []inventory.Network {
	if l.inside {
		return nil // a container's links say nothing of the machine
	}
	links, err := l.links()
	if err != nil {
		why := netClass + ": " + linux.Reason(err)
		m.Network = inventory.Unknown[inventory.NetworkClass](why, "mount /sys")
		l.gap(netClass, "networks", why, "mount /sys")
		return nil
	}
	n := &networking{look: l, m: m, links: links, programs: make(map[string]bool)}
	for _, q := range p.list {
		n.programs[q.Comm] = true
	}
	n.switches(ctx)
	n.kinds()
	n.products()
	n.pods(s)
	n.hidden(p, s)
	ports := n.ports()
	n.findings()
	m.Network = n.class(ports)
	return n.networks()
}

// add notes a network.
func (n *networking) add(x network) { n.list = append(n.list, x) }

// networks gives what was found, each once.
func (n *networking) networks() []inventory.Network {
	slices.SortFunc(n.list, func(a, b network) int { return strings.Compare(a.name, b.name) })
	var list []inventory.Network
	for i, x := range n.list {
		if i > 0 && n.list[i-1].name == x.name {
			continue
		}
		class := inventory.Known(x.class)
		if x.notClassed != "" {
			class = inventory.NotApplicable[inventory.NetworkClass](x.notClassed)
		}
		list = append(list, inventory.Network{
			ID: "n-" + shortHash(n.id+"\x00"+x.name), Machine: n.id, Name: inventory.Text(x.name), Kind: inventory.Text(x.kind),
			Class: class, Seen: n.seen(),
		})
	}
	return list
}

// class is the highest class of network that carries workloads. It is unknown where a higher one may.
func (n *networking) class(ports bool) inventory.Reading[inventory.NetworkClass] {
	const base = 0 // physical
	best := -1
	kind, known := n.m.Kind.Get()
	switch {
	case known && kind == inventory.Cloud:
		best = classRank(inventory.CloudNetwork)
	case known && kind == inventory.Physical && ports:
		best = base
	}
	all := slices.Concat(n.evidence, n.list)
	for _, x := range all {
		if x.use == carries && x.notClassed == "" {
			best = max(best, classRank(x.class))
		}
	}
	for _, x := range all {
		if x.use == mayCarry && classRank(x.class) > best {
			return inventory.Unknown[inventory.NetworkClass](cmp.Or(x.why, x.name+": whether it carries workloads is not seen"), x.fix)
		}
	}
	switch {
	case best > base, best == base && known && kind == inventory.Physical:
		return inventory.Known(classOrder[best])
	case known && kind == inventory.Virtual:
		return inventory.Unknown[inventory.NetworkClass]("virtual cards; only the hypervisor knows what they are plugged into", "assess the hypervisor too")
	case !known && (ports || best == base):
		return inventory.Unknown[inventory.NetworkClass]("whether its ports are real: "+n.m.Kind.Why(), n.m.Kind.Remedy())
	default:
		return inventory.Unknown[inventory.NetworkClass]("no network is seen", "")
	}
}
