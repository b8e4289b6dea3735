package pack

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/infraopt/infraopt/score/plan/pack/instance"
)

// maxOpen bounds the hosts that are in use whatever the plan: each of them is an entry of the plan.
const maxOpen = 10_000_000

// A class is what the packer knows of an item: items of one class can stand for each other everywhere.
type class struct {
	size   []int64
	allow  int32   // which of the model's lists of types; -1 for all types
	groups []int32 // the groups that are to be kept apart
	weight float64 // what it takes of a host, by how scarce each dimension is
}

// A list is a set of types of host in order.
type list []int32

func (l list) has(t int32) bool {
	if len(l) < 8 {
		return slices.Contains(l, t)
	}
	_, ok := slices.BinarySearch(l, t)
	return ok
}

// A model is an instance made ready for packing. What only one host may carry is on it from the start, and that host is
// in use from the start like those of open types.
type model struct {
	in      *instance.Instance
	d       int
	classes []class
	of      []int32 // by item: its class
	lists   []list
	load    []float64 // by dimension: all items, as shares of the largest host
	scale   []float64 // by dimension: one by the largest capacity; 0 where there is none
	worth   []float64 // by dimension: weight of one unit of size
	start   []int32   // types of the hosts in use from the start, which are the first bins of every layout
	fixed   []int32   // by item: which of start carries it for good; -1 where it may move, or could not be put there
	loose   []int32   // the items that may move and that some host has room for, in order
	ranks   [][]int32 // orders in which hosts are taken into use
	first   []int32   // by type: the first of start that is of it; -1 if none is in use from the start
	at      []int32   // by item: the type of the host it runs on; -1 for nowhere
	placed  bool      // some item runs somewhere
	limited bool      // no type is unlimited
}

// newModel checks an instance and prepares it.
func newModel(in *instance.Instance) (*model, error) {
	if err := validate(in); err != nil {
		return nil, err
	}
	m := &model{in: in, d: len(in.Dimensions)}
	m.measure()
	m.classify()
	m.ranks = m.rankings()
	m.begin()
	return m, nil
}

func validate(in *instance.Instance) error {
	d := len(in.Dimensions)
	open := 0
	if d == 0 {
		return errors.New("the instance has no dimensions: want one or more")
	}
	for i, t := range in.Types {
		if err := sizes(t.Capacity, d); err != nil {
			return fmt.Errorf("host type %d (%q): capacity %w", i, t.Name, err)
		}
		switch {
		case t.Count < instance.Unlimited:
			return fmt.Errorf("host type %d (%q): count %d: want 0 or more, or %d for unlimited", i, t.Name, t.Count, instance.Unlimited)
		case t.Open && t.Count == instance.Unlimited:
			return fmt.Errorf("host type %d (%q): hosts that are in use whatever the plan cannot be unlimited: want their count", i, t.Name)
		case t.Open && t.Count > maxOpen-open:
			return fmt.Errorf("host type %d (%q): count %d: want at most %d hosts in use whatever the plan", i, t.Name, t.Count, maxOpen)
		case t.Open:
			open += t.Count
		}
	}
	for i := range in.Items {
		if err := validItem(in, &in.Items[i]); err != nil {
			return fmt.Errorf("item %d (%q): %w", i, in.Items[i].Name, err)
		}
	}
	for g, group := range in.Apart {
		for _, i := range group {
			if i < 0 || i >= len(in.Items) {
				return fmt.Errorf("group %d of items to keep apart: item %d: want 0 to %d", g, i, len(in.Items)-1)
			}
		}
	}
	switch {
	case in.Spares < instance.BySize:
		return fmt.Errorf("spares %d: want 0 or more, or %d for a number by size", in.Spares, instance.BySize)
	case in.Spares == instance.BySize && in.HostsPerSpare < 1:
		return fmt.Errorf("hosts per spare %d: want 1 or more where spares go by size", in.HostsPerSpare)
	}
	return nil
}

func validItem(in *instance.Instance, item *instance.Item) error {
	if err := sizes(item.Size, len(in.Dimensions)); err != nil {
		return fmt.Errorf("size %w", err)
	}
	for _, t := range item.Allow {
		if t < 0 || t >= len(in.Types) {
			return fmt.Errorf("allows host type %d: want 0 to %d", t, len(in.Types)-1)
		}
	}
	if item.At == instance.Nowhere {
		return nil
	}
	if t := item.At.Type; t < 0 || t >= len(in.Types) {
		return fmt.Errorf("runs on a host of type %d: want 0 to %d, or %v for nowhere", t, len(in.Types)-1, instance.Nowhere)
	}
	if n, count := item.At.N, in.Types[item.At.Type].Count; n < 0 || count != instance.Unlimited && n >= count {
		return fmt.Errorf("runs on host %d of type %d, which has %d hosts: want a host of it, counted from 0", n, item.At.Type, count)
	}
	return nil
}

func sizes(s []int64, d int) error {
	if len(s) != d {
		return fmt.Errorf("has %d dimensions: want %d, as the instance", len(s), d)
	}
	for k, v := range s {
		if v < 0 {
			return fmt.Errorf("%d in dimension %d: want 0 or more", v, k)
		}
	}
	return nil
}

// measure finds the scale of each dimension and how much of it is asked for.
func (m *model) measure() {
	m.scale, m.load = make([]float64, m.d), make([]float64, m.d)
	m.limited = true
	for _, t := range m.in.Types {
		m.limited = m.limited && t.Count != instance.Unlimited
		for k, v := range t.Capacity {
			m.scale[k] = max(m.scale[k], float64(v))
		}
	}
	for k, v := range m.scale {
		if v > 0 {
			m.scale[k] = 1 / v
		}
	}
	for i := range m.in.Items {
		for k, v := range m.in.Items[i].Size {
			m.load[k] += float64(v) * m.scale[k]
		}
	}
}

