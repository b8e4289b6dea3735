// Package paper sets text, tables and drawings on pages of A4 and writes them as PDF. It knows nothing of scores. Fonts are
// part of the program, and of each file as far as it uses them: it looks the same everywhere.
package paper

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/signintech/gopdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"

	"github.com/infraopt/infraopt/report/picture"
)

// Sizes in points of 1/72 inch.
const (
	edge     = 56.0 // around the page
	foot     = 34.0 // of the line at the bottom, from the edge of the page
	body     = 10.0
	leading  = 1.4 // height of a line, in sizes of its letters
	regular  = "regular"
	bold     = "bold"
	noGlyph  = '?'  // in place of letters that the fonts do not have
	longest  = 4000 // runes of one text: what is longer is cut
	tableGap = 8.0
)

// A Document is a PDF in the making. Its first error ends it, and Write returns it.
type Document struct {
	pdf    *gopdf.GoPdf
	title  string
	y      float64
	width  float64 // of the page
	height float64
	err    error
}

// New begins a document with a page. The time is that of its making, as the file says it.
func New(title, creator string, at time.Time) *Document {
	d := &Document{pdf: &gopdf.GoPdf{}, title: title, width: gopdf.PageSizeA4.W, height: gopdf.PageSizeA4.H}
	d.pdf.Start(gopdf.Config{PageSize: *gopdf.PageSizeA4})
	d.pdf.SetInfo(gopdf.PdfInfo{Title: d.Printable(title), Creator: creator, Producer: creator, CreationDate: at.UTC()})
	for _, f := range []struct {
		name string
		font []byte
	}{{regular, goregular.TTF}, {bold, gobold.TTF}} {
		d.fail(d.pdf.AddTTFFontDataWithOption(f.name, f.font, gopdf.TtfOption{OnGlyphNotFoundSubstitute: func(rune) rune { return noGlyph }}))
	}
	d.Page()
	return d
}

func (d *Document) fail(err error) {
	if d.err == nil && err != nil {
		d.err = err
	}
}

// Room is the width between the edges.
func (d *Document) Room() float64 { return d.width - 2*edge }

// Page begins a new page.
func (d *Document) Page() {
	d.pdf.AddPage()
	d.y = edge
}

// Pages is the number of pages so far.
func (d *Document) Pages() int { return d.pdf.GetNumberOfPages() }

// Left is the height that is left on the page.
func (d *Document) Left() float64 { return d.height - edge - d.y }

// Need begins a new page unless so much height is left.
func (d *Document) Need(height float64) {
	if d.Left() < height && d.y > edge {
		d.Page()
	}
}

// Space leaves some height free.
func (d *Document) Space(height float64) { d.y += height }

// Printable is a text as the fonts can show it: one line, without what only controls how text is shown.
func (d *Document) Printable(s string) string {
	n := 0
	s = strings.Map(func(r rune) rune {
		switch n++; {
		case n > longest:
			return -1
		case r == '\t' || r == '\n' || r == '\u00a0':
			return ' '
		case r < ' ' || r >= 0x7f && r < 0xa0, r >= 0x200b && r <= 0x200f, r >= 0x2028 && r <= 0x202e, r >= 0x2060 && r <= 0x206f, r == 0xfeff:
			return -1
		case r > 0xffff || r == '\ufffd':
			return noGlyph
		}
		return r
	}, s)
	if n > longest {
		s += "…"
	}
	return s
}

// set chooses a font, its size and its colour.
func (d *Document) set(font string, size float64, role picture.Role) {
	d.fail(d.pdf.SetFont(font, "", size))
	d.pdf.SetTextColor(role.RGB())
}

// measure is the width of a text in the present font.
func (d *Document) measure(s string) float64 {
	w, err := d.pdf.MeasureTextWidth(s)
	d.fail(err)
	return w
}

// text puts one line of text; y is its baseline.
func (d *Document) text(x, y float64, s string) {
	if s == "" {
		return
	}
	d.pdf.SetXY(x, y)
	d.fail(d.pdf.Text(s))
}

// lines breaks a text at its spaces, and words that are too long where they have to be.
func (d *Document) lines(s string, width float64) []string {
	var out []string
	line := ""
	for _, word := range strings.Fields(d.Printable(s)) {
		for try := line + " " + word; ; try = word {
			if try = strings.TrimSpace(try); d.measure(try) <= width {
				line = try
				break
			}
			if line != "" {
				out, line = append(out, line), ""
				continue
			}
			head := d.head(word, width)
			out, word = append(out, head), word[len(head):]
			if word == "" {
				break
			}
		}
	}
	if line != "" {
		out = append(out, line)
	}
	return out
}

// head is as much of a word as has room, at least one letter.
func (d *Document) head(word string, width float64) string {
	end := 0
	for i, r := range word {
		next := i + len(string(r))
		if d.measure(word[:next]) > width && end > 0 {
			break
		}
		end = next
	}
	return word[:end]
}

