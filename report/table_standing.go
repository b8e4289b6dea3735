package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// title says which tool looked at what, when, through which sources and for how long. It starts at the left
// edge; all else is inside the margin.
func (p *page) title(a *score.Assessment) error {
	parts := []string{p.machineNames(a), a.GeneratedAt.UTC().Format("2006-01-02 15:04") + " UTC"}
	if used := p.schemes(a); used != "" {
		parts = append(parts, used, duration(slowest(a.Sources)))
	}
	sep := " " + p.dot + " "
	tool := p.words(a.Tool.Name)
	if tool == "" {
		tool = "infraopt"
	}
	tool = cut(tool, p.width/2, p.ellipsis)
	line, painted := tool, p.paint(strong, tool)
	for _, part := range parts {
		part = cut(part, p.room(), p.ellipsis)
		if width(line)+width(sep)+width(part) > p.width {
			p.edge(painted)
			line, painted = strings.Repeat(" ", margin)+part, strings.Repeat(" ", margin)+part
			continue
		}
		line += sep + part
		painted += p.paint(faint, sep) + part
	}
	p.edge(painted)
	p.blank()
	return nil
}

func (p *page) machineNames(a *score.Assessment) string {
	total := max(a.MachinesTotal, len(a.Machines))
	switch {
	case total == 0:
		return "no machine seen"
	case total == 1 && len(a.Machines) == 1:
		return p.name(a.Machines[0])
	case total == 2 && len(a.Machines) == 2:
		if s := p.name(a.Machines[0]) + ", " + p.name(a.Machines[1]); width(s) <= p.width/3 {
			return s
		}
	}
	return p.many(float64(total), "machine")
}

// name of a machine, which may have none.
func (p *page) name(m score.MachineResult) string {
	for _, s := range []string{m.Name, m.ID} {
		if s = p.words(s); s != "" {
			return s
		}
	}
	return "unnamed"
}

// schemes lists the kinds of source that showed something.
func (p *page) schemes(a *score.Assessment) string {
	var used []string
	for _, s := range a.Sources {
		if scheme := p.words(s.Scheme); s.Status != inventory.StatusFailed && scheme != "" && !slices.Contains(used, scheme) {
			used = append(used, scheme)
		}
	}
	return strings.Join(used, ", ")
}

// slowest is the duration of the slowest source: they are read at the same time.
func slowest(sources []score.SourceResult) int64 {
	var ms int64
	for _, s := range sources {
		ms = max(ms, s.DurationMS)
	}
	return ms
}

// standing prints level, score and coverage, and the same under an assumption where there is one.
func (p *page) standing(a *score.Assessment) error {
	level := fmt.Sprintf("LEVEL %d", a.Level.Number)
	if a.Level.Number <= 0 {
		level = "LEVEL " + p.dash
	}
	name := p.words(a.Level.Name)
	if name == "" && a.Level.Number <= 0 {
		name = "Unassessed"
	}
	parts := []string{strings.TrimSpace(level + "  " + name), p.scoreWords(a.Score, a.Level), "coverage " + percent(a.Coverage.Evidence)}
	total := 0
	for _, s := range parts {
		total += width(s)
	}
	if gap := (p.room() - total) / 2; gap >= 2 {
		sep := strings.Repeat(" ", min(gap, 10))
		p.line(p.paint(p.levelStyle(a.Level.Number), parts[0]) + sep + p.paint(strong, parts[1]) + sep + parts[2])
	} else {
		styles := []style{p.levelStyle(a.Level.Number), strong, normal}
		for i, s := range parts {
			p.para(0, styles[i], s)
		}
	}
	if reason := p.words(a.Level.Reason); reason != "" {
		p.para(0, normal, "Not assessed: "+reason)
	} else if a.Score.None {
		p.para(0, normal, "There is nothing to rate.")
	}
	if s := a.Assumed; s != nil {
		p.para(0, warn, fmt.Sprintf("If %s: level %s, %s.", p.assumption(s.Assumption), p.levelWords(s.Level), p.scoreWords(s.Score, s.Level)))
	}
	p.coverage(a.Coverage)
	p.rules(a)
	p.line(p.paint(faint, strings.Repeat(p.rule, p.room())))
	return nil
}

// coverage says what was left out, where anything was.
func (p *page) coverage(c score.Coverage) {
	if s := p.coverageWords(c); s != "" {
		p.para(0, faint, s)
	}
}

