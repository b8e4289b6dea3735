package host

import (
	"regexp"
	"strconv"
	"sync"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// chassisTypes are the SMBIOS chassis types that say what form a server has (SMBIOS 3.5, 7.4.1). Types 1 and 2 (other,
// unknown) and those of things that are no computers are left out.
var chassisTypes = map[int]inventory.Chassis{
	3: inventory.Tower, 4: inventory.Tower, 6: inventory.Tower, 7: inventory.Tower, 8: inventory.Tower,
	9: inventory.Tower, 10: inventory.Tower, 11: inventory.Tower, 13: inventory.Tower, 14: inventory.Tower, 15: inventory.Tower,
	16: inventory.Tower, 24: inventory.Tower, 30: inventory.Tower, 31: inventory.Tower, 32: inventory.Tower,
	33: inventory.Tower, 34: inventory.Tower, 35: inventory.Tower, 36: inventory.Tower,
	5: inventory.Rack, 17: inventory.Rack, 23: inventory.Rack,
	25: inventory.Blade, 26: inventory.Blade, 27: inventory.Blade, 28: inventory.Blade, 29: inventory.Blade,
}

// personalTypes are those of machines that somebody sits at, where a screen is no surprise.
var personalTypes = map[int]bool{
	3: true, 4: true, 6: true, 8: true, 9: true, 10: true, 11: true, 13: true, 14: true, 15: true, 16: true, 24: true,
	30: true, 31: true, 32: true, 35: true, 36: true,
}

// chassisType reads the type, whose highest bit only says that there is a lock; zero where it is none.
func chassisType(d linux.DMI) int {
	n, err := strconv.Atoi(d.ChassisType)
	if err != nil || n < 0 || n > 255 {
		return 0
	}
	return n &^ (1 << 7)
}

// chassisPatterns are those of chassisModels, ready for use.
var chassisPatterns = sync.OnceValue(func() []*regexp.Regexp {
	list := make([]*regexp.Regexp, len(chassisModels))
	for i, m := range chassisModels {
		list[i] = regexp.MustCompile(m.pattern)
	}
	return list
})

// chassisOf tells the form of a physical server: by its model where that is known, else by the type in its DMI, else
// by what the firmware says it is used as, which tells a desktop from a server and not one server from another.
func chassisOf(d linux.DMI, profile string) inventory.Reading[inventory.Chassis] {
	name := d.SysVendor + " " + d.ProductName + " " + d.ProductFamily
	for i, p := range chassisPatterns() {
		if p.MatchString(name) {
			return inventory.Known(chassisModels[i].chassis)
		}
	}
	if c, ok := chassisTypes[chassisType(d)]; ok {
		return inventory.Known(c)
	}
	why := "its DMI gives chassis type " + orNone(d.ChassisType) + ", and its model is not known"
	switch profile { // preferred power management profile of ACPI 6.5, 5.2.9.1
	case "1", "2", "3", "8": // desktop, mobile, workstation, tablet
		return inventory.Known(inventory.Tower)
	case "4", "5", "7":
		why += "; its firmware says a server, not of what form"
	}
	return inventory.Unknown[inventory.Chassis](why, "")
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return inventory.Text(s)
}
