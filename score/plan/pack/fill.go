package pack

// Bins are looked at in blocks before each is: the smallest are of so many bins, the others of so many smaller ones.
const (
	fanBits = 3
	fan     = 1 << fanBits
	levels  = 4
)

// A filler puts items into the first bin that has room for them, in the order given. What is free only falls while it
// does, so it remembers for each class before which bin there surely is no room, and for each block of bins what at most
// is free in any of them: no order needs to look at every bin for every item.
type filler struct {
	m     *model
	base  *layout // what is there before; it is not changed
	stays *layout // of a keeper, in the making
	left  []int
	kind  []int32
	free  []int64
	apart [][]int32
	of    []int32
	from  []int32 // by class: the first bin that may have room
	// by level, block and dimension: at least what is free in any bin of it
	top  [levels][]int64
	work int // done since it was last asked, in numbers that were looked at
}

func newFiller(m *model, base *layout) *filler {
	return &filler{m: m, base: base, of: make([]int32, len(m.of)), from: make([]int32, len(m.classes))}
}

// run fills bins in the order of items. Hosts are opened in the order of one of the rankings of types; r, where it is not
// nil, now and then prefers another.
func (f *filler) run(order []int32, ranking int, r *random) {
	f.left = append(f.left[:0], f.base.left...)
	f.kind = append(f.kind[:0], f.base.kind...)
	f.free = append(f.free[:0], f.base.free...)
	f.apart = f.apart[:0]
	for _, groups := range f.base.apart {
		b := f.keeps()
		f.apart[b] = append(f.apart[b], groups...)
	}
	copy(f.of, f.base.of)
	clear(f.from)
	for l := range f.top {
		f.top[l] = f.top[l][:0]
	}
	for b := range f.kind {
		f.raise(b)
	}
	skip := make([]int, len(f.m.ranks))
	for _, i := range order {
		c := f.m.of[i]
		b := f.first(c)
		if b < 0 {
			if r != nil && len(f.m.ranks) > 1 && r.below(8) == 0 {
				ranking = r.below(len(f.m.ranks))
			}
			if b = f.open(c, ranking, skip); b < 0 {
				continue
			}
		}
		f.put(i, c, b)
	}
}

// first returns the first bin that has room for an item of the class, or -1. A bin that has none now, or holds what the
// item is to be kept apart from, has none later either.
func (f *filler) first(c int32) int32 {
	class := &f.m.classes[c]
	bins := int32(len(f.kind))
	b := f.from[c]
	for b < bins {
		if n := f.over(b, class.size); n > 0 {
			b += n
			continue
		}
		if f.room(class, b) && !clash(class.groups, f.apart[b]) {
			break
		}
		b++
	}
	f.from[c] = min(b, bins)
	if b >= bins {
		return -1
	}
	return b
}

// over returns how many bins, from the given one on, make the largest block in which surely none has room; 0 where there
// is no such block.
func (f *filler) over(b int32, size []int64) int32 {
	for l := levels - 1; l >= 0; l-- {
		bits := fanBits * (l + 1)
		if width := int32(1) << bits; b&(width-1) == 0 && f.full(l, int(b>>bits), size) {
			return width
		}
	}
	return 0
}

func (f *filler) room(class *class, b int32) bool {
	f.work += f.m.d
	return !exceeds(class.size, f.free[int(b)*f.m.d:][:f.m.d]) && f.m.allows(class, f.kind[b])
}

// full reports whether surely no bin of the block has room for the size.
func (f *filler) full(level, at int, size []int64) bool {
	d := f.m.d
	top := f.top[level][at*d:][:d]
	f.work += d
	if exceeds(size, top) {
		return true
	}
	// It was so full some time ago: what it holds tells how full it is now.
	below := f.free
	if level > 0 {
		below = f.top[level-1]
	}
	below = below[at*fan*d : min((at+1)*fan*d, len(below))]
	f.work += len(below)
	clear(top)
	for x := 0; x < len(below); x += d {
		for k, v := range below[x:][:d] {
			top[k] = max(top[k], v)
		}
	}
	return exceeds(size, top)
}

func exceeds(size, top []int64) bool {
	for k, v := range size {
		if v > top[k] {
			return true
		}
	}
	return false
}

// raise tells the blocks of a bin what is free in it when it is new.
func (f *filler) raise(b int) {
	d := f.m.d
	free := f.free[b*d:][:d]
	for l := range f.top {
		at := b >> (fanBits * (l + 1)) * d
		if at == len(f.top[l]) {
			f.top[l] = append(f.top[l], free...)
			continue
		}
		top := f.top[l][at:][:d]
		for k, v := range free {
			top[k] = max(top[k], v)
		}
	}
}

// open takes the best ranked host into use that can carry an item of the class, and returns its bin; -1 if there is none.
func (f *filler) open(c int32, ranking int, skip []int) int32 {
	class, rank := &f.m.classes[c], f.m.ranks[ranking]
	for skip[ranking] < len(rank) && f.left[rank[skip[ranking]]] == 0 {
		skip[ranking]++
	}
	try := rank[skip[ranking]:]
	if class.allow >= 0 && len(f.m.lists[class.allow]) == 1 {
		try = f.m.lists[class.allow]
	}
	for _, t := range try {
		if f.left[t] > 0 && f.m.allows(class, t) && within(class.size, f.m.in.Types[t].Capacity, f.base.limit) {
			f.left[t]--
			f.kind = append(f.kind, t)
			at := len(f.free)
			f.free = append(f.free, f.m.in.Types[t].Capacity...)
			for k, v := range f.base.limit {
				f.free[at+k] = min(f.free[at+k], v)
			}
			f.keeps()
			f.raise(len(f.kind) - 1)
			return int32(len(f.kind) - 1)
		}
	}
	return -1
}

// keeps adds the list of the groups that one more bin keeps apart, empty as yet, and returns its number.
func (f *filler) keeps() int {
	n := len(f.apart)
	if n < cap(f.apart) {
		f.apart = f.apart[:n+1]
		f.apart[n] = f.apart[n][:0]
	} else {
		f.apart = append(f.apart, nil)
	}
	return n
}

func within(size, capacity, limit []int64) bool {
	for k, v := range size {
		if v > capacity[k] || limit != nil && v > limit[k] {
			return false
		}
	}
	return true
}

func (f *filler) put(i, c, b int32) {
	class := &f.m.classes[c]
	row := f.free[int(b)*f.m.d:][:f.m.d]
	for k, v := range class.size {
		row[k] -= v
	}
	if len(class.groups) > 0 {
		f.apart[b] = append(f.apart[b], class.groups...)
	}
	f.of[i] = b
}

func (f *filler) choice(number int) *choice { return newChoice(f.kind, f.of, f.base.limit, number) }

// worked returns the work that was done since it was last asked.
func (f *filler) worked() int {
	done := f.work
	f.work = 0
	return done
}
