package score

import (
	"math"
	"strings"
	"time"

	"github.com/infraopt/infraopt/collect/inventory"
)

// Options of an assessment that change its meaning and are therefore labelled in it.
type Options struct {
	// RunningIsActive takes everything that runs, and of which nobody knows whether it is used, as used.
	RunningIsActive bool
	// Now is the time of the assessment: it ends waivers. Without it they have no end.
	Now time.Time
}

// A Stack is one host with everything that stands on it, sorted out for scoring.
type Stack struct {
	Host   *inventory.Node
	Zone   string // hosts of one zone may share work
	Places []*Place
	Works  []*Work
	model  *Model
	opt    Options
}

// Model gives the numbers of the model.
func (s *Stack) Model() *Model { return s.model }

// A Place is where work can run: the host, a guest that was seen from inside, or a virtual machine that was not
// (then Node is nil).
type Place struct {
	Node       *inventory.Node
	VM         *inventory.VM         // nil on the host
	Hypervisor *inventory.Hypervisor // below VM
	Below      *Place                // nil on the host
	Doubtful   bool                  // it, or something below it, may not be running at all
	host       *inventory.Node
	model      *Model
}

// Host is the machine at the bottom.
func (p *Place) Host() *inventory.Node { return p.host }

// Machine is the machine of the place, or of the place below where it was not seen from inside.
func (p *Place) Machine() *inventory.Machine {
	for p.Node == nil {
		p = p.Below
	}
	return &p.Node.Machine
}

// Form says what a piece of work looks like from outside.
type Form int

// The forms of work.
const (
	Process         Form = iota // a service or process group
	AppContainer                // an application container
	SystemContainer             // a container with an init of its own
	SomeContainer               // a container of either kind
	Opaque                      // a virtual machine that cannot be looked into, or hidden processes: any form
)

// A Work is a unit of work: a service, one container (replicas are several), an opaque virtual machine.
type Work struct {
	ID        string
	Name      string
	Place     *Place
	Form      Form
	Container *inventory.Container
	Workload  *inventory.Workload
	Layer     inventory.Layer
	Weight    Range // micro units; {0, …} where nobody knows whether it is active
	Activity  Activity
	Seen      []string

	usage   *inventory.Usage
	demand  *inventory.Demand
	running inventory.Reading[inventory.RunState]
	cpu     span // mean cores
	gib     span // mean GiB
	capCPU  float64
	capGiB  float64
	group   string   // workloads with one key are replicas of each other; empty where it is not known
	shared  bool     // the key holds across hosts
	need    [2]Range // thousandths of a core, MiB; replicas of one workload carry it on the first
}

// NewStack sorts out what stands on a host.
func NewStack(h *inventory.Node, m *Model, opt Options) *Stack {
	s := &Stack{Host: h, Zone: m.ZoneOf(&h.Machine), model: m, opt: opt}
	s.place(&Place{Node: h, host: h, model: m})
	return s
}

func (s *Stack) place(p *Place) {
	s.Places = append(s.Places, p)
	p.Doubtful = p.Below != nil && p.Below.Doubtful || p.VM != nil && !p.VM.State.IsKnown() || p.Node != nil && !p.Node.Machine.Powered.IsKnown()
	first := len(s.Works)
	defer func() { s.doubt(p, s.Works[first:]) }()
	if on, known := p.Machine().Powered.Get(); p.Node != nil && known && !on {
		return
	}
	if p.Node == nil {
		s.opaque(p, p.VM)
		return
	}
	s.processes(p)
	s.containers(p)
	for i := range p.Node.VMs {
		g := &p.Node.VMs[i]
		if st, known := g.State.Get(); known && st == inventory.Stopped {
			continue
		}
		s.place(&Place{Node: g.Guest, VM: &g.VM, Hypervisor: hypervisor(p.Node, g.Hypervisor), Below: p, host: p.host, model: p.model})
	}
	// Processes, or whole machines' worth of work, that may be there and could not be seen.
	if _, seen := p.Node.Machine.Processes.Get(); !seen {
		s.hidden(p)
	}
}

