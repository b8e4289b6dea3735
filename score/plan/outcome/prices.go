package outcome

import (
	"cmp"
	"fmt"
	"math"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score/yamlfile"
)

// A Book is a list of prices that a user has written. There are no others: without a book nothing is said of cost.
type Book struct {
	Currency string  `json:"currency" file:"required"` // of all prices: EUR
	Prices   []Price `json:"prices" file:"required"`
}

// A Price is what each of some things costs. Prices add up: a host that two of them match pays both.
type Price struct {
	Name string `json:"name" file:"required"`
	Per  Unit   `json:"per" file:"required,host|socket|core|vm|os|tb|node"`
	// Price is that of one unit for one period. With Tiers it stands there.
	Price  *float64 `json:"price,omitempty" file:"0..1000000000"`
	Period Period   `json:"period" file:"required,month|year|once"`
	Years  float64  `json:"years,omitempty" file:"0.1..100"` // over which what is paid once is spread
	// FloorPerSocket and FloorPerHost are how many units are counted at least for each socket or host that has any.
	FloorPerSocket int64 `json:"floorPerSocket,omitempty" file:"0..1000"`
	FloorPerHost   int64 `json:"floorPerHost,omitempty" file:"0..100000"`
	// Minimum and Pack bound the order as a whole: so many units at least, and a multiple of a pack.
	Minimum int64 `json:"minimum,omitempty" file:"0..100000000"`
	Pack    int64 `json:"pack,omitempty" file:"0..100000000"`
	// Tiers are prices by the number of units ordered. Graduated: each band of units has its own price. All units: the
	// number decides the price of all of them, and where more cost less, more are ordered.
	Tiers   []Tier `json:"tiers,omitempty"`
	Tiering string `json:"tiering,omitempty" file:"graduated|all-units"`
	Match   Match  `json:"match,omitzero"`
	Source  string `json:"source" file:"required"` // the offer, invoice or list that says so
}

// A Tier is the price of one unit up to a number of units; the last tier has no end.
type Tier struct {
	UpTo  *int64   `json:"upTo,omitempty" file:"1..100000000"`
	Price *float64 `json:"price" file:"required,0..1000000000"`
}

// Match says which things a price is for: those that fit all lists that are there.
type Match struct {
	Zones    []string `json:"zones,omitempty"`    // of the host; the zone without a name is "default"
	Machines []string `json:"machines,omitempty"` // names or identifiers, with patterns as of file names: web-*
	OS       []string `json:"os,omitempty"`       // as os-release has it: rhel, sles, debian, …
	// Hypervisors are kinds (kvm, esxi, …) that run on a machine, or below a virtual one.
	Hypervisors []string `json:"hypervisors,omitempty"`
	// Kinds are physical, virtual, cloud. Without them hosts, sockets and cores are those of boxes, VMs are virtual
	// machines, and all else is of any kind.
	Kinds []inventory.MachineKind `json:"kinds,omitempty" file:"physical|virtual|cloud"`
}

// A Unit is what a price counts.
type Unit string

// The units. What is switched off is never counted.
const (
	PerHost   Unit = "host"   // a box that is on
	PerSocket Unit = "socket" // a processor in it
	PerCore   Unit = "core"   // a core of it, threads counted once; where Kinds ask for virtual machines, a virtual CPU
	PerVM     Unit = "vm"     // a virtual machine that runs or is paused
	PerOS     Unit = "os"     // a running operating system: of a host, a virtual machine, a system container
	PerTB     Unit = "tb"     // 10^12 bytes of an external array, in steps of 10^9
	PerNode   Unit = "node"   // a machine, real or virtual, that a cluster puts work on
)

// A Period is what a price pays for.
type Period string

// The periods.
const (
	Monthly Period = "month"
	Yearly  Period = "year"
	Once    Period = "once" // spread over years
)

// MaxBook is the largest price book, in bytes.
const MaxBook = 256 << 10

var bookLimits = yamlfile.Limits{What: "price book", Bytes: MaxBook, Tokens: 30000, Levels: 16, Advice: "patterns such as web-* name many machines"}

