package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
)

func immutableOS() *Action {
	return &Action{
		Definition: Definition{ID: "immutable-os", Title: "Move container hosts to an immutable operating system", Effort: "8 for each machine",
			Why:  "A machine that only runs containers needs no package manager: an image-based system is updated, and rolled back, as a whole.",
			Risk: "agents and drivers that are installed as packages need another way in", Reversible: true},
		touches: []string{"containers.minimal-os", managed, uniform}, local: true,
		node: func(n *inventory.Node, sc *scene) (*inventory.Node, []Subject) {
			containers := 0
			for i := range n.Containers {
				if c := &n.Containers[i]; c.State.Or("") == inventory.Running && !c.System.Or(true) {
					containers++
				}
			}
			other := 0
			for i := range n.Workloads {
				if n.Workloads[i].Layer != inventory.Infrastructure {
					other++
				}
			}
			style, known := n.Machine.OS.Style.Get()
			if containers == 0 || other > 0 || len(n.VMs) > 0 || !known || style == inventory.ImageBasedOS || !n.Machine.Processes.IsKnown() || !sc.freeMachine(n) {
				return n, nil
			}
			out := *n
			out.Machine.OS.Style = inventory.Known(inventory.ImageBasedOS)
			if m, ok := n.Machine.Management.Get(); !ok || m != inventory.GitOps {
				out.Machine.Management = inventory.Known(inventory.ImageManaged)
			}
			name := n.Machine.Name.Or(n.Machine.ID)
			return &out, []Subject{{ID: n.Machine.ID, Name: name, Machine: name, Class: "machine", Effort: 8, Blockers: agentsOn(n),
				Evidence: fmt.Sprintf("runs %d containers and nothing else on %s", containers, strings.TrimSpace(n.Machine.OS.ID.Or("")+" "+n.Machine.OS.Version.Or("")))}}
		},
		title:         counted("Move %d container host to an immutable operating system", "Move %d container hosts to an immutable operating system"),
		next:          func([]Subject) string { return "infraopt explain containers.minimal-os" },
		prerequisites: []string{"everything on the machine runs in containers"},
	}
}

func containerise(r inventory.Readiness) *Action {
	effort := map[inventory.Readiness]float64{inventory.Ready: 8, inventory.ReadyWithWork: 16, inventory.Hard: 40}[r]
	id := map[inventory.Readiness]string{inventory.Ready: "containerise-ready", inventory.ReadyWithWork: "containerise-with-work", inventory.Hard: "containerise-hard"}[r]
	return &Action{
		Definition: Definition{ID: id, Title: fmt.Sprintf("Containerise workloads that are %s", r), Effort: fmt.Sprintf("%g for each", effort),
			Why:  "In a container the work no longer depends on the operating system that it shares, and can be placed anywhere.",
			Risk: "the isolation of an operating system of its own goes away where it had one", Reversible: true},
		finds: []string{"workload"},
		node: func(n *inventory.Node, sc *scene) (*inventory.Node, []Subject) {
			if !n.Machine.Inside.IsAbsent() {
				return n, nil
			}
			var found []Subject
			var made []inventory.Container
			engine, have := "docker", false
			for _, e := range n.Engines {
				if e.Kind == "docker" || e.Kind == "podman" {
					engine, have = e.Kind, true
					break
				}
			}
			kept := keep(n.Workloads, func(w *inventory.Workload) bool {
				if v, ok := w.Readiness.Get(); w.Layer == inventory.Infrastructure || !ok || v != r || !sc.freeWorkload(w) {
					return true
				}
				found = append(found, Subject{ID: w.ID, Name: w.Name, Machine: n.Machine.Name.Or(n.Machine.ID), Class: "workload", Unit: w.Unit, Effort: effort, Evidence: readiness(w), Blockers: blockersOf(w), Isolation: boundaryOf(n)})
				made = append(made, asContainer(w, engine))
				return false
			})
			if len(found) == 0 {
				return n, nil
			}
			out := *n
			out.Workloads = kept
			out.Containers = slices.Concat(n.Containers, made)
			if !have {
				out.Engines = append(slices.Clone(n.Engines), inventory.Engine{ID: "planned-" + engine, Machine: n.Machine.ID, Kind: engine,
					Inventory: inventory.Known(true), BuildCache: inventory.Absent[inventory.Bytes](), Cluster: inventory.Absent[string]()})
			}
			return &out, found
		},
		title: func(s []Subject) string {
			return fmt.Sprintf("Containerise %s (%s)", names(s), r)
		},
		next: func(s []Subject) string {
			if s[0].Unit != "" {
				return "systemctl cat " + quote(s[0].Unit)
			}
			return "ps -fC " + quote(s[0].Name)
		},
		assumes: "readiness is judged from outside",
	}
}

