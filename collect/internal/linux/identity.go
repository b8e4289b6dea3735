package linux

import (
	"crypto/sha256"
	"encoding/hex"
	"net"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
)

// asRoot is the remedy for files that only root may read.
const asRoot = "run as root"

// LocalIdentity reads what tells the machine of a tree from others. Every source that looks at this machine uses it,
// so that their machines are recognised as one.
func LocalIdentity(f FS) inventory.Identity {
	id := inventory.Identity{
		UUID:      dmiIdentity(f, "product_uuid", validUUID),
		Serial:    dmiIdentity(f, "product_serial", validSerial),
		MachineID: machineID(f),
		BootID:    bootID(f),
		MACs:      hardwareAddresses(f),
	}
	if _, inside := ContainerManager(f); inside {
		// The container's own: it came with its image, and other containers may have the same one.
		id.MachineID.Forget("seen from inside a container", "run on the host")
	}
	return id
}

// Enclosure reads the serial number of the chassis that the machine stands in, which other machines may share.
func Enclosure(f FS) inventory.Reading[string] { return dmiIdentity(f, "chassis_serial", validSerial) }

// MachineID makes the identifier of a machine in an inventory out of the best that is known of it, the same for
// every source: machine-id, else SMBIOS UUID, else host name.
func MachineID(id inventory.Identity, hostname string) string {
	best := "host name " + strings.ToLower(hostname)
	if v, ok := id.MachineID.Get(); ok {
		best = "machine-id " + v
	} else if v, ok := id.UUID.Get(); ok {
		best = "uuid " + v
	}
	sum := sha256.Sum256([]byte(best))
	return "m-" + hex.EncodeToString(sum[:6])
}

// Hostname returns the host name that the kernel of the tree holds; empty where it cannot be read.
func Hostname(f FS) string {
	name, err := f.Line("/proc/sys/kernel/hostname")
	if err != nil {
		return ""
	}
	return name
}

// dmiIdentity reads one identifying DMI field. Where the firmware gives nothing usable the field is absent; where
// the kernel has no DMI at all, nobody can tell (a Firecracker VM has none).
func dmiIdentity(f FS, field string, valid func(string) bool) inventory.Reading[string] {
	const dir = "/sys/class/dmi/id/"
	text, err := f.Line(dir + field)
	switch {
	case err == nil && valid(text):
		return inventory.Known(strings.ToLower(inventory.Text(text)))
	case err == nil:
		return inventory.Absent[string]()
	case Denied(err):
		return inventory.Unknown[string](dir+field+" is readable by root only", asRoot)
	case f.Exists(dir):
		return inventory.Absent[string]()
	default:
		return inventory.Unknown[string]("the kernel shows no DMI ("+dir+" is missing)", "")
	}
}

func machineID(f FS) inventory.Reading[string] {
	var last error
	for _, name := range []string{"/etc/machine-id", "/var/lib/dbus/machine-id"} {
		text, err := f.Line(name)
		if err == nil && isHex(text, 32) && strings.Trim(text, "0") != "" {
			return inventory.Known(strings.ToLower(text))
		}
		if err != nil && !Gone(err) {
			last = err
		}
	}
	if last != nil {
		return inventory.Unknown[string]("/etc/machine-id: "+Reason(last), asRoot)
	}
	return inventory.Absent[string]()
}

func bootID(f FS) inventory.Reading[string] {
	const name = "/proc/sys/kernel/random/boot_id"
	text, err := f.Line(name)
	if err != nil || !validUUID(text) {
		return inventory.Unknown[string](name+" is not readable", "")
	}
	return inventory.Known(strings.ToLower(text))
}

// hardwareAddresses lists the MACs of interfaces that stand on a device: cards of a box, and the virtual cards
// that a hypervisor gave its guest. Bridges, tunnels and container links have no device.
func hardwareAddresses(f FS) []string {
	const class = "/sys/class/net/"
	names, err := f.Names(class)
	if err != nil {
		return nil
	}
	var macs []string
	for _, name := range names {
		if !f.Exists(class+name+"/device") || f.Exists(class+name+"/device/physfn") {
			continue
		}
		// A bonded interface shows the address of the bond; its own is kept beside it.
		text, err := f.Line(class + name + "/bonding_slave/perm_hwaddr")
		if err != nil {
			text, err = f.Line(class + name + "/address")
		}
		if mac, ok := NormalMAC(text); err == nil && ok {
			macs = append(macs, mac)
		}
	}
	slices.Sort(macs)
	return slices.Compact(macs)
}

// NormalMAC gives an Ethernet address in lower case with colons; false where it is none, all zeros or all ones.
func NormalMAC(text string) (string, bool) {
	mac, err := net.ParseMAC(strings.TrimSpace(text))
	if err != nil || len(mac) != 6 {
		return "", false
	}
	s := mac.String()
	return s, s != "00:00:00:00:00:00" && s != "ff:ff:ff:ff:ff:ff"
}

// validUUID accepts a UUID that may tell machines apart: not all zeros, not all ones, not a known placeholder.
func validUUID(text string) bool {
	text = strings.ToLower(text)
	if len(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return false
	}
	digits := strings.ReplaceAll(text, "-", "")
	if !isHex(digits, 32) || strings.Trim(digits, "0") == "" || strings.Trim(digits, "f") == "" {
		return false
	}
	return text != "03000200-0400-0500-0006-000700080009" // many boards whose maker never set one
}

// ValidUUID reports whether text is a UUID that may tell machines apart: not all zeros or ones, and not one that
// makers of boards forgot to change.
func ValidUUID(text string) bool { return validUUID(text) }

func isHex(s string, length int) bool {
	if len(s) != length {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') && (c < 'A' || c > 'F') {
			return false
		}
	}
	return true
}
