package inventory

// Lists reports whether everything of a class on the machine is known to be listed: container, image or volume of an engine
// (of any where it is empty), vm or workload. Partial says that somebody who showed the machine could not show all: then
// what would list things, and is not there itself, proves nothing. Of other classes nothing is listed.
func (n *Node) Lists(class, engine string, partial bool) bool {
	switch class {
	case "workload":
		return n.Machine.Processes.IsKnown()
	case "vm":
		for i := range n.Hypervisors {
			if vms, ok := n.Hypervisors[i].VMs.Get(); !ok || vms > len(n.VMs) {
				return false
			}
		}
		return len(n.Hypervisors) > 0 || !partial
	case "container", "image", "volume":
		some := false
		for i := range n.Engines {
			if e := &n.Engines[i]; engine == "" || e.Kind == engine {
				some = true
				if !e.Inventory.Or(false) {
					return false
				}
			}
		}
		return some || !partial
	}
	return true
}
