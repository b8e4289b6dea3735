package resolve_test

import (
	"testing"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/collect/resolve"
)

// What a guest knows of its own use is what its virtual machine needs, unless the hypervisor has watched for longer. A
// guest that was not seen, or knows nothing, changes nothing; nor does the order of what was read.
func TestGuestTellsWhatItsVirtualMachineNeeds(t *testing.T) {
	series := func(days, cores float64) inventory.Demand {
		return inventory.Demand{Days: known(days), Samples: known(1), CPUP995: known(cores), MemoryMax: known(inventory.GiB)}
	}
	silent := inventory.Demand{Days: inventory.Unknown[float64]("it keeps no history", "install sysstat")}
	for name, test := range map[string]struct{ hypervisor, guest, want inventory.Demand }{
		"from the guest":      {inventory.Demand{}, series(28, 2), series(28, 2)},
		"longer in the guest": {series(6e-5, .1), series(28, 2), series(28, 2)},
		"longer outside":      {series(30, 1.5), series(28, 2), series(30, 1.5)},
		"only outside":        {series(30, 1.5), silent, series(30, 1.5)},
		"nowhere":             {inventory.Demand{}, silent, inventory.Demand{}},
	} {
		t.Run(name, func(t *testing.T) {
			metal := observed("libvirt", inventory.Batch{
				Machines:    []inventory.Machine{{ID: "m-metal", Identity: inventory.Identity{MachineID: known("metal")}}},
				Hypervisors: []inventory.Hypervisor{{ID: "hv", Machine: "m-metal", Kind: "kvm"}},
				VMs:         []inventory.VM{{ID: "vm-" + uuid, Hypervisor: "hv", UUID: known(uuid), Demand: test.hypervisor}},
			})
			guest := observed("host", inventory.Batch{Machines: []inventory.Machine{{ID: "m-guest", Identity: inventory.Identity{UUID: known(uuid)}, Demand: test.guest}}})
			for _, e := range []*inventory.Estate{resolve.Estate(snapshotOf(metal, guest)), resolve.Estate(snapshotOf(guest, metal))} {
				if vm := e.Hosts[0].VMs[0]; vm.Guest == nil || vm.Demand != test.want || vm.Guest.Machine.Demand != test.guest {
					t.Errorf("got %+v, want %+v", vm.Demand, test.want)
				}
			}
		})
	}
}
