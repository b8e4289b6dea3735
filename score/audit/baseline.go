package audit

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
	"github.com/infraopt/infraopt/score/plan"
	"github.com/infraopt/infraopt/score/trend"
)

// A Baseline is an earlier state that findings and the score are compared with. One of the first three fields is set.
type Baseline struct {
	Estate     *inventory.Estate // of a snapshot: it is rated again by today's rules
	Assessment *score.Assessment
	Result     *Result
	Name       string       // as it was named
	Taken      time.Time    // of a snapshot
	Trend      *score.Trend // from the snapshot or assessment to today
}

// BaselineResult says what was compared with.
type BaselineResult struct {
	Name  string       `json:"name"`
	Kind  string       `json:"kind"` // snapshot, assessment or audit
	Time  time.Time    `json:"time"`
	Rules string       `json:"rules"` // hash of the rules that made it; today's for a snapshot, which is rated again
	Score score.Bounds `json:"score"` // by those rules
	// Change is by how much the low end has changed, both by today's rules; null where it cannot be told.
	Change *float64     `json:"change"`
	Note   string       `json:"note,omitempty"` // why not
	Trend  *score.Trend `json:"trend,omitempty"`
}

// Read reads a result that was written down.
func Read(text []byte) (*Result, error) {
	r := &Result{}
	if err := json.Unmarshal(text, r); err != nil {
		return nil, fmt.Errorf("not a readable audit: %w", err)
	}
	switch {
	case r.Schema != Schema:
		return nil, fmt.Errorf("its schema is %.60q, want %q", r.Schema, Schema)
	case r.Tool.Rules == "" || r.GeneratedAt.IsZero():
		return nil, errors.New("not a readable audit: it does not say when and by which rules it was made")
	}
	for i := range r.Findings {
		if f := &r.Findings[i]; f.Fingerprint == "" || f.Rule == "" {
			return nil, fmt.Errorf("not a readable audit: finding %d has no fingerprint or no rule", i+1)
		}
	}
	return r, nil
}

// result says what was compared with, and how the score has changed.
func (b *Baseline) result() *BaselineResult {
	switch {
	case b.Estate != nil:
		out := &BaselineResult{Name: b.Name, Kind: "snapshot", Time: b.Taken, Trend: b.Trend, Rules: b.Trend.To.Rules}
		change := b.Trend.Change.Low
		for _, t := range b.Trend.Terms {
			if t.ID == score.TrendRuleset || t.ID == score.TrendWaivers { // what was decided is no regression
				change -= t.Points
			}
		}
		out.Score, out.Change = b.Trend.From.Score, &change
		if b.Trend.From.Rules != b.Trend.To.Rules {
			out.Note = "rated again by today's rules"
		}
		return out
	case b.Assessment != nil:
		a := b.Assessment
		out := &BaselineResult{Name: b.Name, Kind: "assessment", Time: a.GeneratedAt, Rules: a.Tool.Rules, Score: a.Score, Trend: b.Trend, Note: b.Trend.Note}
		if b.Trend.Comparable {
			change := b.Trend.Change.Low
			out.Change, out.Note = &change, ""
		}
		return out
	default:
		return &BaselineResult{Name: b.Name, Kind: "audit", Time: b.Result.GeneratedAt, Rules: b.Result.Tool.Rules, Score: b.Result.Score}
	}
}

// settle works out the change from an earlier audit, which needs today's.
func (b *BaselineResult) settle(then, now *Result) {
	switch {
	case then.Tool.Rules != now.Tool.Rules:
		b.Note = fmt.Sprintf("it was made by other rules (%s then, %s now)", then.Tool.Rules, now.Tool.Rules)
	case then.Assumption != now.Assumption:
		b.Note = "it was made on another assumption"
	default:
		change := low(now.Score) - low(then.Score)
		b.Change = &change
	}
}

// failed are the targets that could not be read then.
func (b *Baseline) failed() map[string]bool {
	out := map[string]bool{}
	add := func(target string, status inventory.Status) {
		out[target] = out[target] || status == inventory.StatusFailed
	}
	switch {
	case b == nil:
	case b.Estate != nil:
		for _, s := range b.Estate.Sources {
			add(s.Target, s.Status)
		}
	case b.Assessment != nil:
		for _, s := range b.Assessment.Sources {
			add(s.Target, s.Status)
		}
	case b.Result != nil:
		for _, s := range b.Result.Sources {
			add(s.Target, s.Status)
		}
	}
	return out
}

// low is what is proven of a score; nothing where there is none.
func low(b score.Bounds) float64 {
	if b.None {
		return 0
	}
	return b.Low
}

