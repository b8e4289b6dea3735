package inventory

import (
	"reflect"
	"strings"
	"sync"
)

var slotNames sync.Map // reflect.Type of a struct → []string, names of its readings as in JSON

// Unknowns lists the readings of an entity that are unknown, those of its parts among them: by their names in JSON, with
// dots, in the order of the fields.
func Unknowns[T any](x *T) []string {
	v := reflect.ValueOf(x).Elem()
	paths := slotPaths(v.Type())
	var out []string
	for i, path := range paths {
		if v.FieldByIndex(path).Addr().Interface().(Slot).State() == StateUnknown {
			out = append(out, namesOf(v.Type(), paths)[i])
		}
	}
	return out
}

func namesOf(t reflect.Type, paths [][]int) []string {
	if names, ok := slotNames.Load(t); ok {
		return names.([]string)
	}
	names := make([]string, len(paths))
	for i, path := range paths {
		var parts []string
		for depth := range path {
			if tag, _, _ := strings.Cut(t.FieldByIndex(path[:depth+1]).Tag.Get("json"), ","); tag != "" {
				parts = append(parts, tag)
			}
		}
		names[i] = strings.Join(parts, ".")
	}
	slotNames.Store(t, names)
	return names
}
