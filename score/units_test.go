package score_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/infraopt/infraopt/collect/demo"
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// units say how many of its units make up one of the usual ones. They are powers of two: then products of floating
// point are exact, and only what the score keeps in whole numbers is rounded differently.
type units struct {
	cpu     float64 // units of CPU in a core
	memory  int64   // units of memory in a byte
	network int64   // units of traffic in a byte
	disk    int64   // units of storage in a byte
}

// fine are units of which the score's whole numbers round so little off that it does not matter: weights to 2⁻¹⁴
// millionths of a core, needs to 2⁻¹⁴ thousandths.
var fine = units{cpu: 1 << 14, memory: 1 << 4, network: 1, disk: 1}

func (u units) times(v units) units {
	return units{u.cpu * v.cpu, u.memory * v.memory, u.network * v.network, u.disk * v.disk}
}

// model gives the model in these units: every threshold that is an amount, and the rate between cores and memory.
func (u units) model(m *score.Model) *score.Model {
	c := *m
	th, cpu, memory, network := &c.Thresholds, u.cpu, float64(u.memory), float64(u.network)
	for _, v := range []*float64{&th.ActiveCores, &th.FloorCores, &th.CeilingCores, &c.Idle.Default.Cores} {
		*v *= cpu
	}
	for _, v := range []*int64{&th.NeedFloorMilli, &th.StepMilli, &th.VMStepMilli} {
		*v *= int64(cpu)
	}
	for _, v := range []*float64{&th.FloorGiB, &th.CeilingGiB} {
		*v *= memory
	}
	for _, v := range []*int64{&th.NeedFloorMiB, &th.StepMiB, &th.VMStepMiB} {
		*v *= u.memory
	}
	th.CoreGiB *= memory / cpu
	c.Idle.Broad.MHz *= cpu // a core has its clock once, and is now so many units
	for _, v := range []*float64{&th.ActiveNetworkBytes, &c.Idle.Strict.NetworkBytes, &c.Idle.Default.ReceivedBytes, &c.Idle.Default.SentBytes} {
		*v *= network
	}
	return &c
}

// estate gives a copy of an estate in these units.
func (u units) estate(e *inventory.Estate) *inventory.Estate {
	c := demo.Clone(e)
	c.Walk(func(n *inventory.Node) {
		m := &n.Machine
		multiply(u.cpu, &m.Cores)
		multiply(inventory.Bytes(u.memory), &m.Memory)
		u.use(&m.Usage, &inventory.Demand{})
		for i := range n.Workloads {
			u.use(&n.Workloads[i].Usage, &n.Workloads[i].Demand)
		}
		for i := range n.Containers {
			k := &n.Containers[i]
			u.use(&k.Usage, &k.Demand)
			multiply(u.cpu, &k.CPULimit)
			multiply(inventory.Bytes(u.memory), &k.MemoryLimit)
			multiply(inventory.Bytes(u.disk), &k.Writable)
		}
		for i := range n.VMs {
			v := &n.VMs[i]
			u.use(&v.Usage, &v.Demand)
			multiply(u.cpu, &v.VCPUs)
			multiply(inventory.Bytes(u.memory), &v.Memory)
		}
		for i := range n.Images {
			multiply(inventory.Bytes(u.disk), &n.Images[i].Size)
		}
		for i := range n.Volumes {
			multiply(inventory.Bytes(u.disk), &n.Volumes[i].Size)
		}
		for i := range n.Engines {
			multiply(inventory.Bytes(u.disk), &n.Engines[i].BuildCache, &n.Engines[i].DataUsed)
		}
	})
	return c
}

func (u units) use(s *inventory.Usage, d *inventory.Demand) {
	multiply(u.cpu, &s.CPUSeconds, &d.CPUP995, &d.CPUMax, &d.CPUP97, &d.CPUP90)
	multiply(inventory.Bytes(u.memory), &s.Memory, &d.MemoryMax)
	multiply(inventory.Bytes(u.network), &s.Network, &d.ReceivedP95, &d.SentP95, &d.NetworkDay)
}

