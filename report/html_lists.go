package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// workSection shows on which steps the work stands, and counts what was seen.
func (h *htmlPage) workSection() *htmlSection {
	a := h.a
	s := &htmlSection{ID: "work", Head: "What the work runs on", Short: "Work", Picture: h.picture("ladder", htmlWide, h.drawLadder)}
	s.Text = []string{flat("In all: " + h.totals(a.Inventory) + ".")}
	l := h.list("ladder-table", "Work by the step of isolation that it stands on", "Step", "#workloads", "#share of the demand")
	for _, x := range levelOf(a).Distribution {
		if x.Workloads != 0 || !x.Share.None && x.Share.High > 0 {
			l.add(h.say(cmp.Or(h.words(x.Text), x.Step)), numeral(h.number(float64(x.Workloads)), float64(x.Workloads)), numeral(h.sharePercent(x.Share), x.Share.Low))
		}
	}
	if len(l.Rows) > 0 {
		l.Plain = true
		s.Tables = append(s.Tables, l.htmlTable)
	}
	return s
}

// The assessment does not say why a number of a machine is missing; the gaps do.
const (
	unread = "it could not be read"
	toRead = "see what could not be seen, below"
)

// machineSection lists machines, and groups them by what they are.
func (h *htmlPage) machineSection() *htmlSection {
	a := h.a
	total := max(a.MachinesTotal, len(a.Machines))
	if total == 0 {
		return nil
	}
	s := &htmlSection{ID: "machines", Head: "Machines", Short: "Machines"}
	if kinds, n := h.kinds(a.Inventory.Machines); n > 0 {
		s.Text = []string{flat(h.many(float64(total), "machine") + ": " + kinds + ".")}
	}
	if len(a.Machines) > 1 {
		s.Tables = append(s.Tables, h.machineGroups(total))
	}
	names := map[string]string{}
	for _, m := range a.Machines {
		names[m.ID] = h.name(m)
	}
	l := h.list("machine-list", "Machines", "Machine", "kind", "system", "on", "#level", "#score", "#containers", "#VMs", "#workloads", "#components", "#cores", "#memory", "#gaps")
	for _, m := range a.Machines[:h.rowsOf(len(a.Machines))] {
		level := numeral(h.dash, 0)
		if m.Level > 0 {
			level = h.count(m.Level)
		}
		var cores, memory htmlCell
		if m.Cores != nil {
			cores = numeral(h.number(*m.Cores), *m.Cores)
		} else {
			cores = l.unknown(unread, toRead)
		}
		if m.Memory != nil {
			memory = numeral(h.size(*m.Memory), float64(*m.Memory))
		} else {
			memory = l.unknown(unread, toRead)
		}
		system := h.say(h.system(m.OS))
		system.Faint = h.words(m.OS) == ""
		l.add(h.say(h.name(m)), h.say(m.Kind), system, h.say(cmp.Or(names[m.On], m.On)), level, numeral(h.scoreShort(m), m.Score.Low),
			h.count(m.Containers), h.count(m.VMs), h.count(m.Workloads), numeral(h.number(m.Components), m.Components), cores, memory, h.count(m.Gaps))
	}
	l.rest(total, "infraopt assess --top 0 --format json")
	s.Tables = append(s.Tables, l.table())
	return s
}

// machineGroups counts machines of one kind and system, over all that the assessment names.
func (h *htmlPage) machineGroups(total int) htmlTable {
	type key struct{ kind, system string }
	type sums struct {
		machines, containers, vms, workloads int
		components                           float64
		levels                               [levels + 1]int
	}
	groups := map[key]*sums{}
	for _, m := range h.a.Machines {
		k := key{h.words(m.Kind), h.system(m.OS)}
		g := groups[k]
		if g == nil {
			g = &sums{}
			groups[k] = g
		}
		g.machines++
		g.containers, g.vms, g.workloads, g.components = g.containers+m.Containers, g.vms+m.VMs, g.workloads+m.Workloads, g.components+m.Components
		g.levels[min(max(m.Level, 0), levels)]++
	}
	keys := slices.SortedFunc(maps.Keys(groups), func(x, y key) int {
		return cmp.Or(cmp.Compare(groups[y].machines, groups[x].machines), cmp.Compare(x.kind, y.kind), cmp.Compare(x.system, y.system))
	})
	l := h.list("machine-groups", "Machines by kind and system", "System", "kind", "#machines", "#containers", "#VMs", "#workloads", "#components", "levels")
	for _, k := range keys[:h.rowsOf(len(keys))] {
		g := groups[k]
		var on []string
		for n, count := range g.levels {
			if count > 0 {
				on = append(on, fmt.Sprintf("%s on %s", h.number(float64(count)), strings.ReplaceAll(fmt.Sprint(n), "0", "none")))
			}
		}
		l.add(h.say(k.system), h.say(k.kind), h.count(g.machines), h.count(g.containers), h.count(g.vms), h.count(g.workloads), numeral(h.number(g.components), g.components), htmlCell{Text: strings.Join(on, ", ")})
	}
	l.rest(len(keys), "infraopt assess --top 0 --format json")
	if n := len(h.a.Machines); n < total {
		l.Text = flat(strings.TrimSpace(fmt.Sprintf("These are the %s of %s machines that the assessment names; --top 0 makes it name all. %s", h.number(float64(n)), h.number(float64(total)), l.Text)))
	}
	return l.table()
}

