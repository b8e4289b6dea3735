package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"
)

// gutter is the space between columns, in cells.
const gutter = 2

// A column of a grid. Where there is too little room, heads get short, columns with a minimum shrink, and
// columns with a rank to drop go, the highest first.
type column struct {
	head  string
	short string // of the head; empty for no shorter one
	right bool
	min   int // cells it may shrink to; 0 if it may not
	want  int // cells it should have before columns that are extra are shown
	lines int // a cell may wrap to; 0 and 1 for cut instead
	hang  int // cells by which wrapped lines are indented
	drop  int // 0 for never
	extra bool
	grow  bool
}

// A cell is cleaned text with its style.
type cell struct {
	text    string
	style   style
	painted string // the text with escape codes of its own, where one style does not do
}

// A row of cells, with a command or remark that belongs to it. That gets a column if all of them fit, else
// lines of its own, where it is wrapped but never cut.
type row struct {
	cells []cell
	below string
}

// A grid lays rows out in columns that fit the page.
type grid struct {
	columns []column
	rows    []row
	beside  string // head of the column for what belongs to rows
	inset   int    // cells by which lines below a row are indented, beyond the table's own indent
}

func (g *grid) add(below string, cells ...cell) {
	g.rows = append(g.rows, row{cells, below})
}

func text(s string) cell             { return cell{text: s} }
func styled(st style, s string) cell { return cell{text: s, style: st} }

// headIn is the head of the column, the short one where room is tight.
func (c column) headIn(tight bool) string {
	if tight && c.short != "" {
		return c.short
	}
	return c.head
}

// grid prints the grid, indented like all of the page.
func (p *page) grid(g *grid) error {
	if len(g.rows) == 0 {
		return nil
	}
	if p.besides(g) {
		g = moveBeside(g)
	}
	show, widths, tight := fit(g.columns, g.rows, p.room())

	var heads [][]cell // no line, or one
	for i, c := range show {
		h := styled(faint, cut(g.columns[c].headIn(tight), widths[i], p.ellipsis))
		if i == 0 {
			h.style = strong // the first head is the heading of the section
		}
		if h.text != "" && heads == nil {
			heads = make([][]cell, len(show))
		}
		if heads != nil {
			heads[i] = []cell{h}
		}
	}
	body := make([][][]cell, len(g.rows))
	for r, row := range g.rows {
		for i, c := range show {
			body[r] = append(body[r], p.fill(row.cells[c], g.columns[c], widths[i]))
		}
	}
	lines, err := draw(heads, body, g.align(show), widths)
	if err != nil {
		return err
	}
	lines = p.lines(lines, heads)
	for r, row := range g.rows {
		lines = p.lines(lines, body[r])
		if row.below != "" {
			p.remark(g.inset, row.below)
		}
	}
	return nil
}

// lines prints the lines that belong to one row, given as columns of lines, and returns the others. Cells are
// painted here, when layout is done, so that it cannot depend on colour.
func (p *page) lines(laid []string, row [][]cell) []string {
	height := 0
	for _, col := range row {
		height = max(height, len(col))
	}
	for i := range min(height, len(laid)) {
		line, painted := laid[i], ""
		for _, col := range row {
			if i >= len(col) || col[i].text == "" {
				continue
			}
			// Between the cells there is only space, so the first match is the cell itself.
			before, after, found := strings.Cut(line, col[i].text)
			if !found {
				break
			}
			painted += before + p.painted(col[i])
			line = after
		}
		p.line(painted + line)
	}
	return laid[min(height, len(laid)):]
}

func (p *page) painted(c cell) string {
	if c.painted != "" && p.color {
		return c.painted
	}
	return p.paint(c.style, c.text)
}

// fill wraps or cuts a cell to its width.
func (p *page) fill(c cell, col column, w int) []cell {
	if width(c.text) <= w {
		return []cell{c}
	}
	if col.lines <= 1 {
		return []cell{styled(c.style, cut(c.text, w, p.ellipsis))}
	}
	first := wrap(c.text, w)[0]
	cells := []cell{styled(c.style, first)}
	hang := min(col.hang, w/2)
	for _, l := range wrapTo(c.text[len(first):], w-hang, col.lines-1, p.ellipsis) {
		cells = append(cells, styled(c.style, strings.Repeat(" ", hang)+l))
	}
	return cells
}

func (g *grid) align(show []int) []tw.Align {
	aligns := make([]tw.Align, len(show))
	for i, c := range show {
		aligns[i] = tw.AlignLeft
		if g.columns[c].right {
			aligns[i] = tw.AlignRight
		}
	}
	return aligns
}

// besides reports whether all that belongs to rows fits into a column of its own.
func (p *page) besides(g *grid) bool {
	if g.beside == "" {
		return false
	}
	total, longest := 0, 0
	for c, col := range g.columns {
		total += natural(g.columns, g.rows, c, false) + gutter
		if col.grow {
			total += gutter
		}
	}
	for _, r := range g.rows {
		longest = max(longest, width(r.below))
	}
	return longest > 0 && total+longest <= p.room()
}

// moveBeside makes a last column of what belongs to rows.
func moveBeside(g *grid) *grid {
	out := &grid{columns: append(slices.Clone(g.columns), column{head: g.beside}), inset: g.inset}
	for i := range out.columns {
		out.columns[i].grow = false
	}
	for _, r := range g.rows {
		out.add("", append(slices.Clone(r.cells), styled(accent, r.below))...)
	}
	return out
}

