package host

import (
	"context"
	"math"
	"time"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// counters are what one moment shows of the use of one thing.
type counters struct {
	cpu     inventory.Reading[float64]         // seconds, since whenever
	memory  inventory.Reading[inventory.Bytes] // working set
	started uint64                             // of its oldest process, in ticks since boot
	members []*process                         // whose time adds up to cpu, where it has no counter of its own

	received, sent uint64                             // bytes, since whenever
	untold         inventory.Reading[inventory.Bytes] // why they are not known; empty where they are
}

// A moment is one of the two at which counters are read, so that their difference shows use.
type moment struct {
	uptime  float64 // seconds
	machine counters
	byKey   map[string]counters // of crowds, by key
	byID    map[string]counters // of containers that only their control groups show
	byPID   map[int]counters    // of virtual machines
	procs   *processes
}

// sample looks twice at the counters of all that was found, a while apart, and gives each thing the series of one
// interval that they make. There is one wait for all. A recorded tree has the two moments of when it was recorded.
func (l *look) sample(ctx context.Context, tree *sorted, b *inventory.Batch) {
	if l.env.Sample <= 0 {
		return
	}
	first, second, why, remedy := l.moments(ctx, tree)
	if why != "" {
		never := noSeries(why, remedy)
		if m := &b.Machines[0]; !m.Demand.Days.IsKnown() {
			m.Demand = never
		}
		for i := range b.Workloads {
			b.Workloads[i].Demand = never
		}
		for i := range b.Containers {
			b.Containers[i].Demand = never
		}
		for i := range b.VMs {
			b.VMs[i].Demand = never
		}
		return
	}
	span := &span{first, second, second.uptime - first.uptime, b.Machines[0].Cores.Or(math.Inf(1))}
	shown := span.demand(first.machine, second.machine, true)
	b.Machines[0].Demand.Prefer(&shown) // what it has kept itself is longer
	keys := make(map[string]string)     // of crowds, by what they are in the inventory
	for kind, list := range tree.crowds() {
		for _, c := range list {
			keys[c.entity] = kind + c.key
		}
	}
	for i := range b.Workloads {
		w := &b.Workloads[i]
		w.Demand = span.crowd(keys[w.ID])
	}
	for i := range b.Containers {
		c := &b.Containers[i]
		if key, ok := keys[c.ID]; ok {
			c.Demand = span.crowd(key)
		} else {
			c.Demand = between(span, first.byID, second.byID, c.ID)
		}
	}
	for i := range b.VMs {
		v := &b.VMs[i]
		v.Demand = between(span, first.byPID, second.byPID, v.PID.Or(0))
	}
}

// moments reads both, or says why not.
func (l *look) moments(ctx context.Context, tree *sorted) (first, second *moment, why, remedy string) {
	const late, raise = "the deadline passed before the second look", "raise --timeout"
	if l.inside {
		return nil, nil, "seen from inside a container", "run on the host"
	}
	first, err := l.moment(ctx, tree, 1)
	if err == nil && l.live {
		timer := time.NewTimer(l.env.Sample)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return nil, nil, late, raise
		}
	}
	if err == nil {
		second, err = l.moment(ctx, tree, 2)
	}
	switch {
	case err != nil && !l.live && linux.Gone(err):
		return nil, nil, "the recorded tree holds one look only", "record it with --sample"
	case err != nil:
		return nil, nil, "the counters: " + linux.Reason(err), ""
	case first.procs.cut || second.procs.cut:
		return nil, nil, late, raise
	case !(second.uptime > first.uptime):
		return nil, nil, "no time passed between the two looks", ""
	}
	return first, second, "", ""
}

// moment reads the counters of the machine and of all that runs on it, now. Who has a network of its own is known from
// the look before it.
func (l *look) moment(ctx context.Context, before *sorted, number int) (*moment, error) {
	files, err := l.fs.Sample(number)
	if err != nil {
		return nil, err
	}
	at := &look{env: l.env, fs: files, live: l.live, target: l.target, id: l.id, hostname: l.hostname, mounts: l.mounts}
	if err := at.clocks(); err != nil {
		return nil, err
	}
	m := &moment{uptime: at.uptime, byKey: make(map[string]counters), byID: make(map[string]counters), byPID: make(map[int]counters)}
	m.machine = at.machineCounters()
	m.procs = at.processes(ctx)
	tree := at.sort(m.procs)
	h := at.hierarchies()
	shared := sharedDirs(tree)
	known := make(map[string]*crowd)
	for kind, list := range before.crowds() {
		for _, c := range list {
			known[kind+c.key] = c
		}
	}
	for kind, list := range tree.crowds() {
		for _, c := range list {
			was := known[kind+c.key]
			if was == nil {
				continue // it came meanwhile
			}
			c.reach, c.isContainer = was.reach, was.isContainer
			m.byKey[kind+c.key] = at.crowdCounters(c, h, kind == containerKind || kind == unitKind && !shared[c.dir])
		}
	}
	for _, q := range tree.emulators {
		m.byPID[q.PID] = processCounters(q)
	}
	if _, _, hidden := m.procs.hidden(at); hidden {
		for _, c := range at.grouped(ctx, nil) {
			m.byID[c.ID] = counters{cpu: c.Usage.CPUSeconds, memory: c.Usage.Memory, untold: c.Usage.Network}
		}
	}
	return m, nil
}

