package plan

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
	"github.com/infraopt/infraopt/score/plan/replay"
)

// validate replays the utilisation series of what runs over the hosts of the present estate. The words say which hosts
// could not be validated, and why; the overload is nil where none could.
func (p *planner) validate() (*score.Overload, string) {
	var hosts []replay.Host
	var loads []replay.Load
	for _, h := range p.hosts {
		if h.state.off {
			continue
		}
		loads = append(loads, h.state.loads(len(hosts))...)
		hosts = append(hosts, h.state.place())
	}
	r := replay.Run(hosts, loads)
	words := notValidated(&r)
	if r.Samples == 0 {
		return nil, words
	}
	return &score.Overload{Samples: r.Samples, Above80: r.Above80, Above100: r.Above100, Memory100: r.Memory100,
		Covered: r.Covered, WorstHost: r.WorstHost, Worst: r.Worst}, words
}

// place is a host as a series is replayed on it: all of it, as headroom is for what plans do not foresee.
func (h *hostState) place() replay.Host {
	m := &h.node.Machine
	out := replay.Host{Name: m.Name.Or(m.ID), Cores: m.Cores.Or(0), Memory: m.Memory.Or(0),
		HeldCores: float64(h.held.cpu) / 1000, HeldMemory: inventory.Bytes(h.held.memory) * inventory.MiB}
	if h.blind {
		out.Blind = "what something there needs is not known well enough"
	}
	return out
}

// loads lists what uses a host. What is switched off uses nothing, and has nothing to show.
func (h *hostState) loads(host int) (out []replay.Load) {
	for i := range h.units {
		u := &h.units[i]
		if u.memory == 0 && slices.Max(u.cpu[:]) == 0 {
			continue
		}
		whole := replay.Load{Name: u.name, Host: host, Memory: inventory.Bytes(u.memory) * inventory.MiB}
		for hour, milli := range u.cpu {
			whole.Cores[hour] = float64(milli) / 1000
		}
		if len(u.moves) == 1 {
			whole.Series = h.seriesOf(u.moves[0])
			out = append(out, whole)
			continue
		}
		parts := make([]replay.Load, 0, len(u.moves))
		for _, m := range u.moves {
			if s := h.seriesOf(m); s != nil && len(s.Memory) > 0 {
				parts = append(parts, replay.Load{Name: u.name + " " + m.id, Host: host, Series: s})
			}
		}
		if len(parts) < len(u.moves) { // the planned size is that of all together
			parts = []replay.Load{whole}
		}
		out = append(out, parts...)
	}
	return out
}

// seriesOf is the series of something that runs on a host; nil where there is none.
func (h *hostState) seriesOf(m relocation) *inventory.Series {
	if m.vm {
		for i := range h.node.VMs {
			if v := &h.node.VMs[i]; v.ID == m.id {
				return v.Demand.Series
			}
		}
		return nil
	}
	for i := range h.node.Containers {
		if c := &h.node.Containers[i]; c.ID == m.id {
			return c.Demand.Series
		}
	}
	return nil
}

// namedReasons is how many reasons are put into words.
const namedReasons = 3

// notValidated says how many hosts could not be validated, and why; empty where all were.
func notValidated(r *replay.Result) string {
	hosts := r.Validated + len(r.Not)
	switch {
	case hosts == 0:
		return "nothing runs on any host that could be replayed"
	case len(r.Not) == 0:
		return ""
	}
	times := map[string]int{}
	for _, n := range r.Not {
		times[n.Why]++
	}
	reasons := slices.SortedFunc(maps.Keys(times), func(a, b string) int { return cmp.Or(cmp.Compare(times[b], times[a]), cmp.Compare(a, b)) })
	more := ""
	if len(reasons) > namedReasons {
		reasons, more = reasons[:namedReasons], "; and others"
	}
	return fmt.Sprintf("%d of %d hosts: %s%s", len(r.Not), hosts, strings.Join(reasons, "; "), more)
}