// hypervisor is that of a machine with an ID, nil where there is none. A machine has one, or few.
func hypervisor(n *inventory.Node, id string) *inventory.Hypervisor {
	for i := len(n.Hypervisors) - 1; i >= 0; i-- {
		if n.Hypervisors[i].ID == id {
			return &n.Hypervisors[i]
		}
	}
	return nil
}

// doubt marks work of a place that may not be running: there may be none.
func (s *Stack) doubt(p *Place, works []*Work) {
	if !p.Doubtful {
		return
	}
	for _, x := range works {
		if x.running.IsKnown() {
			x.running = inventory.Unknown[inventory.RunState](p.doubt())
		}
		x.Activity = ActivityUnknown
		x.Weight.Lo, x.need[0].Lo, x.need[1].Lo = 0, 0, 0
	}
}

// doubt says why it is not known whether the place runs, and what would tell.
func (p *Place) doubt() (why, remedy string) {
	switch {
	case p.VM != nil && !p.VM.State.IsKnown():
		return p.VM.State.Why(), p.VM.State.Remedy()
	case p.Node != nil && !p.Node.Machine.Powered.IsKnown():
		return p.Node.Machine.Powered.Why(), p.Node.Machine.Powered.Remedy()
	case p.Below != nil:
		return p.Below.doubt()
	default:
		return "", ""
	}
}

// Certain reports whether the work is known to be there at all.
func (x *Work) Certain() bool { return x.running.IsKnown() }

// capacity is an upper bound of the cores and GiB that work in a place can use.
func (p *Place) capacity() (cores, gib float64) {
	cores, gib = p.model.Thresholds.CeilingCores, p.model.Thresholds.CeilingGiB
	limit := func(c inventory.Reading[float64], m inventory.Reading[inventory.Bytes]) {
		if v, ok := c.Get(); ok {
			cores = min(cores, v)
		}
		if v, ok := m.Get(); ok {
			gib = min(gib, v.GiB())
		}
	}
	for q := p; q != nil; q = q.Below {
		if q.Node != nil {
			limit(q.Node.Machine.Cores, q.Node.Machine.Memory)
		}
		if q.VM != nil {
			limit(q.VM.VCPUs, q.VM.Memory)
		}
	}
	return math.Max(cores, 0), math.Max(gib, 0)
}

var running = inventory.Known(inventory.Running)

func (s *Stack) processes(p *Place) {
	cores, gib := p.capacity()
	for i := range p.Node.Workloads {
		w := &p.Node.Workloads[i]
		if w.Layer == inventory.Infrastructure {
			continue
		}
		form := Process
		if !p.Node.Machine.Inside.IsAbsent() {
			if p.Node.Machine.Inside.IsKnown() {
				form = SomeContainer
			} else {
				form = Opaque // a process or a container: nobody looked
			}
		}
		x := &Work{ID: w.ID, Name: w.Name, Place: p, Form: form, Workload: w, Layer: w.Layer, Seen: w.Seen, usage: &w.Usage, demand: &w.Demand, running: running, group: w.ID}
		x.capCPU, x.capGiB = cores, gib
		s.measure(x)
		s.weigh(x)
		s.Works = append(s.Works, x)
	}
}

// opaque adds a virtual machine that cannot be looked into: one workload of unknown content.
func (s *Stack) opaque(p *Place, v *inventory.VM) {
	x := &Work{ID: v.ID, Name: v.Name.Or(v.ID), Place: p, Form: Opaque, Layer: inventory.Application, Seen: v.Seen, usage: &v.Usage, demand: &v.Demand, running: v.State, group: v.ID}
	x.capCPU, x.capGiB = p.capacity()
	s.measure(x)
	s.weigh(x)
	s.Works = append(s.Works, x)
}

// hidden adds the processes that this user was not shown: as far as anybody knows, none or a machine full.
func (s *Stack) hidden(p *Place) {
	m := &p.Node.Machine
	x := &Work{ID: m.ID + "/hidden", Name: "processes not shown", Place: p, Form: Opaque, Layer: inventory.Application, Seen: m.Seen,
		running: inventory.Unknown[inventory.RunState](m.Processes.Why(), m.Processes.Remedy()),
		usage:   &inventory.Usage{CPUSeconds: inventory.Unknown[float64](m.Processes.Why(), m.Processes.Remedy())}, demand: &inventory.Demand{}}
	x.capCPU, x.capGiB = p.capacity()
	s.measure(x)
	s.weigh(x)
	s.Works = append(s.Works, x)
}

