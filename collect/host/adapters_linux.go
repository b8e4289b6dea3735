package host

import (
	"cmp"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// adapters lists what connects the machine to storage and to fabrics beside its network, and whether anything goes
// over it.
func (l *look) adapters(s *stores) {
	var err error
	if s.fibre, err = l.fibrePorts(); err != nil && !linux.Gone(err) {
		l.gap("/sys/class/fc_host", "adapters of Fibre Channel", linux.Reason(err), asRoot)
	}
	s.cards = l.pciCards()
	var list []inventory.Adapter
	add := func(a inventory.Adapter) {
		a.Name, a.Model, a.Speed = inventory.Text(a.Name), inventory.Text(a.Model), inventory.Text(a.Speed)
		list = append(list, a)
	}
	for _, p := range s.fibre {
		if !p.virtual {
			add(p.adapter())
		}
	}
	for _, c := range s.cards {
		if a, ok := s.card(c); ok {
			add(a)
		}
	}
	for _, a := range slices.Concat(l.iscsiAdapters(s), s.nvmeAdapters(), l.rdmaAdapters(s), l.tapes()) {
		add(a)
	}
	slices.SortFunc(list, func(a, b inventory.Adapter) int {
		return cmp.Or(strings.Compare(string(a.Kind), string(b.Kind)), strings.Compare(a.Name, b.Name))
	})
	s.m.Hardware.Adapters = list
}

func state(v inventory.AdapterState) inventory.Reading[inventory.AdapterState] {
	return inventory.Known(v)
}

// used is in-use or linked.
func used(yes bool) inventory.Reading[inventory.AdapterState] {
	if yes {
		return state(inventory.AdapterInUse)
	}
	return state(inventory.AdapterLinked)
}

// adapter describes a port of a Fibre Channel adapter.
func (p fibrePort) adapter() inventory.Adapter {
	a := inventory.Adapter{Name: p.host, Kind: inventory.FibreChannelAdapter, Model: p.model, Speed: p.speed}
	if p.converged {
		a.Kind = inventory.FCoEAdapter
	}
	switch p.state {
	case "Online":
		a.State = used(p.targets)
	case "":
		a.State = inventory.Unknown[inventory.AdapterState]("/sys/class/fc_host/"+p.host+"/port_state: "+cmp.Or(p.why, "empty"), "")
	case "Unknown":
		a.State = inventory.Unknown[inventory.AdapterState]("its driver does not say", "")
	default: // Linkdown, Offline, Error, Not Present
		a.State = state(inventory.AdapterDark)
	}
	return a
}

// card describes a card on the bus where nothing else does: one without a driver, and controllers of RAID and SAS.
// Those of a virtual machine are not real, unless they are handed to it.
func (s *stores) card(c pciCard) (inventory.Adapter, bool) {
	a := inventory.Adapter{Name: cmp.Or(c.host, c.address), Model: strings.TrimSpace(c.driver + " " + c.id)}
	switch c.class {
	case pciFibreChannel:
		a.Kind = inventory.FibreChannelAdapter
	case pciRAID:
		a.Kind = inventory.RAIDAdapter
		if c.driver != "" && c.driver != "vfio-pci" && !hardwareRAID[c.driver] {
			return a, false
		}
	case pciSAS:
		a.Kind = inventory.SASAdapter
	}
	kind, known := s.m.Kind.Get()
	switch {
	case known && kind != inventory.Physical && c.class != pciFibreChannel:
		return a, false
	case c.driver == "":
		a.State = state(inventory.AdapterNoDriver)
	case c.driver == "vfio-pci":
		a.State = inventory.Unknown[inventory.AdapterState]("it is handed to a virtual machine", "assess the virtual machine too")
	case c.class == pciFibreChannel:
		return a, false // its ports are listed
	default:
		a.State = used(slices.ContainsFunc(s.disks, func(d *disk) bool { return strings.Contains(d.link, "/"+c.address+"/") }))
	}
	return a, true
}

// iscsiAdapters lists the initiators: the kernel's own as one, however many sessions it has, as it makes a host for
// each; and those of cards. That a transport is loaded is no use of it. Sessions with the nodes' own software are
// none with an array, and an initiator that has only such is not listed.
func (l *look) iscsiAdapters(s *stores) []inventory.Adapter {
	const dir, own = "/sys/class/iscsi_host", "tcp"
	hosts, _ := l.fs.Names(dir)
	states := make(map[string][]string) // of sessions, by initiator
	nodes := make(map[string]bool)      // hosts of sessions with the nodes' own software
	for _, c := range s.sessions {
		initiator := c.host
		if c.driver == "iscsi_tcp" || !slices.Contains(hosts, initiator) {
			initiator = own
		}
		if nodeTarget(c.target) != "" {
			nodes[c.host], nodes[initiator] = true, true
			continue
		}
		states[initiator] = append(states[initiator], c.state)
	}
	adapter := func(name, model string) inventory.Adapter {
		a := inventory.Adapter{Name: name, Kind: inventory.ISCSIAdapter, Model: model}
		switch list := states[name]; {
		case len(list) == 0:
			a.State = state(inventory.AdapterLinked)
		case slices.Contains(list, "LOGGED_IN"):
			a.State = state(inventory.AdapterInUse)
		case slices.Contains(list, ""):
			a.State = inventory.Unknown[inventory.AdapterState]("the state of its sessions is not readable", "")
		default:
			a.State = state(inventory.AdapterDark)
		}
		return a
	}
	var list []inventory.Adapter
	for _, host := range hosts {
		driver, _ := l.fs.Line("/sys/class/scsi_host/" + host + "/proc_name")
		if driver == "iscsi_tcp" || nodes[host] && len(states[host]) == 0 {
			continue
		}
		a := adapter(host, driver)
		if port, err := l.fs.Line(dir + "/" + host + "/port_state"); err == nil && strings.EqualFold(port, "LINK DOWN") {
			a.State = state(inventory.AdapterDark)
		}
		list = append(list, a)
	}
	if len(states[own]) > 0 || s.initiator && !nodes[own] {
		list = append(list, adapter(own, "initiator of the kernel"))
	}
	return list
}

// nvmeAdapters lists the connections to NVMe disks over a network. Those to a disk of the same machine or of the
// nodes that the machine works with are none.
func (s *stores) nvmeAdapters() []inventory.Adapter {
	var list []inventory.Adapter
	for _, c := range s.controllers {
		if c.transport != "tcp" && c.transport != "rdma" && c.transport != "fc" || nodeTarget(c.subsystem) != "" {
			continue
		}
		a := inventory.Adapter{Name: c.name, Kind: inventory.NVMeFabricAdapter, Model: c.transport}
		switch c.state {
		case "":
			a.State = inventory.Unknown[inventory.AdapterState]("/sys/class/nvme/"+c.name+"/state: not readable", "")
		case "live":
			a.State = state(inventory.AdapterInUse)
		default:
			a.State = state(inventory.AdapterDark)
		}
		list = append(list, a)
	}
	return list
}

// tapes lists tape drives. The kernel counts what they have read and written.
func (l *look) tapes() []inventory.Adapter {
	const dir = "/sys/class/scsi_tape"
	names, _ := l.fs.Names(dir)
	var list []inventory.Adapter
	for _, name := range names {
		if numberedSegment(name, "st") == "" {
			continue // one of the other names of the same drive
		}
		vendor, _ := l.fs.Line(dir + "/" + name + "/device/vendor")
		model, _ := l.fs.Line(dir + "/" + name + "/device/model")
		a := inventory.Adapter{Name: name, Kind: inventory.TapeAdapter, Model: strings.TrimSpace(vendor + " " + model)}
		read, ok := l.number(dir + "/" + name + "/stats/read_cnt")
		written, ok2 := l.number(dir + "/" + name + "/stats/write_cnt")
		a.State = inventory.Unknown[inventory.AdapterState]("this kernel does not count what a drive does", "")
		if ok && ok2 {
			a.State = used(read+written > 0)
		}
		list = append(list, a)
	}
	return list
}
