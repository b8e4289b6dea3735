package sysstat

import (
	"math"
	"slices"
)

// A Series gathers what records show of a machine's use. Counters are compared from record to record, also from the last
// of one file to the first of the next; between two starts of the machine there is nothing to compare.
type Series struct {
	// Physical tells the interfaces that count: a bridge or a tunnel carries the same bytes again.
	Physical func(name string) bool
	// Since and Until bound the records that count, in seconds since the epoch.
	Since, Until int64

	last      Record // the last one that counted
	some      bool   // there is one, and the machine was not started since
	latest    int64  // time of the last record of any kind that counted
	intervals []interval
	memory    uint64 // the highest, in KiB
	unsure    bool   // a record did not show its memory
}

// An interval lies between two records.
type interval struct {
	end, seconds   float64 // since the epoch, and its length
	memory         uint64  // in use at its end, in KiB
	cores          float64 // in use, on average
	received, sent float64 // bytes a second
	network        bool    // traffic is known
}

// Use is what a series comes to. CPU is in cores, traffic in bytes a second.
type Use struct {
	Days    float64 // that the intervals cover; gaps are not counted
	Samples int     // intervals

	CPUMax, CPUP995, CPUP97, CPUP90 float64

	MemoryMax   uint64 // bytes, without what the kernel would give away
	MemoryKnown bool   // each record showed it

	ReceivedP95, SentP95 float64
	PerDay               float64 // mean of bytes received and sent a day
	NetworkKnown         bool    // so many intervals showed it that the percentiles are certain
	PerDayKnown          bool    // every interval showed it

	ByHour      [24]float64 // 99th percentile of CPU in each hour of the day (UTC)
	ByHourKnown bool        // each was seen on HourDays days
	Values      Values      // the intervals themselves
}

// maxIntervals is more than there are in a month of one a second from a file that is read to its limit.
const maxIntervals = 1 << 20

// Add takes a record, later than all before it: an earlier one is of a file that was copied, and does not count again.
func (s *Series) Add(rec *Record) {
	if rec.Time < s.Since || rec.Time > s.Until || rec.Time < s.latest {
		return
	}
	s.latest = rec.Time
	if rec.Restart {
		s.some = false
		return
	}
	if len(rec.CPUs) == 0 { // nothing to measure use by
		return
	}
	s.remember(rec.Memory)
	if s.some {
		if v, ok := s.between(&s.last, rec); ok && len(s.intervals) < maxIntervals {
			s.intervals = append(s.intervals, v)
		}
	}
	s.some = true
	s.last.Time, s.last.Uptime = rec.Time, rec.Uptime
	s.last.CPUs = append(s.last.CPUs[:0], rec.CPUs...)
	s.last.Interfaces = append(s.last.Interfaces[:0], rec.Interfaces...)
}

func (s *Series) remember(m Memory) {
	if m.Total == 0 || m.Available == 0 || m.Available > m.Total || m.Total > math.MaxInt64/1024 {
		s.unsure = true
		return
	}
	s.memory = max(s.memory, m.Total-m.Available)
}

// between compares two records of one run of the machine; false where they are of two, by its uptime, or of one moment.
func (s *Series) between(a, b *Record) (interval, bool) {
	if b.Uptime <= a.Uptime {
		return interval{}, false
	}
	seconds := float64(b.Uptime-a.Uptime) / 100
	// A machine that was started meanwhile, without a word in the file, is not up for longer by what has passed.
	// A clock that was set looks the same, and costs one interval.
	if passed := float64(b.Time - a.Time); math.Abs(seconds-passed) > max(5, passed/10) {
		return interval{}, false
	}
	cores, ok := coresBetween(a.CPUs, b.CPUs)
	if !ok {
		return interval{}, false
	}
	v := interval{end: float64(b.Time), seconds: seconds, cores: cores}
	if b.Memory.Available <= b.Memory.Total {
		v.memory = min(b.Memory.Total-b.Memory.Available, math.MaxInt64/1024)
	}
	received, sent, ok := s.traffic(a.Interfaces, b.Interfaces)
	v.received, v.sent, v.network = float64(received)/seconds, float64(sent)/seconds, ok
	return v, true
}

