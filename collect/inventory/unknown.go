package inventory

import "reflect"

// CountUnknown counts the readings of an entity that are unknown, those of its parts among them.
func CountUnknown[T any](x *T) int {
	v := reflect.ValueOf(x).Elem()
	n := 0
	for _, path := range slotPaths(v.Type()) {
		if v.FieldByIndex(path).Addr().Interface().(Slot).State() == StateUnknown {
			n++
		}
	}
	return n
}