// containers adds the running containers of a place. Replicas (containers of one service, or of one image where
// no service is declared) are one workload: their use is summed before it is judged and before floors apply.
// A container whose service or image is not known may be a replica of any other, which leaves all of them less
// certain.
func (s *Stack) containers(p *Place) {
	if len(p.Node.Containers) == 0 {
		return
	}
	cores, gib := p.capacity()
	works := make([]*Work, 0, len(p.Node.Containers))
	room := make([]Work, len(p.Node.Containers))
	groups := map[string][]*Work{}
	stray := false
	for i := range p.Node.Containers {
		c := &p.Node.Containers[i]
		if st, known := c.State.Get(); c.Layer == inventory.Infrastructure || known && st == inventory.Stopped {
			continue
		}
		x := &room[i]
		*x = Work{ID: c.ID, Name: c.Name.Or(shortID(c.ID)), Place: p, Container: c, Layer: c.Layer, Seen: c.Seen, usage: &c.Usage, demand: &c.Demand, running: c.State}
		switch system, known := c.System.Get(); {
		case !known:
			x.Form = SomeContainer
		case system:
			x.Form = SystemContainer
		default:
			x.Form = AppContainer
		}
		x.capCPU, x.capGiB = cores, gib
		if v, ok := c.CPULimit.Get(); ok {
			x.capCPU = clamp(v, 0, x.capCPU)
		}
		if v, ok := c.MemoryLimit.Get(); ok {
			x.capGiB = clamp(v.GiB(), 0, x.capGiB)
		}
		x.group, x.shared = groupKey(c)
		stray = stray || x.group == ""
		s.measure(x)
		works = append(works, x)
		if x.group != "" {
			groups[x.group] = append(groups[x.group], x)
		}
	}
	for _, x := range works {
		if x.group == "" {
			s.weighLoose(x, []*Work{x}, true)
			continue
		}
		replicas := groups[x.group]
		if replicas[0] != x {
			continue // weighed with the first
		}
		switch {
		case stray || x.shared:
			for _, r := range replicas {
				s.weighLoose(r, replicas, stray)
			}
		default:
			s.weigh(replicas...)
		}
	}
	s.Works = append(s.Works, works...)
}

// groupKey tells which workload a container is a replica of; empty where the facts that decide are not known.
func groupKey(c *inventory.Container) (key string, shared bool) {
	if v, ok := c.Service.Get(); ok {
		return "service " + v, true
	}
	if !c.Service.IsAbsent() {
		return "", false
	}
	project, ok := c.ComposeProject.Get()
	if ok {
		if service, ok := c.ComposeService.Get(); ok {
			return "compose " + project + "/" + service, false
		}
		return "", false
	}
	if !c.ComposeProject.IsAbsent() {
		return "", false
	}
	if v, ok := c.Image.Get(); ok {
		return "image " + v, false
	}
	if c.Image.IsAbsent() { // a system container: what it is made of is its own
		return "container " + c.ID, false
	}
	return "", false
}

func shortID(id string) string {
	if len(id) > 12 && !strings.ContainsAny(id, ":/") {
		return id[:12]
	}
	return id
}

// measure works out the mean use from cumulative counters. It is a known mean from an age of one day on;
// before that the rest of the day may bring anything up to the allocation.
func (s *Stack) measure(x *Work) {
	const day = float64(inventory.Day)
	x.cpu, x.gib = span{0, x.capCPU}, span{0, x.capGiB}
	age, ok := x.usage.Age.Get()
	if !ok || age < 0 {
		return
	}
	a := float64(age)
	rest := math.Max(0, day-a) / day
	if v, ok := x.usage.CPUSeconds.Get(); ok {
		lo := clamp(v/math.Max(a, day), 0, x.capCPU)
		x.cpu = span{lo, min(x.capCPU, lo+x.capCPU*rest)}
	}
	if v, ok := x.usage.Memory.Get(); ok {
		lo := clamp(v.GiB()*math.Min(1, a/day), 0, x.capGiB)
		x.gib = span{lo, min(x.capGiB, lo+x.capGiB*rest)}
	}
}

