package pack

import (
	"slices"

	"github.com/infraopt/infraopt/score/plan/pack/instance"
)

// A supply is what a layout may draw on.
type supply struct {
	left  []int   // by type: hosts that are not in use
	limit []int64 // by dimension: what may be put on any host besides what cannot leave it; nil for what it can carry
}

// plenty is what is left of an unlimited type.
const plenty = 1 << 60

// supply returns all there is besides the hosts in use from the start.
func (m *model) supply() supply {
	left := make([]int, len(m.in.Types))
	for t, host := range m.in.Types {
		left[t] = host.Count
		if host.Count == instance.Unlimited {
			left[t] = plenty
		}
	}
	for _, t := range m.start {
		left[t]--
	}
	return supply{left: left}
}

// A layout is a packing in the making: bins, which stand for hosts, and what is in them. The first bins are the hosts in
// use from the start.
type layout struct {
	m     *model
	left  []int // by type: hosts that are not in use
	limit []int64
	kind  []int32 // by bin: its type
	free  []int64 // by bin and dimension
	tag   []int32 // by bin: a number that it keeps
	tags  int32
	items [][]int32
	apart [][]int32 // by bin: the groups of its items
	of    []int32   // by item: its bin, -1 for none
	slot  []int32   // by item: its place among the items of its bin
}

func newLayout(m *model, s supply) *layout {
	l := &layout{m: m, of: make([]int32, len(m.of)), slot: make([]int32, len(m.of))}
	l.kind, l.tag, l.free = make([]int32, 0, len(m.start)), make([]int32, 0, len(m.start)), make([]int64, 0, len(m.start)*m.d)
	l.items, l.apart = make([][]int32, 0, len(m.start)), make([][]int32, 0, len(m.start))
	l.reset(s)
	return l
}

// reset makes a layout a new one, in the room that it has.
func (l *layout) reset(s supply) {
	l.left = append(l.left[:0], s.left...)
	l.kind, l.tag, l.free, l.items, l.apart = l.kind[:0], l.tag[:0], l.free[:0], l.items[:0], l.apart[:0]
	l.limit, l.tags = nil, 0
	for i := range l.of {
		l.of[i] = -1
	}
	for _, t := range l.m.start {
		l.open(t)
		l.left[t]++ // the supply is without it already
	}
	for i, b := range l.m.fixed {
		if b >= 0 {
			l.put(int32(i), b)
		}
	}
	if l.limit = s.limit; l.limit != nil {
		for k := range l.free {
			l.free[k] = min(l.free[k], l.limit[k%l.m.d])
		}
	}
}

// open takes a host of the type into use and returns its bin.
func (l *layout) open(t int32) int32 {
	b := int32(len(l.kind))
	l.kind = append(l.kind, t)
	l.tag = append(l.tag, l.tags)
	l.tags++
	for k := range l.m.d {
		l.free = append(l.free, l.usable(t, k))
	}
	if n := len(l.items); n < cap(l.items) {
		l.items, l.apart = l.items[:n+1], l.apart[:n+1]
		l.items[n], l.apart[n] = l.items[n][:0], l.apart[n][:0]
	} else {
		l.items, l.apart = append(l.items, nil), append(l.apart, nil)
	}
	l.left[t]--
	return b
}

// close gives an empty bin's host back. The last bin takes its number.
func (l *layout) close(b int32) {
	last := int32(len(l.kind) - 1)
	l.left[l.kind[b]]++
	if b != last {
		l.kind[b], l.tag[b] = l.kind[last], l.tag[last]
		copy(l.room(b), l.room(last))
		l.items[b], l.items[last] = l.items[last], l.items[b]
		l.apart[b], l.apart[last] = l.apart[last], l.apart[b]
		for _, i := range l.items[b] {
			l.of[i] = b
		}
	}
	l.kind, l.tag, l.free = l.kind[:last], l.tag[:last], l.free[:int(last)*l.m.d]
	l.items, l.apart = l.items[:last], l.apart[:last]
}

// turn has a host of type t stand for the bin, which is known to have room for everything in it.
func (l *layout) turn(b, t int32) {
	l.left[l.kind[b]]++
	l.left[t]--
	room := l.room(b)
	for k := range room {
		room[k] += l.usable(t, k) - l.usable(l.kind[b], k)
	}
	l.kind[b] = t
}

// usable returns what can be put on hosts of type t in dimension k.
func (l *layout) usable(t int32, k int) int64 {
	v := l.m.in.Types[t].Capacity[k]
	if l.limit != nil {
		v = min(v, l.limit[k])
	}
	return v
}

// room returns what is free in a bin.
func (l *layout) room(b int32) []int64 { return l.free[int(b)*l.m.d : (int(b)+1)*l.m.d] }

// fits reports whether an item of class c may be put into bin b.
func (l *layout) fits(c, b int32) bool {
	class := &l.m.classes[c]
	for k, v := range l.room(b) {
		if class.size[k] > v {
			return false
		}
	}
	return l.m.allows(class, l.kind[b]) && !clash(class.groups, l.apart[b])
}

// clash reports whether two sets of groups have one in common.
func clash(a, b []int32) bool {
	for _, g := range a {
		if slices.Contains(b, g) {
			return true
		}
	}
	return false
}

func (l *layout) put(i, b int32) {
	class := &l.m.classes[l.m.of[i]]
	room := l.room(b)
	for k, v := range class.size {
		room[k] -= v
	}
	l.of[i], l.slot[i] = b, int32(len(l.items[b]))
	l.items[b] = append(l.items[b], i)
	l.apart[b] = append(l.apart[b], class.groups...)
}

func (l *layout) take(i int32) {
	b := l.of[i]
	class := &l.m.classes[l.m.of[i]]
	room := l.room(b)
	for k, v := range class.size {
		room[k] += v
	}
	items := l.items[b]
	last := items[len(items)-1]
	items[l.slot[i]], l.slot[last] = last, l.slot[i]
	l.items[b] = items[:len(items)-1]
	l.of[i] = -1
	for _, g := range class.groups {
		at := slices.Index(l.apart[b], g)
		l.apart[b] = slices.Delete(l.apart[b], at, at+1)
	}
}

// hosts returns how many hosts are in use.
func (l *layout) hosts() int { return len(l.kind) }

// A choice is a finished layout in short: what is needed to tell layouts apart and to make a plan of one.
type choice struct {
	kind    []int32
	of      []int32
	limit   []int64 // of the supply it was made from
	number  int     // of the candidate
	without int     // items that have no host
	stays   bool    // it was made to leave things where they are
	work    int     // that it took to fill, as fillers count it
}

func newChoice(kind, of []int32, limit []int64, number int) *choice {
	return &choice{kind: slices.Clone(kind), of: slices.Clone(of), limit: limit, number: number, without: without(of)}
}

func without(of []int32) int {
	n := 0
	for _, b := range of {
		if b < 0 {
			n++
		}
	}
	return n
}

func (l *layout) choice(number int) *choice { return newChoice(l.kind, l.of, l.limit, number) }

// layout makes a layout of a choice again, which may draw on all hosts that left counts.
func (c *choice) layout(m *model, left []int) *layout {
	l := newLayout(m, supply{left: left, limit: c.limit})
	for _, t := range c.kind[len(m.start):] {
		l.open(t)
	}
	for _, i := range m.loose {
		if c.of[i] >= 0 {
			l.put(i, c.of[i])
		}
	}
	return l
}
