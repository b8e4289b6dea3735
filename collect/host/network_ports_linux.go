package host

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
)

// representors are the names of ports by which a card shows its virtual functions to the machine that owns it.
var representors = regexp.MustCompile(`^(c\d+)?pf\d+(vf|sf)\d+$`)

func representor(port string) bool { return representors.MatchString(port) }

// managementDrivers are those of cards over USB by which a machine speaks to its own baseboard management controller.
var managementDrivers = map[string]bool{"cdc_ether": true, "rndis_host": true, "cdc_eem": true}

// etherType is the type of Ethernet links, ARPHRD_ETHER.
const etherType = 1

// ports describes the network ports of a physical machine, and reports whether any link stands on a device at all.
func (n *networking) ports() bool {
	devices := false
	kind, _ := n.m.Kind.Get()
	for _, x := range n.links.list {
		dir := netClass + "/" + x.Name
		if x.Kind != "" || x.Name == "lo" || !n.fs.Exists(dir+"/device") {
			continue
		}
		devices = true
		if kind != inventory.Physical || x.Type != etherType || representor(x.Port) || n.fs.Exists(dir+"/device/physfn") ||
			n.fs.Exists(dir+"/phy80211") || n.fs.Exists(dir+"/wireless") {
			continue
		}
		driver := n.fs.LinkBase(dir + "/device/driver")
		if strings.HasPrefix(x.Name, "idrac") || managementDrivers[driver] {
			continue
		}
		n.m.Hardware.Ports = append(n.m.Hardware.Ports, n.port(x, dir, driver))
	}
	return devices
}

func (n *networking) port(x *link, dir, driver string) inventory.Port {
	p := inventory.Port{Name: inventory.Text(x.Name), Driver: inventory.Text(driver)}
	off := x.Name + " is switched off, and shows nothing of its cable"
	carrier, err := n.fs.Line(dir + "/carrier")
	switch {
	case !x.blind && !x.Enabled:
		p.Up = inventory.Unknown[bool](off, "")
	case err == nil && (carrier == "0" || carrier == "1"):
		p.Up = inventory.Known(carrier == "1")
	case !x.blind && x.State == "up":
		p.Up = inventory.Known(true)
	default:
		p.Up = inventory.Unknown[bool](dir+"/carrier is not readable", "")
	}
	// Without a link the kernel refuses the speed, or says -1.
	speed, err := n.fs.Line(dir + "/speed")
	if mbit, bad := strconv.ParseFloat(speed, 64); err == nil && bad == nil && mbit > 0 && mbit <= 1e7 {
		p.Speed = inventory.Known(mbit)
	} else {
		p.Speed = inventory.Unknown[float64]("it shows no speed without a link", "")
	}
	p.Virtual = n.virtualFunctions(dir + "/device")
	return p
}

// virtualFunctions reads how many virtual functions of a card are switched on (SR-IOV).
func (n *networking) virtualFunctions(device string) inventory.Reading[int] {
	if !n.fs.Exists(device + "/sriov_totalvfs") {
		return inventory.Absent[int]()
	}
	const most = 1 << 16 // of the standard
	count := n.attribute(device+"/sriov_numvfs", -1)
	if count < 0 || count > most {
		return inventory.Unknown[int](device+"/sriov_numvfs is not readable", "")
	}
	return inventory.Known(count)
}
