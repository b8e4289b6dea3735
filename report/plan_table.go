package report

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/score"
)

// renderPlanTable writes the plan for people at a terminal: what to do in which order, when, where it leads, what it
// brings beside the score, and on what that rests.
func renderPlanTable(w io.Writer, r *Report) error {
	p := newPage(r.Display)
	for _, section := range []func(*score.Assessment) error{
		p.title, p.standing, p.whatIf, p.destination, p.steps, p.blockers, p.waves, p.pools, p.dark, p.moves, p.outcomes, p.overload, p.planHints,
	} {
		if err := section(r.Assessment); err != nil {
			return err
		}
	}
	if _, err := io.WriteString(w, p.out.String()); err != nil {
		return fmt.Errorf("writing the plan: %w", err)
	}
	return nil
}

// whatIf says what the user's own changes made of the estate, before anything else is said of the changed one.
func (p *page) whatIf(a *score.Assessment) error {
	x := a.WhatIf
	if x == nil {
		return nil
	}
	p.heading("WHAT IF " + p.words(x.File) + ": " + p.change(p.scored(x.Before.Score), p.scored(x.After.Score)))
	g := &grid{columns: []column{{head: ""}, {head: "before", right: true}, {head: "after", right: true}}}
	add := func(name, before, after string) { g.add("", text(name), text(before), text(after)) }
	add("level", p.levelName(x.Before.Level, x.Before.LevelName), p.levelName(x.After.Level, x.After.LevelName))
	for i := range x.Before.Pillars {
		b, c := x.Before.Pillars[i], x.After.Pillars[i]
		add(p.words(b.ID), p.shares(b.Low, b.High), p.shares(c.Low, c.High))
	}
	add("coverage", percent(x.Before.Evidence), percent(x.After.Evidence))
	add("hosts", p.number(float64(x.Before.Hosts)), p.number(float64(x.After.Hosts)))
	add("components", p.tally(x.Before.Components), p.tally(x.After.Components))
	add("components per workload", p.ratio(x.Before.ComponentsPerWorkload), p.ratio(x.After.ComponentsPerWorkload))
	if err := p.grid(g); err != nil {
		return err
	}
	p.blank()
	for i, c := range x.Changes {
		if i == p.rows(20) {
			p.para(0, faint, "and "+p.many(float64(len(x.Changes)-i), "more change"))
			break
		}
		p.para(0, normal, fmt.Sprintf("%s: %s: %s changed", p.words(c.Where), p.words(c.Text), p.many(float64(c.Changed), "thing")))
	}
	for _, c := range x.Changes {
		for _, note := range c.Notes {
			p.para(2, warn, p.words(c.Where+": "+note))
		}
	}
	p.grounds(x.Outcomes)
	p.blank()
	p.para(0, faint, "What follows is about the changed estate.")
	return nil
}

// scored prints a score with what it could be.
func (p *page) scored(b score.Bounds) string {
	switch {
	case b.None:
		return "not rated"
	case exact(b):
		return p.low(b.Low, 1)
	default:
		return p.low(b.Low, 1) + " (up to " + p.high(b.High, 1) + ")"
	}
}

func (p *page) levelName(number int, name string) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", number, p.words(name)))
}

// destination says where the roadmap leads, in one look.
func (p *page) destination(a *score.Assessment) error {
	t := a.Target
	if t == nil {
		return nil
	}
	p.heading("WHERE IT LEADS")
	p.para(0, strong, "score "+p.change(p.scored(a.Roadmap.From), p.scored(t.Score))+", level "+p.change(fmt.Sprint(a.Roadmap.LevelFrom), p.levelName(t.Level, t.LevelName)))
	p.para(0, normal, p.change(p.many(a.Roadmap.Components[0], "component"), p.number(a.Roadmap.Components[1]))+", "+
		p.ratio(t.ComponentsPerWorkload)+" per workload; effort "+p.number(a.Roadmap.Effort))
	p.para(0, normal, p.hostWords(&t.Hosts))
	if basis := p.words(a.Roadmap.Basis); basis != "" && basis != "proven" {
		p.para(0, warn, "Gains hold if "+p.assumption(a.Roadmap.Basis)+".")
	}
	return nil
}