// write sets a text over as many lines as it needs.
func (d *Document) write(font string, size float64, role picture.Role, s string, indent float64) {
	d.set(font, size, role)
	for _, l := range d.lines(s, d.Room()-indent) {
		d.Need(size * leading)
		d.set(font, size, role)
		d.text(edge+indent, d.y+size, l)
		d.y += size * leading
	}
}

// Title sets the largest letters.
func (d *Document) Title(s string) { d.write(bold, 26, picture.Ink, s, 0); d.Space(4) }

// Subtitle goes below a title.
func (d *Document) Subtitle(s string) { d.write(regular, 12, picture.Faint, s, 0) }

// Heading begins a section, not at the bottom of a page.
func (d *Document) Heading(s string) {
	d.Space(12)
	d.Need(110)
	d.pdf.AddOutline(d.Printable(s))
	d.write(bold, 15, picture.Known, s, 0)
	d.Space(4)
}

// Small begins a part of a section.
func (d *Document) Small(s string) {
	d.Space(6)
	d.Need(48)
	d.write(bold, 11, picture.Ink, s, 0)
}

// Para sets a paragraph.
func (d *Document) Para(s string) { d.write(regular, body, picture.Ink, s, 0); d.Space(4) }

// Note sets a paragraph of less weight.
func (d *Document) Note(s string) { d.write(regular, 8.5, picture.Faint, s, 0); d.Space(3) }

// Item sets a paragraph of a list.
func (d *Document) Item(s string) {
	d.Need(body * leading)
	d.set(regular, body, picture.Known)
	d.text(edge+2, d.y+body, "•")
	d.write(regular, body, picture.Ink, s, 14)
	d.Space(2)
}

// A Column of a table takes a share of the width.
type Column struct {
	Head  string
	Share float64
	Right bool // numbers
	Lines int  // of a cell at most; what is longer is cut. 6 where 0
}

// Table sets rows below a head, which is repeated on every page. A row is never split.
func (d *Document) Table(columns []Column, rows [][]string) {
	const size, pad = 8.5, 3.0
	var sum float64
	for _, c := range columns {
		sum += c.Share
	}
	room := d.Room() - tableGap*float64(len(columns)-1)
	row := func(font string, role picture.Role, cells []string) {
		d.set(font, size, role)
		wrapped := make([][]string, len(columns))
		most := 1
		for i, c := range columns {
			wrapped[i] = d.lines(cells[i], room*c.Share/sum)
			limit := c.Lines
			if limit == 0 {
				limit = 6
			}
			if len(wrapped[i]) > limit {
				wrapped[i] = wrapped[i][:limit]
				last := &wrapped[i][limit-1]
				*last = d.head(*last, room*c.Share/sum-d.measure("…")) + "…"
			}
			most = max(most, len(wrapped[i]))
		}
		height := float64(most)*size*leading + 2*pad
		d.Need(height)
		d.set(font, size, role)
		x := edge
		for i, c := range columns {
			width := room * c.Share / sum
			for k, l := range wrapped[i] {
				at := x
				if c.Right {
					at = x + width - d.measure(l)
				}
				d.text(at, d.y+pad+size+float64(k)*size*leading, l)
			}
			x += width + tableGap
		}
		d.y += height
		d.rule(picture.Rule, .5)
	}
	head := make([]string, len(columns))
	for i, c := range columns {
		head[i] = c.Head
	}
	d.Need(60)
	row(bold, picture.Faint, head)
	for _, cells := range rows {
		if page := d.Pages(); d.Left() < 40 {
			if d.Page(); page != d.Pages() {
				row(bold, picture.Faint, head)
			}
		}
		row(regular, picture.Ink, cells)
	}
	d.Space(6)
}

// rule draws a line across the page.
func (d *Document) rule(role picture.Role, width float64) {
	d.pdf.SetStrokeColor(role.RGB())
	d.pdf.SetLineWidth(width)
	d.pdf.Line(edge, d.y, d.width-edge, d.y)
}

// Write ends the document and writes it, with the title and the number of its page below each.
func (d *Document) Write(w io.Writer) error {
	pages := d.Pages()
	for n := 1; n <= pages; n++ {
		d.fail(d.pdf.SetPage(n))
		d.set(regular, 8, picture.Faint)
		number := fmt.Sprintf("%d / %d", n, pages)
		d.text(edge, d.height-foot, d.fit(d.title, d.Room()-60))
		d.text(d.width-edge-d.measure(number), d.height-foot, number)
	}
	if d.err != nil {
		return fmt.Errorf("setting the document: %w", d.err)
	}
	b, err := d.pdf.GetBytesPdfReturnErr()
	if err != nil {
		return fmt.Errorf("setting the document: %w", err)
	}
	_, err = w.Write(b)
	return err
}

// fit is the first line of a text.
func (d *Document) fit(s string, width float64) string {
	if l := d.lines(s, width); len(l) > 0 {
		return l[0]
	}
	return ""
}
