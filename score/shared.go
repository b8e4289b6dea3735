package score

import (
	"github.com/infraopt/infraopt/collect/inventory"
)

// tallyShared adds the counts that belong to no single indicator: workloads, components, hosts, needs, frame.
func (s *Stack) tallyShared(t *Tally) {
	s.tallyWork(t)
	s.tallyComponents(t)
	s.tallyHost(t)
	var need [2]Range
	for _, x := range s.Works {
		need[0], need[1] = need[0].plus(x.need[0]), need[1].plus(x.need[1])
	}
	t.add(ofHosts, termNeedCPU, s.Zone, need[0])
	t.add(ofHosts, termNeedMemory, s.Zone, need[1])
	for _, p := range s.Places {
		seen := int64(0)
		if p.Node != nil && p.Node.Machine.Processes.IsKnown() && !p.Doubtful {
			seen = 1
		}
		t.add(ofFrame, "machines", "", Range{seen, 1})
	}
}

// Terms of the counts of work: its pieces, active and in all; and workloads, those of one host and those whose
// replicas may be on several.
const (
	termActive    = "active"
	termAll       = "all"
	termWorkloads = "workloads"
	termShared    = "shared"
)

// tallyWork counts active workloads. Replicas are one workload; a container that may be a replica of any other
// adds one at most; workloads that span hosts are counted by their key, once for all hosts.
func (s *Stack) tallyWork(t *Tally) {
	type group struct {
		place *Place
		key   string
	}
	counted := map[group]Range{}
	for _, x := range s.Works {
		active := Range{0, 1}
		switch x.Activity {
		case Active:
			active.Lo = 1
		case Idle:
			active.Hi = 0
		}
		t.add(ofWork, termActive, "", active)
		t.add(ofWork, termAll, "", Exact(1))
		if x.group == "" {
			t.add(ofWork, termWorkloads, "", Range{0, active.Hi})
			continue
		}
		g := group{x.Place, x.group}
		if x.shared {
			g.place = nil
		}
		was := counted[g]
		counted[g] = Range{max(was.Lo, active.Lo), max(was.Hi, active.Hi)}
	}
	for g, r := range counted {
		if g.place == nil {
			t.add(ofWork, termShared, g.key, r)
		} else {
			t.add(ofWork, termWorkloads, "", r)
		}
	}
}

func (s *Stack) tallyComponents(t *Tally) {
	for _, p := range s.Places {
		for class, r := range s.ComponentsOf(p) {
			t.add(ofComponents, class, "", r)
		}
	}
}

// ComponentsOf counts, by class, what has a life of its own in one place, without what stands in places above it.
func (s *Stack) ComponentsOf(p *Place) map[string]Range {
	out := map[string]Range{}
	add := func(class string, r Range) {
		if r != (Range{}) {
			out[class] = out[class].plus(r)
		}
	}
	maybe := Range{0, 1}
	image := Exact(1) // an operating system image runs here
	if p.Doubtful {
		image = maybe
	}
	if p.Node == nil {
		add("os-image", image)
		return out
	}
	m := &p.Node.Machine
	on, known := m.Powered.Get()
	switch {
	case !known, !m.Inside.IsAbsent():
		image.Lo = 0
	case !on:
		image = Range{}
	}
	osImage := "os-image"
	for _, h := range p.Node.Hypervisors {
		if separate, known := h.SeparateImage.Get(); known && separate {
			osImage = "hypervisor-image"
		}
	}
	add(osImage, image)
	if p.VM == nil {
		switch kind, known := m.Kind.Get(); {
		case !known, kind == inventory.Virtual: // a hypervisor and its server may stand below, unseen
			add("server", maybe)
			add("hypervisor-image", maybe)
		case kind == inventory.Physical:
			add("server", Exact(1))
		}
		kind, kindKnown := m.Kind.Get()
		switch class, known := m.Storage.Get(); {
		case kindKnown && kind == inventory.Cloud: // arrays below a cloud are the provider's
		case !known && !m.Storage.IsAbsent():
			add("unseen-array", maybe)
		case class != inventory.FCArray && class != inventory.IPArray:
		case kindKnown:
			add("unseen-array", Exact(1))
		default: // of a cloud it would be the provider's
			add("unseen-array", maybe)
		}
	}
	for i := range p.Node.Containers {
		c := &p.Node.Containers[i]
		st, running := c.State.Get()
		system, sure := c.System.Get()
		if running && st == inventory.Stopped || sure && !system {
			continue
		}
		r := maybe
		if running && sure && !p.Doubtful && on {
			r.Lo = 1
		}
		add("os-image", r)
	}
	return out
}

// SiteTally counts what belongs to the estate as a whole.
func SiteTally(e *inventory.Estate) *Tally {
	t := &Tally{}
	t.add(ofComponents, "storage-array", "", Exact(int64(len(e.Arrays))))
	t.add(ofComponents, "control-plane", "", Exact(int64(len(e.Clusters))))
	return t
}
