package check

import (
	"fmt"
	"slices"

	"github.com/infraopt/infraopt/score/plan/pack/instance"
)

// Plan tells whether a plan does what the instance asks for: each item is on one host that exists, may carry it and has
// room for it together with all others there; items to be kept apart are; hosts of open types are all in use, others only
// if they carry something; and every host in use has so many spares that could take what can move from it. The error names
// the first violation.
func Plan(in *instance.Instance, p *instance.Plan, spares int) error {
	if err := Instance(in); err != nil {
		return err
	}
	if p == nil {
		return fmt.Errorf("there is no plan")
	}
	if spares < 0 {
		return fmt.Errorf("%d spares: want 0 or more", spares)
	}
	s := &sheet{in: in, plan: p, place: map[instance.Ref]int{}, carries: make([][]int, len(p.Hosts))}
	for _, rule := range []func() error{s.hosts, s.items, s.idle, s.capacity, s.apart, s.reserve} {
		if err := rule(); err != nil {
			return err
		}
	}
	return s.losses(spares)
}

// A sheet is a plan that is being checked. Each rule relies on those before it.
type sheet struct {
	in      *instance.Instance
	plan    *instance.Plan
	place   map[instance.Ref]int // of a host: its number in the plan
	carries [][]int              // by number of the host: its items
}

// hosts: each exists and is listed once, and those of open types are all there.
func (s *sheet) hosts() error {
	open := make([]int, len(s.in.Types))
	for i, r := range s.plan.Hosts {
		if err := exists(s.in, r); err != nil {
			return fmt.Errorf("in use is %w", err)
		}
		if _, twice := s.place[r]; twice {
			return fmt.Errorf("%s is listed twice", s.name(r))
		}
		s.place[r] = i
		open[r.Type]++
	}
	for t := range s.in.Types {
		if h := &s.in.Types[t]; h.Open && open[t] < h.Count {
			return fmt.Errorf("hosts of type %s are in use whatever the plan: want all %d among its hosts, have %d", label(h.Name, t), h.Count, open[t])
		}
	}
	return nil
}

// items: each is on a host of the plan that may carry it.
func (s *sheet) items() error {
	if len(s.plan.Of) != len(s.in.Items) {
		return fmt.Errorf("the plan places %d items: want %d", len(s.plan.Of), len(s.in.Items))
	}
	for i, h := range s.plan.Of {
		it := &s.in.Items[i]
		switch {
		case h == instance.Unplaced:
			return fmt.Errorf("item %s is on no host", label(it.Name, i))
		case h < 0 || h >= len(s.plan.Hosts):
			return fmt.Errorf("item %s is on host number %d of the plan, which has %d", label(it.Name, i), h, len(s.plan.Hosts))
		case !allowed(it, s.plan.Hosts[h].Type):
			return fmt.Errorf("item %s is on %s, which must not carry it", label(it.Name, i), s.name(s.plan.Hosts[h]))
		}
		s.carries[h] = append(s.carries[h], i)
	}
	return nil
}

// idle: a host that carries nothing is in use only if its type is open.
func (s *sheet) idle() error {
	for h, r := range s.plan.Hosts {
		if len(s.carries[h]) == 0 && !s.in.Types[r.Type].Open {
			return fmt.Errorf("%s carries nothing: want no such host among those in use", s.name(r))
		}
	}
	return nil
}

// capacity: what a host carries fits into it in every dimension.
func (s *sheet) capacity() error {
	for h, r := range s.plan.Hosts {
		for d, room := range s.in.Types[r.Type].Capacity {
			left := room
			for _, i := range s.carries[h] {
				size := s.in.Items[i].Size[d]
				if size > left { // a sum could overflow, what is left cannot
					return fmt.Errorf("%s has room for %d in %s: item %s of %d is too much for the %d that others leave",
						s.name(r), room, s.in.Dimensions[d], label(s.in.Items[i].Name, i), size, left)
				}
				left -= size
			}
		}
	}
	return nil
}

// apart: no two items of a group share a host.
func (s *sheet) apart() error {
	for g, group := range s.in.Apart {
		first := map[int]int{}
		for _, i := range group {
			h := s.plan.Of[i]
			if j, ok := first[h]; ok && j != i {
				return fmt.Errorf("items %s and %s are to be kept apart (group %d) and share %s",
					label(s.in.Items[j].Name, j), label(s.in.Items[i].Name, i), g, s.name(s.plan.Hosts[h]))
			}
			first[h] = i
		}
	}
	return nil
}

// reserve: each spare exists, is not in use and is listed once.
func (s *sheet) reserve() error {
	seen := map[instance.Ref]bool{}
	for _, r := range s.plan.Spares {
		if err := exists(s.in, r); err != nil {
			return fmt.Errorf("among the spares is %w", err)
		}
		if _, used := s.place[r]; used {
			return fmt.Errorf("%s is a spare and in use", s.name(r))
		}
		if seen[r] {
			return fmt.Errorf("%s is listed twice among the spares", s.name(r))
		}
		seen[r] = true
	}
	return nil
}

// losses: each host in use has so many spares that could each take what can move from it. Then any so many hosts may be
// lost: of k lost hosts, spares among them, each that was in use has more spares left than there are others to be served.
func (s *sheet) losses(spares int) error {
	ready := make([]int, len(s.in.Types)) // spares, by type
	for _, r := range s.plan.Spares {
		ready[r.Type]++
	}
	for h, r := range s.plan.Hosts {
		var moves []int
		for _, i := range s.carries[h] {
			if !s.fixed(i) {
				moves = append(moves, i)
			}
		}
		able := 0
		for t, n := range ready {
			if n > 0 && s.takes(t, moves) {
				able += n
			}
		}
		if able < spares {
			return fmt.Errorf("%s has %d spares that could take what runs on it: want %d", s.name(r), able, spares)
		}
	}
	return nil
}

// fixed tells whether only one host may carry an item, which then cannot move.
func (s *sheet) fixed(i int) bool {
	hosts := 0
	for t := range s.in.Types {
		if !allowed(&s.in.Items[i], t) {
			continue
		}
		n := s.in.Types[t].Count
		if n == instance.Unlimited || n > 1 || hosts+n > 1 {
			return false
		}
		hosts += n
	}
	return true
}

// takes tells whether an empty host of a type may carry these items and has room for all of them.
func (s *sheet) takes(t int, items []int) bool {
	for d, left := range s.in.Types[t].Capacity {
		for _, i := range items {
			if s.in.Items[i].Size[d] > left {
				return false
			}
			left -= s.in.Items[i].Size[d]
		}
	}
	return !slices.ContainsFunc(items, func(i int) bool { return !allowed(&s.in.Items[i], t) })
}

func (s *sheet) name(r instance.Ref) string {
	return fmt.Sprintf("host %d of type %s", r.N, label(s.in.Types[r.Type].Name, r.Type))
}

func allowed(it *instance.Item, t int) bool { return it.Allow == nil || slices.Contains(it.Allow, t) }