// blockersOf names what of a workload stands in the way of a container.
func blockersOf(w *inventory.Workload) []string {
	var out []string
	for _, f := range w.Findings {
		if f.Severity == inventory.Blocker {
			out = append(out, f.Text)
		}
	}
	return out
}

// boundaryOf says what work on a machine has for itself until it is a container among others.
func boundaryOf(n *inventory.Node) string {
	alone := 0
	for i := range n.Workloads {
		if n.Workloads[i].Layer != inventory.Infrastructure {
			alone++
		}
	}
	switch {
	case alone == 1 && n.Machine.Kind.Or("") == inventory.Virtual:
		return "a virtual machine of its own"
	case alone == 1:
		return "an operating system of its own"
	}
	return ""
}

// agentsOn names agents that were installed beside the containers of a machine, which an immutable system cannot take as
// packages.
func agentsOn(n *inventory.Node) []string {
	var out []string
	for i := range n.Workloads {
		if w := &n.Workloads[i]; w.Function != "" && w.Layer == inventory.Infrastructure {
			out = append(out, w.Name+" is installed as a package")
		}
	}
	return out
}

// judgeWorkloads asks for what is not known of workloads before anybody can say what containers would take. It is no step
// of the roadmap: it changes nothing but what is known.
func judgeWorkloads() *Action {
	return &Action{
		Definition: Definition{ID: "judge-workloads", Title: "Look at workloads whose readiness for containers is not known", Effort: "1 for each machine",
			Why:  "What they hold on to (devices, shared memory, files) was not seen, so no advice is given on them.",
			Risk: "none", Reversible: true},
		finds: []string{"workload"},
		node: func(n *inventory.Node, _ *scene) (*inventory.Node, []Subject) {
			var found []Subject
			for i := range n.Workloads {
				w := &n.Workloads[i]
				if w.Layer == inventory.Infrastructure || !w.Readiness.IsUnknown() || w.Readiness.Remedy() == "" || !n.Machine.Inside.IsAbsent() {
					continue
				}
				effort := 0.0
				if len(found) == 0 { // one look at a machine shows all of it
					effort = 1
				}
				found = append(found, Subject{ID: w.ID, Name: w.Name, Machine: n.Machine.Name.Or(n.Machine.ID), Class: "workload", Unit: w.Unit, Effort: effort,
					Evidence: "readiness not known: " + w.Readiness.Why() + "; " + w.Readiness.Remedy()})
			}
			return n, found
		},
		title: counted("Look at %d workload whose readiness for a container is not known", "Look at %d workloads whose readiness for containers is not known"),
		next:  func([]Subject) string { return "sudo infraopt assess host:" },
	}
}

// asContainer is the workload as a container with a restart policy: same use, same need.
func asContainer(w *inventory.Workload, engine string) inventory.Container {
	return inventory.Container{
		ID: "planned:" + w.ID, Machine: w.Machine, Runtime: inventory.Known(engine), Name: inventory.Known(w.Name),
		Image: inventory.Known("planned/" + w.ID), ImageID: inventory.Known("planned/" + w.ID), State: inventory.Known(inventory.Running),
		System: inventory.Known(false), RestartPolicy: inventory.Known("unless-stopped"), Manager: inventory.Known(inventory.ManagedByPolicy),
		ComposeProject: inventory.Absent[string](), ComposeService: inventory.Absent[string](), Service: inventory.Absent[string](),
		CPULimit: inventory.Absent[float64](), MemoryLimit: inventory.Absent[inventory.Bytes](), Layer: w.Layer, Role: w.Role,
		Usage: w.Usage, Demand: w.Demand, Seen: w.Seen,
	}
}

