package report

import (
	"archive/zip"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"

	"github.com/xuri/excelize/v2"

	"github.com/infraopt/infraopt/score"
)

// mostRows is how many rows of a sheet are data: the format ends at 1,048,576.
const mostRows = 1_000_000

// renderXLSX writes a workbook with a sheet for each kind of thing.
func renderXLSX(w io.Writer, r *Report) error {
	p, a := newPage(r.Display), r.Assessment
	sheets := []*sheet{summarySheet(p, a), indicatorSheet(a), machineSheet(a), containerSheet(a), vmSheet(a), stepSheet(p, a), waveSheet(a),
		moveSheet(a), hostSheet(a), gapSheet(a), findingSheet(a), sourceSheet(a)}
	return writeWorkbook(w, a, slices.Concat(sheets, changeSheets(a), quarterSheets(a))...)
}

// renderPlanXLSX writes what of it a plan holds.
func renderPlanXLSX(w io.Writer, r *Report) error {
	p, a := newPage(r.Display), r.Assessment
	return writeWorkbook(w, a, summarySheet(p, a), stepSheet(p, a), waveSheet(a), moveSheet(a), hostSheet(a), sourceSheet(a))
}

func writeWorkbook(w io.Writer, a *score.Assessment, sheets ...*sheet) error {
	book := excelize.NewFile()
	err := fillWorkbook(book, a, sheets)
	var packed bytes.Buffer
	if err == nil {
		err = book.Write(&packed)
	}
	if e := book.Close(); err == nil { // removes what did not fit into memory
		err = e
	}
	if err == nil {
		err = repack(w, packed.Bytes())
	}
	if err != nil {
		return fmt.Errorf("writing the workbook: %w", err)
	}
	return nil
}

func fillWorkbook(book *excelize.File, a *score.Assessment, sheets []*sheet) error {
	styles, err := newCellStyles(book)
	if err != nil {
		return err
	}
	notes := []string{}
	for _, s := range sheets {
		if total := max(s.total, s.rows); total > min(s.rows, mostRows) {
			notes = append(notes, fmt.Sprintf("%s: the first %d of %d", s.name, min(s.rows, mostRows), total))
		}
	}
	for i, s := range sheets {
		if i == 0 {
			err = book.SetSheetName(book.GetSheetName(0), s.name)
			s = withNotes(s, notes)
		} else {
			_, err = book.NewSheet(s.name)
		}
		if err == nil {
			err = styles.fill(book, s)
		}
		if err != nil {
			return fmt.Errorf("sheet %s: %w", s.name, err)
		}
	}
	made := a.GeneratedAt.UTC().Format("2006-01-02T15:04:05Z")
	return book.SetDocProps(&excelize.DocProperties{Title: "infraopt", Creator: "infraopt", LastModifiedBy: "infraopt", Created: made, Modified: made})
}

// withNotes says on the first sheet what others leave out.
func withNotes(s *sheet, notes []string) *sheet {
	out, row := *s, s.row
	out.rows += len(notes)
	out.row = func(i int) []any {
		if i < s.rows {
			return row(i)
		}
		return []any{"Left out", notes[i-s.rows], nil, "", "", ""}
	}
	return &out
}

// cellStyles are the styles of a workbook.
type cellStyles struct {
	head  int
	forms map[form]int
}

func newCellStyles(book *excelize.File) (*cellStyles, error) {
	s := &cellStyles{forms: map[form]int{}}
	var err error
	if s.head, err = book.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true}, Alignment: &excelize.Alignment{WrapText: true, Vertical: "top"}}); err != nil {
		return nil, err
	}
	for _, f := range []struct {
		form   form
		number string
	}{{asCount, "#,##0"}, {asPoints, "#,##0.0"}, {asShare, "0.00"}, {asBytes, "#,##0"}} {
		if s.forms[f.form], err = book.NewStyle(&excelize.Style{CustomNumFmt: &f.number}); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// fill streams a sheet: a header that stays in sight, and a table with filters.
func (c *cellStyles) fill(book *excelize.File, s *sheet) error {
	out, err := book.NewStreamWriter(s.name)
	if err != nil {
		return err
	}
	head := make([]any, len(s.fields))
	for i, f := range s.fields {
		if err := out.SetColWidth(i+1, i+1, f.width); err != nil {
			return err
		}
		head[i] = excelize.Cell{StyleID: c.head, Value: f.title}
	}
	if err := out.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	if err := out.SetRow("A1", head); err != nil {
		return err
	}
	rows := min(s.rows, mostRows)
	for i := range rows {
		row := s.row(i)
		for j, v := range row {
			row[j] = c.cell(v, s.fields[j].form)
		}
		if err := out.SetRow("A"+strconv.Itoa(i+2), row); err != nil {
			return err
		}
	}
	corner, err := excelize.CoordinatesToCellName(len(s.fields), max(rows, 1)+1)
	if err != nil {
		return err
	}
	if err := out.AddTable(&excelize.Table{Range: "A1:" + corner, Name: s.name + "Table", StyleName: "TableStyleLight1"}); err != nil {
		return err
	}
	return out.Flush()
}

// cell gives a value its type. Text is always text, also where it looks like a formula or a number.
func (c *cellStyles) cell(v any, f form) any {
	switch v := v.(type) {
	case string:
		return inert(v)
	case float64:
		if !finite(v) || math.Abs(v) > 1e300 {
			return nil
		}
	}
	if v == nil || f == asText {
		return v
	}
	return excelize.Cell{StyleID: c.forms[f], Value: v}
}

// repack puts the parts of a workbook into one order: the library's differs from run to run.
func repack(w io.Writer, packed []byte) error {
	in, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		return err
	}
	slices.SortFunc(in.File, func(x, y *zip.File) int { return cmp.Compare(x.Name, y.Name) })
	out := zip.NewWriter(w)
	for _, f := range in.File {
		if err := out.Copy(f); err != nil {
			return err
		}
	}
	return out.Close()
}
