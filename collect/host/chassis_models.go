package host

import "github.com/infraopt/infraopt/collect/inventory"

// chassisModels recognise the form by vendor, model and family, in one text with blanks between, since many blades
// give the type of a rack server. The first that matches counts. They are names from experience, not from documents
// of the makers.
var chassisModels = []struct {
	pattern string
	chassis inventory.Chassis
}{
	{`VxRail|PowerEdge XC|\bXC\d{3,4}|VxFlex|PowerFlex|\bAX-\d{3}|\bS2D\b`, inventory.HCI},
	{`^Nutanix .*NX-|ThinkAgile (HX|VX|MX)|SimpliVity|FusionCube|^Scale Computing .*HC\d{3,4}|^Sangfor|\baSV\b`, inventory.HCI},
	{`^Cisco.*HX(AF)?2[24]0C`, inventory.HCI},
	{`PowerEdge (M\d{3}|MX\d+c|FC\d{3})|ProLiant BL\d+|Synergy \d+|UCSB-|UCSX-|Flex System|\bCH121|^Huawei .*\bCX\d+.*[Bb]lade`, inventory.Blade},
	{`PowerEdge C6\d{3}|ProLiant XL\d+|ThinkSystem (SN\d+|SD5\d\d)|SYS-\d+T[PR]|-TP\d|BigTwin|FatTwin|Quanta .*T4\d|\bNX-\d{4}`, inventory.Blade},
	{`PowerEdge T\d{2,3}|ProLiant ML\d+|ThinkSystem ST\d+`, inventory.Tower},
	{`PowerEdge R\d{3}|ProLiant DL\d+|ThinkSystem SR\d+`, inventory.Rack},
}
