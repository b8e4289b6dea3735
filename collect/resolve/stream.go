package resolve

import (
	"errors"
	"hash/maphash"
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
)

// ErrChanged says that what was to be read twice was not the same both times.
var ErrChanged = errors.New("the observations changed between two readings")

// Stream is Estate for an estate of any size. It reads the observations twice, the same ones in the same order. Of
// identities it only needs what machines and virtual machines are recognised by (see inventory.Identities): that
// tells which observations must be joined. The second time each is held until the last one comes that it must be
// joined with, and no longer.
//
// Finished hosts are passed to yield, in no particular order; they belong to it, and its error ends the reading. The
// estate that is returned has everything else. What is wrong with the observations ends the reading, too.
func Stream(identities, all inventory.Observations, yield func(*inventory.Node) error) (*inventory.Estate, error) {
	s := newSite()
	g := groups{seed: maphash.MakeSeed(), first: map[uint64]int32{}}
	for o, err := range identities {
		if err != nil {
			return nil, err
		}
		g.add(o)
		s.chassis.add(o)
	}
	left := g.close()

	held := map[int32][]look{}
	number := 0
	for o, err := range all {
		if err != nil {
			return nil, err
		}
		if number == len(g.prints) || g.print(o) != g.prints[number] {
			return nil, ErrChanged
		}
		group := g.of(int32(number))
		held[group] = append(held[group], newLook(o, number))
		number++
		if left[group]--; left[group] > 0 {
			continue
		}
		for _, host := range s.resolve(held[group]) {
			if err := yield(host); err != nil {
				return nil, err
			}
		}
		delete(held, group)
	}
	if number < len(g.prints) {
		return nil, ErrChanged
	}
	return s.finish(), nil
}

// groups are sets of observations that have machines in common, by whatever machines are recognised by, or have
// virtual machines that are machines of others (Galler and Fisher's union-find). All that is kept of an observation
// are hashes; if two texts ever had the same one, groups would be joined that need not be, and nothing else.
type groups struct {
	seed   maphash.Seed
	parent []int32          // of each observation; the one that leads its group is its own
	prints []uint64         // what each observation is recognised by
	first  map[uint64]int32 // the first observation with a key
}

func (g *groups) add(o *inventory.Observation) {
	number := int32(len(g.parent))
	g.parent = append(g.parent, number)
	g.prints = append(g.prints, g.print(o))
	g.keys(o, func(key uint64) {
		other, met := g.first[key]
		if !met {
			g.first[key] = number
			return
		}
		if a, b := g.of(other), g.of(number); a < b {
			g.parent[b] = a
		} else {
			g.parent[a] = b
		}
	})
}

// of gives the observation that leads the group of another.
func (g *groups) of(number int32) int32 {
	for g.parent[number] != number {
		g.parent[number] = g.parent[g.parent[number]]
		number = g.parent[number]
	}
	return number
}

// close ends adding, and counts the observations of each group.
func (g *groups) close() []int32 {
	g.first = nil
	sizes := make([]int32, len(g.parent))
	for i := range g.parent {
		sizes[g.of(int32(i))]++
	}
	return sizes
}

// print hashes the target and all keys of an observation.
func (g *groups) print(o *inventory.Observation) uint64 {
	sum := maphash.String(g.seed, o.Target)
	g.keys(o, func(key uint64) { sum = sum*31 + key })
	return sum
}

// keys calls f with a hash of all by which an observation could have to be joined with others: machines finds
// machines that are the same by it, and nest the guests of virtual machines.
func (g *groups) keys(o *inventory.Observation, f func(key uint64)) {
	add := func(texts ...string) {
		for _, text := range texts {
			f(maphash.String(g.seed, text))
		}
	}
	for i := range o.Machines {
		m := &o.Machines[i]
		for _, texts := range identities {
			add(texts(m)...)
		}
		origin, _, _ := strings.Cut(m.ID, cloneMark) // two IDs of one origin could become the same
		add(origin)
	}
	for i := range o.VMs {
		add(one(o.VMs[i].UUID, inventory.CanonicalUUID)...)
		add(o.VMs[i].MACs...)
	}
}
