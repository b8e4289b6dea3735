package plan

import (
	"fmt"
	"slices"

	"github.com/infraopt/infraopt/collect/inventory"
)

// Effort points of bringing one image in line with the others, a convention.
const standardiseEffort = 6

func standardiseOS() *Action {
	return &Action{
		Definition: Definition{ID: "standardise-os", Title: "Standardise operating systems", Effort: "6 for each machine",
			Why:  "Each operating system and version needs its own images, tests, patches and skills.",
			Risk: "software may not support the other version: test it there first", Reversible: true},
		touches: []string{uniform}, local: true,
		node: func(n *inventory.Node, c *scene) (*inventory.Node, []Subject) {
			id, ok := n.Machine.OS.ID.Get()
			version, ok2 := n.Machine.OS.Version.Get()
			style, ok3 := n.Machine.OS.Style.Get()
			most := c.customs.os
			if !ok || !ok2 || !ok3 || style == inventory.ImageBasedOS || most == [2]string{} || most == [2]string{id, version} || id == most[0] && newer(version, most[1]) || !n.Machine.Inside.IsAbsent() || !c.freeMachine(n) {
				return n, nil
			}
			out := *n
			out.Machine.OS.ID, out.Machine.OS.Version = inventory.Known(most[0]), inventory.Known(most[1])
			return &out, []Subject{machineSubject(n, standardiseEffort, fmt.Sprintf("runs %s %s; most machines run %s %s", id, version, most[0], most[1]))}
		},
		title: counted("Move %d machine to the operating system of most", "Move %d machines to the operating system of most"),
		next:  func(s []Subject) string { return "infraopt explain components.uniformity" },
	}
}

// machineSubject is a machine as the subject of an action.
func machineSubject(n *inventory.Node, effort float64, evidence string) Subject {
	name := n.Machine.Name.Or(n.Machine.ID)
	return Subject{ID: n.Machine.ID, Name: name, Machine: name, Class: "machine", Effort: effort, Evidence: evidence}
}

func standardiseHypervisors() *Action {
	return &Action{
		Definition: Definition{ID: "standardise-hypervisor", Title: "Standardise hypervisors", Effort: "6 for each host",
			Why:  "Each major version of a hypervisor has its own drivers, tools, support and limits on where a virtual machine can go.",
			Risk: "the host restarts: what it carries moves away before; drivers may have changed", Reversible: true},
		touches: []string{uniform}, local: true,
		node: func(n *inventory.Node, c *scene) (*inventory.Node, []Subject) {
			if len(n.Hypervisors) == 0 || !c.freeMachine(n) {
				return n, nil
			}
			var found []Subject
			out := n
			for i := range n.Hypervisors {
				h := &n.Hypervisors[i]
				version, ok := h.Version.Get()
				most := c.customs.hypervisors[h.Kind]
				if !ok || !newer(most, major(version)) { // another kind would be another place, and an older version a step back
					continue
				}
				if out == n {
					copied := *n
					copied.Hypervisors = slices.Clone(n.Hypervisors)
					out = &copied
				}
				out.Hypervisors[i].Version = inventory.Known(most)
				found = append(found, machineSubject(n, standardiseEffort, fmt.Sprintf("runs %s %s; most hosts with it run %s", h.Kind, version, most)))
			}
			return out, found
		},
		title:         counted("Upgrade the hypervisor of %d host to the version of most", "Upgrade the hypervisors of %d hosts to the version of most"),
		next:          func(s []Subject) string { return "infraopt explain components.uniformity" },
		prerequisites: []string{"the hardware is supported by that version"},
	}
}

func standardiseEngines() *Action {
	return &Action{
		Definition: Definition{ID: "standardise-engine", Title: "Standardise container engines", Effort: "6 for each machine",
			Why:  "Each container engine has its own command line, storage, patches and failures. Only engines that can stand in for each other are compared: those for people, and those for orchestrators.",
			Risk: "scripts and sockets that name the engine have to be changed", Reversible: true},
		touches: []string{uniform},
		node: func(n *inventory.Node, c *scene) (*inventory.Node, []Subject) {
			if len(n.Engines) == 0 || !c.freeMachine(n) {
				return n, nil
			}
			e := &n.Engines[0]
			to := c.customs.engines[familyOf(e.Kind)]
			if len(n.Engines) > 1 || to == "" || to == e.Kind {
				return n, nil // where several engines run, which keeps what would have to be sorted out by hand
			}
			from, kept := e.Kind, 0
			out := *n
			out.Engines, out.Containers, out.Images, out.Volumes = slices.Clone(n.Engines), slices.Clone(n.Containers), slices.Clone(n.Images), slices.Clone(n.Volumes)
			out.Engines[0].Kind, out.Engines[0].Version = to, inventory.Unknown[string]("the engine is planned", "")
			for i := range out.Containers {
				if out.Containers[i].Runtime.Or("") == from {
					out.Containers[i].Runtime = inventory.Known(to)
					kept++
				}
			}
			for i := range out.Images {
				if out.Images[i].Engine == from {
					out.Images[i].Engine = to
				}
			}
			for i := range out.Volumes {
				if out.Volumes[i].Engine == from {
					out.Volumes[i].Engine = to
				}
			}
			if kept == 0 {
				return n, nil
			}
			return &out, []Subject{machineSubject(n, standardiseEffort, fmt.Sprintf("its %d containers are kept by %s; most machines use %s", kept, from, to))}
		},
		title: counted("Move %d machine to the container engine of most", "Move %d machines to the container engine of most"),
		next:  func(s []Subject) string { return "infraopt explain components.uniformity" },
	}
}
