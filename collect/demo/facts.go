package demo

import (
	"reflect"
	"strconv"
	"sync"
	"time"

	"github.com/infraopt/infraopt/collect/inventory"
)

// A Fact is one reading of an estate, with the place where it stands.
type Fact struct {
	Path Path
	Type reflect.Type // of the value
	reading
}

// Name is the path from the entity on, alike for all entities of a kind: Machine.OS.ID.
func (f Fact) Name() string { return f.Path.name() }

// A Path leads from an estate to a field of the value at path up or, without a field's name, to an element of the
// list there. It is put into words only when somebody asks, as estates have many facts.
type Path struct {
	up     *Path
	field  string
	index  int
	entity string // the type of an element
}

// String shows the path: Hosts[0].VMs[2].Guest.Machine.OS.ID.
func (p Path) String() string {
	switch {
	case p.up == nil:
		return ""
	case p.field == "":
		return p.up.String() + "[" + strconv.Itoa(p.index) + "]"
	}
	return dotted(p.up.String(), p.field)
}

func (p Path) name() string {
	switch {
	case p.up == nil:
		return ""
	case p.field == "":
		return p.entity
	case p.field == "Machine":
		return p.field
	}
	return dotted(p.up.name(), p.field)
}

func dotted(path, field string) string {
	if path == "" {
		return field
	}
	return path + "." + field
}

// reading is what every *inventory.Reading[T] can do.
type reading interface {
	State() inventory.State
	Forget(why, remedy string)
	ValueType() reflect.Type
	String() string
}

// Readings lists every reading of an estate, in an order that depends on nothing but the estate. The facts point into
// the estate: to forget one changes it.
func Readings(e *inventory.Estate) []Fact {
	var facts []Fact
	visit(reflect.ValueOf(e).Elem(), Path{}, func(f Fact) { facts = append(facts, f) })
	return facts
}

// traits tell what there is to do for the values of a type.
type traits struct {
	reading bool     // it is one
	holds   bool     // readings may be inside
	shares  bool     // a plain copy shares something with the original
	fields  []string // names of a struct's fields; empty for embedded ones
	entity  string   // name of the type of a list's elements
}

// typeTraits are those of an estate and of all types inside it. Looking them up anew for each value would take most
// of the time.
var typeTraits = sync.OnceValue(func() map[reflect.Type]traits {
	all := map[reflect.Type]traits{}
	study(reflect.TypeFor[inventory.Estate](), all)
	return all
})

func study(t reflect.Type, all map[reflect.Type]traits) traits {
	if known, ok := all[t]; ok {
		return known
	}
	var found traits
	switch {
	case t == reflect.TypeFor[*inventory.Node](): // the one type that holds itself
		found = traits{holds: true, shares: true}
		all[t] = found
		study(t.Elem(), all)
	case reflect.PointerTo(t).Implements(reflect.TypeFor[reading]()):
		found = traits{reading: true, holds: true}
	case t.Kind() == reflect.Pointer, t.Kind() == reflect.Slice:
		found = traits{holds: study(t.Elem(), all).holds, shares: true, entity: named(t.Elem())}
	case t.Kind() == reflect.Struct && t != reflect.TypeFor[time.Time]():
		for i := range t.NumField() {
			field := t.Field(i)
			if field.Anonymous {
				field.Name = ""
			}
			found.fields = append(found.fields, field.Name)
			inner := study(field.Type, all)
			found.holds = found.holds || inner.holds
			found.shares = found.shares || inner.shares
		}
	}
	all[t] = found
	return found
}

// named is the name of what a list holds.
func named(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[*inventory.Node](): // only the frame around a machine
		return ""
	case reflect.TypeFor[inventory.GuestVM]():
		return "VM"
	}
	return t.Name()
}

// visit walks over fields, elements and pointers, and calls f for each reading.
func visit(v reflect.Value, at Path, f func(Fact)) {
	is := typeTraits()[v.Type()]
	if is.reading {
		if r, ok := v.Addr().Interface().(reading); ok {
			f(Fact{Type: r.ValueType(), Path: at, reading: r})
		}
		return
	}
	if !is.holds {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			visit(v.Elem(), at, f)
		}
	case reflect.Slice:
		up := &at
		for i := range v.Len() {
			visit(v.Index(i), Path{up: up, index: i, entity: is.entity}, f)
		}
	case reflect.Struct:
		up := &at
		for i, name := range is.fields {
			if name == "" {
				visit(v.Field(i), at, f) // what is embedded is part of what embeds it
			} else {
				visit(v.Field(i), Path{up: up, field: name}, f)
			}
		}
	}
}

// Clone copies an estate so that nothing is shared with the original.
func Clone(e *inventory.Estate) *inventory.Estate {
	c := *e
	detach(reflect.ValueOf(&c).Elem())
	return &c
}

// detach replaces what v shares with the value that it was copied from.
func detach(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			c := reflect.New(v.Type().Elem())
			c.Elem().Set(v.Elem())
			v.Set(c)
			detach(c.Elem())
		}
	case reflect.Slice:
		if v.IsNil() {
			return
		}
		c := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(c, v)
		v.Set(c)
		if typeTraits()[v.Type().Elem()].shares {
			for i := range c.Len() {
				detach(c.Index(i))
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if field := v.Field(i); typeTraits()[field.Type()].shares {
				detach(field)
			}
		}
	}
}

// Forget returns a copy of the estate in which reading number i of Readings is unknown.
func Forget(e *inventory.Estate, i int) *inventory.Estate {
	c := Clone(e)
	Readings(c)[i].Forget("forgotten", "infraopt remember")
	return c
}
