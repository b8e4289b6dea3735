package inventory_test

import (
	"testing"

	"github.com/infraopt/infraopt/collect/inventory"
)

// Of two series the longer one is taken, whole: the percentiles of seconds say nothing over days.
func TestSeriesAreNotMixed(t *testing.T) {
	type demand = inventory.Demand
	cores := inventory.Known[float64]
	month := demand{Days: cores(28), CPUP995: cores(2), MemoryMax: inventory.Unknown[inventory.Bytes]("an old kernel", "")}
	moment := demand{Days: cores(1e-4), CPUP995: cores(.1), MemoryMax: inventory.Known[inventory.Bytes](5)}
	again := demand{Days: cores(28), CPUP995: cores(3), CPUP97: cores(1)}
	silent := demand{Days: inventory.Unknown[float64]("no history", "look twice")}
	stopped := demand{Days: inventory.NotApplicable[float64]("it does not run")}
	loose := demand{CPUP995: cores(9)}
	none := demand{Days: inventory.Absent[float64]()} // on the machine: a monitoring system may have one
	both := month
	both.CPUP97 = cores(1)
	for name, test := range map[string]struct{ own, other, want demand }{
		"longer":            {moment, month, month},
		"shorter":           {month, moment, month},
		"none yet":          {silent, moment, moment},
		"none of its own":   {moment, silent, moment},
		"equally long":      {month, again, both},
		"reason":            {demand{}, silent, silent},
		"stopped":           {stopped, month, stopped},
		"kept elsewhere":    {none, month, month},
		"of unknown length": {loose, moment, moment},
	} {
		t.Run(name, func(t *testing.T) {
			v, w := inventory.VM{ID: "a", Demand: test.own}, inventory.VM{ID: "b", Demand: test.other}
			inventory.Merge(&v, &w)
			if v.Demand != test.want {
				t.Errorf("got %+v, want %+v", v.Demand, test.want)
			}
			m := inventory.Machine{Demand: test.own}
			if inventory.Merge(&m, &inventory.Machine{Demand: test.other, Cores: cores(4)}); m.Demand != test.want || m.Cores.Or(0) != 4 {
				t.Errorf("of a machine: got %+v, want %+v", m.Demand, test.want)
			}
		})
	}
}
