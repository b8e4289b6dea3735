package demo

import (
	"time"

	"github.com/infraopt/infraopt/collect/inventory"
)

// shapes are the days of what is used, by hour (UTC): in thousandths of the way from a quiet hour to the busiest. Those
// of the day and those of the night can share a host that neither could share with its like.
var shapes = [...][24]int{
	{0, 0, 0, 0, 0, 50, 200, 500, 850, 1000, 1000, 950, 850, 900, 1000, 950, 800, 500, 250, 150, 100, 50, 0, 0},               // office
	{0, 0, 0, 0, 50, 150, 300, 600, 900, 1000, 950, 900, 900, 950, 1000, 900, 700, 400, 300, 200, 150, 100, 50, 0},            // office, further west
	{850, 950, 1000, 1000, 900, 700, 400, 150, 0, 0, 0, 0, 0, 0, 0, 0, 0, 50, 100, 200, 400, 600, 750, 800},                   // batches and backups of the night
	{250, 100, 50, 0, 0, 0, 50, 100, 150, 200, 250, 300, 350, 350, 400, 500, 650, 800, 950, 1000, 1000, 900, 700, 450},        // people at home
	{950, 950, 950, 950, 950, 950, 950, 950, 950, 950, 950, 950, 950, 950, 950, 950, 950, 950, 950, 950, 950, 950, 950, 1000}, // steady
}

// hourly gives a day to something by its mean and its peak, in thousandths of a core: the busiest hours come up to the
// peak, and none above it. It is chosen by a number and not by dice, which would draw all that follows anew.
func hourly(which uint64, mean, peak int) (milli [24]int) {
	quiet := mean
	if 2*peak >= 3*mean { // so that all hours together still reach the mean
		quiet = mean * 3 / 4
	}
	for hour, part := range shapes[which%uint64(len(shapes))] {
		milli[hour] = quiet + (peak-quiet)*part/1000
	}
	return milli
}

// byHour states a day as a fact.
func byHour(milli *[24]int) inventory.Reading[*inventory.ByHour] {
	var cores inventory.ByHour
	for hour, v := range milli {
		cores[hour] = float64(v) / 1000
	}
	return inventory.Known(&cores)
}

// replay makes up the values of so many days up to now, one an hour. In every hour of the day the highest is that of the
// day that they are drawn around; the working set comes up to the most that there was, in MiB.
func replay(which uint64, milli *[24]int, days, kept, most int) *inventory.Series {
	d := diceFor(which, days, 3)
	s := &inventory.Series{
		Start: base.Add(-time.Duration(days) * 24 * time.Hour), Step: inventory.Seconds(3600),
		CPU: make([]float64, days*24), Memory: make([]inventory.Bytes, days*24),
	}
	least := min(kept, most)
	for i := range s.CPU {
		s.CPU[i] = float64(milli[i%24]*d.between(600, 970)/1000) / 1000
		s.Memory[i] = inventory.Bytes(d.between(least, most)) * inventory.MiB
	}
	for hour, v := range milli {
		s.CPU[d.below(days)*24+hour] = float64(v) / 1000
	}
	s.Memory[d.below(len(s.Memory))] = inventory.Bytes(most) * inventory.MiB
	return s
}
