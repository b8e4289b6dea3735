package plan

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
	"github.com/infraopt/infraopt/score/trend"
)

// Follow says what has become of the roadmap of an earlier estate, and what of today's is new. Both roadmaps are made by
// today's rules; that of then with less work on plans of hosts. A subject of then is done where its action does not find it any more in what is known of both estates; where
// a fact that showed it then is not known now, nobody can tell. Points are those of the earlier estate: promised for all of a
// step in sequence, and delivered for as much of it as is done. The context ends searches for plans of hosts.
func Follow(ctx context.Context, then, now *inventory.Estate, m *score.Model, req Request, today []score.Recommendation) []score.Followed {
	f := newFollower(ctx, m.InScope(then, req.Now), m.InScope(now, req.Now), m, req)
	byAction := map[string]int{}
	out := []score.Followed{}
	for f.p.step(f.roadmap) {
		i := len(f.roadmap.steps) - 1
		pr := f.roadmap.steps[i]
		at, ok := byAction[pr.action.ID]
		if !ok {
			at = len(out)
			byAction[pr.action.ID] = at
			zero := 0.
			out = append(out, score.Followed{Action: pr.action.ID, Title: pr.action.title(pr.subjects), Promised: &zero})
		}
		x := &out[at]
		*x.Promised += pr.low
		f.judge(pr, x)
		if gain, known := f.deliver(pr, ok); known {
			x.Delivered = &gain
		}
	}
	for i := range out {
		out[i].Status = status(&out[i])
		out[i].Added = f.added(out[i].Action)
	}
	for i := range today {
		r := &today[i]
		if _, ok := byAction[r.Action]; !ok && r.Wave != "" { // what has no wave is no part of the roadmap
			byAction[r.Action] = len(out)
			out = append(out, score.Followed{Action: r.Action, Title: r.Title, Status: score.FollowedNew, Added: len(r.Subjects)})
		}
	}
	return out
}

// A follower compares what actions found to do with what they find now.
type follower struct {
	p       *planner // of then
	roadmap *roadmap
	now     *inventory.Estate
	sight   *trend.Sight
	then    map[string]map[string]string // by action and subject: the host of then; of what was there before any step
	known   map[string]map[string]string // the same, in what is known at both ends
	left    map[string]map[string]string // what is found now, in what is known at both ends
	today   map[string]map[string]string // and in all that is known now
	replay  *replayed
}

func newFollower(ctx context.Context, then, now *inventory.Estate, m *score.Model, req Request) *follower {
	f := &follower{p: newPlanner(ctx, then, m, req), now: now, sight: trend.Both(then, now)}
	f.p.unproven = true
	f.roadmap = f.p.newRoadmap(f.p.rate(f.p.total))
	f.then, f.known, f.left, f.today = f.find(then), f.find(f.sight.Known[0]), f.find(f.sight.Known[1]), f.find(now)
	f.replay = newReplayed(f.p)
	return f
}

// find lists what every action of hosts would find to do on an estate, in which most things are as they were then: a
// question that has changed tells nothing of its answer.
func (f *follower) find(e *inventory.Estate) map[string]map[string]string {
	found := make([]map[string][]string, len(e.Hosts))
	each(len(e.Hosts), func(i int) {
		sc := newScene(e.Hosts[i], f.p.model, f.p.req.Options, f.p.customs, f.p.req.Constraints)
		found[i] = map[string][]string{}
		for _, act := range actions() {
			if act.node == nil {
				continue
			}
			_, subjects := rewriteHost(act, e.Hosts[i], sc)
			for k := range subjects {
				found[i][act.ID] = append(found[i][act.ID], f.key(&subjects[k]))
			}
		}
	})
	out := map[string]map[string]string{}
	for i, byAction := range found {
		for act, keys := range byAction {
			if out[act] == nil {
				out[act] = map[string]string{}
			}
			for _, k := range keys {
				out[act][k] = e.Hosts[i].Machine.ID
			}
		}
	}
	return out
}

// key names a subject at both ends. Virtual machines and containers may have moved; images, volumes and work are told by
// their machines, too.
func (f *follower) key(s *Subject) string {
	parts := []string{s.Class, s.ID}
	switch s.Class {
	case "vm", "container":
	case "machine":
		if n := f.sight.Now[s.ID]; n != nil { // it may have got another ID
			parts[1] = n.Machine.ID
		}
	default:
		parts = append(parts, s.Machine)
	}
	return strings.Join(parts, "\x00")
}

