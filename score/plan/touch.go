package plan

import (
	"reflect"

	"github.com/infraopt/infraopt/collect/inventory"
)

// What a constraints file says nothing may touch is left out by every action.

// freeVM, freeContainer and freeWorkload report whether a thing may be touched; that its machine may be was found before.
func (c *scene) freeVM(v *inventory.GuestVM) bool {
	if c.rules == nil {
		return true
	}
	ok, _ := c.rules.Touchable(VMNames(v)...)
	return ok
}

func (c *scene) freeContainer(x *inventory.Container) bool {
	if c.rules == nil {
		return true
	}
	ok, _ := c.rules.Touchable(ContainerNames(x)...)
	return ok
}

func (c *scene) freeWorkload(w *inventory.Workload) bool {
	if c.rules == nil {
		return true
	}
	ok, _ := c.rules.Touchable(WorkloadNames(w)...)
	return ok
}

// freeMachine reports whether a machine may be changed as a whole: itself, and what stands on it.
func (c *scene) freeMachine(n *inventory.Node) bool { return c.rules == nil || c.rules.Held(n) == "" }

// rewriteFree is rewriteNode without machines that may not be touched, and what stands on them.
func (c *scene) rewriteFree(h *inventory.Node, f func(n *inventory.Node) *inventory.Node) *inventory.Node {
	return rewriteNode(h, c.unlessHeld(h, f))
}

// visitFree is rewriteFree for who does not want what comes of it.
func (c *scene) visitFree(h *inventory.Node, f func(n *inventory.Node) *inventory.Node) {
	f = c.unlessHeld(h, f)
	var visit func(n *inventory.Node)
	visit = func(n *inventory.Node) {
		n = f(n)
		for i := range n.VMs {
			if g := n.VMs[i].Guest; g != nil {
				visit(g)
			}
		}
	}
	visit(h)
}

// unlessHeld is f but for the machines of a tree that may not be touched.
func (c *scene) unlessHeld(h *inventory.Node, f func(n *inventory.Node) *inventory.Node) func(n *inventory.Node) *inventory.Node {
	if c.rules == nil {
		return f
	}
	held := map[*inventory.Node]bool{}
	c.hold(h, false, held)
	return func(n *inventory.Node) *inventory.Node {
		if held[n] {
			return n
		}
		return f(n)
	}
}

// hold notes the machines of a tree that may not be touched, or stand on one or in a virtual machine that may not.
func (c *scene) hold(n *inventory.Node, below bool, held map[*inventory.Node]bool) {
	ok, _ := c.rules.Touchable(MachineNames(&n.Machine)...)
	held[n] = below || !ok
	for i := range n.VMs {
		if g := n.VMs[i].Guest; g != nil {
			c.hold(g, held[n] || !c.freeVM(&n.VMs[i]), held)
		}
	}
}

// Breach says which thing that nothing may touch is other in a changed estate than before, or elsewhere, and by which rule;
// it is empty where there is none.
func (c *Constraints) Breach(before, after *inventory.Estate) string {
	if c == nil || len(c.fixPart) == 0 {
		return ""
	}
	now := map[string]*inventory.Node{}
	after.Walk(func(n *inventory.Node) { now[n.Machine.ID] = n })
	breach := ""
	var look func(n *inventory.Node, why string)
	look = func(n *inventory.Node, why string) {
		is := now[n.Machine.ID]
		if breach != "" || is == n {
			return
		}
		if why == "" {
			_, why = c.Touchable(MachineNames(&n.Machine)...)
		}
		if why != "" && (is == nil || !sameBut(n, is)) {
			breach = machineName(n) + " would change: " + why
			return
		}
		breach = c.breachOn(n, is)
		for i := range n.VMs {
			if g := n.VMs[i].Guest; g != nil && breach == "" {
				of := why
				if of == "" {
					_, of = c.Touchable(VMNames(&n.VMs[i])...)
				}
				look(g, of)
			}
		}
	}
	for _, h := range before.Hosts {
		look(h, "")
	}
	return breach
}

// sameBut reports whether two nodes are alike but for what is inside their guests.
func sameBut(a, b *inventory.Node) bool {
	x, y := *a, *b
	if len(x.VMs) != len(y.VMs) {
		return false
	}
	for i := range x.VMs {
		if !reflect.DeepEqual(x.VMs[i].VM, y.VMs[i].VM) {
			return false
		}
	}
	x.VMs, y.VMs = nil, nil
	return reflect.DeepEqual(x, y)
}

// breachOn looks at the things on a machine; is is what became of it, nil where it is gone.
func (c *Constraints) breachOn(n, is *inventory.Node) string {
	if is == nil {
		is = &inventory.Node{}
	}
	for i := range n.VMs {
		v := &n.VMs[i]
		if ok, why := c.Touchable(VMNames(v)...); !ok {
			if w := findVM(is, relocation{vm: true, id: v.ID}); w == nil || !reflect.DeepEqual(v.VM, w.VM) {
				return placed(n, v.Name.Or(v.ID)) + " would change: " + why
			}
		}
	}
	for i := range n.Containers {
		x := &n.Containers[i]
		if ok, why := c.Touchable(ContainerNames(x)...); !ok {
			if y := findContainer(is, relocation{id: x.ID}); y == nil || !reflect.DeepEqual(x, y) {
				return placed(n, x.Name.Or(short(x.ID))) + " would change: " + why
			}
		}
	}
	for i := range n.Workloads {
		w := &n.Workloads[i]
		if ok, why := c.Touchable(WorkloadNames(w)...); !ok {
			same := false
			for j := range is.Workloads {
				same = same || reflect.DeepEqual(w, &is.Workloads[j])
			}
			if !same {
				return placed(n, w.Name) + " would change: " + why
			}
		}
	}
	return ""
}
