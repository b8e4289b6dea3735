package picture

// A Bar is a quantity between two ends, of which the part up to Low is proven.
type Bar struct {
	Label     string
	Value     string // the quantity in words
	Low, High float64
	Role      Role
	None      string // said in place of a bar where there is no quantity
	Mark      float64
	Marked    bool // a goal lies at Mark
}

const (
	narrow  = 520 // below that, labels are above their bars
	barTall = 14
	textBig = 13
)

// Bars draws quantities as bars, of which a whole one stands for most.
func Bars(id, title, desc string, width, most float64, bars []Bar) *Drawing {
	d := &Drawing{ID: id, Width: width, Title: title, Desc: desc}
	label, value := 0.0, 0.0
	for _, b := range bars {
		label, value = max(label, TextWidth(b.Label, textBig)), max(value, TextWidth(b.Value, textBig))
	}
	label, value = min(label+14, width*.34), min(value+14, width*.4)
	for _, b := range bars {
		if width < narrow {
			d.add(Text{X: 0, Y: d.Height + 14, Size: textBig, Fill: Ink, Text: Fit(b.Label, textBig, width-value)},
				Text{X: width, Y: d.Height + 14, Size: textBig, Anchor: End, Fill: Faint, Text: Fit(b.Value, textBig, value)})
			d.bar(b, 0, d.Height+21, width, most)
			d.Height += 48
			continue
		}
		d.add(Text{X: 0, Y: d.Height + 19, Size: textBig, Fill: Ink, Text: Fit(b.Label, textBig, label-8)},
			Text{X: width, Y: d.Height + 19, Size: textBig, Anchor: End, Fill: Faint, Text: Fit(b.Value, textBig, value)})
		d.bar(b, label, d.Height+8, width-label-value, most)
		d.Height += 30
	}
	return d
}

func (d *Drawing) bar(b Bar, x, y, width, most float64) {
	if b.None != "" {
		d.add(Text{X: x, Y: y + 11, Size: textBig, Fill: Faint, Text: Fit(b.None, textBig, width)})
		return
	}
	at := func(v float64) float64 {
		if !(most > 0) {
			return 0
		}
		return min(max(v/most, 0), 1) * width
	}
	d.add(Rect{X: x, Y: y, W: width, H: barTall, Fill: Track})
	low, high := at(b.Low), at(b.High)
	if high > low {
		d.add(Rect{X: x + low, Y: y, W: high - low, H: barTall, Fill: b.Role, Hatched: true})
	}
	if low > 0 {
		d.add(Rect{X: x, Y: y, W: low, H: barTall, Fill: b.Role})
	}
	if b.Marked {
		d.add(Line{X1: x + at(b.Mark), Y1: y - 4, X2: x + at(b.Mark), Y2: y + barTall + 4, Width: 2, Stroke: Mark})
	}
}
