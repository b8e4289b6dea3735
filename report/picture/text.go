package picture

import (
	"strings"
	"unicode/utf8"
)

// TextWidth is about how wide a line of text is in a sans-serif type, rather too wide than too narrow.
func TextWidth(s string, size float64) float64 {
	w := 0.0
	for _, r := range s {
		w += letter(r)
	}
	return w * size
}

// letter is the width of a letter in parts of its size.
func letter(r rune) float64 {
	switch {
	case strings.ContainsRune("ijl.,:;'|!", r):
		return .32
	case strings.ContainsRune(" \u00a0ftrI()/-", r):
		return .4
	case strings.ContainsRune("mwMW%@", r):
		return .97
	case r >= 'A' && r <= 'Z':
		return .74
	case r < 0x1100:
		return .63
	default: // ideographs and their like are as wide as they are high
		return 1
	}
}

// bold is how much wider heavy letters are.
const bold = 1.12

// Fit cuts a text to a width and marks that.
func Fit(s string, size, width float64) string {
	if TextWidth(s, size) <= width {
		return s
	}
	const ellipsis = "…"
	room := width - TextWidth(ellipsis, size)
	w := 0.0
	for i, r := range s {
		if w += letter(r) * size; w > room {
			return s[:i] + ellipsis
		}
	}
	return s
}

// Wrap breaks a text at spaces into at most n lines of a width; the last one is cut where that is not enough.
func Wrap(s string, size, width float64, n int) []string {
	var lines []string
	for len(lines) < n-1 && TextWidth(s, size) > width {
		at, w := 0, 0.0
		for i, r := range s {
			if r == ' ' {
				at = i
			}
			if w += letter(r) * size; w > width {
				break
			}
		}
		if at == 0 {
			break
		}
		lines = append(lines, s[:at])
		_, space := utf8.DecodeRuneInString(s[at:])
		s = s[at+space:]
	}
	return append(lines, Fit(s, size, width))
}
