package libvirt

import (
	"encoding/xml"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// A domain is the part of a domain's XML that is kept. Elements that may hold secrets or addresses of consoles
// are not named here, so they are never read.
// https://libvirt.org/formatdomain.html
type domain struct {
	XMLName xml.Name `xml:"domain"`
	Type    string   `xml:"type,attr"`
	Memory  size     `xml:"memory"`
	Current size     `xml:"currentMemory"`
	VCPU    struct {
		Current string `xml:"current,attr"`
		Maximum string `xml:",chardata"`
	} `xml:"vcpu"`
	OS struct {
		ID string `xml:"id,attr"`
	} `xml:"metadata>libosinfo>os"`
	Disks      []disk `xml:"devices>disk"`
	Interfaces []struct {
		MAC struct {
			Address string `xml:"address,attr"`
		} `xml:"mac"`
	} `xml:"devices>interface"`
}

// A disk is a disk of a domain.
// https://libvirt.org/formatdomain.html#hard-drives-floppy-disks-cdroms
type disk struct {
	Type   string `xml:"type,attr"`
	Device string `xml:"device,attr"`
	Source struct {
		File     string `xml:"file,attr"`
		Dev      string `xml:"dev,attr"`
		Protocol string `xml:"protocol,attr"`
		Pool     string `xml:"pool,attr"`
	} `xml:"source"`
	Target struct {
		Dev string `xml:"dev,attr"`
	} `xml:"target"`
}

// A size is an amount of memory with its unit.
type size struct {
	Unit  string `xml:"unit,attr"`
	Value string `xml:",chardata"`
}

// units are libvirt's; without one it means KiB.
var units = map[string]int64{
	"b": 1, "bytes": 1,
	"KB": 1e3, "k": 1 << 10, "KiB": 1 << 10, "": 1 << 10,
	"MB": 1e6, "M": 1 << 20, "MiB": 1 << 20,
	"GB": 1e9, "G": 1 << 30, "GiB": 1 << 30,
	"TB": 1e12, "T": 1 << 40, "TiB": 1 << 40,
}

// bytes returns the size; unknown where it is not written as libvirt writes it.
func (s size) bytes() inventory.Reading[inventory.Bytes] {
	n, err := strconv.ParseInt(strings.TrimSpace(s.Value), 10, 64)
	unit, ok := units[s.Unit]
	if err != nil || !ok || n < 0 || n > math.MaxInt64/unit {
		return inventory.Reading[inventory.Bytes]{}
	}
	return inventory.Known(inventory.Bytes(n * unit))
}

// parseDomain reads the XML of a domain.
func parseDomain(text string) (*domain, error) {
	var d domain
	if err := xml.Unmarshal([]byte(text), &d); err != nil {
		return nil, fmt.Errorf("domain XML: %w", err)
	}
	// CD-ROM and floppy drives hold no data of the machine.
	d.Disks = slices.DeleteFunc(d.Disks, func(d disk) bool { return d.Device == "cdrom" || d.Device == "floppy" })
	return &d, nil
}

// vcpus is how many virtual CPUs are switched on.
func (d *domain) vcpus() inventory.Reading[float64] {
	for _, text := range []string{d.VCPU.Current, d.VCPU.Maximum} {
		if n, err := strconv.Atoi(strings.TrimSpace(text)); err == nil && n > 0 {
			return inventory.Known(float64(n))
		}
	}
	return inventory.Reading[float64]{}
}

// memory is how much memory the domain has now.
func (d *domain) memory() inventory.Reading[inventory.Bytes] {
	return d.Current.bytes().Better(d.Memory.bytes())
}

// macs returns the hardware addresses, sorted.
func (d *domain) macs() []string {
	var out []string
	for _, i := range d.Interfaces {
		if mac, ok := linux.NormalMAC(i.MAC.Address); ok {
			out = append(out, mac)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// guestOS is what the domain was made for, such as "http://debian.org/debian/12".
func (d *domain) guestOS() inventory.Reading[string] {
	if d.OS.ID == "" {
		return inventory.Unknown[string]("the domain's description does not say, and nobody looked inside", "")
	}
	return inventory.Known(inventory.Text(d.OS.ID))
}

// stateOf reads libvirt's number for the state of a domain.
func stateOf(r *record) inventory.Reading[inventory.RunState] {
	state, ok := r.numbers["state.state"]
	if !ok {
		if r.dom.ID < 0 {
			return inventory.Known(inventory.Stopped)
		}
		return inventory.Known(inventory.Running)
	}
	switch state {
	case 1, 2, 4: // running, blocked on a resource, being shut down
		return inventory.Known(inventory.Running)
	case 3, 7: // paused, suspended by the guest
		return inventory.Known(inventory.Paused)
	case 5, 6: // shut off, crashed
		return inventory.Known(inventory.Stopped)
	default:
		return inventory.Unknown[inventory.RunState](fmt.Sprintf("libvirt calls it state %d", state), "")
	}
}

// kib turns a parameter in KiB into bytes.
func (r *record) kib(name string) inventory.Reading[inventory.Bytes] {
	n, ok := r.numbers[name]
	if !ok || n > math.MaxInt64>>10 {
		return inventory.Reading[inventory.Bytes]{}
	}
	return inventory.Known(inventory.Bytes(n << 10))
}

// size turns a parameter in bytes into a size.
func (r *record) size(name string) inventory.Reading[inventory.Bytes] {
	n, ok := r.numbers[name]
	if !ok || n > math.MaxInt64 {
		return inventory.Reading[inventory.Bytes]{}
	}
	return inventory.Known(inventory.Bytes(n))
}

// usage turns counters into readings.
func (r *record) usage(state inventory.RunState) inventory.Usage {
	if state != inventory.Running && state != inventory.Paused {
		return inventory.Usage{}
	}
	u := inventory.Usage{
		Age: inventory.Unknown[inventory.Seconds]("libvirt does not tell when a domain was started", "collect from the host too: its QEMU process tells"),
	}
	if ns, ok := r.numbers["cpu.time"]; ok {
		u.CPUSeconds = inventory.Known(float64(ns) / 1e9)
	}
	if r.wired && r.network <= math.MaxInt64 {
		u.Network = inventory.Known(inventory.Bytes(r.network))
	}
	// What the QEMU process holds is not what the guest needs: only the guest's own figures say that.
	available, ok := r.kib("balloon.available").Get()
	usable, ok2 := r.kib("balloon.usable").Get()
	if ok && ok2 && usable <= available {
		u.Memory = inventory.Known(available - usable)
	} else {
		u.Memory = inventory.Unknown[inventory.Bytes]("the guest reports no memory statistics", "virsh dommemstat DOMAIN --period 10 --live --config")
	}
	return u
}
