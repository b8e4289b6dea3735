package picture

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
)

// luminance is the relative luminance of a colour, after WCAG 2.
func luminance(c uint32) float64 {
	part := func(v uint32) float64 {
		x := float64(v&0xff) / 255
		if x <= .04045 {
			return x / 12.92
		}
		return math.Pow((x+.055)/1.055, 2.4)
	}
	return .2126*part(c>>16) + .7152*part(c>>8) + .0722*part(c)
}

func contrast(a, b uint32) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + .05) / (min(x, y) + .05)
}

// Text can be read on what it stands on, on light and on dark pages: contrast AA of WCAG 2, 4.5 to 1. What is filled
// stands out from the page as shapes must, 3 to 1.
func TestContrast(t *testing.T) {
	for _, dark := range []bool{false, true} {
		colour := func(r Role) uint32 {
			if dark {
				return palette[r].dark
			}
			return palette[r].light
		}
		check := func(text, ground Role, least float64) {
			if c := contrast(colour(text), colour(ground)); c < least {
				t.Errorf("dark %v: %s on %s has a contrast of %.2f, want %v", dark, text, ground, c, least)
			}
		}
		for _, text := range []Role{Ink, Faint} {
			check(text, Paper, 4.5)
			check(text, Track, 4.5)
		}
		for _, filled := range []Role{Ink, Known, Good, Bad, Mark, Hardware, System, ImageSystem, Hypervisor, Engine, Container, Process, Unknown} {
			check(Paper, filled, 4.5)
		}
		check(Open, Paper, 3)
	}
}

func sampleStacks() []Stack {
	server, os := Layer{"server", Hardware, .7}, Layer{"operating system", System, 1}
	return []Stack{
		{Head: "Today", Sub: "1 – 2", Columns: []Column{
			{Certain: .3, Open: .1, Layers: []Layer{server, os, {"hypervisor", Hypervisor, 1}, {"guest", System, 1}, {"process", Process, .6}}, Note: "a & b"},
			{Certain: .4, Layers: []Layer{server, os, {"process", Process, .6}}},
			{Certain: .1, Layers: []Layer{server, os, {"container", Container, .6}}},
			{Certain: .001, Open: .099, Layers: []Layer{server}},
		}},
		{Head: strings.Repeat("long ", 100), Sub: strings.Repeat("x", 1000), Empty: strings.Repeat("nothing is known ", 30)},
	}
}

func sampleDrawings(width float64) map[string]*Drawing {
	long := strings.Repeat("a label that is too long ", 20)
	bars := []Bar{{Label: "a", Value: "1 – 2", Low: 1, High: 2, Role: Known}, {Label: long, Value: long, Low: 3, High: 9, Role: Good, Mark: 99, Marked: true}, {Label: "c", None: "not known"}, {Label: "d", Low: math.NaN(), High: math.NaN()}}
	steps := []Step{{Label: "now", Value: "41", From: 41, To: 41, Total: true}, {Label: long, Value: "+2.1", From: 41, To: 43.1}, {Label: "b", Value: "-9", From: 43.1, To: 34.1}, {Label: "end", Value: "34", From: 34.1, To: 34.1, Total: true}}
	parts := map[string]*Drawing{
		"stacks":    Stacks("s", "t", "d", width, sampleStacks()...),
		"no stacks": Stacks("s", "t", "d", width),
		"bars":      Bars("b", "t", "d", width, 9, bars),
		"zero bars": Bars("b", "t", "d", width, 0, bars[:1]),
		"waterfall": Waterfall("w", "t", "d", width, steps, func(float64) string { return "40" }),
		"flat":      Waterfall("w", "t", "d", width, steps[:1], func(float64) string { return "40" }),
		"scale":     Scale("c", "t", "d", width, Standing{Low: 41, High: 58, Level: 2, Levels: 5, LevelNames: map[int]string{2: "Pooled", 3: "Converged", 4: long}, ToLow: 63, ToLevel: 4, To: long, Goal: 35, GoalName: "a goal"}),
		"unrated":   Scale("c", "t", "d", width, Standing{Levels: 5, None: long}),
	}
	parts["all"] = Below("all", "t", "d", 8, parts["stacks"], parts["bars"], parts["scale"])
	return parts
}

