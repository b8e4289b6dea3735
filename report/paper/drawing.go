package paper

import (
	"github.com/infraopt/infraopt/report/picture"
)

// pixel is a CSS pixel in points.
const pixel = .75

// Drawing sets a picture as wide as the page, or as wide as it is where that is less.
func (d *Document) Drawing(p *picture.Drawing) {
	if p == nil || p.Width <= 0 || p.Height <= 0 {
		return
	}
	scale := min(pixel, d.Room()/p.Width, (d.height-2*edge)/p.Height)
	d.Need(p.Height * scale)
	c := canvas{d, edge, d.y, scale}
	for _, x := range p.Items {
		switch x := x.(type) {
		case picture.Rect:
			c.rect(x)
		case picture.Line:
			c.line(x)
		case picture.Text:
			c.text(x)
		}
	}
	d.y += p.Height*scale + 8
}

// A canvas is the place of a picture on a page.
type canvas struct {
	*Document
	left, top, scale float64
}

func (c canvas) at(x, y float64) (float64, float64) { return c.left + x*c.scale, c.top + y*c.scale }

func (c canvas) rect(r picture.Rect) {
	if r.W <= 0 || r.H <= 0 {
		return
	}
	if c.pdf.SetFillColor(r.Fill.RGB()); r.Hatched {
		c.pdf.SetFillColor(r.Fill.WeakRGB())
	}
	x, y := c.at(r.X, r.Y)
	c.pdf.RectFromUpperLeftWithStyle(x, y, r.W*c.scale, r.H*c.scale, "F")
	if r.Hatched {
		for _, l := range r.Hatch() {
			c.line(l)
		}
	}
}

func (c canvas) line(l picture.Line) {
	c.pdf.SetStrokeColor(l.Stroke.RGB())
	c.pdf.SetLineWidth(l.Width * c.scale)
	if l.Dashed {
		c.pdf.SetCustomLineType([]float64{3 * c.scale, 3 * c.scale}, 0)
		defer c.pdf.SetLineType("solid")
	}
	x1, y1 := c.at(l.X1, l.Y1)
	x2, y2 := c.at(l.X2, l.Y2)
	c.pdf.Line(x1, y1, x2, y2)
}

func (c canvas) text(t picture.Text) {
	font := regular
	if t.Bold {
		font = bold
	}
	c.set(font, t.Size*c.scale, t.Fill)
	s := c.Printable(t.Text)
	x, y := c.at(t.X, t.Y)
	switch t.Anchor {
	case picture.Middle:
		x -= c.measure(s) / 2
	case picture.End:
		x -= c.measure(s)
	}
	c.Document.text(x, y, s)
}
