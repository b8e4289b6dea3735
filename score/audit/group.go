package audit

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// group holds some hosts, rated as an estate of their own, against their minima. Of several that are not reached, the one
// with the greatest exit status decides.
func (g *gates) group(r *GroupRule, path string) Gate {
	x := Gate{ID: string(r.ID), Outcome: Pass, Where: g.where(path)}
	e, unmet := g.part(r)
	one := gates{result: &Result{}, policy: g.policy, evidence: Evidence{Estate: e, Model: g.evidence.Model}, now: g.now}
	req := g.evidence.Request.Request
	req.Top = 1
	one.evidence.Assessment = score.Assess(e, g.evidence.Model, req)
	one.result.Score = one.evidence.Assessment.Score

	var asked []Gate
	if r.MinCoverage != nil {
		asked = append(asked, one.coverage(*r.MinCoverage))
	}
	if r.MinScore != nil {
		asked = append(asked, one.score(*r.MinScore))
	}
	if r.MinLevel != nil {
		asked = append(asked, one.level(*r.MinLevel))
	}
	for _, id := range slices.Sorted(maps.Keys(r.Pillars)) {
		asked = append(asked, one.pillar(id, r.Pillars[id]))
	}
	var texts []string
	for _, y := range asked {
		texts = append(texts, y.Text)
	}
	x.Text = r.who() + " together: " + strings.Join(texts, ", ")
	if unmet != "" {
		x.Outcome, x.Have, x.Want, x.Why = Unknown, hosts(len(e.Hosts)), "all", unmet
		x.Remedy = "mend the pattern, name hosts in the place of their guests, or read the target that shows them"
		return x
	}
	rank := func(y Gate) int { return slices.Index([]string{Skipped, Pass, Fail, Unknown}, y.Outcome) }
	worst := slices.MaxFunc(asked, func(a, b Gate) int { return rank(a) - rank(b) }) // the first of these
	x.Outcome = worst.Outcome
	if x.Outcome == Pass {
		var have, want []string
		for _, y := range asked {
			have, want = append(have, y.Have), append(want, y.Want)
		}
		x.Have, x.Want = strings.Join(have, ", "), strings.Join(want, ", ")
		return x
	}
	x.Have, x.Want, x.Remedy = worst.Have, worst.Want, worst.Remedy
	x.Why = because(fmt.Sprintf("%s, of %s: %s", worst.Text, hosts(len(e.Hosts)), worst.Why), r.Reason)
	return x
}

// who names the hosts of a group.
func (r *GroupRule) who() string {
	var who []string
	if len(r.Zones) > 0 {
		who = append(who, "the hosts of zone "+listed(r.Zones))
	}
	if len(r.Machines) > 0 {
		who = append(who, "the hosts "+listed(r.Machines))
	}
	return strings.Join(who, " and ")
}

func hosts(n int) string {
	switch n {
	case 0:
		return "no host"
	case 1:
		return "1 host"
	}
	return fmt.Sprintf("%d hosts", n)
}

// part is the estate that the hosts of a group would be, and which pattern no host is of.
func (g *gates) part(r *GroupRule) (e *inventory.Estate, unmet string) {
	whole := g.evidence.Estate
	out := *whole
	out.Hosts, out.Clusters, out.Gaps, out.Sources = nil, nil, nil, nil
	zones, machines := newGlobs(r.Zones), newGlobs(r.Machines)
	inZone, called := make(set, len(r.Zones)/64+1), make(set, len(r.Machines)/64+1)
	in := map[string]bool{} // IDs of machines
	for _, h := range whole.Hosts {
		zone := g.evidence.Model.ZoneOf(&h.Machine)
		belongs := zone != "" && zones.mark(inZone, zone)
		if machines.mark(called, h.Machine.ID, h.Machine.Name.Or(h.Machine.ID)) || belongs {
			out.Hosts = append(out.Hosts, h)
			h.Walk(func(n *inventory.Node) { in[n.Machine.ID] = true })
		}
	}
	for i := range whole.Clusters {
		if slices.ContainsFunc(whole.Clusters[i].Machines, func(id string) bool { return in[id] }) {
			out.Clusters = append(out.Clusters, whole.Clusters[i])
		}
	}
	for _, gap := range whole.Gaps {
		if in[gap.Subject] {
			out.Gaps = append(out.Gaps, gap)
		}
	}
	if no := missing(r.Zones, inZone); len(no) > 0 {
		unmet = "no host is in a zone " + listed(no)
	} else if no := missing(r.Machines, called); len(no) > 0 {
		unmet = "no host is called " + listed(no)
	}
	return &out, unmet
}
