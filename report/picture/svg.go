package picture

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strconv"
)

// SVG writes the drawing as an element for a page that has the Style.
func (d *Drawing) SVG(w io.Writer) error { return d.write(w, "") }

// File writes the drawing as a file of its own.
func (d *Drawing) File(w io.Writer) error {
	return d.write(w, "<style>"+Style()+"</style>")
}

func (d *Drawing) write(w io.Writer, style string) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %s %s" width="%[1]s" height="%[2]s" role="img" aria-labelledby="%[3]s-title %[3]s-desc" font-family="system-ui,-apple-system,&quot;Segoe UI&quot;,Roboto,&quot;DejaVu Sans&quot;,sans-serif">`,
		coordinate(d.Width), coordinate(d.Height), escape(d.ID))
	fmt.Fprintf(&b, `<title id="%[1]s-title">%s</title><desc id="%[1]s-desc">%s</desc>`, escape(d.ID), escape(d.Title), escape(d.Desc))
	b.WriteString(style)
	for _, x := range d.Items {
		switch x := x.(type) {
		case Rect:
			x.svg(&b)
		case Line:
			x.svg(&b)
		case Text:
			x.svg(&b)
		}
	}
	b.WriteString("</svg>\n")
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("writing a picture: %w", err)
	}
	return nil
}

func (r Rect) svg(b *bytes.Buffer) {
	if r.Note != "" {
		fmt.Fprintf(b, "<g><title>%s</title>", escape(r.Note))
	}
	fmt.Fprintf(b, `<rect x="%s" y="%s" width="%s" height="%s" %s`, coordinate(r.X), coordinate(r.Y), coordinate(r.W), coordinate(r.H), fill(r.Fill))
	if !r.Hatched {
		b.WriteString("/>")
	} else {
		fmt.Fprintf(b, ` fill-opacity="%v"/><path d="`, weak)
		for _, l := range r.Hatch() {
			fmt.Fprintf(b, "M%s %sL%s %s", coordinate(l.X1), coordinate(l.Y1), coordinate(l.X2), coordinate(l.Y2))
		}
		fmt.Fprintf(b, `" stroke-width="1.2" %s/>`, stroke(r.Fill))
	}
	if r.Note != "" {
		b.WriteString("</g>")
	}
}

func (l Line) svg(b *bytes.Buffer) {
	dash := ""
	if l.Dashed {
		dash = ` stroke-dasharray="3 3"`
	}
	fmt.Fprintf(b, `<line x1="%s" y1="%s" x2="%s" y2="%s" stroke-width="%s"%s %s/>`,
		coordinate(l.X1), coordinate(l.Y1), coordinate(l.X2), coordinate(l.Y2), coordinate(l.Width), dash, stroke(l.Stroke))
}

func (t Text) svg(b *bytes.Buffer) {
	style := [...]string{Start: "", Middle: ` text-anchor="middle"`, End: ` text-anchor="end"`}[t.Anchor]
	if t.Bold {
		style += ` font-weight="600"`
	}
	fmt.Fprintf(b, `<text x="%s" y="%s" font-size="%s"%s %s>%s</text>`, coordinate(t.X), coordinate(t.Y), coordinate(t.Size), style, fill(t.Fill), escape(t.Text))
}

// Colours are given twice: as attributes for what reads no style sheets, and as classes for the sheet of a dark page,
// which attributes give way to.

func fill(r Role) string {
	return fmt.Sprintf(`class="f-%s" fill="%s"`, r, hex(palette[r].light))
}

func stroke(r Role) string {
	return fmt.Sprintf(`class="s-%s" stroke="%s"`, r, hex(palette[r].light))
}

// coordinate prints a length with as many digits as can be seen.
func coordinate(x float64) string {
	s := strconv.FormatFloat(x, 'f', 2, 64)
	for s[len(s)-1] == '0' {
		s = s[:len(s)-1]
	}
	if s[len(s)-1] == '.' {
		s = s[:len(s)-1]
	}
	if s == "-0" {
		return "0"
	}
	return s
}

// escape makes text from anywhere safe as content and as a value in quotes.
func escape(s string) string {
	var b bytes.Buffer
	if err := xml.EscapeText(&b, []byte(s)); err != nil {
		return "" // a buffer takes everything
	}
	return b.String()
}
