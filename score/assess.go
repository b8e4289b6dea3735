package score

import (
	"cmp"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
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
	a := NewAssessor(m, req)
	a.addAll(e.Hosts)
	return a.Finish(e)
}

// An Assessor assesses an estate host by host and keeps none of them: an estate of any size needs the memory of one
// host and of the report. The order of the hosts makes no difference to what is rated.
type Assessor struct {
	model   *Model
	req     Request
	proven  *run
	assumed *run // the same if what runs is used; nil once it is known that something is
	waivers *waiverRun
	counts  Inventory
	fresh   int
	listing listing
}

// A run sums up what the indicators make of hosts, with the notes of each.
type run struct {
	opt    Options
	total  *Tally
	books  map[string]*notebook
	stacks stackSums
}

func (m *Model) newRun(opt Options) *run {
	r := &run{opt: opt, total: &Tally{}, stacks: stackSums{}, books: make(map[string]*notebook, len(m.Indicators))}
	for i := range m.Indicators {
		r.books[m.Indicators[i].ID] = &notebook{}
	}
	return r
}

// merge adds what another run has summed up.
func (r *run) merge(o *run) {
	r.total.Add(o.total)
	r.stacks.merge(o.stacks)
	for id, book := range r.books {
		book.merge(o.books[id])
	}
}

// add gives the tally of the host alone.
func (r *run) add(m *Model, h *inventory.Node) *Tally {
	st := NewStack(h, m, r.opt)
	t := m.tallyStack(st, r.books)
	r.total.Add(t)
	r.stacks.add(st)
	return t
}

// NewAssessor begins an assessment of nothing.
func NewAssessor(m *Model, req Request) *Assessor {
	a := &Assessor{model: m, req: req, proven: m.newRun(req.Options), listing: newListing(req.Top)}
	if !req.RunningIsActive {
		opt := req.Options
		opt.RunningIsActive = true
		a.assumed = m.newRun(opt)
	}
	if len(m.Waivers) > 0 {
		a.waivers = newWaiverRun(m, req.Options)
	}
	return a
}

// Add takes one more host with all that stands on it.
func (a *Assessor) Add(h *inventory.Node) {
	if h = a.scoped(h); h == nil {
		return
	}
	t := a.rate(h)
	a.list(h, t)
}

// scoped is the host without what is waived as a whole, or nil.
func (a *Assessor) scoped(h *inventory.Node) *inventory.Node {
	if a.waivers == nil {
		return h
	}
	a.waivers.add(h)
	return a.waivers.keep(h)
}

// rate sums up what the indicators make of a host, and gives its tally.
func (a *Assessor) rate(h *inventory.Node) *Tally {
	t := a.proven.add(a.model, h)
	if a.assumed != nil {
		a.assumed.add(a.model, h)
		a.settle()
	}
	return t
}

// settle drops the assumption once something is known to be used.
func (a *Assessor) settle() {
	if a.proven.total.get(ofWork, termActive, "").Lo > 0 {
		a.assumed = nil
	}
}

// list counts and lists what stands on a host, of which the tally is given.
func (a *Assessor) list(h *inventory.Node, t *Tally) {
	a.counts.add(h)
	a.fresh += freshIn(h, a.req.Now, a.model.Thresholds.FreshDays)
	a.listing.add(h, a.model, t, a.req.Options)
}

// addAll takes many hosts. What takes most of the time is done by all processors, each for hosts of its own: sums are the
// same in whatever order they come.
func (a *Assessor) addAll(hosts []*inventory.Node) {
	var next atomic.Int64
	var shared sync.Mutex
	var all sync.WaitGroup
	assume := a.assumed != nil
	for range min(len(hosts), runtime.GOMAXPROCS(0)) {
		all.Go(func() {
			part := NewAssessor(a.model, a.req)
			if !assume {
				part.assumed = nil
			}
			for i := int(next.Add(1)) - 1; i < len(hosts); i = int(next.Add(1)) - 1 {
				shared.Lock()
				h := a.scoped(hosts[i])
				shared.Unlock()
				if h == nil {
					continue
				}
				t := part.rate(h)
				shared.Lock()
				a.list(h, t)
				shared.Unlock()
			}
			shared.Lock()
			defer shared.Unlock()
			a.merge(part)
		})
	}
	all.Wait()
}

