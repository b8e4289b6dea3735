package score_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/collect/demo"
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/collect/resolve"
)

func demoSnapshot(t *testing.T, query string) *inventory.Snapshot {
	t.Helper()
	target, err := collect.ParseTarget("demo:?" + query)
	if err != nil {
		t.Fatal(err)
	}
	c, err := demo.Source().Open(target, collect.Env{})
	if err != nil {
		t.Fatal(err)
	}
	obs, err := c.(collect.Recorded).Observations(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return &inventory.Snapshot{Schema: inventory.SnapshotSchema, Sources: obs}
}

// Law 2 holds through resolving: to forget a fact in a snapshot never helps, whichever other source saw the same thing.
// Identities are left alone: a machine that cannot be recognised any more is another estate.
func TestLaw02ThroughResolving(t *testing.T) {
	m := model(t)
	n := 300
	if testing.Short() || raceEnabled {
		n = 30
	}
	for seed := range n {
		r := rand.New(rand.NewPCG(uint64(seed), 3))
		snap := demoSnapshot(t, fmt.Sprintf("machines=%d&seed=%d&unknown=0.05", 1+r.IntN(5), seed))
		before := rate(m, resolve.Estate(snap))
		var text bytes.Buffer
		if err := inventory.Encode(&text, snap); err != nil {
			t.Fatal(err)
		}
		for range 5 {
			changed, err := inventory.Decode(bytes.NewReader(text.Bytes()))
			if err != nil {
				t.Fatal(err)
			}
			var slots []inventory.Slot
			var names []string
			gather(reflect.ValueOf(changed).Elem(), "", func(name string, s inventory.Slot) {
				if s.State() != inventory.StateUnknown && !strings.Contains(name, ".Identity.") && !strings.HasSuffix(name, "VMs.UUID") && !strings.HasSuffix(name, ".PID") {
					slots, names = append(slots, s), append(names, name)
				}
			})
			i := r.IntN(len(slots))
			was := fmt.Sprint(slots[i])
			slots[i].Forget("forgotten", "")
			if err := neverHelps(before, rate(m, resolve.Estate(changed))); err != nil {
				t.Fatalf("seed %d: forgetting %s (%s): %v", seed, names[i], was, err)
			}
		}
	}
}

var slotType = reflect.TypeFor[inventory.Slot]()

// gather finds every reading of a snapshot.
func gather(v reflect.Value, name string, f func(string, inventory.Slot)) {
	switch v.Kind() {
	case reflect.Struct:
		if v.Addr().Type().Implements(slotType) {
			f(name, v.Addr().Interface().(inventory.Slot))
			return
		}
		for i := range v.NumField() {
			if field := v.Type().Field(i); field.IsExported() && field.Type.PkgPath() != "time" {
				gather(v.Field(i), name+"."+field.Name, f)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			gather(v.Index(i), name, f)
		}
	}
}
