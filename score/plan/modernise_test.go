package plan

import (
	"strings"
	"testing"

	"github.com/infraopt/infraopt/collect/inventory"
)

// Work is put into containers by its verdict, with the findings behind that as evidence. Where nobody knows how hard it
// would be, there is no action: the gap of the machine says what would tell.
func TestContainerise(t *testing.T) {
	work := func(id string, r inventory.Reading[inventory.Readiness], found ...inventory.Finding) inventory.Workload {
		return inventory.Workload{ID: id, Machine: "m", Name: id, Layer: inventory.Application, Readiness: r, Findings: found}
	}
	n := &inventory.Node{}
	n.Machine.ID, n.Machine.Inside = "m", inventory.Absent[string]()
	n.Workloads = []inventory.Workload{
		work("web", inventory.Known(inventory.Ready)),
		work("shop", inventory.Known(inventory.ReadyWithWork), inventory.Finding{ID: "device-disk", Severity: inventory.Warning, Text: "has open /dev/sdb", Source: "/proc/PID/fd"}),
		work("scale", inventory.Known(inventory.Hard), inventory.Finding{ID: "device-serial", Severity: inventory.Blocker, Text: "has open /dev/ttyS0", Source: "/proc/PID/fd"}),
		work("dark", inventory.Unknown[inventory.Readiness]("insufficient data: open devices of process 7: permission denied", "run as root")),
		work("unasked", inventory.Reading[inventory.Readiness]{}),
	}
	for r, want := range map[inventory.Readiness]struct {
		id, evidence string
		effort       float64
	}{
		inventory.Ready:         {"web", "no blocker or warning was found", 8},
		inventory.ReadyWithWork: {"shop", "warning: has open /dev/sdb (/proc/PID/fd)", 16},
		inventory.Hard:          {"scale", "blocker: has open /dev/ttyS0 (/proc/PID/fd)", 40},
	} {
		changed, found := containerise(r).node(n, &scene{})
		if len(found) != 1 || found[0].ID != want.id || found[0].Effort != want.effort || !strings.Contains(found[0].Evidence, want.evidence) {
			t.Errorf("%s: got %+v, want %+v", r, found, want)
		}
		if len(changed.Workloads) != 4 || len(changed.Containers) != 1 {
			t.Errorf("%s: %d workloads and %d containers are left", r, len(changed.Workloads), len(changed.Containers))
		}
	}
}
