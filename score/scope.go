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
	Machines []string `json:"machines"`         // names or IDs; *, ? and [a-z] match as in file names
	Spares   *int64   `json:"spares,omitempty"` // hosts kept for the loss of others; by the bound where nil
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

// zoneOf is the zone of a host: the first declared one that matches, else what its source said.
func (m *Model) zoneOf(h *inventory.Machine) string {
	for i := range m.Zones {
		if matches(m.Zones[i].Machines, names(h.ID, h.Name)) {
			return m.Zones[i].Name
		}
	}
	return h.Zone
}

func (m *Model) declaredSpares(zone string) (int64, bool) {
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

// inScope leaves out the machines that are waived altogether, with what stands on them. An estate without such
// machines is returned as it is.
func (m *Model) inScope(e *inventory.Estate, now time.Time) *inventory.Estate {
	out := m.outOfScope(now)
	if len(out) == 0 {
		return e
	}
	scoped := *e
	scoped.Hosts = nil
	for _, h := range e.Hosts {
		if kept := keep(h, out); kept != nil {
			scoped.Hosts = append(scoped.Hosts, kept)
		}
	}
	return &scoped
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

// waivedFor lists the patterns of machines for which an indicator is waived; a waiver of the whole estate is a
// pattern that everything matches.
func (m *Model) waivedFor(id string, now time.Time) (patterns []string, all bool) {
	for i := range m.Waivers {
		if w := &m.Waivers[i]; w.Indicator == id && w.inForce(now) {
			patterns = append(patterns, w.Machines...)
			all = all || len(w.Machines) == 0
		}
	}
	return patterns, all
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
	return keep(h, r.out)
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
	r.total.Add(siteTally(site))
	score := r.plain.Rate(r.total).Score
	return out, &score
}

// whole lists the indicators that compare whole zones, of which no machine can be left out by itself.
var whole = []string{"components.per-workload", "components.packing"}

// checkScope finds zones and waivers that could not mean anything.
func (m *Model) checkScope() error {
	pattern := func(of string, patterns []string) error {
		for _, p := range patterns {
			if _, err := path.Match(p, ""); err != nil {
				return fmt.Errorf("%s: machines %q: a bracket is not closed", of, p)
			}
		}
		return nil
	}
	seen := map[string]bool{}
	for _, z := range m.Zones {
		of := fmt.Sprintf("zone %q", z.Name)
		switch {
		case z.Name == "":
			return fmt.Errorf("a zone has no name")
		case seen[z.Name]:
			return fmt.Errorf("%s is declared twice", of)
		case len(z.Machines) == 0:
			return fmt.Errorf("%s has no machines: want names or patterns", of)
		case z.Spares != nil && *z.Spares < 0:
			return fmt.Errorf("%s: spares %d: want 0 or more", of, *z.Spares)
		}
		seen[z.Name] = true
		if err := pattern(of, z.Machines); err != nil {
			return err
		}
	}
	for i, w := range m.Waivers {
		of := fmt.Sprintf("waiver %d (%s)", i+1, w.Reason)
		switch {
		case strings.TrimSpace(w.Reason) == "":
			return fmt.Errorf("waiver %d has no reason: say why it is there", i+1)
		case w.Indicator == "" && len(w.Machines) == 0:
			return fmt.Errorf("%s waives everything: want an indicator, or machines, or both", of)
		case w.Indicator != "" && m.Indicator(w.Indicator) == nil:
			return fmt.Errorf("%s: no indicator %q", of, w.Indicator)
		case len(w.Machines) > 0 && slices.Contains(whole, w.Indicator):
			return fmt.Errorf("%s: %s compares whole zones: waive it without machines, or waive the machines altogether", of, w.Indicator)
		}
		if _, err := time.Parse(dateForm, w.Until); w.Until != "" && err != nil {
			return fmt.Errorf("%s: until %q: want a day such as 2027-03-31", of, w.Until)
		}
		if err := pattern(of, w.Machines); err != nil {
			return err
		}
	}
	return nil
}
