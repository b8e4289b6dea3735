package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// A relocation puts one virtual machine or container on another machine.
type relocation struct {
	vm       bool
	id       string // VM.ID or Container.ID
	from, to string // IDs of machines
}

// move puts virtual machines and containers on another host.
func (x *edit) move(c *Relocate) error {
	to, err := x.machine("move.to", c.To)
	if err != nil {
		return err
	}
	vms, containers := newPick("move.vms", aVM, c.VMs), newPick("move.containers", aContainer, c.Containers)
	x.done.Change = fmt.Sprintf("move %s to %s", listed(slices.Concat(c.VMs, c.Containers)), machineName(to))
	var moves []relocation
	same := 0
	x.estate.Walk(func(n *inventory.Node) {
		stays := func(name string) bool {
			if n.Machine.ID == to.Machine.ID {
				same++
				return true
			}
			x.changed(placed(n, name))
			return false
		}
		for i := range n.VMs {
			if v := &n.VMs[i]; vms.takes(VMNames(v)) && !stays(v.Name.Or(v.ID)) {
				moves = append(moves, relocation{true, v.ID, n.Machine.ID, to.Machine.ID})
			}
		}
		for i := range n.Containers {
			if y := &n.Containers[i]; containers.takes(ContainerNames(y)) && !stays(y.Name.Or(short(y.ID))) {
				moves = append(moves, relocation{false, y.ID, n.Machine.ID, to.Machine.ID})
			}
		}
	})
	if err := x.missed(vms, containers); err != nil {
		return err
	}
	out, err := relocate(x.estate, moves)
	if err != nil {
		return x.fault("move", "%v", err)
	}
	x.unchanged(same, "are there already")
	x.crowded(x.estate, out)
	x.estate = out
	return nil
}

// relocate carries out moves. What a thing leaves behind and what it meets are brought in line: counts, the hypervisor or
// engine that it depends on, its image and its volumes. A move that cannot be is an error.
func relocate(e *inventory.Estate, moves []relocation) (*inventory.Estate, error) {
	if len(moves) == 0 {
		return e, nil
	}
	nodes := map[string]*inventory.Node{}
	e.Walk(func(n *inventory.Node) { nodes[n.Machine.ID] = n })
	leaving, arriving := map[string][]relocation{}, map[string][]relocation{}
	for _, m := range moves {
		leaving[m.from] = append(leaving[m.from], m)
		arriving[m.to] = append(arriving[m.to], m)
	}
	for _, m := range moves {
		if v := findVM(nodes[m.from], m); v != nil && v.Guest != nil {
			inside := false
			v.Guest.Walk(func(n *inventory.Node) { inside = inside || arriving[n.Machine.ID] != nil })
			if inside {
				return nil, fmt.Errorf("%s would stand on itself, or on what moves with it", placed(nodes[m.from], v.Name.Or(v.ID)))
			}
		}
	}
	var failed error
	out := rewriteEstate(e, func(n *inventory.Node) *inventory.Node {
		id := n.Machine.ID
		if leaving[id] == nil && arriving[id] == nil || failed != nil {
			return n
		}
		out := *n
		depart(&out, leaving[id])
		if failed = arriveAll(&out, arriving[id], nodes, leaving); failed != nil {
			return n
		}
		recount(&out, n)
		if len(arriving[id]) > 0 { // more stands on it than was there when it was measured
			out.Machine.Usage, out.Machine.Demand = inventory.Usage{}, inventory.Demand{}
		}
		return &out
	})
	return out, failed
}

func findVM(n *inventory.Node, m relocation) *inventory.GuestVM {
	for i := range n.VMs {
		if m.vm && n.VMs[i].ID == m.id {
			return &n.VMs[i]
		}
	}
	return nil
}

func findContainer(n *inventory.Node, m relocation) *inventory.Container {
	for i := range n.Containers {
		if !m.vm && n.Containers[i].ID == m.id {
			return &n.Containers[i]
		}
	}
	return nil
}

