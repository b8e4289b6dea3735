package indicators

import (
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// storage places work by the storage below it.
func storage(ind *score.Indicator) {
	ind.Tally = func(s *score.Stack, add *score.Adder) {
		for _, x := range s.Works {
			class := storageOf(x.Place)
			low, high := "raw-local", "cloud"
			if v, ok := class.Get(); ok {
				if _, ok := ind.Step(string(v)); ok {
					low, high = string(v), string(v)
				}
			}
			add.Stand(x, low, high, score.FactOf("storage", class))
		}
	}
	ind.Rate = (*score.Rater).Ladder
}

// storageOf is the class of storage below work in a place: of a virtual machine what its hypervisor says, as the
// guest sees only a virtual disk.
func storageOf(p *score.Place) *inventory.Reading[inventory.StorageClass] {
	if p.VM != nil {
		return &p.VM.Storage
	}
	return &p.Node.Machine.Storage
}
