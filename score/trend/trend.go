// Package trend explains how a score came to change: it takes the change apart into terms, each with one cause, that
// add up to it. It opens nothing and knows no clock.
//
// What was decided is told from what was seen, and that from what was done:
//
//   - ruleset and waivers: the earlier estate, rated by the rules and waivers of then and of today
//   - evidence: the part of the change that is gone when only facts are used that are known at both ends
//   - incomparable: the part that is then gone without the hosts of which nobody can tell whether they joined or left
//   - activity: what is taken from the score at one end because no work is known to be in use
//   - weight, within, mix, joined, left: what is left, by indicator
//
// An indicator with the share c of the score and the rating x changes by ½(c0+c1)(x1−x0) + ½(x0+x1)(c1−c0). The second
// part is weight: indicators came to apply, or ceased to. Where an indicator does not apply, its rating is taken to be
// that of the other end. The first part is shared out over the hosts, with X for the rating of those that stayed:
//
//	joined = x1 − X1    left = X0 − x0    within + mix = X1 − X0
//
// For ratings that are shares over the hosts, with shares s among those that stayed, within is Σ½(s0+s1)(x1−x0) and
// mix is Σ½(x0+x1)(s1−s0), and x1 − X1 is the share of those that joined times their distance from those that stayed.
// Other ratings compare the whole estate: X is then the rating of the estate without the hosts that joined or left,
// and what is not those is within.
//
// To exchange the two ends changes the sign of every term, but that joined and left change places, and that rules and
// waivers are always tried on the earlier estate.
package trend

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// Then is the earlier end.
type Then struct {
	Estate  *inventory.Estate
	Time    time.Time      // of the assessment: it ended waivers
	Waivers []score.Waiver // of then; those of the model where nil
	Stored  *Stored        // what was said then; nil where nobody kept it
}

// Stored is a result as it was written down.
type Stored struct {
	Score score.Bounds
	Level int
	Rules string // hash
}

// A span is a pair of values: at the low end of the score, and at the high end.
type span [2]float64

func (a span) minus(b span) span { return span{a[0] - b[0], a[1] - b[1]} }

// ends is the score of a result. Where there is none, nothing is proven and nothing possible.
func ends(b score.Bounds) span {
	if b.None {
		return span{}
	}
	return span{b.Low, b.High}
}

// Compare takes the change from an earlier estate to one of today apart. opt is that of today's assessment, and the
// assumption that it may make is made at both ends.
func Compare(m *score.Model, opt score.Options, then Then, now *inventory.Estate) *score.Trend {
	ledgers := [2]*score.Ledger{score.NewLedger(then.Estate, m, opt), score.NewLedger(now, m, opt)}
	rated := [2]*score.Result{ledgers[0].Rate(), ledgers[1].Rate()}
	asThen := rated[0]
	rules := m
	if then.Waivers != nil || len(m.Waivers) > 0 {
		rules = withWaivers(m, then.Waivers)
		optThen := opt
		optThen.Now = then.Time
		asThen = score.NewLedger(then.Estate, rules, optThen).Rate()
	}
	said := Stored{Score: asThen.Score, Level: asThen.Level.Number, Rules: rules.Rules()}
	ruleset := "rated by today's rules"
	if then.Stored != nil {
		ruleset = "same rules"
		if then.Stored.Rules != said.Rules {
			ruleset = fmt.Sprintf("other rules: %s then, %s now", then.Stored.Rules, said.Rules)
		}
		said = *then.Stored
	}

	seen := hosts([2]*inventory.Estate{ledgers[0].Estate(), ledgers[1].Estate()})
	d := compare(m, opt, ledgers, seen)
	change := ends(rated[1].Score).minus(ends(said.Score))
	t := &score.Trend{
		From:       score.TrendEnd{Time: then.Time, Score: said.Score, Level: said.Level, Rules: said.Rules},
		To:         score.TrendEnd{Time: opt.Now.UTC().Truncate(time.Second), Score: rated[1].Score, Level: rated[1].Level.Number, Rules: m.Rules()},
		Comparable: true,
		Change:     score.TrendChange{Low: change[0], High: change[1]},
		Hosts: score.TrendHosts{Stayed: len(seen.stayed), Joined: sortedNames(seen.alone[1]), Left: sortedNames(seen.alone[0]),
			Incomparable: append([]score.Incomparable{}, seen.why...), Conflicts: seen.conflictList()},
	}
	known := ends(d.known[1].Score).minus(ends(d.known[0].Score))
	comparable := ends(d.comparable[1].Score).minus(ends(d.comparable[0].Score))
	add := func(id, text string, v span) { t.Terms = append(t.Terms, term(id, text, v)) }
	add(score.TrendRuleset, ruleset, ends(asThen.Score).minus(ends(said.Score)))
	add(score.TrendWaivers, "what is waived", ends(rated[0].Score).minus(ends(asThen.Score)))
	add(score.TrendEvidence, "what is known: facts that could be read only then, or only now", ends(rated[1].Score).minus(ends(rated[0].Score)).minus(known))
	add(score.TrendIncomparable, "hosts that could not be looked at then or now", known.minus(comparable))
	add(score.TrendActivity, "whether any work is known to be in use", d.activity)
	total := d.indicators(t)
	for i, p := range parts {
		add(p.id, p.text, total[i])
	}
	t.Real = apart(rated[0].Score, rated[1].Score) || oneSign(total[within])
	return t
}

