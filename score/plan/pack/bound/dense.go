package bound

import (
	"cmp"
	"slices"
)

// A dense is a sack with so few different amounts of room that the dearest set for each of them can be worked out.
type dense struct {
	*sack
	widths []int // by dimension: amounts of room
	least  int64 // what the bound is at least, as kinds were left out that are in no set worth more
	cells  []int64
	passes []pass
}

// A pass adds items of a kind: either any number of them, or one lot.
type pass struct {
	kind  int
	lot   int64
	any   bool
	taken []uint64 // by cell, a bit: whether the set has a lot of this pass
}

// denseWork is up to how many cells, all kinds together, a sack is filled in this way.
const denseWork = 12_000_000

// dense is nil where there would be too many cells.
func (s *sack) dense(known int64) *dense {
	d := &dense{sack: s}
	n := 1
	for _, room := range s.room {
		if room >= denseWork || n > denseWork/(int(room)+1) {
			return nil
		}
		d.widths = append(d.widths, int(room)+1)
		n *= int(room) + 1
	}
	// By the relaxation alone: what one item costs there says nothing of what the tables allow.
	most := s.sold(s.room) + s.rest[0] + s.margin - float64(known-s.base)
	for i := range s.kinds {
		k := &s.kinds[i]
		// A kind of which one item makes a set that good impossible is left out.
		if most+float64(k.price)-s.sold(k.size) <= 0 {
			d.least = known
			continue
		}
		if k.count >= fitting(s.room, k.size, k.count+1) {
			d.passes = append(d.passes, pass{kind: i, lot: 1, any: true})
			continue
		}
		for lot, left := int64(1), k.count; left > 0; lot *= 2 {
			lot = min(lot, left)
			left -= lot
			d.passes = append(d.passes, pass{kind: i, lot: lot})
		}
	}
	if len(d.passes) > 0 && n > denseWork/len(d.passes) {
		return nil
	}
	d.cells = make([]int64, n)
	return d
}

// fill finds the dearest set, and others that are worth more than known.
func (d *dense) fill(known int64, work *int) (sets []filling, bound int64) {
	for p := range d.passes {
		d.run(&d.passes[p])
	}
	*work += len(d.cells) * len(d.passes) / workPerState
	full := len(d.cells) - 1
	bound = max(d.least, d.cells[full]+d.base)
	var at []int
	seen := map[int64]bool{}
	last := int64(-1)
	for c := full; c >= 0 && len(at) < looksAt; c-- {
		v := d.cells[c]
		if v != last && v+d.base > known && !seen[v] {
			seen[v] = true
			at = append(at, c)
		}
		last = v
	}
	slices.SortStableFunc(at, func(a, b int) int { return cmp.Compare(d.cells[b], d.cells[a]) })
	for _, c := range at[:min(len(at), finds)] {
		sets = append(sets, d.set(c))
	}
	return sets, bound
}

// looksAt is of how many amounts of room, from the full one on, the sets are told apart.
const looksAt = 20 * finds

// workPerState is how many cells take as long as one state.
const workPerState = 200

// run goes through the cells once: through all rows of the last dimension whose other amounts suffice.
func (d *dense) run(p *pass) {
	k := &d.kinds[p.kind]
	p.taken = make([]uint64, len(d.cells)/64+1)
	last := len(d.widths) - 1
	width, skip, price := d.widths[last], int(k.size[last]*p.lot), k.price*p.lot
	from := d.offset(p)
	rows := len(d.cells) / width
	for i := range rows {
		row := i
		if !p.any { // a lot is taken once: from the end, so that what it rests on is without it
			row = rows - 1 - i
		}
		if !d.suffices(row, p) {
			continue
		}
		if p.any {
			for c := row*width + skip; c < (row+1)*width; c++ {
				if v := d.cells[c-from] + price; v > d.cells[c] {
					d.cells[c] = v
					p.taken[c/64] |= 1 << (c % 64)
				}
			}
			continue
		}
		for c := (row+1)*width - 1; c >= row*width+skip; c-- {
			if v := d.cells[c-from] + price; v > d.cells[c] {
				d.cells[c] = v
				p.taken[c/64] |= 1 << (c % 64)
			}
		}
	}
}

// suffices tells whether a row has room for a lot in all dimensions but the last.
func (d *dense) suffices(row int, p *pass) bool {
	for i := len(d.widths) - 2; i >= 0; i-- {
		if int64(row%d.widths[i]) < d.kinds[p.kind].size[i]*p.lot {
			return false
		}
		row /= d.widths[i]
	}
	return true
}

// offset is by how many cells a lot leads back.
func (d *dense) offset(p *pass) int {
	off := 0
	for i, w := range d.widths {
		off = off*w + int(d.kinds[p.kind].size[i]*p.lot)
	}
	return off
}

// set is the set of a cell.
func (d *dense) set(c int) filling {
	f := filling{price: d.cells[c] + d.base}
	for _, k := range d.given {
		f.classes, f.counts = append(f.classes, k.class), append(f.counts, k.count)
	}
	for i := len(d.passes) - 1; i >= 0; i-- {
		p := &d.passes[i]
		n := int64(0)
		for p.taken[c/64]>>(c%64)&1 == 1 {
			c -= d.offset(p)
			n += p.lot
			if !p.any {
				break
			}
		}
		if n == 0 {
			continue
		}
		class := d.kinds[p.kind].class
		if at := len(f.classes) - 1; at >= len(d.given) && f.classes[at] == class {
			f.counts[at] += n
		} else {
			f.classes, f.counts = append(f.classes, class), append(f.counts, n)
		}
	}
	return f
}