// scarcity returns the weight of each dimension, 1 for the one that most is asked of.
func (m *model) scarcity(power float64) []float64 {
	top := 0.0
	for _, v := range m.load {
		top = max(top, v)
	}
	w := make([]float64, m.d)
	for k, v := range m.load {
		w[k] = 1
		if top > 0 {
			w[k] = math.Pow(v/top, power)
		}
	}
	return w
}

// classify groups items that can stand for each other.
func (m *model) classify() {
	groups := make([][]int32, len(m.in.Items))
	for g, group := range m.in.Apart {
		for _, i := range group {
			if n := len(groups[i]); n == 0 || groups[i][n-1] != int32(g) {
				groups[i] = append(groups[i], int32(g))
			}
		}
	}
	m.worth = m.scarcity(2)
	for k := range m.worth {
		m.worth[k] *= m.scale[k]
	}
	lists, classes := map[string]int32{}, map[string]int32{}
	m.of, m.at = make([]int32, len(m.in.Items)), make([]int32, len(m.in.Items))
	var key []byte
	for i := range m.in.Items {
		item := &m.in.Items[i]
		m.at[i] = int32(item.At.Type)
		m.placed = m.placed || m.at[i] >= 0
		allow := m.list(item.Allow, lists)
		key = binary.AppendVarint(key[:0], int64(allow))
		for _, v := range item.Size {
			key = binary.AppendVarint(key, v)
		}
		for _, g := range groups[i] {
			key = binary.AppendVarint(key, int64(g))
		}
		c, ok := classes[string(key)]
		if !ok {
			c = int32(len(m.classes))
			classes[string(key)] = c
			new := class{size: item.Size, allow: allow, groups: groups[i]}
			for k, v := range item.Size {
				new.weight += m.worth[k] * float64(v)
			}
			m.classes = append(m.classes, new)
		}
		m.of[i] = c
	}
}

// list returns which of the model's lists holds the types; -1 where all are allowed.
func (m *model) list(allow []int, known map[string]int32) int32 {
	if allow == nil {
		return -1
	}
	sorted := slices.Compact(slices.Sorted(slices.Values(allow)))
	var key []byte
	for _, t := range sorted {
		key = binary.AppendVarint(key, int64(t))
	}
	l, ok := known[string(key)]
	if !ok {
		l = int32(len(m.lists))
		known[string(key)] = l
		new := make(list, len(sorted))
		for k, t := range sorted {
			new[k] = int32(t)
		}
		m.lists = append(m.lists, new)
	}
	return l
}

// allows reports whether hosts of type t may carry items of the class.
func (m *model) allows(c *class, t int32) bool { return c.allow < 0 || m.lists[c.allow].has(t) }

// only returns the type of the only host that may carry items of the class, or -1.
func (m *model) only(c *class) int32 {
	found := int32(-1)
	check := func(t int32) bool {
		switch count := m.in.Types[t].Count; {
		case count == 0:
			return true
		case count != 1 || found >= 0:
			found = -1
			return false
		}
		found = t
		return true
	}
	if c.allow < 0 {
		for t := range m.in.Types {
			if !check(int32(t)) {
				break
			}
		}
		return found
	}
	for _, t := range m.lists[c.allow] {
		if !check(t) {
			break
		}
	}
	return found
}

// possible reports whether any host could carry an item of the class, if nothing else were on it.
func (m *model) possible(c *class) bool {
	for t := range m.in.Types {
		host := &m.in.Types[t]
		if host.Count != 0 && m.allows(c, int32(t)) && within(c.size, host.Capacity, nil) {
			return true
		}
	}
	return false
}

// begin opens the hosts that are in use whatever the plan, and puts on them what may not be anywhere else: the smallest
// first, so that as many as can be are carried where there is too little room.
func (m *model) begin() {
	m.first = make([]int32, len(m.in.Types))
	for t, host := range m.in.Types {
		m.first[t] = -1
		if host.Open {
			m.first[t] = int32(len(m.start))
			for range host.Count {
				m.start = append(m.start, int32(t))
			}
		}
	}
	where := make([]int32, len(m.classes))
	for c := range m.classes {
		where[c] = m.only(&m.classes[c])
	}
	m.fixed = make([]int32, len(m.in.Items))
	var bound []int32
	hope := make([]bool, len(m.classes))
	for c := range hope {
		hope[c] = m.possible(&m.classes[c])
	}
	for i, c := range m.of {
		m.fixed[i] = -1
		if where[c] < 0 {
			if hope[c] {
				m.loose = append(m.loose, int32(i))
			}
			continue
		}
		bound = append(bound, int32(i))
	}
	slices.SortStableFunc(bound, func(a, b int32) int { return cmp.Compare(m.classes[m.of[a]].weight, m.classes[m.of[b]].weight) })
	probe := newLayout(m, m.supply())
	for _, i := range bound {
		t := where[m.of[i]]
		if m.first[t] < 0 {
			b := probe.open(t)
			if !probe.fits(m.of[i], b) {
				probe.close(b)
				continue
			}
			m.first[t] = int32(len(m.start))
			m.start = append(m.start, t)
		}
		if b := m.first[t]; probe.fits(m.of[i], b) {
			probe.put(i, b)
			m.fixed[i] = b
		}
	}
}
