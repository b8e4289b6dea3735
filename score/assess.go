package score

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/infraopt/infraopt/collect/inventory"
)

// Request is what an assessment depends on besides the estate and the model.
type Request struct {
	Options
	Tool inventory.Tool
	// ModelFile names the user's model file, where one changed the rules.
	ModelFile string
	Top       int // machines, containers and virtual machines listed; 0 lists all
}

// Assess applies a model to an estate. It leaves recommendations empty, which package plan adds.
func Assess(e *inventory.Estate, m *Model, req Request) *Assessment {
	whole := e
	ledger := NewLedger(e, m, req.Options)
	e = ledger.Estate()
	res := ledger.Rate()
	a := &Assessment{
		Schema:      AssessmentSchema,
		GeneratedAt: req.Now.UTC().Truncate(time.Second),
		Tool:        ToolInfo{Name: req.Tool.Name, Version: req.Tool.Version, Commit: req.Tool.Commit, Rules: m.Rules(), Model: req.ModelFile},
		Score:       res.Score,
		Level:       res.Level,
		Coverage:    Coverage{Frame: res.frame(), Evidence: res.Coverage, Freshness: freshness(e, req.Now, m.Thresholds.FreshDays), FreshDays: m.Thresholds.FreshDays},

		Recommendations: []Recommendation{}, Risks: []Risk{}, Gaps: []GapResult{}, Sources: []SourceResult{},
	}
	a.Headline = headline(res, m)
	books := explain(e, m, req.Options)
	a.Pillars = pillars(res, books)
	if !req.RunningIsActive && res.sheet.active.Lo == 0 && res.sheet.active.Hi > 0 {
		opt := req.Options
		opt.RunningIsActive = true
		assumed := NewLedger(e, m, opt).Rate()
		if assumed.sheet.active.Lo > 0 {
			a.Assumed = &Assumed{Assumption: RunningIsActive, Score: assumed.Score, Level: assumed.Level, Headline: headline(assumed, m), Pillars: pillars(assumed, explain(e, m, opt))}
		}
	}
	if req.RunningIsActive {
		a.Assumed = &Assumed{Assumption: RunningIsActive, Score: a.Score, Level: a.Level, Headline: a.Headline, Pillars: a.Pillars}
	}
	if len(m.Waivers) > 0 {
		a.Waivers = m.waivers(whole, req.Now)
		all := *m
		all.Waivers = nil
		unwaived := NewLedger(whole, &all, req.Options).Rate().Score
		a.Unwaived = &unwaived
	}
	a.Inventory = count(e)
	a.list(e, m, req, ledger)
	a.Gaps = gaps(e, books, res)
	a.Sources = sources(e)
	a.Risks = risks(res)
	return a
}

// RunningIsActive names the assumption of Options.RunningIsActive.
const RunningIsActive = "running-is-active"

func (r *Result) frame() float64 {
	if r.sheet.frame.Hi == 0 {
		return 0
	}
	return float64(r.sheet.frame.Lo) / float64(r.sheet.frame.Hi)
}

// freshness is the share of what was seen that was seen within some days.
func freshness(e *inventory.Estate, now time.Time, days float64) float64 {
	var fresh, all float64
	for _, h := range e.Hosts {
		h.Walk(func(n *inventory.Node) {
			all++
			if now.Sub(n.Taken).Hours() <= 24*days {
				fresh++
			}
		})
	}
	if all == 0 {
		return 0
	}
	return fresh / all
}

func headline(res *Result, m *Model) Headline {
	s := res.sheet
	h := Headline{
		Workloads:             Bounds{Low: float64(s.workloads.Lo), High: float64(s.workloads.Hi)},
		ComponentsBounds:      res.Components(),
		ComponentsPerWorkload: finite(res.cpw()),
		Attainable:            finite(res.attainable()),
		Hosts:                 int(s.hosts.Lo),
		HostsBound:            int(math.Min(s.bound.lo, float64(s.hosts.Hi))),
		ByClass:               []ComponentClass{},
	}
	h.Components = h.ComponentsBounds.Low
	for _, c := range s.classes {
		h.ByClass = append(h.ByClass, ComponentClass{Class: c.Name, Count: Bounds{Low: float64(c.Lo), High: float64(c.Hi)}, Weight: m.Components[c.Name]})
	}
	slices.SortFunc(h.ByClass, func(a, b ComponentClass) int { return cmp.Compare(a.Class, b.Class) })
	return h
}

// finite turns bounds that nothing limits into none: JSON has no infinity.
func finite(b Bounds) Bounds {
	if math.IsInf(b.High, 1) || math.IsInf(b.Low, 1) || math.IsNaN(b.Low) || math.IsNaN(b.High) {
		return Bounds{None: true}
	}
	return b
}

