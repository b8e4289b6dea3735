package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/infraopt/infraopt/score"
)

// A markdown document is written section by section. Where it must not be longer than some number of bytes, sections that do
// not fit are left out, and it says so.
type markdown struct {
	*page
	out  strings.Builder
	most int // bytes; 0 without a limit
	left int // sections that were left out
}

// mostSummary is what GitHub takes as the summary of one step, less room for what else the step may write.
const mostSummary = 1<<20 - 16<<10

// renderMarkdown writes the report for wikis and merge requests.
func renderMarkdown(w io.Writer, r *Report) error {
	m := &markdown{page: newPage(r.Display)}
	return m.write(w, r.Assessment, m.standingTable, m.quarterPart, m.pillarTable, m.gateList, m.stepTable, m.gapList, m.failureList, m.riskList, m.machineTable, m.trendTable, m.waiverTable)
}

// renderSummary writes the part of it that fits on the page of a run of GitHub Actions.
func renderSummary(w io.Writer, r *Report) error {
	m := &markdown{page: newPage(r.Display), most: mostSummary}
	return m.write(w, r.Assessment, m.standingTable, m.quarterPart, m.gateList, m.failureList, m.stepTable, m.trendTable, m.pillarTable, m.gapList, m.riskList, m.machineTable, m.waiverTable)
}

// renderPlanMarkdown writes the plan.
func renderPlanMarkdown(w io.Writer, r *Report) error {
	m := &markdown{page: newPage(r.Display)}
	return m.write(w, r.Assessment, m.standingTable, m.whatIfTable, m.stepTable, m.waveTable, m.moveTable, m.fateTable, m.failureList)
}

func (m *markdown) write(w io.Writer, a *score.Assessment, sections ...func(*score.Assessment) string) error {
	m.out.WriteString("# infraopt: " + mdText(m.summary(a)) + "\n\n" + m.byline(a))
	return m.sections(w, a, sections...)
}