// LoadBook reads a price book. Errors begin with the name of the file, and the line and column where the fault is.
func LoadBook(name string, text []byte) (*Book, error) {
	b := &Book{}
	at, err := yamlfile.Decode(name, text, bookLimits, b)
	if err != nil {
		return nil, err
	}
	if where, text := b.fault(); text != "" {
		return nil, at.Fault(where, "%s", text)
	}
	return b, nil
}

var currencyForm = regexp.MustCompile(`^[A-Z]{3}$`)

// fault finds what the types of the fields cannot: where, and what is wrong and wanted.
func (b *Book) fault() (where, text string) {
	if !currencyForm.MatchString(b.Currency) {
		return "currency", fmt.Sprintf("currency %q: want the three letters of ISO 4217, such as EUR", b.Currency)
	}
	seen := map[string]bool{}
	for i := range b.Prices {
		p := &b.Prices[i]
		here := fmt.Sprintf("prices.%d", i+1)
		if seen[p.Name] {
			return here + ".name", fmt.Sprintf("a second price %q: want a name of its own", p.Name)
		}
		seen[p.Name] = true
		if part, text := p.fault(); text != "" {
			return here + "." + part, fmt.Sprintf("price %q: %s", p.Name, text)
		}
	}
	return "", ""
}

func (p *Price) fault() (where, text string) {
	boxes := p.Per == PerHost || p.Per == PerSocket || p.Per == PerCore
	switch {
	case p.Price == nil && len(p.Tiers) == 0:
		return "price", "no price: want price, or tiers"
	case p.Price != nil && len(p.Tiers) > 0:
		return "price", "price beside tiers: want one of them"
	case p.Period == Once && p.Years == 0:
		return "years", "it is paid once: want the years over which it is spread"
	case p.Period != Once && p.Years != 0:
		return "years", "years: only for what is paid once; a price for each month or year has none"
	case p.Tiering != "" && len(p.Tiers) == 0:
		return "tiering", "tiering without tiers: want both or neither"
	case len(p.Tiers) > 0 && p.Tiering == "":
		return "tiers", "tiers: want also tiering, which is graduated (each band has its own price) or all-units (the number decides the price of all)"
	case p.FloorPerSocket != 0 && p.Per != PerCore:
		return "floorPerSocket", "floorPerSocket: only for prices per core"
	case p.FloorPerHost != 0 && p.Per != PerCore && p.Per != PerSocket:
		return "floorPerHost", "floorPerHost: only for prices per core or socket"
	case p.Per == PerSocket && slices.ContainsFunc(p.Match.Kinds, func(k inventory.MachineKind) bool { return k != inventory.Physical }):
		return "match.kinds", "kinds: only boxes have sockets"
	case p.Per == PerVM && slices.Contains(p.Match.Kinds, inventory.Physical):
		return "match.kinds", "kinds: a virtual machine is no box"
	case p.Per == PerTB && (len(p.Match.OS) > 0 || len(p.Match.Hypervisors) > 0 || len(p.Match.Kinds) > 0):
		return "match", "match: an array has a zone and a name, and nothing else to match"
	case !boxes && p.FloorPerHost+p.FloorPerSocket != 0:
		return "per", "floors are for hosts"
	}
	if where, text := tiersFault(p.Tiers); text != "" {
		return where, text
	}
	for _, l := range []struct {
		name string
		list []string
	}{{"zones", p.Match.Zones}, {"machines", p.Match.Machines}, {"os", p.Match.OS}, {"hypervisors", p.Match.Hypervisors}} {
		for i, s := range l.list {
			if _, err := path.Match(s, ""); err != nil || strings.TrimSpace(s) == "" {
				return fmt.Sprintf("match.%s.%d", l.name, i+1), fmt.Sprintf("%s %q: want a name or a pattern as of file names, such as web-*", l.name, s)
			}
		}
	}
	return "", ""
}

func tiersFault(tiers []Tier) (where, text string) {
	for i := range tiers {
		t := &tiers[i]
		last := i == len(tiers)-1
		here := fmt.Sprintf("tiers.%d", i+1)
		switch {
		case last && t.UpTo != nil:
			return here + ".upTo", "the last tier has an end: want one without upTo behind it, for all that is more"
		case !last && t.UpTo == nil:
			return here, "a tier before the last one without an end: want upTo"
		case !last && i > 0 && *t.UpTo <= *tiers[i-1].UpTo:
			return here + ".upTo", fmt.Sprintf("upTo %d: want more than the %d of the tier before", *t.UpTo, *tiers[i-1].UpTo)
		}
	}
	return "", ""
}

