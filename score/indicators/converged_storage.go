package indicators

import (
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// convergedStorage asks whether the compute nodes serve the storage.
func convergedStorage(ind *score.Indicator) {
	steps := map[inventory.StorageClass]string{
		inventory.FCArray: "fc-array", inventory.IPArray: "ip-array", inventory.SDSSeparate: "sds-separate",
		inventory.RawLocal: "local", inventory.LocalVolumes: "local", inventory.SDSOnNodes: "hci",
	}
	standOnHardware(ind, "storage", storageOf, func(c inventory.StorageClass) string { return steps[c] })
}
