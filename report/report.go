// Package report renders a finished assessment. It computes nothing that a machine-readable format would not
// also show, and opens nothing: formats write to the writer they are given.
package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/infraopt/infraopt/score"
	"github.com/infraopt/infraopt/score/audit"
)

// A Report is what formats render. Display settles how it looks and never changes a number.
type Report struct {
	Assessment *score.Assessment
	Audit      *audit.Result // of an audit; nil elsewhere
	Display    Display
}

// Display says what the reader's place can show.
type Display struct {
	Width int  // columns of the terminal; 0 where unknown, then 80
	Color bool // escape codes are welcome
	ASCII bool // no character outside ASCII
	Top   int  // rows of each list; 0 for the format's own choice
}

// A Format is one way to render a finished report.
type Format struct {
	Name      string
	Summary   string
	Extension string // of a file name, with the dot; empty where none suggests the format
	Render    func(w io.Writer, r *Report) error
}

// Binary reports whether a format is no text: a terminal can do nothing with it.
func (f Format) Binary() bool { return f.Name == "xlsx" || f.Name == "pdf" }

// Formats lists every format, in the order help shows them.
func Formats() []Format {
	return []Format{
		{"table", "for a terminal", ".txt", renderTable},
		{"json", "for programs (schema " + score.AssessmentSchema + ")", ".json", renderJSON},
		{"markdown", "for wikis and merge requests", ".md", renderMarkdown},
		{"csv", "the machines, and the estate as the first line, for spreadsheets and scripts", ".csv", renderCSV},
		{"xlsx", "a workbook with a sheet for each kind of thing", ".xlsx", renderXLSX},
		{"junit", "test results: conditions of the next level, indicators, sources", ".xml", renderJUnit},
		{"sarif", "findings, advice and gaps for code scanning (SARIF 2.1.0)", ".sarif", renderSARIF},
		{"prometheus", "gauges for a textfile collector (OpenMetrics)", ".prom", renderMetrics},
		{"gitlab-codequality", "findings, advice and gaps for a merge request of GitLab", ".codequality.json", renderQuality},
		{"github", "annotations of a run of GitHub Actions, to be printed by a step", "", renderGitHub},
		{"github-summary", "Markdown for the summary of a step of GitHub Actions", ".summary.md", renderSummary},
		{"html", "a page that needs no other file, for browsers", ".html", renderHTML},
		{"svg", "a picture: level, score and what the work stands on", ".svg", renderSVG},
		{"pdf", "for a meeting, on paper", ".pdf", renderPDF},
	}
}

// Lookup finds, among formats, the one of a name; the error names all.
func Lookup(formats []Format, name string) (Format, error) {
	var known []string
	for _, f := range formats {
		if f.Name == name {
			return f, nil
		}
		known = append(known, f.Name)
	}
	return Format{}, fmt.Errorf("unknown format %q: want one of %s", name, strings.Join(known, ", "))
}

// ForFile finds, among formats, the one that a file name's extension asks for. Of several it is the one with the longest
// extension.
func ForFile(formats []Format, name string) (Format, error) {
	var known []string
	found := -1
	for i, f := range formats {
		if f.Extension == "" {
			continue
		}
		if strings.HasSuffix(strings.ToLower(name), f.Extension) && (found < 0 || len(f.Extension) > len(formats[found].Extension)) {
			found = i
		}
		known = append(known, f.Extension)
	}
	if found >= 0 {
		return formats[found], nil
	}
	return Format{}, fmt.Errorf("no format goes with the file name %q: want an extension of %s", name, strings.Join(known, ", "))
}
