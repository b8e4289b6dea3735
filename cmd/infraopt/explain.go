package main

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/infraopt/infraopt/score"
	"github.com/infraopt/infraopt/score/indicators"
	"github.com/infraopt/infraopt/score/plan"
)

type explainFlags struct {
	scoringFlags
	top int
}

func (p *program) explainCommand() *cobra.Command {
	var f explainFlags
	cmd := &cobra.Command{
		Use:   "explain [ID [TARGET|FILE]...]",
		Short: "explain the score: pillars, indicators, levels and actions, and how an estate comes by its own",
		Long: prose("Explain lists what the score is made of, or tells all about one pillar, indicator, level or action: the "+
			"question, why it matters, how it is measured, and the numbers that are conventions.",
			"With targets or snapshot files behind the ID it also tells how the estate that they show comes by its number: numerator "+
				"and denominator, where the work stands, the points won, lost and left open by machine, and what is not known.",
			statusHelp(exitOK, exitIncomplete, exitUsage, exitFailed, exitInterrupted)),
		Example: "  infraopt explain\n" +
			"  infraopt explain components.packing\n" +
			"  infraopt explain containers.isolation web1.json.zst\n" +
			"  infraopt explain level-3 demo:",
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveDefault
			}
			model, err := indicators.Default()
			if err != nil {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return ids(topics(model, changes{})), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error { return p.explain(cmd.Context(), f, args) },
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.IntVar(&f.top, "top", 10, "show `N` machines and unknown facts at most (0: all)")
	f.register(cmd)
	return cmd
}

func (p *program) explain(ctx context.Context, f explainFlags, args []string) error {
	if err := f.check(); err != nil {
		return err
	}
	if f.top < 0 {
		return usagef("--top %d: want 0 (all) or more", f.top)
	}
	model, err := f.load()
	if err != nil {
		return err
	}
	changed, err := f.changed(model)
	if err != nil {
		return err
	}
	out := p.sheet()
	if len(args) == 0 {
		overview(out, model, changed)
		return p.print(out.String())
	}
	known := topics(model, changed)
	i := slices.IndexFunc(known, func(t topic) bool { return t.named(args[0]) })
	if i < 0 {
		e := &usageError{text: fmt.Sprintf("nothing is called %q: infraopt explain lists what there is", args[0])}
		if near := score.Nearest(args[0], ids(known)); near != "" {
			e.hint = "did you mean " + near + "?"
		}
		return e
	}
	known[i].tell(out)
	if len(args) == 1 {
		return p.print(out.String())
	}
	h, err := p.gather(ctx, f.gatherFlags, args[1:])
	if err != nil {
		return err
	}
	if h.empty {
		return h.err
	}
	if err := tellEstate(ctx, out, known[i].id, model, h, f); err != nil {
		return err
	}
	if err := p.print(out.String()); err != nil {
		return err
	}
	return h.err
}

// A topic is one thing that can be explained.
type topic struct {
	id    string
	other []string // what else it is called
	tell  func(out *sheet)
}

func (t topic) named(name string) bool {
	return strings.EqualFold(t.id, name) || slices.ContainsFunc(t.other, func(o string) bool { return strings.EqualFold(o, name) })
}

func ids(topics []topic) []string {
	var out []string
	for _, t := range topics {
		out = append(out, t.id)
	}
	return out
}

// topics lists everything that can be explained, from its definition.
func topics(m *score.Model, c changes) []topic {
	var out []topic
	for _, x := range m.Pillars {
		out = append(out, topic{id: x.ID, tell: func(s *sheet) { tellPillar(s, m, x, c) }})
	}
	for i := range m.Indicators {
		x := &m.Indicators[i].Definition
		out = append(out, topic{id: x.ID, tell: func(s *sheet) { tellIndicator(s, m, x, c) }})
	}
	out = append(out, topic{id: "level-0", other: []string{unassessed, "0"}, tell: tellUnassessed})
	for _, x := range m.Levels {
		out = append(out, topic{id: x.ID(), other: []string{x.Name, strconv.Itoa(x.Number)}, tell: func(s *sheet) { tellLevel(s, x, c) }})
	}
	for _, id := range []string{thresholds, idle, classes} {
		out = append(out, topic{id: id, tell: func(s *sheet) { tellNumbers(s, m, id, c) }})
	}
	for _, x := range plan.Definitions() {
		out = append(out, topic{id: x.ID, tell: func(s *sheet) { tellAction(s, x) }})
	}
	return out
}

func overview(out *sheet, m *score.Model, c changes) {
	out.hang("", "The score is the sum of the points of all indicators, 100 at most. It is an interval: its low end is what is "+
		"proven, its high end what is possible while some things are not known. Weights, steps and levels are conventions.")
	out.line("")
	out.line("PILLARS AND INDICATORS, with the points each can give")
	for _, p := range m.Pillars {
		rows := [][]string{}
		for i := range m.Indicators {
			x := &m.Indicators[i].Definition
			if of, _ := x.Pillar(); of == p.ID {
				rows = append(rows, []string{x.ID, points(100 * p.Weight * x.Weight), x.Question})
			}
		}
		out.hang(fmt.Sprintf("  %s, %s points: ", p.ID, points(100*p.Weight)), p.Question)
		out.rows("    ", rows)
	}
	out.line("")
	out.line("LEVELS, decided on the low end")
	rows := [][]string{{"level-0", unassessed, unassessedText}}
	for _, l := range m.Levels {
		rows = append(rows, []string{l.ID(), l.Name, l.Text})
	}
	out.rows("  ", rows)
	out.line("")
	out.line("ACTIONS, with their effort in points")
	rows = nil
	for _, a := range plan.Definitions() {
		rows = append(rows, []string{a.ID, a.Title + " (" + a.Effort + ")"})
	}
	out.rows("  ", rows)
	out.line("")
	out.line("OTHER NUMBERS")
	out.rows("  ", [][]string{{thresholds, numbersOf[thresholds]}, {idle, numbersOf[idle]}, {classes, numbersOf[classes]}})
	tellChanges(out, m, c)
	out.line("")
	out.line("infraopt explain ID tells all about one of them.")
}

// points shows points of the score, a weight times a hundred.
func points(v float64) string { return strconv.FormatFloat(math.Round(100*v)/100, 'f', -1, 64) }

// percent shows a share.
func percent(v float64) string { return points(100*v) + " %" }

const convention = "The weight is a convention."

func tellPillar(out *sheet, m *score.Model, p score.Pillar, c changes) {
	out.line(p.ID + ": a pillar of the score")
	out.line("")
	out.hang("  question   ", p.Question)
	out.hang("  weight     ", percent(p.Weight)+" of the score, "+points(100*p.Weight)+" points. "+convention+c.mark("pillars."+p.ID+".weight"))
	out.line("")
	out.line("  Its indicators, with their share of it:")
	var rows [][]string
	for i := range m.Indicators {
		x := &m.Indicators[i].Definition
		if of, _ := x.Pillar(); of == p.ID {
			rows = append(rows, []string{x.ID, percent(x.Weight), x.Question + c.mark("indicators."+x.ID+".weight")})
		}
	}
	out.rows("    ", rows)
}

func tellIndicator(out *sheet, m *score.Model, x *score.Definition, c changes) {
	pillar, _ := x.Pillar()
	out.line(x.ID + ": an indicator of the pillar " + pillar)
	out.line("")
	out.hang("  question   ", x.Question)
	out.hang("  why        ", x.Why)
	out.hang("  measured   ", x.Measured)
	for _, p := range m.Pillars {
		if p.ID == pillar {
			out.hang("  weight     ", fmt.Sprintf("%s of the pillar, %s points of the score. %s", percent(x.Weight), points(100*p.Weight*x.Weight), convention)+c.mark("indicators."+x.ID+".weight"))
			if mark := c.mark("pillars." + p.ID + ".weight"); mark != "" {
				out.hang("  pillar     ", percent(p.Weight)+" of the score"+mark)
			}
		}
	}
	if len(x.Ladder) > 0 {
		out.line("")
		out.line("  Its steps; their values are conventions:")
		var rows [][]string
		for _, s := range x.Ladder {
			rows = append(rows, []string{step(s.Value), s.ID, s.Text + c.mark("indicators."+x.ID+".ladder."+s.ID+".value")})
		}
		out.rows("    ", rows)
	}
	out.line("")
	for _, r := range x.References {
		out.hang("  reference  ", r)
	}
}

// step shows the value of a step or a share between 0 and 1.
func step(v float64) string { return strconv.FormatFloat(v, 'f', 2, 64) }

func tellLevel(out *sheet, l score.Level, c changes) {
	out.line(fmt.Sprintf("%s: %s, %s", l.ID(), l.Name, l.Text))
	out.line("")
	out.line("  It takes, on the low end of every interval:")
	for _, gate := range gates(l) {
		out.hang("    ", gate)
	}
	for _, key := range slices.Sorted(maps.Keys(c.was)) {
		if name, ok := strings.CutPrefix(key, fmt.Sprintf("levels.%d.", l.Number)); ok {
			out.hang("    ", name+c.mark(key))
		}
	}
	out.line("")
	out.hang("  ", "An estate stands on the highest level whose conditions it meets. The conditions are conventions.")
}

// Level 0 is the lack of a level, so the model has no definition of it.
const (
	unassessed     = "Unassessed"
	unassessedText = "too little is known for any level"
)

func tellUnassessed(out *sheet) {
	out.line("level-0: " + unassessed + ", " + unassessedText)
	out.line("")
	out.hang("  ", "An estate is unassessed where the conditions of no level are met, which happens where half of the evidence or more "+
		"is missing, and where no work is known to be active. It says nothing about the estate, neither good nor bad; infraopt doctor says what "+
		"would reveal more.")
}

// gates puts the conditions of a level into words.
func gates(l score.Level) []string {
	out := []string{"work that is known to be active"}
	add := func(limit float64, format string) {
		if limit > 0 {
			out = append(out, fmt.Sprintf(format, strconv.FormatFloat(limit, 'f', -1, 64)))
		}
	}
	add(l.Score, "score ≥ %s")
	add(l.Coverage, "coverage of evidence ≥ %s")
	add(l.Virtualised, "share of the work that is virtualised or in containers ≥ %s")
	add(l.SoftwareDefined, "pillar software-defined ≥ %s")
	add(l.Converged, "pillar converged ≥ %s, or not applicable")
	add(l.Containerised, "share of the work without a guest operating system of its own ≥ %s")
	add(l.PerAttainable, "components per workload ≤ %s times the attainable bound")
	add(l.EveryPillar, "every applicable pillar ≥ %s")
	return out
}

// The numbers that belong to no single indicator or level.
const (
	thresholds = "thresholds"
	idle       = "idle"
	classes    = "component-weights"
)

// numbersOf says what each set of numbers is.
var numbersOf = map[string]string{
	thresholds: "numbers of the arithmetic",
	idle:       "by which rule a utilisation series shows that work is idle",
	classes:    "the weight of one component of each class",
}

func tellNumbers(out *sheet, m *score.Model, id string, c changes) {
	out.line(id + ": " + numbersOf[id])
	out.line("")
	out.line("  All of them are conventions:")
	section, meanings := id, indicators.Meanings()
	if id == classes {
		section = "components"
	}
	var rows [][]string
	for _, p := range score.Leaves(m.Parts()) {
		if name, ok := strings.CutPrefix(p.Path, section+"."); ok {
			rows = append(rows, []string{shown(&p), name, strings.TrimSpace(strings.TrimSuffix(meanings[p.Path], ",") + c.mark(p.Path))})
		}
	}
	out.rows("    ", rows)
}

// tellChanges lists what a model file makes other than it is built in.
func tellChanges(out *sheet, m *score.Model, c changes) {
	if c.file == "" {
		return
	}
	out.line("")
	out.line("CHANGED BY " + c.file)
	var rows [][]string
	for _, p := range score.Leaves(m.Parts()) {
		if was, ok := c.was[p.Path]; ok {
			rows = append(rows, []string{p.Path, shown(&p), "was " + was})
		}
	}
	out.rows("  ", rows)
	for _, z := range m.Zones {
		text := strings.Join(z.Machines, ", ")
		if z.Spares != nil {
			text += fmt.Sprintf("; %d spares", *z.Spares)
		}
		out.hang("  zone "+z.Name+": ", text)
	}
	for _, w := range m.Waivers {
		out.hang("  waiver: ", w.Words())
	}
	if len(rows)+len(m.Zones)+len(m.Waivers) == 0 {
		out.line("  nothing")
	}
}

func tellAction(out *sheet, a plan.Definition) {
	out.line(a.ID + ": an action")
	out.line("")
	out.hang("  action     ", a.Title)
	out.hang("  why        ", a.Why)
	out.hang("  effort     ", a.Effort+", in points, which are a convention")
	out.hang("  risk       ", a.Risk)
	if a.Reversible {
		out.hang("  undo       ", "it can be undone")
	} else {
		out.hang("  undo       ", "it cannot be undone")
	}
	out.hang("  gain       ", "whatever scoring the changed inventory says; no gain is written down anywhere")
}
