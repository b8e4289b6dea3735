package audit

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// The IDs of infraopt's own gates. Those of pillars, indicators and sources have a name behind a colon.
const (
	gateTargets    = "targets"
	gateScore      = "min-score"
	gateLevel      = "min-level"
	gateCoverage   = "min-coverage"
	gatePillar     = "pillar"
	gateIndicator  = "indicator"
	gateRegression = "max-regression"
	gateNew        = "fail-on-new"
	gateComplete   = "complete"
	gateAge        = "max-age"
	gateSource     = "source"
)

// reserved reports whether a gate of the policy may not have an ID.
func reserved(id string) bool {
	return slices.Contains([]string{gateTargets, gateScore, gateLevel, gateCoverage, gatePillar, gateIndicator, gateRegression, gateNew, gateComplete, gateAge, gateSource}, id)
}

// forgiven is the dust of floating point that decides nothing.
const forgiven = 1e-9

// subjectsShown is how many of the things that decide a gate are named.
const subjectsShown = 10

// gates asks everything that a policy asks for, in a fixed order.
type gates struct {
	result   *Result
	policy   *Policy
	evidence Evidence
	waivers  *waiverSet
	baseline *Baseline
	now      time.Time
}

func (g *gates) all() {
	p := g.policy
	g.targets()
	if p.Complete {
		g.add(g.complete())
	}
	for _, s := range p.RequireSources {
		g.add(g.source(s))
	}
	if p.MaxAge != nil {
		g.add(g.age(*p.MaxAge))
	}
	if p.MinCoverage != nil {
		g.add(g.coverage(*p.MinCoverage))
	}
	if p.MinScore != nil {
		g.add(g.score(*p.MinScore))
	}
	if p.MinLevel != nil {
		g.add(g.level(*p.MinLevel))
	}
	for _, id := range slices.Sorted(maps.Keys(p.Pillars)) {
		g.add(g.pillar(id, p.Pillars[id]))
	}
	for _, id := range slices.Sorted(maps.Keys(p.Indicators)) {
		g.add(g.indicator(id, p.Indicators[id]))
	}
	for i := range p.Machines {
		g.result.Gates = append(g.result.Gates, g.machines(&p.Machines[i], fmt.Sprintf("machines.%d", i+1)))
	}
	for i := range p.Groups {
		g.add(g.group(&p.Groups[i], fmt.Sprintf("groups.%d", i+1)))
	}
	for i := range p.Forbid {
		g.result.Gates = append(g.result.Gates, g.forbid(&p.Forbid[i], fmt.Sprintf("forbid.%d", i+1)))
	}
	if p.MaxRegression != nil {
		g.add(g.regression(*p.MaxRegression))
	}
	if p.FailOnNew {
		g.add(g.fresh())
	}
	g.customs()
}

// add takes a gate about the estate as a whole; one that is not passed can be waived.
func (g *gates) add(x Gate) {
	if x.Outcome == Fail || x.Outcome == Unknown {
		if by := g.waivers.waives(x.ID, []string{Estate}); by != "" {
			x.WaivedBy = []string{by}
			x.Why = strings.TrimSuffix("waived by "+by+": "+x.Why, ": ")
			x.Outcome = Skipped
		}
	}
	g.result.Gates = append(g.result.Gates, x)
}

// where is the place of a part of the policy.
func (g *gates) where(path string) string {
	if g.policy.pos == nil {
		return ""
	}
	return g.policy.pos.Where(path)
}

// asked is where a gate that a flag can set is asked for.
func (g *gates) asked(key, flag string) string {
	if g.policy.byFlag[key] || g.policy.pos == nil {
		return flag
	}
	return g.policy.pos.Where(key)
}

// targets is the gate that everything that was named could be read. It cannot be waived.
func (g *gates) targets() {
	r := g.evidence.Reading
	x := Gate{ID: gateTargets, Text: "what was named can be read, and shows something", Outcome: Pass, Want: "what was named"}
	read, all := g.read()
	x.Have = fmt.Sprintf("%d of %d", read, all)
	switch {
	case r.Outcome != "":
		x.Outcome, x.Why, x.Remedy = r.Outcome, r.Why, r.Remedy
	case read == 0:
		x.Outcome, x.Why, x.Remedy = Unknown, "no target was read by whoever collected this", g.look()
		if all == 0 {
			x.Why = "there is no target in it"
		}
	}
	g.result.Gates = append(g.result.Gates, x)
}

// read counts the targets that could be read, and all.
func (g *gates) read() (read, all int) {
	for _, s := range g.result.Sources {
		all++
		if s.Status != inventory.StatusFailed {
			read++
		}
	}
	return read, all
}

