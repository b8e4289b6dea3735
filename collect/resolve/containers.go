package resolve

import (
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
)

// joinContainer adds a container, which it keeps, or joins it with the same one seen another way: by identifier (a control group
// may show only its beginning), else by its first process. An engine's word counts before that of the control
// groups, which know neither name nor image.
func (n *node) joinContainer(c *inventory.Container) {
	have := n.containers[c.ID]
	if have == nil && len(c.ID) >= 12 {
		for id, other := range n.containers {
			if len(id) >= 12 && (strings.HasPrefix(id, c.ID) || strings.HasPrefix(c.ID, id)) && (have == nil || id < have.ID) {
				have = other
			}
		}
	}
	pid, running := c.PID.Get()
	if have == nil && running && pid > 0 && (provisional(c.ID) || n.byPID[pid] != nil && provisional(n.byPID[pid].ID)) {
		have = n.byPID[pid]
	}
	if have == nil {
		n.containers[c.ID] = c
		if running && pid > 0 {
			n.byPID[pid] = c
		}
		return
	}
	fresh := *have
	if engineWord(c) && !engineWord(have) {
		fresh = *c
		inventory.Merge(&fresh, have)
		fresh.Unit = first(c.Unit, have.Unit)
		fresh.Role = first(c.Role, have.Role)
	} else {
		inventory.Merge(&fresh, c)
		fresh.Unit = first(have.Unit, c.Unit)
		fresh.Role = first(have.Role, c.Role)
		take(&fresh.Listens, c.Listens)
		if len(fresh.Volumes) == 0 {
			fresh.Volumes = c.Volumes
		}
		if len(c.ID) > len(have.ID) && !provisional(c.ID) {
			fresh.ID = c.ID
		}
	}
	if fresh.Layer == inventory.Application && (c.Layer == inventory.Service || have.Layer == inventory.Service) {
		fresh.Layer = inventory.Service // one of the two recognised its role
	}
	fresh.Seen = union(have.Seen, c.Seen...)
	delete(n.containers, have.ID)
	n.containers[fresh.ID] = &fresh
	if p, ok := fresh.PID.Get(); ok && p > 0 {
		n.byPID[p] = &fresh
	}
}

// provisional reports whether the identifier only stands in for one that nobody could see.
func provisional(id string) bool { return strings.HasPrefix(id, "pid:") }

func engineWord(c *inventory.Container) bool { return c.Image.IsKnown() }

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
