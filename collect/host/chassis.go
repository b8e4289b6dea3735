package host

import (
	"regexp"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// chassisTypes are the SMBIOS chassis types that say what form a server has. Types 1 and 2 (other, unknown) and
// those of things that are no computers are left out.
var chassisTypes = map[string]inventory.Chassis{
	"3": inventory.Tower, "4": inventory.Tower, "6": inventory.Tower, "7": inventory.Tower, "8": inventory.Tower,
	"9": inventory.Tower, "10": inventory.Tower, "13": inventory.Tower, "14": inventory.Tower, "15": inventory.Tower,
	"16": inventory.Tower, "24": inventory.Tower, "30": inventory.Tower, "31": inventory.Tower, "32": inventory.Tower,
	"34": inventory.Tower, "35": inventory.Tower, "36": inventory.Tower,
	"5": inventory.Rack, "17": inventory.Rack, "23": inventory.Rack,
	"25": inventory.Blade, "26": inventory.Blade, "27": inventory.Blade, "28": inventory.Blade, "29": inventory.Blade,
}

// chassisModels recognise the form by vendor and model, since many blades give the type of a rack server. They
// are names from experience, not from documents of the makers.
var chassisModels = []struct {
	pattern string
	chassis inventory.Chassis
}{
	{`VxRail|PowerEdge XC|\bXC\d{3,4}|VxFlex|PowerFlex|\bAX-\d{3}`, inventory.HCI},
	{`^Nutanix .*NX-|ThinkAgile (HX|VX|MX)|SimpliVity|FusionCube|^Scale Computing .*HC\d{3,4}`, inventory.HCI},
	{`^Cisco.*HX(AF)?2[24]0C`, inventory.HCI},
	{`PowerEdge (M\d{3}|MX\d+c|FC\d{3})|ProLiant BL\d+|Synergy \d+|UCSB-|UCSX-|Flex System|\bCH121`, inventory.Blade},
	{`PowerEdge C6\d{3}|ProLiant XL\d+|ThinkSystem (SN\d+|SD5\d\d)|SYS-\d+T[PR]|-TP\d|BigTwin|FatTwin|Quanta .*T4\d`, inventory.Blade},
	{`PowerEdge T\d{2,3}|ProLiant ML\d+|ThinkSystem ST\d+`, inventory.Tower},
	{`PowerEdge R\d{3}|ProLiant DL\d+|ThinkSystem SR\d+`, inventory.Rack},
}

// chassisOf tells the form of a physical server: by its model where that is known, else by the type in its DMI.
func chassisOf(d linux.DMI) inventory.Reading[inventory.Chassis] {
	name := d.SysVendor + " " + d.ProductName + " " + d.ProductFamily
	for _, m := range chassisModels {
		if ok, err := regexp.MatchString(m.pattern, name); err == nil && ok {
			return inventory.Known(m.chassis)
		}
	}
	if c, ok := chassisTypes[d.ChassisType]; ok {
		return inventory.Known(c)
	}
	return inventory.Unknown[inventory.Chassis]("its DMI gives chassis type "+orNone(d.ChassisType)+", and its model is not known", "")
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return inventory.Text(s)
}
