package plan

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// remove takes things out. What is in use cannot be: there is no container without its image.
func (x *edit) remove(c *Remove) error {
	on, machines := newPick("remove.on", aMachine, c.On), newPick("remove.machines", aMachine, c.Machines)
	vms, containers := newPick("remove.vms", aVM, c.VMs), newPick("remove.containers", aContainer, c.Containers)
	works, images, volumes := newPick("remove.workloads", aWorkload, c.Workloads), newPick("remove.images", anImage, c.Images), newPick("remove.volumes", aVolume, c.Volumes)
	var what []string
	for _, p := range []*pick{machines, vms, containers, works, images, volumes} {
		if len(p.patterns) > 0 {
			what = append(what, p.noun+" "+listed(p.patterns))
		}
	}
	x.done.Change = "remove " + strings.Join(what, ", ") + scope(c.On)
	takesVM := func(v *inventory.GuestVM) bool {
		byMachine := v.Guest != nil && machines.takes(MachineNames(&v.Guest.Machine))
		return vms.takes(VMNames(v)) || byMachine
	}
	takesContainer := func(y *inventory.Container) bool { return containers.takes(ContainerNames(y)) }
	takesWork := func(y *inventory.Workload) bool { return works.takes(WorkloadNames(y)) }
	takesImage := func(y *inventory.Image) bool { return images.takes(imageNames(y)) }
	takesVolume := func(y *inventory.Volume) bool { return volumes.takes([]string{y.Name}) }
	within := func(n *inventory.Node) bool { return on.takes(MachineNames(&n.Machine)) || len(c.On) == 0 }
	x.estate.Walk(func(n *inventory.Node) { // all names count, also of what goes with something else
		if !within(n) {
			return
		}
		machines.takes(MachineNames(&n.Machine))
		takesAny(n.VMs, takesVM)
		takesAny(n.Containers, takesContainer)
		takesAny(n.Workloads, takesWork)
		takesAny(n.Images, takesImage)
		takesAny(n.Volumes, takesVolume)
	})
	if err := x.missed(on, machines, vms, containers, works, images, volumes); err != nil {
		return err
	}
	var used error // the first thing that is in use
	after := *x.estate
	after.Hosts = without(after.Hosts, func(h **inventory.Node) bool { return machines.takes(MachineNames(&(*h).Machine)) },
		func(h **inventory.Node) { x.changed(machineName(*h)) })
	out := rewriteEstate(&after, func(n *inventory.Node) *inventory.Node {
		if !within(n) || !takesAny(n.VMs, takesVM) && !takesAny(n.Containers, takesContainer) && !takesAny(n.Workloads, takesWork) && !takesAny(n.Images, takesImage) && !takesAny(n.Volumes, takesVolume) {
			return n
		}
		out := *n
		out.VMs = without(n.VMs, takesVM, func(v *inventory.GuestVM) { x.changed(placed(n, v.Name.Or(v.ID))) })
		out.Containers = without(n.Containers, takesContainer, func(y *inventory.Container) { x.changed(placed(n, y.Name.Or(short(y.ID)))) })
		out.Workloads = without(n.Workloads, takesWork, func(y *inventory.Workload) { x.changed(placed(n, y.Name)) })
		out.Images = without(n.Images, takesImage, func(y *inventory.Image) {
			x.changed(placed(n, imageName(y)))
			if by := imageUser(out.Containers, y); by != "" && used == nil {
				used = x.fault("remove.images", "image %s: %s uses it: want that removed before", placed(n, imageName(y)), by)
			}
		})
		out.Volumes = without(n.Volumes, takesVolume, func(y *inventory.Volume) {
			x.changed(placed(n, y.Name))
			if by := volumeUser(out.Containers, y.Name); by != "" && used == nil {
				used = x.fault("remove.volumes", "volume %s: container %s mounts it: want that removed before", placed(n, y.Name), by)
			}
		})
		recount(&out, n)
		return &out
	})
	if used != nil {
		return used
	}
	x.estate = leave(x.estate, out)
	return nil
}

