package plan

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// A unit is what moves from one host to another as a whole: a virtual machine with everything in it, or application
// containers that stand on the operating system of a host and share volumes.
type unit struct {
	name   string
	moves  []relocation // without the target
	class  string       // vm, container
	cpu    [24]int64    // thousandths of a core that it is given in each hour of the day (UTC)
	memory int64        // MiB
	needs  string       // what a host must have to carry it
	rules  []Rules      // on where it may run
	// apart are names of which no two units on one host may have the same: volumes, identities, rules of the user.
	apart   []string
	replica string // the workload that it is a replica of, where that spans hosts
	proven  bool   // its size rests on a utilisation series that is long enough; else on its allocation
	volumes []string
}

// A hostState is what a host is for those who want to empty it.
type hostState struct {
	node     *inventory.Node
	zone     string
	has      []string // what it offers to units, sorted
	capacity [2]int64 // thousandths of a core and MiB that may be filled
	units    []unit
	held     held   // by what cannot leave it
	blind    bool   // how much that is, is not known, or by what is known of it may be more than there is
	stays    string // why it cannot be emptied; empty where it can
	reason   string // and of what kind that is
	// untouchable says that nothing may be moved onto it either.
	untouchable bool
	rules       Rules // that name it
	off         bool  // known to be switched off: it is none of the hosts that there are
	// origin is the state that was surveyed. What has the same one differs in nothing that plans depend on.
	origin *hostState
}

// held is a demand in thousandths of a core and MiB.
type held struct{ cpu, memory int64 }

// survey says what of a host can move and what keeps it where it is. Whatever is not known keeps it: nothing is moved
// that was not seen, and no host is switched off on which something may run that nobody saw.
func survey(s *score.Stack, c *Constraints) *hostState {
	n, m := s.Host, &s.Host.Machine
	h := &hostState{node: n, zone: s.Zone}
	h.origin = h
	on, known := m.Powered.Get()
	if known && !on {
		h.off = true
		return h
	}
	cores, ok := m.Cores.Get()
	memory, ok2 := m.Memory.Get()
	th := &s.Model().Thresholds
	if ok && ok2 {
		h.capacity = [2]int64{int64(min(cores, th.CeilingCores) * 1000 * th.Headroom), int64(min(memory.GiB(), th.CeilingGiB) * 1024 * th.Headroom)}
	}
	h.offers()
	why := func(reason, format string, args ...any) {
		if h.stays == "" {
			h.reason, h.stays = reason, fmt.Sprintf(format, args...)
		}
	}
	switch {
	case !known:
		why("power not known", "whether it is switched on is not known")
	case !ok || !ok2:
		why("size not known", "its cores or its memory are not known")
	case !m.Inside.IsAbsent():
		why("not seen whole", "it was seen from inside a container")
	case !m.Processes.IsKnown():
		why("not seen whole", "its processes were not all seen")
	case !m.Containers.IsKnown():
		why("not seen whole", "its containers were not all seen")
	}
	if held := c.Held(n); held != "" {
		why("not to be touched", "%s", held)
	}
	ok, _ = c.Touchable(MachineNames(m)...)
	h.untouchable = !ok
	h.rules = c.Host(MachineNames(m)...)
	for _, r := range m.Roles {
		if r != "container-host" && r != "hypervisor" {
			why("has a role of its own", "it is a %s", r)
		}
	}
	for _, u := range m.StorageUse {
		if u.Role == inventory.StorageServer {
			why("serves storage", "it serves %s storage to others", u.Technology)
		}
	}
	h.processes(s, why)
	h.containers(s, c, why)
	h.vms(s, c, why)
	return h
}

// offers lists what units may ask of a host.
func (h *hostState) offers() {
	for i := range h.node.Hypervisors {
		h.has = append(h.has, "hypervisor "+family(h.node.Hypervisors[i].Kind))
	}
	for i := range h.node.Engines {
		h.has = append(h.has, "engine "+h.node.Engines[i].Kind)
	}
	slices.Sort(h.has)
	h.has = slices.Compact(h.has)
}

// hold takes what something that cannot leave needs; where that is not known, it may be all there is.
func (h *hostState) hold(cpu [24]int64, memory int64) {
	most := slices.Max(cpu[:])
	if cpu[0] < 0 {
		most, memory, h.blind = h.capacity[0], h.capacity[1], true
	}
	h.blind = h.blind || h.held.cpu+most > h.capacity[0] || h.held.memory+memory > h.capacity[1]
	h.held.cpu = min(h.held.cpu+most, h.capacity[0]) // more than there is is all there is
	h.held.memory = min(h.held.memory+memory, h.capacity[1])
}

// processes holds work that runs directly on the operating system of the host.
func (h *hostState) processes(s *score.Stack, why func(reason, format string, args ...any)) {
	for _, w := range s.Works {
		if w.Place.Below != nil || w.Container != nil {
			continue
		}
		why("work outside containers", "%s runs on it outside containers", w.Name)
		need := w.Need()
		h.hold(flat(need[0].Hi), need[1].Hi)
	}
}

