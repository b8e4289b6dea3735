package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score/yamlfile"
)

// MaxFile is the largest constraints or what-if file, in bytes.
const MaxFile = 256 << 10

// A ConstraintsFile is what a plan must not do, in the form of its file.
type ConstraintsFile struct {
	Pins          []Pin   `json:"pins,omitempty"`          // workloads that have to run on certain hosts
	KeepApart     []Apart `json:"keepApart,omitempty"`     // workloads that must not share a host
	NeverTouch    []Fixed `json:"neverTouch,omitempty"`    // what has to stay as it is
	LicenceFences []Fence `json:"licenceFences,omitempty"` // hosts that a licence covers
}

// A Pin holds workloads on hosts.
type Pin struct {
	Workloads []Pattern `json:"workloads" file:"required"` // virtual machines and containers, by name or ID
	Hosts     []Pattern `json:"hosts" file:"required"`     // by name or ID; each of the workloads runs on one of them
	Reason    string    `json:"reason,omitempty"`          // printed where the pin decides
}

// An Apart keeps workloads away from each other.
type Apart struct {
	Workloads []Pattern `json:"workloads" file:"required"` // no two of all that match any of these share a host: replicas by one pattern, rivals by several
	Reason    string    `json:"reason,omitempty"`          // printed where it decides
}

// A Fixed is left alone by every action.
type Fixed struct {
	Names  []Pattern `json:"names" file:"required"` // machines, virtual machines, containers and services; a machine with everything that stands on it
	Reason string    `json:"reason,omitempty"`      // printed where it decides
}

// A Fence keeps workloads on the hosts that are licensed for them.
type Fence struct {
	Name      string    `json:"name" file:"required"`      // for people
	Workloads []Pattern `json:"workloads" file:"required"` // virtual machines and containers that may run on these hosts only
	Hosts     []Pattern `json:"hosts" file:"required"`     // by name or ID
	Exclusive bool      `json:"exclusive,omitempty"`       // nothing else may run on these hosts
	Reason    string    `json:"reason,omitempty"`          // printed where it decides
}

// Constraints are what a plan must not do, ready to be asked for any number of workloads and hosts. Nil Constraints forbid
// nothing.
type Constraints struct {
	ConstraintsFile
	pos      *yamlfile.Positions
	rules    []constraint
	parts    []rulePart
	works    matcher // patterns of workloads; all three number by parts
	hosts    matcher
	fixed    matcher
	workPart []int // by the number of a pattern in works
	hostPart []int
	fixPart  []int
}

// A constraint is one entry of the file.
type constraint struct {
	kind      ruleKind
	path      string
	text      string // what it asks for
	reason    string
	exclusive bool
}

type ruleKind int

const (
	pinRule ruleKind = iota
	apartRule
	fixedRule
	fenceRule
)

// A rulePart is one pattern of a rule.
type rulePart struct {
	rule    int
	path    string
	pattern Pattern
}

// LoadConstraints reads a constraints file. Errors begin with the name of the file, and the line and column where the
// fault is.
func LoadConstraints(name string, text []byte) (*Constraints, error) {
	c := &Constraints{}
	limits := yamlfile.Limits{What: "constraints file", Bytes: MaxFile, Tokens: 30000, Levels: 8, Advice: "patterns such as web-* name many things"}
	pos, err := yamlfile.Decode(name, text, limits, &c.ConstraintsFile)
	if err != nil {
		return nil, err
	}
	c.pos = pos
	for i, p := range c.Pins {
		r := c.rule(pinRule, "pins", i, fmt.Sprintf("%s must run on %s", listed(p.Workloads), listed(p.Hosts)), p.Reason)
		c.take(&c.works, &c.workPart, r, "workloads", p.Workloads)
		c.take(&c.hosts, &c.hostPart, r, "hosts", p.Hosts)
	}
	for i, a := range c.KeepApart {
		r := c.rule(apartRule, "keepApart", i, "no two of "+listed(a.Workloads)+" may share a host", a.Reason)
		c.take(&c.works, &c.workPart, r, "workloads", a.Workloads)
	}
	for i, f := range c.NeverTouch {
		r := c.rule(fixedRule, "neverTouch", i, "nothing may touch "+listed(f.Names), f.Reason)
		c.take(&c.fixed, &c.fixPart, r, "names", f.Names)
	}
	for i, f := range c.LicenceFences {
		text := fmt.Sprintf("licence %s: %s may run on %s only", f.Name, listed(f.Workloads), listed(f.Hosts))
		if f.Exclusive {
			text += ", and nothing else there"
		}
		r := c.rule(fenceRule, "licenceFences", i, text, f.Reason)
		c.rules[r].exclusive = f.Exclusive
		c.take(&c.works, &c.workPart, r, "workloads", f.Workloads)
		c.take(&c.hosts, &c.hostPart, r, "hosts", f.Hosts)
	}
	return c, nil
}

