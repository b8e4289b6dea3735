package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/infraopt/infraopt/score"
)

// PlanFormats lists the formats of a plan, in the order help shows them.
func PlanFormats() []Format {
	return []Format{
		{"table", "for a terminal", ".txt", renderPlanTable},
		{"json", "for programs (schema " + score.PlanSchema + ")", ".json", renderPlanJSON},
		{"csv", "what moves and what is retired, for spreadsheets and scripts", ".csv", renderPlanCSV},
		{"markdown", "for wikis and merge requests", ".md", renderPlanMarkdown},
		{"xlsx", "a workbook: steps, waves, moves, hosts", ".xlsx", renderPlanXLSX},
		{"ansible", "an Ansible inventory of what becomes of every host", ".ansible.json", renderAnsible},
		{"kubernetes", "Kubernetes nodes with labels and cordons, for kubectl apply", ".nodes.json", renderNodes},
	}
}

// renderPlanJSON writes the plan as one indented JSON document, the contract of docs/plan.schema.json.
func renderPlanJSON(w io.Writer, r *Report) error {
	return writeJSON(w, r.Assessment.Plan(), "plan", r.Display.ASCII)
}

// renderPlanCSV writes one line for each thing that moves and for each host that is retired, in an order in which they can
// be done: first what makes room, then what leaves hosts that go dark, then those hosts.
func renderPlanCSV(w io.Writer, r *Report) error {
	out := csv.NewWriter(w)
	lines := [][]string{{"what", "class", "name", "id", "from", "from_id", "to", "to_id", "zone"}}
	if t := r.Assessment.Target; t != nil {
		names, dark := map[string]string{}, map[string]bool{}
		for _, h := range t.Machines {
			names[h.ID], dark[h.ID] = h.Name, h.Fate == score.FateRetire
		}
		for _, last := range []bool{false, true} {
			for _, m := range t.Moves {
				if dark[m.From] == last {
					lines = append(lines, []string{"move", m.Class, m.Name, m.ID, names[m.From], m.From, names[m.To], m.To, m.Zone})
				}
			}
		}
		for _, h := range t.Machines {
			if h.Fate == score.FateRetire {
				lines = append(lines, []string{"retire", "host", h.Name, h.ID, h.Name, h.ID, "", "", h.Zone})
			}
		}
	}
	for _, line := range lines {
		for i := range line {
			line[i] = inert(line[i])
		}
		if err := out.Write(line); err != nil {
			return fmt.Errorf("writing the plan: %w", err)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("writing the plan: %w", err)
	}
	return nil
}

// inert makes text from outside a cell that a spreadsheet shows and does not compute, on one line.
func inert(s string) string {
	s = clean(s)
	if first, _ := utf8.DecodeRuneInString(s); s != "" && strings.ContainsRune("=+-@\t\r＝＋－＠", first) {
		return "'" + s
	}
	return s
}

// renderAnsible writes an inventory in JSON, which Ansible reads as YAML: hosts in groups by what becomes of them.
func renderAnsible(w io.Writer, r *Report) error {
	type hosts map[string]map[string]string
	type group struct {
		Hosts hosts `json:"hosts"`
	}
	groups := map[string]group{}
	for _, fate := range []string{score.FateKeep, score.FateSpare, score.FateRetire} {
		groups["infraopt_"+fate] = group{hosts{}}
	}
	each(r.Assessment, literal, func(name string, h *score.HostAssign) {
		vars := map[string]string{"infraopt_id": literal(h.ID), "infraopt_fate": h.Fate}
		if zone := literal(h.Zone); zone != "" {
			vars["infraopt_zone"] = zone
		}
		groups["infraopt_"+h.Fate].Hosts[name] = vars
	})
	return writeJSON(w, map[string]any{"all": map[string]any{"children": groups}}, "inventory", r.Display.ASCII)
}

// each gives every host under a name that no other has: that which to makes of its own, with its ID where that is not enough.
func each(a *score.Assessment, to func(name string) string, f func(name string, h *score.HostAssign)) {
	if a.Target == nil {
		return
	}
	names := make([]string, len(a.Target.Machines))
	times := map[string]int{"": 2} // no name is not enough
	for i := range a.Target.Machines {
		names[i] = to(a.Target.Machines[i].Name)
		times[names[i]]++
	}
	for i := range a.Target.Machines {
		h := &a.Target.Machines[i]
		if times[names[i]] > 1 {
			names[i] = strings.TrimSpace(names[i] + " " + to(h.ID))
		}
		f(names[i], h)
	}
}

// literal makes text from outside a value that Ansible takes as it is: it works out templates in variables, and numbers in
// brackets in the names of hosts.
func literal(s string) string {
	return strings.NewReplacer("{", "(", "}", ")", "[", "(", "]", ")").Replace(clean(s))
}

// Names of nodes are those of DNS (RFC 1123).
const longestNode = 253

var nodeName = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`)

// renderNodes writes nodes as Kubernetes knows them, with what becomes of each as a label. Those that are retired are
// cordoned: nothing new is put on them while they are drained. A host with a name that no node can have, or that another
// host has, is no node that Kubernetes knows.
func renderNodes(w io.Writer, r *Report) error {
	type node struct {
		APIVersion string         `json:"apiVersion"`
		Kind       string         `json:"kind"`
		Metadata   map[string]any `json:"metadata"`
		Spec       map[string]any `json:"spec,omitempty"`
	}
	nodes := []node{}
	each(r.Assessment, strings.ToLower, func(name string, h *score.HostAssign) {
		if len(name) > longestNode || !nodeName.MatchString(name) {
			return
		}
		n := node{APIVersion: "v1", Kind: "Node", Metadata: map[string]any{"name": name, "labels": map[string]string{"infraopt/fate": h.Fate}}}
		if h.Fate == score.FateRetire {
			n.Spec = map[string]any{"unschedulable": true}
		}
		nodes = append(nodes, n)
	})
	return writeJSON(w, map[string]any{"apiVersion": "v1", "kind": "List", "items": nodes}, "list of nodes", r.Display.ASCII)
}
