package picture

// Badge draws two words or phrases as a badge: what it is about, and what is said of it.
func Badge(id, about, said string, role Role) *Drawing {
	const size, tall, pad = 13, 26, 10
	left, right := TextWidth(about, size)+2*pad, bold*TextWidth(said, size)+2*pad
	d := &Drawing{ID: id, Width: left + right, Height: tall, Title: about, Desc: said}
	d.add(Rect{X: 0, Y: 0, W: left, H: tall, Fill: Ink}, Rect{X: left, Y: 0, W: right, H: tall, Fill: role},
		Text{X: left / 2, Y: 17.5, Size: size, Anchor: Middle, Fill: Paper, Text: about},
		Text{X: left + right/2, Y: 17.5, Size: size, Anchor: Middle, Fill: Paper, Bold: true, Text: said})
	return d
}

// Below puts drawings one below another, with a margin around and between them, on a page of their own.
func Below(id, title, desc string, margin float64, parts ...*Drawing) *Drawing {
	out := &Drawing{ID: id, Title: title, Desc: desc, Height: margin}
	for _, p := range parts {
		out.Width = max(out.Width, p.Width+2*margin)
	}
	out.add(Rect{}) // the page, when its height is known
	for _, p := range parts {
		for _, x := range p.Items {
			out.add(moved(x, margin, out.Height))
		}
		out.Height += p.Height + margin
	}
	out.Items[0] = Rect{W: out.Width, H: out.Height, Fill: Paper}
	return out
}

func moved(x Item, right, down float64) Item {
	switch x := x.(type) {
	case Rect:
		x.X, x.Y = x.X+right, x.Y+down
		return x
	case Line:
		x.X1, x.X2, x.Y1, x.Y2 = x.X1+right, x.X2+right, x.Y1+down, x.Y2+down
		return x
	case Text:
		x.X, x.Y = x.X+right, x.Y+down
		return x
	default:
		return x
	}
}