// hostWords prints a number of hosts with its proof.
func (p *page) hostWords(h *score.HostPlan) string {
	s := fmt.Sprintf("hosts now %s %s plan %s", p.number(float64(h.Now)), p.arrow, p.number(float64(h.Plan)))
	if h.Spares > 0 {
		s += ", " + p.number(float64(h.Spares)) + " of them spare"
	}
	if h.Bound > 0 {
		s += fmt.Sprintf("; no plan needs fewer than %s (%s); gap %s%s%%", p.number(float64(h.Bound)), p.words(h.BoundKind), p.fixed(math.Ceil(h.Gap*1000-forgiven)/10, 1), nbsp)
	}
	return s
}

// steps lists the roadmap.
func (p *page) steps(a *score.Assessment) error {
	if reason := p.words(a.Roadmap.Withheld); reason != "" {
		p.heading("ROADMAP")
		p.para(0, normal, reason)
		return nil
	}
	if len(a.Recommendations) == 0 {
		p.heading("ROADMAP")
		p.para(0, normal, "Nothing to do: no action that infraopt knows would raise the score.")
		return nil
	}
	g := &grid{
		columns: []column{
			{head: "ROADMAP", min: 20, want: 40, lines: 3, hang: 3, grow: true},
			{head: "gain", right: true},
			{head: "alone", right: true, drop: 2},
			{head: "effort", right: true},
			{head: "when", min: 7},
			{head: "removes", min: 10, want: 18, lines: 3, drop: 1},
			{head: "risk", min: 8, want: 20, lines: 3, drop: 3, extra: true},
		},
		beside: "start with",
		inset:  3,
	}
	shown := a.Recommendations[:min(len(a.Recommendations), p.rows(30))]
	for i, r := range shown {
		title := p.words(r.Title)
		if c := p.words(r.Confidence); c != "" && c != "proven" && a.Roadmap.Basis == "proven" {
			title += " (" + c + ")"
		}
		g.add(p.safe(r.Next), text(strings.ReplaceAll(fmt.Sprintf("%-3d", i+1), " ", nbsp)+title),
			styled(p.gainStyle(r.Gain.Score), p.gain(r.Gain.Score)), text(p.gain(r.Gain.Solo)), text(p.number(r.Effort)),
			text(p.words(r.Wave)), text(p.removes(r.Gain)), text(p.words(r.Risk)))
	}
	p.blank()
	if err := p.grid(g); err != nil {
		return err
	}
	if n := len(a.Recommendations) - len(shown); n > 0 {
		p.para(3, faint, "and "+p.many(float64(n), "more step"))
	}
	return nil
}

// blockers says what stands in the way of steps, and which boundaries go away.
func (p *page) blockers(a *score.Assessment) error {
	const shown = 3
	begun := false
	for i, r := range a.Recommendations {
		for _, list := range []struct {
			noun  string
			texts []string
		}{{"in the way", r.Blockers}, {"isolation lost", r.Isolation}} {
			if len(list.texts) == 0 {
				continue
			}
			if !begun {
				p.heading("MIND")
				begun = true
			}
			words := strings.Join(list.texts[:min(shown, len(list.texts))], "; ")
			if n := len(list.texts) - shown; n > 0 {
				words += fmt.Sprintf("; and %d more", n)
			}
			p.para(0, normal, fmt.Sprintf("step %d, %s: %s", i+1, list.noun, p.words(words)))
		}
	}
	return nil
}

func (p *page) waves(a *score.Assessment) error {
	if len(a.Roadmap.Waves) == 0 || a.Roadmap.Steps == 0 {
		return nil
	}
	p.blank()
	g := &grid{columns: []column{
		{head: "WHEN"}, {head: "effort", right: true}, {head: "of", right: true}, {head: "steps done", min: 12, want: 40, lines: 2, grow: true}, {head: "score", right: true}, {head: "level", right: true}, {head: "components", short: "comp.", right: true},
	}}
	for _, w := range a.Roadmap.Waves {
		steps := fmt.Sprintf("%d of %d", w.Steps, a.Roadmap.Steps)
		if w.Partial != "" {
			steps += fmt.Sprintf(", and %s of %s of %s", p.number(float64(w.Done)), p.number(float64(w.Of)), p.words(w.Partial))
		}
		g.add("", text(waveWords(w.ID)), text(p.number(w.Effort)), text(p.number(w.Budget)), text(steps), text(p.proven(w.Score)), text(fmt.Sprint(w.Level)), text(p.number(w.Components)))
	}
	return p.grid(g)
}