// explain runs the indicators once more, with a notebook each.
func explain(e *inventory.Estate, m *Model, opt Options) map[string]*notebook {
	books := make(map[string]*notebook, len(m.Indicators))
	for i := range m.Indicators {
		books[m.Indicators[i].ID] = &notebook{}
	}
	for _, h := range e.Hosts {
		m.tallyIndicators(NewStack(h, m, opt), func(ind *Indicator) *Adder {
			return &Adder{def: &ind.Definition, model: m, tally: &Tally{}, notes: books[ind.ID]}
		})
	}
	return books
}

func pillars(res *Result, books map[string]*notebook) []PillarResult {
	out := []PillarResult{}
	for _, p := range res.Pillars {
		r := PillarResult{ID: p.ID, Title: p.Title, Weight: p.Share, Low: p.Low, High: p.High, Applicable: p.Applicable,
			Points: points(p.Share, p.Low, p.High), Indicators: []IndicatorResult{}}
		for _, x := range p.Indicators {
			share := p.Share * x.Share
			ir := IndicatorResult{ID: x.ID, Title: x.Question, Weight: x.Share, Low: x.Low, High: x.High, Applicable: x.Applicable,
				Points: points(share, x.Low, x.High), Coverage: x.Coverage, Explanation: x.Explanation, Evidence: []Evidence{}}
			if x.Applicable && !res.Score.None {
				ir.Evidence = books[x.ID].evidence(ir.Points)
			}
			r.Indicators = append(r.Indicators, ir)
		}
		out = append(out, r)
	}
	return out
}

func points(share, low, high float64) Points {
	return Points{Low: 100 * share * low, High: 100 * share * high, Max: 100 * share}
}

// evidence gives the notes that matter most, in points: what is lost and what is open are shared out over the
// notes in proportion to their weight.
func (n *notebook) evidence(p Points) []Evidence {
	n.cut()
	out := append([]Evidence{}, n.top...) // never null in JSON
	for i := range out {
		out[i].Lost = portion(out[i].Lost, n.lost) * (p.Max - p.Low)
		out[i].Open = portion(out[i].Open, n.open) * (p.High - p.Low)
	}
	return out
}

func portion(part, whole float64) float64 {
	if whole <= 0 {
		return 0
	}
	return part / whole
}

func count(e *inventory.Estate) Inventory {
	inv := Inventory{Clusters: len(e.Clusters), Storage: e.Storage, Networks: e.Networks}
	e.Walk(func(n *inventory.Node) {
		if !n.Machine.Inside.IsKnown() {
			switch n.Machine.Kind.Or("") {
			case inventory.Physical:
				inv.Machines.Physical++
			case inventory.Virtual:
				inv.Machines.Virtual++
			case inventory.Cloud:
				inv.Machines.Cloud++
			default:
				inv.Machines.Unknown++
			}
		} else {
			inv.Machines.Unknown++
		}
		inv.Hypervisors += len(n.Hypervisors)
		for i := range n.VMs {
			inv.VMs.Total++
			if n.VMs[i].State.Or("") == inventory.Running {
				inv.VMs.Running++
			}
			if n.VMs[i].Guest == nil {
				inv.Workloads.Application++ // whatever it is
			}
		}
		for i := range n.Containers {
			c := &n.Containers[i]
			inv.Containers.Total++
			if c.State.Or("") == inventory.Running {
				inv.Containers.Running++
				inv.Workloads.add(c.Layer)
			}
		}
		for i := range n.Workloads {
			inv.Workloads.add(n.Workloads[i].Layer)
		}
		inv.Images += len(n.Images)
		inv.Volumes += len(n.Volumes)
	})
	return inv
}

func (w *WorkloadCounts) add(l inventory.Layer) {
	switch l {
	case inventory.Infrastructure:
		w.Infrastructure++
	case inventory.Service:
		w.Service++
	default:
		w.Application++
	}
}

// list adds machines, containers and virtual machines, the first req.Top of each.
func (a *Assessment) list(e *inventory.Estate, m *Model, req Request, ledger *Ledger) {
	a.Machines, a.Containers, a.VMs = []MachineResult{}, []ContainerInfo{}, []VMInfo{}
	room := func(n int) bool { return req.Top <= 0 || n < req.Top }
	for _, h := range e.Hosts {
		var own *Result
		below := map[*inventory.Node]string{}
		h.Walk(func(n *inventory.Node) {
			a.MachinesTotal++
			for i := range n.VMs {
				v := &n.VMs[i]
				guest := ""
				if v.Guest != nil {
					guest = v.Guest.Machine.ID
					below[v.Guest] = n.Machine.ID
				}
				if room(len(a.VMs)) {
					a.VMs = append(a.VMs, VMInfo{VM: v.VM, MachineName: n.Machine.Name.Or(n.Machine.ID), Guest: guest})
				}
			}
			for i := range n.Containers {
				if room(len(a.Containers)) {
					a.Containers = append(a.Containers, ContainerInfo{Container: n.Containers[i], MachineName: n.Machine.Name.Or(n.Machine.ID)})
				}
			}
			if !room(len(a.Machines)) {
				return
			}
			// A guest is scored as if it stood alone: what is below it counts for the host.
			if n == h {
				own = m.Rate(ledger.tally(h))
			} else {
				own = m.Rate(m.TallyStack(NewStack(n, m, req.Options)))
			}
			a.Machines = append(a.Machines, machineResult(n, below[n], own, e))
		})
	}
}

