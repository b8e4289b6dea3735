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

// A replica that may not run says nothing for the others: if it does not, their own counters and series decide.
func TestClientsBesideAReplicaThatMayNotRun(t *testing.T) {
	m := model(t)
	replica := func(id string, state inventory.Reading[inventory.RunState], age inventory.Seconds, clients int, days inventory.Reading[float64]) inventory.Container {
		return inventory.Container{
			ID: id, Machine: "m", State: state, Layer: inventory.Application, System: inventory.Known(false),
			ComposeProject: inventory.Known("p"), ComposeService: inventory.Known("s"), Service: inventory.Known("swarm/s"),
			Usage: inventory.Usage{
				CPUSeconds: inventory.Known(1.0), Memory: inventory.Known(inventory.MiB), Age: inventory.Known(age),
				Network: inventory.Known(inventory.Bytes(10)), Clients: inventory.Known(clients),
			},
			Demand: inventory.Demand{Days: days},
		}
	}
	running, unread := inventory.Known(inventory.Running), inventory.Unknown[inventory.RunState]("not readable", "")
	none := inventory.Absent[float64]()
	for _, c := range []struct {
		name  string
		other inventory.Reading[inventory.RunState]
		want  score.Activity
	}{
		{"both run", running, score.Active},
		{"one may not", unread, score.ActivityUnknown}, // without it, the other is idle by its counters
	} {
		n := &inventory.Node{Machine: inventory.Machine{ID: "m", Powered: inventory.Known(true), Cores: inventory.Known(2.0), Memory: inventory.Known(4 * inventory.GiB),
			Processes: inventory.Known(9), Containers: inventory.Known(2)}}
		n.Containers = []inventory.Container{
			replica("a", running, 30*inventory.Day, 2, none), replica("b", c.other, 3600, 0, none),
		}
		for _, x := range score.NewStack(n, m, score.Options{}).Works {
			if x.Activity != c.want {
				t.Errorf("%s: %v, want %v", c.name, x.Activity, c.want)
			}
		}
	}
}
