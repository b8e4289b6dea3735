package bound

import "math"

// A column is a variable of a linear programme, ≥ 0, with what it adds to the rows that it touches.
type column struct {
	rows  []int
	adds  []float64
	cost  float64
	upper float64 // +Inf for none
}

// A simplex solves a linear programme in equations, least cost, by the revised simplex method with bounded variables and
// an explicit inverse. Its first columns are the unit vectors, which are the first basis: slacks, or what is paid where a
// row cannot be met. Columns may be added between two solutions.
//
// Products are converted before they are added: this keeps them from being fused, so that results are alike on every
// machine.
type simplex struct {
	rhs     []float64
	columns []column
	basis   []int  // by row: its column
	row     []int  // by column: its row in the basis, -1 for none
	full    []bool // by column that is in no row: it stands at its upper bound
	inverse []float64
	values  []float64 // of the basis
	duals   []float64
	pivots  int // since the inverse was last worked out from the columns
	steps   int // in all
}

const (
	// improves is by how much a unit of a column has to lower the cost, costs being around 1.
	improves = 1e-9
	// pivotal is the least size of a pivot.
	pivotal = 1e-8
	// touches is how far bounds may be overstepped where that gives a larger pivot.
	touches = 1e-9
	// refactor is after how many pivots the inverse is worked out anew.
	refactor = 50
)

// newSimplex has a unit column per row, of the given cost.
func newSimplex(rhs, costs []float64) *simplex {
	s := &simplex{rhs: rhs, basis: make([]int, len(rhs)), values: make([]float64, len(rhs)), duals: make([]float64, len(rhs)),
		inverse: make([]float64, len(rhs)*len(rhs))}
	for r, c := range costs {
		s.add(column{rows: []int{r}, adds: []float64{1}, cost: c, upper: math.Inf(1)})
	}
	s.restart()
	return s
}

func (s *simplex) add(c column) {
	s.columns = append(s.columns, c)
	s.row = append(s.row, -1)
	s.full = append(s.full, false)
}

// restart goes back to the unit vectors as the basis.
func (s *simplex) restart() {
	for c := range s.columns {
		s.row[c], s.full[c] = -1, false
	}
	clear(s.inverse)
	for r := range s.basis {
		s.basis[r], s.row[r] = r, r
		s.inverse[r*len(s.rhs)+r] = 1
	}
	s.refresh()
}

// solve goes from basis to basis until none is cheaper; false where that takes more pivots than given.
func (s *simplex) solve(most int) bool {
	stuck := 0
	for range most {
		if s.pivots >= refactor && !s.invert() {
			s.restart()
		}
		q, rising := s.entering(stuck > 2*len(s.rhs))
		if q < 0 {
			if s.pivots == 0 {
				return true
			}
			if !s.invert() { // accept nothing that rests on an inverse that has drifted
				s.restart()
			}
			continue
		}
		if s.step(q, rising) > 1e-10 {
			stuck = 0
		} else {
			stuck++
		}
	}
	return false
}

// entering is the column that lowers the cost most per unit; with first the first that does so at all, with which the
// method cannot go in circles (Bland's rule).
func (s *simplex) entering(first bool) (q int, rising bool) {
	q, best := -1, improves
	for c := range s.columns {
		if s.row[c] >= 0 || s.columns[c].upper == 0 {
			continue
		}
		gain := -s.reduced(c)
		if s.full[c] {
			gain = -gain
		}
		if gain > best {
			q, best = c, gain
			if first {
				break
			}
		}
	}
	return q, q >= 0 && !s.full[q]
}

// reduced is what a unit of a column costs beyond what its rows are worth.
func (s *simplex) reduced(c int) float64 {
	col := &s.columns[c]
	d := col.cost
	for i, r := range col.rows {
		d -= float64(s.duals[r] * col.adds[i])
	}
	return d
}

