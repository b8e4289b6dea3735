//go:build !linux

package host

import (
	"context"
	"fmt"
	"runtime"
	"strings"

	"github.com/shirou/gopsutil/v3/cpu"
	"github.com/shirou/gopsutil/v3/host"

	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// observe gives what gopsutil offers on systems other than Linux; the rest is a gap.
func observe(ctx context.Context, env collect.Env, target string) (*inventory.Batch, error) {
	info, err := host.InfoWithContext(ctx)
	if err != nil {
		return nil, &collect.Error{Kind: collect.ErrUnavailable, Op: "reading the machine", Err: err}
	}
	why := fmt.Sprintf("not read on %s in this version", runtime.GOOS)
	m := inventory.Machine{
		Name:    inventory.Known(inventory.Text(info.Hostname)),
		Powered: inventory.Known(true),
		Uptime:  inventory.Known(inventory.Seconds(info.Uptime)),
		Seen:    []string{target},
		OS: inventory.OS{
			ID:       inventory.Known(inventory.Text(info.Platform)),
			Version:  inventory.Known(inventory.Text(info.PlatformVersion)),
			Name:     inventory.Known(inventory.Text(strings.TrimSpace(info.Platform + " " + info.PlatformVersion))),
			Kernel:   inventory.Known(inventory.Text(info.KernelVersion)),
			Style:    inventory.Unknown[inventory.OSStyle](why, ""),
			Packages: inventory.Unknown[int](why, ""),
		},
		Kind:       inventory.Unknown[inventory.MachineKind](why, ""),
		Inside:     inventory.Unknown[string](why, ""),
		Storage:    inventory.Unknown[inventory.StorageClass](why, ""),
		Network:    inventory.Unknown[inventory.NetworkClass](why, ""),
		Management: inventory.Unknown[inventory.Management](why, ""),
		Processes:  inventory.Unknown[int](why, ""),
		Containers: inventory.Unknown[int](why, ""),
	}
	// A Windows or macOS machine has no machine-id, but its host identifier serves as the hardware's UUID.
	if id := strings.ToLower(info.HostID); linux.ValidUUID(id) {
		m.Identity.UUID = inventory.Known(id)
	}
	m.ID = linux.MachineID(m.Identity, info.Hostname)
	total, used := readMemory(ctx)
	m.Memory, m.Usage.Memory = total, used
	m.Usage.Age = m.Uptime
	if n, err := cpu.CountsWithContext(ctx, true); err == nil && n > 0 {
		m.Cores = inventory.Known(float64(n))
	}
	if list, err := cpu.InfoWithContext(ctx); err == nil && len(list) > 0 {
		m.CPUModel = inventory.Known(inventory.Text(list[0].ModelName))
	}
	return &inventory.Batch{
		Machines: []inventory.Machine{m},
		Gaps: []inventory.Gap{
			{Source: target, Subject: inventory.Text(info.Hostname), What: "hardware, storage and networks", Why: why},
			{Source: target, Subject: inventory.Text(info.Hostname), What: "workloads, containers and virtual machines", Why: why},
		},
	}, nil
}

func probe(context.Context, collect.Env) []collect.Probe {
	return []collect.Probe{{
		What: "this machine", Status: collect.ProbeReadable,
		Detail: "name, system, cores, memory and uptime; the rest is read on Linux only",
	}}
}