// multiply multiplies what is known.
func multiply[T ~float64 | ~int64](by T, readings ...*inventory.Reading[T]) {
	for _, r := range readings {
		if v, ok := r.Get(); ok {
			*r = inventory.Known(by * v)
		}
	}
}

// Law 9: other units of CPU, of memory, of traffic and of storage, and a common factor on CPU and memory, leave every
// indicator and the score as they are.
func TestLaw09UnitsAreNoInformation(t *testing.T) { forEstates(t, unitsAreNoInformation) }

func unitsAreNoInformation(s *scorer, r *rand.Rand, e *inventory.Estate) error {
	other := units{float64(int64(1) << r.IntN(4)), 1 << r.IntN(4), 1 << r.IntN(4), 1 << r.IntN(4)}
	if r.IntN(4) == 0 { // a common factor
		other.memory = int64(other.cpu)
	}
	finer := fine.times(other)
	if err := sameIn(&scorer{Model: fine.model(s.Model)}, fine.estate(e), &scorer{Model: finer.model(s.Model)}, finer.estate(e)); err != nil {
		return fmt.Errorf("in other units, %+v of them: %w", other, err)
	}
	return nil
}

// sameIn compares an estate in fine units with the same in still finer ones.
func sameIn(a *scorer, in *inventory.Estate, b *scorer, out *inventory.Estate) error {
	ledger := score.NewLedger(in, a.Model, a.opt)
	x, y := ledger.Rate(), b.rate(out)
	off := roundedOff(ledger)
	for i := range x.Pillars {
		for j := range x.Pillars[i].Indicators {
			p, q := x.Pillars[i].Indicators[j], y.Pillars[i].Indicators[j]
			far := func(a, b float64) bool { return math.Abs(a-b) > off[p.ID]+tolerance }
			if far(p.Low, q.Low) || far(p.High, q.High) || far(p.Coverage, q.Coverage) || p.Applicable != q.Applicable {
				return fmt.Errorf("%s: %v to %v (coverage %v) became %v to %v (coverage %v)", p.ID, p.Low, p.High, p.Coverage, q.Low, q.High, q.Coverage)
			}
		}
	}
	if x.Level.Number != y.Level.Number {
		return fmt.Errorf("level %d became %d", x.Level.Number, y.Level.Number)
	}
	return nil
}

// roundedOff says how much rounding can move each indicator, by arithmetic.
//
// Each piece of work weighs at most half a unit more or less than it would exactly, in either estate: n pieces move
// masses by n units at most, out of W units that are certain. A share Σwx/Σw of values in [0,1] thereby moves by T = n/W
// at most, at each end of its interval; if W is 0, that end is the value of one piece of work, however much it weighs.
// An entropy moves by T·ln K + H(T) for K kinds and two distributions that are T apart (Fannes 1973, Audenaert 2007),
// and H(T) ≤ T·(1 − ln T). Needs and allocations in thousandths are rounded like weights.
func roundedOff(l *score.Ledger) map[string]float64 {
	total := &score.Tally{}
	for _, h := range l.Estate().Hosts {
		total.Add(l.Tally(h))
	}
	var n float64
	certain := map[[2]string]float64{} // by indicator, and by dimension of uniformity
	for _, t := range total.Terms() {
		switch {
		case t.Of == "work" && t.Name == "all", t.Of == "frame":
			n += float64(t.Hi)
		case t.Of == "components.uniformity":
			certain[[2]string{t.Of, t.Name}] += float64(t.Lo)
		default:
			certain[[2]string{t.Of}] += float64(t.Lo)
		}
	}
	off := map[string]float64{}
	for of, w := range certain {
		if w == 0 {
			continue
		}
		t := math.Min(1, n/w)
		if of[1] != "" {
			t = math.Min(1, t*(1-math.Log(t)+math.Log(n+1))/math.Log(20))
		}
		off[of[0]] += t
	}
	return off
}
