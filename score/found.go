package score

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
)

// A Found is what was noticed on one or more machines and enters no score: something that is there and not needed,
// there more than once, or about to fail.
type Found struct {
	ID       string             `json:"id"`
	Severity inventory.Severity `json:"severity"` // the gravest on any machine
	Machines int                `json:"machines"` // that it was noticed on
	Examples []FoundOn          `json:"examples"` // the first of those, by their IDs
}

// FoundOn is a finding on one machine.
type FoundOn struct {
	Machine string `json:"machine"` // ID
	Name    string `json:"name"`
	Text    string `json:"text"`
	Source  string `json:"source"` // file or field it was read from
}

// foundExamples is how many machines are named for a finding.
const foundExamples = 5

// discoveries gathers the findings of machines, in whatever order those come.
type discoveries map[string]*Found

func (d discoveries) add(m *inventory.Machine) {
	counted := make(map[string]bool)
	for _, f := range m.Findings {
		x := d[f.ID]
		if x == nil {
			x = &Found{ID: f.ID, Severity: f.Severity}
			d[f.ID] = x
		}
		if gravity(f.Severity) < gravity(x.Severity) {
			x.Severity = f.Severity
		}
		if !counted[f.ID] {
			counted[f.ID] = true
			x.Machines++
		}
		on := FoundOn{Machine: m.ID, Name: m.Name.Or(m.ID), Text: f.Text, Source: f.Source}
		i, _ := slices.BinarySearchFunc(x.Examples, on, compareFoundOn)
		if i < foundExamples {
			x.Examples = slices.Insert(x.Examples, i, on)
			x.Examples = x.Examples[:min(len(x.Examples), foundExamples)]
		}
	}
}

func compareFoundOn(a, b FoundOn) int {
	return cmp.Or(strings.Compare(a.Machine, b.Machine), strings.Compare(a.Text, b.Text), strings.Compare(a.Source, b.Source))
}

// list gives the gravest first, then those on most machines; never nil.
func (d discoveries) list() []Found {
	out := []Found{}
	for _, id := range slices.Sorted(maps.Keys(d)) {
		out = append(out, *d[id])
	}
	slices.SortStableFunc(out, func(a, b Found) int {
		return cmp.Or(gravity(a.Severity)-gravity(b.Severity), b.Machines-a.Machines)
	})
	return out
}

// gravity orders severities, the gravest first.
func gravity(s inventory.Severity) int {
	switch s {
	case inventory.Blocker:
		return 0
	case inventory.Warning:
		return 1
	default:
		return 2
	}
}
