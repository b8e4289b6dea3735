package host

import (
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
)

// An rdmaPort is one port of a device that can do RDMA.
type rdmaPort struct {
	infiniband bool // a network of its own, not Ethernet
	active     bool
	moved      bool // its counters of data are not at zero
	rate       string
}

// rdmaAdapters lists the devices that can do RDMA. Every network card of the last years can, so being able to is no
// use: that is told by NVMe or NFS over RDMA, and for InfiniBand, which is good for nothing else, by the counters.
func (l *look) rdmaAdapters(s *stores) []inventory.Adapter {
	const dir = "/sys/class/infiniband"
	names, err := l.fs.Names(dir)
	if err != nil {
		return nil
	}
	storage := slices.ContainsFunc(s.controllers, func(c nvmeController) bool { return c.transport == "rdma" }) ||
		slices.ContainsFunc(s.remote, func(r remoteMount) bool { return r.rdma })
	var list []inventory.Adapter
	var open []int // those over which the storage may be reached
	for _, name := range names {
		a := inventory.Adapter{Name: name, Kind: inventory.RDMAAdapter}
		a.Model, _ = l.fs.Line(dir + "/" + name + "/hca_type")
		if board, err := l.fs.Line(dir + "/" + name + "/board_id"); err == nil {
			a.Model = strings.TrimSpace(a.Model + " " + board)
		}
		active, moved, infiniband, ports := false, false, false, 0
		for _, p := range l.rdmaPorts(dir + "/" + name + "/ports") {
			ports++
			active = active || p.active
			infiniband = infiniband || p.infiniband
			moved = moved || p.infiniband && p.moved
			if p.active && a.Speed == "" {
				a.Speed = p.rate
			}
		}
		switch {
		case ports == 0:
			a.State = inventory.Unknown[inventory.AdapterState](dir+"/"+name+"/ports: not readable", "")
		case !active:
			a.State = state(inventory.AdapterDark)
		default:
			a.State = used(moved)
			if !moved {
				open = append(open, len(list))
			}
		}
		if infiniband {
			a.Model = strings.TrimSpace("InfiniBand " + a.Model)
		}
		list = append(list, a)
	}
	for _, i := range open {
		if storage && len(open) == 1 {
			list[i].State = state(inventory.AdapterInUse)
		} else if storage {
			list[i].State = inventory.Unknown[inventory.AdapterState]("storage is reached over RDMA, and by which device is not shown", "")
		}
	}
	return list
}

func (l *look) rdmaPorts(dir string) []rdmaPort {
	names, err := l.fs.Names(dir)
	if err != nil {
		return nil
	}
	var list []rdmaPort
	for _, n := range names {
		at := dir + "/" + n
		var p rdmaPort
		layer, err := l.fs.Line(at + "/link_layer")
		p.infiniband = err == nil && layer == "InfiniBand"
		text, _ := l.fs.Line(at + "/state") // "4: ACTIVE"
		p.active = strings.HasSuffix(text, "ACTIVE")
		p.rate, _ = l.fs.Line(at + "/rate")
		for _, counter := range []string{"port_rcv_data", "port_xmit_data"} {
			if v, ok := l.number(at + "/counters/" + counter); ok && v > 0 {
				p.moved = true
			}
		}
		list = append(list, p)
	}
	return list
}
