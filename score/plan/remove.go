package plan

import (
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// The removals: what serves nothing goes first. It is the easiest to do and usually its owner's own.

const removeEffort = 1

func removeIdleVMs() *Action {
	return &Action{
		Definition: Definition{ID: "remove-idle-vm", Title: "Remove idle virtual machines", Effort: "1 for each",
			Why:  "An idle virtual machine keeps an operating system to patch, and memory that nobody else can use.",
			Risk: "somebody may need it once a quarter: power it off for thirty days first", Reversible: false},
		removes: true,
		finds:   []string{"vm"},
		node: func(n *inventory.Node, c *scene) (*inventory.Node, []Subject) {
			return dropVMs(n, c, func(v *inventory.GuestVM) (Subject, bool) {
				if v.State.Or("") != inventory.Running || !c.idle(n, v) {
					return Subject{}, false
				}
				return Subject{Evidence: "runs for a week or more with less than .005 core and 5 MB of network a day"}, true
			})
		},
		title: counted("Remove %d idle virtual machine", "Remove %d idle virtual machines"),
		next:  vmCommand("virsh shutdown %s", "infraopt explain remove-idle-vm"),
	}
}

// idle reports whether everything in a virtual machine is known to be idle, and something is known of it.
func (c *scene) idle(on *inventory.Node, v *inventory.GuestVM) bool {
	if v.Guest == nil {
		return c.activity[on.Machine.ID+"/"+v.ID] == score.Idle
	}
	works, idle := 0, true
	for _, w := range c.stack.Works {
		for p := w.Place; p != nil; p = p.Below {
			if p.Node == v.Guest {
				works++
				idle = idle && w.Activity == score.Idle
			}
		}
	}
	return works > 0 && idle
}

func removeStoppedVMs() *Action {
	return &Action{
		Definition: Definition{ID: "remove-stopped-vm", Title: "Remove virtual machines that are shut off", Effort: "1 for each",
			Why:  "A virtual machine that nobody starts still holds its disks, its backups and a place in every list.",
			Risk: "its disks are lost unless they are kept: export it first", Reversible: false},
		removes: true, touches: []string{},
		finds: []string{"vm"},
		node: func(n *inventory.Node, c *scene) (*inventory.Node, []Subject) {
			return dropVMs(n, c, func(v *inventory.GuestVM) (Subject, bool) {
				if v.State.Or("") != inventory.Stopped {
					return Subject{}, false
				}
				s := Subject{Evidence: "is shut off"}
				for _, d := range v.Disks {
					s.Bytes += d.Allocated.Or(0)
				}
				return s, true
			})
		},
		title: counted("Remove %d virtual machine that is shut off", "Remove %d virtual machines that are shut off"),
		next:  vmCommand("virsh undefine %s", "infraopt explain remove-stopped-vm"),
	}
}

func dropVMs(n *inventory.Node, sc *scene, pick func(*inventory.GuestVM) (Subject, bool)) (*inventory.Node, []Subject) {
	var found []Subject
	kept := keep(n.VMs, func(v *inventory.GuestVM) bool {
		s, ok := pick(v)
		if ok = ok && sc.freeVM(v) && (v.Guest == nil || sc.freeMachine(v.Guest)); ok {
			s.ID, s.Name, s.Machine, s.Class, s.Effort = v.ID, v.Name.Or(v.ID), n.Machine.Name.Or(n.Machine.ID), "vm", removeEffort
			s.On = kindOfHypervisor(n, v)
			found = append(found, s)
		}
		return !ok
	})
	if len(found) == 0 {
		return n, nil
	}
	out := *n
	out.VMs = kept
	return &out, found
}

// keep gives the elements that are wanted; the list itself where all are. It never changes the list. Entities are large:
// none is copied for being looked at.
func keep[T any](list []T, wanted func(*T) bool) []T {
	out, whole := list, true
	for i := range list {
		switch ok := wanted(&list[i]); {
		case ok && !whole:
			out = append(out, list[i])
		case !ok && whole:
			whole = false
			out = append(make([]T, 0, len(list)-1), list[:i]...)
		}
	}
	return out
}

// sift is keep where the list will be of use; where nobody but asks, every element is looked at, and it stays as it is.
func sift[T any](sc *scene, list []T, wanted func(*T) bool) []T {
	if !sc.asks {
		return keep(list, wanted)
	}
	for i := range list {
		wanted(&list[i])
	}
	return list
}

// kindOfHypervisor is the kind of the hypervisor that runs a virtual machine; empty where it is not listed.
func kindOfHypervisor(n *inventory.Node, v *inventory.GuestVM) string {
	for i := range n.Hypervisors {
		if h := &n.Hypervisors[i]; h.ID == v.Hypervisor {
			return h.Kind
		}
	}
	return ""
}

func removeStoppedContainers() *Action {
	return &Action{
		Definition: Definition{ID: "remove-stopped-container", Title: "Remove stopped containers", Effort: "1 for each",
			Why:  "A stopped container keeps its writable layer on disk and its image in use.",
			Risk: "what was written in the container and not to a volume is lost", Reversible: false},
		removes: true, touches: []string{stored},
		finds: []string{"container"},
		node: func(n *inventory.Node, sc *scene) (*inventory.Node, []Subject) {
			return dropContainers(n, sc, func(c *inventory.Container) (string, bool) {
				return "is " + c.Status.Or("stopped"), c.State.Or("") == inventory.Stopped && !keptByPolicy(c)
			})
		},
		title: counted("Remove %d stopped container", "Remove %d stopped containers"),
		next:  engineCommand("rm"),
	}
}

// keptByPolicy reports whether something would, or may, start a stopped container again: then it is broken, not unused.
func keptByPolicy(c *inventory.Container) bool {
	return c.RestartPolicy.IsUnknown() || c.RestartPolicy.Or("") == "always"
}

func removeIdleWork() *Action {
	return &Action{
		Definition: Definition{ID: "remove-idle-workload", Title: "Remove idle containers and services", Effort: "1 for each",
			Why:  "Work that nobody uses still has to be patched, scanned and watched.",
			Risk: "somebody may need it once a quarter: stop it for thirty days first", Reversible: true},
		removes: true,
		finds:   []string{"container", "workload"},
		node: func(n *inventory.Node, sc *scene) (*inventory.Node, []Subject) {
			idle := func(id string) bool { return sc.activity[n.Machine.ID+"/"+id] == score.Idle }
			out, found := dropContainers(n, sc, func(c *inventory.Container) (string, bool) {
				return "runs for a week or more with less than .005 core and 5 MB of network a day", c.State.Or("") == inventory.Running && idle(c.ID)
			})
			kept := sift(sc, n.Workloads, func(w *inventory.Workload) bool {
				if w.Layer == inventory.Infrastructure || !idle(w.ID) || !sc.freeWorkload(w) {
					return true
				}
				found = append(found, Subject{ID: w.ID, Name: w.Name, Machine: n.Machine.Name.Or(n.Machine.ID), Class: "workload", Unit: w.Unit, Effort: removeEffort,
					Evidence: "runs for a week or more with less than .005 core and 5 MB of network a day"})
				return false
			})
			if len(kept) != len(n.Workloads) {
				c := *out
				c.Workloads = kept
				out = &c
			}
			return out, found
		},
		title: counted("Remove %d idle workload", "Remove %d idle workloads"),
		next: func(s []Subject) string {
			if s[0].Class == "container" {
				return engineCommand("stop")(s[:1])
			}
			if s[0].Unit != "" {
				return "systemctl stop " + quote(s[0].Unit)
			}
			return "ps -fC " + quote(s[0].Name)
		},
	}
}

func dropContainers(n *inventory.Node, sc *scene, pick func(*inventory.Container) (string, bool)) (*inventory.Node, []Subject) {
	var found []Subject
	kept := sift(sc, n.Containers, func(c *inventory.Container) bool {
		why, ok := pick(c)
		if ok = ok && sc.freeContainer(c); ok {
			found = append(found, Subject{ID: c.ID, Name: c.Name.Or(short(c.ID)), Machine: n.Machine.Name.Or(n.Machine.ID), Class: "container", Engine: c.Runtime.Or(""), Evidence: why, Effort: removeEffort, Bytes: c.Writable.Or(0)})
		}
		return !ok
	})
	if len(found) == 0 || sc.asks {
		return n, found
	}
	out := *n
	out.Containers = kept
	return &out, found
}

// short shortens a hash as container engines do. What is no hash stays whole: its first letters may be those of others.
func short(id string) string {
	const shown, least = 12, 32
	if len(id) < least || strings.Trim(id, "0123456789abcdefABCDEF") != "" {
		return id
	}
	return id[:shown]
}

func removeDanglingImages() *Action {
	return removeImages("remove-dangling-image", "Remove dangling images", "An image without a tag that no container uses is what a newer build left behind.",
		"none: it can be pulled or built again", counted("Remove %d dangling image", "Remove %d dangling images"), "image prune", func(i *inventory.Image) bool { return len(i.Tags) == 0 })
}

func removeUnusedImages() *Action {
	return removeImages("remove-unused-image", "Remove unused images", "An image that no container uses takes disk and is scanned for nothing.",
		"it has to be pulled again when it is needed, and may be gone from its registry", counted("Remove %d unused image", "Remove %d unused images"), "image prune --all", func(i *inventory.Image) bool { return len(i.Tags) > 0 })
}

func removeImages(id, title, why, risk string, say func([]Subject) string, prune string, pick func(*inventory.Image) bool) *Action {
	return &Action{
		Definition: Definition{ID: id, Title: title, Effort: "1 for each machine", Why: why, Risk: risk, Reversible: true},
		removes:    true, touches: []string{stored}, local: true,
		finds: []string{"image"},
		node: func(n *inventory.Node, sc *scene) (*inventory.Node, []Subject) {
			// In use is what any container refers to, running or not: engines refuse to remove the rest of them.
			used, blind := map[string]bool{}, false
			for i := range n.Containers {
				image, ok := n.Containers[i].ImageID.Get()
				used[image] = true
				blind = blind || !ok
			}
			var found []Subject
			kept := sift(sc, n.Images, func(img *inventory.Image) bool {
				if blind || used[img.ID] || !pick(img) {
					return true
				}
				name := short(strings.TrimPrefix(img.ID, "sha256:"))
				if len(img.Tags) > 0 {
					name = img.Tags[0]
				}
				s := Subject{ID: img.ID, Name: name, Machine: n.Machine.Name.Or(n.Machine.ID), Class: "image", Engine: img.Engine, Evidence: "no container uses it", Bytes: img.Size.Or(0)}
				if len(found) == 0 {
					s.Effort = removeEffort // one command prunes them all
				}
				found = append(found, s)
				return false
			})
			if len(found) == 0 || sc.asks {
				return n, found
			}
			out := *n
			out.Images = kept
			return &out, found
		},
		title: say,
		next:  func(s []Subject) string { return cli(s[0].Engine) + " " + prune },
	}
}

func removeUnusedVolumes() *Action {
	return &Action{
		Definition: Definition{ID: "remove-unused-volume", Title: "Remove unused volumes", Effort: "1 for each",
			Why:  "A volume that no container mounts is kept, and often backed up, for nobody.",
			Risk: "its data is lost: look inside first", Reversible: false},
		removes: true, touches: []string{stored},
		finds: []string{"volume"},
		node: func(n *inventory.Node, sc *scene) (*inventory.Node, []Subject) {
			used := map[string]bool{}
			for i := range n.Containers {
				for _, v := range n.Containers[i].Volumes {
					used[v] = true
				}
			}
			var found []Subject
			kept := sift(sc, n.Volumes, func(v *inventory.Volume) bool {
				if !used[v.Name] {
					found = append(found, Subject{ID: v.Name, Name: v.Name, Machine: n.Machine.Name.Or(n.Machine.ID), Class: "volume", Engine: v.Engine, Evidence: "no container mounts it", Effort: removeEffort, Bytes: v.Size.Or(0)})
				}
				return used[v.Name]
			})
			if len(found) == 0 || sc.asks {
				return n, found
			}
			out := *n
			out.Volumes = kept
			return &out, found
		},
		title: counted("Remove %d volume that no container mounts", "Remove %d volumes that no container mounts"),
		next:  engineCommand("volume rm"),
	}
}
