package outcome

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

func said(r score.Ratio) string {
	end := func(v *float64) string {
		if v == nil {
			return "?"
		}
		return fmt.Sprintf("%.4g", *v)
	}
	return end(r.Low) + "–" + end(r.High)
}

func TestKPIs(t *testing.T) {
	for _, row := range []struct {
		what                  string
		edit                  func(*inventory.Estate)
		use                   score.Bounds
		containers, vms, vcpu string
	}{
		// One container on six systems, or any number, as one virtual machine was not looked into; two virtual machines with
		// eight virtual CPUs on sixteen cores.
		{"as it is", func(*inventory.Estate) {}, exactly(.25), "0.1667–?", "2–2", "0.5–0.5"},
		{"all looked into", func(e *inventory.Estate) { e.Hosts[2].VMs = e.Hosts[2].VMs[1:] }, exactly(.25), "0.2–0.2", "1–1", "0.25–0.25"},
		{"cores are not known", func(e *inventory.Estate) {
			e.Hosts[2].Machine.PhysicalCores = inventory.Reading[int]{} // of Xeons with two threads a core
		}, exactly(.25), "0.1667–?", "2–2", "0.25–0.5"},
		{"virtual machines are hidden", func(e *inventory.Estate) { e.Hosts[2].Hypervisors[0].VMs = inventory.Reading[int]{} },
			exactly(.25), "0–?", "2–?", "0.5–?"},
		{"one may be off", func(e *inventory.Estate) { e.Hosts[2].VMs[0].State = inventory.Reading[inventory.RunState]{} },
			exactly(.25), "0.1667–?", "1–2", "0.25–0.5"},
		// Of 32 and 128 threads: a quarter of the smaller and none or all of the larger.
		{"use of the larger one is not known", func(e *inventory.Estate) { e.Hosts[1].Machine.Usage = inventory.Usage{} },
			score.Bounds{Low: .25 * 32 / 160, High: (.25*32 + 128) / 160}, "0.1667–?", "2–2", "0.5–0.5"},
		// It is all, or none.
		{"and it may be off", func(e *inventory.Estate) {
			e.Hosts[1].Machine.Usage, e.Hosts[1].Machine.Powered = inventory.Usage{}, inventory.Reading[bool]{}
		}, score.Bounds{Low: .25 * 32 / 160, High: (.25*32 + 128) / 160}, "0–?", "2–2", "0.5–0.5"},
		{"nothing", func(e *inventory.Estate) { e.Hosts = nil }, score.Bounds{None: true}, "?–?", "?–?", "?–?"},
	} {
		e := mixed()
		row.edit(e)
		k := KPIs(e)
		if k.Utilisation != row.use || said(k.ContainersPerOS) != row.containers || said(k.VMsPerHost) != row.vms || said(k.VCPUsPerCore) != row.vcpu {
			t.Errorf("%s: use %+v, %s containers a system, %s virtual machines a host, %s virtual CPUs a core",
				row.what, k.Utilisation, said(k.ContainersPerOS), said(k.VMsPerHost), said(k.VCPUsPerCore))
		}
	}
}

// What is said with unknown facts holds whatever these turn out to be.
func TestLawKPIs(t *testing.T) {
	within := func(wide, narrow score.Ratio) bool {
		switch {
		case narrow.Low == nil:
			return wide.Low == nil || *wide.Low == 0 // there may have been something to divide by
		case wide.Low == nil:
			return false
		}
		return *wide.Low <= *narrow.Low+1e-9 && (wide.High == nil || narrow.High != nil && *narrow.High <= *wide.High+1e-9)
	}
	forSeeds(t, 1000, func(r *rand.Rand) error {
		e := full(r)
		truth, known := KPIs(e), KPIs(forget(r, e, float64(r.IntN(10))/10))
		if !truth.Utilisation.None && (known.Utilisation.None || !holds(known.Utilisation, truth.Utilisation)) {
			return fmt.Errorf("utilisation %+v does not hold %+v", known.Utilisation, truth.Utilisation)
		}
		for i, pair := range [][2]score.Ratio{
			{known.ContainersPerOS, truth.ContainersPerOS}, {known.VMsPerHost, truth.VMsPerHost}, {known.VCPUsPerCore, truth.VCPUsPerCore},
		} {
			if !within(pair[0], pair[1]) {
				return fmt.Errorf("ratio %d: %s does not hold %s", i, said(pair[0]), said(pair[1]))
			}
		}
		return nil
	})
}

// The mean of servers of unknown weights is the lowest and the highest over all weights.
func TestMean(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range trials(3000) {
		var servers []server
		for range 1 + r.IntN(5) {
			lo, use := float64(r.IntN(3)), r.Float64()
			servers = append(servers, server{span{lo, lo + float64(r.IntN(3))}, span{use, use + (1-use)*r.Float64()}})
		}
		want := span{2, -1}
		for bits := range 1 << len(servers) { // the ends of a ratio of sums lie at ends of the weights
			var low, high, weight float64
			for i, s := range servers {
				w := s.weight.lo
				if bits&(1<<i) != 0 {
					w = s.weight.hi
				}
				low, high, weight = low+w*s.use.lo, high+w*s.use.hi, weight+w
			}
			if weight > 0 {
				want = want.or(span{low / weight, high / weight})
			}
		}
		got := mean(servers)
		if got.None != (want.hi < 0) || !got.None && !(near(got.Low, want.lo) && near(got.High, want.hi)) {
			t.Fatalf("%v: %+v, want %v", servers, got, want)
		}
	}
}
