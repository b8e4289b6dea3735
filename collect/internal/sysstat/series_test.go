package sysstat

import (
	"bytes"
	"errors"
	"io"
	"math"
	"testing"

	"github.com/infraopt/infraopt/collect/internal/sysstat/sysstattest"
)

// A machine makes the records of one that is in use as it is told.
type machine struct {
	time, uptime uint64
	cpus         []CPU
	memory       Memory
	cards        []Interface
}

func newMachine(cpus int) *machine {
	m := &machine{time: noon, uptime: 5000, cpus: make([]CPU, cpus), memory: Memory{Total: 1000, Available: 900}, cards: []Interface{{Name: "lo"}, {Name: "eth0"}}}
	for i := range m.cpus {
		m.cpus[i] = CPU{Busy: 10, Idle: 1000}
	}
	return m
}

// work lets time pass, with so many cores in use and so many bytes a second in and out.
func (m *machine) work(seconds int, cores float64, rate uint64) *machine {
	m.time += uint64(seconds)
	m.uptime += uint64(seconds) * 100
	busy := uint64(math.Round(cores * float64(seconds) * 100 / float64(len(m.cpus))))
	for i := range m.cpus {
		m.cpus[i].Busy += busy
		m.cpus[i].Idle += uint64(seconds)*100 - busy
	}
	for i := range m.cards {
		m.cards[i].Received += rate * uint64(seconds)
		m.cards[i].Sent += rate * uint64(seconds) / 2
	}
	return m
}

func (m *machine) boot() *machine {
	fresh := newMachine(len(m.cpus))
	fresh.time = m.time + 60
	return fresh
}

func (m *machine) record() *Record {
	r := &Record{Time: int64(m.time), Uptime: m.uptime, CPUs: []CPU{{}}, Memory: m.memory}
	r.CPUs = append(r.CPUs, m.cpus...)
	r.Interfaces = append(r.Interfaces, m.cards...)
	return r
}

func newSeries() *Series {
	return &Series{Physical: func(name string) bool { return name == "eth0" }, Until: 1 << 40}
}

func near(a, b float64) bool { return math.Abs(a-b) < 1e-6*max(1, math.Abs(b)) }

// Percentiles are by nearest rank: of 1000 values, the 995th, 970th and 900th.
func TestPercentiles(t *testing.T) {
	s, m := newSeries(), newMachine(4)
	s.Add(m.record())
	for i := range 1000 {
		m.memory.Available = 900 - uint64(i%500)
		s.Add(m.work(600, float64((i*7)%1000+1)*.004, uint64((i*3)%1000+1)).record())
	}
	u := s.Use()
	if u.Samples != 1000 || !near(u.Days, 1000*600/86400.) {
		t.Errorf("got %d samples of %v days", u.Samples, u.Days)
	}
	if !near(u.CPUMax, 4) || !near(u.CPUP995, 3.98) || !near(u.CPUP97, 3.88) || !near(u.CPUP90, 3.6) {
		t.Errorf("got CPU %v, %v, %v, %v", u.CPUMax, u.CPUP995, u.CPUP97, u.CPUP90)
	}
	if !u.MemoryKnown || u.MemoryMax != 599*1024 {
		t.Errorf("got memory %d", u.MemoryMax)
	}
	if !u.NetworkKnown || !u.PerDayKnown || !near(u.ReceivedP95, 950) || !near(u.SentP95, 475) || !near(u.PerDay, 500.5*1.5*86400) {
		t.Errorf("got traffic %v, %v, %v", u.ReceivedP95, u.SentP95, u.PerDay)
	}
}

