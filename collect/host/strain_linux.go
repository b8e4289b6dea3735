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
//	swapping         share of its memory that is swapped out, in %          memory.swap.current    memory.stat                   –
//	paging-in        pages read back from swap a second                     –                      –                             /proc/vmstat, meminfo
//
// Pressure is the mean of the last five minutes.
var strainLimits = map[string]limit{
	"throttled":       {1, 10},
	"cpu-pressure":    {20, 50},
	"memory-pressure": {1, 10},
	"memory-limit":    {95, 0},
	"oom-killed":      {0, 1},
	"swapping":        {10, 0},
	"paging-in":       {1, 100},
}

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

// strain notes at the machine what shows that it, or work on it, has less than it needs. Of work with a control group of
// its own, the one is named that each sign is worst for.
func (l *look) strain(m *inventory.Machine, tree *sorted, list []inventory.Workload) {
	if l.inside {
		return
	}
	add := func(s sign, text string) {
		if severity, ok := s.severity(); ok {
			m.Findings = append(m.Findings, finding(s.id, severity, s.source, text))
		}
	}
	h := l.hierarchies()
	worst := make(map[string][]about)
	note := func(c *crowd, name string) {
		for _, s := range l.groupSigns(c, h) {
			if _, ok := s.severity(); ok {
				worst[s.id] = append(worst[s.id], about{s, name})
			}
		}
	}
	names := make(map[string]string) // of work that is no plumbing, by ID
	for _, w := range list {
		if w.Layer != infra {
			names[w.ID] = w.Name
		}
	}
	shared := sharedDirs(tree)
	for _, c := range tree.units {
		if name := names[c.entity]; name != "" && !shared[c.dir] {
			note(c, name)
		}
	}
	for _, c := range tree.containers {
		note(c, "container "+c.entity[:min(len(c.entity), 12)])
	}
	for _, all := range worst {
		slices.SortFunc(all, func(a, b about) int {
			return cmp.Or(cmp.Compare(b.value, a.value), strings.Compare(a.work, b.work))
		})
		text := all[0].work + ": " + all[0].text
		if len(all) > 1 {
			text += fmt.Sprintf(", and %d more", len(all)-1)
		}
		add(all[0].sign, text)
	}
	for _, s := range l.machineSigns() {
		add(s, s.text)
	}
}

// about is a sign of one piece of work.
type about struct {
	sign
	work string
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
		add("paging-in", second, vmstat, "%.0f pages a second were read back from swap since the machine was started; %v of %v are in use",
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
