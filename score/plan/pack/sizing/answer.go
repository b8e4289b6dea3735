package sizing

import (
	"fmt"

	"github.com/infraopt/infraopt/score/plan/pack"
	"github.com/infraopt/infraopt/score/plan/pack/check"
	"github.com/infraopt/infraopt/score/plan/pack/instance"
)

// AnswerSchema names the form of an Answer.
const AnswerSchema = "infraopt.pack/v1"

// An Answer says how many hosts carry a list of items, and proves how few could. What no host can carry is left out of all
// its numbers but unplaced. The plan and the certificate have been verified by code that shares nothing with what made them.
type Answer struct {
	Schema string `json:"schema"`
	// Bound is the number of hosts that no plan of all items can do without, spares included: boundWithoutSpares and spares.
	Bound int `json:"bound"`
	// BoundKind says what proves it: L1 (the sum in one dimension), L2 (large items in one dimension), configuration LP (what
	// whole hosts can hold).
	BoundKind string `json:"boundKind"`
	// BoundWithoutSpares is the number of hosts that no plan can do without to carry all items.
	BoundWithoutSpares int `json:"boundWithoutSpares"`
	// Plan is the number of hosts of the plan, spares included.
	Plan int `json:"plan"`
	// HostsWithoutSpares is the number of hosts of the plan that carry something.
	HostsWithoutSpares int `json:"hostsWithoutSpares"`
	// Gap is (plan - bound) / bound; null where nothing is needed, or where the hosts that there are do not carry everything
	// or leave too few spares.
	Gap *float64 `json:"gap"`
	// Spares is how many hosts were to be spared for the loss of any so many. The bound counts so many; the plan may have more,
	// as a small spare is none for a large host.
	Spares int `json:"spares"`
	// Survives is how many hosts may be lost at once, whichever: each host in use has so many spares that could carry all that
	// it does. It is below spares only where there are not enough hosts.
	Survives int `json:"survives"`
	// Headroom is the share of a host that may be filled.
	Headroom float64 `json:"headroom"`
	// Stopped says that the search ended because its time was over; more time might give a better plan.
	Stopped bool `json:"stopped"`
	// Checked says that plan and certificate were verified. An answer that fails is not given.
	Checked bool `json:"checked"`
	// Dimensions names what sizes are measured in, in the order of all lists of sizes: thousandths of CPUs, MiB, thousandths of
	// GPUs.
	Dimensions []string `json:"dimensions"`
	// Types of host, in the order of the question.
	Types []Type `json:"types"`
	// Hosts of the plan, spares last.
	Hosts []PlannedHost `json:"hosts"`
	// Assignments of items to hosts, in the order of the list.
	Assignments []Assignment `json:"assignments"`
	// Unplaced lists the items that are on no host, in the order of the list.
	Unplaced []UnplacedItem `json:"unplaced"`
	// Certificate proves boundWithoutSpares.
	Certificate Certificate `json:"certificate"`
}

// A Type is a type of host.
type Type struct {
	Name string `json:"name"`
	// Capacity is the size of the host.
	Capacity []int64 `json:"capacity"`
	// Usable is what may be filled of it.
	Usable []int64 `json:"usable"`
	// Available is how many there are; null for as many as needed.
	Available *int `json:"available"`
	// Hosts is how many of them carry something.
	Hosts int `json:"hosts"`
	// Spares is how many of them are spares.
	Spares int `json:"spares"`
}

// A PlannedHost is a host of the plan.
type PlannedHost struct {
	Host string `json:"host"`
	Type string `json:"type"`
	// Capacity is what may be filled of it.
	Capacity []int64 `json:"capacity"`
	Used     []int64 `json:"used"`
	// Items is how many it carries.
	Items int `json:"items"`
	// Spare says that it carries nothing and stands by for the loss of others.
	Spare bool `json:"spare"`
}

// An Assignment says which host carries an item.
type Assignment struct {
	Name string `json:"name"`
	Host string `json:"host"`
	kind string
}

// Type is the type of the host.
func (a *Assignment) Type() string { return a.kind }

// An UnplacedItem is an item that is on no host.
type UnplacedItem struct {
	Name string  `json:"name"`
	Size []int64 `json:"size"`
	// Why is too-large (for every type of host) or no-room (on the hosts that there are).
	Why string `json:"why"`
}

// Why an item is on no host.
const (
	TooLarge = "too-large"
	NoRoom   = "no-room"
)

// A Certificate proves that no plan uses fewer than boundWithoutSpares hosts to carry the items. L1: the items' sum in
// Dimension, and hosts filled up, the largest first. L2 (Martello and Toth 1990, section 8.3): in Dimension, hosts taken to be as
// large as the largest and items below Alpha left out. Configuration LP (Gilmore and Gomory 1961, Farley 1990): every item has the
// price of its class and no host holds items of more than a certain price, so that it takes that many hosts to be worth as much
// as all items.
type Certificate struct {
	Kind string `json:"kind"`
	// Dimension of L1 and L2 is a number in dimensions, from 0.
	Dimension int `json:"dimension"`
	// Alpha of L2.
	Alpha int64 `json:"alpha"`
	// Classes of items, of sizes that are at most those of their items.
	Classes []Class `json:"classes"`
	// Of gives the class of each item of the list, but for those that are too large for every host.
	Of []int `json:"of"`
}

// A Class is a kind of items with one price.
type Class struct {
	Size  []int64 `json:"size"`
	Price int64   `json:"price"`
}