// containerSection lists containers as they were read.
func (h *htmlPage) containerSection() *htmlSection {
	a := h.a
	total := max(a.Inventory.Containers.Total, len(a.Containers))
	if total == 0 {
		return nil
	}
	s := &htmlSection{ID: "containers", Head: "Containers", Short: "Containers",
		Text: []string{flat(h.many(float64(total), "container") + ", " + h.number(float64(a.Inventory.Containers.Running)) + " running.")}}
	if len(a.Containers) == 0 {
		return s
	}
	l := h.list("container-list", "Containers", "Container", "on", "image", "state", "kept by", "service", "#CPU limit", "#memory limit")
	for _, c := range a.Containers[:h.rowsOf(len(a.Containers))] {
		l.add(h.say(c.Name.Or(idHead(c.ID))), h.say(cmp.Or(c.MachineName, c.Machine)), fact(l, c.Image, h.say),
			fact(l, c.State, func(v inventory.RunState) htmlCell { return h.say(string(v)) }), fact(l, c.Manager, func(v inventory.Manager) htmlCell { return h.say(string(v)) }),
			fact(l, c.Service, h.say), fact(l, c.CPULimit, func(v float64) htmlCell { return numeral(h.number(v), v) }),
			fact(l, c.MemoryLimit, func(v inventory.Bytes) htmlCell { return numeral(h.size(int64(v)), float64(v)) }))
	}
	l.rest(total, "infraopt assess --top 0 --format json")
	s.Tables = []htmlTable{l.table()}
	return s
}

// vmSection lists virtual machines as they were read.
func (h *htmlPage) vmSection() *htmlSection {
	a := h.a
	total := max(a.Inventory.VMs.Total, len(a.VMs))
	if total == 0 {
		return nil
	}
	s := &htmlSection{ID: "vms", Head: "Virtual machines", Short: "VMs",
		Text: []string{flat(h.many(float64(total), "virtual machine") + ", " + h.number(float64(a.Inventory.VMs.Running)) + " running.")}}
	if len(a.VMs) == 0 {
		return s
	}
	l := h.list("vm-list", "Virtual machines", "Virtual machine", "on", "state", "system", "#virtual CPUs", "#memory", "storage", "seen from inside")
	for _, v := range a.VMs[:h.rowsOf(len(a.VMs))] {
		inside := "no"
		if v.Guest != "" {
			inside = "yes"
		}
		l.add(h.say(v.Name.Or(idHead(v.ID))), h.say(v.MachineName), fact(l, v.State, func(v inventory.RunState) htmlCell { return h.say(string(v)) }),
			fact(l, v.GuestOS, h.say), fact(l, v.VCPUs, func(v float64) htmlCell { return numeral(h.number(v), v) }),
			fact(l, v.Memory, func(v inventory.Bytes) htmlCell { return numeral(h.size(int64(v)), float64(v)) }),
			fact(l, v.Storage, func(v inventory.StorageClass) htmlCell { return h.say(string(v)) }), htmlCell{Text: inside})
	}
	l.rest(total, "infraopt assess --top 0 --format json")
	s.Tables = []htmlTable{l.table()}
	return s
}

// gapSection says what could not be seen, with what would show it.
func (h *htmlPage) gapSection() *htmlSection {
	const most = 12 // things named of one gap
	groups := h.groupGaps(h.a)
	s := &htmlSection{ID: "gaps", Head: "What could not be seen", Short: "Gaps"}
	for _, words := range h.saidOfCoverage(h.a) {
		s.Text = append(s.Text, flat(words))
	}
	if len(groups) == 0 {
		if len(s.Text) == 0 {
			return nil
		}
		return s
	}
	l := h.list("gap-list", "Gaps, by what would close them", "What is not known", "#keeps open", "what would show it", "#things")
	for _, g := range groups[:h.rowsOf(len(groups))] {
		what := htmlCell{Text: cut(g.words(h.page), 2*longest, h.ellipsis)}
		var each []string
		for _, x := range g.subjects[:min(len(g.subjects), most+1)] {
			each = append(each, strings.Trim(x.name+": "+strings.Join(x.what, ", ")+" ("+x.why+")", ": "))
		}
		if len(g.subjects) > 1 {
			what.More = h.few("Each of them", each, most, false)
			if n := len(g.subjects) - most; n > 0 {
				texts := what.More[0].Texts
				texts[len(texts)-1] = flat("and " + h.number(float64(n)) + " more")
			}
		}
		remedy := htmlCell{Text: cut(g.remedy, 2*longest, h.ellipsis)}
		if remedy.Text == "" {
			remedy = none0("nothing that is known")
		}
		l.add(what, numeral(h.open(g.points), g.points), remedy, h.count(len(g.subjects)))
	}
	l.rest(len(groups), "infraopt assess --format json")
	s.Tables = []htmlTable{l.table()}
	s.Commands = [][2]string{{"infraopt doctor", "what could be read, and how to see more"}}
	return s
}

