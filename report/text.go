package report

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/displaywidth"
)

// maxText bounds how much of one text from outside is looked at, in bytes. Collecting bounds names much
// tighter; a report may also come from a file that somebody else wrote.
const maxText = 4096

// maxMarks is how many combining marks may follow one character. More are used to draw over other lines.
const maxMarks = 2

// clean makes text from outside safe to print on a terminal, on one line: what could steer a terminal or
// reorder, hide or overprint other text is replaced or left out, white space becomes plain spaces. What is
// left measures the same rune by rune and as a whole, on every terminal that knows Unicode.
func clean(s string) string {
	if plain(s) {
		return s
	}
	s, long := bound(s)
	var b strings.Builder
	marks, based := 0, false
	for _, r := range s {
		switch {
		case unicode.Is(unicode.M, r) && !invisible(r):
			if marks++; based && marks <= maxMarks {
				b.WriteRune(r)
			}
			continue
		case invisible(r):
			continue
		case unicode.IsSpace(r):
			r = ' '
		case r >= firstRegional && r <= lastRegional: // flags: terminals disagree on their width
			r = 'A' + r - firstRegional
		case !unicode.IsPrint(r): // controls, unassigned, private use, what was not UTF-8
			r = utf8.RuneError
		}
		marks, based = 0, r != ' '
		b.WriteRune(r)
	}
	if long {
		b.WriteRune('…')
	}
	return strings.TrimSpace(b.String())
}

const (
	firstRegional = '\U0001F1E6'
	lastRegional  = '\U0001F1FF'
)

// nbsp keeps a number and its unit on one line. Only this package puts it into text, and page.line prints it
// as a space.
const nbsp = "\u00a0"

const blanks = " " + nbsp

// plain reports whether s is short printable ASCII, as most text is.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return len(s) <= maxText && strings.TrimSpace(s) == s
}

// bound cuts s to maxText bytes at a rune and says whether it had to.
func bound(s string) (string, bool) {
	if len(s) <= maxText {
		return s, false
	}
	n := maxText
	for n > maxText-utf8.UTFMax && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n], true
}

// invisible reports whether a rune shows nothing itself and only changes how others look: joiners, marks of
// direction, tags, selectors of a variant or a skin tone, blank letters.
func invisible(r rune) bool {
	switch {
	case unicode.In(r, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point):
		return true
	case r >= '\U0001F3FB' && r <= '\U0001F3FF':
		return true
	default:
		return r == '\u2800' || r >= '\u1160' && r <= '\u11FF' // blank Braille; conjoining vowels and finals of Hangul
	}
}

// asciiOf spells the typographic signs that this program and its texts use.
var asciiOf = strings.NewReplacer("≥", ">=", "≤", "<=", "–", "-", "—", "-", "−", "-", "…", "...", "·", "-",
	"→", "->", "×", "x", "≈", "~", "“", `"`, "”", `"`, "„", `"`, "‘", "'", "’", "'")

// toASCII spells cleaned text in ASCII: known signs by their like, anything else as a question mark.
func toASCII(s string) string {
	s = asciiOf.Replace(s)
	var b strings.Builder
	for _, r := range s {
		switch {
		case r < utf8.RuneSelf:
			b.WriteRune(r)
		case !unicode.Is(unicode.M, r):
			b.WriteByte('?')
		}
	}
	return b.String()
}

// width is the number of terminal cells that cleaned text takes. It adds up rune by rune because tablewriter
// does, and both must agree.
func width(s string) int {
	n := 0
	for _, r := range s {
		n += displaywidth.Rune(r)
	}
	return n
}

// head splits off as much of s as fits into w cells, with the marks that follow.
func head(s string, w int) (first, rest string) {
	n := 0
	for i, r := range s {
		if n += displaywidth.Rune(r); n > w {
			return s[:i], s[i:]
		}
	}
	return s, ""
}

// cut shortens s to at most w cells and marks that with the ellipsis where there is room for it.
func cut(s string, w int, ellipsis string) string {
	if width(s) <= w {
		return s
	}
	room := w - width(ellipsis)
	if room < 1 {
		ellipsis, room = "", max(w, 0)
	}
	first, _ := head(s, room)
	return strings.TrimRight(first, blanks) + ellipsis
}

// wrap breaks s into lines of at most w cells, at spaces where there are any. Nothing but the spaces at the
// breaks is lost; spaces inside a line stay as they are, for commands.
func wrap(s string, w int) []string {
	w = max(w, 2) // a wide character must fit
	s = strings.TrimRight(s, blanks)
	var lines []string
	for {
		s = strings.TrimLeft(s, " ")
		first, rest := head(s, w)
		if rest == "" {
			return append(lines, strings.TrimRight(first, blanks))
		}
		if i := strings.LastIndexByte(first, ' '); i > 0 && rest[0] != ' ' {
			first, rest = s[:i], s[i:]
		}
		lines = append(lines, strings.TrimRight(first, blanks))
		s = rest
	}
}

// wrapTo is wrap with at most n lines; where that is not enough the last one is cut.
func wrapTo(s string, w, n int, ellipsis string) []string {
	lines := wrap(s, w)
	if len(lines) <= n {
		return lines
	}
	lines[n-1] = cut(strings.Join(lines[n-1:], " "), w, ellipsis)
	return lines[:n]
}

// day prints the day of a time. All times are UTC.
func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }
