package picture

import "math"

// A Stack is a picture of what work stands on: columns as wide as their part of the work, of layers from the ground up.
type Stack struct {
	Head, Sub string
	Columns   []Column
	Empty     string // said where there are no columns
}

// A Column is a class of work.
type Column struct {
	Certain float64 // part of all work that is known to belong here
	Open    float64 // and what may
	Layers  []Layer
	Note    string
}

// A Layer is one thing that stands on another.
type Layer struct {
	Name   string
	Role   Role
	Height float64 // 1 for a whole one
}

func (c Column) height() float64 {
	h := 0.0
	for _, l := range c.Layers {
		h += l.Height
	}
	return h
}

// Measures of a stack picture.
const (
	stackTall   = 280 // of the highest column
	stackUnit   = 54  // a layer is no higher
	stackHead   = 46
	stackFoot   = 26
	stackGap    = 40 // between two stacks
	besides     = 560
	legendLine  = 20
	legendPatch = 11
)

// Stacks draws stacks at one scale, side by side where there is room for it, with a legend.
func Stacks(id, title, desc string, width float64, stacks ...Stack) *Drawing {
	d := &Drawing{ID: id, Width: width, Title: title, Desc: desc}
	highest := 0.0
	for _, s := range stacks {
		for _, c := range s.Columns {
			highest = max(highest, c.height())
		}
	}
	unit := stackUnit * 1.0
	if highest > 0 {
		unit = min(unit, stackTall/highest)
	}
	each, beside := width, width >= besides && len(stacks) > 1
	if beside {
		each = (width - stackGap*float64(len(stacks)-1)) / float64(len(stacks))
	}
	tall := stackHead + highest*unit + stackFoot
	x, y := 0.0, 0.0
	for _, s := range stacks {
		d.stack(s, x, y, each, unit, highest*unit)
		if beside {
			x += each + stackGap
		} else {
			y += tall + 12
		}
	}
	if beside {
		y = tall + 12
	}
	d.Height = d.legend(stacks, y)
	return d
}

func (d *Drawing) stack(s Stack, x, y, width, unit, tall float64) {
	d.add(Text{X: x, Y: y + 15, Size: 15, Fill: Ink, Bold: true, Text: Fit(s.Head, 15*bold, width)},
		Text{X: x, Y: y + 34, Size: 12.5, Fill: Faint, Text: Fit(s.Sub, 12.5, width)})
	ground := y + stackHead + tall
	if len(s.Columns) == 0 {
		for i, line := range Wrap(s.Empty, 13, width, 3) {
			d.add(Text{X: x, Y: y + stackHead + 16 + 18*float64(i), Size: 13, Fill: Faint, Text: line})
		}
		return
	}
	d.columns(s.Columns, x, ground, width, unit)
	d.names(s.Columns, x, ground, width, unit)
	d.add(Line{X1: x, Y1: ground + 4, X2: x + width, Y2: ground + 4, Width: 1, Stroke: Rule})
	for i, mark := range []string{"0", "25", "50", "75", "100 %"} {
		at, anchor := x+width*float64(i)/4, Middle
		switch i {
		case 0:
			anchor = Start
		case 4:
			anchor = End
		}
		d.add(Line{X1: at, Y1: ground + 4, X2: at, Y2: ground + 8, Width: 1, Stroke: Rule},
			Text{X: at, Y: ground + 20, Size: 11, Anchor: anchor, Fill: Faint, Text: mark})
	}
}

// columns draws the layers of each column: first what is certain, then what is not. Lines of the colour of the page keep
// layers and columns apart, as far as they are wide enough for that.
func (d *Drawing) columns(columns []Column, x, ground, width, unit float64) {
	for _, c := range columns {
		certain, open := c.Certain*width, c.Open*width
		bottom := ground
		for _, l := range c.Layers {
			h := l.Height * unit
			if certain > 0 {
				d.add(Rect{X: x, Y: bottom - h, W: certain, H: h, Fill: l.Role, Note: c.Note})
			}
			if open > 0 {
				d.add(Rect{X: x + certain, Y: bottom - h, W: open, H: h, Fill: l.Role, Hatched: true, Note: c.Note})
			}
			d.add(Line{X1: x, Y1: bottom, X2: x + certain + open, Y2: bottom, Width: 1, Stroke: Paper})
			bottom -= h
		}
		x += certain + open
		if certain+open > 6 {
			d.add(Line{X1: x, Y1: bottom, X2: x, Y2: ground, Width: 1, Stroke: Paper})
		}
	}
}

// names writes the name of a layer into each run of it that is wide enough: into what is certain, where it can be read.
func (d *Drawing) names(columns []Column, x, ground, width, unit float64) {
	const size = 12
	for i, c := range columns {
		below := 0.0
		for _, l := range c.Layers {
			// The same layer of a neighbour carries on where nothing uncertain lies between.
			starts := i == 0 || columns[i-1].Open > 0 || !columns[i-1].has(l, below)
			from, to := x, x+c.Certain*width
			widest := [2]float64{from, to}
			for j := i; starts && columns[j].Open == 0 && j+1 < len(columns) && columns[j+1].has(l, below); j++ {
				next := to + columns[j+1].Certain*width
				if next-to > widest[1]-widest[0] {
					widest = [2]float64{to, next}
				}
				to = next
			}
			room := TextWidth(l.Name, size) + 10
			if room <= widest[1]-widest[0] {
				from, to = widest[0], widest[1] // within one column no line strikes it through
			}
			if starts && room <= to-from && l.Height*unit >= size+3 {
				d.add(Text{X: (from + to) / 2, Y: ground - (below+l.Height/2)*unit + size*.36, Size: size, Anchor: Middle, Fill: Paper, Text: l.Name})
			}
			below += l.Height
		}
		x += (c.Certain + c.Open) * width
	}
}

// has reports whether a column has a layer at a height.
func (c Column) has(l Layer, below float64) bool {
	at := 0.0
	for _, x := range c.Layers {
		if math.Abs(at-below) < 1e-9 {
			return x == l
		}
		at += x.Height
	}
	return false
}

// legend explains the colours, and what is hatched; it returns where it ends.
func (d *Drawing) legend(stacks []Stack, y float64) float64 {
	var layers []Layer
	known := map[Role]bool{}
	open := false
	for _, s := range stacks {
		for _, c := range s.Columns {
			open = open || c.Open > 0
			for _, l := range c.Layers {
				if !known[l.Role] {
					known[l.Role] = true
					layers = append(layers, l)
				}
			}
		}
	}
	x := 0.0
	entry := func(name string, role Role, hatched bool) {
		w := legendPatch + 6 + TextWidth(name, 12) + 16
		if x > 0 && x+w > d.Width {
			x, y = 0, y+legendLine
		}
		d.add(Rect{X: x, Y: y, W: legendPatch, H: legendPatch, Fill: role, Hatched: hatched},
			Text{X: x + legendPatch + 6, Y: y + 10, Size: 12, Fill: Faint, Text: name})
		x += w
	}
	for role := range roles { // from the ground up, as roles are declared
		for _, l := range layers {
			if l.Role == role {
				entry(l.Name, role, false)
			}
		}
	}
	if open {
		entry("hatched: not known", Open, true)
	}
	if x == 0 {
		return y
	}
	return y + legendLine
}