// What lies between two starts of the machine, in a gap, outside the window or in a copy is not counted.
func TestBreaks(t *testing.T) {
	for name, test := range map[string]struct {
		play func(s *Series, m *machine)
		want int // samples of 600 seconds, beside the 20 that come first
	}{
		"none": {func(s *Series, m *machine) { s.Add(m.work(600, 1, 1).record()) }, 1},
		"restart": {func(s *Series, m *machine) {
			s.Add(&Record{Restart: true, Time: int64(m.time)})
			s.Add(m.work(600, 1, 1).record())
		}, 0},
		"start unsaid":   {func(s *Series, m *machine) { s.Add(m.boot().work(600, 1, 1).record()) }, 0},
		"start long ago": {func(s *Series, m *machine) { b := m.boot(); b.time += 90000; s.Add(b.work(20000, 1, 1).record()) }, 0},
		"gap":            {func(s *Series, m *machine) { s.Add(m.work(901, 4, 1).record()) }, 0},
		"a little late":  {func(s *Series, m *machine) { s.Add(m.work(899, 1, 1).record()) }, 1},
		"twice":          {func(s *Series, m *machine) { s.Add(m.record()); s.Add(m.work(600, 1, 1).record()) }, 1},
		"copy": {func(s *Series, m *machine) {
			old := newMachine(2)
			s.Add(old.record())
			s.Add(old.work(600, 1, 1).record())
		}, 0},
		"in the future":     {func(s *Series, m *machine) { s.Until = int64(m.time); s.Add(m.work(600, 1, 1).record()) }, 0},
		"clock was set":     {func(s *Series, m *machine) { m.time += 100; s.Add(m.work(600, 1, 1).record()) }, 0},
		"clock set a bit":   {func(s *Series, m *machine) { m.time += 2; s.Add(m.work(600, 1, 1).record()) }, 1},
		"without processor": {func(s *Series, m *machine) { r := m.work(600, 1, 1).record(); r.CPUs = nil; s.Add(r) }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			s, m := newSeries(), newMachine(2)
			s.Add(m.record())
			for range 20 {
				s.Add(m.work(600, 1, 100).record())
			}
			test.play(s, m)
			if u := s.Use(); u.Samples != 20+test.want || u.CPUMax > 1.0001 {
				t.Errorf("got %+v, want %d samples of one core at most", u, 20+test.want)
			}
		})
	}
}

// Records before the window do not count, not even to compare with.
func TestWindow(t *testing.T) {
	s, m := newSeries(), newMachine(2)
	s.Since = noon + 6000
	for range 20 {
		s.Add(m.work(600, 1, 1).record())
	}
	if u := s.Use(); u.Samples != 10 {
		t.Errorf("got %d samples, want 10", u.Samples)
	}
}

// Records that lie far apart are no series: the mean of hours shows no peak.
func TestTooFarApart(t *testing.T) {
	s, m := newSeries(), newMachine(2)
	for range 100 {
		s.Add(m.work(7200, 1, 1).record())
	}
	if u := s.Use(); u.Samples != 0 || u.Days != 0 {
		t.Errorf("got %+v", u)
	}
}

// An offline processor neither counts nor makes a jump when it comes back.
func TestOfflineProcessor(t *testing.T) {
	s, m := newSeries(), newMachine(4)
	s.Add(m.work(600, 2, 1).record())
	s.Add(m.work(600, 2, 1).record())
	down := m.work(600, 2, 1).record()
	down.CPUs[4] = CPU{}
	s.Add(down)
	down = m.work(600, 2, 1).record()
	down.CPUs[4] = CPU{}
	s.Add(down)
	m.cpus[3].Idle = 0
	s.Add(m.work(600, 2, 1).record()) // back
	m.work(600, 2, 1)
	m.cpus[3].Idle = 29000 // it was away for a moment, and idle began anew
	s.Add(m.record())
	if u := s.Use(); u.Samples != 5 || u.CPUMax > 2.01 || u.CPUP90 < 1.9 {
		t.Errorf("got %+v", u)
	}
}

