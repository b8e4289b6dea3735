package plan

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/score"
	"github.com/infraopt/infraopt/score/plan/pack"
	"github.com/infraopt/infraopt/score/plan/pack/bound"
	"github.com/infraopt/infraopt/score/plan/pack/check"
	"github.com/infraopt/infraopt/score/plan/pack/instance"
)

// A pool is the hosts of a zone that could carry the same things. How few of them could carry what runs there is asked of
// each pool alone: what is made for one hypervisor or container engine can run on no host without it.
type pool struct {
	zone     string
	name     string // what its hosts have in common
	hosts    []*hostState
	instance instance.Instance
	asked    instance.Instance // as it was before hosts were left as they are because of what found no place
	refs     []instance.Ref    // by host
	at       []int             // by item that could move: its host
	of       []*unit           // and what it is
	movers   map[string]int    // units that could move, by the names that keep them apart
	open     int               // hosts that cannot be emptied
	solution *pack.Solution
	withheld string // why its hosts stay as they are
	checked  bool   // the solution has been checked
	quick    bool   // it was made for being compared with other things to do, and not to be carried out
}

// pools splits the hosts of a zone into those that something could move between.
func pools(hosts []*hostState) [][]*hostState {
	needed := map[string]bool{}
	for _, h := range hosts {
		for i := range h.units {
			needed[h.units[i].needs] = true
		}
	}
	first := map[string]int{} // of hosts that offer something
	root := make([]int, len(hosts))
	find := func(i int) int {
		for root[i] != i {
			i = root[i]
		}
		return i
	}
	bare := -1 // hosts that offer nothing that anything needs
	for i, h := range hosts {
		root[i] = i
		useful := false
		for _, what := range h.has {
			if !needed[what] {
				continue
			}
			useful = true
			if j, ok := first[what]; ok {
				a, b := find(i), find(j)
				root[max(a, b)] = min(a, b)
			} else {
				first[what] = i
			}
		}
		switch {
		case useful:
		case bare < 0:
			bare = i
		default:
			root[i] = bare
		}
	}
	index := map[int]int{}
	var out [][]*hostState
	for i, h := range hosts {
		r := find(i)
		if _, ok := index[r]; !ok {
			index[r] = len(out)
			out = append(out, nil)
		}
		out[index[r]] = append(out[index[r]], h)
	}
	return out
}

// poolName says what the hosts of a pool offer to what runs on them.
func poolName(hosts []*hostState) string {
	var names []string
	for _, h := range hosts {
		for i := range h.units {
			_, what, _ := strings.Cut(h.units[i].needs, " ")
			names = append(names, what)
		}
	}
	return strings.Join(distinct(names), ", ")
}

// The dimensions of a packing: memory, then the CPU of the day or of each of its hours.
const (
	memoryDimension = "memory (MiB)"
	cpuDimension    = "cpu (mCPU)"
)

// newPool makes an instance of a pool. Hosts that cannot be emptied are in use whatever the plan, with the room that is left
// on them; hosts that are alike in size and in what they offer are one type.
func newPool(zone string, hosts []*hostState, m *score.Model, c *Constraints) *pool {
	z := &pool{zone: zone, name: poolName(hosts), hosts: hosts, refs: make([]instance.Ref, len(hosts))}
	for i, h := range hosts {
		if h.stays != "" {
			z.open++
			continue
		}
		for j := range h.units {
			z.of, z.at = append(z.of, &h.units[j]), append(z.at, i)
		}
	}
	z.movers = z.wanted()
	hours := z.hours()
	z.instance.Dimensions = []string{memoryDimension, cpuDimension}
	if hours {
		z.instance.Dimensions = z.instance.Dimensions[:1]
		for hour := range 24 {
			z.instance.Dimensions = append(z.instance.Dimensions, fmt.Sprintf("cpu from %02d:00 UTC (mCPU)", hour))
		}
	}
	z.types(hours)
	z.items(hours, c)
	z.instance.Spares = z.spares(m)
	return z
}

// spares is how many hosts the pool keeps for the loss of others: as declared for its zone, or by the bound of those hosts
// that could be emptied. Only where nothing could take its place on another host are there none: what has been moved onto
// a host that stays is not without a spare because of that.
func (z *pool) spares(m *score.Model) int {
	if !slices.ContainsFunc(z.hosts, func(h *hostState) bool { return len(h.units) > 0 }) {
		return 0
	}
	if k, ok := m.DeclaredSpares(z.zone); ok {
		return int(k)
	}
	least := max(bound.L1(&z.instance).Bound, bound.L2(&z.instance).Bound) - z.open
	return int(m.Spares(float64(max(1, least))))
}

