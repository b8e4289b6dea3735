package report

import (
	"fmt"

	"github.com/infraopt/infraopt/score"
)

// rules says that the score is not by the built-in rules, or leaves something out.
func (p *page) rules(a *score.Assessment) {
	if name := p.words(a.Tool.Model); name != "" {
		p.para(0, warn, "By the rules of "+name+" in place of the built-in ones.")
	}
	if a.Unwaived != nil {
		p.para(0, warn, fmt.Sprintf("%s; without: %s.", p.many(float64(len(a.Waivers)), "waiver"), p.scoreWords(*a.Unwaived, score.LevelResult{Number: 1})))
	}
}

// waivers lists what was taken out of the score, and what became of each waiver. None is left out: a waiver that
// nobody is shown is one that nobody takes back.
func (p *page) waivers(a *score.Assessment) error {
	if len(a.Waivers) == 0 {
		return nil
	}
	p.blank()
	g := &grid{columns: []column{{head: "WAIVERS", min: 16, lines: 40}, {head: "status"}, {head: "matches", right: true, drop: 1}}}
	for _, w := range a.Waivers {
		st, matches := normal, p.number(float64(w.Matched))
		if w.Status != "applied" {
			st = warn
		}
		if len(w.Machines) == 0 {
			matches = "all"
		}
		g.add("", text(p.words(w.Words())), styled(st, p.words(w.Status)), text(matches))
	}
	return p.grid(g)
}
