package indicators

import (
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// fabric asks whether one network carries everything.
func fabric(ind *score.Indicator) {
	read := func(p *score.Place) *inventory.Reading[inventory.Fabric] { return &p.Host().Machine.Hardware.Fabric }
	standOnHardware(ind, "fabric", read, func(f inventory.Fabric) string { return string(f) })
}
