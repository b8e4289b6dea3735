package host

import "strings"

// Classes of PCI devices, base and sub class: the PCI code and ID assignment specification.
const (
	pciRAID         = "0104"
	pciSAS          = "0107"
	pciFibreChannel = "0c04"
)

// A pciCard is a storage adapter on the bus.
type pciCard struct {
	address, class, driver, id string // id is vendor:device
	host                       string // as SCSI numbers it: host0; empty where it has none
}

// pciCards lists the storage adapters that are on the bus, with or without a driver.
func (l *look) pciCards() []pciCard {
	const dir = "/sys/bus/pci/devices"
	names, err := l.fs.Names(dir)
	if err != nil {
		return nil
	}
	var list []pciCard
	for _, address := range names {
		at := dir + "/" + address
		text, err := l.fs.Line(at + "/class")
		if err != nil || len(text) != len("0x010400") {
			continue
		}
		c := pciCard{address: address, class: text[2:6]}
		if c.class != pciRAID && c.class != pciSAS && c.class != pciFibreChannel {
			continue
		}
		c.driver = l.fs.LinkBase(at + "/driver")
		vendor, _ := l.fs.Line(at + "/vendor")
		device, _ := l.fs.Line(at + "/device")
		c.id = strings.TrimPrefix(vendor, "0x") + ":" + strings.TrimPrefix(device, "0x")
		entries, _ := l.fs.Names(at)
		for _, e := range entries {
			if c.host = numberedSegment(e, "host"); c.host != "" {
				break
			}
		}
		list = append(list, c)
	}
	return list
}