func (l *look) machineCounters() counters {
	k := counters{memory: l.memory().used}
	if stat, err := l.stat(); err == nil {
		k.cpu = inventory.Known(stat.Busy)
	} else {
		k.cpu = inventory.Unknown[float64]("/proc/stat: "+linux.Reason(err), "")
	}
	k.received, k.sent, k.untold = l.cards()
	return k
}

func (l *look) crowdCounters(c *crowd, h hierarchies, own bool) counters {
	cpu, memory, counted := l.counted(c, h, own)
	k := counters{cpu: inventory.Known(cpu), memory: inventory.Known(memory), started: c.start()}
	k.received, k.sent, k.untold = l.traffic(c)
	if !counted {
		k.members = c.members
	}
	return k
}

func processCounters(q *process) counters {
	return counters{
		cpu:     inventory.Known(float64(q.CPUTicks) / linux.TicksPerSecond),
		memory:  inventory.Known(inventory.Bytes(q.RSSPages * pageSize)),
		started: q.StartTicks, untold: inventory.Unknown[inventory.Bytes]("a process does not show its traffic", ""),
	}
}

// Kinds of crowds, before their keys.
const (
	containerKind = "container "
	unitKind      = "unit "
	treeKind      = "tree "
)

// crowds gives all crowds, by their kind.
func (s *sorted) crowds() map[string][]*crowd {
	return map[string][]*crowd{containerKind: s.containers, unitKind: s.units, treeKind: s.trees}
}

// A span is what lies between two moments.
type span struct {
	first, second *moment
	seconds       float64
	cores         float64 // that there are
}

const endedMeanwhile = "it ended before the second look"

// between gives the series of something that both moments show by one key.
func between[K comparable](s *span, first, second map[K]counters, key K) inventory.Demand {
	a, ok := first[key]
	if !ok {
		return noSeries("it was gone at the first of the two looks", "")
	}
	b, ok := second[key]
	if !ok {
		return noSeries(endedMeanwhile, "")
	}
	return s.demand(a, b, false)
}

// crowd gives the series of processes that work together.
func (s *span) crowd(key string) inventory.Demand {
	return between(s, s.first.byKey, s.second.byKey, key)
}

// demand makes a series of one interval: its mean is each of its percentiles, so a series so short proves nothing. The
// highest memory is that of the two looks.
func (s *span) demand(a, b counters, machine bool) inventory.Demand {
	if a.started != b.started {
		return noSeries("it was started anew, or its first process ended, before the second look", "")
	}
	cpu := s.cpu(a, b)
	d := inventory.Demand{
		Days: inventory.Known(s.seconds / float64(inventory.Day)), Samples: inventory.Known(1),
		CPUMax: cpu, CPUP995: cpu, CPUP97: cpu, CPUP90: cpu,
		NetworkDay: inventory.Unknown[inventory.Bytes]("the series is shorter than a day", ""),
		CPUByHour:  inventory.Unknown[*inventory.ByHour]("two looks show no hours of the day", "install sysstat and switch its collection on, and look again after a week"),
	}
	d.MemoryMax = a.memory
	if x, ok := a.memory.Get(); ok {
		if y, ok := b.memory.Get(); ok {
			d.MemoryMax = inventory.Known(max(x, y))
		} else {
			d.MemoryMax = b.memory
		}
	}
	untold := a.untold
	switch {
	case !untold.IsZero():
	case !b.untold.IsZero():
		untold = b.untold
	case (b.received < a.received || b.sent < a.sent) && machine:
		untold = inventory.Unknown[inventory.Bytes](interfacesChanged, "")
	case b.received < a.received || b.sent < a.sent:
		untold = inventory.Unknown[inventory.Bytes]("its counters went back", "")
	}
	if !untold.IsZero() {
		d.ReceivedP95, d.SentP95 = untold, untold
		return d
	}
	d.ReceivedP95, d.SentP95 = rate(float64(b.received-a.received)/s.seconds), rate(float64(b.sent-a.sent)/s.seconds)
	return d
}

// cpu gives the cores that were used on average.
func (s *span) cpu(a, b counters) inventory.Reading[float64] {
	unknown := func(why string) inventory.Reading[float64] { return inventory.Unknown[float64](why, "") }
	x, ok := a.cpu.Get()
	if !ok {
		return a.cpu
	}
	y, ok := b.cpu.Get()
	if !ok {
		return b.cpu
	}
	if (a.members == nil) != (b.members == nil) {
		return unknown("its control group was gone at one of the two looks")
	}
	used := y - x
	if a.members != nil {
		var why string
		if used, why = s.ofProcesses(a.members, b.members); why != "" {
			return unknown(why)
		}
	}
	if used < 0 {
		return unknown("its counter went back")
	}
	// Counters are read one after the other, and the clock before them all: what was busy all the time may seem busier.
	return inventory.Known(min(thousandths(used/s.seconds), s.cores))
}

// ofProcesses adds up the seconds that processes used: those that were there at both moments, and those that came
// meanwhile. What one used that ended is not known.
func (s *span) ofProcesses(before, after []*process) (seconds float64, why string) {
	for _, p := range before {
		if q := s.second.procs.byPID[p.PID]; q == nil || q.StartTicks != p.StartTicks {
			return 0, "a process of it ended before the second look"
		}
	}
	for _, q := range after {
		ticks := float64(q.CPUTicks)
		if p := s.first.procs.byPID[q.PID]; p != nil && p.StartTicks == q.StartTicks {
			if ticks -= float64(p.CPUTicks); ticks < 0 {
				return 0, "the counter of a process of it went back"
			}
		}
		seconds += ticks / linux.TicksPerSecond
	}
	return seconds, ""
}
