package score_test

import (
	"fmt"
	"math"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/infraopt/infraopt/collect/demo"
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// The first numbers of SplitMix64 from the seed 1234567, which other implementations give as well.
func TestStream(t *testing.T) {
	want := []uint64{6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821}
	if got := score.Numbers(1234567, len(want)); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Each draw gives what rating the tally anew with the model of the draw gives, to the last bit; with all factors at 1
// that is the score itself. The model of a draw keeps its ladders in order.
func TestSensitivityRatesAsEver(t *testing.T) {
	m := model(t)
	subjects := len(m.Pillars) + len(m.Indicators)
	forSeeds(t, 2000, func(seed int) error {
		r, e := lawEstate(seed)
		opt := score.Options{RunningIsActive: r.IntN(2) == 0}
		total := tallyOf(m, e, opt)
		own := m.Rate(total)
		s := score.NewSampler(m, total, r.Int64())
		ask := func(what string, got score.Bounds, level int, want *score.Result) error {
			if got != want.Score || level != want.Level.Number {
				return fmt.Errorf("%s: score %v, level %d, want %v, %d", what, got, level, want.Score, want.Level.Number)
			}
			if !(got.None || 0 <= got.Low && got.Low <= got.High+tolerance && got.High <= 100) {
				return fmt.Errorf("%s: score %v", what, got)
			}
			return nil
		}
		for range 3 {
			s.Draw()
			got, level := s.Everything()
			if err := ask("a draw", got, level, s.Model().Rate(total)); err != nil {
				return err
			}
			if err := inOrder(s.Model()); err != nil {
				return err
			}
			i := r.IntN(subjects)
			got, level = s.Only(i)
			if err := ask(fmt.Sprint("a draw of number ", i), got, level, s.Model().Rate(total)); err != nil {
				return err
			}
		}
		s.Leave()
		got, level := s.Everything()
		if err := ask("no change", got, level, own); err != nil {
			return err
		}
		got, level = s.Only(r.IntN(subjects))
		return ask("no change of one", got, level, own)
	})
}

func tallyOf(m *score.Model, e *inventory.Estate, opt score.Options) *score.Tally {
	total := &score.Tally{}
	for _, h := range e.Hosts {
		total.Add(m.TallyStack(score.NewStack(h, m, opt)))
	}
	return total
}

func inOrder(m *score.Model) error {
	for _, x := range m.Indicators {
		last := 0.0
		for _, s := range x.Ladder {
			if s.Value < last || s.Value > 1 {
				return fmt.Errorf("%s: step %s at %v, after %v", x.ID, s.ID, s.Value, last)
			}
			last = s.Value
		}
	}
	return nil
}

// What is said of the draws is in bounds, and adds up; what does not apply has no effect.
func TestSensitivityIsSound(t *testing.T) {
	m := model(t)
	forSeeds(t, 2000, func(seed int) error {
		r, e := lawEstate(seed)
		ledger := score.NewLedger(e, m, score.Options{RunningIsActive: r.IntN(2) == 0})
		s := ledger.Sensitivity(score.SensitivityOptions{Draws: 20, Seed: r.Int64()})
		sum := 0.0
		for _, l := range s.Levels {
			sum += l.Share
		}
		if math.Abs(sum-1) > tolerance || len(s.Levels) != 1+len(m.Levels) || !slices.Contains(s.Levels, s.Level) {
			return fmt.Errorf("shares of the levels add up to %v: %v; its own is %v", sum, s.Levels, s.Level)
		}
		own := ledger.Rate()
		if s.Score != own.Score || s.Level.Number != own.Level.Number {
			return fmt.Errorf("score %v, level %v, want %v, %v", s.Score, s.Level, own.Score, own.Level.Number)
		}
		if s.Score.None {
			return nil
		}
		for _, q := range []*score.Quantiles{s.Low, s.High} {
			if !(0 <= q.P5 && q.P5 <= q.P50 && q.P50 <= q.P95 && q.P95 <= 100) {
				return fmt.Errorf("quantiles %+v", q)
			}
		}
		if s.Low.P5 > s.High.P5+tolerance || s.Low.P50 > s.High.P50+tolerance || s.Low.P95 > s.High.P95+tolerance {
			return fmt.Errorf("low end %+v above high end %+v", s.Low, s.High)
		}
		return soundEffects(s, own)
	})
}

func soundEffects(s *score.Sensitivity, own *score.Result) error {
	last := 100.0
	effects := map[string]score.Effect{}
	for _, x := range s.Effects {
		if !(0 <= x.Low && x.Low <= last && 0 <= x.High && x.High <= 100) {
			return fmt.Errorf("effect %+v after one of %v", x, last)
		}
		last = x.Low
		effects[x.ID] = x
	}
	for _, p := range own.Pillars {
		for _, x := range p.Indicators {
			if f, ok := effects[x.ID]; !ok || !x.Applicable && (f.Low != 0 || f.High != 0) {
				return fmt.Errorf("%s: applicable %v, effect %+v", x.ID, x.Applicable, f)
			}
		}
	}
	return nil
}

// constant is a model with two pillars of one indicator each. The first rates work as full marks; the second has one
// step at half.
func constant(t *testing.T) *score.Model {
	m := *model(t)
	m.Pillars = []score.Pillar{{ID: "first", Weight: .5}, {ID: "second", Weight: .5}}
	full := score.Indicator{Definition: score.Definition{ID: "first.full", Weight: 1}, Tally: func(*score.Stack, *score.Adder) {},
		Rate: func(*score.Rater) score.Rating {
			return score.Rating{Low: 1, High: 1, Applicable: true, Coverage: 1}
		}}
	half := score.Indicator{Definition: score.Definition{ID: "second.half", Weight: 1, Ladder: []score.Step{{ID: "half", Value: .5}}}, Rate: (*score.Rater).Ladder}
	half.Tally = func(s *score.Stack, add *score.Adder) {
		for _, x := range s.Works {
			add.Stand(x, "half", "half", score.Fact{})
		}
	}
	m.Indicators = []score.Indicator{full, half}
	if err := m.Check(); err != nil {
		t.Fatal(err)
	}
	return &m
}

// Worked by hand: with the weights ½·f and ½·g and the anchor ½·a the score is 100·(f + g·a/2)/(f + g), at the own
// numbers 75. With f alone between .5 and 1.5, its 5th and 95th percentile at .55 and 1.45 give 67.74 and 79.59, 11.85
// points apart. Of the second indicator the weight, alone in its pillar, does nothing, and its anchor a, at .91 and
// 1.09, gives 72.75 and 77.25, 4.5 points apart.
func TestSensitivityByHand(t *testing.T) {
	m := constant(t)
	s := score.NewLedger(ways()[0].estate(), m, score.Options{}).Sensitivity(score.SensitivityOptions{Draws: 20_000, Seed: 3})
	if s.Score != (score.Bounds{Low: 75, High: 75}) {
		t.Errorf("score %v, want 75", s.Score)
	}
	want := []struct {
		id     string
		effect float64
	}{{"first", 11.85}, {"second", 11.85}, {"second.half", 4.5}, {"first.full", 0}}
	for _, w := range want {
		i := slices.IndexFunc(s.Effects, func(x score.Effect) bool { return x.ID == w.id })
		if got := s.Effects[i]; math.Abs(got.Low-w.effect) > .3 || got.Low != got.High || w.effect == 0 && got.Low != 0 {
			t.Errorf("effect %+v, want %v", got, w.effect)
		}
	}
	if s.Effects[2].ID != "second.half" || s.Effects[3].ID != "first.full" || s.EffectDraws != 2000 {
		t.Errorf("effects of %d draws: %+v", s.EffectDraws, s.Effects)
	}
	if math.Abs(s.Low.P50-75) > .3 || s.Low.P5 > 68 || s.Low.P5 < 62 || s.Low.P95 < 80 || s.Low.P95 > 85 || *s.Low != *s.High {
		t.Errorf("low end %+v, high end %+v", s.Low, s.High)
	}
}

// An indicator without weight moves nothing.
func TestSensitivityOfNoWeight(t *testing.T) {
	m := *model(t)
	m.Indicators = slices.Clone(m.Indicators)
	for i := range m.Indicators {
		x := &m.Indicators[i]
		switch x.ID {
		case "containers.isolation":
			x.Weight += m.Indicator("containers.orchestration").Weight
		case "containers.orchestration":
			x.Weight = 0
		}
	}
	if err := m.Check(); err != nil {
		t.Fatal(err)
	}
	s := score.NewLedger(ways()[4].estate(), &m, score.Options{}).Sensitivity(score.SensitivityOptions{Draws: 500, Seed: 1})
	for _, x := range s.Effects {
		if none := x.ID == "containers.orchestration"; none != (x.Low == 0 && x.High == 0) {
			t.Errorf("%+v", x)
		}
	}
}

// Where nothing can vary, the result says so.
func TestSensitivityOfNothing(t *testing.T) {
	idle := ways()[0]
	idle.hosts = 2
	e := idle.estate()
	for _, h := range e.Hosts {
		h.Workloads = nil
	}
	waived := *model(t)
	for _, x := range waived.Indicators {
		waived.Waivers = append(waived.Waivers, score.Waiver{Indicator: x.ID, Reason: "test"})
	}
	hidden := demo.Clone(ways()[0].estate())
	for _, h := range hidden.Hosts {
		h.Machine.Processes = inventory.Unknown[int]("nobody looked", "")
		for i := range h.Workloads {
			h.Workloads[i].Usage, h.Workloads[i].Demand = inventory.Usage{}, inventory.Demand{}
		}
	}
	for _, test := range []struct {
		estate *inventory.Estate
		model  *score.Model
		note   string
		low    *score.Quantiles
	}{
		{&inventory.Estate{}, model(t), "there is no score to vary: nothing was seen", nil},
		{e, model(t), "no draw changes the score: no workload is active", &score.Quantiles{}},
		{hidden, model(t), "no draw changes the low end: no workload is known to be active", &score.Quantiles{}},
		{ways()[0].estate(), &waived, "no draw changes the score", &score.Quantiles{}},
		{ways()[0].estate(), model(t), "", &score.Quantiles{P5: 6}},
	} {
		s := score.NewLedger(test.estate, test.model, score.Options{}).Sensitivity(score.SensitivityOptions{Draws: 100})
		if !strings.HasPrefix(s.Note, test.note) || (s.Note == "") != (test.note == "") {
			t.Errorf("note %q, want %q", s.Note, test.note)
		}
		if (s.Low == nil) != (test.low == nil) || s.Low != nil && math.Floor(s.Low.P5) != test.low.P5 {
			t.Errorf("%q: low end %+v, want %+v", test.note, s.Low, test.low)
		}
		for _, x := range s.Effects {
			if math.IsNaN(x.Low) || math.IsNaN(x.High) || strings.HasPrefix(test.note, "no draw changes the score") && x.Low+x.High != 0 {
				t.Errorf("%q: %+v", test.note, x)
			}
		}
	}
}

// The same seed gives the same result, on however many processors; another gives another one.
func TestSensitivitySeed(t *testing.T) {
	m := model(t)
	ledger := score.NewLedger(ways()[3].estate(), m, score.Options{})
	run := func(seed int64) *score.Sensitivity {
		return ledger.Sensitivity(score.SensitivityOptions{Draws: 300, Seed: seed})
	}
	first := run(7)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	if again := run(7); !reflect.DeepEqual(first, again) {
		t.Errorf("got %+v, then %+v", first, again)
	}
	if other := run(8); *first.Low == *other.Low {
		t.Errorf("seeds 7 and 8 both give %+v", other.Low)
	}
	if got, want := fmt.Sprintf("%.6f", *first.Low), "{43.091595 51.094590 59.489099}"; got != want {
		t.Errorf("the low end is %s, want %s", got, want)
	}
}