func (g *gates) complete() Gate {
	read, all := g.read()
	x := Gate{ID: gateComplete, Text: "every target can be read", Outcome: Pass, Have: fmt.Sprintf("%d of %d", read, all), Want: "all", Where: g.asked("complete", "--complete")}
	switch {
	case all == 0:
		x.Outcome, x.Why = Unknown, "there is no target"
	case read < all:
		x.Outcome, x.Remedy = Unknown, "infraopt doctor says what is missing"
		for _, s := range g.evidence.Assessment.Sources {
			if s.Status == inventory.StatusFailed {
				x.Subjects = some(x.Subjects, s.Target)
				if x.Why == "" {
					x.Why = s.Target + " could not be read: " + s.Error
				}
			}
		}
	}
	return x
}

// some appends to a list that names no more than a few.
func some(list []string, s string) []string {
	if len(list) == subjectsShown {
		return list
	}
	return append(list, s)
}

func (g *gates) source(p Pattern) Gate {
	x := Gate{ID: gateSource + ":" + string(p), Text: "a source " + string(p) + " was read", Outcome: Unknown, Have: "none", Want: "one", Where: g.where("requireSources")}
	only := newGlobs([]Pattern{p})
	x.Why, x.Remedy = "no target is of that kind", "name one; infraopt sources lists the kinds"
	for _, s := range g.evidence.Assessment.Sources {
		if !only.any([]string{s.Scheme, s.Target}) {
			continue
		}
		if s.Status != inventory.StatusFailed {
			x.Outcome, x.Have, x.Why, x.Remedy = Pass, s.Target, "", ""
			return x
		}
		x.Why, x.Remedy = s.Target+" could not be read: "+s.Error, s.Remedy
	}
	return x
}

func (g *gates) age(most Span) Gate {
	x := Gate{ID: gateAge, Text: "no evidence is older than " + most.String(), Outcome: Pass, Want: "at most " + most.String(), Where: g.asked("maxAge", "--max-age")}
	oldest := g.evidence.Estate.Oldest
	if oldest.IsZero() {
		x.Outcome, x.Have, x.Why = Unknown, "no evidence", "nothing was read"
		return x
	}
	const clocks = time.Hour // may differ
	for i := range g.evidence.Estate.Sources {
		if s := &g.evidence.Estate.Sources[i]; s.Status != inventory.StatusFailed && s.StartedAt.IsZero() {
			x.Outcome, x.Have, x.Why = Unknown, "no time", s.Target+" does not say when it was read"
			return x
		}
	}
	age, newest := g.now.Sub(oldest), g.evidence.Estate.Newest
	x.Have = spanned(age)
	switch {
	case g.now.Sub(newest) < -clocks:
		x.Outcome, x.Have, x.Why = Unknown, "from "+newest.UTC().Format(time.RFC3339), "the evidence is from the future: a clock is wrong, or --now"
	case age > time.Duration(most):
		x.Outcome, x.Why, x.Remedy = Fail, "the oldest evidence is of "+oldest.UTC().Format(time.RFC3339), "collect again"
	}
	return x
}

// spanned shows a length of time, rounded up, in days and hours.
func spanned(d time.Duration) string {
	hours := max(0, int(math.Ceil(d.Hours()-forgiven)))
	if hours < 48 {
		return fmt.Sprintf("%dh", hours)
	}
	return fmt.Sprintf("%dd %dh", hours/24, hours%24)
}

func (g *gates) coverage(least float64) Gate {
	a := g.evidence.Assessment
	x := Gate{ID: gateCoverage, Text: "coverage ≥ " + share(least), Outcome: Pass, Have: share(a.Coverage.Evidence), Want: "≥ " + share(least), Where: g.asked("minCoverage", "--min-coverage")}
	if a.Coverage.Evidence < least-forgiven {
		x.Outcome = Unknown
		x.Why = "too little of the evidence is known for the audit to be complete"
		x.Remedy = g.look()
	}
	return x
}

// look is the first thing that would show more.
func (g *gates) look() string {
	for _, gap := range g.evidence.Assessment.Gaps {
		if gap.Remedy != "" {
			return gap.Remedy
		}
	}
	return "infraopt doctor says what could not be read"
}

func (g *gates) score(least float64) Gate {
	a := g.evidence.Assessment
	x := Gate{ID: gateScore, Text: "score ≥ " + score.Plain(least), Outcome: Pass, Want: "≥ " + score.Plain(least), Where: g.asked("minScore", "--min-score")}
	if a.Score.None {
		x.Outcome, x.Have, x.Why, x.Remedy = Unknown, "no score", "there is nothing to rate", g.look()
		return x
	}
	x.Have = inPoints.low(a.Score.Low)
	if a.Score.Low < least-forgiven {
		x.Outcome = Fail
		x.Why, x.Remedy = g.short(inPoints, a.Score.Low, a.Score.High, least)
	}
	return x
}

