package host

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/internal/linux"
	"github.com/infraopt/infraopt/collect/inventory"
)

// A limit says from which value on a sign of strain is worth a word, and from which a warning. Zero is never.
type limit struct{ info, warning float64 }

// strainLimits are those of all signs that work has less than it needs; conventions. Any user may read what they are
// measured by. Counters run since a control group was made, or the machine was started.
//
//	sign             measured by                                            version 2              version 1                     machine
//	throttled        periods in which the CPU limit held it back, in %      cpu.stat               cpu.stat of cpu               –
//	cpu-pressure     time that some of it waited for a processor, in %      cpu.pressure           –                             /proc/pressure/cpu
//	memory-pressure  time that some of it waited for memory, in %           memory.pressure        –                             /proc/pressure/memory
//	memory-limit     highest use of memory, page cache and all, in % of     memory.peak            memory.max_usage_in_bytes     –
//	                 its limit: cache fills a limit without harm
//	oom-killed       processes killed for lack of memory                    memory.events          memory.oom_control            /proc/vmstat
//	swapping         of a group, share of its memory that is swapped out,   memory.swap.current    memory.stat                   /proc/vmstat, meminfo
//	                 in %; of a machine, pages read back a second
//
// Pressure is the mean of the last five minutes.
var strainLimits = map[string]limit{
	"throttled":       {1, 10},
	"cpu-pressure":    {20, 50},
	"memory-pressure": {1, 10},
	"memory-limit":    {95, 0},
	"oom-killed":      {0, 1},
	"swapping":        {10, 0},
	machineSwapping:   {1, 100},
}

// machineSwapping is the sign of a machine, which is measured otherwise than that of a group.
const machineSwapping = "swapping of a machine"

// fewPeriods are too few to say how often a limit holds something back: ten seconds.
const fewPeriods = 100

// A sign is one of strain, with what it was measured by.
type sign struct {
	id, text, source string
	value            float64
}

// severity gives the weight of a sign; false for one that is not worth a word.
func (s *sign) severity() (inventory.Severity, bool) {
	limit := strainLimits[s.id]
	switch {
	case limit.warning > 0 && s.value >= limit.warning:
		return inventory.Warning, true
	case limit.info > 0 && s.value >= limit.info:
		return inventory.Info, true
	}
	return "", false
}

// strain notes what shows that the machine, or work on it, has less than it needs: at the machine, and at workloads with
// a control group of their own. Of containers, the machine names the one that each sign is worst for.
func (l *look) strain(m *inventory.Machine, tree *sorted, list []inventory.Workload) {
	if l.inside {
		return
	}
	h := l.hierarchies()
	shared := sharedDirs(tree)
	at := make(map[string]*inventory.Workload, len(list))
	for i := range list {
		at[list[i].ID] = &list[i]
	}
	for _, c := range tree.units {
		w := at[c.entity]
		if w == nil || w.Layer == infra || shared[c.dir] {
			continue
		}
		for _, s := range l.groupSigns(c, h) {
			if severity, ok := s.severity(); ok {
				w.Findings = append(w.Findings, inventory.Finding{ID: s.id, Severity: severity, Text: s.text, Source: s.source})
			}
		}
	}
	type about struct {
		sign
		container string
	}
	worst := make(map[string][]about)
	for _, c := range tree.containers {
		for _, s := range l.groupSigns(c, h) {
			if _, ok := s.severity(); ok {
				worst[s.id] = append(worst[s.id], about{s, c.entity})
			}
		}
	}
	for id, all := range worst {
		slices.SortFunc(all, func(a, b about) int {
			return cmp.Or(cmp.Compare(b.value, a.value), strings.Compare(a.container, b.container))
		})
		s := all[0]
		severity, _ := s.severity()
		text := "container " + s.container[:min(len(s.container), 12)] + ": " + s.text
		if len(all) > 1 {
			text += fmt.Sprintf(", and %d more", len(all)-1)
		}
		m.Findings = append(m.Findings, inventory.Finding{ID: id, Severity: severity, Text: text, Source: s.source})
	}
	for _, s := range l.machineSigns() {
		if severity, ok := s.severity(); ok {
			m.Findings = append(m.Findings, inventory.Finding{ID: strings.TrimSuffix(s.id, " of a machine"), Severity: severity, Text: s.text, Source: s.source})
		}
	}
}