// takesAny reports whether f takes any element; f sees all of them.
func takesAny[T any](list []T, f func(*T) bool) bool {
	found := false
	for i := range list {
		found = f(&list[i]) || found
	}
	return found
}

// without gives the elements that f does not take, and tells gone of the others. A list that stays is shared.
func without[T any](list []T, f func(*T) bool, gone func(*T)) []T {
	if !takesAny(list, f) {
		return list
	}
	var kept []T
	for i := range list {
		if f(&list[i]) {
			gone(&list[i])
		} else {
			kept = append(kept, list[i])
		}
	}
	return kept
}

// placed tells a thing on a machine from its like on others, for people.
func placed(n *inventory.Node, name string) string { return name + " on " + machineName(n) }

// scope ends the words of a change that is confined to some machines.
func scope(machines []Pattern) string {
	if len(machines) == 0 {
		return ""
	}
	return " on " + listed(machines)
}

func imageName(i *inventory.Image) string {
	if len(i.Tags) > 0 {
		return i.Tags[0]
	}
	return short(strings.TrimPrefix(i.ID, "sha256:"))
}

// imageUser is a container that is made from an image, or may be, in words.
func imageUser(containers []inventory.Container, image *inventory.Image) string {
	for i := range containers {
		c := &containers[i]
		id, known := c.ImageID.Get()
		switch {
		case known && id == image.ID:
			return "container " + c.Name.Or(short(c.ID))
		case c.ImageID.IsUnknown():
			return "container " + c.Name.Or(short(c.ID)) + ", of which the image is not known, perhaps"
		}
	}
	return ""
}

func volumeUser(containers []inventory.Container, volume string) string {
	for i := range containers {
		if c := &containers[i]; slices.Contains(c.Volumes, volume) {
			return c.Name.Or(short(c.ID))
		}
	}
	return ""
}

// recount brings the numbers of what was seen on a machine in line with its lists, which were others before: what was seen
// and not listed stays.
func recount(n, before *inventory.Node) {
	if had, ok := n.Machine.Containers.Get(); ok && len(n.Containers) != len(before.Containers) {
		n.Machine.Containers = inventory.Known(max(0, had+len(n.Containers)-len(before.Containers)))
	}
	if len(n.VMs) == len(before.VMs) {
		return
	}
	count := map[string]int{}
	for i := range n.VMs {
		count[n.VMs[i].Hypervisor]++
	}
	for i := range before.VMs {
		count[before.VMs[i].Hypervisor]--
	}
	n.Hypervisors = slices.Clone(n.Hypervisors)
	for i := range n.Hypervisors {
		h := &n.Hypervisors[i]
		if had, ok := h.VMs.Get(); ok {
			h.VMs = inventory.Known(max(0, had+count[h.ID]))
		}
	}
}

