package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
	"github.com/infraopt/infraopt/score/indicators"
)

// The worked example of docs/method.md is true: every expression has the value that stands beside it, and the estate
// that its tables describe is rated just so.
func TestWorkedExample(t *testing.T) {
	text, err := os.ReadFile("../../docs/method.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(text), "\n## A worked example\n")
	section, _, ok2 := strings.Cut(rest, "\n## ")
	if !ok || !ok2 {
		t.Fatal("docs/method.md has no worked example")
	}
	server, work := tableOf(section, "of each server"), tableOf(section, "work")
	m, err := indicators.Default()
	if err != nil {
		t.Fatal(err)
	}
	e := exampleEstate(t, server, work)
	a := score.Assess(e, m, score.Request{Options: score.Options{Now: e.Newest}})
	rated := map[string][2]float64{"score": {a.Score.Low, a.Score.High}}
	for _, p := range a.Pillars {
		rated[p.ID] = [2]float64{p.Points.Low, p.Points.High}
		for _, x := range p.Indicators {
			rated[x.ID] = [2]float64{x.Low, x.High}
		}
	}
	checked := 0
	for _, head := range []string{"indicator", "pillar"} {
		for _, row := range tableOf(section, head) {
			id := strings.Trim(row[0], "`")
			low := evaluate(t, row[1])
			high := low
			if row[2] != "" {
				high = evaluate(t, row[2])
			}
			first, last, _ := strings.Cut(row[3], " – ")
			if last == "" {
				last = first
			}
			_, decimals, _ := strings.Cut(first, ".")
			within := .5000001 * math.Pow(10, -float64(len(decimals)))
			if head == "pillar" {
				within *= 2 // its expression holds rounded answers
			}
			have, ok := rated[id]
			for i, told := range []float64{value(t, first), value(t, last)} {
				worked := []float64{low, high}[i]
				if math.Abs(worked-told) > within {
					t.Errorf("%s: the text says %v, its expression gives %v", id, told, worked)
				}
				if !ok || math.Abs(have[i]-told) > within {
					t.Errorf("%s: the text says %v, the program %v", id, told, have[i])
				}
			}
			checked++
		}
	}
	for _, found := range regexp.MustCompile("`([^`]+)` = ([0-9]+(?:\\.[0-9]+)?)").FindAllStringSubmatch(section, -1) {
		if got, told := evaluate(t, found[1]), value(t, found[2]); math.Abs(got-told) > 1e-9 {
			t.Errorf("the text says %s = %v, it is %v", found[1], told, got)
		}
	}
	if want := len(m.Indicators) + len(m.Pillars) + 1; checked != want {
		t.Errorf("the example works out %d of %d numbers", checked, want)
	}
}

// tableOf finds the rows of the table whose head begins with a word, without it.
func tableOf(text, head string) [][]string {
	var rows [][]string
	in := false
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "| "+head+" |"):
			in = true
		case !strings.HasPrefix(line, "|"):
			in = false
		case in && !strings.HasPrefix(line, "| ---"):
			cells := strings.Split(strings.Trim(line, "|"), "|")
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
			rows = append(rows, cells)
		}
	}
	return rows
}

func value(t *testing.T, cell string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(cell, 64)
	if err != nil {
		t.Fatalf("%q is no number", cell)
	}
	return v
}

// evaluate works out an expression of numbers, + - * / and ln, min, max.
func evaluate(t *testing.T, cell string) float64 {
	t.Helper()
	x, err := parser.ParseExpr(strings.Trim(cell, "`"))
	if err != nil {
		t.Fatalf("%s: %v", cell, err)
	}
	var eval func(ast.Expr) float64
	eval = func(x ast.Expr) float64 {
		switch x := x.(type) {
		case *ast.BasicLit:
			return value(t, x.Value)
		case *ast.ParenExpr:
			return eval(x.X)
		case *ast.BinaryExpr:
			a, b := eval(x.X), eval(x.Y)
			return map[token.Token]float64{token.ADD: a + b, token.SUB: a - b, token.MUL: a * b, token.QUO: a / b}[x.Op]
		case *ast.CallExpr:
			switch f := fmt.Sprint(x.Fun); {
			case f == "ln" && len(x.Args) == 1:
				return math.Log(eval(x.Args[0]))
			case f == "min" && len(x.Args) == 2:
				return math.Min(eval(x.Args[0]), eval(x.Args[1]))
			case f == "max" && len(x.Args) == 2:
				return math.Max(eval(x.Args[0]), eval(x.Args[1]))
			}
		}
		t.Fatalf("%s: cannot be worked out", cell)
		return 0
	}
	return eval(x)
}

