package libvirt

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// parallel is how many calls are under way at once: one machine that is locked by a stuck monitor must not hold up
// all others. A daemon serves five for each client by default.
const parallel = 4

// found is everything that a daemon told.
type found struct {
	*collector
	version   version
	hostname  string
	node      node
	records   []record
	details   []detail // one for each record
	pools     []pool
	networks  []link
	mounts    mounts
	poolClass map[string]class

	versionErr, hostErr, nodeErr, poolsErr, networksErr error
}

// A detail is what is asked of each virtual machine alone.
type detail struct {
	domain    *domain
	autostart inventory.Reading[bool]
	err       error
}

// ask puts all questions. It fails only where the list of virtual machines cannot be had.
func (f *found) ask(d *daemon) error {
	var err error
	if f.records, err = d.domains(); err != nil {
		return err
	}
	slices.SortFunc(f.records, func(a, b record) int {
		return cmp.Or(cmp.Compare(a.uuid(), b.uuid()), cmp.Compare(a.name(), b.name()))
	})
	f.records = slices.CompactFunc(f.records, func(a, b record) bool { return a.dom.UUID == b.dom.UUID })
	f.version, f.versionErr = d.version()
	f.hostname, f.hostErr = d.hostname()
	f.node, f.nodeErr = d.node()
	f.askEach(d)
	f.pools, f.poolsErr = d.pools()
	f.networks, f.networksErr = d.networks()
	return nil
}

// askEach asks for the details of each virtual machine. Each goroutine fills elements of its own, and all have
// ended when it returns.
func (f *found) askEach(d *daemon) {
	f.details = make([]detail, len(f.records))
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(parallel, len(f.records)) {
		workers.Go(func() {
			for i := range next {
				f.details[i] = askOne(d, &f.records[i])
			}
		})
	}
	for i := range f.records {
		next <- i
	}
	close(next)
	workers.Wait()
	// Whoever was removed between listing and asking is gone, not unknown.
	kept := 0
	for i := range f.records {
		if isGone(f.details[i].err) {
			continue
		}
		f.records[kept], f.details[kept] = f.records[i], f.details[i]
		kept++
	}
	f.records, f.details = f.records[:kept], f.details[:kept]
}

func askOne(d *daemon, r *record) detail {
	text, err := d.domainXML(r)
	if err != nil {
		return detail{err: err}
	}
	var out detail
	if out.domain, out.err = parseDomain(text); out.err != nil {
		return out
	}
	if on, err := d.autostart(r); err == nil {
		out.autostart = inventory.Known(on)
	}
	return out
}

// seen names the target in everything it saw.
func (c *collector) seen() []string { return []string{c.target.String()} }

// tree is the file tree of the local machine.
func (c *collector) tree() linux.FS { return linux.NewFS(c.root) }

// local reports whether the virtual machines really run on the machine that this program sees. The test driver
// invents them; and a socket may have been forwarded from elsewhere, which the host name gives away.
func (f *found) local() bool {
	if runtime.GOOS != "linux" || f.address.driver == "test" {
		return false
	}
	here, _, _ := strings.Cut(linux.Hostname(f.tree()), ".")
	there, _, _ := strings.Cut(f.hostname, ".")
	return here == "" || there == "" || strings.EqualFold(here, there)
}

// batch makes an inventory of what the daemon told.
func (f *found) batch(ctx context.Context, d *daemon) *inventory.Batch {
	if f.local() {
		f.mounts = readMounts(f.tree())
	}
	m := f.machine()
	h := f.hypervisor(m.ID)
	b := &inventory.Batch{Machines: []inventory.Machine{m}, Hypervisors: []inventory.Hypervisor{h}}
	b.Storage = f.storage(m.ID)
	for i := range f.records {
		b.VMs = append(b.VMs, f.vm(h.ID, &f.records[i], f.details[i]))
	}
	b.Networks = f.links(m.ID)
	b.Gaps = f.gaps(ctx, d)
	return b
}

func (f *found) machine() inventory.Machine {
	m := inventory.Machine{
		Name:    known(f.hostname),
		Powered: inventory.Known(true),
		Roles:   []string{"hypervisor"},
		Seen:    f.seen(),
	}
	switch {
	case f.local():
		m.Identity = linux.LocalIdentity(f.tree())
		name := linux.Hostname(f.tree())
		if name == "" {
			name = f.hostname
		}
		m.Name = known(name)
		m.ID = linux.MachineID(m.Identity, name)
	case f.address.driver == "test":
		// A machine that does not exist must never become one with the real one.
		m.Name = known(f.address.uri)
		m.Identity.EngineID = known("libvirt " + f.address.uri + " on " + strings.ToLower(f.hostname))
		m.ID = linux.MachineID(inventory.Identity{}, m.Identity.EngineID.Or(""))
	default:
		m.ID = linux.MachineID(inventory.Identity{}, f.hostname)
	}
	if f.nodeErr == nil && f.node.cpus > 0 {
		m.Cores = inventory.Known(float64(f.node.cpus))
		m.Sockets, m.PhysicalCores = told(f.node.sockets), told(f.node.cores)
	}
	if f.nodeErr == nil && f.node.memory > 0 && f.node.memory < 1<<62 {
		m.Memory = inventory.Known(inventory.Bytes(f.node.memory))
	}
	// libvirt adds up the memory of NUMA nodes, which some kernels state too low.
	if total, ok := memTotal(f.tree()); ok && f.local() {
		m.Memory = inventory.Known(total)
	}
	return m
}

