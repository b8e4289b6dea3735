package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score/trend"
)

// A Machine is what a later audit has to know of a machine: what it is recognised by, as it may have another ID then (one that
// was made of a stronger identity, or a weaker one, as more or less of it could be read), and what was not known of it. What
// it is recognised by are hashes.
type Machine struct {
	ID        string   `json:"id"`
	UUID      string   `json:"uuid,omitempty"`
	MachineID string   `json:"machineId,omitempty"`
	Serial    string   `json:"serial,omitempty"`
	MACs      []string `json:"macs,omitempty"`
	Has       []string `json:"has,omitempty"`     // engines and hypervisors on it
	Unknown   []string `json:"unknown,omitempty"` // facts of it and of these
}

// recognised lists the machines of an estate.
func recognised(e *inventory.Estate) []Machine {
	var nodes []*inventory.Node
	e.Walk(func(n *inventory.Node) { nodes = append(nodes, n) })
	out := make([]Machine, len(nodes)) // never null in JSON
	atOnce(len(nodes), func(i int) {
		n := nodes[i]
		id := &n.Machine.Identity
		x := &out[i]
		*x = Machine{ID: n.Machine.ID, UUID: hashed(inventory.CanonicalUUID(id.UUID.Or(""))), MachineID: hashed(id.MachineID.Or("")), Serial: hashed(id.Serial.Or(""))}
		for _, mac := range id.MACs {
			x.MACs = append(x.MACs, hashed(mac))
		}
		x.Has, x.Unknown = shownOf(n)
	})
	return out
}

// shownOf lists what runs work on a machine, and the facts of that and of the machine that are not known.
func shownOf(n *inventory.Node) (has, unknown []string) {
	for _, fact := range inventory.Unknowns(&n.Machine) {
		if !strings.HasPrefix(fact, "identity.") { // what tells machines apart is no evidence
			unknown = append(unknown, fact)
		}
	}
	add := func(what string, facts []string) {
		if !slices.Contains(has, what) {
			has = append(has, what)
		}
		for _, fact := range facts {
			unknown = append(unknown, what+": "+fact)
		}
	}
	for i := range n.Engines {
		add("engine "+n.Engines[i].Kind, inventory.Unknowns(&n.Engines[i]))
	}
	for i := range n.Hypervisors {
		add("hypervisor "+n.Hypervisors[i].Kind, inventory.Unknowns(&n.Hypervisors[i]))
	}
	for _, class := range []string{"container", "vm"} { // what is found of a machine may rest on these
		if !n.Lists(class, "", false) {
			unknown = append(unknown, "all of the class "+class)
		}
	}
	return has, unknown
}

// beyond is the first of a list that is not in another one; empty where all are.
func beyond(list, other []string) string {
	for _, s := range list {
		if !slices.Contains(other, s) {
			return s
		}
	}
	return ""
}

func hashed(s string) string {
	if s == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:16])
}

// renamed gives the IDs of machines that have another one now.
func renamed(then, now []Machine) map[string]string {
	out := map[string]string{}
	for was, n := range trend.Both(nodes(then), nodes(now)).Now {
		if n.Machine.ID != was {
			out[was] = n.Machine.ID
		}
	}
	return out
}

// nodes are machines of which nothing is known but what they are recognised by.
func nodes(machines []Machine) *inventory.Estate {
	known := func(s string) inventory.Reading[string] {
		if s == "" {
			return inventory.Reading[string]{}
		}
		return inventory.Known(s)
	}
	e := &inventory.Estate{}
	for i := range machines {
		h := &machines[i]
		id := inventory.Identity{UUID: known(h.UUID), MachineID: known(h.MachineID), Serial: known(h.Serial), MACs: h.MACs}
		e.Hosts = append(e.Hosts, &inventory.Node{Machine: inventory.Machine{ID: h.ID, Identity: id}})
	}
	return e
}

// rename gives a finding the IDs that its machine and host have now.
func (f *Finding) rename(now map[string]string) {
	machine, ok := now[f.Machine]
	if host, ok := now[f.Host]; ok {
		f.Host = host
	}
	if !ok {
		return
	}
	f.Machine = machine
	f.Fingerprint = f.fingerprint()
}