// sections writes the sections behind what is there already.
func (m *markdown) sections(w io.Writer, a *score.Assessment, sections ...func(*score.Assessment) string) error {
	const note = 200 // bytes to say what was left out
	for _, section := range sections {
		text := section(a)
		if m.most > 0 && m.out.Len()+len(text)+note > m.most {
			m.left++
			continue
		}
		m.out.WriteString(text)
	}
	if m.left > 0 {
		m.out.WriteString("\n" + m.many(float64(m.left), "section") + " had no room here; `infraopt assess` shows all.\n")
	}
	if _, err := io.WriteString(w, spaces(m.out.String())); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// byline says what was looked at, when, and by which rules.
func (m *markdown) byline(a *score.Assessment) string {
	parts := []string{m.machineNames(a), a.GeneratedAt.UTC().Format("2006-01-02 15:04") + " UTC"}
	if used := m.schemes(a); used != "" {
		parts = append(parts, used)
	}
	tool := strings.TrimSpace("infraopt " + m.words(a.Tool.Version))
	if rules := m.words(a.Tool.Rules); rules != "" {
		tool += ", rules " + rules
	}
	if model := m.words(a.Tool.Model); model != "" {
		tool += " of " + model
	}
	parts = append(parts, tool)
	for i := range parts {
		parts[i] = m.short(parts[i])
	}
	return strings.Join(parts, " "+m.dot+" ") + "\n"
}

// short escapes text for a line or a cell, and keeps it to a length that can be read.
func (m *markdown) short(s string) string {
	const longest = 200
	return mdText(cut(s, longest, m.ellipsis))
}

// command sets a command, whole.
func (m *markdown) command(s string) string { return mdCode(m.safe(s)) }

// A mdTable is a table of cells that are escaped already.
type mdTable struct {
	head  []string
	right []bool
	rows  [][]string
}

// table begins one; a heading that starts with ">" is that of numbers.
func table(heads ...string) *mdTable {
	t := &mdTable{}
	for _, h := range heads {
		name, right := strings.CutPrefix(h, ">")
		t.head, t.right = append(t.head, name), append(t.right, right)
	}
	return t
}

func (t *mdTable) add(cells ...string) { t.rows = append(t.rows, cells) }

func (t *mdTable) String() string {
	var b strings.Builder
	line := func(cells []string) { b.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	line(t.head)
	rule := make([]string, len(t.head))
	for i := range rule {
		rule[i] = "---"
		if t.right[i] {
			rule[i] = "--:"
		}
	}
	line(rule)
	for _, r := range t.rows {
		line(r)
	}
	return b.String()
}

// section has a heading, and a note of how many rows are not shown.
func (m *markdown) section(heading, body string, more int) string {
	s := "\n## " + heading + "\n\n" + body
	if more > 0 {
		s += "\nand " + m.number(float64(more)) + " more\n"
	}
	return s
}

func (m *markdown) standingTable(a *score.Assessment) string {
	t := table("", "")
	for _, s := range m.statements(a) {
		t.add(m.short(s.title), m.short(s.text))
	}
	if classes := m.classes(a.Headline.ByClass); classes != "" {
		t.add("Of what", m.short(classes))
	}
	t.add("Seen", m.short(m.totals(a.Inventory)))
	if reason := m.words(a.Level.Reason); reason != "" {
		t.add("Not assessed", m.short(reason))
	}
	if a.Unwaived != nil {
		t.add("Without waivers", m.short(m.scoreWords(*a.Unwaived, score.LevelResult{Number: 1})))
	}
	return "\n" + t.String()
}

func (m *markdown) pillarTable(a *score.Assessment) string {
	if a.Score.None || len(a.Pillars) == 0 {
		return ""
	}
	heading, pillars := "Pillars", a.Pillars
	if unproven(a) {
		heading, pillars = "Pillars, if "+m.assumption(a.Assumed.Assumption), a.Assumed.Pillars
	}
	t := table("pillar, indicator", ">reached", ">points", ">of")
	add := func(name string, applies bool, low, high float64, points score.Points) {
		if !applies {
			t.add(name, "not applicable", "", "")
			return
		}
		t.add(name, strings.TrimSpace(m.shares(low, high)), m.low(points.Low, 1), m.number(points.Max))
	}
	for i := range pillars {
		l := &pillars[i]
		add("**"+m.short(m.words(l.ID))+"**", l.Applicable, l.Low, l.High, l.Points)
		for j := range l.Indicators {
			x := &l.Indicators[j]
			add(m.short(m.words(x.ID)), x.Applicable, x.Low, x.High, x.Points)
		}
	}
	return m.section(m.short(heading), t.String(), 0)
}

func (m *markdown) gateList(a *score.Assessment) string {
	var s string
	if !unproven(a) {
		s = m.gatesFor(a.Level, "")
	}
	if a.Assumed != nil {
		s += m.gatesFor(a.Assumed.Level, ", if "+m.assumption(a.Assumed.Assumption))
	}
	return s
}

func (m *markdown) gatesFor(l score.LevelResult, condition string) string {
	gates := l.NextGates
	if len(gates) == 0 {
		gates = l.HeldBackBy
	}
	if len(gates) == 0 {
		return ""
	}
	heading := "To the next level"
	if name := m.words(l.Next); name != "" {
		heading = fmt.Sprintf("To level %d %s", l.Number+1, name)
	}
	var b strings.Builder
	for _, g := range gates {
		mark := m.unmet
		if g.Met {
			mark = m.met
		}
		fmt.Fprintf(&b, "- %s %s (is %s)\n", mark, m.short(m.words(g.Text)), m.reached(g, g.Have))
		if lift := m.liftWords(g); lift != "" {
			b.WriteString("  - " + mdText("for it: "+cut(lift, 400, m.ellipsis)) + "\n")
		}
	}
	return m.section(m.short(heading+condition), b.String(), 0)
}
