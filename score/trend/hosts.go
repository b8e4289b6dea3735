package trend

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// An identity is one way to recognise a machine.
type identity struct {
	name string
	of   func(*inventory.Machine) string // empty where it is not known
}

// identities are tried from the strongest to the weakest. A weaker one never joins what a stronger one tells apart.
var identities = []identity{
	{"hardware UUID", func(m *inventory.Machine) string { return inventory.CanonicalUUID(m.Identity.UUID.Or("")) }},
	{"machine-id", func(m *inventory.Machine) string { return m.Identity.MachineID.Or("") }},
	{"serial number", func(m *inventory.Machine) string { return m.Identity.Serial.Or("") }},
	{"set of hardware addresses", func(m *inventory.Machine) string {
		return strings.Join(slices.Sorted(slices.Values(m.Identity.MACs)), " ")
	}},
	{"ID", func(m *inventory.Machine) string { return m.ID }},
}

// A pair is one machine at both ends.
type pair [2]*inventory.Node

// A match says which hosts of two estates are the same.
type match struct {
	stayed       []pair               // in order
	alone        [2][]*inventory.Node // seen at one end only
	incomparable [2][]*inventory.Node // seen at one end, and it cannot be told why not at the other
	why          []score.Incomparable // of the incomparable ones
	conflicts    map[string]bool      //
	settled      map[*inventory.Node]bool
}

// hosts finds out which hosts were seen at both ends, and what may be said of the others.
func hosts(estates [2]*inventory.Estate) *match {
	m := &match{conflicts: map[string]bool{}, settled: map[*inventory.Node]bool{}}
	var ends [2][]*inventory.Node
	for end, e := range estates {
		ends[end] = slices.SortedFunc(slices.Values(e.Hosts), func(a, b *inventory.Node) int { return cmp.Compare(a.Machine.ID, b.Machine.ID) })
	}
	for k := range identities {
		m.join(ends, k)
	}
	m.nested(ends)
	for end := range ends {
		failed := targets(estates[1-end], inventory.StatusFailed)
		for _, h := range ends[end] {
			switch target := firstIn(h.Machine.Seen, failed); {
			case m.settled[h]:
			case target != "":
				m.doubt(end, h, target+" could not be read "+[2]string{"now", "then"}[end])
			default:
				m.alone[end] = append(m.alone[end], h)
			}
		}
	}
	slices.SortFunc(m.stayed, func(a, b pair) int {
		return cmp.Or(cmp.Compare(a[1].Machine.ID, b[1].Machine.ID), cmp.Compare(a[0].Machine.ID, b[0].Machine.ID))
	})
	slices.SortFunc(m.why, func(a, b score.Incomparable) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Why, b.Why))
	})
	return m
}

// join settles the hosts that identity number k can tell.
func (m *match) join(ends [2][]*inventory.Node, k int) {
	var by [2]map[string][]*inventory.Node
	for end := range ends {
		by[end] = map[string][]*inventory.Node{}
		for _, h := range ends[end] {
			if v := identities[k].of(&h.Machine); v != "" && !m.settled[h] {
				by[end][v] = append(by[end][v], h)
			}
		}
	}
	for v, old := range by[0] {
		now := by[1][v]
		switch {
		case len(now) == 0:
		case len(old) == 1 && len(now) == 1:
			if other := contradiction(&old[0].Machine, &now[0].Machine, k); other != "" {
				m.conflicts[fmt.Sprintf("%s then and %s now have the same %s, and the %s differs: taken for two machines", name(old[0]), name(now[0]), identities[k].name, other)] = true
				continue
			}
			m.settled[old[0]], m.settled[now[0]] = true, true
			m.stayed = append(m.stayed, pair{old[0], now[0]})
		default:
			why := "several machines have its " + identities[k].name
			m.conflicts[fmt.Sprintf("%s then and %s now have the same %s: nobody can tell which is which", names(old), names(now), identities[k].name)] = true
			for end, list := range [2][]*inventory.Node{old, now} {
				for _, h := range list {
					m.doubt(end, h, why)
				}
			}
		}
	}
}

// contradiction names a stronger identity than number k that tells two machines apart.
func contradiction(a, b *inventory.Machine, k int) string {
	for _, id := range identities[:k] {
		if x, y := id.of(a), id.of(b); x != "" && y != "" && x != y {
			return id.name
		}
	}
	return ""
}

func (m *match) doubt(end int, h *inventory.Node, why string) {
	m.settled[h] = true
	m.incomparable[end] = append(m.incomparable[end], h)
	m.why = append(m.why, score.Incomparable{Name: name(h), Why: why})
}

// nested finds hosts that are a guest at the other end: what was seen has grown or shrunk, and not the estate.
func (m *match) nested(ends [2][]*inventory.Node) {
	for end := range ends {
		other := 1 - end
		below := guests(ends[other])
		for _, h := range ends[end] {
			host := below[identities[0].of(&h.Machine)]
			if host == nil {
				host = below[identities[1].of(&h.Machine)]
			}
			if host == nil || m.settled[h] {
				continue
			}
			when := [2]string{"then", "now"}
			m.doubt(end, h, fmt.Sprintf("seen on %s %s, and by itself %s", name(host), when[other], when[end]))
			if !m.settled[host] {
				m.doubt(other, host, fmt.Sprintf("%s, which stands on it, was seen by itself %s", name(h), when[end]))
			}
		}
	}
}

// guests finds hosts by the identities of the machines that stand on them.
func guests(hosts []*inventory.Node) map[string]*inventory.Node {
	out := map[string]*inventory.Node{}
	for _, h := range hosts {
		h.Walk(func(n *inventory.Node) {
			if n != h {
				for _, id := range identities[:2] {
					out[id.of(&n.Machine)] = h
				}
			}
			for i := range n.VMs {
				out[inventory.CanonicalUUID(n.VMs[i].UUID.Or(""))] = h
			}
		})
	}
	delete(out, "") // of those that have none
	return out
}

// targets are those of which reading ended in some way, at least once.
func targets(e *inventory.Estate, status inventory.Status) map[string]bool {
	out := map[string]bool{}
	for _, s := range e.Sources {
		if s.Status == status {
			out[s.Target] = true
		}
	}
	return out
}

// firstIn is the first of a list that a set holds, or empty.
func firstIn(list []string, set map[string]bool) string {
	for _, s := range list {
		if set[s] {
			return s
		}
	}
	return ""
}

func name(n *inventory.Node) string { return n.Machine.Name.Or(n.Machine.ID) }

// sortedNames lists the names of hosts; it is never null in JSON.
func sortedNames(hosts []*inventory.Node) []string {
	out := []string{}
	for _, h := range hosts {
		out = append(out, name(h))
	}
	slices.Sort(out)
	return out
}

func names(hosts []*inventory.Node) string { return strings.Join(sortedNames(hosts), ", ") }