// leave takes out of an estate what was said of machines and virtual machines that are gone: gaps, and members of clusters.
// A cluster of which the last known member goes, and that is known to have no other, goes too.
func leave(before, after *inventory.Estate) *inventory.Estate {
	gone := map[string]bool{} // names
	ids := map[string]bool{}  // of machines that are gone
	names := func(hosts []*inventory.Node, of func(name string), machine func(id string)) {
		(&inventory.Estate{Hosts: hosts}).Walk(func(n *inventory.Node) {
			machine(n.Machine.ID)
			of(n.Machine.ID)
			of(n.Machine.Name.Or(""))
			for i := range n.VMs {
				of(n.VMs[i].ID)
				of(n.VMs[i].Name.Or(""))
			}
		})
	}
	names(otherThan(before.Hosts, after.Hosts), func(name string) { gone[name] = true }, func(id string) { ids[id] = true })
	delete(gone, "") // what has no name
	names(otherThan(after.Hosts, before.Hosts), func(name string) { delete(gone, name) }, func(id string) { delete(ids, id) })
	out := *after
	if of := func(g *inventory.Gap) bool { return gone[g.Subject] }; takesAny(after.Gaps, of) {
		// Hosts that are the same have lost nothing, but one of the names that others have lost may be in use there.
		names(after.Hosts, func(name string) { delete(gone, name) }, func(string) {})
		out.Gaps = without(after.Gaps, of, func(*inventory.Gap) {})
	}
	if len(ids) == 0 {
		return &out
	}
	out.Clusters = nil
	for _, c := range after.Clusters {
		members := without(c.Machines, func(id *string) bool { return ids[*id] }, func(*string) {})
		if gone := len(c.Machines) - len(members); gone > 0 {
			if nodes, ok := c.Nodes.Get(); ok {
				c.Nodes = inventory.Known(max(0, nodes-gone))
			}
			c.Machines = members
			if nodes, ok := c.Nodes.Get(); ok && nodes == 0 {
				continue
			}
		}
		out.Clusters = append(out.Clusters, c)
	}
	return &out
}

// otherThan lists the hosts that are not among others.
func otherThan(hosts, others []*inventory.Node) []*inventory.Node {
	among := make(map[*inventory.Node]bool, len(others))
	for _, h := range others {
		among[h] = true
	}
	var out []*inventory.Node
	for _, h := range hosts {
		if !among[h] {
			out = append(out, h)
		}
	}
	return out
}

// resize gives virtual machines other allocations, and the machine that each is seen as from inside.
func (x *edit) resize(c *Resize) error {
	vms := newPick("resize.vms", aVM, c.VMs)
	var to []string
	if c.VCPUs != nil {
		to = append(to, fmt.Sprintf("%g vCPU", *c.VCPUs))
	}
	if c.Memory != nil {
		to = append(to, inventory.Bytes(*c.Memory).String())
	}
	x.done.Change = fmt.Sprintf("resize %s %s to %s", aVM, listed(c.VMs), strings.Join(to, " and "))
	blind, same := 0, 0
	out := rewriteEstate(x.estate, func(n *inventory.Node) *inventory.Node {
		if !takesAny(n.VMs, func(v *inventory.GuestVM) bool { return vms.takes(VMNames(v)) }) {
			return n
		}
		out := *n
		out.VMs = slices.Clone(n.VMs)
		for i := range out.VMs {
			v := &out.VMs[i]
			if !vms.takes(VMNames(v)) {
				continue
			}
			less := resizeVM(v, c)
			if v.VCPUs == n.VMs[i].VCPUs && v.Memory == n.VMs[i].Memory {
				same++
				continue
			}
			if less && x.means.Model.Basis(&v.Demand) != score.Proven {
				blind++
			}
			x.changed(placed(n, v.Name.Or(v.ID)))
		}
		return &out
	})
	if err := x.missed(vms); err != nil {
		return err
	}
	if blind > 0 {
		x.note("%d of them get less, and what they need is not proven: the result takes it that it fits", blind)
	}
	x.unchanged(same, "have that size already")
	x.crowded(x.estate, out)
	x.estate = out
	return nil
}

// unchanged notes things that were as they should be.
func (x *edit) unchanged(count int, text string) {
	if count > 0 {
		x.note("%d %s", count, text)
	}
}

// resizeVM sets what is to be set, and reports whether any of it is less than before, or may be.
func resizeVM(v *inventory.GuestVM, c *Resize) (less bool) {
	var guest *inventory.Node
	if v.Guest != nil {
		g := *v.Guest
		guest = &g
	}
	if c.VCPUs != nil {
		was, known := v.VCPUs.Get()
		less = !known || *c.VCPUs < was
		v.VCPUs = inventory.Known(*c.VCPUs)
		if guest != nil && guest.Machine.Cores.IsKnown() {
			guest.Machine.Cores = v.VCPUs
		}
	}
	if c.Memory != nil {
		was, known := v.Memory.Get()
		less = less || !known || inventory.Bytes(*c.Memory) < was
		v.Memory = inventory.Known(inventory.Bytes(*c.Memory))
		if guest != nil && guest.Machine.Memory.IsKnown() {
			guest.Machine.Memory = v.Memory
		}
	}
	if guest != nil && (guest.Machine.Cores != v.Guest.Machine.Cores || guest.Machine.Memory != v.Guest.Machine.Memory) {
		v.Guest = guest
	}
	return less
}

