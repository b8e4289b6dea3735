package outcome

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/infraopt/infraopt/collect/inventory"
	"github.com/infraopt/infraopt/score"
	"github.com/infraopt/infraopt/score/yamlfile"
)

// maxGrid is the highest carbon intensity that a file may state, in grams for each kWh: twice that of the worst coal.
const maxGrid = 3000

// MaxFactors is the largest file with carbon factors, in bytes.
const MaxFactors = 256 << 10

// Factors are carbon intensities of electricity by region.
type Factors struct {
	Regions []Region          `json:"regions" file:"required"`
	Zones   map[string]string `json:"zones,omitempty"` // region of each zone whose name is not that of its region
}

// A Region has one carbon intensity of electricity.
type Region struct {
	Region string   `json:"region" file:"required"`
	Grams  *float64 `json:"gCO2perKWh" file:"required,0..3000"`
	Source string   `json:"source" file:"required"`
	Year   int      `json:"year" file:"required,1990..2100"` // that it is about
}

func (f *Factors) region(name string) *Region {
	for i := range f.Regions {
		if strings.EqualFold(f.Regions[i].Region, name) {
			return &f.Regions[i]
		}
	}
	return nil
}

func (f *Factors) names() []string {
	var out []string
	for i := range f.Regions {
		out = append(out, f.Regions[i].Region)
	}
	return out
}

// factor is the carbon intensity of a zone: of the region that it is said to be in, or whose name it has, else of the
// region of all others, else that of no place in particular.
func (s *Settings) factor(zone string) Value {
	if s.Factors == nil {
		return s.Grid
	}
	if zone == "" {
		zone = "default"
	}
	for _, name := range []string{s.Factors.Zones[zone], zone, s.Region} {
		if r := s.Factors.region(name); r != nil {
			return Value{*r.Grams, fmt.Sprintf("%s: %s, %d", r.Region, r.Source, r.Year), false}
		}
	}
	return s.Grid
}

func choose(name string, known []string) string {
	if near := score.Nearest(name, known); near != "" {
		return "did you mean " + near + "?"
	}
	return "want one of " + strings.Join(known, ", ")
}

// columns of the file in CSV. The last may be left out.
var columns = []string{"region", "gCO2perKWh", "source", "year", "zones"}

var factorLimits = yamlfile.Limits{What: "file with carbon factors", Bytes: MaxFactors, Tokens: 30000, Levels: 8, Advice: "regions without machines can go"}

// LoadFactors reads a file with carbon factors. In CSV the first line names the columns region, gCO2perKWh, source, year and,
// if wanted, zones (with blanks between: those whose name is not that of the region). In YAML, which a name that ends in
// .yaml or .yml stands for, regions is a list with the same keys, and zones names the region of each. Errors begin with
// the name of the file, and the line and column where the fault is.
func LoadFactors(name string, text []byte) (*Factors, error) {
	if ext := path.Ext(name); ext == ".yaml" || ext == ".yml" {
		f := &Factors{}
		at, err := yamlfile.Decode(name, text, factorLimits, f)
		if err != nil {
			return nil, err
		}
		if where, text := f.fault(); text != "" {
			return nil, at.Fault(where, "%s", text)
		}
		return f, nil
	}
	return loadCSV(name, text)
}

// fault finds regions that are there twice, and zones in regions that are not there.
func (f *Factors) fault() (where, text string) {
	for i := range f.Regions {
		if r := &f.Regions[i]; f.region(r.Region) != r {
			return fmt.Sprintf("regions.%d.region", i+1), fmt.Sprintf("region %q is there twice (capitals do not count)", r.Region)
		}
	}
	var zones []string
	for z := range f.Zones {
		zones = append(zones, z)
	}
	slices.Sort(zones)
	for _, z := range zones {
		if f.region(f.Zones[z]) == nil {
			return "zones." + z, fmt.Sprintf("zone %q: there is no region %q: %s", z, f.Zones[z], choose(f.Zones[z], f.names()))
		}
	}
	return "", ""
}

// A table reads the file in CSV.
type table struct {
	file yamlfile.File
	csv  *csv.Reader
}