func (p *page) coverageWords(c score.Coverage) string {
	var parts []string
	if c.Frame > 0 && c.Frame < 1-forgiven {
		parts = append(parts, percent(c.Frame)+" of the machines known to exist were looked into")
	}
	if c.Freshness > 0 && c.Freshness < 1-forgiven {
		parts = append(parts, percent(c.Freshness)+" of the facts are younger than "+p.many(c.FreshDays, "day"))
	}
	if len(parts) == 0 {
		return ""
	}
	return strings.Join(parts, "; ") + "."
}

func (p *page) levelStyle(n int) style {
	return levelStyles[min(max(n, 0), len(levelStyles)-1)]
}

func (p *page) levelWords(l score.LevelResult) string {
	name := p.words(l.Name)
	if l.Number <= 0 {
		return p.dash + " " + name
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", l.Number, name))
}

// scoreWords prints a score. Where the estate is not assessed, a low end of 0 means that nothing is proven
// yet and not that the estate is bad, so it is not shown as a number.
func (p *page) scoreWords(b score.Bounds, l score.LevelResult) string {
	low, high := p.low(b.Low, 0), p.high(b.High, 0)
	switch {
	case b.None:
		return "not rated"
	case l.Number <= 0 && low == "0":
		return "score not proven (at most " + high + ")"
	case exact(b):
		return "score " + low
	default:
		return "score " + low + " (up to " + high + ")"
	}
}

// assumption puts the name of an assumption into words that follow "if".
func (p *page) assumption(name string) string {
	if name == "running-is-active" {
		return "everything that runs is in use"
	}
	return p.words(name) + " holds"
}

// pillars prints the pillars as bars.
func (p *page) pillars(a *score.Assessment) error {
	if a.Score.None {
		return nil
	}
	shown := a.Pillars
	if unproven(a) {
		p.para(0, warn, "If "+p.assumption(a.Assumed.Assumption)+":")
		shown = a.Assumed.Pillars
	}
	g := &grid{columns: []column{{min: 10}, {}, {}, {drop: 1}}}
	cells := p.barCells()
	for i, l := range shown {
		title := p.words(l.ID)
		if title == "" {
			title = p.words(l.Title)
		}
		if !l.Applicable {
			g.add("", text(title), styled(faint, "not applicable"), text(""), text(""))
			continue
		}
		of := "of " + p.number(l.Points.Max)
		if i == 0 {
			of += " points"
		}
		g.add("", text(title),
			p.bar(l.Low, l.High, cells),
			text(p.shares(l.Low, l.High)),
			text(fmt.Sprintf("%4s ", p.low(l.Points.Low, 1))+of))
	}
	return p.grid(g)
}

// unproven reports whether nothing is proven, and an assumption gives something to look at instead.
func unproven(a *score.Assessment) bool {
	return a.Assumed != nil && len(a.Assumed.Pillars) > 0 && a.Level.Number <= 0 && a.Score.Low <= 0
}

// headline prints components per workload with what is attainable, and the number of hosts.
func (p *page) headline(a *score.Assessment) error {
	h := a.Headline
	if unproven(a) {
		h = a.Assumed.Headline
	}
	none := h.ComponentsBounds.None && h.Workloads.None && h.Components == 0
	if a.Score.None && none {
		return nil
	}
	p.blank()
	components := componentsOf(h)
	if h.ComponentsPerWorkload.None {
		p.lead(0, "Components per workload: not known", " ("+p.count(components, "component")+" for "+p.count(h.Workloads, "workload")+").")
	} else {
		opening := p.ratio(h.ComponentsPerWorkload) + " components per workload"
		rest := " (" + p.tally(components) + " for " + p.tally(h.Workloads) + ")"
		if !h.Attainable.None {
			rest += "; " + p.ratio(h.Attainable) + " is attainable here"
		}
		p.lead(0, opening, rest+".")
	}
	if s := p.classes(h.ByClass); s != "" {
		p.para(0, faint, "Components: "+s+".")
	}
	if s := p.hostsWords(h); s != "" {
		p.para(0, normal, s)
	}
	return nil
}

// hostsWords tells how many hosts there are, and how many there could be.
func (p *page) hostsWords(h score.Headline) string {
	switch {
	case h.HostsPlan != nil:
		return fmt.Sprintf("Hosts: %s now, %s in the plan; no plan needs fewer than %s.", p.number(float64(h.Hosts)), p.number(float64(*h.HostsPlan)), p.number(float64(h.HostsBound)))
	case h.HostsBound > 0 && h.HostsBound < h.Hosts:
		return fmt.Sprintf("Hosts: %s now; no plan needs fewer than %s.", p.number(float64(h.Hosts)), p.number(float64(h.HostsBound)))
	default:
		return ""
	}
}

// classes says what the components are.
func (p *page) classes(all []score.ComponentClass) string {
	var parts []string
	for _, c := range all {
		if !c.Count.None && c.Count.High <= forgiven {
			continue
		}
		parts = append(parts, p.count(c.Count, p.className(c.Class)))
	}
	return strings.Join(parts, ", ")
}

// className puts the ID of a class into words.
func (p *page) className(class string) string {
	s := strings.TrimSpace(strings.ReplaceAll(p.words(class), "-", " "))
	if s == "" {
		return "thing"
	}
	if rest, ok := strings.CutPrefix(s, "os "); ok {
		s = "OS " + rest
	}
	if s == "vm" {
		s = "VM"
	}
	return s
}

// gates prints what the next level asks for: what is missing first.
func (p *page) gates(a *score.Assessment) error {
	if !unproven(a) { // else only the assumption gives anything to work towards
		if err := p.gatesOf(a.Level, ""); err != nil {
			return err
		}
	}
	if a.Assumed == nil {
		return nil
	}
	return p.gatesOf(a.Assumed.Level, ", if "+p.assumption(a.Assumed.Assumption))
}

func (p *page) gatesOf(l score.LevelResult, condition string) error {
	all := slices.Clone(l.NextGates)
	if len(all) == 0 {
		all = slices.Clone(l.HeldBackBy)
	}
	if len(all) == 0 {
		return nil
	}
	slices.SortStableFunc(all, func(x, y score.Gate) int { return boolToInt(x.Met) - boolToInt(y.Met) })
	next := "TO THE NEXT LEVEL"
	if name := p.words(l.Next); name != "" {
		next = fmt.Sprintf("TO LEVEL %d %s", l.Number+1, name)
	}
	p.blank()
	p.para(0, strong, next+condition)
	g := &grid{columns: []column{{}, {min: 12}, {min: 6}}}
	for _, gate := range all {
		mark, st := p.unmet, bad
		if gate.Met {
			mark, st = p.met, good
		}
		g.add("", styled(st, mark), text(p.words(gate.Text)), styled(faint, "is "+p.reached(gate, gate.Have)))
	}
	if err := p.grid(g); err != nil {
		return err
	}
	for _, gate := range all {
		p.lifts(gate)
	}
	return nil
}

// lifts prints what would help most over a gate that is not met.
func (p *page) lifts(g score.Gate) {
	if s := p.liftWords(g); s != "" {
		p.para(2, faint, "For "+p.words(g.Text)+": "+s+".")
	}
}

// liftWords says what would help most over a gate that is not met: of what there is to do, and to look at.
func (p *page) liftWords(g score.Gate) string {
	var parts []string
	for _, kind := range []string{score.LiftDo, score.LiftSee} {
		i := slices.IndexFunc(g.Lift, func(l score.Lift) bool { return l.Kind == kind })
		if i < 0 || g.Met {
			continue
		}
		to := " (to "
		if kind == score.LiftSee {
			to = " (at best to "
		}
		parts = append(parts, p.words(g.Lift[i].Text)+to+p.reached(g, g.Lift[i].Have)+")")
	}
	return strings.Join(parts, "; ")
}

// reached prints a value at a gate, in the scale of the gate: shares, ratios or points. It is rounded away from the
// goal, so that a gate that is missed by a hair does not look met.
func (p *page) reached(g score.Gate, v float64) string {
	decimals := 0
	if g.Unit == score.UnitShare || g.Unit == score.UnitRatio {
		decimals = 2
	}
	x := floorTo(v, decimals)
	if g.Upper {
		x = ceilTo(v, decimals)
	}
	if g.Unit == score.UnitShare {
		return share(x)
	}
	return p.fixed(x, decimals)
}

func boolToInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// ladder prints how much of the work stands on which step of isolation.
func (p *page) ladder(a *score.Assessment) error {
	cells := p.barCells() / 2
	g := &grid{columns: []column{{head: "WHAT THE WORK RUNS ON", short: "WORK RUNS ON", min: 12}, {}, {head: "workloads", right: true}, {head: "share", drop: 1}}}
	for _, s := range a.Level.Distribution {
		if s.Workloads == 0 && (s.Share.None || s.Share.High <= 0) {
			continue
		}
		title := p.words(s.Text)
		if title == "" {
			title = p.words(s.Step)
		}
		share := p.sharePercent(s.Share)
		g.add("", text(title), p.bar(s.Share.Low, s.Share.High, cells),
			text(p.number(float64(s.Workloads))), text(share))
	}
	if len(g.rows) == 0 {
		return nil
	}
	p.blank()
	return p.grid(g)
}