// foundSection says what was noticed and is in no score: risks and findings.
func (h *htmlPage) foundSection() *htmlSection {
	a := h.a
	if len(a.Risks) == 0 && len(a.Findings) == 0 {
		return nil
	}
	s := &htmlSection{ID: "noticed", Head: "Risks and findings", Short: "Noticed", Text: []string{"What follows is in no score."}}
	if len(a.Risks) > 0 {
		l := h.list("risks", "Risks", "Subject", "risk")
		for _, r := range a.Risks[:h.rowsOf(len(a.Risks))] {
			l.add(h.say(r.Subject), htmlCell{Text: cut(h.words(r.Text), 4*longest, h.ellipsis)})
		}
		l.rest(len(a.Risks), "infraopt assess --format json")
		s.Tables = append(s.Tables, l.table())
	}
	if len(a.Findings) > 0 {
		l := h.list("findings", "Findings", "Finding", "severity", "#machines", "for example")
		for _, f := range a.Findings[:h.rowsOf(len(a.Findings))] {
			example := htmlCell{}
			var texts []string
			for i, x := range f.Examples {
				words := h.words(x.Name) + ": " + h.words(x.Text)
				if i == 0 {
					example = h.say(words)
				}
				texts = append(texts, words+" ("+h.words(x.Source)+")")
			}
			example.More = h.few("Evidence", texts, 10, false)
			l.add(h.say(f.ID), h.say(string(f.Severity)), h.count(f.Machines), example)
		}
		l.rest(len(a.Findings), "infraopt assess --format json")
		s.Tables = append(s.Tables, l.table())
	}
	return s
}

// ruleSection lists what was taken out of the score, and what a user changed. None is left out.
func (h *htmlPage) ruleSection() *htmlSection {
	a := h.a
	s := &htmlSection{ID: "waivers", Head: "Waivers and changes", Short: "Waivers"}
	if len(a.Waivers) > 0 {
		l := h.list("waiver-list", "Waivers", "Waiver", "status", "#matches")
		for _, w := range a.Waivers {
			matches := h.count(w.Matched)
			if len(w.Machines) == 0 {
				matches = htmlCell{Text: "all"}
			}
			l.add(htmlCell{Text: cut(h.words(w.Words()), 4*longest, h.ellipsis)}, h.say(w.Status), matches)
		}
		s.Tables = append(s.Tables, l.table())
	}
	if x := a.WhatIf; x != nil {
		l := h.list("changes", "Changes that the file "+cut(h.words(x.File), longest, h.ellipsis)+" makes", "Change", "where", "#things changed", "mind")
		for _, c := range x.Changes[:h.rowsOf(len(x.Changes))] {
			l.add(h.say(c.Text), h.say(c.Where), h.count(c.Changed), h.say(strings.Join(c.Notes, "; ")))
		}
		l.rest(len(x.Changes), "infraopt plan --format json")
		s.Tables = append(s.Tables, l.table())
	}
	if len(s.Tables) == 0 {
		return nil
	}
	return s
}

// sourceSection says what was read, and what could not be.
func (h *htmlPage) sourceSection() *htmlSection {
	a := h.a
	if len(a.Sources) == 0 {
		return nil
	}
	s := &htmlSection{ID: "sources", Head: "Sources", Short: "Sources"}
	rank := func(x inventory.Status) int {
		return slices.Index([]inventory.Status{inventory.StatusFailed, inventory.StatusPartial, inventory.StatusOK}, x)
	}
	all := slices.Clone(a.Sources)
	slices.SortStableFunc(all, func(x, y score.SourceResult) int { return cmp.Compare(rank(x.Status), rank(y.Status)) })
	counts := map[inventory.Status]int{}
	for _, x := range all {
		counts[x.Status]++
	}
	s.Text = []string{flat(fmt.Sprintf("%s: %s read, %s in part, %s could not be read.", h.many(float64(len(all)), "source"), h.number(float64(counts[inventory.StatusOK])),
		h.number(float64(counts[inventory.StatusPartial])), h.number(float64(counts[inventory.StatusFailed]))))}
	l := h.list("source-list", "Sources", "Target", "kind", "status", "#ms", "#things", "why, and what to do")
	for _, x := range all[:h.rowsOf(len(all))] {
		why := h.say(x.Error)
		if x.Status == inventory.StatusFailed && why.Text == "" {
			why.Text = "no reason was given"
		}
		if x.Remedy != "" {
			why.More = h.few("What to do", []string{x.Remedy}, 1, true)
		}
		l.add(h.say(cmp.Or(h.safe(x.Target), x.Scheme)), h.say(x.Scheme), h.say(string(x.Status)), numeral(h.number(float64(x.DurationMS)), float64(x.DurationMS)), h.count(x.Entities), why)
	}
	l.rest(len(all), "infraopt assess --format json")
	s.Tables = []htmlTable{l.table()}
	return s
}
