package demo

import (
	"fmt"
	"math"
	"slices"

	"github.com/infraopt/infraopt/collect/inventory"
)

const daySeconds = float64(inventory.Day)

// age draws how long something has been running: minutes, hours, days, or up to 400 days.
func (c *completer) age() float64 {
	span := one(c.r, 3600, daySeconds, 7*daySeconds, 30*daySeconds, 400*daySeconds)
	return 60 + float64(c.r.IntN(int(span)))
}

// use fills in counters and a series of something that has room for at most that much and is on a machine that is
// up for so long.
func (c *completer) use(u *inventory.Usage, d *inventory.Demand, room size, uptime inventory.Reading[inventory.Seconds]) {
	least := leastUse(u, d)
	room = room.larger(least)
	peak := min(room.cores, d.CPUP995.Or(room.cores), d.CPUMax.Or(room.cores)) // the mean of a series is not above its peak
	c.counters(u, peak, uptime)
	fill(&u.Memory, func() inventory.Reading[inventory.Bytes] {
		most := float64(min(room.memory, d.MemoryMax.Or(room.memory)))
		share := one(c.r, 0, .001, .1, c.r.Float64(), 1)
		return inventory.Known(inventory.Bytes(most * share))
	})
	least = leastUse(u, d)
	know(&d.Days, one(c.r, 1, 6.9, 7, 14, 30, 90))
	know(&d.Samples, int(d.Days.Or(0)*144))
	know(&d.MemoryMax, least.memory+inventory.Bytes(float64(room.larger(least).memory-least.memory)*one(c.r, 0, .1, c.r.Float64(), 1)))
	c.percentiles(d, least.cores, room.larger(least).cores)
}

// percentiles fills in what the rest of a series shows. CPU is no more than most, and at its peak no less than least;
// a higher percentile is never below a lower one.
func (c *completer) percentiles(d *inventory.Demand, least, most float64) {
	between := func(low, high float64) float64 { // values beside the thresholds of idleness more often than chance would
		return low + max(0, high-low)*one(c.r, 0, .01, .1, c.r.Float64(), 1)
	}
	near := func(v, low, high float64) float64 { return min(max(v, low), max(low, high)) }
	p97, p90 := d.CPUP97.Or(0), d.CPUP90.Or(0)
	know(&d.CPUMax, between(max(least, p97, p90), most))
	know(&d.CPUP995, between(max(least, p97, p90), d.CPUMax.Or(0)))
	know(&d.CPUP97, one(c.r, between(p90, d.CPUP995.Or(0)), near(.0299, p90, d.CPUP995.Or(0)), near(.03, p90, d.CPUP995.Or(0)), max(p90, d.CPUP995.Or(0))))
	know(&d.CPUP90, one(c.r, between(0, d.CPUP97.Or(0)), near(.03, 0, d.CPUP97.Or(0)), d.CPUP97.Or(0))) // the last is steady
	fill(&d.CPUByHour, func() inventory.Reading[*inventory.ByHour] { return c.day(d.CPUP995.Or(0)) })
	know(&d.ReceivedP95, one[inventory.Bytes](c.r, 0, 1999, 2000, 1e6))
	know(&d.SentP95, one[inventory.Bytes](c.r, 0, 999, 1000, 1e6))
	know(&d.NetworkDay, one[inventory.Bytes](c.r, 0, 4.999e6, 5e6, 1e9))
}

// day draws how much is used in each hour, up to the peak in the busiest.
func (c *completer) day(peak float64) inventory.Reading[*inventory.ByHour] {
	part := c.r.Float64()
	shape := &shapes[c.r.IntN(len(shapes))]
	var cores inventory.ByHour
	for hour := range cores {
		cores[hour] = min(peak, peak*(part+(1-part)*float64(shape[hour])/1000))
	}
	return inventory.Known(&cores)
}

