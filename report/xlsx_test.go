package report

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"io"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/infraopt/infraopt/score"
)

func openWorkbook(t *testing.T, text []byte) *excelize.File {
	t.Helper()
	book, err := excelize.OpenReader(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = book.Close() })
	return book
}

// column finds the cells below a heading.
func workbookColumn(t *testing.T, book *excelize.File, sheet, heading string) []string {
	t.Helper()
	rows, err := book.GetRows(sheet, excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	for i, h := range rows[0] {
		if h != heading {
			continue
		}
		var out []string
		for _, r := range rows[1:] {
			if i < len(r) {
				out = append(out, r[i])
			} else {
				out = append(out, "")
			}
		}
		return out
	}
	t.Fatalf("sheet %s has no column %q, but %q", sheet, heading, rows[0])
	return nil
}

func TestWorkbookIsTyped(t *testing.T) {
	book := openWorkbook(t, rendered(t, "xlsx", fullSample(), Display{}))
	want := []string{"Summary", "Indicators", "Machines", "Containers", "VMs", "Recommendations", "Waves", "Moves", "Hosts", "Gaps", "Findings", "Sources", "Change", "Quarters", "Advice"}
	if got := book.GetSheetList(); strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("sheets: got %v, want %v", got, want)
	}
	for _, name := range want {
		panes, err := book.GetPanes(name)
		if err != nil || !panes.Freeze || panes.YSplit != 1 {
			t.Errorf("%s: the header does not stay: %+v, %v", name, panes, err)
		}
		tables, err := book.GetTables(name)
		if err != nil || len(tables) != 1 || !strings.HasPrefix(tables[0].Range, "A1:") {
			t.Errorf("%s: no filters: %+v, %v", name, tables, err)
		}
	}
	for cell, want := range map[string]excelize.CellType{
		"A2": excelize.CellTypeInlineString, "G2": excelize.CellTypeUnset, "O2": excelize.CellTypeUnset, // no type is that of numbers
	} {
		if got, err := book.GetCellType("Machines", cell); err != nil || got != want {
			t.Errorf("type of Machines!%s: got %v, %v, want %v", cell, got, err, want)
		}
	}
	if got := workbookColumn(t, book, "Machines", "Memory, bytes"); strings.Join(got, " ") != "68719476736 8589934592 16879869184 " {
		t.Errorf("memory: got %q", got)
	}
	if got := workbookColumn(t, book, "VMs", "Memory, bytes"); got[0] != "" {
		t.Errorf("what is not known is %q, want an empty cell", got[0])
	}
	props, err := book.GetDocProps()
	if err != nil || props.Created != "2026-11-23T07:41:00Z" {
		t.Errorf("made at %q, %v: want the time of the assessment", props.Created, err)
	}
}

// Whatever things are called, no cell is computed, and text is text.
func TestWorkbookIsInert(t *testing.T) {
	for i := range 12 {
		a := mixed(i * 5)
		for format, text := range map[string][]byte{"report": rendered(t, "xlsx", a, Display{}), "plan": renderedPlan(t, "xlsx", a, Display{})} {
			in, err := zip.NewReader(bytes.NewReader(text), int64(len(text)))
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range in.File {
				part, err := f.Open()
				if err != nil {
					t.Fatal(err)
				}
				content, err := io.ReadAll(part)
				if err != nil {
					t.Fatal(err)
				}
				for _, bad := range []string{"<f>", "<f ", "t=\"str\"", "hyperlink", "TargetMode=\"External\""} {
					if bytes.Contains(content, []byte(bad)) {
						t.Errorf("%s %d: %s holds %q", format, i, f.Name, bad)
					}
				}
			}
			book := openWorkbook(t, text)
			for _, sheet := range book.GetSheetList() {
				rows, err := book.GetRows(sheet, excelize.Options{RawCellValue: true})
				if err != nil {
					t.Fatalf("%s %d: %v", format, i, err)
				}
				for _, row := range rows {
					for _, cell := range row {
						checkCell(t, cell)
					}
				}
			}
			if name, want := workbookColumn(t, book, "Hosts", "Name")[0], clean(a.Target.Machines[0].Name); name != want && name != "'"+want {
				t.Errorf("%s: a host called %.40q is %.40q", format, want, name)
			}
			if t.Failed() {
				return
			}
		}
	}
}

// checkCell finds text that a spreadsheet would compute. Numbers may be below zero.
func checkCell(t *testing.T, cell string) {
	t.Helper()
	if cell == "" || !strings.ContainsRune("=+-@\t\r\n＝＋－＠", []rune(cell)[0]) {
		return
	}
	if strings.Trim(cell, "-0123456789.e") != "" || strings.Trim(cell[1:], "0123456789.") != "" {
		t.Errorf("a spreadsheet would compute %q", cell)
	}
}

func TestWorkbookOfALargeEstate(t *testing.T) {
	a := largeSample()
	a.MachinesTotal = 31_222
	book := openWorkbook(t, rendered(t, "xlsx", a, Display{}))
	for sheet, want := range map[string]int{"Machines": 10_000, "Gaps": 30_000, "Containers": 10_000, "Sources": 10_000} {
		rows, err := book.Rows(sheet)
		if err != nil {
			t.Fatal(err)
		}
		n := -1
		for rows.Next() {
			n++
		}
		if err := rows.Close(); err != nil || n != want {
			t.Errorf("%s: %d rows, %v, want %d", sheet, n, err, want)
		}
	}
	notes := strings.Join(workbookColumn(t, book, "Summary", "In words"), "; ")
	for _, want := range []string{"Machines: the first 10000 of 31222", "Containers: the first 10000 of 250000"} {
		if !strings.Contains(notes, want) {
			t.Errorf("the summary does not say %q", want)
		}
	}
}

// What looks like a number, a date or a truth value stays the text that it is.
func TestWorkbookKeepsText(t *testing.T) {
	for _, name := range []string{"12", "1e5", "2026-11-23", "TRUE", "0x10", "007"} {
		a := typicalSample()
		a.Machines[0].Name = name
		book := openWorkbook(t, rendered(t, "xlsx", a, Display{}))
		kind, err := book.GetCellType("Machines", "B2")
		if got := workbookColumn(t, book, "Machines", "Name")[0]; err != nil || kind != excelize.CellTypeInlineString || got != name {
			t.Errorf("%q became %q of type %v, %v", name, got, kind, err)
		}
	}
}

// The library writes sheets in the order of a map; every one of a few tries would have to come out alike by chance.
func TestWorkbookIsTheSameEveryTime(t *testing.T) {
	first := rendered(t, "xlsx", fullSample(), Display{})
	for range 10 {
		if !bytes.Equal(rendered(t, "xlsx", fullSample(), Display{}), first) {
			t.Fatal("the same report gives other bytes")
		}
	}
}

func TestCSVIsInert(t *testing.T) {
	eachReport(t, func(t *testing.T, a *score.Assessment) {
		lines, err := csv.NewReader(bytes.NewReader(rendered(t, "csv", a, Display{}))).ReadAll()
		if err != nil {
			t.Fatal(err) // also where a line has not all cells
		}
		if len(lines) != 2+len(a.Machines) || lines[1][0] != "estate" {
			t.Errorf("%d lines, the second of %s", len(lines), lines[1][0])
		}
		for i, line := range lines[1:] {
			for _, cell := range line {
				checkCell(t, cell)
			}
			if i == 0 {
				continue
			}
			if name := clean(a.Machines[i-1].Name); line[2] != name && line[2] != "'"+name {
				t.Errorf("line %d: the name %q became %q", i, a.Machines[i-1].Name, line[2])
			}
		}
	})
}