// told is a number that the daemon may not tell.
func told(n int) inventory.Reading[int] {
	if n == 0 {
		return inventory.Unknown[int]("the daemon does not tell sockets and cores of this machine apart", "")
	}
	return inventory.Known(n)
}

// memTotal returns the memory of the machine whose tree this is.
func memTotal(tree linux.FS) (inventory.Bytes, bool) {
	text, err := tree.Read("/proc/meminfo", linux.SmallFile)
	if err != nil {
		return 0, false
	}
	var kib inventory.Bytes
	if _, err := fmt.Sscanf(string(text), "MemTotal: %d kB", &kib); err != nil || kib <= 0 || kib > 1<<50 {
		return 0, false
	}
	return kib * inventory.KiB, true
}

func (f *found) hypervisor(machine string) inventory.Hypervisor {
	h := inventory.Hypervisor{
		ID:            "hv-" + machine,
		Machine:       machine,
		Kind:          f.kind(),
		Cluster:       inventory.Absent[string](),
		SeparateImage: inventory.Known(f.address.driver == "xen"),
		VMs:           inventory.Known(len(f.records)),
		Seen:          f.seen(),
	}
	if f.versionErr == nil {
		h.Version = known(f.version.number)
	}
	return h
}

// kind is the name of the hypervisor. QEMU counts as KVM where any machine uses that.
func (f *found) kind() string {
	for _, d := range f.details {
		if d.domain != nil && d.domain.Type == "kvm" {
			return "kvm"
		}
	}
	return f.address.driver
}

// vm puts together what the list and the description tell of one virtual machine.
func (f *found) vm(hypervisor string, r *record, d detail) inventory.VM {
	state := stateOf(r)
	v := inventory.VM{
		ID:         "vm-" + r.uuid(),
		Hypervisor: hypervisor,
		Name:       known(r.name()),
		UUID:       inventory.Known(r.uuid()),
		State:      state,
		Memory:     r.kib("balloon.current"),
		Autostart:  d.autostart,
		Usage:      r.usage(state.Or("")),
		Seen:       f.seen(),
	}
	if n := r.numbers["vcpu.current"]; n > 0 {
		v.VCPUs = inventory.Known(float64(n))
	}
	if d.domain == nil {
		const why = "the domain's description could not be read"
		v.Storage = inventory.Unknown[inventory.StorageClass](why, "")
		v.GuestOS = inventory.Unknown[string](why, "")
		return v
	}
	v.VCPUs = v.VCPUs.Better(d.domain.vcpus())
	v.Memory = v.Memory.Better(d.domain.memory())
	v.MACs = d.domain.macs()
	v.GuestOS = d.domain.guestOS()
	v.Disks = f.disks(r, d.domain)
	v.Storage = storageOf(v.Disks)
	v.OnHost = len(d.domain.Disks) > 0 && !slices.ContainsFunc(d.domain.Disks, func(d disk) bool { return !f.onHost(d) })
	if u := &v.Usage; len(d.domain.Interfaces) == 0 && u.CPUSeconds.IsKnown() && !u.Network.IsKnown() {
		u.Network = inventory.Known(inventory.Bytes(0)) // it has no network at all
	}
	return v
}

// disks lists the disks with the sizes that the counters tell.
func (f *found) disks(r *record, d *domain) []inventory.VMDisk {
	number := map[string]string{} // of the counters, by name of the disk
	for i := range r.numbers["block.count"] {
		prefix := fmt.Sprintf("block.%d.", i)
		name, ok := r.texts[prefix+"name"]
		if !ok {
			break // a count that is not true
		}
		if _, twice := number[name]; !twice { // backing files follow under the same name
			number[name] = prefix
		}
	}
	var out []inventory.VMDisk
	for _, disk := range d.Disks {
		v := inventory.VMDisk{Name: inventory.Text(disk.Target.Dev), Class: f.classOfDisk(disk)}
		if prefix, ok := number[disk.Target.Dev]; ok {
			v.Capacity = r.size(prefix + "capacity")
			v.Allocated = r.size(prefix + "allocation")
		}
		out = append(out, v)
	}
	slices.SortStableFunc(out, func(a, b inventory.VMDisk) int { return cmp.Compare(a.Name, b.Name) })
	return out
}