// containers finds those that can move. Those of the infrastructure (agents, sandboxes) come and go with the host; those
// that are stopped move along and take nothing.
func (h *hostState) containers(s *score.Stack, cs *Constraints, why func(reason, format string, args ...any)) {
	var units []*unit
	for i := range h.node.Containers {
		c := &h.node.Containers[i]
		if c.Layer == inventory.Infrastructure {
			continue
		}
		name := c.Name.Or(short(c.ID))
		state, known := c.State.Get()
		stopped := known && state == inventory.Stopped && !keptByPolicy(c)
		cpu, memory, proven := sizeOf(s, &c.Demand, false, c.CPULimit, c.MemoryLimit)
		if stopped {
			cpu, memory, proven = flat(0), 0, true
		}
		switch {
		case !known:
			why("state not known", "whether container %s runs is not known", name)
		case c.System.Or(true):
			why("system container", "system container %s keeps it", name)
		case !c.Runtime.IsKnown():
			why("engine not known", "the engine of container %s is not known", name)
		case cpu[0] < 0:
			why("need not known", "what container %s needs is not known: it has no limits, and no utilisation series of a week", name)
		default:
			u := &unit{name: name, class: "container", moves: []relocation{{id: c.ID, from: h.node.Machine.ID}}, cpu: cpu, memory: memory,
				needs: "engine " + c.Runtime.Or(""), replica: c.Service.Or(""), proven: proven, volumes: c.Volumes}
			u.rule(cs, cs.Workload(ContainerNames(c)...))
			u.apart = append(u.apart, "container "+c.ID)
			for _, v := range c.Volumes {
				u.apart = append(u.apart, "volume "+c.Runtime.Or("")+" "+v)
			}
			units = u.join(units)
			continue
		}
		h.hold(cpu, memory)
	}
	for _, u := range units {
		h.units = append(h.units, *u)
	}
}

// join adds a unit to others of its host, as one with those that it shares volumes with.
func (u *unit) join(others []*unit) []*unit {
	apart := others[:0:0]
	for _, o := range others {
		if o.needs != u.needs || !slices.ContainsFunc(u.volumes, func(v string) bool { return slices.Contains(o.volumes, v) }) {
			apart = append(apart, o)
			continue
		}
		o.moves, o.rules, o.volumes = append(o.moves, u.moves...), append(o.rules, u.rules...), slices.Concat(o.volumes, u.volumes)
		o.apart = slices.Compact(slices.Sorted(slices.Values(slices.Concat(o.apart, u.apart))))
		for hour := range o.cpu {
			o.cpu[hour] += u.cpu[hour]
		}
		o.memory += u.memory
		o.proven = o.proven && u.proven
		o.replica = "" // it is more than a replica
		u = o
	}
	return append(apart, u)
}

// rule adds what the user said of where it may run.
func (u *unit) rule(c *Constraints, r Rules) {
	u.rules = append(u.rules, r)
	for _, n := range c.Apart(r) {
		u.apart = append(u.apart, ruleName+strconv.Itoa(n))
	}
}

// ruleName begins the name that keeps units apart by a rule of the user.
const ruleName = "rule "

// nameOf words a name that keeps units apart.
func (c *Constraints) nameOf(name string) string {
	if n, err := strconv.Atoi(strings.TrimPrefix(name, ruleName)); err == nil && strings.HasPrefix(name, ruleName) {
		return c.Why(n)
	}
	return "same " + name
}

// vms finds the virtual machines. One that is shut off moves along and takes nothing.
func (h *hostState) vms(s *score.Stack, cs *Constraints, why func(reason, format string, args ...any)) {
	kinds := map[string]string{}
	for i := range h.node.Hypervisors {
		v := &h.node.Hypervisors[i]
		kinds[v.ID] = family(v.Kind)
		if !v.VMs.IsKnown() {
			why("not seen whole", "its hypervisor may have more virtual machines than were seen")
		}
	}
	for i := range h.node.VMs {
		v := &h.node.VMs[i]
		name := v.Name.Or(v.ID)
		kind, ok := kinds[v.Hypervisor]
		state, known := v.State.Get()
		cpu, memory, proven := sizeOf(s, &v.Demand, true, v.VCPUs, v.Memory)
		if known && state == inventory.Stopped {
			cpu, memory, proven = flat(0), 0, true
		}
		switch {
		case !known:
			why("state not known", "whether virtual machine %s runs is not known", name)
		case !ok:
			why("hypervisor not known", "the hypervisor of virtual machine %s is not known", name)
		case cpu[0] < 0:
			why("need not known", "what virtual machine %s was given is not known", name)
		default:
			u := unit{name: name, class: "vm", moves: []relocation{{vm: true, id: v.ID, from: h.node.Machine.ID}}, cpu: cpu, memory: memory,
				needs: "hypervisor " + kind, proven: proven, apart: []string{"vm " + vmKey(&v.VM)}}
			u.rule(cs, cs.Workload(VMNames(v)...))
			h.units = append(h.units, u)
			continue
		}
		h.hold(cpu, memory)
	}
}

// sizeOf is what something that moves has to be given elsewhere, in thousandths of a core by hour and in MiB: what it
// needs by a utilisation series that is long enough, in each hour of the day where that is known, else all that it may take, which it cannot exceed wherever it is.
// Where neither is known the first hour is −1.
func sizeOf(s *score.Stack, d *inventory.Demand, vm bool, cores inventory.Reading[float64], memory inventory.Reading[inventory.Bytes]) (cpu [24]int64, mib int64, proven bool) {
	c, ok := cores.Get()
	b, ok2 := memory.Get()
	m := s.Model()
	if m.Basis(d) == score.Proven {
		th := &m.Thresholds
		most := [2]float64{th.CeilingCores, th.CeilingGiB}
		if ok {
			most[0] = c
		}
		if ok2 {
			most[1] = b.GiB()
		}
		need := s.NeedOf(d, vm, most[0], most[1], true, false)
		if hours, ok := m.HourSizes(d, most[0]); ok {
			return hours, need[1].Hi, true
		}
		return flat(need[0].Hi), need[1].Hi, true
	}
	if !ok || !ok2 {
		return flat(-1), 0, false
	}
	return flat(int64(c * 1000)), int64(b.GiB() * 1024), false
}

func flat(milli int64) (out [24]int64) {
	for i := range out {
		out[i] = milli
	}
	return out
}