// set makes facts of machines other than they are.
func (x *edit) set(c *Set) error {
	machines := newPick("set.machines", aMachine, c.Machines)
	x.done.Change = fmt.Sprintf("set %s of %s", strings.Join(c.words(), ", "), listed(c.Machines))
	hosts := map[*inventory.Node]bool{}
	for _, h := range x.estate.Hosts {
		hosts[h] = true
	}
	var wrong error
	same := 0
	out := rewriteEstate(x.estate, func(n *inventory.Node) *inventory.Node {
		if !machines.takes(MachineNames(&n.Machine)) {
			return n
		}
		if err := x.settable(c, n, hosts[n]); err != nil && wrong == nil {
			wrong = err
		}
		out := *n
		if !c.apply(&out) {
			same++
			return n
		}
		x.changed(machineName(n))
		return &out
	})
	if err := x.missed(machines); err != nil {
		return err
	}
	if wrong != nil {
		return wrong
	}
	x.unchanged(same, "are so already")
	x.estate = out
	return nil
}

// words says what is set.
func (c *Set) words() []string {
	var out []string
	say := func(what, value string) { out = append(out, what+" to "+value) }
	if c.OS != nil {
		for _, f := range []struct {
			what string
			text *string
		}{{"os", c.OS.ID}, {"version of os", c.OS.Version}, {"style of os", (*string)(c.OS.Style)}} {
			if f.text != nil {
				say(f.what, *f.text)
			}
		}
	}
	for _, f := range []struct {
		what string
		text *string
	}{{"management", (*string)(c.Management)}, {"storage", (*string)(c.Storage)}, {"network", (*string)(c.Network)}, {"chassis", (*string)(c.Chassis)}, {"fabric", (*string)(c.Fabric)}, {"zone", c.Zone}} {
		if f.text != nil {
			say(f.what, fmt.Sprintf("%q", *f.text))
		}
	}
	if c.Powered != nil {
		say("powered", fmt.Sprint(*c.Powered))
	}
	return out
}

// settable is an error about what makes no sense on a machine, or nil.
func (x *edit) settable(c *Set, n *inventory.Node, host bool) error {
	name := machineName(n)
	kind, known := n.Machine.Kind.Get()
	for _, f := range []struct {
		key   string
		there bool
	}{{"powered", c.Powered != nil}, {"zone", c.Zone != nil}, {"chassis", c.Chassis != nil}, {"fabric", c.Fabric != nil}} {
		switch box := f.key == "chassis" || f.key == "fabric"; {
		case !f.there:
		case !host:
			return x.fault("set."+f.key, "%s is a virtual machine on another: want hosts", name)
		case box && !known:
			return x.fault("set."+f.key, "it is not known whether %s is a physical machine (%s): want one", name, n.Machine.Kind)
		case box && kind != inventory.Physical:
			return x.fault("set."+f.key, "%s is a %s machine: want physical ones", name, kind)
		}
	}
	if c.Powered != nil && !*c.Powered && n.Machine.Powered.Or(true) {
		if why := busy(n); why != "" {
			return x.fault("set.powered", "%s cannot be switched off: %s", name, why)
		}
	}
	if c.Zone != nil {
		for i := range x.means.Model.Zones {
			z := &x.means.Model.Zones[i]
			if slices.ContainsFunc(z.Machines, func(p string) bool { return Pattern(p).matches(lower(MachineNames(&n.Machine))) }) && z.Name != *c.Zone {
				return x.fault("set.zone", "%s is in zone %q by the model file, which counts first: want the zone changed there", name, z.Name)
			}
		}
	}
	return nil
}