// exampleEstate builds the estate of the example from the numbers of its tables.
func exampleEstate(t *testing.T, server, work [][]string) *inventory.Estate {
	t.Helper()
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	gib := func(cell string) inventory.Bytes { return inventory.Bytes(value(t, cell) * float64(inventory.GiB)) }
	known := inventory.Known[string]
	e := &inventory.Estate{Newest: now}
	for _, id := range []string{"one", "two", "three"} {
		e.Hosts = append(e.Hosts, &inventory.Node{Taken: now, Machine: inventory.Machine{
			ID: id, Name: known(id), Kind: inventory.Known(inventory.Physical), Powered: inventory.Known(true), Inside: inventory.Absent[string](),
			Cores: inventory.Known(value(t, server[0][1])), Memory: inventory.Known(gib(server[1][1])), Processes: inventory.Known(80), Containers: inventory.Known(0),
			OS:       inventory.OS{ID: known("debian"), Version: known("12"), Style: inventory.Known(inventory.GeneralOS), Packages: inventory.Known(int(value(t, server[2][1])))},
			Hardware: inventory.Hardware{Model: known("R640"), Chassis: inventory.Known(inventory.Rack), Fabric: inventory.Known(inventory.OneFabric)},
			Storage:  inventory.Known(inventory.RawLocal), Network: inventory.Known(inventory.BridgeNetwork), Management: inventory.Known(inventory.ConfigManaged),
		}})
	}
	n := e.Hosts[0]
	const days = 30
	for _, row := range work {
		name := strings.Trim(row[0], "`")
		usage := inventory.Usage{CPUSeconds: inventory.Known(value(t, row[1]) * days * float64(inventory.Day)), Memory: inventory.Known(gib(row[2])), Network: inventory.Known(inventory.GiB), Age: inventory.Known(days * inventory.Day)}
		demand := inventory.Demand{Days: inventory.Known[float64](days), CPUP995: inventory.Known(value(t, row[3])), MemoryMax: inventory.Known(gib(row[4]))}
		manager := map[string]inventory.Reading[inventory.Manager]{"Compose": inventory.Known(inventory.ManagedByCompose), "not known": inventory.Unknown[inventory.Manager]("the engine did not say", "")}
		if row[7] == "–" {
			n.Workloads = append(n.Workloads, inventory.Workload{ID: name, Machine: n.Machine.ID, Name: name, Layer: inventory.Service, Usage: usage, Demand: demand})
			continue
		}
		c := inventory.Container{ID: name, Machine: n.Machine.ID, Name: known(name), Image: known(name), ImageID: known(name), State: inventory.Known(inventory.Running), System: inventory.Known(false),
			Runtime: known("docker"), Manager: manager[row[7]], Service: inventory.Absent[string](), ComposeProject: inventory.Absent[string](), CPULimit: inventory.Absent[float64](), MemoryLimit: inventory.Absent[inventory.Bytes](),
			Layer: inventory.Application, Usage: usage, Demand: demand}
		if row[5] != "–" {
			c.CPULimit, c.MemoryLimit = inventory.Known(value(t, row[5])), inventory.Known(gib(row[6]))
		}
		n.Containers = append(n.Containers, c)
	}
	n.Engines = []inventory.Engine{{ID: "docker", Machine: n.Machine.ID, Kind: "docker", Inventory: inventory.Known(true), BuildCache: inventory.Absent[inventory.Bytes]()}}
	for name, mib := range map[string]inventory.Bytes{"web": 200, "job": 100, "left over": 100} {
		n.Images = append(n.Images, inventory.Image{ID: name, Machine: n.Machine.ID, Engine: "docker", Tags: []string{name}, Size: inventory.Known(mib * inventory.MiB)})
	}
	return e
}