// step lets a column enter the basis, or go from one of its bounds to the other, and returns how far it went.
func (s *simplex) step(q int, rising bool) float64 {
	m := len(s.rhs)
	alpha := s.through(&s.columns[q])
	sign := 1.
	if !rising {
		sign = -1
	}
	// First how far it may go where bounds have some give, then of the rows that stop it there the one with the largest
	// pivot (Harris 1973).
	limit := math.Inf(1)
	for r, a := range alpha {
		if room, ok := s.room(r, sign*a); ok {
			limit = min(limit, (room+touches)/math.Abs(a))
		}
	}
	leaving, far := -1, 0.
	for r, a := range alpha {
		if room, ok := s.room(r, sign*a); ok && room/math.Abs(a) <= limit && (leaving < 0 || math.Abs(a) > math.Abs(alpha[leaving])) {
			leaving, far = r, max(0, room/math.Abs(a))
		}
	}
	if upper := s.columns[q].upper; leaving < 0 || upper <= far {
		if math.IsInf(upper, 1) {
			return 0 // without end: not with costs ≥ 0 of what may grow
		}
		for r, a := range alpha {
			s.values[r] -= float64(sign * a * upper)
		}
		s.full[q] = rising
		return upper
	}
	out := s.basis[leaving]
	s.full[out] = sign*alpha[leaving] < 0 // it grew until its upper bound
	s.row[out] = -1
	for r, a := range alpha {
		s.values[r] -= float64(sign * a * far)
	}
	start := 0.
	if s.full[q] {
		start = s.columns[q].upper
	}
	s.values[leaving] = start + sign*far
	d := s.reduced(q) / alpha[leaving]
	s.basis[leaving], s.row[q], s.full[q] = q, leaving, false
	pivot := s.inverse[leaving*m : (leaving+1)*m]
	for i := range pivot {
		s.duals[i] += float64(d * pivot[i])
		pivot[i] /= alpha[leaving]
	}
	for r, a := range alpha {
		if r == leaving || a == 0 {
			continue
		}
		row := s.inverse[r*m : (r+1)*m]
		for i, p := range pivot {
			row[i] -= float64(a * p)
		}
	}
	s.pivots++
	s.steps++
	return far
}

// room is how far the variable of a row may fall, or rise where its slope is negative.
func (s *simplex) room(r int, slope float64) (float64, bool) {
	switch {
	case slope > pivotal:
		return max(0, s.values[r]), true
	case slope < -pivotal:
		upper := s.columns[s.basis[r]].upper
		return max(0, upper-s.values[r]), !math.IsInf(upper, 1)
	default:
		return 0, false
	}
}

// through is a column in terms of the basis.
func (s *simplex) through(c *column) []float64 {
	m := len(s.rhs)
	out := make([]float64, m)
	for r := range out {
		for i, at := range c.rows {
			out[r] += float64(s.inverse[r*m+at] * c.adds[i])
		}
	}
	return out
}

// invert works out the inverse of the basis by elimination with row pivots; false where the basis has none.
func (s *simplex) invert() bool {
	m := len(s.rhs)
	b := make([]float64, m*m)
	for r, c := range s.basis {
		for i, at := range s.columns[c].rows {
			b[at*m+r] = s.columns[c].adds[i]
		}
	}
	inv := make([]float64, m*m)
	for r := range m {
		inv[r*m+r] = 1
	}
	for c := range m {
		p := c
		for r := c + 1; r < m; r++ {
			if math.Abs(b[r*m+c]) > math.Abs(b[p*m+c]) {
				p = r
			}
		}
		if math.Abs(b[p*m+c]) < 1e-11 {
			return false
		}
		if p != c {
			for i := range m {
				b[p*m+i], b[c*m+i] = b[c*m+i], b[p*m+i]
				inv[p*m+i], inv[c*m+i] = inv[c*m+i], inv[p*m+i]
			}
		}
		d := b[c*m+c]
		for i := range m {
			b[c*m+i] /= d
			inv[c*m+i] /= d
		}
		for r := range m {
			f := b[r*m+c]
			if r == c || f == 0 {
				continue
			}
			for i := c; i < m; i++ {
				b[r*m+i] -= float64(f * b[c*m+i])
			}
			for i := range m {
				inv[r*m+i] -= float64(f * inv[c*m+i])
			}
		}
	}
	s.inverse = inv
	s.refresh()
	return true
}

// refresh works out values and duals from the inverse.
func (s *simplex) refresh() {
	m := len(s.rhs)
	s.pivots = 0
	left := append([]float64(nil), s.rhs...)
	for c, full := range s.full {
		if full {
			for i, r := range s.columns[c].rows {
				left[r] -= float64(s.columns[c].adds[i] * s.columns[c].upper)
			}
		}
	}
	clear(s.duals)
	for r := range m {
		v := 0.
		cost := s.columns[s.basis[r]].cost
		for i, x := range s.inverse[r*m : (r+1)*m] {
			v += float64(x * left[i])
			s.duals[i] += float64(cost * x)
		}
		s.values[r] = v
	}
}

// cost is that of the solution.
func (s *simplex) cost() float64 {
	sum := 0.
	for r, c := range s.basis {
		sum += float64(s.columns[c].cost * s.values[r])
	}
	for c, full := range s.full {
		if full {
			sum += float64(s.columns[c].cost * s.columns[c].upper)
		}
	}
	return sum
}

// value is that of a column in the solution.
func (s *simplex) value(c int) float64 {
	switch {
	case s.row[c] >= 0:
		return max(0, s.values[s.row[c]])
	case s.full[c]:
		return s.columns[c].upper
	default:
		return 0
	}
}