// withWaivers is the model with other waivers, or the model itself where they are nil.
func withWaivers(m *score.Model, waivers []score.Waiver) *score.Model {
	if waivers == nil {
		return m
	}
	c := *m
	c.Waivers = waivers
	if len(waivers) == 0 {
		c.Waivers = nil
	}
	return &c
}

// term makes a term, without the dust of floating point.
func term(id, text string, v span) score.TrendTerm {
	for i := range v {
		if math.Abs(v[i]) < 1e-12 {
			v[i] = 0
		}
	}
	return score.TrendTerm{ID: id, Points: v[0], High: v[1], Text: text}
}

// apart reports whether two intervals have nothing in common, so that no unknown fact can be behind their difference.
func apart(a, b score.Bounds) bool {
	return !a.None && !b.None && (a.High < b.Low || b.High < a.Low)
}

// oneSign reports whether something rose, or fell, at both ends.
func oneSign(v span) bool {
	const dust = 1e-9
	return v[0] > dust && v[1] > dust || v[0] < -dust && v[1] < -dust
}

// Totals compares two results of which the estate behind the earlier one is not known: nothing but the totals can be
// told, and where other rules made it not even those.
func Totals(then, now *score.Assessment) *score.Trend {
	change := ends(now.Score).minus(ends(then.Score))
	t := &score.Trend{From: end(then), To: end(now), Change: score.TrendChange{Low: change[0], High: change[1]},
		Terms: []score.TrendTerm{}, Indicators: []score.TrendIndicator{},
		Hosts: score.TrendHosts{Joined: []string{}, Left: []string{}, Incomparable: []score.Incomparable{}, Conflicts: []string{}}}
	switch {
	case then.Tool.Rules != now.Tool.Rules:
		t.Note = fmt.Sprintf("made by other rules (%s then, %s now): not comparable; give the snapshot to have it rated again", then.Tool.Rules, now.Tool.Rules)
	case assumed(then) != assumed(now):
		t.Note = "made on another assumption: not comparable; give the snapshot to have it rated again"
	default:
		t.Comparable = true
		t.Note = "an assessment shows totals only; give the snapshot to see where the change comes from"
		t.Real = apart(then.Score, now.Score)
	}
	return t
}

func end(a *score.Assessment) score.TrendEnd {
	return score.TrendEnd{Time: a.GeneratedAt, Score: a.Score, Level: a.Level.Number, Rules: a.Tool.Rules}
}

// assumed reports whether the score itself rests on an assumption, and not only a second line beside it.
func assumed(a *score.Assessment) bool {
	return a.Assumed != nil && a.Assumed.Score == a.Score
}

func (m *match) conflictList() []string {
	out := []string{}
	for c := range m.conflicts {
		out = append(out, c)
	}
	slices.Sort(out)
	return out
}

// A Sight is what can be compared of two estates.
type Sight struct {
	Known        [2]*inventory.Estate       // both, as far as each fact is known in both
	Now          map[string]*inventory.Node // by the ID that a host had then: what it is now
	Left         map[string]bool            // IDs of hosts that left
	Incomparable map[string]bool            // IDs of hosts of which nobody can tell
}

// Both finds out what can be compared of two estates.
func Both(then, now *inventory.Estate) *Sight {
	seen := hosts([2]*inventory.Estate{then, now})
	s := &Sight{Now: map[string]*inventory.Node{}, Left: map[string]bool{}, Incomparable: map[string]bool{}}
	s.Known, _ = known([2]*inventory.Estate{then, now}, seen.stayed)
	for _, p := range seen.stayed {
		s.Now[p[0].Machine.ID] = p[1]
	}
	for _, h := range seen.alone[0] {
		s.Left[h.Machine.ID] = true
	}
	for _, h := range seen.incomparable[0] {
		s.Incomparable[h.Machine.ID] = true
	}
	return s
}