// depart takes what leaves a machine off its lists, and the volumes that go along. Images stay behind.
func depart(n *inventory.Node, moves []relocation) {
	vms, containers := map[string]bool{}, map[string]bool{}
	for _, m := range moves {
		if m.vm {
			vms[m.id] = true
		} else {
			containers[m.id] = true
		}
	}
	along := map[string]bool{}
	n.VMs = without(n.VMs, func(v *inventory.GuestVM) bool { return vms[v.ID] }, func(*inventory.GuestVM) {})
	n.Containers = without(n.Containers, func(c *inventory.Container) bool { return containers[c.ID] }, func(c *inventory.Container) {
		for _, v := range c.Volumes {
			along[v] = true
		}
	})
	n.Volumes = without(n.Volumes, func(v *inventory.Volume) bool { return along[v.Name] }, func(*inventory.Volume) {})
}

// arriveAll puts things on a machine, of which the lists may be shared with others as yet.
func arriveAll(n *inventory.Node, moves []relocation, nodes map[string]*inventory.Node, leaving map[string][]relocation) error {
	if len(moves) == 0 {
		return nil
	}
	if on, known := n.Machine.Powered.Get(); known && !on {
		return fmt.Errorf("%s is switched off: want a machine that runs", machineName(n))
	}
	vms := 0
	for _, m := range moves {
		if m.vm {
			vms++
		}
	}
	there := map[string]bool{}
	if vms > 0 {
		n.VMs = roomFor(n.VMs, vms)
		for i := range n.VMs {
			there[vmKey(&n.VMs[i].VM)] = true
		}
	}
	if vms < len(moves) {
		n.Containers, n.Images, n.Volumes = roomFor(n.Containers, len(moves)-vms), slices.Clone(n.Images), slices.Clone(n.Volumes)
	}
	for _, m := range moves {
		if err := arrive(n, nodes[m.from], m, leaving[m.from], there); err != nil {
			return err
		}
	}
	if vms > 0 {
		sortVMs(n.VMs)
	}
	return nil
}

// roomFor gives a list of its own with room for n more.
func roomFor[T any](list []T, n int) []T { return append(make([]T, 0, len(list)+n), list...) }

// sortVMs brings virtual machines into the order in which estates have them.
func sortVMs(vms []inventory.GuestVM) {
	type keyed struct {
		key string
		at  int
	}
	order := make([]keyed, len(vms))
	for i := range vms {
		order[i] = keyed{vmKey(&vms[i].VM), i}
	}
	slices.SortStableFunc(order, func(a, b keyed) int { return strings.Compare(a.key, b.key) })
	was := slices.Clone(vms)
	for i, o := range order {
		vms[i] = was[o.at]
	}
}

// arrive puts a thing on a machine; there holds the keys of the virtual machines that are on it.
func arrive(n, from *inventory.Node, m relocation, together []relocation, there map[string]bool) error {
	if v := findVM(from, m); v != nil {
		return arriveVM(n, from, *v, there)
	}
	c := findContainer(from, m)
	if c == nil {
		return fmt.Errorf("%s is not on %s", m.id, machineName(from))
	}
	return arriveContainer(n, from, *c, together)
}

// family is the kind of a hypervisor, for what can run on it: KVM and QEMU are one.
func family(kind string) string {
	if kind == "qemu" {
		return "kvm"
	}
	return kind
}