func waveWords(id string) string {
	switch id {
	case "quarter", "year":
		return "this " + id
	default:
		return id
	}
}

func (p *page) pools(a *score.Assessment) error {
	if a.Target == nil || len(a.Target.Pools) == 0 {
		return nil
	}
	p.blank()
	g := &grid{columns: []column{
		{head: "HOSTS OF ZONE", short: "ZONE", min: 8, want: 20, lines: 2}, {head: "with", min: 6, want: 16, lines: 2}, {head: "now", right: true}, {head: "plan", right: true}, {head: "spare", right: true}, {head: "bound", right: true}, {head: "gap", right: true}, {head: "proof or reason", min: 16, lines: 3, grow: true},
	}}
	for i, z := range a.Target.Pools {
		if i == p.rows(12) {
			break
		}
		name := p.words(z.Zone)
		if name == "" {
			name = "(default)"
		}
		why := p.words(z.BoundKind)
		if z.Withheld != "" {
			why = p.words(z.Withheld)
		}
		g.add("", text(name), text(p.words(z.Pool)), text(p.number(float64(z.Now))), text(p.number(float64(z.Plan))), text(p.number(float64(z.Spares))), text(p.number(float64(z.Bound))),
			text(p.fixed(math.Ceil(z.Gap*1000-forgiven)/10, 1)+nbsp+"%"), text(why))
	}
	if err := p.grid(g); err != nil {
		return err
	}
	if n := len(a.Target.Pools) - p.rows(12); n > 0 {
		p.para(0, faint, "and "+p.many(float64(n), "more pool"))
	}
	return nil
}

// dark lists the hosts that are switched off, and says how many of the others have to stay, and why.
func (p *page) dark(a *score.Assessment) error {
	if a.Target == nil {
		return nil
	}
	var names []string
	stay, example := map[string]int{}, map[string]string{}
	var reasons []string
	for _, h := range a.Target.Machines {
		switch {
		case h.Fate == score.FateRetire:
			names = append(names, h.Name)
		case h.Reason != "":
			if stay[h.Reason]++; stay[h.Reason] == 1 {
				reasons = append(reasons, h.Reason)
				example[h.Reason] = h.Name + ": " + h.Why
			}
		}
	}
	if len(names) > 0 {
		p.heading("GOING DARK: " + p.many(float64(len(names)), "host"))
		shown := names[:min(len(names), p.rows(12))]
		words := strings.Join(shown, ", ")
		if n := len(names) - len(shown); n > 0 {
			words += fmt.Sprintf(" and %s more", p.number(float64(n)))
		}
		p.para(0, normal, p.words(words))
	}
	if len(reasons) > 0 {
		p.heading("HOSTS THAT CANNOT BE EMPTIED")
		slices.SortFunc(reasons, func(x, y string) int { return cmp.Or(stay[y]-stay[x], cmp.Compare(x, y)) })
		g := &grid{columns: []column{{right: true}, {min: 12, want: 24, lines: 2}, {min: 20, lines: 2, grow: true, drop: 1}}}
		for i, why := range reasons {
			if i == p.rows(6) {
				break
			}
			g.add("", text(p.number(float64(stay[why]))), text(p.words(why)), text(p.words(example[why])))
		}
		return p.grid(g)
	}
	return nil
}

func (p *page) moves(a *score.Assessment) error {
	if a.Target == nil || len(a.Target.Moves) == 0 {
		return nil
	}
	names := map[string]string{}
	for _, h := range a.Target.Machines {
		names[h.ID] = h.Name
	}
	p.blank()
	g := &grid{columns: []column{{head: "MOVES: " + p.number(float64(len(a.Target.Moves))), min: 12, want: 28, grow: true}, {head: "from", min: 10, want: 20}, {head: "to", min: 10, want: 20}}}
	for i, m := range a.Target.Moves {
		if i == p.rows(8) {
			break
		}
		g.add("", text(p.words(m.Name)), text(p.words(names[m.From])), text(p.words(names[m.To])))
	}
	if err := p.grid(g); err != nil {
		return err
	}
	if n := len(a.Target.Moves) - p.rows(8); n > 0 {
		p.para(0, faint, "and "+p.number(float64(n))+" more; all: infraopt plan --format csv")
	}
	return nil
}