// apply sets facts of a node that nobody else holds, and what follows from them; it reports whether anything is other than
// before.
func (c *Set) apply(n *inventory.Node) bool {
	m := &n.Machine
	done := false
	if c.OS != nil {
		done = c.OS.apply(&m.OS)
	}
	done = assign(&m.Management, c.Management) || done
	done = assign(&m.Network, c.Network) || done
	done = assign(&m.Hardware.Chassis, c.Chassis) || done
	done = assign(&m.Hardware.Fabric, c.Fabric) || done
	done = assign(&m.Powered, c.Powered) || done
	if assign(&m.Storage, c.Storage) {
		done = true
		n.VMs = slices.Clone(n.VMs)
		for i := range n.VMs {
			if v := &n.VMs[i].VM; v.OnHost {
				rest(v, m.Storage)
			}
		}
	}
	if c.Zone != nil && *c.Zone != m.Zone {
		m.Zone, done = *c.Zone, true
	}
	return done
}

// assign makes a fact known, and reports whether it was other before.
func assign[T comparable](r *inventory.Reading[T], v *T) bool {
	if v == nil {
		return false
	}
	if was, ok := r.Get(); ok && was == *v {
		return false
	}
	*r = inventory.Known(*v)
	return true
}

// apply sets facts of an operating system. What followed from the old one, such as how many packages there are, is no longer
// known.
func (c *SetOS) apply(os *inventory.OS) bool {
	id, version, style := assign(&os.ID, c.ID), assign(&os.Version, c.Version), assign(&os.Style, c.Style)
	if id || version {
		os.Name, os.Kernel = inventory.Unknown[string](changedBy, ""), inventory.Unknown[string](changedBy, "")
	}
	if id && c.Version == nil { // versions of one system are none of another
		os.Version = inventory.Unknown[string](changedBy, "")
	}
	if id && c.Style == nil {
		os.Style = inventory.Unknown[inventory.OSStyle](changedBy, "")
	}
	if id || version || style {
		os.Packages, os.Services = inventory.Unknown[int](changedBy, ""), inventory.Unknown[int](changedBy, "")
	}
	return id || version || style
}

// rest says of a virtual machine on what its disks lie: what its host has. Of disks that are files of a host it is all that
// can be said.
func rest(v *inventory.VM, storage inventory.Reading[inventory.StorageClass]) {
	v.Storage = storage
	v.Disks = slices.Clone(v.Disks)
	for i := range v.Disks {
		v.Disks[i].Class = storage
	}
}

// busy says what keeps a machine from being switched off; it is empty where nothing does. What could not be seen is taken
// to be there.
func busy(n *inventory.Node) string {
	for i := range n.VMs {
		v := &n.VMs[i]
		if st, ok := v.State.Get(); !ok || st != inventory.Stopped {
			return fmt.Sprintf("virtual machine %s is on it, and runs, or may: want it retired", v.Name.Or(v.ID))
		}
	}
	for i := range n.Containers {
		if c := &n.Containers[i]; leaves(c) {
			return fmt.Sprintf("container %s is on it, and runs, or may: want it retired", c.Name.Or(short(c.ID)))
		}
	}
	return rooted(n)
}

// rooted says what of the work on a machine cannot go elsewhere; it is empty where there is none. A hypervisor that is an
// image of its own runs nothing beside.
func rooted(n *inventory.Node) string {
	for i := range n.Workloads {
		if w := &n.Workloads[i]; w.Layer != inventory.Infrastructure {
			return fmt.Sprintf("service %s runs on it: want it removed before, or turned into a container", w.Name)
		}
	}
	if by, ok := n.Machine.Inside.Get(); ok {
		return fmt.Sprintf("it was looked at from inside a container (%s), which shows little of it", by)
	}
	separate := slices.ContainsFunc(n.Hypervisors, func(h inventory.Hypervisor) bool { return h.SeparateImage.Or(false) })
	if on, known := n.Machine.Powered.Get(); known && !on || separate || n.Machine.Processes.IsKnown() {
		return unseen(n)
	}
	return hidden("which processes run on it", n.Machine.Processes.Why(), n.Machine.Processes.Remedy())
}

