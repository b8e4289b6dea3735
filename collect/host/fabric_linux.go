package host

import (
	"strings"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// fabric tells whether a Fibre Channel network is in use beside Ethernet. An adapter without light is none.
func (l *look) fabric() inventory.Reading[inventory.Fabric] {
	const class = "/sys/class"
	if !l.fs.Exists(class) {
		return inventory.Unknown[inventory.Fabric](class+" is not there", "mount /sys")
	}
	hosts, err := l.fs.Names(class + "/fc_host")
	if err != nil && !linux.Gone(err) {
		return inventory.Unknown[inventory.Fabric](class+"/fc_host: "+linux.Reason(err), asRoot)
	}
	online, converged := false, l.fs.Exists("/sys/bus/fcoe/devices") && l.listed("/sys/bus/fcoe/devices", "ctlr_")
	for _, h := range hosts {
		dir := class + "/fc_host/" + h
		state, _ := l.fs.Line(dir + "/port_state")
		if state != "Online" {
			continue
		}
		online = true
		name, _ := l.fs.Line(dir + "/symbolic_name")
		if low := strings.ToLower(name); strings.Contains(low, "fcoe") || strings.Contains(low, "bnx2fc") {
			converged = true
		}
	}
	switch {
	case !online || !l.fibreTargets():
		return inventory.Known(inventory.OneFabric)
	case converged:
		return inventory.Known(inventory.FCoE)
	default:
		return inventory.Known(inventory.FCBesideEthernet)
	}
}

// fibreTargets reports whether any array answers over Fibre Channel.
func (l *look) fibreTargets() bool {
	const class = "/sys/class/fc_remote_ports/"
	ports, err := l.fs.Names(class)
	if err != nil {
		return false
	}
	for _, p := range ports {
		if roles, err := l.fs.Line(class + p + "/roles"); err == nil && strings.Contains(roles, "FCP Target") {
			return true
		}
	}
	return false
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