// storageOf is the class of the largest disk; absent where there is no disk. Where sizes are not known, all disks
// must agree.
func storageOf(disks []inventory.VMDisk) class {
	if len(disks) == 0 {
		return inventory.Absent[inventory.StorageClass]()
	}
	best, sized, agree := disks[0], true, true
	for _, d := range disks {
		sized = sized && d.Capacity.IsKnown()
		agree = agree && d.Class.Or("") == disks[0].Class.Or("")
		if d.Capacity.Or(0) > best.Capacity.Or(0) {
			best = d
		}
	}
	if !agree && !sized {
		return noClass("its disks lie in different places, and their sizes are not known")
	}
	return best.Class
}

// storage lists the pools, and remembers their classes for the disks in them.
func (f *found) storage(machine string) []inventory.Storage {
	f.poolClass = map[string]class{}
	var out []inventory.Storage
	for _, p := range f.pools {
		s := inventory.Storage{
			ID:      machine + "/libvirt/" + p.uuid,
			Machine: machine,
			Name:    inventory.Text(p.name),
			Kind:    inventory.Pool,
			Seen:    f.seen(),
		}
		if p.capacity > 0 && p.capacity < 1<<62 {
			s.Capacity = inventory.Known(inventory.Bytes(p.capacity))
		}
		if x, err := parsePool(p.xml); err == nil {
			s.Class, s.Detail = f.classOfPool(x), inventory.Text("libvirt pool of type "+x.Type)
		} else {
			s.Class = noClass("its description was not understood")
		}
		f.poolClass[p.name] = s.Class
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b inventory.Storage) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

func (f *found) links(machine string) []inventory.Network {
	var out []inventory.Network
	for _, l := range f.networks {
		n := inventory.Network{
			ID:      machine + "/libvirt/" + l.uuid, // definitions with their UUIDs are copied between hosts
			Machine: machine,
			Name:    inventory.Text(l.name),
			Seen:    f.seen(),
		}
		if x, err := parseNetwork(l.xml); err == nil {
			n.Kind, n.Class = classOfNetwork(x)
		} else {
			n.Class = inventory.Unknown[inventory.NetworkClass]("its description was not understood", "")
		}
		out = append(out, n)
	}
	slices.SortFunc(out, func(a, b inventory.Network) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// known is a text from outside; unknown where it is empty.
func known(s string) inventory.Reading[string] {
	if s == "" {
		return inventory.Reading[string]{}
	}
	return inventory.Known(inventory.Text(s))
}

// gaps lists what the daemon did not answer.
func (f *found) gaps(ctx context.Context, d *daemon) []inventory.Gap {
	var gaps []inventory.Gap
	add := func(subject, what string, err error) {
		if err == nil || isUnsupported(err) {
			return // a driver without pools has none
		}
		kind := kindOf(ctx, d, err)
		gap := inventory.Gap{Source: f.target.String(), Subject: inventory.Text(subject), What: what, Why: kind.Error()}
		if errors.Is(kind, collect.ErrTimeout) {
			gap.Remedy = "raise --timeout, or see why the daemon does not answer"
		} else {
			gap.Why = inventory.Text(kind.Error() + ": " + err.Error())
		}
		gaps = append(gaps, gap)
	}
	add(f.address.uri, "version of the hypervisor", f.versionErr)
	add(f.address.uri, "name of the host", f.hostErr)
	add(f.address.uri, "size of the host", f.nodeErr)
	add(f.address.uri, "storage pools", f.poolsErr)
	add(f.address.uri, "virtual networks", f.networksErr)
	for _, g := range f.detailGaps(ctx, d) {
		add(g.subject, "disks, interfaces and autostart", g.err)
	}
	slices.SortFunc(gaps, func(a, b inventory.Gap) int {
		return cmp.Or(cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.What, b.What))
	})
	return gaps
}

// A detailGap stands for virtual machines whose description could not be read, all for one kind of reason.
type detailGap struct {
	subject string
	err     error
}

// detailGaps groups them, so that a stuck daemon with thousands of machines makes one gap.
func (f *found) detailGaps(ctx context.Context, d *daemon) []detailGap {
	const shown = 3
	var gaps []detailGap
	at := map[error]int{}
	count := map[error]int{}
	for i := range f.records {
		err := f.details[i].err
		if err == nil {
			continue
		}
		kind := kindOf(ctx, d, err)
		name := inventory.Text(f.records[i].name())
		if count[kind]++; count[kind] == 1 {
			at[kind] = len(gaps)
			gaps = append(gaps, detailGap{subject: "virtual machine " + name, err: err})
		} else if count[kind] <= shown {
			gaps[at[kind]].subject += ", " + name
		}
	}
	for kind, n := range count {
		if n > shown {
			gaps[at[kind]].subject += fmt.Sprintf(" and %d more", n-shown)
		}
	}
	return gaps
}
