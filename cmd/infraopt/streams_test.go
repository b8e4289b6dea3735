package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/collect/all"
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/collect/resolve"
)

func silent() *program {
	return &program{std: stdio{io.Discard, io.Discard, func(string) string { return "" }}, sources: all.Sources(), env: collect.SystemEnv()}
}

// TestStreamIsGathered holds that targets which are streamed and resolved host by host give the estate, the errors and
// the haul that they give as a whole: broken files count for nothing, wherever they break.
func TestStreamIsGathered(t *testing.T) {
	dir := t.TempDir()
	name := func(file string) string { return filepath.Join(dir, file) }
	for file, target := range map[string]string{"a.json": "demo:?machines=5&seed=2", "b.json.zst": "demo:?machines=6&seed=3"} {
		if status, _, talk := call(t, nil, "collect", target, "-o", name(file)); status != 0 {
			t.Fatal(talk)
		}
	}
	text, err := os.ReadFile(name("a.json"))
	if err != nil {
		t.Fatal(err)
	}
	for file, content := range map[string]string{
		"cut.json":   string(text[:len(text)/2]),
		"wrong.json": strings.Replace(string(text), `"workloads": [`, `"workloads": [7,`, 1), // which no identity shows
	} {
		if err := os.WriteFile(name(file), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	g := gatherFlags{timeout: time.Minute, parallel: 2, now: "2026-11-23T07:41:00Z"}
	for _, args := range [][]string{
		{"demo:"}, {name("a.json"), name("b.json.zst")}, {name("a.json"), name("a.json")}, {name("cut.json"), name("b.json.zst"), name("wrong.json"), "demo:?machines=3", name("nosuch")},
		{name("wrong.json")}, {name("cut.json"), name("wrong.json")},
	} {
		h, err := silent().gather(t.Context(), g, args)
		if err != nil {
			t.Fatal(err)
		}
		want := resolve.Estate(h.snapshot)
		s, ok, err := silent().stream(t.Context(), g, args)
		if err != nil || !ok {
			t.Fatalf("%q: got no stream, %v", args, err)
		}
		var got *inventory.Estate
		err = s.again(t.Context(), func(ctx context.Context) (err error) {
			var hosts []*inventory.Node
			got, err = resolve.Stream(s.Identities(ctx), s.Observations(ctx), func(n *inventory.Node) error {
				hosts = append(hosts, n)
				return nil
			})
			if err == nil {
				slices.SortFunc(hosts, func(a, b *inventory.Node) int { return strings.Compare(a.Machine.ID, b.Machine.ID) })
				got.Hosts = hosts
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range []*inventory.Estate{got, want} {
			for i := range e.Sources {
				if o := &e.Sources[i]; o.Status == inventory.StatusFailed {
					o.DurationMS = 0 // it took as long as it took
				}
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %d hosts and the sources %+v, want %d and %+v", args, len(got.Hosts), got.Sources, len(want.Hosts), want.Sources)
		}
		sh := s.haul(t.Context())
		if sh.empty != h.empty || statusOf(sh.err) != statusOf(h.err) || !sh.now.Equal(h.now) || (sh.err == nil) != (h.err == nil) || h.err != nil && sh.err.Error() != h.err.Error() {
			t.Errorf("%q: got %+v, want %+v", args, sh, h)
		}
	}
	for _, args := range [][]string{nil, {"host:"}, {"demo:", "host:"}, {"-"}} {
		if _, ok, err := silent().stream(t.Context(), g, args); ok || err != nil {
			t.Errorf("%q: got a stream, or %v", args, err)
		}
	}
	if _, _, err := silent().stream(t.Context(), g, []string{"demo:?machines=x"}); statusOf(err) != exitUsage {
		t.Errorf("got %v, want wrong usage", err)
	}
}

// TestStreamInterrupted holds that what was read whole before an interrupt is kept, and the rest failed.
func TestStreamInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s, ok, err := silent().stream(ctx, gatherFlags{}, []string{"demo:?machines=2&seed=2", "demo:?machines=900"})
	if err != nil || !ok {
		t.Fatal(err)
	}
	var targets []string
	err = s.again(ctx, func(ctx context.Context) error {
		targets = nil
		for o := range s.Observations(ctx) {
			targets = append(targets, string(o.Status)+" "+o.Target)
			if len(targets) == 20 {
				cancel()
			}
		}
		return nil
	})
	h := s.haul(ctx)
	if err != nil || statusOf(h.err) != exitInterrupted || h.empty {
		t.Errorf("got %v and %+v, want an interrupt", err, h)
	}
	whole, _, err := silent().stream(t.Context(), gatherFlags{}, []string{"demo:?machines=2&seed=2"})
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for o := range whole.Observations(t.Context()) {
		want = append(want, string(o.Status)+" "+o.Target)
	}
	if want = append(want, "failed demo:?machines=900"); !slices.Equal(targets, want) {
		t.Errorf("got %q, want %q", targets, want)
	}
}
