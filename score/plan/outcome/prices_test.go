package outcome

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// book reads a price book of one price in EUR.
func book(t *testing.T, price string) *Book {
	t.Helper()
	b, err := LoadBook("prices.yaml", []byte("currency: EUR\nprices:\n  - {name: it, source: an offer, "+price+"}\n"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What so many units cost a year, worked out by hand.
func TestPay(t *testing.T) {
	for _, row := range []struct {
		price string
		units int64 // grains of a TB
		want  float64
	}{
		{"per: host, price: 100, period: year", 0, 0},
		{"per: host, price: 100, period: year", 3, 300},
		{"per: host, price: 100, period: month", 3, 3600},
		{"per: host, price: 9000, period: once, years: 5", 2, 3600},
		{"per: core, price: 10, period: year, minimum: 72", 16, 720},
		{"per: core, price: 10, period: year, minimum: 72", 0, 0},
		{"per: core, price: 10, period: year, minimum: 72", 73, 730},
		{"per: core, price: 10, period: year, pack: 2", 17, 180},
		{"per: core, price: 10, period: year, pack: 16, minimum: 17", 3, 320},
		{"per: tb, price: 20, period: month", 1500, 360}, // 1.5 TB
		{"per: tb, price: 20, period: year, pack: 10", 1500, 200},
		// 100 at 10, 400 at 8, the rest at 5
		{"per: vm, period: year, tiering: graduated, tiers: [{upTo: 100, price: 10}, {upTo: 500, price: 8}, {price: 5}]", 100, 1000},
		{"per: vm, period: year, tiering: graduated, tiers: [{upTo: 100, price: 10}, {upTo: 500, price: 8}, {price: 5}]", 150, 1400},
		{"per: vm, period: year, tiering: graduated, tiers: [{upTo: 100, price: 10}, {upTo: 500, price: 8}, {price: 5}]", 600, 4700},
		{"per: tb, period: year, tiering: graduated, tiers: [{upTo: 1, price: 10}, {price: 4}]", 1500, 12},
		// all units at the price of their number; 95 cost no more than 101 at the lower price
		{"per: vm, period: year, tiering: all-units, tiers: [{upTo: 100, price: 10}, {price: 8}]", 50, 500},
		{"per: vm, period: year, tiering: all-units, tiers: [{upTo: 100, price: 10}, {price: 8}]", 101, 808},
		{"per: vm, period: year, tiering: all-units, tiers: [{upTo: 100, price: 10}, {price: 8}]", 95, 808},
		{"per: vm, period: year, tiering: all-units, tiers: [{upTo: 100, price: 10}, {price: 8}], pack: 30", 95, 960},
	} {
		if got := book(t, row.price).Prices[0].pay(row.units); !near(got, row.want) {
			t.Errorf("%s: %d cost %v, want %v", row.price, row.units, got, row.want)
		}
	}
}

func near(a, b float64) bool {
	return math.Abs(a-b) <= 1e-9*math.Max(1, math.Max(math.Abs(a), math.Abs(b)))
}

// random makes up a price with everything that makes it less than straight.
func random(r *rand.Rand) *Price {
	p := &Price{Per: []Unit{PerHost, PerTB}[r.IntN(2)], Period: Yearly}
	if r.IntN(2) == 0 {
		p.Minimum = r.Int64N(30)
	}
	if r.IntN(2) == 0 {
		p.Pack = 1 + r.Int64N(7)
	}
	if r.IntN(3) == 0 {
		p.Price = new(float64(r.IntN(20)))
		return p
	}
	p.Tiering = []string{"graduated", "all-units"}[r.IntN(2)]
	var end int64
	for range r.IntN(4) {
		end += 1 + r.Int64N(20)
		p.Tiers = append(p.Tiers, Tier{new(end), new(float64(r.IntN(20)))})
	}
	p.Tiers = append(p.Tiers, Tier{nil, new(float64(r.IntN(20)))})
	return p
}

// slow is what a quantity costs: the cheapest of all orders that hold it, each charged unit by unit.
func (p *Price) slow(grains int64) float64 {
	if grains == 0 {
		return 0
	}
	g := p.grain()
	best := math.Inf(1)
	for order := max(grains, p.Minimum*g); order < grains+200*g; order++ {
		if p.Pack > 0 && order%(p.Pack*g) != 0 {
			continue
		}
		var sum float64
		switch {
		case len(p.Tiers) == 0:
			sum = float64(order) * *p.Price
		case p.Tiering == "all-units":
			sum = float64(order) * p.at(order)
		default:
			for u := int64(1); u <= order; u++ {
				sum += p.at(u)
			}
		}
		best = math.Min(best, sum/float64(g))
		if p.Tiering != "all-units" {
			break // to order more never costs less
		}
	}
	return best
}

// at is the price of the unit that this grain belongs to.
func (p *Price) at(grain int64) float64 {
	for _, t := range p.Tiers {
		if t.UpTo == nil || grain <= *t.UpTo*p.grain() {
			return *t.Price
		}
	}
	return 0
}

// A price is that of the cheapest order, and more of anything never costs less.
func TestPayIsTheCheapestOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range trials(2000) {
		p := random(r)
		var last float64
		for u := int64(0); u < 120; u += 1 + r.Int64N(5) {
			grains := u
			if p.Per == PerTB {
				grains = u * 1000 / 7
			}
			got := p.pay(grains)
			if p.Per == PerHost && !near(got, p.slow(grains)) {
				t.Fatalf("%s: %d cost %v, the cheapest order %v", show(p), grains, got, p.slow(grains))
			}
			if got < last {
				t.Fatalf("%s: %d cost %v, fewer %v", show(p), grains, got, last)
			}
			last = got
		}
	}
}

func show(p *Price) string {
	var s []string
	for _, t := range p.Tiers {
		end := int64(-1)
		if t.UpTo != nil {
			end = *t.UpTo
		}
		s = append(s, score.Plain(float64(end))+": "+score.Plain(*t.Price))
	}
	return strings.Join(append(s, string(p.Per), p.Tiering, "minimum", score.Plain(float64(p.Minimum)), "pack", score.Plain(float64(p.Pack))), " ")
}

func trials(n int) int {
	if testing.Short() || raceEnabled {
		return n / 20
	}
	return n
}

// What is saved is the least and the most over all that may be there, and nothing narrower or wider.
func TestSavedIsExact(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	some := func() count {
		lo := r.Int64N(12)
		return count{lo, lo + r.Int64N(6)}
	}
	for range trials(4000) {
		p := random(r)
		p.Per = PerHost
		both, gone, added := some(), some(), some()
		if r.IntN(3) == 0 {
			added = count{}
		}
		if r.IntN(5) == 0 {
			gone = count{}
		}
		want := span{math.Inf(1), math.Inf(-1)}
		for b := both.lo; b <= both.hi; b++ {
			for g := gone.lo; g <= gone.hi; g++ {
				for a := added.lo; a <= added.hi; a++ {
					d := p.pay(b+g) - p.pay(b+a)
					want = want.or(span{d, d})
				}
			}
		}
		if got := p.saved(both, gone, added); !near(got.lo, want.lo) || !near(got.hi, want.hi) {
			t.Fatalf("%s: both %v, gone %v, added %v: %v, want %v", show(p), both, gone, added, got, want)
		}
	}
}

// Where there are too many quantities to try, what is saved still holds the truth, and fewer units never cost more.
func TestSavedOfManyUnits(t *testing.T) {
	p := &book(t, "per: core, price: 10, period: year, pack: 16").Prices[0]
	got := p.saved(count{0, 1 << 20}, count{5, 5}, count{})
	if got.lo != 0 || got.hi < 160 {
		t.Errorf("got %v, want from 0 to 160 or more", got)
	}
	if got := p.saved(count{0, 1 << 20}, count{}, count{5, 5}); got.hi != 0 || got.lo > -160 {
		t.Errorf("got %v, want from -160 or less to 0", got)
	}
}

// What each unit of a price counts, on an estate that has one thing or two of each kind.
func TestUnits(t *testing.T) {
	e := mixed()
	for _, row := range []struct {
		price string
		want  span
	}{
		{"per: host, price: 1, period: year", span{2, 2}},
		{"per: host, price: 1, period: year, match: {kinds: [cloud]}", span{1, 1}},
		{"per: host, price: 1, period: year, match: {kinds: [physical, cloud]}", span{3, 3}},
		{"per: host, price: 1, period: year, match: {hypervisors: [kvm]}", span{1, 1}},
		{"per: host, price: 1, period: year, match: {zones: [default]}", span{1, 1}},
		{"per: host, price: 1, period: year, match: {zones: [edge, default]}", span{2, 2}},
		{"per: host, price: 1, period: year, match: {machines: [k*, c*]}", span{1, 1}},
		{"per: host, price: 1, period: year, match: {os: [RHEL]}", span{1, 1}},
		{"per: socket, price: 1, period: year", span{4, 4}},
		{"per: socket, price: 1, period: year, floorPerHost: 3", span{6, 6}},
		{"per: core, price: 1, period: year", span{16 + 64, 16 + 64}},
		{"per: core, price: 1, period: year, floorPerSocket: 16", span{32 + 64, 32 + 64}}, // two of eight count as two of sixteen
		{"per: core, price: 1, period: year, floorPerHost: 20", span{20 + 64, 20 + 64}},
		{"per: core, price: 1, period: year, match: {kinds: [cloud]}", span{4, 4}},
		{"per: vm, price: 1, period: year", span{2, 2}}, // the stopped one costs nothing
		{"per: vm, price: 1, period: year, match: {hypervisors: [esxi]}", span{0, 0}},
		{"per: vm, price: 1, period: year, match: {kinds: [virtual, cloud]}", span{3, 3}},
		{"per: vm, price: 1, period: year, match: {os: [debian]}", span{1, 2}}, // of the opaque one the hypervisor says "Other Linux"
		{"per: vm, price: 1, period: year, match: {os: [other]}", span{1, 1}},
		{"per: os, price: 1, period: year", span{6, 6}}, // three hosts, two virtual machines, a system container
		{"per: os, price: 1, period: year, match: {os: [rhel]}", span{1, 3}},
		{"per: os, price: 1, period: year, match: {os: [rhel], kinds: [physical]}", span{1, 2}},
		{"per: node, price: 1, period: year", span{1, 2}}, // of the opaque virtual machine nobody knows
		{"per: tb, price: 1, period: year", span{40, 40}},
		{"per: tb, price: 1, period: year, match: {machines: [other]}", span{0, 0}},
		{"per: tb, price: 1, period: year, match: {zones: [edge]}", span{40, 40}},
	} {
		s := Default()
		s.Prices = book(t, row.price)
		if got := s.Measure(e).Cost(); !near(got.Low, row.want.lo) || !near(got.High, row.want.hi) {
			t.Errorf("%s: %+v, want %v", row.price, got, row.want)
		}
	}
}

// What is not known may be a unit or not.
func TestUnknownUnits(t *testing.T) {
	for _, row := range []struct {
		what  string
		edit  func(docker *inventory.Machine, e *inventory.Estate)
		price string
		want  span
	}{
		{"what runs there is hidden", func(m *inventory.Machine, _ *inventory.Estate) { m.Processes = inventory.Reading[int]{} },
			"per: host, price: 1, period: year, match: {hypervisors: [kvm]}", span{1, 2}},
		{"its name", func(m *inventory.Machine, _ *inventory.Estate) { m.Name = inventory.Reading[string]{} },
			"per: host, price: 1, period: year, match: {machines: [k*]}", span{1, 2}},
		{"its name, and its identifier fits", func(m *inventory.Machine, _ *inventory.Estate) { m.Name = inventory.Reading[string]{} },
			"per: host, price: 1, period: year, match: {machines: [d*]}", span{1, 1}},
		{"its kind, and so whether threads count", func(m *inventory.Machine, _ *inventory.Estate) { m.Kind = inventory.Reading[inventory.MachineKind]{} },
			"per: core, price: 1, period: year, match: {kinds: [physical, virtual]}", span{16, 16 + 128}},
		{"its sockets", func(m *inventory.Machine, _ *inventory.Estate) { m.Sockets = inventory.Reading[int]{} },
			"per: core, price: 1, period: year, floorPerSocket: 20", span{40 + 64, 40 + 80}},
		{"whether it is on", func(m *inventory.Machine, _ *inventory.Estate) { m.Powered = inventory.Reading[bool]{} },
			"per: os, price: 1, period: year", span{4, 6}},
		{"its cluster", func(m *inventory.Machine, e *inventory.Estate) {
			m.Roles, e.Hosts[1].Engines = nil, []inventory.Engine{{}}
		},
			"per: node, price: 1, period: year", span{0, 2}},
		{"a cluster names it", func(m *inventory.Machine, e *inventory.Estate) {
			m.Roles, e.Clusters = nil, []inventory.Cluster{{Orchestrates: true, Machines: []string{m.ID}}}
		}, "per: node, price: 1, period: year", span{1, 2}},
		{"a cluster that puts no work on it", func(m *inventory.Machine, e *inventory.Estate) {
			m.Roles, e.Clusters = nil, []inventory.Cluster{{Machines: []string{m.ID}}}
		}, "per: node, price: 1, period: year", span{0, 1}},
		{"the size of the array", func(_ *inventory.Machine, e *inventory.Estate) {
			e.Arrays[0].Capacity = inventory.Reading[inventory.Bytes]{}
		},
			"per: tb, price: 1, period: year", span{0, maxTB}},
		{"where the array is", func(_ *inventory.Machine, e *inventory.Estate) { e.Arrays[0].Machine = "" },
			"per: tb, price: 1, period: year, match: {zones: [edge]}", span{0, 40}},
	} {
		e := mixed()
		row.edit(&e.Hosts[1].Machine, e)
		s := Default()
		s.Prices = book(t, row.price)
		if got := s.Measure(e).Cost(); !near(got.Low, row.want.lo) || !near(got.High, row.want.hi) {
			t.Errorf("%s: %+v, want %v", row.what, got, row.want)
		}
	}
}

// Two things are alike where everything is the same that decides how they count.
func TestAlike(t *testing.T) {
	base := func() *thing {
		return &thing{id: "a", names: []string{"a"}, hypervisors: []string{"kvm"}, machine: &inventory.Machine{}}
	}
	if !base().alike(base()) || base().alike(nil) || !(*thing)(nil).alike(nil) {
		t.Error("a thing is alike itself, and nothing else")
	}
	for what, edit := range map[string]func(*thing){
		"there": func(x *thing) { x.there = maybe }, "names": func(x *thing) { x.names = []string{"b"} }, "named": func(x *thing) { x.named = true },
		"zone": func(x *thing) { x.zone = "z" }, "os": func(x *thing) { x.os = inventory.Known("rhel") }, "words": func(x *thing) { x.words = "w" },
		"kind": func(x *thing) { x.kind = inventory.Known(inventory.Cloud) }, "hypervisors": func(x *thing) { x.hypervisors = nil },
		"hyperKnown": func(x *thing) { x.hyperKnown = true }, "member": func(x *thing) { x.member = yes }, "engines": func(x *thing) { x.engines = 1 },
		"doubts": func(x *thing) { x.doubts = "b" }, "no machine": func(x *thing) { x.machine = nil },
		"cores": func(x *thing) { x.machine.Cores = inventory.Known(4.0) }, "sockets": func(x *thing) { x.machine.Sockets = inventory.Known(1) },
		"model": func(x *thing) { x.machine.CPUModel = inventory.Known("x") }, "physical cores": func(x *thing) { x.machine.PhysicalCores = inventory.Known(1) },
	} {
		x := base()
		if edit(x); base().alike(x) || x.alike(base()) {
			t.Errorf("alike but for %s", what)
		}
	}
}

// mixed is a hypervisor with two virtual machines that run and one that does not, a container host in another zone, an
// instance of a cloud, a box that is off, and an array.
func mixed() *inventory.Estate {
	known := inventory.Known[string]
	box := func(id, os string, sockets, cores int) *inventory.Node {
		return &inventory.Node{Machine: inventory.Machine{
			ID: id, Name: known(id), Kind: inventory.Known(inventory.Physical), Powered: inventory.Known(true), OS: inventory.OS{ID: known(os)},
			Sockets: inventory.Known(sockets), PhysicalCores: inventory.Known(cores), Cores: inventory.Known(2 * float64(cores)),
			Memory: inventory.Known(256 * inventory.GiB), CPUModel: known("Intel(R) Xeon(R) Gold 6130 CPU @ 2.10GHz"),
			Processes: inventory.Known(100), Containers: inventory.Known(0),
			Usage: inventory.Usage{CPUSeconds: inventory.Known(.25 * 2 * float64(cores) * 864000), Age: inventory.Known(10 * inventory.Day)},
		}}
	}
	kvm, docker, off, cloud := box("kvm-1", "debian", 2, 16), box("docker-1", "rhel", 2, 64), box("off-1", "rhel", 2, 32), box("cloud-1", "debian", 1, 2)
	docker.Machine.Zone = "edge"
	docker.Machine.Roles = []string{"kubernetes-node"}
	docker.Containers = []inventory.Container{
		{ID: "lxc", Machine: "docker-1", System: inventory.Known(true), State: inventory.Known(inventory.Running), Layer: inventory.Application},
		{ID: "app", Machine: "docker-1", System: inventory.Known(false), State: inventory.Known(inventory.Running), Layer: inventory.Application},
		{ID: "old", Machine: "docker-1", System: inventory.Known(false), State: inventory.Known(inventory.Stopped), Layer: inventory.Application},
	}
	docker.Machine.Containers = inventory.Known(3)
	off.Machine.Powered = inventory.Known(false)
	cloud.Machine.Kind = inventory.Known(inventory.Cloud)
	cloud.Machine.Zone = "cloud"
	cloud.Machine.Virtualization = known("kvm")
	kvm.Hypervisors = []inventory.Hypervisor{{ID: "h", Machine: "kvm-1", Kind: "kvm", VMs: inventory.Known(3)}}
	vm := func(id string, state inventory.RunState) inventory.GuestVM {
		return inventory.GuestVM{VM: inventory.VM{ID: id, Hypervisor: "h", Name: known(id), State: inventory.Known(state), VCPUs: inventory.Known(4.0),
			Memory: inventory.Known(8 * inventory.GiB), GuestOS: known("Other Linux")}}
	}
	seen := vm("seen", inventory.Running)
	guest := box("guest-1", "debian", 1, 2)
	guest.Machine.Kind = inventory.Known(inventory.Virtual)
	guest.Machine.Usage.Memory = inventory.Known(3 * inventory.GiB)
	guest.Workloads = []inventory.Workload{
		{ID: "w", Machine: "guest-1", Name: "w", Layer: inventory.Application, Usage: inventory.Usage{Memory: inventory.Known(2 * inventory.GiB)}},
		{ID: "i", Machine: "guest-1", Name: "i", Layer: inventory.Infrastructure},
	}
	seen.Guest = guest
	kvm.VMs = []inventory.GuestVM{vm("opaque", inventory.Running), seen, vm("stopped", inventory.Stopped)}
	return &inventory.Estate{
		Hosts:  []*inventory.Node{cloud, docker, kvm, off},
		Arrays: []inventory.Storage{{ID: "a", Machine: "docker-1", Name: "array", Kind: inventory.Array, Capacity: inventory.Known(inventory.Bytes(40e12))}},
	}
}

// Errors say where, what is there, and what is wanted.
func TestBookFaults(t *testing.T) {
	const head = "currency: EUR\nprices:\n  - name: it\n    source: x\n"
	for text, want := range map[string]string{
		"":                "p.yaml:1:1: currency is missing or empty: want text, in quotes where it looks like something else",
		"currency: EUR\n": "p.yaml:1:1: prices is missing or empty: want a list",
		"currency: euro\nprices: [{name: a, per: host, price: 1, period: year, source: x}]\n": `p.yaml:1:11: currency "euro": want the three letters of ISO 4217, such as EUR`,
		head + "    per: hosts\n":                                                                                                           `p.yaml:5:10: prices.1.per: "hosts": want one of host, socket, core, vm, os, tb, node: did you mean host?`,
		head + "    per: host\n    period: year\n    price: -1\n":                                                                           `p.yaml:7:12: prices.1.price: have "-1": want a number from 0 to 1000000000`,
		head + "    per: host\n    period: year\n    price: much\n":                                                                         `p.yaml:7:12: prices.1.price: have "much": want a number from 0 to 1000000000`,
		head + "    per: host\n    period: year\n    prise: 1\n":                                                                            `p.yaml:7:5: unknown key "prise": did you mean price?`,
		head + "    per: host\n    period: year\n":                                                                                          `p.yaml:3:5: price "it": no price: want price, or tiers`,
		head + "    per: host\n    period: once\n    price: 1\n":                                                                            `p.yaml:3:5: price "it": it is paid once: want the years over which it is spread`,
		head + "    per: host\n    period: year\n    years: 3\n    price: 1\n":                                                              `p.yaml:7:12: price "it": years: only for what is paid once; a price for each month or year has none`,
		head + "    per: vm\n    period: year\n    price: 1\n    floorPerSocket: 8\n":                                                       `p.yaml:8:21: price "it": floorPerSocket: only for prices per core`,
		head + "    per: vm\n    period: year\n    tiers: [{upTo: 3, price: 1}, {price: 2}]\n":                                              `p.yaml:7:12: price "it": tiers: want also tiering, which is graduated (each band has its own price) or all-units (the number decides the price of all)`,
		head + "    per: vm\n    period: year\n    tiering: graduated\n    tiers: [{upTo: 3, price: 1}, {upTo: 3, price: 1}, {price: 2}]\n": `p.yaml:8:41: price "it": upTo 3: want more than the 3 of the tier before`,
		head + "    per: vm\n    period: year\n    tiering: graduated\n    tiers: [{upTo: 3, price: 1}]\n":                                  `p.yaml:8:20: price "it": the last tier has an end: want one without upTo behind it, for all that is more`,
		head + "    per: vm\n    period: year\n    price: 1\n    match: {machines: ['[']}\n":                                                `p.yaml:8:24: price "it": machines "[": want a name or a pattern as of file names, such as web-*`,
		head + "    per: vm\n    period: year\n    price: 1\n    match: {kinds: [physical]}\n":                                              `p.yaml:8:20: price "it": kinds: a virtual machine is no box`,
		head + "    per: vm\n    period: year\n    price: 1\n  - {name: it, source: y, per: vm, period: year, price: 2}\n":                  `p.yaml:8:12: a second price "it": want a name of its own`,
	} {
		_, err := LoadBook("p.yaml", []byte(text))
		if err == nil || err.Error() != want {
			t.Errorf("%s\n got %v\nwant %s", text, err, want)
		}
	}
}

func FuzzBook(f *testing.F) {
	f.Add([]byte("currency: EUR\nprices:\n  - {name: a, per: core, price: 1, period: once, years: 3, source: x, pack: 2, minimum: 16, floorPerSocket: 8}\n"))
	f.Add([]byte("currency: EUR\nprices:\n  - name: b\n    per: vm\n    period: month\n    source: y\n    tiering: all-units\n    tiers: [{upTo: 3, price: 2}, {price: 1}]\n    match: {zones: [a*], kinds: [cloud]}\n"))
	f.Add([]byte("currency: EUR\nprices: [{name: c, per: tb, price: 1e9, period: month, source: z, pack: 100000000}]\n"))
	e := mixed()
	f.Fuzz(func(t *testing.T, text []byte) {
		b, err := LoadBook("p.yaml", text)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "p.yaml:") {
				t.Errorf("the error names no place: %v", err)
			}
			return
		}
		s := Default()
		s.Prices = b
		m := s.Measure(e)
		if c := m.Cost(); !(c.Low >= 0 && c.Low <= c.High) || math.IsInf(c.High, 0) {
			t.Errorf("cost %+v", c)
		}
		if o := s.Compare(m, s.Measure(&inventory.Estate{})); !(o.Cost.Saved.Low >= 0) {
			t.Errorf("to have nothing costs more: %+v", o.Cost)
		}
	})
}
