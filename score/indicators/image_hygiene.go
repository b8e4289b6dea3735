package indicators

import (
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
)

// imageHygiene asks how much of what container engines store is in use. Sizes that are not known are bounded by
// what is used on the engine's file system.
func imageHygiene(ind *score.Indicator) {
	ind.Tally = func(s *score.Stack, add *score.Adder) {
		for _, p := range s.Places {
			if p.Node == nil {
				add.Add("maybe", score.Exact(1)) // there may be an engine inside
				add.Cover(0, whole)
				continue
			}
			for i := range p.Node.Engines {
				tallyStored(&p.Node.Engines[i], p, add)
			}
			tallyUnlisted(p, add)
		}
	}
	ind.Rate = func(r *score.Rater) score.Rating {
		out := score.Rating{Applicable: true, Coverage: r.Coverage()}
		total, reclaim, helps := r.Term("total"), r.Term("reclaimable"), r.Term("helps")
		if r.Term(termOpen).Hi > 0 {
			out.High = 1
			out.Explanation = "what some container engine stores is not known"
			return out
		}
		if total.Hi > 0 {
			out.Low = 1 - float64(reclaim.Hi)/float64(total.Hi)
			out.High = 1 - float64(reclaim.Lo)/float64(total.Hi+helps.Hi)
			out.Explanation = r.Explain("%s of %s can be reclaimed", size(reclaim), size(total))
			out.Sums = r.Sums(score.Sum{Name: "reclaimable", Unit: "bytes", Low: float64(reclaim.Hi), High: float64(reclaim.Lo)},
				score.Sum{Name: "stored", Unit: "bytes", Low: float64(total.Hi), High: float64(total.Hi + helps.Hi)})
		} else {
			out.Explanation = "no container engine stores anything"
			if r.Term(termCoverName) == (score.Range{}) {
				out.Coverage = 1
			}
		}
		if r.Term("maybe").Hi > 0 || total.Hi == 0 && helps.Hi > 0 {
			out.Low, out.High = 0, 1
		}
		return out
	}
}

const (
	termOpen      = "open"
	termCoverName = "cover"
	whole         = 1000 // parts of an engine's coverage
)

// stored is one thing that an engine keeps on disk.
type stored struct {
	Kind  string // image, container, volume, build cache
	Name  string
	Size  inventory.Reading[inventory.Bytes]
	InUse inventory.Reading[bool]
	Limit inventory.Reading[inventory.Bytes] // upper bound of the size
	Seen  []string
}

// A storedSum sums up what an engine keeps, in bytes.
type storedSum struct {
	open                  int64 // things without any bound
	total, reclaim, helps score.Range
}

// tallyStored adds what an engine keeps. Each engine counts alike for the coverage, however much it stores.
func tallyStored(e *inventory.Engine, p *score.Place, add *score.Adder) {
	var sum storedSum
	known, questions := int64(0), int64(0)
	storedBy(p.Node, e, func(o *stored) {
		known += o.tally(&sum, add, p)
		questions += 2
	})
	add.Add(termOpen, score.Exact(sum.open))
	add.Add("total", sum.total)
	add.Add("reclaimable", sum.reclaim)
	add.Add("helps", sum.helps)
	if questions > 0 {
		add.Cover(whole*known/questions, whole)
	}
}

// storedBy lists what an engine of a node keeps on disk: in use is what a running container uses.
func storedBy(n *inventory.Node, e *inventory.Engine, yield func(*stored)) {
	if ok, known := e.Inventory.Get(); !known || !ok {
		return
	}
	if !e.BuildCache.IsAbsent() {
		yield(&stored{Kind: "build cache", Name: e.Kind, Size: e.BuildCache, InUse: inventory.Known(false), Limit: e.DataUsed, Seen: e.Seen})
	}
	images, volumes := map[string]inventory.Reading[bool]{}, map[string]inventory.Reading[bool]{}
	blind := false // a container whose image is not known may use any of them
	for j := range n.Containers {
		c := &n.Containers[j]
		blind = blind || c.ImageID.IsUnknown() && c.State.Or(inventory.Running) != inventory.Stopped
		if c.Runtime.IsKnown() && c.Runtime.Or("") != e.Kind {
			continue
		}
		use := layerOf(c, e, yield)
		if id, ok := c.ImageID.Get(); ok {
			images[id] = mostUsed(images[id], use)
		}
		for _, v := range c.Volumes {
			volumes[v] = mostUsed(volumes[v], use)
		}
	}
	for j := range n.Images {
		i := &n.Images[j]
		if i.Engine == e.Kind {
			yield(&stored{Kind: "image", Name: nameOf(i), Size: i.Size, InUse: used(images, i.ID, blind), Limit: e.DataUsed, Seen: i.Seen})
		}
	}
	for j := range n.Volumes {
		v := &n.Volumes[j]
		if v.Engine == e.Kind {
			yield(&stored{Kind: "volume", Name: v.Name, Size: v.Size, InUse: used(volumes, v.Name, false), Limit: e.DataUsed, Seen: v.Seen})
		}
	}
}

