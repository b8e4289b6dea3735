package score

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/infraopt/infraopt/collect/inventory"
)

// A Zone declares which hosts may share work: a site, a security domain, a licence fence. It takes precedence over
// the zone that a source gave.
type Zone struct {
	Name     string   `json:"name"`
	Machines []string `json:"machines"`                            // names or IDs; *, ? and [a-z] match as in file names
	Spares   *int64   `json:"spares,omitempty" model:"0..1000000"` // hosts kept for the loss of others; by the bound where nil
}

// A Waiver takes something out of the score for a reason: one indicator for some machines and all that stands on
// them, one indicator for the whole estate (no machines), or machines altogether (no indicator). What is waived is
// listed in every result, with the score that there would be without.
type Waiver struct {
	Indicator string   `json:"indicator,omitempty"`
	Machines  []string `json:"machines,omitempty"`
	Reason    string   `json:"reason"`
	Until     string   `json:"until,omitempty"` // last day in force, 2027-03-31; without it, it has no end
}

// Words says what a waiver takes out of the score, why, and until when.
func (w *Waiver) Words() string {
	what := w.Indicator
	switch machines := strings.Join(w.Machines, ", "); {
	case what == "":
		what = machines
	case machines != "":
		what += " for " + machines
	}
	if w.Until != "" {
		return what + ", until " + w.Until + ": " + w.Reason
	}
	return what + ": " + w.Reason
}

// dateForm is how days are written.
const dateForm = "2006-01-02"

// inForce reports whether a waiver counts at a time. The zero time is before all ends.
func (w *Waiver) inForce(now time.Time) bool {
	if w.Until == "" || now.IsZero() {
		return true
	}
	end, err := time.Parse(dateForm, w.Until)
	return err == nil && now.Before(end.AddDate(0, 0, 1))
}

// names are what patterns may call a machine or a virtual machine.
func names(id string, name inventory.Reading[string]) []string {
	if n, ok := name.Get(); ok {
		return []string{n, id}
	}
	return []string{id}
}

// matches reports whether any pattern matches any name, in whatever case.
func matches(patterns, names []string) bool {
	for _, p := range patterns {
		for _, n := range names {
			if ok, err := path.Match(strings.ToLower(p), strings.ToLower(n)); ok && err == nil {
				return true
			}
		}
	}
	return false
}

// ZoneOf is the zone of a host: the first declared one that matches, else what its source said.
func (m *Model) ZoneOf(h *inventory.Machine) string {
	for i := range m.Zones {
		if matches(m.Zones[i].Machines, names(h.ID, h.Name)) {
			return m.Zones[i].Name
		}
	}
	return h.Zone
}

// DeclaredSpares is the number of spares that the user declared for a zone.
func (m *Model) DeclaredSpares(zone string) (int64, bool) {
	for i := range m.Zones {
		if z := &m.Zones[i]; z.Name == zone && z.Spares != nil {
			return *z.Spares, true
		}
	}
	return 0, false
}

// outOfScope lists the patterns of machines that are waived altogether.
func (m *Model) outOfScope(now time.Time) []string {
	var out []string
	for i := range m.Waivers {
		if w := &m.Waivers[i]; w.Indicator == "" && w.inForce(now) {
			out = append(out, w.Machines...)
		}
	}
	return out
}

// InScope leaves out the machines that are waived altogether, with what stands on them and what could not be seen of
// them. An estate without such machines is returned as it is.
func (m *Model) InScope(e *inventory.Estate, now time.Time) *inventory.Estate {
	out := m.outOfScope(now)
	if len(out) == 0 {
		return e
	}
	scoped := *e
	scoped.Hosts = nil
	var gone goneNames
	for _, h := range e.Hosts {
		kept := keep(h, out)
		if kept != nil {
			scoped.Hosts = append(scoped.Hosts, kept)
		}
		gone.add(h, kept)
	}
	scoped.Gaps = gone.leave(e.Gaps)
	return &scoped
}

// goneNames are the names of machines before and after some were taken out of scope: what only has names of the former
// is gone.
type goneNames struct{ before, after map[string]bool }

// add notes a host as it was and as it is kept, which may be nil.
func (g *goneNames) add(whole, kept *inventory.Node) {
	if g.before == nil {
		g.before, g.after = map[string]bool{}, map[string]bool{}
	}
	whole.Walk(func(n *inventory.Node) { mark(n, g.before) })
	if kept != nil {
		kept.Walk(func(n *inventory.Node) { mark(n, g.after) })
	}
}

