package report

import (
	"fmt"
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

func (m *markdown) stepTable(a *score.Assessment) string {
	if reason := m.words(a.Roadmap.Withheld); reason != "" {
		return m.section("Next", m.short(reason)+"\n", 0)
	}
	if len(a.Recommendations) == 0 {
		if a.Score.None {
			return ""
		}
		return m.section("Next", "Nothing to do: no action that infraopt knows would raise the score.\n", 0)
	}
	shown := a.Recommendations[:min(len(a.Recommendations), m.rows(20))]
	t := table(">step", "what to do", ">gain", ">effort", "removes", "risk")
	for i := range shown {
		r := &shown[i]
		title := m.words(r.Title)
		if c := m.words(r.Confidence); c != "" && c != "proven" && a.Roadmap.Basis == "proven" {
			title += " (" + c + ")"
		}
		t.add(fmt.Sprint(i+1), m.short(title), mdEscape.Replace(m.gain(r.Gain.Score)), m.number(r.Effort), m.short(m.removes(r.Gain)), m.short(m.words(r.Risk)))
	}
	body := t.String()
	if n := len(a.Recommendations) - len(shown); n > 0 {
		body += "\nand " + m.number(float64(n)) + " more\n"
	}
	body += m.starts(shown) + m.roadWords(a)
	return m.section("Next", body, 0)
}

// starts lists the commands to begin with.
func (m *markdown) starts(steps []score.Recommendation) string {
	var b strings.Builder
	for i := range steps {
		if m.safe(steps[i].Next) != "" {
			fmt.Fprintf(&b, "- step %d: %s\n", i+1, m.command(steps[i].Next))
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return "\nStart with:\n\n" + b.String()
}

// roadWords says what all steps together bring.
func (m *markdown) roadWords(a *score.Assessment) string {
	r := &a.Roadmap
	if r.Steps == 0 || r.From.None || r.To.None {
		return ""
	}
	s := fmt.Sprintf("All %s: score %s, level %s, %s components, effort %s.", m.many(float64(r.Steps), "step"), m.change(m.low(r.From.Low, 0), m.low(r.To.Low, 0)),
		m.levelName(r.LevelTo, r.LevelName), m.change(m.number(r.Components[0]), m.number(r.Components[1])), m.number(r.Effort))
	if basis := m.words(r.Basis); basis != "" && basis != "proven" {
		s += " Gains hold if " + m.assumption(r.Basis) + "."
	}
	return "\n" + m.short(s) + "\n"
}

func (m *markdown) gapList(a *score.Assessment) string {
	groups := m.groupGaps(a)
	if len(groups) == 0 {
		return ""
	}
	shown := groups[:min(len(groups), m.rows(20))]
	var b strings.Builder
	for _, g := range shown {
		b.WriteString("- " + mdText(cut(g.words(m.page), 400, m.ellipsis)))
		if x := g.points; finite(x) && x >= .05 {
			b.WriteString(", keeps " + m.low(x, 1) + " points open")
		}
		if g.remedy != "" {
			b.WriteString(": " + m.command(g.remedy))
		}
		b.WriteByte('\n')
	}
	return m.section("Not seen", b.String(), len(groups)-len(shown))
}

func (m *markdown) failureList(a *score.Assessment) string {
	var b strings.Builder
	failed := 0
	for i := range a.Sources {
		s := &a.Sources[i]
		if s.Status != inventory.StatusFailed {
			continue
		}
		if failed++; failed > m.rows(20) {
			continue
		}
		why := m.words(s.Error)
		if why == "" {
			why = "no reason was given"
		}
		b.WriteString("- " + m.short(m.target(s)) + ": " + mdText(cut(why, 400, m.ellipsis)))
		if m.safe(s.Remedy) != "" {
			b.WriteString(": " + m.command(s.Remedy))
		}
		b.WriteByte('\n')
	}
	if failed == 0 {
		return ""
	}
	return m.section("Could not be read", b.String(), failed-m.rows(20))
}

// riskList has what is in no score.
func (m *markdown) riskList(a *score.Assessment) string {
	var b strings.Builder
	risks, found := a.Risks[:min(len(a.Risks), m.rows(20))], a.Findings[:min(len(a.Findings), m.rows(20))]
	line := func(subject, text string) {
		if subject != "" {
			subject = m.short(subject) + ": "
		}
		b.WriteString("- " + subject + mdText(cut(text, 400, m.ellipsis)) + "\n")
	}
	for _, r := range risks {
		line(m.words(r.Subject), m.words(r.Text))
	}
	for i := range found {
		f := &found[i]
		subject, text := "", m.words(f.ID)
		if len(f.Examples) > 0 {
			subject, text = m.words(f.Examples[0].Name), m.words(f.Examples[0].Text)
		}
		if f.Machines > 1 {
			text += " (and on " + m.number(float64(f.Machines-1)) + " more)"
		}
		line(subject, text)
	}
	if b.Len() == 0 {
		return ""
	}
	return m.section("Noticed", b.String(), len(a.Risks)+len(a.Findings)-len(risks)-len(found))
}

func (m *markdown) machineTable(a *score.Assessment) string {
	total := max(a.MachinesTotal, len(a.Machines))
	if total == 0 {
		return ""
	}
	shown := a.Machines[:min(len(a.Machines), m.rows(20))]
	t := table("machine", "kind", "system", ">level", ">score", ">containers", ">VMs", ">workloads", ">components")
	for i := range shown {
		x := &shown[i]
		level := fmt.Sprint(x.Level)
		if x.Level <= 0 {
			level = m.dash
		}
		t.add(m.short(m.name(*x)), m.short(m.words(x.Kind)), m.short(m.system(x.OS)), level, m.scoreShort(*x),
			m.number(float64(x.Containers)), m.number(float64(x.VMs)), m.number(float64(x.Workloads)), m.number(x.Components))
	}
	return m.section("Machines", t.String(), total-len(shown))
}

func (m *markdown) waiverTable(a *score.Assessment) string {
	if len(a.Waivers) == 0 {
		return ""
	}
	t := table("waiver", "status", ">machines")
	for i := range a.Waivers {
		w := &a.Waivers[i]
		matches := m.number(float64(w.Matched))
		if len(w.Machines) == 0 {
			matches = "all"
		}
		t.add(m.short(m.words(w.Words())), m.short(m.words(w.Status)), matches)
	}
	return m.section("Waivers", t.String(), 0)
}

func (m *markdown) whatIfTable(a *score.Assessment) string {
	x := a.WhatIf
	if x == nil {
		return ""
	}
	t := table("", ">before", ">after")
	t.add("Score", m.scored(x.Before.Score), m.scored(x.After.Score))
	t.add("Level", m.short(m.levelName(x.Before.Level, x.Before.LevelName)), m.short(m.levelName(x.After.Level, x.After.LevelName)))
	t.add("Hosts", m.number(float64(x.Before.Hosts)), m.number(float64(x.After.Hosts)))
	t.add("Components", m.tally(x.Before.Components), m.tally(x.After.Components))
	return m.section("What if "+m.short(m.words(x.File)), t.String(), 0)
}

func (m *markdown) waveTable(a *score.Assessment) string {
	if len(a.Roadmap.Waves) == 0 || a.Roadmap.Steps == 0 {
		return ""
	}
	t := table("when", ">effort", ">of", ">steps done", ">score", ">level", ">components")
	for i := range a.Roadmap.Waves {
		w := &a.Roadmap.Waves[i]
		t.add(m.short(m.words(waveWords(w.ID))), m.number(w.Effort), m.number(w.Budget), fmt.Sprint(w.Steps), m.proven(w.Score), fmt.Sprint(w.Level), m.number(w.Components))
	}
	return m.section("When", t.String(), 0)
}

func (m *markdown) moveTable(a *score.Assessment) string {
	if a.Target == nil || len(a.Target.Moves) == 0 {
		return ""
	}
	names := map[string]string{}
	for i := range a.Target.Machines {
		names[a.Target.Machines[i].ID] = a.Target.Machines[i].Name
	}
	shown := a.Target.Moves[:min(len(a.Target.Moves), m.rows(50))]
	t := table("what", "class", "from", "to")
	for i := range shown {
		x := &shown[i]
		t.add(m.short(m.words(x.Name)), m.short(m.words(x.Class)), m.short(m.words(names[x.From])), m.short(m.words(names[x.To])))
	}
	return m.section("Moves", t.String(), len(a.Target.Moves)-len(shown))
}

// fateTable lists hosts that go dark.
func (m *markdown) fateTable(a *score.Assessment) string {
	if a.Target == nil {
		return ""
	}
	t := table("host", "zone", "what becomes of it")
	dark := 0
	for i := range a.Target.Machines {
		h := &a.Target.Machines[i]
		if h.Fate != score.FateRetire {
			continue
		}
		if dark++; dark <= m.rows(50) {
			t.add(m.short(m.words(h.Name)), m.short(m.words(h.Zone)), "evacuated and switched off")
		}
	}
	s := m.short(m.hostWords(&a.Target.Hosts)) + "\n"
	if dark > 0 {
		s += "\n" + t.String()
	}
	return m.section("Hosts", s, dark-m.rows(50))
}
