package inventory_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/infraopt/infraopt/collect/inventory"
)

func aSeries(step inventory.Seconds, cpu ...float64) *inventory.Series {
	return &inventory.Series{Start: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC), Step: step, CPU: cpu}
}

func withSeries(s *inventory.Series) *inventory.Snapshot {
	shot := snapshot()
	d := inventory.Demand{Days: inventory.Known(1.), CPUByHour: inventory.Known(&inventory.ByHour{1, .25, 23: 7}), Series: s}
	o := &shot.Sources[0]
	o.Machines[0].Demand, o.Containers[0].Demand = d, d
	o.Hypervisors = []inventory.Hypervisor{{ID: "h", Machine: "m"}}
	o.VMs = []inventory.VM{{ID: "v", Hypervisor: "h", Demand: d}}
	o.Workloads = []inventory.Workload{{ID: "w", Machine: "m", Demand: d}}
	return shot
}

func TestSeriesThroughJSON(t *testing.T) {
	whole := aSeries(300, 1, .5, -1)
	whole.Memory = []inventory.Bytes{5, -1, 1 << 60}
	for name, s := range map[string]*inventory.Series{"none": nil, "without memory": aSeries(1, 1e-9, 3), "whole": whole, "one a month": aSeries(inventory.MaxStep, 1)} {
		got, err := inventory.Decode(bytes.NewReader(encoded(t, withSeries(s))))
		if err != nil || !reflect.DeepEqual(got, withSeries(s)) {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}

func TestHostileSeries(t *testing.T) {
	const head, tail = `{"schema":"infraopt.snapshot/v1","sources":[{"target":"t","machines":[{"id":"m","demand":{`, `}}]}]}`
	const start = `"series":{"start":"2026-01-01T00:00:00Z",`
	hours := func(n int, v string) string { return `"cpuByHour":[` + strings.Repeat(v+",", n-1) + v + "]" }
	for text, want := range map[string]string{
		hours(24, "1"):     "",
		hours(23, "1"):     "23 hours of the day, want 24",
		hours(25, "1"):     "25 hours of the day, want 24",
		`"cpuByHour":[]`:   "0 hours",
		hours(24, "-1"):    `machine "m": from 00:00 UTC it uses -1 cores`,
		hours(24, "1e9"):   "1e+09 cores",
		hours(24, "null"):  "null, want a number",
		hours(24, `"x"`):   "float64",
		hours(24, "1e999"): "float64",
		start + `"step":60,"cpu":[1,2],"memory":null}`:                   "",
		start + `"step":60,"cpu":[1,-1],"memory":[1,-1]}`:                "",
		start + `"step":60,"cpu":[]}`:                                    `machine "m": its series: it has no values`,
		start + `"step":60}`:                                             "no values",
		start + `"step":60,"cpu":null}`:                                  "no values",
		start + `"step":60,"cpu":[null]}`:                                "null, want a number",
		start + `"step":60,"cpu":[1,2],"memory":[1,null]}`:               "null, want a number",
		start + `"step":60,"cpu":[1],"memory":[-2]}`:                     "value 1 of memory is -2 bytes",
		start + `"step":60,"cpu":[1],"memory":[1152921504606846977]}`:    "want at most 1152921504606846976",
		start + `"step":60,"cpu":[1,2],"memory":[1]}`:                    "1 values of memory and 2 of CPU",
		start + `"step":60,"cpu":[1e7]}`:                                 "value 1 of CPU is 1e+07 cores",
		start + `"step":60,"cpu":[-1e300]}`:                              "value 1 of CPU",
		start + `"step":60,"cpu":[1e999]}`:                               "float64",
		start + `"step":60,"cpu":"x"}`:                                   "float64",
		start + `"step":0,"cpu":[1]}`:                                    "its step is 0 seconds, want 1 to",
		start + `"step":-60,"cpu":[1]}`:                                  "its step is -60 seconds",
		start + `"step":1e300,"cpu":[1]}`:                                "its step",
		start + `"cpu":[1]}`:                                             "its step is 0 seconds",
		`"series":{"step":60,"cpu":[1]}`:                                 "outside of the years 1970 to 2099",
		`"series":{"start":"9999-01-01T00:00:00Z","step":60,"cpu":[1]}`:  "outside of the years",
		`"series":{"start":"2099-12-31T00:00:00Z","step":1e6,"cpu":[1]}`: "outside of the years",
		`"series":{"start":"yesterday","step":60,"cpu":[1]}`:             "yesterday",
		`"series":[1]`: "array",
		start + `"step":1,"cpu":[1` + strings.Repeat(",1", inventory.MaxSeries) + `]}`: fmt.Sprintf("it has %d values, want at most %d", inventory.MaxSeries+1, inventory.MaxSeries),
	} {
		_, err := inventory.Decode(strings.NewReader(head + text + tail))
		if want == "" && err != nil || want != "" && (!errors.Is(err, inventory.ErrFormat) || !strings.Contains(err.Error(), want)) {
			t.Errorf("%.100s: got %v, want %q in it", text, err, want)
		}
	}
	if err := aSeries(60, math.NaN()).Check(); err == nil {
		t.Error("not a number is a value")
	}
	if err := aSeries(inventory.Seconds(math.NaN()), 1).Check(); err == nil {
		t.Error("not a number is a step")
	}
}

// Every kind of thing that has a series is checked.
func TestSeriesAreCheckedEverywhere(t *testing.T) {
	for i, kind := range []string{"machine", "virtual machine", "container", "workload"} {
		shot := withSeries(aSeries(60, 1))
		o := &shot.Sources[0]
		[]*inventory.Demand{&o.Machines[0].Demand, &o.VMs[0].Demand, &o.Containers[0].Demand, &o.Workloads[0].Demand}[i].Series = aSeries(60)
		if _, err := inventory.Decode(bytes.NewReader(encoded(t, shot))); !errors.Is(err, inventory.ErrFormat) || !strings.Contains(err.Error(), kind+" \"") {
			t.Errorf("%s: got %v", kind, err)
		}
	}
}

// Of two lists of values the one that shows more is taken, whole, whichever of the two things came first, and whatever
// else is known of them.
func TestValuesThatShowMore(t *testing.T) {
	long, short, coarse := aSeries(60, 1, 2, 3), aSeries(60, 9, 9), aSeries(90, 1, 2)
	gaps := aSeries(60, 1, -1, -1, -1, -1)
	memory := aSeries(60, 1, 2, 3)
	memory.Memory = []inventory.Bytes{1, 2, 3}
	days := inventory.Known[float64]
	for name, test := range map[string]struct{ less, more *inventory.Series }{
		"none": {nil, short}, "longer": {short, long}, "gaps": {gaps, short}, "memory": {long, memory}, "finer": {coarse, long},
	} {
		for i, d := range []inventory.Reading[float64]{days(1), days(2), {}, inventory.Unknown[float64]("why", ""), inventory.Absent[float64]()} {
			for _, pair := range [][2]*inventory.Series{{test.less, test.more}, {test.more, test.less}} {
				a, b := inventory.VM{Demand: inventory.Demand{Days: days(1), Series: pair[0]}}, inventory.VM{Demand: inventory.Demand{Days: d, Series: pair[1]}}
				if inventory.Merge(&a, &b); a.Demand.Series != test.more {
					t.Errorf("%s, %d: got %+v, want %+v", name, i, a.Demand.Series, test.more)
				}
			}
		}
	}
	stopped := inventory.VM{Demand: inventory.Demand{Days: inventory.NotApplicable[float64]("it does not run")}}
	if inventory.Merge(&stopped, &inventory.VM{Demand: inventory.Demand{Days: days(30), Series: long}}); stopped.Demand.Series != nil {
		t.Error("what does not run has values")
	}
}
