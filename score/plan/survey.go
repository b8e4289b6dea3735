package plan

import (
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// A Sighting is one thing that an action would change, on the estate as it is.
type Sighting struct {
	Action string // ID
	Subject
	Label     string   // for people, as recommendations name the subject
	Host      string   // ID of the lowest machine that it stands on
	MachineID string   // of the machine that has it, or that it is
	Key       string   // what it is called on that machine, whatever the program that lists it calls it today
	Seen      []string // targets that showed it
	Unknown   []string // facts of it that are not known
}

// Surveyed lists the IDs of the actions that Survey asks, in their order.
func Surveyed() []string {
	var out []string
	for _, a := range surveyed() {
		out = append(out, a.ID)
	}
	return out
}

// FoundIn lists the classes of things in which some of the actions that Survey asks find theirs, in order.
func FoundIn(some func(action string) bool) []string {
	var out []string
	for _, a := range surveyed() {
		if some(a.ID) {
			out = append(out, a.finds...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// surveyed are the actions that find something on a host. Which hosts could go is no finding, but a plan.
func surveyed() []*Action {
	return slices.DeleteFunc(append(actions(), watched()...), func(a *Action) bool { return a.node == nil })
}

// Survey lists everything that actions would change, each asked by itself on the estate as it is: nothing is rated, packed or
// put in order. What one would remove is nothing that the others would change. Equal estates give equal lists, in the order
// of the actions and then of the hosts.
func Survey(e *inventory.Estate, m *score.Model, req Request) []Sighting {
	e = m.InScope(e, req.Now)
	customs := customsOf(e, m.ZoneOf, req.Constraints)
	acts := surveyed()
	byHost := make([][][]Sighting, len(e.Hosts))
	each(len(e.Hosts), func(i int) {
		h := e.Hosts[i]
		sc := newScene(h, m, req.Options, customs, req.Constraints)
		sc.asks = true
		byHost[i] = make([][]Sighting, len(acts))
		gone, goneMachines := map[identity]bool{}, map[string]bool{}
		for k, act := range acts {
			sc.visitFree(h, func(n *inventory.Node) *inventory.Node {
				if goneMachines[n.Machine.ID] {
					return n
				}
				changed, subjects := act.node(n, sc)
				byHost[i][k] = slices.Grow(byHost[i][k], len(subjects))
				for j := range subjects {
					s := &subjects[j]
					id := identity{s.Class, n.Machine.ID, s.Engine, s.ID}
					if gone[id] {
						continue
					}
					if act.removes {
						gone[id] = true
						if s.Class == "vm" {
							withGuests(n, s.ID, goneMachines)
						}
					}
					x := Sighting{Action: act.ID, Subject: *s, Host: h.Machine.ID, MachineID: n.Machine.ID, Key: keyOf(n, s)}
					x.Seen, x.Unknown = shown(n, s)
					byHost[i][k] = append(byHost[i][k], x)
				}
				return changed
			})
		}
	})
	total := 0
	for i := range byHost {
		for k := range acts {
			total += len(byHost[i][k])
		}
	}
	out := make([]Sighting, 0, total)
	for k := range acts {
		first := len(out)
		for i := range byHost {
			out = append(out, byHost[i][k]...)
		}
		same := out[first:]
		for i, label := range labels(len(same), func(i int) *Subject { return &same[i].Subject }) {
			same[i].Label = label
		}
	}
	return out
}

// identity tells one subject from another.
type identity struct{ class, machine, engine, id string }

// withGuests notes the machines in a virtual machine.
func withGuests(n *inventory.Node, vm string, gone map[string]bool) {
	for i := range n.VMs {
		if g := n.VMs[i].Guest; n.VMs[i].ID == vm && g != nil {
			g.Walk(func(x *inventory.Node) { gone[x.Machine.ID] = true })
		}
	}
}

// keyOf is what a subject is called for as long as it is the same to people: a container that is made anew, with another ID,
// keeps its name.
func keyOf(n *inventory.Node, s *Subject) string {
	id := strings.ReplaceAll(s.ID, n.Machine.ID, "")
	if s.Class == "container" {
		id = s.Name
	}
	return strings.TrimSpace(s.Engine + " " + id)
}

// A thing is what a subject is, as far as a survey asks.
type thing struct {
	seen    []string
	unknown func() []string // readings
}

// eachThing calls f for everything of a class on a machine, with what there is of it as a subject, until it says no.
func eachThing(n *inventory.Node, class string, f func(s Subject, x thing) bool) {
	call := func(id, engine, name string, x thing) bool {
		return f(Subject{ID: id, Name: name, Class: class, Engine: engine}, x)
	}
	switch class {
	case "container":
		for i := range n.Containers {
			if c := &n.Containers[i]; !call(c.ID, c.Runtime.Or(""), c.Name.Or(short(c.ID)), thing{c.Seen, func() []string { return inventory.Unknowns(c) }}) {
				return
			}
		}
	case "vm":
		for i := range n.VMs {
			if v := &n.VMs[i]; !call(v.ID, "", "", thing{v.Seen, func() []string { return inventory.Unknowns(&v.VM) }}) {
				return
			}
		}
	case "image":
		for i := range n.Images {
			if m := &n.Images[i]; !call(m.ID, m.Engine, "", thing{m.Seen, func() []string { return inventory.Unknowns(m) }}) {
				return
			}
		}
	case "volume":
		for i := range n.Volumes {
			if v := &n.Volumes[i]; !call(v.Name, v.Engine, "", thing{v.Seen, func() []string { return inventory.Unknowns(v) }}) {
				return
			}
		}
	case "workload":
		for i := range n.Workloads {
			if w := &n.Workloads[i]; !call(w.ID, "", "", thing{w.Seen, func() []string { return inventory.Unknowns(w) }}) {
				return
			}
		}
	}
}

// shown lists the targets that showed a subject, and what is not known of it.
func shown(n *inventory.Node, s *Subject) (seen, unknown []string) {
	eachThing(n, s.Class, func(is Subject, x thing) bool {
		if is.ID == s.ID {
			seen, unknown = x.seen, x.unknown()
		}
		return is.ID != s.ID
	})
	if len(seen) == 0 {
		seen = n.Machine.Seen
	}
	return seen, unknown
}

// Unknown lists the facts of a thing on a machine, named as in a Sighting, that are not known. A machine is on itself.
func Unknown(n *inventory.Node, class, key string) (facts []string, there bool) {
	eachThing(n, class, func(is Subject, x thing) bool {
		if keyOf(n, &is) != key {
			return true
		}
		facts, there = x.unknown(), true
		return false
	})
	return facts, there || class == "machine"
}