// aYear is how many periods a year has.
func (p *Price) aYear() float64 {
	switch p.Period {
	case Monthly:
		return 12
	case Once:
		return 1 / p.Years
	default:
		return 1
	}
}

// grain is into how many countable steps a unit is divided.
func (p *Price) grain() int64 {
	if p.Per == PerTB {
		return 1000
	}
	return 1
}

// cost is what a quantity costs a year. More never costs less, so the ends of one are those of the other.
func (p *Price) cost(q count) span { return span{p.pay(q.lo), p.pay(q.hi)} }

// pay is what so many grains cost a year: nothing where there are none, as then nothing is ordered.
func (p *Price) pay(grains int64) float64 {
	if grains <= 0 {
		return 0
	}
	g := p.grain()
	order := p.packed(max(grains, p.Minimum*g))
	if len(p.Tiers) == 0 {
		return float64(order) / float64(g) * *p.Price * p.aYear()
	}
	if p.Tiering == "graduated" {
		return p.graduated(order) * p.aYear()
	}
	return p.allUnits(order) * p.aYear()
}

// packed rounds up to whole packs.
func (p *Price) packed(grains int64) int64 {
	pack := max(p.Pack*p.grain(), 1)
	return (grains + pack - 1) / pack * pack
}

// graduated charges each band at its own price.
func (p *Price) graduated(grains int64) float64 {
	var sum float64
	var from int64
	for _, t := range p.Tiers {
		to := grains
		if t.UpTo != nil {
			to = min(grains, *t.UpTo*p.grain())
		}
		if to > from {
			sum += float64(to-from) / float64(p.grain()) * *t.Price
			from = to
		}
	}
	return sum
}

// allUnits charges all units at the price of the tier that their number falls into. Where the first order that a later
// tier has costs less, that is what is ordered.
func (p *Price) allUnits(grains int64) float64 {
	best := math.Inf(1)
	var above int64 // units of the tiers before
	for _, t := range p.Tiers {
		order := p.packed(max(grains, above+1))
		if t.UpTo == nil || order <= *t.UpTo*p.grain() {
			best = math.Min(best, float64(order)/float64(p.grain())**t.Price)
		}
		if t.UpTo != nil {
			above = *t.UpTo * p.grain()
		}
	}
	return best
}

// straight reports whether each unit costs the same, whatever others there are.
func (p *Price) straight() bool { return len(p.Tiers) == 0 && p.Minimum == 0 && p.Pack <= 1 }

// mostTries is how many quantities are tried to find out what a change saves at least and at most.
const mostTries = 1 << 16

// saved is what it saves that some of the units are gone and others came, beside those that are in both: how many these
// are may not be known, but it is the same number before and after.
func (p *Price) saved(both, gone, added count) span {
	switch {
	case gone.hi == 0 && added.hi == 0:
		return span{}
	case p.straight():
		one := *p.Price * p.aYear() / float64(p.grain())
		return span{float64(gone.lo-added.hi) * one, float64(gone.hi-added.lo) * one}
	}
	s := span{math.Inf(1), math.Inf(-1)}
	if both.hi-both.lo < mostTries {
		for n := both.lo; n <= both.hi; n++ {
			s.lo = math.Min(s.lo, p.pay(n+gone.lo)-p.pay(n+added.hi))
			s.hi = math.Max(s.hi, p.pay(n+gone.hi)-p.pay(n+added.lo))
		}
	} else {
		s = p.cost(both.plus(gone)).minus(p.cost(both.plus(added)))
	}
	if added.hi == 0 { // fewer units never cost more
		s.lo = math.Max(s.lo, 0)
	}
	if gone.hi == 0 {
		s.hi = math.Min(s.hi, 0)
	}
	return s
}

// An item is a thing that a price counts.
type item struct {
	id string
	count
	thing *thing // nil of an array
}

func (x item) compare(y item) int {
	return cmp.Or(cmp.Compare(x.id, y.id), cmp.Compare(x.lo, y.lo), cmp.Compare(x.hi, y.hi))
}

func total(items []item) (q count) {
	for i := range items {
		q = q.plus(items[i].count)
	}
	return q
}
