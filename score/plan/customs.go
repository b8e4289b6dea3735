package plan

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
)

// customs are what most of an estate does already: what others can be brought in line with.
type customs struct {
	os          [2]string         // ID and version
	hypervisors map[string]string // major version by kind
	engines     map[string]string // by family of engines that can stand in for each other
	sites       map[string]int    // hosts of each zone that could serve storage to each other
	arraysCanGo bool
}

// customsOf finds the customs of an estate. Ties go to the first by name, and of versions to the newer.
func customsOf(e *inventory.Estate, zoneOf func(*inventory.Machine) string, rules *Constraints) *customs {
	systems, hypervisors, engines := map[[2]string]int{}, map[[2]string]int{}, map[[2]string]int{}
	c := &customs{sites: map[string]int{}}
	for _, h := range e.Hosts {
		if servesStorage(h) && rules.Held(h) == "" {
			c.sites[zoneOf(&h.Machine)]++
		}
	}
	e.Walk(func(n *inventory.Node) {
		id, ok := n.Machine.OS.ID.Get()
		version, ok2 := n.Machine.OS.Version.Get()
		if ok && ok2 {
			systems[[2]string{id, version}]++
		}
		for i := range n.Hypervisors {
			if v, ok := n.Hypervisors[i].Version.Get(); ok {
				hypervisors[[2]string{n.Hypervisors[i].Kind, major(v)}]++
			}
		}
		for i := range n.Engines {
			if kind := n.Engines[i].Kind; familyOf(kind) != "" {
				engines[[2]string{familyOf(kind), kind}]++
			}
		}
	})
	c.os = most(systems)
	c.hypervisors = mostOfEach(hypervisors)
	c.engines = mostOfEach(engines)
	c.arraysCanGo = arraysCanGo(e, c, zoneOf, rules)
	return c
}

func most(counts map[[2]string]int) [2]string {
	var best [2]string
	for k, n := range counts {
		if n > counts[best] || n == counts[best] && (best == [2]string{} || cmp.Or(strings.Compare(k[0], best[0]), -strings.Compare(k[1], best[1])) < 0) {
			best = k
		}
	}
	return best
}

// mostOfEach gives, for each first part, the second part that occurs most.
func mostOfEach(counts map[[2]string]int) map[string]string {
	by := map[string]map[[2]string]int{}
	for k, n := range counts {
		if by[k[0]] == nil {
			by[k[0]] = map[[2]string]int{}
		}
		by[k[0]][k] = n
	}
	out := make(map[string]string, len(by))
	for k, counts := range by {
		out[k] = most(counts)[1]
	}
	return out
}

// newer reports whether a version is known to be newer than another of the same thing: by their numbers, from the left.
func newer(a, b string) bool {
	x, y := strings.Split(a, "."), strings.Split(b, ".")
	for i := range min(len(x), len(y)) {
		m, err := strconv.Atoi(x[i])
		n, err2 := strconv.Atoi(y[i])
		if err != nil || err2 != nil {
			return false
		}
		if m != n {
			return m > n
		}
	}
	return len(x) > len(y)
}

// engineFamilies are engines that can stand in for each other, the first of each naming the family: those that are used by
// people, and those that are used by an orchestrator.
var engineFamilies = [][]string{{"docker", "podman"}, {"containerd", "cri-o"}}

func familyOf(engine string) string {
	for _, f := range engineFamilies {
		if slices.Contains(f, engine) {
			return f[0]
		}
	}
	return ""
}

// major is the first number of a version.
func major(version string) string {
	v, _, _ := strings.Cut(version, ".")
	return v
}

// servesStorage reports whether a machine could hold data for others: a box that runs work, with disks of its own.
func servesStorage(n *inventory.Node) bool {
	m := &n.Machine
	on := m.Powered.Or(false) && m.Kind.Or("") == inventory.Physical
	switch m.Storage.Or("") {
	case inventory.RawLocal, inventory.LocalVolumes, inventory.SDSOnNodes:
		return on && (len(n.Hypervisors) > 0 || len(n.Engines) > 0)
	}
	return false
}
