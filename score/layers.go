package score

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
)

// A StackClass is the work that stands on the same layers, as a picture shows it.
type StackClass struct {
	Layers    []string `json:"layers"`    // from the hardware up
	Form      string   `json:"form"`      // of the work: process, container, system-container, or unknown
	Workloads int64    `json:"workloads"` // pieces of work
	Share     Bounds   `json:"share"`     // of the weight of all work
}

// The layers that work can stand on.
const (
	LayerServer     = "server"          // a box
	LayerCloud      = "cloud-instance"  // hardware and hypervisor of a provider
	LayerVM         = "virtual-machine" // on a hypervisor that nobody saw
	LayerMachine    = "machine"         // of a kind that is not known
	LayerHypervisor = "hypervisor"
	LayerOS         = "os" // of the machine at the bottom
	LayerImageOS    = "image-based-os"
	LayerGuestOS    = "guest-os"
	LayerGuestImage = "guest-image-based-os"
	LayerEngine     = "engine"
)

// Stacks lists the classes of work of an estate, those with the most weight first.
func Stacks(e *inventory.Estate, m *Model, opt Options) []StackClass {
	s := stackSums{}
	for _, h := range m.InScope(e, opt.Now).Hosts {
		s.add(NewStack(h, m, opt))
	}
	return s.list()
}

// stackSums add up work by what it stands on.
type stackSums map[string]*stackSum

type stackSum struct {
	layers []string
	form   string
	works  int64
	weight Range
}

func (s stackSums) add(st *Stack) {
	for _, x := range st.Works {
		layers, form := x.layers(), x.form()
		key := strings.Join(layers, " ") + " " + form
		sum := s[key]
		if sum == nil {
			sum = &stackSum{layers: layers, form: form}
			s[key] = sum
		}
		sum.works++
		sum.weight = sum.weight.plus(x.Weight)
	}
}

func (s stackSums) merge(o stackSums) {
	for key, more := range o {
		if sum := s[key]; sum != nil {
			sum.works, sum.weight = sum.works+more.works, sum.weight.plus(more.weight)
		} else {
			s[key] = more
		}
	}
}

func (s stackSums) list() []StackClass {
	var total Range
	for _, sum := range s {
		total = total.plus(sum.weight)
	}
	out := []StackClass{}
	for _, key := range slices.Sorted(maps.Keys(s)) {
		sum := s[key]
		out = append(out, StackClass{Layers: sum.layers, Form: sum.form, Workloads: sum.works, Share: sum.weight.shareOf(total)})
	}
	slices.SortStableFunc(out, func(a, b StackClass) int {
		return cmp.Or(cmp.Compare(b.Share.High, a.Share.High), cmp.Compare(b.Share.Low, a.Share.Low), cmp.Compare(b.Workloads, a.Workloads))
	})
	return out
}

// form says what the work looks like.
func (x *Work) form() string {
	switch x.Form {
	case Process:
		return "process"
	case AppContainer, SomeContainer:
		return "container"
	case SystemContainer:
		return "system-container"
	default:
		return "unknown"
	}
}

// layers lists what the work stands on, from the hardware up. In a virtual machine that nobody looked into, an operating
// system is all that is certain.
func (x *Work) layers() []string {
	var out []string
	if x.Container != nil {
		out = append(out, LayerEngine)
	}
	for p := x.Place; p != nil; p = p.Below {
		image := p.Node != nil && p.Node.Machine.OS.Style.Or("") == inventory.ImageBasedOS
		switch {
		case p.Below != nil && image:
			out = append(out, LayerGuestImage, LayerHypervisor)
		case p.Below != nil:
			out = append(out, LayerGuestOS, LayerHypervisor)
		case image:
			out = append(out, LayerImageOS, bottom(&p.Node.Machine))
		default:
			out = append(out, LayerOS, bottom(&p.Node.Machine))
		}
	}
	slices.Reverse(out)
	return out
}

// bottom is what a machine is that stands on no other that was seen.
func bottom(m *inventory.Machine) string {
	switch m.Kind.Or("") {
	case inventory.Physical:
		return LayerServer
	case inventory.Cloud:
		return LayerCloud
	case inventory.Virtual:
		return LayerVM
	default:
		return LayerMachine
	}
}