// outcomes prints what the roadmap brings beside the score, with what that rests on.
func (p *page) outcomes(a *score.Assessment) error {
	if a.Target == nil || a.Target.Outcomes == nil {
		return nil
	}
	p.heading("BESIDE THE SCORE, a year")
	p.grounds(a.Target.Outcomes)
	return nil
}

func (p *page) grounds(o *score.Outcomes) {
	if o == nil {
		return
	}
	for _, x := range []struct {
		name, unit string
		change     *score.Change
	}{{"energy", "kWh", o.EnergyKWh}, {"carbon", "kg CO2e", o.CarbonKg}, {"cost", p.words(o.Currency), o.Cost}} {
		if x.change == nil {
			continue
		}
		p.para(0, normal, fmt.Sprintf("%s: %s%s%s %s %s, saved %s", x.name, p.span(x.change.Before, 0), nbsp, x.unit, p.arrow, p.span(x.change.After, 0), p.span(x.change.Saved, 0)))
	}
	if b := o.MemoryFreed; b.High > 0 {
		p.para(0, normal, "memory freed of guest systems: "+p.size(int64(b.Low))+" "+p.dash+" "+p.size(int64(b.High)))
	}
	for _, note := range o.Notes {
		p.para(2, faint, p.words(note))
	}
	for rest := o.Basis; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].Source == rest[0].Source && rest[n].Default == rest[0].Default {
			n++
		}
		p.ground(rest[:n])
		rest = rest[n:]
	}
}

// ground tells a figure with its source, or how many there are of one source where they are more than fit beside it.
func (p *page) ground(of []score.Ground) {
	const few = 2
	if len(of) > few {
		words := fmt.Sprintf("%d figures, from %s to %s (%s)", len(of), p.words(of[0].Name), p.words(of[len(of)-1].Name), p.words(of[0].Source))
		if of[0].Default {
			words += ", defaults"
		}
		p.para(2, faint, words+"; each of them: --format json")
		return
	}
	for _, b := range of {
		words := p.words(b.Name)
		if !b.Value.None {
			words += fmt.Sprintf(": %s%s%s", p.ratio(b.Value), nbsp, p.words(b.Unit))
		}
		words += " (" + p.words(b.Source) + ")"
		if b.Default {
			words += ", a default"
		}
		p.para(2, faint, words)
	}
}

func (p *page) overload(a *score.Assessment) error {
	if a.Target == nil {
		return nil
	}
	o := a.Target.Overload
	if o == nil {
		if note := p.words(a.Target.NotValidated); note != "" {
			p.heading("OVERLOAD RISK: not validated")
			p.para(0, normal, note)
		}
		return nil
	}
	p.heading("OVERLOAD RISK, by replaying utilisation over the plan")
	p.para(0, normal, fmt.Sprintf("%s samples: %s above 80%s%% of the CPU, %s above 100%s%%, memory above 100%s%% in %s; worst host %s at %s; %s of what is placed has a series",
		p.number(float64(o.Samples)), rare(o.Above80), nbsp, rare(o.Above100), nbsp, nbsp, rare(o.Memory100), p.words(o.WorstHost), percent(o.Worst), percent(o.Covered)))
	if note := p.words(a.Target.NotValidated); note != "" {
		p.para(0, faint, "not validated: "+note)
	}
	return nil
}

// rare prints a share that may be small, rounded up.
func rare(x float64) string {
	if !finite(x) {
		return "?"
	}
	return fmt.Sprintf("%.2f", math.Abs(ceilTo(100*x, 2))) + nbsp + "%"
}

// planHints ends the plan with what to run next.
func (p *page) planHints(a *score.Assessment) error {
	if a.Target == nil {
		return nil
	}
	p.commands([][2]string{{"infraopt plan --format csv", "everything that moves"}, {"infraopt plan --what-if FILE", "changes of your own, rated"}, {"infraopt plan --format json", "everything, for programs"}})
	return nil
}