// Answer verifies a solution and makes a document of it. Items that its plan places nowhere are no part of what is
// verified of the plan; the bound is of all items of the task.
func (t *Task) Answer(sol *pack.Solution) (*Answer, error) {
	survives, err := t.verify(sol)
	if err != nil {
		return nil, err
	}
	p, bound := &sol.Plan, &sol.Bound
	a := &Answer{Schema: AnswerSchema, BoundKind: bound.Kind, Bound: bound.Bound + sol.Spares, BoundWithoutSpares: bound.Bound,
		Plan: len(p.Hosts) + len(p.Spares), HostsWithoutSpares: len(p.Hosts), Spares: sol.Spares, Survives: survives,
		Headroom: t.Question.Headroom, Stopped: sol.Stopped, Checked: true, Dimensions: t.Instance.Dimensions, Certificate: certificate(bound)}
	t.types(a, p)
	t.hosts(a, p)
	t.items(a, p)
	if len(a.Unplaced) == len(t.large) && survives == a.Spares && a.Bound > 0 {
		gap := float64(a.Plan-a.Bound) / float64(a.Bound)
		a.Gap = &gap
	}
	return a, nil
}

// verify tells how many losses a plan survives, once all that a solution claims is found to be true.
func (t *Task) verify(sol *pack.Solution) (survives int, err error) {
	if err := check.Certificate(t.Instance, &sol.Bound); err != nil {
		return 0, fmt.Errorf("the bound of the packing is not proven: %w", err)
	}
	if want := check.Spares(t.Instance, sol.Bound.Bound); sol.Spares != want {
		return 0, fmt.Errorf("the packing is to have %d spares: want %d", sol.Spares, want)
	}
	in, placed := t.placed(&sol.Plan)
	for survives = sol.Spares; ; survives-- {
		err := check.Plan(in, placed, survives)
		if err == nil {
			return survives, nil
		}
		if survives == 0 || len(sol.Lacking) == 0 { // the packer did not say that spares are lacking
			return 0, fmt.Errorf("the packing is wrong: %w", err)
		}
	}
}

// placed is the instance and the plan without the items that are on no host.
func (t *Task) placed(p *instance.Plan) (*instance.Instance, *instance.Plan) {
	if len(p.Of) != len(t.Instance.Items) {
		return t.Instance, p // the checker says what is wrong
	}
	in, placed := *t.Instance, *p
	in.Items, placed.Of = nil, nil
	for i, h := range p.Of {
		if h != instance.Unplaced {
			in.Items = append(in.Items, t.Instance.Items[i])
			placed.Of = append(placed.Of, h)
		}
	}
	return &in, &placed
}

func certificate(c *instance.Certificate) Certificate {
	out := Certificate{Kind: c.Kind, Dimension: c.Dimension, Alpha: c.Alpha, Classes: []Class{}, Of: append([]int{}, c.Of...)}
	for _, k := range c.Classes {
		out.Classes = append(out.Classes, Class{Size: k.Size, Price: k.Price})
	}
	return out
}

func (t *Task) types(a *Answer, p *instance.Plan) {
	for i := range t.Instance.Types {
		h := &t.Instance.Types[i]
		out := Type{Name: h.Name, Usable: h.Capacity, Capacity: []int64{}}
		for d := range a.Dimensions { // GPUs are the last dimension, if they are one
			out.Capacity = append(out.Capacity, t.Question.Hosts[i].Size[d])
		}
		if h.Count != instance.Unlimited {
			out.Available = &h.Count
		}
		a.Types = append(a.Types, out)
	}
	for _, r := range p.Hosts {
		a.Types[r.Type].Hosts++
	}
	for _, r := range p.Spares {
		a.Types[r.Type].Spares++
	}
}

func (t *Task) hosts(a *Answer, p *instance.Plan) {
	a.Hosts = []PlannedHost{}
	for i, r := range append(p.Hosts[:len(p.Hosts):len(p.Hosts)], p.Spares...) {
		h := &t.Instance.Types[r.Type]
		a.Hosts = append(a.Hosts, PlannedHost{Host: fmt.Sprintf("%s-%d", h.Name, r.N+1), Type: h.Name, Capacity: h.Capacity,
			Used: make([]int64, len(a.Dimensions)), Spare: i >= len(p.Hosts)})
	}
	for i, at := range p.Of {
		if at == instance.Unplaced {
			continue
		}
		h := &a.Hosts[at]
		h.Items++
		for d, v := range t.Instance.Items[i].Size {
			h.Used[d] += v
		}
	}
}

func (t *Task) items(a *Answer, p *instance.Plan) {
	a.Assignments, a.Unplaced = []Assignment{}, []UnplacedItem{}
	large := t.large
	leave := func(entry int, why string) {
		e := &t.List.Entries[entry]
		a.Unplaced = append(a.Unplaced, UnplacedItem{Name: e.Name, Size: append([]int64{}, e.Size[:len(a.Dimensions)]...), Why: why})
	}
	for i, at := range p.Of {
		for len(large) > 0 && large[0] < t.entry[i] {
			leave(large[0], TooLarge)
			large = large[1:]
		}
		if at == instance.Unplaced {
			leave(t.entry[i], NoRoom)
			continue
		}
		h := &a.Hosts[at]
		a.Assignments = append(a.Assignments, Assignment{Name: t.Instance.Items[i].Name, Host: h.Host, kind: h.Type})
	}
	for _, i := range large {
		leave(i, TooLarge)
	}
}
