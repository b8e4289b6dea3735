package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/infraopt/infraopt/score"
)

// Rounding. A printed interval never promises more than what is known: its low end is rounded down and its
// high end up, so the true interval lies inside the printed one. Scores, points and shares are rounded down
// also where they are known exactly; an exact ratio or count is rounded to the nearest. Tiny errors of
// floating point (63 kept as 62.9999999999) are forgiven.
const forgiven = 1e-6

func floorTo(x float64, decimals int) float64 {
	unit := math.Pow10(decimals)
	return math.Floor(x*unit+forgiven) / unit
}

func ceilTo(x float64, decimals int) float64 {
	unit := math.Pow10(decimals)
	return math.Ceil(x*unit-forgiven) / unit
}

func exact(b score.Bounds) bool { return !b.None && b.High-b.Low < forgiven }

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// low and high print the ends of an interval; anything that is no number is a dash.
func (g glyphs) low(x float64, decimals int) string  { return g.fixed(floorTo(x, decimals), decimals) }
func (g glyphs) high(x float64, decimals int) string { return g.fixed(ceilTo(x, decimals), decimals) }

func (g glyphs) fixed(x float64, decimals int) string {
	if !finite(x) || math.Abs(x) > 1e15 {
		return g.dash
	}
	if x == 0 {
		x = 0 // no "-0"
	}
	return grouped(strconv.FormatFloat(x, 'f', decimals, 64))
}

// grouped sets commas into a number of five digits or more.
func grouped(s string) string {
	whole, part, hasPart := strings.Cut(s, ".")
	sign := ""
	if strings.HasPrefix(whole, "-") {
		sign, whole = "-", whole[1:]
	}
	if len(whole) >= 5 {
		for i := len(whole) - 3; i > 0; i -= 3 {
			whole = whole[:i] + "," + whole[i:]
		}
	}
	if hasPart {
		part = "." + part
	}
	return sign + whole + part
}

// number prints a count that may have a fraction, as weights can give it.
func (g glyphs) number(x float64) string {
	if math.Abs(x-math.Round(x)) < forgiven {
		return g.fixed(math.Round(x), 0)
	}
	return g.fixed(x, 1)
}

// count prints how many there are of something: "1 machine", "20 – 21 workloads".
func (g glyphs) count(b score.Bounds, one string) string {
	switch {
	case b.None:
		return "an unknown number of " + many(one)
	case exact(b):
		return g.many(b.Low, one)
	case !finite(b.High):
		return "at least " + g.many(b.Low, one)
	default:
		return g.tally(b) + nbsp + many(one)
	}
}

// tally prints a count without its noun.
func (g glyphs) tally(b score.Bounds) string {
	switch {
	case b.None:
		return "?"
	case exact(b):
		return g.number(b.Low)
	case !finite(b.High):
		return "at least " + g.number(b.Low)
	default:
		return g.number(b.Low) + nbsp + g.dash + nbsp + g.number(b.High)
	}
}

// many prints a count with its noun in the right form.
func (g glyphs) many(n float64, one string) string {
	if n == 1 {
		return "1" + nbsp + one
	}
	return g.number(n) + nbsp + many(one)
}

// many is the plural of a noun.
func many(one string) string {
	switch {
	case strings.HasSuffix(one, "switch"):
		return one + "es"
	default:
		return one + "s"
	}
}

// span prints an interval: "0.31", "1.24 – 1.40".
func (g glyphs) span(b score.Bounds, decimals int) string {
	switch {
	case b.None || !finite(b.Low):
		return g.dash
	case exact(b):
		return g.fixed(b.Low, decimals)
	case !finite(b.High):
		return "at least " + g.low(b.Low, decimals)
	default:
		return g.low(b.Low, decimals) + nbsp + g.dash + nbsp + g.high(b.High, decimals)
	}
}

// ratio prints an interval of ratios with two decimals, or more where the ratio is small: "1.24", "0.045".
func (g glyphs) ratio(b score.Bounds) string {
	decimals := 2
	for x := b.Low; x > 0 && x < .1 && decimals < 4; x *= 10 {
		decimals++
	}
	return g.span(b, decimals)
}

// shares prints an interval of shares in the short form of the method: ".43 – .62". All are equally wide up
// to the dash, so that a column of them lines up.
func (g glyphs) shares(low, high float64) string {
	s := fmt.Sprintf("%4s", share(floorTo(low, 2)))
	if high-low < forgiven {
		return s
	}
	return s + " " + g.dash + " " + share(ceilTo(high, 2))
}

// share prints a share without the zero before the point.
func share(x float64) string {
	if !finite(x) {
		return "?"
	}
	s := strconv.FormatFloat(x, 'f', 2, 64)
	if strings.HasPrefix(s, "0.") {
		return s[1:]
	}
	return s
}

// percent prints the low end of a share.
func percent(x float64) string {
	if !finite(x) {
		return "?"
	}
	return strconv.FormatFloat(floorTo(x*100, 0), 'f', 0, 64) + nbsp + "%"
}

// sharePercent prints an interval of shares in percent: "42 %", "10 – 29 %".
func (g glyphs) sharePercent(b score.Bounds) string {
	switch {
	case b.None:
		return g.dash
	case exact(b):
		return percent(b.Low)
	default:
		return g.span(score.Bounds{Low: b.Low * 100, High: b.High * 100}, 0) + nbsp + "%"
	}
}

// open prints points that something keeps open; a dash where they are next to none.
func (g glyphs) open(points float64) string {
	switch {
	case !finite(points) || points < .05:
		return g.dash
	case points >= 9.95:
		return g.low(points, 0) + nbsp + "points"
	default:
		return g.low(points, 1) + nbsp + "points"
	}
}

// gain prints points that an action brings: "+2.1", "0". Dust is no gain, and a small gain is not none.
func (g glyphs) gain(x float64) string {
	switch {
	case !finite(x):
		return g.dash
	case math.Abs(x) < .005:
		return "0"
	case math.Abs(x) < .05 && x > 0:
		return "<0.1"
	case x > 0:
		return "+" + g.fixed(x, 1)
	default:
		return g.minus + g.fixed(-x, 1)
	}
}

// size prints an amount of bytes.
func (g glyphs) size(bytes int64) string {
	x, unit := float64(bytes), 0
	units := []string{"", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	for x >= 1023.95 && unit < len(units)-1 { // 1023.95 would be printed as 1024.0
		x /= 1024
		unit++
	}
	if unit == 0 {
		return g.many(x, "byte")
	}
	if x >= 99.95 {
		return g.fixed(math.Round(x), 0) + nbsp + units[unit]
	}
	return g.fixed(x, 1) + nbsp + units[unit]
}

// duration prints how long something took.
func duration(ms int64) string {
	switch {
	case ms < 0:
		return "0 ms"
	case ms < 95:
		return fmt.Sprintf("%d ms", ms)
	case ms < 59_950:
		return fmt.Sprintf("%.1f s", float64(ms)/1000)
	default:
		s := (ms + 500) / 1000
		return fmt.Sprintf("%d min %d s", s/60, s%60)
	}
}
