package report

import (
	"fmt"
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// machines prints the machines and what was seen in all.
func (p *page) machines(a *score.Assessment) error {
	total := max(a.MachinesTotal, len(a.Machines))
	if total == 0 {
		return nil
	}
	shown := a.Machines[:min(len(a.Machines), p.rows(8))]
	g := &grid{columns: []column{
		{head: "MACHINES", min: 10, want: 16},
		{head: "kind", min: 8, drop: 6},
		{head: "system", min: 9, want: 14, drop: 7},
		{head: "level", right: true},
		{head: "score", right: true},
		{head: "containers", short: "cont.", right: true, drop: 4},
		{head: "VMs", right: true, drop: 5},
		{head: "workloads", short: "work", right: true, drop: 2},
		{head: "components", short: "comp.", right: true, drop: 3},
		{head: "cores", right: true, drop: 8, extra: true},
		{head: "memory", right: true, drop: 9, extra: true},
	}}
	for _, m := range shown {
		level := fmt.Sprint(m.Level)
		if m.Level <= 0 {
			level = p.dash
		}
		g.add("",
			text(p.name(m)), text(p.words(m.Kind)), text(p.system(m.OS)),
			styled(p.levelStyle(m.Level), level), text(p.scoreShort(m)),
			text(p.number(float64(m.Containers))), text(p.number(float64(m.VMs))),
			text(p.number(float64(m.Workloads))), text(p.number(m.Components)),
			text(p.cores(m.Cores)), text(p.memory(m.Memory)))
	}
	p.blank()
	if err := p.grid(g); err != nil {
		return err
	}
	if more := total - len(shown); more > 0 {
		p.para(0, faint, "and "+p.number(float64(more))+" more")
	}
	p.para(0, faint, "In all: "+p.totals(a.Inventory)+".")
	return nil
}

// system shortens the name of an operating system by what tells nothing: "Debian GNU/Linux 12 (bookworm)" is
// Debian 12.
func (p *page) system(name string) string {
	s := p.words(name)
	if s == "" {
		return "unknown"
	}
	if i := strings.LastIndex(s, " ("); i > 0 && strings.HasSuffix(s, ")") {
		s = s[:i]
	}
	return strings.Replace(s, " GNU/Linux ", " ", 1)
}

// scoreShort prints the score of one machine in a narrow column, with no 0 where nothing is proven.
func (p *page) scoreShort(m score.MachineResult) string {
	low, high := p.low(m.Score.Low, 0), p.high(m.Score.High, 0)
	switch {
	case m.Score.None:
		return p.dash
	case m.Level <= 0 && low == "0":
		return p.atMost + " " + high
	case exact(m.Score):
		return low
	default:
		return low + p.dash + high
	}
}

func (p *page) cores(n *float64) string {
	if n == nil {
		return "?"
	}
	return p.number(*n)
}

func (p *page) memory(n *int64) string {
	if n == nil {
		return "?"
	}
	return p.size(*n)
}

// totals counts what was seen.
func (p *page) totals(v score.Inventory) string {
	var parts []string
	add := func(n int, one string) {
		if n > 0 {
			parts = append(parts, p.many(float64(n), one))
		}
	}
	running := func(c score.RunCounts, one string) {
		if c.Total > 0 {
			parts = append(parts, p.many(float64(c.Total), one)+" ("+p.number(float64(c.Running))+nbsp+"running)")
		}
	}
	if kinds, n := p.kinds(v.Machines); n > 0 {
		parts = append(parts, p.many(float64(n), "machine")+" ("+kinds+")")
	}
	add(v.Hypervisors, "hypervisor")
	running(v.VMs, "VM")
	running(v.Containers, "container")
	add(v.Images, "image")
	add(v.Volumes, "volume")
	add(v.Clusters, "cluster")
	add(v.Workloads.Service, "service")
	add(v.Workloads.Application, "application")
	if len(parts) == 0 {
		return "nothing was seen"
	}
	return strings.Join(parts, ", ")
}

// kinds says of what kinds the machines are, and counts them.
func (p *page) kinds(c score.MachineCounts) (string, int) {
	var names, parts []string
	total := 0
	for _, kind := range []struct {
		n    int
		name string
	}{{c.Physical, "physical"}, {c.Virtual, "virtual"}, {c.Cloud, "in a cloud"}, {c.Unknown, "of unknown kind"}} {
		if kind.n > 0 {
			names = append(names, kind.name)
			parts = append(parts, p.number(float64(kind.n))+nbsp+kind.name)
			total += kind.n
		}
	}
	switch {
	case len(names) == 1 && total == 1:
		return names[0], total
	case len(names) == 1:
		return "all " + names[0], total
	default:
		return strings.Join(parts, ", "), total
	}
}

// risks prints what no score shows.
func (p *page) risks(a *score.Assessment) error {
	if len(a.Risks) == 0 {
		return nil
	}
	p.heading("RISKS")
	shown := a.Risks[:min(len(a.Risks), p.rows(5))]
	g := &grid{columns: []column{{}, {min: 1, lines: 4}}}
	for _, r := range shown {
		s := p.words(r.Text)
		if subject := p.words(r.Subject); subject != "" {
			s = cut(subject, 40, p.ellipsis) + ": " + s
		}
		g.add("", styled(bad, p.alert), text(s))
	}
	if err := p.grid(g); err != nil {
		return err
	}
	p.more(len(a.Risks) - len(shown))
	return nil
}

// found prints what was noticed on machines and is in no score.
func (p *page) found(a *score.Assessment) error {
	if len(a.Findings) == 0 {
		return nil
	}
	p.heading("NOTICED")
	shown := a.Findings[:min(len(a.Findings), p.rows(5))]
	g := &grid{columns: []column{{}, {min: 1, lines: 3}}}
	for _, f := range shown {
		mark, st := p.note, faint
		if f.Severity != inventory.Info {
			mark, st = p.alert, bad
		}
		s := p.words(f.ID)
		if len(f.Examples) > 0 {
			first := f.Examples[0]
			s = cut(p.words(first.Name), 40, p.ellipsis) + ": " + p.words(first.Text)
		}
		if f.Machines > 1 {
			s += " (and on " + p.number(float64(f.Machines-1)) + " more)"
		}
		g.add("", styled(st, mark), text(s))
	}
	if err := p.grid(g); err != nil {
		return err
	}
	p.more(len(a.Findings) - len(shown))
	return nil
}

// gaps prints what could not be seen, with what would show it. Things with the same remedy are one row, as
// the points they keep open are those of the remedy.
func (p *page) gaps(a *score.Assessment) error {
	groups := p.groupGaps(a)
	if len(groups) == 0 {
		return nil
	}
	shown := groups[:min(len(groups), p.rows(5))]
	g := &grid{
		columns: []column{{head: "NOT SEEN", min: 16, want: 50, lines: 3, grow: true}, {head: "keeps open", right: true}},
		beside:  "to see it",
		inset:   3,
	}
	for _, gap := range shown {
		g.add(gap.remedy, text(gap.words(p)), text(p.open(gap.points)))
	}
	p.blank()
	if err := p.grid(g); err != nil {
		return err
	}
	p.more(len(groups) - len(shown))
	return nil
}

// more says that a list goes on.
func (p *page) more(n int) {
	if n > 0 {
		p.para(0, faint, "and "+p.number(float64(n))+" more")
	}
}

// failures prints the targets that could not be read.
func (p *page) failures(a *score.Assessment) error {
	g := &grid{columns: []column{{head: "COULD NOT BE READ", min: 17}, {head: "why", min: 16, lines: 4}}, beside: "what to do", inset: 3}
	failed := 0
	for _, s := range a.Sources {
		if s.Status != inventory.StatusFailed {
			continue
		}
		if failed++; failed > p.rows(5) {
			continue
		}
		target := p.safe(s.Target)
		if target == "" {
			target = p.words(s.Scheme)
		}
		why := p.words(s.Error)
		if why == "" {
			why = "no reason was given"
		}
		g.add(p.safe(s.Remedy), styled(bad, target), text(why))
	}
	if failed == 0 {
		return nil
	}
	p.blank()
	if err := p.grid(g); err != nil {
		return err
	}
	p.more(failed - len(g.rows))
	return nil
}
