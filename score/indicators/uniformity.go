package indicators

import (
	"math"
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// kinds are the dimensions in which things should be alike.
var kinds = [4]string{"os", "hypervisor", "runtime", "hardware"}

// uniformity asks how many different operating systems, hypervisors, runtimes and hardware models carry the work.
func uniformity(ind *score.Indicator) {
	ind.Tally = func(s *score.Stack, add *score.Adder) {
		var here placeKinds
		for _, x := range s.Works {
			if here.place != x.Place {
				here = kindsOfPlace(x.Place)
			}
			here.os.tally(add, kinds[0], x)
			here.hypervisor.tally(add, kinds[1], x)
			runtimeOf(x).tally(add, kinds[2], x)
			here.model.tally(add, kinds[3], x)
		}
	}
	ind.Rate = rateUniformity
}

// kind is what is known of one dimension for one piece of work.
type kind struct {
	applies, sure bool // sure: whether it applies is known
	name          inventory.Reading[string]
}

func (k kind) tally(add *score.Adder, d string, x *score.Work) {
	if !k.applies {
		return
	}
	w := x.Weight
	if !k.sure {
		w.Lo = 0
	}
	name, known := k.name.Get()
	covered := int64(0)
	if k.sure && x.Certain() {
		if known {
			covered++
		}
		if x.Weight.Lo == x.Weight.Hi {
			covered++
		}
	}
	add.Cover(covered, 2)
	if known {
		add.AddKind(d, name, w)
	} else if w.Hi > 0 {
		add.Add(d+"?", w)
		add.Add(d+"#", score.Exact(1))
	}
	if add.Noting() {
		k.note(add, d, x, w)
	}
}

func (k kind) note(add *score.Adder, d string, x *score.Work, w score.Range) {
	open := 0.0
	if !k.name.IsKnown() {
		open = float64(w.Hi)
	}
	add.Note(x.Place, x.Name+" on "+x.Place.Name(), score.FactOf(d, &k.name), x.Seen, open, open)
}

// placeKinds is what is known of the dimensions that all work in a place shares.
type placeKinds struct {
	place                 *score.Place
	os, hypervisor, model kind
}

func kindsOfPlace(p *score.Place) placeKinds {
	var hypervisor, model kind
	os := kind{applies: true, sure: true, name: inventory.Unknown[string]("nobody looked inside", "run infraopt collect inside the virtual machine, and assess both snapshots together")}
	if p.Node != nil {
		os.name = join(p.Node.Machine.OS.ID, p.Node.Machine.OS.Version)
	}

	hostKind, known := p.Host().Machine.Kind.Get()
	switch {
	case p.VM != nil && p.Hypervisor != nil:
		hypervisor = kind{applies: true, sure: true, name: join(inventory.Known(p.Hypervisor.Kind), major(p.Hypervisor.Version))}
	case p.VM != nil, known && hostKind == inventory.Virtual:
		hypervisor = kind{applies: true, sure: true, name: inventory.Unknown[string]("the hypervisor below was not seen", "assess the hypervisor too")}
	case !known:
		hypervisor = kind{applies: true, name: inventory.Unknown[string]("whether there is a hypervisor below is not known", "")}
	}

	if !known || hostKind != inventory.Cloud {
		model = kind{applies: true, sure: known, name: p.Host().Machine.Hardware.Model}
	}
	return placeKinds{p, os, hypervisor, model}
}

func runtimeOf(x *score.Work) kind {
	switch x.Form {
	case score.AppContainer, score.SystemContainer:
		return kind{applies: true, sure: true, name: x.Container.Runtime}
	case score.SomeContainer, score.Opaque:
		if x.Container != nil {
			return kind{applies: true, sure: true, name: x.Container.Runtime}
		}
		return kind{applies: true, name: inventory.Unknown[string]("nobody looked inside", "")}
	}
	return kind{}
}

func join(a, b inventory.Reading[string]) inventory.Reading[string] {
	x, ok := a.Get()
	if !ok {
		return a
	}
	y, ok := b.Get()
	switch {
	case ok:
		return inventory.Known(strings.TrimSpace(x + " " + y))
	case b.IsAbsent(): // rolling releases have no version
		return inventory.Known(x)
	default:
		return b
	}
}

func major(version inventory.Reading[string]) inventory.Reading[string] {
	v, ok := version.Get()
	if !ok {
		return version
	}
	v, _, _ = strings.Cut(v, ".")
	return inventory.Known(v)
}

func rateUniformity(r *score.Rater) score.Rating {
	out := score.Rating{Applicable: true, Coverage: r.Coverage()}
	many := r.Model.Thresholds.ManyKinds
	var n float64
	var parts []string
	for _, d := range kinds {
		k := score.Kinds{Unknown: r.Term(d + "?"), Items: r.Term(d + "#").Hi}
		for _, t := range r.Terms {
			if t.Name == d {
				k.Known = append(k.Known, t.Range)
			}
		}
		total := k.Total()
		if total.Hi == 0 {
			continue
		}
		n++
		if total.Lo == 0 { // perhaps there is nothing of this dimension at all
			out.High++
			continue
		}
		low, high := k.EntropyBounds()
		out.Low += 1 - math.Min(1, high/math.Log(many))
		out.High += 1 - math.Min(1, low/math.Log(many))
		parts = append(parts, r.Explain("%s %s", interval(math.Exp(low), math.Min(many, math.Exp(high))), d))
		out.Sums = append(out.Sums, r.Sums(score.Sum{Name: "effective number: " + d, Unit: "kinds", Low: math.Exp(high), High: math.Exp(low)})...)
	}
	if n == 0 {
		out.Explanation = "there is no active work whose kinds could be compared"
		return out
	}
	out.Low /= n
	out.High /= n
	out.Explanation = "effective number of kinds: " + strings.Join(parts, ", ")
	if len(parts) == 0 {
		out.Explanation = "no kind is known of any active work"
	}
	return out
}
