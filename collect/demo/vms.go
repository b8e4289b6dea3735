package demo

import (
	"fmt"

	"github.com/infraopt/infraopt/collect/inventory"
)

// hypervisor puts virtual machines on a server and lets libvirt tell of them. An image of its own (ESXi) shows
// nothing from inside.
func (h *host) hypervisor(k *kit, kind, version, cluster string, separate bool) {
	m := &k.machine
	m.Roles = []string{"hypervisor"}
	o := inventory.Observation{Target: "libvirt:qemu+ssh://" + k.plain + "/system", Scheme: "libvirt"}
	if separate {
		o.Target = "libvirt:esx://" + k.plain + "/"
	}
	hv := inventory.Hypervisor{
		ID: "hv-" + m.ID + "-" + kind, Machine: m.ID, Kind: kind, Version: inventory.Known(version),
		Cluster: inventory.Absent[string](), SeparateImage: inventory.Known(separate),
	}
	if cluster != "" {
		id := cluster + "-" + h.site
		hv.Cluster = inventory.Known(id)
		o.Clusters = []inventory.Cluster{{
			ID: id, Kind: cluster, Name: inventory.Known(h.name(cluster + " " + h.site)), Machines: []string{m.ID},
			Nodes: inventory.Unknown[int]("only the control plane knows", "collect from it too"),
		}}
	}
	n := h.between(4, 7)
	hv.VMs = inventory.Known(n)
	var inside []func()
	for i := range n {
		vm, look := h.vm(k, &hv, i)
		o.VMs = append(o.VMs, vm)
		if look != nil {
			inside = append(inside, look)
		}
	}
	seen := *m
	if separate { // nobody can look inside, and nothing but virtual machines runs there
		o.Storage = k.storage
		h.loseMachine(&seen)
		seen.Processes, seen.Containers = inventory.Known(0), inventory.Known(0)
	} else { // libvirt knows the machine by its identity, and little of it
		seen = inventory.Machine{ID: m.ID, Name: m.Name, Identity: m.Identity, Zone: m.Zone, Powered: m.Powered, Cores: m.Cores, Memory: m.Memory, Roles: m.Roles}
	}
	o.Machines = []inventory.Machine{seen}
	for i := range o.VMs {
		h.loseVM(&o.VMs[i])
	}
	lose(h, &hv.Version, "version of the hypervisor", forRoot)
	lose(h, &hv.Cluster, "cluster of the hypervisor", forRoot)
	o.Hypervisors = []inventory.Hypervisor{hv}
	h.emit(o, m.ID)
	if !separate {
		k.workloads = h.services(k, 0)
		h.observe(k)
	}
	for _, look := range inside {
		look()
	}
}

// purposes are what virtual machines are for.
var purposes = []string{"app", "db", "web", "build", "test", "erp", "files", "dc", "mail", "crm"}

// vm makes up one virtual machine and, for some, the look from inside, to be taken after the hypervisor's.
func (h *host) vm(k *kit, hv *inventory.Hypervisor, i int) (inventory.VM, func()) {
	cores := draw(h.dice, []int{1, 2, 2, 4, 4, 8, 16})
	gib := max(1, cores*draw(h.dice, []int{1, 2, 4, 4}))
	plain := fmt.Sprintf("%s-%s-%04d-%d", h.site, draw(h.dice, purposes), h.index, i)
	guest := h.bare(plain, cores, gib, draw(h.dice, append(generalSystems[:3:3], oldSystems...)))
	g := &guest.machine
	g.Zone = k.machine.Zone
	g.Kind = inventory.Known(inventory.Virtual)
	g.Provider = inventory.Absent[string]()
	g.Storage = inventory.Known(inventory.RawLocal)
	g.Network = inventory.Known(inventory.PhysicalNetwork)
	g.Management = inventory.Known(draw(h.dice, []inventory.Management{inventory.ByHand, inventory.Provisioned, inventory.ConfigManaged}))
	virtual(g, map[string]string{"kvm": "kvm", "esxi": "vmware"}[hv.Kind], "a virtual machine")

	disk := inventory.Bytes(h.between(20, 400)) * inventory.GiB
	vm := inventory.VM{
		ID: g.Identity.UUID.Or(""), Hypervisor: hv.ID, Name: g.Name, UUID: g.Identity.UUID, State: inventory.Known(inventory.Running),
		VCPUs: g.Cores, Memory: g.Memory, GuestOS: inventory.Known(g.OS.ID.Or("") + " " + g.OS.Version.Or("")),
		Storage: k.machine.Storage, MACs: g.Identity.MACs, Autostart: inventory.Known(h.percent(70)), PID: inventory.Known(h.between(1000, 30000)),
		Disks: []inventory.VMDisk{{
			Name: "vda", Class: k.machine.Storage, Capacity: inventory.Known(disk),
			Allocated: inventory.Known(disk / 100 * inventory.Bytes(h.between(10, 90))),
		}},
	}
	p := h.profile(65, 4)
	vm.Usage, vm.Demand = h.use(p, cores*1000, gib*1024, int(min(k.machine.Uptime.Or(0), g.Uptime.Or(0))))
	vm.Usage.Clients = inventory.NotApplicable[int]("a hypervisor sees packets, not connections")
	stopped, opaque, containers := h.percent(14), h.percent(60), h.percent(25)
	switch {
	case stopped:
		vm.State, vm.PID = inventory.Known(inventory.Stopped), inventory.Absent[int]()
		vm.Usage, vm.Demand = inventory.Usage{}, inventory.Demand{}
		return vm, nil
	case opaque || !p.busy:
		return vm, nil
	}
	g.Uptime = inventory.Known(vm.Usage.Age.Or(0))
	h.disk(guest, "vda", inventory.RawLocal)
	return vm, func() {
		if containers {
			h.containerHost(guest, h.composed(1))
			return
		}
		guest.workloads = h.services(guest, h.between(1, 2))
		h.observe(guest)
	}
}

// loseVM forgets some of what a hypervisor tells.
func (h *host) loseVM(v *inventory.VM) {
	lose(h, &v.GuestOS, "systems of virtual machines", notTold)
	lose(h, &v.Storage, "disks of virtual machines", forRoot)
	lose(h, &v.Usage.Memory, "memory that virtual machines use", noStats)
	lose(h, &v.Usage.CPUSeconds, "CPU time of virtual machines", forRoot)
	lose(h, &v.Usage.Network, "traffic of virtual machines", forRoot)
	lose(h, &v.Usage.Age, "since when virtual machines run", forRoot)
}