func readiness(w *inventory.Workload) string {
	var parts []string
	for _, f := range w.Findings {
		parts = append(parts, string(f.Severity)+": "+f.Text+" ("+f.Source+")")
	}
	if len(parts) == 0 {
		return string(w.Readiness.Or("")) + ": no blocker or warning was found"
	}
	return string(w.Readiness.Or("")) + ": " + strings.Join(parts, "; ")
}

func declareContainers() *Action {
	return &Action{
		Definition: Definition{ID: "declare-containers", Title: "Declare containers in Compose or Quadlet files", Effort: "12 in all, and 1 for each container",
			Why:  "A container that was started by hand is gone after the next reboot, and nobody knows how it was started.",
			Risk: "low: the same container is started again from a file", Reversible: true},
		once:    12,
		touches: []string{orchestrated}, local: true,
		finds: []string{"container"},
		node: func(n *inventory.Node, sc *scene) (*inventory.Node, []Subject) {
			return manage(n, sc, inventory.ManagedByCompose, 1, func(m inventory.Manager) bool { return m == inventory.ManagedByHand })
		},
		title: counted("Declare %d container that was started by hand in a Compose file", "Declare %d containers that were started by hand in Compose files"),
		next:  engineCommand("inspect"),
	}
}

func adoptOrchestrator() *Action {
	return &Action{
		Definition: Definition{ID: "adopt-orchestrator", Title: "Adopt an orchestrator", Effort: "24 in all, and 1 for each container",
			Why:  "An orchestrator places, heals and scales declared services without hands.",
			Risk: "a control plane is one more component, and state needs storage that can follow", Reversible: true},
		once:    24,
		touches: []string{orchestrated, "software-defined.compute"}, local: true,
		finds: []string{"container"},
		node: func(n *inventory.Node, sc *scene) (*inventory.Node, []Subject) {
			return manage(n, sc, inventory.ManagedBySwarm, 1, func(m inventory.Manager) bool {
				return m == inventory.ManagedByHand || m == inventory.ManagedByPolicy || m == inventory.ManagedByCompose || m == inventory.ManagedByQuadlet
			})
		},
		site: func(e *inventory.Estate) *inventory.Estate {
			for _, c := range e.Clusters {
				if c.Orchestrates {
					return e
				}
			}
			out := *e
			out.Clusters = append(slices.Clone(e.Clusters), inventory.Cluster{ID: "planned-cluster", Kind: "swarm", Orchestrates: true})
			return &out
		},
		title:         counted("Bring %d container under an orchestrator", "Bring %d containers under an orchestrator"),
		next:          func([]Subject) string { return "docker swarm init" },
		prerequisites: []string{"the containers are declared in files", "state is on volumes that can follow"},
	}
}

func manage(n *inventory.Node, sc *scene, by inventory.Manager, effort float64, pick func(inventory.Manager) bool) (*inventory.Node, []Subject) {
	var found []Subject
	out := n
	for i := range n.Containers {
		c := &n.Containers[i]
		m, ok := c.Manager.Get()
		if c.State.Or("") != inventory.Running || c.Layer == inventory.Infrastructure || c.System.Or(true) || !ok || !pick(m) || !sc.freeContainer(c) {
			continue
		}
		if out == n && !sc.asks {
			copied := *n
			copied.Containers = slices.Clone(n.Containers)
			out = &copied
		}
		if !sc.asks {
			out.Containers[i].Manager = inventory.Known(by)
		}
		found = append(found, Subject{ID: c.ID, Name: c.Name.Or(short(c.ID)), Machine: n.Machine.Name.Or(n.Machine.ID), Class: "container", Engine: c.Runtime.Or(""), Effort: effort, Evidence: "is managed by " + string(m)})
	}
	return out, found
}
