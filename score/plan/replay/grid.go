package replay

import (
	"math"
	"time"

	"github.com/infraopt/infraopt/collect/inventory"
)

// A grid holds what is in use at equal steps of time. Times are nanoseconds since the epoch.
type grid struct {
	from, to, step int64
	cores, memory  []float64
	gap            []bool // a series does not show what it used
}

// A track is where a series lies in time.
type track struct{ from, to, step int64 }

// The bounds of a usable series keep times within what nanoseconds since the epoch can tell.
const (
	shortest = time.Second
	longest  = 366 * 24 * time.Hour
	begin    = -1 << 62 // 1823
	end      = 1 << 62  // 2116
)

// usable reports whether there are values, at a step and a time that make sense.
func usable(s *inventory.Series) bool {
	if s == nil || len(s.CPU) == 0 || len(s.Memory) != 0 && len(s.Memory) != len(s.CPU) {
		return false
	}
	step := float64(s.Step) * float64(time.Second)
	if !(step >= float64(shortest) && step <= float64(longest)) || step*float64(len(s.CPU)) > 1<<60 {
		return false
	}
	return s.Start.After(time.Unix(0, begin)) && s.Start.Before(time.Unix(0, end))
}

func trackOf(s *inventory.Series) track {
	t := track{from: s.Start.UnixNano(), step: int64(math.Round(float64(s.Step) * float64(time.Second)))}
	t.to = t.from + t.step*int64(len(s.CPU))
	return t
}

// add adds what a load uses to all cells.
func (g *grid) add(l *Load) {
	series := usable(l.Series)
	if !series || len(l.Series.Memory) == 0 {
		for i := range g.memory {
			g.memory[i] += float64(max(0, l.Memory))
		}
	}
	if !series {
		for i := range g.cores {
			g.cores[i] += most(&l.Cores, g.from+int64(i)*g.step, g.step)
		}
		return
	}
	g.resample(l.Series)
}

// resample adds a series. A cell gets the mean of the cores over the parts of the values that lie in it, and the highest
// of the memory; a gap anywhere in it is one of the whole cell. As no series is finer than the grid, no cell takes more
// than two values, and none is flattened by more than the shift between the two.
func (g *grid) resample(s *inventory.Series) {
	t := trackOf(s)
	for i := range g.cores {
		a := g.from + int64(i)*g.step
		b := a + g.step
		var cores float64
		var memory inventory.Bytes
		for k := (a - t.from) / t.step; t.from+k*t.step < b; k++ {
			part := min(b, t.from+(k+1)*t.step) - max(a, t.from+k*t.step)
			if v := s.CPU[k]; v >= 0 && !math.IsInf(v, 1) {
				cores += v * (float64(part) / float64(g.step))
			} else {
				g.gap[i] = true
			}
			if len(s.Memory) == 0 {
				continue
			}
			if s.Memory[k] < 0 {
				g.gap[i] = true
			}
			memory = max(memory, s.Memory[k])
		}
		g.cores[i] += cores
		g.memory[i] += float64(memory)
	}
}

// most is the highest of the hours of the day that a span touches.
func most(day *inventory.ByHour, from, length int64) (v float64) {
	const hour = int64(time.Hour)
	first := floor(from, hour)
	last := min(floor(from+length-1, hour), first+23)
	for h := first; h <= last; h++ {
		v = max(v, day[((h%24)+24)%24])
	}
	return v
}

// floor divides, rounding down also before the epoch.
func floor(a, b int64) int64 {
	if a < 0 {
		return -((b - 1 - a) / b)
	}
	return a / b
}
