package report

import (
	"math"
	"strings"
	"testing"

	"github.com/infraopt/infraopt/score"
)

func spaced(s string) string { return strings.ReplaceAll(s, nbsp, " ") }

func TestNumbers(t *testing.T) {
	g := unicodeGlyphs
	tests := []struct{ name, got, want string }{
		{"low is rounded down", g.low(41.99, 0), "41"},
		{"low forgives dust", g.low(62.9999999999, 0), "63"},
		{"low forgives dust in shares", share(floorTo(.29, 2)), ".29"},
		{"high is rounded up", g.high(57.01, 0), "58"},
		{"high forgives dust", g.high(58.0000000001, 0), "58"},
		{"no number", g.low(math.NaN(), 0), "–"},
		{"no negative zero", g.low(math.Copysign(0, -1), 0), "0"},
		{"dust below zero", g.low(-1e-12, 1), "0.0"},
		{"grouped", g.fixed(1234567.5, 1), "1,234,567.5"},
		{"grouped below zero", g.fixed(-12345, 0), "-12,345"},
		{"four digits", g.fixed(1234, 0), "1234"},
		{"whole number", g.number(26), "26"},
		{"weighted number", g.number(26.5), "26.5"},
		{"one", g.many(1, "machine"), "1 machine"},
		{"none", g.many(0, "machine"), "0 machines"},
		{"two", g.many(2, "san switch"), "2 san switches"},
		{"count", g.count(bounds(20, 21), "workload"), "20 – 21 workloads"},
		{"exact count", g.count(bounds(1, 1), "workload"), "1 workload"},
		{"unknown count", g.count(none(), "workload"), "an unknown number of workloads"},
		{"open count", g.count(bounds(3, math.Inf(1)), "workload"), "at least 3 workloads"},
		{"span", g.span(bounds(1.239, 1.401), 2), "1.23 – 1.41"},
		{"exact span", g.span(bounds(26./21, 26./21), 2), "1.24"},
		{"no span", g.span(none(), 2), "–"},
		{"small ratio", g.ratio(bounds(.045, .045)), "0.045"},
		{"ratio", g.ratio(bounds(.31, .31)), "0.31"},
		{"zero ratio", g.ratio(bounds(0, 0)), "0.00"},
		{"shares", g.shares(.434, .615), " .43 – .62"},
		{"full shares", g.shares(.5, 1), " .50 – 1.00"},
		{"exact shares", g.shares(.436, .436), " .43"},
		{"percent", percent(.719), "71 %"},
		{"percent of nothing", percent(math.NaN()), "?"},
		{"gain", g.gain(2.14), "+2.1"},
		{"no gain", g.gain(0), "0"},
		{"dust is no gain", g.gain(1e-9), "0"},
		{"small gain", g.gain(.03), "<0.1"},
		{"loss", g.gain(-.31), "−0.3"},
		{"loss in ASCII", asciiGlyphs.gain(-.31), "-0.3"},
		{"bytes", g.size(512), "512 bytes"},
		{"byte", g.size(1), "1 byte"},
		{"KiB", g.size(1536), "1.5 KiB"},
		{"just below", g.size(1<<20 - 1), "1.0 MiB"},
		{"GiB", g.size(256 << 30), "256 GiB"},
		{"EiB", g.size(math.MaxInt64), "8.0 EiB"},
		{"ms", duration(42), "42 ms"},
		{"seconds", duration(212), "0.2 s"},
		{"just below a minute", duration(59_960), "1 min 0 s"},
		{"minutes", duration(90_400), "1 min 30 s"},
	}
	for _, test := range tests {
		if got := spaced(test.got); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

func TestScoreWords(t *testing.T) {
	p := newPage(Display{})
	rated, unrated := score.LevelResult{Number: 2}, score.LevelResult{}
	tests := []struct {
		name  string
		b     score.Bounds
		level score.LevelResult
		want  string
	}{
		{"interval", bounds(41.9, 57.1), rated, "score 41 (up to 58)"},
		{"exact", bounds(63, 63), rated, "score 63"},
		{"exact within a point", bounds(41.6, 41.6), rated, "score 41"},
		{"pure waste", bounds(0, 0), score.LevelResult{Number: 1}, "score 0"},
		{"nothing proven", bounds(0, 57.1), unrated, "score not proven (at most 58)"},
		{"little proven", bounds(12, 57.1), unrated, "score 12 (up to 58)"},
		{"none", none(), unrated, "not rated"},
	}
	for _, test := range tests {
		if got := p.scoreWords(test.b, test.level); got != test.want {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}
}

// A gate that is missed by a hair must not look met.
func TestGateIsRoundedAwayFromTheGoal(t *testing.T) {
	p := newPage(Display{})
	tests := []struct {
		gate score.Gate
		want string
	}{
		{score.Gate{Unit: score.UnitShare, Have: .4999, Want: .5}, ".49"},
		{score.Gate{Unit: score.UnitShare, Have: .5, Want: .5, Met: true}, ".50"},
		{score.Gate{Unit: score.UnitPoints, Have: 34.99, Want: 35}, "34"},
		{score.Gate{Unit: score.UnitRatio, Have: 1.241, Want: 1.24, Upper: true}, "1.25"},
		{score.Gate{Unit: score.UnitShare, Have: .3101, Want: .62, Upper: true, Met: true}, ".32"},
		{score.Gate{Unit: score.UnitShare, Have: 0, Want: .5}, ".00"},
	}
	for _, test := range tests {
		if got := p.reached(test.gate, test.gate.Have); got != test.want {
			t.Errorf("%+v: got %q, want %q", test.gate, got, test.want)
		}
	}
}

func TestBar(t *testing.T) {
	p := newPage(Display{})
	tests := []struct {
		low, high float64
		want      string
	}{
		{0, 0, "░░░░░░░░░░"},
		{1, 1, "██████████"},
		{.43, .62, "████▒▒▒░░░"},
		{.46, .46, "█████░░░░░"},
		{0, 1, "▒▒▒▒▒▒▒▒▒▒"},
		{.99, 1, "█████████▒"},
		{.9, .1, "█████████░"},
		{-3, 7, "▒▒▒▒▒▒▒▒▒▒"},
		{math.NaN(), math.Inf(1), "▒▒▒▒▒▒▒▒▒▒"},
	}
	for _, test := range tests {
		if got := p.bar(test.low, test.high, 10).text; got != test.want {
			t.Errorf("bar(%v, %v): got %s, want %s", test.low, test.high, got, test.want)
		}
	}
}
