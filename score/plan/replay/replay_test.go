package replay

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/infraopt/infraopt/collect/inventory"
)

var midnight = time.Date(2026, time.January, 5, 0, 0, 0, 0, time.UTC)

func series(after time.Duration, step inventory.Seconds, cpu ...float64) *inventory.Series {
	return &inventory.Series{Start: midnight.Add(after), Step: step, CPU: cpu}
}

func flat(v float64) (day inventory.ByHour) {
	for i := range day {
		day[i] = v
	}
	return day
}

var ten = Host{Name: "a", Cores: 10, Memory: 100}

func TestRun(t *testing.T) {
	withMemory := series(0, 3600, 1, 1, 1, 1)
	withMemory.Memory = []inventory.Bytes{100, 101, -1, 5}
	for name, test := range map[string]struct {
		host  Host
		loads []Load
		want  Result
	}{
		"one":        {ten, []Load{{Series: series(0, 3600, 8, 8.1, 10, 10.1)}}, Result{Samples: 4, Above80: .75, Above100: .25, Worst: 1.01, WorstHost: "a", Covered: 1, Validated: 1}},
		"two add up": {ten, []Load{{Series: series(0, 3600, 8, 1)}, {Series: series(0, 3600, 1, 1)}}, Result{Samples: 2, Above80: .5, Worst: .9, WorstHost: "a", Covered: 1, Validated: 1}},
		"last bits":  {Host{Name: "a", Cores: .3, Memory: 1}, []Load{{Series: series(0, 60, .1)}, {Series: series(0, 60, .2)}}, Result{Samples: 1, Above80: 1, Worst: 1, WorstHost: "a", Covered: 1, Validated: 1}},
		"gap":        {ten, []Load{{Series: series(0, 3600, 8, -1, 9)}, {Series: series(0, 3600, -1, 1, 1)}}, Result{Samples: 1, Above80: 1, Worst: 1, WorstHost: "a", Covered: 1, Validated: 1}},
		"not a number": {ten, []Load{{Series: series(0, 3600, math.NaN(), math.Inf(1), 9)}},
			Result{Samples: 1, Above80: 1, Worst: .9, WorstHost: "a", Covered: 1, Validated: 1}},
		"the span of both": {ten, []Load{{Series: series(0, 3600, 99, 1, 2)}, {Series: series(time.Hour, 3600, 1, 7, 99)}},
			Result{Samples: 2, Above80: .5, Worst: .9, WorstHost: "a", Covered: 1, Validated: 1}},
		"the finer step": {ten, []Load{{Series: series(0, 3600, 1, 5)}, {Series: series(0, 1800, 9, 0, 0, 4)}},
			Result{Samples: 4, Above80: .5, Worst: 1, WorstHost: "a", Covered: 1, Validated: 1}},
		"shifted": {ten, []Load{{Series: series(0, 3600, 0, 10, 0)}, {Series: series(30*time.Minute, 3600, 0, 4)}},
			Result{Samples: 2, Above80: .5, Worst: .9, WorstHost: "a", Covered: 1, Validated: 1}},
		"planned size": {ten, []Load{{Series: series(0, 3600, 1, 1)}, {Cores: inventory.ByHour{0: 9, 1: 10}, Memory: 101}},
			Result{Samples: 2, Above80: 1, Above100: .5, Memory100: 1, Worst: 1.1, WorstHost: "a", Covered: .5, Validated: 1}},
		"planned size over a longer step": {ten, []Load{{Series: series(0, 7200, 1)}, {Cores: inventory.ByHour{1: 10}}},
			Result{Samples: 1, Above80: 1, Above100: 1, Worst: 1.1, WorstHost: "a", Covered: .5, Validated: 1}},
		"memory":      {ten, []Load{{Series: withMemory}}, Result{Samples: 3, Memory100: 1. / 3, Worst: .1, WorstHost: "a", Covered: 1, Validated: 1}},
		"held":        {Host{Name: "a", Cores: 10, Memory: 100, HeldCores: 8, HeldMemory: 101}, []Load{{Series: series(0, 60, 1)}}, Result{Samples: 1, Above80: 1, Memory100: 1, Worst: .9, WorstHost: "a", Covered: 1, Validated: 1}},
		"empty":       {ten, nil, Result{}},
		"held alone":  {Host{Name: "a", Cores: 1, Memory: 1, HeldCores: 1}, nil, Result{Not: []Not{{"a", "nothing that runs there has a utilisation series"}}}},
		"blind alone": {Host{Name: "a", Cores: 1, Memory: 1, Blind: "dark"}, nil, Result{Not: []Not{{"a", "dark"}}}},
		"no value":    {ten, []Load{{Series: series(0, 60, -1)}}, Result{Covered: 1, Not: []Not{{"a", "at no time do all series of what runs there show a value"}}}},
		"apart": {ten, []Load{{Name: "x", Series: series(0, 60, 1)}, {Name: "y", Series: series(time.Hour, 60, 1)}},
			Result{Covered: 1, Not: []Not{{"a", "the utilisation series of x and y have no time in common"}}}},
		"no series":   {ten, []Load{{Cores: flat(99)}}, Result{Not: []Not{{"a", "nothing that runs there has a utilisation series"}}}},
		"no values":   {ten, []Load{{Series: series(0, 60)}}, Result{Not: []Not{{"a", "nothing that runs there has a utilisation series"}}}},
		"no step":     {ten, []Load{{Series: series(0, 0, 1)}}, Result{Not: []Not{{"a", "nothing that runs there has a utilisation series"}}}},
		"NaN step":    {ten, []Load{{Series: series(0, inventory.Seconds(math.NaN()), 1)}}, Result{Not: []Not{{"a", "nothing that runs there has a utilisation series"}}}},
		"no time":     {ten, []Load{{Series: &inventory.Series{Step: 60, CPU: []float64{1}}}}, Result{Not: []Not{{"a", "nothing that runs there has a utilisation series"}}}},
		"no capacity": {Host{Name: "a"}, []Load{{Series: series(0, 60, 1)}}, Result{Covered: 1, Not: []Not{{"a", "its cores or its memory are not known"}}}},
		"blind":       {Host{Name: "a", Blind: "dark", Cores: 1, Memory: 1}, []Load{{Series: series(0, 60, 1)}}, Result{Covered: 1, Not: []Not{{"a", "dark"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			got := Run([]Host{test.host}, test.loads)
			got.Worst = math.Round(got.Worst*1e9) / 1e9
			if !reflect.DeepEqual(got, test.want) {
				t.Errorf("got  %+v\nwant %+v", got, test.want)
			}
		})
	}
}

// question makes up hosts and loads. Their times are whole seconds, so that the naive way can go second by second.
func question(r *rand.Rand) ([]Host, []Load) {
	hosts := make([]Host, 1+r.IntN(4))
	for i := range hosts {
		hosts[i] = Host{Name: fmt.Sprint("host ", i), Cores: float64(r.IntN(12)), Memory: inventory.Bytes(r.IntN(300)), HeldCores: float64(r.IntN(3)), HeldMemory: inventory.Bytes(r.IntN(30))}
	}
	loads := make([]Load, r.IntN(9))
	steps := []int{1, 2, 3, 5, 6, 7, 12}
	for i := range loads {
		l := Load{Name: fmt.Sprint("load ", i), Host: r.IntN(len(hosts)), Memory: inventory.Bytes(r.IntN(90))}
		for h := range l.Cores {
			l.Cores[h] = float64(r.IntN(5))
		}
		if r.IntN(4) > 0 {
			s := series(time.Duration(r.IntN(20)-3600-10)*time.Second, inventory.Seconds(steps[r.IntN(len(steps))]))
			for range 1 + r.IntN(30) {
				s.CPU = append(s.CPU, max(-1, float64(r.IntN(50)-1)/4))
			}
			if r.IntN(2) == 0 {
				for range s.CPU {
					s.Memory = append(s.Memory, inventory.Bytes(r.IntN(60)-1))
				}
			}
			l.Series = s
		}
		loads[i] = l
	}
	return hosts, loads
}

// naive does the same with a list of all seconds.
func naive(hosts []Host, loads []Load) (r Result) {
	for i, h := range hosts {
		type second struct{ cpu, memory float64 }
		from, to, step := math.MinInt, math.MaxInt, math.MaxInt
		some, any := h.HeldCores > 0 || h.HeldMemory > 0, false
		for _, l := range loads {
			if l.Host != i {
				continue
			}
			some = true
			if l.Series != nil {
				any = true
				begin := int(l.Series.Start.Unix())
				from, to, step = max(from, begin), min(to, begin+len(l.Series.CPU)*int(l.Series.Step)), min(step, int(l.Series.Step))
			}
		}
		if !some {
			continue
		}
		samples := 0
		for at := from; any && h.Cores > 0 && h.Memory > 0 && at+step <= to; at += step {
			total := second{h.HeldCores, float64(h.HeldMemory)}
			gap := false
			for _, l := range loads {
				if l.Host != i {
					continue
				}
				var sum, peak, planned float64
				for x := at; x < at+step; x++ {
					planned = max(planned, l.Cores[time.Unix(int64(x), 0).UTC().Hour()])
					if l.Series == nil {
						continue
					}
					k := (x - int(l.Series.Start.Unix())) / int(l.Series.Step)
					sum += l.Series.CPU[k] / float64(step)
					gap = gap || l.Series.CPU[k] < 0 || l.Series.Memory != nil && l.Series.Memory[k] < 0
					if l.Series.Memory != nil {
						peak = max(peak, float64(l.Series.Memory[k]))
					}
				}
				if l.Series == nil {
					sum = planned
				}
				if l.Series == nil || l.Series.Memory == nil {
					peak = float64(l.Memory)
				}
				total.cpu, total.memory = total.cpu+sum, total.memory+peak
			}
			if gap {
				continue
			}
			samples++
			for _, x := range []struct {
				over bool
				n    *float64
			}{{total.cpu > .8*h.Cores+1e-7, &r.Above80}, {total.cpu > h.Cores+1e-7, &r.Above100}, {total.memory > float64(h.Memory), &r.Memory100}} {
				if x.over {
					*x.n++
				}
			}
			r.Worst = max(r.Worst, total.cpu/h.Cores)
		}
		r.Samples += samples
		if samples > 0 {
			r.Validated++
		} else {
			r.Not = append(r.Not, Not{Host: h.Name})
		}
	}
	for _, x := range []*float64{&r.Above80, &r.Above100, &r.Memory100} {
		*x /= max(1, float64(r.Samples))
	}
	return r
}

func near(a, b float64) bool { return math.Abs(a-b) < 1e-9 }

func TestAgainstTheNaiveWay(t *testing.T) {
	both := map[bool]int{}
	for seed := range uint64(4000) {
		hosts, loads := question(rand.New(rand.NewPCG(seed, 1)))
		got, want := Run(hosts, loads), naive(hosts, loads)
		both[got.Validated > 0]++
		if got.Samples != want.Samples || got.Validated != want.Validated || len(got.Not) != len(want.Not) ||
			!near(got.Above80, want.Above80) || !near(got.Above100, want.Above100) || !near(got.Memory100, want.Memory100) || !near(got.Worst, want.Worst) {
			t.Fatalf("seed %d: got %+v, want %+v", seed, got, want)
		}
		if !(0 <= got.Above100 && got.Above100 <= got.Above80 && got.Above80 <= 1) || (got.Above100 > 0) != (got.Worst > 1+slack) {
			t.Fatalf("seed %d: %+v", seed, got)
		}
	}
	if both[true] < 1000 || both[false] < 100 {
		t.Errorf("with and without samples: %v", both)
	}
}

// The order of hosts and loads, and the unit of cores, change nothing.
func TestOrderAndScale(t *testing.T) {
	for seed := range uint64(1000) {
		r := rand.New(rand.NewPCG(seed, 2))
		hosts, loads := question(r)
		want := Run(hosts, loads)
		at := r.Perm(len(hosts))
		mixed := make([]Host, len(hosts))
		for i, h := range hosts {
			mixed[at[i]] = h
		}
		moved := slices.Clone(loads)
		for i := range moved {
			moved[i].Host = at[moved[i].Host]
		}
		r.Shuffle(len(moved), func(i, j int) { moved[i], moved[j] = moved[j], moved[i] })
		got := Run(mixed, moved)
		for _, x := range []*Result{&got, &want} { // these name two loads of many
			for i := range x.Not {
				x.Not[i].Why, _, _ = strings.Cut(x.Not[i].Why, " of ")
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d: in another order: got %+v, want %+v", seed, got, want)
		}
		for i := range mixed {
			mixed[i].Cores, mixed[i].HeldCores = mixed[i].Cores*4, mixed[i].HeldCores*4
		}
		for i := range moved {
			for h := range moved[i].Cores {
				moved[i].Cores[h] *= 4
			}
			if s := moved[i].Series; s != nil {
				c := *s
				c.CPU = slices.Clone(s.CPU)
				for k := range c.CPU {
					c.CPU[k] *= 4
				}
				moved[i].Series = &c
			}
		}
		if got = Run(mixed, moved); got.Samples != want.Samples || got.Above80 != want.Above80 || got.Above100 != want.Above100 || got.Worst != want.Worst {
			t.Fatalf("seed %d: four times as large: got %+v, want %+v", seed, got, want)
		}
	}
}

// More load on a host, or a smaller one, never looks better.
func TestMoreIsNeverBetter(t *testing.T) {
	for seed := range uint64(1000) {
		hosts, loads := question(rand.New(rand.NewPCG(seed, 3)))
		before := Run(hosts, loads)
		for i := range hosts {
			hosts[i].HeldCores += .5
		}
		if after := Run(hosts, loads); after.Samples != before.Samples || after.Above80 < before.Above80 || after.Above100 < before.Above100 || after.Worst < before.Worst {
			t.Fatalf("seed %d: %+v, and with more load %+v", seed, before, after)
		}
	}
}

func TestFloor(t *testing.T) {
	for a := int64(-50); a < 50; a++ {
		if got, want := floor(a, 7), int64(math.Floor(float64(a)/7)); got != want {
			t.Errorf("%d/7: got %d, want %d", a, got, want)
		}
	}
}

func BenchmarkRun(b *testing.B) {
	hosts, loads := make([]Host, 100), make([]Load, 1000)
	for i := range hosts {
		hosts[i] = Host{Name: fmt.Sprint(i), Cores: 32, Memory: inventory.TiB}
	}
	s := series(0, 300)
	for i := range 30 * 288 {
		s.CPU = append(s.CPU, float64(i%7))
	}
	for i := range loads {
		loads[i] = Load{Host: i % 100, Series: s}
	}
	for b.Loop() {
		Run(hosts, loads)
	}
}
