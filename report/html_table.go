package report

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/infraopt/infraopt/collect/inventory"
)

// A htmlTable is a list that can be sorted and filtered where scripts run, and read where they do not.
type htmlTable struct {
	ID      string
	Caption string
	Text    string // what is left out, and where it is
	Columns []htmlColumn
	Rows    [][]htmlCell
	Notes   []htmlNote // why values are unknown
	Plain   bool       // too short to sort
	Head    int        // column that names the row
	Closed  bool       // shown when somebody asks for it
}

// Long reports whether a list is so long that it is laid out only when it comes into sight.
func (t htmlTable) Long() bool { return len(t.Rows) > 60 }

// A htmlColumn of a table. Numbers are set to the right.
type htmlColumn struct {
	Head   string
	Number bool
}

// A htmlCell of a table.
type htmlCell struct {
	Text   string
	Sort   string // what to sort by in place of the text; numbers only
	Faint  bool
	Number bool
	Note   string // ID of the note that says why it is not known
	More   []htmlMore
}

// A htmlMore is something that is shown when somebody asks for it.
type htmlMore struct {
	Label string
	Texts []string
	Code  bool
}

// A htmlNote says why something is not known, and what would tell.
type htmlNote struct{ ID, Why, Remedy string }

// A htmlList is a table in the making.
type htmlList struct {
	htmlTable
	page  *htmlPage
	notes map[[2]string]string
}

// mostNotes bounds the reasons that a page gives one by one.
const mostNotes = 60

// list begins a table; heads of numbers begin with "#".
func (h *htmlPage) list(id, caption string, heads ...string) *htmlList {
	l := &htmlList{page: h, notes: map[[2]string]string{}}
	l.ID, l.Caption = id, caption
	for _, head := range heads {
		name, number := strings.CutPrefix(head, "#")
		l.Columns = append(l.Columns, htmlColumn{name, number})
	}
	return l
}

func (l *htmlList) add(cells ...htmlCell) {
	for i := range cells {
		cells[i].Number = l.Columns[i].Number
	}
	l.Rows = append(l.Rows, cells)
}

// rest says how many rows were left out of how many.
func (l *htmlList) rest(total int, where string) {
	if shown := len(l.Rows); total > shown {
		l.Text = flat(fmt.Sprintf("The first %s of %s are listed. All of them: %s", l.page.number(float64(shown)), l.page.number(float64(total)), where))
	}
}

func (l *htmlList) table() htmlTable {
	l.Plain = len(l.Rows) < 3
	return l.htmlTable
}

// longest is how much of one text from outside a cell shows, in columns of a terminal.
const longest = 160

// say is a cell with text from outside.
func (h *htmlPage) say(s string) htmlCell {
	return htmlCell{Text: cut(h.words(s), longest, h.ellipsis)}
}

// numeral is a cell with a number, as it is printed and as it sorts.
func numeral(printed string, value float64) htmlCell {
	c := htmlCell{Text: flat(strings.TrimSpace(printed))}
	if finite(value) {
		c.Sort = strconv.FormatFloat(value, 'g', 6, 64)
	}
	return c
}

func (h *htmlPage) count(n int) htmlCell { return numeral(h.number(float64(n)), float64(n)) }

func none0(s string) htmlCell { return htmlCell{Text: s, Faint: true} }

// unknown is a cell for what is not known, with the reason below the table.
func (l *htmlList) unknown(why, remedy string) htmlCell {
	why, remedy = l.page.words(why), l.page.safe(remedy)
	c := htmlCell{Text: "unknown", Faint: true}
	if why == "" {
		why = "nobody looked"
	}
	key := [2]string{why, remedy}
	id, ok := l.notes[key]
	if !ok && len(l.Notes) < mostNotes {
		id = fmt.Sprintf("%s-why-%d", l.ID, len(l.Notes)+1)
		l.Notes = append(l.Notes, htmlNote{id, why, remedy})
		l.notes[key] = id
	}
	c.Note = id
	return c
}

// fact is a cell for a fact that may not be known.
func fact[T any](l *htmlList, r inventory.Reading[T], show func(T) htmlCell) htmlCell {
	v, ok := r.Get()
	switch {
	case ok:
		return show(v)
	case r.IsAbsent():
		return none0("none")
	case r.IsNotApplicable():
		return none0("does not apply")
	default:
		return l.unknown(r.Why(), r.Remedy())
	}
}

// few are the first of some texts, with the number of those left out.
func (h *htmlPage) few(label string, texts []string, most int, code bool) []htmlMore {
	if len(texts) == 0 {
		return nil
	}
	m := htmlMore{Label: label, Code: code}
	for _, s := range texts[:min(len(texts), most)] {
		if !code {
			s = h.words(s)
		} else {
			s = h.safe(s)
		}
		m.Texts = append(m.Texts, cut(s, 4*longest, h.ellipsis))
	}
	if n := len(texts) - len(m.Texts); n > 0 {
		m.Texts = append(m.Texts, flat("and "+h.number(float64(n))+" more"))
	}
	return []htmlMore{m}
}

// idHead is the beginning of an ID of something that has no name.
func idHead(id string) string { return cut(clean(id), 24, "…") }