// leave gives the gaps that are not about what is gone.
func (g *goneNames) leave(gaps []inventory.Gap) []inventory.Gap {
	return slices.DeleteFunc(slices.Clone(gaps), func(x inventory.Gap) bool { return g.before[x.Subject] && !g.after[x.Subject] })
}

// mark notes all names of a machine and of its virtual machines.
func mark(n *inventory.Node, noted map[string]bool) {
	for _, name := range names(n.Machine.ID, n.Machine.Name) {
		noted[name] = true
	}
	for i := range n.VMs {
		for _, name := range names(n.VMs[i].ID, n.VMs[i].Name) {
			noted[name] = true
		}
	}
}

// keep is the node without the machines that match, or nil; nothing is changed in place.
func keep(n *inventory.Node, out []string) *inventory.Node {
	if matches(out, names(n.Machine.ID, n.Machine.Name)) {
		return nil
	}
	var vms []inventory.GuestVM
	same := true
	for i := range n.VMs {
		v := n.VMs[i]
		if matches(out, names(v.ID, v.Name)) {
			same = false
			continue
		}
		if v.Guest != nil {
			g := keep(v.Guest, out)
			if g == nil {
				same = false
				continue
			}
			same = same && g == v.Guest
			v.Guest = g
		}
		vms = append(vms, v)
	}
	if same {
		return n
	}
	c := *n
	c.VMs = vms
	return &c
}

// waivedFor lists the patterns of machines for which an indicator is waived, and says why; a waiver of the whole
// estate is a pattern that everything matches.
func (m *Model) waivedFor(id string, now time.Time) (patterns []string, all bool, why string) {
	var reasons []string
	for i := range m.Waivers {
		if w := &m.Waivers[i]; w.Indicator == id && w.inForce(now) {
			patterns = append(patterns, w.Machines...)
			all = all || len(w.Machines) == 0
			reasons = append(reasons, w.Reason)
		}
	}
	return patterns, all, strings.Join(reasons, "; ")
}

// without leaves out the places that match, and all that stands on them, and says how many pieces of work that is.
func (s *Stack) without(patterns []string, all bool) (kept *Stack, waived int) {
	if len(patterns) == 0 && !all {
		return s, 0
	}
	c := *s
	c.Places, c.Works = nil, nil
	gone := map[*Place]bool{}
	for _, p := range s.Places { // what is below comes first
		if all || p.Below != nil && gone[p.Below] || p.matches(patterns) {
			gone[p] = true
		} else {
			c.Places = append(c.Places, p)
		}
	}
	for _, x := range s.Works {
		if gone[x.Place] {
			waived++
		} else {
			c.Works = append(c.Works, x)
		}
	}
	return &c, waived
}

func (p *Place) matches(patterns []string) bool {
	return p.VM != nil && matches(patterns, names(p.VM.ID, p.VM.Name)) ||
		p.Node != nil && matches(patterns, names(p.Node.Machine.ID, p.Node.Machine.Name))
}

// WaiverResult says what became of a waiver.
type WaiverResult struct {
	Waiver
	Status  string `json:"status"`  // applied, expired, or unused: it matches nothing
	Matched int    `json:"matched"` // machines; 0 for a waiver of the whole estate
}

// A waiverRun finds out, host by host, what waivers match and what the score would be without them.
type waiverRun struct {
	plain   *Model // without waivers
	list    []Waiver
	opt     Options
	out     []string // patterns of machines that are out of scope
	gone    goneNames
	total   *Tally
	matched []int
}

func newWaiverRun(m *Model, opt Options) *waiverRun {
	plain := *m
	plain.Waivers = nil
	return &waiverRun{plain: &plain, list: m.Waivers, opt: opt, out: m.outOfScope(opt.Now), total: &Tally{}, matched: make([]int, len(m.Waivers))}
}

// keep is the host without what is out of scope, or nil.
func (r *waiverRun) keep(h *inventory.Node) *inventory.Node {
	if len(r.out) == 0 {
		return h
	}
	kept := keep(h, r.out)
	r.gone.add(h, kept)
	return kept
}