// groupSigns measures the control group of a crowd. Where it has none, or a kernel does not count something, there is no
// sign of that.
func (l *look) groupSigns(c *crowd, h hierarchies) []sign {
	var list []sign
	add := func(id string, value float64, source, format string, args ...any) {
		list = append(list, sign{id, fmt.Sprintf(format, args...), source, value})
	}
	unified := c.place(h.v2, c.group.groups.Unified)
	cpu, memory := c.place(h.v1["cpu"], c.group.groups.V1["cpu"]), c.place(h.v1["memory"], c.group.groups.V1["memory"])

	stat := cmp.Or(cpu, unified) + "/cpu.stat"
	if periods, ok := l.keyed(stat, "nr_periods"); ok && periods >= fewPeriods {
		held, _ := l.keyed(stat, "nr_throttled")
		share := 100 * float64(held) / float64(periods)
		add("throttled", share, "cpu.stat", "its CPU limit held it back in %.0f %% of %d periods", share, periods)
	}
	kills, source := uint64(0), ""
	switch {
	case memory != "":
		kills, _ = l.keyed(memory+"/memory.oom_control", "oom_kill")
		source = "memory.oom_control"
		l.peak(add, memory+"/memory.max_usage_in_bytes", memory+"/memory.limit_in_bytes")
		used, _ := l.number(memory + "/memory.usage_in_bytes")
		swapped, _ := l.keyed(memory+"/memory.stat", "total_swap")
		swappedShare(add, "memory.stat", swapped, used)
	case unified != "":
		kills, _ = l.keyed(unified+"/memory.events", "oom_kill")
		source = "memory.events"
		l.peak(add, unified+"/memory.peak", unified+"/memory.max")
		used, _ := l.number(unified + "/memory.current")
		swapped, _ := l.number(unified + "/memory.swap.current")
		swappedShare(add, "memory.swap.current", swapped, used)
	}
	add("oom-killed", float64(kills), source, "%s for lack of memory", killed(kills))
	if unified != "" {
		l.pressure(add, "cpu-pressure", unified+"/cpu.pressure", "a processor")
		l.pressure(add, "memory-pressure", unified+"/memory.pressure", "memory")
	}
	return list
}

type addSign func(id string, value float64, source, format string, args ...any)

func (l *look) peak(add addSign, peak, limit string) {
	most, ok := l.number(peak)
	text, err := l.fs.Line(limit)
	if !ok || err != nil {
		return
	}
	if allowed, limited, err := linux.ParseMemoryMax(text); err == nil && limited && allowed > 0 {
		share := 100 * float64(most) / float64(allowed)
		add("memory-limit", share, peak[strings.LastIndexByte(peak, '/')+1:], "has come to %.0f %% of its memory limit of %v, page cache and all", min(share, 100), inventory.Bytes(allowed))
	}
}

func swappedShare(add addSign, source string, swapped, used uint64) {
	if all := float64(swapped) + float64(used); all > 0 {
		share := 100 * float64(swapped) / all
		add("swapping", share, source, "%.0f %% of its memory is swapped out, %v", share, inventory.Bytes(min(swapped, 1<<62)))
	}
}

func (l *look) pressure(add addSign, id, file, what string) {
	text, err := l.fs.Read(file, linux.SmallFile)
	if err != nil {
		return
	}
	if p, err := linux.ParsePressure(string(text)); err == nil {
		source := file
		if !strings.HasPrefix(file, "/proc/") {
			source = file[strings.LastIndexByte(file, '/')+1:]
		}
		add(id, p.Avg300, source, "some of it waited for %s for %.0f %% of the last five minutes", what, p.Avg300)
	}
}

// machineSigns measures the machine.
func (l *look) machineSigns() []sign {
	var list []sign
	add := func(id string, value float64, source, format string, args ...any) {
		list = append(list, sign{id, fmt.Sprintf(format, args...), source, value})
	}
	l.pressure(add, "cpu-pressure", "/proc/pressure/cpu", "a processor")
	l.pressure(add, "memory-pressure", "/proc/pressure/memory", "memory")
	const vmstat = "/proc/vmstat"
	if kills, ok := l.keyed(vmstat, "oom_kill"); ok {
		add("oom-killed", float64(kills), vmstat, "%s for lack of memory since the machine was started", killed(kills))
	}
	if pages, ok := l.keyed(vmstat, "pswpin"); ok && l.uptime > 0 {
		info := l.memory().info
		second := float64(pages) / l.uptime
		add(machineSwapping, second, vmstat, "%.0f pages a second were read back from swap since the machine was started; %v of %v are in use",
			second, inventory.Bytes(max(0, info.SwapTotal-info.SwapFree)), inventory.Bytes(info.SwapTotal))
	}
	return list
}

func killed(n uint64) string {
	if n == 1 {
		return "1 process was killed"
	}
	return fmt.Sprintf("%d processes were killed", n)
}
