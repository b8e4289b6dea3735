package outcome

import (
	"context"
	"os"
	"regexp"
	"testing"

	"github.com/infraopt/infraopt/collect"
	"github.com/infraopt/infraopt/collect/demo"
	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/collect/resolve"
)

// The boxes of the demo hold what their processors allow, and what they take is told by generation and sockets.
func TestDemoBoxes(t *testing.T) {
	target, err := collect.ParseTarget("demo:?machines=60&seed=3")
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
	boxes := 0
	for _, h := range resolve.Estate(&inventory.Snapshot{Sources: obs}).Hosts {
		m := &h.Machine
		if m.Kind.Or("") != inventory.Physical {
			continue
		}
		boxes++
		p, known := Identify(m.CPUModel.Or(""))
		sockets, cores, logical := m.Sockets.Or(0), m.PhysicalCores.Or(0), int(m.Cores.Or(0))
		if !known || sockets < 1 || sockets > p.Sockets || cores > logical || logical > cores*p.Threads || p.Cores > 0 && cores != sockets*p.Cores {
			t.Errorf("%s: %d sockets, %d cores, %d threads of %v (%+v)", m.Name, sockets, cores, logical, m.CPUModel, p)
		}
		if _, _, kinds := watts(&p, count{int64(sockets), int64(sockets)}); kinds&(kinds-1) != 0 && p.From == p.To {
			t.Errorf("%s is of several kinds of server", m.Name)
		}
	}
	if boxes < 30 {
		t.Errorf("%d boxes", boxes)
	}
}

// The examples that people copy are read without a fault.
func TestDocumentation(t *testing.T) {
	text, err := os.ReadFile("../../../docs/outcomes.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, block := range regexp.MustCompile("(?s)```(yaml|csv) ([a-z.]+)\n(.*?)```").FindAllStringSubmatch(string(text), -1) {
		seen++
		var err error
		if block[2] == "prices.yaml" {
			_, err = LoadBook(block[2], []byte(block[3]))
		} else {
			_, err = LoadFactors(block[2], []byte(block[3]))
		}
		if err != nil {
			t.Error(err)
		}
	}
	if seen != 3 {
		t.Errorf("%d examples, want 3", seen)
	}
}
