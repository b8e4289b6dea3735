package host

import (
	"context"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// Bounds of a walk over control groups: a machine has some thousands, a dozen deep at the most.
const (
	maxGroups     = 100_000
	maxGroupDepth = 16
)

// grouped finds containers by the directories of their control groups. It is for a reader to whom /proc does not
// show the processes of others: the file system of control groups still shows which there are, and what they use,
// but neither since when nor which programs they run.
func (l *look) grouped(ctx context.Context, have []inventory.Container) []inventory.Container {
	if l.inside { // what is mounted there may be the groups of the machine, and not of the container
		return have
	}
	h := l.hierarchies()
	known := make(map[string]bool, len(have))
	for _, c := range have {
		known[c.ID] = true
	}
	for _, mount := range []string{h.v2, h.v1["cpuacct"], h.v1["memory"], h.v1["freezer"]} {
		if mount == "" {
			continue
		}
		left := maxGroups
		l.walk(ctx, mount, "", 0, &left, func(path string, class linux.CgroupClass) {
			if known[class.ID] || !l.populated(mount+path) {
				return
			}
			known[class.ID] = true
			have = append(have, l.groupedContainer(path, class, h))
		})
	}
	slices.SortFunc(have, func(a, b inventory.Container) int { return strings.Compare(a.ID, b.ID) })
	return have
}

// walk calls f for every group that is a container's own, and does not look inside those.
func (l *look) walk(ctx context.Context, mount, path string, depth int, left *int, f func(string, linux.CgroupClass)) {
	names, err := l.fs.Names(mount + path)
	if err != nil {
		return
	}
	for _, name := range names {
		if *left--; *left < 0 || depth >= maxGroupDepth || ctx.Err() != nil {
			return
		}
		child := path + "/" + name
		if !l.fs.Exists(mount + child + "/cgroup.procs") {
			continue // a file, not a group
		}
		class := linux.ClassifyCgroup(child)
		switch {
		case class.Kind == linux.CgroupMonitor, class.Kind == linux.CgroupMount:
		case class.Container() && class.ID != "":
			f(child, class)
		default:
			l.walk(ctx, mount, child, depth+1, left, f)
		}
	}
}

// populated reports whether a group, or one inside it, has processes.
func (l *look) populated(dir string) bool {
	if v, ok := l.keyed(dir+"/cgroup.events", "populated"); ok {
		return v > 0
	}
	text, err := l.fs.Read(dir+"/cgroup.procs", linux.LargeFile)
	return err == nil && len(strings.TrimSpace(string(text))) > 0
}

// groupedContainer describes a container by what its control group shows.
func (l *look) groupedContainer(path string, class linux.CgroupClass, h hierarchies) inventory.Container {
	const why, remedy = "its processes are hidden", asRoot
	// The group has the same place in every hierarchy, as far as its name tells.
	g := &cgroup{groups: linux.Cgroups{Unified: path, V1: map[string]string{"cpu": path, "cpuacct": path, "memory": path, "freezer": path}}, path: path, class: class}
	c := &crowd{group: g, dir: path, depth: class.Depth}
	runtime := runtimeOf(c)
	out := l.unnamed(class, runtime)
	out.ID = inventory.Text(class.ID)
	out.PID = inventory.Unknown[int](why, remedy)
	out.Privileged = inventory.Unknown[bool](why, remedy)
	out.Layer = inventory.Application
	out.CPULimit, out.MemoryLimit = l.limits(c, h)
	out.Usage.CPUSeconds, out.Usage.Memory = inventory.Unknown[float64](why, remedy), inventory.Unknown[inventory.Bytes](why, remedy)
	if v, ok := l.cpuSeconds(c, h); ok {
		out.Usage.CPUSeconds = inventory.Known(hundredths(v))
	}
	if v, ok := l.workingSet(c, h); ok {
		out.Usage.Memory = inventory.Known(v)
	}
	out.Usage.Age = inventory.Unknown[inventory.Seconds](why, remedy)
	out.Usage.Network = inventory.Unknown[inventory.Bytes](why, remedy)
	return out
}
