package plan

import (
	"cmp"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/score"
	"github.com/infraopt/infraopt/score/plan/outcome"
	"github.com/infraopt/infraopt/score/plan/pack/instance"
)

// target describes the estate that the roadmap ends in: where everything runs, which hosts are dark, and how close that
// is to what no plan can do without.
func (p *planner) target(r *roadmap) *score.Target {
	t := &score.Target{Score: r.last.Score, Level: r.last.Level.Number, LevelName: r.last.Level.Name, Components: r.last.Components(),
		ComponentsPerWorkload: r.last.PerWorkload(), Stacks: score.Stacks(p.estate, p.model, p.req.Options), Moves: netMoves(p.moves),
		Outcomes: p.outcomes.Compare(p.begun, p.measure), KPIs: outcome.KPIs(p.estate)}
	t.Pools, t.Machines = p.poolPlans()
	for i := range t.Pools {
		x := &t.Pools[i]
		t.Hosts.Now, t.Hosts.Plan, t.Hosts.Bound, t.Hosts.Spares = t.Hosts.Now+x.Now, t.Hosts.Plan+x.Plan, t.Hosts.Bound+x.Bound, t.Hosts.Spares+x.Spares
		t.Hosts.BoundKind = kinds(t.Hosts.BoundKind, x.BoundKind)
	}
	t.Hosts.Gap = gap(t.Hosts.Plan, t.Hosts.Bound)
	t.Overload, t.NotValidated = p.validate()
	return t
}

// gap is how far a plan is above what no plan can do without, as a share of that.
func gap(plan, bound int) float64 {
	if bound == 0 {
		return 0
	}
	return float64(plan-bound) / float64(bound)
}

// kinds names the kinds of bounds of several zones.
func kinds(have, also string) string {
	switch {
	case also == "" || strings.Contains(have, also):
		return have
	case have == "":
		return also
	default:
		return have + ", " + also
	}
}

// poolPlans packs the pools of the present estate once more, which gives the bounds that its hosts are to be compared with,
// and says what has become of every host of the first estate.
func (p *planner) poolPlans() (plans []score.PoolPlan, hosts []score.HostAssign) {
	p.quick = false
	fates := map[string]score.HostAssign{}
	index := map[[2]string]int{} // of pools
	plans, hosts = []score.PoolPlan{}, []score.HostAssign{}
	for _, z := range p.packPools().pools {
		x := score.PoolPlan{Zone: z.zone, Pool: z.name, HostPlan: z.hostPlan(), Withheld: z.withheld}
		x.Now, x.Plan, x.Spares = 0, len(z.hosts), 0 // what there is now is counted in the estate as it was
		spare := map[instance.Ref]bool{}
		if z.solution != nil {
			for _, r := range z.solution.Plan.Spares {
				spare[r] = true
			}
		}
		for i, h := range z.hosts {
			f := score.HostAssign{Pool: z.name, Fate: score.FateKeep, Reason: h.reason, Why: h.stays}
			if spare[z.refs[i]] && len(h.units) == 0 && h.stays == "" {
				f.Fate = score.FateSpare
				x.Spares++
			}
			fates[h.node.Machine.ID] = f
		}
		x.Gap = gap(x.Plan, x.Bound)
		index[[2]string{x.Zone, x.Pool}] = len(plans)
		plans = append(plans, x)
	}
	for _, h := range p.first.Hosts {
		if on, known := h.Machine.Powered.Get(); known && !on {
			continue
		}
		x, ok := fates[h.Machine.ID]
		if !ok {
			x = score.HostAssign{Fate: score.FateRetire, Pool: p.retired[h.Machine.ID]}
		}
		x.ID, x.Name, x.Zone = h.Machine.ID, h.Machine.Name.Or(h.Machine.ID), p.model.ZoneOf(&h.Machine)
		hosts = append(hosts, x)
		i, ok := index[[2]string{x.Zone, x.Pool}]
		if !ok { // all its hosts go
			i = len(plans)
			index[[2]string{x.Zone, x.Pool}] = i
			plans = append(plans, score.PoolPlan{Zone: x.Zone, Pool: x.Pool})
		}
		plans[i].Now++
	}
	slices.SortFunc(plans, func(a, b score.PoolPlan) int { return cmp.Or(cmp.Compare(a.Zone, b.Zone), cmp.Compare(a.Pool, b.Pool)) })
	return plans, hosts
}

// netMoves is where what moved more than once began and ended up.
func netMoves(moves []score.Move) []score.Move {
	type thing struct{ class, id string }
	index := map[thing]int{}
	out := []score.Move{}
	for _, m := range moves {
		key := thing{m.Class, m.ID}
		i, ok := index[key]
		if ok && out[i].To == m.From {
			out[i].To = m.To
			continue
		}
		index[key] = len(out)
		out = append(out, m)
	}
	out = slices.DeleteFunc(out, func(m score.Move) bool { return m.From == m.To })
	slices.SortFunc(out, func(a, b score.Move) int {
		return cmp.Or(cmp.Compare(a.Zone, b.Zone), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), cmp.Compare(a.ID, b.ID))
	})
	return out
}