// natural is the width that a column would like to have.
func natural(columns []column, rows []row, c int, tight bool) int {
	w := width(columns[c].headIn(tight))
	for _, r := range rows {
		w = max(w, width(r.cells[c].text))
	}
	return w
}

// fit chooses the columns to show, their widths, and whether heads are short.
func fit(columns []column, rows []row, room int) (show, widths []int, tight bool) {
	for c := range columns {
		show = append(show, c)
	}
	for {
		for _, tight = range []bool{false, true} {
			spare := room - gutter*(len(show)-1)
			widths = widths[:0]
			for _, c := range show {
				w := natural(columns, rows, c, tight)
				widths = append(widths, w)
				spare -= w
			}
			if spare < 0 && tight {
				spare = shrink(columns, show, widths, spare)
			}
			if spare >= 0 {
				grow(columns, show, widths, spare)
				return show, widths, tight
			}
		}
		last := lastOf(columns, show)
		if last < 0 {
			squeeze(widths, room-gutter*(len(show)-1))
			return show, widths, tight
		}
		show = slices.Delete(show, last, last+1)
	}
}

// lastOf finds the place of the column to drop first, or -1.
func lastOf(columns []column, show []int) int {
	last := -1
	for i, c := range show {
		if columns[c].drop > 0 && (last < 0 || columns[c].drop > columns[show[last]].drop) {
			last = i
		}
	}
	return last
}

// shrink takes cells from the columns that allow it until nothing is missing: first from those that have most
// beyond what they want, then from those that have most beyond their minimum. As long as there are extra columns
// none goes below what it wants.
func shrink(columns []column, show, widths []int, spare int) int {
	extras := slices.ContainsFunc(show, func(c int) bool { return columns[c].extra })
	take := func(least func(column) int) bool {
		most, from := 0, -1
		for i, c := range show {
			if excess := widths[i] - least(columns[c]); columns[c].min > 0 && excess > most {
				most, from = excess, i
			}
		}
		if from >= 0 {
			widths[from]--
			spare++
		}
		return from >= 0
	}
	wanted := func(c column) int { return max(c.want, c.min) }
	for room := true; room && spare < 0; {
		room = take(wanted)
	}
	minimum := func(c column) int { return c.min }
	for room := !extras; room && spare < 0; {
		room = take(minimum)
	}
	return spare
}

// squeeze is the last resort: it narrows whatever is widest.
func squeeze(widths []int, room int) {
	total := 0
	for _, w := range widths {
		total += w
	}
	for ; total > room; total-- {
		widest := slices.Index(widths, slices.Max(widths))
		if widths[widest] <= 2 {
			return
		}
		widths[widest]--
	}
}

// grow gives spare cells to the column that takes them, so that what follows it ends at the margin. On a wide
// page it stops early: a number far from its name is hard to read.
func grow(columns []column, show, widths []int, spare int) {
	for i, c := range show {
		if columns[c].grow {
			widths[i] += min(spare, max(0, comfortable-widths[i]))
			return
		}
	}
}

// comfortable is how wide a column may grow beyond what it holds.
const comfortable = 56

// draw lets tablewriter set the cells, which are cut to their widths already, without any lines or borders.
func draw(heads [][]cell, body [][][]cell, aligns []tw.Align, widths []int) ([]string, error) {
	padding := make([]tw.Padding, len(widths))
	columns := tw.NewMapper[int, int]()
	for i, w := range widths {
		padding[i] = tw.Padding{Right: strings.Repeat(" ", gutter), Overwrite: true}
		if i == len(widths)-1 {
			padding[i] = tw.PaddingNone
		}
		columns.Set(i, w+width(padding[i].Right))
	}
	part := tw.CellConfig{
		Alignment: tw.CellAlignment{Global: tw.AlignLeft, PerColumn: aligns},
		Padding:   tw.CellPadding{Global: tw.PaddingNone, PerColumn: padding},
	}
	var out strings.Builder
	t := tablewriter.NewTable(&out,
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Borders: tw.BorderNone,
			Symbols: tw.NewSymbols(tw.StyleNone),
			Settings: tw.Settings{
				Separators: tw.SeparatorsNone,
				Lines:      tw.LinesNone,
			},
		})),
		tablewriter.WithConfig(tablewriter.Config{
			Header:   part,
			Row:      part,
			Behavior: tw.Behavior{TrimSpace: tw.Off, TrimLine: tw.Off, TrimTab: tw.Off, AutoHide: tw.Off},
			Widths:   tw.CellWidth{PerColumn: columns},
		}),
		tablewriter.WithHeaderAutoFormat(tw.Off),
		tablewriter.WithHeaderAutoWrap(tw.WrapNone), // in a Config it counts as not set
		tablewriter.WithRowAutoWrap(tw.WrapNone),
		tablewriter.WithEastAsian(tw.Off), // else the locale of the process would change the layout
	)
	if heads != nil {
		t.Header(joined(heads))
	}
	for _, row := range body {
		if err := t.Append(joined(row)); err != nil {
			return nil, fmt.Errorf("laying out a table: %w", err)
		}
	}
	if err := t.Render(); err != nil {
		return nil, fmt.Errorf("laying out a table: %w", err)
	}
	return strings.Split(out.String(), "\n"), nil
}

// joined makes one text of each cell, as tablewriter wants it.
func joined(row [][]cell) []string {
	texts := make([]string, len(row))
	for i, col := range row {
		var lines []string
		for _, c := range col {
			lines = append(lines, c.text)
		}
		texts[i] = strings.Join(lines, "\n")
	}
	return texts
}
