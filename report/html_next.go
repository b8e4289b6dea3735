package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/score"
)

// nextSection shows what to do, in which order, and what it brings.
func (h *htmlPage) nextSection() *htmlSection {
	a := h.a
	s := &htmlSection{ID: "next", Head: "What to do next", Short: "Next"}
	for _, words := range h.saidOfRoadmap(a) {
		s.Text = append(s.Text, flat(words))
	}
	if len(a.Recommendations) == 0 || h.words(a.Roadmap.Withheld) != "" {
		if len(s.Text) == 0 {
			return nil
		}
		return s
	}
	s.Text = s.Text[:max(0, len(s.Text)-1)] // the first step heads the table
	if basis := h.words(a.Roadmap.Basis); basis != "" && basis != "proven" {
		s.Text = append(s.Text, "Gains hold if "+h.assumption(a.Roadmap.Basis)+".")
	}
	s.Picture = h.picture("roadmap", htmlWide, h.drawRoadmap)
	l := h.list("steps", "Recommendations, in the order of the roadmap", "#step", "Recommendation", "#gain", "#alone", "#effort", "when", "removes", "confidence")
	for i, r := range a.Recommendations[:h.rowsOf(len(a.Recommendations))] {
		title := h.say(r.Title)
		title.More = h.stepMore(&r)
		l.add(h.count(i+1), title, numeral(h.gain(r.Gain.Score), r.Gain.Score), numeral(h.gain(r.Gain.Solo), r.Gain.Solo), numeral(h.number(r.Effort), r.Effort),
			h.say(waveWords(h.words(r.Wave))), htmlCell{Text: flat(h.removes(r.Gain))}, h.say(r.Confidence))
	}
	l.Head = 1
	l.rest(max(len(a.Recommendations), a.Roadmap.Steps), "infraopt plan --format json")
	s.Tables = append(s.Tables, l.table())
	s.Tables = append(s.Tables, h.waveTable(&a.Roadmap)...)
	s.Tables = append(s.Tables, h.outcomeTables(a)...)
	return s
}

func (h *htmlPage) stepMore(r *score.Recommendation) []htmlMore {
	var more []htmlMore
	one := func(label, s string, code bool) {
		if s != "" {
			more = append(more, h.few(label, []string{s}, 1, code)...)
		}
	}
	one("Why", r.Why, false)
	one("Start with", r.Next, true)
	more = append(more, h.few("Before that", r.Prerequisites, 10, false)...)
	more = append(more, h.few("In the way", r.Blockers, 10, false)...)
	more = append(more, h.few("Isolation that goes away", r.Isolation, 10, false)...)
	one("Risk", r.Risk, false)
	undo := "can be undone"
	if !r.Reversible {
		undo = "cannot be undone"
	}
	one("Once done, it", undo, false)
	if e := r.Gain.EnergyKWh; e != nil && !e.None && (e.Low != 0 || e.High != 0) {
		one("Energy saved a year", h.span(*e, 0)+" kWh", false)
	}
	if c := r.Gain.CostPerYear; c != nil && !c.None {
		one("Cost saved a year", h.span(*c, 0), false)
	}
	more = append(more, h.few(flat("About "+h.many(float64(len(r.Subjects)), "subject")), r.Subjects, 20, false)...)
	return append(more, h.few("Evidence", r.Evidence, 10, false)...)
}

// waveTable says what of the roadmap is done when.
func (h *htmlPage) waveTable(r *score.Roadmap) []htmlTable {
	if len(r.Waves) == 0 || r.Steps == 0 {
		return nil
	}
	l := h.list("waves", "The roadmap in time, with the effort that there is", "By", "#effort", "#of", "steps done", "#score", "#level", "#components")
	for _, w := range r.Waves {
		steps := fmt.Sprintf("%d of %d", w.Steps, r.Steps)
		if w.Partial != "" {
			steps += fmt.Sprintf(", and %s of %s of %s", h.number(float64(w.Done)), h.number(float64(w.Of)), h.words(w.Partial))
		}
		l.add(h.say(waveWords(w.ID)), numeral(h.number(w.Effort), w.Effort), numeral(h.number(w.Budget), w.Budget), htmlCell{Text: steps}, numeral(h.proven(w.Score), w.Score.Low),
			h.count(w.Level), numeral(h.number(w.Components), w.Components))
	}
	l.Plain = true
	return []htmlTable{l.htmlTable}
}

