package main

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/infraopt/infraopt/score/plan/pack/instance"
	"github.com/infraopt/infraopt/score/plan/pack/sizing"
)

// resources are the dimensions of a list, in words.
var resources = [...]string{"cpu", "memory", "gpu"}

// How many rows are listed of what may be many.
const (
	fullestShown  = 5
	unplacedShown = 10
)

// tell lays a packing out for people.
func (v *packing) tell(out *sheet) {
	out.hang("", fmt.Sprintf("PACKING of %s in %s", quantity(v.items, "item"), printable(v.file, false)))
	out.hang("  ", v.headline())
	if v.Stopped {
		out.hang("  ", "The search was ended before it was done: more time may give a better plan.")
	}
	out.hang("  ", fmt.Sprintf("At most %s %% of a host is filled. Plan and bound have been verified.", strconv.FormatFloat(100*v.Headroom, 'f', -1, 64)))
	out.line("")
	v.tellTypes(out)
	if v.HostsWithoutSpares > 0 {
		out.line("")
		v.tellFill(out)
		out.line("")
		v.tellFullest(out)
	}
	v.tellUnplaced(out)
}

// headline is the answer in a sentence: so many hosts, and how few could do.
func (v *packing) headline() string {
	text := quantity(v.Plan, "host")
	if n := v.Plan - v.HostsWithoutSpares; n > 0 {
		text += fmt.Sprintf(", %s for the loss of any %d", spareOf(n), v.Survives)
	} else {
		text += ", none of them spare"
	}
	if len(v.Unplaced) > 0 {
		text += fmt.Sprintf(", without %s", quantity(len(v.Unplaced), "item"))
	}
	which := "plan"
	if len(v.unplaced(sizing.NoRoom)) > 0 { // this plan is of fewer
		which = "plan of all items"
	}
	needs := fmt.Sprintf("; no %s needs fewer than %d (%s)", which, v.Bound, v.BoundKind)
	if v.Gap == nil {
		return text + needs
	}
	return text + needs + ", gap " + gapOf(*v.Gap)
}

func spareOf(n int) string {
	if n == 1 {
		return "1 of them spare"
	}
	return fmt.Sprintf("%d of them spare", n)
}

func quantity(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// gapOf shows a gap in percent; a small one is not none.
func gapOf(gap float64) string {
	text := fmt.Sprintf("%.1f %%", 100*gap)
	if gap > 0 && text == "0.0 %" {
		return "< 0.1 %"
	}
	return text
}

func (v *packing) tellTypes(out *sheet) {
	rows := [][]string{{"in use", "spare", "there are", "HOSTS BY TYPE"}}
	for i := range v.Types {
		t := &v.Types[i]
		there := "any number"
		if t.Available != nil {
			there = strconv.Itoa(*t.Available)
		}
		rows = append(rows, []string{strconv.Itoa(t.Hosts), strconv.Itoa(t.Spares), there, sizeText(t.Capacity) + "  (" + t.Name + ")"})
	}
	out.numbers("  ", 3, rows)
}

// sizeText shows a size in the units that people use.
func sizeText(size []int64) string {
	var text string
	for d, x := range size {
		if d > 0 {
			text += ", "
		}
		text += amountText(d, x)
	}
	return text
}

// amountText shows how much there is in a dimension, by its number: CPUs, memory, GPUs.
func amountText(d int, x int64) string {
	switch {
	case d == 1 && x >= 1024:
		return strconv.FormatFloat(float64(x*10/1024)/10, 'f', -1, 64) + " GiB"
	case d == 1:
		return strconv.FormatInt(x, 10) + " MiB"
	}
	unit := [...]string{" CPU", "", " GPU"}[d]
	if x != 1000 {
		unit += "s"
	}
	return strconv.FormatFloat(float64(x)/1000, 'f', -1, 64) + unit
}

// tellFill says how full the hosts in use are: in sum, and the fullest one.
func (v *packing) tellFill(out *sheet) {
	rows := [][]string{{"together", "fullest", "FILLED, of what may be filled of the hosts in use"}}
	for d := range v.Dimensions {
		used, room, most := int64(0), int64(0), 0.
		for i := range v.Hosts {
			h := &v.Hosts[i]
			if !h.Spare {
				used, room, most = used+h.Used[d], room+h.Capacity[d], max(most, filled(h, d))
			}
		}
		rows = append(rows, []string{percentOf(shareOf(used, room)), percentOf(most),
			fmt.Sprintf("%s: %s of %s", resources[d], amountText(d, used), amountText(d, room))})
	}
	out.numbers("  ", 2, rows)
}

func percentOf(share float64) string { return fmt.Sprintf("%.1f %%", 100*share) }

// shareOf is used/room; where there is no room, nothing is used.
func shareOf(used, room int64) float64 {
	if room == 0 {
		return 0
	}
	return float64(used) / float64(room)
}

// filled is how far a host is filled in a dimension.
func filled(h *sizing.PlannedHost, d int) float64 { return shareOf(h.Used[d], h.Capacity[d]) }

// fullness is how far a host is filled where it is fullest.
func fullness(h *sizing.PlannedHost) float64 {
	most := 0.
	for d := range h.Used {
		most = max(most, filled(h, d))
	}
	return most
}

// tellFullest lists the hosts with the least room.
func (v *packing) tellFullest(out *sheet) {
	hosts := slices.DeleteFunc(slices.Clone(v.Hosts), func(h sizing.PlannedHost) bool { return h.Spare })
	slices.SortStableFunc(hosts, func(a, b sizing.PlannedHost) int { return cmp.Compare(fullness(&b), fullness(&a)) })
	head := slices.Clone(resources[:len(v.Dimensions)])
	rows := [][]string{append(head, "items", "FULLEST HOSTS")}
	for i := range min(len(hosts), fullestShown) {
		h := &hosts[i]
		var row []string
		for d := range v.Dimensions {
			row = append(row, percentOf(filled(h, d)))
		}
		rows = append(rows, append(row, strconv.Itoa(h.Items), h.Host))
	}
	out.numbers("  ", len(v.Dimensions)+1, rows)
	if more := len(hosts) - fullestShown; more > 0 {
		out.hang("  ", fmt.Sprintf("%s more: --format json lists all.", quantity(more, "host")))
	}
}

// tellUnplaced lists what is on no host, and why.
func (v *packing) tellUnplaced(out *sheet) {
	for _, group := range [][2]string{
		{sizing.TooLarge, "larger than what may be filled of any host"},
		{sizing.NoRoom, "no room was found on " + v.thereAre()},
	} {
		var list []sizing.UnplacedItem
		for _, u := range v.Unplaced {
			if u.Why == group[0] {
				list = append(list, u)
			}
		}
		if len(list) == 0 {
			continue
		}
		out.line("")
		out.hang("", "NOT PLACED: "+group[1])
		var rows [][]string
		for _, u := range list[:min(len(list), unplacedShown)] {
			rows = append(rows, []string{sizeText(u.Size), printable(u.Name, false)})
		}
		out.rows("  ", rows)
		if more := len(list) - unplacedShown; more > 0 {
			out.hang("  ", fmt.Sprintf("%s more: --format json lists all.", quantity(more, "item")))
		}
	}
}

// thereAre says how many hosts there are, where no room was found on them: then not every item may go on those of which
// any number can be had.
func (v *packing) thereAre() string {
	n := 0
	for _, h := range v.question.Hosts {
		if h.Count == instance.Unlimited {
			return "those hosts that are large enough"
		}
		n += h.Count
	}
	if n == 1 {
		return "the only host that there is"
	}
	return "the " + quantity(n, "host") + " that there are"
}