// weight is the weight of a use, in cores: 1 core weighs as much as Thresholds.CoreGiB of memory.
func (s *Stack) weight(cpu, gib, times float64) float64 {
	th := &s.model.Thresholds
	return math.Max(cpu, th.FloorCores*times) + math.Max(gib, th.FloorGiB*times)/th.CoreGiB
}

// weigh gives each of the replicas of one workload its weight: its own use, and an equal part of what is missing
// to the floors, which apply to the sum. Where the use of some replica is not known, nor is what is missing: it is
// then nothing at the low end of each, and as much as could be at the high end. Where some may not run, the others may
// have to reach the floors without them, down to one alone.
func (s *Stack) weigh(replicas ...*Work) {
	activity := s.activity(replicas)
	var cpu, gib span
	for _, x := range replicas {
		cpu, gib = cpu.plus(x.cpu), gib.plus(x.gib)
	}
	n := float64(len(replicas))
	missing := span{
		(s.weight(cpu.lo, gib.lo, 1) - s.weight(cpu.lo, gib.lo, 0)) / n,
		(s.weight(cpu.hi, gib.hi, 1) - s.weight(cpu.hi, gib.hi, 0)) / n,
	}
	if n > 1 && missing.lo != missing.hi {
		missing = span{0, missing.lo}
	}
	sure := surelyRunning(replicas)
	if n > 1 && len(sure) < len(replicas) {
		for _, x := range replicas {
			alone := s.weight(x.cpu.lo, x.gib.lo, 1) - s.weight(x.cpu.lo, x.gib.lo, 0)
			x.settle(activity, span{s.weight(x.cpu.lo, x.gib.lo, 0), s.weight(x.cpu.hi, x.gib.hi, 0) + alone})
		}
		need := s.needOf(replicas, activity, true)
		least := s.needOf(sure, activity, false)
		for d := range need {
			need[d].Lo = min(need[d].Lo, least[d].Lo)
		}
		replicas[0].need = need
		return
	}
	for _, x := range replicas {
		x.settle(activity, span{s.weight(x.cpu.lo, x.gib.lo, 0) + missing.lo, s.weight(x.cpu.hi, x.gib.hi, 0) + missing.hi})
	}
	replicas[0].need = s.needOf(replicas, activity, true)
}

// surelyRunning are the replicas that are known to run.
func surelyRunning(replicas []*Work) []*Work {
	var sure []*Work
	for _, x := range replicas {
		if x.surelyRuns() {
			sure = append(sure, x)
		}
	}
	return sure
}

func (x *Work) surelyRuns() bool {
	st, ok := x.running.Get()
	return ok && st != inventory.Stopped
}

// weighLoose weighs work that may or may not be a replica of other work: without floors at the low end, with
// floors of its own on top at the high end. Beside a stray container, what is idle may be part of something active.
func (s *Stack) weighLoose(x *Work, replicas []*Work, stray bool) {
	activity := s.activity(replicas)
	// What may be a replica of it may leave open what its series or its clients decide, and may be busy where it is idle: only
	// counters of its own speak for it then.
	if stray && (activity == Idle || activity == Active && !s.opt.RunningIsActive && !s.countersShowUse(replicas)) {
		activity = ActivityUnknown
	}
	own := span{s.weight(x.cpu.lo, x.gib.lo, 0), s.weight(x.cpu.hi, x.gib.hi, 0)}
	if !x.shared { // of what spans hosts, floors would have to apply to the sum, which no host knows
		own.hi += s.weight(0, 0, 1)
	}
	x.settle(activity, own)
	if x.need = s.needOf([]*Work{x}, activity, false); !x.shared { // a workload of its own at most
		x.need[0].Hi = max(x.need[0].Hi, s.model.Thresholds.NeedFloorMilli)
		x.need[1].Hi = max(x.need[1].Hi, s.model.Thresholds.NeedFloorMiB)
		if activity == Idle {
			x.need = [2]Range{}
		}
	}
}

func (x *Work) settle(a Activity, w span) {
	if a == Active && !x.surelyRuns() {
		a = ActivityUnknown // its replicas are active; whether it is there at all is not known
	}
	x.Activity = a
	switch a {
	case Idle:
		w = span{}
	case ActivityUnknown:
		w.lo = 0
	}
	x.Weight = w.micro()
}
