package host

import (
	"math"

	"github.com/infraopt/infraopt/collect/inventory"
)

// noSeries says why there is no utilisation series, and what would give one.
func noSeries(why, remedy string) inventory.Demand {
	bytes, cores := inventory.Unknown[inventory.Bytes](why, remedy), inventory.Unknown[float64](why, remedy)
	return inventory.Demand{
		Days: cores, Samples: inventory.Unknown[int](why, remedy),
		CPUMax: cores, CPUP995: cores, CPUP97: cores, CPUP90: cores,
		MemoryMax: bytes, ReceivedP95: bytes, SentP95: bytes, NetworkDay: bytes,
	}
}

// thousandths rounds cores up to what sizing counts in, so that nothing needs less than it has shown.
func thousandths(cores float64) float64 { return max(0, math.Ceil(cores*1000-1e-9)) / 1000 }

// rate rounds bytes of a time up to whole ones.
func rate(bytes float64) inventory.Reading[inventory.Bytes] {
	return inventory.Known(inventory.Bytes(math.Ceil(min(bytes, math.MaxInt64/2))))
}