// The reasons for which nobody can tell of a finding.
const (
	goneNow    = "it is not found now, and "
	hiddenThen = "it was not found then, and "
)

// compare gives today's findings their states, and adds those of the baseline that are not there today.
func (b *Baseline) compare(now []Finding, e Evidence) []Finding {
	var out []Finding
	switch {
	case b.Estate != nil:
		out = b.compareEstates(now, e)
	case b.Result != nil:
		out = compareResults(b.Result, now, e)
	default:
		out = b.compareAssessment(now)
	}
	sortFindings(out)
	return out
}

// compareEstates finds with today's rules what was to be found then, and in both estates as far as each fact is known in
// both: what is found there in one only has changed.
func (b *Baseline) compareEstates(now []Finding, e Evidence) []Finding {
	sight := trend.Both(b.Estate, e.Estate)
	ids := renamed(recognised(b.Estate), recognised(e.Estate))
	reqThen := e.Request
	reqThen.Now = b.Taken
	then := findAs(b.Estate, e.Model, reqThen, ids)
	knownThen := fingerprints(findAs(sight.Known[0], e.Model, reqThen, ids))
	knownNow := fingerprints(findAs(sight.Known[1], e.Model, e.Request, nil))
	before, today := fingerprints(then), fingerprints(now)
	for i := range now {
		switch f := &now[i]; {
		case before[f.Fingerprint]:
			f.State = Unchanged
		case knownNow[f.Fingerprint]:
			f.State = New
		default:
			f.State, f.Why = Incomparable, hiddenThen+"what shows it could not be seen"
		}
	}
	look := newLook(e, nil)
	hosts := map[string]string{} // what they were called then
	for then, now := range ids {
		hosts[now] = then
	}
	for _, f := range then {
		if today[f.Fingerprint] {
			continue
		}
		host := f.Host
		if was, ok := hosts[host]; ok {
			host = was
		}
		switch {
		case sight.Incomparable[host]:
			f.State, f.Why = Incomparable, goneNow+"its host could not be read or told from others"
		case sight.Left[host]:
			f.State, f.Why = look.absent(&f)
		case knownThen[f.Fingerprint]:
			f.State, f.Why = Resolved, ""
		default:
			f.State, f.Why = Incomparable, goneNow+"what showed it could not be seen"
		}
		now = append(now, f)
	}
	return now
}

func fingerprints(list []Finding) map[string]bool {
	out := make(map[string]bool, len(list))
	for i := range list {
		out[list[i].Fingerprint] = true
	}
	return out
}

// compareResults compares with what was written down.
func compareResults(then *Result, now []Finding, e Evidence) []Finding {
	was := *then
	was.Findings = slices.Clone(then.Findings)
	ids := renamed(then.Machines, recognised(e.Estate))
	for i := range was.Findings {
		was.Findings[i].rename(ids)
	}
	before := map[string]bool{}
	for i := range was.Findings {
		if f := &was.Findings[i]; !f.gone() {
			before[f.Fingerprint] = true
		}
	}
	failedThen := (&Baseline{Result: then}).failed()
	today := fingerprints(now)
	for i := range now {
		f := &now[i]
		f.State = New
		if before[f.Fingerprint] {
			f.State = Unchanged
		} else if k := slices.IndexFunc(f.Targets, func(t string) bool { return failedThen[t] }); k >= 0 {
			f.State, f.Why = Incomparable, hiddenThen+f.Targets[k]+" could not be read"
		}
	}
	known := map[string]Machine{}
	for _, m := range then.Machines {
		known[cmp.Or(ids[m.ID], m.ID)] = m
	}
	look := newLook(e, known)
	for _, f := range was.Findings {
		if f.gone() || today[f.Fingerprint] {
			continue
		}
		f.WaivedBy = ""
		f.State, f.Why = look.gone(&f)
		now = append(now, f)
	}
	return now
}

// A look says what today's evidence can tell of what was found before.
type look struct {
	nodes   map[string]*inventory.Node
	sources map[string]inventory.Outcome
	then    map[string]Machine // as they were, by the ID that they have now
}

func newLook(e Evidence, then map[string]Machine) *look {
	l := &look{then: then, nodes: map[string]*inventory.Node{}, sources: map[string]inventory.Outcome{}}
	e.Estate.Walk(func(n *inventory.Node) { l.nodes[n.Machine.ID] = n })
	for _, s := range e.Estate.Sources {
		if old, ok := l.sources[s.Target]; !ok || old.Status != inventory.StatusFailed { // of several of one name, the one that failed
			l.sources[s.Target] = s
		}
	}
	return l
}