// unseen says which virtual machines of a machine may be missing from its list.
func unseen(n *inventory.Node) string {
	for i := range n.Hypervisors {
		if h := &n.Hypervisors[i]; !h.VMs.IsKnown() {
			return hidden("how many virtual machines run on it", h.VMs.Why(), h.VMs.Remedy())
		}
	}
	return ""
}

// hidden says that something could not be seen, why, and what would show it.
func hidden(what, why, remedy string) string {
	text := what + " could not be seen"
	if why != "" {
		text += ": " + why
	}
	if remedy != "" {
		text += " (" + remedy + ")"
	}
	return text
}

// leaves reports whether a container has to go elsewhere before its machine is switched off: all that run, or may, but
// plumbing.
func leaves(c *inventory.Container) bool {
	st, ok := c.State.Get()
	return c.Layer != inventory.Infrastructure && (!ok || st != inventory.Stopped)
}

// add puts new hosts into the estate. They are empty; what is not known of the one that they are like is not known of them.
func (x *edit) add(c *Add) error {
	specimen := &inventory.Node{}
	if c.Like != "" {
		var err error
		if specimen, err = x.machine("add.like", c.Like); err != nil {
			return err
		}
		if !slices.Contains(x.estate.Hosts, specimen) {
			return x.fault("add.like", "%s is a virtual machine on another: want a host", machineName(specimen))
		}
	}
	taken := map[string]bool{}
	x.estate.Walk(func(n *inventory.Node) {
		for _, name := range lower(MachineNames(&n.Machine)) {
			taken[name] = true
		}
	})
	out := *x.estate
	out.Hosts = slices.Clone(out.Hosts)
	var ids []string
	next := 0
	for i := range c.Hosts {
		var name string
		if len(c.Names) > 0 {
			name = c.Names[i]
			if free := !taken[strings.ToLower(name)] && !taken[strings.ToLower(plannedID+name)]; !free {
				return x.fault(fmt.Sprintf("add.names.%d", i+1), "a machine is called %q already: want another name", name)
			}
		}
		for name == "" || taken[strings.ToLower(name)] || taken[strings.ToLower(plannedID+name)] {
			next++
			name = fmt.Sprintf("new-%d", next)
		}
		taken[strings.ToLower(name)], taken[strings.ToLower(plannedID+name)] = true, true
		h := c.build(specimen, name)
		ids = append(ids, h.Machine.ID)
		out.Hosts = append(out.Hosts, h)
		x.changed(name)
	}
	slices.SortStableFunc(out.Hosts, func(a, b *inventory.Node) int { return cmp.Compare(a.Machine.ID, b.Machine.ID) })
	out.Clusters = slices.Clone(out.Clusters)
	for i := range out.Clusters {
		k := &out.Clusters[i]
		if c.Like == "" || !slices.Contains(k.Machines, specimen.Machine.ID) {
			continue
		}
		k.Machines = slices.Concat(k.Machines, ids)
		slices.Sort(k.Machines)
		if nodes, ok := k.Nodes.Get(); ok {
			k.Nodes = inventory.Known(nodes + len(ids))
		}
	}
	x.done.Change = fmt.Sprintf("add %d hosts", c.Hosts)
	if c.Like != "" {
		x.done.Change += " like " + machineName(specimen)
	}
	x.estate = &out
	return nil
}

// plannedID begins the ID of a machine that is not there yet.
const plannedID = "planned:"

