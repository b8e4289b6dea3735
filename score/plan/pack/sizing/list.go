// Package sizing answers how many hosts carry a bare list of items: it reads the list, puts the question to the packer as
// an instance, and makes of its plan and proof, once both are verified, a document.
package sizing

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// The columns of a list. They name the dimensions, too.
const (
	nameColumn   = "name"
	cpuColumn    = "cpu_milli"  // thousandths of a CPU
	memoryColumn = "memory_mib" // MiB
	gpuColumn    = "gpu_milli"  // thousandths of a GPU
)

// dimensions are the columns that hold sizes, in the order of Size.
var dimensions = [...]string{cpuColumn, memoryColumn, gpuColumn}

// A Size is what an item needs or a host has: thousandths of CPUs, MiB of memory, thousandths of GPUs.
type Size [len(dimensions)]int64

// An Entry is an item of a list.
type Entry struct {
	Name string
	Size Size
}

// A List is what is to be packed. Names may repeat, as they do in traces.
type List struct {
	Entries []Entry
	Ignored []string // columns that mean nothing here
}

const (
	// MaxFile is the size of the largest list that is read, in bytes.
	MaxFile = 64 << 20
	// MaxItems is how many items a list may have.
	MaxItems = 1_000_000
	// MaxSize is the largest size: a billion CPUs, an exbibyte. So many of it as there may be items add up to less than 2^63.
	MaxSize = 1_000_000_000_000
)

// wanted is what a list has to look like.
const wanted = "want the columns " + nameColumn + ", " + cpuColumn + ", " + memoryColumn + " and, where there are GPUs, " + gpuColumn

// Read reads a list of CSV with a header. Columns may stand in any order. Errors begin with the name of the file, the line
// and, where it is one column's, its name.
func Read(file string, r io.Reader) (*List, error) {
	limited := &io.LimitedReader{R: r, N: MaxFile + 1}
	in := bufio.NewReader(limited)
	if mark, err := in.Peek(len(byteOrderMark)); err == nil && bytes.Equal(mark, byteOrderMark) {
		_, _ = in.Discard(len(mark)) // what was peeked at is there
	}
	l := &listing{file: file, rows: csv.NewReader(in), list: &List{}}
	l.rows.ReuseRecord = true
	err := l.read()
	if limited.N <= 0 {
		return nil, fmt.Errorf("%s: the file is too large: want at most %d MiB", file, MaxFile>>20)
	}
	if err != nil {
		return nil, err
	}
	return l.list, nil
}

// byteOrderMark is what spreadsheets write before UTF-8.
var byteOrderMark = []byte("\xef\xbb\xbf")

// A listing is a list that is being read.
type listing struct {
	file string
	rows *csv.Reader
	list *List
	name int                  // the column of names
	size [len(dimensions)]int // the columns of sizes, −1 where there is none
}

func (l *listing) read() error {
	header, err := l.rows.Read()
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%s: the file is empty: %s", l.file, wanted)
	}
	if err != nil {
		return l.broken(err)
	}
	if err := l.columns(header); err != nil {
		return err
	}
	for {
		row, err := l.rows.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return l.broken(err)
		}
		if len(l.list.Entries) == MaxItems {
			return fmt.Errorf("%s:%d: too many items: want at most %d", l.file, l.line(0), MaxItems)
		}
		e := Entry{Name: strings.Clone(row[l.name])} // or the whole row would stay in memory
		for d, column := range l.size {
			if column < 0 {
				continue
			}
			if e.Size[d], err = amount(row[column]); err != nil {
				return fmt.Errorf("%s:%d:%s: %w", l.file, l.line(column), dimensions[d], err)
			}
		}
		l.list.Entries = append(l.list.Entries, e)
	}
}

// columns finds the columns that matter, by the header.
func (l *listing) columns(header []string) error {
	at := map[string]int{}
	for i, title := range header {
		title = strings.ToLower(strings.TrimSpace(title))
		if title != nameColumn && !slices.Contains(dimensions[:], title) {
			l.list.Ignored = append(l.list.Ignored, strings.Clone(header[i]))
			continue
		}
		if _, twice := at[title]; twice {
			return fmt.Errorf("%s:%d:%s: the column stands there twice: want it once", l.file, l.line(i), title)
		}
		at[title] = i
	}
	for _, title := range []string{nameColumn, cpuColumn, memoryColumn} {
		if _, ok := at[title]; !ok {
			return fmt.Errorf("%s:%d:%s: there is no such column: %s", l.file, l.line(0), title, wanted)
		}
	}
	l.name = at[nameColumn]
	for d, title := range dimensions {
		l.size[d] = -1
		if i, ok := at[title]; ok {
			l.size[d] = i
		}
	}
	return nil
}

// amount reads a size.
func amount(text string) (int64, error) {
	text = strings.TrimSpace(text)
	v, err := strconv.ParseInt(text, 10, 64)
	switch {
	case text == "":
		return 0, fmt.Errorf("it is empty: want a whole number, 0 for none")
	case errors.Is(err, strconv.ErrRange) || err == nil && v > MaxSize:
		return 0, fmt.Errorf("%s is out of range: want a whole number from 0 to %d", short(text), int64(MaxSize))
	case err != nil:
		return 0, fmt.Errorf("%s: want a whole number, 0 or more", short(text))
	case v < 0:
		return 0, fmt.Errorf("%d is negative: want a whole number, 0 or more", v)
	}
	return v, nil
}

// short quotes text from outside, or its beginning.
func short(text string) string {
	const most = 40
	if len(text) > most {
		return strconv.Quote(text[:most]) + "…"
	}
	return strconv.Quote(text)
}

func (l *listing) line(column int) int {
	line, _ := l.rows.FieldPos(column)
	return line
}

// broken says where a file is not CSV.
func (l *listing) broken(err error) error {
	var syntax *csv.ParseError
	if !errors.As(err, &syntax) {
		return fmt.Errorf("%s: %w", l.file, err)
	}
	if errors.Is(err, csv.ErrFieldCount) {
		return fmt.Errorf("%s:%d: the line has another number of columns than the header", l.file, syntax.Line)
	}
	return fmt.Errorf("%s:%d: %w (column %d of the text)", l.file, syntax.Line, syntax.Err, syntax.Column)
}