func (c *completer) counters(u *inventory.Usage, peak float64, uptime inventory.Reading[inventory.Seconds]) {
	fill(&u.Age, func() inventory.Reading[inventory.Seconds] {
		age := c.age()
		if up, ok := uptime.Get(); ok {
			age = min(age, float64(up))
		}
		if used, ok := u.CPUSeconds.Get(); ok && peak > 0 { // so much time takes so long on so many cores
			age = max(age, used/peak)
		}
		return inventory.Known(inventory.Seconds(age))
	})
	age := float64(u.Age.Or(0))
	// Rates beside the thresholds of activity are drawn more often than chance would.
	rate := min(peak, one(c.r, 0, .001, .004999, .005, .02, peak*c.r.Float64(), peak))
	know(&u.CPUSeconds, rate*age)
	know(&u.Clients, one(c.r, 0, 0, 0, 1, 20))
	perDay := one(c.r, 0, 1e6, 4.999e6, 5e6, 1e9)
	know(&u.Network, inventory.Bytes(perDay*age/daySeconds))
}

// rest marks counters and series of what does not run as meaningless.
func rest(u *inventory.Usage, d *inventory.Demand) {
	const proof = "it does not run"
	fill(&u.CPUSeconds, func() inventory.Reading[float64] { return inventory.NotApplicable[float64](proof) })
	fill(&u.Memory, func() inventory.Reading[inventory.Bytes] { return inventory.NotApplicable[inventory.Bytes](proof) })
	fill(&u.Network, func() inventory.Reading[inventory.Bytes] { return inventory.NotApplicable[inventory.Bytes](proof) })
	fill(&u.Age, func() inventory.Reading[inventory.Seconds] { return inventory.NotApplicable[inventory.Seconds](proof) })
	fill(&u.Clients, func() inventory.Reading[int] { return inventory.NotApplicable[int](proof) })
	fill(&d.Samples, func() inventory.Reading[int] { return inventory.NotApplicable[int](proof) })
	fill(&d.CPUByHour, func() inventory.Reading[*inventory.ByHour] { return inventory.NotApplicable[*inventory.ByHour](proof) })
	for _, r := range []*inventory.Reading[float64]{&d.Days, &d.CPUP995, &d.CPUMax, &d.CPUP97, &d.CPUP90} {
		fill(r, func() inventory.Reading[float64] { return inventory.NotApplicable[float64](proof) })
	}
	for _, r := range []*inventory.Reading[inventory.Bytes]{&d.MemoryMax, &d.ReceivedP95, &d.SentP95, &d.NetworkDay} {
		fill(r, func() inventory.Reading[inventory.Bytes] { return inventory.NotApplicable[inventory.Bytes](proof) })
	}
}

func (c *completer) state(on bool) inventory.RunState {
	if !on {
		return inventory.Stopped
	}
	return one(c.r, inventory.Running, inventory.Running, inventory.Running, inventory.Paused, inventory.Stopped)
}

func (c *completer) containers(n *inventory.Node, room size) {
	on := n.Machine.Powered.Or(true)
	for i := range n.Engines {
		c.engine(&n.Engines[i])
	}
	for i := range n.Containers {
		k := &n.Containers[i]
		know(&k.State, c.state(on))
		c.origin(n, k)
		c.manager(k)
		c.limits(k, room)
		stopped := k.State.Or("") == inventory.Stopped
		word := string(k.State.Or(""))
		if stopped {
			word = one(c.r, "exited", "created", "dead")
		}
		know(&k.Status, word)
		fill(&k.PID, func() inventory.Reading[int] {
			if stopped {
				return inventory.Absent[int]()
			}
			return inventory.Known(2 + c.r.IntN(30000))
		})
		know(&k.Name, k.ID)
		know(&k.Privileged, c.chance(.1))
		know(&k.CreatedAt, base.Format("2006-01-02T15:04:05Z07:00"))
		if stopped {
			rest(&k.Usage, &k.Demand)
			continue
		}
		inner := room.smaller(size{k.CPULimit.Or(room.cores), k.MemoryLimit.Or(room.memory)})
		c.use(&k.Usage, &k.Demand, inner, n.Machine.Uptime)
	}
	c.store(n)
}

func (c *completer) engine(e *inventory.Engine) {
	know(&e.Version, one(c.r, "27.1", "5.0"))
	know(&e.Rootless, c.chance(.2))
	fill(&e.Cluster, func() inventory.Reading[string] { return c.cluster(true) })
	fill(&e.BuildCache, func() inventory.Reading[inventory.Bytes] {
		if e.Kind != "docker" {
			return inventory.Absent[inventory.Bytes]()
		}
		return inventory.Reading[inventory.Bytes]{} // with the other sizes
	})
	know(&e.DataRoot, "/var/lib/"+e.Kind)
	know(&e.Inventory, c.chance(.8))
}