func arriveVM(n, from *inventory.Node, v inventory.GuestVM, there map[string]bool) error {
	name := placed(from, v.Name.Or(v.ID))
	kind := ""
	for i := range from.Hypervisors {
		if h := &from.Hypervisors[i]; h.ID == v.Hypervisor {
			kind = family(h.Kind)
		}
	}
	i := slices.IndexFunc(n.Hypervisors, func(h inventory.Hypervisor) bool { return family(h.Kind) == kind })
	switch {
	case len(n.Hypervisors) == 0:
		return fmt.Errorf("%s cannot go to %s: no hypervisor runs there", name, machineName(n))
	case kind == "":
		return fmt.Errorf("%s cannot go to %s: what hypervisor it is made for is not known", name, machineName(n))
	case i < 0:
		return fmt.Errorf("%s cannot go to %s: it is made for %s, and %s runs there", name, machineName(n), kind, n.Hypervisors[0].Kind)
	}
	key := vmKey(&v.VM)
	if there[key] {
		return fmt.Errorf("%s cannot go to %s: a virtual machine with its ID or UUID is there", name, machineName(n))
	}
	there[key] = true
	v.Hypervisor = n.Hypervisors[i].ID
	v.PID = inventory.Unknown[int](changedBy, "")
	if v.OnHost {
		rest(&v.VM, n.Machine.Storage)
	}
	n.VMs = append(n.VMs, v) // in order once all are there
	return nil
}

// vmKey is what tells virtual machines of a machine apart, and their order: as where estates are resolved.
func vmKey(v *inventory.VM) string {
	if u, ok := v.UUID.Get(); ok {
		return inventory.CanonicalUUID(u)
	}
	return strings.ToLower(v.ID)
}

func arriveContainer(n, from *inventory.Node, c inventory.Container, together []relocation) error {
	name := placed(from, c.Name.Or(short(c.ID)))
	engine, known := c.Runtime.Get()
	switch {
	case len(n.Engines) == 0:
		return fmt.Errorf("%s cannot go to %s: no container engine runs there", name, machineName(n))
	case known && !slices.ContainsFunc(n.Engines, func(e inventory.Engine) bool { return e.Kind == engine }):
		return fmt.Errorf("%s cannot go to %s: it is kept by %s, and %s runs there", name, machineName(n), engine, n.Engines[0].Kind)
	case slices.ContainsFunc(n.Containers, func(o inventory.Container) bool { return o.ID == c.ID }):
		return fmt.Errorf("%s cannot go to %s: a container with its ID is there", name, machineName(n))
	}
	id := n.Machine.ID
	for _, v := range c.Volumes {
		for i := range from.Containers {
			o := &from.Containers[i]
			if slices.Contains(o.Volumes, v) && !slices.ContainsFunc(together, func(m relocation) bool { return !m.vm && m.id == o.ID && m.to == id }) {
				return fmt.Errorf("%s cannot go to %s: it shares the volume %s with %s: want both moved", name, machineName(n), v, o.Name.Or(short(o.ID)))
			}
		}
		for i := range from.Volumes {
			if w := from.Volumes[i]; w.Name == v && !slices.ContainsFunc(n.Volumes, func(o inventory.Volume) bool { return o.Name == w.Name && o.Engine == w.Engine && o.Seen == nil }) {
				if slices.ContainsFunc(n.Volumes, func(o inventory.Volume) bool { return o.Name == w.Name && o.Engine == w.Engine }) {
					return fmt.Errorf("%s cannot go to %s: a volume %s is there", name, machineName(n), v)
				}
				w.Machine, w.Seen = id, nil
				n.Volumes = insert(n.Volumes, w, func(a, b *inventory.Volume) int {
					return cmp.Or(cmp.Compare(a.Engine, b.Engine), cmp.Compare(a.Name, b.Name))
				})
			}
		}
	}
	if image, ok := c.ImageID.Get(); ok {
		bring(n, from, image, engine)
	}
	c.Machine = id
	c.PID = inventory.Unknown[int](changedBy, "")
	n.Containers = insert(n.Containers, c, func(a, b *inventory.Container) int { return cmp.Compare(a.ID, b.ID) })
	return nil
}

