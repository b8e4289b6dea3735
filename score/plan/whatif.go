package plan

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
	"github.com/infraopt/infraopt/score/yamlfile"
)

// A WhatIfFile is a user's own list of changes, in the form of its file.
type WhatIfFile struct {
	Changes []Change `json:"changes,omitempty"` // made one after the other, each to what the one before left
}

// A Change is one step of a what-if: just one of its keys.
type Change struct {
	Remove *Remove   `json:"remove,omitempty"` // take things out of the estate
	Resize *Resize   `json:"resize,omitempty"` // give virtual machines other allocations
	Move   *Relocate `json:"move,omitempty"`   // put virtual machines and containers on another host
	Retire *Retire   `json:"retire,omitempty"` // empty hosts and take them away
	Set    *Set      `json:"set,omitempty"`    // make facts of machines other than they are
	Add    *Add      `json:"add,omitempty"`    // put new, empty hosts into the estate
	Do     *Do       `json:"do,omitempty"`     // carry out an action of the roadmap
}

// OneOf says that a change is one thing: the order of changes counts.
func (Change) OneOf() {}

// A Remove takes things out of the estate, with everything that stands on them.
type Remove struct {
	Machines   []Pattern `json:"machines,omitempty"`   // hosts, or virtual machines that were seen from inside
	VMs        []Pattern `json:"vms,omitempty"`        //
	Containers []Pattern `json:"containers,omitempty"` //
	Workloads  []Pattern `json:"workloads,omitempty"`  // services and groups of processes
	Images     []Pattern `json:"images,omitempty"`     // by tag or ID; of those that no container uses
	Volumes    []Pattern `json:"volumes,omitempty"`    // of those that no container mounts
	On         []Pattern `json:"on,omitempty"`         // only what stands directly on these machines
}

// A Resize gives virtual machines other allocations.
type Resize struct {
	VMs    []Pattern `json:"vms" file:"required"`
	VCPUs  *float64  `json:"vcpus,omitempty" file:"0.01..65536"`
	Memory *Size     `json:"memory,omitempty"`
}

// A Relocate puts virtual machines and containers on another host.
type Relocate struct {
	VMs        []Pattern `json:"vms,omitempty"`
	Containers []Pattern `json:"containers,omitempty"`
	To         Pattern   `json:"to" file:"required"` // the one machine that this matches
}

// A Retire empties hosts and switches them off. What is on them goes to other hosts of their zones; they stay in the estate
// as boxes without power, until they are removed.
type Retire struct {
	Hosts []Pattern `json:"hosts" file:"required"`
}

// A Set makes facts of machines other than they are.
type Set struct {
	Machines   []Pattern               `json:"machines" file:"required"`
	OS         *SetOS                  `json:"os,omitempty"`
	Management *inventory.Management   `json:"management,omitempty" file:"by-hand|provisioned|config-mgmt|image-managed|gitops"`
	Storage    *inventory.StorageClass `json:"storage,omitempty" file:"raw-local|local-volumes|fc-array|ip-array|sds-separate|sds-on-nodes|cloud"`
	Network    *inventory.NetworkClass `json:"network,omitempty" file:"physical|bridge|switch|cloud|overlay"`
	Chassis    *inventory.Chassis      `json:"chassis,omitempty" file:"tower|rack|blade|hci"`       // of physical hosts
	Fabric     *inventory.Fabric       `json:"fabric,omitempty" file:"fc-beside-ethernet|fcoe|one"` // of physical hosts
	Powered    *bool                   `json:"powered,omitempty"`                                   // of hosts; one that is switched off has to be empty
	Zone       *string                 `json:"zone,omitempty"`                                      // of hosts that no zone of the model file takes in
}

// A SetOS is an operating system. What is not given stays as it is; what followed from the old one is no longer known.
type SetOS struct {
	ID      *string            `json:"id,omitempty"`      // os-release ID: debian, rhel, flatcar, …
	Version *string            `json:"version,omitempty"` // os-release VERSION_ID
	Style   *inventory.OSStyle `json:"style,omitempty" file:"general|minimal|image-based"`
}

// An Add puts new, empty hosts into the estate.
type Add struct {
	Hosts  int                    `json:"hosts" file:"required,1..10000"` // how many
	Names  []string               `json:"names,omitempty"`                // as many; without them, new-1, new-2, …
	Like   Pattern                `json:"like,omitempty"`                 // the one host that they are built and set up like; what is not known of it is not known of them
	Kind   *inventory.MachineKind `json:"kind,omitempty" file:"physical|cloud"`
	Cores  *float64               `json:"cores,omitempty" file:"0.01..65536"`
	Memory *Size                  `json:"memory,omitempty"`
	Zone   *string                `json:"zone,omitempty"`
}

