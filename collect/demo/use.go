package demo

import (
	"github.com/infraopt/infraopt/collect/inventory"
)

// A profile is how something is used.
type profile struct {
	busy  bool // else it is idle
	fresh bool // it was started within the last day
	week  bool // it was started within the last days, too few to call it idle
}

// profile draws one: in percent, how many are busy, and how many of all were started within the last day.
func (h *host) profile(busy, fresh int) profile {
	p := profile{busy: h.percent(busy)}
	switch n := h.below(100); {
	case n < fresh:
		p.fresh = true
	case n < fresh+6:
		p.week = true
	}
	return p
}

// use makes up counters and, half of the time, a series of up to a month for something that may use so many thousandths of
// a core and so many MiB, on a machine that is up for so many seconds.
func (h *host) use(p profile, milli, mib, uptime int) (inventory.Usage, inventory.Demand) {
	age := h.between(8*86400, 400*86400)
	switch {
	case p.fresh:
		age = h.between(180, 72000)
	case p.week:
		age = h.between(86400, 6*86400)
	}
	age = min(age, uptime)
	mean, kept := h.between(0, 3), mib*h.between(1, 8)/100 // idle
	traffic := h.below(1500)                               // kB a day
	if p.busy {
		mean = max(min(8, milli), milli*h.between(1, 22)/100)
		kept = mib * h.between(10, 55) / 100
		traffic = h.between(20_000, 9_000_000)
	}
	mean = min(mean, milli)
	u := inventory.Usage{
		CPUSeconds: inventory.Known(float64(int64(mean)*int64(age)) / 1000),
		Memory:     inventory.Known(inventory.Bytes(kept) * inventory.MiB),
		Network:    inventory.Known(inventory.Bytes(int64(traffic) * 1000 * int64(age) / 86400)),
		Age:        inventory.Known(inventory.Seconds(age)),
		Clients:    inventory.Known(traffic / 300_000),
	}
	peak := min(milli, mean*h.between(15, 35)/10+h.below(40))
	most := min(mib, kept*h.between(105, 150)/100+1)
	series := h.percent(50)
	days := min(30, age/86400)
	if days < 1 || !series {
		return u, inventory.Demand{Days: inventory.Absent[float64]()}
	}
	// A series that is shaped like most: half of the way from the mean to the peak at the 90th percentile, and bursts
	// of traffic of three times the mean.
	cores := func(milli int) inventory.Reading[float64] { return inventory.Known(float64(milli) / 1000) }
	which := scatter(uint64(peak)<<40 ^ uint64(kept)<<20 ^ uint64(age))
	day := hourly(which, mean, peak)
	d := inventory.Demand{
		Days: inventory.Known(float64(days)), CPUP995: cores(peak), CPUMax: cores(min(milli, peak+peak/10)),
		CPUP97: cores(mean + (peak-mean)*3/4), CPUP90: cores(mean + (peak-mean)/2),
		MemoryMax:   inventory.Known(inventory.Bytes(most) * inventory.MiB),
		ReceivedP95: inventory.Known(inventory.Bytes(traffic) * 2000 / 86400), SentP95: inventory.Known(inventory.Bytes(traffic) * 1000 / 86400),
		NetworkDay: inventory.Known(inventory.Bytes(traffic) * 1000),
		CPUByHour:  byHour(&day),
	}
	if h.query.series {
		d.Series = replay(which, &day, days, kept, most)
	}
	return u, d
}