// Nothing is drawn outside the picture, texts are no wider than it is, and nothing has a size below zero or none at all.
func TestInsideThePicture(t *testing.T) {
	for _, width := range []float64{320, 460, 960} {
		for name, d := range sampleDrawings(width) {
			right, bottom := d.Width+.01, d.Height+.01
			for _, x := range d.Items {
				switch x := x.(type) {
				case Rect:
					if !(x.X >= -.01 && x.Y >= -.01 && x.W >= 0 && x.H >= 0 && x.X+x.W <= right && x.Y+x.H <= bottom) {
						t.Errorf("%s at %v: %+v of %v × %v", name, width, x, d.Width, d.Height)
					}
					for _, l := range x.Hatch() {
						if l.X1 < x.X-.01 || l.X2 > x.X+x.W+.01 || min(l.Y1, l.Y2) < x.Y-.01 || max(l.Y1, l.Y2) > x.Y+x.H+.01 {
							t.Errorf("%s at %v: %+v hatches %+v", name, width, l, x)
						}
					}
				case Line:
					if !(min(x.X1, x.X2) >= -.01 && max(x.X1, x.X2) <= right && min(x.Y1, x.Y2) >= -.01 && max(x.Y1, x.Y2) <= bottom) {
						t.Errorf("%s at %v: %+v of %v × %v", name, width, x, d.Width, d.Height)
					}
				case Text:
					from := x.X
					switch x.Anchor {
					case Middle:
						from -= TextWidth(x.Text, x.Size) / 2
					case End:
						from -= TextWidth(x.Text, x.Size)
					}
					if from < -.01 || from+TextWidth(x.Text, x.Size) > right || x.Y > bottom || x.Y < 0 {
						t.Errorf("%s at %v: %+v of %v × %v", name, width, x, d.Width, d.Height)
					}
				}
			}
		}
	}
}

// The columns of a stack fill its width, as they are all of the work.
func TestStackIsAsWideAsTheWork(t *testing.T) {
	d := Stacks("s", "t", "d", 500, sampleStacks()[0])
	wide := 0.0
	for _, x := range d.Items {
		if r, ok := x.(Rect); ok && r.Fill == Hardware && r.H > legendPatch {
			wide += r.W
		}
	}
	if math.Abs(wide-500) > .01 {
		t.Errorf("the lowest layer is %v wide, want 500", wide)
	}
}

// What is written is well-formed, whatever the texts are, and a failure to write is told.
func TestSVG(t *testing.T) {
	nasty := "<script>x()</script>&\"'\x00\x1b\xff]]>"
	d := &Drawing{ID: nasty, Width: 9, Height: 9, Title: nasty, Desc: nasty, Items: []Item{Rect{W: 5, H: 5, Note: nasty, Hatched: true}, Text{Text: nasty}, Line{}}}
	for _, write := range []func(io.Writer) error{d.SVG, d.File} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		texts := 0
		for dec := xml.NewDecoder(&b); ; {
			token, err := dec.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			switch x := token.(type) {
			case xml.StartElement:
				if x.Name.Local == "script" {
					t.Error("a text has become an element")
				}
			case xml.CharData:
				if strings.Contains(string(x), "<script>x()</script>&\"'") {
					texts++
				}
			}
		}
		if texts != 4 {
			t.Errorf("the text is there %d times, want 4", texts)
		}
		if err := write(full{}); err == nil {
			t.Error("no error of a writer that fails")
		}
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestFit(t *testing.T) {
	for _, s := range []string{"", "short", strings.Repeat("wide ", 50), "データベース・サーバー・一号機", strings.Repeat("\U0001F600", 50)} {
		for _, width := range []float64{0, 5, 40, 300} {
			got := Fit(s, 12, width)
			if w := TextWidth(got, 12); w > max(width, TextWidth("…", 12)) {
				t.Errorf("Fit(%.10q, %v): %q is %v wide", s, width, got, w)
			}
			for _, line := range Wrap(s, 12, max(width, 60), 3) {
				if w := TextWidth(line, 12); w > max(width, 60)+.01 {
					t.Errorf("Wrap(%.10q, %v): %q is %v wide", s, width, line, w)
				}
			}
		}
	}
}