// outcomeTables say what the roadmap brings beside the score, and on what that rests.
func (h *htmlPage) outcomeTables(a *score.Assessment) []htmlTable {
	if a.Target == nil || a.Target.Outcomes == nil {
		return nil
	}
	o := a.Target.Outcomes
	l := h.list("outcomes", "Beside the score, a year", "What", "unit", "#now", "#at the end of the roadmap", "#saved")
	for _, x := range []struct {
		name, unit string
		change     *score.Change
	}{{"energy", "kWh", o.EnergyKWh}, {"carbon", "kg CO2e", o.CarbonKg}, {"cost", o.Currency, o.Cost}} {
		if x.change == nil {
			continue
		}
		l.add(htmlCell{Text: x.name}, h.say(x.unit), numeral(h.span(x.change.Before, 0), x.change.Before.Low), numeral(h.span(x.change.After, 0), x.change.After.Low),
			numeral(h.span(x.change.Saved, 0), x.change.Saved.Low))
	}
	if o.Cost == nil {
		l.add(htmlCell{Text: "cost"}, htmlCell{}, htmlCell{}, htmlCell{}, l.unknown("there is no price book", "give one: infraopt assess --prices FILE"))
	}
	if b := o.MemoryFreed; !b.None && b.High > 0 {
		l.add(htmlCell{Text: "memory freed of guest systems"}, htmlCell{}, htmlCell{}, htmlCell{}, numeral(h.size(int64(b.Low))+" "+h.dash+" "+h.size(int64(b.High)), b.Low))
	}
	l.Plain = true
	out := []htmlTable{l.htmlTable}
	if len(o.Notes) > 0 {
		n := h.list("outcome-notes", "What widens these intervals", "Note")
		for _, x := range o.Notes[:h.rowsOf(len(o.Notes))] {
			n.add(htmlCell{Text: cut(h.words(x), 4*longest, h.ellipsis)})
		}
		n.Plain, n.Closed = true, true
		out = append(out, n.htmlTable)
	}
	if len(o.Basis) > 0 {
		b := h.list("outcome-basis", "What these rest on", "Figure", "#value", "unit", "source", "default")
		for _, x := range o.Basis[:h.rowsOf(len(o.Basis))] {
			value, given := h.ratio(x.Value), "no"
			if x.Default {
				given = "yes, nobody confirmed it"
			}
			b.add(h.say(x.Name), numeral(value, x.Value.Low), h.say(x.Unit), h.say(x.Source), htmlCell{Text: given})
		}
		b.rest(len(o.Basis), "infraopt assess --format json")
		b.Closed = true
		out = append(out, b.table())
	}
	return out
}

// hostsSection shows components and hosts against what is attainable.
func (h *htmlPage) hostsSection() *htmlSection {
	a, head := h.a, headlineOf(h.a)
	if head.ComponentsPerWorkload.None && head.Components == 0 {
		return nil
	}
	s := &htmlSection{ID: "hosts", Head: "Components and hosts", Short: "Hosts"}
	for _, words := range []string{h.perWorkloadWords(head), h.hostsWords(head)} {
		if words != "" {
			s.Text = append(s.Text, flat(words))
		}
	}
	if p := h.picture("per-workload", htmlHalf, h.drawPerWorkload); p != nil {
		s.Pair = append(s.Pair, htmlPair{"Components per workload", "", *p})
	}
	if p := h.picture("host-count", htmlHalf, h.drawHosts); p != nil && head.Hosts > 0 {
		s.Pair = append(s.Pair, htmlPair{"Hosts", "", *p})
	}
	if len(head.ByClass) > 0 {
		l := h.list("classes", "Components by class", "Class", "#number", "#weight of one")
		for _, c := range head.ByClass {
			l.add(htmlCell{Text: h.className(c.Class)}, numeral(h.tally(c.Count), c.Count.Low), numeral(h.number(c.Weight), c.Weight))
		}
		s.Tables = append(s.Tables, l.table())
	}
	s.Tables = append(s.Tables, h.poolTables(a.Target)...)
	if t := a.Target; t != nil {
		if o := t.Overload; o != nil {
			s.After = append(s.After, flat(fmt.Sprintf("Overload risk, by replaying utilisation over the plan: %s samples, %s above 80 %% of the CPU, %s above 100 %%, memory above 100 %% in %s; worst host %s at %s; %s of what is placed has a series.",
				h.number(float64(o.Samples)), rare(o.Above80), rare(o.Above100), rare(o.Memory100), h.words(o.WorstHost), percent(o.Worst), percent(o.Covered))))
		}
		if note := h.words(t.NotValidated); note != "" {
			s.After = append(s.After, "Overload risk, not validated: "+note+".")
		}
	}
	for n, l := range h.shownPillars() {
		for k, i := range l.Indicators {
			if strings.HasPrefix(i.ID, "components.") && !a.Score.None {
				s.Links = append(s.Links, htmlIndicator{ID: h.anchor("indicator-"+i.ID, n, k), Title: cmp.Or(h.words(i.Title), h.words(i.ID))})
			}
		}
	}
	if k := a.KPIs; k != nil {
		s.Tables = append(s.Tables, h.kpiTable(k))
	}
	return s
}

