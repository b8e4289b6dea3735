package linux

import (
	"fmt"
	"strconv"
	"strings"
)

// An MDArray is one RAID set of /proc/mdstat.
type MDArray struct {
	Name    string
	Active  bool
	Level   string   // raid1, raid6, linear, …; empty where inactive
	Members []string // devices: sda1
	Failed  int      // members that are marked faulty
	Slots   int      // devices that it is made of; 0 where not said
	Working int      // of them, those that work
}

// Degraded is how many devices a RAID set lacks.
func (a MDArray) Degraded() int { return max(a.Slots-a.Working, 0) }

// ParseMDStat reads /proc/mdstat. https://docs.kernel.org/admin-guide/md.html has the same facts in /sys; the text
// is written by md_seq_show of the kernel.
func ParseMDStat(text string) ([]MDArray, error) {
	var list []MDArray
	for line := range strings.Lines(text) {
		name, rest, ok := strings.Cut(line, " : ")
		switch {
		case ok && strings.HasPrefix(name, "md"):
			a, err := mdArray(strings.TrimSpace(name), strings.Fields(rest))
			if err != nil {
				return nil, err
			}
			list = append(list, a)
		case len(list) > 0 && strings.Contains(line, " blocks"):
			a := &list[len(list)-1]
			a.Slots, a.Working = mdCounts(line)
		}
	}
	return list, nil
}

// mdArray reads "active (auto-read-only) raid1 sdb1[1](F) sda1[0]".
func mdArray(name string, words []string) (MDArray, error) {
	a := MDArray{Name: name}
	if len(words) == 0 || words[0] != "active" && words[0] != "inactive" && words[0] != "broken" {
		return a, fmt.Errorf("mdstat: %w: state of %.40q", ErrFormat, name)
	}
	a.Active = words[0] == "active"
	for _, w := range words[1:] {
		device, flags, ok := strings.Cut(w, "[")
		switch {
		case ok && device != "":
			a.Members = append(a.Members, device)
			if strings.Contains(flags, "(F)") {
				a.Failed++
			}
		case !strings.HasPrefix(w, "(") && a.Level == "":
			a.Level = w
		}
	}
	return a, nil
}

// mdCounts finds "[2/1]" in "1953383488 blocks super 1.2 [2/1] [U_]"; zeros where it is not there.
func mdCounts(line string) (slots, working int) {
	for _, w := range strings.Fields(line) {
		inner, ok := strings.CutPrefix(w, "[")
		if !ok {
			continue
		}
		if inner, ok = strings.CutSuffix(inner, "]"); !ok {
			continue
		}
		left, right, ok := strings.Cut(inner, "/")
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(left, 10, 16)
		k, err2 := strconv.ParseUint(right, 10, 16)
		if err == nil && err2 == nil && k <= n {
			return int(n), int(k)
		}
	}
	return 0, 0
}
