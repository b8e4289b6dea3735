package picture

import "math"

// A Step takes a quantity from one value to the next. A total stands where the quantity is.
type Step struct {
	Label    string
	Value    string // the change, or the total, in words
	From, To float64
	Total    bool
}

// Waterfall draws how steps take a quantity from its first total to its last, one row each. The scale begins where the
// values do and not at zero, as steps are small: totals are marks and not bars for that reason. tick puts the ends of the
// scale into words.
func Waterfall(id, title, desc string, width float64, steps []Step, tick func(float64) string) *Drawing {
	d := &Drawing{ID: id, Width: width, Title: title, Desc: desc}
	if len(steps) == 0 {
		return d
	}
	low, high := ends(steps)
	label, value := 0.0, 0.0
	for _, s := range steps {
		label, value = max(label, TextWidth(s.Label, textBig)), max(value, bold*TextWidth(s.Value, textBig))
	}
	value += 14
	label = min(label+14, width*.44)
	row, top := 26.0, 0.0
	if width < narrow {
		label, row, top = 0, 44, 18
	}
	room := width - label - value
	at := func(v float64) float64 { return label + (v-low)/(high-low)*room }
	bottom := row * float64(len(steps))
	for _, x := range []float64{low, high} {
		anchor := Start
		if x == high {
			anchor = End
		}
		d.add(Line{X1: at(x), Y1: 0, X2: at(x), Y2: bottom + 4, Width: 1, Stroke: Rule},
			Text{X: at(x), Y: bottom + 17, Size: 11, Anchor: anchor, Fill: Faint, Text: tick(x)})
	}
	for i, s := range steps {
		y := row*float64(i) + top
		ink := Faint
		if s.Total {
			ink = Ink
		}
		if label > 0 {
			d.add(Text{X: 0, Y: y + 17, Size: textBig, Fill: Ink, Bold: s.Total, Text: Fit(s.Label, textBig, label-10)})
		} else {
			d.add(Text{X: 4, Y: y - 3, Size: textBig, Fill: Ink, Bold: s.Total, Text: Fit(s.Label, textBig, width-4)})
		}
		d.add(Text{X: width, Y: y + 17, Size: textBig, Anchor: End, Fill: ink, Bold: s.Total, Text: s.Value})
		d.step(s, at, y+6)
		if i+1 < len(steps) && label > 0 { // else it would strike through the labels
			d.add(Line{X1: at(s.To), Y1: y + 6 + barTall, X2: at(s.To), Y2: y + row + 6, Width: 1, Stroke: Faint, Dashed: true})
		}
	}
	d.Height = bottom + 22
	return d
}

func (d *Drawing) step(s Step, at func(float64) float64, y float64) {
	from, to := at(s.From), at(s.To)
	switch {
	case s.Total:
		d.add(Line{X1: to, Y1: y - 2, X2: to, Y2: y + barTall + 2, Width: 5, Stroke: Known})
	case to >= from:
		d.add(Rect{X: from, Y: y, W: max(to-from, 1), H: barTall, Fill: Good})
	default:
		d.add(Rect{X: to, Y: y, W: max(from-to, 1), H: barTall, Fill: Bad})
	}
}

// ends gives the scale of a waterfall: round numbers around all values.
func ends(steps []Step) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, s := range steps {
		low, high = min(low, s.From, s.To), max(high, s.From, s.To)
	}
	round := 1.0
	if high-low > 10 {
		round = 5
	}
	low, high = math.Floor(low/round)*round, math.Ceil(high/round)*round
	if high <= low {
		high = low + round
	}
	return low, high
}
