package host

import (
	"math"
	"os"
	"strconv"
	"strings"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// pageSize is that of this machine's memory, in bytes.
var pageSize = int64(os.Getpagesize())

// hierarchies are the places where control groups are mounted.
type hierarchies struct {
	v2 string            // empty where version 2 is not mounted
	v1 map[string]string // by controller
}

func (l *look) hierarchies() hierarchies {
	h := hierarchies{v1: make(map[string]string)}
	for _, m := range l.mounts {
		switch m.FSType {
		case "cgroup2":
			if h.v2 == "" || m.Root == "/" {
				h.v2 = m.Point
			}
		case "cgroup":
			for o := range strings.SplitSeq(m.Super, ",") {
				switch o {
				case "cpu", "cpuacct", "memory", "freezer", "name=systemd":
					h.v1[o] = m.Point
				}
			}
		}
	}
	return h
}

// place finds the directory of a crowd's own group in a hierarchy; empty where it has none there. A controller
// may put the same work elsewhere, or leave it in the root.
func (c *crowd) place(mount, path string) string {
	if mount == "" || path == "" || path == "/" || c.dir == "" {
		return ""
	}
	if path == c.group.path {
		return mount + c.dir
	}
	class := linux.ClassifyCgroup(path)
	want := &c.group.class
	if class.Kind == want.Kind && class.ID == want.ID && class.Unit == want.Unit && class.Depth > 0 {
		return mount + linux.CgroupDir(path, class.Depth)
	}
	return ""
}

func (l *look) number(name string) (uint64, bool) {
	text, err := l.fs.Line(name)
	if err != nil {
		return 0, false
	}
	v, err := strconv.ParseUint(text, 10, 64)
	return v, err == nil
}

func (l *look) keyed(name, key string) (uint64, bool) {
	text, err := l.fs.Read(name, linux.SmallFile)
	if err != nil {
		return 0, false
	}
	v, ok, err := linux.KeyedValue(string(text), key)
	return v, ok && err == nil
}

// cpuSeconds reads the processor time that a crowd's group has used since it was made.
func (l *look) cpuSeconds(c *crowd, h hierarchies) (float64, bool) {
	if dir := c.place(h.v1["cpuacct"], c.group.groups.V1["cpuacct"]); dir != "" {
		if v, ok := l.number(dir + "/cpuacct.usage"); ok {
			return float64(v) / 1e9, true
		}
	}
	if dir := c.place(h.v2, c.group.groups.Unified); dir != "" {
		if v, ok := l.keyed(dir+"/cpu.stat", "usage_usec"); ok {
			return float64(v) / 1e6, true
		}
	}
	return 0, false
}

// workingSet reads the memory of a crowd's group less the page cache that the kernel would drop first, as Docker
// counts it.
func (l *look) workingSet(c *crowd, h hierarchies) (inventory.Bytes, bool) {
	used, cache, ok := uint64(0), uint64(0), false
	if dir := c.place(h.v1["memory"], c.group.groups.V1["memory"]); dir != "" {
		if used, ok = l.number(dir + "/memory.usage_in_bytes"); ok {
			cache, _ = l.keyed(dir+"/memory.stat", "total_inactive_file")
		}
	} else if dir := c.place(h.v2, c.group.groups.Unified); dir != "" {
		if used, ok = l.number(dir + "/memory.current"); ok {
			cache, _ = l.keyed(dir+"/memory.stat", "inactive_file")
		}
	}
	if !ok || used > math.MaxInt64 {
		return 0, false
	}
	return inventory.Bytes(used - min(cache, used)), true
}

// usage gives what a crowd has used.
func (l *look) usage(c *crowd, h hierarchies, own bool) inventory.Usage {
	var u inventory.Usage
	cpu, mem, _ := l.counted(c, h, own)
	u.CPUSeconds, u.Memory = inventory.Known(hundredths(cpu)), inventory.Known(mem)
	u.Age = l.age(c.start())
	return u
}

// counted gives the processor time in seconds and the working set of a crowd: by the counters of its group where it has
// one that is its alone, else summed over its processes, which counts shared memory more than once. Counted says
// whether the processor time is that of the group.
func (l *look) counted(c *crowd, h hierarchies, own bool) (cpu float64, mem inventory.Bytes, counted bool) {
	var ticks uint64
	var pages int64
	for _, q := range c.members {
		ticks += q.CPUTicks
		pages += q.RSSPages
	}
	memOK := false
	if own {
		cpu, counted = l.cpuSeconds(c, h)
		mem, memOK = l.workingSet(c, h)
	}
	if !counted {
		cpu = float64(ticks) / linux.TicksPerSecond
	}
	if !memOK {
		mem = inventory.Bytes(pages * pageSize)
	}
	return cpu, mem, counted
}

// age is how long ago something began, in ticks since boot.
func (l *look) age(ticks uint64) inventory.Reading[inventory.Seconds] {
	return inventory.Known(inventory.Seconds(hundredths(max(0, l.uptime-float64(ticks)/linux.TicksPerSecond))))
}

// hundredths rounds seconds to what the kernel measures them in.
func hundredths(seconds float64) float64 { return math.Round(seconds*100) / 100 }

// limits reads how much a container may use: the least that its group and the groups above it allow.
func (l *look) limits(c *crowd, h hierarchies) (inventory.Reading[float64], inventory.Reading[inventory.Bytes]) {
	const why = "no control group of its own shows it"
	cpu, mem := inventory.Unknown[float64](why, ""), inventory.Unknown[inventory.Bytes](why, "")
	if dir := c.place(h.v1["cpu"], c.group.groups.V1["cpu"]); dir != "" {
		cpu = least(l.fs, h.v1["cpu"], dir, func(dir string) (float64, bool, error) {
			quota, err := l.fs.Line(dir + "/cpu.cfs_quota_us")
			if err != nil {
				return 0, false, err
			}
			period, err := l.fs.Line(dir + "/cpu.cfs_period_us")
			if err != nil {
				return 0, false, err
			}
			return linux.ParseCFSQuota(quota, period)
		})
	} else if dir := c.place(h.v2, c.group.groups.Unified); dir != "" {
		cpu = least(l.fs, h.v2, dir, func(dir string) (float64, bool, error) {
			text, err := l.fs.Line(dir + "/cpu.max")
			if err != nil {
				return 0, false, err
			}
			return linux.ParseCPUMax(text)
		})
	}
	memory := func(file string) func(string) (inventory.Bytes, bool, error) {
		return func(dir string) (inventory.Bytes, bool, error) {
			text, err := l.fs.Line(dir + file)
			if err != nil {
				return 0, false, err
			}
			v, limited, err := linux.ParseMemoryMax(text)
			return inventory.Bytes(v), limited, err
		}
	}
	if dir := c.place(h.v1["memory"], c.group.groups.V1["memory"]); dir != "" {
		mem = least(l.fs, h.v1["memory"], dir, memory("/memory.limit_in_bytes"))
	} else if dir := c.place(h.v2, c.group.groups.Unified); dir != "" {
		mem = least(l.fs, h.v2, dir, memory("/memory.max"))
	}
	return cpu, mem
}

// least walks up from a group to the top of its hierarchy and keeps the lowest limit; absent where none is set.
// A group without the controller does not limit; where the group itself cannot be read, nothing is known.
func least[T float64 | inventory.Bytes](f linux.FS, top, dir string, read func(string) (T, bool, error)) inventory.Reading[T] {
	result := inventory.Absent[T]()
	for at := dir; len(at) > len(top); at = at[:strings.LastIndexByte(at, '/')] {
		v, limited, err := read(at)
		switch {
		case linux.Gone(err) && f.Exists(at): // the controller is not switched on here
		case err != nil && at == dir:
			return inventory.Unknown[T]("the limit in "+dir+": "+linux.Reason(err), "")
		case err != nil || !limited:
		default:
			if low, ok := result.Get(); !ok || v < low {
				result = inventory.Known(v)
			}
		}
	}
	return result
}

// frozen reports whether a container is paused.
func (l *look) frozen(c *crowd, h hierarchies) bool {
	if dir := c.place(h.v1["freezer"], c.group.groups.V1["freezer"]); dir != "" {
		state, err := l.fs.Line(dir + "/freezer.state")
		return err == nil && state == "FROZEN"
	}
	if dir := c.place(h.v2, c.group.groups.Unified); dir != "" {
		v, ok := l.keyed(dir+"/cgroup.events", "frozen")
		return ok && v == 1
	}
	return false
}
