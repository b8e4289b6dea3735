package report

import (
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// A sheet is a table with a type for each column, made row by row as it is written.
type sheet struct {
	name   string
	fields []field
	rows   int
	total  int             // of which rows are the first; 0 where these are all
	row    func(int) []any // strings from outside are not escaped; nil where a value is not known
}

type field struct {
	id    string
	title string
	width float64 // in characters
	form  form
}

// A form is how numbers of a column are shown.
type form int

// The forms of columns.
const (
	asText form = iota
	asCount
	asPoints // one decimal
	asShare  // two decimals
	asBytes  // GiB of bytes
)

func machineSheet(a *score.Assessment) *sheet {
	return &sheet{
		name: "Machines", rows: len(a.Machines), total: max(a.MachinesTotal, len(a.Machines)),
		fields: []field{
			{"id", "ID", 20, asText}, {"name", "Name", 28, asText}, {"kind", "Kind", 12, asText}, {"os", "System", 28, asText}, {"on", "On (ID)", 20, asText},
			{"roles", "Roles", 24, asText}, {"score_low", "Score, proven", 14, asPoints}, {"score_high", "Score, at most", 14, asPoints}, {"level", "Level", 8, asCount},
			{"components", "Components", 12, asPoints}, {"workloads", "Workloads", 12, asCount}, {"containers", "Containers", 12, asCount}, {"vms", "VMs", 8, asCount},
			{"cores", "Cores", 8, asPoints}, {"memory_bytes", "Memory, bytes", 16, asBytes}, {"gaps", "Gaps", 8, asCount}, {"seen", "Seen by", 24, asText},
		},
		row: func(i int) []any {
			m := &a.Machines[i]
			return []any{m.ID, m.Name, m.Kind, m.OS, m.On, strings.Join(m.Roles, " "), value(low(m.Score)), value(high(m.Score)), m.Level, m.Components, m.Workloads,
				m.Containers, m.VMs, value(m.Cores), value(m.Memory), m.Gaps, strings.Join(m.Seen, " ")}
		},
	}
}

// value is what a pointer points to, or nil.
func value[T any](p *T) any {
	if p == nil {
		return nil
	}
	return *p
}

// reading is the value of a reading, or nothing where it is not known.
func reading[T any](r inventory.Reading[T]) any {
	if v, ok := r.Get(); ok {
		return v
	}
	return nil
}

// amount is a reading of bytes.
func amount(r inventory.Reading[inventory.Bytes]) any {
	if v, ok := r.Get(); ok {
		return int64(v)
	}
	return nil
}

// worded is the value of a reading of some type of text.
func worded[T ~string](r inventory.Reading[T]) any {
	if v, ok := r.Get(); ok {
		return string(v)
	}
	return nil
}

// summarySheet has the headlines in words, and then as numbers. The library keeps 15 digits of a number, so all of them
// are there as text too, as in the JSON document.
func summarySheet(p *page, a *score.Assessment) *sheet {
	rows := [][]any{}
	say := func(what, words string) { rows = append(rows, []any{what, spaces(words), nil, "", "", ""}) }
	for _, s := range p.statements(a) {
		say(s.title, s.text)
	}
	for _, f := range figures(a) {
		rows = append(rows, []any{f.title, "", value(f.value), f.unit, f.id, digits(f.value)})
	}
	if a.Level.Reason != "" {
		say("Not assessed", a.Level.Reason)
	}
	if a.Roadmap.Withheld != "" {
		say("No advice", a.Roadmap.Withheld)
	}
	say("Made at", a.GeneratedAt.UTC().Format("2006-01-02 15:04")+" UTC")
	say("By", strings.TrimSpace("infraopt "+a.Tool.Version))
	say("Rules", strings.TrimSpace(a.Tool.Rules+" "+a.Tool.Model))
	return &sheet{name: "Summary", rows: len(rows), fields: []field{{"what", "What", 36, asText}, {"text", "In words", 60, asText}, {"number", "Number", 12, asText}, {"unit", "Unit", 20, asText},
		{"place", "Place in JSON", 36, asText}, {"digits", "Exactly", 20, asText}},
		row: func(i int) []any { return rows[i] }}
}

func indicatorSheet(a *score.Assessment) *sheet {
	var rows [][]any
	for i := range a.Pillars {
		l := &a.Pillars[i]
		rows = append(rows, []any{"pillar", l.ID, l.Title, l.Applicable, l.Weight, l.Low, l.High, l.Points.Low, l.Points.High, l.Points.Max, nil, ""})
		for j := range l.Indicators {
			x := &l.Indicators[j]
			rows = append(rows, []any{"indicator", x.ID, x.Title, x.Applicable, x.Weight, x.Low, x.High, x.Points.Low, x.Points.High, x.Points.Max, x.Coverage, x.Explanation})
		}
	}
	return &sheet{name: "Indicators", rows: len(rows), fields: []field{
		{"what", "What", 10, asText}, {"id", "ID", 30, asText}, {"title", "Title", 50, asText}, {"applicable", "Applies", 8, asText}, {"weight", "Weight", 8, asShare},
		{"low", "Share, proven", 14, asShare}, {"high", "Share, at most", 14, asShare}, {"points_low", "Points, proven", 14, asPoints}, {"points_high", "Points, at most", 14, asPoints},
		{"points_max", "Points, all", 12, asPoints}, {"coverage", "Coverage", 10, asShare}, {"explanation", "Explanation", 60, asText},
	}, row: func(i int) []any { return rows[i] }}
}

func containerSheet(a *score.Assessment) *sheet {
	return &sheet{
		name: "Containers", rows: len(a.Containers), total: a.Inventory.Containers.Total,
		fields: []field{
			{"id", "ID", 20, asText}, {"name", "Name", 28, asText}, {"machine", "Machine", 24, asText}, {"runtime", "Runtime", 12, asText}, {"image", "Image", 36, asText},
			{"state", "State", 12, asText}, {"manager", "Kept by", 16, asText}, {"project", "Compose project", 18, asText}, {"layer", "Layer", 14, asText},
			{"cpu_limit", "CPU limit, cores", 16, asPoints}, {"memory_limit", "Memory limit, bytes", 20, asBytes}, {"writable", "Writable layer, bytes", 20, asBytes},
		},
		row: func(i int) []any {
			c := &a.Containers[i]
			return []any{c.ID, reading(c.Name), c.MachineName, reading(c.Runtime), reading(c.Image), worded(c.State), worded(c.Manager), reading(c.ComposeProject), string(c.Layer),
				reading(c.CPULimit), amount(c.MemoryLimit), amount(c.Writable)}
		},
	}
}

func vmSheet(a *score.Assessment) *sheet {
	return &sheet{
		name: "VMs", rows: len(a.VMs), total: a.Inventory.VMs.Total,
		fields: []field{
			{"id", "ID", 20, asText}, {"name", "Name", 28, asText}, {"machine", "On", 24, asText}, {"state", "State", 12, asText}, {"vcpus", "vCPUs", 8, asPoints},
			{"memory", "Memory, bytes", 16, asBytes}, {"guest_os", "Guest system", 24, asText}, {"guest", "Seen inside (ID)", 20, asText}, {"storage", "Storage", 16, asText}, {"autostart", "Starts by itself", 14, asText},
		},
		row: func(i int) []any {
			v := &a.VMs[i]
			return []any{v.ID, reading(v.Name), v.MachineName, worded(v.State), reading(v.VCPUs), amount(v.Memory), reading(v.GuestOS), v.Guest, worded(v.Storage), reading(v.Autostart)}
		},
	}
}