// A Do carries out an action of the roadmap.
type Do struct {
	Action   string    `json:"action" file:"required"` // its ID
	Machines []Pattern `json:"machines,omitempty"`     // only on these and on what stands on them
}

// A Size is an amount of memory with its unit.
type Size inventory.Bytes

// Want says for a message what a size has to be.
func (Size) Want() string { return "a size such as 512 MiB, 8 GiB or 1.5 TiB" }

// UnmarshalText reads a size.
func (s *Size) UnmarshalText(text []byte) error {
	number, unit, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
	units := map[string]inventory.Bytes{"MiB": inventory.MiB, "GiB": inventory.GiB, "TiB": inventory.TiB}
	v, err := strconv.ParseFloat(number, 64)
	bytes := v * float64(units[strings.TrimSpace(unit)])
	if err != nil || !(bytes >= float64(inventory.MiB) && bytes <= 1024*float64(inventory.TiB)) {
		return fmt.Errorf("%q: want %s", text, s.Want())
	}
	*s = Size(math.Round(bytes))
	return nil
}

// A WhatIf is a list of changes that can be applied to estates.
type WhatIf struct {
	WhatIfFile
	pos *yamlfile.Positions
}

// LoadWhatIf reads a what-if file. Errors begin with the name of the file, and the line and column where the fault is.
func LoadWhatIf(name string, text []byte) (*WhatIf, error) {
	w := &WhatIf{}
	limits := yamlfile.Limits{What: "what-if file", Bytes: MaxFile, Tokens: 30000, Levels: 8, Advice: "patterns such as web-* name many things"}
	pos, err := yamlfile.Decode(name, text, limits, &w.WhatIfFile)
	if err != nil {
		return nil, err
	}
	w.pos = pos
	for i := range w.Changes {
		if err := w.check(i); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// check finds what no estate could make sense of.
func (w *WhatIf) check(i int) error {
	c := &w.Changes[i]
	path := fmt.Sprintf("changes.%d", i+1)
	fault := func(key, format string, args ...any) error { return w.pos.Fault(path+"."+key, format, args...) }
	switch {
	case c.Remove != nil && len(c.Remove.Machines)+len(c.Remove.VMs)+len(c.Remove.Containers)+len(c.Remove.Workloads)+len(c.Remove.Images)+len(c.Remove.Volumes) == 0:
		return fault("remove", "nothing to remove: want one of machines, vms, containers, workloads, images, volumes")
	case c.Remove != nil && len(c.Remove.On) > 0 && len(c.Remove.Machines) > 0:
		return fault("remove.on", "machines stand on no machine: want a change for them and one for what stands on others")
	case c.Resize != nil && c.Resize.VCPUs == nil && c.Resize.Memory == nil:
		return fault("resize", "no new size: want vcpus, memory or both")
	case c.Move != nil && len(c.Move.VMs)+len(c.Move.Containers) == 0:
		return fault("move", "nothing to move: want vms, containers or both")
	case c.Set != nil && c.Set.empty():
		return fault("set", "nothing to set: want one of os, management, storage, network, chassis, fabric, powered, zone")
	case c.Set != nil && c.Set.OS != nil && blank(c.Set.OS.ID, c.Set.OS.Version):
		return fault("set.os", "an operating system without a name: want texts that are not empty")
	case c.Add != nil && len(c.Add.Names) > 0 && len(c.Add.Names) != c.Add.Hosts:
		return fault("add.names", "%d names for %d hosts: want as many", len(c.Add.Names), c.Add.Hosts)
	case c.Add != nil && slices.ContainsFunc(c.Add.Names, func(s string) bool { return blank(&s) }):
		return fault("add.names", "an empty name")
	case c.Add != nil && c.Add.Like == "" && (c.Add.Cores == nil || c.Add.Memory == nil):
		return fault("add", "hosts of no size: want like, or cores and memory")
	case c.Do != nil && !slices.ContainsFunc(actions(), func(a *Action) bool { return a.ID == c.Do.Action }):
		return fault("do.action", "no action of the roadmap is called %q%s", c.Do.Action, choice(c.Do.Action))
	}
	return nil
}

// choice ends a message about an action that there is not.
func choice(id string) string {
	var known []string
	for _, a := range actions() {
		known = append(known, a.ID)
	}
	if near := score.Nearest(id, known); near != "" {
		return ": did you mean " + near + "?"
	}
	return ": want one of " + strings.Join(known, ", ")
}

func (s *Set) empty() bool {
	return (s.OS == nil || *s.OS == SetOS{}) && s.Management == nil && s.Storage == nil && s.Network == nil && s.Chassis == nil && s.Fabric == nil && s.Powered == nil && s.Zone == nil
}

// blank reports whether any of the texts that are there says nothing.
func blank(texts ...*string) bool {
	return slices.ContainsFunc(texts, func(s *string) bool { return s != nil && strings.TrimSpace(*s) == "" })
}

// An Evacuator finds other places for what stands on some hosts, given by the IDs of their machines: virtual machines, and
// containers that are not plumbing. It returns an estate in which those hosts carry none of it, or an error that says what
// finds no place.
type Evacuator func(e *inventory.Estate, hosts map[string]bool) (*inventory.Estate, error)

// A Doer carries out an action of the roadmap, by its ID, on the machines that only takes in.
type Doer func(e *inventory.Estate, id string, only func(m *inventory.Machine) bool) (*inventory.Estate, []Subject, error)

// Means are what a what-if is applied with.
type Means struct {
	Model    *score.Model // zones, and the sizing of work
	Options  score.Options
	Evacuate Evacuator // BestFit where it is nil
	Do       Doer      // the actions of this package where it is nil
	// Constraints, if set, are kept to: a change of something that nothing may touch is an error.
	Constraints *Constraints
}

// Applied says what became of a change.
type Applied struct {
	Change   string   `json:"change"`   // in words
	Where    string   `json:"where"`    // file:line
	Changed  int      `json:"changed"`  // things that are other than before
	Subjects []string `json:"subjects"` // the first of them
	Notes    []string `json:"notes"`    // what the change takes for granted, or leaves to be done
}

// appliedShown is how many of the things that a change concerns are named.
const appliedShown = 20

// Apply makes the changes, one after the other, and gives the changed estate; the given one stays as it is, and what does not
// change is shared. A pattern that matches nothing, and a change that makes no sense, are errors that begin with their place
// in the file.
func (w *WhatIf) Apply(e *inventory.Estate, means Means) (*inventory.Estate, []Applied, error) {
	if means.Evacuate == nil {
		means.Evacuate = BestFit(means.Model, means.Options, means.Constraints)
	}
	if means.Do == nil {
		means.Do = doer(means.Model, means.Options, means.Constraints)
	}
	done := []Applied{}
	for i := range w.Changes {
		c := &w.Changes[i]
		x := &edit{w: w, means: &means, estate: e, path: fmt.Sprintf("changes.%d", i+1)}
		x.done = Applied{Where: w.pos.Where(x.path), Subjects: []string{}, Notes: []string{}}
		var err error
		switch {
		case c.Remove != nil:
			err = x.remove(c.Remove)
		case c.Resize != nil:
			err = x.resize(c.Resize)
		case c.Move != nil:
			err = x.move(c.Move)
		case c.Retire != nil:
			err = x.retire(c.Retire)
		case c.Set != nil:
			err = x.set(c.Set)
		case c.Add != nil:
			err = x.add(c.Add)
		case c.Do != nil:
			err = x.act(c.Do)
		}
		if err != nil {
			return nil, nil, err
		}
		if why := means.Constraints.Breach(e, x.estate); why != "" {
			return nil, nil, x.fault("", "%s", why)
		}
		e = x.estate
		done = append(done, x.done)
	}
	return e, done, nil
}

// An edit is one change on its way.
type edit struct {
	w      *WhatIf
	means  *Means
	estate *inventory.Estate
	path   string // of the change
	done   Applied
}

// changed notes a thing that is other than before.
func (x *edit) changed(label string) {
	x.done.Changed++
	if len(x.done.Subjects) < appliedShown {
		x.done.Subjects = append(x.done.Subjects, label)
	}
}

func (x *edit) note(format string, args ...any) {
	x.done.Notes = append(x.done.Notes, fmt.Sprintf(format, args...))
}

// fault is an error about the key of the change, or about the change as a whole where it is empty.
func (x *edit) fault(key, format string, args ...any) error {
	path := x.path
	if key != "" {
		path += "." + key
	}
	return x.w.pos.Fault(path, format, args...)
}

// A pick is a list of patterns of a change that knows which of them have matched.
type pick struct {
	key      string // of the change: remove.vms
	noun     string
	patterns []Pattern
	matched  []bool
	index    matcher
}

func newPick(key, noun string, patterns []Pattern) *pick {
	p := &pick{key: key, noun: noun, patterns: patterns, matched: make([]bool, len(patterns))}
	for _, x := range patterns {
		p.index.add(x)
	}
	return p
}

// takes reports whether any pattern matches any of the names.
func (p *pick) takes(names []string) bool {
	found := false
	p.index.find(names, func(n int) { p.matched[n], found = true, true })
	return found
}

// missed is the error about the first pattern that matched nothing, or nil.
func (x *edit) missed(picks ...*pick) error {
	for _, p := range picks {
		i := slices.Index(p.matched, false)
		if i < 0 {
			continue
		}
		return x.fault(fmt.Sprintf("%s.%d", p.key, i+1), "no %s is called %q%s", p.noun, string(p.patterns[i]), nearest(p.patterns[i], namesOf(x.estate, p.noun)))
	}
	return nil
}

// The things that patterns name, as messages call them.
const (
	aMachine   = "machine"
	aHost      = "host"
	aVM        = "virtual machine"
	aContainer = "container"
	aWorkload  = "service"
	anImage    = "image"
	aVolume    = "volume"
)

// namesOf lists what things of a kind are called, in order, each once.
func namesOf(e *inventory.Estate, noun string) []string {
	var out []string
	if noun == aHost {
		for _, h := range e.Hosts {
			out = append(out, MachineNames(&h.Machine)...)
		}
		return distinct(out)
	}
	e.Walk(func(n *inventory.Node) {
		switch noun {
		case aMachine:
			out = append(out, MachineNames(&n.Machine)...)
		case aVM:
			for i := range n.VMs {
				out = append(out, VMNames(&n.VMs[i])...)
			}
		case aContainer:
			for i := range n.Containers {
				out = append(out, ContainerNames(&n.Containers[i])...)
			}
		case aWorkload:
			for i := range n.Workloads {
				out = append(out, WorkloadNames(&n.Workloads[i])...)
			}
		case anImage:
			for i := range n.Images {
				out = append(out, imageNames(&n.Images[i])...)
			}
		case aVolume:
			for i := range n.Volumes {
				out = append(out, n.Volumes[i].Name)
			}
		}
	})
	return distinct(out)
}

func imageNames(i *inventory.Image) []string {
	return append([]string{i.ID, short(strings.TrimPrefix(i.ID, "sha256:"))}, i.Tags...)
}

// the machine that a pattern means: just one.
func (x *edit) machine(key string, p Pattern) (*inventory.Node, error) {
	text := lower([]string{string(p)})[0]
	var found []*inventory.Node
	x.estate.Walk(func(n *inventory.Node) {
		if p.matches(lower(MachineNames(&n.Machine))) {
			found = append(found, n)
		}
	})
	switch len(found) {
	case 0:
		return nil, x.fault(key, "no machine is called %q%s", string(p), nearest(Pattern(text), namesOf(x.estate, aMachine)))
	case 1:
		return found[0], nil
	}
	return nil, x.fault(key, "%d machines are called %q, %s and %s among them: want one", len(found), string(p), machineName(found[0]), machineName(found[1]))
}

func machineName(n *inventory.Node) string { return n.Machine.Name.Or(n.Machine.ID) }

// rewriteEstate gives the estate with every node as f makes it, hosts before their guests. Where f returns its argument,
// the node is shared.
func rewriteEstate(e *inventory.Estate, f func(n *inventory.Node) *inventory.Node) *inventory.Estate {
	out := e
	for i, h := range e.Hosts {
		c := rewriteNode(h, f)
		if c == h {
			continue
		}
		if out == e {
			copied := *e
			copied.Hosts = slices.Clone(e.Hosts)
			out = &copied
		}
		out.Hosts[i] = c
	}
	return out
}

func rewriteNode(n *inventory.Node, f func(n *inventory.Node) *inventory.Node) *inventory.Node {
	out := f(n)
	owned := false // the list of virtual machines is not shared with n
	for i := range out.VMs {
		g := out.VMs[i].Guest
		if g == nil {
			continue
		}
		c := rewriteNode(g, f)
		if c == g {
			continue
		}
		if !owned {
			copied := *out
			copied.VMs = slices.Clone(out.VMs)
			out, owned = &copied, true
		}
		out.VMs[i].Guest = c
	}
	return out
}

// changedBy is why a fact is no longer known.
const changedBy = "it followed from what the what-if file changed"