// short words what is proven and not enough, and whether what is not known could make it enough.
func (g *gates) short(f figure, low, high, least float64) (why, remedy string) {
	if high >= least-forgiven {
		return fmt.Sprintf("%s is proven, and it could be up to %s: what is missing is coverage (%s known)", f.low(low), f.high(high), share(g.evidence.Assessment.Coverage.Evidence)), g.look()
	}
	return fmt.Sprintf("%s is proven, and it is at most %s, whatever else were known", f.low(low), f.high(high)), "infraopt plan says what would raise it"
}

func (g *gates) level(least int) Gate {
	a := g.evidence.Assessment
	x := Gate{ID: gateLevel, Text: fmt.Sprintf("level ≥ %d", least), Outcome: Pass, Have: fmt.Sprintf("%d %s", a.Level.Number, a.Level.Name), Want: fmt.Sprintf("≥ %d", least),
		Where: g.asked("minLevel", "--min-level")}
	switch {
	case a.Level.Number >= least:
	case a.Level.Number == 0:
		x.Outcome, x.Why, x.Remedy = Unknown, "the estate has no level: "+a.Level.Reason, g.look()
	default:
		x.Outcome = Fail
		var back []string
		open := len(a.Level.HeldBackBy) > 0
		for _, h := range a.Level.HeldBackBy {
			back = append(back, h.Text)
			open = open && (h.Upper && h.High <= h.Want || !h.Upper && h.High >= h.Want)
		}
		x.Why = "held back by " + strings.Join(back, "; ")
		x.Remedy = "infraopt plan says what would raise it"
		if open {
			x.Why += ": all could be met, what is missing is coverage (" + share(a.Coverage.Evidence) + " known)"
			x.Remedy = g.look()
		}
	}
	return x
}

func (g *gates) pillar(id string, least float64) Gate {
	x := Gate{ID: gatePillar + ":" + id, Text: id + " ≥ " + share(least), Want: "≥ " + share(least), Where: g.where("pillars." + id)}
	for i := range g.evidence.Assessment.Pillars {
		if p := &g.evidence.Assessment.Pillars[i]; p.ID == id {
			g.rated(&x, p.Applicable, p.Low, p.High, least)
		}
	}
	return x
}

func (g *gates) indicator(id string, least float64) Gate {
	x := Gate{ID: gateIndicator + ":" + id, Text: id + " ≥ " + share(least), Want: "≥ " + share(least), Where: g.where("indicators." + id)}
	for i := range g.evidence.Assessment.Pillars {
		for _, n := range g.evidence.Assessment.Pillars[i].Indicators {
			if n.ID == id {
				g.rated(&x, n.Applicable, n.Low, n.High, least)
			}
		}
	}
	return x
}

// rated settles a gate about a pillar or an indicator.
func (g *gates) rated(x *Gate, applicable bool, low, high, least float64) {
	switch {
	case g.evidence.Assessment.Score.None:
		x.Outcome, x.Have, x.Why, x.Remedy = Unknown, "no score", "there is nothing to rate", g.look()
	case !applicable:
		x.Outcome, x.Have, x.Why = Skipped, "does not apply", "it does not apply to this estate"
	case low < least-forgiven:
		x.Outcome, x.Have = Fail, share(low)
		x.Why, x.Remedy = g.short(inShares, low, high, least)
	default:
		x.Outcome, x.Have = Pass, share(low)
	}
}

// A figure shows numbers of a kind. Low ends are rounded down and high ends up: what is not reached is not shown as if it
// were.
type figure struct {
	decimals int
	share    bool // shown without the zero before the point
}

var (
	inPoints = figure{decimals: 1}
	inShares = figure{decimals: 2, share: true}
)

func (f figure) low(v float64) string  { return f.show(v, math.Floor, 1e-6) }
func (f figure) high(v float64) string { return f.show(v, math.Ceil, -1e-6) }

func (f figure) show(v float64, round func(float64) float64, dust float64) string {
	unit := math.Pow10(f.decimals)
	s := strconv.FormatFloat(round(v*unit+dust)/unit, 'f', f.decimals, 64)
	if f.share {
		return strings.TrimPrefix(s, "0")
	}
	return s
}

// share shows a share that somebody wrote or that is proven.
func share(v float64) string { return inShares.low(v) }
