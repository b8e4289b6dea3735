package plan

import (
	"slices"

	"github.com/infraopt/infraopt/collect/inventory"
)

// shielded does an action on a machine but leaves alone what the user said is not to be touched: it is out of sight of
// the action, with the images and volumes that it needs, and is put back at its place afterwards.
func shielded(c *Constraints, n *inventory.Node, act func(n *inventory.Node) (*inventory.Node, []Subject)) (*inventory.Node, []Subject) {
	if c == nil || len(c.NeverTouch) == 0 {
		return act(n)
	}
	s := shield{constraints: c}
	out, found := act(s.hide(n))
	whole := func(s Subject) bool { return s.Class == "machine" }
	if len(found) == 0 || slices.ContainsFunc(found, whole) && c.Held(n) != "" { // a new system is new for all that stands on it
		return n, nil
	}
	if s.hidden == 0 {
		return out, found
	}
	back := *out
	back.VMs = restore(n.VMs, out.VMs, s.vm, func(v *inventory.GuestVM) string { return v.ID })
	back.Containers = restore(n.Containers, out.Containers, s.container, func(c *inventory.Container) string { return c.ID })
	back.Workloads = restore(n.Workloads, out.Workloads, s.workload, func(w *inventory.Workload) string { return w.ID })
	back.Images = restore(n.Images, out.Images, s.image, func(i *inventory.Image) string { return i.Engine + "\x00" + i.ID })
	back.Volumes = restore(n.Volumes, out.Volumes, s.volume, func(v *inventory.Volume) string { return v.Engine + "\x00" + v.Name })
	return &back, found
}

// untouchable notes the machines of a tree that are not to be touched, or stand on what is not.
func (c *Constraints) untouchable(n *inventory.Node, out map[string]bool) {
	if ok, _ := c.Touchable(MachineNames(&n.Machine)...); !ok {
		n.Walk(func(n *inventory.Node) { out[n.Machine.ID] = true })
		return
	}
	for i := range n.VMs {
		v := &n.VMs[i]
		if v.Guest == nil {
			continue
		}
		if ok, _ := c.Touchable(VMNames(v)...); !ok {
			v.Guest.Walk(func(n *inventory.Node) { out[n.Machine.ID] = true })
			continue
		}
		c.untouchable(v.Guest, out)
	}
}

// A shield knows what of a machine is not to be touched.
type shield struct {
	constraints *Constraints
	images      map[string]bool // by ID, of containers that are not to be touched
	volumes     map[string]bool // by name
	blind       bool            // one of them has an image that is not known
	hidden      int
}

func (s *shield) vm(v *inventory.GuestVM) bool {
	ok, _ := s.constraints.Touchable(VMNames(v)...)
	return !ok || v.Guest != nil && s.constraints.Held(v.Guest) != ""
}

func (s *shield) container(c *inventory.Container) bool {
	ok, _ := s.constraints.Touchable(ContainerNames(c)...)
	return !ok
}

func (s *shield) workload(w *inventory.Workload) bool {
	ok, _ := s.constraints.Touchable(WorkloadNames(w)...)
	return !ok
}

func (s *shield) image(i *inventory.Image) bool   { return s.blind || s.images[i.ID] }
func (s *shield) volume(v *inventory.Volume) bool { return s.volumes[v.Name] }

// hide gives the machine without what is not to be touched; the machine itself where all may be.
func (s *shield) hide(n *inventory.Node) *inventory.Node {
	s.images, s.volumes = map[string]bool{}, map[string]bool{}
	out := *n
	out.VMs = without(n.VMs, s.vm, func(*inventory.GuestVM) { s.hidden++ })
	out.Workloads = without(n.Workloads, s.workload, func(*inventory.Workload) { s.hidden++ })
	out.Containers = without(n.Containers, s.container, func(c *inventory.Container) {
		s.hidden++
		image, known := c.ImageID.Get()
		s.images[image] = true
		s.blind = s.blind || !known
		for _, v := range c.Volumes {
			s.volumes[v] = true
		}
	})
	if s.hidden == 0 {
		return n
	}
	out.Images = without(n.Images, s.image, func(*inventory.Image) {})
	out.Volumes = without(n.Volumes, s.volume, func(*inventory.Volume) {})
	return &out
}

// restore puts what was hidden back: what there was in its order, then what is new.
func restore[T any](was, now []T, hidden func(*T) bool, id func(*T) string) []T {
	at := make(map[string]int, len(now))
	for i := range now {
		at[id(&now[i])] = i
	}
	out := make([]T, 0, len(was)+len(now))
	placed := make([]bool, len(now))
	for i := range was {
		if hidden(&was[i]) {
			out = append(out, was[i])
		} else if j, ok := at[id(&was[i])]; ok && !placed[j] {
			out, placed[j] = append(out, now[j]), true
		}
	}
	for j := range now {
		if !placed[j] {
			out = append(out, now[j])
		}
	}
	return slices.Clip(out)
}