func (c *Constraints) rule(kind ruleKind, section string, i int, text, reason string) int {
	c.rules = append(c.rules, constraint{kind: kind, path: fmt.Sprintf("%s.%d", section, i+1), text: text, reason: reason})
	return len(c.rules) - 1
}

// take adds the patterns of a rule to a matcher.
func (c *Constraints) take(m *matcher, parts *[]int, rule int, key string, patterns []Pattern) {
	for i, p := range patterns {
		m.add(p)
		*parts = append(*parts, len(c.parts))
		c.parts = append(c.parts, rulePart{rule, fmt.Sprintf("%s.%s.%d", c.rules[rule].path, key, i+1), p})
	}
}

// listed writes patterns for people: the first of them.
func listed(patterns []Pattern) string {
	const shown = 3
	var out []string
	for _, p := range patterns[:min(len(patterns), shown)] {
		out = append(out, string(p))
	}
	if n := len(patterns) - shown; n > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(out, ", "), n)
	}
	return strings.Join(out, ", ")
}

// Rules is a set of rules of one file: those that are about a workload, or about a host. Equal sets are equal values, so
// that they can be keys: hosts of one set, and workloads of one set, are alike to the constraints.
type Rules struct{ bits string }

// rulesOf gives the rules, of all that keep, whose patterns match any of the names.
func (c *Constraints) rulesOf(m *matcher, parts []int, names []string) Rules {
	var set []byte
	m.find(names, func(number int) {
		r := c.parts[parts[number]].rule
		for len(set) <= r/8 {
			set = append(set, 0)
		}
		set[r/8] |= 1 << (r % 8)
	})
	return Rules{string(set)}
}

func (s Rules) has(r int) bool { return r/8 < len(s.bits) && s.bits[r/8]&(1<<(r%8)) != 0 }

// each calls f for every rule of the set, in the order of the file, until it says no.
func (s Rules) each(f func(r int) bool) {
	for i := range 8 * len(s.bits) {
		if s.has(i) && !f(i) {
			return
		}
	}
}

// Workload gives the rules on where a workload may run: a virtual machine or container under all its names (VMNames,
// ContainerNames).
func (c *Constraints) Workload(names ...string) Rules {
	if c == nil {
		return Rules{}
	}
	return c.rulesOf(&c.works, c.workPart, names)
}

// Host gives the rules that name a host as a place to run on, under all its names (MachineNames).
func (c *Constraints) Host(names ...string) Rules {
	if c == nil {
		return Rules{}
	}
	return c.rulesOf(&c.hosts, c.hostPart, names)
}

// Forbids says why a workload may not run on a host; it is empty where it may. Both are given by their rules.
func (c *Constraints) Forbids(workload, host Rules) string {
	why := ""
	workload.each(func(r int) bool {
		if c.rules[r].kind != apartRule && !host.has(r) {
			why = c.Why(r)
		}
		return why == ""
	})
	if why != "" {
		return why
	}
	host.each(func(r int) bool {
		if c.rules[r].exclusive && !workload.has(r) {
			why = c.Why(r)
		}
		return why == ""
	})
	return why
}

// Apart gives the rules of which no two workloads may share a host.
func (c *Constraints) Apart(workload Rules) []int {
	var out []int
	workload.each(func(r int) bool {
		if c.rules[r].kind == apartRule {
			out = append(out, r)
		}
		return true
	})
	return out
}