// coresBetween gives how many cores were busy on average: the busy share of the time of all processors, times their
// number. Processors are summed up one by one, without those that were offline, as sar does: the kernel's own sum goes
// back when one goes offline. A single counter that goes back, as that of I/O wait may, counts as not moved.
func coresBetween(a, b []CPU) (float64, bool) {
	first := 1
	if len(a) == 1 || len(b) == 1 {
		first = 0
	}
	var busy, all, online float64
	for i := first; i < min(len(a), len(b)); i++ {
		p, q := a[i], b[i]
		if p == (CPU{}) || q == (CPU{}) {
			continue
		}
		idle, wait := moved(p.Idle, q.Idle), moved(p.IOWait, q.IOWait)
		if q.Idle < p.Idle { // it was offline, and began anew
			idle = float64(q.Idle)
		}
		online++
		busy += moved(p.Busy, q.Busy)
		all += moved(p.Busy, q.Busy) + idle + wait + moved(p.Steal, q.Steal)
	}
	if all <= 0 {
		return 0, false
	}
	return busy / all * online, true
}

func moved(from, to uint64) float64 {
	if to < from {
		return 0
	}
	return float64(to - from)
}

// traffic sums up what the interfaces that count have carried; false where none is in both records, or one began anew.
func (s *Series) traffic(a, b []Interface) (received, sent uint64, ok bool) {
	for i := range b {
		q := &b[i]
		if !s.Physical(q.Name) {
			continue
		}
		p := find(a, i, q.Name)
		if p == nil || q.Received < p.Received || q.Sent < p.Sent {
			return 0, 0, false
		}
		received, sent, ok = received+q.Received-p.Received, sent+q.Sent-p.Sent, true
	}
	return received, sent, ok
}

// find looks for an interface by name, where it is likely to be first.
func find(list []Interface, at int, name string) *Interface {
	if at < len(list) && list[at].Name == name {
		return &list[at]
	}
	for i := range list {
		if list[i].Name == name {
			return &list[i]
		}
	}
	return nil
}

// longest is the longest interval whose mean still says something of peaks, in seconds.
const longest = 3600

// Use sums the series up. An interval that is longer than one and a half of the usual ones is a gap, in which the
// collector did not run: its mean would flatten the peaks. Percentiles are by nearest rank.
func (s *Series) Use() Use {
	lengths := make([]float64, len(s.intervals))
	for i, v := range s.intervals {
		lengths[i] = v.seconds
	}
	slices.Sort(lengths)
	usual, _ := nearest(lengths, len(lengths), .5)
	limit := min(1.5*usual, longest)

	var u Use
	var cores, received, sent []float64
	var kept []interval
	var carried, covered float64
	for _, v := range s.intervals {
		if v.seconds > limit {
			continue
		}
		covered += v.seconds
		cores, kept = append(cores, v.cores), append(kept, v)
		if v.network {
			received, sent = append(received, v.received), append(sent, v.sent)
			carried += (v.received + v.sent) * v.seconds
		}
	}
	u.Samples, u.Days = len(cores), covered/86400
	if u.Samples == 0 {
		return u
	}
	slices.Sort(cores)
	u.CPUMax = cores[len(cores)-1]
	u.CPUP995, _ = nearest(cores, len(cores), .995)
	u.CPUP97, _ = nearest(cores, len(cores), .97)
	u.CPUP90, _ = nearest(cores, len(cores), .90)
	u.MemoryMax, u.MemoryKnown = s.memory*1024, !s.unsure
	u.ByHour, u.ByHourKnown = byHour(kept)
	u.Values = values(kept, usual, !s.unsure)
	slices.Sort(received)
	slices.Sort(sent)
	// Traffic that is not known may have been any: it counts as more than all that is.
	u.ReceivedP95, u.NetworkKnown = nearest(received, len(cores), .95)
	u.SentP95, _ = nearest(sent, len(cores), .95)
	u.PerDay, u.PerDayKnown = carried/covered*86400, len(received) == len(cores)
	return u
}

// nearest gives a percentile by nearest rank of n values, of which the least are given in order; false where it is
// not among those.
func nearest(sorted []float64, n int, p float64) (float64, bool) {
	rank := max(1, int(math.Ceil(p*float64(n)-1e-9)))
	if rank > len(sorted) {
		return 0, false
	}
	return sorted[rank-1], true
}
