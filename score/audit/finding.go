package audit

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
	"github.com/infraopt/infraopt/score/plan"
)

// Fingerprint tells whether two results speak of the same thing: what is said, by the ID of its rule, and of what. It does
// not depend on words that change with the version of the program, on case or on white space.
func Fingerprint(rule string, of ...string) string {
	text := make([]byte, 0, 256)
	add := func(part string) {
		part = strings.ToLower(strings.ToValidUTF8(part, "\ufffd"))
		begin := len(text)
		for word := range strings.FieldsSeq(part) {
			if len(text) > begin {
				text = append(text, ' ')
			}
			text = append(text, word...)
		}
		text = append(text, 0) // or "a", "bc" were the same as "ab", "c"
	}
	add(rule)
	for _, part := range of {
		add(part)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// Classes of noticed things.
const classMachine = "machine"

// find lists what actions would change and what was noticed, in order, each once.
func find(e *inventory.Estate, m *score.Model, req plan.Request) []Finding {
	return findAs(e, m, req, nil)
}

// findAs is find for an estate of which hosts have got other IDs since.
func findAs(e *inventory.Estate, m *score.Model, req plan.Request, now map[string]string) []Finding {
	id := func(machine string) string { return cmp.Or(now[machine], machine) }
	sightings := plan.Survey(e, m, req)
	seen := make([]Finding, len(sightings))
	atOnce(len(seen), func(i int) {
		s := &sightings[i]
		seen[i] = Finding{Rule: s.Action, Severity: SeverityNote, Subject: s.Label, Name: s.Name, Class: s.Class, Machine: id(s.MachineID), MachineName: s.Machine,
			Host: id(s.Host), Text: s.Evidence, Remedy: "infraopt explain " + s.Action, Targets: s.Seen, Unknown: s.Unknown, Key: s.Key}
		seen[i].Fingerprint = seen[i].fingerprint()
	})
	out := make([]*Finding, len(seen))
	for i := range seen {
		out[i] = &seen[i]
	}
	scope := m.InScope(e, req.Now)
	for _, h := range scope.Hosts {
		h.Walk(func(n *inventory.Node) {
			name := n.Machine.Name.Or(n.Machine.ID)
			for _, x := range n.Machine.Findings {
				f := &Finding{Rule: x.ID, Severity: severityOf(x.Severity), Subject: name, Name: name, Class: classMachine, Machine: id(n.Machine.ID), MachineName: name,
					Host: id(h.Machine.ID), Text: x.Text, Targets: n.Machine.Seen, Key: x.Source}
				f.Fingerprint = f.fingerprint()
				out = append(out, f)
			}
		})
	}
	return distinct(out)
}

// atOnce calls f for 0 to n − 1, in runs on all processors at once.
func atOnce(n int, f func(i int)) {
	var all sync.WaitGroup
	parts := runtime.GOMAXPROCS(0)
	for k := range parts {
		all.Go(func() {
			for i := n * k / parts; i < n*(k+1)/parts; i++ {
				f(i)
			}
		})
	}
	all.Wait()
}

// fingerprint tells the finding from others.
func (f *Finding) fingerprint() string {
	if f.Nth > 0 {
		return Fingerprint(f.Rule, f.Class, f.Machine, f.Key, "#"+strconv.Itoa(f.Nth))
	}
	return Fingerprint(f.Rule, f.Class, f.Machine, f.Key)
}

// distinct puts findings in order and numbers those that would be taken for one: which of them is which nobody needs to
// know, but how many there are.
func distinct(list []*Finding) []Finding {
	// There are few rules and many findings of each: those of a rule are put in order by themselves.
	type rule struct {
		weight int
		id     string
	}
	byRule := map[rule][]*Finding{}
	for _, f := range list {
		of := rule{weight(f.Severity), f.Rule}
		byRule[of] = append(byRule[of], f)
	}
	rules := slices.SortedFunc(maps.Keys(byRule), func(a, b rule) int {
		return cmp.Or(a.weight-b.weight, strings.Compare(a.id, b.id))
	})
	atOnce(len(rules), func(i int) {
		slices.SortStableFunc(byRule[rules[i]], func(a, b *Finding) int {
			return cmp.Or(strings.Compare(a.Subject, b.Subject), strings.Compare(a.Machine, b.Machine), strings.Compare(a.Key, b.Key), strings.Compare(a.Text, b.Text))
		})
	})
	list = list[:0]
	for _, r := range rules {
		list = append(list, byRule[r]...)
	}
	list = slices.CompactFunc(list, func(a, b *Finding) bool {
		return a.Fingerprint == b.Fingerprint && a.Text == b.Text && a.Subject == b.Subject
	})
	times := make(map[string]int, len(list))
	out := make([]Finding, 0, len(list)) // never null in JSON
	for _, f := range list {
		first := f.Fingerprint
		if times[first]++; times[first] > 1 {
			f.Nth = times[first]
			f.Fingerprint = f.fingerprint()
		}
		if f.Targets == nil {
			f.Targets = []string{}
		}
		out = append(out, *f)
	}
	return out
}

func severityOf(s inventory.Severity) string {
	switch s {
	case inventory.Blocker:
		return SeverityError
	case inventory.Warning:
		return SeverityWarning
	default:
		return SeverityNote
	}
}

// names are what patterns may call the subject of a finding.
func (f *Finding) names() []string { return []string{f.Name, f.MachineName, f.Machine} }
