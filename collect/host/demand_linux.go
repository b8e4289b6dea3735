package host

import (
	"math"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// noSeries says why there is no utilisation series, and what would give one.
func noSeries(why, remedy string) inventory.Demand {
	bytes, cores := inventory.Unknown[inventory.Bytes](why, remedy), inventory.Unknown[float64](why, remedy)
	return inventory.Demand{
		Days: cores, Samples: inventory.Unknown[int](why, remedy),
		CPUMax: cores, CPUP995: cores, CPUP97: cores, CPUP90: cores,
		MemoryMax: bytes, ReceivedP95: bytes, SentP95: bytes, NetworkDay: bytes,
		CPUByHour: inventory.Unknown[*inventory.ByHour](why, remedy),
	}
}

// thousandths rounds cores up to what sizing counts in, so that nothing needs less than it has shown.
func thousandths(cores float64) float64 { return max(0, math.Ceil(cores*1000-1e-9)) / 1000 }

// rate rounds bytes of a time up to whole ones.
func rate(bytes float64) inventory.Reading[inventory.Bytes] {
	return inventory.Known(inventory.Bytes(math.Ceil(min(bytes, math.MaxInt64/2))))
}

// recorders are the directories of programs that keep what each process has used. What they keep is not read.
var recorders = []string{"/var/log/pcp/pmlogger", "/var/log/atop"}

// unkept says of work that no series was made of that nothing on this machine keeps one, where that is so.
func (l *look) unkept(b *inventory.Batch) {
	for _, dir := range recorders {
		if _, err := l.fs.Stat(dir); !linux.Gone(err) || l.inside {
			return
		}
	}
	none := inventory.Demand{Days: inventory.Absent[float64]()}
	for i := range b.Workloads {
		if w := &b.Workloads[i]; w.Demand == (inventory.Demand{}) {
			w.Demand = none
		}
	}
	for i := range b.Containers {
		if c := &b.Containers[i]; c.Demand == (inventory.Demand{}) {
			c.Demand = none
		}
	}
}
