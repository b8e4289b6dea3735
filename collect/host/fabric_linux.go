package host

import (
	"strings"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// A fibrePort is a port of a Fibre Channel adapter, over glass or over Ethernet.
type fibrePort struct {
	host      string // host6
	model     string
	speed     string
	state     string // as the kernel words it; empty where it is not readable
	why       string // for which reason
	targets   bool   // arrays answer over it
	converged bool   // over Ethernet
	virtual   bool   // a second name on another port (NPIV), for a virtual machine
}

// fibrePorts lists the ports of Fibre Channel adapters. Attributes that start something (issue_lip) or show counters
// are left alone.
func (l *look) fibrePorts() ([]fibrePort, error) {
	const class = "/sys/class/fc_host"
	hosts, err := l.fs.Names(class)
	if err != nil {
		return nil, err
	}
	targets, err := l.fibreTargets()
	if err != nil {
		return nil, err
	}
	overEthernet := l.listed("/sys/bus/fcoe/devices", "ctlr_")
	var list []fibrePort
	for _, host := range hosts {
		p := fibrePort{host: host, targets: targets[strings.TrimPrefix(host, "host")]}
		dir, scsi := class+"/"+host, "/sys/class/scsi_host/"+host
		p.state, err = l.fs.Line(dir + "/port_state")
		p.why = linux.Reason(err)
		name, _ := l.fs.Line(dir + "/symbolic_name")
		driver, _ := l.fs.Line(scsi + "/proc_name")
		protocol, _ := l.fs.Line(scsi + "/protocol") // lpfc
		low := strings.ToLower(name)
		p.converged = convergedDrivers[driver] || protocol == "fcoe" || strings.Contains(low, "fcoe") || strings.Contains(low, "bnx2fc") ||
			strings.Contains(low, "fnic") || driver == "" && overEthernet
		if p.speed, _ = l.fs.Line(dir + "/speed"); strings.EqualFold(p.speed, "unknown") {
			p.speed = ""
		}
		for _, file := range []string{"model_name", "modelname"} { // qla2xxx, lpfc
			if model, err := l.fs.Line(scsi + "/" + file); err == nil && p.model == "" {
				p.model = model
			}
		}
		if words := strings.Fields(name); p.model == "" && len(words) > 0 {
			if p.model = words[0]; p.model == "Emulex" && len(words) > 1 {
				p.model = words[1]
			}
		}
		kind, _ := l.fs.Line(dir + "/port_type")
		p.virtual = strings.HasPrefix(kind, "NPIV")
		list = append(list, p)
	}
	return list, nil
}

// fibreTargets tells over which hosts, by number, arrays answer over Fibre Channel.
func (l *look) fibreTargets() (map[string]bool, error) {
	const class = "/sys/class/fc_remote_ports"
	ports, err := l.fs.Names(class)
	if err != nil && !linux.Gone(err) {
		return nil, err
	}
	found := make(map[string]bool)
	for _, p := range ports {
		roles, err := l.fs.Line(class + "/" + p + "/roles")
		if err != nil || !strings.Contains(roles, "FCP Target") && !strings.Contains(roles, "NVMe Target") {
			continue
		}
		if state, err := l.fs.Line(class + "/" + p + "/port_state"); err == nil && state == "Not Present" {
			continue // it was there once
		}
		host, _, _ := strings.Cut(strings.TrimPrefix(p, "rport-"), ":")
		found[host] = true
	}
	return found, nil
}

// fibreArray names an array by the node name that it gives over Fibre Channel.
func (l *look) fibreArray(link string) string {
	name, err := l.fs.Line("/sys/class/fc_remote_ports/" + segment(link, "rport-") + "/node_name")
	if err != nil || name == "" {
		return "fibre channel"
	}
	return name
}

// fabric tells whether a Fibre Channel network is in use beside Ethernet. An adapter without light is none.
func (l *look) fabric() inventory.Reading[inventory.Fabric] {
	const class = "/sys/class"
	if !l.fs.Exists(class) {
		return inventory.Unknown[inventory.Fabric](class+" is not there", "mount /sys")
	}
	ports, err := l.fibrePorts()
	if err != nil && !linux.Gone(err) {
		return inventory.Unknown[inventory.Fabric](class+"/fc_host: "+linux.Reason(err), asRoot)
	}
	glass, converged, hidden := false, false, ""
	for _, p := range ports {
		switch {
		case p.state == "" && p.why != "" && hidden == "":
			hidden = class + "/fc_host/" + p.host + "/port_state: " + p.why
		case p.state != "Online" || !p.targets:
		case p.converged:
			converged = true
		default:
			glass = true
		}
	}
	for _, c := range l.pciCards() {
		if c.class == pciFibreChannel && c.driver == "vfio-pci" && hidden == "" {
			hidden = "a Fibre Channel adapter is handed to a virtual machine"
		}
	}
	switch {
	case glass:
		return inventory.Known(inventory.FCBesideEthernet)
	case hidden != "":
		return inventory.Unknown[inventory.Fabric](hidden, "")
	case converged:
		return inventory.Known(inventory.FCoE)
	default:
		return inventory.Known(inventory.OneFabric)
	}
}

// listed reports whether a directory has an entry that begins so.
func (l *look) listed(dir, prefix string) bool {
	names, err := l.fs.Names(dir)
	if err != nil {
		return false
	}
	for _, n := range names {
		if strings.HasPrefix(n, prefix) {
			return true
		}
	}
	return false
}
