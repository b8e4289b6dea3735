package report

// glyphs are the signs that the table format draws with. Layout measures them, so they are chosen before
// anything is laid out.
type glyphs struct {
	full, part, rest        string // cells of a bar: proven, open, missing
	rule                    string
	dot                     string // between the parts of a line
	dash, minus             string
	arrow, ellipsis         string
	met, unmet, alert, note string
	atMost                  string
}

var unicodeGlyphs = glyphs{
	full: "█", part: "▒", rest: "░", rule: "─", dot: "·", dash: "–", minus: "−", arrow: "→", ellipsis: "…",
	met: "✓", unmet: "✗", alert: "!", note: "·", atMost: "≤",
}

var asciiGlyphs = glyphs{
	full: "#", part: "=", rest: ".", rule: "-", dot: "-", dash: "-", minus: "-", arrow: "->", ellipsis: "...",
	met: "+", unmet: "x", alert: "!", note: "-", atMost: "<=",
}

// A style colours text, or leaves it alone.
type style string

// The styles: parameters of the SGR escape code, from the sixteen colours that every theme adapts.
const (
	normal style = ""
	strong style = "1"
	faint  style = "2"
	bad    style = "31"
	good   style = "32"
	warn   style = "33"
	accent style = "36"
)

// levelStyles colours levels 0 to 5.
var levelStyles = [...]style{"1", "1;31", "1;33", "1;36", "1;32", "1;32"}

// paint is the only place that writes escape codes. It changes no width, so layout is the same without.
func (p *page) paint(st style, s string) string {
	if !p.color || st == normal || s == "" {
		return s
	}
	return "\x1b[" + string(st) + "m" + s + "\x1b[0m"
}
