package main

import (
	"strings"
	"unicode/utf8"
)

// wrap breaks text into lines of at most so many columns, at spaces. A word that is longer stays whole: these are
// commands and paths, which are of no use when they are broken.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(strings.ReplaceAll(text, " %", stuck+"%")) {
		word = strings.ReplaceAll(word, stuck, " ")
		switch {
		case line == "":
			line = word
		case columns(line)+1+columns(word) <= width:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return append(lines, line)
}

// stuck stands for a space at which no line is broken.
const stuck = "\x00"

// columns counts runes, which is right for the program's own words.
func columns(s string) int { return utf8.RuneCountInString(s) }

// pad fills text up with spaces.
func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-columns(s)))
}

// A sheet is text for people that is laid out in a given width.
type sheet struct {
	width int
	ascii bool
	b     strings.Builder
}

// line writes one line as it is.
func (s *sheet) line(text string) {
	s.b.WriteString(strings.TrimRight(text, " "))
	s.b.WriteByte('\n')
}

// hang writes a paragraph with what stands before its first line; the others are set in as far.
func (s *sheet) hang(before, text string) {
	in := columns(before)
	for i, line := range wrap(text, max(20, s.width-in)) {
		if i > 0 {
			before = strings.Repeat(" ", in)
		}
		s.line(before + line)
	}
}

// rows writes rows of columns, the last of which is wrapped.
func (s *sheet) rows(indent string, rows [][]string) { s.numbers(indent, 0, rows) }

// numbers writes rows of which the first columns hold numbers and are set to the right.
func (s *sheet) numbers(indent string, first int, rows [][]string) {
	var widths []int
	for _, r := range rows {
		for i, cell := range r[:len(r)-1] {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], columns(cell))
		}
	}
	for _, r := range rows {
		before := indent
		for i, cell := range r[:len(r)-1] {
			if i < first {
				before += strings.Repeat(" ", widths[i]-columns(cell)) + cell + "  "
			} else {
				before += pad(cell, widths[i]) + "  "
			}
		}
		s.hang(before, r[len(r)-1])
	}
}

// String gives everything that was written.
func (s *sheet) String() string {
	if s.ascii {
		return toASCII(s.b.String())
	}
	return s.b.String()
}

// toASCII writes what the program's own words use beside ASCII in ASCII.
func toASCII(s string) string {
	s = strings.NewReplacer("−", "-", "–", "-", "—", "-", "≥", ">=", "≤", "<=", "·", "*", "×", "x", "Σ", "sum ", "…", "...",
		"→", "->", "’", "'", "“", `"`, "”", `"`).Replace(s)
	return strings.Map(func(r rune) rune {
		if r >= utf8.RuneSelf {
			return '?'
		}
		return r
	}, s)
}
