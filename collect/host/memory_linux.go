package host

import (
	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// memory is the main memory of a machine: how much there is, and how much of it is used for good, without what the
// kernel would give up for the asking.
type memory struct {
	total, used inventory.Reading[inventory.Bytes]
	info        linux.Meminfo
}

func (l *look) memory() memory {
	text, err := l.fs.Read("/proc/meminfo", linux.SmallFile)
	var info linux.Meminfo
	if err == nil {
		info, err = linux.ParseMeminfo(string(text))
	}
	if err != nil {
		why := "/proc/meminfo: " + linux.Reason(err)
		return memory{total: inventory.Unknown[inventory.Bytes](why, ""), used: inventory.Unknown[inventory.Bytes](why, "")}
	}
	m := memory{total: inventory.Known(inventory.Bytes(info.Total)), info: info}
	if info.Available > 0 && info.Available <= info.Total {
		m.used = inventory.Known(inventory.Bytes(info.Total - info.Available))
	} else {
		m.used = inventory.Unknown[inventory.Bytes]("the kernel does not say how much memory is available", "")
	}
	return m
}
