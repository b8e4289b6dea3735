package sizing

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/infraopt/infraopt/score/plan/pack/instance"
)

// HostForm is how a type of host is written.
const HostForm = "CPU_MILLI,MEMORY_MIB[,GPU_MILLI]"

// A Host is a type of host.
type Host struct {
	Size  Size
	Count int // hosts that there are, or instance.Unlimited
}

// ParseHost reads a type of host of which there are as many as needed: its size, as in "96000,786432".
func ParseHost(text string) (Host, error) {
	h := Host{Count: instance.Unlimited}
	parts := strings.Split(text, ",")
	if len(parts) < 2 || len(parts) > len(dimensions) {
		return h, fmt.Errorf("want %s, such as 96000,786432 for 96 CPUs and 768 GiB", HostForm)
	}
	for d, p := range parts {
		v, err := amount(p)
		if err != nil {
			return h, fmt.Errorf("%s: %w", dimensions[d], err)
		}
		h.Size[d] = v
	}
	return h, nil
}

// Name tells a type of host from all others: its sizes.
func (h *Host) Name() string {
	var parts []string
	for d, v := range h.Size {
		if d < 2 || v > 0 {
			parts = append(parts, strconv.FormatInt(v, 10))
		}
	}
	return strings.Join(parts, "x")
}

// A Question asks how many hosts carry a list.
type Question struct {
	Hosts         []Host
	Headroom      float64 // share of a host that may be filled, above 0 and at most 1
	Spares        int     // hosts for the loss of any so many, or instance.BySize
	HostsPerSpare int     // where Spares is instance.BySize
}

// A Task is a question about a list, in the words of the packer. What is larger than every host is left out of it.
type Task struct {
	Question *Question
	List     *List
	Instance *instance.Instance
	entry    []int // by item of the instance: its number in the list
	large    []int // entries that no host can carry
}

// Ask puts a question about a list. Dimensions that nobody speaks of are left out.
func Ask(q *Question, l *List) *Task {
	t := &Task{Question: q, List: l, Instance: &instance.Instance{Spares: q.Spares, HostsPerSpare: q.HostsPerSpare}}
	used := t.dimensions()
	for _, d := range used {
		t.Instance.Dimensions = append(t.Instance.Dimensions, dimensions[d])
	}
	for i := range q.Hosts {
		h := &q.Hosts[i]
		usable := make([]int64, 0, len(used))
		for _, d := range used {
			usable = append(usable, q.usable(h.Size[d]))
		}
		t.Instance.Types = append(t.Instance.Types, instance.HostType{Name: h.Name(), Capacity: usable, Count: h.Count})
	}
	for i := range l.Entries {
		e := &l.Entries[i]
		if !q.fits(e.Size) {
			t.large = append(t.large, i)
			continue
		}
		size := make([]int64, 0, len(used))
		for _, d := range used {
			size = append(size, e.Size[d])
		}
		t.Instance.Items = append(t.Instance.Items, instance.Item{Name: e.Name, Size: size, At: instance.Nowhere})
		t.entry = append(t.entry, i)
	}
	return t
}

// dimensions are CPU and memory, and GPUs where a host has some or an item needs some.
func (t *Task) dimensions() []int {
	const gpu = 2
	for i := range t.Question.Hosts {
		if t.Question.Hosts[i].Size[gpu] > 0 {
			return []int{0, 1, gpu}
		}
	}
	for i := range t.List.Entries {
		if t.List.Entries[i].Size[gpu] > 0 {
			return []int{0, 1, gpu}
		}
	}
	return []int{0, 1}
}

// usable is what may be filled of a host. A share such as .9 is no binary number: its product may fall short of a whole
// one by a last bit, which is forgiven.
func (q *Question) usable(size int64) int64 {
	const forgiven = 1e-6
	return min(size, int64(math.Floor(float64(size)*q.Headroom+forgiven)))
}

// fits tells whether some host, alone, can carry this.
func (q *Question) fits(size Size) bool {
	for i := range q.Hosts {
		all := q.Hosts[i].Count != 0
		for d, v := range size {
			all = all && v <= q.usable(q.Hosts[i].Size[d])
		}
		if all {
			return true
		}
	}
	return false
}
