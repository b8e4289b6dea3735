//go:build !linux

package host

import (
	"context"

	"github.com/shirou/gopsutil/v3/mem"

	"github.com/infraopt/infraopt/collect/inventory"
)

// readMemory reads how much main memory there is, and how much of it is used, on every system that gopsutil knows.
func readMemory(ctx context.Context) (total, used inventory.Reading[inventory.Bytes]) {
	v, err := mem.VirtualMemoryWithContext(ctx)
	if err != nil || v.Total == 0 { // gopsutil gives zeros where it could not read
		const why = "the system does not show its memory"
		return inventory.Unknown[inventory.Bytes](why, ""), inventory.Unknown[inventory.Bytes](why, "")
	}
	if v.Available > 0 && v.Available <= v.Total {
		used = inventory.Known(inventory.Bytes(v.Total - v.Available))
	} else {
		used = inventory.Unknown[inventory.Bytes]("the system does not say how much memory is available", "")
	}
	return inventory.Known(inventory.Bytes(v.Total)), used
}