// merge takes over what another has rated.
func (a *Assessor) merge(part *Assessor) {
	a.proven.merge(part.proven)
	if part.assumed == nil {
		a.assumed = nil
	}
	if a.assumed != nil {
		a.assumed.merge(part.assumed)
	}
}

// Finish ends the assessment. Of the site it takes what belongs to no host: clusters, arrays, gaps and sources.
func (a *Assessor) Finish(site *inventory.Estate) *Assessment {
	m, req := a.model, a.req
	if a.waivers != nil {
		site = a.waivers.site(site)
	}
	out := &Assessment{
		Schema:      AssessmentSchema,
		GeneratedAt: req.Now.UTC().Truncate(time.Second),
		Tool:        ToolInfo{Name: req.Tool.Name, Version: req.Tool.Version, Commit: req.Tool.Commit, Rules: m.Rules(), Model: req.ModelFile},

		Recommendations: []Recommendation{}, Risks: []Risk{}, Findings: []Found{}, Gaps: []GapResult{}, Sources: []SourceResult{},
	}
	res := a.proven.finish(m, site)
	out.Score, out.Level, out.Headline = res.Score, res.Level, headline(res, m)
	out.Pillars, out.Stacks = pillars(res, a.proven.books), a.proven.stacks.list()
	out.Coverage = Coverage{Frame: res.frame(), Evidence: res.Coverage, Freshness: ratio(a.fresh, a.listing.total), FreshDays: m.Thresholds.FreshDays}
	out.Gaps = gaps(site, a.proven.books, res)
	lookLifts(&out.Level, res, a.proven.books)
	switch {
	case req.RunningIsActive:
		out.Assumed = &Assumed{Assumption: RunningIsActive, Score: out.Score, Level: out.Level, Headline: out.Headline, Pillars: out.Pillars, Stacks: out.Stacks}
	case a.assumed != nil && res.sheet.active.Hi > 0:
		if r := a.assumed.finish(m, site); r.sheet.active.Lo > 0 {
			lookLifts(&r.Level, r, a.assumed.books)
			out.Assumed = &Assumed{Assumption: RunningIsActive, Score: r.Score, Level: r.Level, Headline: headline(r, m), Pillars: pillars(r, a.assumed.books), Stacks: a.assumed.stacks.list()}
		}
	}
	if a.waivers != nil {
		out.Waivers, out.Unwaived = a.waivers.results(site)
	}
	out.Inventory = a.counts
	out.Inventory.Clusters, out.Inventory.Storage, out.Inventory.Networks = len(site.Clusters), site.Storage, site.Networks
	a.listing.finish(out, site)
	out.Sources = sources(site)
	out.Risks = risks(res)
	return out
}

func (r *run) finish(m *Model, site *inventory.Estate) *Result {
	r.total.Add(SiteTally(site))
	return m.Rate(r.total)
}

// RunningIsActive names the assumption of Options.RunningIsActive.
const RunningIsActive = "running-is-active"

func (r *Result) frame() float64 { return ratio(int(r.sheet.frame.Lo), int(r.sheet.frame.Hi)) }

func ratio(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// freshIn counts the machines of a host that were seen within some days.
func freshIn(h *inventory.Node, now time.Time, days float64) int {
	n := 0
	h.Walk(func(x *inventory.Node) {
		if now.Sub(x.Taken).Hours() <= 24*days {
			n++
		}
	})
	return n
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

func pillars(res *Result, books map[string]*notebook) []PillarResult {
	out := []PillarResult{}
	for _, p := range res.Pillars {
		r := PillarResult{ID: p.ID, Title: p.Title, Weight: p.Share, Low: p.Low, High: p.High, Applicable: p.Applicable,
			Points: points(p.Share, p.Low, p.High), Indicators: []IndicatorResult{}}
		for _, x := range p.Indicators {
			share := p.Share * x.Share
			ir := IndicatorResult{ID: x.ID, Title: x.Question, Weight: x.Share, Low: x.Low, High: x.High, Applicable: x.Applicable,
				Points: points(share, x.Low, x.High), Coverage: x.Coverage, Explanation: x.Explanation, Sums: append([]Sum{}, x.Sums...), Evidence: []Evidence{}}
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
