package plan

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
	"github.com/infraopt/infraopt/score/plan/pack/instance"
)

// Effort points of emptying hosts, a convention.
const (
	retireEffort = 4
	moveEffort   = 2
)

// A consolidation is the plan of all pools of an estate: what moves where, and which hosts go dark.
type consolidation struct {
	pools []*pool
}

// retireHosts empties hosts and switches them off. It concerns zones as a whole: a planner makes its plan.
func retireHosts() *Action {
	return &Action{
		Definition: Definition{ID: "retire-host", Title: "Retire hosts", Effort: "4 for each, and 2 for each thing that moves",
			Why:  "What runs on them fits on the others, and switching a host off is what saves its idle power, its patches and its place.",
			Risk: "the hosts that stay are fuller: the loss of one is what the spares are kept for", Reversible: true},
		estate: func(p *planner) *rewrite { return p.consolidate() },
		title:  counted("Empty and retire %d host", "Empty and retire %d hosts"),
		next:   func([]Subject) string { return "infraopt plan --format csv" },
		prerequisites: []string{"storage and networks of what moves are reachable from its new host", "processors are alike enough for what moves while it runs",
			"ports that containers publish are free on their new host", "images, and volumes that nothing mounts, stay behind"},
		again: true,
	}
}

// consolidate makes a plan of the present estate, and the estate that it leads to; nil where no host can go.
func (p *planner) consolidate() *rewrite {
	if p.settled {
		return nil
	}
	c := p.packPools()
	out := c.apply(p.estate)
	if len(out.subjects) == 0 {
		p.settled = !p.quick
		return nil
	}
	return out
}

// packPools plans every pool of the present estate.
func (p *planner) packPools() *consolidation {
	byZone := map[string][]*hostState{}
	for _, h := range p.hosts {
		if !h.state.off {
			byZone[h.state.zone] = append(byZone[h.state.zone], h.state)
		}
	}
	zones := slices.Sorted(maps.Keys(byZone))
	split := make([][][]*hostState, len(zones))
	each(len(zones), func(i int) { split[i] = pools(byZone[zones[i]]) })
	c := &consolidation{}
	items := 0
	for i, zone := range zones {
		for _, hosts := range split[i] {
			c.pools = append(c.pools, &pool{zone: zone, hosts: hosts})
			items += movable(hosts)
		}
	}
	effort := math.Min(1, fullEffort/float64(max(1, items)))
	if p.unproven {
		effort = math.Min(effort, unprovenEffort)
	}
	each(len(c.pools), func(i int) { c.pools[i] = p.solve(c.pools[i].zone, c.pools[i].hosts, effort) })
	for _, z := range c.pools {
		p.packed[poolKey(z.zone, z.hosts)] = z
	}
	return c
}

// movable counts what could move.
func movable(hosts []*hostState) int {
	n := 0
	for _, h := range hosts {
		if h.stays == "" {
			n += len(h.units)
		}
	}
	return n
}

// fullEffort is how many things that could move an estate may have to be planned with all the usual work. In larger ones
// each pool gets its share of that, so that the time goes with the number of things.
const fullEffort = 500

// unprovenEffort is the share of the usual work for plans that need no proof, which is what most of it is for.
const unprovenEffort = .25

// apply makes the estate that the plan leads to.
func (c *consolidation) apply(e *inventory.Estate) *rewrite {
	out := &rewrite{changed: map[*inventory.Node]*inventory.Node{}, retired: map[string]string{}}
	parts := make([]*rewrite, len(c.pools))
	each(len(parts), func(i int) {
		parts[i] = &rewrite{changed: map[*inventory.Node]*inventory.Node{}, retired: map[string]string{}}
		c.pools[i].apply(parts[i])
	})
	for _, part := range parts {
		maps.Copy(out.changed, part.changed)
		maps.Copy(out.retired, part.retired)
		out.subjects, out.moves, out.effort = append(out.subjects, part.subjects...), append(out.moves, part.moves...), out.effort+part.effort
	}
	if len(out.retired) == 0 {
		return out
	}
	after := *e
	after.Hosts = make([]*inventory.Node, 0, len(e.Hosts)-len(out.retired))
	for _, h := range e.Hosts {
		n, ok := out.changed[h]
		switch {
		case !ok:
			after.Hosts = append(after.Hosts, h)
		case n != nil:
			after.Hosts = append(after.Hosts, n)
		}
	}
	out.estate = leave(e, &after)
	return out
}

