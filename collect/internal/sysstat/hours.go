package sysstat

import (
	"math"
	"slices"
)

// HourDays is on how many different days (UTC) each hour of the day must have been seen, for half an hour at least, so
// that what it shows is more than chance: a week, so that no hour is that of quiet days alone.
const HourDays = 7

const (
	hour = 3600 // seconds
	day  = 86400

	minStep = 300 // seconds, of the values that are kept: finer ones would fill snapshots
	seen    = .9  // share of a step that must have been seen, else it is a gap
)

// byHour gives the 99th percentile of the cores in use in each hour of the day (UTC), by nearest rank; false where some
// hour was not seen on enough days. An interval counts for each hour in which a tenth of it lies.
func byHour(intervals []interval) (hours [24]float64, ok bool) {
	var values [24][]float64
	type slot struct{ day, hour int64 }
	covered := map[slot]float64{}
	for _, v := range intervals {
		from, to := v.end-v.seconds, v.end
		for h := math.Floor(from / hour); h*hour < to; h++ {
			part := min(to, (h+1)*hour) - max(from, h*hour)
			at := slot{int64(math.Floor(h / 24)), int64(h - 24*math.Floor(h/24))}
			covered[at] += part
			if part >= v.seconds/10 {
				values[at.hour] = append(values[at.hour], v.cores)
			}
		}
	}
	var days [24]int
	for at, seconds := range covered {
		if seconds >= hour/2 {
			days[at.hour]++
		}
	}
	for h := range hours {
		if days[h] < HourDays {
			return [24]float64{}, false
		}
		slices.Sort(values[h])
		hours[h], _ = nearest(values[h], len(values[h]), .99)
	}
	return hours, true
}

// Values are what a series showed at equal steps of time. A value below 0 stands for a gap.
type Values struct {
	Start int64     // seconds since the epoch, a multiple of Step
	Step  int64     // seconds
	CPU   []float64 // mean over the step, cores
	// Memory is the highest at the end of an interval in the step, in bytes; empty where some record did not show it.
	Memory []int64
}

// values puts intervals, in order of time, on a grid of their usual length in whole minutes, and five at least.
func values(intervals []interval, usual float64, memory bool) Values {
	step := int64(max(minStep, 60*math.Round(usual/60)))
	first, last := intervals[0], intervals[len(intervals)-1]
	begin := int64(math.Floor((first.end - first.seconds) / float64(step)))
	n := int64(math.Ceil(last.end/float64(step))) - begin
	out := Values{Start: begin * step, Step: step}
	if n <= 0 || n > maxIntervals {
		return Values{}
	}
	out.CPU = make([]float64, n)
	if memory {
		out.Memory = make([]int64, n)
	}
	covered := make([]float64, n)
	for _, v := range intervals {
		from, to := (v.end-v.seconds)/float64(step)-float64(begin), v.end/float64(step)-float64(begin)
		for i := max(0, int64(math.Floor(from))); i < n && float64(i) < to; i++ {
			part := min(to, float64(i+1)) - max(from, float64(i))
			out.CPU[i] += v.cores * part
			covered[i] += part
			if memory {
				out.Memory[i] = max(out.Memory[i], int64(v.memory)*1024)
			}
		}
	}
	for i, share := range covered {
		if share < seen {
			out.CPU[i] = -1
			if memory {
				out.Memory[i] = -1
			}
			continue
		}
		out.CPU[i] /= share
	}
	return out
}