// layerOf lists the writable layer of a container where it may be waste, and says whether the container uses its image and
// its volumes.
func layerOf(c *inventory.Container, e *inventory.Engine, yield func(*stored)) inventory.Reading[bool] {
	st, known := c.State.Get()
	if c.Runtime.IsKnown() && known {
		if st == inventory.Stopped {
			yield(&stored{Kind: "container", Name: c.Name.Or(c.ID), Size: c.Writable, Limit: e.DataUsed, Seen: c.Seen, InUse: inventory.Known(false)})
		}
		return inventory.Known(st != inventory.Stopped)
	}
	use := inventory.Unknown[bool]("the state of a container is not known", "")
	layer := stored{Kind: "container", Name: c.Name.Or(c.ID), InUse: use, Limit: e.DataUsed, Seen: c.Seen}
	if c.Writable.IsKnown() {
		layer.Limit = c.Writable
	}
	switch {
	case c.Runtime.IsKnown(): // perhaps it runs, and its layer is no waste at all
		layer.Size = inventory.Unknown[inventory.Bytes](c.State.Why(), c.State.Remedy())
	case !known || st == inventory.Stopped: // perhaps it is another engine's
		layer.Size = inventory.Unknown[inventory.Bytes](c.Runtime.Why(), c.Runtime.Remedy())
	default:
		return use
	}
	yield(&layer)
	if known {
		use = inventory.Known(false)
	}
	return use
}

func nameOf(i *inventory.Image) string {
	if len(i.Tags) > 0 {
		return i.Tags[0]
	}
	return i.ID
}

func used(by map[string]inventory.Reading[bool], id string, blind bool) inventory.Reading[bool] {
	r, ok := by[id]
	switch {
	case ok && r.Or(false):
		return r
	case blind:
		return inventory.Unknown[bool]("the image of some container is not known", "")
	case ok:
		return r
	}
	return inventory.Known(false)
}

// mostUsed joins what two containers say about a thing: used if one uses it, unused only if neither does.
func mostUsed(a, b inventory.Reading[bool]) inventory.Reading[bool] {
	switch {
	case a.IsZero(), b.Or(false):
		return b
	case a.Or(false), !a.IsKnown():
		return a
	default:
		return b
	}
}

// tally adds a stored thing and returns how many of its two facts are known: size and use.
func (o *stored) tally(sum *storedSum, add *score.Adder, p *score.Place) int64 {
	if p.Doubtful { // perhaps none of it is there: it can only do harm at the low end and good at the high end
		if v, ok := o.Size.Get(); ok {
			o.Limit = inventory.Known(v)
		}
		o.Size = inventory.Unknown[inventory.Bytes]("whether the machine runs is not known", "")
	}
	size, known := o.Size.Get()
	use, sure := o.InUse.Get()
	covered := int64(0)
	if known {
		covered = 1
		if sure {
			covered = 2
		}
	}
	total, reclaim := score.Exact(int64(size)), score.Range{Hi: int64(size)}
	if !known {
		bound, ok := o.Limit.Get()
		if !ok {
			sum.open++
			return covered
		}
		total, reclaim = score.Range{Hi: int64(bound)}, score.Range{Hi: int64(bound)}
	}
	if sure && use {
		reclaim = score.Range{}
	}
	if sure && !use && known {
		reclaim = total
	}
	if !known && sure && use { // its bytes would only help: they count for the high end only
		count(&sum.helps, total)
		return covered
	}
	count(&sum.total, total)
	count(&sum.reclaim, reclaim)
	if add.Noting() {
		o.note(add, p, reclaim)
	}
	return covered
}

func count(sum *score.Range, r score.Range) {
	sum.Lo += r.Lo
	sum.Hi += r.Hi
}

func (o *stored) note(add *score.Adder, p *score.Place, reclaim score.Range) {
	fact := score.FactOf("size of "+o.Kind, &o.Size)
	if size, known := o.Size.Get(); known {
		fact.Value = size.String()
		if use, sure := o.InUse.Get(); sure && !use {
			fact.Value += ", unused"
		}
	}
	add.Note(p, o.Name+" on "+p.Name(), fact, o.Seen, float64(reclaim.Hi), float64(reclaim.Hi-reclaim.Lo))
}

// tallyUnlisted opens the result where an engine runs or containers exist whose store nobody could list.
func tallyUnlisted(p *score.Place, add *score.Adder) {
	listed, there := map[string]bool{}, map[string]bool{}
	var unlisted []string
	for _, e := range p.Node.Engines {
		there[e.Kind] = true
		if ok, known := e.Inventory.Get(); known && ok {
			listed[e.Kind] = true
		} else {
			unlisted = append(unlisted, e.Kind)
		}
	}
	// All containers of engines that nobody saw count once: which engine they are of may not be known either.
	for i := range p.Node.Containers {
		c := &p.Node.Containers[i]
		if r := c.Runtime.Or(""); !c.System.Or(false) && !there[r] {
			unlisted = append(unlisted, "an engine that was not seen")
			break
		}
	}
	for _, kind := range unlisted {
		add.Add(termOpen, score.Exact(1))
		add.Cover(0, whole)
		fact := score.Fact{Name: "images and volumes of " + kind, Value: "unknown", Why: "the engine did not list them", Remedy: "run as root or as a member of the engine's group"}
		add.Note(p, p.Name(), fact, p.Node.Machine.Seen, 1, 1)
	}
	if len(unlisted) == 0 && len(listed) == 0 && !p.Node.Machine.Processes.IsKnown() {
		add.Add("maybe", score.Exact(1))
		add.Cover(0, whole)
	}
}

func size(r score.Range) string {
	if r.Lo == r.Hi {
		return inventory.Bytes(r.Lo).String()
	}
	return inventory.Bytes(r.Lo).String() + "–" + inventory.Bytes(r.Hi).String()
}
