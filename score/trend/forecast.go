package trend

import (
	"math"
	"slices"
	"time"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// A Quarter is an estate as it was seen last in a quarter of a year.
type Quarter struct {
	Name   string
	Taken  time.Time
	Estate *inventory.Estate
}

// days in a mean quarter of a year.
const quarterDays = 365.25 / 4

// Quarters rates the ends of quarters, the oldest first, by today's rules, and says when the next level is reached at the
// pace of these. The assumption that opt may make is made throughout. The forecast is nil where there are fewer than two
// quarters, or no level is left.
func Quarters(m *score.Model, opt score.Options, quarters []Quarter) ([]score.QuarterPoint, *score.Forecast) {
	points := []score.QuarterPoint{}
	var rated []*score.Result
	for _, q := range quarters {
		at := opt
		at.Now = q.Taken
		l := score.NewLedger(q.Estate, m, at)
		r := l.Rate()
		rated = append(rated, r)
		points = append(points, score.QuarterPoint{Quarter: q.Name, TakenAt: q.Taken.UTC(), Score: r.Score, Level: r.Level.Number, Coverage: r.Coverage,
			Components: r.Components().Low, Hosts: r.HostCount()})
	}
	if len(quarters) < 2 {
		return points, nil
	}
	last := rated[len(rated)-1]
	if last.Unassessed != "" || last.Level.Next == "" {
		return points, nil
	}
	f := &score.Forecast{Level: last.Level.Number + 1, Name: last.Level.Next, Gates: []score.ForecastGate{}, Basis: len(quarters)}
	zero := 0.
	f.Quarters = score.ForecastSpan{Soonest: &zero, Likely: &zero, Latest: &zero}
	for _, g := range last.Level.NextGates {
		if g.Met {
			continue
		}
		x := score.ForecastGate{ID: g.ID, Text: g.Text, Unit: g.Unit, Have: g.Have, Want: g.Want}
		var at, have []float64
		for i, r := range rated {
			for _, then := range m.GatesOf(f.Level, r) {
				if then.ID == g.ID {
					at, have = append(at, quarters[i].Taken.Sub(quarters[0].Taken).Hours()/24/quarterDays), append(have, then.Have)
				}
			}
		}
		x.Pace = pace(at, have)
		best, worst := x.Pace[2], x.Pace[0]
		if g.Upper {
			best, worst = worst, best
		}
		x.Quarters = score.ForecastSpan{Soonest: until(g.Want-g.Have, best), Likely: until(g.Want-g.Have, x.Pace[1]), Latest: until(g.Want-g.Have, worst)}
		f.Quarters = later(f.Quarters, x.Quarters)
		f.Gates = append(f.Gates, x)
	}
	return points, f
}

// pace is how fast something has changed: the least, the median and the greatest of the slopes between all pairs of points
// (Theil 1950, Sen 1968). Without two points at different times there is none.
func pace(at, have []float64) [3]float64 {
	var slopes []float64
	for i := range at {
		for j := range i {
			if dt := at[i] - at[j]; dt > 0 {
				slopes = append(slopes, (have[i]-have[j])/dt)
			}
		}
	}
	if len(slopes) == 0 {
		return [3]float64{}
	}
	slices.Sort(slopes)
	n := len(slopes)
	return [3]float64{slopes[0], (slopes[(n-1)/2] + slopes[n/2]) / 2, slopes[n-1]}
}

// until is how long a way takes at a pace; nil where it never ends.
func until(way, pace float64) *float64 {
	t := way / pace
	if !(t >= 0) || math.IsInf(t, 0) || pace == 0 {
		return nil
	}
	return &t
}

// later gives, of two spans, the later of each end: both have to come about.
func later(a, b score.ForecastSpan) score.ForecastSpan {
	max := func(a, b *float64) *float64 {
		switch {
		case a == nil || b == nil:
			return nil
		case *a > *b:
			return a
		}
		return b
	}
	return score.ForecastSpan{Soonest: max(a.Soonest, b.Soonest), Likely: max(a.Likely, b.Likely), Latest: max(a.Latest, b.Latest)}
}