func (h *htmlPage) poolTables(t *score.Target) []htmlTable {
	if t == nil || len(t.Pools) == 0 {
		return nil
	}
	l := h.list("pools", "Hosts by zone and pool", "Zone", "with", "#now", "#plan", "#spare", "#bound", "proof or reason")
	for _, z := range t.Pools[:h.rowsOf(len(t.Pools))] {
		zone, why := h.say(z.Zone), h.say(z.BoundKind)
		if zone.Text == "" {
			zone = none0("(default)")
		}
		if z.Withheld != "" {
			why = h.say(z.Withheld)
		}
		l.add(zone, h.say(z.Pool), h.count(z.Now), h.count(z.Plan), h.count(z.Spares), h.count(z.Bound), why)
	}
	l.rest(len(t.Pools), "infraopt plan --format json")
	return append([]htmlTable{l.table()}, h.fateTables(t)...)
}

// fateTables say what becomes of hosts, those that are switched off first, and what moves.
func (h *htmlPage) fateTables(t *score.Target) []htmlTable {
	var out []htmlTable
	if len(t.Machines) > 0 {
		order := []string{score.FateRetire, score.FateSpare, score.FateKeep}
		all := slices.Clone(t.Machines)
		slices.SortStableFunc(all, func(x, y score.HostAssign) int {
			return cmp.Compare(slices.Index(order, x.Fate), slices.Index(order, y.Fate))
		})
		l := h.list("fates", "What becomes of hosts", "Host", "zone", "with", "fate", "why it cannot be emptied")
		for _, x := range all[:h.rowsOf(len(all))] {
			l.add(h.say(cmp.Or(h.words(x.Name), x.ID)), h.say(x.Zone), h.say(x.Pool), h.say(x.Fate), h.say(cmp.Or(h.words(x.Why), x.Reason)))
		}
		l.rest(len(all), "infraopt plan --format csv")
		l.Closed = true
		out = append(out, l.table())
	}
	if len(t.Moves) > 0 {
		names := map[string]string{}
		for _, x := range t.Machines {
			names[x.ID] = x.Name
		}
		l := h.list("moves", "What moves", "Name", "kind", "zone", "from", "to")
		for _, x := range t.Moves[:h.rowsOf(len(t.Moves))] {
			l.add(h.say(cmp.Or(h.words(x.Name), x.ID)), h.say(x.Class), h.say(x.Zone), h.say(cmp.Or(names[x.From], x.From)), h.say(cmp.Or(names[x.To], x.To)))
		}
		l.rest(len(t.Moves), "infraopt plan --format csv")
		l.Closed = true
		out = append(out, l.table())
	}
	return out
}

func (h *htmlPage) kpiTable(k *score.KPIs) htmlTable {
	l := h.list("kpis", "To compare with other estates (in no score)", "Figure", "#value")
	ratio := func(r score.Ratio) htmlCell {
		switch {
		case r.Low == nil:
			return l.unknown("there is nothing to divide by", "")
		case r.High == nil:
			return numeral("at least "+h.low(*r.Low, 2), *r.Low)
		default:
			return numeral(h.span(score.Bounds{Low: *r.Low, High: *r.High}, 2), *r.Low)
		}
	}
	l.add(htmlCell{Text: "utilisation of servers at work"}, numeral(h.sharePercent(k.Utilisation), k.Utilisation.Low))
	l.add(htmlCell{Text: "containers for each operating system"}, ratio(k.ContainersPerOS))
	l.add(htmlCell{Text: "virtual machines for each host with a hypervisor"}, ratio(k.VMsPerHost))
	l.add(htmlCell{Text: "virtual CPUs for each core"}, ratio(k.VCPUsPerCore))
	l.Plain = true
	return l.htmlTable
}