// gone says what became of a finding that is not there today.
func (l *look) gone(f *Finding) (state, why string) {
	n := l.nodes[f.Machine]
	if n == nil && l.nodes[f.Host] == nil {
		return l.absent(f)
	}
	if why := l.unread(f); why != "" {
		return Incomparable, goneNow + why
	}
	partial := slices.ContainsFunc(f.Targets, func(t string) bool { return l.sources[t].Status == inventory.StatusPartial })
	if n == nil { // its host is there, and the machine on it is not
		if !l.nodes[f.Host].Lists("vm", "", partial) {
			return Incomparable, goneNow + "not all of the class vm could be listed on its host"
		}
		return Resolved, ""
	}
	unknown, there := plan.Unknown(n, f.Class, f.Key)
	if !there {
		if engine, _, ok := strings.Cut(f.Key, " "); !ok && !n.Lists(f.Class, "", partial) || ok && !n.Lists(f.Class, engine, partial) {
			return Incomparable, goneNow + "not all of the class " + f.Class + " could be listed on " + f.MachineName
		}
		return Resolved, ""
	}
	was := l.then[f.Machine]
	has, of := shownOf(n)
	fact := firstOf(beyond(unknown, f.Unknown), beyond(of, was.Unknown))
	if partial {
		fact = firstOf(fact, beyond(was.Has, has))
	}
	if f.Class == "image" && slices.ContainsFunc(n.Containers, func(c inventory.Container) bool { return !c.ImageID.IsKnown() }) {
		fact = firstOf(fact, "container: imageId")
	}
	if fact != "" {
		return Incomparable, goneNow + "less is known of " + f.MachineName + " than was then: " + fact
	}
	return Resolved, ""
}

// unread says which of the targets that showed a finding was not read today.
func (l *look) unread(f *Finding) string {
	for _, t := range f.Targets {
		switch s, ok := l.sources[t]; {
		case !ok:
			return t + " was not read"
		case s.Status == inventory.StatusFailed:
			return t + " could not be read"
		}
	}
	return ""
}

// ownOnly are the schemes of targets that show the machine that they are on, and no list of machines.
var ownOnly = []string{"host", "docker", "containerd", "cri", "ssh", "ansible"}

// absent says what to make of a host that is not there today: it is gone only where a target that lists hosts was read, and
// does not list it.
func (l *look) absent(f *Finding) (state, why string) {
	if why := l.unread(f); why != "" {
		return Incomparable, goneNow + why
	}
	for _, t := range f.Targets {
		if !slices.Contains(ownOnly, l.sources[t].Scheme) {
			return Resolved, ""
		}
	}
	return Incomparable, goneNow + "nobody looked at " + f.MachineName
}

// compareAssessment compares with what an assessment lists: what its roadmap takes up, and examples of what was noticed. So
// that something is not on it proves nothing.
func (b *Baseline) compareAssessment(now []Finding) []Finding {
	was := map[[2]string]bool{}
	a := b.Assessment
	for i := range a.Recommendations {
		for _, s := range a.Recommendations[i].Subjects {
			was[[2]string{a.Recommendations[i].Action, s}] = true
		}
	}
	all := map[string]bool{} // rules of which every example is listed
	for _, f := range a.Findings {
		machines := map[string]bool{}
		for _, x := range f.Examples {
			was[[2]string{f.ID, x.Machine + "\x00" + x.Text}] = true
			machines[x.Machine] = true
		}
		all[f.ID] = len(machines) >= f.Machines
	}
	for i := range now {
		f := &now[i]
		noticed := f.Class == classMachine && was[[2]string{f.Rule, f.Machine + "\x00" + f.Text}]
		switch {
		case noticed, was[[2]string{f.Rule, f.Subject}]:
			f.State = Unchanged
		case all[f.Rule]:
			f.State = New
		default:
			f.State, f.Why = Incomparable, hiddenThen+"an assessment does not list everything: give the snapshot, or an audit that was written down"
		}
	}
	return now
}

// cause names what changed most of a score that fell, for people.
func (b *BaselineResult) cause() string {
	if b.Trend == nil {
		return ""
	}
	var worst *score.TrendTerm
	for i := range b.Trend.Terms {
		t := &b.Trend.Terms[i]
		if t.ID == score.TrendRuleset || t.ID == score.TrendWaivers || t.Points >= 0 {
			continue
		}
		if worst == nil || t.Points < worst.Points {
			worst = t
		}
	}
	if worst == nil {
		return ""
	}
	return fmt.Sprintf("most of it is %s: %s", worst.ID, strings.TrimSuffix(worst.Text, "."))
}