// cluster picks one that orchestrates, or one that only pools, or none.
func (c *completer) cluster(orchestrates bool) inventory.Reading[string] {
	for _, k := range c.e.Clusters {
		if k.Orchestrates == orchestrates && c.chance(.5) {
			return inventory.Known(k.ID)
		}
	}
	return inventory.Absent[string]()
}

// origin fills in which runtime keeps a container, and what it was made from.
func (c *completer) origin(n *inventory.Node, k *inventory.Container) {
	fill(&k.Runtime, func() inventory.Reading[string] {
		kinds := []string{"lxc", "systemd-nspawn"}
		if system, known := k.System.Get(); known && !system || !known && c.chance(.85) {
			kinds = []string{"cri-o"} // an engine that did not show itself
			for i := range n.Engines {
				if e := &n.Engines[i]; kept(n, e)+k.Writable.Or(0) <= e.DataUsed.Or(math.MaxInt64) {
					kinds = append(kinds, e.Kind)
				}
			}
		}
		return inventory.Known(one(c.r, kinds...))
	})
	runtime := k.Runtime.Or("")
	know(&k.System, runtime == "lxc" || runtime == "systemd-nspawn" || c.chance(.1))
	var images []inventory.Image
	for _, i := range n.Images {
		if i.Engine == runtime {
			images = append(images, i)
		}
	}
	if k.System.Or(false) && c.chance(.5) {
		fill(&k.ImageID, func() inventory.Reading[string] { return inventory.Absent[string]() })
		fill(&k.Image, func() inventory.Reading[string] { return inventory.Absent[string]() })
	}
	fill(&k.ImageID, func() inventory.Reading[string] {
		if len(images) == 0 {
			return inventory.Known(fmt.Sprintf("sha256:%02d", c.r.IntN(len(randomImages))))
		}
		return inventory.Known(one(c.r, images...).ID)
	})
	fill(&k.Image, func() inventory.Reading[string] {
		for _, i := range images {
			if id, ok := k.ImageID.Get(); ok && i.ID == id && len(i.Tags) > 0 {
				return inventory.Known(i.Tags[0])
			}
		}
		return inventory.Known(one(c.r, randomImages...))
	})
}

// manager fills in who keeps a container running, with the marks that each leaves.
func (c *completer) manager(k *inventory.Container) {
	kinds := []inventory.Manager{inventory.ManagedByHand, inventory.ManagedByPolicy, inventory.ManagedByCompose, inventory.ManagedBySwarm, inventory.ManagedByNomad, inventory.ManagedByK8s}
	manager, known := k.Manager.Get()
	switch {
	case known:
	case k.Unit != "":
		manager = inventory.ManagedByQuadlet
	case k.Service.IsKnown():
		manager = one(c.r, inventory.ManagedBySwarm, inventory.ManagedByNomad)
	case k.Pod.IsKnown():
		manager = inventory.ManagedByK8s
	case k.ComposeProject.IsKnown(), k.ComposeService.IsKnown():
		manager = inventory.ManagedByCompose
	default:
		not := map[inventory.Manager]bool{
			inventory.ManagedByHand:    k.RestartPolicy.IsKnown(),
			inventory.ManagedByPolicy:  k.RestartPolicy.IsAbsent(),
			inventory.ManagedByCompose: k.ComposeProject.IsAbsent() || k.ComposeService.IsAbsent(),
			inventory.ManagedBySwarm:   k.Service.IsAbsent(),
			inventory.ManagedByNomad:   k.Service.IsAbsent(),
			inventory.ManagedByK8s:     k.Pod.IsAbsent(),
		}
		kinds = slices.DeleteFunc(kinds, func(m inventory.Manager) bool { return not[m] })
		if len(kinds) == 0 {
			kinds = []inventory.Manager{inventory.ManagedByHand}
		}
		manager = one(c.r, kinds...)
	}
	know(&k.Manager, manager)
	text := func(p *inventory.Reading[string], there bool, names ...string) {
		fill(p, func() inventory.Reading[string] {
			if !there {
				return inventory.Absent[string]()
			}
			return inventory.Known(one(c.r, names...))
		})
	}
	text(&k.Service, manager == inventory.ManagedBySwarm || manager == inventory.ManagedByNomad, "swarm/api", "swarm/web", "nomad/batch")
	text(&k.Pod, manager == inventory.ManagedByK8s, "shop/web-1", "shop/web-2", "shop/db-0")
	compose := manager == inventory.ManagedByCompose
	text(&k.ComposeProject, compose || k.ComposeService.IsKnown(), "shop", "wiki")
	text(&k.ComposeService, compose || k.ComposeProject.IsKnown(), "db", "web")
	text(&k.RestartPolicy, manager == inventory.ManagedByPolicy || manager == inventory.ManagedByCompose && c.chance(.5), "always", "on-failure")
}

