package plan

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/infraopt/infraopt/collect/demo"
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// A search tries every order of every set of actions that an effort allows, and knows nothing of tallies, sums and rounds
// of the planner: what is done is rated from nothing.
type search struct {
	model   *score.Model
	req     Request
	customs *customs
	begin   func(e *inventory.Estate) *planner
	best    float64
	states  int
}

func (s *search) rate(e *inventory.Estate) float64 {
	return score.NewLedger(e, s.model, s.req.Options).Rate().Score.Low
}

// do does an action on a whole estate; nil where it finds nothing to do.
func (s *search) do(act *Action, e *inventory.Estate) (*inventory.Estate, float64) {
	if act.estate != nil {
		r := act.estate(s.begin(e))
		if r == nil {
			return nil, 0
		}
		effort := r.effort
		for i := range r.subjects {
			effort += r.subjects[i].Effort
		}
		return r.estate, effort
	}
	out := *e
	out.Hosts = slices.Clone(e.Hosts)
	effort, subjects := act.once, 0
	for i, h := range e.Hosts {
		changed, found := rewriteHost(act, h, newScene(h, s.model, s.req.Options, s.customs, s.req.Constraints))
		out.Hosts[i] = changed
		subjects += len(found)
		for j := range found {
			effort += found[j].Effort
		}
	}
	if subjects == 0 {
		return nil, 0
	}
	if act.site != nil {
		return act.site(&out), effort
	}
	return &out, effort
}

// from goes on from an estate with the effort that is left. Hosts can be retired twice, as in a roadmap.
func (s *search) from(e *inventory.Estate, left float64, done map[string]int) {
	s.states++
	s.best = math.Max(s.best, s.rate(e))
	for _, act := range actions() {
		if done[act.ID] > 1 || done[act.ID] > 0 && !act.again {
			continue
		}
		after, effort := s.do(act, e)
		if after == nil || effort > left {
			continue
		}
		done[act.ID]++
		s.from(after, left-effort, done)
		done[act.ID]--
	}
}

// choices counts the actions that find something to do.
func (s *search) choices(e *inventory.Estate) int {
	n := 0
	for _, act := range actions() {
		if after, _ := s.do(act, e); after != nil {
			n++
		}
	}
	return n
}

// Greed has its price, which is worth knowing: by how many points the best of all roadmaps within some effort beats the
// steps of the roadmap that fit into it. It is never less than nothing.
func TestRegretOfGreed(t *testing.T) {
	skipWithRaceDetector(t)
	seeds := 1300 // of which some 200 make estates with few enough choices
	if testing.Short() {
		seeds /= 10
	}
	const mostChoices = 5
	m := model(t)
	var mu sync.Mutex
	var regrets, shares []float64
	states := 0
	each(seeds, func(seed int) {
		if t.Failed() {
			return
		}
		r := rand.New(rand.NewPCG(uint64(seed), 53))
		e := demo.RandomEstate(r, demo.RandomOptions{Hosts: 3, Unknown: float64(seed%3) / 100})
		if seed%2 == 0 {
			e = roomy(r, 4, 0)
		}
		req := lawRequest(3 * seed)
		x, err := advised(t, e, m, req)
		if err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
		if x == nil || len(x.r.steps) == 0 {
			return
		}
		s := &search{model: m, req: x.req, customs: customsOf(e, m.ZoneOf, x.req.Constraints), begin: func(e *inventory.Estate) *planner { return newPlanner(t.Context(), e, m, x.req) }}
		if n := s.choices(e); n < 2 || n > mostChoices {
			return
		}
		budget := x.a.Roadmap.Effort * (.3 + .6*r.Float64())
		greedy, spent := x.a.Roadmap.From.Low, 0.
		for _, rec := range x.a.Recommendations[:x.a.Roadmap.Steps] {
			if spent += rec.Effort; spent > budget {
				break
			}
			greedy += rec.Gain.Score
		}
		s.from(e, budget, map[string]int{})
		regret := s.best - greedy
		mu.Lock()
		defer mu.Unlock()
		if math.IsNaN(regret) || math.IsInf(regret, 0) || regret < -1e-9 {
			t.Errorf("seed %d: within an effort of %v the roadmap reaches %v, and the best of %d states %v", seed, budget, greedy, s.states, s.best)
		}
		regrets, states = append(regrets, regret), states+s.states
		if most := s.best - x.a.Roadmap.From.Low; most > 1e-9 {
			shares = append(shares, regret/most)
		}
	})
	if len(regrets) < seeds/8 || len(shares) == 0 {
		t.Fatalf("only %d estates were small enough", len(regrets))
	}
	slices.Sort(regrets)
	slices.Sort(shares)
	middle := func(v []float64) string {
		return fmt.Sprintf("median %.4f, P90 %.4f, worst %.4f", v[len(v)/2], v[len(v)*9/10], v[len(v)-1])
	}
	t.Logf("%d estates, %d states: points lost by greed within an effort: %s; as a share of what can be gained: %s", len(regrets), states, middle(regrets), middle(shares))
}