func loadCSV(name string, text []byte) (*Factors, error) {
	t := &table{file: yamlfile.File{Name: name}}
	if err := t.plain(text); err != nil {
		return nil, err
	}
	t.csv = csv.NewReader(strings.NewReader(strings.TrimPrefix(string(text), "\uFEFF")))
	t.csv.FieldsPerRecord = -1
	t.csv.TrimLeadingSpace = true
	t.csv.Comment = '#'
	head, err := t.next()
	if err != nil {
		return nil, err
	}
	if head == nil {
		return nil, t.file.Fault(yamlfile.Position{}, "no columns: want a first line with %s, and zones if wanted", strings.Join(columns[:4], ","))
	}
	if !slices.Equal(head, columns) && !slices.Equal(head, columns[:4]) {
		return nil, t.fault(0, "have the columns %q: want %s, and zones if wanted", inventory.Text(strings.Join(head, ",")), strings.Join(columns[:4], ","))
	}
	f := &Factors{Zones: map[string]string{}}
	for {
		cells, err := t.next()
		switch {
		case err != nil:
			return nil, err
		case cells == nil && len(f.Regions) == 0:
			return nil, t.file.Fault(yamlfile.Position{}, "no regions: want a line for each")
		case cells == nil:
			return f, nil
		}
		if err := t.region(f, cells, len(head)); err != nil {
			return nil, err
		}
	}
}

// plain finds what is no text.
func (t *table) plain(text []byte) error {
	if len(text) > MaxFactors {
		return t.file.Fault(yamlfile.Position{}, "a %s of more than %d KiB: want a smaller one; %s", factorLimits.What, MaxFactors>>10, factorLimits.Advice)
	}
	for i, line := range strings.Split(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n") {
		if !utf8.ValidString(line) {
			return t.file.Fault(yamlfile.Position{Line: i + 1, Column: 1}, "not text: want UTF-8")
		}
		if at := strings.IndexFunc(line, func(r rune) bool { return unicode.IsControl(r) && r != '\t' }); at >= 0 {
			return t.file.Fault(yamlfile.Position{Line: i + 1, Column: at + 1}, "not text: a control character")
		}
	}
	return nil
}

// next reads a line; nil at the end.
func (t *table) next() ([]string, error) {
	cells, err := t.csv.Read()
	var bad *csv.ParseError
	switch {
	case errors.Is(err, io.EOF):
		return nil, nil
	case errors.As(err, &bad):
		return nil, t.file.Fault(yamlfile.Position{Line: bad.Line, Column: bad.Column}, "not CSV: %v", bad.Err)
	case err != nil:
		return nil, t.file.Fault(yamlfile.Position{}, "not CSV: %v", err)
	}
	for i := range cells {
		cells[i] = strings.TrimSpace(cells[i])
		if len(cells[i]) > inventory.MaxText {
			return nil, t.fault(i, "a text of %d bytes: want %d at most", len(cells[i]), inventory.MaxText)
		}
	}
	return cells, nil
}

// fault is an error about a cell of the line that was read last.
func (t *table) fault(cell int, format string, args ...any) error {
	line, column := t.csv.FieldPos(cell)
	return t.file.Fault(yamlfile.Position{Line: line, Column: column}, format, args...)
}

// region adds the region of a line.
func (t *table) region(f *Factors, cells []string, width int) error {
	if len(cells) != width {
		return t.fault(0, "%d cells: want %d, as the first line has", len(cells), width)
	}
	grams, err := strconv.ParseFloat(cells[1], 64)
	if err != nil || !(grams >= 0 && grams <= maxGrid) {
		return t.fault(1, "gCO2perKWh %q: want a number from 0 to %d", cells[1], maxGrid)
	}
	year, err := strconv.Atoi(cells[3])
	if err != nil || year < 1990 || year > 2100 {
		return t.fault(3, "year %q: want one from 1990 to 2100", cells[3])
	}
	switch {
	case cells[0] == "":
		return t.fault(0, "region is empty: want its name")
	case cells[2] == "":
		return t.fault(2, "source is empty: want who says so")
	case f.region(cells[0]) != nil:
		return t.fault(0, "region %q is there twice (capitals do not count)", cells[0])
	}
	f.Regions = append(f.Regions, Region{cells[0], new(math.Abs(grams)), cells[2], year}) // no -0
	if width < len(columns) {
		return nil
	}
	for z := range strings.FieldsSeq(cells[4]) {
		if was := f.Zones[z]; was != "" {
			return t.fault(4, "zone %q is in %s as well: want one region", z, was)
		}
		f.Zones[z] = cells[0]
	}
	return nil
}