// hours reports whether the need of anything differs between the hours of the day.
func (z *pool) hours() bool {
	for _, u := range z.of {
		for _, milli := range u.cpu {
			if milli != u.cpu[0] {
				return true
			}
		}
	}
	return false
}

// vector puts memory and CPU into the dimensions of the instance.
func vector(memory int64, cpu *[24]int64, hours bool) []int64 {
	if !hours {
		return []int64{memory, slices.Max(cpu[:])}
	}
	return append([]int64{memory}, cpu[:]...)
}

func (z *pool) types(hours bool) {
	index := map[string]int{}
	for i := range z.hosts {
		h := z.hosts[i]
		cpu, memory := flat(h.capacity[0]), h.capacity[1]
		open := h.stays != ""
		if open {
			cpu, memory = flat(h.capacity[0]-h.held.cpu), h.capacity[1]-h.held.memory
			for j := range h.units {
				memory = max(0, memory-h.units[j].memory)
				for hour := range cpu {
					cpu[hour] = max(0, cpu[hour]-h.units[j].cpu[hour])
				}
			}
		}
		if h.untouchable {
			cpu, memory = flat(0), 0
		}
		capacity := vector(memory, &cpu, hours)
		key := fmt.Sprint(capacity, open, strings.Join(h.has, "\x00"), "\x00", h.rules.bits)
		if open && z.holds(h) {
			key = fmt.Sprint(i) // what it holds is pinned to it
		}
		t, ok := index[key]
		if !ok {
			t = len(z.instance.Types)
			index[key] = t
			z.instance.Types = append(z.instance.Types, instance.HostType{Name: typeName(h), Capacity: capacity, Open: open})
		}
		z.refs[i] = instance.Ref{Type: t, N: z.instance.Types[t].Count}
		z.instance.Types[t].Count++
	}
}

// typeName says what hosts of a type have in common.
func typeName(h *hostState) string {
	name := fmt.Sprintf("%g cores, %.4g GiB", h.node.Machine.Cores.Or(0), h.node.Machine.Memory.Or(0).GiB())
	if h.stays != "" {
		name += ", stays"
	}
	return name
}

// wanted counts, for every name that keeps units apart, how many units that could move have it.
func (z *pool) wanted() map[string]int {
	out := map[string]int{}
	for _, u := range z.of {
		for _, name := range u.apart {
			out[name]++
		}
	}
	return out
}

// holds reports whether something stays on a host that what could move must keep away from.
func (z *pool) holds(h *hostState) bool {
	return slices.ContainsFunc(h.units, func(u unit) bool {
		return slices.ContainsFunc(u.apart, func(name string) bool { return z.movers[name] > 0 })
	})
}