// apply adds what the plan of a pool changes. A plan that cannot be carried out is withheld.
func (z *pool) apply(out *rewrite) {
	retired := z.retired()
	if len(retired) == 0 {
		return
	}
	plan := &z.solution.Plan
	hostOf := map[instance.Ref]int{}
	for i, r := range z.refs {
		hostOf[r] = i
	}
	var moves []relocation
	var told []score.Move
	leaving := map[int]int{}
	for item, u := range z.of {
		from, to := z.at[item], hostOf[plan.Hosts[plan.Of[item]]]
		if from == to {
			continue
		}
		leaving[from] += len(u.moves)
		source, target := z.hosts[from].node, z.hosts[to].node
		for _, m := range u.moves {
			m.to = target.Machine.ID
			moves = append(moves, m)
			told = append(told, score.Move{ID: m.id, Name: movedName(source, m), Class: u.class, From: m.from, To: m.to, Zone: z.zone})
		}
	}
	before := &inventory.Estate{Hosts: make([]*inventory.Node, len(z.hosts))}
	for i, h := range z.hosts {
		before.Hosts[i] = h.node
	}
	after, err := relocate(before, moves)
	if err != nil {
		z.withheld = "its plan cannot be carried out: " + err.Error()
		return
	}
	for i, old := range before.Hosts {
		if h := after.Hosts[i]; h != old {
			out.changed[old] = h
		}
	}
	out.moves = append(out.moves, told...)
	effort := 0.0
	for _, n := range leaving {
		effort += moveEffort * float64(n)
	}
	for _, i := range retired {
		m := &z.hosts[i].node.Machine
		out.retired[m.ID] = z.name
		out.changed[z.hosts[i].node] = nil
		s := Subject{ID: m.ID, Name: m.Name.Or(m.ID), Machine: m.Name.Or(m.ID), Class: "machine", Effort: retireEffort + moveEffort*float64(leaving[i]), Evidence: z.evidence(i, leaving[i])}
		effort -= moveEffort * float64(leaving[i])
		out.subjects = append(out.subjects, s)
	}
	out.effort += effort // of what leaves hosts that stay, to make room
}

func movedName(n *inventory.Node, m relocation) string {
	if v := findVM(n, m); v != nil {
		return v.Name.Or(v.ID)
	}
	if c := findContainer(n, m); c != nil {
		return c.Name.Or(short(c.ID))
	}
	return m.id
}

// evidence says why a host can go.
func (z *pool) evidence(i, leaving int) string {
	h := z.hosts[i]
	if leaving == 0 {
		return "nothing runs on it that has to run"
	}
	var cpu, memory int64
	for j := range h.units {
		cpu, memory = cpu+slices.Max(h.units[j].cpu[:]), memory+h.units[j].memory
	}
	p := z.hostPlan()
	where := "its zone"
	if z.zone != "" {
		where = "zone " + z.zone
	}
	if z.name != "" {
		where += " with " + z.name
	}
	return fmt.Sprintf("what it carries (%d moving) needs %.3g of its %g cores and %.4g of its %.4g GiB, %s; %d of the %d hosts of %s are enough, %d of them spare",
		leaving, float64(cpu)/1000, h.node.Machine.Cores.Or(0), float64(memory)/1024, h.node.Machine.Memory.Or(0).GiB(), z.sizedBy(), p.Plan, p.Now, where, p.Spares)
}

// solve packs the hosts of a pool, or remembers how they were packed when everything that matters was the same.
func (p *planner) solve(zone string, hosts []*hostState, effort float64) *pool {
	was := p.packed[poolKey(zone, hosts)]
	if was != nil && was.quick && !p.quick {
		was = nil // that is not good enough
	}
	same := was != nil && slices.EqualFunc(was.hosts, hosts, func(a, b *hostState) bool { return a.origin == b.origin })
	var z *pool
	if !same {
		z = newPool(zone, hosts, p.model, p.req.Constraints)
		same = was != nil && reflect.DeepEqual(was.asked, z.instance)
	}
	if same {
		if z = was.again(hosts); !p.quick {
			z.check()
		}
		return z
	}
	asked := z.instance
	z.quick = p.quick
	z.solve(p.ctx, effort)
	for try := 0; try < retries && z.solution != nil && len(z.solution.Unplaced) > 0; try++ {
		hosts := z.settled()
		z = newPool(z.zone, hosts, p.model, p.req.Constraints)
		z.quick = p.quick
		z.solve(p.ctx, effort)
	}
	z.asked = asked
	if !p.quick {
		z.check()
	}
	return z
}

// retries is how often hosts are left as they are on which there is more than finds a place.
const retries = 3

// settled gives the hosts of the pool, with those that carry what finds no place as hosts that cannot be emptied.
func (z *pool) settled() []*hostState {
	hosts := slices.Clone(z.hosts)
	for _, item := range z.solution.Unplaced {
		if item >= len(z.at) {
			continue // it stays in any case
		}
		i := z.at[item]
		if hosts[i].stays == "" {
			h := *hosts[i]
			h.reason, h.stays = "over-committed", "as sized, "+z.of[item].name+" finds no place; it runs there by over-committing"
			hosts[i] = &h
		}
	}
	return hosts
}

// again takes what is known of the pool over to its hosts as they are now: they differ in nothing that matters.
func (z *pool) again(now []*hostState) *pool {
	out := *z
	out.hosts = slices.Clone(z.hosts)
	out.of = make([]*unit, 0, len(z.of))
	for i, h := range now {
		if z.hosts[i].stays != h.stays { // it was found to be over-committed
			held := *h
			held.reason, held.stays = z.hosts[i].reason, z.hosts[i].stays
			h = &held
		}
		out.hosts[i] = h
		if h.stays == "" {
			for j := range h.units {
				out.of = append(out.of, &h.units[j])
			}
		}
	}
	return &out
}

// poolKey tells a pool from others of the estate, also when its hosts have been changed.
func poolKey(zone string, hosts []*hostState) string { return zone + "\x00" + hosts[0].node.Machine.ID }
