package resolve

import (
	"cmp"
	"maps"
	"slices"

	"github.com/infraopt/infraopt/collect/inventory"
)

// A site is what belongs to no machine: it is gathered over all observations, in whatever order they are resolved.
type site struct {
	estate   *inventory.Estate
	clusters []listed[inventory.Cluster]
	arrays   []listed[inventory.Storage]
	loose    map[string]bool // storage that stands on no machine
	words    map[string]string
	chassis  enclosures
}

// listed is a thing as one observation listed it.
type listed[T any] struct {
	order
	thing T
}

func newSite() *site {
	return &site{estate: &inventory.Estate{}, loose: map[string]bool{}, words: map[string]string{}, chassis: newEnclosures()}
}

// take adds what is left of observations that were resolved.
func (s *site) take(r *resolver) {
	for at := range r.storage {
		if at[0] == "" {
			s.loose[at[1]] = true
		} else {
			s.estate.Storage++
		}
	}
	s.estate.Networks += len(r.networks)
	for g := range r.gaps {
		g.What, g.Why, g.Remedy = s.word(g.What), s.word(g.Why), s.word(g.Remedy)
		s.estate.Gaps = append(s.estate.Gaps, g)
	}
}

// merge adds another site, of observations that have no machine in common with those of this one.
func (s *site) merge(o *site) {
	e, more := s.estate, o.estate
	e.Hosts, e.Sources, e.Gaps = append(e.Hosts, more.Hosts...), append(e.Sources, more.Sources...), append(e.Gaps, more.Gaps...)
	e.Storage, e.Networks = e.Storage+more.Storage, e.Networks+more.Networks
	s.clusters, s.arrays = append(s.clusters, o.clusters...), append(s.arrays, o.arrays...)
	maps.Copy(s.loose, o.loose)
	if !more.Oldest.IsZero() && (e.Oldest.IsZero() || more.Oldest.Before(e.Oldest)) {
		e.Oldest = more.Oldest
	}
	if more.Newest.After(e.Newest) {
		e.Newest = more.Newest
	}
}

// word gives back the text it was given when it met that first: of what gaps say, much is said of many machines.
func (s *site) word(text string) string {
	if kept, ok := s.words[text]; ok {
		return kept
	}
	s.words[text] = text
	return text
}

// finish puts everything in order.
func (s *site) finish() *inventory.Estate {
	e := s.estate
	e.Clusters = joined(s.clusters, func(c *inventory.Cluster) string { return c.ID }, func(c *inventory.Cluster) []*[]string { return []*[]string{&c.Seen, &c.Machines} })
	e.Arrays = joined(s.arrays, func(a *inventory.Storage) string { return a.ID }, func(a *inventory.Storage) []*[]string { return []*[]string{&a.Seen} })
	e.Storage += len(s.loose)
	slices.SortFunc(e.Gaps, func(a, b inventory.Gap) int {
		return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.What, b.What), cmp.Compare(a.Why, b.Why), cmp.Compare(a.Remedy, b.Remedy))
	})
	e.Gaps = slices.Compact(e.Gaps)
	slices.SortFunc(e.Sources, func(a, b inventory.Outcome) int {
		return cmp.Or(cmp.Compare(a.Scheme, b.Scheme), cmp.Compare(a.Target, b.Target), cmp.Compare(a.Seen, b.Seen), cmp.Compare(a.DurationMS, b.DurationMS),
			cmp.Compare(a.Error, b.Error), cmp.Compare(a.Status, b.Status), cmp.Compare(a.Remedy, b.Remedy), a.StartedAt.Compare(b.StartedAt))
	})
	return e
}

// joined makes one thing of all that were listed under one ID: the readings of the observation that is met first, what
// later ones tell more, and whatever is in any one's lists. The result is sorted by ID.
func joined[T any](all []listed[T], id func(*T) string, lists func(*T) []*[]string) []T {
	slices.SortStableFunc(all, func(a, b listed[T]) int {
		return cmp.Or(cmp.Compare(id(&a.thing), id(&b.thing)), a.compare(b.order))
	})
	var out []T
	for i := range all {
		next := &all[i].thing
		if len(out) == 0 || id(&out[len(out)-1]) != id(next) {
			out = append(out, *next)
			continue
		}
		have := &out[len(out)-1]
		inventory.Merge(have, next)
		for k, more := range lists(next) {
			list := lists(have)[k]
			*list = append(*list, *more...)
		}
	}
	for i := range out {
		for _, list := range lists(&out[i]) {
			*list = union(*list)
		}
	}
	return out
}
