// Package picture draws: it holds pictures as lists of simple shapes, for whatever can put shapes on a page, and
// writes them as SVG. It knows colours by what they mean, and nothing of scores.
package picture

// A Drawing is a picture in units of a CSS pixel, from the upper left corner. What is drawn later lies on top.
type Drawing struct {
	ID            string // unique on a page; letters, digits and hyphens
	Width, Height float64
	Title         string // what it shows
	Desc          string // the same in sentences, for those who cannot see it
	Items         []Item
}

// An Item is a Rect, a Line or a Text.
type Item interface{ item() }

// A Rect is a filled box. A hatched one stands for what is not certain: it is filled in a weak form of its colour, with
// Hatch drawn over it.
type Rect struct {
	X, Y, W, H float64
	Fill       Role
	Hatched    bool
	Note       string // shown when somebody points at it; may be empty
}

// A Line is a straight line.
type Line struct {
	X1, Y1, X2, Y2 float64
	Width          float64
	Stroke         Role
	Dashed         bool
}

// A Text is one line of text. Y is its baseline, X what its anchor says.
type Text struct {
	X, Y   float64
	Size   float64 // of the letters
	Anchor Anchor
	Fill   Role
	Bold   bool
	Text   string
}

func (Rect) item() {}
func (Line) item() {}
func (Text) item() {}

// An Anchor says which point of a text its X is.
type Anchor int

// The anchors of text.
const (
	Start Anchor = iota
	Middle
	End
)

func (d *Drawing) add(items ...Item) { d.Items = append(d.Items, items...) }

// hatchStep is the distance between the lines of a hatching, along an edge.
const hatchStep = 5

// Hatch gives the lines that make a rectangle hatched: diagonal, in the colour of the rectangle, and at the same places
// of the page in all, so that the hatching of neighbours runs on.
func (r Rect) Hatch() []Line {
	var lines []Line
	// A line joins the points with x + y = c.
	first := int((r.X+r.Y)/hatchStep) + 1
	for i := first; float64(i)*hatchStep < r.X+r.W+r.Y+r.H; i++ {
		c := float64(i) * hatchStep
		x1, x2 := max(r.X, c-r.Y-r.H), min(r.X+r.W, c-r.Y)
		if x2-x1 < .05 {
			continue
		}
		lines = append(lines, Line{X1: x1, Y1: c - x1, X2: x2, Y2: c - x2, Width: 1.2, Stroke: r.Fill})
	}
	return lines
}