func (z *pool) items(hours bool, c *Constraints) {
	allowed := map[string][]int{}
	groups := map[string][]int{}
	replicas := map[string][]int{}
	for i, u := range z.of {
		key := u.needs
		for _, r := range u.rules {
			key += "\x00" + r.bits
		}
		types, ok := allowed[key]
		if !ok {
			types = z.allow(u, c)
			allowed[key] = types
		}
		z.instance.Items = append(z.instance.Items, instance.Item{Name: u.name, Size: vector(u.memory, &u.cpu, hours), Allow: types, At: z.refs[z.at[i]]})
		if u.replica != "" {
			replicas[u.replica] = append(replicas[u.replica], i)
		}
		for _, name := range u.apart {
			groups[name] = append(groups[name], i)
		}
	}
	z.hold(groups)
	for _, name := range slices.Sorted(maps.Keys(replicas)) {
		if group := replicas[name]; z.spread(group) {
			z.instance.Apart = append(z.instance.Apart, group)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		if len(groups[name]) > 1 {
			z.instance.Apart = append(z.instance.Apart, groups[name])
		}
	}
}

// hold adds, to the groups of what is kept apart, what stays on hosts that cannot be emptied: it takes no room there that
// is not taken already. What shares such a host against a rule does so as before.
func (z *pool) hold(groups map[string][]int) {
	for i, h := range z.hosts {
		if h.stays == "" {
			continue
		}
		there := map[string]bool{}
		for j := range h.units {
			for _, name := range h.units[j].apart {
				there[name] = there[name] || z.movers[name] > 0
			}
		}
		for _, name := range slices.Sorted(maps.Keys(there)) {
			if !there[name] {
				continue
			}
			groups[name] = append(groups[name], len(z.instance.Items))
			r := z.refs[i]
			z.instance.Items = append(z.instance.Items, instance.Item{Name: name, Size: make([]int64, len(z.instance.Dimensions)), Allow: []int{r.Type}, At: r})
		}
	}
}

// spread reports whether a group of replicas runs on as many hosts as it has members: then it is meant to.
func (z *pool) spread(group []int) bool {
	on := map[int]bool{}
	for _, i := range group {
		on[z.at[i]] = true
	}
	return len(group) > 1 && len(on) == len(group)
}

// allow lists the types whose hosts may carry a unit; nil for all.
func (z *pool) allow(u *unit, c *Constraints) []int {
	out := []int{}
	seen := make([]bool, len(z.instance.Types))
	for i := range z.hosts {
		t := z.refs[i].Type
		if seen[t] {
			continue
		}
		seen[t] = true
		if h := z.hosts[i]; slices.Contains(h.has, u.needs) && !slices.ContainsFunc(u.rules, func(r Rules) bool { return c.Forbids(r, h.rules) != "" }) {
			out = append(out, t)
		}
	}
	if len(out) == len(z.instance.Types) {
		return nil
	}
	return out
}

// solve packs, with a share of the usual work. Pools are worked on side by side, each by one.
func (z *pool) solve(ctx context.Context, effort float64) {
	s, err := pack.Solve(ctx, &z.instance, pack.Options{Quick: z.quick, Effort: effort, Workers: 1})
	switch {
	case err != nil:
		z.withheld = "it cannot be planned: " + err.Error()
		return
	case len(s.Unplaced) > 0:
		z.withheld = fmt.Sprintf("%s: no place, as sized %s; hosts are as full as they are by over-committing", running(len(s.Unplaced)), z.sizedBy())
	case len(s.Lacking) > 0:
		z.withheld = fmt.Sprintf("no plan was found in which every host has the %d that could take over from it", s.Spares)
	case len(s.Plan.Hosts)+len(s.Plan.Spares) >= len(z.hosts):
		z.withheld = "no plan was found that needs fewer hosts"
	}
	z.solution = s
}

// check has the plan and its proof judged by what knows nothing of how they were found.
func (z *pool) check() {
	s := z.solution
	if s == nil || z.checked {
		return
	}
	z.checked = true
	err := check.Certificate(&z.instance, &s.Bound)
	if err == nil && z.withheld == "" {
		err = check.Plan(&z.instance, &s.Plan, s.Spares)
	}
	if err != nil {
		z.withheld, z.solution = "its plan did not pass the check, please report it: "+err.Error(), nil
	}
}

func running(n int) string {
	if n == 1 {
		return "1 thing that runs"
	}
	return fmt.Sprintf("%d things that run", n)
}

// sizedBy says what the sizes rest on.
func (z *pool) sizedBy() string {
	proven := 0
	for _, u := range z.of {
		if u.proven {
			proven++
		}
	}
	switch proven {
	case len(z.of):
		return "by utilisation series"
	case 0:
		return "by allocation"
	default:
		return fmt.Sprintf("%d by utilisation series and %d by allocation", proven, len(z.of)-proven)
	}
}

// retired lists the hosts that the plan does without, by their index.
func (z *pool) retired() []int {
	if z.solution == nil || z.withheld != "" {
		return nil
	}
	kept := map[instance.Ref]bool{}
	for _, r := range slices.Concat(z.solution.Plan.Hosts, z.solution.Plan.Spares) {
		kept[r] = true
	}
	var out []int
	for i, r := range z.refs {
		if !kept[r] {
			out = append(out, i)
		}
	}
	return out
}

// hostPlan sums up what there is to say of the number of hosts.
func (z *pool) hostPlan() score.HostPlan {
	p := score.HostPlan{Now: len(z.hosts), Plan: len(z.hosts)}
	s := z.solution
	if s == nil {
		return p
	}
	p.Bound, p.BoundKind, p.Spares = min(s.Bound.Bound+s.Spares, p.Now), s.Bound.Kind, s.Spares
	if z.withheld == "" {
		p.Plan, p.Spares = len(s.Plan.Hosts)+len(s.Plan.Spares), len(s.Plan.Spares)
	}
	if p.Bound > 0 {
		p.Gap = float64(p.Plan-p.Bound) / float64(p.Bound)
	}
	return p
}