func machineResult(n *inventory.Node, on string, res *Result, e *inventory.Estate) MachineResult {
	m := &n.Machine
	r := MachineResult{ID: m.ID, Name: m.Name.Or(m.ID), Kind: string(m.Kind.Or("unknown")), OS: osName(&m.OS), On: on, Roles: m.Roles,
		Score: res.Score, Level: res.Level.Number, Components: res.Components().Low,
		Workloads: int(res.sheet.workloads.Hi), Containers: len(n.Containers), VMs: len(n.VMs), Seen: m.Seen}
	if manager, inside := m.Inside.Get(); inside {
		r.Kind = "container (" + manager + ")"
	}
	if r.Roles == nil {
		r.Roles = []string{}
	}
	if v, ok := m.Cores.Get(); ok {
		r.Cores = &v
	}
	if v, ok := m.Memory.Get(); ok {
		b := int64(v)
		r.Memory = &b
	}
	for _, g := range e.Gaps {
		if g.Subject == m.ID || g.Subject == r.Name {
			r.Gaps++
		}
	}
	return r
}

func osName(os *inventory.OS) string {
	if name, ok := os.Name.Get(); ok {
		return name
	}
	return strings.TrimSpace(os.ID.Or("") + " " + os.Version.Or(""))
}

// gaps lists what could not be seen: first what the sources reported, with the points that facts of the same
// remedy keep open, then what only scoring noticed.
func gaps(e *inventory.Estate, books map[string]*notebook, res *Result) []GapResult {
	open := map[remedy]float64{}
	for _, p := range res.Pillars {
		for _, x := range p.Indicators {
			b := books[x.ID]
			width := 100 * p.Share * x.Share * (x.High - x.Low)
			for r, weight := range b.remedies {
				open[r] += portion(weight, b.open) * width
			}
		}
	}
	out := []GapResult{}
	byRemedy := map[string]float64{}
	keys := slices.SortedFunc(maps.Keys(open), func(a, b remedy) int {
		return cmp.Or(cmp.Compare(a.remedy, b.remedy), cmp.Compare(a.why, b.why), cmp.Compare(a.fact, b.fact))
	})
	for _, r := range keys { // in order: floating point sums depend on it
		byRemedy[r.remedy] += open[r]
	}
	shared := map[string]int{}
	for _, g := range e.Gaps {
		shared[g.Remedy]++
	}
	for _, g := range e.Gaps {
		pts := 0.0
		if g.Remedy != "" {
			pts = byRemedy[g.Remedy] / float64(shared[g.Remedy])
		}
		out = append(out, GapResult{Gap: g, Points: pts})
	}
	for _, r := range keys {
		pts := open[r]
		if pts < .005 || r.remedy != "" && shared[r.remedy] > 0 || r.why == "" {
			continue
		}
		out = append(out, GapResult{Gap: inventory.Gap{Source: "score", Subject: "estate", What: r.fact, Why: r.why, Remedy: r.remedy}, Points: pts})
	}
	slices.SortFunc(out, func(a, b GapResult) int {
		return cmp.Or(cmp.Compare(math.Round(b.Points*1e6), math.Round(a.Points*1e6)), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.What, b.What), cmp.Compare(a.Why, b.Why), cmp.Compare(a.Remedy, b.Remedy))
	})
	return out
}

func sources(e *inventory.Estate) []SourceResult {
	out := []SourceResult{}
	for _, o := range e.Sources {
		out = append(out, SourceResult{Target: o.Target, Scheme: o.Scheme, Status: o.Status, DurationMS: o.DurationMS, Entities: o.Seen, Error: o.Error, Remedy: o.Remedy})
	}
	return out
}

func risks(res *Result) []Risk {
	out := []Risk{}
	s := res.sheet
	if s.hosts.Lo > 0 && s.bound.lo > float64(s.hosts.Hi) {
		noun := "hosts"
		if s.hosts.Hi == 1 {
			noun = "host"
		}
		out = append(out, Risk{ID: "no-spare", Subject: "estate", Text: fmt.Sprintf("%d powered %s, and at least %.0f are needed to survive the loss of one", s.hosts.Hi, noun, s.bound.lo)})
	}
	return out
}
