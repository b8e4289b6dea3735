package inventory

import (
	"reflect"
	"sync"
)

// A Slot is a pointer to a Reading of some type.
type Slot interface {
	Take(other any)
	Forget(why, remedy string)
	State() State
	Why() string
	Remedy() string
	ValueType() reflect.Type
}

var slots sync.Map // reflect.Type of a struct → [][]int, index paths of its readings

// Merge fills the readings of dst, a pointer to an entity, from those of src, a pointer to one of the same type,
// wherever src tells more. Plain fields are left alone, and of two utilisation series the longer is taken whole (see
// Demand.Prefer).
func Merge[T any](dst, src *T) {
	own := seriesOf(dst)
	var kept Demand
	if own != nil {
		kept = *own
	}
	fill(dst, src)
	if own != nil {
		*own = kept
		own.Prefer(seriesOf(src))
	}
}

// seriesOf gives the utilisation series of an entity; nil for one that has none.
func seriesOf(entity any) *Demand {
	switch e := entity.(type) {
	case *Machine:
		return &e.Demand
	case *Workload:
		return &e.Demand
	case *Container:
		return &e.Demand
	case *VM:
		return &e.Demand
	}
	return nil
}

// fill fills readings one by one.
func fill[T any](dst, src *T) {
	d, s := reflect.ValueOf(dst).Elem(), reflect.ValueOf(src).Elem()
	for _, path := range slotPaths(d.Type()) {
		d.FieldByIndex(path).Addr().Interface().(Slot).Take(s.FieldByIndex(path).Addr().Interface())
	}
}

// Common forgets in both of two entities, which stand for one thing seen twice, every reading that is unknown in
// either: what is left is known of both. Plain fields are left alone.
func Common[T any](a, b *T) {
	x, y := reflect.ValueOf(a).Elem(), reflect.ValueOf(b).Elem()
	for _, path := range slotPaths(x.Type()) {
		p, q := x.FieldByIndex(path).Addr().Interface().(Slot), y.FieldByIndex(path).Addr().Interface().(Slot)
		switch {
		case p.State() == StateUnknown:
			q.Forget(p.Why(), p.Remedy())
		case q.State() == StateUnknown:
			p.Forget(q.Why(), q.Remedy())
		}
	}
}

func slotPaths(t reflect.Type) [][]int {
	if paths, ok := slots.Load(t); ok {
		return paths.([][]int)
	}
	paths := findSlots(t, nil)
	slots.Store(t, paths)
	return paths
}

var slotType = reflect.TypeFor[Slot]()

func findSlots(t reflect.Type, prefix []int) [][]int {
	var out [][]int
	for i := range t.NumField() {
		f := t.Field(i)
		path := append(append([]int(nil), prefix...), i)
		switch {
		case reflect.PointerTo(f.Type).Implements(slotType):
			out = append(out, path)
		case f.Type.Kind() == reflect.Struct && f.Type.PkgPath() == t.PkgPath():
			out = append(out, findSlots(f.Type, path)...)
		}
	}
	return out
}
