// Package check judges plans and certificates of packing. It is written from their definitions in package instance, shares
// no code with what makes them, and says yes to nothing that it has not worked out itself, in exact arithmetic.
package check

import (
	"fmt"

	"github.com/infraopt/infraopt/score/plan/pack/instance"
)

// Instance tells whether an instance is well formed: the error names the first thing that is not. One that no plan can
// meet, because an item is larger than every host, is well formed.
func Instance(in *instance.Instance) error {
	if in == nil {
		return fmt.Errorf("there is no instance")
	}
	if len(in.Dimensions) == 0 {
		return fmt.Errorf("the instance has no dimension: want one or more")
	}
	if in.Spares < 0 && in.Spares != instance.BySize {
		return fmt.Errorf("%d spares: want 0 or more, or %d for a number by size", in.Spares, instance.BySize)
	}
	if in.Spares == instance.BySize && in.HostsPerSpare < 1 {
		return fmt.Errorf("one spare for every %d hosts: want 1 or more", in.HostsPerSpare)
	}
	for i := range in.Types {
		if err := hostType(in, &in.Types[i]); err != nil {
			return fmt.Errorf("host type %s: %w", label(in.Types[i].Name, i), err)
		}
	}
	for i := range in.Items {
		if err := item(in, &in.Items[i]); err != nil {
			return fmt.Errorf("item %s: %w", label(in.Items[i].Name, i), err)
		}
	}
	for g, group := range in.Apart {
		for _, i := range group {
			if i < 0 || i >= len(in.Items) {
				return fmt.Errorf("group %d of items to keep apart: number %d: want 0 to %d", g, i, len(in.Items)-1)
			}
		}
	}
	return nil
}

// Spares is how many spares an instance asks for where bound is the number of hosts that no plan can do without: as many
// as it says or, by size, one for every HostsPerSpare hosts, at least one. Where nothing is needed nothing is spared.
func Spares(in *instance.Instance, bound int) int {
	switch {
	case in.Spares != instance.BySize:
		return in.Spares
	case bound <= 0:
		return 0
	default:
		return (bound-1)/max(1, in.HostsPerSpare) + 1
	}
}

func hostType(in *instance.Instance, t *instance.HostType) error {
	switch {
	case t.Count < 0 && t.Count != instance.Unlimited:
		return fmt.Errorf("%d hosts: want 0 or more, or %d for any number", t.Count, instance.Unlimited)
	case t.Open && t.Count == instance.Unlimited:
		return fmt.Errorf("any number of hosts, all in use: want how many")
	}
	return amounts("capacity", t.Capacity, in.Dimensions)
}

func item(in *instance.Instance, it *instance.Item) error {
	for _, t := range it.Allow {
		if t < 0 || t >= len(in.Types) {
			return fmt.Errorf("it may run on hosts of type %d: want 0 to %d", t, len(in.Types)-1)
		}
	}
	if it.At != instance.Nowhere {
		if err := exists(in, it.At); err != nil {
			return fmt.Errorf("where it runs: %w", err)
		}
	}
	return amounts("size", it.Size, in.Dimensions)
}

func amounts(what string, v []int64, dimensions []string) error {
	if len(v) != len(dimensions) {
		return fmt.Errorf("%s of %d dimensions: want %d", what, len(v), len(dimensions))
	}
	for d, x := range v {
		if x < 0 {
			return fmt.Errorf("%s %d in %s: want 0 or more", what, x, dimensions[d])
		}
	}
	return nil
}

// exists tells whether there is such a host.
func exists(in *instance.Instance, r instance.Ref) error {
	if r.Type < 0 || r.Type >= len(in.Types) {
		return fmt.Errorf("a host of type %d: there are %d types", r.Type, len(in.Types))
	}
	t := &in.Types[r.Type]
	if r.N < 0 || t.Count != instance.Unlimited && r.N >= t.Count {
		return fmt.Errorf("host %d of type %s: there are %d, counted from 0", r.N, label(t.Name, r.Type), t.Count)
	}
	return nil
}

// label names a thing by its name, if it has one, and its number: names need not differ.
func label(name string, i int) string {
	if name == "" {
		return fmt.Sprintf("number %d", i)
	}
	return fmt.Sprintf("%q (number %d)", name, i)
}
