package inventory

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Bytes is a size or an amount of memory in bytes.
type Bytes int64

// Seconds is a span of time in seconds.
type Seconds float64

// Binary multiples of a byte, and spans of time.
const (
	KiB Bytes = 1 << 10
	MiB Bytes = 1 << 20
	GiB Bytes = 1 << 30
	TiB Bytes = 1 << 40

	Day Seconds = 86400
)

// GiB returns the size in GiB (2^30 bytes).
func (b Bytes) GiB() float64 { return float64(b) / float64(GiB) }

// MaxText is the longest text, in bytes, that is kept of a name or message from outside.
const MaxText = 512

// Text makes text from outside safe to keep: valid UTF-8, at most MaxText bytes (cut at a rune, marked with
// an ellipsis). It does not escape: that is the business of each output format.
func Text(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= MaxText {
		return s
	}
	const mark = "…"
	cut := MaxText - len(mark)
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + mark
}

// String shows the size with a binary unit, to three digits.
func (b Bytes) String() string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	v, i := float64(b), 0
	for (v >= 1000 || v <= -1000) && i < len(units)-1 {
		v /= 1024
		i++
	}
	return strconv.FormatFloat(v, 'g', 3, 64) + " " + units[i]
}