// build makes a host.
func (c *Add) build(like *inventory.Node, name string) *inventory.Node {
	from := &like.Machine
	id := plannedID + name
	n := &inventory.Node{Taken: like.Taken, Machine: inventory.Machine{
		ID: id, Name: inventory.Known(name), Zone: from.Zone, Kind: from.Kind, Virtualization: from.Virtualization, Provider: from.Provider,
		Inside: from.Inside, Powered: inventory.Known(true), Cores: from.Cores, Memory: from.Memory, CPUModel: from.CPUModel, MHz: from.MHz, OS: from.OS,
		Hardware: inventory.Hardware{Vendor: from.Hardware.Vendor, Model: from.Hardware.Model, Chassis: from.Hardware.Chassis, Fabric: from.Hardware.Fabric},
		Storage:  from.Storage, Network: from.Network, Management: from.Management, Roles: from.Roles,
		Processes: none(from.Processes), Containers: none(from.Containers),
	}}
	if c.Like == "" { // a box that is bought: nothing runs on it, and the rest is not known
		n.Machine.Inside = inventory.Absent[string]()
		n.Machine.Processes, n.Machine.Containers = inventory.Known(0), inventory.Known(0)
	}
	assign(&n.Machine.Kind, c.Kind)
	assign(&n.Machine.Cores, c.Cores)
	assign(&n.Machine.Memory, (*inventory.Bytes)(c.Memory))
	if c.Zone != nil {
		n.Machine.Zone = *c.Zone
	}
	for i := range like.Hypervisors {
		h := like.Hypervisors[i]
		h.ID, h.Machine, h.VMs, h.Seen = fmt.Sprintf("%s/hypervisor-%d", id, i+1), id, none(h.VMs), nil
		n.Hypervisors = append(n.Hypervisors, h)
	}
	for i := range like.Engines {
		e := like.Engines[i]
		n.Engines = append(n.Engines, inventory.Engine{ID: fmt.Sprintf("%s/engine-%d", id, i+1), Machine: id, Kind: e.Kind, Version: e.Version, Rootless: e.Rootless,
			Cluster: e.Cluster, BuildCache: inventory.Absent[inventory.Bytes](), Inventory: e.Inventory})
	}
	return n
}

// none is the number of things on an empty host, where it can be seen on one that is like it.
func none(r inventory.Reading[int]) inventory.Reading[int] {
	if r.IsKnown() {
		return inventory.Known(0)
	}
	return r
}

// act carries out an action of the roadmap.
func (x *edit) act(c *Do) error {
	machines := newPick("do.machines", aMachine, c.Machines)
	x.done.Change = c.Action + scope(c.Machines)
	x.estate.Walk(func(n *inventory.Node) { machines.takes(MachineNames(&n.Machine)) })
	if err := x.missed(machines); err != nil {
		return err
	}
	out, subjects, err := x.means.Do(x.estate, c.Action, func(m *inventory.Machine) bool {
		return len(c.Machines) == 0 || machines.takes(MachineNames(m))
	})
	if err != nil {
		return x.fault("do.action", "%v", err)
	}
	if len(subjects) == 0 {
		return x.fault("do.action", "%s finds nothing to do%s", c.Action, scope(c.Machines))
	}
	for i := range subjects {
		x.changed(subjects[i].label())
	}
	x.estate = out
	return nil
}

// doer carries out the actions of this package.
func doer(m *score.Model, opt score.Options, rules *Constraints) Doer {
	return func(e *inventory.Estate, id string, only func(m *inventory.Machine) bool) (*inventory.Estate, []Subject, error) {
		list := actions()
		i := slices.IndexFunc(list, func(a *Action) bool { return a.ID == id })
		if i < 0 {
			return nil, nil, fmt.Errorf("no action is called %s%s", id, choice(id))
		}
		act := list[i]
		if act.estate != nil {
			return wholeOf(act, e, m, opt, rules, only)
		}
		customs := customsOf(e, m.ZoneOf, rules)
		var found []Subject
		out := *e
		out.Hosts = slices.Clone(e.Hosts)
		for i, h := range e.Hosts {
			sc := newScene(h, m, opt, customs, rules)
			within := map[string]bool{} // machines that are taken in, or stand on one that is
			mark(h, only, within)
			out.Hosts[i] = sc.rewriteFree(h, func(n *inventory.Node) *inventory.Node {
				if !within[n.Machine.ID] {
					return n
				}
				changed, subjects := act.node(n, sc)
				found = append(found, subjects...)
				return changed
			})
		}
		if len(found) > 0 && act.site != nil {
			return act.site(&out), found, nil
		}
		return &out, found, nil
	}
}

