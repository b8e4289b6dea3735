package sysstat

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// playDays makes a series of so many days from midnight on, of intervals of so many seconds.
func playDays(days, step int, cores func(day, hour int) float64) *Series {
	s, m := newSeries(), newMachine(8)
	m.time = noon - noon%day
	s.Add(m.record())
	for i := range days * day / step {
		s.Add(m.work(step, cores(i*step/day, i*step%day/hour), 1).record())
	}
	return s
}

// The 99th percentile of an hour is that of what lies in it. Seven days are enough, six are not.
func TestByHour(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var seen [24][]float64
	use := func(_, hour int) float64 {
		v := float64(r.IntN(700)+hour) / 100
		seen[hour] = append(seen[hour], v)
		return v
	}
	for _, days := range []int{6, 7, 30} {
		seen = [24][]float64{}
		u := playDays(days, 600, use).Use()
		if u.ByHourKnown != (days >= 7) {
			t.Errorf("%d days: known %v", days, u.ByHourKnown)
		}
		for h, got := range u.ByHour {
			slices.Sort(seen[h])
			if want := seen[h][(len(seen[h])*99+99)/100-1]; u.ByHourKnown && !near(got, want) {
				t.Errorf("%d days: from %02d:00 got %v, want %v", days, h, got, want)
			}
		}
	}
}

// An hour that was not seen often enough is not known, however long the series is; one day more, and it is.
func TestAnHourThatIsMissing(t *testing.T) {
	for _, gaps := range []int{8, 7} {
		s, m := newSeries(), newMachine(2)
		m.time = noon - noon%day
		s.Add(m.record())
		for i := range 14 * 144 {
			m.work(600, 1, 1)
			if i/144 >= gaps || i%144 < 6*5 || i%144 >= 6*6-1 { // 05:00 is missing
				s.Add(m.record())
			}
		}
		if u := s.Use(); u.ByHourKnown != (gaps == 7) || u.Days < 13 {
			t.Errorf("an hour missing on %d of 14 days: known %v, %v days", gaps, u.ByHourKnown, u.Days)
		}
	}
}

// Values lie on a grid; what was not seen is a gap, and an interval that is finer than the grid adds to a mean.
func TestValues(t *testing.T) {
	v := playDays(2, 600, func(day, hour int) float64 { return float64(day + hour%3) }).Use().Values
	if v.Start != noon-noon%day || v.Step != 600 || len(v.CPU) != 288 || len(v.Memory) != 288 {
		t.Fatalf("got %d values and %d, step %d, start %d", len(v.CPU), len(v.Memory), v.Step, v.Start)
	}
	for i, got := range v.CPU {
		if want := float64(i/144 + i%144/6%3); !near(got, want) || v.Memory[i] != 100*1024 {
			t.Fatalf("value %d: got %v and %d, want %v", i, got, v.Memory[i], want)
		}
	}
	fine := playDays(1, 60, func(_, hour int) float64 { return float64(hour) / 4 }).Use().Values
	if fine.Step != 300 || len(fine.CPU) != 288 || !near(fine.CPU[100], 2) {
		t.Errorf("every minute: step %d, %d values", fine.Step, len(fine.CPU))
	}

	s, m := newSeries(), newMachine(2)
	m.time = noon - noon%day + 150
	s.Add(m.record())
	m.memory.Available = 400
	s.Add(m.work(600, 2, 1).record())
	m.memory.Available = 900
	s.Add(m.work(600, 1, 1).record())
	s.Add(m.work(1800, 2, 1).record()) // a gap
	s.Add(m.work(600, 1, 1).record())
	v = s.Use().Values
	if len(v.CPU) != 7 || v.CPU[0] != -1 || !near(v.CPU[1], 1.25) || v.Memory[1] != 600*1024 || v.Memory[0] != -1 {
		t.Fatalf("got %v, %v", v.CPU, v.Memory)
	}
	for i, got := range v.CPU[2:] {
		if got != -1 {
			t.Errorf("in the gap, value %d is %v", i+2, got)
		}
	}
	s.unsure = true
	if v = s.Use().Values; v.Memory != nil || len(v.CPU) != 7 {
		t.Errorf("memory that no record showed: %v", v.Memory)
	}
	if u := newSeries().Use(); u.ByHourKnown || u.Values.CPU != nil {
		t.Errorf("of nothing: %+v", u)
	}
}