// limits are at least what is known to be used, and at most what the machine has.
func (c *completer) limits(k *inventory.Container, room size) {
	least := leastUse(&k.Usage, &k.Demand)
	fill(&k.CPULimit, func() inventory.Reading[float64] {
		if c.chance(.5) || least.cores > room.cores {
			return inventory.Absent[float64]()
		}
		return inventory.Known(pick(c.r, []float64{.1, .5, 1, 2, 4}, least.cores, room.cores))
	})
	fill(&k.MemoryLimit, func() inventory.Reading[inventory.Bytes] {
		if c.chance(.5) || least.memory > room.memory {
			return inventory.Absent[inventory.Bytes]()
		}
		return inventory.Known(pick(c.r, []inventory.Bytes{64 * inventory.MiB, 512 * inventory.MiB, inventory.GiB, 4 * inventory.GiB}, least.memory, room.memory))
	})
}

// store fills in sizes: what an engine keeps fits into what its file system holds.
func (c *completer) store(n *inventory.Node) {
	for i := range n.Images {
		know(&n.Images[i].CreatedAt, base.Format("2006-01-02T15:04:05Z07:00"))
	}
	for i := range n.Engines {
		c.fit(&n.Engines[i], stored(n, &n.Engines[i]))
	}
	for i := range n.Images {
		know(&n.Images[i].Size, inventory.Bytes(c.r.IntN(1<<31)))
	}
	for i := range n.Volumes {
		know(&n.Volumes[i].Size, inventory.Bytes(c.r.IntN(1<<31)))
	}
	for i := range n.Containers {
		know(&n.Containers[i].Writable, inventory.Bytes(c.r.IntN(1<<31)))
	}
}

// stored lists the sizes of all that an engine keeps.
func stored(n *inventory.Node, e *inventory.Engine) []*inventory.Reading[inventory.Bytes] {
	var sizes []*inventory.Reading[inventory.Bytes]
	if !e.BuildCache.IsAbsent() && !e.BuildCache.IsNotApplicable() {
		sizes = append(sizes, &e.BuildCache)
	}
	for i := range n.Images {
		if n.Images[i].Engine == e.Kind {
			sizes = append(sizes, &n.Images[i].Size)
		}
	}
	for i := range n.Volumes {
		if n.Volumes[i].Engine == e.Kind {
			sizes = append(sizes, &n.Volumes[i].Size)
		}
	}
	for i := range n.Containers {
		if n.Containers[i].Runtime.Or("") == e.Kind {
			sizes = append(sizes, &n.Containers[i].Writable)
		}
	}
	return sizes
}

// kept sums up what is known of them.
func kept(n *inventory.Node, e *inventory.Engine) inventory.Bytes {
	var sum inventory.Bytes
	for _, s := range stored(n, e) {
		sum += s.Or(0)
	}
	return sum
}

func (c *completer) fit(e *inventory.Engine, sizes []*inventory.Reading[inventory.Bytes]) {
	var sum inventory.Bytes
	for _, s := range sizes {
		sum += s.Or(0)
	}
	left := max(0, e.DataUsed.Or(sum+64*inventory.GiB)-sum)
	for _, s := range sizes {
		fill(s, func() inventory.Reading[inventory.Bytes] {
			v := inventory.Bytes(float64(left) * one(c.r, 0, .05, c.r.Float64()))
			left -= v
			sum += v
			return inventory.Known(v)
		})
	}
	know(&e.DataUsed, sum+inventory.Bytes(c.r.IntN(1<<33)))
}
