package report

import (
	"fmt"
	"io"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/infraopt/infraopt/score"
)

// The number of series is bounded, as each is kept for years: machines, containers and subjects are labels of none.
const (
	mostSeries   = 200 // of one metric
	longestLabel = 128 // bytes
)

// renderMetrics writes gauges for the textfile collector of a node exporter, or to be scraped. All are gauges without a
// timestamp, so the text is OpenMetrics as well as the older format of Prometheus. A number that is not known has no
// series: 0 would be a number.
func renderMetrics(w io.Writer, r *Report) error {
	m := &metrics{page: newPage(r.Display), byName: map[string]*dto.MetricFamily{}, taken: map[string]bool{}}
	m.estate(r.Assessment)
	m.parts(r.Assessment)
	for _, f := range m.list {
		if _, err := expfmt.MetricFamilyToText(w, f); err != nil {
			return fmt.Errorf("writing metrics: %w", err)
		}
	}
	if _, err := expfmt.FinalizeOpenMetrics(w); err != nil {
		return fmt.Errorf("writing metrics: %w", err)
	}
	return nil
}

// metrics are families in the order in which they were first filled.
type metrics struct {
	page   *page
	list   []*dto.MetricFamily
	byName map[string]*dto.MetricFamily
	taken  map[string]bool // series, as none may be there twice
}

// add fills a gauge; labels are names and values in turn.
func (m *metrics) add(name, help string, value *float64, labels ...string) {
	if value == nil {
		return
	}
	name = "infraopt_" + name
	var pairs []*dto.LabelPair
	for i := 0; i < len(labels); i += 2 {
		pairs = append(pairs, &dto.LabelPair{Name: &labels[i], Value: m.label(labels[i+1])})
	}
	key := name
	for _, p := range pairs {
		key += "\x00" + *p.Value
	}
	f := m.byName[name]
	if m.taken[key] || f != nil && len(f.Metric) == mostSeries {
		return
	}
	m.taken[key] = true
	if f == nil {
		f = &dto.MetricFamily{Name: &name, Help: &help, Type: dto.MetricType_GAUGE.Enum()}
		m.byName[name] = f
		m.list = append(m.list, f)
	}
	f.Metric = append(f.Metric, &dto.Metric{Label: pairs, Gauge: &dto.Gauge{Value: value}})
}

func (m *metrics) label(s string) *string {
	s = m.page.words(s)
	if len(s) > longestLabel {
		s = strings.ToValidUTF8(s[:longestLabel], "")
	}
	return &s
}

func (m *metrics) span(name, help string, b score.Bounds, labels ...string) {
	m.add(name+"_low", help+", at least", low(b), labels...)
	m.add(name+"_high", help+", at most", high(b), labels...)
}

func (m *metrics) count(name, help string, n int, labels ...string) {
	m.add(name, help, known(float64(n)), labels...)
}

// estate fills the headline numbers, and what was counted.
func (m *metrics) estate(a *score.Assessment) {
	h, v := &a.Headline, &a.Inventory
	m.count("info", "The program and the rules that made the assessment, always 1", 1, "version", a.Tool.Version, "rules", a.Tool.Rules)
	if !a.GeneratedAt.IsZero() {
		m.count("generated_timestamp_seconds", "When the assessment was made, in seconds since 1970", int(a.GeneratedAt.Unix()))
	}
	m.count("level", "Level of the estate, 1 to 5; 0 where it is not assessed", a.Level.Number)
	m.span("score", "Score of the estate in points, 0 to 100", a.Score)
	for _, c := range []struct {
		of   string
		have float64
	}{{"evidence", a.Coverage.Evidence}, {"frame", a.Coverage.Frame}, {"freshness", a.Coverage.Freshness}} {
		m.add("coverage_ratio", "Share that is known, 0 to 1: of the evidence, of the machines known to exist, and of facts that are fresh", known(c.have), "of", c.of)
	}
	m.add("components", "Components that are known to exist", known(h.Components))
	for _, c := range h.ByClass {
		m.span("class_components", "Components of one class", c.Count, "class", c.Class)
	}
	m.span("workloads", "Workloads", h.Workloads)
	m.span("components_per_workload", "Components for each workload", h.ComponentsPerWorkload)
	m.span("attainable_components_per_workload", "Components for each workload that are attainable in this estate", h.Attainable)
	m.count("hosts", "Hosts now", h.Hosts)
	if h.HostsPlan != nil {
		m.count("hosts_plan", "Hosts in the plan, spares included", *h.HostsPlan)
	}
	m.count("hosts_bound", "Hosts that no plan can do without, spares included", h.HostsBound)
	for _, x := range []struct {
		kind string
		n    int
	}{{"physical", v.Machines.Physical}, {"virtual", v.Machines.Virtual}, {"cloud", v.Machines.Cloud}, {"unknown", v.Machines.Unknown}} {
		m.count("machines", "Machines that were seen, by kind", x.n, "kind", x.kind)
	}
	for _, x := range []struct {
		state string
		c, v  int
	}{{"running", v.Containers.Running, v.VMs.Running}, {"other", v.Containers.Total - v.Containers.Running, v.VMs.Total - v.VMs.Running}} {
		m.count("containers", "Containers that were seen, by state", x.c, "state", x.state)
		m.count("vms", "Virtual machines that were seen, by state", x.v, "state", x.state)
	}
}

// parts fills what the score is made of, what there is to do, and what was not seen.
func (m *metrics) parts(a *score.Assessment) {
	points := func(name, help string, x score.Points, labels ...string) {
		m.span(name, help, score.Bounds{Low: x.Low, High: x.High}, labels...)
		m.add(name+"_max", help+", that there are to win", known(x.Max), labels...)
	}
	for i := range a.Pillars {
		l := &a.Pillars[i]
		if !l.Applicable {
			continue
		}
		points("pillar_points", "Points of the score from one pillar", l.Points, "pillar", l.ID)
		for j := range l.Indicators {
			if x := &l.Indicators[j]; x.Applicable {
				points("indicator_points", "Points of the score from one indicator", x.Points, "pillar", l.ID, "indicator", x.ID)
			}
		}
	}
	for i := range a.Recommendations {
		x := &a.Recommendations[i]
		m.add("recommendation_gain_points", "Points that a recommendation brings at the low end, when all before it are done", known(x.Gain.Score), "id", x.ID, "action", x.Action)
		m.add("recommendation_effort_points", "Effort of a recommendation in effort points, a convention", known(x.Effort), "id", x.ID, "action", x.Action)
	}
	m.count("recommendations", "Recommendations; the first 200 have series of their own", len(a.Recommendations))
	m.count("gaps", "Things that could not be seen", len(a.Gaps))
	for i := range a.Findings {
		m.count("finding_machines", "Machines on which something was noticed", a.Findings[i].Machines, "id", a.Findings[i].ID, "severity", string(a.Findings[i].Severity))
	}
	m.count("risks", "Risks that no score shows", len(a.Risks))
	byStatus := map[string]int{}
	var order []string
	for i := range a.Sources {
		s := string(a.Sources[i].Status)
		if byStatus[s] == 0 {
			order = append(order, s)
		}
		byStatus[s]++
	}
	for _, s := range order {
		m.count("sources", "Targets, by how reading them went", byStatus[s], "status", s)
	}
}