// judge sorts the subjects of a step.
func (f *follower) judge(pr *proposal, x *score.Followed) {
	x.Subjects += len(pr.subjects)
	for i := range pr.subjects {
		switch f.fate(pr.action, &pr.subjects[i]) {
		case score.FollowedDone:
			x.Done++
		case score.FollowedIncomparable:
			x.Incomparable++
		case "gone":
			x.Gone++
		default:
			x.Open++
		}
	}
}

// fate is what has become of a subject.
func (f *follower) fate(act *Action, s *Subject) string {
	if act.estate != nil { // hosts that were to go
		n := f.sight.Now[s.ID]
		switch {
		case f.sight.Incomparable[s.ID]:
			return score.FollowedIncomparable
		case f.sight.Left[s.ID]:
			return score.FollowedDone
		case n != nil && n.Machine.Powered.IsUnknown():
			return score.FollowedIncomparable
		case n != nil && !n.Machine.Powered.Or(true):
			return score.FollowedDone
		}
		return score.FollowedOpen
	}
	k := f.key(s)
	host, asked := f.then[act.ID][k]
	_, known := f.known[act.ID][k]
	_, open := f.left[act.ID][k]
	switch {
	case !asked: // it comes up only once other steps are done
		return score.FollowedOpen
	case f.sight.Incomparable[host] || !known:
		return score.FollowedIncomparable
	case open:
		return score.FollowedOpen
	case f.sight.Left[host]:
		return "gone"
	default:
		return score.FollowedDone
	}
}

// added counts what an action finds today and did not find then.
func (f *follower) added(action string) int {
	n := 0
	for k := range f.today[action] {
		if _, ok := f.then[action][k]; !ok {
			n++
		}
	}
	return n
}

func status(x *score.Followed) string {
	switch {
	case x.Subjects > 0 && x.Incomparable == x.Subjects:
		return score.FollowedIncomparable
	case x.Done+x.Gone == 0:
		return score.FollowedOpen
	case x.Open == 0 && x.Incomparable == 0:
		return score.FollowedDone
	default:
		return score.FollowedPartly
	}
}

// replayed is the estate of then with only that done to it which has been done.
type replayed struct {
	estate  *inventory.Estate          // but for its hosts
	hosts   map[string]*inventory.Node // by the ID of the host
	tallies map[string]*score.Tally
	total   *score.Tally
	last    *score.Result
	sum     map[string]float64 // points delivered, by action
}

func newReplayed(p *planner) *replayed {
	r := &replayed{estate: p.estate, hosts: map[string]*inventory.Node{}, tallies: map[string]*score.Tally{}, total: p.total.Clone(), sum: map[string]float64{}}
	for _, h := range p.hosts {
		r.hosts[h.node.Machine.ID], r.tallies[h.node.Machine.ID] = h.node, h.tally
	}
	r.last = p.rate(r.total)
	return r
}

// deliver does on the estate of then what has been done of a step, host by host, and rates it: a host counts where all that
// the action found on it is done. again says that the action had a step before this one. What concerns an estate as a whole
// can only be taken to be done, or not.
func (f *follower) deliver(pr *proposal, again bool) (points float64, known bool) {
	act, r := pr.action, f.replay
	if act.estate != nil {
		done := 0
		for i := range pr.subjects {
			if f.fate(act, &pr.subjects[i]) == score.FollowedDone {
				done++
			}
		}
		return 0, done == 0 && !again
	}
	done := map[string]bool{} // hosts: whether all that was found on them is
	for k, host := range f.then[act.ID] {
		_, still := f.left[act.ID][k]
		_, ok := f.known[act.ID][k]
		was, met := done[host]
		done[host] = (was || !met) && ok && !still && !f.sight.Incomparable[host] && !f.sight.Left[host]
	}
	all := true
	for _, host := range slices.Sorted(maps.Keys(done)) {
		all = all && done[host]
	}
	for _, host := range slices.Sorted(maps.Keys(done)) {
		if !done[host] || act.whole && !all { // worth nothing by halves
			continue
		}
		sc := newScene(r.hosts[host], f.p.model, f.p.req.Options, f.p.customs, f.p.req.Constraints)
		n, _ := rewriteHost(act, r.hosts[host], sc)
		t := f.p.tally(n)
		r.total.Sub(r.tallies[host])
		r.total.Add(t)
		r.hosts[host], r.tallies[host] = n, t
	}
	if act.site != nil && all && len(done) > 0 {
		r.total.Sub(score.SiteTally(r.estate))
		r.estate = act.site(r.estate)
		r.total.Add(score.SiteTally(r.estate))
	}
	now := f.p.rate(r.total)
	r.sum[act.ID] += snap(now.Score.Low - r.last.Score.Low)
	r.last = now
	return r.sum[act.ID], true
}