// bring puts the image of a container that arrives on a machine, where it is not there; the engine that keeps the container
// may not be known.
func bring(n, from *inventory.Node, image, engine string) {
	is := func(i inventory.Image) bool { return i.ID == image && (engine == "" || i.Engine == engine) }
	at := slices.IndexFunc(from.Images, is)
	if at < 0 || slices.ContainsFunc(n.Images, is) {
		return
	}
	i := from.Images[at]
	if !slices.ContainsFunc(n.Engines, func(e inventory.Engine) bool { return e.Kind == i.Engine }) {
		i.Engine = n.Engines[0].Kind
	}
	i.Machine, i.Seen = n.Machine.ID, nil
	n.Images = insert(n.Images, i, func(a, b *inventory.Image) int {
		return cmp.Or(cmp.Compare(a.Engine, b.Engine), cmp.Compare(a.ID, b.ID))
	})
}

// insert puts an element before the first that is greater.
func insert[T any](list []T, v T, compare func(a, b *T) int) []T {
	at := 0
	for at < len(list) && compare(&list[at], &v) <= 0 {
		at++
	}
	return slices.Insert(list, at, v)
}

// retire empties hosts and takes them out of the estate, as the roadmap does.
func (x *edit) retire(c *Retire) error {
	hosts := newPick("retire.hosts", aHost, c.Hosts)
	x.done.Change = "retire " + listed(c.Hosts)
	going := map[string]bool{}
	movers := 0
	full := map[string]bool{} // hosts that have to be emptied first
	var wrong error
	for _, h := range x.estate.Hosts {
		if !hosts.takes(MachineNames(&h.Machine)) {
			continue
		}
		carried := len(h.VMs)
		for i := range h.Containers {
			if h.Containers[i].Layer != inventory.Infrastructure {
				carried++
			}
		}
		why := rooted(h)
		on, known := h.Machine.Powered.Get()
		switch off := known && !on; {
		case off && carried > 0:
			why = fmt.Sprintf("it is switched off with %d virtual machines and containers on it: want them moved or removed before", carried)
		case !off:
			full[h.Machine.ID] = true
			movers += carried
		}
		if why != "" && wrong == nil {
			wrong = x.fault("retire.hosts", "%s cannot be retired: %s", machineName(h), why)
		}
		going[h.Machine.ID] = true
		x.changed(machineName(h))
	}
	if err := x.missed(hosts); err != nil {
		return err
	}
	if wrong != nil {
		return wrong
	}
	if len(going) == 0 {
		return nil
	}
	out, err := x.means.Evacuate(x.estate, full)
	if err != nil {
		return x.fault("retire.hosts", "%v", err)
	}
	after := *out
	after.Hosts = nil
	for _, h := range out.Hosts {
		if !going[h.Machine.ID] {
			after.Hosts = append(after.Hosts, h)
			continue
		}
		if why := busy(h); why != "" {
			return x.fault("retire.hosts", "%s is not empty after all was to be moved away: %s", machineName(h), why)
		}
	}
	x.note("%d virtual machines and containers go to other hosts; images and plumbing go with what leaves the estate", movers)
	x.estate = leave(x.estate, &after)
	return nil
}

// BestFit evacuates by best fit decreasing: the largest first, each onto the host of its zone that it leaves the least room
// on. What is not known keeps a host from being emptied, and what work needs is what it is planned with. Constraints are
// kept to.
func BestFit(m *score.Model, opt score.Options, c *Constraints) Evacuator {
	return func(e *inventory.Estate, hosts map[string]bool) (*inventory.Estate, error) {
		f := &fitter{constraints: c}
		var loads []*load
		for _, n := range e.Hosts {
			h := survey(score.NewStack(n, m, opt), c)
			if !hosts[n.Machine.ID] {
				f.add(h)
				continue
			}
			if h.stays != "" {
				return nil, fmt.Errorf("%s cannot be emptied: %s", machineName(n), h.stays)
			}
			for i := range h.units {
				loads = append(loads, &load{&h.units[i], h})
			}
		}
		slices.SortStableFunc(loads, func(a, b *load) int {
			return cmp.Or(cmp.Compare(b.memory, a.memory), cmp.Compare(slices.Max(b.cpu[:]), slices.Max(a.cpu[:])))
		})
		var moves []relocation
		for _, l := range loads {
			to, err := f.place(l)
			if err != nil {
				return nil, err
			}
			for _, m := range l.moves {
				m.to = to.node.Machine.ID
				moves = append(moves, m)
			}
		}
		return relocate(e, moves)
	}
}

