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
	n := 0
	visit(reflect.ValueOf(e).Elem(), estateTraits(), nil, func(*Path, reading) { n++ })
	facts := make([]Fact, 0, n)
	visit(reflect.ValueOf(e).Elem(), estateTraits(), &Path{}, func(at *Path, r reading) {
		facts = append(facts, Fact{Type: r.ValueType(), Path: *at, reading: r})
	})
	return facts
}

// traits tell what there is to do for the values of a type. Each holds those of the types inside it, as looking them
// up anew for each value would take most of the time.
type traits struct {
	reading bool    // it is one
	holds   bool    // readings may be inside
	shares  bool    // a plain copy shares something with the original
	fields  []field // of a struct
	elem    *traits // of a list or pointer
	entity  string  // name of the type of a list's elements
}

type field struct {
	name string // empty for embedded ones
	*traits
}

// estateTraits are those of an estate.
var estateTraits = sync.OnceValue(func() *traits {
	return study(reflect.TypeFor[inventory.Estate](), map[reflect.Type]*traits{})
})

func study(t reflect.Type, all map[reflect.Type]*traits) *traits {
	if known := all[t]; known != nil {
		return known
	}
	found := &traits{}
	all[t] = found
	switch {
	case t == reflect.TypeFor[*inventory.Node](): // the one type that holds itself
		found.holds, found.shares = true, true
		found.elem = study(t.Elem(), all)
	case reflect.PointerTo(t).Implements(reflect.TypeFor[reading]()):
		found.reading, found.holds = true, true
	case t.Kind() == reflect.Pointer, t.Kind() == reflect.Slice:
		found.shares, found.entity = true, named(t.Elem())
		found.elem = study(t.Elem(), all)
		found.holds = found.elem.holds
	case t.Kind() == reflect.Struct && t != reflect.TypeFor[time.Time]():
		for i := range t.NumField() {
			f := field{t.Field(i).Name, study(t.Field(i).Type, all)}
			if t.Field(i).Anonymous {
				f.name = ""
			}
			found.fields = append(found.fields, f)
			found.holds = found.holds || f.holds
			found.shares = found.shares || f.shares
		}
	}
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

// visit walks over fields, elements and pointers, and calls f for each reading with the path to it. Without a path to
// begin with there is none for any reading: most walks need none, and paths take most of their time.
func visit(v reflect.Value, is *traits, at *Path, f func(*Path, reading)) {
	if is.reading {
		if r, ok := v.Addr().Interface().(reading); ok {
			f(at, r)
		}
		return
	}
	if !is.holds {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			visit(v.Elem(), is.elem, at, f)
		}
	case reflect.Slice:
		for i := range v.Len() {
			visit(v.Index(i), is.elem, at.to(Path{index: i, entity: is.entity}), f)
		}
	case reflect.Struct:
		for i, field := range is.fields {
			switch {
			case !field.holds:
			case field.name == "":
				visit(v.Field(i), field.traits, at, f) // what is embedded is part of what embeds it
			default:
				visit(v.Field(i), field.traits, at.to(Path{field: field.name}), f)
			}
		}
	}
}

// to is the path of a field or an element; nil where nobody asks for paths.
func (p *Path) to(next Path) *Path {
	if p == nil {
		return nil
	}
	q := next // next itself would be put on the heap for nobody too
	q.up = p
	return &q
}

// Clone copies an estate so that nothing is shared with the original.
func Clone(e *inventory.Estate) *inventory.Estate {
	c := *e
	detach(reflect.ValueOf(&c).Elem(), estateTraits())
	return &c
}

// detach replaces what v shares with the value that it was copied from.
func detach(v reflect.Value, is *traits) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			c := reflect.New(v.Type().Elem())
			c.Elem().Set(v.Elem())
			v.Set(c)
			detach(c.Elem(), is.elem)
		}
	case reflect.Slice:
		if v.IsNil() {
			return
		}
		c := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(c, v)
		v.Set(c)
		if is.elem.shares {
			for i := range c.Len() {
				detach(c.Index(i), is.elem)
			}
		}
	case reflect.Struct:
		for i, field := range is.fields {
			if field.shares {
				detach(v.Field(i), field.traits)
			}
		}
	}
}

// Forget returns a copy of the estate in which reading number i of Readings is unknown.
func Forget(e *inventory.Estate, i int) *inventory.Estate {
	c := Clone(e)
	n := 0
	visit(reflect.ValueOf(c).Elem(), estateTraits(), nil, func(_ *Path, r reading) {
		if n == i {
			r.Forget("forgotten", "infraopt remember")
		}
		n++
	})
	return c
}
