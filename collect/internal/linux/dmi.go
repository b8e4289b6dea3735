package linux

import "strings"

// DMI holds what the firmware says of the machine, from /sys/class/dmi/id. Fields that are missing, or that the
// maker never filled in, are empty. Serial numbers and the UUID are not here: see LocalIdentity.
type DMI struct {
	Present        bool // the kernel shows DMI at all
	SysVendor      string
	ProductName    string
	ProductVersion string
	ProductFamily  string
	BoardVendor    string
	BoardName      string
	BIOSVendor     string
	ChassisType    string
	AssetTag       string // chassis asset tag: some clouds sign there
}

// ReadDMI reads the fields that every user may read.
func ReadDMI(f FS) DMI {
	const dir = "/sys/class/dmi/id"
	d := DMI{Present: f.Exists(dir)}
	if !d.Present {
		return d
	}
	for name, dst := range map[string]*string{
		"sys_vendor":        &d.SysVendor,
		"product_name":      &d.ProductName,
		"product_version":   &d.ProductVersion,
		"product_family":    &d.ProductFamily,
		"board_vendor":      &d.BoardVendor,
		"board_name":        &d.BoardName,
		"bios_vendor":       &d.BIOSVendor,
		"chassis_type":      &d.ChassisType,
		"chassis_asset_tag": &d.AssetTag,
	} {
		if text, err := f.Line(dir + "/" + name); err == nil && !Placeholder(text) {
			*dst = text
		}
	}
	return d
}

// A VMBit is what the firmware says, to root only, of whether the machine is virtual.
type VMBit int

// The answers. Not set proves nothing by itself: the firmware of QEMU leaves it so.
const (
	VMBitUnknown VMBit = iota
	VMBitUnset
	VMBitSet
)

// SMBIOSTable is the table of type 0 as the firmware wrote it, for root to read.
const SMBIOSTable = "/sys/firmware/dmi/entries/0-0/raw"

// SMBIOSVMBit reads the second byte of the BIOS Characteristics Extension, bit 4, in the table of type 0 (SMBIOS 3.5,
// 7.1.2.2).
func SMBIOSVMBit(f FS) VMBit {
	text, err := f.Read(SMBIOSTable, SmallFile)
	if err != nil || len(text) < 20 || text[1] < 20 { // the length that the table gives itself
		return VMBitUnknown
	}
	if text[19]&(1<<4) != 0 {
		return VMBitSet
	}
	return VMBitUnset
}

// placeholders are what makers leave where a value should be, in lower case.
var placeholders = map[string]bool{
	"": true, "none": true, "n/a": true, "na": true, "null": true, "unknown": true, "not specified": true,
	"not applicable": true, "not available": true, "not provided": true, "no enclosure": true, "empty": true,
	"default": true, "default string": true, "to be filled by o.e.m.": true, "to be filled by oem": true,
	"o.e.m.": true, "oem": true, "oem string": true, "invalid": true, "undefined": true, "asset tag": true,
	"system serial number": true, "system product name": true, "system manufacturer": true, "system version": true,
	"chassis serial number": true, "chassis manufacture": true, "serial number": true, "base board serial number": true,
	"no asset tag": true, "no asset information": true, "type1family": true, "type2 - board serial number": true,
	"0123456789": true, "123456789": true, "1234567890": true, "0123456789abcdef": true, "123456789012": true,
}

// Placeholder reports whether a DMI text is one of those that makers leave where a value should be.
func Placeholder(text string) bool {
	text = strings.ToLower(strings.TrimSpace(text))
	return placeholders[text] || strings.Trim(text, "0") == "" || strings.Trim(text, "x") == "" ||
		strings.Trim(text, ".") == "" || strings.Trim(text, "-") == "" || strings.Trim(text, " *") == ""
}

// validSerial accepts a serial number that may tell machines apart.
func validSerial(text string) bool { return !Placeholder(text) && len(text) >= 3 }
