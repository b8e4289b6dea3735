package report

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

func TestLookup(t *testing.T) {
	for _, f := range slices.Concat(Formats(), PlanFormats()) {
		formats := Formats()
		if !slices.ContainsFunc(formats, func(x Format) bool { return x.Name == f.Name }) {
			formats = PlanFormats()
		}
		got, err := Lookup(formats, f.Name)
		if err != nil || got.Name != f.Name {
			t.Errorf("Lookup(%q): got %q, %v", f.Name, got.Name, err)
		}
		if f.Summary == "" || f.Render == nil {
			t.Errorf("format %q has no summary or cannot be rendered", f.Name)
		}
	}
	_, err := Lookup(Formats(), "nosuch")
	if err == nil {
		t.Fatal("Lookup of an unknown format: got no error")
	}
	for _, f := range Formats() {
		if !strings.Contains(err.Error(), f.Name) {
			t.Errorf("Lookup of an unknown format: error %q does not name %q", err, f.Name)
		}
	}
}

func TestForFile(t *testing.T) {
	tests := []struct{ file, want string }{
		{"out.json", "json"},
		{"q4.pdf", "pdf"},
		{"stack.svg", "svg"},
		{"/tmp/Report.JSON", "json"},
		{"q3.txt", "table"},
	}
	for _, test := range tests {
		got, err := ForFile(Formats(), test.file)
		if err != nil || got.Name != test.want {
			t.Errorf("ForFile(%q): got %q, %v, want %q", test.file, got.Name, err, test.want)
		}
	}
	for _, file := range []string{"report.docx", "report", ""} {
		_, err := ForFile(Formats(), file)
		if err == nil {
			t.Errorf("ForFile(%q): got no error", file)
			continue
		}
		for _, f := range Formats() {
			if !strings.Contains(err.Error(), f.Extension) {
				t.Errorf("ForFile(%q): error %q does not name %q", file, err, f.Extension)
			}
		}
	}
}

// Every format renders every sample, twice to the same bytes, and passes a failure to write on.
func TestFormatsRenderEverything(t *testing.T) {
	for name, a := range samples() {
		for _, f := range Formats() {
			var first, second bytes.Buffer
			if err := f.Render(&first, &Report{Assessment: a}); err != nil {
				t.Errorf("%s as %s: %v", name, f.Name, err)
			}
			if err := f.Render(&second, &Report{Assessment: a}); err != nil || !bytes.Equal(first.Bytes(), second.Bytes()) {
				t.Errorf("%s as %s: the second time gives other bytes (%v)", name, f.Name, err)
			}
			if err := f.Render(fullDisk{}, &Report{Assessment: a}); err == nil {
				t.Errorf("%s as %s: got no error from a writer that fails", name, f.Name)
			}
		}
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, bytes.ErrTooLarge }
