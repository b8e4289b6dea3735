package host

import (
	"context"

	"github.com/shirou/gopsutil/v3/common"
	"github.com/shirou/gopsutil/v3/mem"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// memory is the main memory of a machine: how much there is, and how much of it is used for good, without what the
// kernel would give up for the asking.
type memory struct {
	total, used inventory.Reading[inventory.Bytes]
}

// readMemory reads it below a root, on every system that gopsutil knows.
func readMemory(ctx context.Context, root string) memory {
	if root != "" && root != "/" {
		ctx = context.WithValue(ctx, common.EnvKey, common.EnvMap{common.HostProcEnvKey: linux.NewFS(root).Path("/proc")})
	}
	v, err := mem.VirtualMemoryWithContext(ctx)
	if err != nil || v.Total == 0 { // gopsutil gives zeros where it could not read
		const why = "the system does not show its memory"
		return memory{inventory.Unknown[inventory.Bytes](why, ""), inventory.Unknown[inventory.Bytes](why, "")}
	}
	m := memory{total: inventory.Known(inventory.Bytes(v.Total))}
	if v.Available > 0 && v.Available <= v.Total {
		m.used = inventory.Known(inventory.Bytes(v.Total - v.Available))
	} else {
		m.used = inventory.Unknown[inventory.Bytes]("the kernel does not say how much memory is available", "")
	}
	return m
}
