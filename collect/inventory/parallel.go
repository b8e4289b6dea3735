package inventory

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// exactly lets pass only what encoding/json reads in just the same way: no name that a field has in other letters, none
// that is not known, none twice.
var exactly = json.RejectUnknownMembers(true)

// DecodeAtOnce is Decode for a document as Encode writes it: its observations can be told from each other by how the lines
// begin, and all processors decode some. Where it is not ok nothing is said of why, and Decode tells.
func DecodeAtOnce(r io.Reader) (s *Snapshot, ok bool) {
	lots := make(chan *lot, 2*runtime.GOMAXPROCS(0))
	unused := sync.Pool{New: func() any { return &lot{} }}
	var wrong atomic.Bool
	var all sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		all.Go(func() {
			var b bench
			for l := range lots {
				if !wrong.Load() && !b.decode(l) {
					wrong.Store(true)
				}
				unused.Put(l)
			}
		})
	}
	var found [][]Observation
	x := splitter{r: &counter{r: r}, lot: &lot{}}
	head, ok := x.split(func(l *lot) *lot {
		l.to = make([]Observation, len(l.elements))
		found = append(found, l.to)
		lots <- l
		if wrong.Load() {
			return nil
		}
		return unused.Get().(*lot)
	})
	close(lots)
	all.Wait()
	if !ok || wrong.Load() {
		return nil, false
	}
	s = &Snapshot{}
	for _, err := range Stream(bytes.NewReader(head), s) {
		if err != nil {
			return nil, false
		}
	}
	s.Sources = slices.Concat(found...)
	return s, true
}

// A lot is text with some elements in it.
type lot struct {
	text     []byte
	elements [][2]int // from and to which bytes they stand
	to       []Observation
}

// A bench is room for the lists of an observation. In a list that has to grow, large entities are copied again and again.
type bench struct{ room Batch }

func (b *bench) decode(l *lot) bool {
	for i, at := range l.elements {
		o := &l.to[i]
		o.Batch = b.room
		if json.Unmarshal(l.text[at[0]:at[1]], o, exactly) != nil {
			return false
		}
		settle(&o.Machines, &b.room.Machines)
		settle(&o.VMs, &b.room.VMs)
		settle(&o.Containers, &b.room.Containers)
		settle(&o.Images, &b.room.Images)
		settle(&o.Volumes, &b.room.Volumes)
		settle(&o.Workloads, &b.room.Workloads)
		if o.check() != nil {
			return false
		}
	}
	return true
}

// settle gives a list that was decoded into some room its own, and the room back. A list without capacity is null or empty
// in the text; one that is empty otherwise is not there.
func settle[T any](list, room *[]T) {
	switch {
	case cap(*list) == 0:
	case len(*list) == 0:
		*list = nil
	default:
		*room = (*list)[:0]
		*list = slices.Clone(*list)
	}
}

// How the list of sources stands in a document. There are no line breaks in the texts of JSON: what begins a line is not
// in one.
const (
	listBegins   = "\n \"sources\": ["
	elementEnds  = "\n  }"
	listEnds     = "\n ]"
	enoughForLot = 64 << 10 // bytes
)

// A splitter finds where the elements of the list of sources end. What is between two ends may be no element: whoever
// decodes it will see. Where all are, they are those of the list.
type splitter struct {
	r io.Reader
	*lot
	err error // at the end of r
}

// more reads on until there is enough for another lot.
func (x *splitter) more() bool {
	for enough := len(x.text) + enoughForLot; len(x.text) < enough && x.err == nil; {
		x.text = slices.Grow(x.text, enoughForLot)
		var n int
		n, x.err = x.r.Read(x.text[len(x.text):cap(x.text)])
		x.text = x.text[:len(x.text)+n]
	}
	return x.err == nil
}

// split calls take for the elements, which gives another lot for those to come, and nil where it wants no more. It gives the
// document without elements, and is not ok where that is none, or anything is not as Encode writes it.
func (x *splitter) split(take func(*lot) *lot) (head []byte, ok bool) {
	x.more()
	begin := bytes.Index(x.text, []byte(listBegins))
	if begin < 0 {
		return nil, false
	}
	from := begin + len(listBegins)
	head = slices.Clone(x.text[:from])
	if !jsontext.Value(append(slices.Clone(head), "]}"...)).IsValid() {
		return nil, false // the list is none of the document, but of a part
	}
	for at := from; ; {
		next := bytes.Index(x.text[at:], []byte(elementEnds))
		to := at + next + len(elementEnds)
		switch {
		case next >= 0 && to < len(x.text) && x.text[to] == ',':
			x.elements = append(x.elements, [2]int{from, to})
			from, at = to+1, to+1
		case next >= 0 && bytes.HasPrefix(x.text[to:], []byte(listEnds)):
			x.elements = append(x.elements, [2]int{from, to})
			if x.more() || !errors.Is(x.err, io.EOF) {
				return nil, false
			}
			head = append(head, x.text[to:]...)
			return head, take(x.lot) != nil
		case x.err != nil:
			return nil, false
		case len(x.elements) > 0:
			done := x.lot
			rest := done.text[from:]
			if x.lot = take(done); x.lot == nil {
				return nil, false
			}
			x.text, x.elements = append(x.text[:0], rest...), x.elements[:0]
			from, at = 0, 0
			x.more()
		default:
			at = max(at, len(x.text)-len(elementEnds)-len(listEnds))
			x.more()
		}
	}
}
