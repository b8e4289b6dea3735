package resolve

import (
	"hash/maphash"
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
)

// enclosures tell which chassis hold several machines: nodes with one chassis serial number and serial numbers of
// their own. Of each chassis two hashes are kept.
type enclosures struct {
	seed  maphash.Seed
	nodes map[uint64]uint64 // by the chassis: its one node, or several
}

// several stands for more than one node.
const several = 0

func newEnclosures() enclosures {
	return enclosures{seed: maphash.MakeSeed(), nodes: map[uint64]uint64{}}
}

func (e enclosures) add(o *inventory.Observation) {
	for i := range o.Machines {
		m := &o.Machines[i]
		chassis, ok := m.Hardware.Enclosure.Get()
		serial, known := m.Identity.Serial.Get()
		if !ok || !known {
			continue
		}
		key, node := e.hash(chassis), e.hash(serial)|1 // never several
		if have, met := e.nodes[key]; !met {
			e.nodes[key] = node
		} else if have != node {
			e.nodes[key] = several
		}
	}
}

func (e enclosures) hash(text string) uint64 {
	return maphash.String(e.seed, strings.ToLower(strings.TrimSpace(text)))
}

// settle makes a blade of a physical machine that shares its chassis, whatever form it says it has, unless it is
// hyper-converged.
func (e enclosures) settle(m *inventory.Machine) {
	chassis, ok := m.Hardware.Enclosure.Get()
	if !ok || m.Kind.Or("") != inventory.Physical || m.Hardware.Chassis.Or("") == inventory.HCI {
		return
	}
	if node, met := e.nodes[e.hash(chassis)]; met && node == several {
		m.Hardware.Chassis = inventory.Known(inventory.Blade)
	}
}