// Confined reports whether a workload may not run everywhere.
func (c *Constraints) Confined(workload Rules) bool {
	confined := false
	workload.each(func(r int) bool { confined = c.rules[r].kind != apartRule; return !confined })
	return confined
}

// Why words a rule, with its reason and where it stands.
func (c *Constraints) Why(r int) string {
	text := c.rules[r].text
	if c.rules[r].reason != "" {
		text += ": " + c.rules[r].reason
	}
	return fmt.Sprintf("%s (%s)", text, c.pos.Where(c.rules[r].path))
}

// Touchable reports whether actions may change, move or remove a thing, under all its names; else why not. What stands on a
// machine that is not touchable is not touchable either.
func (c *Constraints) Touchable(names ...string) (ok bool, why string) {
	if c == nil {
		return true, ""
	}
	c.rulesOf(&c.fixed, c.fixPart, names).each(func(r int) bool { why = c.Why(r); return false })
	return why == "", why
}

// Held says why a host cannot be given up, by the first reason that is met from the ground up: itself, or something on it,
// is not to be touched. It is empty where nothing is in the way.
func (c *Constraints) Held(h *inventory.Node) string {
	why := ""
	ask := func(names []string) {
		if why == "" {
			_, why = c.Touchable(names...)
		}
	}
	if c == nil {
		return ""
	}
	h.Walk(func(n *inventory.Node) {
		ask(MachineNames(&n.Machine))
		for i := range n.VMs {
			ask(VMNames(&n.VMs[i]))
		}
		for i := range n.Containers {
			ask(ContainerNames(&n.Containers[i]))
		}
		for i := range n.Workloads {
			ask(WorkloadNames(&n.Workloads[i]))
		}
	})
	return why
}

// Unmatched lists the patterns that match nothing in an estate, with where they stand and what may have been meant: a slip
// of the finger must not lift a constraint unseen.
func (c *Constraints) Unmatched(e *inventory.Estate) []string {
	if c == nil {
		return nil
	}
	matched := make([]bool, len(c.parts))
	mark := func(m *matcher, parts []int, names []string) {
		m.find(names, func(number int) { matched[parts[number]] = true })
	}
	e.Walk(func(n *inventory.Node) {
		mark(&c.fixed, c.fixPart, MachineNames(&n.Machine))
		mark(&c.hosts, c.hostPart, MachineNames(&n.Machine))
		for i := range n.VMs {
			names := VMNames(&n.VMs[i])
			mark(&c.works, c.workPart, names)
			mark(&c.fixed, c.fixPart, names)
		}
		for i := range n.Containers {
			names := ContainerNames(&n.Containers[i])
			mark(&c.works, c.workPart, names)
			mark(&c.fixed, c.fixPart, names)
		}
		for i := range n.Workloads {
			mark(&c.fixed, c.fixPart, WorkloadNames(&n.Workloads[i]))
		}
	})
	if !slices.Contains(matched, false) {
		return nil
	}
	machines, works, all := knownNames(e)
	var out []string
	for i, p := range c.parts {
		if matched[i] {
			continue
		}
		what, known := "virtual machine or container", works
		switch {
		case c.rules[p.rule].kind == fixedRule:
			what, known = "machine, virtual machine, container or service", all
		case strings.Contains(p.path, ".hosts."):
			what, known = "machine", machines
		}
		out = append(out, c.pos.Fault(p.path, "no %s is called %q%s", what, string(p.pattern), nearest(p.pattern, known)).Error())
	}
	return out
}

// knownNames lists the names of an estate's machines, of what runs on them and can be moved, and of everything; in order,
// each once.
func knownNames(e *inventory.Estate) (machines, works, all []string) {
	var services []string
	e.Walk(func(n *inventory.Node) {
		machines = append(machines, n.Machine.Name.Or(n.Machine.ID))
		for i := range n.VMs {
			works = append(works, n.VMs[i].Name.Or(n.VMs[i].ID))
		}
		for i := range n.Containers {
			works = append(works, n.Containers[i].Name.Or(n.Containers[i].ID))
		}
		for i := range n.Workloads {
			services = append(services, n.Workloads[i].Name)
		}
	})
	return distinct(machines), distinct(works), distinct(slices.Concat(machines, works, services))
}

func distinct(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}
