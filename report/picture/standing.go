package picture

// A Standing is where something stands on a scale from 0 to 100, and on which of some levels.
type Standing struct {
	Low, High  float64 // what is proven, and what there could be
	None       string  // said where there is no score
	Level      int     // 0 for none
	Levels     int
	LevelNames map[int]string // those that are known
	ToLow      float64        // where it is going, with its level
	ToLevel    int
	To         string // that in words; empty where it is going nowhere
	Goal       float64
	GoalName   string // what Goal is, empty for none
}

// Scale draws a standing.
func Scale(id, title, desc string, width float64, s Standing) *Drawing {
	d := &Drawing{ID: id, Width: width, Title: title, Desc: desc}
	d.levels(s)
	y := 66.0
	if s.None != "" {
		d.add(Rect{X: 0, Y: y, W: width, H: 22, Fill: Track}, Text{X: 8, Y: y + 16, Size: textBig, Fill: Faint, Text: Fit(s.None, textBig, width-16)})
		d.Height = y + 24
		return d
	}
	at := func(v float64) float64 { return min(max(v/100, 0), 1) * width }
	d.add(Rect{X: 0, Y: y, W: width, H: 22, Fill: Track},
		Rect{X: at(s.Low), Y: y, W: at(s.High) - at(s.Low), H: 22, Fill: Known, Hatched: true},
		Rect{X: 0, Y: y, W: at(s.Low), H: 22, Fill: Known})
	for i, mark := range []string{"0", "25", "50", "75", "100"} {
		anchor := Middle
		switch i {
		case 0:
			anchor = Start
		case 4:
			anchor = End
		}
		d.add(Text{X: at(25 * float64(i)), Y: y + 38, Size: 11, Anchor: anchor, Fill: Faint, Text: mark})
	}
	d.Height = y + 44
	note := func(v float64, role Role, words string) {
		d.add(Line{X1: at(v), Y1: y - 5, X2: at(v), Y2: y + 27, Width: 2.5, Stroke: role})
		d.add(Rect{X: 0, Y: d.Height + 3, W: 10, H: 10, Fill: role}, Text{X: 16, Y: d.Height + 12, Size: 12, Fill: Faint, Text: Fit(words, 12, width-16)})
		d.Height += 20
	}
	if s.GoalName != "" {
		note(s.Goal, Mark, s.GoalName)
	}
	if s.To != "" {
		note(s.ToLow, Good, s.To)
	}
	return d
}

// levels draws the levels as a row of steps: those that are reached are filled.
func (d *Drawing) levels(s Standing) {
	const gap, tall = 4.0, 26.0
	each := (d.Width - gap*float64(s.Levels-1)) / float64(s.Levels)
	for i := 1; i <= s.Levels; i++ {
		x := float64(i-1) * (each + gap)
		fill, ink := Track, Faint
		if i <= s.Level {
			fill, ink = Known, Paper
		}
		d.add(Rect{X: x, Y: 0, W: each, H: tall, Fill: fill})
		if i > s.Level && i <= s.ToLevel {
			ink = Ink
			d.add(Rect{X: x, Y: tall - 4, W: each, H: 4, Fill: Good})
		}
		d.add(Text{X: x + each/2, Y: 18, Size: 13, Anchor: Middle, Fill: ink, Bold: i == s.Level, Text: string(rune('0' + i))})
		if name := s.LevelNames[i]; TextWidth(name, 12) <= each+gap || i == s.Level {
			ink := Faint
			if i == s.Level {
				ink = Ink
			}
			d.add(Text{X: x + each/2, Y: 42, Size: 12, Anchor: Middle, Fill: ink, Bold: i == s.Level, Text: Fit(name, 12, each+gap)})
		}
	}
}
