package resolve_test

import (
	"testing"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/collect/resolve"
)

// Machines with one chassis and serial numbers of their own are its nodes. The same machine seen twice is not two, a
// chassis that nobody else stands in proves nothing, and what a hyper-converged node does says more.
func TestSharedChassis(t *testing.T) {
	node := func(id, serial, chassis string, form inventory.Reading[inventory.Chassis], kind inventory.MachineKind) inventory.Observation {
		m := inventory.Machine{ID: id, Kind: known(kind), Identity: inventory.Identity{Serial: known(serial)}}
		m.Hardware.Chassis = form
		if chassis != "" {
			m.Hardware.Enclosure = known(chassis)
		}
		o := observed("host", inventory.Batch{Machines: []inventory.Machine{m}})
		o.Target += id + serial
		return o
	}
	rack, hci, silent := known(inventory.Rack), known(inventory.HCI), inventory.Unknown[inventory.Chassis]("type 1", "")
	const physical = inventory.Physical
	for _, row := range []struct {
		name string
		obs  []inventory.Observation
		want map[string]string
	}{
		{"two nodes", []inventory.Observation{node("a", "s1", "c1", rack, physical), node("b", "s2", "C1 ", silent, physical)}, map[string]string{"a": "blade", "b": "blade"}},
		{"two boxes", []inventory.Observation{node("a", "s1", "c1", rack, physical), node("b", "s2", "c2", silent, physical)}, map[string]string{"a": "rack", "b": "unknown: type 1"}},
		{"one box, twice", []inventory.Observation{node("a", "s1", "c1", rack, physical), node("a", "s1", "c1", rack, physical)}, map[string]string{"a": "rack"}},
		{"not seen by all", []inventory.Observation{node("a", "s1", "c1", rack, physical), node("b", "s2", "", rack, physical)}, map[string]string{"a": "rack", "b": "rack"}},
		{"a hyper-converged node", []inventory.Observation{node("a", "s1", "c1", hci, physical), node("b", "s2", "c1", rack, physical)}, map[string]string{"a": "hci", "b": "blade"}},
		{"guests", []inventory.Observation{node("a", "s1", "c1", silent, inventory.Virtual), node("b", "s2", "c1", silent, inventory.Virtual)}, map[string]string{"a": "unknown: type 1", "b": "unknown: type 1"}},
	} {
		e := resolve.Estate(snapshotOf(row.obs...))
		if len(e.Hosts) != len(row.want) {
			t.Errorf("%s: %d hosts", row.name, len(e.Hosts))
		}
		for _, h := range e.Hosts {
			if got := h.Machine.Hardware.Chassis.String(); got != row.want[h.Machine.ID] {
				t.Errorf("%s: %s is %q, want %q", row.name, h.Machine.ID, got, row.want[h.Machine.ID])
			}
		}
		alike(t, row.obs, 3)
	}
}