// A load is a unit that needs another place.
type load struct {
	*unit
	from *hostState
}

// A fitter finds places for what stands on hosts that are to be empty.
type fitter struct {
	constraints *Constraints
	rooms       []*room
}

// A room is a host that may take more.
type room struct {
	*hostState
	cpu    [24]int64       // thousandths of a core that are left in each hour
	memory int64           // MiB
	taken  map[string]bool // names of which it has a unit already
}

// add books what a host carries. One of unknown size, or of which it is not known that it is on, can take nothing.
func (f *fitter) add(h *hostState) {
	if h.off || !h.node.Machine.Powered.Or(false) || h.capacity[0] == 0 || h.capacity[1] == 0 {
		return
	}
	r := &room{hostState: h, cpu: flat(h.capacity[0] - h.held.cpu), memory: h.capacity[1] - h.held.memory, taken: map[string]bool{}}
	for i := range h.units {
		r.put(&h.units[i])
	}
	f.rooms = append(f.rooms, r)
}

func (r *room) put(u *unit) {
	r.memory -= u.memory
	for hour := range r.cpu {
		r.cpu[hour] -= u.cpu[hour]
	}
	for _, name := range u.apart {
		r.taken[name] = true
	}
}

// holds reports whether there is room for a unit, and how much of the host would be left, as a share in each dimension.
func (r *room) holds(u *unit) (left float64, ok bool) {
	if u.memory > r.memory {
		return 0, false
	}
	for hour := range r.cpu {
		if u.cpu[hour] > r.cpu[hour] {
			return 0, false
		}
	}
	return float64(slices.Min(r.cpu[:])-slices.Max(u.cpu[:]))/float64(r.capacity[0]) + float64(r.memory-u.memory)/float64(r.capacity[1]), true
}

// place finds the host that has the least room left with a load on it, and books the load there.
func (f *fitter) place(l *load) (*room, error) {
	var best *room
	least, why := 0.0, "no host of its zone has the room, a known size and power"
	for _, r := range f.rooms {
		left, ok := r.holds(l.unit)
		if r.zone != l.from.zone || !ok {
			continue
		}
		if text := f.refuses(l, r); text != "" {
			why = text
			continue
		}
		if best == nil || left < least {
			best, least = r, left
		}
	}
	if best == nil {
		by := ""
		if !l.proven {
			by = " (a utilisation series would tell)"
		}
		return nil, fmt.Errorf("no place was found for %s, which may need %g cores and %v%s: %s", placed(l.from.node, l.name), float64(slices.Max(l.cpu[:]))/1000,
			inventory.Bytes(l.memory)*inventory.MiB, by, why)
	}
	best.put(l.unit)
	return best, nil
}

// refuses says why a host with enough room may not take a load; it is empty where it may.
func (f *fitter) refuses(l *load, r *room) string {
	if ok, why := f.constraints.Touchable(MachineNames(&r.node.Machine)...); !ok {
		return why
	}
	if !slices.Contains(r.has, l.needs) {
		_, what, _ := strings.Cut(l.needs, " ")
		return fmt.Sprintf("%s has the room, and runs no %s", machineName(r.node), what)
	}
	for _, rules := range l.rules {
		if why := f.constraints.Forbids(rules, r.rules); why != "" {
			return why
		}
	}
	for _, name := range l.apart {
		if r.taken[name] {
			return fmt.Sprintf("%s has the room, and something that %s is kept apart from (%s)", machineName(r.node), l.name, f.constraints.nameOf(name))
		}
	}
	return ""
}