// wholeOf carries out an action that concerns an estate as a whole.
func wholeOf(act *Action, e *inventory.Estate, m *score.Model, opt score.Options, rules *Constraints, only func(m *inventory.Machine) bool) (*inventory.Estate, []Subject, error) {
	for _, h := range e.Hosts {
		if !only(&h.Machine) {
			return nil, nil, fmt.Errorf("%s plans all hosts together: want it without a list of machines", act.ID)
		}
	}
	r := act.estate(newPlanner(context.Background(), e, m, Request{Request: score.Request{Options: opt}, Constraints: rules}))
	if r == nil {
		return e, nil, nil
	}
	return r.estate, r.subjects, nil
}

// mark notes the machines of a tree that are taken in, with all that stand on them.
func mark(n *inventory.Node, only func(m *inventory.Machine) bool, within map[string]bool) {
	if only(&n.Machine) {
		n.Walk(func(n *inventory.Node) { within[n.Machine.ID] = true })
		return
	}
	for i := range n.VMs {
		if g := n.VMs[i].Guest; g != nil {
			mark(g, only, within)
		}
	}
}

// needs gives what the work of a host needs, in thousandths of a core and MiB, by what stands directly on the host:
// "vm ID", "container ID", and "" for the rest. Plumbing has no need of its own.
func needs(s *score.Stack) map[string][2]score.Range {
	out := map[string][2]score.Range{}
	for _, w := range s.Works {
		key := ""
		for p := w.Place; p != nil; p = p.Below {
			if p.VM != nil {
				key = "vm " + p.VM.ID
			}
		}
		if key == "" && w.Container != nil {
			key = "container " + w.Container.ID
		}
		need := w.Need()
		sum := out[key]
		for d := range sum {
			sum[d].Lo, sum[d].Hi = sum[d].Lo+need[d].Lo, sum[d].Hi+need[d].Hi
		}
		out[key] = sum
	}
	return out
}

// crowded notes hosts that have changed and now carry more than they can, whatever is not known: a score tells that of a whole
// zone only.
func (x *edit) crowded(before, after *inventory.Estate) {
	was := map[*inventory.Node]bool{}
	for _, h := range before.Hosts {
		was[h] = true
	}
	for _, h := range after.Hosts {
		cores, ok := h.Machine.Cores.Get()
		memory, ok2 := h.Machine.Memory.Get()
		if was[h] || !ok || !ok2 || !h.Machine.Powered.Or(true) {
			continue
		}
		need := needs(score.NewStack(h, x.means.Model, x.means.Options))
		var milli, mib int64
		for i := range h.VMs {
			v := &h.VMs[i]
			key := "vm " + v.ID
			if given, known := v.Memory.Get(); known && v.State.Or("") == inventory.Running {
				mib += max(0, int64(given/inventory.MiB)-need[key][1].Lo) // it is given more than its work needs at least
			}
		}
		for _, n := range need {
			milli, mib = milli+n[0].Lo, mib+n[1].Lo
		}
		if float64(milli) > cores*1000 || mib > int64(memory/inventory.MiB) {
			x.note("%s is too small for what it carries: %g cores and %v at least, of %g and %v", machineName(h), float64(milli)/1000, inventory.Bytes(mib)*inventory.MiB, cores, memory)
		}
	}
}