// site is what belongs to no host, without what could not be seen of machines that are out of scope.
func (r *waiverRun) site(e *inventory.Estate) *inventory.Estate {
	scoped := *e
	scoped.Gaps = r.gone.leave(e.Gaps)
	return &scoped
}

func (r *waiverRun) add(h *inventory.Node) {
	r.total.Add(r.plain.TallyStack(NewStack(h, r.plain, r.opt)))
	for i, w := range r.list {
		h.Walk(func(n *inventory.Node) {
			if matches(w.Machines, names(n.Machine.ID, n.Machine.Name)) {
				r.matched[i]++
			}
			for j := range n.VMs {
				if v := &n.VMs[j]; v.Guest == nil && matches(w.Machines, names(v.ID, v.Name)) {
					r.matched[i]++
				}
			}
		})
	}
}

// results says what became of each waiver, and gives the score that there would be without any.
func (r *waiverRun) results(site *inventory.Estate) ([]WaiverResult, *Bounds) {
	out := []WaiverResult{}
	for i, w := range r.list {
		x := WaiverResult{Waiver: w, Status: "applied", Matched: r.matched[i]}
		switch {
		case !w.inForce(r.opt.Now):
			x.Status = "expired"
		case len(w.Machines) > 0 && x.Matched == 0:
			x.Status = "unused"
		}
		out = append(out, x)
	}
	r.total.Add(SiteTally(site))
	score := r.plain.Rate(r.total).Score
	return out, &score
}

// whole lists the indicators that compare whole zones, of which no machine can be left out by itself.
var whole = []string{"components.per-workload", "components.packing"}

// checkScope finds zones and waivers that could not mean anything.
func (m *Model) checkScope() error {
	seen := map[string]bool{}
	for i := range m.Zones {
		z := &m.Zones[i]
		if text := z.wrong(); text != "" {
			return fault(text, fmt.Sprintf("zones.%d", i+1))
		}
		if seen[z.Name] {
			return fault(fmt.Sprintf("zone %q is declared twice", z.Name), fmt.Sprintf("zones.%d", i+1))
		}
		seen[z.Name] = true
	}
	for i := range m.Waivers {
		w := &m.Waivers[i]
		text := w.wrong()
		if text == "" && w.Indicator != "" && m.Indicator(w.Indicator) == nil {
			text = m.noIndicator(w.Indicator)
		}
		if text != "" {
			return fault(fmt.Sprintf("waiver %d: %s", i+1, text), fmt.Sprintf("waivers.%d", i+1))
		}
	}
	return nil
}

func (z *Zone) wrong() string {
	switch {
	case strings.TrimSpace(z.Name) == "":
		return "a zone has no name"
	case len(z.Machines) == 0:
		return fmt.Sprintf("zone %q has no machines: want names or patterns", z.Name)
	case badPattern(z.Machines) != "":
		return fmt.Sprintf("zone %q: %s", z.Name, badPattern(z.Machines))
	}
	return ""
}

func (w *Waiver) wrong() string {
	switch _, err := time.Parse(dateForm, w.Until); {
	case strings.TrimSpace(w.Reason) == "":
		return "it has no reason: say why it is there"
	case w.Indicator == "" && len(w.Machines) == 0:
		return "it waives everything: want an indicator, or machines, or both"
	case len(w.Machines) > 0 && slices.Contains(whole, w.Indicator):
		return w.Indicator + " compares whole zones: waive it without machines, or waive the machines altogether"
	case w.Until != "" && err != nil:
		return fmt.Sprintf("until %q: want a day such as 2027-03-31", w.Until)
	}
	return badPattern(w.Machines)
}

// badPattern says what is wrong with the first pattern that matches nothing, whatever the name.
func badPattern(patterns []string) string {
	for _, p := range patterns {
		if strings.TrimSpace(p) == "" {
			return "a name of a machine is empty"
		}
		if _, err := path.Match(p, ""); err != nil {
			return fmt.Sprintf("machines %q: want a name or a pattern as of file names, such as web-*; here a bracket is not closed, or a backslash is last", p)
		}
	}
	return ""
}

func (m *Model) noIndicator(id string) string {
	var known []string
	for i := range m.Indicators {
		known = append(known, m.Indicators[i].ID)
	}
	text := fmt.Sprintf("no indicator is called %q", id)
	if near := Nearest(id, known); near != "" {
		text += ": did you mean " + near + "?"
	}
	return text
}