// Steal and waiting for input and output are no use; a machine with one counter is summed up by that.
func TestWhatIsNoUse(t *testing.T) {
	a := []CPU{{Busy: 0, Idle: 0, IOWait: 0, Steal: 1}}
	b := []CPU{{Busy: 10, Idle: 50, IOWait: 20, Steal: 21}}
	if v, ok := coresBetween(a, b); !ok || !near(v, .1) {
		t.Errorf("got %v, %v; want .1", v, ok)
	}
	b[0].IOWait, a[0].IOWait = 5, 20 // goes back now and then
	if v, ok := coresBetween(a, b); !ok || !near(v, 10./80) {
		t.Errorf("got %v, %v; want %v", v, ok, 10./80)
	}
}

// Where traffic of a few intervals is not known, percentiles below them still are, and the mean is not.
func TestTrafficUnknown(t *testing.T) {
	play := func(lost int) Use {
		s, m := newSeries(), newMachine(2)
		m.cards[1].Received = 1e9
		s.Add(m.record())
		for i := range 100 {
			m.work(600, 1, 100)
			if i < lost {
				m.cards[1].Received -= 1e6 // plugged in again
			}
			s.Add(m.record())
		}
		return s.Use()
	}
	if u := play(3); !u.NetworkKnown || u.PerDayKnown || !near(u.ReceivedP95, 100) {
		t.Errorf("got %+v", u)
	}
	if u := play(6); u.NetworkKnown {
		t.Errorf("got %+v", u)
	}
	s, m := newSeries(), newMachine(2)
	s.Physical = func(string) bool { return false }
	s.Add(m.record())
	s.Add(m.work(600, 1, 1).record())
	if u := s.Use(); u.NetworkKnown || u.PerDayKnown || u.Samples != 1 {
		t.Errorf("got %+v", u)
	}
}

// One record that does not show its memory leaves the highest unknown.
func TestMemoryUnknown(t *testing.T) {
	s, m := newSeries(), newMachine(2)
	s.Add(m.record())
	m.memory.Available = 0
	s.Add(m.work(600, 1, 1).record())
	if u := s.Use(); u.MemoryKnown || u.Samples != 1 {
		t.Errorf("got %+v", u)
	}
}

// A month of a machine with 64 processors, a record every ten minutes.
func BenchmarkMonth(b *testing.B) {
	f, m := sysstattest.New(64), newMachine(64)
	f.Header(m.time, "big")
	f.Restart(m.time)
	for range 28 * 144 {
		m.work(600, 20, 1e6)
		var cpus []sysstattest.CPU
		for _, c := range m.cpus {
			cpus = append(cpus, sysstattest.CPU(c))
		}
		f.Statistics(m.time, m.uptime, cpus, 1000, 900, []sysstattest.Interface{{Name: "lo"}, {Name: "eth0", Received: m.cards[1].Received}})
	}
	text := f.Bytes()
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		r, err := NewReader(bytes.NewReader(text))
		if err != nil {
			b.Fatal(err)
		}
		s := newSeries()
		var rec Record
		for {
			if err := r.Next(&rec); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				b.Fatal(err)
			}
			s.Add(&rec)
		}
		if u := s.Use(); u.Samples != 28*144-1 {
			b.Fatalf("%+v", u)
		}
	}
}

// The nearest rank is the least whose share of the values reaches the percentile; values that are not known come last.
func TestNearestRank(t *testing.T) {
	list := []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	for _, test := range []struct {
		known int
		p     float64
		want  float64 // 0 for none
	}{{10, .5, 5}, {10, .51, 6}, {10, .9, 9}, {10, .901, 10}, {10, .995, 10}, {9, .9, 9}, {8, .9, 0}, {0, .5, 0}, {1, .01, 1}} {
		if got, ok := nearest(list[:test.known], 10, test.p); got != test.want || ok != (test.want > 0) {
			t.Errorf("%v of %d: got %v, %v; want %v", test.p, test.known, got, ok, test.want)
		}
	}
	if _, ok := nearest(nil, 0, .5); ok {
		t.Error("of nothing, something")
	}
}
