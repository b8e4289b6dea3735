package audit

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score/trend"
)

// A Host is what a host is recognised by in a later audit, where it may have another ID: one that was made of a stronger
// identity, or a weaker one, as more or less of it could be read. All but the ID are hashes.
type Host struct {
	ID        string   `json:"id"`
	UUID      string   `json:"uuid,omitempty"`
	MachineID string   `json:"machineId,omitempty"`
	Serial    string   `json:"serial,omitempty"`
	MACs      []string `json:"macs,omitempty"`
}

// recognised lists what the hosts of an estate are recognised by.
func recognised(e *inventory.Estate) []Host {
	out := make([]Host, 0, len(e.Hosts)) // never null in JSON
	for _, h := range e.Hosts {
		id := &h.Machine.Identity
		x := Host{ID: h.Machine.ID, UUID: hashed(inventory.CanonicalUUID(id.UUID.Or(""))), MachineID: hashed(id.MachineID.Or("")), Serial: hashed(id.Serial.Or(""))}
		for _, mac := range id.MACs {
			x.MACs = append(x.MACs, hashed(mac))
		}
		out = append(out, x)
	}
	return out
}

func hashed(s string) string {
	if s == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:16])
}

// renamed gives the IDs of hosts that have another one now.
func renamed(then, now []Host) map[string]string {
	out := map[string]string{}
	for was, n := range trend.Both(nodes(then), nodes(now)).Now {
		if n.Machine.ID != was {
			out[was] = n.Machine.ID
		}
	}
	return out
}

// nodes are hosts of which nothing is known but what they are recognised by.
func nodes(hosts []Host) *inventory.Estate {
	known := func(s string) inventory.Reading[string] {
		if s == "" {
			return inventory.Reading[string]{}
		}
		return inventory.Known(s)
	}
	e := &inventory.Estate{}
	for i := range hosts {
		h := &hosts[i]
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
	plain := f.Fingerprint == Fingerprint(f.Rule, f.Class, f.Machine, f.Key)
	f.Machine = machine
	f.Fingerprint = Fingerprint(f.Rule, f.Class, f.Machine, f.Key)
	if !plain { // another one of them was told from it by what is said, see distinct
		f.Fingerprint = Fingerprint(f.Rule, f.Class, f.Machine, f.Key, f.Text)
	}
}
