package indicators

import (
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// hardware asks for the form of the servers.
func hardware(ind *score.Indicator) {
	read := func(p *score.Place) *inventory.Reading[inventory.Chassis] { return &p.Host().Machine.Hardware.Chassis }
	standOnHardware(ind, "chassis", read, func(c inventory.Chassis) string { return string(c) })
}
