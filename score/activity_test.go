package score_test

import (
	"testing"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// Connections of clients decide where counters and series are there and do not, and nowhere else.
func TestActivityByClients(t *testing.T) {
	m := model(t)
	none := inventory.Demand{Days: inventory.Absent[float64]()}
	short := inventory.Demand{Days: inventory.Known(.001)}
	unread := inventory.Unknown[inventory.Bytes]("not readable", "")
	uncounted := inventory.NotApplicable[inventory.Bytes]("in the machine's own network")
	for _, c := range []struct {
		name    string
		clients inventory.Reading[int]
		network inventory.Reading[inventory.Bytes]
		age     inventory.Seconds
		demand  inventory.Demand
		want    score.Activity
	}{
		{"booted an hour ago, with clients", inventory.Known(2), uncounted, 3600, none, score.Active},
		{"booted an hour ago, without", inventory.Known(0), uncounted, 3600, none, score.ActivityUnknown},
		{"clients not seen", inventory.Unknown[int]("not readable", "run as root"), uncounted, 3600, none, score.ActivityUnknown},
		{"two looks are no series that could say idle", inventory.Known(2), uncounted, 3600, short, score.Active},
		{"there may be a series", inventory.Known(2), uncounted, 3600, inventory.Demand{}, score.ActivityUnknown},
		{"traffic may say idle", inventory.Known(2), unread, 30 * inventory.Day, none, score.ActivityUnknown},
		{"idle for a month by its counters", inventory.Known(2), inventory.Known(inventory.Bytes(10)), 30 * inventory.Day, none, score.Idle},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := &inventory.Node{Machine: inventory.Machine{ID: "m", Powered: inventory.Known(true), Cores: inventory.Known(2.0), Memory: inventory.Known(4 * inventory.GiB), Processes: inventory.Known(9), Containers: inventory.Known(0)}}
			n.Workloads = []inventory.Workload{{
				ID: "w", Machine: "m", Name: "w", Layer: inventory.Application,
				Usage: inventory.Usage{
					CPUSeconds: inventory.Known(1.0), Memory: inventory.Known(inventory.MiB), Age: inventory.Known(c.age),
					Network: c.network, Clients: c.clients,
				},
				Demand: c.demand,
			}}
			works := score.NewStack(n, m, score.Options{}).Works
			if len(works) == 0 {
				t.Fatal("no work")
			}
			if len(works) != 1 || works[0].Activity != c.want {
				t.Errorf("got %d pieces of work, %v first; want one, %v", len(works), works[0].Activity, c.want)
			}
		})
	}
}
